"""Places in the tables of a programme file, and the file once more with something else written at some of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from volunteer_points.errors import InputError


def found_at(tables: Mapping[str, Any], place: str) -> object:
    """What stands at a place such as ``rulebooks.2026.caps.per-day``: keys, and ids or numbers of list elements.

    Raises:
        InputError: ``no_such_place``.
    """
    here: object = tables
    for step in place.split("."):
        here = _step(here, step, place)
    return here


def switched(tables: Mapping[str, Any], switches: Mapping[str, object]) -> dict[str, Any]:
    """The same tables with other values at some places; the last key of a place need not be there yet.

    >>> switched({"rulebooks": [{"id": "a", "notice_days": 3}]}, {"rulebooks.a.notice_days": 5})
    {'rulebooks': [{'id': 'a', 'notice_days': 5}]}
    """
    changed = deepcopy(dict(tables))
    for place, value in switches.items():
        *above, last = place.split(".")
        table = found_at(changed, ".".join(above)) if above else changed
        if isinstance(table, list):
            table[_number(table, last, place)] = value
        elif isinstance(table, dict):
            table[last] = value
        else:
            raise InputError("no_such_place", place=place, fix="Name a key of a table or an element of a list.")
    return changed


def _step(here: object, step: str, place: str) -> object:
    if isinstance(here, list):
        return here[_number(here, step, place)]
    if isinstance(here, Mapping) and step in here:
        return here[step]
    raise InputError("no_such_place", place=place, at=step, fix="Write keys and ids with dots between them.")


def _number(elements: list[Any], step: str, place: str) -> int:
    """Which element of a list has that id, or that number where it has none."""
    for number, each in enumerate(elements):
        if step == (str(each.get("id", number)) if isinstance(each, dict) else str(number)):
            return number
    raise InputError("no_such_place", place=place, at=step, fix="Name an element by its id, or by its number from 0.")


def as_toml(tables: Mapping[str, Any]) -> str:
    """The text of a programme file with these tables, each key of the top on a line of its own."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in tables.items())


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case dict():
            return "{" + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(_value(each) for each in value) + "]"
        case _:
            return str(value)
