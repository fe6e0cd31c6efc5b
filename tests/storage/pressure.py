"""A community in a hurry: writers that press on one ledger from all sides, and what must be true of it afterwards.

Run as ``python -m tests.storage.pressure <address> <first> <end> <seconds> <folder>`` it is some writers, each in a
process of its own. Each says when it is ready, and begins when the input ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Final

import attrs

from tests.storage.commits import LEDGER
from tests.storage.writers import at_once
from volunteer_points import commands as c
from volunteer_points.audit import audit
from volunteer_points.books import Tally
from volunteer_points.entries import Cancelled, Collected, Entry, Held, PeriodClosed, StockReceived, Submitted
from volunteer_points.errors import Busy, CommitUnknown, Refused
from volunteer_points.model import Interval, Item, Price, Reason
from volunteer_points.postings import FLOORS, Purpose
from volunteer_points.programme import Order, Outcome, Programme, Retry
from volunteer_points.rules import Cap, Expiry, RedemptionRule
from volunteer_points.storage import Store
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import FOUNDERS, small_programme

OPEN_UNTIL: Final = date(2026, 12, 31)
EARLY: Final = datetime(2026, 12, 30, 4, tzinfo=UTC)
LATE: Final = datetime(2026, 12, 31, 4, tzinfo=UTC)
HOT: Final = ("hot-0", "hot-1")
AT_MOST: Final = 16
"""So many writers, each of whom has a number below it."""

_OWN: Final = 4
_BAGS: Final = 4
_BY_HAND: Final = "by hand"
_FIRST_SERVICE: Final = datetime(2000, 1, 3, tzinfo=UTC)


def definition() -> c.Definition:
    """Points do not end, rice costs little, and whoever serves all day meets a cap."""
    small = small_programme()
    [rulebook] = small.rulebooks
    rulebook = attrs.evolve(
        rulebook,
        since=date(2000, 1, 1),
        caps=(attrs.evolve(rulebook.caps[0], at_most=rulebook.caps[0].at_most / 4), *rulebook.caps[1:]),
        expiry=Expiry(),
        redemption=RedemptionRule(hold_days=10),
    )
    assert isinstance(rulebook.caps[0], Cap)
    rice = Item(id="rice", name="Rice", partner="grain", prices=(Price(points=3),))
    return attrs.evolve(small, rulebooks=(rulebook,), catalogue=(rice, *small.catalogue[1:]))


def begin(store: Store) -> None:
    """Adopt the programme, enrol everybody, and put some bags on the shelf."""
    everybody = [*HOT, *(own(number, each) for number in range(AT_MOST) for each in range(_OWN))]
    given: list[c.Command] = [c.Adopt(definition=definition(), author=FOUNDERS[0])]
    given += [c.Enrol(volunteer=each) for each in everybody]
    orders = [
        Order(command=command, actor=FOUNDERS[1], key=f"{_BY_HAND} {place}", booked_at=EARLY)
        for place, command in enumerate(given)
    ]
    stock = c.ReceiveStock(item="rice", quantity=_BAGS)
    Programme(store).execute_many(
        [*orders, Order(command=stock, actor="shop", key=f"{_BY_HAND} rice", booked_at=EARLY)]
    )


def own(number: int, each: int) -> str:
    """A volunteer about whom one writer alone writes."""
    return f"of-{number}-{each}"


@attrs.define
class Told:
    """What a writer was told.

    Args:
        acknowledged: The ids of the entries of each command that was written, by key.
        refused: The codes of refusals, by key.
        under_way: The keys whose command had no answer when the writer stopped.
        errors: What came out of the library and was no refusal.
        retries: How often the library waited to try again by itself.
        worst_seconds: The longest that a command took, until it was written or refused.
    """

    acknowledged: dict[str, list[str]] = attrs.Factory(dict)
    refused: dict[str, str] = attrs.Factory(dict)
    under_way: list[str] = attrs.Factory(list)
    errors: list[str] = attrs.Factory(list)
    retries: int = 0
    worst_seconds: float = 0


class Writer:
    """Hands in service, approves it, and redeems; every third time for somebody about whom all of them write.

    A command is brought under one key until it has an answer.

    Args:
        store: The ledger, begun by :func:`begin`.
        number: Which of the writers it is, below :data:`AT_MOST`.
        stopped: Whether it is to stop.
        retry: How the library tries again; each wait is counted.
    """

    def __init__(self, store: Store, number: int, stopped: Callable[[], bool], retry: Retry | None = None) -> None:
        retry = retry or Retry()
        self._sleep = retry.sleep
        self._programme = Programme(store, retry=attrs.evolve(retry, sleep=self._counted))
        self._number = number
        self._stopped = stopped
        self.told = Told()

    def run(self) -> None:
        """Write until it is stopped."""
        for turn in count():
            if self._stopped():
                return
            self._turn(turn)

    def _turn(self, turn: int) -> None:
        volunteer = HOT[turn % 2] if turn % 3 == 0 else own(self._number, turn % _OWN)
        at, key = (EARLY, LATE)[turn % 2], f"w{self._number}-{turn}"
        half_hour = timedelta(minutes=30)
        begun = _FIRST_SERVICE + half_hour * (turn * AT_MOST + self._number)
        served = Interval(begin=begun, end=begun + half_hour)
        submit = c.Submit(volunteer=volunteer, activity="park", intervals=(served,))
        if submitted := self._bring(submit, "leader", f"{key}-submit", at):
            self._bring(c.Approve(record=submitted.fact(Submitted).record), "checker", f"{key}-approve", at)
        if held := self._bring(c.Redeem(volunteer=volunteer, item="rice"), "leader", f"{key}-redeem", at):
            redemption = held.fact(Held).redemption
            if turn % 4:
                self._bring(c.Collect(redemption=redemption), "shop", f"{key}-collect", at)
            else:
                cancel = c.Cancel(redemption=redemption, reason=Reason(code="changed_mind"))
                self._bring(cancel, "leader", f"{key}-cancel", at)
        if turn % 20 == 19:
            self._bring(c.ReceiveStock(item="rice", quantity=8), "shop", f"{key}-receive", at)

    def _bring(self, command: c.Command, actor: str, key: str, at: datetime) -> Outcome | None:
        begun, told = time.monotonic(), self.told
        told.under_way = [key]
        outcome = None
        while key not in told.acknowledged and key not in told.refused:
            try:
                outcome = self._programme.execute(command, actor=actor, key=key, booked_at=at)
                told.acknowledged[key] = [entry.id for entry in outcome.entries]
            except Refused as refusal:
                told.refused[key] = refusal.code
            except (Busy, CommitUnknown) as error:
                told.errors.append(f"{key}: {error}")
                if self._stopped():
                    return None
        told.under_way = []
        told.worst_seconds = max(told.worst_seconds, time.monotonic() - begun)
        return outcome

    def _counted(self, seconds: float) -> None:
        self.told.retries += 1
        self._sleep(seconds)


# --- afterwards ---


def check(store: Store, told: Iterable[Told]) -> list[Entry]:
    """Compare a ledger with what its writers were told, and with itself; gives its entries."""
    told = list(told)
    entries = list(Programme(store).entries())
    by_key = [(key, [entry.id for entry in group]) for key, group in groupby(entries, key=lambda entry: entry.key)]
    ids = dict(by_key)
    assert len(ids) == len(by_key), "a key has two effects, or others between"
    for each in told:
        lost = {key for key, acknowledged in each.acknowledged.items() if ids.get(key) != acknowledged}
        assert not lost, f"acknowledged, and not what is there: {lost}"
        assert not set(each.refused) & set(ids), "refused and written"
    known = {key for each in told for key in (*each.acknowledged, *each.under_way)}
    strangers = {key for key in set(ids) - known if not key.startswith(_BY_HAND)}
    assert not strangers, f"written, and nobody was told: {strangers}"
    _check_closing(entries)
    _check_balances(store, entries)
    report = audit(store)
    assert report.exit_code == 0, str(report)
    return entries


def _check_closing(entries: list[Entry]) -> None:
    closed: date | None = None
    for entry in entries:
        assert closed is None or entry.booked_at.date() >= closed, f"booked after {closed} was closed: {entry}"
        if isinstance(entry.fact, PeriodClosed):
            closed = entry.fact.until


def _check_balances(store: Store, entries: list[Entry]) -> None:
    tally = Tally()
    tally.absorb(entries)
    balances = tally.balances()
    with store.reader() as reader:
        assert {(account, unit, lot): amount for account, unit, lot, amount in reader.balances()} == balances
    below = {key: amount for key, amount in balances.items() if FLOORS[key[0].purpose] * amount < 0}
    assert not below, f"below its floor: {below}"
    assert _bags_gone(entries) + _bags_there(balances, Purpose.ON_HAND, Purpose.HELD) == _bags_received(entries)


def _bags_gone(entries: list[Entry]) -> int:
    kinds = Counter(type(entry.fact) for entry in entries)
    assert kinds[Held] >= kinds[Collected] + kinds[Cancelled]
    return kinds[Collected]


def _bags_there(balances: Mapping[BalanceKey, int], *purposes: str) -> int:
    rice = {key: amount for key, amount in balances.items() if key[1] == "item:rice"}
    return sum(amount for (account, _, _), amount in rice.items() if account.purpose in purposes)


def _bags_received(entries: list[Entry]) -> int:
    return sum(entry.fact.quantity for entry in entries if isinstance(entry.fact, StockReceived))


# --- processes of their own ---


def main(address: str, numbers: range, seconds: float, folder: Path) -> None:
    """Let each write for so long in a process of its own, from when the input ends; what it was told is in a file."""

    def write(name: str) -> None:
        with SqlStore.open(address, LEDGER, create=False) as store:
            writer = Writer(store, numbers[int(name.removeprefix("w"))], lambda: time.monotonic() > until)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            os.read(sys.stdin.fileno(), 1)
            until = time.monotonic() + seconds
            writer.run()
        (folder / f"{name}.json").write_text(json.dumps(attrs.asdict(writer.told)))

    at_once(len(numbers), write)


if __name__ == "__main__":
    main(sys.argv[1], range(int(sys.argv[2]), int(sys.argv[3])), float(sys.argv[4]), Path(sys.argv[5]))
