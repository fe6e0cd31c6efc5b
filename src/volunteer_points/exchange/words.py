"""What is wrong with a row that can be read but not taken, with a remedy, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from volunteer_points.errors import VolunteerPointsError
from volunteer_points.exchange.columns import Column
from volunteer_points.exchange.problems import Words
from volunteer_points.explain import sentence


def row_words(code: str, facts: Mapping[str, object], error: VolunteerPointsError | None = None) -> Words:
    """The sentences for a problem, with its facts filled in.

    Args:
        code: What is wrong.
        facts: The values behind it.
        error: What the books or the model said, for a code that has no words here.
    """
    if code not in _WORDS:
        en, zh = (sentence(error, "en"), sentence(error, "zh")) if error else (code, code)
        return Words(en, "", zh, "")
    said = _WORDS[code]
    facts_en = {name: _shown(fact, ", ", "none") for name, fact in facts.items()}
    facts_zh = {name: _shown(fact, "、", "无") for name, fact in facts.items()}
    nearest = facts.get("nearest")
    facts_en["hint"] = f"Did you mean {nearest}? " if nearest else ""
    facts_zh["hint"] = f"是不是“{nearest}”？" if nearest else ""
    return Words(
        said.en.format_map(facts_en),
        said.remedy_en.format_map(facts_en),
        said.zh.format_map(facts_zh),
        said.remedy_zh.format_map(facts_zh),
    )


def column_of_refusal(code: str) -> Column | None:
    """The column in which the person who has the sheet will look first; None where the whole row is meant."""
    return _COLUMNS.get(code)


def _shown(fact: object, separator: str, nothing: str) -> str:
    match fact:
        case str():
            return fact
        case datetime():
            return fact.isoformat(" ", "minutes")[:16]
        case date():
            return fact.isoformat()
        case Iterable():
            return separator.join(map(str, fact)) or nothing
    return str(fact)


_COLUMNS: Mapping[str, Column] = {
    "unknown_volunteer": Column.NAME,
    "volunteer_left": Column.NAME,
    "not_a_member": Column.TEAM,
    "unknown_team": Column.TEAM,
    "unknown_activity": Column.ACTIVITY,
    "activity_not_offered": Column.DAY,
    "service_in_future": Column.DAY,
    "recorded_too_late": Column.DAY,
    "no_rulebook": Column.DAY,
    "no_such_time": Column.BEGIN,
    "overlap": Column.BEGIN,
    "overlaps_row": Column.BEGIN,
    "contradicts_row": Column.END,
    "bad_id": Column.VOLUNTEER,
}

_WORDS: Mapping[str, Words] = {
    "person_unknown": Words(
        "Nobody of this name is registered.",
        "{hint}Correct the name, or add the person with --add-people.",
        "名册中没有这个姓名。", "{hint}请更正姓名，或用 --add-people 登记此人。",
    ),
    "person_ambiguous": Words(
        "{count} people have this name: {candidates}.", "Write the telephone number or the volunteer's number.",
        "有 {count} 人同名：{candidates}。", "请填写手机号或志愿者编号。",
    ),
    "phone_differs": Words(
        "This name is registered with another telephone number: {candidates}.",
        "Correct the number here or in the register.",
        "该姓名登记的是另一个号码：{candidates}。", "请更正这里或名册中的号码。",
    ),
    "phone_of_another": Words(
        "Nobody of this name is registered; the telephone number belongs to {candidates}.",
        "Correct the name or the number. Somebody who shares a telephone is registered with `enrol`.",
        "名册中没有这个姓名；该手机号属于 {candidates}。", "请更正姓名或号码；共用电话的人请用 enrol 登记。",
    ),
    "name_of_another": Words(
        "The number {volunteer} belongs to {registered}.", "Correct the name or the number.",
        "编号 {volunteer} 属于 {registered}。", "请更正姓名或编号。",
    ),
    "unknown_volunteer": Words(
        "{volunteer} has not been enrolled as a volunteer.", "Enrol the person, or import with --add-people.",
        "{volunteer} 还没有注册为志愿者。", "请先注册此人，或在导入时加 --add-people。",
    ),
    "volunteer_left": Words(
        "{volunteer} left on {since}.", "Correct the name or the date, or enrol the person again.",
        "{volunteer} 已于 {since} 退出。", "请更正姓名或日期，或重新注册此人。",
    ),
    "not_a_member": Words(
        "{volunteer} is not in the team {team} on {day}.", "Correct the team, or let the volunteer join it first.",
        "{volunteer} 在 {day} 不是 {team} 的成员。", "请更正队伍，或先办理入队。",
    ),
    "activity_unknown": Words(
        "The programme has no activity of this name.",
        "{hint}Write one of: {offered}.",
        "项目中没有这个活动。", "{hint}可填写：{offered}。",
    ),
    "activity_ambiguous": Words(
        "Several activities have this name: {ids}.", "Write the id of the one that is meant.",
        "有多个活动叫这个名称：{ids}。", "请填写活动编号。",
    ),
    "team_unknown": Words(
        "The programme has no team of this name.", "{hint}Write one of: {offered}.",
        "项目中没有这支队伍。", "{hint}可填写：{offered}。",
    ),
    "team_ambiguous": Words(
        "Several teams have this name: {ids}.", "Write the id of the one that is meant.",
        "有多支队伍叫这个名称：{ids}。", "请填写队伍编号。",
    ),
    "unknown_team": Words(
        "The team {team} does not exist on {day}.", "Correct the team or the date.",
        "队伍 {team} 在 {day} 不存在。", "请更正队伍或日期。",
    ),
    "activity_not_offered": Words(
        "{activity} is not offered on {day}.", "Correct the date or the activity.",
        "{activity} 在 {day} 没有开展。", "请更正日期或活动。",
    ),
    "service_in_future": Words(
        "The service ends at {end}, which is still to come.",
        "Correct the date, or import the row when the service is over.",
        "服务 {end} 才结束，现在还没有到。", "请更正日期，或在服务结束后再导入。",
    ),
    "recorded_too_late": Words(
        "The service of {day} had to be recorded within {within_days} days.", "Correct the date or leave the row out.",
        "{day} 的服务应在 {within_days} 天内登记。", "请更正日期，或删除这一行。",
    ),
    "no_rulebook": Words(
        "No rulebook is in force on {day}.", "Correct the date, or adopt a rulebook for it.",
        "{day} 没有生效的积分管理办法。", "请更正日期，或先通过适用的办法。",
    ),
    "no_such_time": Words(
        "The clocks skip this time on that day.", "Correct the time.",
        "当天的钟表跳过了这个时间。", "请更正时间。",
    ),
    "bad_id": Words(
        "This is no volunteer's number.", "Correct it, or leave the cell empty and write the name.",
        "这不是志愿者编号。", "请更正，或留空并填写姓名。",
    ),
    "overlap": Words(
        "The same person is recorded elsewhere from {begin} to {end} (record {record}).",
        "Correct the times, or void or reverse the other record.",
        "此人 {begin} 至 {end} 已有别的记录（{record}）。", "请更正时间，或撤销、冲正另一条记录。",
    ),
    "overlaps_row": Words(
        "The same person also serves from {begin} to {end} in {other}.", "Correct one of the two rows.",
        "此人在 {other} 中 {begin} 至 {end} 也有服务。", "请更正其中一行。",
    ),
    "contradicts_row": Words(
        "{other} says {says} for the same person, activity and begin.", "Keep one of the two rows.",
        "{other} 中同一人、同一活动、同一开始时间写的是 {says}。", "请只保留其中一行。",
    ),
    "not_authorised": Words(
        "{actor} may not record service for this team.", "Import as somebody whose duty it is.",
        "{actor} 没有登记这支队伍服务的权限。", "请由有权限的人导入。",
    ),
    "period_closed": Words(
        "Nothing is booked before {closed_until} any more.", "Book it on a later day.",
        "{closed_until} 之前已经关账。", "请在之后的日期登记。",
    ),
}  # fmt: skip
