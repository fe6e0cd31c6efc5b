"""Days and hours within a record: where it is cut, and what counts of each side."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.rules.records import (
    SATURDAY,
    SHANGHAI,
    code_of,
    served_between,
    worked_out,
)
from volunteer_points.model import Calendar
from volunteer_points.rules import Accrual, Counts, Piece, ServiceRecord, When, pieces, trimmed
from volunteer_points.testing import strategies

EVENING = Accrual(id="evening", per_hour=Fraction(60), when=When(from_time=time(18), until_time=time(22)))
REST = Accrual(id="rest", per_hour=Fraction(6))


def minutes_between(service: ServiceRecord, when: When, calendar: Calendar = SHANGHAI) -> Fraction:
    """The minutes of a record that a selector's days and hours hold."""
    parts = pieces(service, [when], calendar)
    return sum((part.minutes for part in parts if part.fits(when, parts[0])), Fraction(0))


@pytest.mark.parametrize("begin, end, points", [
    ("17:00", "18:00", 6), ("18:00", "19:00", 60), ("17:59", "18:01", 1), ("17:30", "18:30", 33),
    ("21:30", "22:30", 33),
    ("16:00", "23:00", 240 + 18), ("22:00", "22:10", 1),
])  # fmt: skip
def test_only_the_minutes_within_the_hours_count_as_such(begin: str, end: str, points: int) -> None:
    record = served_between(f"2026-03-14T{begin}+08:00", f"2026-03-14T{end}+08:00")
    assert worked_out(record, accruals=(EVENING, REST)).points == points


@pytest.mark.parametrize("begin, points", [("17:59", 6), ("18:00", 60), ("21:59", 60), ("22:00", 6)])
def test_the_whole_record_counts_by_its_begin_where_the_rulebook_says_so(begin: str, points: int) -> None:
    first = datetime.fromisoformat(f"2026-03-14T{begin}+08:00")
    record = served_between(first.isoformat(), (first + timedelta(hours=1)).isoformat())
    evening = attrs.evolve(EVENING, when=attrs.evolve(EVENING.when, counts=Counts.RECORD))
    assert worked_out(record, accruals=(evening, REST)).points == points


@pytest.mark.parametrize("begin, end, within", [
    ("2026-03-14T21:00", "2026-03-14T23:00", 60),
    ("2026-03-14T23:00", "2026-03-15T07:00", 420),
    ("2026-03-15T05:00", "2026-03-15T06:30", 60),
    ("2026-03-14T06:00", "2026-03-14T22:00", 0),
    ("2026-03-14T22:00", "2026-03-15T06:00", 480),
])  # fmt: skip
def test_hours_over_midnight_hold_both_sides_of_it(begin: str, end: str, within: int) -> None:
    night = When(from_time=time(22), until_time=time(6))
    assert minutes_between(served_between(f"{begin}+08:00", f"{end}+08:00"), night) == within


def test_a_shift_over_midnight_belongs_to_both_days() -> None:
    record = served_between("2026-03-14T22:00+08:00", "2026-03-15T01:00+08:00")
    assert minutes_between(record, When(weekdays=(6,))) == 120
    assert minutes_between(record, When(weekdays=(7,))) == 60
    assert minutes_between(record, When(first_day=date(2026, 3, 15))) == 60
    assert minutes_between(record, When(last_day=date(2026, 3, 14))) == 120
    assert record.day == SATURDAY


def test_where_a_day_starts_at_five_the_night_before_belongs_to_it() -> None:
    calendar = Calendar(zone="Asia/Shanghai", day_starts_at=time(5))
    record = served_between("2026-03-15T04:00+08:00", "2026-03-15T06:00+08:00", calendar=calendar)
    assert record.day == SATURDAY
    assert minutes_between(record, When(weekdays=(6,)), calendar) == 60
    assert minutes_between(record, When(weekdays=(7,)), calendar) == 60
    whole = When(weekdays=(6,), counts=Counts.RECORD)
    assert whole.fits(record)
    assert minutes_between(record, whole, calendar) == 120


def test_a_leap_day_is_a_day_of_february() -> None:
    record = served_between("2028-02-28T23:00+08:00", "2028-03-01T01:00+08:00")
    assert minutes_between(record, When(months=(2,))) == 60 + 24 * 60
    assert minutes_between(record, When(first_day=date(2028, 2, 29), last_day=date(2028, 2, 29))) == 24 * 60


