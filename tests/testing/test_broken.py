"""Stores that are broken on purpose: the kit catches each by a check of the requirement that it breaks."""

from __future__ import annotations

import pytest

from volunteer_points.testing.broken import BROKEN, caught_by
from volunteer_points.testing.conformance import CHECKS, Result
from volunteer_points.testing.side_by_side import OpenStore

CAUGHT: dict[type[OpenStore], Result | None] = {}


def caught(kind: type[OpenStore]) -> Result | None:
    """What catches it; found out once."""
    if kind not in CAUGHT:
        CAUGHT[kind] = caught_by(kind)
    return CAUGHT[kind]


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_store_is_caught(kind: type[OpenStore]) -> None:
    result = caught(kind)
    assert result is not None, f"{kind.__name__} breaks {BROKEN[kind]} and gets away with it: {kind.__doc__}"
    assert result.check.requirement == BROKEN[kind]


def test_every_broken_store_is_caught_and_their_number_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    count = sum(caught(kind) is not None for kind in BROKEN)
    with capsys.disabled():
        print(f"\n{count} of {len(BROKEN)} broken stores caught")  # noqa: T201 - the number is the point
    assert count == len(BROKEN) >= 20


def test_broken_stores_break_most_of_what_can_be_broken_in_memory() -> None:
    needs_more_than_memory = {"7.3", "13.2", "13.3", "14.1", "14.2", "14.3"}
    assert len({check.requirement for check in CHECKS} - set(BROKEN.values()) - needs_more_than_memory) <= 12
