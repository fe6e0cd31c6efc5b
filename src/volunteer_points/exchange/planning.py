"""What sign-in sheets would add to the books, worked out row by row through the same decisions as writing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import attrs

from volunteer_points.books import Committed
from volunteer_points.commands import Command, Enrol
from volunteer_points.decisions.case import volunteer_question
from volunteer_points.decisions.service import RecordState, record_question, record_state
from volunteer_points.entries import Corrected, Submitted
from volunteer_points.errors import InputError, Refused, VolunteerPointsError
from volunteer_points.exchange.matching import Newcomer, activity_names, match_people, team_names
from volunteer_points.exchange.sheets import Sheet
from volunteer_points.exchange.understanding import (
    Problem,
    RowPlace,
    Served,
    Understanding,
    everybody,
    problem_of,
    why_refused,
)
from volunteer_points.model import Calendar, Evidence
from volunteer_points.people import Register
from volunteer_points.programme import Order, Programme, Reader

ROWS_AT_ONCE = 1_000

Progress = Callable[[int], None]
"""Told how many more rows are done."""


@attrs.frozen(kw_only=True)
class Choices:
    """How sheets are recorded.

    Attributes:
        actor: Who records the service.
        booked_at: When it is recorded; None for now.
        evidence: How well the sheets support it.
        add_people: Whether people whom the register does not know are registered and enrolled.
        again: Whether rows whose record was withdrawn are recorded anew.
    """

    actor: str
    booked_at: datetime | None = None
    evidence: Evidence = Evidence.SUPERVISOR
    add_people: bool = False
    again: bool = False

    def order(self, command: Command, key: str | None = None) -> Order:
        """A command as these choices have it brought."""
        return Order(command=command, actor=self.actor, key=key, booked_at=self.booked_at)

    def recording(self, service: Served) -> Order:
        """What records a row.

        Raises:
            InputError: Something in it is out of bounds.
        """
        return self.order(service.command(self.evidence), service.key)


@attrs.frozen(kw_only=True)
class Standing:
    """A row and its record."""

    service: Served
    record: str
    status: str


@attrs.frozen(kw_only=True)
class Change:
    """A row that says something else than what is recorded.

    Attributes:
        service: What the row says.
        stands: What is recorded.
        certain: Whether it is the record that this row once made. Otherwise it is a record of the same person,
            activity and day whose time overlaps, which most likely is the one that is meant.
    """

    service: Served
    stands: RecordState
    certain: bool


@attrs.frozen(kw_only=True)
class Repetition:
    """A row that says what an earlier row of the same import says; it is left out."""

    place: RowPlace
    of: RowPlace


@attrs.frozen(kw_only=True)
class Plan:
    """What an import would do, row by row; nothing has been written.

    Attributes:
        sheets: What was read.
        added: Rows that would be recorded, in their order.
        there: Rows that are recorded already.
        withdrawn: Rows whose record was voided, rejected or reversed since, and that say nothing new.
        repeated: Rows that say what an earlier row says.
        changed: Rows that say something else than what is recorded.
        problems: What is wrong with the other rows.
        newcomers: People who would be registered and enrolled.
        enrolled: Registered people who would be enrolled as volunteers.
    """

    sheets: tuple[Sheet, ...]
    added: tuple[Served, ...] = ()
    there: tuple[Standing, ...] = ()
    withdrawn: tuple[Standing, ...] = ()
    repeated: tuple[Repetition, ...] = ()
    changed: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    newcomers: tuple[Newcomer, ...] = ()
    enrolled: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every row is recorded or can be."""
        return not self.problems and not self.changed

    @property
    def bad_rows(self) -> int:
        """How many rows have a problem or are changed."""
        return len({each.place for each in self.problems} | {each.service.place for each in self.changed})


