"""A rulebook in sentences that a neighbour can read: one for each provision, under a few headings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from volunteer_points.commands import Definition
from volunteer_points.explain import Lang
from volunteer_points.handout.phrases import Phrases
from volunteer_points.handout.redeeming import of_catalogue, of_redemption
from volunteer_points.model import NO_OWN_RULES, Condition, Of, OwnRules, Use, number_text
from volunteer_points.rules import (
    BALANCE,
    BENEFICIARY_PAYS,
    FUND,
    PROGRAMME_PAYS,
    RECORD,
    Accrual,
    Cap,
    Earning,
    Expiry,
    Milestone,
    Rate,
    Rulebook,
    TimeRule,
    When,
)


@attrs.frozen
class Sentence:
    """One provision in words: a stable key, the text, and the clause of the community's own document."""

    key: str
    text: str
    clause: str = ""

    @property
    def whole(self) -> str:
        """The text with its clause."""
        return f"{self.text}（{self.clause}）" if self.clause else self.text


@attrs.frozen
class Section:
    """Sentences under a heading."""

    title: str
    sentences: tuple[Sentence, ...]


def phrases(definition: Definition, lang: Lang, own_rules: OwnRules = NO_OWN_RULES) -> Phrases:
    """Phrases with the names that a programme gives its things."""
    names = {f"activity:{each.id}": each.name for each in definition.activities}
    names |= {f"team:{each.id}": each.name for each in definition.teams}
    names |= {f"partner:{each.id}": each.name for each in definition.partners}
    names |= {f"item:{each.id}": each.name for each in definition.catalogue}
    names |= {f"slot:{each.id}": each.name for each in definition.structure.slots}
    names |= {f"fund:{each.id}": each.name for each in definition.funds}
    for rulebook in definition.rulebooks:
        for ladder in rulebook.ladders:
            names[f"ladder:{ladder.id}"] = ladder.name
            names |= {f"level:{ladder.id}.{level.id}": level.name for level in ladder.levels}
    return Phrases(lang, names, {each.id: each for each in definition.currencies}, own_rules)


def sections(rulebook: Rulebook, say: Phrases, definition: Definition | None = None) -> tuple[Section, ...]:
    """A rulebook in words.

    Args:
        rulebook: The rulebook.
        say: The language and the names.
        definition: Brings the catalogue along, if it is to be shown too.
    """
    found: list[tuple[str, Iterable[Sentence]]] = [
        (say.pick("What service earns", "怎样得积分"), _of_earning(rulebook, say, "")),
        *(
            (f"{say.pick('Besides: ', '另外：')}{say.currency_name(each.currency)} ({each.id})",
             _of_earning(each, say, f"{each.id}/"))
            for each in rulebook.streams
        ),
        (say.pick("How time is counted", "时间怎样计"), _of_time(rulebook, say)),
        (say.pick("Levels", "等级"), _of_ladders(rulebook, say)),
        (say.pick("Recording and approval", "登记与审核"), _of_process(rulebook, say)),
        (say.pick("Redeeming", "兑换"), (Sentence(*each) for each in of_redemption(rulebook, say))),
        (say.pick("What can be had", "兑换目录"),
         (Sentence(*each) for each in (of_catalogue(definition, say) if definition else ()))),
        (say.pick("Not settled yet", "待确认"),
         (Sentence(f"assumption:{number}", text) for number, text in enumerate(rulebook.assumptions))),
    ]  # fmt: skip
    kept = ((title, tuple(each)) for title, each in found)
    return tuple(Section(title, each) for title, each in kept if each)


# --- earning -----------------------------------------------------------------------------------------------------


def _of_earning(stream: Earning, say: Phrases, at: str) -> Iterator[Sentence]:
    first = next((each for each in stream.accruals if not each.also), None)
    for accrual in stream.accruals:
        which = say.selector(accrual.when) or ("" if accrual.also or accrual is first else say.otherwise)
        yield Sentence(f"{at}accrual:{accrual.id}", _accrual(accrual, which, stream.currency, say), accrual.clause)
    for factor in stream.multipliers:
        which = say.selector(factor.when)
        times = number_text(factor.times)
        text = say.pick(
            f"{_led(which, say)}the points are multiplied by {times}", f"{_led(which, say)}积分乘以 {times}"
        )
        if factor.group:
            text += say.pick(f" (only the first of “{factor.group}”)", f"（“{factor.group}”各项只取第一个适用的）")
        yield Sentence(f"{at}multiplier:{factor.id}", _ended(text, say), factor.clause)
    for milestone in stream.milestones:
        yield Sentence(f"{at}milestone:{milestone.id}", _milestone(milestone, stream, say), milestone.clause)
    yield Sentence(f"{at}rounding", _ended(_rounding(stream, say), say))
    for cap in stream.caps:
        yield Sentence(f"{at}cap:{cap.id}", _cap(cap, stream.currency, say), cap.clause)
    yield from _needed(f"{at}condition", say.pick("Only who has", "须满足："), stream.conditions, say)
    yield Sentence(f"{at}expiry", _ended(expiry(stream.expiry, say), say))
    if who := _from_and_to(stream, say):
        yield Sentence(f"{at}to", _ended(who, say))


