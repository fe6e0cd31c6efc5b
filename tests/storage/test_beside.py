"""Two ledgers in one database know nothing of each other, on every family of databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests.storage.commits import LOT, asked, commit, contents, draft, moved, taken, write
from tests.storage.test_contract import at_once
from tests.storage.test_migrations import empty_database
from tests.storage.test_sql import wrong
from volunteer_points.books import About, Committed, LotsOf, Moved
from volunteer_points.errors import Misused
from volunteer_points.ledger import decode
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with a ledger to the north and one to the south."""
    with empty_database(request.param, tmp_path) as address:
        SqlStore.open(address, "north").close()
        engine = create_engine(address)
        if request.param == "sqlite":
            prepare(engine)
        with engine.begin() as connection:
            create_ledger(connection, "south")
        engine.dispose()
        yield address


def give(store: SqlStore, key: str, points: int) -> None:
    write(store, commit(key, draft(moved(A, points), about=(A,)), ledger=store.ledger))


def test_the_same_key_person_and_unit_are_two_things(url: str) -> None:
    with SqlStore.open(url, "north") as north, SqlStore.open(url, "south") as south:
        give(north, "key", 3)
        for store, points in ((north, 3), (south, 0)):
            assert asked(store, AVAILABLE_A) == ({LOT: points} if points else {})
            assert len(asked(store, Committed("key"))) == (points > 0)
            assert len(asked(store, About(A, ("Adjusted",), many=True))) == (points > 0)
            assert asked(store, Moved(A, Purpose.AVAILABLE, "points")) == points
            with store.reader() as reader:
                assert len(contents(reader)) == (points > 0)
                assert len(list(reader.balances())) == (points > 0)
                assert len(reader.open(Purpose.AVAILABLE)) == (points > 0)
        give(south, "key", 5)
        assert (asked(north, AVAILABLE_A), asked(south, AVAILABLE_A)) == ({LOT: 3}, {LOT: 5})
        with pytest.raises(Misused):
            write(north, commit("foreign", draft(moved(A, 1)), ledger="south"))


def test_their_orders_are_counted_apart(url: str) -> None:
    with SqlStore.open(url, "north") as north, SqlStore.open(url, "south") as south:
        for number in range(6):
            give(north if number % 3 else south, f"key-{number}", number + 1)
        assert north.place_entries(limit=1) <= 1
        south.place_entries()
        for store, keys in ((north, ["key-1", "key-2", "key-4", "key-5"]), (south, ["key-0", "key-3"])):
            with store.reader() as reader:
                stored = list(reader.stored())
            assert [each.position for each in stored] == list(range(1, len(keys) + 1))
            assert [decode(each.content).key for each in stored] == keys


def test_which_one_is_meant_has_to_be_said(url: str) -> None:
    assert wrong("ledger_not_named", lambda: SqlStore.open(url))["ledgers"] == ["north", "south"]
    wrong("other_ledger", lambda: SqlStore.open(url, "west"))


def test_whoever_holds_a_subject_of_one_is_in_nobodys_way_in_the_other(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("in SQLite a session holds the database")
    with SqlStore.open(url, "north") as north, SqlStore.open(url, "south") as south, north.session() as session:
        taken(session, AVAILABLE_A)

        def beside(_: int) -> None:
            with south.session() as other:
                assert taken(other, AVAILABLE_A) == {}

        assert at_once(1, beside) == []
