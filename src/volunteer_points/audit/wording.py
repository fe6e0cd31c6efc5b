"""The words of an audit, in English and Chinese: the title of each check, each sentence, each remedy.

A sentence names what it needs in braces: the facts of its finding, ``subject``, ``expected``, ``actual`` and their
parts, as ``expected_points``. Values that are words of the project (a kind of entry, a status, a purpose) are said
by :data:`~volunteer_points.audit.vocabulary.VOCABULARY`.
"""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.audit.titles import Sentence
from volunteer_points.audit.vocabulary import VOCABULARY, Words

_REPAIR = Words(
    "Stop writing. Compare with the last journal or copy that was clean (volunteer-points audit FILE), restore it,"
    " and find out who can write to the database.",
    "停止写入。与最近一次无问题的日志或备份比对（volunteer-points audit 文件），恢复该备份，并查明谁能直接改动数据库。",
)
_REVERSE = Words(
    "An approver takes it back: volunteer-points reverse {record} --reason audit; that prints the command by which what"
    " is due is awarded anew.",
    "由审核人冲正：volunteer-points reverse {record} --reason audit；该命令会给出重新发放应得积分的命令。",
)
_STATEMENT = Words(
    "Look at the lines and reverse what is too much: volunteer-points statement {volunteer}",
    "查看对账单并冲正多出的部分：volunteer-points statement {volunteer}",
)
_RECORD = Words(
    "An approver takes one of them back: volunteer-points reverse {record} --reason audit, or while it is pending"
    " volunteer-points reject {record} --reason audit",
    "由审核人撤销其中一份：volunteer-points reverse {record} --reason audit；尚未审核的用"
    " volunteer-points reject {record} --reason audit",
)
_COUNT = Words(
    "Count the shelf and book the count: volunteer-points stock count {subject} NUMBER --reason audit",
    "盘点并登记：volunteer-points stock count {subject} 数量 --reason audit",
)
_AGAIN = Words(
    "Audit the ledger itself rather than a part of it: volunteer-points audit",
    "对完整账本进行审计：volunteer-points audit",
)

