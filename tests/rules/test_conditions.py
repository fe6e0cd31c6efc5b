"""Conditions, windows and ladders: what the books must show."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.records import (
    SATURDAY,
    code_of,
    served,
    worked_out,
)
from volunteer_points.model import (
    Condition,
    Currency,
    Facts,
    Ladder,
    Level,
    Of,
    Reading,
    Shown,
    Whose,
    ladder_named,
    number_text,
    readings,
    window_around,
)

STARS = Ladder(
    id="stars",
    levels=tuple(
        Level(
            id=f"star-{n}",
            conditions=(
                Condition(id=f"h{n}", of=Of.HOURS, at_least=100 * n),
                Condition(id=f"p{n}", of=Of.EARNED, at_least=1000 * n),
            ),
        )
        for n in (1, 2, 3)
    ),
)


def facts(
    *conditions: Condition, tags: tuple[str, ...] = (), ladders: tuple[Ladder, ...] = (), **measured: int
) -> Facts:
    """What is known on the Saturday: measures by what they count, in minutes and smallest parts."""
    values = {reading: measured.get(str(reading.of), 0) for reading in readings(conditions, ladders, SATURDAY)}
    return Facts(SATURDAY, frozenset(tags), ladders, values, {"points": 10, "gift": 1})


def met(condition: Condition, **known: Any) -> bool:  # noqa: ANN401 - tags, ladders and measures
    return facts(condition, **known).shown(condition).met


@pytest.mark.parametrize("of, unit, one", [
    (Of.HOURS, "", 60), (Of.MINUTES, "", 1), (Of.TIMES, "", 1), (Of.EARNED, "points", 10), (Of.AVAILABLE, "points", 10),
    (Of.BALANCE, "gift", 1), (Of.SPENT, "points", 10), (Of.REDEMPTIONS, "", 1), (Of.QUANTITY, "ml", 1),
    (Of.RECORDS, "", 1), (Of.MONTHS, "", 1),
])  # fmt: skip
def test_each_measure_is_held_against_its_bounds_as_people_write_it(of: Of, unit: str, one: int) -> None:
    least, below = Condition(id="a", of=of, unit=unit, at_least=3), Condition(id="b", of=of, unit=unit, below=3)
    read_as = "hours" if of is Of.MINUTES else str(of)
    for amount, reached in ((0, False), (3 * one - 1, False), (3 * one, True), (4 * one, True)):
        assert met(least, **{read_as: amount}) is reached
        assert met(below, **{read_as: amount}) is not reached


def test_every_measure_is_tried() -> None:
    tried = {Of.HOURS, Of.MINUTES, Of.TIMES, Of.EARNED, Of.AVAILABLE, Of.BALANCE, Of.SPENT, Of.REDEMPTIONS, Of.QUANTITY,
             Of.RECORDS, Of.MONTHS}  # fmt: skip
    assert tried == set(Of)


@pytest.mark.parametrize(
    "hours, points, holds", [(210, 2150, True), (210, 2099, False), (206, 2060, True), (0, 0, True)]
)
def test_ten_points_for_each_hour(hours: int, points: int, holds: bool) -> None:  # noqa: FBT001
    ratio = Condition(id="ratio", of=Of.AVAILABLE, at_least=10, for_each=Of.HOURS)
    assert met(ratio, hours=hours * 60, available=points * 10) is holds
    assert met(attrs.evolve(ratio, at_least=None, below=10), hours=hours * 60, available=points * 10) is not holds


def test_bounds_may_both_be_given() -> None:
    band = Condition(id="band", of=Of.TIMES, at_least=2, below=4)
    assert [met(band, times=times) for times in (1, 2, 3, 4)] == [False, True, True, False]
    assert facts(band, times=1).shown(band) == Shown(
        condition=band, met=False, wanted="≥ 2 < 4", found="1", missing="1"
    )


def test_one_of_the_tags_is_enough_and_none_of_the_others_may_be_there() -> None:
    one = Condition(id="c", tags=("senior", "party"))
    assert [met(one, tags=tags) for tags in ((), ("party",), ("student", "senior"), ("student",))] == [
        False,
        True,
        True,
        False,
    ]
    none = Condition(id="c", without_tags=("barred", "away"))
    assert [met(none, tags=tags) for tags in ((), ("party",), ("away", "party"))] == [True, True, False]
    assert facts(tags=("away", "party")).shown(none).found == "away"


def test_all_that_a_condition_names_must_hold() -> None:
    both = Condition(id="c", of=Of.TIMES, at_least=1, tags=("a",), without_tags=("b",), ladder="stars", level="star-1")
    known: dict[str, Any] = {"tags": ("a",), "ladders": (STARS,), "times": 1, "hours": 6000, "earned": 10_000}
    assert met(both, **known)
    for change in ({"times": 0}, {"tags": ()}, {"tags": ("a", "b")}, {"hours": 5999}, {"earned": 9999}):
        assert not met(both, **{**known, **change})


@pytest.mark.parametrize("hours, points, level", [
    (0, 0, None), (99, 5000, None), (100, 1000, 0), (200, 1999, 0), (200, 2000, 1), (210, 2150, 1), (300, 3000, 2),
    (900, 9000, 2),
])  # fmt: skip
def test_the_level_is_the_highest_whose_conditions_all_hold(hours: int, points: int, level: int | None) -> None:
    asks = Condition(id="c", ladder="stars", level="star-2")
    known = facts(asks, ladders=(STARS,), hours=hours * 60, earned=points * 10)
    assert known.level(STARS) == level
    shown = known.shown(asks)
    assert shown.met is (level is not None and level >= 1)
    assert (shown.wanted, shown.found) == ("star-2", "" if level is None else f"star-{level + 1}")


def test_a_level_is_reached_whatever_lies_below_it() -> None:
    ladder = Ladder(id="l", levels=(
        Level(id="low", conditions=(Condition(id="a", of=Of.TIMES, at_least=5),)),
        Level(id="high", conditions=(Condition(id="b", tags=("named",)),)),
    ))  # fmt: skip
    assert facts(*(each for level in ladder.levels for each in level.conditions), tags=("named",)).level(ladder) == 1


def test_the_first_condition_that_does_not_hold_is_told() -> None:
    conditions = tuple(
        Condition(id=name, of=Of.TIMES, at_least=least) for name, least in (("a", 1), ("b", 3), ("c", 2))
    )
    known = facts(*conditions, times=1)
    unmet = known.unmet(conditions)
    assert unmet is not None
    assert unmet.condition.id == "b"
    assert known.unmet(conditions[:1]) is None


@pytest.mark.parametrize("day, over, since, until", [
    ("2026-03-14", "day", "2026-03-14", "2026-03-15"),
    ("2026-03-14", "half_year", "2026-01-01", "2026-07-01"),
    ("2026-03-14", "1 days", "2026-03-14", "2026-03-15"),
    ("2026-03-14", "90 days", "2025-12-15", "2026-03-15"),
    ("2026-03-31", "1 months", "2026-03-01", "2026-04-01"),
    ("2026-03-30", "1 months", "2026-03-01", "2026-03-31"),
    ("2028-02-29", "12 months", "2027-03-01", "2028-03-01"),
    ("2028-02-29", "1 years", "2027-03-01", "2028-03-01"),
    ("2028-02-29", "4 years", "2024-03-01", "2028-03-01"),
    ("2026-01-01", "2 years", "2024-01-02", "2026-01-02"),
])  # fmt: skip
def test_a_window_holds_the_day_and_so_many_before_it(day: str, over: str, since: str, until: str) -> None:
    assert window_around(date.fromisoformat(day), over) == (date.fromisoformat(since), date.fromisoformat(until))


def test_ever_is_without_bounds_and_so_is_a_window_longer_than_the_calendar() -> None:
    assert window_around(SATURDAY, "ever") == (None, None)
    assert window_around(SATURDAY, "99999 years")[0] is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 400), st.sampled_from(["days", "months", "years"]))
def test_a_rolling_window_ends_with_the_day_and_is_longer_for_more(day: date, number: int, unit: str) -> None:
    since, until = window_around(day, f"{number} {unit}")
    longer, _ = window_around(day, f"{number + 1} {unit}")
    assert until == day + timedelta(days=1)
    assert since is not None
    assert longer is not None
    assert longer < since <= day
    if unit == "years":
        assert (since, until) == window_around(day, f"{12 * number} months")


@pytest.mark.parametrize("over", ["0 days", "-1 days", "1 weeks", "day ", "1.5 months", "100000 days", "", 7, None])
def test_what_is_no_window_is_refused(over: Any) -> None:  # noqa: ANN401 - anything
    assert code_of(lambda: Condition(id="c", of=Of.TIMES, at_least=1, over=over)) == "bad_window"


@pytest.mark.parametrize("given_as, code", [
    ({}, "condition_empty"),
    ({"of": Of.TIMES}, "condition_unclear"),
    ({"at_least": 1}, "condition_unclear"),
    ({"below": 1}, "condition_unclear"),
    ({"ladder": "stars"}, "condition_unclear"),
    ({"level": "star-1"}, "condition_unclear"),
    ({"of": Of.TIMES, "at_least": 1.5}, "not_exact"),
    ({"tags": ("a",), "clause": "x" * 501}, "not_text"),
])  # fmt: skip
def test_what_is_no_condition_is_refused(given_as: dict[str, Any], code: str) -> None:
    assert code_of(lambda: Condition(id="c", **given_as)) == code


def test_a_ladder_does_not_stand_on_a_ladder() -> None:
    level = Level(id="a", conditions=(Condition(id="c", ladder="stars", level="star-1"),))
    assert code_of(lambda: Ladder(id="l", levels=(level,))) == "ladder_within_ladder"


def test_what_is_at_the_moment_has_no_window() -> None:
    for of in (Of.AVAILABLE, Of.BALANCE, Of.MONTHS):
        [reading] = Condition(id="c", of=of, at_least=1, over="year").readings(SATURDAY)
        assert (reading.since, reading.until) == (None, None)
    [reading] = Condition(id="c", of=Of.HOURS, at_least=1, over="year", whose=Whose.TEAM, activities=("tea",)).readings(
        SATURDAY
    )
    assert reading == Reading(Of.HOURS, "", ("tea",), Whose.TEAM, date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize("number, text", [
    ("0", "0"), ("5/2", "2.5"), ("-5/2", "-2.5"), ("-1/4", "-0.25"), ("1/3", "1/3"), ("7", "7"),
    ("1000001/1000000", "1.000001"),
])  # fmt: skip
def test_numbers_are_written_as_people_do(number: str, text: str) -> None:
    assert number_text(Fraction(number)) == text
    assert Fraction(text) == Fraction(number)


def test_a_window_of_months_that_begins_before_the_calendar_has_no_first_day() -> None:
    assert window_around(date(2, 1, 15), "11 months")[0] == date(1, 2, 16)
    assert window_around(date(2, 1, 15), "12 months")[0] is None


def test_a_ladder_that_is_not_there_is_told() -> None:
    assert code_of(lambda: ladder_named((), "stars")) == "unknown_ladder"


def test_what_was_earned_is_measured_in_the_parts_of_its_currency() -> None:
    """Twenty-five tenths are two and a half."""
    currencies, wanted = (Currency(id="points", decimals=1),), Condition(id="c", of=Of.EARNED, at_least="5/2")
    enough, short = (
        worked_out(served(60), currencies=currencies, measured={"earned": earned}, conditions=(wanted,))
        for earned in (25, 24)
    )
    assert (enough.points, short.points) == (100, 0)
    assert short.steps[-1].did == "condition_unmet"
