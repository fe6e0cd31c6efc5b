"""Checks over any history at all: what Hypothesis thinks of, compared with the store in memory after every step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from volunteer_points.books import About, Committed, LotsOf, Moved, Question
from volunteer_points.entries import Draft, Entry, Fact
from volunteer_points.errors import Corrupt, KeyConflict
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage import Session, Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.conformance.commits import (
    ADJUSTED,
    DAY,
    JOINED,
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
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

HOLDERS = (A, B)
PURPOSES = (Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT, Purpose.ISSUED)
OF = ("", "r-1", "park")
UNITS = ("points", "minutes")
DAYS = (DAY, TOMORROW, DAY - timedelta(days=42))
FACTS: tuple[Fact, ...] = (ADJUSTED, JOINED)
KEYS = tuple(f"key-{number}" for number in range(9))


@st.composite
def _drafts(draw: st.DrawFn) -> Draft:
    chosen = st.sampled_from
    postings = [
        moved(
            Account(draw(chosen(HOLDERS)), draw(chosen(PURPOSES)), draw(chosen(OF))),
            draw(st.integers(-3, 6)),
            unit=draw(chosen(UNITS)),
            lot=draw(chosen([None, LOT, LATER_LOT])),
            on=draw(chosen(DAYS)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    about = draw(st.lists(chosen(HOLDERS), min_size=1, unique=True))
    return draft(*postings, about=about, on=draw(chosen(DAYS)), fact=draw(chosen(FACTS)))


@st.composite
def _commits(draw: st.DrawFn) -> tuple[Entry, ...]:
    return commit(draw(st.sampled_from(KEYS)), *draw(st.lists(_drafts(), min_size=1, max_size=3)))


def _battery() -> tuple[Question[Any], ...]:
    """Every question that such commits can have an answer to."""
    spans = [(None, None), (DAY, TOMORROW), (TOMORROW, None), (None, DAY)]
    kinds = [("Adjusted",), ("Joined",), ("Joined", "Adjusted")]
    kept = [(holder, purpose, unit) for holder in HOLDERS for purpose in PURPOSES for unit in UNITS]
    return (
        *(Committed(key) for key in KEYS),
        *(About(holder, kind, *span) for holder in HOLDERS for kind in kinds for span in spans),
        *(LotsOf(Account(holder, purpose, of), unit) for holder, purpose, unit in kept for of in OF),
        *(Moved(*place, of, *span) for place in kept for of in (None, *OF) for span in spans),
    )


BATTERY = _battery()
WORDS = st.sampled_from(["ask", "end", "fail", "read"])
STEPS = st.lists(_commits() | _commits() | WORDS, min_size=5, max_size=25)


@SHEET.check("10.9", slow=True)
def _any_history_is_answered_as_in_memory(trial: Trial) -> None:
    @SETTINGS
    @given(steps=STEPS)
    def compare(steps: list[Any]) -> None:
        store = trial.store()
        try:
            found, expected = (_told(trial, each, steps) for each in (store, MemoryStore(LEDGER)))
            trial.same(len(found), len(expected), "answers")
            for number, answers in enumerate(zip(found, expected, strict=True), start=1):
                trial.same(*answers, f"answer {number}")
        except Found as error:
            raise Found(f"{error}, in the history {steps}") from error
        finally:
            trial.gone(store)

    compare()


def _told(trial: Trial, store: Store, steps: list[Any]) -> list[object]:
    """What a store answers to commits, questions and ends of sessions, one after the other."""
    left, told = list(steps), list[object]()
    while left:
        with suppress(Accident), store.session() as session:
            session.take([question.subject for question in BATTERY])
            while left and (step := left.pop(0)) != "end":
                told.append(_answer(session, step))
        told.append(trial.everything(store))
        with store.reader() as reader:
            told.append(dict(reader.ask(BATTERY)))
    return told


def _answer(session: Session, step: Any) -> object:  # noqa: ANN401 - a commit or a word
    if step == "fail":
        raise Accident
    if step == "read":
        stored = [each.content for each in session.stored()]
        return stored, set(session.balances()), session.open(Purpose.AVAILABLE)
    if step == "ask":
        return dict(session.ask(BATTERY))
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
