from collections import defaultdict
from datetime import timedelta

import attrs
import pytest

from tests.audit.defects import DEFECTS, month, say
from tests.audit.defects import ledger as ledger_of
from tests.audit.ledgers import StoredLedger, interval, one_month
from volunteer_points.audit import Severity, audit
from volunteer_points.audit.examination import PROFILES
from volunteer_points.audit.findings import Finding
from volunteer_points.audit.titles import TITLES
from volunteer_points.audit.vocabulary import VOCABULARY
from volunteer_points.audit.wording import SENTENCES
from volunteer_points.entries import KINDS, Held, Transferred

OF_THE_TREE = {
    "entry_adrift",
    "published_beyond",
    "published_differs",
    "published_not_compared",
    "published_of_another",
    "checkpoint_beyond",
    "checkpoint_differs",
    "checkpoint_unreadable",
    "node_differs",
    "node_missing",
    "nodes_left_over",
}
"""Planted in test_sealed.py, in stores that were sealed."""

FOUND_ELSEWHERE = {"file_damaged", "run_by_one", "required_but_skipped", "required_but_incomplete", *OF_THE_TREE}
FOUND_ELSEWHERE |= {"own_rule_missing", "price_not_computable"}  # tests/test_own_rules.py


def found_in(name: str) -> tuple[Finding, ...]:
    planted, _ = DEFECTS[name].plant()
    return audit(planted, as_of=DEFECTS[name].as_of).findings


def test_the_ledger_in_which_defects_are_planted_is_clean() -> None:
    report = audit(ledger_of(month()))
    assert report.findings == ()
    assert {check.status for check in report.checks} == {"pass"}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_on_its_subject_and_nothing_else_is(name: str) -> None:
    defect = DEFECTS[name]
    planted, subject = defect.plant()
    report = audit(planted, as_of=defect.as_of)
    assert (defect.check, defect.key, subject) in {(each.check, each.key, each.subject.id) for each in report.findings}
    assert {each.check for each in report.findings} == {defect.check, *defect.companions}
    assert report.exit_code == 1
    assert report.check(defect.check).status == "fail"


@pytest.mark.parametrize("name", DEFECTS)
def test_a_finding_says_what_is_wrong_where_and_what_to_do(name: str) -> None:
    for finding in found_in(name):
        for language in ("en", "zh"):
            for words in (finding.message(language), finding.remedy(language)):
                assert words
                assert not set(words) & set("{}")
        assert finding.severity is Severity.ERROR
        named = finding.facts.get("holder", finding.subject.id)
        assert named in finding.message("en") or finding.key in {"nothing_there", "programme_differs"}
        assert "volunteer-points " in finding.remedy("en")
        assert "volunteer-points " in finding.remedy("zh")
        assert finding.evidence or finding.check in {"VP002", "VP003", "VP005", "VP503", "VP506", "VP601"}


def test_each_kind_of_breach_and_each_check_has_a_planted_defect() -> None:
    by_check = defaultdict(list)
    for name, defect in DEFECTS.items():
        by_check[defect.check].append(name)
    assert set(by_check) == {"VP003", *(check.id for check in PROFILES["core"])} == set(TITLES)
    assert {defect.key for defect in DEFECTS.values()} == set(SENTENCES) - FOUND_ELSEWHERE


def test_service_within_longer_service_is_found_each_time() -> None:
    history = one_month()
    records = [history.submit("v-3", f"2026-03-15 {hour:02}:00", 30) for hour in (9, 11, 13)]
    entries = history.entries
    index = next(at for at, each in enumerate(entries) if getattr(each.fact, "record", "") == records[0])
    say(entries, index, intervals=(interval("2026-03-15 09:00", 600),))
    found = audit(ledger_of(entries)).findings
    assert {(each.check, each.subject.id) for each in found} == {("VP202", records[1]), ("VP202", records[2])}


def test_a_hold_is_overdue_from_its_last_instant_on() -> None:
    entries = month()
    held = next(entry.fact for entry in reversed(entries) if isinstance(entry.fact, Held))
    ends, known = held.held_until, entries[-1].booked_at
    before = audit(ledger_of(entries), as_of=ends - timedelta(microseconds=1), booked_until=known)
    assert before.findings == ()
    assert [each.key for each in audit(ledger_of(entries), as_of=ends, booked_until=known).findings] == ["overdue"]


def test_every_kind_of_entry_has_its_words() -> None:
    assert set(VOCABULARY) >= set(KINDS)


def test_one_gap_is_one_finding_however_much_follows() -> None:
    stored = [each for each in ledger_of(month()).stored() if each.position != 50]
    assert [each.key for each in audit(StoredLedger(stored)).findings].count("position_missing") == 1


def test_a_balance_that_stays_beyond_its_bound_is_named_once() -> None:
    entries = month()
    transfer = next(entry for entry in entries if isinstance(entry.fact, Transferred))
    far = tuple(each._replace(amount=100 * each.amount) for each in transfer.postings)
    more = attrs.evolve(transfer, key="again", postings=far)
    report = audit(ledger_of([*entries, more, attrs.evolve(more, key="and again")]))
    assert len(report.found_by("VP004")) == 1
