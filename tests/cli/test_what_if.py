"""What-ifs at the command line, and rulebooks that reach back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.community import CHINESE, PROGRAMME, Community
from tests.cli.test_keyboard import on_a_terminal

DRAFT = PROGRAMME.replace('id = "2026"', 'id = "draft"').replace("per_hour = 10", "per_hour = 8")
BACK = (
    PROGRAMME
    + """
[[rulebooks]]
id = "spring"
since = 2026-03-14
retroactive = true
retroactive_reason = "decided by the residents"

[[rulebooks.accruals]]
id = "per-hour"
per_hour = 8
"""
)


def draft(community: Community, text: str = DRAFT) -> str:
    (community.folder / "draft.toml").write_text(text, encoding="utf-8")
    return "draft.toml"


@pytest.fixture
def busy(community: Community) -> Community:
    """Ann served 140 minutes for 23 points and holds rice for 20 of them; Bo served an hour."""
    community.award("Ann")
    community.award("Bo", begin="10:00", end="11:00")
    _, code = community.hold()
    community.run("collect", code, actor="shop", at="2026-03-16 10:00").check()
    return community


def test_a_what_if_says_who_loses_what_and_what_is_not_possible(busy: Community) -> None:
    kept = busy.kept()
    ran = busy.run("rules", "what-if", draft(busy), "--lang", "en").check(1)
    for words in (
        "What if rulebook draft had been in force: every day",
        "points: earned",
        "Ann (points)",
        "who loses most (2 in all)",
        "Rice 5 kg needs 20 and there is 18: 2 missing.",
        "Left out with them: collected 1",
        "8 per hour × 140/60",
    ):
        assert words in ran.out
    (busy.folder / "draft.toml").unlink()
    assert busy.kept() == kept


def test_the_same_is_told_in_chinese_and_in_full_as_json(busy: Community) -> None:
    out = busy.run("rules", "what-if", draft(busy), "--lang", "zh").check(1).out
    for words in (
        "试算：假如当时施行的是积分办法 draft",
        "积分：获得积分",
        "减少最多（共 2 人）",
        "还差 2",
        "随之略去：领取 1",
    ):
        assert words in out
    ran = busy.run("rules", "what-if", draft(busy), "--json", "--lang", "en").check(1)
    assert not CHINESE.search(ran.out.replace("积分", ""))
    data = ran.data
    [total] = data["totals"]
    assert total["earned"] == {"before": 33, "after": 26, "difference": -7}
    [lost] = data["not_possible"]
    assert (lost["code"], lost["item"], lost["facts"]["missing"]) == ("not_enough_points", "rice", "2")
    assert {each["holder"]: each["earned"]["difference"] for each in data["holders"]} == {
        f"volunteer:{busy.volunteer('Ann')}": -5,
        f"volunteer:{busy.volunteer('Bo')}": -2,
    }
    assert data["examples"][0]["explanation"]
    assert data["not_tried"] == []


def test_the_rulebook_in_force_changes_nothing_and_exits_with_0(busy: Community) -> None:
    ran = busy.run("rules", "what-if", "programme.toml", "--lang", "en").check(0)
    assert "Everything comes out as it was recorded." in ran.out


def test_a_journal_gives_the_same_what_if_as_its_ledger(busy: Community) -> None:
    busy.run("export", "copy.jsonl.gz").check()
    file = draft(busy)
    one, other = (
        busy.run("rules", "what-if", file, "--json", *more).check(1).data
        for more in ((), ("--ledger", "copy.jsonl.gz"))
    )
    assert one == other


def test_days_choose_what_is_tried_and_what_else_the_file_changes_is_named(busy: Community) -> None:
    file = draft(busy, DRAFT.replace("prices = 20", "prices = 10"))
    data = busy.run("rules", "what-if", file, "--until", "2026-03-14", "--json").check(1).data
    assert (data["since"], data["until"], data["not_tried"]) == (None, "2026-03-15", ["item:rice"])
    none = busy.run("rules", "what-if", file, "--since", "2027-01-01", "--lang", "en").check(2)
    assert "No recorded service or redemption lies on the days" in none.err
    twice = draft(busy, BACK + DRAFT[DRAFT.index("[[rulebooks]]") :].replace("2026-01-01", "2027-01-01"))
    unclear = busy.run("rules", "what-if", twice, "--lang", "en").check(2)
    assert "which rulebook is meant" in unclear.err
    changed = draft(busy, DRAFT.replace('"draft"', '"2026"'))
    assert "another text under the id" in busy.run("rules", "what-if", changed, "--lang", "en").check(2).err


def test_a_bar_is_shown_while_a_what_if_runs(busy: Community) -> None:
    code, shown = on_a_terminal("rules", "what-if", draft(busy), "--lang", "en")
    assert (code, "Replaying" in shown) == (1, True)


def test_a_damaged_journal_is_not_replayed(busy: Community) -> None:
    busy.run("export", "copy.jsonl").check()
    lines = Path("copy.jsonl").read_bytes().splitlines(keepends=True)
    Path("copy.jsonl").write_bytes(b"".join(lines[:-2]))
    busy.run("rules", "what-if", draft(busy), "--ledger", "copy.jsonl").check(3)


# --- a rulebook that reaches back --------------------------------------------------------------------------------

ADOPT = ("adopt", "draft.toml", "--author", "founder-a")


def reaching(busy: Community) -> str:
    """The reference of the what-if that an adoption shows first."""
    draft(busy, BACK)
    ran = busy.run(*ADOPT, "--lang", "en", actor="founder-b", at="2026-03-20 09:00").check(1)
    assert "reaches back to 2026-03-14: decided by the residents" in ran.out
    assert "points: earned" in ran.out
    return ran.found(r"--what-if (\S+)")


def test_a_rulebook_that_reaches_back_is_adopted_after_a_look_at_its_what_if(busy: Community) -> None:
    before = busy.journal()
    reference = reaching(busy)
    assert busy.journal() == before
    seen = busy.run("rules", "what-if", "draft.toml", "--rulebook", "spring", "--json").check(1).data
    assert (seen["reference"], seen["since"]) == (reference, "2026-03-14")
    busy.award("Bo", day="2026-03-18")  # the ledger goes on; what was seen stays what it was
    busy.run(*ADOPT, "--what-if", reference, actor="founder-b", at="2026-03-20 09:00").check(0)
    version = busy.run("rules", "versions", "--json").check(0).data["versions"][-1]
    assert (version["version"], version["what_if"]) == ("spring", reference)
    assert f"what-if {reference}" in busy.run("rules", "versions", "--lang", "en").check(0).out


def test_another_what_if_does_not_do(busy: Community) -> None:
    reference = reaching(busy)
    count, _, digest = reference.partition("-")
    for wrong, code in (
        (f"{int(count) - 1}-{digest}", "what_if_differs"),
        (f"{count}-{'0' * 64}", "what_if_differs"),
        ("yes", "bad_reference"),
    ):
        ran = busy.run(*ADOPT, "--what-if", wrong, "--json", actor="founder-b", at="2026-03-20 09:00")
        assert ran.error["code"] == code
        assert ran.code == (2 if code == "bad_reference" else 1)
    draft(busy, BACK.replace("per_hour = 8", "per_hour = 7"))
    ran = busy.run(*ADOPT, "--what-if", reference, "--json", actor="founder-b", at="2026-03-20 09:00").check(1)
    assert ran.error["code"] == "what_if_differs"
    assert json.loads(ran.out)["error"]["facts"]["given"] == reference
