"""Points at the keyboard: balances, statements, totals, and what changes points without service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.community import PROGRAMME, Community


def balance(community: Community, person: str = "Ann", at: str = "2026-03-14 12:00") -> dict[str, Any]:
    found: dict[str, Any] = community.json("balance", person, at=at)["balances"][0]
    return found


def test_a_balance_tells_what_is_usable_held_owed_and_ended(community: Community) -> None:
    community.award("Ann", "2026-03-12")
    community.hold("Ann", at="2026-03-15 10:00")
    words = ("--points", 7, "--ends", "2026-03-20", "--requested-by", "founder-b", "--reason", "old")
    community.do("open-balance", "Ann", *words)
    found = balance(community, at="2026-03-21 09:00")
    assert (found["available"], found["held"], found["ended"], found["debt"]) == (3, 20, 7, 0)
    told = community.do("balance", "Ann", at="2026-03-21 09:00").out
    assert "Available: 3 points" in told
    assert "Ended, not yet removed: 7 points" in told
    assert "Held for redemptions: 20 points" in told


def test_a_statement_adds_up_from_any_day_to_any_day(community: Community) -> None:
    community.award("Ann", "2026-03-10")
    community.award("Ann", "2026-03-12")
    whole = community.json("statement", "Ann")
    assert [line["balance"] for line in whole["lines"]] == [23, 46]
    later = community.json("statement", "Ann", "--since", "2026-03-12")
    assert (later["opening"]["available"], len(later["lines"])) == (23, 1)
    earlier = community.json("statement", "Ann", "--until", "2026-03-10")
    assert earlier["closing"]["available"] == 23
    assert "Ann" in community.do("statement", "Ann").out.splitlines()[0]


def test_an_explanation_tells_the_working_of_the_latest_award(community: Community) -> None:
    community.award("Ann", "2026-03-10", "09:00", "10:00")
    record = community.award("Ann", "2026-03-12")
    told = community.do("explain", "Ann").out
    assert told.startswith("Why 23 points")
    assert "70/3" in told
    assert community.json("explain", record)["title"] == told.splitlines()[0]
    unknown = community.run("explain", "Bo").check(2)
    assert "no award yet" in unknown.err
    price = community.do("explain", "price", "Ann", "rice").out
    assert "for Ann" in price
    assert "Available: " in price
    assert community.json("explain", "price", "Ann", "rice")["about"] == "item:rice"
    assert "nothing of" in community.run("explain", "expiry", "Ann").check(2).err.lower()
    assert "explain level PERSON" in community.run("explain", "price", "Ann").check(2).err
    assert "has no ladder" in community.run("explain", "level", "Ann").check(1).err
    community.run("explain", "r-nothing").check(1)
    community.run("explain", "x-nothing").check(1)


def test_totals_count_what_stands_once(community: Community) -> None:
    community.award("Ann", "2026-03-10")
    community.award("Bo", "2026-03-11", "09:00", "10:00")
    reversed_ = community.award("Bo", "2026-03-12")
    community.do("reverse", reversed_, "--reason", "absent", actor="checker")
    community.record("Bo", "2026-03-13")
    found = community.json("totals", "--by", "grid")
    groups = {group["group"][0]: (group["minutes"], group["points"][0]["points"]) for group in found["groups"]}
    assert groups == {"East": (140, 23), "West": (60, 10)}
    assert (found["all"]["minutes"], found["all"]["records"], found["all"]["volunteers"]) == (200, 2, 2)
    tags = {group["group"][0]: group["minutes"] for group in community.json("totals", "--by", "tag")["groups"]}
    assert tags == {"reporting": 140, "": 60}
    assert community.json("totals", "--since", "2026-03-10", "--until", "2026-03-10")["all"]["minutes"] == 140
    march_11 = ("totals", "--by", "volunteer", "--since", "2026-03-11", "--until", "2026-03-11")
    [bo] = community.json(*march_11)["groups"]
    assert (bo["name"], bo["minutes"]) == ("Bo", 60)


@pytest.mark.parametrize("by", ["team", "activity", "grid", "building", "unit", "tag", "volunteer"])
def test_totals_of_groups_without_overlap_add_up_to_all(by: str, community: Community) -> None:
    for day, person in (("10", "Ann"), ("11", "Bo"), ("12", "Ann")):
        community.award(person, f"2026-03-{day}")
    found = community.json("totals", "--by", by)
    assert sum(group["minutes"] for group in found["groups"]) == found["all"]["minutes"] == 420
    assert (found["all"]["volunteers"], found["all"]["records"]) == (2, 3)
    assert community.do("totals", "--by", by).out.splitlines()[-1].split()[-2:] == ["7:00", "69"]


def test_what_is_due_is_previewed_removed_once_and_never_twice(community: Community) -> None:
    community.award("Ann", "2026-03-12")
    community.hold("Ann", at="2026-03-15 10:00")
    words = ("--points", 7, "--ends", "2026-03-20", "--requested-by", "founder-b", "--reason", "old")
    community.do("open-balance", "Bo", *words)
    before = community.kept()
    preview = community.json("expire", "--dry-run", at="2026-04-01 09:00")
    assert [entry["kind"] for entry in preview["entries"]] == ["Lapsed", "Expired"]
    assert community.kept() == before
    done = community.json("expire", at="2026-04-01 09:00")
    assert [entry["kind"] for entry in done["entries"]] == ["Lapsed", "Expired"]
    assert balance(community)["available"] == 23
    after = community.kept()
    assert community.do("expire", at="2026-04-01 10:00").out == "Nothing is due.\n"
    assert community.kept() == after


def test_a_note_for_a_key_that_was_used_for_another_is_not_kept(community: Community) -> None:
    words = ("adjust", "Ann", "--give", 5, "--requested-by", "founder-b", "--reason", "missed", "--key", "once")
    community.do(*words, "--note", "the sheet of March")
    before = community.journal()
    told = community.run(*words, "--note", "the sheet of April").check(1)
    assert "once" in told.err
    assert "the sheet of March" in str(community.register())
    assert "the sheet of April" not in str(community.register())
    assert community.journal() == before


@pytest.mark.parametrize(
    "words, change",
    [
        ("adjust Ann --give 5 --requested-by founder-b --reason missed", 5),
        ("adjust Ann --take 5 --requested-by founder-b --reason twice", -5),
        ("open-balance Ann --points 9 --requested-by founder-b --reason old", 9),
        ("transfer Ann Bo 4", -4),
    ],
)
def test_what_changes_points_by_decision_can_be_undone_as_printed(
    words: str, change: int, community: Community
) -> None:
    community.award("Ann", "2026-03-12")
    told = community.do(*words.split())
    assert balance(community)["available"] == 23 + change
    community.type_line(told.undo).check()
    assert balance(community)["available"] == 23


def test_what_cannot_be_undone_says_so(community: Community) -> None:
    assert "A closed period stays closed." in community.do("close", "2026-03-10").out
    words = ("--minutes", 60, "--requested-by", "founder-b", "--reason", "old")
    assert "stay" in community.do("open-balance", "Ann", *words).out


def test_nothing_is_booked_in_a_closed_period(community: Community) -> None:
    community.do("close", "2026-03-10")
    told = community.run(
        "adjust", "Ann", "--give", 5, "--requested-by", "founder-b", "--reason", "x", at="2026-03-09 09:00"
    )
    assert "10 Mar 2026" in told.check(1).err


def test_amounts_of_a_currency_with_decimals_are_read_and_shown_with_them(empty: Community) -> None:
    decimals = '[[currencies]]\nid = "points"\nname = "leaves"\ndecimals = 1\n\n[[rulebooks]]'
    (empty.folder / "programme.toml").write_text(PROGRAMME.replace("[[rulebooks]]", decimals, 1), "utf-8")
    empty.do("init", "programme.toml", "--author", "founder-a", actor="founder-b", at="2026-03-01 09:00")
    empty.do("enrol", "Ann")
    told = empty.json("adjust", "Ann", "--give", "2.5", "--requested-by", "founder-b", "--reason", "missed")
    [entry] = told["entries"]
    assert (entry["points"], entry["points_shown"]) == (25, "2.5")
    found = balance(empty)
    assert (found["available"], found["available_shown"]) == (25, "2.5")
    assert "Available: 2.5 points" in empty.do("balance", "Ann").out
    empty.run("adjust", "Ann", "--give", "2.55", "--requested-by", "founder-b", "--reason", "missed").check(2)
