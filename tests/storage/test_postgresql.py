# ruff: noqa: S608 - tables and values of these tests
"""What a ledger in PostgreSQL promises beyond the contract: opening, guards, rights, hosts, order, accidents, cost."""

import asyncio
import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RestrictViolation
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.all_commands import do_everything
from tests.storage.commits import (
    LEDGER,
    LOT,
    NOW,
    SHELF,
    asked,
    bags,
    commit,
    contents,
    draft,
    gift,
    moved,
    taken,
    write,
)
from tests.storage.servers import postgresql
from tests.storage.test_contract import at_once
from tests.storage.test_sql import every_kind_of_work, wrong
from tests.storage.writers import batch
from volunteer_points.books import About, Committed, LotsOf, Moved, Tally
from volunteer_points.errors import (
    Busy,
    CommitUnknown,
    Corrupt,
    InputError,
    KeyConflict,
    Misused,
    Refused,
)
from volunteer_points.ledger import decode
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage import Session, connections
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.lines import Line
from volunteer_points.storage.postgresql import grants
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")
ROOT = Path(__file__).parents[2]
LEVELS = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]


@pytest.fixture
def url() -> Iterator[str]:
    """A database with an empty ledger, which the test may damage."""
    with postgresql().ledger() as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with SqlStore.open(url, LEDGER) as made:
        yield made


