"""The group of all commands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from volunteer_points.cli.output import (
    BAD_INPUT,
    INTERNAL,
    REFUSED,
    UNREADABLE,
    Line,
    print_json,
    print_parts,
    show_error,
)
from volunteer_points.cli.usage import usage_sentence
from volunteer_points.cli.verbs import EVERY_COMMAND, Bilingual, check_named, language_in, option, remember_given
from volunteer_points.cli.words import SENTENCES, Words, language_of_arguments, sentence
from volunteer_points.errors import VolunteerPointsError

SECTIONS: Mapping[Words, Mapping[str, str]] = {
    Words("Programme", "项目"): {
        "init": "ledgers:init",
        "check": "ledgers:check",
        "adopt": "ledgers:adopt",
        "rules": "rules:rules",
    },
    Words("Volunteers", "志愿者"): {
        "enrol": "volunteers:enrol",
        "people": "volunteers:people",
        "join": "volunteers:join",
        "leave": "volunteers:leave",
    },
    Words("Service", "服务记录"): {
        "import": "importing:import_sheet",
        "record": "records:record",
        "pending": "records:pending",
        "approve": "records:approve",
        "reject": "records:reject",
        "void": "records:void",
        "correct": "records:correct",
        "reverse": "records:reverse",
    },
    Words("Redemption", "兑换"): {
        "redeem": "counter:redeem",
        "holds": "counter:holds",
        "code": "counter:code",
        "collect": "counter:collect",
        "cancel": "counter:cancel",
        "return": "counter:return_goods",
        "stock": "counter:stock",
    },
    Words("Points", "积分"): {
        "balance": "points:balance",
        "statement": "points:statement",
        "explain": "points:explain_command",
        "totals": "points:totals_command",
        "transfer": "points:transfer",
        "adjust": "points:adjust",
        "open-balance": "points:open_balance",
        "expire": "points:expire",
        "close": "points:close",
    },
    Words("Ledger", "账本"): {
        "export": "ledgers:export",
        "import-journal": "ledgers:import_journal",
        "compare": "ledgers:compare",
        "audit": "ledgers:audit",
        "seal": "seals:seal",
        "checkpoints": "seals:checkpoints",
        "prove": "seals:prove",
        "verify": "seals:verify",
        "upgrade": "upgrading:upgrade",
        "demo": "showing:demo",
    },
}
"""The commands by what they are about: what is typed, and where it is."""


class LazyGroup(Bilingual, click.Group):
    """Commands whose modules are imported when they are named, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, section by section."""
        del ctx
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        del ctx
        for section in SECTIONS.values():
            if place := section.get(cmd_name):
                module, _, name = place.partition(":")
                command: click.Command = getattr(import_module(f"volunteer_points.cli.{module}"), name)
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was probably meant.

        Raises:
            InputError: ``no_such_command``.
        """
        check_named(self, ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the headings of their sections."""
        for heading, section in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in section]
            with formatter.section(heading.said(language_in(ctx))):
                formatter.write_dl([(name, found.get_short_help_str()) for name, found in commands if found])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def main(  # type: ignore[override]  # click's overloads tell two modes apart, which end in the same way here
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ANN401 - click's own
    ) -> int:
        """Run, say what went wrong if something does, and leave with the exit code."""
        arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(arguments, prog_name, standalone_mode=False, **extra)
        except Exception as error:  # noqa: BLE001 - the last one to catch: nobody should see a traceback unasked
            code = _said(error, arguments)
        code = code if isinstance(code, int) else 0
        if standalone_mode:
            sys.exit(code)
        return code


def _said(error: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong in the language that was asked for; return the exit code."""
    language, as_json = language_of_arguments(arguments), "--json" in arguments
    match error:
        case click.Abort():
            return _tell("stopped", SENTENCES["stopped"].said(language), REFUSED, as_json=as_json)
        case VolunteerPointsError():
            return show_error(error, sentence(error, language), as_json=as_json)
        case click.ClickException():
            return _tell("usage", usage_sentence(error, language), BAD_INPUT, as_json=as_json)
        case OSError():
            said = SENTENCES["no_such_file"].said(language)
            place, reason = error.filename or "?", error.strerror or str(error)
            return _tell("file_unreadable", said.format(place=place, reason=reason), UNREADABLE, as_json=as_json)
    if os.environ.get("VOLUNTEER_POINTS_DEBUG"):
        raise error
    said = SENTENCES["internal"].said(language).format(kind=type(error).__name__, reason=error)
    return _tell("internal", said, INTERNAL, as_json=as_json)


def _tell(code: str, said: str, exit_code: int, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"code": code, "message": said, "facts": {}}})
    else:
        print_parts([Line(said, "bad")], to_errors=True)
    return exit_code


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - only here

        click.echo(f"volunteer-points {version('volunteer-points')}")
        context.exit()


@click.pass_context
def _given_before(context: click.Context, /, **values: Any) -> None:  # noqa: ANN401 - click passes values of any kind
    remember_given(context, values)


for _decorate in (
    option(
        "--version",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_version,
        en="Show the version.",
        zh="显示版本。",
    ),
    *reversed(EVERY_COMMAND),
):
    _given_before = _decorate(_given_before)

app: LazyGroup = click.command("volunteer-points", cls=LazyGroup)(_given_before)
app.help = """Volunteer points of a community: from the sign-in sheet to collected goods and a clean audit.

Begin with init; 'volunteer-points COMMAND --help' tells more, with examples."""
app.zh = """社区志愿积分：从签到表到兑换领取，再到账目审计。

先用 init 建立账本；各命令的说明和示例见 volunteer-points 命令 --help。"""
