"""A Hypothesis state machine that drives several stores with the same commands and compares them after every step.

Subclass it, say in :meth:`StoreMachine.empty_stores` which stores to drive, and run its ``TestCase``::

    class MyStoreMachine(StoreMachine):
        def empty_stores(self):
            return {"memory": MemoryStore("machine"), "mine": MyStore(...)}

    TestMyStore = MyStoreMachine.TestCase

After every command each store must give the same answer: the same bytes, or the same refusal with the same numbers.
After every step their balances and hashes must agree and the laws of the ledger must hold.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule

from volunteer_points import commands as c
from volunteer_points.books import Tally
from volunteer_points.entries import Entry, Held, Submitted
from volunteer_points.errors import Refused
from volunteer_points.ledger import decode, encode, leaf_hash
from volunteer_points.model import Details, Interval, Quantity, Reason, Whose
from volunteer_points.postings import FLOORS, Account, Purpose, imbalance, volunteer_holder
from volunteer_points.programme import Order, Outcome, Programme
from volunteer_points.storage import Store
from volunteer_points.testing.programmes import FOUNDERS, ITEMS, full_programme, small_programme

ZONE = ZoneInfo("Asia/Shanghai")
VOLUNTEERS = ("v-1", "v-2", "v-3")
SHOP, LEADER, CHECKER = "shop", "leader", "checker"
BEGIN = datetime(2026, 3, 1, 20, tzinfo=ZONE)
REASON = Reason(code="said_so")

DETAILS = st.builds(
    Details,
    marks=st.sampled_from([(), ("hot",), ("helped",), ("hot", "helped")]),
    quantities=st.sampled_from([(), (Quantity(unit="ml", amount=400),)]),
    planned_minutes=st.none() | st.integers(1, 600),
    travel_minutes=st.integers(0, 30),
    beneficiary=st.sampled_from([None, *VOLUNTEERS]),
)

Answer = tuple[str, object]


class StoreMachine(RuleBasedStateMachine):
    """Drives every store of :meth:`empty_stores` through service, awards, redemptions, stock and expiry."""

    records: Bundle[str] = Bundle("records")
    redemptions: Bundle[str] = Bundle("redemptions")

    def empty_stores(self) -> Mapping[str, Store]:
        """The stores to drive, all empty and for one ledger id; the first is what the others are compared with."""
        raise NotImplementedError  # whoever subclasses says which stores

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.simple = True
        self.numbers = itertools.count(1)
        self.sent: list[tuple[Order, list[bytes]]] = []
        self.programmes = {
            name: Programme(store, clock=lambda: self.now) for name, store in self.empty_stores().items()
        }

    def send(self, command: c.Command, actor: str) -> Outcome | None:
        """Bring one command to every store; all must answer alike. None when it was refused."""
        order = Order(command=command, actor=actor, key=f"key-{next(self.numbers)}", booked_at=self.now)
        before = self._balances(self._first())
        answers = {name: _answer(programme, order) for name, programme in self.programmes.items()}
        expected = next(iter(answers.values()))
        for name, answer in answers.items():
            assert answer[:2] == expected[:2], f"{name} answers {answer[:2]}, the first store {expected[:2]}"
        outcome = expected[2]
        if outcome is None:
            assert self._balances(self._first()) == before, "a refusal changed the books"
        else:
            self.sent.append((order, [encode(entry) for entry in outcome.entries]))
        return outcome

    def _first(self) -> Programme:
        return next(iter(self.programmes.values()))

    def _balances(self, programme: Programme) -> dict[tuple[Account, str, datetime | None], int]:
        with programme.store.reader() as reader:
            return {(account, unit, lot): amount for account, unit, lot, amount in reader.balances()}

    def _entries(self, programme: Programme) -> list[Entry]:
        return list(programme.entries())

    # --- what may happen ---

    @initialize(definition=st.sampled_from([small_programme(), full_programme()]))
    def adopt(self, definition: c.Definition) -> None:
        """Adopt a small programme, or one that uses every provision, and enrol its volunteers."""
        self.simple = not definition.funds
        self.send(c.Adopt(definition=definition, author=FOUNDERS[0]), FOUNDERS[1])
        for volunteer in VOLUNTEERS:
            self.send(c.Enrol(volunteer=volunteer, household="h-1" if volunteer != "v-3" else None), FOUNDERS[0])

    @rule(hours=st.integers(1, 24 * 200))
    def time_passes(self, hours: int) -> None:
        """Move the clock."""
        self.now += timedelta(hours=hours)

    @rule(
        target=records,
        volunteer=st.sampled_from(VOLUNTEERS),
        activity=st.sampled_from(["park", "cinema", "nowhere"]),
        ago=st.integers(-60, 60 * 24 * 3),
        minutes=st.integers(1, 600),
        details=st.just(Details()) | DETAILS,
    )
    def submit(
        self, volunteer: str, activity: str, ago: int, minutes: int, details: Details
    ) -> str | MultipleResults[str]:
        """Record service that ended some time ago (or has not ended yet)."""
        end = self.now - timedelta(minutes=ago)
        interval = Interval(begin=end - timedelta(minutes=minutes), end=end)
        command = c.Submit(volunteer=volunteer, activity=activity, intervals=(interval,), details=details)
        outcome = self.send(command, LEADER)
        return outcome.fact(Submitted).record if outcome else multiple()

    @rule(target=records, volunteer=st.sampled_from(VOLUNTEERS), ago=st.integers(-1, 3))
    def submit_event(self, volunteer: str, ago: int) -> str | MultipleResults[str]:
        """Record something that took no time: an absence, where the programme knows it."""
        day = self.now.date() - timedelta(days=ago)
        outcome = self.send(c.Submit(volunteer=volunteer, activity="absence", on=day), LEADER)
        return outcome.fact(Submitted).record if outcome else multiple()

    @rule(
        record=records,
        actor=st.sampled_from([CHECKER, CHECKER, CHECKER, "second", LEADER, "nobody"]),
        rating=st.sampled_from(["", "", "good", "complaint", "late"]),
    )
    def approve(self, record: str, actor: str, rating: str) -> None:
        """Approve a record, sometimes by somebody who may not."""
        self.send(c.Approve(record=record, rating=rating), actor)

    @rule(record=records, how=st.sampled_from([c.Confirm, c.ApproveByRulebook]))
    def let_the_date_decide(self, record: str, how: Callable[..., c.Command]) -> None:
        """End a public notice, or let the rulebook approve, when that is due."""
        self.send(how(record=record), LEADER)

    @rule(record=records, how=st.sampled_from([c.Reject, c.Void, c.Reverse]))
    def undo(self, record: str, how: Callable[..., c.Command]) -> None:
        """Reject, withdraw or reverse a record."""
        self.send(how(record=record, reason=REASON), CHECKER)

    @rule(record=records, minutes=st.integers(1, 300))
    def correct(self, record: str, minutes: int) -> None:
        """Let a record end at another time."""
        said = self._first().record(record).said
        if not said.intervals:
            return
        begin = said.intervals[0].begin
        interval = Interval(begin=begin, end=begin + timedelta(minutes=minutes))
        self.send(c.Correct(record=record, intervals=(interval,), requested_by=LEADER, reason=REASON), CHECKER)

    @rule(item=st.sampled_from(ITEMS), quantity=st.integers(1, 4))
    def receive(self, item: str, quantity: int) -> None:
        """Put goods on the shelf."""
        self.send(c.ReceiveStock(item=item, quantity=quantity), SHOP)

    @rule(item=st.sampled_from(ITEMS), counted=st.integers(0, 6))
    def count(self, item: str, counted: int) -> None:
        """Count the shelf."""
        self.send(c.CountStock(item=item, counted=counted, reason=REASON), SHOP)

    @rule(
        target=redemptions,
        volunteer=st.sampled_from(VOLUNTEERS),
        item=st.sampled_from(ITEMS),
        quantity=st.integers(1, 3),
        payer=st.sampled_from([Whose.VOLUNTEER, Whose.VOLUNTEER, Whose.HOUSEHOLD]),
    )
    def redeem(self, volunteer: str, item: str, quantity: int, payer: Whose) -> str | MultipleResults[str]:
        """Hold an item."""
        outcome = self.send(c.Redeem(volunteer=volunteer, item=item, quantity=quantity, payer=payer), LEADER)
        return outcome.fact(Held).redemption if outcome else multiple()

    @rule(volunteer=st.sampled_from(VOLUNTEERS), item=st.sampled_from(ITEMS))
    def hold_and_cancel_change_nothing(self, volunteer: str, item: str) -> None:
        """A hold that is cancelled at once leaves every lot as it was; what comes back pays a debt first."""
        before, owes = self._balances(self._first()), self._first().balance(volunteer).debt
        outcome = self.send(c.Redeem(volunteer=volunteer, item=item), LEADER)
        if outcome is not None and len(outcome.entries) == 1:  # nothing was left that ended with it
            self.send(c.Cancel(redemption=outcome.fact(Held).redemption, reason=REASON), LEADER)
            assert (owes and outcome.fact(Held).points) or self._balances(self._first()) == before

    @rule(redemption=redemptions)
    def collect(self, redemption: str) -> None:
        """Hand over what is held."""
        self.send(c.Collect(redemption=redemption), SHOP)

    @rule(redemption=redemptions)
    def cancel(self, redemption: str) -> None:
        """Give up a hold."""
        self.send(c.Cancel(redemption=redemption, reason=REASON), LEADER)

    @rule(redemption=redemptions, quantity=st.none() | st.integers(1, 3), damaged=st.booleans())
    def give_back(self, redemption: str, quantity: int | None, damaged: bool) -> None:  # noqa: FBT001 - drawn by name
        """Return what was collected."""
        self.send(c.Return(redemption=redemption, reason=REASON, quantity=quantity, damaged=damaged), SHOP)

    @rule(points=st.integers(-60, 60).filter(bool), volunteer=st.sampled_from(VOLUNTEERS))
    def adjust(self, volunteer: str, points: int) -> None:
        """Give or take points by decision."""
        self.send(c.Adjust(volunteer=volunteer, points=points, requested_by=FOUNDERS[0], reason=REASON), FOUNDERS[1])

    @rule(giver=st.sampled_from(VOLUNTEERS), receiver=st.sampled_from(VOLUNTEERS), points=st.integers(1, 50))
    def transfer(self, giver: str, receiver: str, points: int) -> None:
        """Give points to somebody else."""
        self.send(c.Transfer(giver=giver, receiver=receiver, points=points), giver)

    @rule(giver=st.sampled_from(VOLUNTEERS), points=st.integers(1, 50))
    def donate(self, giver: str, points: int) -> None:
        """Give points to the fund, where the programme has one."""
        self.send(c.Donate(giver=giver, fund="care", points=points), giver)

    @rule(points=st.integers(1, 200), currency=st.sampled_from(["points", "gift"]))
    def endow(self, points: int, currency: str) -> None:
        """Put points into the fund."""
        command = c.Endow(fund="care", points=points, currency=currency, requested_by=FOUNDERS[0], reason=REASON)
        self.send(command, FOUNDERS[1])

    @rule()
    def sweep(self) -> None:
        """Do what the date decides; a second sweep writes nothing."""
        swept = {name: _contents(programme.sweep(actor=LEADER)) for name, programme in self.programmes.items()}
        assert len(set(map(tuple, swept.values()))) == 1, swept
        assert not any(_contents(programme.sweep(actor=LEADER)) for programme in self.programmes.values())

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Send an earlier command again: every store gives the first outcome and writes nothing."""
        if not self.sent:
            return
        order, contents = data.draw(st.sampled_from(self.sent))
        for programme in self.programmes.values():
            count = len(self._entries(programme))
            outcome = programme.execute(order.command, actor=order.actor, key=order.key, booked_at=self.now)
            assert outcome.replayed
            assert [encode(entry) for entry in outcome.entries] == contents
            assert len(self._entries(programme)) == count

    # --- what must hold ---

    @invariant()
    def stores_agree(self) -> None:
        """Entries, hashes and balances are the same in every store, and the same as the entries add up to."""
        stored = {}
        for name, programme in self.programmes.items():
            with programme.store.reader() as reader:
                stored[name] = [(each.content, each.leaf) for each in reader.stored()]
        expected = next(iter(stored.values()))
        assert all(each == expected for each in stored.values())
        assert all(leaf_hash(content) == leaf for content, leaf in expected)
        tally = Tally()
        tally.absorb(decode(content) for content, _ in expected)
        for programme in self.programmes.values():
            assert self._balances(programme) == tally.balances()

    @invariant()
    def every_law_holds(self) -> None:
        """Every unit sums to nought, floors hold, and each volunteer's points are accounted for.

        Where neighbours, households and a fund pay one another, an audit of the ledger accounts for them instead.
        """
        entries = self._entries(self._first())
        assert imbalance(posting for entry in entries for posting in entry.postings) == {}
        sums: dict[str, int] = defaultdict(int)
        for (account, unit, _), amount in self._balances(self._first()).items():
            assert FLOORS[account.purpose] * amount >= 0
            if unit == "points" and account.purpose in {Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT}:
                sums[account.holder] += amount
        for volunteer in VOLUNTEERS if self.simple else ():
            holder = volunteer_holder(volunteer)
            assert sums[holder] == _rolled_forward(entries, holder), volunteer


