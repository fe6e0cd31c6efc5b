"""Databases in which an application keeps its orders beside a ledger: three people with points, three bags of rice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from examples.fastapi_app.app import LEDGER, Base
from tests.storage.servers import postgresql
from volunteer_points import Adjust, Adopt, Enrol, Order, Programme, Reason, ReceiveStock
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.programmes import FOUNDERS, small_programme

KINDS: Final = ("sqlite", "postgresql")
PEOPLE: Final = tuple(f"v-{number}" for number in range(1, 7))
POINTS, PRICE, BAGS = 50, 20, 3


@contextmanager
def village(kind: str, folder: Path) -> Iterator[URL]:
    """The address of a database of a kind, with the ledger and the table of orders."""
    if kind == "sqlite":
        address = make_url(f"sqlite:///{folder / 'village.sqlite'}")
        settle(address)
        yield address
        return
    with postgresql().database() as name:
        address = postgresql().url(name)
        settle(address)
        yield address


def settle(address: URL) -> None:
    """Make the ledger, a programme, people with points, and bags on the shelf."""
    engine = host_engine(address)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        create_ledger(connection, LEDGER)
        programme = Programme(SqlStore.joining(connection, LEDGER))
        programme.execute(Adopt(definition=small_programme(), author=FOUNDERS[0]), actor=FOUNDERS[1])
        reason = Reason(code="welcome")
        programme.execute_many(
            [
                order
                for person in PEOPLE
                for order in (
                    Order(command=Enrol(volunteer=person), actor=FOUNDERS[0]),
                    Order(
                        command=Adjust(volunteer=person, points=POINTS, requested_by=FOUNDERS[0], reason=reason),
                        actor=FOUNDERS[1],
                    ),
                )
            ]
        )
        programme.execute(ReceiveStock(item="rice", quantity=BAGS), actor="shop")
    engine.dispose()


def host_engine(address: URL, level: str | None = None) -> Engine:
    """An engine as an application makes it."""
    engine = create_engine(address, **({"isolation_level": level} if level else {}))
    if engine.dialect.name == "sqlite":
        prepare(engine, durable=False)
    return engine


def async_host_engine(address: URL, level: str | None = None) -> AsyncEngine:
    """The same for the event loop."""
    name = address.drivername.replace("sqlite", "sqlite+aiosqlite")
    engine = create_async_engine(address.set(drivername=name), **({"isolation_level": level} if level else {}))
    if engine.dialect.name == "sqlite":
        prepare(engine, durable=False)
    return engine


def found(address: URL) -> tuple[int, int]:
    """How many orders there are, and how many bags are held by the ledger."""
    engine = host_engine(address)
    with engine.begin() as connection:
        orders = connection.scalar(text("SELECT count(*) FROM orders")) or 0
        left = sum(Programme(SqlStore.joining(connection, LEDGER)).stock("rice").values())
    engine.dispose()
    return orders, BAGS - left
