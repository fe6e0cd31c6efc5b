"""A volunteer's statement: lines that add up to the balance, and what there is besides it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from volunteer_points import canonical
from volunteer_points.books import soonest
from volunteer_points.decisions.case import Frame
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt
from volunteer_points.explain.kinds import LINES, facts_of
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import End, Fact, Minutes, Person, Points, Speaker
from volunteer_points.postings import Posting, Purpose, volunteer_holder
from volunteer_points.rules import MINUTES

WORDS: Mapping[str, Words] = {
    "title": Words(
        "Statement of {volunteer}, {currency}[, booked from {since}][, booked before {until}]",
        "{volunteer} 的对账单（{currency}）[，{since} 起入账][，{until} 前入账]",
    ),
    "opening": Words("Balance brought forward", "期初余额"),
    "closing": Words("Balance: {available}", "余额：{available}"),
    "held": Words("Held for redemptions: {held}", "预留中：{held}"),
    "pending": Words("In public notice, not yet usable: {pending}", "公示中，尚不能使用：{pending}"),
    "debt": Words("Owed, paid from the next credits: {debt}", "欠分，由以后所得先行抵扣：{debt}"),
    "lot": Words("of these {points}, usable {lot}", "其中 {points}，{lot}"),
    "ended": Words(
        "of these {points} have ended and cannot be used ({lot})", "其中 {points} 已到期，不能使用（{lot}）"
    ),
    "minutes": Words("Time served: {minutes}", "服务时间：{minutes}"),
}


@attrs.frozen
class Sums:
    """What a volunteer has, in smallest parts: available, held, owed (at or below nought), in public notice.

    And the minutes served.
    """

    available: int = 0
    held: int = 0
    debt: int = 0
    minutes: int = 0
    pending: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(
            self.available + other.available,
            self.held + other.held,
            self.debt + other.debt,
            self.minutes + other.minutes,
            self.pending + other.pending,
        )


@attrs.frozen
class StatementLine:
    """What one entry changed, and what was available after it.

    Attributes:
        entry: The entry.
        day: The programme's day on which it was booked.
        change: By how much it changed what is available, held, owed and served.
        balance: What was available after it.
        facts: What its words may name.
    """

    entry: Entry
    day: date
    change: Sums
    balance: int
    facts: Mapping[str, Fact]

    def words(self, speaker: Speaker) -> str:
        """What happened, seen by the volunteer."""
        return speaker.say(LINES[self.entry.kind], self.facts)


@attrs.frozen(kw_only=True)
class Statement:
    """The lines of a volunteer in one currency, from the opening to the closing balance.

    Attributes:
        volunteer: Whose it is.
        currency: In which currency.
        frame: The programme.
        since: The first day of booking that has lines, or None for the beginning.
        until: The first day of booking that has none any more, or None.
        at: The instant by which lots count as ended.
        opening: What there was before the first line.
        lines: What changed it, in the order of the ledger.
        closing: What there is after the last line.
        lots: What is available, by the instant at which it ends, the soonest first.

    Raises:
        Corrupt: ``statement_uneven`` when opening and lines do not add up to closing, or the lots to what is available.
    """

    volunteer: str
    currency: str
    frame: Frame
    since: date | None
    until: date | None
    at: datetime | None
    opening: Sums
    lines: tuple[StatementLine, ...]
    closing: Sums
    lots: tuple[tuple[datetime | None, int], ...]

    def __attrs_post_init__(self) -> None:
        told = self.opening
        for line in self.lines:
            told = told.plus(line.change)
            if line.balance != told.available:
                raise Corrupt("statement_uneven", volunteer=self.volunteer, told=told.available, found=line.balance)
        in_lots = sum(amount for _, amount in self.lots)
        if told != self.closing or in_lots != told.available:
            raise Corrupt("statement_uneven", volunteer=self.volunteer, told=f"{told}, {in_lots}", found=self.closing)

    @property
    def ended(self) -> int:
        """How much of what is available has ended and is not yet removed."""
        return sum(amount for lot, amount in self.lots if self._has_ended(lot))

    @property
    def usable(self) -> int:
        """How much can be spent."""
        return self.closing.available - self.ended

    def _has_ended(self, lot: datetime | None) -> bool:
        return lot is not None and self.at is not None and lot <= self.at

    def text(self, lang: Lang, names: Names = as_it_is) -> str:
        """The statement as people read it: day and time, change, balance and words, then what there is besides."""
        speaker = Speaker(lang, self.frame, names)
        shown = self.frame.currency(self.currency).shown
        rows = [("", "", shown(self.opening.available), speaker.say(WORDS["opening"], {}))]
        for line in self.lines:
            booked = f"{self.frame.calendar.local(line.entry.booked_at):%Y-%m-%d %H:%M}"
            change = line.change.available
            rows.append(
                (booked, f"{'+' if change > 0 else ''}{shown(change)}", shown(line.balance), line.words(speaker))
            )
        wide = [max(len(row[column]) for row in rows) for column in (1, 2)]
        table = [
            f"  {when:16}  {change:>{wide[0]}}  {balance:>{wide[1]}}  {words}" for when, change, balance, words in rows
        ]
        facts = {
            "volunteer": Person(self.volunteer),
            "currency": speaker.choose(self.currency, self.frame.currency(self.currency).name),
            "since": self.since,
            "until": self.until,
        }
        return "\n".join([speaker.say(WORDS["title"], facts), *table, *self._summary(speaker)])

    def _summary(self, speaker: Speaker) -> list[str]:
        """What there is at the end; nothing is said of what is not there."""
        closing = self.closing
        said = [speaker.say(WORDS["closing"], {"available": Points(closing.available, self.currency)})]
        for lot, amount in self.lots:
            words = WORDS["ended" if self._has_ended(lot) else "lot"]
            facts: dict[str, Fact] = {"points": Points(amount, self.currency), "lot": End(lot)}
            said.append(f"  {speaker.say(words, facts)}")
        if closing.held:
            said.append(speaker.say(WORDS["held"], {"held": Points(closing.held, self.currency)}))
        if closing.pending:
            said.append(speaker.say(WORDS["pending"], {"pending": Points(closing.pending, self.currency)}))
        if closing.debt:
            said.append(speaker.say(WORDS["debt"], {"debt": Points(-closing.debt, self.currency)}))
        said.append(speaker.say(WORDS["minutes"], {"minutes": Minutes(closing.minutes, long=True)}))
        return said

    def plain(self, names: Names = as_it_is) -> dict[str, Any]:
        """The statement as JSON can hold it: whole smallest parts, and every line's words in both languages."""
        english, chinese = Speaker("en", self.frame, names), Speaker("zh", self.frame, names)
        return {
            "volunteer": self.volunteer,
            "currency": self.currency,
            "decimals": self.frame.currency(self.currency).decimals,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "at": None if self.at is None else canonical.instant_text(self.at),
            "opening": attrs.asdict(self.opening),
            "lines": [
                {
                    "entry": line.entry.id,
                    "kind": line.entry.kind,
                    "booked_at": canonical.instant_text(line.entry.booked_at),
                    "day": line.day.isoformat(),
                    "change": attrs.asdict(line.change),
                    "balance": line.balance,
                    "words": {"en": line.words(english), "zh": line.words(chinese)},
                }
                for line in self.lines
            ],
            "closing": attrs.asdict(self.closing),
            "usable": self.usable,
            "ended": self.ended,
            "lots": [
                {
                    "ends": None if lot is None else canonical.instant_text(lot),
                    "amount": amount,
                    "ended": self._has_ended(lot),
                }
                for lot, amount in self.lots
            ],
        }


