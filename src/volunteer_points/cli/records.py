"""Service records at the command line: recorded, listed, approved, rejected, withdrawn, reversed, corrected."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import attrs
import click

from volunteer_points.books import About
from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import (
    PREVIEW,
    Reasoned,
    Undo,
    clock_shown,
    time_shown,
    write_each,
    write_one_reasoned,
    write_reasoned,
    written,
    written_each,
)
from volunteer_points.cli.output import Answer, Line, Table
from volunteer_points.cli.readings import read_day, read_end
from volunteer_points.cli.verbs import option, verb
from volunteer_points.cli.words import Words
from volunteer_points.commands import Approve, Command, Correct, Reject, Reverse, Submit, Void
from volunteer_points.decisions.service import RecordState
from volunteer_points.entries import Corrected, Submitted
from volunteer_points.errors import InputError
from volunteer_points.model import Evidence, Interval, Reason, minutes_in
from volunteer_points.postings import record_subject
from volunteer_points.programme import Order, Outcome

# --- options -----------------------------------------------------------------------------------------------------

REASON = option(
    "--reason", metavar="CODE", required=True, en="Why, as a short code such as mistake.", zh="原因代码，如 录入错误。"
)
NOTE = option(
    "--note",
    metavar="TEXT",
    en="The reason in words. It stays in the people register; the ledger gets its seal only.",
    zh="原因说明。原文只存在人员登记册，账本只记其封印。",
)
_ACTIVITY = option("--activity", metavar="ACTIVITY", en="Only this activity.", zh="只看该项目。")
_TEAM = option("--team", metavar="TEAM", en="Only this team.", zh="只看该队伍。")
_DAY = option("--day", metavar="DAY", en="Only service of this day.", zh="只看当日的服务。")
_BEGIN = option(
    "--begin", metavar="TIME", multiple=True, required=True, en="When it began.", zh="开始时间，如 '2026-03-14 09:00'。"
)
_END = option(
    "--end",
    metavar="TIME",
    multiple=True,
    required=True,
    en="When it ended; a time alone is on the day of the begin.",
    zh="结束时间；只写时刻则与开始同日。",
)


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that choose among the records that wait."""
    for decorate in (_DAY, _TEAM, _ACTIVITY):
        function = decorate(function)
    return function


@attrs.frozen
class Choice:
    """Which of the records that wait are meant; what is None does not matter."""

    activity: str | None
    team: str | None
    day: date | None

    def takes(self, state: RecordState) -> bool:
        """Whether a record is one of them."""
        return (
            self.activity in (None, state.said.activity)
            and self.team in (None, state.said.team)
            and self.day in (None, state.on)
        )


def _choice(desk: Desk, activity: str | None, team: str | None, day: str | None) -> Choice:
    return Choice(
        desk.thing("activity", activity) if activity else None,
        desk.thing("team", team) if team else None,
        read_day(day) if day else None,
    )


def _waiting(desk: Desk, choice: Choice) -> list[RecordState]:
    states = [state for state in desk.programme.pending() if choice.takes(state)]
    desk.look_up(state.said.volunteer for state in states)
    return states


# --- record, pending ---------------------------------------------------------------------------------------------


@verb(
    "record",
    key=True,
    zh="登记一位志愿者的一次服务，等待审核。\n\n整张签到表请用 import。",
    examples=("volunteer-points record 张伟 --activity 公园清洁 --begin '2026-03-14 09:00' --end 11:20",),
)
@click.argument("person")
@option("--activity", metavar="ACTIVITY", required=True, en="What was done.", zh="服务项目。")
@_BEGIN
@_END
@option("--team", metavar="TEAM", en="For which team. [that of the activity]", zh="代表哪支队伍。[默认为项目所属队伍]")
@option(
    "--evidence",
    type=click.Choice([str(each) for each in Evidence]),
    default=str(Evidence.SUPERVISOR),
    show_default=True,
    en="How well it is supported.",
    zh="凭证类别：signed 签到签退、supervisor 负责人确认、make_up 补录、self 本人填报。",
)
@option(
    "--source",
    metavar="TEXT",
    default="",
    en="Where it was signed, such as a sheet's number.",
    zh="来源，如签到表编号。",
)
def record(
    desk: Desk,
    *,
    person: str,
    activity: str,
    begin: tuple[str, ...],
    end: tuple[str, ...],
    team: str | None,
    evidence: str,
    source: str,
) -> Answer:
    """Record one service of one volunteer; it waits for approval.

    For a whole sign-in sheet use import.
    """
    command = Submit(
        volunteer=desk.person(person),
        activity=desk.thing("activity", activity),
        intervals=_intervals(desk, begin, end),
        team=desk.thing("team", team) if team else None,
        evidence=Evidence(evidence),
        source=source,
    )
    outcome = desk.write(command)
    made = outcome.fact(Submitted).record
    undo = Undo(desk.command("void", made, "--reason", "mistake", as_self=True))
    approve = desk.command("approve", made)
    also = [desk.say(f"Next: somebody else approves it: {approve}", f"下一步：由另一人审核：{approve}")]
    return written(desk, outcome, undo, also=also, data={"record": made})


