"""The ledger as a file that anybody can keep, compare and check: a journal in JSON Lines.

The first line says what the file is, the last one how many entries it holds and the SHA-256 over all their leaf
hashes in order, so that a file that was cut off is noticed. Each line between holds the leaf hash and the bytes of
one entry, exactly as they lie in the store. A name that ends in ``.gz`` is compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import secrets
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Protocol, cast

import attrs

from volunteer_points.books import Tally
from volunteer_points.entries import Entry
from volunteer_points.errors import Corrupt, InputError, Misconfigured
from volunteer_points.ledger import decode_once, leaf_hash
from volunteer_points.storage import Session, Stored
from volunteer_points.storage.memory import MemoryReader

FORMAT = "volunteer-points-journal"
VERSION = 1
LINE_BYTES_MAX = 32 * 1024 * 1024
"""No entry comes near this; a longer line is damage and is not read into memory at once."""

PROGRESS_EVERY = 1000

Progress = Callable[[int], None]
"""Told now and then, and at the end, how many entries are done."""

_ENTRY = re.compile(rb'\{"leaf":"([0-9a-f]{64})","entry":(\{.*\})\}')
_ENTRY_SHAPE = b'{"leaf":"%s","entry":%s}\n'
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_LINES_LOOKED_AT = 2
_FOREIGN = {b"SQLite format 3\x00": "a database", b"PK\x03\x04": "a zip file or workbook", b"\xff\xfe": "UTF-16 text"}
_FIX = "Export the ledger again: volunteer-points export. To see all that is wrong, audit the file."


class Source(Protocol):
    """Whatever gives stored entries in order, as the reader of any store does."""

    def stored(self) -> Iterator[Stored]:
        """Every entry, in order."""
        ...


class NotAJournal(InputError):
    """The file is no journal, or one that this version cannot read. Nothing in it was looked at."""


@attrs.frozen
class JournalSummary:
    """What a journal holds: how many entries, and the SHA-256 over their leaf hashes in order, in hexadecimal."""

    entries: int
    leaves: str


# --- writing -----------------------------------------------------------------------------------------------------


def write_journal(reader: Source, ledger: str, stream: BinaryIO, *, progress: Progress | None = None) -> JournalSummary:
    """Write every entry that the reader sees, as it lies there.

    What is stored is copied and not judged: an entry that was tampered with is tampered with in the journal too.

    Raises:
        Corrupt: ``position_missing`` or ``not_one_line`` when what is stored cannot stand in a journal.
    """
    stream.write(_json_line({"format": FORMAT, "version": VERSION, "ledger": ledger}))
    leaves, count = hashlib.sha256(), 0
    for count, stored in enumerate(reader.stored(), start=1):
        _refuse_unfit(stored, count)
        leaves.update(stored.leaf)
        stream.write(_ENTRY_SHAPE % (stored.leaf.hex().encode(), stored.content))
        if progress is not None and count % PROGRESS_EVERY == 0:
            progress(count)
    summary = JournalSummary(count, leaves.hexdigest())
    stream.write(_json_line({"entries": summary.entries, "leaves": summary.leaves}))
    if progress is not None:
        progress(count)
    return summary


def _json_line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _refuse_unfit(stored: Stored, expected: int) -> None:
    fix = "Audit the ledger itself: volunteer-points audit."
    if stored.position != expected:
        raise Corrupt("position_missing", expected=expected, found=stored.position, fix=fix)
    if b"\n" in stored.content or len(stored.leaf) != hashlib.sha256().digest_size:
        raise Corrupt("not_one_line", position=stored.position, fix=fix)


def save_journal(
    reader: Source, ledger: str, path: Path | str, *, replace: bool = False, progress: Progress | None = None
) -> JournalSummary:
    """Write a journal to a file, which is there as a whole or not at all.

    Raises:
        InputError: ``file_exists`` unless it is to be replaced; ``file_not_writable``.
        Corrupt: as :func:`write_journal`.
    """
    target = Path(path)
    if target.exists() and not replace:
        _refuse_existing(target)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            with _packed(file, target) as stream:
                summary = write_journal(reader, ledger, stream, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(partial, target, replace=replace)
    except OSError as error:
        fix = "Check that the folder exists, may be written to and has room."
        raise InputError("file_not_writable", file=str(target), problem=error.strerror, fix=fix) from error
    finally:
        partial.unlink(missing_ok=True)
    return summary


def _refuse_existing(target: Path) -> NoReturn:
    raise InputError("file_exists", file=str(target), fix="Choose another name, or say that it is to be replaced.")


def _put_in_place(partial: Path, target: Path, *, replace: bool) -> None:
    if not replace:
        try:
            os.link(partial, target)  # unlike a rename, a link never replaces a file that came in between
        except FileExistsError:
            _refuse_existing(target)
        except OSError:  # a file system without links
            if target.exists():
                _refuse_existing(target)
        else:
            return
    partial.replace(target)


@contextmanager
def _packed(file: BinaryIO, target: Path) -> Iterator[BinaryIO]:
    if target.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:  # the same ledger, the same file
        yield cast("BinaryIO", packed)


# --- reading, damaged or not -------------------------------------------------------------------------------------


@attrs.frozen
class _Opening:
    """What the first lines say: the ledger, what is wrong with them, and those that belong to the entries."""

    ledger: str
    problem: Corrupt | None
    ahead: tuple[bytes, ...]
    lines_before: int


class Journal:
    """A journal file as it lies there; it may be damaged.

    Args:
        source: A path, or a stream of bytes, which is read once.

    Raises:
        NotAJournal: the file is something else, or a journal of a newer version.
        InputError: ``file_unreadable``.
    """

    def __init__(self, source: Path | str | BinaryIO) -> None:
        self._source = Path(source) if isinstance(source, (str, Path)) else source
        self.name = self._source.name if isinstance(self._source, Path) else "journal"
        self._rest: Iterator[bytes] = iter(())
        if isinstance(self._source, Path):
            with _opened(self._source) as lines:
                self._opening = _opening(lines, self.name)
        else:
            self._rest = _lines(self._source)
            self._opening = _opening(self._rest, self.name)
        self.ledger = self._opening.ledger

    def pieces(self) -> Generator[tuple[int, Stored | Corrupt]]:
        """Every line with its number, as far as it tells something: an entry, or what is wrong there.

        Hashes and the bytes of entries are not judged here. The first line and the last give nothing when they are
        right. What is wrong with the file as a whole, as its line ends or a missing end, stands with the line where
        it shows. A problem with a ``position`` stands in the place of an entry.
        """
        opening = self._opening
        if opening.problem is not None:
            yield 1, opening.problem
        if not isinstance(self._source, Path):
            yield from _pieces(opening, self._rest)
            return
        with _opened(self._source) as lines:
            yield from _pieces(opening, islice(lines, _LINES_LOOKED_AT, None))


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[bytes]]:
    try:
        with path.open("rb") as file:
            yield _lines(file)
    except OSError as error:
        fix = "Check the name of the file and the right to read it."
        raise InputError("file_unreadable", file=str(path), problem=error.strerror, fix=fix) from error


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines, unpacked if they are packed. A packing that breaks off ends them, as the end of a file does."""
    source = gzip.GzipFile(fileobj=stream, mode="rb") if _is_packed(stream) else stream
    try:
        while line := source.readline(LINE_BYTES_MAX):
            yield line
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _is_packed(stream: BinaryIO) -> bool:
    if isinstance(stream, io.BufferedReader):  # a pipe can be peeked into and never wound back
        return stream.peek(len(_GZIP)).startswith(_GZIP)
    begin = stream.read(len(_GZIP))
    stream.seek(-len(begin), io.SEEK_CUR)
    return begin == _GZIP


