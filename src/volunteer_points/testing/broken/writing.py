"""Stores that are broken in what they write: order, atomicity, keys, floors and what must never change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from volunteer_points.books import Committed, LotsOf, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, KeyConflict
from volunteer_points.ledger import decode, encode
from volunteer_points.postings import FLOORS
from volunteer_points.storage import Stored
from volunteer_points.storage.holding import changes_of
from volunteer_points.storage.memory import MemoryReader, MemorySession
from volunteer_points.testing.side_by_side import OpenReader, OpenSession, OpenStore, SideBySideStore

# --- order ---


class LeavesGaps(OpenStore):
    """A failed session uses up a position, as a sequence of a database does."""

    lost = 0

    def undo(self, session: OpenSession, error: BaseException) -> None:
        self.lost += len(session.written)

    def laid(self, position: int, content: bytes) -> Stored:
        return super().laid(position + self.lost, content)


class CountsFromNought(OpenStore):
    """The first position is 0."""

    def laid(self, position: int, content: bytes) -> Stored:
        return super().laid(position - 1, content)


class OrdersByKey(OpenStore):
    """Entries are read by key and not as they were written."""

    def page(self, stored: list[Stored], after: int, limit: int | None) -> Iterator[Stored]:
        return super().page(sorted(stored, key=lambda each: decode(each.content).key), after, limit)


class PutsTheNewestFirst(OpenStore):
    """Entries of one session are read backwards."""

    def keep(self, session: OpenSession) -> None:
        session.written.reverse()
        super().keep(session)


class HashesWithoutThePrefix(OpenStore):
    """The leaf hash lacks the nought byte that tells leaves from nodes."""

    def laid(self, position: int, content: bytes) -> Stored:
        return Stored(position, content, hashlib.sha256(content).digest())


class WritesBytesAnew(OpenStore):
    """The bytes are parsed and written again, with spaces."""

    def laid(self, position: int, content: bytes) -> Stored:
        return super().laid(position, content.replace(b'","', b'", "'))


class MixesCommits(OpenStore):
    """The entries of the commits of a session are dealt out like cards."""

    def keep(self, session: OpenSession) -> None:
        session.written.sort(key=lambda each: decode(each.content).number)
        super().keep(session)


class PutsLatecomersFirst(OpenStore):
    """A session is read before the one that it has read."""

    def keep(self, session: OpenSession) -> None:
        before = len(self._stored)
        super().keep(session)
        contents = [each.content for each in (*self._stored[before:], *self._stored[:before])]
        self._stored[:] = [self.laid(at, content) for at, content in enumerate(contents, start=1)]


# --- atomicity ---


class KeepsWhatFailed(OpenStore):
    """What was appended before an error stays: half a batch."""

    def undo(self, session: OpenSession, error: BaseException) -> None:
        self.keep(session)


class KeepsWhatStoodBeside(OpenStore):
    """A key that is taken stops its own commit, and the others of the session stay."""

    def undo(self, session: OpenSession, error: BaseException) -> None:
        if isinstance(error, KeyConflict):
            self.keep(session)


class LosesTheLastEntry(OpenStore):
    """A commit of several entries is written without its last."""

    def keep(self, session: OpenSession) -> None:
        if len(session.written) > 1:
            session.written.pop()
            session.appended.pop()
        super().keep(session)


class RefusalLeavesRows(OpenStore):
    """What was refused is in the ledger all the same."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        try:
            super().append(session, entries)
        except Corrupt:
            session.written += [self.laid(0, encode(entry)) for entry in entries]
            raise


class WritesInPieces(OpenStore):
    """A large session is kept piece by piece, and an error undoes the last piece alone."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        super().append(session, entries)
        if len(session.written) > 2000:  # noqa: PLR2004 - a page
            self.keep(session)
            session.written.clear()
            session.appended.clear()


class SwallowsErrors(OpenStore):
    """A session that failed ends as if nothing had happened."""

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        with suppress(Exception), super().session() as session:
            yield session


# --- idempotency ---


class _WithoutKeys(OpenStore):
    """Keys are not looked at; what is to be done with a key that is taken is for the classes below."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        if entries and self.taken(session, entries[0].key):
            session.check(())
            session.written += [self.laid(0, encode(entry)) for entry in entries]
            session.appended += entries
        else:
            super().append(session, entries)

    def taken(self, session: OpenSession, key: str) -> bool:
        return bool(self.own_answer(session, Committed(key)))


class ReplaysTwice(_WithoutKeys):
    """A key is written once more: the points are given twice."""


class ReplacesTheFirst(OpenStore):
    """A key that is taken takes the place of what was there, as INSERT OR REPLACE does."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        try:
            super().append(session, entries)
        except KeyConflict:
            for at, each in enumerate(self._stored):
                if decode(each.content).key == entries[0].key:
                    self._stored[at] = self.laid(each.position, encode(entries[0]))


class IgnoresTakenKeys(OpenStore):
    """A key that is taken is passed over in silence, as INSERT OR IGNORE does."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        with suppress(KeyConflict):
            super().append(session, entries)


