"""What can be had for points: currencies, items, their prices, and limits on redeeming."""

from __future__ import annotations

import math
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError
from volunteer_points.model.conditions import Condition
from volunteer_points.model.own import OwnRule
from volunteer_points.model.values import RESERVED_UNITS, Period, calendar_day, identifier, not_negative, positive


@attrs.frozen(kw_only=True)
class Currency:
    """What is earned. Amounts are whole numbers of its smallest part: with one decimal, 811 means 81.1."""

    id: str = attrs.field(validator=identifier)
    name: str = "积分"
    decimals: int = attrs.field(default=0, validator=not_negative)

    def __attrs_post_init__(self) -> None:
        if self.decimals > 6:  # noqa: PLR2004 - beyond six decimals nobody counts points
            raise InputError("too_many_decimals", currency=self.id, decimals=self.decimals, most=6)
        if self.id in RESERVED_UNITS:
            raise InputError("bad_id", field="id", value=repr(self.id), fix="The ledger counts that already.")

    @property
    def scale(self) -> int:
        """How many smallest parts make one."""
        return int(10**self.decimals)

    def shown(self, amount: int) -> str:
        """The amount as people write it: 811 with one decimal is ``81.1``."""
        if not self.decimals:
            return str(amount)
        units, parts = divmod(abs(amount), self.scale)
        return f"{'-' if amount < 0 else ''}{units}.{parts:0{self.decimals}d}"


class ItemKind(StrEnum):
    """What a catalogue item is."""

    GOOD = "good"
    SERVICE = "service"
    VOUCHER = "voucher"
    DISCOUNT = "discount"
    HONOUR = "honour"


def _money(value: object) -> Fraction | None:
    return None if value is None else exact(value)


def _not_below_nought(instance: object, attribute: attrs.Attribute[Any], value: Fraction | None) -> None:
    if value is not None and value < 0:
        raise InputError("negative", field=attribute.name, value=str(value), fix="Give 0 or more.")


@attrs.frozen(kw_only=True)
class Price:
    """What one unit of an item costs from a day on, in whole smallest parts of the currency; nought is allowed.

    ``cash`` is what is paid besides in money; it is written down and handled elsewhere.
    """

    points: int = attrs.field(validator=not_negative)
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    cash: Fraction | None = attrs.field(default=None, converter=_money, validator=_not_below_nought)


@attrs.frozen(kw_only=True)
class SpecialPrice:
    """A price for whom its conditions hold, from a day on and before another; it stands in place of the usual one."""

    points: int = attrs.field(validator=not_negative)
    conditions: tuple[Condition, ...] = attrs.field(validator=attrs.validators.min_len(1))
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    cash: Fraction | None = attrs.field(default=None, converter=_money, validator=_not_below_nought)
    clause: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether it is offered on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@attrs.frozen(kw_only=True)
class Exchange:
    """How points stand for money in pricing goods: ``points`` for ``money``, at one partner or at all."""

    money: Fraction = attrs.field(converter=exact)
    points: Fraction = attrs.field(default=Fraction(1), converter=exact)
    partner: str | None = None
    clause: str = ""

    def __attrs_post_init__(self) -> None:
        if self.money <= 0 or self.points <= 0:
            raise InputError("not_positive", field="money", value=str(self.money), fix="Give numbers above 0.")

    def price(self, worth: Fraction, scale: int) -> int:
        """Smallest parts of points for goods of that worth; a part that is begun is paid in full."""
        return math.ceil(worth * self.points / self.money * scale)


class LimitOf(StrEnum):
    """What a limit counts."""

    UNITS = "units"
    REDEMPTIONS = "redemptions"
    POINTS = "points"


class LimitBy(StrEnum):
    """Whose redemptions a limit counts together."""

    VOLUNTEER = "volunteer"
    HOUSEHOLD = "household"
    EVERYBODY = "everybody"
    """All together, for each item on its own."""


@attrs.frozen(kw_only=True)
class Limit:
    """At most so many redemptions, units of items or points in a period: of everything, or of one item."""

    at_most: int = attrs.field(validator=positive)
    per: Period
    of: LimitOf = LimitOf.UNITS
    by: LimitBy = LimitBy.VOLUNTEER
    item: str | None = None
    currency: str = "points"
    clause: str = ""

    def counts(self, item: Item) -> bool:
        """Whether redemptions of this item are counted."""
        return self.item in {None, item.id} and (self.of is not LimitOf.POINTS or self.currency == item.currency)


@attrs.frozen(kw_only=True)
class Item:
    """A catalogue item: a good with stock or a service without, given by a partner, at dated prices.

    Instead of prices it may have a ``worth`` in money, which the rulebook's exchange turns into points, or an own rule.
    """

    id: str = attrs.field(validator=identifier)
    name: str
    partner: str = attrs.field(validator=identifier)
    prices: tuple[Price, ...] = ()
    kind: ItemKind = ItemKind.GOOD
    stocked: bool = True
    returnable: bool = True
    currency: str = "points"
    aliases: tuple[str, ...] = ()
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    worth: Fraction | None = attrs.field(default=None, converter=_money, validator=_not_below_nought)
    special_prices: tuple[SpecialPrice, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """What must hold for whoever redeems it."""
    own: OwnRule | None = None
    """A developer's own rule that gives the price."""

    def __attrs_post_init__(self) -> None:
        if sum((bool(self.prices), self.worth is not None, self.own is not None)) != 1:
            raise InputError("price_missing", item=self.id, fix="Give one of 'prices', 'worth' and 'own'.")
        days = [price.since for price in self.prices]
        later = [day for day in days[1:] if day is not None]
        unordered = self.prices and len(later) != len(days) - 1
        if unordered or sorted({*later}) != later or (days and days[0] and later and later[0] <= days[0]):
            raise InputError("price_dates", item=self.id, fix="Give each price after the first a later 'since' day.")

    def offered_on(self, day: date) -> bool:
        """Whether it can be redeemed on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def listed_on(self, day: date) -> Price | None:
        """The usual price on that day; None when it is not offered then or is priced otherwise."""
        if not self.offered_on(day):
            return None
        return next((price for price in reversed(self.prices) if price.since is None or price.since <= day), None)

    def price_on(self, day: date) -> int | None:
        """The points of the usual price on that day, for one unit; None when there is none."""
        listed = self.listed_on(day)
        return None if listed is None else listed.points
