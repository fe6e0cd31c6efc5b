"""What holds of every what-if: under the rulebooks in force nothing changes; under others the audit agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.ledgers import History, StoredLedger, by_inactivity, everything, one_month, stored_entries
from tests.audit.random_histories import KNOWN, histories
from volunteer_points.audit import audit
from volunteer_points.entries import Awarded, Entry, ProgrammeAdopted, RulebookAdopted
from volunteer_points.postings import FLOORS, imbalance
from volunteer_points.rules import Rulebook
from volunteer_points.testing import vocabulary
from volunteer_points.testing.programmes import everything_named
from volunteer_points.what_if import Report, Trial, what_if
from volunteer_points.what_if.replay import Replay
from volunteer_points.what_if.report import awarded


def played(entries: Iterable[Entry], trial: Trial | None = None) -> tuple[Replay, list[Entry]]:
    replay = Replay(trial)
    return replay, [each for entry in entries for each in replay.play(entry)]


def in_its_own_window(history: History, number: int) -> Trial:
    """One of the adopted rulebooks, on the days on which it was in force."""
    adopted = [entry.fact.rulebook for entry in history.entries if isinstance(entry.fact, RulebookAdopted)]
    chosen = adopted[number % len(adopted)]
    later = [each.since for each in adopted if each.since > chosen.since]
    ends = min([*later, *([chosen.until] if chosen.until else [])], default=None)
    return Trial(rulebook=chosen, since=chosen.since, until=ends)


def check_same(report: Report) -> None:
    assert report.is_same
    assert all(not change.difference for each in report.holders for change in each.lines().values())
    assert (report.not_possible, dict(report.skipped), report.examples) == ((), {}, ())


@pytest.mark.slow
@given(histories())
def test_under_the_rulebooks_in_force_every_entry_comes_out_as_it_was_written(history: History) -> None:
    replay, entries = played(history.entries)
    assert entries == history.entries
    assert (replay.left_out, replay.followed) == ([], {})
    balances = {place: amount for place, amount in history.tally.balances().items() if place[0].purpose in ASKED}
    assert replay.world.balances() == balances


ASKED = set(FLOORS) - {"claimed", "collected"}


@pytest.mark.slow
@settings(max_examples=20)
@given(histories(), st.integers(0, 1))
def test_the_rulebook_in_force_tried_on_its_own_days_changes_nothing(history: History, number: int) -> None:
    trial = in_its_own_window(history, number)
    _, entries = played(history.entries, trial)
    assert entries == history.entries


@pytest.mark.slow
@settings(max_examples=20)
@given(histories())
def test_a_report_without_a_trial_says_the_same_before_and_after_and_agrees_with_the_audit(history: History) -> None:
    report = what_if(history.entries)
    check_same(report)
    rolled = {each.currency: each for each in audit(history.ledger(), as_of=history.now).programme}
    for total in report.totals:
        found = rolled[total.currency]
        lines, parts = found.lines, found.parts
        assert total.held.before == parts["held"]
        assert total.owed.before == -parts["debt"]
        assert total.waiting.before == parts["pending"]
        assert total.redeemed.before == lines["redeemed"] - lines["returned"]
        assert total.spendable.before + total.expired.before == parts["available"] + lines["expired"]


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    """Any rulebook over the currencies of :func:`everything_named`, on every day."""
    definition = everything_named()
    rulebook = draw(vocabulary.rulebooks(KNOWN, definition.currencies))
    rulebook = attrs.evolve(rulebook, id="tried", since=date(2000, 1, 1), until=None)
    return Trial(rulebook=rulebook, currencies=definition.currencies[1:], funds=definition.funds)


def as_if_adopted(entries: list[Entry], rulebook: Rulebook, replay: Replay) -> list[Entry]:
    """What was played, as a ledger in which the tried rulebook was adopted in the place of all others."""
    found: list[Entry] = []
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, RulebookAdopted):
            if any(isinstance(each.fact, RulebookAdopted) for each in found):
                continue
            fact = RulebookAdopted(rulebook=rulebook, hash=rulebook.hash, author=fact.author)
        elif isinstance(fact, ProgrammeAdopted):
            assert replay.frame is not None
            adopted = replay.frame.adopted
            fact = attrs.evolve(fact, currencies=adopted.currencies, funds=adopted.funds)
        found.append(attrs.evolve(entry, fact=fact))
    return found


AUDITED = {"VP001", "VP002", "VP105", "VP106", "VP501", "VP601"}


@pytest.mark.slow
@settings(max_examples=20)
@given(histories(), trials())
def test_what_any_other_rulebook_would_have_written_passes_the_audit(history: History, trial: Trial) -> None:
    replay, entries = played(history.entries, trial)
    assert all(imbalance(entry.postings) == {} for entry in entries)
    assert all(FLOORS[place[0].purpose] * amount >= 0 for place, amount in replay.world.balances().items())
    report = audit(StoredLedger(stored_entries(as_if_adopted(entries, trial.rulebook, replay))), as_of=history.now)
    wrong = [
        each for each in report.findings if each.check in AUDITED and each.key != "approved_not_awarded"
    ]  # an award that nobody can pay for leaves its record approved
    assert wrong == [], report.text()


@pytest.mark.slow
@settings(max_examples=20)
@given(histories(), trials())
def test_rules_teams_and_people_add_up_to_what_was_awarded(history: History, trial: Trial) -> None:
    replay, _ = played(history.entries, trial)
    if not any(isinstance(each.fact, Awarded) for each in history.entries):
        return
    report = what_if(history.entries, trial)
    assert report.frame is not None
    for world in ("before", "after"):
        sums: dict[str, int] = {}
        for record in replay.records.values():
            for currency, amount in awarded(getattr(record, world)).items():
                sums[currency] = sums.get(currency, 0) + amount
        for currency, amount in sums.items():
            scale = report.frame.currency(currency).scale
            rules = sum(getattr(each, f"points_{world}") for each in report.rules if each.currency == currency)
            assert rules == Fraction(amount, scale)
            assert amount == sum(getattr(each.earned, world) for each in report.teams if each.currency == currency)


@pytest.mark.parametrize("history", [one_month, everything, by_inactivity], ids=lambda each: each.__name__)
def test_a_month_of_everything_comes_out_as_it_was_recorded(history: object) -> None:
    entries = history().entries  # type: ignore[operator]  # a function without arguments
    check_same(what_if(entries))
    assert played(entries)[1] == entries
