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
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import attrs

from volunteer_points.books import OpenAmount, Question, Tally
from volunteer_points.entries import Account, Entry
from volunteer_points.errors import Corrupt, InputError, Misconfigured
from volunteer_points.ledger import decode, leaf_hash
from volunteer_points.storage import Answers, Reader, Session, Stored

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
_FOREIGN = {b"SQLite format 3\x00": "a database", b"PK\x03\x04": "a zip file or workbook", b"\xff\xfe": "UTF-16 text"}
_PACKING_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)
_FIX = "Export the ledger again: volunteer-points export. To see all that is wrong, audit this file."


class NotAJournal(InputError):
    """The file is no journal, or one that this version cannot read. Nothing in it was looked at."""


@attrs.frozen
class JournalSummary:
    """What a journal holds: how many entries, and the SHA-256 over their leaf hashes in order, in hexadecimal."""

    entries: int
    leaves: str


# --- writing -----------------------------------------------------------------------------------------------------


def write_journal(
    reader: Reader, ledger: str, stream: BinaryIO, *, progress: Progress | None = None
) -> JournalSummary:
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
    reader: Reader, ledger: str, path: Path | str, *, replace: bool = False, progress: Progress | None = None
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


class Journal:
    """A journal file, read line by line; it may be damaged.

    Args:
        source: A path, or a stream of bytes that can be read once.

    Raises:
        NotAJournal: the file is something else, or a journal of a newer version.
        InputError: ``file_unreadable``.
    """

    def __init__(self, source: Path | str | BinaryIO) -> None:
        self._source = Path(source) if isinstance(source, (str, Path)) else _unpacked(source)
        self._ahead: tuple[bytes, ...] = ()
        self.name = self._source.name if isinstance(self._source, Path) else "journal"
        with self._lines() as lines:
            first, second = next(lines, b""), next(lines, b"")
        self._header = _header(first, self.name)
        self._has_header_line = self._header is not None or _ENTRY.fullmatch(_stripped(first)) is None
        if self._header is None and not _is_entry_of_a_journal(second, first):
            raise _not_a_journal(first, self.name)
        self.ledger = self._header if self._header is not None else _ledger_of(first, second)
        self._ahead = (first, second) if not isinstance(self._source, Path) else ()

    def pieces(self) -> Iterator[tuple[int, Stored | Corrupt]]:
        """Every line with its number, as far as it tells something: an entry, or what is wrong there.

        Hashes and the bytes of entries are not judged here. The first line and the last give nothing when they are
        right. What is wrong with the file as a whole, as its line ends or a missing end, stands with the first
        line where it shows. A problem with a ``position`` stands in the place of an entry.
        """
        if self._header is None:
            yield 1, Corrupt("journal_header_missing", line=1, fix=_FIX)
        with self._lines() as lines:
            yield from _pieces(chain(self._ahead, lines), has_header=self._has_header_line)

    @contextmanager
    def _lines(self) -> Iterator[Iterator[bytes]]:
        if not isinstance(self._source, Path):
            yield _lines_of(self._source)
            return
        try:
            with self._source.open("rb") as file:
                yield _lines_of(_unpacked(file))
        except OSError as error:
            raise InputError(
                "file_unreadable", file=str(self._source), problem=error.strerror, fix="Check the name and its rights."
            ) from error
