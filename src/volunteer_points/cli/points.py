"""Points at the command line: balances, statements, explanations, totals; expired, adjusted, transferred, closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from volunteer_points.books import About
from volunteer_points.cli.context import Desk
from volunteer_points.cli.outcomes import (
    PREVIEW,
    Undo,
    clock_shown,
    entry_data,
    points_data,
    points_shown,
    said,
    time_shown,
    write_one_reasoned,
    written,
)
from volunteer_points.cli.output import DONE, REFUSED, Answer, Line, Part, Table
from volunteer_points.cli.readings import read_amount, read_day
from volunteer_points.cli.records import NOTE, REASON
from volunteer_points.cli.verbs import option, verb
from volunteer_points.cli.words import Words
from volunteer_points.commands import Adjust, ClosePeriod, Command, Expire, Lapse, OpenBalance, Transfer
from volunteer_points.entries import KINDS, Awarded, Entry, NotAwarded
from volunteer_points.errors import InputError
from volunteer_points.postings import Purpose, volunteer_holder
from volunteer_points.programme import Balance, Order, Outcome

if TYPE_CHECKING:
    from volunteer_points.decisions.standing import Quote, Rank
    from volunteer_points.exchange.totals import Total

CURRENCY = option(
    "--currency", metavar="ID", default="points", show_default=True, en="Which currency.", zh="积分种类。"
)
_SINCE = option("--since", metavar="DAY", en="From this day on.", zh="从这一天起。")
_UNTIL = option("--until", metavar="DAY", en="Up to and including this day.", zh="到这一天为止（含当日）。")
_REQUESTED = option("--requested-by", metavar="ID", required=True, en="Who asked for it.", zh="提出申请的人。")

# --- balance, statement, explain ---------------------------------------------------------------------------------


@verb("balance", zh="查看一位志愿者的积分和服务时长。", examples=("volunteer-points balance 张伟",))
@click.argument("person")
def balance(desk: Desk, person: str) -> Answer:
    """Show what a volunteer has: points by when they end, what is held and owed, and the time served."""
    volunteer = desk.person(person)
    currencies = [each.id for each in desk.programme.frame().adopted.currencies]
    found = {currency: desk.programme.balance(volunteer, currency) for currency in currencies}
    minutes = next(iter(found.values())).minutes
    parts: list[Part] = [Line(desk.called(volunteer), "head")]
    for currency, held in found.items():
        parts += _balance_lines(desk, currency, held)
    parts.append(desk.say(f"Time served: {time_shown(desk, minutes)}", f"服务时长：{time_shown(desk, minutes)}"))
    data = {
        "volunteer": volunteer,
        "name": desk.name(volunteer) or None,
        "balances": [_balance_data(desk, currency, held) for currency, held in found.items()],
        "minutes": minutes,
    }
    return Answer(data, tuple(parts))


def _balance_lines(desk: Desk, currency: str, found: Balance) -> list[Part]:
    from volunteer_points.explain.wording import End  # noqa: PLC0415 - help does not need it

    ended = _ended(desk, found)
    usable = points_shown(desk, found.available - ended, currency)
    parts: list[Part] = [desk.say(f"Available: {usable}", f"可用：{usable}")]
    for lot, amount in sorted(found.lots.items(), key=lambda each: (each[0] is None, each[0])):
        if lot is None or lot > desk.now():
            parts.append(f"  {points_shown(desk, amount, currency)}  {desk.speaker.shown(End(lot))}")
    for amount, en, zh in (
        (ended, "Ended, not yet removed", "已到期、尚未清零"),
        (found.held, "Held for redemptions", "预留中"),
        (-found.debt, "Owed; later awards repay it first", "欠分，以后所得先抵扣"),
    ):
        if amount:
            shown = points_shown(desk, amount, currency)
            parts.append(desk.say(f"{en}: {shown}", f"{zh}：{shown}"))
    return parts


def _ended(desk: Desk, found: Balance) -> int:
    return sum(amount for lot, amount in found.lots.items() if lot is not None and lot <= desk.now())


def _balance_data(desk: Desk, currency: str, found: Balance) -> dict[str, Any]:
    ended = _ended(desk, found)
    return {
        "currency": currency,
        **points_data(desk, found.available - ended, currency, "available"),
        **points_data(desk, ended, currency, "ended"),
        **points_data(desk, found.held, currency, "held"),
        **points_data(desk, -found.debt, currency, "debt"),
        "lots": [
            {"ends": desk.calendar.local(lot) if lot else None, **points_data(desk, amount, currency)}
            for lot, amount in sorted(found.lots.items(), key=lambda each: (each[0] is None, each[0]))
        ],
    }


@verb(
    "statement",
    zh="打印一位志愿者的对账单：逐笔相加等于余额。",
    examples=("volunteer-points statement 张伟 --since 2026-03-01 --until 2026-03-31",),
)
@click.argument("person")
@CURRENCY
@_SINCE
@_UNTIL
def statement(desk: Desk, *, person: str, currency: str, since: str | None, until: str | None) -> Answer:
    """Print a volunteer's statement: lines that add up to the balance."""
    from volunteer_points import explain  # noqa: PLC0415 - help does not need it

    volunteer = desk.person(person)
    entries = desk.programme.ask(About(volunteer_holder(volunteer), tuple(KINDS)))
    desk.look_up(_people_in(entries))
    found = explain.statement(
        entries,
        volunteer,
        desk.programme.frame(),
        currency,
        since=read_day(since) if since else None,
        until=read_day(until) + timedelta(days=1) if until else None,
        at=desk.now(),
    )
    text = found.text(desk.speaker.lang, desk.speaker.names)
    return Answer({**found.plain(desk.speaker.names), "name": desk.name(volunteer) or None}, tuple(text.splitlines()))


