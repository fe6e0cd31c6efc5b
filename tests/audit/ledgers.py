"""Ledgers to audit: histories made by commands, and their entries as they would lie in a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import attrs

from volunteer_points import commands as c
from volunteer_points.books import Books, EveryAnswer, Tally
from volunteer_points.commands import Request
from volunteer_points.decisions import decide
from volunteer_points.entries import Entry, Held, Submitted
from volunteer_points.errors import Refused
from volunteer_points.ledger import decode, encode, leaf_hash
from volunteer_points.model import (
    Condition,
    Currency,
    Details,
    Exchange,
    Fund,
    Interval,
    Item,
    Of,
    Reason,
    SpecialPrice,
    Whose,
)
from volunteer_points.postings import Account
from volunteer_points.rules import Accrual, Cap, Expiry, Rounding, Stream, When
from volunteer_points.storage import Stored
from volunteer_points.testing.programmes import FOUNDERS, small_programme

ZONE = ZoneInfo("Asia/Shanghai")
REASON = Reason(code="said_so")
AUTHOR, APPROVER = FOUNDERS
LEADER, CHECKER, SHOP = "leader", "checker", "shop"

Balances = dict[tuple[Account, str, datetime | None], int]


def moment(text: str) -> datetime:
    """An instant written as `2026-03-14 09:00`, in the programme's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def interval(begin: str, minutes: int) -> Interval:
    return Interval(begin=moment(begin), end=moment(begin) + timedelta(minutes=minutes))


def stored_entries(entries: Iterable[Entry]) -> list[Stored]:
    """Entries with their bytes and right hashes, in dense positions."""
    contents = [encode(entry) for entry in entries]
    return [Stored(position, content, leaf_hash(content)) for position, content in enumerate(contents, start=1)]


class StoredLedger:
    """A ledger as an audit sees it: what lies in a store, right or wrong. Balances default to the true ones."""

    def __init__(self, stored: Iterable[Stored], balances: Balances | None = None, ledger: str = "small") -> None:
        self.ledger = ledger
        self._stored = list(stored)
        self._balances = balances

    @contextmanager
    def reader(self) -> Iterator[StoredLedger]:
        yield self

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        assert limit is None
        return iter(self._stored[after:])

    def balances(self) -> Iterator[tuple[Account, str, datetime | None, int]]:
        balances = self._balances
        if balances is None:
            tally = Tally()
            tally.absorb(decode(each.content) for each in self._stored)
            balances = tally.balances()
        return ((account, unit, lot, amount) for (account, unit, lot), amount in balances.items())


class History:
    """Commands on a ledger in memory, one after the other; every one moves the clock by a minute."""

    def __init__(
        self, definition: c.Definition | None = None, *, begin: str = "2026-03-10 20:00", by: str = APPROVER
    ) -> None:
        self.now = moment(begin)
        self.entries: list[Entry] = []
        self.tally = Tally()
        self.run(c.Adopt(definition=definition or small_programme(), author=AUTHOR), by)

    def run(self, command: c.Command, actor: str, *, key: str | None = None) -> tuple[Entry, ...]:
        """Write a command."""
        self.now += timedelta(minutes=1)
        key = key or f"key-{len(self.entries) + 1}"
        request = Request(ledger="small", key=key, actor=actor, booked_at=self.now, command=command)
        written = decide(Books(EveryAnswer(self.tally)), request).entries
        self.tally.absorb(written)
        self.entries.extend(written)
        return written

    def attempt(self, command: c.Command, actor: str) -> tuple[Entry, ...]:
        """Write a command unless it is refused."""
        try:
            return self.run(command, actor)
        except Refused:
            return ()

    def take_over(self, entries: Iterable[Entry]) -> None:
        """Go on from other entries, whoever wrote them."""
        self.entries, self.tally = list(entries), Tally()
        self.tally.absorb(self.entries)

    def until(self, when: str) -> None:
        """Let time pass."""
        assert moment(when) >= self.now
        self.now = moment(when)

    def enrol(self, *volunteers: str, household: str | None = None) -> None:
        for volunteer in volunteers:
            self.run(c.Enrol(volunteer=volunteer, household=household), AUTHOR)

    def submit(
        self, volunteer: str, begin: str, minutes: int = 140, *, activity: str = "park", by: str = LEADER
    ) -> str:
        """Record service; the id of the record."""
        command = c.Submit(volunteer=volunteer, activity=activity, intervals=(interval(begin, minutes),))
        fact = self.run(command, by)[0].fact
        assert isinstance(fact, Submitted)
        return fact.record

    def serve(self, volunteer: str, begin: str, minutes: int = 140, *, activity: str = "park") -> str:
        """Record service and have it approved; the id of the record."""
        record = self.submit(volunteer, begin, minutes, activity=activity)
        self.run(c.Approve(record=record), CHECKER)
        return record

    def hold(self, volunteer: str, item: str, quantity: int = 1) -> str:
        """Hold an item; the id of the redemption."""
        fact = self.run(c.Redeem(volunteer=volunteer, item=item, quantity=quantity), LEADER)[0].fact
        assert isinstance(fact, Held)
        return fact.redemption

    def stored(self) -> list[Stored]:
        return stored_entries(self.entries)

    def ledger(self) -> StoredLedger:
        return StoredLedger(self.stored())


