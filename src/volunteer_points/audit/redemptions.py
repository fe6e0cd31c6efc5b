"""Redemptions and goods: paid at the price in force, resolved once, and every item accounted for."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction

import attrs

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Finding, Values
from volunteer_points.audit.reading import Redemption, Seen, Standing, payer_of
from volunteer_points.canonical import instant_text
from volunteer_points.entries import (
    Cancelled,
    Collected,
    Entry,
    Held,
    Lapsed,
    Returned,
    StockCounted,
    StockReceived,
    StockWrittenOff,
)
from volunteer_points.errors import Refused
from volunteer_points.model import Item, Use, own_facts
from volunteer_points.postings import REDEMPTIONS, Account, Purpose, item_unit, volunteer_holder

CLOSING = (Collected, Cancelled, Lapsed)


def _moved(entry: Entry, purpose: str, unit: str, *, holder: str | None = None, of: str | None = None) -> int:
    """How much of a unit an entry moves into accounts of a purpose."""
    return sum(
        posting.amount
        for posting in entry.postings
        if posting.account.purpose == purpose
        and posting.unit == unit
        and holder in (None, posting.account.holder)
        and of in (None, posting.account.of)
    )


class Funded(Check):
    """VP501: a hold takes price times quantity at the price in force; a collection gives that to the partner, once."""

    id = "VP501"
    kinds = (Held, *CLOSING, Returned)

    def __init__(self) -> None:
        self._missing: set[str] = set()

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare a hold with the catalogue, and what follows it with the hold."""
        fact = seen.entry.fact
        if isinstance(fact, Held):
            self.examined += 1
            yield from self._held(seen, fact, before)
            return
        assert isinstance(fact, (*CLOSING, Returned))  # noqa: S101 - narrows the type
        redemption = before.redemptions.get(fact.redemption)
        status = redemption.status if redemption else "unknown"
        if redemption is None or status != ("collected" if isinstance(fact, Returned) else "held"):
            yield self.finding(
                "not_open",
                ("redemption", fact.redemption),
                *([redemption.evidence] if redemption else []),
                seen.evidence,
                actual={"status": status},
                kind=seen.entry.kind,
            )
        elif isinstance(fact, Collected):
            yield from self._compared(seen, redemption, _capture(seen.entry, redemption), before)
        elif isinstance(fact, Returned):
            yield from self._compared(seen, redemption, _given_back(seen.entry, fact, redemption), before)

    def _held(self, seen: Seen, fact: Held, before: Standing) -> Iterator[Finding]:
        item, day = before.items.get(fact.item), before.calendar.day(seen.entry.booked_at)
        try:
            due = _price(item, fact.volunteer, before, seen.entry.booked_at) if item else _Due()
        except Refused as refusal:
            yield from self._not_priced(seen, fact, refusal)
            return
        price = due.points
        expected = {
            "price": price,
            "points": None if price is None else price * fact.quantity,
            "cash": str(due.cash * fact.quantity),
            "special": due.special,
            "priced_by": _told(due.told),
            "currency": item.currency if item else None,
            "partner": item.partner if item else None,
        }
        actual = {"price": fact.price, "points": fact.points, "cash": str(fact.cash), "special": fact.special}
        actual["priced_by"] = _told(fact.priced_by)
        actual |= {"currency": fact.currency, "partner": fact.partner}
        holder = volunteer_holder(fact.volunteer)
        held = _moved(seen.entry, Purpose.HELD, fact.currency, holder=holder, of=fact.redemption)
        paid = -_moved(seen.entry, Purpose.AVAILABLE, fact.currency, holder=payer_of(fact))
        if (held, paid) != (fact.points, fact.points):
            expected["held"], expected["paid"] = fact.points, fact.points
            actual["held"], actual["paid"] = held, paid
        differs = [name for name, value in expected.items() if actual[name] != value]
        if differs:
            yield self.finding(
                "wrong_price",
                ("redemption", fact.redemption),
                seen.evidence,
                expected={name: expected[name] for name in differs},
                actual={name: actual[name] for name in differs},
                volunteer=fact.volunteer,
                item=fact.item,
                quantity=fact.quantity,
                day=str(day),
                says=_brief(actual, differs, fact.currency, before),
                gives=_brief(expected, differs, fact.currency, before),
            )

    def _not_priced(self, seen: Seen, fact: Held, refusal: Refused) -> Iterator[Finding]:
        """A developer's own rule that is not there, or that does not give what it must."""
        if refusal.code == "own_rule_missing":
            yield from self.missing_rule(seen, refusal, self._missing)
            return
        subject = ("redemption", fact.redemption)
        problem = str(refusal)
        yield self.finding("price_not_computable", subject, seen.evidence, item=fact.item, problem=problem)

    def _compared(
        self, seen: Seen, redemption: Redemption, values: tuple[Values, Values], before: Standing
    ) -> Iterator[Finding]:
        expected, actual = values
        differs = [name for name, value in expected.items() if actual[name] != value]
        if differs:
            yield self.finding(
                "not_funded",
                ("redemption", redemption.held.redemption),
                redemption.evidence,
                seen.evidence,
                expected={name: expected[name] for name in differs},
                actual={name: actual[name] for name in differs},
                kind=seen.entry.kind,
                says=_brief(actual, differs, redemption.held.currency, before),
                gives=_brief(expected, differs, redemption.held.currency, before),
            )


