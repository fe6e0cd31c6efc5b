"""The demonstration at the command line."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from volunteer_points.cli.context import PROGRAM, Desk
from volunteer_points.cli.output import Answer, Line, Part, Table, print_parts
from volunteer_points.cli.verbs import option, verb

if TYPE_CHECKING:
    from volunteer_points.demo import Beat, Month, Places, Story
    from volunteer_points.explain import Lang

_MARKS = {"good": ("✓ ", "good"), "refused": ("✗ ", "bad"), "bad": ("! ", "bad"), "aside": ("  ", "dim"), "": ("", "")}


@verb(
    "demo",
    zh="演示：先讲一个周六的故事，再跑完一个社区的三月，每个数字都来自账本。\n\n"
    "账本、人员登记册和签到表留在一个文件夹里，并给出三条可以继续查看的命令。",
    examples=("volunteer-points demo", "volunteer-points demo --into try-it --lang zh"),
)
@option(
    "--into",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    en="Where it leaves its ledgers. [a new folder, volunteer-points-demo]",
    zh="账本留在哪个文件夹。[默认新建 volunteer-points-demo]",
)
@option(
    "--force",
    is_flag=True,
    en="Replace what an earlier demonstration left there.",
    zh="替换该文件夹里以前演示留下的文件。",
)
def demo(desk: Desk, into: Path | None, force: bool) -> Answer | int:
    """Tell a story with its numbers, then run one month of a community.

    Both are really carried out and every number is read from the books. The ledgers, the people registers and the
    sign-in sheets stay in a folder, and three commands to go on with are printed.
    """
    from volunteer_points.demo import FOLDER, Month, Places, Story  # noqa: PLC0415 - needs nearly everything there is

    places = Places.at(into or Path(FOLDER), force=force) if into or force else Places.fresh()
    language: Lang = "zh" if desk.language == "zh" else "en"
    story, month = Story(places, language), Month(places, language)
    told: list[dict[str, Any]] = []
    for beat in chain(story, month):
        if desk.as_json:
            told.append({"kind": type(beat).__name__.lower(), **attrs.asdict(beat)})
        else:
            print_parts(_parts(beat))
    commands = _commands(desk, story, month)
    data = {"folder": str(places.folder), "told": told, "commands": [command for command, _ in commands]}
    return Answer(data, tuple(_farewell(desk, places, commands)))


def _parts(beat: Beat) -> Iterator[Part]:
    from volunteer_points.demo import Grid, Heading  # noqa: PLC0415 - as above

    if isinstance(beat, Heading):
        yield from ("", Line(f"== {beat.text} ==", "head"))
    elif isinstance(beat, Grid):
        yield Table(beat.headings, beat.rows, beat.right)
    else:
        sign, style = _MARKS[beat.mark]
        yield Line(f"{sign}{beat.text}", style)


def _commands(desk: Desk, story: Story, month: Month) -> list[tuple[str, str]]:
    """Three commands to go on with, and what each shows."""
    ledger, capped = ("--ledger", str(month.ledger)), month.capped
    assert capped is not None  # noqa: S101 - the month has been told
    return [
        (_typed("statement", month.corrected, *ledger), desk.say("where somebody's points went", "某人的积分去了哪里")),
        (
            _typed("explain", capped.record, *ledger),
            desk.say(f"why exactly {capped.points}", f"为什么正好 {capped.points} 分"),
        ),
        (
            _typed("audit", "--ledger", str(story.forged)),
            desk.say("what the audit says of the forged copy; it exits with 1", "审计怎样看被改过的副本，退出码为 1"),
        ),
    ]


def _typed(*words: str) -> str:
    """A command as it can be typed here: by the program's name, or by its path where the name is not found."""
    called = sys.argv[0]
    by_path = shutil.which(PROGRAM) is None and Path(called).name == PROGRAM
    return shlex.join([called if by_path else PROGRAM, *words])


def _farewell(desk: Desk, places: Places, commands: list[tuple[str, str]]) -> Iterator[Part]:
    yield ""
    yield Line(
        desk.say(f"It is all in {places.folder}. Go on with:", f"全部留在 {places.folder}。接下来可以："), "head"
    )
    for command, shows in commands:
        yield f"  {command}"
        yield Line(f"      {shows}", "dim")
