"""A real MariaDB server for the tests: one for a process that runs tests, and an empty database for whoever asks."""

from __future__ import annotations

import atexit
import getpass
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import URL

from tests.storage.commits import LEDGER
from volunteer_points.storage import mysql
from volunteer_points.storage.sql import SqlStore

_NUMBERS = itertools.count(1)
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
_WAIT_SECONDS = 30


def missing() -> str:
    """What to do where the tests cannot start a server; empty where they can."""
    lacks = [name for name in ("mariadbd", "mariadb-install-db") if shutil.which(name, path=_PATH) is None]
    return f"{' and '.join(lacks)} not found: run .ci/install-servers (Debian: mariadb-server)" if lacks else ""


class MariadbServer:
    """A server of its own, run by somebody without rights, listening on a socket in a folder removed at the end."""

    def __init__(self) -> None:
        memory = "/dev/shm"  # noqa: S108 - making and emptying databases is what takes the time of these tests
        self.folder = Path(tempfile.mkdtemp(prefix="vp-maria-", dir=memory if os.access(memory, os.W_OK) else None))
        self.folder.chmod(0o755)
        self.socket = self.folder / "socket"
        self._owner = os.getpid()
        self._free: list[str] = []
        self._bare: list[str] = []
        atexit.register(self.remove)
        user = "mysql" if getpass.getuser() == "root" else getpass.getuser()
        self._common = [f"--datadir={self.folder / 'data'}", f"--user={user}"]
        (self.folder / "data").mkdir()
        if user == "mysql":
            shutil.chown(self.folder, user, user)
            shutil.chown(self.folder / "data", user, user)
        self._run("mariadb-install-db", "--auth-root-authentication-method=normal", "--skip-test-db")
        self._process = self._started()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(shutil.which(program, path=_PATH)), "--no-defaults", *self._common, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [str(shutil.which("mariadbd", path=_PATH)), "--no-defaults", *self._common, "--skip-networking"]
        command += [
            f"--socket={self.socket}",
            f"--log-error={self.folder / 'log'}",
            f"--pid-file={self.folder / 'pid'}",
        ]
        command += ["--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--character-set-server=latin1"]
        self.socket.unlink(missing_ok=True)
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            if self.socket.exists():  # a driver that cannot connect leaves its end open
                with suppress(pymysql.Error):
                    self.run("mysql", "SELECT 1")
                    return process
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def url(self, database: str, user: str = "root") -> URL:
        """Where a database is."""
        query = {"unix_socket": str(self.socket), "charset": "utf8mb4"}
        return URL.create("mysql+pymysql", user, database=database, query=query)

    def address(self, database: str, user: str = "root") -> str:
        """The same as text."""
        return self.url(database, user).render_as_string(hide_password=False)

    def connect(self, database: str, user: str = "root") -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A connection of the driver's."""
        return pymysql.connect(unix_socket=str(self.socket), user=user, database=database, autocommit=True)

    def run(self, database: str, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the one who owns everything; the rows of the last one."""
        rows: list[tuple[object, ...]] = []
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = list(cursor.fetchall())
        return rows

    def create(self) -> str:
        """A new database."""
        name = f"db_{next(_NUMBERS)}"
        self.run("mysql", f"CREATE DATABASE {name}")
        return name

    def drop(self, database: str) -> None:
        """Drop a database, if it is there."""
        self.run("mysql", f"DROP DATABASE IF EXISTS {database}")

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new database, dropped at the end."""
        name = self.create()
        try:
            yield name
        finally:
            self.drop(name)

    def lease(self) -> str:
        """A database with an empty ledger in it, until it is given back."""
        if self._free:
            return self._free.pop()
        name = self.create()
        SqlStore.open(self.address(name), LEDGER).close()
        return name

    def lease_bare(self) -> str:
        """A database with empty tables and no ledger, until it is given back as such."""
        if self._bare:
            return self._bare.pop()
        name = self.create()
        SqlStore.open(self.address(name), LEDGER).close()
        self._empty(name, ledgers=True)
        return name

    def give_back(self, database: str) -> None:
        """Empty it behind the library's back."""
        self._empty(database)
        self._free.append(database)

    def give_back_bare(self, database: str) -> None:
        """Empty it and remove its ledgers and a host's orders; giving it back twice does no harm."""
        if database not in self._bare:
            self._empty(database, ledgers=True)
            self._bare.append(database)

    def _empty(self, database: str, *, ledgers: bool = False) -> None:
        mine = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(mine)
            for (number,) in cursor.fetchall():
                with suppress(pymysql.Error):
                    cursor.execute(f"KILL {number}")
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute("DROP TABLE IF EXISTS orders")
            for name in (table.name for table in mysql.TABLES if ledgers or table.name != "vp_ledger"):
                if cursor.execute(f"SELECT 1 FROM {name} LIMIT 1"):  # noqa: S608 - a constant
                    cursor.execute(f"TRUNCATE {name}")

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """The URL of a database with an empty ledger in it, which may be damaged, and is dropped at the end."""
        with self.database() as name:
            SqlStore.open(self.address(name), LEDGER).close()
            yield self.address(name)

    def restart(self) -> None:
        """Kill it as a power cut would, and start it again."""
        self._process.kill()
        self._process.wait()
        self._process = self._started()

    def remove(self) -> None:
        """Stop it and remove its folder."""
        if os.getpid() == self._owner:
            with suppress(Exception):
                self._process.kill()
                self._process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)


@cache
def _server() -> MariadbServer:
    return MariadbServer()


def mariadb() -> MariadbServer:
    """The server of this process; where there can be none the test is skipped."""
    if why := missing():
        pytest.skip(why)
    return _server()
