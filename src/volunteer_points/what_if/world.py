"""The books of a what-if: what everything adds up to in the world in which another rulebook was in force."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from volunteer_points.books import About, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.postings import FLOORS, Posting, Purpose

_ASKED = frozenset(FLOORS) - {Purpose.CLAIMED, Purpose.COLLECTED}
"""The accounts that the decisions of a replay look at; claims only matter for who has to approve."""

_FILED = frozenset(
    {
        *("Enrolled", "Described", "Joined", "Left"),
        *("ActivityListed", "TeamFormed", "ItemListed", "Withdrawn"),
        *("Submitted", "Corrected", "Rejected", "Voided", "Reversed"),
        *("Awarded", "Prolonged"),
        *("Held", "Collected", "Cancelled", "Lapsed", "Returned"),
    }
)
"""The kinds of entries that a decision of a replay may want to read again.

An award is kept with its record, and asked for where points end by inactivity.
"""


class World(Tally):
    """A tally for one long run of decisions: it files entries by subject and kind and keeps what is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self._filed: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
        self._place = 0

    def take_in(self, entry: Entry) -> None:
        """Add an entry."""
        kind = entry.kind
        if kind in _FILED:
            self._place += 1
            for subject in entry.about:
                self._filed.setdefault((subject, kind), []).append((self._place, entry))
        for posting in entry.postings:
            self.post(posting)

    def post(self, posting: Posting) -> None:
        """Add one posting, if anything looks at its account."""
        if posting.account.purpose in _ASKED:
            super().post(posting)

    def _answer(self, question: Question[Any]) -> object:
        return self._read_again(question) if isinstance(question, About) else super()._answer(question)

    def _read_again(self, question: About) -> tuple[Entry, ...]:
        filed = [found for kind in question.kinds if (found := self._filed.get((question.about, kind)))]
        if len(filed) > 1:
            filed = [sorted((each for found in filed for each in found), key=itemgetter(0))]
        return tuple(entry for found in filed for _, entry in found if question.wants(entry))
