"""What a demonstration says, beat by beat, and the clock that it brings along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import TypeAlias

import attrs

from volunteer_points.errors import VolunteerPointsError
from volunteer_points.explain import Lang, naming, sentence
from volunteer_points.people import Register
from volunteer_points.programme import Programme


@attrs.frozen
class Heading:
    """A new chapter."""

    text: str


@attrs.frozen
class Sentence:
    """One thing that happened.

    Attributes:
        text: What is said.
        mark: `good` for what succeeded, `refused` for what the books did not allow, `bad` for what an audit found,
            `aside` for what explains, `command` for what can be typed, or ''.
    """

    text: str
    mark: str = ""


@attrs.frozen
class Grid:
    """Rows under headings; columns whose number is in `right`, from 0, hold figures."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()


Beat: TypeAlias = Heading | Sentence | Grid


class Clock:
    """The time of a demonstration: it is set, and some of it passes each time somebody looks."""

    def __init__(self, start: str, *, step_seconds: int) -> None:
        self._step = timedelta(seconds=step_seconds)
        self._now = instant(start)

    def set(self, text: str) -> None:
        """Move on to a time; it never goes back."""
        self._now = max(self._now, instant(text) - self._step)

    def __call__(self) -> datetime:
        """The time now."""
        self._now += self._step
        return self._now


def numbered(prefix: str) -> Callable[[], str]:
    """Ids that are the same in every demonstration: ten letters and digits behind the prefix."""
    numbers = count(1)
    return lambda: f"{prefix}-{sha256(f'{prefix} {next(numbers)}'.encode()).hexdigest()[:10]}"


def instant(text: str) -> datetime:
    """A time in China."""
    return datetime.fromisoformat(f"{text}+08:00")


class Teller:
    """Says things in one language, with the names of people and things instead of their ids.

    Args:
        programme: Where it happens; a programme must have been adopted.
        register: Who is who.
        language: ``zh`` or ``en``.
    """

    def __init__(self, programme: Programme, register: Register, language: Lang) -> None:
        self.programme = programme
        self.register = register
        self.language: Lang = language
        self.frame = programme.frame()
        self.names = naming(programme.nouns(), self.name)

    def say(self, en: str, zh: str) -> str:
        """The text in the language."""
        return zh if self.language == "zh" else en

    def tell(self, en: str, zh: str, mark: str = "", **facts: object) -> Sentence:
        """One thing that happened, with the facts in place of their names."""
        return Sentence(self.say(en, zh).format_map(facts), mark)

    def name(self, volunteer: str) -> str:
        """What a volunteer is called."""
        return self.register.name_of([volunteer]).get(volunteer, volunteer)

    def refusal(self, error: VolunteerPointsError) -> Sentence:
        """What was not allowed, and why."""
        return Sentence(sentence(error, self.language, names=self.names, frame=self.frame), "refused")

    def clock(self, moment: datetime | None) -> str:
        """An instant as the programme's clock shows it; never, where there is none."""
        if moment is None:
            return self.say("never", "永久")
        return f"{self.frame.calendar.local(moment):%Y-%m-%d %H:%M}"


def shortened(text: str, most: int = 150) -> str:
    """A text that may be long, on a line or two."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
