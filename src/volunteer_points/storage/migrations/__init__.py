"""The tables of a ledger as revisions of Alembic: bring a database up to date, alone or among the revisions of a host.

A new database needs none of this, as the store makes all tables at once. Alembic is in the extra ``servers``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import attrs
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, column, inspect, select, table

from volunteer_points.errors import Misconfigured
from volunteer_points.storage.families import family_of, shown, translating, url_of
from volunteer_points.storage.naming import DEFAULT, Naming, named
from volunteer_points.storage.schema import LEDGER, VERSION

VERSIONS: Final = str(Path(__file__).with_name("versions"))
"""The folder of the revisions, for the ``version_locations`` of a host's own Alembic."""

BRANCH: Final = "volunteer_points"
"""The label of the branch that they are."""

VERSION_TABLE: Final = "vp_alembic_version"
"""Where :func:`upgrade` notes the revision; a host that runs the revisions itself has a table of its own."""


def upgrade(place: str | os.PathLike[str] | Engine, *, naming: Naming | None = None) -> int:
    """Bring the tables of all ledgers in a database up to date, all or nothing where the database can do so.

    Args:
        place: A file, a URL, or an engine. Whoever connects must own the tables.
        naming: What the tables are called, if the URL does not say it.

    Returns:
        The version of the tables from then on.

    Raises:
        Misconfigured: it is not there, or its tables are newer than this library.
    """
    if isinstance(place, Engine):
        return _upgrade(place, naming or DEFAULT)
    url, called = named(url_of(place), naming)
    family = family_of(url)
    if not family.is_there(url):
        raise Misconfigured("no_ledger_there", place=shown(url), fix="Look at the name.")
    engine = family.engine_at(url, durable=True, read_only=False)
    try:
        return _upgrade(engine, called)
    finally:
        engine.dispose()


def _upgrade(engine: Engine, naming: Naming) -> int:
    family = family_of(engine.url, engine.dialect.driver)
    naming.check(family.QUOTE)
    level = None if engine.dialect.name == "sqlite" else "READ COMMITTED"
    with translating(family), engine.connect() as connection:
        if level:
            connection.execution_options(isolation_level=level)
        with connection.begin():
            config = configured(connection, naming)
            _note_where_it_stands(connection, config, naming)
            command.upgrade(config, f"{BRANCH}@head")
    return VERSION


def configured(connection: Connection, naming: Naming = DEFAULT) -> Config:
    """Alembic's settings for the revisions of this library alone, on a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    for name, value in attrs.asdict(naming).items():
        config.set_main_option(f"volunteer_points_{name}", value or "")
    return config


def _note_where_it_stands(connection: Connection, config: Config, naming: Naming) -> None:
    """A database whose tables the store made all at once has no note of its revision, but the version is in it."""
    noted = {"version_table": naming.name(VERSION_TABLE), "version_table_schema": naming.schema}
    context = MigrationContext.configure(connection, opts=noted)
    ledgers = naming.name(LEDGER.name)
    if context.get_current_heads() or not inspect(connection).has_table(ledgers, schema=naming.schema):
        return
    versions = (
        connection.execute(select(table(ledgers, column("schema_version"), schema=naming.schema))).scalars().all()
    )
    newest = max(versions, default=VERSION)
    if newest > VERSION:
        fix = "Install the newer version of this library."
        place = shown(connection.engine.url)
        raise Misconfigured("newer_schema", place=place, schema_version=newest, known=VERSION, fix=fix)
    command.stamp(config, f"vp{min(versions, default=VERSION):04}")


__all__ = ["BRANCH", "VERSIONS", "VERSION_TABLE", "configured", "upgrade"]
