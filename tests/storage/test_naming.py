# ruff: noqa: S608 - tables of these tests
"""Tables under names that a host chose: all works as with those of the library, beside tables of the host's own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session

from tests.storage.commits import LEDGER, LOT, asked, commit, draft, moved, write
from tests.storage.mariadb import mariadb
from tests.storage.servers import postgresql
from tests.storage.test_migrations import empty_database, engine_for
from tests.storage.test_sql import wrong
from volunteer_points.asynchronous import AsyncSqlStore
from volunteer_points.books import LotsOf
from volunteer_points.errors import InputError
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage import mysql, schema
from volunteer_points.storage import postgresql as of_postgresql
from volunteer_points.storage.families import family_of
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.migrations import BRANCH, VERSIONS, configured, upgrade
from volunteer_points.storage.naming import DEFAULT, PREFIX_CHARACTERS, Naming, named
from volunteer_points.storage.schema import VERSION
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BESIDE = "beside"


@pytest.fixture(params=["sqlite prefix", "postgresql prefix", "postgresql schema", "mariadb prefix", "mariadb schema"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Naming]]:
    """A database with a table of the host's, and the names that the host chose in it."""
    kind, what = request.param.split()
    with empty_database(kind, tmp_path) as url:
        naming = Naming(prefix="points_")
        if what == "schema":
            naming = Naming(schema=BESIDE) if kind == "postgresql" else Naming(prefix="vp_our_", schema=BESIDE)
        with engine_for(url) as engine, engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders (id INTEGER)"))
            if what == "schema":
                connection.execute(text(f"CREATE SCHEMA {BESIDE}"))
        try:
            yield url, naming
        finally:
            if kind == "mariadb":
                mariadb().drop(BESIDE)


def give(store: SqlStore, key: str, points: int) -> None:
    write(store, commit(key, draft(moved(A, points), about=(A,)), ledger=store.ledger))


def tables(url: str, within: str | None = None) -> set[str]:
    with engine_for(url) as engine:
        return set(inspect(engine).get_table_names(schema=within))


def host_engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        prepare(engine)
    return engine


def in_url(url: str, naming: Naming) -> str:
    query = {"prefix": naming.prefix} | ({"schema": naming.schema} if naming.schema else {})
    return make_url(url).update_query_dict(query).render_as_string(hide_password=False)


# --- opening -----------------------------------------------------------------------------------------------------


def test_a_ledger_is_made_and_used_beside_the_hosts_tables(place: tuple[str, Naming]) -> None:
    url, naming = place
    with SqlStore.open(url, LEDGER, naming=naming) as store:
        give(store, "first", 3)
        give(store, "second", -1)
        assert asked(store, AVAILABLE_A) == {LOT: 2}
        assert store.seal(NOW).size == 2
    with SqlStore.open(in_url(url, naming), create=False) as store:
        assert asked(store, AVAILABLE_A) == {LOT: 2}
    made = {naming.name(table.name) for table in family_of(make_url(url)).TABLES}
    if naming.schema is None:
        assert tables(url) == {"orders"} | made
    else:
        assert (tables(url), tables(url, naming.schema)) == ({"orders"}, made)


def test_two_sets_of_tables_in_one_database_know_nothing_of_each_other(place: tuple[str, Naming]) -> None:
    url, naming = place
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text("DROP TABLE orders"))
    with SqlStore.open(url, LEDGER) as ours, SqlStore.open(url, LEDGER, naming=naming) as theirs:
        give(ours, "key", 3)
        assert asked(theirs, AVAILABLE_A) == {}
        give(theirs, "key", 5)
        ours.seal(NOW)
        assert (asked(ours, AVAILABLE_A), asked(theirs, AVAILABLE_A)) == ({LOT: 3}, {LOT: 5})
        with theirs.reader() as reader:
            assert list(reader.tree().checkpoints()) == []
    with SqlStore.open(url, "another", naming=Naming(prefix="third_")) as third:
        assert asked(third, AVAILABLE_A) == {}
    wrong("other_ledger", lambda: SqlStore.open(url, "another"))
    wrong("other_ledger", lambda: SqlStore.open(url, "another", naming=naming))


