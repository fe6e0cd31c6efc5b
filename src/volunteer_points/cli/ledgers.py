"""The ledger as a whole at the command line: begun, adopted, checked, exported, imported, compared, audited."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import PREVIEW, Undo, entry_data, said, written
from volunteer_points.cli.output import REFUSED, Answer, Line, Part, Table, progress
from volunteer_points.cli.readings import read_instant
from volunteer_points.cli.seals import checkpoint_in
from volunteer_points.cli.verbs import option, verb
from volunteer_points.cli.words import Words
from volunteer_points.commands import Adopt, Definition
from volunteer_points.errors import InputError, Refused
from volunteer_points.programme import Programme
from volunteer_points.storage.memory import MemoryStore

if TYPE_CHECKING:
    from volunteer_points.programme_file import Problem
    from volunteer_points.storage.journal import Journal, JournalStore
    from volunteer_points.storage.sql import SqlStore

PROGRAMME_FILE = "programme.toml"
_ID_CHARACTERS = 64

# --- init --------------------------------------------------------------------------------------------------------


@verb(
    "init",
    zh="建立账本：从预设或项目文件开始。\n\n"
    "用 --preset 时先写出 programme.toml 供修改。"
    "给出 --author（起草人）和 --actor（批准人）后，项目即被采用，账本随之建立。",
    examples=(
        "volunteer-points init --preset saihan --founders founder-a,founder-b",
        "volunteer-points init programme.toml --author founder-a --actor founder-b",
    ),
)
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@option(
    "--preset",
    metavar="NAME",
    en="Begin with a programme that comes along, such as saihan.",
    zh="使用自带的预设，如 saihan。",
)
@option(
    "--founders",
    metavar="ID,ID",
    en="The two people who answer for the programme.",
    zh="项目的两位负责人编号，用逗号隔开。",
)
@option(
    "--run-by",
    metavar="ID",
    en="The one person who runs it, where there is only one.",
    zh="若只有一人负责，写此人编号。",
)
@option("--author", metavar="ID", en="Who wrote the programme; the actor approves it.", zh="起草人编号；由经办人批准。")
@option(
    "--write",
    "target",
    metavar="FILE",
    default=PROGRAMME_FILE,
    show_default=True,
    en="Where the preset is written for editing.",
    zh="预设写到哪个文件。",
)
@option("--ledger-id", metavar="ID", en="The ledger's own id. [the programme's name]", zh="账本编号。[默认取项目名称]")
def init(
    desk: Desk,
    *,
    file: str | None,
    preset: str | None,
    founders: str | None,
    run_by: str | None,
    author: str | None,
    target: str,
    ledger_id: str | None,
) -> Answer:
    """Begin a ledger from a preset or from a programme file.

    With --preset the programme is first written to a file for editing. Once --author (who wrote it) and --actor (who
    approves it) are given, the programme is adopted and the ledger is made.
    """
    if bool(file) == bool(preset):
        raise InputError("file_or_preset", presets=", ".join(_presets()))
    _refuse_existing(desk)
    source = target if preset else str(file)
    text = _preset(preset, founders, run_by) if preset else read_file(source)
    definition = _definition(desk, text, source)
    author = author or (definition.run_by_one if file or desk.has_actor else None) or None
    if file and author is None:
        raise InputError("no_author")
    if author is not None:
        _tried(desk, definition, author)
    parts: list[Part] = [_write_preset(desk, Path(target), text)] if preset else []
    if author is None:
        next_step = desk.command("init", source, "--author", "AUTHOR", "--actor", "APPROVER")
        parts.append(desk.say(f"Then begin the ledger: {next_step}", f"然后建立账本：{next_step}"))
        return Answer({"programme_file": source, "ledger": None, "next": next_step}, tuple(parts))
    desk.begin(ledger_id or re.sub(r"[^\w.-]+", "-", definition.name)[:_ID_CHARACTERS])
    answer = _adopted(desk, definition, author, source)
    made = Line(desk.say(f"The ledger is at {desk.ledger_place}.", f"账本已建立：{desk.ledger_place}"), "good")
    return Answer({"programme_file": source, "ledger": desk.ledger_place, **answer.data}, (*parts, made, *answer.parts))


def _presets() -> tuple[str, ...]:
    from volunteer_points.presets import preset_names  # noqa: PLC0415 - only here

    return preset_names()


def _refuse_existing(desk: Desk) -> None:
    if desk.is_begun():
        change = desk.command("adopt", PROGRAMME_FILE, "--author", "AUTHOR", "--actor", "APPROVER")
        raise Refused("ledger_exists", place=desk.ledger_place, command=change)


def _preset(name: str, founders: str | None, run_by: str | None) -> str:
    """The preset's text with the people who answer for it."""
    from volunteer_points.presets import preset  # noqa: PLC0415 - only here

    if name not in _presets():
        raise InputError("no_such_preset", value=name, presets=", ".join(_presets()))
    text = preset(name)
    if founders:
        ids = [each.strip() for each in re.split("[,，、]", founders) if each.strip()]
        line = f"founders = [{', '.join(map(_quoted, ids))}]"
    elif run_by:
        line = f"run_by_one = {_quoted(run_by)}"
    else:
        raise InputError("no_founders")
    return re.sub(r"(?m)^founders = .*$", lambda _: line, text, count=1)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_file(path: str) -> str:
    """The text of a file as people name it.

    Raises:
        InputError: ``no_such_file``.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError("no_such_file", place=path, reason=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise InputError("no_such_file", place=path, reason="not UTF-8") from None


def _definition(desk: Desk, text: str, source: str) -> Definition:
    from volunteer_points import programme_file  # noqa: PLC0415 - only here

    return programme_file.loads(text, source=source, own_rules=desk.own_rules)


def _write_preset(desk: Desk, target: Path, text: str) -> Line:
    """Write the file unless it says the same already."""
    if not target.exists():
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError("file_unwritable", place=str(target), reason=error.strerror or str(error)) from None
    elif read_file(str(target)) != text:
        raise InputError("programme_file_exists", place=str(target))
    return Line(
        desk.say(f"The programme is in {target}, to be read and changed.", f"项目文件：{target}，请查看并修改。"),
        "good",
    )


# --- adopt, check ------------------------------------------------------------------------------------------------


@verb(
    "adopt",
    key=True,
    zh="采用修改后的项目文件：与现行内容比较，只写入变化。\n\n须由两位负责人办理：--author 起草，--actor 批准。"
    "追溯施行的积分办法须先看过试算：不写 --what-if 则先显示试算和下一步命令。",
    examples=(
        "volunteer-points adopt programme.toml --author founder-a --actor founder-b --dry-run",
        "volunteer-points adopt programme.toml --author founder-a --actor founder-b",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@option("--author", metavar="ID", en="Who wrote the programme; the actor approves it.", zh="起草人编号；由经办人批准。")
@option(
    "--what-if",
    metavar="REFERENCE",
    en="The what-if that you have looked at; needed for a rulebook that reaches back.",
    zh="已看过的试算编号；追溯施行的积分办法必须写明。",
)
@option("--dry-run", is_flag=True, en="Only show what would change.", zh="只显示将有哪些变化，不写入。")
def adopt(desk: Desk, *, file: str, author: str | None, what_if: str | None, dry_run: bool) -> Answer:
    """Adopt a programme file: it is compared with what stands, and the difference is written.

    It takes both founders: --author wrote it, and --actor approves it. A rulebook that reaches back is adopted after a
    look at its what-if: without --what-if it is shown, and the command to go on with.
    """
    from volunteer_points.cli.reaching_back import looked_at  # noqa: PLC0415 - only here

    definition = _definition(desk, read_file(file), file)
    author = author or definition.run_by_one
    if not author:
        raise InputError("no_author")
    to_be_seen = looked_at(desk, definition, what_if, ("adopt", file, "--author", author))
    if to_be_seen is not None:
        return to_be_seen
    if not dry_run:
        return _adopted(desk, definition, author, file, what_if or "")
    outcome = desk.preview(Adopt(definition=definition, author=author, what_if=what_if or ""))
    note = Line(PREVIEW.said(desk.language), "head")
    data = {"dry_run": True, "entries": [entry_data(desk, entry) for entry in outcome.entries]}
    return Answer(data, (note, *said(desk, outcome.entries)))


def _adopted(desk: Desk, definition: Definition, author: str, source: str, what_if: str = "") -> Answer:
    outcome = desk.programme.execute(
        Adopt(definition=definition, author=author, what_if=what_if),
        actor=desk.actor,
        key=desk.key,
        booked_at=desk.now(definition.calendar),
    )
    never = Words(
        f"Undo: change {source} back and adopt it again; what was adopted stays in the ledger.",
        f"撤销：把 {source} 改回原样再采用一次；已采用的内容仍留在账本中。",
    )
    open_points = [*definition.assumptions, *(each for book in definition.rulebooks for each in book.assumptions)]
    also: list[Part] = []
    if open_points:
        title = desk.say("Assumed, for the community to confirm:", "以下为假定，请社区逐条确认：")
        also = [Line(title, "head"), *(f"  - {each}" for each in open_points)]
    return written(desk, outcome, Undo(never=never), also=also)


def _tried(desk: Desk, definition: Definition, author: str) -> None:
    """Find out on a ledger in memory whether it would be refused, before anything is made."""
    trial = Programme(MemoryStore("trial"), own_rules=desk.own_rules)
    at = desk.now(definition.calendar)
    trial.preview(Adopt(definition=definition, author=author), actor=desk.actor, booked_at=at)


@verb("check", zh="检查项目文件，逐条列出问题和改法，不写入。", examples=("volunteer-points check programme.toml",))
@click.argument("file", type=click.Path(dir_okay=False))
def check(desk: Desk, file: str) -> Answer:
    """Check a programme file and list everything that is wrong in it; nothing is written."""
    from volunteer_points import programme_file  # noqa: PLC0415 - only here

    problems = programme_file.check(read_file(file), own_rules=desk.own_rules)
    data = {"file": file, "problems": [problem_data(problem) for problem in problems]}
    if not problems:
        fine = desk.say(f"{file} can be adopted.", f"{file} 没有问题，可以采用。")
        return Answer(data, (Line(fine, "good"),))
    title = desk.say(f"{file}: {len(problems)} to be corrected", f"{file}：{len(problems)} 处需要修改")
    return Answer(data, (Line(title, "bad"), *(f"  {problem}" for problem in problems)), REFUSED)


def problem_data(problem: Problem) -> dict[str, Any]:
    """A mistake or a doubt as JSON can hold it."""
    return {
        "line": problem.line,
        "place": problem.place,
        "value": problem.value,
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
    }


# --- export, import-journal, compare -----------------------------------------------------------------------------


@verb(
    "export",
    zh="把账本导出为日志文件（JSON Lines），可存档、比对、审计；不含姓名和领取码。\n\n"
    "不写文件名则输出到屏幕；文件名以 .gz 结尾则压缩。",
    examples=("volunteer-points export 2026-03.jsonl.gz", "volunteer-points export | sha256sum"),
)
@click.argument("file", required=False, default="-", type=click.Path(dir_okay=False, allow_dash=True))
@option("--replace", is_flag=True, en="Replace the file if it is there.", zh="文件已存在则替换。")
def export(desk: Desk, file: str, replace: bool) -> Answer | None:
    """Export the ledger as a journal in JSON Lines, to keep, compare and audit; it holds no names and no codes.

    Without a file it goes to standard output; a name that ends in .gz is compressed.
    """
    from volunteer_points.storage.journal import save_journal, write_journal  # noqa: PLC0415 - only here

    store = desk.store_for_reading(desk.ledger_place)
    with store.reader() as reader:
        if file == "-":
            sys.stdout.flush()
            write_journal(reader, store.ledger, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return None
        with progress(Words("Exporting", "正在导出"), desk.language, None) as advance:
            summary = save_journal(reader, store.ledger, file, replace=replace, progress=steps(advance))
    text = desk.say(f"Wrote {summary.entries} entries to {file}.", f"已将 {summary.entries} 条分录写入 {file}。")
    proof = desk.say(f"SHA-256 over their hashes: {summary.leaves}", f"全部分录的 SHA-256：{summary.leaves}")
    again = desk.command("audit", file)
    data = {"file": file, "entries": summary.entries, "leaves": summary.leaves}
    return Answer(data, (Line(text, "good"), proof, Line(desk.say(f"Audit it: {again}", f"审计：{again}"), "dim")))


def steps(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Turn how many are done so far into how many more."""
    done = 0

    def told(count: int) -> None:
        nonlocal done
        advance(count - done)
        done = count

    return told


