"""One line for each kind of entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from volunteer_points.decisions.case import Frame
from volunteer_points.entries import (
    Adjusted,
    BalanceOpened,
    Entry,
    ItemListed,
    RulebookAdopted,
    StockCounted,
    Withdrawn,
)
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import End, Fact, Minutes, Noun, Person, Points, Share, Speaker, Term
from volunteer_points.model import Item
from volunteer_points.postings import Purpose
from volunteer_points.rules import MINUTES

LINES: Mapping[str, Words] = {
    "ProgrammeAdopted": Words(
        "{actor} adopted the programme {name}, written by {author}[; one person, {run_by_one}, runs it]",
        "{actor} 批准采用项目“{name}”（起草 {author}）[；由 {run_by_one} 一人负责]",
    ),
    "RulebookAdopted": Words(
        "{actor} adopted rulebook {rulebook}, written by {author}, for service from {since}[ and before {until}]",
        "{actor} 批准采用积分办法 {rulebook}（起草 {author}），适用于 {since} 起[、{until} 前]的服务",
    ),
    "TeamFormed": Words(
        "Team {name} ({id}) stands in slot {slot}[, under {parent}][, from {since}][, before {until}]"
        "[{assumed}; the community has yet to confirm it]",
        "志愿服务队“{name}”（{id}），类别 {slot}[，上级 {parent}][，{since} 起][，{until} 前][{assumed}；待社区确认]",
    ),
    "HouseholdFormed": Words("Household {id} stands", "家庭 {id} 已登记"),
    "PartnerAgreed": Words("Partner {name} ({id}) takes part", "共建单位“{name}”（{id}）加入"),
    "ActivityListed": Words(
        "Activity {name} ({id}) is offered[ by team {team}][, from {since}][, before {until}]",
        "服务项目“{name}”（{id}）[，队伍 {team}][，{since} 起][，{until} 前]",
    ),
    "ItemListed": Words(
        "Item {name} ({id}) from {partner} costs {prices}[, from {since}][, before {until}]",
        "兑换物品“{name}”（{id}），{partner} 提供，{prices}[，{since} 起][，{until} 前]",
    ),
    "Withdrawn": Words("{noun} {name} is offered no longer", "{noun} {name} 已停用"),
    "PeriodClosed": Words(
        "{actor} closed every day before {until} for booking",
        "{actor} 已结账：{until} 之前不再入账",
    ),
    "Enrolled": Words(
        "{volunteer} is enrolled[, tags {tags}][, household {household}]",
        "{volunteer} 登记为志愿者[，标签 {tags}][，家庭 {household}]",
    ),
    "Described": Words(
        "{volunteer} is described anew[, tags {tags}][, household {household}]",
        "{volunteer} 更新资料[，标签 {tags}][，家庭 {household}]",
    ),
    "Joined": Words("{volunteer} joins team {team} from {since}", "{volunteer} 从 {since} 起加入队伍 {team}"),
    "Left": Words(
        "{volunteer} leaves[ team {team}][{programme} the programme] from {since}",
        "{volunteer} 从 {since} 起退出[队伍 {team}][{programme}项目]",
    ),
    "Submitted": Words(
        "{actor} recorded service[ of {volunteer}]: {activity}, {intervals}[, team {team}] ({evidence})",
        "{actor} 登记服务[（{volunteer}）]：{activity}，{intervals}[，队伍 {team}]（{evidence}）",
    ),
    "Approved": Words(
        "{actor} approved record {record}[ of {volunteer}][ ({activity})]",
        "{actor} 审核通过服务记录 {record}[（{volunteer}）][（{activity}）]",
    ),
    "Rejected": Words(
        "{actor} rejected record {record}[ of {volunteer}][ ({activity})]: {reason}",
        "{actor} 驳回服务记录 {record}[（{volunteer}）][（{activity}）]：{reason}",
    ),
    "Voided": Words(
        "{actor} withdrew record {record}[ of {volunteer}][ ({activity})]: {reason}",
        "{actor} 撤回服务记录 {record}[（{volunteer}）][（{activity}）]：{reason}",
    ),
    "Awarded": Words(
        "{points} awarded[ to {volunteer}] for {minutes} of {activity} on {day}, by rulebook {rulebook}; usable {lot}",
        "[{volunteer} ]获得 {points}：{day} {activity} {minutes}，依据积分办法 {rulebook}；{lot}",
    ),
    "NotAwarded": Words(
        "No points[ for {volunteer}] for {activity} on {day}, {minutes} counted: {because}",
        "[{volunteer} ]未得积分：{day} {activity}，计 {minutes}；{because}",
    ),
    "Reversed": Words(
        "{actor} reversed the award of record {record}[ of {volunteer}][ ({activity})]: {reason}[; {taken}]",
        "{actor} 冲正服务记录 {record}[（{volunteer}）][（{activity}）]的积分：{reason}[；{taken}]",
    ),
    "Corrected": Words(
        "{actor} corrected record {record}[ of {volunteer}], asked for by {requested_by}: {activity}, {intervals}"
        " ({reason})",
        "{actor} 更正服务记录 {record}[（{volunteer}）]，{requested_by} 申请：{activity}，{intervals}（{reason}）",
    ),
    "Repaid": Words("{points}[ of {volunteer}] went to the debt", "[{volunteer} ]用 {points} 抵扣欠分"),
    "Expired": Words("{points}[ of {volunteer}] expired", "[{volunteer} 的 ]{points} 到期清零"),
    "Extended": Words(
        "{points}[ of {volunteer}] came back after their end and are usable {until}",
        "[{volunteer} 的 ]{points} 退回时已到期，宽限：{until}",
    ),
    "Transferred": Words("{giver} gave {points} to {receiver}", "{giver} 转赠 {receiver} {points}"),
    "Adjusted": Words(
        "{points} by decision[ for {volunteer}]: {reason}; asked for by {requested_by}, approved by {actor}"
        "[; usable {lot}]",
        "[{volunteer} ]调整 {points}：{reason}；{requested_by} 申请，{actor} 审批[；{lot}]",
    ),
    "BalanceOpened": Words(
        "{amounts} brought over[ for {volunteer}]: {reason}; asked for by {requested_by}, approved by {actor}"
        "[; usable {lot}]",
        "[{volunteer} ]期初结转 {amounts}：{reason}；{requested_by} 申请，{actor} 审批[；{lot}]",
    ),
    "Held": Words(
        "{quantity} × {item} held[ for {volunteer}], {points}, {held_until}",
        "[{volunteer} ]预留 {item} × {quantity}，{points}，{held_until}",
    ),
    "Collected": Words(
        "Redemption {redemption}[ of {volunteer}][ ({item})] collected[ by {collector}][ ({relation})],"
        " handed over by {actor}",
        "[{volunteer} ]领取兑换 {redemption}[（{item}）][，由 {collector} 代领][（{relation}）]，{actor} 核销",
    ),
    "Cancelled": Words(
        "{actor} cancelled redemption {redemption}[ of {volunteer}][ ({item})]: {reason}",
        "{actor} 取消兑换 {redemption}[（{volunteer}）][（{item}）]：{reason}",
    ),
    "Lapsed": Words(
        "Redemption {redemption}[ of {volunteer}][ ({item})] was not collected in time",
        "[{volunteer} 的 ]兑换 {redemption}[（{item}）]逾期未领",
    ),
    "Returned": Words(
        "{quantity} of redemption {redemption}[ of {volunteer}][ ({item})] came back for {points}[, damaged{damaged}]:"
        " {reason}; taken in by {actor}",
        "[{volunteer} ]退回兑换 {redemption}[（{item}）]，{quantity} 件，返还 {points}[，已损坏{damaged}]："
        "{reason}；{actor} 办理",
    ),
    "StockReceived": Words(
        "{quantity} × {item} put on the shelf[, to be given out {best_before}]",
        "{item} 入库 {quantity} 件[，{best_before}]",
    ),
    "StockWrittenOff": Words(
        "{quantity} × {item} written off by {actor}: {reason}",
        "{item} 报损 {quantity} 件：{reason}；{actor} 办理",
    ),
    "StockCounted": Words(
        "{item}: {counted} counted by {actor}, {difference} against the books ({reason})",
        "{item} 盘点 {counted} 件，与账面相差 {difference}（{reason}）；{actor} 办理",
    ),
}
"""By kind: what is said of an entry."""


def describe(entry: Entry, lang: Lang, names: Names = as_it_is, *, frame: Frame | None = None) -> str:
    """An entry in one line.

    Args:
        entry: What was written.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.
        frame: The programme; with it, instants are shown on its clock and amounts with its decimals.
    """
    return Speaker(lang, frame, names).say(LINES[entry.kind], facts_of(entry))


def facts_of(entry: Entry) -> dict[str, Fact]:
    """What the line of an entry may name, each as what it stands for."""
    facts: dict[str, Fact] = {"actor": Person(entry.actor), "booked_at": entry.booked_at, "day": entry.on}
    currency = currency_of(entry)
    for name, value in attrs.asdict(entry.fact, recurse=False).items():
        if name in _NOUNS and attrs.has(type(value)):
            for inner, part in attrs.asdict(value, recurse=False).items():
                facts[inner] = _typed(inner, part, currency)
        else:
            facts[name] = _typed(name, value, currency)
    more = _MORE.get(entry.kind)
    return facts if more is None else {**facts, **more(entry, entry.fact, currency)}


def currency_of(entry: Entry) -> str:
    """The currency that an entry speaks of: what its fact says, else the unit that its volunteer's points moved in."""
    said = getattr(entry.fact, "currency", None)
    if said is not None:
        return str(said)
    spent = {Purpose.AVAILABLE, Purpose.DEBT, Purpose.ISSUED}
    units = [each.unit for each in entry.postings if each.account.purpose in spent and each.unit != MINUTES]
    return units[0] if units else "points"


