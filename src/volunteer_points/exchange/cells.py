"""What one cell says: words, a telephone number, a day, a time of day, or a begin and an end.

Nothing is guessed. Where a cell can mean two things it is refused, because points follow from what is read.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

import attrs

from volunteer_points.exchange.problems import CellUnreadable

SECONDS_IN_A_DAY = 86_400
MOST_CHARACTERS = 1_000
"""Of one cell. More is a file that was cut in the wrong places, not a sign-in."""

# Days, times, teams and activities repeat down a sheet. Names, phones and notes are never kept here.
_remembered = lru_cache(maxsize=4096)


# --- words ------------------------------------------------------------------------------------------------------------

# Soft hyphen, zero-width space, marks of direction, word joiner, byte order mark: they come along when text is copied
# from a chat. The joiners that Mongolian and Arabic script need stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_GAP_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
# The dot inside a Mongolian or Uyghur name, as the various keyboards write it.
_NAME_DOT = re.compile(" ?[\u00b7\u2022\u2027\u2219\u22c5\u30fb] ?")
_SPREADSHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)")
_BLANK_MARKS = frozenset({"-", "--", "/", "\\", "无", "—", "——", "n/a", "N/A"})


def words(text: str) -> str:
    """Text in one form: ordinary width, single spaces, nothing invisible.

    >>> words("  ＡＢ　１２ ")
    'AB 12'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def required_words(text: str) -> str:
    """Text that must be there and not be what a broken formula leaves behind.

    Raises:
        CellUnreadable: The cell is empty, too long, or holds an error of the spreadsheet.
    """
    plain = _bounded(words(text))
    if not plain:
        raise CellUnreadable("missing")
    return plain


def optional_words(text: str) -> str:
    """Text that may be absent; a dash or 无 also says that there is none.

    Raises:
        CellUnreadable: The cell is too long, or holds an error of the spreadsheet.
    """
    plain = words(text) if text else ""
    return "" if plain in _BLANK_MARKS else _bounded(plain)


def _bounded(plain: str) -> str:
    if len(plain) > MOST_CHARACTERS:
        raise CellUnreadable("too_long", characters=len(plain), limit=MOST_CHARACTERS)
    if plain.startswith("#") and _SPREADSHEET_ERROR.fullmatch(plain):
        raise CellUnreadable("spreadsheet_error")
    return plain


repeated_required_words = _remembered(required_words)
repeated_optional_words = _remembered(optional_words)


def name_words(text: str) -> str:
    """A person's name, without the gap that pads two characters to the width of three.

    >>> name_words("张　三"), name_words("Anna  Li")
    ('张三', 'Anna Li')
    """
    plain = required_words(text)
    if plain.isascii():
        return plain
    return _NAME_DOT.sub("·", _GAP_BETWEEN_HAN.sub("", plain))


def optional_name(text: str) -> str:
    """A person's name, which may be absent where the volunteer's number is given."""
    return name_words(text) if text and not text.isspace() else ""


_PHONE = re.compile(r"[0-9]{5,20}")
_PHONE_MARKS = re.compile(r"[\s()\u2010-\u2015-]+")
_CODE_OF_CHINA = re.compile(r"^(?:\+86|0086)(?=[01][0-9]{9,11}$)|^86(?=1[0-9]{10}$)")
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+")


def phone_digits(text: str) -> str:
    """The digits of a telephone number, without marks and without the code of China; '' for an empty cell.

    >>> phone_digits("＋86 138-0000-1234")
    '13800001234'

    Raises:
        CellUnreadable: It is not one number, or a spreadsheet has rounded it.
    """
    plain = optional_words(text).lstrip("'")
    if not plain or (plain.isascii() and plain.isdigit() and len(plain) == 11):  # noqa: PLR2004 - a mobile in China
        return plain
    digits = _CODE_OF_CHINA.sub("", _PHONE_MARKS.sub("", plain.removesuffix(".0"))).removeprefix("+")
    if _PHONE.fullmatch(digits):
        return digits
    raise CellUnreadable("phone_rounded" if _ROUNDED.fullmatch(plain) else "phone_unreadable")


# --- days -------------------------------------------------------------------------------------------------------------

_DAY = re.compile(
    r"""(?: (?P<year>[0-9]{4}) \s* (?P<mark>[-/.]) \s* (?P<month>[0-9]{1,2}) \s* (?P=mark) \s* (?P<day>[0-9]{1,2})
          | (?P<year_zh>[0-9]{4}) \s* 年 \s* (?P<month_zh>[0-9]{1,2}) \s* 月 \s* (?P<day_zh>[0-9]{1,2}) \s* [日号]?
          | (?P<digits>[0-9]{8}) )
        (?<![0-9](?=[0-9]))
        (?: \s* \(? \s* (?:星期|周|礼拜) (?P<weekday>[一二三四五六日天]) \s* \)? )?
        \s* (?: T (?= [0-9] ) )?""",
    re.VERBOSE,
)
_WEEKDAYS = {name: day for day, names in enumerate(["一", "二", "三", "四", "五", "六", "日天"]) for name in names}
_SERIAL = re.compile(r"[1-9][0-9]{4}")
_FIRST_SERIAL_DAY_OF_EXCEL = dt.date(1899, 12, 30)
_DASHES = re.compile("[\u2010-\u2015\u2212]")


