"""Each law of the test kit for developers' own rules is broken by a rule here, and the kit says which one."""

import os
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest

from volunteer_points.errors import InputError
from volunteer_points.model import Given, Measure, Of, OwnRule, OwnRules, Parameters, Result, Use
from volunteer_points.rules import Served
from volunteer_points.testing.own_rules import RuleBroken, check_rule, given_for, served_with


class Sound:
    """A rule that keeps every law: so many points for each tree, and one for each hour of the month before."""

    name = "trees"
    version = "1"
    use = Use.ACCRUAL
    parameters: ClassVar[Mapping[str, type]] = {"points": Fraction}
    describes: ClassVar[Mapping[str, str]] = {"en": "{points} for each tree", "zh": "每棵树 {points} 分"}
    explains: ClassVar[Mapping[str, str]] = {"en": "{trees} trees", "zh": "{trees} 棵树"}

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        del parameters
        return {"hours": Measure(of=Of.HOURS, over="month")}

    def apply(self, given: Given[Served]) -> Result:
        trees = given.about.service.details.quantity("trees")
        return Result(self.number(given, trees), {"trees": trees})

    def number(self, given: Given[Served], trees: int) -> Any:
        return trees * given.parameters.number("points") + given.measured["hours"]


class GivesAFloat(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return trees * 0.5


class GivesATruthValue(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return trees > 0


class GivesNothing(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return None


class GivesLessThanNought(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return trees - 1000


class GivesTooMuch(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return 10**40 if trees else 0


class GivesTooFine(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return Fraction(1, 10**40)


class ForgetsTheResult(Sound):
    def apply(self, given: Given[Served]) -> Any:
        return 3


class TellsAFloat(Sound):
    def apply(self, given: Given[Served]) -> Result:
        return Result(1, {"trees": 0.5})  # type: ignore[dict-item]  # that is what is broken


class Counts(Sound):
    def __init__(self) -> None:
        self.asked = 0

    def number(self, given: Given[Served], trees: int) -> Any:
        self.asked += 1
        return self.asked


class RemembersTheLast(Sound):
    last: ClassVar[dict[str, Fraction]] = {}

    def number(self, given: Given[Served], trees: int) -> Any:
        before = self.last.get("minutes", Fraction(0))
        self.last["minutes"] = given.about.minutes
        return before


class ReadsTheClock(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return datetime.now(UTC).year


class Draws(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return random.randint(5, 5)  # noqa: S311 - that is what is broken


class ReadsAFile(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return len(Path(__file__).read_text("utf-8"))


class ReadsTheEnvironment(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return len(os.environ.get("HOME", ""))


class LooksAtOrder(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return len(given.tags[0]) if given.tags else 0


class HashesWords(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return hash(given.about.service.activity) % 1000


class LooksAtWhatItDidNotAskFor(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return given.measured["times"]


class FailsWithoutTrees(Sound):
    def number(self, given: Given[Served], trees: int) -> Any:
        return 100 // trees


class MeasuresAnythingElse(Sound):
    def measures(self, parameters: Parameters) -> Any:
        return {"hours": "hours"}


class FailsToMeasure(Sound):
    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        return {"hours": Measure(of=Of.HOURS, over=parameters.text("window"))}


class MeasuresOtherThingsInTurn(Sound):
    turns: ClassVar[list[str]] = []

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        self.turns.append("")
        return {"hours": Measure(of=Of.HOURS, over="month" if len(self.turns) % 2 else "year")}


class ExplainsWhatItDoesNotTell(Sound):
    explains: ClassVar[Mapping[str, str]] = {"en": "{trees} trees", "zh": "{棵} 棵树"}


class ExplainsInEnglishAlone(Sound):
    explains: ClassVar[Mapping[str, str]] = {"en": "{trees} trees", "zh": "{trees} trees"}


EXACT = "gives an exact number within bounds, and facts that the ledger can hold"


@pytest.mark.parametrize(
    "rule, law",
    [
        (GivesAFloat(), EXACT),
        (GivesATruthValue(), EXACT),
        (GivesNothing(), EXACT),
        (GivesLessThanNought(), EXACT),
        (GivesTooMuch(), EXACT),
        (GivesTooFine(), EXACT),
        (ForgetsTheResult(), EXACT),
        (TellsAFloat(), EXACT),
        (Counts(), "gives the same again"),
        (RemembersTheLast(), "gives the same again"),
        (ReadsTheClock(), "looks at nothing that it was not given"),
        (Draws(), "looks at nothing that it was not given"),
        (ReadsAFile(), "looks at nothing that it was not given"),
        (ReadsTheEnvironment(), "looks at nothing that it was not given"),
        (LooksAtOrder(), "does not depend on an order"),
        (LooksAtWhatItDidNotAskFor(), "asks for what it looks at"),
        (FailsWithoutTrees(), "never fails"),
        (MeasuresAnythingElse(), "says what it measures"),
        (FailsToMeasure(), "says what it measures"),
        (MeasuresOtherThingsInTurn(), "measures the same again"),
        (ExplainsWhatItDoesNotTell(), "says what it does"),
        (ExplainsInEnglishAlone(), "says what it does"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Sound) else "",
)
def test_a_broken_rule_is_found_by_the_law_that_it_breaks(rule: Sound, law: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        check_rule(rule, {"points": 1}, quantities=("trees",), in_other_processes=False, examples=40)
    assert broken.value.law == law, broken.value


def test_a_sound_rule_passes() -> None:
    check_rule(Sound(), {"points": "1/3"}, quantities=("trees",), rising=("hours", "minutes"), in_other_processes=False)


@pytest.mark.slow
def test_other_processes_find_what_depends_on_hashes() -> None:
    check_rule(Sound(), {"points": "1/3"}, quantities=("trees",), examples=5)
    with pytest.raises(RuleBroken) as broken:
        check_rule(HashesWords(), {"points": 1}, examples=5)
    assert broken.value.law == "gives the same everywhere"


def test_a_rule_that_no_other_process_can_know_is_not_called_sound() -> None:
    class Within(Sound):
        """Nobody can import it."""

    with pytest.raises(RuleBroken, match="define it in a module"):
        check_rule(Within(), {"points": 1}, examples=1)


def test_a_claim_that_does_not_hold_is_found() -> None:
    with pytest.raises(RuleBroken, match="moves one way"):
        check_rule(Sound(), {"points": 1}, falling=("hours",), in_other_processes=False)
    with pytest.raises(RuleBroken, match="neither one of its measures"):
        check_rule(Sound(), {"points": 1}, rising=("weight",), in_other_processes=False)


@pytest.mark.parametrize("parameters", [{}, {"points": "many"}, {"points": 1, "size": 2}])
def test_parameters_that_it_does_not_take_are_found(parameters: Mapping[str, int | str]) -> None:
    with pytest.raises(RuleBroken) as broken:
        check_rule(Sound(), parameters)
    assert broken.value.law == "takes the parameters that it declares"


@pytest.mark.parametrize(
    "changed, what",
    [
        ({"name": ""}, "name, version"),
        ({"version": 2}, "name, version"),
        ({"use": "bonus"}, "use"),
        ({"parameters": {"points": float}}, "parameters"),
        ({"describes": {"en": "trees"}}, "describes"),
        ({"explains": {"en": "", "zh": "树"}}, "explains"),
        ({"describes": {"en": "{trees}", "zh": "树"}}, "describes {trees}"),
        ({"apply": None}, "measures, apply"),
    ],
)
def test_a_rule_that_lacks_something_is_refused_when_it_is_brought(changed: Mapping[str, object], what: str) -> None:
    lacking = type("Lacking", (Sound,), dict(changed))
    with pytest.raises(InputError) as refused:
        OwnRules.of(lacking())
    assert (refused.value.code, refused.value.facts["what"]) == ("own_rule_unclear", what)


def test_two_rules_of_one_name_and_version_are_refused() -> None:
    with pytest.raises(InputError) as refused:
        OwnRules.of(Sound(), Sound())
    assert refused.value.code == "own_rule_twice"


def test_a_case_can_be_written_down() -> None:
    given = given_for(Sound(), {"points": 2}, about=served_with(0, trees=3), hours=4)
    assert Sound().apply(given).number == 10
    with pytest.raises(TypeError, match="does not ask for days, but for hours"):
        given_for(Sound(), {"points": 2}, days=1)


def test_parameters_are_kept_in_one_spelling_and_order() -> None:
    one = OwnRule(rule="r", version="1", parameters=Parameters({"b": Fraction(1, 2), "a": Fraction(4, 2)}))
    other = OwnRule(rule="r", version="1", parameters=Parameters((("a", 2), ("b", "0.5"))))
    assert one == other
    assert one.parameters.values == (("a", 2), ("b", "0.5"))


@pytest.mark.parametrize("value", [0.5, True, None, [1], 10**16, "x" * 501])
def test_a_parameter_that_is_neither_number_nor_text_is_refused(value: object) -> None:
    with pytest.raises(InputError) as refused:
        Parameters({"a": value})
    assert refused.value.code == "bad_parameter"
