"""Reading a programme file: the text, then its tables, then what must fit together across them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, cast

import attrs

from volunteer_points.commands import Definition
from volunteer_points.decisions import adoption
from volunteer_points.decisions.fitting import misfits, named
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency, OwnRules, Team, TeamStructure
from volunteer_points.programme_file.doubts import doubts
from volunteer_points.programme_file.places import OutOfBounds, Path, Places, find_places
from volunteer_points.programme_file.problems import Problem, ProgrammeFileInvalid
from volunteer_points.programme_file.tables import (
    SCALE_MAX,
    UNREAD,
    Enough,
    Reader,
    did_you_mean,
    keys_of,
)
from volunteer_points.rules import Accrual, Rounding, Rulebook

BYTES_MAX = 1_000_000
"""How large a programme file may be."""

DOUBTS_MAX = 50
"""How many doubts are told."""

GROUPS: Mapping[str, str] = {
    "team": "teams",
    "activity": "activities",
    "slot": "structure.slots",
    "partner": "partners",
    "item": "catalogue",
    "currency": "currencies",
    "fund": "funds",
}
"""The list of the file that holds each kind of thing."""

# What stands in for the parts of a definition that a check does not look at.
_ANY_CALENDAR = Calendar(zone="UTC")
_ANY_ACCRUAL = (Accrual(id="any", fixed=Fraction(1)),)
_NO_TEAMS = TeamStructure(label="", slots=())

_OUT_OF_BOUNDS = {
    "too_deep": ("lies deeper than any programme file needs", "Write fewer dots, lists and braces inside each other."),
    "word_too_long": (
        "is too long for a number, a day or a key",
        'Write text between plain quotation marks, as "...".',
    ),
}
_FULL_WIDTH = re.compile("[“”‘’＂＇，、＝［］【】｛｝]")


def load(
    source: str | os.PathLike[str] | bytes, *, day: date | None = None, own_rules: OwnRules | None = None
) -> Definition:
    """Read a programme file.

    Args:
        source: The file's path, or the bytes of a file that was received.
        day: The day on which the teams must fit the structure; today in the programme's zone if none is given.
        own_rules: The developers' own rules that are there; without them it is left to the adoption to look.

    Raises:
        ProgrammeFileInvalid: it has mistakes, or cannot be opened; all of them are named.
    """
    if isinstance(source, bytes):
        return _loaded(source, "", day, own_rules)
    name = os.fspath(source)
    if "\n" in name:
        raise InputError("text_for_path", value=name[:40], fix="Give the text of a programme to loads().")
    try:
        with FilePath(name).open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Problem(code="file_unreadable", message=f"cannot be opened, {reason}", fix="Check its name.")
        raise ProgrammeFileInvalid("programme_file", source=name, problems=(problem,)) from None
    return _loaded(content, name, day, own_rules)


def loads(text: str, *, source: str = "", day: date | None = None, own_rules: OwnRules | None = None) -> Definition:
    """Read the text of a programme file; see :func:`load`.

    >>> loads('''
    ... name = "赛罕社区"
    ... zone = "Asia/Shanghai"
    ... run_by_one = "founder"
    ... [structure]
    ... label = "free"
    ... slots = []
    ... ''').calendar
    Calendar(zone='Asia/Shanghai', day_starts_at=datetime.time(0, 0))

    Args:
        text: The text.
        source: What to call it in an error.
        day: The day on which the teams must fit the structure; today in the programme's zone if none is given.
        own_rules: The developers' own rules that are there.
    """
    return _loaded(text, source, day, own_rules)


def check(text: str | bytes, *, day: date | None = None, own_rules: OwnRules | None = None) -> tuple[Problem, ...]:
    """Every mistake in the text of a programme file, in the order of lines; empty when it can be adopted."""
    return _read(text, day, own_rules)[1]


def look_over(
    text: str | bytes, *, day: date | None = None, own_rules: OwnRules | None = None
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """The mistakes in a text, and where there are none what is doubtful in it; both in the order of lines.

    What is doubtful can be adopted: a rule that never fits, a cap below the smallest award, a price out of reach.
    """
    definition, problems = _read(text, day, own_rules)
    if definition is None or problems:
        return problems, ()
    reader = Reader(find_places(_decoded(text)), {})
    raw = tomllib.loads(_decoded(text), parse_float=Decimal)
    for path, code, message, fix in doubts(definition, day or _today(definition.calendar)):
        if len(reader.problems) < DOUBTS_MAX:
            reader.report(path, code, message, fix, _standing(raw, path))
    return (), _in_order(reader.problems)


def _loaded(content: str | bytes, source: str, day: date | None, own_rules: OwnRules | None) -> Definition:
    definition, problems = _read(content, day, own_rules)
    if definition is None or problems:
        raise ProgrammeFileInvalid("programme_file", source=source, problems=problems)
    return definition


def _read(
    content: str | bytes, day: date | None, own_rules: OwnRules | None
) -> tuple[Definition | None, tuple[Problem, ...]]:
    try:
        places, raw = _parsed(_decoded(content))
    except _Unreadable as error:
        return None, (error.problem,)
    reader = Reader(places, _scales(raw))
    try:
        definition = _definition(reader, raw, day, own_rules)
    except Enough:
        last = Problem(code="too_many_problems", message="may have more mistakes", fix="Correct these first.")
        return None, (*_in_order(reader.problems), last)
    return definition, _in_order(reader.problems)


def _parsed(text: str) -> tuple[Places, dict[str, Any]]:
    """The tables of a text; first it is made sure that parsing it takes no long time."""
    try:
        return find_places(text), tomllib.loads(text, parse_float=Decimal)
    except OutOfBounds as error:
        message, fix = _OUT_OF_BOUNDS[error.code]
        raise _Unreadable(error.code, message, fix, error.line) from None
    except ValueError as error:
        message, fix, line = _syntax_problem(text, error)
        raise _Unreadable("not_toml", message, fix, line) from None


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line or 0))


class _Unreadable(Exception):
    def __init__(self, code: str, message: str, fix: str, line: int | None = None) -> None:
        super().__init__(code)
        self.problem = Problem(line=line, code=code, message=message, fix=fix)


def _decoded(content: str | bytes) -> str:
    """The text, without the mark that some editors put before it."""
    if isinstance(content, str) and len(content) <= BYTES_MAX:
        content = content.encode(errors="surrogatepass")
    if len(content) > BYTES_MAX:
        fix = "Leave out what is no longer needed; people's names belong to the register."
        raise _Unreadable("too_large", f"is larger than {BYTES_MAX} bytes", fix)
    try:
        return cast("bytes", content).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fix = "Save the file with the encoding UTF-8."
        raise _Unreadable("not_utf8", "is not written in UTF-8", fix, line) from None


def _syntax_problem(text: str, error: ValueError) -> tuple[str, str, int]:
    """What the parser met; it stops at the first place that is no TOML."""
    said, _, place = str(error).partition(" (at ")
    found = re.match(r"line (\d+), column \d+", place)
    lines = text.split("\n")
    line = int(found[1]) if found else len(lines)
    fix = 'Check quotation marks, brackets and the form key = "value" here and on the line before.'
    near_by = "\n".join(lines[max(0, line - 2) : line])
    if full_width := sorted(set(_FULL_WIDTH.findall(near_by))):
        fix = f'Write the plain marks " , = [ ] {{ }} instead of {" ".join(full_width)}, and look for others.'
    words = said[:1].lower() + said[1:].rstrip(".")
    return f"cannot be read as TOML, {words}", fix, line


def _scales(raw: Mapping[str, Any]) -> dict[str, int]:
    """The scale of each currency that is described well enough; the rest is reported when the tables are read."""
    if "currencies" not in raw:
        return {currency.id: currency.scale for currency in keys_of(Definition)["currencies"].attribute.default or ()}
    scales = {}
    for table in raw["currencies"] if isinstance(raw["currencies"], list) else []:
        if isinstance(table, dict):
            try:
                currency = Currency(id=table.get("id", ""), decimals=table.get("decimals", 0))
            except InputError:
                continue
            scales[currency.id] = currency.scale
    return scales


def _definition(reader: Reader, raw: dict[str, Any], day: date | None, own_rules: OwnRules | None) -> Definition | None:
    values = reader.values(Definition, raw, ())
    calendar = _calendar(reader, values, raw)
    day = day or _today(calendar)
    _check_founders(reader, values, raw)
    meant = raw | dict.fromkeys(reader.meant[()])  # what a misspelt list holds is neither there nor missing
    structure = values.get("structure", TeamStructure())
    _check_references(reader, meant, structure)
    _check_circles(reader, meant)
    _check_structure(reader, meant, structure, day)
    _check_days_of_rulebooks(reader, meant)
    _check_rounding(reader, meant)
    if reader.problems:
        return None
    definition = reader.made(Definition, {"calendar": calendar, **values}, (), raw)
    if not isinstance(definition, Definition):
        return None
    placed = tuple(misfits(definition, day, own_rules))
    for misfit in placed:
        message, fix = halves(f"{misfit.wrong}; {misfit.remedy}")
        reader.report(misfit.path, "does_not_fit", message, fix, _standing(raw, misfit.path))
    for sentence in set(adoption.problems(definition, day, own_rules)).difference(map(str, placed)):
        message, fix = halves(sentence)
        reader.report(subject(definition, sentence), "does_not_fit", message, fix)
    return definition


def _standing(raw: object, path: Path) -> object:
    """What the file has at a place, as far as it can be shown in a line."""
    for part in path:
        if isinstance(raw, dict):
            raw = raw.get(str(part), UNREAD)
        elif isinstance(raw, list) and isinstance(part, int):
            raw = raw[part]
    return raw if isinstance(raw, (str, int, Decimal, bool)) else UNREAD


def halves(sentence: str) -> tuple[str, str]:
    """What is wrong and what to do about it, from a sentence that says both around a semicolon."""
    message, _, remedy = sentence.partition("; ")
    return message, f"{remedy[:1].upper()}{remedy[1:]}." if remedy else ""


def subject(definition: Definition, sentence: str) -> Path:
    """The table that a sentence such as ``team x: ...`` begins with; the file as a whole if it begins otherwise."""
    nouns = {"team": "teams", "activity": "activities", "item": "catalogue", "rulebook": "rulebooks"}
    noun, _, rest = sentence.partition(" ")
    tables = getattr(definition, nouns.get(noun, ""), ())
    ids = [table.id for table in tables if rest.startswith((f"{table.id}:", f"{table.id},"))]
    return next(((nouns[noun], number) for number, table in enumerate(tables) if table.id in ids), ())


def _calendar(reader: Reader, values: dict[str, object], raw: dict[str, Any]) -> object:
    """Take the calendar's keys out of those at the top of the file."""
    names = [name for name in attrs.fields_dict(Calendar) if name in values]
    given = {name: values.pop(name) for name in names}
    return UNREAD if UNREAD in given.values() else reader.made(Calendar, given, (), raw)


