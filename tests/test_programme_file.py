"""The programme file reads back as it was written, and every mistake in it is named with its place and a remedy."""

from __future__ import annotations

import pickle
import time
import tomllib
import tracemalloc
from collections.abc import Iterator
from datetime import date
from datetime import time as time_of_day
from fractions import Fraction
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_points.commands import Definition
from volunteer_points.decisions import adoption
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency, Item, Partner, Period, Price, Right, Team, TeamStructure
from volunteer_points.programme_file import Problem, ProgrammeFileInvalid, check, dumps, load, loads
from volunteer_points.programme_file.places import OutOfBounds, find_places, path_text
from volunteer_points.programme_file.problems import WORDS, words_for
from volunteer_points.programme_file.reading import halves, subject
from volunteer_points.programme_file.reference import PAGE, page
from volunteer_points.programme_file.tables import PROBLEMS_MAX, keys_of
from volunteer_points.programme_file.writing import BRIEF
from volunteer_points.rules import Accrual, Cap, Expiry, RedemptionRule, Rulebook
from volunteer_points.testing import strategies

FRAME = """\
name = "赛罕社区"
zone = "Asia/Shanghai"
founders = ["founder-a", "founder-b"]
structure = { label = "自由", slots = [] }
"""
FIRST = FRAME.count("\n") + 1
"""The line of what a test adds below the frame."""

RULEBOOK = """\
[[rulebooks]]
id = "2026"
since = 2026-01-01
[[rulebooks.accruals]]
id = "hours"
per_hour = 10
"""
DAY = date(2026, 3, 14)


