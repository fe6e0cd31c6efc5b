"""What the rulebook says of redeeming: windows, conditions, limits, prices, rates, and who pays."""

from __future__ import annotations

from datetime import date, time, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.decisions.community import DEFINITION, ENDS_2027, REASON, Community, at, definition, fact, interval, kinds
from volunteer_points.commands import Adjust, Approve, Cancel, Collect, Enrol, Lapse, Redeem, Return, Submit, Transfer
from volunteer_points.entries import Expired, Held
from volunteer_points.model import (
    Condition,
    Details,
    Exchange,
    Item,
    Ladder,
    Level,
    Limit,
    LimitBy,
    LimitOf,
    Of,
    Period,
    Price,
    Quantity,
    SpecialPrice,
    Whose,
)
from volunteer_points.postings import Purpose, household_holder
from volunteer_points.rules import Transfers, Window

HAIRCUT = Redeem(volunteer="v-1", item="haircut")
"""Five points for no stock."""


def community(*, points: int = 100, rulebook: dict[str, Any] | None = None, **redemption: Any) -> Community:  # noqa: ANN401
    """A community in which ``v-1`` and ``v-2`` of one household and ``v-3`` have points."""
    here = Community(definition(redemption=redemption, rulebook=rulebook))
    for volunteer in ("v-1", "v-2", "v-3"):
        here.give(volunteer, points)
    return here


def with_items(*items: Item, **redemption: Any) -> Community:  # noqa: ANN401 - parts of the rules of redemption
    here = Community(definition(redemption=redemption, catalogue=(*DEFINITION.catalogue, *items)))
    here.give("v-1", 100)
    here.give("v-2", 100)
    return here


# --- when ---


@pytest.mark.parametrize("when, is_open", [
    ("2026-03-14T23:59", False), ("2026-03-15T08:59", False), ("2026-03-15T09:00", True), ("2026-03-15T11:59", True),
    ("2026-03-15T12:00", False), ("2026-03-16T10:00", True), ("2026-03-17T10:00", False), ("2027-03-15T10:00", True),
])  # fmt: skip
def test_a_window_is_open_on_its_days_within_its_hours(when: str, is_open: bool) -> None:  # noqa: FBT001
    window = Window(
        first_day=date(2026, 3, 15), last_day=date(2026, 3, 16), yearly=True, from_time=time(9), until_time=time(12)
    )
    here = community(windows=(window,))
    if is_open:
        here.run(HAIRCUT, actor="leader", at=at(when))
    else:
        facts = here.refuses("not_a_redemption_day", HAIRCUT, actor="leader", at=at(when))
        assert facts["windows"] == ["03-15..03-16 09:00-12:00"]


