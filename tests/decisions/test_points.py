"""Points without service or goods: expired, transferred, adjusted, brought over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import (
    DEFINITION,
    ENDS_2027,
    REASON,
    SATURDAY,
    Community,
    at,
    definition,
    fact,
    kinds,
)
from volunteer_points.commands import Adjust, Enrol, Expire, Leave, OpenBalance, Reverse, Transfer
from volunteer_points.entries import Adjusted, BalanceOpened, Expired, Repaid, Transferred
from volunteer_points.errors import InputError
from volunteer_points.model import Currency, Duty, Reason, Right
from volunteer_points.postings import Account, Purpose
from volunteer_points.rules import Expiry, Transfers

ENDS = at("2026-06-01T00:00")


def adjust(points: int, *, volunteer: str = "v-1", requested_by: str = "founder-b") -> Adjust:
    return Adjust(volunteer=volunteer, points=points, requested_by=requested_by, reason=REASON)


def opening(
    points: int = 0, *, volunteer: str = "v-1", requested_by: str = "founder-b", minutes: int = 0
) -> OpenBalance:
    return OpenBalance(volunteer=volunteer, points=points, minutes=minutes, requested_by=requested_by, reason=REASON)


def transfer(points: int, giver: str = "v-1", receiver: str = "v-2") -> Transfer:
    return Transfer(giver=giver, receiver=receiver, points=points)


def open_to(transfers: Transfers) -> Community:
    """Transfers as the rulebook says; v-1 has 10 points that end in June and 20 that end with 2027."""
    community = Community(definition(redemption={"transfers": transfers}))
    community.give("v-1", 20)
    community.give("v-1", 10, ends=ENDS)
    return community


def owing(volunteer: str = "v-1", points: int = 20, **changes: Any) -> Community:  # noqa: ANN401
    """A community in which a volunteer owes so many points."""
    community = Community(definition(redemption={"transfers": Transfers.ANYONE}, **changes))
    record = community.award(volunteer, "2026-03-14T06:00", f"2026-03-14T{6 + points // 10:02}:00")
    community.run(transfer(points, giver=volunteer, receiver="v-2" if volunteer != "v-2" else "v-1"))
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.debt(volunteer) == -points
    return community


# --- expiring ----------------------------------------------------------------------------------------------------


def test_points_end_at_their_instant_and_not_before() -> None:
    community = open_to(Transfers.NONE)
    community.refuses("nothing_due", Expire(volunteer="v-1"), at=ENDS - timedelta(microseconds=1))
    entries = community.run(Expire(volunteer="v-1"), actor="anybody", at=ENDS)
    assert fact(entries, Expired) == Expired(volunteer="v-1", currency="points", points=10)
    assert community.lots("v-1") == {ENDS_2027: 20}
    assert community.lots("v-1", Purpose.EXPIRED) == {ENDS: 10}
    community.refuses("nothing_due", Expire(volunteer="v-1"), at=ENDS)


def test_all_lots_that_have_ended_go_at_once_and_those_without_an_end_stay() -> None:
    community = Community(definition(rulebook={"expiry": Expiry()}))
    community.give("v-1", 3)
    community.give("v-1", 4, ends=ENDS)
    community.give("v-1", 5, ends=ENDS_2027)
    assert fact(community.run(Expire(volunteer="v-1"), at=at("2030-01-01T00:00")), Expired).points == 9
    assert community.lots("v-1") == {None: 3}


def test_points_of_somebody_unknown_do_not_end_and_those_of_somebody_who_left_do() -> None:
    community = open_to(Transfers.NONE)
    community.refuses("unknown_volunteer", Expire(volunteer="nobody"))
    community.run(Leave(volunteer="v-1", since=SATURDAY))
    community.run(Expire(volunteer="v-1"), at=ENDS)


# --- transferring ------------------------------------------------------------------------------------------------


def test_points_keep_their_end_when_they_are_given_away() -> None:
    community = open_to(Transfers.ANYONE)
    entries = community.run(transfer(15), actor="v-1")
    assert fact(entries, Transferred).points == 15
    assert community.lots("v-1") == {ENDS_2027: 15}
    assert community.lots("v-2") == {ENDS: 10, ENDS_2027: 5}


@pytest.mark.parametrize("points, enough", [(20, True), (21, False)])
def test_only_points_that_have_not_ended_are_given_away(points: int, enough: bool) -> None:  # noqa: FBT001
    community = open_to(Transfers.ANYONE)
    if enough:
        community.run(transfer(points), at=ENDS)
    else:
        facts = community.refuses("not_enough_points", transfer(points), at=ENDS)
        assert [facts[name] for name in ("needs", "has", "missing")] == ["21", "20", "1"]


def test_transfers_are_off_unless_the_rulebook_says_otherwise() -> None:
    open_to(Transfers.NONE).refuses("transfers_off", transfer(1), actor="v-1")


def test_within_a_household_means_within_one_household() -> None:
    community = open_to(Transfers.HOUSEHOLD)
    community.run(transfer(1), actor="v-1")
    community.refuses("not_one_household", transfer(1, receiver="v-3"), actor="v-1")
    community.run(Enrol(volunteer="v-3", household="h-2"))
    community.refuses("not_one_household", transfer(1, receiver="v-3"), actor="v-1")
    community.run(Enrol(volunteer="v-1"))
    community.run(Enrol(volunteer="v-3"))
    community.refuses("not_one_household", transfer(1, receiver="v-3"), actor="v-1")


def test_nobody_gives_to_themselves_or_to_somebody_who_is_not_there() -> None:
    community = open_to(Transfers.ANYONE)
    community.refuses("transfer_to_self", transfer(1, receiver="v-1"), actor="v-1")
    community.refuses("unknown_volunteer", transfer(1, receiver="nobody"), actor="v-1")
    community.refuses("unknown_volunteer", transfer(1, giver="nobody"))
    community.run(Leave(volunteer="v-2", since=SATURDAY))
    community.refuses("volunteer_left", transfer(1), actor="v-1")
    community.refuses("volunteer_left", transfer(1, giver="v-2", receiver="v-1"), actor="v-2")


def test_others_give_away_somebodys_points_only_with_the_duty_and_never_to_themselves() -> None:
    duties = (
        *DEFINITION.duties,
        Duty(actor="treasurer", may=(Right.ADJUST,), volunteer="v-2"),
        Duty(actor="zhang", may=(Right.RECORD,), volunteer="v-1"),
    )
    community = Community(definition(redemption={"transfers": Transfers.ANYONE}, duties=duties))
    community.give("v-1", 20)
    community.refuses("not_authorised", transfer(1), actor="v-2")
    community.refuses("own_case", transfer(1), actor="treasurer")
    community.run(transfer(1, receiver="v-3"), actor="treasurer")
    community.run(transfer(1), actor="zhang")
    alone = Community(definition(redemption={"transfers": Transfers.ANYONE}, founders=(), run_by_one="v-2"))
    alone.run(adjust(5, requested_by="v-2"), actor="v-2")
    alone.run(transfer(5), actor="v-2")


def test_a_currency_that_is_not_known_is_refused() -> None:
    community = open_to(Transfers.ANYONE)
    strange = Transfer(giver="v-1", receiver="v-2", points=1, currency="stars")
    assert community.refuses("unknown_currency", strange)["known"] == ["points"]
    for command in (
        Adjust(volunteer="v-1", points=1, currency="stars", requested_by="founder-b", reason=REASON),
        OpenBalance(volunteer="v-1", points=1, currency="stars", requested_by="founder-b", reason=REASON),
    ):
        community.refuses("unknown_currency", command)


# --- adjusting and opening ---------------------------------------------------------------------------------------


def test_points_are_given_by_decision_and_end_like_points_of_that_day() -> None:
    community = Community()
    (entry,) = community.run(adjust(5))
    assert fact([entry], Adjusted).lot == ENDS_2027
    assert community.lots("v-1") == {ENDS_2027: 5}
    assert any(each.account == Account("programme", Purpose.ADJUSTED, "said_so") for each in entry.postings)


@pytest.mark.parametrize("points, enough", [(-20, True), (-21, False)])
def test_points_are_taken_by_decision_from_live_lots_alone(points: int, enough: bool) -> None:  # noqa: FBT001
    community = open_to(Transfers.NONE)
    if enough:
        community.run(adjust(points), at=ENDS)
        assert community.lots("v-1") == {ENDS: 10}
    else:
        community.refuses("not_enough_points", adjust(points), at=ENDS)


def test_an_opening_brings_points_and_minutes() -> None:
    community = Community()
    entries = community.run(opening(points=7, minutes=300))
    assert fact(entries, BalanceOpened).lot == ENDS_2027
    assert community.lots("v-1") == {ENDS_2027: 7}
    assert community.lots("v-1", Purpose.SERVED, "minutes") == {None: 300}
    entries = community.run(opening(minutes=60, volunteer="v-2"))
    assert fact(entries, BalanceOpened).lot is None
    assert community.lots("v-2") == {}


def test_an_opening_may_say_when_its_points_end_if_that_is_still_to_come() -> None:
    community = Community()
    now = at("2026-03-14T13:00")
    command = OpenBalance(volunteer="v-1", points=7, ends=now, requested_by="founder-b", reason=REASON)
    community.refuses("already_ended", command, at=now)
    community.run(command, at=now - timedelta(microseconds=1))
    assert community.lots("v-1") == {now: 7}


DECISIONS = (adjust, opening)
Decide = Callable[..., Adjust | OpenBalance]


@pytest.mark.parametrize("decide", DECISIONS)
def test_two_people_decide_neither_of_them_the_volunteer(decide: Decide) -> None:
    duties = (
        Duty(actor="treasurer", may=(Right.ADJUST,), volunteer="v-1"),
        Duty(actor="treasurer-too", may=(Right.ADJUST,), volunteer="v-1"),
        Duty(actor="v-1", may=(Right.ADJUST,)),
    )
    community = Community(definition(duties=duties))
    community.refuses("not_authorised", decide(5), actor="leader")
    community.refuses("four_eyes", decide(5, requested_by="founder-a"), actor="founder-a")
    community.refuses("four_eyes", decide(5, volunteer="v-3", requested_by="treasurer"), actor="treasurer-too")
    for actor in ("treasurer", "v-1"):
        community.refuses("own_case", decide(5), actor=actor)
        community.refuses("own_case", decide(5, requested_by=actor), actor="founder-a")
    community.refuses("unknown_volunteer", decide(5, volunteer="nobody"))
    community.run(decide(5, volunteer="v-3", requested_by="leader"), actor="treasurer")


@pytest.mark.parametrize("decide", DECISIONS)
def test_where_one_person_runs_it_all_they_decide_alone(decide: Decide) -> None:
    community = Community(definition(founders=(), run_by_one="v-1"))
    community.run(decide(5, requested_by="v-1"), actor="v-1")


@pytest.mark.parametrize("points", [0, 1.0, True, "5", 10**15 + 1, -(10**15) - 1])
def test_an_adjustment_is_a_whole_number_other_than_nought(points: object) -> None:
    with pytest.raises(InputError):
        adjust(points)  # type: ignore[arg-type]


@pytest.mark.parametrize("amounts", [{}, {"points": -1}, {"minutes": -1}, {"points": 1.5}, {"minutes": True}])
def test_an_opening_is_of_something(amounts: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        opening(**amounts)


def test_the_largest_amount_is_given_and_taken() -> None:
    community = Community()
    community.run(adjust(10**15))
    community.run(adjust(10**15))
    community.run(adjust(-(10**15)))
    assert community.available("v-1") == 10**15


def test_a_reason_is_a_code() -> None:
    for code in ("", "two words", None, 5):
        with pytest.raises(InputError):
            Reason(code=code)  # type: ignore[arg-type]


# --- debts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credit, repaid, left", [(19, 19, 0), (20, 20, 0), (21, 20, 1)])
def test_whatever_is_credited_repays_what_is_owed_first(credit: int, repaid: int, left: int) -> None:
    for command in (adjust(credit), opening(points=credit), transfer(credit, giver="v-3", receiver="v-1")):
        community = owing()
        community.give("v-3", 30)
        entries = community.run(command)
        assert kinds(entries)[1:] == ["Repaid"]
        assert fact(entries, Repaid) == Repaid(volunteer="v-1", currency="points", points=repaid)
        assert (community.available("v-1"), community.debt("v-1")) == (left, repaid - 20)


def test_the_soonest_lots_repay_first() -> None:
    community = owing()
    community.give("v-3", 15, ends=ENDS)
    community.give("v-3", 15)
    community.run(transfer(30, giver="v-3", receiver="v-1"))
    assert community.lots("v-1") == {ENDS_2027: 10}


def beside_a_debt() -> Community:
    """v-1 owes 20 and has 15 that end later."""
    community = Community(definition(redemption={"transfers": Transfers.ANYONE}))
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.give("v-1", 15, ends=at("2029-01-01T00:00"))
    community.run(transfer(20))
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (community.available("v-1"), community.debt("v-1")) == (15, -20)
    return community


def test_taking_points_and_bringing_over_minutes_alone_repay_nothing() -> None:
    """Found by reading: what was left beside a debt was taken although nothing had been credited."""
    community = beside_a_debt()
    assert kinds(community.run(adjust(-5))) == ["Adjusted"]
    assert kinds(community.run(opening(minutes=60))) == ["BalanceOpened"]
    assert (community.available("v-1"), community.debt("v-1")) == (10, -20)


def test_a_debt_in_one_currency_is_not_paid_in_another() -> None:
    community = owing(currencies=(Currency(id="points"), Currency(id="culture")))
    command = Adjust(volunteer="v-1", points=50, currency="culture", requested_by="founder-b", reason=REASON)
    assert kinds(community.run(command)) == ["Adjusted"]
    assert community.debt("v-1") == -20


@given(steps=st.lists(st.integers(-30, 30).filter(bool), max_size=8))
def test_what_is_owned_changes_by_what_was_adjusted_debt_or_not(steps: list[int]) -> None:
    community = beside_a_debt()
    owned = community.available("v-1") + community.debt("v-1")
    for step in steps:
        if step > 0 or -step <= community.available("v-1"):
            community.run(adjust(step))
            owned += step
        else:
            community.refuses("not_enough_points", adjust(step))
        assert community.available("v-1") + community.debt("v-1") == owned
        assert community.debt("v-1") <= 0 <= community.available("v-1")


def test_a_single_point_pays_what_is_owed() -> None:
    adjusted = owing(points=10)
    adjusted.run(Adjust(volunteer="v-1", points=1, requested_by="founder-b", reason=REASON))
    assert (adjusted.debt("v-1"), adjusted.available("v-1")) == (-9, 0)
    awarded = owing(points=10)
    awarded.award("v-1", "2026-03-14T10:00", "2026-03-14T10:06")
    assert (awarded.debt("v-1"), awarded.available("v-1")) == (-9, 0)
