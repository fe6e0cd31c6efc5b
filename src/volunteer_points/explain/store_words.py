"""What stores, journals and the people register say when they cannot do their part, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.explain.templates import ErrorWords

_RESTORE = (
    "Stop writing, keep a copy of the store and run the audit.",
    "请停止写入，备份存储并运行审计。",
)
_AGAIN = "Try again in a moment.", "请稍后再试。"
_DEFECT = "Correct the program that calls the store.", "请修正调用存储的程序。"
_PLACE = "请写文件名，或 sqlite:///ledger.sqlite、postgresql://user@host/database 这样的地址。"
_COPY = "请重新导出账本：volunteer-points export；要看全部问题，请审计这个文件。"

LEDGERS: Mapping[str, ErrorWords] = {
    "unbalanced": ErrorWords(
        "{kind} under key {key} does not add up: {units}.", "Nothing was written; report this defect of the library.",
        "键 {key} 下的“{kind}”不平衡：{units}。", "没有写入任何内容；这是程序缺陷，请上报。",
    ),
    "unreadable_entry": ErrorWords(
        "[Line {line}: ]an entry cannot be read: {problem}. It starts with {starts}", _RESTORE[0],
        "[第 {line} 行：]有一个条目无法读取：{problem}。开头为 {starts}", _RESTORE[1],
    ),
    "entry_out_of_place": ErrorWords(
        "Entry {entry} ({kind}) speaks of {subject}, of which nothing was written before.", _RESTORE[0],
        "分录 {entry}（{kind}）提到 {subject}，而此前没有写过它。", _RESTORE[1],
    ),
    "node_missing": ErrorWords(
        "The tree over the ledger lacks node {place} of level {level}.", _RESTORE[0],
        "账本的哈希树缺少第 {level} 层的第 {place} 个节点。", _RESTORE[1],
    ),
    "outside_the_tree": ErrorWords(
        "{value} lies outside a tree of {size} entries.", "Ask for a place or size that was sealed.",
        "{value} 超出了只有 {size} 个条目的哈希树。", "请使用已封存的位置或数量。",
    ),
    "not_a_hash": ErrorWords(
        "{value} is not a hash or signature of the right length.", "Copy it again from where it was published.",
        "{value} 不是长度正确的哈希或签名。", "请从公示处重新抄录。",
    ),
    "not_a_seal": ErrorWords(
        "This is no checkpoint and no proof: {problem}.", "Ask whoever gave it to you for the file again.",
        "这不是校验点，也不是证明：{problem}。", "请向提供者重新索取文件。",
    ),
    "not_sealed_yet": ErrorWords(
        "No checkpoint covers this[: entry {entry}].", "",
        "还没有校验点覆盖该内容[：条目 {entry}]。", "请先封存账本（volunteer-points seal），再重试。",
    ),
    "other_ledgers_checkpoint": ErrorWords(
        "This is a checkpoint of ledger {found}, and not of {ledger}.", "Name the file of the right checkpoint.",
        "这是账本 {found} 的校验点，不是 {ledger} 的。", "请指定正确的校验点文件。",
    ),
    "checkpoint_contradicted": ErrorWords(
        "The ledger does not begin with the {size} entries of a checkpoint whose root is {root}; it has {entries}.", "",
        "账本的开头与校验点不符：该校验点有 {size} 个条目，根为 {root}；账本现有 {entries} 个条目。", _RESTORE[1],
    ),
    "unreadable_checkpoint": ErrorWords(
        "The checkpoint of {size} entries cannot be read: {problem}.", _RESTORE[0],
        "无法读取 {size} 个条目的校验点：{problem}。", _RESTORE[1],
    ),
    "proof_does_not_hold": ErrorWords(
        "Entry {entry} is not what the tree of {size} entries was made of.", "",
        "条目 {entry} 与 {size} 个条目的哈希树不符。", _RESTORE[1],
    ),
    "place_missing": ErrorWords(
        "Entries are missing between place {place} and place {to}.", "",
        "第 {place} 至第 {to} 个位置之间缺少条目。", _RESTORE[1],
    ),
    "cannot_seal": ErrorWords(
        "The store of ledger {ledger} keeps no tree, so it cannot be sealed.", "",
        "账本 {ledger} 的存储不保存哈希树，无法封存。", "请使用支持封存的存储。",
    ),
    "seal_within_host": ErrorWords(
        "Ledger {ledger} cannot be sealed within the transaction of a host.", "",
        "不能在宿主程序的事务中封存账本 {ledger}。", "请用单独打开的存储来封存。",
    ),
    "statement_uneven": ErrorWords(
        "The statement of {volunteer} does not add up: {told} told, {found} found.", _RESTORE[0],
        "{volunteer} 的对账单不平：明细为 {told}，余额为 {found}。", _RESTORE[1],
    ),
    "floor_passed": ErrorWords(
        "A balance would pass its bound: [{account} would hold {balance} of {unit}][ in lot {lot}][{problem}].",
        "Nothing was written; stop writing and run the audit.",
        "余额将越过界限：[账户 {account} 的 {unit} 将变为 {balance}][（批次 {lot}）][{problem}]。",
        "没有写入任何内容；请停止写入并运行审计。",
    ),
    "balance_missing": ErrorWords(
        "{wanted} kept balances were to change, and {found} were there.", _RESTORE[0],
        "应更新 {wanted} 个余额，只找到 {found} 个。", _RESTORE[1],
    ),
    "contradicts_what_is_stored": ErrorWords(
        "What was to be written contradicts what is stored: {problem}.", _RESTORE[0],
        "要写入的内容与已存内容矛盾：{problem}。", _RESTORE[1],
    ),
    "key_taken": ErrorWords(
        "Another writer used the key[ {key}] in the meantime.", "Repeat with the same key to see what was written.",
        "防重复键[ {key} ]刚被另一个写入者使用。", "请用同一个键重试，即可看到写入的内容。",
    ),
    "ledger_busy": ErrorWords(
        "The ledger[ {ledger}] is busy[; waited {waited_seconds} s][ for {waiting_for}][ ({problem})].", _AGAIN[0],
        "账本[ {ledger} ]忙[，已等待 {waited_seconds} 秒][（{waiting_for}）][（{problem}）]。", _AGAIN[1],
    ),
    "host_transaction_busy": ErrorWords(
        "Another transaction wrote while the host's was reading ({problem}).", "",
        "宿主事务读取期间，另一个事务写入了内容（{problem}）。",
        "请用 BEGIN IMMEDIATE 开始宿主事务，并全部重做。",
    ),
    "host_transaction_failed": ErrorWords(
        "A statement of the host's transaction has failed[ ({problem})].", "",
        "宿主事务中有语句已经失败[（{problem}）]。", "请回滚宿主事务，并全部重做。",
    ),
    "connection_lost": ErrorWords(
        "The connection to the database is lost ({problem}); nothing was written.", _AGAIN[0],
        "数据库连接中断（{problem}），没有写入任何内容。", _AGAIN[1],
    ),
    "no_connection_left": ErrorWords(
        "No connection to the database is free ({problem}).", _AGAIN[0], "数据库连接已用完（{problem}）。", _AGAIN[1],
    ),
    "commit_unknown": ErrorWords(
        "The commit was sent and no answer came back ({problem}).", "",
        "已提交，但没有收到答复（{problem}）。", "请用同一个键重试，即可知道是否写入。",
    ),
    "database_error": ErrorWords(
        "The database says: {problem}.", "Look after the database, then try again with the same key.",
        "数据库报错：{problem}。", "请检查数据库，然后用同一个键重试。",
    ),
    "disk_full": ErrorWords(
        "The disk is full ({problem}).", "",
        "磁盘已满（{problem}）。", "请腾出空间，然后用同一个键重试。",
    ),
    "disk_failed": ErrorWords(
        "The disk failed ({problem}).", "", "磁盘读写失败（{problem}）。", "请检查磁盘，然后用同一个键重试。",
    ),
    "database_damaged": ErrorWords(
        "The database is damaged ({problem}).", "", "数据库已损坏（{problem}）。",
        "请保留一份副本，并恢复最近的完好备份。",
    ),
    "not_allowed": ErrorWords(
        "The database does not allow it ({problem}).", "", "数据库不允许此操作（{problem}）。",
        "请给打开数据库的程序授权。",
    ),
    "cannot_be_stored": ErrorWords(
        "The database cannot hold a value: {problem}.", "Correct the value; nothing was written.",
        "数据库不能保存某个值：{problem}。", "请改正该值；没有写入任何内容。",
    ),
    "register_busy": ErrorWords(
        "Another program is writing to the people register at {place}.", _AGAIN[0],
        "另一个程序正在写入人员登记册 {place}。", _AGAIN[1],
    ),
}  # fmt: skip

PLACES: Mapping[str, ErrorWords] = {
    "cannot_open": ErrorWords(
        "[{place}: ]the database cannot be opened ({problem}).", "Check its name and the right to use it.",
        "[{place}：]无法打开数据库（{problem}）。", "请核对名称和使用权限。",
    ),
    "not_a_database": ErrorWords(
        "The file is no database ({problem}).", "", "这个文件不是数据库（{problem}）。",
        "请指定账本文件，或尚不存在的文件。",
    ),
    "not_a_url": ErrorWords("The place of the ledger cannot be read.", "", "无法识别账本的位置。", _PLACE),
    "database_not_supported": ErrorWords(
        "{place}: this kind of database is not supported.", "", "{place}：不支持这种数据库。", _PLACE,
    ),
    "ledger_in_memory": ErrorWords(
        "{place}: a database in memory is gone with the process.", "",
        "{place}：内存数据库会随进程消失。", "请指定一个文件，或使用 MemoryStore。",
    ),
    "no_ledger_there": ErrorWords(
        "There is no ledger at {place}.", "",
        "{place} 没有账本。", "请核对名称，或先新建账本。",
    ),
    "not_a_ledger": ErrorWords(
        "{place} is a database of something else[; it has the tables {tables}].", "",
        "{place} 是别的数据库[，其中的表：{tables}]。", "请换一个文件。",
    ),
    "not_a_ledger_id": ErrorWords(
        "{ledger} cannot be the id of a ledger.", "",
        "{ledger} 不能作为账本编号。", "编号过长或为空，请改用较短的编号。",
    ),
    "ledger_not_named": ErrorWords(
        "{place}: it is not said which ledger is meant[; there are {ledgers}].", "",
        "{place}：没有写明是哪个账本[；现有 {ledgers}]。", "请写明账本编号。",
    ),
    "other_ledger": ErrorWords(
        "[{place}: ][line {line}: ]another ledger is meant[: {ledger} was asked for][: {expected} was expected]"
        "[, {found} found][, the entries are of {entries_of}].",
        "Name the ledger that is there, or bring its own entries.",
        "[{place}：][第 {line} 行：]不是同一个账本[：指定的是 {ledger}][：应为 {expected}]"
        "[，实际为 {found}][，条目属于 {entries_of}]。",
        "请指定现有的账本，或提供该账本自己的条目。",
    ),
    "outside_of_event_loop": ErrorWords(
        "The store is used outside of the event loop for which it was opened.", "Use it within that loop.",
        "存储不在打开它的事件循环中使用。", "请在同一事件循环中使用。",
    ),
    "host_transaction_read_only": ErrorWords(
        "The host's transaction only reads, so nothing can be written in it.", "Begin one that may write.",
        "宿主的事务是只读的，不能写入。", "请开始可写入的事务。",
    ),
    "tables_missing": ErrorWords(
        "[{place}: ]tables are missing: {missing}.", "", "[{place}：]缺少表 {missing}。", "请恢复最近的完好备份。",
    ),
    "guards_missing": ErrorWords(
        "{place}: what keeps the ledger append-only is gone: {guards}.", "",
        "{place}：防止改动的触发器缺失：{guards}。", "有人移除了防改动的措施；请以只读方式打开并运行审计。",
    ),
    "newer_schema": ErrorWords(
        "{place}: its tables are of version {schema_version}, and this library knows {known}.", "",
        "{place}：表的版本是 {schema_version}，本程序只认识 {known}。", "请安装更新的版本。",
    ),
    "older_schema": ErrorWords(
        "{place}: its tables are of version {schema_version}, and this library needs {known}.", "",
        "{place}：表的版本是 {schema_version}，本程序需要 {known}。", "请升级表，或安装旧版本的程序。",
    ),
    "server_too_old": ErrorWords(
        "The server is {found}; a ledger needs at least {least}.", "",
        "服务器为 {found}；账本至少需要 {least}。", "请升级数据库服务器。",
    ),
    "not_a_prefix": ErrorWords(
        "{prefix} cannot be what the names of tables begin with.", "",
        "表名不能以 {prefix} 开头。", "请用小写字母开头、下划线结尾，最多 32 个字符，如 points_。",
    ),
    "not_a_schema": ErrorWords(
        "{schema} cannot be the name of a schema.", "",
        "{schema} 不能作为模式（schema）名。", "请只用字母、数字、下划线和连字符，以字母开头，最多 63 字节。",
    ),
    "naming_twice": ErrorWords(
        "The URL says prefix {prefix} and schema {schema}, and the program says otherwise.", "",
        "地址中写明前缀 {prefix}、模式 {schema}，而程序中的写法不同。", "请只在一处写明。",
    ),
    "no_schemas_there": ErrorWords(
        "There is no schema {schema} in a file of SQLite.", "",
        "SQLite 文件中没有模式 {schema}。", "请去掉 schema，只用前缀。",
    ),
    "schema_missing": ErrorWords(
        "The schema of the tables is not there ({problem}).", "",
        "数据库中没有指定的模式（{problem}）。", "请先由数据库所有者建立：CREATE SCHEMA 或 CREATE DATABASE。",
    ),
    "unsafe_settings": ErrorWords(
        "The connection is not safe for a ledger: {found}.", "",
        "这个连接的设置对账本不安全：{found}。",
        "SQLite：请在首次连接前调用 volunteer_points.storage.sqlite.prepare(engine)，并使用文件数据库；"
        "PostgreSQL：数据库编码须为 UTF8，并保持持久化设置开启。",
    ),
    "host_transaction_not_begun": ErrorWords(
        "The host's transaction has not begun[ ({problem})].", "", "宿主事务尚未开始[（{problem}）]。",
        "请先开始事务，且不用 AUTOCOMMIT；SQLite 请用 BEGIN IMMEDIATE，"
        "volunteer_points.storage.sqlite.prepare(engine) 会处理。",
    ),
    "opened_read_only": ErrorWords(
        "Ledger {ledger} was opened for reading only[: {journal} is a journal].", "",
        "账本 {ledger} 以只读方式打开[：{journal} 是日志文件]。",
        "要写入，请打开账本所在的数据库，且不用 read_only；日志可先导入数据库。",
    ),
    "read_only": ErrorWords(
        "The database may not be written to ({problem}).", "",
        "数据库不可写（{problem}）。", "请写入账本本身，并确认有写入权限。",
    ),
}  # fmt: skip

JOURNALS: Mapping[str, ErrorWords] = {
    "file_exists": ErrorWords("{file} is there already.", "", "{file} 已经存在。", "请换一个名称，或注明要覆盖。"),
    "file_not_writable": ErrorWords(
        "{file} cannot be written: {problem}.", "", "无法写入 {file}：{problem}。", "请确认文件夹存在、可写且有空间。",
    ),
    "file_unreadable": ErrorWords(
        "{file} cannot be read: {problem}.", "", "无法读取 {file}：{problem}。", "请核对文件名和读取权限。",
    ),
    "position_missing": ErrorWords(
        "The ledger's entry {expected} is missing; {found} comes instead.", "",
        "账本缺少第 {expected} 个条目，接着的是第 {found} 个。", "请审计账本：volunteer-points audit。",
    ),
    "not_one_line": ErrorWords(
        "Entry {position} cannot be written as one line.", "", "第 {position} 个条目不能写成一行。",
        "请审计账本：volunteer-points audit。",
    ),
    "not_a_journal": ErrorWords(
        "{file} is no journal[; it looks like {looks_like}][; it begins with {begins}].", "",
        "{file} 不是导出的日志[；看起来是 {looks_like}][；开头是 {begins}]。",
        "请给出 volunteer-points export 导出的文件；数据库用 --ledger 指定。",
    ),
    "journal_too_new": ErrorWords(
        "{file} is a journal of version {version}; this program knows {known}.", "",
        "{file} 的日志版本是 {version}，本程序只认识 {known}。", "请用更新的 volunteer-points 读取。",
    ),
    "journal_header_damaged": ErrorWords(
        "Line {line} of the journal is no header.", "", "日志第 {line} 行不是文件头。", _COPY,
    ),
    "journal_mangled": ErrorWords(
        "Line {line} of the journal: an editor changed it, {what}.", "", "日志第 {line} 行被编辑器改动：{what}。",
        _COPY,
    ),
    "journal_goes_on": ErrorWords(
        "Line {line} of the journal follows the last one.", "", "日志在最后一行之后还有第 {line} 行。", _COPY,
    ),
    "journal_cut_off": ErrorWords("The journal is cut off at line {line}.", "", "日志在第 {line} 行中断。", _COPY),
    "journal_line_damaged": ErrorWords(
        "Line {line} of the journal, entry {position}, is no entry[; it begins with {begins}].", "",
        "日志第 {line} 行（第 {position} 个条目）不是条目[；开头是 {begins}]。", _COPY,
    ),
    "journal_count_differs": ErrorWords(
        "Line {line} of the journal says {expected} entries, and there are {found}.", "",
        "日志第 {line} 行写明 {expected} 个条目，实有 {found} 个。", _COPY,
    ),
    "journal_leaves_differ": ErrorWords(
        "Line {line} of the journal: the sum over all hashes is {found}, and it says {expected}.", "",
        "日志第 {line} 行：全部哈希的校验值为 {found}，写明的是 {expected}。", _COPY,
    ),
    "commit_broken": ErrorWords(
        "Line {line} of the journal: a commit is not whole[: {expected} belongs there][, {found} stands there].", "",
        "日志第 {line} 行：提交不完整[：应为 {expected}][，实为 {found}]。", _COPY,
    ),
    "key_twice": ErrorWords(
        "Line {line} of the journal: key {key} was written before.", "",
        "日志第 {line} 行：键 {key} 此前已写入。", "请审计这个文件：volunteer-points audit。",
    ),
    "journal_differs": ErrorWords(
        "Line {line} of {journal} differs from entry {position} of the ledger:"
        " {expected} in the journal, {found} in the ledger.", "",
        "{journal} 第 {line} 行与账本第 {position} 个条目不同：日志中为 {expected}，账本中为 {found}。",
        "请导入到空的数据库，再用 volunteer-points compare 比对。",
    ),
    "ledger_changed": ErrorWords(
        "The ledger changed during the import: {expected} entries were there, and now it ends at {found}.", "",
        "导入期间账本有变化：原有 {expected} 个条目，现在到第 {found} 个。",
        "请暂停其他写入后重新导入；若仍被拒绝，请审计账本。",
    ),
    "leaf_differs": ErrorWords(
        "Line {line} of the journal was changed: its hash is {found}, and {expected} stands there.", "",
        "日志第 {line} 行被改动：哈希为 {found}，写明的是 {expected}。", _COPY,
    ),
}  # fmt: skip

CALLERS: Mapping[str, ErrorWords] = {
    "subject_not_taken": ErrorWords(
        "{question} asks about {subject}, which the session has not taken[{held_shared} for itself].", "",
        "{question} 查询 {subject}，而会话没有[{held_shared}独占]持有它。", "请在查询前先持有每个主题。",
    ),
    "session_over": ErrorWords("The session is over.", "", "会话已结束。", "请开始新的会话。"),
    "session_within_session": ErrorWords(
        "A session begins within a session.", "", "一个会话里又开始了另一个会话。", "请先结束前一个会话。",
    ),
    "no_balance_kept": ErrorWords(
        "No balance is kept of {purpose}, only of {kept}.", "", "没有保存 {purpose} 的余额，只有 {kept}。",
        "请按日期范围查询。",
    ),
    "not_one_commit": ErrorWords(
        "The entries are not one whole commit: {entries}.", "", "这些条目不是一个完整的提交：{entries}。",
        "请按顺序写入同一提交的全部条目。",
    ),
    "subject_twice": ErrorWords(
        "Entry {number} under key {key} names a subject twice: {about}.", _DEFECT[0],
        "键 {key} 下的第 {number} 个条目重复写了同一主题：{about}。", _DEFECT[1],
    ),
}  # fmt: skip

STORES: Mapping[str, ErrorWords] = {**LEDGERS, **PLACES, **JOURNALS, **CALLERS}
"""By code."""

REGISTER_IN_CHINESE: Mapping[str, str] = {
    "particulars_blank": "{field}为空；请填写，或不登记此人。",
    "particulars_too_long": "{field}有 {characters} 个字符，最多保留 {characters_max} 个；请缩短。",
    "particulars_unreadable": "{field}含有不能保存的字符 {character}；请删除。",
    "person_unknown": "没有登记 {person_id}；请核对编号。",
    "person_forgotten": "{person_id} 的资料已清除，不能修改；请重新登记。",
    "person_already_known": "第 {position} 位 {shown} 已登记为 {person_id}；请使用该编号，或注明是同名的另一人。",
    "person_twice": "第 {position} 位 {shown} 与第 {first_position} 位相同；请删去一位，或注明是同名的两人。",
    "match_needs_name_or_phone": "姓名和电话都没有；请至少给出一项。",
    "match_unknown": "登记册里没有 {shown}；请改正姓名或电话，或先登记。",
    "match_ambiguous": "有 {count} 人符合 {shown}：{candidates}；请同时给出姓名和电话，或直接用编号。",
    "match_phone_differs": "{shown} 登记的不是这个电话，而是 {candidates}；请改正这里或登记册中的电话。",
    "text_unknown": "没有保存封存码 {seal} 对应的文字；从未登记，或已清除。",
    "text_altered": "封存码 {seal} 对应的文字已被改动；请从备份恢复登记册。",
    "code_malformed": "领取码由 {characters} 个字母和数字组成，如 7K3M-9QRT；请重新核对。",
    "code_unknown": "没有这个领取码；请重新核对，或换发新码。",
    "code_replaced": "兑换 {redemption_id} 的这个领取码已换发新码；请使用新码。",
    "time_naive": "{field}：{value} 没有写明时区；请给出带时区的时间。",
    "draws_used": "连续 {rounds} 次抽到已使用的编号；请检查随机数来源。",
    "register_missing": "{place} 没有人员登记册；请核对位置，或用 create=True 新建。",
    "register_foreign": "{place} 不是人员登记册（{found}）；请换一个位置。",
    "register_unreadable": "无法打开人员登记册 {place}：{reason}；请检查位置和权限。",
    "register_version":
        "人员登记册 {place} 的版本是 {version}，本程序读取的是 {version_expected}；请使用写入它的程序。",
    "erasure_unfinished": "登记册中已清除，但文件正被另一个程序使用（{reason}），尚未清理；待其结束后请调用 scrub()。",
}  # fmt: skip
"""What the people register says in Chinese; in English its errors speak for themselves."""