def _opening(lines: Iterator[bytes], name: str) -> _Opening:
    """Judge the first lines. One that is damaged is a problem as long as an entry of a journal stands with it."""
    looked_at = tuple(islice(lines, _LINES_LOOKED_AT))
    first = looked_at[0] if looked_at else b""
    header = _fields(first.removeprefix(_BOM))
    if header.get("format") == FORMAT:
        if header.get("version") != VERSION:
            fix = "Read it with a newer volunteer-points."
            raise NotAJournal("journal_too_new", file=name, version=header.get("version"), known=VERSION, fix=fix)
        if isinstance(header.get("ledger"), str):
            return _Opening(header["ledger"], _mangled(first, 1), looked_at[1:], 1)
    for skipped, line in enumerate(looked_at):
        if match := _ENTRY.fullmatch(_bare(line)):
            ledger = str(_fields(match[2]).get("ledger", "unknown"))
            damaged = Corrupt("journal_header_damaged", line=1, message="the first line is no header", fix=_FIX)
            return _Opening(ledger, damaged, looked_at[skipped:], skipped)
    raise _not_a_journal(first, name)


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _not_a_journal(first: bytes, name: str) -> NotAJournal:
    looks_like = next((what for start, what in _FOREIGN.items() if first.startswith(start)), None)
    facts = {"looks_like": looks_like} if looks_like else {"begins": first[:40].decode("utf-8", "replace")}
    fix = "Give a file that volunteer-points export wrote; a database is given with --ledger."
    return NotAJournal("not_a_journal", file=name, **facts, fix=fix)


