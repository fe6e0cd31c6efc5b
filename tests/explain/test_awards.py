"""Why 23? From the record to the last correction."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction

import attrs
import pytest

from tests.explain.happenings import REASON, approved, held, known, plain_rules, recorded, served, with_rules
from tests.histories import History, begun
from volunteer_points import commands as c
from volunteer_points.entries import Awarded
from volunteer_points.errors import InputError
from volunteer_points.explain import explain_award, explain_redemption
from volunteer_points.explain.templates import Lang
from volunteer_points.model import Period
from volunteer_points.rules import MINUTES, Accrual, Cap, Expiry, Rounding, Step


def told(history: History, record: str, lang: Lang = "en") -> list[str]:
    """The explanation of a record, line by line, with the commits that its award belongs to."""
    keys = {entry.key for entry in history.about(f"record:{record}")}
    entries = [entry for entry in history.entries if entry.key in keys]
    return [line.strip() for line in explain_award(entries, history.frame, lang, known).text().splitlines()]


def test_why_23() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    assert told(history, record) == [
        "Why 23 points: 公园清洁, 14 Mar 2026 09:00–11:20, by 张三",
        (
            "Recorded by 李队长 on 14 Mar 2026 12:04: 公园清洁, 14 Mar 2026 09:00–11:20, 140 min;"
            " confirmed by a supervisor"
        ),
        "Approved by checker on 14 Mar 2026 12:05",
        "Rulebook 2026 “志愿积分管理办法”, in force for service from 1 Jan 2026",
        "Measured: 140 min",
        "10 per hour × 140/60 = 70/3 ≈ 23.33 (rule hours, clause 第三条)",
        "Points rounded down to a multiple of 1: 70/3 ≈ 23.33 becomes 23",
        "Cap 80 points a day: it cut nothing (cap daily, clause 第五条)",
        "Awarded: 23 points, usable until the end of 31 Dec 2027",
    ]
    assert told(history, record, "zh") == [
        "为什么是 23 积分：张三，公园清洁，2026年3月14日 09:00–11:20",
        "李队长 于 2026年3月14日 12:04 登记：公园清洁，2026年3月14日 09:00–11:20，共 140 分钟；负责人确认",
        "checker 于 2026年3月14日 12:05 审核通过",
        "积分办法 2026《志愿积分管理办法》，适用于 2026年1月1日 起的服务",
        "服务时间：140 分钟",
        "每小时 10 × 140/60 = 70/3 ≈ 23.33（规则 hours，条款 第三条）",
        "积分取整（向下取整，单位 1）：70/3 ≈ 23.33，计为 23",
        "上限每天 80 积分：未超限（上限 daily，条款 第五条）",
        "发放：23 积分，有效至 2027年12月31日（含当日）",
    ]


def codes(history: History, record: str) -> list[str]:
    return [line.code for line in explain_award(history.about(f"record:{record}"), history.frame, "en").lines]


def test_each_step_of_the_working_is_a_line() -> None:
    history = begun()
    record = approved(history, "2026-03-14T00:00", "2026-03-14T05:25", activity="repair")
    lines = told(history, record)
    assert "Time rounded down to a multiple of 10 min: 325 min become 320 min" in lines
    assert "× 1.5: 160/3 ≈ 53.33 becomes 80 (rule skill)" in lines
    working = next(entry.fact for entry in history.entries if isinstance(entry.fact, Awarded)).working
    assert [step.did for step in working] == [
        code for code in codes(history, record) if code in {s.did for s in working}
    ]


def test_a_cap_that_cut_an_award_says_how_much_was_used_and_that_the_order_of_approval_matters() -> None:
    history = begun()
    approved(history, "2026-03-14T00:00", "2026-03-14T06:00")
    record = approved(history, "2026-03-14T07:00", "2026-03-14T10:00")
    lines = told(history, record)
    cut = "Cap 80 points a day, 60 points used before: 30 points become 20 points (cap daily, clause 第五条)"
    assert lines[lines.index(cut) + 1] == (
        "What a cap leaves depends on the order of approval: records approved earlier count first"
    )
    assert lines[0].startswith("Why 20 points:")
    assert "cap_not_reached" not in codes(history, record)


def test_a_cap_of_one_record_says_nothing_of_use_and_order() -> None:
    history = begun(with_rules(caps=(Cap(id="once", at_most=Fraction(20), per="record"),)))
    record = approved(history, "2026-03-14T07:00", "2026-03-14T10:00")
    assert "Cap 20 points a record: 30 points become 20 points (cap once)" in told(history, record)
    assert "cap_order" not in codes(history, record)


def test_a_cap_of_minutes_is_told_in_minutes() -> None:
    caps = (Cap(id="time", at_most=Fraction(60), of=MINUTES), Cap(id="each", at_most=Fraction(90), each_activity=True))
    history = begun(with_rules(caps=caps))
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T10:00"))
    assert "Cap 60 min a day, 0 min used before: 180 min become 60 min (cap time)" in lines
    assert "Cap 90 points a day, each activity on its own: it cut nothing (cap each)" in lines


CAPS_WITH_DECIMALS = (Cap(id="c", at_most=Fraction(9, 2)), Cap(id="far", at_most=Fraction(99, 10), per=Period.MONTH))


def test_points_with_decimals_are_told_with_them() -> None:
    definition = with_rules(currency="culture", rounding=Rounding(to=Fraction(1, 10)), caps=CAPS_WITH_DECIMALS)
    history = begun(definition)
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T07:50"))
    assert "Points rounded down to a multiple of 0.1: 25/3 ≈ 8.33 becomes 8.3" in lines
    assert "Cap 4.5 culture a day, 0.0 culture used before: 8.3 culture become 4.5 culture (cap c)" in lines
    assert "Cap 9.9 culture a month: it cut nothing (cap far)" in lines
    assert lines[0].startswith("Why 4.5 culture:")


def test_a_fixed_rate_is_told() -> None:
    history = begun(with_rules(accruals=(Accrual(id="each", fixed=Fraction(5)),)))
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T10:00"))
    assert "5 for each record = 5 (rule each)" in lines


@pytest.mark.parametrize(
    "activity, end, because",
    [
        ("park", "2026-03-14T09:20", "none of the time counts"),
        ("watch", "2026-03-14T11:00", "no rule gives points for such service"),
    ],
)
def test_a_record_without_points_says_why(activity: str, end: str, because: str) -> None:
    history = begun()
    lines = told(history, approved(history, "2026-03-14T09:00", end, activity=activity))
    assert lines[0].startswith("Why no points:")
    assert lines[0].endswith(because)
    assert (f"No points: {because}" in lines, "Counted as service time: 120 min" in lines) == (
        True,
        activity == "watch",
    )
    assert "Counted as service time: 0 min" not in lines


def test_a_record_over_the_cap_says_so_and_counts_its_time() -> None:
    history = begun()
    approved(history, "2026-03-14T00:00", "2026-03-14T08:30")
    lines = told(history, approved(history, "2026-03-14T09:00", "2026-03-14T10:00"))
    assert "Cap 80 points a day, 80 points used before: 10 points become 0 points (cap daily, clause 第五条)" in lines
    assert lines[-2:] == ["No points: the cap had been reached", "Counted as service time: 60 min"]


def test_points_that_round_to_nothing_are_told() -> None:
    history = begun(with_rules(rounding=Rounding(to=Fraction(100))))
    assert told(history, approved(history, "2026-03-14T09:00", "2026-03-14T10:00"))[-2:] == [
        "No points: what was earned rounds to nothing",
        "Counted as service time: 60 min",
    ]


def test_a_reversal_says_where_the_points_came_from() -> None:
    history = begun(plain_rules())
    history.run(c.ReceiveStock(item="rice", quantity=1), actor="shop")
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Collect(redemption=held(history)), actor="shop")
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    lines = told(history, record)
    assert lines[0] == "No points any more: 23 points were taken back"
    assert lines[-2] == (
        "Reversed by checker on 14 Mar 2026 12:09: said_so;"
        " 3 points from what was available, 20 points owed from now on"
    )
    assert lines[-1].startswith("Room that this leaves under a cap (daily)")


def test_a_correction_is_told_from_the_first_record_to_the_new_award() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    command = c.Correct(
        record=record,
        intervals=served("2026-03-14T09:00", "2026-03-14T10:00"),
        requested_by="leader",
        reason=REASON,
    )
    history.run(command, actor="checker")
    lines = told(history, record)
    assert lines[0] == "Why 10 points: 公园清洁, 14 Mar 2026 09:00–10:00, by 张三"
    assert "Awarded: 23 points, usable until the end of 31 Dec 2027" in lines
    said = "Corrected by checker on 14 Mar 2026 12:06, asked for by 李队长"
    assert f"{said}: 公园清洁, 14 Mar 2026 09:00–10:00, 60 min (said_so)" in lines
    assert lines[-1] == "Awarded: 10 points, usable until the end of 31 Dec 2027"


def test_a_debt_that_an_award_repaid_is_told() -> None:
    history = begun(plain_rules())
    first = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=20), actor="v-1")
    history.run(c.Reverse(record=first, reason=REASON), actor="checker")
    second = approved(history, "2026-03-14T06:00", "2026-03-14T09:00")
    assert told(history, second)[-2:] == [
        "Awarded: 30 points, usable until the end of 31 Dec 2027",
        "20 points of it went to the debt at once",
    ]


@pytest.mark.parametrize(
    "decide, title",
    [
        (None, "Not decided yet: 公园清洁, 14 Mar 2026 09:00–10:00, by 张三"),
        (c.Reject, "No points: the record was rejected"),
        (c.Void, "No points: the record was withdrawn"),
    ],
)
def test_a_record_that_is_not_approved_says_what_became_of_it(
    decide: Callable[..., c.Command] | None, title: str
) -> None:
    history = begun()
    record = recorded(history, "2026-03-14T09:00", "2026-03-14T10:00")
    if decide is not None:
        history.run(decide(record=record, reason=REASON), actor="checker")
    lines = told(history, record)
    assert lines[0] == title
    assert len(lines) == (2 if decide is None else 3)


def test_a_rulebook_that_the_frame_does_not_have_is_named_all_the_same() -> None:
    history = begun()
    record = approved(history, "2026-03-14T09:00", "2026-03-14T10:00")
    frame = attrs.evolve(history.frame, rulebooks=())
    lines = explain_award(history.about(f"record:{record}"), frame, "en").text()
    assert "Rulebook 2026\n" in lines


def test_a_step_of_a_kind_that_is_not_known_is_told_as_it_is() -> None:
    history = begun()
    record = approved(history, "2026-03-14T09:00", "2026-03-14T10:00")
    entries = list(history.about(f"record:{record}"))
    fact = entries[-1].fact
    assert isinstance(fact, Awarded)
    step = Step("mine", "blessed", "9", "10")
    entries[-1] = attrs.evolve(entries[-1], fact=attrs.evolve(fact, working=(*fact.working, step)))
    assert "blessed: 9 → 10 (rule mine)" in explain_award(entries, history.frame, "en").text()


def test_an_explanation_is_json_with_stable_codes_and_facts() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    found = explain_award(history.about(f"record:{record}"), history.frame, "zh").plain()
    assert json.loads(json.dumps(found)) == found
    assert (found["code"], found["about"], found["lang"]) == ("awarded", f"record:{record}", "zh")
    assert [line["code"] for line in found["lines"]] == [
        "recorded",
        "approved",
        "rulebook",
        "measured",
        "per_hour",
        "points_rounded",
        "cap_not_reached",
        "awarded",
    ]
    facts = {line["code"]: line["facts"] for line in found["lines"]}
    assert facts["approved"] == {"actor": "checker", "booked_at": "2026-03-14T04:05:00.000000Z"}
    assert facts["per_hour"] == {"rule": "hours", "clause": "第三条", "rate": "10", "minutes": 140, "after": "70/3"}
    assert facts["awarded"] == {"points": 23, "lot": "2027-12-31T16:00:00.000000Z"}


@pytest.mark.parametrize("explain", [explain_award, explain_redemption])
def test_nothing_to_explain_is_said(explain: Callable[..., object]) -> None:
    with pytest.raises(InputError) as caught:
        explain([], begun().frame, "en")
    assert caught.value.code == "nothing_to_explain"


def test_a_debt_that_something_else_repaid_is_not_told() -> None:
    history = begun(plain_rules())
    first = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=20), actor="v-1")
    history.run(c.Reverse(record=first, reason=REASON), actor="checker")
    history.run(c.Adjust(volunteer="v-1", points=5, requested_by="founder-b", reason=REASON))
    entries = [entry for entry in history.entries if entry.kind == "Repaid" or f"record:{first}" in entry.about]
    assert entries[-1].kind == "Repaid"
    assert "debt" not in explain_award(entries, history.frame, "en").text()


def test_points_that_an_award_let_end_later_are_told_with_it_and_with_no_other() -> None:
    history = begun(with_rules(expiry=Expiry(idle_days=30)))
    first = approved(history, "2026-03-13T09:00", "2026-03-13T11:20")
    second = approved(history, "2026-03-14T06:00", "2026-03-14T09:00")
    assert history.entries[-1].kind == "Prolonged"
    assert told(history, second)[-2:] == [
        "Awarded: 30 points, usable until the end of 13 Apr 2026",
        "23 points of 张三 would have ended sooner and are usable until the end of 13 Apr 2026 now",
    ]
    assert told(history, second, "zh")[-1] == "张三 的 23 积分 原先更早到期，现顺延：有效至 2026年4月13日（含当日）"
    entries = [entry for entry in history.entries if entry.kind == "Prolonged" or f"record:{first}" in entry.about]
    assert entries[-1].kind == "Prolonged"
    assert "sooner" not in explain_award(entries, history.frame, "en").text()


def test_a_reversal_under_no_cap_of_a_period_leaves_no_room() -> None:
    history = begun(with_rules(caps=()))
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    assert codes(history, record)[-1] == "reversed"
