"""From tables to values: every key is looked at, every mistake is kept with its place, nothing is guessed.

The keys of a table are the fields of the class that it describes. Three things are written as people say them: the
calendar's keys stand at the top of the file, an item may have one number as its price, and points are written in the
currency's own decimals, 81.1 rather than 811.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from volunteer_points.canonical import converter
from volunteer_points.commands import Definition
from volunteer_points.errors import InputError
from volunteer_points.model import AMOUNT_MAX, Calendar, Item, Limit, LimitOf, Parameters, Price, SpecialPrice
from volunteer_points.programme_file.places import WORD_CHARACTERS_MAX, Path, Places, path_text
from volunteer_points.programme_file.problems import Problem, value_text, words_for
from volunteer_points.rules import RedemptionRule, Rulebook

PROBLEMS_MAX = 100
"""After so many mistakes the reading stops."""

HOUSEHOLDS_MAX = 20_000
"""How many households a file may name."""

ELEMENTS_MAX = 1_000
"""How many elements any other list may hold."""

NAMES_TO_COMPARE_MAX = 300
"""With more names than that, none is suggested."""

DECIMALS_MAX = 12
"""How many digits a number may have after the point."""

SCALE_MAX = 10**6
"""What is taken for the scale of a currency that the file does not have; that mistake is another one."""

POINTS = frozenset({(Price, "points"), (SpecialPrice, "points"), (RedemptionRule, "minimum_balance")})
"""What the model counts in smallest parts of a currency and the file writes in units of it."""

PRICED = frozenset({Item, Rulebook, Limit})
"""The tables whose key ``currency`` says what those points are."""


def counts_points(kind: type, name: str, of: object) -> bool:
    """Whether a field holds points; that of a limit does when the limit is ``of`` points."""
    return (kind, name) in POINTS or ((kind, name) == (Limit, "at_most") and of == LimitOf.POINTS)


UNREAD = object()
"""Stands for a value that could not be read; its mistake is kept already."""

_RATIO = re.compile(r"-?[0-9]{1,15}(/[0-9]{1,15}|\.[0-9]{1,12})?")


class Enough(Exception):
    """So many mistakes were found that looking further helps nobody."""


@attrs.frozen
class Form:
    """How a value of one type is written."""

    wanted: str
    fix: str
    written_as: tuple[type, ...]
    example: str


FORMS: Mapping[type, Form] = {
    str: Form("a text", "Write it between quotation marks.", (str,), '"..."'),
    bool: Form("true or false", "Write true or false, without quotation marks.", (bool,), "false"),
    int: Form("a whole number", "Write it as 20, without quotation marks and decimals.", (int,), "20"),
    Fraction: Form("an exact number", 'Write it as 10, 1.5 or "1/3".', (int, Decimal, str), "10"),
    date: Form("a day", "Write it as 2026-03-14, without a time of day.", (date, str), "2026-03-14"),
    time: Form("a time of day in whole minutes", "Write it as 04:00:00.", (time, str), "04:00:00"),
}


@attrs.frozen
class Key:
    """One key of a table: what it holds and whether it may be left out."""

    kind: Any
    attribute: attrs.Attribute[Any]

    @property
    def required(self) -> bool:
        """Whether the table makes no sense without it."""
        return self.attribute.default is attrs.NOTHING

    def allows(self, value: object) -> bool:
        """Whether its own validator takes a value."""
        if self.attribute.validator is None:
            return True
        try:
            self.attribute.validator(None, self.attribute, value)
        except ValueError:
            return False
        return True


@cache
def keys_of(kind: type) -> dict[str, Key]:
    """The keys of a table, in the order of the fields of its class."""
    types = get_type_hints(kind)
    keys = {field.name: Key(_without_none(types[field.name]), field) for field in attrs.fields(kind)}
    if kind is Definition:
        del keys["calendar"]
        return {"name": keys["name"], **keys_of(Calendar), **keys}
    return keys


def _without_none(kind: Any) -> Any:  # noqa: ANN401 - a type as typing writes it
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    return kind


@attrs.define
class Reader:
    """Reads the tables of one text.

    Attributes:
        places: Where things stand in the text.
        scales: For each currency of the file, how many smallest parts make one.
        problems: The mistakes found so far.
        read: For each table, by its path: the class it describes and those of its values that could be read.
        meant: For each table: the keys that its unknown keys probably mean. Nobody can say what they hold.
    """

    places: Places
    scales: Mapping[str, int]
    problems: list[Problem] = attrs.Factory(list)
    read: dict[Path, tuple[type, dict[str, object]]] = attrs.Factory(dict)
    meant: dict[Path, set[str]] = attrs.Factory(dict)
    _above: list[tuple[Path, Mapping[str, Key], Mapping[str, object]]] = attrs.Factory(list)
    _scale: int = 1

    def report(self, path: Path, code: str, message: str, fix: str, value: object = UNREAD) -> None:
        """Keep a mistake.

        Raises:
            Enough: it was the last one that is looked at.
        """
        self.problems.append(
            Problem(
                line=self.places.line(path),
                place=path_text(path),
                value="" if value is UNREAD else value_text(value),
                code=code,
                message=message,
                fix=fix,
            )
        )
        if len(self.problems) >= PROBLEMS_MAX:
            raise Enough

    def report_error(self, path: Path, error: InputError, value: object = UNREAD) -> None:
        """Keep a mistake that the model found."""
        message, fix = words_for(error)
        self.report(path, error.code, message, fix, value)

    def made(
        self,
        kind: type,
        values: Mapping[str, object],
        path: Path,
        raw: Mapping[str, object],
        *,
        may_complain: bool = True,
    ) -> object:
        """The value that a table describes, once all of its keys are read.

        It may not complain where a key is misspelt: what it misses is probably that.
        """
        try:
            return kind(**values)
        except InputError as error:
            name = next((name for name in (str(error.facts.get("field")), *error.facts) if name in raw), None)
            at = path if name is None else (*path, name)
            if may_complain:
                self.report_error(at, error, UNREAD if name is None else raw[name])
            return UNREAD

    def table(self, kind: type, raw: object, path: Path) -> object:
        """The value that a table describes, or UNREAD."""
        if not isinstance(raw, dict):
            sample = ", ".join(f"{name} = ..." for name, key in keys_of(kind).items() if key.required)
            self.report(path, "wrong_type", "is not a table", f"Write {{ {sample or '...'} }} or a heading.", raw)
            return UNREAD
        around = self._scale
        if kind in PRICED:
            self._scale = self.scales.get(str(raw.get("currency", "points")), SCALE_MAX)
        values = self.values(kind, raw, path)
        self._scale = around
        if UNREAD in values.values():
            return UNREAD
        return self.made(kind, values, path, raw, may_complain=not self.meant[path])

    def values(self, kind: type, raw: Mapping[str, object], path: Path) -> dict[str, object]:
        """What stands under each key, or UNREAD; keys that may be left out and are, are left out here too."""
        keys = keys_of(kind)
        guesses = [self._report_unknown(name, keys, path, raw) for name in raw if name not in keys]
        self.meant[path] = set(filter(None, guesses))
        self._above.append((path, keys, raw))
        values: dict[str, object] = {}
        for name, key in keys.items():
            if name in raw:
                values[name] = self._checked(kind, key, raw, (*path, name))
            elif key.required:
                values[name] = UNREAD
                if name not in self.meant[path]:
                    fix = f"Add {name} = {_example(key.kind)}."
                    self.report(path, "missing_key", f"has no key {name!r}", fix)
        self._above.pop()
        self.read[path] = kind, {name: value for name, value in values.items() if value is not UNREAD}
        return values

    def _report_unknown(self, name: str, keys: Mapping[str, Key], path: Path, raw: Mapping[str, object]) -> str:
        """Report a key that nobody knows here; the answer is the key that was probably meant, if it is another."""
        home = next(
            (place for place, known, given in reversed(self._above) if name in known and name not in given), None
        )
        meant = "" if home is not None else likely(name, keys.keys() - raw.keys())
        if home is not None:
            there = path_text(home) or "the top of the file"
            fix = f"It belongs to {there}: write it above the heading of {path_text(path)}."
        else:
            fix = f"Did you mean {meant!r}?" if meant else f"Known here: {', '.join(keys)}."
        self.report((*path, name), "unknown_key", "is an unknown key", fix, raw[name])
        return meant

    def _checked(self, kind: type, key: Key, table: Mapping[str, object], path: Path) -> object:
        """One value of a table, held to what its field allows."""
        raw = table[key.attribute.name]
        if counts_points(kind, key.attribute.name, table.get("of")):
            value = self.points(raw, path)
        elif (kind, key.attribute.name) == (Item, "prices"):
            value = self._prices(raw, path)
        else:
            value = self.value(key.kind, raw, path)
        if value is UNREAD or key.attribute.validator is None:
            return value
        try:
            key.attribute.validator(None, key.attribute, value)
        except InputError as error:
            self.report_error(path, error, raw)
        except ValueError as error:
            self._report_choice(path, raw, key, error)
        else:
            return value
        return UNREAD

    def _report_choice(self, path: Path, raw: object, key: Key, error: ValueError) -> None:
        """What attrs' own validators found: an empty list, or a word that is none of a few."""
        if isinstance(raw, list):
            self.report(path, "empty", "is empty", "Give at least one.", raw)
        else:
            allowed = error.args[2]
            if isinstance(key.kind, type) and issubclass(key.kind, StrEnum):
                allowed = [word for word in key.kind if key.allows(word)]
            self._report_word(path, str(raw), [str(word) for word in allowed])

    def _report_word(self, path: Path, raw: str, known: list[str]) -> None:
        fix = did_you_mean(raw, known) or f"Write one of {', '.join(known)}."
        self.report(path, "unknown_word", "is none of the words that can stand here", fix, raw)

    def value(self, kind: Any, raw: object, path: Path) -> object:  # noqa: ANN401 - a type as typing writes it
        """One value of any type, or UNREAD."""
        if get_origin(kind) is tuple:
            return self._elements(get_args(kind)[0], raw, path)
        if kind is Parameters:
            return self._parameters(raw, path)
        if attrs.has(kind):
            return self.table(kind, raw, path)
        if issubclass(kind, StrEnum):
            return self._word(kind, raw, path)
        form = FORMS[kind]
        if not isinstance(raw, form.written_as) or (kind is not bool and isinstance(raw, bool)):
            self.report(path, "wrong_type", f"is not {form.wanted}", form.fix, raw)
            return UNREAD
        return self._leaf(kind, form, raw, path)

    def _leaf(self, kind: type, form: Form, raw: object, path: Path) -> object:
        if kind is Fraction and not _is_short(raw):
            self.report(path, "not_exact", f"is not {form.wanted} of a usable size", form.fix, raw)
            return UNREAD
        if kind is date and isinstance(raw, datetime):
            self.report(path, "not_a_day", "has a time of day, and a day is wanted", form.fix, raw)
            return UNREAD
        try:
            value: object = converter().structure(raw, kind)
        except InputError as error:
            self.report_error(path, error, raw)
            return UNREAD
        if isinstance(value, time) and (value.second or value.microsecond or value.tzinfo):
            self.report(path, "not_a_time", f"is not {form.wanted}", form.fix, raw)
            return UNREAD
        return value

    def _word(self, kind: type[StrEnum], raw: object, path: Path) -> object:
        if not isinstance(raw, str):
            self.report(path, "wrong_type", f"is not {FORMS[str].wanted}", FORMS[str].fix, raw)
        elif raw not in list(kind):
            self._report_word(path, raw, [str(word) for word in kind])
        else:
            return kind(raw)
        return UNREAD

    def _elements(self, kind: Any, raw: object, path: Path) -> object:  # noqa: ANN401 - a type as typing writes it
        if not isinstance(raw, list):
            fix = f"Write [[{path_text(path)}]] above each." if attrs.has(kind) else "Write it between [ and ]."
            self.report(path, "wrong_type", "is not a list", fix, raw)
            return UNREAD
        most = HOUSEHOLDS_MAX if path == ("households",) else ELEMENTS_MAX
        if len(raw) > most:
            self.report(path, "too_many", f"has {len(raw)} elements", f"Give at most {most}.")
            return UNREAD
        values = [self.value(kind, each, (*path, number)) for number, each in enumerate(raw)]
        doubles = attrs.has(kind) and self._report_doubles(raw, path)
        return UNREAD if doubles or any(value is UNREAD for value in values) else tuple(values)

    def _report_doubles(self, raw: list[object], path: Path) -> bool:
        """Report each table of a list whose id another one above it has."""
        first: dict[str, int] = {}
        found = False
        for number, name in enumerate(each.get("id") if isinstance(each, dict) else None for each in raw):
            if isinstance(name, str) and first.setdefault(name, number) != number:
                found = True
                other = path_text((*path, first[name]))
                self.report((*path, number, "id"), "id_twice", f"is the id of {other} too", "Give each its own.", name)
        return found

    def _parameters(self, raw: object, path: Path) -> object:
        """A table with names that only a developer's own rule knows: numbers and texts."""
        if not isinstance(raw, dict):
            self.report(path, "wrong_type", "is not a table", "Write { name = 1 } or a heading.", raw)
            return UNREAD
        given: dict[str, object] = {}
        for name, value in raw.items():
            is_number = not isinstance(value, str) and _is_short(value)
            given[name] = Fraction(value) if is_number else value
        try:
            return Parameters(given)
        except InputError as error:
            name = str(error.facts.get("parameter", ""))
            at = (*path, name) if name in raw else path
            self.report_error(at, error, raw.get(name, UNREAD))
            return UNREAD

    def _prices(self, raw: object, path: Path) -> object:
        """The prices of an item: a list of tables, or one number for a single price without a day."""
        if isinstance(raw, list):
            return self._elements(Price, raw, path)
        points = self.points(raw, path)
        if not isinstance(points, int):
            return UNREAD
        try:
            return (Price(points=points),)
        except InputError as error:
            self.report_error(path, error, raw)
            return UNREAD

    def points(self, raw: object, path: Path) -> object:
        """Points as people write them, in whole smallest parts of the currency."""
        value = self.value(Fraction, raw, path)
        if not isinstance(value, Fraction):
            return UNREAD
        parts = value * self._scale
        if parts.denominator == 1:
            return parts.numerator
        decimals = len(str(self._scale)) - 1
        fix = f"Write it with at most {decimals} decimals." if decimals else "Write a whole number."
        self.report(path, "finer_than_currency", "is finer than the currency", fix, raw)
        return UNREAD


