"""Awards: one for each record, approved, under the rulebook in force, worked out again, and within the caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.credits import expected_postings
from volunteer_points.audit.credits import notice_ends as _notice_ends
from volunteer_points.audit.findings import Evidence, Finding, Values
from volunteer_points.audit.idleness import Idleness
from volunteer_points.audit.reading import Decision, Record, Seen, Standing
from volunteer_points.canonical import instant_from, instant_text
from volunteer_points.entries import Awarded, Confirmed, Entry, NotAwarded, Prolonged, Reversed, RulebookAdopted
from volunteer_points.errors import Refused, VolunteerPointsError
from volunteer_points.model import Whose
from volunteer_points.postings import (
    Posting,
    Purpose,
    household_holder,
    quantity_unit,
    team_holder,
    volunteer_holder,
)
from volunteer_points.rules import (
    BALANCE,
    MINUTES,
    RECORD,
    Cap,
    Earning,
    Rulebook,
    ServiceRecord,
    Step,
    Working,
    award,
    cap_reading,
    streams_of,
)

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
    earlier awards used up of the caps is what the entries in front of it add up to. A confirmation comes after the
    public notice and releases what the award had put into it. A developer's own rule that is not there is a finding.
    Where points end by inactivity, both let what their holder has end later: that much, until then, and nothing else.
    """

    id = "VP105"
    kinds = (*DECIDED, Confirmed, Prolonged, Reversed)

    def __init__(self) -> None:
        self._missing: set[str] = set()
        self._idleness = Idleness()

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Work it out again and compare everything in it, and its postings."""
        fact = seen.entry.fact
        self._idleness.after(seen, before)
        if isinstance(fact, Reversed):
            return  # it is looked at for what it takes away
        self.examined += 1
        if isinstance(fact, Confirmed):
            yield from self._confirmed(seen, fact, before)
            return
        if isinstance(fact, Prolonged):
            yield from self._prolonged(seen, fact)
            return
        assert isinstance(fact, DECIDED)  # noqa: S101 - narrows the type
        record = before.records.get(fact.record)
        if record is None or (record.day is not None and before.rulebook_on(record.day) is None):
            return  # there is no such record, or no rulebook: other checks' findings
        try:
            service, rulebook, working = _worked_out(record, before, seen.entry.booked_at)
        except (VolunteerPointsError, ArithmeticError, ValueError) as error:
            if isinstance(error, Refused) and error.code == "own_rule_missing":
                yield from self.missing_rule(seen, error, self._missing)
                return
            subject, problem = ("entry", seen.id), str(error)
            yield self.finding("award_not_computable", subject, seen.evidence, record=fact.record, problem=problem)
            return
        at = seen.entry.booked_at
        expected, actual = _differences(
            _decided(record, rulebook, working, fact, _notice_ends(rulebook, before, at)), fact
        )
        postings = expected_postings(record, service, rulebook, working, before, at)
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

    def _confirmed(self, seen: Seen, fact: Confirmed, before: Standing) -> Iterator[Finding]:
        record, at = before.records.get(fact.record), seen.entry.booked_at
        award = record.award if record else None
        evidence = (award.evidence, seen.evidence) if award else (seen.evidence,)
        if award is None or Counter(seen.entry.postings) != Counter(award.released):
            expected = _summed(award.released) if award else {}
            yield self.finding(
                "confirmation_differs",
                ("entry", seen.id),
                *evidence,
                expected={"postings": expected},
                actual={"postings": _summed(seen.entry.postings)},
                record=fact.record,
            )
        elif award.counts_from is not None and at < award.counts_from:
            yield self.finding(
                "confirmed_early",
                ("record", fact.record),
                *evidence,
                expected={"at": before.clock(award.counts_from)},
                actual={"at": before.clock(at)},
                record=fact.record,
            )

    def _prolonged(self, seen: Seen, fact: Prolonged) -> Iterator[Finding]:
        due = self._idleness.due(seen)
        if due is None:
            written = {"until": instant_text(fact.until), "points": fact.points}
            yield self.finding("prolonged_for_nothing", ("entry", seen.id), seen.evidence, actual=written)
        elif fact != due.fact or Counter(seen.entry.postings) != Counter(due.postings):
            yield self.finding(
                "prolongation_differs",
                ("entry", seen.id),
                due.evidence,
                seen.evidence,
                expected={**_prolonging(due.fact), "postings": _summed(due.postings)},
                actual={**_prolonging(fact), "postings": _summed(seen.entry.postings)},
                record=due.record,
                holder=due.holder,
            )

    def finish(self, end: End) -> Iterator[Finding]:
        """Look for records that were approved and got neither an award nor a reason for none."""
        for due in self._idleness.missing():
            self.examined += 1
            yield self.finding(
                "not_prolonged",
                ("record", due.record),
                due.evidence,
                expected=_prolonging(due.fact),
                holder=due.holder,
                points=end.standing.shown(due.currency, due.points),
                until=end.standing.clock(due.until),
            )
        for name, record in end.standing.records.items():
            if record.status == "approved" and record.award is None:
                self.examined += 1
                yield self.finding("approved_not_awarded", ("record", name), record.evidence, expected={"awards": 1})


def _prolonging(fact: Prolonged) -> dict[str, Any]:
    return {**attrs.asdict(fact), "until": instant_text(fact.until)}


def _worked_out(record: Record, before: Standing, at: datetime) -> tuple[ServiceRecord, Rulebook, Working]:
    """The service, the rulebook that was in force, and what it gives.

    Raises:
        VolunteerPointsError: there is no day, or no such currency.
    """
    service = before.service_of(record)
    adopted = before.rulebook_on(service.day) if service else None
    if service is None or adopted is None:
        raise VolunteerPointsError("no_day", intervals=len(record.said.intervals))
    rulebook = adopted.rulebook
    currencies = before.programme.currencies if before.programme else ()
    for stream in streams_of(rulebook):
        if before.currency(stream.currency) is None:
            raise VolunteerPointsError("unknown_currency", currency=stream.currency)
    known = before.known(rulebook, service, record.said.volunteer, at)
    return service, rulebook, award(rulebook, currencies, before.calendar, service, known, before.own_rules)


def _decided(
    record: Record, rulebook: Rulebook, working: Working, written: Decided, notice_ends: datetime | None
) -> Decided:
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
            to=rulebook.to,
            source=rulebook.source,
            more=working.more,
            counts_from=notice_ends,
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
    """What was given in one window of a cap, and by which award last."""

    amount: int
    evidence: Evidence


@attrs.frozen
class _Window:
    """One window of one cap: whose it is, under which rulebook, of which activity or record, and its days."""

    whose: str
    rulebook: str
    cap: str
    of: str
    since: date | None
    until: date | None


class CapsKept(Check):
    """VP106: in each window of each cap, what a rulebook's standing awards gave is within the limit."""

    id = "VP106"
    kinds = (*DECIDED, Reversed)

    def __init__(self) -> None:
        self._used: dict[_Window, _Used] = {}
        self._given: dict[str, list[tuple[_Window, int]]] = {}
        """By record: what its standing award took of each window."""

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Add an award to its windows, or take a reversed one out of them."""
        fact = seen.entry.fact
        assert isinstance(fact, (*DECIDED, Reversed))  # noqa: S101 - narrows the type
        for window, amount in self._given.pop(fact.record, ()):
            if isinstance(fact, Reversed):
                self._used[window].amount -= amount
        if isinstance(fact, Reversed):
            return
        record = before.records.get(fact.record)
        service = before.service_of(record) if record else None
        adopted = before.rulebooks.get(fact.rulebook)
        if service is None or adopted is None or not any(stream.caps for stream in streams_of(adopted.rulebook)):
            return
        self.examined += 1
        given = self._given[fact.record] = []
        for stream in streams_of(adopted.rulebook):
            for cap in stream.caps:
                if cap.per == BALANCE or (cap.activities and service.activity not in cap.activities):
                    continue
                place = _window(cap, stream, adopted.rulebook, service, fact, before)
                if place is None:
                    continue
                amount = _given(seen.entry, cap, stream, fact)
                used = self._used.setdefault(place, _Used(0, seen.evidence))
                used.amount, used.evidence = used.amount + amount, seen.evidence
                given.append((place, amount))
        yield from ()

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare what stands in each window with the limit."""
        for window, used in self._used.items():
            rulebook = end.standing.rulebooks[window.rulebook].rulebook
            stream, cap = next(
                (stream, cap) for stream in streams_of(rulebook) for cap in stream.caps if cap.id == window.cap
            )
            currency = stream.currency if cap.of == "points" else ""
            at_most = _limit(cap, currency, end.standing)
            if used.amount > at_most:
                days = {"since": str(window.since or ""), "until": str(window.until or "")}
                noun, _, name = window.whose.partition(":")
                yield self.finding(
                    "cap_passed",
                    (noun, name),
                    used.evidence,
                    expected={"at_most": at_most, "cap": cap.id, "activity": window.of or None, **days},
                    actual={"issued": used.amount},
                    volunteer=name,
                    rulebook=window.rulebook,
                    cap=cap.id,
                    window=_days(window) or str(cap.per),
                    issued=end.standing.shown(currency, used.amount),
                    at_most=end.standing.shown(currency, at_most),
                )


