"""From a record to its approval: conditions of recording, deadlines, routes, and the public notice."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.audit.defects import ledger as ledger_of
from tests.decisions.community import DEFINITION, REASON, Community, at, definition, fact, interval, kinds
from volunteer_points.audit import audit
from volunteer_points.commands import Approve, ApproveByRulebook, Confirm, Correct, Expire, Reject, Reverse, Submit
from volunteer_points.entries import Approved, Awarded
from volunteer_points.model import Activity, Condition, Details, Duty, Evidence, Of, Right, Whose
from volunteer_points.postings import Purpose, household_holder
from volunteer_points.rules import Accrual, Cap, Deadline, Expiry, Route, Stream, When

DUTIES = (
    *DEFINITION.duties,
    Duty(actor="checker-2", may=(Right.APPROVE,)),
    Duty(actor="parent", may=(Right.CERTIFY,)),
    Duty(actor="checker-alias", may=(Right.APPROVE,), volunteer="checker"),
)
DAY = "2026-03-14"


def community(*, now: str = f"{DAY}T23:00", **rules: Any) -> Community:  # noqa: ANN401 - parts of the rulebook
    """A community whose rulebook is changed, late on the day of service."""
    return Community(definition(rulebook=rules, duties=DUTIES), now=now)


def hours(begin: str, end: str) -> Any:  # noqa: ANN401 - an interval
    return interval(f"{DAY}T{begin}", f"{DAY}T{end}")


def kinds_of_submitting(here: Community, *intervals: Any, volunteer: str = "v-1", **more: Any) -> list[str]:  # noqa: ANN401
    command = Submit(volunteer=volunteer, activity="park", intervals=intervals, **more)
    return kinds(here.run(command, actor="leader"))


# --- routes ---

BY_DAY = (
    Route(id="at-once", day_minutes_up_to=480, automatic=True),
    Route(id="parent", day_minutes_above=480, day_minutes_up_to=720, right=Right.CERTIFY),
    Route(id="two", day_minutes_above=720, approvers=2),
)


def test_what_a_route_leaves_to_the_rulebook_is_approved_at_once() -> None:
    here = community(routes=BY_DAY)
    assert kinds_of_submitting(here, hours("06:00", "14:00")) == ["Submitted", "Approved", "Awarded"]
    approved = fact(here.entries, Approved)
    assert (approved.route, approved.by_rulebook) == ("at-once", True)
    assert here.available("v-1") == 80


def test_only_the_record_that_exceeds_the_day_goes_another_way() -> None:
    here = community(routes=BY_DAY)
    assert len(kinds_of_submitting(here, hours("06:00", "10:00"))) == 3
    assert len(kinds_of_submitting(here, hours("10:00", "13:00"))) == 3
    record = here.submit("v-1", hours("13:00", "15:00"))
    assert here.record(record).status == "submitted"
    here.refuses("not_authorised", Approve(record=record), actor="checker")
    here.run(Approve(record=record), actor="parent")
    assert here.available("v-1") == 90


@pytest.mark.parametrize("minutes, kinds_then, approver", [
    (480, 3, ""), (481, 1, "parent"), (720, 1, "parent"), (721, 1, "checker"),
])  # fmt: skip
def test_the_bounds_of_a_route_are_whole_days_of_minutes(minutes: int, kinds_then: int, approver: str) -> None:
    here = community(routes=BY_DAY)
    served = attrs.evolve(hours("01:00", "02:00"), end=at(f"{DAY}T01:00") + timedelta(minutes=minutes))
    assert len(kinds_of_submitting(here, served)) == kinds_then
    if approver:
        record = next(entry.fact.record for entry in here.entries if entry.kind == "Submitted")  # type: ignore[union-attr]
        here.run(Approve(record=record), actor=approver)
        assert here.record(record).status == ("awarded" if approver == "parent" else "submitted")


def test_several_approvers_are_several_people_and_the_last_one_awards() -> None:
    here = community(routes=(Route(id="two", approvers=2),))
    record = here.submit("v-1", hours("08:00", "09:00"))
    first = here.run(Approve(record=record, rating="good"), actor="checker")
    assert (kinds(first), fact(first, Approved).still) == (["Approved"], 1)
    here.refuses("four_eyes", Approve(record=record), actor="checker")
    here.refuses("four_eyes", Approve(record=record), actor="checker-alias")
    second = here.run(Approve(record=record), actor="checker-2")
    assert (kinds(second), fact(second, Approved).still) == (["Approved", "Awarded"], 0)
    here.refuses("record_already_decided", Approve(record=record), actor="founder-a")


def test_a_half_approved_record_may_still_be_rejected_and_frees_its_day() -> None:
    here = community(routes=(Route(id="two", approvers=2),))
    record = here.submit("v-1", hours("08:00", "09:00"))
    here.run(Approve(record=record), actor="checker")
    here.run(Reject(record=record, reason=REASON), actor="checker-2")
    assert here.lots("v-1", Purpose.CLAIMED, "minutes") == {}
    here.submit("v-1", hours("08:00", "09:00"))


def test_a_route_looks_at_the_record() -> None:
    here = community(
        routes=(Route(id="signed", when=When(evidence=(Evidence.SIGNED,)), automatic=True), Route(id="rest"))
    )
    assert len(kinds_of_submitting(here, hours("08:00", "09:00"), evidence=Evidence.SIGNED)) == 3
    assert len(kinds_of_submitting(here, hours("09:00", "10:00"))) == 1


def test_a_record_without_a_route_is_not_taken() -> None:
    here = community(routes=(Route(id="short", day_minutes_up_to=60),))
    facts = here.refuses(
        "no_route", Submit(volunteer="v-1", activity="park", intervals=(hours("08:00", "09:01"),)), actor="leader"
    )
    assert facts["day_minutes"] == 61


def test_a_day_that_waits_goes_one_way_as_a_whole() -> None:
    here = community(routes=BY_DAY, waits_for_day=True)
    first = here.submit("v-1", hours("06:00", "10:00"))
    second = here.submit("v-1", hours("10:00", "15:00"))
    other = here.submit("v-2", hours("10:00", "15:00"))
    here.refuses("day_not_over", ApproveByRulebook(record=other), actor="anybody")
    here.now = at("2026-03-15T08:00")
    assert kinds(here.run(ApproveByRulebook(record=other), actor="anybody")) == ["Approved", "Awarded"]
    for record in (first, second):
        here.refuses("needs_an_approver", ApproveByRulebook(record=record), actor="anybody")
        here.refuses("not_authorised", Approve(record=record), actor="checker")
        here.run(Approve(record=record), actor="parent")
    assert here.available("v-1") == 90


def test_what_the_rulebook_may_approve_one_person_may() -> None:
    here = community(routes=BY_DAY, waits_for_day=True)
    record = here.submit("v-1", hours("06:00", "10:00"))
    here.refuses("not_authorised", Approve(record=record), actor="parent")
    here.run(Approve(record=record), actor="checker")
    assert here.available("v-1") == 40


def test_without_routes_nothing_is_approved_by_the_rulebook() -> None:
    here = community()
    record = here.submit("v-1", hours("06:00", "10:00"))
    here.refuses("needs_an_approver", ApproveByRulebook(record=record), actor="anybody")


# --- recording ---

FOURTH = Condition(id="three-a-day", of=Of.RECORDS, over="day", below=3, each_activity=True)


def test_a_fourth_record_of_one_activity_on_a_day_is_refused() -> None:
    here = community(recording=(FOURTH,))
    records = [here.submit("v-1", hours(f"0{n}:00", f"0{n}:30")) for n in (1, 2, 3)]
    fourth = Submit(volunteer="v-1", activity="park", intervals=(hours("05:00", "05:30"),))
    facts = here.refuses("condition_unmet", fourth, actor="leader")
    assert (facts["condition"], facts["found"], facts["wanted"]) == ("three-a-day", "3", "< 3")
    here.submit("v-1", hours("06:00", "06:30"), activity="cinema")
    here.submit("v-2", hours("05:00", "05:30"))
    here.submit("v-1", interval("2026-03-13T05:00", "2026-03-13T05:30"))
    here.run(Reject(record=records[0], reason=REASON), actor="checker")
    here.run(fourth, actor="leader")


def test_all_activities_are_counted_together_unless_each_is_meant() -> None:
    here = community(recording=(attrs.evolve(FOURTH, each_activity=False),))
    for number, activity in enumerate(("park", "cinema", "park")):
        here.submit("v-1", hours(f"0{number}:00", f"0{number}:30"), activity=activity)
    fourth = Submit(volunteer="v-1", activity="cinema", intervals=(hours("05:00", "05:30"),))
    here.refuses("condition_unmet", fourth, actor="leader")


def test_a_reversed_record_is_not_counted_and_a_corrected_one_once() -> None:
    here = community(recording=(attrs.evolve(FOURTH, below=1),))
    record = here.award("v-1", f"{DAY}T01:00", f"{DAY}T02:00")
    shorter = Correct(record=record, intervals=(hours("01:00", "01:30"),), requested_by="leader", reason=REASON)
    here.run(shorter, actor="checker")
    second = Submit(volunteer="v-1", activity="park", intervals=(hours("05:00", "05:30"),))
    here.refuses("condition_unmet", second, actor="leader")
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    here.run(second, actor="leader")


def test_a_suspension_ends_by_itself() -> None:
    """None of the last ninety days may hold an absence; who was absent may come back without anybody's doing."""
    absence = Condition(id="no-absence", of=Of.RECORDS, activities=("absence",), over="90 days", below=1)
    programme = definition(
        rulebook={"recording": (absence,), "accruals": (Accrual(id="a", fixed=Fraction(-1)),)},
        activities=(*DEFINITION.activities, Activity(id="absence", name="缺勤")),
    )
    here = Community(programme)
    here.run(Submit(volunteer="v-1", activity="absence", on=here.now.date()), actor="leader")
    for day, refused in (("2026-03-15", True), ("2026-06-11", True), ("2026-06-12", False)):
        command = Submit(volunteer="v-1", activity="park", intervals=(interval(f"{day}T08:00", f"{day}T09:00"),))
        here.now = at(f"{day}T20:00")
        if refused:
            here.refuses("condition_unmet", command, actor="leader")
        else:
            here.run(command, actor="leader")


