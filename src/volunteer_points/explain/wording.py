"""Who says it: one language, one clock, one way to show each kind of value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol, TypeAlias, runtime_checkable

import attrs

from volunteer_points import canonical
from volunteer_points.decisions.case import Frame
from volunteer_points.errors import InputError, Refused
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is, filled, naming
from volunteer_points.explain.vocabulary import MONTHS, VOCABULARY
from volunteer_points.model import Currency, Interval


@runtime_checkable
class Value(Protocol):
    """What a fact stands for, so that it can be shown in either language."""

    def shown(self, speaker: Speaker) -> str:
        """As people of the speaker's language write it."""
        ...

    def plain(self) -> object:
        """As JSON can hold it."""
        ...


Fact: TypeAlias = Any
"""A value, a day, an instant, an interval, a whole number, a text, or a tuple of these. True fills a place with
nothing; None, False and what is empty is missing."""


def is_missing(fact: Fact) -> bool:
    """Whether a fact has nothing to say; nought has."""
    return fact is None or fact is False or fact in ("", (), [])


def plain(fact: Fact) -> object:
    """A fact as JSON can hold it: ids, whole numbers, days and instants as text."""
    if isinstance(fact, Value):
        return fact.plain()
    if isinstance(fact, list | tuple):
        return [plain(each) for each in fact]
    return canonical.plain(fact)


