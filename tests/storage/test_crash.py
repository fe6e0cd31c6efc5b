"""Writers that are killed, and writers in several processes: nothing acknowledged is lost, nothing is half written."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.storage.commits import LEDGER, SHELF, asked, bags, write
from tests.storage.soundness import sound_entries
from tests.storage.writers import batch, write_batches
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
CHANCE = random.Random(20260314)  # noqa: S311 - the same moments each time, as far as a machine can


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A new ledger."""
    file = tmp_path / "ledger.sqlite"
    SqlStore.open(file, LEDGER).close()
    return file


class Program:
    """A program that writes, and what it prints."""

    def __init__(self, what: str, file: Path, writer: str = "w", number: int = 0) -> None:
        self._out = file.with_name(f"{writer}.out")
        command = [sys.executable, "-m", "tests.storage.writers", what, str(file), writer, str(number)]
        with self._out.open("w") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=out)

    def acknowledged(self) -> list[str]:
        """The whole lines that it has printed so far; the last one may be cut off."""
        return self._out.read_text().split("\n")[:-1]

    def ended(self) -> list[str]:
        """What it has printed, once it has ended well."""
        assert self._process.wait(timeout=300) == 0
        return self.acknowledged()

    def killed(self) -> list[str]:
        """What it had printed when it was killed."""
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait() == -signal.SIGKILL
        return self.acknowledged()


def test_a_writer_that_is_killed_loses_nothing_acknowledged_and_leaves_nothing_half(file: Path) -> None:
    acknowledged: list[str] = []
    for turn in range(4):
        program = Program("endless", file, f"w{turn}")
        while not program.acknowledged():
            time.sleep(0.001)
        time.sleep(CHANCE.uniform(0, 0.1))
        acknowledged += program.killed()
        assert set(acknowledged) <= {entry.key for entry in sound_entries(file)}
    _check_that_running_again_completes_it(file)


def _check_that_running_again_completes_it(file: Path) -> None:
    before = sound_entries(file)
    numbers = {int(entry.key.split("-")[1]) for entry in before if entry.key.startswith("w0-")}
    write_batches(file, "w0", range(max(numbers) + 2))
    keys = Counter(entry.key for entry in sound_entries(file))
    for number in range(max(numbers) + 2):
        for entries in batch("w0", number):
            assert keys[entries[0].key] == len(entries)


@FORKS
def test_whoever_dies_at_any_point_of_a_commit_has_written_all_of_it_or_nothing(file: Path) -> None:
    """Before and after each statement and in the midst of it; afterwards the same keys complete it."""
    write_batches(file, "before", range(2))
    untouched = sound_entries(file)
    complete = [*untouched, *(entry for entries in batch("crash", 1) for entry in entries)]
    seen = Counter[str]()
    for copy in map(Path, Program("crashes", file, number=3).ended()):
        found = sound_entries(copy)
        assert found in (untouched, complete), f"half a session in {copy.name}"
        seen["complete" if found == complete else "untouched"] += 1
        write_batches(copy, "crash", [1])
        assert sound_entries(copy) == complete
    assert seen["untouched"] > 30
    assert seen["complete"] >= 1


@FORKS
def test_four_processes_write_at_once_and_every_commit_is_there_once(file: Path) -> None:
    acknowledged = Program("four", file, number=40).ended()
    assert len(acknowledged) == len(set(acknowledged)) == 4 * 40 * 3
    assert {entry.key for entry in sound_entries(file)} == set(acknowledged)


@FORKS
def test_of_four_processes_that_want_the_last_three_bags_three_times_one_gets_one(file: Path) -> None:
    with SqlStore.open(file, LEDGER) as store:
        write(store, bags("three bags", 3))
    got = Program("bags", file).ended()
    assert len(got) == 3
    assert {entry.key for entry in sound_entries(file)} == {"three bags", *got}
    with SqlStore.open(file, LEDGER) as store:
        assert asked(store, SHELF) == {}
