"""What is particular to SQLite: how it is opened and set, how a transaction begins, its guards and its errors."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    PoolProxiedConnection,
    Table,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.sql.expression import ClauseElement

from volunteer_points.entries import Entry
from volunteer_points.errors import (
    Busy,
    CommitUnknown,
    Corrupt,
    InputError,
    KeyConflict,
    Misconfigured,
    StoreError,
    VolunteerPointsError,
)
from volunteer_points.storage import statements
from volunteer_points.storage.families import shown
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.naming import DEFAULT, Naming, under_any_name
from volunteer_points.storage.schema import APPEND_ONLY, BALANCE, ENTRY, FLOOR, TABLES, create_statements
from volunteer_points.storage.statements import Transaction
from volunteer_points.storage.turns import Turns

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_BUSY_MILLISECONDS: Final = 30_000
_SETTINGS: Final = {"busy_timeout": _BUSY_MILLISECONDS, "foreign_keys": 1, "recursive_triggers": 1}
_SYNCHRONOUS: Final = {True: 2, False: 1}
# SQLite's own waits grow to a tenth of a second, so whoever has waited longest is served last. Of four processes one
# waited 0.65 s that way; with short waits of random length none waited a tenth of it.
_SHORT_MILLISECONDS: Final = 2
_WAIT_AT_MOST_MICROSECONDS: Final = 1000
_SWITCH_SECONDS: Final = 10
_WAIT_SECONDS: Final = 0.01

ERRORS: Final = (sqlite3.Error, SQLAlchemyError, OverflowError, UnicodeEncodeError)
"""What comes out of the driver and is to be translated."""

LOST: Final[tuple[type[Exception], ...]] = ()
"""No connection to a file is lost."""

QUOTE: Final = ""
"""A file has no schemas."""

_APPEND_ONLY = "is append-only"
_TAKEN = "is taken"


# --- opening -----------------------------------------------------------------------------------------------------


def engine_at(url: URL, *, durable: bool, read_only: bool, create: Callable[..., Engine] = create_engine) -> Engine:
    """An engine over a file, prepared for a ledger.

    Raises:
        Misconfigured: the place is no place for a ledger.
    """
    if url.database in {None, "", ":memory:"}:
        raise Misconfigured("ledger_in_memory", place=shown(url), fix="Name a file, or use MemoryStore.")
    try:
        engine = create(url)
    except (ArgumentError, ImportError) as error:
        raise Misconfigured("cannot_open", place=shown(url), problem=str(error)) from error
    _listen(engine, {**_settings(durable=durable), "query_only": int(read_only)})
    return engine


def is_there(url: URL) -> bool:
    """Whether the database has been made; an empty file has not."""
    if "uri" in url.query or not url.database:
        return True
    file = Path(url.database)
    return file.exists() and (not file.is_file() or file.stat().st_size > 0)


def speaks(dialect: Dialect) -> Dialect:
    """The engine's own."""
    return dialect


def new_queue() -> Turns:
    """One writes after the other."""
    return Turns()


def prepare(engine: Engine | AsyncEngine, *, durable: bool = True) -> None:
    """Set up an engine of the host's for ledgers, before it makes its first connection.

    From then on every transaction that SQLAlchemy begins on it begins with BEGIN IMMEDIATE: one that reads and then
    writes fails at once when another one wrote in between.

    Args:
        engine: One that has made no connection yet.
        durable: What was committed survives a power cut.
    """
    target = engine if isinstance(engine, Engine) else engine.sync_engine
    _listen(target, {**_settings(durable=durable), "journal_mode": "WAL"})


def _settings(*, durable: bool) -> dict[str, object]:
    return {**_SETTINGS, "synchronous": _SYNCHRONOUS[durable], "fullfsync": int(durable)}


