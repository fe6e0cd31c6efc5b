"""What a person types for a day, a time or an amount, read without guessing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency


def read_day(text: str) -> date:
    """A day, written as in any cell of a sign-in sheet: ``2026-03-14``, ``2026/3/14``, ``2026年3月14日``.

    Raises:
        InputError: ``not_a_day``.
    """
    from volunteer_points.exchange import cells  # noqa: PLC0415 - sheets are not needed by every command

    try:
        return cells.read_day(text)
    except InputError:
        raise InputError("not_a_day", value=text) from None


def read_instant(text: str, calendar: Calendar) -> datetime:
    """A time with its zone, or a day and a time of day in the programme's zone.

    Raises:
        InputError: ``not_an_instant``, or ``time_twice_or_never`` when the zone's clock was set then.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = _as_in_a_cell(text)
    if instant.utcoffset() is not None:
        return instant
    zone = ZoneInfo(calendar.zone)
    meant = {instant.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    found = [moment for moment in meant if calendar.local(moment).replace(tzinfo=None) == instant]
    if len(found) != 1:
        raise InputError("time_twice_or_never", value=text, zone=calendar.zone, times=len(found))
    return calendar.local(found[0])


def _as_in_a_cell(text: str) -> datetime:
    from volunteer_points.exchange import cells  # noqa: PLC0415 - sheets are not needed by every command

    try:
        clock = cells.read_clock(text)
    except InputError:
        raise InputError("not_an_instant", value=text) from None
    if clock.day is None:
        raise InputError("not_an_instant", value=text)
    midnight = datetime.combine(clock.day, datetime.min.time())
    return midnight + timedelta(days=clock.days_later, seconds=clock.seconds)


def read_end(text: str, begin: datetime, calendar: Calendar) -> datetime:
    """The end of service: a time of day on the day on which it began, or a day and a time.

    Raises:
        InputError: as :func:`read_instant`.
    """
    from volunteer_points.exchange import cells  # noqa: PLC0415 - sheets are not needed by every command

    try:
        clock = cells.read_clock(text)
    except InputError:
        return read_instant(text, calendar)
    if clock.day is not None:
        return read_instant(text, calendar)
    day = calendar.local(begin).date() + timedelta(days=clock.days_later)
    time_of_day = (datetime.combine(day, datetime.min.time()) + timedelta(seconds=clock.seconds)).isoformat()
    return read_instant(time_of_day, calendar)


def read_amount(text: str, currency: Currency) -> int:
    """An amount as people write it, in whole smallest parts of the currency: ``81.1`` with one decimal is 811.

    Raises:
        InputError: ``not_an_amount``.
    """
    try:
        parts = exact(text.strip()) * currency.scale
    except InputError:
        parts = Fraction(1, 2)
    if parts.denominator != 1:
        raise InputError("not_an_amount", value=text, currency=currency.name, decimals=currency.decimals)
    return parts.numerator
