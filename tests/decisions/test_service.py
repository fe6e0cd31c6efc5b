"""Service from the record to the award and back: every guard on both sides of its boundary."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import (
    DEFINITION,
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
    with_team,
)
from volunteer_points.commands import (
    Adjust,
    Adopt,
    Approve,
    Correct,
    Enrol,
    Join,
    Leave,
    Reject,
    Reverse,
    Submit,
    Void,
)
from volunteer_points.entries import Awarded, NotAwarded, Repaid
from volunteer_points.model import Activity, Calendar, Details, Duty, Evidence, Interval, Period, Quantity, Right, Team
from volunteer_points.postings import Purpose
from volunteer_points.rules import Accrual, Cap, Expiry, Multiplier, TimeRule, When

MORNING = interval("2026-03-14T09:00", "2026-03-14T11:20")
BERLIN = ZoneInfo("Europe/Berlin")


def submit(**changes: Any) -> Submit:  # noqa: ANN401 - fields of the command, by name
    return Submit(**{"volunteer": "v-1", "activity": "park", "intervals": (MORNING,), **changes})


def correct(record: str, *intervals: Interval, activity: str | None = None) -> Correct:
    return Correct(record=record, intervals=intervals, requested_by="leader", reason=REASON, activity=activity)


# --- recording ---------------------------------------------------------------------------------------------------


def test_a_record_waits_with_its_minutes_claimed() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    assert community.record(record).status == "submitted"
    assert community.lots("v-1", Purpose.CLAIMED, "minutes") == {None: 140}


def test_service_may_end_when_it_is_recorded_and_not_a_moment_later() -> None:
    community = Community()
    end = MORNING.end
    facts = community.refuses("service_in_future", submit(), actor="leader", at=end - timedelta(microseconds=1))
    assert facts["end"] == end
    community.run(submit(), actor="leader", at=end)


@pytest.mark.parametrize("other, overlaps", [
    (("08:00", "09:00"), False),
    (("08:00", "09:01"), True),
    (("11:20", "11:30"), False),
    (("11:19", "11:30"), True),
    (("10:00", "10:01"), True),
    (("08:00", "11:50"), True),
])  # fmt: skip
def test_nobody_serves_twice_at_once(other: tuple[str, str], overlaps: bool) -> None:  # noqa: FBT001
    community = Community()
    record = community.submit("v-1", MORNING)
    begin, end = (f"2026-03-14T{clock}" for clock in other)
    command = submit(activity="cinema", intervals=(interval(begin, end),))
    if overlaps:
        assert community.refuses("overlap", command, actor="leader")["record"] == record
    else:
        community.run(command, actor="leader")
    community.submit("v-2", MORNING)


def test_every_interval_of_a_record_is_held_against_the_others() -> None:
    community = Community()
    community.submit("v-1", interval("2026-03-14T07:00", "2026-03-14T08:00"), MORNING)
    community.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T09:00"))
    two = (interval("2026-03-14T06:00", "2026-03-14T06:30"), interval("2026-03-14T11:00", "2026-03-14T12:00"))
    community.refuses("overlap", submit(intervals=two), actor="leader")


@pytest.mark.parametrize("how", [Reject, Void])
def test_time_is_free_again_after_a_record_was_rejected_or_withdrawn(how: type[Reject | Void]) -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    community.run(how(record=record, reason=REASON), actor="checker")
    assert community.lots("v-1", Purpose.CLAIMED, "minutes") == {}
    community.submit("v-1", MORNING)


def test_time_is_free_again_after_a_reversal_and_taken_again_after_a_correction() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.refuses("overlap", submit(), actor="leader")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    other = community.submit("v-1", MORNING)
    community.refuses("overlap", correct(record, MORNING), actor="checker")
    community.run(Void(record=other, reason=REASON), actor="leader")
    community.run(correct(record, MORNING), actor="checker")
    community.refuses("overlap", submit(), actor="leader")


def test_a_record_that_was_corrected_to_another_day_leaves_its_old_time_free() -> None:
    community = Community(now="2026-05-01T12:00")
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    moved = interval("2026-04-20T09:00", "2026-04-20T11:00")
    community.run(correct(record, moved), actor="checker")
    community.refuses("overlap", submit(intervals=(moved,)), actor="leader")
    community.submit("v-1", MORNING)


def test_a_record_of_a_week_meets_one_that_began_seven_days_before_it_ended() -> None:
    community = Community(now="2026-03-20T12:00")
    long = interval("2026-03-07T11:00", "2026-03-14T11:00")
    record = community.submit("v-1", long)
    last_minute = interval("2026-03-14T10:59", "2026-03-14T12:00")
    assert community.refuses("overlap", submit(intervals=(last_minute,)), actor="leader")["record"] == record
    community.submit("v-1", interval("2026-03-14T11:00", "2026-03-14T12:00"))


def test_a_record_spans_seven_days_and_not_a_minute_more() -> None:
    community = Community(now="2026-03-20T12:00")
    too_long = interval("2026-03-01T12:00", "2026-03-08T12:01")
    assert community.refuses("record_too_long", submit(intervals=(too_long,)), actor="leader")["most_days"] == 7
    community.submit("v-1", interval("2026-03-01T12:00", "2026-03-08T12:00"))


def test_service_of_less_than_a_minute_is_refused_and_of_a_minute_is_not() -> None:
    community = Community()
    begin = at("2026-03-14T09:00")
    short = Interval(begin=begin, end=begin + timedelta(seconds=59))
    community.refuses("no_whole_minute", submit(intervals=(short,)), actor="leader")
    halves = tuple(
        Interval(begin=begin + timedelta(minutes=n), end=begin + timedelta(minutes=n, seconds=30)) for n in (1, 2)
    )
    record = community.submit("v-1", *halves)
    assert community.lots("v-1", Purpose.CLAIMED, "minutes") == {None: 1}, record


@pytest.mark.parametrize("change, code", [
    ({"volunteer": "nobody"}, "unknown_volunteer"),
    ({"activity": "nowhere"}, "unknown_activity"),
    ({"team": "nobodies"}, "unknown_team"),
])  # fmt: skip
def test_what_is_not_known_is_refused(change: dict[str, str], code: str) -> None:
    Community().refuses(code, submit(**change), actor="leader")


@pytest.mark.parametrize("command", [
    Approve(record="r-none"),
    Reject(record="r-none", reason=REASON),
    Void(record="r-none", reason=REASON),
    Reverse(record="r-none", reason=REASON),
    correct("r-none", MORNING),
])  # fmt: skip
def test_a_record_that_is_not_known_is_refused(command: Approve | Reject | Void | Reverse | Correct) -> None:
    Community().refuses("unknown_record", command)


def test_service_is_only_recorded_by_who_has_the_duty() -> None:
    community = Community()
    facts = community.refuses("not_authorised", submit(), actor="checker")
    assert (facts["actor"], facts["right"]) == ("checker", "record")
    community.run(submit(), actor="founder-b")


def test_a_duty_for_one_team_is_for_that_team_alone() -> None:
    team = Team(id="repairs", name="维修队", slot="special")
    duty = Duty(actor="leader", may=(Right.RECORD, Right.APPROVE), teams=("repairs",))
    community = Community(with_team(team, duties=(duty,)))
    community.refuses("not_authorised", submit(), actor="leader")
    community.run(submit(team="repairs"), actor="leader")


def test_the_team_of_the_activity_is_credited_when_none_is_named() -> None:
    team = Team(id="repairs", name="维修队", slot="special")
    activity = Activity(id="park", name="公园清洁", team="repairs")
    community = Community(with_team(team, activities=(activity,)))
    record = community.submit("v-1", MORNING)
    assert community.record(record).said.team == "repairs"


@pytest.mark.parametrize("since, until, fits", [
    (SATURDAY, None, True),
    (SATURDAY + timedelta(days=1), None, False),
    (None, SATURDAY + timedelta(days=1), True),
    (None, SATURDAY, False),
])  # fmt: skip
def test_an_activity_and_a_team_are_there_from_their_first_day_to_before_their_last(
    since: date | None,
    until: date | None,
    fits: bool,  # noqa: FBT001
) -> None:
    activity = Activity(id="park", name="公园清洁", since=since, until=until)
    team = Team(id="repairs", name="维修队", slot="special", since=since, until=until)
    offered = Community(definition(activities=(activity,)))
    formed = Community(with_team(team))
    if fits:
        offered.run(submit(), actor="leader")
        formed.run(submit(team="repairs"), actor="leader")
    else:
        offered.refuses("activity_not_offered", submit(), actor="leader")
        formed.refuses("unknown_team", submit(team="repairs"), actor="leader")


def test_an_activity_that_was_withdrawn_takes_no_new_service_and_awards_what_was_recorded() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    rest = attrs.evolve(DEFINITION, activities=DEFINITION.activities[1:])
    community.run(Adopt(definition=rest, author="founder-a"), actor="founder-b")
    community.refuses("unknown_activity", submit(volunteer="v-2"), actor="leader")
    assert fact(community.run(Approve(record=record), actor="checker"), Awarded).points == 23


def test_service_is_recorded_within_so_many_days_and_not_a_day_later() -> None:
    community = Community(definition(rulebook={"record_within_days": 3}))
    facts = community.refuses("recorded_too_late", submit(), actor="leader", at=at("2026-03-18T00:00"))
    assert facts["within_days"] == 3
    community.run(submit(), actor="leader", at=at("2026-03-17T23:59"))


def test_only_members_serve_in_a_team_when_the_rulebook_says_so() -> None:
    team = Team(id="repairs", name="维修队", slot="special")
    rules = attrs.evolve(RULEBOOK, members_only=True)
    community = Community(with_team(team, rulebooks=(rules,)))
    community.run(submit(volunteer="v-2"), actor="leader")
    community.refuses("not_a_member", submit(team="repairs"), actor="leader")
    community.run(Join(volunteer="v-1", team="repairs", since=SATURDAY + timedelta(days=1)))
    community.refuses("not_a_member", submit(team="repairs"), actor="leader")
    community.run(Join(volunteer="v-1", team="repairs", since=SATURDAY))
    community.run(submit(team="repairs"), actor="leader")


def test_service_needs_a_rulebook_on_its_day() -> None:
    community = Community(definition(rulebook={"until": SATURDAY}))
    community.refuses("no_rulebook", submit(), actor="leader")
    community.submit("v-1", interval("2026-03-13T09:00", "2026-03-13T10:00"))
    before = interval("2025-12-31T22:00", "2025-12-31T23:00")
    community.refuses("no_rulebook", submit(intervals=(before,)), actor="leader")


def test_service_before_somebody_left_is_recorded_and_approved_afterwards() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    community.run(Leave(volunteer="v-1", since=SATURDAY + timedelta(days=1)))
    community.refuses("volunteer_left", submit(intervals=(interval("2026-03-15T00:00", "2026-03-15T01:00"),)),
                      actor="leader", at=at("2026-03-15T12:00"))  # fmt: skip
    community.submit("v-1", interval("2026-03-14T20:00", "2026-03-15T01:00"))
    assert "Awarded" in kinds(community.run(Approve(record=record), actor="checker"))


# --- days --------------------------------------------------------------------------------------------------------


def test_a_shift_over_midnight_counts_for_the_day_on_which_it_began() -> None:
    community = Community(definition(rulebook={"caps": (Cap(id="daily", at_most=Fraction(20)),)}))
    first = community.award("v-1", "2026-03-14T23:00", "2026-03-15T01:00")
    assert community.record(first).on == SATURDAY
    second = community.award("v-1", "2026-03-14T20:00", "2026-03-14T21:00")
    assert community.record(second).status == "not_awarded"
    third = community.award("v-1", "2026-03-15T08:00", "2026-03-15T09:00")
    assert community.record(third).status == "awarded"


def test_with_days_that_start_at_five_the_night_belongs_to_the_day_before() -> None:
    calendar = Calendar(zone="Asia/Shanghai", day_starts_at=time(5))
    caps = (Cap(id="daily", at_most=Fraction(10)),)
    community = Community(definition(calendar=calendar, rulebook={"caps": caps}))
    community.award("v-1", "2026-03-14T22:00", "2026-03-14T23:00")
    night = community.award("v-1", "2026-03-15T04:59", "2026-03-15T06:00")
    morning = community.award("v-1", "2026-03-15T06:00", "2026-03-15T07:00")
    assert community.record(night).on == SATURDAY
    assert community.record(night).status == "not_awarded"
    assert community.record(morning).status == "awarded"


@pytest.mark.parametrize("begin, end, minutes", [
    ("2026-03-29T01:30", "2026-03-29T03:30", 60),
    ("2026-10-25T01:30", "2026-10-25T03:30", 180),
])  # fmt: skip
def test_time_is_what_passed_and_not_what_the_clocks_showed(begin: str, end: str, minutes: int) -> None:
    community = Community(definition(calendar=Calendar(zone="Europe/Berlin")), now="2026-11-01T12:00")
    first, last = (datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (begin, end))
    night = Interval(begin=first, end=last)
    record = community.submit("v-1", night)
    awarded = fact(community.run(Approve(record=record), actor="checker"), Awarded)
    assert (awarded.minutes, awarded.points) == (minutes, minutes // 6)


def test_a_lot_ends_when_the_programmes_day_starts() -> None:
    calendar = Calendar(zone="Europe/Berlin", day_starts_at=time(5))
    community = Community(definition(calendar=calendar, rulebook={"expiry": Expiry(days=14)}))
    community.award("v-1", "2026-03-14T12:00", "2026-03-14T13:00")
    assert community.lots("v-1") == {datetime(2026, 3, 29, 3, tzinfo=UTC): 10}


# --- approving ---------------------------------------------------------------------------------------------------


def test_an_approval_awards_in_the_same_commit() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    entries = community.run(Approve(record=record), actor="checker")
    awarded = fact(entries, Awarded)
    assert kinds(entries) == ["Approved", "Awarded"]
    assert (awarded.points, awarded.minutes, awarded.lot) == (23, 140, ENDS_2027)
    assert awarded.rulebook_hash == RULEBOOK.hash
    assert community.lots("v-1") == {ENDS_2027: 23}
    assert community.lots("v-1", Purpose.SERVED, "minutes") == {None: 140}
    assert community.lots("v-1", Purpose.CLAIMED, "minutes") == {}


@pytest.mark.parametrize("changes, because, minutes", [
    ({"accruals": (Accrual(id="film", fixed=Fraction(5), when=When(activities=("cinema",))),)}, "no_rule_fits", 140),
    ({"accruals": (Accrual(id="little", per_hour=Fraction(1, 3)),)}, "rounds_to_nothing", 140),
    ({"time": TimeRule(minimum_minutes=141)}, "no_time_counts", 0),
    ({"caps": (Cap(id="none", at_most=Fraction(1, 2)),)}, "cap_reached", 140),
])  # fmt: skip
def test_why_an_approved_record_earned_nothing_is_written(
    changes: dict[str, object], because: str, minutes: int
) -> None:
    community = Community(definition(rulebook=changes))
    record = community.submit("v-1", MORNING)
    missed = fact(community.run(Approve(record=record), actor="checker"), NotAwarded)
    assert (missed.because, missed.minutes) == (because, minutes)
    assert community.record(record).status == "not_awarded"
    assert community.available("v-1") == 0
    assert sum(community.lots("v-1", Purpose.SERVED, "minutes").values()) == minutes


def test_what_rules_look_at_is_taken_from_record_activity_team_and_volunteer() -> None:
    team = Team(id="repairs", name="维修队", slot="special")
    activity = Activity(id="park", name="公园清洁", type="skilled")
    fits = When(
        activities=("park",), activity_types=("skilled",), teams=("repairs",), slots=("special",), tags=("senior",),
        evidence=(Evidence.SIGNED,), weekdays=(6,), first_day=SATURDAY, last_day=SATURDAY,
    )  # fmt: skip
    rules = attrs.evolve(RULEBOOK, multipliers=(Multiplier(id="special", times=Fraction(2), when=fits),))
    community = Community(with_team(team, activities=(activity,), rulebooks=(rules,)))
    community.run(Enrol(volunteer="v-1", tags=("senior", "party"), household="h-1"))
    record = community.submit("v-1", MORNING, team="repairs", evidence=Evidence.SIGNED)
    assert fact(community.run(Approve(record=record), actor="checker"), Awarded).points == 46
    other = community.submit("v-2", MORNING, team="repairs", evidence=Evidence.SIGNED)
    assert fact(community.run(Approve(record=other), actor="checker"), Awarded).points == 23


def test_the_rulebook_of_the_day_of_service_counts_however_late_it_is_approved() -> None:
    later = attrs.evolve(
        RULEBOOK, id="2027", since=date(2026, 3, 15), accruals=(Accrual(id="hours", per_hour=Fraction(30)),)
    )
    community = Community(definition(rulebooks=(RULEBOOK, later)), now="2026-06-01T12:00")
    community.award("v-1", "2026-03-14T23:00", "2026-03-15T01:00")
    assert community.available("v-1") == 20
    community.award("v-2", "2026-03-15T00:00", "2026-03-15T01:00")
    assert community.available("v-2") == 30


def test_an_award_repays_a_debt_first() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.shelve("rice", 1)
    community.collected("v-1", "rice")
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.debt("v-1") == -20
    second = community.submit("v-1", interval("2026-03-14T13:00", "2026-03-14T14:00"))
    entries = community.run(Approve(record=second), actor="checker")
    assert kinds(entries) == ["Approved", "Awarded", "Repaid"]
    assert (fact(entries, Awarded).points, fact(entries, Repaid).points) == (10, 10)
    assert (community.available("v-1"), community.debt("v-1")) == (0, -10)


def test_points_that_have_ended_repay_nothing() -> None:
    community = Community(definition(rulebook={"expiry": Expiry(days=1)}), now="2026-03-20T12:00")
    community.run(Adjust(volunteer="v-1", points=20, requested_by="founder-b", reason=REASON))
    record = community.award("v-1", "2026-03-20T09:00", "2026-03-20T11:00")
    community.run(Adjust(volunteer="v-1", points=-40, requested_by="founder-b", reason=REASON))
    community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert community.debt("v-1") == -20
    community.award("v-1", "2026-03-10T09:00", "2026-03-10T11:00")
    assert (community.available("v-1"), community.debt("v-1")) == (20, -20)


CAPS = (
    Cap(id="daily", at_most=Fraction(30)),
    Cap(id="each", at_most=Fraction(25), each_activity=True),
    Cap(id="monthly", at_most=Fraction(45), per=Period.MONTH),
    Cap(id="time", at_most=Fraction(300), of="minutes"),
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_caps_hold_whatever_the_order_of_approvals(order: tuple[int, ...]) -> None:
    community = Community(definition(rulebook={"caps": CAPS}), now="2026-03-20T12:00")
    said = [
        ("park", "14T06", "14T08"),
        ("cinema", "14T08", "14T10"),
        ("park", "14T10", "14T13"),
        ("park", "15T09", "15T11"),
    ]
    records = [
        community.submit("v-1", interval(f"2026-03-{begin}:00", f"2026-03-{end}:00"), activity=activity)
        for activity, begin, end in said
    ]
    for place in order:
        community.run(Approve(record=records[place]), actor="checker")
    awards = [entry.fact for entry in community.entries if isinstance(entry.fact, Awarded)]
    on = {record: community.record(record).on for record in records}
    saturday = [each.points for each in awards if on[each.record] == SATURDAY]
    parks = [each.points for each in awards if on[each.record] == SATURDAY and each.activity == "park"]
    assert sum(saturday) <= 30
    assert sum(parks) <= 25
    assert sum(each.points for each in awards) == 45
    assert community.available("v-1") == 45


@given(minutes=st.lists(st.integers(1, 200), min_size=1, max_size=4), limit=st.integers(1, 60), data=st.data())
def test_a_cap_of_a_day_gives_the_same_total_for_every_order(
    minutes: list[int], limit: int, data: st.DataObject
) -> None:
    community = Community(definition(rulebook={"caps": (Cap(id="daily", at_most=Fraction(limit)),)}))
    records, begin = [], at("2026-03-14T00:00")
    for each in minutes:
        records.append(community.submit("v-1", Interval(begin=begin, end=begin + timedelta(minutes=each))))
        begin += timedelta(minutes=each)
    for record in data.draw(st.permutations(records)):
        community.run(Approve(record=record), actor="checker")
    assert community.available("v-1") == min(limit, sum(each // 6 for each in minutes))


# --- four eyes ---------------------------------------------------------------------------------------------------

ALIASES = (
    *DEFINITION.duties,
    Duty(actor="v-1", may=(Right.APPROVE, Right.RECORD)),
    Duty(actor="zhang", may=(Right.APPROVE, Right.RECORD), volunteer="v-1"),
    Duty(actor="zhang-at-night", may=(Right.APPROVE,), volunteer="v-1"),
    Duty(actor="li", may=(Right.APPROVE, Right.RECORD), volunteer="v-2"),
)


@pytest.mark.parametrize("recorder, approver, code", [
    ("li", "li", "four_eyes"),
    ("zhang", "zhang-at-night", "four_eyes"),
    ("zhang", "v-1", "four_eyes"),
    ("v-1", "zhang", "four_eyes"),
    ("founder-a", "founder-a", "four_eyes"),
    ("leader", "leader", "not_authorised"),
])  # fmt: skip
def test_who_recorded_does_not_decide_under_any_name(recorder: str, approver: str, code: str) -> None:
    community = Community(definition(duties=ALIASES))
    record = community.submit("v-3", MORNING, actor=recorder)
    community.refuses(code, Approve(record=record), actor=approver)
    community.refuses(code, Reject(record=record, reason=REASON), actor=approver)
    community.run(Approve(record=record), actor="checker")
    community.refuses(code, Reverse(record=record, reason=REASON), actor=approver)


@pytest.mark.parametrize("approver", ["v-1", "zhang", "zhang-at-night"])
def test_nobody_decides_about_their_own_service_under_any_name(approver: str) -> None:
    community = Community(definition(duties=ALIASES))
    record = community.submit("v-1", MORNING)
    community.refuses("own_case", Approve(record=record), actor=approver)
    community.refuses("own_case", Reject(record=record, reason=REASON), actor=approver)
    community.run(Approve(record=record), actor="li")
    community.refuses("own_case", Reverse(record=record, reason=REASON), actor=approver)
    shorter = interval("2026-03-14T09:00", "2026-03-14T10:00")
    community.refuses("own_case", correct(record, shorter), actor=approver)


def test_who_asks_for_a_correction_does_not_approve_it_and_becomes_the_one_who_said_it() -> None:
    community = Community(definition(duties=ALIASES))
    record = community.award("v-3", "2026-03-14T09:00", "2026-03-14T11:00")
    shorter = interval("2026-03-14T09:00", "2026-03-14T10:00")
    asked = Correct(record=record, intervals=(shorter,), requested_by="zhang", reason=REASON)
    community.refuses("four_eyes", asked, actor="zhang-at-night")
    community.run(asked, actor="checker")
    assert community.record(record).said_by == "zhang"
    community.refuses("four_eyes", Reverse(record=record, reason=REASON), actor="zhang")


def test_where_one_person_runs_it_all_they_decide_about_what_they_recorded() -> None:
    community = Community(definition(founders=(), run_by_one="v-1"))
    record = community.submit("v-1", MORNING, actor="v-1")
    community.run(Approve(record=record), actor="v-1")
    community.run(Reverse(record=record, reason=REASON), actor="v-1")


def test_who_recorded_may_withdraw_and_others_need_the_duty() -> None:
    community = Community(definition(duties=(*ALIASES, Duty(actor="scribe", may=(Right.RECORD,)))))
    record = community.submit("v-1", MORNING, actor="scribe")
    community.refuses("not_authorised", Void(record=record, reason=REASON), actor="leader")
    community.run(Void(record=record, reason=REASON), actor="scribe")
    assert community.record(record).status == "voided"


@pytest.mark.parametrize("how", [Reject, Void, Approve])
def test_a_record_is_decided_once(how: type[Reject | Void | Approve]) -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    deciding: list[Approve | Reject | Void] = [
        Approve(record=record), Reject(record=record, reason=REASON), Void(record=record, reason=REASON)
    ]  # fmt: skip
    community.run(next(each for each in deciding if isinstance(each, how)), actor="checker")
    for command in deciding:
        facts = community.refuses("record_already_decided", command, actor="checker")
        assert facts["status"] == community.record(record).status


def test_a_record_keeps_what_was_said() -> None:
    here = Community()
    said: dict[str, Any] = {
        "evidence": Evidence.MAKE_UP,
        "source": "sheet 7",
        "details": Details(planned_minutes=90, quantities=(Quantity(unit="ml", amount=3),)),
    }
    record = here.submit("v-1", interval("2026-03-14T08:00", "2026-03-14T09:00"), **said)
    kept = here.record(record).said
    assert {name: getattr(kept, name) for name in said} == said
