"""One pass over a ledger, through a replay, to a report."""

from __future__ import annotations

import gc
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain

from volunteer_points.decisions.adoption import nouns
from volunteer_points.decisions.case import Frame
from volunteer_points.entries import Entry, Held, Submitted
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.what_if.replay import Replay, Replayed
from volunteer_points.what_if.report import (
    Change,
    Example,
    NotPossible,
    Report,
    TeamEffect,
    awarded,
)
from volunteer_points.what_if.sums import RuleSums, Sums, holder_effects, rule_effects, totals
from volunteer_points.what_if.trial import Trial

PROGRESS_EVERY = 1000

Progress = Callable[[int], None]


def what_if(
    entries: Iterable[Entry],
    trial: Trial | None = None,
    *,
    progress: Progress | None = None,
    examples: int = 5,
    own_rules: OwnRules = NO_OWN_RULES,
) -> Report:
    """What would have come of a ledger under another rulebook.

    Nothing is written and no clock is read: the same entries and the same trial give the same report. Under the
    rulebooks that were in force, which is what is played without a trial, every number comes out as it was recorded.

    Args:
        entries: Every entry of the ledger, in order, such as :meth:`Programme.entries` gives.
        trial: The rulebook to try, and on which days it counts; None for those that were in force.
        progress: Told now and then, and at the end, how many entries are done.
        examples: How many records are shown of those that gain most, and as many of those that lose most.
        own_rules: The developers' own rules that are there: all that a rulebook of the ledger, or the tried one, names.

    Raises:
        Refused: ``no_programme`` when no programme is among the entries, and ``own_rule_missing`` when a rulebook
            names a developer's rule that is not among ``own_rules``.
        InputError: ``nothing_to_try`` when no record and no redemption lies on the days of the trial, and as
            :func:`volunteer_points.what_if.trial.trial_frame`.
        Corrupt: ``entry_out_of_place`` when an entry speaks of something that none before it brought about.
    """
    playing = _Playing(trial, own_rules)
    with _everything_kept():
        for entry in entries:
            playing.play(entry)
            if progress is not None and playing.entries % PROGRESS_EVERY == 0:
                progress(playing.entries)
        if progress is not None:
            progress(playing.entries)
        return playing.report(examples)


@contextmanager
def _everything_kept() -> Iterator[None]:
    """Do not search for garbage: a replay keeps all it makes to its end, and the search would take a third of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Playing:
    """A what-if on its way."""

    def __init__(self, trial: Trial | None, own_rules: OwnRules) -> None:
        self._trial = trial
        self._replay = Replay(trial, own_rules)
        self._before, self._after = Sums(), Sums()
        self._nouns: list[Entry] = []
        self._last: datetime | None = None
        self._covered = 0
        self._ledger = ""
        self.entries = 0

    def play(self, entry: Entry) -> None:
        """Take an entry through both worlds."""
        self.entries += 1
        self._ledger = entry.ledger
        self._last = entry.booked_at if self._last is None else max(self._last, entry.booked_at)
        if isinstance(entry.fact, (Submitted, Held)):
            self._covered += self._trial is None or self._trial.covers(entry.on)
        if entry.kind in _NOUNS:
            self._nouns.append(entry)
        self._before.take_in((entry,))
        self._after.take_in(self._replay.play(entry))

    def report(self, examples: int) -> Report:
        """What came of it."""
        replay, frame, trial = self._replay, self._replay.frame, self._trial
        if frame is None or self._last is None:
            raise Refused("no_programme", ledger=self._ledger)
        if trial is not None and not self._covered:
            raise InputError("nothing_to_try", rulebook=trial.rulebook.id, since=trial.since, until=trial.until)
        records = replay.records
        effects = tuple(holder_effects(self._before, self._after, frame, self._last))
        changes = [_changed(each) for each in records.values() if each.before or each.after]
        sums = _rule_sums(frame, (each.before for each in records.values()))
        others = _rule_sums(frame, (each.after for each in records.values()))
        return Report(
            ledger=self._ledger,
            entries=self.entries,
            booked_until=self._last,
            trial=trial,
            frame=frame,
            nouns=nouns(entry.fact for entry in self._nouns),
            covered=self._covered,
            records=_sum(Change(bool(awarded(each.before)), bool(awarded(each.after))) for each in records.values()),
            minutes=_sum(Change(_minutes(each.before), _minutes(each.after)) for each in records.values()),
            gaining=changes.count(1),
            losing=changes.count(-1),
            same=changes.count(0),
            totals=totals(effects),
            holders=effects,
            rules=tuple(rule_effects(sums, others)),
            teams=tuple(_teams(records.values())),
            examples=tuple(_examples(records.values(), examples)),
            not_possible=tuple(
                NotPossible(kind=each.entry.kind, entry=each.entry, because=each.because) for each in replay.left_out
            ),
            skipped=dict(replay.followed),
        )


_NOUNS = frozenset({"TeamFormed", "HouseholdFormed", "PartnerAgreed", "ActivityListed", "ItemListed", "Withdrawn"})


def _differences(record: Replayed) -> dict[str, int]:
    """What a record gives more, or less, by currency."""
    before, after = awarded(record.before), awarded(record.after)
    return {name: after.get(name, 0) - before.get(name, 0) for name in chain(before, after)}


def _changed(record: Replayed) -> int:
    """Below nought for a record that gives less of something, above for one that gives more and nothing less."""
    differences = _differences(record).values()
    return -1 if min(differences, default=0) < 0 else int(max(differences, default=0) > 0)


def _minutes(award: Entry | None) -> int:
    return 0 if award is None else award.fact.minutes  # type: ignore[union-attr]  # an award or a reason for none


def _sum(changes: Iterable[Change]) -> Change:
    return sum(changes, Change())


def _rule_sums(frame: Frame, awards: Iterable[Entry | None]) -> RuleSums:
    sums = RuleSums(frame)
    for award in awards:
        if award is not None:
            sums.take_in(award)
    return sums


def _teams(records: Iterable[Replayed]) -> Iterator[TeamEffect]:
    effects: dict[tuple[str, str], list[Change]] = defaultdict(lambda: [Change(), Change()])
    for record in records:
        before, after = awarded(record.before), awarded(record.after)
        for currency in {**before, **after}:
            found = effects[record.said.team or "", currency]
            found[0] += Change(currency in before, currency in after)
            found[1] += Change(before.get(currency, 0), after.get(currency, 0))
    for (team, currency), (counted, earned) in sorted(effects.items()):
        yield TeamEffect(team=team, currency=currency, records=counted, earned=earned)


def _examples(records: Iterable[Replayed], number: int) -> Iterator[Example]:
    """Those that gain most, then those that lose most."""
    ranked = [(sum(_differences(each).values()), each.said.record, each) for each in records]
    more = heapq.nlargest(number, (each for each in ranked if each[0] > 0), key=lambda each: (each[0], each[1]))
    less = heapq.nsmallest(number, (each for each in ranked if each[0] < 0), key=lambda each: (each[0], each[1]))
    for _, name, record in (*more, *less):
        said = record.said
        yield Example(
            record=name,
            volunteer=said.volunteer,
            activity=said.activity,
            said=record.entry,
            before=record.before,
            after=record.after,
        )
