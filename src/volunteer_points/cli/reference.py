"""The reference page of the command line, made from the commands themselves.

``python -m volunteer_points.cli.reference docs`` writes it in English and Chinese into a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from volunteer_points.cli.app import SECTIONS, app
from volunteer_points.cli.output import BAD_INPUT, DONE, INTERNAL, REFUSED, UNREADABLE
from volunteer_points.cli.verbs import (
    EVERYWHERE,
    EXAMPLES,
    OPTIONS,
    USAGE,
    Bilingual,
    Option,
    Verbs,
    remember_language,
)
from volunteer_points.cli.words import Words

PAGES = {"en": "command-line.md", "zh": "command-line.zh-CN.md"}

_TITLE = Words("The command line", "命令行")
_MEANING = Words("What it does", "说明")
_CODES = Words("Exit codes", "退出码")
_CODE_WORDS = {
    DONE: Words("done", "完成"),
    REFUSED: Words("refused by the ledger, or an audit or a check found something", "账本不允许，或审计、检查发现问题"),
    BAD_INPUT: Words("the command line or an input could not be understood", "命令或输入有误"),
    UNREADABLE: Words("a ledger, register or file cannot be read", "账本、登记册或文件无法读取"),
    INTERNAL: Words("a defect of the program", "程序缺陷"),
}
_WRITING = Words(
    "Every command that writes says what it did, under which key, and with which command it is undone. A command that"
    " is refused writes nothing. People are named by id, name or phone; activities, items, teams and partners by id,"
    " name or alias.",
    "凡写入账本的命令，都会显示做了什么、防重复键和撤销用的命令；被拒绝的命令什么也不写。"
    "志愿者可用编号、姓名或电话指明；项目、物资、队伍和共建单位可用编号、名称或别名指明。",
)


def page(language: str) -> str:
    """The page in a language."""
    with click.Context(app, info_name="volunteer-points") as context:
        remember_language(context, language)
        return "\n".join(_lines(context, language)) + "\n"


def _lines(context: click.Context, language: str) -> Iterator[str]:
    yield f"# {_TITLE.said(language)}"
    yield from ("", app.said(language), "", _WRITING.said(language), "")
    yield f"## {EVERYWHERE.said(language)}"
    yield from ("", *_options(context, app, language, everywhere=True), "")
    yield f"## {_CODES.said(language)}"
    yield from ("", f"| | {_MEANING.said(language)} |", "|---|---|")
    yield from (f"| {code} | {words.said(language)} |" for code, words in _CODE_WORDS.items())
    for heading, section in SECTIONS.items():
        yield from ("", f"## {heading.said(language)}")
        for name in section:
            command = app.get_command(context, name)
            if isinstance(command, Bilingual):
                yield from _command(context, command, name, language)


def _command(parent: click.Context, command: Bilingual, name: str, language: str) -> Iterator[str]:
    with click.Context(command, parent=parent, info_name=name) as context:
        if isinstance(command, Verbs):
            for each, found in command.commands.items():
                if isinstance(found, Bilingual):
                    yield from _command(context, found, each, language)
            return
        yield from ("", f"### {context.command_path.removeprefix('volunteer-points ')}", "", command.said(language), "")
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield from ("```text", f"{USAGE.said(language)}{usage}", "```")
        if own := list(_options(context, command, language, everywhere=False)):
            yield from ("", *own)
        if command.examples:
            yield from ("", f"{EXAMPLES.said(language)}:", "", "```text", *command.examples, "```")


def _options(context: click.Context, command: Bilingual, language: str, *, everywhere: bool) -> Iterator[str]:
    records = [
        record
        for option in command.params
        if isinstance(option, Option)
        and option.everywhere is everywhere
        and (record := option.get_help_record(context))
    ]
    if records:
        yield from (f"| {OPTIONS.said(language)} | {_MEANING.said(language)} |", "|---|---|")
        yield from (f"| `{flag.replace('|', chr(92) + '|')}` | {meaning} |" for flag, meaning in records)


def main(folder: str) -> None:
    """Write the page in both languages."""
    for language, name in PAGES.items():
        Path(folder, name).write_text(page(language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
