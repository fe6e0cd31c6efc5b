"""What a programme file may say and hardly means is told, with its line and what to do; the rest raises no alarm."""

from __future__ import annotations

import json
import tomllib
from datetime import date, time
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from tests.test_handout import HEAD, HOURLY
from tests.test_vocabulary_file import WHOLE
from volunteer_points.commands import Definition
from volunteer_points.model import Parameters
from volunteer_points.programme_file import dumps, look_over, schema
from volunteer_points.programme_file.meanings import MEANINGS
from volunteer_points.programme_file.tables import keys_of
from volunteer_points.testing.vocabulary import programmes

DAY = date(2026, 3, 1)
PROJECT = Path(__file__).parents[1]
RICE = '{ id = "rice", name = "大米", partner = "shop", prices = 20 }'
SHOP = f'partners = [{{ id = "shop", name = "粮油店" }}]\ncatalogue = [{RICE}]\n'
TOPPED = SHOP + HEAD
TOGETHER = '{ id = "c", of = "hours", whose = "household", at_least = 2 }'


STREAM = '[[rulebooks.streams]]\nid = "s"\ncurrency = "coin"\n'


def accrual(when: str) -> str:
    return f"{HOURLY}when = {{ {when} }}\n"


def ladder(first: int, second: int) -> str:
    levels = "".join(
        f'[[rulebooks.ladders.levels]]\nid = "l{n}"\nconditions = [{{ id = "h", of = "hours", at_least = {least} }}]\n'
        for n, least in enumerate((first, second))
    )
    return f'{HOURLY}[[rulebooks.ladders]]\nid = "stars"\n{levels}'


