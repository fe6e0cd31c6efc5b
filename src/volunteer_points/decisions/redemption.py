"""The life of a redemption: held, then collected, cancelled or lapsed; what was collected may be returned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction

import attrs

from volunteer_points.books import About, LotsOf, Moved, Question, soonest
from volunteer_points.commands import Cancel, Collect, Lapse, Redeem, Return
from volunteer_points.decisions.case import (
    Case,
    VolunteerState,
    debt_of,
    lots_of,
    refuse,
    repaid,
    taken,
    volunteer_question,
)
from volunteer_points.decisions.measuring import Framed, Measurer, facts_about, hold_to
from volunteer_points.entries import Cancelled, Collected, Entry, Expired, Extended, Held, ItemListed, Lapsed, Returned
from volunteer_points.model import Facts, Item, Limit, LimitBy, LimitOf, Right, Use, Whose, own_facts, period_around
from volunteer_points.postings import (
    REDEMPTIONS,
    UNITS,
    Account,
    Posting,
    Purpose,
    household_holder,
    item_unit,
    redemption_subject,
    tally_unit,
    volunteer_holder,
)
from volunteer_points.rules import RedemptionRule, Rulebook, Window

REDEMPTION_KINDS = ("Held", "Collected", "Cancelled", "Lapsed", "Returned")


@attrs.frozen
class RedemptionState:
    """A redemption as its entries leave it."""

    held: Held
    entry: Entry
    status: str
    """One of ``held``, ``collected``, ``cancelled``, ``lapsed``, ``partly_returned`` and ``returned``."""

    closed: Entry | None
    """The entry that collected, cancelled or lapsed it."""

    returns: tuple[Entry, ...]

    @property
    def left(self) -> int:
        """How many units were collected and not returned."""
        back = sum(entry.fact.quantity for entry in self.returns if isinstance(entry.fact, Returned))
        return self.held.quantity - back if self.status in {"collected", "partly_returned"} else 0


def redemption_state(entries: tuple[Entry, ...]) -> RedemptionState | None:
    """The state that the entries about one redemption leave; None when there are none."""
    if not entries or not isinstance(entries[0].fact, Held):
        return None
    held = entries[0].fact
    closed = next((each for each in entries if isinstance(each.fact, (Collected, Cancelled, Lapsed))), None)
    returns = tuple(entry for entry in entries if isinstance(entry.fact, Returned))
    status = type(closed.fact).__name__.lower() if closed else "held"
    if returns:
        back = sum(entry.fact.quantity for entry in returns if isinstance(entry.fact, Returned))
        status = "returned" if back == held.quantity else "partly_returned"
    return RedemptionState(held, entries[0], status, closed, returns)


# --- what is asked -----------------------------------------------------------------------------------------------


def redemption_question(redemption: str) -> About:
    """Everything that was written about a redemption."""
    return About(redemption_subject(redemption), REDEMPTION_KINDS)


def item_question(item: str) -> About:
    """The item as it stands, held alone: of writers who share it first and want its stock next, each waits for all."""
    return About(item_unit(item), ("ItemListed", "Withdrawn"))


def on_hand(item: Item) -> LotsOf:
    """The question for what is on the shelf."""
    return LotsOf(Account(item_unit(item.id), Purpose.ON_HAND, item.partner), item_unit(item.id))


def redeem_needs(command: Redeem) -> tuple[Question[object], ...]:
    """What holding asks first."""
    return (volunteer_question(command.volunteer), item_question(command.item))


def redemption_needs(command: Collect | Cancel | Lapse | Return) -> tuple[Question[object], ...]:
    """What the later life of a redemption asks first."""
    return (redemption_question(command.redemption),)


def listed_item(case: Framed, item: str) -> Item:
    """The item as it stands, unless it was withdrawn."""
    entries = case.ask(item_question(item))
    if not entries or not isinstance(entries[-1].fact, ItemListed):
        refuse("unknown_item", item=item)
    return entries[-1].fact.item


def latest_item(case: Case, item: str) -> Item:
    """The item as it was listed last, even when it was withdrawn since: what was collected may still come back."""
    return next(each.fact.item for each in reversed(case.ask(item_question(item))) if isinstance(each.fact, ItemListed))


# --- hold --------------------------------------------------------------------------------------------------------


@attrs.frozen
class UnitPrice:
    """What one unit costs whom: the points, the money besides, and the condition behind a special price."""

    points: int
    cash: Fraction = Fraction(0)
    special: str = ""
    told: tuple[tuple[str, str], ...] = ()
    """What a developer's own rule told of it."""


