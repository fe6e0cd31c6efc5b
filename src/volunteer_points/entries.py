"""What is written: facts, and the entries that carry them.

A **fact** says what happened, in the past tense. An **entry** is a fact with its why, its subjects and its postings; a
**commit** is what one command writes, all or nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import TypeAlias

import attrs

from volunteer_points.errors import Corrupt
from volunteer_points.model import (
    Activity,
    Calendar,
    Currency,
    Details,
    Duty,
    Evidence,
    Fund,
    Household,
    Interval,
    Item,
    Partner,
    Place,
    Reason,
    Team,
    TeamStructure,
    Whose,
    aware,
    whole,
)
from volunteer_points.postings import Posting, imbalance
from volunteer_points.rules import Credit, Rulebook, Step

# --- the programme -----------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ProgrammeAdopted:
    """The programme's frame: who answers for it, its calendar, its team structure and who may do what."""

    name: str
    calendar: Calendar
    author: str
    founders: tuple[str, ...] = ()
    run_by_one: str = ""
    structure: TeamStructure = TeamStructure()
    currencies: tuple[Currency, ...] = (Currency(id="points"),)
    duties: tuple[Duty, ...] = ()
    assumptions: tuple[str, ...] = ()
    funds: tuple[Fund, ...] = ()


@attrs.frozen(kw_only=True)
class RulebookAdopted:
    """A rulebook version with its full text; it never changes and is never taken away."""

    rulebook: Rulebook
    hash: str
    author: str
    what_if: str = ""
    """The reference of the what-if that was looked at before; a version that reaches back has one."""


@attrs.frozen(kw_only=True)
class TeamFormed:
    """A team as it stands from now on."""

    team: Team


@attrs.frozen(kw_only=True)
class HouseholdFormed:
    """A household as it stands from now on."""

    household: Household


@attrs.frozen(kw_only=True)
class PartnerAgreed:
    """A partner who gives goods or services."""

    partner: Partner


@attrs.frozen(kw_only=True)
class ActivityListed:
    """An activity as it is offered from now on."""

    activity: Activity


@attrs.frozen(kw_only=True)
class ItemListed:
    """A catalogue item with all its prices, as it stands from now on."""

    item: Item


@attrs.frozen(kw_only=True)
class Withdrawn:
    """A team, household, partner, activity or item that is offered no longer; its history stays."""

    subject: str


@attrs.frozen(kw_only=True)
class PeriodClosed:
    """Nothing may be booked on a day before ``until`` any more."""

    until: date


# --- people ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Enrolled:
    """A volunteer takes part; who that is stands in the people register alone."""

    volunteer: str
    tags: tuple[str, ...] = ()
    place: Place = Place()
    household: str | None = None


@attrs.frozen(kw_only=True)
class Described:
    """Tags, place and household of a volunteer as they are from now on."""

    volunteer: str
    tags: tuple[str, ...] = ()
    place: Place = Place()
    household: str | None = None


@attrs.frozen(kw_only=True)
class Joined:
    """A volunteer belongs to a team from a day on."""

    volunteer: str
    team: str
    since: date


@attrs.frozen(kw_only=True)
class Left:
    """A volunteer leaves a team, or the programme when no team is named, from a day on."""

    volunteer: str
    since: date
    team: str | None = None


# --- service -----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Submitted:
    """Service was recorded. Postings: the minutes are claimed by the record."""

    record: str
    volunteer: str
    activity: str
    intervals: tuple[Interval, ...]
    team: str | None = None
    evidence: Evidence = Evidence.SUPERVISOR
    source: str = ""
    details: Details = Details()


@attrs.frozen(kw_only=True)
class Approved:
    """A record was approved by the entry's actor, or by the rulebook itself. Postings: the claim is closed.

    Where a route asks for several approvers, ``still`` says how many are missing, and the claim stays open till then.
    """

    record: str
    volunteer: str
    rating: str = ""
    route: str = ""
    by_rulebook: bool = False
    still: int = attrs.field(default=0, validator=whole)


@attrs.frozen(kw_only=True)
class Rejected:
    """A record was rejected. Postings: the claim is closed."""

    record: str
    volunteer: str
    reason: Reason


@attrs.frozen(kw_only=True)
class Voided:
    """A record was withdrawn before it was approved. Postings: the claim is closed."""

    record: str
    volunteer: str
    reason: Reason


