"""How a store seals its ledger: a Merkle tree over the entries with a lasting place, checkpoints, and proofs from them.

A store that can do so fulfils :class:`Sealing`. It keeps little: the complete nodes of the tree, which are only ever
added, and the checkpoints. What is shown is folded from them and checked before it is given out, so a proof that does
not hold never leaves a store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError
from volunteer_points.merkle import Node, Nodes, consistency, head, inclusion
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Signer


class SealedTree(Nodes, Protocol):
    """The tree of a ledger as it is kept, as of one moment. Places are counted from nought."""

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        ...

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, by size; of one size, as they were taken.

        Raises:
            Corrupt: ``unreadable_checkpoint``.
        """
        ...

    def latest(self) -> Checkpoint | None:
        """The last of them."""
        ...

    def locate(self, entry: Entry) -> tuple[int, bytes] | None:
        """The place of an entry and its bytes as they are kept; None while it has no lasting place."""
        ...

    def covered(self) -> int:
        """How many leaves there must be below the nodes that are kept; one leaf more may wait for its neighbour."""
        ...

    def kept(self) -> int:
        """How many nodes are kept above the leaves."""
        ...


class Sealed(Protocol):
    """A view of a ledger that shows its tree."""

    def tree(self) -> SealedTree:
        """The tree as of the moment of the view."""
        ...


@runtime_checkable
class Sealing(Protocol):
    """A store that can seal."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        """Take every entry that is there into the tree, and take a checkpoint; those who write do not wait for it.

        Where nothing came since the last checkpoint, that one is given, signed if it was not.

        Args:
            at: When it is done.
            signer: A key that signs it. It is asked once nobody waits for the ledger, so it may take its time.

        Raises:
            Corrupt: ``checkpoint_contradicted``: the entries are not those of the last checkpoint. ``place_missing``.
            Misused: ``seal_within_host``: a host's transaction would hold up others who seal.
        """
        ...

    def prove(self, entry: Entry) -> Inclusion:
        """That an entry stands at its place, under the latest checkpoint.

        Raises:
            InputError: ``not_sealed_yet``.
            Corrupt: ``proof_does_not_hold`` or ``node_missing``: the tree is damaged.
        """
        ...

    def extends(self, old: Checkpoint) -> Extension:
        """That all an earlier checkpoint covered is still there, under the latest one.

        Raises:
            InputError: ``not_sealed_yet`` or ``other_ledgers_checkpoint``.
            Corrupt: ``checkpoint_contradicted``: it is not so, or this was never a checkpoint of the ledger.
        """
        ...


def number_of(node: Node) -> int:
    """The number of a node: a walk through the tree from the left meets them in the order of their numbers.

    It is one number for two, and whoever adds leaves adds the greatest number above the leaves last.

    >>> [number_of(Node(0, 0)), number_of(Node(1, 0)), number_of(Node(0, 1)), number_of(Node(2, 0))]
    [0, 1, 2, 3]
    """
    return ((2 * node.place + 1) << node.level) - 1


def leaves_below(last: int | None) -> int:
    """How many leaves are below the nodes of a tree whose greatest number is this; None is for no nodes at all."""
    return 0 if last is None else (last + 3) // 2


def next_checkpoint(tree: SealedTree, size: int, at: datetime) -> Checkpoint:
    """The checkpoint of so many leaves: a new one, or the latest where that has as many.

    Raises:
        Corrupt: ``checkpoint_contradicted``: the tree does not begin with what the latest one covered.
    """
    latest = tree.latest()
    if latest is not None and (latest.size > size or head(latest.size, tree) != latest.head):
        raise _contradicted(latest, size)
    if latest is not None and latest.size == size:
        return latest
    return Checkpoint(ledger=tree.ledger, size=size, root=head(size, tree).root.hex(), at=at)


def proved(tree: SealedTree, entry: Entry) -> Inclusion:
    """As :meth:`Sealing.prove`."""
    checkpoint, found = tree.latest(), tree.locate(entry)
    if checkpoint is None or found is None or found[0] >= checkpoint.size:
        raise InputError("not_sealed_yet", entry=entry.id, fix="Seal the ledger, then ask again.")
    place, content = found
    path = _texts(inclusion(place, checkpoint.size, tree))
    shown = Inclusion(checkpoint=checkpoint, place=place, content=content.decode("utf-8", "replace"), path=path)
    if not shown.holds(checkpoint):
        raise Corrupt("proof_does_not_hold", entry=entry.id, size=checkpoint.size, fix="Run the audit.")
    return shown


def extended(tree: SealedTree, old: Checkpoint) -> Extension:
    """As :meth:`Sealing.extends`."""
    new = tree.latest()
    if new is None:
        raise InputError("not_sealed_yet", entry="-", fix="Seal the ledger, then ask again.")
    if old.ledger != new.ledger:
        raise InputError("other_ledgers_checkpoint", ledger=new.ledger, found=old.ledger)
    if old.size > new.size:
        raise _contradicted(old, new.size)
    shown = Extension(old=old, new=new, path=_texts(consistency(old.size, new.size, tree)))
    if not shown.holds(old, new):
        raise _contradicted(old, new.size)
    return shown


def _contradicted(checkpoint: Checkpoint, size: int) -> Corrupt:
    fix = "Stop writing and run the audit."
    return Corrupt("checkpoint_contradicted", size=checkpoint.size, root=checkpoint.root, entries=size, fix=fix)


def _texts(path: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(each.hex() for each in path)


__all__ = ["Sealed", "SealedTree", "Sealing", "extended", "leaves_below", "next_checkpoint", "number_of", "proved"]