def redeem(case: Case, command: Redeem) -> None:
    """Hold goods and points for a volunteer."""
    item = listed_item(case, command.item)
    if not case.frame.is_same_person(case.actor, command.volunteer):
        case.authorise(Right.REDEEM, partner=item.partner)
    person = case.volunteer(command.volunteer, day=case.booking_day)
    rulebook = case.frame.rulebook_on(case.booking_day)
    held_until = command.held_until or case.frame.calendar.start_of(
        case.booking_day + timedelta(days=rulebook.redemption.hold_days + 1)
    )
    if held_until <= case.booked_at:
        refuse("hold_ends_in_past", held_until=held_until, booked_at=case.booked_at)
    payer = _payer(command, person)
    limits = rulebook.redemption.limits_for(item)
    questions = {limit: counter_of(case, limit, item, command.volunteer, person.household) for limit in limits}
    case.need(lots_of(payer, item.currency), on_hand(item), *questions.values())
    quote = _quoted(case, item, rulebook, person)
    _window(case, item, rulebook.redemption)
    points = quote.points * command.quantity
    _limits(case, questions, command, points)
    lots = case.spendable_of(payer, item.currency)
    _enough(case, item, points, lots, rulebook.redemption.minimum_balance)
    shelf = _shelf(case, item, command.quantity)
    redemption = case.new_id("x")
    holder = volunteer_holder(command.volunteer)
    held = Account(holder, Purpose.HELD, redemption)
    postings = _moved(case, Account(payer, Purpose.AVAILABLE), held, item.currency, taken(lots, points))
    source = on_hand(item).account if item.stocked else Account(item_unit(item.id), Purpose.SUPPLIED, item.partner)
    postings += _moved(case, source, held, item_unit(item.id), shelf)
    postings += _counters(case, command, person.household, held, held_until)
    postings += _more_counters(case, command, rulebook, item, points, person.household)
    fact = Held(
        redemption=redemption,
        volunteer=command.volunteer,
        item=item.id,
        partner=item.partner,
        quantity=command.quantity,
        price=quote.points,
        currency=item.currency,
        points=points,
        held_until=held_until,
        rulebook=rulebook.id,
        payer=command.payer,
        household=person.household if command.payer is Whose.HOUSEHOLD else None,
        cash=quote.cash * command.quantity,
        special=quote.special,
        priced_by=quote.told,
    )
    about = tuple(dict.fromkeys((redemption_subject(redemption), holder, payer)))
    case.draft(fact, about, case.booking_day, tuple(postings))
    if rulebook.redemption.clears_rest:
        _clear(case, payer, item.currency)


def _payer(command: Redeem, person: VolunteerState) -> str:
    if command.payer is not Whose.HOUSEHOLD:
        return volunteer_holder(command.volunteer)
    if person.household is None:
        refuse("no_household", volunteer=command.volunteer)
    return household_holder(person.household)


def _quoted(case: Case, item: Item, rulebook: Rulebook, person: VolunteerState) -> UnitPrice:
    """The price for this volunteer on this day, once all conditions for redeeming it hold."""
    day = case.booking_day
    specials = tuple(each for each in item.special_prices if each.holds_on(day))
    rule = rulebook.redemption
    conditions = (*rule.conditions, *item.conditions, *(each for price in specials for each in price.conditions))
    asking = Measurer(case, person.id, person.household)
    facts = facts_about(case, asking, rulebook, conditions, person.tags, day, price=item.own)
    usual = usual_price(case, item, rulebook, facts)
    if usual is None:
        refuse("item_not_offered", item=item.id, day=day)
    hold_to(facts, (*rule.conditions, *item.conditions), volunteer=person.id, item=item.id)
    for price in specials:
        if facts.unmet(price.conditions) is None:
            return UnitPrice(price.points, price.cash or Fraction(0), price.conditions[0].id)
    return usual


