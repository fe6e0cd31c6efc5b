"""What entries come to in one world: for every holder, and for every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

import attrs

from volunteer_points.decisions.case import Frame
from volunteer_points.decisions.redemption import paid_from
from volunteer_points.entries import Awarded, Collected, Entry, Held, NotAwarded, Returned, Reversed
from volunteer_points.postings import Purpose
from volunteer_points.rules import MINUTES, Rulebook, Step, streams_of
from volunteer_points.what_if.report import LINES, PROGRAMME, Change, HolderEffect, RuleEffect, awarded

_EARNING = (Awarded, NotAwarded, Reversed)
_LINE_OF: Mapping[str, tuple[str, int]] = {
    Purpose.EXPIRED: ("expired", 1),
    Purpose.HELD: ("held", 1),
    Purpose.PENDING: ("waiting", 1),
    Purpose.DEBT: ("owed", -1),
}
"""The line on which a posting counts, and its sign there."""

Place = tuple[str, str]
"""A holder and a currency."""


class Sums:
    """What the entries of one world come to, by holder and currency."""

    def __init__(self) -> None:
        self._lines: dict[Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._lots: dict[Place, dict[datetime | None, int]] = defaultdict(lambda: defaultdict(int))
        self._held: dict[str, Held] = {}

    def take_in(self, entries: Iterable[Entry]) -> None:
        """Add entries."""
        for entry in entries:
            if entry.postings:
                self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        fact = entry.fact
        is_earning = isinstance(fact, _EARNING)
        for account, unit, amount, lot, _ in entry.postings:
            purpose = account.purpose
            if purpose == Purpose.AVAILABLE:
                self._lots[account.holder, unit][lot] += amount
            elif purpose == Purpose.ISSUED:
                if is_earning:
                    self._lines[account.holder, unit]["earned"] -= amount
            elif line := _LINE_OF.get(purpose):
                self._lines[account.holder, unit][line[0]] += amount * line[1]
        match fact:
            case Held():
                self._held[fact.redemption] = fact
            case Collected():
                held = self._held[fact.redemption]
                self._lines[paid_from(held), held.currency]["redeemed"] += held.points
            case Returned():
                held = self._held[fact.redemption]
                self._lines[paid_from(held), held.currency]["redeemed"] -= fact.points

    def places(self) -> set[Place]:
        """Every holder and currency."""
        return self._lines.keys() | self._lots.keys()

    def lines(self, place: Place, at: datetime) -> Mapping[str, int]:
        """What a holder has and had; lots that have ended by then have expired, whether they were swept or not."""
        found = defaultdict(int, self._lines.get(place, {}))
        for lot, amount in self._lots.get(place, {}).items():
            found["spendable" if lot is None or lot > at else "expired"] += amount
        return found


def holder_effects(before: Sums, after: Sums, frame: Frame, at: datetime) -> Iterator[HolderEffect]:
    """Every holder in both worlds, as of an instant, by name and currency."""
    currencies = {each.id for each in frame.adopted.currencies}
    for place in sorted(before.places() | after.places()):
        if place[1] in currencies:
            lines, others = before.lines(place, at), after.lines(place, at)
            effect = HolderEffect(
                holder=place[0], currency=place[1], **{name: Change(lines[name], others[name]) for name in LINES}
            )
            if any(effect.lines().values()):
                yield effect


def totals(effects: Iterable[HolderEffect]) -> tuple[HolderEffect, ...]:
    """What all holders come to, by currency."""
    sums: dict[str, dict[str, Change]] = {}
    for effect in effects:
        lines = sums.setdefault(effect.currency, dict.fromkeys(LINES, Change()))
        for name, change in effect.lines().items():
            lines[name] += change
    return tuple(HolderEffect(holder=PROGRAMME, currency=currency, **lines) for currency, lines in sorted(sums.items()))


# --- rules -------------------------------------------------------------------------------------------------------

_GIVING = frozenset({"per_hour", "fixed", "by_rate"})
_CHANGING = frozenset({"added", "multiplied", "points_rounded", "milestone"})

_SAME = lru_cache(maxsize=4096)  # the same steps come again and again


@attrs.frozen
class _Scope:
    """The currency of each rule of a rulebook, and how many parts make one point of it."""

    main: str
    by_rule: Mapping[str, str]
    scales: Mapping[str, int]


class RuleSums:
    """What each rule did to points, over the awards that stand in one world."""

    def __init__(self, frame: Frame) -> None:
        scales = {each.id: each.scale for each in frame.adopted.currencies}
        self._scopes = {each.id: _scope(each, scales) for each in frame.rulebooks}
        self.points: dict[Place, Fraction] = defaultdict(Fraction)
        self.records: dict[Place, int] = defaultdict(int)

    def take_in(self, entry: Entry) -> None:
        """Add an award, or a reason for none."""
        fact = entry.fact
        assert isinstance(fact, (Awarded, NotAwarded))  # noqa: S101 - narrows the type
        scope = self._scopes[fact.rulebook]
        found: dict[Place, Fraction] = {}
        rest: dict[str, Fraction] = {
            currency: _share(parts, scope.scales[currency]) for currency, parts in awarded(entry).items()
        }
        currency = scope.main
        for step in fact.working:
            currency = scope.by_rule.get(step.rule, currency)
            if step.rule == "time":
                continue
            value, place = _effect(step, scope.scales[currency]), (step.rule, currency)
            found[place] = found[place] + value if place in found else value
            if value:
                rest[currency] = rest.get(currency, _NOUGHT) - value
        found |= {("", name): left for name, left in rest.items() if left}
        for place, value in found.items():
            if value:
                self.points[place] += value
            self.records[place] += 1


def _scope(rulebook: Rulebook, scales: Mapping[str, int]) -> _Scope:
    by_rule = {
        rule.id: stream.currency
        for stream in streams_of(rulebook)
        for rules in (stream.accruals, stream.multipliers, stream.milestones, stream.caps, stream.conditions)
        for rule in rules
    }
    return _Scope(rulebook.currency, by_rule, scales)


_share = _SAME(Fraction)


@_SAME
def _changed(before: str, after: str, scale: int) -> Fraction:
    return (Fraction(after) - Fraction(before or 0)) / scale


_NOUGHT = Fraction(0)


def _effect(step: Step, scale: int) -> Fraction:
    """By how much a step changes the points."""
    if step.did in _GIVING:
        return _changed("", step.after, 1)
    if step.did in _CHANGING:
        return _changed(step.before, step.after, 1)
    if step.did == "capped" and ("of", MINUTES) not in step.facts:
        return _changed(step.before, step.after, scale)
    return _NOUGHT


def rule_effects(before: RuleSums, after: RuleSums) -> Iterator[RuleEffect]:
    """Every rule in both worlds, by currency and name."""
    for rule, currency in sorted(before.records.keys() | after.records.keys(), key=lambda each: (each[1], each[0])):
        place = (rule, currency)
        yield RuleEffect(
            rule=rule,
            currency=currency,
            records=Change(before.records.get(place, 0), after.records.get(place, 0)),
            points_before=before.points.get(place, Fraction(0)),
            points_after=after.points.get(place, Fraction(0)),
        )
