"""How minutes count."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import attrs
import pytest

from tests.rules.records import (
    BEGIN,
    given_for,
    served,
    served_between,
    steps_of,
    worked_out,
)
from volunteer_points.model import Details, Interval
from volunteer_points.rules import Accrual, Cap, Direction, Each, Step, TimeFactor, TimeRule, When


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
    working = worked_out(served(1, intervals=halves))
    assert (working.minutes, working.points) == (59, 9)


HALVES = ("2026-03-14T09:00+08:00", "2026-03-14T09:50+08:00", "2026-03-14T11:00+08:00", "2026-03-14T11:50+08:00")


@pytest.mark.parametrize("rule, counted", [
    (TimeRule(round_to_minutes=30), 90),
    (TimeRule(round_to_minutes=30, each=Each.INTERVAL), 60),
    (TimeRule(round_to_minutes=30, direction=Direction.UP), 120),
    (TimeRule(round_to_minutes=60, direction=Direction.UP, each=Each.INTERVAL), 120),
    (TimeRule(round_to_minutes=60, direction=Direction.UP), 120),
    (TimeRule(round_to_minutes=25, direction=Direction.UP, each=Each.INTERVAL), 100),
    (TimeRule(round_to_minutes=30, each=Each.INTERVAL, minimum_minutes=61), 0),
])  # fmt: skip
def test_an_interval_is_rounded_on_its_own_where_the_rulebook_says_so(rule: TimeRule, counted: int) -> None:
    assert worked_out(served_between(*HALVES), time=rule).minutes == counted


@pytest.mark.parametrize("minutes, rule, counted", [
    (240, TimeRule(break_after_minutes=240, break_minutes=30), 240),
    (241, TimeRule(break_after_minutes=240, break_minutes=30), 211),
    (20, TimeRule(break_after_minutes=10, break_minutes=30), 0),
    (300, TimeRule(break_after_minutes=240), 300),
])  # fmt: skip
def test_a_break_is_left_out_of_what_was_served_at_a_stretch(minutes: int, rule: TimeRule, counted: int) -> None:
    assert given_for(minutes, time=rule).minutes == counted


def test_each_stretch_that_is_long_enough_has_its_own_break() -> None:
    rule = TimeRule(break_after_minutes=45, break_minutes=10)
    assert worked_out(served_between(*HALVES), time=rule).minutes == 80
    assert worked_out(served_between(*HALVES), time=attrs.evolve(rule, break_after_minutes=50)).minutes == 100


@pytest.mark.parametrize("counts, minutes, points", [(False, 50, 8), (True, 80, 13)])
def test_the_way_counts_where_the_rulebook_says_so(counts: bool, minutes: int, points: int) -> None:  # noqa: FBT001
    working = worked_out(served(50, details=Details(travel_minutes=30)), time=TimeRule(travel_counts=counts))
    assert (working.minutes, working.points) == (minutes, points)
    assert [step.did for step in working.steps][1] == ("travel_added" if counts else "per_hour")


@pytest.mark.parametrize("minutes, planned, counted", [(79, 120, 0), (80, 120, 80), (79, None, 79), (120, 120, 120)])
def test_who_attended_too_little_of_what_was_planned_has_no_time(
    minutes: int, planned: int | None, counted: int
) -> None:
    record = served(minutes, details=Details(planned_minutes=planned))
    working = worked_out(record, time=TimeRule(attended_at_least=Fraction(2, 3)))
    assert (working.minutes, working.nothing_because) == (counted, None if counted else "no_time_counts")


@pytest.mark.parametrize("rating, minutes", [("good", 101), ("poor", 50), ("complaint", 0), ("", 101)])
def test_a_rating_scales_the_minutes_before_they_are_rounded(rating: str, minutes: int) -> None:
    factors = (
        TimeFactor(id="poor", times=Fraction(1, 2), when=When(ratings=("poor",))),
        TimeFactor(id="complaint", times=Fraction(0), when=When(ratings=("complaint",))),
    )
    working = worked_out(served(101, details=Details(rating=rating)), time_factors=factors)
    assert (working.minutes, working.points) == (minutes, minutes // 6)


def test_time_is_measured_lengthened_by_the_way_cut_by_breaks_scaled_rounded_and_capped_in_this_order() -> None:
    working = worked_out(
        served(100, details=Details(travel_minutes=31)),
        time=TimeRule(travel_counts=True, break_after_minutes=90, break_minutes=10, round_to_minutes=20),
        time_factors=(TimeFactor(id="twice", times=Fraction(2)),),
        caps=(Cap(id="most", of="minutes", at_most=Fraction(200), per="record"),),
    )
    assert steps_of(working)[:6] == [
        ("time", "measured", "", "100"),
        ("time", "travel_added", "100", "131"),
        ("time", "break_taken_off", "131", "121"),
        ("twice", "time_scaled", "121", "242"),
        ("time", "time_rounded", "242", "240"),
        ("most", "capped", "240", "200"),
    ]


def test_somebody_who_attended_too_little_is_told_what_was_planned() -> None:
    time = TimeRule(attended_at_least=Fraction(1, 2), minimum_minutes=5)
    service = served(29, details=Details(planned_minutes=60))
    assert worked_out(service, time=time).steps[-1].did == "attended_too_little"
    assert worked_out(served(4), time=time).steps[-1] == Step("time", "below_minimum", "4", "0", (("minimum", "5"),))
