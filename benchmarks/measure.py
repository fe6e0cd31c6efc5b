"""The measuring: library and peer take turns on the same disk, so that whatever slows the machine slows both.

Each turn is timed for everybody before the next one begins, and the order changes with every turn. A ratio is the
median over all turns of the peer's time divided by the library's: 1 is as fast as written by hand.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import product
from pathlib import Path

import attrs

from benchmarks.community import LEDGER, Turn, fill
from benchmarks.contestants import Contestant, Hand, Library
from benchmarks.limits import BareCommits, Unchecked, differences, read_and_hash, rows_of
from benchmarks.tables import Tell
from volunteer_points import Programme
from volunteer_points.audit import audit
from volunteer_points.storage.sql import SqlStore

Times = defaultdict[str, list[float]]
FIRST_STORE = "from volunteer_points import Programme; from volunteer_points.storage.sql import SqlStore"


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured."""

    folder: Path
    """An empty folder on the disk to be measured."""

    entries: Sequence[int]
    """How long the ledgers are when the measuring begins."""

    rounds: int
    turns: int
    """Single commands in a round: so many awards and so many redemptions."""

    batch: int
    """Records in one transaction of a bulk import; one batch in each round."""

    starts: int
    """How often the package is imported."""


@attrs.frozen(kw_only=True)
class Measured:
    """One line of the table. Seconds are medians for one award, one redemption, or one record of an import."""

    what: str
    entries: int
    library_seconds: float
    by_hand_seconds: float
    ratio: float
    """By hand divided by library, the median over all pairs."""

    unchecked_seconds: float
    commits_seconds: float


@attrs.frozen(kw_only=True)
class AuditMeasured:
    """How fast a whole ledger is audited, and how fast its entries can be read, parsed and hashed."""

    entries: int
    audit_seconds: float
    read_seconds: float
    clean: bool


@attrs.frozen(kw_only=True)
class Report:
    """Everything that was measured."""

    measured: tuple[Measured, ...]
    audits: tuple[AuditMeasured, ...]
    import_seconds: float
    first_use_seconds: float
    first_store_seconds: float
    """What each adds to an empty interpreter, from its start to its end: the package, its core, and a SQL store too."""

    def growth(self, what: str) -> float:
        """What one command costs on the longest ledger, divided by what it costs on the shortest."""
        of_kind = sorted((each for each in self.measured if each.what == what), key=lambda each: each.entries)
        return of_kind[-1].library_seconds / of_kind[0].library_seconds


class Site:
    """A ledger of a given length, one copy for everybody who is measured."""

    def __init__(self, folder: Path, entries: int) -> None:
        self.entries = entries
        self.base = folder / f"{entries}.db"
        with SqlStore.open(self.base, LEDGER) as store:
            self.taken = fill(Programme(store), entries)
        self.paths = {name: self._copy(name) for name in ("library", "by_hand", "unchecked")}
        self.programs: Mapping[str, Contestant] = {
            "library": Library(self.paths["library"]),
            "by_hand": Hand(self.paths["by_hand"]),
        }
        self.unchecked = Unchecked(self.paths["unchecked"])

    def _copy(self, name: str) -> Path:
        return Path(shutil.copy(self.base, self.base.with_suffix(f".{name}.db")))

    def next_turns(self, count: int) -> Sequence[Turn]:
        """Turns that were not taken before."""
        first, self.taken = self.taken, self.taken + count
        return [Turn(number) for number in range(first, first + count)]

    def check(self) -> None:
        """Both programs must have written the same rows, or nothing was compared."""
        different = differences(self.paths["library"], self.paths["by_hand"])
        if different:
            raise ValueError(f"library and peer wrote different rows: {different}")

    def close(self) -> None:
        """Close every file."""
        for program in self.programs.values():
            program.close()
        self.unchecked.close()


