"""A store seals its ledger: the tree is that of its entries, proofs come out of it, and nobody who writes waits."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from tests.storage.commits import LEDGER, NOW, commit, draft, gift, write
from tests.storage.servers import postgresql
from tests.storage.stores import STORES, emptied, host_engine
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError, Misconfigured, Misused
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.merkle import EMPTY_ROOT, Node, head_of
from volunteer_points.sealing import Checkpoint
from volunteer_points.storage import Store
from volunteer_points.storage.ledgers import create_ledger
from volunteer_points.storage.postgresql import grants
from volunteer_points.storage.seals import Sealed, Sealing, number_of
from volunteer_points.storage.sql import SqlStore
from volunteer_points.storage.sqlite import guards
from volunteer_points.storage.statements import Transaction
from volunteer_points.storage.trees import LEAVES_AT_ONCE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
LATER = NOW + timedelta(days=1)


class SealingStore(Store, Sealing):
    """What these tests need of a store."""

    reader: Any


@pytest.fixture(params=[kind for kind in STORES if kind in {"memory", "sqlite", "postgresql", "mariadb"}])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SealingStore]:
    with emptied(request.param, tmp_path) as made:
        assert isinstance(cast("Any", made), Sealing)
        yield cast("SealingStore", made)


@pytest.fixture(params=[kind for kind in STORES if kind in {"sqlite", "postgresql", "mariadb"}])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with emptied(request.param, tmp_path) as made:
        assert isinstance(made, SqlStore)
        yield made


def gifts(count: int, start: str) -> list[tuple[Entry, ...]]:
    return [gift(f"{start} {number}", f"volunteer:{number % 7}", 1) for number in range(count)]


def written(store: Store, count: int, start: str = "gift") -> list[Entry]:
    """So many entries, written in one session."""
    commits = gifts(count, start)
    write(store, *commits)
    return [entry for entries in commits for entry in entries]


def contents(store: Store) -> list[bytes]:
    with store.reader() as reader:
        return [each.content for each in reader.stored()]


def head_by_hand(store: Store, size: int) -> tuple[int, bytes]:
    return head_of(leaf_hash(content) for content in contents(store)[:size])


def nodes_of(store: SealingStore) -> tuple[int, int]:
    with store.reader() as reader:
        tree = cast("Sealed", reader).tree()
        return tree.covered(), tree.kept()


# --- what sealing promises ---------------------------------------------------------------------------------------


def test_every_checkpoint_is_the_head_of_the_entries_that_were_there(store: SealingStore) -> None:
    taken = [store.seal(NOW)]
    assert taken[0].head == (0, EMPTY_ROOT)
    for round_number, count in enumerate((1, 1, 2, 3, 7, 50, LEAVES_AT_ONCE - 1, LEAVES_AT_ONCE + 2)):
        written(store, count, f"round {round_number}")
        taken.append(store.seal(NOW))
    sizes = [checkpoint.size for checkpoint in taken]
    assert sizes == [0, 1, 2, 4, 7, 14, 64, 64 + LEAVES_AT_ONCE - 1, 65 + 2 * LEAVES_AT_ONCE]
    assert [checkpoint.head for checkpoint in taken] == [head_by_hand(store, size) for size in sizes]
    with store.reader() as reader:
        assert list(reader.tree().checkpoints()) == taken


def test_every_entry_is_shown_under_the_latest_checkpoint(store: SealingStore) -> None:
    entries = written(store, 21)
    store.seal(NOW)
    entries += written(store, 2, "later")
    checkpoint = store.seal(LATER)
    proofs = [store.prove(entry) for entry in entries]
    assert [proof.entry for proof in proofs] == entries
    assert all(proof.holds(checkpoint) for proof in proofs)
    assert sorted(proof.place for proof in proofs) == list(range(23))


def test_every_earlier_checkpoint_is_shown_to_be_a_beginning(store: SealingStore) -> None:
    taken = []
    for number in range(9):
        written(store, number, f"round {number}")
        taken.append(store.seal(NOW))
    assert all(store.extends(old).holds(old, taken[-1]) for old in taken)


def test_where_nothing_came_the_checkpoint_stays_as_it_was(store: SealingStore) -> None:
    written(store, 3)
    first = store.seal(NOW)
    assert store.seal(LATER) == first
    with store.reader() as reader:
        assert list(reader.tree().checkpoints()) == [first]


def test_a_checkpoint_may_be_signed_at_once_or_afterwards(store: SealingStore) -> None:
    written(store, 3)
    plain = store.seal(NOW)
    signed = store.seal(LATER, KEY)
    assert signed == plain.signed(KEY)
    assert store.seal(LATER, KEY) == store.seal(LATER) == signed
    written(store, 2, "later")
    at_once = store.seal(LATER, KEY)
    assert at_once.is_signed_by(PUBLIC)
    assert at_once.at == LATER
    [entry] = written(store, 1, "last")
    final = store.seal(LATER, KEY)
    assert store.prove(entry).checkpoint == final
    with store.reader() as reader:
        found = list(reader.tree().checkpoints())
    assert [checkpoint for checkpoint in found if checkpoint.signature] == [signed, at_once, final]
    assert found[0] == plain


def test_what_no_checkpoint_covers_is_not_shown(store: SealingStore) -> None:
    [before] = written(store, 1)
    with pytest.raises(InputError) as nothing_sealed:
        store.prove(before)
    checkpoint = store.seal(NOW)
    [after] = written(store, 1, "later")
    with pytest.raises(InputError) as not_yet:
        store.prove(after)
    with pytest.raises(InputError) as never_written:
        store.prove(commit("nowhere", draft())[0])
    assert {error.value.code for error in (nothing_sealed, not_yet, never_written)} == {"not_sealed_yet"}
    assert store.prove(before).holds(checkpoint)


def test_what_was_never_a_checkpoint_of_the_ledger_is_not_extended(store: SealingStore) -> None:
    written(store, 5)
    with pytest.raises(InputError) as not_yet:
        store.extends(Checkpoint(ledger=LEDGER, size=0, root=EMPTY_ROOT.hex(), at=NOW))
    assert not_yet.value.code == "not_sealed_yet"
    real = store.seal(NOW)
    with pytest.raises(InputError) as elsewhere:
        store.extends(attrs.evolve(real, ledger="another"))
    assert elsewhere.value.code == "other_ledgers_checkpoint"
    for forged in (
        attrs.evolve(real, root="00" * 32),
        attrs.evolve(real, size=4),
        attrs.evolve(real, size=6),
    ):
        with pytest.raises(Corrupt) as contradicted:
            store.extends(forged)
        assert contradicted.value.code == "checkpoint_contradicted"


def test_nodes_are_kept_above_the_leaves_alone_and_none_is_missing(store: SealingStore) -> None:
    for count in (1, 2, 4, 33):
        written(store, count, f"of {count}")
        size = store.seal(NOW).size
        below = size // 2 * 2
        assert nodes_of(store) == (below, below - below.bit_count())


# --- who writes does not wait ------------------------------------------------------------------------------------


def test_entries_come_in_while_the_ledger_is_sealed(database: SqlStore) -> None:
    store = database
    written(store, 6 * LEAVES_AT_ONCE)
    begun, done, count = threading.Event(), threading.Event(), [0]

    def write_on() -> None:
        while not done.is_set() and count[0] < 1000:
            written(store, 1, f"meanwhile {count[0]}")
            count[0] += 1
            begun.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        assert begun.wait(30)
        before = count[0]
        taken = [store.seal(NOW)]
        after = count[0]
        taken += [store.seal(NOW) for _ in range(3)]
    finally:
        done.set()
        writer.join()
    assert after > before, "nobody could write while the ledger was sealed"
    taken.append(store.seal(NOW))
    assert taken[-1].size == 6 * LEAVES_AT_ONCE + count[0]
    assert [checkpoint.head for checkpoint in taken] == [head_by_hand(store, checkpoint.size) for checkpoint in taken]


def test_where_writers_work_side_by_side_one_commits_in_the_midst_of_a_transaction_that_seals(tmp_path: Path) -> None:
    with emptied("postgresql", tmp_path) as store:
        assert isinstance(store, SqlStore)
        first = written(store, 5)
        with store._growing() as tree:  # noqa: SLF001 - the transaction of a sealer, held open
            tree.grow()
            writer = threading.Thread(target=written, args=(store, 3, "meanwhile"))
            writer.start()
            writer.join(20)
            assert not writer.is_alive(), "the writer waits for the sealer"
            tree.grow()
        assert store.seal(NOW).size == 8
        assert store.prove(first[0]).place == 0


def test_two_who_seal_at_once_get_along(database: SqlStore) -> None:
    written(database, 3 * LEAVES_AT_ONCE)
    taken: list[Checkpoint] = []
    threads = [
        threading.Thread(target=lambda: taken.append(database.seal(NOW, KEY))),
        threading.Thread(target=lambda: taken.append(database.seal(LATER))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 2
    assert {checkpoint.head for checkpoint in taken} == {head_by_hand(database, 3 * LEAVES_AT_ONCE)}


def test_a_seal_that_was_stopped_is_gone_on_with(database: SqlStore) -> None:
    written(database, 2 * LEAVES_AT_ONCE + 3)
    with suppress(KeyboardInterrupt), database._growing() as tree:  # noqa: SLF001 - as a seal does
        tree.grow()
        raise KeyboardInterrupt
    with database.reader() as reader:
        assert (reader.tree().covered(), reader.tree().kept()) == (0, 0)
    with database._growing() as tree:  # noqa: SLF001 - the first of its transactions
        assert tree.grow() == LEAVES_AT_ONCE
    checkpoint = database.seal(NOW)
    assert checkpoint.head == head_by_hand(database, 2 * LEAVES_AT_ONCE + 3)


def test_a_proof_takes_three_statements_however_long_the_ledger(
    database: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = written(database, 1000)
    database.seal(NOW)
    asked: list[str] = []
    rows_of = Transaction.rows_of

    def counted(self: Transaction, text: str, values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - rows
        asked.append(text)
        return rows_of(self, text, values)

    monkeypatch.setattr(Transaction, "rows_of", counted)
    database.prove(entries[700])
    assert len(asked) == 3


# --- what must not be --------------------------------------------------------------------------------------------


def test_a_host_s_transaction_does_not_seal_but_shows(tmp_path: Path) -> None:
    engine = host_engine(tmp_path)
    with engine.begin() as connection:
        create_ledger(connection, LEDGER)
    own = SqlStore(engine, LEDGER)
    [entry] = written(own, 1)
    checkpoint = own.seal(NOW)
    with engine.begin() as connection:
        joined = SqlStore.joining(connection, LEDGER)
        with pytest.raises(Misused) as refused:
            joined.seal(NOW)
        assert refused.value.code == "seal_within_host"
        assert joined.prove(entry).holds(checkpoint)
        assert joined.extends(checkpoint).holds(checkpoint, checkpoint)
    engine.dispose()


def test_who_only_reads_does_not_seal(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with SqlStore.open(file, LEDGER) as store:
        [entry] = written(store, 1)
        checkpoint = store.seal(NOW)
    with SqlStore.open(file, read_only=True) as reader:
        with pytest.raises(Misconfigured) as refused:
            reader.seal(NOW)
        assert refused.value.code == "opened_read_only"
        assert reader.prove(entry).holds(checkpoint)


@pytest.mark.parametrize("table", ["vp_node", "vp_checkpoint"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET number = number + 1000", "DELETE FROM {}"])
def test_the_database_lets_nobody_change_nodes_and_checkpoints(database: SqlStore, table: str, deed: str) -> None:
    written(database, 4)
    database.seal(NOW)
    with pytest.raises(Exception, match="append-only"), database._place.engine.connect() as connection:  # noqa: SLF001
        connection.execute(text(deed.format(table)))


class Tampered:
    """A ledger in a file whose guards somebody removed."""

    def __init__(self, folder: Path, *, entries: int = 21) -> None:
        self.file = folder / "ledger.sqlite"
        with SqlStore.open(self.file, LEDGER) as store:
            self.entries = written(store, entries)
            self.checkpoint = store.seal(NOW)
        self.run(
            *(f"DROP TRIGGER {name}" for (name,) in self.run("SELECT name FROM sqlite_master WHERE type='trigger'"))
        )

    def run(self, *statements: str, values: tuple[object, ...] = ()) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return [row for statement in statements for row in connection.execute(statement, values)]

    def opened(self) -> SqlStore:
        return SqlStore.open(self.file, read_only=True)


def test_a_proof_that_would_not_hold_does_not_leave_the_store(tmp_path: Path) -> None:
    ledger = Tampered(tmp_path)
    ledger.run("UPDATE vp_node SET hash = zeroblob(32) WHERE number = ?", values=(number_of(Node(1, 0)),))
    with ledger.opened() as store:
        with pytest.raises(Corrupt) as refused:
            store.prove(ledger.entries[2])
        assert refused.value.code == "proof_does_not_hold"
        assert store.prove(ledger.entries[0]).holds(ledger.checkpoint), (
            "its way to the root has not that node beside it"
        )


def test_a_node_that_is_missing_is_told(tmp_path: Path) -> None:
    ledger = Tampered(tmp_path)
    ledger.run("DELETE FROM vp_node WHERE number = ?", values=(number_of(Node(1, 0)),))
    with ledger.opened() as store, pytest.raises(Corrupt) as refused:
        store.prove(ledger.entries[2])
    assert refused.value.code == "node_missing"


def test_a_checkpoint_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    ledger = Tampered(tmp_path)
    ledger.run("UPDATE vp_checkpoint SET content = CAST(replace(content, '\"size\":21', '\"size\":20') AS BLOB)")
    with ledger.opened() as store, pytest.raises(Corrupt) as refused:
        store.prove(ledger.entries[2])
    assert refused.value.code == "unreadable_checkpoint"


@pytest.mark.parametrize(
    "deed, code",
    [
        ("DELETE FROM vp_entry WHERE position > 18", "checkpoint_contradicted"),
        ("UPDATE vp_entry SET leaf = zeroblob(32) WHERE position = 21", "checkpoint_contradicted"),
        ("DELETE FROM vp_entry WHERE position = 21", "checkpoint_contradicted"),
        ("UPDATE vp_entry SET position = 23 WHERE position = 21", "place_missing"),
    ],
)
def test_what_contradicts_the_last_checkpoint_is_never_sealed(tmp_path: Path, deed: str, code: str) -> None:
    ledger = Tampered(tmp_path)
    ledger.run("PRAGMA foreign_keys = OFF", deed)
    ledger.run(*guards().values())
    with SqlStore.open(ledger.file) as store, pytest.raises(Corrupt) as refused:
        store.seal(LATER)
    assert refused.value.code == code


def test_leaves_are_read_as_they_are_encoded(store: SealingStore) -> None:
    [entry] = written(store, 1)
    assert store.seal(NOW).root == leaf_hash(encode(entry)).hex()


def test_a_role_that_may_only_do_normal_work_can_seal() -> None:
    with postgresql().ledger() as address:
        database = address.rsplit("/", 1)[-1].split("?")[0]
        postgresql().run(database, "DROP ROLE IF EXISTS sealer", "CREATE ROLE sealer LOGIN", *grants("sealer"))
        with SqlStore.open(postgresql().address(database, "sealer")) as store:
            [entry] = written(store, 1)
            checkpoint = store.seal(NOW)
            assert store.prove(entry).holds(checkpoint)
        postgresql().run(database, "DROP OWNED BY sealer", "DROP ROLE sealer")
