"""The mistakes in a programme file and their remedies in Chinese; in English they speak for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

PROGRAMME_FILE_IN_CHINESE: Mapping[str, str] = {
    # the file as a whole
    "file_unreadable": "无法打开",
    "too_large": "数值或文件过大",
    "not_utf8": "不是 UTF-8 编码",
    "not_toml": "不符合 TOML 格式",
    "too_deep": "嵌套过深",
    "word_too_long": "作为数字、日期或键名太长",
    "too_many_problems": "可能还有更多错误",
    # keys and values
    "unknown_key": "不认识的键",
    "missing_key": "缺少必需的键",
    "wrong_type": "类型不对",
    "empty": "是空的",
    "too_many": "元素过多",
    "unknown_word": "不是这里可用的词",
    "unknown_reference": "指向文件里没有的内容",
    "id_twice": "编号重复",
    "bad_id": "不能作为编号",
    "not_exact": "不是精确的数",
    "not_one_of": "不是这里可用的词",
    "circle": "使队伍成为自己的下级",
    "not_whole": "不是整数",
    "not_positive": "必须大于 0",
    "negative": "小于 0",
    "finer_than_currency": "小数位数超过积分种类的位数",
    "too_many_decimals": "小数位数过多",
    "not_a_day": "不是日期",
    "not_a_time": "不是整分钟的钟点",
    "naive_datetime": "没有写明时区",
    "bad_weekday": "不是星期几",
    "bad_day_of_month": "一个月里没有这一天",
    "unknown_zone": "没有这个时区",
    "not_text": "不是文字",
    "not_a_truth_value": "既不是 true 也不是 false",
    "not_an_instant": "不是带日期的时间",
    # what does not fit together
    "structure": "队伍与体系结构不符",
    "unknown_slot": "体系结构里没有这一类",
    "rulebook_days": "各版积分办法的日期重叠或有空档",
    "does_not_fit": "前后不一致",
    "empty_rulebook": "结束日期不晚于开始日期",
    "four_eyes_missing": "不是两位不同的负责人",
    "four_eyes_unclear": "同时写了两位负责人和由一人负责",
    "one_expiry": "有效期只能有一种写法",
    "idle_mixed": "同一种积分的有效期写法不一致",
    "one_rate": "需要且只能有一种计分方式",
    "price_dates": "各价格的起始日期没有先后顺序",
    "price_missing": "需要价格、折合金额或自定规则之一",
    "bad_parameter": "不能作为规则的参数",
    # how rules are written
    "bad_month": "不是月份",
    "bad_window": "不是可以统计的时间范围",
    "bad_source": "不是积分来源",
    "half_a_time": "没有写清从几点到几点",
    "empty_window": "结束早于开始",
    "condition_unclear": "没有写清要求",
    "condition_empty": "没有任何要求",
    "ladder_within_ladder": "等级的条件里又写了等级",
    "rate_unclear": "没有写清按什么计分",
    "stages_unordered": "各级没有逐级升高",
    "milestone_unclear": "没有写清奖励多少",
    "cap_unclear": "没有写清限制什么",
    "route_unclear": "没有写清由谁审核",
}
"""What is wrong, by the code of the problem; it stands after the line, the place and the value."""

TOLD_IN_FULL = frozenset({"file_unreadable", "not_toml", "structure", "rulebook_days", "does_not_fit"})
"""Codes whose English message says more than the code; it is kept behind the Chinese words."""

REMEDY_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Did you mean (.+)\?"), r"是不是 \1？"),
    (re.compile(r"There (?:is|are): (.+)\."), r"可用的有：\1。"),
    (re.compile(r"Give at most (\d+) characters\."), r"最多 \1 个字符。"),
    (re.compile(r"Known here: (.+)\."), r"这里可用：\1。"),
    (re.compile(r"(?:Write|Use) one of (.+)\."), r"请使用其中之一：\1。"),
    (re.compile(r"Add (\S+) = (.+)\."), r"请补上 \1 = \2。"),
    (re.compile(r"Add it to (\S+), or correct the name\."), r"请把它加入 \1，或改正名称。"),
    (re.compile(r"Give (?:a number of )?at most (\d+)\."), r"最多 \1。"),
    (re.compile(r"Write it with at most (\d+) decimals\."), r"最多写 \1 位小数。"),
    (re.compile(r"It belongs to (.+): write it above the heading of (.+)\."), r"它属于 \1：请写在 \2 的标题之前。"),
    (re.compile(r"Write (\[\[.+\]\]) above each\."), r"请在每一项前写 \1。"),
    (re.compile(r"Write (\{ .+ \}) or a heading\."), r"请写 \1 或一个标题。"),
    (re.compile(r"Give at most (\d+), each once\."), r"最多 \1 项，每项一次。"),
    (re.compile(r"Let (\S+) begin on (.+)\."), r"请让 \1 从 \2 开始。"),
)
"""Remedies that name something, as English patterns, and how to say them in Chinese."""

FILE_REMEDIES: Mapping[str, str] = {
    "Check its name.": "请核对文件名。",
    "Correct these first.": "请先改正以上各处。",
    "Save the file with the encoding UTF-8.": "请用 UTF-8 编码保存文件。",
    "Leave out what is no longer needed; people's names belong to the register.":
        "请删去不再需要的内容；人员姓名应放在人员登记册。",
    "Write fewer dots, lists and braces inside each other.": "请减少嵌套的点号、列表和花括号。",
    "Write text between quotation marks.": "文字请写在引号里。",
    'Check quotation marks, brackets and the form key = "value" here and on the line before.':
        '请检查这一行和上一行的引号、括号，以及 键 = "值" 的写法。',
    "Write true or false, without quotation marks.": "请写 true 或 false，不加引号。",
    "Write it as 20, without quotation marks and decimals.": "请写成 20 这样的整数，不加引号。",
    'Write it as 10, 1.5 or "1/3".': '请写成 10、1.5 或 "1/3"。',
    "Write it as 2026-03-14, without a time of day.": "请写成 2026-03-14，不带钟点。",
    "Write it as 04:00:00.": "请写成 04:00:00。",
    "Write it between [ and ].": "请写在 [ 和 ] 之间。",
    "Give at least one.": "请至少给出一项。",
    "Give each its own.": "请给每一项各自的编号。",
    "Let 'until' be a later day than 'since'.": "until 必须晚于 since。",
    "Let 'last_day' be the same day as 'first_day' or a later one.": "last_day 不能早于 first_day。",
    'Write a period such as "month", "year" or "ever", or the last "90 days", "12 months", "2 years".':
        '请写 "month"、"year"、"ever" 这样的周期，或 "90 days"、"12 months"、"2 years" 这样的最近一段时间。',
    "Let one end where the other begins.": "请让前一版的结束日等于后一版的开始日。",
    "Add or leave out teams of that slot, or describe another [structure].":
        "请增减这一类的队伍，或改写 [structure]。",
}  # fmt: skip
"""The other remedies of a programme file in Chinese."""

PROBLEM_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"team (\S+): unknown slot '(.+?)'\. Did you mean '(.+)'\?"),
        r"队伍 \1：体系结构里没有类别 \2，是不是 \3？",
    ),
    (re.compile(r"team (\S+): unknown slot '(.+?)'\..*"), r"队伍 \1：体系结构里没有类别 \2"),
    (
        re.compile(r"slot (\S+): (\d+) teams on (\S+), the structure (\S+) asks for exactly (\d+)"),
        r"类别 \1：\3 有 \2 支队伍，体系 \4 要求正好 \5 支",
    ),
    (
        re.compile(r"slot (\S+): (\d+) teams on (\S+), the structure (\S+) asks for (\d+) to any"),
        r"类别 \1：\3 有 \2 支队伍，体系 \4 要求至少 \5 支",
    ),
    (
        re.compile(r"slot (\S+): (\d+) teams on (\S+), the structure (\S+) asks for (\d+) to (\d+)"),
        r"类别 \1：\3 有 \2 支队伍，体系 \4 要求 \5 至 \6 支",
    ),
    (
        re.compile(r"label (\S+): (\d+) parts, but there are (\d+) slots"),
        r"名称 \1 有 \2 段，而体系结构有 \3 类",
    ),
    (
        re.compile(r"label (\S+): part (\S+) does not say what slot (\S+) asks for"),
        r"名称 \1 中的 \2 与类别 \3 的要求不一致",
    ),
    (re.compile(r"(\w+) (\S+): stands (\d+) times; give each its own id"), r"编号 \2 出现 \3 次，请各用各的编号"),
    (
        re.compile(r"team (\S+): stands below itself; give it another parent or none"),
        r"队伍 \1 成为自己的下级，请改正上级队伍",
    ),
    (
        re.compile(r"rulebooks (\S+) and (\S+) overlap: .+; let one end where the other begins"),
        r"积分办法 \1 与 \2 日期重叠，请让前一版的结束日等于后一版的开始日",
    ),
    (
        re.compile(r"rulebooks (\S+) and (\S+) leave a gap from (\S+) to (\S+); let .+"),
        r"积分办法 \1 与 \2 之间从 \3 到 \4 有空档，请让 \2 从 \3 开始",
    ),
    (
        re.compile(r"currency (\S+): the ledger counts it with (\d+) decimals; .+"),
        r"积分种类 \1 在账本中为 \2 位小数，不能更改；如有需要请另设一种",
    ),
    (
        re.compile(r"rulebook (\S+): adopted versions never change; .+"),
        r"积分办法 \1 已采用，不能修改；请用新的编号和日期另写一版",
    ),
    (
        re.compile(r"rulebook (\S+): begins on (\S+), before today (\S+); look at .+"),
        r"积分办法 \1 从 \2 开始，早于今天 \3；请先试算，并写上试算结果末尾的编号",
    ),
    (
        re.compile(r"rulebooks (.+): a what-if is of one version that reaches back; .+"),
        r"积分办法 \1 都追溯施行；每次试算只针对一版，请逐版采用",
    ),
    (
        re.compile(r"rulebook (\S+): begins on (\S+), before today (\S+); .+"),
        r"积分办法 \1 从 \2 开始，早于今天 \3；请写 retroactive = true 并说明 retroactive_reason，或改为更晚开始",
    ),
)
"""What does not fit together in a definition, as English patterns, and how to say it in Chinese."""
