"""A disk that is full, under every engine: it is named, nothing is half written, and the same keys go on afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.storage.commits import LEDGER
from tests.storage.disks import SmallDisk, small_disk
from tests.storage.mariadb import mariadb
from tests.storage.pressure import EARLY, HOT, Told, begin, check
from tests.storage.servers import postgresql
from volunteer_points import commands as c
from volunteer_points.errors import CommitUnknown, StoreError
from volunteer_points.explain import explain_refusal
from volunteer_points.model import Reason
from volunteer_points.programme import Order, Outcome, Programme, Retry
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import FOUNDERS

AT_ONCE = 20


@contextmanager
def sqlite_on_small_disk(folder: Path) -> Iterator[tuple[SmallDisk, str]]:
    with small_disk(folder, 2) as disk:
        yield disk, str(folder / "ledger.sqlite")


@contextmanager
def postgresql_on_small_disk(_: Path) -> Iterator[tuple[SmallDisk, str]]:
    """The tables lie there; a server whose log has no room left stops by itself."""
    server = postgresql()
    folder = server.folder / "small"
    folder.mkdir()
    shutil.chown(folder, server.data.owner(), server.data.group())
    with small_disk(folder, 24) as disk:
        server.run("postgres", f"CREATE TABLESPACE small LOCATION '{folder}'")
        server.run("postgres", "CREATE DATABASE full_disk TABLESPACE small")
        try:
            yield disk, server.address("full_disk")
        finally:
            server.drop("full_disk")
            server.run("postgres", "DROP TABLESPACE small")


@contextmanager
def mariadb_on_small_disk(_: Path) -> Iterator[tuple[SmallDisk, str]]:
    """The tables lie there."""
    server = mariadb()
    with server.database() as name, small_disk(server.folder / "data" / name, 4) as disk:
        try:
            yield disk, server.address(name)
        finally:
            server.run(name, *(f"DROP TABLE {table}" for (table,) in server.run(name, "SHOW TABLES")))


DISKS = {"sqlite": sqlite_on_small_disk, "postgresql": postgresql_on_small_disk, "mariadb": mariadb_on_small_disk}


@pytest.mark.slow
@pytest.mark.parametrize("kind", DISKS)
def test_a_full_disk_is_named_and_when_there_is_room_the_same_keys_have_one_effect(kind: str, tmp_path: Path) -> None:
    told = Told()
    with DISKS[kind](tmp_path) as (disk, address):
        with SqlStore.open(address, LEDGER) as store:
            begin(store)
            programme = Programme(store, retry=Retry(times=1))
            disk.fill()
            error, left = write_until_full(programme, told)
            assert error.code == "disk_full"
            for lang, word in (("en", "Make room on the disk"), ("zh", "腾出空间")):
                assert word in str(explain_refusal(error, None, lang))  # type: ignore[arg-type]
            written = check(store, [told]) if not isinstance(error, CommitUnknown) else []
            disk.make_room()
            for _ in range(2):
                acknowledge(told, programme.execute_many(left))
            entries = check(store, [told])
            assert entries[: len(written)] == written
        with SqlStore.open(address, LEDGER, create=False) as store:
            assert check(store, [told]) == entries
    assert len(told.acknowledged) >= AT_ONCE


def write_until_full(programme: Programme, told: Told) -> tuple[StoreError, list[Order]]:
    """What came when the disk was full, and what was to be written then."""
    for number in range(100):
        orders = [
            Order(
                command=c.Adjust(volunteer=HOT[0], points=1, requested_by="leader", reason=Reason(code="gift")),
                actor=FOUNDERS[0],
                key=f"gift {number} {each}",
                booked_at=EARLY,
            )
            for each in range(AT_ONCE)
        ]
        try:
            acknowledge(told, programme.execute_many(orders))
        except StoreError as error:
            return error, orders
    raise AssertionError("acknowledged without room for it")


def acknowledge(told: Told, outcomes: tuple[Outcome, ...]) -> None:
    """Remember what was written."""
    for outcome in outcomes:
        ids = [entry.id for entry in outcome.entries]
        assert told.acknowledged.setdefault(outcome.key, ids) == ids
