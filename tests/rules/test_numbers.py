"""Rounding of exact numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.records import (
    RULES,
    code_of,
)
from volunteer_points.rules import Accrual, Cap, Direction, Multiplier, Rounding, rounded


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
