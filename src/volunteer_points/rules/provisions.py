"""The provisions that a rulebook is made of: what time counts, what it earns, what bounds it, when it ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError
from volunteer_points.model import (
    Calendar,
    Of,
    OwnRule,
    Period,
    Whose,
    add_months,
    at_most,
    calendar_day,
    identifier,
    not_negative,
    period_around,
    positive,
    window_text,
)
from volunteer_points.rules.numbers import Direction, above_nought, exact_or_none, from_nought
from volunteer_points.rules.service import MINUTES, When

# --- time --------------------------------------------------------------------------------------------------------


class Each(StrEnum):
    """What is rounded on its own."""

    RECORD = "record"
    INTERVAL = "interval"


@attrs.frozen(kw_only=True)
class TimeRule:
    """How minutes count: less breaks, with or without the way, rounded to a step, and not at all below a minimum."""

    round_to_minutes: int = attrs.field(default=1, validator=positive)
    direction: Direction = Direction.DOWN
    minimum_minutes: int = attrs.field(default=0, validator=not_negative)
    each: Each = Each.RECORD
    travel_counts: bool = False
    break_after_minutes: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    break_minutes: int = attrs.field(default=0, validator=not_negative)
    """So many are left out when somebody served longer than ``break_after_minutes`` at a stretch."""
    attended_at_least: Fraction | None = attrs.field(default=None, converter=exact_or_none, validator=above_nought)
    """The share of the planned minutes below which nothing counts."""


@attrs.frozen(kw_only=True)
class TimeFactor:
    """Scales the minutes of service that fits: nought for a complaint, a half for a poor rating."""

    id: str = attrs.field(validator=identifier)
    times: Fraction = attrs.field(converter=exact, validator=from_nought)
    when: When = When()
    clause: str = ""


# --- what is earned ----------------------------------------------------------------------------------------------

RATED = frozenset({Of.HOURS, Of.MINUTES, Of.TIMES, Of.QUANTITY})


@attrs.frozen(kw_only=True)
class Stage:
    """One stage of a rate: from ``above`` on, ``plus`` once and ``points`` for each further block."""

    above: Fraction = attrs.field(converter=exact, validator=from_nought)
    plus: Fraction = attrs.field(default=Fraction(0), converter=exact)
    points: Fraction = attrs.field(default=Fraction(0), converter=exact)


@attrs.frozen(kw_only=True)
class Rate:
    """Points for a measured amount: ``points`` for each block of ``each``, or in stages.

    With a window in ``over`` the stages and whole blocks go by the running total of that window, and a record earns
    what it adds to it: so the first fifty hours may earn nothing, and two halves of a block make a whole.
    """

    of: Of = attrs.field(default=Of.HOURS, validator=attrs.validators.in_(RATED))
    unit: str = ""
    each: Fraction = attrs.field(default=Fraction(1), converter=exact, validator=above_nought)
    points: Fraction = attrs.field(default=Fraction(0), converter=exact)
    whole: bool = False
    over: str = "record"
    stages: tuple[Stage, ...] = ()
    at_least: Fraction | None = attrs.field(default=None, converter=exact_or_none)
    at_most: Fraction | None = attrs.field(default=None, converter=exact_or_none)
    """What a record may say of the quantity; a record that says less or more earns nothing."""

    def __attrs_post_init__(self) -> None:
        if (self.of is Of.QUANTITY) is not bool(self.unit):
            raise InputError("rate_unclear", unit=self.unit, fix="Name the unit of a quantity, and of nothing else.")
        if bool(self.stages) is bool(self.points):
            raise InputError("rate_unclear", fix="Give either 'points' or 'stages'.")
        if any(later.above <= earlier.above for earlier, later in pairwise(self.stages)):
            raise InputError("stages_unordered", fix="Let each stage begin above the one before.")
        if self.over != "record":
            window_text(self, attrs.fields(Rate).over, self.over)

    def value(self, amount: Fraction) -> Fraction:
        """Points for so much in all."""
        stages = self.stages or (Stage(above=Fraction(0), points=self.points),)
        total = Fraction(0)
        for stage, after in zip(stages, (*stages[1:], None), strict=True):
            if amount < stage.above or not amount:
                break
            top = amount if after is None else min(amount, after.above)
            blocks = (top - stage.above) / self.each
            total += stage.plus + stage.points * (blocks.__floor__() if self.whole else blocks)
        return total


@attrs.frozen(kw_only=True)
class Accrual:
    """What service earns: points per hour, a fixed number for each record, a rate, or an own rule: just one of them.

    Of the accruals that fit, the first one counts; those with ``also`` are added to it. A deduction is a fixed
    number or a rate below nought, and a fixed nought says that such service earns nothing.
    """

    id: str = attrs.field(validator=identifier)
    when: When = When()
    per_hour: Fraction | None = attrs.field(default=None, converter=exact_or_none, validator=above_nought)
    fixed: Fraction | None = attrs.field(default=None, converter=exact_or_none)
    clause: str = ""
    rate: Rate | None = None
    also: bool = False
    own: OwnRule | None = None
    """A developer's own rule that gives the points."""

    def __attrs_post_init__(self) -> None:
        if sum(given is not None for given in (self.per_hour, self.fixed, self.rate, self.own)) != 1:
            raise InputError("one_rate", accrual=self.id, fix="Give one of 'per_hour', 'fixed', 'rate' and 'own'.")

    @property
    def takes(self) -> bool:
        """Whether it may be a deduction."""
        if self.rate is not None:
            return any(number < 0 for each in self.rate.stages for number in (each.plus, each.points)) or (
                self.rate.points < 0
            )
        return self.fixed is not None and self.fixed < 0


