"""The questions and the writes of a SQL store as statements, compiled once and run on the driver's cursor.

Building a statement anew for every command would cost more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.expression import ClauseElement

from volunteer_points.books import About, Committed, LotsOf, Moved, OpenAmount, Question
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, Misused
from volunteer_points.ledger import leaf_hash
from volunteer_points.postings import FLOORS, Account
from volunteer_points.storage import Stored
from volunteer_points.storage.families import Family
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.recent import entry_of
from volunteer_points.storage.schema import ABOUT, BALANCE, ENDS, ENTRY, POSTING, lot_number, lot_of

Row: TypeAlias = tuple[Any, ...]
Build: TypeAlias = Callable[..., ClauseElement]

PAGE: Final = 1000
"""So many rows are fetched at once, which bounds the memory of whoever reads a long ledger."""


class Statements:
    """The text of each statement in one dialect, with the values that are part of it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[tuple[Build, tuple[object, ...]], tuple[str, Row]] = {}

    def compiled(self, build: Build, shape: tuple[object, ...]) -> tuple[str, Row]:
        """A statement's text, and the values that come behind those of the caller."""
        try:
            return self._compiled[build, shape]
        except KeyError:
            made = build(*shape).compile(dialect=self._dialect)
            names = getattr(made, "positiontup", None) or ()
            given = sum(made.params[name] is None for name in names)
            fixed = tuple(made.params[name] for name in names[given:])
            return self._compiled.setdefault((build, shape), (str(made), fixed))


_SPOKEN: Final[dict[tuple[str, str], Statements]] = {}


def _in(dialect: Dialect) -> Statements:
    """The statements of every store that speaks the dialect."""
    spoken = (dialect.name, dialect.paramstyle)
    return _SPOKEN.get(spoken) or _SPOKEN.setdefault(spoken, Statements(dialect))


class Transaction:
    """An open transaction on a ledger. Errors of the driver leave it as errors of the library.

    Args:
        cursor: The driver's own, within a transaction that has begun.
        family: The family of the database.
        dialect: The dialect of SQL that is spoken there.
        ledger: The ledger that every statement is about.
    """

    def __init__(self, cursor: DBAPICursor, family: Family, dialect: Dialect, ledger: str) -> None:
        self._cursor: DBAPICursor | None = cursor
        self._statements = _in(family.speaks(dialect))
        self._family = family
        self.ledger = ledger

    def rows(self, build: Build, *values: object, shape: tuple[object, ...] = ()) -> Sequence[Row]:
        """The rows that a statement gives for these values."""
        text, fixed = self._statements.compiled(build, shape)
        return self.rows_of(text, (self.ledger, *values, *fixed))

    def rows_of(self, text: str, values: Row) -> Sequence[Row]:
        """The rows that the text of a statement gives for these values."""
        cursor = self.cursor
        try:
            cursor.execute(text, values)
            return cursor.fetchall()
        except self._family.ERRORS as error:
            raise self._family.translated(error) from error

    def write(self, build: Build, rows: Sequence[Row], *shape: object) -> int:
        """Run a statement once for each row of values, the ledger among them; tells how many rows it met."""
        return self.run_many(self._statements.compiled(build, shape)[0], rows) if rows else 0

    def run_many(self, text: str, rows: Sequence[Row]) -> int:
        """Run the text of a statement once for each row of values; tells how many rows it met."""
        if not rows:
            return 0
        cursor = self.cursor
        try:
            cursor.executemany(text, rows)
        except self._family.ERRORS as error:
            raise self._family.translated(error) from error
        return cursor.rowcount

    def end(self) -> None:
        """Let nothing be read or written any more: the connection may be somebody else's by now."""
        self._cursor = None

    @property
    def cursor(self) -> DBAPICursor:
        """The cursor of the transaction, while it runs.

        Raises:
            Misused: ``session_over``.
        """
        if self._cursor is None:
            raise Misused("session_over", fix="Begin another session, or read within its context.")
        return self._cursor


# --- what is asked -----------------------------------------------------------------------------------------------


def answers(transaction: Transaction, questions: Iterable[Question[Any]]) -> dict[Question[Any], Any]:
    """The answers to one round of questions, from what is in the tables."""
    return {question: _answer(transaction, question) for question in questions}


def _answer(transaction: Transaction, question: Question[Any]) -> object:
    match question:
        case Committed(key=key):
            return _decoded(transaction.rows(_committed, key))
        case About(kinds=()):
            return ()
        case About(about=about, kinds=kinds, since=since, until=until):
            shape = (len(kinds), since is not None, until is not None)
            return _decoded(transaction.rows(_about, about, *kinds, *_numbers(since, until), shape=shape))
        case LotsOf(account=account, unit=unit):
            return {lot_of(lot): amount for lot, amount in transaction.rows(_lots, *account, unit)}
        case Moved(of=of, since=since, until=until):
            shape = (of is not None, since is not None, until is not None)
            values = (question.holder, question.purpose, question.unit, *_numbers(since, until))
            build = _balance if since is None and until is None else _moved
            [(amount,)] = transaction.rows(build, *values, *(() if of is None else (of,)), shape=shape)
            return amount
    raise TypeError(question)


