"""Service records at the keyboard."""

from __future__ import annotations

import pytest

from tests.cli.community import Community


def waiting(community: Community) -> list[str]:
    return [str(record["record"]) for record in community.json("pending")["records"]]


def points(community: Community, person: str = "Ann") -> int:
    return int(community.json("balance", person)["balances"][0]["available"])


def test_what_waits_is_listed_the_earliest_first_with_its_totals(community: Community) -> None:
    later = community.record("Bo", "2026-03-14")
    earlier = community.record("Ann", "2026-03-13", "14:00", "15:30")
    assert waiting(community) == [earlier, later]
    told = community.do("pending").out
    assert "14:00-15:30" in told
    assert "2 records of 2 people wait for approval, 3 h 50 min in all." in told


def test_records_are_chosen_by_activity_team_and_day(community: Community) -> None:
    park = community.record("Ann", "2026-03-13")
    words = ("record", "Bo", "--activity", "Repairs", "--begin", "2026-03-14 14:00", "--end", "15:00")
    repair = str(community.json(*words, actor="leader", at="2026-03-14 20:00")["record"])
    for chosen, found in (
        (("--activity", "park clean-up"), [park]),
        (("--team", "Menders"), [repair]),
        (("--day", "2026/3/13"), [park]),
        (("--day", "2026年3月14日"), [repair]),
        (("--day", "2026-03-13", "--team", "menders"), []),
    ):
        assert [record["record"] for record in community.json("pending", *chosen)["records"]] == found
    told = community.json("approve", "--team", "menders", actor="checker", at="2026-03-15 09:00")
    assert [result["id"] for result in told["results"]] == [repair]
    assert waiting(community) == [park]


def test_one_that_is_refused_does_not_keep_the_others_back(community: Community) -> None:
    good, own = community.record("Ann", "2026-03-13"), community.record("Bo", "2026-03-13")
    told = community.run("approve", good, "r-nothing", own, good, actor="checker", at="2026-03-14 09:00").check(1)
    assert "1 refused; nothing was written for them:" in told.out
    assert "2 done: 46 points for 4 h 40 min, 2 people." in told.out
    assert waiting(community) == []


def test_approving_again_says_that_it_was_done_already(community: Community) -> None:
    record = community.award("Ann")
    before = community.kept()
    again = community.do("approve", record, actor="checker", at="2026-03-20 09:00")
    assert "This was done already, on 2026-03-14 23:10 by checker; nothing was written again." in again.out
    other = community.run("approve", record, actor="founder-a", at="2026-03-20 09:00").check(1)
    assert "awarded" in other.err
    assert community.kept() == before
    assert points(community) == 23


def test_a_preview_of_an_approval_writes_nothing_and_tells_the_points(community: Community) -> None:
    community.record("Ann")
    before = community.kept()
    told = community.do("approve", "--all", "--dry-run", actor="checker", at="2026-03-15 09:00")
    assert told.out.startswith("Only a preview")
    assert "1 done: 23 points" in told.out
    assert "Undo" not in told.out
    assert community.kept() == before


def test_nothing_to_approve_is_no_failure(community: Community) -> None:
    assert community.do("approve", "--all", actor="checker").out == "Nothing waits for approval.\n"


def test_service_over_midnight_and_of_several_stretches_is_recorded(community: Community) -> None:
    words = ("record", "Ann", "--activity", "park", "--begin", "2026-03-12 22:00", "--end", "次日 00:30")
    assert "22:00–13 Mar 2026 00:30" in community.do(*words, actor="leader").out.replace(" – ", "–")
    words = ("record", "Bo", "--activity", "park", "--begin", "2026-03-12 09:00", "--end", "10:00")
    community.do(*words, "--begin", "2026-03-12T14:00+09:00", "--end", "2026-03-12T15:30+09:00", actor="leader")
    minutes = [record["minutes"] for record in community.json("pending")["records"]]
    assert sorted(minutes) == [150, 150]


@pytest.mark.parametrize("command", ["reject", "void"])
def test_several_records_are_turned_down_for_one_reason(command: str, community: Community) -> None:
    one, other = community.record("Ann"), community.record("Bo")
    told = community.run(command, one, other, "r-nothing", "--reason", "duplicate", "--note", "twice on the sheet",
                         actor="checker").check(1)  # fmt: skip
    assert "2 done" in told.out
    assert waiting(community) == []
    texts = [row for row in community.register() if "twice on the sheet" in row]
    assert len(texts) == 1


def test_a_note_stays_in_the_register_and_is_the_same_content_when_it_is_repeated(community: Community) -> None:
    record = community.award("Ann")
    words = ("reverse", record, "--reason", "absent", "--note", "was not there", "--key", "once")
    community.do(*words, actor="checker", at="2026-03-15 09:00")
    before = community.kept()
    assert "was not there" not in community.journal().decode()
    again = community.do(*words, actor="checker", at="2026-03-15 10:00")
    assert "This was done already" in again.out
    other = community.run(*words[:-3], "something else", "--key", "once", actor="checker").check(1)
    assert "once" in other.err
    assert "something else" not in str(community.register())
    assert community.kept()[0] == before[0]


def test_a_corrected_record_can_be_corrected_back_as_printed(community: Community) -> None:
    record = community.award("Ann")
    words = ("--begin", "2026-03-14 09:00", "--end", "10:00", "--requested-by", "leader", "--reason", "typo")
    told = community.do("correct", record, *words, actor="checker", at="2026-03-15 09:00")
    assert points(community) == 10
    community.type_line(told.undo, actor="checker", at="2026-03-15 10:00").check()
    assert points(community) == 23


def test_a_reversed_record_can_be_awarded_again_as_printed(community: Community) -> None:
    record = community.award("Ann")
    told = community.do("reverse", record, "--reason", "mistake", actor="checker", at="2026-03-15 09:00")
    assert points(community) == 0
    community.type_line(told.undo, actor="checker", at="2026-03-15 10:00").check()
    assert points(community) == 23


def test_what_was_turned_down_can_be_recorded_anew_as_printed(community: Community) -> None:
    record = community.record("Ann")
    told = community.do("reject", record, "--reason", "absent", actor="checker", at="2026-03-15 09:00")
    community.type_line(told.undo, actor="leader", at="2026-03-15 10:00").check()
    assert len(waiting(community)) == 1


def test_an_approval_can_be_taken_back_as_printed(community: Community) -> None:
    record = community.record("Ann")
    told = community.do("approve", record, actor="checker", at="2026-03-15 09:00")
    community.type_line(told.undo, actor="checker", at="2026-03-15 10:00").check()
    assert points(community) == 0
    community.record("Bo", "2026-03-15")
    told = community.do("approve", "--all", actor="checker", at="2026-03-16 09:00")
    community.type_line(told.undo, actor="checker", at="2026-03-16 10:00").check()
    assert points(community, "Bo") == 0


def test_the_actor_that_was_typed_is_repeated_in_the_printed_command(community: Community) -> None:
    record = community.record("Ann")
    told = community.do("approve", record, "--actor", "checker", actor=None, at="2026-03-15 09:00")
    assert told.undo.endswith("--actor checker")


@pytest.mark.slow
def test_more_records_than_one_transaction_takes_are_approved(community: Community) -> None:
    for day in range(1, 29):
        for hour in (8, 10, 12, 14):
            community.record("Ann", f"2026-02-{day:02}", f"{hour}:00", f"{hour + 1}:00")
    data = community.json("approve", "--all", actor="checker", at="2026-03-01 09:00")
    assert (data["done"], data["refused"], data["points"]) == (112, 0, 1120)