@attrs.frozen(kw_only=True)
class Multiplier:
    """Multiplies the base of the service that fits; all that fit are applied, in the order of the rulebook.

    Of those that share a ``group`` only the first that fits is applied.
    """

    id: str = attrs.field(validator=identifier)
    times: Fraction = attrs.field(converter=exact, validator=above_nought)
    when: When = When()
    clause: str = ""
    group: str = ""


@attrs.frozen(kw_only=True)
class Mark:
    """A mark on the way: what it pays when it is reached."""

    at: Fraction = attrs.field(converter=exact, validator=above_nought)
    points: Fraction = attrs.field(converter=exact, validator=above_nought)


@attrs.frozen(kw_only=True)
class Milestone:
    """Points for reaching marks of a measure, each once in its window, or again at every further ``every``."""

    id: str = attrs.field(validator=identifier)
    of: Of = attrs.field(default=Of.HOURS, validator=attrs.validators.in_({*RATED, Of.EARNED}))
    unit: str = "points"
    activities: tuple[str, ...] = ()
    whose: Whose = attrs.field(default=Whose.VOLUNTEER, validator=attrs.validators.in_([Whose.VOLUNTEER]))
    over: str = attrs.field(default="ever", validator=attrs.validators.in_(list(Period)))
    marks: tuple[Mark, ...] = ()
    every: Fraction | None = attrs.field(default=None, converter=exact_or_none, validator=above_nought)
    points: Fraction | None = attrs.field(default=None, converter=exact_or_none, validator=above_nought)
    clause: str = ""

    def __attrs_post_init__(self) -> None:
        if bool(self.marks) is (self.every is not None) or (self.every is None) is not (self.points is None):
            raise InputError("milestone_unclear", milestone=self.id, fix="Give 'marks', or 'every' with 'points'.")
        if any(later.at <= earlier.at for earlier, later in pairwise(self.marks)):
            raise InputError("stages_unordered", milestone=self.id, fix="Let each mark lie above the one before.")

    def reached(self, amount: Fraction) -> int:
        """How many marks so much reaches."""
        if self.every is not None:
            return max(0, (amount / self.every).__floor__())
        return sum(mark.at <= amount for mark in self.marks)

    def pays(self, after: int, upto: int) -> Fraction:
        """Points for the marks behind the first ``after`` of them, up to ``upto``."""
        if self.points is not None:
            return self.points * max(0, upto - after)
        return sum((mark.points for mark in self.marks[after:upto]), Fraction(0))

    @property
    def counter(self) -> str:
        """The quantity in which the ledger counts the marks that were paid; no record can name it."""
        return f"milestone:{self.id}"


