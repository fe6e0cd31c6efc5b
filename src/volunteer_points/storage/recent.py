"""Entries that were written lately, by their bytes: whoever hands in a record often decides about it next.

Bytes and entry stand for each other, so it does not matter who wrote them, to which store, or whether they stayed.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from volunteer_points.entries import Entry
from volunteer_points.ledger import decode

KEPT: Final = 4096

_written: OrderedDict[bytes, Entry] = OrderedDict()  # a dict would look for its first one ever longer
_one_at_a_time = Lock()


def remember(content: bytes, entry: Entry) -> None:
    """Keep an entry at hand in place of the one that was kept longest."""
    with _one_at_a_time:
        if len(_written) >= KEPT:
            _written.popitem(last=False)
        _written[content] = entry


def entry_of(content: bytes) -> Entry:
    """The entry that has these bytes.

    Raises:
        Corrupt: ``unreadable_entry`` when they are not the bytes of one.
    """
    return _written.get(content) or decode(content)


__all__ = ["entry_of", "remember"]