def _led(which: str, say: Phrases) -> str:
    """Which service, before what it earns."""
    return f"{which}{say.pick(': ', '：')}" if which else ""


def _ended(text: str, say: Phrases) -> str:
    return f"{text[:1].upper()}{text[1:]}{say.pick('.', '。')}"


def _accrual(accrual: Accrual, which: str, currency: str, say: Phrases) -> str:
    if accrual.rate is not None:
        what = _rate(accrual.rate, currency, say)
    elif accrual.own is not None:
        what = say.own(Use.ACCRUAL, accrual.own)
    elif accrual.per_hour is not None:
        what = say.pick(
            f"{say.amount(accrual.per_hour, currency)} an hour", f"每小时 {say.amount(accrual.per_hour, currency)}"
        )
    else:
        fixed = accrual.fixed or Fraction(0)
        shown = say.amount(abs(fixed), currency)
        what = say.pick(f"{shown} each time", f"每次 {shown}")
        if fixed < 0:
            what = say.pick(f"{shown} are taken off each time", f"每次扣 {shown}")
        elif not fixed:
            what = say.pick("earns nothing", "不计分")
    besides = say.pick(" besides", "（另加）") if accrual.also else ""
    return _ended(f"{_led(which, say)}{what}{besides}", say)


def _rate(rate: Rate, currency: str, say: Phrases) -> str:
    unit = say.measured(rate.of, rate.each, rate.unit)
    each = say.pick(f"for {'each whole' if rate.whole else 'each'} {unit.removeprefix('1 ')}",
                    f"每{'满' if rate.whole else ''} {unit}")  # fmt: skip
    if rate.stages:
        steps = []
        for stage in rate.stages:
            above = say.measured(rate.of, stage.above, rate.unit)
            gives = [
                say.pick(f"{say.amount(stage.plus, currency)} at once", f"一次计 {say.amount(stage.plus, currency)}")
            ]
            gives = gives if stage.plus else []
            gives += [
                say.pick(f"{say.amount(stage.points, currency)} {each}", f"{each} {say.amount(stage.points, currency)}")
            ]
            steps.append(say.pick(f"from {above} on: {' and '.join(gives)}", f"{above}以上{'，'.join(gives)}"))
        what = say.pick("; ", "；").join(steps)
    else:
        shown = say.amount(abs(rate.points), currency)
        what = say.pick(f"{shown} {each}", f"{each} {shown}")
        if rate.points < 0:
            what = say.pick(f"{shown} taken off {each}", f"{each} 扣 {shown}")
    if rate.over != RECORD:
        what += say.pick(f", by the total {say.over(rate.over)}", f"（按{say.over(rate.over)}总量）")
    for bound, en, zh in ((rate.at_least, "at least", "不少于"), (rate.at_most, "at most", "不多于")):
        if bound is not None:
            shown = say.measured(rate.of, bound, rate.unit)
            what += say.pick(f", if it is {en} {shown}", f"，{zh} {shown}才计")
    return what


def _milestone(milestone: Milestone, stream: Earning, say: Phrases) -> str:
    where = say.named("activity", milestone.activities)
    if milestone.every is not None and milestone.points is not None:
        mark, pays = (
            say.measured(milestone.of, milestone.every, milestone.unit),
            say.amount(milestone.points, stream.currency),
        )
        text = say.pick(
            f"For every {mark} {say.over(milestone.over)}: {pays} more",
            f"{say.over(milestone.over)}每满 {mark}，另奖 {pays}",
        )
    else:
        marks = [
            (say.measured(milestone.of, each.at, milestone.unit), say.amount(each.points, stream.currency))
            for each in milestone.marks
        ]
        text = say.pick("; ", "；").join(
            say.pick(
                f"On reaching {mark} {say.over(milestone.over)}: {pays} more, once",
                f"{say.over(milestone.over)}满 {mark}，一次性另奖 {pays}",
            )
            for mark, pays in marks
        )
    return _ended(f"{_led(where, say)}{text}", say)


