"""Milestones: marks that pay once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.records import (
    RULES,
    code_of,
    served,
    steps_of,
    timeless,
    worked_out,
)
from volunteer_points.model import Of, Reading, Whose
from volunteer_points.rules import Accrual, Cap, Mark, Milestone, Rounding, Working, needed

STARS = Milestone(
    id="stars", of=Of.HOURS, marks=(Mark(at=100, points=20), Mark(at=200, points=50), Mark(at=300, points=100))
)
"""Twenty points at a hundred hours, fifty at two hundred, a hundred at three hundred."""


def with_marks(minutes: int, milestone: Milestone = STARS, **measured: int) -> Working:
    """What hours in the park give with a milestone: ten an hour and its marks."""
    return worked_out(served(minutes), milestones=(milestone,), measured=measured)


@pytest.mark.parametrize("before, paid, points, counted", [
    (98, 0, 10, 0), (99, 0, 30, 1), (99, 1, 10, 0), (100, 1, 10, 0), (199, 1, 60, 1), (199, 0, 80, 2), (299, 2, 110, 1),
    (500, 0, 180, 3), (500, 3, 10, 0),
])  # fmt: skip
def test_a_mark_is_paid_when_it_is_reached_and_was_not_paid_before(
    before: int, paid: int, points: int, counted: int
) -> None:
    working = with_marks(60, hours=before * 60, quantity=paid)
    assert (working.points, dict(working.counted)) == (points, {STARS.counter: counted} if counted else {})


def test_a_mark_that_was_paid_is_not_paid_again_when_hours_were_taken_back_and_served_anew() -> None:
    """The books count what was paid, so that a second crossing finds it."""
    first = with_marks(120, hours=99 * 60)
    assert (first.points, first.counted) == (40, ((STARS.counter, 1),))
    assert with_marks(120, hours=99 * 60, quantity=1).counted == ()


@pytest.mark.parametrize(
    "before, paid, counted", [(0, 0, 0), (9, 0, 1), (10, 1, 0), (19, 1, 1), (39, 1, 3), (15, 2, 0)]
)
def test_every_so_many_pays_again_and_again(before: int, paid: int, counted: int) -> None:
    every = Milestone(id="ten", of=Of.TIMES, every=10, points=5)
    working = with_marks(60, every, times=before, quantity=paid)
    assert working.points == 10 + 5 * counted
    assert dict(working.counted) == ({every.counter: counted} if counted else {})


def test_a_milestone_looks_at_its_own_window_for_what_was_done_and_for_what_was_paid() -> None:
    yearly = attrs.evolve(STARS, over="year", activities=("park",))
    done, paid = needed(attrs.evolve(RULES, milestones=(yearly,)), served(60))
    year = (date(2026, 1, 1), date(2027, 1, 1))
    assert done == Reading(Of.HOURS, "", ("park",), Whose.VOLUNTEER, *year)
    assert paid == Reading(Of.QUANTITY, STARS.counter, (), Whose.VOLUNTEER, *year)


def test_other_activities_do_not_reach_a_mark() -> None:
    tea = attrs.evolve(STARS, activities=("tea",))
    assert with_marks(60, tea, hours=99 * 60).points == 10
    assert with_marks(60, tea, hours=100 * 60).points == 10
    assert with_marks(60, attrs.evolve(STARS, activities=("tea", "park")), hours=99 * 60).points == 30


def test_marks_of_points_count_what_this_record_earns_in_their_currency() -> None:
    earned = Milestone(id="e", of=Of.EARNED, every=100, points=7)
    assert with_marks(60, earned, earned=89).points == 10
    assert with_marks(60, earned, earned=90).points == 17
    other = attrs.evolve(earned, unit="gift")
    assert with_marks(60, other, earned=99).points == 10


def test_marks_of_minutes_and_of_quantities_are_reached() -> None:
    assert with_marks(60, Milestone(id="m", of=Of.MINUTES, every=100, points=7), hours=40).points == 17
    milestone = Milestone(id="m", of=Of.QUANTITY, unit="ml", marks=(Mark(at=400, points=9),))
    record = timeless(("ml", 400))
    working = worked_out(record, accruals=(Accrual(id="a", fixed=Fraction(1)),), milestones=(milestone,))
    assert working.points == 10


def test_a_milestone_comes_after_the_rounding_and_before_the_caps() -> None:
    caps = (Cap(id="record", at_most=Fraction(25), per="record"),)
    working = worked_out(served(65), milestones=(STARS,), caps=caps, measured={"hours": 99 * 60})
    assert steps_of(working)[-3:] == [
        ("rounding", "points_rounded", "65/6", "10"),
        ("stars", "milestone", "10", "30"),
        ("record", "capped", "30", "25"),
    ]


def test_a_milestone_finer_than_the_currency_is_told() -> None:
    fine = Milestone(id="m", every=1, points=Fraction(1, 3))
    assert code_of(lambda: with_marks(60, fine)) == "finer_than_currency"


@given(st.lists(st.integers(1, 90_000), min_size=1, max_size=6), st.sampled_from([
    STARS, Milestone(id="ten", every=10, points=5), Milestone(id="m", of=Of.MINUTES, every=7, points=1),
]))  # fmt: skip
def test_all_marks_are_paid_once_however_the_service_is_split(lengths: list[int], milestone: Milestone) -> None:
    before = paid = bonus = 0
    for minutes in lengths:
        working = worked_out(served(minutes), milestones=(milestone,), rounding=Rounding(to=10**9),
                             measured={"hours": before, "quantity": paid})  # fmt: skip
        before, paid, bonus = before + minutes, paid + sum(dict(working.counted).values()), bonus + working.points
    reached = milestone.reached(Fraction(before, 1 if milestone.of is Of.MINUTES else 60))
    assert paid == reached
    assert bonus == milestone.pays(0, reached)
