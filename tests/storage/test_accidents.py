"""Accidents in the midst of a command, under every engine and in the event loop: the same key has one effect."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.asynchronous.loops import LoopStore, loop
from tests.storage.commits import LEDGER, asked
from tests.storage.mariadb import mariadb
from tests.storage.pressure import EARLY, HOT, Told, begin, check
from tests.storage.servers import postgresql
from volunteer_points import commands as c
from volunteer_points.asynchronous import AsyncSqlStore
from volunteer_points.books import Committed
from volunteer_points.decisions.case import available
from volunteer_points.errors import Busy, StoreError
from volunteer_points.model import Reason
from volunteer_points.programme import Outcome, Programme, Retry
from volunteer_points.storage import Store, connections
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.programmes import FOUNDERS

GIFT = c.Adjust(volunteer=HOT[0], points=5, requested_by="leader", reason=Reason(code="gift"))
ONCE = Retry(times=0)
AVAILABLE = available(HOT[0], "points")


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a ledger is that has begun, in a database of a kind."""
    with _ledger(request.param, tmp_path) as found:
        with SqlStore.open(found, LEDGER) as store:
            begin(store)
        yield found


@contextmanager
def _ledger(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield str(folder / "ledger.sqlite")
        return
    with (postgresql() if kind == "postgresql" else mariadb()).ledger() as found:
        yield found


@contextmanager
def opened(address: str, *, in_loop: bool) -> Iterator[Store]:
    """The ledger, and in the event loop if that is wanted."""
    store = LoopStore.open(address, LEDGER, durable=True) if in_loop else SqlStore.open(address, LEDGER)
    try:
        yield store
    finally:
        store.close()


def give(programme: Programme, key: str) -> Outcome:
    """One command, as a person with the right to it brings it."""
    return programme.execute(GIFT, actor=FOUNDERS[0], key=key, booked_at=EARLY)


def check_one_effect(address: str, outcomes: list[Outcome]) -> None:
    """Open the ledger anew; it is sound, and each outcome stands in it once."""
    told = Told(acknowledged={outcome.key: [entry.id for entry in outcome.entries] for outcome in outcomes})
    assert len(told.acknowledged) == len(outcomes) > 0
    with SqlStore.open(address, LEDGER, create=False) as store:
        check(store, [told])


# --- before and after each statement, and after COMMIT was sent ------------------------------------------------------


class Points:
    """Counts what is passed, and tells when something is to break."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._breaks_at = -1

    def set(self, point: int) -> None:
        """Count anew, and break at a point; at none when it is negative."""
        self._numbers, self._breaks_at = itertools.count(), point

    def reached(self) -> bool:
        """Whether it is to break here."""
        return next(self._numbers) == self._breaks_at


POINTS = Points()


def _may_fail() -> None:
    if POINTS.reached():
        error = sqlite3.OperationalError("something broke")
        error.sqlite_errorname = "SQLITE_IOERR_WRITE"
        raise error


def _around(deed: Callable[..., Any]) -> Any:  # noqa: ANN401 - the same deed
    def done(*arguments: Any) -> Any:  # noqa: ANN401
        _may_fail()
        answer = deed(*arguments)
        _may_fail()
        return answer

    return done


class FragileFileCursor(sqlite3.Cursor):
    """A cursor that fails before and after each statement."""

    execute = _around(sqlite3.Cursor.execute)
    executemany = _around(sqlite3.Cursor.executemany)


class FragileFile(sqlite3.Connection):
    """Its connection, which fails before and after COMMIT too."""

    commit = _around(sqlite3.Connection.commit)

    def cursor(self, *_: object) -> FragileFileCursor:  # type: ignore[override]  # it may take a factory, and has its own
        return super().cursor(FragileFileCursor)


class FragileLine(psycopg.AsyncConnection[Any]):
    """A connection in the event loop that breaks before and after each statement."""

    async def passed(self) -> None:
        """Break if it is to break here."""
        if POINTS.reached():
            await self.close()
            raise psycopg.OperationalError("the line broke")


class FragileLineCursor(psycopg.AsyncCursor[Any]):
    """Its cursor."""

    async def execute(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the driver's
        fragile: Any = self.connection
        await fragile.passed()
        done = await super().execute(*arguments, **named)
        await fragile.passed()
        return done


def fragile_file(address: str) -> Store:
    engine = create_engine(f"sqlite:///{address}", connect_args={"factory": FragileFile})
    prepare(engine)
    return SqlStore(engine, LEDGER)


def fragile_file_in_loop(address: str) -> Store:
    engine = create_async_engine(f"sqlite+aiosqlite:///{address}", connect_args={"factory": FragileFile})
    prepare(engine)
    return LoopStore(loop().wait_for(AsyncSqlStore.on(engine, LEDGER)))


def fragile_line_in_loop(address: str) -> Store:
    async def connect() -> FragileLine:
        where = address.replace("+psycopg", "")
        return await FragileLine.connect(where, cursor_factory=FragileLineCursor)

    engine = create_async_engine("postgresql+psycopg_async://", async_creator=connect)
    return LoopStore(loop().wait_for(AsyncSqlStore.on(engine, LEDGER)))


@pytest.mark.parametrize(
    "address, fragile",
    [
        ("sqlite", fragile_file),
        ("sqlite", fragile_file_in_loop),
        ("postgresql", fragile_line_in_loop),
    ],
    indirect=["address"],
)
def test_wherever_it_breaks_a_command_is_written_or_not_and_the_same_key_completes_it(
    address: str, fragile: Callable[[str], Any]
) -> None:
    """The ledger only grows, so what any of the accidents left is there for the audit at the end."""
    shaky = fragile(address)
    programme, found, outcomes = Programme(shaky, retry=ONCE), Counter[str](), []
    with SqlStore.open(address, LEDGER) as healthy:
        for point in itertools.count():
            POINTS.set(point)
            try:
                give(programme, f"p{point}")
            except StoreError as error:
                there = len(asked(healthy, Committed(f"p{point}")))
                found[f"{error.code}, {'written' if there else 'not written'}"] += 1
            else:
                break
            finally:
                POINTS.set(-1)
            outcomes.append(give(programme, f"p{point}"))
        outcomes.append(give(programme, f"p{point}"))
    shaky.close()
    check_one_effect(address, outcomes)
    assert found["commit_unknown, written"] > 0
    assert found["commit_unknown, not written"] > 0
    assert set(found) <= {"commit_unknown, written", *(f"{code}, not written" for code in CODES)}
    assert found.total() > 12


CODES = ("commit_unknown", "disk_failed", "connection_lost")


# --- another is in the way -------------------------------------------------------------------------------------------

KINDS = [("sqlite", False), ("sqlite", True), ("postgresql", False), ("postgresql", True), ("mariadb", False)]


@contextmanager
def held(address: str) -> Iterator[None]:
    """Somebody holds the volunteer, or all of the file."""
    if "://" not in address:
        with closing(sqlite3.connect(address, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with SqlStore.open(address, LEDGER) as store, store.session() as session:
        session.take([f"volunteer:{HOT[0]}"])
        assert session.ask([AVAILABLE]) == {AVAILABLE: {}}
        yield


@pytest.mark.parametrize("address, in_loop", KINDS, indirect=["address"])
def test_who_waits_too_long_for_a_lock_is_told_and_the_same_key_has_one_effect(
    address: str,
    in_loop: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened(address, in_loop=in_loop) as store:
        programme = Programme(store, retry=ONCE)
        with held(address), monkeypatch.context() as patched:
            patched.setattr(connections, "WAITS_AT_MOST_SECONDS", 0.3)
            with pytest.raises(Busy) as error:
                give(programme, "key")
        assert error.value.code == "ledger_busy"
        assert asked(store, Committed("key")) == ()
        outcomes = [give(programme, "key")]
        assert give(programme, "key").replayed
    check_one_effect(address, outcomes)


# --- the server ends the connection, or itself -----------------------------------------------------------------------


class Interrupted(Programme):
    """One to which something happens when a command is written and not committed yet."""

    happens: Callable[[], object] | None = None

    def _pause(self) -> None:
        self._pauses = getattr(self, "_pauses", 0) + 1
        if self.happens is not None and self._pauses % 2 == 0:
            happens, self.happens = self.happens, None
            happens()


def end_connections(address: str) -> None:
    """Let the server end everybody's connection to a database."""
    name = make_url(address).database
    if "postgresql" in address:
        which = f"FROM pg_stat_activity WHERE datname = '{name}'"
        ended = postgresql().run("postgres", f"SELECT pg_terminate_backend(pid) {which}")
    else:
        which = f"FROM information_schema.processlist WHERE db = '{name}'"
        ended = mariadb().run("mysql", f"SELECT id {which}")
        mariadb().run("mysql", *(f"KILL {number}" for (number,) in ended))
    assert ended


@pytest.mark.slow
@pytest.mark.parametrize("address, in_loop", KINDS[2:], indirect=["address"])
def test_when_a_connection_or_the_server_ends_in_the_midst_of_a_command_it_is_written_once(
    address: str,
    in_loop: bool,  # noqa: FBT001
) -> None:
    server = postgresql() if "postgresql" in address else mariadb()
    accidents: list[Callable[[], object]] = [lambda: end_connections(address), server.restart]
    outcomes = []
    with opened(address, in_loop=in_loop) as store:
        for number, happens in enumerate(accidents):
            retries: list[float] = []
            programme = Interrupted(store, retry=Retry(sleep=retries.append))
            programme.happens = happens
            outcomes.append(give(programme, f"key-{number}"))
            assert len(retries) > 0, "the accident was not felt"
    check_one_effect(address, outcomes)
