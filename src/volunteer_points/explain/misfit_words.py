"""What does not fit together in a definition, in Chinese; in English each sentence speaks for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NOUNS: Mapping[str, str] = {
    "team": "队伍",
    "household": "家庭",
    "partner": "共建单位",
    "activity": "服务项目",
    "currency": "积分种类",
    "rulebook": "积分办法",
    "item": "物品",
    "fund": "基金",
    "slot": "队伍类别",
    "ladder": "等级序列",
    "accrual": "计分",
    "condition": "条件",
    "price": "价格",
}

_WRONG: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"unknown ladder '(.*)' in rulebook (\S+)\.", r"积分办法 \2 中没有等级序列“\1”"),
        (r"unknown level '(.*)' of ladder (\S+)\.", r"等级序列 \2 中没有等级“\1”"),
        (r"unknown (\w+) '(.*)'\.", r"没有<\1>“\2”"),
        (r"rounds to (\S+), finer than (\S+)(?: can hold)?", r"取整单位 \1 比 \2 的最小单位更细"),
        (r"milestone (\S+) pays (\S+), finer than (\S+)(?: can hold)?", r"奖励节点 \1 的 \2 比 \3 的最小单位更细"),
        (r"bounds minutes within a stream", r"在并行积分中限制分钟"),
        (r"measures each activity, which only conditions of recording do", r"按每个项目统计，而只有登记条件可以这样写"),
        (r"measures a team, but nobody redeems or has a level for a team", r"按队伍统计，而队伍不兑换、也没有等级"),
        (r"measures a team, but nobody redeems for a team", r"按队伍统计，而队伍不兑换"),
        (r"measures the whole programme", r"按整个项目统计"),
        (r"bounds the whole programme", r"限制整个项目"),
        (r"measures (\S+) of a (\w+), which are not counted together", r"按<\2>统计 \1，而账本不这样合计"),
        (r"overflows into (\S+), which no .*stream of the rulebook earns", r"溢出转为 \1，而后面没有该种类的并行积分"),
        (r"names hours, and a route takes a record as a whole", r"写了钟点，而审核途径只看整条记录"),
        (r"names days, and a route takes a record as a whole", r"写了日期，而审核途径只看整条记录"),
        (r"names hours, and (?:a time factor|\S+) takes a record as a whole", r"写了钟点，而时长系数只看整条记录"),
        (r"names days, and (?:a time factor|\S+) takes a record as a whole", r"写了日期，而时长系数只看整条记录"),
        (r"has conditions, which no route looks at", r"写了条件，而审核途径不看条件"),
        (r"measures what was spent, which rulebook (\S+) does not count", r"统计已用积分，而积分办法 \1 不作此统计"),
        (r"measures times, which rulebook (\S+) does not count", r"统计次数，而积分办法 \1 不作此统计"),
        (
            r"has a worth, but rulebook (\S+) says nowhere what points are worth at (\S+)",
            r"按金额标价，而积分办法 \1 没有写明在 \2 的兑换比例",
        ),
        (
            r"names a rule for the (\w+) that is not installed, (.+), there is version (.+)",
            r"所写的<\1>规则 \2 未安装，已有版本 \3",
        ),
        (r"names a rule for the (\w+) that is not installed, (.+)", r"所写的<\1>规则 \2 未安装"),
        (r"gives rule (.+) an unknown parameter '(.*)'\.", r"给规则 \1 写了未知的参数“\2”"),
        (r"does not give rule (.+) its parameter (\S+)", r"没有给规则 \1 写参数 \2"),
        (r"gives rule (.+) (\S+) as (\S+)", r"给规则 \1 的参数 \3 写了 \2"),
        (r"rule (.+) cannot say what it measures: (.*)", r"规则 \1 无法说明要统计什么：\2"),
        (r"rule (.+) asks for the (\w+) '(.*)', which is not there", r"规则 \1 要看<\2>“\3”，而文件中没有"),
    )
)
"""What is wrong, as English patterns; a noun of the project stands between < and >."""

_REMEDIES: Mapping[str, str] = {
    "round to a multiple of its smallest part": "请取其最小单位的倍数",
    "give it a multiple of its smallest part": "请写其最小单位的倍数",
    "minutes are counted once for all: put the cap among those of the rulebook":
        "分钟只统计一次：请把上限写在积分办法下",
    "leave out 'each_activity', or name the activities": "请删去 each_activity，或写明项目",
    "measure the volunteer or the household": "请按个人或家庭统计",
    "measure a volunteer, a household or a team": "请按个人、家庭或队伍统计",
    "bound a volunteer, a household or a team": "请限制个人、家庭或队伍",
    "measure the volunteer, or count hours, times or points": "请按个人统计，或改为小时、次数、积分",
    "leave the hours out": "请删去钟点",
    'add counts = "record"': '请加上 counts = "record"',
    "put them among those of recording": "请写在登记条件里",
    "give its redemption a condition on what was spent too, or a limit of points":
        "请在其兑换规则中也写一条已用积分的条件，或按积分的限额",
    "write counts_times = true in the rulebook": "请在积分办法中写 counts_times = true",
    "add an exchange to its redemption": "请在其兑换规则中写明兑换比例",
    "install the package that brings it, or name one that is there": "请安装提供它的软件包，或改用已有的规则",
    "write a whole number there": "请写整数",
    "write an exact number there": "请写精确数",
    "write a text there": "请写文字",
    "ask whoever wrote it": "请联系规则的编写者",
}  # fmt: skip
_REMEDY_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"add a stream with currency = \"(.+)\""), r'请加上 currency = "\1" 的并行积分'),
    (re.compile(r"add (\S+) to its parameters"), r"请在参数中加上 \1"),
    (re.compile(r"add the (\w+)"), r"请加上<\1>"),
)
_SUGGESTED = re.compile(r"(.*?)\.? Did you mean '(.+)'\?")
_NOUN = re.compile(r"<(\w+)>")


def wrong_in_chinese(wrong: str) -> str:
    """What is wrong, without its place; empty when there are no words for it."""
    suggested = _SUGGESTED.fullmatch(wrong)
    if suggested:
        said = wrong_in_chinese(f"{suggested[1]}.")
        return said and f"{said}，是不是“{suggested[2]}”？"
    return next((_said(found, words) for pattern, words in _WRONG if (found := pattern.fullmatch(wrong))), "")


def remedy_in_chinese(remedy: str) -> str:
    """What to do, as a part of a sentence or as one; empty when there are no words for it."""
    plain = f"{remedy[:1].lower()}{remedy[1:]}".removesuffix(".")
    if plain in _REMEDIES:
        return _REMEDIES[plain]
    return next((_said(found, words) for pattern, words in _REMEDY_PATTERNS if (found := pattern.fullmatch(plain))), "")


def misfit_in_chinese(sentence: str) -> str:
    """A whole sentence, with its place and its remedy; empty when there are no words for it."""
    place, _, rest = sentence.partition(": ")
    for wrong, remedy in (*_halves(rest), (rest, "")):
        said, done = wrong_in_chinese(wrong), remedy_in_chinese(remedy)
        if said and bool(remedy) is bool(done):
            noun, _, name = place.partition(" ")
            where = f"{_NOUNS[noun]} {name}" if noun in _NOUNS else place
            return f"{where}：{said}{'；' if done else ''}{done}"
    return ""


def _halves(text: str) -> list[tuple[str, str]]:
    wrong, mark, remedy = text.rpartition("; ")
    return [(wrong, remedy)] if mark else []


def _said(found: re.Match[str], words: str) -> str:
    return _NOUN.sub(lambda noun: _NOUNS.get(noun[1], noun[1]), found.expand(words))