@pytest.mark.parametrize("evidence, days, taken", [
    (Evidence.SIGNED, 2, True), (Evidence.SIGNED, 3, False), (Evidence.MAKE_UP, 5, True), (Evidence.MAKE_UP, 6, False),
    (Evidence.SELF, 9, True), (Evidence.SELF, 10, False),
])  # fmt: skip
def test_each_kind_of_evidence_has_its_deadline(evidence: Evidence, days: int, taken: bool) -> None:  # noqa: FBT001
    deadlines = (
        Deadline(within_days=2, evidence=(Evidence.SIGNED,)),
        Deadline(within_days=5, evidence=(Evidence.MAKE_UP,)),
    )
    here = community(deadlines=deadlines, record_within_days=9)
    here.now = at(f"{DAY}T23:00") + timedelta(days=days)
    command = Submit(volunteer="v-1", activity="park", intervals=(hours("08:00", "09:00"),), evidence=evidence)
    if taken:
        here.run(command, actor="leader")
    else:
        assert here.refuses("recorded_too_late", command, actor="leader")["within_days"] == days - 1


# --- the public notice ---


def test_points_wait_for_the_end_of_their_notice_and_count_from_then() -> None:
    here = community(notice_days=7, expiry=Expiry(months=1))
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    assert (here.available("v-1"), sum(here.lots("v-1", Purpose.PENDING).values())) == (0, 20)
    assert fact(here.entries, Awarded).counts_from == at("2026-03-22T00:00")
    here.refuses("notice_not_over", Confirm(record=record), actor="anybody", at=at("2026-03-21T23:59"))
    assert kinds(here.run(Confirm(record=record), actor="anybody", at=at("2026-03-22T00:00"))) == ["Confirmed"]
    assert here.lots("v-1") == {at("2026-04-15T00:00"): 20}
    here.refuses("already_confirmed", Confirm(record=record), actor="anybody")
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.available("v-1"), here.debt("v-1")) == (0, 0)


