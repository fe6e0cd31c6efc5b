"""The counter at the keyboard: holds, codes, goods."""

from __future__ import annotations

import pytest

from tests.cli.community import Community


@pytest.fixture
def served(community: Community) -> Community:
    """Ann has 23 points and Bo has 30."""
    community.award("Ann", "2026-03-12")
    community.award("Bo", "2026-03-12", "09:00", "12:00")
    return community


def shelf(community: Community, item: str = "rice") -> tuple[int | None, int]:
    [found] = [each for each in community.json("stock")["items"] if each["item"] == item]
    return found["on_hand"], found["reserved"]


def test_a_lost_slip_is_replaced_and_its_code_is_of_no_use_any_more(served: Community) -> None:
    redemption, lost = served.hold("Ann")
    code = str(served.json("code", redemption, actor="clerk")["code"])
    told = served.run("collect", lost, actor="shop").check(2)
    assert "replaced" in told.err
    served.do("collect", code, actor="shop")


def test_a_new_code_is_given_only_by_those_who_redeem(served: Community) -> None:
    redemption, _ = served.hold("Ann")
    served.run("code", redemption, actor="shop").check(1)
    served.run("code", redemption, actor=None).check(2)


def test_a_repeated_redemption_gives_a_code_that_works_and_holds_nothing_twice(served: Community) -> None:
    words = ("redeem", "Ann", "rice", "--key", "once")
    first = served.json(*words, actor="leader")
    told = served.do(*words, actor="leader", at="2026-03-14 13:00")
    assert "This was done already" in told.out
    assert "replaces every earlier code" in told.out
    assert shelf(served) == (1, 1)
    served.run("collect", first["code"], actor="shop").check(2)
    served.do("collect", told.found(r"code: (\S+)"), actor="shop")
    after = served.do(*words, actor="leader", at="2026-03-14 14:00")
    assert "code" not in after.out


def test_a_code_is_of_no_use_after_the_hold(served: Community) -> None:
    _, code = served.hold("Ann", at="2026-03-15 10:00")
    told = served.run("collect", code, actor="shop", at="2026-03-30 00:00").check(1)
    assert "29 Mar 2026" in told.err or "30 Mar 2026" in told.err
    assert shelf(served) == (1, 1)


def test_no_code_is_given_for_a_hold_that_is_over(served: Community) -> None:
    redemption, _ = served.hold("Ann", at="2026-03-15 10:00")
    served.run("code", redemption, actor="leader", at="2026-03-30 00:00").check(1)
    served.do("code", redemption, actor="leader", at="2026-03-29 23:59")


def test_somebody_else_may_collect_and_is_named_by_id_alone(served: Community) -> None:
    _, code = served.hold("Ann")
    told = served.json("collect", code, "--collector", "Bo", "--relation", "neighbour", actor="shop")
    [entry] = told["entries"]
    assert entry["collector"] == served.volunteer("Bo")
    assert entry["relation"] == "neighbour"


def test_without_a_register_no_code_can_be_looked_up(served: Community) -> None:
    _, code = served.hold("Ann")
    told = served.run("collect", code, "--people", "elsewhere.db", actor="shop").check(3)
    assert "elsewhere.db" in told.err
    assert not (served.folder / "elsewhere.db").exists()


def test_what_was_done_at_the_counter_can_be_undone_as_printed(served: Community) -> None:
    told = served.do("redeem", "Ann", "rice", actor="leader")
    served.type_line(told.undo, actor="leader").check()
    assert shelf(served) == (2, 0)
    redemption, code = served.hold("Ann")
    told = served.do("collect", code, actor="shop")
    told = served.type_line(told.undo, actor="shop").check()
    assert shelf(served) == (2, 0)
    served.type_line(told.undo, actor="leader").check()
    assert shelf(served) == (1, 1)
    assert redemption


def test_what_was_done_to_the_shelf_can_be_undone_as_printed(served: Community) -> None:
    for words in (
        ("stock", "receive", "rice", 5),
        ("stock", "write-off", "rice", 1, "--reason", "torn"),
        ("stock", "count", "rice", 9, "--reason", "counted"),
    ):
        before = shelf(served)
        told = served.do(*words, actor="shop")
        assert shelf(served) != before
        served.type_line(told.undo, actor="shop").check()
        assert shelf(served) == before


def test_holds_tell_which_are_over(served: Community) -> None:
    served.hold("Ann", at="2026-03-15 10:00")
    served.hold("Bo", "haircut", at="2026-03-20 10:00")
    assert len(served.json("holds")["redemptions"]) == 2
    [late] = served.json("holds", "--overdue", at="2026-03-31 09:00")["redemptions"]
    assert (late["name"], late["item"], late["overdue"]) == ("Ann", "rice", True)
    assert "(over)" in served.do("holds", at="2026-03-31 09:00").out
    assert served.do("holds", "--overdue").out == "Nothing waits to be collected.\n"


def test_goods_past_their_day_are_not_given_out(served: Community) -> None:
    served.do("stock", "count", "rice", 0, "--reason", "cleared", actor="shop")
    served.do("stock", "receive", "rice", 1, "--best-before", "2026-03-20", actor="shop")
    served.run("redeem", "Ann", "rice", actor="leader", at="2026-03-20 00:00").check(1)
    served.do("redeem", "Ann", "rice", actor="leader", at="2026-03-19 23:59")


def test_a_service_keeps_no_stock(served: Community) -> None:
    assert "no stock kept" in served.do("stock").out
    served.do("redeem", "Bo", "haircut", "--quantity", 2, actor="leader")
    assert shelf(served, "haircut") == (None, 2)
    served.run("stock", "receive", "haircut", 1, actor="shop").check(1)


def test_a_hold_ends_when_it_is_told_to(served: Community) -> None:
    told = served.json("redeem", "Ann", "rice", "--until", "2026-03-16 18:00", actor="leader")
    assert told["entries"][0]["held_until"] == "2026-03-16T10:00:00.000000Z"
