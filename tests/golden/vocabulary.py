"""Samples of what the vocabulary of rules added to entries and commands: every kind and field that came with it."""

from __future__ import annotations

from fractions import Fraction

from tests.golden.samples import (
    CALENDAR,
    CURRENCIES,
    DAY,
    DUTIES,
    ENDS,
    HASH,
    INTERVALS,
    REASON,
    STEPS,
    STRUCTURE,
    entry,
)
from volunteer_points import commands as c
from volunteer_points import entries as e
from volunteer_points.commands import Command
from volunteer_points.entries import Fact
from volunteer_points.model import Condition, Details, Evidence, Fund, Item, Of, Price, Quantity, SpecialPrice, Whose
from volunteer_points.rules import Credit

DETAILS = Details(
    role="领队",
    marks=("skilled", "风险二级"),
    rating="满意",
    participants=12,
    quantities=(Quantity(unit="ml", amount=400),),
    planned_minutes=240,
    travel_minutes=30,
    beneficiary="v-9",
)
FUNDS = (Fund(id="care", name="关爱基金"),)
SPECIAL_ITEM = Item(
    id="ticket",
    name="公交卡",
    partner="grain",
    prices=(Price(points=20, cash=Fraction(5, 2)),),
    special_prices=(
        SpecialPrice(
            points=10,
            conditions=(Condition(id="hundred-hours", of=Of.HOURS, at_least=Fraction(100), clause="第六条"),),
            clause="第七条",
        ),
    ),
    conditions=(Condition(id="resident", tags=("居民",)),),
)
MORE_COMMANDS: tuple[Command, ...] = (
    c.Submit(volunteer="v-1", activity="blood", on=DAY, details=DETAILS),
    c.Approve(record="r-1", rating="投诉"),
    c.ApproveByRulebook(record="r-1"),
    c.Confirm(record="r-1"),
    c.Correct(record="r-1", on=DAY, requested_by="leader", reason=REASON, details=DETAILS),
    c.Redeem(volunteer="v-1", item="rice", payer=Whose.HOUSEHOLD),
    c.Expire(volunteer="fund:care", currency="culture"),
    c.Donate(giver="v-1", fund="care", points=5, currency="culture"),
    c.Endow(fund="care", points=500, requested_by="founder-a", reason=REASON, currency="culture"),
)
MORE_FACTS: tuple[Fact, ...] = (
    e.ProgrammeAdopted(
        name="赛罕社区",
        calendar=CALENDAR,
        author="founder-a",
        founders=("founder-a", "founder-b"),
        structure=STRUCTURE,
        currencies=CURRENCIES,
        duties=DUTIES,
        assumptions=("基金名称待定",),
        funds=FUNDS,
    ),
    e.ItemListed(item=SPECIAL_ITEM),
    e.Submitted(
        record="r-1",
        volunteer="v-1",
        activity="park",
        intervals=INTERVALS,
        team="repairs",
        evidence=Evidence.MAKE_UP,
        source="三月签到表.csv 第 7 行",
        details=DETAILS,
    ),
    e.Approved(record="r-1", volunteer="v-1", rating="投诉", route="上级审核", by_rulebook=True, still=1),
    e.Awarded(
        record="r-1",
        volunteer="v-1",
        activity="park",
        rulebook="2026",
        rulebook_hash=HASH,
        currency="culture",
        points=340,
        minutes=200,
        lot=ENDS,
        working=STEPS,
        to=Whose.HOUSEHOLD,
        source="fund:care",
        more=(Credit(currency="culture", points=-5, lot=ENDS, to=Whose.TEAM, source="beneficiary"),),
        counts_from=ENDS,
    ),
    e.Confirmed(record="r-1", volunteer="v-1"),
    e.Corrected(
        record="r-1",
        volunteer="v-1",
        activity="park",
        intervals=INTERVALS,
        revision=2,
        requested_by="leader",
        reason=REASON,
        team="repairs",
        evidence=Evidence.SELF,
        details=DETAILS,
    ),
    e.Donated(giver="v-1", fund="care", currency="culture", points=20),
    e.Endowed(fund="care", currency="culture", points=500, requested_by="founder-a", reason=REASON),
    e.Held(
        redemption="x-1",
        volunteer="v-1",
        item="rice",
        partner="grain",
        quantity=2,
        price=10,
        currency="culture",
        points=20,
        held_until=ENDS,
        rulebook="2026",
        payer=Whose.HOUSEHOLD,
        household="h-1",
        cash=Fraction(5, 2),
        special="hundred-hours",
    ),
)
MORE_ENTRIES = tuple(entry(fact, number) for number, fact in enumerate(MORE_FACTS, start=1))

__all__ = ["DETAILS", "MORE_COMMANDS", "MORE_ENTRIES", "MORE_FACTS"]
