"""What the books must show before something is allowed: measures over windows, held against bounds.

A **measure** is a number that the books know of somebody: hours served, times taken part, points earned. A
**condition** holds measures against bounds, or asks for tags or a level. A **ladder** is a list of levels, each with
its conditions. The same conditions decide who earns, who may redeem, which price holds and which level is reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError
from volunteer_points.model.values import Period, add_months, identifier, period_around, words

_ROLLING = re.compile(r"([1-9][0-9]{0,4}) (days|months|years)")


class Of(StrEnum):
    """What a measure counts."""

    HOURS = "hours"
    MINUTES = "minutes"
    TIMES = "times"
    """Approved records, each once; those without minutes always, others when the rulebook counts times."""
    EARNED = "earned"
    """Points that service earned, in ``unit``, less what was taken back."""
    AVAILABLE = "available"
    """What can be spent now, in ``unit``; the window does not matter."""
    BALANCE = "balance"
    """What can be spent now and what is held for redemptions, in ``unit``."""
    SPENT = "spent"
    """Points that were redeemed or are held for it, in ``unit``."""
    REDEMPTIONS = "redemptions"
    QUANTITY = "quantity"
    """What records say besides time, in ``unit``: millilitres of blood, kilograms of waste."""
    RECORDS = "records"
    """Records that were handed in and not rejected, approved or not."""
    MONTHS = "months"
    """Whole months since the volunteer was enrolled."""


class Whose(StrEnum):
    """Whose number is meant."""

    VOLUNTEER = "volunteer"
    HOUSEHOLD = "household"
    TEAM = "team"
    PROGRAMME = "programme"


def window_text(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a window: a period of the calendar, or the last so many days, months or years."""
    if not isinstance(value, str) or (value not in list(Period) and not _ROLLING.fullmatch(value)):
        known = [*Period, "90 days", "12 months", "2 years"]
        raise InputError("bad_window", field=attribute.name, value=repr(value), known=known)


def window_around(day: date, over: str) -> tuple[date | None, date | None]:
    """The first day of a window that holds ``day``, and the first day after it.

    >>> window_around(date(2026, 3, 31), "1 months")[0].isoformat()
    '2026-03-01'
    """
    rolling = _ROLLING.fullmatch(over)
    if rolling is None:
        return period_around(day, Period(over))
    number, unit = int(rolling[1]), rolling[2]
    after = day + timedelta(days=1)
    if unit == "days":
        return after - timedelta(days=number), after
    months = number * (12 if unit == "years" else 1)
    return (add_months(day, -months) + timedelta(days=1) if months < day.year * 12 - 12 else None), after


@attrs.frozen
class Reading:
    """A measure with its window in days: what must be read from the books.

    ``HOURS`` is read in minutes and holds what was brought over from before the ledger; ``MINUTES`` are only those
    that awards counted, which is what caps look at.
    """

    of: Of
    unit: str = ""
    activities: tuple[str, ...] = ()
    whose: Whose = Whose.VOLUNTEER
    since: date | None = None
    until: date | None = None


_UNITLESS = frozenset({Of.HOURS, Of.MINUTES, Of.TIMES, Of.REDEMPTIONS, Of.RECORDS, Of.MONTHS})
_AT_THE_MOMENT = frozenset({Of.AVAILABLE, Of.BALANCE, Of.MONTHS})
IN_A_CURRENCY = frozenset({Of.EARNED, Of.AVAILABLE, Of.BALANCE, Of.SPENT})
"""What is measured in smallest parts of the currency that ``unit`` names."""


class Measured(Protocol):
    """What says of whom, of what and over which window something is measured."""

    @property
    def unit(self) -> str:
        """The currency or the quantity, where one is measured."""
        ...

    @property
    def activities(self) -> tuple[str, ...]:
        """Only these activities; none named means all."""
        ...

    @property
    def whose(self) -> Whose:
        """Whose number it is."""
        ...

    @property
    def over(self) -> str:
        """The window."""
        ...


def reading(of: Of, measured: Measured, day: date) -> Reading:
    """The measure as it stands on a day."""
    since, until = (None, None) if of in _AT_THE_MOMENT else window_around(day, measured.over)
    unit = "" if of in _UNITLESS else measured.unit
    return Reading(Of.HOURS if of is Of.MINUTES else of, unit, measured.activities, measured.whose, since, until)


