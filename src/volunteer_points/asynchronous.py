"""The same programme for an application of asyncio, whose event loop is never kept waiting.

The core and the SQL are those of :class:`~volunteer_points.programme.Programme` and
:class:`~volunteer_points.storage.sql.SqlStore`; SQLAlchemy's asyncio lets them wait for the database while the loop
does other things. Needs the extra ``async``, and for PostgreSQL ``servers``.

>>> import asyncio, pathlib, tempfile
>>> async def main(folder):
...     async with await AsyncSqlStore.open(pathlib.Path(folder) / "ledger.sqlite", "saihan") as store:
...         return await AsyncProgramme(store).volunteers()
>>> with tempfile.TemporaryDirectory() as folder:
...     asyncio.run(main(folder))
()
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial, wraps
from itertools import islice
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import attrs
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from volunteer_points.entries import Entry
from volunteer_points.errors import Misconfigured
from volunteer_points.ledger import decode
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.programme import Programme, Retry
from volunteer_points.storage import Reader
from volunteer_points.storage.families import url_of
from volunteer_points.storage.naming import DEFAULT, Naming
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.tasks import sleep

ENTRIES_AT_ONCE: Final = 100
"""So many entries are decoded before the loop may do other things."""

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+pysqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg_async",
    "postgresql+psycopg": "postgresql+psycopg_async",
}

Given = ParamSpec("Given")
Found = TypeVar("Found")


class AsyncSqlStore:
    """A ledger in a database that is reached through SQLAlchemy's asyncio.

    It is made by :meth:`open`, :meth:`on` or :meth:`joining`, within the loop in which it will be used.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @classmethod
    async def open(  # noqa: PLR0913 - as SqlStore.open
        cls,
        place: str | os.PathLike[str],
        ledger: str | None = None,
        *,
        create: bool = True,
        durable: bool = True,
        read_only: bool = False,
        naming: Naming | None = None,
    ) -> Self:
        """Open a ledger as :meth:`SqlStore.open` does, by its file or URL; close it when done.

        Raises:
            Misconfigured: it is no ledger, another ledger, or not as the library needs it; ``fix`` says what to do.
        """
        url = url_of(place)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        text = url.render_as_string(hide_password=False)
        how = {"create": create, "durable": durable, "read_only": read_only}
        return cls(await greenlet_spawn(partial(SqlStore.open, text, ledger, naming=naming, **how)))

    @classmethod
    async def on(
        cls,
        engine: AsyncEngine,
        ledger: str,
        *,
        durable: bool = True,
        read_only: bool = False,
        naming: Naming = DEFAULT,
    ) -> Self:
        """Work on an engine of the application's, in transactions of the store's own.

        For SQLite, :func:`volunteer_points.storage.sqlite.prepare` sets the engine up first.

        Raises:
            Misconfigured: the ledger is not there, or the database is not as it needs it.
        """
        making = partial(SqlStore, durable=durable, read_only=read_only, naming=naming)
        return cls(await greenlet_spawn(making, engine.sync_engine, ledger))

    @classmethod
    async def joining(
        cls,
        host: AsyncConnection | AsyncSession | async_scoped_session[AsyncSession],
        ledger: str,
        *,
        naming: Naming = DEFAULT,
    ) -> Self:
        """Work within a transaction that the host has begun and will end, as :meth:`SqlStore.joining` does.

        Raises:
            Misconfigured: the transaction is not fit, or the ledger is not there; ``fix`` says what to do.
        """
        return cls(await greenlet_spawn(partial(SqlStore.joining, naming=naming), _synchronous(host), ledger))

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._store.ledger

    @property
    def url(self) -> URL:
        """Where the database is. The password is in it, and is hidden when it is shown."""
        return self._store.url

    async def run(self, work: Callable[[SqlStore], Found]) -> Found:
        """Run a plain function on the synchronous store; wherever it waits for the database, the loop goes on.

        The way to everything that a :class:`SqlStore` can do. What the function computes itself keeps the loop waiting.
        """
        return await greenlet_spawn(work, self._store)

    async def close(self) -> None:
        """Close every connection of the store's own; a host's connection stays as it is."""
        await greenlet_spawn(self._store.close)

    async def __aenter__(self) -> Self:
        """Use the store, and close it at the end."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()


def _synchronous(host: AsyncConnection | AsyncSession | async_scoped_session[AsyncSession]) -> Connection | Session:
    if isinstance(host, async_scoped_session):
        return host().sync_session
    if isinstance(host, AsyncSession):
        return host.sync_session
    if host.sync_connection is None:
        raise Misconfigured("host_transaction_not_begun", fix="Begin it with engine.begin() or connection.begin().")
    return host.sync_connection


class _Programme(Programme):
    """One that lets the loop go on between the commands of a batch."""

    def _pause(self) -> None:
        sleep(0)


def _awaited(
    method: Callable[Concatenate[Programme, Given], Found],
) -> Callable[Concatenate[AsyncProgramme, Given], Coroutine[Any, Any, Found]]:
    """The method of the same name, to be awaited."""

    @wraps(method)
    async def awaited(self: AsyncProgramme, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
        programme = self._programme
        return await greenlet_spawn(partial(method, programme, *args, **kwargs))

    return awaited


class AsyncProgramme:
    """A programme's ledger as an application of asyncio uses it: the methods of ``Programme``, each to be awaited.

    They do the same and raise the same. When a call is cancelled, what it had written so far is undone; but when COMMIT
    was on its way, as after ``CommitUnknown``, only the same key finds out.

    Args:
        store: Where the ledger is kept.
        options: As for ``Programme``: ``clock``, ``new_key``, ``own_rules``, and ``retry``, whose waits are the loop's.
    """

    def __init__(
        self,
        store: AsyncSqlStore,
        *,
        retry: Retry | None = None,
        own_rules: OwnRules = NO_OWN_RULES,
        **options: Callable[[], Any],
    ) -> None:
        self.store = store
        awaiting = attrs.evolve(retry or Retry(), sleep=sleep)
        inner = store._store  # noqa: SLF001 - the same module's
        self._programme = _Programme(inner, retry=awaiting, own_rules=own_rules, **options)

    execute = _awaited(Programme.execute)
    execute_many = _awaited(Programme.execute_many)
    preview = _awaited(Programme.preview)
    preview_many = _awaited(Programme.preview_many)
    sweep = _awaited(Programme.sweep)

    ask = _awaited(Programme.ask)
    frame = _awaited(Programme.frame)
    nouns = _awaited(Programme.nouns)
    item = _awaited(Programme.item)
    volunteer = _awaited(Programme.volunteer)
    volunteers = _awaited(Programme.volunteers)
    balance = _awaited(Programme.balance)
    stock = _awaited(Programme.stock)
    record = _awaited(Programme.record)
    redemption = _awaited(Programme.redemption)
    statement = _awaited(Programme.statement)
    level = _awaited(Programme.level)
    quote = _awaited(Programme.quote)
    explain = _awaited(Programme.explain)
    pending = _awaited(Programme.pending)
    open_redemptions = _awaited(Programme.open_redemptions)
    books = _awaited(Programme.books)

    seal = _awaited(Programme.seal)
    prove = _awaited(Programme.prove)
    extends = _awaited(Programme.extends)

    async def entries(self, *, after: int = 0) -> AsyncGenerator[Entry, None]:
        """Every entry in order, as of one moment; they are read in pages.

        Whoever stops before the end closes it, as ``contextlib.aclosing`` does.
        """
        reading: AbstractContextManager[Reader] = self._programme.store.reader()
        reader = await greenlet_spawn(reading.__enter__)
        try:
            stored = reader.stored(after=after)
            while page := await greenlet_spawn(lambda: list(islice(stored, ENTRIES_AT_ONCE))):
                for each in page:
                    yield decode(each.content)
        finally:
            await greenlet_spawn(reading.__exit__, None, None, None)


__all__ = ["ENTRIES_AT_ONCE", "AsyncProgramme", "AsyncSqlStore"]
