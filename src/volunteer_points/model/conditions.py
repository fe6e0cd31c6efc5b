"""What the books must show before something is allowed: measures over windows, held against bounds.

A **measure** is a number that the books know of somebody: hours served, times taken part, points earned. A
**condition** holds measures against bounds, or asks for tags or a level. A **ladder** is a list of levels, each with
its conditions. The same conditions decide who earns, who may redeem, which price holds and which level is reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError
from volunteer_points.model.measures import (
    IN_A_CURRENCY,
    Measured,
    Of,
    Reading,
    Whose,
    number_text,
    reading,
    window_text,
)
from volunteer_points.model.own import NO_OWN_RULES, Answer, Given, OwnRule, OwnRules, Use
from volunteer_points.model.values import identifier, words


def _bound(value: object) -> Fraction | None:
    return None if value is None else exact(value)


@attrs.frozen(kw_only=True)
class Condition:
    """Something that must hold: a measure or an own rule within bounds, tags, or a level. All that is named must hold.

    ``at_least`` is reached, ``below`` is not; with ``for_each`` both are multiplied by another measure, so that
    ten points for each hour is ``of = "earned", at_least = 10, for_each = "hours"``. ``for_each_unit`` is the unit of
    that other measure where it is not the same, such as the currency in which hours are spent.
    """

    id: str = attrs.field(validator=identifier)
    of: Of | None = None
    unit: str = "points"
    activities: tuple[str, ...] = ()
    whose: Whose = attrs.field(
        default=Whose.VOLUNTEER, validator=attrs.validators.not_(attrs.validators.in_([Whose.PROGRAMME]))
    )
    over: str = attrs.field(default="ever", validator=window_text)
    at_least: Fraction | None = attrs.field(default=None, converter=_bound)
    below: Fraction | None = attrs.field(default=None, converter=_bound)
    for_each: Of | None = None
    for_each_unit: str = ""
    tags: tuple[str, ...] = ()
    """One of these tags is enough."""
    without_tags: tuple[str, ...] = ()
    each_activity: bool = False
    """Measured on the activity at hand alone; for conditions of recording."""
    ladder: str = ""
    level: str = ""
    """At least this level of the ladder."""
    clause: str = attrs.field(default="", validator=words)
    own: OwnRule | None = None
    """A developer's own rule, whose number is held against the bounds."""

    def __attrs_post_init__(self) -> None:
        bounded = self.at_least is not None or self.below is not None
        if (self.of is not None or self.own is not None) is not bounded:
            raise InputError("condition_unclear", condition=self.id, fix="Give 'of' with 'at_least' or 'below'.")
        if self.own is not None and (self.of is not None or self.activities or self.each_activity):
            raise InputError(
                "condition_unclear",
                condition=self.id,
                fix="Beside 'own' give bounds alone: its parameters say what it looks at.",
            )
        if bool(self.ladder) is not bool(self.level):
            raise InputError("condition_unclear", condition=self.id, fix="Give 'ladder' together with 'level'.")
        if not (bounded or self.tags or self.without_tags or self.level):
            raise InputError("condition_empty", condition=self.id, fix="Say what must hold, or leave it out.")

    def readings(self, day: date, own_rules: OwnRules = NO_OWN_RULES) -> Iterator[Reading]:
        """What must be known to decide it, besides tags and level."""
        if self.of is not None:
            yield reading(self.of, self, day)
        if self.own is not None:
            yield from own_readings(Use.CONDITION, self.own, day, own_rules)
        if self.for_each is not None:
            yield reading(self.for_each, self.factor, day)

    @property
    def factor(self) -> Condition:
        """What is measured to multiply the bounds: the same with the unit of ``for_each``."""
        return attrs.evolve(self, unit=self.for_each_unit) if self.for_each_unit else self


@attrs.frozen(kw_only=True)
class Level:
    """One level of a ladder, with all that must hold for it."""

    id: str = attrs.field(validator=identifier)
    name: str = attrs.field(default="", validator=words)
    conditions: tuple[Condition, ...] = attrs.field(validator=attrs.validators.min_len(1))
    certified: bool = False
    """It is also to be awarded by decision: reaching the numbers lets somebody apply."""


@attrs.frozen(kw_only=True)
class Ladder:
    """Levels from the lowest to the highest, such as stars. The level is the highest whose conditions hold."""

    id: str = attrs.field(validator=identifier)
    name: str = attrs.field(default="", validator=words)
    levels: tuple[Level, ...] = attrs.field(validator=attrs.validators.min_len(1))
    clause: str = attrs.field(default="", validator=words)

    def __attrs_post_init__(self) -> None:
        for level in self.levels:
            if any(condition.ladder for condition in level.conditions):
                raise InputError("ladder_within_ladder", ladder=self.id, level=level.id, fix="Use measures and tags.")


@attrs.frozen(kw_only=True)
class Shown:
    """How a condition came out: what it wanted and what was found, as text."""

    condition: Condition
    met: bool
    wanted: str = ""
    found: str = ""
    missing: str = ""
    """How much more it takes, where a number is too small."""
    told: tuple[tuple[str, str], ...] = ()
    """The facts that an own rule told, by name."""


