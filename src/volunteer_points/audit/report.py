"""The report of an audit: is it clean, what is worst, what is to be done; for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import attrs

from volunteer_points.audit.findings import Finding, Severity
from volunteer_points.audit.rollforward import PARTS, SELDOM, SIGNS, RollForward
from volunteer_points.audit.sealed import Covered
from volunteer_points.audit.titles import TITLES
from volunteer_points.audit.vocabulary import VOCABULARY, Words
from volunteer_points.audit.wording import word
from volunteer_points.canonical import instant_text
from volunteer_points.model import Calendar, Currency
from volunteer_points.postings import Purpose

SCHEMA = "volunteer-points-audit/1"
CLEAN, FOUND = 0, 1

_LABELS: Mapping[str, Words] = {
    "title": Words("volunteer-points audit", "volunteer-points 审计"),
    "ledger": Words("ledger", "账本"),
    "as_of": Words("as of", "截至"),
    "left_out": Words("{left_out} entries were booked later and left out", "{left_out} 条之后登记的分录未计入"),
    "profile": Words("profile", "方案"),
    "covered": Words(
        "{checkpoints} checkpoints cover {entries} entries; {beyond} entries came later, and none covers those",
        "{checkpoints} 个校验点覆盖 {entries} 条分录；其后的 {beyond} 条尚未被覆盖",
    ),
    "published": Words(
        "{checkpoints} checkpoints kept elsewhere agree with the first {entries} entries; {beyond} entries came later",
        "另存的 {checkpoints} 个校验点与前 {entries} 条分录相符；其后还有 {beyond} 条",
    ),
    "not_covered": Words(
        "no checkpoint covers the entries: volunteer-points seal", "没有校验点覆盖这些分录：volunteer-points seal"
    ),
    "counts": Words(
        "{checks} checks · {entries} entries · {awards} awards re-performed · {redemptions} redemptions",
        "{checks} 项检查 · {entries} 条分录 · 重算 {awards} 次发放 · {redemptions} 次兑换",
    ),
    "clean": Words("CLEAN", "无问题"),
    "fail": Words("FAIL", "有问题"),
    "error": Words("error", "错误"),
    "warning": Words("warning", "警告"),
    "note": Words("note", "提示"),
    "why": Words("why", "依据"),
    "fix": Words("fix", "处理"),
    "at": Words("at", "位置"),
    "more": Words("{more} more; all of them: --json", "另有 {more} 个，全部见 --json"),
    "skipped": Words("skipped", "未执行"),
    "incomplete": Words(
        "incomplete  {unread} entries could not be read; no check knows what they said",
        "不完整  {unread} 条分录无法读取，任何检查都不知道其内容",
    ),
    "rollforward": Words("roll-forward", "余额变动"),
}
_FINDINGS_SHOWN = 20


def tool_version() -> str:
    """The version of this library; ``unknown`` when it runs without having been installed."""
    try:
        return version("volunteer-points")
    except PackageNotFoundError:
        return "unknown"


@attrs.frozen(kw_only=True)
class Input:
    """What was audited: its name, how many entries, and the SHA-256 over their leaf hashes in order."""

    name: str
    ledger: str
    entries: int
    sha256: str


@attrs.frozen(kw_only=True)
class CheckResult:
    """How one check went."""

    id: str
    status: str
    """``pass``, ``fail``, ``incomplete`` (nothing found, but some entries could not be read) or ``skipped``."""

    examined: int
    findings: int
    because: str = ""
    """Why it was skipped, as a word of the vocabulary."""


@attrs.frozen(kw_only=True)
class Report:
    """What an audit found. The same ledger, time and version give the same report, byte for byte.

    Args:
        source: What was audited.
        as_of: The instant for which overdue was judged.
        booked_until: Entries booked later were left out; None when none were to be.
        left_out: How many that were.
        unread: How many entries could not be read.
        profile: Which checks were run.
        fail_on: The mildest severity that makes the audit fail.
        checks: How each check went, by id.
        findings: What was found, by check and subject.
        programme: The roll-forward of each currency.
        members: The roll-forward of each holder in each currency.
        calendar: The programme's, for showing times.
        currencies: The programme's, for showing amounts.
        covered: How much the checkpoints in the source cover; None where it has none.
        published: How much those cover that were kept elsewhere and agree; None where none were given.
    """

    source: Input
    as_of: datetime
    booked_until: datetime | None
    left_out: int
    unread: int
    profile: str
    fail_on: Severity
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    programme: tuple[RollForward, ...]
    members: tuple[RollForward, ...]
    calendar: Calendar
    currencies: tuple[Currency, ...]
    covered: Covered | None = None
    published: Covered | None = None

    @property
    def failed(self) -> bool:
        """Whether something was found that is at least as bad as ``fail_on``."""
        return any(finding.severity.rank >= self.fail_on.rank for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, 1 otherwise."""
        return FOUND if self.failed else CLEAN

    def check(self, name: str) -> CheckResult:
        """How the check of that id went."""
        return next(check for check in self.checks if check.id == name)

    def found_by(self, name: str) -> tuple[Finding, ...]:
        """What the check of that id found."""
        return tuple(finding for finding in self.findings if finding.check == name)

    # --- for programs --------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        """The report as JSON holds it; the schema only grows."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "volunteer-points", "version": tool_version()},
            "as_of": instant_text(self.as_of),
            "booked_until": instant_text(self.booked_until) if self.booked_until else None,
            "inputs": [attrs.asdict(self.source)],
            "profile": self.profile,
            "summary": {
                "status": "fail" if self.failed else "pass",
                "exit_code": self.exit_code,
                "fail_on": str(self.fail_on),
                "by_severity": {str(severity): self._count(severity) for severity in Severity},
                "examined": {check.id: check.examined for check in self.checks},
                "left_out": self.left_out,
                "unread": self.unread,
                "covered": attrs.asdict(self.covered) if self.covered else None,
                "published": attrs.asdict(self.published) if self.published else None,
            },
            "checks": [_plain_check(check) for check in self.checks],
            "findings": [finding.plain() for finding in self.findings],
            "rollforward": {
                "programme": [each.plain() for each in self.programme],
                "members": [each.plain() for each in self.members],
            },
        }

    def json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.plain(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    # --- for people ----------------------------------------------------------------------------------------------

    def text(self, lang: str = "en") -> str:
        """The report for people, in English (``en``) or Chinese (``zh``): the verdict, the worst first, the totals."""
        return "\n".join((*self._head(lang), *self._body(lang), *self._foot(lang)))

    def _head(self, lang: str) -> Iterator[str]:
        local = self.calendar.local(self.as_of).strftime("%Y-%m-%d %H:%M")
        source = self.source
        name = source.ledger if source.name == source.ledger else f"{source.ledger} ({source.name})"
        yield (
            f"{_label('title', lang)}  {_label('ledger', lang)} {name}  {_label('as_of', lang)} {local}"
            f" ({self.calendar.zone})  {_label('profile', lang)} {self.profile}  sha256 {source.sha256[:16]}…"
        )
        examined = {check.id: check.examined for check in self.checks}
        yield _label("counts", lang).format(
            checks=len(self.checks),
            entries=f"{source.entries:,}",
            awards=f"{examined['VP105']:,}",
            redemptions=f"{examined['VP501']:,}",
        )
        if self.left_out:
            yield _label("left_out", lang).format(left_out=f"{self.left_out:,}")

    def _body(self, lang: str) -> Iterator[str]:
        counts = {severity: self._count(severity) for severity in reversed(Severity)}
        told = ", ".join(f"{count:,} {_plural(severity, count, lang)}" for severity, count in counts.items() if count)
        verdict = _label("fail" if self.failed else "clean", lang)
        yield f"{verdict}  {told}".rstrip()
        worst = sorted(self.findings, key=lambda finding: -finding.severity.rank)
        for finding in worst[:_FINDINGS_SHOWN]:
            yield from _told(finding, lang)
        if len(worst) > _FINDINGS_SHOWN:
            yield "  " + _label("more", lang).format(more=f"{len(worst) - _FINDINGS_SHOWN:,}")

    def _foot(self, lang: str) -> Iterator[str]:
        if self.covered is None:
            yield _label("not_covered", lang)
        else:
            counts = {name: f"{count:,}" for name, count in attrs.asdict(self.covered).items()}
            yield _label("covered", lang).format_map(counts)
        if self.published is not None:
            counts = {name: f"{count:,}" for name, count in attrs.asdict(self.published).items()}
            yield _label("published", lang).format_map(counts)
        for because in dict.fromkeys(check.because for check in self.checks if check.status == "skipped"):
            names = " ".join(check.id for check in self.checks if check.because == because)
            yield f"{_label('skipped', lang)}  {names}: {word(because, lang)}"
        if self.unread:
            yield _label("incomplete", lang).format(unread=f"{self.unread:,}")
        for each in self.programme:
            yield f"{_label('rollforward', lang)}  {each.currency}  {self._rolled(each, lang)}"

    def _rolled(self, each: RollForward, lang: str) -> str:
        currency = next((one for one in self.currencies if one.id == each.currency), Currency(id="any"))
        lines = [
            f"{'' if not place else '− ' if SIGNS[line] < 0 else '+ '}{word(line, lang)} {currency.shown(amount)}"
            for place, (line, amount) in enumerate(each.lines.items())
            if amount or line not in SELDOM
        ]
        told = [part for part in map(str, PARTS) if each.parts[part] or part != Purpose.PENDING]
        parts = " + ".join(f"{word(part, lang)} {currency.shown(each.parts[part])}" for part in told)
        agrees = "✓" if each.expected == each.closing else f"✗ {currency.shown(each.closing)}"
        return f"{' '.join(lines)} = {currency.shown(each.expected)} = {parts} {agrees}"


def _plain_check(check: CheckResult) -> dict[str, Any]:
    because = VOCABULARY.get(check.because)
    return {
        "id": check.id,
        "title": attrs.asdict(TITLES[check.id]),
        "status": check.status,
        "examined": check.examined,
        "findings": check.findings,
        "skipped_because": attrs.asdict(because) if because else None,
    }


def _told(finding: Finding, lang: str) -> Iterator[str]:
    yield f"  {_label(finding.severity, lang)} {finding.check} {finding.message(lang)}"
    if finding.trace:
        yield f"      {_label('why', lang)}: {'; '.join(finding.trace)}"
    if finding.evidence:
        places = ", ".join(f"{each.entry} ({each.position:,})".strip() for each in finding.evidence)
        yield f"      {_label('at', lang)}: {places}"
    yield f"      {_label('fix', lang)}: {finding.remedy(lang)}"


def _label(name: str, lang: str) -> str:
    return _LABELS[name].said(lang)


def _plural(severity: Severity, count: int, lang: str) -> str:
    label = _label(severity, lang)
    return f"{label}s" if lang == "en" and count != 1 else label
