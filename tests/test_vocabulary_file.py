"""The whole vocabulary of rules in a programme file: everything is read, written, and held against everything else."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from fractions import Fraction
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings

from volunteer_points.canonical import digest
from volunteer_points.commands import Adopt, Definition
from volunteer_points.decisions import adoption
from volunteer_points.errors import Refused
from volunteer_points.programme import Programme
from volunteer_points.programme_file import check, dumps, loads
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.vocabulary import programmes

DAY = date(2026, 3, 1)

PROGRAMMES = int(os.environ.get("PROGRAMMES_DRAWN", "500"))
"""Ten thousand take longer than all other tests: ``PROGRAMMES_DRAWN=10000 pytest tests/test_vocabulary_file.py``."""


def reads_back(definition: Definition) -> None:
    text = dumps(definition)
    again = loads(text, day=DAY)
    assert again == definition
    assert [each.hash for each in again.rulebooks] == [each.hash for each in definition.rulebooks]
    assert digest(again) == digest(definition)
    assert dumps(again) == text


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_a_programme_with_any_provisions_reads_back_to_the_same_hash(definition: Definition) -> None:
    reads_back(definition)


@pytest.mark.slow
@pytest.mark.no_cover
@settings(max_examples=PROGRAMMES, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_very_many_programmes_read_back_to_the_same_hash(definition: Definition) -> None:
    reads_back(definition)


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_what_the_strategies_draw_can_be_adopted(definition: Definition) -> None:
    assert adoption.problems(definition, DAY) == ()


WHOLE = """\
name = "赛罕社区"
zone = "Asia/Shanghai"
run_by_one = "founder"
currencies = [{ id = "points", decimals = 1 }, { id = "gift" }]
funds = [{ id = "charity" }]
partners = [{ id = "shop", name = "粮油店" }]
activities = [{ id = "park", name = "公园清洁" }]
[structure]
label = "free"
slots = []
[[catalogue]]
id = "rice"
name = "大米"
partner = "shop"
prices = 20.5
special_prices = [{ points = 10.5, conditions = [{ id = "star", ladder = "stars", level = "one" }] }]
[[rulebooks]]
id = "2026"
since = 2026-01-01
source = "fund:charity"
recording = [{ id = "signed", of = "records", each_activity = true, over = "day", below = 4 }]
[[rulebooks.ladders]]
id = "stars"
[[rulebooks.ladders.levels]]
id = "one"
conditions = [{ id = "hours", of = "hours", at_least = 100 }, { id = "earned", of = "earned", at_least = 500 }]
[[rulebooks.accruals]]
id = "hours"
per_hour = 1
when = { activities = ["park"], conditions = [{ id = "idle", of = "times", below = 5, activities = ["park"] }] }
[[rulebooks.accruals]]
id = "late"
also = true
fixed = "-1/2"
[[rulebooks.milestones]]
id = "fifty"
every = 50
points = 2.5
[[rulebooks.caps]]
id = "held"
per = "balance"
at_most = 1500
overflow = "gift"
[[rulebooks.streams]]
id = "gifts"
currency = "gift"
to = "household"
[[rulebooks.routes]]
id = "short"
day_minutes_up_to = 480
automatic = true
[rulebooks.redemption]
limits = [{ at_most = 30.5, of = "points", per = "day" }]
exchange = [{ money = 3, partner = "shop" }]
"""


def test_the_whole_vocabulary_stands_in_one_file() -> None:
    definition = loads(WHOLE, day=DAY)
    item, rulebook = definition.catalogue[0], definition.rulebooks[0]
    assert (item.prices[0].points, item.special_prices[0].points) == (205, 105)
    assert rulebook.redemption.limits[0].at_most == 305
    assert rulebook.accruals[1].fixed == Fraction(-1, 2)
    reads_back(definition)


@pytest.mark.parametrize(
    "old, new, place, value, words",
    [
        ('activities = ["park"], cond', 'activities = ["prk"], cond', "rulebooks[0].accruals[0].when.activities[0]",
         '"prk"', "park"),
        ('below = 5, activities = ["park"]', 'below = 5, activities = ["prk"]',
         "rulebooks[0].accruals[0].when.conditions[0].activities[0]", '"prk"', "park"),
        ("fund:charity", "fund:charty", "rulebooks[0].source", '"charty"', "charity"),
        ('currency = "gift"', 'currency = "gifts"', "rulebooks[0].streams[0].currency", '"gifts"', "gift"),
        ('partner = "shop" }]\n', 'partner = "shp" }]\n', "rulebooks[0].redemption.exchange[0].partner", '"shp"',
         "shop"),
        ('of = "earned", at', 'of = "earned", unit = "gif", at', "rulebooks[0].ladders[0].levels[0].conditions[1].unit",
         '"gif"', "gift"),
        ('overflow = "gift"', 'overflow = "points"', "rulebooks[0].caps[0].overflow", '"points"', "stream"),
        ('level = "one"', 'level = "won"', "catalogue[0].special_prices[0].conditions[0].level", '"won"', "one"),
        ('ladder = "stars"', 'ladder = "star"', "catalogue[0].special_prices[0].conditions[0].ladder", '"star"',
         "stars"),
        ("points = 2.5", "points = 2.55", "rulebooks[0].milestones[0].points", "2.55", "smallest part"),
        ('to = "household"', 'to = "household"\nrounding = { to = 0.5 }', "rulebooks[0].streams[0].rounding.to", "1/2",
         "smallest part"),
        ("at_most = 30.5", "at_most = 30.55", "rulebooks[0].redemption.limits[0].at_most", "30.55", "1 decimals"),
        ("points = 10.5", "points = 10.55", "catalogue[0].special_prices[0].points", "10.55", "1 decimals"),
        ('to = "household"', 'to = "programme"', "rulebooks[0].streams[0].to", '"programme"', "team"),
        ('over = "day"', 'over = "days"', "rulebooks[0].recording[0].over", '"days"', "12 months"),
        ('over = "day"', 'whose = "programme"', "rulebooks[0].recording[0].whose", '"programme"', "household"),
        ('over = "day"', 'whose = "household"', "rulebooks[0].recording[0].whose", '"household"', "volunteer"),
        ("at_least = 100 }", "at_least = 100, each_activity = true }",
         "rulebooks[0].ladders[0].levels[0].conditions[0].each_activity", "true", "name the activities"),
        ("automatic = true", "automatic = true\nwhen = { weekdays = [1] }", "rulebooks[0].routes[0].when", "",
         "counts"),
        ('to = "household"', 'to = "household"\ncaps = [{ id = "m", of = "minutes", at_most = 60 }]',
         "rulebooks[0].streams[0].caps[0].of", '"minutes"', "rulebook"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_where_it_stands(old: str, new: str, place: str, value: str, words: str) -> None:
    assert old in WHOLE
    (problem,) = check(WHOLE.replace(old, new), day=DAY)
    assert (problem.place, problem.value) == (place, value)
    assert words in f"{problem.message} {problem.fix}"
    assert problem.line


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000_000, "a = 1e" + "9" * 1_000, "[" + "a." * 4_000_000 + "b]"])
def test_a_hostile_file_is_refused_at_once(text: str) -> None:
    began = monotonic()
    assert len(check(text)) == 1
    assert monotonic() - began < 2


@pytest.mark.parametrize(
    "keys, allowed",
    [
        ("", False),
        ("retroactive = true\n", False),
        ('retroactive = true\nretroactive_reason = " "\n', False),
        ('retroactive_reason = "approved in March"\n', False),
        ('retroactive = true\nretroactive_reason = "approved in March"\n', True),
    ],
)
def test_a_version_reaches_back_only_when_it_says_so_and_why(keys: str, *, allowed: bool) -> None:
    programme = Programme(MemoryStore("saihan"))
    first = loads(WHOLE, day=DAY)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    programme.execute(Adopt(definition=first, author="founder"), actor="founder", booked_at=at)
    later = (
        WHOLE[WHOLE.index("[[rulebooks]]") :].replace("2026-01-01\n", f"2026-02-01\n{keys}").replace('"2026"', '"b"')
    )
    adopt = Adopt(definition=loads(WHOLE + later, day=DAY), author="founder", what_if=f"2-{'0a' * 32}")
    if allowed:
        programme.execute(adopt, actor="founder", booked_at=at)
        return
    with pytest.raises(Refused) as caught:
        programme.execute(adopt, actor="founder", booked_at=at)
    assert caught.value.code == "definition_has_problems"
    assert "before today 2026-03-01" in str(caught.value.facts["problems"])
