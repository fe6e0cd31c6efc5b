"""Subjects, balances and positions where a database has neither arrays nor sequences: how MariaDB and MySQL are asked.

Such a database does not tell a transaction that its snapshot is too old: it locks the newest row and goes on reading
old ones. So a host's session that holds a subject compares the row of the subject as it is with the row as its
snapshot has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor

from volunteer_points.errors import Busy, Corrupt
from volunteer_points.storage import Stored
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.statements import PAGE, Transaction, sorted_changes

Row: TypeAlias = tuple[Any, ...]

BLOCK: Final = 4096
"""Positions are dealt out in blocks, so that a session draws one number whatever it writes."""

_PLACING: Final = ""
"""The subject of whoever gives places; no subject of the domain has an empty name."""


_ENDS: Final = ("COMMIT", "RELEASE ")


class Guarded:
    """The driver's cursor, which fails for ever after a statement failed.

    After a deadlock the server has undone the whole transaction, after a wait that took too long only the statement:
    in neither case may what follows be committed, even if somebody swallowed the error.

    Args:
        connection: The connection of the transaction.
        own: It is the store's own and not a host's.
        denied: The numbers of the errors that say that a right is missing.
        allowed: Those that say that all is in order but that one only reads.
    """

    def __init__(
        self, connection: PoolProxiedConnection, *, own: bool, denied: Sequence[int], allowed: Sequence[int]
    ) -> None:
        self.connection = connection
        self.own = own
        self._cursor: DBAPICursor = connection.cursor()
        self._denied, self._allowed = denied, allowed
        self._failed: Exception | None = None
        self._waiting: list[Callable[[], None]] = []

    @property
    def rowcount(self) -> int:
        """How many rows the last statement met."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int:
        """The number that the last statement drew."""
        return int(self._cursor.lastrowid)

    def before_next(self, deed: Callable[[], None]) -> None:
        """Do something before the next statement; never, if that one ends the transaction."""
        self._waiting.append(deed)

    def execute(self, text: str, values: Row | None = None) -> None:
        """Run a statement."""
        if text.startswith(_ENDS):
            self._waiting.clear()
        self._run(self._cursor.execute, text, values)

    def executemany(self, text: str, rows: Sequence[Row]) -> None:
        """Run a statement for each row of values; the driver inserts them in bulk."""
        self._run(self._cursor.executemany, text, rows)

    def _run(self, deed: Callable[..., Any], *arguments: object) -> None:
        if self._failed is not None:
            raise self._failed
        waiting, self._waiting = self._waiting, []
        try:
            for each in waiting:
                each()
            deed(*arguments)
        except Exception as error:
            self._failed = error
            raise

    def allows(self, text: str) -> bool:
        """Whether the user has the rights for a statement, which only explains another one."""
        try:
            self._cursor.execute(text)
            self._cursor.fetchall()
        except Exception as error:
            number = error.args[0] if error.args else 0
            if number not in {*self._denied, *self._allowed}:
                raise
            return number in self._allowed
        return True

    def fetchall(self) -> Sequence[Row]:
        """The rows of the last statement."""
        return self._cursor.fetchall()

    def fetchone(self) -> Row | None:
        """The next row of the last statement."""
        return self._cursor.fetchone()

    def forget_error(self) -> None:
        """Go on: what failed is about to be undone."""
        self._failed = None
        self._waiting.clear()

    def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()


# --- subjects ----------------------------------------------------------------------------------------------------

_ALONE: Final = (
    "INSERT INTO vp_subject (ledger, subject, version) VALUES {rows} ON DUPLICATE KEY UPDATE version = version + 1"
)
_MADE: Final = (
    "INSERT INTO vp_subject (ledger, subject, version) VALUES {rows} ON DUPLICATE KEY UPDATE version = version"
)
_SEEN: Final = "SELECT subject, version FROM vp_subject WHERE ledger = %s AND subject IN ({names}) ORDER BY subject"
_SHARED: Final = " LOCK IN SHARE MODE"
_LOCKED: Final = " FOR UPDATE"


