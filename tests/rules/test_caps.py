"""What bounds an award."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.records import (
    RULES,
    SATURDAY,
    given_for,
    served,
    timeless,
    worked_out,
)
from volunteer_points.model import Condition, Of, Period, Reading, Whose
from volunteer_points.rules import Accrual, Cap, When, cap_reading, needed


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
    [reading] = needed(attrs.evolve(RULES, caps=caps), served(60))
    assert (reading.of, reading.since, reading.until) == (Of.EARNED, date(2026, 1, 1), date(2027, 1, 1))


def test_a_cap_looks_at_the_period_around_the_day_of_service() -> None:
    days = {
        Period.DAY: (SATURDAY, date(2026, 3, 15)),
        Period.WEEK: (date(2026, 3, 9), date(2026, 3, 16)),
        Period.MONTH: (date(2026, 3, 1), date(2026, 4, 1)),
        Period.QUARTER: (date(2026, 1, 1), date(2026, 4, 1)),
        Period.HALF_YEAR: (date(2026, 1, 1), date(2026, 7, 1)),
        Period.YEAR: (date(2026, 1, 1), date(2027, 1, 1)),
        Period.EVER: (None, None),
    }
    assert set(days) == set(Period)
    for per, (since, until) in days.items():
        for more, activities in (
            ({}, ()),
            ({"each_activity": True}, ("park",)),
            ({"activities": ("park", "tea")}, ("park", "tea")),
        ):
            cap = Cap(id="c", at_most=Fraction(1), per=per, **more)
            assert cap_reading(cap, "culture", served(60)) == Reading(
                Of.EARNED, "culture", activities, Whose.VOLUNTEER, since, until
            )


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


@pytest.mark.parametrize("used, points", [(0, 10), (1, 10), (2, 0), (3, 0)])
def test_a_cap_of_times_takes_a_record_or_leaves_it(used: int, points: int) -> None:
    cap = Cap(id="twice", of="times", at_most=Fraction(2))
    working = given_for(60, {"twice": used}, caps=(cap,))
    assert (working.points, working.minutes) == (points, 60)
    assert working.nothing_because == (None if points else "cap_reached")


@pytest.mark.parametrize("used, amount, points", [(0, 400, 4), (400, 400, 4), (401, 400, 0), (0, 801, 0), (800, 1, 0)])
def test_a_cap_of_a_quantity_takes_a_record_or_leaves_it(used: int, amount: int, points: int) -> None:
    cap = Cap(id="blood", of="quantity", unit="ml", at_most=Fraction(800), per="year")
    accruals = (Accrual(id="a", fixed=Fraction(4)),)
    assert worked_out(timeless(("ml", amount)), {"blood": used}, accruals=accruals, caps=(cap,)).points == points


@pytest.mark.parametrize("has, points", [(0, 10), (90, 10), (95, 5), (100, 0), (200, 0)])
def test_a_cap_of_the_balance_fills_it_up(has: int, points: int) -> None:
    cap = Cap(id="most", at_most=Fraction(100), per="balance")
    assert given_for(60, {"most": has}, caps=(cap,)).points == points
    assert cap_reading(cap, "points", served(60)) == Reading(Of.BALANCE, "points", pending=True)


@pytest.mark.parametrize("of, reading", [
    ("points", Reading(Of.EARNED, "culture")), ("minutes", Reading(Of.MINUTES)), ("times", Reading(Of.TIMES)),
    ("quantity", Reading(Of.QUANTITY, "ml")),
])  # fmt: skip
@pytest.mark.parametrize("whose", [Whose.VOLUNTEER, Whose.HOUSEHOLD, Whose.TEAM])
def test_each_kind_of_cap_looks_at_its_own_number_of_its_own_holder(of: str, reading: Reading, whose: Whose) -> None:
    cap = Cap(id="c", at_most=Fraction(1), of=of, unit="ml" if of == "quantity" else "", per="ever", whose=whose)
    assert cap_reading(cap, "culture", served(60)) == attrs.evolve(reading, whose=whose)


def test_a_cap_of_named_activities_leaves_the_others_alone() -> None:
    cap = Cap(id="tea", at_most=Fraction(1), activities=("tea", "walk"))
    assert given_for(60, caps=(cap,)).points == 10
    assert worked_out(served(60, activity="walk"), caps=(cap,)).points == 1
    assert needed(attrs.evolve(RULES, caps=(cap,)), served(60)) == ()


def test_a_cap_of_a_record_of_a_quantity_or_of_one_time_needs_no_books() -> None:
    caps = (Cap(id="q", of="quantity", unit="ml", at_most=Fraction(400), per="record"),)
    accruals = (Accrual(id="a", fixed=Fraction(4)),)
    assert worked_out(timeless(("ml", 401)), accruals=accruals, caps=caps).points == 0
    assert worked_out(timeless(("ml", 400)), accruals=accruals, caps=caps).points == 4


def test_what_a_deduction_took_makes_room_under_a_cap() -> None:
    working = given_for(60, {"daily": -5}, caps=(Cap(id="daily", at_most=Fraction(3)),))
    assert working.points == 8


def test_a_single_point_is_held_to_its_cap_too() -> None:
    assert given_for(6, {"daily": 1}, caps=(Cap(id="daily", at_most=Fraction(1)),)).points == 0


def test_all_that_can_matter_for_a_day_is_asked_for_whoever_served_and_how() -> None:
    there = When(teams=("x",), conditions=(Condition(id="c", of=Of.TIMES, at_least=1),))
    rules = attrs.evolve(RULES, accruals=(Accrual(id="there", per_hour=Fraction(1), when=there), *RULES.accruals))
    assert needed(rules, served(60)) == ()
    assert [reading.of for reading in needed(rules, served(60), at_most=True)] == [Of.TIMES]
