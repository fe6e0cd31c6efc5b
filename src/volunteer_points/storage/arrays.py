"""A round of questions, or all that a session writes, as one statement with arrays: how PostgreSQL is asked.

Questions of one kind are the rows of an array each, so a statement's text does not depend on how many there are, and
the server keeps its plan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

from volunteer_points.books import About, Committed, LotsOf, Moved, Question
from volunteer_points.entries import Entry
from volunteer_points.ledger import leaf_hash
from volunteer_points.storage import Stored
from volunteer_points.storage.holding import BalanceKey
from volunteer_points.storage.recent import entry_of
from volunteer_points.storage.schema import lot_number, lot_of
from volunteer_points.storage.statements import PAGE, Transaction, sorted_changes

Row: TypeAlias = tuple[Any, ...]

BLOCK: Final = 4096
"""Positions are dealt out in blocks, so that a session needs one number of the sequence and no answer."""

_EVER: Final = 2**31 - 1
"""Behind every day."""


def texts(count: int) -> str:
    """So many arrays of texts as parameters."""
    return ", ".join(["%s::text[]"] * count)


def numbers(values: Iterable[int]) -> str:
    """Whole numbers as the text of an array: its type is the same whatever their size."""
    return "{" + ",".join(map(str, values)) + "}"


# --- what is asked -----------------------------------------------------------------------------------------------

# Each row of the arrays looks into an index by itself, OFFSET 0 sees to that: a planner that has no statistics yet, or
# old ones, would else read a whole ledger once.

_COMMITTED: Final = """
SELECT q.n, e.content, 0::bigint AS lot, 0::bigint AS amount, e.number::bigint AS place
FROM unnest(%s::text[], %s::bigint[]) AS q(key, n), LATERAL (
  SELECT content, number FROM vp_entry WHERE ledger = %s AND key = q.key OFFSET 0) AS e"""

_ABOUT: Final = """
SELECT q.n, e.content, 0::bigint AS lot, 0::bigint AS amount, a.position AS place
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS q(subject, kind, since, until, n),
LATERAL (
  SELECT ledger, position FROM vp_about
  WHERE ledger = %s AND subject = q.subject AND kind = q.kind AND on_day >= q.since AND on_day < q.until OFFSET 0) AS a,
