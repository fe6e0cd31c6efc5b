"""What can be wrong with a sign-in sheet: a stable code, facts, and a sentence with a remedy in English and Chinese."""

from collections.abc import Iterable, Mapping

import attrs

from volunteer_points.errors import InputError
from volunteer_points.exchange.columns import Column


class SheetUnreadable(InputError):
    """The file as a whole cannot be read as a sign-in sheet; nothing was taken from it.

    Attributes:
        code: A stable name of what is wrong.
        facts: What was found and where; always holds `source`, the name of the sheet.
    """

    def message(self, language: str = "en") -> str:
        """What is wrong with the file, in English or, for `zh`, in Chinese."""
        return _say(_SHEET_WORDS[self.code], self.facts, language)[0]

    def remedy(self, language: str = "en") -> str:
        """What the person who has the file can do about it."""
        return _say(_SHEET_WORDS[self.code], self.facts, language)[1]

    def __str__(self) -> str:
        return f"{self.facts['source']}: {self.message()} {self.remedy()}"


class CellUnreadable(InputError):
    """One cell does not say what its column needs. Never leaves this package: it becomes a `RowProblem`."""


@attrs.frozen(kw_only=True)
class RowProblem:
    """One cell, or one row as a whole, that cannot be taken as it stands.

    Attributes:
        number: The row as a spreadsheet counts it, from 1.
        column: The heading as written in the sheet, or '' if the whole row is meant.
        value: The cell as written.
        code: A stable name of what is wrong.
        facts: What else there is to know, for the words.
    """

    number: int
    column: str
    value: str
    code: str
    facts: Mapping[str, object] = attrs.field(factory=dict)

    def message(self, language: str = "en") -> str:
        """What is wrong, in English or, for `zh`, in Chinese; the row and column are not repeated."""
        return _say(ROW_WORDS[self.code], {"value": self.value, **self.facts}, language)[0]

    def remedy(self, language: str = "en") -> str:
        """What the person who has the sheet can do about it."""
        return _say(ROW_WORDS[self.code], {"value": self.value, **self.facts}, language)[1]

    def __str__(self) -> str:
        place = f"row {self.number}, {self.column}" if self.column else f"row {self.number}"
        return f"{place}: {self.message()} {self.remedy()}"


@attrs.frozen
class Words:
    """A sentence and its remedy in two languages, with places for facts."""

    en: str
    remedy_en: str
    zh: str
    remedy_zh: str


def _say(words: Words, facts: Mapping[str, object], language: str) -> tuple[str, str]:
    shown = {name: _shown(fact, language) for name, fact in facts.items()}
    pair = (words.zh, words.remedy_zh) if language == "zh" else (words.en, words.remedy_en)
    return pair[0].format_map(shown), pair[1].format_map(shown)


def _shown(fact: object, language: str) -> str:
    if isinstance(fact, Column):
        return fact.spoken(language)
    if isinstance(fact, str):
        return _shortened(fact)
    if isinstance(fact, Mapping):
        pairs = (f"{_shown(key, language)} → {_shown(value, language)}" for key, value in fact.items())
        return ("；" if language == "zh" else "; ").join(pairs) or _listed((), language)
    if isinstance(fact, Iterable):
        return _listed((_shown(part, language) for part in fact), language)
    return str(fact)


