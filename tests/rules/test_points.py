"""What a record earns."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.rules.records import (
    code_of,
    given_for,
)
from volunteer_points.rules import Cap, Direction, Multiplier, Rounding, TimeRule


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