def one_month() -> History:
    """A little of everything: awards with a cap, nothing awarded, corrections, reversals, redemptions, stock."""
    history = History()
    history.enrol("v-1", "v-2", household="h-1")
    history.enrol("v-3")
    history.run(c.ReceiveStock(item="rice", quantity=5), SHOP)
    history.run(c.ReceiveStock(item="soap", quantity=9), SHOP)
    history.run(c.OpenBalance(volunteer="v-3", points=31, minutes=90, requested_by=AUTHOR, reason=REASON), APPROVER)
    history.until("2026-03-15 20:00")
    first = history.serve("v-1", "2026-03-14 09:00", 140)
    history.serve("v-2", "2026-03-14 09:00", 480)
    history.serve("v-2", "2026-03-14 18:00", 120, activity="cinema")
    history.serve("v-1", "2026-03-15 08:00", 3)
    second = history.serve("v-3", "2026-03-13 22:30", 200, activity="cinema")
    refused = history.submit("v-3", "2026-03-14 10:00", 30)
    history.run(c.Reject(record=refused, reason=REASON), CHECKER)
    collected = history.hold("v-1", "rice")
    history.run(c.Collect(redemption=collected), SHOP)
    cancelled = history.hold("v-2", "soap", 2)
    history.run(c.Cancel(redemption=cancelled, reason=REASON), LEADER)
    several = history.hold("v-3", "rice", 2)
    history.run(c.Collect(redemption=several), SHOP)
    history.run(c.Return(redemption=several, quantity=1, reason=REASON), SHOP)
    history.run(c.Return(redemption=several, quantity=1, reason=REASON, damaged=True), SHOP)
    history.run(c.Reverse(record=first, reason=REASON), CHECKER)
    history.serve("v-1", "2026-03-14 13:00", 200)
    correction = c.Correct(
        record=second, intervals=(interval("2026-03-13 22:30", 100),), requested_by=LEADER, reason=REASON
    )
    history.run(correction, CHECKER)
    history.run(c.Transfer(giver="v-2", receiver="v-1", points=5), "v-2")
    history.run(c.Adjust(volunteer="v-3", points=12, requested_by=AUTHOR, reason=REASON), APPROVER)
    history.run(c.CountStock(item="soap", counted=10, reason=REASON), SHOP)
    history.run(c.WriteOffStock(item="soap", quantity=1, reason=REASON), SHOP)
    history.run(c.Collect(redemption=history.hold("v-2", "lunch")), SHOP)
    history.hold("v-2", "soap")
    return history


CARE = Fund(id="care", name="Care fund")


