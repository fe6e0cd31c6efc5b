"""The tree that a store keeps over its entries, held against the one that the entries make."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from volunteer_points.errors import Corrupt
from volunteer_points.merkle import Node, grown, head
from volunteer_points.sealing import Checkpoint

LEAVES_AT_ONCE = 512

Breach: TypeAlias = tuple[str, tuple[str, str], dict[str, object], dict[str, object]]
"""The key of its sentence, what it is about, what was expected and what was found."""


class Tree(Protocol):
    """What a store keeps."""

    def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
        """The hashes of nodes, without those that are not there."""
        ...

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, by size."""
        ...

    def covered(self) -> int:
        """How many leaves must be below the nodes."""
        ...

    def kept(self) -> int:
        """How many nodes there are above the leaves."""
        ...


@runtime_checkable
class KeepsTree(Protocol):
    """A view of a store that shows its tree."""

    def tree(self) -> Tree:
        """The tree as of the same moment."""
        ...


@attrs.frozen(kw_only=True)
class Covered:
    """How much of a ledger its checkpoints cover: entries beyond could be rewritten without anybody seeing it here."""

    checkpoints: int
    entries: int
    beyond: int


class TreeCompared:
    """Grows the tree anew from the bytes of the entries, and compares nodes and checkpoints on the way.

    Args:
        tree: What the store keeps.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._size = 0
        self._known: dict[Node, bytes] = {}
        self._leaves: list[bytes] = []
        self._wrong: set[Node] = set()
        self._broken = False
        self._unread: Breach | None = None
        self._checkpoints: list[Checkpoint] = []
        try:
            self._checkpoints.extend(tree.checkpoints())
        except Corrupt as error:
            about = ("checkpoint", str(error.facts.get("size", "?")))
            self._unread = ("checkpoint_unreadable", about, {}, {"problem": str(error.facts.get("problem", ""))})
        self._waiting = list(reversed(self._checkpoints))
        self._below = max([tree.covered(), *(each.size // 2 * 2 for each in self._checkpoints)])

    def add(self, leaf: bytes) -> Iterator[Breach]:
        """Take the next entry."""
        self._leaves.append(leaf)
        if len(self._leaves) >= LEAVES_AT_ONCE:
            yield from self._compare()

    def stop(self) -> None:
        """A place is missing, so nothing behind it can be compared."""
        self._broken = True

    def finish(self) -> Iterator[Breach]:
        """What is left over on either side."""
        yield from self._compare()
        if self._unread is not None:
            yield self._unread
        if self._broken:
            return
        for checkpoint in reversed(self._waiting):
            yield (
                "checkpoint_beyond",
                ("checkpoint", str(checkpoint.size)),
                {"entries": checkpoint.size},
                {"entries": self._size},
            )
        kept, wanted = self._tree.kept(), self._below - self._below.bit_count()
        if kept > wanted or (self._below > self._size and not self._waiting):
            yield "nodes_left_over", ("tree", "nodes"), {"nodes": wanted}, {"nodes": kept}

    def covered(self) -> Covered | None:
        """How much is covered; None where there is no checkpoint."""
        if not self._checkpoints:
            return None
        size = max(each.size for each in self._checkpoints)
        return Covered(checkpoints=len(self._checkpoints), entries=size, beyond=max(0, self._size - size))

    def _compare(self) -> Iterator[Breach]:
        new = grown(self._size, self, self._leaves)
        self._known.update(new)
        self._size += len(self._leaves)
        self._leaves.clear()
        if not self._broken:
            yield from self._compare_nodes(new)
            yield from self._compare_checkpoints()
        self._known = dict(self.last_read(self._size))

    def _compare_nodes(self, new: Mapping[Node, bytes]) -> Iterator[Breach]:
        wanted = [node for node in new if node.level and (node.place + 1) << node.level <= self._below]
        found = self._tree.read(wanted) if wanted else {}
        for node in wanted:
            if found.get(node) == new[node]:
                continue
            children = {Node(node.level - 1, 2 * node.place), Node(node.level - 1, 2 * node.place + 1)}
            told = not children.isdisjoint(self._wrong)  # what follows from a breach below is told with it
            self._wrong.add(node)
            if not told:
                first, last = (node.place << node.level) + 1, (node.place + 1) << node.level
                there = found.get(node)
                yield (
                    "node_differs" if there else "node_missing",
                    ("node", f"{node.level}/{node.place}"),
                    {"hash": new[node].hex(), "first": first, "last": last},
                    {"hash": there.hex() if there else None},
                )

    def _compare_checkpoints(self) -> Iterator[Breach]:
        while self._waiting and self._waiting[-1].size <= self._size:
            checkpoint = self._waiting.pop()
            root = head(checkpoint.size, self).root.hex()
            if root != checkpoint.root:
                about = ("checkpoint", str(checkpoint.size))
                yield "checkpoint_differs", about, {"root": checkpoint.root}, {"root": root}

    # --- the right edge, which is all that is kept in memory ---

    def read(self, wanted: Collection[Node], /) -> dict[Node, bytes]:
        """Nodes that the entries made, as long as they are at the right edge."""
        return {node: self._known[node] for node in wanted if node in self._known}

    def last_read(self, size: int) -> dict[Node, bytes]:
        """The nodes of which the head of so many leaves is made."""
        edge = _Edge(self)
        head(size, edge)
        return edge.found


class _Edge:
    """Remembers what was read."""

    def __init__(self, nodes: TreeCompared) -> None:
        self._nodes = nodes
        self.found: dict[Node, bytes] = {}

    def read(self, wanted: Collection[Node], /) -> dict[Node, bytes]:
        """Read and remember."""
        self.found = self._nodes.read(wanted)
        return self.found


__all__ = ["Covered", "KeepsTree", "Tree", "TreeCompared"]
