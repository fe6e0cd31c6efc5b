"""What must be true of a ledger in a file, whatever happened to those who wrote it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import groupby
from pathlib import Path

from volunteer_points.books import Tally
from volunteer_points.entries import Entry
from volunteer_points.ledger import decode, leaf_hash
from volunteer_points.storage.sql import SqlStore


def sound_entries(file: Path) -> list[Entry]:
    """The entries of a ledger, after everything was compared with them: positions, hashes, commits, index, balances."""
    with SqlStore.open(file, create=False) as store, store.reader() as reader:
        stored = list(reader.stored())
        entries = [decode(each.content) for each in stored]
        assert [each.position for each in stored] == list(range(1, len(stored) + 1))
        assert [each.leaf for each in stored] == [leaf_hash(each.content) for each in stored]
        _check_commits(entries)
        tally = Tally()
        tally.absorb(entries)
        balances = {(account, unit, lot): amount for account, unit, lot, amount in reader.balances()}
        assert balances == tally.balances()
    _check_index(file, entries)
    return entries


def _check_commits(entries: list[Entry]) -> None:
    commits = [(key, list(group)) for key, group in groupby(entries, key=lambda entry: entry.key)]
    assert len({key for key, _ in commits}) == len(commits), "a key was written twice, or with others between"
    for key, group in commits:
        assert [entry.number for entry in group] == list(range(1, group[0].count + 1)), f"half a commit: {key}"


def _check_index(file: Path, entries: list[Entry]) -> None:
    abouts = {
        (subject, entry.kind, entry.on.toordinal(), position)
        for position, entry in enumerate(entries, start=1)
        for subject in entry.about
    }
    postings = {
        (posting.account.holder, posting.account.purpose, posting.unit, posting.amount, position, number)
        for position, entry in enumerate(entries, start=1)
        for number, posting in enumerate(entry.postings, start=1)
    }
    with closing(sqlite3.connect(file)) as connection:
        assert set(connection.execute("SELECT subject, kind, on_day, position FROM vp_about")) == abouts
        found = connection.execute("SELECT holder, purpose, unit, amount, position, number FROM vp_posting")
        assert set(found) == postings
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