LATERAL (SELECT content FROM vp_entry WHERE ledger = a.ledger AND position = a.position OFFSET 0) AS e"""

_LOTS: Final = """
SELECT q.n, NULL::bytea AS content, b.lot, b.amount, 0::bigint AS place
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]) AS q(holder, purpose, of, unit, n), LATERAL (
  SELECT lot, amount FROM vp_balance
  WHERE ledger = %s AND purpose = q.purpose AND holder = q.holder AND of = q.of AND unit = q.unit AND amount <> 0
  OFFSET 0) AS b"""

_MOVES: Final = "unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])"

_BALANCE: Final = f"""
SELECT q.n, NULL::bytea AS content, 0::bigint AS lot, b.amount, 0::bigint AS place
FROM {_MOVES} AS q(holder, purpose, unit, of, since, until, n), LATERAL (
  SELECT coalesce(sum(amount), 0)::bigint AS amount FROM vp_balance
  WHERE ledger = %s AND purpose = q.purpose AND holder = q.holder AND unit = q.unit
    AND (q.of IS NULL OR of = q.of)) AS b"""  # noqa: S608 - a constant

_MOVED: Final = f"""
SELECT q.n, NULL::bytea AS content, 0::bigint AS lot, p.amount, 0::bigint AS place
FROM {_MOVES} AS q(holder, purpose, unit, of, since, until, n), LATERAL (
  SELECT coalesce(sum(amount), 0)::bigint AS amount FROM vp_posting
  WHERE ledger = %s AND holder = q.holder AND purpose = q.purpose AND unit = q.unit
    AND on_day >= q.since AND on_day < q.until AND (q.of IS NULL OR of = q.of)) AS p"""  # noqa: S608 - a constant


def answers(transaction: Transaction, questions: Sequence[Question[Any]]) -> dict[Question[Any], Any]:
    """The answers to one round of questions, in one trip."""
    asked: dict[str, list[Row]] = {}
    for number, question in enumerate(questions):
        for text, row in _asked(question):
            asked.setdefault(text, []).append((*row, number))
    found: dict[int, list[Row]] = {}
    if asked:
        values: list[object] = []
        for rows in asked.values():
            values += [_array(column) for column in zip(*rows, strict=True)]
            values.append(transaction.ledger)
        text = " UNION ALL ".join(f"({each})" for each in asked) + " ORDER BY 1, 5"
        for row in transaction.rows_of(text, tuple(values)):
            found.setdefault(row[0], []).append(row)
    return {question: _answer(question, found.get(number, [])) for number, question in enumerate(questions)}


def _asked(question: Question[Any]) -> Iterator[tuple[str, Row]]:
    """The statement of a question, and a row of values for each thing that it looks for."""
    match question:
        case Committed(key=key):
            yield _COMMITTED, (key,)
        case About(about=about, kinds=kinds, since=since, until=until):
            for kind in dict.fromkeys(kinds):
                yield _ABOUT, (about, kind, *_span(since, until))
        case LotsOf(account=(holder, purpose, of), unit=unit):
            yield _LOTS, (holder, str(purpose), of, unit)
        case Moved(holder=holder, purpose=purpose, unit=unit, of=of, since=since, until=until):
            text = _BALANCE if since is None and until is None else _MOVED
            yield text, (holder, str(purpose), unit, of, *_span(since, until))
        case _:
            raise TypeError(question)


def _span(since: date | None, until: date | None) -> tuple[int, int]:
    return (since.toordinal() if since else 0), (until.toordinal() if until else _EVER)


def _array(column: Sequence[Any]) -> object:
    return numbers(column) if isinstance(column[0], int) else list(column)


def _answer(question: Question[Any], rows: Sequence[Row]) -> object:
    match question:
        case LotsOf():
            return {lot_of(lot): amount for _, _, lot, amount, _ in rows}
        case Moved():
            return rows[0][3]
    return tuple(entry_of(bytes(content)) for _, content, *_ in rows)


# --- what is written ---------------------------------------------------------------------------------------------

_WRITE: Final = f"""
WITH block AS MATERIALIZED (SELECT nextval('vp_block') * {BLOCK} AS before),
entry AS (
  INSERT INTO vp_entry (ledger, position, key, number, kind, leaf, content)
  SELECT %s, block.before + e.n, e.key, e.number, e.kind, e.leaf, e.content
  FROM block, unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[], %s::bytea[])
    WITH ORDINALITY AS e(key, number, kind, leaf, content, n)
  RETURNING ledger, position),
unplaced AS (INSERT INTO vp_unplaced (ledger, position) SELECT ledger, position FROM entry),
about AS (
  INSERT INTO vp_about (ledger, subject, kind, on_day, position)
  SELECT %s, a.subject, a.kind, a.on_day, block.before + a.n
  FROM block, unnest({texts(2)}, %s::bigint[], %s::bigint[]) AS a(subject, kind, on_day, n)),
