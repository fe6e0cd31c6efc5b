"""The nouns: who takes part, what they do and what can be had for points.

Nothing here knows rules, entries or stores. Every value is immutable and checks the facts of the field when it is
made: a whole number is no float and no boolean, an instant knows its zone, an interval ends after it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from volunteer_points.errors import InputError, suggestion

VolunteerId = NewType("VolunteerId", str)
HouseholdId = NewType("HouseholdId", str)
RecordId = NewType("RecordId", str)
RedemptionId = NewType("RedemptionId", str)
ActorId = NewType("ActorId", str)
LedgerId = NewType("LedgerId", str)

AMOUNT_MAX = 10**15
"""No single amount may be larger: far above any community, far below where a database or JSON loses digits."""

RECORD_SPAN_DAYS_MAX = 7
"""A record spans at most this many days from its first beginning to its last end."""

TEXT_LENGTH_MAX = 500
"""Words within the ledger are short: what is longer belongs beside it."""

RESERVED_UNITS = frozenset({"minutes", "redemptions", "units"})
"""What the ledger counts besides currencies and items; no currency may be called so."""

_YEARS = range(1900, 3000)
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_ID = re.compile(r"[\w.\-]{1,64}", re.UNICODE)


def whole(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number within bounds; floats and booleans are refused."""
    if type(value) is not int:
        raise InputError("not_whole", field=attribute.name, value=repr(value), fix="Give a whole number.")
    if not -AMOUNT_MAX <= value <= AMOUNT_MAX:
        raise InputError("too_large", field=attribute.name, value=value, most=AMOUNT_MAX)


