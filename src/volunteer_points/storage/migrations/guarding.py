"""What the revisions share: the columns' types, the triggers that keep tables append-only, and the new version."""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op
from alembic.config import Config
from sqlalchemy import LargeBinary, String, Table, text
from sqlalchemy.dialects.mysql import LONGBLOB
from sqlalchemy.schema import CreateIndex, CreateTable

from volunteer_points.storage import sqlite
from volunteer_points.storage.naming import Naming

_COLLATIONS = {"postgresql": "C", "mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}


def word(characters: int) -> String:
    """A text that is compared by its code points."""
    kind: String = String(characters)
    for family, collation in _COLLATIONS.items():
        kind = kind.with_variant(String(characters, collation=collation), family)
    return kind


def content() -> LargeBinary:
    """Bytes of any length."""
    return LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def family_name() -> str:
    """Which family of databases it is: ``sqlite``, ``postgresql`` or ``mysql``."""
    connection = op.get_bind()
    return "mysql" if connection.dialect.name in {"mysql", "mariadb"} else connection.dialect.name


def naming() -> Naming:
    """What the tables are called: the library's own settings, or those of the host's ``alembic.ini``."""
    return naming_in(op.get_context().config)


def naming_in(config: Config | None) -> Naming:
    """The same out of settings of Alembic."""
    chosen = (
        {name: config.get_main_option(f"volunteer_points_{name}") for name in ("prefix", "schema")} if config else {}
    )
    return Naming(**{name: value for name, value in chosen.items() if value})


def run(statement: str) -> None:
    """Run a statement under the names that the tables have here."""
    family = family_name()
    called, quote = naming(), {"sqlite": "", "postgresql": '"', "mysql": "`"}[family]
    called.check(quote)
    op.get_bind().execute(text(called.text(statement, quote)))


def make(*tables: Table) -> None:
    """Make tables and their indexes."""
    connection = op.get_bind()
    dialect = connection.dialect
    if getattr(dialect, "is_mariadb", False):
        from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect  # noqa: PLC0415 - there alone

        dialect = MariaDBDialect()
    behind = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4" if family_name() == "mysql" else ""
    references = None if family_name() == "sqlite" else ()
    for table in tables:
        made = CreateTable(table, include_foreign_key_constraints=references).compile(dialect=dialect)
        run(str(made).rstrip() + behind)
        for index in table.indexes:
            run(str(CreateIndex(index).compile(dialect=dialect)))


def guard(*names: str) -> None:
    """Make the triggers of append-only tables."""
    for statement in _guards(names):
        run(statement)


def _guards(names: tuple[str, ...]) -> Iterator[str]:
    family = family_name()
    if family == "sqlite":
        yield from (made for name, made in sqlite.guards().items() if name.rsplit("_no_", 1)[0] in names)
    elif family == "postgresql":
        from volunteer_points.storage import postgresql  # noqa: PLC0415 - its driver need not be there

        yield from postgresql.guard_statements(names)
    else:
        from volunteer_points.storage import mysql  # noqa: PLC0415 - the same

        for name, (table, deed, refuse) in mysql.guards().items():
            if table in names:
                yield f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW {refuse}"


def note_version(version: int) -> None:
    """Write the version of the tables into each ledger, for which its guard stands aside."""
    trigger = "vp_ledger_no_change" if family_name() == "postgresql" else "vp_ledger_no_update"
    on = " ON vp_ledger" if family_name() == "postgresql" else ""
    run(f"DROP TRIGGER {trigger}{on}")
    run(f"UPDATE vp_ledger SET schema_version = {int(version)}")  # noqa: S608 - a number
    for statement in _guards(("vp_ledger",)):
        if f" {trigger}" in statement:
            run(statement)


__all__ = ["content", "family_name", "guard", "make", "naming", "naming_in", "note_version", "run", "word"]
