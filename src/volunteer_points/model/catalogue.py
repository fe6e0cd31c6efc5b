"""What can be had for points: currencies, items, their prices, and limits on redeeming."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import attrs

from volunteer_points.errors import InputError
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


@attrs.frozen(kw_only=True)
class Price:
    """What one unit of an item costs from a day on, in whole smallest parts of the currency; nought is allowed."""

    points: int = attrs.field(validator=not_negative)
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))


@attrs.frozen(kw_only=True)
class Limit:
    """At most so many redemptions, or units of items, per person or household in a period."""

    at_most: int = attrs.field(validator=positive)
    per: Period
    of: str = attrs.field(default="units", validator=attrs.validators.in_(["units", "redemptions"]))
    by: str = attrs.field(default="volunteer", validator=attrs.validators.in_(["volunteer", "household"]))
    item: str | None = None


@attrs.frozen(kw_only=True)
class Item:
    """A catalogue item: a good with stock or a service without, given by a partner, at dated prices."""

    id: str = attrs.field(validator=identifier)
    name: str
    partner: str = attrs.field(validator=identifier)
    prices: tuple[Price, ...] = attrs.field(validator=attrs.validators.min_len(1))
    kind: ItemKind = ItemKind.GOOD
    stocked: bool = True
    returnable: bool = True
    currency: str = "points"
    aliases: tuple[str, ...] = ()
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))

    def __attrs_post_init__(self) -> None:
        days = [price.since for price in self.prices]
        later = [day for day in days[1:] if day is not None]
        if len(later) != len(days) - 1 or sorted({*later}) != later or (days[0] and later and later[0] <= days[0]):
            raise InputError("price_dates", item=self.id, fix="Give each price after the first a later 'since' day.")

    def price_on(self, day: date) -> int | None:
        """Points for one unit on that day; None when it is not offered then."""
        if (self.since and day < self.since) or (self.until and day >= self.until):
            return None
        return next((p.points for p in reversed(self.prices) if p.since is None or p.since <= day), None)
