"""Sign-in sheets on their way into the books: what is added, what is there already, what changed, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from itertools import count

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.sheet_texts import assert_said_in_both_languages
from volunteer_points import (
    Adopt,
    Approve,
    Correct,
    Definition,
    Enrol,
    Interval,
    Leave,
    MemoryStore,
    Programme,
    Reason,
    Refused,
    Reverse,
    Rulebook,
    Void,
)
from volunteer_points.entries import Enrolled, Entry, Submitted
from volunteer_points.errors import InputError, KeyConflict
from volunteer_points.exchange import Sheet, parse_sheet
from volunteer_points.exchange.importing import Choices, Imported, Plan, Problem, SheetImport
from volunteer_points.exchange.matching import folded
from volunteer_points.exchange.words import column_of_refusal, row_words
from volunteer_points.model import Activity, Calendar, Duty, Evidence, Right, Slot, Team, TeamStructure
from volunteer_points.people import Register
from volunteer_points.rules import Accrual
from volunteer_points.storage.memory import MemorySession

HEADINGS = "姓名,手机,活动,队伍,日期,开始,结束,备注"
TEST = Reason(code="test")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


DEFINITION = Definition(
    name="测试社区",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=("founder-a", "founder-b"),
    structure=TeamStructure(label="free", slots=(Slot(id="any", at_least=0),)),
    teams=(Team(id="silver", name="银龄队", slot="any"), Team(id="homes", name="美家队", slot="any")),
    activities=(
        Activity(id="park", name="公园清洁", aliases=("公园", "Park clean-up"), team="silver"),
        Activity(id="haircut", name="“小剪爱”义剪"),
        Activity(id="clinic", name="爱心义诊", until=at("2026-03-10").date()),
    ),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.ENROL)),
        Duty(actor="other-leader", may=(Right.RECORD,)),
        Duty(actor="checker", may=(Right.APPROVE,)),
        Duty(actor="homes-leader", may=(Right.RECORD,), teams=("homes",)),
    ),
    rulebooks=(
        Rulebook(
            id="2026",
            since=at("2026-01-01").date(),
            accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
            record_within_days=60,
        ),
    ),
)


class Community:
    """A programme, its register and its leader, in March."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.now = at("2026-03-20T12:00")
        self.programme = Programme(store or MemoryStore("test"), clock=lambda: self.now)
        numbers = count(1)
        self.register = Register.open(":memory:", ids=lambda: f"v-{next(numbers)}")
        self.programme.execute(Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b")
        self.add("张三", "13800000001")
        self.add("李四", "13800000002")
        self.add("王芳", "13800000003")
        self.add("王芳", "13800000004")

    def add(self, name: str, phone: str = "") -> str:
        volunteer = self.register.add(name, phone).id
        self.programme.execute(Enrol(volunteer=volunteer), actor="founder-a")
        return volunteer

    def importing(self, **choices: object) -> SheetImport:
        return SheetImport(self.programme, self.register, Choices(**{"actor": "leader", **choices}))  # type: ignore[arg-type]

    def plan(self, *sheets: Sheet, **choices: object) -> Plan:
        return self.importing(**choices).plan(sheets)

    def write(self, *sheets: Sheet, keep_going: bool = False, **choices: object) -> Imported:
        importing = self.importing(**choices)
        return importing.write(importing.plan(sheets), keep_going=keep_going)

    def entries(self) -> list[Entry]:
        return list(self.programme.entries())

    def record(self, number: int = 0) -> str:
        facts = [entry.fact for entry in self.entries() if isinstance(entry.fact, Submitted)]
        return facts[number].record


@pytest.fixture
def community() -> Iterator[Community]:
    made = Community()
    yield made
    made.register.close()


def sheet(*rows: str, name: str = "三月.csv", headings: str = HEADINGS, encoding: str = "utf-8") -> Sheet:
    return parse_sheet("\n".join((headings, *rows)).encode(encoding), source=name)


def codes(plan: Plan) -> list[tuple[int, str, str]]:
    """Row, heading and code of each problem, after checking that there are words for it."""
    for problem in plan.problems:
        assert_said_in_both_languages(problem)  # type: ignore[arg-type]
    return [(problem.place.number, problem.column, problem.code) for problem in plan.problems]


def unfilled(problem: Problem) -> bool:
    said = problem.message() + problem.remedy() + problem.message("zh") + problem.remedy("zh")
    return "{" in said


GOOD = "张三,13800000001,公园清洁,,2026-03-14,9:00,11:20,"


# --- what is added ---


def test_a_row_becomes_a_record_of_the_person_the_activity_and_the_time(community: Community) -> None:
    done = community.write(sheet(GOOD))
    assert [each.status for each in done.added] == ["submitted"]
    said = community.programme.record(done.added[0].record).said
    assert (said.volunteer, said.activity, said.team) == ("v-1", "park", "silver")
    assert said.intervals == (Interval(begin=at("2026-03-14T09:00"), end=at("2026-03-14T11:20")),)
    assert said.evidence is Evidence.SUPERVISOR


def test_a_plan_writes_nothing(community: Community) -> None:
    before = community.entries()
    plan = community.plan(sheet(GOOD, "新人,,公园,,2026-03-14,9:00,10:00,"), add_people=True)
    assert (len(plan.added), len(plan.newcomers)) == (2, 1)
    assert community.entries() == before
    assert community.register.find("新人") == ()


def test_activities_and_teams_are_known_by_id_name_and_alias_whatever_the_marks_and_widths(
    community: Community,
) -> None:
    plan = community.plan(
        sheet(
            "张三,,park,homes,2026-03-14,9:00,10:00,",
            "张三,,ＰＡＲＫ clean up,银龄队,2026-03-14,10:00,11:00,",
            "张三,,小剪爱 义剪,,2026-03-14,11:00,12:00,",
            "张三,,公园,美家队,2026-03-14,12:00,13:00,",
        )
    )
    assert plan.clean
    assert [(each.activity, each.team) for each in plan.added] == [
        ("park", "homes"),
        ("park", "silver"),
        ("haircut", None),
        ("park", "homes"),
    ]


def test_a_volunteers_number_is_enough(community: Community) -> None:
    plan = community.plan(sheet("v-2,公园,2026-03-14,9:00-10:00", headings="编号,活动,日期,时间"))
    assert [each.volunteer for each in plan.added] == ["v-2"]


def test_service_past_midnight_ends_the_next_day(community: Community) -> None:
    community.write(sheet("张三,,公园,,2026-03-14,22:00,次日 1:30,"))
    (interval,) = community.programme.record(community.record()).said.intervals
    assert (interval.minutes, interval.end) == (210, at("2026-03-15T01:30"))


def test_no_name_phone_or_note_and_nothing_made_of_them_enters_an_entry(community: Community) -> None:
    community.write(sheet("张三,13800000001,公园,,2026-03-14,9:00,10:00,带了两把扫帚"))
    entry = community.entries()[-1]
    assert isinstance(entry.fact, Submitted)
    one, other = entry.fact.source, entry.key
    community.register.update("v-1", name="张三丰", phone="13800009999")
    again = community.plan(sheet("张三丰,13800009999,公园,,2026-03-14,9:00,10:00,没带"))
    assert len(again.there) == 1
    assert again.there[0].service.key == other
    assert again.there[0].service.command(Evidence.SUPERVISOR).source == one


# --- what is there already ---


def test_the_same_sheet_again_adds_nothing(community: Community) -> None:
    rows = (GOOD, "李四,,公园,,2026-03-14,9:00,11:20,")
    community.write(sheet(*rows))
    before = community.entries()
    again = community.write(sheet(*reversed(rows), name="另一份.csv", encoding="gb18030"))
    assert (again.added, len(again.plan.there)) == ((), 2)
    assert community.entries() == before


def test_a_row_that_another_leader_recorded_is_there_already(community: Community) -> None:
    community.write(sheet(GOOD))
    plan = community.plan(sheet(GOOD), actor="other-leader")
    assert (plan.clean, plan.added, len(plan.there)) == (True, (), 1)


def test_a_row_whose_record_was_corrected_since_is_there_already_in_either_wording(community: Community) -> None:
    community.write(sheet(GOOD))
    community.programme.execute(Approve(record=community.record()), actor="founder-b")
    longer = (Interval(begin=at("2026-03-14T09:00"), end=at("2026-03-14T12:00")),)
    community.programme.execute(
        Correct(record=community.record(), intervals=longer, requested_by="leader", reason=TEST), actor="founder-b"
    )
    for row in (GOOD, GOOD.replace("11:20", "12:00")):
        plan = community.plan(sheet(row))
        assert (plan.clean, plan.added, len(plan.there)) == (True, (), 1)


def test_a_row_that_stands_twice_is_recorded_once(community: Community) -> None:
    plan = community.plan(sheet(GOOD, GOOD), sheet(GOOD, name="b.csv"))
    assert len(plan.added) == 1
    assert [(str(each.place), str(each.of)) for each in plan.repeated] == [
        ("三月.csv:3", "三月.csv:2"),
        ("b.csv:2", "三月.csv:2"),
    ]
    assert plan.clean


def test_a_record_that_was_withdrawn_is_not_made_again_unless_that_is_asked_for(community: Community) -> None:
    community.write(sheet(GOOD))
    first = community.record()
    community.programme.execute(Void(record=first, reason=TEST), actor="leader")
    plan = community.plan(sheet(GOOD))
    assert (plan.added, [each.record for each in plan.withdrawn], plan.clean) == ((), [first], True)
    again = community.write(sheet(GOOD), again=True)
    assert again.added[0].record not in {"", first}
    for choice in (True, False):
        plan = community.plan(sheet(GOOD), again=choice)
        assert (plan.added, len(plan.there) + len(plan.withdrawn)) == ((), 1)


def test_a_row_that_was_changed_after_its_record_was_withdrawn_is_recorded(community: Community) -> None:
    community.write(sheet(GOOD))
    community.programme.execute(Void(record=community.record(), reason=TEST), actor="leader")
    changed = GOOD.replace("11:20", "11:00")
    assert len(community.write(sheet(changed)).added) == 1
    assert len(community.plan(sheet(changed)).there) == 1


# --- what changed ---


@pytest.mark.parametrize("old, new", [("11:20", "12:00"), (",公园清洁,,", ",公园清洁,美家队,")])
def test_a_changed_row_is_named_with_what_stands_and_nothing_is_written(
    community: Community, old: str, new: str
) -> None:
    community.write(sheet(GOOD))
    plan = community.plan(sheet(GOOD.replace(old, new), "李四,,公园,,2026-03-14,9:00,10:00,"))
    (change,) = plan.changed
    assert (change.certain, change.stands.said.record, change.service.place.number) == (True, community.record(), 2)
    assert not plan.clean
    with pytest.raises(InputError) as refused:
        community.importing().write(plan)
    assert (refused.value.code, refused.value.facts["rows"]) == ("sheet_not_clean", 1)
    assert [each.service.volunteer for each in community.importing().write(plan, keep_going=True).added] == ["v-2"]


def test_a_row_that_overlaps_a_record_of_the_same_person_activity_and_day_is_probably_changed(
    community: Community,
) -> None:
    community.write(sheet(GOOD))
    (change,) = community.plan(sheet(GOOD.replace("9:00", "9:30"))).changed
    assert (change.certain, change.stands.said.record) == (False, community.record())


def test_a_row_whose_begin_was_corrected_in_the_books_too_is_there_already(community: Community) -> None:
    community.write(sheet(GOOD))
    community.programme.execute(Approve(record=community.record()), actor="founder-b")
    later = (Interval(begin=at("2026-03-14T09:30"), end=at("2026-03-14T11:20")),)
    community.programme.execute(
        Correct(record=community.record(), intervals=later, requested_by="leader", reason=TEST), actor="founder-b"
    )
    plan = community.plan(sheet(GOOD.replace("9:00", "9:30")))
    assert (plan.clean, plan.added, [each.record for each in plan.there]) == (True, (), [community.record()])


def test_a_row_that_overlaps_a_record_of_another_activity_is_a_problem(community: Community) -> None:
    community.write(sheet(GOOD))
    plan = community.plan(sheet("张三,,小剪爱义剪,,2026-03-14,11:00,12:00,"))
    assert codes(plan) == [(2, "开始", "overlap")]
    assert community.record() in plan.problems[0].message()
    assert "2026-03-14 09:00" in plan.problems[0].message()


# --- what is wrong ---


@pytest.mark.parametrize(
    "row, column, code, shown",
    [
        ("赵六,,公园,,2026-03-14,9:00,10:00,", "姓名", "person_unknown", "赵六"),
        ("王芳,,公园,,2026-03-14,9:00,10:00,", "姓名", "person_ambiguous", "王芳"),
        ("张三,13900000000,公园,,2026-03-14,9:00,10:00,", "手机", "phone_differs", "13900000000"),
        ("张珊,13800000001,公园,,2026-03-14,9:00,10:00,", "姓名", "phone_of_another", "张珊"),
        ("张三,,公圆清洁,,2026-03-14,9:00,10:00,", "活动", "activity_unknown", "公圆清洁"),
        ("张三,,公园,铜龄队,2026-03-14,9:00,10:00,", "队伍", "team_unknown", "铜龄队"),
        ("张三,,公园,,2026-03-21,9:00,10:00,", "日期", "service_in_future", "2026-03-21"),
        ("张三,,公园,,2026-01-02,9:00,10:00,", "日期", "recorded_too_late", "2026-01-02"),
        ("张三,,公园,,2025-12-31,9:00,10:00,", "日期", "no_rulebook", "2025-12-31"),
        ("张三,,爱心义诊,,2026-03-14,9:00,10:00,", "日期", "activity_not_offered", "2026-03-14"),
        ("张三,,公园,,2026-03-14,11:00,10:00,", "结束", "ends_before_it_begins", "10:00"),
    ],
)
def test_a_bad_row_is_named_with_its_heading_and_value(
    community: Community, row: str, column: str, code: str, shown: str
) -> None:
    before = community.entries()
    plan = community.plan(sheet(GOOD, row))
    assert codes(plan) == [(3, column, code)]
    assert plan.problems[0].value == shown
    assert not any(map(unfilled, plan.problems))
    with pytest.raises(InputError):
        community.importing().write(plan)
    assert community.entries() == before


def test_a_near_name_is_suggested(community: Community) -> None:
    community.add("阿拉坦花", "13800000009")
    plan = community.plan(
        sheet(
            "阿拉坦华,,公园,,2026-03-14,9:00,10:00,",
            "张三,,公圆清洁,,2026-03-14,9:00,10:00,",
            "张三,,公园,美佳队,2026-03-14,11:00,12:00,",
        )
    )
    remedies = [problem.remedy("zh") for problem in plan.problems]
    for remedy, nearest in zip(remedies, ("v-5 阿***", "公园清洁", "美家队"), strict=True):
        assert f"是不是“{nearest}" in remedy


def test_a_number_that_belongs_to_somebody_else_is_a_problem(community: Community) -> None:
    headings = "编号,姓名,活动,日期,时间"
    plan = community.plan(
        sheet("v-2,张三,公园,2026-03-14,9:00-10:00", "9,,公园,2026-03-14,9:00-10:00", headings=headings),
        sheet("张/三,公园,2026-03-14,9:00-10:00", headings="编号,活动,日期,时间", name="b.csv"),
    )
    assert codes(plan) == [(2, "姓名", "name_of_another"), (3, "姓名", "unknown_volunteer"), (2, "编号", "bad_id")]


def test_a_number_and_the_right_name_beside_it_agree(community: Community) -> None:
    plan = community.plan(sheet("v-2,李　四,公园,2026-03-14,9:00-10:00", headings="编号,姓名,活动,日期,时间"))
    assert [each.volunteer for each in plan.added] == ["v-2"]


def test_an_unknown_name_beside_a_telephone_that_several_people_share_is_not_added(community: Community) -> None:
    for name in ("爷爷", "奶奶"):
        community.add(name, "13800000055")
    plan = community.plan(sheet("孙子,13800000055,公园,,2026-03-14,9:00,10:00,"), add_people=True)
    assert codes(plan) == [(2, "姓名", "phone_of_another")]
    assert plan.newcomers == ()


def test_without_a_near_name_nothing_is_suggested(community: Community) -> None:
    plan = community.plan(sheet("孛儿只斤,,公园,,2026-03-14,9:00,10:00,", "张三,,打太极拳,,2026-03-14,9:00,10:00,"))
    remedies = " ".join(each.remedy(language) for each in plan.problems for language in ("en", "zh"))
    assert "Did you mean" not in remedies
    assert "是不是" not in remedies


def test_where_one_column_holds_begin_and_end_it_is_the_one_to_look_at(community: Community) -> None:
    rows = ("张三,公园,2026-03-14,9:00-11:00", "张三,小剪爱义剪,2026-03-14,10:00-12:00")
    plan = community.plan(sheet(*rows, headings="姓名,活动,日期,起止时间"))
    assert codes(plan) == [(3, "起止时间", "overlaps_row")]


def test_several_things_wrong_with_one_row_are_all_named(community: Community) -> None:
    assert codes(community.plan(sheet("赵六,,打球,无此队,2026-03-14,9:00,10:00,"))) == [
        (2, "姓名", "person_unknown"),
        (2, "活动", "activity_unknown"),
        (2, "队伍", "team_unknown"),
    ]


def test_two_rows_of_one_import_that_overlap_or_contradict_each_other_are_named(community: Community) -> None:
    plan = community.plan(
        sheet(GOOD, "张三,,小剪爱义剪,,2026-03-14,11:00,12:00,"), sheet(GOOD.replace("11:20", "12:00"), name="b.csv")
    )
    assert codes(plan) == [(3, "开始", "overlaps_row"), (2, "结束", "contradicts_row")]
    assert all("三月.csv:2" in problem.message() for problem in plan.problems)
    assert not any(map(unfilled, plan.problems))


def test_two_rows_that_differ_in_the_team_alone_contradict_each_other(community: Community) -> None:
    for one, other in (("美家队", "银龄队"), ("美家队", "")):
        rows = [f"张三,,公园清洁,{team},2026-03-14,9:00,11:20," for team in (one, other)]
        plan = community.plan(sheet(*rows))
        assert (codes(plan), len(plan.repeated)) == (([], 1) if not other else ([(3, "结束", "contradicts_row")], 0))
        assert all("09:00-11:20 美家队" in problem.message() for problem in plan.problems)


def test_who_left_or_may_not_record_is_said(community: Community) -> None:
    community.programme.execute(Leave(volunteer="v-2", since=at("2026-03-10").date()), actor="founder-a")
    plan = community.plan(sheet("李四,,公园,,2026-03-14,9:00,10:00,"))
    assert codes(plan) == [(2, "姓名", "volunteer_left")]
    plan = community.plan(sheet(GOOD), actor="homes-leader")
    assert codes(plan) == [(2, "", "not_authorised")]


def test_a_time_that_the_clocks_skip_is_named() -> None:
    community = Community()
    berlin = attrs.evolve(DEFINITION, calendar=Calendar(zone="Europe/Berlin"), name="Kiez")
    community.programme.execute(Adopt(definition=berlin, author="founder-a"), actor="founder-b")
    community.now = at("2026-04-01T12:00")
    plan = community.plan(
        sheet(
            "张三,,公园,,2026-03-29,2:30,4:00,",
            "张三,,公园,,2026-03-28,23:00,次日 2:30,",
            "张三,,公园,,2026-03-29,4:00,5:00,",
        )
    )
    assert codes(plan) == [(2, "开始", "no_such_time"), (3, "结束", "no_such_time")]
    assert [each.interval.minutes for each in plan.added] == [60]
    community.register.close()


def test_nothing_can_be_planned_before_a_programme_is_adopted() -> None:
    with Register.open(":memory:") as register, pytest.raises(Refused) as refused:
        SheetImport(Programme(MemoryStore("new")), register, Choices(actor="leader")).plan([sheet(GOOD)])
    assert refused.value.code == "no_programme"


def test_a_refusal_without_words_of_its_own_speaks_for_itself() -> None:
    words = row_words("odd", {}, Refused("odd", message="This is odd"))
    assert (words.en, words.remedy_en, column_of_refusal("odd")) == ("This is odd", "", None)


@given(st.text(min_size=1))
def test_a_name_is_folded_once(word: str) -> None:
    assert folded(folded(word)) == folded(word)


@pytest.mark.parametrize("rows_at_once", [1, 3, 1000])
def test_overlaps_are_seen_however_many_rows_are_decided_at_once(
    community: Community, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("volunteer_points.exchange.planning.ROWS_AT_ONCE", rows_at_once)
    rows = [
        f"{who},,{what},,2026-03-{day},{hour}:00,{hour}:50,"
        for day in (14, 15)
        for hour in (9, 10, 11)
        for what in ("公园", "小剪爱义剪")
        for who in ("张三", "李四")
    ]
    plan = community.plan(sheet(*rows))
    assert [each.row.activity for each in plan.added] == ["公园"] * 12
    assert [code for _, _, code in codes(plan)] == ["overlaps_row"] * 12
    assert [each.place.number for each in plan.added] == sorted(each.place.number for each in plan.added)


# --- newcomers ---


def test_unknown_people_are_registered_and_enrolled_on_request(community: Community) -> None:
    done = community.write(
        sheet(
            "其其格,13800000077,公园,,2026-03-14,9:00,10:00,",
            "其其格,,公园,,2026-03-15,9:00,10:00,",
            "赵六,,公园,,2026-03-15,9:00,10:00,",
        ),
        add_people=True,
    )
    assert [(person.name, person.phone) for person in done.people] == [("其其格", "13800000077"), ("赵六", "")]
    assert len(done.added) == 3
    ids = [person.id for person in done.people]
    assert [each.service.volunteer for each in done.added] == [ids[0], ids[0], ids[1]]
    enrolled = [entry.fact.volunteer for entry in community.entries() if isinstance(entry.fact, Enrolled)]
    assert enrolled[-2:] == ids
    assert done.plan.enrolled == ()
    assert len(community.plan(sheet("赵六,,公园,,2026-03-15,9:00,10:00,")).there) == 1


def test_namesakes_among_newcomers_are_told_apart_by_phone_or_not_at_all(community: Community) -> None:
    plan = community.plan(
        sheet(
            "赵六,13800000071,公园,,2026-03-14,9:00,10:00,",
            "赵六,13800000072,公园,,2026-03-14,9:00,10:00,",
            "赵六,,公园,,2026-03-15,9:00,10:00,",
        ),
        add_people=True,
    )
    assert [each.phone for each in plan.newcomers] == ["13800000071", "13800000072"]
    assert codes(plan) == [(4, "姓名", "person_ambiguous")]
    assert "13800000071" not in plan.problems[0].message()


def test_a_registered_person_is_enrolled_on_request(community: Community) -> None:
    person = community.register.add("赵六")
    row = "赵六,,公园,,2026-03-14,9:00,10:00,"
    assert codes(community.plan(sheet(row))) == [(2, "姓名", "unknown_volunteer")]
    plan = community.plan(sheet(row), add_people=True)
    assert (plan.enrolled, plan.newcomers) == ((person.id,), ())
    assert len(community.importing(add_people=True).write(plan).added) == 1


def test_writing_the_same_plan_twice_writes_once(community: Community) -> None:
    community.register.add("赵六")
    importing = community.importing(add_people=True)
    plan = importing.plan([sheet(GOOD, "赵六,,公园,,2026-03-14,9:00,10:00,")])
    importing.write(plan)
    before = community.entries()
    again = importing.write(plan)
    assert ((again.added, len(again.there)), community.entries()) == (((), 2), before)


def test_people_of_bad_rows_are_not_added(community: Community) -> None:
    stranger = community.register.add("孙七").id
    rows = ("赵六,,公园,,2026-03-21,9:00,10:00,", "孙七,,公园,,2026-03-21,9:00,10:00,")
    done = community.write(sheet(GOOD, *rows), add_people=True, keep_going=True)
    assert (done.people, len(done.added)) == ((), 1)
    assert community.register.find("赵六") == ()
    with pytest.raises(Refused):
        community.programme.volunteer(stranger)


def test_who_may_not_enrol_cannot_add_people(community: Community) -> None:
    plan = community.plan(sheet("赵六,,公园,,2026-03-14,9:00,10:00,"), actor="other-leader", add_people=True)
    assert codes(plan) == [(2, "", "not_authorised")]


# --- interruptions ---


class Interrupted(MemoryStore):
    """A store that breaks off after so many more sessions, as if the process were killed there."""

    sessions_left: int | None = None

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        if self.sessions_left is not None:
            if not self.sessions_left:
                raise KeyboardInterrupt
            self.sessions_left -= 1
        with super().session() as session:
            yield session


def many(number: int) -> Sheet:
    hours = [(day, hour) for day in range(1, 20) for hour in range(6, 20)]
    return sheet(*(f"张三,,公园,,2026-03-{day:02},{hour}:00,{hour}:50," for day, hour in hours[:number]))


@pytest.mark.parametrize("sessions", range(5))
def test_an_import_that_was_interrupted_is_completed_by_running_it_again(sessions: int) -> None:
    store = Interrupted("test")
    community = Community(store)
    rows = many(50)
    importing = SheetImport(community.programme, community.register, Choices(actor="leader"), rows_at_once=10)
    store.sessions_left = sessions
    with pytest.raises(KeyboardInterrupt):
        importing.write(importing.plan([rows]))
    store.sessions_left = None
    plan = importing.plan([rows])
    assert (len(plan.there), len(plan.added)) == (10 * sessions, 50 - 10 * sessions)
    importing.write(plan)
    records = [entry.fact.record for entry in community.entries() if isinstance(entry.fact, Submitted)]
    assert len(records) == len(set(records)) == 50
    community.register.close()


def test_what_somebody_else_writes_in_between_stops_the_import_and_names_the_row(community: Community) -> None:
    importing = SheetImport(community.programme, community.register, Choices(actor="leader"), rows_at_once=10)
    plan = importing.plan([many(30)])
    community.write(sheet("张三,,小剪爱义剪,,2026-03-02,7:00,7:30,"))
    done = importing.write(plan)
    assert done.stopped is not None
    assert (done.stopped.code, len(done.added), done.stopped_at) == ("overlap", 10, plan.added[15].place)
    left_out = importing.write(plan, keep_going=True)
    assert (len(left_out.there), len(left_out.added)) == (10, 19)
    assert [problem.code for problem in left_out.refused] == ["overlap"]


def test_a_row_that_was_recorded_otherwise_in_between_stops_the_import(community: Community) -> None:
    plan = community.plan(sheet(GOOD))
    community.write(sheet(GOOD.replace("11:20", "12:00")))
    done = community.importing().write(plan)
    assert isinstance(done.stopped, KeyConflict)
    assert (done.added, done.stopped_at) == ((), plan.added[0].place)


def test_progress_counts_every_row(community: Community) -> None:
    told: list[int] = []
    importing = SheetImport(community.programme, community.register, Choices(actor="leader"), rows_at_once=7)
    plan = importing.plan([many(30)], progress=told.append)
    assert sum(told) == 30
    told.clear()
    importing.write(plan, progress=told.append)
    assert told == [7, 7, 7, 7, 2]
    told.clear()
    importing.plan([many(30)], progress=told.append)
    assert sum(told) == 30


# --- taking back ---


def test_an_import_can_be_taken_back_as_far_as_nobody_has_decided(community: Community) -> None:
    rows = sheet(
        GOOD,
        "李四,,公园,,2026-03-14,9:00,10:00,",
        "李四,,公园,,2026-03-15,9:00,10:00,",
        "赵六,,公园,,2026-03-14,9:00,10:00,",
    )
    community.write(rows, keep_going=True)
    community.programme.execute(Approve(record=community.record(1)), actor="founder-b")
    importing = community.importing()
    undoing = importing.plan_undoing([rows])
    assert [each.service.place.number for each in undoing.voided] == [2, 4]
    assert [(each.service.place.number, each.status) for each in undoing.decided] == [(3, "awarded")]
    assert [problem.place.number for problem in undoing.problems] == [5]
    assert importing.undo(undoing).stopped is None
    assert {community.programme.record(community.record(number)).status for number in (0, 2)} == {"voided"}
    once_more = importing.plan_undoing([rows])
    assert (once_more.voided, [place.number for place in once_more.absent]) == ((), [2, 4])


def test_a_record_that_says_something_else_than_the_sheet_is_not_taken_back(community: Community) -> None:
    community.write(sheet(GOOD))
    undoing = community.importing().plan_undoing([sheet(GOOD.replace("11:20", "12:00"))])
    assert (undoing.voided, len(undoing.absent)) == ((), 1)


def test_taking_back_again_after_it_was_interrupted_does_no_harm(community: Community) -> None:
    importing = SheetImport(community.programme, community.register, Choices(actor="leader"), rows_at_once=5)
    importing.write(importing.plan([many(12)]))
    undoing = importing.plan_undoing([many(12)])
    importing.undo(attrs.evolve(undoing, voided=undoing.voided[:5]))
    before = len(community.entries())
    assert len(importing.undo(undoing).voided) == 12
    assert len(community.entries()) == before + 7


def test_a_record_that_is_approved_in_between_stops_the_taking_back(community: Community) -> None:
    importing = SheetImport(community.programme, community.register, Choices(actor="leader"), rows_at_once=5)
    importing.write(importing.plan([many(12)]))
    undoing = importing.plan_undoing([many(12)])
    community.programme.execute(Approve(record=undoing.voided[6].record), actor="founder-b")
    done = importing.undo(undoing)
    assert done.stopped is not None
    assert (done.stopped.code, len(done.voided)) == ("record_already_decided", 5)


def test_a_record_that_was_taken_back_and_made_again_can_be_taken_back_again(community: Community) -> None:
    importing = community.importing(again=True)
    for _ in range(3):
        done = importing.write(importing.plan([sheet(GOOD)]))
        assert len(done.added) == 1
        assert len(importing.undo(importing.plan_undoing([sheet(GOOD)])).voided) == 1


def test_a_reversed_award_is_no_record_any_more(community: Community) -> None:
    community.write(sheet(GOOD))
    community.programme.execute(Approve(record=community.record()), actor="founder-b")
    community.programme.execute(Reverse(record=community.record(), reason=TEST), actor="founder-b")
    plan = community.plan(sheet(GOOD))
    assert ([each.status for each in plan.withdrawn], plan.added) == (["reversed"], ())


# --- the law behind it ---

SLOTS = st.tuples(st.sampled_from(["张三", "李四"]), st.integers(14, 16), st.integers(8, 12), st.integers(1, 3))


@pytest.mark.slow
@given(st.lists(st.lists(SLOTS, max_size=5), min_size=1, max_size=4))
def test_however_sheets_are_cut_and_repeated_a_service_is_recorded_once_and_nobody_serves_twice_at_once(
    batches: list[list[tuple[str, int, int, int]]],
) -> None:
    community = Community()
    for number, batch in enumerate(batches):
        if batch:
            rows = [f"{who},,公园,,2026-03-{day},{hour}:00,{hour + hours}:00," for who, day, hour, hours in batch]
            page = sheet(*rows, name=f"{number}.csv")
            first = community.write(page, keep_going=True)
            before = community.entries()
            again = community.write(page, keep_going=True)
            assert (again.added, community.entries()) == ((), before)
            assert len(again.plan.there) == len(first.added) + len(first.plan.there)
    said = [entry.fact for entry in community.entries() if isinstance(entry.fact, Submitted)]
    for one in said:
        for other in said:
            if one is not other and one.volunteer == other.volunteer:
                assert not one.intervals[0].overlaps(other.intervals[0])
    community.register.close()