def _today(calendar: object) -> date:
    now = datetime.now(UTC)
    return calendar.day(now) if isinstance(calendar, Calendar) else now.date()


# --- across tables -----------------------------------------------------------------------------------------------


def _check_founders(reader: Reader, values: Mapping[str, object], raw: Mapping[str, object]) -> None:
    who = {name: values[name] for name in ("founders", "run_by_one") if name in values}
    if UNREAD not in who.values() and reader.meant[()].isdisjoint({"founders", "run_by_one"}):
        bare = {"name": "", "calendar": _ANY_CALENDAR, **who}
        reader.made(Definition, bare, (), raw)


def _check_references(reader: Reader, raw: Mapping[str, Any], structure: object) -> None:
    """Report each name of something that the file does not have."""
    known = {group: _ids(raw[group]) for group in GROUPS.values() if group in raw}
    known.setdefault("currencies", set(_scales(raw)))
    known["structure.slots"] = {slot.id for slot in structure.slots} if isinstance(structure, TeamStructure) else None
    for path, (kind, values) in list(reader.read.items()):
        for way, noun, name in named(kind, values):
            group = GROUPS[noun]
            names = known.get(group, set())
            if names is not None and name not in names:
                fix = did_you_mean(name, names) or f"Add it to [[{group}]], or correct the name."
                reader.report((*path, *way), "unknown_reference", f"is not in {group}", fix, name)


