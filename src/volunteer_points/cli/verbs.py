"""What a command of the command line is: help in two languages, and options that every command has."""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.layout import HelpLayout
from volunteer_points.cli.output import Answer, show, show_error
from volunteer_points.cli.words import LANGUAGES, Words, language_of_arguments, language_of_environment, meant
from volunteer_points.errors import InputError, VolunteerPointsError

_LANGUAGE = "volunteer_points.language"
_GIVEN = "volunteer_points.given"

USAGE, OPTIONS = Words("Usage: ", "用法："), Words("Options", "选项")
EVERYWHERE, EXAMPLES = Words("Options of every command", "每个命令都有的选项"), Words("Examples", "示例")
HELP = Words("Show this help.", "显示本帮助。")


class _Context(click.Context):
    """Where help is laid out in columns."""

    formatter_class = HelpLayout


def language_in(context: click.Context) -> str:
    """The language in which a command's help and answers are."""
    return str(context.meta.get(_LANGUAGE) or language_of_environment())


def remember_language(context: click.Context, language: str) -> None:
    """Let everything in this context be said in a language."""
    context.meta[_LANGUAGE] = language


def _language_given(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value:
        remember_language(context, value)
    return value


_IN_CHINESE = {"OPTIONS": "选项", "COMMAND": "命令", "ARGS": "参数"}
_PLACEHOLDERS = re.compile(r"\b(?:OPTIONS|COMMAND|ARGS)\b")


class Option(click.Option):
    """An option with help in two languages."""

    def __init__(self, declarations: Sequence[str], *, zh: str = "", everywhere: bool = False, **rest: Any) -> None:  # noqa: ANN401
        super().__init__(declarations, **rest)
        self.zh = zh
        self.everywhere = everywhere

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and what it does, in the language of the context."""
        said = copy.copy(self)
        if language_in(ctx) == "zh":
            said.help = self.zh or HELP.zh
        return click.Option.get_help_record(said, ctx)


def option(*declarations: str, en: str, zh: str, **rest: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - click's own
    """Give a command an option, with its help in English and Chinese."""
    return click.option(*declarations, cls=Option, help=en, zh=zh, **rest)


class Bilingual(click.Command):
    """Help in the language of the context."""

    context_class = _Context
    zh: str = ""
    examples: tuple[str, ...] = ()

    def said(self, language: str) -> str:
        """The help text."""
        return self.zh if language == "zh" else inspect.cleandoc(self.help or "")

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, for lists of commands."""
        del limit
        context = click.get_current_context(silent=True)
        language = language_in(context) if context else language_of_environment()
        first = self.said(language).partition("\n\n")[0].replace("\n", " ")
        return first.partition("。" if language == "zh" else ". ")[0].rstrip(".")

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        if language_in(ctx) == "zh":
            pieces = _PLACEHOLDERS.sub(lambda found: _IN_CHINESE[found[0]], pieces)
        formatter.write_usage(ctx.command_path, pieces, USAGE.said(language_in(ctx)))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what it does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.said(language_in(ctx)))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows this help."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = HELP.said(language_in(ctx))
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, those of every command, and examples."""
        language = language_in(ctx)
        for heading, everywhere in ((OPTIONS, False), (EVERYWHERE, True)):
            shown = [
                record
                for parameter in self.get_params(ctx)
                if isinstance(parameter, click.Option)
                and (getattr(parameter, "everywhere", False) or parameter.name == "_click_default_help") is everywhere
                and (record := parameter.get_help_record(ctx)) is not None
            ]
            if shown:
                with formatter.section(heading.said(language)):
                    formatter.write_dl(shown)
        if self.examples:
            with formatter.section(EXAMPLES.said(language)):
                for example in self.examples:
                    formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class Verb(Bilingual):
    """One command."""


class Verbs(Bilingual, click.Group):
    """Commands about one noun, such as ``stock``; without a further word it means the first of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the first command when none is named; help without a command is that of the noun."""
        helping = self.get_help_option_names(ctx)
        if any(word in helping for word in args) and args[0].startswith("-"):
            remember_language(ctx, language_of_arguments(args))
            args = [helping[0]]
        elif not args or args[0].startswith("-"):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was probably meant.

        Raises:
            InputError: ``no_such_command``.
        """
        check_named(self, ctx, args[0])
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which they were made."""
        del ctx
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        with formatter.section(COMMANDS.said(language_in(ctx))):
            formatter.write_dl([(name, each.get_short_help_str()) for name, each in self.commands.items()])


COMMANDS = Words("Commands", "命令")


def check_named(group: click.Group, context: click.Context, name: str) -> None:
    """Refuse the name of a command that there is not.

    Raises:
        InputError: ``no_such_command``.
    """
    if name.startswith("-") or group.get_command(context, name) is not None:
        return
    nearest = meant(name, group.list_commands(context), language_in(context))
    raise InputError("no_such_command", value=name, nearest=nearest, group=context.command_path)


EVERY_COMMAND: tuple[Callable[[Any], Any], ...] = (
    option(
        "--ledger",
        metavar="PLACE",
        everywhere=True,
        en="The ledger: a file, a SQLAlchemy URL, or a journal (.jsonl, .jsonl.gz) to read."
        " [VOLUNTEER_POINTS_LEDGER, else volunteer-points.db in this folder]",
        zh="账本：文件、SQLAlchemy 地址，或只供查询的日志（.jsonl、.jsonl.gz）。"
        "[VOLUNTEER_POINTS_LEDGER，默认为当前文件夹的 volunteer-points.db]",
    ),
    option(
        "--people",
        "people_place",
        metavar="PLACE",
        everywhere=True,
        en="The people register with names and phones. [VOLUNTEER_POINTS_PEOPLE, else next to the ledger]",
        zh="人员登记册，存姓名和电话。[VOLUNTEER_POINTS_PEOPLE，默认与账本放在一起]",
    ),
    option(
        "--actor",
        metavar="ID",
        everywhere=True,
        en="Who does this; needed for everything that writes. [VOLUNTEER_POINTS_ACTOR]",
        zh="经办人编号；凡写入账本的操作都要写明。[VOLUNTEER_POINTS_ACTOR]",
    ),
    option(
        "--at",
        metavar="TIME",
        everywhere=True,
        en="When it is booked, as '2026-03-14 09:00' in the programme's zone or with a zone of its own. [now]",
        zh="记账时间，如 '2026-03-14 09:00'（项目所在时区），也可自带时区。[默认现在]",
    ),
    option(
        "--lang",
        type=click.Choice(LANGUAGES),
        is_eager=True,
        callback=_language_given,
        everywhere=True,
        en="Language of the answers. [VOLUNTEER_POINTS_LANG, else that of the system]",
        zh="输出语言。[VOLUNTEER_POINTS_LANG，默认随系统]",
    ),
    option(
        "--json",
        "as_json",
        is_flag=True,
        everywhere=True,
        en="Answer in JSON on standard output.",
        zh="以 JSON 输出结果。",
    ),
)

KEY = option(
    "--key",
    metavar="KEY",
    en="Idempotency key: the same key again writes nothing and shows the first outcome. [a new one, which is printed]",
    zh="防重复键：用同一个键再次执行不会重复写入，只显示第一次的结果。[默认新建并显示]",
)


def verb(
    name: str, *, zh: str, examples: tuple[str, ...] = (), key: bool = False, group: Verbs | None = None
) -> Callable[[Callable[..., Answer | int | None]], Verb]:
    """Make a function a command.

    The function is called with the :class:`Desk` and its own options; what it answers is shown. Its docstring is the
    English help.

    Args:
        name: What is typed.
        zh: The Chinese help.
        examples: Command lines as they could be typed.
        key: Whether one commit is written, so that ``--key`` can be given.
        group: The noun that it belongs to.
    """

    def made(function: Callable[..., Answer | int | None]) -> Verb:
        @click.pass_context
        @functools.wraps(function)
        def run(context: click.Context, /, **values: Any) -> int:  # noqa: ANN401 - click passes values of any kind
            given = dict(context.meta.get(_GIVEN, {}))
            for each in ("ledger", "people_place", "actor", "at", "key", "as_json"):
                value = values.pop(each, None)
                if value is not None and value is not False:
                    given[each] = value
            values.pop("lang", None)
            with Desk(language=language_in(context), given=given) as desk:
                try:
                    desk.check_time()
                    return show(function(desk, **values), as_json=desk.as_json)
                except VolunteerPointsError as error:
                    return show_error(error, desk.sentence(error), as_json=desk.as_json)

        command = run
        for decorate in reversed((*((KEY,) if key else ()), *EVERY_COMMAND)):
            command = decorate(command)
        finished: Verb = click.command(name, cls=Verb)(command)
        finished.zh, finished.examples = zh, examples
        if group is not None:
            group.add_command(finished)
        return finished

    return made


def noun(name: str, *, en: str, zh: str) -> Verbs:
    """A noun with commands of its own."""
    made = Verbs(name, help=en)
    made.zh = zh
    return made


def remember_given(context: click.Context, values: dict[str, Any]) -> None:
    """Keep options that were given before the command's name; the command's own take precedence."""
    context.meta[_GIVEN] = {name: value for name, value in values.items() if value is not None and value is not False}
