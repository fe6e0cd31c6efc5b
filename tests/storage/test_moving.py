"""A ledger goes through journals from engine to engine, whole or not at all, and it is shown that it is the same."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, text

from tests.audit.ledgers import StoredLedger, one_month, stored_entries
from tests.storage.commits import LEDGER, asked, bags, contents, gift, write
from tests.storage.servers import postgresql
from tests.storage.stores import STORES, emptied
from tests.storage.writers import batch
from volunteer_points.audit import audit
from volunteer_points.books import Committed
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError, Misconfigured
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.programme import Programme
from volunteer_points.storage import Session, Store, Stored, moving
from volunteer_points.storage.journal import Journal, NotAJournal, read_journal, save_journal
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.moving import Difference, Imported, WholeJournal, differences, import_journal
from volunteer_points.storage.sql import SqlStore

ROOT = Path(__file__).parents[2]
SMALL = one_month().ledger()
COMMITS = [commit for number in range(40) for commit in batch("w", number)]
ENTRIES = [entry for commit in COMMITS for entry in commit]


def saved(folder: Path, store: Store, name: str = "ledger.jsonl") -> Path:
    """The journal of a store."""
    path = folder / name
    with store.reader() as reader:
        save_journal(reader, store.ledger, path, replace=True)
    return path


def filled(commits: list[tuple[Entry, ...]] = COMMITS, ledger: str = LEDGER) -> MemoryStore:
    store = MemoryStore(ledger)
    write(store, *commits)
    return store


def journal_of(folder: Path, entries: list[Entry], name: str = "made.jsonl") -> Path:
    """A journal with right hashes and a right end, of entries in any order."""
    path = folder / name
    save_journal(StoredLedger(stored_entries(entries), ledger=LEDGER), LEDGER, path, replace=True)
    return path


def held(store: Store) -> list[bytes]:
    with store.reader() as reader:
        return contents(reader)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return saved(tmp_path, filled())


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "ENTRIES_AT_ONCE", 7)


# --- from engine to engine ---


def test_a_ledger_comes_byte_for_byte_through_memory_sqlite_and_postgresql(tmp_path: Path) -> None:
    save_journal(SMALL, SMALL.ledger, first := tmp_path / "first.jsonl")
    memory = MemoryStore(SMALL.ledger)
    import_journal(first, memory)
    with (
        SqlStore.open(tmp_path / "moved.sqlite", SMALL.ledger) as file,
        postgresql().database() as database,
        SqlStore.open(postgresql().address(database), SMALL.ledger) as server,
    ):
        import_journal(saved(tmp_path, memory, "of-memory.jsonl"), file)
        import_journal(saved(tmp_path, file, "of-sqlite.jsonl.gz"), server)
        saved(tmp_path, server, "of-postgresql.jsonl")
        for store in (memory, file, server):
            assert differences(store, Journal(first)) == ()
            assert differences(store, memory) == ()
            assert audit(store).exit_code == 0
            assert Programme(store).balance("v-2") == Programme(read_journal(first)).balance("v-2")
    whole = first.read_bytes()
    assert (tmp_path / "of-memory.jsonl").read_bytes() == whole
    assert gzip.decompress((tmp_path / "of-sqlite.jsonl.gz").read_bytes()) == whole
    assert (tmp_path / "of-postgresql.jsonl").read_bytes() == whole


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("kind", STORES)
def test_every_store_takes_a_journal_and_goes_on_from_there(kind: str, journal: Path, tmp_path: Path) -> None:
    with emptied(kind, tmp_path) as store:
        assert import_journal(journal, store) == Imported(LEDGER, len(ENTRIES), len(ENTRIES))
        assert differences(store, filled()) == ()
        write(store, gift("after", "volunteer:1", 5))
        assert differences(store, filled([*COMMITS, gift("after", "volunteer:1", 5)])) == ()
        assert asked(store, Committed("w-3-hold")) == COMMITS[10]


@pytest.mark.slow
@given(cut=st.integers(0, len(COMMITS)), size=st.integers(1, 200))
def test_wherever_an_import_was_broken_off_it_goes_on_from_there(
    cut: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = saved(tmp_path_factory.getbasetemp(), filled())
    store = filled(COMMITS[:cut])
    there = sum(map(len, COMMITS[:cut]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "ENTRIES_AT_ONCE", size)
        assert import_journal(path, store) == Imported(LEDGER, len(ENTRIES), len(ENTRIES) - there)
    assert differences(store, filled()) == ()


# --- once, and more of it later ---


def test_the_same_journal_again_adds_nothing_and_a_longer_one_adds_the_rest(tmp_path: Path) -> None:
    store = MemoryStore(LEDGER)
    short, long = (saved(tmp_path, filled(each), f"{len(each)}.jsonl") for each in (COMMITS[:50], COMMITS))
    half = sum(map(len, COMMITS[:50]))
    assert import_journal(short, store).added == half
    assert import_journal(short, store).added == 0
    assert import_journal(long, store).added == len(ENTRIES) - half
    assert import_journal(short, store) == Imported(LEDGER, half, 0)
    assert differences(store, filled()) == ()


def test_a_journal_that_differs_from_the_ledger_is_refused_with_the_first_place(journal: Path) -> None:
    changed = [*COMMITS[:30], gift("another", "volunteer:1", 5), *COMMITS[30:40]]
    store = filled(changed)
    with pytest.raises(Misconfigured) as raised:
        import_journal(journal, store)
    position = sum(map(len, COMMITS[:30])) + 1
    facts = raised.value.facts
    assert (raised.value.code, facts["position"], facts["line"]) == ("journal_differs", position, position + 1)
    assert "w-10-gift 1/1" in str(facts["expected"])
    assert "another 1/1" in str(facts["found"])
    assert differences(store, filled(changed)) == ()


def test_a_journal_of_another_ledger_is_refused(journal: Path) -> None:
    store = MemoryStore("other")
    with pytest.raises(Misconfigured) as raised:
        import_journal(journal, store)
    assert (raised.value.code, raised.value.facts["ledger"]) == ("other_ledger", LEDGER)
    assert held(store) == []


def test_progress_is_told_by_what_the_ledger_has(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "ENTRIES_AT_ONCE", 50)
    heard: list[int] = []
    read: list[int] = []
    import_journal(WholeJournal(journal, progress=read.append), filled(COMMITS[:30]), progress=heard.append)
    assert heard == sorted(set(heard))
    assert heard[0] == sum(map(len, COMMITS[:30])) + 51  # the commit that reaches 50 entries is whole
    assert heard[-1] == read[-1] == len(ENTRIES)


# --- killed, and other accidents ---


class Dying(MemoryStore):
    """A store that goes away after so many sessions."""

    sessions = 3

    @contextmanager
    def session(self) -> Iterator[Session]:  # type: ignore[override]
        self.sessions -= 1
        if self.sessions < 0:
            raise OSError("gone")
        with super().session() as session:
            yield session


@pytest.mark.usefixtures("few_at_once")
def test_what_an_accident_leaves_is_whole_commits_of_bounded_transactions(journal: Path) -> None:
    store = Dying(LEDGER)
    with pytest.raises(OSError, match="gone"):
        import_journal(journal, store)
    left = len(held(store))
    assert 3 * 7 <= left <= 3 * 8
    assert held(store) == [encode(entry) for entry in ENTRIES[:left]]
    store.sessions = 1000
    assert import_journal(journal, store).added == len(ENTRIES) - left


KILLED = """
import sys
from volunteer_points.storage import moving
from volunteer_points.storage.moving import import_journal
from volunteer_points.storage.sql import SqlStore
moving.ENTRIES_AT_ONCE = 3
with SqlStore.open(sys.argv[1], "saihan") as store:
    import_journal(sys.argv[2], store, progress=lambda done: print(done, flush=True))