def _people_in(entries: tuple[Entry, ...]) -> set[str]:
    subjects = {subject for entry in entries for subject in entry.about}
    return {subject.removeprefix("volunteer:") for subject in subjects if subject.startswith("volunteer:")}


@verb(
    "explain",
    zh="说明由来：一条服务记录、一笔兑换、某人最近一次所得积分；或等级（level）、价格（price）、到期（expiry）。",
    examples=(
        "volunteer-points explain 张伟",
        "volunteer-points explain r-7k3m9qrt2x5v8w1y",
        "volunteer-points explain level 张伟",
        "volunteer-points explain price 张伟 大米",
        "volunteer-points explain expiry 张伟",
    ),
)
@click.argument("subject", nargs=-1, required=True)
def explain_command(desk: Desk, subject: tuple[str, ...]) -> Answer:
    """Explain where points came from: a record, a redemption, or somebody's latest award.

    With "level", "price" or "expiry" in front: somebody's level on a ladder, the price of an item for somebody, or
    what of somebody expired last.
    """
    found = desk.programme.explain(_explained(desk, subject), desk.speaker.lang, desk.speaker.names)
    title, *lines = found.text().splitlines()
    return Answer(found.plain(), (Line(title, "head"), *lines))


def _explained(desk: Desk, words: tuple[str, ...]) -> str | Entry | Rank | Quote:
    """What is to be explained."""
    match words:
        case ("level", person):
            return desk.programme.level(desk.person(person))
        case ("level", person, ladder):
            return desk.programme.level(desk.person(person), ladder)
        case ("price", person, item):
            return desk.programme.quote(desk.person(person), desk.thing("item", item))
        case ("expiry", person):
            return _latest_expiry(desk, person)
        case (subject,) if subject.startswith(("r-", "x-")):
            return subject
        case (person,):
            return _latest_award(desk, person)
    raise InputError("what_to_explain", value=" ".join(words))


def _latest_award(desk: Desk, person: str) -> str:
    entries = desk.programme.ask(About(volunteer_holder(desk.person(person)), ("Awarded", "NotAwarded")))
    if not entries or not isinstance(entries[-1].fact, (Awarded, NotAwarded)):
        raise InputError("no_award_yet", value=person)
    return entries[-1].fact.record


def _latest_expiry(desk: Desk, person: str) -> Entry:
    entries = desk.programme.ask(About(volunteer_holder(desk.person(person)), ("Expired",)))
    if not entries:
        raise InputError("nothing_expired_yet", value=person)
    return entries[-1]


