"""Why a record earned what it earned: who recorded and approved it, under which rules, and each step of the working."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from volunteer_points.decisions.case import Frame
from volunteer_points.decisions.service import record_state
from volunteer_points.entries import Awarded, Corrected, Entry, NotAwarded, Reversed, Submitted
from volunteer_points.errors import InputError
from volunteer_points.explain.explanations import Explanation, Line, line_of
from volunteer_points.explain.kinds import facts_of
from volunteer_points.explain.templates import Lang, Names, Words, as_it_is
from volunteer_points.explain.wording import Exact, Fact, Minutes, Points, Speaker, Term
from volunteer_points.model import minutes_in
from volunteer_points.postings import record_subject
from volunteer_points.rules import MINUTES, Cap, Rulebook, Step

TITLES: Mapping[str, Words] = {
    "submitted": Words(
        "Not decided yet: {activity}, {intervals}, by {volunteer}",
        "尚未审核：{volunteer}，{activity}，{intervals}",
    ),
    "rejected": Words("No points: the record was rejected", "没有积分：记录被驳回"),
    "voided": Words("No points: the record was withdrawn", "没有积分：记录已撤回"),
    "awarded": Words(
        "Why {points}: {activity}, {intervals}, by {volunteer}",
        "为什么是 {points}：{volunteer}，{activity}，{intervals}",
    ),
    "not_awarded": Words(
        "Why no points: {activity}, {intervals}, by {volunteer}: {because}",
        "为什么没有积分：{volunteer}，{activity}，{intervals}；{because}",
    ),
    "reversed": Words(
        "No points any more[: {points} were taken back]",
        "积分已冲正[：收回 {points}]",
    ),
}

LINES: Mapping[str, Words] = {
    "recorded": Words(
        "Recorded by {actor} on {booked_at}: {activity}, {intervals}, {minutes}[, team {team}]; {evidence}"
        "[; from {source}]",
        "{actor} 于 {booked_at} 登记：{activity}，{intervals}，共 {minutes}[，队伍 {team}]；{evidence}"
        "[；来源 {source}]",
    ),
    "approved": Words("Approved by {actor} on {booked_at}", "{actor} 于 {booked_at} 审核通过"),
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
    "cap_order": Words(
        "What a cap leaves depends on the order of approval: records approved earlier count first",
        "达到上限时，结果与审核先后有关：先审核的先计",
    ),
    "cap_not_reached": Words(
        "Cap {limit} {per}[, each activity on its own{each_activity}]: it cut nothing (cap {rule}[, clause {clause}])",
        "上限{per} {limit}[，各项目分别计算{each_activity}]：未超限（上限 {rule}[，条款 {clause}]）",
    ),
    "other_step": Words("{did}: {before} → {after} (rule {rule})", "{did}：{before} → {after}（规则 {rule}）"),
    "awarded": Words("Awarded: {points}, usable {lot}", "发放：{points}，{lot}"),
    "not_awarded": Words("No points: {because}", "未得积分：{because}"),
    "counted": Words("Counted as service time: {minutes}", "计入服务时间：{minutes}"),
    "repaid": Words("{points} of it went to the debt at once", "其中 {points} 随即抵扣欠分"),
    "reversed": Words(
        "Reversed by {actor} on {booked_at}: {reason}[; {taken}]",
        "{actor} 于 {booked_at} 冲正：{reason}[；{taken}]",
    ),
    "room": Words(
        "Room that this leaves under a cap ({room}) is not filled by itself; correct the records that it had cut",
        "由此空出的上限额度（{room}）不会自动补发；如需补发，请更正当时被上限削减的记录",
    ),
    "corrected": Words(
        "Corrected by {actor} on {booked_at}, asked for by {requested_by}: {activity}, {intervals}, {minutes}"
        " ({reason})",
        "{actor} 于 {booked_at} 更正（{requested_by} 申请）：{activity}，{intervals}，共 {minutes}（{reason}）",
    ),
}


def explain_award(entries: Iterable[Entry], frame: Frame, lang: Lang, names: Names = as_it_is) -> Explanation:
    """Why a record earned what it earned, from the first record to the last correction.

    Args:
        entries: Everything that was written about one record, in order; entries that repaid a debt from its award may
            be among them.
        frame: The programme: its clock, currencies and rulebooks.
        lang: ``zh`` or ``en``.
        names: Names to show in place of ids.

    Raises:
        InputError: ``nothing_to_explain`` when no record is among the entries.
    """
    told = tuple(entries)
    state = record_state(tuple(entry for entry in told if entry.kind in _TOLD and entry.kind != "Repaid"))
    if state is None:
        raise InputError("nothing_to_explain", wanted="record")
    speaker = Speaker(lang, frame, names)
    awards = {entry.key for entry in told if isinstance(entry.fact, Awarded)}
    lines = [
        line
        for entry in told
        if entry.kind in _TOLD and (entry.kind != "Repaid" or entry.key in awards)
        for line in _TOLD[entry.kind](entry, speaker)
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


def _simply(code: str) -> Callable[[Entry, Speaker], list[Line]]:
    """One line, from the facts of the entry."""
    return lambda entry, speaker: [line_of(speaker, code, LINES[code], _facts(entry))]


def _awarded(entry: Entry, speaker: Speaker) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, Awarded)  # noqa: S101 - narrows the type
    rulebook = _rulebook(speaker, fact.rulebook)
    lines = [_under(rulebook, fact.rulebook, speaker), *_working(fact.working, fact.currency, speaker)]
    cut = {step.rule for step in fact.working if step.did == "capped"}
    caps = () if rulebook is None else rulebook.caps
    lines += [_not_reached(cap, fact.currency, speaker) for cap in caps if cap.id not in cut]
    return [*lines, line_of(speaker, "awarded", LINES["awarded"], facts_of(entry))]


def _not_awarded(entry: Entry, speaker: Speaker) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, NotAwarded)  # noqa: S101 - narrows the type
    rulebook = _rulebook(speaker, fact.rulebook)
    currency = "points" if rulebook is None else rulebook.currency
    lines = [_under(rulebook, fact.rulebook, speaker), *_working(fact.working, currency, speaker)]
    lines.append(line_of(speaker, "not_awarded", LINES["not_awarded"], facts_of(entry)))
    if fact.minutes:
        lines.append(line_of(speaker, "counted", LINES["counted"], facts_of(entry)))
    return lines


def _reversed(entry: Entry, speaker: Speaker) -> list[Line]:
    fact = entry.fact
    assert isinstance(fact, Reversed)  # noqa: S101 - narrows the type
    lines = [line_of(speaker, "reversed", LINES["reversed"], facts_of(entry))]
    if fact.room:
        lines.append(line_of(speaker, "room", LINES["room"], {"room": fact.room}))
    return lines


_TOLD: Mapping[str, Callable[[Entry, Speaker], list[Line]]] = {
    "Submitted": _simply("recorded"),
    "Approved": _simply("approved"),
    "Rejected": _simply("rejected"),
    "Voided": _simply("voided"),
    "Awarded": _awarded,
    "NotAwarded": _not_awarded,
    "Repaid": _simply("repaid"),
    "Reversed": _reversed,
    "Corrected": _simply("corrected"),
}
"""What is told of each kind of entry about a record."""


# --- the working -------------------------------------------------------------------------------------------------


def _rulebook(speaker: Speaker, name: str) -> Rulebook | None:
    rulebooks = speaker.frame.rulebooks if speaker.frame else ()
    return next((rulebook for rulebook in rulebooks if rulebook.id == name), None)


def _under(rulebook: Rulebook | None, name: str, speaker: Speaker) -> Line:
    if rulebook is None:
        return line_of(speaker, "rulebook", LINES["rulebook_only"], {"rulebook": name})
    facts: dict[str, Fact] = {
        "rulebook": rulebook.id,
        "title": rulebook.title,
        "since": rulebook.since,
        "until": rulebook.until,
    }
    return line_of(speaker, "rulebook", LINES["rulebook"], facts)


def _working(steps: Iterable[Step], currency: str, speaker: Speaker) -> list[Line]:
    lines = []
    for step in steps:
        code = step.did if step.did in _STEPS else "other_step"
        lines.append(line_of(speaker, code, LINES[code], _step(step, currency)))
        if step.did == "capped" and dict(step.facts).get("per") != "record":
            lines.append(line_of(speaker, "cap_order", LINES["cap_order"], {}))
    return lines


_STEPS = frozenset(
    {"measured", "time_rounded", "below_minimum", "per_hour", "fixed", "multiplied", "points_rounded", "capped"}
)


def _step(step: Step, currency: str) -> dict[str, Fact]:
    """The facts of a step, each as what it stands for: minutes, an exact number, or parts of the currency."""
    said = dict(step.facts)
    facts: dict[str, Fact] = {"rule": step.rule, "did": step.did, "clause": said.get("clause")}
    numbers = {"before": step.before, "after": step.after, **said}
    kind = _kind_of_numbers(step, currency)
    facts |= {
        name: kind(numbers[name]) for name in ("before", "after", "to", "minimum", "limit", "used") if numbers.get(name)
    }
    facts |= {name: Exact(said[name]) for name in ("rate", "times") if name in said}
    facts |= {name: Term(group, said[name]) for name, group in _TERMS.items() if name in said}
    if step.did == "per_hour":
        facts["minutes"] = int(step.before)
    if said.get("per") == "record":
        del facts["used"]
    return facts


_TERMS = {"direction": "direction", "per": "period"}


def _kind_of_numbers(step: Step, currency: str) -> Callable[[str], Fact]:
    if step.did == "capped" and dict(step.facts).get("of") != MINUTES:
        return lambda number: Points(int(number), currency)
    if step.did in {"measured", "time_rounded", "below_minimum", "capped"}:
        return lambda number: Minutes(int(number))
    return Exact if step.did in _STEPS else str


def _not_reached(cap: Cap, currency: str, speaker: Speaker) -> Line:
    scale = 1 if cap.of == MINUTES else speaker.currency(currency).scale
    limit = int(cap.at_most * scale)
    facts: dict[str, Fact] = {
        "limit": Minutes(limit) if cap.of == MINUTES else Points(limit, currency),
        "per": Term("period", str(cap.per)),
        "each_activity": cap.each_activity,
        "rule": cap.id,
        "clause": cap.clause,
    }
    return line_of(speaker, "cap_not_reached", LINES["cap_not_reached"], facts)
