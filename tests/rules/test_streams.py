"""Streams: what the same service earns besides, and where caps overflow to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.rules.records import (
    POINTS,
    given_for,
    served,
    worked_out,
)
from volunteer_points.model import Condition, Currency, Whose
from volunteer_points.rules import (
    Accrual,
    Cap,
    Credit,
    Expiry,
    Mark,
    Milestone,
    Multiplier,
    Rate,
    Rounding,
    Stage,
    Stream,
    When,
    Working,
)

GIFT, TENTHS = Currency(id="gift"), Currency(id="tenths", decimals=1)
ALL = (*POINTS, GIFT, TENTHS)
HOURS = (Accrual(id="gift-hours", per_hour=Fraction(3)),)


def stream(currency: str = "gift", **more: Any) -> Stream:  # noqa: ANN401 - parts of a stream, by name
    return Stream(**{"id": f"s-{currency}", "currency": currency, "accruals": HOURS, **more})


def with_streams(minutes: int, *streams: Stream, **more: Any) -> Working:  # noqa: ANN401 - parts of a rulebook
    return worked_out(served(minutes), streams=streams, currencies=ALL, **more)


def test_one_record_earns_in_several_currencies_each_with_its_own_holder_payer_and_end() -> None:
    gift = stream(to=Whose.HOUSEHOLD, source="fund:care", expiry=Expiry(last_day=date(2026, 12, 31)))
    working = with_streams(
        60, gift, stream("tenths", accruals=(Accrual(id="t", fixed=Fraction("8.1")),), rounding=Rounding(to="0.1"))
    )
    assert working.points == 10
    assert working.more == (
        Credit(
            currency="gift",
            points=3,
            lot=datetime(2026, 12, 31, 16, tzinfo=UTC),
            to=Whose.HOUSEHOLD,
            source="fund:care",
        ),
        Credit(currency="tenths", points=81),
    )


def test_a_stream_goes_its_own_way_when_the_rulebook_gives_nothing() -> None:
    tea = Accrual(id="tea", per_hour=Fraction(1), when=When(activities=("tea",)))
    working = with_streams(60, stream(), accruals=(tea,))
    assert (working.points, working.nothing_because, [credit.points for credit in working.more]) == (0, None, [3])
    nothing = with_streams(60, stream(accruals=(attrs.evolve(tea, id="b"),)), accruals=(tea,))
    assert (nothing.nothing_because, nothing.more) == ("no_rule_fits", ())


def test_a_streams_condition_closes_that_stream_alone() -> None:
    seniors = stream(conditions=(Condition(id="seniors", tags=("senior",)),))
    assert with_streams(60, seniors).more == ()
    working = worked_out(served(60, tags=("senior",)), streams=(seniors,), currencies=ALL)
    assert [credit.points for credit in working.more] == [3]


def test_conditions_of_the_rulebook_leave_the_hours_and_give_nothing() -> None:
    working = given_for(60, conditions=(Condition(id="seniors", tags=("senior",), clause="第二条"),))
    assert (working.points, working.minutes, working.nothing_because) == (0, 60, "condition_unmet")
    assert dict(working.steps[-1].facts)["clause"] == "第二条"


@pytest.mark.parametrize(
    "used, points, gift", [(0, 20, 0), (1480, 20, 0), (1490, 10, 10), (1500, 0, 20), (1600, 0, 20)]
)
def test_what_overflows_a_cap_goes_to_the_other_currency(used: int, points: int, gift: int) -> None:
    cap = Cap(id="most", at_most=Fraction(1500), per="ever", overflow="gift")
    working = with_streams(120, stream(accruals=()), caps=(cap,), used={"most": used})
    assert (working.points, sum(credit.points for credit in working.more)) == (points, gift)
    own = with_streams(120, stream(), caps=(cap,), used={"most": used})
    assert (own.points, sum(credit.points for credit in own.more)) == (points, 6 + gift)


@pytest.mark.parametrize(
    "source, target, over", [("points", "tenths", 170), ("tenths", "points", 17), ("tenths", "gift", 17)]
)
def test_what_overflows_is_worth_the_same_in_a_currency_of_other_decimals(source: str, target: str, over: int) -> None:
    cap = Cap(id="most", at_most=Fraction(3), per="record", overflow=target)
    working = with_streams(120, stream(target, accruals=()), currency=source, caps=(cap,))
    assert [credit.points for credit in working.more] == [over]


def test_a_part_too_small_for_the_other_currency_is_lost() -> None:
    cap = Cap(id="most", at_most=Fraction("0.5"), per="record", overflow="gift")
    rules = {
        "currency": "tenths",
        "caps": (cap,),
        "rounding": Rounding(to="0.1"),
        "accruals": (Accrual(id="a", fixed="2.4"),),
    }
    working = with_streams(60, stream(accruals=()), **rules)
    assert (working.points, [credit.points for credit in working.more]) == (5, [1])


def test_what_overflows_is_held_against_the_caps_of_where_it_goes_and_may_go_on_from_there() -> None:
    first = Cap(id="first", at_most=Fraction(4), per="record", overflow="gift")
    second = Cap(id="second", at_most=Fraction(5), per="day", overflow="tenths")
    gift, tenths = stream(caps=(second,)), stream("tenths", accruals=())
    working = with_streams(60, gift, tenths, caps=(first,), used={"second": 3})
    assert (working.points, [credit.points for credit in working.more]) == (4, [2, 70])
    closed = attrs.evolve(gift, conditions=(Condition(id="never", tags=("nobody",)),))
    working = with_streams(60, closed, tenths, caps=(first,), used={"second": 3})
    assert (working.points, [credit.points for credit in working.more]) == (4, [2, 40])


def test_the_end_of_what_overflows_is_that_of_the_stream_it_goes_to() -> None:
    cap = Cap(id="most", at_most=Fraction(1), per="record", overflow="gift")
    [gift] = with_streams(60, stream(accruals=(), expiry=Expiry(days=1)), caps=(cap,), expiry=Expiry()).more
    assert gift.lot == datetime(2026, 3, 15, 16, tzinfo=UTC)


def test_what_came_over_has_a_step_of_its_own_and_a_stream_without_it_has_none() -> None:
    cap = Cap(id="most", at_most=Fraction(1500), per="ever", overflow="gift")
    working = with_streams(120, stream(), caps=(cap,), used={"most": 1490})
    [came] = [step for step in working.steps if step.did == "came_over"]
    assert (came.rule, came.before, came.after) == ("s-gift", "6", "16")
    assert dict(came.facts) == {"came": "10", "caps": "most"}
    assert working.steps[-1] == came  # behind what the service itself gave there
    assert "came_over" not in {step.did for step in with_streams(120, stream(), caps=(cap,), used={"most": 0}).steps}


# --- a condition stops what is earned, and no deduction ---

CLOSED = (Condition(id="seniors", tags=("senior",)),)
FINE = Accrual(id="fine", fixed=Fraction(-5), when=When(activities=("park",)))


@pytest.mark.parametrize(
    "accruals, points",
    [
        ((FINE,), -5),
        ((Accrual(id="hours", per_hour=Fraction(10)), attrs.evolve(FINE, also=True)), -5),
        ((Accrual(id="late", rate=Rate(points=Fraction(-2))),), -2),
        ((Accrual(id="staged", rate=Rate(stages=(Stage(above=0, points=-2), Stage(above=1, plus=9)))),), 0),
        ((Accrual(id="hours", per_hour=Fraction(10)),), 0),
    ],
)
def test_who_may_not_earn_is_still_charged(accruals: tuple[Accrual, ...], points: int) -> None:
    working = given_for(60, accruals=accruals, conditions=CLOSED)
    assert working.points == points
    assert working.nothing_because == (None if points else "condition_unmet")
    assert [step.did for step in working.steps][1] == "condition_unmet"
    assert len(working.steps) == 2 + bool(points)  # nothing is told of what does not count


def test_what_is_taken_from_who_may_not_earn_is_multiplied_and_rounded_and_reaches_no_milestone() -> None:
    twice = Multiplier(id="twice", times=Fraction(3, 2))
    bonus = Milestone(id="first", marks=(Mark(at=1, points=100),))
    working = given_for(60, accruals=(FINE,), conditions=CLOSED, multipliers=(twice,), milestones=(bonus,))
    assert (working.points, working.counted) == (-8, ())
