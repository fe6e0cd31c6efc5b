"""Goods on the shelf: what comes, goes, spoils and is counted adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import DEFINITION, REASON, Community, at, definition, fact
from volunteer_points.commands import Adopt, CountStock, ReceiveStock, WriteOffStock
from volunteer_points.entries import StockCounted, StockReceived, StockWrittenOff
from volunteer_points.errors import InputError
from volunteer_points.model import Duty, Right
from volunteer_points.postings import Account, Posting, Purpose

SOON, LATER = at("2026-04-01T00:00"), at("2026-05-01T00:00")

StockCommand = ReceiveStock | WriteOffStock | CountStock


def receive(quantity: int, best_before: datetime | None = None, item: str = "rice") -> ReceiveStock:
    return ReceiveStock(item=item, quantity=quantity, best_before=best_before)


def write_off(quantity: int, item: str = "rice") -> WriteOffStock:
    return WriteOffStock(item=item, quantity=quantity, reason=REASON)


def count(counted: int, item: str = "rice") -> CountStock:
    return CountStock(item=item, counted=counted, reason=REASON)


def test_what_is_received_lies_on_the_shelf_of_its_partner() -> None:
    community = Community()
    entries = community.run(receive(3, SOON), actor="shop")
    assert fact(entries, StockReceived) == StockReceived(item="rice", quantity=3, best_before=SOON)
    supplied = Posting(Account("item:rice", Purpose.SUPPLIED, "grain"), "item:rice", -3, SOON, entries[0].on)
    assert supplied in entries[0].postings
    assert community.shelf("rice") == {SOON: 3}


def test_goods_are_received_up_to_their_best_before_instant_and_not_at_it() -> None:
    community = Community()
    community.refuses("already_past_best", receive(1, SOON), actor="shop", at=SOON)
    community.run(receive(1, SOON), actor="shop", at=SOON - timedelta(microseconds=1))


def test_goods_that_spoil_first_are_written_off_first() -> None:
    community = Community()
    for quantity, best_before in ((2, None), (2, LATER), (2, SOON)):
        community.run(receive(quantity, best_before), actor="shop")
    entries = community.run(write_off(3), actor="shop", at=SOON)
    assert fact(entries, StockWrittenOff).quantity == 3
    assert community.shelf("rice") == {LATER: 1, None: 2}


@pytest.mark.parametrize("quantity, enough", [(2, True), (3, False)])
def test_no_more_is_written_off_than_is_there(quantity: int, enough: bool) -> None:  # noqa: FBT001
    community = Community()
    community.run(receive(2), actor="shop")
    if enough:
        community.run(write_off(quantity), actor="shop")
        assert community.shelf("rice") == {}
    else:
        facts = community.refuses("out_of_stock", write_off(quantity), actor="shop")
        assert (facts["wanted"], facts["on_hand"]) == (3, 2)


@pytest.mark.parametrize("counted, difference, shelf", [
    (6, 2, {SOON: 2, None: 4}),
    (4, 0, {SOON: 2, None: 2}),
    (1, -3, {None: 1}),
    (0, -4, {}),
])  # fmt: skip
def test_a_count_brings_the_books_to_what_is_there(
    counted: int, difference: int, shelf: dict[datetime | None, int]
) -> None:
    community = Community()
    community.run(receive(2), actor="shop")
    community.run(receive(2, SOON), actor="shop")
    entries = community.run(count(counted), actor="shop")
    assert fact(entries, StockCounted).difference == difference
    assert community.shelf("rice") == shelf
    assert bool(entries[0].postings) is bool(difference)


@pytest.mark.parametrize("make", [receive, write_off, count])
def test_stock_is_for_items_with_a_shelf_and_people_with_the_duty(make: Callable[..., StockCommand]) -> None:
    community = Community(definition(duties=(*DEFINITION.duties, Duty(actor="hall", may=(Right.STOCK,)))))
    community.refuses("unknown_item", make(1, item="gold"), actor="shop")
    community.refuses("not_stocked", make(1, item="haircut"), actor="hall")
    community.refuses("not_authorised", make(1, item="haircut"), actor="shop")
    community.refuses("not_authorised", make(1), actor="leader")
    rest = attrs.evolve(DEFINITION, catalogue=DEFINITION.catalogue[1:])
    community.run(Adopt(definition=rest, author="founder-a"), actor="founder-b")
    community.refuses("unknown_item", make(1), actor="founder-a")


@pytest.mark.parametrize("quantity", [0, -1, 1.0, True, "1", 10**15 + 1])
def test_a_quantity_is_a_whole_number_of_at_least_one(quantity: object) -> None:
    for make in (receive, write_off):
        with pytest.raises(InputError):
            make(quantity)  # type: ignore[arg-type]


@pytest.mark.parametrize("counted", [-1, 0.0, False])
def test_what_is_counted_is_a_whole_number_of_at_least_nought(counted: object) -> None:
    with pytest.raises(InputError):
        count(counted)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from(["receive", "off", "count"]), st.integers(0, 9), st.sampled_from([None, LATER])))
)
def test_received_and_found_are_on_hand_or_written_off(steps: list[tuple[str, int, datetime | None]]) -> None:
    community = Community()
    on_hand = gone = came = 0
    for what, number, best_before in steps:
        if what == "receive" and number:
            community.run(receive(number, best_before), actor="shop")
            on_hand, came = on_hand + number, came + number
        elif what == "off" and 0 < number <= on_hand:
            community.run(write_off(number), actor="shop")
            on_hand, gone = on_hand - number, gone + number
        elif what == "count":
            community.run(count(number), actor="shop")
            came, on_hand = came + number - on_hand, number
    assert sum(community.shelf("rice").values()) == on_hand == came - gone
    assert all(amount > 0 for amount in community.shelf("rice").values())
