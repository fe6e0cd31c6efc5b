"""Points that end by inactivity: what service lets end later, and where it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from volunteer_points.books import About, Question
from volunteer_points.decisions.case import Case, lots_of
from volunteer_points.entries import Awarded, Entry, Prolonged, Reversed
from volunteer_points.model import Whose
from volunteer_points.postings import Account, Posting, Purpose, volunteer_holder
from volunteer_points.rules import Credit, Rulebook


def credits_of(fact: Awarded) -> Iterator[Credit]:
    """All that an award gave."""
    if fact.points:
        yield Credit(currency=fact.currency, points=fact.points, lot=fact.lot, to=fact.to, source=fact.source)
    yield from fact.more


def prolonged(case: Case, rulebook: Rulebook, day: date, credited: Iterable[tuple[str, Credit]]) -> None:
    """Let what the holders of an award have end no sooner than their last service asks.

    What has ended stays ended; what ends later, or never, is left alone; what is on hold or under public notice waits
    for the next service.
    """
    ends: dict[tuple[str, str], datetime] = {}
    for holder, credit in credited:
        if credit.points > 0 and credit.lot is not None and rulebook.ends_idle(credit.currency):
            ends[holder, credit.currency] = credit.lot
    case.need(*(each for holder, currency in ends for each in idle_questions(rulebook, holder, currency, day)))
    for (holder, currency), own in ends.items():
        until = max((own, *_ends_of_later(case, holder, currency, day)))
        sooner: dict[datetime | None, int] = {
            lot: part
            for lot, part in case.spendable_of(holder, currency).items()
            if lot is not None and lot < until and part > 0
        }
        if sooner:
            _move(case, holder, currency, sooner, until)


def idle_questions(rulebook: Rulebook, holder: str, currency: str, day: date) -> tuple[Question[object], ...]:
    """What :func:`prolonged` asks of a holder; nothing where no points end by inactivity."""
    return (lots_of(holder, currency), _later(holder, day)) if rulebook.ends_idle(currency) else ()


def _later(holder: str, day: date) -> About:
    """Awards for service on later days than this: an award for an earlier one does not make anything end sooner."""
    return About(holder, ("Awarded", "Reversed"), since=day + timedelta(days=1))


def _ends_of_later(case: Case, holder: str, currency: str, day: date) -> Iterator[datetime]:
    """When points of standing awards for later days end by themselves."""
    idle = {each.id for each in case.frame.rulebooks if each.ends_idle(currency)}
    entries = case.ask(_later(holder, day))
    facts = (*(each.fact for each in entries), *(each.fact for each in case.drafts))
    reversed_awards = {fact.entry for fact in facts if isinstance(fact, Reversed)}
    for entry in entries:
        fact = entry.fact
        if not isinstance(fact, Awarded) or fact.rulebook not in idle or entry.id in reversed_awards:
            continue
        for credit in credits_of(fact):
            is_own = holder == volunteer_holder(fact.volunteer) if credit.to is Whose.VOLUNTEER else True
            gives = credit.points > 0 and credit.currency == currency and is_own
            if gives and credit.lot is not None and holder.startswith(f"{credit.to}:"):
                yield credit.lot


def _move(case: Case, holder: str, currency: str, sooner: Mapping[datetime | None, int], until: datetime) -> None:
    account, points = Account(holder, Purpose.AVAILABLE), sum(sooner.values())
    postings = [Posting(account, currency, -part, lot, case.booking_day) for lot, part in sooner.items()]
    postings.append(Posting(account, currency, points, until, case.booking_day))
    volunteer = holder.removeprefix(volunteer_holder(""))
    fact = Prolonged(volunteer=volunteer, currency=currency, until=until, points=points)
    case.draft(fact, (holder,), case.booking_day, tuple(postings))


def moves_of(case: Case, award: Entry, holder: str, currency: str) -> tuple[About, ...]:
    """What :func:`moved_on` asks."""
    if not any(each.ends_idle(currency) for each in case.frame.rulebooks):
        return ()
    return (About(holder, ("Prolonged",), since=case.frame.calendar.day(award.booked_at)),)


def moved_on(
    case: Case, award: Entry, holder: str, currency: str, own: Mapping[datetime | None, int]
) -> Mapping[datetime | None, int]:
    """The lots in which points of an award may be by now, each with as many as may be there."""
    places, points = dict(own), sum(own.values())
    for question in moves_of(case, award, holder, currency):
        for entry in case.ask(question):
            fact = entry.fact
            left = {each.lot for each in entry.postings if each.unit == currency and each.amount < 0}
            is_after = entry.booked_at >= award.booked_at
            if isinstance(fact, Prolonged) and is_after and not left.isdisjoint(places):
                places[fact.until] = points
    return places
