"""The ledger itself: is everything there, unchanged, in order, balanced, within its bounds, and written once?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Evidence, Finding, Values
from volunteer_points.audit.reading import Commit, Place, Seen, Standing
from volunteer_points.audit.sealed import Breach, TreeCompared
from volunteer_points.audit.source import Kept
from volunteer_points.books import soonest
from volunteer_points.canonical import instant_text
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt
from volunteer_points.ledger import decode_once, leaf_hash
from volunteer_points.postings import FLOORS, Account, imbalance, item_unit


class EntryBalanced(Check):
    """VP001: the postings of an entry add up to nought for each unit, and none of them is nought."""

    id = "VP001"

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Add up."""
        del before
        postings = seen.entry.postings
        if not postings:
            return
        self.examined += 1
        uneven = imbalance(postings)
        if uneven or not all(posting.amount for posting in postings):
            yield self.finding(
                "unbalanced" if uneven else "nought",
                ("entry", seen.id),
                seen.evidence,
                expected=dict.fromkeys(uneven, 0),
                actual=uneven,
                kind=seen.entry.kind,
            )


class LedgerBalanced(Check):
    """VP002: all postings of the ledger add up to nought for each unit."""

    id = "VP002"

    def __init__(self) -> None:
        self._sums: dict[str, int] = defaultdict(int)

    def examine(self, seen: Seen, before: Standing) -> Iterable[Finding]:
        """Add to the sums."""
        del before
        self.examined += len(seen.entry.postings)
        for posting in seen.entry.postings:
            self._sums[posting.unit] += posting.amount
        return ()

    def finish(self, end: End) -> Iterator[Finding]:
        """Name every unit that is left over."""
        del end
        for unit, amount in self._sums.items():
            if amount:
                yield self.finding("ledger_unbalanced", ("unit", unit), expected={"sum": 0}, actual={"sum": amount})


class Unchanged(Check):
    """VP003: leaf hashes match the bytes, positions are dense, commits are whole and in order, and the tree agrees.

    Args:
        ledger: The id that every entry must carry.
    """

    id = "VP003"

    def __init__(self, ledger: str) -> None:
        self.unread = 0
        """How many entries cannot be read; no check can look at them."""

        self.ledger = ledger
        self._next = 1
        self.tree: TreeCompared | None = None
        """The tree over the entries, where there is something to compare it with."""

        self.adrift: Iterable[tuple[int, bytes]] = ()
        """Entries beside the order, with the numbers of their rows."""

    def admit(self, line: int, piece: Kept | Corrupt, found: list[Finding]) -> Entry | None:
        """Judge what lies there before anything is read out of it; the entry, unless it cannot be read."""
        if isinstance(piece, Corrupt):
            found.append(self._damage(line, piece, found))
            return None
        self.examined += 1
        if piece.position != self._next:
            self._stop_comparing(found)
            found.append(
                self.finding(
                    "position_missing",
                    ("position", str(self._next)),
                    Evidence(piece.position),
                    expected={"position": self._next},
                    actual={"position": piece.position},
                )
            )
        self._next = piece.position + 1
        entry, problem = _read(piece.content)
        if problem is not None:
            self.unread += 1
            subject = ("position", str(piece.position))
            found.append(self.finding("unreadable", subject, Evidence(piece.position), problem=problem))
        self._compare_leaf(piece, entry, found)
        return entry

    def _damage(self, line: int, problem: Corrupt, found: list[Finding]) -> Finding:
        position = problem.facts.get("position")
        evidence: tuple[Evidence, ...] = ()
        if isinstance(position, int):
            self.examined, self.unread, self._next = self.examined + 1, self.unread + 1, position + 1
            self._stop_comparing(found)
            evidence = (Evidence(position),)
        told = {name: value for name, value in problem.facts.items() if name not in {"line", "position", "fix"}}
        words = str(Corrupt(problem.code, **told))
        return self.finding("file_damaged", ("line", str(line)), *evidence, expected={"line": line}, problem=words)

    def _stop_comparing(self, found: list[Finding]) -> None:
        """Behind a place where nothing can be read, no tree can be made."""
        if self.tree is not None:
            found.extend(map(self._told, self.tree.stop()))

    def _compare_leaf(self, piece: Kept, entry: Entry | None, found: list[Finding]) -> None:
        leaf = leaf_hash(piece.content)
        if self.tree is not None:
            found.extend(map(self._told, self.tree.add(leaf)))
        if leaf != piece.leaf:
            subject = ("entry", entry.id) if entry else ("position", str(piece.position))
            found.append(
                self.finding(
                    "leaf_differs",
                    subject,
                    Seen(piece.position, entry).evidence if entry else Evidence(piece.position),
                    expected={"leaf": piece.leaf.hex()},
                    actual={"leaf": leaf.hex()},
                    kind=entry.kind if entry else "entry",
                )
            )

    def _told(self, breach: Breach) -> Finding:
        key, subject, expected, actual = breach
        return self.finding(key, subject, expected=expected, actual=actual)

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare the ledger it says it belongs to, and its place in its commit."""
        entry = seen.entry
        if entry.ledger != self.ledger:
            yield self._misplaced(seen, "other_ledger", {"ledger": self.ledger}, {"ledger": entry.ledger})
        commit = before.commits.get(entry.key)
        following = commit.following if commit else 1
        if entry.number > following or entry.number > entry.count:
            yield self._misplaced(seen, "number_out_of_place", {"number": following}, {"number": entry.number})

    def _beside(self, row: int, content: bytes) -> Finding:
        entry, _ = _read(content)
        subject = ("entry", entry.id) if entry else ("row", str(row))
        kind, under = (entry.kind, entry.key) if entry else ("entry", "?")
        actual = {"row": row}
        return self.finding("entry_adrift", subject, expected={"place": True}, actual=actual, kind=kind, under=under)

    def _misplaced(self, seen: Seen, key: str, expected: Values, actual: Values) -> Finding:
        subject, kind = ("entry", seen.id), seen.entry.kind
        return self.finding(key, subject, seen.evidence, expected=expected, actual=actual, kind=kind)

    def finish(self, end: End) -> Iterator[Finding]:
        """Name the commits of which entries are missing, what the tree still shows, and a ledger without entries."""
        if self.tree is not None:
            yield from map(self._told, self.tree.finish())
        for row, content in self.adrift:
            yield self._beside(row, content)
        if not self.examined:
            yield self.finding("nothing_there", ("ledger", self.ledger))
        for key, commit in end.standing.commits.items():
            if commit.there < commit.count:
                yield self.finding(
                    "commit_incomplete",
                    ("key", key),
                    Evidence(commit.position),
                    expected={"entries": commit.count},
                    actual={"entries": commit.there},
                )


def _read(content: bytes) -> tuple[Entry | None, str | None]:
    try:
        return decode_once(content), None
    except Corrupt as error:
        return None, str(error.facts.get("problem", error.code))


class BoundsKept(Check):
    """VP004: no balance was ever beyond its bound, after any entry, in the order of the ledger."""

    id = "VP004"

    def __init__(self) -> None:
        self._broken: set[Place] = set()

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Look at every balance that the entry moves towards its bound; the first breach of each is reported."""
        moved: dict[Place, int] = {}
        for posting in seen.entry.postings:
            if FLOORS.get(posting.account.purpose):
                place = (posting.account, posting.unit, posting.lot)
                moved[place] = moved.get(place, 0) + posting.amount
        self.examined += len(moved)
        for place, amount in moved.items():
            floor = FLOORS[place[0].purpose]
            if floor * amount >= 0 or place in self._broken:
                continue
            balance = before.balances.get(place, 0) + amount
            if floor * balance < 0:
                self._broken.add(place)
                yield self._beyond(seen, place, balance)

    def _beyond(self, seen: Seen, place: Place, balance: int) -> Finding:
        account, unit, lot = place
        return self.finding(
            "bound_passed",
            ("account", "/".join(account)),
            seen.evidence,
            expected={
                "unit": unit,
                "ends": _lot_text(lot),
                "balance": "at least 0" if FLOORS[account.purpose] > 0 else "at most 0",
            },
            actual={"balance": balance},
            kind=seen.entry.kind,
            **_told(account, unit),
        )