def _ids(group: object) -> set[str] | None:
    """The ids of a list of tables; None when it is no list, which is a mistake of its own."""
    if not isinstance(group, list):
        return None
    return {each["id"] for each in group if isinstance(each, dict) and isinstance(each.get("id"), str)}


def _bare(reader: Reader, raw: Mapping[str, Any], group: str, needed: tuple[str, ...]) -> list[dict[str, Any]] | None:
    """The needed values of each table of a list; None when one of them could not be read.

    So a mistake elsewhere in a table hides nothing, and a table that cannot be counted gives no false alarm.
    """
    tables = raw.get(group, [])
    if not isinstance(tables, list):
        return None
    found: list[dict[str, Any]] = []
    for number, table in enumerate(tables):
        kind, values = reader.read.get((group, number), (None, {}))
        if kind is None:
            return None
        given = [name for name in needed if name in table or keys_of(kind)[name].required]
        if not all(name in values for name in given):
            return None
        found.append({name: values[name] for name in given})
    return found


def _check_circles(reader: Reader, raw: Mapping[str, Any]) -> None:
    """Report each team that is above itself."""
    tables = _bare(reader, raw, "teams", ("id", "parent")) or []
    above = {values["id"]: values.get("parent") for values in tables}
    for number, values in enumerate(tables):
        seen: set[str] = set()
        parent = values.get("parent")
        while parent is not None and parent not in seen and parent != values["id"]:
            seen.add(parent)
            parent = above.get(parent)
        if parent == values["id"]:
            fix = "Give it another parent or none."
            reader.report(("teams", number, "parent"), "circle", "puts the team below itself", fix, values["parent"])


