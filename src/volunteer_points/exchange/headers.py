"""Finding the row of headings, and saying what is wrong with it when there is none."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from volunteer_points.exchange.cells import carries_day
from volunteer_points.exchange.columns import Column, column_of, nearest_column
from volunteer_points.exchange.grids import BrokenQuotes, Cells, Grid, Grids
from volunteer_points.exchange.problems import SheetUnreadable

ROWS_SEARCHED = 10
"""A title, a place and a date may stand above the headings, but not more than this."""

# Enough to see past blank rows whether the times below the headings carry dates.
_ROWS_BELOW = 10


@attrs.frozen(kw_only=True)
class Header:
    """The row of headings.

    Attributes:
        number: Its row, from 1.
        headings: Every heading as written, up to the last that is not blank.
        places: For each column that is used, its position among the headings, from 0.
        missing: Columns without which the rows cannot be read.
    """

    number: int
    headings: tuple[str, ...]
    places: Mapping[Column, int]
    missing: tuple[Column, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """The headings whose columns are not used."""
        used = set(self.places.values())
        return tuple(heading for place, heading in enumerate(self.headings) if heading.strip() and place not in used)

    @property
    def columns(self) -> dict[str, Column]:
        """The headings that are used, and what they mean."""
        return {self.headings[place]: column for column, place in self.places.items()}


@attrs.frozen
class _Reading:
    """The best header that one reading of the file offers."""

    grid: Grid
    header: Header
    rows: list[Cells]
    broken: BrokenQuotes | None

    @property
    def complete(self) -> bool:
        return bool(self.header.places) and not self.header.missing


def find_header(grids: Grids, source: str) -> tuple[Grid, Header]:
    """The reading of the file that is a sign-in sheet, and its header: the first row that has all columns.

    Raises:
        SheetUnreadable: No reading has such a row, several worksheets have one, or a heading stands there twice.
    """
    readings = [_best_reading(grid) for grid in grids.choices]
    complete = [reading for reading in readings if reading.complete]
    if not complete:
        raise _why_not(readings, grids.encoding, source)
    if len(complete) > 1 and grids.encoding == "xlsx":
        titles = tuple(reading.grid.title for reading in complete)
        raise SheetUnreadable("several_worksheets", source=source, titles=titles)
    _refuse_duplicates(complete[0].header, source)
    return complete[0].grid, complete[0].header


def _best_reading(grid: Grid) -> _Reading:
    rows, broken = grid.top(ROWS_SEARCHED + _ROWS_BELOW)
    headers = [_header(number, row, rows[number:]) for number, row in enumerate(rows[:ROWS_SEARCHED], 1)]
    headers = headers or [Header(number=1, headings=(), places={}, missing=())]
    complete = (header for header in headers if not header.missing and header.places)
    best = next(complete, None) or max(headers, key=lambda header: len(header.places))
    return _Reading(grid, best, rows, broken)


def _header(number: int, row: Cells, below: Sequence[Cells]) -> Header:
    width = max((place for place, heading in enumerate(row, 1) if heading.strip()), default=0)
    headings = tuple(row[:width])
    places: dict[Column, int] = {}
    for place, heading in enumerate(headings):
        if (column := column_of(heading)) is not None:
            places.setdefault(column, place)
    _drop_unused_times(places)
    return Header(number=number, headings=headings, places=places, missing=tuple(_missing(places, below)))


def _drop_unused_times(places: dict[Column, int]) -> None:
    """Begin and end in columns of their own come before one column for both; half a pair is no use beside that."""
    if Column.BEGIN in places and Column.END in places:
        places.pop(Column.TIME, None)
    elif Column.TIME in places:
        places.pop(Column.BEGIN, None)
        places.pop(Column.END, None)


def _missing(places: Mapping[Column, int], below: Sequence[Cells]) -> Iterable[Column]:
    if Column.NAME not in places and Column.VOLUNTEER not in places:
        yield Column.NAME
    if Column.ACTIVITY not in places:
        yield Column.ACTIVITY
    if Column.DAY not in places and not _times_carry_days(places, below):
        yield Column.DAY
    if Column.TIME not in places:
        yield from (column for column in (Column.BEGIN, Column.END) if column not in places)


def _times_carry_days(places: Mapping[Column, int], below: Sequence[Cells]) -> bool:
    place = places.get(Column.BEGIN, places.get(Column.TIME))
    first = next((row for row in below if any(map(str.strip, row))), ())
    return place is not None and place < len(first) and carries_day(first[place])


def _refuse_duplicates(header: Header, source: str) -> None:
    columns = [column_of(heading) for heading in header.headings]
    for column, count in Counter(columns).items():
        if column is not None and count > 1:
            headings = tuple(
                heading for heading, found in zip(header.headings, columns, strict=True) if found is column
            )
            raise SheetUnreadable(
                "duplicated_columns", source=source, number=header.number, column=column, headings=headings
            )


# --- what is wrong ----------------------------------------------------------------------------------------------------

_FULL_WIDTH = re.compile("[，；、]")
_ANY_SEPARATOR = re.compile("[，；、,;\t]")
_NEEDED = (Column.NAME, Column.ACTIVITY, Column.DAY, Column.BEGIN, Column.END)
_HEADINGS_SHOWN = 4


def _why_not(readings: Sequence[_Reading], encoding: str, source: str) -> SheetUnreadable:
    nearest = max(readings, key=lambda reading: len(reading.header.places))
    header = nearest.header
    if (found := _full_width(nearest.rows, len(header.places))) is not None:
        number, separator = found
        return SheetUnreadable("full_width_separators", source=source, number=number, separator=separator)
    if not header.places and nearest.broken:
        return SheetUnreadable("broken_quotes", source=source, number=nearest.broken.number)
    if not header.places:
        return SheetUnreadable(
            "no_header", source=source, searched=ROWS_SEARCHED, encoding=encoding, accepted=_accepted(_NEEDED)
        )
    return SheetUnreadable(
        "missing_columns",
        source=source,
        number=header.number,
        missing=header.missing,
        found=tuple(heading for heading in header.headings if heading.strip()),
        accepted=_accepted(header.missing),
        suggestions=_suggestions(header),
    )


def _full_width(rows: Iterable[Cells], recognised: int) -> tuple[int, str] | None:
    """The row that would be a better header if its full-width commas were ordinary ones, and the mark in question."""
    for number, row in enumerate(rows, 1):
        line = ",".join(row)
        mark = _FULL_WIDTH.search(line)
        columns = {column_of(heading) for heading in _ANY_SEPARATOR.split(line)} - {None}
        if mark and len(columns) > max(recognised, 1):
            return number, mark[0]
    return None


def _accepted(columns: Iterable[Column]) -> dict[Column, tuple[str, ...]]:
    return {column: column.headings[:_HEADINGS_SHOWN] for column in columns}


def _suggestions(header: Header) -> dict[str, Column]:
    near = {heading: nearest_column(heading, header.missing) for heading in header.ignored}
    return {heading: column for heading, column in near.items() if column is not None}