def _bare(line: bytes) -> bytes:
    return line.removeprefix(_BOM).rstrip(b"\r\n")


def _mangled(line: bytes, number: int) -> Corrupt | None:
    """What an editor did to a line when it saved the file."""
    if line.startswith(_BOM) or line.endswith(b"\r\n"):
        what = "a byte order mark" if line.startswith(_BOM) else "line ends of CR LF"
        return Corrupt("journal_mangled", line=number, what=what, message="an editor changed the journal", fix=_FIX)
    return None


def _pieces(opening: _Opening, rest: Iterator[bytes]) -> Iterator[tuple[int, Stored | Corrupt]]:
    leaves, damaged, position, number = hashlib.sha256(), 0, 0, opening.lines_before
    mangled = opening.problem is not None
    lines = enumerate(chain(opening.ahead, rest), start=number + 1)
    for number, line in lines:
        bare = _bare(line)
        if not mangled and (problem := _mangled(line, number)):
            mangled = True
            yield number, problem
        if match := _ENTRY.fullmatch(bare):
            position += 1
            leaf = bytes.fromhex(match[1].decode())
            leaves.update(leaf)
            yield number, Stored(position, match[2], leaf)
        elif _fields(bare).keys() == {"entries", "leaves"}:
            wrong = _wrong_end(_fields(bare), position, None if damaged else leaves.hexdigest(), number)
            yield from ((number, problem) for problem in wrong)
            yield from (
                (behind, Corrupt("journal_goes_on", line=behind, message="a line follows the last one", fix=_FIX))
                for behind, _ in lines
            )
            return
        else:
            position, damaged = position + 1, damaged + 1
            yield number, _damaged(number, position, bare)
    yield number + 1, Corrupt("journal_cut_off", line=number + 1, message="the journal is cut off here", fix=_FIX)


def _damaged(number: int, position: int, bare: bytes) -> Corrupt:
    return Corrupt(
        "journal_line_damaged",
        line=number,
        position=position,
        begins=bare[:60].decode("utf-8", "replace"),
        message="this line of the journal is no entry",
        fix=_FIX,
    )


def _wrong_end(end: dict[str, Any], entries: int, leaves: str | None, number: int) -> Iterator[Corrupt]:
    if end["entries"] != entries:
        yield Corrupt("journal_count_differs", line=number, expected=end["entries"], found=entries, fix=_FIX)
    elif leaves is not None and end["leaves"] != leaves:
        yield Corrupt("journal_leaves_differ", line=number, expected=end["leaves"], found=leaves, fix=_FIX)


# --- reading what is whole ---------------------------------------------------------------------------------------


