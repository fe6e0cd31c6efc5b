"""What entries say, read one after the other: the state in front of each of them.

This is the audit's own reading. It takes facts at their word and shares nothing with what decides, so that a defect
there does not hide here. It keeps what later entries can be compared with and lets go of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import attrs

from volunteer_points.audit.findings import Evidence
from volunteer_points.audit.measures import Measures, Person
from volunteer_points.canonical import instant_text
from volunteer_points.entries import (
    ActivityListed,
    Approved,
    Awarded,
    Cancelled,
    Collected,
    Corrected,
    Described,
    Enrolled,
    Entry,
    Held,
    ItemListed,
    Lapsed,
    NotAwarded,
    ProgrammeAdopted,
    Rejected,
    Returned,
    Reversed,
    RulebookAdopted,
    Submitted,
    TeamFormed,
    Voided,
    Withdrawn,
)
from volunteer_points.model import (
    NO_OWN_RULES,
    Activity,
    Calendar,
    Condition,
    Currency,
    Facts,
    Item,
    Of,
    OwnRule,
    OwnRules,
    Reading,
    Use,
    Whose,
    own_readings,
    readings,
)
from volunteer_points.postings import Account, Posting, Purpose, household_holder, team_holder, volunteer_holder
from volunteer_points.rules import BENEFICIARY_PAYS, PROGRAMME_PAYS, Credit, Rulebook, ServiceRecord, needed

Place = tuple[Account, str, datetime | None]
"""Where an amount lies: account, unit, lot."""


@attrs.frozen
class Seen:
    """An entry where it stands."""

    position: int
    entry: Entry

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.entry.id

    @property
    def evidence(self) -> Evidence:
        """Where to look for it."""
        return Evidence(self.position, self.entry.ledger, self.entry.key, self.entry.number)


@attrs.define
class Commit:
    """What the entries under one key have in common, and which of them were there."""

    digest: str
    actor: str
    booked_at: datetime
    count: int
    position: int
    """Where the first of them stands."""

    there: int = 0
    following: int = 1
    """The number that comes next."""


@attrs.define
class Record:
    """A service record: what it says, where that stands in its life, and the award that stands."""

    said: Submitted | Corrected
    recorder: str
    evidence: Evidence
    day: date | None
    """The programme's day on which the service began, by the calendar that stood when it was said; None without."""

    status: str
    award: Decision | None = None
    rating: str = ""

    @property
    def live(self) -> bool:
        """Whether its time is taken."""
        return self.status in {"submitted", "approved"}


@attrs.frozen
class Decision:
    """An award, or a non-award without points, that was not reversed."""

    currency: str
    points: int
    evidence: Evidence
    given: tuple[Given, ...] = ()
    counts_from: datetime | None = None
    released: tuple[Posting, ...] = ()
    """What a confirmation has to post: out of the public notice into what can be spent."""


Given = tuple[str, str, str, int]
"""What an award gave or took: holder, currency, ``earned`` or ``paid``, amount."""


@attrs.define
class Redemption:
    """A redemption: its hold, and what became of it."""

    held: Held
    evidence: Evidence
    stocked: bool
    status: str = "held"
    returned: int = 0


@attrs.frozen
class Adopted:
    """A rulebook version as it was adopted, with the hash that was written then."""

    rulebook: Rulebook
    hash: str