def with_everything() -> c.Definition:
    """The small programme with a public notice, a fund, mutual help, a second currency, special prices, an exchange."""
    definition = small_programme()
    [rulebook] = definition.rulebooks
    old = Condition(id="old", tags=("senior",))
    much = Condition(id="much", of=Of.RECORDS, at_least=Fraction(2), over="90 days")
    rice, soap, lunch = definition.catalogue
    return attrs.evolve(
        definition,
        currencies=(Currency(id="points"), Currency(id="honour", decimals=1)),
        funds=(CARE,),
        catalogue=(
            attrs.evolve(rice, special_prices=(SpecialPrice(points=11, cash=Fraction(5, 2), conditions=(old, much)),)),
            soap,
            lunch,
            Item(id="oil", name="Oil", partner="grain", worth=Fraction(10), stocked=False),
        ),
        rulebooks=(
            attrs.evolve(
                rulebook,
                notice_days=3,
                caps=(*rulebook.caps, Cap(id="home", at_most=Fraction(900), per="month", whose=Whose.HOUSEHOLD)),
                accruals=(
                    Accrual(id="absence", fixed=Fraction(-4), when=When(activities=("cinema",), marks=("absent",))),
                    *rulebook.accruals,
                ),
                streams=(
                    Stream(id="thanks", currency="honour", accruals=(Accrual(id="t", fixed=Fraction(1, 2)),),
                           rounding=Rounding(to=Fraction(1, 10)), to=Whose.HOUSEHOLD, expiry=Expiry(days=2)),
                    Stream(id="bounty", currency="points", source="fund:care",
                           accruals=(Accrual(id="b", fixed=Fraction(2)),),
                           conditions=(Condition(id="second", of=Of.TIMES, at_least=Fraction(1)),)),
                ),
                redemption=attrs.evolve(
                    rulebook.redemption,
                    donations=True,
                    exchange=(Exchange(money=Fraction(3)),),
                ),
            ),
        ),
    )  # fmt: skip


def by_inactivity() -> History:
    """Points that end a few days after the last service: served twice, late, for a notice, and taken back."""
    definition = small_programme()
    [rulebook] = definition.rulebooks
    first = attrs.evolve(rulebook, expiry=Expiry(idle_days=9))
    second = attrs.evolve(first, id="later", since=date(2026, 3, 16), notice_days=1)
    history = History(attrs.evolve(definition, rulebooks=(first, second)))
    history.enrol("v-1", "v-2")
    history.until("2026-03-15 20:00")
    history.serve("v-1", "2026-03-11 09:00", 60)
    history.serve("v-1", "2026-03-15 09:00", 60)
    history.serve("v-1", "2026-03-13 09:00", 60)
    history.serve("v-2", "2026-03-15 09:00", 60)
    history.until("2026-03-18 20:00")
    noticed = history.serve("v-1", "2026-03-18 09:00", 60)
    late = history.serve("v-1", "2026-03-17 09:00", 60)
    history.until("2026-03-20 00:00")
    history.run(c.Confirm(record=noticed), LEADER)
    history.run(c.Confirm(record=late), LEADER)
    history.run(c.Reverse(record=noticed, reason=REASON), CHECKER)
    history.until("2026-03-21 20:00")
    history.serve("v-1", "2026-03-16 09:00", 60)
    return history


def everything() -> History:
    """Awards in public notice, of several currencies, for a household, out of a fund; donations, special prices."""
    history = History(with_everything())
    history.run(c.Enrol(volunteer="v-1", tags=("senior",), household="h-1"), AUTHOR)
    history.enrol("v-2", household="h-1")
    history.run(c.ReceiveStock(item="rice", quantity=5), SHOP)
    history.run(c.Endow(fund="care", points=50, requested_by=AUTHOR, reason=REASON), APPROVER)
    history.until("2026-03-13 20:00")
    first = history.serve("v-1", "2026-03-13 09:00", 140)
    second = history.serve("v-1", "2026-03-13 13:00", 60)
    history.serve("v-2", "2026-03-13 13:00", 60)
    third = history.serve("v-1", "2026-03-13 15:00", 60)
    absent = c.Submit(volunteer="v-2", activity="cinema", on=date(2026, 3, 13), details=Details(marks=("absent",)))
    fact = history.run(absent, LEADER)[0].fact
    assert isinstance(fact, Submitted)
    history.run(c.Approve(record=fact.record), CHECKER)
    history.run(c.Reverse(record=third, reason=REASON), CHECKER)
    history.until("2026-03-17 00:00")
    for record in (first, second):
        history.run(c.Confirm(record=record), LEADER)
    history.run(c.Donate(giver="v-1", fund="care", points=3), "v-1")
    history.run(c.Collect(redemption=history.hold("v-1", "rice")), SHOP)
    history.run(c.Cancel(redemption=history.hold("v-1", "oil"), reason=REASON), LEADER)
    history.run(c.Reverse(record=second, reason=REASON), CHECKER)
    history.run(c.Expire(volunteer="household:h-1", currency="honour"), LEADER)
    return history
