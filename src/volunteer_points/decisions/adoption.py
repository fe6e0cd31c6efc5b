"""Adopting a programme: the definition is checked as a whole and written as the difference from what stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

import attrs

from volunteer_points.books import About, Books
from volunteer_points.commands import Adopt, Definition, Request
from volunteer_points.decisions.case import FRAME, Case, Frame, frame_of, refuse
from volunteer_points.decisions.fitting import misfits
from volunteer_points.entries import (
    ActivityListed,
    Fact,
    HouseholdFormed,
    ItemListed,
    PartnerAgreed,
    ProgrammeAdopted,
    RulebookAdopted,
    TeamFormed,
    Withdrawn,
)
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.postings import PROGRAMME
from volunteer_points.rules import Rulebook

NOUN_KINDS = ("TeamFormed", "HouseholdFormed", "PartnerAgreed", "ActivityListed", "ItemListed", "Withdrawn")

STANDING = About(PROGRAMME, NOUN_KINDS)
"""Everything the programme is made of, asked for alone: who adopts takes the programme for itself."""


def adopt(books: Books, request: Request, own_rules: OwnRules = NO_OWN_RULES) -> Case:
    """Check a definition and draft what it changes."""
    command = request.command
    assert isinstance(command, Adopt)  # noqa: S101 - the dispatcher sees to it
    definition = command.definition
    standing = frame_of(books.ask(FRAME))
    rulebooks, closed_until = (standing.rulebooks, standing.closed_until) if standing else ((), None)
    frame = Frame(_frame_fact(command), rulebooks, closed_until, own_rules)
    case = Case(books, request, frame)
    case.check_open()
    _authorise(case, standing, command)
    found = (*problems(definition, case.booking_day, own_rules), *_breaks(command, standing, case.booking_day))
    if found:
        refuse("definition_has_problems", problems=list(found))
    if standing is None or standing.adopted != attrs.evolve(frame.adopted, author=standing.adopted.author):
        case.draft(frame.adopted, (PROGRAMME,), case.booking_day)
    for fact, subject in changes(definition, nouns(entry.fact for entry in books.ask(STANDING))):
        case.draft(fact, (PROGRAMME, subject), case.booking_day)
    adopted = {rulebook.id for rulebook in frame.rulebooks}
    for rulebook in definition.rulebooks:
        if rulebook.id not in adopted:
            fact = RulebookAdopted(
                rulebook=rulebook, hash=rulebook.hash, author=command.author, what_if=command.what_if
            )
            case.draft(fact, (PROGRAMME, f"rulebook:{rulebook.id}"), case.booking_day)
    if not case.drafts:
        refuse("no_change", programme=definition.name)
    return case


def _frame_fact(command: Adopt) -> ProgrammeAdopted:
    definition = command.definition
    return ProgrammeAdopted(
        name=definition.name,
        calendar=definition.calendar,
        author=command.author,
        founders=definition.founders,
        run_by_one=definition.run_by_one,
        structure=definition.structure,
        currencies=definition.currencies,
        duties=definition.duties,
        assumptions=definition.assumptions,
        funds=definition.funds,
    )


def _authorise(case: Case, standing: Frame | None, command: Adopt) -> None:
    """Author and approver are the two founders: those of the programme as it stands, or of the first definition."""
    frame = standing or case.frame
    alone, founders = frame.adopted.run_by_one, frame.adopted.founders
    if alone:
        if case.actor != alone:
            refuse("not_a_founder", actor=case.actor, founders=[alone])
        return
    for person in (command.author, case.actor):
        if person not in founders:
            refuse("not_a_founder", actor=person, founders=list(founders))
    if frame.is_same_person(command.author, case.actor):
        refuse("four_eyes", actor=case.actor, role="author")


Nouns = TeamFormed | HouseholdFormed | PartnerAgreed | ActivityListed | ItemListed


def nouns(facts: Iterable[object]) -> dict[str, Nouns]:
    """What stands, by subject: the latest of each, without what was withdrawn."""
    standing: dict[str, Nouns] = {}
    for fact in facts:
        if isinstance(fact, Withdrawn):
            standing.pop(fact.subject, None)
        elif isinstance(fact, Nouns):
            standing[subject_of(fact)] = fact
    return standing


def subject_of(fact: Nouns) -> str:
    """The subject of a team, household, partner, activity or item."""
    match fact:
        case TeamFormed():
            return f"team:{fact.team.id}"
        case HouseholdFormed():
            return f"household:{fact.household.id}"
        case PartnerAgreed():
            return f"partner:{fact.partner.id}"
        case ActivityListed():
            return f"activity:{fact.activity.id}"
        case ItemListed():
            return f"item:{fact.item.id}"


def _proposed(definition: Definition) -> Iterator[Nouns]:
    yield from (TeamFormed(team=each) for each in definition.teams)
    yield from (HouseholdFormed(household=each) for each in definition.households)
    yield from (PartnerAgreed(partner=each) for each in definition.partners)
    yield from (ActivityListed(activity=each) for each in definition.activities)
    yield from (ItemListed(item=each) for each in definition.catalogue)


def changes(definition: Definition, standing: Mapping[str, Nouns]) -> Iterator[tuple[Fact, str]]:
    """What adopting a definition writes about teams, households, partners, activities and items, with its subject."""
    proposed = {subject_of(fact): fact for fact in _proposed(definition)}
    for subject, fact in proposed.items():
        if standing.get(subject) != fact:
            yield fact, subject
    for subject in standing:
        if subject not in proposed:
            yield Withdrawn(subject=subject), subject


# --- checks ------------------------------------------------------------------------------------------------------


def problems(definition: Definition, day: date, own_rules: OwnRules | None = None) -> tuple[str, ...]:
    """Everything in a definition that does not fit together, in sentences that say where and what to do.

    Developers' own rules are held against those that are there, if these are given.
    """
    return (
        *_doubles(definition),
        *map(str, misfits(definition, day, own_rules)),
        *_circles(definition),
        *definition.structure.problems(definition.teams, day),
        *_overlaps(definition.rulebooks),
    )


def _doubles(definition: Definition) -> Iterator[str]:
    groups = {
        "team": definition.teams,
        "household": definition.households,
        "partner": definition.partners,
        "activity": definition.activities,
        "currency": definition.currencies,
        "rulebook": definition.rulebooks,
        "item": definition.catalogue,
    }
    for noun, group in groups.items():
        for name, count in Counter(each.id for each in group).items():  # type: ignore[attr-defined]  # all have ids
            if count > 1:
                yield f"{noun} {name}: stands {count} times; give each its own id"


def _circles(definition: Definition) -> Iterator[str]:
    """Teams that are above themselves."""
    above = {team.id: team.parent for team in definition.teams}
    for team, first in above.items():
        seen, parent = {team}, first
        while parent is not None and parent not in seen:
            seen.add(parent)
            parent = above.get(parent)
        if parent == team:
            yield f"team {team}: stands below itself; give it another parent or none"


def _overlaps(rulebooks: tuple[Rulebook, ...]) -> Iterator[str]:
    """Versions neither overlap nor leave a gap; one without an end ends where the next begins."""
    ordered = sorted(rulebooks, key=lambda rulebook: rulebook.since)
    for earlier, later in pairwise(ordered):
        if earlier.since == later.since or (earlier.until is not None and later.since < earlier.until):
            yield (
                f"rulebooks {earlier.id} and {later.id} overlap: {earlier.id} runs until {earlier.until},"
                f" {later.id} begins on {later.since}; let one end where the other begins"
            )
        elif earlier.until is not None and earlier.until < later.since:
            yield (
                f"rulebooks {earlier.id} and {later.id} leave a gap from {earlier.until} to {later.since};"
                f" let {later.id} begin on {earlier.until}"
            )


def _breaks(command: Adopt, standing: Frame | None, today: date) -> Iterator[str]:
    """What would contradict what was adopted before."""
    if standing is None:
        return
    definition = command.definition
    decimals = {currency.id: currency.decimals for currency in definition.currencies}
    for currency in standing.adopted.currencies:
        if decimals.get(currency.id) != currency.decimals:
            yield (
                f"currency {currency.id}: the ledger counts it with {currency.decimals} decimals;"
                " keep it as it is and add another one"
            )
    before = {rulebook.id: rulebook for rulebook in standing.rulebooks}
    for rulebook in definition.rulebooks:
        if before.get(rulebook.id, rulebook) != rulebook:
            yield f"rulebook {rulebook.id}: adopted versions never change; add a version with a new id and date"
    yield from _reaching_back([each for each in definition.rulebooks if each.id not in before], command.what_if, today)
    known = {rulebook.id for rulebook in definition.rulebooks}
    kept = tuple(rulebook for rulebook in standing.rulebooks if rulebook.id not in known)
    yield from (each for each in _overlaps((*kept, *definition.rulebooks)) if kept)


def reaches_back(rulebook: Rulebook, today: date) -> bool:
    """Whether a version that is adopted today would decide about days that are over."""
    return rulebook.since < today


def _reaching_back(new: Iterable[Rulebook], what_if: str, today: date) -> Iterator[str]:
    """A version reaches back only when it says so, with a reason, and after a look at what it would have changed."""
    found = [rulebook for rulebook in new if reaches_back(rulebook, today)]
    for rulebook in found:
        if not (rulebook.retroactive and rulebook.retroactive_reason.strip()):
            yield (
                f"rulebook {rulebook.id}: begins on {rulebook.since}, before today {today};"
                " say retroactive = true and give a retroactive_reason, or let it begin later"
            )
        elif not what_if:
            yield (
                f"rulebook {rulebook.id}: begins on {rulebook.since}, before today {today};"
                " look at its what-if first, and give the reference that stands at its end"
            )
    if len(found) > 1:
        names = ", ".join(rulebook.id for rulebook in found)
        yield f"rulebooks {names}: a what-if is of one version that reaches back; adopt one after the other"
