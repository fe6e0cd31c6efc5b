"""What can be wrong with a programme file: a place, the value that stands there, and what to do about it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

import attrs

from volunteer_points.errors import InputError

VALUE_CHARACTERS_MAX = 60
"""How much of a value a sentence repeats."""


@attrs.frozen(kw_only=True)
class Problem:
    """One mistake in a programme file.

    >>> print(Problem(line=12, place="teams[0].slot", value='"standng"', code="unknown", message="is unknown",
    ...               fix="Did you mean 'standing'?"))
    line 12, teams[0].slot = "standng": is unknown. Did you mean 'standing'?

    Attributes:
        line: The line of the text, from 1; None when the file as a whole is meant.
        place: The way to the value, as ``rulebooks[0].caps[1].at_most``; empty for the file as a whole.
        value: The value as the file has it, shortened; empty when there is none to show.
        code: A stable name of what is wrong.
        message: What is wrong, to be read after place and value.
        fix: What to do about it.
    """

    line: int | None = None
    place: str = ""
    value: str = ""
    code: str
    message: str
    fix: str

    def __str__(self) -> str:
        where = ", ".join(filter(None, [f"line {self.line}" if self.line else "", self.place])) or "the file"
        value = f" = {self.value}" if self.value else ""
        return f"{where}{value}: {self.message}. {self.fix}".strip()


class ProgrammeFileInvalid(InputError):
    """A programme file has mistakes; its sentence lists all of them.

    ``facts`` hold the ``source``, a file name or empty, and the ``problems``, in the order of their lines.
    """

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The mistakes, in the order of their lines."""
        found = self.facts.get("problems", ())
        return found if isinstance(found, tuple) else ()

    def __str__(self) -> str:
        count = len(self.problems)
        title = f"{self.facts.get('source') or 'programme file'}: {count} {'mistake' if count == 1 else 'mistakes'}"
        return "\n".join([title, *(f"  {problem}" for problem in self.problems)])


def value_text(value: object) -> str:
    """A value much as the file has it, in one short line."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = json.dumps(value[: VALUE_CHARACTERS_MAX + 1], ensure_ascii=False)
        case Mapping():
            text = "{...}" if value else "{}"
        case list() | tuple():
            text = "[...]" if value else "[]"
        case _:
            text = str(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[: VALUE_CHARACTERS_MAX - 1]}…"


@attrs.frozen
class Words:
    """What is wrong, with places for facts, and a remedy for the case that the error brings none."""

    message: str
    fix: str = ""


WORDS: Mapping[str, Words] = {
    "bad_day_of_month": Words("is no day of a month"),
    "bad_id": Words("is no usable id"),
    "bad_month": Words("is no month"),
    "bad_parameter": Words("is no parameter of a rule"),
    "bad_source": Words("is nobody who pays"),
    "bad_weekday": Words("is no weekday"),
    "bad_window": Words(
        "is no window",
        'Write a period such as "month", "year" or "ever", or the last "90 days", "12 months", "2 years".',
    ),
    "cap_unclear": Words("does not say clearly what it bounds"),
    "condition_empty": Words("asks for nothing"),
    "condition_unclear": Words("does not say clearly what must hold"),
    "empty_rulebook": Words("ends before it begins", "Let 'until' be a later day than 'since'."),
    "empty_window": Words("ends before it begins", "Let 'last_day' be the same day as 'first_day' or a later one."),
    "four_eyes_missing": Words("are not two different people"),
    "four_eyes_unclear": Words("says two things about who runs the programme"),
    "half_a_time": Words("does not say from when until when"),
    "id_twice": Words("stands for more than one {kind}: {id}"),
    "ladder_within_ladder": Words("asks for a level within a level"),
    "milestone_unclear": Words("does not say clearly what it pays"),
    "naive_datetime": Words("does not say its zone"),
    "negative": Words("is below nought"),
    "not_a_day": Words("is no day of the calendar"),
    "not_a_time": Words("is no time of day"),
    "not_a_truth_value": Words("is neither true nor false"),
    "not_exact": Words("is not an exact number"),
    "not_one_of": Words("is none of the words that can stand here"),
    "not_positive": Words("is not above nought"),
    "not_text": Words("is no text that the ledger can keep"),
    "not_whole": Words("is not a whole number"),
    "one_expiry": Words("can end in one way only"),
    "idle_mixed": Words("end by inactivity in one place and otherwise in another"),
    "one_rate": Words("needs exactly one rate"),
    "price_dates": Words("has prices whose days do not follow one another"),
    "price_missing": Words("needs prices, a worth or an own rule"),
    "rate_unclear": Words("does not say clearly what it pays for"),
    "route_unclear": Words("does not say clearly who approves"),
    "stages_unordered": Words("does not rise from step to step"),
    "too_large": Words("is larger than an amount may be", "Give a number of at most {most}."),
    "too_many_decimals": Words("has too many decimals", "Give a number of at most {most}."),
    "unknown_zone": Words("is no known time zone"),
}
"""Words for the errors of the model, which name a value by itself; here it stands after its place."""


def words_for(error: InputError) -> tuple[str, str]:
    """What is wrong and what to do about it, for an error that the model raised."""
    words = WORDS.get(error.code, Words(error.code.replace("_", " ")))
    facts = defaultdict(str, error.facts)
    return words.message.format_map(facts), str(facts["fix"] or words.fix.format_map(facts))
