"""How long a rulebook takes to judge one record: ``python -m benchmarks.rules`` tells it in microseconds.

Nothing is read or written: what the books say is given, and the working with all its steps is made. The simple rulebook
is that of the community that is measured elsewhere here; the large one is the largest of ``examples/policies``, by the
bytes of its canonical form. Every activity of the programme is judged, two and a half hours on the same morning.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.community import DEFINITION
from benchmarks.tables import Cell, Table, arguments, on_stderr, told
from volunteer_points import Definition, Interval, Rulebook
from volunteer_points.canonical import canonical_bytes
from volunteer_points.programme_file import load
from volunteer_points.rules import ServiceRecord, award, needed

POLICIES = Path(__file__).parents[1] / "examples" / "policies"
SERVED = timedelta(minutes=150)
HOUR = 9


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__, "benchmarks.rules", rounds=(300, "how often each activity is judged"))
    on_stderr("reading every scheme")
    files = [file.with_name(file.name.replace(".cases", "")) for file in sorted(POLICIES.glob("*.cases.toml"))]
    print(told([evaluating(files, chosen.rounds)], as_json=chosen.json))


def evaluating(files: Iterable[Path], rounds: int) -> Table:
    """A row for the simple rulebook and one for the largest."""
    rows = [_row("simple", DEFINITION, DEFINITION.rulebooks[0], rounds)]
    definition, rulebook, name = largest(files)
    rows.append(_row(name, definition, rulebook, rounds))
    columns = {
        "rulebook": "{}",
        "canonical bytes": "{:,}",
        "activities": "{:,}",
        "what must be known": "{:,.0f} µs",
        "the record": "{:,.0f} µs",
        "the dearest activity": "{:,.0f} µs",
    }
    return Table("rules", columns, rows)


def largest(files: Iterable[Path]) -> tuple[Definition, Rulebook, str]:
    """The largest rulebook of some programme files, with its programme and the name of the file."""
    programmes = [(load(file), file.stem) for file in files]
    found = [(definition, rulebook, name) for definition, name in programmes for rulebook in definition.rulebooks]
    return max(found, key=lambda each: len(canonical_bytes(each[1])))


def _row(name: str, definition: Definition, rulebook: Rulebook, rounds: int) -> list[Cell]:
    asking, judging = [], []
    for activity in definition.activities:
        begin = datetime(rulebook.since.year, rulebook.since.month, rulebook.since.day, HOUR)  # noqa: DTZ001 - set next
        begin = begin.replace(tzinfo=ZoneInfo(definition.calendar.zone))
        record = ServiceRecord(
            intervals=(Interval(begin=begin, end=begin + SERVED),),
            day=rulebook.since,
            activity=activity.id,
            activity_type=activity.type,
            team=activity.team,
        )
        known = dict.fromkeys(needed(rulebook, record), 0)
        asking.append(_microseconds(lambda r=record: needed(rulebook, r), rounds))  # type: ignore[misc]  # a default
        judging.append(
            _microseconds(
                lambda r=record, k=known: award(rulebook, definition.currencies, definition.calendar, r, k),  # type: ignore[misc]  # defaults
                rounds,
            )
        )
    size, count = len(canonical_bytes(rulebook)), len(definition.activities)
    return [name, size, count, statistics.mean(asking), statistics.mean(judging), max(judging)]


def _microseconds(deed: Callable[[], object], rounds: int) -> float:
    """The median of so many times."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        deed()
        times.append(time.perf_counter() - begun)
    return 1_000_000 * statistics.median(times)


if __name__ == "__main__":
    main()
