"""Small commits for the tests of stores: who got what, with no decision between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from volunteer_points.books import Answer, LotsOf, Question
from volunteer_points.entries import Adjusted, Draft, Entry, entries_of
from volunteer_points.model import Reason
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose
from volunteer_points.storage import Reader, Session, Store

LEDGER = "saihan"
DAY = date(2026, 3, 14)
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
LOT = NOW + timedelta(days=100)
LATER_LOT = NOW + timedelta(days=200, microseconds=1)
SHELF = LotsOf(Account("item:rice", Purpose.ON_HAND, "grain"), "item:rice")


def moved(
    account: Account | str, amount: int, *, unit: str = "points", lot: datetime | None = LOT, on: date = DAY
) -> tuple[Posting, Posting]:
    """So much into an account, or to what a holder has available, out of one whose balance nobody keeps."""
    place = account if isinstance(account, Account) else Account(account, Purpose.AVAILABLE)
    out = Posting(Account(PROGRAMME, Purpose.ADJUSTED), unit, -amount, None, on)
    return Posting(place, unit, amount, lot, on), out


def draft(*postings: tuple[Posting, ...], about: Iterable[str] = ("volunteer:a",), on: date = DAY) -> Draft:
    """An entry with these postings."""
    fact = Adjusted(volunteer="a", currency="points", points=1, requested_by="b", reason=Reason(code="gift"))
    return Draft(fact, tuple(about), on, tuple(posting for some in postings for posting in some))


def commit(key: str, *drafts: Draft, ledger: str = LEDGER) -> tuple[Entry, ...]:
    """A commit of these drafts."""
    return entries_of(drafts, ledger=ledger, key=key, digest=f"digest of {key}", actor="b", booked_at=NOW)


def gift(key: str, account: Account | str, amount: int, **how: Any) -> tuple[Entry, ...]:  # noqa: ANN401 - as `moved`
    """A commit that moves so much, and is about the holder."""
    holder = account.holder if isinstance(account, Account) else account
    return commit(key, draft(moved(account, amount, **how), about=(holder,)))


def bags(key: str, quantity: int) -> tuple[Entry, ...]:
    """A commit that puts bags of rice on the shelf, or takes some from it."""
    return gift(key, SHELF.account, quantity, unit=SHELF.unit, lot=None)


def write(store: Store, *commits: tuple[Entry, ...]) -> None:
    """Write commits in one session."""
    with store.session() as session:
        for entries in commits:
            session.append(entries)


def taken(session: Session, question: Question[Answer]) -> Answer:
    """The answer within a session, which takes the subject first."""
    session.take([question.subject])
    answer: Answer = session.ask([question])[question]
    return answer


def asked(store: Store, question: Question[Answer]) -> Answer:
    """The answer as of now."""
    with store.reader() as reader:
        answer: Answer = reader.ask([question])[question]
    return answer


def contents(reader: Reader) -> list[bytes]:
    """The bytes of every entry."""
    return [stored.content for stored in reader.stored()]