def read_journal(source: Path | str | BinaryIO) -> JournalStore:
    """Read a journal that is whole, every line of it checked on the way.

    Raises:
        NotAJournal: the file is something else, or a journal of a newer version.
        InputError: ``file_unreadable``.
        Corrupt: the first thing that is wrong, with its line.
    """
    return JournalStore(Journal(source))


@attrs.frozen
class JournalCommit:
    """One commit of a journal: the line on which it begins, its entries, and how they lie there."""

    line: int
    stored: tuple[Stored, ...]
    entries: tuple[Entry, ...]


def commits_of(journal: Journal) -> Generator[JournalCommit]:
    """The commits of a journal in order, every line checked on the way.

    Raises:
        Corrupt: the first thing that is wrong, with its line; ``commit_broken`` where a commit is not whole.
    """
    stored: list[Stored] = []
    entries: list[Entry] = []
    number = 0
    with closing(journal.pieces()) as pieces:
        for number, piece in pieces:
            entry = _whole(number, piece, journal.ledger)
            _refuse_broken(entries, entry, number)
            assert isinstance(piece, Stored)  # noqa: S101 - anything else was raised
            stored.append(piece)
            entries.append(entry)
            if entry.number == entry.count:
                yield JournalCommit(number - len(entries) + 1, tuple(stored), tuple(entries))
                stored, entries = [], []
    if entries:
        _refuse_broken(entries, None, number + 1)


def _refuse_broken(before: list[Entry], entry: Entry | None, line: int) -> None:
    """Let an entry pass that goes on with the commit before it, or begins one where none is open."""
    first = before[0] if before else entry
    expected = first and (first.key, len(before) + 1, first.count)
    found = entry and (entry.key, entry.number, entry.count)
    if expected == found:
        return
    facts = {name: "{} {}/{}".format(*what) for name, what in (("expected", expected), ("found", found)) if what}
    raise Corrupt("commit_broken", line=line, **facts, message="a commit is not whole", fix=_FIX)


class JournalStore:
    """A ledger that was read from a journal: it answers every question and is never written."""

    def __init__(self, journal: Journal) -> None:
        self.name = journal.name
        self._ledger = journal.ledger
        self._stored: list[Stored] = []
        self._tally = Tally()
        for commit in commits_of(journal):
            self._tally.absorb(commit.entries)
            self._stored += commit.stored

    @property
    def ledger(self) -> str:
        """The id of the ledger."""
        return self._ledger

    def pieces(self) -> Iterator[tuple[int, Stored | Corrupt]]:
        """Every entry with the line on which it stood."""
        return ((stored.position + 1, stored) for stored in self._stored)

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        """Look at the ledger."""
        yield MemoryReader(self._tally, self._stored)

    def session(self) -> AbstractContextManager[Session]:
        """Refuse to write.

        Raises:
            Misconfigured: ``opened_read_only``, always.
        """
        fix = "A journal is read and never written; import it into a database to go on from there."
        raise Misconfigured("opened_read_only", ledger=self._ledger, journal=self.name, fix=fix)


def _whole(number: int, piece: Stored | Corrupt, ledger: str) -> Entry:
    """The entry on a line.

    Raises:
        Corrupt: there is none, or not the one whose hash stands there, or not one of this ledger.
    """
    if isinstance(piece, Corrupt):
        raise piece
    found = leaf_hash(piece.content)
    if found != piece.leaf:
        message = "the entry on this line was changed"
        facts = {"line": number, "expected": piece.leaf.hex(), "found": found.hex()}
        raise Corrupt("leaf_differs", **facts, message=message, fix=_FIX)
    try:
        entry = decode_once(piece.content)
    except Corrupt as error:
        raise Corrupt(error.code, **{"line": number, **error.facts, "fix": _FIX}) from error
    if entry.ledger != ledger:
        raise Corrupt("other_ledger", line=number, expected=ledger, found=entry.ledger, fix=_FIX)
    return entry


__all__ = [
    "FORMAT",
    "VERSION",
    "Journal",
    "JournalCommit",
    "JournalStore",
    "JournalSummary",
    "NotAJournal",
    "Source",
    "commits_of",
    "read_journal",
    "save_journal",
    "write_journal",
]
