"""Five published schemes with the numbers that follow from their text, each as a rulebook and a history."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.decisions.community import DEFINITION, REASON, Community, at, interval
from volunteer_points.commands import Approve, ApproveByRulebook, Expire, OpenBalance, Redeem, Submit
from volunteer_points.errors import Refused
from volunteer_points.model import (
    Activity,
    Condition,
    Currency,
    Details,
    Duty,
    Evidence,
    Item,
    Ladder,
    Level,
    Limit,
    LimitOf,
    Of,
    Period,
    Price,
    Quantity,
    Right,
    number_text,
)
from volunteer_points.postings import Purpose
from volunteer_points.rules import (
    Accrual,
    Cap,
    Expiry,
    Rate,
    RedemptionRule,
    Rounding,
    Route,
    Rulebook,
    Stream,
    TimeFactor,
    When,
)

POINT = Item(id="point", name="一分商品", partner="grain", prices=(Price(points=1),), stocked=False)
"""Something that costs one point, so that any number can be redeemed."""


def scheme(
    *activities: str,
    now: str = "2026-01-01T08:00",
    more: dict[str, Any] | None = None,
    **rules: Any,  # noqa: ANN401 - parts of a rulebook, by name
) -> Community:
    """A community under one rulebook, with the activities named."""
    rulebook = Rulebook(id="it", **{"since": at("2023-01-01T00:00").date(), **rules})
    definition = attrs.evolve(
        DEFINITION,
        activities=tuple(Activity(id=each, name=each) for each in activities),
        catalogue=(POINT,),
        rulebooks=(rulebook,),
        **(more or {}),
    )
    return Community(definition, now=now)


def on_a_day(here: Community, activity: str, **more: Any) -> None:  # noqa: ANN401 - parts of the record, by name
    """A record without times, approved."""
    (entry,) = here.run(Submit(volunteer="v-1", activity=activity, on=here.now.date(), **more), actor="leader")
    here.run(Approve(record=str(getattr(entry.fact, "record", ""))), actor="checker")


def hours(here: Community) -> str:
    """The hours that stand in the books, as people write them."""
    return number_text(Fraction(sum(here.lots("v-1", Purpose.SERVED, "minutes").values()), 60))


def test_hailin_two_hours_an_event_and_one_redemption_a_quarter() -> None:
    here = scheme(
        "duty",
        "referral",
        accruals=(
            Accrual(id="referral", fixed=Fraction(2), when=When(activities=("referral",))),
            Accrual(id="hours", per_hour=Fraction(1)),
        ),
        caps=(Cap(id="event", of="minutes", at_most=Fraction(120), per="record"),),
        time_factors=(TimeFactor(id="complaint", times=Fraction(0), when=When(ratings=("complaint",))),),
        redemption=RedemptionRule(limits=(Limit(at_most=1, per=Period.QUARTER, of=LimitOf.REDEMPTIONS),)),
    )
    here.award("v-1", "2026-01-10T09:00", "2026-01-10T10:00", activity="duty")
    here.award("v-1", "2026-01-11T09:00", "2026-01-11T12:30", activity="duty")
    record = here.submit("v-1", interval("2026-01-12T09:00", "2026-01-12T11:00"), activity="duty")
    here.run(Approve(record=record, rating="complaint"), actor="checker")
    on_a_day(here, "referral")
    assert (hours(here), here.available("v-1")) == ("3", 5)
    here.hold("v-1", "point", 4)
    assert (hours(here), here.available("v-1")) == ("3", 1)
    again = Redeem(volunteer="v-1", item="point")
    here.refuses("limit_reached", again, actor="leader", at=at("2026-03-31T23:59"))
    here.run(again, actor="leader", at=at("2026-04-01T00:00"))
    assert here.available("v-1") == 0


def test_zhiyuan_huangshi_made_up_hours_are_kept_and_points_lapse_with_the_year() -> None:
    here = scheme(
        "duty",
        now="2023-02-01T08:00",
        accruals=(Accrual(id="signed", per_hour=Fraction(1), when=When(evidence=(Evidence.SIGNED,))),),
        expiry=Expiry(end_of=Period.YEAR),
    )
    here.award("v-1", "2023-03-01T06:00", "2023-03-01T18:00", activity="duty", evidence=Evidence.SIGNED)
    here.award("v-1", "2023-04-01T06:00", "2023-04-01T11:00", activity="duty", evidence=Evidence.MAKE_UP)
    assert (here.available("v-1"), hours(here)) == (12, "17")
    here.run(Redeem(volunteer="v-1", item="point", quantity=7), actor="leader", at=at("2023-11-20T10:00"))
    assert here.available("v-1") == 5
    one = Redeem(volunteer="v-1", item="point", quantity=5)
    here.refuses("not_enough_points", one, actor="leader", at=at("2024-01-01T00:00"))
    here.run(Expire(volunteer="v-1"), actor="anybody", at=at("2024-01-01T00:00"))
    assert here.available("v-1") == 0
    here.award("v-1", "2024-02-01T09:00", "2024-02-01T12:00", activity="duty", evidence=Evidence.SIGNED)
    assert (here.available("v-1"), hours(here)) == (3, "20")


@pytest.mark.parametrize("when, accepted", [("2023-12-31T23:58", True), ("2024-01-01T00:00", False)])
def test_zhiyuan_huangshi_redeems_to_the_last_minute(when: str, accepted: bool) -> None:  # noqa: FBT001
    here = scheme("duty", now="2023-02-01T08:00", accruals=(Accrual(id="hours", per_hour=Fraction(1)),),
                  expiry=Expiry(end_of=Period.YEAR))  # fmt: skip
    here.award("v-1", "2023-03-01T06:00", "2023-03-01T11:00", activity="duty")
    command = Redeem(volunteer="v-1", item="point", quantity=5)
    if accepted:
        here.run(command, actor="leader", at=at(when))
    else:
        here.refuses("not_enough_points", command, actor="leader", at=at(when))


STARS = Ladder(id="stars", levels=tuple(
    Level(id=f"star-{n}", conditions=(
        Condition(id=f"hours-{n}", of=Of.BALANCE, unit="hours", at_least=least),
        Condition(id=f"points-{n}", of=Of.BALANCE, at_least=points),
    ))
    for n, (least, points) in enumerate([(50, 500), (100, 1000), (200, 2100), (400, 4200), (800, 8400)], start=1)
))  # fmt: skip


def longquanyi() -> Community:
    """210 hours and 2,150 points; an hour of service costs an hour, and asks for ten points for each hour."""
    ratio = Condition(id="ratio", of=Of.BALANCE, at_least=10, for_each=Of.BALANCE, for_each_unit="hours")
    service = Item(id="service", name="无偿服务", partner="hair", prices=(Price(points=1),), stocked=False,
                   currency="hours", conditions=(ratio,))  # fmt: skip
    honours = tuple(
        Item(id=level.id, name=level.id, partner="hair", prices=(Price(points=0),), stocked=False,
             conditions=(Condition(id=level.id, ladder="stars", level=level.id),))
        for level in STARS.levels
    )  # fmt: skip
    misconduct = Accrual(id="misconduct", rate=Rate(of=Of.QUANTITY, unit="points", points=-1),
                         when=When(activities=("misconduct",)))  # fmt: skip
    rulebook = Rulebook(
        id="it", since=at("2023-01-01T00:00").date(), accruals=(misconduct, Accrual(id="hours", per_hour=Fraction(10))),
        streams=(Stream(id="hours", currency="hours", accruals=(Accrual(id="each-hour", per_hour=Fraction(1)),)),),
        ladders=(STARS,),
    )  # fmt: skip
    here = Community(
        attrs.evolve(
            DEFINITION,
            activities=(Activity(id="duty", name="服务"), Activity(id="misconduct", name="处罚")),
            currencies=(Currency(id="points"), Currency(id="hours")),
            catalogue=(service, *honours),
            rulebooks=(rulebook,),
        )
    )
    for currency, amount in (("points", 2150), ("hours", 210)):
        here.run(
            OpenBalance(volunteer="v-1", points=amount, currency=currency, requested_by="founder-b", reason=REASON)
        )
    return here


def stars(here: Community) -> int:
    """The highest star whose honour can be had."""
    reached = 0
    for number, level in enumerate(STARS.levels, start=1):
        with suppress(Refused):
            here.hold("v-1", level.id)
            reached = number
    return reached


def test_longquanyi_stars_and_free_service_follow_what_is_held() -> None:
    here = longquanyi()
    assert stars(here) == 3
    here.hold("v-1", "service", 4)
    here = longquanyi()
    on_a_day(here, "misconduct", details=Details(quantities=(Quantity(unit="points", amount=60),)))
    assert (here.available("v-1"), stars(here)) == (2090, 2)
    refused = here.refuses("condition_unmet", Redeem(volunteer="v-1", item="service"), actor="leader")
    assert (refused["condition"], refused["wanted"], refused["found"]) == ("ratio", "≥ 2100", "2090")


def test_longquanyi_service_that_was_taken_is_off_the_hours() -> None:
    here = longquanyi()
    here.collected("v-1", "service", 4)
    assert sum(here.lots("v-1", unit="hours").values()) == 206
    assert stars(here) == 3
    on_a_day(here, "misconduct", details=Details(quantities=(Quantity(unit="points", amount=50),)))
    assert (here.available("v-1"), stars(here)) == (2100, 3)
    here.hold("v-1", "service")


BY_SCAN = {
    "accruals": (Accrual(id="hours", per_hour=Fraction(1)),),
    "recording": (Condition(id="three-a-day", of=Of.RECORDS, over="day", below=3, each_activity=True),),
    "routes": (
        Route(id="at-once", day_minutes_up_to=480, automatic=True),
        Route(id="parent", day_minutes_above=480, day_minutes_up_to=720),
        Route(id="province", day_minutes_above=720, right=Right.CERTIFY),
    ),
}
DUTIES = (
    Duty(actor="leader", may=(Right.RECORD,)),
    Duty(actor="parent", may=(Right.APPROVE,)),
    Duty(actor="province", may=(Right.CERTIFY,)),
)


def izhiyuan(**rules: Any) -> Community:  # noqa: ANN401 - parts of the rulebook, by name
    return scheme("duty", "other", now="2026-03-14T23:30", more={"duties": DUTIES}, **BY_SCAN, **rules)


def scanned(here: Community, begin: str, end: str, **more: Any) -> str:  # noqa: ANN401
    """A record of one sign-in and sign-out; its id."""
    times = (interval(f"2026-03-14T{begin}", f"2026-03-14T{end}"),)
    command = Submit(**{"volunteer": "v-1", "activity": "duty", "intervals": times, **more})
    return str(getattr(here.run(command, actor="leader")[0].fact, "record", ""))


def test_izhiyuan_only_what_exceeds_eight_hours_waits_for_the_parent_body() -> None:
    here = izhiyuan()
    first, second, third = (
        scanned(here, *times) for times in (("06:00", "10:00"), ("10:00", "13:00"), ("13:00", "15:00"))
    )
    assert [here.record(each).status for each in (first, second, third)] == ["awarded", "awarded", "submitted"]
    assert hours(here) == "7"
    here.run(Approve(record=third), actor="parent")
    assert hours(here) == "9"


def test_izhiyuan_or_the_whole_day_waits() -> None:
    here = izhiyuan(waits_for_day=True)
    records = [scanned(here, *times) for times in (("06:00", "10:00"), ("10:00", "13:00"), ("13:00", "15:00"))]
    other = scanned(here, "06:00", "14:00", volunteer="v-2")
    here.now = at("2026-03-15T08:00")
    here.run(ApproveByRulebook(record=other), actor="anybody")
    for record in records:
        assert here.refuses("needs_an_approver", ApproveByRulebook(record=record), actor="anybody")["route"] == "parent"
        here.run(Approve(record=record), actor="parent")
    assert hours(here) == "9"


@pytest.mark.parametrize("minutes, body, other", [(720, "parent", "province"), (750, "province", "parent")])
def test_izhiyuan_twelve_hours_go_to_the_parent_and_more_to_the_province(minutes: int, body: str, other: str) -> None:
    here = izhiyuan()
    end = at("2026-03-14T06:00") + timedelta(minutes=minutes)
    record = scanned(here, "06:00", f"{end:%H:%M}")
    here.refuses("not_authorised", Approve(record=record), actor=other)
    here.run(Approve(record=record), actor=body)
    assert hours(here) == number_text(Fraction(minutes, 60))


def test_izhiyuan_a_fourth_sign_in_to_one_activity_on_a_day_is_refused() -> None:
    here = izhiyuan()
    for hour in (6, 8, 10):
        scanned(here, f"{hour:02}:00", f"{hour + 1:02}:00")
    times = (interval("2026-03-14T12:00", "2026-03-14T13:00"),)
    fourth = Submit(volunteer="v-1", activity="duty", intervals=times)
    here.refuses("condition_unmet", fourth, actor="leader")
    here.run(attrs.evolve(fourth, activity="other"), actor="leader")


def test_campus_coefficients_and_bonuses_are_exact_to_the_tenth() -> None:
    bonuses = {"three-stars": 25, "four-stars": 30, "five-stars": 40, "excellent": 20, "lei-feng": 10}
    levels = {"class": "10", "college": "10.2", "district": "10.4", "city": "10.6"}
    here = scheme(
        *levels,
        *bonuses,
        accruals=(
            *(Accrual(id=each, per_hour=rate, when=When(activities=(each,))) for each, rate in levels.items()),
            *(Accrual(id=each, fixed=points, when=When(activities=(each,))) for each, points in bonuses.items()),
        ),
        rounding=Rounding(to=Fraction(1, 10)),
        more={"currencies": (Currency(id="points", decimals=1),)},
    )
    here.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00", activity="district")
    here.award("v-1", "2026-03-14T12:00", "2026-03-14T13:30", activity="college")
    on_a_day(here, "three-stars")
    on_a_day(here, "excellent")
    assert here.frame.currency("points").shown(here.available("v-1")) == "81.1"