class Draft:
    """A plan while it is made."""

    def __init__(self, sheets: tuple[Sheet, ...]) -> None:
        self._sheets = sheets
        self._by_source = {sheet.source: sheet for sheet in sheets}
        self.added: list[Served] = []
        self.there: list[Standing] = []
        self.withdrawn: list[Standing] = []
        self.repeated: list[Repetition] = []
        self.changed: list[Change] = []
        self.problems: list[Problem] = []

    def refuse(self, service: Served, error: VolunteerPointsError, **facts: object) -> None:
        """Note why a row cannot be recorded."""
        sheet = self._by_source[service.place.sheet]
        self.problems.append(problem_of(sheet, service.row, why_refused(service.row, error, **facts), error))

    def without_repetitions(self, services: Iterable[Served]) -> Iterator[Served]:
        """The first row of each service; another that says the same is a repetition, one that does not a problem."""
        first: dict[str, Served] = {}
        for service in services:
            earlier = first.setdefault(service.key, service)
            if earlier is service:
                yield service
            elif earlier.interval == service.interval and service.team in {None, earlier.team}:
                self.repeated.append(Repetition(place=service.place, of=earlier.place))
            else:
                says = f"{earlier.row.begin:%H:%M}-{earlier.row.end:%H:%M} {earlier.row.team}".rstrip()
                self.refuse(service, InputError("contradicts_row", other=str(earlier.place), says=says))

    def plan(self, newcomers: tuple[Newcomer, ...], enrolled: tuple[str, ...]) -> Plan:
        """The plan, every part of it in the order of the sheets."""
        numbers = {sheet.source: number for number, sheet in enumerate(self._sheets)}

        def in_order(place: RowPlace) -> tuple[int, int]:
            return numbers[place.sheet], place.number

        return Plan(
            sheets=self._sheets,
            added=tuple(sorted(self.added, key=lambda each: in_order(each.place))),
            there=tuple(sorted(self.there, key=lambda each: in_order(each.service.place))),
            withdrawn=tuple(sorted(self.withdrawn, key=lambda each: in_order(each.service.place))),
            repeated=tuple(self.repeated),
            changed=tuple(sorted(self.changed, key=lambda each: in_order(each.service.place))),
            problems=tuple(sorted(self.problems, key=lambda each: in_order(each.place))),
            newcomers=newcomers,
            enrolled=enrolled,
        )


class Planner:
    """Works out what sheets would add."""

    def __init__(self, programme: Programme, register: Register, choices: Choices) -> None:
        self._programme = programme
        self._register = register
        self._choices = choices
        self._calendar: Calendar = programme.frame().calendar

    def plan(self, sheets: tuple[Sheet, ...], progress: Progress) -> Plan:
        """What the sheets would add."""
        draft = Draft(sheets)
        services, newcomers = self.understood(sheets, draft)
        with self._programme.store.reader() as reader:
            fresh = self._without_record(reader, draft.without_repetitions(services), draft)
            strangers = self._not_enrolled(reader, fresh) if self._choices.add_people else set()
        progress(sum(len(sheet.rows) for sheet in sheets) - len(fresh))
        for chunk in _by_volunteer(fresh):
            self._try_out(chunk, strangers, draft)
            progress(len(chunk))
        present = {service.volunteer for service in draft.added}
        enrolled = present & strangers - {newcomer.placeholder for newcomer in newcomers}
        return draft.plan(
            tuple(newcomer for newcomer in newcomers if newcomer.placeholder in present), tuple(sorted(enrolled))
        )

    def understood(self, sheets: Iterable[Sheet], draft: Draft) -> tuple[list[Served], tuple[Newcomer, ...]]:
        """The rows that are clear, and who is new; what is wrong with the others goes into the draft."""
        people = match_people(self._register, everybody(sheets), add=self._choices.add_people)
        nouns = self._programme.nouns().values()
        understanding = Understanding(self._calendar, people, activity_names(nouns), team_names(nouns))
        services: list[Served] = []
        for sheet in sheets:
            clear, problems = understanding.of(sheet)
            services += clear
            draft.problems += problems
        return services, people.newcomers

    # --- what stands -----------------------------------------------------------------------------------------------

    def _without_record(self, reader: Reader, services: Iterable[Served], draft: Draft) -> list[Served]:
        """The rows that have no record; what it means where there is one goes into the draft."""
        fresh: list[Served] = []
        for service, first, state in latest_records(reader, services, self._passed_over):
            if state is None or first is None:
                fresh.append(service)
                continue
            standing = Standing(service=service, record=state.said.record, status=state.status)
            if not state.live:
                draft.withdrawn.append(standing)
            elif says(service, first, state.said):
                draft.there.append(standing)
            else:
                draft.changed.append(Change(service=service, stands=state, certain=True))
        return fresh

    def _passed_over(self, service: Served, first: Submitted, state: RecordState) -> bool:
        return not state.live and (self._choices.again or not says(service, first, state.said))

    def _not_enrolled(self, reader: Reader, services: Iterable[Served]) -> set[str]:
        questions = {each: volunteer_question(each) for each in sorted({service.volunteer for service in services})}
        answers = reader.ask(questions.values())
        return {each for each, question in questions.items() if not answers[question]}

    # --- trying out ------------------------------------------------------------------------------------------------

    def _try_out(self, services: Sequence[Served], strangers: set[str], draft: Draft) -> None:
        """Decide about all rows of some volunteers, and put each where it belongs."""
        enrolments = sorted({service.volunteer for service in services} & strangers)
        recordings: list[tuple[Served, Order]] = []
        for service in services:
            try:
                recordings.append((service, self._choices.recording(service)))
            except InputError as error:
                draft.refuse(service, error)
        orders = [self._choices.order(Enrol(volunteer=volunteer)) for volunteer in enrolments]
        outcomes = self._programme.preview_many([*orders, *(order for _, order in recordings)])
        why_not = {
            volunteer: outcome.refusal
            for volunteer, outcome in zip(enrolments, outcomes, strict=False)
            if outcome.refusal
        }
        recorded: dict[str, Served] = {}
        for (service, _), outcome in zip(recordings, outcomes[len(orders) :], strict=True):
            if outcome.refusal is None:
                recorded[outcome.fact(Submitted).record] = service
                draft.added.append(service)
            else:
                self._refused(service, why_not.get(service.volunteer, outcome.refusal), recorded, draft)

    def _refused(self, service: Served, refusal: Refused, recorded: Mapping[str, Served], draft: Draft) -> None:
        other = str(refusal.facts.get("record", ""))
        if refusal.code != "overlap":
            draft.refuse(service, refusal)
        elif other in recorded:
            draft.refuse(service, Refused("overlaps_row", **refusal.facts), other=str(recorded[other].place))
        else:
            self._met(service, self._programme.record(other), refusal, draft)

    def _met(self, service: Served, stands: RecordState, refusal: Refused, draft: Draft) -> None:
        """A row without a record of its own meets another record: most likely the one that is meant."""
        if (stands.said.activity, stands.on) != (service.activity, self._calendar.day(service.interval.begin)):
            draft.refuse(service, refusal)
        elif says(service, stands.said):
            draft.there.append(Standing(service=service, record=stands.said.record, status=stands.status))
        else:
            draft.changed.append(Change(service=service, stands=stands, certain=False))


