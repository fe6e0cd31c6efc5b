"""What does not fit together within a rulebook and between it and the catalogue: each with its place and its remedy."""

from __future__ import annotations

from datetime import time
from typing import Any

import attrs
import pytest

from tests.decisions.community import DEFINITION, RULEBOOK, SATURDAY, definition
from volunteer_points.decisions.adoption import problems
from volunteer_points.decisions.fitting import misfits
from volunteer_points.model import (
    Condition,
    Currency,
    Item,
    Ladder,
    Level,
    Limit,
    LimitOf,
    Of,
    Period,
    Price,
    Team,
    Whose,
)
from volunteer_points.rules import (
    Accrual,
    Cap,
    Counts,
    Mark,
    Milestone,
    RedemptionRule,
    Route,
    Stream,
    TimeFactor,
    When,
)


def wants(of: Of = Of.HOURS, **more: Any) -> Condition:  # noqa: ANN401 - parts of a condition, by name
    return Condition(id="c", of=of, at_least=1, **more)


def on_item(condition: Condition) -> dict[str, Any]:
    item = Item(id="trip", name="", partner="grain", prices=(Price(points=1),), conditions=(condition,))
    return {"catalogue": (item,)}


def gift(**more: Any) -> Stream:  # noqa: ANN401 - parts of a stream, by name
    return Stream(id="gifts", currency="gift", accruals=(Accrual(id="one", fixed=1),), **more)


GIFTS: dict[str, Any] = {"currencies": (Currency(id="points"), Currency(id="gift"))}
ALONE = "which are not counted together; measure the volunteer, or count hours, times or points"
CALM = When(weekdays=(6,), counts=Counts.RECORD)
STARS = Ladder(id="stars", levels=(Level(id="one", conditions=(wants(),)),))


@pytest.mark.parametrize("rules, path, sentence", [
    ({"conditions": (wants(Of.RECORDS, whose=Whose.TEAM),)}, "conditions.0.whose",
     f"rulebook 2026, c: measures records of a team, {ALONE}"),
    ({"conditions": (wants(for_each=Of.MONTHS, whose=Whose.HOUSEHOLD),)}, "conditions.0.whose",
     f"rulebook 2026, c: measures months of a household, {ALONE}"),
    ({"conditions": (wants(each_activity=True),)}, "conditions.0.each_activity",
     ("rulebook 2026, c: measures each activity, which only conditions of recording do; "
      "leave out 'each_activity', or name the activities")),
    ({"redemption": RedemptionRule(conditions=(wants(whose=Whose.TEAM),))}, "redemption.conditions.0.whose",
     ("rulebook 2026, c: measures a team, but nobody redeems or has a level for a team; "
      "measure the volunteer or the household")),
    ({"conditions": (Condition(id="c", ladder="star", level="one"),), "ladders": (STARS,)}, "conditions.0.ladder",
     "rulebook 2026, c: unknown ladder 'star' in rulebook 2026. Did you mean 'stars'?"),
    ({"conditions": (Condition(id="c", ladder="stars", level="ome"),), "ladders": (STARS,)}, "conditions.0.level",
     "rulebook 2026, c: unknown level 'ome' of ladder stars. Did you mean 'one'?"),
    ({"caps": (Cap(id="c", at_most=1, overflow="gift"),)}, "caps.0.overflow",
     ("rulebook 2026, c: overflows into gift, which no stream of the rulebook earns; "
      'add a stream with currency = "gift"')),
    ({"streams": (gift(caps=(Cap(id="c", at_most=1, overflow="gift"),)),)}, "streams.0.caps.0.overflow",
     ("rulebook 2026, gifts, c: overflows into gift, which no later stream of the rulebook earns; "
      'add a stream with currency = "gift"')),
    ({"streams": (gift(caps=(Cap(id="c", at_most=1, of="minutes"),)),)}, "streams.0.caps.0.of",
     ("rulebook 2026, gifts, c: bounds minutes within a stream; "
      "minutes are counted once for all: put the cap among those of the rulebook")),
    ({"routes": (Route(id="r", when=When(from_time=time(9), until_time=time(10))),)}, "routes.0.when",
     "rulebook 2026, r: names hours, and a route takes a record as a whole; leave the hours out"),
    ({"time_factors": (TimeFactor(id="f", times=0, when=When(weekdays=(6,))),)}, "time_factors.0.when",
     'rulebook 2026, f: names days, and a time factor takes a record as a whole; add counts = "record"'),
    ({"routes": (Route(id="r", when=When(conditions=(wants(),))),)}, "routes.0.when",
     "rulebook 2026, r: has conditions, which no route looks at; put them among those of recording"),
    ({"milestones": (Milestone(id="m", every=1, points="1/2"),)}, "milestones.0.points",
     "rulebook 2026: milestone m pays 1/2, finer than points can hold; give it a multiple of its smallest part"),
    ({"streams": (gift(milestones=(Milestone(id="m", marks=(Mark(at=1, points="1/2"),)),)),)},
     "streams.0.milestones.0.marks",
     "rulebook 2026, gifts: milestone m pays 1/2, finer than gift can hold; give it a multiple of its smallest part"),
    ({"conditions": (wants(Of.EARNED, unit="gist"),)}, "conditions.0.unit",
     "rulebook 2026, c: unknown currency 'gist'. Did you mean 'gift'?"),
    ({"conditions": (wants(for_each=Of.EARNED, for_each_unit="gist"),)}, "conditions.0.for_each_unit",
     "rulebook 2026, c: unknown currency 'gist'. Did you mean 'gift'?"),
    ({"redemption": RedemptionRule(limits=(Limit(at_most=1, per=Period.DAY, of=LimitOf.POINTS, currency="gist"),))},
     "redemption.limits.0.currency", "rulebook 2026: unknown currency 'gist'. Did you mean 'gift'?"),
    ({"source": "fund:care"}, "source", "rulebook 2026: unknown fund 'care'."),
    ({"routes": (Route(id="r", when=CALM),)}, "", ""),
    ({"caps": (Cap(id="c", at_most=1, overflow="gift"),), "streams": (gift(),)}, "", ""),
])  # fmt: skip
def test_what_does_not_fit_within_a_rulebook(rules: dict[str, Any], path: str, sentence: str) -> None:
    proposed = definition(rulebooks=(attrs.evolve(RULEBOOK, **rules),), **GIFTS)
    found = [(".".join(map(str, each.path[2:])), str(each)) for each in misfits(proposed, SATURDAY)]
    assert found == ([(path, sentence)] if sentence else [])


