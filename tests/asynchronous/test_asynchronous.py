"""The programme in an event loop: the same methods and errors, and the loop goes on whatever the database does."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.ext.asyncio import AsyncSession

from examples.fastapi_app.app import LEDGER, Order
from tests.hosts.villages import BAGS, KINDS, PEOPLE, POINTS, PRICE, async_host_engine, found, village
from tests.storage.test_sql import wrong
from volunteer_points import Busy, Enrol, KeyConflict, Misconfigured, Programme, Redeem, Refused, Retry
from volunteer_points import Order as Bring
from volunteer_points.asynchronous import AsyncProgramme, AsyncSqlStore
from volunteer_points.books import Committed
from volunteer_points.errors import HostBusy, Misused
from volunteer_points.storage import connections
from volunteer_points.storage.families import Family, family_of
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import FOUNDERS

LATE_SECONDS = 0.05


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with village(request.param, tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(address: URL) -> AsyncIterator[AsyncProgramme]:
    async with await AsyncSqlStore.open(address.render_as_string(hide_password=False), LEDGER) as store:
        yield AsyncProgramme(store)


async def rice(programme: AsyncProgramme, key: str, person: str = "v-1", quantity: int = 1) -> None:
    command = Redeem(volunteer=person, item="rice", quantity=quantity)
    await programme.execute(command, actor="leader", key=key)


async def with_ticks(work: Coroutine[Any, Any, object]) -> float:
    """By how many seconds the latest tick of a task was late that ticks while the work is done."""
    latest, done = 0.0, False

    async def tick() -> None:
        nonlocal latest
        while not done:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            latest = max(latest, time.monotonic() - due)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.02)
    await work
    done = True
    await ticking
    return latest


def test_every_method_of_a_programme_can_be_awaited() -> None:
    methods = {name for name, each in vars(Programme).items() if callable(each) and not name.startswith("_")}
    assert {name for name in methods if not hasattr(AsyncProgramme, name)} == set()
    for name in methods - {"entries"}:
        assert inspect.iscoroutinefunction(getattr(AsyncProgramme, name))
        assert getattr(AsyncProgramme, name).__doc__ == getattr(Programme, name).__doc__


@pytest.mark.parametrize("driver", ["sqlite+aiosqlite", "postgresql+psycopg_async"])
def test_a_family_in_the_loop_has_all_that_a_family_has(driver: str) -> None:
    family = family_of(URL.create(driver))
    names = {name for name in vars(Family) if not name.startswith("_")} | set(Family.__annotations__)
    assert [name for name in sorted(names) if not hasattr(family, name)] == []


def test_it_does_and_refuses_the_same_as_a_programme_in_a_thread(address: URL) -> None:
    async def work() -> None:
        async with opened(address) as programme:
            await rice(programme, "zero", "v-3")
            await rice(programme, "one")
            assert (await programme.preview(Redeem(volunteer="v-2", item="rice"), actor="leader")).entries
            with pytest.raises(Refused, match="out of stock"):
                await rice(programme, "two", "v-2", 2)
            with pytest.raises(KeyConflict):
                await rice(programme, "one", "v-2")
            _, held = sorted(await programme.open_redemptions(), key=lambda each: str(each.held.volunteer) == "v-1")
            assert (await programme.balance("v-1")).available == POINTS - PRICE
            assert "rice" in str(await programme.explain(held.held.redemption))
            assert (await programme.statement("v-1")).lines
            assert await programme.pending() == ()
            told = [entry async for entry in programme.entries()]
        with SqlStore.open(address.render_as_string(hide_password=False), LEDGER) as store:
            assert told == list(Programme(store).entries())

    asyncio.run(work())


def test_of_many_tasks_that_want_the_last_three_bags_at_once_three_get_one(address: URL) -> None:
    async def work() -> None:
        async with opened(address) as programme:
            wanted = [rice(programme, f"{person} {turn}", person) for person in PEOPLE for turn in range(2)]
            answers = await asyncio.gather(*wanted, return_exceptions=True)
        assert sum(answer is None for answer in answers) == BAGS
        assert {getattr(answer, "code", "got one") for answer in answers} == {"got one", "out_of_stock"}

    asyncio.run(work())
    assert found(address) == (0, BAGS)


# --- the loop goes on ---


def test_the_loop_goes_on_while_a_writer_waits_for_another_process(address: URL) -> None:
    engine = create_engine(address)
    begin, hold = {
        "sqlite": ("BEGIN IMMEDIATE", "SELECT 1"),
        "postgresql": ("SELECT 1", "UPDATE vp_subject SET version = version"),
    }[engine.dialect.name]

    async def work() -> None:
        async with opened(address) as programme:
            with engine.connect() as other:
                other.exec_driver_sql(begin)
                other.exec_driver_sql(hold)
                writing = asyncio.create_task(rice(programme, "one"))
                assert await with_ticks(asyncio.sleep(0.5)) < LATE_SECONDS
                assert not writing.done()
                other.rollback()
            await writing

    asyncio.run(work())
    engine.dispose()
    assert found(address) == (0, 1)


@pytest.mark.slow
def test_the_loop_goes_on_while_two_thousand_entries_are_imported_in_bounded_transactions(address: URL) -> None:
    """Of three times the quietest counts: a machine that others use is late by itself now and then."""

    def people(turn: int) -> list[Bring]:
        return [Bring(command=Enrol(volunteer=f"new-{turn}-{number}"), actor=FOUNDERS[0]) for number in range(2000)]

    async def work() -> None:
        async with opened(address) as programme:

            async def bring(orders: list[Bring]) -> None:
                for start in range(0, len(orders), 100):
                    await programme.execute_many(orders[start : start + 100])

            late = [await with_ticks(bring(people(turn))) for turn in range(3)]
            assert len(await programme.volunteers()) == 6000 + len(PEOPLE)
        assert min(late) < LATE_SECONDS

    asyncio.run(work())


def test_between_the_decisions_of_one_batch_the_loop_goes_on(address: URL) -> None:
    orders = [Bring(command=Enrol(volunteer=f"new-{number}"), actor=FOUNDERS[0]) for number in range(1000)]

    async def work() -> None:
        async with opened(address) as programme:
            begun = time.monotonic()
            late = await with_ticks(programme.preview_many(orders))
            assert late < (time.monotonic() - begun) / 2

    asyncio.run(work())


def test_a_busy_store_is_tried_again_after_waits_of_the_loop(address: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WAITS_AT_MOST_SECONDS", 0.05)
    waits = itertools.count()

    def blocks(_: float) -> None:
        raise AssertionError("the loop was kept waiting")

    retry = Retry(times=2, sleep=blocks, jitter=lambda: float(next(waits)))

    async def work() -> None:
        async with opened(address) as programme:
            impatient = AsyncProgramme(programme.store, retry=retry)
            holding = await programme.store.run(lambda store: store.session())
            session = await programme.store.run(lambda _: holding.__enter__())
            await programme.store.run(lambda _: session.take(["key:one"]))
            await programme.store.run(lambda _: session.ask([Committed("one")]))
            with pytest.raises(Misused):
                await rice(impatient, "one")
            with pytest.raises(Busy):
                await asyncio.create_task(rice(impatient, "one"))
            await programme.store.run(lambda _: holding.__exit__(None, None, None))
            await rice(impatient, "one")

    asyncio.run(work())
    assert next(waits) == 2


def test_what_is_cancelled_leaves_nothing_and_the_next_goes_on(address: URL) -> None:
    async def work() -> None:
        async with opened(address) as programme:
            for wait_seconds in (0, 0.001, 0.003, 0.006):
                task = asyncio.create_task(rice(programme, f"after {wait_seconds}", "v-1"))
                await asyncio.sleep(wait_seconds)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            async with aclosing(programme.entries()) as entries:
                assert (await anext(entries)).ledger == LEDGER
            held = len(await programme.open_redemptions())
            await rice(programme, "at last", "v-2")
            assert len(await programme.open_redemptions()) == held + 1
            assert (await programme.balance("v-1")).held == held * PRICE

    asyncio.run(work())


# --- a host's transaction ---


@pytest.mark.parametrize("how", ["commit", "rollback"])
def test_an_asynchronous_session_and_a_redemption_stay_or_go_together(address: URL, how: str) -> None:
    async def work() -> None:
        engine = async_host_engine(address)
        async with AsyncSession(engine) as session:
            session.add(Order(key="one", volunteer="v-1", item="rice"))
            programme = AsyncProgramme(await AsyncSqlStore.joining(session, LEDGER))
            with pytest.raises(Refused):
                await rice(programme, "too many", quantity=BAGS + 1)
            await rice(programme, "one")
            await getattr(session, how)()
        await engine.dispose()

    asyncio.run(work())
    assert found(address) == ((1, 1) if how == "commit" else (0, 0))


def test_a_store_on_the_engine_of_an_application_has_transactions_of_its_own(address: URL) -> None:
    async def work() -> None:
        engine = async_host_engine(address)
        await rice(AsyncProgramme(await AsyncSqlStore.on(engine, LEDGER, durable=False)), "one")
        async with engine.connect() as connection:
            unbegun = engine.connect()
            with pytest.raises(Misconfigured, match="not begun"):
                await AsyncSqlStore.joining(unbegun, LEDGER)
            assert connection.in_transaction() is False
        await engine.dispose()

    asyncio.run(work())
    assert found(address) == (0, 1)


def test_a_busy_transaction_of_a_host_is_the_hosts_to_try_again(tmp_path: Path) -> None:
    with village("postgresql", tmp_path) as address:

        async def work() -> None:
            engine = async_host_engine(address, "REPEATABLE READ")
            async with opened(address) as other, AsyncSession(engine) as session:
                programme = AsyncProgramme(await AsyncSqlStore.joining(session, LEDGER))
                await programme.balance("v-1")
                await rice(other, "meanwhile")
                with pytest.raises(HostBusy):
                    await rice(programme, "too late")
            await engine.dispose()

        asyncio.run(work())


# --- what is not fit ---


def test_outside_of_a_loop_it_says_what_to_use() -> None:
    facts = wrong("outside_of_event_loop", lambda: SqlStore.open("sqlite+aiosqlite:///ledger.sqlite", LEDGER))
    assert "asynchronous" in str(facts["fix"])


def test_without_the_driver_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "aiosqlite.py").write_text("raise ImportError('no aiosqlite here')")
    program = (
        "import asyncio\n"
        "from volunteer_points.asynchronous import AsyncSqlStore\n"
        "from volunteer_points.errors import Misconfigured\n"
        "try: asyncio.run(AsyncSqlStore.open('ledger.sqlite', 'x'))\n"
        "except Misconfigured as error: print(error.code, error.facts['fix'])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cannot_open Install the driver: pip install 'volunteer-points[async]'")
