"""The vectors as they are checked in, one line each, and how they are written for a new version of the encoding.

``python -m tests.golden`` writes the files of a version that has none yet; files that are there are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.golden.idle import IDLE_ENTRIES
from tests.golden.own_rules import OWN_ENTRIES
from tests.golden.reaching_back import BACK_COMMANDS, BACK_ENTRIES
from tests.golden.samples import COMMANDS, ENTRIES, NOON, RULEBOOK
from tests.golden.vocabulary import MORE_COMMANDS, MORE_ENTRIES
from volunteer_points.commands import Command, Request
from volunteer_points.entries import Entry, derived_id
from volunteer_points.ledger import ENCODING_VERSION, encode, leaf_hash

HERE = Path(__file__).parent

IDS = (
    ("r", "saihan", "k", 0),
    ("r", "saiha", "nk", 0),
    ("x", "saihan", "k", 0),
    ("e", "saihan", "签到表 7", 1),
    ("e", "saihan", "签到表 7", 11),
)


def lines_of_entries(entries: Iterable[Entry] = ENTRIES) -> list[str]:
    """For every kind: its name, the leaf hash and the bytes."""
    found = [(entry.kind, encode(entry)) for entry in entries]
    return [f"{kind}\t{leaf_hash(content).hex()}\t{content.decode()}" for kind, content in found]


def lines_of_digests() -> list[str]:
    """For every command its digest, then the hash of a rulebook and some ids."""
    digests = digests_of(COMMANDS)
    ids = [("derived_id", derived_id(*parts)) for parts in IDS]
    return ["\t".join(line) for line in (*digests, ("Rulebook.hash", RULEBOOK.hash), *ids)]


def digests_of(commands: Iterable[Command]) -> list[tuple[str, str]]:
    """For every command its name and its digest."""
    return [
        (type(command).__name__, Request(ledger="l", key="k", actor="leader", booked_at=NOON, command=command).digest)
        for command in commands
    ]


FILES: Mapping[str, Callable[[], list[str]]] = {
    "entries": lines_of_entries,
    "digests": lines_of_digests,
    "vocabulary": lambda: lines_of_entries(MORE_ENTRIES),
    "vocabulary-digests": lambda: ["\t".join(line) for line in digests_of(MORE_COMMANDS)],
    "reaching-back": lambda: lines_of_entries(BACK_ENTRIES),
    "idle": lambda: lines_of_entries(IDLE_ENTRIES),
    "own-rules": lambda: lines_of_entries(OWN_ENTRIES),
    "reaching-back-digests": lambda: ["\t".join(line) for line in digests_of(BACK_COMMANDS)],
}


def path_of(name: str, version: int = ENCODING_VERSION) -> Path:
    """Where the vectors of a version lie."""
    return HERE / f"{name}-v{version}.txt"


def write() -> list[Path]:
    """Write the files that are not there yet."""
    missing = {path_of(name): lines for name, lines in FILES.items() if not path_of(name).exists()}
    for path, lines in missing.items():
        path.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8", newline="\n")
    return list(missing)
