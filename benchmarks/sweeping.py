"""How fast lots expire: ``python -m benchmarks.sweeping`` ends every lot of a community in one sweep.

Points that end at one time lie in one lot. It is measured with one lot for each volunteer, as when points end once a
year, and with twelve, as when they end every month and nobody has swept for a year. Every commit is durable.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from benchmarks.community import DEFINITION, FIRST_SERVICE, LEDGER
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told, workplace
from volunteer_points import Adopt, Enrol, OpenBalance, Order, Programme, Reason
from volunteer_points.postings import Purpose
from volunteer_points.storage.sql import SqlStore

AIM = 10_000
LOTS_OF_A_VOLUNTEER = (1, 12)
BEGUN = FIRST_SERVICE - timedelta(days=1)
FIRST_END = datetime(2027, 1, 1, tzinfo=UTC)
AFTER_ALL = datetime(2030, 1, 1, tzinfo=UTC)
AT_ONCE = 1_000


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__, "benchmarks.sweeping", lots=(24_000, "lots that end, in each community"))
    with workplace(chosen.folder) as folder:
        print(told([swept(folder, chosen.lots, on_stderr)], as_json=chosen.json))


def swept(folder: Path, lots: int, tell: Tell) -> Table:
    """Lots a second for each number of lots that a volunteer has."""
    rows: list[list[Cell]] = []
    for each in LOTS_OF_A_VOLUNTEER:
        tell(f"{lots:,} lots, {each} for each volunteer")
        file = folder / f"{each}.sqlite"
        with SqlStore.open(file, LEDGER, durable=False) as store:
            prepare(Programme(store), lots // each, each)
        with SqlStore.open(file, LEDGER) as store:
            begun = time.perf_counter()
            outcomes = Programme(store).sweep(actor="founder-a", booked_at=AFTER_ALL)
            seconds = time.perf_counter() - begun
        postings = [posting for outcome in outcomes for entry in outcome.entries for posting in entry.postings]
        ended = sum(posting.account.purpose == Purpose.EXPIRED for posting in postings)
        rows.append([each, len(outcomes), ended, ended / seconds])
    fastest = max(float(row[3] or 0) for row in rows)
    aims = [Aim(f"{fastest:,.0f} lots a second, above {AIM:,}", met=fastest > AIM)]
    columns = {"lots of a volunteer": "{:,}", "volunteers": "{:,}", "lots ended": "{:,}", "lots a second": "{:,.0f}"}
    return Table("sweep", columns, rows, aims)


def prepare(programme: Programme, volunteers: int, lots: int) -> None:
    """Let so many volunteers have so many lots each, which end a month apart."""
    adopt = Adopt(definition=DEFINITION, author="founder-a")
    programme.execute(adopt, actor="founder-b", key="adopt", booked_at=BEGUN)
    _carry_out(programme, [Enrol(volunteer=f"v-{number}") for number in range(volunteers)])
    for month in range(lots):
        ends = FIRST_END + timedelta(days=30 * month)
        brought = OpenBalance(volunteer="v-0", points=5, ends=ends, requested_by="founder-b", reason=Reason(code="old"))
        _carry_out(programme, [attrs.evolve(brought, volunteer=f"v-{number}") for number in range(volunteers)])


def _carry_out(programme: Programme, commands: list[Enrol] | list[OpenBalance]) -> None:
    orders = [Order(command=command, actor="founder-a", booked_at=BEGUN) for command in commands]
    for first in range(0, len(orders), AT_ONCE):
        programme.execute_many(orders[first : first + AT_ONCE])


if __name__ == "__main__":
    main()