def _decoded(rows: Sequence[Row]) -> tuple[Entry, ...]:
    return tuple(entry_of(content) for (content,) in rows)


def _numbers(*days: date | None) -> tuple[int, ...]:
    return tuple(day.toordinal() for day in days if day is not None)


def _given(*columns: Column[Any]) -> list[ColumnElement[bool]]:
    return [column == bindparam(column.name) for column in columns]


def _within(column: Column[int], *, since: bool, until: bool) -> list[ColumnElement[bool]]:
    after = [column >= bindparam("since")] if since else []
    before = [column < bindparam("until")] if until else []
    return [*after, *before]


def _committed() -> ClauseElement:
    return select(ENTRY.c.content).where(*_given(ENTRY.c.ledger, ENTRY.c.key)).order_by(ENTRY.c.number)


def _about(kinds: int, since: bool, until: bool) -> ClauseElement:  # noqa: FBT001 - a shape
    same = and_(ENTRY.c.ledger == ABOUT.c.ledger, ENTRY.c.position == ABOUT.c.position)
    return (
        select(ENTRY.c.content)
        .select_from(ABOUT.join(ENTRY, same))
        .where(
            *_given(ABOUT.c.ledger, ABOUT.c.subject),
            ABOUT.c.kind.in_([bindparam(f"kind_{number}") for number in range(kinds)]),
            *_within(ABOUT.c.on_day, since=since, until=until),
        )
        .order_by(ABOUT.c.position)
    )


def _lots() -> ClauseElement:
    b = BALANCE.c
    return select(b.lot, b.amount).where(*_given(b.ledger, b.holder, b.purpose, b.of, b.unit), _not_nought(b.amount))


def _moved(of: bool, since: bool, until: bool) -> ClauseElement:  # noqa: FBT001 - a shape
    p = POSTING.c
    return select(func.coalesce(func.sum(p.amount), literal_column("0"))).where(
        *_given(p.ledger, p.holder, p.purpose, p.unit),
        *_within(p.on_day, since=since, until=until),
        *_given(*([p.of] if of else [])),
    )


def _balance(of: bool, *_: bool) -> ClauseElement:  # noqa: FBT001 - a shape
    b = BALANCE.c
    return select(func.coalesce(func.sum(b.amount), literal_column("0"))).where(
        *_given(b.ledger, b.holder, b.purpose, b.unit, *([b.of] if of else []))
    )


def _not_nought(amount: Column[int]) -> ColumnElement[bool]:
    return amount != literal_column("0")


# --- what is read in pages ---------------------------------------------------------------------------------------


def last_position(transaction: Transaction) -> int:
    """The position of the last entry; 0 when there is none."""
    [(position,)] = transaction.rows(_last_position)
    return position or 0


def _last_position() -> ClauseElement:
    return select(func.max(ENTRY.c.position)).where(*_given(ENTRY.c.ledger))


def stored(transaction: Transaction, after: int, limit: int | None) -> Iterator[Stored]:
    """Entries in order, a page at a time."""
    left = limit
    while left is None or left > 0:
        wanted = PAGE if left is None else min(PAGE, left)
        rows = transaction.rows(_stored, after, wanted)
        yield from (Stored(position, content, leaf) for position, content, leaf in rows)
        if len(rows) < wanted:
            return
        after = rows[-1][0]
        left = None if left is None else left - len(rows)


def _stored() -> ClauseElement:
    e = ENTRY.c
    chosen = select(e.position, e.content, e.leaf).where(*_given(e.ledger), e.position > bindparam("after"))
    return chosen.order_by(e.position).limit(bindparam("limit"))


def open_amounts(
    transaction: Transaction, purpose: str, unit: str | None, due: datetime | None, limit: int | None
) -> list[OpenAmount]:
    """Amounts of a purpose that are not nought, by account, unit and lot."""
    values = [value for value in (unit, due and lot_number(due), limit) if value is not None]
    shape = (unit is not None, due is not None, limit is not None)
    return [
        OpenAmount(Account(holder, of_purpose, of), of_unit, lot_of(lot), amount)
        for holder, of_purpose, of, of_unit, lot, amount in transaction.rows(_open, purpose, *values, shape=shape)
    ]


