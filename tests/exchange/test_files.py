"""A file that is no sign-in sheet is refused with a reason, whatever is in it."""

import datetime as dt
import os
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.exchange.sheet_texts import (
    PLAIN,
    SATURDAY,
    assert_said_in_both_languages,
    only_code,
    only_row,
    quoted,
    refusal_of,
    sheet_of,
    with_part_edited,
    workbook,
)
from volunteer_points.errors import InputError
from volunteer_points.exchange import (
    Column,
    Sheet,
    SheetUnreadable,
    Skip,
    grids,
    parse_sheet,
    read_sheet,
)

# --- files that are no sign-in sheet ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "empty"),
        (b"\r\n \t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b"\x1a", "empty"),
        (b"\x00\x01\x02\x03", "binary"),
        (PLAIN.encode("utf-16-le"), "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        (b"%PDF-1.7", "binary"),
        (b"PK\x05\x06" + bytes(18), "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "old_workbook"),
        (b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table>", "web_page"),
        (b'<?xml version="1.0"?><Workbook/>', "web_page"),
        (b"name,activity\x07,date,time", "control_character"),
        (b"PK\x03\x04 nothing", "workbook_broken"),
        (b"\xff\xff\xff\xff\xff", "undecodable"),
        (PLAIN.encode("utf-16")[:-1], "undecodable"),
        ("张三,公园清洁,2026-03-14,9:00,11:20".encode(), "no_header"),
        ("姓名,電話,活動,日期".encode("big5"), "no_header"),
        (b'"', "broken_quotes"),
        (PLAIN.encode(), "no_rows"),
        (f"{PLAIN}\n,,,\n合计,,\n".encode(), "no_rows"),
    ],
)
def test_a_file_that_is_no_sign_in_sheet_is_refused(content: bytes, code: str) -> None:
    error = refusal_of(content)

    assert error.code == code
    assert isinstance(error, InputError)


def test_utf8_with_one_damaged_byte_is_not_taken_for_gb18030() -> None:
    content = f"{PLAIN}\n张三,,公园清洁,,2026-03-14,9:00,11:20,一".encode()
    cut = content[:-1]
    error = refusal_of(cut)

    assert (error.code, error.facts["line"], error.facts["position"]) == ("undecodable", 2, len(cut) - 1)


def test_missing_columns_are_named_with_what_is_accepted_and_what_was_probably_meant() -> None:
    error = refusal_of("姓明,活动,日其,开始,结朿,地点\n".encode())

    assert error.code == "missing_columns"
    assert error.facts["missing"] == (Column.NAME, Column.DAY, Column.END)
    assert error.facts["suggestions"] == {"姓明": Column.NAME, "日其": Column.DAY, "结朿": Column.END}
    assert error.facts["found"] == ("姓明", "活动", "日其", "开始", "结朿", "地点")
    assert "姓明 → 姓名" in error.remedy("zh")
    assert "date" in error.message("en")


def test_a_misspelt_english_heading_is_recognised() -> None:
    error = refusal_of(b"nmae,activty,date,begin,end\n")

    assert error.facts["suggestions"] == {"nmae": Column.NAME, "activty": Column.ACTIVITY}


def test_a_sheet_whose_times_have_no_dates_needs_a_column_for_the_date() -> None:
    error = refusal_of("姓名,活动,签到时间,签退时间\n张三,公园清洁,9:00,11:20".encode())

    assert (error.code, error.facts["missing"]) == ("missing_columns", (Column.DAY,))


@pytest.mark.parametrize("headings", ["姓名,志愿者,活动,日期,时间", "Name,活动,日期,时间,ＮＡＭＥ"])
def test_two_columns_for_one_thing_are_refused(headings: str) -> None:
    error = refusal_of(f"{headings}\n".encode())

    assert (error.code, error.facts["column"]) == ("duplicated_columns", Column.NAME)
    assert len(list(error.facts["headings"])) == 2  # type: ignore[call-overload]


def test_full_width_commas_between_headings_are_named() -> None:
    error = refusal_of("签到表\n姓名，活动，日期，时间\n张三，清洁，2026-03-14，9:00-11:20".encode())

    assert (error.code, error.facts["number"], error.facts["separator"]) == ("full_width_separators", 2, "，")


def test_a_quotation_mark_that_is_never_closed_swallows_nothing_in_silence() -> None:
    lines = [PLAIN, *("张三,,公园清洁,,2026-03-14,9:00,11:20," for _ in range(40))]
    lines[30] = '张三,,"公园清洁,,2026-03-14,9:00,11:20,'
    error = refusal_of("\n".join(lines).encode())

    assert (error.code, error.facts["number"]) == ("broken_quotes", 31)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf" * 2, "\ufeff".encode("gb18030"), b"\xff\xfe" * 2])
def test_a_mark_at_the_start_is_no_part_of_the_first_heading(mark: bytes) -> None:
    encoding = {0xEF: "utf-8", 0x84: "gb18030", 0xFF: "utf-16-le"}[mark[0]]
    text = '"姓名",活动,日期,时间\n张三,清洁,20260314,9:00-11:20'

    sheet = parse_sheet(mark + text.encode(encoding))

    assert only_row(sheet).name == "张三"
    assert next(iter(sheet.columns)) == "姓名"


def test_quotation_marks_may_follow_a_space() -> None:
    assert (
        only_row(sheet_of("姓名, 活动, 日期, 时间", '张三, "公园, 清洁", 20260314, 9:00-11:20')).activity
        == "公园, 清洁"
    )


def test_excel_may_name_its_separator_in_the_first_line() -> None:
    assert only_row(sheet_of("sep=|", "姓名|活动|日期|时间", "张三|清洁|20260314|9:00-11:20")).number == 3


def test_every_error_survives_the_way_between_processes() -> None:
    error = refusal_of("姓明,活动,日期,时间\n".encode())

    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.code, again.facts) == (error.code, error.facts)


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_and_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "三月.csv"
    path.write_bytes(f"{PLAIN}\n张三,,公园清洁,,2026-03-14,9:00,11:20,".encode("gb18030"))

    sheet = read_sheet(path)

    assert only_row(sheet).activity == "公园清洁"
    assert (sheet.source, sheet.encoding) == (str(path), "gb18030")


def test_a_file_that_is_not_there_is_an_error_of_the_input(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(SheetUnreadable) as caught:
            read_sheet(path)
        assert caught.value.code == "file_unreadable"
        assert str(path) in str(caught.value)


# --- workbooks --------------------------------------------------------------------------------------------------------

HEADINGS = ("姓名", "手机", "活动", "日期", "开始", "结束", "备注")


def test_a_workbook_gives_the_same_rows_as_text() -> None:
    book = workbook(
        ("赛罕社区签到表",),
        HEADINGS,
        ("张三", 13800001234, "公园清洁", SATURDAY, dt.time(9), dt.time(11, 20), None),
        ("李四", "13900001234", "公园清洁", dt.datetime(2026, 3, 14), "下午2:00", dt.timedelta(hours=16), 5),  # noqa: DTZ001
        (),
        ("王五", 13700001234.0, "公园清洁", 46095, 1405, dt.datetime(2026, 3, 15, 0, 30), True),  # noqa: DTZ001
        ("合计", None, None, None, None, "=SUM(A1:A2)"),
    )
    text = sheet_of(
        ",".join(HEADINGS),
        "张三,13800001234,公园清洁,2026-03-14,9:00,11:20,",
        "李四,13900001234,公园清洁,2026-03-14,14:00,16:00,5",
        "王五,13700001234,公园清洁,2026-03-14,14:05,次日0:30,True",
    )

    sheet = parse_sheet(book)

    assert sheet.problems == ()
    assert sheet.encoding == "xlsx"
    assert [row.digest for row in sheet.rows] == [row.digest for row in text.rows]
    assert [row.number for row in sheet.rows] == [3, 4, 6]
    assert [row.reason for row in sheet.skipped] == [Skip.TITLE, Skip.TOTAL]


def test_a_phone_that_a_workbook_keeps_in_powers_of_ten_is_whole() -> None:
    content = workbook(HEADINGS, ("张三", 13800001234, "清洁", SATURDAY, dt.time(9), dt.time(11, 20)))
    part, old = "xl/worksheets/sheet1.xml", b"<v>13800001234</v>"

    assert only_row(parse_sheet(with_part_edited(content, part, old, b"<v>1.3800001234E10</v>"))).phone == "13800001234"


def test_a_date_that_a_workbook_cannot_hold_is_named_without_a_warning() -> None:
    content = workbook(HEADINGS, ("张三", "", "清洁", SATURDAY, dt.time(9), dt.time(11, 20)))
    part, old = "xl/worksheets/sheet1.xml", b"<v>46095</v>"

    assert only_code(parse_sheet(with_part_edited(content, part, old, b"<v>99999999</v>"))) == "spreadsheet_error"


def test_a_formula_counts_as_the_value_that_was_saved_with_it() -> None:
    content = workbook(HEADINGS, ("张三", "", 777, SATURDAY, dt.time(9), dt.time(11, 20), "=1+1"))
    part, old = "xl/worksheets/sheet1.xml", b"<v>777</v>"
    saved = with_part_edited(content, part, old, b"<f>A2</f><v>888</v>")

    row = only_row(parse_sheet(saved))

    assert (row.activity, row.note) == ("888", "=1+1")


def test_a_bare_number_for_a_date_follows_the_epoch_of_the_workbook() -> None:
    def from_1904(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    content = workbook(HEADINGS, ("张三", "", "清洁", 46095 - 1462, "9:00", "11:20"), change=from_1904)

    assert only_row(parse_sheet(content)).day == SATURDAY


def test_a_time_that_a_workbook_keeps_a_little_beside_its_minute_is_that_minute() -> None:
    begin, end = dt.time(14, 5, 0, 10_000), dt.time(14, 59, 59, 990_000)
    row = only_row(parse_sheet(workbook(HEADINGS, ("张三", "", "清洁", SATURDAY, begin, end))))

    assert (row.begin, row.end) == (dt.time(14, 5), dt.time(15))


def test_the_worksheet_with_the_sheet_is_found_and_hidden_ones_are_not_read() -> None:
    row = ("张三", "", "清洁", SATURDAY, dt.time(9), dt.time(11, 20))

    def more(book: openpyxl.Workbook) -> None:
        hidden = book.create_sheet("旧", 0)
        hidden.append(HEADINGS)
        hidden.append(row)
        hidden.sheet_state = "hidden"
        book.create_sheet("说明", 0).append(["填表说明"])

    assert only_row(parse_sheet(workbook(HEADINGS, row, change=more))).number == 2


def test_two_worksheets_with_sheets_are_refused() -> None:
    def twice(book: openpyxl.Workbook) -> None:
        book.create_sheet("四月").append(HEADINGS)

    error = refusal_of(workbook(HEADINGS, change=twice))

    assert (error.code, error.facts["titles"]) == ("several_worksheets", ("Sheet", "四月"))


def test_a_workbook_that_shows_no_worksheet_is_refused() -> None:
    part, old = "xl/workbook.xml", b'state="visible"'

    assert refusal_of(with_part_edited(workbook(HEADINGS), part, old, b'state="hidden"')).code == "empty"


def test_a_workbook_that_claims_more_rows_than_there_can_be_is_refused() -> None:
    content = workbook(HEADINGS, ("张三", "", "清洁", SATURDAY, dt.time(9), dt.time(11, 20)))
    part, old = "xl/worksheets/sheet1.xml", b'<row r="2">'

    assert refusal_of(with_part_edited(content, part, old, b'<row r="99999999999">')).code == "too_many_rows"


def test_a_file_of_more_bytes_than_are_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MOST_BYTES", 10)

    assert refusal_of(b"name,activity").code == "too_large"


def test_a_workbook_without_a_sheet_is_refused() -> None:
    assert refusal_of(workbook()).code == "no_header"
    assert refusal_of(workbook(("姓名", "活动"))).code == "missing_columns"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")

    assert refusal_of(path.read_bytes()).code == "binary"


def test_what_would_unpack_to_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(257):
            part.write(bytes(2**20))

    assert path.stat().st_size < 2**20
    assert refusal_of(path.read_bytes()).code == "too_large"


def test_a_workbook_without_openpyxl_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(HEADINGS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    error = refusal_of(content)

    assert error.code == "openpyxl_missing"
    assert "volunteer-points[sheets]" in error.remedy("zh")


def test_reading_text_imports_no_openpyxl() -> None:
    program = (
        "import sys; from volunteer_points.exchange import parse_sheet;"
        "parse_sheet('name,activity,date,time\\nAnna,park,20260314,9:00-11:20'.encode());"
        "sys.exit('openpyxl' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0


WORKBOOK = workbook(HEADINGS, ("张三", 13800001234, "清洁", SATURDAY, dt.time(9), dt.time(11, 20), "备注"))


# --- anything at all --------------------------------------------------------------------------------------------------


def outcome(content: bytes) -> Sheet | SheetUnreadable:
    try:
        return parse_sheet(content)
    except SheetUnreadable as error:
        return error


def holds_for_anything(content: bytes) -> None:
    """Either it is a sheet whose every problem can be said in both languages, or it is refused in both."""
    found = outcome(content)
    if isinstance(found, SheetUnreadable):
        assert_said_in_both_languages(found)
        return
    assert found.rows or found.problems
    for problem in found.problems:
        assert_said_in_both_languages(problem)
    read = [row.number for row in found.rows]
    wrong = {problem.number for problem in found.problems}
    left_out = {row.number for row in found.skipped}
    assert read == sorted(set(read))
    assert len({*read, *wrong, *left_out}) == len(read) + len(wrong) + len(left_out)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    holds_for_anything(content)


@given(st.sampled_from(["utf-8", "gb18030", "utf-16"]), st.binary(max_size=200))
def test_any_bytes_below_headings_are_refused_or_read(encoding: str, content: bytes) -> None:
    holds_for_anything(f"{PLAIN}\n".encode(encoding) + content)


cells = st.one_of(
    st.text(max_size=12),
    st.dates().map(str),
    st.times().map(str),
    st.from_regex(r"[0-9+年月日/:.\-点分半次日上下午晚apm ~至到星期六(),;]{1,14}", fullmatch=True),
)


@given(
    st.lists(st.lists(cells, min_size=1, max_size=9), min_size=1, max_size=5),
    st.sampled_from([PLAIN, "姓名,活动,时间"]),
)
def test_any_cells_below_headings_are_read_or_named(rows: list[list[str]], headings: str) -> None:
    holds_for_anything("\n".join([headings, *map(quoted, rows)]).encode("utf-8", "replace"))


@pytest.mark.slow
@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=4))
def test_a_workbook_with_damaged_bytes_is_refused_or_read(place: int, damage: bytes) -> None:
    holds_for_anything(WORKBOOK[:place] + damage + WORKBOOK[place + len(damage) :])


@given(st.integers(0, len(WORKBOOK)))
def test_a_workbook_that_was_cut_short_is_refused(length: int) -> None:
    if length < len(WORKBOOK):
        refusal_of(WORKBOOK[:length])


def test_a_long_line_of_marks_is_refused_quickly() -> None:
    started = time.perf_counter()
    for text in ("(" * 120_000, "-" * 120_000, "1-" * 60_000, '""' * 60_000, "9:00 " * 20_000):
        holds_for_anything(f"姓名,活动,日期,时间\n张三,清洁,{text},{text}".encode())
        holds_for_anything(text.encode())

    assert time.perf_counter() - started < 5