# --- totals ------------------------------------------------------------------------------------------------------

_HEADINGS: Mapping[str, tuple[Words, ...]] = {
    "team": (Words("Team", "队伍"),),
    "activity": (Words("Activity", "项目"),),
    "grid": (Words("Grid", "网格"),),
    "building": (Words("Grid", "网格"), Words("Building", "楼栋")),
    "unit": (Words("Grid", "网格"), Words("Building", "楼栋"), Words("Unit", "单元")),
    "tag": (Words("Tag", "标签"),),
    "volunteer": (Words("Volunteer", "志愿者"),),
}


@verb(
    "totals",
    zh="汇总服务时长和积分：按队伍、项目、网格、楼栋、单元、标签或个人。\n\n"
    "只计已审核、未冲正的服务。住处和标签以现在登记的为准；有多个标签的人在每个标签下都计一次。",
    examples=("volunteer-points totals --by team --since 2026-03-01 --until 2026-03-31",),
)
@option(
    "--by",
    type=click.Choice(list(_HEADINGS)),
    default="team",
    show_default=True,
    en="What to roll up by.",
    zh="按什么汇总：team 队伍、activity 项目、grid 网格、building 楼栋、unit 单元、tag 标签、volunteer 个人。",
)
@_SINCE
@_UNTIL
def totals_command(desk: Desk, by: str, since: str | None, until: str | None) -> Answer:
    """Roll up hours and points by team, activity, grid, building, unit, tag or volunteer.

    What counts is service that was approved and not reversed. Places and tags are those of today; somebody with several
    tags counts under each of them.
    """
    from volunteer_points.exchange.totals import By, totals, whole  # noqa: PLC0415 - help does not need it

    first = read_day(since) if since else None
    after = read_day(until) + timedelta(days=1) if until else None
    entries = list(desk.programme.entries())
    found = totals(entries, By(by), since=first, until=after)
    everything = whole(entries, since=first, until=after)
    if by == "volunteer":
        desk.look_up(total.group[0] for total in found)
    headings = (*(each.said(desk.language) for each in _HEADINGS[by]), *_figures(desk))
    last = (desk.say("All", "合计"), *[""] * (len(_HEADINGS[by]) - 1), *_total_row(desk, everything))
    rows = [(*_group_shown(desk, by, total.group), *_total_row(desk, total)) for total in found]
    data = {
        "by": by,
        "since": first,
        "until": read_day(until) if until else None,
        "groups": [{**_group_data(desk, by, total.group), **_total_data(desk, total)} for total in found],
        "all": _total_data(desk, everything),
    }
    right = tuple(range(len(headings) - len(_figures(desk)), len(headings)))
    return Answer(data, (Table(headings, (*rows, last), right, wraps=tuple(range(len(_HEADINGS[by])))),))


def _figures(desk: Desk) -> tuple[str, ...]:
    return (
        desk.say("People", "人数"),
        desk.say("Records", "人次"),
        desk.say("Hours", "时长"),
        *(each.name if desk.language == "zh" else each.id.capitalize() for each in _currencies(desk)),
    )


def _currencies(desk: Desk) -> tuple[Any, ...]:
    return desk.programme.frame().adopted.currencies


def _total_row(desk: Desk, total: Total) -> tuple[str, ...]:
    points = dict(total.points)
    shown = (each.shown(points.get(each.id, 0)) for each in _currencies(desk))
    return (str(total.volunteers), str(total.records), clock_shown(total.minutes), *shown)


def _group_shown(desk: Desk, by: str, group: tuple[str, ...]) -> tuple[str, ...]:
    if by == "volunteer":
        return (desk.called(group[0]),)
    if by in {"team", "activity"} and group[0]:
        return (desk.speaker.names(f"{by}:{group[0]}").removeprefix(f"{by}:"),)
    return tuple(each or desk.say("(none)", "（未填）") for each in group)


def _group_data(desk: Desk, by: str, group: tuple[str, ...]) -> dict[str, Any]:
    return {"group": list(group), **({"name": desk.name(group[0]) or None} if by == "volunteer" else {})}