@attrs.frozen
class Facts:
    """What conditions are held against: a day, tags, ladders, and the readings that were asked for."""

    day: date
    tags: frozenset[str] = frozenset()
    ladders: tuple[Ladder, ...] = ()
    values: Mapping[Reading, int] = attrs.field(factory=dict)
    scales: Mapping[str, int] = attrs.field(factory=dict)
    own_rules: OwnRules = NO_OWN_RULES

    def own(self, use: Use, own: OwnRule, about: object = None) -> Answer:
        """What a developer's own rule gives.

        Raises:
            Refused: ``own_rule_missing``, ``own_rule_failed`` or ``own_rule_broken``.
        """
        asked = self.own_rules.measures(use, own)
        measured = {name: self.measure(each.of, each) for name, each in asked.items()}
        given: Given[Any] = Given(
            parameters=own.parameters,
            day=self.day,
            tags=tuple(sorted(self.tags)),
            measured=MappingProxyType(measured),
            about=about,
        )
        return self.own_rules.answer(use, own, given)

    def measure(self, of: Of, measured: Measured) -> Fraction:
        """The number: hours and points as people write them."""
        value = Fraction(self.values[reading(of, measured, self.day)])
        if of is Of.HOURS:
            return value / 60
        return value / self.scales.get(measured.unit, 1) if of in IN_A_CURRENCY else value

    def shown(self, condition: Condition) -> Shown:
        """Hold a condition against what is known."""
        shown = Shown(condition=condition, met=True)
        if condition.of is not None:
            shown = self._bounds(condition, self.measure(condition.of, condition))
        elif condition.own is not None:
            answer = self.own(Use.CONDITION, condition.own)
            shown = attrs.evolve(self._bounds(condition, answer.number), told=answer.facts)
        if not shown.met:
            return shown
        if condition.tags and self.tags.isdisjoint(condition.tags):
            return Shown(condition=condition, met=False, wanted=", ".join(condition.tags))
        if not self.tags.isdisjoint(condition.without_tags):
            found = ", ".join(sorted(self.tags.intersection(condition.without_tags)))
            return Shown(condition=condition, met=False, found=found)
        if condition.ladder:
            return self._level(condition)
        return shown

    def _bounds(self, condition: Condition, found: Fraction) -> Shown:
        factor = Fraction(1) if condition.for_each is None else self.measure(condition.for_each, condition.factor)
        least = None if condition.at_least is None else condition.at_least * factor
        below = None if condition.below is None else condition.below * factor
        met = (least is None or found >= least) and (below is None or found < below)
        wanted = [f"≥ {number_text(least)}"] if least is not None else []
        wanted += [f"< {number_text(below)}"] if below is not None else []
        missing = number_text(least - found) if least is not None and found < least else ""
        return Shown(condition=condition, met=met, wanted=" ".join(wanted), found=number_text(found), missing=missing)

    def _level(self, condition: Condition) -> Shown:
        ladder = ladder_named(self.ladders, condition.ladder)
        wanted = next(number for number, level in enumerate(ladder.levels) if level.id == condition.level)
        reached = self.level(ladder)
        found = "" if reached is None else ladder.levels[reached].id
        return Shown(
            condition=condition, met=reached is not None and reached >= wanted, wanted=condition.level, found=found
        )

    def level(self, ladder: Ladder) -> int | None:
        """The place of the highest level whose conditions all hold, the lowest being 0; None when none is reached."""
        reached = [
            number
            for number, level in enumerate(ladder.levels)
            if all(self.shown(condition).met for condition in level.conditions)
        ]
        return max(reached, default=None)

    def unmet(self, conditions: Iterable[Condition]) -> Shown | None:
        """The first condition that does not hold."""
        return next((shown for shown in map(self.shown, conditions) if not shown.met), None)


def ladder_named(ladders: Iterable[Ladder], name: str) -> Ladder:
    """The ladder of that name.

    Raises:
        InputError: ``unknown_ladder``; adopting a rulebook has ruled that out.
    """
    for ladder in ladders:
        if ladder.id == name:
            return ladder
    raise InputError("unknown_ladder", ladder=name, fix="Describe the ladder in the rulebook.")


def own_readings(use: Use, own: OwnRule, day: date, own_rules: OwnRules) -> Iterator[Reading]:
    """All that must be known for a developer's own rule.

    Raises:
        Refused: ``own_rule_missing`` or ``own_rule_failed``.
    """
    return (reading(each.of, each, day) for each in own_rules.measures(use, own).values())


def readings(
    conditions: Iterable[Condition], ladders: tuple[Ladder, ...], day: date, own_rules: OwnRules = NO_OWN_RULES
) -> tuple[Reading, ...]:
    """All that must be known to hold conditions against the books, each once, in the order of the conditions."""
    found: dict[Reading, None] = {}
    for condition in conditions:
        found.update(dict.fromkeys(condition.readings(day, own_rules)))
        if condition.ladder:
            levels = ladder_named(ladders, condition.ladder).levels
            within = (each for level in levels for each in level.conditions)
            found.update(dict.fromkeys(readings(within, ladders, day, own_rules)))
    return tuple(found)
