"""Our rules keep the laws of every rule, and give the numbers of our bylaws."""

from fractions import Fraction
from pathlib import Path

import pytest
from riverside_rules import LoyalPrice, RiverBank, Steady

from volunteer_points.model import OwnRules
from volunteer_points.programme_file import load
from volunteer_points.testing.own_rules import check_rule, given_for, served_with

BANK = {"each_metres": 10, "points": 2, "rest_after_hours": 20}
PRICE = {"full": 30, "off_each_hour": "1/4", "least": 10}


def test_the_rules_keep_the_laws() -> None:
    check_rule(RiverBank(), BANK, quantities=("metres",))
    check_rule(Steady(), {"months": 3}, rising=("hours",))
    check_rule(LoyalPrice(), PRICE, falling=("hours",))


@pytest.mark.parametrize("hours, points", [(0, 10), (19, 10), (20, 5)])
def test_ten_metres_give_two_points_and_half_to_who_has_done_a_lot(hours: int, points: int) -> None:
    given = given_for(RiverBank(), BANK, about=served_with(metres=50), hours=hours)
    assert RiverBank().apply(given).number == points


def test_a_price_falls_with_the_hours_to_the_least() -> None:
    prices = [LoyalPrice().apply(given_for(LoyalPrice(), PRICE, hours=hours)).number for hours in (0, 3, 1000)]
    assert prices == [30, Fraction(117, 4), 10]


def test_our_programme_file_names_them_as_they_are() -> None:
    rules = OwnRules.of(RiverBank(), Steady(), LoyalPrice())
    [rulebook] = load(Path(__file__).parents[1] / "programme.toml", own_rules=rules).rulebooks
    assert [accrual.own and accrual.own.rule for accrual in rulebook.accruals] == ["river-bank", None]
