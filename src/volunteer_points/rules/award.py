"""The one function that applies a rulebook to a record.

A preview, an award, a correction, a what-if and an audit all call :func:`award`. The order of evaluation is fixed:
time is measured, scaled, rounded, held against its minimum and capped; the accruals that fit give the base; every
multiplier that fits is applied; what else is earned is added; the points are rounded once; milestones are added; caps
cut the sum; what is left is credited to one lot. Numbers stay exact fractions up to the one rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction

import attrs

from volunteer_points.errors import InputError
from volunteer_points.model import (
    NO_OWN_RULES,
    Calendar,
    Condition,
    Currency,
    Facts,
    Of,
    OwnRule,
    OwnRules,
    Period,
    Reading,
    Use,
    Whose,
    number_text,
    own_facts,
    own_readings,
    period_around,
    reading,
    readings,
)
from volunteer_points.rules.numbers import rounded
from volunteer_points.rules.provisions import BALANCE, RECORD, Accrual, Cap, Each, Milestone, Multiplier, Rate
from volunteer_points.rules.rulebook import Earning, Rulebook
from volunteer_points.rules.service import MINUTES, Piece, Served, ServiceRecord, When, pieces, trimmed


@attrs.frozen
class Step:
    """One line of a working: which rule, what it did, the number before and after it, and what mattered."""

    rule: str
    did: str
    before: str
    after: str
    facts: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Credit:
    """Points in one currency: how many, when they end, whose they are and who pays; below nought a deduction."""

    currency: str
    points: int
    lot: datetime | None = None
    to: Whose = Whose.VOLUNTEER
    source: str = "programme"


@attrs.frozen
class Working:
    """What a rulebook gives for one record, and how.

    ``points`` are whole smallest parts of the currency; ``lot`` is the first instant at which they end.
    ``nothing_because`` is a code when nothing came of it. ``more`` is what the further streams give, and ``counted``
    how many marks of milestones were paid, by their counters.
    """

    points: int
    minutes: int
    lot: datetime | None
    steps: tuple[Step, ...]
    nothing_because: str | None = None
    more: tuple[Credit, ...] = ()
    counted: tuple[tuple[str, int], ...] = ()


# --- what must be known ------------------------------------------------------------------------------------------

_CAPPED = {"points": Of.EARNED, MINUTES: Of.MINUTES, "times": Of.TIMES, "quantity": Of.QUANTITY}


def cap_reading(cap: Cap, currency: str, service: ServiceRecord) -> Reading | None:
    """What must be known for a cap; nothing for one that looks at the record alone."""
    if cap.per == RECORD:
        return None
    if cap.per == BALANCE:
        return Reading(Of.BALANCE, currency, (), cap.whose, pending=True)
    since, until = period_around(service.day, Period(cap.per))
    of, activities = _CAPPED[cap.of], (service.activity,) if cap.each_activity else cap.activities
    unit = {Of.EARNED: currency, Of.QUANTITY: cap.unit}.get(of, "")
    return Reading(of, unit, activities, cap.whose, since, until)


def streams_of(rulebook: Rulebook) -> tuple[Earning, ...]:
    """All that earns: the rulebook itself first, then its further streams."""
    return (rulebook, *rulebook.streams)


def needed(
    rulebook: Rulebook, service: ServiceRecord, own_rules: OwnRules = NO_OWN_RULES, *, at_most: bool = False
) -> tuple[Reading, ...]:
    """What :func:`award` has to know from the books, about this person and before this record.

    With ``at_most`` it is all that can matter for the activity and the day, whoever served, in which team and how.
    Each is named once, in the order of the rules.

    Raises:
        Refused: ``own_rule_missing`` when the rulebook names a developer's rule that is not among ``own_rules``.
    """
    found: dict[Reading | None, None] = {}
    for stream in streams_of(rulebook):
        found.update((cap_reading(cap, stream.currency, service), None) for cap in _caps_for(stream, service))
        for accrual in stream.accruals:
            if accrual.rate is not None and accrual.rate.over != RECORD and (at_most or accrual.when.fits(service)):
                found[reading(accrual.rate.of, _Running(accrual), service.day)] = None
            if accrual.own is not None and (at_most or accrual.when.fits(service)):
                found.update(dict.fromkeys(own_readings(Use.ACCRUAL, accrual.own, service.day, own_rules)))
        for milestone in stream.milestones:
            found[reading(milestone.of, milestone, service.day)] = found[_paid(milestone, service)] = None
    conditions = _conditions(rulebook, service, at_most=at_most)
    found.update(dict.fromkeys(readings(conditions, rulebook.ladders, service.day, own_rules)))
    return tuple(each for each in found if each is not None)


def _caps_for(stream: Earning, service: ServiceRecord) -> Iterator[Cap]:
    """The caps that can touch the service: one on named activities leaves the others alone."""
    return (cap for cap in stream.caps if not cap.activities or service.activity in cap.activities)


def _conditions(rulebook: Rulebook, service: ServiceRecord, *, at_most: bool) -> Iterator[Condition]:
    for stream in streams_of(rulebook):
        yield from stream.conditions
        rules: tuple[Accrual | Multiplier, ...] = (*stream.accruals, *stream.multipliers)
        for when in (each.when for each in rules):
            if when.conditions and (at_most or when.fits(service)):
                yield from when.conditions
    for factor in rulebook.time_factors:
        yield from factor.when.conditions


def _paid(milestone: Milestone, service: ServiceRecord) -> Reading:
    since, until = period_around(service.day, Period(milestone.over))
    return Reading(Of.QUANTITY, milestone.counter, (), Whose.VOLUNTEER, since, until)


@attrs.frozen
class _Running:
    """The running total behind a rate: of the activities that its selector names, or of all."""

    accrual: Accrual

    @property
    def _rate(self) -> Rate:
        assert self.accrual.rate is not None  # noqa: S101 - only made for accruals with a rate
        return self.accrual.rate

    @property
    def unit(self) -> str:
        return self._rate.unit

    @property
    def activities(self) -> tuple[str, ...]:
        return self.accrual.when.activities

    @property
    def whose(self) -> Whose:
        return Whose.VOLUNTEER

    @property
    def over(self) -> str:
        return self._rate.over


# --- the award ---------------------------------------------------------------------------------------------------


def award(  # noqa: PLR0913, PLR0917 - everything that matters
    rulebook: Rulebook,
    currencies: Iterable[Currency],
    calendar: Calendar,
    service: ServiceRecord,
    known: Mapping[Reading, int],
    own_rules: OwnRules = NO_OWN_RULES,
) -> Working:
    """Apply a rulebook to one record.

    Args:
        rulebook: The version in force on the day the service began.
        currencies: The programme's currencies, for their decimals.
        calendar: The programme's zone and start of day.
        service: What was served.
        known: What the books say to each reading of :func:`needed`, without this record: minutes, smallest parts of
            points, whole numbers.
        own_rules: The developers' own rules that are there.

    Raises:
        Refused: ``own_rule_missing``, ``own_rule_failed`` or ``own_rule_broken``.
    """
    by_id = {currency.id: currency for currency in currencies}
    scales = {name: currency.scale for name, currency in by_id.items()}
    facts = Facts(service.day, frozenset(service.tags), rulebook.ladders, known, scales, own_rules)
    evaluation = _Evaluation(rulebook, calendar, service, facts, by_id)
    minutes = evaluation.counted_minutes()
    evaluation.earn(minutes)
    return evaluation.working(minutes)


@attrs.frozen
class _Evaluation:
    """One record under one rulebook, with the steps taken so far."""

    rulebook: Rulebook
    calendar: Calendar
    service: ServiceRecord
    facts: Facts
    currencies: Mapping[str, Currency]
    steps: list[Step] = attrs.field(factory=list)
    credits: list[Credit] = attrs.field(factory=list)
    overflows: dict[str, dict[str, Fraction]] = attrs.field(factory=dict)
    """What caps cut off for the currencies of later streams, by cap."""
    counted: dict[str, int] = attrs.field(factory=dict)
    reasons: list[str | None] = attrs.field(factory=list)

    def fits(self, when: When) -> bool:
        """Whether a selector picks the record, its conditions included."""
        return when.fits(self.service) and self.facts.unmet(when.conditions) is None

    # --- time ---

    def counted_minutes(self) -> int:
        """Minutes measured, scaled, rounded, held against the minimum and capped."""
        if not self.service.intervals:
            return 0
        minutes = self._scaled(self._without_breaks(self._measured()))
        counted = self._rounded_time(minutes)
        return self._capped(self._held_against_minimum(counted), MINUTES, self.rulebook)

    def _measured(self) -> Fraction:
        rule, service = self.rulebook.time, self.service
        self.steps.append(Step("time", "measured", "", str(service.minutes)))
        minutes = Fraction(service.minutes)
        if rule.each is Each.INTERVAL:
            step, parts = Fraction(rule.round_to_minutes), (Fraction(each.minutes) for each in service.intervals)
            minutes = self._time_step(minutes, sum((rounded(part, step, rule.direction) for part in parts), Fraction()))
        if rule.travel_counts and service.details.travel_minutes:
            after = minutes + service.details.travel_minutes
            self.steps.append(Step("time", "travel_added", number_text(minutes), number_text(after)))
            minutes = after
        return minutes

    def _without_breaks(self, minutes: Fraction) -> Fraction:
        rule = self.rulebook.time
        if rule.break_after_minutes is None:
            return minutes
        long = sum(each.minutes > rule.break_after_minutes for each in self.service.intervals)
        if not long or not rule.break_minutes:
            return minutes
        after = max(Fraction(0), minutes - long * rule.break_minutes)
        facts = (("above", str(rule.break_after_minutes)), ("break", str(rule.break_minutes)))
        self.steps.append(Step("time", "break_taken_off", number_text(minutes), number_text(after), facts))
        return after

    def _scaled(self, minutes: Fraction) -> Fraction:
        for factor in self.rulebook.time_factors:
            if self.fits(factor.when):
                facts = (("times", str(factor.times)), ("clause", factor.clause))
                after = minutes * factor.times
                self.steps.append(Step(factor.id, "time_scaled", number_text(minutes), number_text(after), facts))
                minutes = after
        return minutes

    def _rounded_time(self, minutes: Fraction) -> int:
        rule = self.rulebook.time
        step = Fraction(1) if rule.each is Each.INTERVAL else Fraction(rule.round_to_minutes)
        return int(self._time_step(minutes, rounded(minutes, step, rule.direction)))

    def _time_step(self, before: Fraction, after: Fraction) -> Fraction:
        if after != before:
            rule = self.rulebook.time
            facts = (("to", str(rule.round_to_minutes)), ("direction", str(rule.direction)))
            self.steps.append(Step("time", "time_rounded", number_text(before), number_text(after), facts))
        return after

    def _held_against_minimum(self, minutes: int) -> int:
        rule, planned = self.rulebook.time, self.service.details.planned_minutes
        if minutes < rule.minimum_minutes:
            self.steps.append(
                Step("time", "below_minimum", str(minutes), "0", (("minimum", str(rule.minimum_minutes)),))
            )
            return 0
        if rule.attended_at_least is not None and planned and Fraction(minutes, planned) < rule.attended_at_least:
            facts = (("planned", str(planned)), ("share", str(rule.attended_at_least)))
            self.steps.append(Step("time", "attended_too_little", str(minutes), "0", facts))
            return 0
        return minutes

    # --- points ---

    def earn(self, minutes: int) -> None:
        """What the rulebook and each of its further streams give for so many counted minutes."""
        for stream in streams_of(self.rulebook):
            points, because = self._earned(stream, minutes)
            self.reasons.append(because)
            lot = stream.expiry.ends(self.service.day, self.calendar) if points > 0 else None
            credit = Credit(currency=stream.currency, points=points, lot=lot, to=stream.to, source=stream.source)
            self.credits.append(credit)

    def _earned(self, stream: Earning, minutes: int) -> tuple[int, str | None]:
        """Points in smallest parts of the stream's currency, and why there are none.

        What overflowed a cap of an earlier stream is held against the caps of this one.
        """
        own, because = self._own(stream, minutes)
        whole = self._with_overflow(stream, own)
        granted = self._capped(whole, "points", stream) if whole > 0 else whole
        return granted, None if granted else because or ("cap_reached" if whole > 0 else "earns_nothing")

    def _with_overflow(self, stream: Earning, own: int) -> int:
        """The points of a stream with what caps of earlier ones sent on to it, in whole parts of its currency."""
        came = self.overflows.pop(stream.currency, {})
        total = sum(came.values(), Fraction(0))
        whole = own + (total * self.currencies[stream.currency].scale).__floor__()
        if came:
            facts = (("came", number_text(total)), ("caps", ", ".join(came)))
            self.steps.append(Step(stream.id, "came_over", self._text(own, stream), self._text(whole, stream), facts))
        return whole

    def _own(self, stream: Earning, minutes: int) -> tuple[int, str | None]:
        """What the service itself gives before the caps, and why it gives nothing."""
        if self.service.intervals and not minutes:
            return 0, "no_time_counts"
        shown = self.facts.unmet(stream.conditions)
        if shown is not None:
            facts = (
                ("wanted", shown.wanted),
                ("clause", shown.condition.clause),
                *own_facts(shown.condition.own, shown.told),
            )
            self.steps.append(Step(shown.condition.id, "condition_unmet", shown.found, "", facts))
            return self._taken(stream, minutes), "condition_unmet"
        value, because = self._value(stream, minutes)
        if value is None:
            return 0, because
        whole = self._with_milestones(stream, self._rounded(stream, value), minutes)
        return whole, None if whole else "rounds_to_nothing" if value else "earns_nothing"

    def _taken(self, stream: Earning, minutes: int) -> int:
        """What is taken from somebody who may not earn: a condition stops what is earned, and no deduction."""
        told = len(self.steps)
        value, _ = self._value(stream, minutes, taken_only=True)
        if value is not None and value < 0:
            return self._rounded(stream, value)
        del self.steps[told:]
        return 0

    def _value(self, stream: Earning, minutes: int, *, taken_only: bool = False) -> tuple[Fraction | None, str | None]:
        rules = [each for each in stream.accruals if (each.takes or not taken_only) and self.fits(each.when)]
        factors = [each for each in stream.multipliers if self.fits(each.when)]
        parts = pieces(self.service, [*(each.when for each in rules), *(each.when for each in factors)], self.calendar)
        parts = trimmed(parts, minutes) if self.service.intervals else parts
        main, extra = self._chosen([each for each in rules if not each.also], parts), []
        for accrual in rules:
            if accrual.also:
                extra += self._chosen([accrual], parts)
        if not main and not extra:
            return None, "no_rule_fits"
        shares: list[tuple[Piece, Fraction]] = []
        for accrual, own in main:
            base = self._base(accrual, own)
            if base is None:
                return None, "out_of_range"
            shares += _shared(base, own)
        total = self._multiplied(factors, shares, parts[0])
        for accrual, own in extra:
            added = self._base(accrual, own, after=total)
            total += added or Fraction(0)
        return total, None

    def _chosen(self, rules: list[Accrual], parts: tuple[Piece, ...]) -> list[tuple[Accrual, list[Piece]]]:
        """For each piece the first accrual whose days and hours hold it, by accrual."""
        found: dict[str, tuple[Accrual, list[Piece]]] = {}
        for part in parts:
            accrual = next((each for each in rules if part.fits(each.when, parts[0])), None)
            if accrual is not None and (part.minutes or not self.service.intervals):
                found.setdefault(accrual.id, (accrual, []))[1].append(part)
        return list(found.values())

    def _base(self, accrual: Accrual, own: list[Piece], *, after: Fraction | None = None) -> Fraction | None:
        minutes = sum((part.minutes for part in own), Fraction(0))
        if accrual.rate is not None:
            return self._by_rate(accrual, accrual.rate, minutes, after)
        if accrual.own is not None:
            return self._by_own(accrual, accrual.own, minutes, after)
        if accrual.per_hour is not None:
            did, rate, value = "per_hour", accrual.per_hour, accrual.per_hour * minutes / 60
        else:
            rate = accrual.fixed or Fraction(0)
            did, value = "fixed", rate
        facts = (("rate", str(rate)), ("clause", accrual.clause))
        self._add_step(accrual, did, number_text(minutes), value, after, facts)
        return value

    def _by_own(self, accrual: Accrual, own: OwnRule, minutes: Fraction, after: Fraction | None) -> Fraction:
        answer = self.facts.own(Use.ACCRUAL, own, Served(service=self.service, minutes=minutes))
        facts = (("clause", accrual.clause), *own_facts(own, answer.facts))
        self._add_step(accrual, "by_own", number_text(minutes), answer.number, after, facts)
        return answer.number

    def _by_rate(self, accrual: Accrual, rate: Rate, minutes: Fraction, after: Fraction | None) -> Fraction | None:
        amount = self._amount(rate, minutes)
        facts = [("of", str(rate.of)), ("clause", accrual.clause)]
        facts += [("unit", rate.unit)] if rate.unit else []
        if not (rate.stages or rate.over != RECORD):
            facts += [("rate", str(rate.points)), ("each", str(rate.each))]
        outside = (rate.at_least is not None and amount < rate.at_least) or (
            rate.at_most is not None and amount > rate.at_most
        )
        if outside or (rate.of is Of.QUANTITY and not amount):
            bounds = (("at_least", str(rate.at_least)), ("at_most", str(rate.at_most)))
            self.steps.append(Step(accrual.id, "out_of_range", number_text(amount), "", (*facts, *bounds)))
            return None
        before = Fraction(0)
        if rate.over != RECORD:
            before = self.facts.measure(rate.of, _Running(accrual))
            facts += [("over", rate.over), ("so_far", number_text(before))]
        value = rate.value(before + amount) - rate.value(before)
        self._add_step(accrual, "by_rate", number_text(amount), value, after, tuple(facts))
        return value

    def _amount(self, rate: Rate, minutes: Fraction) -> Fraction:
        match rate.of:
            case Of.HOURS:
                return minutes / 60
            case Of.MINUTES:
                return minutes
            case Of.TIMES:
                return Fraction(1)
            case _:
                return Fraction(self.service.details.quantity(rate.unit))

    def _add_step(  # noqa: PLR0913, PLR0917 - the parts of a step
        self,
        accrual: Accrual,
        did: str,
        measured: str,
        value: Fraction,
        after: Fraction | None,
        facts: tuple[tuple[str, str], ...],
    ) -> None:
        if after is not None:
            self.steps.append(Step(accrual.id, "added", str(after), str(after + value), (("by", did), *facts)))
        else:
            self.steps.append(Step(accrual.id, did, measured, str(value), facts))

    def _multiplied(
        self, factors: Iterable[Multiplier], shares: list[tuple[Piece, Fraction]], first: Piece
    ) -> Fraction:
        total = sum((value for _, value in shares), Fraction(0))
        done: dict[int, set[str]] = {}
        for factor in factors:
            changed, applied = [], False
            for number, (part, value) in enumerate(shares):
                groups = done.setdefault(number, set())
                applies = part.fits(factor.when, first) and factor.group not in groups
                applied = applied or applies
                if applies and factor.group:
                    groups.add(factor.group)
                changed.append((part, value * factor.times if applies else value))
            after = sum((value for _, value in changed), Fraction(0))
            if applied:
                facts = (("times", str(factor.times)), ("clause", factor.clause))
                self.steps.append(Step(factor.id, "multiplied", str(total), str(after), facts))
            shares, total = changed, after
        return total

    def _rounded(self, stream: Earning, value: Fraction) -> int:
        rule, currency = stream.rounding, self.currencies[stream.currency]
        whole = rounded(value, rule.to, rule.direction)
        if whole != value:
            facts = (("to", str(rule.to)), ("direction", str(rule.direction)))
            self.steps.append(Step("rounding", "points_rounded", str(value), str(whole), facts))
        parts = whole * currency.scale
        if parts.denominator != 1:
            raise InputError(
                "finer_than_currency", rounding=str(rule.to), currency=currency.id, decimals=currency.decimals
            )
        return parts.numerator

    def _with_milestones(self, stream: Earning, points: int, minutes: int) -> int:
        scale = self.currencies[stream.currency].scale
        for milestone in stream.milestones:
            before = self.facts.measure(milestone.of, milestone)
            gain = self._gain(milestone, stream, points, minutes)
            paid = self.facts.values[_paid(milestone, self.service)]
            reached = milestone.reached(before + gain)
            if reached <= paid or gain <= 0:
                continue
            bonus = milestone.pays(paid, reached) * scale
            if bonus.denominator != 1:
                raise InputError("finer_than_currency", milestone=milestone.id, currency=stream.currency)
            facts = (("of", str(milestone.of)), ("total", number_text(before + gain)), ("clause", milestone.clause))
            after = points + bonus.numerator
            self.steps.append(
                Step(milestone.id, "milestone", self._text(points, stream), self._text(after, stream), facts)
            )
            self.counted[milestone.counter] = reached - paid
            points = after
        return points

    def _gain(self, milestone: Milestone, stream: Earning, points: int, minutes: int) -> Fraction:
        if milestone.activities and self.service.activity not in milestone.activities:
            return Fraction(0)
        match milestone.of:
            case Of.HOURS:
                return Fraction(minutes, 60)
            case Of.MINUTES:
                return Fraction(minutes)
            case Of.TIMES:
                return Fraction(1)
            case Of.QUANTITY:
                return Fraction(self.service.details.quantity(milestone.unit))
            case _:
                own = milestone.unit == stream.currency
                return Fraction(points, self.currencies[stream.currency].scale) if own else Fraction(0)

    def _text(self, points: int, stream: Earning) -> str:
        return number_text(Fraction(points, self.currencies[stream.currency].scale))

    # --- caps ---

    def _capped(self, amount: int, of: str, stream: Earning) -> int:
        scale = 1 if of == MINUTES else self.currencies[stream.currency].scale
        for cap in _caps_for(stream, self.service):
            if (cap.of == MINUTES) is not (of == MINUTES):
                continue
            known = cap_reading(cap, stream.currency, self.service)
            before = self.facts.values[known] if known is not None else 0
            limit = int(cap.at_most * (scale if cap.of in {"points", MINUTES} else 1))
            room = max(0, limit - before)
            if cap.of in {"times", "quantity"}:
                own = 1 if cap.of == "times" else self.service.details.quantity(cap.unit)
                room = amount if own <= room else 0
            facts = (
                ("limit", str(limit)),
                ("per", str(cap.per)),
                ("used", str(before)),
                ("of", cap.of),
                ("clause", cap.clause),
            )
            if amount > room:
                self.steps.append(Step(cap.id, "capped", str(amount), str(room), facts))
                if cap.overflow:
                    came = self.overflows.setdefault(cap.overflow, {})
                    came[cap.id] = came.get(cap.id, Fraction(0)) + Fraction(amount - room, scale)
                amount = room
        return amount

    # --- the whole ---

    def working(self, minutes: int) -> Working:
        """What came of it all."""
        main, *others = self.credits
        more = tuple(credit for credit in others if credit.points)
        nothing = None if main.points or more else self.reasons[0]
        return Working(
            points=main.points,
            minutes=minutes,
            lot=main.lot,
            steps=tuple(self.steps),
            nothing_because=nothing,
            more=more,
            counted=tuple(sorted(self.counted.items())),
        )


def _shared(base: Fraction, own: list[Piece]) -> list[tuple[Piece, Fraction]]:
    """The base of an accrual spread over its pieces by their minutes."""
    minutes = sum((part.minutes for part in own), Fraction(0))
    if not minutes:
        return [(own[0], base)]
    return [(part, base * part.minutes / minutes) for part in own]
