"""Every published scheme under examples/policies: its cases hold, fail when changed, and leave nothing out."""

import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from volunteer_points.errors import InputError
from volunteer_points.programme_file import check, loads
from volunteer_points.testing.cases import (
    EXPECTATIONS,
    CaseOfRules,
    main,
    problems_of_places,
    read_cases,
    run_case,
    run_cases,
    with_every_expectation_changed,
)
from volunteer_points.testing.held import numbers_not_held
from volunteer_points.testing.stage import STEPS
from volunteer_points.testing.switches import as_toml, found_at, switched

POLICIES = Path(__file__).parents[1] / "examples" / "policies"
SCHEMES = [path.name.removesuffix(".cases.toml") for path in sorted(POLICIES.glob("*.cases.toml"))]


def text(name: str) -> str:
    return (POLICIES / name).read_text("utf-8")


CASES = [(name, case) for name in SCHEMES for case in read_cases(text(f"{name}.cases.toml")).cases]


@pytest.fixture(scope="module")
def table() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("make_table", POLICIES / "make_table.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules["make_table"] = script
    spec.loader.exec_module(script)
    yield script
    del sys.modules["make_table"]


@pytest.mark.parametrize("name, case", CASES, ids=[f"{name} {case.number}" for name, case in CASES])
def test_the_case_holds_and_every_expectation_fails_when_it_is_changed(name: str, case: CaseOfRules) -> None:
    programme = text(f"{name}.toml")
    result = run_case(programme, case)
    assert [str(mismatch) for mismatch in result.mismatches] == []
    assert result.looked_at > 0
    changed = run_case(programme, with_every_expectation_changed(case))
    assert len(changed.mismatches) == changed.looked_at == result.looked_at


@pytest.mark.parametrize("name", SCHEMES)
def test_the_programme_file_has_no_mistake_and_holds_every_place_that_its_cases_name(name: str) -> None:
    assert check(text(f"{name}.toml")) == ()
    assert problems_of_places(text(f"{name}.toml"), read_cases(text(f"{name}.cases.toml"))) == ()


@pytest.mark.parametrize("name", SCHEMES)
def test_a_file_written_anew_from_its_tables_is_the_same_programme(name: str) -> None:
    tables = tomllib.loads(text(f"{name}.toml"), parse_float=Decimal)
    assert loads(as_toml(switched(tables, {}))) == loads(text(f"{name}.toml"))


@pytest.mark.parametrize("name", SCHEMES)
def test_every_switch_that_an_assumption_names_is_in_the_file(name: str) -> None:
    tables = tomllib.loads(text(f"{name}.toml"))
    named = [place for sentence in tables["assumptions"] for place in re.findall(r"开关 ?([\w.-]+)", sentence)]
    for place in named:
        assert found_at(tables, place) is not None, place


def test_every_provision_is_said_and_tried_or_not_expressible_for_a_reason(table: ModuleType) -> None:
    known, reasons = table.files(), table.not_expressible()
    left_out = []
    for scheme in table.schemes():
        file, not_said = known.get(scheme["id"]), reasons.get(scheme["id"], {})
        for number, purpose, _ in scheme["provisions"]:
            tried = file is not None and any(number in case.provisions for case in file.cases)
            said = file is not None and file.places.get(number)
            if str(number) not in not_said and not (said and (tried or purpose == "process")):
                left_out.append(f"{scheme['id']} {number}")
    assert left_out == []


def test_cases_name_only_provisions_that_the_scheme_has(table: ModuleType) -> None:
    numbers = {scheme["id"]: {number for number, *_ in scheme["provisions"]} for scheme in table.schemes()}
    for name, file in table.files().items():
        assert set(file.places) <= numbers[name], name
        assert {number for case in file.cases for number in case.provisions} <= numbers[name], name


def test_the_table_in_the_documentation_is_current(table: ModuleType) -> None:
    assert table.PAGE.read_text("utf-8") == table.page()


PARK = """
name = "Park"
zone = "Asia/Shanghai"
founders = ["ann", "bob"]
structure = { label = "free", slots = [] }
activities = [{ id = "weeding", name = "Weeding" }]
rulebooks = [{ id = "1", since = 2026-01-01, accruals = [{ id = "hours", per_hour = 10 }] }]
"""


def park_case(steps: str, more: str = "") -> str:
    return f'day = 2026-03-02\n[[cases]]\ntitle = "a case"\nsteps = [{steps}]\n{more}'


EARNS = park_case('{{ serve = "weeding", hours = 2, expect = {{ earns = {} }} }}')


def test_a_wrong_expectation_is_told_with_its_step_and_both_numbers() -> None:
    (result,) = run_cases(PARK, park_case('{ serve = "weeding", hours = 2, expect = { earns = 21, hours = 2 } }'))
    assert [str(mismatch) for mismatch in result.mismatches] == ["step 1: earns is 20, not 21"]
    assert not result.holds


def test_a_refusal_that_is_not_expected_is_a_mismatch() -> None:
    steps = '{ serve = "sleeping", hours = 2, expect = { points = 0 } }'
    (result,) = run_cases(PARK, park_case(steps))
    assert [str(mismatch) for mismatch in result.mismatches] == ["step 1: refused is unknown_activity, not nothing"]


def test_a_switch_changes_the_programme_file_for_one_case_only() -> None:
    steps = '{ serve = "weeding", hours = 2, expect = { earns = 8 } }'
    switched = park_case(steps, 'set = { "rulebooks.1.accruals.hours.per_hour" = 4 }')
    assert run_cases(PARK, switched)[0].holds
    assert not run_cases(PARK, park_case(steps))[0].holds


@pytest.mark.parametrize(
    "steps, more",
    [
        ('{ serve = "weeding", huors = 2, expect = { earns = 8 } }', ""),
        ('{ serve = "weeding", hours = 2, expect = { earn = 8 } }', ""),
        ('{ serve = "weeding", redeem = "rice", expect = { earns = 8 } }', ""),
        ('{ serve = "weeding", hours = 2 }', ""),
        ('{ serve = "weeding", hours = 2, expect = { earns = 8 } }', 'titel = "x"'),
    ],
    ids=["a key of a step", "an expectation", "two things at once", "nothing expected", "a key of the case"],
)
def test_a_case_that_cannot_be_understood_is_refused(steps: str, more: str) -> None:
    with pytest.raises(InputError) as caught:
        read_cases(park_case(steps, more))
    assert caught.value.code == "bad_case"


@pytest.mark.parametrize(
    "step, value, fix",
    [
        ('serve = "weeding", quantities = { kg = 0.5 }', "kg = 0.5", "smaller unit"),
        ('serve = "weeding", hours = 1, evidence = "photo"', "photo", "signed, supervisor, make_up, self"),
        ('redeem = "rice", payer = "household:h-1"', "household:h-1", "volunteer, household, team"),
        ("transfer = 5", "", "'to'"),
        ('serve = "weeding", hours = 1, at = "8 h"', "8 h", "08:30"),
    ],
    ids=["half a kilogram", "unknown evidence", "unknown payer", "nobody to give to", "no time of day"],
)
def test_a_step_that_cannot_be_played_is_told_with_its_place_the_value_and_the_remedy(
    step: str, value: str, fix: str
) -> None:
    first = '{ serve = "weeding", hours = 1, expect = { earns = 10 } }'
    with pytest.raises(InputError) as caught:
        run_cases(PARK, park_case(f"{first}, {{ {step} }}"))
    assert (caught.value.facts["place"], caught.value.facts["value"]) == ("a case, step 2", value)
    assert fix in str(caught.value)


@pytest.mark.parametrize(
    "programme, cases, answer",
    [
        (PARK, EARNS.format(20), (0, "holds  a case\n1 of 1 cases hold, 1 expectations\n")),
        (PARK, EARNS.format(21), (1, "FAILS  a case\n       step 1: earns is 20, not 21\n0 of 1 cases hold, 1 ")),
        (PARK, "day = 2026-03-02\n", (1, "0 of 0 cases hold, 0 expectations\n")),
        (PARK, EARNS.format(20).replace("hours", "huors"), (2, "huors")),
        (PARK.replace("per_hour", "per_huor"), EARNS.format(20), (2, "per_huor")),
        (PARK, "day = \n", (2, "cases.toml")),
    ],
    ids=["holds", "fails", "no cases", "an unknown key", "a wrong programme file", "no TOML"],
)
def test_two_files_are_played_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], programme: str, cases: str, answer: tuple[int, str]
) -> None:
    rules, file = tmp_path / "park.toml", tmp_path / "park.cases.toml"
    rules.write_text(programme, "utf-8")
    file.write_text(cases, "utf-8")
    code, printed = answer
    assert main(str(rules), str(file)) == code
    assert printed in capsys.readouterr().out


