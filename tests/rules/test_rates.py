"""Rates: whole blocks, stages, running totals, quantities."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.records import (
    RULES,
    served,
    timeless,
    worked_out,
)
from volunteer_points.model import Of, Reading, Whose
from volunteer_points.rules import Accrual, Cap, Expiry, Rate, ServiceRecord, Stage, When, Working, needed


def rated(service: ServiceRecord, rate: Rate, *, when: When = When(), **more: Any) -> Working:  # noqa: ANN401
    """What a rate alone gives for a record."""
    return worked_out(service, accruals=(Accrual(id="r", rate=rate, when=when),), **more)


@pytest.mark.parametrize("rate, minutes, points", [
    (Rate(points=4), 90, 6),
    (Rate(points=4, whole=True), 119, 4),
    (Rate(points=4, whole=True), 120, 8),
    (Rate(points=5, each=2, whole=True), 359, 10),
    (Rate(points=5, each=Fraction(3, 2)), 90, 5),
    (Rate(of=Of.MINUTES, points=1, each=30, whole=True), 89, 2),
    (Rate(of=Of.TIMES, points=7), 1, 7),
    (Rate(at_least=1, at_most=2, points=10), 59, 0),
    (Rate(at_least=1, at_most=2, points=10), 60, 10),
    (Rate(at_least=1, at_most=2, points=10), 120, 20),
    (Rate(at_least=1, at_most=2, points=10), 121, 0),
])  # fmt: skip
def test_a_rate_pays_for_each_block_or_for_whole_ones_alone(rate: Rate, minutes: int, points: int) -> None:
    working = rated(served(minutes), rate)
    assert (working.points, working.nothing_because) == (points, None if points else "out_of_range")


STAGES = Rate(stages=(Stage(above=2, plus=10), Stage(above=4, points=4), Stage(above=6, points=1)))


@pytest.mark.parametrize("hours, points", [
    (1, 0), (Fraction(239, 120), 0), (2, 10), (3, 10), (4, 10), (5, 14), (6, 18), (8, 20), (Fraction(11, 2), 16),
])  # fmt: skip
def test_a_stage_pays_once_for_reaching_it_and_for_each_block_above_it(hours: Fraction, points: int) -> None:
    assert STAGES.value(Fraction(hours)) == points


def test_whole_blocks_of_a_stage_begin_where_it_begins() -> None:
    rate = Rate(whole=True, each=2, stages=(Stage(above=0, points=1), Stage(above=3, points=10)))
    assert [rate.value(Fraction(hours)) for hours in (0, 2, 3, 4, 5, 7)] == [0, 1, 1, 1, 11, 21]


def test_a_stage_from_nought_pays_nothing_for_nothing() -> None:
    assert Rate(stages=(Stage(above=0, plus=5),)).value(Fraction(0)) == 0


@pytest.mark.parametrize("before, minutes, points", [
    (0, 60, 0), (0, 50 * 60, 0), (49 * 60, 120, 10), (50 * 60, 60, 10), (49 * 60 + 30, 60, 5), (80 * 60, 90, 15),
])  # fmt: skip
def test_the_first_hours_of_a_window_are_owed(before: int, minutes: int, points: int) -> None:
    owed = Rate(over="year", stages=(Stage(above=50, points=10),))
    assert rated(served(minutes), owed, measured={"hours": before}).points == points


@pytest.mark.parametrize("before, points", [(0, 0), (59, 0), (60, 3), (119, 3), (120, 0), (180, 3)])
def test_two_halves_of_a_block_make_a_whole_one(before: int, points: int) -> None:
    rate = Rate(over="ever", each=2, whole=True, points=3)
    assert rated(served(60), rate, measured={"hours": before}).points == points


def test_a_running_total_is_that_of_the_activities_which_the_rule_names() -> None:
    rate = Rate(over="month", points=1)
    for when, activities in ((When(), ()), (When(activities=("park", "tea")), ("park", "tea"))):
        rules = attrs.evolve(RULES, accruals=(Accrual(id="r", rate=rate, when=when),))
        [reading] = needed(rules, served(60))
        assert reading == Reading(Of.HOURS, "", activities, Whose.VOLUNTEER, date(2026, 3, 1), date(2026, 4, 1))
    elsewhere = Accrual(id="r", rate=rate, when=When(activities=("tea",)))
    assert needed(attrs.evolve(RULES, accruals=(elsewhere,)), served(60)) == ()


@given(st.lists(st.integers(1, 20).map(lambda halves: 30 * halves), min_size=1, max_size=6), st.sampled_from([
    Rate(over="ever", each=2, whole=True, points=3),
    Rate(over="ever", stages=(Stage(above=1, plus=10), Stage(above=2, points=4), Stage(above=7, points=8))),
    Rate(over="ever", stages=(Stage(above=0, points=2), Stage(above=5, points=1)), whole=True),
]))  # fmt: skip
def test_a_running_rate_gives_the_same_however_the_service_is_split(lengths: list[int], rate: Rate) -> None:
    total = before = 0
    for minutes in lengths:
        total += rated(served(minutes), rate, measured={"hours": before}).points
        before += minutes
    assert total == rate.value(Fraction(before, 60))


@pytest.mark.parametrize("record, points, because", [
    (timeless(("ml", 400)), 8, None),
    (timeless(("ml", 399)), 4, None),
    (timeless(("ml", 199)), 0, "out_of_range"),
    (timeless(("ml", 801)), 0, "out_of_range"),
    (timeless(("kg", 400)), 0, "out_of_range"),
    (timeless(), 0, "out_of_range"),
    (served(60, details=timeless(("ml", 400)).details), 8, None),
])  # fmt: skip
def test_a_quantity_is_paid_within_its_bounds_whether_or_not_time_was_served(
    record: ServiceRecord, points: int, because: str | None
) -> None:
    blood = Rate(of=Of.QUANTITY, unit="ml", each=200, points=4, whole=True, at_least=200, at_most=800)
    working = rated(record, blood)
    assert (working.points, working.minutes, working.nothing_because) == (points, record.minutes, because)


def test_a_record_without_times_earns_what_is_fixed_and_by_the_hour_nothing() -> None:
    assert worked_out(timeless(), accruals=(Accrual(id="referral", fixed=Fraction(2)),)).points == 2
    assert worked_out(timeless()).nothing_because == "earns_nothing"


def test_a_deduction_is_whole_without_an_end_and_no_cap_touches_it() -> None:
    caps = (Cap(id="daily", at_most=Fraction(1)),)
    working = worked_out(timeless(), accruals=(Accrual(id="absent", fixed=Fraction(-60)),), caps=caps,
                         expiry=Expiry(days=1))  # fmt: skip
    assert (working.points, working.lot, working.nothing_because) == (-60, None, None)
    by_rate = Rate(of=Of.QUANTITY, unit="strikes", points=-5)
    assert rated(timeless(("strikes", 3)), by_rate).points == -15


def test_an_amount_that_is_out_of_range_adds_nothing_and_leaves_the_rest() -> None:
    trees = Accrual(id="trees", rate=Rate(of=Of.QUANTITY, unit="trees", points=1, at_least=3), also=True)
    working = worked_out(served(60, details=timeless(("trees", 2)).details), accruals=(*RULES.accruals, trees))
    assert working.points == 10
    assert [step.did for step in working.steps] == ["measured", "per_hour", "out_of_range"]


def test_a_rate_of_hours_without_any_is_nought_and_one_of_a_quantity_out_of_range() -> None:
    hours = Accrual(id="rated", rate=Rate(of=Of.HOURS, points=Fraction(2)))
    working = worked_out(timeless(), accruals=(hours,))
    assert (working.points, working.nothing_because) == (0, "earns_nothing")
    litres = Accrual(id="rated", rate=Rate(of=Of.QUANTITY, unit="ml", points=Fraction(2), at_least=Fraction(1)))
    working = worked_out(timeless(), accruals=(litres,))
    assert working.nothing_because == "out_of_range"
    assert (working.steps[-1].before, working.steps[-1].after) == ("0", "")
