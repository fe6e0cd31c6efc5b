"""What the policy says: a rulebook as plain, typed data, and the one function that applies it.

A preview, an award, a correction, a what-if and an audit all call :func:`award`. The order of evaluation is fixed:
time is measured, rounded and capped; the first accrual that fits gives the base; every multiplier that fits is
applied; the points are rounded once; caps cut them; what is left is credited to one lot. Numbers stay exact
fractions up to the one rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

import attrs

from volunteer_points.canonical import digest, exact
from volunteer_points.errors import InputError
from volunteer_points.model import (
    Calendar,
    Currency,
    Evidence,
    Interval,
    Item,
    Limit,
    Period,
    add_months,
    at_most,
    calendar_day,
    identifier,
    minutes_in,
    not_negative,
    period_around,
    positive,
)

MINUTES = "minutes"
"""The unit of service time."""


class Direction(StrEnum):
    """Which way a number is rounded."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


def rounded(value: Fraction, step: Fraction, direction: Direction) -> Fraction:
    """The multiple of ``step`` that stands for ``value``.

    >>> rounded(Fraction(70, 3), Fraction(1), Direction.DOWN)
    Fraction(23, 1)
    """
    steps = value / step
    whole: int
    match direction:
        case Direction.DOWN:
            whole = math.floor(steps)
        case Direction.UP:
            whole = math.ceil(steps)
        case Direction.HALF_UP:
            whole = math.floor(steps + Fraction(1, 2))
        case Direction.HALF_EVEN:
            whole = round(steps)
    return whole * step


@attrs.frozen(kw_only=True)
class ServiceRecord:
    """One record of service as rules see it. Tags are those known at the award."""

    intervals: tuple[Interval, ...]
    day: date
    activity: str
    activity_type: str = "service"
    team: str | None = None
    slot: str | None = None
    tags: tuple[str, ...] = ()
    evidence: Evidence = Evidence.SUPERVISOR

    @property
    def minutes(self) -> int:
        """Whole minutes over all intervals."""
        return minutes_in(self.intervals)


def _weekday(instance: object, attribute: object, value: int) -> None:
    if type(value) is not int or not 1 <= value <= 7:  # noqa: PLR2004 - ISO weekdays
        raise InputError("bad_weekday", value=repr(value), fix="Monday is 1 and Sunday is 7.")


@attrs.frozen(kw_only=True)
class When:
    """A selector: everything that is named must fit; what is left empty fits all."""

    activities: tuple[str, ...] = ()
    activity_types: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    weekdays: tuple[int, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(_weekday))
    first_day: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    last_day: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))

    def fits(self, service: ServiceRecord) -> bool:
        """Whether the service is one of those named. Of the tags, one is enough."""
        return all(
            (
                not self.activities or service.activity in self.activities,
                not self.activity_types or service.activity_type in self.activity_types,
                not self.teams or service.team in self.teams,
                not self.slots or service.slot in self.slots,
                not self.tags or not set(self.tags).isdisjoint(service.tags),
                not self.evidence or service.evidence in self.evidence,
                not self.weekdays or service.day.isoweekday() in self.weekdays,
                self.first_day is None or self.first_day <= service.day,
                self.last_day is None or service.day <= self.last_day,
            )
        )


def _above_nought(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, Fraction) and value <= 0:
        raise InputError("not_positive", field=attribute.name, value=str(value), fix="Give a number above 0.")


def _exact_or_none(value: object) -> Fraction | None:
    return None if value is None else exact(value)


@attrs.frozen(kw_only=True)
class Accrual:
    """What service earns: points per hour, or a fixed number for each record. Exactly one of the two is given."""

    id: str = attrs.field(validator=identifier)
    when: When = When()
    per_hour: Fraction | None = attrs.field(default=None, converter=_exact_or_none, validator=_above_nought)
    fixed: Fraction | None = attrs.field(default=None, converter=_exact_or_none, validator=_above_nought)
    clause: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.per_hour is None) == (self.fixed is None):
            raise InputError("one_rate", accrual=self.id, fix="Give either 'per_hour' or 'fixed'.")

    def base(self, minutes: int) -> Fraction:
        """Points before multipliers, exact."""
        if self.fixed is not None:
            return self.fixed
        return (self.per_hour or Fraction(0)) * Fraction(minutes, 60)


