"""Writers of one event loop take turns, first come first served, and nobody else in the loop waits for them.

What is here runs within ``run_sync`` of SQLAlchemy's asyncio, where a function may wait for what the loop does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy.util import await_only

from volunteer_points.errors import Busy, Misused


def sleep(seconds: float) -> None:
    """Let the loop do other things for so long."""
    await_only(asyncio.sleep(seconds))


class TaskTurns:
    """A lock whose waiting tasks are served in the order in which they came. It may serve one loop after another."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
        self._holder: asyncio.Task[object] | None = None

    @contextmanager
    def taken(self, *, wait_seconds: float) -> Iterator[float]:
        """Hold the turn; tells how many seconds are left of those it may wait.

        Raises:
            Busy: it did not come in time.
            Misused: this task holds it already, and would wait for itself.
        """
        until, me = time.monotonic() + wait_seconds, asyncio.current_task()
        if self._holder is me:
            raise Misused("session_within_session", fix="End one session before beginning the next.")
        lock = self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        await_only(_acquired(lock, wait_seconds))
        self._holder = me
        try:
            yield max(0, until - time.monotonic())
        finally:
            self._holder = None
            lock.release()


async def _acquired(lock: asyncio.Lock, wait_seconds: float) -> None:
    try:
        async with asyncio.timeout(wait_seconds):
            await lock.acquire()
    except TimeoutError as error:
        raise Busy("ledger_busy", waited_seconds=wait_seconds, waiting_for="another task") from error


__all__ = ["TaskTurns", "sleep"]
