"""The shape of an explanation: a title that gives the answer, and the lines that lead to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from volunteer_points.explain.templates import Lang, Words
from volunteer_points.explain.wording import Fact, Speaker, is_missing, plain


@attrs.frozen
class Line:
    """One sentence of an explanation, with a stable code and the facts behind it, which JSON can hold."""

    code: str
    text: str
    facts: Mapping[str, object]


@attrs.frozen
class Explanation:
    """Why something is as it is.

    Attributes:
        code: What the title says, as a stable name: the status of the record or the redemption.
        about: The subject that is explained, such as ``record:r-3fj2``.
        lang: The language of its words.
        title: The answer.
        lines: What led to it, in its order.
    """

    code: str
    about: str
    lang: Lang
    title: str
    lines: tuple[Line, ...]

    def text(self) -> str:
        """The explanation as people read it: the title, and a line for each reason."""
        return "\n".join([self.title, *(f"  {line.text}" for line in self.lines)])

    def plain(self) -> dict[str, Any]:
        """The explanation as JSON can hold it."""
        return {
            "code": self.code,
            "about": self.about,
            "lang": self.lang,
            "title": self.title,
            "lines": [{"code": line.code, "text": line.text, "facts": dict(line.facts)} for line in self.lines],
        }


def line_of(speaker: Speaker, code: str, words: Words, facts: Mapping[str, Fact]) -> Line:
    """A line from words and the facts of which they speak; facts that have nothing to say are left out."""
    always, sometimes = words.places()
    said = {name: plain(fact) for name, fact in facts.items() if name in always | sometimes and not is_missing(fact)}
    return Line(code, speaker.say(words, facts), said)
