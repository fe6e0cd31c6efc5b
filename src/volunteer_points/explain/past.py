"""The books as they stood before an award, and the rules that it passed over, with the reason for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar

import attrs

from volunteer_points.books import Question, Tally
from volunteer_points.decisions.case import Frame, volunteer_state
from volunteer_points.decisions.measuring import Measurer
from volunteer_points.entries import (
    ActivityListed,
    Approved,
    Awarded,
    Corrected,
    Entry,
    NotAwarded,
    Submitted,
    TeamFormed,
)
from volunteer_points.errors import Refused
from volunteer_points.explain.explanations import Line, line_of
from volunteer_points.explain.own_words import InOwnWords
from volunteer_points.explain.templates import Words
from volunteer_points.explain.wording import Fact, Minutes, Noun, Speaker, Stretch, Term
from volunteer_points.model import Condition, Facts, Reading, Shown, Use, Whose, readings
from volunteer_points.rules import (
    Accrual,
    Cap,
    Multiplier,
    Rulebook,
    ServiceRecord,
    Step,
    When,
    cap_reading,
    streams_of,
)

Answer = TypeVar("Answer")

LINES: Mapping[str, Words] = {
    "passed_over": Words(
        "Rule {rule} does not apply: {what} {found}[, wanted {wanted}][, without {without}][ (clause {clause})]",
        "规则 {rule} 不适用：{what}为 {found}[，要求 {wanted}][，不得有 {without}][（条款 {clause}）]",
    ),
    "passed_over_by_condition": Words(
        "Rule {rule} does not apply: condition {condition} is not met[; measured: {of}, {over}][; {own}]"
        "[; wanted: {wanted}][; found: {found}][ (clause {clause})]",
        "规则 {rule} 不适用：不符合条件 {condition}[；依据：{over}{of}][；{own}][；要求：{wanted}][；现为：{found}]"
        "[（条款 {clause}）]",
    ),
    "passed_over_by_hours": Words(
        "Rule {rule} does not apply: none of the time lies within its days and hours[ (clause {clause})]",
        "规则 {rule} 不适用：没有时间落在其日期和时段内[（条款 {clause}）]",
    ),
    "passed_over_by_order": Words(
        "Rule {rule} does not apply: one that stands before it counts[ (clause {clause})]",
        "规则 {rule} 不适用：以排在前面的规则为准[（条款 {clause}）]",
    ),
}


@attrs.frozen
class Past:
    """What was known just before an award: the service as rules saw it, and what the volunteer's own entries say."""

    tally: Tally
    frame: Frame
    volunteer: str
    service: ServiceRecord
    booked_at: datetime

    @property
    def booking_day(self) -> date:
        """The day of the award."""
        return self.frame.calendar.day(self.booked_at)

    def need(self, *questions: Question[object]) -> None:
        """Everything is there already."""

    def ask(self, question: Question[Answer]) -> Answer:
        """An answer as it was."""
        return self.tally.answer(question)

    def used(self, cap: Cap, currency: str) -> int | None:
        """How much of a cap was used before; None where that does not matter or others used it too."""
        asked = cap_reading(cap, currency, self.service)
        if asked is None or cap.whose is not Whose.VOLUNTEER:
            return None
        return max(0, Measurer(self, self.volunteer).values([asked])[asked])

    def unmet(self, conditions: tuple[Condition, ...], rulebook: Rulebook) -> Shown | None:
        """The first condition that did not hold, of those that look at the volunteer alone."""
        day, rules = self.service.day, self.frame.own_rules

        def asked(*each: Condition) -> tuple[Reading, ...]:
            return readings(each, rulebook.ladders, day, rules)

        try:
            own = [each for each in conditions if all(one.whose is Whose.VOLUNTEER for one in asked(each))]
            values = Measurer(self, self.volunteer).values(asked(*own))
            scales = {currency.id: currency.scale for currency in self.frame.adopted.currencies}
            return Facts(day, frozenset(self.service.tags), rulebook.ladders, values, scales, rules).unmet(own)
        except Refused:
            return None  # a developer's own rule is not there any more: nothing is said of it


def past_of(entry: Entry, history: tuple[Entry, ...], frame: Frame) -> Past | None:
    """What was known before an award; None for other entries, or when the history does not hold it."""
    fact = entry.fact
    if not isinstance(fact, Awarded | NotAwarded) or entry.id not in {each.id for each in history}:
        return None
    before = []
    for each in history:
        if each.id == entry.id:
            break
        if not isinstance(each.fact, ActivityListed | TeamFormed) or each.booked_at <= entry.booked_at:
            before.append(each)
    service = _service(before, fact.record, fact.volunteer, entry.on)
    if service is None:
        return None
    tally = Tally()
    tally.absorb(before)
    return Past(tally, frame, fact.volunteer, service, entry.booked_at)