def _listed(parts: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(parts) or ("无" if language == "zh" else "none")


def _shortened(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


_SAVE_AGAIN = (
    "Open it in Excel or WPS and save it as .xlsx or as CSV UTF-8.",
    "请用 Excel 或 WPS 打开，另存为 .xlsx 或“CSV UTF-8”格式。",
)
_TIME_FORMATS = (
    "Write the time as 14:05 on the 24-hour clock.",
    "请按 24 小时制填写时间，如 14:05。",
)
_DAY_FORMATS = (
    "Write the date with its year first, as 2026-03-14 or 2026年3月14日.",
    "请按年、月、日的顺序填写日期，如 2026-03-14 或 2026年3月14日。",
)

_SHEET_WORDS: Mapping[str, Words] = {
    "file_unreadable": Words(
        "The file cannot be opened: {reason}.", "Check the name and that you may read it.",
        "无法打开文件：{reason}。", "请检查文件名和读取权限。",
    ),
    "too_large": Words(
        "The file holds {size} bytes; at most {limit} are read.", "Split it into several sheets.",
        "文件内容有 {size} 字节，最多读取 {limit} 字节。", "请拆分成几个文件。",
    ),
    "too_many_rows": Words(
        "The worksheet claims more than {limit} rows.", "Split it into several sheets.",
        "工作表超过 {limit} 行。", "请拆分成几个文件。",
    ),
    "empty": Words(
        "The file is empty.", "Choose the sheet that was filled in.",
        "文件是空的。", "请选择填写好的签到表。",
    ),
    "binary": Words(
        "The file is not a table of text or a workbook ({found}).", _SAVE_AGAIN[0],
        "文件不是文本表格，也不是工作簿（{found}）。", _SAVE_AGAIN[1],
    ),
    "old_workbook": Words(
        "The file is an old .xls workbook or is locked with a password.", _SAVE_AGAIN[0],
        "文件是旧版 .xls 工作簿，或设有密码。", _SAVE_AGAIN[1],
    ),
    "web_page": Words(
        "The file is a web page, whatever its name says.", _SAVE_AGAIN[0],
        "文件其实是网页，只是用了表格的名字。", _SAVE_AGAIN[1],
    ),
    "workbook_broken": Words(
        "The workbook is damaged: {reason}.", _SAVE_AGAIN[0],
        "工作簿已损坏：{reason}。", _SAVE_AGAIN[1],
    ),
    "openpyxl_missing": Words(
        "Reading .xlsx needs the package openpyxl, which is not installed.",
        "Install volunteer-points[sheets], or save the sheet as CSV.",
        "读取 .xlsx 需要 openpyxl，目前没有安装。", "请安装 volunteer-points[sheets]，或把表格另存为 CSV。",
    ),
    "several_worksheets": Words(
        "More than one worksheet holds a sign-in sheet: {titles}.", "Keep one in each file.",
        "有多张工作表都是签到表：{titles}。", "请每个文件只保留一张。",
    ),
    "undecodable": Words(
        "The text is neither UTF-8 nor GB18030: line {line} (byte {position}) fits neither.", _SAVE_AGAIN[0],
        "文字既不是 UTF-8 也不是 GB18030 编码：第 {line} 行（第 {position} 字节）无法识别。", _SAVE_AGAIN[1],
    ),
    "control_character": Words(
        "Line {line} holds the control character {character}, so this is no table of text.", _SAVE_AGAIN[0],
        "第 {line} 行含有控制字符 {character}，不是文本表格。", _SAVE_AGAIN[1],
    ),
    "broken_quotes": Words(
        "Row {number} cannot be split into cells: a quotation mark is not closed, or text follows a closing one.",
        'Close it, and write a quotation mark inside a cell twice: "".',
        "第 {number} 行无法分成单元格：引号没有成对，或结束引号后面还有文字。",
        '请补全引号；单元格里的引号要写两次：""。',
    ),
    "full_width_separators": Words(
        "The headings in row {number} are separated by the full-width mark {separator}.",
        "Replace it with an ordinary comma in the whole file, or save the sheet from Excel or WPS.",
        "第 {number} 行的表头用全角符号“{separator}”分隔。", "请全部换成英文逗号，或从 Excel、WPS 重新另存。",
    ),
    "no_header": Words(
        "None of the first {searched} rows names the columns (read as {encoding}). Needed are: {accepted}.",
        "Put a row with the headings above the data; one column 时间 or time may hold begin and end. "
        "If the file looks garbled, save it as CSV UTF-8.",
        "前 {searched} 行里没有表头（按 {encoding} 读取）。需要：{accepted}。",
        "请在数据上方加一行表头；开始和结束可以合写在“时间”一列。如果打开后是乱码，请另存为“CSV UTF-8”。",
    ),
    "missing_columns": Words(
        "Row {number} has no column for {missing}. It has: {found}. Accepted headings: {accepted}.",
        "Add the column or rename one. Near misses: {suggestions}.",
        "第 {number} 行的表头缺少：{missing}。现有：{found}。可用的表头：{accepted}。",
        "请补上或改名。相近的表头：{suggestions}。",
    ),
    "duplicated_columns": Words(
        "More than one heading in row {number} means {column}: {headings}.",
        "Keep one, and rename or delete the other.",
        "第 {number} 行有多个表头都表示“{column}”：{headings}。", "请只保留一个，其余改名或删除。",
    ),
    "no_rows": Words(
        "There is no row below the headings in row {number}.", "Choose the sheet that was filled in.",
        "第 {number} 行表头下面没有数据。", "请选择填写好的签到表。",
    ),
}  # fmt: skip

ROW_WORDS: Mapping[str, Words] = {
    "missing": Words(
        "The cell is empty.", "Fill it in; where cells are merged, fill in every row.",
        "单元格是空的。", "请填写；合并的单元格要拆开，每行都填。",
    ),
    "too_long": Words(
        "The cell holds {characters} characters; at most {limit} are read.", "Shorten it.",
        "单元格有 {characters} 个字符，最多 {limit} 个。", "请缩短内容。",
    ),
    "spreadsheet_error": Words(
        "The cell holds the spreadsheet error {value}.", "Write what was meant in its place.",
        "单元格是表格软件的错误值 {value}。", "请改成实际内容。",
    ),
    "too_many_cells": Words(
        "The row has {cells} cells under {headings} headings, so they may have shifted.",
        "Put a cell that holds a comma in quotation marks, or delete what stands beside the table.",
        "这一行有 {cells} 个单元格，表头只有 {headings} 个，内容可能错位。",
        "含逗号的单元格请加引号，并删除表格外的内容。",
    ),
    "phone_unreadable": Words(
        "{value} is not one telephone number.", "Write all digits of one number, or leave the cell empty.",
        "“{value}”不是一个完整的电话号码。", "请填写一个号码的全部数字，或留空。",
    ),
    "phone_rounded": Words(
        "{value} is a number that the spreadsheet has rounded; its last digits are lost.",
        "Format the column as text and write the number again.",
        "“{value}”已被表格软件变成科学计数，末尾数字丢失。", "请把该列设为文本格式后重新填写。",
    ),
    "not_a_day": Words(
        "{value} is not a date that can be read without guessing.", _DAY_FORMATS[0],
        "“{value}”不是明确的日期。", _DAY_FORMATS[1],
    ),
    "no_such_day": Words(
        "There is no day {value}.", "Check the month and the day.",
        "没有“{value}”这一天。", "请核对月和日。",
    ),
    "other_weekday": Words(
        "{day} is not the weekday that {value} says.", "Check the date, or leave out the weekday.",
        "{day} 不是“{value}”所写的星期。", "请核对日期，或不写星期。",
    ),
    "day_is_number": Words(
        "{value} is a spreadsheet's inner number, perhaps for {day}.",
        "Format the column as a date and save the sheet again.",
        "“{value}”是表格软件的内部数字，可能表示 {day}。", "请把该列设为日期格式后重新保存。",
    ),
    "not_a_time": Words(
        "{value} is not a time of day that can be read without guessing.", _TIME_FORMATS[0],
        "“{value}”不是明确的时间。", _TIME_FORMATS[1],
    ),
    "time_unclear": Words(
        "{value} can mean two times of day.", _TIME_FORMATS[0],
        "“{value}”可以理解成两个时间。", _TIME_FORMATS[1],
    ),
    "not_an_interval": Words(
        "{value} is not a begin and an end.", "Write both on the 24-hour clock, as 9:00-11:20.",
        "“{value}”不是起止时间。", "请按 24 小时制填写起止时间，如 9:00-11:20。",
    ),
    "several_intervals": Words(
        "{value} holds more than one interval.", "Write one row for each.",
        "“{value}”包含多个时段。", "请每个时段写一行。",
    ),
    "not_dated": Words(
        "{value} names no date, and the row has none.", "Fill in the date, or write it before the time.",
        "“{value}”没有日期，这一行也没有日期。", "请填写日期，或把日期写在时间前面。",
    ),
    "begins_next_day": Words(
        "A begin cannot lie on the day after its own date: {value}.", "Write the later date and no mark.",
        "开始时间不能标在次日：“{value}”。", "请直接填写后一天的日期。",
    ),
    "other_day": Words(
        "{value} is not on {day}, the date of the row.", "Correct one of the two dates.",
        "“{value}”与这一行的日期 {day} 不符。", "请改正其中一个日期。",
    ),
    "ends_before_it_begins": Words(
        "It ends at {end}, not after it begins at {begin}.",
        "Correct the times; if it ended after midnight, write 次日 or +1 before the end.",
        "结束 {end} 不晚于开始 {begin}。", "请改正；如果过了零点才结束，请在结束时间前写“次日”。",
    ),
    "shorter_than_a_minute": Words(
        "From {begin} to {end} there is no whole minute of the clock.", "Correct the times or delete the row.",
        "从 {begin} 到 {end} 不足一整分钟。", "请改正时间或删除这一行。",
    ),
    "longer_than_a_day": Words(
        "From {begin} to {end} it is more than 24 hours.", "Correct the times, or write one row for each day.",
        "从 {begin} 到 {end} 超过 24 小时。", "请改正时间，或每天写一行。",
    ),
}  # fmt: skip
