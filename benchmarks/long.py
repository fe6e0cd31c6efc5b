"""What a very long ledger costs: ``python -m benchmarks.long`` compares 1,000,000 entries with 1,000.

The short ledger is filled by commands. The long one is a copy of it to which small gifts to the same volunteers are
added as rows: the same rows, bytes, hashes and balances that the command ``Adjust`` leaves behind, past the triggers
that lie in the file. Only the deciding is left out, which would take an hour; the audit finds nothing wrong.

Commands take turns on both ledgers. Then the long one is sealed, and entries from all over it are proved.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from benchmarks.by_hand import INSERT_ABOUT, INSERT_BALANCE, INSERT_ENTRY, INSERT_POSTING
from benchmarks.community import LEDGER, VOLUNTEERS, Turn, fill
from benchmarks.contestants import Library
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told, workplace
from volunteer_points import Programme
from volunteer_points.commands import Adjust, Request
from volunteer_points.entries import Adjusted, Draft, Entry, entries_of
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.model import Reason
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose, volunteer_holder
from volunteer_points.storage.schema import lot_number
from volunteer_points.storage.sql import SqlStore

Row: TypeAlias = tuple[Any, ...]

SHORT = 1_000
GROWTH_AIM, PROOF_AIM_SECONDS = 1.3, 0.002
PROOFS = 200
AT_ONCE = 20_000
ADD_TO_BALANCE = f"{INSERT_BALANCE} ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
GIVEN_AT, GIVEN_ON = datetime(2026, 1, 4, 4, tzinfo=UTC), date(2026, 1, 4)
ENDS = datetime(2027, 12, 31, 16, tzinfo=UTC)
WHY = Reason(code="gift")


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks.long",
        entries=(1_000_000, "the length of the long ledger"),
        turns=(150, "awards and redemptions on each ledger"),
    )
    with workplace(chosen.folder) as folder:
        print(told(measured(folder, chosen.entries, chosen.turns, on_stderr), as_json=chosen.json))


def measured(folder: Path, entries: int, turns: int, tell: Tell) -> list[Table]:
    """What commands cost on both ledgers, and what sealing and proving cost on the long one."""
    short, long = folder / "short.sqlite", folder / "long.sqlite"
    with SqlStore.open(short, LEDGER, durable=False) as store:
        taken = fill(Programme(store), SHORT)
    shutil.copy(short, long)
    tell(f"adding entries up to {entries:,}")
    add_gifts(long, entries - SHORT)
    tell("commands on both ledgers, in turns")
    commands = _commands({SHORT: short, entries: long}, taken, turns)
    tell("sealing and proving")
    return [commands, _sealed(long, entries)]


def add_gifts(file: Path, entries: int) -> None:
    """Add the rows of so many gifts behind the last entry, and to the balance of each volunteer what it got."""
    patterns = [_Pattern.of(number) for number in range(VOLUNTEERS)]
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for setting in ("synchronous = OFF", "cache_size = -200000", "recursive_triggers = ON"):
            connection.execute(f"PRAGMA {setting}")
        [last] = connection.execute("SELECT max(position) FROM vp_entry").fetchone()
        for first in range(0, entries, AT_ONCE):
            rows = [patterns[n % VOLUNTEERS].rows(n, last + n + 1) for n in range(first, min(first + AT_ONCE, entries))]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT_ENTRY, [entry for entry, _, _ in rows])
            connection.executemany(INSERT_ABOUT, sorted(about for _, about, _ in rows))
            connection.executemany(INSERT_POSTING, sorted(each for _, _, postings in rows for each in postings))
            connection.execute("COMMIT")
        lot = lot_number(ENDS)
        got = [(each.holder, len(range(number, entries, VOLUNTEERS))) for number, each in enumerate(patterns)]
        changes = [(LEDGER, holder, "available", "", "points", lot, amount, 1) for holder, amount in got if amount]
        connection.executemany(ADD_TO_BALANCE, changes)


@attrs.frozen
class _Pattern:
    """The rows of a volunteer's gifts, which differ in key and position alone."""

    holder: str
    before: bytes
    behind: bytes

    @classmethod
    def of(cls, number: int) -> _Pattern:
        [entry] = gift(number)
        before, behind = encode(entry).split(f'"{entry.key}"'.encode())
        return cls(entry.about[0], before, behind)

    def rows(self, number: int, position: int) -> tuple[Row, Row, tuple[Row, Row]]:
        key, day, lot = f"gift-{number}", GIVEN_ON.toordinal(), lot_number(ENDS)
        content = b'%b"%b"%b' % (self.before, key.encode(), self.behind)
        postings = (
            (LEDGER, self.holder, "available", "points", day, "", position, 1, 1, lot),
            (LEDGER, PROGRAMME, "adjusted", "points", day, WHY.code, position, 2, -1, lot),
        )
        entry = (LEDGER, position, key, 1, "Adjusted", leaf_hash(content), content)
        return entry, (LEDGER, self.holder, "Adjusted", day, position), postings


