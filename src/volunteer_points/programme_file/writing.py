"""Writing a definition as a programme file that reads back to the same definition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import time
from fractions import Fraction
from typing import Any

import attrs

from volunteer_points.commands import Definition
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Condition, Exchange, Item, OwnRule, Parameters, Place, Price
from volunteer_points.programme_file.places import path_text
from volunteer_points.programme_file.tables import PRICED, counts_points, keys_of
from volunteer_points.rules import Deadline, Mark, Stage, When, Window

WIDTH = 100
"""A list that would make a line longer is written with one element on each line."""

BRIEF = (When, Place, Price, Condition, Stage, Mark, Window, Deadline, Exchange, OwnRule, Parameters)
"""What is written in braces on one line; everything else gets a heading of its own."""

HEADINGS: Mapping[str, str] = {
    "structure": "队伍体系 · the structure of teams",
    "teams": "志愿服务队 · teams",
    "households": "家庭 · households",
    "partners": "共建单位 · partners",
    "activities": "志愿服务项目 · activities",
    "currencies": "积分单位 · currencies",
    "rulebooks": "积分管理办法 · rulebooks",
    "catalogue": "兑换目录 · what can be had for points",
    "duties": "职责 · who may do what",
    "funds": "积分基金 · funds",
}


def dumps(definition: Definition) -> str:
    """The text of a programme file for a definition. What is as the library would take it anyway is left out.

    Raises:
        InputError: ``not_text`` for a text that cannot be written in UTF-8.
    """
    keys = keys_of(Definition)
    scales = {currency.id: currency.scale for currency in definition.currencies}
    values = attrs.asdict(definition, recurse=False)
    values |= {name: getattr(definition.calendar, name) for name in attrs.fields_dict(Calendar)}
    changed = {name: values[name] for name, key in keys.items() if values[name] != key.attribute.default}
    headed = {name: value for name, value in changed.items() if _is_headed(value)}
    lines = [f"{name} = {_value(value, 1)}" for name, value in changed.items() if name not in headed]
    for name, value in headed.items():
        lines += ["", f"# --- {HEADINGS[name]} ---"]
        lines += _headed((name,), value, scales, 1)
    return "\n".join(lines) + "\n"


def _is_headed(value: object) -> bool:
    """Whether a value needs a heading: a table, or a list of tables, that is not brief."""
    first = value[0] if isinstance(value, tuple) and value else value
    return attrs.has(type(first)) and not isinstance(first, BRIEF)


def _headed(path: tuple[str, ...], value: object, scales: Mapping[str, int], scale: int) -> Iterator[str]:
    if not isinstance(value, tuple):
        yield from _table(f"[{path_text(path)}]", path, value, scales, scale)
        return
    for each in value:
        yield from _table(f"[[{path_text(path)}]]", path, each, scales, scale)


def _table(heading: str, path: tuple[str, ...], value: Any, scales: Mapping[str, int], scale: int) -> Iterator[str]:  # noqa: ANN401 - any of the model's classes
    """A heading, the keys that stand on one line, and then what has headings of its own."""
    if type(value) in PRICED:
        scale = scales.get(value.currency, 1)
    changed = _changed(value)
    yield from ("", heading)
    for name, part in changed.items():
        if not _is_headed(part):
            yield f"{name} = {_short(value, name, scale)}"
    for name, part in changed.items():
        if _is_headed(part):
            yield from _headed((*path, name), part, scales, scale)


def _changed(value: Any) -> dict[str, object]:  # noqa: ANN401 - any of the model's classes
    """The fields of a value that are not as they would be anyway."""
    fields = {name: key.attribute for name, key in keys_of(value.__class__).items()}
    return {name: part for name, field in fields.items() if (part := getattr(value, name)) != field.default}


def _short(table: Any, name: str, scale: int) -> str:  # noqa: ANN401 - any of the model's classes
    """The value of one field of a table."""
    value = getattr(table, name)
    if counts_points(type(table), name, getattr(table, "of", None)):
        return _value(Fraction(value, scale), scale)
    if isinstance(table, Item) and name == "prices" and _is_plain(value):
        return _value(Fraction(value[0].points, scale), scale)
    return _value(value, scale)


def _is_plain(prices: tuple[Price, ...]) -> bool:
    """Whether there is but one price, in points alone and from no day on."""
    return len(prices) == 1 and prices[0] == Price(points=prices[0].points)


def _value(value: Any, scale: int) -> str:  # noqa: ANN401 - the value of any field
    if isinstance(value, tuple):
        return _list([_value(each, scale) for each in value])
    if isinstance(value, Parameters):
        return f"{{ {', '.join(f'{name} = {_word(each)}' for name, each in value.values)} }}"
    if attrs.has(type(value)):
        parts = (f"{name} = {_short(value, name, scale)}" for name in _changed(value))
        return f"{{ {', '.join(parts)} }}"
    return _word(value)


def _word(value: Any) -> str:  # noqa: ANN401 - the value of any field without parts
    match value:
        case str():
            return _text(value)
        case time():
            return str(value.isoformat("seconds"))
        case Fraction():
            return _number(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)  # whole numbers and days


def _list(parts: list[str]) -> str:
    line = f"[{', '.join(parts)}]"
    return line if len(line) <= WIDTH else "[\n" + "".join(f"    {part},\n" for part in parts) + "]"


def _text(text: str) -> str:
    """A text in quotation marks. JSON's escapes are TOML's, but for one control character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError("not_text", value=ascii(text), fix="Use characters that UTF-8 can write.") from None
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(number: Fraction) -> str:
    """A whole number or a short decimal as it is, and any other as a ratio."""
    if number.denominator == 1:
        return str(number.numerator)
    for digits in range(1, 7):
        shifted = number * 10**digits
        if shifted.denominator == 1:
            sign, (units, parts) = "-" * (number < 0), divmod(abs(shifted.numerator), 10**digits)
            return f"{sign}{units}.{parts:0{digits}d}"
    return f'"{number}"'