def only(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


# --- there and back ---


@given(strategies.definitions(), strategies.days())
def test_a_definition_reads_back_as_it_was_written(definition: Definition, day: date) -> None:
    text = dumps(definition)
    again = loads(text, day=day)
    assert again == definition
    assert [rulebook.hash for rulebook in again.rulebooks] == [rulebook.hash for rulebook in definition.rulebooks]
    assert dumps(again) == text


@given(strategies.definitions(), strategies.days())
def test_what_the_strategies_draw_can_be_adopted_on_any_day(definition: Definition, day: date) -> None:
    assert adoption.problems(definition, day) == ()


@given(strategies.definitions())
def test_every_key_of_a_written_file_is_found_on_the_line_that_shows_it(definition: Definition) -> None:
    text = dumps(definition)
    places, lines = find_places(text), text.split("\n")
    for path in paths(tomllib.loads(text)):
        line = places.lines[path]
        assert isinstance(path[-1], int) or path[-1] in lines[line - 1]


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from paths(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from paths(part, (*path, number))


def test_a_written_file_is_short_and_easy_to_read() -> None:
    definition = Definition(
        name="赛罕社区",
        calendar=Calendar(zone="Asia/Shanghai", day_starts_at=time_of_day(4)),
        founders=("founder-a", "founder-b"),
        structure=TeamStructure(label="free", slots=()),
        partners=(Partner(id="grain", name="粮油店"),),
        catalogue=(Item(id="rice", name="大米", partner="grain", prices=(Price(points=20),)),),
        rulebooks=(
            Rulebook(
                id="2026",
                since=date(2026, 1, 1),
                accruals=(Accrual(id="hours", per_hour=Fraction(21, 2)),),
                caps=(Cap(id="third", at_most=Fraction(1, 3)),),
                expiry=Expiry(end_of=Period.YEAR, after=1),
            ),
        ),
    )
    assert dumps(definition) == (
        'name = "赛罕社区"\nzone = "Asia/Shanghai"\nday_starts_at = 04:00:00\nfounders = ["founder-a", "founder-b"]\n'
        '\n# --- 队伍体系 · the structure of teams ---\n\n[structure]\nlabel = "free"\nslots = []\n'
        '\n# --- 共建单位 · partners ---\n\n[[partners]]\nid = "grain"\nname = "粮油店"\n'
        '\n# --- 积分管理办法 · rulebooks ---\n\n[[rulebooks]]\nid = "2026"\nsince = 2026-01-01\n'
        '\n[[rulebooks.accruals]]\nid = "hours"\nper_hour = 10.5\n\n[[rulebooks.caps]]\nid = "third"\nat_most = "1/3"\n'
        '\n[rulebooks.expiry]\nend_of = "year"\nafter = 1\n'
        "\n# --- 兑换目录 · what can be had for points ---\n\n"
        '[[catalogue]]\nid = "rice"\nname = "大米"\npartner = "grain"\nprices = 20\n'
    )


def test_a_text_that_no_file_can_hold_is_refused_by_name() -> None:
    definition = attrs.evolve(loads(FRAME), name="\ud800")
    with pytest.raises(InputError) as caught:
        dumps(definition)
    assert (caught.value.code, caught.value.facts["value"]) == ("not_text", "'\\ud800'")


# --- what a file may say in more than one way ---


@pytest.mark.parametrize(
    "written, rate",
    [
        ("10", Fraction(10)),
        ("1.5", Fraction(3, 2)),
        ("0.1", Fraction(1, 10)),
        ("1e1", Fraction(10)),
        ('"1/3"', Fraction(1, 3)),
        ('"2.25"', Fraction(9, 4)),
    ],
)
def test_numbers_are_read_exactly(written: str, rate: Fraction) -> None:
    definition = loads(FRAME + RULEBOOK.replace("per_hour = 10", f"per_hour = {written}"))
    assert definition.rulebooks[0].accruals[0].per_hour == rate


@pytest.mark.parametrize(
    "prices, expected",
    [
        ("20", (Price(points=200),)),
        ("81.1", (Price(points=811),)),
        ("[{ points = 20 }]", (Price(points=200),)),
        (
            "[{ points = 20 }, { points = 25.5, since = 2027-01-01 }]",
            (Price(points=200), Price(points=255, since=date(2027, 1, 1))),
        ),
    ],
)
def test_prices_are_written_in_units_of_the_currency(prices: str, expected: tuple[Price, ...]) -> None:
    text = (
        f'{FRAME}currencies = [{{ id = "points", decimals = 1 }}]\n[[partners]]\nid = "grain"\nname = "粮油店"\n'
        f'[[catalogue]]\nid = "rice"\nname = "大米"\npartner = "grain"\nprices = {prices}\n'
    )
    definition = loads(text)
    assert definition.catalogue[0].prices == expected
    assert loads(dumps(definition)) == definition


def test_a_minimum_balance_is_written_in_units_of_the_currency() -> None:
    text = f'{FRAME}currencies = [{{ id = "points", decimals = 2 }}]\n{RULEBOOK}[rulebooks.redemption]\n'
    assert loads(f"{text}minimum_balance = 1.25\n").rulebooks[0].redemption == RedemptionRule(minimum_balance=125)


def test_days_and_times_may_stand_between_quotation_marks() -> None:
    definition = loads(
        f'day_starts_at = "04:30"\n{FRAME}{RULEBOOK.replace("2026-01-01", chr(34) + "2026-01-01" + chr(34))}'
    )
    assert definition.calendar.day_starts_at == time_of_day(4, 30)
    assert definition.rulebooks[0].since == date(2026, 1, 1)


@pytest.mark.parametrize(
    "content",
    [FRAME.encode(), FRAME.encode("utf-8-sig"), FRAME.replace("\n", "\r\n").encode()],
    ids=["plain", "with the mark of some editors", "with the line ends of Windows"],
)
def test_a_file_reads_the_same_whichever_editor_saved_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_bytes(content)
    assert load(file) == load(str(file)) == load(content) == loads(FRAME)


# --- one mistake at a time ---


def team(**keys: str) -> str:
    return "[[teams]]\n" + "".join(
        f"{name} = {value}\n" for name, value in ({"id": '"t"', "name": '"队"'} | keys).items()
    )


@pytest.mark.parametrize(
    "text, line, place, value, code, fix",
    [
        # keys
        (FRAME.replace("zone", "zome"), 2, "zome", '"Asia/Shanghai"', "unknown_key", "Did you mean 'zone'?"),
        (FRAME + "colour = 1\n", FIRST, "colour", "1", "unknown_key", "Known here: name, zone, day_starts_at,"),
        (
            FRAME + RULEBOOK.replace("per_hour", "per-hour") + "fixed = 5\n",
            FIRST + 5,
            "rulebooks[0].accruals[0].per-hour",
            "10",
            "unknown_key",
            "Did you mean 'per_hour'?",
        ),
        (FRAME + '"时 区" = 1\n', FIRST, '"时 区"', "1", "unknown_key", "Known here"),
        (
            FRAME + RULEBOOK + "[rulebooks.expiry]\nmonths = 6\nmembers_only = true\n",
            FIRST + 8,
            "rulebooks[0].expiry.members_only",
            "true",
            "unknown_key",
            "It belongs to rulebooks[0]: write it above the heading of rulebooks[0].expiry.",
        ),
        (
            FRAME + RULEBOOK + "assumptions = []\n",
            FIRST + 6,
            "rulebooks[0].accruals[0].assumptions",
            "[]",
            "unknown_key",
            "It belongs to rulebooks[0]",
        ),
        (FRAME.replace('name = "赛罕社区"\n', ""), None, "", "", "missing_key", 'Add name = "...".'),
        (FRAME + '[[partners]]\nid = "grain"\n', FIRST, "partners[0]", "", "missing_key", 'Add name = "...".'),
        (
            FRAME + '[[rulebooks]]\nid = "2026"\nsince = 2026-01-01\n',
            FIRST,
            "rulebooks[0]",
            "",
            "missing_key",
            "Add accruals = [...].",
        ),
        # types
        (FRAME.replace('"赛罕社区"', "7"), 1, "name", "7", "wrong_type", "Write it between quotation marks."),
        (
            FRAME + "assumptions = [1]\n",
            FIRST,
            "assumptions[0]",
            "1",
            "wrong_type",
            "Write it between quotation marks.",
        ),
        (FRAME + 'assumptions = "one"\n', FIRST, "assumptions", '"one"', "wrong_type", "Write it between [ and ]."),
        (FRAME + "teams = 8\n", FIRST, "teams", "8", "wrong_type", "Write [[teams]] above each."),
        (FRAME + "teams = [8]\n", FIRST, "teams[0]", "8", "wrong_type", "Write { id = ..., name = ..., slot = ... }"),
        (
            FRAME + RULEBOOK + '[rulebooks.redemption]\nhold_days = "14"\n',
            FIRST + 7,
            "rulebooks[0].redemption.hold_days",
            '"14"',
            "wrong_type",
            "Write it as 20, without quotation marks and decimals.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.redemption]\nhold_days = 1.5\n",
            FIRST + 7,
            "rulebooks[0].redemption.hold_days",
            "1.5",
            "wrong_type",
            "without quotation marks and decimals",
        ),
        (
            FRAME + RULEBOOK.replace("10", "true"),
            FIRST + 5,
            "rulebooks[0].accruals[0].per_hour",
            "true",
            "wrong_type",
            'Write it as 10, 1.5 or "1/3".',
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.time]\nround_to_minutes = true\n",
            FIRST + 7,
            "rulebooks[0].time.round_to_minutes",
            "true",
            "wrong_type",
            "Write it as 20",
        ),
        (
            RULEBOOK.replace("[[rulebooks.accruals]]", 'members_only = "yes"\n[[rulebooks.accruals]]').join(
                [FRAME, ""]
            ),
            FIRST + 3,
            "rulebooks[0].members_only",
            '"yes"',
            "wrong_type",
            "Write true or false, without quotation marks.",
        ),
        (FRAME + 'duties = [{ actor = "a", may = [1] }]\n', FIRST, "duties[0].may[0]", "1", "wrong_type", "quotation"),
        # words of a closed set
        (
            FRAME + 'duties = [{ actor = "a", may = ["aprove"] }]\n',
            FIRST,
            "duties[0].may[0]",
            '"aprove"',
            "unknown_word",
            "Did you mean 'approve'?",
        ),
        (
            FRAME + 'duties = [{ actor = "a", may = ["x"] }]\n',
            FIRST,
            "duties[0].may[0]",
            '"x"',
            "unknown_word",
            f"Write one of {', '.join(Right)}.",
        ),
        (
            FRAME + RULEBOOK + '[[rulebooks.caps]]\nid = "c"\nat_most = 80\nper = "dya"\n',
            FIRST + 9,
            "rulebooks[0].caps[0].per",
            '"dya"',
            "unknown_word",
            "Did you mean 'day'?",
        ),
        # numbers
        (
            FRAME + RULEBOOK + '[[rulebooks.caps]]\nid = "c"\nat_most = 0\n',
            FIRST + 8,
            "rulebooks[0].caps[0].at_most",
            "0",
            "not_positive",
            "Give a number above 0.",
        ),
        (
            FRAME + RULEBOOK.replace("10", '"one third"'),
            FIRST + 5,
            "rulebooks[0].accruals[0].per_hour",
            '"one third"',
            "not_exact",
            'Write it as 10, 1.5 or "1/3".',
        ),
        (
            FRAME + RULEBOOK.replace("10", '"1/0"'),
            FIRST + 5,
            "rulebooks[0].accruals[0].per_hour",
            '"1/0"',
            "not_exact",
            "ratio",
        ),
        (
            FRAME + RULEBOOK.replace("10", "nan"),
            FIRST + 5,
            "rulebooks[0].accruals[0].per_hour",
            "NaN",
            "not_exact",
            "10, 1.5",
        ),
        (
            FRAME + '[[currencies]]\nid = "points"\ndecimals = 9\n',
            FIRST + 2,
            "currencies[0].decimals",
            "9",
            "too_many_decimals",
            "Give a number of at most 6.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.redemption]\nminimum_balance = 0.5\n",
            FIRST + 7,
            "rulebooks[0].redemption.minimum_balance",
            "0.5",
            "finer_than_currency",
            "Write a whole number.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.redemption]\nminimum_balance = -5\n",
            FIRST + 7,
            "rulebooks[0].redemption.minimum_balance",
            "-5",
            "negative",
            "Give 0 or more.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.redemption]\nhold_days = 9999999999999999\n",
            FIRST + 7,
            "rulebooks[0].redemption.hold_days",
            "9999999999999999",
            "too_large",
            "Give a number of at most 1000000000000000.",
        ),
        # days and times
        (
            FRAME + RULEBOOK.replace("2026-01-01", "2026-01-01T00:00:00"),
            FIRST + 2,
            "rulebooks[0].since",
            "2026-01-01 00:00:00",
            "not_a_day",
            "Write it as 2026-03-14, without a time of day.",
        ),
        (
            FRAME + RULEBOOK.replace("2026-01-01", '"1.1.2026"'),
            FIRST + 2,
            "rulebooks[0].since",
            '"1.1.2026"',
            "not_a_day",
            "Write the day as 2026-03-14.",
        ),
        ("day_starts_at = 4\n" + FRAME, 1, "day_starts_at", "4", "wrong_type", "Write it as 04:00:00."),
        ("day_starts_at = 04:00:30\n" + FRAME, 1, "day_starts_at", "04:00:30", "not_a_time", "Write it as 04:00:00."),
        ('day_starts_at = "noon"\n' + FRAME, 1, "day_starts_at", '"noon"', "not_a_time", "Write the time as 09:00."),
        (FRAME.replace("Shanghai", "Shangai"), 2, "zone", '"Asia/Shangai"', "unknown_zone", "Use a name such as"),
        # what a table as a whole must be
        (
            FRAME + RULEBOOK + "fixed = 5\n",
            FIRST + 3,
            "rulebooks[0].accruals[0]",
            "",
            "one_rate",
            "Give one of 'per_hour', 'fixed', 'rate' and 'own'.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.expiry]\nmonths = 6\ndays = 7\n",
            FIRST + 6,
            "rulebooks[0].expiry",
            "",
            "one_expiry",
            "Give one of",
        ),
        (
            FRAME + RULEBOOK.replace("01-01\n", "01-01\nuntil = 2025-01-01\n"),
            FIRST + 2,
            "rulebooks[0].since",
            "2026-01-01",
            "empty_rulebook",
            "Let 'until' be a later day than 'since'.",
        ),
        (
            FRAME + RULEBOOK + "when = { weekdays = [0] }\n",
            FIRST + 6,
            "rulebooks[0].accruals[0].when.weekdays",
            "[...]",
            "bad_weekday",
            "Monday is 1 and Sunday is 7.",
        ),
        (
            FRAME + RULEBOOK + "[rulebooks.redemption]\ndays_of_month = [15, 32]\n",
            FIRST + 6,
            "rulebooks[0].redemption",
            "",
            "bad_day_of_month",
            "Give days from 1 to 31.",
        ),
        (
            FRAME + '[[partners]]\nid = "a b"\nname = "x"\n',
            FIRST + 1,
            "partners[0].id",
            '"a b"',
            "bad_id",
            "Use 1 to 64",
        ),
        (
            FRAME + '[[currencies]]\nid = "minutes"\n',
            FIRST + 1,
            "currencies[0].id",
            '"minutes"',
            "bad_id",
            "counts that already",
        ),
        (FRAME.replace('"founder-b"', '"founder-a"'), 3, "founders", "[...]", "four_eyes_missing", "Name two founders"),
        (FRAME + 'run_by_one = "one"\n', None, "", "", "four_eyes_unclear", "not both"),
        (
            FRAME + '[[rulebooks]]\nid = "2026"\nsince = 2026-01-01\naccruals = []\n',
            FIRST + 3,
            "rulebooks[0].accruals",
            "[]",
            "empty",
            "Give at least one.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_its_value_and_a_remedy(  # noqa: PLR0913, PLR0917 - a row of the table
    text: str, line: int | None, place: str, value: str, code: str, fix: str
) -> None:
    problem = only(check(text))
    assert (problem.line, problem.place, problem.value, problem.code) == (line, place, value, code)
    assert fix in problem.fix
    assert problem.message in str(problem)


PARTS = f"""{FRAME}
[[partners]]
id = "grain"
name = "粮油店"
[[activities]]
id = "park"
name = "公园清洁"
[[catalogue]]
id = "rice"
name = "大米"
partner = "grain"
prices = 20
[[duties]]
actor = "a"
may = ["approve"]
{RULEBOOK}when = {{}}
"""


@pytest.mark.parametrize("rate", ["1e16", "0.0000000000001", "1000000000000001", '"1000000000000000/3"', "-inf"])
def test_a_number_of_no_usable_size_is_named(rate: str) -> None:
    problem = only(check(FRAME + RULEBOOK.replace("10", rate)))
    assert (problem.place, problem.code) == ("rulebooks[0].accruals[0].per_hour", "not_exact")


@pytest.mark.parametrize(
    "prices, place, value, code",
    [
        ("-1", "catalogue[0].prices", "-1", "negative"),
        ('"cheap"', "catalogue[0].prices", '"cheap"', "not_exact"),
        ("0.5", "catalogue[0].prices", "0.5", "finer_than_currency"),
        ("true", "catalogue[0].prices", "true", "wrong_type"),
        ("[]", "catalogue[0]", "", "price_missing"),
        ("[20]", "catalogue[0].prices[0]", "20", "wrong_type"),
        ("[{ points = 20 }, { points = -1 }]", "catalogue[0].prices[1].points", "-1", "negative"),
        ("[{ points = 20 }, { points = 25 }]", "catalogue[0]", "", "price_dates"),
    ],
)
def test_a_price_that_is_none_is_named(prices: str, place: str, value: str, code: str) -> None:
    problem = only(check(PARTS.replace("prices = 20", f"prices = {prices}")))
    assert (problem.place, problem.value, problem.code) == (place, value, code)


def test_a_key_of_a_table_elsewhere_is_simply_unknown() -> None:
    problem = only(check(PARTS + '[[duties]]\nactor = "b"\nmay = []\nfixed = 1\n'))
    assert problem.fix == "Known here: actor, may, teams, partners, volunteer."


def test_a_missing_word_is_shown_by_example() -> None:
    limits = "[[rulebooks.redemption.limits]]\nat_most = 1\n"
    assert only(check(FRAME + RULEBOOK + limits)).fix == 'Add per = "day".'


@pytest.mark.parametrize(
    "old, new, place, value, fix",
    [
        ('partner = "grain"', 'partner = "grian"', "catalogue[0].partner", '"grian"', "Did you mean 'grain'?"),
        (
            "prices = 20",
            'prices = 20\ncurrency = "stars"',
            "catalogue[0].currency",
            '"stars"',
            "Add it to [[currencies]]",
        ),
        ('name = "公园清洁"', 'name = "公园清洁"\nteam = "t"', "activities[0].team", '"t"', "Add it to [[teams]]"),
        ("may = [", 'teams = ["t"]\nmay = [', "duties[0].teams[0]", '"t"', "Add it to [[teams]]"),
        ("may = [", 'partners = ["grain", "x"]\nmay = [', "duties[0].partners[1]", '"x"', "Add it to [[partners]]"),
        (
            "when = {}",
            'when = { activities = ["prak"] }',
            "rulebooks[0].accruals[0].when.activities[0]",
            '"prak"',
            "'park'",
        ),
        (
            "when = {}",
            'when = { teams = ["t"] }',
            "rulebooks[0].accruals[0].when.teams[0]",
            '"t"',
            "Add it to [[teams]]",
        ),
        ("since = 2026-01-01", 'since = 2026-01-01\ncurrency = "s"', "rulebooks[0].currency", '"s"', "[[currencies]]"),
        (
            "when = {}",
            '[[rulebooks.redemption.limits]]\nat_most = 1\nper = "day"\nitem = "rise"',
            "rulebooks[0].redemption.limits[0].item",
            '"rise"',
            "Did you mean 'rice'?",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_named_with_the_likely_one(
    old: str, new: str, place: str, value: str, fix: str
) -> None:
    assert check(PARTS) == ()
    problem = only(check(PARTS.replace(old, new)))
    assert (problem.place, problem.value, problem.code) == (place, value, "unknown_reference")
    assert fix in problem.fix
    assert problem.line == next(at for at, text in enumerate(PARTS.replace(old, new).split("\n"), 1) if value in text)


def test_a_team_below_a_team_that_is_not_there_is_named() -> None:
    text = FRAME.replace(
        'structure = { label = "自由", slots = [] }\n', 'structure = { label = "自由", slots = [{ id = "s" }] }\n'
    )
    problem = only(check(text + team(slot='"s"', parent='"u"')))
    assert (problem.place, problem.value) == ("teams[0].parent", '"u"')


def test_a_slot_that_the_structure_does_not_have_is_named() -> None:
    problem = only(check(PARTS.replace("when = {}", 'when = { slots = ["standing"] }')))
    assert (problem.place, problem.code) == ("rulebooks[0].accruals[0].when.slots[0]", "unknown_reference")
    assert "[[structure.slots]]" in problem.fix


def test_teams_that_are_above_themselves_are_named() -> None:
    text = FRAME.replace("slots = []", 'slots = [{ id = "s" }]')
    circle = team(id='"a"', slot='"s"', parent='"b"') + team(id='"b"', slot='"s"', parent='"a"')
    below = team(id='"c"', slot='"s"', parent='"a"') + team(id='"d"', slot='"s"', parent='"d"')
    found = [(problem.place, problem.value, problem.code) for problem in check(text + circle + below)]
    assert found == [(f"teams[{n}].parent", f'"{above}"', "circle") for n, above in ((0, "b"), (1, "a"), (3, "d"))]


@pytest.mark.parametrize(
    "decimals, to, fits", [(0, "0.5", False), (1, "0.5", True), (1, "0.05", False), (2, '"1/3"', False)]
)
def test_a_rounding_that_the_currency_cannot_hold_is_named(decimals: int, to: str, *, fits: bool) -> None:
    currencies = f'currencies = [{{ id = "points", decimals = {decimals} }}]\n'
    problems = check(f"{FRAME}{currencies}{RULEBOOK}[rulebooks.rounding]\nto = {to}\n")
    expected = [] if fits else [("rulebooks[0].rounding.to", "finer_than_currency")]
    assert [(problem.place, problem.code) for problem in problems] == expected


@pytest.mark.parametrize(
    "sentence, path",
    [
        ("item rice: is bad", ("catalogue", 0)),
        ("activity park: is bad", ("activities", 0)),
        ("rulebook 2026, hours: is bad", ("rulebooks", 0)),
        ("rulebook 20: is bad", ()),
        ("everything is bad", ()),
    ],
)
def test_a_sentence_of_the_adoption_is_placed_at_its_table(sentence: str, path: tuple[str | int, ...]) -> None:
    assert subject(loads(PARTS), sentence) == path


def test_a_sentence_of_the_adoption_ends_with_its_remedy() -> None:
    assert halves("team a: stands below itself; give it another") == ("team a: stands below itself", "Give it another.")
    assert halves("everything is bad") == ("everything is bad", "")


@pytest.mark.parametrize(
    "group", ["teams", "partners", "activities", "households", "currencies", "rulebooks", "catalogue"]
)
def test_an_id_that_stands_twice_is_named_at_the_second(group: str) -> None:
    headless = {
        "teams": 'id = "x"\nname = "x"\nslot = "s"\n',
        "households": 'id = "x"\n',
        "currencies": 'id = "x"\n',
        "rulebooks": 'id = "x"\nsince = 2026-01-01\naccruals = [{ id = "a", fixed = 1 }]\ncurrency = "x"\n',
        "catalogue": 'id = "x"\nname = "x"\npartner = "p"\nprices = 1\ncurrency = "x"\n',
    }.get(group, 'id = "x"\nname = "x"\n')
    text = FRAME.replace("slots = []", 'slots = [{ id = "s" }]')
    text += "" if group == "currencies" else '[[currencies]]\nid = "x"\n'
    text += "" if group == "partners" else '[[partners]]\nid = "p"\nname = "p"\n'
    problem = only(check(text + f"[[{group}]]\n{headless}" * 2))
    assert (problem.place, problem.value, problem.code) == (f"{group}[1].id", '"x"', "id_twice")
    assert f"the id of {group}[0] too" in problem.message


def test_two_rules_of_one_id_are_named() -> None:
    problem = only(check(FRAME + RULEBOOK + '[[rulebooks.accruals]]\nid = "hours"\nfixed = 1\n'))
    assert (problem.place, problem.code, problem.line) == ("rulebooks[0].accruals[1].id", "id_twice", FIRST + 7)


@pytest.mark.parametrize(
    "until, since, words, fix",
    [
        ("until = 2027-01-01", "2026-07-01", "overlap", "Let one end where the other begins."),
        ("", "2026-01-01", "overlap", "Let one end where the other begins."),
        ("until = 2026-07-01", "2027-01-01", "leave a gap", "Let 2027 begin on 2026-07-01."),
    ],
)
def test_rulebooks_that_overlap_or_leave_a_gap_are_named_at_the_later_one(
    until: str, since: str, words: str, fix: str
) -> None:
    second = RULEBOOK.replace('id = "2026"', 'id = "2027"').replace("2026-01-01", since)
    problem = only(check(FRAME + RULEBOOK.replace("01-01\n", f"01-01\n{until}\n") + second))
    assert (problem.place, problem.value, problem.code) == ("rulebooks[1].since", since, "rulebook_days")
    assert words in problem.message
    assert problem.fix == fix


def test_a_version_without_an_end_ends_where_the_next_begins() -> None:
    assert check(FRAME + RULEBOOK + RULEBOOK.replace("2026", "2027")) == ()


@pytest.mark.parametrize(
    "structure, slots, place, words",
    [
        ("", ["standing"] * 4 + ["coordinating"], "teams", "slot standing: 4 teams on 2026-03-14"),
        ("", ["standing"] * 5 + ["coordinating", "specail"], "teams[6].slot", "is no slot of the structure"),
        ('[structure]\nlabel = "4+N+1"\n', ["standing"] * 5 + ["coordinating"], "structure", "part 4 does not say"),
    ],
)
def test_teams_that_do_not_fit_the_structure_are_named(
    structure: str, slots: list[str], place: str, words: str
) -> None:
    frame = FRAME.replace('structure = { label = "自由", slots = [] }\n', "")
    text = frame + structure + "".join(team(id=f'"t{n}"', slot=f'"{slot}"') for n, slot in enumerate(slots))
    problem = only(check(text, day=DAY))
    assert problem.place == place
    assert words in problem.message


def test_the_structure_is_held_against_the_teams_of_the_given_day() -> None:
    text = FRAME.replace("slots = []", 'slots = [{ id = "s", exactly = 1 }]') + team(slot='"s"', since="2026-07-01")
    assert only(check(text, day=date(2026, 6, 30))).code == "structure"
    assert check(text, day=date(2026, 7, 1)) == ()
    assert loads(text, day=date(2026, 7, 1)).teams == (Team(id="t", name="队", slot="s", since=date(2026, 7, 1)),)


def test_a_slot_of_former_days_may_stand_in_a_team_that_is_over_or_fills_none() -> None:
    text = FRAME.replace("slots = []", 'slots = [{ id = "s", exactly = 1 }]') + team(id='"a"', slot='"s"')
    over = team(id='"b"', slot='"former"', until="2026-01-01")
    below = team(id='"c"', slot='"former"', parent='"a"')
    assert check(text + over + below, day=DAY) == ()
    assert only(check(text + over + below, day=date(2025, 12, 31))).place == "teams[1].slot"


# --- texts that are no programme file at all ---


@pytest.mark.parametrize(
    "content, line, code, words",
    [
        (b'name = "x"\nzone = "UTC\n', 2, "not_toml", "quotation marks"),
        ("name = “赛罕”\n".encode(), 1, "not_toml", "instead of “ ”"),
        ('name ＝ "赛罕"\n'.encode(), 1, "not_toml", "instead of ＝"),
        (b"a = 1\na = 2\n", 2, "not_toml", "overwrite"),
        (b"a = ", 1, "not_toml", "invalid value"),
        (b"since = 2026-02-30\n", 1, "not_toml", "invalid date"),
        ('\nname = "赛罕"\n'.encode("gb18030"), 2, "not_utf8", "encoding utf-8"),
        (FRAME.encode("utf-16"), 1, "not_utf8", "encoding utf-8"),
        (b"\x00\x01\x02\xff\xfe", 1, "not_utf8", "encoding utf-8"),
        (b"PK\x03\x04", 1, "not_toml", "expected '='"),
    ],
)
def test_a_text_that_is_no_toml_is_refused_at_its_line(content: bytes, line: int, code: str, words: str) -> None:
    problem = only(check(content))
    assert (problem.line, problem.code) == (line, code)
    assert words in str(problem).lower()


LARGE = 900_000
OWN_RULE = """
[[rulebooks]]
id = "2026"
since = 2026-01-01
accruals = [{{ id = "a", own = {{ rule = "r", version = "1", parameters = {{ x = {} }} }} }}]
"""
HOSTILE = {
    "brackets": "a = " + "[" * LARGE,
    "braces": "a = " + "{a = " * (LARGE // 5),
    "dots": "a" + ".a" * (LARGE // 2) + " = 1",
    "dots of quoted keys": '"a"' + '."a"' * (LARGE // 4) + " = 1",
    "dots of a heading": "[a" + ".a" * (LARGE // 2) + "]",
    "a long whole number": f"a = {'9' * LARGE}",
    "a long hexadecimal number": f"a = 0x{'f' * LARGE}",
    "a long decimal": f"a = 0.{'1' * LARGE}",
    "a long key": f"{'a' * LARGE} = 1",
    "a huge exponent": FRAME + RULEBOOK.replace("10", "1e999999999"),
    "a huge exponent in a text": FRAME + RULEBOOK.replace("10", '"1e999999999"'),
    "many rules": FRAME
    + RULEBOOK
    + "".join(f'[[rulebooks.accruals]]\nid = "a{n}"\nfixed = 1\n' for n in range(LARGE // 50)),
    "a huge exponent for an own rule": FRAME + OWN_RULE.format("1e999999999"),
    "a long number for an own rule": FRAME + OWN_RULE.format("9" * LARGE),
    "many parameters of an own rule": FRAME
    + OWN_RULE.format("1, " + ", ".join(f"x{n} = 1" for n in range(LARGE // 20))),
    "deep parameters of an own rule": FRAME + OWN_RULE.format("{ a = " * (LARGE // 10)),
    "a huge fraction": FRAME + RULEBOOK.replace("10", f'"1/{"9" * LARGE}"'),
    "many unknown keys": "".join(f"k{n} = 1\n" for n in range(LARGE // 10)),
    "many teams": FRAME + "[[teams]]\n" * (LARGE // 10),
    "many unknown slots": FRAME.replace(
        "slots = []", f"slots = [{', '.join(f'{{ id = {chr(34)}s{n}{chr(34)} }}' for n in range(999))}]"
    )
    + "".join(team(id=f'"t{n}"', slot=f'"u{n}"') for n in range(999)),
    "open quotation marks": '"' * LARGE,
    "an open text": 'a = """' + '""x' * (LARGE // 3),
    "a long zone": FRAME.replace("Asia/Shanghai", "A" * LARGE),
    "too many bytes": "#" * 10_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_soon_and_in_few_words(name: str) -> None:
    begun = time.monotonic()
    problems = check(HOSTILE[name])
    assert time.monotonic() - begun < 20
    assert 1 <= len(problems) <= PROBLEMS_MAX + 1
    assert all(len(str(problem)) < 500 for problem in problems)


def test_a_file_of_many_megabytes_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_bytes(b"#" * 30_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ProgrammeFileInvalid) as caught:
            load(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert only(caught.value.problems).code == "too_large"
    assert most < 10_000_000


def test_after_a_hundred_mistakes_the_file_says_so_and_stops() -> None:
    problems = check(FRAME + "".join(f"k{n} = 1\n" for n in range(500)))
    assert len(problems) == PROBLEMS_MAX + 1
    assert problems[-1].code == "too_many_problems"


# --- all mistakes at once ---

MANY = """\
name = "赛罕社区"
zone = "Asia/Shangai"
founders = ["founder-a"]
colour = "red"

[[teams]]
id = "t 1"
name = 5
slot = "standing"

[[activities]]
id = "park"
name = "公园清洁"
team = "nobody"

[[rulebooks]]
id = "2026"
since = 2026-01-01
until = 2027-01-01
titel = "办法"
[[rulebooks.accruals]]
id = "hours"
per_hour = true
[[rulebooks.caps]]
id = "day"
at_most = -1
per = "dya"

[[rulebooks]]
id = "2026-07"
since = 2026-07-01
accruals = [{ id = "hours", per_hour = 10, fixed = 1 }]
"""


def test_every_mistake_is_named_at_once_in_the_order_of_lines() -> None:
    found = [(problem.line, problem.place, problem.code) for problem in check(MANY, day=DAY)]
    assert found == [
        (2, "zone", "unknown_zone"),
        (3, "founders", "four_eyes_missing"),
        (4, "colour", "unknown_key"),
        (7, "teams[0].id", "bad_id"),
        (8, "teams[0].name", "wrong_type"),
        (14, "activities[0].team", "unknown_reference"),
        (20, "rulebooks[0].titel", "unknown_key"),
        (23, "rulebooks[0].accruals[0].per_hour", "wrong_type"),
        (26, "rulebooks[0].caps[0].at_most", "not_positive"),
        (27, "rulebooks[0].caps[0].per", "unknown_word"),
        (31, "rulebooks[1].since", "rulebook_days"),
        (32, "rulebooks[1].accruals[0]", "one_rate"),
    ]


def test_the_error_lists_all_of_them_and_travels_between_processes(tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_text(MANY, "utf-8")
    with pytest.raises(InputError) as caught:
        load(file, day=DAY)
    assert isinstance(caught.value, ProgrammeFileInvalid)
    assert (caught.value.code, caught.value.facts["source"]) == ("programme_file", str(file))
    title, *lines = str(caught.value).split("\n")
    assert title == f"{file}: 12 mistakes"
    assert lines == [f"  {problem}" for problem in check(MANY, day=DAY)]
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (type(again), str(again)) == (ProgrammeFileInvalid, str(caught.value))


def test_one_mistake_gives_no_false_alarm_elsewhere() -> None:
    frame = FRAME.replace('structure = { label = "自由", slots = [] }\n', "")
    teams = "".join(team(id=f'"t{n}"', slot='"standing"') for n in range(5)) + team(id='"c"', slot='"coordinating"')
    text = frame + teams + '[[activities]]\nid = "park"\nname = "公园清洁"\nteam = "t0"\n'
    assert check(text) == ()
    assert only(check(text.replace("[[teams]]", "[[team]]"))).fix == "Did you mean 'teams'?"
    assert only(check(text.replace('name = "队"', "name = 1", 1))).place == "teams[0].name"
    assert only(check(text.replace('slot = "standing"', "slot = 1", 1))).place == "teams[0].slot"
    assert only(check(FRAME.replace("founders", "fuonders"))).place == "fuonders"
    assert only(check(FRAME + RULEBOOK.replace("per_hour", "per_huor"))).place == "rulebooks[0].accruals[0].per_huor"
    slots = FRAME.replace('label = "自由"', "label = 1") + RULEBOOK + 'when = { slots = ["standing"] }\n'
    assert only(check(slots)).place == "structure.label"
    rulebooks = RULEBOOK + RULEBOOK.replace("2026", "2027") + RULEBOOK.replace("2026", "2028")
    assert only(check(FRAME + rulebooks.replace("2027-01-01", "2027"))).place == "rulebooks[1].since"


@pytest.mark.parametrize("source", ["missing.toml", ".", "\0"])
def test_a_file_that_cannot_be_opened_is_an_input_error(source: str, tmp_path: Path) -> None:
    with pytest.raises(ProgrammeFileInvalid) as caught:
        load(tmp_path / source)
    assert only(caught.value.problems).code == "file_unreadable"


def test_a_text_in_place_of_a_path_is_told_where_it_belongs() -> None:
    with pytest.raises(InputError, match=r"loads\(\)"):
        load(FRAME)


# --- lines and paths ---

ODD = """\
plain = 1 # a comment with [brackets] and "marks"
"quoted key" . 'other' = 'C:\\no escape'
text = \"\"\"
[not.a.table]
a = 1 \\"\"\" \"\"\"\"\"
raw = '''
''x'''''
moment = 2026-01-01 09:00:00.5+08:00
list = [ # one
  1.5, "a,]",
  [2, { x = 1, "y z".w = [3] }],
]
[ a . "b c" ]
d = {}
[[e]]
[e.f]
g = 0xff
[[e.h]]
[[e]]
[[e.h]]
i = true
"""


def test_lines_are_found_in_everything_that_toml_allows() -> None:
    lines = find_places(ODD).lines
    assert set(paths(tomllib.loads(ODD))) <= set(lines)
    expected = {
        ("quoted key", "other"): 2,
        ("text",): 3,
        ("raw",): 6,
        ("moment",): 8,
        ("list", 1): 10,
        ("list", 2, 1, "y z", "w", 0): 11,
        ("a", "b c", "d"): 14,
        ("e", 0, "f", "g"): 17,
        ("e", 1): 19,
        ("e", 1, "h", 0, "i"): 21,
    }
    assert {path: lines[path] for path in expected} == expected


@given(st.text(st.sampled_from("ab\"'[]{}=.,\n\\ #1"), max_size=40))
def test_whatever_the_parser_accepts_has_its_lines_found(text: str) -> None:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raw = {}
    assert set(paths(raw)) <= set(find_places(text).lines)


@given(st.text() | st.binary())
def test_no_text_makes_the_check_fail(content: str | bytes) -> None:
    assert all(isinstance(problem, Problem) for problem in check(content))
    with pytest.raises(ProgrammeFileInvalid):
        load(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))


def test_what_lies_too_deep_or_is_too_long_ends_the_walk_at_its_line() -> None:
    for text, code in (("\na.b.c.d.e.f.g.h.i.j.k.l.m = 1", "too_deep"), (f"\na = {'1' * 65}", "word_too_long")):
        with pytest.raises(OutOfBounds) as caught:
            find_places(text)
        assert (caught.value.line, caught.value.code) == (2, code)


def test_a_path_shows_odd_keys_between_quotation_marks() -> None:
    assert path_text(("a", 0, "b c", "x" * 100)) == f'a[0]."b c"."{"x" * 64}…"'


# --- the page and the words keep up with the model ---


def tables() -> dict[str, type]:
    """Every table of a programme file, by the name of the class that it describes."""
    found: dict[str, type] = {}
    waiting: list[type] = [Definition]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        parts = [getattr(key.kind, "__args__", (key.kind,))[0] for key in keys_of(kind).values()]
        waiting += [part for part in parts if attrs.has(part) and part.__name__ not in {*found, "Parameters"}]
    return found


def test_the_page_of_all_keys_is_that_of_the_classes() -> None:
    written = (Path(__file__).parents[1] / "docs" / PAGE).read_text("utf-8")
    assert written == page(), "write it anew: python -m volunteer_points.programme_file.reference docs"


def test_the_page_of_all_keys_holds_every_key_of_every_table() -> None:
    parts = {part.partition("\n")[0]: part for part in page().split("\n## ")}
    assert len(parts) == len(tables()) + 1
    for name, kind in tables().items():
        part = parts["The file as a whole" if kind is Definition else name]
        assert all(f"| `{key}` |" in part for key in keys_of(kind))


def test_what_is_written_in_braces_has_no_headings_inside() -> None:
    for kind in BRIEF:
        parts = [getattr(key.kind, "__args__", (key.kind,))[0] for key in keys_of(kind).values()]
        assert [part for part in parts if attrs.has(part) and part not in BRIEF] == []


def test_every_word_for_an_error_can_be_filled_in() -> None:
    for code, words in WORDS.items():
        facts = {"kind": "cap", "id": "a", "most": 6}
        message, fix = words_for(InputError(code, **facts))
        assert message == words.message.format_map(facts)
        assert fix == words.fix.format_map(facts)
    assert words_for(InputError("brand_new", fix="Do this.")) == ("brand new", "Do this.")


def test_a_currency_of_its_own_replaces_the_points() -> None:
    rulebook = RULEBOOK.replace("since", 'currency = "stars"\nsince')
    definition = loads(f'{FRAME}{rulebook}[[currencies]]\nid = "stars"\n')
    assert definition.currencies == (Currency(id="stars"),)