def _intervals(desk: Desk, begins: Sequence[str], ends: Sequence[str]) -> tuple[Interval, ...]:
    if len(begins) != len(ends):
        raise InputError("begins_and_ends", begins=len(begins), ends=len(ends))
    intervals = []
    for begin, end in zip(begins, ends, strict=True):
        begun = desk.instant(begin)
        intervals.append(Interval(begin=begun, end=read_end(end, begun, desk.calendar)))
    return tuple(intervals)


@verb("pending", zh="列出等待审核的服务记录，最早的在前。", examples=("volunteer-points pending --day 2026-03-14",))
@filters
def pending(desk: Desk, activity: str | None, team: str | None, day: str | None) -> Answer:
    """List service records that wait for approval, the earliest first."""
    states = _waiting(desk, _choice(desk, activity, team, day))
    rows = [_record_data(desk, state) for state in states]
    data = {"records": rows, "minutes": sum(row["minutes"] for row in rows)}
    if not states:
        nothing = desk.say("Nothing waits for approval.", "没有待审核的记录。")
        return Answer(data, (Line(nothing, "good"),))
    headings = (
        desk.say("Record", "编号"),
        desk.say("Day", "日期"),
        desk.say("Time", "时间"),
        desk.say("Served", "时长"),
        desk.say("Who", "姓名"),
        desk.say("Activity", "项目"),
        desk.say("Team", "队伍"),
        desk.say("Recorded by", "登记人"),
    )
    people = len({state.said.volunteer for state in states})
    hours = time_shown(desk, sum(row["minutes"] for row in rows))
    total = desk.say(
        f"{len(rows)} records of {people} people wait for approval, {hours} in all.",
        f"待审核 {len(rows)} 条，涉及 {people} 人，共 {hours}。",
    )
    next_step = desk.command("approve", "--all")
    hint = desk.say(f"To approve: {next_step}, or with the ids", f"审核：{next_step}，或写出编号")
    table = Table(headings, tuple(_record_row(desk, state) for state in states), right=(3,), wraps=(4, 5, 6))
    return Answer(data, (table, "", Line(total, "head"), Line(hint, "dim")))


def _minutes(state: RecordState) -> int:
    return minutes_in(state.said.intervals)


def _record_row(desk: Desk, state: RecordState) -> tuple[str, ...]:
    said, local = state.said, desk.calendar.local
    times = ", ".join(f"{local(each.begin):%H:%M}-{local(each.end):%H:%M}" for each in said.intervals)
    names = desk.speaker.names
    return (
        said.record,
        state.on.isoformat(),
        times,
        clock_shown(_minutes(state)),
        desk.name(said.volunteer) or said.volunteer,
        names(f"activity:{said.activity}").removeprefix("activity:"),
        names(f"team:{said.team}").removeprefix("team:") if said.team else "",
        state.said_by,
    )


def _record_data(desk: Desk, state: RecordState) -> dict[str, Any]:
    said = state.said
    return {
        "record": said.record,
        "volunteer": said.volunteer,
        "name": desk.name(said.volunteer) or None,
        "activity": said.activity,
        "team": said.team,
        "day": state.on,
        "intervals": [[desk.calendar.local(each.begin), desk.calendar.local(each.end)] for each in said.intervals],
        "minutes": _minutes(state),
        "evidence": str(said.evidence),
        "recorded_by": state.said_by,
    }


# --- approve -----------------------------------------------------------------------------------------------------