def run(plan: Plan, tell: Tell) -> Report:
    """Measure everything."""
    with ExitStack() as stack:
        bare = stack.enter_context(closing(BareCommits(plan.folder / "bare.db")))
        sites = []
        for entries in plan.entries:
            tell(f"filling a ledger with {entries:,} entries")
            sites.append(stack.enter_context(closing(Site(plan.folder, entries))))
        measured = [*_singles(plan, sites, bare, tell), *_imports(plan, sites, bare, tell)]
        for site in sites:
            site.check()
        audits = tuple(_audited(site, tell) for site in sites)
    return Report(
        measured=tuple(measured),
        audits=audits,
        import_seconds=start_seconds("import volunteer_points", plan.starts, tell),
        first_use_seconds=start_seconds("from volunteer_points import MemoryStore, Programme", plan.starts, tell),
        first_store_seconds=start_seconds(FIRST_STORE, plan.starts, tell),
    )


def _singles(plan: Plan, sites: Sequence[Site], bare: BareCommits, tell: Tell) -> Iterator[Measured]:
    steps = {"award": ("submit", "approve"), "redeem": ("hold", "collect")}
    times = {(what, site.entries): Times(list) for what in steps for site in sites}
    for number in range(plan.rounds):
        tell(f"single commands, round {number + 1} of {plan.rounds}")
        for site in sites:
            turns = site.next_turns(plan.turns)
            for (what, keys), turn in product(steps.items(), turns):
                into = times[what, site.entries]
                deeds = {name: partial(getattr(each, what), turn) for name, each in site.programs.items()}
                _time(deeds, into, backwards=turn.number % 2 == 1)
                _time_limits(site, bare, [[turn.key(key)] for key in keys], into)
    for (what, entries), found in times.items():
        yield _measured(what, entries, found, units=1)


def _imports(plan: Plan, sites: Sequence[Site], bare: BareCommits, tell: Tell) -> Iterator[Measured]:
    times = {site.entries: Times(list) for site in sites}
    for number in range(plan.rounds):
        tell(f"bulk import, round {number + 1} of {plan.rounds}")
        for site in sites:
            turns, into = site.next_turns(plan.batch), times[site.entries]
            deeds = {name: partial(each.import_services, turns) for name, each in site.programs.items()}
            _time(deeds, into, backwards=number % 2 == 1)
            _time_limits(site, bare, [[turn.key("submit") for turn in turns]], into)
    for entries, found in times.items():
        yield _measured("import", entries, found, units=plan.batch)


def _time_limits(site: Site, bare: BareCommits, commits: Sequence[Sequence[str]], into: Times) -> None:
    """The same rows without a check and the same number of commits without rows."""
    rows = [rows_of(site.paths["by_hand"], keys) for keys in commits]
    _time({"unchecked": partial(site.unchecked.write, rows), "commits": partial(bare.commit, len(rows))}, into)


def _time(deeds: Mapping[str, Callable[[], object]], into: Times, *, backwards: bool = False) -> None:
    for name, deed in sorted(deeds.items(), reverse=backwards):
        begun = time.perf_counter()
        deed()
        into[name].append(time.perf_counter() - begun)


def _measured(what: str, entries: int, times: Times, *, units: int) -> Measured:
    seconds = {name: statistics.median(found) / units for name, found in times.items()}
    pairs = zip(times["by_hand"], times["library"], strict=True)
    return Measured(
        what=what,
        entries=entries,
        library_seconds=seconds["library"],
        by_hand_seconds=seconds["by_hand"],
        ratio=statistics.median(by_hand / library for by_hand, library in pairs),
        unchecked_seconds=seconds["unchecked"],
        commits_seconds=seconds["commits"],
    )


def _audited(site: Site, tell: Tell) -> AuditMeasured:
    path = site.paths["library"]
    tell(f"auditing the ledger that had {site.entries:,} entries")
    with SqlStore.open(path, LEDGER) as store:
        begun = time.perf_counter()
        report = audit(store)
        audited = time.perf_counter() - begun
    begun = time.perf_counter()
    entries = read_and_hash(path)
    read = time.perf_counter() - begun
    return AuditMeasured(entries=entries, audit_seconds=audited, read_seconds=read, clean=report.exit_code == 0)


def start_seconds(code: str, times: int, tell: Tell) -> float:
    """What code adds to an empty interpreter: the median over as many starts of both, in turns."""
    tell(code)
    added = []
    for _ in range(times):
        empty, imported = (_started(each) for each in ("pass", code))
        added.append(imported - empty)
    return statistics.median(added)


def _started(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - this interpreter and the code above
    return time.perf_counter() - begun