@verb(
    "import-journal",
    zh="把导出的日志文件导入账本，可换用另一种数据库。\n\n"
    "分录、键、哈希和顺序原样保留。先通读检查，再分批写入；中断后重新执行即可继续，已有的不会重复写入。"
    "数据库中没有账本时会新建。",
    examples=(
        "volunteer-points import-journal 2026-03.jsonl.gz --ledger copy.db",
        "volunteer-points import-journal ledger.jsonl --ledger postgresql://user@host/points",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
def import_journal(desk: Desk, file: str) -> Answer:
    """Import an exported journal into a ledger, which may be in another kind of database.

    Entries, keys, hashes and order stay as they are. The file is checked as a whole first and then written in parts;
    what was broken off goes on when it is typed again, and what is there is not written twice. A database without a
    ledger gets it.
    """
    from volunteer_points.storage import moving  # noqa: PLC0415 - only here

    with progress(Words("Checking", "正在检查"), desk.language, None) as advance:
        journal = moving.WholeJournal(file, progress=steps(advance))
    store = desk.store_for_writing(create=True, ledger=journal.ledger)
    with progress(Words("Importing", "正在导入"), desk.language, journal.entries) as advance:
        done = moving.import_journal(journal, store, progress=steps(advance))
    text = desk.say(
        f"{desk.ledger_place} has the {done.entries} entries of {file}; {done.added} of them are new.",
        f"{desk.ledger_place} 已有 {file} 的全部 {done.entries} 条分录，其中新写入 {done.added} 条。",
    )
    again = desk.command("compare", file, desk.ledger_place)
    check = Line(desk.say(f"Compare them: {again}", f"比对：{again}"), "dim")
    data = {"file": file, "ledger": done.ledger, "entries": done.entries, "added": done.added}
    return Answer(data, (Line(text, "good"), check))


_DIFFERENCES = {
    "ledger": Words("the ids of the ledgers", "账本编号"),
    "entry": Words("entry {place}", "第 {place} 条分录"),
    "leaf": Words("the hash of entry {place}", "第 {place} 条分录的哈希"),
    "order": Words("the order, from entry {place} on", "顺序，自第 {place} 条分录起"),
    "count": Words("how many entries there are", "分录数"),
    "balance": Words("the balance of {place}", "{place} 的余额"),
}


@verb(
    "compare",
    zh="比对两个账本或日志文件：逐条分录、哈希、顺序和余额。\n\n退出码：0 完全相同，1 有不同。",
    examples=(
        "volunteer-points compare 2026-03.jsonl.gz volunteer-points.db",
        "volunteer-points compare volunteer-points.db postgresql://user@host/points",
    ),
)
@click.argument("one", metavar="LEDGER|JOURNAL")
@click.argument("other", metavar="LEDGER|JOURNAL")
def compare(desk: Desk, one: str, other: str) -> Answer:
    """Compare two ledgers or journals: every entry, every hash, the order and the balances.

    Exit codes: 0 the same, 1 they differ.
    """
    from volunteer_points.storage.moving import differences  # noqa: PLC0415 - only here

    sides = ledger_source(desk, one), ledger_source(desk, other)
    with progress(Words("Comparing", "正在比对"), desk.language, None) as advance:
        found = differences(*sides, progress=steps(advance))
    data = {
        "one": one,
        "other": other,
        "same": not found,
        "differences": [
            {"what": each.what, "place": each.place, "one": each.one, "other": each.other} for each in found
        ],
    }
    if not found:
        return Answer(data, (Line(desk.say("They are the same.", "两者完全相同。"), "good"),))
    title = Line(desk.say("They differ; the first differences:", "两者不同，最先的几处："), "bad")
    headings = (desk.say("What", "不同之处"), one, other)
    rows = tuple(
        (_DIFFERENCES[each.what].said(desk.language).format(place=each.place), each.one, each.other) for each in found
    )
    return Answer(data, (title, Table(headings, rows, wraps=(0, 1, 2))), REFUSED)


# --- audit -------------------------------------------------------------------------------------------------------


@verb(
    "audit",
    zh="审计：只凭分录重新核对每一笔。\n\n"
    "可审计账本，也可审计导出的日志文件。退出码：0 无问题，1 有问题，2 用法有误，3 无法读取。",
    examples=(
        "volunteer-points audit",
        "volunteer-points audit 2026-03.jsonl.gz --fail-on warning --require VP105",
        "volunteer-points audit --as-of 2026-06-30T23:59:59+08:00 --json",
        "volunteer-points audit --checkpoint 2026-03.json --checkpoint 2026-04.json",
    ),
)
@click.argument("source", required=False, metavar="[LEDGER|JOURNAL]")
@option(
    "--as-of",
    metavar="TIME",
    en="Audit as on this day or at this time: what was booked later is left out. [when the last entry was booked]",
    zh="按某日或某时的情况审计，之后入账的不计。[默认到最后一条分录]",
)
@option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note"]),
    default="error",
    show_default=True,
    en="The mildest finding that makes the exit code 1.",
    zh="达到哪一级即以退出码 1 结束：error 错误、warning 警告、note 提示。",
)
@option(
    "--require",
    metavar="CHECK",
    multiple=True,
    en="Fail unless this check, such as VP105, had something to examine; may be repeated.",
    zh="该项检查（如 VP105）没有可查内容时也算不通过，可重复。",
)
@option(
    "--checkpoint",
    "published",
    metavar="FILE",
    multiple=True,
    en="Compare with a checkpoint that was kept elsewhere, as on the notice board; may be repeated.",
    zh="与另存的校验点（如公示栏上的）核对，可重复。",
)
def audit(
    desk: Desk,
    *,
    source: str | None,
    as_of: str | None,
    fail_on: str,
    require: tuple[str, ...],
    published: tuple[str, ...],
) -> Answer:
    """Examine a ledger or a journal from its entries alone, and re-perform every award.

    Exit codes: 0 clean, 1 findings, 2 usage, 3 unreadable.
    """
    from volunteer_points.audit import audit as examine  # noqa: PLC0415 - only here

    ledger = ledger_source(desk, source or desk.ledger_place)
    with progress(Words("Auditing", "正在审计"), desk.language, None) as advance:
        report = examine(
            ledger,
            as_of=_audit_time(ledger, as_of) if as_of else None,
            fail_on=fail_on,
            own_rules=desk.own_rules,
            require=require,
            checkpoints=[checkpoint_in(file) for file in published],
            progress=steps(advance),
        )
    style = "bad" if report.failed else "good"
    verdicts = ("CLEAN", "FAIL", "无问题", "有问题")
    parts = (Line(line, style if line.startswith(verdicts) else "") for line in report.text(desk.lang).splitlines())
    return Answer(report.plain(), tuple(parts), report.exit_code)


def ledger_source(desk: Desk, place: str) -> SqlStore | JournalStore | Journal:
    """What is read of a place: a database, or a journal line by line."""
    from volunteer_points.storage.journal import Journal  # noqa: PLC0415 - only here

    return desk.store_for_reading(place) if _is_ledger(place) else Journal(place)


def _is_ledger(place: str) -> bool:
    """Whether a place is a database; anything else is read as a journal."""
    if "://" in place or not Path(place).exists():
        return True
    try:
        with Path(place).open("rb") as file:
            return file.read(len(_DATABASE)) in {_DATABASE, b""}
    except OSError:
        return False  # the journal's own error says why


_DATABASE = b"SQLite format 3\x00"


def _audit_time(source: SqlStore | JournalStore | Journal, text: str) -> datetime:
    """The end of a day, or a time; on the clock of the programme where there is a ledger to ask."""
    from volunteer_points.storage.sql import SqlStore  # noqa: PLC0415 - only here

    if not isinstance(source, SqlStore):
        return _with_zone(text)
    calendar = Programme(source).frame().calendar
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return read_instant(text, calendar)
    return calendar.start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def _with_zone(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("not_an_instant", value=text) from None
    if instant.utcoffset() is None:
        raise InputError("zone_needed", value=text)
    return instant