_NOUNS = ("team", "household", "partner", "activity", "item")
_PEOPLE = ("volunteer", "giver", "receiver", "requested_by", "author", "run_by_one", "collector")
_ENDS = ("lot", "held_until", "best_before")


def _typed(name: str, value: Any, currency: str) -> Fact:  # noqa: ANN401, PLR0911 - a field of any fact
    if value is None or value == "":
        return None
    if name in _PEOPLE:
        return Person(value)
    if name in _NOUNS:
        return Noun(name, value)
    if name in _ENDS:
        return End(value)
    if name in {"evidence", "because"}:
        return Term(name, str(value))
    match name:
        case "points":
            return Points(value, currency)
        case "minutes":
            return Minutes(value)
        case "parent":
            return Noun("team", value)
        case "reason":
            return value.code
        case _:
            return value


def _withdrawn(_entry: Entry, fact: Withdrawn, _currency: str) -> dict[str, Fact]:
    kind, _, name = fact.subject.partition(":")
    return {"noun": Term("noun", kind), "name": Noun(kind, name)}


def _rulebook(_entry: Entry, fact: RulebookAdopted, _currency: str) -> dict[str, Fact]:
    return {"rulebook": fact.rulebook.id, "since": fact.rulebook.since, "until": fact.rulebook.until}


