"""Checks of sessions: the subjects they hold, what they see of themselves and of one another, and their errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from volunteer_points.books import About, Committed, LotsOf, Moved, OpenAmount, Question, Tally
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, KeyConflict, Misused, Refused, VolunteerPointsError
from volunteer_points.ledger import decode
from volunteer_points.postings import PROGRAMME, Account, Purpose
from volunteer_points.storage import Reader, Session, Store
from volunteer_points.testing.conformance.commits import (
    DAY,
    LOT,
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
from volunteer_points.testing.conformance.trial import PATIENCE_SECONDS, Sheet, Trial
from volunteer_points.testing.conformance.writing import Accident

SHEET = Sheet()
POINTS_OF_B = LotsOf(Account(B, Purpose.AVAILABLE), "points")
OF_A: tuple[Question[Any], ...] = (
    Committed("key"),
    About(A, ("Adjusted",)),
    About(A, ("Adjusted",), many=True),
    POINTS_OF_A,
    Moved(A, Purpose.ISSUED, "points", None, DAY, None),
)

# --- 3 sessions over subjects ---


@SHEET.check("3.1", each=[(f"{type(question).__name__} {number}", question) for number, question in enumerate(OF_A, 1)])
def _a_question_about_a_subject_that_was_not_taken_is_an_error(trial: Trial, case: tuple[str, Question[Any]]) -> None:
    store, question = trial.store(), case[1]
    with store.session() as session:
        session.take(["volunteer:another"], ["activity:another"])
        with trial.raises(Misused, "subject_not_taken", of=case[0]):
            session.ask([question])
        trial.same(dict(session.ask([])), {}, "the answer to no question")
    with store.reader() as reader:
        trial.true(question in reader.ask([question]), "a reader may ask without taking")


@SHEET.check("3.2")
def _what_is_taken_to_be_shared_answers_only_what_may_be_shared(trial: Trial) -> None:
    store, may_be, may_not = trial.store(), About(A, ("Adjusted",), many=True), About(A, ("Adjusted",))
    with store.session() as session:
        session.take([], [A])
        trial.same(dict(session.ask([may_be])), {may_be: ()}, "a question that may be shared")
        with trial.raises(Misused, "subject_not_taken", of="a question that may not be shared"):
            session.ask([may_be, may_not])


@SHEET.check("3.2")
def _a_session_may_take_more_and_take_again(trial: Trial) -> None:
    store = trial.store()
    with store.session() as session:
        session.take([A])
        session.take([A, A], [A])
        session.take([], [B])
        session.take([B], [B])
        trial.same(dict(session.ask([POINTS_OF_A, POINTS_OF_B])), {POINTS_OF_A: {}, POINTS_OF_B: {}}, "both answers")


@SHEET.check("3.3")
def _who_takes_a_subject_reads_what_the_one_before_wrote(trial: Trial) -> None:
    """The second reads before the first ends, if the store lets it: then an update is lost for certain."""
    store, first_took, second_read = trial.store(), threading.Event(), threading.Event()

    def first() -> None:
        with store.session() as session:
            read = trial.taken(session, POINTS_OF_A).get(LOT, 0)
            first_took.set()
            second_read.wait(PATIENCE_SECONDS)
            session.append(commit("first", draft(moved(A, -read), moved(A, read + 1))))

    def second() -> None:
        trial.wait(first_took, "taking the subject")
        with store.session() as session:
            read = trial.taken(session, POINTS_OF_A).get(LOT, 0)
            second_read.set()
            session.append(commit("second", draft(moved(B, read + 1))))

    trial.end(*[trial.start(lambda deed=deed: trial.again(deed)) for deed in (first, second)])  # type: ignore[misc]
    trial.same(trial.asked(store, POINTS_OF_B), {LOT: 2}, "one more than what the second read")


@SHEET.check("3.3")
def _a_session_begun_before_still_reads_what_was_written_before_it_took(trial: Trial) -> None:
    store, begun, written = trial.store(), threading.Event(), threading.Event()

    def late() -> None:
        with store.session() as session:
            session.take(["volunteer:another"])
            begun.set()
            written.wait(PATIENCE_SECONDS)
            read = trial.taken(session, POINTS_OF_A).get(LOT, 0)
            session.append(gift("late", B, read + 1))

    def write() -> None:
        with store.session() as session:
            session.take([A])
            session.append(gift("early", A, 1))

    def early() -> None:
        trial.wait(begun, "beginning the session")
        trial.again(write)
        written.set()

    trial.end(*[trial.start(deed) for deed in (lambda: trial.again(late), early)])
    read = trial.asked(store, POINTS_OF_B)[LOT] - 1
    with store.reader() as reader:
        keys = [decode(each.content).key for each in reader.stored()]
    trial.same(read, int(keys == ["early", "late"]), f"what the late one read, written as {keys}")


@SHEET.check("3.3")
def _of_forty_who_write_what_they_read_plus_one_none_is_lost(trial: Trial) -> None:
    store = trial.store()

    def count_up(number: int) -> None:
        for turn in range(10):

            def once(turn: int = turn) -> None:
                with store.session() as session:
                    read = trial.taken(session, POINTS_OF_A).get(LOT, 0)
                    session.append(commit(f"{number}-{turn}", draft(moved(A, -read), moved(A, read + 1))))

            trial.again(once)

    trial.same(trial.at_once(4, count_up), {"done": 4}, "four writers")
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 40}, "balance")
    trial.same(len(trial.asked(store, About(A, ("Adjusted",)))), 40, "entries")


@SHEET.check("3.3")
def _two_who_each_read_what_the_other_writes_do_not_both_pass(trial: Trial) -> None:
    """Each gives one point only if the other has none: together they would break what each has checked."""
    store, both_read = trial.store(), threading.Barrier(2)

    def give(own: str, other: LotsOf) -> None:
        with store.session() as session:
            session.take([A, B])
            none_yet = not session.ask([other])[other]
            trial.may_meet(both_read)
            if none_yet:
                session.append(gift(f"for {own}", own, 1))

    deeds = [lambda: trial.again(lambda: give(A, POINTS_OF_B)), lambda: trial.again(lambda: give(B, POINTS_OF_A))]
    trial.end(*[trial.start(deed) for deed in deeds])
    trial.same(len(trial.everything(store)[0]), 1, "entries")


@SHEET.check("3.3")
def _a_subject_held_to_be_shared_does_not_change_meanwhile(trial: Trial) -> None:
    store, shared, question = trial.store(), threading.Event(), About(A, ("Adjusted",), many=True)
    tried = threading.Event()
    read: list[int] = []

    def look_twice() -> None:
        with store.session() as session:
            session.take([], [A])
            read.append(len(session.ask([question])[question]))
            shared.set()
            tried.wait(PATIENCE_SECONDS)
            read.append(len(session.ask([question])[question]))
            session.append(gift("looked", B, 1))

    def change() -> None:
        trial.wait(shared, "taking the subject to be shared")
        with store.session() as session:
            session.take([A])
            session.append(gift("changed", A, 1))
        tried.set()

    trial.end(*[trial.start(lambda deed=deed: trial.again(deed)) for deed in (look_twice, change)])  # type: ignore[misc]
    with store.reader() as reader:
        keys = [decode(each.content).key for each in reader.stored()]
    trial.same(read[-2:], [0, 0] if keys[0] == "looked" else [1, 1], f"what was read, written as {keys}")


@SHEET.check("3.4", each=["an end", "an error"])
def _what_was_held_is_free_after(trial: Trial, how: str) -> None:
    store = trial.store()
    with suppress(Accident), store.session() as session:
        session.take([A], [B])
        if how == "an error":
            raise Accident

    def other() -> None:
        with store.session() as session:
            session.take([A, B])
            session.append(gift("other", A, 1))

    trial.end(trial.start(lambda: trial.again(other)))
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 1}, "what the other wrote")


@SHEET.check("3.4", each=["take", "ask", "append", "stored", "open", "balances"])
def _a_session_that_is_over_is_over(trial: Trial, name: str) -> None:
    deeds: dict[str, Callable[[Session], object]] = {
        "take": lambda session: session.take([A]),
        "ask": lambda session: session.ask([POINTS_OF_A]),
        "append": lambda session: session.append(gift("late", A, 1)),
        "stored": lambda session: list(session.stored()),
        "open": lambda session: session.open(Purpose.AVAILABLE),
        "balances": lambda session: list(session.balances()),
    }
    store = trial.store()
    with store.session() as session:
        session.take([A])
    with trial.raises(Misused, "session_over", of=f"{name} after the end"):
        deeds[name](session)
    trial.same(trial.everything(store), ([], set()), "everything")


@SHEET.check("3.5")
def _sessions_over_other_subjects_are_open_at_once(trial: Trial) -> None:
    trial.needs_side_by_side()
    store, both = trial.store(), threading.Barrier(2)

    def hold(number: int) -> None:
        with store.session() as session:
            session.take([f"volunteer:{number}"])
            trial.must_meet(both)
            session.append(gift(f"key-{number}", f"volunteer:{number}", 1))

    trial.same(trial.at_once(2, hold), {"done": 2}, "two sessions that meet")


@SHEET.check("3.5")
def _sessions_that_share_a_subject_are_open_at_once(trial: Trial) -> None:
    trial.needs_side_by_side()
    store, both = trial.store(), threading.Barrier(2)

    def hold(number: int) -> None:
        with store.session() as session:
            session.take([f"volunteer:{number}"], [PROGRAMME])
            trial.must_meet(both)
            session.append(gift(f"key-{number}", f"volunteer:{number}", 1))

    trial.same(trial.at_once(2, hold), {"done": 2}, "two sessions that meet")


@SHEET.check("3.6")
def _two_who_wait_for_each_other_both_get_done(trial: Trial) -> None:
    """Each holds what the other wants. One is told that the store is busy, and comes again."""
    store, both = trial.store(), threading.Barrier(2)

    def cross(number: int) -> None:
        first, second = (A, B) if number else (B, A)
        with store.session() as session:
            session.take([first])
            trial.may_meet(both)
            session.take([second])
            session.append(gift(f"key-{number}", first, 1))

    trial.same(trial.at_once(2, cross), {"done": 2}, "two sessions that cross")
    trial.same(len(trial.everything(store)[0]), 2, "entries")


@SHEET.check("3.6")
def _a_session_within_a_session_does_not_wait_for_itself(trial: Trial) -> None:
    """It may be refused or may be open beside the first; it must not wait for ever."""
    store = trial.store()

    def nest() -> None:
        with store.session() as outer:
            outer.append(gift("one", A, 1))
            with suppress(Misused, Busy), store.session() as inner:
                inner.take([B])
        trial.same(trial.asked(store, POINTS_OF_A), {LOT: 1}, "what the outer one wrote")

    trial.end(trial.start(nest))


# --- 4 own writing ---

ALL_KINDS: tuple[Question[Any], ...] = (
    *(Committed(key) for key in ("one", "two", "never")),
    About(A, ("Adjusted",)),
    About(A, ("Adjusted", "Joined", "Adjusted")),
    About(A, ()),
    About("record:1", ("Adjusted",)),
    About(A, ("Adjusted",), DAY, DAY + timedelta(days=1)),
    About(A, ("Adjusted",), since=TOMORROW),
    About(A, ("Adjusted",), until=DAY),
    POINTS_OF_A,
    LotsOf(Account(A, Purpose.HELD, "r-1"), "points"),
    LotsOf(Account(B, Purpose.DEBT), "points"),
    Moved(A, Purpose.AVAILABLE, "points"),
    *(Moved(A, Purpose.HELD, "points", of) for of in ("r-1", "r-2")),
    Moved(A, Purpose.ISSUED, "points", None, DAY, TOMORROW),
    Moved(A, Purpose.ISSUED, "points", "park", DAY, TOMORROW),
    Moved(A, Purpose.ISSUED, "points", "park", since=DAY),
    Moved(A, Purpose.ISSUED, "points", None, until=TOMORROW),
    Moved(A, Purpose.ISSUED, "minutes", "park", DAY, DAY + timedelta(days=9)),
    Moved(PROGRAMME, Purpose.ADJUSTED, "points", None, DAY, None),
)


def _expected(tally: Tally) -> dict[Question[Any], Any]:
    return {question: tally.answer(question) for question in ALL_KINDS}


@SHEET.check("4.1", each=range(4))
def _answers_include_what_the_session_has_appended_behind_so_many_commits(trial: Trial, before: int) -> None:
    store, tally = trial.store(), Tally()
    trial.write(store, *history()[:before])
    tally.absorb(entry for entries in history()[:before] for entry in entries)
    with store.session() as session:
        session.take([question.subject for question in ALL_KINDS])
        for entries in history()[before:]:
            trial.same(dict(session.ask(ALL_KINDS)), _expected(tally), f"answers before {entries[0].key}")
            session.append(entries)
            tally.absorb(entries)
        trial.same(dict(session.ask(ALL_KINDS)), _expected(tally), "answers at the end")
    with store.reader() as reader:
        trial.same(dict(reader.ask(ALL_KINDS)), _expected(tally), "answers after the end")


@SHEET.check("4.1")
def _what_is_asked_for_the_first_time_includes_it_too(trial: Trial) -> None:
    store, tally = trial.store(), Tally()
    with store.session() as session:
        for entries in history():
            session.append(entries)
            tally.absorb(entries)
        session.take([question.subject for question in ALL_KINDS])
        trial.same(dict(session.ask(ALL_KINDS)), _expected(tally), "answers")


@SHEET.check("4.2")
def _a_session_reads_in_order_what_it_has_appended_and_goes_on(trial: Trial) -> None:
    store, held = trial.store(), Account(A, Purpose.HELD, "r-1")
    one, two, three, _ = history()
    trial.write(store, one)
    with store.session() as session:
        session.take([A])
        session.append(two)
        found = list(session.stored())
        trial.same([decode(each.content).key for each in found], ["one", "one", "one", "two"], "keys in order")
        trial.same([each.position for each in found], [1, 2, 3, 4], "positions")
        trial.same(session.open(Purpose.HELD), [OpenAmount(held, "points", LOT, 20)], "what is open")
        session.append(three)
        trial.same(session.open(Purpose.HELD), [], "what is open then")
        trial.true((POINTS_OF_A.account, "points", None, 4) in set(session.balances()), "the balance without a lot")
        trial.same(dict(session.ask([POINTS_OF_A])), {POINTS_OF_A: {None: 4}}, "the answer")
        with trial.raises(KeyConflict, of="a key that was read back"):
            session.append(two)
    trial.same(len(trial.everything(store)[0]), 5, "entries")


@SHEET.check("4.3")
def _others_see_nothing_of_a_session_before_its_end(trial: Trial) -> None:
    """A reader may be let in at once or kept waiting until the session ends."""
    store = trial.store()
    seen: list[tuple[int, object]] = []

    def look() -> None:
        with store.reader() as reader:
            seen.append((len(list(reader.stored())), reader.ask([POINTS_OF_A])[POINTS_OF_A]))

    with suppress(Accident), store.session() as session:
        session.append(gift("one", A, 1))
        trial.same(len(list(session.stored())), 1, "what the session sees")
        other = trial.start(look)
        other.ends_within(PATIENCE_SECONDS)
        trial.same([*seen], [(0, {})] * len(seen), "what the other saw meanwhile")
        raise Accident
    trial.end(other)
    trial.same(seen, [(0, {})], "what the other saw")


# --- 9 errors ---


def _wrong_commits() -> list[tuple[str, str, list[tuple[Entry, ...]]]]:
    one, two = commit("key", draft(moved(A, 1)), draft(moved(A, 2)))
    other = (*gift("a", A, 1), *gift("b", A, 1))
    return [
        ("no entry", "not_one_commit", [()]),
        ("the first part", "not_one_commit", [(one,)]),
        ("the second part", "not_one_commit", [(two,)]),
        ("the wrong order", "not_one_commit", [(two, one)]),
        ("an entry twice", "not_one_commit", [(one, one), (one, two, two)]),
        ("two commits", "not_one_commit", [other]),
        ("another ledger", "other_ledger", [gift("key", A, 1, ledger="another")]),
        ("a subject twice", "subject_twice", [commit("key", draft(moved(A, 1), about=(A, A)))]),
    ]


@SHEET.check("9.1", each=_wrong_commits())
def _only_whole_commits_of_this_ledger_are_appended(
    trial: Trial, case: tuple[str, str, list[tuple[Entry, ...]]]
) -> None:
    store = trial.store()
    with store.session() as session:
        for entries in case[2]:
            with trial.raises(Misused, case[1], of=case[0]):
                session.append(entries)
        session.append(gift("sound", A, 1))
    trial.same(len(trial.everything(store)[0]), 1, "entries")


NOT_KEPT: tuple[tuple[str, Question[Any]], ...] = (
    ("lots", LotsOf(Account(A, Purpose.REPORTED), "points")),
    ("movements", Moved(A, "redeemed", "points")),
)


@SHEET.check("9.1", each=NOT_KEPT)
def _a_balance_that_nobody_keeps_cannot_be_asked(trial: Trial, case: tuple[str, Question[Any]]) -> None:
    store, question = trial.store(), case[1]
    with store.session() as session:
        session.take([A])
        with trial.raises(Misused, "no_balance_kept", of="a session"):
            session.ask([question])
    with store.reader() as reader:
        with trial.raises(Misused, "no_balance_kept", of="a reader"):
            reader.ask([question])
        with trial.raises(Misused, "no_balance_kept", of="what is open"):
            list(reader.open(Purpose.REPORTED))


@SHEET.check("9.2", each=[Accident, Refused, KeyError, SystemExit])
def _what_the_caller_raises_gets_out_as_it_is(trial: Trial, kind: type[BaseException]) -> None:
    store, error = trial.store(), kind("mine")
    for opened in (store.session, store.reader):
        caught: BaseException | None = None
        try:
            with opened():
                raise error  # noqa: TRY301 - it goes through the store
        except BaseException as found:  # noqa: BLE001 - compared below
            caught = found
        trial.true(caught is error, f"what came out is {caught!r}")


@SHEET.check("9.2")
def _the_store_goes_on_after_an_error(trial: Trial) -> None:
    store = trial.store()
    for number in range(3):
        with suppress(Accident), store.session() as session:
            session.take([A])
            session.append(gift(f"lost {number}", A, 1))
            raise Accident
        with suppress(Accident), store.reader():
            raise Accident
        trial.end(trial.start(lambda number=number: trial.write(store, gift(f"kept {number}", A, 1))))  # type: ignore[misc]
    trial.same(trial.asked(store, POINTS_OF_A), {LOT: 3}, "balance")


@SHEET.check("9.3")
def _no_error_of_an_engine_gets_out(trial: Trial) -> None:
    deeds: dict[str, Callable[[Store], object]] = {
        "a number of 80 bits": lambda store: trial.write(store, gift("big", A, 2**80)),
        "a key that is taken": lambda store: trial.write(store, gift("a", A, 1), gift("a", A, 1)),
        "less than nought": lambda store: trial.write(store, gift("b", A, -1)),
        "an unknown purpose": lambda store: _read(store, lambda reader: reader.open("no such purpose")),
        "a day that is out of reach": lambda store: trial.asked(store, About(A, ("Adjusted",), date.min, date.max)),
    }
    for name, deed in deeds.items():
        try:
            deed(trial.store())
        except VolunteerPointsError:
            found = None
        except Exception as error:  # noqa: BLE001 - told below
            found = error
        else:
            found = None
        trial.true(found is None, f"{name}: {found!r} is an error of the engine")


def _read(store: Store, deed: Callable[[Reader], object]) -> object:
    with store.reader() as reader:
        return deed(reader)


__all__ = ["ALL_KINDS", "SHEET"]
