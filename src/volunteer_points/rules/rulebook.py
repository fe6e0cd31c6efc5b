"""What the policy says: a rulebook as plain, typed data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import attrs

from volunteer_points.canonical import digest
from volunteer_points.errors import InputError
from volunteer_points.model import (
    Condition,
    Evidence,
    Exchange,
    Item,
    Ladder,
    Limit,
    LimitOf,
    Of,
    Right,
    Whose,
    at_most,
    calendar_day,
    identifier,
    not_negative,
    positive,
)
from volunteer_points.rules.numbers import Rounding
from volunteer_points.rules.provisions import (
    BENEFICIARY_PAYS,
    FUND,
    PROGRAMME_PAYS,
    Accrual,
    Cap,
    Expiry,
    Milestone,
    Multiplier,
    TimeFactor,
    TimeRule,
)
from volunteer_points.rules.service import When, weekday

# --- redemption --------------------------------------------------------------------------------------------------


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
class Window:
    """From one day to another, each year when ``yearly``, and within hours of the day if they are given."""

    first_day: date = attrs.field(validator=calendar_day)
    last_day: date = attrs.field(validator=calendar_day)
    yearly: bool = False
    from_time: time | None = None
    until_time: time | None = None

    def __attrs_post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise InputError("empty_window", first_day=self.first_day, last_day=self.last_day)
        if (self.from_time is None) is not (self.until_time is None):
            raise InputError("half_a_time", fix="Give 'from_time' together with 'until_time'.")

    def holds(self, day: date) -> bool:
        """Whether the day lies within, the last day included."""
        if not self.yearly:
            return self.first_day <= day <= self.last_day
        first, last, this = ((each.month, each.day) for each in (self.first_day, self.last_day, day))
        return first <= this <= last if first <= last else this >= first or this <= last

    def holds_hour(self, hour: time) -> bool:
        """Whether the time of day lies within; ``until_time`` itself does not."""
        return self.from_time is None or self.until_time is None or self.from_time <= hour < self.until_time


@attrs.frozen(kw_only=True)
class RedemptionRule:
    """When points may be redeemed, by whom, how often, and what happens to what is held."""

    minimum_balance: int = attrs.field(default=0, validator=not_negative)
    days_of_month: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(weekday))
    limits: tuple[Limit, ...] = ()
    hold_days: int = attrs.field(default=14, validator=[positive, at_most(36_600)])
    grace_days: int = attrs.field(default=30, validator=[not_negative, at_most(36_600)])
    transfers: Transfers = Transfers.NONE
    reversal_takes: ReversalOrder = ReversalOrder.DEBT
    windows: tuple[Window, ...] = ()
    """Open only in one of these; none given means that there is no such bound."""
    conditions: tuple[Condition, ...] = ()
    transfer_conditions: tuple[Condition, ...] = ()
    donations: bool = False
    """Points may be given to a fund."""
    exchange: tuple[Exchange, ...] = ()
    """What points are worth where an item has a worth in money; a partner's own comes before the general one."""
    clears_rest: bool = False
    """What is left after a redemption ends with it."""

    def __attrs_post_init__(self) -> None:
        bad = [day for day in self.days_of_month if type(day) is not int or not 1 <= day <= 31]  # noqa: PLR2004
        if bad:
            raise InputError("bad_day_of_month", value=bad, fix="Give days from 1 to 31.")

    def open_on(self, day: date) -> bool:
        """Whether that day is a redemption day."""
        return (
            (not self.days_of_month or day.day in self.days_of_month)
            and (not self.weekdays or day.isoweekday() in self.weekdays)
            and (not self.windows or any(window.holds(day) for window in self.windows))
        )

    def open_at(self, day: date, hour: time) -> bool:
        """Whether redeeming is open at that hour of a redemption day."""
        return not self.windows or any(window.holds(day) and window.holds_hour(hour) for window in self.windows)

    def exchange_for(self, item: Item) -> Exchange | None:
        """What points are worth at the partner of an item."""
        own = [each for each in self.exchange if each.partner == item.partner]
        return next(iter([*own, *(each for each in self.exchange if each.partner is None)]), None)

    def limits_for(self, item: Item) -> tuple[Limit, ...]:
        """The limits that count redemptions of this item."""
        return tuple(limit for limit in self.limits if limit.counts(item))


