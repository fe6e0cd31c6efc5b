"""Which rules apply to a record."""

from __future__ import annotations

from datetime import time, timedelta
from fractions import Fraction
from itertools import permutations
from typing import Any

import attrs
import pytest

from tests.rules.records import (
    RULES,
    SATURDAY,
    given_for,
    served,
    served_between,
    steps_of,
    worked_out,
)
from volunteer_points.model import Condition, Details, Evidence, Of
from volunteer_points.rules import Accrual, Counts, Multiplier, TimeFactor, When

RECORD = served(
    60,
    activity_type="skilled",
    team="repairs",
    slot="special",
    tags=("senior", "party"),
    evidence=Evidence.SIGNED,
    details=Details(role="host", marks=("heavy", "hot"), rating="good", participants=20),
)


def given_by(named: dict[str, Any]) -> int:
    """The points of the record under a rule for such service alone."""
    return worked_out(RECORD, accruals=(Accrual(id="a", per_hour=10, when=When(**named)),)).points


@pytest.mark.parametrize("name, fitting, other", [
    ("activities", ("cinema", "park"), ("cinema",)),
    ("activity_types", ("skilled",), ("service",)),
    ("teams", ("repairs",), ("cooks",)),
    ("slots", ("special",), ("standing",)),
    ("tags", ("student", "senior"), ("student",)),
    ("evidence", (Evidence.SIGNED,), (Evidence.SELF, Evidence.MAKE_UP)),
    ("weekdays", (6,), (1, 2, 3, 4, 5, 7)),
    ("months", (3, 4), (2,)),
    ("first_day", SATURDAY, SATURDAY + timedelta(days=1)),
    ("last_day", SATURDAY, SATURDAY - timedelta(days=1)),
    ("without_tags", ("student",), ("student", "senior")),
    ("roles", ("host", "guest"), ("guest",)),
    ("marks", ("cold", "hot"), ("cold",)),
    ("without_marks", ("cold",), ("cold", "hot")),
    ("ratings", ("good",), ("poor",)),
    ("participants_at_least", 20, 21),
    ("participants_below", 21, 20),
    ("minutes_at_least", 60, 61),
    ("minutes_below", 61, 60),
])  # fmt: skip
def test_everything_that_is_named_must_fit(name: str, fitting: object, other: object) -> None:
    assert When().fits(RECORD)
    assert given_by({name: fitting}) == 10
    assert given_by({name: other}) == 0
    assert given_by({"activities": ("park",), name: other}) == 0
    assert given_by({name: fitting, "counts": Counts.RECORD}) == 10
    assert given_by({name: other, "counts": Counts.RECORD}) == 0


def test_a_record_without_team_and_slot_fits_no_rule_for_some() -> None:
    assert not When(teams=("repairs",)).fits(served(60))
    assert not When(slots=("special",)).fits(served(60))
    assert not When(tags=("senior",)).fits(served(60))


def test_the_first_accrual_that_fits_decides() -> None:
    special = Accrual(id="film", fixed=Fraction(5), when=When(activities=("cinema",)))
    general = Accrual(id="hours", per_hour=Fraction(10))
    for accruals, points in (((special, general), 5), ((general, special), 10)):
        assert worked_out(served(60, activity="cinema"), accruals=accruals).points == points
        assert worked_out(served(60), accruals=accruals).points == 10
    working = worked_out(served(60), accruals=(special,))
    assert (working.points, working.minutes, working.nothing_because) == (0, 60, "no_rule_fits")