class ForgetsKeysOfTheSession(_WithoutKeys):
    """Keys are compared with what was there before the session, not with those of the session itself."""

    def taken(self, session: OpenSession, key: str) -> bool:
        return super().taken(session, key) and not self._tally.answer(Committed(key))


class ChecksKeysOnlyBefore(SideBySideStore):
    """Of two who both found the key free both write."""

    def check_again(self, session: OpenSession) -> None:
        with suppress(KeyConflict):
            super().check_again(session)


class FoldsCase(OpenStore):
    """Texts are compared without regard to case, as some databases do unless told otherwise."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        if isinstance(question, Committed):
            return super().answer(tally, attrs.evolve(question, key=question.key.lower()))
        return super().answer(tally, question)


# --- floors ---


class _OwnFloors(OpenStore):
    """What passes a floor is refused only where :meth:`guards` says so."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        try:
            super().append(session, entries)
        except Corrupt:
            if self.guards(session, entries):
                raise
            session.written += [self.laid(0, encode(entry)) for entry in entries]
            session.appended += entries
            session._own.absorb(entries)

    def guards(self, session: OpenSession, entries: tuple[Entry, ...]) -> bool:
        """Whether the floor is guarded here."""
        return False


class HasNoFloors(_OwnFloors):
    """A balance may go below nought."""


class GuardsFloorsAtTheEnd(_OwnFloors):
    """A balance may go below nought and up again within a session."""

    def keep(self, session: OpenSession) -> None:
        after = Tally()
        after.absorb([*map(decode, (each.content for each in self._stored)), *session.appended])
        if any(FLOORS[account.purpose] * amount < 0 for (account, _, _), amount in after.balances().items()):
            raise Corrupt("floor_passed")
        super().keep(session)


class HasNoCeilingForDebt(_OwnFloors):
    """Only the purposes that stay above nought are guarded: what is owed may become what is had."""

    def guards(self, session: OpenSession, entries: tuple[Entry, ...]) -> bool:
        return not any(FLOORS.get(posting.account.purpose) == -1 for entry in entries for posting in entry.postings)


class GuardsSumsOfLots(_OwnFloors):
    """One lot may go below nought as long as all of them together do not."""

    def guards(self, session: OpenSession, entries: tuple[Entry, ...]) -> bool:
        sums: dict[object, int] = {}
        for posting in (posting for entry in entries for posting in entry.postings):
            if posting.account.purpose in FLOORS:
                lots = self._tally.answer(LotsOf(posting.account, posting.unit))
                sums.setdefault(posting.account, sum(lots.values()))
                sums[posting.account] += posting.amount
        return any(amount < 0 for amount in sums.values())


class BoundsEverything(OpenStore):
    """No balance may go below nought, not even one that is free to, as in columns without a sign."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        super().append(session, entries)
        if any(amount < 0 for (account, _, _), amount in changes_of(entries).items() if not FLOORS[account.purpose]):
            raise Corrupt("floor_passed")


class GuardsFloorsOnlyBefore(SideBySideStore):
    """Of two who both found the last bag both take it."""

    def check_again(self, session: OpenSession) -> None:
        with suppress(Corrupt):
            super().check_again(session)


# --- append-only ---


class CanBeCleared(OpenStore):
    """It offers a way to remove what was written."""

    def clear(self) -> None:
        """Remove everything."""


class ReadersCanWrite(OpenStore):
    """What is opened to read has a way to write."""

    class Reader(OpenReader):
        """Has one method too many."""

        def append(self, entries: tuple[Entry, ...]) -> None:
            """Write."""

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        with self._lock:
            yield self.Reader(self)


class HandsOutItsOwn(OpenStore):
    """An answer is the store's own dictionary: whoever changes it changes the balance."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        if isinstance(question, LotsOf):
            return tally._lots.get((question.account, question.unit), {})
        return super().answer(tally, question)


__all__ = [
    "BoundsEverything",
    "CanBeCleared",
    "ChecksKeysOnlyBefore",
    "CountsFromNought",
    "FoldsCase",
    "ForgetsKeysOfTheSession",
    "GuardsFloorsAtTheEnd",
    "GuardsFloorsOnlyBefore",
    "GuardsSumsOfLots",
    "HandsOutItsOwn",
    "HasNoCeilingForDebt",
    "HasNoFloors",
    "HashesWithoutThePrefix",
    "IgnoresTakenKeys",
    "KeepsWhatFailed",
    "KeepsWhatStoodBeside",
    "LeavesGaps",
    "LosesTheLastEntry",
    "MixesCommits",
    "OrdersByKey",
    "PutsLatecomersFirst",
    "PutsTheNewestFirst",
    "ReadersCanWrite",
    "RefusalLeavesRows",
    "ReplacesTheFirst",
    "ReplaysTwice",
    "SwallowsErrors",
    "WritesBytesAnew",
    "WritesInPieces",
]
