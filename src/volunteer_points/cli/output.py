"""What a command answers: as text for people on a terminal or in a pipe, or as one JSON object for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from volunteer_points.cli.layout import columns
from volunteer_points.cli.words import Words
from volunteer_points.errors import KeyConflict, Refused, StoreError, VolunteerPointsError

if TYPE_CHECKING:
    from rich.console import Console

DONE, REFUSED, BAD_INPUT, UNREADABLE, INTERNAL = range(5)
"""The exit codes: done; refused or findings; usage or bad input; unreadable input or store; a defect of the program."""

WIDTH_WITHOUT_TERMINAL = 120
_WRAPPED_TO = 6

_UNREADABLE_CODES = frozenset(
    {
        "no_ledger",
        "no_register",
        "no_such_file",
        "file_unreadable",
        "not_a_journal",
        "not_a_seal",
        "not_a_key",
        "unreadable_entry",
        "journal_too_new",
        "file_unwritable",
        "register_missing",
        "register_foreign",
        "register_unreadable",
        "register_version",
    }
)


@attrs.frozen
class Line:
    """A line of text; ``style`` is one of ``good``, ``bad``, ``dim`` and ``head``, or none."""

    text: str
    style: str = ""


@attrs.frozen
class Table:
    """Rows under headings.

    Columns are numbered from 0: those in ``right`` hold figures, and those in ``wraps`` may be broken over lines where
    the terminal is narrow. An id is never broken, so that it can be copied.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    wraps: tuple[int, ...] = ()


Part: TypeAlias = str | Line | Table


@attrs.frozen
class Answer:
    """What a command has to say: ``data`` for programs, ``parts`` for people, and the exit code."""

    data: Mapping[str, Any]
    parts: tuple[Part, ...]
    exit_code: int = DONE


def show(answer: Answer | int | None, *, as_json: bool) -> int:
    """Print an answer and return its exit code; a command that printed by itself answers with its code or none."""
    if not isinstance(answer, Answer):
        return answer or DONE
    if as_json:
        print_json(answer.data)
    else:
        print_parts(answer.parts)
    return answer.exit_code


def print_json(data: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case frozenset() | set():
            return sorted(value)
    return str(value)


def print_parts(parts: Iterable[Part], *, to_errors: bool = False) -> None:
    """Text, in colours and as wide as the terminal where there is one."""
    console = _console(to_errors=to_errors)
    for part in parts:
        match part:
            case Table():
                wide = _console(to_errors=to_errors)
                # Wider than a narrow terminal rather than cut: what is cut off cannot be copied.
                wide.width = max(wide.width, _width_needed(part))
                wide.print(_drawn(part), crop=False)
            case Line():
                console.print(part.text, style=_STYLES[part.style], soft_wrap=True)
            case str():
                console.print(part, soft_wrap=True)


_STYLES = {"": "", "good": "green", "bad": "bold red", "dim": "dim", "head": "bold"}


def _console(*, to_errors: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - help does not need it

    stream = sys.stderr if to_errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _drawn(table: Table) -> Any:  # noqa: ANN401 - a table of rich, which is imported when something is printed
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table as Drawn  # noqa: PLC0415

    drawn = Drawn(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for number, heading in enumerate(table.headings):
        justify: Literal["left", "right"] = "right" if number in table.right else "left"
        drawn.add_column(heading, justify=justify, overflow="fold", no_wrap=number not in table.wraps)
    for row in table.rows:
        drawn.add_row(*row)
    return drawn


def _width_needed(table: Table) -> int:
    """How many columns of a terminal the table takes at least."""
    cells = zip(table.headings, *table.rows, strict=True)
    widths = [max(map(columns, column)) for column in cells]
    return sum(min(width, _WRAPPED_TO) if n in table.wraps else width for n, width in enumerate(widths)) + 2 * len(
        widths
    )


# --- errors ------------------------------------------------------------------------------------------------------


def exit_code_of(error: VolunteerPointsError) -> int:
    """The exit code for an error."""
    if isinstance(error, StoreError) or error.code in _UNREADABLE_CODES:
        return UNREADABLE
    if isinstance(error, (Refused, KeyConflict)):
        return REFUSED
    return BAD_INPUT


def show_error(error: VolunteerPointsError, said: str, *, as_json: bool) -> int:
    """Say what went wrong on standard error, or as a JSON object on standard output; return the exit code."""
    if as_json:
        print_json({"error": {"code": error.code, "message": said, "facts": error.facts}})
    else:
        print_parts([Line(said, "bad")], to_errors=True)
    return exit_code_of(error)


# --- long work ---------------------------------------------------------------------------------------------------


@contextmanager
def progress(doing: Words, language: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while something long is done, when there is a terminal to show it on.

    Args:
        doing: What is done.
        language: ``zh`` or ``en``.
        total: How many there are to do; None when that is not known.

    Yields:
        A function that is told how many more are done.
    """
    if not sys.stderr.isatty() or total in {0, 1}:
        yield lambda _count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=_console(to_errors=True), transient=True) as bar:
        task = bar.add_task(doing.said(language), total=total)
        yield lambda count: bar.advance(task, count)
