"""Errors carry a code and facts, tell them in a sentence, and survive the way between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from volunteer_points import errors
from volunteer_points.errors import (
    Busy,
    CommitUnknown,
    Corrupt,
    HostBusy,
    InputError,
    KeyConflict,
    Misconfigured,
    Misused,
    Refused,
    StoreError,
    VolunteerPointsError,
    suggestion,
)

KINDS: list[type[VolunteerPointsError]] = [
    VolunteerPointsError, InputError, Refused, KeyConflict,
    StoreError, Busy, HostBusy, CommitUnknown, Corrupt, Misused, Misconfigured,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_between_processes(kind: type[VolunteerPointsError]) -> None:
    error = kind("not_enough_points", needs="20", has="3", code_of="x")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own
        assert type(again) is kind
        assert (again.code, again.facts, str(again)) == (error.code, error.facts, str(error))


@pytest.mark.parametrize("facts, sentence", [
    ({}, "not enough points"),
    ({"needs": 20, "has": 3}, "not enough points (needs=20, has=3)"),
    ({"needs": 20, "fix": "Wait."}, "not enough points (needs=20). Wait."),
    ({"fix": "Wait."}, "not enough points. Wait."),
    ({"message": "too little", "has": 3}, "too little (has=3)"),
])  # fmt: skip
def test_a_sentence_is_made_of_the_code_the_values_and_the_remedy(facts: dict[str, object], sentence: str) -> None:
    assert str(Refused("not_enough_points", **facts)) == sentence


def test_one_name_catches_everything_and_stores_have_one_of_their_own() -> None:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, VolunteerPointsError) for kind in found)
    assert {kind for kind in found if issubclass(kind, StoreError)} == set(KINDS[4:])


@pytest.mark.parametrize("word, known, meant", [
    ("rise", {"rice", "soap"}, "Did you mean 'rice'?"), ("xyz", {"rice"}, ""), ("rice", set(), ""),
])  # fmt: skip
def test_a_misspelt_word_is_answered_with_the_nearest(word: str, known: set[str], meant: str) -> None:
    assert suggestion(word, known) == meant
