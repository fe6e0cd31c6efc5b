"""Why a record earned what it earned: who recorded and approved it, under which rules, and each step of the working."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from volunteer_points.decisions.case import Frame
from volunteer_points.decisions.service import record_state
from volunteer_points.entries import Awarded, Corrected, Entry, NotAwarded, Reversed, Submitted
from volunteer_points.errors import InputError
from volunteer_points.explain.explanations import Explanation, Line, line_of
from volunteer_points.explain.kinds import facts_of
from volunteer_points.explain.own_words import in_own_words
from volunteer_points.explain.past import Past, passed_over, past_of
from volunteer_points.explain.steps import STEPS, capped_amount, step_facts
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import Fact, Minutes, Source, Speaker, Stretch, Term
from volunteer_points.model import Use, Whose, minutes_in
from volunteer_points.postings import record_subject
from volunteer_points.rules import PROGRAMME_PAYS, RECORD, Cap, Rulebook, Step, Stream, streams_of

TITLES: Mapping[str, Words] = {
    "submitted": Words(
        "Not decided yet: {activity}[, {intervals}][, {without_times}], by {volunteer}",
        "尚未审核：{volunteer}，{activity}[，{intervals}][，{without_times}]",
    ),
    "rejected": Words("No points: the record was rejected", "没有积分：记录被驳回"),
    "voided": Words("No points: the record was withdrawn", "没有积分：记录已撤回"),
    "awarded": Words(
        "Why [{given}]{points}[ and {more}][{deducted} less]: {activity}[, {intervals}]"
        "[, {without_times}], by {volunteer}",
        "为什么[{deducted}扣减][{given}是] {points}[，另有 {more}]：{volunteer}，{activity}[，{intervals}]"
        "[，{without_times}]",
    ),
    "not_awarded": Words(
        "Why no points: {activity}[, {intervals}][, {without_times}], by {volunteer}: {because}",
        "为什么没有积分：{volunteer}，{activity}[，{intervals}][，{without_times}]；{because}",
    ),
    "reversed": Words(
        "No points any more[: {points} were taken back]",
        "积分已冲正[：收回 {points}]",
    ),
}

LINES: Mapping[str, Words] = {
    "prolonged": Words(
        "{points}[ of {volunteer}] would have ended sooner and are usable {until} now",
        "[{volunteer} 的 ]{points} 原先更早到期，现顺延：{until}",
    ),
    "recorded": Words(
        "Recorded by {actor} on {booked_at}: {activity}[, {intervals}, {minutes}][, {without_times}][, team {team}];"
        " {evidence}[; {details}][; from {source}]",
        "{actor} 于 {booked_at} 登记：{activity}[，{intervals}，共 {minutes}][，{without_times}]"
        "[，队伍 {team}]；{evidence}"
        "[；{details}][；来源 {source}]",
    ),
    "approved": Words(
        "Approved by [{by_rulebook}the rulebook][{actor}] on {booked_at}[, by route {route}][, rated {rating}]"
        "[; {still} more to approve it]",
        "[{by_rulebook}积分办法][{actor}] 于 {booked_at} [{by_rulebook}自动]审核通过[，审核途径 {route}]"
        "[，评价 {rating}]"
        "[；还需 {still} 人审核]",
    ),
    "confirmed": Words(
        "The public notice was over on {booked_at}: {points} can be used", "{booked_at} 公示结束：{points} 可以使用"
    ),
    "rejected": Words("Rejected by {actor} on {booked_at}: {reason}", "{actor} 于 {booked_at} 驳回：{reason}"),
    "voided": Words("Withdrawn by {actor} on {booked_at}: {reason}", "{actor} 于 {booked_at} 撤回：{reason}"),
    "rulebook": Words(
        "Rulebook {rulebook}[ “{title}”], in force for service from {since}[ and before {until}]",
        "积分办法 {rulebook}[《{title}》]，适用于 {since} 起[、{until} 前]的服务",
    ),
    "rulebook_only": Words("Rulebook {rulebook}", "积分办法 {rulebook}"),
    "measured": Words("Measured: {after}", "服务时间：{after}"),
    "time_rounded": Words(
        "Time rounded {direction} to a multiple of {to}: {before} become {after}",
        "时间取整（{direction}，单位 {to}）：{before}，计为 {after}",
    ),
    "below_minimum": Words(
        "{before} are less than {minimum}, the least that counts: {after}",
        "{before}，不足最低 {minimum}：计为 {after}",
    ),
    "travel_added": Words("The way there and back counts: {before} become {after}", "计入路程：{before}，计为 {after}"),
    "break_taken_off": Words(
        "A break of {break} is taken off where service is longer than {above}: {before} become {after}",
        "连续服务超过 {above}，扣除休息 {break}：{before}，计为 {after}",
    ),
    "time_scaled": Words(
        "Time × {times}: {before} become {after} (rule {rule}[, clause {clause}])",
        "时间 × {times}：{before}，计为 {after}（规则 {rule}[，条款 {clause}]）",
    ),
    "attended_too_little": Words(
        "{before} of {planned} planned are less than the share of {share} that counts: {after}",
        "计划 {planned}，实到 {before}，不足应到的 {share}：计为 {after}",
    ),
    "stream": Words(
        "Besides, in {currency}[, to the {to}][, paid by {source}] (stream {stream}[, clause {clause}]):",
        "另计{currency}[，记入{to}][，由{source}支付]（{stream}[，条款 {clause}]）：",
    ),
    "condition_unmet": Words(
        "Condition {rule} is not met[: {of}, {over}][: {own}][; wanted: {wanted}][; found: {found}]"
        "[ (clause {clause})]",
        "不符合条件 {rule}[：{over}{of}][：{own}][；要求 {wanted}][；现为 {found}][（条款 {clause}）]",
    ),
    "by_rate": Words(
        "{measured}[ on top of {so_far}, {over}][, {rate} for each {each}]: {after} (rule {rule}[, clause {clause}])",
        "{measured}[，{over}此前 {so_far}][，每 {each} 计 {rate}]：{after}（规则 {rule}[，条款 {clause}]）",
    ),
    "by_own": Words(
        "{own}: {after} (rule {rule}, {name} {version}[, clause {clause}])",
        "{own}：{after}（规则 {rule}，{name} {version}[，条款 {clause}]）",
    ),
    "out_of_range": Words(
        "{measured} is outside what the rule takes[, at least {at_least}][, at most {at_most}]:"
        " nothing (rule {rule}[, clause {clause}])",
        "{measured} 不在规则范围内[，最少 {at_least}][，最多 {at_most}]：不计分（规则 {rule}[，条款 {clause}]）",
    ),
    "added": Words(
        "Added[, {own}][, {hourly} per hour][, {fixed} for the record][, {block} for each {each}]"
        "[, on top of {so_far}, {over}]:"
        " {before} becomes {after} (rule {rule}[, clause {clause}])",
        "另加[，{own}][，每小时 {hourly}][，每条记录 {fixed}][，每 {each} 计 {block}]"
        "[，{over}此前 {so_far}]：{before}，变为 {after}"
        "（规则 {rule}[，条款 {clause}]）",
    ),
    "milestone": Words(
        "Milestone: with this record {total}; {before} becomes {after} (milestone {rule}[, clause {clause}])",
        "奖励节点：连同本条达到 {total}；{before}，变为 {after}（奖励 {rule}[，条款 {clause}]）",
    ),
    "per_hour": Words(
        "{rate} per hour × {minutes}/60 = {after} (rule {rule}[, clause {clause}])",
        "每小时 {rate} × {minutes}/60 = {after}（规则 {rule}[，条款 {clause}]）",
    ),
    "fixed": Words(
        "{rate} for each record = {after} (rule {rule}[, clause {clause}])",
        "每条记录 {rate} = {after}（规则 {rule}[，条款 {clause}]）",
    ),
    "multiplied": Words(
        "× {times}: {before} becomes {after} (rule {rule}[, clause {clause}])",
        "× {times}：{before}，变为 {after}（规则 {rule}[，条款 {clause}]）",
    ),
    "points_rounded": Words(
        "Points rounded {direction} to a multiple of {to}: {before} becomes {after}",
        "积分取整（{direction}，单位 {to}）：{before}，计为 {after}",
    ),
    "capped": Words(
        "Cap {limit} {per}[, {used} used before]: {before} become {after} (cap {rule}[, clause {clause}])",
        "上限{per} {limit}[，此前已用 {used}]：{before}，计为 {after}（上限 {rule}[，条款 {clause}]）",
    ),
    "came_over": Words(
        "{came} above cap {caps} came over[ to {before}]: {after} (stream {rule})",
        "超出上限 {caps} 的 {came} 转入[，原有 {before}]：{after}（{rule}）",
    ),
    "cap_order": Words(
        "What a cap leaves depends on the order of approval: records approved earlier count first",
        "达到上限时，结果与审核先后有关：先审核的先计",
    ),
    "cap_not_reached": Words(
        "Cap {limit} {per}[, each activity on its own{each_activity}][, {used} used before, {left} left]:"
        " it cut nothing (cap {rule}[, clause {clause}])",
        "上限{per} {limit}[，各项目分别计算{each_activity}][，此前已用 {used}，尚余 {left}]：未超限"
        "（上限 {rule}[，条款 {clause}]）",
    ),
    "other_step": Words("{did}: {before} → {after} (rule {rule})", "{did}：{before} → {after}（规则 {rule}）"),
    "awarded": Words(
        "Awarded: {points}[, to the {to}][, paid by {source}][, usable {lot}]"
        "[; in public notice, counts from {counts_from}]",
        "发放：{points}[，记入{to}][，由{source}支付][，{lot}][；公示中，{counts_from} 起生效]",
    ),
    "deducted": Words("Deducted: {points}[, from the {to}]", "扣减：{points}[，从{to}扣]"),
    "besides": Words("Besides: {more}", "另有：{more}"),
    "not_awarded": Words("No points: {because}", "未得积分：{because}"),
    "counted": Words("Counted as service time: {minutes}", "计入服务时间：{minutes}"),
    "repaid": Words("{points} of it went to the debt at once", "其中 {points} 随即抵扣欠分"),
    "reversed": Words(
        "Reversed by {actor} on {booked_at}: {reason}[; {taken}][; {given_back} given back]",
        "{actor} 于 {booked_at} 冲正：{reason}[；{taken}][；退还 {given_back}]",
    ),
    "room": Words(
        "Room that this leaves under a cap ({room}) is not filled by itself; correct the records that it had cut",
        "由此空出的上限额度（{room}）不会自动补发；如需补发，请更正当时被上限削减的记录",
    ),
    "corrected": Words(
        "Corrected by {actor} on {booked_at}, asked for by {requested_by}: {activity}[, {intervals}, {minutes}]"
        "[, {without_times}] ({reason})[; {details}]",
        "{actor} 于 {booked_at} 更正（{requested_by} 申请）：{activity}[，{intervals}，共 {minutes}][，{without_times}]"
        "（{reason}）[；{details}]",
    ),
}


def explain_award(
    entries: Iterable[Entry],
    frame: Frame,
    lang: Lang,
    names: Names = as_it_is,
    *,
    history: Iterable[Entry] = (),
) -> Explanation:
    """Why a record earned what it earned, from the first record to the last correction.

    Args:
        entries: Everything that was written about one record, in order; what its award brought
            about besides (a debt repaid, points that end later) may be among them.
        frame: The programme: its clock, currencies and rulebooks.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.
        history: What was written about the volunteer, in order, with what was written about the activity and the team
            in front of it. With it, the explanation also says which rules were passed over and why, and how much a cap
            left that cut nothing.

    Raises:
        InputError: ``nothing_to_explain`` when no record is among the entries.
    """
    told, known = tuple(entries), tuple(history)
    state = record_state(tuple(entry for entry in told if entry.kind in _TOLD and entry.kind not in _BESIDES))
    if state is None:
        raise InputError("nothing_to_explain", wanted="record")
    speaker = Speaker(lang, frame, names)
    awards = {entry.key for entry in told if isinstance(entry.fact, Awarded)}
    lines = [
        line
        for entry in told
        if entry.kind in _TOLD and (entry.kind not in _BESIDES or entry.key in awards)
        for line in _TOLD[entry.kind](entry, speaker, past_of(entry, known, frame))
    ]
    said = next(entry for entry in reversed(told) if entry.fact is state.said)
    facts = {**_facts(said), **(_facts(state.decided) if state.decided else {})}
    title = speaker.say(TITLES[state.status], facts)
    return Explanation(state.status, record_subject(state.said.record), lang, title, tuple(lines))


def _facts(entry: Entry) -> dict[str, Fact]:
    """The facts of an entry, with the minutes of its intervals."""
    facts = facts_of(entry)
    if isinstance(entry.fact, Submitted | Corrected):
        facts["minutes"] = Minutes(minutes_in(entry.fact.intervals))
    return facts


def _simply(code: str) -> Callable[[Entry, Speaker, Past | None], list[Line]]:
    """One line, from the facts of the entry."""
    return lambda entry, speaker, _past: [line_of(speaker, code, LINES[code], _facts(entry))]


def _awarded(entry: Entry, speaker: Speaker, past: Past | None) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, Awarded)  # noqa: S101 - narrows the type
    rulebook = _rulebook(speaker, fact.rulebook)
    lines = [under_rulebook(rulebook, fact.rulebook, speaker), *passed_over(rulebook, fact.working, past, speaker)]
    lines += _working(fact.working, rulebook, fact.currency, speaker)
    cut = {step.rule for step in fact.working if step.did == "capped"}
    lines += _not_reached(rulebook, fact.activity, cut, past, speaker)
    code = "deducted" if fact.points < 0 else "awarded"
    lines.append(line_of(speaker, code, LINES[code], facts_of(entry)))
    if fact.more:
        lines.append(line_of(speaker, "besides", LINES["besides"], facts_of(entry)))
    return lines


def _not_awarded(entry: Entry, speaker: Speaker, past: Past | None) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, NotAwarded)  # noqa: S101 - narrows the type
    rulebook = _rulebook(speaker, fact.rulebook)
    currency = "points" if rulebook is None else rulebook.currency
    lines = [under_rulebook(rulebook, fact.rulebook, speaker), *passed_over(rulebook, fact.working, past, speaker)]
    lines += _working(fact.working, rulebook, currency, speaker)
    lines.append(line_of(speaker, "not_awarded", LINES["not_awarded"], facts_of(entry)))
    if fact.minutes:
        lines.append(line_of(speaker, "counted", LINES["counted"], facts_of(entry)))
    return lines


def _reversed(entry: Entry, speaker: Speaker, _past: Past | None) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, Reversed)  # noqa: S101 - narrows the type
    lines = [line_of(speaker, "reversed", LINES["reversed"], facts_of(entry))]
    if fact.room:
        lines.append(line_of(speaker, "room", LINES["room"], {"room": fact.room}))
    return lines


_TOLD: Mapping[str, Callable[[Entry, Speaker, Past | None], list[Line]]] = {
    "Submitted": _simply("recorded"),
    "Approved": _simply("approved"),
    "Rejected": _simply("rejected"),
    "Voided": _simply("voided"),
    "Awarded": _awarded,
    "NotAwarded": _not_awarded,
    "Confirmed": _simply("confirmed"),
    "Repaid": _simply("repaid"),
    "Prolonged": _simply("prolonged"),
    "Reversed": _reversed,
    "Corrected": _simply("corrected"),
}
"""What is told of each kind of entry about a record."""

_BESIDES = frozenset({"Repaid", "Prolonged"})
"""What an award brings about besides, in its own commit."""


# --- the working -------------------------------------------------------------------------------------------------


def _rulebook(speaker: Speaker, name: str) -> Rulebook | None:
    rulebooks = speaker.frame.rulebooks if speaker.frame else ()
    return next((rulebook for rulebook in rulebooks if rulebook.id == name), None)


def under_rulebook(rulebook: Rulebook | None, name: str, speaker: Speaker) -> Line:
    """The line that names a rulebook and since when it holds."""
    if rulebook is None:
        return line_of(speaker, "rulebook", LINES["rulebook_only"], {"rulebook": name})
    facts: dict[str, Fact] = {
        "rulebook": rulebook.id,
        "title": rulebook.title,
        "since": rulebook.since,
        "until": rulebook.until,
    }
    return line_of(speaker, "rulebook", LINES["rulebook"], facts)


def _working(steps: Iterable[Step], rulebook: Rulebook | None, currency: str, speaker: Speaker) -> list[Line]:
    """A line for each step, and one where the next stream begins."""
    lines: list[Line] = []
    streams = () if rulebook is None else rulebook.streams
    begun: Stream | None = None
    for step in steps:
        stream = next((each for each in streams if _is_of(step, each)), None)
        if stream is not None and stream is not begun:
            begun, currency = stream, stream.currency
            lines.append(_stream(stream, speaker))
        code = step.did if step.did in STEPS else "other_step"
        facts = step_facts(step, currency) | _own(step, rulebook)
        if code == "condition_unmet":
            facts |= _measured(step, rulebook, stream)
        lines.append(line_of(speaker, code, LINES[code], facts))
        if step.did == "capped" and dict(step.facts).get("per") != RECORD:
            lines.append(line_of(speaker, "cap_order", LINES["cap_order"], {}))
    return lines


def _measured(step: Step, rulebook: Rulebook | None, stream: Stream | None) -> dict[str, Fact]:
    """What a condition looked at."""
    conditions = stream.conditions if stream is not None else () if rulebook is None else rulebook.conditions
    return next(
        (
            {"of": Term("measure", str(each.of)), "over": Stretch(each.over)}
            for each in conditions
            if each.id == step.rule and each.of is not None
        ),
        {},
    )


def _own(step: Step, rulebook: Rulebook | None) -> dict[str, Fact]:
    """What a developer's own rule told in a step."""
    for stream in () if rulebook is None else streams_of(rulebook):
        for accrual in stream.accruals:
            if accrual.id == step.rule and accrual.own is not None:
                return {"own": in_own_words(Use.ACCRUAL, step.facts, accrual.own)}
        for condition in stream.conditions:
            if condition.id == step.rule and condition.own is not None:
                return {"own": in_own_words(Use.CONDITION, step.facts, condition.own)}
    use = Use.CONDITION if step.did == "condition_unmet" else Use.ACCRUAL
    return {"own": in_own_words(use, step.facts)}


