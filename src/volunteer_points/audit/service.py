"""Service as it was recorded: nobody twice at once, no day too full, nobody approving their own case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Evidence, Finding, Severity
from volunteer_points.audit.reading import Record, Seen, Standing
from volunteer_points.canonical import instant_text
from volunteer_points.entries import Approved, Corrected
from volunteer_points.model import Calendar, Interval

MINUTE = timedelta(minutes=1)


def _live_intervals(standing: Standing) -> dict[str, list[tuple[Interval, Record]]]:
    """By volunteer: the time of records that are not rejected, withdrawn or reversed, the earliest first."""
    found: dict[str, list[tuple[Interval, Record]]] = defaultdict(list)
    for record in standing.records.values():
        if record.live:
            found[record.said.volunteer].extend((interval, record) for interval in record.said.intervals)
    for intervals in found.values():
        intervals.sort(key=lambda each: (each[0].begin, each[0].end, each[1].said.record))
    return found


class NoOverlap(Check):
    """VP202: no two live records of a volunteer share an instant."""

    id = "VP202"

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare each interval with the one before it that ends last."""
        for volunteer, intervals in _live_intervals(end.standing).items():
            self.examined += len(intervals)
            if not intervals:
                continue  # nothing of it took time
            latest, *others = intervals
            for each in others:
                if each[0].begin < latest[0].end and each[1] is not latest[1]:
                    yield self._overlap(volunteer, latest, each, end.standing)
                if each[0].end > latest[0].end:
                    latest = each

    def _overlap(
        self, volunteer: str, earlier: tuple[Interval, Record], later: tuple[Interval, Record], standing: Standing
    ) -> Finding:
        return self.finding(
            "overlap",
            ("record", later[1].said.record),
            earlier[1].evidence,
            later[1].evidence,
            expected={"not_before": instant_text(earlier[0].end), "other": earlier[1].said.record},
            actual={"begins": instant_text(later[0].begin)},
            volunteer=volunteer,
            record=later[1].said.record,
            other=earlier[1].said.record,
            begin=standing.clock(later[0].begin),
            end=standing.clock(earlier[0].end),
        )


class DayNotOverfull(Check):
    """VP203: the live service of a volunteer on one day is not longer than the day is."""

    id = "VP203"

    def finish(self, end: End) -> Iterator[Finding]:
        """Spread every interval over the days on which it lies, and add up."""
        calendar = end.standing.calendar
        for volunteer, intervals in _live_intervals(end.standing).items():
            days: dict[date, tuple[timedelta, Record]] = {}
            for interval, record in intervals:
                for day, length in _by_day(interval, calendar):
                    days[day] = (days[day][0] + length if day in days else length, record)
            self.examined += len(days)
            for day, (length, record) in days.items():
                at_most = _length(day, calendar)
                if length > at_most:
                    yield self.finding(
                        "day_too_full",
                        ("volunteer", volunteer),
                        record.evidence,
                        expected={"day": day.isoformat(), "at_most": at_most // MINUTE},
                        actual={"minutes": length // MINUTE},
                        record=record.said.record,
                    )


def _by_day(interval: Interval, calendar: Calendar) -> Iterator[tuple[date, timedelta]]:
    """How long an interval lies on each of the programme's days."""
    day, begin = calendar.day(interval.begin), interval.begin
    while begin < interval.end:
        end = min(interval.end, _start(day + timedelta(days=1), calendar))
        yield day, end - begin
        day, begin = day + timedelta(days=1), end


def _start(day: date, calendar: Calendar) -> datetime:
    return calendar.start_of(day).astimezone(UTC)


def _length(day: date, calendar: Calendar) -> timedelta:
    """How long a day is: 23, 24 or 25 hours where clocks are changed."""
    return _start(day + timedelta(days=1), calendar) - _start(day, calendar)


def _leaves_it_to_the_rulebook(record: Record, route: str, before: Standing) -> bool:
    """Whether the rulebook in force has that route, and it asks for no approver."""
    adopted = None if record.day is None else before.rulebook_on(record.day)
    return adopted is not None and any(each.id == route and each.automatic for each in adopted.rulebook.routes)


class OtherEyes(Check):
    """VP301: who approves a record, or what it says anew, is neither its volunteer nor its recorder.

    What a route leaves to the rulebook is approved by nobody, and its actor may be anybody.
    A person is known by their own id and by the volunteer id that their duties name. A programme that says that one
    person runs it gets a note instead, in every audit.
    """

    id = "VP301"
    kinds = (Approved, Corrected)

    def __init__(self) -> None:
        self._by_one: dict[str, list[Evidence]] = defaultdict(list)

    def examine(self, seen: Seen, before: Standing) -> Iterator[Finding]:
        """Compare the entry's actor with the people of the record."""
        entry, fact = seen.entry, seen.entry.fact
        assert isinstance(fact, (Approved, Corrected))  # noqa: S101 - narrows the type
        if before.run_by_one:
            self._by_one[before.run_by_one].append(seen.evidence)
            return
        record = before.records.get(fact.record)
        if record is None:
            return  # nothing was said about it; its award is another check's finding
        self.examined += 1
        if isinstance(fact, Approved) and fact.by_rulebook and _leaves_it_to_the_rulebook(record, fact.route, before):
            return  # nobody decided: who recorded it set off what the rulebook does by itself
        recorder = fact.requested_by if isinstance(fact, Corrected) else record.recorder
        approver = before.names_of(entry.actor)
        for role, person in (("volunteer", record.said.volunteer), ("recorder", recorder)):
            if not approver.isdisjoint(before.names_of(person)):
                yield self.finding(
                    "self_approved",
                    ("record", fact.record),
                    record.evidence,
                    seen.evidence,
                    expected={"approver_is_not": person},
                    actual={"approver": entry.actor},
                    role=role,
                    record=fact.record,
                )

    def finish(self, end: End) -> Iterator[Finding]:
        """Repeat that one person runs the programme."""
        if end.standing.run_by_one:
            self._by_one.setdefault(end.standing.run_by_one, [])
            self.skipped_because = "one_person_runs_it"
        for person, approvals in self._by_one.items():
            yield self.finding(
                "run_by_one",
                ("actor", person),
                *approvals[:1],
                expected={"founders": 2},
                actual={"founders": 1},
                severity=Severity.NOTE,
                approvals=len(approvals),
            )