def test_redemption_ends_with_the_last_instant_of_the_year() -> None:
    window = Window(first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
    here = community(windows=(window,))
    here.run(HAIRCUT, actor="leader", at=at("2026-12-31T23:58"))
    here.refuses("not_a_redemption_day", HAIRCUT, actor="leader", at=at("2027-01-01T00:00"))


# --- who ---


def test_conditions_of_the_rulebook_and_of_the_item_must_hold() -> None:
    rich = Condition(id="rich", of=Of.AVAILABLE, at_least=50)
    senior = Condition(id="senior", tags=("senior",))
    item = Item(id="trip", name="", partner="grain", prices=(Price(points=1),), stocked=False, conditions=(senior,))
    here = with_items(item, conditions=(rich,))
    facts = here.refuses("condition_unmet", Redeem(volunteer="v-1", item="trip"), actor="leader")
    assert facts["condition"] == "senior"
    here.run(Enrol(volunteer="v-1", tags=("senior",), household="h-1"))
    here.run(Redeem(volunteer="v-1", item="trip"), actor="leader")
    here.hold("v-1", "haircut", 10)
    facts = here.refuses("condition_unmet", Redeem(volunteer="v-1", item="trip"), actor="leader")
    assert (facts["condition"], facts["wanted"], facts["found"]) == ("rich", "≥ 50", "49")


@pytest.mark.parametrize("of, unit, asks", [
    (Of.EARNED, "points", 100), (Of.AVAILABLE, "points", 100), (Of.BALANCE, "points", 100),
    (Of.HOURS, "", 2), (Of.TIMES, "", 1),
    (Of.RECORDS, "", 1), (Of.QUANTITY, "ml", 1), (Of.MONTHS, "", 1), (Of.REDEMPTIONS, "", 1), (Of.SPENT, "points", 5),
])  # fmt: skip
def test_the_books_answer_every_measure(of: Of, unit: str, asks: int) -> None:
    """What is done below reaches each bound exactly, and nothing reaches it before."""
    wanted = Condition(id="c", of=of, unit=unit or "points", at_least=asks)
    free = Item(id="free", name="", partner="grain", prices=(Price(points=0),), stocked=False)
    here = Community(definition(
        redemption={"limits": (Limit(at_most=10**6, per=Period.EVER, of=LimitOf.POINTS),),
                    "transfer_conditions": (wanted,),
                    "transfers": Transfers.ANYONE},
        rulebook={"counts_times": True}, catalogue=(*DEFINITION.catalogue, free),
    ))  # fmt: skip
    give = Transfer(giver="v-1", receiver="v-2", points=1)
    here.now = at("2026-03-14T12:00")
    if of not in {Of.EARNED, Of.AVAILABLE, Of.BALANCE}:
        here.give("v-1", 105)
    else:
        here.give("v-1", 79)
        here.run(Adjust(volunteer="v-1", points=10, requested_by="founder-b", reason=REASON))
        here.run(Adjust(volunteer="v-1", points=-10, requested_by="founder-b", reason=REASON))
    here.refuses("condition_unmet", give, actor="v-1")
    if of in {Of.EARNED, Of.AVAILABLE, Of.BALANCE}:
        here.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
        here.refuses("condition_unmet", give, actor="v-1")
        here.award("v-1", "2026-03-14T11:00", "2026-03-14T11:06")
    elif of in {Of.HOURS, Of.TIMES}:
        here.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    elif of is Of.RECORDS:
        here.submit("v-1", *here_interval())
    elif of is Of.QUANTITY:
        blood(here)
    elif of is Of.MONTHS:
        here.refuses("condition_unmet", give, actor="v-1", at=at("2026-04-13T23:59"))
        here.now = at("2026-04-14T00:00")
    else:
        here.hold("v-1", "haircut")
    here.run(give, actor="v-1")


def here_interval() -> tuple[Any, ...]:
    return (interval("2026-03-14T09:00", "2026-03-14T09:01"),)


def blood(here: Community) -> None:
    details = Details(quantities=(Quantity(unit="ml", amount=1),))
    (entry,) = here.run(Submit(volunteer="v-1", activity="park", on=date(2026, 3, 14), details=details), actor="leader")
    here.run(Approve(record=str(getattr(entry.fact, "record", ""))), actor="checker")


def test_a_level_opens_what_it_names() -> None:
    ladder = Ladder(id="stars", levels=tuple(
        Level(id=f"star-{n}", conditions=(Condition(id=f"h-{n}", of=Of.HOURS, at_least=n),)) for n in (1, 2)
    ))  # fmt: skip
    here = community(conditions=(Condition(id="two", ladder="stars", level="star-2"),), rulebook={"ladders": (ladder,)})
    here.award("v-1", "2026-03-14T09:00", "2026-03-14T10:59")
    facts = here.refuses("condition_unmet", HAIRCUT, actor="leader")
    assert facts["found"] == "star-1"
    here.award("v-1", "2026-03-14T11:00", "2026-03-14T11:01")
    here.run(HAIRCUT, actor="leader")


def test_a_levels_points_spent_are_counted_although_no_limit_asks_for_them() -> None:
    ladder = Ladder(id="l", levels=(Level(id="a", conditions=(Condition(id="s", of=Of.SPENT, at_least=5),)),))
    vip = SpecialPrice(points=1, conditions=(Condition(id="vip", ladder="l", level="a"),))
    item = Item(id="tea", name="", partner="grain", prices=(Price(points=9),), stocked=False, special_prices=(vip,))
    here = Community(definition(rulebook={"ladders": (ladder,)}, catalogue=(*DEFINITION.catalogue, item)))
    here.give("v-1", 100)
    here.hold("v-1", "haircut")
    here.hold("v-1", "tea")
    assert here.available("v-1") == 94


# --- how often and how much ---


@pytest.mark.parametrize("by, who_is_refused", [
    (LimitBy.VOLUNTEER, {"v-1"}), (LimitBy.HOUSEHOLD, {"v-1", "v-2"}), (LimitBy.EVERYBODY, {"v-1", "v-2", "v-3"}),
])  # fmt: skip
@pytest.mark.parametrize(
    "of, most, quantity", [(LimitOf.UNITS, 3, 3), (LimitOf.REDEMPTIONS, 1, 3), (LimitOf.POINTS, 15, 3)]
)
def test_each_limit_counts_its_own_of_its_own(
    by: LimitBy, who_is_refused: set[str], of: LimitOf, most: int, quantity: int
) -> None:
    here = community(limits=(Limit(at_most=most, per=Period.QUARTER, of=of, by=by),))
    too_many = attrs.evolve(HAIRCUT, quantity=quantity + 1)
    if of is not LimitOf.REDEMPTIONS:
        here.refuses("limit_reached", too_many, actor="leader")
    redemption = here.hold("v-1", "haircut", quantity)
    for volunteer in ("v-1", "v-2", "v-3"):
        command = attrs.evolve(HAIRCUT, volunteer=volunteer)
        if volunteer in who_is_refused:
            facts = here.refuses("limit_reached", command, actor="leader")
            assert facts["used"] == most
    here.run(attrs.evolve(HAIRCUT), actor="leader", at=at("2026-04-01T00:00"))
    here = community(limits=(Limit(at_most=most, per=Period.QUARTER, of=of, by=by),))
    redemption = here.hold("v-1", "haircut", quantity)
    here.run(Cancel(redemption=redemption, reason=REASON), actor="leader")
    here.hold("v-2", "haircut", quantity)


def test_everybodys_limit_counts_each_item_on_its_own() -> None:
    here = community(limits=(Limit(at_most=1, per=Period.DAY, by=LimitBy.EVERYBODY),))
    here.hold("v-1", "haircut")
    here.hold("v-2", "leaflet")
    here.refuses("limit_reached", attrs.evolve(HAIRCUT, volunteer="v-3"), actor="leader")
    here.refuses("limit_reached", Redeem(volunteer="v-1", item="leaflet"), actor="leader")


def test_two_limits_of_everybody_on_one_item_are_counted_once() -> None:
    limits = tuple(Limit(at_most=2, per=per, by=LimitBy.EVERYBODY, item="haircut") for per in (Period.DAY, Period.YEAR))
    here = community(limits=limits)
    here.hold("v-1", "haircut")
    here.hold("v-2", "haircut")
    here.refuses("limit_reached", attrs.evolve(HAIRCUT, volunteer="v-3"), actor="leader")


# --- what it costs ---


def test_a_special_price_holds_for_whom_its_conditions_hold_and_the_first_of_several() -> None:
    for_seniors = SpecialPrice(points=3, conditions=(Condition(id="senior", tags=("senior",)),), cash="1.5")
    for_party = SpecialPrice(points=2, conditions=(Condition(id="party", tags=("party",)),), until=date(2026, 4, 1))
    item = Item(id="tea", name="", partner="grain", prices=(Price(points=9, cash=2),), stocked=False,
                special_prices=(for_party, for_seniors))  # fmt: skip
    here = with_items(item)
    here.run(Enrol(volunteer="v-1", tags=("student",), household="h-1"))

    def cost(*tags: str) -> tuple[int, Fraction, str]:
        here.run(Enrol(volunteer="v-1", tags=tags, household="h-1"))
        held = fact(here.run(Redeem(volunteer="v-1", item="tea", quantity=2), actor="leader"), Held)
        return held.points, held.cash, held.special

    assert cost() == (18, Fraction(4), "")
    assert cost("senior") == (6, Fraction(3), "senior")
    assert cost("senior", "party") == (4, Fraction(0), "party")
    here.now = at("2026-04-01T00:00")
    assert cost("senior", "party", "student") == (6, Fraction(3), "senior")


def test_goods_with_a_worth_are_priced_by_the_rate_of_their_partner() -> None:
    oil = Item(id="oil", name="", partner="grain", worth=Fraction("20.5"), stocked=False)
    perm = attrs.evolve(oil, id="perm", partner="hair")
    here = with_items(oil, perm, exchange=(Exchange(money=3), Exchange(money=2, partner="hair")))
    assert fact(here.run(Redeem(volunteer="v-1", item="oil"), actor="leader"), Held).price == 7
    assert fact(here.run(Redeem(volunteer="v-1", item="perm"), actor="leader"), Held).price == 11


def test_what_is_left_after_a_redemption_ends_where_the_rulebook_says_so() -> None:
    here = community(clears_rest=True)
    done = here.run(HAIRCUT, actor="leader")
    assert kinds(done) == ["Held", "Expired"]
    assert fact(done, Expired).volunteer == "v-1"
    assert here.available("v-1") == 0
    assert here.available("v-2") == 100
    exact = community(points=5, clears_rest=True)
    assert kinds(exact.run(HAIRCUT, actor="leader")) == ["Held"]


# --- whose points ---


def at_home(points: int) -> Community:
    """The household has points that ``v-1`` earned for it."""
    here = Community(definition(rulebook={"to": Whose.HOUSEHOLD}))
    for begin in range(points // 10):
        here.award("v-1", f"2026-03-14T{begin:02}:00", f"2026-03-14T{begin + 1:02}:00")
    return here


def home(here: Community) -> dict[Any, int]:
    return here._lots(household_holder("h-1"), Purpose.AVAILABLE, "points")  # noqa: SLF001


def test_the_points_of_the_household_pay_and_come_back_to_it() -> None:
    here = at_home(30)
    mine = Redeem(volunteer="v-2", item="haircut", quantity=2, payer=Whose.HOUSEHOLD)
    here.refuses("not_enough_points", attrs.evolve(mine, payer=Whose.VOLUNTEER), actor="leader")
    here.refuses("no_household", attrs.evolve(mine, volunteer="v-3"), actor="leader")
    for way in ("cancel", "lapse", "return"):
        (entry,) = here.run(mine, actor="leader")
        redemption = entry.fact.redemption  # type: ignore[union-attr]
        assert home(here) == {ENDS_2027: 20}
        assert household_holder("h-1") in entry.about
        if way == "cancel":
            (back,) = here.run(Cancel(redemption=redemption, reason=REASON), actor="leader")
        elif way == "lapse":
            (back,) = here.run(Lapse(redemption=redemption), actor="leader", at=entry.fact.held_until)  # type: ignore[union-attr]
        else:
            here.run(Collect(redemption=redemption), actor="founder-a")
            (back,) = here.run(Return(redemption=redemption, reason=REASON), actor="founder-a")
        assert home(here) == {ENDS_2027: 30}
        assert household_holder("h-1") in back.about


def test_points_of_the_household_that_come_back_too_late_get_days_of_grace_there() -> None:
    here = at_home(10)
    (entry,) = here.run(
        Redeem(volunteer="v-1", item="haircut", quantity=2, payer=Whose.HOUSEHOLD, held_until=at("2028-01-05T00:00")),
        actor="leader",
    )
    redemption = entry.fact.redemption  # type: ignore[union-attr]
    entries = here.run(Cancel(redemption=redemption, reason=REASON), actor="leader", at=at("2028-01-02T09:00"))
    assert kinds(entries) == ["Cancelled", "Extended"]
    assert home(here) == {at("2028-02-02T00:00"): 10}
    assert entries[1].about == (household_holder("h-1"),)


def test_who_moves_out_after_a_hold_leaves_its_points_with_the_household_that_paid() -> None:
    here = at_home(10)
    (entry,) = here.run(Redeem(volunteer="v-1", item="haircut", payer=Whose.HOUSEHOLD), actor="leader")
    here.run(Enrol(volunteer="v-1", household="h-2"))
    here.run(Cancel(redemption=entry.fact.redemption, reason=REASON), actor="leader")  # type: ignore[union-attr]
    assert home(here) == {ENDS_2027: 10}


def test_points_that_end_now_are_not_there_to_be_measured() -> None:
    here = with_items(conditions=(Condition(id="some", of=Of.AVAILABLE, at_least=150),))
    here.give("v-1", 50, ends=at("2026-06-01T00:00"))
    facts = here.refuses("condition_unmet", HAIRCUT, actor="leader", at=at("2026-06-01T00:00"))
    assert (facts["of"], facts["item"], facts["found"]) == ("available", "haircut", "100")
    here.run(HAIRCUT, actor="leader", at=at("2026-06-01T00:00") - timedelta(microseconds=1))