class Standing:
    """What the entries absorbed so far say. One pass absorbs; every check reads what stands before an entry."""

    def __init__(self, own_rules: OwnRules = NO_OWN_RULES) -> None:
        self.own_rules = own_rules
        self.programme: ProgrammeAdopted | None = None
        self.rulebooks: dict[str, Adopted] = {}
        self.commits: dict[str, Commit] = {}
        self.records: dict[str, Record] = {}
        self.redemptions: dict[str, Redemption] = {}
        self.items: dict[str, Item] = {}
        self.balances: dict[Place, int] = {}
        """What every account holds of a unit and lot, where that is not nought."""

        self._measures = Measures()
        self._activities: dict[str, Activity] = {}
        self._slots: dict[str, str] = {}
        self._tags: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._households: dict[str, str | None] = {}
        self._enrolled: dict[str, date] = {}

    # --- what stands ---

    @property
    def calendar(self) -> Calendar:
        """The programme's calendar; that of UTC before there is a programme."""
        return self.programme.calendar if self.programme else Calendar(zone="UTC")

    @property
    def run_by_one(self) -> str:
        """Who runs the programme alone; empty when two founders answer for it."""
        return self.programme.run_by_one if self.programme else ""

    def currency(self, name: str) -> Currency | None:
        """The currency of that name."""
        currencies = self.programme.currencies if self.programme else ()
        return next((currency for currency in currencies if currency.id == name), None)

    def shown(self, currency: str, amount: int | None) -> str | None:
        """An amount as people write it."""
        found = self.currency(currency)
        return found.shown(amount) if found and amount is not None else None if amount is None else str(amount)

    def clock(self, instant: datetime) -> str:
        """An instant as the programme's clock shows it; the end of a lot may lie where no clock reaches."""
        try:
            return self.calendar.local(instant).strftime("%Y-%m-%d %H:%M")
        except OverflowError:
            return instant_text(instant)

    def rulebook_on(self, day: date) -> Adopted | None:
        """The version in force for service that begins on a day, among those adopted so far."""
        begun = [each for each in self.rulebooks.values() if each.rulebook.since <= day]
        latest = max(begun, key=lambda each: each.rulebook.since, default=None)
        return latest if latest is not None and latest.rulebook.covers(day) else None

    def names_of(self, person: str) -> frozenset[str]:
        """Every id of a person, as actor or as volunteer."""
        return self._names.get(person) or frozenset({person})

    def service_of(self, record: Record) -> ServiceRecord | None:
        """What rules may look at, put together again from what is known now; None without a day."""
        said = record.said
        if record.day is None:
            return None
        activity = self._activities.get(said.activity)
        return ServiceRecord(
            intervals=said.intervals,
            day=record.day,
            activity=said.activity,
            activity_type=activity.type if activity else "service",
            team=said.team,
            slot=self._slots.get(said.team) if said.team else None,
            tags=self._tags.get(said.volunteer, ()),
            evidence=said.evidence,
            details=attrs.evolve(said.details, rating=record.rating) if record.rating else said.details,
        )

    def known(self, rulebook: Rulebook, service: ServiceRecord, volunteer: str, at: datetime) -> dict[Reading, int]:
        """What the books said to everything that an award of the record had to know."""
        person = self._person(volunteer, self.household_of(volunteer), service.team)
        return {each: self._value(each, person, volunteer, at) for each in needed(rulebook, service, self.own_rules)}

    def given_by(self, fact: Awarded) -> tuple[Given, ...]:
        """What an award gives to whom, and what it takes from those who pay."""
        record = self.records.get(fact.record)
        said, household = record.said if record else None, self.household_of(fact.volunteer)
        holders = {
            Whose.HOUSEHOLD: household_holder(household or ""),
            Whose.TEAM: team_holder((said.team if said else None) or ""),
        }
        found: list[Given] = []
        for credit in credits_written(fact):
            holder = holders.get(credit.to) or volunteer_holder(fact.volunteer)
            found.append((holder, credit.currency, "earned", credit.points))
            if credit.points > 0 and credit.source == BENEFICIARY_PAYS:
                payer = volunteer_holder((said.details.beneficiary if said else None) or "")
                found.append((payer, credit.currency, "paid", credit.points))
            elif credit.points > 0 and credit.source != PROGRAMME_PAYS:
                found.append((credit.source, credit.currency, "paid", credit.points))
        return tuple(found)

    def facts_about(
        self,
        rulebook: Rulebook,
        conditions: Iterable[Condition],
        volunteer: str,
        at: datetime,
        price: OwnRule | None = None,
    ) -> Facts:
        """What conditions of redeeming are held against at an instant, and what a developer's own price is given."""
        day, household = self.calendar.day(at), self.household_of(volunteer)
        person = self._person(volunteer, household, None)
        wanted = readings(conditions, rulebook.ladders, day, self.own_rules)
        if price is not None:
            wanted = (*wanted, *own_readings(Use.PRICE, price, day, self.own_rules))
        values = {each: self._value(each, person, volunteer, at) for each in wanted}
        scales = {each.id: each.scale for each in (self.programme.currencies if self.programme else ())}
        return Facts(day, frozenset(self._tags.get(volunteer, ())), rulebook.ladders, values, scales, self.own_rules)

    def _person(self, volunteer: str, household: str | None, team: str | None) -> Person:
        return Person(
            volunteer_holder(volunteer),
            household_holder(household) if household else None,
            team_holder(team) if team else None,
            self._enrolled.get(volunteer),
        )

    def _value(self, reading: Reading, person: Person, volunteer: str, at: datetime) -> int:
        if reading.of is not Of.RECORDS:
            return self._measures.value(reading, person, at, self.calendar.day(at))
        return sum(
            record.said.volunteer == volunteer
            and record.live
            and (not reading.activities or record.said.activity in reading.activities)
            and record.day is not None
            and (reading.since is None or reading.since <= record.day)
            and (reading.until is None or record.day < reading.until)
            for record in self.records.values()
        )

    def household_of(self, volunteer: str) -> str | None:
        """The household of a volunteer, as described last."""
        return self._households.get(volunteer)

    def lots(self, holder: str, currency: str, at: datetime) -> dict[datetime | None, int]:
        """What a holder could spend, by lot."""
        lots = self._measures.lots(holder, currency)
        return {lot: amount for lot, amount in lots.items() if lot is None or lot > at}

    # --- absorbing ---

    def absorb(self, seen: Seen) -> None:
        """Take one entry in."""
        entry = seen.entry
        for posting in entry.postings:
            self._post(posting)
        commit = self.commits.get(entry.key)
        if commit is None:
            commit = Commit(entry.digest, entry.actor, entry.booked_at, entry.count, seen.position)
            self.commits[entry.key] = commit
        if entry.number >= commit.following:
            commit.there += 1
        if entry.number == commit.following:
            commit.following += 1
        if isinstance(entry.fact, Enrolled):
            first = self._enrolled.get(entry.fact.volunteer, entry.on)
            self._enrolled[entry.fact.volunteer] = min(first, entry.on)
        self._take_in(seen)

    def _post(self, posting: Posting) -> None:
        account, unit, amount, lot, _ = posting
        place = (account, unit, lot)
        left = self.balances.get(place, 0) + amount
        if left:
            self.balances[place] = left
        else:
            self.balances.pop(place, None)
        self._measures.post(posting)

    def _take_in(self, seen: Seen) -> None:
        match seen.entry.fact:
            case Submitted() | Corrected():
                self._say(seen)
            case Approved() | Rejected() | Voided() | Awarded() | NotAwarded() | Reversed():
                self._decide(seen)
            case Held() | Collected() | Cancelled() | Lapsed() | Returned():
                self._redeem(seen)
            case fact:
                self._frame(fact)

    def _say(self, seen: Seen) -> None:
        fact = seen.entry.fact
        assert isinstance(fact, (Submitted, Corrected))  # noqa: S101 - narrows the type
        begun = [interval.begin for interval in fact.intervals]
        day = self.calendar.day(min(begun)) if begun else seen.entry.on
        status = "approved" if isinstance(fact, Corrected) else "submitted"
        before = self.records.get(fact.record)
        award, rating = (before.award, before.rating) if before else (None, "")
        self.records[fact.record] = Record(fact, seen.entry.actor, seen.evidence, day, status, award, rating)

    def _decide(self, seen: Seen) -> None:
        fact = seen.entry.fact
        record = self.records.get(getattr(fact, "record", ""))
        if record is None:
            return
        match fact:
            case Awarded():
                released = _released(seen.entry, fact)
                record.award = Decision(
                    fact.currency, fact.points, seen.evidence, self.given_by(fact), fact.counts_from, released
                )
            case NotAwarded():
                record.award = Decision("", 0, seen.evidence)
            case Reversed():
                record.award, record.status = None, "reversed"
            case Approved():
                record.status = record.status if fact.still else "approved"
                record.rating = fact.rating or record.rating
            case Rejected():
                record.status = "rejected"
            case Voided():
                record.status = "voided"

    def _redeem(self, seen: Seen) -> None:
        fact = seen.entry.fact
        if isinstance(fact, Held):
            item = self.items.get(fact.item)
            self.redemptions[fact.redemption] = Redemption(fact, seen.evidence, item.stocked if item else True)
            return
        redemption = self.redemptions.get(getattr(fact, "redemption", ""))
        if redemption is None:
            return
        match fact:
            case Collected():
                redemption.status = "collected"
            case Cancelled():
                redemption.status = "cancelled"
            case Lapsed():
                redemption.status = "lapsed"
            case Returned():
                redemption.returned += fact.quantity

    def _frame(self, fact: object) -> None:
        match fact:
            case ProgrammeAdopted():
                self.programme = fact
                self._names = _names(fact)
            case RulebookAdopted():
                self.rulebooks.setdefault(fact.rulebook.id, Adopted(fact.rulebook, fact.hash))
            case ActivityListed():
                self._activities[fact.activity.id] = fact.activity
            case TeamFormed():
                self._slots[fact.team.id] = fact.team.slot
            case ItemListed():
                self.items[fact.item.id] = fact.item
            case Withdrawn():
                self.items.pop(fact.subject.removeprefix("item:"), None)
            case Enrolled() | Described():
                self._tags[fact.volunteer] = fact.tags
                self._households[fact.volunteer] = fact.household
            case _:
                pass