"""


@contextmanager
def target(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        SqlStore.open(folder / "moved.sqlite", LEDGER).close()
        yield str(folder / "moved.sqlite")
    else:
        with postgresql().ledger() as url:
            yield url


def wait_until_alone(url: str) -> None:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        while connection.scalar(others):
            time.sleep(0.01)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("heard", [1, 9])
def test_a_killed_import_is_begun_again_and_goes_on(kind: str, heard: int, journal: Path, tmp_path: Path) -> None:
    with target(kind, tmp_path) as place:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, place, str(journal)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(heard)][-1]
        time.sleep(0.003)  # into the middle of the next transaction
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        if kind == "postgresql":
            wait_until_alone(place)  # a COMMIT that was on its way still counts
        with SqlStore.open(place, LEDGER) as store:
            left = len(held(store))
            assert acknowledged <= left < len(ENTRIES)
            assert held(store) == [encode(entry) for entry in ENTRIES[:left]]
            assert import_journal(journal, store).added == len(ENTRIES) - left
            assert differences(store, filled()) == ()


@pytest.mark.usefixtures("few_at_once")
def test_an_import_stops_when_somebody_else_writes_to_the_ledger(journal: Path) -> None:
    store = MemoryStore(LEDGER)
    meddled: list[int] = []

    def meddle(done: int) -> None:
        if not meddled:
            meddled.append(done)
            write(store, gift("meanwhile", "volunteer:1", 5))

    with pytest.raises(Misconfigured) as raised:
        import_journal(journal, store, progress=meddle)
    assert (raised.value.code, raised.value.facts["expected"]) == ("ledger_changed", meddled[0])
    assert len(held(store)) == meddled[0] + 1


# --- journals that are not whole ---


def _line(number: int, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    """One line with something else in it."""
    return lambda lines: [*lines[: number - 1], re.sub(old, new, lines[number - 1], count=1), *lines[number:]]


DAMAGE: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str, int]] = {
    "cut in a commit": (lambda lines: lines[:3], "journal_cut_off", 4),
    "cut in a line": (lambda lines: [*lines[:9], lines[9][:100]], "journal_line_damaged", 10),
    "cut before the end": (lambda lines: lines[:-1], "journal_cut_off", len(ENTRIES) + 2),
    "without an entry": (lambda lines: [*lines[:2], *lines[3:]], "commit_broken", 3),
    "with two entries exchanged": (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], "commit_broken", 7),
    "with a wrong hash": (_line(8, b'"leaf":"[0-9a-f]{64}"', b'"leaf":"%s"' % (b"0" * 64)), "leaf_differs", 8),
    "with a changed entry": (_line(8, b'"actor":"b"', b'"actor":"c"'), "leaf_differs", 8),
    "with another count at its end": (
        _line(len(ENTRIES) + 2, b'"entries":[0-9]+', b'"entries":7'),
        "journal_count_differs",
        len(ENTRIES) + 2,
    ),
    "with another sum at its end": (
        _line(len(ENTRIES) + 2, b'"leaves":"....', b'"leaves":"0000'),
        "journal_leaves_differ",
        len(ENTRIES) + 2,
    ),
}


@pytest.mark.parametrize("name", ["damaged.jsonl", "damaged.jsonl.gz"])
@pytest.mark.parametrize("what", DAMAGE)
def test_a_journal_that_is_not_whole_is_refused_with_its_line_and_nothing_is_written(
    what: str, name: str, journal: Path, tmp_path: Path
) -> None:
    damage, code, line = DAMAGE[what]
    content = b"".join(damage(journal.read_bytes().splitlines(keepends=True)))
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    store = MemoryStore(LEDGER)
    with pytest.raises(Corrupt) as raised:
        import_journal(path, store)
    assert (raised.value.code, raised.value.facts["line"]) == (code, line)
    assert held(store) == []
    with pytest.raises(Corrupt):
        differences(Journal(path), filled())


def _apart(entries: list[Entry]) -> list[Entry]:
    return [entries[0], entries[1], entries[3], entries[2], *entries[4:]]


BROKEN: dict[str, tuple[Callable[[list[Entry]], list[Entry]], int]] = {
    "a commit ends with the journal": (lambda entries: entries[:2], 4),
    "a commit begins in its middle": (lambda entries: [entries[0], *entries[2:]], 3),
    "another commit stands in a commit": (_apart, 4),
    "an entry stands twice": (lambda entries: [*entries[:2], *entries[1:]], 4),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_commit_that_is_not_whole_is_refused_though_every_hash_is_right(what: str, tmp_path: Path) -> None:
    change, line = BROKEN[what]
    path = journal_of(tmp_path, change(ENTRIES))
    store = MemoryStore(LEDGER)
    with pytest.raises(Corrupt) as raised:
        import_journal(path, store)
    assert (raised.value.code, raised.value.facts["line"]) == ("commit_broken", line)
    assert held(store) == []
    with pytest.raises(Corrupt, match="not whole"):
        read_journal(path)


def test_a_commit_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = journal_of(tmp_path, [*ENTRIES, *COMMITS[1]])
    with pytest.raises(Corrupt) as raised:
        import_journal(path, MemoryStore(LEDGER))
    assert (raised.value.code, raised.value.facts["line"]) == ("key_twice", len(ENTRIES) + 2)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_a_journal_that_spends_what_is_not_there_is_refused_by_the_store(kind: str, tmp_path: Path) -> None:
    path = journal_of(tmp_path, [*bags("k-1", 2), *bags("k-2", -3)])
    with emptied(kind, tmp_path) as store:
        with pytest.raises(Corrupt) as raised:
            import_journal(path, store)
        assert raised.value.code == "floor_passed"
        assert held(store) == []


def test_what_is_no_journal_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "letter.jsonl").write_text("Dear all")
    with pytest.raises(NotAJournal):
        import_journal(tmp_path / "letter.jsonl", MemoryStore(LEDGER))
    with pytest.raises(InputError, match="No such file"):
        import_journal(tmp_path / "nothing.jsonl", MemoryStore(LEDGER))


# --- comparing ---


def seen(stored: list[Stored], **how: object) -> StoredLedger:
    return StoredLedger(stored, ledger=LEDGER, **how)  # type: ignore[arg-type]


RIGHT = stored_entries(ENTRIES)


def test_ledgers_that_are_the_same_have_no_differences_however_they_are_kept(journal: Path) -> None:
    for one in (filled(), read_journal(journal), Journal(journal), seen(RIGHT)):
        for other in (filled(), Journal(journal)):
            assert differences(one, other) == ()  # type: ignore[arg-type]


def test_each_kind_of_difference_is_named() -> None:
    def kinds(other: object, **how: int) -> list[tuple[str, str]]:
        found = differences(seen(RIGHT), other, **how)  # type: ignore[arg-type]
        assert differences(other, seen(RIGHT), **how) == tuple(  # type: ignore[arg-type]
            Difference(each.what, each.place, each.other, each.one) for each in found
        )
        return [(each.what, each.place) for each in found]

    swapped = stored_entries([*ENTRIES[:4], ENTRIES[5], ENTRIES[4], *ENTRIES[6:]])
    assert kinds(seen(swapped)) == [("order", "5"), ("entry", "5"), ("entry", "6")]
    wrong = [*RIGHT[:7], Stored(8, RIGHT[7].content, leaf_hash(b"")), *RIGHT[8:]]
    assert kinds(seen(wrong)) == [("leaf", "8")]
    assert kinds(seen(RIGHT[:-1]))[0] == ("count", "")
    assert kinds(StoredLedger(RIGHT, ledger="other")) == [("ledger", "")]
    changed = stored_entries([*ENTRIES[:-1], *gift("changed", "volunteer:6", 9)])
    assert [what for what, _ in kinds(seen(changed))] == ["entry", "balance", "balance"]
    assert len(kinds(seen(stored_entries(ENTRIES[::-1])), limit=3)) == 4


def test_a_balance_that_was_changed_is_named_with_what_it_is() -> None:
    with seen(RIGHT).reader() as reader:
        balances = {(account, unit, lot): amount for account, unit, lot, amount in reader.balances()}
    key = next(key for key in balances if key[0].holder == "volunteer:3")
    [found] = differences(filled(), seen(RIGHT, balances={**balances, key: balances[key] + 1}))  # type: ignore[arg-type]
    assert found == Difference(
        "balance",
        "volunteer:3/available points 2026-06-22T12:00:00.000000Z",
        str(balances[key]),
        str(balances[key] + 1),
    )
    [gone] = differences(filled(), seen(RIGHT, balances={each: balances[each] for each in balances if each != key}))  # type: ignore[arg-type]
    assert (gone.one, gone.other) == (str(balances[key]), "0")
