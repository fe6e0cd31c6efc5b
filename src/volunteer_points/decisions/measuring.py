"""From readings to books: what a condition, a cap or a milestone asks, answered for one volunteer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

import attrs

from volunteer_points.books import About, Lots, Moved, Question
from volunteer_points.decisions.case import Frame, available, lots_of, refuse, volunteer_question
from volunteer_points.entries import Entry
from volunteer_points.model import Condition, Facts, Of, OwnRule, Reading, Use, Whose, own_readings, readings
from volunteer_points.postings import (
    REDEMPTIONS,
    TIMES,
    Purpose,
    household_holder,
    quantity_unit,
    tally_unit,
    team_holder,
    volunteer_holder,
)
from volunteer_points.rules import MINUTES, Rulebook

Answer = TypeVar("Answer")

RECORD_KINDS = (
    "Submitted",
    "Approved",
    "Rejected",
    "Voided",
    "Awarded",
    "NotAwarded",
    "Confirmed",
    "Reversed",
    "Corrected",
)
FIRST_DAY = date(1, 1, 1)
"""Since ever, for accounts on which a balance is not kept."""


class Asking(Protocol):
    """Books at the time of a decision, and the time."""

    @property
    def booked_at(self) -> datetime:
        """The instant of the decision."""
        ...

    @property
    def booking_day(self) -> date:
        """Its day."""
        ...

    def need(self, *questions: Question[object]) -> None:
        """Name what will be asked."""
        ...

    def ask(self, question: Question[Answer]) -> Answer:
        """An answer."""
        ...


class Framed(Asking, Protocol):
    """The same, with the programme as it stands."""

    @property
    def frame(self) -> Frame:
        """The programme."""
        ...


@attrs.frozen
class Measurer:
    """Whom readings are about: a volunteer, with the household and the team that are meant."""

    books: Asking
    volunteer: str
    household: str | None = None
    team: str | None = None

    def values(self, wanted: Iterable[Reading]) -> dict[Reading, int]:
        """What the books say to each reading."""
        asked = {reading: self._questions(reading) for reading in wanted}
        self.books.need(*(question for questions in asked.values() for question in questions))
        return {reading: self._value(reading, questions) for reading, questions in asked.items()}

    def questions(self, wanted: Iterable[Reading]) -> tuple[Question[Any], ...]:
        """What :meth:`values` will ask, so that more can be fetched along with it."""
        return tuple(question for reading in wanted for question in self._questions(reading))

    def _holder(self, whose: Whose) -> str | None:
        match whose:
            case Whose.HOUSEHOLD:
                return None if self.household is None else household_holder(self.household)
            case Whose.TEAM:
                return None if self.team is None else team_holder(self.team)
            case _:
                return volunteer_holder(self.volunteer)

    def _questions(self, reading: Reading) -> tuple[Question[Any], ...]:
        holder = self._holder(reading.whose)
        if holder is None:
            return ()
        if reading.whose is not Whose.VOLUNTEER:
            return self._together(holder, reading)
        match reading.of:
            case Of.AVAILABLE:
                found: tuple[Question[Any], ...] = (available(self.volunteer, reading.unit),)
            case Of.BALANCE:
                found = (available(self.volunteer, reading.unit), Moved(holder, Purpose.HELD, reading.unit))
                found += _pending(holder, reading)
            case Of.RECORDS:
                found = (About(holder, RECORD_KINDS, reading.since, reading.until),)
            case Of.MONTHS:
                found = (volunteer_question(self.volunteer),)
            case _:
                found = _moved(holder, *_COUNTERS[reading.of](reading.unit), reading)
                if reading.of is Of.EARNED and not reading.activities and reading.since is None:
                    found += (Moved(holder, Purpose.OPENED, reading.unit, None, FIRST_DAY),)
        return found

    def _together(self, holder: str, reading: Reading) -> tuple[Question[Any], ...]:
        """What a household or a team is counted to have done together."""
        if reading.of in {Of.AVAILABLE, Of.BALANCE}:
            return (lots_of(holder, reading.unit), *_pending(holder, reading))
        unit = _TOGETHER.get(reading.of)
        if unit is None:
            refuse("cannot_be_measured", of=str(reading.of), whose=str(reading.whose))
        return _moved(holder, Purpose.QUOTA, unit(reading.unit), reading)

    def _value(self, reading: Reading, questions: tuple[Question[Any], ...]) -> int:
        answers = [self.books.ask(question) for question in questions]
        match reading.of:
            case Of.AVAILABLE:
                return sum(_spendable(answer, self.books.booked_at) for answer in answers)
            case Of.BALANCE:
                return sum(_amount(answer) for answer in answers)
            case Of.RECORDS:
                return sum(_handed_in(answer, reading) for answer in answers)
            case Of.MONTHS:
                return sum(_months(answer, self.books.booking_day) for answer in answers)
        moved = sum(_amount(answer) for answer in answers)
        is_count = reading.whose is Whose.VOLUNTEER and reading.of in {Of.HOURS, Of.TIMES, Of.QUANTITY}
        return moved if is_count else -moved


def _pending(holder: str, reading: Reading) -> tuple[Question[Any], ...]:
    """What was awarded and is still under public notice, where that is wanted."""
    return (Moved(holder, Purpose.PENDING, reading.unit),) if reading.pending else ()


def _spendable(lots: Lots, at: datetime) -> int:
    return sum(amount for lot, amount in lots.items() if lot is None or lot > at)


def _amount(answer: Lots | int) -> int:
    return answer if isinstance(answer, int) else sum(answer.values())


_COUNTERS: Mapping[Of, Callable[[str], tuple[Purpose, str]]] = {
    Of.HOURS: lambda _: (Purpose.SERVED, MINUTES),
    Of.MINUTES: lambda _: (Purpose.ISSUED, MINUTES),
    Of.TIMES: lambda _: (Purpose.SERVED, TIMES),
    Of.QUANTITY: lambda unit: (Purpose.SERVED, quantity_unit(unit)),
    Of.EARNED: lambda unit: (Purpose.ISSUED, unit),
    Of.SPENT: lambda unit: (Purpose.QUOTA, tally_unit("spent", unit)),
    Of.REDEMPTIONS: lambda _: (Purpose.QUOTA, REDEMPTIONS),
}
"""The account and the unit of a volunteer that a measure adds up."""

_TOGETHER: Mapping[Of, Callable[[str], str]] = {
    Of.HOURS: lambda _: tally_unit("served", MINUTES),
    Of.MINUTES: lambda _: tally_unit("served", MINUTES),
    Of.TIMES: lambda _: tally_unit("served", TIMES),
    Of.QUANTITY: quantity_unit,
    Of.EARNED: lambda unit: tally_unit("earned", unit),
    Of.SPENT: lambda unit: tally_unit("spent", unit),
    Of.REDEMPTIONS: lambda _: REDEMPTIONS,
}
"""The counter of a household or a team that a measure adds up."""


def _moved(holder: str, purpose: Purpose, unit: str, reading: Reading) -> tuple[Question[Any], ...]:
    activities: tuple[str | None, ...] = reading.activities or (None,)
    return tuple(Moved(holder, purpose, unit, each, reading.since, reading.until) for each in activities)


def _handed_in(entries: tuple[Entry, ...], reading: Reading) -> int:
    """Records that stand: handed in, and neither rejected, withdrawn nor reversed."""
    standing: dict[str, bool] = {}
    for entry in entries:
        activity = getattr(entry.fact, "activity", None)
        record = getattr(entry.fact, "record", "")
        if entry.kind in {"Submitted", "Corrected"}:
            standing[record] = not reading.activities or activity in reading.activities
        elif entry.kind in {"Rejected", "Voided", "Reversed"}:
            standing[record] = False
    return sum(standing.values())


def _months(entries: tuple[Entry, ...], day: date) -> int:
    """Whole months since the first enrolment."""
    enrolled = [entry.on for entry in entries if entry.kind == "Enrolled"]
    if not enrolled:
        return 0
    first = min(enrolled)
    return max(0, (day.year - first.year) * 12 + day.month - first.month - (day.day < first.day))


def facts_about(  # noqa: PLR0913, PLR0917 - who, by which rules and when
    case: Framed,
    measurer: Measurer,
    rulebook: Rulebook,
    conditions: Iterable[Condition],
    tags: Iterable[str],
    day: date,
    *,
    price: OwnRule | None = None,
) -> Facts:
    """What conditions are held against, on a day, and what a developer's own price is given."""
    own_rules = case.frame.own_rules
    wanted = readings(conditions, rulebook.ladders, day, own_rules)
    if price is not None:
        wanted = (*wanted, *own_readings(Use.PRICE, price, day, own_rules))
    scales = {currency.id: currency.scale for currency in case.frame.adopted.currencies}
    return Facts(day, frozenset(tags), rulebook.ladders, measurer.values(wanted), scales, own_rules)


def hold_to(facts: Facts, conditions: Iterable[Condition], **more: object) -> None:
    """Refuse when one of the conditions does not hold.

    Raises:
        Refused: ``condition_unmet`` with what was wanted and what was found.
    """
    shown = facts.unmet(conditions)
    if shown is None:
        return
    condition = shown.condition
    refuse(
        "condition_unmet",
        condition=condition.id,
        of=None if condition.of is None else str(condition.of),
        wanted=shown.wanted,
        found=shown.found,
        missing=shown.missing,
        over=condition.over,
        own=None if condition.own is None else str(condition.own),
        clause=condition.clause,
        **more,
    )
