"""Small commits for the checks: who got what, with no decision between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from volunteer_points.books import LotsOf
from volunteer_points.entries import Adjusted, Draft, Entry, Fact, Joined, entries_of
from volunteer_points.model import Reason
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose

LEDGER = "conformance"
A, B = "volunteer:a", "volunteer:b"
DAY = date(2026, 3, 14)
TOMORROW = DAY + timedelta(days=1)
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
LOT = NOW + timedelta(days=100)
LATER_LOT = NOW + timedelta(days=200, microseconds=1)
POINTS_OF_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")
SHELF = LotsOf(Account("item:rice", Purpose.ON_HAND, "grain"), "item:rice")
ADJUSTED = Adjusted(volunteer="a", currency="points", points=1, requested_by="b", reason=Reason(code="gift"))
JOINED = Joined(volunteer="a", team="t", since=DAY)


def moved(
    account: Account | str, amount: int, *, unit: str = "points", lot: datetime | None = LOT, on: date = DAY
) -> tuple[Posting, Posting]:
    """So much into an account, or to what a holder has available, out of one whose balance nobody keeps."""
    place = account if isinstance(account, Account) else Account(account, Purpose.AVAILABLE)
    out = Posting(Account(PROGRAMME, Purpose.ADJUSTED), unit, -amount, None, on)
    return Posting(place, unit, amount, lot, on), out


def draft(*postings: tuple[Posting, ...], about: Iterable[str] = (A,), on: date = DAY, fact: Fact = ADJUSTED) -> Draft:
    """An entry with these postings."""
    return Draft(fact, tuple(about), on, tuple(posting for some in postings for posting in some))


def commit(key: str, *drafts: Draft, ledger: str = LEDGER) -> tuple[Entry, ...]:
    """A commit of these drafts."""
    return entries_of(drafts, ledger=ledger, key=key, digest=f"digest of {key}", actor="b", booked_at=NOW)


def gift(
    key: str,
    account: Account | str,
    amount: int,
    *,
    ledger: str = LEDGER,
    **how: Any,  # noqa: ANN401 - as `moved`
) -> tuple[Entry, ...]:
    """A commit that moves so much, and is about the holder."""
    holder = account.holder if isinstance(account, Account) else account
    return commit(key, draft(moved(account, amount, **how), about=(holder,)), ledger=ledger)


def bags(key: str, quantity: int) -> tuple[Entry, ...]:
    """A commit that puts bags of rice on the shelf, or takes some from it."""
    return gift(key, SHELF.account, quantity, unit=SHELF.unit, lot=None)


def history() -> list[tuple[Entry, ...]]:
    """Four commits with every kind of movement that an answer must tell apart."""
    issued, held = Account(A, Purpose.ISSUED, "park"), Account(A, Purpose.HELD, "r-1")
    return [
        commit(
            "one",
            draft(moved(A, 30), moved(A, 4, lot=None), about=(A, "record:1")),
            draft(moved(issued, -23), moved(Account(B, Purpose.DEBT), -5, lot=None), fact=JOINED),
            draft(moved(Account(A, Purpose.ISSUED, "cinema"), -7, on=TOMORROW), about=(A,), on=TOMORROW),
        ),
        commit("two", draft(moved(A, -20), moved(held, 20), about=(A, "redemption:r-1"))),
        commit("three", draft(moved(held, -20), moved(A, -10), about=("record:1",))),
        commit("four", draft(moved(A, 5, lot=LATER_LOT), moved(issued, 60, unit="minutes"))),
    ]