@attrs.frozen(kw_only=True)
class Awarded:
    """Points and counted minutes for one approved record. Postings: both are issued."""

    record: str
    volunteer: str
    activity: str
    rulebook: str
    rulebook_hash: str
    currency: str
    points: int = attrs.field(validator=whole)
    minutes: int = attrs.field(validator=whole)
    lot: datetime | None
    working: tuple[Step, ...]
    to: Whose = Whose.VOLUNTEER
    source: str = "programme"
    more: tuple[Credit, ...] = ()
    """What further streams gave, in other currencies, to others or from other sources."""
    counts_from: datetime | None = None
    """The end of the public notice, before which nothing of it can be spent."""


@attrs.frozen(kw_only=True)
class Confirmed:
    """The public notice of an award is over. Postings: its points can be spent."""

    record: str
    volunteer: str


@attrs.frozen(kw_only=True)
class NotAwarded:
    """An approved record earned no points, and why. Postings: counted minutes, if any, are issued."""

    record: str
    volunteer: str
    activity: str
    rulebook: str
    rulebook_hash: str
    minutes: int = attrs.field(validator=whole)
    because: str
    working: tuple[Step, ...]


@attrs.frozen(kw_only=True)
class Reversed:
    """An award was taken back. Postings: its recorded amounts, from where they are now.

    ``entry`` is the id of the award; ``room`` names the caps in which the reversal leaves room that is not filled
    by itself.
    """

    record: str
    volunteer: str
    entry: str
    reason: Reason
    room: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Corrected:
    """What a record says from now on, in place of what it said; ``requested_by`` brought it, the actor approved it."""

    record: str
    volunteer: str
    activity: str
    intervals: tuple[Interval, ...]
    revision: int
    requested_by: str
    reason: Reason
    team: str | None = None
    evidence: Evidence = Evidence.SUPERVISOR
    details: Details = Details()


# --- points ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Repaid:
    """A credit went to the debt first. Postings: from the soonest lots to the debt."""

    volunteer: str
    currency: str
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Expired:
    """Points whose lot has ended. Postings: what was left of the lots leaves."""

    volunteer: str
    currency: str
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Extended:
    """Points that came back from a hold after their lot had ended get days of grace. Postings: to a later lot."""

    volunteer: str
    currency: str
    until: datetime
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Prolonged:
    """Points that end by inactivity end later, since their holder served again. Postings: to a later lot."""

    volunteer: str
    currency: str
    until: datetime
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Transferred:
    """Points went from one volunteer to another; they end when they would have ended."""

    giver: str
    receiver: str
    currency: str
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Donated:
    """Points went from a volunteer to a fund; they end when they would have ended."""

    giver: str
    fund: str
    currency: str
    points: int = attrs.field(validator=whole)


@attrs.frozen(kw_only=True)
class Endowed:
    """Points were put into a fund; ``requested_by`` asked, the actor approved."""

    fund: str
    currency: str
    points: int = attrs.field(validator=whole)
    requested_by: str
    reason: Reason


@attrs.frozen(kw_only=True)
class Adjusted:
    """Points given or taken by decision; ``requested_by`` asked, the actor approved."""

    volunteer: str
    currency: str
    points: int = attrs.field(validator=whole)
    requested_by: str
    reason: Reason
    lot: datetime | None = None


@attrs.frozen(kw_only=True)
class BalanceOpened:
    """Points and minutes brought over from before the ledger began."""

    volunteer: str
    currency: str
    points: int = attrs.field(validator=whole)
    minutes: int = attrs.field(validator=whole)
    requested_by: str
    reason: Reason
    lot: datetime | None = None


# --- redemption and stock ----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Held:
    """Points and goods are reserved for a redemption. Postings: both, and the counters that limits look at."""

    redemption: str
    volunteer: str
    item: str
    partner: str
    quantity: int = attrs.field(validator=whole)
    price: int = attrs.field(validator=whole)
    currency: str
    points: int = attrs.field(validator=whole)
    held_until: datetime
    rulebook: str
    payer: Whose = Whose.VOLUNTEER
    household: str | None = None
    """The household that pays, when it is not the volunteer."""
    cash: Fraction = Fraction(0)
    """What is paid besides in money, for all units together."""
    special: str = ""
    """The condition by which a special price was given."""
    priced_by: tuple[tuple[str, str], ...] = ()
    """The name and version of a developer's own rule that gave the price, and what it told."""


@attrs.frozen(kw_only=True)
class Collected:
    """The goods were handed over or the service given. Postings: the hold is closed, the points are the partner's."""

    redemption: str
    volunteer: str
    collector: str = ""
    relation: str = ""


