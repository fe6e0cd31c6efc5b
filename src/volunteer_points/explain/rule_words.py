"""What errors about rules say: about how a rulebook is written, and about what it does not allow."""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.explain.templates import ErrorWords

WRITTEN: Mapping[str, ErrorWords] = {
    "bad_month": ErrorWords("{value} is no month.", "", "{value} 不是月份。", ""),
    "bad_window": ErrorWords(
        "{field}: {value} is not a stretch of time that can be measured.", "Use one such as {known}.",
        "{field}：{value} 不是可以统计的时间范围。", "可用的写法：{known}。",
    ),
    "bad_parameter": ErrorWords(
        "A parameter of a rule cannot be read[: {parameter}][ = {value}].",
        "Write a whole number, an exact number or a text.",
        "规则的参数无法识别[：{parameter}][ = {value}]。", "请写整数、精确数或文字。",
    ),
    "parameter_missing": ErrorWords(
        "The rule needs the parameter {parameter}[; there is {known}].", "Add it to its parameters.",
        "规则需要参数 {parameter}[；现有 {known}]。", "请在规则的参数中补上。",
    ),
    "own_rule_unclear": ErrorWords(
        "The rule {rule} {version} is not as the library needs it: {what}.",
        "See the protocol volunteer_points.model.Rule for what it must bring.",
        "规则 {rule} {version} 不符合要求：{what}。", "规则须具备的内容见 volunteer_points.model.Rule。",
    ),
    "own_rule_twice": ErrorWords(
        "The rule {rule} {version} is there twice.", "Take one of them out, or give it another version.",
        "规则 {rule} {version} 出现两次。", "请移除其中一个，或改用另一个版本号。",
    ),
    "own_rule_unreadable": ErrorWords(
        "The rule {rule} of the package {package} cannot be loaded: {problem}.", "Repair or remove that package.",
        "软件包 {package} 的规则 {rule} 无法载入：{problem}。", "请修复或移除该软件包。",
    ),
    "half_a_time": ErrorWords(
        "The hours of the day are not clear[: {value}].", "", "一天中的时段不明确[：{value}]。", "",
    ),
    "empty_window": ErrorWords(
        "The window begins on {first_day} and ends on {last_day}, so it holds no day.",
        "Let it end on its first day or later.",
        "时间段从 {first_day} 到 {last_day}，没有一天。", "请让最后一天不早于第一天。",
    ),
    "condition_unclear": ErrorWords(
        "Condition {condition} does not say what must hold.", "", "条件 {condition} 没有写清要求。", "",
    ),
    "condition_empty": ErrorWords("Condition {condition} asks for nothing.", "", "条件 {condition} 没有任何要求。", ""),
    "ladder_within_ladder": ErrorWords(
        "Level {level} of ladder {ladder} asks for a level itself.", "",
        "等级序列 {ladder} 的 {level} 又以等级为条件。", "",
    ),
    "unknown_ladder": ErrorWords("There is no ladder {ladder}.", "", "没有等级序列 {ladder}。", ""),
    "price_missing": ErrorWords(
        "Item {item} needs prices, a worth in money or an own rule.", "",
        "物品 {item} 需要价格、折合金额或自定规则之一。", "",
    ),
    "quantity_twice": ErrorWords("A unit stands twice among {units}.", "", "{units} 中有重复的单位。", ""),
    "bad_source": ErrorWords("{value} is nobody who pays.", "", "{value} 不是积分来源。", ""),
    "route_unclear": ErrorWords(
        "Route {route} does not say who approves[: {right} is not that].", "",
        "审核途径 {route} 没有写清由谁审核[：不能是“{right}”]。", "",
    ),
    "rate_unclear": ErrorWords(
        "A rate does not say what it pays for[ ({unit})].", "", "计分方式没有写清按什么计分[（{unit}）]。", "",
    ),
    "stages_unordered": ErrorWords(
        "The steps[ of milestone {milestone}] do not rise.", "", "[奖励节点 {milestone} 的]各级没有逐级升高。", "",
    ),
    "milestone_unclear": ErrorWords(
        "Milestone {milestone} does not say what it pays.", "", "奖励节点 {milestone} 没有写清奖励多少。", "",
    ),
    "cap_unclear": ErrorWords("Cap {cap} does not say what it bounds.", "", "上限 {cap} 没有写清限制什么。", ""),
    "day_and_times": ErrorWords(
        "The record gives times of service and, besides, the day {on}.", "",
        "记录既写了服务时段，又另写了日期 {on}。", "",
    ),
}  # fmt: skip
"""About what is written in a rulebook or a record."""

