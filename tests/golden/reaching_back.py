"""Samples of what came with what-ifs: the reference that a rulebook which reaches back is adopted with."""

from __future__ import annotations

import attrs

from tests.golden.samples import COMMANDS, HASH, RULEBOOK, entry
from volunteer_points import entries as e
from volunteer_points.commands import Adopt, Command
from volunteer_points.entries import Entry

REFERENCE = f"1159-{HASH}"
"""So many entries were replayed, and the digest of what was found."""

BACK_ENTRIES: tuple[Entry, ...] = (
    entry(e.RulebookAdopted(rulebook=RULEBOOK, hash=HASH, author="founder-a", what_if=REFERENCE)),
)
BACK_COMMANDS: tuple[Command, ...] = tuple(
    attrs.evolve(each, what_if=REFERENCE) for each in COMMANDS if isinstance(each, Adopt)
)
