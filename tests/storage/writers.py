"""Programs that write to a ledger in a file, for tests that start several of them or kill them.

Run as ``python -m tests.storage.writers <what> <file> ...``. Each key that was acknowledged is printed on a line.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from tests.storage.commits import LATER_LOT, LEDGER, SHELF, bags, commit, draft, moved, taken
from volunteer_points.books import Committed
from volunteer_points.entries import Entry
from volunteer_points.postings import Account, Purpose
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import prepare

CRASHED = 9


def batch(writer: str, number: int) -> list[tuple[Entry, ...]]:
    """Some commits: a person gets something, holds a part of it, and gives some away."""
    holder = f"volunteer:{number % 7}"
    held = Account(holder, Purpose.HELD, f"r-{writer}-{number}")
    return [
        commit(f"{writer}-{number}-gift", draft(moved(holder, 9), about=(holder, f"record:{number}"))),
        commit(
            f"{writer}-{number}-hold", draft(moved(holder, -4), moved(held, 4, lot=LATER_LOT)), draft(about=(holder,))
        ),
        commit(f"{writer}-{number}-done", draft(moved(held, -4, lot=LATER_LOT), about=(holder,))),
    ]


def write_batches(file: Path, writer: str, numbers: Iterable[int]) -> None:
    """Write one batch after the other; a key that is there already is left as it is."""
    with SqlStore.open(file, LEDGER) as store:
        for number in numbers:
            with store.session() as session:
                for entries in batch(writer, number):
                    if not taken(session, Committed(entries[0].key)):
                        session.append(entries)
            for entries in batch(writer, number):
                sys.stdout.write(entries[0].key + "\n")
            sys.stdout.flush()


def take_bags(file: Path | str, writer: str) -> None:
    """Take a bag from the shelf until there is none."""
    with SqlStore.open(file, LEDGER) as store:
        for number in itertools.count():
            with store.session() as session:
                if not taken(session, SHELF):
                    return
                session.append(bags(f"{writer}-{number}", -1))
            sys.stdout.write(f"{writer}-{number}\n")
            sys.stdout.flush()


# --- to die at a chosen point ---


def crash_at(file: Path, point: int) -> None:
    """Write a batch, and die when so many points were passed; live when there are fewer."""
    points = itertools.count()

    def passed() -> int:
        if next(points) == point:
            os._exit(CRASHED)
        return 0

    def around(deed: Callable[..., Any]) -> Any:  # noqa: ANN401 - the same deed
        def done(*arguments: Any) -> Any:  # noqa: ANN401
            passed()
            answer = deed(*arguments)
            passed()
            return answer

        return done

    class Cursor(sqlite3.Cursor):
        execute = around(sqlite3.Cursor.execute)
        executemany = around(sqlite3.Cursor.executemany)

    class Connection(sqlite3.Connection):
        commit = around(sqlite3.Connection.commit)

        def cursor(self, *_: object) -> Cursor:  # type: ignore[override]  # it may take a factory, and has its own here
            return super().cursor(Cursor)

    engine = create_engine(f"sqlite:///{file}", connect_args={"factory": Connection})
    prepare(engine)
    store = SqlStore(engine, LEDGER)

    @event.listens_for(engine, "checkout")
    def listen(connection: Any, *_: object) -> None:  # noqa: ANN401
        connection.set_progress_handler(passed, 20)  # within a statement too

    with store.session() as session:
        for entries in batch("crash", 1):
            if not taken(session, Committed(entries[0].key)):
                session.append(entries)
    engine.dispose()


def crash_at_every_point(template: Path, step: int) -> None:
    """Die at one point after the other, each time on a fresh copy of a ledger; prints each copy."""
    for point in itertools.count(0, step):
        file = template.with_name(f"crashed-{point}.sqlite")
        file.write_bytes(template.read_bytes())
        child = os.fork()
        if not child:
            crash_at(file, point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{file}\n")
        sys.stdout.flush()
        if os.waitstatus_to_exitcode(status) != CRASHED:
            return


def at_once(processes: int, deed: Callable[[str], None]) -> None:
    """Do it in so many processes."""
    children = []
    for number in range(processes):
        child = os.fork()
        if not child:
            deed(f"w{number}")
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("a process failed")


def main(what: str, place: str, writer: str, number: int) -> None:
    """Do one of these."""
    file = Path(place)
    match what:
        case "endless":
            write_batches(file, writer, itertools.count())
        case "four":
            at_once(4, lambda each: write_batches(file, each, range(number)))
        case "bags":
            at_once(4, lambda each: take_bags(place, each))
        case "crashes":
            crash_at_every_point(file, number)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