def _service(before: Iterable[Entry], record: str, volunteer: str, on: date) -> ServiceRecord | None:
    """The record as rules saw it."""
    facts = [entry.fact for entry in before]
    said = next(
        (each for each in reversed(facts) if isinstance(each, Submitted | Corrected) and each.record == record), None
    )
    if said is None:
        return None
    rating = next(
        (f.rating for f in reversed(facts) if isinstance(f, Approved) and f.record == record and f.rating), ""
    )
    activity = next((f.activity for f in reversed(facts) if isinstance(f, ActivityListed)), None)
    team = next((f.team for f in reversed(facts) if isinstance(f, TeamFormed) and f.team.id == said.team), None)
    person = volunteer_state(volunteer, tuple(facts))
    return ServiceRecord(
        intervals=said.intervals,
        day=on,
        activity=said.activity,
        activity_type=activity.type if activity is not None and activity.id == said.activity else "service",
        team=said.team,
        slot=None if team is None else team.slot,
        tags=person.tags if person is not None else (),
        evidence=said.evidence,
        details=attrs.evolve(said.details, rating=rating) if rating else said.details,
    )


# --- what was passed over ----------------------------------------------------------------------------------------


def passed_over(
    rulebook: Rulebook | None, steps: tuple[Step, ...], past: Past | None, speaker: Speaker
) -> Iterator[Line]:
    """A line for each accrual and multiplier that did not apply."""
    if rulebook is None or past is None:
        return
    applied = {step.rule for step in steps}
    for stream in streams_of(rulebook):
        is_told = any(accrual.id in applied for accrual in stream.accruals)
        rules: tuple[Accrual | Multiplier, ...] = (*stream.accruals, *stream.multipliers)
        for rule in rules:
            if rule.id not in applied:
                yield from _why(rule, rulebook, past, speaker, is_told=is_told)


def _why(
    rule: Accrual | Multiplier, rulebook: Rulebook, past: Past, speaker: Speaker, *, is_told: bool
) -> Iterator[Line]:
    facts: dict[str, Fact] = {"rule": rule.id, "clause": rule.clause}
    missed = next(_missed(rule.when, past.service), None)
    if missed is not None:
        found = missed.pop("found") or speaker.choose("none", "无")
        yield line_of(speaker, "passed_over", LINES["passed_over"], {**facts, **missed, "found": found})
    elif shown := past.unmet(rule.when.conditions, rulebook):
        code = "passed_over_by_condition"
        yield line_of(speaker, code, LINES[code], {**facts, **condition_facts(shown)})
    elif is_told:
        code = "passed_over_by_hours" if rule.when.is_split else "passed_over_by_order"
        yield line_of(speaker, code, LINES[code], facts)


def condition_facts(shown: Shown) -> dict[str, Fact]:
    """How a condition came out, as what it stands for; its clause stands only where it has one of its own."""
    condition = shown.condition
    measured = condition.of is not None
    return {
        "condition": condition.id,
        "of": Term("measure", str(condition.of)) if measured else None,
        "over": Stretch(condition.over) if measured else None,
        "own": None if condition.own is None else InOwnWords(Use.CONDITION, condition.own, shown.told),
        "wanted": shown.wanted,
        "found": shown.found,
        "missing": shown.missing,
        **({"clause": condition.clause} if condition.clause else {}),
    }


def _missed(when: When, service: ServiceRecord) -> Iterator[dict[str, Fact]]:
    """What of a selector does not fit: what it looks at, what is found and what is wanted."""

    def told(what: str, found: Fact, wanted: Fact) -> dict[str, Fact]:
        return {"what": Term("selector", what), "found": found, "wanted": wanted}

    details = service.details
    listed: tuple[tuple[str, tuple[str, ...], tuple[str | None, ...]], ...] = (
        ("activity", when.activities, (service.activity,)),
        ("activity_type", when.activity_types, (service.activity_type,)),
        ("team", when.teams, (service.team,)),
        ("slot", when.slots, (service.slot,)),
        ("tags", when.tags, service.tags),
        ("evidence", when.evidence, (service.evidence,)),
        ("role", when.roles, (details.role,)),
        ("marks", when.marks, details.marks),
        ("rating", when.ratings, (details.rating,)),
    )
    for what, wanted, found in listed:
        if wanted and set(wanted).isdisjoint(found):
            yield told(what, _named(what, found), _named(what, wanted))
    for what, without, there in (
        ("tags", when.without_tags, service.tags),
        ("marks", when.without_marks, details.marks),
    ):
        if not set(without).isdisjoint(there):
            yield {"what": Term("selector", what), "found": there, "without": without}
    bounds = (
        ("participants", details.participants, when.participants_at_least, when.participants_below),
        ("minutes", service.minutes, when.minutes_at_least, when.minutes_below),
    )
    for what, number, least, below in bounds:
        if (least is not None and number < least) or (below is not None and number >= below):
            limits = [f"≥ {least}"] * (least is not None) + [f"< {below}"] * (below is not None)
            yield told(what, Minutes(number) if what == "minutes" else number, " ".join(limits))
    if not when.is_split and not when.fits_day(service.day):
        yield told("day", service.day, _days(when))


def _named(what: str, names: Iterable[str | None]) -> tuple[Fact, ...]:
    if what in {"activity", "team"}:
        return tuple(Noun(what, name) for name in names if name)
    return tuple(Term("evidence", name) if what == "evidence" else name for name in names if name)


def _days(when: When) -> tuple[Fact, ...]:
    weekdays = tuple(Term("weekday", str(each)) for each in when.weekdays)
    months = tuple(Term("month", str(each)) for each in when.months)
    return (*weekdays, *months, *(day for day in (when.first_day, when.last_day) if day is not None))