def test_an_award_that_is_reversed_within_its_notice_leaves_nothing() -> None:
    here = community(notice_days=7)
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert here.lots("v-1", Purpose.PENDING) == {}
    assert here.available("v-1") == 0
    here.refuses("no_notice", Confirm(record=record), actor="anybody", at=at("2026-03-25T00:00"))


def test_points_that_ended_within_their_notice_end_at_once_when_it_is_over() -> None:
    here = community(notice_days=7, expiry=Expiry(days=3))
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    here.run(Confirm(record=record), actor="anybody", at=at("2026-03-22T00:00"))
    here.run(Expire(volunteer="v-1"), actor="anybody")
    assert here.available("v-1") == 0
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.available("v-1"), here.debt("v-1")) == (0, 0)


def test_confirmed_points_pay_a_debt_and_those_that_wait_do_not() -> None:
    absent = Accrual(id="absent", fixed=Fraction(-15), when=When(activities=("cinema",)))
    here = community(notice_days=7, accruals=(absent, Accrual(id="hours", per_hour=Fraction(10))))
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    missed = here.award("v-1", f"{DAY}T11:00", f"{DAY}T12:00", activity="cinema")
    assert here.debt("v-1") == -15
    here.refuses("no_notice", Confirm(record=missed), actor="anybody", at=at("2026-03-22T00:00"))
    entries = here.run(Confirm(record=record), actor="anybody")
    assert kinds(entries) == ["Confirmed", "Repaid"]
    assert (here.available("v-1"), here.debt("v-1")) == (5, 0)


