"""Service records: submitted, approved and awarded, rejected, voided, reversed, corrected."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from volunteer_points.books import About, Moved, Question
from volunteer_points.commands import Approve, ApproveByRulebook, Confirm, Correct, Reject, Reverse, Submit, Void
from volunteer_points.decisions.awarding import (
    activity_question,
    award_record,
    confirm_award,
    measurer,
    reverse_award,
    service_record,
    team_question,
)
from volunteer_points.decisions.case import Case, refuse, volunteer_question
from volunteer_points.decisions.measuring import RECORD_KINDS, facts_about, hold_to
from volunteer_points.entries import (
    ActivityListed,
    Approved,
    Awarded,
    Confirmed,
    Corrected,
    Entry,
    NotAwarded,
    Rejected,
    Reversed,
    Submitted,
    TeamFormed,
    Voided,
    Withdrawn,
)
from volunteer_points.model import RECORD_SPAN_DAYS_MAX, Activity, Interval, Right, Team, minutes_in
from volunteer_points.postings import TIMES, Account, Posting, Purpose, record_subject, volunteer_holder
from volunteer_points.rules import MINUTES, Route


@attrs.frozen
class RecordState:
    """A record as its entries leave it."""

    said: Submitted | Corrected
    said_by: str
    on: date
    status: str
    """One of ``submitted``, ``rejected``, ``voided``, ``awarded``, ``not_awarded`` and ``reversed``."""

    decided: Entry | None
    """The award, or the entry that says why there is none."""

    revision: int
    approved_by: tuple[str, ...] = ()
    """Who has approved it since it was last said."""

    rating: str = ""
    """How it was rated at its approval."""

    @property
    def live(self) -> bool:
        """Whether its time is taken: nobody serves twice at once."""
        return self.status in {"submitted", "awarded", "not_awarded"}


STATUS = {
    Submitted: "submitted",
    Approved: "submitted",
    Corrected: "submitted",
    Rejected: "rejected",
    Voided: "voided",
    Awarded: "awarded",
    NotAwarded: "not_awarded",
    Reversed: "reversed",
    Confirmed: "awarded",
}


def record_state(entries: tuple[Entry, ...]) -> RecordState | None:
    """The state that the entries about one record leave; None when there are none."""
    said = [entry for entry in entries if isinstance(entry.fact, (Submitted, Corrected))]
    if not said:
        return None
    last = said[-1]
    assert isinstance(last.fact, (Submitted, Corrected))  # noqa: S101 - narrows the type for the reader below
    decided = [entry for entry in entries if isinstance(entry.fact, (Awarded, NotAwarded))]
    approved = [entry for entry in entries if isinstance(entry.fact, Approved)]
    since = entries[entries.index(last) :]
    said_by = last.fact.requested_by if isinstance(last.fact, Corrected) else last.actor
    return RecordState(
        said=last.fact,
        said_by=said_by,
        on=last.on,
        status=STATUS[type(entries[-1].fact)],
        decided=decided[-1] if decided else None,
        revision=len(said),
        approved_by=tuple(entry.actor for entry in approved if entry in since),
        rating=next((entry.fact.rating for entry in reversed(approved) if entry.fact.rating), ""),  # type: ignore[union-attr]
    )


def records_of(entries: tuple[Entry, ...]) -> dict[str, RecordState]:
    """The state of every record among entries about one volunteer, by record id."""
    by_record: dict[str, list[Entry]] = {}
    for entry in entries:
        by_record.setdefault(getattr(entry.fact, "record", ""), []).append(entry)
    states = {record: record_state(tuple(own)) for record, own in by_record.items()}
    return {record: state for record, state in states.items() if state is not None}


# --- what is asked -----------------------------------------------------------------------------------------------


def record_question(record: str) -> About:
    """Everything that was written about a record."""
    return About(record_subject(record), RECORD_KINDS)


def around(volunteer: str, intervals: tuple[Interval, ...]) -> About:
    """Every record of a volunteer that may overlap; days of any zone lie within two of those of UTC."""
    first = min(interval.begin for interval in intervals).date()
    last = max(interval.end for interval in intervals).date()
    spare = timedelta(days=RECORD_SPAN_DAYS_MAX + 2)
    return About(volunteer_holder(volunteer), RECORD_KINDS, first - spare, last + timedelta(days=3))


def submit_needs(command: Submit) -> tuple[Question[object], ...]:
    """What recording asks."""
    return (
        volunteer_question(command.volunteer),
        activity_question(command.activity),
        *_around(command.volunteer, command.intervals),
    )


def _around(volunteer: str, intervals: tuple[Interval, ...]) -> tuple[Question[object], ...]:
    return (around(volunteer, intervals),) if intervals else ()


def record_needs(command: Approve | Reject | Void | Reverse | Correct) -> tuple[Question[object], ...]:
    """What deciding about a record asks first."""
    return (record_question(command.record),)


# --- submit, reject, void ----------------------------------------------------------------------------------------


def submit(case: Case, command: Submit) -> None:
    """Record service of a volunteer; where its route needs nobody, it is approved and awarded at once."""
    record = case.new_id("r")
    activity, day = _checked(case, command, own="")
    team = command.team or activity.team
    if team is not None:
        _active_team(case, team, day)
    case.authorise(Right.RECORD, team=team)
    fact = Submitted(
        record=record,
        volunteer=command.volunteer,
        activity=command.activity,
        intervals=command.intervals,
        team=team,
        evidence=command.evidence,
        source=command.source,
        details=command.details,
    )
    hold_to_recording(case, fact, day)
    route = route_of(case, fact, day)
    postings = _claim(fact, day)
    case.draft(fact, (record_subject(record), volunteer_holder(command.volunteer)), day, postings)
    if route is not None and route.automatic and not case.frame.rulebook_on(day).waits_for_day:
        _approved_by_rulebook(case, fact, day, route)


def hold_to_recording(case: Case, said: Submitted, day: date) -> None:
    """Refuse a record that the rulebook of its day does not take, before this record is counted.

    Raises:
        Refused: ``no_rulebook``, ``not_a_member``, ``recorded_too_late`` or ``condition_unmet``.
    """
    rulebook, person = case.frame.rulebook_on(day), case.volunteer(said.volunteer)
    if rulebook.members_only and said.team is not None and not person.is_member(said.team, day):
        refuse("not_a_member", volunteer=said.volunteer, team=said.team, day=day)
    within_days = rulebook.within_days(said.evidence)
    if within_days is not None and (case.booking_day - day).days > within_days:
        refuse("recorded_too_late", day=day, today=case.booking_day, within_days=within_days)
    if not rulebook.recording:
        return
    each = tuple(
        attrs.evolve(condition, activities=(said.activity,)) if condition.each_activity else condition
        for condition in rulebook.recording
    )
    facts = facts_about(case, measurer(case, said), rulebook, each, person.tags, day)
    hold_to(facts, each, volunteer=said.volunteer, day=day)


def route_of(case: Case, said: Submitted | Corrected, day: date) -> Route | None:
    """The first route of approval that fits; None where the rulebook has none: then one approver is enough."""
    rulebook = case.frame.rulebook_on(day)
    if not rulebook.routes:
        return None
    service = service_record(case, said, day)
    holder, after = volunteer_holder(said.volunteer), day + timedelta(days=1)
    served = Moved(holder, Purpose.SERVED, MINUTES, None, day, after)
    claimed = Moved(holder, Purpose.CLAIMED, MINUTES, None, day, after)
    own = Moved(holder, Purpose.CLAIMED, MINUTES, said.record, day, after)
    case.need(served, claimed, own)
    before = case.ask(served) + case.ask(claimed) - case.ask(own)
    for route in rulebook.routes:
        if route.when.fits(service) and route.takes(before + service.minutes):
            return route
    return refuse("no_route", record=said.record, day=day, day_minutes=before + service.minutes)


def _approved_by_rulebook(case: Case, said: Submitted | Corrected, day: date, route: Route) -> None:
    fact = Approved(record=said.record, volunteer=said.volunteer, route=route.id, by_rulebook=True)
    subjects = (record_subject(said.record), volunteer_holder(said.volunteer))
    case.draft(fact, subjects, day, tuple(posting.mirrored() for posting in _claim(said, day)))
    award_record(case, said, day)


def _checked(
    case: Case, command: Submit | Correct, *, own: str, said: Submitted | Corrected | None = None
) -> tuple[Activity, date]:
    """The activity and the day of what is said, once nothing speaks against it."""
    volunteer = said.volunteer if said is not None else command.volunteer  # type: ignore[union-attr]
    activity = command.activity or (said.activity if said is not None else "")
    if command.intervals:
        day = _timed(case, command.intervals)
    else:
        day = command.on or case.booking_day
        if day > case.booking_day:
            refuse("service_in_future", end=day, booked_at=case.frame.calendar.local(case.booked_at))
    case.volunteer(volunteer, day=day)
    found = _standing(case.ask(activity_question(activity)), ActivityListed)
    if found is None:
        refuse("unknown_activity", activity=activity)
    assert isinstance(found, ActivityListed)  # noqa: S101 - narrows the type
    if not found.activity.offered_on(day):
        refuse("activity_not_offered", activity=activity, day=day)
    if command.intervals:
        _alone(case, volunteer, command.intervals, own)
    return found.activity, day


def _timed(case: Case, intervals: tuple[Interval, ...]) -> date:
    begin = min(interval.begin for interval in intervals)
    end = max(interval.end for interval in intervals)
    if end > case.booked_at:
        local = case.frame.calendar.local
        refuse("service_in_future", end=local(end), booked_at=local(case.booked_at))
    if not minutes_in(intervals):
        refuse("no_whole_minute", begin=begin, end=end)
    if end - begin > timedelta(days=RECORD_SPAN_DAYS_MAX):
        refuse("record_too_long", begin=begin, end=end, most_days=RECORD_SPAN_DAYS_MAX)
    return case.frame.calendar.day(begin)


def _alone(case: Case, volunteer: str, intervals: tuple[Interval, ...], own: str) -> None:
    """Refuse service at a time at which another live record already has the volunteer serve."""
    for record, state in records_of(case.ask(around(volunteer, intervals))).items():
        if record == own or not state.live:
            continue
        for other in state.said.intervals:
            if any(mine.overlaps(other) for mine in intervals):
                begin, end = case.frame.calendar.local(other.begin), case.frame.calendar.local(other.end)
                refuse("overlap", volunteer=volunteer, record=record, begin=begin, end=end)


def _standing(entries: tuple[Entry, ...], kind: type) -> object | None:
    """The latest fact of a kind, unless it was withdrawn since."""
    if not entries or isinstance(entries[-1].fact, Withdrawn):
        return None
    return entries[-1].fact if isinstance(entries[-1].fact, kind) else None


def _active_team(case: Case, team: str, day: date) -> Team:
    found = _standing(case.ask(team_question(team)), TeamFormed)
    if not isinstance(found, TeamFormed) or not found.team.active_on(day):
        refuse("unknown_team", team=team, day=day)
    return found.team


def _claim(said: Submitted | Corrected, on: date) -> tuple[Posting, ...]:
    unit, amount = (MINUTES, minutes_in(said.intervals)) if said.intervals else (TIMES, 1)
    holder = volunteer_holder(said.volunteer)
    return (
        Posting(Account(holder, Purpose.CLAIMED, said.record), unit, amount, None, on),
        Posting(Account(holder, Purpose.REPORTED), unit, -amount, None, on),
    )


def _unclaim(state: RecordState) -> tuple[Posting, ...]:
    return tuple(posting.mirrored() for posting in _claim(state.said, state.on))


def _state(case: Case, record: str) -> RecordState:
    state = record_state(case.ask(record_question(record)))
    if state is None:
        refuse("unknown_record", record=record)
    return state


def _submitted(case: Case, record: str) -> RecordState:
    state = _state(case, record)
    if state.status != "submitted":
        refuse("record_already_decided", record=record, status=state.status)
    return state


def _subjects(state: RecordState) -> tuple[str, str]:
    return record_subject(state.said.record), volunteer_holder(state.said.volunteer)


def reject(case: Case, command: Reject) -> None:
    """Reject a submitted record."""
    state = _submitted(case, command.record)
    case.authorise(Right.APPROVE, team=state.said.team)
    case.other_eyes(volunteer=state.said.volunteer, also=state.said_by, role="recorder")
    fact = Rejected(record=command.record, volunteer=state.said.volunteer, reason=command.reason)
    case.draft(fact, _subjects(state), state.on, _unclaim(state))


def void(case: Case, command: Void) -> None:
    """Withdraw a submitted record; who recorded it may do so."""
    state = _submitted(case, command.record)
    if case.actor != state.said_by:
        case.authorise(Right.APPROVE, team=state.said.team)
    fact = Voided(record=command.record, volunteer=state.said.volunteer, reason=command.reason)
    case.draft(fact, _subjects(state), state.on, _unclaim(state))


# --- approve, reverse, correct -----------------------------------------------------------------------------------


def approve(case: Case, command: Approve) -> None:
    """Approve a record; it is awarded by the rulebook of its day when nobody else is still to approve it."""
    state = _submitted(case, command.record)
    route = route_of(case, state.said, state.on)
    if route is not None and route.automatic:
        route = None  # what the rulebook itself may approve, one person may
    case.authorise(Right.APPROVE if route is None else route.right, team=state.said.team)
    case.other_eyes(volunteer=state.said.volunteer, also=state.said_by, role="recorder")
    if any(case.frame.is_same_person(case.actor, earlier) for earlier in state.approved_by):
        refuse("four_eyes", actor=case.actor, role="approver")
    still = 0 if route is None else max(0, route.approvers - len(state.approved_by) - 1)
    fact = Approved(
        record=command.record,
        volunteer=state.said.volunteer,
        rating=command.rating,
        route=route.id if route is not None else "",
        still=still,
    )
    if still:
        case.draft(fact, _subjects(state), state.on)
        return
    case.draft(fact, _subjects(state), state.on, _unclaim(state))
    award_record(case, state.said, state.on, rating=command.rating or state.rating)


def approve_by_rulebook(case: Case, command: ApproveByRulebook) -> None:
    """Approve what its route leaves to the rulebook, once its day is over and nothing can be added to it."""
    state = _submitted(case, command.record)
    route = route_of(case, state.said, state.on)
    if route is None or not route.automatic:
        refuse("needs_an_approver", record=command.record, route=None if route is None else route.id)
    if case.booking_day <= state.on:
        refuse("day_not_over", record=command.record, day=state.on)
    _approved_by_rulebook(case, state.said, state.on, route)


def confirm(case: Case, command: Confirm) -> None:
    """Let an award count whose public notice is over."""
    state = _state(case, command.record)
    if state.status != "awarded" or state.decided is None:
        refuse("no_notice", record=command.record)
    confirm_award(case, state.decided, _subjects(state))


def reverse(case: Case, command: Reverse) -> None:
    """Take back the award of a record."""
    state = _decided(case, command.record)
    case.authorise(Right.APPROVE, team=state.said.team)
    case.other_eyes(volunteer=state.said.volunteer, also=state.said_by, role="recorder")
    _reversed(case, state, command)


def _decided(case: Case, record: str) -> RecordState:
    state = _state(case, record)
    if state.status == "reversed":
        refuse("already_reversed", record=record)
    if state.status not in {"awarded", "not_awarded"}:
        refuse("not_decided", record=record, status=state.status)
    return state


def _reversed(case: Case, state: RecordState, command: Reverse | Correct) -> None:
    assert state.decided is not None  # noqa: S101 - a decided record has its award or the reason for none
    reverse_award(case, state.decided, command, _subjects(state))


def correct(case: Case, command: Correct) -> None:
    """Replace what a decided or reversed record says: reversal, new saying and new award in one commit."""
    state = _state(case, command.record)
    if state.status not in {"awarded", "not_awarded", "reversed"}:
        refuse("not_decided", record=command.record, status=state.status)
    said = state.said
    activity, details = command.activity or said.activity, command.details or said.details
    case.need(
        volunteer_question(said.volunteer), activity_question(activity), *_around(said.volunteer, command.intervals)
    )
    _, day = _checked(case, command, own=command.record, said=said)
    same = command.intervals == said.intervals and (bool(said.intervals) or day == state.on)
    if same and activity == said.activity and details == said.details and state.status != "reversed":
        refuse("no_change", record=command.record)
    case.authorise(Right.APPROVE, team=said.team)
    case.other_eyes(volunteer=said.volunteer, also=command.requested_by, role="requester")
    if state.status != "reversed":
        _reversed(case, state, command)
    fact = Corrected(
        record=command.record,
        volunteer=said.volunteer,
        activity=activity,
        intervals=command.intervals,
        revision=state.revision + 1,
        requested_by=command.requested_by,
        reason=command.reason,
        team=said.team,
        evidence=said.evidence,
        details=details,
    )
    case.draft(fact, _subjects(state), day)
    award_record(case, fact, day, rating=state.rating)
