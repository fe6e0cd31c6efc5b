"""Awards: one for each record, approved, under the rulebook in force, worked out again, and within the caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import attrs

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Evidence, Finding, Values
from volunteer_points.audit.reading import Decision, Record, Seen, Standing
from volunteer_points.canonical import instant_from, instant_text
from volunteer_points.entries import Awarded, Entry, NotAwarded, Reversed, RulebookAdopted
from volunteer_points.errors import VolunteerPointsError
from volunteer_points.postings import Account, Posting, Purpose, volunteer_holder
from volunteer_points.rules import MINUTES, Cap, CapWindow, Rulebook, ServiceRecord, Step, Working, award

DECIDED = (Awarded, NotAwarded)
Decided = Awarded | NotAwarded


class OneAward(Check):
    """VP101: an award is for one record, a record has one standing award, a reversal takes that one back."""

    id = "VP101"
    kinds = (*DECIDED, Reversed)

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare with the record's standing award."""
        fact = seen.entry.fact
        assert isinstance(fact, (*DECIDED, Reversed))  # noqa: S101 - narrows the type
        record = before.records.get(fact.record)
        standing = record.award if record else None
        if isinstance(fact, Reversed):
            yield from self._reversed(seen, fact, standing)
            return
        self.examined += 1
        if record is None:
            yield self.finding("award_without_record", ("entry", seen.id), seen.evidence, record=fact.record)
        elif standing is not None:
            yield self.finding(
                "awarded_twice",
                ("record", fact.record),
                standing.evidence,
                seen.evidence,
                expected={"awards": 1},
                actual={"awards": 2},
                record=fact.record,
                first=standing.evidence.entry,
                again=seen.id,
            )

    def _reversed(self, seen: Seen, fact: Reversed, standing: Decision | None) -> Iterator[Finding]:
        expected = standing.evidence.entry if standing else None
        if fact.entry != expected:
            yield self.finding(
                "reverses_nothing",
                ("entry", seen.id),
                *([standing.evidence] if standing else []),
                seen.evidence,
                expected={"award": expected},
                actual={"award": fact.entry},
                record=fact.record,
            )


class AwardApproved(Check):
    """VP102: what was awarded was approved just then, and is not rejected or withdrawn while its award stands."""

    id = "VP102"
    kinds = DECIDED

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare with the record's status."""
        fact = seen.entry.fact
        assert isinstance(fact, DECIDED)  # noqa: S101 - narrows the type
        self.examined += 1
        record = before.records.get(fact.record)
        if record is None or record.award is not None:
            return  # that is another check's finding
        if record.status != "approved":
            yield self.finding(
                "not_approved",
                ("record", fact.record),
                record.evidence,
                seen.evidence,
                expected={"status": "approved"},
                actual={"status": record.status},
                record=fact.record,
                award=seen.id,
            )

    def finish(self, end: End) -> Iterator[Finding]:
        """Look for awards that outlived the approval of their record."""
        for name, record in end.standing.records.items():
            if record.award is not None and record.status in {"rejected", "voided"}:
                yield self.finding(
                    "award_outlived_approval",
                    ("record", name),
                    record.award.evidence,
                    expected={"award": "reversed"},
                    actual={"status": record.status},
                    record=name,
                    award=record.award.evidence.entry,
                )


