"""Where an audit reads from: a store with its stored balances, or a journal that may be damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from volunteer_points.errors import Corrupt
from volunteer_points.postings import Account

Balances = Iterable[tuple[Account, str, datetime | None, int]]
"""Stored balances that are not nought: account, unit, lot, amount."""


class Kept(Protocol):
    """An entry as it lies somewhere."""

    @property
    def position(self) -> int:
        """The place in the order, 1 for the first."""
        ...

    @property
    def content(self) -> bytes:
        """The bytes."""
        ...

    @property
    def leaf(self) -> bytes:
        """The leaf hash that is kept with them."""
        ...


class Snapshot(Protocol):
    """A view of a store at one moment."""

    def stored(self) -> Iterator[Kept]:
        """Entries in order."""
        ...

    def balances(self) -> Balances:
        """The balances that are kept beside the entries."""
        ...


@runtime_checkable
class GivesPlaces(Protocol):
    """A view of a store that gives places after writing, so that an entry could be left without one."""

    def adrift(self) -> Iterable[tuple[int, bytes]]:
        """Entries that have no place and wait for none, with the numbers of their rows."""
        ...


@runtime_checkable
class Ledger(Protocol):
    """A store of any kind."""

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        ...

    def reader(self) -> AbstractContextManager[Snapshot]:
        """Look at it as of now."""
        ...


@runtime_checkable
class Journal(Protocol):
    """A journal file, damaged or not."""

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        ...

    @property
    def name(self) -> str:
        """The name of the file."""
        ...

    def pieces(self) -> Iterator[tuple[int, Kept | Corrupt]]:
        """Line numbers with what stands there: an entry, or what is wrong.

        A problem with a ``position`` among its facts stands in the place of an entry.
        """
        ...


Source = Ledger | Journal
