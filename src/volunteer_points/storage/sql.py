"""A store in a SQL database, through SQLAlchemy: a file of SQLite, or a server of PostgreSQL, MariaDB or MySQL.

>>> import pathlib, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     with SqlStore.open(pathlib.Path(folder) / "ledger.sqlite", "saihan") as store:
...         store.ledger
'saihan'
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session, scoped_session

from volunteer_points.books import Committed, LotsOf, OpenAmount, Question, Tally, combined
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, KeyConflict, Misconfigured, Misused
from volunteer_points.ledger import encode
from volunteer_points.postings import FLOORS, Account
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Signer
from volunteer_points.storage import Answers, Stored, ledgers, seals, statements, trees
from volunteer_points.storage.connections import Connections, HostConnection, OwnConnections, connection_of
from volunteer_points.storage.families import Family, family_of, shown, translating, url_of
from volunteer_points.storage.holding import (
    BalanceKey,
    Holding,
    changes_of,
    check_commit,
    check_purpose,
    check_question,
)
from volunteer_points.storage.naming import DEFAULT, Naming, named
from volunteer_points.storage.recent import remember
from volunteer_points.storage.statements import Transaction
from volunteer_points.storage.trees import SqlTree

ENTRIES_KEPT_BACK: Final = 2000
"""A session writes to the tables at its end, and whenever it has kept back so many entries."""

Balances: TypeAlias = Iterator[tuple[Account, str, datetime | None, int]]


class SqlStore:
    """A ledger in a database.

    Args:
        place: An engine, on which the store makes transactions of its own; or the connection or session of a host.
        ledger: The id of the ledger, which must be there.
        durable: Insist that what was committed survives a power cut; a host's transaction is the host's affair.
        read_only: Nothing will be written; then it does not matter if guards are missing.
        naming: What the tables are called, where they are not called as they are by default.

    Raises:
        Misconfigured: the database is not what the ledger needs; ``fix`` says what to do.
    """

    def __init__(
        self,
        place: Engine | Connection | Session,
        ledger: str,
        *,
        durable: bool = True,
        read_only: bool = False,
        naming: Naming = DEFAULT,
    ) -> None:
        host, place = place, place if isinstance(place, Engine) else connection_of(place)
        self._place = place
        family = self._family = family_of(place.engine.url, place.dialect.driver)
        hosted = isinstance(place, Connection)
        self._connections: Connections = (
            OwnConnections(host, family, naming) if isinstance(host, Engine) else HostConnection(host, family, naming)
        )
        self._read_only = read_only
        with self._connections.reading() as cursor:
            where = shown(place.engine.url)
            self._ledger = ledgers.found(cursor, family, ledger, naming, place=where, guarded=not read_only)
            if not hosted and not read_only:
                with translating(family):
                    family.check_settings(cursor, naming, durable=durable)

    @classmethod
    def open(  # noqa: PLR0913 - each is a choice of whoever opens it
        cls,
        place: str | os.PathLike[str],
        ledger: str | None = None,
        *,
        create: bool = True,
        durable: bool = True,
        read_only: bool = False,
        naming: Naming | None = None,
    ) -> Self:
        """Open a ledger by the file or the URL of its database; close it when done.

        Args:
            place: A file, or a SQLAlchemy URL such as ``postgresql://user@host/database``. It may say what the tables
                are called: ``?prefix=points_&schema=community``.
            ledger: The id of the ledger; needed to make one, else the only one in the database is meant.
            create: Make the database with this ledger when it is not there.
            durable: What was committed survives a power cut; without it the last commits may be lost, but never half.
            read_only: Open it for reading alone, even where guards are missing, as on a copy that was tampered with.
            naming: What the tables are called, if the URL does not say it. With a prefix of your own, the ledger may be
                made beside other tables.

        Raises:
            Misconfigured: it is no ledger, another ledger, or not as the library needs it; ``fix`` says what to do.
        """
        url, called = named(url_of(place), naming)
        family = family_of(url)
        engine = family.engine_at(url, durable=durable, read_only=read_only)
        try:
            may_make = create and not read_only
            name = ledgers.prepared(engine, family, ledger, called, create=may_make, read_only=read_only)
            return cls(engine, name, durable=durable, read_only=read_only, naming=called)
        except BaseException:
            engine.dispose()
            raise

    @classmethod
    def joining(
        cls, host: Connection | Session | scoped_session[Session], ledger: str, *, naming: Naming = DEFAULT
    ) -> Self:
        """Work within a transaction that the host has begun, and that the host will end.

        Nothing is committed here, and after a refusal the host's own writing still stands. What a session has not
        written yet is written first. In SQLite the transaction is begun with BEGIN IMMEDIATE, as
        :func:`volunteer_points.storage.sqlite.prepare` sees to; elsewhere any level of isolation will do, but not
        AUTOCOMMIT. After ``HostBusy`` the host's whole transaction must run again; trying again within it is of no use.

        Args:
            host: A connection on which a transaction has begun, or a session, which begins one when it is needed.
            ledger: The id of the ledger, which must be there.
            naming: What the tables are called.

        Raises:
            Misconfigured: the transaction is not fit, or the ledger is not there; ``fix`` says what to do.
        """
        return cls(host() if isinstance(host, scoped_session) else host, ledger, naming=naming)

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._ledger

    @property
    def url(self) -> URL:
        """Where the database is. The password is in it, and is hidden when it is shown."""
        return self._place.engine.url

    @property
    def server(self) -> str:
        """Which engine answers there, and its version, as ``MariaDB 10.11.6``; it is asked anew each time."""
        with self._connections.reading() as cursor, translating(self._family):
            return self._family.server(cursor)

    def close(self) -> None:
        """Close every connection of the store's own; a host's connection stays as it is."""
        if isinstance(self._place, Engine):
            self._place.dispose()

    def __enter__(self) -> Self:
        """Use the store, and close it at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def reader(self) -> Iterator[SqlReader]:
        """Look at the ledger as of now."""
        with self._connections.reading() as cursor, self._transaction(cursor) as transaction:
            yield SqlReader(transaction, self._family)

    @contextmanager
    def session(self) -> Iterator[SqlSession]:
        """Begin to write; a thread has one session at a time, and in SQLite so has the database."""
        if self._read_only:
            raise self._not_for_writing()
        with self._connections.writing() as cursor, self._transaction(cursor) as transaction:
            session = SqlSession(transaction, self._family)
            try:
                yield session
                session.finish()
            finally:
                session.end()

    def place_entries(self, *, limit: int | None = None) -> int:
        """Give entries a lasting place, at most ``limit`` of them; tells how many got one. Writers do not wait.

        In SQLite each entry has its place when it is written, and there is nothing to do.

        Raises:
            Misused: ``session_within_session``.
        """
        with self._connections.writing() as cursor, self._transaction(cursor) as transaction:
            return self._family.place_entries(transaction, limit)

    # --- sealing -------------------------------------------------------------------------------------------------

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        """As :meth:`volunteer_points.storage.seals.Sealing.seal`.

        It takes in a bounded number of entries at a time, each in a transaction of its own, and goes on where it was
        stopped. The last of them takes the checkpoint, which covers at least what was there at the beginning.
        """
        self._check_may_seal()
        checkpoint, goal, before = None, 0, -1
        while checkpoint is None:
            with self._growing() as tree:
                goal = goal or tree.length()
                size = tree.grow()
                if size >= goal:
                    checkpoint = tree.take(size, at)
                elif size == before:
                    raise Corrupt("place_missing", place=size + 1, to=goal, fix="Run the audit.")
                before = size
        signed = checkpoint if signer is None else checkpoint.signed(signer)
        if signed != checkpoint:
            with self._growing() as tree:
                tree.keep(signed)
        return signed

    def prove(self, entry: Entry) -> Inclusion:
        """As :meth:`volunteer_points.storage.seals.Sealing.prove`."""
        with self.reader() as reader:
            return seals.proved(reader.tree(), entry)

    def extends(self, old: Checkpoint) -> Extension:
        """As :meth:`volunteer_points.storage.seals.Sealing.extends`."""
        with self.reader() as reader:
            return seals.extended(reader.tree(), old)

    def _check_may_seal(self) -> None:
        if isinstance(self._place, Connection):
            fix = "Seal with a store that was opened by itself."
            raise Misused("seal_within_host", ledger=self._ledger, fix=fix)
        if self._read_only:
            raise self._not_for_writing()

    def _not_for_writing(self) -> Misconfigured:
        return Misconfigured("opened_read_only", ledger=self._ledger, fix="Open it without read_only to write.")

    @contextmanager
    def _growing(self) -> Iterator[SqlTree]:
        """The tree within a transaction of its own, while nobody else seals."""
        with self._connections.writing() as cursor, self._transaction(cursor) as transaction:
            tree = SqlTree(transaction, self._family)
            tree.hold()
            yield tree

    @contextmanager
    def _transaction(self, cursor: DBAPICursor) -> Iterator[Transaction]:
        transaction = Transaction(cursor, self._family, self._place.dialect, self._ledger)
        try:
            yield transaction
        finally:
            transaction.end()


