# ruff: noqa: INP001 - a script beside what it makes, not a package
"""Makes the files of this folder: what a community would have on its desk after March 2026.

Run it with ``python examples/saihan/make_sheets.py``; it writes the same bytes each time. Everybody in them is made up:
the names count like the calendar does, and no telephone number begins with 100.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from volunteer_points.presets import preset

FOLDER = Path(__file__).parent


def drawn(count: int, *about: object) -> int:
    """A number from 0 up to ``count`` that is always the same for the same question."""
    return int.from_bytes(sha256(repr(about).encode()).digest()[:8]) % count


# --- people -----------------------------------------------------------------------------------------------------------

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
STEPPE = ("巴图", "其其格", "乌兰", "阿拉坦", "塔娜", "苏和", "娜仁", "格日勒")
TEAMS = ("银龄帮帮团", "法律顾问", "美家美户")


@dataclass(frozen=True)
class Person:
    """Somebody who is made up."""

    name: str
    phone: str
    tag: str
    grid: str
    building: str
    team: str
    points: str
    note: str = ""


def people() -> list[Person]:
    """Sixty-two volunteers; the last has the name of another."""
    names = [f"{surname}{GIVEN[number % len(GIVEN)]}" for number, surname in enumerate(SURNAMES)]
    names += [f"{surname}{GIVEN[-1 - number]}" for number, surname in enumerate(SURNAMES[:21])]
    names += [f"{name}·{GIVEN[number]}" for number, name in enumerate(STEPPE)]
    made = [person(number, name) for number, name in enumerate(names, start=1)]
    namesake = replace(made[7], phone="10000000062", building="9号楼", tag="", points="", note="与 8 号楼的王辛同名")
    return [*made, namesake]


def person(number: int, name: str) -> Person:
    """The person with a number. Every fifth brings points over from the paper book of 2025."""
    return Person(
        name=name,
        phone=f"100{number:08}",
        tag="在职党员" if drawn(3, name, "tag") == 0 else "",
        grid=f"第{'一二三'[drawn(3, name, 'grid')]}网格",
        building=f"{1 + drawn(9, name, 'building')}号楼",
        team=TEAMS[drawn(3, name, "team")],
        points=str(8 + drawn(25, name, "points")) if number % 5 == 0 else "",
    )


# --- service ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signed:
    """One line of a sign-in sheet; minutes count from midnight."""

    who: Person
    activity: str
    day: date
    begin: int
    end: int
    team: str = ""


@dataclass(frozen=True)
class Meeting:
    """A day of an activity: from when to when, and how many came."""

    activity: str
    days: tuple[int, ...]
    begin: int
    end: int
    came: int
    team: str = ""

    def signed(self, everybody: list[Person]) -> Iterator[Signed]:
        """Who came on each day; some a few minutes late, some gone a little early."""
        for number in self.days:
            day = date(2026, 3, number)
            order = sorted(everybody, key=lambda each: drawn(10**9, each.name, each.phone, self.activity, number))
            for who in order[: self.came]:
                late, early = drawn(6, who, day) * 2, drawn(4, day, who) * 5
                yield Signed(who, self.activity, day, self.begin + late, self.end - early, self.team)


REPAIR = Meeting("小家电维修", (7, 14, 21, 28), 9 * 60, 11 * 60 + 30, 14, "银龄帮帮团")
HAIRCUTS = Meeting("“小剪爱”义剪", (4, 11, 18, 25, 29), 14 * 60, 16 * 60 + 40, 12)
CLINIC = Meeting("爱心义诊", (8, 15, 22), 8 * 60 + 30, 11 * 60 + 45, 20)
LEGAL = Meeting("法律服务进社区", (6, 13, 20, 27), 19 * 60, 20 * 60 + 30, 11, "法律顾问")
CINEMA = Meeting("Open-air cinema", (14, 21, 28), 19 * 60 + 30, 21 * 60 + 40, 22)


def clock(minutes: int) -> str:
    """A time of day as 9:05."""
    return f"{minutes // 60}:{minutes % 60:02}"


def full_width(text: str) -> str:
    """Figures and marks as a Chinese keyboard writes them in full width."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def chinese_day(day: date) -> str:
    """A day as 2026年3月8日."""
    return f"{day.year}年{day.month}月{day.day}日"


