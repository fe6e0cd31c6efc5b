"""What became of a redemption: what was held at which price, from which lots, until when, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from volunteer_points.decisions.case import Frame
from volunteer_points.decisions.redemption import redemption_state
from volunteer_points.entries import Entry, Held
from volunteer_points.errors import InputError
from volunteer_points.explain.explanations import Explanation, Line, line_of
from volunteer_points.explain.kinds import currency_of, facts_of
from volunteer_points.explain.own_words import in_own_words
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import End, Fact, Points, Speaker
from volunteer_points.model import Use
from volunteer_points.postings import Purpose, redemption_subject

TITLES: Mapping[str, Words] = {
    "held": Words(
        "Held for {volunteer}: {quantity} × {item} for {points}", "已为 {volunteer} 预留：{item} × {quantity}，{points}"
    ),
    "collected": Words(
        "Collected by {volunteer}: {quantity} × {item} for {points}",
        "{volunteer} 已领取：{item} × {quantity}，{points}",
    ),
    "cancelled": Words(
        "Cancelled: {quantity} × {item}, {points} given back to {volunteer}",
        "已取消：{item} × {quantity}，{points} 退还 {volunteer}",
    ),
    "lapsed": Words(
        "Not collected in time: {quantity} × {item}, {points} given back to {volunteer}",
        "逾期未领：{item} × {quantity}，{points} 退还 {volunteer}",
    ),
    "partly_returned": Words(
        "Collected by {volunteer} and returned in part: {quantity} × {item}, {left} left",
        "{volunteer} 领取后部分退回：{item} × {quantity}，未退 {left} 件",
    ),
    "returned": Words(
        "Collected by {volunteer} and returned: {quantity} × {item}, {points}",
        "{volunteer} 领取后全部退回：{item} × {quantity}，{points}",
    ),
}

LINES: Mapping[str, Words] = {
    "held": Words(
        "Held by {actor} on {booked_at}: {quantity} × {item} from partner {partner}",
        "{actor} 于 {booked_at} 办理预留：{item} × {quantity}，{partner} 提供",
    ),
    "price": Words(
        "Price: {price} × {quantity} = {points}, as the catalogue said on that day (rulebook {rulebook})",
        "价格：{price} × {quantity} = {points}，按当日目录（积分办法 {rulebook}）",
    ),
    "own_price": Words("The price of one: {own} ({name} {version})", "单价：{own}（{name} {version}）"),
    "lot_used": Words("Taken from: {points}, usable {lot}", "使用积分：{points}，{lot}"),
    "held_until": Words("To be collected {held_until}", "领取期限：{held_until}"),
    "collected": Words(
        "Handed over by {actor} on {booked_at}[ to {collector}][ ({relation})]; the points are the partner's",
        "{actor} 于 {booked_at} 核销[，由 {collector} 代领][（{relation}）]；积分记入共建单位",
    ),
    "cancelled": Words("Cancelled by {actor} on {booked_at}: {reason}", "{actor} 于 {booked_at} 取消：{reason}"),
    "lapsed": Words(
        "Not collected in time; ended by {actor} on {booked_at}", "逾期未领，{actor} 于 {booked_at} 作过期处理"
    ),
    "returned": Words(
        "{quantity} came back on {booked_at}, taken in by {actor}[, damaged{damaged}]: {reason}",
        "{booked_at} 退回 {quantity} 件，{actor} 办理[，已损坏{damaged}]：{reason}",
    ),
    "lot_restored": Words("Given back: {points}, usable {lot}", "退还积分：{points}，{lot}"),
    "extended": Words(
        "{points} of them had ended meanwhile and stay usable {until}",
        "其中 {points} 当时已到期，宽限：{until}",
    ),
    "expired": Words("{points} of them had ended meanwhile and are gone", "其中 {points} 当时已到期，清零"),
    "repaid": Words("{points} of them went to the debt", "其中 {points} 抵扣欠分"),
}

_OF_THE_REDEMPTION = {"Collected": "collected", "Cancelled": "cancelled", "Lapsed": "lapsed", "Returned": "returned"}
_AFTER_IT = {"Extended": "extended", "Expired": "expired", "Repaid": "repaid"}


def explain_redemption(entries: Iterable[Entry], frame: Frame, lang: Lang, names: Names = as_it_is) -> Explanation:
    """What became of a redemption, from the hold to the last return.

    Args:
        entries: Everything that was written about one redemption, in order; what was written in the same commits
            about its points (given grace, expired, gone to a debt) may be among them.
        frame: The programme: its clock and currencies.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.

    Raises:
        InputError: ``nothing_to_explain`` when no redemption is among the entries.
    """
    told = tuple(entries)
    state = redemption_state(tuple(entry for entry in told if entry.kind == "Held" or entry.kind in _OF_THE_REDEMPTION))
    if state is None:
        raise InputError("nothing_to_explain", wanted="redemption")
    speaker = Speaker(lang, frame, names)
    keys = {entry.key for entry in told if entry.kind in _OF_THE_REDEMPTION}
    lines = [
        line for entry in told if entry.kind not in _AFTER_IT or entry.key in keys for line in _told(entry, speaker)
    ]
    title = speaker.say(TITLES[state.status], {**facts_of(state.entry), "left": state.left})
    return Explanation(state.status, redemption_subject(state.held.redemption), lang, title, tuple(lines))


def _told(entry: Entry, speaker: Speaker) -> list[Line]:
    """The lines about one entry."""
    facts = facts_of(entry)
    if isinstance(entry.fact, Held):
        facts["price"] = Points(entry.fact.price, entry.fact.currency)
        codes = ("held", "price", "held_until")
        held, price, until = (line_of(speaker, code, LINES[code], facts) for code in codes)
        lines = [held, price]
        if own := in_own_words(Use.PRICE, entry.fact.priced_by):
            facts |= {"own": own, "name": own.own.rule, "version": own.own.version}
            lines.append(line_of(speaker, "own_price", LINES["own_price"], facts))
        return [*lines, *_lots(entry, speaker, "lot_used", -1), until]
    code = {**_OF_THE_REDEMPTION, **_AFTER_IT}.get(entry.kind)
    if code is None:
        return []
    lines = [line_of(speaker, code, LINES[code], facts)]
    return lines + _lots(entry, speaker, "lot_restored", 1) if code in {"cancelled", "lapsed", "returned"} else lines


def _lots(entry: Entry, speaker: Speaker, code: str, sign: int) -> list[Line]:
    """A line for each lot out of which (or back into which) points moved."""
    found: list[Line] = []
    for posting in entry.postings:
        if posting.account.purpose == Purpose.AVAILABLE and posting.unit == currency_of(entry):
            facts: dict[str, Fact] = {"points": Points(sign * posting.amount, posting.unit), "lot": End(posting.lot)}
            found.append(line_of(speaker, code, LINES[code], facts))
    return found
