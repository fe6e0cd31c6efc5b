"""From an approved record to its credits, and back: awards, reversals, and the end of a public notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from operator import itemgetter

import attrs

from volunteer_points.books import About, LotsOf, Question
from volunteer_points.commands import Correct, Reverse
from volunteer_points.decisions.case import (
    Case,
    VolunteerState,
    debt,
    debt_of,
    lots_of,
    refuse,
    repaid,
    taken,
    volunteer_question,
)
from volunteer_points.decisions.idleness import credits_of, idle_questions, moved_on, moves_of, prolonged
from volunteer_points.decisions.measuring import Measurer
from volunteer_points.entries import (
    ActivityListed,
    Awarded,
    Confirmed,
    Corrected,
    Entry,
    NotAwarded,
    Reversed,
    Submitted,
    TeamFormed,
)
from volunteer_points.model import Whose
from volunteer_points.postings import (
    TIMES,
    Account,
    Posting,
    Purpose,
    fund_holder,
    household_holder,
    quantity_unit,
    record_subject,
    tally_unit,
    team_holder,
    volunteer_holder,
)
from volunteer_points.rules import (
    BENEFICIARY_PAYS,
    FUND,
    MINUTES,
    PROGRAMME_PAYS,
    Credit,
    ReversalOrder,
    Rulebook,
    ServiceRecord,
    Working,
    award,
    needed,
)

Said = Submitted | Corrected


def activity_question(activity: str) -> About:
    """The activity as it stands."""
    return About(f"activity:{activity}", ("ActivityListed", "Withdrawn"), many=True)


def team_question(team: str) -> About:
    """The team as it stands."""
    return About(f"team:{team}", ("TeamFormed", "Withdrawn"), many=True)


# --- what the rulebook gives -------------------------------------------------------------------------------------


def service_record(case: Case, said: Said, on: date, *, rating: str = "") -> ServiceRecord:
    """What rules may look at, put together from the record, the volunteer, the activity and the team."""
    case.need(*_who_and_what(said))
    activity = _latest(case.ask(activity_question(said.activity)), ActivityListed)
    team = _latest(case.ask(team_question(said.team)), TeamFormed) if said.team else None
    return ServiceRecord(
        intervals=said.intervals,
        day=on,
        activity=said.activity,
        activity_type=activity.activity.type if isinstance(activity, ActivityListed) else "service",
        team=said.team,
        slot=team.team.slot if isinstance(team, TeamFormed) else None,
        tags=case.volunteer(said.volunteer).tags,
        evidence=said.evidence,
        details=attrs.evolve(said.details, rating=rating) if rating else said.details,
    )


def _who_and_what(said: Said) -> list[Question[object]]:
    questions: list[Question[object]] = [volunteer_question(said.volunteer), activity_question(said.activity)]
    return [*questions, team_question(said.team)] if said.team is not None else questions


def _latest(entries: tuple[Entry, ...], kind: type) -> object | None:
    """The latest fact of a kind, even when it was withdrawn since: old service keeps its activity and team."""
    return next((entry.fact for entry in reversed(entries) if isinstance(entry.fact, kind)), None)


def measurer(case: Case, said: Said) -> Measurer:
    """Whom the readings for a record are about."""
    return Measurer(case, said.volunteer, case.volunteer(said.volunteer).household, said.team)


def work_out(case: Case, said: Said, on: date, *, rating: str = "") -> Working:
    """What the rulebook of that day gives for a record, after what this person already got."""
    rulebook, own_rules = case.frame.rulebook_on(on), case.frame.own_rules
    anybody = ServiceRecord(intervals=said.intervals, day=on, activity=said.activity)
    case.need(  # all at once: how often books are fetched is what a command costs
        *_who_and_what(said),
        *Measurer(case, said.volunteer).questions(needed(rulebook, anybody, own_rules, at_most=True)),
        debt(said.volunteer, rulebook.currency),
        lots_of(volunteer_holder(said.volunteer), rulebook.currency),
        *idle_questions(rulebook, volunteer_holder(said.volunteer), rulebook.currency, on),
    )
    return worked_out(case, said, on, rating=rating)


def worked_out(case: Case, said: Said, on: date, *, rating: str = "") -> Working:
    """The same, for who has everything at hand and need not fetch it all at once."""
    rulebook, own_rules = case.frame.rulebook_on(on), case.frame.own_rules
    service = service_record(case, said, on, rating=rating)
    known = measurer(case, said).values(needed(rulebook, service, own_rules))
    return award(rulebook, case.frame.adopted.currencies, case.frame.calendar, service, known, own_rules)


# --- the award ---------------------------------------------------------------------------------------------------


def award_record(case: Case, said: Said, on: date, *, rating: str = "") -> None:
    """Write what the rulebook gives for an approved record."""
    write_award(case, said, on, work_out(case, said, on, rating=rating))


def write_award(case: Case, said: Said, on: date, working: Working) -> None:
    """Write what was worked out for an approved record."""
    rulebook = case.frame.rulebook_on(on)
    person = case.volunteer(said.volunteer)
    subjects = (record_subject(said.record), volunteer_holder(said.volunteer))
    postings = list(_counts(said, on, rulebook, working, person))
    if working.nothing_because is not None:
        missed = NotAwarded(
            record=said.record,
            volunteer=said.volunteer,
            activity=said.activity,
            rulebook=rulebook.id,
            rulebook_hash=rulebook.hash,
            minutes=working.minutes,
            because=working.nothing_because,
            working=working.steps,
        )
        case.draft(missed, subjects, on, tuple(postings))
        return
    notice_ends = _notice_ends(case, rulebook)
    credited = [(credit, _target(said, credit, person)) for credit in _credits(rulebook, working)]
    for credit, holder in credited:
        postings += _credited(case, said, on, credit, holder, notice_ends, postings)
    fact = Awarded(
        record=said.record,
        volunteer=said.volunteer,
        activity=said.activity,
        rulebook=rulebook.id,
        rulebook_hash=rulebook.hash,
        currency=rulebook.currency,
        points=working.points,
        minutes=working.minutes,
        lot=working.lot,
        working=working.steps,
        to=rulebook.to,
        source=rulebook.source,
        more=working.more,
        counts_from=notice_ends,
    )
    paid_by = (each.account.holder for each in postings if each.account.purpose == Purpose.AVAILABLE)
    about = dict.fromkeys((*subjects, *(holder for _, holder in credited), *paid_by))
    case.draft(fact, tuple(about), on, tuple(postings))
    prolonged(case, rulebook, on, [(holder, credit) for credit, holder in credited])
    if notice_ends is None:
        for credit, holder in credited:
            if credit.points > 0:
                repaid(case, holder, credit.currency)


def _credits(rulebook: Rulebook, working: Working) -> Iterator[Credit]:
    if working.points:
        yield Credit(
            currency=rulebook.currency,
            points=working.points,
            lot=working.lot,
            to=rulebook.to,
            source=rulebook.source,
        )
    yield from working.more


def _notice_ends(case: Case, rulebook: Rulebook) -> datetime | None:
    if not rulebook.notice_days:
        return None
    return case.frame.calendar.start_of(case.booking_day + timedelta(days=rulebook.notice_days + 1))


def _target(said: Said, credit: Credit, person: VolunteerState) -> str:
    """Whose account a credit goes to."""
    match credit.to:
        case Whose.HOUSEHOLD:
            if person.household is None:
                refuse("no_household", volunteer=said.volunteer)
            return household_holder(person.household)
        case Whose.TEAM:
            if said.team is None:
                refuse("no_team", record=said.record, volunteer=said.volunteer)
            return team_holder(said.team)
        case _:
            return volunteer_holder(said.volunteer)


def _counts(said: Said, on: date, rulebook: Rulebook, working: Working, person: VolunteerState) -> Iterator[Posting]:
    """What the record adds to what is counted: minutes, times, quantities, paid marks, and those of groups."""
    counts: dict[str, int] = {MINUTES: working.minutes} if working.minutes else {}
    if rulebook.has_times or not said.intervals:
        counts[TIMES] = 1
    counts |= {quantity_unit(each.unit): each.amount for each in said.details.quantities}
    counts |= {quantity_unit(counter): number for counter, number in working.counted}
    holder = volunteer_holder(said.volunteer)
    for unit, number in counts.items():
        yield Posting(Account(holder, Purpose.ISSUED, said.activity), unit, -number, None, on)
        yield Posting(Account(holder, Purpose.SERVED, said.activity), unit, number, None, on)
    together = {tally_unit("served", unit) if unit in {MINUTES, TIMES} else unit: n for unit, n in counts.items()}
    for credit in _credits(rulebook, working):
        earned = tally_unit("earned", credit.currency)
        together[earned] = together.get(earned, 0) + credit.points
    for whose, group in ((Whose.HOUSEHOLD, person.household), (Whose.TEAM, said.team)):
        if group is None or not rulebook.counts_for(whose):
            continue
        holder = household_holder(group) if whose is Whose.HOUSEHOLD else team_holder(group)
        for unit, number in filter(itemgetter(1), together.items()):
            yield Posting(Account(holder, Purpose.QUOTA, said.activity), unit, -number, None, on)
            yield Posting(Account(holder, Purpose.COUNTED, said.activity), unit, number, None, on)


def _credited(  # noqa: PLR0913, PLR0917 - a credit with whose and when
    case: Case,
    said: Said,
    on: date,
    credit: Credit,
    holder: str,
    notice_ends: datetime | None,
    so_far: list[Posting],
) -> list[Posting]:
    issued = Account(holder, Purpose.ISSUED, said.activity)
    postings = [Posting(issued, credit.currency, -credit.points, None, on)]
    if credit.points < 0:
        return postings + _deducted(case, holder, credit, so_far)
    parts: Mapping[datetime | None, int] = {credit.lot: credit.points}
    if credit.source != PROGRAMME_PAYS:
        payer, parts = _paid(case, said, credit, so_far)
        postings.append(
            Posting(Account(payer, Purpose.ISSUED, said.activity), credit.currency, credit.points, None, on)
        )
        paying = Account(payer, Purpose.AVAILABLE)
        postings += [Posting(paying, credit.currency, -part, lot, case.booking_day) for lot, part in parts.items()]
    if notice_ends is not None:
        pending = Account(holder, Purpose.PENDING, said.record)
        return [*postings, Posting(pending, credit.currency, credit.points, notice_ends, on)]
    to = Account(holder, Purpose.AVAILABLE)
    return postings + [Posting(to, credit.currency, part, lot, on) for lot, part in parts.items()]


def _spendable(case: Case, holder: str, currency: str, so_far: Iterable[Posting]) -> dict[datetime | None, int]:
    """What a holder can spend, with what earlier credits of this award have moved."""
    lots = dict(case.spendable_of(holder, currency))
    for each in so_far:
        own = each.account == Account(holder, Purpose.AVAILABLE) and each.unit == currency
        if own and (each.lot is None or each.lot > case.booked_at):
            lots[each.lot] = lots.get(each.lot, 0) + each.amount
    return lots


def _paid(
    case: Case, said: Said, credit: Credit, so_far: Iterable[Posting]
) -> tuple[str, Mapping[datetime | None, int]]:
    """Who pays a credit that the programme does not issue, and out of which lots."""
    if credit.source == BENEFICIARY_PAYS:
        if said.details.beneficiary is None:
            refuse("no_beneficiary", record=said.record)
        case.volunteer(said.details.beneficiary)
        payer = volunteer_holder(said.details.beneficiary)
    else:
        payer = fund_holder(credit.source.removeprefix(FUND))
    lots = _spendable(case, payer, credit.currency, so_far)
    has, shown = sum(lots.values()), case.frame.currency(credit.currency).shown
    if has < credit.points:
        missing = shown(credit.points - has)
        refuse("payer_short", payer=payer, needs=shown(credit.points), has=shown(has), missing=missing)
    return payer, taken(lots, credit.points)


def _deducted(case: Case, holder: str, credit: Credit, so_far: Iterable[Posting]) -> list[Posting]:
    """A deduction out of what can be spent, the soonest lots first, then debt."""
    parts = taken(_spendable(case, holder, credit.currency, so_far), -credit.points)
    postings = [
        Posting(Account(holder, Purpose.AVAILABLE), credit.currency, -part, lot, case.booking_day)
        for lot, part in parts.items()
    ]
    owed = -credit.points - sum(parts.values())
    if owed:
        postings.append(Posting(Account(holder, Purpose.DEBT), credit.currency, -owed, None, case.booking_day))
    return postings


# --- the way back ------------------------------------------------------------------------------------------------

_FOUND_ANEW = frozenset({Purpose.AVAILABLE, Purpose.DEBT, Purpose.PENDING})
"""Where points of an award may have moved since: a reversal looks where they are now."""


def reverse_award(case: Case, entry: Entry, command: Reverse | Correct, subjects: tuple[str, ...]) -> None:
    """Take back what an entry awarded."""
    fact = entry.fact
    assert isinstance(fact, (Awarded, NotAwarded))  # noqa: S101 - narrows the type
    rulebook = next(each for each in case.frame.rulebooks if each.id == fact.rulebook)
    postings = [each.mirrored() for each in entry.postings if each.account.purpose not in _FOUND_ANEW]
    case.need(*_holders(postings))
    if isinstance(fact, Awarded):
        postings += _taken_back(case, entry, fact, rulebook.redemption.reversal_takes)
    room = tuple(cap.id for cap in rulebook.caps if cap.per != "record")
    reversal = Reversed(record=fact.record, volunteer=fact.volunteer, entry=entry.id, reason=command.reason, room=room)
    about = tuple(dict.fromkeys((*subjects, *(each for each in entry.about if each not in subjects))))
    case.draft(reversal, about, entry.on, tuple(postings))
    for each in _hands(entry):
        if each.took or each.owed:
            repaid(case, each.holder, each.currency)


def _holders(postings: Iterable[Posting]) -> set[LotsOf]:
    """Questions about whoever's counters change: a writer holds them, so that nobody fills a cap at the same time."""
    changed = {(Purpose.ISSUED, True), (Purpose.ISSUED, False), (Purpose.QUOTA, False)}
    holders = {each.account.holder for each in postings if (each.account.purpose, each.amount > 0) in changed}
    return {lots_of(holder, MINUTES) for holder in holders}


