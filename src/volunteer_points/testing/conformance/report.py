"""Running the checks without any test framework, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import attrs

from volunteer_points.storage import Store
from volunteer_points.testing.conformance import histories, places, reading, sealing, sessions, writing
from volunteer_points.testing.conformance.factory import EmptyStores, NotApplicable, StoreFactory
from volunteer_points.testing.conformance.trial import Background, Check, Found, Trial


def _order(check: Check) -> tuple[int, int, str]:
    chapter, _, rest = check.requirement.partition(".")
    return int(chapter), int(rest), check.number


CHECKS: Final[tuple[Check, ...]] = tuple(
    sorted(
        (check for part in (writing, sessions, reading, places, histories, sealing) for check in part.SHEET.checks),
        key=_order,
    )
)
"""Every check, by number."""

SECONDS_FOR_A_CHECK: Final = 60


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@attrs.frozen
class Result:
    """What came of one check: ``examined`` counts what was compared; ``reason`` is empty when it passed."""

    check: Check
    verdict: Verdict
    examined: int
    reason: str = ""

    def __str__(self) -> str:
        """One line."""
        why = f": {self.reason}" if self.reason else ""
        return f"{self.verdict:<14} {self.check.number:<6} {self.check.sentence}{why}"


@attrs.frozen
class ConformanceReport:
    """What came of all checks."""

    results: tuple[Result, ...]

    def of(self, verdict: Verdict) -> tuple[Result, ...]:
        """The results that ended so."""
        return tuple(result for result in self.results if result.verdict == verdict)

    @property
    def conforms(self) -> bool:
        """Whether nothing failed, and something passed."""
        return not self.of(Verdict.FAILED) and bool(self.of(Verdict.PASSED))

    def __str__(self) -> str:
        """What did not pass, with reasons, and the counts."""
        told = [str(result) for result in self.results if result.verdict is not Verdict.PASSED]
        counts = ", ".join(f"{len(self.of(verdict))} {verdict}" for verdict in Verdict)
        return "\n".join([*told, f"{len(self.results)} checks: {counts}"])


def run_check(check: Check, factory: StoreFactory, *, limit_seconds: float = SECONDS_FOR_A_CHECK) -> Result:
    """Run one check in a thread of its own, which is given up if the store keeps it waiting.

    Args:
        check: One of :data:`CHECKS`.
        factory: Brings the stores.
        limit_seconds: How long it may take.
    """
    trial = Trial(factory, limit_seconds)
    thread = Background(lambda: _run(check, trial))
    grace = limit_seconds / 10 + 1
    if not thread.ends_within(limit_seconds + grace):
        return Result(check, Verdict.FAILED, trial.examined, f"it did not end within {limit_seconds} seconds")
    match thread.error:
        case NotApplicable() as error:
            return Result(check, Verdict.NOT_APPLICABLE, trial.examined, str(error))
        case None if trial.examined:
            return Result(check, Verdict.PASSED, trial.examined)
        case None:
            return Result(check, Verdict.FAILED, 0, "it examined nothing")
        case Found() as error:
            return Result(check, Verdict.FAILED, trial.examined, str(error))
        case error:
            return Result(check, Verdict.FAILED, trial.examined, f"{type(error).__name__}: {error}")


def _run(check: Check, trial: Trial) -> None:
    try:
        check.deed(trial)
    finally:
        trial.close()


def check_store(
    factory: StoreFactory | Callable[[str], Store],
    *,
    checks: Iterable[Check] = CHECKS,
    limit_seconds: float = SECONDS_FOR_A_CHECK,
    tell: Callable[[str], object] | None = None,
) -> ConformanceReport:
    """Hold a store to the contract.

    >>> from volunteer_points import MemoryStore
    >>> check_store(MemoryStore, checks=CHECKS[:9]).conforms
    True

    Args:
        factory: Brings empty stores; a function from a ledger's id to an empty store will do.
        checks: Which checks to run.
        limit_seconds: How long each may take, so that a store that waits for ever is reported.
        tell: Is given a line on each check as it ends, such as ``print``.
    """
    brings = factory if isinstance(factory, StoreFactory) else EmptyStores(factory)
    results = []
    for check in checks:
        results.append(run_check(check, brings, limit_seconds=limit_seconds))
        if tell is not None:
            tell(str(results[-1]))
    return ConformanceReport(tuple(results))


__all__ = ["CHECKS", "SECONDS_FOR_A_CHECK", "ConformanceReport", "Result", "Verdict", "check_store", "run_check"]
