"""The rows of sign-in sheets as the programme understands them: who served where, and from which instant to which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from volunteer_points.commands import Submit
from volunteer_points.errors import VolunteerPointsError
from volunteer_points.exchange.columns import Column
from volunteer_points.exchange.matching import Names, People, Unclear, Who
from volunteer_points.exchange.problems import RowProblem, Words
from volunteer_points.exchange.sheets import Sheet, SheetRow
from volunteer_points.exchange.words import column_of_refusal, row_words
from volunteer_points.model import Calendar, Evidence, Interval


@attrs.frozen(kw_only=True, order=True)
class RowPlace:
    """A row of a sheet: the name of the file, and the row as a spreadsheet counts it, from 1."""

    sheet: str
    number: int

    def __str__(self) -> str:
        return f"{self.sheet}:{self.number}"


@attrs.frozen(kw_only=True)
class Problem:
    """What keeps a row from being recorded, and what to do about it.

    Attributes:
        place: The row.
        column: The heading as written in the sheet, or '' if the whole row is meant.
        value: The cell, or what stands there as it was understood.
        code: A stable name of what is wrong.
        words: The sentence and the remedy in both languages.
    """

    place: RowPlace
    column: str
    value: str
    code: str
    words: Words

    def message(self, language: str = "en") -> str:
        """What is wrong, in English or, for `zh`, in Chinese."""
        return self.words.zh if language == "zh" else self.words.en

    def remedy(self, language: str = "en") -> str:
        """What the person who has the sheet can do about it; '' where nothing general can be said."""
        return self.words.remedy_zh if language == "zh" else self.words.remedy_en


@attrs.frozen(kw_only=True)
class Served:
    """One row as the programme understands it.

    Attributes:
        place: The row.
        row: What was read there.
        volunteer: Who served; a placeholder while a newcomer has no id.
        activity: The id of what they did.
        team: The id of the team that is written in the row; None lets the activity say it.
        interval: From when to when.
        generation: 1, and one more for each earlier record of the same service that was withdrawn.
    """

    place: RowPlace
    row: SheetRow
    volunteer: str
    activity: str
    team: str | None
    interval: Interval
    generation: int = 1

    @property
    def key(self) -> str:
        """The idempotency key: the same person, activity and begin have it, in whatever file they stand.

        It is made from ids alone, so no name or telephone number can be guessed from it.
        """
        begin = self.interval.begin.isoformat("T", "minutes")
        digest = _digest("slot", self.volunteer, self.activity, begin)
        return f"sheet:{digest[:32]}" + (f":{self.generation}" if self.generation > 1 else "")

    def command(self, evidence: Evidence) -> Submit:
        """What records the row.

        Raises:
            InputError: Something in it is out of bounds.
        """
        begin, end = (each.isoformat("T", "minutes") for each in (self.interval.begin, self.interval.end))
        return Submit(
            volunteer=self.volunteer,
            activity=self.activity,
            team=self.team,
            intervals=(self.interval,),
            evidence=evidence,
            source=f"sheet:{_digest('row', self.volunteer, self.activity, self.team or '', begin, end)[:16]}",
        )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Understanding:
    """What the words of some sheets mean in a programme.

    Args:
        calendar: The programme's.
        people: Whom the rows name.
        activities: What they may have done.
        teams: For which team.
    """

    def __init__(self, calendar: Calendar, people: People, activities: Names, teams: Names) -> None:
        self._zone = ZoneInfo(calendar.zone)
        self._people = people
        self._activities = activities
        self._teams = teams

    def of(self, sheet: Sheet) -> tuple[list[Served], list[Problem]]:
        """The rows that are clear, and what is wrong with the others."""
        services: list[Served] = []
        problems = [_from_sheet(sheet, problem) for problem in sheet.problems]
        for row in sheet.rows:
            understood = self._service(sheet, row)
            if isinstance(understood, Served):
                services.append(understood)
            else:
                problems += [problem_of(sheet, row, each) for each in understood]
        return services, problems

    def _service(self, sheet: Sheet, row: SheetRow) -> Served | list[Unclear]:
        who = who_is(row)
        person = self._people.volunteers.get(who) or self._people.unclear[who]
        activity = self._activities.meant(row.activity)
        team = self._teams.meant(row.team) if row.team else None
        interval = self._interval(row)
        unclear = [each for each in (person, activity, team, interval) if isinstance(each, Unclear)]
        if unclear:
            return unclear
        assert isinstance(person, str) and isinstance(activity, str)  # noqa: S101, PT018 - narrows the types
        assert isinstance(interval, Interval) and not isinstance(team, Unclear)  # noqa: S101, PT018 - the same
        place = RowPlace(sheet=sheet.source, number=row.number)
        return Served(place=place, row=row, volunteer=person, activity=activity, team=team, interval=interval)

    def _interval(self, row: SheetRow) -> Interval | Unclear:
        begin = self._instant(row.day, row.begin)
        end = self._instant(row.day + timedelta(days=row.ends_next_day), row.end)
        for instant, wall, column in ((begin, row.begin, Column.BEGIN), (end, row.end, Column.END)):
            if instant.astimezone(self._zone).time() != wall:
                return Unclear("no_such_time", column, f"{wall:%H:%M}")
        return Interval(begin=begin, end=end)

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self._zone).astimezone(UTC)


def who_is(row: SheetRow) -> Who:
    """The person as a row names them."""
    return Who(row.volunteer, row.name, row.phone)


def everybody(sheets: Iterable[Sheet]) -> Iterable[Who]:
    """The people whom sheets name, row by row."""
    return (who_is(row) for sheet in sheets for row in sheet.rows)


# --- problems ---------------------------------------------------------------------------------------------------------


def _from_sheet(sheet: Sheet, problem: RowProblem) -> Problem:
    return Problem(
        place=RowPlace(sheet=sheet.source, number=problem.number),
        column=problem.column,
        value=problem.value,
        code=problem.code,
        words=Words(problem.message(), problem.remedy(), problem.message("zh"), problem.remedy("zh")),
    )


def problem_of(sheet: Sheet, row: SheetRow, unclear: Unclear, error: VolunteerPointsError | None = None) -> Problem:
    """A problem of a row that was read, under the heading where the person with the sheet will look for it."""
    headings = {meaning: heading for heading, meaning in sheet.columns.items()}
    if Column.TIME in headings:
        headings |= dict.fromkeys((Column.BEGIN, Column.END), headings[Column.TIME])
    return Problem(
        place=RowPlace(sheet=sheet.source, number=row.number),
        column=headings.get(unclear.column, "") if unclear.column else "",
        value=unclear.value,
        code=unclear.code,
        words=row_words(unclear.code, unclear.facts, error),
    )


def why_refused(row: SheetRow, error: VolunteerPointsError, **facts: object) -> Unclear:
    """What the books or the model have against a row, with the cell that is probably to blame."""
    column = column_of_refusal(error.code)
    match column:
        case None:
            value = ""
        case Column.DAY:
            value = row.day.isoformat()
        case Column.BEGIN | Column.END:
            value = f"{row.begin:%H:%M}-{row.end:%H:%M}"
        case Column.NAME:
            value = row.name or row.volunteer
        case _:
            value = str(getattr(row, column.value))
    return Unclear(error.code, column, value, {**error.facts, **facts})