def usual_price(case: Framed, item: Item, rulebook: Rulebook, facts: Facts) -> UnitPrice | None:
    """The price without any special one; None when the item is not offered that day."""
    if not item.offered_on(case.booking_day):
        return None
    if item.own is not None:
        answer = facts.own(Use.PRICE, item.own, item)
        points = math.ceil(answer.number * case.frame.currency(item.currency).scale)  # a part that is begun is paid
        return UnitPrice(points, told=own_facts(item.own, answer.facts, alone=True))
    if item.worth is not None:
        exchange = rulebook.redemption.exchange_for(item)
        if exchange is None:
            refuse("no_exchange", item=item.id, partner=item.partner, rulebook=rulebook.id)
        return UnitPrice(exchange.price(item.worth, case.frame.currency(item.currency).scale))
    listed = item.listed_on(case.booking_day)
    return None if listed is None else UnitPrice(listed.points, listed.cash or Fraction(0))


def _window(case: Case, item: Item, rule: RedemptionRule) -> None:
    hour = case.frame.calendar.local(case.booked_at).time()
    if not rule.open_on(case.booking_day) or not rule.open_at(case.booking_day, hour):
        refuse(
            "not_a_redemption_day",
            item=item.id,
            day=case.booking_day,
            days_of_month=rule.days_of_month,
            weekdays=rule.weekdays,
            windows=[_window_text(window) for window in rule.windows],
        )


def _window_text(window: Window) -> str:
    first, last = (
        f"{each:%m-%d}" if window.yearly else each.isoformat() for each in (window.first_day, window.last_day)
    )
    hours = f" {window.from_time:%H:%M}-{window.until_time:%H:%M}" if window.from_time and window.until_time else ""
    return f"{first}..{last}{hours}"


_LIMIT_UNITS = {LimitOf.UNITS: UNITS, LimitOf.REDEMPTIONS: REDEMPTIONS}


def counter_of(case: Framed, limit: Limit, item: Item, volunteer: str, household: str | None) -> Moved:
    """What a limit counts of this item for this volunteer, from nought downwards."""
    holder = volunteer_holder(volunteer)
    if limit.by is LimitBy.HOUSEHOLD and household:
        holder = household_holder(household)
    elif limit.by is LimitBy.EVERYBODY:
        holder = item_unit(item.id)
    since, until = period_around(case.booking_day, limit.per)
    unit = _LIMIT_UNITS.get(limit.of) or tally_unit("spent", limit.currency)
    return Moved(holder, Purpose.QUOTA, unit, limit.item, since, until)


def _limits(case: Case, questions: Mapping[Limit, Moved], command: Redeem, points: int) -> None:
    for limit, question in questions.items():
        wanted = {LimitOf.UNITS: command.quantity, LimitOf.POINTS: points}.get(limit.of, 1)
        used = -case.ask(question)
        if used + wanted > limit.at_most:
            refuse(
                "limit_reached",
                item=command.item,
                at_most=limit.at_most,
                per=str(limit.per),
                of=str(limit.of),
                by=str(limit.by),
                used=used,
                wanted=wanted,
            )


def _enough(case: Case, item: Item, points: int, lots: Mapping[datetime | None, int], minimum: int) -> None:
    has = sum(lots.values())
    shown = case.frame.currency(item.currency).shown
    if has < minimum:
        refuse("below_minimum_balance", minimum=shown(minimum), has=shown(has))
    if has < points:
        refuse("not_enough_points", item=item.id, needs=shown(points), has=shown(has), missing=shown(points - has))


