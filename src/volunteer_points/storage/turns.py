"""Writers of one process take turns, first come first served.

SQLite lets a waiting writer sleep and try again, so under load some wait for seconds while others pass them. Within
a process there is no need to guess: whoever is done hands the turn to the next.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from volunteer_points.errors import Busy, Misused


class Turns:
    """A lock whose waiters are served in the order in which they came."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holder: int | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @contextmanager
    def taken(self, *, wait_seconds: float) -> Iterator[float]:
        """Hold the turn; tells how many seconds are left of those it may wait.

        Raises:
            Busy: it did not come in time.
            Misused: this thread holds it already, and would wait for itself.
        """
        until = time.monotonic() + wait_seconds
        self._wait(wait_seconds)
        try:
            yield max(0, until - time.monotonic())
        finally:
            self._pass_on()

    def _wait(self, wait_seconds: float) -> None:
        me = threading.get_ident()
        with self._mutex:
            if self._holder is None:
                self._holder = me
                return
            if self._holder == me:
                raise Misused("session_within_session", fix="End one session before beginning the next.")
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        came = False
        try:
            came = called.acquire(timeout=wait_seconds)
        finally:
            if not came:
                self._leave(called)
        if not came:
            raise Busy("ledger_busy", waited_seconds=wait_seconds, waiting_for="another thread")
        self._holder = me

    def _leave(self, called: threading.Lock) -> None:
        """Stop waiting; a turn that came at the last moment goes on to the next."""
        with self._mutex:
            if called in self._waiting:
                self._waiting.remove(called)
                return
        self._pass_on()

    def _pass_on(self) -> None:
        with self._mutex:
            self._holder = 0 if self._waiting else None
            if self._waiting:
                self._waiting.popleft().release()


class SideBySide:
    """Lets all writers begin at once, but for one that writes already and would wait for itself.

    Args:
        writer: Tells who it is that begins.
    """

    def __init__(self, writer: Callable[[], object] = threading.get_ident) -> None:
        self._writer = writer
        self._writing: set[object] = set()

    @contextmanager
    def taken(self, *, wait_seconds: float) -> Iterator[float]:
        """Begin; tells how many seconds are left, which is all of them.

        Raises:
            Misused: this writer writes already.
        """
        me = self._writer()
        if me in self._writing:
            raise Misused("session_within_session", fix="End one session before beginning the next.")
        self._writing.add(me)
        try:
            yield wait_seconds
        finally:
            self._writing.discard(me)


__all__ = ["SideBySide", "Turns"]
