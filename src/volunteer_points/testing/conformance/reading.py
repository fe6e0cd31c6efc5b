"""Checks of what is read: exact answers, pages, what is open, balances, and one moment for one reader."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta, timezone
from typing import Any

from volunteer_points.books import About, Committed, LotsOf, Moved, OpenAmount, Tally
from volunteer_points.entries import Entry
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage import Store
from volunteer_points.testing.conformance.commits import (
    DAY,
    JOINED,
    LATER_LOT,
    LOT,
    NOW,
    POINTS_OF_A,
    TOMORROW,
    A,
    B,
    commit,
    draft,
    gift,
    history,
    moved,
)
from volunteer_points.testing.conformance.sessions import ALL_KINDS
from volunteer_points.testing.conformance.trial import PATIENCE_SECONDS, Sheet, Trial

SHEET = Sheet()
NAMES = (
    "é",
    "e\u0301",
    "É",
    "孙",
    "𠮷",
    "a b",
    "a ",
    "A",
    "a'b",
    'a"b',
    "a%b",
    "a_b",
    "a\\b",
    "👩\u200d👧",
    "x" * 64,
    "0",
    "00",
    "ß",
    "ss",
)

# --- 10 answers ---


@SHEET.check("10.1")
def _a_key_answers_with_all_of_its_entries_in_order(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    for entries in history():
        trial.same(trial.asked(store, Committed(entries[0].key)), entries, f"entries of {entries[0].key}")
    trial.same(trial.asked(store, Committed("never")), (), "entries of a free key")


@SHEET.check("10.2")
def _entries_about_a_subject_come_in_the_order_of_the_ledger(trial: Trial) -> None:
    """Neither by the day for which they count nor by their key."""
    store = trial.store()
    days = [TOMORROW, DAY, DAY - timedelta(days=40), TOMORROW]
    commits = [gift(f"key-{9 - number}", A, 1, on=day) for number, day in enumerate(days)]
    drafts = [commit(f"of {number}", draft(on=day)) for number, day in enumerate(days)]
    trial.write(store, *commits, *drafts)
    expected = tuple(entry for entries in (*commits, *drafts) for entry in entries)
    trial.same(trial.asked(store, About(A, ("Adjusted",))), expected, "entries")


@SHEET.check("10.2")
def _only_the_kinds_that_were_asked_for_answer_and_each_entry_once(trial: Trial) -> None:
    store = trial.store()
    (one, two) = commit("key", draft(), draft(fact=JOINED))
    trial.write(store, (one, two))
    for kinds, expected in (
        (("Adjusted",), (one,)),
        (("Joined", "Adjusted", "Joined"), (one, two)),
        (("Left",), ()),
        ((), ()),
    ):
        trial.same(trial.asked(store, About(A, kinds)), expected, f"entries of {kinds}")


def _windows() -> list[tuple[str, date | None, date | None]]:
    days = [None, DAY, TOMORROW, TOMORROW + timedelta(days=1)]
    return [(f"{since} to {until}", since, until) for since in days for until in days]


def _days_written(trial: Trial) -> tuple[Store, Tally]:
    store, tally = trial.store(), Tally()
    for number, day in enumerate([DAY, TOMORROW, TOMORROW + timedelta(days=1)]):
        account = Account(A, Purpose.ISSUED, "park")
        entries = commit(f"day {number}", draft(moved(account, 10**number, on=day), on=day))
        trial.write(store, entries)
        tally.absorb(entries)
    return store, tally


@SHEET.check("10.3")
def _a_span_of_days_holds_entries_from_its_first_day_up_to_its_end(trial: Trial) -> None:
    store, tally = _days_written(trial)
    for name, since, until in _windows():
        question = About(A, ("Adjusted",), since, until)
        trial.same(trial.asked(store, question), tally.answer(question), f"entries of {name}")


@SHEET.check("10.3")
def _a_span_of_days_holds_movements_from_its_first_day_up_to_its_end(trial: Trial) -> None:
    store, tally = _days_written(trial)
    for name, since, until in _windows():
        question = Moved(A, Purpose.ISSUED, "points", None, since, until)
        trial.same(trial.asked(store, question), tally.answer(question), f"movements of {name}")


@SHEET.check("10.3")
def _the_day_that_counts_is_that_of_each_posting(trial: Trial) -> None:
    store, account = trial.store(), Account(A, Purpose.ISSUED, "park")
    trial.write(store, commit("key", draft(moved(account, 7, on=TOMORROW), on=DAY)))
    trial.same(trial.asked(store, Moved(A, Purpose.ISSUED, "points", None, TOMORROW, None)), 7, "moved on the day")
    trial.same(trial.asked(store, Moved(A, Purpose.ISSUED, "points", None, None, TOMORROW)), 0, "moved before")
    trial.same(len(trial.asked(store, About(A, ("Adjusted",), None, TOMORROW))), 1, "entries before")


@SHEET.check("10.4")
def _movements_are_told_apart_by_account_unit_and_purpose(trial: Trial) -> None:
    store, tally = trial.store(), Tally()
    for holder in (A, B):
        for purpose in (Purpose.AVAILABLE, Purpose.HELD):
            for of in ("", "r-1", "r-10"):
                for unit in ("points", "minutes"):
                    entries = gift(f"{holder}{purpose}{of}{unit}", Account(holder, purpose, of), 2 + len(of), unit=unit)
                    trial.write(store, entries)
                    tally.absorb(entries)
    for wanted in (None, "", "r-1", "r-10", "r-2"):
        for unit in ("points", "minutes", "item:rice"):
            question = Moved(A, Purpose.HELD, unit, wanted)
            trial.same(trial.asked(store, question), tally.answer(question), f"moved {wanted!r} {unit}")


@SHEET.check("10.4")
def _lots_that_hold_nothing_are_left_out(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("one", A, 5), gift("later", A, 2, lot=LATER_LOT), gift("none", A, -5))
    trial.same(trial.asked(store, POINTS_OF_A), {LATER_LOT: 2}, "lots")
    trial.same(trial.everything(store)[1], {(POINTS_OF_A.account, "points", LATER_LOT, 2)}, "balances")


@SHEET.check("10.5")
def _all_questions_are_answered_at_once(trial: Trial) -> None:
    store, tally = trial.store(), Tally()
    trial.write(store, *history())
    tally.absorb(entry for entries in history() for entry in entries)
    with store.reader() as reader:
        answers = dict(reader.ask([*ALL_KINDS, *ALL_KINDS]))
        trial.same(dict(reader.ask([])), {}, "the answer to no question")
    trial.same(answers, {question: tally.answer(question) for question in ALL_KINDS}, "answers")


@SHEET.check("10.5")
def _two_thousand_questions_are_answered_at_once(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("one", "volunteer:1999", 5), gift("two", "volunteer:0", 7))
    questions = [LotsOf(Account(f"volunteer:{number}", Purpose.AVAILABLE), "points") for number in range(2000)]
    with store.reader() as reader:
        answers = reader.ask(questions)
    trial.same([answers[questions[at]] for at in (0, 1, 1999)], [{LOT: 7}, {}, {LOT: 5}], "three of the answers")


@SHEET.check("10.6")
def _names_are_texts_that_differ_when_any_character_differs(trial: Trial) -> None:
    store = trial.store()
    commits = {
        name: commit(f"key {name}", draft(moved(Account(name, Purpose.HELD, name), 1 + at, unit=name), about=(name,)))
        for at, name in enumerate(NAMES)
    }
    trial.write(store, *commits.values())
    for at, (name, entries) in enumerate(commits.items(), start=1):
        trial.same(trial.asked(store, LotsOf(Account(name, Purpose.HELD, name), name)), {LOT: at}, f"lots of {name!r}")
        trial.same(trial.asked(store, Moved(name, Purpose.HELD, name, name)), at, f"moved by {name!r}")
        trial.same(trial.asked(store, About(name, ("Adjusted",))), entries, f"entries about {name!r}")
        trial.same(trial.asked(store, Committed(f"key {name}")), entries, f"entries of key {name!r}")


@SHEET.check("10.6")
def _names_come_back_as_they_were(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, commit("key", *[draft(moved(Account(name, Purpose.HELD, name), 1)) for name in NAMES]))
    found = {account for account, _, _, _ in trial.everything(store)[1]}
    trial.same(found, {Account(name, Purpose.HELD, name) for name in NAMES}, "accounts")


@SHEET.check("10.7", each=[1, 2**31, 2**53 + 1, 2**62])
def _numbers_are_exact(trial: Trial, amount: int) -> None:
    store = trial.store()
    trial.write(store, gift("one", A, amount))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: amount}, "lots")
    trial.same(trial.asked(store, Moved(A, Purpose.AVAILABLE, "points")), amount, "moved")
    trial.same({type(each[3]) for each in trial.everything(store)[1]}, {int}, "types of amounts")


@SHEET.check("10.7")
def _a_sum_of_large_numbers_is_exact(trial: Trial) -> None:
    store, account = trial.store(), Account(A, Purpose.ISSUED, "park")
    trial.write(store, *(gift(f"key {n}", account, 2**61 + n, lot=None) for n in range(3)))
    answer = trial.asked(store, Moved(A, Purpose.ISSUED, "points", None, DAY, TOMORROW))
    trial.same(answer, 3 * 2**61 + 3, "moved on the day")
    trial.same(type(answer), int, "its type")


@SHEET.check("10.8")
def _instants_come_back_to_the_microsecond_in_utc(trial: Trial) -> None:
    store = trial.store()
    lots = [
        datetime(1, 1, 2, tzinfo=NOW.tzinfo),
        NOW + timedelta(microseconds=1),
        NOW + timedelta(microseconds=2),
        datetime.max.replace(tzinfo=NOW.tzinfo),
    ]
    trial.write(store, commit("lots", *[draft(moved(A, number + 1, lot=lot)) for number, lot in enumerate(lots)]))
    answer = trial.asked(store, POINTS_OF_A)
    trial.same(answer, {lot: number + 1 for number, lot in enumerate(lots)}, "lots")
    trial.same({lot.utcoffset() for lot in answer if lot}, {timedelta(0)}, "offsets of lots")


@SHEET.check("10.8")
def _one_instant_in_two_zones_is_one_lot(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("utc", A, 1), gift("east", A, 2, lot=LOT.astimezone(timezone(timedelta(hours=8)))))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 3}, "lots")


# --- 11 reading ---


@SHEET.check("11.1")
def _entries_are_read_in_pages(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, commit("first", *[draft(moved(A, 1))] * 3), gift("second", A, 1), gift("third", A, 1))
    with store.reader() as reader:
        for after in (0, 1, 4, 5, 9):
            for limit in (None, 0, 1, 3, 99):
                found = [each.position for each in reader.stored(after=after, limit=limit)]
                trial.same(found, [1, 2, 3, 4, 5][after:][:limit], f"behind {after}, at most {limit}")


@SHEET.check("11.1")
def _more_entries_than_a_page_are_all_read(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, commit("many", *[draft()] * 2500))
    with store.reader() as reader:
        trial.same([each.position for each in reader.stored()], [*range(1, 2501)], "all positions")
        some = [each.position for each in reader.stored(after=400, limit=1500)]
    trial.same(some, [*range(401, 1901)], "some positions")


@SHEET.check("11.2")
def _a_reader_sees_one_moment(trial: Trial) -> None:
    """A writer may go on beside the reader or be kept waiting until it is done."""
    store = trial.store()
    trial.write(store, gift("one", A, 1))
    with store.reader() as reader:
        list(reader.stored())
        writer = trial.start(lambda: trial.again(lambda: trial.write(store, gift("two", A, 1))))
        writer.ends_within(PATIENCE_SECONDS)
        trial.same(dict(reader.ask([POINTS_OF_A])), {POINTS_OF_A: {LOT: 1}}, "the answer")
        trial.same(len(list(reader.stored())), 1, "entries")
        trial.same([each[3] for each in reader.balances()], [1], "balances")
        trial.same([each.amount for each in reader.open(Purpose.AVAILABLE)], [1], "what is open")
    trial.end(writer)
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 2}, "the answer to the next reader")


@SHEET.check("11.2")
def _readers_see_whole_sessions(trial: Trial) -> None:
    """Each session moves a point from one to the other: the sum never changes."""
    store, done, sums = trial.store(), threading.Event(), list[int]()
    trial.write(store, gift("start", A, 20))

    def move() -> None:
        for turn in range(20):
            trial.again(lambda turn=turn: trial.write(store, gift(f"from {turn}", A, -1), gift(f"to {turn}", B, 1)))  # type: ignore[misc]
        done.set()

    writer, of_b = trial.start(move), LotsOf(Account(B, Purpose.AVAILABLE), "points")
    while not sums or not (done.is_set() or writer.error or not trial.seconds_left()):
        with store.reader() as reader:
            own = reader.ask([POINTS_OF_A])[POINTS_OF_A].get(LOT, 0)
            sums.append(own + reader.ask([of_b])[of_b].get(LOT, 0))
    trial.end(writer)
    trial.same(set(sums), {20}, "sums that were seen")


@SHEET.check("11.2")
def _many_readers_read_at_once(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, *history())
    expected = trial.everything(store)
    trial.same(
        trial.at_once(8, lambda _: trial.same(trial.everything(store), expected, "everything")), {"done": 8}, "readers"
    )


def _held(holder: str, amount: int, of: str = "r-3", **how: Any) -> Any:  # noqa: ANN401 - as `moved`
    return moved(Account(holder, Purpose.HELD, of), amount, **how)


def _open() -> tuple[Entry, ...]:
    return commit(
        "open",
        draft(_held(B, 1, "r-2"), _held(B, 2, "r-10", lot=LATER_LOT), _held(A, 3, lot=None), _held(A, 4)),
        draft(_held(A, 5, unit="redemptions"), moved(A, 9), _held(A, 6, lot=LATER_LOT)),
        draft(
            _held("volunteer:é", 6), _held("volunteer:孙", 7), _held("volunteer:𠮷", 8), _held("volunteer:\uffee", 9)
        ),
    )


def _check_open(trial: Trial, **how: Any) -> None:  # noqa: ANN401 - what is open is asked with
    store, tally = trial.store(), Tally()
    trial.write(store, _open())
    tally.absorb(_open())
    limit = how.pop("limit", None)
    with store.reader() as reader:
        found = reader.open(Purpose.HELD, limit=limit, **how)
    trial.same(list(found), tally.open(Purpose.HELD, **how)[:limit], f"what is open, {how}, at most {limit}")


@SHEET.check("11.3")
def _what_is_open_is_ordered_by_account_unit_and_lot(trial: Trial) -> None:
    _check_open(trial)


@SHEET.check("11.3", each=["points", "redemptions", "minutes"])
def _what_is_open_may_be_asked_of_one_unit(trial: Trial, unit: str) -> None:
    _check_open(trial, unit=unit)


@SHEET.check("11.4", each=[("a microsecond before", -1), ("at the instant", 0), ("a microsecond after", 1)])
def _what_is_due_has_ended_by_the_instant(trial: Trial, case: tuple[str, int]) -> None:
    for lot in (LOT, LATER_LOT):
        _check_open(trial, due=lot + timedelta(microseconds=case[1]))


@SHEET.check("11.4")
def _what_has_no_end_is_never_due(trial: Trial) -> None:
    _check_open(trial, due=NOW + timedelta(days=10**6))


@SHEET.check("11.3", each=[0, 1, 3, 99])
def _at_most_so_many_are_open(trial: Trial, limit: int) -> None:
    _check_open(trial, limit=limit)
    _check_open(trial, limit=limit, unit="points", due=LATER_LOT)


@SHEET.check("11.3")
def _what_is_closed_is_open_no_more(trial: Trial) -> None:
    store = trial.store()
    trial.write(store, gift("one", Account(A, Purpose.HELD, "r-1"), 5), gift("two", Account(A, Purpose.HELD, "r-2"), 5))
    trial.write(store, gift("three", Account(A, Purpose.HELD, "r-1"), -5))
    with store.reader() as reader:
        found = reader.open(Purpose.HELD)
    trial.same(list(found), [OpenAmount(Account(A, Purpose.HELD, "r-2"), "points", LOT, 5)], "what is open")


@SHEET.check("11.5")
def _balances_are_what_the_entries_add_up_to(trial: Trial) -> None:
    store, tally = trial.store(), Tally()
    for entries in (*history(), _open()):
        trial.write(store, entries)
        tally.absorb(entries)
        found = {(account, unit, lot): amount for account, unit, lot, amount in trial.everything(store)[1]}
        trial.same(found, tally.balances(), f"balances after {entries[0].key}")


@SHEET.check("11.5")
def _more_balances_than_a_page_are_all_read_and_each_once(trial: Trial) -> None:
    store, holders = trial.store(), [f"volunteer:{number}" for number in range(2300)]
    trial.write(store, commit("many", *[draft(moved(holder, 1)) for holder in holders]))
    with store.reader() as reader:
        found = sorted(account.holder for account, _, _, _ in reader.balances())
    trial.same(found, sorted(holders), "holders")


__all__ = ["SHEET"]
