"""When points end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.rules.records import (
    SATURDAY,
    SHANGHAI,
)
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Period, add_months
from volunteer_points.rules import Expiry
from volunteer_points.testing import strategies


def first_day_after(expiry: Expiry, day: date, calendar: Calendar = SHANGHAI) -> date | None:
    ends = expiry.ends(day, calendar)
    return None if ends is None else calendar.day(ends)


@pytest.mark.parametrize("expiry, day, after", [
    (Expiry(), SATURDAY, None),
    (Expiry(end_of=Period.YEAR), SATURDAY, date(2027, 1, 1)),
    (Expiry(end_of=Period.YEAR, after=1), SATURDAY, date(2028, 1, 1)),
    (Expiry(end_of=Period.YEAR, after=1), date(2026, 12, 31), date(2028, 1, 1)),
    (Expiry(end_of=Period.YEAR, after=1), date(2027, 1, 1), date(2029, 1, 1)),
    (Expiry(end_of=Period.QUARTER), date(2026, 3, 31), date(2026, 4, 1)),
    (Expiry(end_of=Period.QUARTER, after=3), date(2026, 3, 31), date(2027, 1, 1)),
    (Expiry(end_of=Period.MONTH), date(2028, 2, 29), date(2028, 3, 1)),
    (Expiry(end_of=Period.MONTH, after=12), date(2026, 1, 31), date(2027, 2, 1)),
    (Expiry(end_of=Period.WEEK), date(2026, 3, 15), date(2026, 3, 16)),
    (Expiry(end_of=Period.WEEK), date(2026, 3, 16), date(2026, 3, 23)),
    (Expiry(end_of=Period.DAY), SATURDAY, date(2026, 3, 15)),
    (Expiry(end_of=Period.DAY, after=2), SATURDAY, date(2026, 3, 17)),
    (Expiry(months=1), date(2026, 1, 31), date(2026, 3, 1)),
    (Expiry(months=1), date(2028, 1, 31), date(2028, 3, 1)),
    (Expiry(months=12), date(2028, 2, 29), date(2029, 3, 1)),
    (Expiry(months=6), date(2026, 8, 31), date(2027, 3, 1)),
    (Expiry(months=1), SATURDAY, date(2026, 4, 15)),
    (Expiry(days=1), SATURDAY, date(2026, 3, 16)),
    (Expiry(days=365), date(2027, 3, 1), date(2028, 3, 1)),
    (Expiry(idle_months=12), date(2028, 2, 29), date(2029, 3, 1)),
    (Expiry(idle_days=1), SATURDAY, date(2026, 3, 16)),
])  # fmt: skip
def test_points_are_good_through_the_last_day(expiry: Expiry, day: date, after: date | None) -> None:
    assert first_day_after(expiry, day) == after


@pytest.mark.parametrize("calendar, day, ends", [
    (SHANGHAI, date(2026, 5, 1), datetime(2026, 12, 31, 16, tzinfo=UTC)),
    (Calendar(zone="Asia/Shanghai", day_starts_at=time(5)), date(2026, 5, 1), datetime(2026, 12, 31, 21, tzinfo=UTC)),
    (Calendar(zone="Europe/Berlin"), date(2026, 5, 1), datetime(2026, 12, 31, 23, tzinfo=UTC)),
])  # fmt: skip
def test_the_last_instant_is_that_of_the_programmes_clock(calendar: Calendar, day: date, ends: datetime) -> None:
    assert Expiry(end_of=Period.YEAR).ends(day, calendar) == ends


def test_days_over_a_change_of_clocks_are_days_and_not_24_hours() -> None:
    berlin = Calendar(zone="Europe/Berlin")
    assert Expiry(days=1).ends(date(2026, 3, 28), berlin) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert Expiry(days=1).ends(date(2026, 10, 24), berlin) == datetime(2026, 10, 25, 23, tzinfo=UTC)


@given(strategies.expiries(), strategies.calendars(), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_points_never_end_on_their_day_nor_earlier_than_those_of_a_day_before(
    expiry: Expiry, calendar: Calendar, day: date, later: int
) -> None:
    ends, next_ends = expiry.ends(day, calendar), expiry.ends(day + timedelta(days=later), calendar)
    assume(ends is not None and next_ends is not None)
    assert ends is not None
    assert next_ends is not None
    assert calendar.start_of(day + timedelta(days=1)) <= ends <= next_ends


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_after_months_is_through_the_same_day_or_the_months_last(day: date, months: int) -> None:
    after = first_day_after(Expiry(months=months), day)
    assert after == add_months(day, months) + timedelta(days=1)


def test_the_longest_ends_lie_within_the_calendar() -> None:
    """Found by reading: an end after 100,000 months was taken, and broke the first award."""
    last = date(2999, 12, 31)
    for expiry in (Expiry(end_of=Period.YEAR, after=1000), Expiry(months=12_000), Expiry(days=366_000),
                   Expiry(idle_months=12_000), Expiry(idle_days=366_000)):  # fmt: skip
        ends = expiry.ends(last, SHANGHAI)
        assert ends is not None
        assert ends.year > 3900


@pytest.mark.parametrize("day", [SATURDAY, date(2026, 12, 31), date(2027, 6, 1)])
def test_points_with_a_last_day_end_with_it_whenever_they_were_earned(day: date) -> None:
    expiry = Expiry(last_day=date(2026, 12, 31))
    assert expiry.ends(day, SHANGHAI) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    for other in (Expiry(end_of=Period.YEAR), Expiry(months=1), Expiry(days=1), Expiry(idle_days=1)):
        with pytest.raises(InputError, match="one"):
            attrs.evolve(other, last_day=date(2026, 12, 31))


@pytest.mark.parametrize("day, ends", [
    (date(2026, 6, 30), date(2026, 7, 1)), (date(2026, 7, 1), date(2027, 1, 1)), (date(2026, 12, 31), date(2027, 1, 1)),
])  # fmt: skip
def test_half_a_year_ends_in_the_middle_and_at_the_end(day: date, ends: date) -> None:
    assert first_day_after(Expiry(end_of=Period.HALF_YEAR), day) == ends
