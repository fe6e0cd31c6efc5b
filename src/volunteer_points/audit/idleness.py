"""Points that end by inactivity: which of them an award lets end later, worked out anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import attrs

from volunteer_points.audit.findings import Evidence
from volunteer_points.audit.reading import Given, Seen, Standing, credits_written
from volunteer_points.entries import Awarded, Confirmed, Prolonged, Reversed
from volunteer_points.postings import Account, Posting, Purpose, volunteer_holder
from volunteer_points.rules import streams_of

Whom = tuple[str, str]
"""A holder and a currency."""


@attrs.frozen
class Due:
    """What a commit has to prolong for a holder, because of an award or the end of its notice."""

    holder: str
    currency: str
    record: str
    evidence: Evidence
    until: datetime
    lots: Mapping[datetime, int]
    """What ends sooner, by lot."""

    on: date

    @property
    def points(self) -> int:
        """How many points that are."""
        return sum(self.lots.values())

    @property
    def fact(self) -> Prolonged:
        """What has to be written."""
        volunteer = self.holder.removeprefix(volunteer_holder(""))
        return Prolonged(volunteer=volunteer, currency=self.currency, until=self.until, points=self.points)

    @property
    def postings(self) -> tuple[Posting, ...]:
        """What it has to post, in no particular order."""
        account = Account(self.holder, Purpose.AVAILABLE)
        out = (Posting(account, self.currency, -part, lot, self.on) for lot, part in self.lots.items())
        return (*out, Posting(account, self.currency, self.points, self.until, self.on))


class Idleness:
    """What awards under rulebooks with such points ask for, entry by entry."""

    def __init__(self) -> None:
        self._ends: dict[Whom, dict[str, tuple[date, datetime]]] = {}
        """By standing award: the day of its service, and when its points end without later service."""

        self._due: dict[tuple[str, Whom], Due] = {}
        """What is yet to be written, by commit."""

    def after(self, seen: Seen, before: Standing) -> None:
        """Take in an award, the end of a notice or a reversal."""
        match seen.entry.fact:
            case Reversed() as fact:
                for awards in self._ends.values():
                    awards.pop(fact.entry, None)
            case Awarded() as fact:
                own = dict(_idle_ends(fact, before.given_by(fact), before))
                for whom, end in own.items():
                    self._ends.setdefault(whom, {})[seen.id] = (seen.entry.on, end)
                self._ask(seen, fact.record, own, before)
            case Confirmed() as fact:
                record = before.records.get(fact.record)
                award = record.award if record else None
                posted = award.released if award else ()
                whoms = {(each.account.holder, each.unit) for each in posted if each.lot and each.amount > 0}
                name = award.evidence.entry if award else ""
                own = {whom: self._ends[whom][name][1] for whom in whoms if name in self._ends.get(whom, {})}
                self._ask(seen, fact.record, own, before)
            case _:
                pass

    def _ask(self, seen: Seen, record: str, own: Mapping[Whom, datetime], before: Standing) -> None:
        entry = seen.entry
        today = before.calendar.day(entry.booked_at)
        for (holder, currency), end in own.items():
            later = (ends for day, ends in self._ends[holder, currency].values() if day > entry.on)
            until = max((end, *later))
            lots = dict(before.lots(holder, currency, entry.booked_at))
            for account, unit, amount, lot, _ in entry.postings:
                if (account, unit) == (Account(holder, Purpose.AVAILABLE), currency):
                    lots[lot] = lots.get(lot, 0) + amount
            sooner = {
                lot: part
                for lot, part in lots.items()
                if lot is not None and entry.booked_at < lot < until and part > 0
            }
            if sooner:
                due = Due(holder, currency, record, seen.evidence, until, sooner, today)
                self._due[entry.key, (holder, currency)] = due

    def due(self, seen: Seen) -> Due | None:
        """What an entry that prolongs has to say; None when nothing asks for it."""
        fact = seen.entry.fact
        assert isinstance(fact, Prolonged)  # noqa: S101 - narrows the type
        holder = fact.volunteer if ":" in fact.volunteer else volunteer_holder(fact.volunteer)
        return self._due.pop((seen.entry.key, (holder, fact.currency)), None)

    def missing(self) -> Iterator[Due]:
        """What was asked for and never came."""
        yield from self._due.values()


def _idle_ends(fact: Awarded, given: tuple[Given, ...], before: Standing) -> Iterator[tuple[Whom, datetime]]:
    adopted = before.rulebooks.get(fact.rulebook)
    streams = streams_of(adopted.rulebook) if adopted else ()
    idle = {each.currency for each in streams if each.expiry.is_idle}
    if not idle:
        return
    earned = [each for each in given if each[2] == "earned"]
    for credit, (holder, currency, _, points) in zip(credits_written(fact), earned, strict=True):
        if currency in idle and points > 0 and credit.lot is not None:
            yield (holder, currency), credit.lot
