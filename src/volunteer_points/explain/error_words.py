"""What each error says and what to do about it, in English and Chinese, by its code.

A template may name only facts that every raise of its code gives, and in square brackets those that some give. Where
every raise brings its own remedy as ``fix``, none stands here; :data:`REMEDIES` has those in Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.explain.rule_words import APPLIED, RULE_REMEDIES, WRITTEN
from volunteer_points.explain.store_words import STORES
from volunteer_points.explain.templates import ErrorWords

_LOOK_UP = "Check the id, or list what there is.", "请核对编号，或先列出现有的编号。"
_ASK = "Ask somebody who has this duty.", "请由有此职责的人办理。"


INPUT: Mapping[str, ErrorWords] = {
    "not_exact": ErrorWords("{value} is not an exact number.", "", "{value} 不是精确的数。", ""),
    "not_text": ErrorWords(
        "[{field}: ]{value} is not a text that can be kept.", "",
        "[{field}：]{value} 不是可以保存的文字。", "请用较短的可打印文字。",
    ),
    "not_a_truth_value": ErrorWords("{value} is neither true nor false.", "", "{value} 既不是 true 也不是 false。", ""),
    "naive_datetime": ErrorWords(
        "[{field}: ]{value} does not say in which time zone it is.", "Give the time with its zone, as +08:00.",
        "[{field}：]{value} 没有写明时区。", "请写明时区，如 +08:00。",
    ),
    "not_a_day": ErrorWords("[{field}: ]{value} is not a day.", "", "[{field}：]{value} 不是日期。", ""),
    "not_an_instant": ErrorWords(
        "[{field}: ]{value} is not a usable time with a day.", "", "[{field}：]{value} 不是可用的带日期的时间。", "",
    ),
    "not_a_time": ErrorWords("{value} is not a time of day.", "", "{value} 不是钟点。", ""),
    "not_whole": ErrorWords("{field}: {value} is not a whole number.", "", "{field}：{value} 不是整数。", ""),
    "too_large": ErrorWords(
        "{field}: {value} is more than one amount may be, {most}.", "Check the number.",
        "{field}：{value} 超过单笔上限 {most}。", "请核对数字。",
    ),
    "not_positive": ErrorWords("{field}: {value} is not enough.", "", "{field}：{value} 不够。", ""),
    "negative": ErrorWords("{field}: {value} is below nought.", "", "{field}：{value} 小于 0。", ""),
    "bad_id": ErrorWords("{field}: {value} cannot be an id.", "", "{field}：{value} 不能作为编号。", ""),
    "not_one_of": ErrorWords(
        "{value} is none of {known}.", "", "{value} 不在可用的词之中：{known}。", "请使用其中之一。",
    ),
    "bad_key": ErrorWords("{value} cannot be an idempotency key.", "", "{value} 不能作为防重复键。", ""),
    "bad_reference": ErrorWords("{value} is not the reference of a what-if.", "", "{value} 不是试算编号。", ""),
    "unknown_zone": ErrorWords("There is no time zone {zone}.", "", "没有时区 {zone}。", ""),
    "ends_before_it_begins": ErrorWords(
        "It ends at {end}, not after it begins at {begin}.", "", "结束时间 {end} 不晚于开始时间 {begin}。", "",
    ),
    "no_day": ErrorWords(
        "A record with {intervals} times of service falls on no day.", "Run the audit on the whole ledger.",
        "记录有 {intervals} 段服务时间，却不属于任何一天。", "请对整个账本运行审计。",
    ),
    "no_interval": ErrorWords("The record says no time of service.", "", "记录没有服务时间。", ""),
    "intervals_overlap": ErrorWords(
        "Two intervals of the record overlap; the later one begins at {begin}.", "",
        "记录中有两个时段重叠，后一个从 {begin} 开始。", "",
    ),
    "too_many_decimals": ErrorWords(
        "Currency {currency}: {decimals} decimals are too many.", "Use at most {most}.",
        "积分种类 {currency}：小数位数 {decimals} 过多。", "最多 {most} 位。",
    ),
    "price_dates": ErrorWords(
        "Item {item}: its prices do not follow one another by date.", "",
        "物品 {item}：各价格的起始日期没有先后顺序。", "",
    ),
    "four_eyes_missing": ErrorWords(
        "The programme names no two founders[, but {founders}].", "", "项目没有两位负责人[，目前为 {founders}]。", "",
    ),
    "four_eyes_unclear": ErrorWords(
        "The programme says both that two founders and that one person runs it.", "",
        "项目既写了两位负责人，又写了由一人负责。", "",
    ),
    "bad_weekday": ErrorWords("{value} is no weekday.", "", "{value} 不是星期几。", ""),
    "one_rate": ErrorWords(
        "Accrual {accrual} needs exactly one rate.", "", "计分规则 {accrual} 需要且只能有一种计分方式。", "",
    ),
    "one_expiry": ErrorWords(
        "The expiry says more than one thing, or none that ends[: {value}].", "",
        "有效期写法不唯一或没有期限[：{value}]。",
        "end_of、months、days、last_day、idle_months、idle_days 只写一个；都不写表示长期有效。",
    ),
    "idle_mixed": ErrorWords(
        "In rulebook {rulebook} some points of {currency} end by inactivity and others in another way.", "",
        "积分办法 {rulebook} 中，{currency} 有的按不活跃到期，有的按别的方式到期。",
        "同一种积分请采用同一种有效期，或都不写有效期。",
    ),
    "bad_day_of_month": ErrorWords("{value}: a month has no such day.", "", "{value}：一个月里没有这一天。", ""),
    "empty_rulebook": ErrorWords(
        "Rulebook {rulebook} begins on {since} and ends on {until}, so it covers no day.",
        "Let it end after it begins, or leave the end out.",
        "积分办法 {rulebook} 从 {since} 到 {until}，没有覆盖任何一天。",
        "请把结束日期改到开始日期之后，或不写结束日期。",
    ),
    "finer_than_currency": ErrorWords(
        "[Rounding to {rounding}][Milestone {milestone}] gives less than the smallest part of currency {currency}"
        "[, which has {decimals} decimals].",
        "Round more coarsely, or give the currency more decimals.",
        "[取整单位 {rounding}][奖励节点 {milestone}] 小于积分种类 {currency} 的最小单位[（{decimals} 位小数）]。",
        "请加大取整单位，或增加小数位数。",
    ),
    "id_twice": ErrorWords(
        "Rulebook {rulebook}: the {kind} {id} stands there twice.", "",
        "积分办法 {rulebook}：{kind} {id} 出现了两次。", "",
    ),
    "text_for_path": ErrorWords("{value} is a text, not the path of a file.", "", "{value} 是文字，不是文件路径。", ""),
    "unknown_language": ErrorWords("{value} is not a language here.", "", "不支持语言 {value}。", ""),
    "unknown_profile": ErrorWords(
        "The audit has no profile {profile}.", "", "审计没有方案 {profile}。", "请核对方案名称。",
    ),
    "unknown_check": ErrorWords(
        "The audit has no check {check}.", "", "审计没有检查项 {check}。", "请核对检查项编号。",
    ),
    "unknown_severity": ErrorWords(
        "The audit knows no severity {severity}.", "", "审计没有严重程度 {severity}。", "请核对严重程度的写法。",
    ),
    "no_example": ErrorWords(
        "The example is not at {place}.", "", "{place} 没有示例文件。", "请重新安装程序。",
    ),
    "folder_not_empty": ErrorWords(
        "{folder} is not empty: it holds {files} files, such as {found}.",
        "Name an empty folder, or one that is not there.",
        "{folder} 不是空文件夹：其中有 {files} 个文件，如 {found}。", "请指定空文件夹，或尚不存在的文件夹。",
    ),
    "folder_unusable": ErrorWords(
        "{folder} cannot be used: {reason}.", "Name a folder in which you may write.",
        "{folder} 无法使用：{reason}。", "请指定可写的文件夹。",
    ),
    "sheet_not_clean": ErrorWords(
        "{rows} rows of the sheets cannot be taken.", "", "签到表中有 {rows} 行不能导入。",
        "请改正这些行，或跳过它们继续导入。",
    ),
    "nothing_to_explain": ErrorWords(
        "None of the entries is about a {wanted}.", "Bring the entries about one {wanted}.",
        "这些条目里没有{wanted}。", "请提供关于同一{wanted}的条目。",
    ),
}  # fmt: skip

PROGRAMME: Mapping[str, ErrorWords] = {
    "no_programme": ErrorWords(
        "Ledger {ledger} has no programme yet.", "Adopt one first.",
        "账本 {ledger} 还没有项目。", "请先采用一个项目定义。",
    ),
    "definition_has_problems": ErrorWords(
        "The programme does not fit together: {problems}.", "Correct the programme file and adopt it again.",
        "项目定义有问题：{problems}。", "请修改项目文件后重新采用。",
    ),
    "not_a_founder": ErrorWords(
        "{actor} is not one of the founders, {founders}.", "Let a founder write it and the other approve it.",
        "{actor} 不是负责人（{founders}）。", "请由一位负责人起草、另一位批准。",
    ),
    "no_change": ErrorWords(
        "Nothing would change[ for {volunteer}][ in team {team}][ in record {record}][ in programme {programme}].",
        "Check what you meant to change.",
        "没有任何变化[：志愿者 {volunteer}][，队伍 {team}][：记录 {record}][：项目 {programme}]。",
        "请确认要修改的内容。",
    ),
    "period_closed": ErrorWords(
        "{day} cannot be booked on: every day before {closed_until} is closed.", "Book it on an open day.",
        "不能在 {day} 入账：{closed_until} 之前已结账。", "请在未结账的日期入账。",
    ),
    "period_not_over": ErrorWords(
        "The days before {until} are not over on {today}.", "Close up to today at most.",
        "{today} 时，{until} 之前的日期尚未过完。", "最多结到今天。",
    ),
    "already_closed": ErrorWords(
        "The days before {until} are closed already; closed is every day before {closed_until}.",
        "Give a later day.",
        "{until} 之前已经结账；目前结到 {closed_until} 之前。", "请给出更晚的日期。",
    ),
    "no_rulebook": ErrorWords(
        "No rulebook is in force on {day}.", "Adopt one that covers the day, or check the date.",
        "{day} 没有生效的积分办法。", "请采用覆盖这一天的办法，或核对日期。",
    ),
    "what_if_differs": ErrorWords(
        "The what-if {given} is not that of rulebook {rulebook} over this ledger, which is {found}.",
        "Run it again, look at it, and give the reference at its end.",
        "试算编号 {given} 不是积分办法 {rulebook} 在本账本上的结果；应为 {found}。",
        "请重新试算，看过结果后写上末尾的编号。",
    ),
    "which_rulebook": ErrorWords(
        "It is not clear which rulebook is meant[: {value}][; there is {known}].", "Name one of them.",
        "不清楚要试算哪一版积分办法[：{value}][；现有 {known}]。", "请写明其中一版。",
    ),
    "rulebook_id_taken": ErrorWords(
        "The ledger has another text under the id of rulebook {rulebook}.", "Give the draft an id of its own.",
        "账本里编号为 {rulebook} 的积分办法是另一版内容。", "请给草案另起编号。",
    ),
    "currency_differs": ErrorWords(
        "The draft counts {currency} with {decimals} decimals, the ledger with {before}.",
        "Keep the currency as it is and add another one.",
        "草案的 {currency} 有 {decimals} 位小数，账本为 {before} 位。", "请保持不变，另加一种积分。",
    ),
    "nothing_to_try": ErrorWords(
        "No recorded service or redemption lies on the days on which rulebook {rulebook} would be tried"
        "[, from {since}][, before {until}].", "Choose days on which service was recorded.",
        "试算积分办法 {rulebook} 的日期[自 {since} 起][至 {until} 止，不含当日]内没有登记的服务或兑换。",
        "请选择有服务记录的日期。",
    ),
    "unknown_currency": ErrorWords(
        "There is no currency {currency}[; there is {known}].", "Use one that there is.",
        "没有积分种类 {currency}[；现有 {known}]。", "请使用现有的种类。",
    ),
    "not_authorised": ErrorWords(
        "{actor} may not {right}[ for team {team}][ for partner {partner}].", _ASK[0],
        "{actor} 没有“{right}”的职责[（队伍 {team}）][（共建单位 {partner}）]。", _ASK[1],
    ),
    "four_eyes": ErrorWords(
        "{actor} {role} and may not decide it too.", "Let somebody else decide.",
        "{actor} 是{role}，不能再由本人审批。", "请由另一人审批。",
    ),
    "own_case": ErrorWords(
        "{actor} may not decide about {volunteer}, who is the same person.", "Let somebody else decide.",
        "{actor} 与 {volunteer} 是同一人，不能办理自己的事。", "请由另一人办理。",
    ),
    "key_conflict": ErrorWords(
        "Key {key} was used for other content: it wrote “{wrote}” at {booked_at}, and this is {command}.", "",
        "防重复键 {key} 已用于其他内容：{booked_at} 写入了“{wrote}”，而这次是 {command}。", "",
    ),
}  # fmt: skip

PEOPLE: Mapping[str, ErrorWords] = {
    "unknown_volunteer": ErrorWords(
        "{volunteer} is not enrolled.", "Check the id, or enrol the volunteer.",
        "{volunteer} 尚未登记为志愿者。", "请核对编号，或先登记。",
    ),
    "volunteer_left": ErrorWords(
        "{volunteer} has left the programme since {since}, so nothing can be booked for {day}.",
        "Check the day, or enrol the volunteer again.",
        "{volunteer} 自 {since} 起已退出，不能登记 {day} 的内容。", "请核对日期，或重新登记该志愿者。",
    ),
    "unknown_household": ErrorWords(
        "There is no household {household}.", _LOOK_UP[0], "没有家庭 {household}。", _LOOK_UP[1],
    ),
    "unknown_team": ErrorWords(
        "There is no team {team} on {day}.", "Check the team and the day.",
        "{day} 没有志愿服务队 {team}。", "请核对队伍和日期。",
    ),
    "not_a_member": ErrorWords(
        "{volunteer} does not belong to team {team} on {day}.", "Check the day, or let the volunteer join first.",
        "{volunteer} 在 {day} 不属于队伍 {team}。", "请核对日期，或先办理入队。",
    ),
}  # fmt: skip

SERVICE: Mapping[str, ErrorWords] = {
    "unknown_record": ErrorWords("There is no record {record}.", _LOOK_UP[0], "没有服务记录 {record}。", _LOOK_UP[1]),
    "unknown_activity": ErrorWords(
        "There is no activity {activity}.", _LOOK_UP[0], "没有服务项目 {activity}。", _LOOK_UP[1],
    ),
    "activity_not_offered": ErrorWords(
        "Activity {activity} is not offered on {day}.", "Check the activity and the day.",
        "{day} 没有开展服务项目 {activity}。", "请核对项目和日期。",
    ),
    "service_in_future": ErrorWords(
        "The service ends at {end}, after it is booked at {booked_at}.", "Record it when it is over.",
        "服务结束时间 {end} 晚于入账时间 {booked_at}。", "请在服务结束后登记。",
    ),
    "no_whole_minute": ErrorWords(
        "From {begin} to {end} there is no whole minute of service.", "Correct the times.",
        "从 {begin} 到 {end} 不足一整分钟。", "请改正时间。",
    ),
    "record_too_long": ErrorWords(
        "From {begin} to {end} it is more than {most_days}.", "Correct the times, or record each day on its own.",
        "从 {begin} 到 {end} 超过 {most_days}。", "请改正时间，或逐日登记。",
    ),
    "recorded_too_late": ErrorWords(
        "Service on {day} is recorded on {today}; it had to be within {within_days}.",
        "Ask the founders: the rulebook sets the deadline.",
        "{day} 的服务到 {today} 才登记，应在 {within_days}内登记。", "期限由积分办法规定，请联系项目负责人。",
    ),
    "overlap": ErrorWords(
        "{volunteer} served from {begin} to {end} already, in record {record}.",
        "Correct the times, or withdraw the other record.",
        "{volunteer} 在 {begin} 至 {end} 已有服务记录 {record}。", "请改正时间，或撤回另一条记录。",
    ),
    "record_already_decided": ErrorWords(
        "Record {record} is {status} already.", "To change it, correct or reverse it.",
        "服务记录 {record} 的状态是“{status}”。", "如需更改，请更正或冲正。",
    ),
    "already_reversed": ErrorWords(
        "The award of record {record} was reversed already.", "To award it anew, correct the record.",
        "服务记录 {record} 的积分已经冲正。", "如需重新发放，请更正该记录。",
    ),
    "not_decided": ErrorWords(
        "Record {record} is {status}, so there is no decision to change.", "Approve it first, or record it anew.",
        "服务记录 {record} 的状态是“{status}”，没有可更改的审核结果。", "请先审核，或重新登记。",
    ),
}  # fmt: skip

POINTS: Mapping[str, ErrorWords] = {
    "not_enough_points": ErrorWords(
        "[{item} ]needs {needs} and there is {has}: {missing} missing.", "Wait for more points, or choose less.",
        "[{item} ]需要 {needs}，现有 {has}，还差 {missing}。", "请积累更多积分，或减少数量。",
    ),
    "nothing_due": ErrorWords(
        "No points of {volunteer} have ended by {at}.", "There is nothing to do.",
        "截至 {at}，{volunteer} 没有到期的积分。", "无需处理。",
    ),
    "transfer_to_self": ErrorWords(
        "{volunteer} cannot give points to themselves.", "Name another receiver.",
        "{volunteer} 不能把积分转给自己。", "请指定另一位接收人。",
    ),
    "transfers_off": ErrorWords(
        "The rulebook does not let points be transferred.", "Ask the founders: the rulebook decides it.",
        "积分办法不允许转赠积分。", "是否允许由积分办法规定，请联系项目负责人。",
    ),
    "not_one_household": ErrorWords(
        "{giver} and {receiver} are not of one household.", "Transfers are for members of one household.",
        "{giver} 和 {receiver} 不属于同一家庭。", "积分只能在同一家庭内转赠。",
    ),
    "already_ended": ErrorWords(
        "The points would have ended at {ends}, before they are booked at {booked_at}.", "Give a later end, or none.",
        "这些积分在 {ends} 已到期，早于入账时间 {booked_at}。", "请给出更晚的到期时间，或不写。",
    ),
}  # fmt: skip

REDEMPTION: Mapping[str, ErrorWords] = {
    "unknown_redemption": ErrorWords(
        "There is no redemption {redemption}.", _LOOK_UP[0], "没有兑换记录 {redemption}。", _LOOK_UP[1],
    ),
    "unknown_item": ErrorWords("There is no item {item}.", _LOOK_UP[0], "没有兑换物品 {item}。", _LOOK_UP[1]),
    "item_not_offered": ErrorWords(
        "{item} is not offered on {day}.", "Choose another item or another day.",
        "{day} 不提供 {item}。", "请选择其他物品或日期。",
    ),
    "hold_ends_in_past": ErrorWords(
        "The hold would end at {held_until}, before it is booked at {booked_at}.", "Give a later end, or none.",
        "预留截止时间 {held_until} 早于办理时间 {booked_at}。", "请给出更晚的时间，或不写。",
    ),
    "not_a_redemption_day": ErrorWords(
        "{item} cannot be redeemed on {day}, only on[ {weekdays}][ the days {days_of_month} of a month][ {windows}].",
        "Come on a redemption day.",
        "{day} 不是兑换日，不能兑换 {item}；兑换日：[每月 {days_of_month} 日 ][{weekdays}]"
        "[ {windows}]。", "请在兑换日办理。",
    ),
    "limit_reached": ErrorWords(
        "{item}: at most {at_most} {of} {per} {by}; there were {used}, and {wanted} more would be too many.",
        "Choose less, or wait for the next period.",
        "{item}：{by}{per}最多 {at_most} {of}，已有 {used}，再加 {wanted} 就超限。", "请减少数量，或等到下一周期。",
    ),
    "below_minimum_balance": ErrorWords(
        "Redeeming takes a balance of {minimum}, and there is {has}.", "Wait for more points.",
        "兑换要求余额不少于 {minimum}，现有 {has}。", "请积累更多积分。",
    ),
    "already_collected": ErrorWords(
        "Redemption {redemption} was collected at {at}, handed over by {by}.", "To take it back, return it.",
        "兑换 {redemption} 已于 {at} 由 {by} 核销领取。", "如需退还，请办理退回。",
    ),
    "already_cancelled": ErrorWords(
        "Redemption {redemption} was cancelled at {at} by {by}.", "Redeem anew.",
        "兑换 {redemption} 已于 {at} 由 {by} 取消。", "请重新兑换。",
    ),
    "already_lapsed": ErrorWords(
        "Redemption {redemption} lapsed at {at}, booked by {by}.", "Redeem anew.",
        "兑换 {redemption} 已于 {at} 过期（{by} 办理）。", "请重新兑换。",
    ),
    "own_redemption": ErrorWords(
        "{actor} may not hand over redemption {redemption} to themselves.", "Let somebody else hand it over.",
        "{actor} 不能为自己核销兑换 {redemption}。", "请由另一人核销。",
    ),
    "hold_ended": ErrorWords(
        "Redemption {redemption} was held until {held_until}, which has passed.", "Let it lapse and redeem anew.",
        "兑换 {redemption} 的预留已于 {held_until} 截止。", "请作过期处理后重新兑换。",
    ),
    "hold_not_over": ErrorWords(
        "Redemption {redemption} is held until {held_until}, which has not passed.", "Wait, or cancel it.",
        "兑换 {redemption} 预留到 {held_until}，尚未截止。", "请等待，或取消。",
    ),
    "not_collected": ErrorWords(
        "Redemption {redemption} is {status}, so there is nothing to return.", "Check the redemption.",
        "兑换 {redemption} 的状态是“{status}”，没有可退回的物品。", "请核对兑换记录。",
    ),
    "more_than_collected": ErrorWords(
        "Redemption {redemption}: {wanted} cannot come back, {collected} are out.", "Return at most {collected}.",
        "兑换 {redemption}：要退 {wanted} 件，而未退的只有 {collected} 件。", "最多退回 {collected} 件。",
    ),
    "not_returnable": ErrorWords(
        "{item} cannot be returned.", "Ask the founders: the catalogue decides it.",
        "{item} 不可退回。", "是否可退由兑换目录规定，请联系项目负责人。",
    ),
}  # fmt: skip

STOCK: Mapping[str, ErrorWords] = {
    "not_stocked": ErrorWords(
        "No stock is kept of {item}.", "Check the item, or list it as stocked.",
        "{item} 不设库存。", "请核对物品，或在目录中设为有库存。",
    ),
    "already_past_best": ErrorWords(
        "{item}: its last moment, {best_before}, has passed.", "Check the date; do not put it on the shelf.",
        "{item}：最后可用时间 {best_before} 已过。", "请核对日期；过期物品不得上架。",
    ),
    "out_of_stock": ErrorWords(
        "{item}: {wanted} wanted, {on_hand} on the shelf.", "Take fewer, or wait for goods to arrive.",
        "{item}：需要 {wanted} 件，库存 {on_hand} 件。", "请减少数量，或等待补货。",
    ),
}  # fmt: skip

ERRORS: Mapping[str, ErrorWords] = {
    **INPUT, **WRITTEN, **PROGRAMME, **PEOPLE, **SERVICE, **POINTS, **APPLIED, **REDEMPTION, **STOCK, **STORES,
}  # fmt: skip
"""By code."""

REMEDIES: Mapping[str, str] = {
    **RULE_REMEDIES,
    "Write a whole number, a decimal or a ratio such as 1/3.": "请写整数、小数或 1/3 这样的比。",
    "Write a whole number.": "请写整数。",
    "Write it between quotation marks.": "请写在引号里。",
    "Write true or false.": "请写 true 或 false。",
    "Give the time with its zone.": "请写明时区。",
    "Give the time with its zone, as +08:00.": "请写明时区，如 +08:00。",
    "Write the day as 2026-03-14.": "请按 2026-03-14 的格式填写日期。",
    "Write 2026-03-14T09:00:00+08:00.": "请按 2026-03-14T09:00:00+08:00 的格式填写。",
    "Write the time as 09:00.": "请按 09:00 的格式填写时间。",
    "Say from when to when the service was.": "请写明服务的起止时间。",
    "Copy it from the end of the what-if.": "请从试算结果末尾抄录。",
    "Use 1 to 200 printable characters.": "请用 1 到 200 个可打印字符。",
    "Name two founders, or say with 'run_by_one' that one person runs the programme.":
        "请写两位负责人，或用 run_by_one 注明由一人负责。",
    "Give either 'founders' or 'run_by_one', not both.": "founders 和 run_by_one 只写一个。",
    "Give intervals that do not meet.": "请给出互不重叠的时段。",
    "Give a number above or below 0.": "请给出不为 0 的数。",
    "Give points, minutes or both.": "请给出积分、分钟数或两者。",
    "Use a new key for new content.": "新的内容请用新的键。",
    "Give a whole number.": "请给出整数。",
    "Give at least 1.": "请给出不小于 1 的数。",
    "Give 0 or more.": "请给出不小于 0 的数。",
    "Use 1 to 64 letters, digits, '-', '_' or '.'.": "请用 1 到 64 个字母、汉字、数字、-、_ 或 .。",
    "Use a name such as Asia/Shanghai.": "请用 Asia/Shanghai 这样的名称。",
    "Check both times.": "请核对两个时间。",
    "Give each price after the first a later 'since' day.": "请给第一个以后的每个价格写明更晚的 since 日期。",
    "Monday is 1 and Sunday is 7.": "星期一为 1，星期日为 7。",
    "Give a number above 0.": "请给出大于 0 的数。",
    "Leave the expiry out: then points never end.": "请不写有效期，积分即长期有效。",
    "Give days from 1 to 31.": "请给出 1 到 31 之间的日。",
    "Give each its own id.": "请给每一项各自的编号。",
    "Use zh or en.": "请用 zh 或 en。",
    "Check the year.": "请核对年份。",
    "Give a day without a time.": "请给出不带钟点的日期。",
    "Write hours and minutes, as 05:00.": "请写时和分，如 05:00。",
    "The ledger counts that already.": "账本已经在计这一项。",
    "Write it anew.": "请重新填写。",
    "Use characters that UTF-8 can write.": "请使用 UTF-8 能写的字符。",
    "Give the text of a programme to loads().": "项目文字请交给 loads()。",
}  # fmt: skip
"""Remedies that errors bring along, in Chinese."""