def raw(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements behind the library's back, as the one who owns everything; the rows of the last one."""
    return postgresql().run(str(make_url(url).database), *statements)


def sound(store: SqlStore) -> Counter[str]:
    """How many entries there are under each key, after everything was compared with the entries."""
    with store.reader() as reader:
        stored = list(reader.stored())
        entries = [decode(each.content) for each in stored]
        assert [each.position for each in stored] == list(range(1, len(stored) + 1))
        tally = Tally()
        tally.absorb(entries)
        assert {(*key, amount) for key, amount in tally.balances().items()} == {
            ((account, unit, lot), amount)[0] + (amount,) for account, unit, lot, amount in reader.balances()
        }
    keys = Counter(entry.key for entry in entries)
    assert all(keys[entry.key] == entry.count for entry in entries), "half a commit"
    for table in ("vp_about", "vp_posting", "vp_unplaced"):
        left = f"SELECT count(*) FROM {table} t LEFT JOIN vp_entry e USING (ledger, position) WHERE e.key IS NULL"
        assert raw(str(store.url), left) == [(0,)]
    return keys


# --- opening -----------------------------------------------------------------------------------------------------


def test_a_ledger_is_made_in_an_empty_database_and_found_again() -> None:
    server = postgresql()
    with server.database() as name:
        wrong("no_ledger_there", lambda: SqlStore.open(server.address(name), LEDGER, create=False))
        wrong("ledger_not_named", lambda: SqlStore.open(server.address(name)))
        with SqlStore.open(server.address(name), LEDGER) as store:
            write(store, gift("key", A, 1))
        for address in (server.address(name), server.address(name).replace("+psycopg", "")):
            with SqlStore.open(address, create=False) as store:
                assert store.ledger == LEDGER
                assert asked(store, AVAILABLE_A) == {LOT: 1}
        wrong("other_ledger", lambda: SqlStore.open(server.address(name), "another"))
        with SqlStore.open(server.address(name), read_only=True) as store:
            wrong("opened_read_only", lambda: write(store, gift("another", A, 1)))


def test_many_make_one_ledger_at_once() -> None:
    server = postgresql()
    with server.database() as name:

        def bring(number: int) -> None:
            with SqlStore.open(server.address(name), LEDGER) as store:
                write(store, gift(f"key-{number}", A, 1))

        assert at_once(4, bring) == []
        with SqlStore.open(server.address(name)) as store:
            assert asked(store, AVAILABLE_A) == {LOT: 4}


def test_what_cannot_be_opened_says_why_and_keeps_the_password(url: str) -> None:
    server = postgresql()
    for address in (
        server.address("nowhere"),
        server.address("postgres", "nobody"),
        "postgresql://user:secret@127.0.0.1:1/database",
    ):
        facts = wrong("cannot_open", lambda: SqlStore.open(address, LEDGER))  # noqa: B023
        assert facts["problem"]
        assert "secret" not in str(facts)
    with server.database() as name:
        server.run(name, "CREATE TABLE orders (id integer)")
        assert wrong("not_a_ledger", lambda: SqlStore.open(server.address(name), LEDGER))["tables"] == ["orders"]
    raw(url, "DROP TABLE vp_about")
    assert wrong("tables_missing", lambda: SqlStore.open(url))["missing"] == ["vp_about"]


def test_without_the_driver_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('no psycopg here')")
    program = (
        "from volunteer_points.storage.sql import SqlStore\n"
        "from volunteer_points.errors import Misconfigured\n"
        "try: SqlStore.open('postgresql://user@host/database', 'x')\n"
        "except Misconfigured as error: print(error.code, error.facts['fix'])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cannot_open Install the driver")


@pytest.mark.parametrize("version, code", [(3, "newer_schema"), (1, "older_schema")])
def test_tables_of_another_version_are_not_touched(url: str, version: int, code: str) -> None:
    raw(url, "ALTER TABLE vp_ledger DISABLE TRIGGER USER", f"UPDATE vp_ledger SET schema_version = {version}")
    wrong(code, lambda: SqlStore.open(url))


def test_settings_under_which_a_commit_may_be_lost_are_refused(url: str) -> None:
    name = make_url(url).database
    raw(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert wrong("unsafe_settings", lambda: SqlStore.open(url))["found"] == {"synchronous_commit": "off"}
    SqlStore.open(url, durable=False).close()
    server = postgresql()
    server.run("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    facts = wrong("unsafe_settings", lambda: SqlStore.open(server.address("latin"), LEDGER))
    assert facts["found"] == {"server_encoding": "LATIN1"}
    server.drop("latin")


# --- append-only, guarded by the database ------------------------------------------------------------------------

JOURNAL = ["vp_ledger", "vp_entry", "vp_about", "vp_posting", "vp_node", "vp_checkpoint", "vp_leaf"]
GUARDS = [f"{table}_no_{deed}" for table in JOURNAL for deed in ("change", "truncate")]


@pytest.fixture
def written(url: str) -> str:
    """A ledger with a commit in it."""
    with SqlStore.open(url, LEDGER) as store:
        write(store, commit("key", draft(moved(A, 5)), draft(moved(A, 1))))
        store.seal(datetime(2026, 3, 14, tzinfo=UTC))
    return url


@pytest.mark.parametrize("table", JOURNAL)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_the_database_refuses_to_change_or_remove_what_was_written(written: str, table: str, role: str) -> None:
    """From whoever connects, the owner of everything and what applies a replica's changes included."""
    before = raw(written, f"SELECT * FROM {table}")
    assert before
    for deed in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET ledger = ledger",
        f"TRUNCATE {table} CASCADE",
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ON CONSTRAINT {table}_pkey DO UPDATE SET ledger = 'x'",
        f"MERGE INTO {table} t USING {table} s ON t.ledger = s.ledger WHEN MATCHED THEN DELETE",
    ):
        with pytest.raises(RestrictViolation, match="append-only"):
            raw(written, f"SET session_replication_role = {role}", deed)
    assert raw(written, f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_was_removed_or_weakened_is_named(url: str, guard: str) -> None:
    table = guard.partition("_no_")[0]
    for deed in ("DISABLE TRIGGER", "ENABLE TRIGGER", "ENABLE REPLICA TRIGGER"):
        raw(url, f"ALTER TABLE {table} {deed} {guard}")
        assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == [guard]
    raw(url, f"DROP TRIGGER {guard} ON {table}")
    assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == [guard]
    raw(
        url,
        f"CREATE TRIGGER {guard} BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION vp_refuse()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}",
    )
    assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == [guard]
    SqlStore.open(url, read_only=True).close()


def test_guards_whose_function_refuses_nothing_are_named(url: str) -> None:
    raw(url, "CREATE OR REPLACE FUNCTION vp_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == GUARDS


def test_the_database_refuses_a_balance_beyond_its_floor(written: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="vp_balance_floor"):
        raw(written, "UPDATE vp_balance SET amount = -1")


@pytest.mark.parametrize(
    "deed, code",
    [("UPDATE vp_balance SET amount = 2", "floor_passed"), ("DELETE FROM vp_balance", "balance_missing")],
)
def test_when_somebody_changed_the_balances_meanwhile_the_database_stops_the_session(
    written: str, deed: str, code: str
) -> None:
    def meanwhile() -> None:
        with SqlStore.open(written) as store, store.session() as session:
            assert taken(session, AVAILABLE_A) == {LOT: 6}
            raw(written, deed)
            session.append(gift("three", A, -3))

    wrong(code, meanwhile, Corrupt)
    assert raw(written, "SELECT count(*) FROM vp_entry") == [(2,)]


def test_a_key_that_was_taken_behind_the_session_is_a_conflict(written: str) -> None:
    def meanwhile() -> None:
        with SqlStore.open(written) as store, store.session() as session:
            session.append(gift("new", A, 1))
            raw(written, f"INSERT INTO vp_entry VALUES ('{LEDGER}', 3, 'new', 1, 'x', '', '')")

    wrong("key_taken", meanwhile, KeyConflict)


# --- rights ------------------------------------------------------------------------------------------------------


@contextmanager
def role(url: str, name: str, *statements: str) -> Iterator[str]:
    """The address for a role that has these rights and no others."""
    raw(url, f"CREATE ROLE {name} LOGIN", *statements)
    try:
        yield make_url(url).set(username=name).render_as_string(hide_password=False)
    finally:
        raw(url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_role_that_may_neither_change_nor_remove_an_entry_can_do_all_normal_work(url: str) -> None:
    with role(url, "points_app", *grants("points_app")) as address:
        with SqlStore.open(address, create=False) as store:
            every_kind_of_work(store)
            assert store.place_entries(limit=2) == 2
            assert store.place_entries() > 2
            assert sound(store)
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
            for table in JOURNAL:
                for deed in ("DELETE FROM", "TRUNCATE", "UPDATE"):
                    with pytest.raises(InsufficientPrivilege):
                        connection.execute(f"{deed} {table}{' SET ledger = ledger' if deed == 'UPDATE' else ''}")
            with pytest.raises(InsufficientPrivilege):
                connection.execute("ALTER TABLE vp_entry DISABLE TRIGGER ALL")


def test_every_command_a_sweep_and_a_seal_need_no_other_right(url: str) -> None:
    with role(url, "points_app", *grants("points_app")) as address, SqlStore.open(address, create=False) as store:
        do_everything(store)
        assert sound(store)


@pytest.mark.parametrize("left_out", range(6))
def test_each_right_is_needed(url: str, left_out: int) -> None:
    some = [grant for number, grant in enumerate(grants("points_app")) if number != left_out]
    with role(url, "points_app", *some) as address:

        def work() -> None:
            with SqlStore.open(address, create=False) as store:
                every_kind_of_work(store)

        wrong("not_allowed", work)


# --- a host's transaction ----------------------------------------------------------------------------------------


@pytest.fixture
def host(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (id integer)")
    yield engine
    engine.dispose()


ORDER = text("INSERT INTO orders VALUES (1)")


def found(engine: Engine) -> tuple[int, int]:
    """How many orders and entries there are."""
    [(orders, entries)] = raw(str(engine.url), "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM vp_entry)")
    return orders, entries


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("how", ["commit", "rollback"])
def test_an_order_and_a_commit_stay_or_go_together(host: Engine, level: str, how: str) -> None:
    with host.connect().execution_options(isolation_level=level) as connection, connection.begin() as transaction:
        connection.execute(ORDER)
        store = SqlStore.joining(connection, LEDGER)
        write(store, gift("one", A, 3))
        with store.session() as session:
            assert taken(session, AVAILABLE_A) == {LOT: 3}
            session.append(gift("two", A, -1))
        assert asked(store, AVAILABLE_A) == {LOT: 2}
        assert raw(str(host.url), "SELECT count(*) FROM vp_entry") == [(0,)], "joining commits nothing"
        getattr(transaction, how)()
    assert found(host) == ((1, 2) if how == "commit" else (0, 0))


def fails_in_the_database(session: Session) -> None:
    session.append(gift("does not fit", A, 2**63))
    list(session.stored())


def is_refused(session: Session) -> None:
    session.append(gift("two", A, -1))
    list(session.stored())
    raise Refused("not_enough_points")


def is_refused_at_once(session: Session) -> None:
    session.take([A])
    raise Refused("not_enough_points")


@pytest.mark.parametrize("fails", [fails_in_the_database, is_refused, is_refused_at_once])
def test_after_a_refusal_or_an_error_the_host_goes_on_and_nothing_of_ours_stays(
    host: Engine, fails: Callable[[Session], None]
) -> None:
    with host.begin() as connection:
        connection.execute(ORDER)
        store = SqlStore.joining(connection, LEDGER)
        write(store, gift("one", A, 3))
        with pytest.raises((Refused, InputError)), store.session() as session:
            fails(session)
        assert asked(store, AVAILABLE_A) == {LOT: 3}
        connection.execute(ORDER)
        write(store, gift("two", A, -2))
    assert found(host) == (2, 2)


def test_an_error_that_was_swallowed_does_not_leave_half(host: Engine, store: SqlStore) -> None:
    def swallow(session: Session) -> None:
        session.append(gift("fits", A, 1))
        session.append(gift("does not fit", A, 2**63))
        with pytest.raises(InputError):
            session.stored().__next__()

    def alone() -> None:
        with store.session() as session:
            swallow(session)

    def joined() -> None:
        with host.begin() as connection, SqlStore.joining(connection, LEDGER).session() as session:
            swallow(session)

    for deed in (alone, joined):
        wrong("cannot_be_stored", deed, InputError)
        assert found(host) == (0, 0)


def test_a_connection_that_is_not_fit_is_refused_with_what_to_do(host: Engine) -> None:
    with host.connect() as connection:
        wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
        wrong("host_transaction_not_begun", lambda: create_ledger(connection, "another"))
    with host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT 1"))
        facts = wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
        assert "AUTOCOMMIT" in str(facts["fix"])
    with host.connect() as connection, connection.begin() as transaction:
        with pytest.raises(Exception, match="division"):
            connection.execute(text("SELECT 1 / 0"))
        wrong("host_transaction_failed", lambda: SqlStore.joining(connection, LEDGER))
        transaction.rollback()
    with host.connect() as connection:
        with connection.begin():
            store = SqlStore.joining(connection, LEDGER)
            with store.session() as session:
                wrong("session_within_session", lambda: write(store, gift("inner", A, 1)), Misused)
                session.append(gift("outer", A, 1))
        wrong("host_transaction_not_begun", lambda: write(store, gift("late", A, 1)))
    assert found(host) == (0, 1)


def test_the_transaction_of_an_asyncio_host_is_joined_one_statement_at_a_time(url: str) -> None:
    async def work() -> None:
        engine = create_async_engine(url)
        async with engine.connect() as connection, connection.begin():
            await connection.run_sync(lambda host: write(SqlStore.joining(host, LEDGER), gift("one", A, 3)))
            with pytest.raises(Refused):
                await connection.run_sync(refused_within)
            await connection.run_sync(lambda host: write(SqlStore.joining(host, LEDGER), gift("two", A, -1)))
        await engine.dispose()

    def refused_within(host: Connection) -> None:
        with SqlStore.joining(host, LEDGER).session() as session:
            assert taken(session, AVAILABLE_A) == {LOT: 3}
            is_refused(session)

    asyncio.run(work())
    with SqlStore.open(url) as store:
        assert asked(store, AVAILABLE_A) == {LOT: 2}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shelf_is_new", [True, False])
def test_a_host_that_has_read_before_is_right_or_has_to_run_again(
    host: Engine,
    store: SqlStore,
    level: str,
    shelf_is_new: bool,  # noqa: FBT001
) -> None:
    """What it read is too old by the time it takes the subject."""
    if not shelf_is_new:
        write(store, bags("before", 3))
        with store.session() as session:
            taken(session, SHELF)
    with host.connect().execution_options(isolation_level=level) as connection, connection.begin():
        joined = SqlStore.joining(connection, LEDGER)
        asked(joined, SHELF)
        with store.session() as session:
            has = taken(session, SHELF).get(None, 0)
            session.append(bags("meanwhile", 2 - has))
        if level == "READ COMMITTED":
            with joined.session() as session:
                assert taken(session, SHELF) == {None: 2}
                session.append(bags("mine", -2))
        else:
            with pytest.raises(Busy), joined.session() as session:
                taken(session, SHELF)
            connection.execute(ORDER)
    assert asked(store, SHELF) == ({} if level == "READ COMMITTED" else {None: 2})


@pytest.mark.parametrize("level", LEVELS)
def test_hosts_that_read_first_and_run_again_when_told_take_each_bag_once(
    host: Engine, store: SqlStore, level: str
) -> None:
    write(store, bags("nine bags", 9))

    def take(number: int) -> None:
        for turn in itertools.count():
            try:
                with host.connect().execution_options(isolation_level=level) as connection, connection.begin():
                    joined = SqlStore.joining(connection, LEDGER)
                    if not asked(joined, SHELF):
                        return
                    with joined.session() as session:
                        if not taken(session, SHELF):
                            return
                        session.append(bags(f"{number}-{turn}", -1))
                    connection.execute(ORDER)
            except Busy:
                continue

    assert at_once(4, take) == []
    assert asked(store, SHELF) == {}
    assert found(host) == (9, 10)


# --- writers side by side ----------------------------------------------------------------------------------------


def test_of_four_processes_that_want_the_last_three_bags_three_times_one_gets_one(store: SqlStore, url: str) -> None:
    write(store, bags("three bags", 3))
    command = [sys.executable, "-m", "tests.storage.writers", "bags", url, "w", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    got = done.stdout.split()
    assert len(got) == 3
    assert set(sound(store)) == {"three bags", *got}


def test_writers_of_different_subjects_do_not_wait_for_each_other(store: SqlStore) -> None:
    """And yet each entry gets one place, after those that its writer could see."""
    with store.session() as slow:
        slow.take([A])
        slow.append(gift("slow", A, 1))
        list(slow.stored())

        def beside() -> None:
            write(store, gift("quick", "volunteer:b", 1))
            assert store.place_entries() == 1

        other = threading.Thread(target=beside)
        other.start()
        other.join(timeout=10)
        assert not other.is_alive()
    with store.reader() as reader:
        assert [decode(each.content).key for each in reader.stored()] == ["quick", "slow"]
    positions = raw(str(store.url), "SELECT key, position FROM vp_entry ORDER BY position")
    assert [key for key, _ in positions] == ["slow", "quick"], "committed out of the order of the numbers"
    assert store.place_entries() == 1
    assert list(sound(store)) == ["quick", "slow"]


def test_places_are_given_while_others_write_and_never_change(store: SqlStore) -> None:
    done = threading.Event()
    seen: list[bytes] = []

    def place() -> None:
        while not done.is_set():
            store.place_entries(limit=7)
            with store.reader() as reader:
                [(placed,)] = raw(str(store.url), "SELECT count(*) FROM vp_leaf")
                now = contents(reader)[:placed]
            assert now[: len(seen)] == seen[: len(now)]
            seen[:] = now if len(now) > len(seen) else seen

    placing = threading.Thread(target=place)
    placing.start()

    def bring(number: int) -> None:
        for turn in range(25):
            with store.session() as session:
                before = taken(session, About(A, ("Adjusted",))) if number == 0 else ()
                about = [A] if number == 0 else [f"volunteer:{number}"]
                session.append(commit(f"{number}-{turn}", *[draft(about=about)] * (turn % 3 + 1)))
                assert number or len(before) >= turn

    assert at_once(3, bring) == []
    done.set()
    placing.join()
    store.place_entries()
    assert raw(str(store.url), "SELECT count(*) FROM vp_unplaced") == [(0,)]
    assert len(sound(store)) == 75


def test_entries_are_read_in_pages_wherever_their_places_come_from(store: SqlStore) -> None:
    write(store, *(gift(f"key-{number}", A, 1) for number in range(1500)))
    for placed in (0, 400, 700):
        store.place_entries(limit=placed)
        with store.reader() as reader:
            whole = list(reader.stored())
            assert [each.position for each in whole] == list(range(1, 1501))
            for after, limit in itertools.product((0, 399, 1100, 1499, 1600), (None, 0, 1, 900)):
                part = list(reader.stored(after=after, limit=limit))
                assert part == (whole[after:] if limit is None else whole[after : after + limit])


def test_a_session_in_the_way_of_another_waits_and_is_told_when_it_takes_too_long(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WAITS_AT_MOST_SECONDS", 0.1)
    errors: list[BaseException] = []
    with store.session() as session:
        session.take([A])
        session.ask([AVAILABLE_A])
        errors += at_once(1, lambda _: write_holding(store, "late"))
    assert [type(error) for error in errors] == [Busy]
    write_holding(store, "again")


def write_holding(store: SqlStore, key: str) -> None:
    with store.session() as session:
        taken(session, AVAILABLE_A)
        session.append(gift(key, A, 1))


def test_those_who_share_a_subject_do_not_wait_and_who_wants_it_alone_does(store: SqlStore) -> None:
    many = About("programme", ("Adjusted",), many=True)

    def share(number: int) -> None:
        with store.session() as session:
            session.take([], ["programme"])
            session.ask([many])
            together.wait()
            session.append(gift(f"key-{number}", f"volunteer:{number}", 1))

    with store.session() as session:
        session.take([], ["programme"])  # whoever is the first to name a subject ever makes its row, and holds it alone
        session.ask([many])
        session.append(gift("first", A, 1))
    together = threading.Barrier(3, timeout=10)
    assert at_once(3, share) == []
    order: list[str] = []
    with store.session() as session:
        session.take([], ["programme"])
        session.ask([many])

        def alone() -> None:
            with store.session() as other:
                other.take(["programme"])
                other.ask([many])
                order.append("alone")

        waiting = threading.Thread(target=alone)
        waiting.start()
        waiting.join(timeout=0.2)
        order.append("shared")
    waiting.join()
    assert order == ["shared", "alone"]


def test_who_waits_to_have_alone_what_many_share_is_passed_by_nobody(store: SqlStore) -> None:
    write_sharing(store, "first")  # whoever is the first to name a subject makes its row, and holds it alone
    order: list[str] = []

    def take(name: str, alone: list[str]) -> threading.Thread:
        def run() -> None:
            with store.session() as other:
                other.take(alone, ["programme"])
                other.ask([About("programme", ("Adjusted",), many=True)])
                order.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with store.session() as session:
        session.take([], ["programme"])
        session.ask([About("programme", ("Adjusted",), many=True)])
        threads = []
        for number, (name, alone) in enumerate([("alone", ["programme"]), ("shared", [])], start=1):
            threads.append(take(name, alone))
            wait_for_waiting(store, number)
    for thread in threads:
        thread.join()
    assert order == ["alone", "shared"]


def write_sharing(store: SqlStore, key: str) -> None:
    with store.session() as session:
        session.take([], ["programme"])
        session.append(gift(key, A, 1))


def wait_for_waiting(store: SqlStore, count: int) -> None:
    """Until so many connections wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 10
    while raw(str(store.url), waiting) != [(count,)]:
        assert time.monotonic() < until, "somebody passed"
        time.sleep(0.01)


def test_a_balance_that_comes_to_nought_while_another_adds_to_it_is_kept(store: SqlStore) -> None:
    """The session that takes the last one has read it before the other one wrote, and does not hold the subject."""
    write(store, gift("one", A, 1))
    with store.session() as session:
        session.append(gift("one less", A, -1))
        at_once(1, lambda _: write(store, gift("two more", A, 2)))
    assert asked(store, AVAILABLE_A) == {LOT: 2}
    write(store, gift("two less", A, -2))
    assert raw(str(store.url), "SELECT count(*) FROM vp_balance") == [(0,)]
    sound(store)


def test_what_was_read_before_a_subject_was_taken_is_read_again(store: SqlStore) -> None:
    """Appending reads balances by itself; they are no answer to a question about a subject taken afterwards."""
    write(store, gift("five", A, 5))
    with store.session() as session:
        session.append(gift("one less", A, -1))
        at_once(1, lambda _: write(store, gift("two more", A, 2)))
        assert taken(session, AVAILABLE_A) == {LOT: 6}
    assert asked(store, AVAILABLE_A) == {LOT: 6}


# --- accidents ---------------------------------------------------------------------------------------------------


class Fragile(psycopg.Connection[Any]):
    """A connection that breaks when so many points were passed: before and after each trip and within it."""

    points: ClassVar[Iterator[int]] = itertools.count()
    breaks_at: ClassVar[int] = -1

    def passed(self) -> None:
        if next(Fragile.points) == Fragile.breaks_at:
            self.close()
            raise psycopg.OperationalError("the line broke")

    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        self.passed()
        with super().pipeline() as pipeline:
            yield pipeline
            self.passed()
        self.passed()


class FragileCursor(psycopg.Cursor[Any]):
    """Its cursor."""

    def execute(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the driver's
        fragile: Any = self.connection
        fragile.passed()
        done = super().execute(*arguments, **named)
        fragile.passed()
        return done


def fragile(url: str) -> Engine:
    address = url.replace("+psycopg", "")
    return create_engine(
        "postgresql+psycopg://", creator=lambda: Fragile.connect(address, cursor_factory=FragileCursor)
    )


def write_batch(store: SqlStore, writer: str) -> None:
    with store.session() as session:
        for entries in batch(writer, 1):
            if not taken(session, Committed(entries[0].key)):
                session.append(entries)


def test_wherever_the_connection_breaks_all_is_written_or_nothing_and_the_same_keys_complete_it(
    store: SqlStore, url: str
) -> None:
    engine = fragile(url)
    shaky = SqlStore(engine, LEDGER)
    outcomes: Counter[str] = Counter()
    for point in itertools.count():
        Fragile.points, Fragile.breaks_at = itertools.count(), point
        try:
            write_batch(shaky, f"p{point}")
        except (Busy, CommitUnknown) as error:
            there = len(asked(store, Committed(f"p{point}-1-gift")))
            outcomes[f"{error.code}, {'written' if there else 'not written'}"] += 1
        else:
            break
        finally:
            Fragile.breaks_at = -1
        write_batch(shaky, f"p{point}")
    engine.dispose()
    keys = sound(store)
    assert len(keys) == 3 * (point + 1)
    assert outcomes["connection_lost, not written"] > 15
    assert outcomes["commit_unknown, written"] > 0
    assert outcomes["commit_unknown, not written"] > 0
    assert outcomes["connection_lost, written"] == 0


def test_a_backend_that_is_terminated_and_a_server_that_is_restarted_leave_nothing_half(
    store: SqlStore, url: str
) -> None:
    name = make_url(url).database
    ends: list[Callable[[], object]] = [
        lambda: raw(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND pid <> pg_backend_pid()",
        ),
        postgresql().restart,
    ]

    def cut_off(number: int) -> None:
        with store.session() as session:
            taken(session, AVAILABLE_A)
            session.append(gift(f"key-{number}", A, 1))
            list(session.stored())
            ends[number]()

    for number in range(len(ends)):
        with pytest.raises((Busy, CommitUnknown)):
            cut_off(number)
        write_holding(store, f"key-{number}")
        assert sound(store)[f"key-{number}"] == 1


def test_a_connection_that_comes_back_after_another_was_lost_is_closed(store: SqlStore) -> None:
    def lose() -> None:
        with store.session() as session:
            taken(session, AVAILABLE_A)
            terminate(str(store.url), "state = 'idle in transaction' AND backend_xid IS NOT NULL")
            taken(session, SHELF)

    with store.reader() as kept:
        mine: Any = kept._transaction.cursor  # noqa: SLF001 - the connection is nobody's affair but a test's
        connection = mine._connection.driver_connection  # noqa: SLF001
        with pytest.raises(Busy):
            lose()
        assert not connection.closed
        assert kept.ask([AVAILABLE_A]) == {AVAILABLE_A: {}}
    assert connection.closed
    write(store, gift("key", A, 1))


def terminate(url: str, which: str) -> None:
    """Let the server end connections to a database."""
    found = raw(
        url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {which} AND datname = current_database()"
    )
    assert found == [(True,)]


def test_a_text_that_no_database_keeps_is_bad_input(store: SqlStore) -> None:
    for key in ("\ud800", "nought \0 byte"):
        wrong("cannot_be_stored", lambda: asked(store, Committed(key)), InputError)  # noqa: B023
    wrong("cannot_be_stored", lambda: write(store, gift("x" * 256, A, 1)), InputError)


# --- cost --------------------------------------------------------------------------------------------------------


def test_a_round_of_questions_and_all_writes_are_one_trip_each(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[str] = []
    send = Line.execute

    def counted(line: Line, text: str, values: Any = None) -> None:  # noqa: ANN401
        trips.append(text)
        send(line, text, values)

    monkeypatch.setattr(Line, "execute", counted)
    with store.session() as session:
        session.take([A, "key:new"], ["programme"])
        session.ask([Committed("new"), AVAILABLE_A, Moved(A, Purpose.AVAILABLE, "points")])
        session.append(commit("new", draft(moved(A, 5)), draft(moved("volunteer:b", 3))))
    assert len(trips) == 2
    assert trips[-1] == "COMMIT"


def pages_of(url: str, work: Callable[[SqlStore], object]) -> int:
    """How many pages the server looks at for some work on a connection of its own."""
    seen = (
        "SELECT sum(idx_blks_hit + idx_blks_read + heap_blks_hit + heap_blks_read)::bigint FROM pg_statio_user_tables"
    )
    raw(url, "SELECT pg_sleep(0.1)", "SELECT pg_stat_reset()")
    with SqlStore.open(url, durable=False) as store:
        work(store)
    pages = 0
    for _ in range(50):  # a backend tells what it did when it ends
        raw(url, "SELECT pg_sleep(0.05)")
        [(pages,)] = raw(url, seen)
        if pages:
            break
    return int(pages)


def one_command(store: SqlStore) -> None:
    holder = "volunteer:new"
    with store.session() as session:
        session.take([holder, "programme", "key:new"])
        session.ask(
            [
                Committed("new"),
                About("programme", ("RulebookAdopted",)),
                About(holder, ("Adjusted",)),
                LotsOf(Account(holder, Purpose.AVAILABLE), "points"),
                Moved(holder, Purpose.ISSUED, "points", None, NOW.date(), NOW.date() + timedelta(days=1)),
                Moved(holder, Purpose.ISSUED, "points"),
            ]
        )
        session.append(commit("new", draft(moved(holder, 5), about=(holder, "programme"))))


def test_a_command_costs_the_same_however_long_the_ledger_is() -> None:
    """Before the server has made any statistics, which is when a planner errs."""
    pages = {}
    for size in (20, 4000):
        with postgresql().ledger() as url:
            raw(url, *(f"ALTER TABLE {table} SET (autovacuum_enabled = off)" for table in ("vp_entry", "vp_about")))
            with SqlStore.open(url, LEDGER, durable=False) as store:
                write(store, *(gift(f"key-{n}", f"volunteer:{n % 500}", n + 1) for n in range(size)))
            pages[size] = pages_of(url, one_command)
    assert pages[20] > 20
    assert pages[4000] <= pages[20] * 1.5, pages
