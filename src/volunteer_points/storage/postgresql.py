"""What is particular to PostgreSQL: settings, transactions with locks on subjects, guards, grants and errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, Final, cast

import psycopg
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, Table, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, CommitUnknown, Corrupt, InputError, KeyConflict, Misconfigured, StoreError
from volunteer_points.storage import arrays, schema
from volunteer_points.storage.families import shown
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.lines import Line
from volunteer_points.storage.naming import DEFAULT, Naming, under_any_name
from volunteer_points.storage.statements import Transaction
from volunteer_points.storage.turns import SideBySide


class ConnectionLost(Busy):
    """The connection broke before COMMIT was sent: nothing was written, and it may be tried again."""


ERRORS: Final = (psycopg.Error, SQLAlchemyError, OverflowError, UnicodeEncodeError)
"""What comes out of the driver and is to be translated."""

LOST: Final = (ConnectionLost, CommitUnknown)
"""Errors after which the other connections of the pool are likely to be lost too."""

TABLES: Final = (*schema.TABLES, *schema.SIDE_BY_SIDE)

QUOTE: Final = '"'
"""What stands around the name of a schema."""

_APPEND_ONLY: Final = (*schema.APPEND_ONLY, schema.LEAF)
_DIALECT: Final[Dialect] = dialects.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_FOUND_AS: Final = "volunteer_points_autocommit"


# --- opening -----------------------------------------------------------------------------------------------------


def engine_at(
    url: URL,
    *,
    durable: bool,
    read_only: bool,  # noqa: ARG001 - readers begin READ ONLY
    create: Callable[..., Engine] = create_engine,
) -> Engine:
    """An engine for a database that is there.

    Raises:
        Misconfigured: it cannot be reached.
    """
    try:
        engine = create(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    except (ArgumentError, ImportError) as error:
        raise Misconfigured("cannot_open", place=shown(url), problem=str(error)) from error
    _listen(engine, _PLANS if durable else {**_PLANS, "synchronous_commit": "off"})
    try:
        engine.raw_connection().close()
    except ERRORS as error:
        engine.dispose()
        if any(words in str(error) for words in _COMES_BACK):
            raise translated(error) from error
        fix = "Look at the address, the name of the database, the user and the password."
        raise Misconfigured("cannot_open", place=shown(url), problem=_told(error), fix=fix) from error
    return engine


_COMES_BACK: Final = ("starting up", "shutting down", "too many clients", "in recovery")


# All that is asked is found by an index, and how does not depend on what is asked for.
_PLANS: Final = {"enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}


def _listen(engine: Engine, settings: Mapping[str, str]) -> None:
    def connected(connection: DBAPIConnection, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            for name, value in settings.items():
                cursor.execute(f"SET {name} = {value}")
        connection.commit()

    event.listen(engine, "connect", connected)


def is_there(_: URL) -> bool:
    """Whoever could connect found it."""
    return True


def speaks(_: Dialect) -> Dialect:
    """PostgreSQL with the values of a statement in one row, whatever the engine prefers."""
    return _DIALECT


def new_queue() -> SideBySide:
    """Writers wait for each other's subjects and for nothing else."""
    return SideBySide()


def make_ready(_: Engine) -> None:
    """There is nothing to set for all."""


def check_settings(cursor: DBAPICursor, _: Naming, *, durable: bool) -> None:
    """Read the settings of the server and of a connection back.

    Raises:
        Misconfigured: ``unsafe_settings``, with what was found.
    """
    if (found_server := server(cursor)) and int(_asked(cursor, "SHOW server_version_num")) < _LEAST_VERSION:
        raise Misconfigured("server_too_old", found=found_server, least="PostgreSQL 12", fix=_NEWER)
    names = ("server_encoding", "fsync", "full_page_writes", "synchronous_commit")
    cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    found = dict(zip(names, cursor.fetchall()[0], strict=True))
    wrong = {name: value for name, value in found.items() if value == "off" and durable}
    if found["server_encoding"] != "UTF8":
        wrong["server_encoding"] = found["server_encoding"]
    if wrong:
        fix = "Make the database with ENCODING 'UTF8', and leave the settings for durability on."
        raise Misconfigured("unsafe_settings", found=wrong, fix=fix)


def server(cursor: DBAPICursor) -> str:
    """What the server calls itself, and its version."""
    return " ".join(_asked(cursor, "SELECT version()").split()[:2])


def _asked(cursor: DBAPICursor, text: str) -> str:
    cursor.execute(text)
    return str(cursor.fetchall()[0][0])


