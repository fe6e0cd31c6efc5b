"""Sign-in sheets at the command line: tried out first, then written, and taken back as long as nobody has decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.output import (
    UNREADABLE,
    Answer,
    Line,
    print_json,
    print_parts,
    progress,
)
from volunteer_points.cli.verbs import option, verb
from volunteer_points.cli.words import Words
from volunteer_points.model import Evidence

if TYPE_CHECKING:
    from volunteer_points.exchange import Sheet, SheetUnreadable
    from volunteer_points.exchange.importing import Plan, SheetImport
    from volunteer_points.people import Register

_READING = Words("Reading", "正在读取")
_CHECKING = Words("Checking", "正在核对")
_RECORDING = Words("Recording", "正在登记")
_WITHDRAWING = Words("Withdrawing", "正在撤回")


@attrs.frozen(kw_only=True)
class Wanted:
    """What was asked for besides the sheets themselves."""

    commit: bool
    keep_going: bool
    add_people: bool
    again: bool
    evidence: str

    def words(self) -> list[str]:
        """The options as they were typed, without those that decide whether anything is written."""
        flags = {"--keep-going": self.keep_going, "--add-people": self.add_people, "--again": self.again}
        evidence = [] if self.evidence == Evidence.SUPERVISOR else ["--evidence", self.evidence]
        return [*(flag for flag, given in flags.items() if given), *evidence]


@verb(
    "import",
    zh="把签到表登记为服务记录，等待审核。\n\n"
    "先核对、不写入，看过结果后再加 --commit 写入。默认要么全部写入，要么一行也不写。"
    "同一张表再导入一次不会重复登记；内容改过的行会逐条列出。"
    "表格可以是 CSV（UTF-8 或 GB18030）或 .xlsx，表头中英文均可。",
    examples=(
        "volunteer-points import 三月.csv",
        "volunteer-points import 三月.csv --commit --keep-going",
        "volunteer-points import 三月.csv --undo --commit",
    ),
)
@click.argument("sheets", nargs=-1, required=True, metavar="SHEET...", type=click.Path(path_type=Path))
@option("--commit", is_flag=True, en="Write it. Without this, nothing is written.", zh="写入账本。不加此项只核对。")
@option(
    "--keep-going",
    is_flag=True,
    en="Leave bad and changed rows out, and take the others.",
    zh="跳过有问题的行，其余照常。",
)
@option(
    "--add-people", is_flag=True, en="Register and enrol people who are not known.", zh="登记并注册名册中没有的人。"
)
@option(
    "--again",
    is_flag=True,
    en="Record anew what was withdrawn, rejected or reversed since.",
    zh="已撤回、驳回或冲正的行重新登记。",
)
@option(
    "--undo",
    is_flag=True,
    en="Withdraw what these sheets recorded, as far as nobody has decided about it.",
    zh="撤回这些表登记过、还没有审核的记录。",
)
@option(
    "--evidence",
    type=click.Choice([str(each) for each in Evidence]),
    default=str(Evidence.SUPERVISOR),
    show_default=True,
    en="How well the sheets support it.",
    zh="凭证类别：signed 签到签退、supervisor 负责人确认、make_up 补录、self 本人填报。",
)
def import_sheet(desk: Desk, sheets: tuple[Path, ...], undo: bool, **wanted: Any) -> Answer | int:  # noqa: ANN401 - options
    """Record what stands in sign-in sheets; it waits for approval.

    It is tried out first and nothing is written; look at the result, then add --commit. By default all rows are
    written or none. The same sheet again adds nothing, and rows that were changed since are named. A sheet is CSV
    (UTF-8 or GB18030) or .xlsx, with headings in Chinese or English.
    """
    from volunteer_points.cli import sheets as shown  # noqa: PLC0415 - reading sheets is not needed by other commands

    asked = Wanted(**wanted)
    read, unreadable = _read(desk, tuple(dict.fromkeys(sheets)))
    if unreadable:
        return _refuse(desk, unreadable)
    with _importing(desk, asked) as importing:
        if undo:
            return _undo(desk, importing, read, asked)
        total = sum(len(sheet.rows) for sheet in read)
        with progress(_CHECKING, desk.language, total) as advance:
            plan = importing.plan(read, progress=advance)
        if not asked.commit or not (plan.clean or asked.keep_going):
            return shown.planned(desk, plan, asked)
        return _write(desk, importing, plan, asked)


def _write(desk: Desk, importing: SheetImport, plan: Plan, asked: Wanted) -> Answer:
    from volunteer_points.cli import sheets as shown  # noqa: PLC0415 - as above

    commands = len(plan.added) + len(plan.enrolled) + len(plan.newcomers)
    with progress(_RECORDING, desk.language, commands) as advance:
        done = importing.write(plan, keep_going=asked.keep_going, progress=advance)
    return shown.imported(desk, done, asked)


def _undo(desk: Desk, importing: SheetImport, read: list[Sheet], asked: Wanted) -> Answer:
    from volunteer_points.cli import sheets as shown  # noqa: PLC0415 - as above

    undoing = importing.plan_undoing(read)
    if asked.commit:
        with progress(_WITHDRAWING, desk.language, len(undoing.voided)) as advance:
            undoing = importing.undo(undoing, progress=advance)
    return shown.undone(desk, undoing, [sheet.source for sheet in read], asked)


@contextmanager
def _importing(desk: Desk, asked: Wanted) -> Iterator[SheetImport]:
    from volunteer_points.exchange.importing import Choices, SheetImport  # noqa: PLC0415 - as above

    choices = Choices(
        actor=desk.actor,
        booked_at=desk.now(),
        evidence=Evidence(asked.evidence),
        add_people=asked.add_people,
        again=asked.again,
    )
    with _register(desk, asked) as register:
        yield SheetImport(desk.programme, register, choices)


@contextmanager
def _register(desk: Desk, asked: Wanted) -> Iterator[Register]:
    """The people register; an empty one in its place where there is none and nothing is to be written."""
    from volunteer_points.people import Register  # noqa: PLC0415 - as above

    known = desk.people if asked.commit and asked.add_people else desk.known_people
    if known is not None:
        yield known
        return
    with Register.open(":memory:") as nobody:
        yield nobody


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(desk: Desk, paths: tuple[Path, ...]) -> tuple[list[Sheet], list[SheetUnreadable]]:
    from volunteer_points.exchange import SheetUnreadable, read_sheet  # noqa: PLC0415 - as above

    read, unreadable = [], []
    with progress(_READING, desk.language, len(paths)) as advance:
        for path in paths:
            try:
                read.append(read_sheet(path))
            except SheetUnreadable as error:
                unreadable.append(error)
            advance(1)
    return read, unreadable


def _refuse(desk: Desk, unreadable: list[SheetUnreadable]) -> int:
    """Say why some files are no sign-in sheets; nothing was done with the others either."""
    language = desk.language
    said: list[dict[str, Any]] = [
        {
            "code": error.code,
            "message": f"{error.message(language)} {error.remedy(language)}",
            "facts": error.facts,
        }
        for error in unreadable
    ]
    if desk.as_json:
        print_json({"error": said[0], "unreadable": said})
    else:
        print_parts(
            [
                Line(f"{error.facts['source']}: {each['message']}", "bad")
                for error, each in zip(unreadable, said, strict=True)
            ],
            to_errors=True,
        )
    return UNREADABLE
