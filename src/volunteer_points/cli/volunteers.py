"""Volunteers at the command line: enrolled, listed, joining and leaving teams."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import click

from volunteer_points.books import About, Committed
from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import Undo, written
from volunteer_points.cli.output import Answer, Line, Table
from volunteer_points.cli.readings import read_day
from volunteer_points.cli.verbs import option, verb
from volunteer_points.commands import Enrol, Join, Leave
from volunteer_points.decisions.case import VolunteerState
from volunteer_points.entries import Described, Enrolled
from volunteer_points.errors import InputError, KeyConflict, Refused
from volunteer_points.model import Place
from volunteer_points.postings import PROGRAMME, volunteer_holder
from volunteer_points.programme import Order, Outcome

_SINCE = option("--since", metavar="DAY", en="From this day on. [today]", zh="从这一天起。[默认今天]")


@verb(
    "enrol",
    key=True,
    zh="登记一位志愿者：姓名和电话存入人员登记册，账本只记随机编号。\n\n"
    "已经登记过的人，会更新标签、住处和家庭。加 --team 可同时入队。",
    examples=(
        "volunteer-points enrol 张伟 --phone '138 0013 8000' --tag 在职党员 --grid 第一网格 --building 3号楼",
        "volunteer-points enrol 李娜 --team 银龄帮帮团",
    ),
)
@click.argument("name", required=False)
@option("--phone", metavar="NUMBER", default="", en="Telephone number.", zh="电话。")
@option(
    "--about", metavar="TEXT", default="", en="What tells this person from a namesake.", zh="备注，用来区分同名的人。"
)
@option(
    "--namesake",
    is_flag=True,
    en="It is another person of the same name and number.",
    zh="与已登记的人同名同号，但不是同一人。",
)
@option(
    "--id",
    "volunteer_id",
    metavar="ID",
    en="An id of your own instead of a random one; nothing is registered with it.",
    zh="自编的编号，不写入人员登记册。",
)
@option("--tag", "tags", metavar="WORD", multiple=True, en="A tag; may be repeated.", zh="标签，可重复。")
@option("--grid", metavar="WORD", default="", en="Grid.", zh="网格。")
@option("--building", metavar="WORD", default="", en="Building.", zh="楼栋。")
@option("--unit", metavar="WORD", default="", en="Unit.", zh="单元。")
@option("--household", metavar="ID", en="Household of the programme.", zh="所属家庭编号。")
@option("--team", metavar="TEAM", en="Join this team as well.", zh="同时加入该队伍。")
@_SINCE
def enrol(
    desk: Desk,
    *,
    name: str | None,
    phone: str,
    about: str,
    namesake: bool,
    volunteer_id: str | None,
    tags: tuple[str, ...],
    grid: str,
    building: str,
    unit: str,
    household: str | None,
    team: str | None,
    since: str | None,
) -> Answer:
    """Enrol a volunteer: name and phone go to the people register, the ledger gets a random id.

    Who is enrolled already gets these tags, place and household from now on. With --team the volunteer joins it too.
    """
    if bool(name) == bool(volunteer_id):
        raise InputError("name_or_id")
    wanted = _Enrolment(
        tags=tags,
        place=Place(grid=grid, building=building, unit=unit),
        household=household,
        team=desk.thing("team", team) if team else None,
        since=_since(desk, since, f"{desk.key}:join"),
    )
    volunteer = volunteer_id or (None if namesake else _registered(desk, str(name), phone))
    if volunteer is None:
        volunteer, outcomes = _as_newcomer(desk, wanted, str(name), phone, about, namesake=namesake)
    else:
        outcomes = desk.programme.execute_many(wanted.orders(desk, volunteer))
    outcome = attrs.evolve(outcomes[0], entries=tuple(entry for each in outcomes for entry in each.entries))
    undo = Undo(desk.command("leave", volunteer, "--since", wanted.since, as_self=True))
    also = Line(desk.say(f"Id: {volunteer}", f"编号：{volunteer}"), "head")
    return written(desk, outcome, undo, also=(also,), data={"volunteer": volunteer, "name": name})


@attrs.frozen(kw_only=True)
class _Enrolment:
    """What somebody is enrolled with."""

    tags: tuple[str, ...]
    place: Place
    household: str | None
    team: str | None
    since: date

    def orders(self, desk: Desk, volunteer: str) -> list[Order]:
        """The commands: enrol, and join a team if one was named; each has its own key."""
        actor, at = desk.actor, desk.now()
        enrol = Enrol(volunteer=volunteer, tags=self.tags, place=self.place, household=self.household)
        orders = [Order(command=enrol, actor=actor, key=desk.key, booked_at=at)]
        if self.team is not None:
            key = f"{desk.key}:join" if desk.key else None
            join = Join(volunteer=volunteer, team=self.team, since=self.since)
            orders.append(Order(command=join, actor=actor, key=key, booked_at=at))
        return orders


def _since(desk: Desk, text: str | None, key: str | None) -> date:
    """The day that was typed, or that of the first commit under the key, so that it can be repeated, or today."""
    if text:
        return read_day(text)
    before = desk.programme.ask(Committed(key)) if key else ()
    days = [day for entry in before if isinstance(day := getattr(entry.fact, "since", None), date)]
    return days[0] if days else desk.today


def _registered(desk: Desk, name: str, phone: str) -> str | None:
    """The id of the one person who is registered with this name and phone; None when nobody is.

    Without a phone, somebody without one is meant before somebody with one.
    """
    people = desk.known_people
    if people is None:
        return None
    same = people.find(name=name, phone=phone)
    if not phone:
        same = tuple(person for person in same if not person.phone) or same
    if len(same) > 1:
        shown = "; ".join(person.masked for person in same)
        raise InputError("several_people", value=name, count=len(same), candidates=shown)
    return same[0].id if same else None


def _as_newcomer(
    desk: Desk, wanted: _Enrolment, name: str, phone: str, about: str, *, namesake: bool
) -> tuple[str, tuple[Outcome, ...]]:
    """Register somebody and enrol them; when it would be refused, nobody is registered."""
    for tried in desk.programme.preview_many(wanted.orders(desk, "somebody-new")):
        if tried.refusal is not None:
            raise tried.refusal
    volunteer = desk.people.add(name, phone, about, namesake=namesake).id
    try:
        return volunteer, desk.programme.execute_many(wanted.orders(desk, volunteer))
    except (Refused, KeyConflict):  # somebody else wrote in between
        desk.people.forget(volunteer)
        raise


# --- people ------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Volunteer:
    """Somebody as the list shows them."""

    id: str
    name: str
    phone: str
    enrolled: Enrolled | Described
    teams: tuple[str, ...]
    left: bool


@verb(
    "people",
    zh="列出志愿者；写出姓名或电话的一部分，或编号的开头，可以查找。\n\n电话只显示首尾几位，加 --full 显示全部。",
    examples=("volunteer-points people", "volunteer-points people 张", "volunteer-points people --team 银龄帮帮团"),
)
@click.argument("text", required=False, default="")
@option("--team", metavar="TEAM", en="Only members of this team.", zh="只看该队伍的队员。")
@option("--tag", metavar="WORD", en="Only people with this tag.", zh="只看有该标签的人。")
@option("--full", is_flag=True, en="Show telephone numbers in full.", zh="显示完整电话。")
def people(desk: Desk, *, text: str, team: str | None, tag: str | None, full: bool) -> Answer:
    """List volunteers, or those whose name or phone contains a text, or whose id begins with it.

    Telephone numbers are masked unless --full is given.
    """
    wanted = desk.thing("team", team) if team else None
    found = [
        each
        for each in _volunteers(desk)
        if (wanted is None or wanted in each.teams) and (tag is None or tag in each.enrolled.tags) and _has(each, text)
    ]
    from volunteer_points.people import mask_phone  # noqa: PLC0415 - help does not need SQLAlchemy

    data = {"volunteers": [_volunteer_data(each, full=full, masked=mask_phone(each.phone)) for each in found]}
    if not found:
        return Answer(data, (Line(desk.say("Nobody.", "没有符合条件的人。")),))
    headings = (
        desk.say("Id", "编号"),
        desk.say("Name", "姓名"),
        desk.say("Phone", "电话"),
        desk.say("Teams", "队伍"),
        desk.say("Tags", "标签"),
        desk.say("Place", "住处"),
    )
    names = desk.speaker.names
    rows = tuple(
        (
            each.id,
            each.name + (desk.say(" (left)", "（已退出）") if each.left else ""),
            each.phone if full else mask_phone(each.phone),
            ", ".join(names(f"team:{one}").removeprefix("team:") for one in each.teams),
            ", ".join(each.enrolled.tags),
            " ".join(filter(None, attrs.astuple(each.enrolled.place))),
        )
        for each in found
    )
    total = desk.say(f"{len(found)} people", f"共 {len(found)} 人")
    return Answer(data, (Table(headings, rows, wraps=(3, 4, 5)), "", Line(total, "head")))


def _has(volunteer: _Volunteer, text: str) -> bool:
    wanted = text.replace(" ", "").casefold()
    known = (volunteer.name.replace(" ", "").casefold(), volunteer.phone.replace(" ", ""))
    return volunteer.id.casefold().startswith(wanted) or any(wanted in each for each in known)


def _volunteers(desk: Desk) -> list[_Volunteer]:
    """Everybody who was ever enrolled, by name."""
    entries = desk.programme.ask(About(PROGRAMME, ("Enrolled", "Described")))
    described = {entry.fact.volunteer: entry.fact for entry in entries if isinstance(entry.fact, (Enrolled, Described))}
    register = desk.known_people
    known = {person.id: person for person in register.all()} if register else {}
    found = []
    today = desk.today
    for state in desk.programme.volunteers():
        person = known.get(state.id)
        found.append(
            _Volunteer(
                id=state.id,
                name=person.name if person else "",
                phone=person.phone if person else "",
                enrolled=described[state.id],
                teams=_teams(state, today),
                left=state.left_since is not None and state.left_since <= today,
            )
        )
    return sorted(found, key=lambda each: (each.name, each.id))


def _teams(state: VolunteerState, day: date) -> tuple[str, ...]:
    """The teams to which somebody belongs on a day."""
    named = dict.fromkeys(move.team for move in state.joined if move.team)
    return tuple(team for team in named if state.is_member(team, day))


def _volunteer_data(each: _Volunteer, *, full: bool, masked: str) -> dict[str, Any]:
    return {
        "volunteer": each.id,
        "name": each.name or None,
        "phone": (each.phone if full else masked) or None,
        "teams": list(each.teams),
        "tags": list(each.enrolled.tags),
        "place": attrs.asdict(each.enrolled.place),
        "household": each.enrolled.household,
        "left": each.left,
    }


# --- join, leave -------------------------------------------------------------------------------------------------


@verb(
    "join", key=True, zh="志愿者加入一支队伍。", examples=("volunteer-points join 张伟 银龄帮帮团 --since 2026-03-01",)
)
@click.argument("person")
@click.argument("team")
@_SINCE
def join(desk: Desk, person: str, team: str, since: str | None) -> Answer:
    """Let a volunteer join a team."""
    volunteer, joined = desk.person(person), desk.thing("team", team)
    day = _since(desk, since, desk.key)
    outcome = desk.write(Join(volunteer=volunteer, team=joined, since=day))
    back = desk.command("leave", volunteer, "--team", joined, "--since", day, as_self=True)
    return written(desk, outcome, Undo(back))


@verb(
    "leave",
    key=True,
    zh="志愿者离开一支队伍；不写 --team 则退出整个项目。",
    examples=("volunteer-points leave 张伟 --team 银龄帮帮团",),
)
@click.argument("person")
@option("--team", metavar="TEAM", en="Which team. [the programme itself]", zh="队伍。[默认退出整个项目]")
@_SINCE
def leave(desk: Desk, person: str, team: str | None, since: str | None) -> Answer:
    """Let a volunteer leave a team, or the programme when no team is named."""
    volunteer = desk.person(person)
    left = desk.thing("team", team) if team else None
    day = _since(desk, since, desk.key)
    entries = desk.programme.ask(About(volunteer_holder(volunteer), ("Enrolled", "Described")))
    outcome = desk.write(Leave(volunteer=volunteer, team=left, since=day))
    if left:
        return written(desk, outcome, Undo(desk.command("join", volunteer, left, "--since", day, as_self=True)))
    return written(desk, outcome, Undo(_enrol_again(desk, volunteer, entries[-1].fact if entries else None)))


def _enrol_again(desk: Desk, volunteer: str, fact: object) -> str:
    words = ["enrol", "--id", volunteer]
    if isinstance(fact, (Enrolled, Described)):
        words += [part for tag in fact.tags for part in ("--tag", tag)]
        for flag, value in attrs.asdict(fact.place).items():
            words += [f"--{flag}", value] if value else []
        words += ["--household", fact.household] if fact.household else []
    return desk.command(*words, as_self=True)
