"""Which kind of database a ledger lies in: what one family of databases does in its own way, behind one interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, Table, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError

from volunteer_points.books import Question
from volunteer_points.entries import Entry
from volunteer_points.errors import Misconfigured
from volunteer_points.storage import Stored
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.naming import Naming

if TYPE_CHECKING:
    from volunteer_points.storage.statements import Transaction

FIX_URL: Final = "Write a file name, or a URL such as sqlite:///ledger.sqlite or postgresql://user@host/database."

_FAMILIES: Final = {
    ("sqlite", "pysqlite"): "volunteer_points.storage.sqlite",
    ("sqlite", "aiosqlite"): "volunteer_points.storage.sqlite_async",
    ("postgresql", ""): "volunteer_points.storage.postgresql",
    ("postgresql", "psycopg"): "volunteer_points.storage.postgresql",
    ("postgresql", "psycopg_async"): "volunteer_points.storage.postgresql_async",
    ("mysql", ""): "volunteer_points.storage.mysql",
    ("mysql", "pymysql"): "volunteer_points.storage.mysql",
    ("mariadb", ""): "volunteer_points.storage.mysql",
    ("mariadb", "pymysql"): "volunteer_points.storage.mysql",
}
"""The module of each family, by the names of database and driver; it is imported when it is needed."""


class Queue(Protocol):
    """Lets the writers of one engine begin, one after the other or side by side."""

    def taken(self, *, wait_seconds: float) -> AbstractContextManager[float]:
        """Hold a place among the writers; tells how many seconds are left of those it may wait."""
        ...


class Family(Protocol):
    """What is particular to a family of databases. A module fulfils it.

    A cursor is the one that :meth:`cursor_of` gave, and texts have the names of the schema module, whatever a
    naming calls them. What is sent may wait for the next statement whose rows are read.
    """

    ERRORS: tuple[type[Exception], ...]
    LOST: tuple[type[Exception], ...]
    TABLES: tuple[Table, ...]
    QUOTE: str
    """What stands around the name of a schema; nothing where there are none."""

    # --- opening ---

    def engine_at(self, url: URL, *, durable: bool, read_only: bool) -> Engine:
        """An engine of the store's own."""
        ...

    def is_there(self, url: URL) -> bool:
        """Whether the database has been made."""
        ...

    def speaks(self, dialect: Dialect) -> Dialect:
        """The dialect in which statements are written for the driver, their values in one row."""
        ...

    def new_queue(self) -> Queue:
        """Where the writers of one engine wait."""
        ...

    def make_ready(self, engine: Engine) -> None:
        """Set what belongs to the database and not to a connection."""
        ...

    def check_settings(self, cursor: DBAPICursor, naming: Naming, *, durable: bool) -> None:
        """Refuse a connection on which a ledger is not safe."""
        ...

    def server(self, cursor: DBAPICursor) -> str:
        """Which engine answers, and its version, as ``MariaDB 10.11.6``."""
        ...

    def tables_found(self, cursor: DBAPICursor, naming: Naming) -> list[str]:
        """The names of all tables where the ledger would be, or of those with a chosen prefix."""
        ...

    # --- making ---

    def lock_making(self, cursor: DBAPICursor) -> None:
        """Let nobody else make tables here until the transaction ends."""
        ...

    def create_tables(self, cursor: DBAPICursor, dialect: Dialect, naming: Naming) -> None:
        """Make the tables that are missing, and their guards."""
        ...

    def weak_guards(self, cursor: DBAPICursor, naming: Naming) -> list[str]:
        """The names of guards that are missing or do not guard."""
        ...

    # --- transactions ---

    def cursor_of(self, connection: PoolProxiedConnection, *, own: bool) -> DBAPICursor:
        """A cursor of a connection, which the store has for itself or which a host works on too."""
        ...

    def give_back(self, connection: PoolProxiedConnection) -> None:
        """Leave a connection of the store's own as it was found, before it goes back to its pool."""
        ...

    def begin_reading(self, cursor: DBAPICursor) -> None:
        """Begin a transaction that sees the ledger as of now."""
        ...

    def end_reading(self, cursor: DBAPICursor) -> None:
        """End it when nothing went wrong."""
        ...

    def begin_writing(self, cursor: DBAPICursor, *, wait_seconds: float) -> None:
        """Begin a transaction that writes."""
        ...

    def commit(self, connection: PoolProxiedConnection, cursor: DBAPICursor) -> None:
        """Commit it.

        Raises:
            CommitUnknown: no answer came.
        """
        ...

    def check_host(self, connection: Connection) -> None:
        """Refuse a host's connection whose transaction has not begun."""
        ...

    def send(self, cursor: DBAPICursor, text: str) -> None:
        """Run a statement whose answer nobody reads."""
        ...

    def undo(self, cursor: DBAPICursor, savepoint: str) -> None:
        """Undo all since a savepoint that was sent."""
        ...

    def take_write_lock(self, cursor: DBAPICursor) -> None:
        """Make sure that a host's transaction reads what is newest, where that is found out at its beginning."""
        ...

    # --- what is asked and written ---

    def take(self, transaction: Transaction, alone: Iterable[str], shared: Iterable[str]) -> None:
        """Hold subjects until the transaction ends; what is read from now on is as of after that.

        Args:
            transaction: The transaction in which they are held.
            alone: Subjects to have alone.
            shared: Subjects to share. One that is named in both is to be had alone, and is one that others share.
        """
        ...

    def answers(self, transaction: Transaction, questions: Sequence[Question[Any]]) -> dict[Question[Any], Any]:
        """The answers to one round of questions."""
        ...

    def write(
        self,
        transaction: Transaction,
        entries: Sequence[tuple[Entry, bytes]],
        changes: Mapping[BalanceKey, int],
        balance: Callable[[BalanceKey], int],
    ) -> None:
        """Write entries with the index of them, and bring the kept balances up to date.

        Args:
            transaction: The transaction in which they are written.
            entries: The entries with their bytes, in their order.
            changes: By how much each balance changes.
            balance: What a balance is after its change; asked only of those that move towards nought.
        """
        ...

    def stored(self, transaction: Transaction, after: int, limit: int | None) -> Iterator[Stored]:
        """Entries in order, a page at a time, in places that follow each other."""
        ...

    def place_entries(self, transaction: Transaction, limit: int | None) -> int:
        """Give entries without a lasting place the next ones; tells how many got one.

        Others who do so, or who seal, wait until the transaction ends.
        """
        ...

    # --- errors ---

    def translated(self, error: Exception) -> Exception:
        """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
        ...


def url_of(place: str | os.PathLike[str]) -> URL:
    """The URL of a file or a URL.

    Raises:
        Misconfigured: ``not_a_url``.
    """
    text = os.fspath(place)
    try:
        return make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except (ArgumentError, ValueError) as error:
        raise Misconfigured("not_a_url", fix=FIX_URL) from error


def family_of(url: URL, driver: str | None = None) -> Family:
    """The family of a database.

    Raises:
        Misconfigured: ``database_not_supported``, or ``cannot_open`` when its driver is not installed.
    """
    backend, _, named = url.drivername.partition("+")
    default = "pysqlite" if backend == "sqlite" else ""
    module = _FAMILIES.get((backend, driver or named or default))
    if module is None:
        raise Misconfigured("database_not_supported", place=shown(url), fix=FIX_URL)
    try:
        return cast("Family", import_module(module))
    except ImportError as error:
        fix = "Install the driver: pip install 'volunteer-points[servers]'."
        raise Misconfigured("cannot_open", place=shown(url), problem=str(error), fix=fix) from error


def shown(url: URL) -> str:
    """The file or the address of a database, without its password."""
    hidden = url.render_as_string(hide_password=True)
    return (url.database or hidden) if url.drivername.startswith("sqlite") else hidden


@contextmanager
def translating(family: Family) -> Iterator[None]:
    """Let errors of the driver out as errors of the library."""
    try:
        yield
    except family.ERRORS as error:
        raise family.translated(error) from error


__all__ = ["FIX_URL", "Family", "Queue", "family_of", "shown", "translating", "url_of"]
