"""The kit and the state machine drive a ledger that is reached through an event loop."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.asynchronous.loops import LoopProgramme, LoopStore, loop
from tests.storage.commits import LEDGER
from tests.storage.servers import postgresql
from tests.testing.backends import PostgresqlBackend, SqlBackend, SqliteBackend
from volunteer_points.asynchronous import AsyncSqlStore
from volunteer_points.programme import Programme
from volunteer_points.storage import Store
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.conformance import Host
from volunteer_points.testing.conformance.suite import StoreConformance
from volunteer_points.testing.machine import StoreMachine

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
"""Nothing is covered here alone, and following every line would double the time."""


class InLoop(SqlBackend):
    """The same ledgers, each reached through the event loop."""

    def empty(self, ledger: str) -> Store:
        return LoopStore.open(self.place(ledger), ledger)

    def _again(self, store: Store, ledger: str) -> Store:
        return LoopStore.open(_address(store), ledger)

    def opener(self, store: Store) -> Callable[[], Store]:
        return partial(LoopStore.open, _address(store), store.ledger)

    def host(self, ledger: str) -> Host:
        return AsyncHost(self.place(ledger), ledger)


def _address(store: Store) -> str:
    assert isinstance(store, LoopStore)
    return store.url.render_as_string(hide_password=False)


class AsyncHost:
    """An application of asyncio that keeps its orders in the ledger's database."""

    def __init__(self, address: str, ledger: str) -> None:
        self.engine: AsyncEngine = create_async_engine(address.replace("sqlite:", "sqlite+aiosqlite:"))
        if self.engine.dialect.name == "sqlite":
            prepare(self.engine, durable=False)
        self.ledger = ledger
        self.connection: AsyncConnection | None = None
        with self._begun() as connection:
            loop().wait_for(connection.execute(text("CREATE TABLE orders (number INTEGER, said TEXT)")))
            loop().wait_for(connection.run_sync(create_ledger, ledger))

    @contextmanager
    def _begun(self) -> Iterator[AsyncConnection]:
        begun = self.engine.begin()
        connection = loop().wait_for(begun.__aenter__())
        try:
            yield connection
        except BaseException as error:
            loop().wait_for(begun.__aexit__(type(error), error, error.__traceback__))
            raise
        else:
            loop().wait_for(begun.__aexit__(None, None, None))
        finally:
            loop().wait_for(self.engine.dispose())

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        try:
            with self._begun() as self.connection:
                yield LoopStore(loop().wait_for(AsyncSqlStore.joining(self.connection, self.ledger)))
        finally:
            self.connection = None

    def write_row(self, said: str) -> None:
        assert self.connection is not None
        insert = text("INSERT INTO orders SELECT count(*), :said FROM orders")
        loop().wait_for(self.connection.execute(insert, {"said": said}))

    def rows(self) -> list[str]:
        with self._begun() as connection:
            return list(loop().wait_for(connection.scalars(text("SELECT said FROM orders ORDER BY number"))))


class TestSqliteInLoop(InLoop, SqliteBackend, StoreConformance):
    """A store in an SQLite file, through aiosqlite."""


@pytest.mark.slow
class TestPostgresqlInLoop(InLoop, PostgresqlBackend, StoreConformance):
    """A store in a PostgreSQL server, through the asynchronous psycopg."""


class MemoryAndLoopMachine(StoreMachine):
    """A programme over a store in memory, and asynchronous ones over SQLite and PostgreSQL, driven side by side."""

    def empty_stores(self) -> Mapping[str, Store]:
        self.folder = tempfile.TemporaryDirectory()
        self.database = postgresql().lease()
        self.loop_stores = {
            "sqlite": LoopStore.open(str(Path(self.folder.name) / "machine.db"), LEDGER),
            "postgresql": LoopStore.open(postgresql().address(self.database), LEDGER),
        }
        return {"memory": MemoryStore(LEDGER), **self.loop_stores}

    def __init__(self) -> None:
        super().__init__()
        for name, store in self.loop_stores.items():
            programme: object = LoopProgramme(store, clock=lambda: self.now)
            assert isinstance(self.programmes[name], Programme)
            self.programmes[name] = programme  # type: ignore[assignment]

    def teardown(self) -> None:
        for store in self.loop_stores.values():
            store.close()
        postgresql().give_back(self.database)
        self.folder.cleanup()


TestAsyncProgramme = MemoryAndLoopMachine.TestCase
TestAsyncProgramme.settings = settings(max_examples=8)  # each step is many trips
