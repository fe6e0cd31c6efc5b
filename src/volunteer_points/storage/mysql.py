"""What is particular to MariaDB and MySQL: settings, transactions with locks on subjects, guards, grants and errors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Final, cast

import pymysql
from pymysql.constants import SERVER_STATUS
from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, Table, create_engine, event
from sqlalchemy.dialects.mysql import mariadb
from sqlalchemy.dialects.mysql import pymysql as dialects
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.schema import CreateIndex, CreateTable

from volunteer_points.books import Moved, Question
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, CommitUnknown, Corrupt, InputError, KeyConflict, Misconfigured, StoreError
from volunteer_points.storage import Stored, rowlocks, schema, statements
from volunteer_points.storage.families import shown
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.naming import DEFAULT, Naming, under_any_name
from volunteer_points.storage.rowlocks import Guarded
from volunteer_points.storage.statements import Transaction
from volunteer_points.storage.turns import SideBySide


class ConnectionLost(Busy):
    """The connection broke before COMMIT was sent: nothing was written, and it may be tried again."""


ERRORS: Final = (pymysql.Error, SQLAlchemyError, OverflowError, UnicodeEncodeError)
"""What comes out of the driver and is to be translated."""

LOST: Final = (ConnectionLost, CommitUnknown)
"""Errors after which the other connections of the pool are likely to be lost too."""

TABLES: Final = (*schema.TABLES, *schema.SIDE_BY_SIDE, schema.BLOCK)

QUOTE: Final = "`"
"""What stands around the name of a database."""

_APPEND_ONLY: Final = (*schema.APPEND_ONLY, schema.LEAF)
_DIALECT: Final[Dialect] = dialects.dialect(paramstyle="format")
_OF_MARIADB: Final[Dialect] = mariadb.MariaDBDialect(paramstyle="format")
_MAKING: Final = "volunteer_points_making"
_WAITS: Final = "volunteer_points_waits"
_MODES: Final = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"
_LEAST_PACKET_BYTES: Final = 4 * 2**20  # a statement of the driver's is at most 1 MB before it is escaped


# --- opening -----------------------------------------------------------------------------------------------------


def engine_at(url: URL, *, durable: bool, read_only: bool) -> Engine:  # noqa: ARG001 - a server's settings are for all
    """An engine for a database that is there.

    Raises:
        Misconfigured: it cannot be reached.
    """
    try:
        engine = create_engine(url.set(drivername=f"{url.get_backend_name()}+pymysql"))
    except (ArgumentError, ImportError) as error:
        raise Misconfigured("cannot_open", place=shown(url), problem=str(error)) from error
    event.listen(engine, "connect", _connected)
    try:
        engine.raw_connection().close()
    except ERRORS as error:
        engine.dispose()
        problem = translated(error)
        if isinstance(problem, Busy) and not isinstance(problem, ConnectionLost):
            raise problem from error
        fix = "Look at the address, the name of the database, the user and the password."
        raise Misconfigured("cannot_open", place=shown(url), problem=_told(error), fix=fix) from error
    return engine


def _connected(connection: DBAPIConnection, record: Any) -> None:  # noqa: ANN401 - the pool's
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET SESSION sql_mode = '{_MODES}'")
    record.info[_WAITS] = 0


def is_there(_: URL) -> bool:
    """Whoever could connect found it."""
    return True


def speaks(_: Dialect) -> Dialect:
    """What both servers understand, with the values of a statement in one row."""
    return _DIALECT


def new_queue() -> SideBySide:
    """Writers wait for each other's subjects and for nothing else."""
    return SideBySide()


def make_ready(_: Engine) -> None:
    """There is nothing to set for all."""