def _rounding(stream: Earning, say: Phrases) -> str:
    step = say.amount(stream.rounding.to, stream.currency)
    direction = say.direction(stream.rounding.direction)
    return say.pick(f"points are rounded {direction} to {step}", f"每条记录的积分以 {step}为单位{direction}")


def _cap(cap: Cap, currency: str, say: Phrases) -> str:
    of, unit = (Of.EARNED, currency) if cap.of == "points" else (Of(cap.of), cap.unit)
    shown = say.measured(of, cap.at_most, unit)
    where = say.named("activity", cap.activities)
    if cap.each_activity:
        where = say.pick("each activity on its own", "每个项目分别计")
    who = say.each(cap.whose)
    if cap.per == BALANCE:
        text = say.pick(f"{who} has at most {shown} at once", f"{who}最多持有 {shown}")
    else:
        text = say.pick(f"{who} gets at most {shown} {say.per(cap.per)}", f"{who}{say.per(cap.per)}最多计 {shown}")
    if cap.of == "quantity":
        text += say.pick("; a record that goes beyond it earns nothing", "，超出的那条记录不计分")
    if cap.overflow:
        other = say.currency_name(cap.overflow)
        text += say.pick(f"; what is above becomes {other}", f"，超出部分转为{other}")
    return _ended(f"{_led(where, say)}{text}", say)


def expiry(rule: Expiry, say: Phrases) -> str:
    """When points end."""
    if rule.months is not None:
        return say.pick(
            f"points end {rule.months} months after the service", f"积分自服务之日起 {rule.months} 个月内有效"
        )
    if rule.days is not None:
        return say.pick(f"points end {rule.days} days after the service", f"积分自服务之日起 {rule.days} 天内有效")
    if rule.is_idle:
        english = f"{rule.idle_months} months" if rule.idle_months else f"{rule.idle_days} days"
        chinese = f"{rule.idle_months} 个月" if rule.idle_months else f"{rule.idle_days} 天"
        return say.pick(
            f"points end {english} after the last service that earned points; serving again in time keeps them all",
            f"积分自最近一次得到积分的服务之日起 {chinese}内有效；期间再次服务得到积分，全部积分重新计算有效期",
        )
    if rule.last_day is not None:
        return say.pick(f"points can be used up to {rule.last_day}", f"积分有效至 {rule.last_day}（含当日）")
    if rule.end_of is None:
        return say.pick("points do not end", "积分长期有效")
    period, chinese = rule.end_of.replace("_", "-"), say.per(rule.end_of)[1:]
    which, chinese_which = f"the {period} of the service", f"服务所在{chinese}"
    if rule.after == 1:
        which, chinese_which = f"the {period} after that of the service", f"服务所在{chinese}的下一{chinese}"
    elif rule.after:
        which = f"the {period} that comes {rule.after} {period}s after that of the service"
        chinese_which = f"服务所在{chinese}之后的第 {rule.after} 个{chinese}"
    return say.pick(f"points end with {which}", f"积分有效至{chinese_which}末")


def _from_and_to(stream: Earning, say: Phrases) -> str:
    found = []
    if stream.to != "volunteer":
        found.append(say.pick(f"the points go to the {stream.to}", f"积分记给{say.each(stream.to)[1:]}"))
    if stream.source == BENEFICIARY_PAYS:
        found.append(say.pick("who is served pays them", "由受助人支付"))
    elif stream.source != PROGRAMME_PAYS:
        fund = say.named("fund", [stream.source.removeprefix(FUND)])
        found.append(
            say.pick(
                f"the fund {fund} pays them; service that it cannot pay for in full waits",
                f"由{fund}支付，余额不足时暂不审核通过",
            )
        )
    return say.pick("; ", "；").join(found)


def _needed(key: str, lead: str, conditions: Iterable[Condition], say: Phrases) -> Iterator[Sentence]:
    for condition in conditions:
        between = say.pick(" ", "")
        yield Sentence(
            f"{key}:{condition.id}", _ended(f"{lead}{between}{say.condition(condition)}", say), condition.clause
        )


# --- time, levels, process ---------------------------------------------------------------------------------------


def _of_time(rulebook: Rulebook, say: Phrases) -> Iterator[Sentence]:
    for name, text in _time(rulebook.time, say):
        yield Sentence(f"time:{name}", _ended(text, say))
    for factor in rulebook.time_factors:
        text = say.pick(f"the time counts {factor.times} times", f"时长按 {factor.times} 倍计")
        yield Sentence(
            f"factor:{factor.id}", _ended(f"{_led(say.selector(factor.when), say)}{text}", say), factor.clause
        )