class RulebookInForce(Check):
    """VP104: an award names the one version that was in force on its day, as adopted before, with its hash."""

    id = "VP104"
    kinds = (*DECIDED, RulebookAdopted)

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare a version with its hash, or an award with the versions adopted so far."""
        fact = seen.entry.fact
        self.examined += 1
        if isinstance(fact, RulebookAdopted):
            yield from self._adopted(seen, fact, before)
            return
        assert isinstance(fact, DECIDED)  # noqa: S101 - narrows the type
        record = before.records.get(fact.record)
        if record is None or record.day is None:
            return
        in_force = before.rulebook_on(record.day)
        if in_force is None:
            yield self._wrong(seen, fact, record, "no_rulebook", {}, {})
        elif fact.rulebook != in_force.rulebook.id:
            expected, actual = {"rulebook": in_force.rulebook.id}, {"rulebook": fact.rulebook}
            yield self._wrong(seen, fact, record, "other_rulebook", expected, actual)
        elif fact.rulebook_hash != in_force.hash:
            expected, actual = {"hash": in_force.hash}, {"hash": fact.rulebook_hash}
            yield self._wrong(seen, fact, record, "rulebook_hash_differs", expected, actual)

    def _wrong(  # noqa: PLR0913, PLR0917 - an award with its record, and what differs
        self, seen: Seen, fact: Decided, record: Record, key: str, expected: Values, actual: Values
    ) -> Finding:
        return self.finding(
            key,
            ("entry", seen.id),
            seen.evidence,
            expected=expected,
            actual=actual,
            record=fact.record,
            rulebook=fact.rulebook,
            day=str(record.day),
        )

    def _adopted(self, seen: Seen, fact: RulebookAdopted, before: Standing) -> Iterator[Finding]:
        rulebook, found = fact.rulebook, fact.rulebook.hash
        if found != fact.hash:
            expected, actual = {"hash": fact.hash}, {"hash": found}
            subject = ("rulebook", rulebook.id)
            yield self.finding("rulebook_changed", subject, seen.evidence, expected=expected, actual=actual)
        for other in before.rulebooks.values():
            if other.rulebook.id == rulebook.id or other.rulebook.since == rulebook.since:
                subject = ("rulebook", rulebook.id)
                yield self.finding("rulebook_not_unique", subject, seen.evidence, other=other.rulebook.id)


class Reperformed(Check):
    """VP105: every award and every non-award, worked out again from entries, is what was written.

    The service is put together again from what the record said, the rulebook is the one that was in force, and what
    earlier awards used up of the caps is what the entries in front of it add up to.
    """

    id = "VP105"
    kinds = DECIDED

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Work it out again and compare everything in it, and its postings."""
        self.examined += 1
        fact = seen.entry.fact
        assert isinstance(fact, DECIDED)  # noqa: S101 - narrows the type
        record = before.records.get(fact.record)
        if record is None or (record.day is not None and before.rulebook_on(record.day) is None):
            return  # there is no such record, or no rulebook: other checks' findings
        try:
            service, rulebook, working = _worked_out(record, before)
        except (VolunteerPointsError, ArithmeticError, ValueError) as error:
            subject, problem = ("entry", seen.id), str(error)
            yield self.finding("award_not_computable", subject, seen.evidence, record=fact.record, problem=problem)
            return
        expected, actual = _differences(_decided(record, rulebook, working, fact), fact)
        postings = _postings(record, service, rulebook, working)
        if seen.entry.postings != postings and Counter(seen.entry.postings) != Counter(postings):
            expected["postings"], actual["postings"] = _summed(postings), _summed(seen.entry.postings)
        if expected:
            yield self.finding(
                "award_differs",
                ("entry", seen.id),
                record.evidence,
                seen.evidence,
                expected=expected,
                actual=actual,
                trace=tuple(_told(step) for step in working.steps),
                record=fact.record,
                rulebook=rulebook.id,
                says=_brief(actual, expected, rulebook, before),
                gives=_brief(expected, actual, rulebook, before),
            )

    def finish(self, end: End) -> Iterator[Finding]:
        """Look for records that were approved and got neither an award nor a reason for none."""
        for name, record in end.standing.records.items():
            if record.status == "approved" and record.award is None:
                self.examined += 1
                yield self.finding("approved_not_awarded", ("record", name), record.evidence, expected={"awards": 1})


