"""Where a volunteer stands: the level of a ladder, and what an item costs whom, as of now. Nothing is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, TypeVar

import attrs

from volunteer_points.books import Question
from volunteer_points.decisions.case import (
    Frame,
    VolunteerState,
    available,
    refuse,
    volunteer_question,
    volunteer_state,
)
from volunteer_points.decisions.measuring import Measurer, facts_about
from volunteer_points.decisions.redemption import counter_of, item_question, listed_item, on_hand, usual_price
from volunteer_points.model import (
    Condition,
    Exchange,
    Facts,
    Item,
    Ladder,
    Level,
    Limit,
    LimitOf,
    OwnRule,
    Price,
    Shown,
    SpecialPrice,
    ladder_named,
)
from volunteer_points.rules import Rulebook

Answer = TypeVar("Answer")
Fetch = Callable[[Iterable[Question[Any]]], Mapping[Question[Any], Any]]


@attrs.frozen
class Inquiry:
    """Books at an instant, for somebody who only wants to know."""

    frame: Frame
    booked_at: datetime
    fetch: Fetch
    answers: dict[Question[Any], Any] = attrs.field(factory=dict)

    @property
    def booking_day(self) -> date:
        """Its day."""
        return self.frame.calendar.day(self.booked_at)

    def need(self, *questions: Question[object]) -> None:
        """Fetch what is not there yet."""
        missing = [question for question in questions if question not in self.answers]
        if missing:
            self.answers.update(self.fetch(missing))

    def ask(self, question: Question[Answer]) -> Answer:
        """An answer as of now."""
        self.need(question)
        answer: Answer = self.answers[question]
        return answer

    def volunteer(self, volunteer: str) -> VolunteerState:
        """What is known of a volunteer.

        Raises:
            Refused: ``unknown_volunteer``.
        """
        entries = self.ask(volunteer_question(volunteer))
        state = volunteer_state(volunteer, tuple(entry.fact for entry in entries))
        return state or refuse("unknown_volunteer", volunteer=volunteer)

    def facts(
        self,
        person: VolunteerState,
        rulebook: Rulebook,
        conditions: tuple[Condition, ...],
        price: OwnRule | None = None,
    ) -> Facts:
        """What conditions are held against today."""
        asking = Measurer(self, person.id, person.household)
        return facts_about(self, asking, rulebook, conditions, person.tags, self.booking_day, price=price)


# --- levels ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Rung:
    """A level with how each of its conditions came out."""

    level: Level
    shown: tuple[Shown, ...]

    @property
    def met(self) -> bool:
        """Whether all of them hold."""
        return all(each.met for each in self.shown)


@attrs.frozen(kw_only=True)
class Rank:
    """Which level of a ladder a volunteer has on a day, and why."""

    volunteer: str
    ladder: Ladder
    rulebook: Rulebook
    day: date
    rungs: tuple[Rung, ...]
    """From the lowest level to the highest."""

    @property
    def place(self) -> int | None:
        """The place of the highest level whose conditions hold, the lowest being 0."""
        return max((place for place, rung in enumerate(self.rungs) if rung.met), default=None)

    @property
    def level(self) -> Level | None:
        """That level."""
        return None if self.place is None else self.rungs[self.place].level

    @property
    def following(self) -> Rung | None:
        """The next level above; None on the highest."""
        place = 0 if self.place is None else self.place + 1
        return self.rungs[place] if place < len(self.rungs) else None


def rank(inquiry: Inquiry, volunteer: str, ladder: str = "") -> Rank:
    """The level of a volunteer under today's rulebook; where it has one ladder, that need not be named.

    Raises:
        Refused: ``unknown_volunteer``, ``no_rulebook`` or ``which_ladder``.
        InputError: ``unknown_ladder``.
    """
    person, rulebook = inquiry.volunteer(volunteer), inquiry.frame.rulebook_on(inquiry.booking_day)
    if not ladder and len(rulebook.ladders) != 1:
        refuse("which_ladder", rulebook=rulebook.id, known=[each.id for each in rulebook.ladders])
    found = ladder_named(rulebook.ladders, ladder or rulebook.ladders[0].id)
    facts = inquiry.facts(person, rulebook, tuple(each for level in found.levels for each in level.conditions))
    rungs = tuple(Rung(level, tuple(map(facts.shown, level.conditions))) for level in found.levels)
    return Rank(volunteer=volunteer, ladder=found, rulebook=rulebook, day=inquiry.booking_day, rungs=rungs)


# --- prices ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Offer:
    """A special price with how each of its conditions came out."""

    price: SpecialPrice
    shown: tuple[Shown, ...]

    @property
    def met(self) -> bool:
        """Whether all of them hold."""
        return all(each.met for each in self.shown)


@attrs.frozen
class Room:
    """A limit, and how much of it was used."""

    limit: Limit
    used: int

    @property
    def left(self) -> int:
        """How much is left."""
        return max(0, self.limit.at_most - self.used)


@attrs.frozen(kw_only=True)
class Quote:
    """What one unit of an item costs a volunteer on a day, and what stands in the way of redeeming it.

    Points are smallest parts of the item's currency.
    """

    volunteer: str
    item: Item
    rulebook: Rulebook
    day: date
    points: int
    cash: Fraction
    usual: int
    """The points of the usual price."""
    listed: Price | None
    """The usual price as the catalogue lists it; None where the item has a worth instead."""
    exchange: Exchange | None
    """What turned its worth into points."""
    told: tuple[tuple[str, str], ...]
    """The name and version of a developer's own rule that gave the usual price, and what it told."""
    offers: tuple[Offer, ...]
    conditions: tuple[Shown, ...]
    """The conditions for redeeming it at all."""
    is_open: bool
    limits: tuple[Room, ...]
    available: int
    on_hand: int | None
    """What is on the shelf; None where no stock is kept."""

    @property
    def offer(self) -> Offer | None:
        """The special price that counts: the first whose conditions hold."""
        return next((each for each in self.offers if each.met), None)

    @property
    def missing(self) -> int:
        """How many points are missing for one unit and the least balance."""
        return max(0, self.points - self.available, self.rulebook.redemption.minimum_balance - self.available)

    @property
    def can_be_redeemed(self) -> bool:
        """Whether one unit can be redeemed now."""
        return (
            self.is_open
            and not self.missing
            and self.on_hand != 0
            and all(each.met for each in self.conditions)
            and all(room.left >= (self.points if room.limit.of is LimitOf.POINTS else 1) for room in self.limits)
        )


