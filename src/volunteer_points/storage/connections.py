"""Whose transaction it is: one that the store begins on a connection of its own, or one that a host has begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError, UnboundExecutionError
from sqlalchemy.orm import Session

from volunteer_points.errors import Busy, HostBusy, Misconfigured, Misused
from volunteer_points.storage.families import Family, Queue, family_of, translating
from volunteer_points.storage.naming import DEFAULT, Naming

WAITS_AT_MOST_SECONDS: Final = 30

_QUEUES: Final[WeakKeyDictionary[Engine, Queue]] = WeakKeyDictionary()
_SESSION: Final = "volunteer_points_session"
_FIX_READ_ONLY: Final = "Begin the host's transaction to read and write, on a server that may be written to."


class Connections(Protocol):
    """Where a store gets the driver's cursor of a transaction."""

    def reading(self) -> AbstractContextManager[DBAPICursor]:
        """A transaction that sees one moment."""
        ...

    def writing(self) -> AbstractContextManager[DBAPICursor]:
        """A transaction in whose way nobody writes. What it wrote stays when no error leaves it, else it goes."""
        ...


class OwnConnections:
    """Transactions of the store's own, on an engine's connections. Stores on one engine share one queue of writers."""

    def __init__(self, engine: Engine, family: Family, naming: Naming = DEFAULT) -> None:
        self._engine = engine
        self._family = family
        self._naming = naming
        self._queue = _QUEUES.get(engine) or _QUEUES.setdefault(engine, family.new_queue())

    @contextmanager
    def reading(self) -> Iterator[DBAPICursor]:
        """Begin to read; what others write meanwhile is not seen."""
        with self._connection() as connection:
            with translating(self._family):
                cursor = self._cursor_of(connection)
                self._family.begin_reading(cursor)
            yield cursor
            with translating(self._family):
                self._family.end_reading(cursor)

    @contextmanager
    def writing(self) -> Iterator[DBAPICursor]:
        """Begin to write, in the order of the queue; commit at the end."""
        with self._queue.taken(wait_seconds=WAITS_AT_MOST_SECONDS) as seconds_left, self._connection() as connection:
            with translating(self._family):
                cursor = self._cursor_of(connection)
                self._family.begin_writing(cursor, wait_seconds=seconds_left)
            yield cursor
            self._family.commit(connection, cursor)

    def _cursor_of(self, connection: PoolProxiedConnection) -> DBAPICursor:
        return self._naming.speaking(self._family.cursor_of(connection, own=True), self._family.QUOTE)

    @contextmanager
    def _connection(self) -> Iterator[PoolProxiedConnection]:
        pool = self._engine.pool
        with translating(self._family):
            connection = self._engine.raw_connection()
        try:
            yield connection
        except self._family.LOST:
            with suppress(Exception):  # those that wait in the pool were lost with it
                connection.invalidate()
                if self._engine.pool is pool:
                    self._engine.dispose()
                    pool.dispose()  # once more: one may have come back between
            raise
        finally:
            self._family.give_back(connection)
            connection.close()  # the pool rolls back what was not committed
            if self._engine.pool is not pool:  # another was lost meanwhile: nobody will take this one out again
                with suppress(Exception):
                    pool.dispose()


class HostConnection:
    """A transaction that a host has begun and will end. Our part of it is undone alone, at a savepoint."""

    def __init__(self, host: Connection | Session, family: Family, naming: Naming = DEFAULT) -> None:
        self._host = host
        self._family = family
        self._naming = naming

    @contextmanager
    def reading(self) -> Iterator[DBAPICursor]:
        """Look from within the host's transaction, which sees what the host has written."""
        yield self._cursor_of(connection_of(self._host))

    @contextmanager
    def writing(self) -> Iterator[DBAPICursor]:
        """Write within the host's transaction; after a refusal the host can go on."""
        with self.making() as cursor:
            self._family.take_write_lock(cursor)
            yield cursor

    @contextmanager
    def making(self) -> Iterator[DBAPICursor]:
        """The same where there may be no tables yet."""
        connection = connection_of(self._host)
        cursor, info = self._cursor_of(connection), connection.info
        if info.get(_SESSION):
            raise Misused("session_within_session", fix="End one session before beginning the next.")
        with translating(self._family):
            self._family.send(cursor, "SAVEPOINT volunteer_points")
        info[_SESSION] = True
        try:
            yield cursor
            with translating(self._family):
                cursor.execute("RELEASE SAVEPOINT volunteer_points")
        except BaseException as error:
            self._undo(connection, cursor)
            if isinstance(error, Busy):
                raise HostBusy(error.code, **error.facts) from error
            if isinstance(error, Misconfigured) and error.code == "read_only":
                raise Misconfigured("host_transaction_read_only", fix=_FIX_READ_ONLY) from error
            raise
        finally:
            info.pop(_SESSION, None)

    def _cursor_of(self, connection: Connection) -> DBAPICursor:
        with translating(self._family):
            self._family.check_host(connection)
            cursor = self._family.cursor_of(connection.connection, own=False)
            return self._naming.speaking(cursor, self._family.QUOTE)

    def _undo(self, connection: Connection, cursor: DBAPICursor) -> None:
        """Undo our part; where the database has undone all of it, let the host notice at its next step."""
        try:
            self._family.undo(cursor, "volunteer_points")
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            with suppress(Exception):
                cursor.close()
            with suppress(SQLAlchemyError):
                connection.invalidate()


def connection_of(host: Connection | Session) -> Connection:
    """The connection of a host's transaction. What a session has not written yet is written first, so that it counts.

    An error of that writing is the host's own, and comes out as it is.

    Raises:
        Misconfigured: the session waits to be rolled back, or nobody told it which database it works on.
    """
    if isinstance(host, Connection):
        return host
    if not host.is_active:
        fix = "Roll the host's transaction back, and run all of it again."
        raise Misconfigured("host_transaction_failed", fix=fix)
    if not (host.autobegin or host.in_transaction()):
        raise Misconfigured("host_transaction_not_begun", fix="Begin it with session.begin().")
    try:
        bind = host.get_bind()
    except UnboundExecutionError as error:
        fix = "Begin a session that works on one engine, or join its connection to the ledger's database."
        raise Misconfigured("host_transaction_not_begun", problem=str(error), fix=fix) from error
    with translating(family_of(bind.engine.url, bind.dialect.driver)):
        connection = host.connection()
    host.flush()
    return connection


__all__ = ["WAITS_AT_MOST_SECONDS", "Connections", "HostConnection", "OwnConnections", "connection_of"]
