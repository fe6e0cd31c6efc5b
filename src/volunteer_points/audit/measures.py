"""What the books said to everything that a rulebook had to know of a volunteer: the audit's own way to it.

It adds up postings by account, unit and day, and shares nothing with what decides but the meaning of a reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import attrs

from volunteer_points.books import LotsOf, Moved, Tally
from volunteer_points.model import Of, Reading, Whose
from volunteer_points.postings import REDEMPTIONS, TIMES, Account, Posting, Purpose, quantity_unit, tally_unit
from volunteer_points.rules import MINUTES

_LOOKED_AT = frozenset(
    {
        Purpose.ISSUED,
        Purpose.SERVED,
        Purpose.OPENED,
        Purpose.QUOTA,
        Purpose.AVAILABLE,
        Purpose.HELD,
        Purpose.PENDING,
    }
)
"""The accounts that rules look at."""

_OWN: Mapping[Of, tuple[Purpose, int]] = {
    Of.HOURS: (Purpose.SERVED, 1),
    Of.MINUTES: (Purpose.ISSUED, -1),
    Of.TIMES: (Purpose.SERVED, 1),
    Of.QUANTITY: (Purpose.SERVED, 1),
    Of.EARNED: (Purpose.ISSUED, -1),
    Of.SPENT: (Purpose.QUOTA, -1),
    Of.REDEMPTIONS: (Purpose.QUOTA, -1),
}


@attrs.frozen
class Person:
    """Whom a rulebook looks at: the volunteer's holder, and those of the household and the team that are meant."""

    holder: str
    household: str | None
    team: str | None
    enrolled: date | None


class Measures:
    """All that was posted so far, as rules may ask for it."""

    def __init__(self) -> None:
        self._tally = Tally()

    def post(self, posting: Posting) -> None:
        """Take one posting in."""
        if posting.account.purpose in _LOOKED_AT:
            self._tally.post(posting)

    def lots(self, holder: str, currency: str) -> Mapping[datetime | None, int]:
        """What a holder has, by lot."""
        return self._tally.answer(LotsOf(Account(holder, Purpose.AVAILABLE), currency))

    def value(self, reading: Reading, person: Person, at: datetime, day: date) -> int:
        """What the books say to a reading at an instant, which lies in a day."""
        holder = {Whose.HOUSEHOLD: person.household, Whose.TEAM: person.team}.get(reading.whose, person.holder)
        if holder is None:
            return 0
        lots = self.lots(holder, reading.unit)
        match reading.of:
            case Of.AVAILABLE:
                return sum(amount for lot, amount in lots.items() if lot is None or lot > at)
            case Of.BALANCE:
                is_own = reading.whose is Whose.VOLUNTEER
                held = self._tally.answer(Moved(holder, Purpose.HELD, reading.unit)) if is_own else 0
                waiting = self._tally.answer(Moved(holder, Purpose.PENDING, reading.unit)) if reading.pending else 0
                return sum(lots.values()) + held + waiting
            case Of.MONTHS:
                return _months(person.enrolled, day)
        if reading.whose is Whose.VOLUNTEER:
            return self._own(holder, reading)
        return -self._moved(holder, Purpose.QUOTA, _unit(reading, together=True), reading)

    def _own(self, holder: str, reading: Reading) -> int:
        purpose, sign = _OWN[reading.of]
        moved = self._moved(holder, purpose, _unit(reading, together=False), reading)
        if reading.of is Of.EARNED and not reading.activities and reading.since is None:
            moved += self._tally.answer(Moved(holder, Purpose.OPENED, reading.unit, None, date.min))
        return sign * moved

    def _moved(self, holder: str, purpose: Purpose, unit: str, reading: Reading) -> int:
        activities: tuple[str | None, ...] = reading.activities or (None,)
        windows = (Moved(holder, purpose, unit, each, reading.since, reading.until) for each in activities)
        return sum(self._tally.answer(window) for window in windows)


def _unit(reading: Reading, *, together: bool) -> str:
    match reading.of:
        case Of.HOURS | Of.MINUTES:
            return tally_unit("served", MINUTES) if together else MINUTES
        case Of.TIMES:
            return tally_unit("served", TIMES) if together else TIMES
        case Of.QUANTITY:
            return quantity_unit(reading.unit)
        case Of.EARNED:
            return tally_unit("earned", reading.unit) if together else reading.unit
        case Of.SPENT:
            return tally_unit("spent", reading.unit)
        case _:
            return REDEMPTIONS


def _months(enrolled: date | None, day: date) -> int:
    if enrolled is None:
        return 0
    months = (day.year - enrolled.year) * 12 + day.month - enrolled.month
    return max(0, months if day.day >= enrolled.day else months - 1)