def _shelf(case: Case, item: Item, quantity: int) -> dict[datetime | None, int]:
    if not item.stocked:
        return {None: quantity}
    lots = {lot: n for lot, n in case.ask(on_hand(item)).items() if lot is None or lot > case.booked_at}
    if sum(lots.values()) < quantity:
        refuse("out_of_stock", item=item.id, wanted=quantity, on_hand=sum(lots.values()))
    return taken(lots, quantity)


def _moved(
    case: Case, source: Account, target: Account, unit: str, parts: Mapping[datetime | None, int]
) -> list[Posting]:
    return [
        Posting(account, unit, sign * part, lot, case.booking_day)
        for lot, part in parts.items()
        for account, sign in ((source, -1), (target, 1))
    ]


def _counters(case: Case, command: Redeem, household: str | None, held: Account, held_until: datetime) -> list[Posting]:
    """What limits look at. The volunteer's own counter of redemptions stays open until the hold is resolved."""
    holders = [volunteer_holder(command.volunteer)] + ([f"household:{household}"] if household else [])
    postings = []
    for holder in holders:
        for unit, count in ((REDEMPTIONS, 1), (UNITS, command.quantity)):
            quota = Account(holder, Purpose.QUOTA, command.item)
            is_open = unit == REDEMPTIONS and holder == held.holder
            other = held if is_open else Account(holder, Purpose.COUNTED, command.item)
            postings.append(Posting(quota, unit, -count, None, case.booking_day))
            postings.append(Posting(other, unit, count, held_until if is_open else None, case.booking_day))
    return postings


def _more_counters(  # noqa: PLR0913, PLR0917 - what is counted for whom
    case: Case, command: Redeem, rulebook: Rulebook, item: Item, points: int, household: str | None
) -> list[Posting]:
    """What only some rulebooks look at: points by person and household, and an item's redemptions by everybody."""
    counts: list[tuple[str, str, int]] = []
    if rulebook.counts_spent:
        unit = tally_unit("spent", item.currency)
        counts.append((volunteer_holder(command.volunteer), unit, points))
        counts += [(household_holder(household), unit, points)] if household else []
    for limit in rulebook.redemption.limits_for(item):
        if limit.by is LimitBy.EVERYBODY:
            wanted = {LimitOf.UNITS: command.quantity, LimitOf.POINTS: points}.get(limit.of, 1)
            counts.append(
                (item_unit(item.id), _LIMIT_UNITS.get(limit.of) or tally_unit("spent", item.currency), wanted)
            )
    return [
        Posting(Account(holder, purpose, command.item), unit, sign * number, None, case.booking_day)
        for holder, unit, number in dict.fromkeys(counts)
        if number
        for purpose, sign in ((Purpose.QUOTA, -1), (Purpose.COUNTED, 1))
    ]


def _clear(case: Case, payer: str, currency: str) -> None:
    """End what is left after a redemption, where the rulebook says so."""
    left = {lot: amount for lot, amount in case.spendable_of(payer, currency).items() if amount}
    if not left:
        return
    moves = _moved(case, Account(payer, Purpose.AVAILABLE), Account(payer, Purpose.EXPIRED), currency, left)
    volunteer = payer.removeprefix(volunteer_holder(""))
    fact = Expired(volunteer=volunteer, currency=currency, points=sum(left.values()))
    case.draft(fact, (payer,), case.booking_day, tuple(moves))


# --- collect, cancel, lapse --------------------------------------------------------------------------------------


def paid_from(held: Held) -> str:
    """Whose points a redemption holds."""
    if held.payer is Whose.HOUSEHOLD and held.household is not None:
        return household_holder(held.household)
    return volunteer_holder(held.volunteer)


def _state(case: Case, redemption: str) -> RedemptionState:
    state = redemption_state(case.ask(redemption_question(redemption)))
    if state is None:
        refuse("unknown_redemption", redemption=redemption)
    return state


def _open(case: Case, redemption: str) -> RedemptionState:
    state = _state(case, redemption)
    if state.closed is not None:
        code = {"collected": "already_collected", "cancelled": "already_cancelled", "lapsed": "already_lapsed"}
        status = type(state.closed.fact).__name__.lower()
        at = case.frame.calendar.local(state.closed.booked_at)
        refuse(code[status], redemption=redemption, at=at.isoformat(" ", "minutes"), by=state.closed.actor)
    return state


