"""Whatever way a ledger is opened, another one, an older or newer one, and what is none of ours says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import make_url, text

from tests.storage.commits import LEDGER
from tests.storage.test_migrations import empty_database, engine_for
from tests.storage.test_naming import host_engine
from tests.storage.test_sql import wrong
from volunteer_points.asynchronous import AsyncSqlStore
from volunteer_points.storage.schema import VERSION
from volunteer_points.storage.sql import SqlStore

Way: TypeAlias = Callable[[str, str], object]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as address:
        yield address


def by_url(url: str, ledger: str) -> object:
    return SqlStore.open(url, ledger)


def to_read(url: str, ledger: str) -> object:
    return SqlStore.open(url, ledger, read_only=True)


def on_an_engine(url: str, ledger: str) -> object:
    engine = host_engine(url)
    try:
        return SqlStore(engine, ledger)
    finally:
        engine.dispose()


def in_a_transaction(url: str, ledger: str) -> object:
    engine = host_engine(url)
    try:
        with engine.begin() as connection:
            return SqlStore.joining(connection, ledger)
    finally:
        engine.dispose()


def in_a_loop(url: str, ledger: str) -> object:
    if make_url(url).get_backend_name() == "mysql":
        pytest.skip("there is no asyncio for MariaDB")

    async def opened() -> None:
        await (await AsyncSqlStore.open(url, ledger)).close()

    return asyncio.run(opened())


@pytest.mark.parametrize("way", [by_url, to_read, on_an_engine, in_a_transaction, in_a_loop])
def test_what_is_not_the_ledger_that_is_meant_says_so(url: str, way: Way) -> None:
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id integer)"))
    assert wrong("not_a_ledger", lambda: way(url, LEDGER))["tables"] == ["orders"]
    with engine_for(url) as engine, engine.begin() as connection:
        connection.execute(text("DROP TABLE orders"))
    SqlStore.open(url, LEDGER).close()
    facts = wrong("other_ledger", lambda: way(url, "another"))
    assert (facts["ledger"], facts["found"]) == ("another", [LEDGER])
    for version, code in ((VERSION + 1, "newer_schema"), (VERSION - 1, "older_schema")):
        with engine_for(url) as engine, engine.begin() as connection:
            where = " ON vp_ledger" if engine.dialect.name == "postgresql" else ""
            trigger = "vp_ledger_no_change" if where else "vp_ledger_no_update"
            connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{where}"))
            connection.execute(text(f"UPDATE vp_ledger SET schema_version = {version}"))  # noqa: S608 - a number
        facts = wrong(code, lambda: way(url, LEDGER))
        assert (facts["schema_version"], facts["known"]) == (version, VERSION)
        assert facts["fix"]
