"""Cases for a programme file: who serves what and when, what they redeem, and what must come of it.

A case file is TOML. Each ``[[cases]]`` has a title, the provision that it tries, people, and steps; what a step must
lead to stands in its ``expect``. The steps go through a real ledger in memory, so that a case tries the whole way
from the record to the points on the account. Where a text is silent, ``set`` writes something else at a place of the
programme file and ``reading`` names that reading.

>>> results = run_cases(
...     '''
...     name = "Park"
...     zone = "Asia/Shanghai"
...     founders = ["ann", "bob"]
...     structure = { label = "free", slots = [] }
...     activities = [{ id = "weeding", name = "Weeding" }]
...     rulebooks = [{ id = "1", since = 2026-01-01, accruals = [{ id = "hours", per_hour = 10 }] }]
...     ''',
...     '''
...     day = 2026-03-02
...     [[cases]]
...     provision = 1
...     title = "an hour is ten points"
...     steps = [
...       { serve = "weeding", hours = 2, expect = { earns = 20, hours = 2 } },
...       { serve = "weeding", minutes = 45, expect = { earns = 8, points = 28 } },
...     ]
...     ''',
... )
>>> [str(mismatch) for mismatch in results[0].mismatches]
['step 2: earns is 7, not 8', 'step 2: points is 27, not 28']

``python -m volunteer_points.testing.cases park.toml park.cases.toml`` plays two files and prints how each came out.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from volunteer_points.canonical import exact
from volunteer_points.commands import Definition
from volunteer_points.entries import Approved, Awarded, Held, NotAwarded
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import number_text
from volunteer_points.postings import fund_holder, household_holder, team_holder
from volunteer_points.programme_file import loads
from volunteer_points.testing.stage import STEPS, Stage, Tables
from volunteer_points.testing.switches import as_toml, found_at, switched

NOBODY_ELSE: Tables = {"li": {}}
"""The people of a case that names none: one volunteer without tags."""


@attrs.frozen(kw_only=True)
class CaseOfRules:
    """One case as its file writes it."""

    number: int
    """Its place in the file, from 1."""
    title: str
    provisions: tuple[int, ...]
    day: date
    steps: tuple[Tables, ...]
    reading: str = ""
    set: Tables = attrs.field(factory=dict)
    people: Tables = attrs.field(factory=lambda: NOBODY_ELSE)
    shelf: Tables = attrs.field(factory=dict)

    def __str__(self) -> str:
        """The provisions, the title and the reading."""
        numbers = "+".join(map(str, self.provisions))
        return f"{numbers} {self.title}" + (f" [{self.reading}]" if self.reading else "")


@attrs.frozen(kw_only=True)
class CasesFile:
    """A case file: for each provision the places in the programme file that say it, and the cases."""

    places: Mapping[int, tuple[str, ...]]
    cases: tuple[CaseOfRules, ...]


@attrs.frozen(kw_only=True)
class Mismatch:
    """Something that came out otherwise than a step expects."""

    step: int
    key: str
    wanted: str
    found: str

    def __str__(self) -> str:
        """A sentence."""
        return f"step {self.step}: {self.key} is {self.found or 'nothing'}, not {self.wanted or 'nothing'}"


@attrs.frozen(kw_only=True)
class CaseResult:
    """How a case came out: how many expectations were looked at, and those that do not hold."""

    case: CaseOfRules
    looked_at: int
    mismatches: tuple[Mismatch, ...]

    @property
    def holds(self) -> bool:
        """Whether everything came out as expected."""
        return not self.mismatches


# --- reading -----------------------------------------------------------------------------------------------------

_CASE_KEYS = frozenset({"title", "provision", "provisions", "day", "steps", "reading", "set", "people", "shelf"})
_STEP_KEYS = frozenset({"who", "on", "at", "by", "as", "expect"})
_COMMON = frozenset({"day", "people", "provisions", "cases", "shelf"})


def read_cases(text: str) -> CasesFile:
    """Read a case file.

    Raises:
        InputError: ``bad_case``, with the case and what to do.
    """
    tables = tomllib.loads(text, parse_float=Decimal)
    _known(tables, _COMMON, "the case file")
    places = {int(number): _texts(place) for number, place in tables.get("provisions", {}).items()}
    common: dict[str, Any] = {key: tables[key] for key in ("day", "people", "shelf") if key in tables}
    cases = enumerate(tables.get("cases", ()), start=1)
    return CasesFile(places=places, cases=tuple(_case(number, {**common, **each}) for number, each in cases))


def _texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def _known(table: Tables, known: frozenset[str], place: str) -> None:
    for key in table:
        if key not in known:
            raise InputError("bad_case", place=place, value=key, fix=f"Known here: {', '.join(sorted(known))}.")


def _case(number: int, table: Tables) -> CaseOfRules:
    title = str(table.get("title", ""))
    _known(table, _CASE_KEYS, title)
    if not (title and table.get("steps") and isinstance(table.get("day"), date)):
        raise InputError("bad_case", place=title, value="", fix="Give a title, a day and steps.")
    for step in table["steps"]:
        verb = _verb(step, title)
        _known(step, _STEP_KEYS | {verb} | (STEPS[verb][1] if verb else frozenset()), title)
        _known(step.get("expect", {}), frozenset(EXPECTATIONS), title)
    if not any(step.get("expect") for step in table["steps"]):
        raise InputError("bad_case", place=title, value="", fix="Say in 'expect' what must come of it.")
    provisions = table.get("provisions", [table["provision"]] if "provision" in table else [])
    kept = {key: table[key] for key in ("title", "day", "reading", "set", "people", "shelf") if key in table}
    return CaseOfRules(number=number, **kept, provisions=tuple(provisions), steps=tuple(table["steps"]))


def _verb(step: Tables, title: str) -> str:
    verbs = [key for key in step if key in STEPS and not (key == "approve" and "serve" in step)]
    if len(verbs) > 1:
        raise InputError("bad_case", place=title, value=", ".join(verbs), fix="Let each step do one thing.")
    return verbs[0] if verbs else ""


# --- running -----------------------------------------------------------------------------------------------------


def run_cases(programme_text: str, cases_text: str) -> tuple[CaseResult, ...]:
    """Play every case of a file against a programme file.

    Raises:
        InputError: one of the files cannot be understood.
    """
    return tuple(run_case(programme_text, case) for case in read_cases(cases_text).cases)


def run_case(programme_text: str, case: CaseOfRules) -> CaseResult:
    """Play one case."""
    stage = Stage(_definition(programme_text, as_toml(case.set), case.day), case.people, case.day, case.shelf)
    looked_at, mismatches = 0, list[Mismatch]()
    for number, step in enumerate(case.steps, start=1):
        _play(stage, step, f"{case.title}, step {number}")
        expected = step.get("expect", {})
        if stage.refusal is not None and "refused" not in expected:
            expected = {**expected, "refused": ""}
        for key, wanted, found in _compared(stage, step, expected):
            looked_at += 1
            if not _same(wanted, found):
                mismatches.append(Mismatch(step=number, key=key, wanted=str(wanted), found=_shown(found)))
    return CaseResult(case=case, looked_at=looked_at, mismatches=tuple(mismatches))


@lru_cache(maxsize=64)
def _definition(programme_text: str, switches: str, day: date) -> Definition:
    values = tomllib.loads(switches, parse_float=Decimal)
    if not values:
        return loads(programme_text, day=day)
    tables = tomllib.loads(programme_text, parse_float=Decimal)
    return loads(as_toml(switched(tables, values)), day=day)


def _play(stage: Stage, step: Tables, place: str) -> None:
    stage.entries, stage.refusal = (), None
    verb = _verb(step, place)
    try:
        stage.turn_to(step)
        if verb:
            STEPS[verb][0](stage, step[verb], step)
    except Refused as refusal:
        stage.refusal = refusal
    except InputError as error:
        raise InputError(error.code, **{**error.facts, "place": place}) from error


def _same(wanted: object, found: object) -> bool:
    return exact(wanted) == found if isinstance(found, Fraction) else str(wanted) == found


def _shown(found: object) -> str:
    return number_text(found) if isinstance(found, Fraction) else str(found)


# --- what is expected --------------------------------------------------------------------------------------------

Found = Callable[[Stage, Tables, str], "Fraction | str"]


def _compared(stage: Stage, step: Tables, expected: Tables) -> Iterator[tuple[str, object, Fraction | str]]:
    """Each expectation, by its key, beside what was found."""
    for key, wanted in expected.items():
        name = EXPECTATIONS[key][0]
        inner = wanted if isinstance(wanted, Mapping) else {name(stage): wanted}
        for of, value in inner.items():
            yield (
                f"{key} {of}".strip() if isinstance(wanted, Mapping) else key,
                value,
                EXPECTATIONS[key][1](stage, step, of),
            )


def _nothing(_stage: Stage) -> str:
    return ""


def _main(stage: Stage) -> str:
    return stage.definition.rulebooks[-1].currency


def _balance(stage: Stage, step: Tables, currency: str) -> Fraction:
    return stage.held_by(stage.who(step), currency)


def _held(stage: Stage, step: Tables, currency: str) -> Fraction:
    return Fraction(stage.programme.balance(stage.who(step), currency).held, stage.scale(currency))


def _owed(stage: Stage, step: Tables, currency: str) -> Fraction:
    return -Fraction(stage.programme.balance(stage.who(step), currency).debt, stage.scale(currency))


def _hours(stage: Stage, step: Tables, _of: str) -> Fraction:
    return Fraction(stage.programme.balance(stage.who(step)).minutes, 60)


def _counted(stage: Stage, _step: Tables, _of: str) -> Fraction:
    return Fraction(sum(fact.minutes for fact in stage.facts(Awarded, NotAwarded)), 60)


def _because(stage: Stage, _step: Tables, _of: str) -> str:
    return ", ".join(fact.because for fact in stage.facts(NotAwarded))


def _refused(stage: Stage, _step: Tables, _of: str) -> str:
    return "" if stage.refusal is None else stage.refusal.code


def _fact(stage: Stage, _step: Tables, of: str) -> str:
    return "" if stage.refusal is None else str(stage.refusal.facts.get(of))


def _price(stage: Stage, _step: Tables, _of: str) -> Fraction:
    return sum((Fraction(fact.points, stage.scale(fact.currency)) for fact in stage.facts(Held)), Fraction(0))


def _cash(stage: Stage, _step: Tables, _of: str) -> Fraction:
    return sum((fact.cash for fact in stage.facts(Held)), Fraction(0))


def _expires(stage: Stage, _step: Tables, currency: str) -> str:
    """The local times at which what the step awarded ends, each once; ``never`` for points without an end."""
    lots = []
    for fact in stage.facts(Awarded):
        lots += [fact.lot] if fact.currency == currency and fact.points else []
        lots += [credit.lot for credit in fact.more if credit.currency == currency]
    zone = ZoneInfo(stage.calendar.zone)
    shown = ("never" if lot is None else f"{lot.astimezone(zone):%Y-%m-%d %H:%M}" for lot in lots)
    return ", ".join(dict.fromkeys(shown))


def _held_until(stage: Stage, _step: Tables, _of: str) -> str:
    zone = ZoneInfo(stage.calendar.zone)
    return ", ".join(f"{fact.held_until.astimezone(zone):%Y-%m-%d %H:%M}" for fact in stage.facts(Held))


def _route(stage: Stage, _step: Tables, _of: str) -> str:
    return ", ".join(fact.route for fact in stage.facts(Approved))


def _approvals_left(stage: Stage, _step: Tables, _of: str) -> Fraction:
    return Fraction(sum(fact.still for fact in stage.facts(Approved)))


def _pending(stage: Stage, step: Tables, _of: str) -> Fraction:
    return Fraction(sum(state.said.volunteer == stage.who(step) for state in stage.programme.pending()))


def _status(stage: Stage, _step: Tables, name: str) -> str:
    """Of the record or redemption that was named, or of the last one."""
    found = stage.named[name or "last"]
    known = stage.programme.record if found.startswith("r") else stage.programme.redemption
    return known(found).status


def _stock(stage: Stage, _step: Tables, item: str) -> Fraction:
    return Fraction(sum(stage.programme.stock(item).values()))


def _at(holder: Callable[[str], str]) -> Found:
    return lambda stage, step, name: stage.held_by(holder(name), stage.currency(step))


EXPECTATIONS: Mapping[str, tuple[Callable[[Stage], str], Found]] = {
    "earns": (_main, lambda stage, _step, currency: stage.earned(currency)),
    "counts_hours": (_nothing, _counted),
    "because": (_nothing, _because),
    "refused": (_nothing, _refused),
    "facts": (_nothing, _fact),
    "price": (_nothing, _price),
    "cash": (_nothing, _cash),
    "expires": (_main, _expires),
    "held_until": (_nothing, _held_until),
    "route": (_nothing, _route),
    "approvals_left": (_nothing, _approvals_left),
    "status": (_nothing, _status),
    "points": (_main, _balance),
    "held": (_main, _held),
    "owed": (_main, _owed),
    "hours": (_nothing, _hours),
    "pending": (_nothing, _pending),
    "level": (_nothing, lambda stage, step, ladder: stage.level(stage.who(step), ladder)),
    "stock": (_nothing, _stock),
    "household": (_nothing, _at(household_holder)),
    "team": (_nothing, _at(team_holder)),
    "fund": (_nothing, _at(fund_holder)),
}
"""What a step may expect: what its key means alone, and how it is found."""


# --- cases that must fail ----------------------------------------------------------------------------------------


def with_every_expectation_changed(case: CaseOfRules) -> CaseOfRules:
    """The same case with each number one higher and each word another: none of its expectations may hold."""
    steps = tuple({**step, "expect": _otherwise(step["expect"])} if "expect" in step else step for step in case.steps)
    return attrs.evolve(case, steps=steps)


def _otherwise(value: object) -> Any:  # noqa: ANN401 - the same shape as what was written
    if isinstance(value, Mapping):
        return {key: _otherwise(each) for key, each in value.items()}
    try:
        return number_text(exact(value) + 1)
    except InputError:
        return f"{value}~"


def problems_of_places(programme_text: str, file: CasesFile) -> tuple[str, ...]:
    """The places of a case file that its programme file does not have."""
    tables = tomllib.loads(programme_text, parse_float=Decimal)
    found = []
    for number, places in file.places.items():
        for place in places:
            try:
                found_at(tables, place)
            except InputError:
                found.append(f"provision {number}: {place}")
    return tuple(found)


# --- from the command line ---------------------------------------------------------------------------------------


def main(programme: str, cases: str) -> int:
    """Play one file against another and print how each case came out.

    Returns:
        0 when everything holds, 1 when something does not or there are no cases, 2 when a file cannot be understood.
    """
    try:
        results = run_cases(Path(programme).read_text("utf-8"), Path(cases).read_text("utf-8"))
    except InputError as error:
        sys.stdout.write(f"{error}\n")
        return 2
    except (OSError, ValueError) as error:
        sys.stdout.write(f"{programme}, {cases}: {error}\n")
        return 2
    for result in results:
        lines = [f"{'holds' if result.holds else 'FAILS'}  {str(result.case).strip()}", *map(str, result.mismatches)]
        sys.stdout.write("\n       ".join(lines) + "\n")
    looked_at = sum(result.looked_at for result in results)
    held = sum(result.holds for result in results)
    sys.stdout.write(f"{held} of {len(results)} cases hold, {looked_at} expectations\n")
    return 0 if results and held == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
