"""A history in which every kind of command is written, for any store."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import get_args

import attrs
import pytest

from tests.explain.happenings import eventful, served
from tests.histories import History, at
from volunteer_points import commands as c
from volunteer_points.entries import Entry, Submitted
from volunteer_points.programme import Programme
from volunteer_points.storage.sql import SqlStore


@attrs.frozen
class Step:
    """A command as it was written, with its key, its time and what came of it."""

    command: c.Command
    actor: str
    key: str
    entries: tuple[Entry, ...]


@cache
def steps() -> tuple[Step, ...]:
    """The steps of a long history; no kind of command is missing."""
    written: list[Step] = []
    run = History.run

    def noted(history: History, command: c.Command, **how: object) -> tuple[Entry, ...]:
        entries = run(history, command, **how)  # type: ignore[arg-type]
        written.append(Step(command, entries[0].actor, entries[0].key, entries))
        return entries

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "run", noted)
        history: History = eventful.__wrapped__()
        [*_, definition] = [step.command.definition for step in written if isinstance(step.command, c.Adopt)]
        _approve_by_rulebook(history, definition)
    assert {type(step.command) for step in written} == set(get_args(c.Command))
    return tuple(written)


def _approve_by_rulebook(history: History, definition: c.Definition) -> None:
    """Short records that wait for their day to be over: one is approved by itself, one is left to the sweep."""
    waits = attrs.evolve(definition.rulebooks[-1], id="waits", since=date(2028, 1, 8), waits_for_day=True)
    later = attrs.evolve(definition, rulebooks=(*definition.rulebooks, waits))
    history.run(c.Adopt(definition=later, author="founder-a"), actor="founder-b", at=at("2028-01-08T01:00"))
    for day in ("2028-01-09", "2028-01-10"):
        command = c.Submit(volunteer="v-1", activity="park", intervals=served(f"{day}T09:00", f"{day}T09:40"))
        history.run(command, actor="leader", at=at(f"{day}T10:00"))
    [short] = [fact.record for fact in map(_fact, history.entries) if isinstance(fact, Submitted) and _is_on(fact, 9)]
    history.run(c.ApproveByRulebook(record=short), actor="leader", at=at("2028-01-10T12:00"))


def _fact(entry: Entry) -> object:
    return entry.fact


def _is_on(fact: Submitted, day: int) -> bool:
    return [each.begin for each in fact.intervals] == [at(f"2028-01-{day:02}T09:00")]


def do_everything(store: SqlStore) -> None:
    """Write every step, sweep, and seal; the store's entries are those of the history."""
    programme = Programme(store)
    for step in steps():
        booked_at = step.entries[0].booked_at
        outcome = programme.execute(step.command, actor=step.actor, key=step.key, booked_at=booked_at)
        assert outcome.entries == step.entries
    swept = Programme(store, clock=lambda: at("2029-06-01T09:00")).sweep(actor="leader")
    assert swept
    checkpoint = store.seal(at("2029-06-02T09:00"))
    entry = steps()[0].entries[0]
    assert store.prove(entry).holds(checkpoint)
    with store.reader() as reader:
        assert checkpoint.size == len(list(reader.stored())) > sum(len(step.entries) for step in steps())