class SqlReader:
    """A view of the ledger at one moment."""

    def __init__(self, transaction: Transaction, family: Family) -> None:
        self._transaction = transaction
        self._family = family

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer all of the questions at once."""
        wanted = tuple(questions)
        for question in wanted:
            check_question(question)
        return self._family.answers(self._transaction, wanted)

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order, read in pages."""
        return self._family.stored(self._transaction, after, limit)

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        check_purpose(purpose)
        return statements.open_amounts(self._transaction, purpose, unit, due, limit)

    def balances(self) -> Balances:
        """Every kept balance that is not nought, read in pages."""
        return statements.balances(self._transaction)

    def tree(self) -> SqlTree:
        """The sealed tree as of that moment."""
        return SqlTree(self._transaction, self._family)

    def adrift(self) -> Iterator[tuple[int, bytes]]:
        """Entries that stand in no order, with the numbers of their rows: they have no place and wait for none."""
        return trees.adrift(self._transaction, self._family)


class SqlSession:
    """One unit of writing. What it appends is kept back and written in bulk, at its end or before it is read in order.

    Answers are those of the tables when they were first asked, and what was kept back since.
    """

    def __init__(self, transaction: Transaction, family: Family) -> None:
        self._transaction = transaction
        self._family = family
        self._reader = SqlReader(transaction, family)
        self._holding = Holding()
        self._answers: dict[Question[Any], Any] = {}
        self._kept_back: list[tuple[Entry, bytes]] = []
        self._changes: dict[BalanceKey, int] = {}
        self._keys: set[str] = set()
        self._tally, self._absorbed = Tally(), 0
        self._failed: BaseException | None = None

    def take(self, alone: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Hold subjects. What was read about them before, as a part of appending, is read again."""
        wanted = set(shared)
        alone, shared = self._holding.take(alone, wanted)
        self._family.take(self._transaction, alone, shared | (wanted & alone))
        if self._answers:
            for question in [question for question in self._answers if question.subject in alone]:
                del self._answers[question]

    def ask(self, questions: Iterable[Question[Any]]) -> Answers:
        """Answer from the tables and what this session appended."""
        wanted = tuple(questions)
        self._holding.check(wanted)
        return self._answered(wanted)

    def _answered(self, wanted: tuple[Question[Any], ...]) -> dict[Question[Any], Any]:
        self._fetch(wanted)
        known = self._answers
        if not self._kept_back:
            return {question: known[question] for question in wanted}
        since = self._since()
        return {question: combined(question, known[question], since.answer(question)) for question in wanted}

    def _fetch(self, wanted: Iterable[Question[Any]]) -> None:
        new = [question for question in wanted if question not in self._answers]
        if new:
            self._answers.update(self._family.answers(self._transaction, new))

    def _since(self) -> Tally:
        """What the entries kept back add up to; only a session that asks again has to know."""
        self._tally.absorb(entry for entry, _ in self._kept_back[self._absorbed :])
        self._absorbed = len(self._kept_back)
        return self._tally

    def append(self, entries: tuple[Entry, ...]) -> None:
        """Write one commit."""
        self._holding.check_running()
        check_commit(entries, self._transaction.ledger)
        self._check_key(entries[0].key)
        changes = changes_of(entries)
        self._check_floors(changes)
        written = [(entry, encode(entry)) for entry in entries]
        for entry, content in written:
            remember(content, entry)
        self._kept_back += written
        self._keys.add(entries[0].key)
        for place, amount in changes.items():
            self._changes[place] = self._changes.get(place, 0) + amount
        if len(self._kept_back) >= ENTRIES_KEPT_BACK:
            self._write_and_go_on()

    def _check_key(self, key: str) -> None:
        committed = Committed(key)
        self._fetch((committed,))
        if key in self._keys or self._answers[committed]:
            raise KeyConflict("key_taken", key=key, fix="Ask for the entries of the key before appending to it.")

    def _check_floors(self, changes: Mapping[BalanceKey, int]) -> None:
        """Only what moves towards nought can pass it; the tables check once more when it is written."""
        downward = {key: amount for key, amount in changes.items() if FLOORS[key[0].purpose] * amount < 0}
        self._fetch(dict.fromkeys(LotsOf(account, unit) for account, unit, _ in downward))
        for key, amount in downward.items():
            balance = self._balance(key) + amount
            if FLOORS[key[0].purpose] * balance < 0:
                account, unit, lot = key
                raise Corrupt("floor_passed", account="/".join(account), unit=unit, lot=lot, balance=balance)

    def _balance(self, key: BalanceKey) -> int:
        account, unit, lot = key
        question = LotsOf(account, unit)
        if question not in self._answers:
            self._fetch((question,))
        before: int = self._answers[question].get(lot, 0)
        return before + self._changes.get(key, 0)

    def stored(self, *, after: int = 0, limit: int | None = None) -> Iterator[Stored]:
        """Entries in order, read in pages, with those that this session appended."""
        self._write_and_go_on()
        return self._reader.stored(after=after, limit=limit)

    def open(
        self, purpose: str, *, unit: str | None = None, due: datetime | None = None, limit: int | None = None
    ) -> list[OpenAmount]:
        """Amounts of a purpose that are not nought."""
        self._write_and_go_on()
        return self._reader.open(purpose, unit=unit, due=due, limit=limit)

    def balances(self) -> Balances:
        """Every kept balance that is not nought, read in pages."""
        self._write_and_go_on()
        return self._reader.balances()

    def _write_and_go_on(self) -> None:
        """Write what was kept back, and bring the known answers up to date with it."""
        self._holding.check_running()
        if not self._kept_back:
            return
        self._write()
        since = self._since()
        for question, known in self._answers.items():
            self._answers[question] = combined(question, known, since.answer(question))
        self._tally, self._absorbed = Tally(), 0
        self._kept_back.clear()
        self._changes.clear()

    def _write(self) -> None:
        try:
            self._family.write(self._transaction, self._kept_back, self._changes, self._balance)
        except BaseException as error:
            self._failed = error  # some of it may be in the tables, so nothing of this session may stay
            raise

    def finish(self) -> None:
        """Write what is left, at the end of the session.

        Raises:
            BaseException: what went wrong in writing before, if somebody swallowed it.
        """
        if self._failed is not None:
            raise self._failed
        if self._kept_back:
            self._write()

    def end(self) -> None:
        """Let nothing be asked or appended any more."""
        self._holding.end()


__all__ = ["ENTRIES_KEPT_BACK", "SqlReader", "SqlSession", "SqlStore"]
