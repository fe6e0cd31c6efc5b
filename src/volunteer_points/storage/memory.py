"""A store in memory: for tests, previews and audits of a file. It is gone with the process."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from volunteer_points.books import Committed, LotsOf, OpenAmount, Question, Tally, combined
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, Corrupt, KeyConflict, Misused
from volunteer_points.ledger import decode, encode, leaf_hash
from volunteer_points.merkle import Tree
from volunteer_points.postings import FLOORS, Account
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Signer
from volunteer_points.storage import Answers, Stored, seals
from volunteer_points.storage.holding import Holding, changes_of, check_commit, check_purpose, check_question

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
        self._session: MemorySession | None = None
        self._tree = MemoryTree(ledger, self._stored)

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._ledger

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        """Look at the ledger; writers wait until the reader is done."""
        with self._lock:
            yield MemoryReader(self._tally, self._stored, self._tree)

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        """Begin to write."""
        if not self._lock.acquire(timeout=TAKES_AT_MOST_SECONDS):
            raise Busy("ledger_busy", ledger=self._ledger, waited_seconds=TAKES_AT_MOST_SECONDS)
        try:
            if self._session is not None:
                raise Misused("session_within_session", fix="End one session before beginning the next.")
            session = self._session = MemorySession(self._ledger, self._tally, self._stored)
            try:
                yield session
                self._stored.extend(session.written)
                self._tally.absorb(session.appended)
            finally:
                self._session = None
                session.end()
        finally:
            self._lock.release()

    # --- sealing -------------------------------------------------------------------------------------------------

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        """As :meth:`volunteer_points.storage.seals.Sealing.seal`."""
        with self._lock:
            checkpoint = self._tree.seal(at)
        signed = checkpoint if signer is None else checkpoint.signed(signer)
        if signed != checkpoint:
            with self._lock:
                self._tree.keep(signed)
        return signed

    def prove(self, entry: Entry) -> Inclusion:
        """As :meth:`volunteer_points.storage.seals.Sealing.prove`."""
        with self.reader() as reader:
            return seals.proved(reader.tree(), entry)

    def extends(self, old: Checkpoint) -> Extension:
        """As :meth:`volunteer_points.storage.seals.Sealing.extends`."""
        with self.reader() as reader:
            return seals.extended(reader.tree(), old)


class MemoryTree(Tree):
    """The sealed tree of a memory store."""

    def __init__(self, ledger: str, stored: list[Stored]) -> None:
        super().__init__()
        self.ledger = ledger
        self._stored = stored
        self._checkpoints: list[Checkpoint] = []

    def seal(self, at: datetime) -> Checkpoint:
        """Take in what is new, and the checkpoint of it."""
        self.add(each.leaf for each in self._stored[self.size :])
        checkpoint = seals.next_checkpoint(self, self.size, at)
        if checkpoint != self.latest():
            self.keep(checkpoint)
        return checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, behind those of its size."""
        insort(self._checkpoints, checkpoint, key=lambda each: each.size)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, by size."""
        return iter(self._checkpoints)

    def latest(self) -> Checkpoint | None:
        """The last of them."""
        return self._checkpoints[-1] if self._checkpoints else None

    def locate(self, entry: Entry) -> tuple[int, bytes] | None:
        """The place of an entry and its bytes."""
        content = encode(entry)
        return next(((each.position - 1, content) for each in self._stored if each.content == content), None)

    def covered(self) -> int:
        """How many leaves are below the nodes that are kept."""
        return self.size // 2 * 2

    def kept(self) -> int:
        """How many nodes are kept above the leaves."""
        return sum(node.level > 0 for node in self._nodes)


class MemoryReader:
    """A view of a memory store."""

    def __init__(self, tally: Tally, stored: list[Stored], tree: MemoryTree | None = None) -> None:
        self._tally = tally
        self._stored = stored
        self._tree = tree or MemoryTree("", stored)

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from what is stored."""
        wanted = tuple(questions)
        for question in wanted:
            check_question(question)
        return {question: self._tally.answer(question) for question in wanted}

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order."""
        return islice(self._stored, after, None if limit is None else after + limit)

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        check_purpose(purpose)
        return self._tally.open(purpose, unit=unit, due=due)[:limit]

    def balances(self) -> Iterator[tuple[Account, str, datetime | None, int]]:
        """Every kept balance that is not nought."""
        for (account, unit, lot), amount in self._tally.balances().items():
            yield account, unit, lot, amount

    def tree(self) -> MemoryTree:
        """The sealed tree; it is empty where nothing can be sealed, as in a journal."""
        return self._tree


class MemorySession:
    """A session on a memory store; what it appends is kept apart until it ends."""

    def __init__(self, ledger: str, tally: Tally, stored: list[Stored]) -> None:
        self._ledger = ledger
        self._tally = tally
        self._before = stored
        self._holding = Holding()
        self._own = Tally()
        self.appended: list[Entry] = []
        self.written: list[Stored] = []

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Hold subjects; the whole store is held already."""
        self._holding.take(alone, shared)

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from what is stored and what this session appended."""
        wanted = tuple(questions)
        self._holding.check(wanted)
        return {question: self._answer(question) for question in wanted}

    def _answer(self, question: Question[Any]) -> Any:  # noqa: ANN401 - answers of any kind
        before = self._tally.answer(question)
        return combined(question, before, self._own.answer(question)) if self.appended else before

    def append(self, entries: tuple[Entry, ...]) -> None:
        """Write one commit."""
        self._holding.check_running()
        check_commit(entries, self._ledger)
        if self._answer(Committed(entries[0].key)):
            raise KeyConflict("key_taken", key=entries[0].key)
        for (account, unit, lot), amount in changes_of(entries).items():
            balance = self._answer(LotsOf(account, unit)).get(lot, 0) + amount
            if FLOORS[account.purpose] * balance < 0:
                raise Corrupt("floor_passed", account="/".join(account), unit=unit, lot=lot, balance=balance)
        contents = [encode(entry) for entry in entries]
        behind = len(self._before) + len(self.written) + 1
        self.written += [Stored(at, content, leaf_hash(content)) for at, content in enumerate(contents, start=behind)]
        self._own.absorb(entries)
        self.appended.extend(entries)

    def end(self) -> None:
        """Let nothing be asked or appended any more."""
        self._holding.end()

    def _view(self) -> MemoryReader:
        """Everything, with what this session appended."""
        self._holding.check_running()
        if not self.appended:
            return MemoryReader(self._tally, self._before)
        stored = [*self._before, *self.written]
        tally = Tally()
        tally.absorb(decode(each.content) for each in stored)
        return MemoryReader(tally, stored)

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order, with those that this session appended."""
        return self._view().stored(after=after, limit=limit)

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        return self._view().open(purpose, unit=unit, due=due, limit=limit)

    def balances(self) -> Iterator[tuple[Account, str, datetime | None, int]]:
        """Every kept balance that is not nought."""
        return self._view().balances()


__all__ = ["MemoryReader", "MemorySession", "MemoryStore", "MemoryTree"]