@attrs.frozen(kw_only=True)
class Multiplier:
    """Multiplies the base of the service that fits; all that fit are applied, in the order of the rulebook."""

    id: str = attrs.field(validator=identifier)
    times: Fraction = attrs.field(converter=exact, validator=_above_nought)
    when: When = When()
    clause: str = ""


@attrs.frozen(kw_only=True)
class TimeRule:
    """How minutes count: rounded per record to a step, and not at all below a minimum."""

    round_to_minutes: int = attrs.field(default=1, validator=positive)
    direction: Direction = Direction.DOWN
    minimum_minutes: int = attrs.field(default=0, validator=not_negative)


@attrs.frozen(kw_only=True)
class Rounding:
    """The one rounding of points: to a multiple of ``to``, in units of the currency."""

    to: Fraction = attrs.field(default=Fraction(1), converter=exact, validator=_above_nought)
    direction: Direction = Direction.DOWN


@attrs.frozen(kw_only=True)
class Cap:
    """At most so much for one person: of points or of counted minutes, in a record or a period.

    ``each_activity`` counts every activity on its own; otherwise all activities are counted together.
    """

    id: str = attrs.field(validator=identifier)
    at_most: Fraction = attrs.field(converter=exact, validator=_above_nought)
    of: str = attrs.field(default="points", validator=attrs.validators.in_(["points", MINUTES]))
    per: str = attrs.field(default="day", validator=attrs.validators.in_(["record", *Period]))
    each_activity: bool = False
    clause: str = ""


@attrs.frozen(kw_only=True)
class Expiry:
    """When points end: with a period (``after`` periods later), after months, after days, or never."""

    end_of: Period | None = None
    after: int = attrs.field(default=0, validator=[not_negative, at_most(1000)])
    months: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(12_000)))
    )
    days: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(positive, at_most(366_000)))
    )

    def __attrs_post_init__(self) -> None:
        if sum(given is not None for given in (self.end_of, self.months, self.days)) > 1:
            raise InputError("one_expiry", fix="Give one of 'end_of', 'months' and 'days', or none for never.")
        if self.end_of is Period.EVER:
            raise InputError("one_expiry", value="ever", fix="Leave the expiry out: then points never end.")

    def ends(self, day: date, calendar: Calendar) -> datetime | None:
        """The first instant at which points earned for ``day`` can no longer be used."""
        if self.months is not None:
            return calendar.start_of(add_months(day, self.months) + timedelta(days=1))
        if self.days is not None:
            return calendar.start_of(day + timedelta(days=self.days + 1))
        if self.end_of is None:
            return None
        _, end = period_around(day, self.end_of)
        for _ in range(self.after):
            _, end = period_around(end or day, self.end_of)
        return calendar.start_of(end or day)


class Transfers(StrEnum):
    """Between whom points may be transferred."""

    NONE = "none"
    HOUSEHOLD = "household"
    ANYONE = "anyone"


class ReversalOrder(StrEnum):
    """Where a reversal looks for points that are no longer in their own lot."""

    DEBT = "debt"
    OTHER_LOTS = "other_lots"