def _told(account: Account, unit: str) -> dict[str, Any]:
    """An account and a unit in the words of a sentence."""
    kind, _, holder = account.holder.partition(":")
    return {
        "holder_kind": kind,
        "holder": holder,
        "purpose": account.purpose,
        "unit": unit.removeprefix(item_unit("")),
    }


def _lot_text(lot: datetime | None) -> str | None:
    return None if lot is None else instant_text(lot)


class BalancesStored(Check):
    """VP005: the balances that a store keeps beside its entries are what the entries add up to."""

    id = "VP005"

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare every balance on either side."""
        if end.balances is None:
            self.skipped_because = "journal_without_balances"
            return
        if end.left_out:
            self.skipped_because = "later_entries_left_out"
            return
        derived = {place: left for place, left in end.standing.balances.items() if place[0].purpose in FLOORS}
        kept = {(account, unit, lot): amount for account, unit, lot, amount in end.balances}
        places = derived.keys() | kept.keys()
        self.examined = len(places)
        for place in sorted(places, key=lambda each: (each[0], each[1], soonest(each[2]))):
            expected, actual = derived.get(place, 0), kept.get(place, 0)
            if expected != actual:
                account, unit, lot = place
                yield self.finding(
                    "balance_differs",
                    ("account", "/".join(account)),
                    expected={"unit": unit, "ends": _lot_text(lot), "balance": expected},
                    actual={"balance": actual},
                    **_told(account, unit),
                )


class KeyOnce(Check):
    """VP006: the entries under a key are those of one commit: one content, one actor, one time, each number once."""

    id = "VP006"

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare with what the key wrote before."""
        entry = seen.entry
        self.examined += 1
        commit = before.commits.get(entry.key)
        if commit is None:
            return
        differs = _difference(commit, entry)
        if differs is not None:
            what, expected, actual = differs
            yield self.finding(
                "key_twice",
                ("key", entry.key),
                Evidence(commit.position),
                seen.evidence,
                expected={what: expected},
                actual={what: actual},
                what=what,
            )


def _difference(commit: Commit, entry: Entry) -> tuple[str, object, object] | None:
    for what, expected, actual in (
        ("digest", commit.digest, entry.digest),
        ("actor", commit.actor, entry.actor),
        ("booked_at", commit.booked_at, entry.booked_at),
        ("count", commit.count, entry.count),
    ):
        if expected != actual:
            return what, _plain(expected), _plain(actual)
    return ("number", commit.following, entry.number) if entry.number < commit.following else None


def _plain(value: object) -> object:
    return instant_text(value) if isinstance(value, datetime) else value
