"""What somebody who can write to the database might do to it, on a copy: the audit is shown what came of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from volunteer_points.canonical import text_of
from volunteer_points.entries import Awarded, Entry
from volunteer_points.ledger import leaf_hash


def forged(ledger: Path, copy: Path, award: Entry, points: int, *, carefully: bool = False) -> None:
    """Copy a ledger in a SQLite file, and change an award in the copy.

    Args:
        ledger: The file, which nobody has open.
        copy: The file to be made.
        award: The entry to be changed.
        points: What it is to say.
        carefully: Whether its postings, its hash, the index and the balances are made to fit.
    """
    with closing(sqlite3.connect(ledger)) as original, closing(sqlite3.connect(copy)) as database:
        original.backup(database)
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        where = {"ledger": award.ledger, "key": award.key, "number": award.number}
        [(position, content)] = database.execute(
            "SELECT position, content FROM vp_entry WHERE ledger = :ledger AND key = :key AND number = :number", where
        ).fetchall()
        fields = json.loads(content)
        more = points - fields["fact"]["points"]
        fields["fact"]["points"] = points
        if carefully:
            for posting in fields["postings"]:
                posting[4] += _share(posting[3], posting[4], award, more)
        content = text_of(fields).encode()
        database.execute("UPDATE vp_entry SET content = ? WHERE position = ?", (content, position))
        if carefully:
            database.execute("UPDATE vp_entry SET leaf = ? WHERE position = ?", (leaf_hash(content), position))
            _fit_the_index(database, position, award, more)
        database.commit()


def _share(unit: str, amount: int, award: Entry, more: int) -> int:
    """By how much a posting of the award has to change."""
    currency = award.fact.currency if isinstance(award.fact, Awarded) else ""
    return (more if amount > 0 else -more) if unit == currency else 0


def _fit_the_index(database: sqlite3.Connection, position: int, award: Entry, more: int) -> None:
    """Change the index of the postings, and the balances that are kept beside the ledger."""
    for posting in award.postings:
        change = _share(posting.unit, posting.amount, award, more)
        account = (change, posting.account.holder, posting.account.purpose, posting.unit)
        database.execute(
            "UPDATE vp_posting SET amount = amount + ? WHERE holder = ? AND purpose = ? AND unit = ? AND position = ?",
            (*account, position),
        )
        database.execute(
            "UPDATE vp_balance SET amount = amount + ? WHERE holder = ? AND purpose = ? AND unit = ?", account
        )