@attrs.frozen(kw_only=True)
class RedemptionRule:
    """When points may be redeemed, by whom, how often, and what happens to what is held."""

    minimum_balance: int = attrs.field(default=0, validator=not_negative)
    days_of_month: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(_weekday))
    limits: tuple[Limit, ...] = ()
    hold_days: int = attrs.field(default=14, validator=[positive, at_most(36_600)])
    grace_days: int = attrs.field(default=30, validator=[not_negative, at_most(36_600)])
    transfers: Transfers = Transfers.NONE
    reversal_takes: ReversalOrder = ReversalOrder.DEBT

    def __attrs_post_init__(self) -> None:
        bad = [day for day in self.days_of_month if type(day) is not int or not 1 <= day <= 31]  # noqa: PLR2004
        if bad:
            raise InputError("bad_day_of_month", value=bad, fix="Give days from 1 to 31.")

    def open_on(self, day: date) -> bool:
        """Whether that day is a redemption day."""
        return (not self.days_of_month or day.day in self.days_of_month) and (
            not self.weekdays or day.isoweekday() in self.weekdays
        )

    def limits_for(self, item: Item) -> tuple[Limit, ...]:
        """The limits that count redemptions of this item."""
        return tuple(limit for limit in self.limits if limit.item in (None, item.id))


@attrs.frozen(kw_only=True)
class Rulebook:
    """An immutable version of the rules, in force for service that begins from ``since`` up to, not on, ``until``."""

    id: str = attrs.field(validator=identifier)
    since: date = attrs.field(validator=calendar_day)
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    title: str = ""
    currency: str = "points"
    accruals: tuple[Accrual, ...] = attrs.field(validator=attrs.validators.min_len(1))
    multipliers: tuple[Multiplier, ...] = ()
    time: TimeRule = TimeRule()
    rounding: Rounding = Rounding()
    caps: tuple[Cap, ...] = ()
    expiry: Expiry = Expiry()
    redemption: RedemptionRule = RedemptionRule()
    record_within_days: int | None = attrs.field(default=None, validator=attrs.validators.optional(not_negative))
    members_only: bool = False
    retroactive: bool = False
    retroactive_reason: str = ""
    assumptions: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.until is not None and self.until <= self.since:
            raise InputError("empty_rulebook", rulebook=self.id, since=self.since, until=self.until)
        for kind, parts in (("accrual", self.accruals), ("multiplier", self.multipliers), ("cap", self.caps)):
            ids = [part.id for part in parts]
            twice = sorted({name for name in ids if ids.count(name) > 1})
            if twice:
                raise InputError("id_twice", rulebook=self.id, kind=kind, id=twice[0], fix="Give each its own id.")

    def covers(self, day: date) -> bool:
        """Whether service that begins on that day falls under this version."""
        return self.since <= day and (self.until is None or day < self.until)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical text, in hexadecimal."""
        return digest(self)


@attrs.frozen
class Step:
    """One line of a working: which rule, what it did, the number before and after it, and what mattered."""

    rule: str
    did: str
    before: str
    after: str
    facts: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class CapWindow:
    """What must be known before a cap can be applied: how much this person already got in its window."""

    cap: str
    unit: str
    activity: str | None
    since: date | None
    until: date | None


@attrs.frozen
class Working:
    """What a rulebook gives for one record, and how.

    ``points`` are whole smallest parts of the currency; ``lot`` is the first instant at which they end.
    ``nothing_because`` is a code when no points came of it.
    """

    points: int
    minutes: int
    lot: datetime | None
    steps: tuple[Step, ...]
    nothing_because: str | None = None


def cap_windows(rulebook: Rulebook, service: ServiceRecord) -> tuple[CapWindow, ...]:
    """What :func:`award` needs to know about this person's earlier awards, one window for each cap of a period."""
    found = []
    for cap in rulebook.caps:
        if cap.per == "record":
            continue
        since, until = period_around(service.day, Period(cap.per))
        unit = MINUTES if cap.of == MINUTES else rulebook.currency
        found.append(CapWindow(cap.id, unit, service.activity if cap.each_activity else None, since, until))
    return tuple(found)


def award(
    rulebook: Rulebook, currency: Currency, calendar: Calendar, service: ServiceRecord, used: Mapping[str, int]
) -> Working:
    """Apply a rulebook to one record.

    Args:
        rulebook: The version in force on the day the service began.
        currency: The rulebook's currency, for its decimals.
        calendar: The programme's zone and start of day.
        service: What was served.
        used: For each cap of a period, the minutes or the smallest parts of points that this person already got in
            its window; the windows are those of :func:`cap_windows`.
    """
    evaluation = _Evaluation(rulebook, currency, service, used)
    minutes = evaluation.counted_minutes()
    points, because = evaluation.points(minutes)
    lot = rulebook.expiry.ends(service.day, calendar) if points else None
    return Working(points, minutes, lot, tuple(evaluation.steps), because)