BERLIN = Calendar(zone="Europe/Berlin")


@pytest.mark.parametrize("begin, end, hours, within", [
    # 02:00 to 03:00 is missing on this night
    ("2026-03-29T00:30+01:00", "2026-03-29T05:00+02:00", (1, 0, 4, 0), 120),
    ("2026-03-29T00:30+01:00", "2026-03-29T05:00+02:00", (2, 0, 3, 0), 0),
    ("2026-03-29T00:30+01:00", "2026-03-29T05:00+02:00", (2, 30, 4, 0), 60),
    ("2026-03-29T00:30+01:00", "2026-03-29T05:00+02:00", (1, 30, 2, 30), 30),
    # 02:00 to 03:00 comes twice on this one
    ("2026-10-25T00:30+02:00", "2026-10-25T05:00+01:00", (1, 0, 4, 0), 240),
    ("2026-10-25T00:30+02:00", "2026-10-25T05:00+01:00", (2, 0, 3, 0), 120),
    ("2026-10-25T00:30+02:00", "2026-10-25T05:00+01:00", (2, 30, 3, 0), 60),
    ("2026-10-25T00:30+02:00", "2026-10-25T05:00+01:00", (2, 30, 4, 0), 120),
    ("2026-10-25T00:30+02:00", "2026-10-25T05:00+01:00", (1, 30, 2, 30), 90),
])  # fmt: skip
def test_hours_are_those_of_the_clock_on_the_wall_when_clocks_are_changed(
    begin: str, end: str, hours: tuple[int, int, int, int], within: int
) -> None:
    when = When(from_time=time(*hours[:2]), until_time=time(*hours[2:]))
    assert minutes_between(served_between(begin, end, calendar=BERLIN), when, BERLIN) == within


@pytest.mark.parametrize("day, minutes", [("2026-03-29", 1380), ("2026-10-25", 1500), ("2026-06-01", 1440)])
def test_a_day_on_which_clocks_are_changed_is_shorter_or_longer(day: str, minutes: int) -> None:
    first = date.fromisoformat(day)
    begin, end = (BERLIN.start_of(first + timedelta(days=n)).isoformat() for n in (-1, 2))
    record = served_between(begin, end, calendar=BERLIN)
    assert minutes_between(record, When(first_day=first, last_day=first), BERLIN) == minutes


STARTS = st.integers(0, 3 * 365 * 24 * 60) | st.integers(86 * 24 * 60, 87 * 24 * 60)
"""Minutes since the beginning of 2026, also close before the clocks are changed in Berlin."""
CLOCK = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))


@given(STARTS, st.integers(1, 4000), CLOCK, CLOCK, strategies.calendars() | st.just(BERLIN))
def test_every_minute_is_within_as_the_clock_on_the_wall_shows_it(
    start: int, minutes: int, first: time, last: time, calendar: Calendar
) -> None:
    assume(first != last)
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    record = served_between(begin.isoformat(), (begin + timedelta(minutes=minutes)).isoformat(), calendar=calendar)
    when = When(from_time=first, until_time=last, weekdays=(1, 3, 5, 7))
    each = [begin + timedelta(minutes=n) for n in range(minutes)]
    expected = sum(
        when.fits_day(calendar.day(minute)) and when.fits_hour(calendar.local(minute).time()) for minute in each
    )
    assert minutes_between(record, when, calendar) == expected
    assert sum(part.minutes for part in pieces(record, [when], calendar)) == minutes


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(0, 900))
def test_pieces_for_fewer_or_more_minutes_hold_exactly_these(lengths: list[int], minutes: int) -> None:
    parts = tuple(Piece(SATURDAY, time(9), Fraction(length)) for length in lengths)
    kept = trimmed(parts, minutes)
    assert sum(part.minutes for part in kept) == minutes
    assert all(part.minutes <= length for part, length in zip(kept[:-1], lengths, strict=False))


def test_hours_are_given_as_two_different_times() -> None:
    assert code_of(lambda: When(from_time=time(9))) == "half_a_time"
    assert code_of(lambda: When(until_time=time(9))) == "half_a_time"
    assert code_of(lambda: When(from_time=time(9), until_time=time(9))) == "half_a_time"
