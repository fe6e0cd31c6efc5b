"""Stores that are broken on purpose: the kit catches each by a check of the requirement that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import pytest

from volunteer_points.storage import Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.broken import BROKEN, BrokenStores, caught_by
from volunteer_points.testing.broken.reading import CountsTheLastDay, ForgetsBalances
from volunteer_points.testing.broken.sessions import ForgetsItsOwnWriting
from volunteer_points.testing.broken.writing import LosesTheLastEntry, RefusalLeavesRows
from volunteer_points.testing.conformance import CHECKS, Check, Host, Result, StoreFactory, Verdict, run_check
from volunteer_points.testing.conformance.commits import LEDGER
from volunteer_points.testing.side_by_side import OpenStore

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
"""Nothing is covered here alone, and following every line would double the time."""

CAUGHT: dict[type[OpenStore], Result | None] = {}


def caught(kind: type[OpenStore]) -> Result | None:
    """What catches it; found out once."""
    if kind not in CAUGHT:
        CAUGHT[kind] = caught_by(kind)
    return CAUGHT[kind]


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_store_is_caught(kind: type[OpenStore]) -> None:
    result = caught(kind)
    assert result is not None, f"{kind.__name__} breaks {BROKEN[kind]} and gets away with it: {kind.__doc__}"
    assert result.check.requirement == BROKEN[kind]


def test_every_broken_store_is_caught_and_their_number_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    count = sum(caught(kind) is not None for kind in BROKEN)
    with capsys.disabled():
        print(f"\n{count} of {len(BROKEN)} broken stores caught")  # noqa: T201 - the number is the point
    assert count == len(BROKEN) >= 80


def test_every_requirement_that_can_be_broken_in_memory_is_broken_by_a_store() -> None:
    needs_more_than_memory = {"7.3", "13.3", "14.1", "14.2", "14.3"}
    any_of_them = {"10.9"}
    assert {check.requirement for check in CHECKS} - set(BROKEN.values()) == needs_more_than_memory | any_of_them


@pytest.mark.parametrize(
    "number, kind",
    [
        ("10.9a", CountsTheLastDay),
        ("10.9a", RefusalLeavesRows),
        ("10.9a", ForgetsItsOwnWriting),
        ("10.9b", LosesTheLastEntry),
        ("10.9b", ForgetsBalances),
    ],
)
def test_any_history_tells_a_broken_store_from_the_one_in_memory(number: str, kind: type[OpenStore]) -> None:
    (check,) = [check for check in CHECKS if check.number == number]
    assert run_check(check, BrokenStores(kind)).verdict is Verdict.FAILED


# --- what takes more than memory to break ---


class LooseHost:
    """A host in memory that breaks one thing."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.store = OpenStore(LEDGER)
        self.written: list[str] = []

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        store, before = OpenStore(LEDGER), list(self.written)
        with self.store.reader() as reader:
            store.restored(list(reader.stored()))
        try:
            yield self.store if self.flaw == "commits at once" else store
        except BaseException:
            self.written[:] = before
            raise
        if self.flaw == "drops rows":
            self.written.clear()
        if self.flaw == "gives up":
            del self.written[:-1]
        if self.flaw != "drops commits":
            self.store = store

    def write_row(self, text: str) -> None:
        self.written.append(text)

    def rows(self) -> list[str]:
        return self.written


class LooseBackend(StoreFactory):
    """Claims what it cannot do."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw

    def empty(self, ledger: str) -> Store:
        return OpenStore(ledger)

    def forgeries(self, store: Store) -> Mapping[str, Callable[[], object]]:  # noqa: ARG002
        return {"a forgery that succeeds": lambda: None}

    def opener(self, store: Store) -> Callable[[], Store]:
        return partial(MemoryStore, store.ledger)

    def host(self, ledger: str) -> Host:  # noqa: ARG002 - there is one
        return LooseHost(self.flaw)


@pytest.mark.parametrize(
    "flaw, number",
    [
        ("", "7.3a"),
        ("", "13.3a"),
        ("drops rows", "14.1a"),
        ("drops commits", "14.1a"),
        ("commits at once", "14.1b"),
        ("gives up", "14.2a"),
        ("drops commits", "14.3a"),
    ],
)
def test_a_claim_that_is_not_kept_is_found(flaw: str, number: str) -> None:
    (check,) = [check for check in CHECKS if check.number == number]
    assert run_check(check, LooseBackend(flaw)).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.requirement.startswith("14.")], ids=lambda check: check.number
)
def test_a_host_without_a_flaw_passes(check: Check) -> None:
    assert run_check(check, LooseBackend()).verdict is Verdict.PASSED