def positive(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number of at least one."""
    whole(instance, attribute, value)
    if isinstance(value, int) and value < 1:
        raise InputError("not_positive", field=attribute.name, value=value, fix="Give at least 1.")


def not_negative(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a whole number of at least nought."""
    whole(instance, attribute, value)
    if isinstance(value, int) and value < 0:
        raise InputError("negative", field=attribute.name, value=value, fix="Give 0 or more.")


def aware(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an instant that knows its zone and lies within the years that calendars can reckon with."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InputError(
            "naive_datetime", field=attribute.name, value=str(value), fix="Give the time with its zone, as +08:00."
        )
    if value.year not in _YEARS:
        raise InputError("not_an_instant", field=attribute.name, value=str(value), fix="Check the year.")


def in_utc(value: datetime) -> datetime:
    """The same instant in UTC, where times can be compared and taken from each other; a naive one stays as it is.

    Python compares two times of one zone by their wall clocks, which is wrong on the night when clocks are changed.
    """
    try:
        return value if value.utcoffset() is None else value.astimezone(UTC)
    except (AttributeError, OverflowError):
        return value  # the validator says what is wrong with it


def calendar_day(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a day; an instant is refused, though Python calls it a date."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InputError("not_a_day", field=attribute.name, value=repr(value), fix="Give a day without a time.")


def words(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a short text; half a character, which no encoding can write, is refused."""
    if not isinstance(value, str) or len(value) > TEXT_LENGTH_MAX or _HALF_A_CHARACTER.search(value):
        fix = f"Give at most {TEXT_LENGTH_MAX} characters."
        raise InputError("not_text", field=attribute.name, value=repr(value)[:80], fix=fix)


def at_most(most: int) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """A validator of whole numbers that have a bound of their own, because calendars end."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if isinstance(value, int) and value > most:
            raise InputError("too_large", field=attribute.name, value=value, most=most)

    return check


def identifier(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an id: letters of any script, digits, ``_``, ``-`` and ``.``, at most 64 of them."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InputError(
            "bad_id", field=attribute.name, value=repr(value), fix="Use 1 to 64 letters, digits, '-', '_' or '.'."
        )


class Period(StrEnum):
    """A stretch of the programme's calendar over which something is counted."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    EVER = "ever"


@attrs.frozen(kw_only=True)
class Calendar:
    """How instants become the programme's days: its zone and the time at which a day starts.

    >>> calendar = Calendar(zone="Asia/Shanghai")
    >>> calendar.day(datetime.fromisoformat("2026-03-13T16:30:00+00:00")).isoformat()
    '2026-03-14'
    """

    zone: str
    day_starts_at: time = time(0)

    def __attrs_post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError("unknown_zone", zone=self.zone, fix="Use a name such as Asia/Shanghai.") from None
        if self.day_starts_at.tzinfo or self.day_starts_at.second or self.day_starts_at.microsecond:
            raise InputError("not_a_time", value=str(self.day_starts_at), fix="Write hours and minutes, as 05:00.")

    def local(self, instant: datetime) -> datetime:
        """The instant as the wall clock of the programme shows it."""
        return instant.astimezone(ZoneInfo(self.zone))

    def day(self, instant: datetime) -> date:
        """The programme's day in which an instant lies: it begins at :meth:`start_of`, and ends with the next one."""
        day = self.local(instant).date()
        if instant < self.start_of(day):
            return day - timedelta(days=1)
        return day if instant < self.start_of(day + timedelta(days=1)) else day + timedelta(days=1)

    def start_of(self, day: date) -> datetime:
        """The first instant of a day, in UTC.

        Where clocks are changed at that hour, it is the first of two, or what the old clock would have shown.
        """
        return datetime.combine(day, self.day_starts_at, ZoneInfo(self.zone)).astimezone(UTC)


def period_around(day: date, period: Period) -> tuple[date | None, date | None]:
    """The first day of the period in which ``day`` lies and the first day after it; both are None for ever."""
    match period:
        case Period.DAY:
            return day, day + timedelta(days=1)
        case Period.WEEK:
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(days=7)
        case Period.EVER:
            return None, None
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, add_months(first, months)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month_ends = date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return month_ends.replace(day=min(day.day, month_ends.day))


@attrs.frozen(kw_only=True)
class Interval:
    """Service from one instant up to, and not including, another. Both are kept in UTC."""

    begin: datetime = attrs.field(converter=in_utc, validator=aware)
    end: datetime = attrs.field(converter=in_utc, validator=aware)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.begin:
            raise InputError(
                "ends_before_it_begins", begin=self.begin.isoformat(), end=self.end.isoformat(), fix="Check both times."
            )

    @property
    def minutes(self) -> int:
        """Whole minutes served; a begun minute does not count."""
        return (self.end - self.begin) // timedelta(minutes=1)

    def overlaps(self, other: Interval) -> bool:
        """Whether some instant lies in both."""
        return self.begin < other.end and other.begin < self.end


def minutes_in(intervals: Iterable[Interval]) -> int:
    """Whole minutes served in all of the intervals together, however they are split."""
    return sum((interval.end - interval.begin for interval in intervals), timedelta()) // timedelta(minutes=1)


class Evidence(StrEnum):
    """How well a record is supported."""

    SIGNED = "signed"
    SUPERVISOR = "supervisor"
    MAKE_UP = "make_up"
    SELF = "self"


@attrs.frozen(kw_only=True)
class Place:
    """Where a volunteer lives, as far as totals are rolled up by it; never an address of one household."""

    grid: str = attrs.field(default="", validator=words)
    building: str = attrs.field(default="", validator=words)
    unit: str = attrs.field(default="", validator=words)


@attrs.frozen(kw_only=True)
class Slot:
    """One slot of a team structure: how many teams it must hold. ``exactly`` excludes the other two."""

    id: str = attrs.field(validator=identifier)
    name: str = ""
    exactly: int | None = attrs.field(default=None, validator=attrs.validators.optional(not_negative))
    at_least: int = attrs.field(default=0, validator=not_negative)
    at_most: int | None = attrs.field(default=None, validator=attrs.validators.optional(not_negative))

    def bounds(self) -> tuple[int, int | None]:
        """The fewest and the most teams that it may hold."""
        return (self.exactly, self.exactly) if self.exactly is not None else (self.at_least, self.at_most)


@attrs.frozen(kw_only=True)
class TeamStructure:
    """The slots of a programme's teams. N, the number of special teams, is derived and never stored."""

    label: str = "5+N+1"
    slots: tuple[Slot, ...] = (
        Slot(id="standing", name="常设队伍", exactly=5),
        Slot(id="special", name="特色队伍", at_least=0),
        Slot(id="coordinating", name="统筹队伍", exactly=1),
    )

    def problems(self, teams: tuple[Team, ...], day: date) -> tuple[str, ...]:
        """What does not fit on a day, in sentences; empty when every slot holds what it must."""
        known = {slot.id for slot in self.slots}
        active = [team for team in teams if team.active_on(day) and team.parent is None]
        found = [
            f"team {team.id}: unknown slot {team.slot!r}. {suggestion(team.slot, known)}".strip()
            for team in active
            if team.slot not in known
        ]
        for slot in self.slots:
            count = sum(team.slot == slot.id for team in active)
            fewest, most = slot.bounds()
            if count < fewest or (most is not None and count > most):
                wanted = f"exactly {fewest}" if fewest == most else f"{fewest} to {'any' if most is None else most}"
                found.append(f"slot {slot.id}: {count} teams on {day}, the structure {self.label} asks for {wanted}")
        return (*found, *self._label_problems())

    def _label_problems(self) -> tuple[str, ...]:
        """A label made of numbers and N must agree with the slots, part by part."""
        parts = self.label.split("+")
        if not all(part == "N" or part.isdecimal() for part in parts):
            return ()
        if len(parts) != len(self.slots):
            return (f"label {self.label}: {len(parts)} parts, but there are {len(self.slots)} slots",)
        return tuple(
            f"label {self.label}: part {part} does not say what slot {slot.id} asks for"
            for part, slot in zip(parts, self.slots, strict=True)
            if (None if part == "N" else int(part)) != slot.exactly
        )


@attrs.frozen(kw_only=True)
class Team:
    """A volunteer team; it belongs to one slot and may have a parent, then it fills no slot of its own."""

    id: str = attrs.field(validator=identifier)
    name: str
    slot: str = attrs.field(validator=identifier)
    parent: str | None = None
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    assumed: bool = False
    """The community has not yet confirmed this team, its name or its slot."""

    def active_on(self, day: date) -> bool:
        """Whether the team exists on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@attrs.frozen(kw_only=True)
class Household:
    """A household: a holder that several volunteers share; limits may count by it."""

    id: str = attrs.field(validator=identifier)
    place: Place = Place()


@attrs.frozen(kw_only=True)
class Partner:
    """A partner who gives goods or services and verifies collection codes."""

    id: str = attrs.field(validator=identifier)
    name: str


@attrs.frozen(kw_only=True)
class Activity:
    """What volunteers do."""

    id: str = attrs.field(validator=identifier)
    name: str
    type: str = "service"
    team: str | None = None
    aliases: tuple[str, ...] = ()
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))

    def offered_on(self, day: date) -> bool:
        """Whether service may be given on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@attrs.frozen(kw_only=True)
class Currency:
    """What is earned. Amounts are whole numbers of its smallest part: with one decimal, 811 means 81.1."""

    id: str = attrs.field(validator=identifier)
    name: str = "积分"
    decimals: int = attrs.field(default=0, validator=not_negative)

    def __attrs_post_init__(self) -> None:
        if self.decimals > 6:  # noqa: PLR2004 - beyond six decimals nobody counts points
            raise InputError("too_many_decimals", currency=self.id, decimals=self.decimals, most=6)
        if self.id in RESERVED_UNITS:
            raise InputError("bad_id", field="id", value=repr(self.id), fix="The ledger counts that already.")

    @property
    def scale(self) -> int:
        """How many smallest parts make one."""
        return int(10**self.decimals)

    def shown(self, amount: int) -> str:
        """The amount as people write it: 811 with one decimal is ``81.1``."""
        if not self.decimals:
            return str(amount)
        units, parts = divmod(abs(amount), self.scale)
        return f"{'-' if amount < 0 else ''}{units}.{parts:0{self.decimals}d}"


class ItemKind(StrEnum):
    """What a catalogue item is."""

    GOOD = "good"
    SERVICE = "service"
    VOUCHER = "voucher"


@attrs.frozen(kw_only=True)
class Price:
    """What one unit of an item costs from a day on, in whole smallest parts of the currency; nought is allowed."""

    points: int = attrs.field(validator=not_negative)
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))


@attrs.frozen(kw_only=True)
class Limit:
    """At most so many redemptions, or units of items, per person or household in a period."""

    at_most: int = attrs.field(validator=positive)
    per: Period
    of: str = attrs.field(default="units", validator=attrs.validators.in_(["units", "redemptions"]))
    by: str = attrs.field(default="volunteer", validator=attrs.validators.in_(["volunteer", "household"]))
    item: str | None = None


@attrs.frozen(kw_only=True)
class Item:
    """A catalogue item: a good with stock or a service without, given by a partner, at dated prices."""

    id: str = attrs.field(validator=identifier)
    name: str
    partner: str = attrs.field(validator=identifier)
    prices: tuple[Price, ...] = attrs.field(validator=attrs.validators.min_len(1))
    kind: ItemKind = ItemKind.GOOD
    stocked: bool = True
    returnable: bool = True
    currency: str = "points"
    aliases: tuple[str, ...] = ()
    since: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))
    until: date | None = attrs.field(default=None, validator=attrs.validators.optional(calendar_day))

    def __attrs_post_init__(self) -> None:
        days = [price.since for price in self.prices]
        later = [day for day in days[1:] if day is not None]
        if len(later) != len(days) - 1 or sorted({*later}) != later or (days[0] and later and later[0] <= days[0]):
            raise InputError("price_dates", item=self.id, fix="Give each price after the first a later 'since' day.")

    def price_on(self, day: date) -> int | None:
        """Points for one unit on that day; None when it is not offered then."""
        if (self.since and day < self.since) or (self.until and day >= self.until):
            return None
        return next((p.points for p in reversed(self.prices) if p.since is None or p.since <= day), None)


class Right(StrEnum):
    """What an actor may do."""

    RECORD = "record"
    APPROVE = "approve"
    REDEEM = "redeem"
    COLLECT = "collect"
    STOCK = "stock"
    ADJUST = "adjust"
    ENROL = "enrol"
    CLOSE = "close"


@attrs.frozen(kw_only=True)
class Duty:
    """What an actor may do, and for which teams or partners; none named means for all."""

    actor: str = attrs.field(validator=identifier)
    may: tuple[Right, ...]
    teams: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    volunteer: str | None = None
    """The actor's own volunteer id, where it is another: nobody decides about themselves under two names."""


@attrs.frozen(kw_only=True)
class Reason:
    """Why something was done: a code, and the salted hash of a text that is kept beside the ledger."""

    code: str = attrs.field(validator=identifier)
    seal: str = attrs.field(default="", validator=words)
