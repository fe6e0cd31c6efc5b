"""Volunteers at the keyboard: enrolled, found again, joining and leaving."""

from __future__ import annotations

from tests.cli.community import Community


def test_somebody_is_meant_by_id_name_or_phone(community: Community) -> None:
    ann = community.volunteer("Ann")
    for way in (ann, "Ann", "ＡＮＮ", "13800138000", "+86 138-0013-8000"):
        assert community.json("balance", way)["volunteer"] == ann


def test_namesakes_are_told_apart_masked_and_by_id(community: Community) -> None:
    community.do("enrol", "Ann", "--phone", "139 0013 9000", actor="clerk")
    told = community.run("balance", "Ann").check(2)
    assert "2 people answer to Ann" in told.err
    assert "138****8000" in told.err
    assert "13800138000" not in told.err
    assert "A**" in told.err
    ids = [each["volunteer"] for each in community.json("people", "Ann")["volunteers"]]
    shown = community.do("balance", ids[0]).out
    assert shown.splitlines()[0] == f"Ann ({ids[0]})"


def test_who_is_enrolled_twice_is_one_person(community: Community) -> None:
    ann = community.volunteer("Ann")
    told = community.json("enrol", "Ann", "--phone", "138-0013-8000", "--grid", "North", actor="clerk")
    assert told["volunteer"] == ann
    assert [entry["kind"] for entry in told["entries"]] == ["Described"]
    assert len(community.json("people")["volunteers"]) == 2


def test_a_namesake_with_the_same_phone_is_enrolled_only_when_it_is_said(community: Community) -> None:
    words = ("enrol", "Ann", "--phone", "138 0013 8000", "--namesake", "--about", "the daughter")
    told = community.json(*words, actor="clerk")
    assert told["volunteer"] in [each["volunteer"] for each in community.json("people", "Ann")["volunteers"]]
    assert len(community.json("people", "Ann")["volunteers"]) == 2


def test_a_repeated_enrolment_registers_nobody_twice(community: Community) -> None:
    words = ("enrol", "Cai", "--phone", "137 0013 7000", "--team", "helpers", "--key", "once")
    community.do(*words, actor="clerk")
    before = community.kept()
    told = community.do(*words, actor="clerk", at="2026-03-15 09:00")
    assert "This was done already" in told.out
    assert community.kept() == before


def test_an_id_of_the_communitys_own_needs_no_register(community: Community) -> None:
    told = community.do("enrol", "--id", "A-017", "--tag", "reporting", actor="clerk")
    assert "Id: A-017" in told.out
    assert community.json("balance", "A-017")["name"] is None
    community.run("enrol", "Cai", "--id", "A-018", actor="clerk").check(2)
    community.run("enrol", actor="clerk").check(2)


def test_people_are_listed_with_masked_phones_unless_asked(community: Community) -> None:
    masked, full = community.do("people").out, community.do("people", "--full").out
    assert "138****8000" in masked
    assert "138 0013 8000" not in masked
    assert "138 0013 8000" in full
    assert "2 people" in masked


def test_people_are_chosen_by_text_team_and_tag(community: Community) -> None:
    def names(*words: str) -> list[str]:
        return [each["name"] for each in community.json("people", *words)["volunteers"]]

    assert names() == ["Ann", "Bo"]
    assert names("b") == ["Bo"]
    assert names("8000") == ["Ann"]
    assert names("--team", "Helping hands") == ["Bo"]
    assert names("--tag", "reporting") == ["Ann"]
    assert community.do("people", "nobody").out == "Nobody.\n"


def test_joining_and_leaving_can_be_undone_as_printed(community: Community) -> None:
    def teams() -> list[str]:
        [found] = community.json("people", "Ann")["volunteers"]
        return list(found["teams"])

    told = community.do("join", "Ann", "menders", actor="clerk")
    assert teams() == ["menders"]
    told = community.type_line(told.undo, actor="clerk").check()
    assert teams() == []
    community.type_line(told.undo, actor="clerk").check()
    assert teams() == ["menders"]


def test_who_left_the_programme_can_come_back_as_printed(community: Community) -> None:
    told = community.do("leave", "Ann", actor="clerk")
    assert "Ann (left)" in community.do("people").out
    community.run("redeem", "Ann", "haircut", actor="leader").check(1)
    back = community.type_line(told.undo, actor="clerk").check()
    assert "Ann" in back.out
    [ann] = community.json("people", "Ann")["volunteers"]
    assert (ann["left"], ann["tags"], ann["place"]["grid"]) == (False, ["reporting"], "East")


def test_a_typed_word_that_is_nearly_right_is_suggested(community: Community) -> None:
    told = community.run("join", "Ann", "helperz", actor="clerk").check(2)
    assert "Did you mean helpers?" in told.err
    chinese = community.run("join", "Ann", "helperz", actor="clerk", lang="zh").check(2)
    assert "是否指“helpers”？" in chinese.err
