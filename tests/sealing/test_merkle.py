"""The tree follows RFC 6962: the published vectors, the definition written out, another library, and laws."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from functools import cache, partial
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]
from pymerkle import verify_consistency as others_verify_consistency
from pymerkle import verify_inclusion as others_verify_inclusion

from volunteer_points.errors import Corrupt, InputError
from volunteer_points.ledger import leaf_hash
from volunteer_points.merkle import (
    EMPTY_ROOT,
    Head,
    Node,
    Tree,
    consistency,
    grown,
    head,
    head_of,
    inclusion,
    verify_consistency,
    verify_inclusion,
)

SIZES = 131  # beyond 128, where the tree has one leaf more than a complete one
CONTENTS = [b"entry %d" % place for place in range(SIZES)]
LEAVES = [leaf_hash(content) for content in CONTENTS]


class Counted(Tree):
    """A tree that notes what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[Node]] = []

    def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
        self.asked.append(list(wanted))
        return super().read(wanted)


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    tree.add(leaves)
    return tree


TREE = tree_of(LEAVES)
HEADS = [head(size, TREE) for size in range(SIZES + 1)]


# --- the published vectors: the eight leaves of the reference implementation of Certificate Transparency, as they stand
# in github.com/transparency-dev/merkle, testonly/constants.go and proof/verify_test.go ---

