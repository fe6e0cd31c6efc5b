"""Errors as sentences: what is wrong, with the place and the value, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol, runtime_checkable

import attrs

from volunteer_points.decisions.case import Frame
from volunteer_points.errors import VolunteerPointsError
from volunteer_points.explain.error_words import ERRORS, REMEDIES
from volunteer_points.explain.file_words import (
    FILE_REMEDIES,
    PROBLEM_PATTERNS,
    PROGRAMME_FILE_IN_CHINESE,
    REMEDY_PATTERNS,
    TOLD_IN_FULL,
)
from volunteer_points.explain.misfit_words import misfit_in_chinese, remedy_in_chinese, wrong_in_chinese
from volunteer_points.explain.store_words import REGISTER_IN_CHINESE
from volunteer_points.explain.templates import ErrorWords, Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import Days, Fact, Holder, Noun, Person, Speaker, Stretch, Term, is_missing


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
        if lang == "zh" and error.code == "programme_file":
            return _file_in_chinese(error.facts["source"], error.facts["problems"])  # type: ignore[arg-type]
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


def in_chinese(remedy: str) -> str:
    """A remedy that an error brings along, in Chinese; blank when there are no words for it."""
    known = REMEDIES.get(remedy) or FILE_REMEDIES.get(remedy)
    if known:
        return known
    for pattern, words in REMEDY_PATTERNS:
        if found := pattern.fullmatch(remedy):
            return found.expand(words)
    said = remedy_in_chinese(remedy)
    return f"{said}。" if said else ""


def problem_in_chinese(sentence: str) -> str:
    """What does not fit together in a definition, in Chinese; as it is when there are no words for it."""
    for pattern, words in PROBLEM_PATTERNS:
        if found := pattern.fullmatch(sentence):
            return found.expand(words)
    return misfit_in_chinese(sentence) or wrong_in_chinese(sentence) or sentence


@attrs.frozen
class Misfits:
    """What does not fit together in a definition, sentence by sentence."""

    sentences: tuple[str, ...]

    def shown(self, speaker: Speaker) -> str:
        """One after the other."""
        told = map(problem_in_chinese, self.sentences) if speaker.lang == "zh" else self.sentences
        return speaker.choose("; ", "；").join(told)

    def plain(self) -> list[str]:
        """The sentences."""
        return list(self.sentences)


class Problem(Protocol):
    """One of the mistakes in a programme file, each with its place, its value and its remedy."""

    line: int | None
    place: str
    value: str
    code: str
    message: str
    fix: str


def _file_in_chinese(source: object, problems: Sequence[Problem]) -> str:
    """All mistakes in a programme file; what has no words here stays in English."""
    lines = [f"{source or '项目文件'}：{len(problems)} 处错误"]
    for problem in problems:
        where = "，".join(filter(None, [f"第 {problem.line} 行" if problem.line else "", problem.place])) or "整个文件"
        value = f" = {problem.value}" if problem.value else ""
        words = PROGRAMME_FILE_IN_CHINESE.get(problem.code, problem.message)
        words += f"（{problem_in_chinese(problem.message)}）" if problem.code in TOLD_IN_FULL else ""
        lines.append(f"  {where}{value}：{words}。{in_chinese(problem.fix) or problem.fix}")
    return "\n".join(lines)


# --- what a fact is, by its name ---------------------------------------------------------------------------------


def _instant(value: object) -> object:
    """An instant that an error brings as text."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _noun(kind: str, value: object) -> Noun:
    return Noun(kind, str(value))


def _term(group: str) -> Callable[[Any], Fact]:
    return lambda value: Term(group, str(value))


_TYPES: Mapping[str, Callable[[Any], Fact]] = {
    **dict.fromkeys(("actor", "volunteer", "by", "giver", "receiver", "founders"), lambda value: Person(str(value))),
    **{kind: partial(_noun, kind) for kind in ("item", "team", "partner", "activity")},
    **dict.fromkeys(("at", "begin", "end", "booked_at"), _instant),
    **dict.fromkeys(("most_days", "within_days"), Days),
    **{group: _term(group) for group in ("right", "role", "status", "field", "wanted")},
    "per": _term("period"),
    "weekdays": _term("weekday"),
    "wrote": _term("kind"),
    "over": lambda value: Stretch(str(value)),
    "payer": lambda value: Holder(str(value)),
    "whose": _term("whose"),
    "of": _term("measure"),
    "condition_unmet.wanted": str,
    "counts_from": _instant,
    "fund": lambda value: Noun("fund", str(value)),
    "limit_reached.by": _term("by"),
    "limit_reached.of": _term("counted"),
    "id_twice.kind": _term("rule"),
    "unbalanced.kind": _term("kind"),
}


def typed(code: str, name: str, value: object) -> Fact:
    """A fact of an error as what it stands for: a person, a thing with a name, an instant, a word of the programme."""
    if (code, name) == ("definition_has_problems", "problems") and isinstance(value, list | tuple):
        return Misfits(tuple(map(str, value)))
    kind = _TYPES.get(f"{code}.{name}") or _TYPES.get(name)
    if kind is None or is_missing(value):
        return value
    if isinstance(value, list | tuple):
        return tuple(kind(each) for each in value)
    return kind(value)
