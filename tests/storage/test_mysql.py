# ruff: noqa: S608 - tables and values of these tests
"""What a ledger in MariaDB promises beyond the contract: opening, guards, rights, hosts, order, accidents."""

import itertools
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

import pymysql
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from tests.storage import mariadb as servers
from tests.storage.all_commands import do_everything
from tests.storage.commits import LEDGER, LOT, NOW, SHELF, asked, bags, commit, draft, gift, moved, taken, write
from tests.storage.mariadb import mariadb
from tests.storage.test_contract import at_once
from tests.storage.test_postgresql import AVAILABLE_A, LEVELS, ROOT, A, is_refused, is_refused_at_once
from tests.storage.test_sql import every_kind_of_work, wrong
from tests.storage.writers import batch
from volunteer_points.books import Committed, Tally
from volunteer_points.errors import Busy, CommitUnknown, Corrupt, InputError, KeyConflict, Misused, Refused
from volunteer_points.ledger import decode
from volunteer_points.storage import Session, connections, mysql
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.mysql import grants, guards
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

JOURNAL = sorted({table for table, _, _ in guards().values()})


@pytest.fixture
def url() -> Iterator[str]:
    """A database with an empty ledger, which the test may damage."""
    with mariadb().ledger() as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with SqlStore.open(url, LEDGER) as made:
        yield made


