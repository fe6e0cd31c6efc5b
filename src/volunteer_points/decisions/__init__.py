"""What may be written next: one pure function from books and a request to entries or a refusal.

:func:`decide` reads no clock and no store. What it needs to know and has not been told it names by raising
:class:`~volunteer_points.books.Lacks`; whoever drives it fetches the answers and asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from volunteer_points import commands as c
from volunteer_points.books import Books, Committed, Question
from volunteer_points.decisions import adoption, membership, points, redemption, service, stock
from volunteer_points.decisions.case import FRAME, Case, frame_of, refuse
from volunteer_points.entries import Entry, entries_of
from volunteer_points.errors import KeyConflict, Refused
from volunteer_points.model import NO_OWN_RULES, OwnRules


@attrs.frozen
class Decision:
    """The entries of a commit: new ones to be written, or those that the same key wrote before."""

    entries: tuple[Entry, ...]
    replayed: bool = False


Needs = Callable[[Any], tuple[Question[object], ...]]
Handler = Callable[[Case, Any], None]

HANDLERS: Mapping[type, tuple[Needs, Handler]] = {
    c.Enrol: (membership.enrol_needs, membership.enrol),
    c.Join: (membership.join_needs, membership.join),
    c.Leave: (membership.leave_needs, membership.leave),
    c.ClosePeriod: (lambda _: (membership.CLOSING,), membership.close_period),
    c.Submit: (service.submit_needs, service.submit),
    c.Approve: (service.record_needs, service.approve),
    c.ApproveByRulebook: (service.record_needs, service.approve_by_rulebook),
    c.Confirm: (service.record_needs, service.confirm),
    c.Reject: (service.record_needs, service.reject),
    c.Void: (service.record_needs, service.void),
    c.Reverse: (service.record_needs, service.reverse),
    c.Correct: (service.record_needs, service.correct),
    c.Redeem: (redemption.redeem_needs, redemption.redeem),
    c.Collect: (redemption.redemption_needs, redemption.collect),
    c.Cancel: (redemption.redemption_needs, redemption.cancel),
    c.Lapse: (redemption.redemption_needs, redemption.lapse),
    c.Return: (redemption.redemption_needs, redemption.return_collected),
    c.ReceiveStock: (stock.stock_needs, stock.receive),
    c.WriteOffStock: (stock.stock_needs, stock.write_off),
    c.CountStock: (stock.stock_needs, stock.count),
    c.Expire: (points.expire_needs, points.expire),
    c.Adjust: (points.volunteer_needs, points.adjust),
    c.OpenBalance: (points.volunteer_needs, points.open_balance),
    c.Transfer: (points.transfer_needs, points.transfer),
    c.Donate: (points.donate_needs, points.donate),
    c.Endow: (points.endow_needs, points.endow),
}


def decide(books: Books, request: c.Request, own_rules: OwnRules = NO_OWN_RULES) -> Decision:
    """What a request writes.

    Args:
        books: What is known.
        request: Who brings which command, when and under which key.
        own_rules: The developers' own rules that are there.

    Raises:
        Lacks: some questions must be answered first.
        Refused: the books do not allow it; nothing is to be written and the key stays free.
        KeyConflict: the key was used for other content.
    """
    command = request.command
    committed = Committed(request.key)
    if isinstance(command, c.Adopt):
        books.need(committed, FRAME, adoption.STANDING)
    else:
        books.need(committed, FRAME, *HANDLERS[type(command)][0](command))
    before = books.ask(committed)
    digest = request.digest
    if before:
        return replay(before, request, digest)
    try:
        case = _decided(books, request, own_rules)
    except Refused as refusal:
        refusal.facts.setdefault("key", request.key)
        raise
    return Decision(
        entries_of(
            case.drafts,
            ledger=request.ledger,
            key=request.key,
            digest=digest,
            actor=request.actor,
            booked_at=request.booked_at,
        )
    )


def replay(before: tuple[Entry, ...], request: c.Request, digest: str) -> Decision:
    """The first outcome of a key, when the content is the same.

    Raises:
        KeyConflict: ``key_conflict`` when it is not.
    """
    if before[0].digest != digest:
        raise KeyConflict(
            "key_conflict",
            key=request.key,
            command=type(request.command).__name__,
            wrote=before[0].kind,
            booked_at=before[0].booked_at.isoformat(),
            fix="Use a new key for new content.",
        )
    return Decision(before, replayed=True)


def _decided(books: Books, request: c.Request, own_rules: OwnRules) -> Case:
    if isinstance(request.command, c.Adopt):
        return adoption.adopt(books, request, own_rules)
    frame = frame_of(books.ask(FRAME), own_rules)
    if frame is None:
        refuse("no_programme", ledger=request.ledger)
    case = Case(books, request, frame)
    case.check_open()
    HANDLERS[type(request.command)][1](case, request.command)
    return case


__all__ = ["Decision", "decide", "replay"]
