"""One key is one commit: the same content finds the first outcome, other content is a conflict."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import attrs
import pytest

from tests.decisions.community import Community, at, definition, interval
from tests.golden.samples import COMMANDS
from volunteer_points.books import Books, Committed, Lacks
from volunteer_points.commands import Approve, ClosePeriod, Collect, Command, Enrol, Redeem, Request, Submit
from volunteer_points.decisions import decide
from volunteer_points.errors import InputError, KeyConflict, Refused
from volunteer_points.ledger import encode

MORNING = interval("2026-03-14T09:00", "2026-03-14T11:20")
SUBMIT = Submit(volunteer="v-1", activity="park", intervals=(MORNING,))


def request(command: Command = SUBMIT, **changes: object) -> Request:
    fields = {
        "ledger": "saihan",
        "key": "k",
        "actor": "leader",
        "booked_at": at("2026-03-14T12:00"),
        "command": command,
    }
    return Request(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_same_content_under_one_key_gives_the_first_outcome_and_writes_nothing() -> None:
    community = Community()
    first = community.run(SUBMIT, actor="leader", key="one")
    count = len(community.entries)
    again = community.run(SUBMIT, actor="leader", key="one", at=at("2026-08-01T09:00"))
    assert [encode(entry) for entry in again] == [encode(entry) for entry in first]
    assert len(community.entries) == count


@pytest.mark.parametrize("changed", [
    attrs.evolve(SUBMIT, volunteer="v-2"),
    attrs.evolve(SUBMIT, intervals=(interval("2026-03-14T09:00", "2026-03-14T11:21"),)),
    attrs.evolve(SUBMIT, source="sheet"),
    Enrol(volunteer="v-1"),
])  # fmt: skip
def test_other_content_under_one_key_is_a_conflict(changed: Command) -> None:
    community = Community()
    community.run(SUBMIT, actor="leader", key="one")
    with pytest.raises(KeyConflict) as conflict:
        community.run(changed, actor="leader", key="one")
    assert conflict.value.facts["wrote"] == "Submitted"
    assert conflict.value.facts["key"] == "one"


def test_another_actor_under_one_key_is_a_conflict() -> None:
    community = Community()
    community.run(SUBMIT, actor="leader", key="one")
    with pytest.raises(KeyConflict):
        community.run(SUBMIT, actor="founder-a", key="one")


def test_a_repeated_key_is_found_before_anything_is_checked() -> None:
    community = Community()
    community.shelve("rice", 1)
    community.give("v-1", 20)
    first = community.run(Redeem(volunteer="v-1", item="rice"), actor="leader", key="one")
    community.run(Collect(redemption=getattr(first[0].fact, "redemption", "")), actor="shop")
    community.run(ClosePeriod(until=at("2026-04-01T00:00").date()), at=at("2026-04-01T00:00"))
    assert (
        community.run(Redeem(volunteer="v-1", item="rice"), actor="leader", key="one", at=at("2026-03-14T13:00"))
        == first
    )


def test_a_refused_key_stays_free() -> None:
    community = Community()
    with pytest.raises(Refused) as refused:
        community.run(attrs.evolve(SUBMIT, activity="nowhere"), actor="leader", key="one")
    assert refused.value.facts["key"] == "one"
    community.run(SUBMIT, actor="leader", key="one")


def test_the_same_command_is_the_same_content_whatever_its_time_zone_order_and_time_of_booking() -> None:
    evening, morning = interval("2026-03-14T18:00", "2026-03-14T19:00"), MORNING
    there = timezone(timedelta(hours=-3))
    elsewhere = attrs.evolve(morning, begin=morning.begin.astimezone(there), end=morning.end.astimezone(there))
    one = request(attrs.evolve(SUBMIT, intervals=(morning, evening)))
    other = request(attrs.evolve(SUBMIT, intervals=(evening, elsewhere)), booked_at=at("2026-05-01T00:00"), key="other")
    assert one.digest == other.digest


def test_ids_follow_from_ledger_and_key() -> None:
    first, second = Community().submit("v-1", MORNING), Community().submit("v-2", MORNING)
    assert first == second
    other = Community(definition(name="other"))
    other.ledger = "another"
    assert first.startswith("r-")
    (entry,) = Community().run(SUBMIT, actor="leader", key="k-99")
    assert getattr(entry.fact, "record", "") != first


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nbreak", "\ud800", None, 5, b"k"])
def test_a_key_is_one_to_two_hundred_printable_characters(key: object) -> None:
    with pytest.raises(InputError, match="bad key"):
        request(key=key)


@pytest.mark.parametrize("key", ["k", "x" * 200, "sheet 3, row 7: 张三"])
def test_any_printable_key_is_taken(key: str) -> None:
    assert request(key=key).key == key


@pytest.mark.parametrize("actor", ["", "two words", "a/b", "a:b", None, "x" * 65])
def test_an_actor_is_an_id(actor: object) -> None:
    with pytest.raises(InputError, match="bad id"):
        request(actor=actor)


@pytest.mark.parametrize("booked_at", [datetime(2026, 3, 14, 12), "2026-03-14T12:00:00+08:00", None])  # noqa: DTZ001
def test_the_time_of_booking_knows_its_zone(booked_at: object) -> None:
    with pytest.raises(InputError, match="naive datetime"):
        request(booked_at=booked_at)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_every_decision_names_its_key_first_among_what_it_lacks(command: Command) -> None:
    with pytest.raises(Lacks) as lacks:
        decide(Books({}), request(command))
    assert lacks.value.questions[0] == Committed("k")


def test_approving_again_under_a_new_key_is_refused_and_under_the_old_one_is_not() -> None:
    community = Community()
    record = community.submit("v-1", MORNING)
    first = community.run(Approve(record=record), actor="checker", key="approve")
    assert community.run(Approve(record=record), actor="checker", key="approve") == first
    community.refuses("record_already_decided", Approve(record=record), actor="checker")