def test_guards_hold_and_are_missed_under_their_names(place: tuple[str, Naming]) -> None:
    url, naming = place
    with SqlStore.open(url, LEDGER, naming=naming) as store:
        give(store, "first", 3)
    family = family_of(make_url(url))
    with engine_for(url) as engine:
        for table in (*schema.APPEND_ONLY[:-2], schema.CHECKPOINT):
            deed = naming.text(f"UPDATE {table.name} SET ledger = ledger", family.QUOTE)
            if table is schema.CHECKPOINT:
                continue  # it is empty
            with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
                connection.execute(text(deed))
        trigger = "vp_entry_no_change" if engine.dialect.name == "postgresql" else "vp_entry_no_update"
        on = " ON vp_entry" if engine.dialect.name == "postgresql" else ""
        with engine.begin() as connection:
            connection.execute(text(naming.text(f"DROP TRIGGER {trigger}{on}", family.QUOTE)))
    facts = wrong("guards_missing", lambda: SqlStore.open(url, naming=naming))
    assert facts["guards"] == [naming.name(trigger)]


def test_what_is_wrong_is_told_under_the_chosen_names(place: tuple[str, Naming]) -> None:
    url, naming = place
    SqlStore.open(url, LEDGER, naming=naming).close()
    quote = family_of(make_url(url)).QUOTE
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text(naming.text("DROP TABLE vp_balance", quote)))
    assert wrong("tables_missing", lambda: SqlStore.open(url, naming=naming))["missing"] == [naming.name("vp_balance")]
    wrong("not_a_ledger", lambda: SqlStore.open(url, LEDGER))  # the host's tables, and none of ours
    wrong("no_ledger_there", lambda: SqlStore.open(url, LEDGER, create=False, naming=Naming(prefix="nobodys_")))


def test_the_words_of_a_key_taken_and_of_a_floor_are_known_under_any_name(place: tuple[str, Naming]) -> None:
    url, naming = place
    with SqlStore.open(url, LEDGER, naming=naming) as store:
        give(store, "first", 3)
    family = family_of(make_url(url))
    taken = naming.text(
        "INSERT INTO vp_entry SELECT ledger, position + 9, {}, number, kind, leaf, content FROM vp_entry"
    )
    key = "`key`" if family.QUOTE == "`" else "key"
    passed = naming.text("UPDATE vp_balance SET amount = -1 WHERE purpose = 'available'")
    with engine_for(url) as engine:
        for statement, code in ((taken.format(key), "key_taken"), (passed, "floor_passed")):
            with engine.connect() as connection:
                quoted = statement.replace('"', family.QUOTE or '"')
                with pytest.raises(DBAPIError) as raised:
                    connection.execute(text(quoted))
            assert getattr(family.translated(raised.value), "code", "") == code


# --- upgrades ----------------------------------------------------------------------------------------------------


def test_tables_are_brought_up_to_date_under_their_names(place: tuple[str, Naming]) -> None:
    url, naming = place
    quote = family_of(make_url(url)).QUOTE
    with engine_for(url) as engine, engine.begin() as connection:
        command.upgrade(configured(connection, naming), f"{BRANCH}@vp0001")
        connection.execute(text(naming.text(f"INSERT INTO vp_ledger VALUES ('{LEDGER}', 1, 'the first')", quote)))
        connection.execute(text(f"DROP TABLE {naming.placed('vp_alembic_version', quote)}"))
    wrong("older_schema", lambda: SqlStore.open(url, LEDGER, naming=naming))
    assert upgrade(in_url(url, naming)) == upgrade(url, naming=naming) == VERSION
    with SqlStore.open(url, LEDGER, naming=naming) as store:
        give(store, "key", 1)
        assert store.seal(NOW).size == 1
    assert naming.name("vp_alembic_version") in tables(url, naming.schema)
    assert "vp_alembic_version" not in tables(url)


def test_a_host_says_the_names_in_its_alembic_ini(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(
        "from alembic import context\n"
        "context.configure(connection=context.config.attributes['connection'])\n"
        "context.run_migrations()\n"
    )
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = {folder}\npath_separator = newline\nvolunteer_points_prefix = points_\n"
        f"version_locations = {folder / 'versions'}\n  {VERSIONS}\n"
    )
    config = Config(str(ini))
    engine = host_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
        create_ledger(connection, LEDGER, naming=Naming(prefix="points_"))
        store = SqlStore.joining(connection, LEDGER, naming=Naming(prefix="points_"))
        give(store, "key", 1)
        assert {name for name in inspect(connection).get_table_names() if name.startswith("vp_")} == set()
    engine.dispose()