PUBLISHED = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_INCLUSIONS = {
    (0, 1): "",
    (0, 8): """
        96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
        5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
        6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (5, 8): """
        bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b
        ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
        d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 3): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    (1, 5): """
        6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
        5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
        bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
}
PUBLISHED_CONSISTENCIES = {
    (1, 1): "",
    (1, 8): """
        96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
        5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
        6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (6, 8): """
        0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
        ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
        d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 5): """
        5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
        bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
    (6, 7): """
        0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
        b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f
        d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
}
PUBLISHED_TREE = tree_of([leaf_hash(content) for content in PUBLISHED])


def hashes(text: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(each) for each in text.split())


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots_are_met(size: int) -> None:
    assert head(size, PUBLISHED_TREE) == Head(size, bytes.fromhex(PUBLISHED_ROOTS[size]))


@pytest.mark.parametrize("place, size", PUBLISHED_INCLUSIONS)
def test_the_published_proofs_of_inclusion_are_met(place: int, size: int) -> None:
    proof = hashes(PUBLISHED_INCLUSIONS[place, size])
    assert inclusion(place, size, PUBLISHED_TREE) == proof
    assert verify_inclusion(leaf_hash(PUBLISHED[place]), place, head(size, PUBLISHED_TREE), proof)


@pytest.mark.parametrize("old, new", PUBLISHED_CONSISTENCIES)
def test_the_published_proofs_of_consistency_are_met(old: int, new: int) -> None:
    proof = hashes(PUBLISHED_CONSISTENCIES[old, new])
    assert consistency(old, new, PUBLISHED_TREE) == proof
    assert verify_consistency(head(old, PUBLISHED_TREE), head(new, PUBLISHED_TREE), proof)


# --- the definition of RFC 6962, section 2.1, written out over the leaves from `begin` up to `end` ---


def split(count: int) -> int:
    return max(1 << power for power in range(count.bit_length()) if 1 << power < count)


@cache
def root_defined(begin: int, end: int) -> bytes:
    if begin == end:
        return hashlib.sha256().digest()
    if end - begin == 1:
        return LEAVES[begin]
    middle = begin + split(end - begin)
    return hashlib.sha256(b"\x01" + root_defined(begin, middle) + root_defined(middle, end)).digest()


def path_defined(place: int, begin: int, end: int) -> tuple[bytes, ...]:
    if end - begin == 1:
        return ()
    middle = begin + split(end - begin)
    if place < middle:
        return (*path_defined(place, begin, middle), root_defined(middle, end))
    return (*path_defined(place, middle, end), root_defined(begin, middle))


def subproof_defined(old: int, begin: int, end: int, *, is_whole: bool) -> tuple[bytes, ...]:
    if old == end:
        return () if is_whole else (root_defined(begin, end),)
    middle = begin + split(end - begin)
    if old <= middle:
        return (*subproof_defined(old, begin, middle, is_whole=is_whole), root_defined(middle, end))
    return (*subproof_defined(old, middle, end, is_whole=False), root_defined(begin, middle))


def test_every_root_is_the_one_defined() -> None:
    assert [each.root for each in HEADS] == [root_defined(0, size) for size in range(SIZES + 1)]
    assert [head_of(LEAVES[:size]) for size in range(SIZES + 1)] == HEADS


def test_every_proof_of_inclusion_is_the_one_defined_and_verifies() -> None:
    for size in range(1, SIZES + 1):
        for place in range(size):
            proof = inclusion(place, size, TREE)
            assert proof == path_defined(place, 0, size)
            assert verify_inclusion(LEAVES[place], place, HEADS[size], proof)


def test_every_proof_of_consistency_is_the_one_defined_and_verifies() -> None:
    for old, new in combinations(range(SIZES + 1), 2):
        proof = consistency(old, new, TREE)
        assert proof == (subproof_defined(old, 0, new, is_whole=True) if old else ())
        assert verify_consistency(HEADS[old], HEADS[new], proof)
    for each in HEADS:
        assert consistency(each.size, each.size, TREE) == ()
        assert verify_consistency(each, each, ())


def test_another_library_makes_the_same_tree_and_proofs() -> None:
    other = InmemoryTree(algorithm="sha256")  # with its guard against second preimages: the prefixes of RFC 6962
    other.append_entries(CONTENTS)
    assert [other.get_root(size) for size in range(SIZES + 1)] == [each.root for each in HEADS]
    for size in range(1, SIZES + 1, 3):
        for place in range(size):
            proof = other.prove_inclusion(place + 1, size)
            assert tuple(proof.path) == (LEAVES[place], *inclusion(place, size, TREE))
            others_verify_inclusion(LEAVES[place], HEADS[size].root, proof, index=place + 1, size=size)
    for old, new in combinations(range(1, SIZES + 1, 3), 2):  # its proofs of consistency are longer, and agree
        proof = other.prove_consistency(old, new)
        others_verify_consistency(HEADS[old].root, HEADS[new].root, proof, prior_size=old, later_size=new)


# --- nodes ---


@given(st.lists(st.integers(0, SIZES), max_size=5))
def test_a_tree_grown_in_any_steps_is_the_same(stops: list[int]) -> None:
    tree = Tree()
    for begin, end in pairwise(sorted({0, *stops, SIZES})):
        tree.add(LEAVES[begin:end])
    assert tree.head() == HEADS[SIZES]
    assert [tree.head(), *(head(stop, tree) for stop in stops)] == [HEADS[SIZES], *(HEADS[stop] for stop in stops)]


@given(st.integers(0, SIZES), st.integers(0, SIZES))
def test_growing_adds_the_nodes_that_become_complete_and_no_others(old: int, new: int) -> None:
    old, new = sorted((old, new))
    added = grown(old, tree_of(LEAVES[:old]), LEAVES[old:new])
    complete = {
        Node(level, index)
        for level in range(new.bit_length())
        for index in range(new >> level)
        if (index + 1) << level > old
    }
    assert set(added) == complete
    assert added == TREE.read(complete)


@given(st.data())
def test_a_question_reads_once_and_few_nodes_and_none_twice(data: st.DataObject) -> None:
    tree = Counted()
    tree.add(LEAVES)
    new = data.draw(st.integers(1, SIZES))
    old = data.draw(st.integers(1, new))
    tree.asked.clear()
    head(new, tree)
    inclusion(old - 1, new, tree)
    consistency(old, new, tree)
    grown(new, tree, LEAVES[:1])
    for asked in tree.asked:
        assert len(asked) == len(set(asked)) <= 2 * new.bit_length() + 2
    assert len(tree.asked) == 4 - (new == 1) - (old == new)  # two proofs that may be empty need nothing


def test_a_node_that_is_missing_or_no_hash_is_not_made_up_for() -> None:
    class Broken(Tree):
        def read(self, wanted: Collection[Node], /) -> Mapping[Node, bytes]:
            return {**super().read(wanted), Node(2, 0): b"short"}

    broken = Broken()
    broken.add(LEAVES[:8])
    for nodes, place, size in ((tree_of(LEAVES[:3]), 0, 4), (broken, 5, 6)):
        for question in (
            partial(head, size, nodes),
            partial(inclusion, place, size, nodes),
            partial(consistency, size, size + 1, nodes),
            partial(grown, size, nodes, []),
        ):
            with pytest.raises(Corrupt) as caught:
                question()
            assert caught.value.code == "node_missing"


def test_what_lies_outside_the_tree_is_refused() -> None:
    for question in (
        lambda: head(-1, TREE),
        lambda: inclusion(-1, 3, TREE),
        lambda: inclusion(3, 3, TREE),
        lambda: inclusion(0, 0, TREE),
        lambda: consistency(-1, 3, TREE),
        lambda: consistency(4, 3, TREE),
    ):
        with pytest.raises(InputError) as caught:
            question()
        assert caught.value.code == "outside_the_tree"


@pytest.mark.parametrize("leaf", [b"", LEAVES[0][:-1], LEAVES[0] + b"\x00", LEAVES[0].hex()])
def test_only_a_hash_can_be_a_leaf(leaf: object) -> None:
    with pytest.raises(InputError) as caught:
        Tree().add([leaf])  # type: ignore[list-item]
    assert caught.value.code == "not_a_hash"


# --- what must not verify ---

places_in_trees = st.integers(1, SIZES).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
grown_trees = st.tuples(st.integers(1, SIZES), st.integers(1, SIZES)).filter(lambda sizes: sizes[0] < sizes[1])


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value) ^ (1 << bit)).to_bytes(len(value))


def bent(proof: tuple[bytes, ...], bit: int) -> list[tuple[bytes, ...]]:
    """The proof with one hash changed, left out, put in, cut short or swapped with the next."""
    found: list[tuple[bytes, ...]] = [(*proof, LEAVES[0]), (LEAVES[0], *proof), (*proof, b""), (*proof, proof[-1])]
    for index, each in enumerate(proof):
        before, after = proof[:index], proof[index + 1 :]
        found += [(*before, other, *after) for other in (flipped(each, bit), each[:-1], each + b"\x00", b"")]
        found += [(*before, *after), (*before, each, each, *after)]
    found += [(*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]) for at in range(len(proof) - 1)]
    return found


@given(places_in_trees.filter(lambda drawn: drawn[1] > 1), st.integers(0, 255))
def test_a_changed_proof_of_inclusion_fails(drawn: tuple[int, int], bit: int) -> None:
    place, size = drawn
    leaf, proof, known = LEAVES[place], inclusion(place, size, TREE), HEADS[size]
    assert not any(verify_inclusion(leaf, place, known, each) for each in bent(proof, bit))
    assert not verify_inclusion(flipped(leaf, bit), place, known, proof)
    assert not verify_inclusion(leaf, place, Head(size, flipped(known.root, bit)), proof)


@given(grown_trees, st.integers(0, 255))
def test_a_changed_proof_of_consistency_fails(drawn: tuple[int, int], bit: int) -> None:
    old, new = HEADS[drawn[0]], HEADS[drawn[1]]
    proof = consistency(*drawn, TREE)
    assert not any(verify_consistency(old, new, each) for each in bent(proof, bit))
    assert not verify_consistency(old, new, ())
    assert not verify_consistency(Head(old.size, flipped(old.root, bit)), new, proof)
    assert not verify_consistency(old, Head(new.size, flipped(new.root, bit)), proof)
    assert not verify_consistency(new, old, proof)


def test_a_proof_of_inclusion_fails_for_every_other_leaf_place_and_head() -> None:
    for size in range(1, 34):
        for place in range(size):
            proof = inclusion(place, size, TREE)
            assert [
                (each, other.size)
                for each in range(34)
                for other in HEADS[:35]
                if verify_inclusion(LEAVES[place], each, other, proof)
            ] == [(place, size)]
            assert [each for each in range(34) if verify_inclusion(LEAVES[each], place, HEADS[size], proof)] == [place]


def test_a_proof_of_consistency_fails_between_all_other_heads() -> None:
    pairs = list(combinations(range(1, 18), 2))
    for old, new in pairs:
        proof = consistency(old, new, TREE)
        assert [each for each in pairs if verify_consistency(HEADS[each[0]], HEADS[each[1]], proof)] == [(old, new)]


@given(st.integers(2, SIZES), st.data())
def test_a_ledger_with_another_past_has_no_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    place = data.draw(st.integers(0, old - 1))
    forged = tree_of([*LEAVES[:place], leaf_hash(b"forged"), *LEAVES[place + 1 : new]])
    for proof in (consistency(old, new, forged), consistency(old, new, TREE), (LEAVES[0],), ()):
        assert not verify_consistency(HEADS[old], forged.head(), proof)


def test_nothing_verifies_without_a_sound_head() -> None:
    leaf, root = LEAVES[0], HEADS[1].root
    assert verify_inclusion(leaf, 0, Head(1, root), ())
    for bad in (
        Head(0, root),
        Head(-1, root),
        Head(size=True, root=root),
        Head(1, b""),
        Head(1, root[:-1]),
        Head(0, EMPTY_ROOT),
    ):
        assert not verify_inclusion(leaf, 0, bad, ())
        assert not verify_consistency(HEADS[1], bad, ())
    for bad in (Head(0, root), Head(-1, EMPTY_ROOT), Head(size=False, root=EMPTY_ROOT), Head(0, b"")):
        assert not verify_consistency(bad, HEADS[1], ())
        assert not verify_consistency(bad, bad, ())
    for place in (-1, 1, True, False):
        assert not verify_inclusion(leaf, place, Head(1, root), ())
    assert not verify_inclusion(b"", 0, Head(1, b""), ())


def test_every_tree_begins_with_the_empty_one_and_needs_no_proof_for_it() -> None:
    empty = Head(0, EMPTY_ROOT)
    assert all(verify_consistency(empty, each, ()) for each in HEADS)
    assert not any(verify_consistency(empty, each, (each.root,)) for each in HEADS)


def test_a_node_is_never_taken_for_a_leaf() -> None:
    four = HEADS[4]
    node = root_defined(0, 2)
    assert not verify_inclusion(node, 0, four, (root_defined(2, 4),))
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node