def _is_of(step: Step, stream: Stream) -> bool:
    """Whether a step was taken for a stream: what came over is told under its own id, all else under a rule's."""
    return step.rule == stream.id if step.did == "came_over" else step.rule in _rules_of(stream)


def _rules_of(stream: Stream) -> set[str]:
    groups = (stream.accruals, stream.multipliers, stream.milestones, stream.caps, stream.conditions)
    return {each.id for group in groups for each in group}


def _stream(stream: Stream, speaker: Speaker) -> Line:
    facts: dict[str, Fact] = {
        "currency": speaker.choose(stream.currency, speaker.currency(stream.currency).name),
        "stream": stream.id,
        "to": None if stream.to is Whose.VOLUNTEER else Term("whose", str(stream.to)),
        "source": None if stream.source == PROGRAMME_PAYS else Source(stream.source),
        "clause": stream.clause,
    }
    return line_of(speaker, "stream", LINES["stream"], facts)


def _not_reached(
    rulebook: Rulebook | None, activity: str, cut: set[str], past: Past | None, speaker: Speaker
) -> Iterator[Line]:
    """The caps that cut nothing."""
    for stream in () if rulebook is None else streams_of(rulebook):
        for cap in stream.caps:
            if cap.id not in cut and (not cap.activities or activity in cap.activities):
                yield _not_cut(cap, stream.currency, past, speaker)


def _not_cut(cap: Cap, currency: str, past: Past | None, speaker: Speaker) -> Line:
    scale = speaker.currency(currency).scale if cap.of == "points" else 1
    limit, used = int(cap.at_most * scale), None if past is None else past.used(cap, currency)

    def amount(number: int) -> Fact:
        return capped_amount(number, cap.of, cap.unit, currency)

    facts: dict[str, Fact] = {
        "limit": amount(limit),
        "per": Term("period", str(cap.per)),
        "each_activity": cap.each_activity,
        "used": None if used is None else amount(used),
        "left": None if used is None else amount(max(0, limit - used)),
        "rule": cap.id,
        "clause": cap.clause,
    }
    return line_of(speaker, "cap_not_reached", LINES["cap_not_reached"], facts)