@attrs.frozen
class _Hand:
    """What an award moved of one currency for one holder: lots it filled, lots it took from, and debt it made."""

    holder: str
    currency: str
    gave: Mapping[datetime | None, int]
    took: Mapping[datetime | None, int]
    owed: int


def _hands(entry: Entry) -> Iterator[_Hand]:
    """Each holder and currency whose points an award moved."""
    moved: dict[tuple[str, str], dict[tuple[str, datetime | None], int]] = {}
    for each in entry.postings:
        if each.account.purpose in _FOUND_ANEW:
            sums = moved.setdefault((each.account.holder, each.unit), {})
            place = (each.account.purpose, each.lot)
            sums[place] = sums.get(place, 0) + each.amount
    for (holder, currency), sums in moved.items():
        owed = -sums.pop((Purpose.DEBT, None), 0)
        gave = {lot: amount for (_, lot), amount in sums.items() if amount > 0}
        yield _Hand(holder, currency, gave, {lot: -amount for (_, lot), amount in sums.items() if amount < 0}, owed)


def _taken_back(case: Case, entry: Entry, fact: Awarded, order: ReversalOrder) -> list[Posting]:
    """The recorded points out of where they are now, and what the award took back to whom it took it from."""
    postings: list[Posting] = []
    for hand in _hands(entry):
        if hand.gave:
            postings += _out_of(case, entry, fact, hand, order)
        if hand.took or hand.owed:
            postings += _back_to(case, hand)
    return postings


