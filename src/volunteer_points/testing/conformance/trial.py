"""How one check is run: on stores of its own, with its findings counted and every wait bounded."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from string import ascii_lowercase
from types import TracebackType
from typing import Any, Final, TypeVar

import attrs

from volunteer_points.books import Answer, Question
from volunteer_points.entries import Entry
from volunteer_points.errors import Busy, VolunteerPointsError
from volunteer_points.postings import Account
from volunteer_points.storage import Session, Store
from volunteer_points.testing.conformance.commits import LEDGER
from volunteer_points.testing.conformance.factory import Host, NotApplicable, StoreFactory

Done = TypeVar("Done")
Everything = tuple[list[bytes], set[tuple[Account, str, datetime | None, int]]]

PATIENCE_SECONDS: Final = 0.1
"""How long a check gives something that must not happen, before it goes on."""
TRIES: Final = 200
"""How often a deed that meets ``Busy`` is tried again."""


class Found(AssertionError):
    """What a check found wrong."""


class Trial:
    """One run of one check.

    Args:
        factory: Brings the stores.
        limit_seconds: How long the check may take; its threads are given up after that.
    """

    def __init__(self, factory: StoreFactory, limit_seconds: float) -> None:
        self.factory = factory
        self.until = time.monotonic() + limit_seconds
        self.examined = 0
        self._stores: list[Store] = []

    # --- stores ---

    def _kept(self, store: Store) -> Store:
        self._stores.append(store)
        return store

    def store(self, ledger: str = LEDGER) -> Store:
        """An empty store."""
        return self._kept(self.factory.empty(ledger))

    def reopened(self, store: Store) -> Store:
        """The store, closed and opened again."""
        again = self._kept(self.factory.reopened(store))
        self._stores = [each for each in self._stores if each is not store]
        return again

    def beside(self, store: Store) -> Store:
        """A second store of the same ledger."""
        return self._kept(self.factory.beside(store))

    def neighbour(self, store: Store, ledger: str) -> Store:
        """A store of another ledger in the same place."""
        return self._kept(self.factory.neighbour(store, ledger))

    def host(self) -> Host:
        """A host with an empty ledger in its database."""
        return self.factory.host(LEDGER)

    def needs_side_by_side(self) -> None:
        """Go on only where sessions are open at once."""
        if not self.factory.side_by_side:
            raise NotApplicable("the factory does not claim that sessions are open side by side")

    def gone(self, store: Store) -> None:
        """Let go of a store before the end."""
        self._stores = [each for each in self._stores if each is not store]
        self.factory.close(store)

    def close(self) -> None:
        """Let go of every store."""
        for store in reversed(self._stores):
            self.factory.close(store)

    # --- findings ---

    def same(self, found: object, expected: object, what: str) -> None:
        """Two things must be equal."""
        self.examined += 1
        if found != expected:
            found, expected = _apart(found, expected)
            raise Found(f"{what}: found {_short(found)}, expected {_short(expected)}")

    def true(self, fact: object, what: str) -> None:
        """Something must be so."""
        self.examined += 1
        if not fact:
            raise Found(what)

    def raises(self, kind: type[BaseException], *codes: str, of: str) -> Raises:
        """An error of this kind, and of one of the codes if there are any, must come out; ``of`` says what of."""
        self.examined += 1
        return Raises(kind, codes, of)

    # --- deeds ---

    def write(self, store: Store, *commits: tuple[Entry, ...]) -> None:
        """Write commits in one session."""
        with store.session() as session:
            for entries in commits:
                session.append(entries)

    def asked(self, store: Store, question: Question[Answer]) -> Answer:
        """The answer as of now."""
        with store.reader() as reader:
            answer: Answer = reader.ask([question])[question]
        return answer

    def taken(self, session: Session, question: Question[Answer]) -> Answer:
        """The answer within a session, which takes the subject alone first."""
        session.take([question.subject])
        answer: Answer = session.ask([question])[question]
        return answer

    def everything(self, store: Store) -> Everything:
        """All that can be read in order, to see that nothing changed."""
        with store.reader() as reader:
            return [stored.content for stored in reader.stored()], set(reader.balances())

    def again(self, deed: Callable[[], Done]) -> Done:
        """Do it, and once more for as long as the store says that it is busy."""
        for turn in range(TRIES):
            try:
                return deed()
            except Busy:
                time.sleep(min(0.001 * turn, 0.05))
        raise Found(f"the store was busy {TRIES} times")

    # --- at once ---

    def seconds_left(self) -> float:
        """How long the check may still take."""
        return max(0.0, self.until - time.monotonic())

    def wait(self, event: threading.Event, what: str) -> None:
        """Wait for what must happen."""
        if not event.wait(self.seconds_left()):
            raise Found(f"{what} did not happen in time")

    def may_meet(self, barrier: threading.Barrier) -> None:
        """Give the others a moment to come as far as this; a store may keep them waiting."""
        with suppress(threading.BrokenBarrierError):
            barrier.wait(PATIENCE_SECONDS)

    def must_meet(self, barrier: threading.Barrier) -> None:
        """Wait for the others to come as far as this."""
        try:
            barrier.wait(self.seconds_left() / 2)
        except threading.BrokenBarrierError:
            raise Found("one waits for the other") from None

    def start(self, deed: Callable[[], object]) -> Background:
        """Begin it in a thread of its own."""
        return Background(deed)

    def end(self, *backgrounds: Background) -> None:
        """Wait for threads; what went wrong in one is raised here."""
        for background in backgrounds:
            background.join(self.seconds_left())
        for background in backgrounds:
            if background.error is not None:
                raise background.error

    def at_once(self, count: int, deed: Callable[[int], object]) -> Counter[str]:
        """Do it in so many threads that begin together; tells how many were ``done`` or ended with which error."""
        begin = threading.Barrier(count)

        def run(number: int) -> None:
            begin.wait(self.seconds_left())
            self.again(lambda: deed(number))

        threads = [self.start(lambda number=number: run(number)) for number in range(count)]  # type: ignore[misc]
        for thread in threads:
            thread.join(self.seconds_left())
        return Counter("done" if thread.error is None else _told(thread.error) for thread in threads)


@attrs.frozen
class Raises:
    """A context that an error of this kind must leave; it goes no further."""

    kind: type[BaseException]
    codes: tuple[str, ...]
    of: str

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is None:
            raise Found(f"{self.of}: nothing was raised, expected {self.kind.__name__}")
        if not isinstance(error, self.kind):
            if not isinstance(error, Exception) or isinstance(error, Found):
                return False
            raise Found(
                f"{self.of}: {type(error).__name__} came out, expected {self.kind.__name__}: {error}"
            ) from error
        if self.codes and getattr(error, "code", None) not in self.codes:
            raise Found(f"{self.of}: the code is {getattr(error, 'code', None)!r}, expected {self.codes}") from error
        return True


class Background:
    """A deed in a thread of its own."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self._deed = deed
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._deed()
        except BaseException as error:  # noqa: BLE001 - told by who waits for it
            self.error = error

    def join(self, seconds: float) -> None:
        """Wait for it."""
        if not self.ends_within(seconds):
            raise Found("a thread did not end in time: the store keeps it waiting")

    def ends_within(self, seconds: float) -> bool:
        """Whether it is done by then."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


# --- checks ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Check:
    """One thing that a store must do.

    ``number`` is that of the requirement on the contract's page and a letter; ``slow`` takes more than a moment.
    """

    number: str
    sentence: str
    deed: Callable[[Trial], None]
    slow: bool = False

    @property
    def requirement(self) -> str:
        """The number on the contract's page."""
        return self.number.rstrip(ascii_lowercase)


