"""Checks of what is written: order, atomicity, keys, floors, and that nothing is ever changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from volunteer_points.books import Committed, LotsOf, Moved
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, KeyConflict, Refused
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.postings import FLOORS, Account
from volunteer_points.testing.conformance.commits import (
    LATER_LOT,
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

SHEET = Sheet()
MANY = 5000


class Accident(Exception):
    """Something goes wrong in the middle of a session."""


# --- 1 order ---


@SHEET.check("1.1")
def _positions_count_from_one_without_a_gap(trial: Trial) -> None:
    store = trial.store()
    for commits in ([gift("b", A, 1), gift("a", A, 1)], [gift("d", A, 1)], [], [gift("c", A, 1)]):
        trial.write(store, *commits)
    with store.reader() as reader:
        found = list(reader.stored())
    trial.same([each.position for each in found], [1, 2, 3, 4], "positions")


@SHEET.check("1.1")
def _a_session_that_failed_leaves_no_gap(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("one", A, 1))
    with suppress(Accident), store.session() as session:
        session.append(gift("lost", A, 1))
        raise Accident
    trial.write(store, gift("two", A, 1))
    with store.reader() as reader:
        trial.same([each.position for each in reader.stored()], [1, 2], "positions")


@SHEET.check("1.1")
def _entries_are_read_in_the_order_in_which_they_were_written(trial: Trial) -> None:
    store = trial.store()
    commits = [gift(f"key-{9 - number}", A, number) for number in range(1, 8)]
    trial.write(store, *commits[:3])
    trial.write(store, *commits[3:])
    expected = [encode(entry) for entries in commits for entry in entries]
    trial.same(trial.everything(store)[0], expected, "bytes in order")


@SHEET.check("1.2")
def _bytes_come_back_as_they_were_encoded(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    expected = [encode(entry) for entries in history() for entry in entries]
    trial.same(trial.everything(store)[0], expected, "bytes")


@SHEET.check("1.2")
def _each_entry_carries_its_leaf_hash(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    with store.reader() as reader:
        for each in reader.stored():
            trial.same(each.leaf, leaf_hash(each.content), f"leaf hash at position {each.position}")


@SHEET.check("1.3")
def _the_entries_of_one_commit_stand_together(trial: Trial) -> None:
    """Two sessions append by turns where the store lets them; where it does not, they come one after the other."""
    store, began = trial.store(), threading.Barrier(2)

    def bring(number: int) -> None:
        with store.session() as session:
            trial.may_meet(began)
            for turn in range(3):
                session.append(commit(f"{number}-{turn}", *[draft(moved(f"volunteer:{number}", 1))] * 4))

    trial.same(trial.at_once(2, bring), {"done": 2}, "both writers")
    with store.reader() as reader:
        committed = [
            reader.ask([Committed(f"{n}-{turn}")])[Committed(f"{n}-{turn}")] for n in (0, 1) for turn in (0, 1)
        ]
        contents = [each.content for each in reader.stored()]
    for entries in committed:
        at = contents.index(encode(entries[0]))
        trial.same(contents[at : at + 4], [encode(entry) for entry in entries], "a commit in the order")


@SHEET.check("1.4")
def _an_entry_stands_behind_all_that_its_writer_could_see(trial: Trial) -> None:
    store = trial.store()

    def follow(number: int) -> None:
        with store.session() as session:
            read = trial.taken(session, POINTS_OF_A).get(LOT, 0)
            session.append(commit(f"{number}", draft(moved(A, 1), moved(B, read + 1))))

    trial.same(trial.at_once(6, follow), {"done": 6}, "six writers")
    with store.reader() as reader:
        found = [reader.ask([Committed(str(number))])[Committed(str(number))][0] for number in range(6)]
        contents = [each.content for each in reader.stored()]
    for entry in found:
        trial.same(contents.index(encode(entry)) + 1, entry.postings[2].amount, "place of who saw so many before")


# --- 2 atomicity ---


@SHEET.check("2.1")
def _a_session_that_ends_well_leaves_everything(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    trial.same(len(trial.everything(store)[0]), 6, "entries")
    trial.same(trial.asked(store, POINTS_OF_A), {None: 4, LATER_LOT: 5}, "balance")


@SHEET.check("2.1")
def _a_session_that_writes_nothing_changes_nothing(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    before = trial.everything(store)
    with store.session() as session:
        trial.taken(session, POINTS_OF_A)
    trial.same(trial.everything(store), before, "everything")


@SHEET.check("2.2", each=[Accident, KeyboardInterrupt, Refused, GeneratorExit])
def _a_session_that_ends_with_an_error_leaves_nothing(trial: Trial, accident: type[BaseException]) -> None:
    store = trial.store()
    trial.write(store, gift("before", A, 5))
    before = trial.everything(store)
    with trial.raises(accident, of="the session"), store.session() as session:
        session.append(gift("one", A, 1))
        list(session.stored())
        session.append(gift("two", A, -3))
        raise accident("in the middle")
    trial.same(trial.everything(store), before, "everything after the error")
    trial.same(trial.asked(store, Committed("one")), (), "entries of the key")


@SHEET.check("2.2")
def _a_key_is_free_again_after_an_error(trial: Trial) -> None:
    store = trial.store()
    with suppress(Accident), store.session() as session:
        session.append(gift("one", A, 1))
        raise Accident
    trial.write(store, gift("one", A, 1))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 1}, "balance")


@SHEET.check("2.3")
def _what_cannot_be_appended_leaves_the_session_as_it_was(trial: Trial) -> None:
    store = trial.store()
    with store.session() as session:
        session.append(gift("one", A, 5))
        with trial.raises(Corrupt, of="more than there is"):
            session.append(commit("two", draft(moved(B, 1)), draft(moved(A, -7))))
        with trial.raises(KeyConflict, of="a key of this session"):
            session.append(gift("one", A, 2))
        session.append(gift("two", A, -4))
    trial.same(len(trial.everything(store)[0]), 2, "entries")
    trial.same(trial.everything(store)[1], {(POINTS_OF_A.account, "points", LOT, 1)}, "balances")


@SHEET.check("2.4")
def _a_large_session_is_written_whole(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *(commit(f"key-{number}", *[draft(moved(A, 1))] * 500) for number in range(MANY // 500)))
    trial.same(len(trial.everything(store)[0]), MANY, "entries")
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: MANY}, "balance")


@SHEET.check("2.4")
def _a_large_session_that_fails_leaves_nothing(trial: Trial) -> None:
    store = trial.store()
    with trial.raises(Accident, of="the session"), store.session() as session:
        for number in range(MANY // 500):
            session.append(commit(f"key-{number}", *[draft(moved(A, 1))] * 500))
        raise Accident
    trial.same(trial.everything(store), ([], set()), "everything")


# --- 5 idempotency ---


@SHEET.check("5.1")
def _a_key_is_written_once(trial: Trial) -> None:
    store, first = trial.store(), gift("key", A, 1)
    trial.write(store, first)
    before = trial.everything(store)
    for second in (first, gift("key", A, 2)):
        with trial.raises(KeyConflict, "key_taken", of="a key that is taken"):
            trial.write(store, second)
    trial.same(trial.everything(store), before, "everything after both tries")
    trial.same(trial.asked(store, Committed("key")), first, "entries of the key")


@SHEET.check("5.1")
def _a_key_of_many_entries_is_not_taken_by_one(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, commit("key", draft(moved(A, 1)), draft(moved(A, 2)), draft(moved(A, 3))))
    with trial.raises(KeyConflict, of="a key that is taken"):
        trial.write(store, gift("key", B, 1))
    trial.same(len(trial.asked(store, Committed("key"))), 3, "entries of the key")


@SHEET.check("5.2")
def _a_key_is_taken_within_its_own_session(trial: Trial) -> None:
    store = trial.store()
    with store.session() as session:
        session.append(gift("key", A, 1))
        with trial.raises(KeyConflict, "key_taken", of="a key of this session"):
            session.append(gift("key", A, 1))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 1}, "balance")


@SHEET.check("5.3")
def _what_stands_beside_a_taken_key_is_not_written_either(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("key", A, 1))
    before = trial.everything(store)
    with trial.raises(KeyConflict, of="a session with a taken key"):
        trial.write(store, gift("beside", A, 1), gift("key", A, 1))
    trial.same(trial.everything(store), before, "everything")


@SHEET.check("5.4")
def _of_eight_writers_of_one_key_one_writes_and_the_others_find_its_entries(trial: Trial) -> None:
    store, found, all_looked = trial.store(), list[tuple[Entry, ...]](), threading.Barrier(8)

    def bring(number: int) -> None:
        with store.session() as session:
            is_free = not trial.taken(session, Committed("key"))
            trial.may_meet(all_looked)
            if is_free:
                session.append(gift("key", A, number + 1))
        found.append(trial.asked(store, Committed("key")))

    trial.same(trial.at_once(8, bring), {"done": 8}, "eight writers")
    trial.same(len(set(found)), 1, "different commits found under the key")
    trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check("5.4")
def _of_eight_writers_who_do_not_look_one_writes(trial: Trial) -> None:
    store = trial.store()
    ended = trial.at_once(8, lambda number: trial.write(store, gift("key", A, number + 1)))
    trial.same(ended, {"done": 1, "key_taken": 7}, "eight writers")
    trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check("5.4")
def _two_who_both_found_a_key_free_do_not_both_write(trial: Trial) -> None:
    """Neither takes the key. Both append before either ends, where the store lets them."""
    store, both = trial.store(), threading.Barrier(2)

    def bring(number: int) -> None:
        with store.session() as session:
            session.append(gift("key", A, number + 1))
            trial.may_meet(both)

    trial.same(trial.at_once(2, bring), {"done": 1, "key_taken": 1}, "two writers")
    trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check(
    "5.5", each=[("upper case", "KEY"), ("a space behind", "key "), ("an accent", "kéy"), ("its parts", "ke\u0301y")]
)
def _keys_that_are_not_the_same_text_are_two_keys(trial: Trial, case: tuple[str, str]) -> None:
    store = trial.store()
    trial.write(store, gift("key", A, 1), gift("kéy!", A, 1))
    trial.same(trial.asked(store, Committed(case[1])), (), f"entries of {case[1]!r}")
    trial.write(store, gift(case[1], A, 1))
    trial.same(len(trial.everything(store)[0]), 3, "entries")


# --- 6 floors ---


@SHEET.check("6.1", each=[str(purpose) for purpose, floor in FLOORS.items() if floor])
def _a_balance_with_a_floor_never_passes_it(trial: Trial, purpose: str) -> None:
    sign, account, store = FLOORS[purpose], Account(A, purpose, "of"), trial.store()
    trial.write(store, gift("three", account, sign * 3))
    before = trial.everything(store)
    for key, amount, lot in (("other lot", 1, LATER_LOT), ("no lot", 1, None), ("too much", 4, LOT)):
        with trial.raises(Corrupt, "floor_passed", of=key):
            trial.write(store, gift(key, account, -sign * amount, lot=lot))
        trial.same(trial.everything(store), before, f"everything after {key}")
    trial.write(store, gift("all of it", account, -sign * 3))
    trial.same(trial.asked(store, LotsOf(account, "points")), {}, "what is left")


@SHEET.check("6.2", each=[str(purpose) for purpose, floor in FLOORS.items() if not floor])
def _a_balance_without_a_bound_goes_either_way(trial: Trial, purpose: str) -> None:
    store, question = trial.store(), Moved(A, purpose, "points")
    for key, amount, after in (("down", -5, -5), ("up", 9, 4), ("nought", -4, 0), ("again", 1, 1)):
        trial.write(store, gift(key, Account(A, purpose), amount))
        trial.same(trial.asked(store, question), after, f"after {key}")


@SHEET.check("6.3")
def _a_floor_holds_after_each_commit_and_not_only_at_the_end(trial: Trial) -> None:
    store = trial.store()
    with trial.raises(Corrupt, of="a session that goes below nought and up again"):
        trial.write(store, gift("down", A, -1), gift("up", A, 1))
    trial.same(trial.everything(store), ([], set()), "everything")


@SHEET.check("6.3")
def _within_a_commit_only_its_sum_counts(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, commit("both", draft(moved(A, -7)), draft(moved(A, 9))))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 2}, "balance")


@SHEET.check("6.3")
def _what_the_session_brought_may_be_taken_in_it(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("up", A, 3), gift("down", A, -3), gift("up again", A, 1))
    with trial.raises(Corrupt, of="more than there is"):
        trial.write(store, gift("up two", A, 2), gift("down four", A, -4))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 1}, "balance")


@SHEET.check("6.4")
def _of_eight_who_want_the_last_three_bags_three_get_one(trial: Trial) -> None:
    store, all_looked = trial.store(), threading.Barrier(8)
    trial.write(store, bags("three bags", 3))

    def take_one(number: int) -> None:
        with store.session() as session:
            found = trial.taken(session, SHELF)
            trial.may_meet(all_looked)
            if not found:
                raise Refused("nothing_left")
            session.append(bags(f"bag for {number}", -1))

    trial.same(trial.at_once(8, take_one), {"done": 3, "nothing_left": 5}, "eight takers")
    trial.same(trial.asked(store, SHELF), {}, "what is left")
    trial.same(len(trial.everything(store)[0]), 4, "entries")


@SHEET.check("6.4")
def _whoever_does_not_look_cannot_take_the_last_bags_either(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("three", A, 3))
    ended = trial.at_once(8, lambda number: _taking(lambda: trial.write(store, gift(f"one for {number}", A, -1))))
    trial.same(ended, {"done": 3, "nothing_left": 5}, "eight takers")
    trial.same(trial.asked(store, POINTS_OF_A), {}, "what is left")


@SHEET.check("6.4")
def _two_who_both_saw_the_last_bag_do_not_both_take_it(trial: Trial) -> None:
    """Neither takes the subject. Both append before either ends, where the store lets them."""
    store, both = trial.store(), threading.Barrier(2)
    trial.write(store, bags("one bag", 1))

    def take_one(number: int) -> None:
        with store.session() as session:
            session.append(bags(f"bag for {number}", -1))
            trial.may_meet(both)

    ended = trial.at_once(2, lambda number: _taking(lambda: take_one(number)))
    trial.same(ended, {"done": 1, "nothing_left": 1}, "two takers")
    trial.same(trial.asked(store, SHELF), {}, "what is left")


def _taking(deed: Callable[[], None]) -> None:
    """The guard in the engine may see another contradiction first than a floor that is passed."""
    try:
        deed()
    except Corrupt as error:
        raise Refused("nothing_left") from error


# --- 7 append-only ---

FORBIDDEN = {"delete", "remove", "update", "replace", "rewrite", "truncate", "clear", "pop"}


@SHEET.check("7.1")
def _a_reader_offers_no_way_to_write(trial: Trial) -> None:
    store = trial.store()
    with store.reader() as reader:
        trial.same(set(dir(reader)) & {*FORBIDDEN, "append", "take"}, set(), "ways to write")


@SHEET.check("7.1")
def _stores_and_sessions_offer_no_way_to_change(trial: Trial) -> None:
    store = trial.store()
    with store.session() as session:
        trial.same((set(dir(store)) | set(dir(session))) & FORBIDDEN, set(), "ways to change what was written")


@SHEET.check("7.2")
def _what_was_written_stays_as_it_was_when_more_is_written(trial: Trial) -> None:
    store = trial.store()
    before: list[bytes] = []
    for entries in history():
        trial.write(store, entries)
        now = trial.everything(store)[0]
        trial.same(now[: len(before)], before, "what was there before")
        before = now


@SHEET.check("7.2")
def _an_answer_may_be_changed_without_harm(trial: Trial) -> None:
    """Whoever changes an answer changes nothing in the ledger."""
    store = trial.store()
    trial.write(store, gift("one", A, 5))
    answer = trial.asked(store, POINTS_OF_A)
    with suppress(Exception):
        answer[LOT] = 99  # type: ignore[index]  # answers are read-only to the type checker
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 5}, "balance")


@SHEET.check("7.3")
def _the_engine_refuses_what_goes_past_the_store(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    before = trial.everything(store)
    for name, forge in trial.factory.forgeries(store).items():
        with trial.raises(Exception, of=name):
            forge()
        trial.same(trial.everything(store), before, f"everything after {name}")


__all__ = ["MANY", "SHEET", "Accident"]