def _time(rule: TimeRule, say: Phrases) -> Iterator[tuple[str, str]]:
    default = TimeRule()
    if (rule.round_to_minutes, rule.direction, rule.each) != (
        default.round_to_minutes,
        default.direction,
        default.each,
    ):
        step, direction = say.minutes(rule.round_to_minutes), say.direction(rule.direction)
        each = say.pick(f"the time of each {rule.each}", "每段时间" if rule.each == "interval" else "每条记录的时长")
        yield "rounding", say.pick(f"{each} is rounded {direction} to {step}", f"{each}以 {step}为单位{direction}")
    if rule.minimum_minutes:
        least = say.minutes(rule.minimum_minutes)
        yield "minimum", say.pick(f"less than {least} does not count", f"不足 {least}不计")
    if rule.travel_counts:
        yield "travel", say.pick("the way there and back counts", "路途时间计入")
    if rule.break_after_minutes is not None:
        long, off = say.minutes(rule.break_after_minutes), say.minutes(rule.break_minutes)
        yield (
            "break",
            say.pick(f"from a stretch longer than {long}, {off} are taken off", f"连续超过 {long}的扣除 {off}休息"),
        )
    if rule.attended_at_least is not None:
        share = rule.attended_at_least
        yield (
            "attended",
            say.pick(f"nothing counts below {share} of the planned time", f"到场不足计划时间的 {share} 不计"),
        )


def _of_ladders(rulebook: Rulebook, say: Phrases) -> Iterator[Sentence]:
    for ladder in rulebook.ladders:
        for level in ladder.levels:
            name = f"{ladder.name or ladder.id} {level.name or level.id}"
            wanted = say.conditions(level.conditions)
            text = f"{name}{say.pick(': ', '：')}{wanted}"
            if level.certified:
                text += say.pick("; it is awarded on application", "；须申请评定")
            yield Sentence(f"level:{ladder.id}.{level.id}", _ended(text, say), ladder.clause)


def _of_process(rulebook: Rulebook, say: Phrases) -> Iterator[Sentence]:
    yield from _needed("recording", say.pick("A record is taken only with", "登记须满足："), rulebook.recording, say)
    for number, deadline in enumerate(rulebook.deadlines):
        which = say.listed(say.evidence(each) for each in deadline.evidence)
        text = say.pick(
            f"to be handed in within {deadline.within_days} days", f"须在服务后 {deadline.within_days} 天内登记"
        )
        yield Sentence(f"deadline:{number}", _ended(f"{_led(which, say)}{text}", say), deadline.clause)
    if rulebook.record_within_days is not None:
        days = rulebook.record_within_days
        yield Sentence("deadline", say.pick(f"Records are handed in within {days} days.", f"服务后 {days} 天内登记。"))
    if rulebook.members_only:
        yield Sentence("members", say.pick("Only members of a team serve for it.", "仅本队成员可为该队服务。"))
    for route in rulebook.routes:
        yield Sentence(f"route:{route.id}", _route_text(rulebook, route.id, say), route.clause)
    if rulebook.waits_for_day:
        yield Sentence(
            "waits", say.pick("What needs no approver waits until the day is over.", "自动生效的记录待当日结束后生效。")
        )
    if rulebook.notice_days:
        days = rulebook.notice_days
        yield Sentence(
            "notice", say.pick(f"Points can be used after {days} days of public notice.", f"公示 {days} 天后积分可用。")
        )
    if rulebook.counts_times:
        yield Sentence("times", say.pick("Every record counts as one time.", "每条记录计一次参加。"))


def _route_text(rulebook: Rulebook, name: str, say: Phrases) -> str:
    route = next(each for each in rulebook.routes if each.id == name)
    which = [say.selector(route.when)] if route.when != When() else []
    if route.day_minutes_above is not None:
        above = say.minutes(route.day_minutes_above)
        which.append(say.pick(f"more than {above} in the day", f"当日超过 {above}"))
    if route.day_minutes_up_to is not None:
        most = say.minutes(route.day_minutes_up_to)
        which.append(say.pick(f"up to {most} in the day", f"当日不超过 {most}"))
    if not which and route is not rulebook.routes[0]:
        which = [say.otherwise]
    body = say.pick("a higher body", "上级") if route.right == "certify" else say.pick("an approver", "审核人")
    what = say.pick(f"approved by {body}", f"由{body}审核")
    if route.automatic:
        what = say.pick("counts at once", "登记即生效")
    elif route.approvers > 1:
        what = say.pick(f"approved by {route.approvers} people ({body})", f"由 {route.approvers} 人审核（{body}）")
    return _ended(f"{_led(say.pick(', ', '，').join(which), say)}{what}", say)
