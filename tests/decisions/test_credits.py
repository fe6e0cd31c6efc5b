"""What an award gives besides points of the programme to a volunteer: deductions, streams, payers, milestones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.decisions.community import DEFINITION, ENDS_2027, REASON, Community, at, definition, fact, interval, kinds
from volunteer_points.commands import Approve, Correct, Donate, Endow, Expire, Leave, Reverse, Submit
from volunteer_points.entries import Awarded, Donated
from volunteer_points.model import (
    Activity,
    Condition,
    Currency,
    Details,
    Fund,
    Of,
    Quantity,
    Slot,
    Team,
    TeamStructure,
    Whose,
)
from volunteer_points.postings import Purpose, fund_holder, household_holder, team_holder
from volunteer_points.rules import Accrual, Cap, Expiry, Mark, Milestone, Rate, ReversalOrder, Stream, When

ABSENT = Accrual(id="absent", fixed=Fraction(-30), when=When(activities=("absence",)))
HOURS = Accrual(id="hours", per_hour=Fraction(10))
ACTIVITIES = (*DEFINITION.activities, Activity(id="absence", name="缺勤"))


def community(**rules: Any) -> Community:  # noqa: ANN401 - parts of the rulebook, by name
    """A community with a team, a fund, two currencies, absences, and the rules changed."""
    redemption = {"donations": True, "reversal_takes": rules.pop("reversal_takes", ReversalOrder.DEBT)}
    programme = definition(
        rulebook={"accruals": (ABSENT, HOURS), **rules},
        redemption=redemption,
        activities=ACTIVITIES,
        currencies=(Currency(id="points"), Currency(id="gift")),
        funds=(Fund(id="care", name="爱心基金"),),
        structure=TeamStructure(label="free", slots=(Slot(id="special"),)),
        teams=(Team(id="repairs", name="维修队", slot="special"),),
    )
    return Community(programme)


def without_times(here: Community, volunteer: str, activity: str = "absence", **more: Any) -> str:  # noqa: ANN401
    """A record that names a day alone, approved; its id."""
    command = Submit(volunteer=volunteer, activity=activity, on=here.now.date(), **more)
    record = here.run(command, actor="leader")[0].fact.record  # type: ignore[union-attr]
    here.run(Approve(record=record), actor="checker")
    return str(record)


def held(here: Community, holder: str, unit: str = "points", purpose: Purpose = Purpose.AVAILABLE) -> int:
    """What any holder has."""
    return sum(here._lots(holder, purpose, unit).values())  # noqa: SLF001 - the community's own way to look


def total(here: Community) -> dict[tuple[str, str, str], int]:
    """All balances by holder, purpose and unit, but those of records."""
    sums: dict[tuple[str, str, str], int] = {}
    for (account, unit, _), amount in here.tally.balances().items():
        place = (account.holder, account.purpose, unit)
        sums[place] = sums.get(place, 0) + amount
    return {place: amount for place, amount in sums.items() if amount}


# --- deductions ---


def test_a_deduction_takes_the_soonest_points_and_then_makes_debt() -> None:
    here = community()
    here.give("v-1", 10, ends=ENDS_2027)
    here.give("v-1", 5, ends=at("2026-06-01T00:00"))
    record = without_times(here, "v-1")
    assert here.lots("v-1") == {}
    assert here.debt("v-1") == -15
    awarded = fact(here.entries, Awarded)
    assert (awarded.record, awarded.points, awarded.lot) == (record, -30, None)


@pytest.mark.parametrize("has", [0, 12, 29, 30, 31])
def test_a_deduction_that_is_reversed_leaves_everything_as_it_was(has: int) -> None:
    here = community()
    if has:
        here.give("v-1", has)
    before = total(here)
    record = without_times(here, "v-1")
    assert here.available("v-1") + here.debt("v-1") == has - 30
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert total(here) == before


def test_points_that_repaid_a_deduction_come_back_when_it_is_reversed() -> None:
    here = community()
    record = without_times(here, "v-1")
    here.award("v-1", "2026-03-14T08:00", "2026-03-14T10:00")
    assert (here.available("v-1"), here.debt("v-1")) == (0, -10)
    entries = here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.available("v-1"), here.debt("v-1")) == (20, 0)
    assert kinds(entries) == ["Reversed"]


def test_what_comes_back_from_a_reversed_deduction_pays_another_debt() -> None:
    here = community()
    here.give("v-1", 30)
    first = without_times(here, "v-1")
    without_times(here, "v-1")
    assert (here.available("v-1"), here.debt("v-1")) == (0, -30)
    entries = here.run(Reverse(record=first, reason=REASON), actor="checker")
    assert kinds(entries) == ["Reversed", "Repaid"]
    assert (here.available("v-1"), here.debt("v-1")) == (0, 0)


def test_points_of_a_reversed_deduction_whose_lot_has_ended_meanwhile_end() -> None:
    here = community()
    here.give("v-1", 30, ends=at("2026-04-01T00:00"))
    record = without_times(here, "v-1")
    here.run(Reverse(record=record, reason=REASON), actor="checker", at=at("2026-05-01T09:00"))
    here.run(Expire(volunteer="v-1"))
    assert (here.available("v-1"), here.debt("v-1")) == (0, 0)


def test_a_deduction_by_quantity_and_its_correction() -> None:
    strikes = Accrual(id="s", rate=Rate(of=Of.QUANTITY, unit="strikes", points=-5), when=When(activities=("absence",)))
    here = community(accruals=(strikes, HOURS))
    here.give("v-1", 100)
    record = without_times(here, "v-1", details=Details(quantities=(Quantity(unit="strikes", amount=3),)))
    assert here.available("v-1") == 85
    corrected = Correct(
        record=record, on=here.now.date(), requested_by="leader", reason=REASON,
        details=Details(quantities=(Quantity(unit="strikes", amount=1),)),
    )  # fmt: skip
    here.run(corrected, actor="checker")
    assert here.available("v-1") == 95
    assert sum(here.lots("v-1", Purpose.SERVED, "quantity:strikes").values()) == 1


# --- several credits ---

GIFT = Stream(id="gift", currency="gift", accruals=(Accrual(id="gift", per_hour=Fraction(4)),))


def test_a_stream_credits_the_household_and_the_team_for_themselves() -> None:
    here = community(streams=(attrs.evolve(GIFT, to=Whose.HOUSEHOLD), attrs.evolve(
        GIFT, id="team", to=Whose.TEAM, accruals=(Accrual(id="team", fixed=Fraction(1)),))))  # fmt: skip
    record = here.award("v-1", "2026-03-14T08:00", "2026-03-14T10:00", team="repairs")
    assert (here.available("v-1"), held(here, household_holder("h-1"), "gift")) == (20, 8)
    assert held(here, team_holder("repairs"), "gift") == 1
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.available("v-1"), held(here, household_holder("h-1"), "gift")) == (0, 0)
    assert held(here, team_holder("repairs"), "gift") == 0


@pytest.mark.parametrize("to, code", [(Whose.HOUSEHOLD, "no_household"), (Whose.TEAM, "no_team")])
def test_a_credit_to_nobody_is_refused(to: Whose, code: str) -> None:
    here = community(to=to)
    record = here.submit("v-3", interval("2026-03-14T08:00", "2026-03-14T10:00"))
    here.refuses(code, Approve(record=record), actor="checker")


def test_two_credits_of_one_currency_to_one_holder_are_both_taken_back() -> None:
    again = Stream(
        id="again", currency="points", accruals=(Accrual(id="again", fixed=Fraction(3)),), expiry=Expiry(days=9)
    )
    here = community(streams=(again,))
    before = total(here)
    record = here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    assert sorted(here.lots("v-1").values()) == [3, 10]
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert total(here) == before


@pytest.mark.parametrize("has", [0, 3, 8, 100])
def test_an_award_that_gives_and_takes_in_one_currency_is_taken_back_whole(has: int) -> None:
    fee = Stream(id="fee", currency="points", accruals=(Accrual(id="fee", fixed=Fraction(-4)),))
    fees = (fee, attrs.evolve(fee, id="fee-2", accruals=(Accrual(id="fee-2", fixed=Fraction(-3)),)))
    here = community(streams=fees)
    if has:
        here.give("v-1", has)
    before = total(here)
    record = here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    assert here.available("v-1") + here.debt("v-1") == has + 3
    assert here.debt("v-1") == 0
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert total(here) == before


def test_credits_of_one_currency_are_counted_together_for_the_household() -> None:
    """A cap on the household counts all of a currency that its people earn, from whichever stream."""
    again = Stream(id="again", currency="points", accruals=(Accrual(id="again", fixed=Fraction(3)),))
    here = community(streams=(again,), caps=(Cap(id="home", at_most=Fraction(30), per="year", whose=Whose.HOUSEHOLD),))
    here.award("v-1", "2026-03-14T07:00", "2026-03-14T08:00")
    here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    here.award("v-2", "2026-03-14T08:00", "2026-03-14T09:00")
    assert (here.available("v-1"), here.available("v-2")) == (26, 4 + 3)


# --- who pays ---


def endowed(here: Community, points: int) -> None:
    here.run(Endow(fund="care", points=points, requested_by="founder-b", reason=REASON))


def test_a_fund_pays_what_it_has_and_never_more() -> None:
    here = community(source="fund:care")
    endowed(here, 25)
    record = here.award("v-1", "2026-03-14T08:00", "2026-03-14T10:00")
    assert (here.available("v-1"), held(here, fund_holder("care"))) == (20, 5)
    second = here.submit("v-2", interval("2026-03-14T08:00", "2026-03-14T10:00"))
    facts = here.refuses("payer_short", Approve(record=second), actor="checker")
    assert (facts["has"], facts["needs"], facts["missing"]) == ("5", "20", "15")
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.available("v-1"), held(here, fund_holder("care"))) == (0, 25)
    here.run(Approve(record=second), actor="checker")
    assert (here.available("v-2"), held(here, fund_holder("care"))) == (20, 5)


def test_two_credits_out_of_one_fund_need_what_both_need() -> None:
    again = Stream(
        id="again", currency="points", accruals=(Accrual(id="again", fixed=Fraction(3)),), source="fund:care"
    )
    here = community(source="fund:care", streams=(again,))
    endowed(here, 12)
    record = here.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T09:00"))
    here.refuses("payer_short", Approve(record=record), actor="checker")
    endowed(here, 1)
    before = total(here)
    here.run(Approve(record=record), actor="checker")
    assert (here.available("v-1"), held(here, fund_holder("care"))) == (13, 0)
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    after = total(here)
    assert {place: after.get(place) for place in before if place[2] == "points"} == {
        place: amount for place, amount in before.items() if place[2] == "points"
    }


def test_points_keep_their_ends_when_a_fund_or_a_neighbour_pays() -> None:
    here = community(source="beneficiary")
    here.give("v-2", 15, ends=at("2026-06-01T00:00"))
    here.give("v-2", 15, ends=at("2026-09-01T00:00"))
    record = here.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T10:00"), details=Details(beneficiary="v-2"))
    here.run(Approve(record=record), actor="checker")
    assert here.lots("v-1") == {at("2026-06-01T00:00"): 15, at("2026-09-01T00:00"): 5}
    assert here.lots("v-2") == {at("2026-09-01T00:00"): 10}
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert here.lots("v-1") == {}
    assert here.lots("v-2") == {at("2026-06-01T00:00"): 15, at("2026-09-01T00:00"): 15}


def test_mutual_help_sums_to_nought_and_names_who_was_helped() -> None:
    here = community(source="beneficiary")
    nobody = here.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T09:00"))
    here.refuses("no_beneficiary", Approve(record=nobody), actor="checker")
    stranger = here.submit("v-1", interval("2026-03-14T09:00", "2026-03-14T10:00"), details=Details(beneficiary="v-9"))
    here.refuses("unknown_volunteer", Approve(record=stranger), actor="checker")
    poor = here.submit("v-1", interval("2026-03-14T10:00", "2026-03-14T11:00"), details=Details(beneficiary="v-2"))
    here.refuses("payer_short", Approve(record=poor), actor="checker")
    here.give("v-2", 10)
    here.run(Approve(record=poor), actor="checker")
    assert (here.available("v-1"), here.available("v-2")) == (10, 0)


def test_a_reversal_of_paid_points_that_were_spent_makes_debt_and_pays_back_in_full() -> None:
    here = community(source="beneficiary")
    here.give("v-2", 10)
    record = here.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T09:00"), details=Details(beneficiary="v-2"))
    here.run(Approve(record=record), actor="checker")
    here.hold("v-1", "haircut", 2)
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.debt("v-1"), here.available("v-2")) == (-10, 10)


# --- funds ---


def test_points_are_given_to_a_fund_with_their_ends_and_end_there() -> None:
    here = community()
    here.give("v-1", 15, ends=at("2026-06-01T00:00"))
    entries = here.run(Donate(giver="v-1", fund="care", points=6), actor="v-1")
    assert fact(entries, Donated).points == 6
    assert (here.available("v-1"), held(here, fund_holder("care"))) == (9, 6)
    here.run(Expire(volunteer="fund:care"), at=at("2026-06-01T00:00"))
    assert held(here, fund_holder("care")) == 0


def test_who_may_give_to_a_fund_and_how_much() -> None:
    here = community()
    here.give("v-1", 5)
    here.refuses("not_enough_points", Donate(giver="v-1", fund="care", points=6), actor="v-1")
    here.refuses("unknown_fund", Donate(giver="v-1", fund="other", points=1), actor="v-1")
    here.refuses("not_authorised", Donate(giver="v-1", fund="care", points=1), actor="v-2")
    closed = Community(definition(funds=(Fund(id="care", name=""),)))
    closed.give("v-1", 5)
    closed.refuses("donations_off", Donate(giver="v-1", fund="care", points=1), actor="v-1")


def test_a_fund_is_endowed_by_two_people() -> None:
    here = community()
    here.refuses("four_eyes", Endow(fund="care", points=1, requested_by="founder-a", reason=REASON), actor="founder-a")
    here.refuses("unknown_fund", Endow(fund="other", points=1, requested_by="founder-b", reason=REASON))
    here.refuses(
        "not_authorised", Endow(fund="care", points=1, requested_by="founder-b", reason=REASON), actor="leader"
    )
    endowed(here, 9)
    assert here._lots(fund_holder("care"), Purpose.AVAILABLE, "points") == {None: 9}  # noqa: SLF001


# --- milestones over time ---

MARK = Milestone(id="three-hours", of=Of.HOURS, marks=(Mark(at=3, points=100),))


def test_a_second_crossing_after_an_earlier_record_was_reversed_never_pays_twice() -> None:
    here = community(milestones=(MARK,))
    first = here.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00")
    here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    assert here.available("v-1") == 30 + 100
    here.run(Reverse(record=first, reason=REASON), actor="checker")
    assert here.available("v-1") == 10 + 100
    here.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    assert here.available("v-1") == 30 + 100


def test_a_crossing_that_was_itself_reversed_is_paid_again_once() -> None:
    here = community(milestones=(MARK,))
    here.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00")
    crossing = here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    here.run(Reverse(record=crossing, reason=REASON), actor="checker")
    assert here.available("v-1") == 20
    here.award("v-1", "2026-03-14T09:00", "2026-03-14T10:00")
    here.award("v-1", "2026-03-14T10:00", "2026-03-14T11:00")
    assert here.available("v-1") == 40 + 100


def test_what_a_record_says_cannot_pretend_that_a_mark_was_paid() -> None:
    here = community(milestones=(MARK,))
    counter = Quantity(unit=MARK.counter.replace(":", "."), amount=1)
    here.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00", details=Details(quantities=(counter,)))
    here.award("v-1", "2026-03-14T08:00", "2026-03-14T09:00")
    assert here.available("v-1") == 30 + 100


def test_a_correction_moves_a_crossing_to_what_was_really_served() -> None:
    here = community(milestones=(MARK,))
    record = here.award("v-1", "2026-03-14T06:00", "2026-03-14T09:00")
    assert here.available("v-1") == 130
    shorter = Correct(
        record=record,
        intervals=(interval("2026-03-14T06:00", "2026-03-14T08:59"),),
        requested_by="leader",
        reason=REASON,
    )
    here.run(shorter, actor="checker")
    assert here.available("v-1") == 29


def test_who_has_left_gives_nothing_to_a_fund() -> None:
    here = community()
    here.give("v-1", 5)
    here.run(Leave(volunteer="v-1", since=here.now.date()))
    here.refuses("volunteer_left", Donate(giver="v-1", fund="care", points=1), actor="v-1")


def test_what_a_household_did_of_one_activity_is_counted_on_its_own() -> None:
    cap = Cap(id="home", at_most=15, per="year", whose=Whose.HOUSEHOLD, each_activity=True)
    here = community(caps=(cap,))
    here.award("v-1", "2026-03-14T07:00", "2026-03-14T08:00")
    here.award("v-2", "2026-03-14T07:00", "2026-03-14T08:00", activity="cinema")
    here.award("v-2", "2026-03-14T08:00", "2026-03-14T09:00")
    assert (here.available("v-1"), here.available("v-2")) == (10, 10 + 5)


@pytest.mark.parametrize("whose, volunteer, team, earns", [
    (Whose.HOUSEHOLD, "v-2", None, True), (Whose.HOUSEHOLD, "v-3", None, False),
    (Whose.TEAM, "v-2", "repairs", True), (Whose.TEAM, "v-2", None, False),
])  # fmt: skip
def test_who_is_in_no_household_or_team_has_done_nothing_with_it(
    whose: Whose,
    volunteer: str,
    team: str | None,
    earns: bool,  # noqa: FBT001
) -> None:
    """The first hour is served by somebody else; alone it opens nothing to who is in no such group."""
    wanted = Condition(id="together", of=Of.HOURS, at_least=1, whose=whose)
    here = community(conditions=(wanted,))
    here.award("v-1", "2026-03-14T07:00", "2026-03-14T08:00", team="repairs")
    here.award(volunteer, "2026-03-14T08:00", "2026-03-14T09:00")
    here.award(volunteer, "2026-03-14T09:00", "2026-03-14T10:00", team=team)
    assert here.available(volunteer) == (20 if whose is Whose.HOUSEHOLD else 10) * earns
