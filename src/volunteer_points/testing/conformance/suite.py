"""The same checks under pytest: one test for each."""

from __future__ import annotations

import pytest

from volunteer_points.storage import Store
from volunteer_points.testing.conformance.factory import StoreFactory
from volunteer_points.testing.conformance.report import CHECKS, Verdict, run_check
from volunteer_points.testing.conformance.trial import Check


class StoreConformance(StoreFactory):
    """Subclass it under a name that begins with ``Test``, and say how an empty store is made.

    ::

        class TestMyStore(StoreConformance):
            def empty_store(self, ledger):
                return MyStore(...)

    The other methods of :class:`StoreFactory` may be overridden to claim more. An instance is made for each check.
    """

    seconds_for_a_check: float = 60

    def empty_store(self, ledger: str) -> Store:
        """A store of an empty ledger with this id, in a place where nothing else is."""
        raise NotImplementedError  # whoever subclasses says it

    def empty(self, ledger: str) -> Store:
        """As :meth:`empty_store`."""
        return self.empty_store(ledger)

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.number}-{check.sentence.replace(' ', '_')}")
    def test_the_store_conforms(self, check: Check) -> None:
        """One check."""
        result = run_check(check, self, limit_seconds=self.seconds_for_a_check)
        if result.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(result.reason)
        assert result.verdict is Verdict.PASSED, result.reason


__all__ = ["StoreConformance"]
