"""The library side by side with others: ``python -m benchmarks.peers`` times single durable posts.

Each library moves one point from the programme to one of 200 accounts and commits, at once on its empty store and again
when it holds many posts. All of them take turns, on one disk, with synchronous = FULL in SQLite and synchronous_commit
in PostgreSQL. Each is installed by pip in an environment of its own, which is removed; what cannot be installed or
started stands in the table with its error.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Protocol

from benchmarks.community import DEFINITION, FIRST_SERVICE, LEDGER, VOLUNTEERS
from benchmarks.long import asked
from benchmarks.tables import Aim, Cell, Table, Tell, arguments, on_stderr, told, workplace
from tests.storage.servers import PostgresqlServer, postgresql
from volunteer_points import Adopt, Enrol, Order, Programme
from volunteer_points.storage.sql import SqlStore

ROOT = Path(__file__).parents[1]
OURS = ("volunteer-points", "volunteer-points on PostgreSQL")
FILLED_AT_ONCE = 250

INSTALLED: dict[str, tuple[tuple[str, ...], ...]] = {
    "eventsourcing": (("eventsourcing",),),
    # It insists on a driver of MySQL that has to be compiled, and that nothing here needs.
    "python-accounting": (
        ("--no-deps", "python-accounting"),
        ("sqlalchemy>=2.1.4,<2.2", "python-dateutil<3", "strenum", "toml"),
    ),
    "django-hordak": (("django-hordak", "psycopg[binary]"),),
    "a-ledger": (("a-ledger",),),
}
"""What pip is asked for, call by call."""

REMARKS = {
    "volunteer-points": "decides by the rulebook, keeps balances and an index, hashes every entry",
    "volunteer-points on PostgreSQL": "the same",
    "eventsourcing": "stores two events; no check, no kept balance, no key that may be sent twice, no hash",
    "python-accounting": "a row for each side through an ORM; each is hashed with the one before",
    "django-hordak": "on PostgreSQL: a row for each side through an ORM; triggers check that they balance",
    "a-ledger": "reads and replays the whole portfolio for each post",
}


class Store(Protocol):
    """Somebody who posts."""

    def fill(self, posts: int) -> None:
        """Post without waiting for the disk."""
        ...

    def post(self, posts: int) -> list[float]:
        """Post durably, one at a time; the seconds of each."""
        ...


def main() -> None:
    """Measure and print."""
    chosen = arguments(
        __doc__,
        "benchmarks.peers",
        posts=(20_000, "how many posts a store holds when it is measured again"),
        timed=(100, "posts that are timed, on the empty and on the filled store"),
        patience=(25.0, "seconds after which a store is filled no further"),
    )
    with workplace(chosen.folder) as folder, ExitStack() as stack:
        table = compared(folder.absolute(), chosen.posts, chosen.timed, chosen.patience, on_stderr, stack)
        print(told([table], as_json=chosen.json))


def compared(  # noqa: PLR0913, PLR0917 - where and how much
    folder: Path, posts: int, timed: int, patience: float, tell: Tell, stack: ExitStack
) -> Table:
    """One row for each library."""
    stores: dict[str, Store] = {}
    failed: dict[str, str] = {}
    server = postgresql()
    for name in (*OURS, *INSTALLED):
        tell(f"setting up {name}")
        try:
            stores[name] = stack.enter_context(closing(_store(name, folder, server, stack)))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            failed[name] = str(error)
    empty = in_turns(stores, timed, tell)
    holds = {name: _filled(store, posts, patience, tell, name) for name, store in stores.items()}
    full = in_turns(stores, timed, tell)
    rows: list[list[Cell]] = [
        [name, 1000 * empty[name], 1000 * full[name], holds[name] + timed, REMARKS[name]] for name in stores
    ]
    rows += [[name, None, None, None, error] for name, error in failed.items()]
    columns = {"library": "{}", "empty": "{:.2f} ms", "filled": "{:.2f} ms", "posts then": "{:,}", "remark": "{}"}
    return Table("peers", columns, rows, list(_aims(full)))


def in_turns(stores: dict[str, Store], timed: int, tell: Tell) -> dict[str, float]:
    """The median seconds of a post; everybody posts ten, then the next."""
    tell(f"{timed} durable posts each, in turns")
    times: dict[str, list[float]] = {name: [] for name in stores}
    for _ in range(-(-timed // 10)):
        for name, store in stores.items():
            times[name] += store.post(10)
    return {name: statistics.median(each) for name, each in times.items()}


def _filled(store: Store, posts: int, patience: float, tell: Tell, name: str) -> int:
    tell(f"filling {name}")
    begun, done = time.perf_counter(), 0
    while done < posts and time.perf_counter() - begun < patience:
        store.fill(FILLED_AT_ONCE)
        done += FILLED_AT_ONCE
    return done


def _aims(seconds: dict[str, float]) -> Iterator[Aim]:
    """Ahead of each, on the same kind of database."""
    for name, taken in seconds.items():
        if name not in OURS:
            own = seconds[OURS[name == "django-hordak"]]
            yield Aim(f"{name}: its post takes {taken / own:.2f} of ours, on the filled store", taken >= own)


# --- who posts -----------------------------------------------------------------------------------------------------


class Ours:
    """This library, which gives a point by the command ``Adjust``."""

    def __init__(self, place: Path | str) -> None:
        self._stores = {durable: SqlStore.open(place, LEDGER, durable=durable) for durable in (True, False)}
        self._programmes = {durable: Programme(store) for durable, store in self._stores.items()}
        self._posted = 0
        adopt = Order(command=Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b")
        enrol = [Order(command=Enrol(volunteer=f"v-{n}"), actor="founder-a") for n in range(VOLUNTEERS)]
        self._programmes[False].execute_many([adopt, *enrol])

    def _next(self) -> Order:
        self._posted += 1
        return Order(
            command=asked(f"v-{self._posted % VOLUNTEERS}"),
            actor="founder-a",
            key=f"gift-{self._posted}",
            booked_at=FIRST_SERVICE,
        )

    def fill(self, posts: int) -> None:
        """Post in one transaction that does not wait for the disk."""
        self._programmes[False].execute_many([self._next() for _ in range(posts)])

    def post(self, posts: int) -> list[float]:
        """One command after the other."""
        times = []
        for order in [self._next() for _ in range(posts)]:
            begun = time.perf_counter()
            self._programmes[True].execute_many([order])
            times.append(time.perf_counter() - begun)
        return times

    def close(self) -> None:
        """Close the stores."""
        for store in self._stores.values():
            store.close()


class Theirs:
    """Another library, in a process and an environment of its own."""

    def __init__(self, name: str, folder: Path, place: str) -> None:
        python = _installed(name, folder)
        command = [str(python), "-m", "benchmarks.peer_programs", name, place]
        self._told = folder / f"{name}.txt"
        with self._told.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._answer()

    def fill(self, posts: int) -> None:
        """Let it post without waiting."""
        self._ask(f"fill {posts}")

    def post(self, posts: int) -> list[float]:
        """Let it post durably."""
        return [float(each) for each in json.loads(self._ask(f"post {posts}"))]

    def close(self) -> None:
        """Let it end."""
        with suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]  # the same

    def _ask(self, line: str) -> str:
        print(line, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> str:
        answer = self._process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        if not answer:
            self.close()
            raise RuntimeError(_last_line(self._told.read_text(encoding="utf-8", errors="replace")))
        return answer


def _installed(name: str, folder: Path) -> Path:
    environment = folder / f"{name}-environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for wanted in INSTALLED[name]:
        command = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *wanted]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - pip
        if done.returncode:
            raise RuntimeError(f"pip: {_last_line(done.stderr)}")
    return python


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it ended without a word")


def _store(name: str, folder: Path, server: PostgresqlServer, stack: ExitStack) -> Ours | Theirs:
    if name == OURS[0]:
        return Ours(folder / "ours.sqlite")
    if name not in {OURS[1], "django-hordak"}:
        return Theirs(name, folder, str(folder / f"{name}.sqlite"))
    database = stack.enter_context(server.database())
    if name == OURS[1]:
        return Ours(server.address(database))
    return Theirs(name, folder, f"{server.url(database).query['host']}|{database}")


if __name__ == "__main__":
    main()
