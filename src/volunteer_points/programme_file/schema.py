"""A JSON Schema of the programme file, for editors that complete and check while somebody types."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from typing import Any, get_args, get_origin

import attrs

from volunteer_points.commands import Definition
from volunteer_points.model import Item, LimitOf, Parameters, not_negative, positive
from volunteer_points.programme_file.meanings import meaning_of, purpose_of
from volunteer_points.programme_file.tables import Key, counts_points, keys_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_EXACT = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^-?[0-9]{1,15}(/[0-9]{1,15}|\\.[0-9]{1,12})?$"}]}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_HOUR = {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:00)?$"}
_LEAVES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Fraction: _EXACT,
    date: _DAY,
    time: _HOUR,
}
_LEAST = {positive: 1, not_negative: 0}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12). What must fit together across tables is only found by a check."""
    waiting: list[type] = [Definition]
    described: dict[str, Any] = {}
    while waiting:
        kind = waiting.pop()
        if kind.__name__ not in described:
            described[kind.__name__] = _table(kind)
            waiting += [
                part
                for key in keys_of(kind).values()
                if attrs.has(part := _element(key.kind)) and part is not Parameters
            ]
    return {
        "$schema": DRAFT,
        "title": "volunteer-points programme file",
        "$ref": "#/$defs/Definition",
        "$defs": dict(sorted(described.items())),
    }


def _element(kind: Any) -> Any:  # noqa: ANN401 - a type as typing writes it
    return get_args(kind)[0] if get_origin(kind) is tuple else kind


def _table(kind: type) -> dict[str, Any]:
    keys = keys_of(kind)
    return {
        "type": "object",
        "description": purpose_of(kind),
        "properties": {name: _key(kind, name, key) for name, key in keys.items()},
        "required": [name for name, key in keys.items() if key.required],
        "additionalProperties": False,
    }


def _key(kind: type, name: str, key: Key) -> dict[str, Any]:
    in_points = counts_points(kind, name, LimitOf.POINTS)
    described = _EXACT if in_points else _value(key.kind)
    allowed = choices(key)
    if allowed:
        described = {"enum": allowed}
    elif key.kind is int and not in_points and key.attribute.validator is not None:
        described = {**described, **_bounds(key.attribute.validator)}
    if (kind, name) == (Item, "prices"):
        described = {"anyOf": [_EXACT, described]}
    return {**described, "description": meaning_of(kind, name)}


def _value(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a type as typing writes it
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _value(get_args(kind)[0])}
    if kind is Parameters:
        return {"type": "object", "additionalProperties": {"type": ["number", "string"]}}
    if attrs.has(kind):
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if issubclass(kind, StrEnum):
        return {"enum": [str(word) for word in kind]}
    return _LEAVES[kind]


def choices(key: Key) -> list[str]:
    """The words that may stand under a key, where they are few and known; empty otherwise."""
    validator: Any = key.attribute.validator
    of_words = isinstance(key.kind, type) and issubclass(key.kind, StrEnum)
    if of_words and validator is None:
        return [str(word) for word in key.kind]
    if of_words:
        return [str(word) for word in key.kind if key.allows(word)]
    options = getattr(validator, "options", None)
    return [str(word) for word in options] if options is not None and key.kind is str else []


def _bounds(validator: Any) -> dict[str, int]:  # noqa: ANN401 - what attrs keeps for several validators
    inner = getattr(validator, "validator", validator)
    found: dict[str, int] = {}
    for each in getattr(inner, "_validators", (inner,)):
        if each in _LEAST:
            found["minimum"] = _LEAST[each]
    return found
