"""An application with tables of its own: its rows and our entries are one transaction, by connection or by session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from examples.fastapi_app.app import LEDGER, Order
from tests.hosts.villages import KINDS, PRICE, found, host_engine, village
from tests.storage.test_sql import wrong
from volunteer_points import Cancel, Misconfigured, Programme, Reason, Redeem, Refused
from volunteer_points import Order as Bring
from volunteer_points.entries import Held
from volunteer_points.errors import Misused
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with village(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def engine(address: URL) -> Iterator[Engine]:
    made = host_engine(address)
    yield made
    made.dispose()


class Rollback(Exception):
    """The application gives up."""


@contextmanager
def core(engine: Engine) -> Iterator[tuple[Connection, Callable[[str], object]]]:
    """A transaction in plain SQL, and how an order is written in it."""
    with engine.begin() as connection:
        yield connection, lambda key: connection.execute(insert(Order).values(key=key, volunteer="v-1", item="rice"))


@contextmanager
def orm(engine: Engine) -> Iterator[tuple[Session, Callable[[str], object]]]:
    """The same with objects, which are written when the session thinks fit."""
    with Session(engine) as session, session.begin():
        yield session, lambda key: session.add(Order(key=key, volunteer="v-1", item="rice"))


@contextmanager
def scoped(engine: Engine) -> Iterator[tuple[scoped_session[Session], Callable[[str], object]]]:
    """The same with a session of the thread."""
    sessions = scoped_session(sessionmaker(engine))
    try:
        with sessions.begin():
            yield sessions, lambda key: sessions.add(Order(key=key, volunteer="v-1", item="rice"))
    finally:
        sessions.remove()


HOSTS = [core, orm, scoped]
Begin = Callable[[Engine], AbstractContextManager[tuple[Connection, Callable[[str], object]]]]

every_host = pytest.mark.parametrize("begin", HOSTS, ids=lambda begin: begin.__name__)


def joined(host: Connection | Session) -> Programme:
    return Programme(SqlStore.joining(host, LEDGER))


def rice(programme: Programme, key: str, quantity: int = 1) -> str:
    outcome = programme.execute(Redeem(volunteer="v-1", item="rice", quantity=quantity), actor="leader", key=key)
    return outcome.fact(Held).redemption


@every_host
def test_an_order_and_a_redemption_are_committed_together(engine: Engine, begin: Begin) -> None:
    with begin(engine) as (host, order):
        order("one")
        programme = joined(host)
        rice(programme, "one")
        order("two")
        rice(programme, "two")
        assert programme.balance("v-1").held == 2 * PRICE
    assert found(engine.url) == (2, 2)


@every_host
def test_an_order_and_a_redemption_are_rolled_back_together(engine: Engine, begin: Begin) -> None:
    def give_up() -> None:
        with begin(engine) as (host, order):
            order("one")
            rice(joined(host), "one")
            raise Rollback

    with pytest.raises(Rollback):
        give_up()
    assert found(engine.url) == (0, 0)
    with begin(engine) as (host, order):
        order("one")
        rice(joined(host), "one")
    assert found(engine.url) == (1, 1), "the key was free again"


@every_host
def test_after_a_refusal_the_order_is_still_committed_if_the_application_wants(engine: Engine, begin: Begin) -> None:
    with begin(engine) as (host, order):
        order("before")
        programme = joined(host)
        with pytest.raises(Refused):
            rice(programme, "too many", 4)
        order("after")
        rice(programme, "enough")
    assert found(engine.url) == (2, 1)


@every_host
def test_several_commands_in_one_call_are_all_written_or_none(engine: Engine, begin: Begin) -> None:
    redeem = Redeem(volunteer="v-1", item="rice")
    three = [Bring(command=redeem, actor="leader", key=f"bag {number}") for number in range(3)]
    with begin(engine) as (host, order):
        order("one")
        programme = joined(host)
        with pytest.raises(Refused) as refused:
            programme.execute_many(three)  # 50 points, 20 each
        assert refused.value.facts["order"] == 3
        outcomes = programme.execute_many(three, keep_going=True)
        assert [outcome.refusal is None for outcome in outcomes] == [True, True, False]
        cancel = Cancel(redemption=outcomes[0].fact(Held).redemption, reason=Reason(code="changed_mind"))
        programme.execute_many([Bring(command=cancel, actor="leader"), three[2]])
    assert found(engine.url) == (1, 2)


def test_what_a_session_has_not_written_yet_is_written_first(engine: Engine) -> None:
    with Session(engine, autoflush=False) as session, session.begin():
        programme = joined(session)
        order = Order(key="one", volunteer="v-1", item="rice")
        session.add(order)
        assert order in session.new
        order.redemption = rice(programme, "one")
        assert order not in session.new
        second = Order(key="two", volunteer="v-1", item="rice")
        session.add(second)
        programme.balance("v-1")
        assert second not in session.new, "before reading too"
    with Session(engine) as session:
        assert session.scalars(select(Order.redemption).order_by(Order.id)).first() is not None


def test_an_error_of_the_applications_own_rows_is_its_own_and_the_session_says_that_it_has_failed(
    engine: Engine,
) -> None:
    with Session(engine) as session:
        programme = joined(session)
        session.add_all([Order(key="same", volunteer="v-1", item="rice") for _ in range(2)])
        with pytest.raises(IntegrityError):
            rice(programme, "one")
        wrong("host_transaction_failed", lambda: rice(programme, "one"))
        wrong("host_transaction_failed", lambda: joined(session))
        session.rollback()
        session.add(Order(key="same", volunteer="v-1", item="rice"))
        rice(programme, "one")
        session.commit()
    assert found(engine.url) == (1, 1)


def test_a_refusal_leaves_the_objects_of_a_session_as_they_were(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        order = Order(key="one", volunteer="v-1", item="rice")
        session.add(order)
        session.flush()
        with pytest.raises(Refused):
            rice(joined(session), "too many", 4)
        assert "id" in vars(order), "nothing was expired"
        order.item = "soap"
    with Session(engine) as session:
        assert session.scalars(select(Order.item)).all() == ["soap"]


@pytest.mark.parametrize("how", ["commit", "rollback"])
def test_a_savepoint_of_the_application_takes_our_part_with_it(engine: Engine, how: str) -> None:
    with Session(engine) as session, session.begin():
        nested = session.begin_nested()
        session.add(Order(key="one", volunteer="v-1", item="rice"))
        rice(joined(session), "one")
        getattr(nested, how)()
    assert found(engine.url) == ((1, 1) if how == "commit" else (0, 0))


def test_a_session_goes_on_after_its_commit_in_another_transaction(engine: Engine) -> None:
    with Session(engine) as session:
        programme = joined(session)
        rice(programme, "one")
        session.commit()
        assert rice(programme, "one")
        rice(programme, "two")
        session.rollback()
    assert found(engine.url) == (0, 1)


# --- what is not fit ---


def test_autocommit_is_refused(engine: Engine) -> None:
    alone = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        connection.execute(text("SELECT 1"))
        wrong("host_transaction_not_begun", lambda: joined(connection))
    with Session(alone) as session:
        wrong("host_transaction_not_begun", lambda: joined(session))
    alone.dispose()
    assert found(engine.url) == (0, 0)


def test_a_session_that_has_no_database_or_may_not_begin_is_told(engine: Engine) -> None:
    with Session() as session:
        assert "one engine" in str(wrong("host_transaction_not_begun", lambda: joined(session))["fix"])
    with Session(engine, autobegin=False) as session:
        wrong("host_transaction_not_begun", lambda: joined(session))
        with session.begin():
            rice(joined(session), "one")
    assert found(engine.url) == (0, 1)


@every_host
def test_a_session_of_ours_within_another_is_refused_and_does_no_harm(engine: Engine, begin: Begin) -> None:
    with begin(engine) as (host, order):
        order("one")
        store = SqlStore.joining(host, LEDGER)
        with store.session():
            wrong("session_within_session", lambda: rice(joined(host), "inner"), Misused)
        rice(joined(host), "outer")
    assert found(engine.url) == (1, 1)


def test_a_transaction_that_may_only_read_reads_and_says_why_it_does_not_write(engine: Engine) -> None:
    may_read = "PRAGMA query_only = 1" if engine.dialect.name == "sqlite" else "SET TRANSACTION READ ONLY"
    with engine.connect() as connection:
        connection.exec_driver_sql(may_read)
        programme = joined(connection)
        assert programme.balance("v-1").available
        facts = wrong("host_transaction_read_only", lambda: rice(programme, "one"), Misconfigured)
        assert "to read and write" in str(facts["fix"])
        assert connection.scalar(select(func.count()).select_from(Order)) == 0, "the host can go on"
        connection.invalidate()
    assert found(engine.url) == (0, 0)
