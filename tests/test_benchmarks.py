"""The benchmark compares like with like: library and peer write the same rows and refuse the same things."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from benchmarks.by_hand import ByHand, Command, No, Service
from benchmarks.community import LEDGER, VOLUNTEERS, Turn, fill
from benchmarks.contestants import Hand, Library
from benchmarks.limits import differences
from benchmarks.tables import kept
from volunteer_points import (
    Approve,
    ClosePeriod,
    Collect,
    Interval,
    KeyConflict,
    Leave,
    Order,
    Programme,
    Reason,
    Redeem,
    Refused,
    Reverse,
    Submit,
)
from volunteer_points.commands import Command as Wish
from volunteer_points.entries import derived_id
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOUNDED = 207
"""Entries that found the community."""

TAKEN = 3
"""Turns that were taken before: those of v-0, v-1 and v-2 in the first week."""


@attrs.frozen
class Pair:
    """Two copies of one ledger: one for the library, one for the program written by hand."""

    paths: tuple[Path, Path]
    programme: Programme
    by_hand: ByHand

    def both(self, wish: Wish, actor: str, key: str, turn: Turn, step: str) -> tuple[bool, bool]:
        """Bring a command to both, as late as a step of a turn; whether each of them wrote it."""
        at = turn.booked_at(step)
        return (
            _went_through(lambda: self.programme.execute(wish, actor=actor, key=key, booked_at=at)),
            _went_through(lambda: _told(self.by_hand, wish, Command(key, actor, at))),
        )


def _went_through(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except (Refused, KeyConflict, No):
        return False
    return True


def _told(by_hand: ByHand, wish: Wish, command: Command) -> None:
    match wish:
        case Submit():
            [interval] = wish.intervals
            by_hand.submit(command, Service(wish.volunteer, wish.activity, interval.begin, interval.end))
        case Approve():
            by_hand.approve(command, wish.record)
        case Redeem():
            by_hand.hold(command, wish.volunteer, wish.item)
        case Collect():
            by_hand.collect(command, wish.redemption)
        case _:
            raise TypeError(wish)


@contextmanager
def pair_after(folder: Path, *orders: Order) -> Iterator[Pair]:
    """A pair whose ledgers hold a few turns and some commands that only the library knows."""
    paths = folder / "library.db", folder / "by_hand.db"
    with SqlStore.open(paths[0], LEDGER) as store:
        programme = Programme(store)
        assert fill(programme, FOUNDED + 5 * TAKEN) == TAKEN
        programme.execute_many(orders)
    shutil.copy(*paths)
    with SqlStore.open(paths[0], LEDGER) as store, closing(ByHand(paths[1], LEDGER)) as by_hand:
        yield Pair(paths, Programme(store), by_hand)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with pair_after(tmp_path) as made:
        yield made


def served(turn: Turn, *, after: timedelta = timedelta(), minutes: int = 140) -> Submit:
    begin = turn.begin + after
    interval = Interval(begin=begin, end=begin + timedelta(minutes=minutes))
    return Submit(volunteer=turn.volunteer, activity="park", intervals=(interval,))


def test_library_and_peer_write_the_same_rows(tmp_path: Path) -> None:
    in_debt = Turn(0)
    wrong = Reverse(record=in_debt.record, reason=Reason(code="wrong_person"))
    reversal = Order(command=wrong, actor="checker", key="reverse", booked_at=in_debt.booked_at("collect"))
    first, batch = [Turn(number) for number in (3, 4, VOLUNTEERS)], [Turn(number) for number in range(300, 320)]
    with pair_after(tmp_path, reversal) as pair:
        for program in (Library(pair.paths[0]), Hand(pair.paths[1])):
            with closing(program):
                for turn in first:
                    program.award(turn)
                for turn in first[:2]:
                    program.redeem(turn)
                program.import_services(batch)
                program.import_services(batch)
        assert differences(*pair.paths) == []
        kinds = [entry.kind for entry in pair.programme.entries()][FOUNDED + 5 * TAKEN :]
    assert (kinds.count("Repaid"), kinds.count("Collected"), kinds.count("Submitted")) == (1, 2, 23)


def award(pair: Pair, wish: Submit, key: str, turn: Turn) -> None:
    assert pair.both(wish, "leader", key, turn, "hold") == (True, True)
    approval = Approve(record=derived_id("r", LEDGER, key))
    assert pair.both(approval, "checker", f"approve-{key}", turn, "hold") == (True, True)


def test_library_and_peer_cap_the_same_day_alike(pair: Pair) -> None:
    turn = Turn(5)
    award(pair, served(turn), "morning", turn)
    award(pair, served(turn, after=timedelta(hours=3), minutes=420), "afternoon", turn)
    assert pair.programme.balance(turn.volunteer).available == 80
    assert differences(*pair.paths) == []


def test_library_and_peer_count_to_the_same_monthly_limit(pair: Pair) -> None:
    turn = Turn(5)
    for day in (-2, -1):
        award(pair, served(turn, after=timedelta(days=day), minutes=480), f"day{day}", turn)
    held = [
        pair.both(Redeem(volunteer=turn.volunteer, item="rice"), "leader", f"hold {number}", turn, "hold")
        for number in range(7)
    ]
    assert held == [(True, True)] * 6 + [(False, False)]
    assert differences(*pair.paths) == []


def test_library_and_peer_book_nothing_in_a_closed_period_and_nothing_for_who_has_left(tmp_path: Path) -> None:
    later, day = Turn(3 * VOLUNTEERS), Turn(0).begin.date()
    orders = [
        Order(command=command, actor="founder-a", key=key, booked_at=later.begin)
        for key, command in (
            ("close", ClosePeriod(until=day + timedelta(days=14))),
            ("leave", Leave(volunteer="v-0", since=day)),
        )
    ]
    with pair_after(tmp_path, *orders) as pair:
        assert pair.both(served(NEW), "leader", "k", NEW, "submit") == (False, False)
        assert pair.both(served(later), "leader", "k", later, "submit") == (False, False)
        assert pair.both(served(Turn(later.number + 1)), "leader", "k", later, "hold") == (True, True)
        assert differences(*pair.paths) == []


NEW, OLD = Turn(6), Turn(1)
REFUSED: dict[str, tuple[Wish, str, str, Turn, str]] = {
    "overlap": (served(OLD, after=timedelta(hours=1)), "leader", "k", OLD, "submit"),
    "key used for other content": (served(NEW), "leader", OLD.key("submit"), NEW, "submit"),
    "no right to record": (served(NEW), "shop", "k", NEW, "submit"),
    "service in the future": (served(NEW, after=timedelta(days=1)), "leader", "k", NEW, "submit"),
    "not enrolled": (attrs.evolve(served(NEW), volunteer="v-999"), "leader", "k", NEW, "submit"),
    "unknown activity": (attrs.evolve(served(NEW), activity="cinema"), "leader", "k", NEW, "submit"),
    "approved already": (Approve(record=OLD.record), "checker", "k", OLD, "hold"),
    "nothing to approve": (Approve(record=NEW.record), "checker", "k", NEW, "approve"),
    "not enough points": (Redeem(volunteer="v-1", item="rice"), "leader", "k", OLD, "collect"),
    "no right to redeem": (Redeem(volunteer="v-1", item="rice"), "shop", "k", OLD, "collect"),
    "unknown item": (Redeem(volunteer="v-1", item="oil"), "leader", "k", OLD, "collect"),
    "collected already": (Collect(redemption=OLD.redemption), "shop", "k", OLD, "collect"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_library_and_peer_refuse_alike_and_write_nothing(pair: Pair, case: str) -> None:
    before = len(list(pair.programme.entries()))
    assert pair.both(*REFUSED[case]) == (False, False)
    assert len(list(pair.programme.entries())) == before
    assert differences(*pair.paths) == []


def test_library_and_peer_keep_four_eyes_alike(pair: Pair) -> None:
    assert pair.both(served(NEW), "founder-a", "k", NEW, "submit") == (True, True)
    approval = Approve(record=derived_id("r", LEDGER, "k"))
    assert pair.both(approval, "founder-a", "a", NEW, "approve") == (False, False)
    assert pair.both(approval, "founder-b", "a", NEW, "approve") == (True, True)
    assert differences(*pair.paths) == []


def test_an_import_by_hand_is_written_as_a_whole_or_not_at_all(pair: Pair) -> None:
    rows = [(Command(f"k-{n}", "leader", NEW.booked_at("submit")), _service(NEW)) for n in range(2)]
    with pytest.raises(No):
        pair.by_hand.import_services(rows)
    assert differences(*pair.paths) == []


def _service(turn: Turn) -> Service:
    return Service(turn.volunteer, "park", turn.begin, turn.end)


def test_a_row_that_is_not_the_same_is_noticed(pair: Pair) -> None:
    with closing(sqlite3.connect(pair.paths[1])) as connection:
        connection.execute("UPDATE vp_balance SET amount = amount + 1 WHERE purpose = 'on_hand'")
        connection.commit()
    assert differences(*pair.paths) == ["vp_balance"]


def test_the_benchmark_runs_and_tells_every_measure(tmp_path: Path) -> None:
    small = ["--entries", "217", "227", "--rounds", "1", "--turns", "2", "--batch", "5", "--starts", "1", "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", *small, "--folder", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    commands, audits, starts = kept(ran.stdout)
    assert [row[:2] for row in commands.rows] == [
        [what, entries] for what in ("award", "redeem", "import") for entries in (217, 227)
    ]
    assert all(isinstance(cell, float) and cell > 0 for row in commands.rows for cell in row[2:6])
    assert [row[-1] for row in audits.rows] == ["yes", "yes"]
    imported, first_use, first_store = (float(cell or 0) for _, cell in starts.rows)
    assert first_store > first_use > max(0, imported)
    assert len(commands.aims) == 6
    assert list(tmp_path.iterdir()) == []
