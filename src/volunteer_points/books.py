"""What the entries add up to, as answers to a few questions.

A decision sees **books**: answers that were fetched before, brought up to date with what was written since. A
question that has no answer yet is named by raising :class:`Lacks`; whoever drives the decision fetches all of them
at once and asks again. The subjects of the questions are exactly what a writer must lock.

A **tally** is the whole truth over the entries it absorbed: it answers every question. The memory store, an audit,
books as of a time and the part of a batch that is not yet written are all tallies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import attrs

from volunteer_points.entries import Entry
from volunteer_points.postings import FLOORS, Account, Posting

Answer = TypeVar("Answer", covariant=True)  # noqa: PLC0105 - an answer is what it is called

Lots = Mapping["datetime | None", int]
"""Amounts by lot; lots that hold nothing are left out."""


@attrs.frozen
class Question(Generic[Answer]):
    """Something a decision may ask. ``subject`` is what a writer must hold while it relies on the answer."""

    @property
    def subject(self) -> str:
        """The subject that the answer is about."""
        raise NotImplementedError  # each kind of question says it

    @property
    def shared(self) -> bool:
        """Whether many writers may rely on the answer at once, because those who change it take it alone."""
        return False


@attrs.frozen(cache_hash=True)
class LotsOf(Question[Lots]):
    """What an account holds of a unit, by lot. Only accounts whose purpose is in ``FLOORS`` can be asked."""

    account: Account
    unit: str

    @property
    def subject(self) -> str:
        """The holder."""
        return self.account.holder


@attrs.frozen(cache_hash=True)
class Moved(Question[int]):
    """How much of a unit moved into a holder's accounts of a purpose, counted for days from ``since`` to ``until``.

    ``of`` None means any. Without both days it is the balance, and then the purpose must be in ``FLOORS``.
    """

    holder: str
    purpose: str
    unit: str
    of: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def subject(self) -> str:
        """The holder."""
        return self.holder


@attrs.frozen(cache_hash=True)
class About(Question[tuple[Entry, ...]]):
    """Entries about a subject, of some kinds, that count for days from ``since`` up to ``until``, in their order."""

    about: str
    kinds: tuple[str, ...]
    since: date | None = None
    until: date | None = None
    many: bool = False
    """Many writers may rely on it at once."""

    @property
    def subject(self) -> str:
        """The subject itself."""
        return self.about

    @property
    def shared(self) -> bool:
        """Whether it was asked to be shared."""
        return self.many

    def wants(self, entry: Entry) -> bool:
        """Whether an entry about the subject belongs to the answer."""
        return (
            entry.kind in self.kinds
            and (self.since is None or self.since <= entry.on)
            and (self.until is None or entry.on < self.until)
        )


@attrs.frozen(cache_hash=True)
class Committed(Question[tuple[Entry, ...]]):
    """The entries written under an idempotency key; none when it is free."""

    key: str

    @property
    def subject(self) -> str:
        """The key."""
        return f"key:{self.key}"


class Lacks(Exception):
    """Raised within a decision: these questions must be answered first."""

    def __init__(self, questions: tuple[Question[Any], ...]) -> None:
        super().__init__(questions)
        self.questions = questions


@attrs.frozen
class OpenAmount:
    """One account, unit and lot that is not nought."""

    account: Account
    unit: str
    lot: datetime | None
    amount: int


class Tally:
    """What some entries add up to. One owner absorbs; everybody else asks.

    >>> Tally().answer(Committed("key"))
    ()
    """

    def __init__(self) -> None:
        self._by_key: dict[str, list[Entry]] = {}
        self._about: dict[str, list[Entry]] = {}
        self._lots: dict[tuple[Account, str], dict[datetime | None, int]] = {}
        self._days: dict[tuple[str, str, str], dict[date, dict[str, int]]] = {}
        self._open: dict[str, dict[tuple[Account, str, datetime | None], int]] = defaultdict(dict)

    def absorb(self, entries: Iterable[Entry]) -> None:
        """Add entries, in their order."""
        for entry in entries:
            self._by_key.setdefault(entry.key, []).append(entry)
            for subject in entry.about:
                self._about.setdefault(subject, []).append(entry)
            for posting in entry.postings:
                self.post(posting)

    def post(self, posting: Posting) -> None:
        """Add one posting."""
        account, unit, amount, lot, on = posting
        of_day = self._days.setdefault((account.holder, account.purpose, unit), {}).setdefault(on, {})
        of_day[account.of] = of_day.get(account.of, 0) + amount
        if account.purpose in FLOORS:
            lots = self._lots.setdefault((account, unit), {})
            left = lots.get(lot, 0) + amount
            if left:
                lots[lot] = self._open[account.purpose][account, unit, lot] = left
            else:
                lots.pop(lot, None)
                self._open[account.purpose].pop((account, unit, lot), None)

    def answer(self, question: Question[Answer]) -> Answer:
        """The answer from the entries absorbed so far."""
        return cast("Answer", self._answer(question))

    def _answer(self, question: Question[Any]) -> object:
        match question:
            case LotsOf():
                return dict(self._lots.get((question.account, question.unit), ()))
            case Moved():
                return self._moved(question)
            case About():
                return tuple(entry for entry in self._about.get(question.about, ()) if question.wants(entry))
            case Committed():
                return tuple(self._by_key.get(question.key, ()))
        raise TypeError(question)

    def _moved(self, question: Moved) -> int:
        days = self._days.get((question.holder, question.purpose, question.unit), {})
        since, until = question.since, question.until
        if since is not None and until is not None and (until - since).days < len(days):
            wanted = [days[day] for n in range((until - since).days) if (day := since + timedelta(days=n)) in days]
        else:
            wanted = [
                of_day
                for day, of_day in days.items()
                if (since is None or since <= day) and (until is None or day < until)
            ]
        if question.of is None:
            return sum(sum(of_day.values()) for of_day in wanted)
        return sum(of_day.get(question.of, 0) for of_day in wanted)

    def open(self, purpose: str, *, unit: str | None = None, due: datetime | None = None) -> list[OpenAmount]:
        """Every amount of a purpose that is not nought, in order; with ``due``, those whose lot ends by then."""
        found = [
            OpenAmount(account, of_unit, lot, amount)
            for (account, of_unit, lot), amount in self._open[purpose].items()
            if (unit is None or of_unit == unit) and (due is None or (lot is not None and lot <= due))
        ]
        return sorted(found, key=lambda each: (each.account, each.unit, soonest(each.lot)))

    def balances(self) -> dict[tuple[Account, str, datetime | None], int]:
        """Every kept balance that is not nought."""
        return {key: amount for amounts in self._open.values() for key, amount in amounts.items()}


def soonest(lot: datetime | None) -> tuple[bool, float | datetime]:
    """Sort key for lots: the soonest first, those without an end last."""
    return (lot is None, lot or 0)


class Books:
    """What one decision may look at: answers fetched before, and what was written since then.

    Args:
        answers: What a store answered before anything of this transaction was written.
        since: What this transaction has written since; shared by all commands of a batch.
    """

    def __init__(self, answers: Mapping[Question[Any], Any], since: Tally | None = None) -> None:
        self._answers = answers
        self._since = since

    def need(self, *questions: Question[Any]) -> None:
        """Name what a decision is about to ask.

        Raises:
            Lacks: some of it has not been fetched.
        """
        answers = self._answers
        missing = [question for question in questions if question not in answers]
        if missing:
            raise Lacks(tuple(missing))

    def ask(self, question: Question[Answer]) -> Answer:
        """The answer as of now, with what the transaction has written.

        Raises:
            Lacks: it has not been fetched.
        """
        try:
            before = self._answers[question]
        except KeyError:
            self.need(question)
            before = self._answers[question]
        since = self._since
        return cast("Answer", before if since is None else combined(question, before, since.answer(question)))


def combined(question: Question[Any], before: Any, since: Any) -> object:  # noqa: ANN401 - answers of any kind
    """The answer over two stretches of the ledger, from the answers over each."""
    if not since:
        return before
    match question:
        case LotsOf():
            sums = {lot: before.get(lot, 0) + since.get(lot, 0) for lot in {**before, **since}}
            return {lot: amount for lot, amount in sums.items() if amount}
        case _:
            return before + since


class EveryAnswer(Mapping[Question[Any], Any]):
    """A tally seen as answers that are all there: for a memory store, a preview or an audit."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __getitem__(self, question: Question[Any]) -> object:
        """Answer now."""
        return self._tally.answer(question)

    def __contains__(self, question: object) -> bool:
        """Every question has an answer."""
        return isinstance(question, Question)

    def __iter__(self) -> Any:  # noqa: ANN401 - there is no end of questions
        """Refuse: there is no list of all questions."""
        raise TypeError("a tally answers any question; it has no list of them")

    def __len__(self) -> int:
        """Refuse likewise."""
        raise TypeError("a tally answers any question; it has no list of them")
