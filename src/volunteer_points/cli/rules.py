"""Rules at the command line: checked, compared, shown as a page, described for editors, listed by version."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volunteer_points.books import About
from volunteer_points.cli.context import Desk
from volunteer_points.cli.ledgers import problem_data, read_file
from volunteer_points.cli.output import BAD_INPUT, DONE, REFUSED, Answer, Line, Part, Table
from volunteer_points.cli.readings import read_day
from volunteer_points.cli.verbs import noun, option, verb
from volunteer_points.cli.words import sentence
from volunteer_points.commands import Definition
from volunteer_points.decisions.adoption import STANDING, nouns
from volunteer_points.entries import (
    ActivityListed,
    Entry,
    HouseholdFormed,
    ItemListed,
    PartnerAgreed,
    RulebookAdopted,
    TeamFormed,
)
from volunteer_points.errors import InputError
from volunteer_points.postings import PROGRAMME
from volunteer_points.rules import Rulebook

if TYPE_CHECKING:
    from volunteer_points.programme_file import Problem

rules = noun(
    "rules",
    en="Look at rules: check a file, compare versions, print a page for residents, list what was in force.",
    zh="查看积分办法：检查文件、比较版本、打印居民说明页、列出各版本。",
)

# --- check -------------------------------------------------------------------------------------------------------


@verb(
    "check",
    group=rules,
    zh="检查项目文件：逐条列出错误和疑点（行号、问题、改法），不写入。\n\n没有问题退出码 0，只有疑点为 1，有错误为 2。",
    examples=("volunteer-points rules check programme.toml", "volunteer-points rules check programme.toml --json"),
)
@click.argument("file", type=click.Path(dir_okay=False))
def check(desk: Desk, file: str) -> Answer:
    """Check a programme file: every mistake and every doubt, with its line and what to do; nothing is written.

    The exit code is 0 when all is well, 1 when there are only doubts, such as a rule that never fits, and 2 when there
    are mistakes.
    """
    from volunteer_points.programme_file import ProgrammeFileInvalid, look_over  # noqa: PLC0415 - only here

    mistakes, doubtful = look_over(read_file(file), own_rules=desk.own_rules)
    code = BAD_INPUT if mistakes else REFUSED if doubtful else DONE
    data = {
        "file": file,
        "mistakes": [problem_data(each) for each in mistakes],
        "doubts": [problem_data(each) for each in doubtful],
    }
    if code == DONE:
        return Answer(data, (Line(desk.say(f"{file} is in order.", f"{file} 没有问题。"), "good"),))
    parts: list[Part] = []
    if mistakes:
        said = sentence(ProgrammeFileInvalid("programme_file", source=file, problems=mistakes), desk.language)
        parts += [Line(each, "bad" if not number else "") for number, each in enumerate(said.split("\n"))]
    if doubtful:
        title = desk.say(
            f"{file} can be adopted; {len(doubtful)} to be looked at",
            f"{file} 可以采用，有 {len(doubtful)} 处请再看一看",
        )
        parts += [Line(title, "head"), *(f"  {_said(desk, each)}" for each in doubtful)]
    return Answer(data, tuple(parts), code)


def _said(desk: Desk, problem: Problem) -> str:
    from volunteer_points.cli.doubts import in_chinese  # noqa: PLC0415 - only here

    return in_chinese(problem) if desk.language == "zh" else str(problem)


# --- show --------------------------------------------------------------------------------------------------------

_VERSION = option("--version", metavar="ID", en="A rulebook by its id. [the one in force, else the last]",
                  zh="积分办法的编号。[默认为现行版，否则最后一版]")  # fmt: skip


@verb(
    "show",
    group=rules,
    zh="把积分办法写成居民看得懂的一页（Markdown 或 HTML），页末有版本哈希。不写文件名则取账本里的版本。",
    examples=("volunteer-points rules show programme.toml", "volunteer-points rules show --html --to 积分办法.html"),
)
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@_VERSION
@option("--html", "as_html", is_flag=True, en="HTML instead of Markdown.", zh="输出 HTML 而不是 Markdown。")
@option("--to", "target", metavar="FILE", en="Write it to a file.", zh="写到文件。")
def show(desk: Desk, *, file: str | None, version: str | None, as_html: bool, target: str | None) -> Answer | None:
    """Print a rulebook as a page that a neighbour can read, with the hash of the version at its end.

    Without a file it is taken from the ledger.
    """
    from volunteer_points.handout import html, markdown  # noqa: PLC0415 - only here

    definition = _from_file(file) if file else _from_ledger(desk)
    rulebook = _chosen(desk, definition, version)
    try:
        text = (html if as_html else markdown)(definition, rulebook, desk.lang, desk.own_rules)
    except ImportError:
        raise InputError("extra_missing", command="pip install 'volunteer-points[reports]'") from None
    data = {"version": rulebook.id, "hash": rulebook.hash, "page": text}
    if target is not None:
        Path(target).write_text(text, encoding="utf-8")
        return Answer(data, (Line(desk.say(f"Wrote {target}.", f"已写入 {target}。"), "good"),))
    if desk.as_json:
        return Answer(data, ())
    sys.stdout.write(text)
    return None


# --- diff --------------------------------------------------------------------------------------------------------


@verb(
    "diff",
    group=rules,
    zh="用文字说明两版积分办法有何不同：逐条列出新增、取消和改动。OLD 和 NEW 可以是文件，也可以是账本里的版本编号。",
    examples=("volunteer-points rules diff 2026 programme.toml", "volunteer-points rules diff old.toml new.toml"),
)
@click.argument("old")
@click.argument("new")
def diff(desk: Desk, old: str, new: str) -> Answer:
    """Say in words what changes from one rulebook to another: what is new, what is gone, what is different.

    OLD and NEW are programme files, or ids of versions in the ledger; of a file with several versions the last counts,
    or the one after a colon: new.toml:2027.
    """
    from volunteer_points.handout import differences, phrases  # noqa: PLC0415 - only here

    (was, before), (now, after) = _meant(desk, old), _meant(desk, new)
    say = phrases(now, desk.lang, desk.own_rules)
    found = differences(before, after, phrases(was, desk.lang, desk.own_rules), say)
    data = {
        "old": {"version": before.id, "hash": before.hash},
        "new": {"version": after.id, "hash": after.hash},
        "differences": [
            {"key": each.key, "section": each.section, "before": each.before, "after": each.after} for each in found
        ],
    }
    if not found:
        return Answer(data, (Line(desk.say("They say the same.", "两版内容相同。"), "good"),))
    parts: list[Part] = [Line(f"{before.id} → {after.id}", "head")]
    for section in dict.fromkeys(each.section for each in found):
        parts.append(Line(section, "head"))
        parts += [f"  {each.told(say)}" for each in found if each.section == section]
    return Answer(data, tuple(parts), REFUSED)


def _meant(desk: Desk, text: str) -> tuple[Definition, Rulebook]:
    """A rulebook as it was named: a file, a file and a version, or a version in the ledger."""
    place, _, version = text.rpartition(":")
    if Path(text).exists() or text.endswith(".toml"):
        definition = _from_file(text)
        return definition, _chosen(desk, definition, None)
    if place and Path(place).exists():
        definition = _from_file(place)
        return definition, _chosen(desk, definition, version)
    definition = _from_ledger(desk)
    return definition, _chosen(desk, definition, text)


def _chosen(desk: Desk, definition: Definition, version: str | None) -> Rulebook:
    known = {rulebook.id: rulebook for rulebook in definition.rulebooks}
    if version is not None and version not in known:
        raise InputError("no_such_version", value=version, known=", ".join(known) or "-")
    if not known:
        raise InputError("no_rulebook_in_file", value=definition.name)
    if version is not None:
        return known[version]
    ordered = sorted(known.values(), key=lambda each: each.since)
    today = definition.calendar.day(desk.now(definition.calendar))
    return next((each for each in reversed(ordered) if each.covers(today)), ordered[-1])


def _from_file(file: str) -> Definition:
    from volunteer_points.programme_file import loads  # noqa: PLC0415 - only here

    return loads(read_file(file), source=file)


def _from_ledger(desk: Desk) -> Definition:
    """The programme as it stands in the ledger, with all versions of its rulebooks."""
    programme = desk.programme
    frame = programme.frame()
    standing = nouns(entry.fact for entry in programme.ask(STANDING)).values()
    return Definition(
        name=frame.adopted.name,
        calendar=frame.adopted.calendar,
        founders=frame.adopted.founders,
        run_by_one=frame.adopted.run_by_one,
        structure=frame.adopted.structure,
        currencies=frame.adopted.currencies,
        duties=frame.adopted.duties,
        assumptions=frame.adopted.assumptions,
        funds=frame.adopted.funds,
        teams=tuple(each.team for each in standing if isinstance(each, TeamFormed)),
        households=tuple(each.household for each in standing if isinstance(each, HouseholdFormed)),
        partners=tuple(each.partner for each in standing if isinstance(each, PartnerAgreed)),
        activities=tuple(each.activity for each in standing if isinstance(each, ActivityListed)),
        catalogue=tuple(each.item for each in standing if isinstance(each, ItemListed)),
        rulebooks=frame.rulebooks,
    )


# --- what-if -----------------------------------------------------------------------------------------------------


@verb(
    "what-if",
    group=rules,
    zh="试算：假如当时施行的是另一版积分办法，已登记的服务和兑换会怎样。不写入。\n\n"
    "按账本顺序逐条重算：总数、规则、队伍、个人前后对比，谁多谁少，举例说明，哪些兑换不能再办理。"
    "追溯施行的办法从其施行日起试算，其他办法默认试算全部日期。账本也可以是导出的日志文件。\n\n"
    "退出码：0 结果不变，1 有变化，2 用法有误，3 无法读取。",
    examples=(
        "volunteer-points rules what-if new.toml",
        "volunteer-points rules what-if new.toml --since 2026-01-01 --until 2026-06-30 --ledger 2026.jsonl.gz --json",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@option("--rulebook", metavar="ID", en="The rulebook of the file to try. [the only new one]",
        zh="试算文件中的哪一版。[默认为唯一的新版]")  # fmt: skip
@option("--since", metavar="DAY", en="Try it from this day on.", zh="从这一天起试算。")
@option("--until", metavar="DAY", en="Try it up to and including this day.", zh="试算到这一天为止（含当日）。")
@option("--top", metavar="N", type=click.IntRange(min=1), default=10, show_default=True,
        en="How many people are listed.", zh="个人对比列出几人。")  # fmt: skip
@option("--examples", metavar="N", type=click.IntRange(min=0), default=2, show_default=True,
        en="How many records are explained of those that gain, and of those that lose.",
        zh="增加和减少的记录各举几例。")  # fmt: skip
def what_if(
    desk: Desk, *, file: str, rulebook: str | None, since: str | None, until: str | None, top: int, examples: int
) -> Answer:
    """Replay recorded service and redemptions as if another rulebook had been in force; nothing is written.

    Everything is decided again in the order of the ledger: totals, rules, teams and people before and after, who gains
    and who loses, examples, and what could no longer be redeemed. A rulebook that reaches back is tried from its own
    day on, any other on every day. The ledger may be an exported journal.

    Exit codes: 0 nothing changes, 1 something does, 2 usage, 3 unreadable.
    """
    from volunteer_points.cli.what_if import Teller, replayed  # noqa: PLC0415 - only here

    definition = _from_file(file)
    last = None if until is None else read_day(until) + timedelta(days=1)
    report = replayed(
        desk, definition, rulebook=rulebook, since=read_day(since) if since else None, until=last, examples=examples
    )
    return Teller(desk, report, top).answer(definition, {"file": file})


# --- versions, schema --------------------------------------------------------------------------------------------

_ADOPTED = About(PROGRAMME, ("RulebookAdopted",))


@verb(
    "versions",
    group=rules,
    zh="列出账本里的各版积分办法：何时施行、谁起草、谁批准、版本哈希。",
    examples=("volunteer-points rules versions --ledger saihan.db",),
)
def versions(desk: Desk) -> Answer:
    """List the rulebooks of the ledger: what was in force when, who wrote it, who approved it, and its hash."""
    entries = [entry for entry in desk.programme.ask(_ADOPTED) if isinstance(entry.fact, RulebookAdopted)]
    ordered = sorted(entries, key=lambda entry: entry.fact.rulebook.since)  # type: ignore[union-attr]
    found = [_version(desk, entry, later) for entry, later in zip(ordered, [*ordered[1:], None], strict=True)]
    headings = (
        ("version", "in force", "until", "state", "written by", "approved by", "approved at", "SHA-256")
        if desk.language == "en"
        else ("版本", "施行", "至", "状态", "起草", "批准", "批准时间", "SHA-256")
    )
    keys = ("version", "since", "until", "state", "author", "approved_by", "approved_at", "hash")
    rows = tuple(tuple(str(each[key] or "-") for key in keys) for each in found)
    parts: tuple[Part, ...] = (Table(headings, rows, wraps=(7,)),)
    parts += tuple(
        desk.say(f"{each['version']} reaches back: {each['reason']}", f"{each['version']} 追溯施行：{each['reason']}")
        for each in found
        if each["reason"]
    )
    parts += tuple(
        desk.say(
            f"{each['version']}, looked at before: what-if {each['what_if']}",
            f"{each['version']} 事先试算：{each['what_if']}",
        )
        for each in found
        if each["what_if"]
    )
    return Answer({"versions": found}, parts)


def _version(desk: Desk, entry: Entry, later: Entry | None) -> dict[str, Any]:
    fact = entry.fact
    assert isinstance(fact, RulebookAdopted)  # noqa: S101 - only those were asked for
    rulebook = fact.rulebook
    until = rulebook.until
    if until is None and later is not None and isinstance(later.fact, RulebookAdopted):
        until = later.fact.rulebook.since
    state = desk.say("in force", "现行")
    if rulebook.since > desk.today:
        state = desk.say("to come", "待施行")
    elif until is not None and until <= desk.today:
        state = desk.say("superseded", "已被取代") if later is not None else desk.say("ended", "已结束")
    return {
        "version": rulebook.id,
        "since": rulebook.since.isoformat(),
        "until": until.isoformat() if until else None,
        "state": state,
        "author": fact.author,
        "approved_by": entry.actor,
        "approved_at": desk.shown(entry.booked_at),
        "hash": fact.hash,
        "reason": rulebook.retroactive_reason if rulebook.retroactive else "",
        "what_if": fact.what_if,
    }


@verb(
    "schema",
    group=rules,
    zh="打印项目文件的 JSON Schema（2020-12），供编辑器补全和检查。",
    examples=("volunteer-points rules schema",),
)
def schema(desk: Desk) -> None:
    """Print a JSON Schema (draft 2020-12) of the programme file, for editors that complete and check."""
    del desk
    from volunteer_points.programme_file import schema as described  # noqa: PLC0415 - only here

    sys.stdout.write(json.dumps(described(), ensure_ascii=False, indent=2) + "\n")
