"""The conformance kit: hold any store to the contract of :mod:`volunteer_points.storage`.

A backend brings empty stores, and more than a hundred and seventy checks run on them. Each has a number that leads to a
requirement on the contract's page (``docs/store-contract.md``).

>>> from volunteer_points import MemoryStore
>>> report = check_store(MemoryStore, checks=[check for check in CHECKS if check.requirement == "5.1"])
>>> print(report)
2 checks: 2 passed, 0 failed, 0 not applicable

Under pytest, subclass :class:`volunteer_points.testing.conformance.suite.StoreConformance`.
"""

from __future__ import annotations

from volunteer_points.testing.conformance.factory import EmptyStores, Host, NotApplicable, StoreFactory
from volunteer_points.testing.conformance.report import (
    CHECKS,
    ConformanceReport,
    Result,
    Verdict,
    check_store,
    run_check,
)
from volunteer_points.testing.conformance.trial import Check

__all__ = [
    "CHECKS",
    "Check",
    "ConformanceReport",
    "EmptyStores",
    "Host",
    "NotApplicable",
    "Result",
    "StoreFactory",
    "Verdict",
    "check_store",
    "run_check",
]
