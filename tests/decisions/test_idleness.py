"""Points that end by inactivity: each award lets what its holder has end later."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.ledgers import StoredLedger, stored_entries
from tests.decisions.community import REASON, RULEBOOK, Community, at, definition, fact, interval, kinds
from volunteer_points.audit import Report, audit
from volunteer_points.commands import (
    Approve,
    Cancel,
    Confirm,
    Correct,
    Expire,
    Lapse,
    Reverse,
    Transfer,
)
from volunteer_points.decisions.case import lots_of
from volunteer_points.entries import Expired, Extended, Prolonged
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import Currency, Interval, Period, Whose
from volunteer_points.postings import Purpose, household_holder
from volunteer_points.rules import Accrual, Expiry, Rounding, Rulebook, Stream, Transfers
from volunteer_points.what_if.replay import Replay

IDLE = Expiry(idle_days=30)


def ends(day: str) -> datetime:
    """When points of service on a day end without later service."""
    return at(f"{day}T00:00") + timedelta(days=31)


def community(*, redemption: dict[str, Any] | None = None, **rulebook: Any) -> Community:  # noqa: ANN401
    return Community(definition(redemption=redemption, rulebook={"expiry": IDLE, **rulebook}))


def prolongations(found: Community) -> list[Prolonged]:
    return [entry.fact for entry in found.entries if isinstance(entry.fact, Prolonged)]


def serve(found: Community, day: str, hours: int = 1, volunteer: str = "v-1", **more: Any) -> str:  # noqa: ANN401
    return found.award(volunteer, f"{day}T06:00", f"{day}T{6 + hours:02}:00", **more)


def test_each_award_lets_what_was_there_end_with_what_it_gives() -> None:
    found = community()
    serve(found, "2026-03-14", 2)
    assert prolongations(found) == []
    assert found.lots("v-1") == {ends("2026-03-14"): 20}
    serve(found, "2026-03-30")
    until = ends("2026-03-30")
    assert prolongations(found) == [Prolonged(volunteer="v-1", currency="points", until=until, points=20)]
    assert found.lots("v-1") == {until: 30}
    assert kinds(found.entries[-3:]) == ["Approved", "Awarded", "Prolonged"]
    assert found.entries[-1].on == date(2026, 3, 30)


def test_months_count_from_the_last_service_too() -> None:
    found = community(expiry=Expiry(idle_months=12))
    serve(found, "2026-03-14")
    assert found.lots("v-1") == {at("2027-03-15T00:00"): 10}
    serve(found, "2026-08-31")
    assert found.lots("v-1") == {at("2027-09-01T00:00"): 20}


def test_service_of_one_volunteer_does_nothing_for_another() -> None:
    found = community()
    serve(found, "2026-03-14", volunteer="v-2")
    serve(found, "2026-03-30")
    assert found.lots("v-2") == {ends("2026-03-14"): 10}


def test_a_late_record_of_an_earlier_day_makes_nothing_end_sooner_and_its_points_end_with_the_rest() -> None:
    found = community()
    serve(found, "2026-03-30")
    serve(found, "2026-03-20", 2)
    until = ends("2026-03-30")
    assert found.lots("v-1") == {until: 30}
    assert prolongations(found) == [Prolonged(volunteer="v-1", currency="points", until=until, points=20)]


def test_a_late_record_looks_at_later_service_whose_points_are_spent() -> None:
    found = community(redemption={"transfers": Transfers.ANYONE})
    serve(found, "2026-03-30")
    found.run(Transfer(giver="v-1", receiver="v-2", points=10), actor="v-1")
    serve(found, "2026-03-20")
    assert found.lots("v-1") == {ends("2026-03-30"): 10}


def test_a_late_record_does_not_look_at_later_service_that_was_taken_back() -> None:
    found = community()
    record = serve(found, "2026-03-30")
    found.run(Reverse(record=record, reason=REASON), actor="checker")
    serve(found, "2026-03-20")
    assert found.lots("v-1") == {ends("2026-03-20"): 10}


def test_a_record_that_is_corrected_to_an_earlier_day_ends_by_that_day() -> None:
    found = community()
    record = serve(found, "2026-03-30")
    day = (interval("2026-03-20T06:00", "2026-03-20T08:00"),)
    correction = Correct(record=record, activity="park", intervals=day, requested_by="founder-b", reason=REASON)
    found.run(correction, actor="checker")
    assert found.lots("v-1") == {ends("2026-03-20"): 20}


def test_silence_ends_everything_and_what_has_ended_stays_ended() -> None:
    found = community()
    serve(found, "2026-03-14")
    serve(found, "2026-03-30")
    until = ends("2026-03-30")
    found.refuses("nothing_due", Expire(volunteer="v-1"), at=until - timedelta(microseconds=1))
    assert fact(found.run(Expire(volunteer="v-1"), at=until), Expired).points == 20
    assert found.lots("v-1") == {}
    serve(found, "2026-05-20")
    assert found.lots("v-1") == {ends("2026-05-20"): 10}
    assert found.lots("v-1", Purpose.EXPIRED) == {until: 20}


def test_points_that_have_ended_and_are_not_swept_yet_stay_ended() -> None:
    found = community()
    serve(found, "2026-03-14")
    serve(found, "2026-05-20")
    assert found.lots("v-1") == {ends("2026-03-14"): 10, ends("2026-05-20"): 10}
    assert prolongations(found) == []


def test_service_without_points_prolongs_nothing() -> None:
    found = community(rounding=Rounding(to=Fraction(10)))
    serve(found, "2026-03-14")
    found.award("v-1", "2026-03-30T06:00", "2026-03-30T06:30")
    assert kinds(found.entries)[-1] == "NotAwarded"
    assert found.lots("v-1") == {ends("2026-03-14"): 10}


def test_points_without_an_end_and_those_that_end_later_are_left_alone() -> None:
    found = community()
    far = at("2028-01-01T00:00")
    found.give("v-1", 7, ends=far)
    serve(found, "2026-03-30")
    assert found.lots("v-1") == {far: 7, ends("2026-03-30"): 10}
    assert prolongations(found) == []


@pytest.mark.parametrize("booked_at, kind, then", [
    ("2026-04-10T09:00", None, "2026-04-12"), ("2026-04-20T09:00", Extended, "2026-04-25"),
])  # fmt: skip
def test_points_on_hold_come_back_into_their_lot_and_wait_for_the_next_service(
    booked_at: str, kind: type | None, then: str
) -> None:
    found = community(redemption={"grace_days": 30})
    found.shelve("soap", 3)
    serve(found, "2026-03-14")
    redemption = found.hold("v-1", "soap", held_until=at("2026-06-01T00:00"))
    serve(found, "2026-04-05")
    first, second = ends("2026-03-14"), ends("2026-04-05")
    assert found.lots("v-1") == {second: 13}
    entries = found.run(Cancel(redemption=redemption, reason=REASON), actor="leader", at=at(booked_at))
    if kind is None:
        assert kinds(entries) == ["Cancelled"]
        assert found.lots("v-1") == {first: 7, second: 13}
    else:
        assert kinds(entries) == ["Cancelled", "Extended"]
        until = at("2026-05-21T00:00")
        assert found.lots("v-1") == {second: 13, until: 7}
    serve(found, then)
    assert found.lots("v-1") == {ends(then): 30}


def test_without_grace_points_that_come_back_too_late_are_gone() -> None:
    found = community(redemption={"grace_days": 0})
    found.shelve("soap", 3)
    serve(found, "2026-03-14")
    redemption = found.hold("v-1", "soap", held_until=at("2026-06-01T00:00"))
    serve(found, "2026-04-05")
    found.run(Cancel(redemption=redemption, reason=REASON), actor="leader", at=at("2026-04-20T09:00"))
    assert found.lots("v-1") == {ends("2026-04-05"): 13}
    assert found.lots("v-1", Purpose.EXPIRED) == {ends("2026-03-14"): 7}


def test_a_reversal_finds_points_where_they_have_moved() -> None:
    found = community()
    record = serve(found, "2026-03-14", 2)
    serve(found, "2026-03-30")
    serve(found, "2026-04-10")
    entries = found.run(Reverse(record=record, reason=REASON), actor="checker")
    assert kinds(entries) == ["Reversed"]
    assert found.lots("v-1") == {ends("2026-04-10"): 20}
    assert found.debt("v-1") == 0


def test_a_reversal_finds_points_that_moved_and_ended_since() -> None:
    found = community()
    record = serve(found, "2026-03-14", 2)
    serve(found, "2026-03-30")
    found.run(Expire(volunteer="v-1"), at=ends("2026-03-30"))
    found.run(Reverse(record=record, reason=REASON), actor="checker")
    assert found.lots("v-1", Purpose.EXPIRED) == {ends("2026-03-30"): 10}
    assert found.debt("v-1") == 0


def test_the_reversal_of_the_service_that_prolonged_leaves_the_rest_where_it_is() -> None:
    found = community()
    serve(found, "2026-03-14", 2)
    record = serve(found, "2026-03-30")
    found.run(Reverse(record=record, reason=REASON), actor="checker")
    assert found.lots("v-1") == {ends("2026-03-30"): 20}


def test_points_of_a_household_live_by_the_service_of_any_of_its_members() -> None:
    found = community(to=Whose.HOUSEHOLD)
    serve(found, "2026-03-14")
    serve(found, "2026-03-30", volunteer="v-2")
    holder, until = household_holder("h-1"), ends("2026-03-30")
    assert found.tally.answer(lots_of(holder, "points")) == {until: 20}
    assert prolongations(found) == [Prolonged(volunteer=holder, currency="points", until=until, points=10)]
    serve(found, "2026-03-20")
    assert found.tally.answer(lots_of(holder, "points")) == {until: 30}


def test_after_a_public_notice_points_end_no_sooner_than_the_last_service_asks() -> None:
    found = community(notice_days=3)
    first = serve(found, "2026-03-14")
    found.run(Confirm(record=first), at=at("2026-03-20T00:00"))
    second = serve(found, "2026-03-30")
    assert found.lots("v-1") == {ends("2026-03-30"): 10}
    late = serve(found, "2026-03-25")
    found.run(Confirm(record=late), at=at("2026-04-10T00:00"))
    assert found.lots("v-1") == {ends("2026-03-30"): 20}
    found.run(Confirm(record=second), at=at("2026-04-11T00:00"))
    assert found.lots("v-1") == {ends("2026-03-30"): 30}


def test_only_the_currency_that_ends_by_inactivity_is_prolonged() -> None:
    honour = Stream(
        id="honour",
        currency="honour",
        accruals=(Accrual(id="times", fixed=Fraction(1)),),
        expiry=Expiry(end_of=Period.YEAR),
    )
    programme = definition(
        rulebook={"expiry": IDLE, "streams": (honour,)},
        currencies=(Currency(id="points", name="积分"), Currency(id="honour", name="荣誉")),
    )
    found = Community(programme)
    serve(found, "2026-03-14")
    serve(found, "2026-03-30")
    assert found.lots("v-1") == {ends("2026-03-30"): 20}
    assert found.lots("v-1", unit="honour") == {at("2027-01-01T00:00"): 2}


def test_one_currency_does_not_end_in_two_ways_if_one_is_inactivity() -> None:
    more = (Accrual(id="more-hours", per_hour=Fraction(1)),)
    other = Stream(id="more", currency="points", accruals=more, expiry=Expiry(months=3))
    with pytest.raises(InputError) as refused:
        Rulebook(id="r", since=date(2026, 1, 1), accruals=RULEBOOK.accruals, expiry=IDLE, streams=(other,))
    assert refused.value.code == "idle_mixed"


ACTIONS = (
    "serve",
    "serve",
    "serve",
    "confirm",
    "reverse",
    "correct",
    "hold",
    "cancel",
    "give",
    "expire",
    "wait",
    "wait",
)


class Life:
    """A few weeks of two volunteers of one household; what is refused leaves nothing."""

    def __init__(self, **rulebook: Any) -> None:  # noqa: ANN401
        redemption = {"transfers": Transfers.ANYONE, "grace_days": 2, "hold_days": 9}
        self.found = community(redemption=redemption, expiry=Expiry(idle_days=8), **rulebook)
        self.found.shelve("soap", 100)
        self.records: list[str] = ["r-none"]
        self.redemptions: list[str] = ["x-none"]

    def does(self, action: str, one: int, two: int) -> None:
        volunteer, other = (("v-1", "v-2"), ("v-2", "v-1"))[one % 2]
        record, redemption = self.records[-1 - one % len(self.records)], self.redemptions[-1 - two % 2 :][0]
        with suppress(Refused):
            match action:
                case "serve":
                    self.records.append(self.found.submit(volunteer, self._hours(two)))
                    self.found.run(Approve(record=self.records[-1]), actor="checker")
                case "confirm":
                    self.found.run(Confirm(record=record))
                case "reverse":
                    self.found.run(Reverse(record=record, reason=REASON), actor="checker")
                case "correct":
                    hours = (self._hours(two),)
                    correction = Correct(record=record, intervals=hours, requested_by="founder-b", reason=REASON)
                    self.found.run(correction, actor="checker")
                case "hold":
                    self.redemptions.append(self.found.hold(volunteer, "soap"))
                case "cancel":
                    self.found.run(Cancel(redemption=redemption, reason=REASON), actor="leader")
                case "give":
                    self.found.run(Transfer(giver=volunteer, receiver=other, points=5), actor=volunteer)
                case "expire":
                    self.found.run(Expire(volunteer=(volunteer, household_holder("h-1"))[two % 2]))
                case _:
                    self.found.now += timedelta(days=one)

    def _hours(self, ago: int) -> Interval:
        begin = self.found.now - timedelta(hours=13 * ago + 2)
        return Interval(begin=begin, end=begin + timedelta(hours=1 + ago % 2))


@given(
    st.sampled_from([{}, {"notice_days": 2}, {"to": Whose.HOUSEHOLD}, {"to": Whose.HOUSEHOLD, "notice_days": 1}]),
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7), st.integers(0, 20)), min_size=12, max_size=40),
)
def test_whatever_happens_the_audit_works_out_the_same_and_a_replay_comes_to_it_too(
    rulebook: dict[str, Any], actions: list[tuple[str, int, int]]
) -> None:
    life = Life(**rulebook)
    for action in actions:
        life.does(*action)
    for redemption in life.redemptions:
        with suppress(Refused):
            life.found.run(Lapse(redemption=redemption))
    report = audit_of(life.found)
    assert report.findings == (), report.text()
    replay = Replay()
    assert [each for entry in life.found.entries for each in replay.play(entry)] == life.found.entries


@given(st.lists(st.integers(0, 29), min_size=1, max_size=8, unique=True))
def test_in_whatever_order_service_is_recorded_all_of_it_ends_with_the_last(days: list[int]) -> None:
    found = community()
    for day in days:
        serve(found, str(date(2026, 3, 14) + timedelta(days=day)))
    assert found.lots("v-1") == {ends(str(date(2026, 3, 14) + timedelta(days=max(days)))): 10 * len(days)}


def audit_of(found: Community) -> Report:
    return audit(StoredLedger(stored_entries(found.entries), ledger=found.entries[0].ledger), as_of=found.now)
