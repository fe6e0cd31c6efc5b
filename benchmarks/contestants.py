"""Who is measured: the library, and the program written by hand, asked for the same turns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.by_hand import ByHand, Command, Service
from benchmarks.community import LEDGER, Turn, approve, collect, hold, submit
from volunteer_points import Order, Programme
from volunteer_points.storage.sql import SqlStore


class Contestant(Protocol):
    """Somebody with a ledger file of their own."""

    def award(self, turn: Turn) -> None:
        """Record the service of a turn and approve it, as two commands."""
        ...

    def hold(self, turn: Turn) -> None:
        """Hold a bag of rice."""
        ...

    def redeem(self, turn: Turn) -> None:
        """Hold a bag of rice and hand it over, as two commands."""
        ...

    def import_services(self, turns: Sequence[Turn]) -> None:
        """Record the service of many turns in one transaction."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Library:
    """The library, as an app would use it."""

    def __init__(self, place: Path | str) -> None:
        self._store = SqlStore.open(place, LEDGER)
        self._programme = Programme(self._store)

    def award(self, turn: Turn) -> None:
        """Submit and approve."""
        self._execute(submit(turn))
        self._execute(approve(turn))

    def hold(self, turn: Turn) -> None:
        """Hold."""
        self._execute(hold(turn))

    def redeem(self, turn: Turn) -> None:
        """Hold and collect."""
        self.hold(turn)
        self._execute(collect(turn))

    def _execute(self, order: Order) -> None:
        self._programme.execute(order.command, actor=order.actor, key=order.key, booked_at=order.booked_at)

    def import_services(self, turns: Sequence[Turn]) -> None:
        """Submit all of them in one call."""
        self._programme.execute_many([submit(turn) for turn in turns])

    def close(self) -> None:
        """Close the store."""
        self._store.close()


class Hand:
    """The program written by hand."""

    def __init__(self, place: Path | str, kind: type[ByHand] = ByHand) -> None:
        self._program = kind(place, LEDGER)

    def award(self, turn: Turn) -> None:
        """Submit and approve."""
        self._program.submit(_command(turn, "submit", "leader"), _service(turn))
        self._program.approve(_command(turn, "approve", "checker"), turn.record)

    def hold(self, turn: Turn) -> None:
        """Hold."""
        self._program.hold(_command(turn, "hold", "leader"), turn.volunteer, "rice")

    def redeem(self, turn: Turn) -> None:
        """Hold and collect."""
        self.hold(turn)
        self._program.collect(_command(turn, "collect", "shop"), turn.redemption)

    def import_services(self, turns: Sequence[Turn]) -> None:
        """Submit all of them in one transaction."""
        self._program.import_services([(_command(turn, "submit", "leader"), _service(turn)) for turn in turns])

    def close(self) -> None:
        """Close the file."""
        self._program.close()


def _command(turn: Turn, step: str, actor: str) -> Command:
    return Command(turn.key(step), actor, turn.booked_at(step))


def _service(turn: Turn) -> Service:
    return Service(turn.volunteer, "park", turn.begin, turn.end)