def tables_found(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The names of all tables in the schema in which new ones would be made, or of those with a chosen prefix."""
    cursor.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
    return naming.names([name for (name,) in cursor.fetchall()])


_LEAST_VERSION: Final = 120000
_NEWER: Final = "Bring the server up to date."


# --- making ------------------------------------------------------------------------------------------------------

_REFUSE: Final = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
_IN_THE_SCHEMA: Final = "c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_ROW_CHANGED, _TRUNCATED = 1 + 2 + 8 + 16, 2 + 32  # pg_trigger.tgtype: for each row, before, delete, update, truncate


def lock_making(cursor: DBAPICursor) -> None:
    """Let nobody else make tables here until the transaction ends; two who make one table fail otherwise."""
    send(cursor, "SELECT pg_advisory_xact_lock(hashtext('volunteer_points'))")


def create_tables(cursor: DBAPICursor, dialect: Dialect, naming: Naming) -> None:
    """Make the tables that are missing, and their guards.

    No foreign key: it would lock the row of the ledger for each entry, and that row can never be removed.
    """
    for text in schema.create_statements(TABLES, dialect, references=False):
        send(cursor, text)
    send(cursor, "CREATE SEQUENCE IF NOT EXISTS vp_block")
    cursor.execute(
        "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"  # noqa: S608 - a constant
        f" WHERE {_IN_THE_SCHEMA} AND NOT t.tgisinternal"
    )
    there = {name for (name,) in cursor.fetchall()}
    guards = [table.name for table in _APPEND_ONLY]
    for text in guard_statements(guards, lambda name: naming.name(name) in there):
        send(cursor, text)


def guard_statements(tables: Collection[str], there: Callable[[str], bool] = lambda _: False) -> Iterator[str]:
    """What makes the guards of tables, but for those that are there."""
    yield f"CREATE OR REPLACE FUNCTION vp_refuse() RETURNS trigger LANGUAGE plpgsql AS $${_REFUSE}$$"
    for table in _APPEND_ONLY:
        for name, when in _guards_of(table).items():
            if table.name in tables and not there(name):
                yield f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION vp_refuse()"
                yield f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {name}"


def _guards_of(table: Table) -> Mapping[str, str]:
    return {
        f"{table.name}_no_change": f"UPDATE OR DELETE ON {table.name} FOR EACH ROW",
        f"{table.name}_no_truncate": f"TRUNCATE ON {table.name} FOR EACH STATEMENT",
    }


def weak_guards(cursor: DBAPICursor, naming: Naming) -> list[str]:
    """The guards that are missing, or are not as they were made, or fire only for some."""
    cursor.execute(
        "SELECT t.tgname::text, c.relname::text, t.tgenabled::text, t.tgtype, p.prosrc"  # noqa: S608 - a constant
        " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        f" WHERE {_IN_THE_SCHEMA} AND NOT t.tgisinternal"
        " AND t.tgqual IS NULL AND cardinality(t.tgattr::smallint[]) = 0"
    )
    there = {(name, table): tuple(what) for name, table, *what in cursor.fetchall()}
    return [
        naming.name(name)
        for table in _APPEND_ONLY
        for name, kind in zip(_guards_of(table), (_ROW_CHANGED, _TRUNCATED), strict=True)
        if there.get((naming.name(name), naming.name(table.name))) != ("A", kind, _REFUSE)
    ]


def grants(role: str, *, naming: Naming = DEFAULT) -> list[str]:
    """The statements that let a role do all normal work, and nothing else: it can neither change nor remove an entry.

    >>> grants("points_app")[0]
    'GRANT SELECT ON vp_ledger TO points_app'

    Args:
        role: The role.
        naming: What the tables are called.
    """
    name = _DIALECT.identifier_preparer.quote(role)
    journal = ", ".join(table.name for table in _APPEND_ONLY if table is not schema.LEDGER)
    of_schema = [] if naming.schema is None else [f"GRANT USAGE ON SCHEMA {QUOTE}{naming.schema}{QUOTE}"]
    of_tables = [
        "GRANT SELECT ON vp_ledger",
        f"GRANT SELECT, INSERT ON {journal}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON vp_balance",
        "GRANT SELECT, INSERT, UPDATE ON vp_subject",
        "GRANT SELECT, INSERT, DELETE ON vp_unplaced",
        "GRANT USAGE ON SEQUENCE vp_block",
    ]
    return [f"{text} TO {name}" for text in (*of_schema, *(naming.text(text) for text in of_tables))]


# --- transactions ------------------------------------------------------------------------------------------------


def cursor_of(connection: PoolProxiedConnection, *, own: bool) -> DBAPICursor:
    """A line. On a connection of the store's own the driver begins nothing by itself."""
    driver: Any = connection.dbapi_connection
    if own and not driver.autocommit:
        driver.autocommit = connection.info[_FOUND_AS] = True
    return cast("DBAPICursor", Line(connection))


def give_back(connection: PoolProxiedConnection) -> None:
    """Let the driver begin by itself again, if it did."""
    driver: Any = connection.dbapi_connection
    if driver is not None and connection.info.pop(_FOUND_AS, False):
        with suppress(psycopg.Error):  # the pool finds out by itself when it is broken
            driver.rollback()
            driver.autocommit = False


def send(cursor: DBAPICursor, text: str) -> None:
    """Send it with the next statement."""
    cast("Line", cursor).later(text)


def begin_reading(cursor: DBAPICursor) -> None:
    """Begin a transaction that sees one moment, which is now."""
    send(cursor, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    cursor.execute("SELECT 1")


def end_reading(cursor: DBAPICursor) -> None:
    """End it; after a ROLLBACK the driver would forget the statements that the server has prepared."""
    cursor.execute("COMMIT")


def begin_writing(cursor: DBAPICursor, *, wait_seconds: float) -> None:
    """Begin a transaction each of whose statements sees what was committed before it."""
    send(cursor, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    send(cursor, f"SET LOCAL lock_timeout = {max(1, round(wait_seconds * 1000))}")


_FIX_UNKNOWN: Final = "Try again with the same key: it finds out whether this was written."


def commit(connection: PoolProxiedConnection, cursor: DBAPICursor) -> None:
    """Send what is left to write and COMMIT in one trip.

    Raises:
        CommitUnknown: no answer came, or the server answers that it did not wait for its standbys.
    """
    line = cast("Line", cursor)
    with _notices(connection) as alone:
        try:
            line.execute("COMMIT")
        except ERRORS as error:
            problem = translated(error)
            if isinstance(problem, ConnectionLost):
                raise CommitUnknown("commit_unknown", problem=_told(error), fix=_FIX_UNKNOWN) from error
            raise problem from error
    if alone:
        raise CommitUnknown("commit_unknown", problem="; ".join(alone), fix=_FIX_UNKNOWN)


@contextmanager
def _notices(connection: PoolProxiedConnection) -> Iterator[list[str]]:
    """What a server says that commits without its standbys, as when somebody breaks off the wait for them.

    It calls that a success with a warning, in the language of the server; where in the server it was said tells.
    """
    said: list[str] = []

    def notice(told: Diagnostic) -> None:
        if told.source_file == _WAITS_FOR_STANDBYS:
            said.append(" ".join(filter(None, (told.message_primary, told.message_detail))))

    driver: Any = connection.driver_connection
    driver.add_notice_handler(notice)
    try:
        yield said
    finally:
        driver.remove_notice_handler(notice)


_WAITS_FOR_STANDBYS: Final = "syncrep.c"


def check_host(connection: Connection) -> None:
    """Let only a connection pass on which the host has begun a transaction that still runs.

    Raises:
        Misconfigured: ``host_transaction_not_begun`` or ``host_transaction_failed``.
    """
    driver: Any = connection.connection.driver_connection
    status = driver.info.transaction_status
    if status == TransactionStatus.INERROR:
        fix = "Roll the host's transaction back, and run all of it again."
        raise Misconfigured("host_transaction_failed", fix=fix)
    if status != TransactionStatus.INTRANS and (driver.autocommit or not connection.in_transaction()):
        fix = "Begin it with engine.begin() or connection.begin(), at any isolation level but AUTOCOMMIT."
        raise Misconfigured("host_transaction_not_begun", fix=fix)


def undo(cursor: DBAPICursor, savepoint: str) -> None:
    """Undo all since a savepoint, if it was sent already."""
    cast("Line", cursor).undo(savepoint)


def take_write_lock(_: DBAPICursor) -> None:
    """Each subject is locked when it is taken; a snapshot that is too old is found out then."""


# --- what is asked and written -----------------------------------------------------------------------------------

answers = arrays.answers
stored = arrays.stored

_ALONE: Final = (
    "INSERT INTO vp_subject AS s (ledger, subject, version) SELECT %s, subject, 1 FROM unnest(%s::text[]) AS t(subject)"
    " ON CONFLICT (ledger, subject) DO UPDATE SET version = s.version + 1"
)
_MADE: Final = (
    "INSERT INTO vp_subject (ledger, subject, version) SELECT %s, subject, 0 FROM unnest(%s::text[]) AS t(subject)"
    " ON CONFLICT DO NOTHING"
)
_SHARED: Final = (
    "SELECT 1 FROM vp_subject WHERE ledger = %s AND subject = ANY(%s::text[]) ORDER BY ledger, subject FOR SHARE"
)
_BEHIND_OTHERS: Final = "SELECT pg_advisory_xact_lock_shared(hashtext('vp_subject'), hashtext(%s))"
_BEFORE_OTHERS: Final = "SELECT pg_advisory_xact_lock(hashtext('vp_subject'), hashtext(%s))"


def take(transaction: Transaction, alone: Iterable[str], shared: Iterable[str]) -> None:
    """Lock subjects with the next statement: alone by writing their rows, shared by a lock that lets others share.

    Writing tells a transaction of a host whose snapshot is too old, at every level of isolation; a lock alone does not.
    A row that some share can be shared by ever more, past one who waits to have it alone; so those who share pass a
    gate, and who wants alone what others share closes it: whoever comes later waits behind them.
    """
    line = cast("Line", transaction.cursor)
    alone, shared = set(alone), set(shared)
    if shared:
        line.later(_BEFORE_OTHERS if shared & alone else _BEHIND_OTHERS, (transaction.ledger,))
    for wanted, texts in ((sorted(shared - alone), (_MADE, _SHARED)), (sorted(alone), (_ALONE,))):
        for text in texts if wanted else ():
            line.later(text, (transaction.ledger, wanted))


def write(
    transaction: Transaction,
    entries: Sequence[tuple[Entry, bytes]],
    changes: Mapping[BalanceKey, int],
    balance: Callable[[BalanceKey], int],
) -> None:
    """Write with the next statement, which may be COMMIT."""
    line = cast("Line", transaction.cursor)
    for text, values in arrays.writes(transaction, entries, changes, balance):
        line.later(text, values)


def place_entries(transaction: Transaction, limit: int | None) -> int:
    """Give lasting places; those who do so wait for each other, and writers for nobody."""
    line = cast("Line", transaction.cursor)
    line.later("SELECT pg_advisory_xact_lock(hashtext('vp_leaf'), hashtext(%s))", (transaction.ledger,))
    return arrays.place_entries(transaction, limit)


# --- errors ------------------------------------------------------------------------------------------------------


def translated(error: Exception) -> Exception:
    """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        return translated(error.orig)
    if isinstance(error, NoConnectionLeft):
        return Busy("no_connection_left", problem=str(error))
    if isinstance(error, psycopg.Error):
        return _translated(error)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return InputError("cannot_be_stored", problem=str(error))
    if isinstance(error, SQLAlchemyError):
        return StoreError("database_error", problem=str(error))
    return error


def _translated(error: psycopg.Error) -> Exception:
    state, problem = error.sqlstate or "", _told(error)
    if _is_lost(error):
        return ConnectionLost("connection_lost", problem=problem)
    if missing := arrays.BALANCE_MISSING.search(problem):
        wanted, found = map(int, missing.groups())
        return Corrupt("balance_missing", wanted=wanted, found=found, fix="Run the audit.")
    if state.startswith("23"):
        return _constraint(error)
    for start, (kind, code, fix) in _KINDS.items():
        if state.startswith(start):
            return kind(code, problem=problem, sqlstate=state, fix=fix)
    if isinstance(error, psycopg.DataError):
        return InputError("cannot_be_stored", problem=problem)
    return StoreError("database_error", problem=problem, sqlstate=state or type(error).__name__)


def _told(error: Exception) -> str:
    return str(error).strip()


def _is_lost(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return state.startswith("08") or state in {"57P01", "57P02", "57P03"}


def _constraint(error: psycopg.Error) -> Exception:
    name = error.diag.constraint_name or ""
    if name.endswith(under_any_name(schema.KEY)):
        return KeyConflict("key_taken", problem=_told(error))
    code = "floor_passed" if name.endswith(under_any_name(schema.FLOOR)) else "contradicts_what_is_stored"
    return Corrupt(code, problem=_told(error), sqlstate=error.sqlstate, fix=_AUDIT)


_AUDIT: Final = "Stop writing and run the audit."
_AGAIN: Final = "Run all of the transaction again."

_KINDS: Final[Mapping[str, tuple[type[StoreError], str, str]]] = {
    "40": (Busy, "ledger_busy", _AGAIN),  # serialization failure, deadlock
    "55P03": (Busy, "ledger_busy", _AGAIN),  # a lock did not come in time
    "57014": (Busy, "ledger_busy", _AGAIN),  # a statement took too long
    "53300": (Busy, "no_connection_left", _AGAIN),
    "53100": (StoreError, "disk_full", "Make room on the disk, then try again with the same key."),
    "58": (StoreError, "disk_failed", "Look after the disk, then try again with the same key."),
    "XX001": (Corrupt, "database_damaged", "Keep a copy of the database, and restore the last good one."),
    "XX002": (Corrupt, "database_damaged", "Keep a copy of the database, and restore the last good one."),
    "3F000": (Misconfigured, "schema_missing", "Let the owner of the database make the schema: CREATE SCHEMA."),
    "25006": (Misconfigured, "read_only", "Name the server that may be written to."),
    "25P02": (Misconfigured, "host_transaction_failed", "Roll the host's transaction back, and run all of it again."),
    "42501": (Misconfigured, "not_allowed", "Grant the role what volunteer_points.storage.postgresql.grants names."),
}


__all__ = ["ERRORS", "LOST", "TABLES", "ConnectionLost", "grants"]
