"""The reference page of all keys of a programme file, made from the classes that they describe.

``python -m volunteer_points.programme_file.reference docs`` writes it into a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs

from volunteer_points.commands import Definition
from volunteer_points.model import Condition, OwnRule, Parameters, number_text
from volunteer_points.programme_file.meanings import meaning_of, purpose_of
from volunteer_points.programme_file.schema import choices
from volunteer_points.programme_file.tables import Key, counts_points, keys_of
from volunteer_points.rules import When

PAGE = "rules-reference.md"

_INTRODUCTION = """\
# All keys of a programme file

This page is made from the program itself, so nothing is missing and nothing is out of date. To learn how to say
something, read [Write the rules](rules.md); for the file as such, [The programme file](programme-file.md).

A *number* is exact: `10`, `1.5` or `"1/3"`. *points* are numbers in units of their currency. A *day* is `2026-03-14`, a
*time* `22:00:00`. A table in a list may be written with a heading, `[[rulebooks.caps]]`, or in braces,
`caps = [{ id = "day", at_most = 80 }]`. `volunteer-points rules schema` prints the same as a schema for editors.
"""
_TYPES: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    Fraction: "number",
    date: "day",
    time: "time",
}
_FIRST = "The file as a whole"
_ELSEWHERE = {
    When: "in `when`",
    Condition: "in `conditions`, `recording`, `transfer_conditions`",
    OwnRule: "as `own` of an accrual, a condition or an item",
}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.rstrip()
    for kind, places in _tables().items():
        title = _FIRST if kind is Definition else kind.__name__
        yield from ("", f"## {title}", "", purpose_of(kind), "")
        if kind is not Definition:
            written = _ELSEWHERE.get(kind) or " · ".join(f"`{place}`" for place in places)
            yield from (f"Written {'as ' if kind not in _ELSEWHERE else ''}{written}.", "")
        yield from ("| key | is | default | meaning |", "|---|---|---|---|")
        yield from (_row(kind, name, key) for name, key in keys_of(kind).items())


def _tables() -> dict[type, list[str]]:
    """Every kind of table, in the order in which one meets them, with the headings under which it may stand."""
    found: dict[type, list[str]] = {Definition: []}
    waiting: list[tuple[type, str]] = [(Definition, "")]
    while waiting:
        kind, place = waiting.pop(0)
        for name, key in keys_of(kind).items():
            several = get_origin(key.kind) is tuple
            part = get_args(key.kind)[0] if several else key.kind
            if not attrs.has(part) or part is Parameters:
                continue
            inside = f"{place}.{name}".removeprefix(".")
            heading = f"[[{inside}]]" if several else f"[{inside}]"
            if part not in found:
                found[part] = []
                waiting.append((part, inside))
            found[part].append(heading)
    return found


def _row(kind: type, name: str, key: Key) -> str:
    what = "points" if counts_points(kind, name, None) else _type(key)
    return f"| `{name}` | {what} | {_default(key)} | {meaning_of(kind, name)} |"


def _type(key: Key) -> str:
    words = choices(key)
    if words:
        return ", ".join(f"`{word}`" for word in words)
    several = get_origin(key.kind) is tuple
    part: Any = get_args(key.kind)[0] if several else key.kind
    if part is Parameters:
        return "table of numbers and texts"
    if attrs.has(part):
        name = f"[{part.__name__}](#{part.__name__.lower()})"
        return f"list of {name}" if several else name
    if issubclass(part, StrEnum):
        return f"list of {', '.join(f'`{word}`' for word in part)}"
    return f"list: {_TYPES[part]}" if several else _TYPES[part]


def _default(key: Key) -> str:
    default = key.attribute.default
    if key.required:
        return "**needed**"
    if default is None or default in {"", (), Parameters()}:
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if attrs.has(type(default)) or isinstance(default, tuple):
        return "see there"
    return f"`{number_text(default) if isinstance(default, Fraction) else default}`"


def main(folder: str) -> None:
    """Write the page."""
    Path(folder, PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
