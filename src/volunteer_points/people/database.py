"""Where the register is kept: its tables, and how a place is opened."""

import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, StatementError

from volunteer_points.errors import Busy, VolunteerPointsError
from volunteer_points.people.errors import PeopleError
from volunteer_points.people.particulars import KEY_CHARACTERS, NAME_CHARACTERS, NOTE_CHARACTERS, PHONE_CHARACTERS

VERSION: Final = 1
SALT_BYTES: Final = 16
SECRET_BYTES: Final = 32
ROWS_AT_ONCE: Final = 500  # fewer than the values that any supported database binds in one statement
WRITING: Final = "people_register_writing"  # the execution option of a connection that is going to write

# What was acknowledged survives a power cut; what is erased leaves no copy in free space, nor in a temporary file.
_SQLITE_SETTINGS: Final = ("synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY")
_TIMEOUT_SECONDS: Final = "30"
_LOCKED: Final = "database is locked"


# --- tables ---

_METADATA: Final = MetaData()
REGISTER: Final = Table(
    "people_register",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("secret", String(2 * SECRET_BYTES), nullable=False),
    Column("writes", BigInteger, nullable=False),
)
# Of a person who was forgotten the row stays, with nothing in it but the id; of a text, with nothing but the seal.
PERSON: Final = Table(
    "people_person",
    _METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", String(NAME_CHARACTERS)),
    Column("phone", String(PHONE_CHARACTERS)),
    Column("note", String(NOTE_CHARACTERS)),
    Column("name_key", String(KEY_CHARACTERS)),
    Column("phone_key", String(KEY_CHARACTERS)),
    Index("people_person_by_name", "name_key"),
    Index("people_person_by_phone", "phone_key"),
)
TEXT: Final = Table(
    "people_text",
    _METADATA,
    Column("seal", String(64), primary_key=True),
    Column("salt", String(2 * SALT_BYTES)),
    Column("text", Text),
)
CODE: Final = Table(
    "people_code",
    _METADATA,
    Column("digest", String(64), primary_key=True),
    Column("redemption_id", String(KEY_CHARACTERS), nullable=False, index=True),
    Column("until", BigInteger, nullable=False, index=True),  # microseconds since 1970, UTC
    Column("replaced", Boolean, nullable=False),
)


def secret_in(connection: Connection) -> bytes | None:
    """The secret of the register in this database, or None when there is no register yet.

    Raises:
        PeopleError: `register_version`.
    """
    if not inspect(connection).has_table(REGISTER.name):
        return None
    row = connection.execute(select(REGISTER.c.version, REGISTER.c.secret)).one_or_none()
    if row is None:
        return None
    if row.version != VERSION:
        place = shown_place(connection.engine)
        raise PeopleError("register_version", place=place, version=row.version, version_expected=VERSION)
    return bytes.fromhex(row.secret)


def create(connection: Connection) -> bytes:
    """Create the tables, and return the secret of the new register."""
    secret = secrets.token_bytes(SECRET_BYTES)
    _METADATA.create_all(connection)
    connection.execute(insert(REGISTER).values(id=1, version=VERSION, secret=secret.hex(), writes=0))
    return secret


def take_turns(connection: Connection) -> None:
    """Wait until no other transaction writes to the register: the first statement of everything that writes.

    A written row is a lock in every database and at every isolation level, so what is read after it still holds when
    the transaction commits.
    """
    connection.execute(update(REGISTER).values(writes=REGISTER.c.writes + 1))


def rows_with(connection: Connection, column: Column[Any], values: Iterable[str]) -> Iterator[tuple[str, Row[Any]]]:
    """Each row of the column's table in which it has one of these values, after the value; by key within a value."""
    wanted = sorted(set(values))
    key = list(column.table.primary_key)
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        page = column.in_(wanted[start : start + ROWS_AT_ONCE])
        for row in connection.execute(select(column.table).where(page).order_by(*key)):
            yield getattr(row, column.name), row


def used(connection: Connection, key: Column[Any], values: Iterable[str]) -> set[str]:
    """Which of these values are keys of rows already."""
    return {value for value, _ in rows_with(connection, key, values)}


