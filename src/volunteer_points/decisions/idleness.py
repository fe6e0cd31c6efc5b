"""Points that end by inactivity: what service lets end later, and where it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from volunteer_points.books import About
from volunteer_points.decisions.case import Case, lots_of
from volunteer_points.entries import Awarded, Entry, Prolonged
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
    case.need(*(each for holder, currency in ends for each in (lots_of(holder, currency), _later(holder, day))))
    for (holder, currency), own in ends.items():
        until = max((own, *_ends_of_later(case, holder, currency, day)))
        sooner = {
            lot: part
            for lot, part in case.spendable_of(holder, currency).items()
            if lot is not None and lot < until and part
        }
        if sooner:
            _move(case, holder, currency, sooner, until)


def _later(holder: str, day: date) -> About:
    """Awards for service on later days than this: an award for an earlier one does not make anything end sooner."""
    return About(holder, ("Awarded",), since=day + timedelta(days=1))


def _ends_of_later(case: Case, holder: str, currency: str, day: date) -> Iterator[datetime]:
    idle = {each.id for each in case.frame.rulebooks if each.ends_idle(currency)}
    for entry in case.ask(_later(holder, day)):
        fact = entry.fact
        if not isinstance(fact, Awarded) or fact.rulebook not in idle:
            continue
        for credit in credits_of(fact):
            is_own = holder == volunteer_holder(fact.volunteer) if credit.to is Whose.VOLUNTEER else True
            if is_own and holder.startswith(f"{credit.to}:") and credit.currency == currency and credit.lot:
                yield credit.lot


def _move(
    case: Case, holder: str, currency: str, sooner: Mapping[datetime | None, int], until: datetime
) -> None:
    account, points = Account(holder, Purpose.AVAILABLE), sum(sooner.values())
    postings = [Posting(account, currency, -part, lot, case.booking_day) for lot, part in sooner.items()]
    postings.append(Posting(account, currency, points, until, case.booking_day))
    volunteer = holder.removeprefix(volunteer_holder(""))
    fact = Prolonged(volunteer=volunteer, currency=currency, until=until, points=points)
    case.draft(fact, (holder,), case.booking_day, tuple(postings))


def moved_on(
    case: Case, award: Entry, holder: str, currency: str, own: Mapping[datetime | None, int]
) -> Mapping[datetime | None, int]:
    """The lots in which points of an award may be by now, each with as many as may be there."""
    if not any(each.ends_idle(currency) for each in case.frame.rulebooks):
        return own
    places, points = dict(own), sum(own.values())
    question = About(holder, ("Prolonged",), since=case.frame.calendar.day(award.booked_at))
    case.need(question)
    for entry in case.ask(question):
        fact = entry.fact
        left = {each.lot for each in entry.postings if each.unit == currency and each.amount < 0}
        if isinstance(fact, Prolonged) and not left.isdisjoint(places):
            places[fact.until] = points
    return places
