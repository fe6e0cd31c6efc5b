"""Other libraries that keep accounts or events, each asked for the same: move points from one account to another.

``python -m benchmarks.peer_programs NAME PLACE`` runs in an environment in which the library of that name is installed
and nothing of ``volunteer_points`` is. It prints ``ready``; then for each line ``fill N`` it posts N times without
waiting for the disk, for each line ``post N`` N times durably, and prints the seconds of each post as JSON.
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-def, untyped-decorator, no-untyped-call"
# The libraries are installed in environments of their own, where nothing is checked.
# ruff: noqa: PLC0415, D102, ANN401 - each program imports its own library, and does what the protocol says

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

ACCOUNTS = 200
GIVEN_AT, GIVEN_ON = datetime(2026, 1, 4, 4, tzinfo=UTC), date(2026, 1, 4)


class Peer(Protocol):
    """A library with a store."""

    def post(self, number: int) -> None:
        """Move one point from the programme's account to one of 200 others, and commit."""
        ...

    def wait_for_disk(self, *, durable: bool) -> None:
        """Whether a commit waits until it is on the disk."""
        ...


class EventSourcing:
    """Two aggregates, each with an event, saved in one transaction of a SQLite file."""

    def __init__(self, place: str) -> None:
        from eventsourcing.application import Application
        from eventsourcing.domain import Aggregate, event

        class Account(Aggregate):
            @event("Opened")
            def __init__(self, name: str) -> None:
                self.name, self.balance = name, 0

            @staticmethod
            def create_id(name: str) -> object:
                return uuid5(NAMESPACE_URL, name)

            @event("Posted")
            def post(self, key: str, amount: int) -> None:  # noqa: ARG002 - the event keeps it
                self.balance += amount

        # A cache without bounds, which 0 means here: else an account is read from its first event each time.
        environment = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": place,
            "AGGREGATE_CACHE_MAXSIZE": "0",
        }
        self._app = Application(env=environment)
        self._id = Account.create_id
        self._app.save(Account("programme"))
        self._app.save(*(Account(f"v-{number}") for number in range(ACCOUNTS)))

    def post(self, number: int) -> None:
        giver: Any = self._app.repository.get(self._id("programme"))
        receiver: Any = self._app.repository.get(self._id(f"v-{number % ACCOUNTS}"))
        giver.post(f"gift-{number}", -1)
        receiver.post(f"gift-{number}", 1)
        self._app.save(giver, receiver)

    def wait_for_disk(self, *, durable: bool) -> None:
        factory: Any = self._app.factory
        with factory.datastore.transaction(commit=False) as cursor:
            cursor.execute("COMMIT")  # nothing within a transaction changes how it is committed
            cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            cursor.execute("BEGIN")