def _worked_out(record: Record, before: Standing) -> tuple[ServiceRecord, Rulebook, Working]:
    """The service, the rulebook that was in force, and what it gives.

    Raises:
        VolunteerPointsError: there is no day, or no such currency.
    """
    service = before.service_of(record)
    adopted = before.rulebook_on(service.day) if service else None
    if service is None or adopted is None:
        raise VolunteerPointsError("no_day", intervals=len(record.said.intervals))
    rulebook = adopted.rulebook
    currency = before.currency(rulebook.currency)
    if currency is None:
        raise VolunteerPointsError("unknown_currency", currency=rulebook.currency)
    used = before.used(rulebook, service, record.said.volunteer)
    return service, rulebook, award(rulebook, currency, before.calendar, service, used)


def _decided(record: Record, rulebook: Rulebook, working: Working, written: Decided) -> Decided:
    """What should have been written; which rulebook it names is another check's."""
    said = record.said
    if working.nothing_because is None:
        return Awarded(
            record=said.record,
            volunteer=said.volunteer,
            activity=said.activity,
            rulebook=written.rulebook,
            rulebook_hash=written.rulebook_hash,
            currency=rulebook.currency,
            points=working.points,
            minutes=working.minutes,
            lot=working.lot,
            working=working.steps,
        )
    return NotAwarded(
        record=said.record,
        volunteer=said.volunteer,
        activity=said.activity,
        rulebook=written.rulebook,
        rulebook_hash=written.rulebook_hash,
        minutes=working.minutes,
        because=working.nothing_because,
        working=working.steps,
    )


