"""The nouns: numbers, ids, intervals, days, periods, teams and prices, with the edges of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_points.commands import CountStock, ReceiveStock, Redeem, Submit
from volunteer_points.errors import InputError
from volunteer_points.model import (
    AMOUNT_MAX,
    TEXT_LENGTH_MAX,
    Activity,
    Calendar,
    Currency,
    Interval,
    Item,
    Limit,
    Partner,
    Period,
    Place,
    Price,
    Reason,
    Slot,
    Team,
    TeamStructure,
    add_months,
    minutes_in,
    period_around,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NAIVE = datetime(2026, 3, 14, 9)  # noqa: DTZ001 - it is what is refused
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
)


def code_of(make: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        make()
    return error.value.code


# --- numbers and ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1.0, True, False, "1", None, Decimal(1), Fraction(1), 1 + 0j, float("nan")])
def test_a_number_is_a_whole_number(value: Any) -> None:  # noqa: ANN401 - anything but a whole number
    for make in (lambda: ReceiveStock(item="rice", quantity=value), lambda: Price(points=value)):
        assert code_of(make) == "not_whole"


@pytest.mark.parametrize("value, code", [(0, "not_positive"), (-1, "not_positive"), (AMOUNT_MAX + 1, "too_large"),
                                         (10**400, "too_large"), (-(10**400), "too_large")])  # fmt: skip
def test_a_quantity_is_at_least_one_and_at_most_what_json_and_databases_keep_exact(value: int, code: str) -> None:
    assert code_of(lambda: ReceiveStock(item="rice", quantity=value)) == code
    ReceiveStock(item="rice", quantity=1)
    ReceiveStock(item="rice", quantity=AMOUNT_MAX)


def test_a_count_is_at_least_nought() -> None:
    reason = Reason(code="count")
    assert code_of(lambda: CountStock(item="rice", counted=-1, reason=reason)) == "negative"
    CountStock(item="rice", counted=0, reason=reason)


@pytest.mark.parametrize("name", ["a", "队伍", "v-1", "A.b_c", "x" * 64, "１２", "é"])
def test_ids_are_letters_of_any_script_digits_and_three_signs(name: str) -> None:
    assert Partner(id=name, name="").id == name


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a/b", "a:b", "a\n", "x" * 65, "a,b", "☃", "\x00", "a\u200bb", None, 5, b"a"]
)
def test_anything_else_is_no_id(name: Any) -> None:  # noqa: ANN401
    assert code_of(lambda: Partner(id=name, name="")) == "bad_id"


@pytest.mark.parametrize("text", ["x" * (TEXT_LENGTH_MAX + 1), "\ud800", "a\udfffb", 5, None, b"a"])
def test_words_are_short_and_can_be_written(text: Any) -> None:  # noqa: ANN401
    assert code_of(lambda: Place(grid=text)) == "not_text"
    assert code_of(lambda: Reason(code="a", seal=text)) == "not_text"
    assert Place(grid="x" * TEXT_LENGTH_MAX, unit="第 2 单元\n😀").building == ""


# --- instants and intervals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [NAIVE, date(2026, 3, 14), "2026-03-14T09:00:00+08:00", None, 0])
def test_an_instant_knows_its_zone(value: Any) -> None:  # noqa: ANN401
    later = datetime(2026, 3, 14, tzinfo=UTC)
    assert code_of(lambda: Interval(begin=value, end=later)) == "naive_datetime"
    if value is not None:
        assert code_of(lambda: Redeem(volunteer="v", item="i", held_until=value)) == "naive_datetime"


@pytest.mark.parametrize("value", [
    datetime(1899, 12, 31, 23, 59, tzinfo=UTC),
    datetime(3000, 1, 1, tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
])  # fmt: skip
def test_an_instant_lies_within_the_years_of_calendars(value: datetime) -> None:
    """Found by reading: the year 226 was written as three digits, and could not be read back."""
    assert code_of(lambda: Redeem(volunteer="v", item="i", held_until=value)) == "not_an_instant"
    Redeem(volunteer="v", item="i", held_until=datetime(1900, 1, 1, tzinfo=UTC))
    Redeem(volunteer="v", item="i", held_until=datetime(2999, 12, 31, tzinfo=UTC))


def test_an_interval_ends_after_it_begins() -> None:
    begin = datetime(2026, 3, 14, 9, tzinfo=SHANGHAI)
    for end in (begin, begin - timedelta(microseconds=1), begin.astimezone(UTC)):
        assert code_of(lambda end=end: Interval(begin=begin, end=end)) == "ends_before_it_begins"  # type: ignore[misc]
    Interval(begin=begin, end=begin + timedelta(microseconds=1))


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """Found by reading: Python takes two times of one zone from each other by their wall clocks."""
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert Interval(begin=first, end=second).minutes == 60
    assert code_of(lambda: Interval(begin=second, end=first)) == "ends_before_it_begins"
    assert (
        Interval(
            begin=datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN), end=datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
        ).minutes
        == 60
    )


def test_one_interval_is_equal_to_itself_in_every_zone() -> None:
    """Found by reading: times in the hour that comes twice equal no time of another zone."""
    begin, end = (datetime(2026, 10, 25, 2, minute, tzinfo=BERLIN) for minute in (10, 40))
    elsewhere = Interval(begin=begin.astimezone(SHANGHAI), end=end.astimezone(UTC))
    assert Interval(begin=begin, end=end) == elsewhere
    assert hash(Interval(begin=begin, end=end)) == hash(elsewhere)


@pytest.mark.parametrize("seconds, minutes", [(1, 0), (59, 0), (60, 1), (119, 1), (120, 2)])
def test_a_begun_minute_does_not_count(seconds: int, minutes: int) -> None:
    begin = datetime(2026, 3, 14, 9, tzinfo=UTC)
    assert Interval(begin=begin, end=begin + timedelta(seconds=seconds)).minutes == minutes


INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001
CUTS = st.lists(st.integers(1, 10**11), min_size=2, max_size=8, unique=True).map(sorted)


def chained(cuts: list[int]) -> list[Interval]:
    begin = datetime(2026, 3, 28, tzinfo=UTC)
    ends = [begin + timedelta(microseconds=cut) for cut in cuts]
    return [Interval(begin=one, end=two) for one, two in pairwise(ends)]


@given(CUTS)
def test_time_is_the_same_however_it_is_split(cuts: list[int]) -> None:
    pieces = chained(cuts)
    whole = Interval(begin=pieces[0].begin, end=pieces[-1].end)
    assert minutes_in(pieces) == minutes_in([whole]) == whole.minutes
    assert sum(piece.minutes for piece in pieces) <= whole.minutes
    assert minutes_in([]) == 0


@given(CUTS, st.data())
def test_intervals_that_only_meet_do_not_overlap_and_every_other_pair_does(
    cuts: list[int], data: st.DataObject
) -> None:
    pieces = chained(cuts)
    first, last = sorted(data.draw(st.tuples(st.integers(0, len(pieces) - 1), st.integers(0, len(pieces) - 1))))
    long = Interval(begin=pieces[first].begin, end=pieces[last].end)
    for place, piece in enumerate(pieces):
        assert long.overlaps(piece) is piece.overlaps(long) is (first <= place <= last)


def test_intervals_of_one_record_do_not_overlap_and_are_put_in_order() -> None:
    one, two, three = chained([60_000_000, 120_000_000, 180_000_000, 240_000_000])
    across = Interval(begin=one.begin, end=two.end)
    command = Submit(volunteer="v", activity="a", intervals=(three, one, two))
    assert command.intervals == (one, two, three)
    for wrong in ((one, across), (across, one), (three, one, one)):
        assert code_of(lambda wrong=wrong: Submit(volunteer="v", activity="a", intervals=wrong)) == "intervals_overlap"  # type: ignore[misc]
    assert code_of(lambda: Submit(volunteer="v", activity="a", intervals=())) == "no_interval"


# --- days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone", ["", "Shanghai", "Asia/Beijing2", "../etc/passwd", "/etc/localtime", "Asia", "asia\x00"]
)
def test_a_zone_is_one_that_is_known(zone: str) -> None:
    assert code_of(lambda: Calendar(zone=zone)) == "unknown_zone"


@pytest.mark.parametrize("clock", [time(5, 0, 1), time(5, 0, 0, 1), time(5, tzinfo=UTC)])
def test_a_day_starts_at_a_whole_minute_of_the_programmes_clock(clock: time) -> None:
    """Found by reading: seconds were kept in memory and lost in the bytes."""
    assert code_of(lambda: Calendar(zone="UTC", day_starts_at=clock)) == "not_a_time"


@pytest.mark.parametrize("clock, day", [("04:59:59.999999", 13), ("05:00", 14), ("23:59", 14), ("00:00", 13)])
def test_a_day_starts_at_its_hour_and_not_before(clock: str, day: int) -> None:
    calendar = Calendar(zone="Asia/Shanghai", day_starts_at=time(5))
    assert calendar.day(datetime.fromisoformat(f"2026-03-14T{clock}+08:00")) == date(2026, 3, day)
    assert calendar.start_of(date(2026, 3, 14)) == datetime(2026, 3, 13, 21, tzinfo=UTC)


def test_the_zone_decides_the_day() -> None:
    instant = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert Calendar(zone="Asia/Shanghai").day(instant) == date(2027, 1, 1)
    assert Calendar(zone="UTC").day(instant) == date(2026, 12, 31)


def test_a_day_that_starts_within_the_hour_that_comes_twice_starts_once() -> None:
    """Found by reading: between the second 02:00 and 02:30 it was the day before again."""
    calendar = Calendar(zone="Europe/Berlin", day_starts_at=time(2, 30))
    begins = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    days = [calendar.day(begins + timedelta(minutes=minutes)).day for minutes in (-1, 0, 29, 30, 31, 60, 90)]
    assert days == [24, 25, 25, 25, 25, 25, 25]


def test_a_day_that_starts_within_the_hour_that_never_comes_starts_by_the_old_clock() -> None:
    calendar = Calendar(zone="Europe/Berlin", day_starts_at=time(2, 30))
    assert calendar.start_of(date(2026, 3, 29)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    days = [
        calendar.day(datetime(2026, 3, 29, 1, minute, tzinfo=UTC)).day for minutes in [(29, 30)] for minute in minutes
    ]
    assert days == [28, 29]


STARTS = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))
CALENDARS = st.builds(Calendar, zone=st.sampled_from(ZONES), day_starts_at=STARTS)


@given(CALENDARS, INSTANTS)
def test_every_instant_lies_within_its_day(calendar: Calendar, instant: datetime) -> None:
    day = calendar.day(instant)
    assert calendar.start_of(day) <= instant < calendar.start_of(day + timedelta(days=1))


@given(CALENDARS, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_days_never_go_back(calendar: Calendar, instant: datetime, passed: timedelta) -> None:
    assert calendar.day(instant) <= calendar.day(instant.astimezone(UTC) + passed)


# --- months and periods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day, months, then", [
    (date(2026, 1, 31), 1, date(2026, 2, 28)),
    (date(2024, 1, 31), 1, date(2024, 2, 29)),
    (date(2024, 2, 29), 12, date(2025, 2, 28)),
    (date(2024, 2, 29), 48, date(2028, 2, 29)),
    (date(2026, 3, 31), 1, date(2026, 4, 30)),
    (date(2026, 12, 31), 2, date(2027, 2, 28)),
    (date(2026, 11, 30), 1, date(2026, 12, 30)),
    (date(2026, 12, 1), 1, date(2027, 1, 1)),
    (date(2026, 3, 31), -1, date(2026, 2, 28)),
    (date(2026, 1, 15), -1, date(2025, 12, 15)),
    (date(1900, 1, 31), 1, date(1900, 2, 28)),
])  # fmt: skip
def test_a_later_month_that_has_no_such_day_gives_its_last(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.integers(0, 1200))
def test_months_are_counted_and_the_day_is_kept_or_clamped(day: date, months: int) -> None:
    then = add_months(day, months)
    assert (then.year - day.year) * 12 + then.month - day.month == months
    assert then.day == day.day or (then.day < day.day and (then + timedelta(days=1)).day == 1)


@pytest.mark.parametrize("period, first, after", [
    (Period.DAY, date(2028, 2, 29), date(2028, 3, 1)),
    (Period.WEEK, date(2028, 2, 28), date(2028, 3, 6)),
    (Period.MONTH, date(2028, 2, 1), date(2028, 3, 1)),
    (Period.QUARTER, date(2028, 1, 1), date(2028, 4, 1)),
    (Period.YEAR, date(2028, 1, 1), date(2029, 1, 1)),
    (Period.EVER, None, None),
])  # fmt: skip
def test_a_leap_day_lies_in_its_periods(period: Period, first: date | None, after: date | None) -> None:
    assert period_around(date(2028, 2, 29), period) == (first, after)


@given(
    st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.sampled_from([each for each in Period if each != Period.EVER])
)
def test_periods_follow_one_another_without_gap_and_overlap(day: date, period: Period) -> None:
    first, after = period_around(day, period)
    assert first is not None
    assert after is not None
    assert first <= day < after
    assert period_around(first, period) == period_around(after - timedelta(days=1), period) == (first, after)
    assert period_around(after, period)[0] == after


# --- teams -------------------------------------------------------------------------------------------------------

DAY = date(2026, 3, 14)
ASKS, MEANT = "the structure 5+N+1 asks for exactly", "Did you mean 'special'?"


def teams(**counts: int) -> tuple[Team, ...]:
    return tuple(Team(id=f"{slot}-{n}", name="", slot=slot) for slot, count in counts.items() for n in range(count))


def test_five_and_any_and_one() -> None:
    for special in (0, 2, 30):
        assert TeamStructure().problems(teams(standing=5, special=special, coordinating=1), DAY) == ()


@pytest.mark.parametrize("counts, sentence", [
    ({"standing": 4, "coordinating": 1}, "slot standing: 4 teams on 2026-03-14, " + ASKS + " 5"),
    ({"standing": 6, "coordinating": 1}, "slot standing: 6 teams on 2026-03-14, " + ASKS + " 5"),
    ({"standing": 5}, "slot coordinating: 0 teams on 2026-03-14, " + ASKS + " 1"),
    ({"standing": 5, "coordinating": 1, "speciel": 1}, "team speciel-0: unknown slot 'speciel'. " + MEANT),
])  # fmt: skip
def test_what_does_not_fit_the_structure_is_told(counts: dict[str, int], sentence: str) -> None:
    assert TeamStructure().problems(teams(**counts), DAY) == (sentence,)


@pytest.mark.parametrize("count, wanted", [(1, "2 to 3"), (2, None), (3, None), (4, "2 to 3")])
def test_a_slot_holds_from_its_fewest_to_its_most(count: int, wanted: str | None) -> None:
    structure = TeamStructure(label="free", slots=(Slot(id="a", at_least=2, at_most=3),))
    found = structure.problems(teams(a=count), DAY)
    assert found == (
        () if wanted is None else (f"slot a: {count} teams on {DAY}, the structure free asks for {wanted}",)
    )


def test_a_team_within_a_team_fills_no_slot_and_one_that_is_not_there_yet_neither() -> None:
    structure = TeamStructure(label="1", slots=(Slot(id="a", exactly=1),))
    (team,) = teams(a=1)
    inner = attrs.evolve(team, id="inner", parent=team.id)
    later = attrs.evolve(team, id="later", since=DAY + timedelta(days=1))
    ended = attrs.evolve(team, id="ended", until=DAY)
    assert structure.problems((team, inner, later, ended), DAY) == ()
    assert len(structure.problems((team, later), DAY + timedelta(days=1))) == 1
    assert len(structure.problems((team, ended), DAY - timedelta(days=1))) == 1


@pytest.mark.parametrize("label, fits", [
    ("1+N", True), ("5+N+1 ", True), ("自由", True), ("1+8+N", False), ("2+N", False), ("N+1", False), ("1", False),
])  # fmt: skip
def test_a_label_of_numbers_agrees_with_the_slots_part_by_part(label: str, fits: bool) -> None:  # noqa: FBT001
    structure = TeamStructure(label=label, slots=(Slot(id="a", exactly=1), Slot(id="b")))
    assert (structure.problems(teams(a=1), DAY) == ()) is fits


# --- currencies and items ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount, decimals, shown", [
    (811, 1, "81.1"), (811, 0, "811"), (-5, 2, "-0.05"), (0, 3, "0.000"), (-100, 2, "-1.00"),
    (10**15, 6, "1000000000.000000"),
])  # fmt: skip
def test_amounts_are_shown_as_people_write_them(amount: int, decimals: int, shown: str) -> None:
    assert Currency(id="points", decimals=decimals).shown(amount) == shown


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_what_is_shown_is_the_amount(amount: int, decimals: int) -> None:
    currency = Currency(id="points", decimals=decimals)
    assert Fraction(currency.shown(amount)) * currency.scale == amount


def test_a_currency_has_at_most_six_decimals_and_a_name_that_the_ledger_does_not_use() -> None:
    """Found by reading: a currency called minutes was added to the hours that people served."""
    assert code_of(lambda: Currency(id="points", decimals=7)) == "too_many_decimals"
    for reserved in ("minutes", "redemptions", "units"):
        assert code_of(lambda reserved=reserved: Currency(id=reserved)) == "bad_id"  # type: ignore[misc]


def item(*prices: Price, **more: Any) -> Item:  # noqa: ANN401 - parts of an item, by name
    return Item(id="rice", name="", partner="grain", prices=prices, **more)


JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


@pytest.mark.parametrize("days", [
    (None, None), (JUNE, None), (None, JULY, JUNE), (None, JUNE, JUNE), (JULY, JUNE), (JUNE, JUNE),
])  # fmt: skip
def test_prices_follow_one_another(days: tuple[date | None, ...]) -> None:
    assert code_of(lambda: item(*(Price(points=1, since=day) for day in days))) == "price_dates"


def test_a_price_counts_from_its_day_to_before_the_next() -> None:
    rice = item(Price(points=1, since=JUNE), Price(points=2, since=JULY), until=date(2026, 8, 1))
    days = [JUNE - timedelta(days=1), JUNE, JULY - timedelta(days=1), JULY, date(2026, 7, 31), date(2026, 8, 1)]
    assert [rice.price_on(day) for day in days] == [None, 1, 1, 2, 2, None]
    assert item(Price(points=0)).price_on(date.min) == 0
    assert item(Price(points=5), since=JULY).price_on(JUNE) is None
    assert item(Price(points=5), since=JULY).price_on(JULY) == 5


@pytest.mark.parametrize("make", [
    lambda day: Price(points=1, since=day),
    lambda day: Team(id="a", name="", slot="a", since=day),
    lambda day: Team(id="a", name="", slot="a", until=day),
    lambda day: Activity(id="a", name="", since=day),
    lambda day: Activity(id="a", name="", until=day),
    lambda day: item(Price(points=1), since=day),
    lambda day: item(Price(points=1), until=day),
])  # fmt: skip
def test_a_day_in_a_definition_is_no_time(make: Callable[[object], object]) -> None:
    for wrong in (datetime(2026, 3, 14, tzinfo=UTC), NAIVE, "2026-03-14"):
        assert code_of(lambda wrong=wrong: make(wrong)) == "not_a_day"  # type: ignore[misc]
    make(DAY)


def test_a_limit_is_at_least_one() -> None:
    assert code_of(lambda: Limit(at_most=0, per=Period.DAY)) == "not_positive"
