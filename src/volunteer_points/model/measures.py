"""What the books can be asked of somebody: measures over windows, and numbers as people write them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

import attrs

from volunteer_points.errors import InputError
from volunteer_points.model.values import Period, add_months, period_around

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
    pending: bool = False
    """With what is still under public notice, which caps of a balance count."""


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
