"""Writers of one process take turns."""

import threading
import time

import pytest

from volunteer_points.errors import Busy, Misused
from volunteer_points.storage.turns import Turns


def wait_until(true: object) -> None:
    """Until a condition that another thread brings about holds."""
    assert callable(true)
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.001)


def test_whoever_comes_first_is_served_first() -> None:
    turns, served = Turns(), list[int]()

    def wait(number: int) -> None:
        with turns.taken(wait_seconds=10):
            served.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(6)]
    with turns.taken(wait_seconds=1):
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            wait_until(lambda waiting=waiting: turns.waiting == waiting)
        assert served == []
    for thread in threads:
        thread.join()
    assert served == list(range(6))
    assert turns.waiting == 0


def test_one_at_a_time_holds_the_turn() -> None:
    turns, inside, most = Turns(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turns.taken(wait_seconds=10):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_whoever_waits_too_long_leaves_and_is_not_called_later() -> None:
    turns = Turns()
    errors: list[Busy] = []

    def wait() -> None:
        try:
            with turns.taken(wait_seconds=0.01):
                pytest.fail("it was taken")
        except Busy as error:
            errors.append(error)

    with turns.taken(wait_seconds=1):
        impatient = threading.Thread(target=wait)
        impatient.start()
        impatient.join()
    assert [error.code for error in errors] == ["ledger_busy"]
    with turns.taken(wait_seconds=0):
        pass


def test_nobody_waits_for_themselves() -> None:
    turns = Turns()
    with turns.taken(wait_seconds=1):
        with pytest.raises(Misused), turns.taken(wait_seconds=1):
            pytest.fail("it was taken twice")
        assert turns.waiting == 0
    with turns.taken(wait_seconds=0):
        pass


def test_an_error_passes_the_turn_on() -> None:
    turns = Turns()
    with pytest.raises(LookupError), turns.taken(wait_seconds=0):
        raise LookupError
    with turns.taken(wait_seconds=0) as seconds_left:
        assert seconds_left == 0
