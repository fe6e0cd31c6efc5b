"""Which level somebody has, what an item costs whom, why points expired, why something was refused: in one shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from volunteer_points.decisions.case import Frame
from volunteer_points.decisions.standing import Quote, Rank, Room
from volunteer_points.entries import Entry, Expired
from volunteer_points.errors import InputError, VolunteerPointsError
from volunteer_points.explain.awards import under_rulebook
from volunteer_points.explain.explanations import Explanation, Line, line_of
from volunteer_points.explain.kinds import facts_of
from volunteer_points.explain.own_words import in_own_words
from volunteer_points.explain.past import condition_facts
from volunteer_points.explain.refusals import sentence
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import (
    Cost,
    Count,
    End,
    Exact,
    Fact,
    Holder,
    Named,
    Noun,
    Person,
    Points,
    Speaker,
    Term,
    is_missing,
    plain,
)
from volunteer_points.model import Level, LimitOf, Shown, Use
from volunteer_points.postings import Purpose, holder_named, item_unit, volunteer_holder

TITLES: Mapping[str, Words] = {
    "level": Words("{volunteer} has level {level} of {ladder}", "{volunteer} 的{ladder}：{level}"),
    "no_level": Words("{volunteer} has no level of {ladder} yet", "{volunteer} 的{ladder}：尚未达到任何等级"),
    "price": Words("{item} costs {price} for {volunteer}", "{item}：{volunteer} 需 {price}"),
    "price_not_now": Words(
        "{item} costs {price} for {volunteer} and cannot be redeemed now",
        "{item}：{volunteer} 需 {price}，目前不能兑换",
    ),
    "expired": Words("Why {points} of {whose} expired", "{whose} 的 {points} 为什么到期清零"),
}

LINES: Mapping[str, Words] = {
    "ladder_clause": Words("Ladder {ladder}, clause {clause}", "等级序列 {ladder}，条款 {clause}"),
    "level_met": Words(
        "Level {level}: reached[{certified}; it is awarded by decision]", "{level}：已达到[{certified}；须经评定授予]"
    ),
    "level_unmet": Words(
        "Level {level}: not reached[{certified}; it is awarded by decision]",
        "{level}：未达到[{certified}；须经评定授予]",
    ),
    "condition_met": Words(
        "✓ {condition}[: {of}, {over}][: {own}][; wanted: {wanted}][; found: {found}][ (clause {clause})]",
        "✓ {condition}[：{over}{of}][：{own}][；要求：{wanted}][；现为：{found}][（条款 {clause}）]",
    ),
    "condition_missed": Words(
        "✗ {condition}[: {of}, {over}][: {own}][; wanted: {wanted}][; found: {found}][; missing: {missing}]"
        "[ (clause {clause})]",
        "✗ {condition}[：{over}{of}][：{own}][；要求：{wanted}][；现为：{found}][；还差：{missing}][（条款 {clause}）]",
    ),
    "next_level": Words("Missing for {level}: {missing}", "距 {level} 还差：{missing}"),
    "usual_price": Words("Usual price: {price}[, since {since}]", "通常价格：{price}[，{since} 起]"),
    "exchange": Words(
        "Worth {worth} in money, {rate} for each {money}: {price}[ (clause {clause})]",
        "折合金额 {worth}，每 {money} 计 {rate}：{price}[（条款 {clause}）]",
    ),
    "own_price": Words("Price: {own}: {price} ({name} {version})", "价格：{own}：{price}（{name} {version}）"),
    "special_taken": Words(
        "Special price {price}: it counts[ (clause {clause})]", "优惠价 {price}：适用[（条款 {clause}）]"
    ),
    "special_missed": Words(
        "Special price {price}: it does not count[ (clause {clause})]", "优惠价 {price}：不适用[（条款 {clause}）]"
    ),
    "limit": Words(
        "Limit: at most {at_most} {per} {by}: {used} used, {left} left[ (clause {clause})]",
        "限兑：{by}{per}最多 {at_most}：已用 {used}，尚余 {left}[（条款 {clause}）]",
    ),
    "closed": Words("{day} is no redemption day, or not at this hour", "{day} 此时不能兑换：不在兑换日或兑换时段"),
    "available": Words("Available: {available}[, {missing} missing]", "可用：{available}[，还差 {missing}]"),
    "shelf": Words("On the shelf: {on_hand}", "库存：{on_hand}"),
    "ended": Words("{points} could be used {lot}", "{points} 的期限：{lot}"),
    "cleared": Words(
        "{points} ended with a redemption: the rulebook ends what is left then",
        "{points} 随兑换清零：按办法，兑换后余分清零",
    ),
    "origin": Words(
        "came from: {points} on {day}[, {activity}] ({kind}[, rulebook {rulebook}])",
        "来自：{day} {points}[，{activity}]（{kind}[，积分办法 {rulebook}]）",
    ),
}


def explain_level(rank: Rank, frame: Frame, lang: Lang, names: Names = as_it_is) -> Explanation:
    """Which level somebody has: each condition of each level with what was wanted and found, and what is missing."""
    speaker, ladder = Speaker(lang, frame, names), rank.ladder
    facts: dict[str, Fact] = {"volunteer": Person(rank.volunteer), "ladder": ladder.name or ladder.id}
    lines = [under_rulebook(rank.rulebook, rank.rulebook.id, speaker)]
    if ladder.clause:
        lines.append(_line(speaker, "ladder_clause", {**facts, "clause": ladder.clause}))
    for rung in rank.rungs:
        level = {"level": _called(rung.level), "certified": rung.level.certified}
        lines.append(_line(speaker, "level_met" if rung.met else "level_unmet", level))
        lines += _conditions(rung.shown, speaker)
    if rank.following is not None:
        missing = tuple(_missing(each) for each in rank.following.shown if not each.met)
        lines.append(_line(speaker, "next_level", {"level": _called(rank.following.level), "missing": missing}))
    code = "no_level" if rank.level is None else "level"
    title = speaker.say(TITLES[code], {**facts, "level": None if rank.level is None else _called(rank.level)})
    return Explanation(code, volunteer_holder(rank.volunteer), lang, title, tuple(lines))


def _called(level: Level) -> str:
    return level.name or level.id


def _missing(shown: Shown) -> Fact:
    """How much more it takes of what, or which condition."""
    if shown.missing and shown.condition.of is not None:
        return Named(Term("measure", str(shown.condition.of)), Exact(shown.missing))
    return shown.condition.id


def _line(speaker: Speaker, code: str, facts: Mapping[str, Fact]) -> Line:
    return line_of(speaker, code, LINES[code], facts)


def _conditions(shown: Iterable[Shown], speaker: Speaker) -> Iterator[Line]:
    for each in shown:
        yield _line(speaker, "condition_met" if each.met else "condition_missed", condition_facts(each))


# --- a price -----------------------------------------------------------------------------------------------------


def explain_price(quote: Quote, frame: Frame, lang: Lang, names: Names = as_it_is) -> Explanation:
    """What an item costs whom: the usual price, special ones and why not, conditions, and what limits leave."""
    speaker, item = Speaker(lang, frame, names), quote.item
    lines = [under_rulebook(quote.rulebook, quote.rulebook.id, speaker), _usual(quote, speaker)]
    for offer in quote.offers:
        facts: dict[str, Fact] = {"price": _cost(quote, offer.price.points, offer.price.cash)}
        code = "special_taken" if offer is quote.offer else "special_missed"
        lines += [_line(speaker, code, {**facts, "clause": offer.price.clause}), *_conditions(offer.shown, speaker)]
    lines += _conditions(quote.conditions, speaker)
    lines += [_limit(room, quote, speaker) for room in quote.limits]
    if not quote.is_open:
        lines.append(_line(speaker, "closed", {"day": quote.day}))
    missing = Points(quote.missing, item.currency) if quote.missing else None
    available = Points(quote.available, item.currency)
    lines.append(_line(speaker, "available", {"available": available, "missing": missing}))
    if quote.on_hand is not None:
        lines.append(_line(speaker, "shelf", {"on_hand": quote.on_hand}))
    code = "price" if quote.can_be_redeemed else "price_not_now"
    title = speaker.say(
        TITLES[code],
        {
            "item": Noun("item", item.id),
            "volunteer": Person(quote.volunteer),
            "price": _cost(quote, quote.points, quote.cash),
        },
    )
    return Explanation(code, item_unit(item.id), lang, title, tuple(lines))


def _cost(quote: Quote, points: int, cash: Fraction | None) -> Cost:
    return Cost(Points(points, quote.item.currency), cash or None)


def _usual(quote: Quote, speaker: Speaker) -> Line:
    facts: dict[str, Fact]
    exchange, listed = quote.exchange, quote.listed
    if own := in_own_words(Use.PRICE, quote.told, quote.item.own):
        facts = {"own": own, "name": own.own.rule, "version": own.own.version, "price": _cost(quote, quote.usual, None)}
        return _line(speaker, "own_price", facts)
    if exchange is None or quote.item.worth is None:
        cash, since = (None, None) if listed is None else (listed.cash, listed.since)
        return _line(speaker, "usual_price", {"price": _cost(quote, quote.usual, cash), "since": since})
    name = speaker.choose(quote.item.currency, speaker.currency(quote.item.currency).name)
    facts = {
        "worth": Exact(str(quote.item.worth)),
        "rate": f"{Exact(str(exchange.points)).shown(speaker)} {name}",
        "money": Exact(str(exchange.money)),
        "price": _cost(quote, quote.usual, None),
        "clause": exchange.clause,
    }
    return _line(speaker, "exchange", facts)


def _limit(room: Room, quote: Quote, speaker: Speaker) -> Line:
    def amount(number: int) -> Fact:
        if room.limit.of is LimitOf.POINTS:
            return Points(number, quote.item.currency)
        return Count(number, str(room.limit.of))

    facts: dict[str, Fact] = {
        "at_most": amount(room.limit.at_most),
        "used": amount(room.used),
        "left": amount(room.left),
        "per": Term("period", str(room.limit.per)),
        "by": Term("by", str(room.limit.by)),
        "clause": room.limit.clause,
    }
    return _line(speaker, "limit", facts)


# --- an expiry ---------------------------------------------------------------------------------------------------


def explain_expiry(
    entry: Entry, history: Iterable[Entry], frame: Frame, lang: Lang, names: Names = as_it_is
) -> Explanation:
    """Why points expired: each lot with its end, and the credits from which it came.

    Args:
        entry: The entry that says so.
        history: What was written about the same holder, in order.
        frame: The programme.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.

    Raises:
        InputError: ``nothing_to_explain`` when the entry is about something else.
    """
    fact, speaker = entry.fact, Speaker(lang, frame, names)
    if not isinstance(fact, Expired):
        raise InputError("nothing_to_explain", wanted="expiry")
    holder, known = holder_named(fact.volunteer), tuple(history)
    lines: list[Line] = []
    for posting in entry.postings:
        if posting.account.purpose != Purpose.EXPIRED or posting.amount <= 0:
            continue
        is_over = posting.lot is not None and posting.lot <= entry.booked_at
        facts: dict[str, Fact] = {"points": Points(posting.amount, posting.unit), "lot": End(posting.lot)}
        lines.append(_line(speaker, "ended" if is_over else "cleared", facts))
        for earlier in known:
            if earlier.id == entry.id:
                break
            lines += _origins(earlier, (holder, posting.unit, posting.lot), speaker)
    whose = Holder(holder)
    title = speaker.say(TITLES["expired"], {"points": Points(fact.points, fact.currency), "whose": whose})
    return Explanation("expired", holder, lang, title, tuple(lines))


def _origins(entry: Entry, place: tuple[str, str, object], speaker: Speaker) -> Iterator[Line]:
    came = sum(
        each.amount
        for each in entry.postings
        if each.account.purpose == Purpose.AVAILABLE and (each.account.holder, each.unit, each.lot) == place
    )
    if came > 0:
        told = facts_of(entry)
        facts: dict[str, Fact] = {
            "points": Points(came, place[1]),
            "day": entry.on,
            "kind": Term("kind", entry.kind),
            "activity": told.get("activity"),
            "rulebook": told.get("rulebook"),
        }
        yield _line(speaker, "origin", facts)


# --- a refusal ---------------------------------------------------------------------------------------------------


def explain_refusal(
    error: VolunteerPointsError, frame: Frame | None, lang: Lang, names: Names = as_it_is
) -> Explanation:
    """A refusal, or any other error, in the shape of an explanation: what is wrong, the facts, what to do."""
    said = sentence(error, lang, names=names, frame=frame)
    facts = {name: plain(fact) for name, fact in error.facts.items() if not is_missing(fact)}
    about = next((f"{name}:{facts[name]}" for name in _ABOUT if name in facts), "")
    return Explanation(error.code, about, lang, said, (Line("facts", _listed(facts, lang), facts),) if facts else ())


_ABOUT = ("redemption", "record", "item", "volunteer")
"""What a refusal is about, the first of these that it names."""


def _listed(facts: Mapping[str, object], lang: Lang) -> str:
    return ("；" if lang == "zh" else "; ").join(f"{name} = {fact}" for name, fact in facts.items())