# --- what bounds it ----------------------------------------------------------------------------------------------

RECORD, BALANCE = "record", "balance"


@attrs.frozen(kw_only=True)
class Cap:
    """At most so much: of points, of counted minutes, of times or of a quantity, in a record, a period or at once.

    ``each_activity`` counts every activity on its own; ``activities`` counts only those, together; otherwise all
    count together. ``per = "balance"`` bounds what somebody has of the currency. What is cut off is lost, or goes to
    the currency named by ``overflow``.
    """

    id: str = attrs.field(validator=identifier)
    at_most: Fraction = attrs.field(converter=exact, validator=above_nought)
    of: str = attrs.field(default="points", validator=attrs.validators.in_(["points", MINUTES, "times", "quantity"]))
    per: str = attrs.field(default="day", validator=attrs.validators.in_([RECORD, *Period, BALANCE]))
    each_activity: bool = False
    clause: str = ""
    activities: tuple[str, ...] = ()
    unit: str = ""
    whose: Whose = attrs.field(
        default=Whose.VOLUNTEER, validator=attrs.validators.not_(attrs.validators.in_([Whose.PROGRAMME]))
    )
    overflow: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.of == "quantity") is not bool(self.unit):
            raise InputError("cap_unclear", cap=self.id, fix="Name the unit of a quantity, and of nothing else.")
        if self.each_activity and self.activities:
            raise InputError("cap_unclear", cap=self.id, fix="Give either 'each_activity' or 'activities'.")
        if self.per == BALANCE and (self.of != "points" or self.each_activity or self.activities):
            raise InputError("cap_unclear", cap=self.id, fix="A balance is of points, whatever they were earned for.")
        if self.overflow and self.of != "points":
            raise InputError("cap_unclear", cap=self.id, fix="Only points overflow into another currency.")


@attrs.frozen(kw_only=True)
class Expiry:
    """When points end: with a period (``after`` periods later), after months, after days, on a day, or never.

    With ``idle_months`` or ``idle_days`` they end so long after the last service that earned points: each award lets
    whatever its holder has of the currency, unless it ends later anyhow, end with what is awarded.
    """

    end_of: Period | None = None
    after: int = attrs.field(default=0, validator=[not_negative, at_most(1000)])
    months: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(12_000)))
    )
    days: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(366_000)))
    )
    last_day: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    idle_months: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(12_000)))
    )
    idle_days: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(366_000)))
    )

    def __attrs_post_init__(self) -> None:
        kinds = (self.end_of, self.months, self.days, self.last_day, self.idle_months, self.idle_days)
        if sum(given is not None for given in kinds) > 1:
            fix = "Give one of 'end_of', 'months', 'days', 'last_day', 'idle_months', 'idle_days', or none for never."
            raise InputError("one_expiry", fix=fix)
        if self.end_of is Period.EVER:
            raise InputError("one_expiry", value="ever", fix="Leave the expiry out: then points never end.")

    @property
    def is_idle(self) -> bool:
        """Whether points end by inactivity, so that later service lets them end later."""
        return self.idle_months is not None or self.idle_days is not None

    def ends(self, day: date, calendar: Calendar) -> datetime | None:
        """The first instant at which points earned for ``day`` can no longer be used, without later service."""
        months, days = self.months or self.idle_months, self.days or self.idle_days
        if months is not None:
            return calendar.start_of(add_months(day, months) + timedelta(days=1))
        if days is not None:
            return calendar.start_of(day + timedelta(days=days + 1))
        if self.last_day is not None:
            return calendar.start_of(self.last_day + timedelta(days=1))
        if self.end_of is None:
            return None
        _, end = period_around(day, self.end_of)
        for _ in range(self.after):
            _, end = period_around(end or day, self.end_of)
        return calendar.start_of(end or day)


# --- where it comes from and goes to -----------------------------------------------------------------------------

PROGRAMME_PAYS, BENEFICIARY_PAYS, FUND = "programme", "beneficiary", "fund:"
