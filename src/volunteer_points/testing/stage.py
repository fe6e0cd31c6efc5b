"""The stage on which a case is played: a ledger in memory, people, a clock, and one method for each kind of step.

Everything goes through :class:`~volunteer_points.programme.Programme`; nothing here works anything out by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from volunteer_points.books import LotsOf, Question
from volunteer_points.canonical import exact
from volunteer_points.commands import (
    Adjust,
    Adopt,
    Approve,
    Cancel,
    Collect,
    Command,
    Correct,
    Definition,
    Donate,
    Endow,
    Enrol,
    Join,
    Leave,
    OpenBalance,
    ReceiveStock,
    Redeem,
    Reject,
    Return,
    Reverse,
    Submit,
    Transfer,
)
from volunteer_points.decisions.measuring import Measurer
from volunteer_points.entries import (
    Approved,
    Awarded,
    Entry,
    Held,
    Submitted,
)
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import (
    Details,
    Evidence,
    Facts,
    Household,
    Interval,
    Quantity,
    Reason,
    Whose,
    ladder_named,
    readings,
)
from volunteer_points.postings import Account, Purpose, holder_named
from volunteer_points.programme import Programme
from volunteer_points.rules import Rulebook
from volunteer_points.storage.memory import MemoryStore

FULL_SHELF = 1000
"""How many of each stocked item there are when a case does not say."""

Answer = TypeVar("Answer")
Word = TypeVar("Word", bound=StrEnum)
Tables = Mapping[str, Any]

REASON = Reason(code="case")


@attrs.define
class _Books:
    """The books of a programme at an instant, as measures ask them."""

    programme: Programme
    booked_at: datetime
    booking_day: date

    def need(self, *questions: Question[object]) -> None:
        """Nothing is fetched ahead."""

    def ask(self, question: Question[Answer]) -> Answer:
        """An answer."""
        return self.programme.ask(question)


class Stage:
    """One played case: who is who, what time it is, and the entries of the step that was played last."""

    def __init__(self, definition: Definition, people: Mapping[str, Tables], day: date, shelf: Tables) -> None:
        households = {str(person["household"]) for person in people.values() if "household" in person}
        known = {each.id for each in definition.households}
        more = tuple(Household(id=each) for each in sorted(households - known))
        self.definition = attrs.evolve(definition, households=(*definition.households, *more))
        self.calendar = definition.calendar
        self.first = next(iter(people))
        self.recorder, self.approver = (
            (definition.run_by_one,) * 2 if definition.run_by_one else (definition.founders[0], definition.founders[1])
        )
        self.people = {name: dict(person) for name, person in people.items()}
        self.shelf = shelf
        self.now = self.instant(day, time(8))
        self.entries: tuple[Entry, ...] = ()
        self.refusal: Refused | None = None
        self.named: dict[str, str] = {}
        self._busy_until: dict[tuple[str, date], datetime] = {}
        self._filled: set[str] = set()
        numbers = count(1)
        self.programme = Programme(MemoryStore("case"), clock=lambda: self.now, new_key=lambda: f"k-{next(numbers)}")
        self._open(day)

    def instant(self, day: date, at: time) -> datetime:
        """A time of the programme's wall clock."""
        return datetime.combine(day, at, ZoneInfo(self.calendar.zone)).astimezone(UTC)

    def _open(self, day: date) -> None:
        begun = [rulebook.since for rulebook in self.definition.rulebooks]
        since = {name: person.get("since", day) for name, person in self.people.items()}
        adopted = self.instant(min([day, *begun, *since.values()]), time(0))
        adopt = Adopt(definition=self.definition, author=self.recorder)
        self.programme.execute(adopt, actor=self.approver, booked_at=adopted)
        for name in self.people:
            self.enrol(name, {}, booked_at=self.instant(since[name], time(7)))

    # --- who and when ---

    def turn_to(self, step: Tables) -> None:
        """Set the clock to the day and the time that a step names."""
        local = self.now.astimezone(ZoneInfo(self.calendar.zone))
        day = step.get("on", local.date())
        if "at" in step:
            self.now = self.instant(day, as_time(step["at"]))
        elif day != local.date():
            self.now = self.instant(day, time(8))

    def who(self, step: Tables) -> str:
        """Whom a step is about: the first of the people when it does not say."""
        return str(step.get("who", self.first))

    def _execute(self, command: Command, actor: str, booked_at: datetime | None = None) -> None:
        self.entries += self.programme.execute(command, actor=actor, booked_at=booked_at or self.now).entries

    def _points(self, number: object, currency: str) -> int:
        scale = next((each.scale for each in self.definition.currencies if each.id == currency), 1)
        parts = exact(number) * scale
        if parts.denominator != 1:
            raise InputError("bad_case", value=str(number), fix="Give no more decimals than the currency has.")
        return parts.numerator

    def currency(self, step: Tables) -> str:
        """The currency that a step names, or the main one."""
        return str(step.get("currency", self.definition.rulebooks[-1].currency))

    # --- steps: volunteers ---

    def enrol(self, name: str, step: Tables, booked_at: datetime | None = None) -> None:
        """Enrol somebody, or describe them anew, with tags, household and teams."""
        person = self.people.setdefault(name, {})
        person |= {key: step[key] for key in ("tags", "household", "teams") if key in step}
        command = Enrol(volunteer=name, tags=tuple(person.get("tags", ())), household=person.get("household"))
        self._execute(command, self.recorder, booked_at)
        since = self.calendar.day(booked_at or self.now)
        for team in person.get("teams", ()):
            self._execute(Join(volunteer=name, team=team, since=since), self.recorder, booked_at)

    def join(self, team: str, step: Tables) -> None:
        """Let somebody join a team."""
        self._execute(Join(volunteer=self.who(step), team=team, since=self.calendar.day(self.now)), self.recorder)

    def leave(self, team: str, step: Tables) -> None:
        """Let somebody leave a team, or the programme when the team is ``""``."""
        command = Leave(volunteer=self.who(step), team=team or None, since=self.calendar.day(self.now))
        self._execute(command, self.recorder)

    # --- steps: service ---

    def serve(self, activity: str, step: Tables) -> None:
        """Hand in service and approve it, unless ``approve = false`` leaves it waiting."""
        for number in range(step.get("times", 1)):
            if number:
                self.now = self.instant(self.calendar.day(self.now) + timedelta(days=1), time(8))
                step = {key: value for key, value in step.items() if key not in {"on", "at"}}
            self._serve_once(activity, step)

    def _serve_once(self, activity: str, step: Tables) -> None:
        who, intervals = self.who(step), self._intervals(step)
        day = step.get("on", self.calendar.day(self.now))
        if intervals:
            self._busy_until[who, self.calendar.day(intervals[0].begin)] = intervals[-1].end
            self.now = max(self.now, intervals[-1].end)
        if "recorded" in step:
            self.now = self.instant(step["recorded"], time(20))
        command = Submit(
            volunteer=who,
            activity=activity,
            intervals=intervals,
            team=step.get("team"),
            evidence=_word(Evidence, step.get("evidence", "supervisor")),
            on=None if intervals else day,
            details=_details(step),
        )
        self._execute(command, step.get("by", self.recorder))
        record = next(entry.fact.record for entry in self.entries[::-1] if isinstance(entry.fact, Submitted))
        self._name(step, record)
        waits = not any(isinstance(entry.fact, Approved) and entry.fact.record == record for entry in self.entries)
        if waits and step.get("approve", True):
            self._execute(Approve(record=record), self.approver)

    def _intervals(self, step: Tables) -> tuple[Interval, ...]:
        today = step.get("on", self.now.astimezone(ZoneInfo(self.calendar.zone)).date())
        if "spans" in step:
            return tuple(self._span(today, span) for span in step["spans"])
        length = _length(step)
        if not length:
            return ()
        begin = self._busy_until.get((self.who(step), today), self.instant(today, time(8)))
        begin = self.now if "at" in step else begin
        return (Interval(begin=begin, end=begin + length),)

    def _span(self, day: date, span: str) -> Interval:
        begin, _, end = span.partition("-")
        until = day if as_time(begin) < as_time(end) else day + timedelta(days=1)
        return Interval(begin=self.instant(day, as_time(begin)), end=self.instant(until, as_time(end)))

    def _name(self, step: Tables, found: str) -> None:
        self.named["last"] = found
        if "as" in step:
            self.named[step["as"]] = found

    def _id(self, name: str) -> str:
        if name not in self.named:
            raise InputError("bad_case", value=name, fix="Give the earlier step that name with 'as'.")
        self.named["last"] = self.named[name]
        return self.named[name]

    def approve(self, name: str, step: Tables) -> None:
        """Approve a record that waits."""
        self._execute(Approve(record=self._id(name), rating=step.get("rating", "")), step.get("by", self.approver))

    def reject(self, name: str, step: Tables) -> None:
        """Reject a record that waits."""
        self._execute(Reject(record=self._id(name), reason=REASON), step.get("by", self.approver))

    def reverse(self, name: str, step: Tables) -> None:
        """Take back the award of a record."""
        self._execute(Reverse(record=self._id(name), reason=REASON), step.get("by", self.approver))

    def correct(self, name: str, step: Tables) -> None:
        """Say what a record should have said: the same day and beginning with other hours, or other details."""
        said = self.programme.record(self._id(name)).said
        length, intervals = _length(step), said.intervals
        if length:
            intervals = (Interval(begin=intervals[0].begin, end=intervals[0].begin + length),)
        on = None if intervals else self.programme.record(self._id(name)).on
        details = _details(step) if {"rating", "marks", "quantities"} & step.keys() else None
        command = Correct(
            record=self._id(name),
            requested_by=self.recorder,
            reason=REASON,
            intervals=intervals,
            on=on,
            details=details,
        )
        self._execute(command, step.get("by", self.approver))

    # --- steps: redemption ---

    def redeem(self, item: str, step: Tables) -> None:
        """Hold an item, and with ``hand_over`` collect it at once; shelves are full unless the case says otherwise."""
        self._fill(item)
        who = self.who(step)
        payer = _word(Whose, step.get("payer", "volunteer"))
        command = Redeem(volunteer=who, item=item, quantity=step.get("quantity", 1), payer=payer)
        self._execute(command, step.get("by", self.recorder))
        self._name(step, next(entry.fact.redemption for entry in self.entries if isinstance(entry.fact, Held)))
        if step.get("hand_over", False):
            self._execute(Collect(redemption=self.named["last"]), self.approver)

    def _fill(self, item: str) -> None:
        listed = next((each for each in self.definition.catalogue if each.id == item), None)
        number = int(self.shelf.get(item, FULL_SHELF))
        if listed is None or not listed.stocked or item in self._filled or not number:
            return
        self._filled.add(item)
        self.programme.execute(ReceiveStock(item=item, quantity=number), actor=self.recorder, booked_at=self.now)

    def collect(self, name: str, step: Tables) -> None:
        """Hand over what is held."""
        command = Collect(
            redemption=self._id(name), collector=step.get("collector", ""), relation=step.get("relation", "")
        )
        self._execute(command, step.get("by", self.approver))

    def cancel(self, name: str, step: Tables) -> None:
        """Give up what is held."""
        self._execute(Cancel(redemption=self._id(name), reason=REASON), step.get("by", self.approver))

    def give_back(self, name: str, step: Tables) -> None:
        """Take collected goods back."""
        command = Return(redemption=self._id(name), reason=REASON, quantity=step.get("quantity"))
        self._execute(command, step.get("by", self.approver))

    # --- steps: points ---

    def transfer(self, points: object, step: Tables) -> None:
        """Give points to somebody else."""
        currency = self.currency(step)
        amount = self._points(points, currency)
        command = Transfer(giver=self.who(step), receiver=_to(step), points=amount, currency=currency)
        self._execute(command, step.get("by", self.recorder))

    def donate(self, points: object, step: Tables) -> None:
        """Give points to a fund."""
        currency = self.currency(step)
        command = Donate(giver=self.who(step), fund=_to(step), points=self._points(points, currency), currency=currency)
        self._execute(command, step.get("by", self.recorder))

    def endow(self, points: object, step: Tables) -> None:
        """Put points into a fund."""
        currency, fund = self.currency(step), _to(step)
        amount = self._points(points, currency)
        command = Endow(fund=fund, points=amount, requested_by=self.recorder, reason=REASON, currency=currency)
        self._execute(command, self.approver)

    def adjust(self, points: object, step: Tables) -> None:
        """Give points, or take them, by decision."""
        currency = self.currency(step)
        command = Adjust(
            volunteer=self.who(step),
            points=self._points(points, currency),
            requested_by=self.recorder,
            reason=REASON,
            currency=currency,
        )
        self._execute(command, self.approver)

    def bring(self, points: object, step: Tables) -> None:
        """Bring over points and hours from before the ledger."""
        currency = self.currency(step)
        minutes = _length(step) // timedelta(minutes=1)
        command = OpenBalance(
            volunteer=self.who(step),
            points=self._points(points, currency),
            minutes=minutes,
            requested_by=self.recorder,
            reason=REASON,
            currency=currency,
        )
        self._execute(command, self.approver)

    def sweep(self, _wanted: object, _step: Tables) -> None:
        """Do what a date decides: lapse, approve by rulebook, end notices, expire; what needs somebody stays."""
        for outcome in self.programme.sweep(actor=self.approver, booked_at=self.now):
            self.entries += outcome.entries

    # --- what came of it ---

    def facts(self, *kinds: type) -> Iterator[Any]:
        """The facts of some kinds among the entries of the step."""
        return (entry.fact for entry in self.entries if isinstance(entry.fact, kinds))

    def scale(self, currency: str) -> int:
        """How many smallest parts make one of a currency."""
        return next((each.scale for each in self.definition.currencies if each.id == currency), 1)

    def held_by(self, holder: str, currency: str) -> Fraction:
        """What a holder can spend: a volunteer by the id, a household, team or fund by the full name."""
        lots = self.programme.ask(LotsOf(Account(holder_named(holder), Purpose.AVAILABLE), currency))
        amount = sum(part for lot, part in lots.items() if lot is None or lot > self.now)
        return Fraction(amount, self.scale(currency))

    def earned(self, currency: str) -> Fraction:
        """What the awards of the step gave in a currency, to whomever."""
        total = 0
        for fact in self.facts(Awarded):
            own = [(fact.currency, fact.points), *((credit.currency, credit.points) for credit in fact.more)]
            total += sum(points for name, points in own if name == currency)
        return Fraction(total, self.scale(currency))

    def level(self, who: str, ladder: str) -> str:
        """The level that somebody has now; empty when none is reached."""
        day = self.calendar.day(self.now)
        rulebook: Rulebook = self.programme.frame().rulebook_on(day)
        state, named = self.programme.volunteer(who), ladder_named(rulebook.ladders, ladder)
        asking = Measurer(_Books(self.programme, self.now, day), who, state.household)
        conditions = [each for level in named.levels for each in level.conditions]
        values = asking.values(readings(conditions, rulebook.ladders, day))
        scales = {currency.id: currency.scale for currency in self.definition.currencies}
        reached = Facts(day, frozenset(state.tags), rulebook.ladders, values, scales).level(named)
        return "" if reached is None else named.levels[reached].id


