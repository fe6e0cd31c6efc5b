"""Sound stores in memory that are easy to take apart: each thing they do is a method of its own.

:class:`OpenStore` lets one session in at a time. :class:`SideBySideStore` locks subjects instead, as a database server
does, so that the checks of sessions that are open at once have something to examine.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Self

import attrs

from volunteer_points.books import Committed, LotsOf, OpenAmount, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, Corrupt, KeyConflict, Misused
from volunteer_points.ledger import decode, leaf_hash
from volunteer_points.postings import FLOORS, Account
from volunteer_points.sealing import Checkpoint
from volunteer_points.storage import Answers, Stored
from volunteer_points.storage.holding import changes_of, check_purpose, check_question
from volunteer_points.storage.memory import MemoryReader, MemorySession, MemoryStore, MemoryTree

Balance = tuple[Account, str, datetime | None, int]


class OpenStore(MemoryStore):
    """A store in memory, with a method for each thing that it does."""

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        """Look at the ledger; writers wait until the reader is done."""
        with self._lock:
            yield OpenReader(self)

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        """Begin to write."""
        with self._lock:
            if self._session is not None:
                raise Misused("session_within_session", fix="End one session before beginning the next.")
            session = self._session = OpenSession(self)
            try:
                yield session
                self.keep(session)
            except BaseException as error:
                self.undo(session, error)
                raise
            finally:
                self._session = None
                self.end(session)

    def keep(self, session: OpenSession) -> None:
        """What was appended becomes everybody's."""
        for content in [each.content for each in session.written]:
            self._stored.append(self.laid(len(self._stored) + 1, content))
        self.absorb(session.appended)

    def undo(self, session: OpenSession, error: BaseException) -> None:
        """Nothing of a session stays: nothing was kept yet."""

    def end(self, session: OpenSession) -> None:
        """The session is over."""
        session.end()

    def absorb(self, entries: list[Entry]) -> None:
        """Bring what entries add up to up to date."""
        self._tally.absorb(entries)

    def laid(self, position: int, content: bytes) -> Stored:
        """An entry as it lies in the store."""
        return Stored(position, content, leaf_hash(content))

    def take(self, session: OpenSession, alone: Iterable[str], shared: Iterable[str]) -> None:
        """Hold subjects."""
        session.hold(alone, shared)

    def check(self, session: OpenSession, questions: tuple[Question[Any], ...]) -> None:
        """Let only questions pass whose subjects are held."""
        session.check(questions)

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        """Write one commit."""
        MemorySession.append(session, entries)

    def view(self, session: OpenSession) -> MemoryReader:
        """Everything, with what the session appended."""
        return MemorySession._view(session)

    def restored(self, stored: list[Stored]) -> None:
        """Go on from what another store kept."""
        self._stored += stored
        self.absorb([decode(each.content) for each in stored])

    def resealed(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Go on from what another store sealed."""
        for checkpoint in checkpoints:
            self._tree.add(each.leaf for each in self._stored[self._tree.size : checkpoint.size])
            self._tree.keep(checkpoint)

    def shown_tree(self) -> MemoryTree:
        """The tree that a reader shows."""
        return self._tree

    def twin(self) -> Self:
        """A second store of the same ledger in the same place."""
        return copy.copy(self)

    def answers(self, tally: Tally, questions: tuple[Question[Any], ...]) -> Answers:
        """Every answer from what is stored."""
        return {question: self.answer(tally, question) for question in questions}

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        """The answer from what is stored."""
        return tally.answer(question)

    def own_answer(self, session: OpenSession, question: Question[Any]) -> Any:
        """The answer from what is stored and what the session appended."""
        return MemorySession._answer(session, question)

    def page(self, stored: list[Stored], after: int, limit: int | None) -> Iterator[Stored]:
        """Entries in order."""
        return islice(stored, after, None if limit is None else after + limit)

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        return tally.open(purpose, unit=unit, due=due)[:limit]

    def kept(self, tally: Tally) -> list[Balance]:
        """Every kept balance that is not nought."""
        return [(account, unit, lot, amount) for (account, unit, lot), amount in tally.balances().items()]


class OpenReader(MemoryReader):
    """A view of an open store."""

    def __init__(self, store: OpenStore) -> None:
        super().__init__(store._tally, store._stored)
        self._store = store

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from what is stored."""
        wanted = tuple(questions)
        for question in wanted:
            check_question(question)
        return self._store.answers(self._tally, wanted)

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order."""
        return self._store.page(self._stored, after, limit)

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        check_purpose(purpose)
        return self._store.opened(self._tally, purpose, unit, due, limit)

    def balances(self) -> Iterator[Balance]:
        """Every kept balance that is not nought."""
        return iter(self._store.kept(self._tally))

    def tree(self) -> MemoryTree:
        """The sealed tree."""
        return self._store.shown_tree()


class OpenSession(MemorySession):
    """A session on an open store."""

    def __init__(self, store: OpenStore) -> None:
        super().__init__(store.ledger, store._tally, store._stored)
        self._store = store

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Hold subjects."""
        self._store.take(self, tuple(alone), tuple(shared))

    def hold(self, alone: Iterable[str], shared: Iterable[str]) -> None:
        """Remember what is held."""
        self._holding.take(alone, shared)

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from what is stored and what this session appended."""
        wanted = tuple(questions)
        self._store.check(self, wanted)
        return {question: self._answer(question) for question in wanted}

    def check(self, questions: tuple[Question[Any], ...]) -> None:
        """Let only questions pass whose subjects are held."""
        self._holding.check(questions)

    def _answer(self, question: Question[Any]) -> Any:
        return self._store.own_answer(self, question)

    def append(self, entries: tuple[Entry, ...]) -> None:
        """Write one commit."""
        self._store.append(self, entries)

    def _view(self) -> MemoryReader:
        return self._store.view(self)


# --- side by side ---


@attrs.define
class Hold:
    """Who holds a subject: one session alone, or some of them shared."""

    alone: object | None = None
    shared: set[object] = attrs.Factory(set)


class SideBySideStore(OpenStore):
    """A store in memory whose sessions hold subjects, and are open at once when they hold others."""

    waits_at_most_seconds = 0.5

    def __init__(self, ledger: str) -> None:
        super().__init__(ledger)
        self._freed = threading.Condition()
        self._holds: dict[str, Hold] = defaultdict(Hold)

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        """Begin to write; it waits for subjects, not for the store."""
        session = OpenSession(self)
        try:
            yield session
            with self._lock:
                self.check_again(session)
                self.keep(session)
        finally:
            self.end(session)
            self.free(session)

    def take(self, session: OpenSession, alone: Iterable[str], shared: Iterable[str]) -> None:
        """Wait until the subjects can be held, in one order for all; whoever waits for too long is sent away."""
        session.hold(alone, shared)
        until = time.monotonic() + self.waits_at_most_seconds
        for subject, is_alone in sorted({**dict.fromkeys(shared, False), **dict.fromkeys(alone, True)}.items()):
            with self._freed:
                while not self.held(session, subject, alone=is_alone):
                    if not self._freed.wait(until - time.monotonic()):
                        raise Busy("ledger_busy", waited_seconds=self.waits_at_most_seconds, waiting_for=subject)

    def held(self, session: object, subject: str, *, alone: bool) -> bool:
        """Hold a subject if nobody is in the way."""
        hold = self._holds[subject]
        if hold.alone not in {None, session} or (alone and hold.shared - {session}):
            return False
        if alone:
            hold.alone = session
        else:
            hold.shared.add(session)
        return True

    def free(self, session: object) -> None:
        """Let go of every subject."""
        with self._freed:
            for hold in self._holds.values():
                hold.alone = None if hold.alone is session else hold.alone
                hold.shared.discard(session)
            self._freed.notify_all()

    def check_again(self, session: OpenSession) -> None:
        """The second guard: what others wrote meanwhile may have taken a key or what a balance had."""
        after = Tally()
        for entry in session.appended:
            if entry.number == 1 and (self._tally.answer(Committed(entry.key)) or after.answer(Committed(entry.key))):
                raise KeyConflict("key_taken", key=entry.key)
            after.absorb([entry])
        for (account, unit, lot), amount in changes_of(session.appended).items():
            balance = self._tally.answer(LotsOf(account, unit)).get(lot, 0) + amount
            if FLOORS[account.purpose] * balance < 0:
                raise Corrupt("floor_passed", account="/".join(account), unit=unit, lot=lot, balance=balance)


__all__ = ["OpenReader", "OpenSession", "OpenStore", "SideBySideStore"]
