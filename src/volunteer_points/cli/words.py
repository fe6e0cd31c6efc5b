"""The language of the person at the keyboard, and the sentences for what the command line itself finds wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from volunteer_points.errors import VolunteerPointsError

if TYPE_CHECKING:
    from volunteer_points.explain.wording import Lang, Speaker

LANGUAGES = ("zh", "en")


class Words(NamedTuple):
    """One text in two languages."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """The text in a language; English unless it is ``zh``."""
        return self.zh if language == "zh" else self.en


def language_of_environment(environment: Mapping[str, str] | None = None) -> str:
    """The language that the environment asks for: VOLUNTEER_POINTS_LANG first, then the locale, then English."""
    found = os.environ if environment is None else environment
    for name in ("VOLUNTEER_POINTS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := found.get(name, ""):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def language_of_arguments(arguments: Iterable[str]) -> str:
    """The language of a command line that could not be understood: the last ``--lang`` in it, or the environment's."""
    given, before = "", ""
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name == "--lang" and value in LANGUAGES:
            given = value
        elif before == "--lang" and argument in LANGUAGES:
            given = argument
        before = argument
    return given or language_of_environment()


SENTENCES: Mapping[str, Words] = {
    "no_such_command": Words(
        "There is no command {value}. {nearest}See: {group} --help",
        "没有命令“{value}”。{nearest}见：{group} --help",
    ),
    "no_ledger": Words(
        "There is no ledger at {place}. Begin one with: {command}",
        "{place} 没有账本。请先建立：{command}",
    ),
    "ledger_exists": Words(
        "There is a ledger at {place} already, and a ledger is begun once. To change the programme: {command}",
        "{place} 已有账本，账本只建立一次。要修改项目，请用：{command}",
    ),
    "programme_file_exists": Words(
        "{place} is there already and was left as it is. Name another file with --write.",
        "{place} 已经存在，没有改动。请用 --write 另起一个文件名。",
    ),
    "no_such_file": Words("{place} cannot be read: {reason}.", "无法读取 {place}：{reason}。"),
    "subject_or_since": Words(
        "Say what is to be proved: the id of a record, a redemption or an entry; or --since CHECKPOINT.",
        "请说明要证明什么：记录、兑换或分录的编号，或用 --since 指定校验点。",
    ),
    "nothing_to_rest_on": Words(
        "A proof rests on something from elsewhere: give --checkpoint with a published file, or --public-key.",
        "核对须有依据：请用 --checkpoint 指定公示的校验点文件，或用 --public-key 指定公钥。",
    ),
    "not_a_key": Words(
        "{place} is not an Ed25519 key: {reason}. Make one: openssl genpkey -algorithm ed25519 -out key.pem",
        "{place} 不是 Ed25519 密钥：{reason}。生成密钥：openssl genpkey -algorithm ed25519 -out key.pem",
    ),
    "seals_missing": Words("Keys need a package more: {command}", "使用密钥需要另装一个软件包：{command}"),
    "file_unwritable": Words("{place} cannot be written: {reason}.", "无法写入 {place}：{reason}。"),
    "no_actor": Words(
        "This writes to the ledger, which keeps who did it. Say who you are: --actor YOUR-ID, or set"
        " VOLUNTEER_POINTS_ACTOR once.",
        "此操作会写入账本，账本要记下经办人。请用 --actor 经办人编号 说明您是谁，"
        "或设置环境变量 VOLUNTEER_POINTS_ACTOR。",
    ),
    "no_author": Words(
        "Who wrote the programme? Give --author ID. Two people adopt it: one wrote it, the other approves as --actor.",
        "是谁起草的？请用 --author 编号 说明。须由两人通过：一人起草，另一人用 --actor 批准。",
    ),
    "file_or_preset": Words(
        "Begin from a programme file, or from a preset with --preset NAME; there are: {presets}.",
        "请给出项目文件，或用 --preset 选择预设；现有预设：{presets}。",
    ),
    "no_such_preset": Words(
        "There is no preset {value}; there are: {presets}.", "没有预设“{value}”；现有：{presets}。"
    ),
    "no_founders": Words(
        "A programme is answered for by two people: give --founders FIRST,SECOND, or --run-by ONE if it is one person.",
        "项目须由两人负责：请用 --founders 甲,乙；若只有一人，用 --run-by 编号。",
    ),
    "no_such_person": Words(
        "Nobody is known as “{value}”. Look for the name with: {command}",
        "找不到“{value}”。可以用这条命令查找：{command}",
    ),
    "several_people": Words(
        "{count} people answer to {value}: {candidates}. Give the id.",
        "“{value}”对应 {count} 人：{candidates}。请改用编号。",
    ),
    "no_such_thing": Words(
        "There is no {noun} {value}. {nearest}There are: {known}.",
        "没有{noun}“{value}”。{nearest}现有：{known}。",
    ),
    "several_things": Words(
        "{value} is the name of several: {known}. Give the id.",
        "“{value}”对应多个：{known}。请改用编号。",
    ),
    "no_such_version": Words(
        "There is no rulebook {value}. There are: {known}.", "没有编号为“{value}”的积分办法。现有：{known}。"
    ),
    "no_rulebook_in_file": Words("{value} has no rulebook yet.", "“{value}”还没有积分办法。"),
    "extra_missing": Words(
        "This needs more than what is installed. Install it with: {command}", "还缺少组件。请安装：{command}"
    ),
    "not_a_day": Words("{value} is not a day. Write 2026-03-14.", "“{value}”不是日期。请写成 2026-03-14。"),
    "not_an_instant": Words(
        "{value} is not a time. Write '2026-03-14 09:00', or with its zone 2026-03-14T09:00:00+08:00.",
        "“{value}”不是时间。请写成 '2026-03-14 09:00'，或带时区的 2026-03-14T09:00:00+08:00。",
    ),
    "zone_needed": Words(
        "{value} does not say its zone, and a journal is audited without asking for one. Write"
        " 2026-06-30T23:59:59+08:00.",
        "“{value}”没有写明时区。审计日志文件时请写全，如 2026-06-30T23:59:59+08:00。",
    ),
    "time_twice_or_never": Words(
        "On the clock of {zone}, {value} comes {times} times. Give the time with its zone, as"
        " 2026-03-14T09:00:00+08:00.",
        "{zone} 的时钟上，{value} 出现 {times} 次。请写明时区，如 2026-03-14T09:00:00+08:00。",
    ),
    "not_an_amount": Words(
        "{value} is not an amount: write it in figures, with at most {decimals} decimals.",
        "“{value}”不是有效的{currency}数额：最多 {decimals} 位小数，请写数字。",
    ),
    "nothing_chosen": Words(
        "Say which records: their ids, --all, or a choice such as --activity, --team or --day.",
        "请说明要处理哪些记录：写出编号，或用 --all，或用 --activity、--team、--day 筛选。",
    ),
    "chosen_twice": Words(
        "Give ids or a choice (--all, --activity, --team, --day), not both.",
        "编号与筛选条件（--all、--activity、--team、--day）只能用一种。",
    ),
    "not_a_code": Words(
        "{value} is the redemption's id. Give the collection code on the slip; a new one: {command}",
        "{value} 是兑换编号。请输入领取单上的领取码；如遗失，可重新开具：{command}",
    ),
    "not_held": Words(
        "{redemption} is not held any more ({status}, held until {held_until}).",
        "{redemption} 已不在预留中（状态 {status}，预留至 {held_until}）。",
    ),
    "no_register": Words(
        "There is no people register at {place}, so codes and names cannot be looked up. Name it with --people.",
        "{place} 没有人员登记册，无法查找姓名和领取码。请用 --people 指明。",
    ),
    "no_award_yet": Words(
        "{value} has no award yet. Give the id of a record (r-...) or a redemption (x-...).",
        "“{value}”还没有积分记录。请给出服务记录编号（r-…）或兑换编号（x-…）。",
    ),
    "nothing_expired_yet": Words(
        "Nothing of {value} has expired yet. To see what will: volunteer-points balance {value}",
        "“{value}”还没有到期清零的积分。查看有效期：volunteer-points balance {value}",
    ),
    "what_to_explain": Words(
        "“{value}” is nothing to explain. Write: explain PERSON, explain r-..., explain level PERSON [LADDER],"
        " explain price PERSON ITEM, or explain expiry PERSON.",
        "“{value}”无法说明。请写：explain 姓名、explain r-…、explain level 姓名 [等级序列]、explain price 姓名 物品、"
        "explain expiry 姓名。",
    ),
    "reason_is_text": Words(
        "{value} is not a reason's code. Give a short one, such as --reason mistake, and put sentences in --note.",
        "“{value}”不是原因代码。请用简短代码，如 --reason 录入错误；详细说明请写在 --note 里。",
    ),
    "begins_and_ends": Words(
        "There are {begins} --begin and {ends} --end. Give one --end for each --begin.",
        "有 {begins} 个 --begin 和 {ends} 个 --end，每个 --begin 要对应一个 --end。",
    ),
    "give_or_take": Words("Say how many: either --give N or --take N.", "请写明数额：--give N 或 --take N，二者选一。"),
    "name_or_id": Words("Give a name, or --id for an id of your own.", "请给出姓名，或用 --id 指定自编的编号。"),
    "stopped": Words("Stopped. Nothing more was written.", "已停止，没有继续写入。"),
    "internal": Words(
        "Something went wrong inside the program ({kind}: {reason}). Nothing half-done was written to the ledger."
        " Please report it; VOLUNTEER_POINTS_DEBUG=1 shows where.",
        "程序内部出错（{kind}：{reason}）。账本没有写入半截内容。"
        "请反馈此问题；设置 VOLUNTEER_POINTS_DEBUG=1 可看到出错位置。",
    ),
}
"""By code. The sentences for refusals and for what the library finds wrong are in :mod:`volunteer_points.explain`."""


def meant(word: str, known: Iterable[str], language: str) -> str:
    """Which of the known words was probably meant, as a question; empty when none is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return Words(f"Did you mean {near[0]}? ", f"是否指“{near[0]}”？").said(language) if near else ""


def sentence(error: VolunteerPointsError, language: str, speaker: Speaker | None = None) -> str:
    """What went wrong and what to do, in one or two sentences.

    Args:
        error: Anything that the library raises on purpose.
        language: ``zh`` or ``en``.
        speaker: Brings names and the programme's clock, where a ledger is open.
    """
    if error.code in SENTENCES:
        return SENTENCES[error.code].said(language).format_map(error.facts)
    from volunteer_points import explain  # noqa: PLC0415 - not needed until something is refused

    lang: Lang = "zh" if language == "zh" else "en"
    if speaker is None:
        return explain.sentence(error, lang)
    return explain.sentence(error, lang, names=speaker.names, frame=speaker.frame)