@pytest.mark.parametrize("condition, field, sentence", [
    (wants(whose=Whose.TEAM), "whose",
     "item trip, c: measures a team, but nobody redeems for a team; measure the volunteer or the household"),
    (wants(Of.SPENT), "of",
     ("item trip, c: measures what was spent, which rulebook 2026 does not count; "
      "give its redemption a condition on what was spent too, or a limit of points")),
    (wants(Of.HOURS, for_each=Of.TIMES), "of",
     "item trip, c: measures times, which rulebook 2026 does not count; write counts_times = true in the rulebook"),
    (Condition(id="c", ladder="stars", level="one"), "ladder",
     "item trip, c: unknown ladder 'stars' in rulebook 2026."),
    (wants(), "", ""),
])  # fmt: skip
def test_what_an_item_asks_for_is_counted_by_the_rulebook(condition: Condition, field: str, sentence: str) -> None:
    proposed = definition(**on_item(condition))
    found = [(each.path, str(each)) for each in misfits(proposed, SATURDAY)]
    assert found == ([(("catalogue", 0, "conditions", 0, field), sentence)] if sentence else [])


def test_a_worth_needs_a_rate_under_every_rulebook_that_is_not_over() -> None:
    item = Item(id="oil", name="", partner="grain", worth=3)
    over = attrs.evolve(RULEBOOK, id="2025", until=SATURDAY)
    found = list(misfits(definition(catalogue=(item,), rulebooks=(over, RULEBOOK)), SATURDAY))
    assert [(each.path, str(each)) for each in found] == [(
        ("catalogue", 0, "worth"),
        ("item oil: has a worth, but rulebook 2026 says nowhere what points are worth at grain; "
         "add an exchange to its redemption"),
    )]  # fmt: skip


def test_what_a_cap_counts_is_no_name_of_a_currency() -> None:
    rules = attrs.evolve(RULEBOOK, currency="stars", caps=(Cap(id="c", at_most=1),))
    proposed = attrs.evolve(DEFINITION, currencies=(Currency(id="stars"),), catalogue=(), rulebooks=(rules,))
    assert list(misfits(proposed, SATURDAY)) == []


def test_a_team_below_a_circle_is_not_in_it() -> None:
    above = {"a": "b", "b": "c", "c": "b"}
    teams = tuple(Team(id=team, name="", slot="special", parent=parent) for team, parent in above.items())
    told = [each for each in problems(attrs.evolve(DEFINITION, teams=teams), SATURDAY) if "below itself" in each]
    assert told == [f"team {team}: stands below itself; give it another parent or none" for team in "bc"]
