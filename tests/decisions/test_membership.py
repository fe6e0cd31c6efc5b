"""Volunteers and the calendar: enrolled, described anew, joining, leaving; periods closed for booking."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import attrs
import pytest

from tests.decisions.community import (
    DEFINITION,
    REASON,
    SATURDAY,
    Community,
    at,
    definition,
    interval,
    kinds,
    with_team,
)
from tests.histories import History
from volunteer_points.commands import Adjust, Adopt, Approve, ClosePeriod, Enrol, Join, Leave, Redeem, Reverse, Submit
from volunteer_points.decisions.case import VolunteerState, volunteer_question, volunteer_state
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import Calendar, Duty, Place, Right, Team

REPAIRS = Team(id="repairs", name="维修队", slot="special")


def state(community: Community, volunteer: str = "v-1") -> VolunteerState:
    found = volunteer_state(
        volunteer, tuple(each.fact for each in community.tally.answer(volunteer_question(volunteer)))
    )
    assert found is not None
    return found


def join(day: date, team: str = "repairs") -> Join:
    return Join(volunteer="v-1", team=team, since=day)


def leave(day: date, team: str | None = "repairs") -> Leave:
    return Leave(volunteer="v-1", team=team, since=day)


# --- enrolling ---------------------------------------------------------------------------------------------------


def test_who_is_enrolled_already_is_described_anew() -> None:
    community = Community()
    command = Enrol(volunteer="v-1", tags=("senior", "party", "senior"), place=Place(grid="3"), household="h-2")
    assert kinds(community.run(command)) == ["Described"]
    assert state(community).tags == ("party", "senior")
    assert state(community).household == "h-2"


def test_a_description_that_changes_nothing_is_refused() -> None:
    community = Community()
    community.run(Enrol(volunteer="v-1", tags=("a", "b")))
    community.refuses("no_change", Enrol(volunteer="v-1", tags=("b", "a", "a")))
    community.run(Enrol(volunteer="v-1", tags=("b",)))
    community.run(Enrol(volunteer="v-1", tags=("b",), place=Place(unit="2")))


def test_who_left_may_be_enrolled_again() -> None:
    community = Community()
    community.run(leave(SATURDAY, None))
    assert kinds(community.run(Enrol(volunteer="v-1"))) == ["Enrolled"]
    assert state(community).left_since is None
    community.submit("v-1", interval("2026-03-14T14:00", "2026-03-14T15:00"))


def test_a_household_must_stand() -> None:
    community = Community()
    community.refuses("unknown_household", Enrol(volunteer="v-9", household="h-9"))
    rest = attrs.evolve(DEFINITION, households=())
    community.run(Adopt(definition=rest, author="founder-a"), actor="founder-b")
    community.refuses("unknown_household", Enrol(volunteer="v-9", household="h-1"))


@pytest.mark.parametrize("command", [Enrol(volunteer="v-9"), join(SATURDAY), leave(SATURDAY)])
def test_people_are_enrolled_and_moved_by_who_has_the_duty(command: Enrol | Join | Leave) -> None:
    duties = (*DEFINITION.duties, Duty(actor="office", may=(Right.ENROL,)))
    community = Community(with_team(REPAIRS, duties=duties))
    if isinstance(command, Leave):
        community.run(join(SATURDAY))
    community.refuses("not_authorised", command, actor="leader")
    community.run(command, actor="office")


# --- teams -------------------------------------------------------------------------------------------------------


def test_membership_holds_from_the_first_day_to_before_the_day_of_leaving() -> None:
    community = Community(with_team(REPAIRS))
    community.run(join(SATURDAY))
    community.run(leave(SATURDAY + timedelta(days=7)))
    member = [state(community).is_member("repairs", SATURDAY + timedelta(days=days)) for days in (-1, 0, 6, 7)]
    assert member == [False, True, True, False]
    assert not state(community).is_member("others", SATURDAY)


def test_moves_count_by_their_day_and_not_by_the_order_in_which_they_were_written() -> None:
    """Found by reading: leaving in March, written last, ended the membership that began in September."""
    community = Community(with_team(REPAIRS))
    community.run(join(date(2026, 1, 1)))
    community.run(leave(date(2026, 6, 1)))
    community.run(join(date(2026, 9, 1)))
    community.run(leave(date(2026, 3, 1)))
    months = [month for month in range(1, 13) if state(community).is_member("repairs", date(2026, month, 15))]
    assert months == [1, 2, 9, 10, 11, 12]


def test_a_day_on_which_somebody_left_and_joined_counts_as_written_last() -> None:
    community = Community(with_team(REPAIRS))
    community.run(join(SATURDAY))
    community.run(leave(SATURDAY))
    assert not state(community).is_member("repairs", SATURDAY)
    community.run(join(SATURDAY))
    assert state(community).is_member("repairs", SATURDAY)


def test_who_left_the_programme_has_left_its_teams() -> None:
    """Found by reading: who was enrolled again was a member of every old team again."""
    community = Community(with_team(REPAIRS))
    community.run(join(SATURDAY))
    community.run(leave(SATURDAY + timedelta(days=2), None))
    community.run(Enrol(volunteer="v-1"))
    assert state(community).is_member("repairs", SATURDAY + timedelta(days=1))
    assert not state(community).is_member("repairs", SATURDAY + timedelta(days=2))
    community.run(join(SATURDAY + timedelta(days=3)))
    assert state(community).is_member("repairs", SATURDAY + timedelta(days=3))


def test_joining_and_leaving_need_a_team_that_is_there_and_a_move_that_changes_something() -> None:
    ended = attrs.evolve(REPAIRS, until=SATURDAY + timedelta(days=5))
    community = Community(with_team(ended))
    community.refuses("unknown_team", join(SATURDAY, "nobodies"))
    community.refuses("unknown_team", join(SATURDAY + timedelta(days=5)))
    community.refuses("not_a_member", leave(SATURDAY))
    community.run(join(SATURDAY))
    community.refuses("no_change", join(SATURDAY + timedelta(days=1)))
    community.refuses("not_a_member", leave(SATURDAY - timedelta(days=1)))


def test_who_is_not_there_neither_joins_nor_leaves() -> None:
    community = Community(with_team(REPAIRS))
    community.refuses("unknown_volunteer", Join(volunteer="nobody", team="repairs", since=SATURDAY))
    community.refuses("unknown_volunteer", Leave(volunteer="nobody", since=SATURDAY))
    community.run(leave(SATURDAY, None))
    community.refuses("volunteer_left", join(SATURDAY))
    community.refuses("volunteer_left", leave(SATURDAY, None))
    community.run(leave(SATURDAY - timedelta(days=1), None))
    assert state(community).left_since == SATURDAY - timedelta(days=1)


@pytest.mark.parametrize("day", [at("2026-03-14T00:00"), datetime(2026, 3, 14), "2026-03-14", None])  # noqa: DTZ001
def test_a_day_is_a_day_and_no_time(day: object) -> None:
    """Found by reading: an instant in place of a day was written, and could not be read back."""
    for make in (join, leave):
        with pytest.raises(InputError, match="not a day"):
            make(day)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not a day"):
        ClosePeriod(until=day)  # type: ignore[arg-type]


@pytest.mark.parametrize("tags", [(1,), ("\ud800",), ("x" * 501,), (None,)])
def test_tags_are_short_texts(tags: tuple[str, ...]) -> None:
    """Found by reading: a tag that is no text was written, and could not be read back."""
    with pytest.raises(InputError, match="not text"):
        Enrol(volunteer="v-1", tags=tags)


# --- closing -----------------------------------------------------------------------------------------------------


def test_a_period_is_closed_when_its_last_day_is_over() -> None:
    community = Community()
    community.refuses("period_not_over", ClosePeriod(until=SATURDAY + timedelta(days=1)))
    community.run(ClosePeriod(until=SATURDAY))
    community.refuses("already_closed", ClosePeriod(until=SATURDAY))
    community.refuses("already_closed", ClosePeriod(until=SATURDAY - timedelta(days=1)))
    community.run(ClosePeriod(until=SATURDAY + timedelta(days=1)), at=at("2026-03-15T00:00"))


def test_closing_needs_the_duty() -> None:
    community = Community(definition(duties=(Duty(actor="office", may=(Right.CLOSE,)),)))
    community.refuses("not_authorised", ClosePeriod(until=SATURDAY), actor="leader")
    community.run(ClosePeriod(until=SATURDAY), actor="office")


def test_nothing_is_booked_on_a_closed_day_and_everything_on_the_first_open_one() -> None:
    calendar = Calendar(zone="Asia/Shanghai", day_starts_at=time(5))
    community = Community(definition(calendar=calendar))
    record = community.submit("v-1", interval("2026-03-14T12:30", "2026-03-14T13:00"))
    community.run(ClosePeriod(until=date(2026, 3, 15)), at=at("2026-03-15T05:00"))
    closed = at("2026-03-15T04:59:59")
    changed = attrs.evolve(DEFINITION, calendar=calendar, name="another name")
    for command in (
        Submit(volunteer="v-1", activity="park", intervals=(interval("2026-03-14T09:00", "2026-03-14T10:00"),)),
        Approve(record=record),
        Redeem(volunteer="v-1", item="leaflet"),
        Enrol(volunteer="v-9"),
        Adjust(volunteer="v-1", points=1, requested_by="founder-b", reason=REASON),
        ClosePeriod(until=date(2026, 3, 15)),
        Adopt(definition=changed, author="founder-b"),
    ):
        facts = community.refuses("period_closed", command, at=closed)
        assert facts["closed_until"] == date(2026, 3, 15)
    community.run(Approve(record=record), actor="checker", at=at("2026-03-15T05:00"))
    community.run(Adopt(definition=changed, author="founder-b"), actor="founder-a")


def test_late_service_and_reversals_count_for_their_day_and_are_booked_on_an_open_one() -> None:
    community = Community()
    record = community.award("v-1", "2026-03-14T09:00", "2026-03-14T11:00")
    community.run(ClosePeriod(until=date(2026, 4, 1)), at=at("2026-04-01T00:00"))
    (entry,) = community.run(Reverse(record=record, reason=REASON), actor="checker")
    assert entry.on == SATURDAY
    late = community.submit("v-1", interval("2026-03-14T09:00", "2026-03-14T10:00"))
    assert community.record(late).on == SATURDAY


def test_before_anything_was_adopted_there_is_no_programme() -> None:
    with pytest.raises(Refused) as refused:
        History().run(Enrol(volunteer="v-1"))
    assert refused.value.code == "no_programme"
