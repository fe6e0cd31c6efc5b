"""What rules look at: a record of service, the selector that picks records, and the pieces of time within one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import attrs

from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Condition, Details, Evidence, Interval, calendar_day, minutes_in

MINUTES = "minutes"
"""The unit of service time."""


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
    details: Details = Details()

    @property
    def minutes(self) -> int:
        """Whole minutes over all intervals."""
        return minutes_in(self.intervals)


@attrs.frozen(kw_only=True)
class Served:
    """What a developer's own accrual is given: the record, and how many of its counted minutes are for this accrual."""

    service: ServiceRecord
    minutes: Fraction


def weekday(instance: object, attribute: object, value: int) -> None:
    """Validate a day of the week."""
    if type(value) is not int or not 1 <= value <= 7:  # noqa: PLR2004 - ISO weekdays
        raise InputError("bad_weekday", value=repr(value), fix="Monday is 1 and Sunday is 7.")


def _month(instance: object, attribute: object, value: int) -> None:
    if type(value) is not int or not 1 <= value <= 12:  # noqa: PLR2004 - months of a year
        raise InputError("bad_month", value=repr(value), fix="January is 1 and December is 12.")


class Counts(StrEnum):
    """What of a record counts that lies only partly in the days or hours that a selector names."""

    MINUTES = "minutes"
    """The minutes that lie within."""
    RECORD = "record"
    """All of it, if it begins within."""


@attrs.frozen(kw_only=True)
class When:
    """A selector: everything that is named must fit; what is left empty fits all."""

    activities: tuple[str, ...] = ()
    activity_types: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    weekdays: tuple[int, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(weekday))
    first_day: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    last_day: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    without_tags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    without_marks: tuple[str, ...] = ()
    ratings: tuple[str, ...] = ()
    months: tuple[int, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(_month))
    from_time: time | None = None
    until_time: time | None = None
    counts: Counts = Counts.MINUTES
    participants_at_least: int | None = None
    participants_below: int | None = None
    minutes_at_least: int | None = None
    minutes_below: int | None = None
    conditions: tuple[Condition, ...] = ()

    def __attrs_post_init__(self) -> None:
        if (self.from_time is None) is not (self.until_time is None):
            raise InputError("half_a_time", fix="Give 'from_time' together with 'until_time'.")
        if self.from_time is not None and self.from_time == self.until_time:
            raise InputError("half_a_time", value=str(self.from_time), fix="Give two different times.")

    def fits(self, service: ServiceRecord) -> bool:
        """Whether the service is one of those named, whatever its hours. Of tags and marks, one is enough."""
        details, participants = service.details, service.details.participants
        return all(
            (
                not self.activities or service.activity in self.activities,
                not self.activity_types or service.activity_type in self.activity_types,
                not self.teams or service.team in self.teams,
                not self.slots or service.slot in self.slots,
                not self.tags or not set(self.tags).isdisjoint(service.tags),
                set(self.without_tags).isdisjoint(service.tags),
                not self.evidence or service.evidence in self.evidence,
                not self.roles or details.role in self.roles,
                not self.marks or not set(self.marks).isdisjoint(details.marks),
                set(self.without_marks).isdisjoint(details.marks),
                not self.ratings or details.rating in self.ratings,
                self.participants_at_least is None or participants >= self.participants_at_least,
                self.participants_below is None or participants < self.participants_below,
                self.minutes_at_least is None or service.minutes >= self.minutes_at_least,
                self.minutes_below is None or service.minutes < self.minutes_below,
                self.is_split or self.fits_day(service.day),
            )
        )

    @property
    def is_dated(self) -> bool:
        """Whether it names days or hours."""
        return bool(self.weekdays or self.months or self.first_day or self.last_day or self.from_time)

    @property
    def is_split(self) -> bool:
        """Whether a record may lie partly within."""
        return self.is_dated and self.counts is Counts.MINUTES

    def fits_day(self, day: date) -> bool:
        """Whether the day is one of those named."""
        return all(
            (
                not self.weekdays or day.isoweekday() in self.weekdays,
                not self.months or day.month in self.months,
                self.first_day is None or self.first_day <= day,
                self.last_day is None or day <= self.last_day,
            )
        )

    def fits_hour(self, hour: time) -> bool:
        """Whether the time of day lies within; ``until_time`` does not, and it may lie on the next day."""
        if self.from_time is None or self.until_time is None:
            return True
        if self.from_time < self.until_time:
            return self.from_time <= hour < self.until_time
        return hour >= self.from_time or hour < self.until_time


@attrs.frozen
class Piece:
    """A part of a record that lies in one day and, for every selector, on one side of its hours."""

    day: date
    hour: time
    minutes: Fraction

    def fits(self, when: When, first: Piece) -> bool:
        """Whether a selector's days and hours hold it; ``first`` is the piece in which the record begins."""
        if when.counts is Counts.RECORD:
            return when.fits_hour(first.hour)
        return when.fits_day(self.day) and when.fits_hour(self.hour)


def pieces(service: ServiceRecord, selectors: Iterable[When], calendar: Calendar) -> tuple[Piece, ...]:
    """The record cut where a day begins and where a selector's hours begin or end; one piece when nothing cuts it."""
    dated = [when for when in selectors if when.is_dated]
    if not service.intervals or not dated:
        return (Piece(service.day, time(0), Fraction(service.minutes)),)
    times = {hour for when in dated for hour in (when.from_time, when.until_time) if hour is not None}
    return tuple(
        _piece(begin, end, calendar)
        for interval in service.intervals
        for begin, end in _cut(interval, times | {calendar.day_starts_at}, calendar)
    )


def _cut(interval: Interval, times: set[time], calendar: Calendar) -> list[tuple[datetime, datetime]]:
    zone = ZoneInfo(calendar.zone)
    day, last = calendar.local(interval.begin).date(), calendar.local(interval.end).date()
    cuts = {interval.begin, interval.end, *_clock_change(interval, zone)}
    while day <= last:
        shown = (datetime.combine(day, hour, zone) for hour in times)
        cuts.update(each.replace(fold=fold).astimezone(UTC) for each in shown for fold in (0, 1))  # it may come twice
        day += timedelta(days=1)
    within = sorted(cut for cut in cuts if interval.begin <= cut <= interval.end)
    return list(pairwise(within))


def _clock_change(interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    """The instant within an interval at which clocks are changed, if they are."""
    before, after = interval.begin, interval.end
    offset = before.astimezone(zone).utcoffset()
    if offset == after.astimezone(zone).utcoffset():
        return
    while after - before > timedelta.resolution:
        middle = before + (after - before) // 2
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    yield after


def _piece(begin: datetime, end: datetime, calendar: Calendar) -> Piece:
    microseconds = (end - begin) // timedelta(microseconds=1)
    return Piece(calendar.day(begin), calendar.local(begin).time(), Fraction(microseconds, 60_000_000))


def trimmed(parts: tuple[Piece, ...], minutes: int) -> tuple[Piece, ...]:
    """The pieces for so many counted minutes: cut at the end, or the last made longer."""
    left, kept = Fraction(minutes), []
    for number, part in enumerate(parts, start=1):
        amount = left if number == len(parts) else min(part.minutes, left)
        kept.append(attrs.evolve(part, minutes=amount))
        left -= amount
    return tuple(kept)