def _bound(value: object) -> Fraction | None:
    return None if value is None else exact(value)


@attrs.frozen(kw_only=True)
class Condition:
    """Something that must hold: a measure within bounds, tags, or a level. All that is named must hold.

    ``at_least`` is reached, ``below`` is not; with ``for_each`` both are multiplied by another measure, so that
    ten points for each hour is ``of = "earned", at_least = 10, for_each = "hours"``. ``for_each_unit`` is the unit of
    that other measure where it is not the same, such as the currency in which hours are spent.
    """

    id: str = attrs.field(validator=identifier)
    of: Of | None = None
    unit: str = "points"
    activities: tuple[str, ...] = ()
    whose: Whose = Whose.VOLUNTEER
    over: str = attrs.field(default="ever", validator=window_text)
    at_least: Fraction | None = attrs.field(default=None, converter=_bound)
    below: Fraction | None = attrs.field(default=None, converter=_bound)
    for_each: Of | None = None
    for_each_unit: str = ""
    tags: tuple[str, ...] = ()
    """One of these tags is enough."""
    without_tags: tuple[str, ...] = ()
    each_activity: bool = False
    """Measured on the activity at hand alone; for conditions of recording."""
    ladder: str = ""
    level: str = ""
    """At least this level of the ladder."""
    clause: str = attrs.field(default="", validator=words)

    def __attrs_post_init__(self) -> None:
        bounded = self.at_least is not None or self.below is not None
        if (self.of is not None) is not bounded:
            raise InputError("condition_unclear", condition=self.id, fix="Give 'of' with 'at_least' or 'below'.")
        if bool(self.ladder) is not bool(self.level):
            raise InputError("condition_unclear", condition=self.id, fix="Give 'ladder' together with 'level'.")
        if not (bounded or self.tags or self.without_tags or self.level):
            raise InputError("condition_empty", condition=self.id, fix="Say what must hold, or leave it out.")

    def readings(self, day: date) -> Iterator[Reading]:
        """What must be known to decide it, besides tags and level."""
        if self.of is not None:
            yield reading(self.of, self, day)
        if self.for_each is not None:
            yield reading(self.for_each, self.factor, day)

    @property
    def factor(self) -> Condition:
        """What is measured to multiply the bounds: the same with the unit of ``for_each``."""
        return attrs.evolve(self, unit=self.for_each_unit) if self.for_each_unit else self


@attrs.frozen(kw_only=True)
class Level:
    """One level of a ladder, with all that must hold for it."""

    id: str = attrs.field(validator=identifier)
    name: str = attrs.field(default="", validator=words)
    conditions: tuple[Condition, ...] = attrs.field(validator=attrs.validators.min_len(1))
    certified: bool = False
    """It is also to be awarded by decision: reaching the numbers lets somebody apply."""


@attrs.frozen(kw_only=True)
class Ladder:
    """Levels from the lowest to the highest, such as stars. The level is the highest whose conditions hold."""

    id: str = attrs.field(validator=identifier)
    name: str = attrs.field(default="", validator=words)
    levels: tuple[Level, ...] = attrs.field(validator=attrs.validators.min_len(1))
    clause: str = attrs.field(default="", validator=words)

    def __attrs_post_init__(self) -> None:
        for level in self.levels:
            if any(condition.ladder for condition in level.conditions):
                raise InputError("ladder_within_ladder", ladder=self.id, level=level.id, fix="Use measures and tags.")


@attrs.frozen(kw_only=True)
class Shown:
    """How a condition came out: what it wanted and what was found, as text."""

    condition: Condition
    met: bool
    wanted: str = ""
    found: str = ""
    missing: str = ""
    """How much more it takes, where a number is too small."""


