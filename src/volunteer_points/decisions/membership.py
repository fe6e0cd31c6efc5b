"""Volunteers: enrolled, described anew, joining and leaving teams; and periods closed."""

from __future__ import annotations

from volunteer_points.books import About, Question
from volunteer_points.commands import ClosePeriod, Enrol, Join, Leave
from volunteer_points.decisions.awarding import team_question
from volunteer_points.decisions.case import Case, refuse, volunteer_question, volunteer_state
from volunteer_points.entries import Described, Enrolled, HouseholdFormed, Joined, Left, PeriodClosed, TeamFormed
from volunteer_points.model import Right
from volunteer_points.postings import PROGRAMME, volunteer_holder


def household_question(household: str) -> About:
    """The household as it stands."""
    return About(f"household:{household}", ("HouseholdFormed", "Withdrawn"), many=True)


def enrol_needs(command: Enrol) -> tuple[Question[object], ...]:
    """What enrolling asks."""
    own: tuple[Question[object], ...] = (volunteer_question(command.volunteer),)
    return (*own, household_question(command.household)) if command.household else own


def join_needs(command: Join) -> tuple[Question[object], ...]:
    """What joining asks."""
    return volunteer_question(command.volunteer), team_question(command.team)


def leave_needs(command: Leave) -> tuple[Question[object], ...]:
    """What leaving asks."""
    return (volunteer_question(command.volunteer),)


def enrol(case: Case, command: Enrol) -> None:
    """Enrol a volunteer; who is enrolled already is described anew."""
    case.authorise(Right.ENROL)
    if command.household is not None:
        households = case.ask(household_question(command.household))
        if not households or not isinstance(households[-1].fact, HouseholdFormed):
            refuse("unknown_household", household=command.household)
    facts = tuple(entry.fact for entry in case.ask(volunteer_question(command.volunteer)))
    state = volunteer_state(command.volunteer, facts)
    kind = Enrolled if state is None or state.left_since is not None else Described
    fact = kind(
        volunteer=command.volunteer,
        tags=tuple(sorted(set(command.tags))),
        place=command.place,
        household=command.household,
    )
    said = [each for each in facts if isinstance(each, (Enrolled, Described))]
    if isinstance(fact, Described) and _same(said[-1], fact):
        refuse("no_change", volunteer=command.volunteer)
    case.draft(fact, (volunteer_holder(command.volunteer), PROGRAMME), case.booking_day)


def _same(before: Enrolled | Described, now: Described) -> bool:
    return (before.tags, before.place, before.household) == (now.tags, now.place, now.household)


def join(case: Case, command: Join) -> None:
    """Let a volunteer join a team."""
    case.authorise(Right.ENROL)
    state = case.volunteer(command.volunteer, day=command.since)
    teams = case.ask(team_question(command.team))
    standing = teams[-1].fact if teams else None
    if not isinstance(standing, TeamFormed) or not standing.team.active_on(command.since):
        refuse("unknown_team", team=command.team, day=command.since)
    if state.is_member(command.team, command.since):
        refuse("no_change", volunteer=command.volunteer, team=command.team)
    fact = Joined(volunteer=command.volunteer, team=command.team, since=command.since)
    case.draft(fact, (volunteer_holder(command.volunteer),), case.booking_day)


def leave(case: Case, command: Leave) -> None:
    """Let a volunteer leave a team or the programme."""
    case.authorise(Right.ENROL)
    state = case.volunteer(command.volunteer, day=command.since)
    if command.team is not None and not state.is_member(command.team, command.since):
        refuse("not_a_member", volunteer=command.volunteer, team=command.team, day=command.since)
    fact = Left(volunteer=command.volunteer, team=command.team, since=command.since)
    case.draft(fact, (volunteer_holder(command.volunteer),), case.booking_day)


CLOSING = About(PROGRAMME, ("PeriodClosed",))
"""Asked alone: who closes a period takes the programme for itself."""


def close_period(case: Case, command: ClosePeriod) -> None:
    """Close every day before the given one for booking."""
    case.authorise(Right.CLOSE)
    if command.until > case.booking_day:
        refuse("period_not_over", until=command.until, today=case.booking_day)
    if case.frame.closed_until is not None and command.until <= case.frame.closed_until:
        refuse("already_closed", until=command.until, closed_until=case.frame.closed_until)
    case.draft(PeriodClosed(until=command.until), (PROGRAMME,), case.booking_day)
