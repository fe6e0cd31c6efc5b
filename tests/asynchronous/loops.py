"""An event loop in a thread of its own, and asynchronous stores behind it that look like any other store."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.util import greenlet_spawn

from volunteer_points.asynchronous import AsyncProgramme, AsyncSqlStore
from volunteer_points.books import OpenAmount, Question
from volunteer_points.entries import Entry
from volunteer_points.storage import Answers, Session, Stored
from volunteer_points.storage.sql import Balances

Found = TypeVar("Found")
AT_ONCE = 200


class Errands:
    """A task in the loop that does what one thread asks, one thing after the other, until the thread ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[tuple[Coroutine[Any, Any, Any], Future[Any]] | None] = asyncio.Queue()
        asyncio.run_coroutine_threadsafe(self._run(self._queue), loop)

    @staticmethod
    async def _run(queue: asyncio.Queue[tuple[Coroutine[Any, Any, Any], Future[Any]] | None]) -> None:
        while (errand := await queue.get()) is not None:
            work, done = errand
            try:
                done.set_result(await work)
            except BaseException as error:  # noqa: BLE001 - whoever asked gets it
                done.set_exception(error)
            del errand, work, done

    def wait_for(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Its result, as soon as the task has done it."""
        done: Future[Found] = Future()
        self._loop.call_soon_threadsafe(self._queue.put_nowait, (work, done))
        return done.result()

    def __del__(self) -> None:
        """Let the task end."""
        self._loop.call_soon_threadsafe(self._queue.put_nowait, None)


class LoopThread:
    """The thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="loop")
        self._thread.start()
        self._of_thread = threading.local()
        atexit.register(self._end)

    def _end(self) -> None:
        """Let the tasks end that still wait for errands, and the thread."""

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def wait_for(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Let the task of this thread await something."""
        errands = getattr(self._of_thread, "errands", None)
        if errands is None:
            errands = self._of_thread.errands = Errands(self._loop)
        return errands.wait_for(work)

    def do(self, work: Callable[[], Found]) -> Found:
        """Let the task of this thread run a function that waits for the database."""
        return self.wait_for(greenlet_spawn(work))


@cache
def _loop_of(_process: int) -> LoopThread:
    return LoopThread()


def loop() -> LoopThread:
    """The loop of this process."""
    return _loop_of(os.getpid())


class LoopReader:
    """A reader each of whose methods runs in the loop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        return loop().do(lambda: self._session.ask(questions))

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        return loop().do(lambda: self._session.open(purpose, unit=unit, due=due, limit=limit))

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        return _by_pages(loop().do(lambda: self._session.stored(after=after, limit=limit)))

    def balances(self) -> Balances:
        return _by_pages(loop().do(self._session.balances))


class LoopSession(LoopReader):
    """The same for a session."""

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        loop().do(lambda: self._session.take(alone, shared))

    def append(self, entries: tuple[Entry, ...]) -> None:
        loop().do(lambda: self._session.append(entries))


def _by_pages(found: Iterator[Found]) -> Iterator[Found]:
    while page := loop().do(lambda: list(islice(found, AT_ONCE))):
        yield from page


class LoopStore:
    """An asynchronous store, for those that do not wait in the loop."""

    def __init__(self, store: AsyncSqlStore) -> None:
        self.store = store
        self.ledger = store.ledger

    @classmethod
    def open(cls, place: str, ledger: str | None = None, *, durable: bool = False) -> LoopStore:
        return cls(loop().wait_for(AsyncSqlStore.open(place, ledger, durable=durable)))

    @property
    def url(self) -> URL:
        """For those who open the same place without a loop."""
        url = self.store.url
        return url.set(drivername=url.drivername.replace("aiosqlite", "pysqlite"))

    @contextmanager
    def reader(self) -> Iterator[LoopReader]:
        with self._entered(loop().wait_for(self.store.run(lambda store: store.reader()))) as reader:
            yield LoopReader(reader)

    @contextmanager
    def session(self) -> Iterator[LoopSession]:
        with self._entered(loop().wait_for(self.store.run(lambda store: store.session()))) as session:
            yield LoopSession(session)

    @contextmanager
    def _entered(self, context: AbstractContextManager[Any]) -> Iterator[Any]:
        entered = loop().do(context.__enter__)
        try:
            yield entered
        except BaseException as error:
            leaving = (type(error), error, error.__traceback__)
            if not loop().do(lambda: context.__exit__(*leaving)):
                raise
        else:
            loop().do(lambda: context.__exit__(None, None, None))

    def close(self) -> None:
        loop().wait_for(self.store.close())


class LoopProgramme:
    """An asynchronous programme, for those that do not wait in the loop."""

    def __init__(self, store: LoopStore, *, clock: Callable[[], datetime]) -> None:
        self.store = store
        self._programme = AsyncProgramme(store.store, clock=clock)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of that name, awaited."""
        method = getattr(self._programme, name)
        return lambda *given, **named: loop().wait_for(method(*given, **named))

    def entries(self) -> list[Entry]:
        async def read() -> list[Entry]:
            return [entry async for entry in self._programme.entries()]

        return loop().wait_for(read())
