"""Stores that are broken in what they read: cost, answers, pages, what is open, and whose ledger it is."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

import attrs

from volunteer_points.books import About, Committed, LotsOf, Moved, OpenAmount, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.ledger import decode
from volunteer_points.storage import Answers, Stored
from volunteer_points.storage.memory import MemoryReader
from volunteer_points.testing.side_by_side import Balance, OpenReader, OpenStore

LAST_YEAR = 9999

# --- cost ---


class AddsUpEveryTime(OpenStore):
    """An answer reads the whole ledger."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        whole = Tally()
        whole.absorb(decode(each.content) for each in self._stored)
        return whole.answer(question)


# --- answers ---


class AnswersBackwards(OpenStore):
    """The entries of a key come last first."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        return answer[::-1] if isinstance(question, Committed) else answer


class AnswersTheFirstThousand(OpenStore):
    """Questions that do not fit into a statement are answered with nothing."""

    def answers(self, tally: Tally, questions: tuple[Question[Any], ...]) -> Answers:
        left = dict.fromkeys(questions[1000:])
        return {**super().answers(tally, questions), **super().answers(Tally(), tuple(left))}


class CountsTheLastDay(OpenStore):
    """A span of days includes the day on which it ends."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        if isinstance(question, About | Moved) and question.until is not None:
            question = attrs.evolve(question, until=question.until + timedelta(days=1))
        return super().answer(tally, question)


class CountsByTheDayOfTheEntry(OpenStore):
    """A movement counts on the day of its entry and not on its own."""

    def absorb(self, entries: list[Entry]) -> None:
        super().absorb(
            [
                attrs.evolve(entry, postings=tuple(posting._replace(on=entry.on) for posting in entry.postings))
                for entry in entries
            ]
        )


class SortsByDay(OpenStore):
    """Entries about a subject come by the day for which they count."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        return tuple(sorted(answer, key=lambda entry: entry.on)) if isinstance(question, About) else answer


class IgnoresKinds(OpenStore):
    """Entries of every kind answer."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        if isinstance(question, About):
            question = attrs.evolve(question, kinds=("Adjusted", "Joined", *question.kinds))
        return super().answer(tally, question)


class MixesAccounts(OpenStore):
    """What moved is not told apart by what the account is of."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        return super().answer(tally, attrs.evolve(question, of=None) if isinstance(question, Moved) else question)


class DropsMicroseconds(OpenStore):
    """Instants are kept to the second."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        if not isinstance(question, LotsOf):
            return answer
        return {lot and lot.replace(microsecond=0): amount for lot, amount in answer.items()}


class KeepsLocalTime(OpenStore):
    """Instants come back in the zone of the machine."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        if not isinstance(question, LotsOf):
            return answer
        east = timezone(timedelta(hours=8))
        return {lot and (lot.astimezone(east) if lot.year < LAST_YEAR else lot): answer[lot] for lot in answer}


class TakesNumbersForFloats(OpenStore):
    """Amounts are kept as floating-point numbers."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        return int(float(answer)) if isinstance(question, Moved) else answer