@attrs.frozen
class _Evaluation:
    """One record under one rulebook, with the steps taken so far."""

    rulebook: Rulebook
    currency: Currency
    service: ServiceRecord
    used: Mapping[str, int]
    steps: list[Step] = attrs.field(factory=list)

    def counted_minutes(self) -> int:
        """Minutes measured, rounded, held against the minimum and capped."""
        rule, minutes = self.rulebook.time, self.service.minutes
        self.steps.append(Step("time", "measured", "", str(minutes)))
        counted = int(rounded(Fraction(minutes), Fraction(rule.round_to_minutes), rule.direction))
        if counted != minutes:
            facts = (("to", str(rule.round_to_minutes)), ("direction", str(rule.direction)))
            self.steps.append(Step("time", "time_rounded", str(minutes), str(counted), facts))
        if counted < rule.minimum_minutes:
            minimum = (("minimum", str(rule.minimum_minutes)),)
            self.steps.append(Step("time", "below_minimum", str(counted), "0", minimum))
            counted = 0
        return self._capped(counted, of_minutes=True)

    def points(self, minutes: int) -> tuple[int, str | None]:
        """Points in smallest parts of the currency, and why there are none."""
        accrual = next((each for each in self.rulebook.accruals if each.when.fits(self.service)), None)
        if minutes == 0:
            return 0, "no_time_counts"
        if accrual is None:
            return 0, "no_rule_fits"
        whole = self._rounded(self._multiplied(self._base(accrual, minutes)))
        if not whole:
            return 0, "rounds_to_nothing"
        granted = self._capped(whole, of_minutes=False)
        return granted, None if granted else "cap_reached"

    def _base(self, accrual: Accrual, minutes: int) -> Fraction:
        base = accrual.base(minutes)
        did, rate = ("per_hour", accrual.per_hour) if accrual.per_hour is not None else ("fixed", accrual.fixed)
        facts = (("rate", str(rate)), ("clause", accrual.clause))
        self.steps.append(Step(accrual.id, did, str(minutes), str(base), facts))
        return base

    def _multiplied(self, value: Fraction) -> Fraction:
        for multiplier in self.rulebook.multipliers:
            if multiplier.when.fits(self.service):
                facts = (("times", str(multiplier.times)), ("clause", multiplier.clause))
                after = value * multiplier.times
                self.steps.append(Step(multiplier.id, "multiplied", str(value), str(after), facts))
                value = after
        return value

    def _rounded(self, value: Fraction) -> int:
        rule = self.rulebook.rounding
        whole = rounded(value, rule.to, rule.direction)
        if whole != value:
            facts = (("to", str(rule.to)), ("direction", str(rule.direction)))
            self.steps.append(Step("rounding", "points_rounded", str(value), str(whole), facts))
        parts = whole * self.currency.scale
        if parts.denominator != 1:
            raise InputError(
                "finer_than_currency", rounding=str(rule.to), currency=self.currency.id, decimals=self.currency.decimals
            )
        return parts.numerator

    def _capped(self, amount: int, *, of_minutes: bool) -> int:
        scale = 1 if of_minutes else self.currency.scale
        for cap in self.rulebook.caps:
            if (cap.of == MINUTES) is not of_minutes:
                continue
            limit, before = int(cap.at_most * scale), self.used[cap.id] if cap.per != "record" else 0
            room = max(0, limit - before)
            if amount > room:
                facts = (
                    ("limit", str(limit)),
                    ("per", str(cap.per)),
                    ("used", str(before)),
                    ("of", cap.of),
                    ("clause", cap.clause),
                )
                self.steps.append(Step(cap.id, "capped", str(amount), str(room), facts))
                amount = room
        return amount
