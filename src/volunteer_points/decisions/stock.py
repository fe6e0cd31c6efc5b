"""Goods on the shelf: received, written off, counted."""

from __future__ import annotations

from datetime import datetime

from volunteer_points.books import Question
from volunteer_points.commands import CountStock, ReceiveStock, WriteOffStock
from volunteer_points.decisions.case import Case, refuse, taken
from volunteer_points.decisions.redemption import item_question, listed_item, on_hand
from volunteer_points.entries import StockCounted, StockReceived, StockWrittenOff
from volunteer_points.model import Item, Right
from volunteer_points.postings import Account, Posting, Purpose, item_unit


def stock_needs(command: ReceiveStock | WriteOffStock | CountStock) -> tuple[Question[object], ...]:
    """What stock asks first."""
    return (item_question(command.item),)


def _stocked(case: Case, item: str) -> Item:
    found = listed_item(case, item)
    case.authorise(Right.STOCK, partner=found.partner)
    if not found.stocked:
        refuse("not_stocked", item=item)
    case.need(on_hand(found))
    return found


def _shelved(case: Case, item: Item, other: Purpose, parts: dict[datetime | None, int]) -> tuple[Posting, ...]:
    """Postings that move goods onto the shelf (above nought) or off it (below) against another account."""
    unit = item_unit(item.id)
    against = Account(unit, other, item.partner)
    return tuple(
        Posting(account, unit, sign * amount, lot, case.booking_day)
        for lot, amount in parts.items()
        for account, sign in ((on_hand(item).account, 1), (against, -1))
    )


def receive(case: Case, command: ReceiveStock) -> None:
    """Put goods on the shelf."""
    item = _stocked(case, command.item)
    if command.best_before is not None and command.best_before <= case.booked_at:
        refuse("already_past_best", item=item.id, best_before=command.best_before)
    fact = StockReceived(item=item.id, quantity=command.quantity, best_before=command.best_before)
    postings = _shelved(case, item, Purpose.SUPPLIED, {command.best_before: command.quantity})
    case.draft(fact, (item_unit(item.id),), case.booking_day, postings)


def _off_shelf(case: Case, item: Item, quantity: int) -> dict[datetime | None, int]:
    lots = case.ask(on_hand(item))
    if sum(lots.values()) < quantity:
        refuse("out_of_stock", item=item.id, wanted=quantity, on_hand=sum(lots.values()))
    return {lot: -part for lot, part in taken(lots, quantity).items()}


def write_off(case: Case, command: WriteOffStock) -> None:
    """Take lost or spoilt goods off the shelf."""
    item = _stocked(case, command.item)
    parts = _off_shelf(case, item, command.quantity)
    fact = StockWrittenOff(item=item.id, quantity=command.quantity, reason=command.reason)
    case.draft(fact, (item_unit(item.id),), case.booking_day, _shelved(case, item, Purpose.WRITTEN_OFF, parts))


def count(case: Case, command: CountStock) -> None:
    """Bring the books to what was counted."""
    item = _stocked(case, command.item)
    difference = command.counted - sum(case.ask(on_hand(item)).values())
    parts: dict[datetime | None, int] = {None: difference} if difference > 0 else {}
    if difference < 0:
        parts = _off_shelf(case, item, -difference)
    fact = StockCounted(item=item.id, counted=command.counted, difference=difference, reason=command.reason)
    case.draft(fact, (item_unit(item.id),), case.booking_day, _shelved(case, item, Purpose.FOUND, parts))
