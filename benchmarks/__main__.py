"""Measure the library next to a program written by hand: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs

from benchmarks.measure import AuditMeasured, Measured, Plan, Report, run

RATIO_AIM, IMPORT_RATE_AIM, GROWTH_AIM, START_AIM_SECONDS = 0.5, 10_000, 1.3, 0.150


def main() -> None:
    """Measure and print."""
    chosen = _arguments()
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=chosen.folder) as folder:
        plan = Plan(
            folder=Path(folder),
            entries=chosen.entries,
            rounds=chosen.rounds,
            turns=chosen.turns,
            batch=chosen.batch,
            starts=chosen.starts,
        )
        report = run(plan, lambda told: print(f"... {told}", file=sys.stderr, flush=True))
    if chosen.json:
        print(json.dumps({"machine": machine(), **attrs.asdict(report)}, indent=2))
    else:
        print("\n".join(lines(report)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--entries", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="lengths of the ledgers"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=40, help="awards and redemptions in a round")
    parser.add_argument("--batch", type=int, default=1_000, help="records in one import; one import in a round")
    parser.add_argument("--starts", type=int, default=15, help="how often the package is imported")
    parser.add_argument("--folder", default=".", help="a folder on the disk to be measured")
    parser.add_argument("--json", action="store_true", help="print everything that was measured as JSON")
    return parser.parse_args()


def machine() -> dict[str, object]:
    """What the numbers depend on, without names."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def lines(report: Report) -> Iterator[str]:
    """The report as Markdown."""
    yield " · ".join(f"{name} {value}" for name, value in machine().items())
    yield ""
    yield "| measured | entries | library / by hand | library | by hand | rows unchecked | commits alone |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for each in report.measured:
        yield _line(each)
    yield ""
    yield "| audited entries | entries a second | read, parsed and hashed | clean |"
    yield "|--:|--:|--:|---|"
    for audited in report.audits:
        yield _audit_line(audited)
    yield ""
    yield from aims(report)


def _line(each: Measured) -> str:
    rates = [f"{1 / one:,.0f}/s" for one in (each.library_seconds, each.by_hand_seconds, each.unchecked_seconds)]
    rates.append("" if each.what == "import" else f"{1 / each.commits_seconds:,.0f}/s")  # one commit holds them all
    return f"| {each.what} | {each.entries:,} | {each.ratio:.2f} | {' | '.join(rates)} |"


def _audit_line(each: AuditMeasured) -> str:
    rates = " | ".join(f"{each.entries / seconds:,.0f}/s" for seconds in (each.audit_seconds, each.read_seconds))
    return f"| {each.entries:,} | {rates} | {'yes' if each.clean else 'no'} |"


def aims(report: Report) -> Iterator[str]:
    """What is aimed at, what was found, and whether that is enough."""
    for what in ("award", "redeem"):
        ratio = min(each.ratio for each in report.measured if each.what == what)
        yield _aim(f"{what}: {ratio:.2f} of hand-written speed, at least {RATIO_AIM}", met=ratio >= RATIO_AIM)
    for each in report.measured:
        if each.what == "import":
            rate = 1 / each.library_seconds
            met = rate >= IMPORT_RATE_AIM or each.ratio >= RATIO_AIM
            yield _aim(
                f"import at {each.entries:,}: {rate:,.0f} records a second and {each.ratio:.2f} of hand-written speed, "
                f"at least {IMPORT_RATE_AIM:,} or {RATIO_AIM}",
                met=met,
            )
    for what in ("award", "redeem"):
        growth = report.growth(what)
        yield _aim(
            f"{what}: the longest ledger costs {growth:.2f} of the shortest, at most {GROWTH_AIM}",
            met=growth <= GROWTH_AIM,
        )
    took = report.import_seconds
    yield _aim(
        f"import of the package: {took * 1000:.0f} ms, at most {START_AIM_SECONDS * 1000:.0f}",
        met=took <= START_AIM_SECONDS,
    )
    yield f"- the first use of a programme, which loads the core: {report.first_use_seconds * 1000:.0f} ms"


def _aim(told: str, *, met: bool) -> str:
    return f"- {'met' if met else 'MISSED'}: {told}"


if __name__ == "__main__":
    main()