APPLIED: Mapping[str, ErrorWords] = {
    "own_rule_missing": ErrorWords(
        "The rule {rule} {version} is not installed (needed for: {use})[; installed: version {versions}].",
        "Install the package that brings this version.",
        "规则 {rule} {version} 未安装（用途：{use}）[；已安装版本：{versions}]。", "请安装提供该版本的软件包。",
    ),
    "own_rule_failed": ErrorWords(
        "The rule {rule} {version} failed: {problem}.", "Tell whoever wrote it; nothing was written.",
        "规则 {rule} {version} 执行出错：{problem}。", "请联系规则的编写者；未写入任何内容。",
    ),
    "own_rule_broken": ErrorWords(
        "The rule {rule} {version} gave {value}, where an exact number within bounds is needed.",
        "Tell whoever wrote it; nothing was written.",
        "规则 {rule} {version} 给出 {value}，而这里需要范围内的精确数。", "请联系规则的编写者；未写入任何内容。",
    ),
    "condition_unmet": ErrorWords(
        "{volunteer} does not meet the condition {condition}[ for {item}]"
        "[; measured: {of}, {over}][; rule {own}][; wanted: {wanted}][; found: {found}][; missing: {missing}]"
        "[ (clause {clause})].",
        "Come again when it is met.",
        "{volunteer} 不符合条件 {condition}[（{item}）][；依据：{over}{of}][；规则 {own}][；要求：{wanted}]"
        "[；现为：{found}][；还差：{missing}]"
        "[（条款 {clause}）]。", "请在符合条件后再办理。",
    ),
    "cannot_be_measured": ErrorWords(
        "The books do not know this of a {whose}: {of}.", "Measure it of the volunteer.",
        "账本不按{whose}统计“{of}”。", "请改为按个人统计。",
    ),
    "which_ladder": ErrorWords(
        "Rulebook {rulebook} has no ladder, or more than one[: {known}].", "Name one that it has.",
        "积分办法 {rulebook} 没有等级序列，或不止一个[：{known}]。", "请写明其中一个。",
    ),
    "no_route": ErrorWords(
        "No route of approval takes record {record}: {day} then has {day_minutes} minutes.",
        "Ask the founders: the rulebook sets the routes.",
        "服务记录 {record} 没有适用的审核途径：{day} 共 {day_minutes} 分钟。",
        "审核途径由积分办法规定，请联系项目负责人。",
    ),
    "needs_an_approver": ErrorWords(
        "The rulebook does not approve record {record} by itself[; its route is {route}].", "Let a person approve it.",
        "积分办法不自动审核服务记录 {record}[，其审核途径为 {route}]。", "请由人工审核。",
    ),
    "day_not_over": ErrorWords(
        "Record {record} waits until its day, {day}, is over.", "Approve it tomorrow, or let a person approve it.",
        "服务记录 {record} 要等 {day} 这一天过完。", "请次日再办，或由人工审核。",
    ),
    "no_notice": ErrorWords(
        "The award of record {record} is not in public notice.", "There is nothing to confirm.",
        "服务记录 {record} 的积分不在公示期。", "无需确认。",
    ),
    "notice_not_over": ErrorWords(
        "The public notice of record {record} runs until {counts_from}.", "Wait until then.",
        "服务记录 {record} 的公示到 {counts_from} 结束。", "请等公示结束。",
    ),
    "already_confirmed": ErrorWords(
        "The award of record {record} counts already.", "There is nothing to do.",
        "服务记录 {record} 的积分已经生效。", "无需处理。",
    ),
    "payer_short": ErrorWords(
        "{payer} has to pay {needs} and has {has}: {missing} missing.", "Fill it up first, then approve.",
        "{payer} 需支付 {needs}，现有 {has}，还差 {missing}。", "请先补足，再审核。",
    ),
    "no_beneficiary": ErrorWords(
        "Record {record} does not say who was served, and that person pays.",
        "Withdraw it and record it with the beneficiary.",
        "服务记录 {record} 没有写明服务对象，而积分由服务对象支付。", "请撤回后重新登记，写明服务对象。",
    ),
    "no_household": ErrorWords(
        "{volunteer} belongs to no household.", "Enrol the volunteer with a household first.",
        "{volunteer} 没有登记家庭。", "请先为该志愿者登记家庭。",
    ),
    "no_team": ErrorWords(
        "Record {record} of {volunteer} names no team to be credited.", "Record it with a team.",
        "{volunteer} 的服务记录 {record} 没有写明记入积分的队伍。", "请登记队伍。",
    ),
    "no_exchange": ErrorWords(
        "{item} has a worth in money, and rulebook {rulebook} does not say what points are worth at {partner}.",
        "Give the rulebook an exchange, or the item a price.",
        "{item} 按金额标价，而积分办法 {rulebook} 没有规定在 {partner} 的兑换比例。",
        "请在积分办法中写明兑换比例，或给物品写明积分价格。",
    ),
    "donations_off": ErrorWords(
        "The rulebook does not let points be donated.", "Ask the founders: the rulebook decides it.",
        "积分办法不允许捐赠积分。", "是否允许由积分办法规定，请联系项目负责人。",
    ),
    "unknown_fund": ErrorWords(
        "There is no fund {fund}[; there is {known}].", "Use one that there is.",
        "没有基金 {fund}[；现有 {known}]。", "请使用现有的基金。",
    ),
}  # fmt: skip
"""About what a rulebook does not allow."""

