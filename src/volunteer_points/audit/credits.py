"""The postings that an award of a given working must have, put together anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial

from volunteer_points.audit.reading import Record, Standing
from volunteer_points.books import soonest
from volunteer_points.model import Whose
from volunteer_points.postings import (
    TIMES,
    Account,
    Posting,
    Purpose,
    fund_holder,
    household_holder,
    quantity_unit,
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
    Rulebook,
    ServiceRecord,
    Working,
)

Lots = Mapping[datetime | None, int]


def notice_ends(rulebook: Rulebook, before: Standing, at: datetime) -> datetime | None:
    """When the public notice of an award made at an instant is over; None where there is none."""
    if not rulebook.notice_days:
        return None
    calendar = before.calendar
    return calendar.start_of(calendar.day(at) + timedelta(days=rulebook.notice_days + 1))


def expected_postings(  # noqa: PLR0913, PLR0917 - an award and where it stands
    record: Record, service: ServiceRecord, rulebook: Rulebook, working: Working, before: Standing, at: datetime
) -> tuple[Posting, ...]:
    """The postings of the award, in no particular order."""
    household = before.household_of(record.said.volunteer)
    holders = {
        Whose.VOLUNTEER: volunteer_holder(record.said.volunteer),
        Whose.HOUSEHOLD: household_holder(household) if household else "",
        Whose.TEAM: team_holder(service.team) if service.team else "",
    }
    postings = list(_counted(service, rulebook, working, holders))
    if working.nothing_because is None:
        ends = notice_ends(rulebook, before, at)
        for credit in _credits(rulebook, working):
            lots = partial(_left, before, at, tuple(postings))
            postings += _credit(record, service, credit, holders[credit.to], ends, lots, before.calendar.day(at))
    return tuple(postings)


def _credits(rulebook: Rulebook, working: Working) -> Iterator[Credit]:
    if working.points:
        yield Credit(
            currency=rulebook.currency, points=working.points, lot=working.lot, to=rulebook.to, source=rulebook.source
        )
    yield from working.more


def _counted(
    service: ServiceRecord, rulebook: Rulebook, working: Working, holders: Mapping[Whose, str]
) -> Iterator[Posting]:
    own = {MINUTES: working.minutes, TIMES: int(rulebook.has_times or not service.intervals)}
    own |= {quantity_unit(each.unit): each.amount for each in service.details.quantities}
    own |= {quantity_unit(counter): number for counter, number in working.counted}
    yield from _pair(holders[Whose.VOLUNTEER], (Purpose.ISSUED, Purpose.SERVED), service, own)
    groups = {tally_unit("served", unit) if unit in {MINUTES, TIMES} else unit: n for unit, n in own.items()}
    for credit in _credits(rulebook, working):
        earned = tally_unit("earned", credit.currency)
        groups[earned] = groups.get(earned, 0) + credit.points
    for whose in (Whose.HOUSEHOLD, Whose.TEAM):
        if holders[whose] and rulebook.counts_for(whose):
            yield from _pair(holders[whose], (Purpose.QUOTA, Purpose.COUNTED), service, groups)


def _pair(
    holder: str, purposes: tuple[Purpose, Purpose], service: ServiceRecord, amounts: Mapping[str, int]
) -> Iterator[Posting]:
    out, into = (Account(holder, purpose, service.activity) for purpose in purposes)
    for unit, amount in amounts.items():
        if amount:
            yield Posting(out, unit, -amount, None, service.day)
            yield Posting(into, unit, amount, None, service.day)


def _credit(  # noqa: PLR0913, PLR0917 - a credit and where it stands
    record: Record,
    service: ServiceRecord,
    credit: Credit,
    holder: str,
    ends: datetime | None,
    lots: Callable[[str, str], Lots],
    today: date,
) -> Iterator[Posting]:
    def issued(who: str, amount: int) -> Posting:
        return Posting(Account(who, Purpose.ISSUED, service.activity), credit.currency, amount, None, service.day)

    yield issued(holder, -credit.points)
    if credit.points < 0:
        spent = _soonest(lots(holder, credit.currency), -credit.points)
        for lot, part in spent.items():
            yield Posting(Account(holder, Purpose.AVAILABLE), credit.currency, -part, lot, today)
        if owed := -credit.points - sum(spent.values()):
            yield Posting(Account(holder, Purpose.DEBT), credit.currency, -owed, None, today)
        return
    parts: Lots = {credit.lot: credit.points}
    if credit.source != PROGRAMME_PAYS:
        payer = fund_holder(credit.source.removeprefix(FUND))
        if credit.source == BENEFICIARY_PAYS:
            payer = volunteer_holder(record.said.details.beneficiary or "")
        parts = _soonest(lots(payer, credit.currency), credit.points)
        yield issued(payer, credit.points)
        for lot, part in parts.items():
            yield Posting(Account(payer, Purpose.AVAILABLE), credit.currency, -part, lot, today)
    if ends is not None:
        waiting = Account(holder, Purpose.PENDING, record.said.record)
        yield Posting(waiting, credit.currency, credit.points, ends, service.day)
        return
    for lot, part in parts.items():
        yield Posting(Account(holder, Purpose.AVAILABLE), credit.currency, part, lot, service.day)


def _left(before: Standing, at: datetime, moved: Iterable[Posting], holder: str, currency: str) -> Lots:
    """The live lots of a holder, with what earlier credits of the award have moved."""
    lots = dict(before.lots(holder, currency, at))
    for account, unit, amount, lot, _ in moved:
        if (account, unit) == (Account(holder, Purpose.AVAILABLE), currency) and (lot is None or lot > at):
            lots[lot] = lots.get(lot, 0) + amount
    return lots


def _soonest(lots: Lots, amount: int) -> Lots:
    """So much out of the lots, those that end soonest first."""
    parts = {}
    for lot in sorted(lots, key=soonest):
        part = min(amount, lots[lot])
        if part > 0:
            parts[lot] = part
            amount -= part
    return parts
