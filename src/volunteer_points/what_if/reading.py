"""Where a what-if reads from: the entries of a store, or of a journal without damage."""

from __future__ import annotations

from collections.abc import Iterator

from volunteer_points.audit.source import Journal, Kept, Source
from volunteer_points.entries import Entry, RulebookAdopted
from volunteer_points.errors import Corrupt
from volunteer_points.ledger import decode_unverified
from volunteer_points.rules import Rulebook

_ADOPTED = b'"kind":"RulebookAdopted"'


def entries_of(source: Source) -> Iterator[Entry]:
    """Every entry of a store or a journal, in order, as of one moment; hashes are for an audit to check.

    Raises:
        Corrupt: an entry cannot be read, or the journal is damaged; an audit tells all that is wrong.
    """
    for kept in _kept(source):
        yield decode_unverified(kept.content)


def rulebooks_of(source: Source) -> tuple[Rulebook, ...]:
    """Every rulebook that was adopted, in its order; nothing else is read closely.

    Raises:
        Corrupt: as :func:`entries_of`.
    """
    facts = (decode_unverified(kept.content).fact for kept in _kept(source) if _ADOPTED in kept.content)
    return tuple(fact.rulebook for fact in facts if isinstance(fact, RulebookAdopted))


def _kept(source: Source) -> Iterator[Kept]:
    if isinstance(source, Journal):
        for _, piece in source.pieces():
            if isinstance(piece, Corrupt):
                raise piece
            yield piece
        return
    with source.reader() as reader:
        yield from reader.stored()
