"""What was wrong with a command line, in either language."""

from __future__ import annotations

import click

from volunteer_points.cli.words import Words


def usage_sentence(error: click.ClickException, language: str) -> str:
    """What was wrong with the command line, and where its help is."""
    en, zh = _words(error)
    context = getattr(error, "ctx", None)
    if context is None:
        return Words(en, zh).said(language)
    path = context.command_path
    return Words(f"{en} See: {path} --help", f"{zh}用法见：{path} --help").said(language)


def _words(error: click.ClickException) -> Words:
    english = error.format_message()
    english += "" if english.endswith((".", "?", "!")) else "."
    match error:
        case click.NoSuchOption():
            near = "、".join(error.possibilities or ())
            return Words(english, f"没有选项 {error.option_name}。{f'是否想用 {near}？' if near else ''}")
        case click.MissingParameter():
            return Words(english, f"缺少 {_hint(error)}。")
        case click.BadOptionUsage():
            return Words(english, f"选项 {error.option_name} 后面要写一个值。")
        case click.BadParameter():
            return Words(english, f"{_hint(error)} 的值不对：{_wanted(error)}。")
        case click.UsageError() if english.startswith("Got unexpected extra"):
            extra = english.partition("(")[2].rpartition(")")[0]
            return Words(english, f"多出了 {extra}；含空格的内容请加引号。")
    return Words(english, english)


def _hint(error: click.BadParameter) -> str:
    """The option or argument that is meant, as it is typed."""
    parameter = error.param
    if isinstance(parameter, click.Option):
        return " / ".join(parameter.opts)
    if parameter is not None and error.ctx is not None:
        return parameter.make_metavar(error.ctx).strip("[].")
    return str(error.param_hint or "参数")


def _wanted(error: click.BadParameter) -> str:
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return f"只能是 {'、'.join(map(str, kind.choices))}"
    if isinstance(kind, (click.types.IntParamType, click.IntRange)):
        return "要写整数"
    return error.message