def take(transaction: Transaction, alone: Iterable[str], shared: Iterable[str]) -> None:
    """Lock subjects before the next statement: alone by writing their rows, shared by a lock that lets others share.

    The next statement raises ``Busy`` when one of them was held since the snapshot of a host's transaction was taken.
    """
    alone, shared = set(alone), set(shared)
    lock = partial(_lock, transaction, sorted(alone), sorted(shared - alone))
    cast("Guarded", transaction.cursor).before_next(lock)


def _lock(transaction: Transaction, alone: Sequence[str], shared: Sequence[str]) -> None:
    own = cast("Guarded", transaction.cursor).own
    for wanted in _pages(shared):
        rows = _seen(transaction, wanted, _SHARED)
        if missing := [subject for subject in wanted if subject not in rows]:
            _write_rows(transaction, _MADE, missing, 0)
            rows |= _seen(transaction, missing, _LOCKED)
        if not own:
            _check_snapshot(transaction, rows)
    for wanted in _pages(alone):
        if not own:
            _write_rows(transaction, _MADE, wanted, 0)
            _check_snapshot(transaction, _seen(transaction, wanted, _LOCKED))
        _write_rows(transaction, _ALONE, wanted, 1)


def _pages(subjects: Sequence[str]) -> Iterator[Sequence[str]]:
    return (subjects[first : first + PAGE] for first in range(0, len(subjects), PAGE))


def _write_rows(transaction: Transaction, text: str, subjects: Sequence[str], version: int) -> None:
    rows = ", ".join(["(%s, %s, %s)"] * len(subjects))
    values = [value for subject in subjects for value in (transaction.ledger, subject, version)]
    transaction.rows_of(text.format(rows=rows), tuple(values))


def _seen(transaction: Transaction, subjects: Iterable[str], how: str = "") -> dict[str, int]:
    wanted = tuple(subjects)
    text = _SEEN.format(names=", ".join(["%s"] * len(wanted))) + how
    return dict(transaction.rows_of(text, (transaction.ledger, *wanted)))


def _check_snapshot(transaction: Transaction, newest: Mapping[str, int]) -> None:
    if newest and _seen(transaction, newest) != newest:
        fix = "Run all of the host's transaction again: it began to read before another one wrote."
        raise Busy("host_transaction_busy", problem="the snapshot of the transaction is too old", fix=fix)


# --- what is written ---------------------------------------------------------------------------------------------


def new_block(transaction: Transaction) -> int:
    """Draw a block of positions; the last position before it. The row that draws the number is not kept."""
    cursor = cast("Guarded", transaction.cursor)
    transaction.rows_of("INSERT INTO vp_block () VALUES ()", ())
    block = cursor.lastrowid
    transaction.rows_of("DELETE FROM vp_block WHERE block = %s", (block,))
    return block * BLOCK


def queue(transaction: Transaction, positions: Iterable[int]) -> None:
    """Note entries that have no lasting place yet."""
    rows = [(transaction.ledger, position) for position in positions]
    transaction.run_many("INSERT INTO vp_unplaced (ledger, position) VALUES (%s, %s)", rows)


_PLACE_OF_BALANCE: Final = "ledger = %s AND purpose = %s AND holder = %s AND `of` = %s AND unit = %s AND lot = %s"
_ADD: Final = (
    "INSERT INTO vp_balance (ledger, purpose, holder, `of`, unit, lot, amount, floor)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount)"
)
_CHANGE: Final = f"UPDATE vp_balance SET amount = amount + %s WHERE {_PLACE_OF_BALANCE}"  # noqa: S608 - a constant
_CLOSE: Final = f"DELETE FROM vp_balance WHERE {_PLACE_OF_BALANCE} AND amount = 0"  # noqa: S608 - a constant


