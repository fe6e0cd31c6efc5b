"""What a benchmark found, as JSON and as tables: ``python -m benchmarks.tables``.

Each table has a name. In the document it stands between a comment with that name and a comment that ends it, and
nothing else of the document is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import attrs

Cell: TypeAlias = str | int | float | None
Tell: TypeAlias = Callable[[str], None]

BEGIN, END = "<!-- figures: {name} -->", "<!-- end of figures -->"


@attrs.frozen
class Aim:
    """What is aimed at with what was found, and whether that is enough."""

    told: str
    met: bool


@attrs.frozen
class Table:
    """Figures under their columns, whose formats are those of :meth:`str.format`; an empty cell is ``None``."""

    name: str
    columns: Mapping[str, str]
    rows: list[list[Cell]]
    aims: list[Aim] = attrs.field(factory=list)


def lines(table: Table) -> Iterator[str]:
    """A table and its aims as Markdown."""
    yield f"| {' | '.join(table.columns)} |"
    yield "|" + "|".join("---" if form == "{}" else "--:" for form in table.columns.values()) + "|"
    for row in table.rows:
        cells = zip(table.columns.values(), row, strict=True)
        yield f"| {' | '.join('' if cell is None else form.format(cell) for form, cell in cells)} |"
    if table.aims:
        yield ""
    for aim in table.aims:
        yield f"- {'met' if aim.met else 'MISSED'}: {aim.told}"


def machine() -> dict[str, object]:
    """What the figures depend on, without names."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def told(tables: Iterable[Table], *, as_json: bool) -> str:
    """Everything that was found, to be kept or to be read."""
    found = list(tables)
    if as_json:
        return json.dumps({"machine": machine(), "tables": [attrs.asdict(table) for table in found]}, indent=1)
    head = " · ".join(f"{name} {value}" for name, value in machine().items())
    return "\n\n".join([head, *(f"{table.name}\n\n" + "\n".join(lines(table)) for table in found)])


def kept(text: str) -> list[Table]:
    """The tables that :func:`told` wrote as JSON."""
    return [
        Table(each["name"], each["columns"], each["rows"], [Aim(**aim) for aim in each["aims"]])
        for each in json.loads(text)["tables"]
    ]


def put_in(document: str, tables: Iterable[Table]) -> str:
    """The document with the figures of each table in its place.

    Raises:
        LookupError: it has no place for a table.
    """
    for table in tables:
        begin = BEGIN.format(name=table.name)
        place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(END)}", re.DOTALL)
        figures = "\n".join([begin, "", *lines(table), "", END])
        document, times = place.subn(lambda _, figures=figures: figures, document)  # type: ignore[misc]  # a default
        if times != 1:
            raise LookupError(f"the document has {times} places for the table {table.name!r}")
    return document


# --- what every benchmark's command has ----------------------------------------------------------------------------


def arguments(description: str | None, module: str, **numbers: tuple[Any, str]) -> argparse.Namespace:
    """The command's arguments: numbers with what they are when they are not given, ``--folder`` and ``--json``."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    for name, (value, help_) in numbers.items():
        many = isinstance(value, tuple)
        kind = type(value[0]) if many else type(value)
        parser.add_argument(f"--{name}", type=kind, nargs="+" if many else None, default=value, help=help_)
    parser.add_argument("--folder", default=".", help="a folder on the disk to be measured")
    parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")
    return parser.parse_args()


@contextmanager
def workplace(folder: str) -> Iterator[Path]:
    """An empty folder on the disk to be measured, which is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=folder) as made:
        yield Path(made)


def on_stderr(told_: str) -> None:
    """Say what is being done."""
    print(f"... {told_}", file=sys.stderr, flush=True)


def main() -> None:
    """Put figures that were kept into a document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("found", nargs="+", type=Path, help="what benchmarks printed with --json")
    parser.add_argument("--into", type=Path, required=True, help="the document")
    chosen = parser.parse_args()
    tables = [table for file in chosen.found for table in kept(file.read_text(encoding="utf-8"))]
    chosen.into.write_text(put_in(chosen.into.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
