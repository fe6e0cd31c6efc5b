"""Checks of where ledgers lie: cost, many in one place, opening again, other processes, a host's transaction."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.queues import SimpleQueue
from statistics import median
from typing import Final

from volunteer_points.books import Committed
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, Corrupt, KeyConflict, Refused
from volunteer_points.ledger import decode
from volunteer_points.storage import Session, Store
from volunteer_points.testing.conformance.commits import (
    LOT,
    POINTS_OF_A,
    SHELF,
    A,
    B,
    bags,
    commit,
    draft,
    gift,
    history,
    moved,
)
from volunteer_points.testing.conformance.trial import Sheet, Trial
from volunteer_points.testing.conformance.writing import Accident

SHEET = Sheet()

SHORT, LONG = 100, 5000
TIMES_AT_MOST: Final = 10
"""A ledger fifty times as long may take so many times as long: far from fifty, and far from noise."""
SECONDS_THAT_SAY_NOTHING: Final = 0.002

# --- 8 cost ---


def _filled(trial: Trial) -> Callable[[int], Store]:
    store, written = trial.store(), [0]

    def fill(entries: int) -> Store:
        for first in range(written[0], entries, 100):
            trial.write(
                store, commit(f"fill {first}", *[draft(moved(f"volunteer:{n}", 1)) for n in range(first, first + 100)])
            )
        written[0] = entries
        return store

    return fill


def _seconds(deed: Callable[[int], object], turns: int = 15) -> float:
    found = []
    for turn in range(turns):
        begin = time.perf_counter()
        deed(turn)
        found.append(time.perf_counter() - begin)
    return max(median(found), SECONDS_THAT_SAY_NOTHING)


def _check_cost(trial: Trial, deed: Callable[[Store, int], object]) -> None:
    fill = _filled(trial)
    store = fill(SHORT)
    short = _seconds(lambda turn: deed(store, turn))
    store = fill(LONG)
    long = _seconds(lambda turn: deed(store, 1000 + turn))
    what = f"{long * 1000:.1f} ms with {LONG} entries and {short * 1000:.1f} ms with {SHORT}"
    trial.true(long <= TIMES_AT_MOST * short, what)


@SHEET.check("8.1", slow=True)
def _an_answer_costs_the_same_however_long_the_ledger_is(trial: Trial) -> None:
    _check_cost(trial, lambda store, _: trial.asked(store, POINTS_OF_A))


@SHEET.check("8.1", slow=True)
def _a_commit_costs_the_same_however_long_the_ledger_is(trial: Trial) -> None:
    def post(store: Store, turn: int) -> None:
        with store.session() as session:
            trial.taken(session, POINTS_OF_A)
            session.append(gift(f"post {turn}", A, 1))

    _check_cost(trial, post)


# --- 12 ledgers ---


@SHEET.check("12.1", each=["saihan", "Übung", "赛罕", "a b"])
def _a_store_tells_the_id_of_its_ledger(trial: Trial, ledger: str) -> None:
    store = trial.store(ledger)
    trial.same(store.ledger, ledger, "the id")
    trial.write(store, gift("one", A, 1, ledger=ledger))
    trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check("12.2")
def _ledgers_in_one_place_see_nothing_of_each_other(trial: Trial) -> None:
    store = trial.store()
    other = trial.neighbour(store, "another")
    trial.write(store, *history())
    trial.same(trial.everything(other), ([], set()), "everything in the other")
    trial.same(trial.asked(other, Committed("one")), (), "entries of a key of the first")
    before = trial.everything(store)
    trial.write(other, gift("one", A, 100, ledger="another"))
    trial.same(trial.everything(store), before, "everything in the first")
    with other.reader() as reader:
        trial.same([each.position for each in reader.stored()], [1], "positions in the other")
    trial.same(trial.asked(other, POINTS_OF_A), {LOT: 100}, "balance in the other")


@SHEET.check("12.2")
def _a_floor_is_that_of_its_own_ledger(trial: Trial) -> None:
    store = trial.store()
    other = trial.neighbour(store, "another")
    trial.write(store, gift("one", A, 5))
    with trial.raises(Corrupt, "floor_passed", of="points of the neighbour"):
        trial.write(other, gift("two", A, -5, ledger="another"))


# --- 13 opening ---


@SHEET.check("13.1")
def _what_was_written_is_there_when_opened_again(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    before = trial.everything(store)
    again = trial.reopened(store)
    trial.same(again.ledger, "conformance", "the id")
    trial.same(trial.everything(again), before, "everything")
    trial.same(trial.asked(again, Committed("one")), history()[0], "entries of a key")


@SHEET.check("13.1")
def _what_failed_is_not_there_when_opened_again(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, history()[0])
    before = trial.everything(store)
    with suppress(Accident), store.session() as session:
        session.append(history()[1])
        list(session.stored())
        raise Accident
    trial.same(trial.everything(trial.reopened(store)), before, "everything")


@SHEET.check("13.1")
def _a_ledger_that_was_opened_again_goes_on(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("one", A, 3))
    again = trial.reopened(store)
    with trial.raises(KeyConflict, of="a key from before"):
        trial.write(again, gift("one", A, 1))
    with trial.raises(Corrupt, of="more than there was before"):
        trial.write(again, gift("too much", A, -4))
    trial.write(again, gift("two", A, -3))
    with again.reader() as reader:
        trial.same([each.position for each in reader.stored()], [1, 2], "positions")


@SHEET.check("13.1")
def _an_empty_ledger_can_be_opened_again(trial: Trial) -> None:
    trial.same(trial.everything(trial.reopened(trial.store())), ([], set()), "everything")


@SHEET.check("13.2")
def _what_one_store_wrote_another_reads_at_once(trial: Trial) -> None:
    store = trial.store()
    other = trial.beside(store)
    for number in range(4):
        writer, reader = (store, other) if number % 2 else (other, store)
        trial.write(writer, gift(f"key {number}", A, 1))
        trial.same(trial.asked(reader, POINTS_OF_A), {LOT: number + 1}, f"balance after {number + 1}")
        with trial.raises(KeyConflict, of="a key that the other wrote"):
            trial.write(reader, gift(f"key {number}", A, 1))
    trial.same(trial.everything(store), trial.everything(other), "everything in both")


@SHEET.check("13.2")
def _of_eight_on_two_stores_three_get_one_of_three_bags(trial: Trial) -> None:
    store = trial.store()
    stores, two_looked = (store, trial.beside(store)), threading.Barrier(2)
    trial.write(store, bags("three bags", 3))

    def take_one(number: int) -> None:
        with stores[number % 2].session() as session:
            found = trial.taken(session, SHELF)
            trial.may_meet(two_looked)
            if not found:
                raise Refused("nothing_left")
            session.append(bags(f"bag for {number}", -1))

    trial.same(trial.at_once(8, take_one), {"done": 3, "nothing_left": 5}, "eight takers")
    trial.same(trial.asked(store, SHELF), {}, "what is left")
    trial.same(len(trial.everything(store)[0]), 4, "entries")


@SHEET.check("13.2")
def _another_store_sees_nothing_of_a_session_that_is_not_over(trial: Trial) -> None:
    store = trial.store()
    other = trial.beside(store)
    seen: list[int] = []
    with suppress(Accident), store.session() as session:
        session.append(gift("one", A, 1))
        list(session.stored())
        looks = trial.start(lambda: seen.append(len(trial.everything(other)[0])))
        looks.ends_within(0.1)
        trial.same(seen, [0] * len(seen), "entries that were seen")
        raise Accident
    trial.end(looks)
    trial.same(seen, [0], "entries that were seen")


def take_bags_in_a_process(opener: Callable[[], Store], name: str, told: SimpleQueue[str]) -> None:
    """What another process does: take bags until there are none, and tell each that it has got."""
    store = opener()
    for number in itertools.count():
        with suppress(Busy):
            with store.session() as session:
                session.take([SHELF.subject])
                if not session.ask([SHELF])[SHELF]:
                    return
                session.append(bags(f"{name} {number}", -1))
            told.put(f"{name} {number}")


@SHEET.check("13.3", slow=True)
def _two_processes_take_ten_bags_and_no_more(trial: Trial) -> None:
    store = trial.store()
    opener = trial.factory.opener(store)
    trial.write(store, bags("ten bags", 10))
    context = multiprocessing.get_context("spawn")
    told: SimpleQueue[str] = context.SimpleQueue()
    processes = [
        context.Process(target=take_bags_in_a_process, args=(opener, f"p{n}", told), daemon=True) for n in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(trial.seconds_left())
        if process.exitcode is None:
            process.kill()
        trial.same(process.exitcode, 0, "how a process ended")
    trial.same(trial.asked(store, SHELF), {}, "what is left")
    with store.reader() as reader:
        keys = [decode(each.content).key for each in reader.stored()]
    acknowledged = []
    while not told.empty():
        acknowledged.append(told.get())
    trial.same(sorted(keys[1:]), sorted(acknowledged), "keys that were written, and that were acknowledged")


# --- 14 the caller's transaction ---


@SHEET.check("14.1")
def _a_row_of_the_host_and_a_commit_stay_together(trial: Trial) -> None:
    host = trial.host()
    with host.transaction() as store:
        host.write_row("order 1")
        trial.write(store, gift("one", A, 5))
    with host.transaction() as store:
        trial.same(trial.asked(store, POINTS_OF_A), {LOT: 5}, "balance")
    trial.same(host.rows(), ["order 1"], "rows")


@SHEET.check("14.1")
def _a_row_of_the_host_and_a_commit_go_together(trial: Trial) -> None:
    host = trial.host()
    with suppress(Accident), host.transaction() as store:
        host.write_row("order 1")
        trial.write(store, gift("one", A, 5))
        raise Accident
    trial.same(host.rows(), [], "rows")
    with host.transaction() as store:
        trial.same(trial.everything(store), ([], set()), "everything")


@SHEET.check("14.2")
def _after_a_session_that_failed_the_host_goes_on(trial: Trial) -> None:
    host = trial.host()
    with host.transaction() as store:
        host.write_row("before")
        with trial.raises(Corrupt, of="less than nought"):
            trial.write(store, gift("up", B, 1), gift("down", A, -5))
        host.write_row("after")
        trial.write(store, gift("one", A, 5))
    trial.same(host.rows(), ["before", "after"], "rows")
    with host.transaction() as store:
        trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check("14.3")
def _several_sessions_of_one_host_transaction_see_each_other(trial: Trial) -> None:
    host = trial.host()
    with host.transaction() as store:
        trial.write(store, gift("one", A, 5))
        trial.same(trial.asked(store, POINTS_OF_A), {LOT: 5}, "balance within")
        with store.session() as session:
            _spend(trial, session)
        with trial.raises(KeyConflict, of="a key of this transaction"):
            trial.write(store, gift("one", A, 5))
    with host.transaction() as store:
        trial.same(trial.asked(store, POINTS_OF_A), {LOT: 3}, "balance after")


def _spend(trial: Trial, session: Session) -> None:
    entries: tuple[Entry, ...] = gift("two", A, -2)
    trial.same(trial.taken(session, POINTS_OF_A), {LOT: 5}, "balance in the second session")
    session.append(entries)


__all__ = ["SHEET", "take_bags_in_a_process"]
