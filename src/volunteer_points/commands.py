"""What may be asked of the ledger, in the imperative, and the envelope in which it is brought.

A command holds what the caller decides and nothing else: ids of records and redemptions follow from the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TypeAlias

import attrs

from volunteer_points.canonical import digest
from volunteer_points.errors import InputError
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
    calendar_day,
    identifier,
    in_utc,
    not_negative,
    positive,
    whole,
    words,
)
from volunteer_points.rules import Rulebook


@attrs.frozen(kw_only=True)
class Definition:
    """A programme as its file proposes it; adopting it writes the difference from what stands."""

    name: str
    calendar: Calendar
    founders: tuple[str, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(identifier))
    run_by_one: str = ""
    structure: TeamStructure = TeamStructure()
    teams: tuple[Team, ...] = ()
    households: tuple[Household, ...] = ()
    partners: tuple[Partner, ...] = ()
    activities: tuple[Activity, ...] = ()
    currencies: tuple[Currency, ...] = (Currency(id="points"),)
    rulebooks: tuple[Rulebook, ...] = ()
    catalogue: tuple[Item, ...] = ()
    duties: tuple[Duty, ...] = ()
    assumptions: tuple[str, ...] = ()
    funds: tuple[Fund, ...] = ()

    def __attrs_post_init__(self) -> None:
        if len(set(self.founders)) != 2 and not self.run_by_one:  # noqa: PLR2004 - four eyes
            raise InputError(
                "four_eyes_missing",
                founders=self.founders,
                fix="Name two founders, or say with 'run_by_one' that one person runs the programme.",
            )
        if self.founders and self.run_by_one:
            raise InputError("four_eyes_unclear", fix="Give either 'founders' or 'run_by_one', not both.")


def _optional_id(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        identifier(instance, attribute, value)


def _each_word(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for word in value:
        words(instance, attribute, word)


def _reference(instance: object, attribute: object, value: object) -> None:
    """Validate how many entries a what-if replayed, a hyphen and its digest; or nothing."""
    if not isinstance(value, str) or not re.fullmatch("([1-9][0-9]*-[0-9a-f]{64})?", value):
        raise InputError("bad_reference", value=repr(value), fix="Copy it from the end of the what-if.")


_INSTANT_OR_NONE = attrs.field(
    default=None, converter=attrs.converters.optional(in_utc), validator=attrs.validators.optional(aware)
)


@attrs.frozen(kw_only=True)
class Adopt:
    """Adopt a programme definition. ``author`` wrote it; the actor approves it and is somebody else.

    A rulebook that reaches back needs the reference of a what-if that both have looked at.
    """

    definition: Definition
    author: str = attrs.field(validator=identifier)
    what_if: str = attrs.field(default="", validator=_reference)


@attrs.frozen(kw_only=True)
class Enrol:
    """Enrol a volunteer, or describe an enrolled one anew."""

    volunteer: str = attrs.field(validator=identifier)
    tags: tuple[str, ...] = attrs.field(default=(), validator=_each_word)
    place: Place = Place()
    household: str | None = attrs.field(default=None, validator=_optional_id)


@attrs.frozen(kw_only=True)
class Join:
    """Let a volunteer join a team from a day on."""

    volunteer: str = attrs.field(validator=identifier)
    team: str = attrs.field(validator=identifier)
    since: date = attrs.field(validator=calendar_day)


@attrs.frozen(kw_only=True)
class Leave:
    """Let a volunteer leave a team, or the programme when no team is named, from a day on."""

    volunteer: str = attrs.field(validator=identifier)
    since: date = attrs.field(validator=calendar_day)
    team: str | None = attrs.field(default=None, validator=_optional_id)


def _in_order(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    return tuple(sorted(intervals, key=lambda interval: interval.begin))


def _apart(instance: object, attribute: object, value: tuple[Interval, ...]) -> None:
    for earlier, later in pairwise(value):
        if earlier.overlaps(later):
            raise InputError("intervals_overlap", begin=later.begin.isoformat(), fix="Give intervals that do not meet.")


@attrs.frozen(kw_only=True)
class Submit:
    """Record service of one volunteer; the intervals are kept in their order.

    What took no time that counts, such as a donation, an inspection or an absence, names its day in ``on`` instead.
    """

    volunteer: str = attrs.field(validator=identifier)
    activity: str = attrs.field(validator=identifier)
    intervals: tuple[Interval, ...] = attrs.field(default=(), converter=_in_order, validator=_apart)
    team: str | None = attrs.field(default=None, validator=_optional_id)
    evidence: Evidence = Evidence.SUPERVISOR
    source: str = attrs.field(default="", validator=words)
    on: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    details: Details = Details()

    def __attrs_post_init__(self) -> None:
        _time_or_day(self.intervals, self.on)


def _time_or_day(intervals: tuple[Interval, ...], on: date | None) -> None:
    if not intervals and on is None:
        raise InputError("no_interval", fix="Say from when to when the service was.")
    if intervals and on is not None:
        raise InputError("day_and_times", on=on, fix="Give either the times of service or the day of what took none.")


@attrs.frozen(kw_only=True)
class Approve:
    """Approve a record; it is awarded at once, or when all have approved whom its route asks for."""

    record: str = attrs.field(validator=identifier)
    rating: str = attrs.field(default="", validator=words)
    """How the service was rated; it takes the place of what the record says."""


@attrs.frozen(kw_only=True)
class ApproveByRulebook:
    """Approve a record whose day is over and whose route needs nobody. Anybody may: the rulebook decides."""

    record: str = attrs.field(validator=identifier)


@attrs.frozen(kw_only=True)
class Confirm:
    """Let an award count whose public notice is over. Anybody may: the date decides."""

    record: str = attrs.field(validator=identifier)


@attrs.frozen(kw_only=True)
class Reject:
    """Reject a submitted record."""

    record: str = attrs.field(validator=identifier)
    reason: Reason


@attrs.frozen(kw_only=True)
class Void:
    """Withdraw a submitted record."""

    record: str = attrs.field(validator=identifier)
    reason: Reason


@attrs.frozen(kw_only=True)
class Reverse:
    """Take back the award of a record."""

    record: str = attrs.field(validator=identifier)
    reason: Reason


@attrs.frozen(kw_only=True)
class Correct:
    """Say what a decided record should have said: its award is taken back and made anew in one commit."""

    record: str = attrs.field(validator=identifier)
    requested_by: str = attrs.field(validator=identifier)
    reason: Reason
    intervals: tuple[Interval, ...] = attrs.field(default=(), converter=_in_order, validator=_apart)
    activity: str | None = attrs.field(default=None, validator=_optional_id)
    on: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    details: Details | None = None
    """What the record says besides from now on; left out, it stays as it was."""

    def __attrs_post_init__(self) -> None:
        _time_or_day(self.intervals, self.on)


@attrs.frozen(kw_only=True)
class Redeem:
    """Hold an item for a volunteer; ``held_until`` defaults to the rulebook's days."""

    volunteer: str = attrs.field(validator=identifier)
    item: str = attrs.field(validator=identifier)
    quantity: int = attrs.field(default=1, validator=positive)
    held_until: datetime | None = _INSTANT_OR_NONE
    payer: Whose = attrs.field(
        default=Whose.VOLUNTEER, validator=attrs.validators.in_([Whose.VOLUNTEER, Whose.HOUSEHOLD])
    )
    """Whose points are used: the volunteer's own, or those of the household."""