@attrs.frozen
class Facts:
    """What conditions are held against: a day, tags, ladders, and the readings that were asked for."""

    day: date
    tags: frozenset[str] = frozenset()
    ladders: tuple[Ladder, ...] = ()
    values: Mapping[Reading, int] = attrs.field(factory=dict)
    scales: Mapping[str, int] = attrs.field(factory=dict)

    def measure(self, of: Of, measured: Measured) -> Fraction:
        """The number: hours and points as people write them."""
        value = Fraction(self.values[reading(of, measured, self.day)])
        if of is Of.HOURS:
            return value / 60
        return value / self.scales.get(measured.unit, 1) if of in IN_A_CURRENCY else value

    def shown(self, condition: Condition) -> Shown:
        """Hold a condition against what is known."""
        shown = Shown(condition=condition, met=True)
        if condition.of is not None:
            shown = self._bounds(condition, condition.of)
        if not shown.met:
            return shown
        if condition.tags and self.tags.isdisjoint(condition.tags):
            return Shown(condition=condition, met=False, wanted=", ".join(condition.tags))
        if not self.tags.isdisjoint(condition.without_tags):
            found = ", ".join(sorted(self.tags.intersection(condition.without_tags)))
            return Shown(condition=condition, met=False, found=found)
        if condition.ladder:
            return self._level(condition)
        return shown

    def _bounds(self, condition: Condition, of: Of) -> Shown:
        found = self.measure(of, condition)
        factor = Fraction(1) if condition.for_each is None else self.measure(condition.for_each, condition.factor)
        least = None if condition.at_least is None else condition.at_least * factor
        below = None if condition.below is None else condition.below * factor
        met = (least is None or found >= least) and (below is None or found < below)
        wanted = [f"≥ {number_text(least)}"] if least is not None else []
        wanted += [f"< {number_text(below)}"] if below is not None else []
        missing = number_text(least - found) if least is not None and found < least else ""
        return Shown(condition=condition, met=met, wanted=" ".join(wanted), found=number_text(found), missing=missing)

    def _level(self, condition: Condition) -> Shown:
        ladder = ladder_named(self.ladders, condition.ladder)
        wanted = next(number for number, level in enumerate(ladder.levels) if level.id == condition.level)
        reached = self.level(ladder)
        found = "" if reached is None else ladder.levels[reached].id
        return Shown(
            condition=condition, met=reached is not None and reached >= wanted, wanted=condition.level, found=found
        )

    def level(self, ladder: Ladder) -> int | None:
        """The place of the highest level whose conditions all hold, the lowest being 0; None when none is reached."""
        reached = [
            number
            for number, level in enumerate(ladder.levels)
            if all(self.shown(condition).met for condition in level.conditions)
        ]
        return max(reached, default=None)

    def unmet(self, conditions: Iterable[Condition]) -> Shown | None:
        """The first condition that does not hold."""
        return next((shown for shown in map(self.shown, conditions) if not shown.met), None)


def ladder_named(ladders: Iterable[Ladder], name: str) -> Ladder:
    """The ladder of that name.

    Raises:
        InputError: ``unknown_ladder``; adopting a rulebook has ruled that out.
    """
    for ladder in ladders:
        if ladder.id == name:
            return ladder
    raise InputError("unknown_ladder", ladder=name, fix="Describe the ladder in the rulebook.")


def readings(conditions: Iterable[Condition], ladders: tuple[Ladder, ...], day: date) -> tuple[Reading, ...]:
    """All that must be known to hold conditions against the books, each once, in the order of the conditions."""
    found: dict[Reading, None] = {}
    for condition in conditions:
        found.update(dict.fromkeys(condition.readings(day)))
        if condition.ladder:
            levels = ladder_named(ladders, condition.ladder).levels
            within = (each for level in levels for each in level.conditions)
            found.update(dict.fromkeys(readings(within, ladders, day)))
    return tuple(found)


def number_text(number: Fraction) -> str:
    """A number as people write it: a decimal where it is one, else a ratio.

    >>> number_text(Fraction(5, 2)), number_text(Fraction(1, 3))
    ('2.5', '1/3')
    """
    if number.denominator == 1:
        return str(number.numerator)
    for digits in range(1, 7):
        parts = number * 10**digits
        if parts.denominator == 1:
            whole, rest = divmod(abs(parts.numerator), 10**digits)
            return f"{'-' if number < 0 else ''}{whole}.{rest:0{digits}d}"
    return str(number)
