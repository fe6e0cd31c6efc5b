"""Stores that are broken in their sessions: what they hold, what they see of one another, and their errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from volunteer_points.books import Committed, LotsOf, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, KeyConflict, Misused
from volunteer_points.ledger import decode
from volunteer_points.storage.holding import Holding
from volunteer_points.storage.memory import MemoryReader, MemorySession
from volunteer_points.testing.side_by_side import OpenReader, OpenSession, OpenStore, SideBySideStore

# --- sessions over subjects ---


class AnswersAnybody(OpenStore):
    """A question about a subject that was not taken is answered."""

    def check(self, session: OpenSession, questions: tuple[Question[Any], ...]) -> None:
        with suppress(Misused):
            super().check(session, questions)


class TakesSharedForAlone(OpenStore):
    """A subject that was taken to be shared answers what needs it alone."""

    def take(self, session: OpenSession, alone: Iterable[str], shared: Iterable[str]) -> None:
        super().take(session, {*alone, *shared}, ())


class ForgetsWhatItHeld(OpenStore):
    """Taking more lets go of what was taken before."""

    def take(self, session: OpenSession, alone: Iterable[str], shared: Iterable[str]) -> None:
        session._holding = Holding()
        super().take(session, alone, shared)


class LosesUpdates(SideBySideStore):
    """Nobody waits for anybody: two write what they read before the other wrote."""

    def held(self, session: object, subject: str, *, alone: bool) -> bool:
        return True


class LetsTheSharedIn(SideBySideStore):
    """Who takes a subject alone does not wait for those who share it."""

    def held(self, session: object, subject: str, *, alone: bool) -> bool:
        self._holds[subject].shared.discard(next(iter(self._holds[subject].shared), None))
        return super().held(session, subject, alone=alone)


class SharesWithNobody(SideBySideStore):
    """A shared subject is held alone: everybody queues on the programme."""

    def held(self, session: object, subject: str, *, alone: bool) -> bool:
        return super().held(session, subject, alone=True)


class LocksTheWholeStore(SideBySideStore):
    """Every subject is one: it claims to be open side by side and is not."""

    def held(self, session: object, subject: str, *, alone: bool) -> bool:
        return super().held(session, "everything", alone=True)


class LetsGoTooSoon(SideBySideStore):
    """The subjects are free before what was written can be seen."""

    def check_again(self, session: OpenSession) -> None:
        self.free(session)
        threading.Event().wait(0.2)  # as long as a commit on a slow disk
        super().check_again(session)


class ReadsWhatWasBefore(SideBySideStore):
    """A session answers as of its beginning, not as of when it took the subject: a snapshot that is too old."""

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        with super().session() as session:
            tally = Tally()
            tally.absorb(decode(each.content) for each in self._stored)
            session._tally = tally
            yield session


class WaitsForEver(OpenStore):
    """A session that failed keeps its lock."""

    def undo(self, session: OpenSession, error: BaseException) -> None:
        self._lock.acquire()


class NeverGivesUp(SideBySideStore):
    """Two sessions that wait for each other wait for ever."""

    waits_at_most_seconds = 3600


class RunsOn(OpenStore):
    """A session can be used after its end, and what it appends is lost without a word."""

    def end(self, session: OpenSession) -> None:
        pass


# --- own writing ---


class ForgetsItsOwnWriting(OpenStore):
    """A session answers from what was there before it."""

    def own_answer(self, session: OpenSession, question: Question[Any]) -> Any:
        if isinstance(question, Committed):
            return super().own_answer(session, question)
        return self._tally.answer(question)


class ReadsOnlyWhatWasBefore(OpenStore):
    """Reading in order within a session leaves out what the session appended."""

    def view(self, session: OpenSession) -> MemoryReader:
        session.check(())
        return OpenReader(self)


class AnswersOnce(OpenStore):
    """A session remembers its first answer to a question for good."""

    def __init__(self, ledger: str) -> None:
        super().__init__(ledger)
        self._first: dict[object, Any] = {}

    def own_answer(self, session: OpenSession, question: Question[Any]) -> Any:
        if isinstance(question, LotsOf | Committed):
            return super().own_answer(session, question)
        return self._first.setdefault((id(session), question), super().own_answer(session, question))


class ShowsWhatIsNotYetWritten(SideBySideStore):
    """Others see a session before its end: dirty reads."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        super().append(session, entries)
        self.keep(session)
        session.appended, session.written = [], []


# --- errors ---


class LetsTheDriverSpeak(OpenStore):
    """An error of the database gets out as it is."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        try:
            super().append(session, entries)
        except KeyConflict as error:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: entry.key") from error


class CallsConflictsCorrupt(OpenStore):
    """A key that is taken is reported as a ledger that contradicts itself."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        try:
            super().append(session, entries)
        except KeyConflict as error:
            raise Corrupt("contradicts_what_is_stored") from error


class MendsCommits(OpenStore):
    """What is not one commit is made into one."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        session.check(())
        if entries:
            key, count = entries[0].key, len(entries)
            numbered = enumerate(entries, start=1)
            super().append(
                session, tuple(attrs.evolve(entry, key=key, number=at, count=count) for at, entry in numbered)
            )


class MendsSubjects(OpenStore):
    """An entry that names a subject twice is appended as if it named it once."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        mended = [attrs.evolve(entry, about=tuple(dict.fromkeys(entry.about))) for entry in entries]
        super().append(session, tuple(mended))


class TakesOtherLedgers(OpenStore):
    """Entries of another ledger are appended."""

    def append(self, session: OpenSession, entries: tuple[Entry, ...]) -> None:
        super().append(session, tuple(attrs.evolve(entry, ledger=self.ledger) for entry in entries))


class WrapsErrors(OpenStore):
    """What the caller raises comes out as something else."""

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        try:
            with super().session() as session:
                yield session
        except BaseException as error:
            raise Corrupt("database_error") from error


__all__ = [
    "AnswersAnybody",
    "AnswersOnce",
    "CallsConflictsCorrupt",
    "ForgetsItsOwnWriting",
    "ForgetsWhatItHeld",
    "LetsGoTooSoon",
    "LetsTheDriverSpeak",
    "LetsTheSharedIn",
    "LocksTheWholeStore",
    "LosesUpdates",
    "MendsCommits",
    "MendsSubjects",
    "NeverGivesUp",
    "ReadsOnlyWhatWasBefore",
    "ReadsWhatWasBefore",
    "RunsOn",
    "SharesWithNobody",
    "ShowsWhatIsNotYetWritten",
    "TakesOtherLedgers",
    "TakesSharedForAlone",
    "WaitsForEver",
    "WrapsErrors",
]