@attrs.frozen(kw_only=True)
class Collect:
    """Hand over what is held. ``collector`` and ``relation`` when it is not the volunteer who comes."""

    redemption: str = attrs.field(validator=identifier)
    collector: str = attrs.field(default="", validator=words)
    relation: str = attrs.field(default="", validator=words)


@attrs.frozen(kw_only=True)
class Cancel:
    """Give up a hold."""

    redemption: str = attrs.field(validator=identifier)
    reason: Reason


@attrs.frozen(kw_only=True)
class Lapse:
    """End a hold whose time is over."""

    redemption: str = attrs.field(validator=identifier)


@attrs.frozen(kw_only=True)
class Return:
    """Take collected goods back, all of them unless a quantity is given."""

    redemption: str = attrs.field(validator=identifier)
    reason: Reason
    quantity: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    damaged: bool = False


@attrs.frozen(kw_only=True)
class ReceiveStock:
    """Put goods on the shelf."""

    item: str = attrs.field(validator=identifier)
    quantity: int = attrs.field(validator=positive)
    best_before: datetime | None = _INSTANT_OR_NONE


@attrs.frozen(kw_only=True)
class WriteOffStock:
    """Take lost or spoilt goods off the shelf."""

    item: str = attrs.field(validator=identifier)
    quantity: int = attrs.field(validator=positive)
    reason: Reason


