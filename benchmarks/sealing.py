"""What sealing costs who writes, and how long a proof takes: ``python -m benchmarks.sealing``.

Writers write single durable commits into a file, for a while without anybody sealing and for a while with a checkpoint
every second, in turns. Then so many leaves are sealed, and entries from all over are proved.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

from volunteer_points.entries import Adjusted, Draft, Entry, entries_of
from volunteer_points.model import Reason
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose
from volunteer_points.storage.sql import SqlStore

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
DAY = date(2026, 3, 14)
LEDGER = "benchmark"
EVERY_SECONDS = 1.0
PROOFS = 200
COMMITS_IN_A_SESSION = 2000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sealing", description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000, help="entries of the ledger that is proved from")
    parser.add_argument("--seconds", type=float, default=10, help="how long writers write in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default=".", help="a folder on the disk to be measured")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=chosen.folder) as folder:
        without, sealing = writing(Path(folder) / "writing.sqlite", chosen.rounds, chosen.seconds)
        print(
            f"single commits a second  {without:,.0f} alone, {sealing:,.0f} with a sealer: {sealing / without - 1:+.1%}"
        )
        seconds, proofs = proving(Path(folder) / "proving.sqlite", chosen.leaves)
        print(f"sealing {chosen.leaves:,} entries   {seconds:.1f} s, {chosen.leaves / seconds:,.0f} a second")
        slowest = sorted(proofs)[int(len(proofs) * 0.99)]
        print(
            f"a proof   {statistics.median(proofs) * 1000:.2f} ms in the median, {slowest * 1000:.2f} ms for 99 of 100"
        )


def gift(number: int) -> tuple[Entry, ...]:
    """A commit of one entry."""
    holder = f"volunteer:{number % 200}"
    fact = Adjusted(volunteer=holder, currency="points", points=1, requested_by="b", reason=Reason(code="gift"))
    into = Posting(Account(holder, Purpose.AVAILABLE), "points", 1, None, DAY)
    out = Posting(Account(PROGRAMME, Purpose.ADJUSTED), "points", -1, None, DAY)
    draft = Draft(fact, (holder,), DAY, (into, out))
    return entries_of([draft], ledger=LEDGER, key=f"gift {number}", digest=str(number), actor="b", booked_at=NOW)


def writing(file: Path, rounds: int, seconds: float) -> tuple[float, float]:
    """Commits a second without a sealer and with one, the medians of all rounds."""
    rates: tuple[list[float], list[float]] = ([], [])
    number = 0
    with SqlStore.open(file, LEDGER) as store:
        for turn in range(2 * rounds):
            done = threading.Event()
            sealer = threading.Thread(target=_seal_on, args=(store, done))
            if turn % 2:
                sealer.start()
            begun, first = time.perf_counter(), number
            while time.perf_counter() - begun < seconds:
                with store.session() as session:
                    session.append(gift(number))
                number += 1
            rates[turn % 2].append((number - first) / (time.perf_counter() - begun))
            done.set()
            if turn % 2:
                sealer.join()
            store.seal(NOW)
    return statistics.median(rates[0]), statistics.median(rates[1])


def _seal_on(store: SqlStore, done: threading.Event) -> None:
    while not done.wait(EVERY_SECONDS):
        store.seal(NOW)


def proving(file: Path, leaves: int) -> tuple[float, list[float]]:
    """How long so many entries take to be sealed, and each proof; in seconds."""
    with SqlStore.open(file, LEDGER, durable=False) as store:
        for first in range(0, leaves, COMMITS_IN_A_SESSION):
            with store.session() as session:
                for number in range(first, min(first + COMMITS_IN_A_SESSION, leaves)):
                    session.append(gift(number))
        begun = time.perf_counter()
        store.seal(NOW)
        sealed = time.perf_counter() - begun
        taken = []
        for each in range(PROOFS):
            [entry] = gift(each * 7919 % leaves)
            begun = time.perf_counter()
            store.prove(entry)
            taken.append(time.perf_counter() - begun)
    return sealed, taken


if __name__ == "__main__":
    main()