def erase(connection: Connection, key: Column[Any], values: Iterable[str], unknown: tuple[str, str]) -> None:
    """Empty every column but the key in the rows with these keys.

    Args:
        connection: a transaction that writes.
        key: the column that stays.
        values: the keys of the rows.
        unknown: the code of the error for a key that no row has, and the name of the fact that says which.
    """
    wanted = sorted(set(values))
    for value in sorted(set(wanted) - used(connection, key, wanted)):
        code, fact = unknown
        raise PeopleError(code, **{fact: value})
    emptied = {column.name: None for column in key.table.columns if column is not key}
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        page = key.in_(wanted[start : start + ROWS_AT_ONCE])
        connection.execute(update(key.table).where(page).values(emptied))


# --- a place ---


def engine_at(place: str | os.PathLike[str], *, create: bool) -> Engine:
    """An engine over a file or a SQLAlchemy URL; a file that is not there is created, for its owner only.

    Raises:
        PeopleError: `register_missing` without `create`, or `register_unreadable`.
    """
    url = _url(place)
    if url.get_backend_name() != "sqlite":
        return _made(url)
    if url.database and url.database != ":memory:" and "uri" not in url.query:
        _find_file(Path(url.database), create=create)
    engine = _made(url if "timeout" in url.query else url.update_query_dict({"timeout": _TIMEOUT_SECONDS}))
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def take_file(engine: Engine) -> None:
    """Make sure that a SQLite file is a register or empty, and only then set it to write ahead.

    Raises:
        PeopleError: `register_foreign`.
    """
    with clear_errors(engine), engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    if tables and REGISTER.name not in tables:
        raise PeopleError("register_foreign", place=shown_place(engine), found=f"it has a table {tables[0]}")
    with closing(engine.raw_connection()) as driver, closing(driver.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")


def empty_free_space(engine: Engine) -> None:
    """Write a SQLite file anew without its free space, and empty its log.

    Erasing a row with `secure_delete` is not enough: a page that was split keeps copies of rows which moved away.

    Raises:
        PeopleError: `erasure_unfinished`.
    """
    with closing(engine.raw_connection()) as driver, closing(driver.cursor()) as cursor:
        try:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            [(busy, *_)] = cursor.fetchall()
        except sqlite3.OperationalError as error:
            raise PeopleError("erasure_unfinished", reason=str(error)) from error
    if busy:
        raise PeopleError("erasure_unfinished", reason="it is being read")


def shown_place(engine: Engine) -> str:
    """The file or the address of a database, without its password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def clear_errors(engine: Engine) -> Iterator[None]:
    """Say when another writer is in the way, and keep names and telephone numbers out of the database's own errors."""
    try:
        yield
    except StatementError as error:
        error.hide_parameters = True
        if _LOCKED in str(error.orig):
            raise Busy("register_busy", place=shown_place(engine)) from error
        raise


def not_opened(engine: Engine, error: Exception) -> VolunteerPointsError:
    """What the database said when a place was opened, as an error of the register."""
    reason = str(getattr(error, "orig", None) or error)
    if _LOCKED in reason:
        return Busy("register_busy", place=shown_place(engine))
    if "not a database" in reason:
        return PeopleError("register_foreign", place=shown_place(engine), found=reason)
    return PeopleError("register_unreadable", place=shown_place(engine), reason=reason)


def _url(place: str | os.PathLike[str]) -> URL:
    text = os.fspath(place)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        raise PeopleError("register_unreadable", place="this URL", reason="it cannot be parsed") from error


def _made(url: URL) -> Engine:
    try:
        return create_engine(url, hide_parameters=True)
    except (ArgumentError, ImportError) as error:
        raise PeopleError("register_unreadable", place=f"a {url.drivername} URL", reason=str(error)) from error


def _find_file(path: Path, *, create: bool) -> None:
    if not create and not (path.exists() and path.stat().st_size):
        raise PeopleError("register_missing", place=str(path))
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise PeopleError("register_unreadable", place=str(path), reason=error.strerror) from error


def _set_up_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    cursor = connection.cursor()
    for setting in _SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once when another one wrote in between.
    writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