def check_settings(cursor: DBAPICursor, naming: Naming, *, durable: bool) -> None:
    """Read the settings of the server and of a connection back, and which engine keeps the tables.

    Raises:
        Misconfigured: ``unsafe_settings``, with what was found.
    """
    found_server = server(cursor)
    if (least := too_old(found_server)) is not None:
        raise Misconfigured("server_too_old", found=found_server, least=least, fix="Bring the server up to date.")
    names = ("sql_mode", "character_set_client", "max_allowed_packet", "innodb_flush_log_at_trx_commit")
    cursor.execute("SELECT " + ", ".join(f"@@{name}" for name in names))
    found = dict(zip(names, cursor.fetchall()[0], strict=True))
    safe = {
        "sql_mode": "STRICT" in found["sql_mode"],
        "character_set_client": found["character_set_client"] == "utf8mb4",
        "max_allowed_packet": found["max_allowed_packet"] >= _LEAST_PACKET_BYTES,
        "innodb_flush_log_at_trx_commit": found["innodb_flush_log_at_trx_commit"] == 1 or not durable,
    }
    wrong = {name: found[name] for name in names if not safe[name]}
    cursor.execute("SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()")
    ours = {naming.name(table.name) for table in TABLES}
    wrong |= {name: engine for name, engine in cursor.fetchall() if name in ours and engine != "InnoDB"}
    if wrong:
        fix = (
            "Connect with charset=utf8mb4 and a strict sql_mode, keep the tables in InnoDB, allow packets of 4 MiB, "
            "and set innodb_flush_log_at_trx_commit = 1."
        )
        raise Misconfigured("unsafe_settings", found=wrong, fix=fix)


def server(cursor: DBAPICursor) -> str:
    """MariaDB, MySQL, or what else says so of itself, and its version."""
    cursor.execute("SELECT VERSION()")
    version = str(cursor.fetchall()[0][0])
    number, _, rest = version.removeprefix("5.5.5-").partition("-")  # so old drivers are told that MariaDB is MySQL
    name = next((name for name in ("MariaDB", "TiDB") if name.lower() in rest.lower()), "MySQL")
    return f"{name} {number}"


def too_old(found: str) -> str | None:
    """The least version, where a server is older: it would not look at CHECK, or knows no locks of the kind.

    >>> too_old("MySQL 8.0.15"), too_old("MariaDB 10.11.6")
    ('MySQL 8.0.16', None)
    """
    name, _, version = found.partition(" ")
    least = _LEAST_VERSIONS.get(name)
    if least is None or tuple(int(part) for part in re.findall(r"\d+", version)[:3]) >= least:
        return None
    return f"{name} {'.'.join(map(str, least))}"


_LEAST_VERSIONS: Final[Mapping[str, tuple[int, ...]]] = {"MariaDB": (10, 6, 0), "MySQL": (8, 0, 16)}


