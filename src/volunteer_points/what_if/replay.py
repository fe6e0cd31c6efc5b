"""What was recorded, decided again: entry by entry, in the order of the ledger, in a world of its own.

Service, people, goods and decisions of people are taken as they were recorded. Everything that follows from rules is
decided again by the functions that write entries: awards, reversals, repayments, ends of notices and of points,
redemptions and what becomes of them, transfers and donations, decided points. What cannot be done in this world is
left out, together with all that followed from it, and told.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from itertools import count
from typing import ClassVar

import attrs

from volunteer_points import commands as c
from volunteer_points import entries as e
from volunteer_points.books import Books, EveryAnswer
from volunteer_points.decisions import HANDLERS
from volunteer_points.decisions.awarding import confirm_award, reverse_award, worked_out, write_award
from volunteer_points.decisions.case import Case, Frame, VolunteerState, lots_of, refuse
from volunteer_points.decisions.service import hold_to_recording
from volunteer_points.errors import Corrupt, Refused
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.postings import Purpose, record_subject, volunteer_holder
from volunteer_points.rules import Rulebook
from volunteer_points.what_if.trial import Trial, TrialFrame, trial_frame
from volunteer_points.what_if.world import World

ITSELF = "what-if"
"""Who does in a what-if what a date decides."""


@attrs.define
class Replayed:
    """A service record in both worlds: what it says, and the award that stands in each."""

    said: e.Submitted | e.Corrected
    entry: e.Entry
    """The entry that says it."""

    rating: str = ""
    by_rulebook: bool = False
    refused: Refused | None = None
    """Why this world does not take the record."""

    before: e.Entry | None = None
    """The award, or the reason for none, as it was recorded; None when it was taken back."""

    after: e.Entry | None = None
    """The same in this world."""


@attrs.frozen
class LeftOut:
    """Something that was recorded and could not be done in this world, and why."""

    entry: e.Entry
    because: Refused


class _Case(Case):
    """A case of a replay: what is known of a volunteer is worked out once, until it changes."""

    def __init__(self, books: Books, request: c.Request, frame: Frame, known: dict[str, VolunteerState]) -> None:
        super().__init__(books, request, frame)
        self._known = known

    def volunteer(self, volunteer: str, *, day: date | None = None) -> VolunteerState:
        """As for any case."""
        if day is None and volunteer in self._known:
            return self._known[volunteer]
        state = self._known[volunteer] = super().volunteer(volunteer, day=day)
        return state


class Replay:
    """A ledger on its way through a what-if.

    Args:
        trial: What is tried; without it the rulebooks that were in force decide, and everything comes out as recorded.
        own_rules: The developers' own rules that are there.
    """

    def __init__(self, trial: Trial | None = None, own_rules: OwnRules = NO_OWN_RULES) -> None:
        self.trial = trial
        self._own_rules = own_rules
        self.world = World()
        self.frame: TrialFrame | None = None
        self.records: dict[str, Replayed] = {}
        self.left_out: list[LeftOut] = []
        self.followed: Counter[str] = Counter()
        """How many entries were left out because what they follow was, by kind."""

        self._books = Books(EveryAnswer(self.world))
        self._adopted: e.ProgrammeAdopted | None = None
        self._rulebooks: tuple[Rulebook, ...] = ()
        self._known: dict[str, VolunteerState] = {}
        self._missing: set[str] = set()
        self._lots: set[tuple[str, str, datetime]] = set()
        self._due: list[tuple[datetime, int, Callable[[datetime], list[e.Entry]]]] = []
        self._numbers = count()

    def play(self, entry: e.Entry) -> list[e.Entry]:
        """What an entry comes to in this world, with what a date has decided before it; nothing when it is left out.

        Raises:
            InputError: as :func:`trial_frame`.
            Refused: ``own_rule_missing``.
            Corrupt: ``entry_out_of_place`` when it speaks of something that no entry before it brought about.
        """
        played = list(self._what_is_due(entry.booked_at))
        for account, unit, amount, lot, _ in entry.postings:
            if lot is not None and amount > 0 and account.purpose == Purpose.AVAILABLE:
                self._lots.add((account.holder, unit, lot))
        try:
            played += self._PLAYED.get(type(entry.fact), Replay._as_recorded)(self, entry)
        except Refused as refusal:
            if refusal.code == "own_rule_missing":
                raise  # that says something of this machine, and nothing of the rulebook
            self.left_out.append(LeftOut(entry, refusal))
            if isinstance(entry.fact, e.Held):
                self._missing.add(entry.fact.redemption)
        return played

    # --- as it was recorded ---

    def _as_recorded(self, entry: e.Entry) -> list[e.Entry]:
        self.world.take_in(entry)
        return [entry]

    def _describe(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, (e.Enrolled, e.Described, e.Joined, e.Left))  # noqa: S101 - narrows the type
        self._known.pop(fact.volunteer, None)
        return self._as_recorded(entry)

    def _adopt(self, entry: e.Entry) -> list[e.Entry]:
        match entry.fact:
            case e.ProgrammeAdopted():
                self._adopted = entry.fact
            case e.RulebookAdopted():
                self._rulebooks = (*self._rulebooks, entry.fact.rulebook)
        if self._adopted is not None:
            self.frame = trial_frame(Frame(self._adopted, self._rulebooks, None, self._own_rules), self.trial)
        return [entry]

    def _follows(self, entry: e.Entry) -> list[e.Entry]:
        """What this world decides along with what it follows."""
        del self, entry
        return []

    # --- service ---

    def _submit(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, e.Submitted)  # noqa: S101 - narrows the type
        record = self.records[fact.record] = Replayed(fact, entry)
        trial = self.trial
        if trial is not None and trial.may_refuse_records and trial.covers(entry.on):
            try:
                hold_to_recording(self._case(entry, _asked_again(entry, self._recorded(entry))), fact, entry.on)
            except Refused as refusal:
                record.refused = refusal
                raise
        return self._as_recorded(entry)

    def _correct(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, e.Corrected)  # noqa: S101 - narrows the type
        record = self._record(entry, fact.record)
        record.said, record.entry = fact, entry
        return self._left_behind(entry) if record.refused else self._as_recorded(entry)

    def _approve(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, e.Approved)  # noqa: S101 - narrows the type
        record = self._record(entry, fact.record)
        record.rating, record.by_rulebook = fact.rating or record.rating, fact.by_rulebook
        return self._left_behind(entry) if record.refused else self._as_recorded(entry)

    def _undecided(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, (e.Rejected, e.Voided))  # noqa: S101 - narrows the type
        refused = self._record(entry, fact.record).refused
        return self._left_behind(entry) if refused else self._as_recorded(entry)

    def _award(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, (e.Awarded, e.NotAwarded))  # noqa: S101 - narrows the type
        record = self._record(entry, fact.record)
        record.before, record.after = entry, None
        if record.refused:
            return self._left_behind(entry)
        case = self._case(entry, c.Approve(record=fact.record))
        said, on = record.said, record.entry.on
        write_award(case, said, on, worked_out(case, said, on, rating="" if record.by_rulebook else record.rating))
        record.by_rulebook = False
        written = self._write(entry, case)
        record.after = written[0]
        after = written[0].fact
        counts_from = after.counts_from if isinstance(after, e.Awarded) else None
        if counts_from is not None and counts_from != getattr(fact, "counts_from", None):
            self._at(counts_from, partial(self._confirmed_at, record, written[0]))
        return written

    def _confirm(self, entry: e.Entry) -> list[e.Entry]:
        """A notice that ends when it was to end is over when that was recorded; every other when it ends."""
        fact = entry.fact
        assert isinstance(fact, e.Confirmed)  # noqa: S101 - narrows the type
        record = self._record(entry, fact.record)
        before, after = record.before, record.after
        if after is None or before is None:
            return self._left_behind(entry)
        if getattr(before.fact, "counts_from", None) != getattr(after.fact, "counts_from", None):
            return []
        return self._confirmed(self._case(entry, c.Confirm(record=fact.record)), entry, after)

    def _confirmed_at(self, record: Replayed, award: e.Entry, at: datetime) -> list[e.Entry]:
        if record.after is not award:
            return []
        case = self._own_case(at, award, c.Confirm(record=record.said.record))
        return self._confirmed(case, award, award)

    def _confirmed(self, case: Case, entry: e.Entry, award: e.Entry) -> list[e.Entry]:
        fact = award.fact
        assert isinstance(fact, e.Awarded)  # noqa: S101 - only those have a notice
        try:
            confirm_award(case, award, (record_subject(fact.record), volunteer_holder(fact.volunteer)))
        except Refused:
            return []  # nothing of it waits
        return self._write(entry, case)

    def _reverse(self, entry: e.Entry) -> list[e.Entry]:
        fact = entry.fact
        assert isinstance(fact, e.Reversed)  # noqa: S101 - narrows the type
        record = self._record(entry, fact.record)
        award, record.before, record.after = record.after, None, None
        if award is None:
            return self._left_behind(entry)
        command = c.Reverse(record=fact.record, reason=fact.reason)
        case = self._case(entry, command)
        reverse_award(case, award, command, (record_subject(fact.record), volunteer_holder(fact.volunteer)))
        return self._write(entry, case)

    # --- points and redemptions ---

    def _again(self, entry: e.Entry) -> list[e.Entry]:
        """What the same command writes in this world."""
        redemption = getattr(entry.fact, "redemption", None)
        if redemption in self._missing:
            return self._left_behind(entry)
        case = self._case(entry, _asked_again(entry, self._recorded(entry)))
        command = case.request.command
        HANDLERS[type(command)][1](case, command)
        return self._write(entry, case)

    def _expire(self, entry: e.Entry) -> list[e.Entry]:
        """The points that had ended; those that end with a redemption are decided along with it."""
        if entry.number > 1:
            return []
        try:
            return self._again(entry)
        except Refused as refusal:
            if refusal.code != "nothing_due":
                raise
            return []

    # --- what a date decides here and did not decide there ---

    def _at(self, instant: datetime, do: Callable[[datetime], list[e.Entry]]) -> None:
        heapq.heappush(self._due, (instant, next(self._numbers), do))

    def _what_is_due(self, now: datetime) -> Iterator[e.Entry]:
        while self._due and self._due[0][0] <= now:
            instant, _, do = heapq.heappop(self._due)
            yield from do(instant)

    def _ended(self, holder: str, currency: str, entry: e.Entry, at: datetime) -> list[e.Entry]:
        """End a lot that nobody had; one that there was is ended when that was recorded."""
        if (holder, currency, at) in self._lots or not self.world.answer(lots_of(holder, currency)).get(at):
            return []
        command = c.Expire(volunteer=holder.removeprefix(volunteer_holder("")), currency=currency)
        case = self._own_case(at, entry, command)
        HANDLERS[c.Expire][1](case, command)
        return self._write(entry, case)

    # --- how it is done ---

    _PLAYED: ClassVar[Mapping[type, Callable[[Replay, e.Entry], list[e.Entry]]]] = {
        **dict.fromkeys((e.ProgrammeAdopted, e.RulebookAdopted), _adopt),
        **dict.fromkeys((e.Enrolled, e.Described, e.Joined, e.Left), _describe),
        e.Submitted: _submit,
        e.Corrected: _correct,
        e.Approved: _approve,
        **dict.fromkeys((e.Rejected, e.Voided), _undecided),
        **dict.fromkeys((e.Awarded, e.NotAwarded), _award),
        e.Confirmed: _confirm,
        e.Reversed: _reverse,
        **dict.fromkeys((e.Repaid, e.Extended, e.Prolonged), _follows),
        e.Expired: _expire,
        **dict.fromkeys((e.Held, e.Collected, e.Cancelled, e.Lapsed, e.Returned), _again),
        **dict.fromkeys((e.Transferred, e.Donated, e.Adjusted, e.BalanceOpened), _again),
    }
    """What is not taken as it was recorded."""

    def _recorded(self, entry: e.Entry) -> Frame:
        if self.frame is None:
            refuse("no_programme", ledger=entry.ledger)
        return self.frame.recorded

    def _record(self, entry: e.Entry, record: str) -> Replayed:
        found = self.records.get(record)
        if found is None:
            raise Corrupt("entry_out_of_place", entry=entry.id, kind=entry.kind, subject=record_subject(record))
        return found

    def _left_behind(self, entry: e.Entry) -> list[e.Entry]:
        self.followed[entry.kind] += 1
        return []

    def _case(self, entry: e.Entry, command: c.Command) -> Case:
        return self._case_of(entry, entry.actor, entry.booked_at, command)

    def _own_case(self, at: datetime, entry: e.Entry, command: c.Command) -> Case:
        return self._case_of(entry, ITSELF, at, command)

    def _case_of(self, entry: e.Entry, actor: str, at: datetime, command: c.Command) -> Case:
        if self.frame is None:
            refuse("no_programme", ledger=entry.ledger)
        request = c.Request(ledger=entry.ledger, key=entry.key, actor=actor, booked_at=at, command=command)
        return _Case(self._books, request, self.frame, self._known)

    def _write(self, entry: e.Entry, case: Case) -> list[e.Entry]:
        """What was decided, in the place of an entry."""
        written = [
            attrs.evolve(
                entry,
                number=number,
                actor=case.actor,
                booked_at=case.booked_at,
                fact=draft.fact,
                about=draft.about,
                on=draft.on,
                postings=draft.postings,
            )
            for number, draft in enumerate(case.drafts, start=entry.number)
        ]
        for each in written:
            self.world.take_in(each)
            self._watch(each)
        return written

    def _watch(self, entry: e.Entry) -> None:
        """Let points that end where none had ended here be ended in time."""
        for account, unit, amount, lot, _ in entry.postings:
            if lot is None or amount <= 0 or account.purpose != Purpose.AVAILABLE:
                continue
            if (account.holder, unit, lot) not in self._lots:
                self._at(lot, partial(self._ended, account.holder, unit, entry))


# --- the commands behind entries ---------------------------------------------------------------------------------

_BEHIND: Mapping[type, type[c.Command]] = {
    e.Submitted: c.Submit,
    e.Held: c.Redeem,
    e.Collected: c.Collect,
    e.Cancelled: c.Cancel,
    e.Lapsed: c.Lapse,
    e.Returned: c.Return,
    e.Expired: c.Expire,
    e.Transferred: c.Transfer,
    e.Donated: c.Donate,
    e.Adjusted: c.Adjust,
    e.BalanceOpened: c.OpenBalance,
}
"""The command that wrote a fact. What a command says has the same name in what it wrote."""

_SAID: Mapping[type, tuple[str, ...]] = {
    fact: tuple(field.name for field in attrs.fields(command) if field.name in attrs.fields_dict(fact))
    for fact, command in _BEHIND.items()
}


def _asked_again(entry: e.Entry, recorded: Frame) -> c.Command:
    """The command behind an entry, as it would be brought again."""
    fact = entry.fact
    said = {name: getattr(fact, name) for name in _SAID[type(fact)]}
    if isinstance(fact, e.Submitted) and not fact.intervals:
        said["on"] = entry.on
    if isinstance(fact, e.BalanceOpened) and fact.lot is not None:
        usual = recorded.rulebook_on(entry.on).expiry.ends(entry.on, recorded.calendar)
        said["ends"] = None if fact.lot == usual else fact.lot
    made: c.Command = _BEHIND[type(fact)](**said)
    return made
