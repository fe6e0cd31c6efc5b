"""Adopting a programme: who may, what does not fit together, and that only differences are written."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decisions.community import DEFINITION, RULEBOOK, SATURDAY, Community, at, definition, fact, kinds
from tests.histories import History
from volunteer_points.commands import Adopt, Definition
from volunteer_points.decisions.adoption import STANDING, nouns
from volunteer_points.decisions.fitting import misfits
from volunteer_points.entries import ProgrammeAdopted, RulebookAdopted, Withdrawn
from volunteer_points.errors import InputError, Refused
from volunteer_points.model import Activity, Currency, Duty, Household, Limit, Period, Right, Slot, Team, TeamStructure
from volunteer_points.rules import Accrual, RedemptionRule, Rounding, When


def adopt(
    community: History,
    proposed: Definition,
    *,
    author: str = "founder-a",
    actor: str = "founder-b",
    what_if: str = "",
) -> list[str]:
    return kinds(community.run(Adopt(definition=proposed, author=author, what_if=what_if), actor=actor))


def problems(community: Community | None, proposed: Definition, *, what_if: str = "") -> list[str]:
    """What does not fit, of a first definition or of one after another."""
    history = community or History(now=at("2026-03-14T12:00"))
    with pytest.raises(Refused) as refused:
        adopt(history, proposed, what_if=what_if)
    assert refused.value.code == "definition_has_problems"
    found = refused.value.facts["problems"]
    assert isinstance(found, list)
    for misfit in misfits(proposed, SATURDAY):
        part: Any = proposed
        for step in misfit.path:
            part = part[step] if isinstance(step, int) else getattr(part, step)
    return found


# --- who may -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("founders, run_by_one", [((), ""), (("a",), ""), (("a", "a"), ""), (("a", "b", "c"), "")])
def test_a_programme_names_two_founders_or_says_that_one_person_runs_it(
    founders: tuple[str, ...], run_by_one: str
) -> None:
    with pytest.raises(InputError, match="four eyes missing"):
        definition(founders=founders, run_by_one=run_by_one)


def test_a_programme_does_not_say_both() -> None:
    with pytest.raises(InputError, match="four eyes unclear"):
        definition(founders=("a", "b"), run_by_one="c")


def test_one_founder_proposes_and_the_other_adopts() -> None:
    history = History(now=at("2026-03-14T12:00"))
    for author, actor, code in (
        ("founder-a", "founder-a", "four_eyes"),
        ("founder-a", "leader", "not_a_founder"),
        ("leader", "founder-a", "not_a_founder"),
    ):
        with pytest.raises(Refused) as refused:
            adopt(history, DEFINITION, author=author, actor=actor)
        assert refused.value.code == code
    adopt(history, DEFINITION, author="founder-b", actor="founder-a")


def test_two_names_of_one_person_are_not_two_founders() -> None:
    duties = tuple(Duty(actor=founder, may=(), volunteer="v-1") for founder in ("founder-a", "founder-b"))
    with pytest.raises(Refused) as refused:
        adopt(History(now=at("2026-03-14T12:00")), definition(duties=duties))
    assert refused.value.code == "four_eyes"


def test_new_founders_are_adopted_by_the_old_ones() -> None:
    community = Community()
    changed = definition(founders=("founder-c", "founder-d"))
    community.refuses("not_a_founder", Adopt(definition=changed, author="founder-c"), actor="founder-d")
    adopt(community, changed)
    community.refuses("not_a_founder", Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b")
    adopt(community, DEFINITION, author="founder-c", actor="founder-d")


def test_where_one_person_runs_it_nobody_else_adopts_and_four_eyes_can_be_brought_in() -> None:
    alone = definition(founders=(), run_by_one="zhao")
    community = Community(alone)
    command = Adopt(definition=DEFINITION, author="founder-a")
    assert community.refuses("not_a_founder", command, actor="founder-b")["founders"] == ["zhao"]
    adopt(community, DEFINITION, author="zhao", actor="zhao")
    community.refuses("not_a_founder", Adopt(definition=alone, author="zhao"), actor="zhao")


# --- differences -------------------------------------------------------------------------------------------------


def test_a_first_adoption_writes_everything_and_the_same_again_is_refused() -> None:
    history = History(now=at("2026-03-14T12:00"))
    written = adopt(history, DEFINITION)
    assert written[0] == "ProgrammeAdopted"
    assert written[-1] == "RulebookAdopted"
    assert len(written) == 1 + 2 + 2 + 2 + 4 + 1
    with pytest.raises(Refused) as refused:
        adopt(history, DEFINITION, author="founder-b", actor="founder-a")
    assert refused.value.code == "no_change"


def test_only_what_changed_is_written() -> None:
    community = Community()
    renamed = attrs.evolve(DEFINITION.activities[0], name="公园")
    changed = attrs.evolve(
        DEFINITION,
        activities=(renamed,),
        households=(*DEFINITION.households, Household(id="h-3")),
        catalogue=tuple(reversed(DEFINITION.catalogue)),
    )
    entries = community.run(Adopt(definition=changed, author="founder-a"), actor="founder-b")
    assert kinds(entries) == ["HouseholdFormed", "ActivityListed", "Withdrawn"]
    assert fact(entries, Withdrawn).subject == "activity:cinema"
    standing = nouns(entry.fact for entry in community.tally.answer(STANDING))
    assert "activity:cinema" not in standing
    assert adopt(community, attrs.evolve(changed, activities=(renamed, DEFINITION.activities[1]))) == ["ActivityListed"]


def test_a_changed_frame_is_written_once() -> None:
    community = Community()
    changed = attrs.evolve(DEFINITION, duties=(), name="新名字")
    entries = community.run(Adopt(definition=changed, author="founder-b"), actor="founder-a")
    assert kinds(entries) == ["ProgrammeAdopted"]
    assert fact(entries, ProgrammeAdopted).author == "founder-b"
    community.refuses("no_change", Adopt(definition=changed, author="founder-a"), actor="founder-b")


@given(st.permutations(range(4)), st.integers(0, 4))
def test_what_stands_after_adoptions_is_what_the_last_one_says(order: list[int], kept: int) -> None:
    community = Community()
    chosen = tuple(DEFINITION.catalogue[place] for place in order[:kept])
    proposed = attrs.evolve(DEFINITION, catalogue=chosen, name=f"{kept}")
    adopt(community, proposed)
    standing = nouns(entry.fact for entry in community.tally.answer(STANDING))
    assert {subject for subject in standing if subject.startswith("item:")} == {f"item:{item.id}" for item in chosen}


# --- rulebooks ---------------------------------------------------------------------------------------------------

LATER = attrs.evolve(RULEBOOK, id="2027", since=date(2027, 1, 1))


def test_a_rulebook_is_written_with_its_hash_and_author() -> None:
    community = Community()
    entries = community.run(
        Adopt(definition=definition(rulebooks=(RULEBOOK, LATER)), author="founder-b"), actor="founder-a"
    )
    assert fact(entries, RulebookAdopted) == RulebookAdopted(rulebook=LATER, hash=LATER.hash, author="founder-b")
    assert community.frame.rulebook_on(date(2026, 12, 31)) == RULEBOOK
    assert community.frame.rulebook_on(date(2027, 1, 1)) == LATER


def test_an_adopted_rulebook_never_changes_and_is_never_taken_away() -> None:
    community = Community()
    changed = attrs.evolve(RULEBOOK, title="other")
    assert "never change" in problems(community, definition(rulebooks=(changed,)))[0]
    adopt(community, definition(rulebooks=(LATER,)))
    assert [book.id for book in community.frame.rulebooks] == ["2026", "2027"]
    community.refuses("no_change", Adopt(definition=definition(rulebooks=()), author="founder-a"), actor="founder-b")


@pytest.mark.parametrize("first_until, second_since, wrong", [
    (None, date(2027, 1, 1), None),
    (date(2027, 1, 1), date(2027, 1, 1), None),
    (date(2027, 1, 2), date(2027, 1, 1), "overlap"),
    (date(2026, 12, 31), date(2027, 1, 1), "gap"),
    (None, date(2026, 1, 1), "overlap"),
])  # fmt: skip
def test_versions_follow_one_another_without_overlap_and_gap(
    first_until: date | None, second_since: date, wrong: str | None
) -> None:
    first = attrs.evolve(RULEBOOK, until=first_until)
    second = attrs.evolve(LATER, since=second_since)
    if wrong is None:
        adopt(History(now=at("2026-03-14T12:00")), definition(rulebooks=(second, first)))
    else:
        (problem,) = problems(None, definition(rulebooks=(second, first)))
        assert wrong in problem
    community = Community(definition(rulebooks=(first,)))
    retroactive = attrs.evolve(second, retroactive=True, retroactive_reason="agreed")
    if wrong is None:
        adopt(community, definition(rulebooks=(retroactive,)))
    else:
        assert wrong in problems(community, definition(rulebooks=(retroactive,)), what_if=LOOKED_AT)[0]


LOOKED_AT = f"12-{'0a' * 32}"
"""The reference of a what-if."""


@pytest.mark.parametrize("days, flags, what_if, wrong", [
    (0, {}, "", ""),
    (-1, {}, LOOKED_AT, "say retroactive"),
    (-1, {"retroactive": True}, LOOKED_AT, "say retroactive"),
    (-1, {"retroactive_reason": "agreed"}, LOOKED_AT, "say retroactive"),
    (-1, {"retroactive": True, "retroactive_reason": "agreed"}, "", "look at its what-if"),
    (-1, {"retroactive": True, "retroactive_reason": "agreed"}, LOOKED_AT, ""),
])  # fmt: skip
def test_a_version_begins_today_or_later_unless_it_says_why_not_and_its_what_if_was_looked_at(
    days: int, flags: dict[str, object], what_if: str, wrong: str
) -> None:
    version = attrs.evolve(LATER, since=SATURDAY + timedelta(days=days), **flags)  # type: ignore[arg-type]
    community = Community()
    if wrong:
        (problem,) = problems(community, definition(rulebooks=(RULEBOOK, version)), what_if=what_if)
        assert "before today" in problem
        assert wrong in problem
    else:
        adopt(community, definition(rulebooks=(RULEBOOK, version)), what_if=what_if)
        adopted = community.entries[-1].fact
        assert isinstance(adopted, RulebookAdopted)
        assert adopted.what_if == what_if


def test_one_version_at_a_time_reaches_back() -> None:
    flags: dict[str, object] = {"retroactive": True, "retroactive_reason": "agreed"}
    days = (date(2026, 2, 1), date(2026, 3, 1))
    both = [attrs.evolve(LATER, id=f"{day:%m}", since=day, **flags) for day in days]  # type: ignore[arg-type]
    [problem] = problems(Community(), definition(rulebooks=(RULEBOOK, *both)), what_if=LOOKED_AT)
    assert problem == "rulebooks 02, 03: a what-if is of one version that reaches back; adopt one after the other"


@pytest.mark.parametrize("text", ["12", f"0-{'0a' * 32}", f"12-{'0A' * 32}", f"12-{'0a' * 31}", 12])
def test_what_is_no_reference_of_a_what_if_is_refused(text: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError) as refused:
        Adopt(definition=definition(), author="founder-a", what_if=text)
    assert refused.value.code == "bad_reference"


def test_a_version_that_begins_in_between_counts_up_to_the_next() -> None:
    between = attrs.evolve(RULEBOOK, id="summer", since=date(2026, 7, 1))
    community = Community(definition(rulebooks=(RULEBOOK, LATER)))
    adopt(community, definition(rulebooks=(RULEBOOK, between, LATER)))
    found = [community.frame.rulebook_on(date(2026, month, 1)).id for month in (6, 7, 12)]
    assert found == ["2026", "summer", "summer"]
    assert community.frame.rulebook_on(date(2027, 1, 1)) == LATER


def test_nothing_is_in_force_after_the_last_version_ended() -> None:
    ended = attrs.evolve(LATER, until=date(2027, 7, 1))
    community = Community(definition(rulebooks=(RULEBOOK, ended)))
    with pytest.raises(Refused) as refused:
        community.frame.rulebook_on(date(2027, 7, 1))
    assert refused.value.code == "no_rulebook"


# --- what does not fit together ----------------------------------------------------------------------------------

TEAM = Team(id="repairs", name="维修队", slot="special")
SLOTS = TeamStructure(label="free", slots=(Slot(id="special"),))


@pytest.mark.parametrize("changes, sentence", [
    ({"activities": DEFINITION.activities * 2}, "activity park: stands 2 times"),
    ({"households": DEFINITION.households * 2}, "household h-1: stands 2 times"),
    ({"currencies": (Currency(id="points"),) * 2}, "currency points: stands 2 times"),
    ({"activities": (Activity(id="park", name="x", team="nobodies"),)}, "activity park: unknown team 'nobodies'"),
    ({"partners": DEFINITION.partners[:1]}, "item haircut: unknown partner 'hair'"),
    ({"currencies": (Currency(id="point"),)}, "item rice: unknown currency 'points'. Did you mean 'point'?"),
    ({"duties": (Duty(actor="x", may=(), teams=("t",)),)}, "duty of x: unknown team 't'"),
    ({"duties": (Duty(actor="x", may=(), partners=("p",)),)}, "duty of x: unknown partner 'p'"),
    ({"rulebooks": (attrs.evolve(RULEBOOK, currency="stars"),)}, "rulebook 2026: unknown currency 'stars'"),
    ({"structure": SLOTS, "teams": (attrs.evolve(TEAM, slot="specail"),)}, "unknown slot 'specail'. Did you mean"),
    ({"structure": SLOTS, "teams": (attrs.evolve(TEAM, parent="x"),)}, "team repairs: unknown team 'x'"),
    ({"structure": SLOTS, "teams": (attrs.evolve(TEAM, parent="repairs"),)}, "team repairs: stands below itself"),
    ({"structure": SLOTS, "teams": (attrs.evolve(TEAM, parent="b"), attrs.evolve(TEAM, id="b", parent="repairs"))},
     "team b: stands below itself"),
    ({"structure": TeamStructure()}, "slot standing: 0 teams"),
])  # fmt: skip
def test_what_does_not_fit_together_is_told_with_its_place(changes: dict[str, object], sentence: str) -> None:
    found = problems(None, definition(**changes))  # type: ignore[arg-type]
    assert any(sentence in problem for problem in found), found


@pytest.mark.parametrize("when, sentence", [
    (When(activities=("parks",)), "rulebook 2026, special: unknown activity 'parks'. Did you mean 'park'?"),
    (When(teams=("t",)), "rulebook 2026, special: unknown team 't'"),
    (When(slots=("standing",)), "rulebook 2026, special: unknown slot 'standing'"),
])  # fmt: skip
def test_a_rule_that_could_never_fit_is_told(when: When, sentence: str) -> None:
    """Found by reading: a slot that the structure does not have made a rule that silently never fitted."""
    rules = attrs.evolve(RULEBOOK, accruals=(Accrual(id="special", fixed=Fraction(1), when=when), *RULEBOOK.accruals))
    (problem,) = problems(None, definition(rulebooks=(rules,)))
    assert problem.startswith(sentence)


def test_a_limit_on_an_item_that_is_not_there_is_told() -> None:
    rule = RedemptionRule(limits=(Limit(at_most=1, per=Period.DAY, item="rise"),))
    found = problems(None, definition(rulebooks=(attrs.evolve(RULEBOOK, redemption=rule),)))
    assert found == ["rulebook 2026: unknown item 'rise'. Did you mean 'rice'?"]


@pytest.mark.parametrize(
    "to, decimals, fits", [("1/2", 0, False), ("1/2", 1, True), ("1/100", 1, False), ("5", 0, True)]
)
def test_rounding_is_no_finer_than_the_currency(to: str, decimals: int, fits: bool) -> None:  # noqa: FBT001
    """Found by reading: such a rulebook was adopted, and then no record could be approved."""
    rules = attrs.evolve(RULEBOOK, rounding=Rounding(to=Fraction(to)))
    proposed = definition(rulebooks=(rules,), currencies=(Currency(id="points", decimals=decimals),))
    if fits:
        adopt(History(now=at("2026-03-14T12:00")), proposed)
    else:
        assert "finer than points" in problems(None, proposed)[0]


@pytest.mark.parametrize("currencies", [(Currency(id="points", decimals=1),), (Currency(id="other"),)])
def test_a_currency_keeps_its_decimals_and_is_never_taken_away(currencies: tuple[Currency, ...]) -> None:
    """Found by reading: with other decimals, 23 points became 2.3."""
    rules = attrs.evolve(LATER, currency=currencies[0].id)
    changes = {"rulebooks": (rules,), "catalogue": (), "currencies": currencies}
    found = problems(Community(), definition(**changes))  # type: ignore[arg-type]
    assert any("currency points: the ledger counts it with 0 decimals" in problem for problem in found)
    adopt(Community(), definition(currencies=(Currency(id="points", name="分"), Currency(id="more"))))


def test_every_problem_is_told_at_once() -> None:
    proposed = definition(partners=(), duties=(Duty(actor="x", may=(Right.CLOSE,), teams=("t",)),))
    assert len(problems(None, proposed)) == len(DEFINITION.catalogue) + 1


@pytest.mark.parametrize("founders", [("", "b"), ("a b", "c"), (1, 2)])
def test_founders_are_ids(founders: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="bad id"):
        definition(founders=founders)
