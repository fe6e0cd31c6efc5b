"""An item may only ask for what its rulebook counts."""

import pytest

from volunteer_points.programme_file import check

PARK = """
name = "Park"
zone = "Asia/Shanghai"
founders = ["ann", "bob"]
structure = { label = "free", slots = [] }
activities = [{ id = "weeding", name = "Weeding" }]
partners = [{ id = "shop", name = "Shop" }]
rulebooks = [{ id = "1", since = 2026-01-01, accruals = [{ id = "hours", per_hour = 10 }]MORE }]
[[catalogue]]
id = "rice"
name = "Rice"
partner = "shop"
prices = 2
conditions = [{ id = "some", of = "OF", below = 9 }]
"""


@pytest.mark.parametrize(
    "of, remedy",
    [
        ("spent", ', redemption = { limits = [{ at_most = 50, per = "year", of = "points" }] }'),
        ("spent", ', redemption = { conditions = [{ id = "any", of = "spent", at_least = 0 }] }'),
        ("times", ", counts_times = true"),
    ],
)
def test_an_item_that_asks_for_what_the_rulebook_does_not_count_is_told(of: str, remedy: str) -> None:
    (problem,) = check(PARK.replace("OF", of).replace("MORE", ""))
    assert problem.code == "does_not_fit"
    assert "rulebook 1 does not count" in problem.message
    assert check(PARK.replace("OF", of).replace("MORE", remedy)) == ()


def test_an_item_may_ask_for_what_is_always_counted() -> None:
    assert check(PARK.replace("OF", "earned").replace("MORE", "")) == ()
