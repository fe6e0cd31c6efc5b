"""The story that must hold: from a park clean-up to collected rice, with exact numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from volunteer_points import (
    Adopt,
    Approve,
    Cancel,
    Collect,
    Definition,
    Enrol,
    Interval,
    MemoryStore,
    Order,
    Programme,
    Reason,
    ReceiveStock,
    Redeem,
    Refused,
    Reverse,
    Rulebook,
    Submit,
)
from volunteer_points.entries import Awarded, Held, Submitted
from volunteer_points.model import Activity, Calendar, Duty, Item, Partner, Period, Price, Right, TeamStructure
from volunteer_points.rules import Accrual, Cap, Expiry
from volunteer_points.storage import Store

ENDS = datetime(2027, 12, 31, 16, tzinfo=UTC)
"""2028-01-01 00:00 in Shanghai."""

DEFINITION = Definition(
    name="赛罕社区",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=("founder-a", "founder-b"),
    structure=TeamStructure(label="free", slots=()),
    activities=(Activity(id="park", name="公园清洁"),),
    partners=(Partner(id="grain", name="粮油店"),),
    catalogue=(Item(id="rice", name="大米 5 kg", partner="grain", prices=(Price(points=20),)),),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.APPROVE, Right.REDEEM)),
        Duty(actor="checker", may=(Right.APPROVE, Right.RECORD)),
        Duty(actor="shop", may=(Right.COLLECT, Right.STOCK), partners=("grain",)),
    ),
    rulebooks=(
        Rulebook(
            id="2026",
            since=date(2026, 1, 1),
            accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
            caps=(Cap(id="daily", at_most=Fraction(80)),),
            expiry=Expiry(end_of=Period.YEAR, after=1),
        ),
    ),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.fixture
def store() -> Store:
    return MemoryStore("saihan")


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = at("2026-03-14T08:00")

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def opened(store: Store) -> tuple[Programme, Clock]:
    clock = Clock()
    programme = Programme(store, clock=clock)
    programme.execute(Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b")
    for volunteer in ("v-1", "v-2"):
        programme.execute(Enrol(volunteer=volunteer), actor="founder-a")
    programme.execute(ReceiveStock(item="rice", quantity=2), actor="shop")
    return programme, clock


def test_the_story_holds(store: Store) -> None:
    programme, clock = opened(store)
    clock.now = at("2026-03-14T12:00")
    interval = Interval(begin=at("2026-03-14T09:00"), end=at("2026-03-14T11:20"))
    submitted = programme.execute_many(
        Order(command=Submit(volunteer=volunteer, activity="park", intervals=(interval,)), actor="leader")
        for volunteer in ("v-1", "v-2")
    )
    records = [outcome.fact(Submitted).record for outcome in submitted]
    with pytest.raises(Refused) as refused:
        programme.execute(Approve(record=records[0]), actor="leader")
    assert refused.value.code == "four_eyes"
    for record in records:
        awarded = programme.execute(Approve(record=record), actor="checker").fact(Awarded)
        assert (awarded.minutes, awarded.points, awarded.lot) == (140, 23, ENDS)

    rice = programme.execute(Redeem(volunteer="v-1", item="rice"), actor="leader").fact(Held)
    balance = programme.balance("v-1")
    assert (balance.available, balance.held) == (3, 20)
    assert dict(programme.stock("rice")) == {None: 1}
    programme.execute(Collect(redemption=rice.redemption), actor="shop")
    with pytest.raises(Refused) as refused:
        programme.execute(Collect(redemption=rice.redemption), actor="shop")
    assert (refused.value.code, refused.value.facts["by"]) == ("already_collected", "shop")
    with pytest.raises(Refused) as refused:
        programme.execute(Redeem(volunteer="v-1", item="rice"), actor="leader")
    assert refused.value.code == "not_enough_points"
    assert [refused.value.facts[name] for name in ("needs", "has", "missing")] == ["20", "3", "17"]

    other = programme.execute(Redeem(volunteer="v-2", item="rice"), actor="leader").fact(Held)
    programme.execute(Cancel(redemption=other.redemption, reason=Reason(code="changed_mind")), actor="leader")
    assert dict(programme.balance("v-2").lots) == {ENDS: 23}
    assert dict(programme.stock("rice")) == {None: 1}

    programme.execute(Reverse(record=records[0], reason=Reason(code="wrong_person")), actor="checker")
    balance = programme.balance("v-1")
    assert (balance.available, balance.debt, balance.minutes) == (0, -20, 0)
    clock.now = at("2026-03-15T20:00")
    later = Interval(begin=at("2026-03-15T09:00"), end=at("2026-03-15T12:00"))
    record = (
        programme.execute(Submit(volunteer="v-1", activity="park", intervals=(later,)), actor="leader")
        .fact(Submitted)
        .record
    )
    assert programme.execute(Approve(record=record), actor="checker").fact(Awarded).points == 30
    balance = programme.balance("v-1")
    assert (balance.available, balance.debt) == (10, 0)
