"""Eight threads and four processes write into one ledger at once, while it is sealed and a period is closed.

For longer, with figures: ``SOAK_SECONDS=30 pytest -s tests/storage/test_soak.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.storage.pressure import EARLY, HOT, LATE, OPEN_UNTIL, Told, Writer, begin, check
from tests.storage.stores import emptied
from volunteer_points import commands as c
from volunteer_points.entries import Entry, PeriodClosed
from volunteer_points.programme import Programme
from volunteer_points.sealing import Checkpoint
from volunteer_points.storage import Store
from volunteer_points.storage.seals import Sealing
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import FOUNDERS

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("SOAK_SECONDS", "3"))
THREADS, PROCESSES = 8, 4
ROOT = Path(__file__).parents[2]


@contextmanager
def processes(store: Store, folder: Path) -> Iterator[Callable[[], list[Told]]]:
    """Processes that are ready; what lets them begin, waits for them and gives what they were told.

    There are none for a store that is in one process alone.
    """
    if not isinstance(store, SqlStore):
        yield list
        return
    address = store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.storage.pressure", address, str(THREADS), str(THREADS + PROCESSES)]
    with subprocess.Popen([*command, str(SECONDS), folder], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as program:
        assert program.stdout is not None
        assert [program.stdout.readline() for _ in range(PROCESSES)] == ["ready\n"] * PROCESSES

        def told() -> list[Told]:
            program.communicate()
            return [Told(**json.loads(each.read_text())) for each in folder.glob("w*.json")]

        yield told
    assert program.returncode == 0


def press(store: Store, folder: Path) -> tuple[list[Told], list[Checkpoint]]:
    """Let all of them write, seal beside them, and close a period in the middle."""
    assert isinstance(store, Sealing)
    with processes(store, folder) as begin_others, ThreadPoolExecutor(THREADS + 2) as pool:
        until = time.monotonic() + SECONDS
        writers = [Writer(store, number, lambda: time.monotonic() > until) for number in range(THREADS)]
        others = pool.submit(begin_others)
        running = [pool.submit(writer.run) for writer in writers]
        sealing = pool.submit(_sealed_until, store, until)
        time.sleep(SECONDS / 2)
        close = c.ClosePeriod(until=OPEN_UNTIL)
        Programme(store).execute(close, actor=FOUNDERS[0], key="by hand: close", booked_at=LATE)
        for each in running:
            each.result()
        return [*(writer.told for writer in writers), *others.result()], sealing.result()


def _sealed_until(store: Sealing, until: float) -> list[Checkpoint]:
    taken = []
    while time.monotonic() < until:
        taken.append(store.seal(LATE))
        time.sleep(SECONDS / 60)
    return taken


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql", "mariadb"])
def test_whoever_writes_at_once_gets_what_is_theirs_and_nothing_is_lost_oversold_or_booked_too_late(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with emptied(kind, tmp_path) as store:
        begin(store)
        told, checkpoints = press(store, tmp_path)
        entries = check(store, told)
        assert isinstance(store, Sealing)
        for checkpoint in checkpoints:
            store.extends(checkpoint)
    assert [error for each in told for error in each.errors] == [], "an error that the library could have dealt with"
    assert len(told) == (THREADS if kind == "memory" else THREADS + PROCESSES)
    assert all(each.acknowledged for each in told), "somebody never had a turn"
    assert len({checkpoint.size for checkpoint in checkpoints}) > 1
    _check_that_it_was_hard(told, entries)
    with capsys.disabled():
        sys.stdout.write(f"\n{_figures(kind, told)}\n")


def _check_that_it_was_hard(told: list[Told], entries: list[Entry]) -> None:
    refused = Counter(code for each in told for code in each.refused.values())
    assert refused["out_of_stock"] > 0, "nobody fought for the last bag"
    assert refused["period_closed"] > 0, "nobody came too late"
    [closed] = [place for place, entry in enumerate(entries) if isinstance(entry.fact, PeriodClosed)]
    assert any(entry.booked_at == EARLY and entry.key.startswith("w") for entry in entries[:closed])
    assert len(entries) > closed + 1
    hot = {entry.key.split("-")[0] for entry in entries if getattr(entry.fact, "volunteer", "") in HOT}
    assert len(hot - {"by hand 1", "by hand 2"}) > 1, "no two wrote about the same volunteer"


def _figures(kind: str, told: list[Told]) -> str:
    refused = Counter(code for each in told for code in each.refused.values())
    done = sorted(len(each.acknowledged) + len(each.refused) for each in told)
    return (
        f"{kind}, {SECONDS:g} s, {len(told)} writers: {sum(len(each.acknowledged) for each in told)} commands written, "
        f"{refused.total()} refused {dict(refused)}, {sum(each.retries for each in told)} retries, "
        f"worst wait {max(each.worst_seconds for each in told):.2f} s, {done[0]} to {done[-1]} commands a writer"
    )
