"""From sign-in sheets to service records: what sheets would add is worked out first, then written, and can be undone.

A row is the same row wherever it stands: its idempotency key follows from the volunteer, the activity and the begin.
So the same sheet again adds nothing, an import that was interrupted is completed by running it again, and a row that
says something else than the record it once made is a *change*, which is named and never written by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from volunteer_points.commands import Enrol, Void
from volunteer_points.entries import Submitted
from volunteer_points.errors import Busy, CommitUnknown, InputError, KeyConflict, Refused, VolunteerPointsError
from volunteer_points.exchange.planning import (
    ROWS_AT_ONCE,
    Change,
    Choices,
    Draft,
    Plan,
    Planner,
    Progress,
    Repetition,
    Standing,
    latest_records,
    says,
)
from volunteer_points.exchange.sheets import Sheet
from volunteer_points.exchange.understanding import Problem, RowPlace, Served
from volunteer_points.model import Reason
from volunteer_points.people import Particulars, Person, Register
from volunteer_points.programme import Order, Outcome, Programme

UNDONE = Reason(code="import_undone")


@attrs.frozen(kw_only=True)
class Imported:
    """What an import has written.

    Attributes:
        plan: What it set out to do.
        added: The rows that are recorded now, with their records.
        there: The rows of the plan that were recorded in the meantime.
        refused: The rows of the plan that were refused in the meantime.
        people: Who was registered.
        stopped: Why not everything was written; the same import again completes it.
        stopped_at: The row to blame, if there is one.
    """

    plan: Plan
    added: tuple[Standing, ...] = ()
    there: tuple[Standing, ...] = ()
    refused: tuple[Problem, ...] = ()
    people: tuple[Person, ...] = ()
    stopped: VolunteerPointsError | None = None
    stopped_at: RowPlace | None = None


@attrs.frozen(kw_only=True)
class Undoing:
    """What taking back an import would do, or has done.

    Attributes:
        voided: Rows whose record is withdrawn.
        decided: Rows whose record was approved: it takes a reversal.
        absent: Rows that have no record, or one that was withdrawn before.
        problems: What is wrong with the other rows; if they have a record, it was not found.
        stopped: Why not everything was written; the same again completes it.
    """

    voided: tuple[Standing, ...]
    decided: tuple[Standing, ...]
    absent: tuple[RowPlace, ...]
    problems: tuple[Problem, ...]
    stopped: VolunteerPointsError | None = None


@attrs.frozen
class _Line:
    """One command of an import, and the row behind it."""

    order: Order
    service: Served | None = None


class SheetImport:
    """Sign-in sheets on their way into a programme.

    Args:
        programme: Where service is recorded.
        register: Who is behind a name and a telephone number.
        choices: How it is recorded.
        rows_at_once: How many commands are written in one transaction, at most.
    """

    def __init__(
        self, programme: Programme, register: Register, choices: Choices, *, rows_at_once: int = ROWS_AT_ONCE
    ) -> None:
        self._programme = programme
        self._register = register
        self._choices = choices
        self._rows_at_once = rows_at_once

    def plan(self, sheets: Iterable[Sheet], *, progress: Progress = lambda _: None) -> Plan:
        """What the sheets would add, through the same decisions as writing it; nothing is written.

        Raises:
            Refused: `no_programme`.
        """
        return Planner(self._programme, self._register, self._choices).plan(tuple(sheets), progress)

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, plan: Plan, *, keep_going: bool = False, progress: Progress = lambda _: None) -> Imported:
        """Write what a plan adds, in transactions of so many rows, each of them whole or not at all.

        A plan that is not clean is written only when it is to keep going, and then without its bad rows. What somebody
        else writes between the plan and the writing may stop it; what was written by then stays.

        Raises:
            InputError: `sheet_not_clean`; or `person_already_known` when a newcomer was registered in the meantime.
        """
        if not plan.clean and not keep_going:
            fix = "Correct these rows, or keep going and leave them out."
            raise InputError("sheet_not_clean", rows=plan.bad_rows, fix=fix)
        people, services = self._registered(plan)
        lines = [*self._enrolments(plan, people), *(_Line(self._choices.recording(each), each) for each in services)]
        draft, added = Draft(plan.sheets), list[Standing]()
        stopped: VolunteerPointsError | None = None
        at: RowPlace | None = None
        for batch in self._batches(lines):
            try:
                outcomes = self._programme.execute_many([line.order for line in batch], keep_going=keep_going)
            except (Refused, KeyConflict, Busy, CommitUnknown) as error:
                stopped, at = error, _to_blame(batch, error)
                break
            added += _recorded(batch, outcomes, draft)
            progress(len(batch))
        return Imported(
            plan=plan,
            added=tuple(added),
            there=tuple(draft.there),
            refused=tuple(draft.problems),
            people=people,
            stopped=stopped,
            stopped_at=at,
        )

    def _registered(self, plan: Plan) -> tuple[tuple[Person, ...], list[Served]]:
        """Register the newcomers, and put their ids where the placeholders were."""
        people = self._register.add_all(Particulars(name=each.name, phone=each.phone) for each in plan.newcomers)
        ids = {each.placeholder: person.id for each, person in zip(plan.newcomers, people, strict=True)}
        return people, [
            attrs.evolve(service, volunteer=ids[service.volunteer]) if service.volunteer in ids else service
            for service in plan.added
        ]

    def _enrolments(self, plan: Plan, people: Iterable[Person]) -> Iterator[_Line]:
        for volunteer in (*plan.enrolled, *(person.id for person in people)):
            yield _Line(self._choices.order(Enrol(volunteer=volunteer), f"enrol:{volunteer}"))

    def _batches(self, lines: Sequence[_Line]) -> Iterator[Sequence[_Line]]:
        for start in range(0, len(lines), self._rows_at_once):
            yield lines[start : start + self._rows_at_once]

    # --- taking back -----------------------------------------------------------------------------------------------

    def plan_undoing(self, sheets: Iterable[Sheet]) -> Undoing:
        """Which records of these sheets can be withdrawn, because nobody has decided about them yet."""
        sheets = tuple(sheets)
        draft = Draft(sheets)
        services, _ = Planner(self._programme, self._register, self._choices).understood(sheets, draft)
        voided, decided, absent = list[Standing](), list[Standing](), list[RowPlace]()
        rows = draft.without_repetitions(services)
        with self._programme.store.reader() as reader:
            for service, first, state in latest_records(reader, rows, lambda _, __, state: not state.live):
                if first is None or state is None or not says(service, first, state.said):
                    absent.append(service.place)
                    continue
                standing = Standing(service=service, record=state.said.record, status=state.status)
                (voided if state.status == "submitted" else decided).append(standing)
        return Undoing(
            voided=tuple(voided), decided=tuple(decided), absent=tuple(absent), problems=tuple(draft.problems)
        )

    def undo(self, undoing: Undoing, *, progress: Progress = lambda _: None) -> Undoing:
        """Withdraw these records, in transactions of so many; what somebody approves in the meantime stops it."""
        lines = [
            _Line(self._choices.order(Void(record=each.record, reason=UNDONE), f"undo:{each.service.key}"))
            for each in undoing.voided
        ]
        done = 0
        for batch in self._batches(lines):
            try:
                self._programme.execute_many([line.order for line in batch])
            except (Refused, KeyConflict, Busy, CommitUnknown) as error:
                return attrs.evolve(undoing, voided=undoing.voided[:done], stopped=error)
            done += len(batch)
            progress(len(batch))
        return undoing


def _recorded(batch: Sequence[_Line], outcomes: Iterable[Outcome], draft: Draft) -> Iterator[Standing]:
    """The rows that were recorded; what became of the others goes into the draft."""
    for line, outcome in zip(batch, outcomes, strict=True):
        if line.service is None:
            continue
        if outcome.refusal is not None:
            draft.refuse(line.service, outcome.refusal)
            continue
        standing = Standing(service=line.service, record=outcome.fact(Submitted).record, status="submitted")
        if outcome.replayed:
            draft.there.append(standing)
        else:
            yield standing


def _to_blame(batch: Sequence[_Line], error: VolunteerPointsError) -> RowPlace | None:
    """The row that stopped a batch, where the error says which it is."""
    keys = {line.order.key: line.service for line in batch}
    service = keys.get(str(error.facts.get("key")))
    return service.place if service else None


__all__ = [
    "ROWS_AT_ONCE",
    "Change",
    "Choices",
    "Imported",
    "Plan",
    "Problem",
    "Repetition",
    "RowPlace",
    "Served",
    "SheetImport",
    "Standing",
    "Undoing",
]
