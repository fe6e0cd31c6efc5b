"""Hours and points rolled up: by team, activity, grid, building or unit, and by tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import TypeAlias

import attrs

from volunteer_points.entries import Awarded, Corrected, Described, Enrolled, Entry, NotAwarded, Reversed, Submitted

Group: TypeAlias = tuple[str, ...]
"""What a total is for: one id or word, or the grid, building and unit above one another; "" where nothing is known."""


class By(StrEnum):
    """What hours and points are rolled up by."""

    TEAM = "team"
    ACTIVITY = "activity"
    GRID = "grid"
    BUILDING = "building"
    UNIT = "unit"
    TAG = "tag"
    VOLUNTEER = "volunteer"


@attrs.frozen(kw_only=True)
class Total:
    """What a group served and earned, after reversals.

    A record counts where it has an award that stands, or counted minutes without one. ``points`` are in smallest parts,
    by currency.
    """

    group: Group
    records: int = 0
    volunteers: int = 0
    minutes: int = 0
    points: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class _Served:
    """A record as it counts: whose it is, for what, and what it gave."""

    volunteer: str
    activity: str
    team: str
    minutes: int
    currency: str
    points: int


def totals(
    entries: Iterable[Entry], by: By, *, since: date | None = None, until: date | None = None
) -> tuple[Total, ...]:
    """Hours and points by group, the most minutes first.

    Places and tags are those that volunteers have at the end of the entries. Somebody with several tags counts under
    each of them, so totals by tag may add up to more than there is.

    Args:
        entries: The ledger's entries, in order.
        by: What to roll up by.
        since: The first day of service to be counted.
        until: The first day of service that is not counted any more.
    """
    described: dict[str, Enrolled | Described] = {}
    services = _standing(entries, described, since, until)
    gathered: dict[Group, list[_Served]] = defaultdict(list)
    for service in services:
        for group in _groups(service, by, described.get(service.volunteer)):
            gathered[group].append(service)
    found = [_total(group, gathered[group]) for group in gathered]
    return tuple(sorted(found, key=lambda total: (-total.minutes, total.group)))


def whole(entries: Iterable[Entry], *, since: date | None = None, until: date | None = None) -> Total:
    """Everything, each record once."""
    return _total((), list(_standing(entries, {}, since, until)))


def _standing(
    entries: Iterable[Entry], described: dict[str, Enrolled | Described], since: date | None, until: date | None
) -> list[_Served]:
    """What every record gives at the end; who was described how is noted on the way."""
    said: dict[str, Submitted | Corrected] = {}
    counted: dict[str, _Served] = {}
    for entry in entries:
        match entry.fact:
            case Enrolled() | Described() as who:
                described[who.volunteer] = who
            case Submitted() | Corrected() as record:
                said[record.record] = record
            case Awarded() | NotAwarded() as fact:
                if (since is None or since <= entry.on) and (until is None or entry.on < until):
                    counted[fact.record] = _service(fact, said[fact.record])
            case Reversed() as fact:
                counted.pop(fact.record, None)
            case _:
                pass
    return [service for service in counted.values() if service.minutes or service.points]


def _service(fact: Awarded | NotAwarded, said: Submitted | Corrected) -> _Served:
    points, currency = (fact.points, fact.currency) if isinstance(fact, Awarded) else (0, "")
    return _Served(fact.volunteer, fact.activity, said.team or "", fact.minutes, currency, points)


def _groups(service: _Served, by: By, who: Enrolled | Described | None) -> Iterator[Group]:
    match by:
        case By.TEAM:
            yield (service.team,)
        case By.ACTIVITY:
            yield (service.activity,)
        case By.VOLUNTEER:
            yield (service.volunteer,)
        case By.TAG:
            yield from ((tag,) for tag in (who.tags if who and who.tags else ("",)))
        case By.GRID | By.BUILDING | By.UNIT:
            place = (who.place.grid, who.place.building, who.place.unit) if who else ("", "", "")
            yield place[: [By.GRID, By.BUILDING, By.UNIT].index(by) + 1]


def _total(group: Group, services: list[_Served]) -> Total:
    points: dict[str, int] = defaultdict(int)
    for service in services:
        if service.currency:
            points[service.currency] += service.points
    return Total(
        group=group,
        records=len(services),
        volunteers=len({service.volunteer for service in services}),
        minutes=sum(service.minutes for service in services),
        points=tuple(sorted(points.items())),
    )