@_remembered
def read_day(text: str, first_serial_day: dt.date | None = None) -> dt.date:
    """A date whose year comes first; a time of day behind it is allowed and left out.

    >>> read_day("2026年3月14日（星期六）")
    datetime.date(2026, 3, 14)

    Args:
        text: The cell.
        first_serial_day: The day that stands for 0, if a number of five digits is a date here, as in a workbook.

    Raises:
        CellUnreadable: It is empty, is no such date, or can be read in two ways.
    """
    plain = required_words(text)
    if _SERIAL.fullmatch(plain):
        day = (first_serial_day or _FIRST_SERIAL_DAY_OF_EXCEL) + dt.timedelta(days=int(plain))
        if first_serial_day is None:
            raise CellUnreadable("day_is_number", day=day.isoformat())
        return day
    found, rest = _leading_day(plain)
    if found is None or (rest and not _is_time(rest)):
        raise CellUnreadable("not_a_day")
    return found


def carries_day(text: str) -> bool:
    """Whether a cell for a time starts with a date."""
    return _DAY.match(_DASHES.sub("-", words(text))) is not None


def _leading_day(plain: str) -> tuple[dt.date | None, str]:
    """The date at the start, if there is one, and what follows it."""
    dashed = _DASHES.sub("-", plain)
    match = _DAY.match(dashed)
    if match is None:
        return None, plain
    try:
        day = _day_of(match)
    except ValueError:
        raise CellUnreadable("no_such_day") from None
    if match["weekday"] and _WEEKDAYS[match["weekday"]] != day.weekday():
        raise CellUnreadable("other_weekday", day=day.isoformat())
    return day, dashed[match.end() :]


def _day_of(match: re.Match[str]) -> dt.date:
    if digits := match["digits"]:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    suffix = "_zh" if match["year_zh"] else ""
    return dt.date(*(int(match[part + suffix]) for part in ("year", "month", "day")))


# --- times of day -----------------------------------------------------------------------------------------------------


def _same(hours: Iterable[int]) -> dict[int, int]:
    return {hour: hour for hour in hours}


def _later(hours: Iterable[int]) -> dict[int, int]:
    return {hour: hour + 12 for hour in hours}


_MORNING = _same(range(12))
_AFTERNOON = {12: 12, **_later(range(1, 12)), **_same(range(13, 24))}
_EVENING = {**_later(range(4, 12)), **_same(range(16, 24))}
# The hour that is meant by the hour that is written; an hour that is not listed can mean two. 12 in the morning is noon
# to people and midnight to Excel, so it is one of those.
_HOURS: Mapping[str, Mapping[int, int]] = {
    "am": {12: 0, **_MORNING},
    "pm": _AFTERNOON,
    "凌晨": {12: 0, **_same(range(7))},
    "清晨": _same(range(4, 12)),
    "早上": _MORNING,
    "早晨": _MORNING,
    "上午": _MORNING,
    "中午": {**_same(range(11, 15)), **_later((1, 2))},
    "下午": _AFTERNOON,
    "傍晚": _EVENING,
    "晚上": _EVENING,
}
_PART = "|".join((*_HOURS, r"[ap]\.m\.?"))
_NEXT_DAY = r"次日|翌日|第二天|nextday|\+1d?"
_CLOCK = re.compile(
    rf"""(?P<later>{_NEXT_DAY})? \s* (?P<part>{_PART})? \s*
        (?: (?P<digits>[0-9]{{3,4}})
          | (?P<hour>[0-9]{{1,2}})
            (?P<exact> [:\u2236] (?P<minute>[0-9]{{2}}) (?: [:\u2236] (?P<second>[0-9]{{2}}) (?: \.[0-9]+ )? )?
              | [点时] (?: 整 | (?P<quarter>半|一刻|三刻)
                       | (?P<minute_zh>[0-9]{{1,2}}) (?: 分 (?: (?P<second_zh>[0-9]{{1,2}}) 秒 )? )? )? )? )
        \s* (?P<part_behind>{_PART})? \s* (?: \( \s* (?P<noted>{_NEXT_DAY}) \s* \) | (?P<behind>{_NEXT_DAY}) )?""",
    re.VERBOSE,
)
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}
# A space counts only between two digits, where leaving it out would make another number.
_SPACE = re.compile(r"(?<![0-9])\s|\s(?![0-9])")


