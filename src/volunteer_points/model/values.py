"""What every noun is made of: checked numbers and texts, days and periods of the calendar, intervals of time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from volunteer_points.errors import InputError

VolunteerId = NewType("VolunteerId", str)
HouseholdId = NewType("HouseholdId", str)
RecordId = NewType("RecordId", str)
RedemptionId = NewType("RedemptionId", str)
ActorId = NewType("ActorId", str)
LedgerId = NewType("LedgerId", str)

AMOUNT_MAX = 10**15
"""No single amount may be larger: far above any community, far below where a database or JSON loses digits."""

RECORD_SPAN_DAYS_MAX = 7
"""A record spans at most this many days from its first beginning to its last end."""

TEXT_LENGTH_MAX = 500
"""Words within the ledger are short: what is longer belongs beside it."""

RESERVED_UNITS = frozenset({"minutes", "redemptions", "units"})
"""What the ledger counts besides currencies and items; no currency may be called so."""

_YEARS = range(1900, 3000)
_NO_TIME, _MINUTE = timedelta(), timedelta(minutes=1)
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_ID = re.compile(r"[\w.\-]{1,64}", re.UNICODE)


def whole(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number within bounds; floats and booleans are refused."""
    if type(value) is not int:
        raise InputError("not_whole", field=attribute.name, value=repr(value), fix="Give a whole number.")
    if not -AMOUNT_MAX <= value <= AMOUNT_MAX:
        raise InputError("too_large", field=attribute.name, value=value, most=AMOUNT_MAX)


def positive(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number of at least one."""
    whole(instance, attribute, value)
    if isinstance(value, int) and value < 1:
        raise InputError("not_positive", field=attribute.name, value=value, fix="Give at least 1.")


def not_negative(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number of at least nought."""
    whole(instance, attribute, value)
    if isinstance(value, int) and value < 0:
        raise InputError("negative", field=attribute.name, value=value, fix="Give 0 or more.")


def aware(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an instant that knows its zone and lies within the years that calendars can reckon with."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InputError(
            "naive_datetime", field=attribute.name, value=str(value), fix="Give the time with its zone, as +08:00."
        )
    if value.year not in _YEARS:
        raise InputError("not_an_instant", field=attribute.name, value=str(value), fix="Check the year.")


def in_utc(value: datetime) -> datetime:
    """The same instant in UTC, where times can be compared and taken from each other; a naive one stays as it is.

    Python compares two times of one zone by their wall clocks, which is wrong on the night when clocks are changed.
    """
    try:
        return value if value.utcoffset() is None else value.astimezone(UTC)
    except (AttributeError, OverflowError):
        return value  # the validator says what is wrong with it


def calendar_day(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a day; an instant is refused, though Python calls it a date."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InputError("not_a_day", field=attribute.name, value=repr(value), fix="Give a day without a time.")


def words(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a short text; half a character, which no encoding can write, is refused."""
    if not isinstance(value, str) or len(value) > TEXT_LENGTH_MAX or _HALF_A_CHARACTER.search(value):
        fix = f"Give at most {TEXT_LENGTH_MAX} characters."
        raise InputError("not_text", field=attribute.name, value=repr(value)[:80], fix=fix)


def at_most(most: int) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """A validator of whole numbers that have a bound of their own, because calendars end."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if isinstance(value, int) and value > most:
            raise InputError("too_large", field=attribute.name, value=value, most=most)

    return check


def identifier(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an id: letters of any script, digits, ``_``, ``-`` and ``.``, at most 64 of them."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InputError(
            "bad_id", field=attribute.name, value=repr(value), fix="Use 1 to 64 letters, digits, '-', '_' or '.'."
        )


class Period(StrEnum):
    """A stretch of the programme's calendar over which something is counted."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    EVER = "ever"


@attrs.frozen(kw_only=True)
class Calendar:
    """How instants become the programme's days: its zone and the time at which a day starts.

    >>> calendar = Calendar(zone="Asia/Shanghai")
    >>> calendar.day(datetime.fromisoformat("2026-03-13T16:30:00+00:00")).isoformat()
    '2026-03-14'
    """

    zone: str
    day_starts_at: time = time(0)

    def __attrs_post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError("unknown_zone", zone=self.zone, fix="Use a name such as Asia/Shanghai.") from None
        if self.day_starts_at.tzinfo or self.day_starts_at.second or self.day_starts_at.microsecond:
            raise InputError("not_a_time", value=str(self.day_starts_at), fix="Write hours and minutes, as 05:00.")

    def local(self, instant: datetime) -> datetime:
        """The instant as the wall clock of the programme shows it."""
        return instant.astimezone(ZoneInfo(self.zone))

    def day(self, instant: datetime) -> date:
        """The programme's day in which an instant lies: it begins at :meth:`start_of`, and ends with the next one."""
        day = self.local(instant).date()
        if instant < self.start_of(day):
            return day - timedelta(days=1)
        return day if instant < self.start_of(day + timedelta(days=1)) else day + timedelta(days=1)

    def start_of(self, day: date) -> datetime:
        """The first instant of a day, in UTC.

        Where clocks are changed at that hour, it is the first of two, or what the old clock would have shown.
        """
        return datetime.combine(day, self.day_starts_at, ZoneInfo(self.zone)).astimezone(UTC)


def period_around(day: date, period: Period) -> tuple[date | None, date | None]:
    """The first day of the period in which ``day`` lies and the first day after it; both are None for ever."""
    match period:
        case Period.DAY:
            return day, day + timedelta(days=1)
        case Period.WEEK:
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(days=7)
        case Period.EVER:
            return None, None
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.HALF_YEAR: 6, Period.YEAR: 12}[period]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, add_months(first, months)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month_ends = date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return month_ends.replace(day=min(day.day, month_ends.day))


@attrs.frozen(kw_only=True)
class Interval:
    """Service from one instant up to, and not including, another. Both are kept in UTC."""

    begin: datetime = attrs.field(converter=in_utc, validator=aware)
    end: datetime = attrs.field(converter=in_utc, validator=aware)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.begin:
            raise InputError(
                "ends_before_it_begins", begin=self.begin.isoformat(), end=self.end.isoformat(), fix="Check both times."
            )

    @property
    def minutes(self) -> int:
        """Whole minutes served; a begun minute does not count."""
        return (self.end - self.begin) // _MINUTE

    def overlaps(self, other: Interval) -> bool:
        """Whether some instant lies in both."""
        return self.begin < other.end and other.begin < self.end


def minutes_in(intervals: Iterable[Interval]) -> int:
    """Whole minutes served in all of the intervals together, however they are split."""
    return sum((interval.end - interval.begin for interval in intervals), _NO_TIME) // _MINUTE