def tables_found(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The names of all tables in the database; without a ledger ours do not count, as their making was cut short."""
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1")
    names = naming.names([name for (name,) in cursor.fetchall()])
    if naming.name(schema.LEDGER.name) in names:
        try:
            cursor.execute(f"SELECT 1 FROM {schema.LEDGER.name} LIMIT 1")  # noqa: S608 - a constant
            if cursor.fetchall():
                return names
        except pymysql.Error as error:
            if _number(error) != _MADE_MEANWHILE:
                raise
            cast("Guarded", cursor).forget_error()
    ours = {naming.name(table.name) for table in TABLES}
    return [name for name in names if name not in ours]


# --- making ------------------------------------------------------------------------------------------------------


def lock_making(cursor: DBAPICursor) -> None:
    """Let nobody else make tables here until the connection is given back; in a host's transaction none are made."""
    guarded = cast("Guarded", cursor)
    if guarded.own:
        guarded.connection.info[_MAKING] = True
        guarded.execute("SELECT GET_LOCK(CONCAT('volunteer_points ', MD5(DATABASE())), 30)")
        if guarded.fetchall() != ((1,),):
            raise Busy("ledger_busy", waiting_for="another who makes tables")


def create_tables(
    cursor: DBAPICursor,
    dialect: Dialect,  # noqa: ARG001 - the server says which it is
    naming: Naming,
) -> None:
    """Make the tables that are missing, and their guards; the one of ledgers last, as making is no transaction here.

    Raises:
        Misconfigured: ``tables_missing`` within a host's transaction, which making a table would commit.
    """
    there = _all_tables(cursor)
    missing = [table for table in reversed(TABLES) if naming.name(table.name) not in there]
    if missing and not cast("Guarded", cursor).own:
        fix = "Make the first ledger with SqlStore.open: making tables would commit the host's transaction."
        raise Misconfigured("tables_missing", missing=sorted(naming.name(table.name) for table in missing), fix=fix)
    cursor.execute("SELECT VERSION()")
    spoken = _OF_MARIADB if "mariadb" in str(cursor.fetchall()[0][0]).lower() else _DIALECT
    for table in missing:
        for text in _made(table, spoken):
            cursor.execute(text)
    if missing or weak_guards(cursor, naming):
        guarded = _guards_found(cursor)
        for name, (table_name, deed, text) in guards().items():
            if naming.name(name) not in guarded:
                cursor.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON {table_name} FOR EACH ROW {text}")


def _all_tables(cursor: DBAPICursor) -> set[str]:
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
    return {name for (name,) in cursor.fetchall()}


def _made(table: Table, dialect: Dialect) -> Iterator[str]:
    text = str(CreateTable(table, include_foreign_key_constraints=()).compile(dialect=dialect)).rstrip()
    yield f"{text} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    for index in table.indexes:
        yield str(CreateIndex(index).compile(dialect=dialect))


def guards() -> Mapping[str, tuple[str, str, str]]:
    """The triggers that keep the ledger append-only: table, deed and text of each, by name.

    REPLACE and INSERT .. ON DUPLICATE KEY UPDATE fire them too. TRUNCATE and DROP fire none, and need the right
    to DROP.
    """
    return {
        f"{table.name}_no_{deed.lower()}": (
            table.name,
            deed,
            f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table.name} is append-only'",
        )
        for table in _APPEND_ONLY
        for deed in ("UPDATE", "DELETE")
    }