posting AS (
  INSERT INTO vp_posting (ledger, holder, purpose, unit, on_day, of, position, number, amount, lot)
  SELECT %s, p.holder, p.purpose, p.unit, p.on_day, p.of, block.before + p.n, p.number, p.amount, p.lot
  FROM block, unnest({texts(3)}, %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS p(holder, purpose, unit, on_day, of, n, number, amount, lot)),
added AS (
  INSERT INTO vp_balance AS b (ledger, purpose, holder, of, unit, lot, amount, floor)
  SELECT %s, c.* FROM unnest({texts(4)}, %s::bigint[], %s::bigint[], %s::bigint[]) AS c
  ON CONFLICT (ledger, purpose, holder, of, unit, lot) DO UPDATE SET amount = b.amount + excluded.amount),
changed AS (
  UPDATE vp_balance AS b SET amount = b.amount + c.change
  FROM unnest({texts(5)}, %s::bigint[], %s::bigint[]) AS c(ledger, purpose, holder, of, unit, lot, change)
  WHERE b.ledger = c.ledger AND b.purpose = c.purpose AND b.holder = c.holder AND b.of = c.of AND b.unit = c.unit
    AND b.lot = c.lot
  RETURNING 1),
met AS (SELECT count(*) AS balances FROM changed)
SELECT CASE WHEN balances = w.wanted THEN 0 ELSE ('balance_missing: ' || w.wanted || ' ' || balances)::bigint END
FROM met, (VALUES (%s::bigint)) AS w(wanted)
"""  # noqa: S608 - texts are parameters
"""Everything a session writes. That a balance was not there is found out by making the statement fail.

The balances to change bring the ledger in each row: a planner without statistics would else read all of the ledger's.
"""


_CLOSE: Final = f"""
DELETE FROM vp_balance AS b USING unnest({texts(5)}, %s::bigint[]) AS c(ledger, purpose, holder, of, unit, lot)
WHERE b.ledger = c.ledger AND b.purpose = c.purpose AND b.holder = c.holder AND b.of = c.of AND b.unit = c.unit
  AND b.lot = c.lot AND b.amount = 0"""  # noqa: S608 - texts are parameters
"""Removes balances that came to nought, after they were changed: nobody else can change them until the commit.

Others may well have changed one since it was read (what was collected belongs to a volunteer whom nobody takes), so it
is never removed by what it should hold.
"""

BALANCE_MISSING: Final = re.compile(r"balance_missing: (\d+) (\d+)")
"""How many balances were wanted and how many were there, in what the server says then."""


def writes(
    transaction: Transaction,
    entries: Sequence[tuple[Entry, bytes]],
    changes: Mapping[BalanceKey, int],
    balance: Callable[[BalanceKey], int],
) -> Iterator[tuple[str, Row]]:
    """The statements that write: one for each block of entries, the last one with the balances, and their removal."""
    ledger = transaction.ledger
    added, changed, closed = sorted_changes(changes, balance)
    lower = sorted([*changed, *((place, -amount) for place, amount in closed)])
    for first in range(0, len(entries), BLOCK):
        last = first + BLOCK >= len(entries)
        values = _entry_values(ledger, entries[first : first + BLOCK])
        yield _WRITE, (*values, *_balance_values(ledger, added if last else [], lower if last else []))
    if closed:
        yield _CLOSE, tuple(_columns([(ledger, *place) for place, _ in closed], "tttttn"))


def _entry_values(ledger: str, entries: Sequence[tuple[Entry, bytes]]) -> Row:
    kinds = [entry.kind for entry, _ in entries]
    leaves = [leaf_hash(content) for _, content in entries]
    contents = [content for _, content in entries]
    abouts: list[Row] = []
    postings: list[Row] = []
    for n, (entry, _) in enumerate(entries, start=1):
        kind, on_day = entry.kind, entry.on.toordinal()
        abouts += [(subject, kind, on_day, n) for subject in entry.about]
        for number, ((holder, purpose, of), unit, amount, lot, on) in enumerate(entry.postings, start=1):
            postings.append((holder, str(purpose), unit, on.toordinal(), of, n, number, amount, lot_number(lot)))
    numbered = numbers(entry.number for entry, _ in entries)
    return (
        *(ledger, [entry.key for entry, _ in entries], numbered, kinds, leaves, contents),
        *(ledger, *_columns(sorted(abouts), "ttnn")),
        *(ledger, *_columns(sorted(postings), "tttntnnnn")),
    )


def _balance_values(ledger: str, added: Sequence[tuple[Row, int, int]], changed: Sequence[tuple[Row, int]]) -> Row:
    return (
        *(ledger, *_columns([(*place, change, floor) for place, change, floor in added], "ttttnnn")),
        *_columns([(ledger, *place, change) for place, change in changed], "tttttnn"),
        len(changed),
    )


def _columns(rows: Sequence[Row], kinds: str) -> Iterator[object]:
    """Rows as one array for each column, of texts or of numbers."""
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    for kind, column in zip(kinds, columns, strict=True):
        yield numbers(column) if kind == "n" else list(column)


# --- the order ---------------------------------------------------------------------------------------------------

_BOUNDS: Final = """
SELECT coalesce(max(place), 0) AS placed,
  ARRAY(
    SELECT position FROM vp_unplaced WHERE ledger = %s ORDER BY position
    OFFSET greatest(0, %s::bigint - (SELECT coalesce(max(place), 0) FROM vp_leaf WHERE ledger = %s)) LIMIT %s::bigint)
FROM vp_leaf WHERE ledger = %s"""

# A range of one and an order let a planner without statistics take the index by position, and no other.
_PLACED: Final = """
SELECT l.place, e.content, e.leaf FROM vp_leaf l, LATERAL (
  SELECT content, leaf FROM vp_entry WHERE ledger = l.ledger AND position >= l.position AND position <= l.position
  ORDER BY position LIMIT 1) AS e
WHERE l.ledger = %s AND l.place > %s AND l.place <= %s ORDER BY l.place"""

_UNPLACED: Final = """
SELECT content, leaf FROM vp_entry WHERE ledger = %s AND position = ANY(%s::bigint[]) ORDER BY position"""

_PLACE: Final = """
WITH moved AS (
  DELETE FROM vp_unplaced WHERE ledger = %s AND position = ANY(ARRAY(
    SELECT position FROM vp_unplaced WHERE ledger = %s ORDER BY position LIMIT %s::bigint))
  RETURNING position),
made AS (
  INSERT INTO vp_leaf (ledger, place, position)
  SELECT %s, (SELECT coalesce(max(place), 0) FROM vp_leaf WHERE ledger = %s) + row_number() OVER (ORDER BY position),
    position
  FROM moved RETURNING 1)
SELECT count(*) FROM made"""


def stored(transaction: Transaction, after: int, limit: int | None) -> Iterator[Stored]:
    """Entries in order: those with a lasting place, then the others as they would get theirs now.

    What is to be read is settled by the first statement, so that it fits together at every level of isolation.
    """
    ledger = transaction.ledger
    [(placed, unplaced)] = transaction.rows_of(_BOUNDS, (ledger, after, ledger, limit, ledger))
    end = placed if limit is None else min(placed, after + limit)
    for first in range(after, end, PAGE):
        for place, content, leaf in transaction.rows_of(_PLACED, (ledger, first, min(first + PAGE, end))):
            yield Stored(place, bytes(content), bytes(leaf))
    before = max(after, placed)
    left = len(unplaced) if limit is None else max(0, after + limit - before)
    for first in range(0, min(left, len(unplaced)), PAGE):
        page = unplaced[first : min(first + PAGE, left)]
        rows = transaction.rows_of(_UNPLACED, (ledger, numbers(page)))
        for place, (content, leaf) in enumerate(rows, start=before + first + 1):
            yield Stored(place, bytes(content), bytes(leaf))


def place_entries(transaction: Transaction, limit: int | None) -> int:
    """Move entries out of the queue into lasting places, in one snapshot; nobody else does so meanwhile."""
    ledger = transaction.ledger
    [(count,)] = transaction.rows_of(_PLACE, (ledger, ledger, limit, ledger, ledger))
    return int(count)


__all__ = ["BLOCK", "answers", "place_entries", "stored", "writes"]
