"""Small programmes that exercise much with little, for the kit's own tests and for those of others."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction

import attrs

from volunteer_points.commands import Definition
from volunteer_points.model import (
    Activity,
    Calendar,
    Condition,
    Currency,
    Duty,
    Fund,
    Household,
    Item,
    Limit,
    LimitBy,
    LimitOf,
    Of,
    Partner,
    Period,
    Price,
    Right,
    TeamStructure,
    Whose,
)
from volunteer_points.rules import (
    Accrual,
    Cap,
    Each,
    Expiry,
    Mark,
    Milestone,
    Multiplier,
    Rate,
    RedemptionRule,
    ReversalOrder,
    Route,
    Rulebook,
    Stream,
    TimeFactor,
    TimeRule,
    Transfers,
    When,
)

FOUNDERS = ("founder-a", "founder-b")
ITEMS = ("rice", "soap", "lunch")


def small_programme() -> Definition:
    """Two activities, three items (one with a limit, one without stock), caps, and points that end within months."""
    return Definition(
        name="A small programme",
        calendar=Calendar(zone="Asia/Shanghai"),
        founders=FOUNDERS,
        structure=TeamStructure(label="free", slots=()),
        households=(Household(id="h-1"),),
        activities=(Activity(id="park", name="Park clean-up"), Activity(id="cinema", name="Open-air cinema")),
        partners=(Partner(id="grain", name="Grain shop"),),
        catalogue=(
            Item(id="rice", name="Rice", partner="grain", prices=(Price(points=20),)),
            Item(id="soap", name="Soap", partner="grain", prices=(Price(points=7),)),
            Item(id="lunch", name="Lunch", partner="grain", prices=(Price(points=0),), stocked=False),
        ),
        duties=(
            Duty(actor="leader", may=(Right.RECORD, Right.REDEEM)),
            Duty(actor="checker", may=(Right.APPROVE,)),
            Duty(actor="shop", may=(Right.COLLECT, Right.STOCK), partners=("grain",)),
        ),
        rulebooks=(
            Rulebook(
                id="2026",
                since=date(2026, 1, 1),
                accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
                multipliers=(Multiplier(id="weekend", times=Fraction(3, 2), when=When(weekdays=(6, 7))),),
                caps=(Cap(id="daily", at_most=Fraction(80)), Cap(id="time", at_most=Fraction(480), of="minutes")),
                expiry=Expiry(months=6),
                redemption=RedemptionRule(
                    limits=(
                        Limit(at_most=2, per=Period.MONTH, item="soap"),
                        Limit(at_most=3, per=Period.DAY, of=LimitOf.REDEMPTIONS, by=LimitBy.HOUSEHOLD),
                    ),
                    hold_days=10,
                    transfers=Transfers.HOUSEHOLD,
                ),
            ),
        ),
    )


def everything_named() -> Definition:
    """The small programme with whatever rulebooks may name: absences, a fund and two more currencies."""
    definition = small_programme()
    return attrs.evolve(
        definition,
        activities=(*definition.activities, Activity(id="absence", name="Absence")),
        currencies=(Currency(id="points"), Currency(id="gift"), Currency(id="tenths", decimals=1)),
        funds=(Fund(id="care", name="Care"),),
        duties=(*definition.duties, Duty(actor="second", may=(Right.APPROVE, Right.CERTIFY))),
    )


def full_programme() -> Definition:
    """A use of every provision: streams, funds, households, deductions, milestones, stages, overflow, a notice."""
    first = _full_rulebook()
    second = attrs.evolve(
        first, id="later", since=date(2026, 3, 20), notice_days=3, to=Whose.HOUSEHOLD, waits_for_day=True,
        redemption=attrs.evolve(first.redemption, clears_rest=True, reversal_takes=ReversalOrder.OTHER_LOTS),
    )  # fmt: skip
    return attrs.evolve(everything_named(), rulebooks=(first, second))


def _full_streams() -> tuple[Stream, ...]:
    gifts = Stream(
        id="gifts",
        currency="gift",
        accruals=(Accrual(id="gift", rate=Rate(over="month", each=2, whole=True, points=3)),),
        caps=(Cap(id="gifts", at_most=Fraction(40), per="year"),),
        expiry=Expiry(months=3),
        to=Whose.HOUSEHOLD,
        source="fund:care",
        conditions=(Condition(id="at-home", without_tags=("senior",)),),
    )
    helped = Stream(
        id="helped",
        currency="points",
        accruals=(Accrual(id="helped", per_hour=Fraction(2), when=When(marks=("helped",))),),
        source="beneficiary",
    )
    fee = Stream(
        id="fee", currency="points", accruals=(Accrual(id="fee", fixed=Fraction(-1), when=When(ratings=("late",))),)
    )
    return gifts, helped, fee


def _full_caps() -> tuple[Cap, ...]:
    return (
        Cap(id="home", at_most=Fraction(120), per="month", whose=Whose.HOUSEHOLD, overflow="gift"),
        Cap(id="times", of="times", at_most=Fraction(4), per="week"),
        Cap(id="most", at_most=Fraction(90), per="balance"),
        Cap(id="ml", of="quantity", unit="ml", at_most=Fraction(800), per="year"),
    )


def _full_rulebook() -> Rulebook:
    return Rulebook(
        id="full",
        since=date(2026, 1, 1),
        accruals=(
            Accrual(id="absence", fixed=Fraction(-15), when=When(activities=("absence",))),
            Accrual(id="evening", per_hour=Fraction(9), when=When(from_time=time(18), until_time=time(2))),
            Accrual(id="hours", per_hour=Fraction(7)),
            Accrual(id="blood", also=True, rate=Rate(of=Of.QUANTITY, unit="ml", each=200, points=4, whole=True)),
        ),
        multipliers=(
            Multiplier(id="hot", times=Fraction(3, 2), group="g", when=When(marks=("hot",))),
            Multiplier(id="weekend", times=Fraction(2), group="g", when=When(weekdays=(6, 7))),
        ),
        time=TimeRule(each=Each.INTERVAL, round_to_minutes=10, travel_counts=True, break_after_minutes=240,
                      break_minutes=20, attended_at_least=Fraction(1, 2)),
        time_factors=(TimeFactor(id="complaint", times=Fraction(0), when=When(ratings=("complaint",))),),
        milestones=(
            Milestone(id="ten", every=10, points=5),
            Milestone(id="third", of=Of.TIMES, over="month", marks=(Mark(at=3, points=8),)),
        ),
        caps=_full_caps(),
        expiry=Expiry(end_of=Period.QUARTER, after=1),
        streams=_full_streams(),
        recording=(Condition(id="four-a-day", of=Of.RECORDS, over="day", below=4, each_activity=True),),
        routes=(
            Route(id="short", day_minutes_up_to=120, automatic=True),
            Route(id="two", when=When(activities=("cinema",)), approvers=2),
            Route(id="rest"),
        ),
        redemption=RedemptionRule(
            transfers=Transfers.ANYONE,
            donations=True,
            limits=(
                Limit(at_most=60, per=Period.MONTH, of=LimitOf.POINTS, by=LimitBy.HOUSEHOLD),
                Limit(at_most=5, per=Period.WEEK, by=LimitBy.EVERYBODY),
            ),
        ),
    )  # fmt: skip
