# ruff: noqa: S608 - tables and values of these tests
"""What a SQL store promises beyond the contract: opening, guards, errors, a host's transaction, and cost."""

import itertools
import re
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import PendingRollbackError

from tests.storage.commits import DAY, LEDGER, LOT, NOW, asked, commit, contents, draft, gift, moved, taken, write
from tests.storage.stores import host_engine, in_file
from volunteer_points import commands as c
from volunteer_points.books import About, Committed, LotsOf, Moved
from volunteer_points.errors import (
    Busy,
    CommitUnknown,
    Corrupt,
    HostBusy,
    InputError,
    KeyConflict,
    Misconfigured,
    Misused,
    Refused,
    StoreError,
    VolunteerPointsError,
)
from volunteer_points.model import Interval
from volunteer_points.postings import PROGRAMME, Account, Purpose
from volunteer_points.programme import Programme
from volunteer_points.storage import connections
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare
from volunteer_points.testing.programmes import FOUNDERS, small_programme

A = "volunteer:a"
AVAILABLE_A = LotsOf(Account(A, Purpose.AVAILABLE), "points")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with in_file(tmp_path) as made:
        yield made


def raw(file: Path, *statements: str) -> list[Any]:
    """Run statements behind the library's back; the rows of the last one."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        rows: list[Any] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


def wrong(code: str, deed: Callable[[], object], kind: type[VolunteerPointsError] = Misconfigured) -> dict[str, object]:
    """The facts of the error that a deed must raise."""
    with pytest.raises(kind) as error:
        deed()
    assert error.value.code == code
    assert type(error.value) is kind
    return error.value.facts


# --- opening -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", [Path, str, lambda file: f"sqlite:///{file}", lambda file: f"sqlite+pysqlite:///{file}"]
)
def test_a_ledger_is_found_again_where_it_was_made(file: Path, place: Callable[[Path], Any]) -> None:
    with SqlStore.open(place(file), LEDGER) as store:
        write(store, gift("key", A, 1))
    for ledger in (LEDGER, None):
        with SqlStore.open(place(file), ledger, create=False) as store:
            assert store.ledger == LEDGER
            assert asked(store, AVAILABLE_A) == {LOT: 1}
    assert not list(file.parent.glob("*-wal")), "closing leaves one file"


@pytest.mark.parametrize("name", ["志愿 积分.sqlite", "100%?x=1&y#z.db", "file:ledger", "no suffix"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    SqlStore.open(tmp_path / name, LEDGER).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    SqlStore.open(str(tmp_path / name), create=False).close()


def test_a_ledger_that_is_not_there_is_made_only_when_it_is_named(file: Path) -> None:
    wrong("no_ledger_there", lambda: SqlStore.open(file, LEDGER, create=False))
    wrong("no_ledger_there", lambda: SqlStore.open(file, LEDGER, read_only=True))
    wrong("ledger_not_named", lambda: SqlStore.open(file))
    assert not file.exists()
    file.touch()
    wrong("no_ledger_there", lambda: SqlStore.open(file, LEDGER, create=False))
    wrong("ledger_not_named", lambda: SqlStore.open(file))
    wrong("not_a_ledger_id", lambda: SqlStore.open(file, ""), InputError)
    wrong("not_a_ledger_id", lambda: SqlStore.open(file, "x" * 65), InputError)
    assert file.read_bytes() == b""


def test_another_ledger_than_the_one_that_is_there_is_named(file: Path) -> None:
    SqlStore.open(file, LEDGER).close()
    facts = wrong("other_ledger", lambda: SqlStore.open(file, "saihn"))
    assert (facts["ledger"], facts["found"]) == ("saihn", [LEDGER])
    assert LEDGER in str(facts["fix"])
    assert raw(file, "SELECT ledger FROM vp_ledger") == [(LEDGER,)]


def test_of_several_ledgers_one_must_be_named(tmp_path: Path) -> None:
    engine = host_engine(tmp_path)
    with engine.begin() as connection:
        for ledger in ("north", "south", "south"):
            create_ledger(connection, ledger)
    engine.dispose()
    facts = wrong("ledger_not_named", lambda: SqlStore.open(tmp_path / "host.sqlite"))
    assert facts["ledgers"] == ["north", "south"]
    with SqlStore.open(tmp_path / "host.sqlite", "south") as store:
        assert store.ledger == "south"


def test_what_is_no_ledger_is_left_as_it_was(tmp_path: Path) -> None:
    letter, other, folder = tmp_path / "letter.txt", tmp_path / "other.sqlite", tmp_path / "folder"
    letter.write_text("Dear volunteers, this is not a database. " * 50)
    raw(other, "CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    folder.mkdir()
    before = {path: path.read_bytes() for path in (letter, other)}
    for read_only in (False, True):
        wrong("not_a_database", lambda: SqlStore.open(letter, LEDGER, read_only=read_only))  # noqa: B023
        facts = wrong("not_a_ledger", lambda: SqlStore.open(other, LEDGER, read_only=read_only))  # noqa: B023
        assert facts["tables"] == ["orders"]
        wrong("cannot_open", lambda: SqlStore.open(folder, LEDGER, read_only=read_only))  # noqa: B023
    wrong("cannot_open", lambda: SqlStore.open(tmp_path / "nowhere" / "ledger.sqlite", LEDGER))
    assert {path: path.read_bytes() for path in (letter, other)} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "letter.txt", "other.sqlite"]


@pytest.mark.parametrize(
    "place, code",
    [
        (":memory:", "ledger_in_memory"),
        ("sqlite://", "ledger_in_memory"),
        ("", "ledger_in_memory"),
        ("oracle://user:secret@host/database", "database_not_supported"),
        ("postgresql+psycopg2://user:secret@host/database", "database_not_supported"),
        ("sqlite+aiosqlite:///ledger.sqlite", "outside_of_event_loop"),
        ("sqlite:///:memory:", "ledger_in_memory"),
        ("nonsense://", "database_not_supported"),
        ("://", "not_a_url"),
    ],
)
def test_a_place_that_keeps_no_ledger_says_so(place: str, code: str) -> None:
    facts = wrong(code, lambda: SqlStore.open(place, LEDGER))
    assert facts["fix"]
    assert "secret" not in str(facts)


@pytest.mark.parametrize("version, code", [(3, "newer_schema"), (1, "older_schema")])
def test_tables_of_another_version_are_not_touched(file: Path, version: int, code: str) -> None:
    SqlStore.open(file, LEDGER).close()
    raw(file, "DROP TRIGGER vp_ledger_no_update", f"UPDATE vp_ledger SET schema_version = {version}")
    for read_only in (False, True):
        facts = wrong(code, lambda: SqlStore.open(file, LEDGER, read_only=read_only))  # noqa: B023
        assert facts["schema_version"] == version


def test_tables_that_are_missing_are_named(file: Path) -> None:
    SqlStore.open(file, LEDGER).close()
    raw(file, "DROP TABLE vp_about")
    assert wrong("tables_missing", lambda: SqlStore.open(file, LEDGER))["missing"] == ["vp_about"]


GUARDS = [
    f"vp_{table}_no_{deed}"
    for table in ("ledger", "entry", "about", "posting")
    for deed in ("update", "delete", "replace")
]


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_was_removed_or_weakened_is_named(file: Path, guard: str) -> None:
    with SqlStore.open(file, LEDGER) as store:
        write(store, gift("key", A, 1))
    raw(file, f"DROP TRIGGER {guard}")
    assert wrong("guards_missing", lambda: SqlStore.open(file, LEDGER))["guards"] == [guard]
    raw(file, f"CREATE TRIGGER {guard} BEFORE UPDATE ON vp_entry BEGIN SELECT 1; END")
    assert wrong("guards_missing", lambda: SqlStore.open(file, LEDGER))["guards"] == [guard]
    with SqlStore.open(file, LEDGER, read_only=True) as store:
        assert asked(store, AVAILABLE_A) == {LOT: 1}


def test_a_ledger_opened_for_reading_is_only_read(file: Path) -> None:
    with SqlStore.open(file, LEDGER) as store:
        write(store, gift("key", A, 1))
    before = file.read_bytes()
    with SqlStore.open(file, read_only=True) as store:
        wrong("opened_read_only", lambda: write(store, gift("another", A, 1)))
        with store.reader() as reader:
            assert len(contents(reader)) == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("durable", [True, False])
def test_the_settings_are_those_that_were_asked_for(file: Path, durable: bool) -> None:  # noqa: FBT001
    settings: dict[str, object] = {}
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine, durable=durable)

    @event.listens_for(engine, "connect")
    def look(connection: Any, _: object) -> None:  # noqa: ANN401
        for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout"):
            settings[name] = connection.execute(f"PRAGMA {name}").fetchone()[0]

    with engine.begin() as connection:
        create_ledger(connection, LEDGER)
    write(SqlStore(engine, LEDGER, durable=durable), gift("key", A, 1))
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2 if durable else 1,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 30_000,
    }
    if not durable:
        assert wrong("unsafe_settings", lambda: SqlStore(engine, LEDGER))["found"] == {"synchronous": 1}
    engine.dispose()


def test_an_engine_that_was_not_prepared_is_refused_with_what_is_wrong(file: Path) -> None:
    SqlStore.open(file, LEDGER).close()
    raw(file, "PRAGMA journal_mode = DELETE")
    engine = create_engine(f"sqlite:///{file}")
    facts = wrong("unsafe_settings", lambda: SqlStore(engine, LEDGER))
    assert facts["found"] == {"foreign_keys": 0, "recursive_triggers": 0, "journal_mode": "delete"}
    assert "prepare" in str(facts["fix"])
    engine.dispose()


def test_a_file_that_was_switched_back_from_writing_ahead_is_switched_again(file: Path) -> None:
    SqlStore.open(file, LEDGER).close()
    raw(file, "PRAGMA journal_mode = DELETE")
    SqlStore.open(file, LEDGER).close()
    assert raw(file, "PRAGMA journal_mode") == [("wal",)]


def test_a_file_that_somebody_reads_is_switched_when_they_are_done(file: Path) -> None:
    SqlStore.open(file, LEDGER).close()
    raw(file, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM vp_ledger").fetchall()
        threading.Timer(0.2, other.execute, ["COMMIT"]).start()
        SqlStore.open(file, LEDGER).close()
    assert raw(file, "PRAGMA journal_mode") == [("wal",)]


def test_many_open_a_new_ledger_at_once(file: Path) -> None:
    found: list[str] = []

    def bring(number: int) -> None:
        with SqlStore.open(file, LEDGER) as store:
            write(store, gift(f"key-{number}", A, 1))
            found.append(store.ledger)

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [LEDGER] * 6
    with SqlStore.open(file) as store:
        assert asked(store, AVAILABLE_A) == {LOT: 6}


def test_ledgers_in_one_database_know_nothing_of_each_other(tmp_path: Path) -> None:
    engine = host_engine(tmp_path)
    with engine.begin() as connection:
        create_ledger(connection, "north")
        create_ledger(connection, "south")
    north, south = SqlStore(engine, "north"), SqlStore(engine, "south")
    write(north, commit("key", draft(moved(A, 5)), draft(moved(A, 1)), ledger="north"))
    write(south, commit("key", draft(moved(A, 7)), ledger="south"))
    for store, amount, positions in ((north, 6, [1, 2]), (south, 7, [1])):
        assert asked(store, AVAILABLE_A) == {LOT: amount}
        assert asked(store, Moved(PROGRAMME, Purpose.ADJUSTED, "points", None, DAY, None)) == -amount
        assert len(asked(store, About("volunteer:a", ("Adjusted",)))) == len(positions)
        assert [entry.ledger for entry in asked(store, Committed("key"))] == [store.ledger] * len(positions)
        with store.reader() as reader:
            assert [each.position for each in reader.stored()] == positions
            assert [each.amount for each in reader.open(Purpose.AVAILABLE)] == [amount]
            assert len(list(reader.balances())) == 1
    engine.dispose()


# --- append-only and floors, guarded by the database -------------------------------------------------------------


@pytest.fixture
def written(file: Path, store: SqlStore) -> Path:
    """A ledger with a commit in it; the store stays open."""
    write(store, commit("key", draft(moved(A, 5)), draft(moved(A, 1))))
    return file


TABLES = ["vp_ledger", "vp_entry", "vp_about", "vp_posting"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("recursive", [0, 1])
def test_the_database_refuses_to_change_or_remove_what_was_written(written: Path, table: str, recursive: int) -> None:
    """From any program that opens the file, whatever it has set."""
    columns = [name for _, name, *_ in raw(written, f"PRAGMA table_info({table})")]
    quoted = [f'"{column}"' for column in columns]
    before = raw(written, f"SELECT * FROM {table}")
    deeds = [
        f"DELETE FROM {table}",
        *(f"UPDATE {table} SET {column} = {column}" for column in quoted),
        *(f"UPDATE OR REPLACE {table} SET {column} = {column} || 'x'" for column in quoted),
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        f"INSERT OR IGNORE INTO {table} SELECT * FROM {table} LIMIT 1",
        f"INSERT INTO {table} SELECT * FROM {table} WHERE 1 ON CONFLICT DO UPDATE SET ledger = 'x'",
    ]
    for deed in deeds:
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|taken"):
            raw(written, f"PRAGMA recursive_triggers = {recursive}", deed)
    assert raw(written, f"SELECT * FROM {table}") == before


def test_replacing_an_entry_under_another_position_is_refused_too(written: Path) -> None:
    for values in (
        f"('{LEDGER}', 99, 'key', 1, 'Adjusted', x'00', x'00')",
        f"('{LEDGER}', 1, 'another', 1, 'Adjusted', x'00', x'00')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="taken"):
            raw(written, f"INSERT OR REPLACE INTO vp_entry VALUES {values}")


def test_the_database_refuses_a_balance_beyond_its_floor(written: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="vp_balance_floor"):
        raw(written, "UPDATE vp_balance SET amount = -1")


def test_when_somebody_changed_the_balances_meanwhile_the_database_stops_the_session(written: Path) -> None:
    """The second guard: within a host's transaction somebody changes a balance that the session has already read."""
    for deed, code in (
        ("UPDATE vp_balance SET amount = 2", "floor_passed"),
        ("DELETE FROM vp_balance", "balance_missing"),
    ):
        engine = create_engine(f"sqlite:///{written}")
        prepare(engine)

        def meanwhile(deed: str = deed, engine: Engine = engine) -> None:
            with engine.connect() as connection, connection.begin() as transaction:
                with SqlStore.joining(connection, LEDGER).session() as session:
                    assert taken(session, AVAILABLE_A) == {LOT: 6}
                    connection.exec_driver_sql(deed)
                    session.append(gift("three", A, -3))
                transaction.commit()

        wrong(code, meanwhile, Corrupt)
        engine.dispose()
    assert raw(written, "SELECT amount FROM vp_balance") == [(6,)]


