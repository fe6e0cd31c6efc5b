"""The audit grows the tree anew, and sees what hashes beside the entries cannot show."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.storage.commits import LEDGER, NOW, gift, write
from volunteer_points.audit import Finding, Report, Source, audit
from volunteer_points.audit.sealed import Covered
from volunteer_points.ledger import leaf_hash
from volunteer_points.merkle import Node, head
from volunteer_points.sealing import Checkpoint
from volunteer_points.storage.journal import Journal, write_journal
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


# --- checkpoints that were kept elsewhere --------------------------------------------------------------------------


def published(ledger: Sealed, size: int) -> Checkpoint:
    with SqlStore.open(ledger.file, read_only=True) as store, store.reader() as reader:
        root = head(size, reader.tree()).root.hex()
    return Checkpoint(ledger=LEDGER, size=size, root=root, at=NOW)


def held_against(source: Source, *checkpoints: Checkpoint) -> list[tuple[str, str]]:
    report = audit(source, checkpoints=checkpoints)
    report.json()
    assert report.text("zh")
    assert report.text("en")
    return [(each.key, each.subject.id) for each in report.found_by("VP003") if each.severity == "error"]


def test_checkpoints_kept_elsewhere_agree_with_the_ledger_and_its_journal(ledger: Sealed, tmp_path: Path) -> None:
    given = [published(ledger, size) for size in (0, 3, 517, ENTRIES)]
    journal = journal_of(ledger, tmp_path)
    with SqlStore.open(ledger.file, read_only=True) as store:
        for source in (store, Journal(journal)):
            report = audit(source, checkpoints=given)
            assert report.found_by("VP003") == ()
            assert report.published == Covered(checkpoints=4, entries=ENTRIES, beyond=4)
            assert "4 checkpoints kept elsewhere agree with the first 1,030 entries; 4 entries" in report.text("en")
            assert report.plain()["summary"]["published"] == {"checkpoints": 4, "entries": ENTRIES, "beyond": 4}
        assert audit(store).published is None


def journal_of(ledger: Sealed, folder: Path) -> Path:
    file = folder / "ledger.jsonl"
    with SqlStore.open(ledger.file, read_only=True) as store, store.reader() as reader, file.open("wb") as out:
        write_journal(reader, store.ledger, out)
    return file


def test_who_rewrites_entries_nodes_and_checkpoints_is_found_out_by_what_others_kept() -> None:
    """The store itself has nothing left to compare with."""
    honest, forged = MemoryStore(LEDGER), MemoryStore(LEDGER)
    for store, points in ((honest, 1), (forged, 2)):
        write(store, gift("one", "volunteer:a", points), gift("two", "volunteer:a", 1))
        store.seal(NOW)
    with honest.reader() as reader:
        (kept,) = reader.tree().checkpoints()
    assert [each for each in held_against(forged) if each[0] != "nothing_there"] == []
    assert held_against(forged, kept) == [("published_differs", "2")]
    assert held_against(honest, kept) == []
    (finding,) = audit(forged, checkpoints=[kept]).found_by("VP003")
    assert (finding.expected["root"], finding.actual["root"] != kept.root) == (kept.root, True)
    assert kept.root in finding.message("en")
    assert kept.root in finding.message("zh")
    report = audit(forged, checkpoints=[kept])
    assert (report.exit_code, report.published) == (1, Covered(checkpoints=0, entries=0, beyond=2))


def test_a_checkpoint_of_another_ledger_or_of_more_entries_says_so(ledger: Sealed, tmp_path: Path) -> None:
    foreign = attrs.evolve(published(ledger, 3), ledger="another")
    larger = attrs.evolve(published(ledger, 3), size=ENTRIES + 5)
    found = [("published_beyond", str(ENTRIES + 5)), ("published_of_another", "3")]
    with SqlStore.open(ledger.file, read_only=True) as store:
        for source in (store, Journal(journal_of(ledger, tmp_path))):
            assert sorted(held_against(source, foreign, larger)) == found
        beyond, another = sorted(
            audit(store, checkpoints=[foreign, larger]).found_by("VP003"), key=lambda each: each.key
        )
    assert (beyond.expected, beyond.actual) == ({"entries": ENTRIES + 5}, {"entries": ENTRIES + 4})
    assert (another.expected, another.actual) == ({"ledger": LEDGER}, {"ledger": "another"})


def test_behind_a_damaged_line_nothing_is_compared_and_the_report_says_so(ledger: Sealed, tmp_path: Path) -> None:
    file = journal_of(ledger, tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    damaged = [b"{}\n" if number == 600 else line for number, line in enumerate(lines)]
    file.write_bytes(b"".join(damaged))
    given = [published(ledger, size) for size in (3, 517, ENTRIES)]
    found = held_against(Journal(file), *given)
    assert ("published_not_compared", str(ENTRIES)) in found
    assert not {("published_not_compared", "3"), ("published_not_compared", "517")} & set(found)
    report = audit(Journal(file), checkpoints=given)
    assert report.published is not None
    assert (report.published.checkpoints, report.published.entries) == (2, 517)