# --- sheets -----------------------------------------------------------------------------------------------------------

Row = dict[str, str]


def csv_of(
    rows: Sequence[Row], encoding: str, *, above: Iterable[str] = (), below: Iterable[Sequence[str]] = ()
) -> bytes:
    """The rows as a spreadsheet program saves them, with a title above and whatever stands below."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([title] for title in above)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    writer.writerows(below)
    return text.getvalue().encode(encoding)


def people_csv(everybody: list[Person]) -> bytes:
    """The community's list of volunteers."""
    headings = ("姓名", "手机", "标签", "网格", "楼栋", "队伍", "结转积分", "备注")
    return csv_of([dict(zip(headings, astuple(each), strict=True)) for each in everybody], "utf-8-sig")


def repair_csv(everybody: list[Person]) -> bytes:
    """From a spreadsheet: UTF-8 with a mark, one column for everything. Two rows are wrong."""
    rows: list[Row] = [
        {
            "姓名": each.who.name,
            "手机号": each.who.phone,
            "活动": each.activity,
            "队伍": each.team,
            "日期": f"{each.day.year}/{each.day.month}/{each.day.day}",
            "签到时间": clock(each.begin),
            "签退时间": clock(each.end),
            "备注": ("", "修好电饭锅 2 个", "带徒弟", "")[drawn(4, each)],
        }
        for each in REPAIR.signed(everybody)
    ]
    swapped, misspelt = rows[17], rows[40]
    swapped["签到时间"], swapped["签退时间"] = swapped["签退时间"], swapped["签到时间"]
    misspelt["活动"] = "小家电维休"
    return csv_of(rows, "utf-8-sig")


def haircuts_csv(everybody: list[Person]) -> bytes:
    """From another program: GB18030, a title above, a total and a signature below. Three rows are wrong."""
    signed = [(each.who.name, each.who.phone, "小剪爱", each) for each in HAIRCUTS.signed(everybody)]
    rows: list[Row] = [
        {
            "序号": str(number),
            "姓名": name,
            "联系电话": phone,
            "服务项目": activity,
            "日期": chinese_day(each.day),
            "起止时间": f"{clock(each.begin)}-{clock(each.end)}",
        }
        for number, (name, phone, activity, each) in enumerate(signed, start=1)
    ]
    rows[8]["姓名"] += "儿"
    elsewhere = next(CLINIC.signed(everybody))
    two_places = {"姓名": elsewhere.who.name, "联系电话": elsewhere.who.phone, "日期": chinese_day(elsewhere.day)}
    rows.append({**rows[0], "序号": "61", **two_places, "起止时间": "9:30-10:30"})
    rows.append({**rows[-1], "序号": "62", "姓名": "路过的热心人", "联系电话": "", "日期": "2026年3月11日"})
    below = [("合计", "", "", "", "", f"{len(rows)}人次"), ("负责人签字：",)]
    return csv_of(rows, "gb18030", above=["赛罕社区“小剪爱”义剪签到表（2026年3月）"], below=below)