def statement(  # noqa: PLR0913 - what, whose, and which stretch, by name
    entries: Iterable[Entry],
    volunteer: str,
    frame: Frame,
    currency: str = "points",
    *,
    since: date | None = None,
    until: date | None = None,
    at: datetime | None = None,
) -> Statement:
    """The statement of a volunteer.

    Args:
        entries: The ledger's entries in order; those about other people are passed over.
        volunteer: Whose statement it is.
        frame: The programme.
        currency: In which currency.
        since: The first day of booking to have lines; what was booked before is brought forward.
        until: The first day of booking that is left out.
        at: The instant by which lots count as ended; the last booking unless it is given.

    Raises:
        Refused: ``unknown_currency``.
    """
    frame.currency(currency)
    account = _Account(volunteer_holder(volunteer), currency)
    told = list[tuple[Entry, date, Sums, Mapping[str, Fact]]]()
    context: dict[str, dict[str, Fact]] = {}
    opening, latest = Sums(), None
    for entry in entries:
        day = frame.calendar.day(entry.booked_at)
        if until is not None and day >= until:
            continue
        latest = entry.booked_at if latest is None else max(latest, entry.booked_at)
        facts = _seen_by(volunteer, entry, context)
        change = account.take(entry.postings)
        if change is not None and since is not None and day < since:
            opening = opening.plus(change)
        elif change is not None:
            told.append((entry, day, change, facts))
    return Statement(
        volunteer=volunteer,
        currency=currency,
        frame=frame,
        since=since,
        until=until,
        at=at or latest,
        opening=opening,
        lines=tuple(_lines(opening.available, told)),
        closing=account.sums,
        lots=account.ends(),
    )


