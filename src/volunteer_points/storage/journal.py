"""The ledger as a file that anybody can keep, compare and check: a journal in JSON Lines.

The first line says what the file is, the last one how many entries it holds and the SHA-256 over all their leaf
hashes in order, so that a file that was cut off is noticed. Each line between holds the leaf hash and the bytes of
one entry, exactly as they lie in the store. A name that ends in ``.gz`` is compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import attrs

from volunteer_points.books import OpenAmount, Question, Tally
from volunteer_points.canonical import text_of
from volunteer_points.entries import Account, Entry
from volunteer_points.errors import Corrupt, InputError, Misconfigured
from volunteer_points.ledger import decode, leaf_hash
from volunteer_points.storage import Answers, Reader, Session, Stored

FORMAT = "volunteer-points-journal"
VERSION = 1
LINE_BYTES_MAX = 32 * 1024 * 1024
"""No entry comes near this; a longer line is damage, and is not read into memory."""

PROGRESS_EVERY = 1000

_ENTRY = re.compile(rb'\{"leaf":"([0-9a-f]{64})","entry":(\{.*\})\}', re.DOTALL)
_BOM = b"\xef\xbb\xbf"
_AGAIN = "Export it again: volunteer-points export. To see all that is wrong: volunteer-points audit, with this file."

Progress = Callable[[int], None]
"""Told now and then how many entries are done."""


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
    stream.write(_line({"format": FORMAT, "version": VERSION, "ledger": ledger}))
    leaves, count = hashlib.sha256(), 0
    for stored in reader.stored():
        count += 1
        _refuse_unfit(stored, count)
        leaves.update(stored.leaf)
        stream.write(b'{"leaf":"%s","entry":%s}\n' % (stored.leaf.hex().encode(), stored.content))
        if progress is not None and count % PROGRESS_EVERY == 0:
            progress(count)
    summary = JournalSummary(count, leaves.hexdigest())
    stream.write(_line({"entries": summary.entries, "leaves": summary.leaves}))
    if progress is not None:
        progress(count)
    return summary


def _line(fields: dict[str, object]) -> bytes:
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
            with _compressed(file, target) as stream:
                summary = write_journal(reader, ledger, stream, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(partial, target, replace=replace)
    except OSError as error:
        raise InputError("file_not_writable", file=str(target), problem=error.strerror) from error
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
def _compressed(file: BinaryIO, target: Path) -> Iterator[BinaryIO]:
    if target.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:  # the same ledger, the same file
        yield cast("BinaryIO", packed)


# --- reading -----------------------------------------------------------------------------------------------------


class Journal:
    """A journal file, read line by line; it may be damaged.

    Args:
        source: A path, or a stream of bytes that is read once.

    Raises:
        NotAJournal: the first line is not that of a journal, or of a newer one.
        InputError: ``file_unreadable``.
    """

    def __init__(self, source: Path | str | BinaryIO) -> None:
        self._path = Path(source) if isinstance(source, (str, Path)) else None
        self._stream = None if isinstance(source, (str, Path)) else source
        self.name = self._path.name if self._path is not None else "journal"
        self._first: bytes = b""
        if self._stream is not None:
            self._stream = _unpacked(self._stream)
            self._first = _header_line(self._stream)
        else:
            with self._opened() as stream:
                self._first = _header_line(stream)
        self.ledger: str = _header(self._first, self.name)["ledger"]

    def pieces(self) -> Iterator[tuple[int, Stored | Corrupt]]:
        """Every line behind the first with its number: the entry as it stands there, or what is wrong with the line.

        Hashes and the bytes of entries are not judged here. What is wrong with the file as a whole (line ends, a
        missing end) stands under the number of the line where it shows.
        """
        problem = _mangled(self._first)
        if problem is not None:
            yield 1, problem
        if self._stream is not None:
            yield from _pieces(self._stream)
            return
        with self._opened() as stream:
            stream.readline(LINE_BYTES_MAX)
            yield from _pieces(stream)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        assert self._path is not None  # noqa: S101 - a journal has a path or a stream
        try:
            with self._path.open("rb") as file:
                yield _unpacked(file)
        except OSError as error:
            raise InputError("file_unreadable", file=str(self._path), problem=error.strerror or str(error)) from error


def _unpacked(stream: BinaryIO) -> BinaryIO:
    """The stream itself, or what is packed in it, whatever its name says."""
    buffered = stream if hasattr(stream, "peek") else _peekable(stream)
    if buffered.peek(2)[:2] == b"\x1f\x8b":  # type: ignore[attr-defined]  # it was made so above
        return cast("BinaryIO", gzip.GzipFile(fileobj=buffered, mode="rb"))
    return buffered


def _peekable(stream: BinaryIO) -> BinaryIO:
    import io  # noqa: PLC0415

    return io.BufferedReader(cast("io.RawIOBase", stream))
