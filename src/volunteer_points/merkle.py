"""A Merkle tree over the leaf hashes of a ledger, as in RFC 6962 and RFC 9162, section 2.1.

The tree shows that an entry stands at its place, and that a ledger has only grown since an earlier head of it was
published. A head is a size together with a root: a root alone says nothing, for many sizes may be claimed for it.

A store keeps the *complete* nodes, those over 2 ** level leaves that are all there. Such a node never changes again, so
nodes are only ever added, and they are about two for each leaf. Node (level, place) covers the leaves from
place * 2 ** level up to (place + 1) * 2 ** level; level nought holds the leaf hashes. What a head or a proof needs of
the ragged right edge is folded from complete nodes. Each question asks :class:`Nodes` once, for at most
2 * log2(size) + 2 nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, Protocol

from volunteer_points.errors import Corrupt, InputError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """Where a complete node stands: its level above the leaves and its place from the left, both from nought."""

    level: int
    place: int


class Head(NamedTuple):
    """The size of a tree, in leaves, and its root: together they commit to each leaf and its place."""

    size: int
    root: bytes


class Nodes(Protocol):
    """Where the complete nodes of one tree are kept."""

    def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
        """The hashes of these nodes.

        Called once for each question, with every node that it needs and none twice. Nodes that are not there are left
        out of the answer; the question then fails instead of making do.
        """
        ...


class Tree:
    """A tree in memory: its own :class:`Nodes`, which grow by :meth:`add`.

    >>> from volunteer_points.ledger import leaf_hash
    >>> tree = Tree()
    >>> tree.add(leaf_hash(content) for content in (b"one", b"two", b"three"))
    >>> verify_inclusion(leaf_hash(b"two"), 1, tree.head(), inclusion(1, 3, tree))
    True
    """

    def __init__(self) -> None:
        self.size = 0
        self._nodes: dict[Node, bytes] = {}

    def add(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes at the end."""
        new = grown(self.size, self, leaves)
        self._nodes.update(new)
        self.size += sum(not node.level for node in new)

    def head(self) -> Head:
        """The size and root as they are now."""
        return head(self.size, self)

    def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
        """As :meth:`Nodes.read`."""
        return {node: self._nodes[node] for node in wanted if node in self._nodes}


