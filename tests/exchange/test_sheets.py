"""A sheet tells the same however it is written, and each row of it is read, named as wrong, or reported as skipped."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.exchange.sheet_texts import (
    PLAIN,
    SATURDAY,
    only_code,
    only_row,
    quoted,
    refusal_of,
    sheet_of,
    sheet_with,
    workbook,
)
from volunteer_points.exchange import (
    Column,
    Skip,
    parse_sheet,
)
from volunteer_points.exchange.columns import column_of

# --- one sheet, many forms --------------------------------------------------------------------------------------------


def test_a_plain_sheet_is_read() -> None:
    sheet = sheet_of(PLAIN, "张三,13800001234,公园清洁,美家美户,2026-03-14,9:00,11:20,带了工具")

    row = only_row(sheet)
    assert (row.number, row.name, row.phone, row.volunteer) == (2, "张三", "13800001234", "")
    assert (row.activity, row.team, row.note) == ("公园清洁", "美家美户", "带了工具")
    assert (row.day, row.begin, row.end) == (SATURDAY, dt.time(9), dt.time(11, 20))
    assert not row.ends_next_day
    assert sheet.encoding == "utf-8"
    assert next(iter(sheet.columns.items())) == ("姓名", Column.NAME)
    assert sheet.ignored_columns == ()


def test_the_digest_of_the_file_is_that_of_its_bytes() -> None:
    content = f"{PLAIN}\n张三,,公园清洁,,2026-03-14,9:00,11:20,".encode()

    assert parse_sheet(content).sha256 == hashlib.sha256(content).hexdigest()
    assert parse_sheet(content + b"\n").sha256 != hashlib.sha256(content).hexdigest()


# 无 alone says that there is nothing.
han = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5, exclude_characters="无")
letters = st.sampled_from("ABCxyz019")
han_names = st.text(han, min_size=2, max_size=4)
latin_names = st.lists(st.text(st.sampled_from("ABCxyz"), min_size=1, max_size=6), min_size=1, max_size=3).map(" ".join)
phrases = st.lists(
    st.text(han | letters | st.sampled_from("\",;:=!'。·"), min_size=1, max_size=6), min_size=1, max_size=3
).map(" ".join)
moments = st.integers(0, 1439)


@attrs.frozen(kw_only=True)
class Told:
    """What a row of a sheet is to tell."""

    name: str
    phone: str
    volunteer: str
    activity: str
    team: str
    day: dt.date
    begin: int
    minutes: int
    note: str

    @property
    def end(self) -> int:
        return self.begin + self.minutes


tellings = st.builds(
    Told,
    name=han_names | latin_names,
    phone=st.just("") | st.integers(10**10, 2 * 10**10 - 1).map(str),
    volunteer=st.just("") | st.text(st.sampled_from("abc019"), min_size=4, max_size=8),
    activity=phrases,
    team=st.just("") | han_names,
    day=st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 30)),
    begin=moments,
    minutes=st.integers(1, 1440),
    note=st.just("") | phrases,
)

DAY_FORMATS: tuple[Callable[[dt.date], str], ...] = (
    lambda day: f"{day}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day:%Y-%m-%d} 00:00:00",
    lambda day: f"{day.year}年{day.month:02}月{day.day:02}日 星期{'一二三四五六日'[day.weekday()]}",
)
TIME_FORMATS: tuple[Callable[[int, int], str], ...] = (
    lambda hour, minute: f"{hour}:{minute:02}",
    lambda hour, minute: f"{hour:02}:{minute:02}:00",
    lambda hour, minute: f"{hour:02}{minute:02}",
    lambda hour, minute: f"{hour}：{minute:02}",
    lambda hour, minute: f"{hour}点{minute}分",
    lambda hour, minute: f"{(hour - 1) % 12 + 1}:{minute:02} {'AM' if hour < 12 else 'PM'}",
    lambda hour, minute: (
        f"{'凌晨' if hour < 1 else '上午' if hour < 12 else '下午'}{hour - 12 * (hour > 12)}:{minute:02}"
    ),
)
DASHES = ("-", "–", "—", "~", "～", "至", "到", " - ", "--", " 至 ")


def full_width(text: str) -> str:
    return "".join(
        "\u3000" if mark == " " else chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else mark for mark in text
    )


@attrs.frozen(kw_only=True)
class Look:
    """How a sheet is written: nothing in it changes what the sheet tells."""

    encoding: str
    separator: str
    newline: str
    headings: dict[Column, str]
    order: list[Column]
    titles: list[str]
    blank_lines: bool
    wide: bool
    padded: bool
    format_day: Callable[[dt.date], str]
    format_time: Callable[[int, int], str]
    dash: str | None
    dated_times: bool
    mark_after: bool

    def render(self, tellings: Sequence[Told]) -> bytes:
        lines = [*self.titles, quoted((self.headings[column] for column in self.order), self.separator)]
        for told in tellings:
            cells = self.cells(told)
            lines += [""] * self.blank_lines
            lines.append(quoted((cells[column] for column in self.order), self.separator))
        return self.newline.join([*lines, ""]).encode(self.encoding)

    def cells(self, told: Told) -> dict[Column, str]:
        begin = self.time(told, told.begin, begins=True)
        end = self.time(told, told.end, begins=False)
        cells = {
            Column.NAME: told.name,
            Column.PHONE: told.phone,
            Column.VOLUNTEER: told.volunteer,
            Column.ACTIVITY: told.activity,
            Column.TEAM: told.team,
            Column.DAY: self.format_day(told.day),
            Column.BEGIN: begin,
            Column.END: end,
            Column.TIME: f"{begin}{self.dash}{end}",
            Column.NOTE: told.note,
        }
        cells = {column: full_width(cell) if self.wide else cell for column, cell in cells.items()}
        return {column: f"\u3000 {cell}\t" if self.padded else cell for column, cell in cells.items()}

    def time(self, told: Told, minute: int, *, begins: bool) -> str:
        day = told.day + dt.timedelta(days=minute // 1440)
        written = self.format_time(minute // 60 % 24, minute % 60)
        if self.dated_times:
            return f"{day} {written}"
        if begins or day == told.day:
            return written
        return f"{written}+1" if self.mark_after else f"次日{written}"


@st.composite
def looks(draw: st.DrawFn) -> Look:
    headings = {column: draw(st.sampled_from(column.headings)) for column in Column}
    dash = draw(st.none() | st.sampled_from(DASHES))
    dated_times = draw(st.booleans())
    unused = {Column.BEGIN, Column.END} if dash else {Column.TIME}
    if dated_times and draw(st.booleans()):
        unused.add(Column.DAY)
    return Look(
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])),
        separator=draw(st.sampled_from(",;\t")),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        headings=headings,
        order=draw(st.permutations([column for column in Column if column not in unused])),
        titles=draw(st.lists(st.sampled_from(["赛罕社区志愿服务签到表", "", "2026年3月"]), max_size=3)),
        blank_lines=draw(st.booleans()),
        wide=draw(st.booleans()),
        padded=draw(st.booleans()),
        format_day=draw(st.sampled_from(DAY_FORMATS)),
        format_time=draw(st.sampled_from(TIME_FORMATS)),
        dash=dash,
        dated_times=dated_times,
        mark_after=draw(st.booleans()),
    )


PLAINLY = Look(
    encoding="utf-8",
    separator=",",
    newline="\n",
    headings={column: column.value for column in Column},
    order=[column for column in Column if column is not Column.TIME],
    titles=[],
    blank_lines=False,
    wide=False,
    padded=False,
    format_day=DAY_FORMATS[0],
    format_time=TIME_FORMATS[0],
    dash=None,
    dated_times=False,
    mark_after=False,
)


def is_taken_for_utf8(content: bytes) -> bool:
    """A few characters of GB18030 are also UTF-8 for other characters, and a file that has no others cannot be told."""
    try:
        return not content.decode().isascii()
    except UnicodeDecodeError:
        return False


@given(st.lists(tellings, min_size=1, max_size=4), looks())
def test_however_a_sheet_is_written_it_tells_the_same(told: list[Told], look: Look) -> None:
    content = look.render(told)
    assume(look.encoding != "gb18030" or not is_taken_for_utf8(content))

    sheet = parse_sheet(content)

    assert sheet.problems == ()
    first = len(look.titles) + 2 + look.blank_lines
    assert [row.number for row in sheet.rows] == [first + place * (1 + look.blank_lines) for place in range(len(told))]
    for row, meant in zip(sheet.rows, told, strict=True):
        assert (row.name, row.phone, row.volunteer) == (meant.name, meant.phone, meant.volunteer)
        assert (row.activity, row.team, row.note, row.day) == (meant.activity, meant.team, meant.note, meant.day)
        assert row.begin == dt.time(meant.begin // 60, meant.begin % 60)
        assert row.end == dt.time(meant.end // 60 % 24, meant.end % 60)
        assert row.ends_next_day == (meant.end >= 1440)
    plain = parse_sheet(PLAINLY.render(told))
    assert [(row.digest, row.slot) for row in sheet.rows] == [(row.digest, row.slot) for row in plain.rows]


CHANGES: dict[str, Callable[[Told], Told]] = {
    "name": lambda told: attrs.evolve(told, name=f"{told.name}A"),
    "phone": lambda told: attrs.evolve(told, phone="9" + (told.phone or "1" * 11)[1:]),
    "volunteer": lambda told: attrs.evolve(told, volunteer=f"{told.volunteer}A"),
    "activity": lambda told: attrs.evolve(told, activity=f"{told.activity}A"),
    "team": lambda told: attrs.evolve(told, team=f"{told.team}A"),
    "day": lambda told: attrs.evolve(told, day=told.day + dt.timedelta(days=1)),
    "begin": lambda told: attrs.evolve(told, begin=(told.begin + 1) % 1440),
    "end": lambda told: attrs.evolve(told, minutes=told.minutes % 1440 + 1),
    "note": lambda told: attrs.evolve(told, note=f"{told.note}A"),
}


@pytest.mark.parametrize("column", CHANGES)
@given(told=tellings)
def test_a_change_of_any_cell_changes_the_digest(column: str, told: Told) -> None:
    before, after = (parse_sheet(PLAINLY.render([row])).rows[0] for row in (told, CHANGES[column](told)))

    assert before.digest != after.digest
    assert (before.slot == after.slot) == (column in {"team", "begin", "end", "note"})


@settings(max_examples=20)
@given(st.lists(tellings, min_size=1, max_size=4))
def test_a_workbook_with_real_dates_and_times_tells_the_same(told: list[Told]) -> None:
    def row(told: Told) -> list[object]:
        begin = dt.time(told.begin // 60, told.begin % 60)
        end = dt.datetime.combine(told.day, dt.time(0)) + dt.timedelta(minutes=told.end)
        phone = int(told.phone) if told.phone else None
        return [told.name, phone, told.volunteer, told.activity, told.team, told.day, begin, end, told.note]

    sheet = parse_sheet(workbook(PLAINLY.order, *map(row, told)))

    assert sheet.problems == ()
    plain = parse_sheet(PLAINLY.render(told))
    assert [(row.digest, row.slot) for row in sheet.rows] == [(row.digest, row.slot) for row in plain.rows]


def test_digest_and_slot_stay_what_they_were_when_a_sheet_was_imported_last_year() -> None:
    row = only_row(sheet_of(PLAIN, "张三,13800001234,公园清洁,美家美户,2026-03-14,9:00,11:20,带了工具"))

    assert row.digest == "f1e6c6c11e0e15c832fcac178185099676cd15f5f57e76fe1e4085d39fde5ff2"
    assert row.slot == "20ed4a6b50503d2ed43920967f91d90ab5b4a5069c4a8f849327794703e6b2ee"


# --- changed rows -----------------------------------------------------------------------------------------------------


def test_a_row_whose_times_team_or_note_were_corrected_keeps_its_slot() -> None:
    before = only_row(sheet_with(结束="11:20"))
    after = only_row(sheet_with(结束="11:50", 队伍="美家美户"))

    assert before.slot == after.slot
    assert before.digest != after.digest


def test_two_services_of_one_person_on_one_day_have_slots_of_their_own() -> None:
    morning, afternoon = sheet_of(
        PLAIN, "张三,,公园清洁,,2026-03-14,9:00,11:20,", "张三,,公园清洁,,2026-03-14,14:00,15:00,"
    ).rows

    assert morning.slot != afternoon.slot


def test_correcting_a_wrong_cell_leaves_the_slots_of_the_other_rows() -> None:
    second = "张三,,公园清洁,,2026-03-14,14:00,15:00,"
    wrong = sheet_of(PLAIN, "张三,,公园清洁,,2026-03-14,9:00,8:20,", second)
    right = sheet_of(PLAIN, "张三,,公园清洁,,2026-03-14,9:00,11:20,", second)

    assert [row.slot for row in wrong.rows] == [right.rows[1].slot]


@given(st.lists(tellings, min_size=1, max_size=6))
def test_no_two_rows_of_a_sheet_share_a_slot(told: list[Told]) -> None:
    rows = parse_sheet(PLAINLY.render([*told, *told])).rows

    assert len({row.slot for row in rows}) == len(rows)


# --- columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", Column)
def test_every_accepted_heading_means_one_column(column: Column) -> None:
    assert {column_of(heading) for heading in column.headings} == {column}
    assert {column_of(column.spoken("en")), column_of(column.spoken("zh"))} == {column}


@pytest.mark.parametrize(
    "heading, column",
    [
        ("* 姓 名（必填）", Column.NAME),
        ("ＰＨＯＮＥ", Column.PHONE),
        ("Volunteer_ID", Column.VOLUNTEER),
        ("签到时间(时:分)", Column.BEGIN),
        ("End\nTime:", Column.END),
        ("服务日期【年/月/日】", Column.DAY),
        ("签名", None),
        ("", None),
    ],
)
def test_headings_are_known_by_their_words_alone(heading: str, column: Column | None) -> None:
    assert column_of(heading) is column


def test_columns_that_are_not_needed_are_named_and_left_out() -> None:
    sheet = sheet_of("序号,姓名,活动,日期,开始,结束,签名,", "1,张三,公园清洁,2026-03-14,9:00,11:20,张三,")

    assert only_row(sheet).name == "张三"
    assert sheet.ignored_columns == ("序号", "签名")
    assert "签名" not in sheet.columns


def test_begin_and_end_come_before_a_column_for_both() -> None:
    sheet = sheet_of("姓名,活动,日期,时间,开始,结束", "张三,公园清洁,2026-03-14,上午,9:00,11:20")

    assert only_row(sheet).begin == dt.time(9)
    assert sheet.ignored_columns == ("时间",)


def test_half_a_pair_of_times_is_left_out_where_one_column_holds_both() -> None:
    sheet = sheet_of("姓名,活动,日期,时间,签到", "张三,公园清洁,2026-03-14,9:00-11:20,是")

    assert only_row(sheet).end == dt.time(11, 20)
    assert sheet.ignored_columns == ("签到",)


def test_the_number_of_a_volunteer_stands_for_the_name() -> None:
    row = only_row(sheet_of("volunteer id,activity,date,time", "v-7,park,2026-03-14,9:00-11:20"))

    assert (row.volunteer, row.name) == ("v-7", "")


def test_a_row_needs_a_name_or_a_number() -> None:
    lines = "编号,姓名,活动,日期,时间", "v-7,,公园清洁,2026-03-14,9:00-11:20", ",,公园清洁,2026-03-14,9:00-11:20"
    sheet = sheet_of(*lines)

    assert [row.volunteer for row in sheet.rows] == ["v-7"]
    assert [(problem.number, problem.column, problem.code) for problem in sheet.problems] == [(3, "姓名", "missing")]


def test_a_row_needs_a_number_where_there_are_no_names() -> None:
    assert only_code(sheet_of("编号,活动,日期,时间", ",公园清洁,2026-03-14,9:00-11:20")) == "missing"


def test_times_with_dates_need_no_column_for_the_date() -> None:
    row = only_row(sheet_of("姓名,活动,签到时间,签退时间", "", "张三,清洁,2026-03-14 09:00:00,2026/3/15 0:30"))

    assert (row.day, row.begin, row.end, row.ends_next_day) == (SATURDAY, dt.time(9), dt.time(0, 30), True)


def test_a_row_without_any_date_is_named() -> None:
    sheet = sheet_of("姓名,活动,签到时间,签退时间", "张三,清洁,2026-03-14 09:00,11:20", "李四,清洁,09:00,11:20")

    assert len(sheet.rows) == 1
    assert [(problem.number, problem.column, problem.code) for problem in sheet.problems] == [
        (3, "签到时间", "not_dated")
    ]


def test_titles_above_the_headings_are_skipped_and_reported() -> None:
    sheet = sheet_of(
        "赛罕社区志愿服务签到表,,", "", "地点：公园", "姓名,活动,日期,时间", "张三,清洁,20260314,9:00-11:20"
    )

    assert only_row(sheet).number == 5
    assert [(row.number, row.reason, row.text) for row in sheet.skipped] == [
        (1, Skip.TITLE, "赛罕社区志愿服务签到表"),
        (3, Skip.TITLE, "地点：公园".replace("：", ":")),
    ]


def test_the_headings_are_looked_for_in_ten_rows_and_not_further() -> None:
    table = "姓名,活动,日期,时间\n张三,清洁,20260314,9:00-11:20"

    assert only_row(parse_sheet(("标题\n" * 9 + table).encode())).number == 11
    assert refusal_of(("标题\n" * 10 + table).encode()).code == "no_header"


# --- rows that are not about service ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, reason",
    [
        ("合计,,,,,,2小时20分,", Skip.TOTAL),
        ("合　计：25 人,,,,,,,", Skip.TOTAL),
        ("Total,,,,,,140,", Skip.TOTAL),
        ("审核人：李四,,,,,,,", Skip.FOOTER),
        ("注：请本人签名,,,,,,,", Skip.FOOTER),
        (PLAIN, Skip.REPEATED_HEADER),
    ],
)
def test_totals_footers_and_repeated_headings_are_skipped_and_reported(line: str, reason: Skip) -> None:
    sheet = sheet_of(PLAIN, "张三,,公园清洁,,2026-03-14,9:00,11:20,", line)

    assert only_row(sheet).number == 2
    assert [(row.number, row.reason) for row in sheet.skipped] == [(3, reason)]


def test_a_total_is_known_under_the_name_too() -> None:
    sheet = sheet_of("序号,姓名,活动,日期,时间", "1,张三,清洁,20260314,9:00-11:20", "2,合计,,,")

    assert [(row.number, row.reason) for row in sheet.skipped] == [(3, Skip.TOTAL)]


def test_a_row_with_a_date_is_never_skipped() -> None:
    sheet = sheet_of(PLAIN, "合计,,公园清洁,,2026-03-14,9:00,11:20,")

    assert only_row(sheet).name == "合计"


def test_blank_rows_are_passed_over_and_counted() -> None:
    sheet = sheet_of(PLAIN, "", ",,,,,,,", "  ,\u3000,,,,,,", "张三,,公园清洁,,2026-03-14,9:00,11:20,", "", "")

    assert only_row(sheet).number == 5
    assert sheet.skipped == ()


def test_a_cell_with_line_breaks_is_one_row_of_the_sheet() -> None:
    sheet = sheet_of(
        PLAIN, '张三,,公园清洁,,2026-03-14,9:00,11:20,"一\n二\r\n三"', "李四,,公园清洁,,2026-03-14,9:00,11:20,"
    )

    assert [(row.number, row.note) for row in sheet.rows] == [(2, "一 二 三"), (3, "")]


# --- problems ---------------------------------------------------------------------------------------------------------


def test_every_wrong_cell_is_named_and_good_rows_are_read_all_the_same() -> None:
    sheet = sheet_of(
        PLAIN,
        "张三,,公园清洁,,2026-03-14,9:00,11:20,",
        ",1.38E+10,,,3月14日,9点钟左右,,",
        "李四,,公园清洁,,3月14日,11:00,9:00,",
        "王五,,公园清洁,,2026-03-14,9:00,11:20,",
    )

    assert [row.name for row in sheet.rows] == ["张三", "王五"]
    assert [(problem.number, problem.column, problem.code) for problem in sheet.problems] == [
        (3, "姓名", "missing"),
        (3, "手机", "phone_rounded"),
        (3, "活动", "missing"),
        (3, "日期", "not_a_day"),
        (3, "开始", "not_a_time"),
        (3, "结束", "missing"),
        (4, "日期", "not_a_day"),
        (4, "结束", "ends_before_it_begins"),
    ]


def test_an_unreadable_date_hides_nothing_else_and_adds_nothing_else() -> None:
    begin, end = "2026-03-14 22:00", "2026-03-15 1:30"

    assert only_code(sheet_with(日期="3月14日", 开始=begin, 结束=end)) == "not_a_day"
    assert [problem.code for problem in sheet_with(日期="3月14日", 开始=end, 结束=begin).problems] == [
        "not_a_day",
        "ends_before_it_begins",
    ]


def test_a_problem_names_place_value_and_remedy_in_both_languages() -> None:
    (problem,) = sheet_with(日期="3/14/2026").problems

    assert str(problem).startswith("row 2, 日期: 3/14/2026 ")
    assert "3/14/2026" in problem.message("zh")
    assert "2026-03-14" in problem.remedy("en")
    assert "2026-03-14" in problem.remedy("zh")
    assert problem.message("en") != problem.message("zh")


def test_an_unquoted_comma_shifts_no_cell_in_silence() -> None:
    sheet = sheet_of(PLAIN, "张三,,公园,清洁,,2026-03-14,9:00,11:20,带了水", "李四,,公园清洁,,2026-03-14,9:00,11:20,,,")

    assert [row.name for row in sheet.rows] == ["李四"]
    (problem,) = sheet.problems
    assert (problem.number, problem.column, problem.code) == (2, "", "too_many_cells")
    assert str(problem).startswith("row 2: ")


def test_a_row_may_end_early() -> None:
    assert only_row(sheet_of(PLAIN, "张三,,公园清洁,,2026-03-14,9:00,11:20")).note == ""
    assert only_code(sheet_of(PLAIN, "张三,,公园清洁,,2026-03-14,9:00")) == "missing"


# --- large sheets -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_sheet_of_100_000_rows_is_read() -> None:
    lines = (
        f"张三,138{number:08},公园清洁,,2026/3/{number % 31 + 1},{number % 12}:00,{number % 12 + 2}:{number % 60:02},"
        for number in range(100_000)
    )
    content = "\r\n".join([PLAIN, *lines]).encode("gb18030")

    sheet = parse_sheet(content)

    assert (len(sheet.rows), sheet.problems, sheet.rows[-1].number) == (100_000, (), 100_001)
    assert len({row.digest for row in sheet.rows}) == len({row.slot for row in sheet.rows}) == 100_000


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_sheet_of_100_000_wrong_rows_names_each() -> None:
    content = "\n".join([PLAIN, *("张三,,公园清洁,,3月14日,9,11,",) * 100_000]).encode()

    assert len(parse_sheet(content).problems) == 300_000