def credits_written(fact: Awarded) -> Iterator[Credit]:
    """All credits that an award says."""
    if fact.points:
        yield Credit(currency=fact.currency, points=fact.points, lot=fact.lot, to=fact.to, source=fact.source)
    yield from fact.more


def _released(entry: Entry, fact: Awarded) -> tuple[Posting, ...]:
    lots = [credit.lot for credit in credits_written(fact) if credit.points > 0]
    waiting = [each for each in entry.postings if each.account.purpose == Purpose.PENDING]
    found: list[Posting] = []
    for each, lot in zip(waiting, lots, strict=False):  # as many of both, unless the award is wrong, which others find
        to = Account(each.account.holder, Purpose.AVAILABLE)
        found += [each.mirrored(), Posting(to, each.unit, each.amount, lot, each.on)]
    return tuple(found)


def payer_of(held: Held) -> str:
    """Whose points a redemption takes."""
    if held.payer is Whose.HOUSEHOLD and held.household:
        return household_holder(held.household)
    return volunteer_holder(held.volunteer)


def _names(programme: ProgrammeAdopted) -> dict[str, frozenset[str]]:
    """Each actor with a volunteer id among their duties, and all the ids of that person."""
    ids: dict[str, set[str]] = {}
    for duty in programme.duties:
        if duty.volunteer is not None:
            ids.setdefault(duty.actor, {duty.actor}).add(duty.volunteer)
    return {actor: frozenset(own) for actor, own in ids.items()}