def _out_of(case: Case, entry: Entry, fact: Awarded, hand: _Hand, order: ReversalOrder) -> list[Posting]:
    """Out of the notice, or of their lots, then (switch) other live lots, then what expired from them, then debt."""
    holder, currency = hand.holder, hand.currency
    pending, expired = Account(holder, Purpose.PENDING, fact.record), LotsOf(Account(holder, Purpose.EXPIRED), currency)
    questions = [lots_of(holder, currency), expired, *([LotsOf(pending, currency)] if fact.counts_from else [])]
    case.need(*questions, *moves_of(case, entry, holder, currency))
    if fact.counts_from and (waiting := case.ask(LotsOf(pending, currency))):
        return [Posting(pending, currency, -part, lot, case.booking_day) for lot, part in waiting.items()]
    own = hand.gave if fact.counts_from is None else _lots_confirmed(entry, fact, hand)
    rest = sum(own.values())
    own = moved_on(case, entry, holder, currency, own)
    postings: list[Posting] = []

    def take(purpose: Purpose, amounts: Mapping[datetime | None, int]) -> None:
        nonlocal rest
        for lot, part in taken(amounts, rest).items():
            postings.append(Posting(Account(holder, purpose), currency, -part, lot, case.booking_day))
            rest -= part

    lots, gone = case.ask(lots_of(holder, currency)), case.ask(expired)
    take(Purpose.AVAILABLE, {lot: min(part, lots.get(lot, 0)) for lot, part in own.items()})
    if order is ReversalOrder.OTHER_LOTS:
        spendable = case.spendable_of(holder, currency)
        take(Purpose.AVAILABLE, {lot: amount for lot, amount in spendable.items() if lot not in own})
    take(Purpose.EXPIRED, {lot: min(part, gone.get(lot, 0)) for lot, part in own.items()})
    if rest:
        postings.append(Posting(Account(holder, Purpose.DEBT), currency, -rest, None, case.booking_day))
    return postings


