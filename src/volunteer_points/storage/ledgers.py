"""Which ledgers a database holds: they are made, found, and refused when they are not what the library needs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sqlalchemy import Connection, Engine, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor

from volunteer_points.errors import InputError, Misconfigured, suggestion
from volunteer_points.storage.connections import HostConnection, OwnConnections
from volunteer_points.storage.families import Family, family_of, shown, translating
from volunteer_points.storage.naming import DEFAULT, Naming
from volunteer_points.storage.schema import LEDGER, LEDGER_CHARACTERS, VERSION

_NAMES_SHOWN: Final = 5
_ANOTHER_FILE: Final = "Name the file of a ledger, or one that is not there yet."


def create_ledger(connection: Connection, ledger: str, *, naming: Naming = DEFAULT) -> None:
    """Make a ledger within the transaction of a host: tables and guards where they are missing, and its name.

    A second ledger goes beside the first; they share the tables and know nothing of each other.

    Args:
        connection: A connection on which a transaction has begun.
        ledger: The id of the ledger.
        naming: What the tables are called.

    Raises:
        Misconfigured: no transaction has begun.
    """
    url = connection.engine.url
    family = family_of(url, connection.dialect.driver)
    _check_may_make(ledger, shown(url), create=True)
    with HostConnection(connection, family, naming).making() as cursor:
        _create(cursor, family, connection.dialect, ledger, naming)


def prepared(  # noqa: PLR0913 - what is looked for, where, and what may be done about it
    engine: Engine, family: Family, ledger: str | None, naming: Naming, *, create: bool, read_only: bool
) -> str:
    """The name of the ledger that is meant in a database of ours; with ``create`` an empty database gets it.

    Raises:
        Misconfigured: it is not there, or something else is.
    """
    place = shown(engine.url)
    if not family.is_there(engine.url):
        _check_may_make(ledger, place, create=create)
    connections = OwnConnections(engine, family, naming)
    with connections.reading() as cursor:
        with translating(family):
            empty = not family.tables_found(cursor, naming)
        if not empty:
            ledger = found(cursor, family, ledger, naming, place=place, guarded=not read_only)
    if empty:
        _check_may_make(ledger, place, create=create)
    if not read_only:
        family.make_ready(engine)
    if empty:
        with connections.writing() as cursor:
            _create(cursor, family, engine.dialect, str(ledger), naming)
    return str(ledger)


def _check_may_make(ledger: str | None, place: str, *, create: bool) -> None:
    if not create:
        raise Misconfigured("no_ledger_there", place=place, fix="Look at the name, or create the ledger first.")
    if ledger is None:
        raise Misconfigured("ledger_not_named", place=place, fix="Name the ledger that is to be made.")
    if not 0 < len(ledger) <= LEDGER_CHARACTERS:
        raise InputError("not_a_ledger_id", ledger=ledger, fix=f"Give it 1 to {LEDGER_CHARACTERS} characters.")


def found(  # noqa: PLR0913 - the same
    cursor: DBAPICursor, family: Family, ledger: str | None, naming: Naming, *, place: str, guarded: bool
) -> str:
    """The ledger of that name, or the only one; its tables are there, and its guards if they are asked for.

    Raises:
        Misconfigured: what is wrong, and what to do.
    """
    with translating(family):
        tables = family.tables_found(cursor, naming)
        if naming.name(LEDGER.name) not in tables:
            raise Misconfigured("not_a_ledger", place=place, tables=tables[:_NAMES_SHOWN], fix=_ANOTHER_FILE)
        cursor.execute(f"SELECT ledger, schema_version FROM {LEDGER.name} ORDER BY ledger")  # noqa: S608 - a constant
        versions: dict[str, int] = dict(cursor.fetchall())
        _check_version(versions, place)
        missing = sorted({naming.name(table.name) for table in family.TABLES} - set(tables))
        if missing:
            raise Misconfigured("tables_missing", place=place, missing=missing, fix="Restore the last good copy.")
        if guarded:
            _check_guards(family.weak_guards(cursor, naming), place)
    return _chosen(sorted(versions), ledger, place)


def _check_version(versions: dict[str, int], place: str) -> None:
    for schema_version in versions.values():
        if schema_version > VERSION:
            fix = "Install the newer version of this library."
            raise Misconfigured("newer_schema", place=place, schema_version=schema_version, known=VERSION, fix=fix)
        if schema_version < VERSION:
            fix = "Bring the tables up to date: volunteer-points upgrade, followed by the file or the URL."
            raise Misconfigured("older_schema", place=place, schema_version=schema_version, known=VERSION, fix=fix)


def _check_guards(weak: list[str], place: str) -> None:
    if weak:
        raise Misconfigured(
            "guards_missing",
            place=place,
            guards=weak,
            fix="Somebody removed what keeps the ledger append-only. Open it read-only and run the audit.",
        )


def _chosen(names: list[str], ledger: str | None, place: str) -> str:
    if ledger is None and len(names) == 1:
        return names[0]
    if ledger in names:
        return str(ledger)
    if ledger is None:
        raise Misconfigured("ledger_not_named", place=place, ledgers=names[:_NAMES_SHOWN], fix="Name one of them.")
    fix = suggestion(ledger, names) or "Name the one that is there, or another file for a new one."
    raise Misconfigured("other_ledger", place=place, ledger=ledger, found=names[:_NAMES_SHOWN], fix=fix)


def _create(cursor: DBAPICursor, family: Family, dialect: Dialect, ledger: str, naming: Naming) -> None:
    spoken = family.speaks(dialect)
    with translating(family):
        family.lock_making(cursor)
        family.create_tables(cursor, spoken, naming)
        cursor.execute(f"SELECT ledger FROM {LEDGER.name}")  # noqa: S608 - a constant
        if (ledger,) not in cursor.fetchall():
            cursor.execute(str(insert(LEDGER).compile(dialect=spoken)), (ledger, VERSION, _made_by()))


def _made_by() -> str:
    try:
        return f"volunteer-points {version('volunteer-points')}"
    except PackageNotFoundError:  # run from its source
        return "volunteer-points"


__all__ = ["create_ledger", "found", "prepared"]
