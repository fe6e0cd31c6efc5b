"""A cell is read as it was meant, or it is said what is wrong with it; nothing is guessed."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.sheet_texts import (
    SATURDAY,
    only_code,
    only_row,
    sheet_of,
    sheet_with,
)
from volunteer_points.exchange import (
    Sheet,
)

# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, name",
    [
        ("张　三", "张三"),
        (" 张 三 ", "张三"),
        ("Ａｎｎａ　Ｌｉ", "Anna Li"),
        ("\u202a张三\u202c\u200b", "张三"),
        ("苏日娜•巴特尔", "苏日娜·巴特尔"),
        ("苏日娜 ・ 巴特尔", "苏日娜·巴特尔"),
        ("ᠰᠠᠷᠠᠨ᠎ᠠ", "ᠰᠠᠷᠠᠨ᠎ᠠ"),
        ("=SUM(A1:A9)", "=SUM(A1:A9)"),
        ('"小张"', '"小张"'),
    ],
)
def test_a_name_is_the_same_however_it_was_typed(written: str, name: str) -> None:
    assert only_row(sheet_with(姓名=written)).name == name


@pytest.mark.parametrize(
    "written, phone",
    [
        ("138-0000-1234", "13800001234"),
        ("138 0000 1234", "13800001234"),
        ("１３８００００１２３４", "13800001234"),
        ("+86 138 0000 1234", "13800001234"),
        ("0086-13800001234", "13800001234"),
        ("8613800001234", "13800001234"),
        ("13800001234.0", "13800001234"),
        ("'13800001234", "13800001234"),
        ("0477-7654321", "04777654321"),
        ("(0477)7654321", "04777654321"),
        ("+976 9911 2233", "97699112233"),
        ("无", ""),
        ("/", ""),
    ],
)
def test_a_phone_is_its_digits(written: str, phone: str) -> None:
    assert only_row(sheet_with(手机=written)).phone == phone


@pytest.mark.parametrize(
    "written, code",
    [
        ("1.38E+10", "phone_rounded"),
        ("138****1234", "phone_unreadable"),
        ("13800001234/13900001234", "phone_unreadable"),
        ("请查微信", "phone_unreadable"),
        ("110#", "phone_unreadable"),
        ("#N/A", "spreadsheet_error"),
    ],
)
def test_what_is_not_one_phone_is_named(written: str, code: str) -> None:
    assert only_code(sheet_with(手机=written)) == code


@pytest.mark.parametrize(
    "cells, column, code",
    [
        ({"姓名": ""}, "姓名", "missing"),
        ({"姓名": "\u3000"}, "姓名", "missing"),
        ({"活动": ""}, "活动", "missing"),
        ({"日期": ""}, "日期", "missing"),
        ({"开始": ""}, "开始", "missing"),
        ({"结束": " "}, "结束", "missing"),
        ({"活动": "#REF!"}, "活动", "spreadsheet_error"),
        ({"日期": "########"}, "日期", "spreadsheet_error"),
        ({"活动": "长" * 1001}, "活动", "too_long"),
        ({"队伍": "长" * 1001}, "队伍", "too_long"),
    ],
)
def test_a_cell_that_says_nothing_is_named(cells: dict[str, str], column: str, code: str) -> None:
    sheet = sheet_with(**cells)

    assert only_code(sheet) == code
    assert sheet.problems[0].column == column


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "2026/3/14",
        "2026-03-14",
        "2026.3.14",
        "2026年3月14日",
        "2026年3月14号",
        "2026 年 3 月 14 日",
        "20260314",
        "２０２６－０３－１４",
        "2026–3–14",
        "2026/3/14 0:00",
        "2026-03-14T09:00:00",
        "2026年3月14日09:00",
        "2026/3/14（周六）",
        "2026-03-14 星期六",
    ],
)
def test_a_date_with_its_year_first_is_read(written: str) -> None:
    assert only_row(sheet_with(日期=written)).day == SATURDAY


@pytest.mark.parametrize(
    "written, code",
    [
        ("3/14/2026", "not_a_day"),
        ("14.3.2026", "not_a_day"),
        ("26-3-14", "not_a_day"),
        ("3月14日", "not_a_day"),
        ("2026-3/14", "not_a_day"),
        ("2026-03-145", "not_a_day"),
        ("202603140", "not_a_day"),
        ("2026/3/149:00", "not_a_day"),
        ("2026-03-14 上午场", "not_a_day"),
        ("2026-03-14T09:00+08:00", "not_a_day"),
        ("昨天", "not_a_day"),
        ("2026-02-29", "no_such_day"),
        ("20261314", "no_such_day"),
        ("0000-01-01", "no_such_day"),
        ("2026-03-14 星期五", "other_weekday"),
        ("46095", "day_is_number"),
        ("٢٠٢٦-٠٣-١٤", "not_a_day"),
    ],
)
def test_a_date_that_needs_guessing_is_named(written: str, code: str) -> None:
    sheet = sheet_with(日期=written)

    assert only_code(sheet) == code
    assert sheet.problems[0].value == written


def test_a_bare_number_in_text_is_shown_as_the_date_it_may_be() -> None:
    (problem,) = sheet_with(日期="46095").problems

    assert problem.facts["day"] == "2026-03-14"


# --- times of day -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, begin",
    [
        ("14:05", "14:05"),
        ("14：05", "14:05"),
        ("14∶05", "14:05"),
        ("１４：０５", "14:05"),
        ("1405", "14:05"),
        ("905", "09:05"),
        ("0905", "09:05"),
        ("14点05分", "14:05"),
        ("14点5分", "14:05"),
        ("14时05", "14:05"),
        ("14点", "14:00"),
        ("14点整", "14:00"),
        ("9点半", "09:30"),
        ("9点一刻", "09:15"),
        ("14点05分30秒", "14:06"),
        ("下午2:05", "14:05"),
        ("下午 2点05分", "14:05"),
        ("下午14:05", "14:05"),
        ("下午12:30", "12:30"),
        ("中午12:30", "12:30"),
        ("中午1点", "13:00"),
        ("晚上7:30", "19:30"),
        ("凌晨12:30", "00:30"),
        ("早上8:00", "08:00"),
        ("2:05 PM", "14:05"),
        ("2:05PM", "14:05"),
        ("2:05 p.m.", "14:05"),
        ("2pm", "14:00"),
        ("12:05 am", "00:05"),
        ("12:05 pm", "12:05"),
        ("pm 2:05", "14:05"),
        ("14 : 05", "14:05"),
        ("14:05:00", "14:05"),
        ("0:00", "00:00"),
        ("2026-03-14 14:05", "14:05"),
    ],
)
def test_a_time_of_day_is_read(written: str, begin: str) -> None:
    assert only_row(sheet_with(开始=written, 结束="24:00")).begin.isoformat("minutes") == begin


@pytest.mark.parametrize(
    "written, code",
    [
        ("9", "not_a_time"),
        ("9.30", "not_a_time"),
        ("14:5", "not_a_time"),
        ("14:60", "not_a_time"),
        ("25:00", "not_a_time"),
        ("24:01", "not_a_time"),
        ("9 30", "not_a_time"),
        ("14051", "not_a_time"),
        ("上午", "not_a_time"),
        ("是", "not_a_time"),
        ("0.375", "not_a_time"),
        ("-9:00", "not_a_time"),
        ("上午12:30", "time_unclear"),
        ("晚上12:00", "time_unclear"),
        ("晚上1:00", "time_unclear"),
        ("13:00 AM", "time_unclear"),
        ("下午2:05 PM", "time_unclear"),
        ("2026-02-30 9:00", "no_such_day"),
        ("24:00", "begins_next_day"),
        ("次日 9:00", "begins_next_day"),
        ("2026-03-15 9:00", "other_day"),
    ],
)
def test_a_begin_that_needs_guessing_is_named(written: str, code: str) -> None:
    sheet = sheet_with(开始=written, 结束="23:59")

    assert only_code(sheet) == code
    assert (sheet.problems[0].column, sheet.problems[0].value) == ("开始", written)


@pytest.mark.parametrize(
    "written",
    [
        "次日01:30",
        "次日 1:30",
        "+1 01:30",
        "＋１　01：30",
        "01:30+1",
        "1:30(次日)",
        "第二天凌晨1:30",
        "2026-03-15 1:30",
    ],
)
def test_service_past_midnight_is_read_where_the_sheet_says_so(written: str) -> None:
    row = only_row(sheet_with(开始="22:00", 结束=written))

    assert (row.end, row.ends_next_day) == (dt.time(1, 30), True)


def test_midnight_at_the_end_of_a_day_can_be_written_as_24_00() -> None:
    row = only_row(sheet_with(开始="0:00", 结束="24:00"))

    assert (row.begin, row.end, row.ends_next_day) == (dt.time(0), dt.time(0), True)


@pytest.mark.parametrize(
    "begin, end, code",
    [
        ("11:20", "9:00", "ends_before_it_begins"),
        ("22:00", "01:30", "ends_before_it_begins"),
        ("9:00", "9:00", "ends_before_it_begins"),
        ("9:00", "2026-03-13 10:00", "ends_before_it_begins"),
        ("9:00", "次日 9:01", "longer_than_a_day"),
        ("9:00", "2026-03-16 8:00", "longer_than_a_day"),
        ("9:00:10", "9:00:50", "shorter_than_a_minute"),
        ("9:00:10", "9:01:50", "shorter_than_a_minute"),
        ("23:59:30", "24:00", "shorter_than_a_minute"),
    ],
)
def test_an_end_that_does_not_follow_the_begin_is_named(begin: str, end: str, code: str) -> None:
    sheet = sheet_with(开始=begin, 结束=end)

    assert only_code(sheet) == code
    assert (sheet.problems[0].column, sheet.problems[0].value) == ("结束", end)


def test_the_remedy_for_an_end_before_the_begin_says_how_to_write_past_midnight() -> None:
    (problem,) = sheet_with(开始="22:00", 结束="01:30").problems

    assert "次日" in problem.remedy("en")
    assert "次日" in problem.remedy("zh")


MIDNIGHT = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)


@given(st.integers(0, 86_399), st.integers(1, 86_400))
def test_seconds_never_add_to_service(begin: int, length: int) -> None:
    first, last = (MIDNIGHT + dt.timedelta(seconds=seconds) for seconds in (begin, begin + length))
    sheet = sheet_with(开始=f"{first:%H:%M:%S}", 结束=f"{last:%Y-%m-%d %H:%M:%S}")

    if not sheet.rows:
        assert length < 120
        return
    row = only_row(sheet)
    minutes = (row.end.hour * 60 + row.end.minute) - (row.begin.hour * 60 + row.begin.minute) + 1440 * row.ends_next_day
    assert row.day == SATURDAY
    # The one exception: service that begins in the last minute of a day stays on that day.
    spared = 59 if begin > 86_340 else 0
    assert length - 118 <= minutes * 60 <= length + spared


def test_a_begin_in_the_last_minute_of_a_day_stays_on_it() -> None:
    row = only_row(sheet_with(开始="23:59:30", 结束="次日 00:10:59"))

    assert (row.day, row.begin, row.end) == (SATURDAY, dt.time(23, 59), dt.time(0, 10))


# --- begin and end in one cell ----------------------------------------------------------------------------------------


def with_interval(written: str) -> Sheet:
    return sheet_of("姓名,活动,日期,时间", f'张三,公园清洁,2026-03-14,"{written}"')


@pytest.mark.parametrize("dash", ["-", "–", "—", "——", "~", "～", "〜", "−", "－", "至", "到", " to ", " - "])
def test_any_dash_stands_between_begin_and_end(dash: str) -> None:
    row = only_row(with_interval(f"9:00{dash}11:20"))

    assert (row.begin, row.end) == (dt.time(9), dt.time(11, 20))


@pytest.mark.parametrize(
    "written, begin, end",
    [
        ("0900-1120", "09:00", "11:20"),
        ("上午9:00-11:20", "09:00", "11:20"),
        ("上午9:00-12:00", "09:00", "12:00"),
        ("上午9:00-下午1:00", "09:00", "13:00"),
        ("下午2:00-4:30", "14:00", "16:30"),
        ("下午2:00-16:30", "14:00", "16:30"),
        ("下午2点至4点半", "14:00", "16:30"),
        ("9:00-1:00 PM", "09:00", "13:00"),
        ("12:00-1:00 PM", "12:00", "13:00"),
        ("9:00 - 11:20 am", "09:00", "11:20"),
        ("22:00-次日01:30", "22:00", "01:30"),
        ("22:00-+1 01:30", "22:00", "01:30"),
        ("2026-03-14 9:00-11:20", "09:00", "11:20"),
        ("2026-03-14 9:00-2026-03-14 11:20", "09:00", "11:20"),
        ("2026.3.14 22:00～2026.3.15 1:30", "22:00", "01:30"),
    ],
)
def test_begin_and_end_are_read_from_one_cell(written: str, begin: str, end: str) -> None:
    row = only_row(with_interval(written))

    assert (row.begin.isoformat("minutes"), row.end.isoformat("minutes")) == (begin, end)


@pytest.mark.parametrize(
    "written, code",
    [
        ("9:00", "not_an_interval"),
        ("9:00-", "not_an_interval"),
        ("2小时", "not_an_interval"),
        ("9-11", "not_an_interval"),
        ("9:00-10:00-11:00", "not_an_interval"),
        ("", "missing"),
        ("9:00-11:00，14:00-16:00", "several_intervals"),
        ("9:00-11:00，14:00-傍晚", "not_an_interval"),
        ("9:00-11:00 14:00-16:00", "several_intervals"),
        ("9:00-11:00、14:00-16:00", "several_intervals"),
        ("2:00-4:30 PM", "time_unclear"),
        ("8:00-晚上9:30", "time_unclear"),
        ("11:20-9:00", "ends_before_it_begins"),
        ("2026-03-15 9:00-11:20", "other_day"),
    ],
)
def test_an_interval_that_needs_guessing_is_named(written: str, code: str) -> None:
    sheet = with_interval(written)

    assert only_code(sheet) == code
    assert sheet.problems[0].column == "时间"