def clinic_csv(everybody: list[Person]) -> bytes:
    """From a spreadsheet that rounds long numbers, kept by somebody who types in full width. Two rows are wrong."""
    rows: list[Row] = [
        {
            "姓名": each.who.name,
            "手机": each.who.phone,
            "项目": "义诊",
            "服务日期": each.day.isoformat(),
            "开始": clock(each.begin),
            "结束": clock(each.end),
            "备注": "",
        }
        for each in CLINIC.signed(everybody)
    ]
    for row in rows[3::7]:
        row |= {heading: full_width(row[heading]) for heading in ("服务日期", "开始", "结束")}
    rows[25]["手机"] = "1.00E+10"
    rows[30] |= {"结束": "17:45", "备注": "全天，中午值守"}
    rows.append({**rows[-1], "姓名": "王辛", "手机": "", "服务日期": "2026-03-15", "开始": "8:30", "结束": "11:30"})
    return csv_of(rows, "utf-8-sig")


def legal_csv(everybody: list[Person]) -> bytes:
    """GB18030 with full-width colons. One row is dated in the future."""
    rows: list[Row] = [
        {
            "志愿者姓名": each.who.name,
            "电话": each.who.phone,
            "服务项目": each.activity,
            "服务队": each.team,
            "日期": f"{each.day.year}.{each.day.month}.{each.day.day}",
            "开始时间": clock(each.begin).replace(":", "："),
            "结束时间": clock(each.end).replace(":", "："),
        }
        for each in LEGAL.signed(everybody)
    ]
    rows[5]["日期"] = "2026.12.6"
    return csv_of(rows, "gb18030")


def cinema_csv(everybody: list[Person]) -> bytes:
    """In English, from a form. One row stands twice, one person did not sign out."""
    rows: list[Row] = [
        {
            "Name": each.who.name,
            "Phone": each.who.phone,
            "Activity": each.activity,
            "Date": each.day.isoformat(),
            "Sign in": clock(each.begin),
            "Sign out": clock(each.end),
        }
        for each in CINEMA.signed(everybody)
    ]
    rows[12] |= {"Sign in": "7:30 pm", "Sign out": "9:40 pm"}
    rows[33]["Sign out"] = ""
    rows[50]["Sign out"] = "0:20 +1"
    rows.insert(20, rows[20])
    return csv_of(rows, "utf-8")


def corrections_csv(everybody: list[Person]) -> bytes:
    """What the clerk found out about the wrong rows; nobody knew of the passer-by, or who was at two places at once."""
    repair, haircuts, clinic, legal, cinema = (
        list(each.signed(everybody)) for each in (REPAIR, HAIRCUTS, CLINIC, LEGAL, CINEMA)
    )
    forgot = Signed(everybody[7], "爱心义诊", date(2026, 3, 15), 8 * 60 + 30, 11 * 60 + 30)
    right = [repair[17], repair[40], haircuts[8], clinic[25], forgot, legal[5], cinema[33]]
    rows: list[Row] = [
        {
            "姓名": each.who.name,
            "手机": each.who.phone,
            "活动": each.activity,
            "队伍": each.team,
            "日期": each.day.isoformat(),
            "开始": clock(each.begin),
            "结束": clock(each.end),
            "备注": "4月1日更正",
        }
        for each in right
    ]
    return csv_of(rows, "utf-8")


# --- programme --------------------------------------------------------------------------------------------------------


def programme_toml() -> bytes:
    """The preset with founders named, as the community would adopt it."""
    old, new = 'founders = ["founder-a", "founder-b"]', 'founders = ["secretary", "director"]'
    text = preset("saihan")
    if text.count(old) != 1:
        raise SystemExit(f"The preset does not say {old} any more; change what replaces it.")
    return text.replace(old, new).encode()


def files() -> dict[str, bytes]:
    """Every file by name."""
    everybody = people()
    return {
        "programme.toml": programme_toml(),
        "people.csv": people_csv(everybody),
        "appliance-repair.csv": repair_csv(everybody),
        "haircuts.csv": haircuts_csv(everybody),
        "clinic.csv": clinic_csv(everybody),
        "legal-service.csv": legal_csv(everybody),
        "open-air-cinema.csv": cinema_csv(everybody),
        "corrections.csv": corrections_csv(everybody),
    }


if __name__ == "__main__":
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)
