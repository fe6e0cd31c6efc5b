"""What no program can beat here: bare commits, the same rows without a single check, and reading all that is there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

TABLES = ("vp_entry", "vp_about", "vp_posting")
"""The tables that lie in the order of entries. Balances are left out: they change and are not added to."""

Rows: TypeAlias = dict[str, list[tuple[Any, ...]]]


class BareCommits:
    """A file to which one small row is committed at a time, as durably as everything else."""

    def __init__(self, path: Path) -> None:
        self._connection = _opened(path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY)")

    def commit(self, times: int) -> None:
        """Commit one row so many times."""
        for _ in range(times):
            with _transaction(self._connection):
                self._connection.execute("INSERT INTO bare DEFAULT VALUES")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class Unchecked:
    """A copy of the ledger into which finished rows are put, with the triggers that lie in the file."""

    def __init__(self, path: Path) -> None:
        self._connection = _opened(path)
        self._insert = {}
        for table in TABLES:
            columns = self._connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608
            self._insert[table] = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608

    def write(self, commits: Sequence[Rows]) -> None:
        """Commit the rows of one commit after those of another."""
        for rows in commits:
            with _transaction(self._connection):
                for table, of_table in rows.items():
                    self._connection.executemany(self._insert[table], of_table)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def rows_of(path: Path, keys: Sequence[str]) -> Rows:
    """All rows that were written under some keys."""
    marks = ", ".join("?" * len(keys))
    with closing(_opened(path)) as connection:
        chosen = f"SELECT position FROM vp_entry WHERE key IN ({marks})"  # noqa: S608
        return {
            table: connection.execute(f"SELECT * FROM {table} WHERE position IN ({chosen})", keys).fetchall()  # noqa: S608
            for table in TABLES
        }


def read_and_hash(path: Path) -> int:
    """Read every entry, parse it and check its hash; tells how many there are."""
    count = 0
    with closing(_opened(path)) as connection:
        for leaf, content in connection.execute("SELECT leaf, content FROM vp_entry ORDER BY position"):
            json.loads(content)
            if hashlib.sha256(b"\x00" + content).digest() != leaf:
                raise ValueError("a hash does not fit its entry")
            count += 1
    return count


def differences(one: Path, other: Path) -> list[str]:
    """The tables in which two ledger files are not the same, row by row."""
    with closing(_opened(one)) as connection, closing(_opened(other)) as second:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return [table for (table,) in tables if _digest(connection, table) != _digest(second, table)]


def _digest(connection: sqlite3.Connection, table: str) -> str:
    [columns] = zip(*connection.execute("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,)), strict=True)
    order = ", ".join(f'"{column}"' for column in columns)
    made = hashlib.sha256()
    for row in connection.execute(f"SELECT {order} FROM {table} ORDER BY {order}"):  # noqa: S608
        made.update(repr(row).encode())
    return made.hexdigest()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")