def _total_data(desk: Desk, total: Total) -> dict[str, Any]:
    return {
        "volunteers": total.volunteers,
        "records": total.records,
        "minutes": total.minutes,
        "points": [{"currency": currency, **points_data(desk, n, currency)} for currency, n in total.points],
    }


# --- expire ------------------------------------------------------------------------------------------------------


@verb(
    "expire",
    zh="清理到期：过期未领的预留退回，到期的积分清零。\n\n重复执行或中断后再执行都不会重复清零。",
    examples=("volunteer-points expire --dry-run",),
)
@option("--dry-run", is_flag=True, en="Only show what is due.", zh="只显示将清理的内容，不写入。")
def expire(desk: Desk, dry_run: bool) -> Answer:
    """Let holds lapse whose time is over, and remove points that have ended.

    It may be repeated, or interrupted and run again: nothing is written twice.
    """
    at = desk.now()
    if dry_run:
        outcomes = desk.programme.preview_many(_due(desk))
    else:
        outcomes = desk.programme.sweep(actor=desk.actor, booked_at=at)
    swept = [entry for outcome in outcomes for entry in outcome.entries]
    refused = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    desk.look_up({str(getattr(entry.fact, "volunteer", "")) for entry in swept} - {""})
    parts: list[Part] = [Line(text, "" if dry_run else "good") for text in said(desk, swept)]
    parts += [Line(desk.sentence(refusal), "bad") for refusal in refused]
    if not outcomes:
        parts.append(Line(desk.say("Nothing is due.", "没有到期的内容。"), "good"))
    elif dry_run:
        parts.insert(0, Line(PREVIEW.said(desk.language), "head"))
    elif swept:
        parts.append(Line(NEVER_BACK.said(desk.language), "dim"))
    data = {
        "dry_run": dry_run,
        "at": desk.calendar.local(at),
        "entries": [entry_data(desk, entry) for entry in swept],
        "keys": [outcome.key for outcome in outcomes if outcome.entries and not dry_run],
        "refused": [{"code": refusal.code, "message": desk.sentence(refusal)} for refusal in refused],
    }
    return Answer(data, tuple(parts), REFUSED if refused else DONE)


NEVER_BACK = Words(
    "Undo: points that have ended come back only by an adjustment: volunteer-points adjust",
    "撤销：到期的积分只能通过调整补回：volunteer-points adjust",
)


def _due(desk: Desk) -> list[Order]:
    """What a sweep would write now, through the same decisions."""
    at, actor = desk.now(), desk.actor
    lapses: list[Command] = [
        Lapse(redemption=state.held.redemption) for state in desk.programme.open_redemptions(due=at)
    ]
    with desk.programme.store.reader() as reader:
        ended = reader.open(Purpose.AVAILABLE, due=at)
    whose = dict.fromkeys((each.account.holder.removeprefix("volunteer:"), each.unit) for each in ended)
    expiries: list[Command] = [Expire(volunteer=volunteer, currency=currency) for volunteer, currency in whose]
    return [Order(command=command, actor=actor, booked_at=at) for command in (*lapses, *expiries)]


# --- adjust, open-balance, transfer, close -----------------------------------------------------------------------


@verb(
    "adjust",
    key=True,
    zh="增加或扣减积分，须由两人办理：--requested-by 提出，--actor 批准。",
    examples=(
        "volunteer-points adjust 张伟 --give 10 --requested-by founder-a --reason 漏计",
        "volunteer-points adjust 张伟 --take 5 --requested-by founder-a --reason 多计",
    ),
)
@click.argument("person")
@option("--give", metavar="N", en="So many points more.", zh="增加的积分。")
@option("--take", metavar="N", en="So many points less.", zh="扣减的积分。")
@_REQUESTED
@REASON
@NOTE
@CURRENCY
def adjust(
    desk: Desk,
    *,
    person: str,
    give: str | None,
    take: str | None,
    requested_by: str,
    reason: str,
    note: str | None,
    currency: str,
) -> Answer:
    """Give points or take them, by decision of two people.

    --requested-by asks for it, and --actor approves it.
    """
    if (give is None) == (take is None):
        raise InputError("give_or_take")
    volunteer = desk.person(person)
    sign = 1 if take is None else -1
    amount = sign * read_amount(give or take or "", desk.currency(currency))
    outcome = write_one_reasoned(
        desk,
        lambda why: Adjust(
            volunteer=volunteer, points=amount, requested_by=requested_by, reason=why, currency=currency
        ),
        reason,
        note,
    )
    return written(desk, outcome, _adjust_back(desk, volunteer, -amount, currency, requested_by))