def says(service: Served, *said: Submitted | Corrected) -> bool:
    """Whether a row says what was said in one of these ways."""
    return any(each.intervals == (service.interval,) and service.team in {None, each.team} for each in said)


Found = tuple[Served, Submitted | None, RecordState | None]


def latest_records(
    reader: Reader,
    services: Iterable[Served],
    passed_over: Callable[[Served, Submitted, RecordState], bool],
) -> Iterator[Found]:
    """Each row with the record that was made for it, if there is one.

    Args:
        reader: The ledger.
        services: The rows.
        passed_over: Whether a record no longer counts, so that the row belongs to a later one.
    """
    walk = iter(services)
    while chunk := list(islice(walk, ROWS_AT_ONCE)):
        while chunk:
            later = []
            for service, first, state in _records(reader, chunk):
                if first is not None and state is not None and passed_over(service, first, state):
                    later.append(attrs.evolve(service, generation=service.generation + 1))
                else:
                    yield service, first, state
            chunk = later


def _records(reader: Reader, services: Sequence[Served]) -> Iterator[Found]:
    commits = {service.key: Committed(service.key) for service in services}
    committed = reader.ask(commits.values())
    facts = {key: committed[question][0].fact for key, question in commits.items() if committed[question]}
    firsts = {key: fact for key, fact in facts.items() if isinstance(fact, Submitted)}
    questions = {key: record_question(first.record) for key, first in firsts.items()}
    answers = reader.ask(questions.values())
    for service in services:
        first = firsts.get(service.key)
        yield service, first, record_state(answers[questions[service.key]]) if first else None


def _by_volunteer(services: Iterable[Served]) -> Iterator[list[Served]]:
    """Chunks in which every volunteer is complete: whether two rows overlap is seen within one."""
    rows: dict[str, list[Served]] = {}
    for service in services:
        rows.setdefault(service.volunteer, []).append(service)
    chunk: list[Served] = []
    for own in rows.values():
        chunk += own
        if len(chunk) >= ROWS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