def test_points_that_end_at_the_same_time_are_named_once() -> None:
    steps = '{ serve = "weeding", hours = 2, times = 3, expect = { earns = 60, expires = "never" } }'
    assert run_cases(PARK, park_case(steps))[0].holds


def test_a_switch_at_a_place_that_is_not_there_is_refused() -> None:
    steps = '{ serve = "weeding", hours = 2, expect = { earns = 8 } }'
    with pytest.raises(InputError) as caught:
        run_cases(PARK, park_case(steps, 'set = { "rulebooks.2.notice_days" = 4 }'))
    assert caught.value.code == "no_such_place"


def test_the_how_to_names_every_step_and_every_expectation() -> None:
    page = (POLICIES.parents[1] / "docs" / "cases.md").read_text("utf-8")
    keys = {key for name, (_, beside) in STEPS.items() for key in (name, *beside)}
    assert {key for key in {*keys, *EXPECTATIONS} if f"`{key}" not in page} == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMES)
def test_no_number_of_the_rules_could_be_another_without_a_case_that_fails(name: str) -> None:
    assert numbers_not_held(text(f"{name}.toml"), text(f"{name}.cases.toml")) == ()


def test_a_number_that_no_case_holds_is_told_with_what_could_stand_there() -> None:
    steps = '{ serve = "weeding", minutes = 6, expect = { earns = 1 } }'
    assert numbers_not_held(PARK, park_case(steps)) == ("rulebooks.1.accruals.hours.per_hour: 10 could be 11",)