def _lang(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value not in {"zh", "en"}:
        raise InputError("unknown_language", value=repr(value), fix="Use zh or en.")


@attrs.frozen
class Speaker:
    """Says things in one language, with the programme's own clock, currencies and names.

    Without a frame, instants are shown with their zone and amounts in whole smallest parts of the currency.
    """

    lang: Lang = attrs.field(validator=_lang)
    frame: Frame | None = None
    names: Names = as_it_is

    def say(self, words: Words, facts: Mapping[str, Fact]) -> str:
        """The words with the facts in place.

        Raises:
            KeyError: a fact outside square brackets is missing.
        """
        shown = {name: "" if fact is True else self.shown(fact) for name, fact in facts.items() if not is_missing(fact)}
        return filled(words.within(self.lang), shown)

    def choose(self, en: str, zh: str) -> str:
        """The one of the two that is in the language."""
        return zh if self.lang == "zh" else en

    def shown(self, fact: Fact) -> str:
        """A fact as people of the language write it."""
        match fact:
            case Value():
                return fact.shown(self)
            case Interval():
                return self._interval(fact)
            case datetime():
                return self.instant(fact)
            case date():
                return self.day(fact)
            case tuple() | list():
                return self.listed(fact)
            case _:
                return str(fact)

    def listed(self, facts: Iterable[Fact]) -> str:
        """Several facts in a row."""
        return self.choose(", ", "、").join(self.shown(fact) for fact in facts)

    def day(self, day: date) -> str:
        """A day with its month in words: 14 Mar 2026."""
        return self.choose(f"{day.day} {MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月{day.day}日")

    def instant(self, instant: datetime) -> str:
        """The wall clock of the programme; without a frame that of the instant itself, with its zone."""
        if self.frame is not None and instant.utcoffset() is not None:
            local, zone = self.frame.calendar.local(instant), ""
        else:
            local, zone = instant, _zone(instant)
        return f"{self.day(local.date())} {local:%H:%M}{zone}"

    def _interval(self, interval: Interval) -> str:
        begin, end = self.instant(interval.begin), self.instant(interval.end)
        day = begin.rpartition(" ")[0]
        if self.frame is not None and end.startswith(f"{day} "):
            return f"{begin}–{end.removeprefix(f'{day} ')}"
        return f"{begin} – {end}"

    def currency(self, name: str) -> Currency:
        """The currency of that name; one without decimals when it is not known."""
        try:
            return self.frame.currency(name) if self.frame else Currency(id=name)
        except Refused:
            return Currency(id=name)


def _zone(instant: datetime) -> str:
    if instant.utcoffset() is None:
        return ""
    key = getattr(instant.tzinfo, "key", None) or ("" if instant.utcoffset() else "UTC")
    return f" {key or instant.isoformat()[-6:]}"


# --- values ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Person:
    """Somebody, by id."""

    id: str

    def shown(self, speaker: Speaker) -> str:
        """The name."""
        return speaker.names(self.id)

    def plain(self) -> str:
        """The id."""
        return self.id


@attrs.frozen
class Noun:
    """An activity, team, partner, item or household, by id."""

    kind: str
    id: str

    def shown(self, speaker: Speaker) -> str:
        """The name, or the id when there is none."""
        subject = f"{self.kind}:{self.id}"
        name = speaker.names(subject)
        if name != subject:
            return name
        funds = speaker.frame.adopted.funds if speaker.frame and self.kind == "fund" else ()
        return next((fund.name for fund in funds if fund.id == self.id and fund.name), self.id)

    def plain(self) -> str:
        """The id."""
        return self.id


@attrs.frozen
class Holder:
    """Whoever has points: a volunteer, a household, a team or a fund, by its subject such as ``fund:care``."""

    subject: str

    def shown(self, speaker: Speaker) -> str:
        """The name of a volunteer; of anything else what it is and its name."""
        kind, _, name = self.subject.partition(":")
        if kind == "volunteer":
            return speaker.names(name)
        return f"{Term('noun', kind).shown(speaker)} {Noun(kind, name).shown(speaker)}"

    def plain(self) -> str:
        """The subject."""
        return self.subject


@attrs.frozen
class Stretch:
    """A stretch of time over which something is measured: ``month``, ``ever`` or ``90 days``."""

    over: str

    def shown(self, speaker: Speaker) -> str:
        """The period, or the last so many days, months or years."""
        number, _, unit = self.over.partition(" ")
        if unit not in _UNITS:
            return Term("window", self.over).shown(speaker)
        return speaker.choose(f"in the last {self.over}", f"最近 {number} {_UNITS[unit]}")

    def plain(self) -> str:
        """The stretch as the rulebook writes it."""
        return self.over


_UNITS = {"days": "天", "months": "个月", "years": "年"}


@attrs.frozen
class Points:
    """Whole smallest parts of a currency; ``signed`` writes a plus before what is above nought."""

    amount: int
    currency: str
    signed: bool = False

    def shown(self, speaker: Speaker) -> str:
        """The amount with its decimals and the name of the currency."""
        currency = speaker.currency(self.currency)
        amount = f"{'+' if self.signed and self.amount > 0 else ''}{currency.shown(self.amount)}"
        one = currency.id == "points" and abs(self.amount) == currency.scale
        return speaker.choose(f"{amount} {'point' if one else currency.id}", f"{amount} {currency.name}")

    def plain(self) -> int:
        """The amount in smallest parts."""
        return self.amount


@attrs.frozen
class Minutes:
    """Minutes of service, or an exact number of them; ``long`` writes an hour and more in hours and minutes."""

    count: int | Fraction
    long: bool = False

    def shown(self, speaker: Speaker) -> str:
        """The minutes with their unit."""
        hours, rest = divmod(self.count, 60)
        if not self.long or hours < 1:
            count = Exact(str(self.count)).shown(speaker)
            return speaker.choose(f"{count} min", f"{count} 分钟")
        en, zh = (f" {rest} min", f" {rest} 分钟") if rest else ("", "")
        return speaker.choose(f"{hours} h{en}", f"{hours} 小时{zh}")

    def plain(self) -> int | str:
        """The minutes."""
        return self.count if isinstance(self.count, int) else str(self.count)


@attrs.frozen
class Days:
    """A number of days."""

    count: int

    def shown(self, speaker: Speaker) -> str:
        """The number with its unit."""
        return speaker.choose(f"{self.count} day{'' if self.count == 1 else 's'}", f"{self.count} 天")

    def plain(self) -> int:
        """The number."""
        return self.count


@attrs.frozen
class Exact:
    """An exact number as canonical text: ``70/3``."""

    number: str

    def shown(self, speaker: Speaker) -> str:  # noqa: ARG002 - numbers are written alike in both languages
        """A whole number or a decimal of at most four places as it is, a ratio with its value to two places."""
        value = Fraction(self.number)
        for places in range(5):
            scaled = value * 10**places
            if scaled.denominator == 1:
                return Currency(id="number", decimals=places).shown(scaled.numerator)
        return f"{value} ≈ {Currency(id='number', decimals=2).shown(round(value * 100))}"

    def plain(self) -> str:
        """The canonical text."""
        return self.number


@attrs.frozen
class End:
    """The first instant at which something is over; None when it never is."""

    instant: datetime | None

    def shown(self, speaker: Speaker) -> str:
        """Until when; the end of a day is written as that day."""
        if self.instant is None:
            return speaker.choose("without an end", "长期有效")
        calendar = speaker.frame.calendar if speaker.frame else None
        day = calendar.day(self.instant) if calendar else None
        if calendar and day and calendar.start_of(day) == self.instant:
            last = speaker.day(day - timedelta(days=1))
            return speaker.choose(f"until the end of {last}", f"有效至 {last}（含当日）")
        instant = speaker.instant(self.instant)
        return speaker.choose(f"until {instant}", f"{instant} 前有效")

    def plain(self) -> str | None:
        """The instant in UTC."""
        return None if self.instant is None else canonical.instant_text(self.instant)


@attrs.frozen
class Term:
    """A word of the programme's own, such as a period or a right, from a group of :data:`VOCABULARY`."""

    group: str
    word: str

    def shown(self, speaker: Speaker) -> str:
        """The word in the language; a word that is not in the vocabulary as it is."""
        said = VOCABULARY[self.group].get(self.word)
        return self.word if said is None else speaker.choose(*said)

    def plain(self) -> str:
        """The word as it stands in the entries."""
        return self.word


@attrs.frozen
class Share:
    """Part of an amount, and where it came from or went."""

    points: Points
    where: Term

    def shown(self, speaker: Speaker) -> str:
        """The amount, then the place."""
        return f"{self.points.shown(speaker)}{speaker.choose(' ', '')}{self.where.shown(speaker)}"

    def plain(self) -> dict[str, object]:
        """Both."""
        return {"amount": self.points.plain(), "where": self.where.plain()}


@attrs.frozen
class Count:
    """So much of what is no currency: 2.5 hours, 3 times, 400 ml."""

    number: int | Fraction
    unit: str

    def shown(self, speaker: Speaker) -> str:
        """The number and the unit."""
        unit = Term("unit", self.unit).shown(speaker)
        if self.number == 1 and self.unit in VOCABULARY["unit"]:
            unit = unit.removesuffix("s")
        return f"{Exact(str(self.number)).shown(speaker)} {unit}"

    def plain(self) -> dict[str, object]:
        """Both."""
        return {"amount": str(self.number) if self.number.denominator > 1 else int(self.number), "unit": self.unit}


@attrs.frozen
class Cost:
    """A price: points, and what is paid besides in money."""

    points: Points
    cash: Fraction | None = None

    def shown(self, speaker: Speaker) -> str:
        """The points, then the money."""
        if not self.cash:
            return self.points.shown(speaker)
        money = Exact(str(self.cash)).shown(speaker)
        return f"{self.points.shown(speaker)}{speaker.choose(f' and {money} in money', f' 加现金 {money}')}"

    def plain(self) -> object:
        """The points alone, or both."""
        return {"points": self.points.plain(), "cash": str(self.cash)} if self.cash else self.points.plain()


@attrs.frozen
class Named:
    """A fact with its name in front."""

    name: Term
    fact: Fact

    def shown(self, speaker: Speaker) -> str:
        """The name, then the fact."""
        return f"{self.name.shown(speaker)} {speaker.shown(self.fact)}"

    def plain(self) -> dict[str, object]:
        """The fact by its name."""
        return {self.name.word: plain(self.fact)}


@attrs.frozen
class Source:
    """Who pays an award: ``programme``, ``beneficiary`` or a fund such as ``fund:care``."""

    name: str

    def shown(self, speaker: Speaker) -> str:
        """In words, or the fund."""
        if ":" in self.name:
            return Holder(self.name).shown(speaker)
        return Term("source", self.name).shown(speaker)

    def plain(self) -> str:
        """As the rulebook writes it."""
        return self.name


@attrs.frozen
class Given:
    """A credit: how much, and, where that is not as usual, whose it is, who pays, and until when it is usable."""

    points: Points
    to: Term | None = None
    source: Source | None = None
    lot: End | None = None

    def shown(self, speaker: Speaker) -> str:
        """The amount, then the rest in parentheses."""
        facts = {"points": self.points, "to": self.to, "source": self.source, "lot": self.lot}
        return speaker.say(_GIVEN, facts)

    def plain(self) -> dict[str, object]:
        """What there is to say."""
        facts = {"points": self.points, "to": self.to, "source": self.source, "lot": self.lot}
        return {"currency": self.points.currency, **{name: plain(fact) for name, fact in facts.items() if fact}}


_GIVEN = Words(
    "{points}[ to the {to}][ paid by {source}][ (usable {lot})]", "{points}[，记入{to}][，由{source}支付][（{lot}）]"
)


__all__ = [
    "Cost",
    "Count",
    "Days",
    "End",
    "Exact",
    "Fact",
    "Given",
    "Holder",
    "Lang",
    "Minutes",
    "Named",
    "Names",
    "Noun",
    "Person",
    "Points",
    "Share",
    "Source",
    "Speaker",
    "Stretch",
    "Term",
    "Value",
    "Words",
    "as_it_is",
    "is_missing",
    "naming",
    "plain",
]
