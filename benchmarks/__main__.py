"""Measure the library next to a program written by hand: ``python -m benchmarks``."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import AuditMeasured, Measured, Plan, Report, run
from benchmarks.tables import Aim, Cell, Table, arguments, on_stderr, told, workplace

RATIO_AIM, IMPORT_RATIO_AIM, IMPORT_RATE_AIM, GROWTH_AIM, START_AIM_SECONDS = 0.6, 0.5, 10_000, 1.3, 0.150


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks",
        entries=((1_000, 10_000, 100_000), "lengths of the ledgers"),
        rounds=(5, "rounds"),
        turns=(40, "awards and redemptions in a round"),
        batch=(1_000, "records in one import; one import in a round"),
        starts=(15, "how often the package is imported"),
    )
    with workplace(chosen.folder) as folder:
        plan = Plan(
            folder=folder,
            entries=chosen.entries,
            rounds=chosen.rounds,
            turns=chosen.turns,
            batch=chosen.batch,
            starts=chosen.starts,
        )
        report = run(plan, on_stderr)
    print(told(tables(report), as_json=chosen.json))


def tables(report: Report) -> list[Table]:
    """What was measured of commands and imports, of audits, and of the start of an app."""
    columns = {"measured": "{}", "entries": "{:,}", "library / by hand": "{:.2f}"}
    columns |= dict.fromkeys(("library", "by hand", "rows unchecked", "commits alone"), "{:,.0f}/s")
    audits = {"audited entries": "{:,}", "audited": "{:,.0f}/s", "read, parsed and hashed": "{:,.0f}/s", "clean": "{}"}
    starts = {"beyond an empty interpreter": "{}", "milliseconds": "{:,.0f}"}
    rows: list[list[Cell]] = [
        ["import of the package", 1000 * report.import_seconds],
        ["the first use of a programme", 1000 * report.first_use_seconds],
        ["the first use of a SQL store", 1000 * report.first_store_seconds],
    ]
    took = report.import_seconds
    told_ = f"import of the package: {took * 1000:.0f} ms, under {START_AIM_SECONDS * 1000:.0f}"
    return [
        Table("commands", columns, [_row(each) for each in report.measured], list(aims(report))),
        Table("audits", audits, [_audit_row(each) for each in report.audits]),
        Table("starts", starts, rows, [Aim(told_, took < START_AIM_SECONDS)]),
    ]


def _row(each: Measured) -> list[Cell]:
    seconds = (each.library_seconds, each.by_hand_seconds, each.unchecked_seconds)
    commits = None if each.what == "import" else 1 / each.commits_seconds  # one commit holds them all
    return [each.what, each.entries, each.ratio, *(1 / one for one in seconds), commits]


def _audit_row(each: AuditMeasured) -> list[Cell]:
    rates = (each.entries / seconds for seconds in (each.audit_seconds, each.read_seconds))
    return [each.entries, *rates, "yes" if each.clean else "no"]


def aims(report: Report) -> Iterator[Aim]:
    """What is aimed at, what was found, and whether that is enough."""
    for what in ("award", "redeem"):
        ratio = min(each.ratio for each in report.measured if each.what == what)
        yield Aim(f"{what}: {ratio:.2f} of hand-written speed, at least {RATIO_AIM}", met=ratio >= RATIO_AIM)
    for each in report.measured:
        if each.what == "import":
            rate = 1 / each.library_seconds
            yield Aim(
                f"import at {each.entries:,}: {rate:,.0f} records a second and {each.ratio:.2f} of hand-written speed, "
                f"at least {IMPORT_RATE_AIM:,} or {IMPORT_RATIO_AIM}",
                met=rate >= IMPORT_RATE_AIM or each.ratio >= IMPORT_RATIO_AIM,
            )
    for what in ("award", "redeem"):
        growth = report.growth(what)
        yield Aim(
            f"{what}: the longest ledger costs {growth:.2f} of the shortest, at most {GROWTH_AIM}",
            met=growth <= GROWTH_AIM,
        )


if __name__ == "__main__":
    main()
