"""What a rulebook says about redeeming, and the catalogue, in sentences: each a key, a text and a clause."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from volunteer_points.commands import Definition
from volunteer_points.handout.phrases import Phrases
from volunteer_points.model import Item, Limit, Price, SpecialPrice, Use, number_text
from volunteer_points.rules import RedemptionRule, Rulebook, Window

Said = tuple[str, str, str]


def of_redemption(rulebook: Rulebook, say: Phrases) -> Iterator[Said]:
    """When, by whom and how often points may be redeemed."""
    rule = rulebook.redemption
    yield from _when(rule, say)
    if rule.minimum_balance:
        parts = say.scaled(rule.minimum_balance, rulebook.currency)
        yield "minimum", say.pick(f"Only with at least {parts}.", f"可用积分不少于 {parts}方可兑换。"), ""
    for condition in rule.conditions:
        yield (
            f"redeem:{condition.id}",
            say.pick("Only with ", "兑换须满足：") + say.condition(condition) + say.stop,
            condition.clause,
        )
    for number, limit in enumerate(rule.limits):
        yield f"limit:{number}", _limit(limit, say), limit.clause
    for number, each in enumerate(rule.exchange):
        where = say.named("partner", [each.partner]) + say.pick(": ", "：") if each.partner else ""
        points, money = say.amount(each.points, rulebook.currency), number_text(each.money)
        yield (
            f"exchange:{number}",
            where + say.pick(f"{points} stand for {money} of goods.", f"{points}可抵 {money} 元商品。"),
            each.clause,
        )
    hold = say.pick(f"What is held waits {rule.hold_days} days to be collected", f"预留 {rule.hold_days} 天内领取")
    grace = say.pick(
        f"; returned points last {rule.grace_days} days at least.", f"；退回的积分至少还有 {rule.grace_days} 天可用。"
    )
    yield "hold", hold + grace, ""
    yield from _giving(rule, say)


def _when(rule: RedemptionRule, say: Phrases) -> Iterator[Said]:
    days = say.listed(map(str, rule.days_of_month))
    if rule.days_of_month and rule.weekdays:
        named = say.weekdays(rule.weekdays)
        yield "days", say.pick(f"On {named} that are days {days} of the month.", f"每月 {days} 日逢{named}兑换。"), ""
    elif rule.days_of_month:
        yield "days", say.pick(f"On days {days} of the month.", f"每月 {days} 日兑换。"), ""
    elif rule.weekdays:
        yield "weekdays", say.pick(f"On {say.weekdays(rule.weekdays)}.", f"{say.weekdays(rule.weekdays)}兑换。"), ""
    for number, window in enumerate(rule.windows):
        yield f"window:{number}", _window(window, say), ""


def _window(window: Window, say: Phrases) -> str:
    first, last = (f"{day:%m-%d}" if window.yearly else str(day) for day in (window.first_day, window.last_day))
    yearly = say.pick("each year ", "每年 ") if window.yearly else ""
    hours = ""
    if window.from_time is not None and window.until_time is not None:
        hours = f"{say.pick(', ', '，')}{say.hours(window.from_time, window.until_time)}"
    return say.pick(f"Open {yearly}{first} to {last}{hours}.", f"{yearly}{first} 至 {last}{hours}开放兑换。")


def _limit(limit: Limit, say: Phrases) -> str:
    many = "" if limit.at_most == 1 else "s"
    shown = {
        "units": say.pick(f"{limit.at_most} unit{many}", f"{limit.at_most} 件"),
        "redemptions": say.pick(f"{limit.at_most} redemption{many}", f"{limit.at_most} 次"),
    }.get(limit.of) or say.scaled(limit.at_most, limit.currency)
    what = say.named("item", [limit.item]) + say.pick(": ", "：") if limit.item else ""
    who, per = say.each(limit.by), say.per(limit.per)
    text = say.pick(f"{who} at most {shown} {per}.", f"{who}{per}最多 {shown}。")
    return what + text[:1].upper() + text[1:]


_TRANSFERS = {
    "household": ("Points may be given within the household.", "积分可在家庭内转赠。"),
    "anyone": ("Points may be given to anyone.", "积分可转赠他人。"),
}


def _giving(rule: RedemptionRule, say: Phrases) -> Iterator[Said]:
    no = ("Points cannot be given to others.", "积分不得转赠。")
    yield "transfers", say.pick(*_TRANSFERS.get(rule.transfers, no)), ""
    for condition in rule.transfer_conditions:
        yield (
            f"transfer:{condition.id}",
            say.pick("To give needs ", "转赠须满足：") + say.condition(condition) + say.stop,
            condition.clause,
        )
    if rule.donations:
        yield "donations", say.pick("Points may be given to a fund.", "积分可捐给基金。"), ""
    if rule.clears_rest:
        yield "clears", say.pick("What is left after redeeming ends.", "兑换后剩余积分清零。"), ""
    if rule.reversal_takes != "debt":
        yield "reversal", say.pick("What is taken back comes from other points too.", "扣回积分时可动用其他积分。"), ""


# --- the catalogue -----------------------------------------------------------------------------------------------


def of_catalogue(definition: Definition, say: Phrases) -> Iterator[Said]:
    """What can be had and for what."""
    for item in definition.catalogue:
        name = f"{item.name or item.id}{say.pick(' from ', '，')}{say.named('partner', [item.partner])}"
        prices = [_price(price, item, say) for price in item.prices]
        if item.worth is not None:
            prices = [say.pick(f"worth {number_text(item.worth)}", f"价值 {number_text(item.worth)} 元")]
        if item.own is not None:
            prices = [say.own(Use.PRICE, item.own)]
        prices += [_special(price, item, say) for price in item.special_prices]
        text = f"{name}{say.pick(': ', '：')}{say.pick('; ', '；').join(prices)}"
        if item.conditions:
            text += say.pick("; only with ", "；须满足：") + say.conditions(item.conditions)
        yield f"item:{item.id}", text + say.stop, ""


def _cost(points: int, cash: Fraction | None, item: Item, say: Phrases) -> str:
    money = say.pick(f"{number_text(cash)} in money", f"{number_text(cash)} 元") if cash else ""
    if not points:
        return money or say.pick("free", "免费")
    shown = say.scaled(points, item.currency)
    return shown + say.pick(" and ", "加 ") + money if money else shown


def _price(price: Price, item: Item, say: Phrases) -> str:
    since = f" {say.pick('from', '自')} {price.since}{say.pick('', ' 起')}" if price.since else ""
    return _cost(price.points, price.cash, item, say) + since


def _special(price: SpecialPrice, item: Item, say: Phrases) -> str:
    cost, who = _cost(price.points, price.cash, item, say), say.conditions(price.conditions)
    days = f" ({say.days(price.since, price.until)})" if price.since or price.until else ""
    return say.pick(f"{cost} with {who}{days}", f"{who}者 {cost}{days}")
