"""The conformance kit: the project's stores pass it, and it tells what it finds."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.testing.backends import (
    MariadbBackend,
    NamedMariadb,
    NamedPostgresql,
    NamedSqlite,
    PostgresqlBackend,
    SqlBackend,
    SqliteBackend,
)
from volunteer_points.storage import Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.broken import BrokenStores
from volunteer_points.testing.broken.sessions import WaitsForEver
from volunteer_points.testing.conformance import (
    CHECKS,
    Check,
    EmptyStores,
    Verdict,
    check_store,
    run_check,
)
from volunteer_points.testing.conformance.suite import StoreConformance
from volunteer_points.testing.conformance.trial import Found, Trial
from volunteer_points.testing.side_by_side import OpenStore, SideBySideStore

PAGE = Path(__file__).parents[2] / "docs" / "store-contract.md"


class TestMemory(StoreConformance):
    """The store in memory."""

    def empty_store(self, ledger: str) -> Store:
        return MemoryStore(ledger)


class TestSqlite(SqliteBackend, StoreConformance):
    """The store in an SQLite file, which has every ability but sessions side by side."""


@pytest.mark.parametrize("kind", [OpenStore, SideBySideStore])
def test_what_the_broken_stores_are_made_from_is_sound(kind: type[OpenStore]) -> None:
    report = check_store(BrokenStores(kind))
    assert report.conforms, str(report)


@pytest.mark.parametrize(
    "kind",
    [
        NamedSqlite,
        pytest.param(NamedPostgresql, marks=pytest.mark.slow),
        pytest.param(NamedMariadb, marks=pytest.mark.slow),
    ],
)
def test_the_contract_is_kept_under_any_names(kind: type[SqlBackend]) -> None:
    """One check of each chapter, and those that go past the store: between them they meet every statement."""
    first = {check.requirement.partition(".")[0]: check for check in reversed(CHECKS)}
    past = [check for check in CHECKS if check.requirement in {"7.3", "12.2", "13.1", "14.1", "14.2"}]
    report = check_store(kind(), checks=[*first.values(), *past])
    assert report.conforms, str(report)


@pytest.mark.slow
class TestPostgresql(PostgresqlBackend, StoreConformance):
    """The store in a PostgreSQL server, which has every ability."""


@pytest.mark.slow
class TestMariadb(MariadbBackend, StoreConformance):
    """MariaDB keeps the contract, also with a host."""


def test_a_store_on_sqlite_lacks_one_ability_alone() -> None:
    claimed = {"3.5", "7.3", "12.2", "13.1", "13.2", "13.3", "14.1", "14.2", "14.3"}
    report = check_store(SqliteBackend(), checks=[check for check in CHECKS if check.requirement in claimed])
    assert {result.check.requirement for result in report.of(Verdict.NOT_APPLICABLE)} == {"3.5"}
    assert report.conforms, str(report)


# --- what the kit tells ---


def check_of(deed: Callable[[Trial], None]) -> Check:
    return Check("1.1a", "a check", deed)


@pytest.mark.parametrize(
    "deed, verdict, reason",
    [
        (lambda trial: trial.same(1, 1, "one"), Verdict.PASSED, ""),
        (lambda trial: trial.same(1, 2, "one"), Verdict.FAILED, "one: found 1, expected 2"),
        (lambda trial: trial.true([], "something is there"), Verdict.FAILED, "something is there"),
        (lambda _: None, Verdict.FAILED, "it examined nothing"),
        (lambda trial: trial.same(1 // 0, 1, "one"), Verdict.FAILED, "ZeroDivisionError: .* by zero"),
        (lambda trial: trial.beside(trial.store()), Verdict.NOT_APPLICABLE, "the factory brings no second store .*"),
    ],
)
def test_a_check_tells_how_it_ended(deed: Callable[[Trial], None], verdict: Verdict, reason: str) -> None:
    result = run_check(check_of(deed), EmptyStores(MemoryStore))
    assert result.verdict is verdict
    assert re.fullmatch(reason, result.reason), result.reason


def test_a_store_that_waits_for_ever_is_reported_and_not_waited_for() -> None:
    checks = [check for check in CHECKS if check.number in {"2.2a", "3.4b", "9.2e"}]
    report = check_store(BrokenStores(WaitsForEver), checks=checks, limit_seconds=0.5)
    assert [result.verdict for result in report.results] == [Verdict.PASSED, Verdict.FAILED, Verdict.FAILED]
    assert "in time" in report.results[1].reason


def test_a_check_that_never_comes_back_is_given_up() -> None:
    def wait(trial: Trial) -> None:
        trial.same(1, 1, "one")
        threading.Event().wait(30)

    result = run_check(check_of(wait), EmptyStores(MemoryStore), limit_seconds=0.1)
    assert (result.verdict, result.reason) == (Verdict.FAILED, "it did not end within 0.1 seconds")


@pytest.mark.parametrize(
    "raised, found",
    [
        (None, "nothing was raised, expected ValueError"),
        (KeyError("x"), "KeyError came out, expected ValueError: 'x'"),
        (ValueError("x"), None),
        (Found("another finding"), "another finding"),
    ],
)
def test_what_should_raise_is_held_to_it(raised: Exception | None, found: str | None) -> None:
    def deed(trial: Trial) -> None:
        with trial.raises(ValueError, of="a deed"):
            if raised:
                raise raised

    result = run_check(check_of(deed), EmptyStores(MemoryStore))
    assert result.reason.removeprefix("a deed: ") == (found or "")


def test_a_report_lists_what_did_not_pass_and_counts() -> None:
    told: list[str] = []
    checks = [check for check in CHECKS if check.requirement in {"1.2", "13.3"}]
    report = check_store(MemoryStore, checks=checks, tell=told.append)
    assert len(told) == len(checks) == 3
    assert told[0].startswith("passed         1.2a   bytes come back")
    last = "not applicable 13.3a  two processes take ten bags and no more: the factory does not say how another process"
    assert str(report) == f"{last} opens a store\n3 checks: 2 passed, 0 failed, 1 not applicable"
    assert report.conforms
    assert not check_store(MemoryStore, checks=[]).conforms


# --- the checks and the page ---


def test_there_are_more_than_a_hundred_checks_each_with_a_number_of_its_own() -> None:
    assert len(CHECKS) > 100
    assert len({check.number for check in CHECKS}) == len({check.sentence for check in CHECKS}) == len(CHECKS)


def test_every_check_leads_to_a_requirement_and_every_requirement_is_checked_or_says_that_it_is_not() -> None:
    page = PAGE.read_text("utf-8")
    found = dict(re.findall(r"^- \*\*(\d+\.\d+)\*\* (.*(?:\n  .*)*)", page, re.MULTILINE))
    assert {check.requirement for check in CHECKS} <= set(found)
    unchecked = set(found) - {check.requirement for check in CHECKS}
    assert unchecked == {number for number, words in found.items() if "*(not examined by the kit)*" in words}


def test_the_kit_needs_no_test_framework() -> None:
    kit = "volunteer_points.testing.conformance, volunteer_points.testing.broken"
    program = f"import sys, {kit}; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


class SealsNothing:
    """A store that keeps the contract and claims no sealing."""

    def __init__(self, ledger: str) -> None:
        store = MemoryStore(ledger)
        self.ledger = ledger
        self.reader, self.session = store.reader, store.session


def test_a_store_that_does_not_claim_sealing_is_told_so_and_conforms() -> None:
    report = check_store(
        SealsNothing, checks=[check for check in CHECKS if check.requirement in {"1.1", "15.1", "15.9"}]
    )
    assert report.conforms
    skipped = report.of(Verdict.NOT_APPLICABLE)
    assert [result.check.requirement for result in skipped] == ["15.1", "15.1", "15.9", "15.9"]
    reasons = {result.reason for result in skipped}
    assert reasons == {"skipped, not claimed: the store has no seal, prove and extends"}
