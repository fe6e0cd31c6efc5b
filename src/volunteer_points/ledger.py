"""How an entry becomes bytes and back, and the hash by which any change is seen.

The bytes of an entry are the canonical JSON of everything in it, with the version of the encoding. The leaf hash is
that of RFC 6962, SHA-256 over a nought byte and the bytes, so that a Merkle tree can be built over the leaves.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import lru_cache
from typing import Any

from volunteer_points.canonical import converter, instant_from, instant_text, text_of
from volunteer_points.entries import KINDS, Entry
from volunteer_points.errors import Corrupt, VolunteerPointsError
from volunteer_points.postings import Account, Posting

ENCODING_VERSION = 1


def _unreadable() -> tuple[type[Exception], ...]:
    """What may be raised over bytes that are no entry."""
    from cattrs.errors import ForbiddenExtraKeysError  # noqa: PLC0415 - takes long to import, and most bytes are sound

    return (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        ForbiddenExtraKeysError,
        VolunteerPointsError,
    )


def encode(entry: Entry) -> bytes:
    """The canonical bytes of an entry."""
    fields = {
        "v": ENCODING_VERSION,
        "ledger": entry.ledger,
        "key": entry.key,
        "n": entry.number,
        "of": entry.count,
        "digest": entry.digest,
        "actor": entry.actor,
        "booked_at": instant_text(entry.booked_at),
        "kind": type(entry.fact).__name__,
        "about": entry.about,
        "on": entry.on.isoformat(),
        "fact": converter().unstructure(entry.fact),
        "postings": [_posting(posting) for posting in entry.postings],
    }
    return text_of(fields).encode()


@lru_cache(maxsize=4096)
def decode(content: bytes) -> Entry:
    """The entry that has these bytes; those of late are kept at hand.

    Raises:
        Corrupt: as :func:`decode_once`.
    """
    return decode_once(content)


def decode_once(content: bytes) -> Entry:
    """The entry that has these bytes, for who reads each entry a single time.

    Raises:
        Corrupt: ``unreadable_entry`` when they are not the canonical bytes of an entry that this version knows.
    """
    try:
        fields = json.loads(content)
        entry = _entry(fields)
        if encode(entry) == content:
            return entry
        problem = "the bytes are not in canonical form"
    except _unreadable() as error:
        is_told = isinstance(error, (ValueError, VolunteerPointsError))
        problem = str(error) if is_told else f"{type(error).__name__}: {error}"
    raise Corrupt("unreadable_entry", problem=problem, starts=content[:120].decode("utf-8", "replace"))


def decode_unverified(content: bytes) -> Entry:
    """The entry that has these bytes, taken at its word: that they are its only spelling is for an audit to check.

    Raises:
        Corrupt: ``unreadable_entry`` when they are no entry that this version knows.
    """
    try:
        return _entry(json.loads(content))
    except _unreadable() as error:
        problem = f"{type(error).__name__}: {error}"
    raise Corrupt("unreadable_entry", problem=problem, starts=content[:120].decode("utf-8", "replace"))


def leaf_hash(content: bytes) -> bytes:
    """The hash of an entry's bytes as a leaf of a Merkle tree (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + content).digest()


def _posting(posting: Posting) -> list[object]:
    account = posting.account
    lot = None if posting.lot is None else instant_text(posting.lot)
    return [account.holder, account.purpose, account.of, posting.unit, posting.amount, lot, posting.on.isoformat()]


def _posting_from(fields: list[Any]) -> Posting:
    holder, purpose, of, unit, amount, lot, on = fields
    if type(amount) is not int or not type(holder) is type(purpose) is type(of) is type(unit) is str:
        raise ValueError("a posting is five texts, a whole number and an instant")
    moment = None if lot is None else _lot(lot)
    return Posting(Account(holder, purpose, of), unit, amount, moment, date.fromisoformat(on))


_lot = lru_cache(maxsize=256)(instant_from)  # many share an end


def _entry(fields: dict[str, Any]) -> Entry:
    if fields["v"] != ENCODING_VERSION:
        raise ValueError(f"encoding version {fields['v']} is not known; this library knows {ENCODING_VERSION}")
    if fields["kind"] not in KINDS:
        raise ValueError(f"kind {fields['kind']!r} is not known")
    about = tuple(fields["about"])
    for text in (*about, fields["ledger"], fields["key"], fields["digest"], fields["actor"]):
        if type(text) is not str:
            raise ValueError(f"ledger, key, digest, actor and subjects are texts, not {text!r}")
    if not type(fields["n"]) is type(fields["of"]) is int:
        raise ValueError("n and of are whole numbers")
    return Entry(
        ledger=fields["ledger"],
        key=fields["key"],
        number=fields["n"],
        count=fields["of"],
        digest=fields["digest"],
        actor=fields["actor"],
        booked_at=instant_from(fields["booked_at"]),
        fact=converter().structure(fields["fact"], KINDS[fields["kind"]]),
        about=about,
        on=date.fromisoformat(fields["on"]),
        postings=tuple(_posting_from(posting) for posting in fields["postings"]),
    )