class NormalisesNames(OpenStore):
    """An accent and its parts are one."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        if isinstance(question, About):
            question = attrs.evolve(question, about=unicodedata.normalize("NFC", question.about))
        return super().answer(tally, question)


class ListsEmptyLots(OpenStore):
    """A lot that holds nothing is still listed."""

    def answer(self, tally: Tally, question: Question[Any]) -> Any:
        answer = super().answer(tally, question)
        return {**answer, datetime(2026, 1, 1, tzinfo=UTC): 0} if isinstance(question, LotsOf) and answer else answer


# --- reading ---


class ReadsOneTooMany(OpenStore):
    """A page begins with the last entry of the page before."""

    def page(self, stored: list[Stored], after: int, limit: int | None) -> Iterator[Stored]:
        return super().page(stored, max(0, after - 1), limit)


class TakesNoughtForNoLimit(OpenStore):
    """At most nought entries are all entries."""

    def page(self, stored: list[Stored], after: int, limit: int | None) -> Iterator[Stored]:
        return super().page(stored, after, limit or None)


class ReadsOnePage(OpenStore):
    """What does not fit into a page is not read."""

    def kept(self, tally: Tally) -> list[Balance]:
        return super().kept(tally)[:1000]


class ReadsAsItGoes(OpenStore):
    """A reader sees what others write meanwhile."""

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        yield OpenReader(self)


class ForgetsBalances(OpenStore):
    """A balance without a lot is not kept."""

    def kept(self, tally: Tally) -> list[Balance]:
        return [each for each in super().kept(tally) if each[2] is not None]


class PutsTheEndlessFirst(OpenStore):
    """Lots without an end come before those that end, as NULLs do in many databases."""

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        found = super().opened(tally, purpose, unit, due, None)
        first = datetime.min.replace(tzinfo=UTC)
        return sorted(found, key=lambda each: (each.account, each.unit, each.lot or first))[:limit]


class OrdersTextsByUtf16(OpenStore):
    """Accounts are ordered by two-byte units, in which rare characters come too early."""

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        found = super().opened(tally, purpose, unit, due, None)
        return sorted(found, key=lambda each: each.account.holder.encode("utf-16-be"))[:limit]


class IgnoresUnits(OpenStore):
    """What is open of one unit is what is open of all."""

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        return super().opened(tally, purpose, None, due, limit)


class MissesTheInstant(OpenStore):
    """What is due exactly at the instant is not found."""

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        return super().opened(tally, purpose, unit, due and due - timedelta(microseconds=1), limit)


class LimitsBeforeItSorts(OpenStore):
    """At most so many of what was found first, and not of what comes first."""

    def opened(
        self, tally: Tally, purpose: str, unit: str | None, due: datetime | None, limit: int | None
    ) -> list[OpenAmount]:
        wanted = super().opened(tally, purpose, unit, due, None)
        return sorted(wanted[::-1][:limit], key=wanted.index)


# --- ledgers, opening ---


class MixesLedgers(OpenStore):
    """Ledgers in one place share their keys and balances."""


class SpellsTheLedgerAnew(OpenStore):
    """The id of the ledger loses what is not ASCII."""

    @property
    def ledger(self) -> str:
        return super().ledger.encode("ascii", "ignore").decode()


class ForgetsTheLastEntry(OpenStore):
    """What was written last is not there when the store is opened again."""

    def restored(self, stored: list[Stored]) -> None:
        super().restored(stored[:-1])


class CannotOpenWhatIsEmpty(OpenStore):
    """An empty ledger is taken for none."""

    def restored(self, stored: list[Stored]) -> None:
        super().restored([stored[0], *stored[1:]])


class KeepsAnIndexOfItsOwn(OpenStore):
    """Two stores of one ledger share the entries, and each has what they add up to from when it was opened."""

    def twin(self) -> Self:
        other = super().twin()
        other._tally = Tally()
        other.absorb([decode(each.content) for each in self._stored])
        return other


class LocksOnlyItself(OpenStore):
    """Two stores of one ledger do not wait for each other."""

    def twin(self) -> Self:
        other = super().twin()
        other._lock = threading.RLock()
        return other


__all__ = [
    "AddsUpEveryTime",
    "AnswersBackwards",
    "AnswersTheFirstThousand",
    "CannotOpenWhatIsEmpty",
    "CountsByTheDayOfTheEntry",
    "CountsTheLastDay",
    "DropsMicroseconds",
    "ForgetsBalances",
    "ForgetsTheLastEntry",
    "IgnoresKinds",
    "IgnoresUnits",
    "KeepsAnIndexOfItsOwn",
    "KeepsLocalTime",
    "LimitsBeforeItSorts",
    "ListsEmptyLots",
    "LocksOnlyItself",
    "MissesTheInstant",
    "MixesAccounts",
    "MixesLedgers",
    "NormalisesNames",
    "OrdersTextsByUtf16",
    "PutsTheEndlessFirst",
    "ReadsAsItGoes",
    "ReadsOnePage",
    "ReadsOneTooMany",
    "SortsByDay",
    "SpellsTheLedgerAnew",
    "TakesNoughtForNoLimit",
    "TakesNumbersForFloats",
]
