"""How fast recorded service is replayed under another rulebook: ``python -m benchmarks.what_if --records 100000``.

A community of two thousand records, has approved and awards so many services; every fifth time a bag of rice is held
and collected. The ledger is then read, decoded and replayed on one core, under a rulebook with another rate and under a
large one: forty rules, caps of five kinds, a milestone, a notice and a second currency.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import attrs

from benchmarks.community import DEFINITION, FIRST_SERVICE, LEDGER
from benchmarks.tables import machine
from volunteer_points import (
    Adopt,
    Approve,
    Collect,
    Enrol,
    Interval,
    MemoryStore,
    Order,
    Programme,
    ReceiveStock,
    Redeem,
    Submit,
)
from volunteer_points.entries import derived_id
from volunteer_points.model import Currency, Of, Whose
from volunteer_points.rules import Accrual, Cap, Mark, Milestone, Multiplier, Stream, When
from volunteer_points.storage.journal import Journal, save_journal
from volunteer_points.what_if import Report, Trial, entries_of, what_if

VOLUNTEERS = 2000
REDEEMS_EVERY = 5
AIM_SECONDS = 60
AIM_RECORDS = 100_000


@attrs.frozen(kw_only=True)
class Measured:
    """One what-if: what was tried, what it took, and that it had something to do."""

    rulebook: str
    records: int
    entries: int
    seconds: float
    core_seconds: float
    """What one core worked for it, without the time in which others had the core."""

    peak_mib: int
    """The most memory that the whole process had so far."""

    differing: int
    """Records that earn something else."""

    not_possible: int

    @property
    def met(self) -> bool:
        """Whether a hundred thousand records take less than a minute at this speed."""
        return self.core_seconds * AIM_RECORDS < AIM_SECONDS * self.records


# --- the ledger --------------------------------------------------------------------------------------------------


def _begin(number: int) -> datetime:
    return FIRST_SERVICE + timedelta(weeks=number // VOLUNTEERS, days=number % 5)


def _steps(number: int) -> Iterator[tuple[int, Order]]:
    """The orders of one record with their place within a week: served, approved, held, collected."""
    begin, volunteer = _begin(number), f"v-{number % VOLUNTEERS}"
    interval = Interval(begin=begin, end=begin + timedelta(minutes=60 + number % 120))
    record, redemption = derived_id("r", LEDGER, f"submit-{number}"), derived_id("x", LEDGER, f"hold-{number}")
    at = FIRST_SERVICE + timedelta(weeks=number // VOLUNTEERS, days=5)
    submit = Submit(volunteer=volunteer, activity="park", intervals=(interval,))
    yield 0, Order(command=submit, actor="leader", key=f"submit-{number}", booked_at=at)
    yield 1, Order(command=Approve(record=record), actor="checker", key=f"approve-{number}", booked_at=at)
    if number // VOLUNTEERS % REDEEMS_EVERY == REDEEMS_EVERY - 1:
        redeem = Redeem(volunteer=volunteer, item="rice")
        yield 2, Order(command=redeem, actor="leader", key=f"hold-{number}", booked_at=at)
        yield 3, Order(command=Collect(redemption=redemption), actor="shop", key=f"collect-{number}", booked_at=at)


def filled(records: int, journal: Path) -> None:
    """Write the journal of a ledger with so many awarded records."""
    store = MemoryStore(LEDGER)
    programme = Programme(store)
    begun = FIRST_SERVICE - timedelta(days=1)
    adopt = Order(command=Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b", key="adopt")
    stock = Order(command=ReceiveStock(item="rice", quantity=10**6), actor="shop", key="stock")
    people = [
        Order(command=Enrol(volunteer=f"v-{number}"), actor="founder-a", key=f"enrol-{number}")
        for number in range(VOLUNTEERS)
    ]
    programme.execute_many([attrs.evolve(order, booked_at=begun) for order in (adopt, stock, *people)])
    for first in range(0, records, VOLUNTEERS):
        week = [step for number in range(first, min(first + VOLUNTEERS, records)) for step in _steps(number)]
        programme.execute_many([order for _, order in sorted(week, key=lambda step: step[0])])
    with store.reader() as reader:
        save_journal(reader, LEDGER, journal, replace=True)


# --- what is tried -----------------------------------------------------------------------------------------------


def simple() -> Trial:
    """The rulebook in force with another rate."""
    [rulebook] = DEFINITION.rulebooks
    return Trial(rulebook=attrs.evolve(rulebook, id="simple", accruals=(Accrual(id="hours", per_hour=Fraction(9)),)))


def large() -> Trial:
    """Forty rules of which a few fit, caps of five kinds, a milestone, a notice and a second currency."""
    [rulebook] = DEFINITION.rulebooks
    elsewhere = tuple(
        Accrual(id=f"other-{number}", per_hour=Fraction(number), when=When(activities=(f"activity-{number}",)))
        for number in range(1, 31)
    )
    tags = tuple(
        Multiplier(id=f"tag-{number}", times=Fraction(3, 2), when=When(tags=(f"tag-{number}",))) for number in range(8)
    )
    return Trial(
        rulebook=attrs.evolve(
            rulebook,
            id="large",
            since=date(2026, 1, 1),
            accruals=(*elsewhere, Accrual(id="hours", per_hour=Fraction(19, 2))),
            multipliers=(*tags, Multiplier(id="friday", times=Fraction(6, 5), when=When(weekdays=(5,)))),
            caps=(
                Cap(id="record", at_most=Fraction(40), per="record"),
                Cap(id="day", at_most=Fraction(60)),
                Cap(id="month", at_most=Fraction(90), per="month"),
                Cap(id="year", at_most=Fraction(900), per="year", each_activity=True),
                Cap(id="time", at_most=Fraction(6000), of="minutes", per="year"),
                Cap(id="team", at_most=Fraction(10**6), per="ever", whose=Whose.TEAM),
            ),
            milestones=(
                Milestone(
                    id="hours-ever",
                    of=Of.HOURS,
                    over="ever",
                    marks=tuple(Mark(at=Fraction(10 * each), points=Fraction(5)) for each in range(1, 11)),
                ),
            ),
            notice_days=2,
            streams=(
                Stream(
                    id="honour",
                    currency="honour",
                    accruals=(Accrual(id="each", fixed=Fraction(1)),),
                    caps=(Cap(id="honours", at_most=Fraction(20), per="year"),),
                ),
            ),
        ),
        currencies=(Currency(id="honour"),),
    )


# --- the measuring -----------------------------------------------------------------------------------------------


def measured(name: str, trial: Trial | None, records: int, journal: Path) -> Measured:
    """One what-if over the whole journal, from its first byte to the report."""
    begun, worked = time.perf_counter(), time.process_time()
    report: Report = what_if(entries_of(Journal(journal)), trial)
    seconds, core_seconds = time.perf_counter() - begun, time.process_time() - worked
    if trial is None and not report.is_same:
        raise ValueError("the rulebooks in force gave something else than was recorded")
    return Measured(
        rulebook=name,
        records=records,
        entries=report.entries,
        seconds=seconds,
        core_seconds=core_seconds,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        differing=report.gaining + report.losing,
        not_possible=len(report.not_possible),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.what_if", description=__doc__)
    parser.add_argument("--records", type=int, default=AIM_RECORDS, help="awarded records in the ledger")
    parser.add_argument("--journal", type=Path, default=Path("what-if.jsonl"), help="where the ledger is written")
    parser.add_argument("--keep", action="store_true", help="use the journal that is there, and leave it there")
    parser.add_argument("--json", action="store_true", help="print everything that was measured as JSON")
    chosen = parser.parse_args()
    if not (chosen.keep and chosen.journal.exists()):
        _tell(f"writing a ledger with {chosen.records:,} records")
        filled(chosen.records, chosen.journal)
    found = []
    for name, trial in (("in force", None), ("simple", simple()), ("large", large())):
        _tell(f"replaying under the rulebook: {name}")
        found.append(measured(name, trial, chosen.records, chosen.journal))
    if not chosen.keep:
        chosen.journal.unlink()
    if chosen.json:
        print(json.dumps({"machine": machine(), "measured": [attrs.asdict(each) for each in found]}, indent=2))
    else:
        print("\n".join(lines(found)))


def _tell(told: str) -> None:
    print(f"... {told}", file=sys.stderr, flush=True)


def lines(found: list[Measured]) -> Iterator[str]:
    """The report as Markdown."""
    yield " · ".join(f"{name} {value}" for name, value in machine().items())
    yield ""
    yield "| rulebook | records | entries | seconds | of one core | records/s | memory | differ | not possible | aim |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    for each in found:
        yield (
            f"| {each.rulebook} | {each.records:,} | {each.entries:,} | {each.seconds:.1f} | {each.core_seconds:.1f} |"
            f" {each.records / each.core_seconds:,.0f} | {each.peak_mib} MiB | {each.differing:,} |"
            f" {each.not_possible:,} | {'met' if each.met else 'MISSED'} |"
        )


if __name__ == "__main__":
    main()
