"""Service records: submitted, approved and awarded, rejected, voided, reversed, corrected."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from volunteer_points.books import About, LotsOf, Question
from volunteer_points.commands import Approve, Correct, Reject, Reverse, Submit, Void
from volunteer_points.decisions.case import Case, available, debt, issued, refuse, taken, volunteer_question
from volunteer_points.entries import (
    ActivityListed,
    Approved,
    Awarded,
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
from volunteer_points.postings import Account, Posting, Purpose, record_subject, volunteer_holder
from volunteer_points.rules import MINUTES, ReversalOrder, ServiceRecord, Working, award, cap_windows

RECORD_KINDS = ("Submitted", "Approved", "Rejected", "Voided", "Awarded", "NotAwarded", "Reversed", "Corrected")


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
}


def record_state(entries: tuple[Entry, ...]) -> RecordState | None:
    """The state that the entries about one record leave; None when there are none."""
    said = [entry for entry in entries if isinstance(entry.fact, (Submitted, Corrected))]
    if not said:
        return None
    last = said[-1]
    assert isinstance(last.fact, (Submitted, Corrected))  # noqa: S101 - narrows the type for the reader below
    decided = [entry for entry in entries if isinstance(entry.fact, (Awarded, NotAwarded))]
    said_by = last.fact.requested_by if isinstance(last.fact, Corrected) else last.actor
    return RecordState(
        said=last.fact,
        said_by=said_by,
        on=last.on,
        status=STATUS[type(entries[-1].fact)],
        decided=decided[-1] if decided else None,
        revision=len(said),
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


def activity_question(activity: str) -> About:
    """The activity as it stands."""
    return About(f"activity:{activity}", ("ActivityListed", "Withdrawn"), many=True)


def team_question(team: str) -> About:
    """The team as it stands."""
    return About(f"team:{team}", ("TeamFormed", "Withdrawn"), many=True)


def submit_needs(command: Submit) -> tuple[Question[object], ...]:
    """What recording asks."""
    return (
        volunteer_question(command.volunteer),
        activity_question(command.activity),
        around(command.volunteer, command.intervals),
    )


def record_needs(command: Approve | Reject | Void | Reverse | Correct) -> tuple[Question[object], ...]:
    """What deciding about a record asks first."""
    return (record_question(command.record),)


# --- submit, reject, void ----------------------------------------------------------------------------------------


def submit(case: Case, command: Submit) -> None:
    """Record service of a volunteer."""
    record = case.new_id("r")
    activity, day = _checked(case, command.volunteer, command.activity, command.intervals, own="")
    team = command.team or activity.team
    if team is not None:
        _active_team(case, team, day)
    case.authorise(Right.RECORD, team=team)
    rulebook = case.frame.rulebook_on(day)
    if rulebook.members_only and team is not None and not case.volunteer(command.volunteer).is_member(team, day):
        refuse("not_a_member", volunteer=command.volunteer, team=team, day=day)
    if rulebook.record_within_days is not None and (case.booking_day - day).days > rulebook.record_within_days:
        refuse("recorded_too_late", day=day, today=case.booking_day, within_days=rulebook.record_within_days)
    fact = Submitted(
        record=record,
        volunteer=command.volunteer,
        activity=command.activity,
        intervals=command.intervals,
        team=team,
        evidence=command.evidence,
        source=command.source,
    )
    case.draft(fact, (record_subject(record), volunteer_holder(command.volunteer)), day, _claim(fact, day))


def _checked(
    case: Case, volunteer: str, activity: str, intervals: tuple[Interval, ...], *, own: str
) -> tuple[Activity, date]:
    begin = min(interval.begin for interval in intervals)
    end = max(interval.end for interval in intervals)
    if end > case.booked_at:
        refuse(
            "service_in_future", end=case.frame.calendar.local(end), booked_at=case.frame.calendar.local(case.booked_at)
        )
    if not minutes_in(intervals):
        refuse("no_whole_minute", begin=begin, end=end)
    day = case.frame.calendar.day(begin)
    if end - begin > timedelta(days=RECORD_SPAN_DAYS_MAX):
        refuse("record_too_long", begin=begin, end=end, most_days=RECORD_SPAN_DAYS_MAX)
    case.volunteer(volunteer, day=day)
    found = _standing(case.ask(activity_question(activity)), ActivityListed)
    if found is None:
        refuse("unknown_activity", activity=activity)
    assert isinstance(found, ActivityListed)  # noqa: S101 - narrows the type
    if not found.activity.offered_on(day):
        refuse("activity_not_offered", activity=activity, day=day)
    _alone(case, volunteer, intervals, own)
    return found.activity, day


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
    minutes = minutes_in(said.intervals)
    holder = volunteer_holder(said.volunteer)
    return (
        Posting(Account(holder, Purpose.CLAIMED, said.record), MINUTES, minutes, None, on),
        Posting(Account(holder, Purpose.REPORTED), MINUTES, -minutes, None, on),
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
    """Approve a record and award it by the rulebook of its day."""
    state = _submitted(case, command.record)
    case.authorise(Right.APPROVE, team=state.said.team)
    case.other_eyes(volunteer=state.said.volunteer, also=state.said_by, role="recorder")
    fact = Approved(record=command.record, volunteer=state.said.volunteer)
    case.draft(fact, _subjects(state), state.on, _unclaim(state))
    _award(case, state.said, state.on)


def service_record(case: Case, said: Submitted | Corrected, on: date) -> ServiceRecord:
    """What rules may look at, put together from the record, the volunteer, the activity and the team."""
    questions: list[Question[object]] = [volunteer_question(said.volunteer), activity_question(said.activity)]
    if said.team is not None:
        questions.append(team_question(said.team))
    case.need(*questions)
    activity = _latest(case.ask(activity_question(said.activity)), ActivityListed)
    team = _latest(case.ask(team_question(said.team)), TeamFormed) if said.team else None
    return ServiceRecord(
        intervals=said.intervals,
        day=on,
        activity=said.activity,
        activity_type=activity.activity.type if isinstance(activity, ActivityListed) else "service",
        team=said.team,
        slot=team.team.slot if isinstance(team, TeamFormed) else None,
        tags=case.volunteer(said.volunteer).tags,
        evidence=said.evidence,
    )


def _latest(entries: tuple[Entry, ...], kind: type) -> object | None:
    """The latest fact of a kind, even when it was withdrawn since: old service keeps its activity and team."""
    return next((entry.fact for entry in reversed(entries) if isinstance(entry.fact, kind)), None)


def work_out(case: Case, said: Submitted | Corrected, on: date) -> Working:
    """What the rulebook of that day gives for a record, after what this person already got."""
    rulebook = case.frame.rulebook_on(on)
    service = service_record(case, said, on)
    windows = {
        window.cap: issued(said.volunteer, window.unit, window.activity, window.since, window.until)
        for window in cap_windows(rulebook, service)
    }
    case.need(*windows.values(), debt(said.volunteer, rulebook.currency), available(said.volunteer, rulebook.currency))
    used = {cap: -case.ask(question) for cap, question in windows.items()}
    return award(rulebook, case.frame.currency(rulebook.currency), case.frame.calendar, service, used)


def _award(case: Case, said: Submitted | Corrected, on: date) -> None:
    rulebook = case.frame.rulebook_on(on)
    working = work_out(case, said, on)
    holder, subjects = volunteer_holder(said.volunteer), (record_subject(said.record), volunteer_holder(said.volunteer))
    postings: list[Posting] = []
    if working.minutes:
        postings += [
            Posting(Account(holder, Purpose.ISSUED, said.activity), MINUTES, -working.minutes, None, on),
            Posting(Account(holder, Purpose.SERVED, said.activity), MINUTES, working.minutes, None, on),
        ]
    if working.nothing_because is not None:
        missed = NotAwarded(
            record=said.record,
            volunteer=said.volunteer,
            activity=said.activity,
            rulebook=rulebook.id,
            rulebook_hash=rulebook.hash,
            minutes=working.minutes,
            because=working.nothing_because,
            working=working.steps,
        )
        case.draft(missed, subjects, on, tuple(postings))
        return
    postings += [
        Posting(Account(holder, Purpose.ISSUED, said.activity), rulebook.currency, -working.points, None, on),
        Posting(Account(holder, Purpose.AVAILABLE), rulebook.currency, working.points, working.lot, on),
    ]
    fact = Awarded(
        record=said.record,
        volunteer=said.volunteer,
        activity=said.activity,
        rulebook=rulebook.id,
        rulebook_hash=rulebook.hash,
        currency=rulebook.currency,
        points=working.points,
        minutes=working.minutes,
        lot=working.lot,
        working=working.steps,
    )
    case.draft(fact, subjects, on, tuple(postings))
    case.repay(said.volunteer, rulebook.currency)


def reverse(case: Case, command: Reverse) -> None:
    """Take back the award of a record."""
    state = _decided(case, command.record)
    case.authorise(Right.APPROVE, team=state.said.team)
    case.other_eyes(volunteer=state.said.volunteer, also=state.said_by, role="recorder")
    _reverse(case, state, command)


def _decided(case: Case, record: str) -> RecordState:
    state = _state(case, record)
    if state.status == "reversed":
        refuse("already_reversed", record=record)
    if state.status not in {"awarded", "not_awarded"}:
        refuse("not_decided", record=record, status=state.status)
    return state


def _reverse(case: Case, state: RecordState, command: Reverse | Correct) -> None:
    entry = state.decided
    assert entry is not None  # noqa: S101 - a decided record has its award or the reason for none
    fact = entry.fact
    assert isinstance(fact, (Awarded, NotAwarded))  # noqa: S101 - narrows the type
    rulebook = next((each for each in case.frame.rulebooks if each.id == fact.rulebook), None)
    postings = [each.mirrored() for each in entry.postings if each.account.purpose != Purpose.AVAILABLE]
    if isinstance(fact, Awarded):
        postings += _taken_back(case, fact, rulebook.redemption.reversal_takes if rulebook else ReversalOrder.DEBT)
    room = tuple(cap.id for cap in rulebook.caps if cap.per != "record") if rulebook else ()
    reversal = Reversed(record=fact.record, volunteer=fact.volunteer, entry=entry.id, reason=command.reason, room=room)
    case.draft(reversal, _subjects(state), entry.on, tuple(postings))


def _taken_back(case: Case, fact: Awarded, order: ReversalOrder) -> list[Posting]:
    """The recorded points out of: their lot, then (switch) other live lots, then what expired from it, then debt."""
    holder, currency = volunteer_holder(fact.volunteer), fact.currency
    expired = LotsOf(Account(holder, Purpose.EXPIRED), currency)
    case.need(available(fact.volunteer, currency), expired)
    lots = case.ask(available(fact.volunteer, currency))
    rest = fact.points
    postings: list[Posting] = []

    def take(purpose: Purpose, amounts: dict[object, int]) -> None:
        nonlocal rest
        for lot, part in taken(amounts, rest).items():  # type: ignore[arg-type]  # lots are instants or none
            postings.append(Posting(Account(holder, purpose), currency, -part, lot, case.booking_day))
            rest -= part

    take(Purpose.AVAILABLE, {fact.lot: lots.get(fact.lot, 0)})
    if order is ReversalOrder.OTHER_LOTS:
        spendable = case.spendable(fact.volunteer, currency)
        take(Purpose.AVAILABLE, {lot: amount for lot, amount in spendable.items() if lot != fact.lot})
    take(Purpose.EXPIRED, {fact.lot: case.ask(expired).get(fact.lot, 0)})
    if rest:
        postings.append(Posting(Account(holder, Purpose.DEBT), currency, -rest, None, case.booking_day))
    return postings


def correct(case: Case, command: Correct) -> None:
    """Replace what a decided or reversed record says: reversal, new saying and new award in one commit."""
    state = _state(case, command.record)
    if state.status not in {"awarded", "not_awarded", "reversed"}:
        refuse("not_decided", record=command.record, status=state.status)
    said = state.said
    activity = command.activity or said.activity
    case.need(
        volunteer_question(said.volunteer), activity_question(activity), around(said.volunteer, command.intervals)
    )
    _, day = _checked(case, said.volunteer, activity, command.intervals, own=command.record)
    if command.intervals == said.intervals and activity == said.activity and state.status != "reversed":
        refuse("no_change", record=command.record)
    case.authorise(Right.APPROVE, team=said.team)
    case.other_eyes(volunteer=said.volunteer, also=command.requested_by, role="requester")
    if state.status != "reversed":
        _reverse(case, state, command)
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
    )
    case.draft(fact, _subjects(state), day)
    _award(case, fact, day)
