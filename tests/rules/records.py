"""Records and rulebooks for the tests of rules, and short ways to have them worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest

from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency, Details, Interval, Quantity, Reading
from volunteer_points.rules import (
    Accrual,
    Rulebook,
    ServiceRecord,
    Step,
    Working,
    award,
    cap_reading,
    needed,
    streams_of,
)

SHANGHAI = Calendar(zone="Asia/Shanghai")
POINTS = (Currency(id="points"),)
SATURDAY = date(2026, 3, 14)
BEGIN = datetime(2026, 3, 14, 1, tzinfo=UTC)
RULES = Rulebook(id="2026", since=date(2026, 1, 1), accruals=(Accrual(id="hours", per_hour=Fraction(10)),))


def served(minutes: int, **more: Any) -> ServiceRecord:  # noqa: ANN401 - parts of a record, by name
    """So many minutes in the park, from nine o'clock on a Saturday in Shanghai."""
    interval = Interval(begin=BEGIN, end=BEGIN + timedelta(minutes=minutes))
    return ServiceRecord(**{"intervals": (interval,), "day": SATURDAY, "activity": "park", **more})


def served_between(*clock: str, calendar: Calendar = SHANGHAI, **more: Any) -> ServiceRecord:  # noqa: ANN401
    """Service between pairs of instants, such as ``2026-03-14T09:00+08:00``, on its day of the calendar."""
    instants = [datetime.fromisoformat(each) for each in clock]
    intervals = tuple(Interval(begin=a, end=b) for a, b in zip(instants[::2], instants[1::2], strict=True))
    return served(1, intervals=intervals, day=calendar.day(intervals[0].begin), **more)


def timeless(*quantities: tuple[str, int], **more: Any) -> ServiceRecord:  # noqa: ANN401 - parts of a record, by name
    """A record without times, with quantities."""
    details = Details(quantities=tuple(Quantity(unit=unit, amount=amount) for unit, amount in quantities))
    return served(1, **{"intervals": (), "details": details, **more})


def known_to(
    rulebook: Rulebook, service: ServiceRecord, used: Mapping[str, int] | None = None, **measured: int
) -> dict[Reading, int]:
    """Books in which all is nought besides what caps used, by their id, and what measures read, by what they count."""
    known = {reading: measured.get(str(reading.of), 0) for reading in needed(rulebook, service)}
    for stream in streams_of(rulebook):
        for cap in stream.caps:
            reading = cap_reading(cap, stream.currency, service)
            if reading in known and used and cap.id in used:
                known[reading] = used[cap.id]
    return known


def worked_out(
    service: ServiceRecord,
    used: Mapping[str, int] | None = None,
    *,
    currencies: Iterable[Currency] = POINTS,
    calendar: Calendar = SHANGHAI,
    measured: Mapping[str, int] | None = None,
    **rules: Any,  # noqa: ANN401 - parts of a rulebook, by name
) -> Working:
    """What the rules, changed so, give for a record."""
    rulebook = attrs.evolve(RULES, **rules)
    working = award(rulebook, currencies, calendar, service, known_to(rulebook, service, used, **(measured or {})))
    for step in working.steps:
        says_what_it_did(step, rulebook)
    assert working.nothing_because is None or working.nothing_because in NOTHING
    return working


SAYS: Mapping[str, str] = {
    "measured": "",
    "travel_added": "",
    "break_taken_off": "above break",
    "time_scaled": "times clause",
    "time_rounded": "to direction",
    "below_minimum": "minimum",
    "attended_too_little": "planned share",
    "condition_unmet": "wanted clause",
    "per_hour": "rate clause",
    "fixed": "rate clause",
    "by_rate": "of clause",
    "out_of_range": "of clause at_least at_most",
    "added": "by clause",
    "multiplied": "times clause",
    "points_rounded": "to direction",
    "came_over": "came caps",
    "milestone": "of total clause",
    "capped": "limit per used of clause",
}
"""Every step, and the facts that it always brings."""

SOMETIMES = {"by_rate": "unit rate each over so_far", "out_of_range": "unit rate each"}
SOMETIMES["added"] = f"of {SOMETIMES['by_rate']}"

NOTHING = {"no_time_counts", "no_rule_fits", "condition_unmet", "out_of_range"}
NOTHING |= {"rounds_to_nothing", "earns_nothing", "cap_reached"}


def says_what_it_did(step: Step, rulebook: Rulebook) -> None:
    """Hold a step to the words that are made of it: a rule of the rulebook, numbers and facts as text."""
    facts, always = dict(step.facts), set(SAYS[step.did].split())
    assert always <= set(facts) <= always | set(SOMETIMES.get(step.did, "").split())
    assert all(isinstance(text, str) for text in (step.before, step.after, *facts.values()))
    ids = {each.id for each in rulebook.time_factors} | {each.id for each in rulebook.streams}
    for stream in streams_of(rulebook):
        ids |= {each.id for each in stream.accruals} | {each.id for each in stream.multipliers}
        ids |= {each.id for each in stream.milestones} | {each.id for each in stream.caps}
        ids |= {each.id for each in stream.conditions}
    assert step.rule in ids | {"time", "rounding"}
    assert facts.get("by", step.did) in SAYS


def given_for(minutes: int, used: Mapping[str, int] | None = None, *, decimals: int = 0, **rules: Any) -> Working:  # noqa: ANN401
    """What the rules, changed so, give for so many minutes."""
    return worked_out(served(minutes), used, currencies=(Currency(id="points", decimals=decimals),), **rules)


def steps_of(working: Working) -> list[tuple[str, str, str, str]]:
    """A working without the facts of its steps."""
    return [(step.rule, step.did, step.before, step.after) for step in working.steps]


def code_of(make: Callable[[], object]) -> str:
    """The code with which making something is refused."""
    with pytest.raises(InputError) as error:
        make()
    return error.value.code
