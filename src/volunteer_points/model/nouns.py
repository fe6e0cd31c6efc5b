"""Who takes part and what they do: teams in their slots, households, partners, activities, duties."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import attrs

from volunteer_points.errors import InputError, suggestion
from volunteer_points.model.values import calendar_day, identifier, not_negative, positive, words


class Evidence(StrEnum):
    """How well a record is supported."""

    SIGNED = "signed"
    SUPERVISOR = "supervisor"
    MAKE_UP = "make_up"
    SELF = "self"


def _short_words(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        words(instance, attribute, each)


@attrs.frozen(kw_only=True)
class Quantity:
    """A whole number of something other than time: 400 of ``ml``, 3 of ``trees``, 5 of ``score``."""

    unit: str = attrs.field(validator=identifier)
    amount: int = attrs.field(validator=positive)


@attrs.frozen(kw_only=True)
class Details:
    """What a record says besides who, what and when; rules may look at all of it."""

    role: str = attrs.field(default="", validator=words)
    marks: tuple[str, ...] = attrs.field(default=(), validator=_short_words)
    """Words such as ``skilled`` or ``risk-2`` that the rulebook knows."""
    rating: str = attrs.field(default="", validator=words)
    participants: int = attrs.field(default=1, validator=positive)
    quantities: tuple[Quantity, ...] = ()
    planned_minutes: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    travel_minutes: int = attrs.field(default=0, validator=not_negative)
    """The way there and back, which is not within the intervals."""
    beneficiary: str | None = None
    """The volunteer who was served, where somebody keeps account of that."""

    def __attrs_post_init__(self) -> None:
        units = [quantity.unit for quantity in self.quantities]
        if len(set(units)) != len(units):
            raise InputError("quantity_twice", units=units, fix="Add them up.")

    def quantity(self, unit: str) -> int:
        """How much of a unit; nought when nothing is said of it."""
        return sum(quantity.amount for quantity in self.quantities if quantity.unit == unit)


@attrs.frozen(kw_only=True)
class Fund:
    """A pot of points that pays for service or takes donations; it is never below nought."""

    id: str = attrs.field(validator=identifier)
    name: str = attrs.field(default="", validator=words)


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
    CERTIFY = "certify"
    """Approve what a route of approval reserves to a higher body."""


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
