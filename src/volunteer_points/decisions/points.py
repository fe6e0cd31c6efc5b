"""Points without service or goods: expired, transferred, adjusted, brought over."""

from __future__ import annotations

from datetime import datetime

from volunteer_points.books import Question
from volunteer_points.commands import Adjust, Donate, Endow, Expire, OpenBalance, Transfer
from volunteer_points.decisions.case import (
    Case,
    VolunteerState,
    available,
    debt,
    lots_of,
    refuse,
    repaid,
    taken,
    volunteer_question,
)
from volunteer_points.decisions.measuring import Measurer, facts_about, hold_to
from volunteer_points.entries import Adjusted, BalanceOpened, Donated, Endowed, Expired, Transferred
from volunteer_points.model import Right
from volunteer_points.postings import PROGRAMME, Account, Posting, Purpose, fund_holder, holder_named, volunteer_holder
from volunteer_points.rules import MINUTES, Transfers


def volunteer_needs(command: Adjust | OpenBalance) -> tuple[Question[object], ...]:
    """What a change of one volunteer's points asks."""
    return (
        volunteer_question(command.volunteer),
        available(command.volunteer, command.currency),
        debt(command.volunteer, command.currency),
    )


def expire_needs(command: Expire) -> tuple[Question[object], ...]:
    """What an expiry asks."""
    holder = holder_named(command.volunteer)
    who = (volunteer_question(command.volunteer),) if holder == volunteer_holder(command.volunteer) else ()
    return (*who, lots_of(holder, command.currency))


def transfer_needs(command: Transfer) -> tuple[Question[object], ...]:
    """What a transfer asks."""
    return (
        volunteer_question(command.giver),
        volunteer_question(command.receiver),
        available(command.giver, command.currency),
        available(command.receiver, command.currency),
        debt(command.receiver, command.currency),
    )


def expire(case: Case, command: Expire) -> None:
    """Remove what is left of the lots that have ended. Anybody may: the date decides, nobody chooses."""
    holder = holder_named(command.volunteer)
    if holder == volunteer_holder(command.volunteer):
        case.volunteer(command.volunteer)
    lots = case.ask(lots_of(holder, command.currency))
    due: dict[datetime | None, int] = {
        lot: amount for lot, amount in lots.items() if lot is not None and lot <= case.booked_at
    }
    if not due:
        refuse("nothing_due", volunteer=command.volunteer, at=case.booked_at)
    postings = tuple(
        Posting(Account(holder, purpose), command.currency, sign * amount, lot, case.booking_day)
        for lot, amount in taken(due, sum(due.values())).items()
        for purpose, sign in ((Purpose.AVAILABLE, -1), (Purpose.EXPIRED, 1))
    )
    fact = Expired(volunteer=command.volunteer, currency=command.currency, points=sum(due.values()))
    case.draft(fact, (holder,), case.booking_day, postings)


def transfer(case: Case, command: Transfer) -> None:
    """Give points to another volunteer; they keep their ends."""
    if command.giver == command.receiver:
        refuse("transfer_to_self", volunteer=command.giver)
    if not case.frame.is_same_person(case.actor, command.giver):
        case.authorise(Right.ADJUST)
        if not case.frame.adopted.run_by_one and case.frame.is_same_person(case.actor, command.receiver):
            refuse("own_case", actor=case.actor, volunteer=command.receiver)
    giver = case.volunteer(command.giver, day=case.booking_day)
    receiver = case.volunteer(command.receiver, day=case.booking_day)
    allowed = case.frame.rulebook_on(case.booking_day).redemption.transfers
    if allowed is Transfers.NONE:
        refuse("transfers_off")
    _held_to(case, giver)
    if allowed is Transfers.HOUSEHOLD and (giver.household is None or giver.household != receiver.household):
        refuse("not_one_household", giver=command.giver, receiver=command.receiver)
    parts = _spent(case, command.giver, command.currency, command.points)
    accounts = [Account(volunteer_holder(who), Purpose.AVAILABLE) for who in (command.giver, command.receiver)]
    postings = tuple(
        Posting(account, command.currency, sign * part, lot, case.booking_day)
        for lot, part in parts.items()
        for account, sign in zip(accounts, (-1, 1), strict=True)
    )
    fact = Transferred(giver=command.giver, receiver=command.receiver, currency=command.currency, points=command.points)
    case.draft(fact, tuple(account.holder for account in accounts), case.booking_day, postings)
    repaid(case, volunteer_holder(command.receiver), command.currency)


def _held_to(case: Case, giver: VolunteerState) -> None:
    """Refuse a transfer or a donation for which the rulebook's conditions do not hold."""
    rulebook = case.frame.rulebook_on(case.booking_day)
    conditions = rulebook.redemption.transfer_conditions
    asking = Measurer(case, giver.id, giver.household)
    hold_to(
        facts_about(case, asking, rulebook, conditions, giver.tags, case.booking_day), conditions, volunteer=giver.id
    )


def donate_needs(command: Donate) -> tuple[Question[object], ...]:
    """What a donation asks."""
    fund = lots_of(fund_holder(command.fund), command.currency)
    return (volunteer_question(command.giver), available(command.giver, command.currency), fund)


