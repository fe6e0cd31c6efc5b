"""A PostgreSQL that commits without the standby it was told to wait for has not answered: the same key finds out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.storage.commits import LEDGER, LOT, asked, gift, write
from tests.storage.servers import PostgresqlServer, postgresql
from volunteer_points import Adopt, Enrol, Programme
from volunteer_points.asynchronous import AsyncSqlStore
from volunteer_points.books import LotsOf
from volunteer_points.errors import CommitUnknown
from volunteer_points.postings import Account, Purpose
from volunteer_points.programme import Retry
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import FOUNDERS, small_programme

pytestmark = pytest.mark.slow

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")
ONCE = Retry(times=0)


class Standby:
    """A server that waits for a standby which never comes."""

    def __init__(self, server: PostgresqlServer, database: str) -> None:
        self.server = server
        self.database = database

    def name(self, standby: str) -> None:
        """Let it wait for this one from now on; for none if it is empty."""
        self._run(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'", "SELECT pg_reload_conf()")
        until = time.monotonic() + 10
        while self._run("SHOW synchronous_standby_names") != [(standby,)]:
            assert time.monotonic() < until
            time.sleep(0.01)

    def break_off(self) -> None:
        """Cancel the wait of whoever waits."""
        until = time.monotonic() + 20
        look = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
        while not (waiting := self._run(look)):
            assert time.monotonic() < until, "nobody waits for the standby"
            time.sleep(0.01)
        for (pid,) in waiting:
            self._run(f"SELECT pg_cancel_backend({pid})")

    def _run(self, *statements: str) -> list[tuple[object, ...]]:
        return self.server.run(self.database, "SET synchronous_commit = off", *statements)


@pytest.fixture
def standby() -> Iterator[Standby]:
    server = postgresql()
    database = server.lease()
    made = Standby(server, database)
    try:
        yield made
    finally:
        made.name("")
        server.give_back(database)


def broken_off(standby: Standby, deed: Callable[[], object]) -> CommitUnknown:
    """What comes out of a deed whose COMMIT waits for the standby, until the wait is broken off."""
    with ThreadPoolExecutor(1) as pool:
        going: Future[object] = pool.submit(deed)
        standby.break_off()
        with pytest.raises(CommitUnknown) as raised:
            going.result(30)
    return raised.value


def test_a_commit_whose_wait_for_the_standby_was_broken_off_is_unknown(standby: Standby) -> None:
    with SqlStore.open(standby.server.address(standby.database), LEDGER) as store:
        write(store, gift("before", A, 1))
        standby.name("missing")
        error = broken_off(standby, lambda: write(store, gift("key", A, 2)))
        assert "standby" in str(error.facts["problem"])
        assert error.facts["fix"]
        standby.name("")
        assert asked(store, AVAILABLE_A) == {LOT: 3}, "it is there, on this server alone"
        write(store, gift("after", A, 4))
        assert asked(store, AVAILABLE_A) == {LOT: 7}


def test_so_it_is_in_an_event_loop(standby: Standby) -> None:
    address = standby.server.address(standby.database)

    def work() -> None:
        async def writes() -> None:
            async with await AsyncSqlStore.open(address, LEDGER) as store:
                await store.run(lambda ours: write(ours, gift("key", A, 2)))

        asyncio.run(writes())

    standby.name("missing")
    broken_off(standby, work)


def test_the_same_key_waits_for_the_standby_again_and_gives_the_first_outcome(standby: Standby) -> None:
    with SqlStore.open(standby.server.address(standby.database), LEDGER) as store:
        programme = Programme(store, retry=ONCE)
        first, second = FOUNDERS
        programme.execute(Adopt(definition=small_programme(), author=first), actor=second)
        enrol = Enrol(volunteer="v-9")

        def enrolled() -> object:
            return programme.execute(enrol, actor=FOUNDERS[0], key="enrol-9")

        standby.name("missing")
        broken_off(standby, enrolled)
        broken_off(standby, enrolled)  # a repetition is not acknowledged before the standby has the first one
        standby.name("")
        outcome = programme.execute(enrol, actor=FOUNDERS[0], key="enrol-9")
        assert outcome.replayed
        assert [entry.key for entry in outcome.entries] == ["enrol-9"]
