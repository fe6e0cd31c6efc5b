"""Small programmes that exercise much with little, for the kit's own tests and for those of others."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from volunteer_points.commands import Definition
from volunteer_points.model import (
    Activity,
    Calendar,
    Duty,
    Household,
    Item,
    Limit,
    LimitBy,
    LimitOf,
    Partner,
    Period,
    Price,
    Right,
    TeamStructure,
)
from volunteer_points.rules import Accrual, Cap, Expiry, Multiplier, RedemptionRule, Rulebook, Transfers, When

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
