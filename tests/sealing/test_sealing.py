"""Checkpoints and proofs as files: what is published or handed out verifies offline, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.samples import ENTRIES
from tests.histories import at
from volunteer_points.entries import Awarded
from volunteer_points.errors import Corrupt, InputError
from volunteer_points.ledger import encode, leaf_hash
from volunteer_points.merkle import Tree, consistency, head, inclusion
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Seal, seal_from, seal_text

CONTENTS = [encode(entry) for entry in ENTRIES]
TREE = Tree()
TREE.add(map(leaf_hash, CONTENTS))
LEDGER = ENTRIES[0].ledger
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ledger=LEDGER, size=size, root=head(size, TREE).root.hex(), at=at("2026-04-01T00:00"))


def texts(path: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(each.hex() for each in path)


def shown(place: int, size: int) -> Inclusion:
    path = texts(inclusion(place, size, TREE))
    return Inclusion(checkpoint=checkpoint(size), place=place, content=CONTENTS[place].decode(), path=path)


def extension(old: int, new: int) -> Extension:
    return Extension(old=checkpoint(old), new=checkpoint(new), path=texts(consistency(old, new, TREE)))


LATEST = checkpoint(TREE.size)
AWARD = next(place for place, entry in enumerate(ENTRIES) if isinstance(entry.fact, Awarded))
PROOF = shown(AWARD, TREE.size)
GROWTH = extension(5, TREE.size)
SEALS: list[Seal] = [LATEST, LATEST.signed(KEY), PROOF, GROWTH]


def test_an_award_is_shown_to_stand_in_the_published_ledger() -> None:
    assert PROOF.holds(LATEST)
    assert PROOF.entry == ENTRIES[AWARD]
    assert all(shown(place, size).holds(checkpoint(size)) for size in (3, TREE.size) for place in range(size))


def test_a_proof_is_a_file_that_verifies_with_nothing_but_the_library_and_a_checkpoint(tmp_path: Path) -> None:
    for name, seal in (("proof.json", PROOF), ("board.json", LATEST)):
        (tmp_path / name).write_text(seal_text(seal), "utf-8")
    program = (
        "from pathlib import Path; from volunteer_points.sealing import seal_from;"
        "print(*(seal_from(Path(name).read_text('utf-8')) for name in ('proof.json', 'board.json')), sep='\\n');"
        "print(seal_from(Path('proof.json').read_text('utf-8')).holds(seal_from(Path('board.json').read_text('utf-8'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(PROOF), str(LATEST), "True"]


def test_a_proof_against_another_checkpoint_than_the_published_one_shows_nothing() -> None:
    others = [
        checkpoint(TREE.size - 1),
        attrs.evolve(LATEST, root="00" * 32),
        attrs.evolve(LATEST, size=TREE.size + 1),
        attrs.evolve(LATEST, ledger="other"),
    ]
    assert [other for other in others if PROOF.holds(other)] == []
    assert [other for other in others if attrs.evolve(PROOF, checkpoint=other).holds(LATEST)] == []
    assert [other for other in others if GROWTH.holds(GROWTH.old, other)] == []
    assert [other for other in others if attrs.evolve(GROWTH, new=other).holds(GROWTH.old, LATEST)] == []


def test_an_entry_of_another_ledger_or_one_that_cannot_be_read_is_not_shown() -> None:
    strange = attrs.evolve(ENTRIES[0], ledger="elsewhere")
    for content in (encode(strange), b"{}", b" " + CONTENTS[0]):
        tree = Tree()
        tree.add([leaf_hash(content)])
        own = attrs.evolve(LATEST, size=1, root=tree.head().root.hex())
        assert not Inclusion(checkpoint=own, place=0, content=content.decode(), path=()).holds(own)
    with pytest.raises(Corrupt):
        _ = attrs.evolve(PROOF, content="{}").entry


def test_a_ledger_that_only_grew_is_shown_to_have_grown() -> None:
    assert all(
        extension(old, new).holds(checkpoint(old), checkpoint(new)) for new in range(9) for old in range(new + 1)
    )
    assert not GROWTH.holds(LATEST, GROWTH.old)
    assert not attrs.evolve(GROWTH, path=GROWTH.path[1:]).holds(GROWTH.old, LATEST)


@given(st.integers(0, len(CONTENTS[AWARD]) - 1), st.integers(1, 255))
def test_any_changed_byte_of_the_entry_is_noticed(place: int, change: int) -> None:
    content = bytearray(CONTENTS[AWARD])
    content[place] ^= change
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    assert not attrs.evolve(PROOF, content=text).holds(LATEST)


def test_a_signature_is_over_everything_and_by_one_key() -> None:
    signed = LATEST.signed(KEY)
    assert signed.content == LATEST.content
    assert signed.is_signed_by(PUBLIC)
    assert not LATEST.is_signed_by(PUBLIC)
    assert not signed.is_signed_by(OTHER.public_key().public_bytes_raw())
    changes = {"ledger": "x", "size": 1, "root": "00" * 32, "at": at("2026-04-02T00:00"), "signature": "00" * 64}
    for field, value in changes.items():
        assert not attrs.evolve(signed, **{field: value}).is_signed_by(PUBLIC), field  # type: ignore[arg-type]


def test_what_is_signed_is_one_run_of_bytes_for_good() -> None:
    small = Checkpoint(ledger="saihan", size=1, root="ab" * 32, at=at("2026-04-01T08:00"))
    assert small.content.decode() == (
        '{"at":"2026-04-01T00:00:00.000000Z","kind":"checkpoint","ledger":"saihan",'
        f'"root":"{"ab" * 32}","size":1,"v":1}}'
    )


@pytest.mark.parametrize("seal", SEALS, ids=["checkpoint", "signed", "inclusion", "extension"])
def test_a_seal_survives_the_way_over_paper(seal: Seal) -> None:
    assert seal_from(seal_text(seal)) == seal
    assert seal_from(f"\n  {seal_text(seal)}\r\n") == seal
    assert seal_text(seal).count("\n") == 1


def changed(seal: Seal, **fields: object) -> str:
    found = {**json.loads(seal_text(seal)), **fields}
    return json.dumps({name: value for name, value in found.items() if value is not None}, separators=(",", ":"))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "1", "[" * 100_000, '{"v":1}', '{"kind":"checkpoint"}',
        changed(LATEST, v=2), changed(LATEST, v=True), changed(LATEST, kind="proof"), changed(LATEST, kind=None),
        changed(LATEST, kind=[]), changed(LATEST, more=1), changed(LATEST, size=-1), changed(LATEST, size=1.0),
        changed(LATEST, size="1"), changed(LATEST, size=True), changed(LATEST, root=""), changed(LATEST, root="ab"),
        changed(LATEST, root="AB" * 32), changed(LATEST, root=None), changed(LATEST, ledger=""),
        changed(LATEST, ledger="\ud800"), changed(LATEST, at="2026-04-01"), changed(LATEST, at="soon"),
        changed(LATEST, signature="ab"), changed(LATEST, signature=""), changed(PROOF, path=["ab"]),
        changed(PROOF, path="ab"), changed(PROOF, path=[""]), changed(PROOF, checkpoint=1), changed(PROOF, content=""),
        changed(PROOF, place=-1), seal_text(LATEST).replace(":", ": "), seal_text(LATEST) * 2,
        seal_text(LATEST).replace('"size":', '"size":1,"size":'),
    ],
)  # fmt: skip
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        seal_from(text)
    assert caught.value.code == "not_a_seal"