def _lines(balance: int, told: Iterable[tuple[Entry, date, Sums, Mapping[str, Fact]]]) -> Iterator[StatementLine]:
    for entry, day, change, facts in told:
        balance += change.available
        yield StatementLine(entry, day, change, balance, facts)


def _seen_by(volunteer: str, entry: Entry, context: dict[str, dict[str, Fact]]) -> Mapping[str, Fact]:
    """The facts of an entry without whose it is, and with what its record or redemption is about."""
    facts = facts_of(entry)
    if facts.get("volunteer") == Person(volunteer):
        del facts["volunteer"]
    for name, said in (("record", "activity"), ("redemption", "item")):
        if name in facts:
            known = context.setdefault(f"{name}:{facts[name]}", {})
            known |= {said: facts[said]} if said in facts else {}
            facts = {**known, **facts}
    return facts


@attrs.define
class _Account:
    """What a volunteer has so far."""

    holder: str
    currency: str
    sums: Sums = Sums()
    lots: dict[datetime | None, int] = attrs.field(factory=dict)

    def take(self, postings: Iterable[Posting]) -> Sums | None:
        """What postings change, once they are counted; None when they are about something else."""
        own = [each for each in postings if self._is_own(each)]
        if not own:
            return None
        moved = dict.fromkeys(_SUMS.values(), 0)
        for posting in own:
            moved[_SUMS[posting.account.purpose]] += posting.amount
            if posting.account.purpose == Purpose.AVAILABLE:
                self.lots[posting.lot] = self.lots.get(posting.lot, 0) + posting.amount
        change = Sums(**moved)
        self.sums = self.sums.plus(change)
        return change

    def _is_own(self, posting: Posting) -> bool:
        unit = MINUTES if posting.account.purpose == Purpose.SERVED else self.currency
        return posting.account.holder == self.holder and posting.account.purpose in _SUMS and posting.unit == unit

    def ends(self) -> tuple[tuple[datetime | None, int], ...]:
        """What is available by lot, the soonest first."""
        return tuple((lot, self.lots[lot]) for lot in sorted(self.lots, key=soonest) if self.lots[lot])


_SUMS: Mapping[str, str] = {
    Purpose.AVAILABLE: "available",
    Purpose.HELD: "held",
    Purpose.DEBT: "debt",
    Purpose.SERVED: "minutes",
    Purpose.PENDING: "pending",
}
