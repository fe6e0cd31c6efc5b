"""Checks of sealing, for a store that claims it by having ``seal``, ``prove`` and ``extends``."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha512
from typing import Protocol, cast

import attrs

from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError
from volunteer_points.merkle import EMPTY_ROOT, Tree, grown, head_of
from volunteer_points.sealing import Checkpoint
from volunteer_points.storage import Store, Stored
from volunteer_points.storage.seals import Sealed, SealedTree, Sealing
from volunteer_points.testing.conformance.commits import NOW, A, commit, draft, gift, moved
from volunteer_points.testing.conformance.factory import NotApplicable
from volunteer_points.testing.conformance.trial import Sheet, Trial

SHEET = Sheet()

LATER = NOW + timedelta(days=1)
MANY = 1100
"""More entries than a store needs to take into its tree at once."""


class SealingStore(Store, Sealing, Protocol):
    """A store that seals."""


def _sealing(store: Store) -> SealingStore:
    if not isinstance(store, Sealing):
        raise NotApplicable("skipped, not claimed: the store has no seal, prove and extends")
    return cast("SealingStore", store)


def _stored(store: Store) -> list[Stored]:
    with store.reader() as reader:
        return list(reader.stored())


def _looked(store: Store, look: Callable[[SealedTree], object]) -> object:
    with store.reader() as reader:
        return look(cast("Sealed", reader).tree())


def _listed(store: Store) -> object:
    return _looked(store, lambda tree: list(tree.checkpoints()))


def _write(trial: Trial, store: Store, *names: str) -> list[Entry]:
    commits = [gift(name, A, 1) for name in names]
    trial.write(store, *commits)
    return [entry for entries in commits for entry in entries]


def _check_head(trial: Trial, store: Store, checkpoint: Checkpoint, size: int) -> None:
    leaves = [each.leaf for each in _stored(store)[:size]]
    trial.same((checkpoint.size, checkpoint.root), (size, head_of(leaves).root.hex()), "size and root of a checkpoint")


@attrs.frozen
class _Signer:
    """Stands for a key: the same bytes get the same signature, and it may do something first."""

    first: Callable[[], object] = lambda: None

    def sign(self, content: bytes) -> bytes:
        """Sign."""
        self.first()
        return sha512(content).digest()


# --- what a checkpoint covers ---


@SHEET.check("15.1")
def _a_checkpoint_covers_every_entry_that_was_there(trial: Trial) -> None:
    store = _sealing(trial.store())
    trial.same(store.seal(NOW).head, (0, EMPTY_ROOT), "the head of nothing")
    size = 0
    for count in (1, 1, 2, 3, 7):
        _write(trial, store, *(f"{size} {number}" for number in range(count)))
        size += count
        checkpoint = store.seal(NOW)
        trial.same((checkpoint.ledger, checkpoint.at, checkpoint.signature), (store.ledger, NOW, ""), "a checkpoint")
        _check_head(trial, store, checkpoint, size)


@SHEET.check("15.1", slow=True)
def _a_checkpoint_covers_many_entries(trial: Trial) -> None:
    store = _sealing(trial.store())
    trial.write(store, commit("many", *[draft(moved(f"volunteer:{number}", 1)) for number in range(MANY)]))
    _check_head(trial, store, store.seal(NOW), MANY)
    _write(trial, store, "one more")
    _check_head(trial, store, store.seal(NOW), MANY + 1)


@SHEET.check("15.2")
def _where_nothing_came_the_last_checkpoint_is_given_again(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, "one")
    first = store.seal(NOW)
    trial.same(store.seal(LATER), first, "a checkpoint of nothing new")
    _write(trial, store, "two")
    second = store.seal(LATER)
    trial.same(second.at, LATER, "the time of the second checkpoint")
    trial.same(_listed(store), [first, second], "the checkpoints that are kept")
    trial.same(_looked(store, lambda tree: tree.latest()), second, "the last checkpoint")


# --- proofs ---


@SHEET.check("15.3")
def _every_covered_entry_is_shown_at_its_place(trial: Trial) -> None:
    store = _sealing(trial.store())
    entries = _write(trial, store, *map(str, range(11)))
    store.seal(NOW)
    entries += _write(trial, store, "later", "latest")
    checkpoint = store.seal(LATER)
    places = {each.content.decode(): each.position - 1 for each in _stored(store)}
    for entry in entries:
        proof = store.prove(entry)
        trial.true(proof.holds(checkpoint), f"the proof of {entry.key} does not hold under the latest checkpoint")
        trial.same((proof.entry.key, proof.place), (entry.key, places[proof.content]), "entry and place of a proof")


@SHEET.check("15.3")
def _an_entry_that_is_not_covered_is_not_shown(trial: Trial) -> None:
    store = _sealing(trial.store())
    [first] = _write(trial, store, "one")
    with trial.raises(InputError, "not_sealed_yet", of="a ledger that nobody sealed"):
        store.prove(first)
    store.seal(NOW)
    [second] = _write(trial, store, "two")
    with trial.raises(InputError, "not_sealed_yet", of="an entry behind the last checkpoint"):
        store.prove(second)


@SHEET.check("15.4")
def _every_earlier_checkpoint_is_shown_to_be_a_beginning(trial: Trial) -> None:
    store = _sealing(trial.store())
    taken = []
    for number in range(6):
        _write(trial, store, *(f"{number} {each}" for each in range(number)))
        taken.append(store.seal(NOW))
    for old in taken:
        trial.true(store.extends(old).holds(old, taken[-1]), f"that {old.size} entries are still there is not shown")


@SHEET.check("15.4")
def _what_never_was_a_checkpoint_is_not_shown_to_be_a_beginning(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, "one", "two", "three")
    taken = store.seal(NOW)
    for wrong in (attrs.evolve(taken, root="0" * 64), attrs.evolve(taken, size=2), attrs.evolve(taken, size=4)):
        with trial.raises(Corrupt, "checkpoint_contradicted", of=f"a checkpoint of {wrong.size} with a wrong root"):
            store.extends(wrong)
    with trial.raises(InputError, "other_ledgers_checkpoint", of="a checkpoint of another ledger"):
        store.extends(attrs.evolve(taken, ledger="another"))


# --- what stays ---


@SHEET.check("15.5")
def _what_was_sealed_keeps_its_place(trial: Trial) -> None:
    store = _sealing(trial.store())
    before: list[Stored] = []
    for turn in range(3):
        done = trial.at_once(4, lambda number, turn=turn: _write(trial, store, f"{turn} {number}"))  # type: ignore[misc]
        trial.same(done, {"done": 4}, "four writers")
        store.seal(NOW)
        after = _stored(store)
        trial.same(after[: len(before)], before, "what was sealed before")
        trial.same(len(after), len(before) + 4, "entries")
        before = after


@SHEET.check("15.6")
def _sealing_writes_no_entry_and_changes_no_answer(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, "one", "two")
    before = trial.everything(store)
    store.seal(NOW)
    trial.same(trial.everything(store), before, "everything")
    _write(trial, store, "three")
    trial.same(len(_stored(store)), 3, "entries")


@SHEET.check("15.6")
def _a_reader_shows_the_tree_of_its_moment(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, *map(str, range(13)))
    store.seal(NOW)
    made = grown(0, Tree(), [each.leaf for each in _stored(store)])
    nodes = {node: value for node, value in made.items() if node.level}
    trial.same(_looked(store, lambda tree: dict(tree.read(list(nodes)))), nodes, "the nodes above the leaves")
    counts = _looked(store, lambda tree: (tree.covered(), tree.kept(), tree.ledger))
    trial.same(counts, (12, len(nodes), store.ledger), "leaves below nodes, nodes, and the ledger of a tree")


# --- signing, and others at the same time ---


@SHEET.check("15.7")
def _a_signature_is_kept_with_its_checkpoint(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, "one")
    plain = store.seal(NOW)
    signed = store.seal(LATER, _Signer())
    trial.same(signed, attrs.evolve(plain, signature=sha512(plain.content).hexdigest()), "a signed checkpoint")
    trial.same(store.seal(LATER), signed, "the last checkpoint")
    trial.same(_listed(store), [plain, signed], "the checkpoints that are kept")


@SHEET.check("15.7")
def _nobody_waits_for_whoever_signs(trial: Trial) -> None:
    store = _sealing(trial.store())
    _write(trial, store, "one")

    def first() -> None:
        writing = trial.start(lambda: _write(trial, store, "while it is signed"))
        trial.true(writing.ends_within(trial.seconds_left() / 2), "a writer waits for whoever signs")
        trial.end(writing)

    store.seal(NOW, _Signer(first))
    trial.same(len(_stored(store)), 2, "entries")


@SHEET.check("15.8")
def _whoever_writes_and_seals_at_once_makes_checkpoints_of_what_was_there(trial: Trial) -> None:
    store = _sealing(trial.store())
    taken: list[Checkpoint] = []
    over = threading.Event()

    def seal() -> None:
        taken.extend(trial.again(lambda: store.seal(NOW)) for _ in range(6))

    def write(name: str) -> None:
        for number in itertools.count():
            if over.is_set():
                return
            trial.again(lambda number=number: _write(trial, store, f"{name} {number}"))  # type: ignore[misc]

    writers = [trial.start(lambda name=name: write(name)) for name in "ab"]  # type: ignore[misc]
    sealers = [trial.start(seal) for _ in range(2)]
    try:
        trial.end(*sealers)
    finally:
        over.set()
    trial.end(*writers)
    last = store.seal(LATER)
    for checkpoint in taken:
        _check_head(trial, store, checkpoint, checkpoint.size)
        trial.true(store.extends(checkpoint).holds(checkpoint, last), "a checkpoint is no beginning of the last one")


# --- opening ---


@SHEET.check("15.9")
def _seals_outlive_the_store(trial: Trial) -> None:
    store = _sealing(trial.store())
    [entry, *_] = _write(trial, store, "one", "two", "three")
    first, signed = store.seal(NOW), store.seal(NOW, _Signer())
    again = _sealing(trial.reopened(store))
    trial.same(_listed(again), [first, signed], "the checkpoints that are kept")
    trial.true(again.prove(entry).holds(signed), "a proof does not hold after opening")
    _write(trial, again, "four")
    last = again.seal(LATER)
    _check_head(trial, again, last, 4)
    trial.true(again.extends(first).holds(first, last), "what was sealed is no beginning after opening")


@SHEET.check("15.9")
def _two_stores_of_one_ledger_have_one_tree(trial: Trial) -> None:
    store = _sealing(trial.store())
    other = _sealing(trial.beside(store))
    [entry] = _write(trial, store, "one")
    checkpoint = other.seal(NOW)
    trial.same(_listed(store), [checkpoint], "what the other store sealed")
    trial.true(store.prove(entry).holds(checkpoint), "a proof under what the other store sealed does not hold")


__all__ = ["SHEET"]
