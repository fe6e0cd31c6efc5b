"""Text in columns of a terminal, where a Chinese character takes two."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import click

_WIDE = frozenset("WF")
_NOT_AT_THE_START = frozenset("，。；：、！？）」』】》”’,.;:!?)")
_NOT_AT_THE_END = frozenset("（「『【《“‘(")
_LABELS_WIDEST = 30


def columns(text: str) -> int:
    """How many columns the text takes.

    >>> columns("5 kg 大米")
    9
    """
    return sum((unicodedata.east_asian_width(char) in _WIDE) + (not unicodedata.combining(char)) for char in text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` columns: broken between words, and between Chinese characters.

    >>> wrapped("先审核，再兑换。", 8)
    ['先审核，', '再兑换。']
    """
    lines = [""]
    for piece in _pieces(text):
        if columns(lines[-1]) + columns(piece.rstrip()) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]


def _pieces(text: str) -> Iterator[str]:
    """What is not broken: words with the space behind them, and Chinese characters with their punctuation."""
    piece = ""
    for char in re.sub(r"\s+", " ", text.strip()):
        if piece and _may_break(piece[-1], char):
            yield piece
            piece = ""
        piece += char
    yield piece


def _may_break(before: str, after: str) -> bool:
    if after in _NOT_AT_THE_START or before in _NOT_AT_THE_END or after == " ":
        return False
    wide = {unicodedata.east_asian_width(char) in _WIDE for char in (before, after)}
    return before == " " or True in wide


class HelpLayout(click.HelpFormatter):
    """Help in columns, in either language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        start = f"{prefix or 'Usage: '}{prog} "
        self.write("\n".join(_hanging(start, args, self.width)) + "\n")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{' ' * self.current_indent}{heading}{':' if heading.isascii() else '：'}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, each rewrapped."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
            self.write("\n" * bool(number))
            for line in wrapped(paragraph, self.width - self.current_indent):
                self.write(f"{indent}{line}\n")

    def write_dl(self, rows: Iterable[Sequence[str]], col_max: int = _LABELS_WIDEST, col_spacing: int = 2) -> None:
        """Write labels and what they mean in two columns; a label that is too long stands on a line of its own."""
        listed = [(row[0], row[1]) for row in rows]
        column = min(max(columns(label) for label, _ in listed), col_max) + col_spacing
        indent = " " * self.current_indent
        for label, meaning in listed:
            width = max(20, self.width - self.current_indent - column)
            first, *rest = wrapped(meaning, width) if meaning else [""]
            if columns(label) + col_spacing <= column:
                self.write(f"{indent}{label}{' ' * (column - columns(label))}{first}".rstrip() + "\n")
            else:
                self.write(f"{indent}{label}\n{indent}{' ' * column}{first}\n")
            self.write("".join(f"{indent}{' ' * column}{line}\n" for line in rest))


def _hanging(start: str, text: str, width: int) -> Iterator[str]:
    indent = columns(start)
    first, *rest = wrapped(text, max(20, width - indent)) if text else [""]
    yield f"{start}{first}".rstrip()
    yield from (" " * indent + line for line in rest)
