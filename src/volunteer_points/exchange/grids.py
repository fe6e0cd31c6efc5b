"""From the bytes of a file to rows of cells of text: encodings, separators and workbooks, and nothing about service."""

import codecs
import contextlib
import csv
import datetime as dt
import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal, Protocol, cast

import attrs

from volunteer_points.exchange.problems import SheetUnreadable

MOST_BYTES = 256 * 1024 * 1024
"""More than this, unpacked, is not read: about a million rows."""

MOST_ROWS = 1_048_576
"""The rows of a worksheet; a damaged or hostile workbook can claim more."""

Cells = Sequence[str]


class BrokenQuotes(Exception):
    """A row cannot be split into cells. Never leaves this package.

    Attributes:
        number: The row, counted from 1.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@attrs.frozen(kw_only=True)
class Grid:
    """One reading of a file as rows of cells; it can be walked from the top any number of times.

    Attributes:
        title: The name of the worksheet, or the separator.
        walk: Gives every row in order, blank ones too, so that counting them gives the number that a person sees.
        first_serial_day: The day that stands for number 0 where cells may hold dates as bare numbers.
    """

    title: str
    walk: Callable[[], Iterator[Cells]]
    first_serial_day: dt.date | None = None

    def top(self, count: int) -> tuple[list[Cells], BrokenQuotes | None]:
        """The first rows, and why there are fewer if they cannot be split."""
        rows: list[Cells] = []
        try:
            rows.extend(itertools.islice(self.walk(), count))
        except BrokenQuotes as broken:
            return rows, broken
        return rows, None


@attrs.frozen(kw_only=True)
class Grids:
    """The ways in which a file can be read: by each separator, or by each worksheet that is not hidden.

    Attributes:
        encoding: `utf-8`, `utf-8-sig`, `utf-16`, `gb18030` or `xlsx`.
        choices: At least one; for text, only one of them is right.
    """

    encoding: str
    choices: tuple[Grid, ...]


def open_grids(content: bytes, source: str) -> Grids:
    """The readings of a file.

    Raises:
        SheetUnreadable: The file is empty, too large, damaged, neither text nor a workbook, or in no known encoding.
    """
    if len(content) > MOST_BYTES:
        raise SheetUnreadable("too_large", source=source, size=len(content), limit=MOST_BYTES)
    if content.startswith(b"PK\x03\x04"):
        return _workbook(content, source)
    for mark, code in _OTHER_FILES:
        if content.startswith(mark):
            raise SheetUnreadable(code, source=source, found=repr(mark)[2:-1])
    text, encoding = _decoded(content, source)
    return Grids(encoding=encoding, choices=tuple(_separated(text)))


# --- text -------------------------------------------------------------------------------------------------------------

_OTHER_FILES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_workbook"),
    (b"%PDF", "binary"),
    (b"\x89PNG", "binary"),
    (b"\xff\xd8\xff", "binary"),
    (b"GIF8", "binary"),
    (b"PK", "binary"),
    (b"Rar!", "binary"),
    (b"7z\xbc\xaf", "binary"),
    (b"\x1f\x8b", "binary"),
)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|meta|style|table|\?xml|script)", re.IGNORECASE)
# A line that tells Excel the separator; it is not part of the table, but counts as a row.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_SEPARATORS = ",;\t"
# Not in any text a person writes: a sign that bytes were read as text by accident.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HAN_BEFORE_DAMAGE = 3


def _decoded(content: bytes, source: str) -> tuple[str, str]:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and b"\x00" in content:
        raise SheetUnreadable("binary", source=source, found=r"\x00")
    text, encoding = _text(content, "utf-16" if wide else None, source)
    # Ctrl-Z ends the files of some old programs.
    text = text.lstrip("\ufeff").rstrip("\x1a")
    if not text.strip():
        raise SheetUnreadable("empty", source=source)
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise SheetUnreadable("control_character", source=source, line=line, character=f"U+{ord(control[0]):04X}")
    if _WEB_PAGE.match(text):
        raise SheetUnreadable("web_page", source=source)
    return text, encoding


def _text(content: bytes, encoding: str | None, source: str) -> tuple[str, str]:
    try:
        if encoding is None:
            encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or _is_damaged_utf8(content[: error.start]):
            raise _undecodable(content, error, source) from error
    try:
        return content.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        raise _undecodable(content, error, source) from error


def _is_damaged_utf8(readable: bytes) -> bool:
    """Whether what precedes the first bad byte is surely UTF-8; GB18030 would turn it into other words in silence."""
    return len(_HAN.findall(readable.decode())) >= _HAN_BEFORE_DAMAGE


def _undecodable(content: bytes, error: UnicodeDecodeError, source: str) -> SheetUnreadable:
    line = content.count(b"\n", 0, error.start) + 1
    return SheetUnreadable("undecodable", source=source, line=line, position=error.start + 1)


def _separated(text: str) -> Iterator[Grid]:
    named = _SEPARATOR_LINE.match(text)
    for separator in named[1] if named else _SEPARATORS:
        yield Grid(title=separator, walk=partial(_split, text, separator))


def _split(text: str, separator: str) -> Iterator[Cells]:
    # Strict, so that a quotation mark which is never closed cannot swallow the rest of the file in silence.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):  # noqa: B007 - needed when the next row fails
            yield cells
    except csv.Error as error:
        raise BrokenQuotes(number + 1) from error


# --- workbooks --------------------------------------------------------------------------------------------------------

_ROWS_AT_A_TIME = 500
_HALF_A_SECOND = dt.timedelta(microseconds=500_000)


class _Worksheet(Protocol):
    """What is used of a worksheet that openpyxl reads row by row."""

    title: str
    sheet_state: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, *, values_only: Literal[True]) -> Iterator[tuple[object, ...]]: ...


def _workbook(content: bytes, source: str) -> Grids:
    _check_archive(content, source)
    try:
        import openpyxl  # noqa: PLC0415 - an extra: only whoever reads a workbook needs it
    except ImportError as error:
        raise SheetUnreadable("openpyxl_missing", source=source) from error
    with _damage_named(source):
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = [sheet for sheet in cast("list[_Worksheet]", book.worksheets) if sheet.sheet_state == "visible"]
        first_serial_day = book.epoch.date()
    if not sheets:
        raise SheetUnreadable("empty", source=source)
    choices = (
        Grid(title=sheet.title, walk=partial(_worksheet_rows, sheet, source), first_serial_day=first_serial_day)
        for sheet in sheets
    )
    return Grids(encoding="xlsx", choices=tuple(choices))


def _check_archive(content: bytes, source: str) -> None:
    with _damage_named(source):
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    if not any(part.filename.startswith("xl/") for part in parts):
        raise SheetUnreadable("binary", source=source, found="zip")
    if (size := sum(part.file_size for part in parts)) > MOST_BYTES:
        raise SheetUnreadable("too_large", source=source, size=size, limit=MOST_BYTES)


@contextlib.contextmanager
def _damage_named(source: str) -> Iterator[None]:
    """Turn whatever a damaged workbook makes openpyxl raise into one error, and keep its warnings off the terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise SheetUnreadable("workbook_broken", source=source, reason=reason) from error


def _worksheet_rows(sheet: _Worksheet, source: str) -> Iterator[Cells]:
    # What a workbook says of its own size is often wrong.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True)
    for _ in range(0, MOST_ROWS, _ROWS_AT_A_TIME):
        with _damage_named(source):
            chunk = [[_cell_text(value) for value in row] for row in itertools.islice(rows, _ROWS_AT_A_TIME)]
        yield from chunk
        if len(chunk) < _ROWS_AT_A_TIME:
            return
    raise SheetUnreadable("too_many_rows", source=source, limit=MOST_ROWS)


def _cell_text(value: object) -> str:
    """The cell as a person would type it; no number with a fraction goes further than here."""
    if isinstance(value, dt.datetime):
        return _whole_seconds(value).isoformat(" ")
    if isinstance(value, dt.time):
        return _whole_seconds(dt.datetime.combine(dt.date.min, value)).time().isoformat()
    if isinstance(value, dt.timedelta):
        seconds = (value + _HALF_A_SECOND) // dt.timedelta(seconds=1)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _whole_seconds(moment: dt.datetime) -> dt.datetime:
    """A workbook keeps times as fractions of a day, a little beside the second that was meant."""
    return (moment + _HALF_A_SECOND).replace(microsecond=0)