def write_balances(
    transaction: Transaction, changes: Mapping[BalanceKey, int], balance: Callable[[BalanceKey], int]
) -> None:
    """Bring the kept balances up to date; one that came to nought is removed after it was changed.

    Others may have changed it since it was read, so it is never removed by what it should hold.

    Raises:
        Corrupt: a balance that goes down is not there, or the database found a floor passed.
    """
    ledger = transaction.ledger
    added, changed, closed = sorted_changes(changes, balance)
    lower = sorted([*changed, *((place, -amount) for place, amount in closed)])
    transaction.run_many(_ADD, [(ledger, *place, change, floor) for place, change, floor in added])
    met = transaction.run_many(_CHANGE, [(change, ledger, *place) for place, change in lower])
    if met != len(lower):
        raise Corrupt("balance_missing", wanted=len(lower), found=met, fix="Run the audit.")
    transaction.run_many(_CLOSE, [(ledger, *place) for place, _ in closed])


# --- the order ---------------------------------------------------------------------------------------------------

_BOUNDS: Final = (
    "SELECT 0 AS part, COALESCE(MAX(place), 0) AS value FROM vp_leaf WHERE ledger = %s UNION ALL"
    " (SELECT 1, position FROM vp_unplaced WHERE ledger = %s ORDER BY position LIMIT %s) ORDER BY 1, 2"
)
_PLACED: Final = (
    "SELECT l.place, e.content, e.leaf FROM vp_leaf l JOIN vp_entry e ON e.ledger = l.ledger"
    " AND e.position = l.position WHERE l.ledger = %s AND l.place > %s AND l.place <= %s ORDER BY l.place"
)
_UNPLACED: Final = (
    "SELECT content, leaf FROM vp_entry WHERE ledger = %s AND position IN ({positions}) ORDER BY position"
)
_ALL: Final = 2**63 - 1


def stored(transaction: Transaction, after: int, limit: int | None) -> Iterator[Stored]:
    """Entries in order: those with a lasting place, then the others as they would get theirs now.

    What is to be read is settled by the first statement, so that it fits together at every level of isolation.
    """
    ledger = transaction.ledger
    most = _ALL if limit is None else after + limit
    [(_, placed), *rest] = transaction.rows_of(_BOUNDS, (ledger, ledger, most))
    end = placed if limit is None else min(placed, after + limit)
    for first in range(after, end, PAGE):
        for place, content, leaf in transaction.rows_of(_PLACED, (ledger, first, min(first + PAGE, end))):
            yield Stored(place, content, leaf)
    before = max(after, placed)
    left = None if limit is None else max(0, after + limit - before)
    unplaced = [position for _, position in rest][before - placed :][:left]
    for first in range(0, len(unplaced), PAGE):
        page = unplaced[first : first + PAGE]
        rows = transaction.rows_of(_UNPLACED.format(positions=", ".join(["%s"] * len(page))), (ledger, *page))
        for place, (content, leaf) in enumerate(rows, start=before + first + 1):
            yield Stored(place, content, leaf)


def place_entries(transaction: Transaction, limit: int | None) -> int:
    """Move entries out of the queue into lasting places; those who do so wait for each other, writers for nobody."""
    take(transaction, [_PLACING], [])
    ledger = transaction.ledger
    [(_, placed), *rest] = transaction.rows_of(_BOUNDS, (ledger, ledger, _ALL if limit is None else limit))
    rows = [(ledger, place, position) for place, (_, position) in enumerate(rest, start=placed + 1)]
    for first in range(0, len(rows), PAGE):
        page = rows[first : first + PAGE]
        gone = ", ".join(["%s"] * len(page))
        text = f"DELETE FROM vp_unplaced WHERE ledger = %s AND position IN ({gone})"  # noqa: S608 - parameters
        transaction.rows_of(text, (ledger, *(position for _, _, position in page)))
        transaction.run_many("INSERT INTO vp_leaf (ledger, place, position) VALUES (%s, %s, %s)", page)
    return len(rows)


__all__ = ["BLOCK", "Guarded", "Row", "new_block", "place_entries", "queue", "stored", "take", "write_balances"]
