"""Doubts about a programme file in Chinese; in English they speak for themselves."""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.programme_file.problems import Problem

DOUBTS: Mapping[str, tuple[str, str]] = {
    "never_fits": ("没有记录会符合", "请改正，或删去这条规则。"),
    "never_reached": ("永远轮不到", "请把特殊情况写在一般情况之前，或改正范围。"),
    "cap_too_low": ("上限小于最小的一次所得", "请提高上限。"),
    "milestone_eaten": ("奖励大于上限，总会被截去", "请提高上限，或另设一项积分（加一条 0 分的计分规则）。"),
    "never_earns": ("什么也不计", "请加上计分规则（只发奖励时写 fixed = 0 即可），或让某个上限溢出到这里。"),
    "ended_before": ("早于本版施行日", "请写更晚的日期。"),
    "nobody_begins": ("每个人的第一条记录都会被拒绝", "请改用标签，或写在计分规则的 when 里。"),
    "no_route": ("有的记录没有审核途径，会被拒绝", "请在最后加一条没有范围的途径。"),
    "levels_unordered": ("要求低于前一级", "请从低到高写各级。"),
    "never_counted": ("要求的数从来不会被计", "请改正，或让它被计入。"),
    "no_price": ("有一段时间没有价格", "请让第一个价格不写 since，或让物品从那天开始。"),
    "out_of_reach": ("没有人能攒够", "请降低价格，或提高上限。"),
}
"""What is doubtful and what to do, by code."""


def in_chinese(problem: Problem) -> str:
    """A doubt in one line; what only the English words tell is kept behind."""
    words, remedy = DOUBTS[problem.code]
    where = "，".join(filter(None, [f"第 {problem.line} 行" if problem.line else "", problem.place])) or "文件"
    value = f" = {problem.value}" if problem.value else ""
    return f"{where}{value}：{words}（{problem.message}）。{remedy}"