@attrs.frozen(kw_only=True)
class CountStock:
    """Say how many are really on the shelf."""

    item: str = attrs.field(validator=identifier)
    counted: int = attrs.field(validator=not_negative)
    reason: Reason


def _holder(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a volunteer's id, or a household, a team or a fund by its full name such as ``fund:care``."""
    noun, colon, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    identifier(instance, attribute, name if colon and noun in {"household", "team", "fund"} else value)


@attrs.frozen(kw_only=True)
class Expire:
    """Remove what is left of a volunteer's lots that have ended by the time of booking.

    Other holders are named in full: ``household:h-1``, ``team:repairs``, ``fund:care``.
    """

    volunteer: str = attrs.field(validator=_holder)
    currency: str = "points"


@attrs.frozen(kw_only=True)
class Transfer:
    """Give points to another volunteer, as far as the rulebook lets."""

    giver: str = attrs.field(validator=identifier)
    receiver: str = attrs.field(validator=identifier)
    points: int = attrs.field(validator=positive)
    currency: str = "points"


@attrs.frozen(kw_only=True)
class Donate:
    """Give points to a fund, as far as the rulebook lets."""

    giver: str = attrs.field(validator=identifier)
    fund: str = attrs.field(validator=identifier)
    points: int = attrs.field(validator=positive)
    currency: str = "points"


@attrs.frozen(kw_only=True)
class Endow:
    """Put points into a fund by decision of two people."""

    fund: str = attrs.field(validator=identifier)
    points: int = attrs.field(validator=positive)
    requested_by: str = attrs.field(validator=identifier)
    reason: Reason
    currency: str = "points"


@attrs.frozen(kw_only=True)
class Adjust:
    """Give points (above nought) or take them (below) by decision of two people."""

    volunteer: str = attrs.field(validator=identifier)
    points: int = attrs.field(validator=whole)
    requested_by: str = attrs.field(validator=identifier)
    reason: Reason
    currency: str = "points"

    def __attrs_post_init__(self) -> None:
        if not self.points:
            raise InputError("not_positive", field="points", value=0, fix="Give a number above or below 0.")


@attrs.frozen(kw_only=True)
class OpenBalance:
    """Bring over points and minutes from before the ledger began; ``ends`` is when those points end."""

    volunteer: str = attrs.field(validator=identifier)
    requested_by: str = attrs.field(validator=identifier)
    reason: Reason
    points: int = attrs.field(default=0, validator=not_negative)
    minutes: int = attrs.field(default=0, validator=not_negative)
    currency: str = "points"
    ends: datetime | None = _INSTANT_OR_NONE

    def __attrs_post_init__(self) -> None:
        if not self.points and not self.minutes:
            raise InputError("not_positive", field="points", value=0, fix="Give points, minutes or both.")


@attrs.frozen(kw_only=True)
class ClosePeriod:
    """Close every day before ``until`` for booking."""

    until: date = attrs.field(validator=calendar_day)


Command: TypeAlias = (
    Adopt
    | Enrol
    | Join
    | Leave
    | Submit
    | Approve
    | ApproveByRulebook
    | Confirm
    | Reject
    | Void
    | Reverse
    | Correct
    | Redeem
    | Collect
    | Cancel
    | Lapse
    | Return
    | ReceiveStock
    | WriteOffStock
    | CountStock
    | Expire
    | Transfer
    | Donate
    | Endow
    | Adjust
    | OpenBalance
    | ClosePeriod
)


def _key(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or not value.isprintable():  # noqa: PLR2004
        raise InputError("bad_key", value=repr(value), fix="Use 1 to 200 printable characters.")


@attrs.frozen(kw_only=True)
class Request:
    """A command with who brings it, when, and under which idempotency key."""

    ledger: str = attrs.field(validator=identifier)
    key: str = attrs.field(validator=_key)
    actor: str = attrs.field(validator=identifier)
    booked_at: datetime = attrs.field(converter=in_utc, validator=aware)
    command: Command

    @property
    def digest(self) -> str:
        """What makes two requests the same content: the command and the actor, not the time of booking."""
        return digest([type(self.command).__name__, self.actor, self.command])
