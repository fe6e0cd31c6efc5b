"""Many writers who all want the same item: ``python -m benchmarks.hot`` lets eight threads hold bags out of one stock.

Each thread takes the next volunteer as soon as it is done. One writer alone and all of them together take turns, so
what eight do is compared with what one does on the same machine at the same time. A wait is the time that one command
takes, from the call to the durable commit.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing

import attrs

from benchmarks.community import LEDGER, Turn, fill
from benchmarks.contestants import Contestant, Library
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told, workplace
from volunteer_points import Programme
from volunteer_points.storage.sql import SqlStore

WRITERS = 8
KEPT_AIM, WAIT_AIM_SECONDS, SHARE_AIM = 0.8, 0.2, 0.5
COLUMNS = {
    "where": "{}",
    "writers": "{:,}",
    "holds a second": "{:,.0f}",
    "of one writer": "{:.2f}",
    "worst wait": "{:.0f} ms",
    "least busy writer": "{:.2f} of its share",
}


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks.hot",
        rounds=(5, "rounds of one writer and of all"),
        holds=(240, "holds in a round, for one writer and for all together"),
    )
    with workplace(chosen.folder) as folder:
        file = folder / "hot.sqlite"
        with SqlStore.open(file, LEDGER, durable=False) as store:
            taken = fill(Programme(store), 1_000)
        on_stderr("many writers on one item")
        with closing(Library(file)) as library:
            rows = crowded("SQLite", lambda count: [library] * count, taken, chosen.rounds, chosen.holds, on_stderr)
        print(told([Table("hot", COLUMNS, rows, aims(rows))], as_json=chosen.json))


@attrs.frozen
class Crowd:
    """What came of some writers at once: holds a second, the longest wait, and the smallest part that one had."""

    rate: float
    worst_seconds: float
    least: float


def crowded(  # noqa: PLR0913, PLR0917 - where, who and how much
    where: str, writers: Callable[[int], Sequence[Contestant]], first: int, rounds: int, holds: int, tell: Tell
) -> list[list[Cell]]:
    """Rows for one writer and for all of them, after every volunteer concerned was given points."""
    found: dict[int, list[Crowd]] = {1: [], WRITERS: []}
    turns = deque(Turn(number) for number in range(first, first + 2 * rounds * holds))
    programs = {count: writers(count) for count in found}
    for turn in turns:
        programs[1][0].award(turn)
    for number in range(rounds):
        tell(f"{where}, round {number + 1} of {rounds}")
        for count in sorted(found, reverse=bool(number % 2)):
            found[count].append(crowd(programs[count], deque(turns.popleft() for _ in range(holds))))
    alone = statistics.median(each.rate for each in found[1])
    return [
        [
            where,
            count,
            statistics.median(each.rate for each in rates),
            statistics.median(each.rate for each in rates) / alone,
            1000 * max(each.worst_seconds for each in rates),
            min(each.least for each in rates),
        ]
        for count, rates in found.items()
    ]


def crowd(programs: Sequence[Contestant], turns: deque[Turn]) -> Crowd:
    """Let every program hold in a thread of its own until no turn is left."""
    expected = len(turns) / len(programs)
    waits: list[list[float]] = [[] for _ in programs]
    errors: list[BaseException] = []

    def work(program: Contestant, own: list[float]) -> None:
        try:
            while turns:
                turn = turns.popleft()
                begun = time.perf_counter()
                program.hold(turn)
                own.append(time.perf_counter() - begun)
        except IndexError:
            pass  # another one took the last turn
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=work, args=each) for each in zip(programs, waits, strict=True)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if errors:
        raise errors[0]
    done = sum(map(len, waits))
    return Crowd(done / seconds, max(map(max, filter(None, waits))), min(map(len, waits)) / expected)


def aims(rows: Sequence[Sequence[Cell]]) -> list[Aim]:
    """Whether many writers are as fast as they should be, whether one waits too long, and whether one starves."""
    made = []
    for where, count, _, kept, worst, least in rows:
        if count == WRITERS:
            kept_, worst_, least_ = float(kept or 0), float(worst or 0), float(least or 0)
            made += [
                Aim(f"{where}: {WRITERS} writers reach {kept_:.2f} of one, at least {KEPT_AIM}", kept_ >= KEPT_AIM),
                Aim(
                    f"{where}: the worst wait is {worst_:.0f} ms, under {WAIT_AIM_SECONDS * 1000:.0f}",
                    worst_ < WAIT_AIM_SECONDS * 1000,
                ),
                Aim(
                    f"{where}: the least busy writer has {least_:.2f} of its share, at least {SHARE_AIM}",
                    least_ >= SHARE_AIM,
                ),
            ]
    return made


if __name__ == "__main__":
    main()
