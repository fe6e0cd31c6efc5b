"""Orders for goods: an order and the points that it takes are one transaction, in threads and in the event loop.

pip install 'volunteer-points[async,servers]' fastapi uvicorn
uvicorn --factory examples.fastapi_app.app:app_of_the_village
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from volunteer_points import Balance, Busy, Outcome, Programme, Redeem, Refused
from volunteer_points.asynchronous import AsyncProgramme, AsyncSqlStore
from volunteer_points.entries import Held
from volunteer_points.explain import sentence
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare

LEDGER: Final = "village"
DESK: Final = "leader"
"""In whose name the application redeems; the programme gives this actor the right to."""
TRIES: Final = 20

Found = TypeVar("Found")
Key = Annotated[str, Header(alias="Idempotency-Key")]


class Base(DeclarativeBase):
    """The application's tables."""


class Order(Base):
    """What somebody wants, and the redemption that holds it for them; none when the programme refused."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    volunteer: Mapped[str]
    item: Mapped[str]
    redemption: Mapped[str | None]


class NewOrder(BaseModel):
    """What a browser sends. A wish is kept as a row even when there are no points for it yet."""

    volunteer: str
    item: str
    wish: bool = False


class OrderShown(BaseModel):
    """What a browser gets back."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    volunteer: str
    item: str
    redemption: str | None


# --- what both kinds of endpoint do ---


def redemption_of(new: NewOrder) -> Redeem:
    """The command behind an order."""
    return Redeem(volunteer=new.volunteer, item=new.item)


def row(new: NewOrder, key: str, outcome: Outcome | None) -> Order:
    """The order as the application keeps it."""
    redemption = outcome.fact(Held).redemption if outcome else None
    return Order(key=key, volunteer=new.volunteer, item=new.item, redemption=redemption)


def pause_seconds(attempt: int) -> float:
    """How long to wait before the whole transaction runs again."""
    return 0.002 * (1 << min(attempt, 6)) * random.uniform(0.5, 1)  # noqa: S311 - not a secret


# --- endpoints that run in threads ---


def place_order(session: Session, new: NewOrder, key: str) -> OrderShown:
    """Hold the item and write the order, or find what the same key did before; the caller commits."""
    programme = Programme(SqlStore.joining(session, LEDGER))
    outcome = None
    try:
        outcome = programme.execute(redemption_of(new), actor=DESK, key=f"order:{key}")
    except Refused:
        if not new.wish:
            raise
    order = session.scalar(select(Order).where(Order.key == key))
    if order is None:
        order = row(new, key, outcome)
        session.add(order)
        session.flush()
    return OrderShown.model_validate(order)


def in_transaction(sessions: sessionmaker[Session], work: Callable[[Session], Found]) -> Found:
    """Run all of a transaction, and again when others were in its way."""
    for attempt in range(TRIES):
        try:
            with sessions.begin() as session:
                return work(session)
        except (Busy, OperationalError):
            time.sleep(pause_seconds(attempt))
    with sessions.begin() as session:
        return work(session)


def add_endpoints(app: FastAPI, sessions: sessionmaker[Session]) -> None:
    """Endpoints that FastAPI calls in threads."""

    @app.post("/orders", status_code=201)
    def order(new: NewOrder, key: Key) -> OrderShown:
        return in_transaction(sessions, lambda session: place_order(session, new, key))

    @app.get("/balances/{volunteer}")
    def balance(volunteer: str) -> int:
        def read(session: Session) -> Balance:
            return Programme(SqlStore.joining(session, LEDGER)).balance(volunteer)

        return in_transaction(sessions, read).available


# --- endpoints that run in the event loop ---


async def place_order_in_loop(session: AsyncSession, new: NewOrder, key: str) -> OrderShown:
    """The same in the event loop."""
    programme = AsyncProgramme(await AsyncSqlStore.joining(session, LEDGER))
    outcome = None
    try:
        outcome = await programme.execute(redemption_of(new), actor=DESK, key=f"order:{key}")
    except Refused:
        if not new.wish:
            raise
    order = await session.scalar(select(Order).where(Order.key == key))
    if order is None:
        order = row(new, key, outcome)
        session.add(order)
        await session.flush()
    return OrderShown.model_validate(order)


async def in_transaction_in_loop(
    sessions: async_sessionmaker[AsyncSession], work: Callable[[AsyncSession], Awaitable[Found]]
) -> Found:
    """The same in the event loop."""
    for attempt in range(TRIES):
        try:
            async with sessions.begin() as session:
                return await work(session)
        except (Busy, OperationalError):
            await asyncio.sleep(pause_seconds(attempt))
    async with sessions.begin() as session:
        return await work(session)


def add_endpoints_in_loop(app: FastAPI, sessions: async_sessionmaker[AsyncSession]) -> None:
    """Endpoints that FastAPI awaits."""

    @app.post("/loop/orders", status_code=201)
    async def order(new: NewOrder, key: Key) -> OrderShown:
        return await in_transaction_in_loop(sessions, lambda session: place_order_in_loop(session, new, key))

    @app.get("/loop/balances/{volunteer}")
    async def balance(volunteer: str) -> int:
        async def read(session: AsyncSession) -> Balance:
            return await AsyncProgramme(await AsyncSqlStore.joining(session, LEDGER)).balance(volunteer)

        return (await in_transaction_in_loop(sessions, read)).available


# --- the application ---


def make_app(sessions: sessionmaker[Session], loop_sessions: async_sessionmaker[AsyncSession]) -> FastAPI:
    """The application, on sessions of one database that holds its orders and the ledger."""
    app = FastAPI(title="Orders of the village")

    @app.exception_handler(Refused)
    async def refused(_: Request, refusal: Refused) -> JSONResponse:
        return JSONResponse({"code": refusal.code, "says": sentence(refusal, "en")}, status_code=409)

    @app.exception_handler(Busy)
    async def busy(_: Request, error: Busy) -> JSONResponse:
        return JSONResponse({"code": error.code, "says": sentence(error, "en")}, status_code=503)

    add_endpoints(app, sessions)
    add_endpoints_in_loop(app, loop_sessions)
    return app


def app_of_the_village(file: str = "village.sqlite") -> FastAPI:
    """The application over a file of SQLite that has the ledger and the table of orders."""
    engine, loop_engine = create_engine(f"sqlite:///{file}"), create_async_engine(f"sqlite+aiosqlite:///{file}")
    prepare(engine)
    prepare(loop_engine)
    Base.metadata.create_all(engine)
    return make_app(sessionmaker(engine), async_sessionmaker(loop_engine))