def _noticed(entry: Entry, fact: Awarded) -> list[tuple[Posting, Credit]]:
    """What an award put under public notice, with the credit that it is of."""
    waiting = [each for each in entry.postings if each.account.purpose == Purpose.PENDING]
    return list(zip(waiting, (credit for credit in credits_of(fact) if credit.points > 0), strict=True))


def _lots_confirmed(entry: Entry, fact: Awarded, hand: _Hand) -> dict[datetime | None, int]:
    """The lots that an award filled when its notice was over."""
    lots: dict[datetime | None, int] = {}
    for each, credit in _noticed(entry, fact):
        if (each.account.holder, each.unit) == (hand.holder, hand.currency):
            lots[credit.lot] = lots.get(credit.lot, 0) + each.amount
    return lots


def _back_to(case: Case, hand: _Hand) -> list[Posting]:
    """Points go back into the lots they were taken from; what had become debt is owed no longer."""
    case.need(lots_of(hand.holder, hand.currency), debt_of(hand.holder, hand.currency))
    available, debts = (Account(hand.holder, purpose) for purpose in (Purpose.AVAILABLE, Purpose.DEBT))
    postings = [Posting(available, hand.currency, part, lot, case.booking_day) for lot, part in hand.took.items()]
    cleared = min(hand.owed, -sum(case.ask(debt_of(hand.holder, hand.currency)).values()))
    if cleared:
        postings.append(Posting(debts, hand.currency, cleared, None, case.booking_day))
    if cleared < hand.owed:  # it was repaid since: what paid for it comes back, without an end of its own
        postings.append(Posting(available, hand.currency, hand.owed - cleared, None, case.booking_day))
    return postings