def test_a_key_that_was_taken_behind_the_session_is_a_conflict(written: Path) -> None:
    engine = create_engine(f"sqlite:///{written}")
    prepare(engine)

    def meanwhile() -> None:
        with engine.begin() as connection, SqlStore.joining(connection, LEDGER).session() as session:
            assert taken(session, Committed("new")) == ()
            connection.exec_driver_sql(f"INSERT INTO vp_entry VALUES ('{LEDGER}', 3, 'new', 1, 'x', x'00', x'00')")
            session.append(gift("new", A, 1))

    wrong("key_taken", meanwhile, KeyConflict)
    engine.dispose()
    assert raw(written, "SELECT count(*) FROM vp_entry") == [(2,)]


def test_an_error_in_writing_that_was_swallowed_does_not_leave_half(store: SqlStore, file: Path) -> None:
    """A number that does not fit is found out in the middle of writing."""

    def swallow() -> None:
        with store.session() as session:
            session.append(gift("fits", A, 1))
            session.append(gift("does not fit", A, 2**63))
            with pytest.raises(InputError):
                session.stored()

    wrong("cannot_be_stored", swallow, InputError)
    assert raw(file, "SELECT count(*) FROM vp_entry") == [(0,)]
    write(store, gift("fits", A, 1))


# --- errors ------------------------------------------------------------------------------------------------------


