"""What a store may expect of who uses it: the subjects a session holds, and commits that are whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from volunteer_points.books import LotsOf, Moved, Question
from volunteer_points.entries import Entry
from volunteer_points.errors import Misused
from volunteer_points.postings import FLOORS, Account

BalanceKey: TypeAlias = tuple[Account, str, datetime | None]
"""What a balance is kept of: an account, a unit and a lot."""


class Holding:
    """The subjects that one session holds, until it ends."""

    def __init__(self) -> None:
        self._alone: set[str] = set()
        self._shared: set[str] = set()
        self._over = False

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> tuple[set[str], set[str]]:
        """Hold more subjects; tells which are new, alone and shared."""
        self.check_running()
        new_alone = set(alone) - self._alone
        self._alone |= new_alone
        new_shared = set(shared) - self._shared - self._alone
        self._shared |= new_shared
        return new_alone, new_shared

    def check(self, questions: Iterable[Question[Any]]) -> None:
        """Let only questions pass whose subjects are held in the way the question needs.

        Raises:
            Misused: ``subject_not_taken``, ``no_balance_kept`` or ``session_over``.
        """
        self.check_running()
        for question in questions:
            subject = question.subject
            if subject not in self._alone and not (question.shared and subject in self._shared):
                raise Misused(
                    "subject_not_taken",
                    subject=subject,
                    held_shared=subject in self._shared,
                    question=type(question).__name__,
                    fix="Take the subject of every question before asking it.",
                )
            check_question(question)

    def check_running(self) -> None:
        """Let nothing pass after the session has ended: it would be lost without a word.

        Raises:
            Misused: ``session_over``.
        """
        if self._over:
            raise Misused("session_over", fix="Begin another session.")

    def end(self) -> None:
        """The session is over."""
        self._over = True


def check_question(question: Question[Any]) -> None:
    """Let a question about a balance pass only if that balance is kept.

    Raises:
        Misused: ``no_balance_kept``.
    """
    match question:
        case LotsOf():
            purpose = question.account.purpose
        case Moved(since=None, until=None):
            purpose = question.purpose
        case _:
            return
    check_purpose(purpose)


def check_purpose(purpose: str) -> None:
    """Let only purposes pass whose balances are kept.

    Raises:
        Misused: ``no_balance_kept``.
    """
    if purpose not in FLOORS:
        raise Misused("no_balance_kept", purpose=str(purpose), kept=sorted(FLOORS), fix="Ask for a span of days.")


def check_commit(entries: tuple[Entry, ...], ledger: str) -> None:
    """Let a commit pass that is whole and belongs here.

    Raises:
        Misused: ``not_one_commit``, ``other_ledger`` or ``subject_twice``.
    """
    keys = {(entry.ledger, entry.key, entry.count) for entry in entries}
    if len(keys) != 1 or [entry.number for entry in entries] != list(range(1, entries[0].count + 1)):
        found = [f"{entry.key} {entry.number} of {entry.count}" for entry in entries]
        raise Misused("not_one_commit", entries=found, fix="Append all entries of one commit, in their order.")
    if entries[0].ledger != ledger:
        raise Misused("other_ledger", ledger=ledger, entries_of=entries[0].ledger)
    for entry in entries:
        if len(set(entry.about)) != len(entry.about):
            raise Misused("subject_twice", key=entry.key, number=entry.number, about=entry.about)


def changes_of(entries: Iterable[Entry]) -> dict[BalanceKey, int]:
    """By how much entries change the balances that are kept."""
    changes: dict[BalanceKey, int] = {}
    for entry in entries:
        for account, unit, amount, lot, _ in entry.postings:
            if account.purpose in FLOORS:
                key = (account, unit, lot)
                changes[key] = changes.get(key, 0) + amount
    return changes


__all__ = ["BalanceKey", "Holding", "changes_of", "check_commit", "check_purpose", "check_question"]
