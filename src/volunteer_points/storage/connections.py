"""Whose transaction it is: one that the store begins on a connection of its own, or one that a host has begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError

from volunteer_points.errors import Busy, CommitUnknown, Misconfigured, Misused
from volunteer_points.storage import sqlite
from volunteer_points.storage.turns import Turns

WAITS_AT_MOST_SECONDS: Final = 30

_TURNS: Final[WeakKeyDictionary[Engine, Turns]] = WeakKeyDictionary()
_SESSION: Final = "volunteer_points_session"


class Connections(Protocol):
    """Where a store gets the driver's cursor of a transaction."""

    def reading(self) -> AbstractContextManager[DBAPICursor]:
        """A transaction that sees one moment."""
        ...

    def writing(self) -> AbstractContextManager[DBAPICursor]:
        """A transaction in whose way nobody writes. What it wrote stays when no error leaves it, else it goes."""
        ...


class OwnConnections:
    """Transactions of the store's own, on an engine's connections. Stores on one engine take turns with writing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = _TURNS.setdefault(engine, Turns())

    @contextmanager
    def reading(self) -> Iterator[DBAPICursor]:
        """Begin to read; what others write meanwhile is not seen."""
        with self._connection() as connection:
            cursor = connection.cursor()
            with sqlite.translating():
                sqlite.begin_reading(cursor)
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[DBAPICursor]:
        """Begin to write, after those who came before; commit at the end."""
        with self._turns.taken(wait_seconds=WAITS_AT_MOST_SECONDS) as seconds_left, self._connection() as connection:
            cursor = connection.cursor()
            with sqlite.translating():
                sqlite.begin_writing(cursor, wait_seconds=seconds_left)
            yield cursor
            _commit(connection, cursor)

    @contextmanager
    def _connection(self) -> Iterator[PoolProxiedConnection]:
        with sqlite.translating():
            connection = self._engine.raw_connection()
        try:
            yield connection
        finally:
            connection.close()  # the pool rolls back what was not committed


def _commit(connection: PoolProxiedConnection, cursor: DBAPICursor) -> None:
    try:
        connection.commit()
    except Exception as error:
        problem = sqlite.translated(error)
        if isinstance(problem, Busy):
            raise problem from error
        # A connection that is closed with a transaction and a statement in it goes on holding the write lock.
        with suppress(Exception):
            connection.rollback()
        with suppress(Exception):
            cursor.close()
        connection.invalidate()
        fix = "Try again with the same key: it finds out whether this was written."
        raise CommitUnknown("commit_unknown", problem=str(error), fix=fix) from error


class HostConnection:
    """A transaction that a host has begun and will end. Our part of it is undone alone, at a savepoint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[DBAPICursor]:
        """Look from within the host's transaction, which sees what the host has written."""
        yield self._cursor()

    @contextmanager
    def writing(self) -> Iterator[DBAPICursor]:
        """Write within the host's transaction; after a refusal the host can go on."""
        with self.making() as cursor:
            sqlite.take_write_lock(cursor)
            yield cursor

    @contextmanager
    def making(self) -> Iterator[DBAPICursor]:
        """The same where there may be no tables yet."""
        cursor, info = self._cursor(), self._connection.info
        if info.get(_SESSION):
            raise Misused("session_within_session", fix="End one session before beginning the next.")
        with sqlite.translating():
            cursor.execute("SAVEPOINT volunteer_points")
        info[_SESSION] = True
        try:
            yield cursor
            with sqlite.translating():
                cursor.execute("RELEASE volunteer_points")
        except BaseException:
            self._undo(cursor)
            raise
        finally:
            info.pop(_SESSION, None)

    def _cursor(self) -> DBAPICursor:
        connection = self._connection
        with sqlite.translating():
            if sqlite.has_begun(connection.connection):
                return connection.connection.cursor()
        raise Misconfigured(
            "host_transaction_not_begun",
            fix="Begin it with BEGIN IMMEDIATE, as volunteer_points.storage.sqlite.prepare(engine) sees to.",
        )

    def _undo(self, cursor: DBAPICursor) -> None:
        """Undo our part; where the database has undone all of it, let the host notice at its next step."""
        try:
            cursor.execute("ROLLBACK TO volunteer_points")
            cursor.execute("RELEASE volunteer_points")
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            with suppress(Exception):
                cursor.close()
            with suppress(SQLAlchemyError):
                self._connection.invalidate()


__all__ = ["WAITS_AT_MOST_SECONDS", "Connections", "HostConnection", "OwnConnections"]