def grown(size: int, nodes: Nodes, leaves: Iterable[bytes]) -> dict[Node, bytes]:
    """The complete nodes that these leaves add to a tree of ``size`` leaves, in the order in which they arise.

    The nodes of level nought are the leaves themselves; a store that has them elsewhere by their place need not keep
    them twice. The work is two hashes for each leaf at most, and one read of log2(size) nodes.

    Raises:
        InputError: ``not_a_hash`` when a leaf is not of 32 bytes.
        Corrupt: ``node_missing``.
    """
    known = _read(nodes, _peaks((0, size)))
    new: dict[Node, bytes] = {}
    for place, leaf in enumerate(leaves, size):
        if not _is_hash(leaf):
            raise InputError("not_a_hash", value=repr(leaf))
        node, value = Node(0, place), leaf
        known[node] = new[node] = value
        while node.place % 2:  # a right child completes its parent
            value = node_hash(known[Node(node.level, node.place - 1)], value)
            node = Node(node.level + 1, node.place // 2)
            known[node] = new[node] = value
    return new


def head_of(leaves: Iterable[bytes]) -> Head:
    """The head of a tree of these leaf hashes, without keeping more than log2(size) of its nodes."""
    size, peaks = 0, list[bytes]()
    for place, leaf in enumerate(leaves):
        index, value = place, leaf
        while index % 2:
            index, value = index // 2, node_hash(peaks.pop(), value)
        peaks.append(value)
        size = place + 1
    return Head(size, _folded(peaks))


def head(size: int, nodes: Nodes) -> Head:
    """The head of the tree when it had ``size`` leaves.

    Raises:
        InputError: ``outside_the_tree`` when the size is negative.
        Corrupt: ``node_missing``.
    """
    _check(size >= 0, value=size, size=size)
    return Head(size, _hashes([(0, size)], nodes)[0])


def inclusion(place: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The proof that a leaf stands at its place, counted from nought, in the tree of ``size`` leaves.

    Raises:
        InputError: ``outside_the_tree`` when there is no such place.
        Corrupt: ``node_missing``.
    """
    _check(0 <= place < size, value=place, size=size)
    return tuple(_hashes(_beside(place, size), nodes))


def consistency(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The proof that the tree of ``new`` leaves begins with the tree of ``old`` leaves.

    It is empty when the sizes are the same, and for the empty tree, with which every tree begins.

    Raises:
        InputError: ``outside_the_tree`` when the old size is not between nought and the new one.
        Corrupt: ``node_missing``.
    """
    _check(0 <= old <= new, value=old, size=new)
    start, beside = _since(old, new)
    return tuple(_hashes([start, *beside] if start[0] else beside, nodes))


def verify_inclusion(leaf: bytes, place: int, head: Head, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the leaf hash stands at this place in the tree that has this head."""
    if not _is_head(head) or not _is_size(place) or place >= head.size or not all(map(_is_hash, [leaf, *proof])):
        return False
    beside = _beside(place, head.size)
    if len(beside) != len(proof):
        return False
    value = leaf
    for (begin, _), other in zip(beside, proof, strict=True):
        value = node_hash(value, other) if begin > place else node_hash(other, value)
    return value == head.root


def verify_consistency(old: Head, new: Head, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of the new head begins with that of the old one.

    The empty tree is told by its own root; whatever else is given as the root of no leaves does not verify.
    """
    if not _is_head(old) or not _is_head(new) or old.size > new.size or not all(map(_is_hash, proof)):
        return False
    start, beside = _since(old.size, new.size)
    values = list(proof) if start[0] else [old.root, *proof]
    if len(values) != len(beside) + 1:
        return False
    if not old.size:
        return True  # its root was looked at above, and there is nothing to be kept
    old_root = new_root = values[0]
    for (begin, _), other in zip(beside, values[1:], strict=True):
        if begin < old.size:
            old_root, new_root = node_hash(other, old_root), node_hash(other, new_root)
        else:
            new_root = node_hash(new_root, other)
    return old_root == old.root and new_root == new.root


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# --- spans of leaves: from the first, up to the last without it ---

_Span = tuple[int, int]


def _middle(begin: int, end: int) -> int:
    """Where the tree over two leaves or more divides: its left part is the greatest power of two below its size."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _beside(place: int, size: int) -> list[_Span]:
    """The subtrees that hang beside the way from a leaf up to the root, the lowest first."""
    begin, end, beside = 0, size, list[_Span]()
    while end - begin > 1:
        middle = _middle(begin, end)
        if place < middle:
            beside.append((middle, end))
            end = middle
        else:
            beside.append((begin, middle))
            begin = middle
    return beside[::-1]


def _since(old: int, new: int) -> tuple[_Span, list[_Span]]:
    """The greatest subtree of the new tree that ends where the old one ended, and those beside its way to the root."""
    begin, end, beside = 0, new, list[_Span]()
    while old < end and old:
        middle = _middle(begin, end)
        if old <= middle:
            beside.append((middle, end))
            end = middle
        else:
            beside.append((begin, middle))
            begin = middle
    return (begin, end), beside[::-1]


def _peaks(span: _Span) -> list[Node]:
    """The complete nodes that make up a subtree, from the left; a subtree begins at a multiple of its width."""
    begin, end = span
    peaks = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        peaks.append(Node(level, begin >> level))
        begin += 1 << level
    return peaks


def _hashes(spans: Sequence[_Span], nodes: Nodes) -> list[bytes]:
    known = _read(nodes, [node for span in spans for node in _peaks(span)])
    return [_folded([known[node] for node in _peaks(span)]) for span in spans]


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))


def _read(nodes: Nodes, wanted: Sequence[Node]) -> dict[Node, bytes]:
    found = dict(nodes.read(wanted)) if wanted else {}
    for node in wanted:
        if not _is_hash(found.get(node)):
            raise Corrupt("node_missing", level=node.level, place=node.place)
    return found


def _check(is_inside: bool, *, value: int, size: int) -> None:  # noqa: FBT001 - the question itself
    if not is_inside:
        raise InputError("outside_the_tree", value=value, size=size)


def _is_hash(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == HASH_BYTES


def _is_size(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_head(value: Head) -> bool:
    return _is_size(value.size) and _is_hash(value.root) and (value.size > 0 or value.root == EMPTY_ROOT)