def quote(inquiry: Inquiry, volunteer: str, item: str) -> Quote:
    """What one unit costs a volunteer now.

    Raises:
        Refused: ``unknown_volunteer``, ``unknown_item``, ``item_not_offered``, ``no_exchange`` or ``no_rulebook``.
    """
    day = inquiry.booking_day
    person, rulebook = inquiry.volunteer(volunteer), inquiry.frame.rulebook_on(day)
    inquiry.need(item_question(item))
    found, rule = listed_item(inquiry, item), rulebook.redemption
    specials = tuple(each for each in found.special_prices if each.holds_on(day))
    must = (*rule.conditions, *found.conditions)
    conditions = (*must, *(each for price in specials for each in price.conditions))
    facts = inquiry.facts(person, rulebook, conditions, price=found.own)
    usual = usual_price(inquiry, found, rulebook, facts)
    if usual is None:
        refuse("item_not_offered", item=item, day=day)
    offers = tuple(Offer(price, tuple(map(facts.shown, price.conditions))) for price in specials)
    taken = next((offer.price for offer in offers if offer.met), None)
    counters = {
        limit: counter_of(inquiry, limit, found, volunteer, person.household) for limit in rule.limits_for(found)
    }
    inquiry.need(*counters.values())
    hour = inquiry.frame.calendar.local(inquiry.booked_at).time()
    return Quote(
        volunteer=volunteer,
        item=found,
        rulebook=rulebook,
        day=day,
        points=usual.points if taken is None else taken.points,
        cash=usual.cash if taken is None else taken.cash or Fraction(0),
        usual=usual.points,
        listed=found.listed_on(day),
        exchange=None if found.worth is None else rule.exchange_for(found),
        told=usual.told,
        offers=offers,
        conditions=tuple(map(facts.shown, must)),
        is_open=rule.open_on(day) and rule.open_at(day, hour),
        limits=tuple(Room(limit, -inquiry.ask(counter)) for limit, counter in counters.items()),
        available=_live(inquiry.ask(available(volunteer, found.currency)), inquiry.booked_at),
        on_hand=_live(inquiry.ask(on_hand(found)), inquiry.booked_at) if found.stocked else None,
    )


def _live(lots: Mapping[datetime | None, int], at: datetime) -> int:
    return sum(amount for lot, amount in lots.items() if lot is None or lot > at)