class ALedger:
    """One journal batch with two postings in a SQLite file."""

    def __init__(self, place: str) -> None:
        from a_ledger import Ledger
        from a_ledger.schema import install
        from sqlalchemy import create_engine, event

        engine = self._engine = create_engine(f"sqlite:///{place}")

        def connected(connection: Any, _: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")

        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        with engine.begin() as connection:
            install(connection)
            accounts = Ledger(connection).accounts
            accounts.create_portfolio("main", code="main", currency="CNY")
            for name in ("programme", *(f"v-{number}" for number in range(ACCOUNTS))):
                accounts.create_account(name, portfolio_id="main", code=name, category="ASSET")

    def post(self, number: int) -> None:
        from a_ledger import Ledger
        from a_ledger.domain import journal as j

        postings = (
            j.PostingInput("from", "programme", -1),
            j.PostingInput("to", f"v-{number % ACCOUNTS}", 1),
        )
        moved = j.TransactionInput("gift", GIVEN_ON.isoformat(), GIVEN_AT.isoformat(), postings)
        source = j.SourceIdentity("gifts", f"gift-{number}")
        batch = j.JournalBatch("main", j.CommandKey("gifts", f"gift-{number}"), (j.Post("gift", source, moved),))
        with self._engine.begin() as connection:
            Ledger(connection).journal.execute(batch)

    def wait_for_disk(self, *, durable: bool) -> None:
        _synchronous(self._engine, durable=durable)


class PythonAccounting:
    """A journal entry with one line item in a SQLite file."""

    def __init__(self, place: str) -> None:
        from python_accounting.database.session import get_session
        from python_accounting.models import Account, Base, Currency, Entity
        from sqlalchemy import create_engine

        options = {"include_deleted": False, "ignore_isolation": False}
        self._engine = create_engine(f"sqlite:///{place}").execution_options(**options)
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        Base.metadata.create_all(self._engine)
        session = self._session = get_session(self._engine)
        entity = Entity(name="community")
        session.add(entity)
        session.commit()
        currency = Currency(name="Points", code="PTS", entity_id=entity.id)
        session.add(currency)
        session.commit()
        kind = Account.AccountType
        names = [("programme", kind.BANK), *((f"v-{number}", kind.BANK) for number in range(ACCOUNTS))]
        accounts = [
            Account(name=name, account_type=kind_, currency_id=currency.id, entity_id=entity.id)
            for name, kind_ in names
        ]
        session.add_all(accounts)
        session.commit()
        self._entity, self._accounts = entity.id, [account.id for account in accounts]

    def post(self, number: int) -> None:
        from python_accounting.models import LineItem
        from python_accounting.transactions import JournalEntry

        session, to = self._session, self._accounts[1 + number % ACCOUNTS]
        made = JournalEntry(
            narration=f"gift-{number}",
            transaction_date=datetime.now(),  # noqa: DTZ005 - it takes naive times, within the running period
            account_id=self._accounts[0],
            entity_id=self._entity,
        )
        session.add(made)
        session.flush()
        item = LineItem(narration="gift", account_id=to, amount=1, entity_id=self._entity)
        session.add(item)
        session.flush()
        made.line_items.add(item)
        session.add(made)
        made.post(session)
        session.commit()

    def wait_for_disk(self, *, durable: bool) -> None:
        self._session.commit()
        _synchronous(self._engine, durable=durable)


class Hordak:
    """A transfer between two accounts in PostgreSQL."""

    def __init__(self, place: str) -> None:
        import django
        from django.conf import settings
        from django.core.management import call_command

        folder, _, database = place.partition("|")
        settings.configure(
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.postgresql",
                    "HOST": folder,
                    "NAME": database,
                    "USER": "postgres",
                }
            },
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
            USE_TZ=True,
            DEFAULT_CURRENCY="EUR",
            CURRENCIES=["EUR"],
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        )
        django.setup()
        call_command("migrate", verbosity=0)
        from hordak.models import Account, AccountType

        names = ("programme", *(f"v-{number}" for number in range(ACCOUNTS)))
        make = Account.objects.create
        self._accounts = [make(name=name, type=AccountType.asset, currencies=["EUR"]) for name in names]

    def post(self, number: int) -> None:
        from django.db import transaction
        from djmoney.money import Money

        with transaction.atomic():
            self._accounts[0].transfer_to(self._accounts[1 + number % ACCOUNTS], Money(1, "EUR"))

    def wait_for_disk(self, *, durable: bool) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = {'on' if durable else 'off'}")


def _synchronous(engine: Any, *, durable: bool) -> None:
    """Every connection that is made from now on waits for the disk or does not."""
    from sqlalchemy import event

    engine.dispose()
    level = "FULL" if durable else "OFF"
    event.listen(engine, "connect", lambda made, _: made.execute(f"PRAGMA synchronous = {level}"))


PROGRAMS: dict[str, Callable[[str], Peer]] = {
    "eventsourcing": EventSourcing,
    "python-accounting": PythonAccounting,
    "django-hordak": Hordak,
    "a-ledger": ALedger,
}


def main() -> None:
    """Do as one is told, line by line."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    peer = PROGRAMS[sys.argv[1]](sys.argv[2])
    posted = 0
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        what, number = line.split()
        peer.wait_for_disk(durable=what == "post")
        times = []
        for _ in range(int(number)):
            begun = time.perf_counter()
            peer.post(posted)
            times.append(time.perf_counter() - begun)
            posted += 1
        print(json.dumps(times), file=answers, flush=True)


if __name__ == "__main__":
    main()