# --- process -----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Deadline:
    """Within how many days of service a record must be handed in; the first deadline whose evidence fits counts."""

    within_days: int = attrs.field(validator=not_negative)
    evidence: tuple[Evidence, ...] = ()
    clause: str = ""


@attrs.frozen(kw_only=True)
class Route:
    """How records that fit are approved: by whom, by how many, or at once by the rulebook itself.

    A route fits by the minutes that were handed in for the day, this record included: above ``day_minutes_above``
    and up to ``day_minutes_up_to``.
    """

    id: str = attrs.field(validator=identifier)
    when: When = When()
    day_minutes_above: int | None = attrs.field(default=None, validator=attrs.validators.optional(not_negative))
    day_minutes_up_to: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    right: Right = Right.APPROVE
    approvers: int = attrs.field(default=1, validator=[positive, at_most(5)])
    automatic: bool = False
    clause: str = ""

    def __attrs_post_init__(self) -> None:
        if self.right not in {Right.APPROVE, Right.CERTIFY}:
            raise InputError("route_unclear", route=self.id, right=str(self.right), fix="Give 'approve' or 'certify'.")
        if self.automatic and self.approvers > 1:
            raise InputError("route_unclear", route=self.id, fix="What is approved at once has no approvers.")

    def takes(self, day_minutes: int) -> bool:
        """Whether so many minutes of the day go this way."""
        return (self.day_minutes_above is None or day_minutes > self.day_minutes_above) and (
            self.day_minutes_up_to is None or day_minutes <= self.day_minutes_up_to
        )


# --- the whole ---------------------------------------------------------------------------------------------------


def _source(instance: object, attribute: object, value: str) -> None:
    is_fund = value.startswith(FUND) and value != FUND
    if value not in {PROGRAMME_PAYS, BENEFICIARY_PAYS} and not is_fund:
        raise InputError(
            "bad_source", value=value or "''", fix="Write 'programme', 'beneficiary' or 'fund:' and its id."
        )


