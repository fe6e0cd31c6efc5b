"""What a programme file may say and hardly means: rules that never come to anything, caps that eat every award.

A doubt is no mistake. The file can be adopted as it stands; somebody should look at the place before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from volunteer_points.commands import Definition
from volunteer_points.decisions.fitting import Path, parts
from volunteer_points.model import IN_A_CURRENCY, Condition, Item, Ladder, LimitOf, Of, Whose, number_text
from volunteer_points.rules import BALANCE, MINUTES, Accrual, Cap, Earning, Rulebook, When
from volunteer_points.rules.award import streams_of

Doubt: TypeAlias = tuple[Path, str, str, str]
"""Where, a stable code, what is doubtful, and what to do."""

_ANY = When()


def doubts(definition: Definition, day: date) -> Iterator[Doubt]:
    """All that is doubtful in a definition.

    Args:
        definition: One in which everything fits together.
        day: Rulebooks that have ended by this day are not held against the catalogue.
    """
    for number, rulebook in enumerate(definition.rulebooks):
        path: Path = ("rulebooks", number)
        yield from _of_selectors(definition, rulebook, path)
        streams: list[tuple[Earning, Path]] = [(rulebook, path)]
        streams += [(each, (*path, "streams", n)) for n, each in enumerate(rulebook.streams)]
        for stream, at in streams:
            yield from _hidden(stream.accruals, (*at, "accruals"))
            yield from _of_caps(rulebook, stream, at)
        yield from _of_streams(rulebook, path)
        yield from _of_routes(rulebook, (*path, "routes"))
        if not number:  # under a later rulebook people may have begun before
            yield from _of_beginning(rulebook, (*path, "recording"))
        yield from _of_deadlines(rulebook, (*path, "deadlines"))
        for n, ladder in enumerate(rulebook.ladders):
            yield from _of_ladder(ladder, (*path, "ladders", n))
        yield from _never_counted(rulebook, rulebook, path)
        yield from _of_expiry(rulebook, path)
    running = [each for each in definition.rulebooks if each.until is None or each.until > day]
    for number, item in enumerate(definition.catalogue):
        yield from _of_item(definition, item, running, ("catalogue", number))


# --- selectors ---------------------------------------------------------------------------------------------------


def _of_selectors(definition: Definition, rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    """Selectors that no record can fit."""
    for part in parts(rulebook, path):
        if isinstance(part.value, When):
            for key, why in _contradictions(part.value, definition, rulebook):
                yield (*part.path, key), "never_fits", f"fits no record: {why}", "Correct it, or leave the rule out."


def _contradictions(when: When, definition: Definition, rulebook: Rulebook) -> Iterator[tuple[str, str]]:
    types = {activity.type for activity in definition.activities}
    own = {each.type for each in definition.activities if not when.activities or each.id in when.activities}
    if when.activity_types and types.isdisjoint(when.activity_types):
        yield "activity_types", "no activity of the file has that type"
    elif when.activity_types and own.isdisjoint(when.activity_types):
        yield "activity_types", "none of the activities named here has that type"
    for wanted, unwanted in (("tags", "without_tags"), ("marks", "without_marks")):
        words = set(getattr(when, wanted))
        if words and words <= set(getattr(when, unwanted)):
            yield wanted, f"'{wanted}' and '{unwanted}' name the same"
    if when.first_day and when.last_day and when.last_day < when.first_day:
        yield "last_day", f"it lies before the first day {when.first_day}"
    elif when.last_day and when.last_day < rulebook.since:
        yield "last_day", f"the rulebook begins on {rulebook.since}"
    elif when.first_day and rulebook.until and when.first_day >= rulebook.until:
        yield "first_day", f"the rulebook ends before {rulebook.until}"
    for least, below in (("minutes_at_least", "minutes_below"), ("participants_at_least", "participants_below")):
        low, high = getattr(when, least), getattr(when, below)
        if high is not None and high <= max(low or 0, 0 if "minutes" in below else 1):
            yield below, "nothing lies between the bounds"


def _hidden(accruals: tuple[Accrual, ...], path: Path) -> Iterator[Doubt]:
    """Accruals behind one that always fits, or that fits the same: the first one counts."""
    earlier: list[Accrual] = []
    for number, accrual in enumerate(accruals):
        if accrual.also:
            continue
        over = next((each for each in earlier if each.when in {_ANY, accrual.when}), None)
        if over is not None:
            what = f"never counts, because {over.id!r} above it fits first"
            yield (*path, number), "never_reached", what, "Put the special case above the general one, or add 'also'."
        earlier.append(accrual)


# --- caps, milestones, streams -----------------------------------------------------------------------------------


def _of_caps(rulebook: Rulebook, stream: Earning, path: Path) -> Iterator[Doubt]:
    smallest = _smallest(stream)
    for number, cap in enumerate(stream.caps):
        at: Path = (*path, "caps", number, "at_most")
        if cap.of == MINUTES and cap.at_most < rulebook.time.minimum_minutes:
            minimum = rulebook.time.minimum_minutes
            yield at, "cap_too_low", f"is less than the {minimum} minutes from which time counts at all", "Raise it."
        if cap.of != "points":
            continue
        if cap.at_most < max(smallest, stream.rounding.to):
            least = number_text(max(smallest, stream.rounding.to))
            yield (
                at,
                "cap_too_low",
                f"is less than the smallest award, {least}, so that none is paid in full",
                "Raise it.",
            )
        yield from _eaten(stream, cap, path)


def _smallest(stream: Earning) -> Fraction:
    """The smallest award, where every one is a fixed number that nothing multiplies."""
    fixed = [each.fixed for each in stream.accruals if each.fixed is not None and each.fixed > 0]
    plain = len(fixed) == len(stream.accruals) and not stream.multipliers
    return min(fixed) if plain and fixed else Fraction(0)


def _eaten(stream: Earning, cap: Cap, path: Path) -> Iterator[Doubt]:
    for number, milestone in enumerate(stream.milestones):
        pays = [milestone.points] if milestone.points else [mark.points for mark in milestone.marks]
        apart = cap.activities and milestone.activities and set(cap.activities).isdisjoint(milestone.activities)
        if min(pays) > cap.at_most and not apart:
            what = f"pays {number_text(min(pays))}, of which the cap {cap.id!r} leaves {number_text(cap.at_most)}"
            yield (
                (*path, "milestones", number),
                "milestone_eaten",
                what,
                "Raise the cap, or pay it in a stream of its own that has an accrual of nought.",
            )


def _of_streams(rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    flows = {cap.overflow for each in streams_of(rulebook) for cap in each.caps}
    for number, stream in enumerate(rulebook.streams):
        if not stream.accruals and stream.currency not in flows:
            what = "earns nothing: it has no accruals, and no cap overflows into it"
            fix = "Add an accrual, or 'overflow' to a cap."
            if stream.milestones:
                what += "; its milestones pay only for service that an accrual fits"
                fix = "Add an accrual for that service; fixed = 0 is enough."
            yield (*path, "streams", number), "never_earns", what, fix


def _of_expiry(rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    last = rulebook.expiry.last_day
    if last is not None and last < rulebook.since:
        yield (*path, "expiry", "last_day"), "ended_before", "lies before the rulebook begins", "Give a later day."


# --- routes, deadlines, ladders ----------------------------------------------------------------------------------


def _of_routes(rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    if not rulebook.routes:
        return
    covered: list[tuple[int, int | None]] = []
    for number, route in enumerate(rulebook.routes):
        low, high = route.day_minutes_above or 0, route.day_minutes_up_to
        if high is not None and high <= low:
            what = f"takes no day: none has more than {low} and up to {high} minutes"
            yield (*path, number), "never_reached", what, "Correct its bounds."
        elif _is_covered(low, high, covered):
            yield (*path, number), "never_reached", "is never taken: routes above it take every such day", "Move it up."
        if route.when == _ANY:
            covered.append((low, high))
    gap = _gap(covered)
    if gap is not None:
        above, up_to = gap
        many = f"more than {above} minutes" if up_to is None else f"{above} to {up_to} minutes"
        what = f"leave a day of {many} without a route, and such records are refused"
        yield path, "no_route", what, "Add a route without bounds and 'when' at the end."


def _is_covered(low: int, high: int | None, covered: Iterable[tuple[int, int | None]]) -> bool:
    for begin, end in sorted(covered, key=lambda each: each[0]):
        if begin <= low and (end is None or end > low):
            if end is None:
                return True
            low = end
    return high is not None and low >= high


def _gap(covered: Iterable[tuple[int, int | None]]) -> tuple[int, int | None] | None:
    """The first stretch of minutes that nothing covers."""
    low = 0
    for begin, end in sorted(covered, key=lambda each: each[0]):
        if begin > low:
            return low, begin
        if end is None:
            return None
        low = max(low, end)
    return low, None


def _of_beginning(rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    """Conditions of recording that ask for an earlier record, the first of which they refuse."""
    for number, condition in enumerate(rulebook.recording):
        counts = condition.of in {Of.TIMES, Of.RECORDS, Of.QUANTITY} and condition.whose is Whose.VOLUNTEER
        if counts and condition.at_least and condition.for_each is None:
            what = f"refuses everybody's first record: it asks for {condition.of} that only records add to"
            fix = "Ask for a tag, or let an accrual ask for it in 'when'."
            yield (*path, number), "nobody_begins", what, fix


def _of_deadlines(rulebook: Rulebook, path: Path) -> Iterator[Doubt]:
    for number, deadline in enumerate(rulebook.deadlines):
        if not deadline.evidence and number + 1 < len(rulebook.deadlines):
            what = "never counts, because the deadline above it is for any evidence"
            yield (*path, number + 1), "never_reached", what, "Put the general deadline last."


def _of_ladder(ladder: Ladder, path: Path) -> Iterator[Doubt]:
    for number, (lower, higher) in enumerate(pairwise(ladder.levels), start=1):
        wanted = {_measure(each): each.at_least for each in lower.conditions if each.at_least is not None}
        for n, condition in enumerate(higher.conditions):
            before = wanted.get(_measure(condition))
            if before is not None and condition.at_least is not None and condition.at_least < before:
                what = f"asks for less than the level below it, {number_text(before)}"
                at: Path = (*path, "levels", number, "conditions", n, "at_least")
                yield at, "levels_unordered", what, "Write the levels from the lowest to the highest."


def _measure(condition: Condition) -> tuple[object, ...]:
    return condition.of, condition.unit, condition.activities, condition.whose, condition.over, condition.for_each


# --- what is never counted or reached ----------------------------------------------------------------------------


def _never_counted(rulebook: Rulebook, within: object, path: Path) -> Iterator[Doubt]:
    """Conditions that ask for what nothing adds to."""
    earned = {stream.currency for stream in streams_of(rulebook)}
    for part in parts(within, path):
        if not isinstance(part.value, Condition) or part.value.of is None:
            continue
        condition, missing = part.value, ""
        measures = {condition.of, condition.for_each}
        if Of.EARNED in measures and condition.unit not in earned:
            missing = f"no rule of rulebook {rulebook.id} earns {condition.unit}"
        elif condition.whose is not Whose.VOLUNTEER and not (IN_A_CURRENCY - {Of.EARNED, Of.SPENT}) & measures:
            missing = "" if rulebook.counts_for(condition.whose) else f"nothing is counted by {condition.whose}"
        if missing:
            yield (
                part.path,
                "never_counted",
                f"asks for what is never counted: {missing}",
                "Correct it, or let it be counted.",
            )


def _of_item(definition: Definition, item: Item, running: list[Rulebook], path: Path) -> Iterator[Doubt]:
    first = item.prices[0].since if item.prices else None
    if first is not None and (item.since is None or item.since < first):
        what = f"has no price before {first}"
        yield (*path, "prices"), "no_price", what, "Let the first price have no 'since', or let the item begin with it."
    scale = {each.id: each.scale for each in definition.currencies}[item.currency]
    for rulebook in running:
        yield from _never_counted(rulebook, item, path)
        most = _most_held(rulebook, item.currency)
        cheapest = min([each.points for each in item.prices] + [each.points for each in item.special_prices], default=0)
        if most is not None and Fraction(cheapest, scale) > most:
            what = f"costs {number_text(Fraction(cheapest, scale))}, and nobody can hold more than {number_text(most)}"
            yield (*path, "prices"), "out_of_reach", what, "Lower the price, or raise the cap on the balance."
        for limit in rulebook.redemption.limits:
            if limit.of is LimitOf.POINTS and limit.counts(item) and cheapest > limit.at_most:
                most_shown = number_text(Fraction(limit.at_most, scale))
                what = f"costs {number_text(Fraction(cheapest, scale))}, and a limit allows {most_shown}"
                yield (*path, "prices"), "out_of_reach", what, "Lower the price, or raise the limit."


def _most_held(rulebook: Rulebook, currency: str) -> Fraction | None:
    streams = [each for each in streams_of(rulebook) if each.currency == currency]
    caps = [cap.at_most for each in streams for cap in each.caps if cap.per == BALANCE]
    return min(caps, default=None)