STEPS: Mapping[str, tuple[Callable[[Stage, Any, Tables], None], frozenset[str]]] = {
    name: (act, frozenset(keys.split()))
    for name, act, keys in (
        ("enrol", Stage.enrol, "tags household teams"),
        ("join", Stage.join, ""),
        ("leave", Stage.leave, ""),
        (
            "serve",
            Stage.serve,
            (
                "hours minutes spans times recorded team evidence role marks rating participants quantities "
                "planned_minutes travel_minutes beneficiary approve"
            ),
        ),
        ("approve", Stage.approve, "rating"),
        ("reject", Stage.reject, ""),
        ("reverse", Stage.reverse, ""),
        ("correct", Stage.correct, "hours minutes rating marks quantities"),
        ("redeem", Stage.redeem, "quantity payer hand_over"),
        ("collect", Stage.collect, "collector relation"),
        ("cancel", Stage.cancel, ""),
        ("give_back", Stage.give_back, "quantity"),
        ("transfer", Stage.transfer, "to currency"),
        ("donate", Stage.donate, "to currency"),
        ("endow", Stage.endow, "to currency"),
        ("adjust", Stage.adjust, "currency"),
        ("bring", Stage.bring, "hours minutes currency"),
        ("sweep", Stage.sweep, ""),
    )
}
"""What a step may do, and the keys that may stand beside it."""