def test_a_writer_in_another_program_makes_it_busy_and_readers_do_not_wait(
    store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WAITS_AT_MOST_SECONDS", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wrong("ledger_busy", lambda: write(store, gift("key", A, 1)), Busy)
        assert asked(store, AVAILABLE_A) == {}
        other.execute("COMMIT")
    write(store, gift("key", A, 1))


def test_a_writer_waits_until_another_program_is_done(store: SqlStore, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.execute, ["COMMIT"]).start()
        write(store, gift("key", A, 1))
    assert asked(store, AVAILABLE_A) == {LOT: 1}


@pytest.mark.usefixtures("store")
def test_when_all_connections_are_in_use_it_is_busy(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}", pool_size=1, max_overflow=0, pool_timeout=0.05)
    prepare(engine)
    narrow = SqlStore(engine, LEDGER)
    with narrow.reader():
        wrong("no_connection_left", lambda: asked(narrow, AVAILABLE_A), Busy)
        wrong("no_connection_left", lambda: write(narrow, gift("key", A, 1)), Busy)
    write(narrow, gift("key", A, 1))
    engine.dispose()


class Unlucky(sqlite3.Connection):
    """A connection whose next commits go wrong: before the database was told, or after it has committed."""

    accidents: list[tuple[bool, sqlite3.Error]] = []  # noqa: RUF012 - the tests fill it

    def commit(self) -> None:
        if not self.accidents:
            return super().commit()
        reached, error = self.accidents.pop()
        if reached:
            super().commit()
        raise error


def unlucky(file: Path) -> tuple[Engine, SqlStore]:
    engine = create_engine(f"sqlite:///{file}", connect_args={"factory": Unlucky})
    prepare(engine)
    return engine, SqlStore(engine, LEDGER)


def error_of(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("something went wrong")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("reached", [True, False])
def test_a_commit_without_an_answer_is_unknown_and_the_same_key_finds_out(
    store: SqlStore,
    file: Path,
    reached: bool,  # noqa: FBT001
) -> None:
    engine, shaky = unlucky(file)
    Unlucky.accidents = [(reached, error_of("SQLITE_IOERR_FSYNC"))]
    wrong("commit_unknown", lambda: write(shaky, gift("key", A, 1)), CommitUnknown)
    assert len(asked(shaky, Committed("key"))) == reached
    if not reached:
        write(shaky, gift("key", A, 1))
    assert asked(store, AVAILABLE_A) == {LOT: 1}
    engine.dispose()


def test_the_facade_finds_out_what_became_of_a_commit_without_an_answer(tmp_path: Path) -> None:
    with in_file(tmp_path):
        engine, shaky = unlucky(tmp_path / "ledger.sqlite")
        programme = Programme(shaky, clock=lambda: NOW)
        for number, reached in enumerate([True, False]):
            Unlucky.accidents = [(reached, error_of("SQLITE_IOERR_FSYNC"))]
            if number == 0:
                adopt = c.Adopt(definition=small_programme(), author=FOUNDERS[0])
                assert programme.execute(adopt, actor=FOUNDERS[1]).replayed
            else:
                assert not programme.execute(c.Enrol(volunteer="v-1"), actor=FOUNDERS[0]).replayed
        engine.dispose()


def test_a_commit_that_found_the_database_busy_may_be_tried_again(store: SqlStore, file: Path) -> None:
    engine, shaky = unlucky(file)
    Unlucky.accidents = [(False, error_of("SQLITE_BUSY"))]
    wrong("ledger_busy", lambda: write(shaky, gift("key", A, 1)), Busy)
    write(shaky, gift("key", A, 1))
    assert asked(store, AVAILABLE_A) == {LOT: 1}
    engine.dispose()


def test_a_full_disk_is_named_and_leaves_nothing(file: Path, store: SqlStore) -> None:
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine)
    pages: dict[str, int] = {"limit": raw(file, "PRAGMA page_count")[0][0] + 3}

    @event.listens_for(engine, "checkout")
    def limit(connection: Any, *_: object) -> None:  # noqa: ANN401
        connection.execute(f"PRAGMA max_page_count = {pages['limit']}")

    full = SqlStore(engine, LEDGER)
    big = commit("big", *[draft(moved(A, 1))] * 300)
    wrong("disk_full", lambda: write(full, gift("small", A, 1), big), StoreError)
    assert asked(store, AVAILABLE_A) == {}
    pages["limit"] = 100_000
    write(full, gift("small", A, 1), big)
    assert asked(store, AVAILABLE_A) == {LOT: 301}
    engine.dispose()


def test_a_damaged_file_is_named(file: Path) -> None:
    with SqlStore.open(file, LEDGER) as store:
        write(store, commit("many", *[draft(moved(A, 1))] * 400))
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    file.write_bytes(content)

    def read() -> None:
        with SqlStore.open(file, LEDGER) as store, store.reader() as reader:
            list(reader.stored())

    wrong("database_damaged", read, Corrupt)


def test_an_entry_that_cannot_be_read_is_named_when_it_is_asked_for(written: Path, store: SqlStore) -> None:
    raw(written, "DROP TRIGGER vp_entry_no_update", "UPDATE vp_entry SET content = x'7b7d' WHERE position = 1")
    wrong("unreadable_entry", lambda: asked(store, Committed("key")), Corrupt)
    with store.reader() as reader:
        assert contents(reader)[0] == b"{}", "an audit reads the bytes as they are"


def test_a_text_that_no_database_keeps_is_bad_input(store: SqlStore) -> None:
    wrong("cannot_be_stored", lambda: asked(store, Committed("\ud800")), InputError)


def test_nothing_is_read_through_a_reader_that_is_over(store: SqlStore) -> None:
    write(store, gift("key", A, 1))
    with store.reader() as reader:
        pages = reader.stored()
    wrong("session_over", lambda: reader.ask([AVAILABLE_A]), Misused)
    wrong("session_over", lambda: next(pages), Misused)


# --- a host's transaction ----------------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Engine]:
    engine = host_engine(tmp_path)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        create_ledger(connection, LEDGER)
    yield engine
    engine.dispose()


ORDER = text("INSERT INTO orders DEFAULT VALUES")


def found(engine: Engine) -> tuple[int, int]:
    """How many orders and entries there are."""
    with engine.connect() as connection:
        orders = connection.exec_driver_sql("SELECT count(*) FROM orders").scalar_one()
        entries = connection.exec_driver_sql("SELECT count(*) FROM vp_entry").scalar_one()
    return int(orders), int(entries)


@pytest.mark.parametrize("how", ["commit", "rollback"])
def test_an_order_and_a_commit_stay_or_go_together(host: Engine, how: str) -> None:
    with host.connect() as connection, connection.begin() as transaction:
        connection.execute(ORDER)
        store = SqlStore.joining(connection, LEDGER)
        write(store, gift("one", A, 3))
        with store.session() as session:
            assert taken(session, AVAILABLE_A) == {LOT: 3}
            session.append(gift("two", A, -1))
        assert asked(store, AVAILABLE_A) == {LOT: 2}
        assert connection.in_transaction()
        connection.execute(ORDER)
        with closing(sqlite3.connect(str(host.url.database))) as other:
            assert other.execute("SELECT count(*) FROM vp_entry").fetchone() == (0,), "joining commits nothing"
        getattr(transaction, how)()
    assert found(host) == ((2, 2) if how == "commit" else (0, 0))


def refused(store: SqlStore) -> None:
    with store.session() as session:
        session.append(gift("two", A, -1))
        list(session.stored())
        raise Refused("not_enough_points")


def test_after_a_refusal_the_host_goes_on_and_nothing_of_ours_stays(host: Engine) -> None:
    with host.begin() as connection:
        connection.execute(ORDER)
        store = SqlStore.joining(connection, LEDGER)
        write(store, gift("one", A, 3))
        wrong("not_enough_points", lambda: refused(store), Refused)
        assert asked(store, AVAILABLE_A) == {LOT: 3}
        connection.execute(ORDER)
        write(store, gift("two", A, -2))
    assert found(host) == (2, 2)


def test_commands_of_the_facade_join_too(host: Engine) -> None:
    with host.begin() as connection:
        connection.execute(ORDER)
        programme = Programme(SqlStore.joining(connection, LEDGER), clock=lambda: NOW)
        programme.execute(c.Adopt(definition=small_programme(), author=FOUNDERS[0]), actor=FOUNDERS[1])
        programme.execute(c.Enrol(volunteer="v-1"), actor=FOUNDERS[0])
        with pytest.raises(Refused):
            programme.execute(c.Transfer(giver="v-1", receiver="v-2", currency="points", points=1), actor=FOUNDERS[0])
    assert found(host)[0] == 1
    with SqlStore.open(str(host.url.database)) as store:
        assert Programme(store).volunteer("v-1").id == "v-1"


def test_a_connection_without_a_transaction_is_refused(host: Engine) -> None:
    with host.connect() as connection:
        wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
        wrong("host_transaction_not_begun", lambda: create_ledger(connection, "another"))
    plain = create_engine(host.url)
    with plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT 1"))
        wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
    with plain.begin() as connection:  # the driver begins nothing before the first write
        facts = wrong("host_transaction_not_begun", lambda: SqlStore.joining(connection, LEDGER))
        assert "BEGIN IMMEDIATE" in str(facts["fix"])
        connection.execute(ORDER)
        write(SqlStore.joining(connection, LEDGER), gift("key", A, 1))
    assert found(host) == (1, 1)
    plain.dispose()


def test_a_transaction_that_has_ended_is_refused(host: Engine) -> None:
    with host.connect() as connection:
        with connection.begin():
            store = SqlStore.joining(connection, LEDGER)
            write(store, gift("key", A, 1))
        wrong("host_transaction_not_begun", lambda: write(store, gift("another", A, 1)))
        wrong("host_transaction_not_begun", lambda: asked(store, AVAILABLE_A))
    assert found(host) == (0, 1)


def test_a_connection_that_was_lost_is_an_error_of_the_store(host: Engine) -> None:
    with host.connect() as connection:
        transaction = connection.begin()
        store = SqlStore.joining(connection, LEDGER)
        connection.invalidate()
        wrong("database_error", lambda: asked(store, AVAILABLE_A), StoreError)
        wrong("database_error", lambda: SqlStore.joining(connection, LEDGER), StoreError)
        transaction.rollback()


def test_a_host_that_read_before_somebody_else_wrote_must_run_again_and_never_uses_what_it_read(host: Engine) -> None:
    late = create_engine(host.url)
    event.listen(late, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(late, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with late.connect() as connection:
        with connection.begin():
            store = SqlStore.joining(connection, LEDGER)
            assert asked(store, AVAILABLE_A) == {}
            write(SqlStore(host, LEDGER), gift("meanwhile", A, 5))
            facts = wrong("host_transaction_busy", lambda: write(store, gift("key", A, 1)), HostBusy)
            assert facts["sqlite"] == "SQLITE_BUSY_SNAPSHOT"
        # the same again, and nobody in the way
        with connection.begin(), SqlStore.joining(connection, LEDGER).session() as session:
            assert taken(session, AVAILABLE_A) == {LOT: 5}
            session.append(gift("key", A, 1))
    late.dispose()
    assert found(host) == (0, 2)


def test_one_session_at_a_time_joins_a_transaction(host: Engine) -> None:
    with host.begin() as connection:
        store = SqlStore.joining(connection, LEDGER)
        with store.session() as session:
            another = SqlStore.joining(connection, LEDGER)
            wrong("session_within_session", lambda: write(another, gift("inner", A, 1)), Misused)
            session.append(gift("outer", A, 1))
    assert found(host) == (0, 1)


def test_when_the_database_undid_everything_the_host_cannot_go_on_as_if_it_had_not(host: Engine) -> None:
    """SQLite undoes the whole transaction by itself after some errors of the disk."""

    def undone(store: SqlStore, connection: Connection) -> None:
        with store.session() as session:
            session.append(gift("key", A, 1))
            connection.connection.rollback()
            raise Refused("not_enough_points")

    with host.connect() as connection:
        transaction = connection.begin()
        connection.execute(ORDER)
        store = SqlStore.joining(connection, LEDGER)
        wrong("not_enough_points", lambda: undone(store, connection), Refused)
        with pytest.raises(PendingRollbackError):
            connection.execute(ORDER)
        with pytest.raises(PendingRollbackError):
            transaction.commit()
        transaction.rollback()
    assert found(host) == (0, 0)


# --- cost --------------------------------------------------------------------------------------------------------


def traced(file: Path, statements: list[str]) -> tuple[Engine, SqlStore]:
    """A store whose every statement is noted, with its values in it."""
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine)

    @event.listens_for(engine, "checkout")
    def listen(connection: Any, *_: object) -> None:  # noqa: ANN401
        connection.set_trace_callback(statements.append)

    return engine, SqlStore(engine, LEDGER)


def every_kind_of_work(store: SqlStore) -> None:
    """Commands, readings and questions that use every statement."""
    programme = Programme(store, clock=lambda: NOW + timedelta(days=400))
    programme.execute(c.Adopt(definition=small_programme(), author=FOUNDERS[0]), actor=FOUNDERS[1])
    programme.execute(c.Enrol(volunteer="v-1"), actor=FOUNDERS[0])
    service = c.Submit(volunteer="v-1", activity="park", intervals=(Interval(begin=NOW, end=NOW + timedelta(hours=3)),))
    record = programme.execute(service, actor="leader", booked_at=NOW + timedelta(days=1)).entries[0].fact.record  # type: ignore[union-attr]
    programme.execute(c.Approve(record=record), actor="checker", booked_at=NOW + timedelta(days=2))
    programme.execute(c.ReceiveStock(item="soap", quantity=2), actor="shop", booked_at=NOW + timedelta(days=2))
    programme.execute(
        c.Redeem(volunteer="v-1", item="soap", quantity=1), actor="leader", booked_at=NOW + timedelta(days=3)
    )
    programme.sweep(actor="leader")
    with store.reader() as reader:
        list(reader.stored(after=1, limit=2))
        list(reader.balances())
        for unit, due, limit in itertools.product((None, "points"), (None, NOW), (None, 1)):
            reader.open(Purpose.HELD, unit=unit, due=due, limit=limit)
        for of, since, until in itertools.product((None, "park"), (None, DAY), (None, DAY)):
            reader.ask(
                [
                    Moved(A, Purpose.ISSUED, "points", of, since, until),
                    About(A, ("Enrolled", "Left"), since, until),
                    LotsOf(Account(A, Purpose.HELD), "points"),
                ]
            )


@pytest.mark.usefixtures("store")
def test_no_statement_reads_a_table_from_end_to_end(file: Path) -> None:
    statements: list[str] = []
    engine, watched = traced(file, statements)
    every_kind_of_work(watched)
    engine.dispose()
    queries = sorted({each for each in statements if re.match("SELECT|UPDATE|DELETE|INSERT", each) and "vp_" in each})
    assert len({query.split()[0] for query in queries}) == 4, "all four kinds were seen"
    with closing(sqlite3.connect(file)) as connection:
        for query in queries:
            if "FROM vp_ledger" in query:  # once at opening; it has a row for each ledger
                continue
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
            assert not [step for step in plan if step.startswith("SCAN")], (query, plan)
            if "max(" not in query:  # the last position is at the end of an index
                assert not [step for step in plan if step.endswith("(ledger=?)")], (query, plan)
            if "lot <=" in query:
                assert any("vp_balance_due" in step for step in plan), (query, plan)
            if "vp_posting" in query and query.startswith("SELECT"):
                assert any("on_day" in step for step in plan), (query, plan)


def steps_of(file: Path, work: Callable[[SqlStore], object]) -> int:
    """How many steps SQLite's machine does for some work: the same number each time, however fast the machine is."""
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine)
    steps = itertools.count()

    @event.listens_for(engine, "checkout")
    def listen(connection: Any, *_: object) -> None:  # noqa: ANN401
        connection.set_progress_handler(lambda: next(steps) < 0, 1)

    store = SqlStore(engine, LEDGER)
    before = next(steps)
    work(store)
    engine.dispose()
    return next(steps) - before


def one_command(store: SqlStore) -> None:
    holder = "volunteer:new"
    with store.session() as session:
        session.take([holder, PROGRAMME, "key:new"])
        session.ask(
            [
                Committed("new"),
                About(PROGRAMME, ("RulebookAdopted",)),
                About(holder, ("Adjusted",)),
                LotsOf(Account(holder, Purpose.AVAILABLE), "points"),
                Moved(holder, Purpose.ISSUED, "points", None, DAY, DAY + timedelta(days=1)),
                Moved(holder, Purpose.ISSUED, "points"),
            ]
        )
        session.append(
            commit(
                "new", draft(moved(holder, 5), moved(Account(holder, Purpose.ISSUED), -5), about=(holder, PROGRAMME))
            )
        )
    with store.reader() as reader:
        reader.open(Purpose.HELD, due=NOW, limit=10)


def test_a_command_costs_the_same_however_long_the_ledger_is(tmp_path: Path) -> None:
    steps = {}
    for size in (20, 4000):
        file = tmp_path / f"{size}.sqlite"
        with SqlStore.open(file, LEDGER, durable=False) as store:
            write(
                store,
                *(
                    gift(f"key-{number}", f"volunteer:{number % 500}", number, on=DAY + timedelta(days=number))
                    for number in range(size)
                ),
            )
        steps[size] = steps_of(file, one_command)
    assert steps[20] > 200
    assert steps[4000] <= steps[20] * 1.05, steps


def test_a_long_ledger_is_read_in_little_memory(file: Path, store: SqlStore) -> None:
    for number in range(4):
        write(store, commit(f"key-{number}", *[draft(*[moved(A, 1)] * 5)] * 1500))
    size = file.stat().st_size
    with store.reader() as reader:
        for _ in reader.stored(limit=1):
            pass
        tracemalloc.start()
        count = sum(1 for _ in reader.stored())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 6000
    assert most < size / 4