def donate(case: Case, command: Donate) -> None:
    """Give points to a fund; they keep their ends."""
    if not case.frame.is_same_person(case.actor, command.giver):
        case.authorise(Right.ADJUST)
    giver = case.volunteer(command.giver, day=case.booking_day)
    _known_fund(case, command.fund)
    if not case.frame.rulebook_on(case.booking_day).redemption.donations:
        refuse("donations_off")
    _held_to(case, giver)
    parts = _spent(case, command.giver, command.currency, command.points)
    fund = fund_holder(command.fund)
    accounts = (Account(volunteer_holder(command.giver), Purpose.AVAILABLE), Account(fund, Purpose.AVAILABLE))
    postings = tuple(
        Posting(account, command.currency, sign * part, lot, case.booking_day)
        for lot, part in parts.items()
        for account, sign in zip(accounts, (-1, 1), strict=True)
    )
    fact = Donated(giver=command.giver, fund=command.fund, currency=command.currency, points=command.points)
    case.draft(fact, tuple(account.holder for account in accounts), case.booking_day, postings)


def endow_needs(command: Endow) -> tuple[Question[object], ...]:
    """What an endowment asks: what the fund has, so that nobody else changes it meanwhile."""
    return (lots_of(fund_holder(command.fund), command.currency),)


def endow(case: Case, command: Endow) -> None:
    """Put points into a fund by decision of two people; the programme issues them, without an end."""
    _known_fund(case, command.fund)
    case.frame.currency(command.currency)
    case.authorise(Right.ADJUST)
    if not case.frame.adopted.run_by_one and case.frame.is_same_person(case.actor, command.requested_by):
        refuse("four_eyes", actor=case.actor, role="requester")
    fund = fund_holder(command.fund)
    postings = (
        Posting(Account(fund, Purpose.AVAILABLE), command.currency, command.points, None, case.booking_day),
        Posting(Account(fund, Purpose.ISSUED), command.currency, -command.points, None, case.booking_day),
    )
    fact = Endowed(
        fund=command.fund,
        currency=command.currency,
        points=command.points,
        requested_by=command.requested_by,
        reason=command.reason,
    )
    case.draft(fact, (fund,), case.booking_day, postings)


def _known_fund(case: Case, fund: str) -> None:
    known = [each.id for each in case.frame.adopted.funds]
    if fund not in known:
        refuse("unknown_fund", fund=fund, known=known)


def _spent(case: Case, volunteer: str, currency: str, points: int) -> dict[datetime | None, int]:
    lots = case.spendable(volunteer, currency)
    has, shown = sum(lots.values()), case.frame.currency(currency).shown
    if has < points:
        refuse("not_enough_points", needs=shown(points), has=shown(has), missing=shown(points - has))
    return taken(lots, points)


def adjust(case: Case, command: Adjust) -> None:
    """Give or take points by decision of two people, neither of them the volunteer."""
    _decided_by_two(case, command)
    account, lot = Account(volunteer_holder(command.volunteer), Purpose.AVAILABLE), None
    if command.points > 0:
        lot = case.frame.rulebook_on(case.booking_day).expiry.ends(case.booking_day, case.frame.calendar)
        parts = {lot: command.points}
    else:
        spent = _spent(case, command.volunteer, command.currency, -command.points)
        parts = {each: -part for each, part in spent.items()}
    against = Account(PROGRAMME, Purpose.ADJUSTED, command.reason.code)
    fact = Adjusted(
        volunteer=command.volunteer,
        currency=command.currency,
        points=command.points,
        requested_by=command.requested_by,
        reason=command.reason,
        lot=lot,
    )
    postings = tuple(
        Posting(to, command.currency, sign * part, each, case.booking_day)
        for each, part in parts.items()
        for to, sign in ((account, 1), (against, -1))
    )
    case.draft(fact, (account.holder,), case.booking_day, postings)
    if command.points > 0:
        repaid(case, volunteer_holder(command.volunteer), command.currency)


def open_balance(case: Case, command: OpenBalance) -> None:
    """Bring over points and minutes from before the ledger began."""
    _decided_by_two(case, command)
    holder = volunteer_holder(command.volunteer)
    lot = command.ends
    if lot is not None and lot <= case.booked_at:
        refuse("already_ended", ends=lot, booked_at=case.booked_at)
    if lot is None:
        lot = case.frame.rulebook_on(case.booking_day).expiry.ends(case.booking_day, case.frame.calendar)
    postings = []
    if command.points:
        postings += [
            Posting(Account(holder, Purpose.OPENED), command.currency, -command.points, None, case.booking_day),
            Posting(Account(holder, Purpose.AVAILABLE), command.currency, command.points, lot, case.booking_day),
        ]
    if command.minutes:
        postings += [
            Posting(Account(holder, Purpose.OPENED), MINUTES, -command.minutes, None, case.booking_day),
            Posting(Account(holder, Purpose.SERVED), MINUTES, command.minutes, None, case.booking_day),
        ]
    fact = BalanceOpened(
        volunteer=command.volunteer,
        currency=command.currency,
        points=command.points,
        minutes=command.minutes,
        requested_by=command.requested_by,
        reason=command.reason,
        lot=lot if command.points else None,
    )
    case.draft(fact, (holder,), case.booking_day, tuple(postings))
    if command.points:
        repaid(case, volunteer_holder(command.volunteer), command.currency)


def _decided_by_two(case: Case, command: Adjust | OpenBalance) -> None:
    case.volunteer(command.volunteer)
    case.frame.currency(command.currency)
    case.authorise(Right.ADJUST)
    case.other_eyes(volunteer=command.volunteer, also=command.requested_by, role="requester")
    if not case.frame.adopted.run_by_one and case.frame.is_same_person(command.requested_by, command.volunteer):
        refuse("own_case", actor=command.requested_by, volunteer=command.volunteer)
