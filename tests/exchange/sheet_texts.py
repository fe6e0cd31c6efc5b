"""Ways to write a sheet in a test and to say what is expected of it."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from volunteer_points.exchange import RowProblem, Sheet, SheetRow, SheetUnreadable, parse_sheet

SATURDAY = dt.date(2026, 3, 14)
PLAIN = "姓名,手机,活动,队伍,日期,开始,结束,备注"


def sheet_of(*lines: str, encoding: str = "utf-8") -> Sheet:
    return parse_sheet("\n".join(lines).encode(encoding))


def sheet_with(**cells: str) -> Sheet:
    """One row in which everything is right but for the cells that are given."""
    right = ["张三", "", "公园清洁", "", "2026-03-14", "9:00", "11:20", ""]
    row = dict(zip(PLAIN.split(","), right, strict=True)) | cells
    return sheet_of(quoted(row), quoted(row.values()))


def quoted(cells: Iterable[str], separator: str = ",") -> str:
    """A line of a sheet in which every cell stands in quotation marks."""
    return separator.join('"{}"'.format(cell.replace('"', '""')) for cell in cells)


def only_row(sheet: Sheet) -> SheetRow:
    """The row of a sheet in which nothing is wrong."""
    assert sheet.problems == ()
    (row,) = sheet.rows
    return row


def only_code(sheet: Sheet) -> str:
    """What is wrong with the one row of a sheet."""
    assert sheet.rows == ()
    (problem,) = sheet.problems
    assert_said_in_both_languages(problem)
    return problem.code


def refusal_of(content: bytes) -> SheetUnreadable:
    """Why a file is refused as a whole."""
    with pytest.raises(SheetUnreadable) as caught:
        parse_sheet(content, source="三月.csv")
    error = caught.value
    assert error.facts["source"] == "三月.csv"
    assert str(error).startswith("三月.csv: ")
    assert_said_in_both_languages(error)
    return error


def assert_said_in_both_languages(wrong: RowProblem | SheetUnreadable) -> None:
    """Whatever is wrong, there are words and a remedy for it."""
    assert all([wrong.message("en"), wrong.message("zh"), wrong.remedy("en"), wrong.remedy("zh")])
    assert wrong.message("en") != wrong.message("zh")
    assert wrong.remedy("en") != wrong.remedy("zh")


def nothing_more(_: openpyxl.Workbook) -> None:
    """Leave the workbook as it is."""


def workbook(*rows: Iterable[object], change: Callable[[openpyxl.Workbook], None] = nothing_more) -> bytes:
    """The bytes of a workbook with one worksheet of these rows; a text that looks like a formula stays a text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(number, place, value)  # type: ignore[call-overload]
            if isinstance(value, str):
                cell.data_type = "s"
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part_edited(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook in one of whose parts something was replaced behind the back of whatever wrote it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            assert name != part or old in text
            after.writestr(name, text.replace(old, new) if name == part else text)
    return file.getvalue()