def _differences(expected: Decided, actual: Decided) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they should be and as they are."""
    if expected == actual:
        return {}, {}
    names = [field.name for field in attrs.fields(type(expected))]
    names += [field.name for field in attrs.fields(type(actual)) if field.name not in names]
    differ = [name for name in names if getattr(expected, name, None) != getattr(actual, name, None)]
    return {name: _value(expected, name) for name in differ}, {name: _value(actual, name) for name in differ}


def _value(fact: Decided, name: str) -> object:
    value = getattr(fact, name, None)
    if name == "working":
        return "; ".join(_told(step) for step in fact.working)
    return instant_text(value) if isinstance(value, datetime) else value


def _brief(values: Values, others: Values, rulebook: Rulebook, before: Standing) -> Values:
    """What a sentence tells of the values: what is long only where nothing shorter differs."""
    told = {name: value for name, value in values.items() if name not in {"postings", "working"}}
    if not told and "postings" in values:
        told = {
            place: amount for place, amount in values["postings"].items() if others["postings"].get(place) != amount
        }
    elif not told:
        told = dict(values)
    if "points" in told:
        told["points"] = before.shown(rulebook.currency, told["points"])
    if told.get("lot"):
        told["lot"] = before.clock(instant_from(told["lot"]))
    return told


def _told(step: Step) -> str:
    facts = " ".join(f"{name} {value}" for name, value in step.facts if value)
    came = f"{step.before} -> {step.after}" if step.before else step.after
    return f"{step.rule} {step.did} {came}{f' ({facts})' if facts else ''}"


def _postings(record: Record, service: ServiceRecord, rulebook: Rulebook, working: Working) -> tuple[Posting, ...]:
    """The postings that an award of this working has."""
    holder, day = volunteer_holder(record.said.volunteer), service.day
    issued, served = (Account(holder, purpose, service.activity) for purpose in (Purpose.ISSUED, Purpose.SERVED))
    postings: list[Posting] = []
    if working.minutes:
        postings.append(Posting(issued, MINUTES, -working.minutes, None, day))
        postings.append(Posting(served, MINUTES, working.minutes, None, day))
    if working.nothing_because is None:
        available = Account(holder, Purpose.AVAILABLE)
        postings.append(Posting(issued, rulebook.currency, -working.points, None, day))
        postings.append(Posting(available, rulebook.currency, working.points, working.lot, day))
    return tuple(postings)


def _summed(postings: Iterable[Posting]) -> dict[str, int]:
    """Postings as they can be compared by eye: amounts by account, unit, day and end."""
    sums: dict[str, int] = {}
    for account, unit, amount, lot, on in postings:
        ends = f" until {instant_text(lot)}" if lot else ""
        place = f"{'/'.join(account)} {unit} on {on}{ends}"
        sums[place] = sums.get(place, 0) + amount
    return sums


@attrs.define
class _Used:
    """What was issued in one window of a cap, and by which award last."""

    amount: int
    evidence: Evidence


_Place = tuple[str, str, CapWindow]
"""Volunteer, rulebook, window."""


class CapsKept(Check):
    """VP106: in each window of each cap, what a rulebook's standing awards gave a volunteer is within the limit."""

    id = "VP106"
    kinds = (*DECIDED, Reversed)

    def __init__(self) -> None:
        self._used: dict[_Place, _Used] = {}
        self._given: dict[str, list[tuple[_Place, int]]] = {}
        """By record: what its standing award took of each window."""

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Add an award to its windows, or take a reversed one out of them."""
        fact = seen.entry.fact
        assert isinstance(fact, (*DECIDED, Reversed))  # noqa: S101 - narrows the type
        for place, amount in self._given.pop(fact.record, ()):
            if isinstance(fact, Reversed):
                self._used[place].amount -= amount
        if isinstance(fact, Reversed):
            return
        record = before.records.get(fact.record)
        service = before.service_of(record) if record else None
        adopted = before.rulebooks.get(fact.rulebook)
        if service is None or adopted is None or not adopted.rulebook.caps:
            return
        self.examined += 1
        given = self._given[fact.record] = []
        for window in (*before.windows(adopted.rulebook, service), *_record_windows(adopted.rulebook, fact.record)):
            place, amount = (fact.volunteer, fact.rulebook, window), _issued(seen.entry, window.unit)
            used = self._used.setdefault(place, _Used(0, seen.evidence))
            used.amount, used.evidence = used.amount + amount, seen.evidence
            given.append((place, amount))
        yield from ()

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare what stands in each window with the limit."""
        for (volunteer, name, window), used in self._used.items():
            rulebook = end.standing.rulebooks[name].rulebook
            cap = next(each for each in rulebook.caps if each.id == window.cap)
            at_most = _limit(cap, rulebook, end.standing)
            if used.amount > at_most:
                days = {"since": str(window.since or ""), "until": str(window.until or "")}
                currency = "" if cap.of == MINUTES else rulebook.currency
                yield self.finding(
                    "cap_passed",
                    ("volunteer", volunteer),
                    used.evidence,
                    expected={"at_most": at_most, "cap": cap.id, "activity": window.activity, **days},
                    actual={"issued": used.amount},
                    volunteer=volunteer,
                    rulebook=name,
                    cap=cap.id,
                    window=_days(window) or str(cap.per),
                    issued=end.standing.shown(currency, used.amount),
                    at_most=end.standing.shown(currency, at_most),
                )


def _days(window: CapWindow) -> str:
    """A window by its first and last day; empty for one without."""
    if window.since is None or window.until is None:
        return ""
    last = window.until - timedelta(days=1)
    return str(window.since) if last == window.since else f"{window.since} .. {last}"


def _record_windows(rulebook: Rulebook, record: str) -> Iterator[CapWindow]:
    """Caps per record, each record a window of its own."""
    for cap in rulebook.caps:
        if cap.per == "record":
            yield CapWindow(cap.id, MINUTES if cap.of == MINUTES else rulebook.currency, record, None, None)


def _issued(entry: Entry, unit: str) -> int:
    return -sum(
        posting.amount
        for posting in entry.postings
        if posting.unit == unit and posting.account.purpose == Purpose.ISSUED
    )


def _limit(cap: Cap, rulebook: Rulebook, standing: Standing) -> int:
    """The cap in whole minutes or smallest parts of the currency."""
    currency = standing.currency(rulebook.currency)
    return int(cap.at_most * (1 if cap.of == MINUTES or currency is None else currency.scale))