@attrs.frozen
class _Due:
    """What one unit should cost: no points where it is not offered, and the condition of a special price."""

    points: int | None = None
    cash: Fraction = Fraction(0)
    special: str = ""
    told: tuple[tuple[str, str], ...] = ()


def _told(facts: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name} {value}" for name, value in facts)


def _price(item: Item, volunteer: str, before: Standing, at: datetime) -> _Due:
    """The first special price of the day counts whose conditions hold, else the usual price.

    Raises:
        Refused: a developer's own rule is not there or fails.
    """
    day = before.calendar.day(at)
    adopted, listed = before.rulebook_on(day), item.listed_on(day)
    if adopted is not None and item.offered_on(day):
        specials = [price for price in item.special_prices if price.holds_on(day)]
        conditions = [each for price in specials for each in price.conditions]
        facts = before.facts_about(adopted.rulebook, conditions, volunteer, at, item.own)
        for price in specials:
            if facts.unmet(price.conditions) is None:
                return _Due(price.points, price.cash or Fraction(0), price.conditions[0].id)
        currency = before.currency(item.currency)
        scale = currency.scale if currency else 1
        if item.own is not None:
            answer = facts.own(Use.PRICE, item.own, item)
            return _Due(math.ceil(answer.number * scale), told=own_facts(item.own, answer.facts, alone=True))
        exchange = adopted.rulebook.redemption.exchange_for(item)
        if item.worth is not None and exchange is not None:
            return _Due(exchange.price(item.worth, scale))
    return _Due() if listed is None else _Due(listed.points, listed.cash or Fraction(0))


def _brief(values: Values, names: Iterable[str], currency: str, before: Standing) -> Values:
    """The values as a sentence tells them: amounts of points as people write them."""
    points = {"price", "points", "held", "paid", "redeemed", "released"}
    return {name: before.shown(currency, values[name]) if name in points else values[name] for name in names}


def _capture(entry: Entry, redemption: Redemption) -> tuple[Values, Values]:
    """What a collection moves, as it should be and as it is."""
    held = redemption.held
    partner = _moved(entry, Purpose.REDEEMED, held.currency, holder=f"partner:{held.partner}")
    released = -_moved(entry, Purpose.HELD, held.currency, of=held.redemption)
    return {"redeemed": held.points, "released": held.points}, {"redeemed": partner, "released": released}


def _given_back(entry: Entry, fact: Returned, redemption: Redemption) -> tuple[Values, Values]:
    """What a return gives back, as it should be and as it is; no more than what is still out."""
    held = redemption.held
    quantity = min(fact.quantity, held.quantity - redemption.returned)
    partner = -_moved(entry, Purpose.REDEEMED, held.currency, holder=f"partner:{held.partner}")
    expected = {"quantity": quantity, "points": held.price * quantity, "redeemed": held.price * quantity}
    return expected, {"quantity": fact.quantity, "points": fact.points, "redeemed": partner}