def _subjects(state: RedemptionState) -> tuple[str, str]:
    return redemption_subject(state.held.redemption), volunteer_holder(state.held.volunteer)


def collect(case: Case, command: Collect) -> None:
    """Hand over what is held: the points go to the partner."""
    state = _open(case, command.redemption)
    held = state.held
    case.authorise(Right.COLLECT, partner=held.partner)
    if not case.frame.adopted.run_by_one and case.frame.is_same_person(case.actor, held.volunteer):
        refuse("own_redemption", actor=case.actor, redemption=command.redemption)
    if case.booked_at >= held.held_until:
        refuse("hold_ended", redemption=command.redemption, held_until=case.frame.calendar.local(held.held_until))
    holder = volunteer_holder(held.volunteer)
    targets = {
        held.currency: Account(f"partner:{held.partner}", Purpose.REDEEMED, held.item),
        item_unit(held.item): Account(holder, Purpose.COLLECTED, held.item),
        REDEMPTIONS: Account(holder, Purpose.COLLECTED, held.item),
    }
    postings: list[Posting] = []
    for each in state.entry.postings:
        if each.account.purpose == Purpose.HELD:
            lot = None if each.unit == REDEMPTIONS else each.lot
            postings.append(Posting(each.account, each.unit, -each.amount, each.lot, case.booking_day))
            postings.append(Posting(targets[each.unit], each.unit, each.amount, lot, case.booking_day))
    fact = Collected(
        redemption=held.redemption,
        volunteer=held.volunteer,
        collector=command.collector,
        relation=command.relation,
    )
    case.draft(fact, (*_subjects(state), f"partner:{held.partner}"), case.booking_day, tuple(postings))


def cancel(case: Case, command: Cancel) -> None:
    """Give up a hold; points and goods go back where they came from."""
    state = _open(case, command.redemption)
    if not case.frame.is_same_person(case.actor, state.held.volunteer) and not case.frame.may(
        case.actor, Right.COLLECT, partner=state.held.partner
    ):
        case.authorise(Right.REDEEM, partner=state.held.partner)
    _given_back(
        case,
        state,
        Cancelled(redemption=command.redemption, volunteer=state.held.volunteer, reason=command.reason),
    )


def lapse(case: Case, command: Lapse) -> None:
    """End a hold whose time is over. Anybody may: the date decides, nobody chooses."""
    state = _open(case, command.redemption)
    if case.booked_at < state.held.held_until:
        refuse(
            "hold_not_over",
            redemption=command.redemption,
            held_until=case.frame.calendar.local(state.held.held_until),
        )
    _given_back(case, state, Lapsed(redemption=command.redemption, volunteer=state.held.volunteer))


def _given_back(case: Case, state: RedemptionState, fact: Cancelled | Lapsed) -> None:
    payer = paid_from(state.held)
    case.need(lots_of(payer, state.held.currency), debt_of(payer, state.held.currency))
    mirror = tuple(posting.mirrored() for posting in state.entry.postings)
    case.draft(fact, tuple(dict.fromkeys((*_subjects(state), payer))), state.entry.on, mirror)
    _after_return(case, state.held, mirror)


