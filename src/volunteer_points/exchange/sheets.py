"""Sign-in sheets: from the bytes of a file to rows of service, with every wrong cell named.

Nothing here knows the ledger, the people register or the programme: names and activities are as written, in one form.
"""

import datetime as dt
import enum
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import attrs

from volunteer_points.exchange.cells import (
    SECONDS_IN_A_DAY,
    Clock,
    name_words,
    optional_name,
    optional_words,
    phone_digits,
    read_clock,
    read_day,
    read_interval,
    repeated_optional_words,
    repeated_required_words,
    required_words,
    words,
)
from volunteer_points.exchange.columns import Column
from volunteer_points.exchange.grids import MOST_BYTES, BrokenQuotes, Cells, open_grids
from volunteer_points.exchange.headers import Header, find_header
from volunteer_points.exchange.problems import CellUnreadable, RowProblem, SheetUnreadable

_Value = TypeVar("_Value")


@attrs.frozen(kw_only=True)
class SheetRow:
    """One person's service as a sheet tells it, in one form whatever the sheet looked like.

    Times are whole minutes. Where the sheet has seconds, begin is rounded up and end down, so that nobody is credited a
    minute that was not served in full; a begin in the last minute of a day stays in it, so that the day stays the same.

    The digest and the slot are made from names and phones. Whoever can guess those can recognise them, so they belong
    beside the people register and not into entries.

    Attributes:
        number: The row as a spreadsheet counts it, from 1; a cell with line breaks is in one row.
        name: '' if the sheet tells only the volunteer's number.
        phone: Digits, or ''.
        volunteer: The programme's own number for the volunteer, or ''.
        activity: What they did, as the sheet calls it.
        team: For which team, or ''.
        day: On which service began.
        begin: When, on that day.
        end: When; at or before `begin` it is on the next day, and the sheet says so.
        note: Whatever else was written, or ''.
        digest: SHA-256 of all of the above but the number, in hexadecimal. The same row in another encoding, width,
            language, date format or place has the same digest.
        slot: Says which row of its sheet this is even after a correction of times, team or note: made from person,
            activity, day, and how many rows before it have the same three. The same slot with another digest is a
            changed row.
    """

    number: int
    name: str
    phone: str
    volunteer: str
    activity: str
    team: str
    day: dt.date
    begin: dt.time
    end: dt.time
    note: str
    digest: str
    slot: str

    @property
    def ends_next_day(self) -> bool:
        """Whether service went on past midnight; it is never longer than 24 hours."""
        return self.end <= self.begin


class Skip(enum.StrEnum):
    """Why a row that is not blank was left out and is no problem."""

    TITLE = "title"
    TOTAL = "total"
    FOOTER = "footer"
    REPEATED_HEADER = "repeated_header"


@attrs.frozen(kw_only=True)
class SkippedRow:
    """A row that is not about service, such as a title or a total."""

    number: int
    reason: Skip
    text: str


@attrs.frozen(kw_only=True)
class Sheet:
    """What a file says.

    Attributes:
        source: The name by which messages call the file.
        sha256: Of its bytes, in hexadecimal.
        encoding: `utf-8`, `utf-8-sig`, `utf-16`, `gb18030` or `xlsx`.
        columns: Each heading that is used, as written, and what it means.
        ignored_columns: The headings that are not used.
        rows: Every row in which nothing is wrong, in order.
        problems: Every wrong cell of the others, from the top and from the left.
        skipped: Rows that are neither; blank rows are not mentioned.
    """

    source: str
    sha256: str
    encoding: str
    columns: Mapping[str, Column]
    ignored_columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    problems: tuple[RowProblem, ...]
    skipped: tuple[SkippedRow, ...]


