"""Samples of what came with points that end by inactivity: rulebooks that say so, and the entry that lets them live."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.golden.samples import ENDS, entry
from volunteer_points import entries as e
from volunteer_points.entries import Entry, Fact
from volunteer_points.rules import Accrual, Expiry, Rulebook, Stream

HOURS = Accrual(id="hours", per_hour=Fraction(10))
IDLE_RULEBOOK = Rulebook(
    id="2026-idle",
    since=date(2026, 1, 1),
    currency="culture",
    accruals=(HOURS,),
    expiry=Expiry(idle_months=12),
    streams=(
        Stream(
            id="thanks",
            currency="thanks",
            accruals=(Accrual(id="thanks", fixed=Fraction(1)),),
            expiry=Expiry(idle_days=90),
        ),
    ),
)

IDLE_FACTS: tuple[Fact, ...] = (
    e.RulebookAdopted(rulebook=IDLE_RULEBOOK, hash=IDLE_RULEBOOK.hash, author="founder-a"),
    e.Prolonged(volunteer="v-1", currency="culture", until=ENDS, points=20),
    e.Prolonged(volunteer="household:h-1", currency="thanks", until=ENDS, points=1),
)
IDLE_ENTRIES: tuple[Entry, ...] = tuple(entry(fact, number) for number, fact in enumerate(IDLE_FACTS, start=1))
