"""The library on PostgreSQL next to a program written by hand with psycopg: ``python -m benchmarks.postgresql``.

Both write the same rows with the same checks and hashes, at the same durability, on one server, in turns. The program
written by hand sends one statement at a time and waits for its answer; the library sends several at once. A server of
its own is started, in a folder that is removed in the end.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from operator import methodcaller

import psycopg

from benchmarks.by_hand_postgresql import ByHandOnPostgresql
from benchmarks.community import LEDGER, Turn, fill
from benchmarks.contestants import Contestant, Hand, Library
from benchmarks.hot import COLUMNS, WRITERS, aims, crowded
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told
from tests.storage.servers import postgresql
from volunteer_points import Programme
from volunteer_points.storage.sql import SqlStore

WARM = 10
AIM, IMPORT_RATIO_AIM, IMPORT_RATE_AIM = 1.0, 0.5, 10_000
ROWS = (
    "SELECT key, number, kind, leaf, content FROM vp_entry ORDER BY key, number",
    """SELECT key, number, subject, a.kind, on_day
    FROM vp_about a JOIN vp_entry USING (ledger, position) ORDER BY 1, 2, 3""",
    """SELECT key, e.number, p.number, holder, purpose, unit, on_day, of, amount, lot
    FROM vp_posting p JOIN vp_entry e USING (ledger, position) ORDER BY 1, 2, 3""",
    "SELECT * FROM vp_balance WHERE amount <> 0 ORDER BY 1, 2, 3, 4, 5, 6",
    "SELECT count(*) FROM vp_unplaced",
)
"""All that both write, without the positions, which each draws for itself."""


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks.postgresql",
        entries=(10_000, "the length of the ledger"),
        rounds=(5, "rounds"),
        turns=(30, "awards and redemptions in a round"),
        batch=(1_000, "records in one import; one import in a round"),
        holds=(240, "holds of one item in a round"),
    )
    sizes = (chosen.entries, chosen.rounds, chosen.turns, chosen.batch, chosen.holds)
    print(told(measured(*sizes, on_stderr), as_json=chosen.json))


def measured(  # noqa: PLR0913, PLR0917 - how much of each
    entries: int, rounds: int, turns: int, batch: int, holds: int, tell: Tell
) -> list[Table]:
    """Single commands, imports, and many writers on one item."""
    server = postgresql()
    with ExitStack() as stack:
        databases = [stack.enter_context(server.database()) for _ in range(2)]
        places = [server.address(database) for database in databases]
        tell(f"filling two ledgers with {entries:,} entries")
        for place in places:
            with SqlStore.open(place, LEDGER, durable=False) as store:
                taken = fill(Programme(store), entries)
        plain = [place.replace("postgresql+psycopg", "postgresql") for place in places]
        by_hand = partial(Hand, plain[1], ByHandOnPostgresql)
        library = stack.enter_context(closing(Library(places[0])))
        programs: dict[str, Contestant] = {"library": library, "by hand": stack.enter_context(closing(by_hand()))}
        rows, taken = in_turns(programs, taken, rounds, turns, batch, tell)
        _check_same(plain)
        threads = [stack.enter_context(closing(by_hand())) for _ in range(WRITERS)]
        hot = crowded("PostgreSQL", lambda count: [library] * count, taken, rounds, holds, tell)
        hot += crowded("PostgreSQL, by hand", lambda count: threads[:count], taken, rounds, holds, tell)
    columns = {"measured": "{}", "library / by hand": "{:.2f}", "library": "{:,.0f}/s", "by hand": "{:,.0f}/s"}
    return [
        Table("postgresql", columns, rows, _aims(rows)),
        Table("postgresql hot", COLUMNS, hot, aims(hot[:2])),
    ]


def in_turns(  # noqa: PLR0913, PLR0917 - how much of each
    programs: dict[str, Contestant], first: int, rounds: int, turns: int, batch: int, tell: Tell
) -> tuple[list[list[Cell]], int]:
    """Let both do the same in turns; rows with the median ratio, and how many turns are taken after that."""
    for turn in map(Turn, range(first, first + WARM)):  # the server prepares its statements, and nobody looks
        for program in programs.values():
            program.award(turn)
            program.redeem(turn)
    first += WARM
    times: dict[str, list[tuple[float, float]]] = {"award": [], "redeem": [], "import": []}
    for number in range(rounds):
        tell(f"library and by hand, round {number + 1} of {rounds}")
        for turn in map(Turn, range(first, first + turns)):
            for what in ("award", "redeem"):
                times[what].append(_pair(programs, methodcaller(what, turn), turn.number))
        many = [Turn(each) for each in range(first + turns, first + turns + batch)]
        times["import"].append(_pair(programs, methodcaller("import_services", many), number))
        first += turns + batch
    rows: list[list[Cell]] = []
    for what, pairs in times.items():
        each = batch if what == "import" else 1
        library, by_hand = (each / statistics.median(seconds) for seconds in zip(*pairs, strict=True))
        rows.append([what, statistics.median(hand / own for own, hand in pairs), library, by_hand])
    return rows, first


def _pair(programs: dict[str, Contestant], deed: Callable[[Contestant], object], number: int) -> tuple[float, float]:
    seconds = {}
    for name in sorted(programs, reverse=bool(number % 2)):
        begun = time.perf_counter()
        deed(programs[name])
        seconds[name] = time.perf_counter() - begun
    return seconds["library"], seconds["by hand"]


def _check_same(places: Sequence[str]) -> None:
    """Both must have written the same, or nothing was compared."""
    for text in ROWS:
        found = []
        for place in places:
            with psycopg.connect(place) as connection:
                found.append(connection.execute(text).fetchall())
        if found[0] != found[1]:
            raise ValueError(f"library and peer wrote different rows: {text}")


def _aims(rows: Sequence[Sequence[Cell]]) -> list[Aim]:
    made = []
    for what, ratio, rate, _ in rows:
        found, speed = float(ratio or 0), float(rate or 0)
        if what == "import":
            met = speed >= IMPORT_RATE_AIM or found >= IMPORT_RATIO_AIM
            told_ = f"import: {speed:,.0f} records a second and {found:.2f} of hand-written speed"
            made.append(Aim(f"{told_}, at least {IMPORT_RATE_AIM:,} or {IMPORT_RATIO_AIM}", met))
        else:
            made.append(Aim(f"{what}: {found:.2f} of hand-written speed, at least {AIM}", found >= AIM))
    return made


if __name__ == "__main__":
    main()