def likely(word: str, known: Collection[str]) -> str:
    """Which known word was probably meant; empty when none is near or looking would take long."""
    if len(word) > WORD_CHARACTERS_MAX or len(known) > NAMES_TO_COMPARE_MAX:
        return ""
    return next(iter(get_close_matches(word, sorted(known), n=1)), "")


def did_you_mean(word: str, known: Collection[str]) -> str:
    """The likely word as a remedy; empty when there is none."""
    found = likely(word, known)
    return f"Did you mean {found!r}?" if found else ""


def _is_short(raw: object) -> bool:
    """Whether a number can be worked with: at most 15 digits before the point and few after it."""
    match raw:
        case str():
            return _RATIO.fullmatch(raw) is not None
        case Decimal():
            exponent = raw.as_tuple().exponent
            return isinstance(exponent, int) and exponent >= -DECIMALS_MAX and raw.copy_abs() <= AMOUNT_MAX
        case _:
            return type(raw) is int and abs(raw) <= AMOUNT_MAX


def _example(kind: Any) -> str:  # noqa: ANN401 - a type as typing writes it
    if get_origin(kind) is tuple:
        return "[...]"
    if attrs.has(kind):
        return "{ ... }"
    return f'"{next(iter(kind))}"' if issubclass(kind, StrEnum) else FORMS[kind].example
