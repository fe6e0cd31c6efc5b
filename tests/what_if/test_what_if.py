"""What-ifs worked out by hand: rates, caps, milestones, ends, notices, debts, and what is not possible any more."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import pytest

from tests.audit.ledgers import APPROVER, AUTHOR, CHECKER, LEADER, REASON, SHOP, History, moment
from volunteer_points import commands as c
from volunteer_points.entries import Awarded
from volunteer_points.errors import Corrupt, InputError, Refused
from volunteer_points.model import Currency, Limit, Of, Period
from volunteer_points.rules import (
    Accrual,
    Cap,
    Expiry,
    Mark,
    Milestone,
    Multiplier,
    RedemptionRule,
    Rulebook,
    Stream,
    Transfers,
    When,
)
from volunteer_points.testing.programmes import small_programme
from volunteer_points.what_if import Change, HolderEffect, Report, Trial, trial_of, what_if

PLAIN = Rulebook(
    id="2026",
    since=date(2026, 1, 1),
    accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
    redemption=RedemptionRule(transfers=Transfers.ANYONE),
)
"""Ten points an hour, rounded down; nothing ends and nothing is capped."""


def begun(**changes: Any) -> History:  # noqa: ANN401 - fields of a rulebook
    """A ledger under the plain rulebook with two volunteers and a full shelf, on a Wednesday evening."""
    rulebook = attrs.evolve(PLAIN, **changes)
    history = History(attrs.evolve(small_programme(), rulebooks=(rulebook,)), begin="2026-03-11 20:00")
    history.enrol("v-1", "v-2")
    for item in ("rice", "soap"):
        history.run(c.ReceiveStock(item=item, quantity=9), SHOP)
    return history


def tried(history: History, *, since: date | None = None, until: date | None = None, **changes: Any) -> Report:  # noqa: ANN401
    """What comes of it under the plain rulebook with some changes."""
    rulebook = attrs.evolve(PLAIN, id="draft", **changes)
    return what_if(history.entries, Trial(rulebook=rulebook, since=since, until=until))


def of(report: Report, holder: str = "volunteer:v-1") -> HolderEffect:
    return next(each for each in report.holders if each.holder == holder)


def rule(report: Report, name: str) -> tuple[int | Fraction, int | Fraction]:
    return next((each.points_before, each.points_after) for each in report.rules if each.rule == name)


def test_another_rate_gives_other_points_and_names_who_gains() -> None:
    history = begun()
    record = history.serve("v-1", "2026-03-11 09:00", 140)  # 23.33 and 28
    history.serve("v-2", "2026-03-11 09:00", 30)  # 5 and 6
    report = tried(history, accruals=(Accrual(id="hours", per_hour=Fraction(12)),))
    assert [total.earned for total in report.totals] == [Change(28, 34)]
    assert [(each.holder, each.earned.difference) for each in report.winners] == [
        ("volunteer:v-1", 5),
        ("volunteer:v-2", 1),
    ]
    assert (report.losers, report.gaining, report.losing, report.same) == ((), 2, 0, 0)
    assert rule(report, "hours") == (Fraction(85, 3), 34)
    assert rule(report, "rounding") == (Fraction(-1, 3), 0)
    assert report.minutes == Change(170, 170)
    best = report.examples[0]
    assert (best.record, dict(best.points(best.before)), dict(best.points(best.after))) == (
        record,
        {"points": 23},
        {"points": 28},
    )
    assert not report.is_same


def test_a_cap_is_filled_anew_and_a_reversal_frees_it() -> None:
    history = begun()
    first = history.serve("v-1", "2026-03-11 08:00", 120)  # 20
    history.serve("v-1", "2026-03-11 10:00", 120)  # 20, of a cap of 25 a day the 5 that are left
    history.run(c.Reverse(record=first, reason=REASON), CHECKER)
    history.serve("v-1", "2026-03-11 12:00", 150)  # 25, of which 20 are left
    history.until("2026-03-12 20:00")
    history.serve("v-1", "2026-03-12 08:00", 120)  # 20 on a new day
    report = tried(history, caps=(Cap(id="daily", at_most=Fraction(25)),))
    assert of(report).earned == Change(65, 45)
    assert rule(report, "daily") == (0, -15 - 5)


def test_caps_of_a_month_of_time_and_of_the_balance_count_in_the_world_that_is_tried() -> None:
    history = begun()
    for day in (9, 10, 11):
        history.serve("v-1", f"2026-03-{day:02} 08:00", 120)
    history.run(c.Collect(redemption=history.hold("v-1", "rice")), SHOP)
    history.serve("v-1", "2026-03-11 10:00", 120)
    assert of(tried(history, caps=(Cap(id="m", at_most=Fraction(50), per="month"),))).earned == Change(80, 50)
    timed = tried(history, caps=(Cap(id="t", at_most=Fraction(300), of="minutes", per="ever"),))
    assert (of(timed).earned, timed.minutes) == (Change(80, 50), Change(480, 300))
    balance = tried(history, caps=(Cap(id="b", at_most=Fraction(45), per="balance"),))
    assert of(balance).earned == Change(80, 20 + 20 + 5 + 20)  # 45, less the 20 that were spent, and 20 more
    assert of(balance).spendable == Change(60, 45)


def test_a_milestone_is_paid_once_and_taken_back_with_the_record_that_reached_it() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 180)
    second = history.serve("v-1", "2026-03-11 11:00", 180)  # six hours: the mark of five is reached
    history.serve("v-1", "2026-03-11 14:00", 60)
    mark = Milestone(id="five", of=Of.HOURS, over="ever", marks=(Mark(at=Fraction(5), points=Fraction(50)),))
    assert of(tried(history, milestones=(mark,))).earned == Change(70, 120)
    history.run(c.Reverse(record=second, reason=REASON), CHECKER)
    assert of(tried(history, milestones=(mark,))).earned == Change(40, 40)
    history.serve("v-1", "2026-03-11 16:00", 60)
    report = tried(history, milestones=(mark,))
    assert (of(report).earned, rule(report, "five")) == (Change(50, 100), (0, 50))


def test_a_redemption_that_cannot_be_paid_is_left_out_and_its_points_remain() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    rice = history.hold("v-1", "rice")
    history.run(c.Collect(redemption=rice), SHOP)
    history.run(c.Return(redemption=rice, reason=REASON), SHOP)
    history.run(c.Collect(redemption=history.hold("v-1", "soap")), SHOP)
    report = tried(history, accruals=(Accrual(id="hours", per_hour=Fraction(5)),))
    [lost] = report.not_possible
    assert (lost.is_redemption, lost.code) == (True, "not_enough_points")
    assert {name: lost.because.facts[name] for name in ("needs", "has", "missing")} == {
        "needs": "20",
        "has": "11",
        "missing": "9",
    }
    assert dict(report.skipped) == {"Collected": 1, "Returned": 1}
    assert (of(report).redeemed, of(report).spendable) == (Change(7, 7), Change(16, 4))
    assert lost.plain()["facts"]["has"] == "11"


def test_points_end_when_the_rulebook_that_is_tried_ends_them() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.until("2026-03-20 20:00")
    history.hold("v-1", "soap")
    report = tried(history, expiry=Expiry(days=3))
    assert [each.code for each in report.not_possible] == ["not_enough_points"]
    assert (of(report).expired, of(report).spendable, of(report).held) == (Change(0, 23), Change(16, 0), Change(7, 0))


def test_points_that_never_ended_are_swept_before_a_cap_on_the_balance_looks() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.until("2026-03-20 20:00")
    history.serve("v-1", "2026-03-20 08:00", 140)
    report = tried(history, expiry=Expiry(days=3), caps=(Cap(id="b", at_most=Fraction(30), per="balance"),))
    assert of(report).earned == Change(46, 46)


def test_a_notice_keeps_points_back_until_it_is_over() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.until("2026-03-13 20:00")
    history.hold("v-1", "soap")
    history.until("2026-03-16 20:00")
    history.hold("v-1", "soap")
    report = tried(history, notice_days=3)
    assert [each.because.facts["has"] for each in report.not_possible] == ["0"]
    assert (of(report).held, of(report).waiting) == (Change(14, 7), Change(0, 0))
    assert of(tried(history, notice_days=30)).waiting == Change(0, 23)


def test_a_notice_that_is_dropped_lets_points_be_spent_at_once() -> None:
    history = begun(notice_days=3)
    record = history.serve("v-1", "2026-03-11 08:00", 140)
    history.until("2026-03-16 20:00")
    history.run(c.Confirm(record=record), LEADER)
    report = tried(history)
    assert (of(report).spendable, of(report).waiting, dict(report.skipped)) == (Change(23, 23), Change(0, 0), {})


def test_a_record_that_the_rulebook_would_not_take_is_left_out_with_all_that_follows() -> None:
    history = begun()
    history.until("2026-03-14 20:00")
    history.serve("v-1", "2026-03-11 08:00", 140)
    record = history.serve("v-1", "2026-03-14 08:00", 60)
    history.run(c.Reverse(record=record, reason=REASON), CHECKER)
    report = tried(history, record_within_days=1)
    [lost] = report.not_possible
    assert (lost.kind, lost.code, dict(report.skipped)) == (
        "Submitted",
        "recorded_too_late",
        {"Approved": 1, "Awarded": 1},
    )
    assert of(report).earned == Change(23, 0)
    assert report.records == Change(1, 0)


def test_transfers_that_are_not_allowed_are_missed_by_who_would_have_received_them() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=20), "v-1")
    history.hold("v-2", "rice")
    report = tried(history, redemption=RedemptionRule(transfers=Transfers.NONE))
    assert [(each.kind, each.code) for each in report.not_possible] == [
        ("Transferred", "transfers_off"),
        ("Held", "not_enough_points"),
    ]
    assert of(report).spendable == Change(3, 23)


def test_limits_and_minimum_balances_of_the_rulebook_hold() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 240)
    for _ in range(2):
        history.hold("v-1", "soap")
    once = RedemptionRule(limits=(Limit(at_most=1, per=Period.MONTH, item="soap"),))
    assert [each.code for each in tried(history, redemption=once).not_possible] == ["limit_reached"]
    least = RedemptionRule(minimum_balance=34)
    [lost] = tried(history, redemption=least).not_possible
    assert (lost.code, lost.because.facts["has"], lost.because.facts["minimum"]) == (
        "below_minimum_balance",
        "33",
        "34",
    )


def test_what_people_decided_keeps_its_amount_and_a_debt_is_paid_by_it() -> None:
    history = begun()
    record = history.serve("v-1", "2026-03-11 08:00", 140)
    history.run(c.Collect(redemption=history.hold("v-1", "rice")), SHOP)
    history.run(c.Reverse(record=record, reason=REASON), CHECKER)  # 23 less 3 that are left: 20 are owed
    history.run(c.Adjust(volunteer="v-1", points=8, requested_by=AUTHOR, reason=REASON), APPROVER)
    history.run(c.OpenBalance(volunteer="v-2", points=9, requested_by=AUTHOR, reason=REASON), APPROVER)
    report = tried(history, accruals=(Accrual(id="hours", per_hour=Fraction(12)),))  # 28 less 8: 20 are owed again
    assert (of(report).owed, of(report).spendable) == (Change(12, 12), Change(0, 0))
    assert of(report, "volunteer:v-2").spendable == Change(9, 9)


def test_points_that_are_not_there_cannot_be_taken_by_decision() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.run(c.Adjust(volunteer="v-1", points=-20, requested_by=AUTHOR, reason=REASON), APPROVER)
    report = tried(history, accruals=(Accrual(id="hours", per_hour=Fraction(5)),))
    assert [(each.kind, each.is_redemption) for each in report.not_possible] == [("Adjusted", False)]
    assert of(report).spendable == Change(3, 11)


def test_a_correction_is_awarded_by_the_rulebook_that_is_tried() -> None:
    history = begun()
    record = history.serve("v-1", "2026-03-11 08:00", 120)
    later = c.Correct(
        record=record,
        intervals=(attrs.evolve(history.entries[-3].fact.intervals[0], end=history.now),),  # type: ignore[union-attr]
        requested_by=LEADER,
        reason=REASON,
    )
    before = history.run(later, CHECKER)[-1].fact
    assert isinstance(before, Awarded)
    report = tried(history, accruals=(Accrual(id="fixed", fixed=Fraction(4)),))
    assert of(report).earned == Change(before.points, 4)


# --- what is easily forgotten in a replay ------------------------------------------------------------------------


def test_ratings_of_approvals_count_as_they_did() -> None:
    history = begun(multipliers=(Multiplier(id="good", times=Fraction(2), when=When(ratings=("good",))),))
    record = history.submit("v-1", "2026-03-11 08:00", 60)
    history.run(c.Approve(record=record, rating="good"), CHECKER)
    report = what_if(history.entries)
    assert (report.is_same, of(report).earned) == (True, Change(20, 20))


def test_points_that_nobody_swept_are_not_swept_in_a_replay_either() -> None:
    history = begun(expiry=Expiry(days=3), caps=(Cap(id="b", at_most=Fraction(30), per="balance"),))
    history.serve("v-1", "2026-03-11 08:00", 140)
    history.until("2026-03-20 20:00")
    history.serve("v-1", "2026-03-20 08:00", 140)  # the balance still shows the 23 that have ended
    report = what_if(history.entries)
    assert (report.is_same, of(report).earned) == (True, Change(30, 30))


def test_days_of_grace_end_in_a_replay_when_they_were_ended() -> None:
    cap = Cap(id="b", at_most=Fraction(30), per="balance")
    history = begun(expiry=Expiry(days=3), caps=(cap,), redemption=RedemptionRule(hold_days=20, grace_days=2))
    history.serve("v-1", "2026-03-11 08:00", 140)
    soap = history.hold("v-1", "soap")
    history.until("2026-03-20 20:00")
    kinds = [entry.kind for entry in history.run(c.Cancel(redemption=soap, reason=REASON), LEADER)]
    assert kinds == ["Cancelled", "Extended"]
    history.until("2026-03-30 20:00")
    history.serve("v-1", "2026-03-30 08:00", 140)  # 16 and 7 have ended, and nobody swept them
    report = what_if(history.entries)
    assert (report.is_same, of(report).earned) == (True, Change(30, 30))


def test_a_volunteer_who_is_described_anew_is_known_anew() -> None:
    history = begun(multipliers=(Multiplier(id="old", times=Fraction(2), when=When(tags=("senior",))),))
    history.serve("v-1", "2026-03-11 08:00", 60)
    history.run(c.Enrol(volunteer="v-1", tags=("senior",)), AUTHOR)
    history.serve("v-1", "2026-03-11 10:00", 60)
    report = what_if(history.entries)
    assert (report.is_same, of(report).earned) == (True, Change(30, 30))


def test_a_balance_that_was_brought_over_with_its_end_keeps_it_and_one_without_ends_with_the_draft() -> None:
    history = begun()
    command = c.OpenBalance(volunteer="v-1", points=9, requested_by=AUTHOR, reason=REASON)
    history.run(attrs.evolve(command, ends=moment("2026-05-01 00:00")), APPROVER)
    history.run(attrs.evolve(command, volunteer="v-2"), APPROVER)
    history.serve("v-1", "2026-03-11 08:00", 60)
    assert what_if(history.entries).is_same
    history.until("2026-04-01 09:00")
    history.serve("v-1", "2026-04-01 08:00", 30)
    report = tried(history, expiry=Expiry(days=3))
    assert of(report).expired == Change(0, 10)  # the award; what was brought over has a month left
    assert of(report, "volunteer:v-2").expired == Change(0, 9)


def test_what_overflows_a_cap_stands_among_the_rules() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 140)
    rulebook = attrs.evolve(
        PLAIN,
        id="draft",
        caps=(Cap(id="daily", at_most=Fraction(20), overflow="gift"),),
        streams=(Stream(id="rest", currency="gift"),),
    )
    report = what_if(history.entries, Trial(rulebook=rulebook, currencies=(Currency(id="gift"),)))
    assert {each.currency: each.earned for each in report.totals} == {"points": Change(23, 20), "gift": Change(0, 3)}
    assert (rule(report, "daily"), rule(report, "")) == ((0, -3), (0, 3))


# --- what is tried -----------------------------------------------------------------------------------------------


def test_a_trial_counts_on_its_days_alone() -> None:
    history = begun()
    for day in (9, 10, 11):
        history.serve("v-1", f"2026-03-{day:02} 08:00", 60)
    doubled = (Accrual(id="hours", per_hour=Fraction(20)),)
    report = tried(history, since=date(2026, 3, 10), until=date(2026, 3, 11), accruals=doubled)
    assert (of(report).earned, report.covered) == (Change(30, 40), 1)
    with pytest.raises(InputError, match="nothing to try"):
        tried(history, since=date(2027, 1, 1), accruals=doubled)
    with pytest.raises(InputError, match="empty rulebook"):
        tried(history, since=date(2026, 3, 10), until=date(2026, 3, 10))


def test_a_new_currency_comes_with_the_trial_and_one_that_is_counted_otherwise_is_refused() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 60)
    stars = attrs.evolve(PLAIN, id="draft", currency="stars")
    report = what_if(history.entries, Trial(rulebook=stars, currencies=(Currency(id="stars"),)))
    assert [(each.currency, each.earned) for each in report.totals] == [
        ("points", Change(10, 0)),
        ("stars", Change(0, 10)),
    ]
    with pytest.raises(InputError, match="unknown currency"):
        what_if(history.entries, Trial(rulebook=stars))
    with pytest.raises(InputError, match="currency differs"):
        what_if(history.entries, Trial(rulebook=stars, currencies=(Currency(id="points", decimals=1),)))
    with pytest.raises(InputError, match="rulebook id taken"):
        what_if(history.entries, Trial(rulebook=attrs.evolve(PLAIN, notice_days=1)))


def test_a_damaged_ledger_and_an_empty_one_are_refused() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 60)
    with pytest.raises(Corrupt, match="entry out of place"):
        what_if(each for each in history.entries if each.kind != "Submitted")
    with pytest.raises(Refused, match="no programme"):
        what_if(())


def test_the_reference_names_what_was_replayed_and_found() -> None:
    history = begun()
    history.serve("v-1", "2026-03-11 08:00", 60)
    entries = list(history.entries)
    rate = (Accrual(id="hours", per_hour=Fraction(11)),)
    reference = tried(history, accruals=rate).reference
    assert reference == tried(history, accruals=rate).reference
    assert reference.startswith(f"{len(entries)}-")
    history.serve("v-1", "2026-03-11 10:00", 60)
    assert tried(history, accruals=rate).reference != reference
    history.entries = entries
    assert tried(history, accruals=rate).reference == reference
    assert tried(history, accruals=(Accrual(id="hours", per_hour=Fraction(12)),)).reference != reference


def test_a_draft_says_what_is_to_be_tried() -> None:
    second = attrs.evolve(PLAIN, id="2027", since=date(2027, 1, 1))
    third = attrs.evolve(second, id="2028", since=date(2028, 1, 1))
    back = attrs.evolve(second, id="back", since=date(2026, 2, 1), retroactive=True, retroactive_reason="agreed")

    def definition(*rulebooks: Rulebook) -> c.Definition:
        return attrs.evolve(small_programme(), rulebooks=rulebooks)

    trial = trial_of(definition(PLAIN, second), [PLAIN])
    assert (trial.rulebook, trial.since, trial.until) == (second, None, None)
    assert trial_of(definition(PLAIN), [PLAIN]).rulebook == PLAIN
    assert trial_of(definition(PLAIN, second, third), [PLAIN], rulebook="2028").rulebook == third
    trial = trial_of(definition(PLAIN, back), [PLAIN, second])
    assert (trial.since, trial.until) == (date(2026, 2, 1), date(2027, 1, 1))
    trial = trial_of(definition(back), [PLAIN], since=date(2026, 3, 1), until=date(2026, 4, 1))
    assert (trial.since, trial.until) == (date(2026, 3, 1), date(2026, 4, 1))
    for name in (None, "1999"):
        with pytest.raises(InputError, match="which rulebook"):
            trial_of(definition(PLAIN, second, third), [PLAIN], rulebook=name)


def test_progress_is_told_to_the_end() -> None:
    history, told = begun(), list[int]()
    what_if(history.entries, progress=told.append)
    assert told == [len(history.entries)]
