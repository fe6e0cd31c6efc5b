"""What the project's own stores bring to the conformance kit."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text

from volunteer_points.storage import Store
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.conformance import Host, StoreFactory

FORGERIES = {
    "an entry changed": "UPDATE vp_entry SET content = x'00' WHERE position = 1",
    "an entry removed": "DELETE FROM vp_entry WHERE position = 1",
    "an entry replaced": "REPLACE INTO vp_entry SELECT * FROM vp_entry WHERE position = 1",
    "an index changed": "UPDATE vp_posting SET amount = amount + 1",
    "an index removed": "DELETE FROM vp_about",
    "a floor passed": "UPDATE vp_balance SET amount = -1 WHERE purpose = 'available'",
}


class SqliteBackend(StoreFactory):
    """Ledgers in SQLite files; mixed into a test class or used by itself."""

    def _opened(self, file: Path, ledger: str) -> SqlStore:
        store = SqlStore.open(file, ledger, durable=False)
        self._files()[id(store)] = file
        return store

    def _files(self) -> dict[int, Path]:
        files: dict[int, Path] = self.__dict__.setdefault("files", {})
        return files

    def _file(self, store: Store) -> Path:
        return self._files()[id(store)]

    def empty(self, ledger: str) -> Store:
        return self._opened(Path(tempfile.mkdtemp(prefix="conformance-")) / "ledger.sqlite", ledger)

    def close(self, store: Store) -> None:
        assert isinstance(store, SqlStore)
        store.close()
        shutil.rmtree(self._file(store).parent, ignore_errors=True)

    def reopened(self, store: Store) -> Store:
        assert isinstance(store, SqlStore)
        store.close()
        return self._opened(self._file(store), store.ledger)

    def beside(self, store: Store) -> Store:
        return self._opened(self._file(store), store.ledger)

    def neighbour(self, store: Store, ledger: str) -> Store:
        engine = create_engine(f"sqlite:///{self._file(store)}")
        prepare(engine)
        with engine.begin() as connection:
            create_ledger(connection, ledger)
        engine.dispose()
        return self._opened(self._file(store), ledger)

    def opener(self, store: Store) -> Callable[[], Store]:
        return partial(SqlStore.open, self._file(store), store.ledger, durable=False)

    def forgeries(self, store: Store) -> Mapping[str, Callable[[], object]]:
        def forge(statement: str) -> None:
            with closing(sqlite3.connect(self._file(store))) as connection, connection:
                connection.execute(statement)

        return {name: partial(forge, statement) for name, statement in FORGERIES.items()}

    def host(self, ledger: str) -> Host:
        return SqliteHost(Path(tempfile.mkdtemp(prefix="conformance-")) / "host.sqlite", ledger)


class SqliteHost:
    """An application that keeps its orders in the ledger's database."""

    def __init__(self, file: Path, ledger: str) -> None:
        self.engine: Engine = create_engine(f"sqlite:///{file}")
        prepare(self.engine, durable=False)
        self.ledger = ledger
        self.connection: Connection | None = None
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders (said TEXT)"))
            create_ledger(connection, ledger)

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        try:
            with self.engine.begin() as self.connection:
                yield SqlStore.joining(self.connection, self.ledger)
        finally:
            self.connection = None
            self.engine.dispose()

    def write_row(self, said: str) -> None:
        assert self.connection is not None
        self.connection.execute(text("INSERT INTO orders VALUES (:said)"), {"said": said})

    def rows(self) -> list[str]:
        try:
            with self.engine.begin() as connection:
                return list(connection.execute(text("SELECT said FROM orders ORDER BY rowid")).scalars())
        finally:
            self.engine.dispose()
