"""One request in front of the books: what a decision reads, what it has drafted so far, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NoReturn, TypeVar, cast

import attrs

from volunteer_points.books import About, Books, LotsOf, Question, Tally, combined, soonest
from volunteer_points.commands import Request
from volunteer_points.entries import (
    Described,
    Draft,
    Enrolled,
    Joined,
    Left,
    PeriodClosed,
    ProgrammeAdopted,
    Repaid,
    RulebookAdopted,
    derived_id,
)
from volunteer_points.errors import Refused
from volunteer_points.model import NO_OWN_RULES, Calendar, Currency, Duty, OwnRules, Right
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose, volunteer_holder
from volunteer_points.rules import Rulebook

Answer = TypeVar("Answer")

FRAME = About(PROGRAMME, ("ProgrammeAdopted", "RulebookAdopted", "PeriodClosed"), many=True)
"""The question that every decision asks: the programme's frame, its rulebooks and what is closed."""

VOLUNTEER_KINDS = ("Enrolled", "Described", "Joined", "Left")


def refuse(code: str, **facts: object) -> NoReturn:
    """Refuse with a stable code and the numbers behind it."""
    raise Refused(code, **facts)


@attrs.frozen
class Frame:
    """The programme as it stands: the latest frame, every rulebook, and the first day that is open for booking.

    With it come the developers' own rules that are there; they are no part of the ledger.
    """

    adopted: ProgrammeAdopted
    rulebooks: tuple[Rulebook, ...]
    closed_until: date | None
    own_rules: OwnRules = NO_OWN_RULES

    @property
    def calendar(self) -> Calendar:
        """The programme's zone and start of day."""
        return self.adopted.calendar

    def rulebook_on(self, day: date) -> Rulebook:
        """The version in force for service that begins on a day.

        Raises:
            Refused: ``no_rulebook`` when none covers it.
        """
        begun = [rulebook for rulebook in self.rulebooks if rulebook.since <= day]
        latest = max(begun, key=lambda rulebook: rulebook.since, default=None)
        if latest is None or not latest.covers(day):
            refuse("no_rulebook", day=day)
        return latest

    def currency(self, name: str) -> Currency:
        """The currency of that name.

        Raises:
            Refused: ``unknown_currency``.
        """
        for currency in self.adopted.currencies:
            if currency.id == name:
                return currency
        refuse("unknown_currency", currency=name, known=[currency.id for currency in self.adopted.currencies])

    def duties_of(self, actor: str) -> tuple[Duty, ...]:
        """What an actor was given to do."""
        return tuple(duty for duty in self.adopted.duties if duty.actor == actor)

    def may(self, actor: str, right: Right, *, team: str | None = None, partner: str | None = None) -> bool:
        """Whether an actor has a right, for a team or a partner if one is concerned. Founders have every right."""
        if actor in (*self.adopted.founders, self.adopted.run_by_one):
            return True
        return any(
            right in duty.may
            and (not duty.teams or team in duty.teams)
            and (not duty.partners or partner in duty.partners)
            for duty in self.duties_of(actor)
        )

    def is_same_person(self, one: str, other: str) -> bool:
        """Whether two ids, of actors or volunteers, are those of one person, as far as duties say."""
        return not self._ids_of(one).isdisjoint(self._ids_of(other))

    def _ids_of(self, person: str) -> set[str]:
        return {person, *(duty.volunteer for duty in self.duties_of(person) if duty.volunteer is not None)}


def frame_of(answer: tuple[object, ...], own_rules: OwnRules = NO_OWN_RULES) -> Frame | None:
    """The frame from the entries that :data:`FRAME` asks for; None before the first adoption."""
    facts = [getattr(entry, "fact", None) for entry in answer]
    adopted = [fact for fact in facts if isinstance(fact, ProgrammeAdopted)]
    rulebooks = tuple(fact.rulebook for fact in facts if isinstance(fact, RulebookAdopted))
    closed = [fact.until for fact in facts if isinstance(fact, PeriodClosed)]
    return Frame(adopted[-1], rulebooks, max(closed, default=None), own_rules) if adopted else None


@attrs.frozen
class VolunteerState:
    """What is known of a volunteer."""

    id: str
    tags: tuple[str, ...]
    household: str | None
    joined: tuple[Joined | Left, ...]
    """Every move into a team or out of one, and out of the programme, which is out of all teams."""

    left_since: date | None

    def is_member(self, team: str, day: date) -> bool:
        """Whether the volunteer belongs to the team on that day."""
        moves = [move for move in self.joined if move.team in {team, None} and move.since <= day]
        return bool(moves) and isinstance(max(enumerate(moves), key=lambda move: (move[1].since, move[0]))[1], Joined)