@attrs.frozen
class Clock:
    """A time of day as written.

    Attributes:
        seconds: Since midnight, below 86,400.
        days_later: 1 if it is marked as the next day or is 24:00, otherwise 0.
        day: The date written in front of it, if any.
        part: The part of the day written with it, such as `pm` or 下午, or ''.
    """

    seconds: int
    days_later: int = 0
    day: dt.date | None = None
    part: str = ""

    def __str__(self) -> str:
        hour, minute, second = self.seconds // 3600, self.seconds // 60 % 60, self.seconds % 60
        date = f"{self.day} " if self.day else ""
        return f"{date}{hour:02}:{minute:02}" + (f":{second:02}" if second else "") + "+1" * self.days_later


@_remembered
def read_clock(text: str) -> Clock:
    """A time of day, with a date before it or a mark of the next day if the sheet has one.

    >>> str(read_clock("下午2点05分")), str(read_clock("次日 01：30"))
    ('14:05', '01:30+1')

    Raises:
        CellUnreadable: It is empty, is no time of day, or can mean two.
    """
    day, rest = _leading_day(required_words(text))
    match = _CLOCK.fullmatch(_SPACE.sub("", rest.casefold()))
    if match is None:
        raise CellUnreadable("not_a_time")
    part = (match["part"] or match["part_behind"] or "").replace(".", "")
    if match["hour"] and not match["exact"] and not part:
        raise CellUnreadable("not_a_time")
    hour, minute, second = _numbers(match)
    later = bool(match["later"] or match["noted"] or match["behind"])
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or part)):  # noqa: PLR2004
        raise CellUnreadable("not_a_time")
    if part:
        if hour not in _HOURS[part] or (match["part"] and match["part_behind"]):
            raise CellUnreadable("time_unclear")
        hour = _HOURS[part][hour]
    seconds = hour * 3600 + minute * 60 + second
    return Clock(seconds % SECONDS_IN_A_DAY, later + seconds // SECONDS_IN_A_DAY, day, part)


def _numbers(match: re.Match[str]) -> tuple[int, int, int]:
    if digits := match["digits"]:
        return int(digits[:-2]), int(digits[-2:]), 0
    minute, second = match["minute"] or match["minute_zh"], match["second"] or match["second_zh"]
    quarter = _QUARTERS.get(match["quarter"] or "", 0)
    return int(match["hour"]), int(minute or quarter), int(second or 0)


def _is_time(text: str) -> bool:
    try:
        read_clock(text)
    except CellUnreadable:
        return False
    return True


# --- begin and end in one cell ----------------------------------------------------------------------------------------

_BETWEEN = re.compile("\\s*(?:[-~\u2010-\u2015\u2212\u301c\u30fc]+|至|到|\\bto\\b)\\s*", re.IGNORECASE)
_SEVERAL = re.compile("[,;、/]|(?<=[0-9])\\s+(?=[0-9])|和|及")
_BEFORE_NOON = 12 * 3600


@_remembered
def read_interval(text: str) -> tuple[Clock, Clock]:
    """A begin and an end in one cell.

    >>> [str(clock) for clock in read_interval("下午2:00～4:30")]
    ['14:00', '16:30']

    Raises:
        CellUnreadable: It is empty, is no begin and end, holds several, or can be read in two ways.
    """
    plain = required_words(text)
    for dash in _BETWEEN.finditer(plain):
        begin, end = plain[: dash.start()], plain[dash.end() :]
        if _is_time(begin) and _is_time(end):
            return _in_the_same_half(read_clock(begin), read_clock(end), end)
    raise CellUnreadable(_why_no_interval(plain))


def _why_no_interval(plain: str) -> str:
    pieces = [piece for piece in _SEVERAL.split(plain) if _BETWEEN.search(piece)]
    return "several_intervals" if len(pieces) > 1 and all(map(_is_interval, pieces)) else "not_an_interval"


def _is_interval(text: str) -> bool:
    try:
        read_interval(text)
    except CellUnreadable:
        return False
    return True


def _in_the_same_half(begin: Clock, end: Clock, end_text: str) -> tuple[Clock, Clock]:
    """Apply a part of the day that is written once to both ends, where that is the only sensible reading."""
    if begin.part and not end.part and not end.days_later and not end.day and end.seconds <= begin.seconds:
        # 下午2:00-4:30: read literally it would end before it begins.
        return begin, read_clock(f"{begin.part}{end_text}")
    if end.part and not begin.part and begin.seconds < _BEFORE_NOON:
        # 9:00-1:00 pm began in the morning, 2:00-4:30 pm in the afternoon or, for all we know, in the night.
        shifted = begin.seconds + _BEFORE_NOON
        if end.seconds >= _BEFORE_NOON and shifted < end.seconds:
            raise CellUnreadable("time_unclear")
    return begin, end
