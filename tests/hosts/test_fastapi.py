"""The example of a web application: orders and points stay together, in threads and in the loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from examples.fastapi_app.app import Order, app_of_the_village, make_app
from tests.hosts.villages import BAGS, KINDS, PEOPLE, POINTS, PRICE, async_host_engine, found, host_engine, village

pytestmark = pytest.mark.slow

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
WAYS = ("", "/loop")


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with village(request.param, tmp_path) as made:
        yield made


@asynccontextmanager
async def served(address: URL, level: str | None = None) -> AsyncIterator[AsyncClient]:
    """A browser of the application."""
    engine, loop_engine = host_engine(address, level), async_host_engine(address, level)
    app = make_app(sessionmaker(engine), async_sessionmaker(loop_engine))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://village") as client:
        yield client
    await loop_engine.dispose()
    engine.dispose()


async def order(client: AsyncClient, way: str, person: str, key: str, *, wish: bool = False) -> Response:
    body = {"volunteer": person, "item": "rice", "wish": wish}
    return await client.post(f"{way}/orders", json=body, headers={"Idempotency-Key": key})


def rows(address: URL) -> list[tuple[str, bool]]:
    """The person of each order, and whether something is held for it."""
    engine = host_engine(address)
    with Session(engine) as session:
        told = [(each.volunteer, each.redemption is not None) for each in session.scalars(select(Order))]
    engine.dispose()
    return told


@pytest.mark.parametrize("way", WAYS)
def test_an_order_takes_points_and_a_refused_one_leaves_nothing_but_a_wish(address: URL, way: str) -> None:
    async def visit() -> None:
        async with served(address) as client:
            for number in range(2):
                made = await order(client, way, "v-1", f"order {number}")
                assert made.status_code == 201, made.text
            refused = await order(client, way, "v-1", "third")
            assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_points")
            assert "10" in refused.json()["says"]
            wished = await order(client, way, "v-1", "third", wish=True)
            assert (wished.status_code, wished.json()["redemption"]) == (201, None)
            assert (await client.get(f"{way}/balances/v-1")).json() == POINTS - 2 * PRICE

    asyncio.run(visit())
    assert rows(address) == [("v-1", True), ("v-1", True), ("v-1", False)]
    assert found(address) == (3, 2)


def test_the_same_key_from_many_at_once_makes_one_order(address: URL) -> None:
    async def visit() -> None:
        async with served(address) as client:
            answers = await asyncio.gather(*[order(client, WAYS[turn % 2], "v-1", "same") for turn in range(8)])
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
        assert len({answer.json()["id"] for answer in answers}) == 1

    asyncio.run(visit())
    assert found(address) == (1, 1)


async def rush(address: URL, level: str | None) -> Counter[int]:
    """Everybody wants two bags at once, half of them in threads and half in the loop."""
    async with served(address, level) as client:
        wanted = [(WAYS[turn % 2], person, f"{person} {turn}") for turn in range(4) for person in PEOPLE]
        answers = await asyncio.gather(*[order(client, *each) for each in wanted])
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "out_of_stock",
        "not_enough_points",
    }
    return Counter(answer.status_code for answer in answers)


def test_of_many_who_want_the_last_three_bags_at_once_three_get_one(address: URL) -> None:
    assert asyncio.run(rush(address, None)) == {201: BAGS, 409: 4 * len(PEOPLE) - BAGS}
    assert found(address) == (BAGS, BAGS)


@pytest.mark.parametrize("level", LEVELS[1:])
def test_so_it_is_at_every_level_of_isolation_because_the_whole_transaction_runs_again(
    tmp_path: Path, level: str
) -> None:
    with village("postgresql", tmp_path) as address:
        answers = asyncio.run(rush(address, level))
        assert answers[201] == BAGS, answers
        assert found(address) == (BAGS, BAGS)


def test_the_application_can_be_started_over_a_file(tmp_path: Path) -> None:
    with village("sqlite", tmp_path) as address:
        app = app_of_the_village(str(address.database))

        async def visit() -> int:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://village") as client:
                return int((await client.get("/loop/balances/v-2")).json())

        assert asyncio.run(visit()) == POINTS
