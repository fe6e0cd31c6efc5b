# ruff: noqa: S608 - tables of these tests
"""Tables made by an older version are brought up to date, on every family of databases, and nothing is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.dialects.mysql import TINYBLOB

from tests.storage.commits import LEDGER, LOT, asked, gift, write
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from tests.storage.test_sql import wrong
from volunteer_points.books import LotsOf
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage.families import family_of, url_of
from volunteer_points.storage.migrations import BRANCH, VERSIONS, configured, upgrade
from volunteer_points.storage.naming import DEFAULT
from volunteer_points.storage.schema import METADATA, VERSION
from volunteer_points.storage.sql import SqlStore

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        return
    server = postgresql() if kind == "postgresql" else mariadb()
    with server.database() as name:
        yield server.address(name)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as address:
        yield address


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    made = url_of(url)
    engine = family_of(made).engine_at(made, durable=True, read_only=False)
    if engine.dialect.name != "sqlite":
        engine.update_execution_options(isolation_level="READ COMMITTED")
    yield engine
    engine.dispose()


def migrated_to(url: str, revision: str) -> None:
    """As the library made the tables when this was its newest revision."""
    with engine_for(url) as engine, engine.begin() as connection:
        command.upgrade(configured(connection), f"{BRANCH}@{revision}")


def shape(url: str) -> dict[str, object]:
    """All tables with their columns, keys, checks and indexes."""
    with engine_for(url) as engine:
        look = inspect(engine)
        return {
            name: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(name)],
                look.get_pk_constraint(name)["constrained_columns"],
                sorted(str(each["column_names"]) for each in look.get_unique_constraints(name)),
                sorted(str(each["column_names"]) for each in look.get_indexes(name)),
                sorted(str(each["name"]) for each in look.get_check_constraints(name)),
                [each["referred_table"] for each in look.get_foreign_keys(name)],
            )
            for name in look.get_table_names()
            if name != "vp_alembic_version"
        }


def of_the_first_version(url: str) -> None:
    """A ledger with an entry, as the first version left it: with no note of a revision."""
    migrated_to(url, "vp0001")
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text(f"INSERT INTO vp_ledger VALUES ('{LEDGER}', 1, 'the first version')"))
        connection.execute(text("DROP TABLE vp_alembic_version"))


def test_a_ledger_of_the_first_version_is_brought_up_to_date(url: str) -> None:
    of_the_first_version(url)
    facts = wrong("older_schema", lambda: SqlStore.open(url, LEDGER))
    assert "volunteer-points upgrade" in str(facts["fix"])
    assert upgrade(url) == VERSION
    assert upgrade(url) == VERSION
    with SqlStore.open(url, LEDGER) as store:
        write(store, gift("key", A, 1))
        assert asked(store, AVAILABLE_A) == {LOT: 1}


def test_what_the_revisions_make_is_what_the_store_makes_at_once(url: str, tmp_path: Path) -> None:
    migrated_to(url, "head")
    kind = make_url(url).get_backend_name().replace("mysql", "mariadb")
    with empty_database(kind, tmp_path / "..") as other:
        if kind == "sqlite":
            Path(str(make_url(other).database)).unlink(missing_ok=True)
        SqlStore.open(other, LEDGER).close()
        assert shape(url) == shape(other)
        with engine_for(url) as engine, engine_for(other) as made, engine.connect() as one, made.connect() as two:
            family = family_of(engine.url, engine.dialect.driver)
            for connection in (one, two):
                cursor = family.cursor_of(connection.connection, own=False)
                assert family.weak_guards(cursor, DEFAULT) == []


def test_alembic_finds_nothing_that_the_revisions_forgot(url: str) -> None:
    migrated_to(url, "head")
    with engine_for(url.replace("mysql+", "mariadb+")) as engine, engine.connect() as connection:
        ours = {table.name for table in family_of(engine.url, engine.dialect.driver).TABLES}
        options = {
            "include_object": lambda _thing, name, kind, _reflected, _other: kind != "table" or name in ours,
            # BLOB(32) is how TINYBLOB is asked for
            "compare_type": lambda *given: False if isinstance(given[3], TINYBLOB) else None,
        }
        context = MigrationContext.configure(connection, opts=options)
        kept_without = {"remove_fk", "add_fk"}  # servers keep no foreign keys for these tables
        found = [
            each
            for each in compare_metadata(context, METADATA)
            if not (isinstance(each, tuple) and each[0] in kept_without)
        ]
    assert found == []


def test_tables_of_a_newer_version_are_left_alone(url: str) -> None:
    migrated_to(url, "head")
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text(f"INSERT INTO vp_ledger VALUES ('{LEDGER}', {VERSION + 1}, 'a newer version')"))
        connection.execute(text("DROP TABLE vp_alembic_version"))
    wrong("newer_schema", lambda: upgrade(url))
    wrong("newer_schema", lambda: SqlStore.open(url))


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    wrong("no_ledger_there", lambda: upgrade(tmp_path / "nowhere.sqlite"))
    assert list(tmp_path.iterdir()) == []


def test_a_host_runs_the_revisions_among_its_own(tmp_path: Path) -> None:
    """Its Alembic notes them in the table of its own revisions."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(
        "from alembic import context\n"
        "context.configure(connection=context.config.attributes['connection'])\n"
        "context.run_migrations()\n"
    )
    (folder / "versions" / "orders.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        "revision, down_revision, branch_labels = 'orders', None, ('shop',)\n"
        "def upgrade():\n    op.create_table('orders', sa.Column('id', sa.Integer))\n"
    )
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{folder / 'versions'}\n{VERSIONS}")
    engine = create_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
        assert {"orders", "vp_entry", "vp_node"} <= set(inspect(connection).get_table_names())
        noted = connection.execute(text("SELECT version_num FROM alembic_version ORDER BY 1")).scalars().all()
    engine.dispose()
    assert noted == ["orders", "vp0002"]