class HoldsClosed(Check):
    """VP503: no hold is open past its end, and what is held is what the open holds say, unit by unit."""

    id = "VP503"

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare the accounts with the redemptions, and the ends of open ones with the time of the audit."""
        standing = end.standing
        held: dict[str, dict[str, int]] = defaultdict(dict)
        for (account, unit, lot), amount in standing.balances.items():
            if account.purpose == Purpose.HELD:
                line = _line(account, unit, lot)
                held[account.of][line] = held[account.of].get(line, 0) + amount
        self.examined = len(standing.redemptions)
        for name in standing.redemptions.keys() | held.keys():
            redemption = standing.redemptions.get(name)
            expected = _still_held(redemption)
            if held.get(name, {}) != expected:
                evidence = [redemption.evidence] if redemption else []
                subject = ("redemption", name)
                yield self.finding("held_differs", subject, *evidence, expected=expected, actual=held.get(name, {}))
            if redemption is not None and redemption.status == "held" and redemption.held.held_until <= end.as_of:
                yield self._overdue(redemption, end)

    def _overdue(self, redemption: Redemption, end: End) -> Finding:
        held = redemption.held
        return self.finding(
            "overdue",
            ("redemption", held.redemption),
            redemption.evidence,
            expected={"held_until": instant_text(held.held_until)},
            actual={"open_at": instant_text(end.as_of)},
            until=end.standing.clock(held.held_until),
            volunteer=held.volunteer,
            points=end.standing.shown(held.currency, held.points),
            item=held.item,
            quantity=held.quantity,
        )


def _line(account: Account, unit: str, lot: datetime | None) -> str:
    """Where something is held: the holder and the unit; a counted redemption also has its end."""
    until = f" until {instant_text(lot)}" if unit == REDEMPTIONS and lot else ""
    return f"{account.holder} {unit}{until}"


def _still_held(redemption: Redemption | None) -> dict[str, int]:
    """What a redemption holds, by holder and unit; nothing once it is resolved."""
    if redemption is None or redemption.status != "held":
        return {}
    held = redemption.held
    holder = volunteer_holder(held.volunteer)
    amounts = {
        f"{holder} {held.currency}": held.points,
        f"{holder} {item_unit(held.item)}": held.quantity,
        f"{holder} {REDEMPTIONS} until {instant_text(held.held_until)}": 1,
    }
    return {line: amount for line, amount in amounts.items() if amount}


_PARTS: Mapping[str, tuple[str, int]] = {
    "received": (Purpose.SUPPLIED, -1),
    "found": (Purpose.FOUND, -1),
    "on_hand": (Purpose.ON_HAND, 1),
    "reserved": (Purpose.HELD, 1),
    "collected": (Purpose.COLLECTED, 1),
    "written_off": (Purpose.WRITTEN_OFF, 1),
}
"""Each part with the purpose of its accounts and the sign of what they hold."""


class StockConserved(Check):
    """VP506: of every item, what came in is on the shelf, reserved, given out or written off, and never below nought.

    What was booked is followed fact by fact and compared with the accounts at the end.
    """

    id = "VP506"
    kinds = (StockReceived, StockWrittenOff, StockCounted, Held, *CLOSING, Returned)

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, int]] = {}
        self._short: set[str] = set()

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Follow the goods."""
        fact = seen.entry.fact
        item, changes = _goods(fact, before)
        if not changes:
            return
        parts = self._parts.setdefault(item, dict.fromkeys(_PARTS, 0))
        for part, change in changes.items():
            parts[part] += change
        there, subject, kind = parts["on_hand"], ("item", item), seen.entry.kind
        if isinstance(fact, StockCounted) and fact.counted != there:
            expected, actual = {"counted": there}, {"counted": fact.counted}
            yield self.finding("count_differs", subject, seen.evidence, expected=expected, actual=actual)
        if there < 0 and item not in self._short:
            self._short.add(item)
            expected, actual = {"at_least": 0}, {"on_hand": there}
            yield self.finding(
                "stock_below_nought", subject, seen.evidence, expected=expected, actual=actual, kind=kind
            )

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare what was booked with what the accounts hold."""
        accounts = _shelves(end.standing, self._parts)
        self.examined = len(accounts)
        for item, actual in accounts.items():
            expected = self._parts.get(item, dict.fromkeys(_PARTS, 0))
            differs = [part for part in _PARTS if expected[part] != actual[part]]
            if differs:
                yield self.finding(
                    "stock_differs",
                    ("item", item),
                    expected={part: expected[part] for part in differs},
                    actual={part: actual[part] for part in differs},
                )


def _goods(fact: object, before: Standing) -> tuple[str, Mapping[str, int]]:
    """Which item a fact moves, and by how much each part changes; nothing for a redemption that nobody knows."""
    match fact:
        case StockReceived():
            return fact.item, {"received": fact.quantity, "on_hand": fact.quantity}
        case StockWrittenOff():
            return fact.item, {"on_hand": -fact.quantity, "written_off": fact.quantity}
        case StockCounted():
            return fact.item, {"found": fact.difference, "on_hand": fact.difference}
        case Held():
            item = before.items.get(fact.item)
            return fact.item, _reserved(fact.quantity, stocked=item.stocked if item else True)
        case Collected() | Cancelled() | Lapsed() | Returned():
            redemption = before.redemptions.get(fact.redemption)
            return (redemption.held.item, _resolved(fact, redemption, before)) if redemption else ("", {})
    return "", {}


def _reserved(quantity: int, *, stocked: bool) -> Mapping[str, int]:
    """A hold takes from the shelf; what is not stocked comes in when it is held."""
    return {"on_hand": -quantity, "reserved": quantity} if stocked else {"received": quantity, "reserved": quantity}


def _resolved(
    fact: Collected | Cancelled | Lapsed | Returned, redemption: Redemption, before: Standing
) -> Mapping[str, int]:
    quantity = redemption.held.quantity
    if isinstance(fact, Collected):
        return {"reserved": -quantity, "collected": quantity}
    if not isinstance(fact, Returned):
        return {part: -change for part, change in _reserved(quantity, stocked=redemption.stocked).items()}
    item = before.items.get(redemption.held.item)
    stocked = item.stocked if item else redemption.stocked
    if fact.damaged:
        return {"collected": -fact.quantity, "written_off": fact.quantity}
    return {"collected": -fact.quantity, **({"on_hand": fact.quantity} if stocked else {"received": -fact.quantity})}


def _shelves(standing: Standing, booked: Iterable[str]) -> dict[str, dict[str, int]]:
    """What the accounts hold of every item that was booked or lies anywhere."""
    kept: dict[str, Counter[str]] = {item_unit(item): Counter() for item in booked}
    for (account, unit, _), amount in standing.balances.items():
        if unit.startswith(item_unit("")):
            kept.setdefault(unit, Counter())[account.purpose] += amount
    return {
        unit.removeprefix(item_unit("")): {part: sign * held[purpose] for part, (purpose, sign) in _PARTS.items()}
        for unit, held in kept.items()
    }
