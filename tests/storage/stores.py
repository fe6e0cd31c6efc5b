"""Empty stores of every kind, for the tests that hold all of them to the same contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import URL, Engine, create_engine

from tests.storage.commits import LEDGER
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from volunteer_points.storage import Reader, Session, Store
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare

MakeStore: TypeAlias = Callable[[Path], Store]


class JoinedStore:
    """A store each of whose sessions is a transaction of a host, which joins it and commits."""

    def __init__(self, engine: Engine, ledger: str) -> None:
        self._engine = engine
        self.ledger = ledger

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with self._engine.begin() as connection, SqlStore.joining(connection, self.ledger).reader() as reader:
            yield reader

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self._engine.begin() as connection, SqlStore.joining(connection, self.ledger).session() as session:
            yield session

    @property
    def url(self) -> URL:
        return self._engine.url

    def close(self) -> None:
        self._engine.dispose()


def host_engine(folder: Path) -> Engine:
    """An engine as a host makes it that keeps its own tables beside the ledger."""
    engine = create_engine(f"sqlite:///{folder / 'host.sqlite'}")
    prepare(engine)
    return engine


def joined(folder: Path) -> JoinedStore:
    """A ledger in a host's database."""
    engine = host_engine(folder)
    with engine.begin() as connection:
        create_ledger(connection, LEDGER)
    return JoinedStore(engine, LEDGER)


def in_file(folder: Path) -> SqlStore:
    """A ledger in a file of its own."""
    return SqlStore.open(folder / "ledger.sqlite", LEDGER)


def in_postgresql(_: Path) -> SqlStore:
    """A ledger in a database of its own, which :func:`emptied` gives back."""
    return SqlStore.open(postgresql().address(postgresql().lease()), LEDGER)


def joined_postgresql(_: Path) -> JoinedStore:
    """The same in transactions of a host."""
    return JoinedStore(create_engine(postgresql().url(postgresql().lease())), LEDGER)


def in_mariadb(_: Path) -> SqlStore:
    """A ledger in a database of its own, which :func:`emptied` gives back."""
    return SqlStore.open(mariadb().address(mariadb().lease()), LEDGER)


def joined_mariadb(_: Path) -> JoinedStore:
    """The same in transactions of a host, at a level where it need not run again when others were first."""
    return JoinedStore(create_engine(mariadb().url(mariadb().lease()), isolation_level="READ COMMITTED"), LEDGER)


STORES: dict[str, MakeStore] = {
    "memory": lambda _: MemoryStore(LEDGER),
    "sqlite": in_file,
    "joined": joined,
    "postgresql": in_postgresql,
    "joined postgresql": joined_postgresql,
    "mariadb": in_mariadb,
    "joined mariadb": joined_mariadb,
}


@contextmanager
def emptied(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store of a kind, closed at the end."""
    store = STORES[kind](folder)
    try:
        yield store
    finally:
        if isinstance(store, (SqlStore, JoinedStore)):
            store.close()
            if "postgresql" in kind:
                postgresql().give_back(str(store.url.database))
            if "mariadb" in kind:
                mariadb().give_back(str(store.url.database))