RULE_REMEDIES: Mapping[str, str] = {
    "Give either the times of service or the day of what took none.": "请写服务时段；不计时的事项只写日期。",
    "Describe the ladder in the rulebook.": "请在积分办法中写明这一等级序列。",
    "Give 'of' with 'at_least' or 'below'.": "请把 of 与 at_least 或 below 一起写。",
    "Give 'ladder' together with 'level'.": "请把 ladder 与 level 一起写。",
    "Say what must hold, or leave it out.": "请写明要求，或删去这一条。",
    "Use measures and tags.": "请改用统计量和标签。",
    "Give numbers above 0.": "请给出大于 0 的数。",
    "Give one of 'prices', 'worth' and 'own'.": "prices、worth、own 只写一个。",
    "Add them up.": "请合并为一项。",
    "January is 1 and December is 12.": "一月为 1，十二月为 12。",
    "Give 'from_time' together with 'until_time'.": "请把 from_time 与 until_time 一起写。",
    "Give two different times.": "请给出两个不同的钟点。",
    "Write 'programme', 'beneficiary' or 'fund:' and its id.": "请写 programme、beneficiary，或 fund: 加编号。",
    "Give 'approve' or 'certify'.": "请写 approve 或 certify。",
    "What is approved at once has no approvers.": "自动审核的不需要写审核人数。",
    "Name the unit of a quantity, and of nothing else.": "只有数量（quantity）需要写单位。",
    "Give either 'points' or 'stages'.": "points 和 stages 只写一个。",
    "Let each stage begin above the one before.": "请让每一级高于前一级。",
    "Give one of 'per_hour', 'fixed', 'rate' and 'own'.": "per_hour、fixed、rate、own 只写一个。",
    "Beside 'own' give bounds alone: its parameters say what it looks at.": (
        "写了 own 就只写上下限；看什么由它的参数决定。"
    ),
    "Name it with letters of the Latin alphabet, digits and '_'.": "名称请用拉丁字母、数字和下划线。",
    "Write a whole number, an exact number or a text.": "请写整数、精确数或文字。",
    "Give 'marks', or 'every' with 'points'.": "请写 marks，或把 every 与 points 一起写。",
    "Let each mark lie above the one before.": "请让每个节点高于前一个。",
    "Give either 'each_activity' or 'activities'.": "each_activity 和 activities 只写一个。",
    "A balance is of points, whatever they were earned for.": "余额只按积分计，不分项目。",
    "Only points overflow into another currency.": "只有积分可以转入另一种积分。",
}
"""Remedies that errors about rules bring along, in Chinese."""