# --- within a host's transaction -----------------------------------------------------------------------------------


def test_connections_and_sessions_of_a_host_are_joined(place: tuple[str, Naming]) -> None:
    url, naming = place
    if "mysql" in url:
        SqlStore.open(url, LEDGER, naming=naming).close()  # making tables would commit the host's transaction
    engine = host_engine(url)
    with engine.begin() as connection:
        create_ledger(connection, LEDGER, naming=naming)
        give(SqlStore.joining(connection, LEDGER, naming=naming), "first", 3)
    with Session(engine) as session, session.begin():
        session.execute(text("INSERT INTO orders VALUES (1)"))
        store = SqlStore.joining(session, LEDGER, naming=naming)
        give(store, "second", -2)
        assert asked(store, AVAILABLE_A) == {LOT: 1}
    with engine.begin() as connection:
        assert asked(SqlStore.joining(connection, LEDGER, naming=naming), AVAILABLE_A) == {LOT: 1}
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 1
    engine.dispose()


def test_an_event_loop_does_the_same(place: tuple[str, Naming]) -> None:
    url, naming = place
    if "mysql" in url:
        pytest.skip("there is no asyncio for MariaDB")

    async def work() -> tuple[object, object]:
        async with await AsyncSqlStore.open(in_url(url, naming), LEDGER) as store:
            await store.run(lambda ours: give(ours, "first", 3))
        engine = create_async_engine(url.replace("pysqlite", "aiosqlite").replace("sqlite://", "sqlite+aiosqlite://"))
        if engine.dialect.name == "sqlite":
            prepare(engine)
        async with engine.begin() as connection:
            joined = await AsyncSqlStore.joining(connection, LEDGER, naming=naming)
            await joined.run(lambda ours: give(ours, "second", 4))
        on = await AsyncSqlStore.on(engine, LEDGER, naming=naming)
        found = await on.run(lambda ours: asked(ours, AVAILABLE_A)), await joined_again(engine)
        await engine.dispose()
        return found

    async def joined_again(engine: AsyncEngine) -> object:
        async with engine.begin() as connection:
            joined = await AsyncSqlStore.joining(connection, LEDGER, naming=naming)
            return await joined.run(lambda ours: asked(ours, AVAILABLE_A))

    assert asyncio.run(work()) == ({LOT: 7}, {LOT: 7})


def test_the_grants_of_a_chosen_name_let_somebody_do_all_normal_work(place: tuple[str, Naming]) -> None:
    url, naming = place
    if "sqlite" in url:
        pytest.skip("a file has no users")
    SqlStore.open(url, LEDGER, naming=naming).close()
    family = of_postgresql if "postgresql" in url else mysql
    server = postgresql() if family is of_postgresql else mariadb()
    database = str(make_url(url).database)
    who = "named_app" if family is of_postgresql else "'named_app'@'%'"
    kind = "ROLE" if family is of_postgresql else "USER"
    texts = family.grants("named_app", naming=naming)
    server.run(database, f"DROP {kind} IF EXISTS {who}", f"CREATE {kind} {who}{' LOGIN' if kind == 'ROLE' else ''}")
    extra = [] if family is of_postgresql else [f"GRANT SELECT ON {database}.orders TO {who}"]  # to connect there
    server.run(database, *texts, *extra)
    try:
        with SqlStore.open(server.address(database, "named_app"), create=False, naming=naming) as store:
            give(store, "first", 3)
            assert store.seal(NOW).size == 1
            assert asked(store, AVAILABLE_A) == {LOT: 3}
    finally:
        owned = [f"DROP OWNED BY {who}"] if family is of_postgresql else []
        server.run(database, *owned, f"DROP {kind} {who}")


# --- names and their bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prefix",
    ["", "_", "points", "Points_", "1_", "po-ints_", "sqlite_", "x" * PREFIX_CHARACTERS + "_", "a_;--_", "积_"],
)
def test_a_prefix_that_no_database_would_take_is_refused(prefix: str) -> None:
    with pytest.raises(InputError) as raised:
        Naming(prefix=prefix)
    assert (raised.value.code, raised.value.facts["prefix"]) == ("not_a_prefix", prefix)