@verb(
    "approve",
    key=True,
    zh="审核服务记录，通过后立即发放积分。\n\n"
    "写出编号，或用 --all，或按项目、队伍、日期筛选。每条记录单独入账：有一条不能通过，不影响其他记录。"
    "审核人不能是登记人，也不能是志愿者本人。",
    examples=(
        "volunteer-points approve r-7k3m9qrt2x5v8w1y",
        "volunteer-points approve --all --activity 公园清洁 --day 2026-03-14",
    ),
)
@click.argument("records", nargs=-1)
@option("--all", "everything", is_flag=True, en="Every record that waits.", zh="全部待审核记录。")
@filters
@option("--yes", is_flag=True, en="Do not ask first.", zh="不再询问，直接执行。")
@option("--dry-run", is_flag=True, en="Only show what would be awarded.", zh="只显示将发放多少积分，不写入。")
def approve(
    desk: Desk,
    *,
    records: tuple[str, ...],
    everything: bool,
    activity: str | None,
    team: str | None,
    day: str | None,
    yes: bool,
    dry_run: bool,
) -> Answer:
    """Approve service records; each is awarded at once.

    Name their ids, or take --all, or choose by activity, team or day. Every record is a commit of its own: one that is
    refused does not keep the others back. Who approves is neither who recorded it nor the volunteer.
    """
    chosen = bool(everything or activity or team or day)
    if chosen and records:
        raise InputError("chosen_twice")
    if not chosen and not records:
        raise InputError("nothing_chosen")
    if chosen:
        states = _waiting(desk, _choice(desk, activity, team, day))
        subjects = [(state.said.record, desk.called(state.said.volunteer)) for state in states]
    else:
        subjects = [(each, _whose(desk, each)) for each in dict.fromkeys(records)]
    if not subjects:
        nothing = desk.say("Nothing waits for approval.", "没有待审核的记录。")
        return Answer({"done": 0, "refused": 0, "points": 0, "minutes": 0, "results": []}, (Line(nothing, "good"),))
    orders = _approvals(desk, [each for each, _ in subjects])
    if dry_run:
        outcomes = desk.programme.preview_many(orders)
        note = Line(PREVIEW.said(desk.language), "head")
        answer = written_each(desk, subjects, outcomes, lambda _: Undo())
        return attrs.evolve(answer, data={**answer.data, "dry_run": True}, parts=(note, *answer.parts))
    if chosen and not yes:
        _ask(desk, len(subjects))
    outcomes = write_each(desk, Words("Approving", "正在审核"), orders)
    if not chosen and len(outcomes) == 1:
        return written(desk, _allowed(outcomes[0]), _undo_award(desk, subjects[0][0]))
    return written_each(desk, subjects, outcomes, lambda each: _undo_award(desk, each))


def _allowed(outcome: Outcome) -> Outcome:
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome


def _approvals(desk: Desk, records: Sequence[str]) -> list[Order]:
    """One order for each record. A record is approved once, so its key follows from it and a repetition is harmless."""
    actor, at = desk.actor, desk.now()
    given = [desk.key] if len(records) == 1 and desk.key else [f"{desk.key or 'approve'}:{each}" for each in records]
    keys = given if desk.key else [f"{key}:{actor}" for key in given]
    return [
        Order(command=Approve(record=each), actor=actor, key=key, booked_at=at)
        for each, key in zip(records, keys, strict=True)
    ]


def _whose(desk: Desk, record_id: str) -> str:
    said = [e.fact for e in desk.programme.ask(_history(record_id)) if isinstance(e.fact, Submitted)]
    return desk.called(said[0].volunteer) if said else ""


def _history(record_id: str) -> About:
    return About(record_subject(record_id), ("Submitted", "Corrected"))


def _undo_award(desk: Desk, record_id: str) -> Undo:
    return Undo(desk.command("reverse", record_id, "--reason", "mistake", as_self=True))


def _ask(desk: Desk, count: int) -> None:
    """Ask once on a terminal; in a script whoever runs it has decided."""
    if desk.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    click.confirm(desk.say(f"Approve {count} records?", f"确认审核通过 {count} 条记录？"), abort=True)


# --- reject, void ------------------------------------------------------------------------------------------------


@verb(
    "reject",
    key=True,
    zh="驳回待审核的服务记录，并写明原因。",
    examples=("volunteer-points reject r-7k3m9qrt2x5v8w1y --reason 未到场",),
)
@click.argument("records", nargs=-1, required=True)
@REASON
@NOTE
def reject(desk: Desk, *, records: tuple[str, ...], reason: str, note: str | None) -> Answer:
    """Reject service records that wait for approval, and say why."""
    return _turned_down(desk, records, lambda each, why: Reject(record=each, reason=why), code=reason, note=note)


@verb(
    "void",
    key=True,
    zh="撤回待审核的服务记录，登记人本人可以撤回。",
    examples=("volunteer-points void r-7k3m9qrt2x5v8w1y --reason 录入错误",),
)
@click.argument("records", nargs=-1, required=True)
@REASON
@NOTE
def void(desk: Desk, *, records: tuple[str, ...], reason: str, note: str | None) -> Answer:
    """Withdraw service records that wait for approval; who recorded them may do so."""
    return _turned_down(desk, records, lambda each, why: Void(record=each, reason=why), code=reason, note=note)


