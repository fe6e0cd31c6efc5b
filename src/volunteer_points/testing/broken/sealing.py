"""Stores that are broken in sealing: what a checkpoint covers, what is shown, what stays, and who waits."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Self

import attrs

from volunteer_points.entries import Entry
from volunteer_points.ledger import leaf_hash
from volunteer_points.merkle import Node
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Signer
from volunteer_points.storage import Stored
from volunteer_points.storage.memory import MemoryTree
from volunteer_points.testing.side_by_side import OpenSession, OpenStore

# --- what a checkpoint covers ---


class SealsAllButTheLast(OpenStore):
    """The newest entry is left for the next time."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        last = [self._stored.pop()] if self._stored else []
        try:
            return super().seal(at, signer)
        finally:
            self._stored += last


class HashesAChain(OpenStore):
    """The root is that of a chain and not of the tree."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        root = b""
        for each in self._stored:
            root = sha256(root + each.leaf).digest()
        return attrs.evolve(super().seal(at, signer), root=root.hex() if root else sha256().hexdigest())


class SealsAnewEachTime(OpenStore):
    """Where nothing came, there is a new checkpoint all the same."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        checkpoint = attrs.evolve(super().seal(at, signer), at=at)
        self._tree.keep(checkpoint)
        return checkpoint


class KeepsTheLastCheckpointAlone(OpenStore):
    """An older checkpoint is forgotten."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        checkpoint = super().seal(at, signer)
        self._tree._checkpoints[:] = [checkpoint]
        return checkpoint


# --- proofs ---


class ProvesTheFirst(OpenStore):
    """Whatever is asked for, the first entry is shown."""

    def prove(self, entry: Entry) -> Inclusion:
        first = super().prove(entry)
        return attrs.evolve(first, place=0) if first.place else first


class ProvesWhatNobodySealed(OpenStore):
    """An entry that no checkpoint covers is sealed on the quiet."""

    def prove(self, entry: Entry) -> Inclusion:
        self.seal(entry.booked_at)
        return super().prove(entry)


class CallsAnythingABeginning(OpenStore):
    """What is shown to be a beginning was not compared."""

    def extends(self, old: Checkpoint) -> Extension:
        new = next(reversed(list(self._tree.checkpoints())))
        known = next((each for each in self._tree.checkpoints() if each.size == old.size), new)
        return attrs.evolve(super().extends(known), old=old)


class TakesAnyLedgersCheckpoint(OpenStore):
    """Whose checkpoint it is does not matter."""

    def extends(self, old: Checkpoint) -> Extension:
        return super().extends(attrs.evolve(old, ledger=self.ledger))


# --- what stays ---


class PutsNewEntriesBeforeSealedOnes(OpenStore):
    """What is written after a seal stands in front of the entries that were sealed."""

    def keep(self, session: OpenSession) -> None:
        sealed = self._tree.size
        super().keep(session)
        if sealed:
            contents = [each.content for each in (*self._stored[sealed:], *self._stored[:sealed])]
            self._stored[:] = [self.laid(number, content) for number, content in enumerate(contents, start=1)]


class NotesEachSeal(OpenStore):
    """Sealing writes an entry of its own."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        checkpoint = super().seal(at, signer)
        if self._stored:
            content = self._stored[-1].content.replace(b"}", b" }", 1)
            self._stored.append(Stored(len(self._stored) + 1, content, leaf_hash(content)))
        return checkpoint


class _WithoutTopNodes(MemoryTree):
    def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
        return {node: value for node, value in super().read(wanted).items() if node.level <= 1}


class ShowsTheLowestNodesAlone(OpenStore):
    """A reader shows a tree that lacks its upper nodes."""

    def shown_tree(self) -> MemoryTree:
        tree = _WithoutTopNodes(self.ledger, self._stored)
        tree.add(each.leaf for each in self._stored[: self._tree.size])
        return tree


# --- signing, and others at the same time ---


class DropsSignatures(OpenStore):
    """The signature is given to whoever seals, and is not kept."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        checkpoint = super().seal(at)
        return checkpoint if signer is None else checkpoint.signed(signer)


class LetsOthersWaitForTheSignature(OpenStore):
    """Nobody writes while it is signed."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        with self._lock:
            return super().seal(at, signer)


class CountsBeforeItSeals(OpenStore):
    """How many entries there are is read before the root is made."""

    def seal(self, at: datetime, signer: Signer | None = None) -> Checkpoint:
        size = len(self._stored)
        time.sleep(0.01)
        return attrs.evolve(super().seal(at, signer), size=size)


# --- opening ---


class ForgetsItsSeals(OpenStore):
    """When it is opened again, nothing was ever sealed."""

    def resealed(self, checkpoints: Iterable[Checkpoint]) -> None:
        pass


class KeepsATreeOfItsOwn(OpenStore):
    """A second store of the ledger knows nothing of the seals of the first."""

    def twin(self) -> Self:
        other = super().twin()
        other._tree = MemoryTree(self.ledger, self._stored)
        return other


__all__ = [
    "CallsAnythingABeginning",
    "CountsBeforeItSeals",
    "DropsSignatures",
    "ForgetsItsSeals",
    "HashesAChain",
    "KeepsATreeOfItsOwn",
    "KeepsTheLastCheckpointAlone",
    "LetsOthersWaitForTheSignature",
    "NotesEachSeal",
    "ProvesTheFirst",
    "ProvesWhatNobodySealed",
    "PutsNewEntriesBeforeSealedOnes",
    "SealsAllButTheLast",
    "SealsAnewEachTime",
    "ShowsTheLowestNodesAlone",
    "TakesAnyLedgersCheckpoint",
]
