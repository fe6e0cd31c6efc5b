"""What must fit together across a definition: names, numbers a currency can hold, provisions that something acts on.

Every part of a definition is walked through once, with the way to it, so that a check sees it wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeAlias

import attrs

from volunteer_points.commands import Definition
from volunteer_points.errors import Refused, suggestion
from volunteer_points.model import (
    IN_A_CURRENCY,
    Activity,
    Condition,
    Duty,
    Exchange,
    Item,
    Limit,
    LimitOf,
    Of,
    OwnRule,
    OwnRules,
    Team,
    Use,
    Whose,
)
from volunteer_points.rules import (
    FUND,
    MINUTES,
    Accrual,
    Cap,
    Earning,
    Milestone,
    Route,
    Rulebook,
    Stream,
    TimeFactor,
    When,
)

Path: TypeAlias = tuple[str | int, ...]
"""The way to a part of a definition: names of fields, and places in lists from nought."""

REFERENCES: Mapping[tuple[type, str], str] = {
    (Team, "parent"): "team",
    (Activity, "team"): "team",
    (Duty, "teams"): "team",
    (When, "teams"): "team",
    (When, "activities"): "activity",
    (Condition, "activities"): "activity",
    (Milestone, "activities"): "activity",
    (Cap, "activities"): "activity",
    (When, "slots"): "slot",
    (Item, "partner"): "partner",
    (Duty, "partners"): "partner",
    (Exchange, "partner"): "partner",
    (Limit, "item"): "item",
    (Item, "currency"): "currency",
    (Rulebook, "currency"): "currency",
    (Stream, "currency"): "currency",
    (Cap, "overflow"): "currency",
}
"""The fields that name a thing of the definition, and what kind of thing."""


@attrs.frozen
class Misfit:
    """Something that does not fit: the way to it, what it is called, what is wrong and what to do."""

    path: Path
    place: str
    wrong: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.wrong}{'; ' if self.remedy else ''}{self.remedy}"


@attrs.frozen
class Part:
    """A part of a definition with the way to it, and what it is called."""

    path: Path
    place: str
    value: Any

    def misfit(self, wrong: str, remedy: str, *keys: str) -> Misfit:
        """What is wrong with this part, or with one of its fields."""
        return Misfit((*self.path, *keys), self.place, wrong, remedy)


_NOUNS = {
    "teams": "team",
    "households": "household",
    "partners": "partner",
    "activities": "activity",
    "currencies": "currency",
    "rulebooks": "rulebook",
    "catalogue": "item",
    "duties": "duty of",
    "funds": "fund",
}


def parts(value: Any, path: Path = (), place: str = "") -> Iterator[Part]:  # noqa: ANN401 - any part of a definition
    """A value and all that it is made of, each with the way to it."""
    if isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from parts(each, (*path, number), place)
    elif attrs.has(type(value)):
        name = getattr(value, "id", getattr(value, "actor", ""))
        if len(path) == 2 and path[0] in _NOUNS:  # noqa: PLR2004 - an element of a list at the top
            place = f"{_NOUNS[str(path[0])]} {name}"
        elif name:
            place = f"{place}, {name}" if place else name
        yield Part(path, place, value)
        for field in attrs.fields(type(value)):
            yield from parts(getattr(value, field.name), (*path, field.name), place)


def named(kind: type, values: Mapping[str, object]) -> Iterator[tuple[Path, str, str]]:
    """Each name of another thing within one table: the way to it from there, the kind of thing, and the name."""
    for key, value in values.items():
        noun = REFERENCES.get((kind, key))
        if noun is not None:
            several = isinstance(value, tuple)
            for number, name in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(name, str) and (name or several):
                    yield ((key, number) if several else (key,)), noun, name
    source = values.get("source")
    if isinstance(source, str) and kind in {Rulebook, Stream} and source.startswith(FUND):
        yield ("source",), "fund", source.removeprefix(FUND)
    if kind is Limit and values.get("of") == LimitOf.POINTS:
        yield ("currency",), "currency", str(values.get("currency", "points"))
    if kind in {Condition, Milestone} and values.get("of") in IN_A_CURRENCY:
        yield ("unit",), "currency", str(values.get("unit", "points"))
    if values.get("for_each") in IN_A_CURRENCY:
        key = "for_each_unit" if values.get("for_each_unit") else "unit"
        yield (key,), "currency", str(values.get(key, "points"))


def misfits(definition: Definition, day: date, own_rules: OwnRules | None = None) -> Iterator[Misfit]:
    """All that does not fit together, the duties of teams and their structure and the days of rulebooks aside.

    Args:
        definition: The definition.
        day: Rulebooks that have ended by this day are not held against the catalogue.
        own_rules: The developers' own rules that are there; where none are given, those that are named are not looked
            at.
    """
    every = tuple(parts(definition))
    yield from _loose_ends(definition, every)
    yield from _too_fine(definition)
    for number, rulebook in enumerate(definition.rulebooks):
        own = tuple(parts(rulebook, ("rulebooks", number), ""))
        yield from _of_rulebook(rulebook, own, f"rulebook {rulebook.id}")
    yield from _of_catalogue(definition, every, day)
    if own_rules is not None:
        for part in every:
            yield from _of_own_rule(part, definition, own_rules, day)


def _loose_ends(definition: Definition, every: tuple[Part, ...]) -> Iterator[Misfit]:
    """References to what the definition does not contain."""
    known = {
        "team": {team.id for team in definition.teams},
        "partner": {partner.id for partner in definition.partners},
        "currency": {currency.id for currency in definition.currencies},
        "activity": {activity.id for activity in definition.activities},
        "item": {item.id for item in definition.catalogue},
        "slot": {slot.id for slot in definition.structure.slots},
        "fund": {fund.id for fund in definition.funds},
    }
    for part in every:
        for way, noun, name in named(type(part.value), attrs.asdict(part.value, recurse=False)):
            if name not in known[noun]:
                wrong = f"unknown {noun} {name!r}. {suggestion(name, known[noun])}".strip()
                yield Misfit((*part.path, *way), part.place, wrong)


def _too_fine(definition: Definition) -> Iterator[Misfit]:
    """Roundings and milestones that give less than the smallest part of their currency."""
    scales = {currency.id: currency.scale for currency in definition.currencies}
    for number, rulebook in enumerate(definition.rulebooks):
        path: Path = ("rulebooks", number)
        streams: list[tuple[Earning, Path]] = [(rulebook, path)]
        streams += [(each, (*path, "streams", n)) for n, each in enumerate(rulebook.streams)]
        for stream, at in streams:
            place = f"rulebook {rulebook.id}" + ("" if stream is rulebook else f", {stream.id}")
            scale, own = scales.get(stream.currency, 1), f"{stream.currency} can hold"
            if (stream.rounding.to * scale).denominator != 1:
                wrong = f"rounds to {stream.rounding.to}, finer than {own}"
                yield Misfit((*at, "rounding", "to"), place, wrong, "round to a multiple of its smallest part")
            for n, milestone in enumerate(stream.milestones):
                given = [milestone.points] if milestone.points else [mark.points for mark in milestone.marks]
                fine = next((points for points in given if (points * scale).denominator != 1), None)
                if fine is not None:
                    where = (*at, "milestones", n, "points" if milestone.points else "marks")
                    wrong = f"milestone {milestone.id} pays {fine}, finer than {own}"
                    yield Misfit(where, place, wrong, "give it a multiple of its smallest part")


# --- within one rulebook -----------------------------------------------------------------------------------------


def _of_rulebook(rulebook: Rulebook, own: tuple[Part, ...], place: str) -> Iterator[Misfit]:
    below = [currency.currency for currency in rulebook.streams]
    for part in own:
        match part.value:
            case Condition():
                yield from _of_condition(part, rulebook)
            case Cap():
                yield from _of_cap(part, below)
            case Route() | TimeFactor():
                yield from _of_whole_records(part)
    for number, stream in enumerate(rulebook.streams):
        for n, cap in enumerate(stream.caps):
            if cap.of == MINUTES:
                at = ("caps", n, "of")
                here = Misfit(own[0].path, f"{place}, {stream.id}, {cap.id}", "bounds minutes within a stream")
                remedy = "minutes are counted once for all: put the cap among those of the rulebook"
                yield attrs.evolve(here, path=(*own[0].path, "streams", number, *at), remedy=remedy)


def _of_condition(part: Part, rulebook: Rulebook) -> Iterator[Misfit]:
    condition: Condition = part.value
    yield from _of_level(part, rulebook)
    yield from _of_whose(part, condition)
    field = part.path[2]
    if condition.each_activity and field != "recording":
        remedy = "leave out 'each_activity', or name the activities"
        yield part.misfit("measures each activity, which only conditions of recording do", remedy, "each_activity")
    if condition.whose is Whose.TEAM and field in {"redemption", "ladders"}:
        remedy = "measure the volunteer or the household"
        yield part.misfit("measures a team, but nobody redeems or has a level for a team", remedy, "whose")


def _of_level(part: Part, rulebook: Rulebook) -> Iterator[Misfit]:
    """A condition that asks for a level which the rulebook does not have."""
    condition: Condition = part.value
    ladders = {ladder.id: ladder for ladder in rulebook.ladders}
    if not condition.ladder:
        return
    if condition.ladder not in ladders:
        wrong = (
            f"unknown ladder {condition.ladder!r} in rulebook {rulebook.id}. {suggestion(condition.ladder, ladders)}"
        )
        yield part.misfit(wrong.strip(), "", "ladder")
        return
    levels = [level.id for level in ladders[condition.ladder].levels]
    if condition.level not in levels:
        wrong = f"unknown level {condition.level!r} of ladder {condition.ladder}. {suggestion(condition.level, levels)}"
        yield part.misfit(wrong.strip(), "", "level")


_FOR_ONE_ALONE = frozenset({Of.RECORDS, Of.MONTHS})


def _of_whose(part: Part, condition: Condition) -> Iterator[Misfit]:
    """A measure that nobody keeps for the holder it is asked of."""
    if condition.whose is not Whose.VOLUNTEER:
        alone = _FOR_ONE_ALONE & {each for each in (condition.of, condition.for_each) if each is not None}
        for of in sorted(alone):
            remedy = "measure the volunteer, or count hours, times or points"
            yield part.misfit(f"measures {of} of a {condition.whose}, which are not counted together", remedy, "whose")


def _of_cap(part: Part, below: list[str]) -> Iterator[Misfit]:
    """A cap that nothing is held against, or whose overflow runs to nobody."""
    cap: Cap = part.value
    in_stream = part.path[2] == "streams"
    later = below[int(part.path[3]) + 1 :] if in_stream else below
    if cap.overflow and cap.overflow not in later:
        wrong = f"overflows into {cap.overflow}, which no {'later ' if in_stream else ''}stream of the rulebook earns"
        yield part.misfit(wrong, f'add a stream with currency = "{cap.overflow}"', "overflow")


def _of_whole_records(part: Part) -> Iterator[Misfit]:
    """Routes and time factors take a record as a whole, whatever its hours, and before its points are known."""
    when: When = part.value.when
    what = "a route" if isinstance(part.value, Route) else "a time factor"
    if when.from_time is not None:
        yield part.misfit(f"names hours, and {what} takes a record as a whole", "leave the hours out", "when")
    elif when.is_split:
        yield part.misfit(f"names days, and {what} takes a record as a whole", 'add counts = "record"', "when")
    if isinstance(part.value, Route) and when.conditions:
        yield part.misfit("has conditions, which no route looks at", "put them among those of recording", "when")


# --- developers' own rules ---------------------------------------------------------------------------------------

_USES: Mapping[type, Use] = {Accrual: Use.ACCRUAL, Condition: Use.CONDITION, Item: Use.PRICE}


def _of_own_rule(part: Part, definition: Definition, own_rules: OwnRules, day: date) -> Iterator[Misfit]:
    """A rule that is not there, has other parameters, or asks for what nobody counts."""
    use = _USES.get(type(part.value))
    own: OwnRule | None = part.value.own if use else None
    if use is None or own is None:
        return
    found = list(own_rules.misfits(use, own))
    yield from (part.misfit(wrong, remedy, "own") for wrong, remedy in found)
    if found:
        return
    try:
        asked = own_rules.measures(use, own)
    except Refused as refusal:
        problem = refusal.facts.get("problem") or refusal.facts.get("value")
        yield part.misfit(f"rule {own} cannot say what it measures: {problem}", "ask whoever wrote it", "own")
        return
    in_rulebook = part.path[0] == "rulebooks"
    running = [each for each in definition.rulebooks if each.until is None or each.until > day]
    rulebooks = [definition.rulebooks[int(part.path[1])]] if in_rulebook else running
    known = {"activity": {each.id for each in definition.activities}}
    known["currency"] = {each.id for each in definition.currencies}
    for measure in asked.values():
        names = [("activity", each) for each in measure.activities]
        names += [("currency", measure.unit)] if measure.of in IN_A_CURRENCY else []
        for noun, name in names:
            if name not in known[noun]:
                yield part.misfit(
                    f"rule {own} asks for the {noun} {name!r}, which is not there", f"add the {noun}", "own"
                )
        for rulebook in rulebooks:
            yield from (
                attrs.evolve(each, path=(*part.path, "own")) for each in _not_counted(part, {measure.of}, rulebook)
            )


# --- the catalogue -----------------------------------------------------------------------------------------------


def _of_counter(part: Part, condition: Condition, rulebook: Rulebook) -> Iterator[Misfit]:
    """What an item asks for and the rulebook does not count: it would always be found to be nought."""
    yield from _not_counted(part, {condition.of, condition.for_each}, rulebook)


def _not_counted(part: Part, asked: set[Of | None], rulebook: Rulebook) -> Iterator[Misfit]:
    if Of.SPENT in asked and not rulebook.counts_spent:
        wrong = f"measures what was spent, which rulebook {rulebook.id} does not count"
        yield part.misfit(wrong, "give its redemption a condition on what was spent too, or a limit of points", "of")
    if Of.TIMES in asked and not rulebook.has_times:
        wrong = f"measures times, which rulebook {rulebook.id} does not count"
        yield part.misfit(wrong, "write counts_times = true in the rulebook", "of")


def _of_catalogue(definition: Definition, every: tuple[Part, ...], day: date) -> Iterator[Misfit]:
    """Conditions of items, which are held under whichever rulebook is in force."""
    running = [rulebook for rulebook in definition.rulebooks if rulebook.until is None or rulebook.until > day]
    for part in every:
        if part.path[:1] == ("catalogue",) and isinstance(part.value, Condition):
            yield from _of_whose(part, part.value)
            if part.value.whose is Whose.TEAM:
                remedy = "measure the volunteer or the household"
                yield part.misfit("measures a team, but nobody redeems for a team", remedy, "whose")
            for rulebook in running:
                yield from _of_level(part, rulebook)
                yield from _of_counter(part, part.value, rulebook)
    for number, item in enumerate(definition.catalogue):
        if item.worth is None:
            continue
        for rulebook in running:
            if rulebook.redemption.exchange_for(item) is None:
                wrong = f"has a worth, but rulebook {rulebook.id} says nowhere what points are worth at {item.partner}"
                yield Misfit(
                    ("catalogue", number, "worth"), f"item {item.id}", wrong, "add an exchange to its redemption"
                )
