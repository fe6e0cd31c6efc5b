"""The tree over the entries, made anew, and held against what a store keeps and against what was kept elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
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


@attrs.frozen(order=True)
class _Waiting:
    """A checkpoint that was not compared yet: one that the store keeps, or one that was published."""

    size: int
    published: bool
    checkpoint: Checkpoint = attrs.field(order=False)

    def breach(self, how: str, expected: dict[str, object], actual: dict[str, object]) -> Breach:
        """What is wrong about it."""
        name = "published" if self.published else "checkpoint"
        return f"{name}_{how}", (name, str(self.size)), expected, actual


class TreeCompared:
    """Grows the tree anew from the bytes of the entries, and compares nodes and checkpoints on the way.

    Args:
        ledger: The id of the ledger.
        tree: What the store keeps; None where it keeps no tree, as in a journal.
        published: Checkpoints that somebody kept elsewhere, as on a notice board.
    """

    def __init__(self, ledger: str, tree: Tree | None, published: Iterable[Checkpoint] = ()) -> None:
        self._tree = tree
        self._ledger = ledger
        self._size = 0
        self._known: dict[Node, bytes] = {}
        self._leaves: list[bytes] = []
        self._wrong: set[Node] = set()
        self._broken = False
        self._unread: Breach | None = None
        self._checkpoints: list[Checkpoint] = []
        self._published = tuple(published)
        self._agreed: list[int] = []
        try:
            self._checkpoints.extend(tree.checkpoints() if tree else ())
        except Corrupt as error:
            about = ("checkpoint", str(error.facts.get("size", "?")))
            self._unread = ("checkpoint_unreadable", about, {}, {"problem": str(error.facts.get("problem", ""))})
        kept = [_Waiting(each.size, published=False, checkpoint=each) for each in self._checkpoints]
        ours = [
            _Waiting(each.size, published=True, checkpoint=each) for each in self._published if each.ledger == ledger
        ]
        self._waiting = sorted([*kept, *ours], reverse=True)
        self._below = max([tree.covered() if tree else 0, *(each.size // 2 * 2 for each in self._checkpoints)])

    def add(self, leaf: bytes) -> Iterator[Breach]:
        """Take the next entry."""
        self._leaves.append(leaf)
        if len(self._leaves) >= LEAVES_AT_ONCE:
            yield from self._compare()

    def stop(self) -> Iterator[Breach]:
        """A place is missing: compare what lies before it, and nothing behind it."""
        yield from self._compare()
        self._broken = True

    def finish(self) -> Iterator[Breach]:
        """What is left over on either side."""
        yield from self._compare()
        if self._unread is not None:
            yield self._unread
        yield from self._foreign()
        for each in reversed(self._waiting):
            if not self._broken:
                yield each.breach("beyond", {"entries": each.size}, {"entries": self._size})
            elif each.published:
                yield each.breach("not_compared", {"root": each.checkpoint.root}, {})
        if self._tree is not None and not self._broken:
            yield from self._left_over(self._tree)

    def _foreign(self) -> Iterator[Breach]:
        for each in self._published:
            if each.ledger != self._ledger:
                about = ("published", str(each.size))
                yield "published_of_another", about, {"ledger": self._ledger}, {"ledger": each.ledger}

    def _left_over(self, tree: Tree) -> Iterator[Breach]:
        kept, wanted = tree.kept(), self._below - self._below.bit_count()
        told = any(not each.published for each in self._waiting)
        if kept > wanted or (self._below > self._size and not told):
            yield "nodes_left_over", ("tree", "nodes"), {"nodes": wanted}, {"nodes": kept}

    def covered(self) -> Covered | None:
        """How much is covered; None where there is no checkpoint."""
        if not self._checkpoints:
            return None
        size = max(each.size for each in self._checkpoints)
        return Covered(checkpoints=len(self._checkpoints), entries=size, beyond=max(0, self._size - size))

    def agreed(self) -> Covered | None:
        """How much is covered by published checkpoints that agree; None where none were given."""
        if not self._published:
            return None
        size = max(self._agreed, default=0)
        return Covered(checkpoints=len(self._agreed), entries=size, beyond=max(0, self._size - size))

    def _compare(self) -> Iterator[Breach]:
        new = grown(self._size, self, self._leaves)
        self._known.update(new)
        self._size += len(self._leaves)
        self._leaves.clear()
        if not self._broken:
            if self._tree is not None:
                yield from self._compare_nodes(self._tree, new)
            yield from self._compare_checkpoints()
        self._known = dict(self.last_read(self._size))

    def _compare_nodes(self, tree: Tree, new: Mapping[Node, bytes]) -> Iterator[Breach]:
        wanted = [node for node in new if node.level and (node.place + 1) << node.level <= self._below]
        found = tree.read(wanted) if wanted else {}
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
            each = self._waiting.pop()
            root = head(each.size, self).root.hex()
            if root != each.checkpoint.root:
                yield each.breach("differs", {"root": each.checkpoint.root}, {"root": root})
            elif each.published:
                self._agreed.append(each.size)

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