# --- the end of a notice -----------------------------------------------------------------------------------------


def confirm_award(case: Case, entry: Entry, subjects: tuple[str, ...]) -> None:
    """Let the credits of an award be spent, now that its public notice is over.

    Raises:
        Refused: ``no_notice``, ``notice_not_over`` or ``already_confirmed``.
    """
    fact = entry.fact
    if not isinstance(fact, Awarded) or fact.counts_from is None:
        refuse("no_notice", record=subjects[0])
    if case.booked_at < fact.counts_from:
        refuse("notice_not_over", record=fact.record, counts_from=case.frame.calendar.local(fact.counts_from))
    noticed = _noticed(entry, fact)
    if not noticed:
        refuse("no_notice", record=fact.record)
    case.need(*(LotsOf(each.account, each.unit) for each, _ in noticed))
    if not all(case.ask(LotsOf(each.account, each.unit)) for each, _ in noticed):
        refuse("already_confirmed", record=fact.record)
    postings: list[Posting] = []
    for each, credit in noticed:
        account = Account(each.account.holder, Purpose.AVAILABLE)
        postings += [each.mirrored(), Posting(account, each.unit, each.amount, credit.lot, each.on)]
    case.draft(Confirmed(record=fact.record, volunteer=fact.volunteer), subjects, entry.on, tuple(postings))
    rulebook = next((each for each in case.frame.rulebooks if each.id == fact.rulebook), None)
    if rulebook is not None:
        prolonged(case, rulebook, entry.on, [(each.account.holder, credit) for each, credit in noticed])
    for each, _ in noticed:
        repaid(case, each.account.holder, each.unit)
