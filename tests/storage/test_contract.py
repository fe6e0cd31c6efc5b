"""The nine promises of the storage contract, held to every store by the same tests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.commits import (
    DAY,
    LATER_LOT,
    LOT,
    NOW,
    SHELF,
    asked,
    bags,
    commit,
    contents,
    draft,
    gift,
    moved,
    taken,
    write,
)
from tests.storage.stores import STORES, emptied
from volunteer_points.books import About, Committed, LotsOf, Moved, OpenAmount, Question, Tally
from volunteer_points.entries import Draft, Entry
from volunteer_points.errors import Corrupt, KeyConflict, Misused, Refused
from volunteer_points.ledger import decode, encode, leaf_hash
from volunteer_points.postings import FLOORS, PROGRAMME, Account, Posting, Purpose
from volunteer_points.storage import Session, Store
from volunteer_points.storage.sql import ENTRIES_KEPT_BACK

A, B = "volunteer:a", "volunteer:b"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with emptied(request.param, tmp_path) as made:
        yield made


def everything(store: Store) -> tuple[list[bytes], set[tuple[Account, str, datetime | None, int]]]:
    """All that can be read in order, to see that nothing changed."""
    with store.reader() as reader:
        return contents(reader), set(reader.balances())


# --- 1 order ---


def test_entries_are_read_in_the_order_in_which_they_were_written(store: Store) -> None:
    commits = [gift(f"key-{number}", A, number) for number in range(1, 8)]
    write(store, *commits[:3])
    write(store, commits[3])
    write(store, *commits[4:])
    with store.reader() as reader:
        found = list(reader.stored())
    assert [each.position for each in found] == list(range(1, 8))
    assert [each.content for each in found] == [encode(entry) for entries in commits for entry in entries]
    assert [each.leaf for each in found] == [leaf_hash(each.content) for each in found]


@pytest.mark.parametrize("after", [0, 1, 4, 5, 9])
@pytest.mark.parametrize("limit", [None, 0, 1, 3, 99])
def test_entries_are_read_in_pages(store: Store, after: int, limit: int | None) -> None:
    write(store, commit("first", *[draft(moved(A, 1))] * 3), gift("second", A, 1), gift("third", A, 1))
    with store.reader() as reader:
        positions = [each.position for each in reader.stored(after=after, limit=limit)]
    assert positions == [1, 2, 3, 4, 5][after:][:limit]


def test_more_entries_than_a_page_are_all_read(store: Store) -> None:
    write(store, commit("many", *[draft()] * 2500))
    with store.reader() as reader:
        assert [each.position for each in reader.stored()] == list(range(1, 2501))
        assert [each.position for each in reader.stored(after=400, limit=1500)] == list(range(401, 1901))


# --- 2 atomicity ---


class Accident(Exception):
    """Something goes wrong in the middle of a session."""


@pytest.mark.parametrize("accident", [Accident, KeyboardInterrupt, Refused])
def test_a_session_that_ends_with_an_error_leaves_nothing(store: Store, accident: type[BaseException]) -> None:
    write(store, gift("before", A, 5))
    before = everything(store)

    def fail() -> None:
        with store.session() as session:
            session.append(gift("one", A, 1))
            assert len(list(session.stored())) == 2
            session.append(gift("two", A, -3))
            raise accident("in the middle")

    with pytest.raises(accident):
        fail()
    assert everything(store) == before
    assert asked(store, Committed("one")) == ()
    write(store, gift("one", A, 1))
    assert asked(store, AVAILABLE_A) == {LOT: 6}


def test_a_long_session_that_ends_with_an_error_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.session() as session:
            for number in range(3):
                session.append(commit(f"key-{number}", *[draft(moved(A, 1))] * (ENTRIES_KEPT_BACK - 1)))
            raise Accident

    with pytest.raises(Accident):
        fail()
    assert everything(store) == ([], set())


def test_what_cannot_be_appended_leaves_the_session_as_it_was(store: Store) -> None:
    with store.session() as session:
        session.append(gift("one", A, 5))
        with pytest.raises(Corrupt):
            session.append(commit("two", draft(moved(A, 1)), draft(moved(A, -7))))
        with pytest.raises(KeyConflict):
            session.append(gift("one", A, 2))
        session.append(gift("two", A, -5))
    assert len(everything(store)[0]) == 2
    assert asked(store, AVAILABLE_A) == {}


# --- 3 sessions over subjects ---


@pytest.mark.parametrize(
    "question",
    [
        Committed("key"),
        About(A, ("Adjusted",)),
        About(A, ("Adjusted",), many=True),
        AVAILABLE_A,
        Moved(A, Purpose.ISSUED, "points", None, DAY, None),
    ],
)
def test_a_question_about_a_subject_that_was_not_taken_is_an_error(store: Store, question: Question[Any]) -> None:
    with store.session() as session:
        session.take(["volunteer:another"], ["activity:another"])
        with pytest.raises(Misused) as error:
            session.ask([question])
        assert (error.value.code, error.value.facts["subject"]) == ("subject_not_taken", question.subject)
        assert session.ask([]) == {}
    with store.reader() as reader:
        assert question in reader.ask([question])


def test_what_is_taken_to_be_shared_answers_only_what_may_be_shared(store: Store) -> None:
    may_be, may_not = About(A, ("Adjusted",), many=True), About(A, ("Adjusted",))
    with store.session() as session:
        session.take([], [A])
        assert session.ask([may_be]) == {may_be: ()}
        with pytest.raises(Misused):
            session.ask([may_be, may_not])
        session.take([A])
        assert session.ask([may_be, may_not]) == {may_be: (), may_not: ()}


@pytest.mark.parametrize("question", [LotsOf(Account(A, Purpose.REPORTED), "points"), Moved(A, "redeemed", "points")])
def test_a_balance_that_nobody_keeps_cannot_be_asked(store: Store, question: Question[Any]) -> None:
    with store.session() as session:
        session.take([A])
        with pytest.raises(Misused):
            session.ask([question])
    with store.reader() as reader:
        with pytest.raises(Misused) as error:
            reader.ask([question])
        assert error.value.code == "no_balance_kept"
        with pytest.raises(Misused):
            reader.open(Purpose.REPORTED)


def test_a_session_that_is_over_is_over(store: Store) -> None:
    with store.session() as session:
        session.take([A])
    deeds: list[Callable[[Session], object]] = [
        lambda session: session.take([A]),
        lambda session: session.ask([AVAILABLE_A]),
        lambda session: session.append(gift("late", A, 1)),
        lambda session: session.stored(),
        lambda session: session.open(Purpose.AVAILABLE),
        lambda session: session.balances(),
    ]
    for deed in deeds:
        with pytest.raises(Misused) as error:
            deed(session)
        assert error.value.code == "session_over"
    assert everything(store) == ([], set())


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql", "mariadb"])
def test_a_session_within_a_session_is_an_error_and_not_a_wait_for_oneself(kind: str, tmp_path: Path) -> None:
    with emptied(kind, tmp_path) as store:
        with store.session() as outer:
            with pytest.raises(Misused) as error, store.session():
                pytest.fail("two sessions at once")
            assert error.value.code == "session_within_session"
            outer.append(gift("one", A, 1))
        write(store, gift("two", A, 1))
        assert asked(store, AVAILABLE_A) == {LOT: 2}


def test_only_whole_commits_of_this_ledger_are_appended(store: Store) -> None:
    one, two = commit("key", draft(moved(A, 1)), draft(moved(A, 2)))
    wrong = {
        "not_one_commit": [(), (one,), (two, one), (one, one), (one, two, two), (*gift("a", A, 1), *gift("b", A, 1))],
        "other_ledger": [commit("key", draft(moved(A, 1)), ledger="another")],
        "subject_twice": [commit("key", draft(moved(A, 1), about=(A, A)))],
    }
    with store.session() as session:
        for code, commits in wrong.items():
            for entries in commits:
                with pytest.raises(Misused) as error:
                    session.append(entries)
                assert error.value.code == code
        session.append((one, two))
    assert len(everything(store)[0]) == 2


def at_once(count: int, deed: Callable[[int], None]) -> list[BaseException]:
    """Do it in so many threads that begin together; the errors."""
    errors: list[BaseException] = []
    begin = threading.Barrier(count)

    def run(number: int) -> None:
        begin.wait()
        try:
            deed(number)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_sessions_that_hold_one_subject_happen_one_after_the_other(store: Store) -> None:
    """Each writes what it read plus one: a lost update would show."""

    def count_up(number: int) -> None:
        for turn in range(10):
            with store.session() as session:
                read = taken(session, AVAILABLE_A).get(LOT, 0)
                session.append(commit(f"{number}-{turn}", draft(moved(A, -read), moved(A, read + 1), about=(A,))))

    assert at_once(4, count_up) == []
    assert asked(store, AVAILABLE_A) == {LOT: 40}
    assert [posting.amount for entry in asked(store, About(A, ("Adjusted",))) for posting in entry.postings][2::4] == (
        list(range(1, 41))
    )


# --- 4 own writing ---

QUESTIONS: list[Question[Any]] = [
    Committed("one"),
    Committed("two"),
    Committed("never"),
    About(A, ("Adjusted",)),
    About(A, ("Adjusted", "Enrolled", "Adjusted")),
    About(A, ("Enrolled",)),
    About(A, ()),
    About(A, ("Adjusted",), DAY, DAY + timedelta(days=1)),
    About(A, ("Adjusted",), since=DAY + timedelta(days=1)),
    About(A, ("Adjusted",), until=DAY),
    AVAILABLE_A,
    LotsOf(Account(A, Purpose.HELD, "r-1"), "points"),
    LotsOf(Account(B, Purpose.DEBT), "points"),
    Moved(A, Purpose.AVAILABLE, "points"),
    Moved(A, Purpose.HELD, "points", "r-1"),
    Moved(A, Purpose.HELD, "points", "r-2"),
    Moved(A, Purpose.ISSUED, "points", None, DAY, DAY + timedelta(days=1)),
    Moved(A, Purpose.ISSUED, "points", "park", DAY, DAY + timedelta(days=1)),
    Moved(A, Purpose.ISSUED, "points", "park", since=DAY),
    Moved(A, Purpose.ISSUED, "points", None, until=DAY + timedelta(days=1)),
    Moved(A, Purpose.ISSUED, "minutes", "park", DAY, DAY + timedelta(days=9)),
    Moved(PROGRAMME, Purpose.ADJUSTED, "points", None, DAY, None),
]

TOMORROW = DAY + timedelta(days=1)
ISSUED_PARK = Account(A, Purpose.ISSUED, "park")
HELD_A = Account(A, Purpose.HELD, "r-1")
HISTORY = [
    commit(
        "one",
        draft(moved(A, 30), moved(A, 4, lot=None), about=(A, "record:1")),
        draft(moved(ISSUED_PARK, -23), moved(Account(B, Purpose.DEBT), -5, lot=None)),
        draft(moved(Account(A, Purpose.ISSUED, "cinema"), -7, on=TOMORROW), about=(A,), on=TOMORROW),
    ),
    commit("two", draft(moved(A, -20), moved(HELD_A, 20), about=(A, "redemption:r-1"))),
    commit("three", draft(moved(HELD_A, -20), moved(A, -10), about=("record:1",))),
    commit("four", draft(moved(A, 5, lot=LATER_LOT), moved(ISSUED_PARK, 60, unit="minutes"))),
]


@pytest.mark.parametrize("before", range(5))
@pytest.mark.parametrize("asks_before", [True, False])
def test_answers_include_what_the_session_itself_has_appended(store: Store, before: int, asks_before: bool) -> None:  # noqa: FBT001
    write(store, *HISTORY[:before])
    tally = Tally()
    tally.absorb(entry for entries in HISTORY[:before] for entry in entries)
    with store.session() as session:
        session.take([question.subject for question in QUESTIONS])
        for entries in HISTORY[before:]:
            if asks_before:
                assert session.ask(QUESTIONS) == {question: tally.answer(question) for question in QUESTIONS}
            session.append(entries)
            tally.absorb(entries)
        assert session.ask(QUESTIONS) == {question: tally.answer(question) for question in QUESTIONS}
    for question in QUESTIONS:
        assert asked(store, question) == tally.answer(question)


def test_a_session_reads_in_order_what_it_has_appended_and_goes_on(store: Store) -> None:
    write(store, HISTORY[0])
    with store.session() as session:
        session.take([A])
        assert session.ask([AVAILABLE_A]) == {AVAILABLE_A: {LOT: 30, None: 4}}
        session.append(HISTORY[1])
        assert [decode(content).key for content in contents(session)] == ["one", "one", "one", "two"]
        assert session.open(Purpose.HELD) == [OpenAmount(Account(A, Purpose.HELD, "r-1"), "points", LOT, 20)]
        session.append(HISTORY[2])
        assert session.open(Purpose.HELD) == []
        assert (Account(A, Purpose.AVAILABLE), "points", None, 4) in set(session.balances())
        assert session.ask([AVAILABLE_A]) == {AVAILABLE_A: {None: 4}}
        with pytest.raises(KeyConflict):
            session.append(HISTORY[1])
    assert len(everything(store)[0]) == 5


def test_others_see_nothing_of_a_session_before_its_end(store: Store) -> None:
    seen: list[int] = []

    def look() -> None:
        with store.reader() as reader:
            seen.append(len(contents(reader)))

    other = threading.Thread(target=look)
    with store.session() as session:
        session.append(gift("one", A, 1))
        assert len(list(session.stored())) == 1
        other.start()
        other.join(timeout=0.2)
        assert seen in ([], [0])
    other.join()
    assert seen in ([1], [0])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_reader_sees_one_moment(kind: str, tmp_path: Path) -> None:
    """The store in memory lets writers wait until the reader is done."""
    with emptied(kind, tmp_path) as store:
        write(store, gift("one", A, 1))
        with store.reader() as reader:
            write(store, gift("two", A, 1))
            assert reader.ask([AVAILABLE_A]) == {AVAILABLE_A: {LOT: 1}}
            assert len(contents(reader)) == 1
        assert asked(store, AVAILABLE_A) == {LOT: 2}


# --- 5 idempotency ---


def test_a_key_is_written_once(store: Store) -> None:
    first = gift("key", A, 1)
    write(store, first)
    before = everything(store)
    for second in (first, gift("key", A, 2)):
        with pytest.raises(KeyConflict):
            write(store, gift("beside", A, 1), second)
        assert everything(store) == before
    assert asked(store, Committed("key")) == first


def test_of_many_writers_of_one_key_one_writes_and_the_others_find_its_entries(store: Store) -> None:
    found: list[tuple[Entry, ...]] = []

    def bring(number: int) -> None:
        with store.session() as session:
            before = taken(session, Committed("key"))
            if not before:
                session.append(gift("key", A, number + 1))
        found.append(asked(store, Committed("key")))

    assert at_once(8, bring) == []
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(everything(store)[0]) == 1


# --- 6 floors ---


@pytest.mark.parametrize("purpose", [purpose for purpose, floor in FLOORS.items() if floor])
def test_a_balance_with_a_floor_never_passes_it(store: Store, purpose: str) -> None:
    sign, account = FLOORS[purpose], Account(A, purpose, "of")
    write(store, gift("three", account, sign * 3))
    for key, lot in {"another lot": LATER_LOT, "no lot": None}.items():
        with pytest.raises(Corrupt):
            write(store, gift(key, account, -sign, lot=lot))
    with pytest.raises(Corrupt) as error:
        write(store, gift("too much", account, -sign * 4))
    assert error.value.code == "floor_passed"
    assert error.value.facts["balance"] == -sign
    write(store, gift("all of it", account, -sign * 3))
    assert asked(store, LotsOf(account, "points")) == {}
    with pytest.raises(Corrupt):
        write(store, gift("one more", account, -sign))


@pytest.mark.parametrize("purpose", [purpose for purpose, floor in FLOORS.items() if not floor])
def test_a_balance_without_a_bound_goes_either_way(store: Store, purpose: str) -> None:
    question = Moved(A, purpose, "points")
    for key, amount, after in (("down", -5, -5), ("up", 9, 4), ("nought", -4, 0), ("again", 1, 1)):
        write(store, gift(key, Account(A, purpose), amount))
        assert asked(store, question) == after
        with store.reader() as reader:
            assert [each.amount for each in reader.open(purpose)] == ([after] if after else [])


def test_a_floor_holds_after_each_commit_of_a_session_and_not_only_at_its_end(store: Store) -> None:
    with pytest.raises(Corrupt):
        write(store, gift("down", A, -1), gift("up", A, 1))
    assert everything(store) == ([], set())


def test_within_a_commit_only_its_sum_counts(store: Store) -> None:
    write(store, commit("both", draft(moved(A, -7)), draft(moved(A, 9))))
    assert asked(store, AVAILABLE_A) == {LOT: 2}


def test_of_eight_who_want_the_last_three_bags_three_get_one(store: Store) -> None:
    write(store, bags("three bags", 3))

    def take_one(number: int) -> None:
        with store.session() as session:
            if not taken(session, SHELF):
                raise Refused("nothing_left")
            session.append(bags(f"bag for {number}", -1))

    errors = at_once(8, take_one)
    assert [type(error) for error in errors] == [Refused] * 5
    assert asked(store, SHELF) == {}
    assert len(everything(store)[0]) == 4


def test_whoever_does_not_look_first_cannot_take_the_last_bags_either(store: Store) -> None:
    write(store, gift("three", A, 3))

    def take_one(number: int) -> None:
        write(store, gift(f"one for {number}", A, -1))

    errors = at_once(8, take_one)
    assert [type(error) for error in errors] == [Corrupt] * 5
    assert asked(store, AVAILABLE_A) == {}


# --- 7 append-only: the database's own part is in test_sql.py ---


def test_a_reader_offers_no_way_to_write(store: Store) -> None:
    with store.reader() as reader:
        assert not {name for name in dir(reader) if not name.startswith("_")} & {"append", "delete", "update", "take"}


# --- what is open ---


def open_history() -> list[tuple[Entry, ...]]:
    def held(holder: str, amount: int, of: str = "r-3", **how: Any) -> tuple[Posting, Posting]:  # noqa: ANN401
        return moved(Account(holder, Purpose.HELD, of), amount, **how)

    return [
        commit(
            "open",
            draft(held(B, 1, "r-2"), held(B, 2, "r-10", lot=LATER_LOT), held(A, 3, lot=None), held(A, 4)),
            draft(held(A, 5, unit="redemptions"), moved(A, 9)),
            draft(held("volunteer:é", 6), held("volunteer:孙", 7), held("volunteer:𠮷", 8)),
        )
    ]


@pytest.mark.parametrize("unit", [None, "points", "redemptions", "minutes"])
@pytest.mark.parametrize("due", [None, LOT - timedelta(microseconds=1), LOT, LATER_LOT, NOW + timedelta(days=10**6)])
@pytest.mark.parametrize("limit", [None, 0, 1, 3, 99])
def test_open_amounts_are_listed_by_account_unit_and_lot(
    store: Store, unit: str | None, due: datetime | None, limit: int | None
) -> None:
    write(store, *open_history())
    tally = Tally()
    tally.absorb(open_history()[0])
    with store.reader() as reader:
        found = reader.open(Purpose.HELD, unit=unit, due=due, limit=limit)
    assert found == tally.open(Purpose.HELD, unit=unit, due=due)[:limit]
    assert all(each.lot is not None and each.lot <= due for each in found if due is not None)


def test_a_lot_comes_back_to_the_microsecond_in_utc(store: Store) -> None:
    lots = [
        datetime(1, 1, 2, tzinfo=NOW.tzinfo),
        NOW + timedelta(microseconds=1),
        datetime.max.replace(tzinfo=NOW.tzinfo),
    ]
    write(store, commit("lots", *[draft(moved(A, number + 1, lot=lot)) for number, lot in enumerate(lots)]))
    assert asked(store, AVAILABLE_A) == {lot: number + 1 for number, lot in enumerate(lots)}
    assert all(lot is not None and lot.utcoffset() == timedelta(0) for lot in asked(store, AVAILABLE_A))


def test_more_balances_than_a_page_are_all_read(store: Store) -> None:
    holders = [f"volunteer:{number}" for number in range(2300)]
    write(store, commit("many", *[draft(moved(holder, 1)) for holder in holders]))
    with store.reader() as reader:
        found = list(reader.balances())
    assert sorted(account.holder for account, _, _, _ in found) == sorted(holders)


# --- any history at all ---

HOLDERS = st.sampled_from([A, B])
PURPOSES = st.sampled_from([Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT, Purpose.ISSUED])
AMOUNTS = st.integers(-3, 6)
DAYS = st.sampled_from([DAY, TOMORROW, date(2026, 1, 31)])


@st.composite
def some_drafts(draw: st.DrawFn) -> Draft:
    postings = [
        moved(
            draw(st.builds(Account, HOLDERS, PURPOSES, st.sampled_from(["", "r-1", "park"]))),
            draw(AMOUNTS),
            unit=draw(st.sampled_from(["points", "minutes"])),
            lot=draw(st.sampled_from([None, LOT, LATER_LOT])),
            on=draw(DAYS),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return draft(*postings, about=draw(st.lists(HOLDERS, min_size=1, unique=True)), on=draw(DAYS))


@st.composite
def some_commits(draw: st.DrawFn) -> tuple[Entry, ...]:
    key = f"key-{draw(st.integers(0, 12))}"
    return commit(key, *draw(st.lists(some_drafts(), min_size=1, max_size=3)))


@st.composite
def some_questions(draw: st.DrawFn) -> Question[Any]:
    holder, unit = draw(HOLDERS), draw(st.sampled_from(["points", "minutes"]))
    purpose, of = draw(st.sampled_from([*FLOORS])), draw(st.sampled_from(["", "r-1", "park"]))
    days = st.none() | DAYS
    return draw(
        st.sampled_from(
            [
                Committed(f"key-{draw(st.integers(0, 12))}"),
                About(
                    holder,
                    draw(st.sampled_from([("Adjusted",), ("Adjusted", "Held"), ("Held",)])),
                    draw(days),
                    draw(days),
                ),
                LotsOf(Account(holder, purpose, of), unit),
                Moved(holder, purpose, unit, draw(st.none() | st.just(of)), draw(days), draw(days)),
            ]
        )
    )


STEPS = st.lists(st.one_of(some_commits(), some_questions(), st.sampled_from(["end", "fail", "read"])), max_size=25)


@pytest.mark.slow
@pytest.mark.no_cover
@given(steps=STEPS)
def test_every_store_answers_any_history_like_the_one_in_memory(
    steps: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = {}
    for kind in STORES:
        with emptied(kind, tmp_path_factory.mktemp(kind)) as store:
            told[kind] = [*run(store, steps), everything(store)]
    for kind in STORES:
        assert told[kind] == told["memory"], kind


def run(store: Store, steps: list[Any]) -> Iterator[object]:
    """What a store answers to commits, questions and ends of sessions, one after the other."""
    left = list(steps)
    while left:
        with suppress(Accident), store.session() as session:
            session.take([A, B, *(step.subject for step in left if isinstance(step, Question))])
            while left:
                step = left.pop(0)
                if step == "end":
                    break
                yield answer(session, step)
        yield everything(store)


def answer(session: Session, step: Any) -> object:  # noqa: ANN401 - a step
    if step == "fail":
        raise Accident
    if step == "read":
        return contents(session), set(session.balances()), session.open(Purpose.AVAILABLE)
    if isinstance(step, Question):
        return dict(session.ask([step]))
    try:
        session.append(step)
    except (Corrupt, KeyConflict) as error:
        return type(error), error.facts.get("balance")
    return "appended"
