"""A store says which engine answers it and of which version, and refuses one that is too old to guard a ledger."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.storage.commits import LEDGER
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from tests.storage.stores import STORES, JoinedStore, emptied
from tests.storage.test_sql import wrong
from volunteer_points.storage import mysql
from volunteer_points.storage import postgresql as of_postgresql
from volunteer_points.storage.sql import SqlStore


@pytest.mark.parametrize("kind", [kind for kind in STORES if kind != "memory"])
def test_a_store_says_which_engine_answers_it(kind: str, tmp_path: Path) -> None:
    found = {
        "sqlite": lambda: f"SQLite {sqlite3.sqlite_version}",
        "postgresql": lambda: f"PostgreSQL {postgresql().run('postgres', 'SHOW server_version')[0][0]}",
        "mariadb": lambda: f"MariaDB {str(mariadb().run('mysql', 'SELECT VERSION()')[0][0]).partition('-')[0]}",
    }
    with emptied(kind, tmp_path) as store:
        if isinstance(store, JoinedStore):
            with store._engine.begin() as connection:  # noqa: SLF001 - the host's own
                said = SqlStore.joining(connection, LEDGER).server
        else:
            assert isinstance(store, SqlStore)
            said = store.server
    assert said == found[kind.rsplit(maxsplit=1)[-1].replace("joined", "sqlite")]()
    assert re.fullmatch(r"[A-Za-z]+ \d+(\.\d+)+", said)


class Says:
    """A connection of the driver's that tells a version."""

    def __init__(self, version: str) -> None:
        self.version = version

    def execute(self, statement: str) -> None:
        assert statement == "SELECT VERSION()"

    def fetchall(self) -> list[tuple[str]]:
        return [(self.version,)]


@pytest.mark.parametrize(
    "version, found, least",
    [
        ("8.0.36", "MySQL 8.0.36", None),
        ("8.0.15", "MySQL 8.0.15", "MySQL 8.0.16"),
        ("5.7.44-log", "MySQL 5.7.44", "MySQL 8.0.16"),
        ("9.4.0-commercial", "MySQL 9.4.0", None),
        ("10.11.6-MariaDB-0+deb12u1", "MariaDB 10.11.6", None),
        ("5.5.5-10.5.23-MariaDB", "MariaDB 10.5.23", "MariaDB 10.6.0"),
        ("8.0.11-TiDB-v7.5.0", "TiDB 8.0.11", None),
    ],
)
def test_versions_of_mariadb_and_mysql_are_told_apart(version: str, found: str, least: str | None) -> None:
    said = mysql.server(Says(version))  # type: ignore[arg-type]
    assert (said, mysql.too_old(said)) == (found, least)


def test_a_server_that_is_too_old_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_postgresql, "_LEAST_VERSION", 10**9)
    with postgresql().ledger() as address:
        facts = wrong("server_too_old", lambda: SqlStore.open(address))
    assert str(facts["found"]).startswith("PostgreSQL 1")
    monkeypatch.setattr(mysql, "_LEAST_VERSIONS", {"MariaDB": (99, 0, 0)})
    with mariadb().database() as name:
        facts = wrong("server_too_old", lambda: SqlStore.open(mariadb().address(name), LEDGER))
    assert (str(facts["found"])[:8], facts["least"]) == ("MariaDB ", "MariaDB 99.0.0")