class Case:
    """A request, the books, and the drafts so far. What was drafted is part of what is asked next."""

    def __init__(self, books: Books, request: Request, frame: Frame) -> None:
        self._books = books
        self._drafted = Tally()
        self._untallied: list[Posting] = []
        self._volunteers: dict[str, VolunteerState] = {}
        self.request = request
        self.frame = frame
        self.drafts: list[Draft] = []
        self.booking_day = frame.calendar.day(request.booked_at)

    @property
    def actor(self) -> str:
        """Who brings the request."""
        return self.request.actor

    @property
    def booked_at(self) -> datetime:
        """When it is brought."""
        return self.request.booked_at

    def need(self, *questions: Question[object]) -> None:
        """Name what will be asked, so that all of it is fetched at once."""
        self._books.need(*questions)

    def ask(self, question: Question[Answer]) -> Answer:
        """An answer that includes what this decision has drafted."""
        answer = self._books.ask(question)
        if not self.drafts or isinstance(question, About):
            return answer
        for posting in self._untallied:
            self._drafted.post(posting)
        self._untallied.clear()
        return cast("Answer", combined(question, answer, self._drafted.answer(question)))

    def draft(self, fact: object, about: tuple[str, ...], on: date, postings: tuple[Posting, ...] = ()) -> None:
        """Add an entry to what will be written."""
        self.drafts.append(Draft(fact, about, on, postings))  # type: ignore[arg-type]  # the caller drafts facts only
        self._untallied += postings

    def new_id(self, prefix: str) -> str:
        """The id of what this request brings into being."""
        return derived_id(prefix, self.request.ledger, self.request.key)

    def check_open(self) -> None:
        """Refuse to book on a day that is closed."""
        closed_until = self.frame.closed_until
        if closed_until is not None and self.booking_day < closed_until:
            refuse("period_closed", day=self.booking_day, closed_until=closed_until)

    # --- who may ---

    def authorise(self, right: Right, *, team: str | None = None, partner: str | None = None) -> None:
        """Refuse an actor who has not been given the duty."""
        if not self.frame.may(self.actor, right, team=team, partner=partner):
            refuse("not_authorised", actor=self.actor, right=str(right), team=team, partner=partner)

    def other_eyes(self, *, volunteer: str, also: str, role: str) -> None:
        """Refuse when the actor is the volunteer or the other person involved, unless one person runs it all."""
        if self.frame.adopted.run_by_one:
            return
        if self.frame.is_same_person(self.actor, also):
            refuse("four_eyes", actor=self.actor, role=role)
        if self.frame.is_same_person(self.actor, volunteer):
            refuse("own_case", actor=self.actor, volunteer=volunteer)

    # --- what stands ---

    def volunteer(self, volunteer: str, *, day: date | None = None) -> VolunteerState:
        """What is known of an enrolled volunteer; with a day, one who had not left by then."""
        state = self._volunteers.get(volunteer)
        if state is None:
            entries = self.ask(volunteer_question(volunteer))
            state = volunteer_state(volunteer, tuple(entry.fact for entry in entries))
            if state is None:
                refuse("unknown_volunteer", volunteer=volunteer)
            self._volunteers[volunteer] = state
        if day is not None and state.left_since is not None and state.left_since <= day:
            refuse("volunteer_left", volunteer=volunteer, since=state.left_since, day=day)
        return state

    def spendable(self, volunteer: str, currency: str) -> Mapping[datetime | None, int]:
        """Available points by lot, without the lots that have ended."""
        return self.spendable_of(volunteer_holder(volunteer), currency)

    def spendable_of(self, holder: str, currency: str) -> Mapping[datetime | None, int]:
        """The same of any holder: a household, a team or a fund."""
        lots = self.ask(lots_of(holder, currency))
        return {lot: amount for lot, amount in lots.items() if lot is None or lot > self.booked_at}


def repaid(case: Case, holder: str, currency: str) -> None:
    """Let what is available to a holder pay what is owed, soonest lots first."""
    owed = -sum(case.ask(debt_of(holder, currency)).values())
    lots = case.spendable_of(holder, currency) if owed else {}
    paid = min(owed, sum(lots.values()))
    if paid <= 0:
        return
    postings = [
        Posting(Account(holder, Purpose.AVAILABLE), currency, -part, lot, case.booking_day)
        for lot, part in taken(lots, paid).items()
    ]
    postings.append(Posting(Account(holder, Purpose.DEBT), currency, paid, None, case.booking_day))
    fact = Repaid(volunteer=holder.removeprefix(volunteer_holder("")), currency=currency, points=paid)
    case.draft(fact, (holder,), case.booking_day, tuple(postings))


def volunteer_question(volunteer: str) -> About:
    """Everything about who a volunteer is."""
    return About(volunteer_holder(volunteer), VOLUNTEER_KINDS)


def volunteer_state(volunteer: str, facts: tuple[object, ...]) -> VolunteerState | None:
    """The state that enrolment, description, joining and leaving add up to."""
    described = [fact for fact in facts if isinstance(fact, (Enrolled, Described))]
    if not described:
        return None
    moves = tuple(fact for fact in facts if isinstance(fact, (Joined, Left)))
    ends = [fact for fact in facts if isinstance(fact, Enrolled) or (isinstance(fact, Left) and fact.team is None)]
    last = ends[-1] if ends else None
    return VolunteerState(
        volunteer,
        described[-1].tags,
        described[-1].household,
        moves,
        last.since if isinstance(last, Left) else None,
    )


def lots_of(holder: str, currency: str) -> LotsOf:
    """The question for the available points of any holder."""
    return LotsOf(Account(holder, Purpose.AVAILABLE), currency)


def debt_of(holder: str, currency: str) -> LotsOf:
    """The question for what any holder owes."""
    return LotsOf(Account(holder, Purpose.DEBT), currency)


def available(volunteer: str, currency: str) -> LotsOf:
    """The question for a volunteer's available points."""
    return lots_of(volunteer_holder(volunteer), currency)


def debt(volunteer: str, currency: str) -> LotsOf:
    """The question for what a volunteer owes."""
    return debt_of(volunteer_holder(volunteer), currency)


def taken(lots: Mapping[datetime | None, int], amount: int) -> dict[datetime | None, int]:
    """So much out of the lots, the soonest first; at most what they hold."""
    parts: dict[datetime | None, int] = {}
    for lot in sorted(lots, key=soonest):
        part = min(lots[lot], amount)
        if part > 0:
            parts[lot] = part
            amount -= part
    return parts
