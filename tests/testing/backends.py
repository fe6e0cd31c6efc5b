"""What the project's own stores bring to the conformance kit."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text

from tests.asynchronous.loops import LoopStore
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from volunteer_points.storage import Store
from volunteer_points.storage.families import family_of
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.naming import DEFAULT, Naming
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.conformance import Host, StoreFactory

FORGERIES = {
    "an entry changed": "UPDATE vp_entry SET key = 'another'",
    "an entry removed": "DELETE FROM vp_entry",
    "an index changed": "UPDATE vp_posting SET amount = amount + 1",
    "an index removed": "DELETE FROM vp_about",
    "a floor passed": "UPDATE vp_balance SET amount = -1 WHERE purpose = 'available'",
}


@cache
def _folder() -> str:
    """Where this process keeps its files, until it ends."""
    folder = tempfile.mkdtemp(prefix="conformance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class SqlBackend(StoreFactory):
    """Ledgers in databases; mixed into a test class or used by itself."""

    naming = DEFAULT

    def place(self, ledger: str) -> str:
        """The URL of a database that nobody has used, or in which this ledger alone stands empty."""
        raise NotImplementedError

    def remove(self, place: URL) -> None:
        """Clear a database away."""
        raise NotImplementedError

    def empty(self, ledger: str) -> Store:
        return SqlStore.open(self.place(ledger), ledger, durable=False, naming=self.naming)

    def _again(self, store: Store, ledger: str) -> Store:
        return SqlStore.open(_address(store), ledger, durable=False, naming=self.naming)

    def close(self, store: Store) -> None:
        assert isinstance(store, SqlStore | LoopStore)
        store.close()
        self.remove(store.url)

    def reopened(self, store: Store) -> Store:
        assert isinstance(store, SqlStore | LoopStore)
        store.close()
        return self._again(store, store.ledger)

    def beside(self, store: Store) -> Store:
        return self._again(store, store.ledger)

    def neighbour(self, store: Store, ledger: str) -> Store:
        with_ledger(_address(store), ledger, self.naming)
        return self._again(store, ledger)

    def opener(self, store: Store) -> Callable[[], Store]:
        return partial(SqlStore.open, _address(store), store.ledger, durable=False, naming=self.naming)

    def forgeries(self, store: Store) -> Mapping[str, Callable[[], object]]:
        def forge(statement: str) -> None:
            engine = create_engine(_address(store))
            try:
                with engine.begin() as connection:
                    connection.exec_driver_sql(statement)
            finally:
                engine.dispose()

        quote = family_of(make_url(_address(store))).QUOTE
        return {name: partial(forge, self.naming.text(text, quote)) for name, text in self.forging().items()}

    def forging(self) -> Mapping[str, str]:
        """Statements that the database must refuse."""
        return FORGERIES

    def host(self, ledger: str) -> Host:
        return OrderingHost(host_engine(self.place(ledger)), ledger, self.naming)


class SqliteBackend(SqlBackend):
    """Ledgers in SQLite files."""

    def place(self, ledger: str) -> str:  # noqa: ARG002 - it is made with its file
        return f"sqlite:///{tempfile.mkdtemp(dir=_folder())}/ledger.sqlite"

    def remove(self, place: URL) -> None:
        shutil.rmtree(Path(str(place.database)).parent, ignore_errors=True)

    def forging(self) -> Mapping[str, str]:
        again = "REPLACE INTO vp_entry SELECT * FROM vp_entry WHERE position = 1"
        return {**FORGERIES, "an entry replaced": again}


class PostgresqlBackend(SqlBackend):
    """Ledgers in databases of a PostgreSQL server."""

    side_by_side = True

    def place(self, ledger: str) -> str:
        return with_ledger(postgresql().address(postgresql().lease_bare()), ledger)

    def remove(self, place: URL) -> None:
        postgresql().give_back_bare(str(place.database))

    def forging(self) -> Mapping[str, str]:
        replica = "SET session_replication_role = replica; DELETE FROM vp_entry"
        return {**FORGERIES, "all removed": "TRUNCATE vp_entry CASCADE", "removed by a replica": replica}


class MariadbBackend(SqlBackend):
    """Ledgers in databases of a MariaDB server."""

    side_by_side = True

    def place(self, ledger: str) -> str:
        return with_ledger(mariadb().address(mariadb().lease_bare()), ledger)

    def remove(self, place: URL) -> None:
        mariadb().give_back_bare(str(place.database))

    def forging(self) -> Mapping[str, str]:
        return {
            **FORGERIES,
            "an entry changed": "UPDATE vp_entry SET kind = 'another'",
            "an entry replaced": "REPLACE INTO vp_entry SELECT * FROM vp_entry",
        }

    def host(self, ledger: str) -> Host:
        return OrderingHost(create_engine(self.place(ledger), isolation_level="READ COMMITTED"), ledger, self.naming)


class NamedSqlite(SqliteBackend):
    """Ledgers in files in which the host has chosen the names."""

    naming = Naming(prefix="points_")


class NamedPostgresql(PostgresqlBackend):
    """Ledgers in a schema of their own, under other names."""

    naming = Naming(prefix="points_", schema="Our-Points")

    def place(self, ledger: str) -> str:  # noqa: ARG002 - it is made with its tables
        database = postgresql().create()
        postgresql().run(database, 'CREATE SCHEMA "Our-Points"')
        return postgresql().address(database)

    def remove(self, place: URL) -> None:
        with suppress(psycopg.errors.InvalidCatalogName):  # the other of two stores was closed before
            postgresql().drop(str(place.database))


class NamedMariadb(MariadbBackend):
    """Ledgers in a database beside the one to which the host connects, under names that begin as the default ones."""

    naming = Naming(prefix="vp_points_", schema="beside-it")

    def place(self, ledger: str) -> str:
        mariadb().run("mysql", "DROP DATABASE IF EXISTS `beside-it`", "CREATE DATABASE `beside-it`")
        place = mariadb().address(mariadb().create())
        SqlStore.open(place, ledger, naming=self.naming).close()  # a host's transaction cannot make tables
        return place

    def remove(self, place: URL) -> None:
        mariadb().drop(str(place.database))


def _address(store: Store) -> str:
    assert isinstance(store, SqlStore | LoopStore)
    return store.url.render_as_string(hide_password=False)


def with_ledger(address: str, ledger: str, naming: Naming = DEFAULT) -> str:
    """The same address, where the ledger is made beside others."""
    engine = host_engine(address)
    with engine.begin() as connection:
        create_ledger(connection, ledger, naming=naming)
    engine.dispose()
    return address


def host_engine(address: str) -> Engine:
    """An engine of a host's, set up for its database."""
    engine = create_engine(address)
    if engine.dialect.name == "sqlite":
        prepare(engine, durable=False)
    return engine


class OrderingHost:
    """An application that keeps its orders in the ledger's database."""

    def __init__(self, engine: Engine, ledger: str, naming: Naming = DEFAULT) -> None:
        self.engine = engine
        self.ledger = ledger
        self.naming = naming
        self.connection: Connection | None = None
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders (number INTEGER, said TEXT)"))
            create_ledger(connection, ledger, naming=naming)

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        try:
            with self.engine.begin() as self.connection:
                yield SqlStore.joining(self.connection, self.ledger, naming=self.naming)
        finally:
            self.connection = None
            self.engine.dispose()

    def write_row(self, said: str) -> None:
        assert self.connection is not None
        self.connection.execute(text("INSERT INTO orders SELECT count(*), :said FROM orders"), {"said": said})

    def rows(self) -> list[str]:
        try:
            with self.engine.begin() as connection:
                return list(connection.execute(text("SELECT said FROM orders ORDER BY number")).scalars())
        finally:
            self.engine.dispose()