@pytest.mark.parametrize("schema_name", ["", "1st", 'a"b', "a`b", "a.b", "a b", "a'b", "a%b", "x" * 64, "村" * 22])
def test_a_schema_that_no_database_would_take_is_refused(schema_name: str) -> None:
    with pytest.raises(InputError) as raised:
        Naming(schema=schema_name)
    assert (raised.value.code, raised.value.facts["schema"]) == ("not_a_schema", schema_name)


def test_a_file_has_no_schemas(tmp_path: Path) -> None:
    wrong("no_schemas_there", lambda: SqlStore.open(f"sqlite:///{tmp_path}/ledger.db?schema=points", LEDGER))
    wrong("no_schemas_there", lambda: SqlStore.open(tmp_path / "other.db", LEDGER, naming=Naming(schema="points")))
    SqlStore.open(tmp_path / "third.db", LEDGER).close()
    wrong("no_schemas_there", lambda: upgrade(f"sqlite:///{tmp_path}/third.db?schema=points"))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_schema_that_is_not_there_is_told_and_not_made(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        wrong("schema_missing", lambda: SqlStore.open(url, LEDGER, naming=Naming(schema="nowhere")))


def test_a_url_says_the_names_or_the_program_does() -> None:
    url = make_url("postgresql://u@h/d?prefix=points_&schema=s&connect_timeout=3")
    assert named(url) == (make_url("postgresql://u@h/d?connect_timeout=3"), Naming(prefix="points_", schema="s"))
    assert named(URL.create("sqlite")) == (URL.create("sqlite"), DEFAULT)
    assert named(URL.create("sqlite"), Naming(prefix="a_")) == (URL.create("sqlite"), Naming(prefix="a_"))
    assert named(url, Naming(prefix="points_", schema="s"))[1].prefix == "points_"
    assert wrong("naming_twice", lambda: named(url, Naming(prefix="points_")))["schema"] == "s"
    wrong("not_a_prefix", lambda: named(make_url("sqlite:///x?prefix=a_&prefix=b_")), InputError)


def test_the_default_changes_no_text() -> None:
    statement = "SELECT current_schema(), vp_entry.key FROM vp_entry"
    assert DEFAULT.text(statement) is statement
    cursor = object()
    assert DEFAULT.speaking(cursor, "") is cursor  # type: ignore[arg-type]


PREFIXES = st.from_regex(r"[a-z][a-z0-9_]{0,30}_", fullmatch=True).filter(lambda text: not text.startswith("sqlite_"))
SCHEMAS = st.none() | st.from_regex(r"[A-Za-z村][A-Za-z0-9_村-]{0,15}", fullmatch=True)


@given(prefix=PREFIXES, within=SCHEMAS)
def test_every_name_fits_into_every_database(prefix: str, within: str | None) -> None:
    naming = Naming(prefix=prefix, schema=within)
    guards = {*mysql.guards(), *(f"{table.name}_no_truncate" for table in schema.APPEND_ONLY)}
    ours = {*schema.METADATA.tables, *guards, schema.FLOOR, schema.KEY, "vp_alembic_version", "vp_balance_due"}
    names = {naming.name(each) for each in ours}
    assert len(names) == len(ours)
    assert max(map(len, names)) <= 63
    placed = naming.text("vp_entry JOIN vp_leaf USING vp_balance_due")
    dot = "" if within is None else f'"{within}".'
    assert placed == f"{dot}{prefix}entry JOIN {dot}{prefix}leaf USING {prefix}balance_due"


def test_no_statement_names_a_table_that_the_schema_does_not_know() -> None:
    """A name that is missing there would be looked for outside of the schema."""
    folder = Path(schema.__file__).parent
    texts = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    known = {*schema.METADATA.tables, schema.FLOOR, schema.KEY, "vp_refuse", "vp_alembic_version", "vp_balance_due"}
    found = {name for name in re.findall(r"\bvp_[a-z_]+\b", texts) if name != "vp_" and "_no_" not in name}
    assert found - known == set()
    assert len(found) > len(schema.METADATA.tables) - 1