@pytest.mark.parametrize("to", [Whose.VOLUNTEER, Whose.HOUSEHOLD])
def test_a_cap_of_the_balance_counts_what_is_still_in_notice(to: Whose) -> None:
    held = Cap(id="held", at_most=Fraction(25), per="balance", whose=to)
    here = community(notice_days=7, caps=(held,), to=to)
    first = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    here.award("v-1", f"{DAY}T11:00", f"{DAY}T13:00")
    here.run(Confirm(record=first), actor="anybody", at=at("2026-03-22T00:00"))
    assert [each.fact.points for each in here.entries if isinstance(each.fact, Awarded)] == [20, 5]
    assert audit(ledger_of(here.entries)).found_by("VP105") == ()


def test_a_condition_on_the_balance_looks_at_what_can_be_used_alone() -> None:
    enough = Condition(id="enough", of=Of.BALANCE, at_least=10)
    first = Accrual(id="hours", per_hour=Fraction(10), when=When(activities=("park",)))
    more = Accrual(id="more", fixed=Fraction(7), also=True, when=When(conditions=(enough,)))
    here = community(notice_days=7, accruals=(first, more))
    here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    here.award("v-1", f"{DAY}T11:00", f"{DAY}T13:00")
    assert [each.fact.points for each in here.entries if isinstance(each.fact, Awarded)] == [20, 20]


def test_each_credit_of_an_award_ends_as_its_own_stream_says_after_the_notice() -> None:
    streams = (
        Stream(id="more", currency="points", accruals=(Accrual(id="more", fixed=Fraction(3)),), expiry=Expiry(days=30)),
        Stream(id="home", currency="points", accruals=(Accrual(id="home", fixed=Fraction(2)),), expiry=Expiry(days=60),
               to=Whose.HOUSEHOLD),
    )  # fmt: skip
    here = community(notice_days=7, streams=streams, expiry=Expiry(days=10))
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T10:00")
    here.run(Confirm(record=record), actor="anybody", at=at("2026-03-22T00:00"))
    assert here.lots("v-1") == {at("2026-03-25T00:00"): 20, at("2026-04-14T00:00"): 3}
    assert here._lots(household_holder("h-1"), Purpose.AVAILABLE, "points") == {at("2026-05-14T00:00"): 2}  # noqa: SLF001
    here.run(Reverse(record=record, reason=REASON), actor="checker")
    assert (here.lots("v-1"), here.debt("v-1")) == ({}, 0)
    assert here._lots(household_holder("h-1"), Purpose.AVAILABLE, "points") == {}  # noqa: SLF001


# --- ratings ---


def test_the_rating_of_the_approval_takes_the_place_of_what_the_record_says() -> None:
    good = Accrual(id="good", per_hour=Fraction(20), when=When(ratings=("good",)))
    here = community(accruals=(good, Accrual(id="hours", per_hour=Fraction(10))))
    record = here.submit("v-1", hours("08:00", "09:00"), details=Details(rating="poor"))
    here.run(Approve(record=record, rating="good"), actor="checker")
    assert here.available("v-1") == 20
    longer = Correct(record=record, intervals=(hours("08:00", "10:00"),), requested_by="leader", reason=REASON)
    here.run(longer, actor="checker")
    assert here.available("v-1") == 40


def test_service_of_a_later_day_is_not_counted_with_the_day() -> None:
    here = Community(definition(rulebook={"routes": BY_DAY}, duties=DUTIES), now="2026-03-16T12:00")
    later = interval("2026-03-15T09:00", "2026-03-15T12:00")
    assert len(kinds_of_submitting(here, later)) == 3
    assert len(kinds_of_submitting(here, hours("06:00", "14:00"))) == 3


def test_only_an_award_under_notice_is_confirmed() -> None:
    here = community()
    record = here.award("v-1", f"{DAY}T08:00", f"{DAY}T09:00")
    here.refuses("no_notice", Confirm(record=record), actor="anybody")


def test_who_approved_before_is_told_as_an_approver() -> None:
    here = community(routes=(Route(id="two", approvers=2),))
    record = here.submit("v-1", hours("08:00", "09:00"))
    here.run(Approve(record=record), actor="checker")
    assert here.refuses("four_eyes", Approve(record=record), actor="checker")["role"] == "approver"
