"""Each further benchmark runs at a tiny size, measures what it says, and comes into the document as a table."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from benchmarks import hot, long, peers, postgresql, rules, sealing, sweeping
from benchmarks.community import LEDGER, fill
from benchmarks.contestants import Library
from benchmarks.limits import differences
from benchmarks.tables import Aim, Table, kept, put_in, told
from volunteer_points import Programme
from volunteer_points.audit import audit
from volunteer_points.storage.sql import SqlStore

ROOT = Path(__file__).parents[1]


def quiet(_: str) -> None:
    """Nobody waits for it."""


def test_a_gift_is_what_the_command_writes(tmp_path: Path) -> None:
    with SqlStore.open(tmp_path / "ledger.sqlite", LEDGER, durable=False) as store:
        programme = Programme(store)
        fill(programme, 217)
        wish = long.asked("v-3")
        outcome = programme.preview(wish, actor="founder-a", booked_at=long.GIVEN_AT)
    [gift] = long.gift(3)
    assert [attrs.evolve(entry, key=gift.key) for entry in outcome.entries] == [gift]


def test_the_rows_of_a_long_ledger_are_those_of_a_session_and_stand_an_audit(tmp_path: Path) -> None:
    by_session, by_rows = tmp_path / "session.sqlite", tmp_path / "rows.sqlite"
    with SqlStore.open(by_session, LEDGER, durable=False) as store:
        fill(Programme(store), 217)
    shutil.copy(by_session, by_rows)
    with SqlStore.open(by_session, LEDGER, durable=False) as store, store.session() as session:
        for number in range(250):
            session.append(long.gift(number))
    long.add_gifts(by_rows, 250)
    assert differences(by_session, by_rows) == []
    with SqlStore.open(by_rows, LEDGER) as store:
        assert audit(store).exit_code == 0


def test_a_long_ledger_is_compared_sealed_and_proved(tmp_path: Path) -> None:
    commands, proofs = long.measured(tmp_path, 1_500, 2, quiet)
    assert [row[0] for row in commands.rows] == ["award", "redeem"]
    assert proofs.rows[0][0] == 1_500 - 3 + 5 * 2  # about 1,000 entries are 997, and two turns came


def test_a_sweep_ends_every_lot(tmp_path: Path) -> None:
    table = sweeping.swept(tmp_path, 24, quiet)
    assert [row[:3] for row in table.rows] == [[1, 24, 24], [12, 2, 24]]


def test_a_crowd_takes_every_turn_and_tells_the_longest_wait(tmp_path: Path) -> None:
    file = tmp_path / "hot.sqlite"
    with SqlStore.open(file, LEDGER, durable=False) as store:
        taken = fill(Programme(store), 217)
    library = Library(file)
    begun = time.perf_counter()
    rows = hot.crowded("SQLite", lambda count: [library] * count, taken, 2, 16, quiet)
    milliseconds = 1000 * (time.perf_counter() - begun)
    library.close()
    assert [row[1] for row in rows] == [1, hot.WRITERS]
    assert all(0 < float(row[4] or 0) < milliseconds for row in rows)
    with SqlStore.open(file, LEDGER) as store:
        assert [entry.kind for entry in Programme(store).entries()].count("Held") == taken + 2 * 2 * 16
    assert [aim.met for aim in hot.aims([["SQLite", 8, 100.0, 0.7, 250.0, 0.4]])] == [False] * 3


def test_a_sealer_beside_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "EVERY_SECONDS", 0.02)
    table = sealing.sealing(tmp_path, 2, 0.1, quiet)
    assert all(float(each or 0) > 0 for each in table.rows[0][:2])
    with SqlStore.open(tmp_path / "sealing.sqlite", LEDGER) as store, store.reader() as reader:
        assert len(list(reader.tree().checkpoints())) > 2 * 2


def test_both_rulebooks_judge_a_record() -> None:
    files = [rules.POLICIES / "longquanyi.toml"]
    table = rules.evaluating(files, 3)
    assert [row[0] for row in table.rows] == ["simple", "longquanyi"]
    assert all(float(cell or 0) > 0 for row in table.rows for cell in row[3:])


@pytest.mark.slow
def test_library_and_peer_write_the_same_rows_in_postgresql() -> None:
    singles, crowd = postgresql.measured(217, 2, 3, 20, 16, quiet)
    assert [row[0] for row in singles.rows] == ["award", "redeem", "import"]
    assert [row[1] for row in crowd.rows] == [1, hot.WRITERS] * 2


@pytest.mark.slow
def test_another_library_that_cannot_be_installed_stands_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "INSTALLED", {"eventsourcing": (("--no-index", "eventsourcing"),)})
    with ExitStack() as stack:
        table = peers.compared(tmp_path, 250, 10, 60.0, quiet, stack)
    assert [(row[0], row[3]) for row in table.rows] == [(name, 260) for name in peers.OURS] + [("eventsourcing", None)]
    assert str(table.rows[-1][-1]).startswith("pip: ERROR: No matching distribution")


FOUND = Table(
    "pace", {"what": "{}", "speed": "{:.1f} km/h"}, [["walk", 5.04], ["rest", None]], [Aim("walk: 5", met=True)]
)


def test_figures_come_into_the_document_and_leave_the_rest_alone() -> None:
    before = "# Pace\n\n<!-- figures: pace -->\n| old |\n<!-- end of figures -->\n\nAnd so on.\n"
    after = put_in(before, kept(told([FOUND], as_json=True)))
    assert after == (
        "# Pace\n\n<!-- figures: pace -->\n\n| what | speed |\n|---|--:|\n| walk | 5.0 km/h |\n| rest |  |\n\n"
        "- met: walk: 5\n\n<!-- end of figures -->\n\nAnd so on.\n"
    )
    with pytest.raises(LookupError, match="0 places for the table 'pace'"):
        put_in("# Pace\n", [FOUND])


def test_the_document_has_a_place_for_every_table() -> None:
    document = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    places = re.findall("<!-- figures: (.*) -->", document)
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "benchmarks").glob("*.py"))
    assert sorted(places) == sorted(set(re.findall(r'\bTable\("([a-z ]+)"', sources)))