def _window(  # noqa: PLR0913, PLR0917 - a cap and where it is applied
    cap: Cap, stream: Earning, rulebook: Rulebook, service: ServiceRecord, fact: Decided, before: Standing
) -> _Window | None:
    """The window in which an award counts for a cap; none where there is no such household or team."""
    whose = volunteer_holder(fact.volunteer)
    if cap.whose is Whose.HOUSEHOLD:
        household = before.household_of(fact.volunteer)
        whose = household_holder(household) if household else ""
    elif cap.whose is Whose.TEAM:
        whose = team_holder(service.team) if service.team else ""
    reading = cap_reading(cap, stream.currency, service)
    of = fact.record if cap.per == RECORD else service.activity if cap.each_activity else ""
    if not whose:
        return None
    since, until = (reading.since, reading.until) if reading else (None, None)
    return _Window(whose, rulebook.id, cap.id, of, since, until)


def _given(entry: Entry, cap: Cap, stream: Earning, fact: Decided) -> int:
    """What an award took of a cap: of its points only those that were given."""
    if cap.of == MINUTES:
        return fact.minutes
    given = _issued(entry, stream.currency)
    if cap.of == "points":
        return given
    if given <= 0:
        return 0
    return 1 if cap.of == "times" else _issued(entry, quantity_unit(cap.unit))


def _days(window: _Window) -> str:
    """A window by its first and last day; empty for one without."""
    if window.since is None or window.until is None:
        return ""
    last = window.until - timedelta(days=1)
    return str(window.since) if last == window.since else f"{window.since} .. {last}"


def _issued(entry: Entry, unit: str) -> int:
    return -sum(
        posting.amount
        for posting in entry.postings
        if posting.unit == unit and posting.account.purpose == Purpose.ISSUED
    )


def _limit(cap: Cap, name: str, standing: Standing) -> int:
    """The cap in whole minutes, times, a quantity or smallest parts of the currency."""
    currency = standing.currency(name)
    return int(cap.at_most * (1 if currency is None else currency.scale))