@attrs.frozen(kw_only=True)
class Stream:
    """What the same service earns besides: in another currency, for another holder or from another source."""

    id: str = attrs.field(validator=identifier)
    currency: str = attrs.field(validator=identifier)
    accruals: tuple[Accrual, ...] = ()
    """None means that only what overflows a cap comes in here."""
    multipliers: tuple[Multiplier, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    rounding: Rounding = Rounding()
    caps: tuple[Cap, ...] = ()
    expiry: Expiry = Expiry()
    conditions: tuple[Condition, ...] = ()
    to: Whose = attrs.field(
        default=Whose.VOLUNTEER, validator=attrs.validators.not_(attrs.validators.in_([Whose.PROGRAMME]))
    )
    source: str = attrs.field(default=PROGRAMME_PAYS, validator=_source)
    clause: str = ""


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
    time_factors: tuple[TimeFactor, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """What must hold for service to earn anything; without it the hours count and earn nothing."""
    to: Whose = attrs.field(
        default=Whose.VOLUNTEER, validator=attrs.validators.not_(attrs.validators.in_([Whose.PROGRAMME]))
    )
    source: str = attrs.field(default=PROGRAMME_PAYS, validator=_source)
    streams: tuple[Stream, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    recording: tuple[Condition, ...] = ()
    """What must hold for a record to be taken at all."""
    deadlines: tuple[Deadline, ...] = ()
    routes: tuple[Route, ...] = ()
    waits_for_day: bool = False
    """What the rulebook may approve by itself waits until its day is over, and the whole day goes one way."""
    notice_days: int = attrs.field(default=0, validator=[not_negative, at_most(366)])
    """For so many days after its approval an award is published and cannot be spent."""
    counts_times: bool = False
    """Every awarded record is counted, so that conditions and milestones may ask how often somebody took part."""

    def __attrs_post_init__(self) -> None:
        if self.until is not None and self.until <= self.since:
            raise InputError("empty_rulebook", rulebook=self.id, since=self.since, until=self.until)
        for kind, ids in self._ids():
            twice = sorted({name for name in ids if ids.count(name) > 1})
            if twice:
                raise InputError("id_twice", rulebook=self.id, kind=kind, id=twice[0], fix="Give each its own id.")
        for currency in {stream.currency for stream in self._earning}:
            kinds = {each.expiry for each in self._earning if each.currency == currency and each.expiry != Expiry()}
            if len(kinds) > 1 and any(each.is_idle for each in kinds):
                fix = "Let all that earns this currency end in the same way, or not at all."
                raise InputError("idle_mixed", rulebook=self.id, currency=currency, fix=fix)

    @property
    def _earning(self) -> tuple[Earning, ...]:
        return (self, *self.streams)

    def ends_idle(self, currency: str) -> bool:
        """Whether points of a currency that this version gives end by inactivity."""
        return any(each.expiry.is_idle for each in self._earning if each.currency == currency)

    def _ids(self) -> Iterator[tuple[str, list[str]]]:
        streams: tuple[Earning, ...] = (self, *self.streams)
        yield "accrual", [each.id for stream in streams for each in stream.accruals]
        yield "multiplier", [each.id for stream in streams for each in stream.multipliers]
        yield "cap", [each.id for stream in streams for each in stream.caps]
        yield "milestone", [each.id for stream in streams for each in stream.milestones]
        yield "time factor", [each.id for each in self.time_factors]
        yield "stream", [each.id for each in self.streams]
        yield "ladder", [each.id for each in self.ladders]
        yield "route", [each.id for each in self.routes]

    def covers(self, day: date) -> bool:
        """Whether service that begins on that day falls under this version."""
        return self.since <= day and (self.until is None or day < self.until)

    def within_days(self, evidence: Evidence) -> int | None:
        """Within how many days a record must be handed in; None for any time."""
        for deadline in self.deadlines:
            if not deadline.evidence or evidence in deadline.evidence:
                return deadline.within_days
        return self.record_within_days

    def counts_for(self, whose: Whose) -> bool:
        """Whether caps or conditions look at households or teams, so that the ledger has to count for them."""
        return whose in self._looked_at

    @cached_property
    def _looked_at(self) -> frozenset[Whose]:
        streams: tuple[Earning, ...] = (self, *self.streams)
        caps = {cap.whose for stream in streams for cap in stream.caps}
        return frozenset(caps | {each.whose for each in self._conditions()})

    @cached_property
    def has_times(self) -> bool:
        """Whether each awarded record is counted: because the rulebook says so, or because it asks for times."""
        streams: tuple[Earning, ...] = (self, *self.streams)
        rules = [each.rate for stream in streams for each in stream.accruals]
        return (
            self.counts_times
            or any(cap.of == "times" for stream in streams for cap in stream.caps)
            or any(each.of is Of.TIMES for stream in streams for each in stream.milestones)
            or any(rate is not None and rate.of is Of.TIMES and rate.over != "record" for rate in rules)
            or any(Of.TIMES in {each.of, each.for_each} for each in self._conditions())
        )

    @cached_property
    def counts_spent(self) -> bool:
        """Whether redemptions have to be counted by their points: because a limit or a condition asks for them."""
        asked = any(Of.SPENT in {each.of, each.for_each} for each in self._conditions())
        return asked or any(limit.of is LimitOf.POINTS for limit in self.redemption.limits)

    def _conditions(self) -> Iterator[Condition]:
        streams: tuple[Earning, ...] = (self, *self.streams)
        for stream in streams:
            yield from stream.conditions
            for when in (*(each.when for each in stream.accruals), *(each.when for each in stream.multipliers)):
                yield from when.conditions
        for factor in self.time_factors:
            yield from factor.when.conditions
        for level in (level for ladder in self.ladders for level in ladder.levels):
            yield from level.conditions
        yield from (*self.recording, *self.redemption.conditions, *self.redemption.transfer_conditions)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical text, in hexadecimal."""
        return digest(self)


Earning: TypeAlias = Rulebook | Stream
"""What earns points in one currency: the rulebook itself, or one of its further streams."""