def _after_return(case: Case, held: Held, postings: tuple[Posting, ...]) -> None:
    """Points that came back too late to be used get the programme's days of grace; then debts are paid."""
    back: dict[datetime | None, int] = {
        posting.lot: posting.amount
        for posting in postings
        if posting.account.purpose == Purpose.AVAILABLE and posting.lot is not None and posting.lot <= case.booked_at
    }
    holder, currency = paid_from(held), held.currency
    late, available_account = sum(back.values()), Account(holder, Purpose.AVAILABLE)
    rulebook = next((each for each in case.frame.rulebooks if each.id == held.rulebook), None)
    grace_days = rulebook.redemption.grace_days if rulebook else 0
    if late and grace_days:
        until = case.frame.calendar.start_of(case.booking_day + timedelta(days=grace_days + 1))
        moves = [
            *(Posting(available_account, currency, -part, lot, case.booking_day) for lot, part in back.items()),
            Posting(available_account, currency, late, until, case.booking_day),
        ]
        extended = Extended(volunteer=held.volunteer, currency=currency, until=until, points=late)
        case.draft(extended, (holder,), case.booking_day, tuple(moves))
    elif late:
        moves = _moved(case, available_account, Account(holder, Purpose.EXPIRED), currency, back)
        fact = Expired(volunteer=held.volunteer, currency=currency, points=late)
        case.draft(fact, (holder,), case.booking_day, tuple(moves))
    if any(posting.account.purpose == Purpose.AVAILABLE for posting in postings):
        repaid(case, holder, currency)


# --- return ------------------------------------------------------------------------------------------------------


def return_collected(case: Case, command: Return) -> None:
    """Take collected goods back: their points return to the lots they came from."""
    state = _state(case, command.redemption)
    held = state.held
    if not state.left:
        refuse("not_collected", redemption=command.redemption, status=state.status)
    quantity = command.quantity or state.left
    if quantity > state.left:
        refuse("more_than_collected", redemption=command.redemption, wanted=quantity, collected=state.left)
    payer = paid_from(held)
    case.need(item_question(held.item), lots_of(payer, held.currency), debt_of(payer, held.currency))
    item = latest_item(case, held.item)
    if not item.returnable:
        refuse("not_returnable", item=held.item)
    case.authorise(Right.COLLECT, partner=held.partner)
    if not case.frame.adopted.run_by_one and case.frame.is_same_person(case.actor, held.volunteer):
        refuse("own_case", actor=case.actor, volunteer=held.volunteer)
    holder, unit = volunteer_holder(held.volunteer), item_unit(held.item)
    redeemed = Account(f"partner:{held.partner}", Purpose.REDEEMED, held.item)
    points = _shares(_not_yet_returned(state, held.currency), held.price * quantity)
    postings = _moved(case, redeemed, Account(payer, Purpose.AVAILABLE), held.currency, points)
    collected = Account(holder, Purpose.COLLECTED, held.item)
    back = Purpose.WRITTEN_OFF if command.damaged else Purpose.ON_HAND if item.stocked else Purpose.SUPPLIED
    goods = taken(_not_yet_returned(state, unit), quantity)
    postings += _moved(case, collected, Account(unit, back, held.partner), unit, goods)
    fact = Returned(
        redemption=held.redemption,
        volunteer=held.volunteer,
        quantity=quantity,
        points=held.price * quantity,
        reason=command.reason,
        damaged=command.damaged,
    )
    about = tuple(dict.fromkeys((*_subjects(state), f"partner:{held.partner}", payer)))
    case.draft(fact, about, case.booking_day, tuple(postings))
    _after_return(case, held, tuple(postings))


def _not_yet_returned(state: RedemptionState, unit: str) -> dict[datetime | None, int]:
    """By lot: what was held of a unit, less what has come back."""
    left: dict[datetime | None, int] = {}
    for posting in state.entry.postings:
        if posting.unit == unit and posting.account.purpose == Purpose.HELD:
            left[posting.lot] = left.get(posting.lot, 0) + posting.amount
    for entry in state.returns:
        for posting in entry.postings:
            if posting.unit == unit and posting.account.purpose in {Purpose.REDEEMED, Purpose.COLLECTED}:
                left[posting.lot] += posting.amount
    return left


def _shares(lots: Mapping[datetime | None, int], amount: int) -> dict[datetime | None, int]:
    """So much out of the lots in proportion, in whole points; the largest remainders get the odd ones."""
    total = sum(lots.values())
    if not amount:
        return {}
    shares = {lot: held * amount // total for lot, held in lots.items()}
    odd = amount - sum(shares.values())
    for lot in sorted(lots, key=lambda each: (-(lots[each] * amount % total), soonest(each)))[:odd]:
        shares[lot] += 1
    return {lot: share for lot, share in shares.items() if share}