@attrs.frozen(kw_only=True)
class Cancelled:
    """A hold was given up. Postings: mirror those of the hold."""

    redemption: str
    volunteer: str
    reason: Reason


@attrs.frozen(kw_only=True)
class Lapsed:
    """A hold ended uncollected. Postings: mirror those of the hold."""

    redemption: str
    volunteer: str


@attrs.frozen(kw_only=True)
class Returned:
    """Collected goods came back. Postings: their points return to the lots they came from, the goods to the shelf."""

    redemption: str
    volunteer: str
    quantity: int = attrs.field(validator=whole)
    points: int = attrs.field(validator=whole)
    reason: Reason
    damaged: bool = False


@attrs.frozen(kw_only=True)
class StockReceived:
    """A partner's goods arrived; their lot is the first instant at which they may no longer be given out."""

    item: str
    quantity: int = attrs.field(validator=whole)
    best_before: datetime | None = None


@attrs.frozen(kw_only=True)
class StockWrittenOff:
    """Goods that are lost or spoilt."""

    item: str
    quantity: int = attrs.field(validator=whole)
    reason: Reason


@attrs.frozen(kw_only=True)
class StockCounted:
    """A stocktake: what was counted on the shelf, and the difference from what the books said."""

    item: str
    counted: int = attrs.field(validator=whole)
    difference: int = attrs.field(validator=whole)
    reason: Reason


Fact: TypeAlias = (
    ProgrammeAdopted | RulebookAdopted
    | TeamFormed | HouseholdFormed | PartnerAgreed | ActivityListed | ItemListed | Withdrawn | PeriodClosed
    | Enrolled | Described | Joined | Left
    | Submitted | Approved | Rejected | Voided | Awarded | Confirmed | NotAwarded | Reversed | Corrected
    | Repaid | Expired | Extended | Prolonged | Transferred | Donated | Endowed | Adjusted | BalanceOpened
    | Held | Collected | Cancelled | Lapsed | Returned
    | StockReceived | StockWrittenOff | StockCounted
)  # fmt: skip

KINDS: Mapping[str, type[Fact]] = {kind.__name__: kind for kind in Fact.__args__}
"""Every kind of fact by its name, which is what stands in the bytes."""


# --- entries -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Draft:
    """An entry as the core proposes it: the fact, its subjects, the day it counts for and its postings."""

    fact: Fact
    about: tuple[str, ...]
    on: date
    postings: tuple[Posting, ...] = ()


@attrs.frozen(kw_only=True)
class Entry:
    """A fact that was written, with its why.

    ``number`` of ``count`` is its place within its commit; ``key``, ``digest``, ``actor`` and ``booked_at`` are the
    commit's own.
    """

    ledger: str
    key: str
    number: int
    count: int
    digest: str
    actor: str
    booked_at: datetime = attrs.field(validator=aware)
    fact: Fact
    about: tuple[str, ...]
    on: date
    postings: tuple[Posting, ...] = ()

    @property
    def kind(self) -> str:
        """The name of the fact."""
        return type(self.fact).__name__

    @property
    def id(self) -> str:
        """The entry's id, the same wherever the same command is written."""
        return derived_id("e", self.ledger, self.key, self.number)


def derived_id(prefix: str, ledger: str, key: str, number: int = 0) -> str:
    """An id that follows from the commit, so that a repeated command names the same thing: 80 bits, lower case."""
    bound = hashlib.sha256(f"{len(ledger)}:{ledger}{len(key)}:{key}{number}".encode()).digest()[:10]
    return f"{prefix}-{base64.b32encode(bound).decode().lower()}"


def entries_of(  # noqa: PLR0913 - the commit's own fields, by name
    drafts: Iterable[Draft], *, ledger: str, key: str, digest: str, actor: str, booked_at: datetime
) -> tuple[Entry, ...]:
    """The entries of one commit.

    Raises:
        Corrupt: ``unbalanced`` when the core proposes postings that do not add up; this is a defect of the library.
    """
    made = tuple(drafts)
    for draft in made:
        uneven = imbalance(draft.postings)
        if uneven:
            raise Corrupt("unbalanced", kind=type(draft.fact).__name__, key=key, units=uneven)
    return tuple(
        Entry(
            ledger=ledger,
            key=key,
            number=number,
            count=len(made),
            digest=digest,
            actor=actor,
            booked_at=booked_at,
            fact=draft.fact,
            about=draft.about,
            on=draft.on,
            postings=draft.postings,
        )
        for number, draft in enumerate(made, start=1)
    )
