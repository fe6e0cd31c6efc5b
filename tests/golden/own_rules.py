"""Samples of what came with developers' own rules: where a rulebook and an item name one, and what is kept of it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.golden.samples import ENDS, HASH, entry
from volunteer_points import entries as e
from volunteer_points.entries import Entry, Fact
from volunteer_points.model import Condition, Item, OwnRule, Parameters
from volunteer_points.rules import Accrual, Rulebook, Step

RIVER = OwnRule(rule="river-bank", version="1", parameters=Parameters({"metres": 100, "points": "1/2"}))
LOYAL = OwnRule(rule="loyal-price", version="2.0")
OWN_RULEBOOK = Rulebook(
    id="2026-own",
    since=date(2026, 1, 1),
    accruals=(Accrual(id="banks", own=RIVER),),
    conditions=(Condition(id="steady", own=LOYAL, at_least=Fraction(3, 2)),),
)
TOLD = (("name", "loyal-price"), ("version", "2.0"), ("own.hours", "120"))

OWN_FACTS: tuple[Fact, ...] = (
    e.RulebookAdopted(rulebook=OWN_RULEBOOK, hash=OWN_RULEBOOK.hash, author="founder-a"),
    e.ItemListed(item=Item(id="trip", name="一日游", partner="grain", own=LOYAL, stocked=False)),
    e.Awarded(
        record="r-1",
        volunteer="v-1",
        activity="park",
        rulebook="2026-own",
        rulebook_hash=HASH,
        currency="culture",
        points=1,
        minutes=60,
        lot=ENDS,
        working=(
            Step("time", "measured", "", "60"),
            Step("banks", "by_own", "60", "3/2", (("clause", ""), ("name", "river-bank"), ("version", "1"))),
        ),
    ),
    e.Held(
        redemption="x-1",
        volunteer="v-1",
        item="trip",
        partner="grain",
        quantity=1,
        price=8,
        currency="culture",
        points=8,
        held_until=ENDS,
        rulebook="2026-own",
        priced_by=TOLD,
    ),
)
OWN_ENTRIES: tuple[Entry, ...] = tuple(entry(fact, number) for number, fact in enumerate(OWN_FACTS, start=1))