def as_time(written: object) -> time:
    """A time of day, written as 08:30:00 or as the text ``"08:30"``."""
    if isinstance(written, time):
        return written
    try:
        return time.fromisoformat(str(written))
    except ValueError:
        raise InputError("bad_case", value=str(written), fix='Write a time of day as "08:30".') from None


def _word(kind: type[Word], written: object) -> Word:
    try:
        return kind(str(written))
    except ValueError:
        raise InputError("bad_case", value=str(written), fix=f"Known here: {', '.join(kind)}.") from None


def _to(step: Tables) -> str:
    if "to" not in step:
        raise InputError("bad_case", value="", fix="Name in 'to' who or which fund gets the points.")
    return str(step["to"])


def _length(step: Tables) -> timedelta:
    minutes = exact(step.get("hours", 0)) * 60 + exact(step.get("minutes", 0))
    return timedelta(microseconds=int(minutes * 60_000_000))


def _details(step: Tables) -> Details:
    given = {
        key: step[key] for key in ("role", "rating", "participants", "planned_minutes", "travel_minutes") if key in step
    }
    return Details(
        **given,
        marks=tuple(step.get("marks", ())),
        beneficiary=step.get("beneficiary"),
        quantities=tuple(_quantity(unit, amount) for unit, amount in step.get("quantities", {}).items()),
    )


def _quantity(unit: str, written: object) -> Quantity:
    amount = exact(written)
    if amount.denominator != 1:
        fix = "Quantities are whole numbers: use a smaller unit here and in the rules, such as grams."
        raise InputError("bad_case", value=f"{unit} = {written}", fix=fix)
    return Quantity(unit=unit, amount=amount.numerator)
