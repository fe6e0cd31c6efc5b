"""What became of a redemption."""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs
import pytest

from tests.explain.happenings import REASON, approved, fact_of, held, known, plain_rules, stocked
from tests.histories import DEFINITION, History, at, begun
from volunteer_points import commands as c
from volunteer_points.entries import Approved, Held
from volunteer_points.explain import explain_redemption
from volunteer_points.explain.templates import Lang
from volunteer_points.model import Item, Price


def told_of(history: History, redemption: str, lang: Lang = "en") -> list[str]:
    """The explanation of a redemption, line by line, with the commits it belongs to."""
    keys = {entry.key for entry in history.about(f"redemption:{redemption}")}
    entries = [entry for entry in history.entries if entry.key in keys]
    found = explain_redemption(entries, history.frame, lang, known)
    assert json.loads(json.dumps(found.plain())) == found.plain()
    return [line.strip() for line in found.text().splitlines()]


def test_a_redemption_says_price_lots_and_until_when_and_how_it_ended() -> None:
    history = stocked()
    rice = held(history)
    assert told_of(history, rice) == [
        "Held for 张三: 1 × 大米 for 20 points",
        "Held by 李队长 on 14 Mar 2026 12:07: 1 × 大米 from partner grain",
        "Price: 20 points × 1 = 20 points, as the catalogue said on that day (rulebook 2026)",
        "Taken from: 20 points, usable until the end of 31 Dec 2027",
        "To be collected until the end of 28 Mar 2026",
    ]
    history.run(c.Collect(redemption=rice, collector="v-2", relation="neighbour"), actor="shop")
    lines = told_of(history, rice)
    assert lines[0] == "Collected by 张三: 1 × 大米 for 20 points"
    assert lines[-1] == "Handed over by shop on 14 Mar 2026 12:08 to v-2 (neighbour); the points are the partner's"
    history.run(c.Return(redemption=rice, reason=REASON), actor="shop")
    assert told_of(history, rice)[-2:] == [
        "1 came back on 14 Mar 2026 12:09, taken in by shop: said_so",
        "Given back: 20 points, usable until the end of 31 Dec 2027",
    ]
    assert told_of(history, rice, "zh")[0] == "张三 领取后全部退回：大米 × 1，20 积分"


def test_each_lot_from_which_points_were_taken_is_a_line() -> None:
    history = stocked()
    soon = at("2026-06-01T00:00")
    history.run(c.OpenBalance(volunteer="v-1", points=7, requested_by="founder-b", reason=REASON, ends=soon))
    assert told_of(history, held(history))[3:5] == [
        "Taken from: 7 points, usable until the end of 31 May 2026",
        "Taken from: 13 points, usable until the end of 31 Dec 2027",
    ]


def test_a_redemption_that_costs_nothing_takes_from_no_lot() -> None:
    free = attrs.evolve(
        DEFINITION, catalogue=(Item(id="tea", name="茶", partner="grain", prices=(Price(points=0),), stocked=False),)
    )
    history = begun(free)
    lines = told_of(history, held(history, "tea"))
    assert lines[0] == "Held for 张三: 1 × tea for 0 points"
    assert not any(line.startswith("Taken from") for line in lines)


def test_a_return_in_part_says_what_is_left() -> None:
    history = stocked()
    cuts = held(history, "haircut", 3)
    history.run(c.Collect(redemption=cuts), actor="shop")
    history.run(c.Return(redemption=cuts, quantity=1, reason=REASON), actor="shop")
    assert told_of(history, cuts)[0] == "Collected by 张三 and returned in part: 3 × haircut, 2 left"


@pytest.mark.parametrize(
    "end, title, line",
    [
        (
            c.Cancel,
            "Cancelled: 1 × 大米, 20 points given back to 张三",
            "Cancelled by 李队长 on 1 Apr 2026 09:00: said_so",
        ),
        (
            c.Lapse,
            "Not collected in time: 1 × 大米, 20 points given back to 张三",
            "Not collected in time; ended by 李队长 on 1 Apr 2026 09:00",
        ),
    ],
)
def test_a_hold_that_was_given_up_says_so(end: Callable[..., c.Command], title: str, line: str) -> None:
    history = stocked()
    rice = held(history)
    reason = {"reason": REASON} if end is c.Cancel else {}
    history.run(end(redemption=rice, **reason), actor="leader", at=at("2026-04-01T09:00"))
    lines = told_of(history, rice)
    assert lines[0] == title
    assert lines[-2:] == [line, "Given back: 20 points, usable until the end of 31 Dec 2027"]


@pytest.mark.parametrize(
    "grace_days, said",
    [
        (30, "20 points of them had ended meanwhile and stay usable until the end of 3 Feb 2028"),
        (0, "20 points of them had ended meanwhile and are gone"),
    ],
)
def test_points_that_came_back_after_their_end_are_told(grace_days: int, said: str) -> None:
    definition = plain_rules()
    redemption = attrs.evolve(definition.rulebooks[0].redemption, grace_days=grace_days)
    history = begun(attrs.evolve(definition, rulebooks=(attrs.evolve(definition.rulebooks[0], redemption=redemption),)))
    history.run(c.ReceiveStock(item="rice", quantity=1), actor="shop")
    approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    command = c.Redeem(volunteer="v-1", item="rice", held_until=at("2028-02-01T00:00"))
    rice = fact_of(history.run(command, actor="leader"), Held).redemption
    history.run(c.Cancel(redemption=rice, reason=REASON), actor="leader", at=at("2028-01-04T09:00"))
    assert told_of(history, rice)[-1] == said


def test_points_of_a_cancelled_hold_that_went_to_the_debt_are_told() -> None:
    history = stocked()
    record = next(entry.fact.record for entry in history.entries if isinstance(entry.fact, Approved))
    rice = held(history)
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    history.run(c.Cancel(redemption=rice, reason=REASON), actor="leader")
    assert told_of(history, rice)[-1] == "20 points of them went to the debt"


def test_what_became_of_other_points_is_not_told() -> None:
    history = stocked()
    rice = held(history)
    command = c.OpenBalance(
        volunteer="v-1", points=4, requested_by="founder-b", reason=REASON, ends=at("2026-04-01T00:00")
    )
    history.run(command)
    history.run(c.Expire(volunteer="v-1"), at=at("2026-04-01T00:00"))
    entries = [entry for entry in history.entries if entry.kind == "Expired" or f"redemption:{rice}" in entry.about]
    assert entries[-1].kind == "Expired"
    assert [line.code for line in explain_redemption(entries, history.frame, "en").lines][-1] == "held_until"
