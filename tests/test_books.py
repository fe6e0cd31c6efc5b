"""What entries add up to: a tally against sums done by hand, and books that see what was written since."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.samples import FACTS
from volunteer_points.books import (
    About,
    Books,
    Committed,
    EveryAnswer,
    Lacks,
    LotsOf,
    Moved,
    OpenAmount,
    Question,
    Tally,
    combined,
    soonest,
)
from volunteer_points.entries import Entry
from volunteer_points.postings import FLOORS, Account, Posting, Purpose

HOLDERS, UNITS = ("volunteer:v-1", "volunteer:v-2", "item:rice"), ("points", "minutes")
PURPOSES = (Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT, Purpose.ISSUED, Purpose.QUOTA, Purpose.REPORTED)
DAYS = st.dates(date(2026, 3, 1), date(2026, 3, 9))
LOTS = st.none() | st.sampled_from([datetime(2027, month, 1, tzinfo=UTC) for month in (1, 6, 12)])
ACCOUNTS = st.builds(Account, st.sampled_from(HOLDERS), st.sampled_from(PURPOSES), st.sampled_from(["", "park", "x-1"]))
POSTINGS = st.builds(Posting, ACCOUNTS, st.sampled_from(UNITS), st.integers(-5, 5), LOTS, DAYS)
ENTRIES = st.builds(
    Entry,
    ledger=st.just("saihan"),
    key=st.sampled_from(["k-1", "k-2", "k-3"]),
    number=st.just(1),
    count=st.just(1),
    digest=st.just("d"),
    actor=st.just("a"),
    booked_at=st.just(datetime(2026, 3, 14, tzinfo=UTC)),
    fact=st.sampled_from(FACTS),
    about=st.lists(st.sampled_from(["volunteer:v-1", "record:r-1", "programme"]), unique=True).map(tuple),
    on=DAYS,
    postings=st.lists(POSTINGS, max_size=5).map(tuple),
)
LEDGERS = st.lists(ENTRIES, max_size=12)
FROM_DAYS = st.none() | DAYS
QUESTIONS: st.SearchStrategy[Question[Any]] = st.one_of(
    st.builds(LotsOf, ACCOUNTS.filter(lambda account: account.purpose in FLOORS), st.sampled_from(UNITS)),
    st.builds(
        Moved,
        st.sampled_from(HOLDERS),
        st.sampled_from(PURPOSES),
        st.sampled_from(UNITS),
        st.sampled_from([None, "", "park", "x-1"]),
        FROM_DAYS,
        FROM_DAYS,
    ),
    st.builds(
        About,
        st.sampled_from(["volunteer:v-1", "record:r-1", "programme"]),
        st.lists(st.sampled_from([type(fact).__name__ for fact in FACTS]), min_size=5, max_size=20).map(tuple),
        FROM_DAYS,
        FROM_DAYS,
        st.booleans(),
    ),
    st.builds(Committed, st.sampled_from(["k-1", "k-2", "k-4"])),
)


def tally_of(entries: list[Entry]) -> Tally:
    tally = Tally()
    tally.absorb(entries)
    return tally


def by_hand(entries: list[Entry], question: Question[Any]) -> object:
    """The answer, worked out in the plainest way."""
    postings = [posting for entry in entries for posting in entry.postings]
    match question:
        case LotsOf():
            sums: dict[datetime | None, int] = defaultdict(int)
            for account, unit, amount, lot, _ in postings:
                if (account, unit) == (question.account, question.unit):
                    sums[lot] += amount
            return {lot: amount for lot, amount in sums.items() if amount}
        case Moved():
            return sum(
                amount
                for account, unit, amount, _, on in postings
                if (account.holder, account.purpose, unit) == (question.holder, question.purpose, question.unit)
                and question.of in {None, account.of}
                and within(on, question)
            )
        case About():
            return tuple(
                entry
                for entry in entries
                if question.about in entry.about and entry.kind in question.kinds and within(entry.on, question)
            )
        case Committed():
            return tuple(entry for entry in entries if entry.key == question.key)
    raise TypeError(question)


def within(on: date, question: Moved | About) -> bool:
    return (question.since is None or question.since <= on) and (question.until is None or on < question.until)


@given(LEDGERS, QUESTIONS)
def test_a_tally_answers_what_the_entries_add_up_to(entries: list[Entry], question: Question[Any]) -> None:
    assert tally_of(entries).answer(question) == by_hand(entries, question)


@given(LEDGERS, QUESTIONS, st.integers(0, 12))
def test_books_over_two_stretches_answer_like_one_tally_over_both(
    entries: list[Entry], question: Question[Any], place: int
) -> None:
    before, since = tally_of(entries[:place]), tally_of(entries[place:])
    books = Books({question: before.answer(question)}, since)
    whole = tally_of(entries).answer(question)
    assert books.ask(question) == whole
    assert combined(question, before.answer(question), since.answer(question)) == whole
    assert Books(EveryAnswer(before), since).ask(question) == whole
    assert Books(EveryAnswer(tally_of(entries))).ask(question) == whole


@given(LEDGERS)
def test_what_is_open_is_every_kept_balance_that_is_not_nought(entries: list[Entry]) -> None:
    tally = tally_of(entries)
    sums: dict[tuple[Account, str, datetime | None], int] = defaultdict(int)
    for entry in entries:
        for account, unit, amount, lot, _ in entry.postings:
            sums[account, unit, lot] += amount
    kept = {key: amount for key, amount in sums.items() if amount and key[0].purpose in FLOORS}
    assert tally.balances() == kept
    found = [each for purpose in PURPOSES for each in tally.open(purpose)]
    assert {(each.account, each.unit, each.lot): each.amount for each in found} == kept
    for purpose in PURPOSES:
        ordered = [(each.account, each.unit, soonest(each.lot)) for each in tally.open(purpose)]
        assert ordered == sorted(ordered)


@given(LEDGERS, st.sampled_from(PURPOSES), st.none() | st.sampled_from(UNITS), LOTS)
def test_what_is_due_are_the_lots_that_have_ended_by_then(
    entries: list[Entry], purpose: Purpose, unit: str | None, due: datetime | None
) -> None:
    tally = tally_of(entries)
    expected = [
        each
        for each in tally.open(purpose)
        if unit in {None, each.unit} and (due is None or (each.lot is not None and each.lot <= due))
    ]
    assert tally.open(purpose, unit=unit, due=due) == expected


def test_a_lot_is_due_at_its_instant_and_not_before() -> None:
    lot, account = datetime(2027, 1, 1, tzinfo=UTC), Account("volunteer:v-1", Purpose.AVAILABLE)
    tally = Tally()
    tally.post(Posting(account, "points", 5, lot, date(2026, 3, 14)))
    assert tally.open(Purpose.AVAILABLE, due=lot - timedelta(microseconds=1)) == []
    assert tally.open(Purpose.AVAILABLE, due=lot) == [OpenAmount(account, "points", lot, 5)]


@given(LEDGERS, QUESTIONS)
def test_answers_are_no_way_into_the_tally(entries: list[Entry], question: Question[Any]) -> None:
    tally = tally_of(entries)
    answer = tally.answer(question)
    if isinstance(answer, dict):
        answer.clear()
    assert tally.answer(question) == by_hand(entries, question)


QUESTION, OTHER = Committed("k-1"), Moved("volunteer:v-1", Purpose.ISSUED, "points")


def test_books_name_everything_at_once_that_they_lack() -> None:
    with pytest.raises(Lacks) as lacks:
        Books({}).need(QUESTION, OTHER)
    assert lacks.value.questions == (QUESTION, OTHER)
    with pytest.raises(Lacks) as lacks:
        Books({QUESTION: ()}).need(QUESTION, OTHER)
    assert lacks.value.questions == (OTHER,)
    Books({QUESTION: (), OTHER: 0}).need(QUESTION, OTHER)


def test_books_answer_only_what_they_were_told() -> None:
    with pytest.raises(Lacks) as lacks:
        Books({}, Tally()).ask(QUESTION)
    assert lacks.value.questions == (QUESTION,)


@pytest.mark.parametrize("question, subject, shared", [
    (LotsOf(Account("volunteer:v-1", Purpose.AVAILABLE), "points"), "volunteer:v-1", False),
    (OTHER, "volunteer:v-1", False),
    (About("record:r-1", ("Submitted",)), "record:r-1", False),
    (About("programme", ("Submitted",), many=True), "programme", True),
    (QUESTION, "key:k-1", False),
])  # fmt: skip
def test_a_question_names_what_must_be_held_to_rely_on_its_answer(
    question: Question[Any],
    subject: str,
    shared: bool,  # noqa: FBT001
) -> None:
    assert (question.subject, question.shared) == (subject, shared)


def test_lots_are_in_the_order_of_their_end_and_those_without_one_last() -> None:
    lots = [None, datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]
    assert sorted(lots, key=soonest) == [lots[2], lots[1], None]


def test_there_is_no_list_of_all_answers() -> None:
    answers = EveryAnswer(Tally())
    assert QUESTION in answers
    assert not answers.__contains__("k-1")
    assert answers[QUESTION] == ()
    for ask in (iter, len):
        with pytest.raises(TypeError):
            ask(answers)


def test_a_question_of_another_kind_is_a_defect() -> None:
    with pytest.raises(TypeError):
        Tally().answer(Question())
    with pytest.raises(NotImplementedError):
        _ = Question[int]().subject


def test_books_add_what_was_written_since_to_what_was_fetched() -> None:
    account, day = Account("volunteer:v-1", Purpose.AVAILABLE), date(2026, 3, 1)
    before, since = Tally(), Tally()
    before.post(Posting(account, "points", 3, None, day))
    since.post(Posting(account, "points", 4, None, day))
    question = LotsOf(account, "points")
    assert Books({question: before.answer(question)}, since).ask(question) == {None: 7}