def _turned_down(
    desk: Desk, records: Sequence[str], made: Callable[[str, Reason], Command], *, code: str, note: str | None
) -> Answer:
    wanted = list(dict.fromkeys(records))
    if len(wanted) == 1:
        outcome = write_one_reasoned(desk, lambda why: made(wanted[0], why), code, note)
        return written(desk, outcome, _record_anew(desk, wanted[0]))
    keys = [f"{desk.key}:{each}" if desk.key else None for each in wanted]
    reasoned = [
        Reasoned(lambda why, each=each: made(each, why), key)  # type: ignore[misc]  # mypy cannot infer the default
        for each, key in zip(wanted, keys, strict=True)
    ]
    outcomes = write_reasoned(desk, reasoned, code, note)
    subjects = [(each, _whose(desk, each)) for each in wanted]
    return written_each(desk, subjects, outcomes, lambda each: _record_anew(desk, each))


def _record_anew(desk: Desk, record_id: str) -> Undo:
    """A record that was turned down stays so; the service is recorded once more."""
    [*_, last] = [entry.fact for entry in desk.programme.ask(_history(record_id))]
    if not isinstance(last, (Submitted, Corrected)):
        return Undo()
    times = _typed_times(desk, last.intervals)
    words = ["record", last.volunteer, "--activity", last.activity, *times]
    if last.team:
        words += ["--team", last.team]
    return Undo(desk.command(*words, "--evidence", str(last.evidence), as_self=True))


def _typed_times(desk: Desk, intervals: Sequence[Interval]) -> list[str]:
    return [
        part
        for each in intervals
        for flag, instant in (("--begin", each.begin), ("--end", each.end))
        for part in (flag, desk.typed(instant))
    ]


# --- reverse, correct --------------------------------------------------------------------------------------------


@verb(
    "reverse",
    key=True,
    zh="冲正一条记录已发放的积分。\n\n先从原批次扣回；已经花掉的部分记为欠分，以后所得积分优先抵扣。",
    examples=("volunteer-points reverse r-7k3m9qrt2x5v8w1y --reason 认错人",),
)
@click.argument("record_id", metavar="RECORD")
@REASON
@NOTE
def reverse(desk: Desk, record_id: str, reason: str, note: str | None) -> Answer:
    """Take back the award of a record.

    Points come back from the lot they went to; what is spent already is owed, and later awards repay it first.
    """
    outcome = write_one_reasoned(desk, lambda why: Reverse(record=record_id, reason=why), reason, note)
    state = desk.programme.record(record_id)
    times = _typed_times(desk, state.said.intervals)
    anew = desk.command(
        "correct", record_id, *times, "--requested-by", state.said_by, "--reason", "reversed_by_mistake", as_self=True
    )
    return written(desk, outcome, Undo(anew), data={"record": record_id})


@verb(
    "correct",
    key=True,
    zh="更正一条已审核的记录：冲正原积分，并按新内容重新发放，一次完成。\n\n"
    "须由两人办理：--requested-by 提出，--actor 批准。",
    examples=(
        "volunteer-points correct r-7k3m9q --begin '2026-03-14 09:00' --end 10:20 --requested-by li --reason typo",
    ),
)
@click.argument("record_id", metavar="RECORD")
@_BEGIN
@_END
@option("--activity", metavar="ACTIVITY", en="Another activity. [the same]", zh="改为其他项目。[默认不变]")
@option("--requested-by", metavar="ID", required=True, en="Who asked for it.", zh="提出更正的人。")
@REASON
@NOTE
def correct(
    desk: Desk,
    *,
    record_id: str,
    begin: tuple[str, ...],
    end: tuple[str, ...],
    activity: str | None,
    requested_by: str,
    reason: str,
    note: str | None,
) -> Answer:
    """Correct a decided record: its award is taken back and made anew in one commit.

    It takes two: --requested-by brings it, and --actor approves it.
    """
    intervals = _intervals(desk, begin, end)
    other = desk.thing("activity", activity) if activity else None
    outcome = write_one_reasoned(
        desk,
        lambda why: Correct(
            record=record_id, intervals=intervals, requested_by=requested_by, reason=why, activity=other
        ),
        reason,
        note,
    )
    return written(desk, outcome, _back(desk, record_id, outcome.fact(Corrected)), data={"record": record_id})


def _back(desk: Desk, record_id: str, now: Corrected) -> Undo:
    """Correct it to what it said before."""
    said = [entry.fact for entry in desk.programme.ask(_history(record_id))]
    before = said[now.revision - 2]
    if not isinstance(before, (Submitted, Corrected)):
        return Undo()
    words = ["correct", record_id, *_typed_times(desk, before.intervals), "--activity", before.activity]
    words += ["--requested-by", now.requested_by, "--reason", "corrected_by_mistake"]
    return Undo(desk.command(*words, as_self=True))