def _listen(engine: Engine, settings: Mapping[str, object]) -> None:
    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        with closing(connection.cursor()) as cursor:
            for name, value in settings.items():
                cursor.execute(f"PRAGMA {name} = {value}")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def make_ready(engine: Engine, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Let readers and the writer work at once, from now on and for all programs that open the file.

    Raises:
        Busy: others use the database as it is.
    """
    until = time.monotonic() + _SWITCH_SECONDS
    with translating(), closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        while True:
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
                cursor.fetchall()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
                sleep(_WAIT_SECONDS)
            else:
                return


def check_settings(cursor: DBAPICursor, _: Naming, *, durable: bool) -> None:
    """Read the settings of a connection back.

    Raises:
        Misconfigured: ``unsafe_settings``, with what was found.
    """

    def found(name: str) -> Any:  # noqa: ANN401 - numbers and words
        cursor.execute(f"PRAGMA {name}")
        return next(iter(cursor.fetchone() or ()), None)

    with translating():
        least = {**_SETTINGS, "busy_timeout": 1, "synchronous": _SYNCHRONOUS[durable]}
        wrong = {name: value for name, wanted in least.items() if (value := found(name)) < wanted}
        if (mode := found("journal_mode")) != "wal":
            wrong["journal_mode"] = mode
    if wrong:
        fix = "Call volunteer_points.storage.sqlite.prepare(engine) before its first connection, and keep it in a file."
        raise Misconfigured("unsafe_settings", found=wrong, fix=fix)


def server(cursor: DBAPICursor) -> str:
    """SQLite, and the version that Python brings."""
    cursor.execute("SELECT sqlite_version()")
    return f"SQLite {cursor.fetchall()[0][0]}"


def tables_found(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The names of all tables in the database, or of those with a chosen prefix."""
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return naming.names([name for (name,) in cursor.fetchall()])


# --- transactions ------------------------------------------------------------------------------------------------


def cursor_of(connection: PoolProxiedConnection, *, own: bool) -> DBAPICursor:  # noqa: ARG001 - the same for both
    """The driver's own cursor."""
    return connection.cursor()


def give_back(_: PoolProxiedConnection) -> None:
    """Nothing was changed about it."""


def begin_reading(cursor: DBAPICursor) -> None:
    """Begin a transaction that sees the ledger as of now: the moment is that of its first read."""
    cursor.execute("BEGIN")
    cursor.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    cursor.fetchall()


def end_reading(_: DBAPICursor) -> None:
    """The pool rolls it back."""


def check_host(connection: Connection) -> None:
    """Let only a connection pass whose driver is within a transaction.

    Raises:
        Misconfigured: ``host_transaction_not_begun``.
    """
    if not getattr(connection.connection.driver_connection, "in_transaction", False):
        fix = "Begin it with BEGIN IMMEDIATE, as volunteer_points.storage.sqlite.prepare(engine) sees to."
        raise Misconfigured("host_transaction_not_begun", fix=fix)


def send(cursor: DBAPICursor, text: str) -> None:
    """Run a statement whose answer nobody reads."""
    cursor.execute(text)


def undo(cursor: DBAPICursor, savepoint: str) -> None:
    """Undo all since a savepoint."""
    cursor.execute(f"ROLLBACK TO {savepoint}")
    cursor.execute(f"RELEASE {savepoint}")


def commit(connection: PoolProxiedConnection, cursor: DBAPICursor) -> None:
    """Commit.

    Raises:
        Busy: others were in the way, and nothing was committed.
        CommitUnknown: something else went wrong.
    """
    try:
        connection.commit()
    except Exception as error:
        problem = translated(error)
        if isinstance(problem, Busy):
            raise problem from error
        # A connection that is closed with a transaction and a statement in it goes on holding the write lock.
        with suppress(Exception):
            connection.rollback()
        with suppress(Exception):
            cursor.close()
        connection.invalidate()
        full = _KINDS["SQLITE_FULL"][1:]
        again = ("commit_unknown", "Try again with the same key: it finds out whether this was written.")
        code, fix = full if getattr(problem, "code", "") == full[0] else again
        raise CommitUnknown(code, problem=str(error), fix=fix) from error


def begin_writing(cursor: DBAPICursor, *, wait_seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Begin a transaction in whose way nobody writes.

    Raises:
        Busy: other processes held the database for all of the time.
    """
    until = time.monotonic() + wait_seconds
    cursor.execute(f"PRAGMA busy_timeout = {_SHORT_MILLISECONDS}")
    try:
        while not _begun(cursor):
            if time.monotonic() > until:
                raise Busy("ledger_busy", waited_seconds=wait_seconds, waiting_for="another process")
            sleep(secrets.randbelow(_WAIT_AT_MOST_MICROSECONDS) / 1_000_000)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def _begun(cursor: DBAPICursor) -> bool:
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if _is_busy(error):
            return False
        raise
    return True


def take_write_lock(cursor: DBAPICursor) -> None:
    """Make sure that a host's transaction reads what is newest and that nobody writes beside it.

    A transaction that began with BEGIN IMMEDIATE holds the lock already. One that has read before is too late when
    another one wrote since; SQLite says so at once, and the host has to begin anew.

    Raises:
        Busy: another transaction holds the lock, or wrote since this one began to read.
    """
    try:
        cursor.execute("DELETE FROM vp_balance WHERE 0")
    except sqlite3.Error as error:
        if not _is_busy(error):
            raise translated(error) from error
        raise Busy(
            "host_transaction_busy",
            problem=str(error),
            sqlite=error.sqlite_errorname,
            fix="Begin the host's transaction with BEGIN IMMEDIATE, and run all of it again.",
        ) from error


# --- what is asked and written -----------------------------------------------------------------------------------

answers = statements.answers
stored = statements.stored


def take(_: Transaction, alone: Iterable[str], shared: Iterable[str]) -> None:
    """The whole database is held already."""


def write(
    transaction: Transaction,
    entries: Sequence[tuple[Entry, bytes]],
    changes: Mapping[BalanceKey, int],
    balance: Callable[[BalanceKey], int],
) -> None:
    """Write entries behind the last one, and the balances that they change."""
    statements.write_entries(transaction, entries, after=statements.last_position(transaction))
    statements.write_balances(transaction, changes, balance, _add_to_balances)


def place_entries(_: Transaction, limit: int | None) -> int:  # noqa: ARG001 - there is nothing to limit
    """Every entry has its place when it is written, because one writes after the other."""
    return 0


def _add_to_balances() -> ClauseElement:
    """Add to a balance, or make it."""
    new = insert(BALANCE)
    return new.on_conflict_do_update(
        index_elements=list(BALANCE.primary_key), set_={"amount": BALANCE.c.amount + new.excluded.amount}
    )


# --- guards ------------------------------------------------------------------------------------------------------


def guards() -> Mapping[str, str]:
    """The triggers that keep the ledger append-only, by name.

    INSERT OR REPLACE removes rows without firing a trigger on DELETE unless the connection asks for it, so a row
    whose key is taken is stopped before it is inserted.
    """
    made = {}
    for table in APPEND_ONLY:
        for deed in ("update", "delete"):
            made[f"{table.name}_no_{deed}"] = _guard(table, deed, _APPEND_ONLY, "")
        made[f"{table.name}_no_replace"] = _guard(table, "insert", _TAKEN, f" WHERE {_taken(table)}")
    return made


def _guard(table: Table, deed: str, why: str, when: str) -> str:
    name = f"{table.name}_no_{'replace' if when else deed}"
    says = f"SELECT RAISE(ABORT, '{table.name} {why}'){when};"
    return f"CREATE TRIGGER {name} BEFORE {deed.upper()} ON {table.name} BEGIN {says} END"


def _taken(table: Table) -> str:
    keys = [list(constraint.columns) for constraint in _unique(table)]
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table.name} WHERE {_same(key)})" for key in keys)  # noqa: S608


def _unique(table: Table) -> list[Any]:
    return [table.primary_key, *(each for each in table.constraints if isinstance(each, UniqueConstraint))]


def _same(key: list[Column[Any]]) -> str:
    return " AND ".join(f'"{column.name}" = NEW."{column.name}"' for column in key)


def weak_guards(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The guards that are missing or are not as they were made."""
    there = _guards_found(cursor)
    wanted = {naming.name(name): naming.text(text) for name, text in guards().items()}
    return [name for name, text in wanted.items() if there.get(name) != text]


def _guards_found(cursor: DBAPICursor) -> Mapping[str, str]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return dict(cursor.fetchall())


def lock_making(_: DBAPICursor) -> None:
    """The transaction holds the database already."""


def create_tables(cursor: DBAPICursor, dialect: Dialect, naming: Naming = DEFAULT) -> None:
    """Make the tables that are missing, and their guards."""
    for text in create_statements(TABLES, dialect):
        cursor.execute(text)
    there = _guards_found(cursor)
    for name, text in guards().items():
        if naming.name(name) not in there:
            cursor.execute(text)


# --- errors ------------------------------------------------------------------------------------------------------


@contextmanager
def translating() -> Iterator[None]:
    """Let errors of the driver out as errors of the library."""
    try:
        yield
    except ERRORS as error:
        raise translated(error) from error


def translated(error: Exception) -> Exception:
    """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        return translated(error.orig)
    if isinstance(error, NoConnectionLeft):
        return Busy("no_connection_left", problem=str(error))
    if isinstance(error, sqlite3.Error):
        return _translated(error)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return InputError("cannot_be_stored", problem=str(error))
    if isinstance(error, SQLAlchemyError):
        return StoreError("database_error", problem=str(error))
    return error


def _translated(error: sqlite3.Error) -> VolunteerPointsError:
    name = getattr(error, "sqlite_errorname", "")
    if _is_busy(error):
        return Busy("ledger_busy", problem=str(error))
    if name.startswith("SQLITE_CONSTRAINT"):
        return _constraint(name, str(error))
    for start, (kind, code, fix) in _KINDS.items():
        if name.startswith(start):
            return kind(code, problem=str(error), sqlite=name, fix=fix)
    return StoreError("database_error", problem=str(error), sqlite=name or type(error).__name__)


def _constraint(name: str, problem: str) -> VolunteerPointsError:
    entry = under_any_name(ENTRY.name)
    if f"{entry} {_TAKEN}" in problem or f"{entry}.key" in problem:
        return KeyConflict("key_taken", problem=problem)
    code = "floor_passed" if under_any_name(FLOOR) in problem else "contradicts_what_is_stored"
    return Corrupt(code, problem=problem, sqlite=name, fix="Stop writing and run the audit.")


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


_KINDS: Final[Mapping[str, tuple[type[StoreError], str, str]]] = {
    "SQLITE_FULL": (StoreError, "disk_full", "Make room on the disk, then try again with the same key."),
    "SQLITE_IOERR": (StoreError, "disk_failed", "Look after the disk, then try again with the same key."),
    "SQLITE_CORRUPT": (Corrupt, "database_damaged", "Keep a copy of the file, and restore the last good one."),
    "SQLITE_NOTADB": (Misconfigured, "not_a_database", "Name the file of a ledger, or one that is not there yet."),
    "SQLITE_CANTOPEN": (Misconfigured, "cannot_open", "Name a file in a folder that is there and that you may use."),
    "SQLITE_READONLY": (Misconfigured, "read_only", "Allow writing to the file and to its folder."),
    "SQLITE_AUTH": (Misconfigured, "not_allowed", "Allow the statement to whoever opens the database."),
}


__all__ = ["ERRORS", "LOST", "TABLES", "guards", "prepare"]
