"""What was written, said the same way by every command: what happened, under which key, and how it is undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from volunteer_points.books import Committed
from volunteer_points.canonical import plain
from volunteer_points.cli.context import Desk
from volunteer_points.cli.output import DONE, REFUSED, Answer, Line, Part, Table, progress
from volunteer_points.cli.words import Words
from volunteer_points.commands import Command
from volunteer_points.entries import Awarded, Entry
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import Reason
from volunteer_points.programme import Order, Outcome

ROWS_AT_ONCE = 100
"""How many commands of a batch are written in one transaction."""

PREVIEW = Words(
    "Only a preview (--dry-run): this would happen, and nothing was written.",
    "仅为预览（--dry-run）：以下内容尚未写入。",
)

_SHOWN_ONE_BY_ONE = 12
_AWARDS_SHOWN = 30
_AMOUNTS = ("points", "price")


def entry_data(desk: Desk, entry: Entry) -> dict[str, Any]:
    """An entry for programs: its id, its kind and the fields of its fact; amounts with decimals are also shown."""
    fields: dict[str, Any] = dict(plain(entry.fact))
    if "points" in fields and hasattr(entry.fact, "points"):
        currency = desk.currency(str(getattr(entry.fact, "currency", "points")))
        if currency.decimals:
            fields |= {f"{name}_shown": currency.shown(fields[name]) for name in _AMOUNTS if name in fields}
    return {"id": entry.id, "kind": entry.kind, "day": entry.on.isoformat(), **fields}


def said(desk: Desk, entries: Iterable[Entry]) -> list[str]:
    """What happened, an entry a line."""
    from volunteer_points import explain  # noqa: PLC0415 - help does not need it

    speaker = desk.speaker
    return [explain.describe(entry, speaker.lang, speaker.names, frame=speaker.frame) for entry in entries]


def _told(desk: Desk, entries: Sequence[Entry]) -> list[str]:
    """What happened: an entry a line, or how many of each kind when there are many."""
    if len(entries) <= _SHOWN_ONE_BY_ONE:
        return said(desk, entries)
    from volunteer_points.explain.wording import Term  # noqa: PLC0415 - help does not need it

    counts = Counter(entry.kind for entry in entries)
    return [f"{count} × {desk.speaker.shown(Term('kind', kind))}" for kind, count in counts.items()]


@attrs.frozen
class Undo:
    """How what was written is undone: a command, or why there is none."""

    command: str = ""
    never: Words | None = None

    def line(self, desk: Desk) -> str:
        """One line for people."""
        if self.command:
            return f"{desk.say('Undo: ', '撤销：')}{self.command}"
        return self.never.said(desk.language) if self.never else ""


def written(
    desk: Desk, outcome: Outcome, undo: Undo, *, also: Sequence[Part] = (), data: Mapping[str, Any] | None = None
) -> Answer:
    """The answer of a command that wrote one commit."""
    first = outcome.entries[0]
    happened = [Line(text, "good") for text in _told(desk, outcome.entries)]
    if outcome.replayed:
        when, who = desk.shown(first.booked_at), first.actor
        again = desk.say(
            f"This was done already, on {when} by {who}; nothing was written again.",
            f"此操作已由 {who} 于 {when} 完成，没有重复写入。",
        )
        happened = [Line(again, "head"), *(attrs.evolve(line, style="") for line in happened)]
    key = f"{desk.say('Key:  ', '防重复键：')}{outcome.key}"
    undone = undo.line(desk)
    return Answer(
        {
            "key": outcome.key,
            "replayed": outcome.replayed,
            "booked_at": desk.calendar.local(first.booked_at),
            "actor": first.actor,
            "entries": [entry_data(desk, entry) for entry in outcome.entries],
            **(data or {}),
            "undo": undo.command or None,
        },
        (*happened, *also, Line(key, "dim"), *([Line(undone, "dim")] if undone else [])),
    )


# --- reasons -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Reasoned:
    """A command that has a reason, and the key under which it is written."""

    made: Callable[[Reason], Command]
    key: str | None


def checked_reason(code: str) -> Reason:
    """A reason with this code.

    Raises:
        InputError: ``reason_is_text`` when it is no short code.
    """
    try:
        return Reason(code=code)
    except InputError:
        raise InputError("reason_is_text", value=code) from None


def write_reasoned(desk: Desk, wanted: Sequence[Reasoned], code: str, note: str | None) -> tuple[Outcome, ...]:
    """Write commands for one reason; its note goes to the people register and only the note's seal to the ledger.

    The note is kept only when something is allowed. The same key with the same note is the same content, though a note
    is sealed anew each time. Refusals stand in the outcomes.
    """
    reason, actor, at = checked_reason(code), desk.actor, desk.now()
    before = [_reason_before(desk, each.key, reason, note) for each in wanted]
    seal = ""
    if note and None in before:
        new = [each for each, known in zip(wanted, before, strict=True) if known is None]
        tried = desk.programme.preview_many(Order(command=each.made(reason), actor=actor, booked_at=at) for each in new)
        if any(outcome.refusal is None for outcome in tried):
            seal = desk.people.note_text(note)
    orders = [
        Order(command=each.made(known or attrs.evolve(reason, seal=seal)), actor=actor, key=each.key, booked_at=at)
        for each, known in zip(wanted, before, strict=True)
    ]
    outcomes: tuple[Outcome, ...] = ()
    try:
        outcomes = desk.programme.execute_many(orders, keep_going=True)
    finally:
        if seal and all(outcome.refusal or outcome.replayed for outcome in outcomes):
            desk.people.forget_texts(seal)
    return outcomes


def write_one_reasoned(desk: Desk, made: Callable[[Reason], Command], code: str, note: str | None) -> Outcome:
    """The same for one command under the key that was given.

    Raises:
        Refused: it is not allowed.
    """
    [outcome] = write_reasoned(desk, [Reasoned(made, desk.key)], code, note)
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome


def _reason_before(desk: Desk, key: str | None, reason: Reason, note: str | None) -> Reason | None:
    """The reason of the first commit under this key, when it has the same note."""
    people = desk.known_people
    if key is None or people is None or not note:
        return None
    for entry in desk.programme.ask(Committed(key)):
        found = getattr(entry.fact, "reason", None)
        if isinstance(found, Reason) and found.seal and people.text_of(found.seal) == note.strip():
            return attrs.evolve(reason, seal=found.seal)
    return None


# --- many at once ------------------------------------------------------------------------------------------------


def write_each(desk: Desk, doing: Words, orders: Sequence[Order]) -> tuple[Outcome, ...]:
    """Write commands one after the other, each with its own key; those that are refused do not keep the others back."""
    outcomes: list[Outcome] = []
    with progress(doing, desk.language, len(orders)) as advance:
        for start in range(0, len(orders), ROWS_AT_ONCE):
            some = orders[start : start + ROWS_AT_ONCE]
            outcomes += desk.programme.execute_many(some, keep_going=True)
            advance(len(some))
    return tuple(outcomes)


def written_each(
    desk: Desk, subjects: Sequence[tuple[str, str]], outcomes: Sequence[Outcome], undo: Callable[[str], Undo]
) -> Answer:
    """The answer of a command that wrote a commit for each of several subjects.

    Args:
        desk: The desk.
        subjects: The id and what people call each of them.
        outcomes: What became of each.
        undo: How the one with an id is undone.
    """
    done = [(each, outcome) for each, outcome in zip(subjects, outcomes, strict=True) if outcome.refusal is None]
    refused = [(each, outcome.refusal) for each, outcome in zip(subjects, outcomes, strict=True) if outcome.refusal]
    parts = _each_told(desk, [outcome for _, outcome in done])
    parts += _summary(desk, done, refused)
    if done:
        parts += _trail(desk, done[0][1].key, undo(done[0][0][0]))
    return Answer(_each_data(desk, subjects, outcomes, undo), tuple(parts), REFUSED if refused else DONE)


def _each_told(desk: Desk, outcomes: Sequence[Outcome]) -> list[Part]:
    """What became of each: a table of awards, or a line for each entry; the first of them when there are many."""
    awards = [(outcome, entry) for outcome in outcomes for entry in outcome.entries if isinstance(entry.fact, Awarded)]
    lines = [
        Line(text, "" if outcome.replayed else "good")
        for outcome in outcomes[:_SHOWN_ONE_BY_ONE]
        if not any(isinstance(entry.fact, Awarded) for entry in outcome.entries)
        for text in said(desk, outcome.entries)
    ]
    parts: list[Part] = [*lines]
    if awards:
        desk.look_up(entry.fact.volunteer for _, entry in awards if isinstance(entry.fact, Awarded))
        rows = tuple(_award_row(desk, entry) for _, entry in awards[:_AWARDS_SHOWN])
        headings = (
            desk.say("Record", "编号"),
            desk.say("Who", "姓名"),
            desk.say("Day", "日期"),
            desk.say("Counted", "计时"),
            desk.say("Points", "积分"),
        )
        parts.append(Table(headings, rows, right=(3, 4), wraps=(1,)))
    hidden = max(0, len(awards) - _AWARDS_SHOWN) or max(0, len(outcomes) - len(awards) - _SHOWN_ONE_BY_ONE)
    if hidden:
        parts.append(desk.say(f"... and {hidden} more", f"……另有 {hidden} 条"))
    return parts


def _award_row(desk: Desk, entry: Entry) -> tuple[str, ...]:
    fact = entry.fact
    assert isinstance(fact, Awarded)  # noqa: S101 - narrows the type
    points = desk.currency(fact.currency).shown(fact.points)
    return (fact.record, desk.called(fact.volunteer), entry.on.isoformat(), clock_shown(fact.minutes), points)


def _trail(desk: Desk, key: str, undo: Undo) -> list[Line]:
    """The key and the undoing of the first of many, which show how those of the others go."""
    if not undo.command:
        return []
    lines = (
        desk.say(f"Each has a key of its own, such as {key}", f"每条各有防重复键，如 {key}"),
        desk.say(f"Undo one of them: {undo.command}", f"撤销其中一条：{undo.command}"),
    )
    return [Line(line, "dim") for line in lines]


def _summary(
    desk: Desk, done: Sequence[tuple[tuple[str, str], Outcome]], refused: Sequence[tuple[tuple[str, str], Refused]]
) -> list[Part]:
    new = [outcome for _, outcome in done if not outcome.replayed]
    parts: list[Part] = [Line(_counted(desk, new), "head")]
    if again := len(done) - len(new):
        parts.append(desk.say(f"{again} had been done before.", f"{again} 条之前已完成。"))
    if refused:
        title = desk.say(f"{len(refused)} refused; nothing was written for them:", f"{len(refused)} 条未通过，未写入：")
        rows = tuple((record, called, desk.sentence(why)) for (record, called), why in refused)
        headings = (desk.say("Id", "编号"), desk.say("Who", "姓名"), desk.say("Why", "原因"))
        parts += ["", Line(title, "bad"), Table(headings, rows, wraps=(1, 2))]
    return parts


def _counted(desk: Desk, new: Sequence[Outcome]) -> str:
    text = desk.say(f"{len(new)} done", f"完成 {len(new)} 条")
    awards = [entry.fact for outcome in new for entry in outcome.entries if isinstance(entry.fact, Awarded)]
    if not awards:
        return f"{text}{desk.say('.', '。')}"
    totals: dict[str, int] = {}
    for fact in awards:
        totals[fact.currency] = totals.get(fact.currency, 0) + fact.points
    points = desk.say(", ", "、").join(points_shown(desk, amount, currency) for currency, amount in totals.items())
    people = len({fact.volunteer for fact in awards})
    hours = time_shown(desk, sum(fact.minutes for fact in awards))
    return desk.say(f"{text}: {points} for {hours}, {people} people.", f"{text}：{people} 人，{hours}，共 {points}。")


def _each_data(
    desk: Desk, subjects: Sequence[tuple[str, str]], outcomes: Sequence[Outcome], undo: Callable[[str], Undo]
) -> dict[str, Any]:
    results = []
    for (each, _), outcome in zip(subjects, outcomes, strict=True):
        result: dict[str, Any] = {"id": each, "key": outcome.key, "replayed": outcome.replayed}
        if outcome.refusal is None:
            result["entries"] = [entry_data(desk, entry) for entry in outcome.entries]
            result["undo"] = undo(each).command or None
        else:
            message = desk.sentence(outcome.refusal)
            result["error"] = {"code": outcome.refusal.code, "message": message, "facts": outcome.refusal.facts}
        results.append(result)
    refused = sum(outcome.refusal is not None for outcome in outcomes)
    awards = [e.fact for o in outcomes if not o.replayed for e in o.entries if isinstance(e.fact, Awarded)]
    return {
        "done": len(outcomes) - refused,
        "refused": refused,
        "points": sum(fact.points for fact in awards),
        "minutes": sum(fact.minutes for fact in awards),
        "results": results,
    }


# --- amounts -----------------------------------------------------------------------------------------------------


def points_shown(desk: Desk, amount: int, currency: str) -> str:
    """An amount with its currency, as people write it."""
    from volunteer_points.explain.wording import Points  # noqa: PLC0415 - help does not need it

    return desk.speaker.shown(Points(amount, currency))


def time_shown(desk: Desk, minutes: int) -> str:
    """Hours and minutes."""
    from volunteer_points.explain.wording import Minutes  # noqa: PLC0415 - help does not need it

    return desk.speaker.shown(Minutes(minutes, long=True))


def clock_shown(minutes: int) -> str:
    """Hours and minutes for a column of a table."""
    return f"{minutes // 60}:{minutes % 60:02}"


def points_data(desk: Desk, amount: int, currency: str, name: str = "points") -> dict[str, Any]:
    """An amount for programs: whole smallest parts, and how it is shown where the currency has decimals."""
    known = desk.currency(currency)
    return {name: amount, **({f"{name}_shown": known.shown(amount)} if known.decimals else {})}
