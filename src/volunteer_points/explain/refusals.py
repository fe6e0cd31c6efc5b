"""Errors as sentences: what is wrong, with the place and the value, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol, runtime_checkable

from volunteer_points.decisions.case import Frame
from volunteer_points.errors import VolunteerPointsError
from volunteer_points.explain.error_words import ERRORS, REMEDIES
from volunteer_points.explain.store_words import REGISTER_IN_CHINESE
from volunteer_points.explain.templates import ErrorWords, Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import Days, Fact, Noun, Person, Speaker, Term, is_missing


@runtime_checkable
class SpeaksForItself(Protocol):
    """An error that brings its own words in both languages, such as one about a sign-in sheet."""

    def message(self, language: str = "en") -> str:
        """What is wrong."""
        ...

    def remedy(self, language: str = "en") -> str:
        """What to do about it."""
        ...


def sentence(error: VolunteerPointsError, lang: Lang, *, names: Names = as_it_is, frame: Frame | None = None) -> str:
    """What is wrong and what to do about it, in one or two sentences.

    An error whose code has no words here is told in its own English words.

    Args:
        error: Anything that the library raises on purpose.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.
        frame: The programme; with it, instants are shown on its own clock.

    >>> from volunteer_points.errors import Refused
    >>> print(sentence(Refused("not_enough_points", item="rice", needs="20", has="3", missing="17"), "en"))
    rice needs 20 and there is 3: 17 missing. Wait for more points, or choose less.
    """
    speaker = Speaker(lang, frame, names)
    if isinstance(error, SpeaksForItself):
        return _in_its_own_words(error, error.facts.get("source"), speaker)
    facts = {name: typed(error.code, name, value) for name, value in error.facts.items()}
    words = ERRORS.get(error.code)
    try:
        if words is not None:
            return _joined(speaker, speaker.say(words.sentence, facts), _remedy(error, words, speaker, facts))
        if lang == "zh" and error.code in REGISTER_IN_CHINESE:
            return speaker.say(Words(en="", zh=REGISTER_IN_CHINESE[error.code]), facts)
    except KeyError:
        return str(error)  # somebody raised a code of ours without its facts: an error still needs words
    return str(error)


def _in_its_own_words(error: SpeaksForItself, source: object, speaker: Speaker) -> str:
    said = _joined(speaker, error.message(speaker.lang), error.remedy(speaker.lang))
    return said if source is None else f"{source}{speaker.choose(': ', '：')}{said}"


def _joined(speaker: Speaker, said: str, remedy: str) -> str:
    return f"{said}{speaker.choose(' ', '')}{remedy}" if remedy else said


def _remedy(error: VolunteerPointsError, words: ErrorWords, speaker: Speaker, facts: Mapping[str, Fact]) -> str:
    """The remedy that the error brings along, in the language; else the one that belongs to its code."""
    fix = str(error.facts.get("fix") or "")
    if speaker.lang == "zh":
        fix = in_chinese(fix)
    return fix or speaker.say(words.remedy, facts) or str(error.facts.get("fix") or "")


_SUGGESTION = re.compile(r"Did you mean (.+)\?")


def in_chinese(remedy: str) -> str:
    """A remedy that an error brings along, in Chinese; blank when there are no words for it."""
    suggested = _SUGGESTION.fullmatch(remedy)
    return f"是不是 {suggested[1]}？" if suggested else REMEDIES.get(remedy, "")


# --- what a fact is, by its name ---------------------------------------------------------------------------------


def _instant(value: object) -> object:
    """An instant that an error brings as text."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _term(group: str) -> Callable[[Any], Fact]:
    return lambda value: Term(group, str(value))


_TYPES: Mapping[str, Callable[[Any], Fact]] = {
    **dict.fromkeys(("actor", "volunteer", "by", "giver", "receiver", "founders", "requested_by"), Person),
    **{kind: partial(Noun, kind) for kind in ("item", "team", "partner", "activity")},
    **dict.fromkeys(("at", "begin", "end", "booked_at"), _instant),
    **dict.fromkeys(("most_days", "within_days"), Days),
    **{group: _term(group) for group in ("right", "role", "status", "field", "wanted")},
    "per": _term("period"),
    "weekdays": _term("weekday"),
    "wrote": _term("kind"),
    "limit_reached.by": _term("by"),
    "limit_reached.of": _term("counted"),
    "id_twice.kind": _term("rule"),
    "unbalanced.kind": _term("kind"),
    "definition_has_problems.problems": str,
}


def typed(code: str, name: str, value: object) -> Fact:
    """A fact of an error as what it stands for: a person, a thing with a name, an instant, a word of the programme."""
    kind = _TYPES.get(f"{code}.{name}") or _TYPES.get(name)
    if kind is None or is_missing(value):
        return value
    if isinstance(value, list | tuple):
        made = tuple(kind(each) for each in value)
        return "; ".join(made) if kind is str else made
    return kind(value)
