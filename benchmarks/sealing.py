"""What sealing costs who writes: ``python -m benchmarks.sealing``.

A writer writes single durable commits into a file, for a while without anybody sealing and for a while with a sealer
beside it that takes a checkpoint every second, in turns. What proofs cost is told by ``benchmarks.long``.
"""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

from benchmarks.community import LEDGER
from benchmarks.long import GIVEN_AT, gift
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told, workplace
from volunteer_points.storage.sql import SqlStore

EVERY_SECONDS = 1.0
COST_AIM = 0.05


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks.sealing",
        seconds=(3.0, "how long the writer writes in a turn"),
        rounds=(8, "turns without a sealer, and as many with one"),
    )
    with workplace(chosen.folder) as folder:
        print(told([sealing(folder, chosen.rounds, chosen.seconds, on_stderr)], as_json=chosen.json))


def sealing(folder: Path, rounds: int, seconds: float, tell: Tell) -> Table:
    """Commits a second without and with a sealer, and the median over all pairs of turns of what it costs."""
    pairs = writing(folder / "sealing.sqlite", rounds, seconds, tell)
    cost = 1 - statistics.median(with_sealer / alone for alone, with_sealer in pairs)
    rows: list[list[Cell]] = [[*(statistics.median(each) for each in zip(*pairs, strict=True)), 100 * cost]]
    columns = {"alone": "{:,.0f}/s", "with a sealer": "{:,.0f}/s", "cost": "{:.1f} %"}
    aim = Aim(f"sealing costs a writer {cost:.1%}, less than {COST_AIM:.0%}", cost < COST_AIM)
    return Table("sealing", columns, rows, [aim])


def writing(file: Path, rounds: int, seconds: float, tell: Tell) -> list[tuple[float, float]]:
    """Commits a second in each pair of turns; which of the two comes first changes with every pair."""
    pairs, number = [], 0
    with SqlStore.open(file, LEDGER) as store:
        for turn in range(rounds):
            tell(f"writing without and with a sealer, round {turn + 1} of {rounds}")
            rates: dict[bool, float] = {}
            for sealed in (bool(turn % 2), not turn % 2):
                store.seal(GIVEN_AT)  # nobody has anything left to do from before
                done = threading.Event()
                sealer = threading.Thread(
                    target=_seal_on if sealed else done.wait, args=(store, done) if sealed else ()
                )
                sealer.start()
                begun, first = time.perf_counter(), number
                while time.perf_counter() - begun < seconds:
                    with store.session() as session:
                        session.append(gift(number))
                    number += 1
                rates[sealed] = (number - first) / (time.perf_counter() - begun)
                done.set()
                sealer.join()
            pairs.append((rates[False], rates[True]))
    return pairs


def _seal_on(store: SqlStore, done: threading.Event) -> None:
    while not done.wait(EVERY_SECONDS):
        store.seal(GIVEN_AT)


if __name__ == "__main__":
    main()