def read_sheet(path: Path) -> Sheet:
    """The sheet in a file.

    Raises:
        SheetUnreadable: As `parse_sheet`, or the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SheetUnreadable("file_unreadable", source=str(path), reason=error.strerror or str(error)) from error
    return parse_sheet(content, source=str(path))


def parse_sheet(content: bytes, *, source: str = "sheet") -> Sheet:
    r"""The sheet in the bytes of a CSV file, of a text file with tabs or semicolons, or of an .xlsx workbook.

    >>> sheet = parse_sheet("姓名,活动,日期,时间\n张三,公园清洁,2026年3月14日,9：00～11：20".encode())
    >>> row, = sheet.rows
    >>> row.name, str(row.day), str(row.begin), str(row.end)
    ('张三', '2026-03-14', '09:00:00', '11:20:00')

    Args:
        content: The file: UTF-8 with or without its mark, UTF-16 with it, GB18030, or a workbook. A formula in a
            workbook counts as the value that was saved with it.
        source: What to call the file in messages.

    Raises:
        SheetUnreadable: It is no sign-in sheet, or nothing can be taken from it; `code` and `facts` say why.
    """
    grids = open_grids(content, source)
    grid, header = find_header(grids, source)
    reader = _Reader(header, grid.first_serial_day)
    try:
        for number, row in enumerate(grid.walk(), 1):
            reader.take(number, row)
    except BrokenQuotes as broken:
        raise SheetUnreadable("broken_quotes", source=source, number=broken.number) from broken
    if not reader.rows and not reader.problems:
        raise SheetUnreadable("no_rows", source=source, number=header.number)
    return Sheet(
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=grids.encoding,
        columns=header.columns,
        ignored_columns=header.ignored,
        rows=tuple(reader.rows),
        problems=tuple(reader.problems),
        skipped=tuple(reader.skipped),
    )


# --- rows -------------------------------------------------------------------------------------------------------------

_TOTAL = re.compile(
    r"\s*(?:[合总小共累]\s*计|总人数|总时长|(?:sub-?|grand )?total)\s*(?:[:：(（\d].*)?", re.IGNORECASE | re.DOTALL
)
_FOOTER = re.compile(
    r"\s*(?:填表|制表|审核|统计|经办|负责|签到|记录)?(?:人|签字|签名|盖章|日期|说明|注)(?:签字|签名)?\s*[:：].*",
    re.DOTALL,
)


@attrs.frozen
class _Places:
    """Where in a row each cell stands; begin and end share a place where one column holds both."""

    name: int
    phone: int
    volunteer: int
    activity: int
    team: int
    day: int
    begin: int
    end: int
    note: int
    absent: int
    """The place of every column that the sheet lacks: one blank cell behind the last."""

    @classmethod
    def under(cls, header: Header) -> "_Places":
        absent = len(header.headings)
        places = {column.value: header.places.get(column, absent) for column in Column}
        if (both := places.pop(Column.TIME.value)) != absent:
            places |= {Column.BEGIN.value: both, Column.END.value: both}
        return cls(**places, absent=absent)


class _Row:
    """One row while it is read, and what has been found wrong with it."""

    __slots__ = ("cells", "headings", "number", "problems")

    def __init__(self, headings: tuple[str, ...], number: int, cells: Cells) -> None:
        self.number = number
        self.headings = headings
        width = len(headings)
        # As many cells as headings, and a blank one for whatever the sheet lacks.
        self.cells = [*cells, *[""] * (width + 1 - len(cells))] if len(cells) <= width else [*cells[:width], ""]
        self.problems: list[RowProblem] = []

    def read(self, place: int, meaning: Callable[[str], _Value]) -> _Value | None:
        """What the cell means, or None if it is unreadable, which is then noted."""
        try:
            return meaning(self.cells[place])
        except CellUnreadable as wrong:
            self.refuse(place, wrong.code, **wrong.facts)
            return None

    def refuse(self, place: int, code: str, **facts: object) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(
            RowProblem(number=self.number, column=self.headings[place], value=self.cells[place], code=code, facts=facts)
        )


class _Reader:
    """Takes the rows of one sheet from top to bottom and sorts them into service, problems and what is neither."""

    def __init__(self, header: Header, first_serial_day: dt.date | None) -> None:
        self.rows: list[SheetRow] = []
        self.problems: list[RowProblem] = []
        self.skipped: list[SkippedRow] = []
        self._header = header
        self._places = _Places.under(header)
        self._first_serial_day = first_serial_day
        self._seen: Counter[str] = Counter()

    def take(self, number: int, cells: Cells) -> None:
        """Take the next row, whatever it is."""
        if number == self._header.number or not any(map(str.strip, cells)):
            return
        row = _Row(self._header.headings, number, cells)
        if (reason := self._why_skip(row)) is not None:
            self.skipped.append(SkippedRow(number=number, reason=reason, text=words(" ".join(cells))))
        elif len(cells) > self._places.absent and any(map(str.strip, cells[self._places.absent :])):
            self.problems.append(_too_many(number, cells, self._places.absent))
        else:
            service = self._service(row)
            if service is not None:
                self.rows.append(service)
            self.problems.extend(sorted(row.problems, key=lambda problem: row.headings.index(problem.column)))

    def _why_skip(self, row: _Row) -> Skip | None:
        if row.number < self._header.number:
            return Skip.TITLE
        if row.cells[0] == row.headings[0] and tuple(row.cells[:-1]) == row.headings:
            return Skip.REPEATED_HEADER
        labels = (next(filter(str.strip, row.cells), ""), row.cells[self._places.name])
        if any(map(_TOTAL.fullmatch, labels)):
            reason = Skip.TOTAL
        elif any(map(_FOOTER.fullmatch, labels)):
            reason = Skip.FOOTER
        else:
            return None
        # Whatever it is called, a row that tells a day is about service and is not left out.
        dated = self._places.day if self._places.day != self._places.absent else self._places.begin
        return None if row.cells[dated].strip() else reason

    def _service(self, row: _Row) -> SheetRow | None:
        at = self._places
        has_name = at.name != at.absent
        volunteer = row.read(at.volunteer, optional_words if has_name else required_words) or ""
        name = row.read(at.name, optional_name if volunteer or not has_name else name_words) or ""
        phone = row.read(at.phone, phone_digits) or ""
        activity = row.read(at.activity, repeated_required_words) or ""
        team = row.read(at.team, repeated_optional_words) or ""
        note = row.read(at.note, optional_words) or ""
        begin, end = _clocks(row, at)
        day = _day(row, at, begin, self._first_serial_day)
        span = None if begin is None or end is None else _span(row, at, day, begin, end)
        if day is None:
            return None
        who_what_when = _SEPARATOR.join((volunteer, name, phone, activity, day.isoformat()))
        # Counted for a row with problems too, so that correcting it leaves the slots of the others as they were.
        occurrence = self._seen[who_what_when]
        self._seen[who_what_when] = occurrence + 1
        if span is None or row.problems:
            return None
        content = _SEPARATOR.join(("1", who_what_when, team, _WRITTEN[span[0]], _WRITTEN[span[1]], note))
        return SheetRow(
            number=row.number,
            name=name,
            phone=phone,
            volunteer=volunteer,
            activity=activity,
            team=team,
            day=day,
            begin=_TIMES[span[0]],
            end=_TIMES[span[1]],
            note=note,
            digest=_sha256(content),
            slot=_sha256(f"{who_what_when}{_SEPARATOR}{occurrence}"),
        )


def _too_many(number: int, cells: Cells, width: int) -> RowProblem:
    """The row has something right of the last heading, so that its cells may have shifted."""
    facts = {"cells": len(cells), "headings": width}
    return RowProblem(number=number, column="", value=words(" ".join(cells)), code="too_many_cells", facts=facts)


# --- when -------------------------------------------------------------------------------------------------------------

_MINUTES_IN_A_DAY = 1_440
_TIMES = tuple(dt.time(minute // 60, minute % 60) for minute in range(_MINUTES_IN_A_DAY))
_WRITTEN = tuple(time.isoformat("minutes") for time in _TIMES)
_WRONG_AT_BEGIN = frozenset({"begins_next_day", "other_day"})


def _clocks(row: _Row, at: _Places) -> tuple[Clock | None, Clock | None]:
    if at.begin == at.end:
        return row.read(at.begin, read_interval) or (None, None)
    return row.read(at.begin, read_clock), row.read(at.end, read_clock)


def _day(row: _Row, at: _Places, begin: Clock | None, first_serial_day: dt.date | None) -> dt.date | None:
    """The day of the row, from its own column or else from the date before the begin."""
    if row.cells[at.day].strip():
        return row.read(at.day, partial(read_day, first_serial_day=first_serial_day))
    if begin is not None and begin.day is not None:
        return begin.day
    if at.day != at.absent:
        row.refuse(at.day, "missing")
    elif begin is not None:
        row.refuse(at.begin, "not_dated")
    return None


def _span(row: _Row, at: _Places, day: dt.date | None, begin: Clock, end: Clock) -> tuple[int, int] | None:
    """Begin and end as minutes since midnight, or None if they make no sense together, which is then noted."""
    # Where the day itself is unreadable, what else is wrong is still worth saying at once.
    day = day or begin.day or end.day
    days = end.days_later + ((end.day - day).days if end.day and day else 0)
    end_seconds = days * SECONDS_IN_A_DAY + end.seconds
    if code := _contradiction(day, begin, end_seconds):
        place = at.begin if code in _WRONG_AT_BEGIN else at.end
        row.refuse(place, code, day=str(day), begin=str(begin), end=str(end))
        return None
    first, last = _whole_minutes(begin.seconds, end_seconds)
    return min(first, _MINUTES_IN_A_DAY - 1), last % _MINUTES_IN_A_DAY


def _contradiction(day: dt.date | None, begin: Clock, end_seconds: int) -> str | None:
    if begin.days_later:
        return "begins_next_day"
    if begin.day is not None and begin.day != day:
        return "other_day"
    if end_seconds <= begin.seconds:
        return "ends_before_it_begins"
    if end_seconds - begin.seconds > SECONDS_IN_A_DAY:
        return "longer_than_a_day"
    first, last = _whole_minutes(begin.seconds, end_seconds)
    return "shorter_than_a_minute" if last <= first else None


def _whole_minutes(begin_seconds: int, end_seconds: int) -> tuple[int, int]:
    """The first and the last full minute of the clock: never more than was served."""
    return -(-begin_seconds // 60), end_seconds // 60


# --- digests ----------------------------------------------------------------------------------------------------------

# Cannot occur in a cell: it counts as white space there, which becomes a single blank.
_SEPARATOR = "\x1f"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