def _answer(programme: Programme, order: Order) -> tuple[str, object, Outcome | None]:
    try:
        outcome = programme.execute_many([order])[0]
    except Refused as refusal:
        return refusal.code, sorted((name, str(value)) for name, value in refusal.facts.items()), None
    return "written", [encode(entry) for entry in outcome.entries], outcome


def _contents(outcomes: tuple[Outcome, ...]) -> list[bytes]:
    return [encode(entry) for outcome in outcomes for entry in outcome.entries]


def _rolled_forward(entries: list[Entry], holder: str) -> int:
    """What a volunteer owns, from what came in and went out of the accounts that are nobody's to spend."""
    own = {Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT}
    return -sum(
        posting.amount
        for entry in entries
        for posting in entry.postings
        if posting.unit == "points"
        and posting.account.purpose not in own
        and (posting.account.holder == holder or _concerns(entry, holder))
    ) + _transferred(entries, holder)


def _concerns(entry: Entry, holder: str) -> bool:
    return holder == f"volunteer:{getattr(entry.fact, 'volunteer', '')}"


def _transferred(entries: list[Entry], holder: str) -> int:
    change = 0
    for entry in entries:
        if entry.kind == "Transferred":
            change += sum(posting.amount for posting in entry.postings if posting.account.holder == holder)
    return change
