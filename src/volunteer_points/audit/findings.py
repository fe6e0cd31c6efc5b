"""What an audit says: one breach with its numbers, its evidence and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

import attrs

from volunteer_points.audit.titles import LANGUAGES
from volunteer_points.audit.wording import SENTENCES, shown
from volunteer_points.canonical import digest
from volunteer_points.entries import derived_id

Values = Mapping[str, Any]
"""Names and what stands there: texts, whole numbers, truth values, None, or mappings of them."""


class Severity(StrEnum):
    """How bad a finding is. A note asks for no action."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """The place in the order of badness, notes first."""
        return list(Severity).index(self)


@attrs.frozen(order=True)
class Subject:
    """What a finding is about: an entry, a record, a volunteer, an item and so on, with its id."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


@attrs.frozen(order=True)
class Evidence:
    """An entry to open: its place in the ledger's order, and what its id follows from."""

    position: int
    ledger: str = ""
    key: str = ""
    number: int = 0

    @property
    def entry(self) -> str:
        """The entry's id; empty when the entry cannot be read."""
        return derived_id("e", self.ledger, self.key, self.number) if self.number else ""


@attrs.frozen(kw_only=True, slots=False)
class Finding:
    """One breach.

    ``expected`` and ``actual`` hold what differs, by name. ``facts`` are the further values that the sentence names,
    ``trace`` the steps by which the expected numbers were reached.
    """

    check: str
    key: str
    subject: Subject
    severity: Severity = Severity.ERROR
    expected: Values = attrs.field(factory=dict)
    actual: Values = attrs.field(factory=dict)
    facts: Values = attrs.field(factory=dict)
    evidence: tuple[Evidence, ...] = ()
    trace: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """What stays the same from audit to audit as long as the breach does, in hexadecimal."""
        return digest([self.check, self.subject.type, self.subject.id, self.expected])

    def message(self, language: str = "en") -> str:
        """What is wrong, in one sentence."""
        return SENTENCES[self.key].said(language).format_map(self._named(language))

    def remedy(self, language: str = "en") -> str:
        """Who can put it right, and with which command."""
        return SENTENCES[self.key].fix(language).format_map(self._named(language))

    def _named(self, language: str) -> dict[str, str]:
        named = {"subject": self.subject.id}
        for prefix, values in (("", self.facts), ("expected_", self.expected), ("actual_", self.actual)):
            named.update({f"{prefix}{name}": shown(name, value, language) for name, value in values.items()})
        both = {"expected": self.expected, "actual": self.actual}
        return named | {name: shown(name, values, language) for name, values in both.items()}

    def plain(self) -> dict[str, Any]:
        """The finding as JSON holds it."""
        return {
            "id": f"{self.check}-{self.fingerprint[:12]}",
            "check": self.check,
            "severity": str(self.severity),
            "subject": {"type": self.subject.type, "id": self.subject.id},
            "message": {"key": self.key, "facts": dict(self.facts), **{each: self.message(each) for each in LANGUAGES}},
            "expected": dict(self.expected),
            "actual": dict(self.actual),
            "evidence": [{"entry": each.entry or None, "position": each.position} for each in self.evidence],
            "trace": list(self.trace),
            "remedy": {each: self.remedy(each) for each in LANGUAGES},
            "fingerprint": self.fingerprint,
        }