def _guards_found(cursor: DBAPICursor) -> dict[str, tuple[str, str, str, str]]:
    cursor.execute(
        "SELECT trigger_name, event_object_table, event_manipulation, action_statement, action_timing"
        " FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    )
    return {name: tuple(what) for name, *what in cursor.fetchall()}


def weak_guards(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The guards that are missing or are not as they were made.

    Where a user may not see a trigger or its text, it is asked what it may do instead: whoever cannot change a table
    needs no guard.
    """
    there = _guards_found(cursor)
    weak = []
    for name, (table, deed, text) in guards().items():
        found = there.get(naming.name(name))
        if found == (naming.name(table), deed, naming.text(text, QUOTE), "BEFORE"):
            continue
        hidden = found is None or not found[2]
        if not hidden or _may(cursor, table, deed):
            weak.append(naming.name(name))
    return weak


def _may(cursor: DBAPICursor, table: str, deed: str) -> bool:
    text = f"UPDATE {table} SET ledger = ledger" if deed == "UPDATE" else f"DELETE FROM {table}"  # noqa: S608
    return cast("Guarded", cursor).allows(f"EXPLAIN {text}")


def grants(user: str, host: str = "%", *, naming: Naming = DEFAULT) -> list[str]:
    """The statements that let a user do all normal work, and nothing else: it can neither change nor remove an entry.

    >>> grants("points_app")[0]
    "GRANT SELECT ON vp_ledger TO 'points_app'@'%'"

    Args:
        user: The user.
        host: From where the user connects.
        naming: What the tables are called.
    """
    rights = dict.fromkeys(_APPEND_ONLY, "SELECT, INSERT") | {
        schema.LEDGER: "SELECT",
        schema.BALANCE: "SELECT, INSERT, UPDATE, DELETE",
        schema.SUBJECT: "SELECT, INSERT, UPDATE",
        schema.UNPLACED: "SELECT, INSERT, DELETE",
        schema.BLOCK: "SELECT, INSERT, DELETE",
    }
    name = "@".join("'" + part.replace("\\", "\\\\").replace("'", "''") + "'" for part in (user, host))
    return [f"{naming.text(f'GRANT {some} ON {table.name}', QUOTE)} TO {name}" for table, some in rights.items()]


# --- transactions ------------------------------------------------------------------------------------------------


def cursor_of(connection: PoolProxiedConnection, *, own: bool) -> DBAPICursor:
    """A cursor that goes on with nothing after an error."""
    return cast("DBAPICursor", Guarded(connection, own=own, denied=_NOT_ALLOWED, allowed=_READ_ONLY))


def give_back(connection: PoolProxiedConnection) -> None:
    """Let others make tables again."""
    if connection.dbapi_connection is not None and connection.info.pop(_MAKING, False):
        with suppress(pymysql.Error), closing(connection.cursor()) as cursor:
            cursor.execute("DO RELEASE_ALL_LOCKS()")


def begin_reading(cursor: DBAPICursor) -> None:
    """Begin a transaction that sees one moment, which is now."""
    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def end_reading(cursor: DBAPICursor) -> None:
    """The pool rolls it back."""


def begin_writing(cursor: DBAPICursor, *, wait_seconds: float) -> None:
    """Begin a transaction each of whose statements sees what was committed before it.

    How long it waits for a lock is set where the connection is the store's alone, in whole seconds.
    """
    info = cast("Guarded", cursor).connection.info
    seconds = max(1, math.ceil(wait_seconds))
    if info.get(_WAITS, seconds) != seconds:
        cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {seconds}")
        info[_WAITS] = seconds
    cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    cursor.execute("START TRANSACTION READ WRITE")


def commit(_: PoolProxiedConnection, cursor: DBAPICursor) -> None:
    """Commit.

    Raises:
        CommitUnknown: no answer came.
    """
    try:
        cursor.execute("COMMIT")
    except ERRORS as error:
        problem = translated(error)
        if isinstance(problem, ConnectionLost):
            fix = "Try again with the same key: it finds out whether this was written."
            raise CommitUnknown("commit_unknown", problem=_told(error), fix=fix) from error
        raise problem from error


def check_host(connection: Connection) -> None:
    """Let only a connection pass on which the host has begun a transaction.

    Raises:
        Misconfigured: ``host_transaction_not_begun``.
    """
    driver: Any = connection.connection.driver_connection
    begun = driver.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS
    if not begun and (driver.get_autocommit() or not connection.in_transaction()):
        fix = "Begin it with engine.begin() or connection.begin(), at any isolation level but AUTOCOMMIT."
        raise Misconfigured("host_transaction_not_begun", fix=fix)


def send(cursor: DBAPICursor, text: str) -> None:
    """Run a statement whose answer nobody reads."""
    cursor.execute(text)


def undo(cursor: DBAPICursor, savepoint: str) -> None:
    """Undo all since a savepoint; it is gone when the server has undone the whole transaction by itself."""
    cast("Guarded", cursor).forget_error()
    cursor.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
    cursor.execute(f"RELEASE SAVEPOINT {savepoint}")


def take_write_lock(_: DBAPICursor) -> None:
    """Each subject is locked when it is taken; a snapshot that is too old is found out then."""


# --- what is asked and written -----------------------------------------------------------------------------------

stored: Final[Callable[[Transaction, int, int | None], Iterator[Stored]]] = rowlocks.stored
place_entries: Final[Callable[[Transaction, int | None], int]] = rowlocks.place_entries
take: Final[Callable[[Transaction, Iterable[str], Iterable[str]], None]] = rowlocks.take


def answers(transaction: Transaction, questions: Sequence[Question[Any]]) -> dict[Question[Any], Any]:
    """The answers to one round of questions; a sum comes as a decimal number."""
    found = statements.answers(transaction, questions)
    return {question: int(answer) if isinstance(question, Moved) else answer for question, answer in found.items()}


def write(
    transaction: Transaction,
    entries: Sequence[tuple[Entry, bytes]],
    changes: Mapping[BalanceKey, int],
    balance: Callable[[BalanceKey], int],
) -> None:
    """Write entries in positions of a block of their own, and the balances that they change."""
    for first in range(0, len(entries), rowlocks.BLOCK):
        some = entries[first : first + rowlocks.BLOCK]
        after = rowlocks.new_block(transaction)
        statements.write_entries(transaction, some, after=after)
        rowlocks.queue(transaction, range(after + 1, after + 1 + len(some)))
    rowlocks.write_balances(transaction, changes, balance)


# --- errors ------------------------------------------------------------------------------------------------------


def translated(error: Exception) -> Exception:
    """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        return translated(error.orig)
    if isinstance(error, NoConnectionLeft):
        return Busy("no_connection_left", problem=str(error))
    if isinstance(error, pymysql.Error):
        return _translated(error)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return InputError("cannot_be_stored", problem=str(error))
    if isinstance(error, SQLAlchemyError):
        return StoreError("database_error", problem=str(error))
    return error


def _translated(error: pymysql.Error) -> Exception:
    number, problem = _number(error), _told(error)
    if number in _LOST_NUMBERS:
        return ConnectionLost("connection_lost", problem=problem)
    if number in {_DUPLICATE, *_CHECKS}:
        return _constraint(number, problem)
    for numbers, (kind, code, fix) in _KINDS.items():
        if number in numbers:
            return kind(code, problem=problem, number=number, fix=fix)
    if isinstance(error, pymysql.DataError):
        return InputError("cannot_be_stored", problem=problem)
    return StoreError("database_error", problem=problem, number=number)


def _number(error: Exception) -> int:
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def _told(error: Exception) -> str:
    return str(error).strip()


def _constraint(number: int, problem: str) -> Exception:
    if number == _DUPLICATE and _KEY_TAKEN in problem:
        return KeyConflict("key_taken", problem=problem)
    code = "floor_passed" if under_any_name(schema.FLOOR) in problem else "contradicts_what_is_stored"
    return Corrupt(code, problem=problem, number=number, fix="Stop writing and run the audit.")


_AGAIN: Final = "Run all of the transaction again."
_ROOM: Final = "Make room on the disk, then try again with the same key."
_MADE_MEANWHILE: Final = 1412  # a table is younger than the snapshot
_DUPLICATE: Final = 1062
_KEY_TAKEN: Final = under_any_name(schema.KEY)
_CHECKS: Final = (3819, 4025)
_READ_ONLY: Final = (1290, 1792, 1836)
_NOT_ALLOWED: Final = (1044, 1045, 1142, 1143, 1227, 1370, 1410, 1698)
# What the driver says of itself, then: the server goes down, or ended the connection.
_LOST_NUMBERS: Final = frozenset(
    {0, 2002, 2003, 2006, 2013, 2014, 2055} | {1053, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 4031}
)
_KINDS: Final[Mapping[tuple[int, ...], tuple[type[StoreError | InputError], str, str]]] = {
    # A deadlock, a lock that did not come in time, a snapshot that is too old, and a statement that was ended.
    (1213, 1205, 1020, 1317, 1412, 1969, 3024, 1568): (Busy, "ledger_busy", _AGAIN),
    (1040, 1203, 1226): (Busy, "no_connection_left", _AGAIN),
    (1021, 1114, 1041): (StoreError, "disk_full", _ROOM),
    (1030, 1026, 1024): (StoreError, "disk_failed", "Look after the disk, then try again with the same key."),
    (1034, 1035, 1194, 1195, 1712, 1877): (Corrupt, "database_damaged", "Restore the last good copy of the database."),
    (1049,): (Misconfigured, "schema_missing", "Let the owner of the server make it: CREATE DATABASE."),
    _READ_ONLY: (Misconfigured, "read_only", "Name the server that may be written to."),
    _NOT_ALLOWED: (Misconfigured, "not_allowed", "Grant the user what volunteer_points.storage.mysql.grants names."),
    (1153, 1264, 1366, 1406, 1690, 1265, 3988): (InputError, "cannot_be_stored", "Make it shorter or smaller."),
}


__all__ = ["ERRORS", "LOST", "TABLES", "ConnectionLost", "grants", "guards"]