def _prices(_entry: Entry, fact: ItemListed, _currency: str) -> dict[str, Fact]:
    item: Item = fact.item
    return {"prices": tuple(Points(price.points, item.currency) for price in item.prices)}


def _opened(_entry: Entry, fact: BalanceOpened, currency: str) -> dict[str, Fact]:
    points = (Points(fact.points, currency),) if fact.points else ()
    minutes = (Minutes(fact.minutes, long=True),) if fact.minutes else ()
    return {"amounts": (*points, *minutes), "lot": End(fact.lot) if fact.points else None}


def _adjusted(_entry: Entry, fact: Adjusted, currency: str) -> dict[str, Fact]:
    return {
        "points": Points(fact.points, currency, signed=True),
        "lot": End(fact.lot) if fact.points > 0 else None,
    }


def _counted(_entry: Entry, fact: StockCounted, _currency: str) -> dict[str, Fact]:
    return {"difference": f"{fact.difference:+d}" if fact.difference else "0"}


def taken_back(entry: Entry) -> tuple[Share, ...]:
    """Where a reversal took the points from: what was available, what had expired, and what is owed from now on."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for posting in entry.postings:
        if posting.account.purpose in {Purpose.AVAILABLE, Purpose.EXPIRED, Purpose.DEBT}:
            sums[posting.account.purpose, posting.unit] -= posting.amount
    return tuple(
        Share(Points(amount, unit), Term("account", str(purpose))) for (purpose, unit), amount in sums.items() if amount
    )


_MORE: Mapping[str, Callable[[Entry, Any, str], dict[str, Fact]]] = {
    "RulebookAdopted": _rulebook,
    "ItemListed": _prices,
    "Withdrawn": _withdrawn,
    "Left": lambda _entry, fact, _currency: {"programme": fact.team is None},
    "Reversed": lambda entry, _fact, _currency: {"taken": taken_back(entry)},
    "Extended": lambda _entry, fact, _currency: {"until": End(fact.until)},
    "Adjusted": _adjusted,
    "BalanceOpened": _opened,
    "StockCounted": _counted,
}
"""What a fact says beyond its fields."""
