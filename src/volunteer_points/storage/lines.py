"""A line to a database server: what nobody waits for goes out together with the next statement that somebody does.

A round trip costs more than most statements. Where the driver can send several statements at once, the beginning of a
transaction, its locks and its first questions are one trip, and so are its writes and its COMMIT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias

from psycopg import Connection as Driver
from psycopg.pq import TransactionStatus
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor

Row: TypeAlias = tuple[Any, ...]


class Line:
    """The driver's cursor, and the statements that wait for the next one.

    Args:
        connection: A connection of psycopg, or of SQLAlchemy over its asynchronous one, which sends one by one.
    """

    def __init__(self, connection: PoolProxiedConnection) -> None:
        self._connection = connection
        self._cursor: DBAPICursor = connection.cursor()
        driver: Any = connection.dbapi_connection  # SQLAlchemy's asynchronous one may pass on an asynchronous pipeline
        self._together: Callable[[], AbstractContextManager[Any]] = (
            driver.pipeline if isinstance(driver, Driver) else nullcontext
        )
        self._waiting: list[tuple[str, Row | None]] = []
        self._failed: Exception | None = None

    @property
    def rowcount(self) -> int:
        """How many rows the last statement met."""
        return self._cursor.rowcount

    def later(self, text: str, values: Row | None = None) -> None:
        """Send a statement with the next one."""
        self._waiting.append((text, values))

    def execute(self, text: str, values: Row | None = None) -> None:
        """Send what waits and a statement, whose rows can be fetched then.

        After a statement failed within the transaction all others do, even if somebody swallowed its error: a server
        answers to the COMMIT of such a transaction as if all was well.
        """
        if self._failed is not None:
            raise self._failed
        waiting, self._waiting = self._waiting, []
        try:
            if not waiting:
                self._cursor.execute(text, values)
                return
            with self._together():
                for each in waiting:
                    self._connection.cursor().execute(*each)
                self._cursor.execute(text, values)
        except Exception as error:
            status = self._connection.driver_connection.info.transaction_status  # type: ignore[union-attr]
            if waiting or status != TransactionStatus.INTRANS:
                self._failed = error
            raise

    def executemany(self, text: str, rows: Sequence[Row]) -> None:
        """Send what waits and a statement once for each row; nobody fetches rows then."""
        for row in rows[:-1]:
            self.later(text, row)
        self.execute(text, rows[-1])

    def fetchall(self) -> Sequence[Row]:
        """The rows of the last statement."""
        return self._cursor.fetchall()

    def fetchone(self) -> Row | None:
        """The next row of the last statement."""
        return self._cursor.fetchone()

    def undo(self, savepoint: str) -> None:
        """Undo all since a savepoint, and forget what waits; when the savepoint itself still waits, that is all."""
        sent = all(text != f"SAVEPOINT {savepoint}" for text, _ in self._waiting)
        self._waiting.clear()
        self._failed = None
        if sent:
            self.later(f"ROLLBACK TO {savepoint}")
            self.execute(f"RELEASE {savepoint}")

    def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()


__all__ = ["Line"]
