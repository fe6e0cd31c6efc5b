"""Checks over any history at all: what Hypothesis thinks of, compared with the store in memory after every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from volunteer_points.books import About, Committed, LotsOf, Moved, Question
from volunteer_points.entries import Draft, Entry
from volunteer_points.errors import Corrupt, KeyConflict
from volunteer_points.postings import FLOORS, Account, Purpose
from volunteer_points.storage import Session, Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.conformance.commits import (
    DAY,
    LATER_LOT,
    LEDGER,
    LOT,
    TOMORROW,
    A,
    B,
    commit,
    draft,
    moved,
)
from volunteer_points.testing.conformance.trial import Found, Sheet, Trial
from volunteer_points.testing.conformance.writing import Accident
from volunteer_points.testing.machine import StoreMachine

SHEET = Sheet()

# The same histories every time: a store is judged by what it does, not by luck. No file is kept of them.
SETTINGS = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

HOLDERS = st.sampled_from([A, B])
PURPOSES = st.sampled_from([Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT, Purpose.ISSUED])
OF = st.sampled_from(["", "r-1", "park"])
UNITS = st.sampled_from(["points", "minutes"])
DAYS = st.sampled_from([DAY, TOMORROW, DAY - timedelta(days=42)])
KEYS = st.integers(0, 12).map(lambda number: f"key-{number}")
KINDS = st.sampled_from([("Adjusted",), ("Adjusted", "Held"), ("Held",)])


@st.composite
def _drafts(draw: st.DrawFn) -> Draft:
    postings = [
        moved(
            draw(st.builds(Account, HOLDERS, PURPOSES, OF)),
            draw(st.integers(-3, 6)),
            unit=draw(UNITS),
            lot=draw(st.sampled_from([None, LOT, LATER_LOT])),
            on=draw(DAYS),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return draft(*postings, about=draw(st.lists(HOLDERS, min_size=1, unique=True)), on=draw(DAYS))


@st.composite
def _commits(draw: st.DrawFn) -> tuple[Entry, ...]:
    return commit(draw(KEYS), *draw(st.lists(_drafts(), min_size=1, max_size=3)))


def _questions() -> st.SearchStrategy[Question[Any]]:
    days, kept = st.none() | DAYS, st.sampled_from([*FLOORS])
    return st.one_of(
        st.builds(Committed, KEYS),
        st.builds(About, HOLDERS, KINDS, days, days, st.booleans()),
        st.builds(LotsOf, st.builds(Account, HOLDERS, kept, OF), UNITS),
        st.builds(Moved, HOLDERS, kept, UNITS, st.none() | OF, days, days),
    )


STEPS = st.lists(st.one_of(_commits(), _questions(), st.sampled_from(["end", "fail", "read"])), max_size=25)


@SHEET.check("10.9", slow=True)
def _any_history_is_answered_as_in_memory(trial: Trial) -> None:
    @SETTINGS
    @given(steps=STEPS)
    def compare(steps: list[Any]) -> None:
        store = trial.store()
        try:
            expected = _told(trial, MemoryStore(LEDGER), steps)
            for number, (found, wanted) in enumerate(zip(_told(trial, store, steps), expected, strict=True)):
                trial.same(found, wanted, f"answer {number} of {steps}")
        finally:
            trial.gone(store)

    compare()


def _told(trial: Trial, store: Store, steps: list[Any]) -> Iterator[object]:
    """What a store answers to commits, questions and ends of sessions, one after the other."""
    left = list(steps)
    while left:
        with suppress(Accident), store.session() as session:
            session.take([A, B, *(step.subject for step in left if isinstance(step, Question))])
            while left and (step := left.pop(0)) != "end":
                yield _answer(session, step)
        yield trial.everything(store)


def _answer(session: Session, step: Any) -> object:  # noqa: ANN401 - a commit, a question or a word
    if step == "fail":
        raise Accident
    if step == "read":
        stored = [each.content for each in session.stored()]
        return stored, set(session.balances()), session.open(Purpose.AVAILABLE)
    if isinstance(step, Question):
        return dict(session.ask([step]))
    try:
        session.append(step)
    except (Corrupt, KeyConflict) as error:
        return type(error), error.facts.get("balance")
    return "appended"


@SHEET.check("10.9", slow=True)
def _a_whole_programme_runs_as_in_memory(trial: Trial) -> None:
    """The state machine of :mod:`volunteer_points.testing.machine`: commands, refusals, replays and sweeps."""

    class Compared(StoreMachine):
        def empty_stores(self) -> Mapping[str, Store]:
            self.tested = trial.store("machine")
            return {"memory": MemoryStore("machine"), "tested": self.tested}

        @invariant()
        def examined(self) -> None:  # the machine's own assertions are what is counted
            trial.examined += 1

        def teardown(self) -> None:
            trial.gone(self.tested)

    try:
        run_state_machine_as_test(Compared, settings=SETTINGS)
    except AssertionError as error:
        raise Found(f"the machine: {error}") from error


__all__ = ["SETTINGS", "SHEET"]
