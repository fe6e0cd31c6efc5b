"""The story of the rice, audited: clean as it happened, and with its award changed behind the library's back."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import attrs
import pytest

from tests.audit.ledgers import APPROVER, AUTHOR, CHECKER, REASON, SHOP, History, StoredLedger, moment
from volunteer_points import commands as c
from volunteer_points.audit import audit
from volunteer_points.books import Tally
from volunteer_points.entries import Awarded
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.model import Activity, Calendar, Duty, Item, Partner, Period, Price, Right, TeamStructure
from volunteer_points.rules import Accrual, Cap, Expiry, Rulebook
from volunteer_points.storage import Stored

PROGRAMME = c.Definition(
    name="Story",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=(AUTHOR, APPROVER),
    structure=TeamStructure(label="free", slots=()),
    activities=(Activity(id="park", name="Park clean-up"),),
    partners=(Partner(id="grain", name="Grain shop"),),
    catalogue=(Item(id="rice", name="Rice 5 kg", partner="grain", prices=(Price(points=20),)),),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.APPROVE, Right.REDEEM)),
        Duty(actor="checker", may=(Right.APPROVE,)),
        Duty(actor="shop", may=(Right.COLLECT, Right.STOCK)),
    ),
    rulebooks=(
        Rulebook(
            id="2026",
            since=date(2026, 1, 1),
            accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
            caps=(Cap(id="daily", at_most=Fraction(80)),),
            expiry=Expiry(end_of=Period.YEAR, after=1),
        ),
    ),
)


def story() -> tuple[History, str]:
    """Up to the clean audit: two awards of 23, one bag collected, one hold cancelled; the first record."""
    history = History(PROGRAMME)
    history.enrol("v-1", "v-2")
    history.run(c.ReceiveStock(item="rice", quantity=2), SHOP)
    history.until("2026-03-14 12:00")
    first = history.serve("v-1", "2026-03-14 09:00", 140)
    history.serve("v-2", "2026-03-14 09:00", 140)
    history.run(c.Collect(redemption=history.hold("v-1", "rice")), SHOP)
    history.run(c.Cancel(redemption=history.hold("v-2", "rice"), reason=REASON), SHOP)
    return history, first


def test_the_story_is_clean_and_its_numbers_add_up() -> None:
    report = audit(story()[0].ledger())
    assert (report.exit_code, report.findings) == (0, ())
    [total] = report.programme
    assert (total.lines["opening"], total.lines["earned"], total.lines["redeemed"]) == (0, 46, 20)
    assert total.closing == 26
    assert [(each.holder, each.closing) for each in report.members] == [("volunteer:v-1", 3), ("volunteer:v-2", 23)]
    assert "opening 0 + earned 46 − reversed 0 − redeemed 20" in report.text()


def test_after_the_reversal_the_debt_is_repaid_first_and_all_is_clean() -> None:
    history, first = story()
    history.run(c.Reverse(record=first, reason=REASON), CHECKER)
    report = audit(history.ledger())
    assert (report.members[0].parts, report.exit_code) == ({"available": 0, "held": 0, "debt": -20, "pending": 0}, 0)
    history.until("2026-03-15 13:00")
    history.serve("v-1", "2026-03-15 09:00", 180)
    report = audit(history.ledger())
    assert (report.members[0].parts, report.exit_code) == ({"available": 10, "held": 0, "debt": 0, "pending": 0}, 0)


def only_what_it_says(content: bytes) -> bytes:
    return content.replace(b'"points":23', b'"points":46')


def everything_in_it(content: bytes) -> bytes:
    return (
        only_what_it_says(content).replace(b'"points",23,', b'"points",46,').replace(b'"points",-23,', b'"points",-46,')
    )


@pytest.mark.parametrize(
    "change, rehash, checks",
    [
        (only_what_it_says, False, {"VP003", "VP105", "VP601"}),
        (only_what_it_says, True, {"VP105", "VP601"}),
        (everything_in_it, False, {"VP003", "VP105"}),
        (everything_in_it, True, {"VP105"}),
    ],
)
def test_an_award_changed_from_23_to_46_is_named_with_what_was_expected_and_found(
    change: Callable[[bytes], bytes],
    rehash: bool,  # noqa: FBT001 - a parameter of the test
    checks: set[str],
) -> None:
    history, _ = story()
    stored = history.stored()
    award = next(entry for entry in history.entries if isinstance(entry.fact, Awarded))
    index = history.entries.index(award)
    content = change(stored[index].content)
    stored[index] = Stored(index + 1, content, leaf_hash(content) if rehash else stored[index].leaf)
    report = audit(StoredLedger(stored, None, "small"))
    assert report.exit_code == 1
    assert {finding.check for finding in report.findings} == checks
    [found] = report.found_by("VP105")
    assert found.subject.id == award.id
    assert (found.expected["points"], found.actual["points"]) == (23, 46)
    assert found.evidence[-1].position == index + 1
    for language in ("en", "zh"):
        assert award.id in found.message(language)
        assert "23" in found.message(language)
        assert "46" in found.message(language)
    assert "140 -> 70/3" in " ".join(found.trace)


def test_balances_that_were_forged_along_do_not_hide_it() -> None:
    history, _ = story()
    entries = list(history.entries)
    index = next(at for at, entry in enumerate(entries) if isinstance(entry.fact, Awarded))
    doubled = tuple(
        each._replace(amount=2 * each.amount) if each.unit == "points" else each for each in entries[index].postings
    )
    fact = entries[index].fact
    assert isinstance(fact, Awarded)
    entries[index] = attrs.evolve(entries[index], fact=attrs.evolve(fact, points=46), postings=doubled)
    tally = Tally()
    tally.absorb(entries)
    stored = [
        Stored(position, encode(entry), leaf_hash(encode(entry))) for position, entry in enumerate(entries, start=1)
    ]
    report = audit(StoredLedger(stored, tally.balances()))
    assert {finding.check for finding in report.findings} == {"VP105"}


def test_a_hold_that_nobody_fetched_is_named_with_the_command_that_ends_it() -> None:
    history, _ = story()
    redemption = history.hold("v-2", "rice")
    assert audit(history.ledger()).exit_code == 0
    report = audit(history.ledger(), as_of=moment("2026-05-01 00:00"))
    [finding] = report.findings
    assert (finding.check, finding.subject.id) == ("VP503", redemption)
    assert "volunteer-points expire" in finding.remedy()
