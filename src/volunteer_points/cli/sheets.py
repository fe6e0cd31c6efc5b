"""What became of sign-in sheets, for people and for programs: counts, changed rows, bad rows and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import time_shown
from volunteer_points.cli.output import DONE, REFUSED, Answer, Line, Part, Table, exit_code_of
from volunteer_points.errors import KeyConflict, VolunteerPointsError
from volunteer_points.exchange.importing import Change, Imported, Plan, Problem, RowPlace, Served, Standing, Undoing
from volunteer_points.explain.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from volunteer_points.cli.importing import Wanted

Local: TypeAlias = Callable[[datetime], datetime]

SHOWN_AT_MOST = 40
"""So many changed rows, and so many bad ones, are shown to people; JSON has all of them."""


def planned(desk: Desk, plan: Plan, asked: Wanted) -> Answer:
    """What an import would do; nothing was written."""
    parts = [
        *_counts(desk, plan),
        *_newcomers(desk, plan),
        *_trouble(desk, plan, plan.problems),
        "",
        *_next(desk, plan, asked),
    ]
    commit = _commit(desk, plan, asked) if plan.added else None
    data = {"committed": False, **_data(desk, plan, plan.added), "commit": commit}
    return Answer(data, tuple(parts), DONE if plan.clean else REFUSED)


def _next(desk: Desk, plan: Plan, asked: Wanted) -> Iterator[Part]:
    """What was not written, and the command that writes it."""
    if not plan.added:
        yield (
            _nothing_new(desk)
            if plan.clean
            else Line(desk.say("Nothing new can be written.", "没有可以写入的行。"), "bad")
        )
        return
    if asked.commit:
        nothing = desk.say(
            f"Nothing was written. Correct {_many(plan.bad_rows, 'row')}, or leave out what is not clear:",
            f"没有写入，因为有 {plan.bad_rows} 行不清楚。请更正，或跳过这些行：",
        )
    else:
        nothing = desk.say("Nothing was written yet. To write it:", "尚未写入。要写入请执行：")
    yield Line(nothing, "bad" if asked.commit else "head")
    yield f"  {_commit(desk, plan, asked)}"


def imported(desk: Desk, done: Imported, asked: Wanted) -> Answer:
    """What an import has written."""
    plan, local = done.plan, desk.calendar.local
    problems = (*plan.problems, *done.refused)
    undo = desk.command("import", *_paths(plan), "--undo", "--commit", as_self=True)
    parts = [*_counts(desk, plan), *_newcomers(desk, plan), *_trouble(desk, plan, problems)]
    parts += ["", _written(desk, done)]
    if done.stopped is not None:
        at = f"{done.stopped_at}: " if done.stopped_at else ""
        again = desk.command("import", *_paths(plan), "--commit", *asked.words(), as_self=True)
        parts += [Line(f"{at}{_why(desk, done.stopped)}", "bad")]
        parts += [
            desk.say("It stopped there. Run it again to go on:", "导入在此停止；重新执行即可继续："),
            f"  {again}",
        ]
    if done.added:
        review = desk.say("Next, somebody else reviews and approves them:", "下一步，由另一人核对并审核：")
        parts += [review, f"  {desk.command('pending')}", f"  {desk.command('approve', '--all')}"]
        parts += [Line(f"{desk.say('Undo: ', '撤销：')}{undo}", "dim")]
    data = {
        "committed": True,
        **_data(desk, plan, done.added),
        "there": [_standing(each, local) for each in (*plan.there, *done.there)],
        "problems": [_problem(desk, each) for each in problems],
        "people": [person.id for person in done.people],
        "stopped": _stopped(desk, done),
        "undo": undo if done.added else None,
    }
    code = exit_code_of(done.stopped) if done.stopped else DONE if plan.clean and not problems else REFUSED
    return Answer(data, tuple(parts), code)


def undone(desk: Desk, undoing: Undoing, paths: Sequence[str], asked: Wanted) -> Answer:
    """What taking back sheets has done, or would do."""
    written, local = asked.commit, desk.calendar.local
    voided = len(undoing.voided)
    said = desk.say(
        f"{'Withdrawn' if written else 'To be withdrawn'}: {_many(voided, 'record')}.",
        f"{'已' if written else '将'}撤回 {voided} 条记录。",
    )
    parts: list[Part] = [Line(said, "good" if written else "head")]
    if undoing.stopped is not None:
        parts.append(Line(desk.sentence(undoing.stopped), "bad"))
    if undoing.absent:
        rows = len(undoing.absent)
        parts.append(desk.say(f"No record that counts: {_many(rows, 'row')}.", f"{rows} 行没有有效的记录。"))
    if undoing.decided:
        title = desk.say("Approved already; each takes a reversal by somebody else:", "以下已审核，须由他人逐条冲正：")
        reversals = [desk.command("reverse", each.record, "--reason", "mistake") for each in undoing.decided]
        parts += ["", Line(title, "head"), *(f"  {each}" for each in _some(desk, reversals))]
    parts += _bad_rows(desk, undoing.problems)
    if voided and not written:
        commit = desk.command("import", *paths, "--undo", "--commit", as_self=True)
        parts += ["", desk.say("Nothing was written yet. To write it:", "尚未写入。要写入请执行："), f"  {commit}"]
    data = {
        "committed": written,
        "withdrawn": [_standing(each, local) for each in undoing.voided],
        "decided": [_standing(each, local) for each in undoing.decided],
        "absent": [_place(place) for place in undoing.absent],
        "problems": [_problem(desk, each) for each in undoing.problems],
        "stopped": undoing.stopped.code if undoing.stopped else None,
    }
    code = (
        exit_code_of(undoing.stopped) if undoing.stopped else REFUSED if undoing.decided or undoing.problems else DONE
    )
    return Answer(data, tuple(parts), code)


def _why(desk: Desk, error: VolunteerPointsError) -> str:
    if isinstance(error, KeyConflict):
        return desk.say("This row was recorded with other content in the meantime.", "这一行刚刚已按其他内容登记。")
    return desk.sentence(error)


# --- for people -------------------------------------------------------------------------------------------------------


def _paths(plan: Plan) -> list[str]:
    return [sheet.source for sheet in plan.sheets]


def _commit(desk: Desk, plan: Plan, asked: Wanted) -> str:
    words = asked.words()
    if not plan.clean and "--keep-going" not in words:
        words = ["--keep-going", *words]
    return desk.command("import", *_paths(plan), "--commit", *words, as_self=True)


def _counts(desk: Desk, plan: Plan) -> Iterator[Part]:
    """A line for each sheet, and one for all when there are several."""
    columns = [
        Counter(each.place.sheet for each in plan.added),
        Counter(each.service.place.sheet for each in plan.there),
        Counter(each.place.sheet for each in plan.repeated),
        Counter(each.service.place.sheet for each in plan.withdrawn),
        Counter(each.service.place.sheet for each in plan.changed),
        Counter(place.sheet for place in {each.place for each in plan.problems}),
    ]
    headings = (
        desk.say("Sheet", "签到表"),
        desk.say("Encoding", "编码"),
        desk.say("Rows", "行数"),
        desk.say("New", "新增"),
        desk.say("There already", "已登记"),
        desk.say("Repeated", "重复"),
        desk.say("Withdrawn", "曾撤回"),
        desk.say("Changed", "有改动"),
        desk.say("Wrong", "有问题"),
    )
    rows = []
    for sheet in plan.sheets:
        found = [column[sheet.source] for column in columns]
        rows.append((sheet.source, sheet.encoding, str(sum(found)), *map(str, found)))
    if len(rows) > 1:
        totals = [sum(column.values()) for column in columns]
        rows.append((desk.say("Together", "合计"), "", str(sum(totals)), *map(str, totals)))
    yield Table(headings, tuple(rows), right=tuple(range(2, len(headings))))
    ignored = sorted({heading for sheet in plan.sheets for heading in sheet.ignored_columns})
    if ignored:
        listed = ", ".join(ignored)
        yield Line(desk.say(f"Columns that were not used: {listed}", f"未使用的列：{listed}"), "dim")
    if plan.withdrawn:
        again = desk.say(
            "Withdrawn rows were recorded before and taken back; --again records them anew.",
            "“曾撤回”的行以前登记过又撤回；要重新登记请加 --again。",
        )
        yield Line(again, "dim")


def _newcomers(desk: Desk, plan: Plan) -> Iterator[Part]:
    if plan.newcomers:
        names = desk.say(", ", "、").join(_some(desk, [each.name for each in plan.newcomers]))
        yield desk.say(
            f"{_many(len(plan.newcomers), 'person is', 'people are')} new to the register: {names}",
            f"名册新登记 {len(plan.newcomers)} 人：{names}",
        )
    if plan.enrolled:
        yield desk.say(
            f"{_many(len(plan.enrolled), 'registered person', 'registered people')} to be enrolled as volunteers.",
            f"名册中的 {len(plan.enrolled)} 人注册为志愿者。",
        )


def _written(desk: Desk, done: Imported) -> Line:
    minutes = sum(each.service.interval.minutes for each in done.added)
    people = len({each.service.volunteer for each in done.added})
    if not done.added:
        complete = done.plan.clean and not done.refused and done.stopped is None
        return _nothing_new(desk) if complete else Line(desk.say("Nothing was added.", "没有新增。"))
    time = time_shown(desk, minutes)
    said = desk.say(
        f"Recorded, to be approved: {_many(len(done.added), 'service')} of {_many(people, 'person', 'people')},"
        f" {time}.",
        f"已登记 {people} 人 {len(done.added)} 次服务，共 {time}，等待审核。",
    )
    return Line(said, "good")


def _nothing_new(desk: Desk) -> Line:
    return Line(desk.say("Nothing new: every row is recorded already.", "没有新增：各行都已登记。"), "good")


def _trouble(desk: Desk, plan: Plan, problems: Sequence[Problem]) -> Iterator[Part]:
    yield from _changed_rows(desk, plan.changed)
    yield from _bad_rows(desk, problems)


def _changed_rows(desk: Desk, changed: Sequence[Change]) -> Iterator[Part]:
    if not changed:
        return
    desk.look_up(each.service.volunteer for each in changed)
    local = desk.calendar.local
    yield ""
    yield Line(desk.say("Rows that say something else than what is recorded:", "与已登记内容不同的行："), "head")
    headings = (
        desk.say("Row", "行"),
        desk.say("Who", "姓名"),
        desk.say("Recorded", "已登记"),
        desk.say("The sheet says", "签到表"),
        desk.say("Status", "状态"),
    )
    rows = [
        (
            str(each.service.place) + ("" if each.certain else " ?"),
            desk.name(each.service.volunteer) or each.service.volunteer,
            _said(
                each.stands.said.intervals[0].begin, each.stands.said.intervals[-1].end, each.stands.said.team, local
            ),
            _said(each.service.interval.begin, each.service.interval.end, each.service.team, local),
            desk.say(*VOCABULARY["status"][each.stands.status]),
        )
        for each in changed[:SHOWN_AT_MOST]
    ]
    yield Table(headings, tuple(rows))
    if any(not each.certain for each in changed[:SHOWN_AT_MOST]):
        yield Line(
            desk.say(
                "? The time overlaps a record of the same person, activity and day; probably that one is meant.",
                "? 与此人当天同一项目的记录时间重叠，很可能是同一次服务。",
            ),
            "dim",
        )
    yield desk.say("If the sheet is right:", "若以签到表为准：")
    for each in changed[:SHOWN_AT_MOST]:
        yield f"  {' && '.join(repairs(desk, each))}"
    yield from _more(desk, len(changed))


def _bad_rows(desk: Desk, problems: Sequence[Problem]) -> Iterator[Part]:
    if not problems:
        return
    yield ""
    yield Line(desk.say("Rows that cannot be recorded:", "无法登记的行："), "head")
    headings = (
        desk.say("Row", "行"),
        desk.say("Column", "列"),
        desk.say("Value", "内容"),
        desk.say("What is wrong", "问题"),
        desk.say("What to do", "办法"),
    )
    rows = tuple(
        (str(each.place), each.column, each.value, each.message(desk.language), each.remedy(desk.language))
        for each in problems[:SHOWN_AT_MOST]
    )
    yield Table(headings, rows)
    yield from _more(desk, len(problems))


def _more(desk: Desk, count: int) -> Iterator[Part]:
    if count > SHOWN_AT_MOST:
        more = count - SHOWN_AT_MOST
        yield desk.say(f"... and {more} more; --json names all of them.", f"……另有 {more} 条；--json 可列出全部。")


def _some(desk: Desk, texts: Sequence[str]) -> Iterator[str]:
    yield from texts[:SHOWN_AT_MOST]
    if len(texts) > SHOWN_AT_MOST:
        yield desk.say(f"... and {len(texts) - SHOWN_AT_MOST} more", f"……另有 {len(texts) - SHOWN_AT_MOST} 条")


def _said(begin: datetime, end: datetime, team: str | None, local: Local) -> str:
    first, last = local(begin), local(end)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} - {until}" + (f" {team}" if team else "")


def repairs(desk: Desk, change: Change) -> list[str]:
    """The commands that make the books say what a changed row says.

    A decided record is corrected by somebody else at the request of whoever imports; where only the team is another it
    is reversed. A record that nobody has decided about is withdrawn. After either the sheet is imported again.
    """
    record, service, stands = change.stands.said.record, change.service, change.stands
    anew = desk.command("import", service.place.sheet, "--commit", as_self=True)
    if stands.status == "submitted":
        return [desk.command("void", record, "--reason", "sheet_changed", as_self=True), anew]
    if stands.said.intervals == (service.interval,):
        return [desk.command("reverse", record, "--reason", "sheet_changed"), anew]
    times = ["--begin", desk.typed(service.interval.begin), "--end", desk.typed(service.interval.end)]
    words = ["correct", record, *times, "--requested-by", desk.actor, "--reason", "sheet_changed"]
    return [desk.command(*words)]


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"


# --- for programs -----------------------------------------------------------------------------------------------------


def _place(place: RowPlace) -> dict[str, Any]:
    return {"sheet": place.sheet, "row": place.number}


def _service(service: Served, local: Local) -> dict[str, Any]:
    return {
        **_place(service.place),
        "volunteer": service.volunteer,
        "activity": service.activity,
        "team": service.team,
        "begin": local(service.interval.begin).isoformat(),
        "end": local(service.interval.end).isoformat(),
        "minutes": service.interval.minutes,
        "key": service.key,
    }


def _standing(standing: Standing, local: Local) -> dict[str, Any]:
    return {**_service(standing.service, local), "record": standing.record, "status": standing.status}


def _change(desk: Desk, change: Change, local: Local) -> dict[str, Any]:
    said = change.stands.said
    intervals = [
        {"begin": local(each.begin).isoformat(), "end": local(each.end).isoformat()} for each in said.intervals
    ]
    stands = {"activity": said.activity, "team": said.team, "intervals": intervals, "status": change.stands.status}
    return {
        **_service(change.service, local),
        "record": said.record,
        "stands": stands,
        "certain": change.certain,
        "commands": repairs(desk, change),
    }


def _problem(desk: Desk, problem: Problem) -> dict[str, Any]:
    return {
        **_place(problem.place),
        "column": problem.column,
        "value": problem.value,
        "code": problem.code,
        "message": problem.message(desk.language),
        "remedy": problem.remedy(desk.language),
    }


def _data(desk: Desk, plan: Plan, added: Iterable[Served | Standing]) -> dict[str, Any]:
    local = desk.calendar.local
    return {
        "sheets": [
            {
                "sheet": sheet.source,
                "sha256": sheet.sha256,
                "encoding": sheet.encoding,
                "columns": {heading: str(column) for heading, column in sheet.columns.items()},
                "ignored_columns": sheet.ignored_columns,
                "skipped": [{"row": each.number, "reason": str(each.reason)} for each in sheet.skipped],
            }
            for sheet in plan.sheets
        ],
        "added": [_service(each, local) if isinstance(each, Served) else _standing(each, local) for each in added],
        "there": [_standing(each, local) for each in plan.there],
        "repeated": [{**_place(each.place), "of": _place(each.of)} for each in plan.repeated],
        "withdrawn": [_standing(each, local) for each in plan.withdrawn],
        "changed": [_change(desk, each, local) for each in plan.changed],
        "problems": [_problem(desk, each) for each in plan.problems],
        "newcomers": [{"name": each.name, "phone": each.phone} for each in plan.newcomers],
        "enrolled": plan.enrolled,
    }


def _stopped(desk: Desk, done: Imported) -> dict[str, Any] | None:
    if done.stopped is None:
        return None
    at = _place(done.stopped_at) if done.stopped_at else None
    return {"code": done.stopped.code, "message": _why(desk, done.stopped), "at": at}
