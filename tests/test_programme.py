"""The object an app holds: one command or many in one transaction, previews, retries, sweeps, and reading."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import DEFINITION, ENDS_2027, REASON, RULEBOOK, at, definition, interval
from volunteer_points.books import About, Committed
from volunteer_points.commands import (
    Adjust,
    Adopt,
    Approve,
    Cancel,
    Collect,
    Command,
    Enrol,
    Expire,
    OpenBalance,
    ReceiveStock,
    Redeem,
    Reverse,
    Submit,
)
from volunteer_points.entries import KINDS, Awarded, Entry, Held, Submitted
from volunteer_points.errors import Busy, CommitUnknown, InputError, KeyConflict, Refused, StoreError
from volunteer_points.ledger import encode
from volunteer_points.postings import Purpose
from volunteer_points.programme import Order, Outcome, Programme, Retry
from volunteer_points.rules import Cap
from volunteer_points.storage import Session, Store
from volunteer_points.storage.memory import MemoryStore

MORNING = interval("2026-03-14T09:00", "2026-03-14T11:20")
NOON = at("2026-03-14T12:00")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Waits:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def opened(store: Store | None = None, **changes: object) -> Programme:
    """A programme in which v-1 has 100 points and v-2 none, and three bags of rice lie on the shelf."""
    keys = iter(range(10**6))
    programme = Programme(
        MemoryStore("saihan") if store is None else store,
        clock=Clock(),
        new_key=lambda: f"key-{next(keys)}",
        retry=Retry(sleep=Waits()),
    )
    programme.execute(Adopt(definition=definition(**changes), author="founder-a"), actor="founder-b")  # type: ignore[arg-type]
    for volunteer in ("v-1", "v-2"):
        programme.execute(Enrol(volunteer=volunteer), actor="founder-a")
    opening = OpenBalance(volunteer="v-1", points=100, requested_by="founder-b", reason=REASON)
    programme.execute(opening, actor="founder-a")
    programme.execute(ReceiveStock(item="rice", quantity=3), actor="shop")
    return programme


def clock_of(programme: Programme) -> Clock:
    clock = programme._clock  # noqa: SLF001 - the test's own clock
    assert isinstance(clock, Clock)
    return clock


def submit(volunteer: str = "v-1", begin: str = "09:00", end: str = "11:20", activity: str = "park") -> Submit:
    served = interval(f"2026-03-14T{begin}", f"2026-03-14T{end}")
    return Submit(volunteer=volunteer, activity=activity, intervals=(served,))


def order(command: Command, actor: str = "leader", key: str | None = None) -> Order:
    return Order(command=command, actor=actor, key=key)


def contents(programme: Programme) -> list[bytes]:
    with programme.store.reader() as reader:
        return [each.content for each in reader.stored()]


# --- one command -------------------------------------------------------------------------------------------------


def test_a_command_brings_its_key_and_time_or_gets_them_from_the_programme() -> None:
    programme = opened()
    clock_of(programme).now = at("2026-03-14T13:00")
    (given_none,) = programme.execute(submit(), actor="leader").entries
    assert (given_none.key, given_none.booked_at) == ("key-5", at("2026-03-14T13:00"))
    outcome = programme.execute(submit("v-2"), actor="leader", key="mine", booked_at=at("2026-03-14T14:00"))
    assert (outcome.key, outcome.entries[0].key, outcome.entries[0].booked_at) == (
        "mine",
        "mine",
        at("2026-03-14T14:00"),
    )
    assert not outcome.replayed


def test_an_empty_key_is_refused_and_not_replaced() -> None:
    """Found by reading: an empty key was silently replaced by a random one, so a retry would have written twice."""
    programme = opened()
    before = contents(programme)
    with pytest.raises(InputError, match="bad key"):
        programme.execute(submit(), actor="leader", key="")
    assert contents(programme) == before


def test_the_same_key_gives_the_first_outcome_and_other_content_is_a_conflict() -> None:
    programme = opened()
    first = programme.execute(submit(), actor="leader", key="k")
    before = contents(programme)
    again = programme.execute(submit(), actor="leader", key="k", booked_at=at("2026-06-01T12:00"))
    assert again.replayed
    assert again.entries == first.entries
    with pytest.raises(KeyConflict):
        programme.execute(submit("v-2"), actor="leader", key="k")
    assert contents(programme) == before


def test_a_refusal_writes_nothing_and_leaves_its_key_free() -> None:
    programme = opened()
    before = contents(programme)
    with pytest.raises(Refused) as refused:
        programme.execute(submit(activity="nowhere"), actor="leader", key="k")
    assert (refused.value.code, refused.value.facts["order"]) == ("unknown_activity", 1)
    assert contents(programme) == before
    programme.execute(submit(), actor="leader", key="k")


def test_a_naive_time_of_booking_is_refused() -> None:
    with pytest.raises(InputError, match="naive datetime"):
        opened().execute(submit(), actor="leader", booked_at=datetime(2026, 3, 14, 12))  # noqa: DTZ001


def test_an_outcome_names_its_facts() -> None:
    programme = opened()
    outcome = programme.execute(submit(), actor="leader")
    assert outcome.first == outcome.fact(Submitted)
    with pytest.raises(LookupError, match="Submitted"):
        outcome.fact(Awarded)


# --- many commands -----------------------------------------------------------------------------------------------


def test_each_command_of_a_batch_sees_what_the_earlier_ones_wrote() -> None:
    programme = opened(rulebook={"caps": (Cap(id="daily", at_most=30),)})
    first = programme.execute_many([order(submit()), order(submit("v-1", "11:20", "12:00"))])
    records = [outcome.fact(Submitted).record for outcome in first]
    outcomes = programme.execute_many([order(Approve(record=record), "checker") for record in records])
    assert sum(outcome.fact(Awarded).points for outcome in outcomes) == 23 + 6
    with pytest.raises(Refused) as refused:
        programme.execute_many([order(submit("v-2")), order(submit("v-2", "10:00", "12:00"))])
    assert (refused.value.code, refused.value.facts["order"]) == ("overlap", 2)


def test_a_batch_is_written_whole_or_not_at_all() -> None:
    programme = opened()
    before = contents(programme)
    orders = [order(Redeem(volunteer="v-1", item="rice")) for _ in range(4)]
    with pytest.raises(Refused) as refused:
        programme.execute_many(orders)
    assert (refused.value.code, refused.value.facts["order"]) == ("out_of_stock", 4)
    assert contents(programme) == before
    assert programme.stock("rice") == {None: 3}


def test_a_batch_that_keeps_going_leaves_out_what_is_refused_and_says_so_in_its_place() -> None:
    programme = opened()
    orders = [
        order(Redeem(volunteer=who, item="rice"), key=f"r-{n}") for n, who in enumerate(["v-1", "v-2", "v-1", "v-1"])
    ]
    outcomes = programme.execute_many(orders, keep_going=True)
    codes = [outcome.refusal and (outcome.refusal.code, outcome.refusal.facts["order"]) for outcome in outcomes]
    assert codes == [None, ("not_enough_points", 2), None, None]
    assert [len(outcome.entries) for outcome in outcomes] == [1, 0, 1, 1]
    assert [outcome.key for outcome in outcomes] == ["r-0", "r-1", "r-2", "r-3"]
    assert programme.balance("v-1").held == 60


def test_a_conflict_undoes_the_whole_batch() -> None:
    programme = opened()
    programme.execute(submit("v-2"), actor="leader", key="k")
    before = contents(programme)
    for keep_going in (False, True):
        with pytest.raises(KeyConflict):
            programme.execute_many([order(submit()), order(submit(activity="cinema"), key="k")], keep_going=keep_going)
        assert contents(programme) == before


def test_one_key_twice_in_a_batch_is_written_once() -> None:
    programme = opened()
    outcomes = programme.execute_many([order(submit(), key="k"), order(submit(), key="k")])
    assert [outcome.replayed for outcome in outcomes] == [False, True]
    assert outcomes[0].entries == outcomes[1].entries
    with pytest.raises(KeyConflict):
        programme.execute_many([order(submit("v-2"), key="n"), order(submit("v-2", activity="cinema"), key="n")])


def test_a_batch_may_be_any_iterable_and_empty() -> None:
    programme = opened()
    assert programme.execute_many([]) == ()
    assert len(programme.execute_many(order(submit(who)) for who in ("v-1", "v-2"))) == 2


WANTED = st.tuples(st.sampled_from(["v-1", "v-2", "v-9"]), st.sampled_from(["rice", "haircut", "gold"]))


@given(st.lists(WANTED, max_size=6))
def test_a_batch_is_the_same_as_its_commands_one_by_one(wanted: list[tuple[str, str]]) -> None:
    orders = [order(Redeem(volunteer=who, item=item), key=f"r-{n}") for n, (who, item) in enumerate(wanted)]
    together, apart = opened(), opened()
    outcomes = together.execute_many(orders, keep_going=True)
    singles = [apart.execute_many([each], keep_going=True)[0] for each in orders]
    assert [outcome.entries for outcome in outcomes] == [outcome.entries for outcome in singles]
    assert [each.refusal and each.refusal.code for each in outcomes] == [
        each.refusal and each.refusal.code for each in singles
    ]
    assert contents(together) == contents(apart)


# --- previews ----------------------------------------------------------------------------------------------------


def previewed(programme: Programme, orders: list[Order]) -> list[tuple[Entry, ...] | str]:
    outcomes = programme.preview_many(orders)
    return [outcome.refusal.code if outcome.refusal else outcome.entries for outcome in outcomes]


def test_a_preview_writes_nothing_and_is_what_executing_writes() -> None:
    programme = opened()
    record = programme.execute(submit(), actor="leader").fact(Submitted).record
    orders = [
        order(Approve(record=record), "checker", "a"),
        order(Redeem(volunteer="v-1", item="rice"), key="b"),
        order(submit("v-2"), key="c"),
        order(submit("v-2"), key="d"),
        order(Adjust(volunteer="v-2", points=5, requested_by="founder-b", reason=REASON), "founder-a", "e"),
        order(submit("v-2"), key="c"),
    ]
    before = contents(programme)
    expected = previewed(programme, orders)
    assert contents(programme) == before
    assert previewed(programme, orders) == expected
    assert expected[3] == "overlap"
    outcomes = programme.execute_many(orders, keep_going=True)
    assert [outcome.refusal.code if outcome.refusal else outcome.entries for outcome in outcomes] == expected
    assert [outcome.replayed for outcome in outcomes] == [False, False, False, False, False, True]


def test_a_preview_of_one_refuses_like_executing() -> None:
    programme = opened()
    assert programme.preview(submit(), actor="leader").fact(Submitted).activity == "park"
    for bring in (programme.preview, programme.execute):
        with pytest.raises(Refused) as refused:
            bring(submit(), actor="nobody")
        assert refused.value.code == "not_authorised"
    programme.execute(submit(), actor="leader", key="k")
    with pytest.raises(KeyConflict):
        programme.preview_many([order(submit("v-2"), key="k")])


# --- stores that fail --------------------------------------------------------------------------------------------


class Failing:
    """A store that fails some times before, within or after a session; after it, everything was written."""

    def __init__(self, store: MemoryStore, times: int, when: str, error: Callable[[], StoreError]) -> None:
        self._store = store
        self.left = times
        self._when = when
        self._error = error

    @property
    def ledger(self) -> str:
        return self._store.ledger

    def reader(self) -> object:
        return self._store.reader()

    def _fail(self, when: str) -> None:
        if self.left and when == self._when:
            self.left -= 1
            raise self._error()

    @contextmanager
    def session(self) -> Iterator[Session]:
        self._fail("before")
        with self._store.session() as session:
            yield session
            self._fail("within")
        self._fail("after")


def busy() -> StoreError:
    return Busy("ledger_busy")


def unknown() -> StoreError:
    return CommitUnknown("commit_unknown")


def failing(times: int, when: str, error: Callable[[], StoreError], retries: int = 8) -> tuple[Programme, Waits]:
    programme, waits = opened(), Waits()
    assert isinstance(programme.store, MemoryStore)
    store = Failing(programme.store, times, when, error)
    return Programme(store, clock=Clock(), retry=Retry(times=retries, sleep=waits, jitter=lambda: 1.0)), waits  # type: ignore[arg-type]


@pytest.mark.parametrize("when, error", [("before", busy), ("within", busy), ("after", unknown)])
def test_a_store_that_fails_for_a_while_is_tried_again_and_everything_is_written_once(
    when: str, error: Callable[[], StoreError]
) -> None:
    programme, waits = failing(3, when, error)
    before = len(contents(programme))
    (outcome, other) = programme.execute_many([order(submit()), order(submit("v-2"))])
    assert len(waits.seconds) == 3
    assert len(contents(programme)) == before + 2
    assert [encode(entry) for entry in (*outcome.entries, *other.entries)] == contents(programme)[before:]
    assert outcome.replayed is (when == "after")


@pytest.mark.parametrize("times, written", [(8, True), (9, False)])
def test_a_store_is_tried_again_so_often_and_no_more(times: int, written: bool) -> None:  # noqa: FBT001
    programme, waits = failing(times, "before", busy)
    if written:
        programme.execute(submit(), actor="leader")
    else:
        with pytest.raises(Busy):
            programme.execute(submit(), actor="leader")
    assert len(waits.seconds) == 8


def test_waits_double_and_are_bounded_and_jittered() -> None:
    programme, waits = failing(8, "before", busy)
    programme.execute(submit(), actor="leader")
    assert waits.seconds == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5]
    shortest = Waits()
    Retry(sleep=shortest, jitter=lambda: 0.0).wait(0)
    assert shortest.seconds == [0.0025]
    assert all(0 <= Retry().jitter() < 1 for _ in range(20))


def test_a_commit_of_which_nothing_is_known_is_found_out_with_the_same_key() -> None:
    programme, _ = failing(1, "after", unknown, retries=0)
    before = len(contents(programme))
    with pytest.raises(CommitUnknown):
        programme.execute(submit(), actor="leader", key="k")
    outcome = programme.execute(submit(), actor="leader", key="k")
    assert outcome.replayed
    assert len(contents(programme)) == before + 1


@pytest.mark.parametrize("error", [StoreError, KeyError])
def test_other_errors_are_not_tried_again(error: type[Exception]) -> None:
    programme, waits = failing(1, "before", lambda: error("broken"))  # type: ignore[arg-type, return-value]
    with pytest.raises(error):
        programme.execute(submit(), actor="leader")
    assert waits.seconds == []


def test_an_error_in_a_session_leaves_nothing_behind() -> None:
    programme = opened()
    before, balances = contents(programme), programme.books().balances()
    assert isinstance(programme.store, MemoryStore)
    store = Failing(programme.store, 1, "within", lambda: StoreError("broken"))
    programme_that_fails = Programme(store)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        programme_that_fails.execute(submit(), actor="leader", booked_at=NOON)
    assert contents(programme) == before
    assert programme.books().balances() == balances


# --- sweeping ----------------------------------------------------------------------------------------------------


def overdue() -> Programme:
    """Two holds that have ended, and points of two volunteers that ended too."""
    programme = opened()
    soon = at("2026-03-20T00:00")
    for volunteer in ("v-1", "v-2"):
        opening = OpenBalance(volunteer=volunteer, points=50, ends=soon, requested_by="founder-b", reason=REASON)
        programme.execute(opening, actor="founder-a")
    for _ in range(2):
        programme.execute(Redeem(volunteer="v-1", item="rice", held_until=at("2026-03-18T00:00")), actor="leader")
    return programme


def test_a_sweep_lapses_and_expires_what_is_due_and_finds_nothing_the_second_time() -> None:
    programme = overdue()
    assert programme.sweep(actor="leader", booked_at=at("2026-03-17T23:59")) == ()
    swept = programme.sweep(actor="leader", booked_at=at("2026-03-20T00:00"))
    assert [outcome.entries[0].kind for outcome in swept] == ["Lapsed", "Lapsed", "Expired", "Expired"]
    assert programme.balance("v-1").lots == {ENDS_2027: 100, at("2026-04-20T00:00"): 40}
    assert programme.balance("v-2").available == 0
    assert programme.stock("rice") == {None: 3}
    before = contents(programme)
    assert programme.sweep(actor="leader", booked_at=at("2026-03-20T00:00")) == ()
    assert contents(programme) == before


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_sweep_in_parts_is_the_same_as_a_sweep_at_once(batch: int) -> None:
    programme, other = overdue(), overdue()
    programme.sweep(actor="leader", booked_at=at("2026-03-20T00:00"), batch=batch)
    other.sweep(actor="leader", booked_at=at("2026-03-20T00:00"))
    assert contents(programme) == contents(other)


def test_a_sweep_that_was_interrupted_goes_on() -> None:
    programme, whole = overdue(), overdue()
    for each in whole.sweep(actor="leader", booked_at=at("2026-03-20T00:00"))[:2]:
        held = programme.redemption(getattr(each.first, "redemption", ""))
        assert held.status == "held"
    programme._lapses = lambda at, actor: Programme._lapses(programme, at, actor)[:1]  # type: ignore[method-assign] # noqa: SLF001
    programme.sweep(actor="leader", booked_at=at("2026-03-20T00:00"))
    del programme._lapses  # noqa: SLF001
    programme.sweep(actor="leader", booked_at=at("2026-03-20T00:00"))
    assert programme.books().balances() == whole.books().balances()


def test_a_second_sweep_at_the_same_instant_finds_what_ended_in_between() -> None:
    """Found by the machine: the key said only whose points and when, so the second sweep found the first one."""
    programme = opened(rulebook={"expiry": attrs.evolve(RULEBOOK.expiry, end_of=None, after=0, days=1)})
    later = at("2026-04-01T12:00")
    clock_of(programme).now = later
    programme.execute(
        OpenBalance(volunteer="v-2", points=5, ends=at("2026-04-01T13:00"), requested_by="founder-b", reason=REASON),
        actor="founder-a",
    )
    now = at("2026-04-01T14:00")
    programme.sweep(actor="leader", booked_at=now)
    assert programme.balance("v-2").available == 0
    record = programme.execute(submit("v-2"), actor="leader", booked_at=now).fact(Submitted).record
    programme.execute(Approve(record=record), actor="checker", booked_at=now)
    assert programme.balance("v-2").available == 23
    programme.sweep(actor="leader", booked_at=now)
    assert programme.balance("v-2").available == 0
    assert programme.sweep(actor="leader", booked_at=now) == ()


# --- reading -----------------------------------------------------------------------------------------------------


def test_books_as_of_a_time_hold_what_was_booked_up_to_and_at_it() -> None:
    programme = opened()
    for hour in (13, 14, 15):
        booked_at = at(f"2026-03-14T{hour}:00")
        adjust = Adjust(volunteer="v-2", points=hour, requested_by="founder-b", reason=REASON)
        programme.execute(adjust, actor="founder-a", booked_at=booked_at)

    def available(until: datetime | None) -> int:
        tally = programme.books(booked_until=until)
        return sum(each.amount for each in tally.open(Purpose.AVAILABLE) if each.account.holder == "volunteer:v-2")

    moments = [at("2026-03-14T14:00") + timedelta(microseconds=n) for n in (-1, 0)]
    assert [available(moment) for moment in (*moments, at("2026-03-14T15:00"), None)] == [13, 27, 42, 42]
    assert programme.books(booked_until=at("2026-01-01T00:00")).balances() == {}
    with pytest.raises(InputError, match="naive datetime"):
        programme.books(booked_until=datetime(2026, 3, 14))  # noqa: DTZ001


def test_a_balance_tells_what_is_available_held_and_owed() -> None:
    programme = opened()
    record = programme.execute(submit(), actor="leader").fact(Submitted).record
    programme.execute(Approve(record=record), actor="checker")
    redemption = (
        programme.execute(Redeem(volunteer="v-1", item="rice", quantity=3), actor="leader").fact(Held).redemption
    )
    balance = programme.balance("v-1")
    assert (balance.available, balance.held, balance.debt, balance.minutes) == (63, 60, 0, 140)
    programme.execute(Collect(redemption=redemption), actor="shop")
    adjust = Adjust(volunteer="v-1", points=-60, requested_by="founder-b", reason=REASON)
    programme.execute(adjust, actor="founder-a")
    programme.execute(Reverse(record=record, reason=REASON), actor="checker")
    balance = programme.balance("v-1")
    assert (balance.available, balance.held, balance.debt, balance.minutes) == (0, 0, -20, 0)
    assert programme.balance("nobody").available == 0


def test_what_waits_is_told_in_the_order_of_service_and_of_ends() -> None:
    programme = opened()
    late, early = (programme.execute(submit(who, begin, end), actor="leader") for who, begin, end in (
        ("v-1", "10:00", "11:00"), ("v-2", "08:00", "09:00")))  # fmt: skip
    waiting = [state.said.record for state in programme.pending()]
    assert waiting == [early.fact(Submitted).record, late.fact(Submitted).record]
    programme.execute(Approve(record=waiting[0]), actor="checker")
    assert [state.said.record for state in programme.pending()] == waiting[1:]
    long, short = (
        programme.execute(Redeem(volunteer="v-1", item="rice", held_until=at(f"2026-04-0{day}T00:00")), actor="leader")
        for day in (3, 2)
    )
    assert [state.held.redemption for state in programme.open_redemptions()] == [
        short.fact(Held).redemption, long.fact(Held).redemption
    ]  # fmt: skip
    due = programme.open_redemptions(due=at("2026-04-02T00:00"))
    assert [state.held.redemption for state in due] == [short.fact(Held).redemption]
    programme.execute(Cancel(redemption=short.fact(Held).redemption, reason=REASON), actor="leader")
    assert len(programme.open_redemptions()) == 1


def test_what_is_not_known_is_refused_with_its_code() -> None:
    programme = opened()
    asks: list[tuple[Callable[[], object], str]] = [
        (lambda: programme.volunteer("nobody"), "unknown_volunteer"),
        (lambda: programme.record("r-none"), "unknown_record"),
        (lambda: programme.redemption("x-none"), "unknown_redemption"),
        (lambda: programme.item("gold"), "unknown_item"),
        (lambda: programme.stock("gold"), "unknown_item"),
        (lambda: programme.statement("nobody"), "unknown_volunteer"),
        (lambda: programme.explain("r-none"), "unknown_record"),
        (lambda: Programme(MemoryStore("new")).frame(), "no_programme"),
        (lambda: Programme(MemoryStore("new")).execute(Enrol(volunteer="v"), actor="a"), "no_programme"),
    ]
    for ask, code in asks:
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == code
    assert programme.item("rice") == DEFINITION.catalogue[0]
    assert programme.volunteer("v-1").id == "v-1"
    assert [state.id for state in programme.volunteers()] == ["v-1", "v-2"]


@pytest.mark.parametrize("count", [999, 1000, 1001])
def test_entries_are_read_in_pages_and_in_order(count: int) -> None:
    programme = opened()
    there = len(contents(programme))
    orders = [order(Enrol(volunteer=f"n-{n}"), "founder-a", f"n-{n}") for n in range(count - there)]
    programme.execute_many(orders)
    assert [encode(entry) for entry in programme.entries()] == contents(programme)
    assert len(list(programme.entries(after=count - 3))) == 3
    assert len(contents(programme)) == count


def test_any_question_may_be_asked() -> None:
    programme = opened()
    outcome = programme.execute(submit(), actor="leader", key="k")
    assert programme.ask(Committed("k")) == outcome.entries
    assert programme.ask(About("volunteer:v-1", tuple(KINDS)))[-1:] == outcome.entries


def test_without_a_clock_of_its_own_a_programme_takes_the_time_of_day_and_random_keys() -> None:
    programme = Programme(MemoryStore("saihan"))
    before = datetime.now(UTC)
    entries = programme.execute(Adopt(definition=definition(), author="founder-a"), actor="founder-b").entries
    assert before <= entries[0].booked_at <= datetime.now(UTC)
    other = programme.execute(Enrol(volunteer="v-1"), actor="founder-a")
    assert len({entries[0].key, other.key}) == 2


# --- threads -----------------------------------------------------------------------------------------------------


def test_of_eight_threads_exactly_three_get_the_last_three_bags() -> None:
    for _ in range(5):
        programme = opened()
        programme.execute_many(
            [order(Enrol(volunteer=f"t-{n}"), "founder-a", f"t-{n}") for n in range(8)]
            + [
                order(
                    OpenBalance(volunteer=f"t-{n}", points=20, requested_by="founder-b", reason=REASON),
                    "founder-a",
                    f"o-{n}",
                )
                for n in range(8)
            ]
        )
        together = threading.Barrier(8)

        def redeem(number: int, programme: Programme = programme, together: threading.Barrier = together) -> str:
            together.wait()
            try:
                programme.execute(Redeem(volunteer=f"t-{number}", item="rice"), actor="leader", key=f"r-{number}")
            except Refused as refused:
                return refused.code
            return "held"

        with ThreadPoolExecutor(8) as pool:
            found = sorted(pool.map(redeem, range(8)))
        assert found == ["held"] * 3 + ["out_of_stock"] * 5
        assert programme.stock("rice") == {}
        assert sum(programme.balance(f"t-{n}").available for n in range(8)) == 100


def test_one_key_from_eight_threads_is_written_once() -> None:
    programme = opened()
    before = len(contents(programme))
    together = threading.Barrier(8)

    def bring(_: int) -> Outcome:
        together.wait()
        return programme.execute(Redeem(volunteer="v-1", item="rice"), actor="leader", key="one")

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(bring, range(8)))
    assert len(contents(programme)) == before + 1
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert len({outcome.entries for outcome in outcomes}) == 1


def test_nobody_spends_the_same_points_twice_from_eight_threads() -> None:
    programme = opened()
    together = threading.Barrier(8)

    def spend(number: int) -> int:
        together.wait()
        try:
            programme.execute(Redeem(volunteer="v-1", item="haircut", quantity=3), actor="leader", key=f"h-{number}")
        except Refused:
            return 0
        return 15

    with ThreadPoolExecutor(8) as pool:
        spent = sum(pool.map(spend, range(8)))
    assert spent == 90
    assert programme.balance("v-1").available == 10
    programme.execute(Expire(volunteer="v-1"), actor="leader", booked_at=ENDS_2027)
