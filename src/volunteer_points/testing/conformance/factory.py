"""What a backend brings to the kit: an empty store, and what else it is able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from volunteer_points.storage import Store


class NotApplicable(Exception):
    """A check asks for an ability that the backend does not claim; its words say which."""


class Host(Protocol):
    """An application with a database of its own, in which the ledger lives too."""

    def transaction(self) -> AbstractContextManager[Store]:
        """Begin a transaction of the host's, with a store that joined it; commit it unless an error leaves it."""
        ...

    def write_row(self, text: str) -> None:
        """Write a row of the host's own, within the transaction that is going on."""
        ...

    def rows(self) -> list[str]:
        """The host's own rows that were committed."""
        ...


class StoreFactory(ABC):
    """Brings empty stores of one backend. Only :meth:`empty` must be there; each other method claims an ability.

    The checks call it, and the stores, from several threads.
    """

    side_by_side: bool = False
    """Claimed: sessions that do not hold one subject, one of them alone, are open at once."""

    @abstractmethod
    def empty(self, ledger: str) -> Store:
        """A store of an empty ledger with this id, in a place where nothing else is."""

    def close(self, store: Store) -> None:
        """Let go of a store that was brought; its place may be cleared away."""

    def reopened(self, store: Store) -> Store:
        """Close a store, as at the end of a program, and open again what it kept."""
        raise NotApplicable("the factory does not say how a store is opened again")

    def beside(self, store: Store) -> Store:
        """A second store of the same ledger in the same place, with connections of its own, while the first is open."""
        raise NotApplicable("the factory brings no second store of one ledger")

    def neighbour(self, store: Store, ledger: str) -> Store:
        """A store of another, empty ledger in the place of the first."""
        raise NotApplicable("the factory brings no second ledger in one place")

    def opener(self, store: Store) -> Callable[[], Store]:
        """What opens the same ledger in another process; it must survive pickling."""
        raise NotApplicable("the factory does not say how another process opens a store")

    def forgeries(self, store: Store) -> Mapping[str, Callable[[], object]]:
        """Ways to change or remove what was written past the store, by name; the engine must refuse each."""
        raise NotApplicable("the factory knows no way past the store")

    def host(self, ledger: str) -> Host:
        """A host in whose transactions an empty ledger takes part."""
        raise NotApplicable("the factory brings no host with a transaction to join")


class EmptyStores(StoreFactory):
    """The least factory: a function that makes an empty store of a ledger."""

    def __init__(self, make: Callable[[str], Store]) -> None:
        self._make = make

    def empty(self, ledger: str) -> Store:
        """Make one."""
        return self._make(ledger)

    def close(self, store: Store) -> None:
        """Close it, if it can be closed."""
        getattr(store, "close", lambda: None)()


__all__ = ["EmptyStores", "Host", "NotApplicable", "StoreFactory"]
