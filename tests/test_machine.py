"""The same commands on every store: equal answers, equal bytes, equal balances, after every step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings

from tests.storage.commits import LEDGER
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from tests.storage.stores import in_mariadb, in_postgresql
from volunteer_points.entries import Entry
from volunteer_points.postings import Purpose, record_subject, redemption_subject
from volunteer_points.storage import Store
from volunteer_points.storage.holding import changes_of
from volunteer_points.storage.memory import MemorySession, MemoryStore
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.machine import StoreMachine

GIVEN_BACK = {Purpose.QUOTA, Purpose.ON_HAND}


class WatchedSession(MemorySession):
    """Lets a balance move towards its bound only while the session holds what it belongs to alone.

    That is its holder, record or redemption; but what was collected is counted by those who hold any redemption.
    What is given back, goods and quotas, nobody has to hold: whoever holds the item or the household then sees less
    than there is, never more. So a store must add to balances where they lie, and may remove one only after it came to
    nought there.
    """

    def __init__(self, session: MemorySession) -> None:
        vars(self).update(vars(session))
        self._held: set[str] = set()

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        alone = list(alone)
        self._held.update(alone)
        super().take(alone, shared)

    def append(self, entries: tuple[Entry, ...]) -> None:
        for (account, _, _), amount in changes_of(entries).items():
            if account.purpose == Purpose.COLLECTED or (account.purpose in GIVEN_BACK and amount > 0):
                continue
            owners = {account.holder, record_subject(account.of), redemption_subject(account.of)}
            assert owners & self._held, f"{account} changes by {amount}, and nobody holds it"
        super().append(entries)


class WatchedStore(MemoryStore):
    """A store in memory with such sessions: databases with writers side by side rely on it for their balances."""

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        with super().session() as session:
            yield WatchedSession(session)


class MemoryAndSqliteMachine(StoreMachine):
    """A store in memory and one in an SQLite file, driven side by side."""

    def empty_stores(self) -> Mapping[str, Store]:
        self.folder = tempfile.TemporaryDirectory()
        self.sqlite = SqlStore.open(Path(self.folder.name) / "machine.db", "machine", durable=False)
        return {"memory": WatchedStore("machine"), "sqlite": self.sqlite}

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()


class MemoryAndPostgresqlMachine(StoreMachine):
    """A store in memory and one in PostgreSQL, side by side."""

    def empty_stores(self) -> Mapping[str, Store]:
        self.postgresql = in_postgresql(Path())
        return {"memory": MemoryStore(LEDGER), "postgresql": self.postgresql}

    def teardown(self) -> None:
        self.postgresql.close()
        postgresql().give_back(str(self.postgresql.url.database))


class MemoryAndMariadbMachine(StoreMachine):
    """A store in memory and one in MariaDB, side by side."""

    def empty_stores(self) -> Mapping[str, Store]:
        self.mariadb = in_mariadb(Path())
        return {"memory": MemoryStore(LEDGER), "mariadb": self.mariadb}

    def teardown(self) -> None:
        self.mariadb.close()
        mariadb().give_back(str(self.mariadb.url.database))


TestStores = MemoryAndSqliteMachine.TestCase
TestPostgresql = MemoryAndPostgresqlMachine.TestCase
TestPostgresql.settings = settings(max_examples=10)  # each step is many trips
TestMariadb = MemoryAndMariadbMachine.TestCase
TestMariadb.settings = settings(max_examples=10)
