"""The audit finds an entry that stands in no order, which nobody who reads in order would ever meet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.storage.commits import LEDGER, NOW, gift, write
from tests.storage.stores import emptied
from volunteer_points.audit import Finding, audit
from volunteer_points.entries import Entry
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.statements import PAGE


@pytest.fixture(params=["postgresql", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with emptied(request.param, tmp_path) as made:
        assert isinstance(made, SqlStore)
        yield made


def written(store: SqlStore, *names: str) -> list[Entry]:
    commits = [gift(name, "volunteer:a", 1) for name in names]
    write(store, *commits)
    return [entry for (entry,) in commits]


def run(store: SqlStore, statement: str) -> None:
    engine = create_engine(store.url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def adrift(store: SqlStore) -> list[Finding]:
    report = audit(store)
    report.json()
    return [finding for finding in report.found_by("VP003") if finding.key == "entry_adrift"]


def test_an_entry_that_has_no_place_and_waits_for_none_is_named(store: SqlStore) -> None:
    written(store, "placed")
    store.seal(NOW)
    waiting, lost = written(store, "waiting", "lost")
    assert adrift(store) == []
    key = "`key`" if store.url.get_backend_name() == "mysql" else "key"
    run(store, f"DELETE FROM vp_unplaced WHERE position IN (SELECT position FROM vp_entry WHERE {key} = 'lost')")  # noqa: S608
    (finding,) = adrift(store)
    assert (finding.subject.type, finding.subject.id, finding.severity) == ("entry", lost.id, "error")
    assert finding.actual["row"]
    assert "lost" in finding.message("en")
    assert "lost" in finding.message("zh")
    store.seal(NOW)
    assert [each.subject.id for each in adrift(store)] == [lost.id]
    assert audit(store).exit_code == 1
    assert waiting.id not in {each.subject.id for each in adrift(store)}


def test_more_than_a_page_of_them_are_all_named(store: SqlStore) -> None:
    names = [f"key {number}" for number in range(PAGE + 3)]
    written(store, *names)
    run(store, "DELETE FROM vp_unplaced")
    assert len(adrift(store)) == PAGE + 3


def test_where_places_are_given_in_writing_nothing_is_adrift(tmp_path: Path) -> None:
    with closing(SqlStore.open(tmp_path / "ledger.sqlite", LEDGER)) as store:
        written(store, "one")
        assert adrift(store) == []
    memory = MemoryStore(LEDGER)
    write(memory, gift("one", "volunteer:a", 1))
    assert not [finding for finding in audit(memory).findings if finding.key == "entry_adrift"]