@pytest.mark.parametrize(
    "text, place, code",
    [
        (HEAD + accrual('activity_types = ["repair"]'), "rulebooks[0].accruals[0].when.activity_types", "never_fits"),
        (HEAD + accrual("first_day = 2026-03-02, last_day = 2026-03-01"), "rulebooks[0].accruals[0].when.last_day",
         "never_fits"),
        (HEAD + accrual("last_day = 2025-12-31"), "rulebooks[0].accruals[0].when.last_day", "never_fits"),
        (HEAD + accrual('tags = ["a"], without_tags = ["a", "b"]'), "rulebooks[0].accruals[0].when.tags", "never_fits"),
        (HEAD + accrual("minutes_at_least = 60, minutes_below = 60"), "rulebooks[0].accruals[0].when.minutes_below",
         "never_fits"),
        (HEAD + HOURLY + HOURLY.replace("hours", "other"), "rulebooks[0].accruals[1]", "never_reached"),
        (HEAD + HOURLY.replace("per_hour", "fixed") + '[[rulebooks.caps]]\nid = "c"\nat_most = 9\n',
         "rulebooks[0].caps[0].at_most", "cap_too_low"),
        (HEAD + HOURLY + '[rulebooks.time]\nminimum_minutes = 60\n[[rulebooks.caps]]\nid = "c"\nof = "minutes"\n'
         "at_most = 59\n",
         "rulebooks[0].caps[0].at_most", "cap_too_low"),
        (HEAD + HOURLY + '[[rulebooks.caps]]\nid = "c"\nat_most = 9\n[[rulebooks.milestones]]\nid = "m"\nevery = 5\n'
         "points = 10\n", "rulebooks[0].milestones[0]", "milestone_eaten"),
        (HEAD + HOURLY + '[[rulebooks.streams]]\nid = "s"\ncurrency = "coin"\n', "rulebooks[0].streams[0]",
         "never_earns"),
        (HEAD + HOURLY + STREAM + 'milestones = [{ id = "m", every = 5, points = 1 }]\n', "rulebooks[0].streams[0]",
         "never_earns"),
        (HEAD + 'recording = [{ id = "trained", of = "times", activities = ["park"], at_least = 1 }]\n' + HOURLY,
         "rulebooks[0].recording[0]", "nobody_begins"),
        (HEAD + 'recording = [{ id = "a-first", of = "records", at_least = 1, below = 9 }]\n' + HOURLY,
         "rulebooks[0].recording[0]", "nobody_begins"),
        (HEAD + HOURLY + '[[rulebooks.routes]]\nid = "a"\n[[rulebooks.routes]]\nid = "b"\nday_minutes_above = 480\n',
         "rulebooks[0].routes[1]", "never_reached"),
        (HEAD + HOURLY + '[[rulebooks.routes]]\nid = "a"\nday_minutes_up_to = 480\n', "rulebooks[0].routes",
         "no_route"),
        (HEAD + HOURLY + '[[rulebooks.routes]]\nid = "a"\nday_minutes_up_to = 480\n[[rulebooks.routes]]\nid = "b"\n'
         "day_minutes_above = 600\n", "rulebooks[0].routes", "no_route"),
        (HEAD + HOURLY + '[[rulebooks.routes]]\nid = "a"\nwhen = { evidence = ["signed"] }\n', "rulebooks[0].routes",
         "no_route"),
        (HEAD + 'deadlines = [{ within_days = 3 }, { within_days = 9, evidence = ["self"] }]\n' + HOURLY,
         "rulebooks[0].deadlines[1]", "never_reached"),
        (HEAD + ladder(200, 100), "rulebooks[0].ladders[0].levels[1].conditions[0].at_least", "levels_unordered"),
        (TOPPED + HOURLY + '[[rulebooks.caps]]\nid = "c"\nper = "balance"\nat_most = 19\n', "catalogue[0].prices",
         "out_of_reach"),
        (TOPPED.replace("prices = 20", f"prices = 20, conditions = [{TOGETHER}]") + HOURLY,
         "catalogue[0].conditions[0]", "never_counted"),
        (HEAD + 'recording = [{ id = "c", of = "earned", unit = "coin", below = 2 }]\n' + HOURLY,
         "rulebooks[0].recording[0]", "never_counted"),
        (HEAD + HOURLY + "[rulebooks.expiry]\nlast_day = 2025-12-31\n", "rulebooks[0].expiry.last_day",
         "ended_before"),
        (TOPPED.replace("prices = 20", "prices = [{ points = 20, since = 2026-02-01 }]") + HOURLY,
         "catalogue[0].prices", "no_price"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_told_with_its_place(text: str, place: str, code: str) -> None:
    mistakes, doubts = look_over(text, day=DAY)
    assert mistakes == ()
    assert [(each.place, each.code) for each in doubts] == [(place, code)]
    assert all(each.line and each.fix for each in doubts)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + accrual('tags = ["a", "c"], without_tags = ["a"]'),
        HEAD + accrual("weekdays = [6]") + HOURLY.replace("hours", "other"),
        HEAD + HOURLY.replace("per_hour", "fixed") + '[[rulebooks.caps]]\nid = "c"\nat_most = 10\n',
        HEAD + HOURLY + '[[rulebooks.routes]]\nid = "a"\nday_minutes_up_to = 480\n[[rulebooks.routes]]\nid = "b"\n',
        HEAD + ladder(100, 200),
        HEAD + 'recording = [{ id = "three", of = "records", over = "day", below = 3 }]\n' + HOURLY,
        HEAD + 'recording = [{ id = "brought", of = "hours", at_least = 10 }]\n' + HOURLY,
        HEAD + 'recording = [{ id = "ours", of = "times", whose = "household", at_least = 1 }]\n' + HOURLY,
        HEAD + HOURLY + STREAM + 'milestones = [{ id = "m", every = 5, points = 1 }]\n'
        'accruals = [{ id = "none", fixed = 0 }]\n',
        TOPPED + HOURLY + '[[rulebooks.caps]]\nid = "c"\nper = "balance"\nat_most = 20\n',
    ],
)  # fmt: skip
def test_what_is_well_meant_raises_no_alarm(text: str) -> None:
    assert look_over(text, day=DAY) == ((), ())


def test_a_file_with_mistakes_is_not_doubted_too() -> None:
    mistakes, doubts = look_over(HEAD + HOURLY.replace("per_hour", "per_huor"), day=DAY)
    assert (len(mistakes), doubts) == (1, ())


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_any_programme_can_be_looked_over(definition: Definition) -> None:
    assert look_over(dumps(definition), day=DAY)[0] == ()


# --- the schema of editors ---


def plain(value: object) -> object:
    """A table as an editor sees it: days and times are words."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


VALIDATOR = Draft202012Validator(schema())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize("file", sorted(PROJECT.glob("examples/**/*.toml")) + sorted(PROJECT.glob("src/**/*.toml")))
def test_every_example_fits_the_schema(file: Path) -> None:
    if not file.name.endswith(".cases.toml") and "zone" in (raw := tomllib.loads(file.read_text("utf-8"))):
        assert list(VALIDATOR.iter_errors(plain(raw))) == []


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(programmes())
def test_whatever_can_be_written_fits_the_schema(definition: Definition) -> None:
    assert list(VALIDATOR.iter_errors(plain(tomllib.loads(dumps(definition))))) == []


@pytest.mark.parametrize(
    "old, new",
    [("per_hour = 1", "per_huor = 1"), ('per = "day"', 'per = "dai"'), ("at_most = 1500", "at_most = []"),
     ("day_minutes_up_to = 480", "day_minutes_up_to = 0")],
)  # fmt: skip
def test_the_schema_finds_what_is_written_wrongly(old: str, new: str) -> None:
    assert old in WHOLE
    assert list(VALIDATOR.iter_errors(plain(tomllib.loads(WHOLE.replace(old, new)))))


def test_every_key_has_a_meaning_and_every_meaning_a_key() -> None:
    found: dict[str, set[str]] = {}
    waiting: list[type] = [Definition]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = set(keys_of(kind))
        parts = [getattr(key.kind, "__args__", (key.kind,))[0] for key in keys_of(kind).values()]
        waiting += [part for part in parts if attrs.has(part) and part is not Parameters and part.__name__ not in found]
    assert {name: set(keys) for name, keys in MEANINGS.items()} == found
