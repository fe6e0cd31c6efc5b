"""A store in memory: for tests, previews and audits of a file. It is gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from typing import Any

from volunteer_points.books import Committed, LotsOf, OpenAmount, Question, Tally, combined
from volunteer_points.entries import FLOORS, Account, Entry
from volunteer_points.errors import Busy, Corrupt, KeyConflict
from volunteer_points.ledger import decode, encode, leaf_hash
from volunteer_points.storage import Answers, Stored

TAKES_AT_MOST_SECONDS = 30


class MemoryStore:
    """Keeps a ledger as a tally and a list of bytes. One session at a time; readers see whole sessions only.

    >>> MemoryStore("saihan").ledger
    'saihan'
    """

    def __init__(self, ledger: str) -> None:
        self._ledger = ledger
        self._lock = threading.RLock()
        self._tally = Tally()
        self._stored: list[Stored] = []

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._ledger

    @contextmanager
    def reader(self) -> Iterator[MemorySession]:
        """Look at the ledger; writers wait until the reader is done."""
        with self._lock:
            yield MemorySession(self._ledger, self._tally, self._stored)

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        """Begin to write."""
        if not self._lock.acquire(timeout=TAKES_AT_MOST_SECONDS):
            raise Busy("ledger_busy", ledger=self._ledger, waited_seconds=TAKES_AT_MOST_SECONDS)
        try:
            session = MemorySession(self._ledger, self._tally, self._stored)
            yield session
            self._stored.extend(session.written())
            self._tally.absorb(session.appended)
        finally:
            self._lock.release()


class MemorySession:
    """A session on a memory store; what it appends is kept apart until it ends."""

    def __init__(self, ledger: str, tally: Tally, stored: list[Stored]) -> None:
        self._ledger = ledger
        self._tally = tally
        self._before = stored
        self._subjects: set[str] = set()
        self.appended: list[Entry] = []
        self._own = Tally()

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Hold subjects; the whole store is held already."""
        self._subjects.update(alone, shared)

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from what is stored and what this session appended."""
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question[Any]) -> Any:  # noqa: ANN401 - answers of any kind
        before = self._tally.answer(question)
        return combined(question, before, self._own.answer(question)) if self.appended else before

    def append(self, entries: tuple[Entry, ...]) -> None:
        """Write one commit."""
        if self._answer(Committed(entries[0].key)):
            raise KeyConflict("key_taken", key=entries[0].key)
        own = Tally()
        own.absorb(entries)
        for (account, unit, lot), amount in own.balances().items():
            floor = FLOORS[account.purpose]
            balance = self._answer(LotsOf(account, unit)).get(lot, 0) + amount
            if floor * balance < 0:
                raise Corrupt("floor_passed", account="/".join(account), unit=unit, lot=lot, balance=balance)
        self._own.absorb(entries)
        self.appended.extend(entries)

    def written(self) -> Iterator[Stored]:
        """What the session appended, as it will lie in the store."""
        for position, entry in enumerate(self.appended, start=len(self._before) + 1):
            content = encode(entry)
            yield Stored(position, content, leaf_hash(content))

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order."""
        end = None if limit is None else after + limit
        yield from islice(
            chain(islice(self._before, after, end), islice(self.written(), max(0, after - len(self._before)), None)),
            limit,
        )

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        tally = self._tally
        if self.appended:
            tally = Tally()
            tally.absorb(entry for stored in self.stored() for entry in (decode(stored.content),))
        return tally.open(purpose, unit=unit, due=due)[:limit]

    def balances(self) -> Iterator[tuple[Account, str, datetime | None, int]]:
        """Every kept balance that is not nought."""
        for (account, unit, lot), amount in self._tally.balances().items():
            yield account, unit, lot, amount