def _check_structure(reader: Reader, raw: Mapping[str, Any], structure: object, day: date) -> None:
    tables = _bare(reader, raw, "teams", ("id", "slot", "parent", "since", "until"))
    if tables is None or not isinstance(structure, TeamStructure):
        return
    slots = {slot.id for slot in structure.slots}
    teams = [Team(name="", **values) for values in tables]
    for number, team in enumerate(teams):
        if team.slot not in slots and team.parent is None and team.active_on(day):
            fix = did_you_mean(team.slot, slots) or "Name a slot of the [structure]."
            reader.report(("teams", number, "slot"), "unknown_slot", "is no slot of the structure", fix, team.slot)
    for sentence in structure.problems(tuple(team for team in teams if team.slot in slots), day):
        fix = "Add or leave out teams of that slot, or describe another [structure]."
        reader.report(("structure" if "structure" in raw else "teams",), "structure", sentence, fix)


def _check_days_of_rulebooks(reader: Reader, raw: Mapping[str, Any]) -> None:
    """Report versions that overlap or leave a gap at the first day of the later one."""
    tables = _bare(reader, raw, "rulebooks", ("id", "since", "until")) or []
    rulebooks = []
    for number, values in enumerate(tables):
        try:
            rulebooks.append((Rulebook(accruals=_ANY_ACCRUAL, **values), number))
        except InputError:
            continue
    rulebooks.sort(key=lambda pair: pair[0].since)
    for (earlier, _), (later, number) in pairwise(rulebooks):
        bare = Definition(
            name="", calendar=_ANY_CALENDAR, run_by_one="bare", structure=_NO_TEAMS, rulebooks=(earlier, later)
        )
        for sentence in adoption.problems(bare, later.since) if earlier.id != later.id else ():
            message, fix = halves(sentence)
            reader.report(("rulebooks", number, "since"), "rulebook_days", message, fix, later.since)


def _check_rounding(reader: Reader, raw: Mapping[str, Any]) -> None:
    """Report what rounds points to less than the smallest part of their currency."""
    for path, (kind, values) in list(reader.read.items()):
        to = values.get("to")
        if kind is Rounding and isinstance(to, Fraction):
            table: Any = raw
            for part in path[:-1]:
                table = table[part]
            currency = table.get("currency", "points")
            scale = reader.scales.get(currency, SCALE_MAX) if isinstance(currency, str) else SCALE_MAX
            if (to * scale).denominator != 1:
                fix = "Round to a multiple of the smallest part of the currency, or give the currency more decimals."
                reader.report((*path, "to"), "finer_than_currency", "is finer than the currency", fix, to)
