"""The preset of the Saihan community can be adopted as it stands, and says what is known and what is assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from volunteer_points import (
    Adopt,
    Approve,
    Definition,
    Enrol,
    Interval,
    MemoryStore,
    Programme,
    ReceiveStock,
    Redeem,
    Submit,
)
from volunteer_points.entries import Awarded, Held, ProgrammeAdopted, Submitted
from volunteer_points.model import ItemKind, Right
from volunteer_points.presets import preset, preset_names
from volunteer_points.programme_file import check, dumps, loads

PUBLISHED = "2024-08-26"


@pytest.fixture(scope="module")
def definition() -> Definition:
    return loads(preset("saihan"))


def test_every_preset_reads_without_a_problem_on_any_day() -> None:
    assert preset_names() == ("saihan",)
    for day in (date(2024, 8, 26), date(2026, 1, 1), date(2050, 1, 1)):
        assert check(preset("saihan"), day=day) == ()


def test_a_preset_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(LookupError, match="'saihna'; there are: saihan"):
        preset("saihna")


def test_a_preset_reads_back_as_it_was_written(definition: Definition) -> None:
    assert loads(dumps(definition)) == definition


# --- what the published page says ---


def test_there_are_eight_teams_five_standing_two_special_and_one_coordinating(definition: Definition) -> None:
    assert definition.structure.label == "5+N+1"
    assert Counter(team.slot for team in definition.teams) == {"standing": 5, "special": 2, "coordinating": 1}


def test_three_teams_are_named_and_the_others_are_marked_as_the_communitys_to_name(definition: Definition) -> None:
    assert {team.name for team in definition.teams if not team.assumed} == {"银龄帮帮团", "法律顾问", "美家美户"}
    assert all(("待社区命名" in team.name) is team.assumed for team in definition.teams)


def test_the_five_activities_of_the_page_stand_first_and_have_english_names_too(definition: Definition) -> None:
    names = [activity.name for activity in definition.activities]
    assert names[:5] == ["小家电维修", "“小剪爱”义剪", "爱心义诊", "法律服务进社区", "露天电影院"]
    assert all(any(alias.isascii() for alias in activity.aliases) for activity in definition.activities)


def test_the_source_is_named_with_its_title_and_day() -> None:
    head = preset("saihan").partition("\nname = ")[0]
    assert "赛罕社区实施“新火聚”治理模式,绘就幸福社区新画卷" in head
    assert PUBLISHED in head
    assert all(line.startswith("#") for line in head.splitlines() if line)


# --- what is assumed ---


def paragraphs() -> Iterator[tuple[str, str]]:
    """Each heading of the file between dashes and what stands below it."""
    for part in preset("saihan").split("\n# --- ")[1:]:
        heading, _, below = part.partition("\n")
        yield heading.partition(" ")[0], below


@pytest.mark.parametrize(
    "heading", ["队伍体系", "志愿服务队", "家庭", "志愿服务项目", "积分管理办法", "共建单位", "兑换目录", "职责"]
)
def test_each_part_marks_what_the_page_does_not_say(heading: str) -> None:
    assert "【假定】" in dict(paragraphs())[heading]


@pytest.mark.parametrize("word", ["发起人", "名称", "常设", "公园清洁", "分值", "价格", "合作单位", "家庭"])
def test_the_assumptions_name_it(word: str, definition: Definition) -> None:
    assert any(word in assumption for assumption in definition.assumptions)


def test_what_is_assumed_is_kept_in_the_ledger(definition: Definition) -> None:
    outcome = adopted(definition)[1]
    assert outcome.assumptions == definition.assumptions
    assert definition.rulebooks[0].assumptions


# --- it works ---


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def adopted(definition: Definition) -> tuple[Programme, ProgrammeAdopted]:
    programme = Programme(MemoryStore("saihan"), clock=lambda: at("2026-03-14T20:00"))
    author, approver = definition.founders
    fact = programme.execute(Adopt(definition=definition, author=author), actor=approver).fact(ProgrammeAdopted)
    return programme, fact


def award(programme: Programme, begin: str, end: str) -> Awarded:
    interval = Interval(begin=at(begin), end=at(end))
    command = Submit(volunteer="v-1", activity="park-cleanup", intervals=(interval,))
    record = programme.execute(command, actor="leader").fact(Submitted).record
    return programme.execute(Approve(record=record), actor="checker").fact(Awarded)


def test_its_people_can_run_a_day_from_service_to_rice(definition: Definition) -> None:
    programme, _ = adopted(definition)
    programme.execute(Enrol(volunteer="v-1", tags=("在职党员",)), actor="clerk")
    programme.execute(ReceiveStock(item="rice", quantity=2), actor="shop")
    first = award(programme, "2026-03-14T09:00", "2026-03-14T11:20")
    assert (first.minutes, first.points, first.lot) == (140, 23, datetime(2027, 12, 31, 16, tzinfo=UTC))
    second = award(programme, "2026-03-14T12:00", "2026-03-14T19:00")
    assert second.points == 80 - 23
    held = programme.execute(Redeem(volunteer="v-1", item="rice"), actor="leader").fact(Held)
    assert held.points == 20
    assert programme.balance("v-1").available == 60


def test_goods_have_stock_services_have_none_and_somebody_hands_over_each(definition: Definition) -> None:
    assert {item.kind for item in definition.catalogue} == {ItemKind.GOOD, ItemKind.SERVICE}
    assert all(item.stocked is (item.kind is ItemKind.GOOD) for item in definition.catalogue)
    counters = [duty for duty in definition.duties if Right.COLLECT in duty.may]
    assert all(any(item.partner in duty.partners for duty in counters) for item in definition.catalogue)


def test_no_word_on_a_sheet_can_mean_two_things(definition: Definition) -> None:
    for group in (definition.activities, definition.catalogue):
        words = [word for each in group for word in {word.casefold() for word in (each.id, each.name, *each.aliases)}]
        assert sorted(words) == sorted(set(words))