SENTENCES: Mapping[str, Sentence] = {
    # --- the ledger ---
    "unbalanced": Sentence(
        Words("{kind} {subject} does not add up: {actual} over", "{kind} {subject} 合计不为零：多出 {actual}"), _REPAIR
    ),
    "nought": Sentence(
        Words("{kind} {subject} has a posting of nought", "{kind} {subject} 含有数额为零的记账"), _REPAIR
    ),
    "ledger_unbalanced": Sentence(
        Words(
            "all entries together do not add up: {actual_sum} {subject} over",
            "全部分录合计不为零：{subject} 多出 {actual_sum}",
        ),
        _REPAIR,
    ),
    "nothing_there": Sentence(
        Words("there is no entry to look at", "没有可供审计的分录"),
        Words(
            "Check --ledger, the file and the time: volunteer-points audit",
            "检查 --ledger、文件和时间：volunteer-points audit",
        ),
    ),
    "leaf_differs": Sentence(
        Words(
            "the bytes of {kind} {subject} were changed: their hash is {actual_leaf}, {expected_leaf} was stored",
            "{kind} {subject} 的内容被改动：现哈希 {actual_leaf}，存储的哈希 {expected_leaf}",
        ),
        _REPAIR,
    ),
    "unreadable": Sentence(
        Words("the entry at {subject} cannot be read: {problem}", "位置 {subject} 的分录无法读取：{problem}"), _REPAIR
    ),
    "file_damaged": Sentence(
        Words("line {subject} of the journal: {problem}", "日志第 {subject} 行：{problem}"),
        Words("Export the ledger again: volunteer-points export", "重新导出账本：volunteer-points export"),
    ),
    "node_differs": Sentence(
        Words(
            "entries {expected_first} to {expected_last} are not those that were sealed: node {subject} of the tree"
            " differs",
            "第 {expected_first} 至 {expected_last} 条分录与封存时不符：哈希树节点 {subject} 不一致",
        ),
        _REPAIR,
    ),
    "node_missing": Sentence(
        Words(
            "node {subject} of the tree, over entries {expected_first} to {expected_last}, is missing",
            "哈希树缺少节点 {subject}（第 {expected_first} 至 {expected_last} 条分录）",
        ),
        _REPAIR,
    ),
    "nodes_left_over": Sentence(
        Words(
            "the tree has {actual_nodes} nodes, {expected_nodes} belong there, and none beyond the entries",
            "哈希树有 {actual_nodes} 个节点，应有 {expected_nodes} 个，且不得超出现有分录",
        ),
        _REPAIR,
    ),
    "checkpoint_differs": Sentence(
        Words(
            "the checkpoint of {subject} entries has the root {expected_root}, the entries give {actual_root}",
            "{subject} 条分录的校验点记录的根为 {expected_root}，按分录计算为 {actual_root}",
        ),
        _REPAIR,
    ),
    "checkpoint_beyond": Sentence(
        Words(
            "a checkpoint covers {expected_entries} entries, and there are {actual_entries}",
            "校验点覆盖 {expected_entries} 条分录，实有 {actual_entries} 条",
        ),
        _REPAIR,
    ),
    "published_differs": Sentence(
        Words(
            "the checkpoint of {subject} entries that was kept elsewhere has the root {expected_root}, the entries give"
            " {actual_root}",
            "另存的 {subject} 条分录的校验点，其根为 {expected_root}，按分录计算为 {actual_root}",
        ),
        _REPAIR,
    ),
    "published_beyond": Sentence(
        Words(
            "a checkpoint that was kept elsewhere covers {expected_entries} entries, and there are {actual_entries}",
            "另存的校验点覆盖 {expected_entries} 条分录，实有 {actual_entries} 条",
        ),
        _REPAIR,
    ),
    "published_of_another": Sentence(
        Words(
            "the checkpoint of {subject} entries that was given is of ledger {actual_ledger}, and this is"
            " {expected_ledger}",
            "给出的 {subject} 条分录的校验点属于账本 {actual_ledger}，而本账本为 {expected_ledger}",
        ),
        Words(
            "Name a checkpoint of this ledger: volunteer-points audit --checkpoint FILE",
            "请给出本账本的校验点：volunteer-points audit --checkpoint 文件",
        ),
    ),
    "published_not_compared": Sentence(
        Words(
            "the checkpoint of {subject} entries that was kept elsewhere cannot be compared: an entry before its end is"
            " missing or cannot be read",
            "另存的 {subject} 条分录的校验点无法核对：在它之前有分录缺失或无法读取",
        ),
        _REPAIR,
    ),
    "checkpoint_unreadable": Sentence(
        Words(
            "the checkpoint of {subject} entries cannot be read: {actual_problem}",
            "{subject} 条分录的校验点无法读取：{actual_problem}",
        ),
        _REPAIR,
    ),
    "entry_adrift": Sentence(
        Words(
            "{kind} {subject} under key {under} (row {actual_row}) has no place in the order and waits for none: no"
            " reader in order sees it, and no seal will cover it",
            "{kind} {subject}（键 {under}，行号 {actual_row}）没有顺序位置，也不在排队："
            "按顺序读账本时看不到它，封存也不会覆盖它",
        ),
        _REPAIR,
    ),
    "position_missing": Sentence(
        Words(
            "position {expected_position} is missing; {actual_position} follows",
            "缺少位置 {expected_position}，其后是 {actual_position}",
        ),
        _REPAIR,
    ),
    "other_ledger": Sentence(
        Words(
            "{kind} {subject} belongs to ledger {actual_ledger}, this is {expected_ledger}",
            "{kind} {subject} 属于账本 {actual_ledger}，而本账本为 {expected_ledger}",
        ),
        _REPAIR,
    ),
    "number_out_of_place": Sentence(
        Words(
            "{kind} {subject} is number {actual_number} of its commit where {expected_number} belongs",
            "{kind} {subject} 在提交中的序号为 {actual_number}，应为 {expected_number}",
        ),
        _REPAIR,
    ),
    "commit_incomplete": Sentence(
        Words(
            "the commit of key {subject} has {actual_entries} of its {expected_entries} entries",
            "键 {subject} 的提交应有 {expected_entries} 条分录，只有 {actual_entries} 条",
        ),
        _REPAIR,
    ),
    "bound_passed": Sentence(
        Words(
            "{holder_kind} {holder}, {purpose}: {actual_balance} {unit} after {kind}, must be {expected_balance}",
            "{holder_kind} {holder} 的“{purpose}”在{kind}之后为 {actual_balance} {unit}，越过了 0",
        ),
        _REPAIR,
    ),
    "balance_differs": Sentence(
        Words(
            "{holder_kind} {holder}, {purpose}: {actual_balance} {unit} is stored, the entries give {expected_balance}",
            "{holder_kind} {holder} 的“{purpose}”存储为 {actual_balance} {unit}，按分录应为 {expected_balance}",
        ),
        Words(
            "The entries hold. Stop writing, keep them (volunteer-points export FILE) and restore a clean copy.",
            "以分录为准。停止写入，先导出（volunteer-points export 文件），再恢复无问题的备份。",
        ),
    ),
    "key_twice": Sentence(
        Words(
            "key {subject} was used for more than one commit: {what} differs",
            "键 {subject} 被用于不止一次提交：{what}不同",
        ),
        _REPAIR,
    ),
    # --- awards ---
    "award_without_record": Sentence(
        Words(
            "award {subject} names record {record}, which nobody submitted", "发放 {subject} 所指的记录 {record} 不存在"
        ),
        _REPAIR,
    ),
    "awarded_twice": Sentence(
        Words(
            "record {subject} was awarded again by {again} while award {first} stands",
            "记录 {subject} 的发放 {first} 仍有效，又被 {again} 重复发放",
        ),
        _REVERSE,
    ),
    "reverses_nothing": Sentence(
        Words(
            "reversal {subject} names award {actual_award}, the standing award of record {record} is {expected_award}",
            "冲正 {subject} 所指的发放为 {actual_award}，而记录 {record} 的有效发放为 {expected_award}",
        ),
        _REPAIR,
    ),
    "not_approved": Sentence(
        Words(
            "record {subject} was awarded by {award} while it was {actual_status}, not approved",
            "记录 {subject} 在状态为“{actual_status}”时由 {award} 发放，未经审核",
        ),
        _REVERSE,
    ),
    "award_outlived_approval": Sentence(
        Words(
            "record {subject} is {actual_status} and its award {award} was never reversed",
            "记录 {subject} {actual_status}，但其发放 {award} 未被冲正",
        ),
        _REVERSE,
    ),
    "rulebook_changed": Sentence(
        Words(
            "the text of rulebook {subject} is not the one that was adopted: its hash is {actual_hash}",
            "管理办法 {subject} 的文本与通过时不同：现哈希为 {actual_hash}",
        ),
        _REPAIR,
    ),
    "rulebook_not_unique": Sentence(
        Words("rulebook {subject} covers the same days as {other}", "管理办法 {subject} 与 {other} 的适用日期重叠"),
        _REPAIR,
    ),
    "no_rulebook": Sentence(
        Words("award {subject}: no rulebook was in force on {day}", "发放 {subject}：{day} 没有有效的管理办法"),
        _REVERSE,
    ),
    "other_rulebook": Sentence(
        Words(
            "award {subject} names rulebook {actual_rulebook}, on {day} {expected_rulebook} was in force",
            "发放 {subject} 依据管理办法 {actual_rulebook}，而 {day} 有效的是 {expected_rulebook}",
        ),
        _REVERSE,
    ),
    "rulebook_hash_differs": Sentence(
        Words(
            "award {subject} names rulebook {rulebook} with hash {actual_hash}, adopted was {expected_hash}",
            "发放 {subject} 所记管理办法 {rulebook} 的哈希为 {actual_hash}，通过的为 {expected_hash}",
        ),
        _REVERSE,
    ),
    "award_differs": Sentence(
        Words(
            "award {subject} of record {record} says {says}; rulebook {rulebook} gives {gives}",
            "记录 {record} 的发放 {subject} 为 {says}，按管理办法 {rulebook} 应为 {gives}",
        ),
        _REVERSE,
    ),
    "own_rule_missing": Sentence(
        Words(
            "rule {subject} is not installed (installed versions: {versions}), so what it decided cannot be worked out"
            " again; first met at entry {entry}",
            "规则 {subject} 未安装（已装版本：{versions}），由它决定的内容无法重算；首次出现于分录 {entry}",
        ),
        Words(
            "Install the package that brings this version of the rule, then audit again: volunteer-points audit",
            "请安装提供该规则此版本的软件包，再重新审计：volunteer-points audit",
        ),
    ),
    "price_not_computable": Sentence(
        Words(
            "the price of {item} in redemption {subject} cannot be worked out again: {problem}",
            "兑换 {subject} 中 {item} 的价格无法重算：{problem}",
        ),
        Words(
            "Ask whoever wrote the rule, or install the version that was used.",
            "请联系规则的编写者，或安装当时使用的版本。",
        ),
    ),
    "award_not_computable": Sentence(
        Words(
            "award {subject} of record {record} cannot be worked out again: {problem}",
            "发放 {subject}（记录 {record}）无法重算：{problem}",
        ),
        _REPAIR,
    ),
    "confirmed_early": Sentence(
        Words(
            "record {subject} was confirmed at {actual_at}; its public notice runs until {expected_at}",
            "记录 {subject} 于 {actual_at} 确认生效，而公示到 {expected_at} 才结束",
        ),
        _REVERSE,
    ),
    "confirmation_differs": Sentence(
        Words(
            "record {record} was confirmed by {subject}, which does not release what its award put into public notice",
            "记录 {record} 由 {subject} 确认生效，但与公示的积分不符",
        ),
        _REVERSE,
    ),
    "prolonged_for_nothing": Sentence(
        Words(
            "entry {subject} lets points end later ({actual}), and no award in its commit asks for that",
            "分录 {subject} 顺延了积分的有效期（{actual}），但同一次提交中没有相应的发放",
        ),
        _REPAIR,
    ),
    "prolongation_differs": Sentence(
        Words(
            "entry {subject} lets points of {holder} end later as {actual}; the award of record {record} asks for"
            " {expected}",
            "分录 {subject} 顺延 {holder} 的积分为 {actual}；按记录 {record} 的发放应为 {expected}",
        ),
        _REPAIR,
    ),
    "not_prolonged": Sentence(
        Words(
            "{holder} served again (record {subject}), and {points} points that were to end only at {until} were left"
            " to end sooner",
            "{holder} 再次服务（记录 {subject}），其 {points} 积分应顺延至 {until}，但没有顺延",
        ),
        _REPAIR,
    ),
    "approved_not_awarded": Sentence(
        Words(
            "record {subject} was approved, and there is neither an award nor a reason for none",
            "记录 {subject} 已审核，但既没有发放也没有不发放的理由",
        ),
        _REPAIR,
    ),
    "cap_passed": Sentence(
        Words(
            "volunteer {subject} has {issued} under cap {cap} of rulebook {rulebook} ({window}), at most {at_most}",
            "志愿者 {subject} 在管理办法 {rulebook} 的上限 {cap}（{window}）内得到 {issued}，最多 {at_most}",
        ),
        _STATEMENT,
    ),
    # --- service ---
    "overlap": Sentence(
        Words(
            "volunteer {volunteer} served twice at once: record {subject} from {begin}, record {other} until {end}",
            "志愿者 {volunteer} 的服务时间重叠：记录 {subject} 始于 {begin}，记录 {other} 止于 {end}",
        ),
        _RECORD,
    ),
    "day_too_full": Sentence(
        Words(
            "volunteer {subject} has {actual_minutes} minutes on {expected_day}, which has {expected_at_most}",
            "志愿者 {subject} 在 {expected_day} 有 {actual_minutes} 分钟服务，而一天只有 {expected_at_most} 分钟",
        ),
        _RECORD,
    ),
    "self_approved": Sentence(
        Words(
            "record {subject} was approved by {actual_approver}, who is also its {role}",
            "记录 {subject} 的审核人 {actual_approver} 同时是{role}",
        ),
        Words(
            "Somebody else takes it back: volunteer-points reverse {record} --reason audit; that prints the command by"
            " which they award it anew.",
            "由其他审核人冲正：volunteer-points reverse {record} --reason audit；该命令会给出由其重新发放的命令。",
        ),
    ),
    "run_by_one": Sentence(
        Words(
            "one person, {subject}, runs this programme: nobody else looked at {approvals} approvals",
            "本项目由 {subject} 一人管理：{approvals} 次审核没有第二人复核",
        ),
        Words(
            "To have four eyes, name two founders in the programme file: volunteer-points adopt programme.toml",
            "如需双人复核，请在项目文件中写明两位负责人：volunteer-points adopt programme.toml",
        ),
    ),
    # --- redemptions and stock ---
    "wrong_price": Sentence(
        Words(
            "redemption {subject} of {quantity} {item} says {says}; in force on {day}: {gives}",
            "兑换 {subject}（{item} {quantity} 件）为 {says}；{day} 有效的为 {gives}",
        ),
        Words(
            "While it is open: volunteer-points cancel {subject}, then volunteer-points redeem {volunteer} {item}",
            "尚未领取时：volunteer-points cancel {subject}，再 volunteer-points redeem {volunteer} {item}",
        ),
    ),
    "not_funded": Sentence(
        Words(
            "redemption {subject}: {kind} with {says}, which should be {gives}",
            "兑换 {subject}：{kind}为 {says}，应为 {gives}",
        ),
        _REPAIR,
    ),
    "not_open": Sentence(
        Words(
            "redemption {subject}: {kind}, although it was {actual_status}",
            "兑换 {subject}：有一次{kind}，但其状态为{actual_status}",
        ),
        _REPAIR,
    ),
    "overdue": Sentence(
        Words(
            "redemption {subject} of {volunteer} is still held after {until}: {points} points, {quantity} {item}",
            "{volunteer} 的兑换 {subject} 已过 {until} 仍在预留：{points} 分，{item} {quantity} 件",
        ),
        Words("Let what is due lapse: volunteer-points expire", "让到期的预留失效：volunteer-points expire"),
    ),
    "held_differs": Sentence(
        Words(
            "redemption {subject} holds {actual}; its entries say {expected}",
            "兑换 {subject} 预留 {actual}，按分录应为{expected}",
        ),
        _REPAIR,
    ),
    "stock_differs": Sentence(
        Words(
            "{subject}: the accounts hold {actual}; what was booked gives {expected}",
            "{subject}：账户为 {actual}，按收发应为 {expected}",
        ),
        _REPAIR,
    ),
    "stock_below_nought": Sentence(
        Words(
            "{subject}: {kind} left {actual_on_hand} on the shelf", "{subject}：{kind}之后在架数量为 {actual_on_hand}"
        ),
        _COUNT,
    ),
    "count_differs": Sentence(
        Words(
            "{subject}: the count says {actual_counted}, with its difference the books say {expected_counted}",
            "{subject}：盘点数为 {actual_counted}，按差额账面应为 {expected_counted}",
        ),
        _COUNT,
    ),
    # --- totals ---
    "member_differs": Sentence(
        Words(
            "{subject}: {lines} comes to {due} {currency}, the accounts hold {closing}",
            "{subject}：{lines}，应为 {due} {currency}，账户为 {closing}",
        ),
        Words(
            "Look at the lines, then adjust or reverse: volunteer-points statement {subject}",
            "查看对账单，再调整或冲正：volunteer-points statement {subject}",
        ),
    ),
    "programme_differs": Sentence(
        Words(
            "the programme: {lines} comes to {due} {currency}, the accounts hold {closing}",
            "整个项目：{lines}，应为 {due} {currency}，账户为 {closing}",
        ),
        Words(
            "Put right what the same check says about volunteers: volunteer-points audit --json lists every one.",
            "按同一检查指出的志愿者逐一处理，全部见：volunteer-points audit --json",
        ),
    ),
    # --- the audit itself ---
    "required_but_skipped": Sentence(
        Words(
            "{subject} was required and examined nothing: {reason}", "要求执行 {subject}，但没有可检查的内容：{reason}"
        ),
        _AGAIN,
    ),
    "required_but_incomplete": Sentence(
        Words(
            "{subject} was required and could not look at {unread} entries",
            "要求执行 {subject}，但有 {unread} 条分录无法检查",
        ),
        _AGAIN,
    ),
}
"""Each sentence by the key that its findings carry."""

_SAID_IN_WORDS = frozenset({"holder_kind", "kind", "purpose", "reason", "role", "status", "what"})
"""What holds a word of the project; anything else is an id or a number and stands as it is."""

_HASHES, _HASH_SHOWN = frozenset({"digest", "hash", "leaf"}), 12
_NOTHING = Words("nothing", "无")


def shown(name: str, value: object, language: str) -> str:
    """A value as it stands in a sentence."""
    if isinstance(value, Mapping):
        told = ", ".join(f"{word(part, language)} {shown(part, each, language)}" for part, each in value.items())
        return told or _NOTHING.said(language)
    if isinstance(value, str):
        if name in _HASHES:
            return f"{value[:_HASH_SHOWN]}…"
        return word(value, language) if name in _SAID_IN_WORDS else value
    return "-" if value is None else f"{value:,}" if type(value) is int else str(value)


def word(name: str, language: str) -> str:
    """A word of the project as people read it."""
    words = VOCABULARY.get(name)
    return words.said(language) if words else name
