"""The same peer on PostgreSQL: psycopg, prepared statements, one statement at a time as an ordinary program sends them.

It writes the same rows as the library does there. Subjects are locked by their rows in ``vp_subject``, positions are
drawn from the sequence, and what has no lasting place yet waits in ``vp_unplaced``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import psycopg

from benchmarks.by_hand import INSERT_BALANCE, ByHand, Command, Draft, Fields

NOUNS = ("volunteer", "record", "redemption", "item")
PROGRAMME = "programme"

TAKE = (
    "INSERT INTO vp_subject AS s (ledger, subject, version) SELECT ?, subject, 1 FROM unnest(?::text[]) AS t(subject)"
    " ON CONFLICT (ledger, subject) DO UPDATE SET version = s.version + 1"
)
SHARE = "SELECT 1 FROM vp_subject WHERE ledger = ? AND subject = ? FOR SHARE"
DRAW = "SELECT nextval('vp_block') * 4096"
INSERT_UNPLACED = "INSERT INTO vp_unplaced (ledger, position) VALUES (?, ?)"
ADD_TO_BALANCE = (
    INSERT_BALANCE.replace("vp_balance (", "vp_balance AS b (")
    + " ON CONFLICT (ledger, purpose, holder, of, unit, lot) DO UPDATE SET amount = b.amount + excluded.amount"
)
WHERE = "WHERE ledger = ? AND holder = ? AND purpose = ? AND of = ? AND unit = ? AND lot = ?"

Cursor: TypeAlias = "psycopg.Cursor[tuple[Any, ...]]"


class ByHandOnPostgresql(ByHand):
    """A ledger in a database that is there already. One connection, so one thread."""

    def _open(self, place: Path | str) -> None:
        self._server = psycopg.connect(str(place), autocommit=True, prepare_threshold=0)

    def close(self) -> None:
        """Close it."""
        self._server.close()

    def _new(self, command: Command, said: Sequence[Any]) -> str | None:
        self._take(f"key:{command.key}", *(f"{noun}:{said[2][noun]}" for noun in NOUNS if noun in said[2]))
        return super()._new(command, said)

    def _awarded(self, command: Command, submitted: Fields) -> list[Draft]:
        self._take(f"volunteer:{submitted['fact']['volunteer']}")
        return super()._awarded(command, submitted)

    def _take(self, *subjects: str) -> None:
        """Hold subjects until the transaction ends, always in one order."""
        self._run(TAKE, (self._ledger, sorted(subjects)))

    def _begin(self) -> None:
        self._run("BEGIN")

    def _look(self) -> None:
        """Read up to when the ledger is closed; nobody can change that now."""
        self._run(SHARE, (self._ledger, PROGRAMME))
        self._look_for_closings()
        self._last = 0  # drawn when something is written

    def _write(self, command: Command, digest: str, drafts: Sequence[Draft]) -> None:
        if not self._last:
            [[self._last]] = self._run(DRAW)
        first = self._last + 1
        super()._write(command, digest, drafts)
        self._run_all(INSERT_UNPLACED, [(self._ledger, position) for position in range(first, self._last + 1)])

    def _add(self, floor: int, amount: int, place: tuple[object, ...]) -> None:
        """Add to a balance; others may do so at the same time to one that is not nought."""
        if floor * amount >= 0:
            self._run(ADD_TO_BALANCE, (*place, amount, floor))
            return
        self._run(f"UPDATE vp_balance SET amount = amount + ? {WHERE}", (amount, *place))  # noqa: S608 - a constant
        self._run(f"DELETE FROM vp_balance {WHERE} AND amount = 0", place)  # noqa: S608 - a constant

    def _run(self, statement: str, values: Sequence[object] = ()) -> Cursor:
        return self._server.execute(_spoken(statement), values)

    def _run_all(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        with self._server.cursor() as cursor:
            cursor.executemany(_spoken(statement), rows)


@cache
def _spoken(statement: str) -> bytes:
    """The statement with the marks of psycopg, and a type where PostgreSQL cannot tell it."""
    return statement.replace("? IS NULL", "?::text IS NULL").replace("?", "%s").encode()
