"""The audit itself: one pass over the entries, in their order, past every check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from volunteer_points.audit.awards import AwardApproved, CapsKept, OneAward, Reperformed, RulebookInForce
from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Finding, Severity, Subject
from volunteer_points.audit.integrity import (
    BalancesStored,
    BoundsKept,
    EntryBalanced,
    KeyOnce,
    LedgerBalanced,
    Unchanged,
)
from volunteer_points.audit.reading import Seen, Standing
from volunteer_points.audit.redemptions import Funded, HoldsClosed, StockConserved
from volunteer_points.audit.report import CheckResult, Input, Report
from volunteer_points.audit.rollforward import RolledForward
from volunteer_points.audit.sealed import KeepsTree, Tree, TreeCompared
from volunteer_points.audit.service import DayNotOverfull, NoOverlap, OtherEyes
from volunteer_points.audit.source import Balances, GivesPlaces, Journal, Kept, Ledger, Source
from volunteer_points.errors import Corrupt, InputError, suggestion
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.sealing import Checkpoint

CORE: tuple[type[Check], ...] = (
    EntryBalanced,
    LedgerBalanced,
    BoundsKept,
    BalancesStored,
    KeyOnce,
    OneAward,
    AwardApproved,
    RulebookInForce,
    Reperformed,
    CapsKept,
    NoOverlap,
    DayNotOverfull,
    OtherEyes,
    Funded,
    HoldsClosed,
    StockConserved,
    RolledForward,
)
"""Every check of the profile ``core`` but the one that reads the bytes."""

PROFILES = {"core": CORE}
PROGRESS_EVERY = 1000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int], None]


def audit(  # noqa: PLR0913 - each is a choice of the auditor
    source: Source,
    *,
    as_of: datetime | None = None,
    booked_until: datetime | None = None,
    profile: str = "core",
    require: Iterable[str] = (),
    fail_on: Severity | str = Severity.ERROR,
    checkpoints: Iterable[Checkpoint] = (),
    progress: Progress | None = None,
    own_rules: OwnRules = NO_OWN_RULES,
) -> Report:
    """Examine a ledger, from its entries alone.

    Nothing is written and no clock is read: the same entries and arguments give the same report.

    Args:
        source: A store, or a journal, which may be damaged.
        as_of: The instant for which overdue is judged; by default ``booked_until``, or when the last entry was booked.
        booked_until: Look only at entries booked by then, as one who audited at that time; by default at all of them,
            or, when only ``as_of`` is given, at those booked by then. Bytes and hashes are examined throughout.
        profile: Which checks are run; there is ``core``.
        require: Ids of checks that must examine something; one that is skipped or could not read every entry fails.
        fail_on: The mildest severity that makes the audit fail.
        checkpoints: Checkpoints that were kept elsewhere, as on a notice board; the entries must give their roots.
        progress: Told now and then, and at the end, how many entries are done.
        own_rules: The developers' own rules that are there. One that a rulebook names and that is not there is a
            finding, for what it decided cannot be worked out again.

    Raises:
        InputError: ``naive_datetime``, ``unknown_profile``, ``unknown_check`` or ``unknown_severity``.
    """
    booked_until = booked_until if booked_until is not None else as_of
    for name, instant in (("as_of", as_of), ("booked_until", booked_until)):
        if instant is not None and instant.utcoffset() is None:
            raise InputError(
                "naive_datetime", field=name, value=instant.isoformat(), fix="Give the time with its zone."
            )
    examination = Examination(source.ledger, _checks_of(profile), booked_until, own_rules)
    required = _required(require, examination)
    severity = _severity(fail_on)
    with _opened(source) as (pieces, balances, tree, adrift):
        examination.compare_with(tree, tuple(checkpoints))
        examination.look_beside(adrift)
        examination.examine(pieces, progress)
        examination.finish(as_of or booked_until, balances)
    examination.enforce(required)
    return examination.report(_name(source), profile, severity)


def _checks_of(profile: str) -> tuple[type[Check], ...]:
    if profile not in PROFILES:
        raise InputError("unknown_profile", profile=profile, fix=suggestion(profile, PROFILES) or "There is: core.")
    return PROFILES[profile]


def _required(require: Iterable[str], examination: Examination) -> tuple[str, ...]:
    required, known = tuple(require), [check.id for check in examination.checks]
    for name in required:
        if name not in known:
            raise InputError(
                "unknown_check", check=name, fix=suggestion(name, known) or f"There are: {', '.join(known)}."
            )
    return required


def _severity(fail_on: str) -> Severity:
    if fail_on not in list(Severity):
        known = ", ".join(Severity)
        raise InputError(
            "unknown_severity", severity=fail_on, fix=suggestion(fail_on, Severity) or f"There are: {known}."
        )
    return Severity(fail_on)


def _name(source: Source) -> str:
    return source.name if isinstance(source, Journal) else source.ledger


_Pieces = Iterator[tuple[int, Kept | Corrupt]]
_Adrift = Iterable[tuple[int, bytes]]
_Opened = tuple[_Pieces, Balances | None, Tree | None, _Adrift]


@contextmanager
def _opened(source: Source) -> Iterator[_Opened]:
    """What lies in the source: in order, as balances, as a tree, and beside the order; a journal has entries alone."""
    if isinstance(source, Journal):
        yield source.pieces(), None, None, ()
        return
    assert isinstance(source, Ledger)  # noqa: S101 - there is nothing else
    with source.reader() as reader:
        tree = reader.tree() if isinstance(reader, KeepsTree) else None
        adrift = reader.adrift() if isinstance(reader, GivesPlaces) else ()
        yield ((kept.position, kept) for kept in reader.stored()), reader.balances(), tree, adrift


class Examination:
    """One audit on its way: what stands so far, what was found so far."""

    def __init__(
        self,
        ledger: str,
        checks: Iterable[type[Check]],
        booked_until: datetime | None,
        own_rules: OwnRules = NO_OWN_RULES,
    ) -> None:
        self._unchanged = Unchanged(ledger)
        self.checks: tuple[Check, ...] = tuple(
            sorted((self._unchanged, *(check() for check in checks)), key=lambda check: check.id)
        )
        self._booked_until = booked_until
        self._standing = Standing(own_rules)
        self._found: list[Finding] = []
        self._leaves = hashlib.sha256()
        self._entries = self._left_out = 0
        self._last = _NEVER
        self._as_of = _NEVER
        self._shown_to: dict[type, tuple[Check, ...]] = {}

    def compare_with(self, tree: Tree | None, published: tuple[Checkpoint, ...]) -> None:
        """Compare the entries with this tree and with these checkpoints, too."""
        if tree is not None or published:
            self._unchanged.tree = TreeCompared(self._unchanged.ledger, tree, published)

    def look_beside(self, adrift: Iterable[tuple[int, bytes]]) -> None:
        """Name these entries at the end, which no reader in order sees."""
        self._unchanged.adrift = adrift

    def examine(self, pieces: Iterable[tuple[int, Kept | Corrupt]], progress: Progress | None) -> None:
        """Take every piece past every check."""
        for line, piece in pieces:
            entry = self._unchanged.admit(line, piece, self._found)
            if not isinstance(piece, Corrupt):
                self._leaves.update(piece.leaf)
                self._entries += 1
                if entry is not None:
                    self._look_at(Seen(piece.position, entry))
            if progress is not None and self._entries % PROGRESS_EVERY == 0:
                progress(self._entries)
        if progress is not None:
            progress(self._entries)

    def _look_at(self, seen: Seen) -> None:
        booked_at = seen.entry.booked_at
        if self._booked_until is not None and booked_at > self._booked_until:
            self._left_out += 1
            return
        self._last = max(self._last, booked_at)
        for check in self._interested(type(seen.entry.fact)):
            self._found.extend(check.examine(seen, self._standing))
        self._standing.absorb(seen)

    def _interested(self, kind: type) -> tuple[Check, ...]:
        if kind not in self._shown_to:
            self._shown_to[kind] = tuple(
                check
                for check in self.checks
                if (check.kinds is None or kind in check.kinds) and type(check).examine is not Check.examine
            )
        return self._shown_to[kind]

    def finish(self, as_of: datetime | None, balances: Balances | None) -> None:
        """Let every check look at what the entries come to."""
        self._as_of = as_of or self._last
        end = End(standing=self._standing, as_of=self._as_of, left_out=self._left_out, balances=balances)
        for check in self.checks:
            self._found.extend(check.finish(end))

    def enforce(self, required: Iterable[str]) -> None:
        """Turn every required check that was skipped or incomplete into a finding."""
        for check in self.checks:
            if check.id not in required:
                continue
            facts = {"reason": check.skipped_because} if not check.examined else {"unread": self._unchanged.unread}
            if not check.examined or self._unchanged.unread:
                key = "required_but_incomplete" if check.examined else "required_but_skipped"
                subject = Subject("check", check.id)
                self._found.append(Finding(check=check.id, key=key, subject=subject, facts=facts))

    def report(self, name: str, profile: str, fail_on: Severity) -> Report:
        """What came of it."""
        rolled = next(check for check in self.checks if isinstance(check, RolledForward))
        programme = self._standing.programme
        findings = sorted(self._found, key=lambda each: (each.check, each.subject, each.evidence, each.fingerprint))
        return Report(
            source=Input(
                name=name, ledger=self._unchanged.ledger, entries=self._entries, sha256=self._leaves.hexdigest()
            ),
            as_of=self._as_of,
            booked_until=self._booked_until,
            left_out=self._left_out,
            unread=self._unchanged.unread,
            profile=profile,
            fail_on=fail_on,
            checks=tuple(self._result(check) for check in self.checks),
            findings=tuple(findings),
            programme=tuple(rolled.programme.values()),
            members=tuple(rolled.members.values()),
            calendar=self._standing.calendar,
            currencies=programme.currencies if programme else (),
            covered=self._unchanged.tree.covered() if self._unchanged.tree else None,
            published=self._unchanged.tree.agreed() if self._unchanged.tree else None,
        )

    def _result(self, check: Check) -> CheckResult:
        severities = [finding.severity for finding in self._found if finding.check == check.id]
        if any(severity is not Severity.NOTE for severity in severities):
            status = "fail"
        elif not check.examined:
            status = "skipped"
        else:
            status = "incomplete" if self._unchanged.unread else "pass"
        because = check.skipped_because if status == "skipped" else ""
        return CheckResult(
            id=check.id, status=status, examined=check.examined, findings=len(severities), because=because
        )


__all__ = ["CORE", "PROFILES", "Examination", "audit"]
