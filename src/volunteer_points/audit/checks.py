"""What a check is: it looks at entries in their order and says what it finds. Commands raise, checks collect."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

import attrs

from volunteer_points.audit.findings import Evidence, Finding, Severity, Subject, Values
from volunteer_points.audit.reading import Seen, Standing
from volunteer_points.audit.source import Balances
from volunteer_points.errors import Refused


@attrs.frozen(kw_only=True)
class End:
    """What is known once every entry was seen."""

    standing: Standing
    as_of: datetime
    """The instant for which overdue is judged."""

    left_out: int
    """How many entries were booked too late to be looked at."""

    balances: Balances | None
    """The stored balances; None when the source keeps none."""


class Check(Protocol):
    """One statement about the whole ledger."""

    id: str
    kinds: tuple[type, ...] | None = None
    """The facts whose entries it is shown; None for every entry."""

    examined: int = 0
    """How many things of the kind that it is about were looked at. Nought means that it was skipped."""

    skipped_because: str = "nothing_of_the_kind"
    """Why, as a word of the vocabulary."""

    def examine(self, seen: Seen, before: Standing) -> Iterable[Finding]:
        """Look at one entry; ``before`` is what stands in front of it."""
        del seen, before
        return ()

    def finish(self, end: End) -> Iterable[Finding]:
        """Look at what all of the entries come to."""
        del end
        return ()

    def missing_rule(self, seen: Seen, refusal: Refused, told: set[str]) -> Iterable[Finding]:
        """That a developer's own rule is not there, once for each rule and version; ``told`` holds what was told."""
        facts = refusal.facts
        rule = f"{facts['rule']} {facts['version']}"
        if rule not in told:
            told.add(rule)
            versions = facts["versions"] or "-"
            yield self.finding(
                "own_rule_missing",
                ("rule", rule),
                seen.evidence,
                expected={"rule": facts["rule"], "version": facts["version"], "use": facts["use"]},
                actual={"versions": facts["versions"]},
                versions=versions,
                entry=seen.id,
            )

    def finding(  # noqa: PLR0913 - a finding has as many parts
        self,
        key: str,
        subject: tuple[str, str],
        *evidence: Evidence,
        expected: Values | None = None,
        actual: Values | None = None,
        trace: tuple[str, ...] = (),
        severity: Severity = Severity.ERROR,
        **facts: Any,  # noqa: ANN401 - whatever the sentence names
    ) -> Finding:
        """A breach of this check, about the subject of that type and id."""
        return Finding(
            check=self.id,
            key=key,
            subject=Subject(*subject),
            severity=severity,
            expected=expected or {},
            actual=actual or {},
            facts=facts,
            evidence=evidence,
            trace=trace,
        )