def gift(number: int) -> tuple[Entry, ...]:
    """What ``Adjust`` would write: one point for one of the volunteers, as a commit of one entry."""
    volunteer = f"v-{number % VOLUNTEERS}"
    holder, key = volunteer_holder(volunteer), f"gift-{number}"
    fact = Adjusted(volunteer=volunteer, currency="points", points=1, requested_by="founder-b", reason=WHY, lot=ENDS)
    postings = (
        Posting(Account(holder, Purpose.AVAILABLE), "points", 1, ENDS, GIVEN_ON),
        Posting(Account(PROGRAMME, Purpose.ADJUSTED, WHY.code), "points", -1, ENDS, GIVEN_ON),
    )
    request = Request(ledger=LEDGER, key=key, actor="founder-a", booked_at=GIVEN_AT, command=asked(volunteer))
    return entries_of(
        [Draft(fact, (holder,), GIVEN_ON, postings)],
        ledger=LEDGER,
        key=key,
        digest=request.digest,
        actor=request.actor,
        booked_at=GIVEN_AT,
    )


def asked(volunteer: str) -> Adjust:
    """The command that gives one point to a volunteer."""
    return Adjust(volunteer=volunteer, points=1, requested_by="founder-b", reason=WHY)


def _commands(files: dict[int, Path], first: int, turns: int) -> Table:
    times: dict[tuple[str, int], list[float]] = {(what, size): [] for what in ("award", "redeem") for size in files}
    programs = {size: Library(file) for size, file in files.items()}
    for turn in map(Turn, range(first, first + turns)):
        for what in ("award", "redeem"):
            for size in sorted(files, reverse=bool(turn.number % 2)):
                begun = time.perf_counter()
                getattr(programs[size], what)(turn)
                times[what, size].append(time.perf_counter() - begun)
    for program in programs.values():
        program.close()
    short, long = sorted(files)
    rows: list[list[Cell]] = []
    for what in ("award", "redeem"):
        seconds = [statistics.median(times[what, size]) for size in (short, long)]
        rows.append([what, *(1000 * each for each in seconds), seconds[1] / seconds[0]])
    columns = {"measured": "{}", f"{short:,} entries": "{:.2f} ms", f"{long:,} entries": "{:.2f} ms", "ratio": "{:.2f}"}
    aims = [_growth_aim(str(what), float(ratio or 0)) for what, *_, ratio in rows]
    return Table("long", columns, rows, aims)


def _growth_aim(what: str, ratio: float) -> Aim:
    return Aim(f"{what}: the long ledger costs {ratio:.2f} of the short one, at most {GROWTH_AIM}", ratio <= GROWTH_AIM)


def _sealed(file: Path, entries: int) -> Table:
    with closing(SqlStore.open(file, LEDGER, durable=False)) as store:
        begun = time.perf_counter()
        leaves = store.seal(GIVEN_AT).size
        sealed = time.perf_counter() - begun
        taken = []
        for each in range(PROOFS):
            [entry] = gift(each * 7919 % (entries - SHORT))
            begun = time.perf_counter()
            proof = store.prove(entry)
            taken.append(time.perf_counter() - begun)
            if proof.entry != entry:
                raise ValueError("another entry was proved")
    median, slowest = statistics.median(taken), sorted(taken)[int(len(taken) * 0.99)]
    columns = {
        "leaves": "{:,}",
        "sealed": "{:,.0f}/s",
        "a proof": "{:.2f} ms",
        "the slowest of 100 proofs": "{:.2f} ms",
    }
    rows: list[list[Cell]] = [[leaves, leaves / sealed, 1000 * median, 1000 * slowest]]
    aim = Aim(f"a proof takes {1000 * median:.2f} ms, under {1000 * PROOF_AIM_SECONDS:.0f}", median < PROOF_AIM_SECONDS)
    return Table("proofs", columns, rows, [aim])


if __name__ == "__main__":
    main()