TIMES = [Fraction(3, 2), Fraction(1, 3), Fraction(51, 50)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_all_multipliers_that_fit_are_applied_exactly_in_any_order(order: tuple[int, ...]) -> None:
    parts = [Multiplier(id=f"m-{n}", times=times) for n, times in enumerate(TIMES)]
    none = Multiplier(id="none", times=Fraction(100), when=When(activities=("cinema",)))
    working = given_for(1000, multipliers=(none, *(parts[place] for place in order)))
    assert working.points == int(Fraction(1000, 6) * TIMES[0] * TIMES[1] * TIMES[2])
    assert [step.rule for step in working.steps if step.did == "multiplied"] == [f"m-{place}" for place in order]


def test_of_multipliers_in_one_group_the_first_that_fits_is_applied() -> None:
    hot, heavy = (
        Multiplier(id=mark, times=times, group="burden", when=When(marks=(mark,)))
        for mark, times in (("hot", Fraction(2)), ("heavy", Fraction(3)))
    )
    other, alone = Multiplier(id="other", times=Fraction(5), group="else"), Multiplier(id="alone", times=Fraction(7))
    for multipliers, times in (
        ((hot, heavy), 2),
        ((heavy, hot), 3),
        ((hot, other, heavy, alone), 70),
        ((attrs.evolve(hot, when=When(marks=("cold",))), heavy), 3),
        ((attrs.evolve(hot, group=""), attrs.evolve(heavy, group="")), 6),
    ):
        assert worked_out(RECORD, multipliers=multipliers).points == 10 * times


def test_a_group_is_decided_for_each_stretch_of_hours_on_its_own() -> None:
    evening = Multiplier(id="evening", times=Fraction(3), group="g", when=When(from_time=time(18), until_time=time(22)))
    always = Multiplier(id="always", times=Fraction(2), group="g")
    record = served_between("2026-03-14T17:00+08:00", "2026-03-14T19:00+08:00")
    assert worked_out(record, multipliers=(evening, always)).points == 10 * 2 + 10 * 3
    assert worked_out(record, multipliers=(always, evening)).points == 20 * 2


def test_what_is_added_is_neither_first_nor_multiplied() -> None:
    accruals = (
        Accrual(id="hours", per_hour=Fraction(10)),
        Accrual(id="never", fixed=Fraction(100)),
        Accrual(id="lunch", fixed=Fraction(3), also=True),
        Accrual(id="hot", fixed=Fraction(-1, 2), also=True, when=When(marks=("hot",))),
        Accrual(id="cold", fixed=Fraction(50), also=True, when=When(marks=("cold",))),
    )
    working = worked_out(RECORD, accruals=accruals, multipliers=(Multiplier(id="m", times=Fraction(2)),))
    assert steps_of(working) == [
        ("time", "measured", "", "60"),
        ("hours", "per_hour", "60", "10"),
        ("m", "multiplied", "10", "20"),
        ("lunch", "added", "20", "23"),
        ("hot", "added", "23", "45/2"),
        ("rounding", "points_rounded", "45/2", "22"),
    ]


def test_an_addition_alone_is_enough() -> None:
    only = (Accrual(id="lunch", fixed=Fraction(3), also=True),)
    assert worked_out(RECORD, accruals=only).points == 3


def test_a_fixed_nought_says_that_such_service_earns_nothing() -> None:
    accruals = (Accrual(id="none", fixed=Fraction(0), when=When(tags=("senior",))), *RULES.accruals)
    working = worked_out(RECORD, accruals=accruals)
    assert (working.points, working.minutes, working.nothing_because) == (0, 60, "earns_nothing")
    assert worked_out(served(60), accruals=accruals).points == 10


def test_a_selector_looks_at_what_the_books_show() -> None:
    newcomer = When(conditions=(Condition(id="new", of=Of.HOURS, below=10),))
    accruals = (Accrual(id="new", per_hour=Fraction(20), when=newcomer), *RULES.accruals)
    for before, points in ((0, 20), (599, 20), (600, 10)):
        assert worked_out(RECORD, accruals=accruals, measured={"hours": before}).points == points
    factors = (Multiplier(id="m", times=Fraction(3), when=newcomer),)
    assert worked_out(RECORD, multipliers=factors, measured={"hours": 599}).points == 30
    scaled = (TimeFactor(id="f", times=Fraction(0), when=newcomer),)
    assert worked_out(RECORD, time_factors=scaled, measured={"hours": 599}).minutes == 0
    assert worked_out(RECORD, time_factors=scaled, measured={"hours": 600}).minutes == 60
