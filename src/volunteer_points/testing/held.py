"""Which numbers of a programme file its cases do not hold: they could be written wrongly and every case would pass."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from volunteer_points.errors import InputError
from volunteer_points.testing.cases import CaseOfRules, read_cases, run_case
from volunteer_points.testing.switches import as_toml, switched

ROUNDED = frozenset({"worth", "money", "decimals", "above"})
"""What is rounded before it shows, or may lie anywhere between two blocks: one of its neighbours must be noticed."""


def numbers_not_held(programme_text: str, cases_text: str) -> tuple[str, ...]:
    """The numbers and days of rules and prices that could be one step higher or lower without any case failing.

    Each is told by its place with what could stand there instead. Days from which rulebooks and prices hold are left
    out, and so is whatever the file would not be valid with.

    Raises:
        InputError: one of the files cannot be understood.
    """
    tables = tomllib.loads(programme_text, parse_float=Decimal)
    cases = read_cases(cases_text).cases
    looked_at = {group: tables[group] for group in ("rulebooks", "catalogue") if group in tables}
    found = []
    for place, value in _numbers(looked_at, ""):
        missed = [other for other in _neighbours(value) if not _noticed(tables, place, other, cases)]
        if missed and (len(missed) > 1 or place.rpartition(".")[2] not in ROUNDED):
            found += [f"{place}: {value} could be {other}" for other in missed]
    return tuple(found)


def _numbers(value: object, place: str) -> Iterator[tuple[str, int | Decimal | date]]:
    """Every number and day below a place; elements of lists by their ids, or by their numbers."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key != "since":
                yield from _numbers(each, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            name = each.get("id", number) if isinstance(each, dict) else number
            yield from _numbers(each, f"{place}.{name}")
    elif isinstance(value, int | Decimal | date) and not isinstance(value, bool):
        yield place, value


def _neighbours(value: int | Decimal | date) -> tuple[Any, ...]:
    """One step up and one step down; below nought nothing is counted."""
    if isinstance(value, date):
        return value + timedelta(days=1), value - timedelta(days=1)
    step = Decimal("0.1") if isinstance(value, Decimal) else 1
    return (value + step, value - step) if value else (value + step,)


def _noticed(tables: Mapping[str, Any], place: str, other: object, cases: tuple[CaseOfRules, ...]) -> bool:
    """Whether a case fails, or the file is no longer valid, with another number at a place."""
    text = as_toml(switched(tables, {place: other}))
    try:
        return any(not run_case(text, case).holds for case in cases)
    except InputError:
        return True
