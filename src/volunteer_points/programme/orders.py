"""What goes into a programme and comes out: orders, outcomes, balances, and how a busy store is tried again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import attrs

from volunteer_points.books import Lots
from volunteer_points.commands import Command
from volunteer_points.entries import Entry, Fact
from volunteer_points.errors import Refused

Found = TypeVar("Found")


@attrs.frozen(kw_only=True)
class Order:
    """A command in a batch, with who brings it; key and time are filled in when they are not given."""

    command: Command
    actor: str
    key: str | None = None
    booked_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a command: the entries of its commit, or the refusal that kept it from being written."""

    key: str
    entries: tuple[Entry, ...] = ()
    replayed: bool = False
    refusal: Refused | None = None

    def fact(self, kind: type[Found]) -> Found:
        """The fact of a kind among the entries.

        Raises:
            LookupError: there is none; ``first`` tells what there is.
        """
        for entry in self.entries:
            if isinstance(entry.fact, kind):
                return entry.fact
        raise LookupError(f"no {kind.__name__} among {[entry.kind for entry in self.entries]}")

    @property
    def first(self) -> Fact:
        """The fact of the first entry."""
        return self.entries[0].fact


@attrs.frozen(kw_only=True)
class Balance:
    """What a volunteer has of a currency, and the minutes served."""

    available: int
    held: int
    debt: int
    lots: Lots
    minutes: int


@attrs.frozen(kw_only=True)
class Retry:
    """How often and how long a busy store is tried again; waits double and are jittered."""

    times: int = 8
    first_wait_seconds: float = 0.005
    longest_wait_seconds: float = 0.5
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = lambda: int.from_bytes(os.urandom(2), "big") / 65_536

    def wait(self, attempt: int) -> None:
        """Wait before the next try."""
        span = min(self.longest_wait_seconds, self.first_wait_seconds * 2**attempt)
        self.sleep(span * (0.5 + self.jitter() / 2))


def now() -> datetime:
    """The time by the machine's clock."""
    return datetime.now(UTC)


def new_key() -> str:
    """An idempotency key that nobody has used."""
    return f"k-{os.urandom(10).hex()}"
