"""The columns of a sign-in sheet, and the headings under which communities write them."""

import difflib
import enum
import re
import unicodedata
from collections.abc import Iterable, Mapping


class Column(enum.StrEnum):
    """What one column of a sign-in sheet tells."""

    NAME = "name"
    PHONE = "phone"
    VOLUNTEER = "volunteer"
    """The programme's own number for the volunteer, where a sheet carries it."""
    ACTIVITY = "activity"
    TEAM = "team"
    DAY = "day"
    BEGIN = "begin"
    END = "end"
    TIME = "time"
    """Begin and end in one cell: 9:00-11:20."""
    NOTE = "note"

    def spoken(self, language: str) -> str:
        """The word for this column in English or Chinese; each is itself an accepted heading."""
        return _SPOKEN[self][language == "zh"]

    @property
    def headings(self) -> tuple[str, ...]:
        """Every accepted heading, the usual Chinese and English ones first."""
        return _HEADINGS[self]


_HEADINGS: Mapping[Column, tuple[str, ...]] = {
    column: tuple(part.strip() for part in headings.split(","))
    for column, headings in {
        Column.NAME: "姓名, name, 志愿者, 志愿者姓名, 名字, 签到人, 参与人, 人员姓名, full name, volunteer name",
        Column.PHONE: "手机, phone, 电话, 手机号, 手机号码, 电话号码, 联系电话, 联系方式, 联系手机, mobile, "
        "mobile phone, telephone, tel, phone number",
        Column.VOLUNTEER: "编号, volunteer id, 志愿者编号, 志愿者号, 志愿者证号, volunteer, volunteer number, id",
        Column.ACTIVITY: "活动, activity, 项目, 服务项目, 活动名称, 项目名称, 志愿服务项目, 志愿服务活动, 服务活动, "
        "活动项目, activity name, project",
        Column.TEAM: "队伍, team, 志愿队, 志愿服务队, 服务队, 志愿队伍, 志愿者队伍, 所属队伍, 所属志愿队, 所在队伍, "
        "队伍名称, 队名, team name",
        Column.DAY: "日期, date, 服务日期, 活动日期, 签到日期, 志愿服务日期, day, service date, date of service",
        Column.BEGIN: "开始, begin, 开始时间, 签到, 签到时间, 服务开始时间, 活动开始时间, 起始时间, 到岗时间, "
        "上岗时间, start, start time, begin time, sign in, sign in time, check in, check in time, time in, from",
        Column.END: "结束, end, 结束时间, 签退, 签退时间, 服务结束时间, 活动结束时间, 终止时间, 离岗时间, 下岗时间, "
        "finish, end time, finish time, sign out, sign out time, check out, check out time, time out, to, until",
        Column.TIME: "时间, time, 服务时间, 起止时间, 活动时间, 服务时段, 时段, 时间段, 起止时段, service time, period",
        Column.NOTE: "备注, note, 说明, 备注说明, notes, remark, remarks, comment, comments",
    }.items()
}
_SPOKEN: Mapping[Column, tuple[str, str]] = {column: (found[1], found[0]) for column, found in _HEADINGS.items()}

# (必填), （年/月/日）, [HH:MM]: a hint about how to fill the column in is not its name.
_HINT = re.compile(r"\(.*?\)|\[.*?\]|【.*?】")
_MOST_CHARACTERS = 100
_DECORATION = re.compile(r"[\W_]+")


def plain_heading(heading: str) -> str:
    """A heading without case, width, spaces, hints in brackets and marks such as `*`.

    >>> plain_heading(" *Volunteer_ID：（required） ")
    'volunteerid'
    """
    folded = unicodedata.normalize("NFKC", heading[:_MOST_CHARACTERS]).casefold()
    return _DECORATION.sub("", _HINT.sub("", folded))


_COLUMN_OF: Mapping[str, Column] = {
    plain_heading(heading): column for column, headings in _HEADINGS.items() for heading in headings
}


def column_of(heading: str) -> Column | None:
    """The column that a heading means, or None.

    >>> column_of("签到时间（时:分）")
    <Column.BEGIN: 'begin'>
    """
    return _COLUMN_OF.get(plain_heading(heading))


def nearest_column(heading: str, wanted: Iterable[Column]) -> Column | None:
    """The wanted column that a misspelt heading most resembles, or None if it resembles none.

    >>> nearest_column("姓明", [Column.NAME, Column.DAY])
    <Column.NAME: 'name'>
    """
    plain = plain_heading(heading)
    known = [plain_heading(accepted) for column in wanted for accepted in column.headings]
    # Two characters of which one is wrong are half right; of a longer word more must be.
    likeness = 0.5 if len(plain) < 4 else 0.7  # noqa: PLR2004
    nearest = difflib.get_close_matches(plain, known, n=1, cutoff=likeness)
    return _COLUMN_OF[nearest[0]] if nearest else None