def _adjust_back(desk: Desk, volunteer: str, amount: int, currency: str, requested_by: str) -> Undo:
    shown = desk.currency(currency).shown(abs(amount))
    flag = "--give" if amount > 0 else "--take"
    words = ["adjust", volunteer, flag, shown, "--requested-by", requested_by, "--reason", "mistake"]
    return Undo(desk.command(*words, *(["--currency", currency] if currency != "points" else []), as_self=True))


@verb(
    "open-balance",
    key=True,
    zh="把启用账本之前的积分和服务时长结转进来，须由两人办理。",
    examples=(
        "volunteer-points open-balance 张伟 --points 120 --minutes 720 --requested-by founder-a --reason 旧账结转",
    ),
)
@click.argument("person")
@option("--points", metavar="N", default="0", en="Points brought over.", zh="结转的积分。")
@option("--minutes", type=int, default=0, metavar="N", en="Minutes of service brought over.", zh="结转的服务分钟数。")
@option(
    "--ends", metavar="DAY", en="First day on which the points can no longer be used.", zh="从这一天起积分不能再用。"
)
@_REQUESTED
@REASON
@NOTE
@CURRENCY
def open_balance(
    desk: Desk,
    *,
    person: str,
    points: str,
    minutes: int,
    ends: str | None,
    requested_by: str,
    reason: str,
    note: str | None,
    currency: str,
) -> Answer:
    """Bring over points and minutes from before the ledger began; it takes two people."""
    volunteer = desk.person(person)
    amount = read_amount(points, desk.currency(currency))
    end = desk.day_or_instant(ends) if ends else None
    outcome = write_one_reasoned(
        desk,
        lambda why: OpenBalance(
            volunteer=volunteer,
            requested_by=requested_by,
            reason=why,
            points=amount,
            minutes=minutes,
            currency=currency,
            ends=end,
        ),
        reason,
        note,
    )
    undo = _adjust_back(desk, volunteer, -amount, currency, requested_by) if amount else Undo(never=_MINUTES_STAY)
    return written(desk, outcome, undo)


_MINUTES_STAY = Words("Minutes that were brought over stay.", "结转的服务时长不能撤销。")


@verb(
    "transfer",
    key=True,
    zh="把积分转赠给另一位志愿者（以积分办法允许为限）。",
    examples=("volunteer-points transfer 张伟 李娜 10",),
)
@click.argument("giver")
@click.argument("receiver")
@click.argument("points")
@CURRENCY
def transfer(desk: Desk, *, giver: str, receiver: str, points: str, currency: str) -> Answer:
    """Give points to another volunteer, as far as the rulebook lets; they end when they would have ended."""
    one, other = desk.person(giver), desk.person(receiver)
    amount = read_amount(points, desk.currency(currency))
    outcome = desk.write(Transfer(giver=one, receiver=other, points=amount, currency=currency))
    words = ["transfer", other, one, desk.currency(currency).shown(amount)]
    back = desk.command(*words, *(["--currency", currency] if currency != "points" else []), as_self=True)
    return written(desk, outcome, Undo(back))


@verb(
    "close",
    key=True,
    zh="结账：这一天以前（不含当日）不能再记账。\n\n结账不能撤销。",
    examples=("volunteer-points close 2026-04-01",),
)
@click.argument("until", metavar="DAY")
def close(desk: Desk, until: str) -> Answer:
    """Close every day before the given one for booking; it stays closed."""
    outcome: Outcome = desk.write(ClosePeriod(until=read_day(until)))
    never = Words("Undo: none. A closed period stays closed.", "撤销：不能。已结账的期间不再开放。")
    return written(desk, outcome, Undo(never=never))
