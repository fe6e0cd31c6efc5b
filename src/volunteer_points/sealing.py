"""What a community publishes and hands out so that others can check the ledger without it: checkpoints and proofs.

A *checkpoint* is the head of the ledger's tree at a time; it belongs on the notice board, and may be signed. An
*inclusion* is the file for one person: an entry, its place, and why it stands there under a checkpoint. An *extension*
shows that a later checkpoint kept all that an earlier one had. Proofs are checked offline; what they rest on is a
checkpoint that the reader has from elsewhere, or one whose signature they have checked.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Protocol

import attrs

from volunteer_points.canonical import canonical_bytes, converter, in_utc, text_of
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError, VolunteerPointsError
from volunteer_points.ledger import decode_once, leaf_hash
from volunteer_points.merkle import HASH_BYTES, Head, verify_consistency, verify_inclusion

FORMAT_VERSION = 1
_SIGNATURE_BYTES = 64


class Signer(Protocol):
    """A private key, which stays with the caller: ``Ed25519PrivateKey`` of the package cryptography is one."""

    def sign(self, content: bytes, /) -> bytes:
        """The Ed25519 signature over these bytes, 64 bytes."""
        ...


def _hex(length: int) -> Any:  # noqa: ANN401 - attrs types its validators so
    pattern = re.compile(f"[0-9a-f]{{{2 * length}}}")

    def check(_instance: object, _attribute: object, value: object) -> None:
        if not isinstance(value, str) or (value and not pattern.fullmatch(value)):
            raise InputError("not_a_hash", value=repr(value))

    return check


def _words(_instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value or re.search("[\ud800-\udfff]", value):
        raise InputError("not_a_seal", problem=f"{attribute.name} is {value!r}")


def _count(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if type(value) is not int or value < 0:
        raise InputError("not_a_seal", problem=f"{attribute.name} is {value!r}")


@attrs.frozen(kw_only=True)
class Checkpoint:
    """The ledger as it stood: how many entries it had, and the root of the tree over them.

    Args:
        ledger: The id of the ledger.
        size: How many entries are sealed, from the first.
        root: The root over them, in hexadecimal.
        at: When it was taken.
        signature: Ed25519 over :attr:`content`, in hexadecimal; empty when nobody signed.
    """

    ledger: str = attrs.field(validator=_words)
    size: int = attrs.field(validator=_count)
    root: str = attrs.field(validator=[_words, _hex(HASH_BYTES)])
    at: datetime = attrs.field(converter=in_utc)
    signature: str = attrs.field(default="", validator=_hex(_SIGNATURE_BYTES))

    @property
    def head(self) -> Head:
        """The size and root, against which proofs are checked."""
        return Head(self.size, bytes.fromhex(self.root))

    @property
    def content(self) -> bytes:
        """The one run of bytes that is signed: all of it without the signature."""
        return canonical_bytes(_plain(attrs.evolve(self, signature="")))

    def signed(self, signer: Signer) -> Checkpoint:
        """The same checkpoint with a signature."""
        return attrs.evolve(self, signature=signer.sign(self.content).hex())

    def is_signed_by(self, public_key: bytes) -> bool:
        """Whether the owner of this raw Ed25519 key (32 bytes) signed it. Needs the extra ``seals``."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - an extra

        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(self.signature), self.content)
        except InvalidSignature:
            return False
        return True


@attrs.frozen(kw_only=True)
class Inclusion:
    """That an entry stands in a ledger at its place: the file which a volunteer can be given for one award.

    Args:
        checkpoint: The checkpoint under which it is shown.
        place: The place of the entry, from nought.
        content: The canonical text of the entry, as :func:`volunteer_points.ledger.encode` makes it.
        path: The hashes from the entry up to the root, in hexadecimal.
    """

    checkpoint: Checkpoint
    place: int = attrs.field(validator=_count)
    content: str = attrs.field(validator=_words)
    path: tuple[str, ...] = attrs.field(validator=attrs.validators.deep_iterable(_hex(HASH_BYTES)))

    @property
    def entry(self) -> Entry:
        """The entry that is shown.

        Raises:
            Corrupt: ``unreadable_entry``.
        """
        return decode_once(self.content.encode())

    def holds(self, published: Checkpoint) -> bool:
        """Whether the entry belongs to the ledger of this checkpoint and stands at its place under it.

        Args:
            published: The checkpoint from the notice board, or the proof's own once its signature was checked.
        """
        try:
            ledger = self.entry.ledger
        except Corrupt:
            return False
        return (
            ledger == self.checkpoint.ledger == published.ledger
            and self.checkpoint.head == published.head
            and verify_inclusion(leaf_hash(self.content.encode()), self.place, published.head, _path(self.path))
        )


@attrs.frozen(kw_only=True)
class Extension:
    """That a ledger only grew from one checkpoint to another.

    Args:
        old: The earlier checkpoint.
        new: The later one.
        path: The hashes that lead from one to the other, in hexadecimal.
    """

    old: Checkpoint
    new: Checkpoint
    path: tuple[str, ...] = attrs.field(validator=attrs.validators.deep_iterable(_hex(HASH_BYTES)))

    def holds(self, old: Checkpoint, new: Checkpoint) -> bool:
        """Whether the ledger of the new checkpoint begins with all that the old one had.

        Args:
            old: The earlier checkpoint, as it was published then.
            new: The later one, as it is published now.
        """
        return (
            self.old.ledger == self.new.ledger == old.ledger == new.ledger
            and (self.old.head, self.new.head) == (old.head, new.head)
            and verify_consistency(old.head, new.head, _path(self.path))
        )


Seal = Checkpoint | Inclusion | Extension

_KINDS: dict[str, type[Seal]] = {"checkpoint": Checkpoint, "inclusion": Inclusion, "extension": Extension}


def seal_text(seal: Seal) -> str:
    """The one line of JSON by which a checkpoint or a proof is published or handed out."""
    return text_of(_plain(seal)) + "\n"


def seal_from(text: str) -> Seal:
    """The checkpoint or proof that :func:`seal_text` wrote.

    Raises:
        InputError: ``not_a_seal`` when the text is not exactly of that form; blanks around it do no harm.
    """
    from cattrs.errors import ForbiddenExtraKeysError  # noqa: PLC0415 - takes long to import

    try:
        fields = json.loads(text)
        version, kind = fields.pop("v"), _KINDS[fields.pop("kind")]
        seal = converter().structure(fields, kind)
        if seal_text(seal).strip() == text.strip():
            return seal
        problem = f"its version is {version!r}, or it is not in canonical form"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ForbiddenExtraKeysError) as error:
        problem = f"{type(error).__name__}: {error}"
    except VolunteerPointsError as error:
        problem = str(error)
    raise InputError("not_a_seal", problem=problem)


def _plain(seal: Seal) -> dict[str, Any]:
    kind = next(name for name, each in _KINDS.items() if isinstance(seal, each))
    fields: dict[str, Any] = converter().unstructure(seal)
    return {"v": FORMAT_VERSION, "kind": kind, **fields}


def _path(texts: tuple[str, ...]) -> list[bytes]:
    return [bytes.fromhex(each) for each in texts]