def raw(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements behind the library's back, as the one who owns everything; the rows of the last one."""
    return mariadb().run(str(make_url(url).database), *statements)


def sound(store: SqlStore) -> Counter[str]:
    """How many entries there are under each key, after everything was compared with the entries."""
    with store.reader() as reader:
        stored = list(reader.stored())
        entries = [decode(each.content) for each in stored]
        assert [each.position for each in stored] == list(range(1, len(stored) + 1))
        tally = Tally()
        tally.absorb(entries)
        balances = {(account, unit, lot): amount for account, unit, lot, amount in reader.balances()}
        assert balances == tally.balances()
    keys = Counter(entry.key for entry in entries)
    assert all(keys[entry.key] == entry.count for entry in entries), "half a commit"
    for table in ("vp_about", "vp_posting", "vp_unplaced"):
        left = f"SELECT COUNT(*) FROM {table} t LEFT JOIN vp_entry e USING (ledger, position) WHERE e.number IS NULL"
        assert raw(str(store.url), left) == [(0,)]
    assert raw(str(store.url), "SELECT COUNT(*) FROM vp_block") == [(0,)]
    return keys


# --- opening -----------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_PATH", "/nowhere")
    with pytest.raises(pytest.skip.Exception, match=r"mariadbd .* not found: run \.ci/install-servers"):
        mariadb()


def test_a_ledger_is_made_in_an_empty_database_and_found_again() -> None:
    with mariadb().database() as name:
        address = mariadb().address(name)
        wrong("no_ledger_there", lambda: SqlStore.open(address, LEDGER, create=False))
        wrong("ledger_not_named", lambda: SqlStore.open(address))
        with SqlStore.open(address, LEDGER) as store:
            write(store, gift("key", A, 1))
        for kind in ("mysql", "mariadb", "mariadb+pymysql"):
            with SqlStore.open(address.replace("mysql+pymysql", kind), create=False) as store:
                assert store.ledger == LEDGER
                assert asked(store, AVAILABLE_A) == {LOT: 1}
        wrong("other_ledger", lambda: SqlStore.open(address, "another"))
        with SqlStore.open(address, read_only=True) as store:
            wrong("opened_read_only", lambda: write(store, gift("another", A, 1)))


def test_many_make_one_ledger_at_once() -> None:
    with mariadb().database() as name:

        def bring(number: int) -> None:
            with SqlStore.open(mariadb().address(name), LEDGER) as store:
                write(store, gift(f"key-{number}", A, 1))

        assert at_once(4, bring) == []
        with SqlStore.open(mariadb().address(name)) as store:
            assert asked(store, AVAILABLE_A) == {LOT: 4}


def test_making_that_was_cut_short_is_completed(url: str) -> None:
    """Making a table is no part of a transaction here."""
    raw(url, "DROP TABLE vp_ledger", "DROP TABLE vp_entry", "DROP TRIGGER vp_about_no_update")
    with SqlStore.open(url, LEDGER) as store:
        write(store, gift("key", A, 1))
    with SqlStore.open(url) as store:
        assert sound(store) == {"key": 1}


def test_what_cannot_be_opened_says_why_and_keeps_the_password(url: str) -> None:
    server = mariadb()
    for address in (
        server.address("nowhere"),
        server.address("mysql", "nobody"),
        "mysql://user:secret@127.0.0.1:1/database",
    ):
        facts = wrong("cannot_open", lambda: SqlStore.open(address, LEDGER))  # noqa: B023
        assert facts["problem"]
        assert "secret" not in str(facts)
    with server.database() as name:
        server.run(name, "CREATE TABLE orders (id integer)")
        assert wrong("not_a_ledger", lambda: SqlStore.open(server.address(name), LEDGER))["tables"] == ["orders"]
    raw(url, "DROP TABLE vp_about")
    assert wrong("tables_missing", lambda: SqlStore.open(url))["missing"] == ["vp_about"]


def test_a_connection_that_might_change_what_is_stored_is_refused(url: str) -> None:
    loose = create_engine(url, connect_args={"init_command": "SET SESSION sql_mode = ''"})
    latin = create_engine(url.replace("utf8mb4", "latin1"))
    for engine, found in ((loose, {"sql_mode": ""}), (latin, {"character_set_client": "latin1"})):
        assert wrong("unsafe_settings", lambda: SqlStore(engine, LEDGER))["found"] == found  # noqa: B023
        engine.dispose()


def test_settings_under_which_a_commit_may_be_lost_are_refused(url: str) -> None:
    raw(url, "SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    try:
        facts = wrong("unsafe_settings", lambda: SqlStore.open(url))
        assert facts["found"] == {"innodb_flush_log_at_trx_commit": 2}
        SqlStore.open(url, durable=False).close()
    finally:
        raw(url, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    raw(url, "ALTER TABLE vp_unplaced ENGINE = MyISAM")
    assert wrong("unsafe_settings", lambda: SqlStore.open(url))["found"] == {"vp_unplaced": "MyISAM"}


def test_ids_are_compared_byte_by_byte(store: SqlStore) -> None:
    names = [
        "volunteer:a",
        "volunteer:A",
        "volunteer:a ",
        "volunteer:á",
        "volunteer:李",
        "volunteer:a\u0301",
        "volunteer:🙂",
    ]
    write(store, *(gift(f"key {name}", name, number) for number, name in enumerate(names, start=1)))
    write(store, *(gift(f"KEY {name}", name, 10) for name in names))
    with store.reader() as reader:
        found = [(account.holder, amount) for account, _, _, amount in reader.balances()]
    assert found == sorted((name, number + 10) for number, name in enumerate(names, start=1))
    assert len(sound(store)) == 2 * len(names)


# --- append-only, guarded by the database ------------------------------------------------------------------------


@pytest.fixture
def written(url: str) -> str:
    """A ledger with a commit in it."""
    with SqlStore.open(url, LEDGER) as store:
        write(store, commit("key", draft(moved(A, 5)), draft(moved(A, 1))))
        store.place_entries()
    return url


@pytest.mark.parametrize("table", ["vp_ledger", "vp_entry", "vp_about", "vp_posting", "vp_leaf"])
def test_the_database_refuses_to_change_or_remove_what_was_written(written: str, table: str) -> None:
    before = raw(written, f"SELECT * FROM {table}")
    assert before
    for deed in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET ledger = 'x'",
        f"REPLACE INTO {table} SELECT * FROM {table}",
        f"INSERT INTO {table} SELECT * FROM {table} ON DUPLICATE KEY UPDATE ledger = 'x'",
    ):
        with pytest.raises(pymysql.Error, match=f"{table} is append-only"):
            raw(written, deed)
    assert raw(written, f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("guard", ["vp_entry_no_update", "vp_posting_no_delete"])
def test_a_guard_that_was_removed_or_weakened_is_named(url: str, guard: str) -> None:
    table, _, deed = guard.partition("_no_")
    raw(url, f"DROP TRIGGER {guard}")
    assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == [guard]
    raw(url, f"CREATE TRIGGER {guard} BEFORE {deed} ON {table} FOR EACH ROW SET @nothing = 1")
    assert wrong("guards_missing", lambda: SqlStore.open(url))["guards"] == [guard]
    SqlStore.open(url, read_only=True).close()


def test_the_database_refuses_a_balance_beyond_its_floor(written: str) -> None:
    with pytest.raises(pymysql.Error, match="vp_balance_floor"):
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
    assert raw(written, "SELECT COUNT(*) FROM vp_entry") == [(2,)]


def test_a_key_that_was_taken_behind_the_session_is_a_conflict(written: str) -> None:
    def meanwhile() -> None:
        with SqlStore.open(written) as store, store.session() as session:
            session.append(gift("new", A, 1))
            raw(written, f"INSERT INTO vp_entry VALUES ('{LEDGER}', 3, 'new', 1, 'x', '', '')")

    wrong("key_taken", meanwhile, KeyConflict)


# --- rights ------------------------------------------------------------------------------------------------------


@contextmanager
def user(url: str, *statements: str) -> Iterator[str]:
    """The address for a user that has these rights and no others."""
    raw(url, "CREATE USER points_app@'%'", *statements)
    try:
        yield make_url(url).set(username="points_app").render_as_string(hide_password=False)
    finally:
        raw(url, "DROP USER points_app@'%'")


def test_a_user_who_may_neither_change_nor_remove_an_entry_can_do_all_normal_work(url: str) -> None:
    """It may not even see the guards, and needs none."""
    with user(url, *grants("points_app")) as address:
        with SqlStore.open(address, create=False) as store:
            every_kind_of_work(store)
            assert store.place_entries(limit=2) == 2
            assert store.place_entries() > 2
            assert sound(store)
        with closing(mariadb().connect(str(make_url(url).database), "points_app")) as connection:
            for table, deed in itertools.product(JOURNAL, ("DELETE FROM", "TRUNCATE", "UPDATE", "DROP TABLE")):
                with pytest.raises(pymysql.OperationalError, match="command denied"):
                    connection.query(f"{deed} {table}{' SET ledger = ledger' if deed == 'UPDATE' else ''}")
    with user(url, *grants("points_app"), "GRANT DELETE ON vp_about TO points_app@'%'") as address:
        assert wrong("guards_missing", lambda: SqlStore.open(address))["guards"] == ["vp_about_no_delete"]


def test_every_command_a_sweep_and_a_seal_need_no_other_right(url: str) -> None:
    with user(url, *grants("points_app")) as address, SqlStore.open(address, create=False) as store:
        do_everything(store)
        assert sound(store)


@pytest.mark.parametrize("table", ["vp_entry", "vp_balance", "vp_subject", "vp_unplaced", "vp_block"])
def test_each_right_is_needed(url: str, table: str) -> None:
    some = [grant.replace(", INSERT", "") if f" {table} " in grant else grant for grant in grants("points_app")]
    assert some != grants("points_app")
    with user(url, *some) as address:

        def work() -> None:
            with SqlStore.open(address, create=False) as store:
                every_kind_of_work(store)

        wrong("not_allowed", work)


# --- a host's transaction ----------------------------------------------------------------------------------------


@pytest.fixture
def host(url: str) -> Iterator[Engine]:
    raw(url, "CREATE TABLE orders (id integer)")
    engine = create_engine(url)
    yield engine
    engine.dispose()


ORDER = text("INSERT INTO orders VALUES (1)")


def found(engine: Engine) -> tuple[int, int]:
    """How many orders and entries there are."""
    [(orders, entries)] = raw(str(engine.url), "SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM vp_entry)")
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
        assert raw(str(host.url), "SELECT COUNT(*) FROM vp_entry") == [(0,)], "joining commits nothing"
        getattr(transaction, how)()
    assert found(host) == ((1, 2) if how == "commit" else (0, 0))


def fails_in_the_database(session: Session) -> None:
    session.append(gift("does not fit", A, 2**63))
    list(session.stored())


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
    with host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT 1"))
        facts = wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
        assert "AUTOCOMMIT" in str(facts["fix"])
    with host.connect() as connection, connection.begin():
        store = SqlStore.joining(connection, LEDGER)
        with store.session() as session:
            wrong("session_within_session", lambda: write(store, gift("inner", A, 1)), Misused)
            session.append(gift("outer", A, 1))
    assert found(host) == (0, 1)


def test_a_host_makes_a_further_ledger_but_no_tables(host: Engine) -> None:
    with host.begin() as connection:
        create_ledger(connection, "another")
        write(SqlStore.joining(connection, "another"), commit("key", draft(moved(A, 1)), ledger="another"))
    with mariadb().database() as name:
        engine = create_engine(mariadb().url(name))
        with engine.begin() as connection:
            wrong("tables_missing", lambda: create_ledger(connection, LEDGER))
        engine.dispose()
        assert mariadb().run(name, "SHOW TABLES") == []


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("has", [0, 1])
def test_a_host_that_read_before_another_wrote_is_right_or_told_to_run_again(
    host: Engine, store: SqlStore, level: str, has: int
) -> None:
    """Whether the subject was ever held before the host read or not."""
    if has:
        write_holding(store, "first", 1)
    with host.connect().execution_options(isolation_level=level) as connection, connection.begin():
        joined = SqlStore.joining(connection, LEDGER)
        assert asked(joined, SHELF) == ({None: 1} if has else {})
        at_once(1, lambda _: write_holding(store, "meanwhile", 2 - has))
        if level == "READ COMMITTED":
            with joined.session() as session:
                assert taken(session, SHELF) == {None: 2}
                session.append(bags("mine", -2))
        else:
            with pytest.raises(Busy) as error, joined.session() as session:
                taken(session, SHELF)
            assert error.value.code == "host_transaction_busy"
            connection.execute(ORDER)
    assert asked(store, SHELF) == ({} if level == "READ COMMITTED" else {None: 2})


def write_holding(store: SqlStore, key: str, quantity: int) -> None:
    with store.session() as session:
        taken(session, SHELF)
        session.append(bags(key, quantity))


@pytest.mark.parametrize("strict", [0, 1])
@pytest.mark.parametrize("level", LEVELS)
def test_hosts_that_read_first_and_run_again_when_told_take_each_bag_once(
    host: Engine, store: SqlStore, level: str, strict: int
) -> None:
    """Whether the server compares snapshots by itself, as newer ones do, or not."""
    write_holding(store, "nine bags", 9)
    raw(str(host.url), f"SET GLOBAL innodb_snapshot_isolation = {strict}")

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

    try:
        assert at_once(4, take) == []
    finally:
        raw(str(host.url), "SET GLOBAL innodb_snapshot_isolation = 0")
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

        def beside(_: int) -> None:
            write(store, gift("quick", "volunteer:b", 1))
            assert store.place_entries() == 1

        assert at_once(1, beside) == []
    assert list(sound(store)) == ["quick", "slow"]
    assert store.place_entries() == 1
    assert list(sound(store)) == ["quick", "slow"]


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
    monkeypatch.setattr(connections, "WAITS_AT_MOST_SECONDS", 1)
    with store.session() as session:
        taken(session, SHELF)
        errors = at_once(1, lambda _: write_holding(store, "late", 1))
    assert [type(error) for error in errors] == [Busy]
    write_holding(store, "again", 1)


def test_sessions_that_cross_each_other_end_one_way_or_are_told_to_run_again(store: SqlStore) -> None:
    both = threading.Barrier(2, timeout=10)

    def cross(number: int) -> None:
        first, second = [("key:one", "key:two"), ("key:two", "key:one")][number]
        with store.session() as session:
            taken(session, Committed(first.removeprefix("key:")))
            both.wait()
            session.take([second])
            session.append(gift(f"key-{number}", A, 1))

    assert [type(error) for error in at_once(2, cross)] == [Busy]
    assert len(sound(store)) == 1


def test_a_balance_that_comes_to_nought_while_another_adds_to_it_is_kept(store: SqlStore) -> None:
    write(store, gift("one", A, 1))
    with store.session() as session:
        session.append(gift("one less", A, -1))
        at_once(1, lambda _: write(store, gift("two more", A, 2)))
    assert asked(store, AVAILABLE_A) == {LOT: 2}
    write(store, gift("two less", A, -2))
    assert raw(str(store.url), "SELECT COUNT(*) FROM vp_balance") == [(0,)]
    sound(store)


# --- accidents ---------------------------------------------------------------------------------------------------

_Connection: Any = pymysql.Connection


class Fragile(_Connection):  # type: ignore[misc]  # generic for the checker alone
    """A connection that breaks when so many points were passed: before and after each statement."""

    points: ClassVar[Iterator[int]] = itertools.count()
    breaks_at: ClassVar[int] = -1

    def passed(self) -> None:
        if next(Fragile.points) == Fragile.breaks_at:
            self._force_close()
            raise pymysql.OperationalError(2013, "the line broke")

    def query(self, *arguments: Any) -> Any:  # noqa: ANN401 - as the driver's
        self.passed()
        done = super().query(*arguments)
        self.passed()
        return done


def test_wherever_the_connection_breaks_all_is_written_or_nothing_and_the_same_keys_complete_it(
    store: SqlStore, url: str
) -> None:
    made = make_url(url)
    where = {"unix_socket": str(made.query["unix_socket"]), "user": "root", "database": made.database}
    engine = create_engine("mysql+pymysql://", creator=lambda: Fragile(**where))
    shaky = SqlStore(engine, LEDGER)
    outcomes: Counter[str] = Counter()

    def write_batch(writer: str) -> None:
        with shaky.session() as session:
            for entries in batch(writer, 1):
                if not taken(session, Committed(entries[0].key)):
                    session.append(entries)

    for point in itertools.count():
        Fragile.points, Fragile.breaks_at = itertools.count(), point
        try:
            write_batch(f"p{point}")
        except (Busy, CommitUnknown) as error:
            there = len(asked(store, Committed(f"p{point}-1-gift")))
            outcomes[f"{error.code}, {'written' if there else 'not written'}"] += 1
        else:
            break
        finally:
            Fragile.breaks_at = -1
        write_batch(f"p{point}")
    engine.dispose()
    assert len(sound(store)) == 3 * (point + 1)
    assert outcomes["connection_lost, not written"] > 15
    assert outcomes["commit_unknown, written"] > 0
    assert outcomes["commit_unknown, not written"] > 0
    assert outcomes["connection_lost, written"] == 0


def test_a_connection_that_is_killed_and_a_server_that_is_restarted_leave_nothing_half(
    store: SqlStore, url: str
) -> None:
    def kill() -> None:
        mine = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        raw(url, *(f"KILL {number}" for (number,) in raw(url, mine)))

    ends: list[Callable[[], None]] = [kill, mariadb().restart]

    def cut_off(number: int) -> None:
        with store.session() as session:
            taken(session, AVAILABLE_A)
            session.append(gift(f"key-{number}", A, 1))
            list(session.stored())
            ends[number]()

    for number in range(len(ends)):
        with pytest.raises((Busy, CommitUnknown)):
            cut_off(number)
        write(store, gift(f"key-{number}", A, 1))
        assert sound(store)[f"key-{number}"] == 1


def test_what_no_column_keeps_is_bad_input(store: SqlStore) -> None:
    for key in ("\ud800", "x" * 256):
        wrong("cannot_be_stored", lambda: write(store, gift(key, A, 1)), InputError)  # noqa: B023
    write(store, gift("nought \0 byte, ' \" \\ %s %", A, 1))
    assert list(sound(store)) == ["nought \0 byte, ' \" \\ %s %"]


@pytest.mark.parametrize(
    "number, code",
    [
        (1213, "ledger_busy"),
        (1205, "ledger_busy"),
        (1040, "no_connection_left"),
        (1114, "disk_full"),
        (1290, "read_only"),
        (1142, "not_allowed"),
        (1034, "database_damaged"),
        (2013, "connection_lost"),
        (1064, "database_error"),
    ],
)
def test_each_number_of_the_server_has_its_error(number: int, code: str) -> None:
    assert getattr(mysql.translated(pymysql.OperationalError(number, "what it says")), "code", None) == code


def test_days_are_kept_as_numbers_whatever_the_zone_of_the_server(store: SqlStore, url: str) -> None:
    raw(url, "SET GLOBAL time_zone = '+09:00'")
    write(store, gift("key", A, 1))
    raw(url, "SET GLOBAL time_zone = '-05:00'")
    with SqlStore.open(url) as again, again.reader() as reader:
        assert [decode(each.content).booked_at for each in reader.stored()] == [NOW]
    raw(url, "SET GLOBAL time_zone = 'SYSTEM'")
    kinds = "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1"
    assert not {"datetime", "timestamp", "float", "double", "decimal"} & {kind for (kind,) in raw(url, kinds)}
