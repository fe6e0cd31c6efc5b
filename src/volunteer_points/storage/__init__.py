"""Where the ledger is kept: the contract that every store fulfils.

A store keeps commits and a generic index of their entries and knows no noun of the domain. What it promises:

1. **Order.** Entries are read in one order, in which every entry stands after all those that its writer could see.
2. **Atomicity.** The entries of a session are all there after it ends without an error, and none of them otherwise.
3. **Sessions over subjects.** A session holds the subjects it takes, each shared or alone. Sessions that hold one
   subject, one of them alone, happen one after the other. A question about a subject not taken is an error.
4. **Own writing.** Answers include what the session itself has appended.
5. **Idempotency.** One key is written once; a second writer of the same key finds the first one's entries.
6. **Floors.** A balance that ``FLOORS`` bounds never passes its bound, whoever writes.
7. **Append-only.** What was written cannot be changed or removed through the store, and a database refuses it too.
8. **Cost.** Answering and appending cost the same however long the ledger is.
9. **Errors.** ``Busy`` may be tried again; ``CommitUnknown`` is found out with the same key; ``Corrupt`` and
   ``Misconfigured`` are for people; an error of a driver never gets out as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import attrs

from volunteer_points.books import OpenAmount, Question
from volunteer_points.entries import Entry
from volunteer_points.postings import Account

Answers = Mapping[Question[Any], Any]


@attrs.frozen
class Stored:
    """An entry as it lies in a store: its place in the order, its bytes and the leaf hash stored with them."""

    position: int
    content: bytes
    leaf: bytes


class Reader(Protocol):
    """A view of the ledger at one moment: nothing that others write meanwhile is seen."""

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer all of the questions at once."""
        ...

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order, those behind the position ``after``, at most ``limit`` of them."""
        ...

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought, ordered by account, unit and lot; with ``due`` those ended by then.

        Only purposes in ``FLOORS`` can be asked.
        """
        ...

    def balances(self) -> Iterator[tuple[Account, str, datetime | None, int]]:
        """Every kept balance that is not nought, for an audit to compare with the entries."""
        ...


class Session(Reader, Protocol):
    """One unit of writing. Leaving the context without an error makes it durable; leaving with one undoes it."""

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Hold subjects until the session ends. May be called again for more.

        Whoever wants to have alone what many share names it in both: then those who share do not pass for ever.
        """
        ...

    def append(self, entries: tuple[Entry, ...]) -> None:
        """Write one commit.

        Raises:
            Corrupt: a floor would be passed; the core checked before, so this is a defect.
            KeyConflict: another writer used the key in between.
        """
        ...


class Store(Protocol):
    """A ledger in some engine."""

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """Look at the ledger as of now."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """Begin to write.

        Raises:
            Busy: another writer holds the ledger for too long.
        """
        ...


__all__ = ["Answers", "Reader", "Session", "Store", "Stored"]