class Sheet:
    """The checks of one chapter, in the order in which they are written."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    def check(
        self, requirement: str, *, each: Iterable[Any] | None = None, slow: bool = False
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Enter a function as a check, or one check for each value it takes after the trial."""

        def enter(deed: Callable[..., None]) -> Callable[..., None]:
            sentence = deed.__name__.replace("_", " ").strip()
            if each is None:
                self._enter(requirement, sentence, deed, slow=slow)
            else:
                for case in each:
                    self._enter(requirement, f"{sentence}: {_named(case)}", _for_one(deed, case), slow=slow)
            return deed

        return enter

    def _enter(self, requirement: str, sentence: str, deed: Callable[[Trial], None], *, slow: bool) -> None:
        before = sum(check.requirement == requirement for check in self.checks)
        self.checks.append(Check(f"{requirement}{ascii_lowercase[before]}", sentence, deed, slow))


def _for_one(deed: Callable[..., None], case: object) -> Callable[[Trial], None]:
    return lambda trial: deed(trial, case)


def _named(case: Any) -> str:  # noqa: ANN401 - whatever a check is repeated for
    return str(getattr(case, "__name__", None) or (case[0] if isinstance(case, tuple) else case))


def _apart(found: object, expected: object) -> tuple[object, object]:
    """Of two dictionaries only what differs."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        return found, expected
    nothing = object()
    keys = [key for key in {**found, **expected} if found.get(key, nothing) != expected.get(key, nothing)]
    return {key: found[key] for key in keys if key in found}, {key: expected[key] for key in keys if key in expected}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _told(error: BaseException) -> str:
    if isinstance(error, Found):
        return str(error)
    return error.code if isinstance(error, VolunteerPointsError) else f"{type(error).__name__}: {error}"


__all__ = ["PATIENCE_SECONDS", "Background", "Check", "Found", "Sheet", "Trial"]
