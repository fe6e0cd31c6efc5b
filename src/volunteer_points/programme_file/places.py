"""Where things stand in a text of TOML, and whether the text keeps within bounds.

The standard library reads TOML well but tells no lines, and some texts keep it busy for hours. So the text is walked
through once before: each key and element gets its line, and whatever is nested too deep or too long ends the walk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TypeAlias

import attrs

DEPTH_MAX = 12
"""How deep a key may lie: the parts of the headings and keys above it, and lists and braces."""

WORD_CHARACTERS_MAX = 64
"""How long one number, day or key without quotation marks may be."""

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys, and the numbers of elements of lists from nought."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(
    r'''
    (?P<string> """ (?: [^"\\]++ | \\(?s:.) | "{1,2}(?!") )*+ "{3,5}
              | \'\'\' (?: [^']++ | '{1,2}(?!') )*+ '{3,5}
              | " (?: [^"\\\n]++ | \\. )*+ "
              | ' [^'\n]*+ ' )
  | (?P<space> [ \t\r]++ | \#[^\n]*+ )
  | (?P<newline> \n )
  | (?P<mark> [][{},=.] )
  | (?P<word> [^][{},=.\s"'#]++ | (?s:.) )
    ''',
    re.VERBOSE,
)


class OutOfBounds(Exception):
    """The text is nested deeper, or a word in it is longer, than any programme file needs."""

    def __init__(self, line: int, code: str) -> None:
        super().__init__(line, code)
        self.line = line
        self.code = code


@attrs.frozen
class Places:
    """The line of each key and element of a text."""

    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """The line on which a value stands, or else what holds it; None for the file as a whole."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), None)


def path_text(path: Path) -> str:
    """A path as people write it.

    >>> path_text(("rulebooks", 0, "caps", 1, "at_most"))
    'rulebooks[0].caps[1].at_most'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if len(part) <= WORD_CHARACTERS_MAX else f"{part[:WORD_CHARACTERS_MAX]}…"
            quoted = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
            text += f".{quoted}" if text else quoted
    return text


def find_places(text: str) -> Places:
    """Walk through a text. Where it is no TOML the walk just ends: the parser will say so.

    Raises:
        OutOfBounds: a key lies too deep, or a word is too long.
    """
    walk = _Walk(text)
    with suppress(_Ended):
        walk.statements()
    return Places(walk.lines)


class _Ended(Exception):
    """The text ended, or is no TOML from here on."""


class _Walk:
    """One pass over the tokens with one token of foresight."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self.line = 1
        self.last_elements: dict[Path, int] = {}
        self.tokens = self._tokens(text)
        self.kind, self.text, self.next_line = next(self.tokens)

    def _tokens(self, text: str) -> Iterator[tuple[str, str, int]]:
        line = 1
        for match in _TOKEN.finditer(text):
            kind, found = str(match.lastgroup), match[0]
            if kind == "word" and len(found) > WORD_CHARACTERS_MAX:
                raise OutOfBounds(line, "word_too_long")
            if kind != "space":
                yield kind, found, line
            line += found.count("\n")
        yield "end", "", line

    def take(self) -> str:
        taken, self.line = self.text, self.next_line
        if self.kind == "end":
            raise _Ended
        self.kind, self.text, self.next_line = next(self.tokens)
        return taken

    def comes(self, mark: str) -> bool:
        """Whether the next token is that mark."""
        return self.kind == "mark" and self.text == mark

    def expect(self, mark: str) -> None:
        if not self.comes(mark):
            raise _Ended
        self.take()

    def note(self, path: Path) -> None:
        if len(path) > DEPTH_MAX:
            raise OutOfBounds(self.line, "too_deep")
        self.lines.setdefault(path, self.line)

    def statements(self) -> None:
        table: Path = ()
        while True:
            if self.kind == "newline":
                self.take()
            elif self.comes("["):
                table = self.heading()
            else:
                self.pair(table)

    def heading(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the path of the table that begins here."""
        self.take()
        is_element = self.comes("[")
        if is_element:
            self.take()
        *above, last = self.key()
        path: Path = ()
        for part in above:
            path = self._latest((*path, part))
            self.note(path)
        path = (*path, last)
        self.note(path)
        self.expect("]")
        if not is_element:
            return self._latest(path)
        self.expect("]")
        self.last_elements[path] = self.last_elements.get(path, -1) + 1
        path = (*path, self.last_elements[path])
        self.note(path)
        return path

    def _latest(self, path: Path) -> Path:
        """What a heading means by a path: of a list of tables, the last one so far."""
        return (*path, self.last_elements[path]) if path in self.last_elements else path

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            if self.kind not in {"word", "string"}:
                raise _Ended
            is_string = self.kind == "string"
            text = self.take()
            parts.append(_unquoted(text) if is_string else text)
            if not self.comes("."):
                return parts
            self.take()

    def pair(self, table: Path) -> None:
        """``key = value``, with the key's dots."""
        path = table
        for part in self.key():
            path = (*path, part)
            self.note(path)
        self.expect("=")
        self.value(path)

    def value(self, path: Path) -> None:
        if self.comes("["):
            self.elements(path)
        elif self.comes("{"):
            self.braces(path)
        else:
            self.word()

    def word(self) -> None:
        """A string, number, day or truth value; a day and its time may have a space between them."""
        if self.kind not in {"word", "string"}:
            raise _Ended
        length = 0
        while self.kind in {"word", "string"} or self.comes("."):
            length += 0 if self.kind == "string" else len(self.text)
            self.take()
            if length > WORD_CHARACTERS_MAX:
                raise OutOfBounds(self.line, "word_too_long")

    def elements(self, path: Path) -> None:
        self.take()
        number = 0
        while True:
            while self.kind == "newline":
                self.take()
            if self.comes("]"):
                self.take()
                return
            if self.comes(","):
                self.take()
                number += 1
                continue
            self.line = self.next_line
            self.note((*path, number))
            self.value((*path, number))

    def braces(self, path: Path) -> None:
        self.take()
        while not self.comes("}"):
            if self.comes(",") or self.kind == "newline":
                self.take()
            else:
                self.pair(path)
        self.take()


def _unquoted(text: str) -> str:
    """The key that a string in quotation marks means; only its plain escapes matter to find a line."""
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text[1:-1]
