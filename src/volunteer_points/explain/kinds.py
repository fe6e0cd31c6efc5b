"""One line for each kind of entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import attrs

from volunteer_points.decisions.case import Frame
from volunteer_points.entries import (
    Adjusted,
    Approved,
    Awarded,
    BalanceOpened,
    Confirmed,
    Corrected,
    Entry,
    ItemListed,
    RulebookAdopted,
    StockCounted,
    Submitted,
    Withdrawn,
)
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import (
    Cost,
    Count,
    End,
    Exact,
    Fact,
    Given,
    Holder,
    Minutes,
    Named,
    Noun,
    Person,
    Points,
    Share,
    Source,
    Speaker,
    Term,
    is_missing,
)
from volunteer_points.model import Details, Item, Whose
from volunteer_points.postings import Purpose
from volunteer_points.rules import MINUTES, PROGRAMME_PAYS, Credit

LINES: Mapping[str, Words] = {
    "ProgrammeAdopted": Words(
        "{actor} adopted the programme {name}, written by {author}[; one person, {run_by_one}, runs it]",
        "{actor} 批准采用项目“{name}”（起草 {author}）[；由 {run_by_one} 一人负责]",
    ),
    "RulebookAdopted": Words(
        "{actor} adopted rulebook {rulebook}, written by {author}, for service from {since}[ and before {until}]"
        "[; looked at before: what-if {what_if}]",
        "{actor} 批准采用积分办法 {rulebook}（起草 {author}），适用于 {since} 起[、{until} 前]的服务"
        "[；事先试算 {what_if}]",
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
        "Item {name} ({id}) from {partner}[ costs {prices}][ is worth {worth} in money][; special prices {specials}]"
        "[, from {since}][, before {until}]",
        "兑换物品“{name}”（{id}），{partner} 提供[，{prices}][，折合金额 {worth}][；优惠价 {specials}]"
        "[，{since} 起][，{until} 前]",
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
        "{actor} recorded service[ of {volunteer}]: {activity}[, {intervals}][, {without_times}]"
        "[, team {team}] ({evidence})"
        "[; {details}]",
        "{actor} 登记服务[（{volunteer}）]：{activity}[，{intervals}][，{without_times}][，队伍 {team}]（{evidence}）"
        "[；{details}]",
    ),
    "Approved": Words(
        "[{by_rulebook}The rulebook][{actor}] approved record {record}[ of {volunteer}][ ({activity})]"
        "[, by route {route}][, rated {rating}][; {still} more to approve it]",
        "[{by_rulebook}积分办法自动][{actor} ]审核通过服务记录 {record}[（{volunteer}）][（{activity}）]"
        "[，审核途径 {route}][，评价 {rating}][；还需 {still} 人审核]",
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
        "{points} [{deducted}deducted][{given}awarded][ to {volunteer}] for [{minutes} of ]{activity} on {day},"
        " by rulebook {rulebook}[; to the {to}][; paid by {source}][; besides {more}]"
        "[; in public notice, counts from {counts_from}]"
        "[; usable {lot}]",
        "[{volunteer} ][{deducted}扣减][{given}获得] {points}：{day} {activity}[ {minutes}]，依据积分办法 {rulebook}"
        "[；记入{to}][；由{source}支付][；另有 {more}][；公示中，{counts_from} 起生效][；{lot}]",
    ),
    "Confirmed": Words(
        "The public notice of record {record}[ of {volunteer}][ ({activity})] is over: {points} can be used",
        "服务记录 {record}[（{volunteer}）][（{activity}）]公示结束：{points} 可以使用",
    ),
    "NotAwarded": Words(
        "No points[ for {volunteer}] for {activity} on {day}, {minutes} counted: {because}",
        "[{volunteer} ]未得积分：{day} {activity}，计 {minutes}；{because}",
    ),
    "Reversed": Words(
        "{actor} reversed the award of record {record}[ of {volunteer}][ ({activity})]: {reason}[; {taken}]"
        "[; {given_back} given back]",
        "{actor} 冲正服务记录 {record}[（{volunteer}）][（{activity}）]的积分：{reason}[；{taken}]"
        "[；退还 {given_back}]",
    ),
    "Corrected": Words(
        "{actor} corrected record {record}[ of {volunteer}], asked for by {requested_by}: {activity}[, {intervals}]"
        "[, {without_times}] ({reason})[; {details}]",
        "{actor} 更正服务记录 {record}[（{volunteer}）]，{requested_by} 申请：{activity}[，{intervals}]"
        "[，{without_times}]"
        "（{reason}）[；{details}]",
    ),
    "Repaid": Words("{points}[ of {volunteer}] went to the debt", "[{volunteer} ]用 {points} 抵扣欠分"),
    "Expired": Words("{points}[ of {volunteer}] expired", "[{volunteer} 的 ]{points} 到期清零"),
    "Extended": Words(
        "{points}[ of {volunteer}] came back after their end and are usable {until}",
        "[{volunteer} 的 ]{points} 退回时已到期，宽限：{until}",
    ),
    "Prolonged": Words(
        "{points}[ of {volunteer}] end later, because of new service, and are usable {until}",
        "[{volunteer} 的 ]{points} 因再次服务顺延：{until}",
    ),
    "Transferred": Words("{giver} gave {points} to {receiver}", "{giver} 转赠 {receiver} {points}"),
    "Donated": Words("{giver} gave {points} to fund {fund}", "{giver} 向基金 {fund} 捐赠 {points}"),
    "Endowed": Words(
        "{points} put into fund {fund}: {reason}; asked for by {requested_by}, approved by {actor}",
        "基金 {fund} 注入 {points}：{reason}；{requested_by} 申请，{actor} 审批",
    ),
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
        "{quantity} × {item} held[ for {volunteer}], {points}[ and {cash} in money][ of household {household}]"
        "[ at the special price of {special}], {held_until}",
        "[{volunteer} ]预留 {item} × {quantity}，[家庭 {household} 的 ]{points}[，另付现金 {cash}]"
        "[，优惠价（{special}）]，"
        "{held_until}",
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


def _typed(name: str, value: Any, currency: str) -> Fact:  # noqa: ANN401 - a field of any fact
    if value is None or value == "":
        return None
    if name == "points":
        return Points(value, currency)
    kind = _TYPES.get(name)
    return value if kind is None else kind(value)


def _noun(kind: str) -> Callable[[Any], Fact]:
    return lambda value: Noun(kind, value)


def _money(value: Fraction) -> Fact:
    return Exact(str(value)) if value else None


def details_told(details: Details) -> tuple[Named, ...]:
    """What a record says besides, each with its name."""
    facts: dict[str, Fact] = {
        "role": details.role,
        "marks": details.marks,
        "rating": details.rating,
        "participants": details.participants if details.participants > 1 else None,
        "quantities": tuple(Count(each.amount, each.unit) for each in details.quantities),
        "planned_minutes": Minutes(details.planned_minutes) if details.planned_minutes else None,
        "travel_minutes": Minutes(details.travel_minutes) if details.travel_minutes else None,
        "beneficiary": Person(details.beneficiary) if details.beneficiary else None,
    }
    return tuple(Named(Term("detail", name), fact) for name, fact in facts.items() if not is_missing(fact))


_TYPES: Mapping[str, Callable[[Any], Fact]] = {
    **dict.fromkeys(_PEOPLE, lambda value: Holder(value) if ":" in value else Person(value)),
    **{kind: _noun(kind) for kind in (*_NOUNS, "fund")},
    "parent": _noun("team"),
    **dict.fromkeys(_ENDS, End),
    "evidence": lambda value: Term("evidence", str(value)),
    "because": lambda value: Term("because", value),
    "to": lambda value: Term("whose", str(value)),
    "worth": _money,
    "cash": _money,
    "details": details_told,
    "minutes": Minutes,
    "reason": lambda value: value.code,
}
"""What a field of a fact stands for, by its name."""


def _withdrawn(_entry: Entry, fact: Withdrawn, _currency: str) -> dict[str, Fact]:
    kind, _, name = fact.subject.partition(":")
    return {"noun": Term("noun", kind), "name": Noun(kind, name)}


def _rulebook(_entry: Entry, fact: RulebookAdopted, _currency: str) -> dict[str, Fact]:
    return {"rulebook": fact.rulebook.id, "since": fact.rulebook.since, "until": fact.rulebook.until}


def _prices(_entry: Entry, fact: ItemListed, _currency: str) -> dict[str, Fact]:
    item: Item = fact.item
    return {
        "prices": tuple(Cost(Points(price.points, item.currency), price.cash) for price in item.prices),
        "specials": tuple(Cost(Points(price.points, item.currency), price.cash) for price in item.special_prices),
    }


def _said(entry: Entry, fact: Submitted | Corrected, _currency: str) -> dict[str, Fact]:
    return {"without_times": None if fact.intervals else entry.on}


def _approved(entry: Entry, fact: Approved, _currency: str) -> dict[str, Fact]:
    return {"actor": None if fact.by_rulebook else Person(entry.actor), "still": fact.still or None}


def _awarded(_entry: Entry, fact: Awarded, currency: str) -> dict[str, Fact]:
    return {
        "points": Points(abs(fact.points), currency),
        "given": fact.points >= 0,
        "deducted": fact.points < 0,
        "minutes": Minutes(fact.minutes) if fact.minutes else None,
        "lot": End(fact.lot) if fact.points > 0 else None,
        "to": None if fact.to is Whose.VOLUNTEER else Term("whose", str(fact.to)),
        "source": None if fact.source == PROGRAMME_PAYS else Source(fact.source),
        "more": tuple(map(given, fact.more)),
    }


def given(credit: Credit) -> Given:
    """A credit with where it goes and who pays, where that is not as usual."""
    return Given(
        Points(credit.points, credit.currency),
        None if credit.to is Whose.VOLUNTEER else Term("whose", str(credit.to)),
        None if credit.source == PROGRAMME_PAYS else Source(credit.source),
        End(credit.lot) if credit.points > 0 else None,
    )


def _confirmed(entry: Entry, _fact: Confirmed, _currency: str) -> dict[str, Fact]:
    now = [each for each in entry.postings if each.account.purpose == Purpose.AVAILABLE]
    return {"points": tuple(Points(each.amount, each.unit) for each in now)}


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
    return tuple(
        Share(Points(-amount, unit), Term("account", str(purpose)))
        for (purpose, unit), amount in _moved(entry, -1).items()
    )


def _given_back(entry: Entry) -> tuple[Points, ...]:
    """What a reversal gave back to those who had paid."""
    return tuple(Points(amount, unit) for (_, unit), amount in _moved(entry, 1).items())


def _moved(entry: Entry, sign: int) -> dict[tuple[str, str], int]:
    """What left (-1) or came to (1) the hands of holders, by purpose and unit."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for posting in entry.postings:
        if posting.account.purpose in _HANDS:
            sums[posting.account.holder, posting.account.purpose, posting.unit] += posting.amount
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for (_, purpose, unit), amount in sums.items():
        if amount * sign > 0:
            moved[purpose, unit] += amount
    return moved


_HANDS = frozenset({Purpose.AVAILABLE, Purpose.PENDING, Purpose.EXPIRED, Purpose.DEBT})

_MORE: Mapping[str, Callable[[Entry, Any, str], dict[str, Fact]]] = {
    "RulebookAdopted": _rulebook,
    "ItemListed": _prices,
    "Withdrawn": _withdrawn,
    "Left": lambda _entry, fact, _currency: {"programme": fact.team is None},
    "Submitted": _said,
    "Corrected": _said,
    "Approved": _approved,
    "Awarded": _awarded,
    "Confirmed": _confirmed,
    "Reversed": lambda entry, _fact, _currency: {"taken": taken_back(entry), "given_back": _given_back(entry)},
    "Extended": lambda _entry, fact, _currency: {"until": End(fact.until)},
    "Prolonged": lambda _entry, fact, _currency: {"until": End(fact.until)},
    "Adjusted": _adjusted,
    "BalanceOpened": _opened,
    "StockCounted": _counted,
}
"""What a fact says beyond its fields."""
