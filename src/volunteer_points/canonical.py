"""One canonical form for every value that is written, compared or hashed.

A value has a *plain* form (dicts, lists, strings, whole numbers, booleans) and that has exactly one run of bytes:
JSON with sorted keys, no spaces, UTF-8, no floats. Fields that hold their default are left out, so a field can be
added later without changing the bytes of what was written before.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from volunteer_points.errors import InputError, suggestion

if TYPE_CHECKING:
    from cattrs import Converter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_MAX = 30
_NUMBER = re.compile(rf"[+-]?[0-9]{{1,{_DIGITS_MAX}}}(\.[0-9]{{1,{_DIGITS_MAX}}}|/[0-9]{{1,{_DIGITS_MAX}}})?")
_WRITTEN = re.compile(r"-?[0-9]+(/[0-9]+)?")


def exact(value: object) -> Fraction:
    """The exact number that a person wrote: a whole number, a decimal or a ratio such as ``"1/3"``.

    Raises:
        InputError: ``not_exact`` for floats, booleans and anything that is not a number, and for numbers with more
            than thirty digits before or behind the point: a few letters such as ``1e999999999`` would fill the memory.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _DIGITS_MAX:
        return Fraction(value)
    if (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and _NUMBER.fullmatch(value.strip())
    ):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise InputError("not_exact", value=repr(value), fix="Write a whole number, a decimal or a ratio such as 1/3.")


def in_utc(instant: datetime) -> datetime:
    """The same instant, told in UTC.

    Raises:
        InputError: ``naive_datetime``, or ``not_an_instant`` when it lies outside the calendar.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise InputError("naive_datetime", value=instant.isoformat(), fix="Give the time with its zone.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InputError("not_an_instant", value=instant.isoformat(), fix="Check the year.") from None


def instant_text(instant: datetime) -> str:
    """An aware instant as UTC text with microseconds, one spelling for one instant."""
    return in_utc(instant).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant_from(text: str) -> datetime:
    """The instant that :func:`instant_text` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970-01-01 UTC, for stores that keep instants as numbers."""
    passed = instant - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _refuse(value: object, _type: object) -> NoReturn:
    raise InputError("not_exact", value=repr(value), fix="Write a whole number.")


def _whole(value: object, _type: object) -> int:
    return value if type(value) is int else _refuse(value, _type)


def _ratio(value: object, _type: object) -> Fraction:
    """An exact number; one that was written by this converter is read whatever came of calculating, however long."""
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):  # longer than Python reads, or over nought
            pass
    return exact(value)


def _text(value: object, _type: object) -> str:
    if isinstance(value, str):
        return value
    raise InputError("not_text", value=repr(value), fix="Write it between quotation marks.")


def _truth(value: object, _type: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InputError("not_a_truth_value", value=repr(value), fix="Write true or false.")


def _choice(value: object, kind: type[StrEnum]) -> StrEnum:
    """One of the words of a closed set, which is not to be taken for plain text."""
    try:
        return kind(_text(value, str))
    except ValueError:
        known = [each.value for each in kind]
        fix = f"Write one of {', '.join(known)}. {suggestion(str(value), known)}".strip()
        raise InputError("not_one_of", value=repr(value), known=known, fix=fix) from None


def _day(value: object, _type: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(_text(value, str))
    except ValueError:
        raise InputError("not_a_day", value=repr(value), fix="Write the day as 2026-03-14.") from None


def _instant(value: object, _type: object) -> datetime:
    if isinstance(value, datetime):
        return in_utc(value)
    try:
        return in_utc(datetime.fromisoformat(_text(value, str)))
    except ValueError:
        raise InputError("not_an_instant", value=repr(value), fix="Write 2026-03-14T09:00:00+08:00.") from None


def _time(value: object, _type: object) -> time:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(_text(value, str))
    except ValueError:
        raise InputError("not_a_time", value=repr(value), fix="Write the time as 09:00.") from None


@cache
def converter() -> Converter:
    """What turns values into their plain form and back, made when it is first needed."""
    from cattrs import Converter  # noqa: PLC0415 - takes long to import, and an app imports the library to start
    from cattrs.strategies import configure_union_passthrough  # noqa: PLC0415 - the same

    made = Converter(omit_if_default=True, forbid_extra_keys=True, detailed_validation=False)
    made.register_unstructure_hook(datetime, instant_text)
    made.register_unstructure_hook(date, date.isoformat)
    made.register_unstructure_hook(time, lambda value: value.isoformat("minutes"))
    made.register_unstructure_hook(Fraction, str)
    made.register_structure_hook(datetime, _instant)
    made.register_structure_hook(date, _day)
    made.register_structure_hook(time, _time)
    made.register_structure_hook(Fraction, _ratio)
    made.register_structure_hook(int, _whole)
    made.register_structure_hook(str, _text)
    made.register_structure_hook(bool, _truth)
    made.register_structure_hook(StrEnum, _choice)
    configure_union_passthrough(str | int | bool | None, made)
    return made


_write = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def plain(value: object) -> Any:  # noqa: ANN401 - a plain form is whatever JSON can hold
    """The value as dicts, lists, strings, whole numbers and booleans."""
    return converter().unstructure(value)


def text_of(plain_value: object) -> str:
    """The one JSON text of a plain value."""
    return _write(plain_value)


def canonical_bytes(value: object) -> bytes:
    """The one run of bytes of a value.

    Raises:
        InputError: ``not_text`` when a text holds half a character, which no encoding can write.
    """
    try:
        return _write(converter().unstructure(value)).encode()
    except UnicodeEncodeError as error:
        raise InputError("not_text", value=repr(error.object[error.start : error.end]), fix="Write it anew.") from None


def digest(value: object) -> str:
    """SHA-256 over the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


__all__ = [
    "canonical_bytes",
    "converter",
    "digest",
    "exact",
    "in_utc",
    "instant_from",
    "instant_text",
    "microseconds",
    "plain",
    "text_of",
]
