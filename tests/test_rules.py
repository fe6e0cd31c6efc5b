"""What a rulebook gives: rounding, selection, caps and ends, and the laws that no rulebook breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency, Evidence, Interval, Limit, Period, Price, add_months
from volunteer_points.model import Item as CatalogueItem
from volunteer_points.rules import (
    Accrual,
    Cap,
    Direction,
    Expiry,
    Multiplier,
    RedemptionRule,
    Rounding,
    Rulebook,
    ServiceRecord,
    TimeRule,
    When,
    Working,
    award,
    cap_windows,
    rounded,
)
from volunteer_points.testing import strategies

SHANGHAI = Calendar(zone="Asia/Shanghai")
POINTS = Currency(id="points")
SATURDAY = date(2026, 3, 14)
BEGIN = datetime(2026, 3, 14, 1, tzinfo=UTC)
RULES = Rulebook(id="2026", since=date(2026, 1, 1), accruals=(Accrual(id="hours", per_hour=Fraction(10)),))


def served(minutes: int, **more: Any) -> ServiceRecord:  # noqa: ANN401 - parts of a record, by name
    interval = Interval(begin=BEGIN, end=BEGIN + timedelta(minutes=minutes))
    return ServiceRecord(**{"intervals": (interval,), "day": SATURDAY, "activity": "park", **more})


def given_for(minutes: int, used: dict[str, int] | None = None, *, decimals: int = 0, **rules: Any) -> Working:  # noqa: ANN401
    """What the rules, changed so, give for so many minutes."""
    currency = Currency(id="points", decimals=decimals)
    return award(attrs.evolve(RULES, **rules), currency, SHANGHAI, served(minutes), used or {})


def code_of(make: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        make()
    return error.value.code


# --- rounding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, down, up, half_up, half_even", [
    ("70/3", 23, 24, 23, 23),
    ("5/2", 2, 3, 3, 2),
    ("7/2", 3, 4, 4, 4),
    ("1/2", 0, 1, 1, 0),
    ("0.4999", 0, 1, 0, 0),
    ("3", 3, 3, 3, 3),
    ("0", 0, 0, 0, 0),
])  # fmt: skip
def test_each_direction_rounds_in_its_way(value: str, down: int, up: int, half_up: int, half_even: int) -> None:
    found = [rounded(Fraction(value), Fraction(1), direction) for direction in Direction]
    assert found == [down, up, half_up, half_even]


VALUES = st.fractions(0, 10**6, max_denominator=1000)
RULE_STEPS = st.fractions(Fraction(1, 100), 100, max_denominator=100).filter(bool)


@given(VALUES, RULE_STEPS)
def test_what_is_rounded_is_the_nearest_multiple_of_its_direction(value: Fraction, step: Fraction) -> None:
    down, up, half_up, half_even = (rounded(value, step, direction) for direction in Direction)
    assert all((each / step).denominator == 1 for each in (down, up, half_up, half_even))
    assert down <= value < down + step
    assert up - step < value <= up
    assert abs(half_up - value) <= step / 2
    assert abs(half_even - value) <= step / 2
    if half_up != half_even:
        assert half_up - value == step / 2
        assert half_even / step % 2 == 0


@given(VALUES, VALUES, RULE_STEPS, st.sampled_from(Direction))
def test_rounding_never_turns_an_order_round(
    one: Fraction, other: Fraction, step: Fraction, direction: Direction
) -> None:
    small, large = sorted((one, other))
    assert rounded(small, step, direction) <= rounded(large, step, direction)


# --- time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes, rule, counted", [
    (140, TimeRule(), 140),
    (140, TimeRule(round_to_minutes=30), 120),
    (140, TimeRule(round_to_minutes=30, direction=Direction.UP), 150),
    (135, TimeRule(round_to_minutes=30, direction=Direction.HALF_UP), 150),
    (135, TimeRule(round_to_minutes=30, direction=Direction.HALF_EVEN), 120),
    (30, TimeRule(minimum_minutes=30), 30),
    (29, TimeRule(minimum_minutes=30), 0),
    (29, TimeRule(minimum_minutes=30, round_to_minutes=30, direction=Direction.UP), 30),
    (59, TimeRule(minimum_minutes=30, round_to_minutes=60), 0),
])  # fmt: skip
def test_time_is_rounded_first_and_held_against_the_minimum_then(minutes: int, rule: TimeRule, counted: int) -> None:
    assert given_for(minutes, time=rule).minutes == counted


def test_no_time_earns_nothing_not_even_a_fixed_number() -> None:
    working = given_for(29, time=TimeRule(minimum_minutes=30), accruals=(Accrual(id="film", fixed=Fraction(5)),))
    assert (working.points, working.minutes, working.nothing_because, working.lot) == (0, 0, "no_time_counts", None)


def test_several_intervals_are_added_up_before_anything_is_rounded() -> None:
    halves = tuple(
        Interval(begin=BEGIN + timedelta(hours=hour), end=BEGIN + timedelta(hours=hour, minutes=29, seconds=30))
        for hour in (0, 2)
    )
    working = award(RULES, POINTS, SHANGHAI, served(1, intervals=halves), {})
    assert (working.minutes, working.points) == (59, 9)


# --- selection ---------------------------------------------------------------------------------------------------

RECORD = served(
    60,
    activity_type="skilled",
    team="repairs",
    slot="special",
    tags=("senior", "party"),
    evidence=Evidence.SIGNED,
)


@pytest.mark.parametrize("name, fitting, other", [
    ("activities", ("cinema", "park"), ("cinema",)),
    ("activity_types", ("skilled",), ("service",)),
    ("teams", ("repairs",), ("cooks",)),
    ("slots", ("special",), ("standing",)),
    ("tags", ("student", "senior"), ("student",)),
    ("evidence", (Evidence.SIGNED,), (Evidence.SELF, Evidence.MAKE_UP)),
    ("weekdays", (6,), (1, 2, 3, 4, 5, 7)),
    ("first_day", SATURDAY, SATURDAY + timedelta(days=1)),
    ("last_day", SATURDAY, SATURDAY - timedelta(days=1)),
])  # fmt: skip
def test_everything_that_is_named_must_fit(name: str, fitting: object, other: object) -> None:
    assert When().fits(RECORD)
    assert When(**{name: fitting}).fits(RECORD)  # type: ignore[arg-type]
    assert not When(**{name: other}).fits(RECORD)  # type: ignore[arg-type]
    both = {"activities": ("park",), name: other}
    assert not When(**both).fits(RECORD)  # type: ignore[arg-type]


def test_a_record_without_team_and_slot_fits_no_rule_for_some() -> None:
    assert not When(teams=("repairs",)).fits(served(60))
    assert not When(slots=("special",)).fits(served(60))
    assert not When(tags=("senior",)).fits(served(60))


def test_the_first_accrual_that_fits_decides() -> None:
    special = Accrual(id="film", fixed=Fraction(5), when=When(activities=("cinema",)))
    general = Accrual(id="hours", per_hour=Fraction(10))
    for accruals, points in (((special, general), 5), ((general, special), 10)):
        rules = attrs.evolve(RULES, accruals=accruals)
        assert award(rules, POINTS, SHANGHAI, served(60, activity="cinema"), {}).points == points
        assert award(rules, POINTS, SHANGHAI, served(60), {}).points == 10
    working = award(attrs.evolve(RULES, accruals=(special,)), POINTS, SHANGHAI, served(60), {})
    assert (working.points, working.minutes, working.nothing_because) == (0, 60, "no_rule_fits")


TIMES = [Fraction(3, 2), Fraction(1, 3), Fraction(51, 50)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_all_multipliers_that_fit_are_applied_exactly_in_any_order(order: tuple[int, ...]) -> None:
    parts = [Multiplier(id=f"m-{n}", times=times) for n, times in enumerate(TIMES)]
    none = Multiplier(id="none", times=Fraction(100), when=When(activities=("cinema",)))
    working = given_for(1000, multipliers=(none, *(parts[place] for place in order)))
    assert working.points == int(Fraction(1000, 6) * TIMES[0] * TIMES[1] * TIMES[2])
    assert [step.rule for step in working.steps if step.did == "multiplied"] == [f"m-{place}" for place in order]


# --- points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes, to, direction, points", [
    (140, "1", Direction.DOWN, 23),
    (140, "1", Direction.UP, 24),
    (141, "1", Direction.HALF_UP, 24),
    (141, "1", Direction.HALF_EVEN, 24),
    (147, "1", Direction.HALF_EVEN, 24),
    (147, "1", Direction.HALF_UP, 25),
    (140, "5", Direction.DOWN, 20),
    (140, "5", Direction.UP, 25),
])  # fmt: skip
def test_points_are_rounded_once_to_a_multiple(minutes: int, to: str, direction: Direction, points: int) -> None:
    assert given_for(minutes, rounding=Rounding(to=Fraction(to), direction=direction)).points == points


def test_with_one_decimal_811_means_81_1() -> None:
    working = given_for(487, decimals=1, rounding=Rounding(to=Fraction(1, 10)))
    assert working.points == 811
    capped = given_for(487, {"daily": 800}, decimals=1, rounding=Rounding(to=Fraction(1, 10)),
                       caps=(Cap(id="daily", at_most=Fraction("80.5")),))  # fmt: skip
    assert capped.points == 5


def test_less_than_a_point_rounds_to_nothing() -> None:
    working = given_for(5)
    assert (working.points, working.nothing_because, working.minutes) == (0, "rounds_to_nothing", 5)
    assert given_for(6).points == 1


def test_rounding_finer_than_the_currency_is_told_and_not_cut_off() -> None:
    assert code_of(lambda: given_for(140, rounding=Rounding(to=Fraction(1, 3)))) == "finer_than_currency"


def test_every_step_of_a_working_goes_on_from_the_one_before() -> None:
    working = given_for(
        143,
        {"daily": 10},
        time=TimeRule(round_to_minutes=10),
        multipliers=(Multiplier(id="skill", times=Fraction(3, 2), clause="第四条"),),
        caps=(Cap(id="time", at_most=Fraction(130), of="minutes", per="record"), Cap(id="daily", at_most=Fraction(30))),
    )
    told = [(step.rule, step.did, step.before, step.after) for step in working.steps]
    assert told == [
        ("time", "measured", "", "143"),
        ("time", "time_rounded", "143", "140"),
        ("time", "capped", "140", "130"),
        ("hours", "per_hour", "130", "65/3"),
        ("skill", "multiplied", "65/3", "65/2"),
        ("rounding", "points_rounded", "65/2", "32"),
        ("daily", "capped", "32", "20"),
    ]
    assert dict(working.steps[-1].facts) == {"limit": "30", "per": "day", "used": "10", "of": "points", "clause": ""}


# --- caps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("used, points, because", [
    (0, 23, None), (57, 23, None), (58, 22, None), (79, 1, None), (80, 0, "cap_reached"), (95, 0, "cap_reached"),
])  # fmt: skip
def test_a_cap_gives_what_room_is_left(used: int, points: int, because: str | None) -> None:
    working = given_for(140, {"daily": used}, caps=(Cap(id="daily", at_most=Fraction(80)),))
    assert (working.points, working.nothing_because) == (points, because)
    assert any(step.did == "capped" for step in working.steps) is (points < 23)


@pytest.mark.parametrize("used, minutes", [(0, 140), (340, 140), (341, 139), (480, 0)])
def test_a_cap_of_minutes_comes_before_the_points(used: int, minutes: int) -> None:
    working = given_for(140, {"time": used}, caps=(Cap(id="time", at_most=Fraction(480), of="minutes"),))
    assert (working.minutes, working.points) == (minutes, minutes // 6)


def test_a_cap_of_a_record_asks_for_nothing_else_and_the_tightest_of_several_counts() -> None:
    caps = (
        Cap(id="record", at_most=Fraction(20), per="record"),
        Cap(id="year", at_most=Fraction(500), per=Period.YEAR),
    )
    assert given_for(140, {"year": 0}, caps=caps).points == 20
    assert given_for(140, {"year": 490}, caps=caps).points == 10
    assert [window.cap for window in cap_windows(attrs.evolve(RULES, caps=caps), served(60))] == ["year"]


def test_a_cap_window_is_the_period_around_the_day_of_service() -> None:
    days = {
        Period.DAY: (SATURDAY, date(2026, 3, 15)),
        Period.WEEK: (date(2026, 3, 9), date(2026, 3, 16)),
        Period.MONTH: (date(2026, 3, 1), date(2026, 4, 1)),
        Period.QUARTER: (date(2026, 1, 1), date(2026, 4, 1)),
        Period.YEAR: (date(2026, 1, 1), date(2027, 1, 1)),
        Period.EVER: (None, None),
    }
    for each_activity in (False, True):
        caps = tuple(Cap(id=per, at_most=Fraction(1), per=per, each_activity=each_activity) for per in days)
        windows = cap_windows(attrs.evolve(RULES, caps=caps, currency="culture"), served(60))
        assert {window.cap: (window.since, window.until) for window in windows} == days
        assert {window.activity for window in windows} == {"park" if each_activity else None}
        assert {window.unit for window in windows} == {"culture"}
    minutes = attrs.evolve(RULES, caps=(Cap(id="time", at_most=Fraction(1), of="minutes"),))
    assert cap_windows(minutes, served(60))[0].unit == "minutes"


RECORDS = st.lists(st.integers(1, 600), min_size=1, max_size=5)


@given(RECORDS, st.integers(1, 100), st.integers(1, 900), st.data())
def test_caps_of_a_day_hold_for_every_order_and_give_the_same_total(
    lengths: list[int], points_most: int, minutes_most: int, data: st.DataObject
) -> None:
    caps = (
        Cap(id="points", at_most=Fraction(points_most)),
        Cap(id="minutes", at_most=Fraction(minutes_most), of="minutes"),
    )
    totals = set()
    for _ in range(3):
        used = {"points": 0, "minutes": 0}
        for length in data.draw(st.permutations(lengths)):
            working = given_for(length, used, caps=caps, accruals=(Accrual(id="a", per_hour=Fraction(60)),))
            used = {"points": used["points"] + working.points, "minutes": used["minutes"] + working.minutes}
            assert used["points"] <= points_most
            assert used["minutes"] <= minutes_most
        totals.add(tuple(used.values()))
    minutes = min(minutes_most, sum(lengths))
    assert totals == {(min(points_most, minutes), minutes)}


# --- any rulebook ------------------------------------------------------------------------------------------------

RULEBOOKS = strategies.rulebooks(activities=("park", "cinema"), teams=("repairs",))
SERVED = st.builds(
    served,
    st.integers(1, 3000),
    activity=st.sampled_from(["park", "cinema"]),
    team=st.sampled_from([None, "repairs"]),
    evidence=st.sampled_from(Evidence),
)


def nothing_used(rulebook: Rulebook) -> dict[str, int]:
    return {cap.id: 0 for cap in rulebook.caps}


@given(RULEBOOKS, SERVED, st.integers(0, 600))
def test_more_minutes_never_give_fewer_points(rulebook: Rulebook, record: ServiceRecord, more: int) -> None:
    longer = attrs.evolve(
        record, intervals=(attrs.evolve(record.intervals[0], end=record.intervals[0].end + timedelta(minutes=more)),)
    )
    less, at_least = (award(rulebook, POINTS, SHANGHAI, each, nothing_used(rulebook)) for each in (record, longer))
    assert less.points <= at_least.points
    assert less.minutes <= at_least.minutes


@given(RULEBOOKS, SERVED, st.integers(0, 100), st.integers(0, 100))
def test_what_was_used_never_gives_more_points(rulebook: Rulebook, record: ServiceRecord, used: int, more: int) -> None:
    first, second = (
        award(rulebook, POINTS, SHANGHAI, record, {cap.id: amount for cap in rulebook.caps})
        for amount in (used, used + more)
    )
    assert second.points <= first.points
    assert second.minutes <= first.minutes


@given(RULEBOOKS, SERVED)
def test_a_working_is_whole_within_every_cap_and_says_why_when_there_is_nothing(
    rulebook: Rulebook, record: ServiceRecord
) -> None:
    working = award(rulebook, POINTS, SHANGHAI, record, nothing_used(rulebook))
    assert type(working.points) is int
    assert type(working.minutes) is int
    assert (working.nothing_because is None) is (working.points > 0)
    assert (working.lot is None) or working.points
    for cap in rulebook.caps:
        assert (working.minutes if cap.of == "minutes" else working.points) <= cap.at_most
    assert award(rulebook, POINTS, SHANGHAI, record, nothing_used(rulebook)) == working


@given(SERVED, st.fractions(Fraction(1, 10), 100, max_denominator=10), st.integers(0, 3))
def test_decimals_change_the_unit_and_not_the_worth(record: ServiceRecord, rate: Fraction, decimals: int) -> None:
    rules = attrs.evolve(RULES, accruals=(Accrual(id="a", per_hour=rate),))
    currency = Currency(id="points", decimals=decimals)
    whole, parts = award(rules, POINTS, SHANGHAI, record, {}), award(rules, currency, SHANGHAI, record, {})
    assert parts.points == whole.points * currency.scale


# --- ends --------------------------------------------------------------------------------------------------------


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


# --- what is no rule ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make, code", [
    (lambda: Accrual(id="a"), "one_rate"),
    (lambda: Accrual(id="a", per_hour=Fraction(1), fixed=Fraction(1)), "one_rate"),
    (lambda: Accrual(id="a", per_hour=Fraction(0)), "not_positive"),
    (lambda: Accrual(id="a", fixed=Fraction(-1)), "not_positive"),
    (lambda: Multiplier(id="m", times=Fraction(0)), "not_positive"),
    (lambda: Rounding(to=Fraction(0)), "not_positive"),
    (lambda: Cap(id="c", at_most=Fraction(0)), "not_positive"),
    (lambda: TimeRule(round_to_minutes=0), "not_positive"),
    (lambda: TimeRule(minimum_minutes=-1), "negative"),
    (lambda: Expiry(end_of=Period.YEAR, days=1), "one_expiry"),
    (lambda: Expiry(months=1, days=1), "one_expiry"),
    (lambda: Expiry(end_of=Period.EVER), "one_expiry"),
    (lambda: Expiry(months=0), "not_positive"),
    (lambda: Expiry(days=0), "not_positive"),
    (lambda: Expiry(end_of=Period.YEAR, after=-1), "negative"),
    (lambda: Expiry(end_of=Period.YEAR, after=1001), "too_large"),
    (lambda: Expiry(months=12_001), "too_large"),
    (lambda: Expiry(days=366_001), "too_large"),
    (lambda: RedemptionRule(hold_days=0), "not_positive"),
    (lambda: RedemptionRule(hold_days=36_601), "too_large"),
    (lambda: RedemptionRule(grace_days=36_601), "too_large"),
    (lambda: RedemptionRule(grace_days=-1), "negative"),
    (lambda: RedemptionRule(days_of_month=(0,)), "bad_day_of_month"),
    (lambda: RedemptionRule(days_of_month=(32,)), "bad_day_of_month"),
    (lambda: RedemptionRule(days_of_month=(True,)), "bad_day_of_month"),
    (lambda: RedemptionRule(weekdays=(0,)), "bad_weekday"),
    (lambda: RedemptionRule(weekdays=(8,)), "bad_weekday"),
    (lambda: When(weekdays=(1.0,)), "bad_weekday"),  # type: ignore[arg-type]
    (lambda: attrs.evolve(RULES, until=date(2026, 1, 1)), "empty_rulebook"),
    (lambda: attrs.evolve(RULES, accruals=RULES.accruals * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, multipliers=(Multiplier(id="m", times=Fraction(2)),) * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, caps=(Cap(id="c", at_most=Fraction(2)),) * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, record_within_days=-1), "negative"),
    (lambda: attrs.evolve(RULES, since=datetime(2026, 1, 1, tzinfo=UTC)), "not_a_day"),
    (lambda: attrs.evolve(RULES, until=datetime(2027, 1, 1, tzinfo=UTC)), "not_a_day"),
    (lambda: When(first_day=datetime(2026, 1, 1, tzinfo=UTC)), "not_a_day"),
])  # fmt: skip
def test_what_is_no_rule_is_refused_where_it_is_made(make: Callable[[], object], code: str) -> None:
    assert code_of(make) == code


def test_the_longest_ends_lie_within_the_calendar() -> None:
    """Found by reading: an end after 100,000 months was taken, and broke the first award."""
    last = date(2999, 12, 31)
    for expiry in (Expiry(end_of=Period.YEAR, after=1000), Expiry(months=12_000), Expiry(days=366_000)):
        ends = expiry.ends(last, SHANGHAI)
        assert ends is not None
        assert ends.year > 3900


@pytest.mark.parametrize("value", [1.5, True, "abc", None, "1e5", "1/0", [], float("inf")])
def test_rates_are_exact_numbers(value: Any) -> None:  # noqa: ANN401 - anything but an exact number
    for make in (
        lambda: Multiplier(id="m", times=value),
        lambda: Cap(id="c", at_most=value),
        lambda: Rounding(to=value),
        lambda: Accrual(id="a", fixed=value),
    ):
        assert code_of(make) in {"not_exact", "one_rate"}


@pytest.mark.parametrize("value", [10, "10", "10.0", "20/2", Decimal(10), Fraction(10)])
def test_a_rate_is_taken_however_it_is_written(value: Any) -> None:  # noqa: ANN401 - whatever is exact
    assert Accrual(id="hours", per_hour=value) == RULES.accruals[0]


# --- versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day, covered", [
    (date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False),
])  # fmt: skip
def test_a_version_covers_from_its_first_day_to_before_its_end(day: date, covered: bool) -> None:  # noqa: FBT001
    assert attrs.evolve(RULES, until=date(2027, 1, 1)).covers(day) is covered
    assert RULES.covers(day) is (day >= RULES.since)


@given(RULEBOOKS, RULEBOOKS)
def test_a_hash_is_that_of_the_text_and_of_no_other(one: Rulebook, other: Rulebook) -> None:
    assert (one.hash == other.hash) is (one == other)
    assert one.hash == attrs.evolve(one).hash
    assert attrs.evolve(one, title=f"{one.title}.").hash != one.hash


def test_limits_count_for_their_item_or_for_all() -> None:
    limits = (Limit(at_most=1, per=Period.DAY, item="rice"), Limit(at_most=2, per=Period.DAY), Limit(
        at_most=3, per=Period.DAY, item="soap"))  # fmt: skip
    rice = CatalogueItem(id="rice", name="", partner="grain", prices=(Price(points=1),))
    assert RedemptionRule(limits=limits).limits_for(rice) == limits[:2]


@pytest.mark.parametrize("days, weekdays, is_open", [
    ((), (), True), ((14,), (), True), ((15,), (), False), ((), (6,), True), ((), (7,), False), ((14,), (7,), False),
    ((15,), (6,), False), ((14,), (6,), True),
])  # fmt: skip
def test_a_redemption_day_fits_the_month_and_the_week(
    days: tuple[int, ...],
    weekdays: tuple[int, ...],
    is_open: bool,  # noqa: FBT001
) -> None:
    assert RedemptionRule(days_of_month=days, weekdays=weekdays).open_on(SATURDAY) is is_open
