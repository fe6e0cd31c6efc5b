"""The audit grows the tree anew, and sees what hashes beside the entries cannot show."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.storage.commits import LEDGER, NOW, gift, write
from volunteer_points.audit import Finding, Report, audit
from volunteer_points.ledger import leaf_hash
from volunteer_points.merkle import Node
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.seals import number_of
from volunteer_points.storage.sql import SqlStore

ENTRIES = 1030


class Sealed:
    """A ledger of gifts with checkpoints at 3, 1030 and no more, and 4 entries behind them; its guards are gone."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ledger.sqlite"
        with SqlStore.open(self.file, LEDGER) as store:
            for first, last in ((0, 3), (3, ENTRIES)):
                write(store, *(gift(f"k{number}", f"volunteer:{number % 5}", 1) for number in range(first, last)))
                store.seal(NOW + timedelta(days=first))
            write(store, *(gift(f"late {number}", "volunteer:1", 1) for number in range(4)))
        for (name,) in self.run("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.run(f"DROP TRIGGER {name}")

    def run(self, statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def rewrite(self, position: int) -> None:
        """Change an entry and the hash that is kept with it, as somebody careful would."""
        [(content,)] = self.run("SELECT content FROM vp_entry WHERE position = ?", position)
        changed = content.replace(b'"actor":"b"', b'"actor":"c"')
        assert changed != content
        write = "UPDATE vp_entry SET content = ?, leaf = ? WHERE position = ?"
        self.run(write, changed, leaf_hash(changed), position)

    def report(self) -> Report:
        with SqlStore.open(self.file, read_only=True) as store:
            return audit(store)

    def found(self) -> list[tuple[str, str]]:
        return [(each.key, each.subject.id) for each in self.findings()]

    def findings(self) -> list[Finding]:
        report = self.report()
        report.json()
        assert report.text("zh")
        assert report.text("en")
        return [each for each in report.found_by("VP003") if each.severity == "error"]


@pytest.fixture
def ledger(tmp_path: Path) -> Sealed:
    return Sealed(tmp_path)


def test_a_ledger_as_it_was_sealed_is_clean_and_the_report_says_what_no_checkpoint_covers(ledger: Sealed) -> None:
    assert ledger.found() == []
    report = ledger.report()
    assert report.covered is not None
    assert (report.covered.checkpoints, report.covered.entries, report.covered.beyond) == (2, ENTRIES, 4)
    assert "2 checkpoints cover 1,030 entries; 4 entries came later" in report.text("en")
    assert "4 条尚未被覆盖" in report.text("zh")
    assert report.plain()["summary"]["covered"] == {"checkpoints": 2, "entries": ENTRIES, "beyond": 4}


def test_a_ledger_that_nobody_sealed_says_so() -> None:
    store = MemoryStore(LEDGER)
    write(store, gift("one", "volunteer:a", 1))
    assert "no checkpoint covers the entries" in audit(store).text("en")


@pytest.mark.parametrize("position", [1, 2, 600, 1025, 1029, 1030])
def test_an_entry_that_was_changed_with_its_leaf_is_caught_by_the_tree(ledger: Sealed, position: int) -> None:
    ledger.rewrite(position)
    found = ledger.found()
    assert [name for key, name in found if key == "node_differs"] == [f"1/{(position - 1) // 2}"]
    assert ("checkpoint_differs", str(ENTRIES)) in found
    assert (("checkpoint_differs", "3") in found) is (position <= 3)


def test_an_entry_behind_the_last_checkpoint_can_be_changed_with_its_leaf_and_nobody_sees_it(ledger: Sealed) -> None:
    ledger.rewrite(ENTRIES + 2)
    assert ledger.found() == []


@pytest.mark.parametrize("node", [Node(1, 0), Node(1, 514), Node(5, 3), Node(9, 1), Node(10, 0)])
def test_a_node_that_was_changed_or_removed_is_named(ledger: Sealed, node: Node) -> None:
    ledger.run("UPDATE vp_node SET hash = zeroblob(32) WHERE number = ?", number_of(node))
    assert ledger.found() == [("node_differs", f"{node.level}/{node.place}")]
    ledger.run("DELETE FROM vp_node WHERE number = ?", number_of(node))
    assert ("node_missing", f"{node.level}/{node.place}") in ledger.found()


def test_a_node_too_many_is_noticed(ledger: Sealed) -> None:
    ledger.run("INSERT INTO vp_node VALUES (?, ?, zeroblob(32))", LEDGER, number_of(Node(9, 2)))
    assert ("nodes_left_over", "nodes") in ledger.found()


def test_a_checkpoint_that_was_changed_is_named(ledger: Sealed) -> None:
    [(content,)] = ledger.run("SELECT content FROM vp_checkpoint WHERE size = 3")
    at = content.index(b'"root":"') + 8
    changed = content[:at] + (b"0" if content[at : at + 1] != b"0" else b"1") + content[at + 1 :]
    ledger.run("UPDATE vp_checkpoint SET content = ? WHERE size = 3", changed)
    assert ledger.found() == [("checkpoint_differs", "3")]
    ledger.run("UPDATE vp_checkpoint SET content = ? WHERE size = 3", content[:-9])
    assert ledger.found() == [("checkpoint_unreadable", "3")]


def test_a_ledger_that_was_cut_short_contradicts_its_checkpoints(ledger: Sealed) -> None:
    ledger.run("DELETE FROM vp_entry WHERE position > 1000")
    assert ("checkpoint_beyond", str(ENTRIES)) in ledger.found()
