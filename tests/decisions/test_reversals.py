"""Awards taken back and corrected: from where the points are now, once, and to the caps of their day."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import (
    ENDS_2027,
    REASON,
    RULEBOOK,
    SATURDAY,
    Community,
    at,
    definition,
    fact,
    interval,
    kinds,
)
from volunteer_points.commands import (
    Approve,
    Collect,
    Correct,
    Expire,
    Reject,
    Reverse,
    Transfer,
    Void,
)
from volunteer_points.entries import Reversed
from volunteer_points.model import Interval, Period
from volunteer_points.postings import Purpose
from volunteer_points.rules import Accrual, Cap, ReversalOrder, Transfers, When

MORNING = interval("2026-03-14T09:00", "2026-03-14T11:20")


def correct(record: str, *intervals: Interval, activity: str | None = None) -> Correct:
    return Correct(record=record, intervals=intervals, requested_by="leader", reason=REASON, activity=activity)


# --- reversing ---------------------------------------------------------------------------------------------------


def test_an_award_and_its_reversal_leave_nothing_behind() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    before = community.tally.balances()
    community.run(Approve(record=record), actor="checker")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    claimed = {key: n for key, n in before.items() if key[0].purpose == Purpose.CLAIMED}
    assert community.tally.balances() == {key: n for key, n in before.items() if key not in claimed}
    assert community.record(record).status == "reversed"


@given(minutes=st.lists(st.integers(1, 300), min_size=1, max_size=4), limit=st.integers(1, 80))
def test_reversing_every_award_leaves_nothing_behind(minutes: list[int], limit: int) -> None:
    community = Community(definition(rulebook={"caps": (Cap(id="daily", at_most=Fraction(limit)),)}))
    before = community.tally.balances()
    records, begin = [], at("2026-03-14T00:00")
    for each in minutes:
        end = begin + timedelta(minutes=each)
        record = community.submit("v-1", Interval(begin=begin, end=end))
        community.run(Approve(record=record), actor="checker")
        records.append(record)
        begin = end
    for record in records:
        community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.tally.balances() == before


def test_a_reversal_happens_once_and_only_to_what_was_decided() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    facts = community.refuses("not_decided", Reverse(record=record, reason=REASON), actor="checker")
    assert facts["status"] == "submitted"
    community.refuses("not_decided", correct(record, MORNING), actor="checker")
    community.run(Approve(record=record), actor="checker")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    community.refuses("already_reversed", Reverse(record=record, reason=REASON), actor="checker")


def test_a_non_award_is_reversed_with_its_minutes() -> None:
    community = Community(definition(rulebook={"accruals": (Accrual(id="little", per_hour=Fraction(1, 3)),)}))
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    assert community.lots("v-1", Purpose.SERVED, "minutes") == {None: 120}
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.lots("v-1", Purpose.SERVED, "minutes") == {}


def reversal_of_spent_points(order: ReversalOrder) -> tuple[Community, str]:
    """20 of 30 points of a lot are spent, and 15 points that end later are there besides."""
    community = Community(definition(redemption={"reversal_takes": order, "transfers": Transfers.ANYONE}))
    record = community.award("v-1", "2026-03-14T08:00", "2026-03-14T11:00")
    community.give("v-1", 15, ends=at("2029-01-01T00:00"))
    community.run(Transfer(giver="v-1", receiver="v-3", points=20))
    return community, record


def test_what_was_spent_becomes_debt_and_other_lots_stay() -> None:
    community, record = reversal_of_spent_points(ReversalOrder.DEBT)
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.lots("v-1") == {at("2029-01-01T00:00"): 15}
    assert community.debt("v-1") == -20


def test_what_was_spent_is_taken_from_other_lots_where_the_rulebook_says_so() -> None:
    community, record = reversal_of_spent_points(ReversalOrder.OTHER_LOTS)
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.lots("v-1") == {}
    assert community.debt("v-1") == -5


@pytest.mark.parametrize("swept", [False, True])
def test_other_lots_that_have_ended_pay_nothing_whether_they_were_swept_or_not(swept: bool) -> None:  # noqa: FBT001
    community, record = reversal_of_spent_points(ReversalOrder.OTHER_LOTS)
    community.give("v-1", 9, ends=at("2026-03-20T00:00"))
    community.now = at("2026-03-20T00:00")
    if swept:
        community.run(Expire(volunteer="v-1"))
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.debt("v-1") == -5
    assert sum(community.lots("v-1").values()) == (0 if swept else 9)


def test_what_expired_from_the_lot_of_an_award_is_not_owed() -> None:
    community = Community(definition(redemption={"transfers": Transfers.ANYONE}))
    record = community.award("v-1", "2026-03-14T08:00", "2026-03-14T11:00")
    community.run(Transfer(giver="v-1", receiver="v-3", points=12))
    community.run(Expire(volunteer="v-1"), at=ENDS_2027)
    assert community.lots("v-1", Purpose.EXPIRED) == {ENDS_2027: 18}
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.lots("v-1", Purpose.EXPIRED) == {}
    assert (community.available("v-1"), community.debt("v-1")) == (0, -12)


def test_what_is_left_of_an_ended_lot_is_taken_back_as_long_as_it_was_not_swept() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T08:00", "2026-03-14T11:00")
    community.run(Reverse(record=record, reason=REASON), actor="checker", at=ENDS_2027)
    assert (community.available("v-1"), community.debt("v-1")) == (0, 0)


def test_points_that_are_held_are_not_taken_back_and_become_debt() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.shelve("rice", 1)
    redemption = community.hold("v-1", "rice")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (community.available("v-1"), community.debt("v-1")) == (0, -20)
    community.run(Collect(redemption=redemption), actor="shop")


def test_a_reversal_frees_the_room_of_its_caps_and_names_them() -> None:
    caps = (
        Cap(id="record", at_most=Fraction(50), per="record"),
        Cap(id="daily", at_most=Fraction(25)),
        Cap(id="yearly", at_most=Fraction(900), per=Period.YEAR),
    )
    community = Community(definition(rulebook={"caps": caps}))
    first = community.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00")
    second = community.award("v-1", "2026-03-14T08:00", "2026-03-14T10:00")
    assert community.available("v-1") == 25
    entries = community.run(Reverse(record=first, reason=REASON), actor="checker", at=at("2026-05-02T12:00"))
    assert fact(entries, Reversed).room == ("daily", "yearly")
    assert community.available("v-1") == 5
    assert {posting.on for posting in entries[0].postings if posting.account.purpose == Purpose.ISSUED} == {SATURDAY}
    community.run(
        Approve(record=community.submit("v-1", interval("2026-03-14T10:00", "2026-03-14T11:00"))), actor="checker"
    )
    assert community.available("v-1") == 15
    assert community.record(second).status == "awarded"


# --- correcting --------------------------------------------------------------------------------------------------


def test_a_correction_takes_back_and_awards_anew_in_one_commit() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    longer = interval("2026-03-14T09:00", "2026-03-14T12:00")
    entries = community.run(correct(record, longer), actor="checker", at=at("2026-03-14T13:00"))
    assert kinds(entries) == ["Reversed", "Corrected", "Awarded"]
    assert community.available("v-1") == 30
    assert community.record(record).revision == 2
    entries = community.run(correct(record, interval("2026-03-14T09:00", "2026-03-14T09:30")), actor="checker")
    assert (community.available("v-1"), community.record(record).revision) == (5, 3)
    assert community.lots("v-1", Purpose.SERVED, "minutes") == {None: 30}


def test_a_correction_downward_of_spent_points_leaves_a_debt_that_the_new_award_repays() -> None:
    community = Community(definition(redemption={"transfers": Transfers.ANYONE}))
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.run(Transfer(giver="v-1", receiver="v-3", points=20))
    entries = community.run(correct(record, interval("2026-03-14T09:00", "2026-03-14T10:30")), actor="checker")
    assert kinds(entries) == ["Reversed", "Corrected", "Awarded", "Repaid"]
    assert (community.available("v-1"), community.debt("v-1")) == (0, -5)


def test_a_correction_may_name_another_activity() -> None:
    film = Accrual(id="film", fixed=Fraction(3), when=When(activities=("cinema",)))
    community = Community(definition(rulebook={"accruals": (film, *RULEBOOK.accruals)}))
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:20")
    community.run(correct(record, MORNING, activity="cinema"), actor="checker")
    assert community.available("v-1") == 3
    assert community.record(record).said.activity == "cinema"
    community.refuses("unknown_activity", correct(record, MORNING, activity="nowhere"), actor="checker")


def test_a_correction_to_what_already_stands_is_refused_unless_the_award_was_reversed() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:20")
    community.refuses("no_change", correct(record, MORNING), actor="checker")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert kinds(community.run(correct(record, MORNING), actor="checker")) == ["Corrected", "Awarded"]
    assert community.available("v-1") == 23


def test_a_correction_is_held_to_the_same_guards_as_a_record() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    other = community.submit("v-1", interval("2026-03-14T11:00", "2026-03-14T11:30"))
    overlapping = correct(record, interval("2026-03-14T09:00", "2026-03-14T11:01"))
    assert community.refuses("overlap", overlapping, actor="checker")["record"] == other
    later = correct(record, interval("2026-03-14T09:00", "2026-03-15T11:00"))
    community.refuses("service_in_future", later, actor="checker")
    community.refuses(
        "not_authorised", correct(record, interval("2026-03-14T09:00", "2026-03-14T10:00")), actor="leader"
    )
    community.run(Void(record=other, reason=REASON), actor="leader")
    community.run(overlapping, actor="checker")


def test_a_rejected_record_is_not_corrected() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    community.run(Reject(record=record, reason=REASON), actor="checker")
    assert community.refuses("not_decided", correct(record, MORNING), actor="checker")["status"] == "rejected"


def test_a_correction_moves_the_points_to_the_caps_of_its_new_day() -> None:
    community = Community(
        definition(rulebook={"caps": (Cap(id="daily", at_most=Fraction(25)),)}), now="2026-03-20T12:00"
    )
    first = community.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00")
    community.award("v-1", "2026-03-15T06:00", "2026-03-15T08:00")
    community.run(correct(first, interval("2026-03-15T10:00", "2026-03-15T12:00")), actor="checker")
    assert community.available("v-1") == 25
    community.award("v-1", "2026-03-14T06:00", "2026-03-14T08:00")
    assert community.available("v-1") == 45
