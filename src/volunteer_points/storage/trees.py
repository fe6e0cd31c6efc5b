"""The sealed tree of a ledger in a SQL store: its nodes by their numbers, and the checkpoints.

Leaves are not written twice: they are read where the entries are, by their lasting place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Table,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql.expression import ClauseElement, FromClause

from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError
from volunteer_points.merkle import Node, grown
from volunteer_points.sealing import Checkpoint, seal_from, seal_text
from volunteer_points.storage.families import Family
from volunteer_points.storage.schema import CHECKPOINT, ENTRY, LEAF, NODE, UNPLACED
from volunteer_points.storage.seals import leaves_below, next_checkpoint, number_of
from volunteer_points.storage.statements import PAGE, Transaction, last_position

Placed: TypeAlias = tuple[int, bytes]
"""The number of a node, and its hash."""

LEAVES_AT_ONCE: Final = 512
"""So many leaves are taken in by a transaction, at most: in SQLite writers take turns with it. It is even, so that
every transaction ends between two nodes of the lowest level.
"""


NODES_AT_ONCE: Final = 64
"""So many nodes are written by a statement, and half as many each time where no more are left."""


class SqlTree:
    """The tree as it is kept, read and grown within a transaction."""

    def __init__(self, transaction: Transaction, family: Family) -> None:
        self._transaction = transaction
        self._family = family
        self._place = LEAF.c.place if LEAF in family.TABLES else ENTRY.c.position

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._transaction.ledger

    # --- what is read --------------------------------------------------------------------------------------------

    def read(self, wanted: Collection[Node], /) -> dict[Node, bytes]:
        """Nodes and leaves, in one statement."""
        nodes = {number_of(node): node for node in wanted if node.level}
        leaves = {number_of(node): node for node in wanted if not node.level}
        values: list[object] = [*nodes]
        if nodes and leaves:
            values.append(self.ledger)
        values += [node.place + 1 for node in leaves.values()]
        if not values:
            return {}
        known = nodes | leaves
        rows = self._transaction.rows(_nodes, *values, shape=(self._place, len(nodes), len(leaves)))
        return {known[number]: bytes(value) for number, value in rows if value is not None}

    def covered(self) -> int:
        """How many leaves are below the nodes that are kept."""
        [(last,)] = self._transaction.rows(_last_node)
        return leaves_below(last)

    def kept(self) -> int:
        """How many nodes are kept above the leaves."""
        [(count,)] = self._transaction.rows(_count_of_nodes)
        return int(count)

    def locate(self, entry: Entry) -> tuple[int, bytes] | None:
        """The place of an entry, found by its key and number, and its bytes."""
        rows = self._transaction.rows(_located, entry.key, entry.number, shape=(self._place,))
        return next(((place - 1, bytes(content)) for place, content in rows if place is not None), None)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, by size."""
        for row in self._transaction.rows(_checkpoints):
            yield _checkpoint(*row)

    def latest(self) -> Checkpoint | None:
        """The last of them."""
        rows = self._transaction.rows(_latest)
        return _checkpoint(*rows[0]) if rows else None

    # --- what is written -----------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Let nobody else seal until the transaction ends."""
        self._family.place_entries(self._transaction, 0)

    def grow(self) -> int:
        """Give places, and take in the leaves that follow; tells how many leaves the tree has then."""
        self._family.place_entries(self._transaction, LEAVES_AT_ONCE)
        before = self.covered()
        rows = self._transaction.rows(_leaves, before, before + LEAVES_AT_ONCE, shape=(self._place,))
        if [place for place, leaf in rows if leaf] != list(range(before + 1, before + len(rows) + 1)):
            raise Corrupt("place_missing", place=before + 1, to=before + len(rows), fix="Run the audit.")
        new = grown(before, self, [bytes(leaf) for _, leaf in rows])
        nodes = sorted((number_of(node), value) for node, value in new.items() if node.level)
        for bundle in _bundles(nodes):
            flat = tuple(value for node in bundle for value in (self.ledger, *node))
            self._transaction.write(_insert, [flat], NODE, len(bundle))
        return before + len(rows)

    def length(self) -> int:
        """How many entries there are, with a lasting place or without."""
        if self._place.table is ENTRY:
            return last_position(self._transaction)
        return sum(self._transaction.rows(count)[0][0] or 0 for count in (_last_place, _count_of_unplaced))

    def take(self, size: int, at: datetime) -> Checkpoint:
        """The checkpoint of so many leaves, written if it was not there."""
        checkpoint = next_checkpoint(self, size, at)
        if checkpoint != self.latest():
            self.keep(checkpoint)
        return checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, behind those of its size."""
        [(number,)] = self._transaction.rows(_number_free, checkpoint.size)
        row = (self.ledger, checkpoint.size, number, seal_text(checkpoint).encode())
        self._transaction.write(_insert, [row], CHECKPOINT, 1)


def adrift(transaction: Transaction, family: Family) -> Iterator[tuple[int, bytes]]:
    """Entries that have no lasting place and wait for none, a page at a time; nobody who reads in order meets them.

    Where places are given when entries are written, there are none.
    """
    if LEAF not in family.TABLES:
        return
    after = -1
    while rows := transaction.rows(_adrift, after, PAGE):
        yield from ((position, bytes(content)) for position, content in rows)
        after = rows[-1][0]


def _bundles(nodes: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
    """Nodes in bundles of few sizes: compiling a statement for every size there may be would keep writers waiting."""
    size, first = NODES_AT_ONCE, 0
    while first < len(nodes):
        while size > len(nodes) - first:
            size //= 2
        yield nodes[first : first + size]
        first += size


def _checkpoint(size: int, content: bytes) -> Checkpoint:
    try:
        seal = seal_from(bytes(content).decode())
    except (InputError, UnicodeDecodeError) as error:
        raise Corrupt("unreadable_checkpoint", size=size, problem=str(error)) from error
    if isinstance(seal, Checkpoint) and seal.size == size:
        return seal
    raise Corrupt("unreadable_checkpoint", size=size, problem="it is another seal, or of another size")


# --- statements --------------------------------------------------------------------------------------------------


def _number(text: str) -> ColumnElement[int]:
    return literal_column(text, Integer)


def _in_ledger(table: FromClause) -> Any:  # noqa: ANN401 - a condition
    return table.c.ledger == bindparam("ledger")


def _entry(column: Column[Any], place: Column[Any]) -> ColumnElement[Any]:
    """A column of the entry at a place, looked up for each row: a join may read a whole ledger instead.

    A range of one and an order let a planner without statistics take the index by position, and no other.
    """
    if place.table is ENTRY:
        return column
    position = LEAF.c.position
    same = and_(ENTRY.c.ledger == LEAF.c.ledger, ENTRY.c.position >= position, ENTRY.c.position <= position)
    return select(column).where(same).order_by(ENTRY.c.position).limit(_number("1")).correlate(LEAF).scalar_subquery()


def _nodes(place: Column[Any], nodes: int, leaves: int) -> ClauseElement:
    parts = []
    if nodes:
        wanted = NODE.c.number.in_([bindparam(f"node_{each}") for each in range(nodes)])
        parts.append(select(NODE.c.number, NODE.c.hash).where(_in_ledger(NODE), wanted))
    if leaves:
        wanted = place.in_([bindparam(f"place_{each}") for each in range(leaves)])
        chosen = select((place - _number("1")) * _number("2"), _entry(ENTRY.c.leaf, place))
        parts.append(chosen.where(_in_ledger(place.table), wanted))
    return union_all(*parts)


def _leaves(place: Column[Any]) -> ClauseElement:
    chosen = select(place, _entry(ENTRY.c.leaf, place))
    within = (place > bindparam("after"), place <= bindparam("until"))
    return chosen.where(_in_ledger(place.table), *within).order_by(place)


def _located(place: Column[Any]) -> ClauseElement:
    found: ColumnElement[Any] = place
    if place.table is not ENTRY:
        same = and_(LEAF.c.ledger == ENTRY.c.ledger, LEAF.c.position == ENTRY.c.position)
        found = select(place).where(same).correlate(ENTRY).scalar_subquery()
    wanted = (ENTRY.c.key == bindparam("key"), ENTRY.c.number == bindparam("number"))
    return select(found, ENTRY.c.content).where(_in_ledger(ENTRY), *wanted)


def _adrift() -> ClauseElement:
    e = ENTRY.c
    nowhere = (
        ~select(_number("1"))
        .where(table.c.ledger == e.ledger, table.c.position == e.position)
        .correlate(ENTRY)
        .exists()
        for table in (LEAF, UNPLACED)
    )
    chosen = select(e.position, e.content).where(_in_ledger(ENTRY), e.position > bindparam("after"), *nowhere)
    return chosen.order_by(e.position).limit(bindparam("limit"))


def _insert(table: Table, rows: int) -> ClauseElement:
    return insert(table).values(
        [{column: bindparam(f"{column.name}_{row}") for column in table.columns} for row in range(rows)]
    )


def _last_node() -> ClauseElement:
    return select(func.max(NODE.c.number)).where(_in_ledger(NODE))


def _last_place() -> ClauseElement:
    return select(func.max(LEAF.c.place)).where(_in_ledger(LEAF))


def _count_of_unplaced() -> ClauseElement:
    return select(func.count()).select_from(UNPLACED).where(_in_ledger(UNPLACED))


def _count_of_nodes() -> ClauseElement:
    return select(func.count()).select_from(NODE).where(_in_ledger(NODE))


def _checkpoints() -> ClauseElement:
    c = CHECKPOINT.c
    return select(c.size, c.content).where(_in_ledger(CHECKPOINT)).order_by(c.size, c.number)


def _latest() -> ClauseElement:
    c = CHECKPOINT.c
    newest = (c.size.desc(), c.number.desc())
    return select(c.size, c.content).where(_in_ledger(CHECKPOINT)).order_by(*newest).limit(_number("1"))


def _number_free() -> ClauseElement:
    c = CHECKPOINT.c
    return select(func.coalesce(func.max(c.number), _number("0")) + _number("1")).where(
        _in_ledger(CHECKPOINT), c.size == bindparam("size")
    )


__all__ = ["LEAVES_AT_ONCE", "SqlTree", "adrift"]
