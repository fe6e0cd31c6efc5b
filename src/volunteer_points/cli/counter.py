"""The counter at the command line: goods and services held, collected, cancelled, returned; and the shelf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import Undo, points_data, points_shown, write_one_reasoned, written
from volunteer_points.cli.output import Answer, Line, Part, Table
from volunteer_points.cli.records import NOTE, REASON
from volunteer_points.cli.verbs import noun, option, verb
from volunteer_points.commands import Cancel, Collect, CountStock, ReceiveStock, Redeem, Return, WriteOffStock
from volunteer_points.decisions.redemption import RedemptionState
from volunteer_points.entries import Held, ItemListed, StockCounted
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import Item, Right
from volunteer_points.programme import Outcome

_QUANTITY = option("--quantity", type=int, default=1, show_default=True, metavar="N", en="How many.", zh="数量。")

# --- redeem, holds, code -----------------------------------------------------------------------------------------


@verb(
    "redeem",
    key=True,
    zh="为志愿者预留物资或服务，并开具领取码。\n\n积分同时预留；到期未领取，积分退回、物资放回。",
    examples=("volunteer-points redeem 张伟 大米", "volunteer-points redeem v-7k3m9qrt2x rice --quantity 2"),
)
@click.argument("person")
@click.argument("item")
@_QUANTITY
@option("--until", metavar="TIME", en="Until when it is held. [the rulebook's days]", zh="预留到何时。[默认按办法规定]")
def redeem(desk: Desk, *, person: str, item: str, quantity: int, until: str | None) -> Answer:
    """Hold an item for a volunteer and print its collection code.

    The points are held with it. What is not collected in time goes back, points and goods.
    """
    command = Redeem(
        volunteer=desk.person(person),
        item=desk.thing("item", item),
        quantity=quantity,
        held_until=desk.instant(until) if until else None,
    )
    outcome = desk.write(command)
    held = outcome.fact(Held)
    state = desk.programme.redemption(held.redemption)
    undo = Undo(desk.command("cancel", held.redemption, as_self=True))
    if state.status != "held":
        return written(desk, outcome, undo, data={"redemption": held.redemption, "status": state.status})
    code, parts = _new_code(desk, state, again=outcome.replayed)
    return written(desk, outcome, undo, also=parts, data={"redemption": held.redemption, "code": code})


def _new_code(desk: Desk, state: RedemptionState, *, again: bool) -> tuple[str, tuple[Part, ...]]:
    code = desk.people.issue_code(state.held.redemption, state.held.held_until)
    until = desk.shown(state.held.held_until)
    parts: list[Part] = [
        Line(desk.say(f"Collection code: {code}  (until {until})", f"领取码：{code}（{until} 前有效）"), "head")
    ]
    if again:
        parts.append(desk.say("It replaces every earlier code of this redemption.", "以前开具的领取码从现在起作废。"))
    balance = desk.programme.balance(state.held.volunteer, state.held.currency)
    left = points_shown(desk, balance.available, state.held.currency)
    parts.append(desk.say(f"Left to spend: {left}", f"剩余可用：{left}"))
    return code, tuple(parts)


@verb("holds", zh="列出已预留、等待领取的兑换，先到期的在前。", examples=("volunteer-points holds",))
@option("--overdue", is_flag=True, en="Only those whose time is over.", zh="只看已过期的。")
def holds(desk: Desk, overdue: bool) -> Answer:
    """List what is held and waits to be collected, the first to end first."""
    now = desk.now()
    states = desk.programme.open_redemptions(due=now if overdue else None)
    desk.look_up(state.held.volunteer for state in states)
    data = {"redemptions": [_hold_data(desk, state, now) for state in states]}
    if not states:
        return Answer(data, (Line(desk.say("Nothing waits to be collected.", "没有等待领取的兑换。"), "good"),))
    headings = (
        desk.say("Redemption", "编号"),
        desk.say("Who", "姓名"),
        desk.say("Item", "物资或服务"),
        desk.say("Number", "数量"),
        desk.say("Points", "积分"),
        desk.say("Held until", "预留至"),
    )
    rows = tuple(_hold_row(desk, state, now) for state in states)
    return Answer(data, (Table(headings, rows, right=(3, 4), wraps=(1, 2)),))


def _hold_row(desk: Desk, state: RedemptionState, now: datetime) -> tuple[str, ...]:
    held = state.held
    late = desk.say(" (over)", "（已过期）") if held.held_until <= now else ""
    return (
        held.redemption,
        desk.name(held.volunteer) or held.volunteer,
        _item_name(desk, held.item),
        str(held.quantity),
        desk.currency(held.currency).shown(held.points),
        desk.shown(held.held_until) + late,
    )


def _hold_data(desk: Desk, state: RedemptionState, now: datetime) -> dict[str, Any]:
    held = state.held
    return {
        "redemption": held.redemption,
        "volunteer": held.volunteer,
        "name": desk.name(held.volunteer) or None,
        "item": held.item,
        "partner": held.partner,
        "quantity": held.quantity,
        **points_data(desk, held.points, held.currency),
        "currency": held.currency,
        "held_until": desk.calendar.local(held.held_until),
        "overdue": held.held_until <= now,
    }


def _item_name(desk: Desk, item: str) -> str:
    return desk.speaker.names(f"item:{item}").removeprefix("item:")


@verb("code", zh="为一笔预留重新开具领取码，原来的作废。", examples=("volunteer-points code x-7k3m9qrt2x5v8w1y",))
@click.argument("redemption")
def code(desk: Desk, redemption: str) -> Answer:
    """Issue a new collection code for what is held; the earlier one is of no use any more."""
    state = desk.programme.redemption(redemption)
    frame = desk.programme.frame()
    own = frame.is_same_person(desk.actor, state.held.volunteer)
    if not own and not frame.may(desk.actor, Right.REDEEM, partner=state.held.partner):
        raise Refused("not_authorised", actor=desk.actor, right=str(Right.REDEEM), partner=state.held.partner)
    if state.status != "held" or state.held.held_until <= desk.now():
        raise Refused("not_held", redemption=redemption, status=state.status, held_until=state.held.held_until)
    new, parts = _new_code(desk, state, again=True)
    return Answer({"redemption": redemption, "code": new, "until": state.held.held_until}, parts)


# --- collect, cancel, return -------------------------------------------------------------------------------------


@verb(
    "collect",
    key=True,
    zh="凭领取码核销：物资交给志愿者，积分归共建单位。\n\n"
    "同一个码再次核销，会说明何时由谁核销过。空格、横线、大小写都不影响。",
    examples=(
        "volunteer-points collect 7K3M-9QRT",
        "volunteer-points collect 7K3M-9QRT --collector 李娜 --relation 女儿",
    ),
)
@click.argument("code_on_slip", metavar="CODE")
@option("--collector", metavar="ID", default="", en="Who came instead, by id or name.", zh="代领人的编号或姓名。")
@option("--relation", metavar="WORD", default="", en="What that person is to the volunteer.", zh="与志愿者的关系。")
def collect(desk: Desk, code_on_slip: str, collector: str, relation: str) -> Answer:
    """Hand over what is held for a collection code.

    A code that comes a second time is refused, with when and by whom it was collected. Spaces, dashes and small letters
    do no harm.
    """
    redemption = _redemption_for(desk, code_on_slip)
    came = desk.person(collector) if collector else ""
    outcome = desk.write(Collect(redemption=redemption, collector=came, relation=relation))
    undo = Undo(desk.command("return", redemption, "--reason", "mistake", as_self=True))
    held = desk.programme.redemption(redemption).held
    goods, who = f"{_item_name(desk, held.item)} × {held.quantity}", desk.called(held.volunteer)
    give = Line(desk.say(f"Hand over: {goods}, for {who}", f"请交付：{goods}，领取人 {who}"), "head")
    data = {"redemption": redemption, "volunteer": held.volunteer, "item": held.item, "quantity": held.quantity}
    return written(desk, outcome, undo, also=() if outcome.replayed else (give,), data=data)


def _redemption_for(desk: Desk, text: str) -> str:
    people = desk.known_people
    if people is None:
        raise InputError("no_register", place=desk.people_place)
    if text.startswith("x-"):
        raise InputError("not_a_code", value=text, command=desk.command("code", text))
    return people.redemption_for(text)


@verb(
    "cancel",
    key=True,
    zh="取消预留：积分退回原批次，物资放回。",
    examples=("volunteer-points cancel x-7k3m9qrt2x5v8w1y",),
)
@click.argument("redemption")
@option("--reason", metavar="CODE", default="changed_mind", show_default=True, en="Why.", zh="原因代码。")
@NOTE
def cancel(desk: Desk, redemption: str, reason: str, note: str | None) -> Answer:
    """Give up a hold: points go back to the lots they came from, goods to the shelf."""
    outcome = write_one_reasoned(desk, lambda why: Cancel(redemption=redemption, reason=why), reason, note)
    return written(desk, outcome, _redeem_again(desk, redemption), data={"redemption": redemption})


def _redeem_again(desk: Desk, redemption: str) -> Undo:
    held = desk.programme.redemption(redemption).held
    return Undo(desk.command("redeem", held.volunteer, held.item, "--quantity", held.quantity, as_self=True))


@verb(
    "return",
    key=True,
    zh="退回已领取的物资：积分退回原批次，完好的物资放回货架。",
    examples=("volunteer-points return x-7k3m9qrt2x5v8w1y --reason 质量问题 --damaged",),
)
@click.argument("redemption")
@option("--quantity", type=int, metavar="N", en="How many. [all that were collected]", zh="数量。[默认全部]")
@option("--damaged", is_flag=True, en="It cannot be given out again.", zh="物资已损坏，不能再发放。")
@REASON
@NOTE
def return_goods(
    desk: Desk, *, redemption: str, quantity: int | None, damaged: bool, reason: str, note: str | None
) -> Answer:
    """Take back what was collected: points return to the lots they came from, good goods to the shelf."""
    outcome = write_one_reasoned(
        desk,
        lambda why: Return(redemption=redemption, reason=why, quantity=quantity, damaged=damaged),
        reason,
        note,
    )
    return written(desk, outcome, _redeem_again(desk, redemption), data={"redemption": redemption})


# --- stock -------------------------------------------------------------------------------------------------------

stock = noun(
    "stock",
    en="Goods on the shelf: list them, receive, write off, count.",
    zh="库存：查看、入库、报损、盘点。",
)


@verb("list", group=stock, zh="列出目录：价格、库存和已预留数量。", examples=("volunteer-points stock",))
def stock_list(desk: Desk) -> Answer:
    """List the catalogue with prices, what is on the shelf and what is reserved."""
    reserved: dict[str, int] = defaultdict(int)
    for state in desk.programme.open_redemptions():
        reserved[state.held.item] += state.held.quantity
    items = [fact.item for fact in desk.programme.nouns().values() if isinstance(fact, ItemListed)]
    rows = [_item_data(desk, item, reserved) for item in items]
    if not rows:
        return Answer({"items": []}, (desk.say("The catalogue is empty.", "目录是空的。"),))
    headings = (
        desk.say("Item", "编号"),
        desk.say("Name", "名称"),
        desk.say("Partner", "共建单位"),
        desk.say("Price", "所需积分"),
        desk.say("On the shelf", "在架"),
        desk.say("Reserved", "已预留"),
    )
    return Answer(
        {"items": rows}, (Table(headings, tuple(_item_row(desk, row) for row in rows), right=(3, 4, 5), wraps=(1, 2)),)
    )


def _item_data(desk: Desk, item: Item, reserved: Mapping[str, int]) -> dict[str, Any]:
    price = item.price_on(desk.today)
    lots = desk.programme.stock(item.id) if item.stocked else {}
    return {
        "item": item.id,
        "name": item.name,
        "partner": item.partner,
        "currency": item.currency,
        **({"price": None} if price is None else points_data(desk, price, item.currency, "price")),
        "stocked": item.stocked,
        "on_hand": sum(lots.values()) if item.stocked else None,
        "reserved": reserved.get(item.id, 0),
        "best_before": sorted(desk.calendar.local(lot) for lot in lots if lot is not None),
    }


def _item_row(desk: Desk, row: Mapping[str, Any]) -> tuple[str, ...]:
    price = row["price"]
    partner = desk.speaker.names(f"partner:{row['partner']}").removeprefix("partner:")
    return (
        row["item"],
        row["name"],
        partner,
        desk.say("not offered", "未上架") if price is None else desk.currency(row["currency"]).shown(price),
        desk.say("no stock kept", "不限量") if row["on_hand"] is None else str(row["on_hand"]),
        str(row["reserved"] or ""),
    )


@verb(
    "receive",
    group=stock,
    key=True,
    zh="入库：共建单位送来的物资上架。",
    examples=("volunteer-points stock receive 大米 20 --best-before 2026-12-31",),
)
@click.argument("item")
@click.argument("quantity", type=int)
@option(
    "--best-before",
    metavar="DAY",
    en="The first day or time at which it is no longer given out.",
    zh="从这一天（或时刻）起不再发放。",
)
def stock_receive(desk: Desk, item: str, quantity: int, best_before: str | None) -> Answer:
    """Put goods on the shelf."""
    found = desk.thing("item", item)
    end = desk.day_or_instant(best_before) if best_before else None
    outcome = desk.write(ReceiveStock(item=found, quantity=quantity, best_before=end))
    undo = Undo(desk.command("stock", "write-off", found, quantity, "--reason", "mistake", as_self=True))
    return _shelf(desk, found, outcome, undo)


@verb(
    "write-off",
    group=stock,
    key=True,
    zh="报损：丢失或损坏的物资下架。",
    examples=("volunteer-points stock write-off 大米 1 --reason 包装破损",),
)
@click.argument("item")
@click.argument("quantity", type=int)
@REASON
@NOTE
def stock_write_off(desk: Desk, *, item: str, quantity: int, reason: str, note: str | None) -> Answer:
    """Take lost or spoilt goods off the shelf."""
    found = desk.thing("item", item)
    outcome = write_one_reasoned(
        desk, lambda why: WriteOffStock(item=found, quantity=quantity, reason=why), reason, note
    )
    return _shelf(desk, found, outcome, Undo(desk.command("stock", "receive", found, quantity, as_self=True)))


@verb(
    "count",
    group=stock,
    key=True,
    zh="盘点：以实际数量为准，差额入账。",
    examples=("volunteer-points stock count 大米 18 --reason 月末盘点",),
)
@click.argument("item")
@click.argument("counted", type=int)
@REASON
@NOTE
def stock_count(desk: Desk, *, item: str, counted: int, reason: str, note: str | None) -> Answer:
    """Bring the books to what was counted on the shelf."""
    found = desk.thing("item", item)
    outcome = write_one_reasoned(desk, lambda why: CountStock(item=found, counted=counted, reason=why), reason, note)
    before = counted - outcome.fact(StockCounted).difference
    undo = Undo(desk.command("stock", "count", found, before, "--reason", "miscounted", as_self=True))
    return _shelf(desk, found, outcome, undo)


def _shelf(desk: Desk, item: str, outcome: Outcome, undo: Undo) -> Answer:
    on_hand = sum(desk.programme.stock(item).values())
    name = _item_name(desk, item)
    shelf = desk.say(f"On the shelf now: {name} {on_hand}", f"现有库存：{name} {on_hand}")
    return written(desk, outcome, undo, also=(shelf,), data={"item": item, "on_hand": on_hand})