def _open(unit: bool, due: bool, limit: bool) -> ClauseElement:  # noqa: FBT001 - a shape
    b = BALANCE.c
    chosen = select(b.holder, b.purpose, b.of, b.unit, b.lot, b.amount).where(
        *_given(b.ledger, b.purpose, *([b.unit] if unit else [])),
        *([b.lot <= bindparam("due"), ENDS] if due else []),
        _not_nought(b.amount),
    )
    # What is due is found by its lot. Joined to nothing, the holder does not tempt a database to read all in its order.
    holder = b.holder.concat(literal_column("''")) if due else b.holder
    ordered = chosen.order_by(holder, b.of, b.unit, b.lot)
    return ordered.limit(bindparam("limit")) if limit else ordered


def balances(transaction: Transaction) -> Iterator[tuple[Account, str, datetime | None, int]]:
    """Every kept balance that is not nought, a page at a time."""
    behind: Row = ("", "", "", "", 0)
    while True:
        rows = transaction.rows(_balances, *behind, PAGE)
        for purpose, holder, of, unit, lot, amount in rows:
            if amount:
                yield Account(holder, purpose, of), unit, lot_of(lot), amount
        if len(rows) < PAGE:
            return
        behind = rows[-1][:5]


def _balances() -> ClauseElement:
    b = BALANCE.c
    key = (b.purpose, b.holder, b.of, b.unit, b.lot)
    behind = tuple_(*key) > tuple_(*(bindparam(column.name, type_=column.type) for column in key))
    return select(*key, b.amount).where(*_given(b.ledger), behind).order_by(*key).limit(bindparam("limit"))


# --- what is written ---------------------------------------------------------------------------------------------


def write_entries(transaction: Transaction, entries: Sequence[tuple[Entry, bytes]], *, after: int) -> None:
    """Write entries with their bytes and the index of them, in places that follow the position ``after``."""
    ledger = transaction.ledger
    rows: list[Row] = []
    abouts: list[Row] = []
    postings: list[Row] = []
    for position, (entry, content) in enumerate(entries, start=after + 1):
        kind, on_day = entry.kind, entry.on.toordinal()
        rows.append((ledger, position, entry.key, entry.number, kind, leaf_hash(content), content))
        abouts += [(ledger, subject, kind, on_day, position) for subject in entry.about]
        for number, ((holder, purpose, of), unit, amount, lot, on) in enumerate(entry.postings, start=1):
            place = (ledger, holder, str(purpose), unit, on.toordinal(), of, position, number)
            postings.append((*place, amount, lot_number(lot)))
    transaction.write(_insert, rows, ENTRY)
    transaction.write(_insert, sorted(abouts), ABOUT)  # in the order of the table: neighbours are written together
    transaction.write(_insert, sorted(postings), POSTING)


def write_balances(
    transaction: Transaction,
    changes: Mapping[BalanceKey, int],
    balance: Callable[[BalanceKey], int],
    add_to_balances: Build,
) -> None:
    """Bring the kept balances up to date; one that comes to nought is removed.

    Args:
        transaction: The transaction in which the entries were written.
        changes: By how much each balance changes.
        balance: What a balance is after its change; asked only of those that move towards nought.
        add_to_balances: The statement that adds to a balance or makes it.

    Raises:
        Corrupt: a balance that goes down is not there, or the database found a floor passed.
    """
    added, changed, closed = sorted_changes(changes, balance)
    ledger = transaction.ledger
    transaction.write(add_to_balances, [(ledger, *place, change, floor) for place, change, floor in added])
    met = transaction.write(_change_balance, [(change, ledger, *place) for place, change in changed])
    met += transaction.write(_close_balance, [(ledger, *place, amount) for place, amount in closed])
    if met != len(changed) + len(closed):
        raise Corrupt("balance_missing", wanted=len(changed) + len(closed), found=met, fix="Run the audit.")


def sorted_changes(
    changes: Mapping[BalanceKey, int], balance: Callable[[BalanceKey], int]
) -> tuple[list[tuple[Row, int, int]], list[tuple[Row, int]], list[tuple[Row, int]]]:
    """What is added with its floor, what is taken away, and what is closed with the amount it must have held.

    Each with its place in the table, in the order of the table: those who write the same ones wait and do not block.
    """
    added: list[tuple[Row, int, int]] = []
    changed: list[tuple[Row, int]] = []
    closed: list[tuple[Row, int]] = []
    for key, change in changes.items():
        (holder, purpose, of), unit, lot = key
        place = (str(purpose), holder, of, unit, lot_number(lot))
        floor = FLOORS[purpose]
        if floor * change >= 0:
            added.append((place, change, floor))
        elif balance(key):
            changed.append((place, change))
        else:
            closed.append((place, -change))
    return sorted(added), sorted(changed), sorted(closed)


def _insert(table: Table) -> ClauseElement:
    return insert(table)


def _change_balance() -> ClauseElement:
    return update(BALANCE).where(*_given(*BALANCE.primary_key)).values(amount=BALANCE.c.amount + bindparam("change"))


def _close_balance() -> ClauseElement:
    return delete(BALANCE).where(*_given(*BALANCE.primary_key, BALANCE.c.amount))
