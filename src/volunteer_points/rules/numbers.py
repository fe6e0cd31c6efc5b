"""Exact numbers and the ways in which they are rounded."""

from __future__ import annotations

import math
from enum import StrEnum
from fractions import Fraction
from typing import Any

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError


class Direction(StrEnum):
    """Which way a number is rounded."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


def rounded(value: Fraction, step: Fraction, direction: Direction) -> Fraction:
    """The multiple of ``step`` that stands for ``value``.

    >>> rounded(Fraction(70, 3), Fraction(1), Direction.DOWN)
    Fraction(23, 1)
    """
    steps = value / step
    whole: int
    match direction:
        case Direction.DOWN:
            whole = math.floor(steps)
        case Direction.UP:
            whole = math.ceil(steps)
        case Direction.HALF_UP:
            whole = math.floor(steps + Fraction(1, 2))
        case Direction.HALF_EVEN:
            whole = round(steps)
    return whole * step


def above_nought(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a number above nought, or none."""
    if isinstance(value, Fraction) and value <= 0:
        raise InputError("not_positive", field=attribute.name, value=str(value), fix="Give a number above 0.")


def from_nought(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a number of at least nought, or none."""
    if isinstance(value, Fraction) and value < 0:
        raise InputError("negative", field=attribute.name, value=str(value), fix="Give 0 or more.")


def exact_or_none(value: object) -> Fraction | None:
    """The exact number that was written, if one was."""
    return None if value is None else exact(value)


@attrs.frozen(kw_only=True)
class Rounding:
    """The one rounding of points: to a multiple of ``to``, in units of the currency."""

    to: Fraction = attrs.field(default=Fraction(1), converter=exact, validator=above_nought)
    direction: Direction = Direction.DOWN
