"""A sample is spread over the modules, can be drawn again, and says how far it can be wrong."""

import pytest

from tests.mutation.sample import LEAST, Score, draw, estimate, score

NAMES = {
    "large": [f"large.{n}" for n in range(900)],
    "small": [f"small.{n}" for n in range(100)],
    "tiny": ["tiny.0"],
    "none": [],
}


def test_each_module_has_its_share_of_a_sample_and_no_mutant_is_in_it_twice() -> None:
    drawn = draw(NAMES, 200, seed=1)
    assert {module: len(of) for module, of in drawn.items()} == {"large": 180, "small": 20, "tiny": 1}
    assert all(set(of) <= set(NAMES[module]) and len(set(of)) == len(of) for module, of in drawn.items())


def test_a_small_module_has_enough_of_its_mutants_tried() -> None:
    assert len(draw(NAMES, 50, seed=1)["small"]) == LEAST


def test_the_same_seed_draws_the_same_and_another_seed_others() -> None:
    backwards = {module: of[::-1] for module, of in reversed(NAMES.items())}
    assert draw(NAMES, 100, seed=1) == draw(backwards, 100, seed=1)
    assert draw(NAMES, 100, seed=1) != draw(NAMES, 100, seed=2)


def test_a_sample_of_the_size_of_all_is_all() -> None:
    assert draw(NAMES, 1001, seed=3) == {module: sorted(of) for module, of in NAMES.items() if of}


def test_what_a_failing_test_or_the_time_ended_was_killed_and_what_passed_or_no_test_saw_was_not() -> None:
    ends = {"large.0": 1, "large.1": -24, "large.2": 0, "large.3": 33, "large.4": None, "small.0": 0}
    assert score(NAMES, ends) == (
        Score(module="large", mutants=900, tried=4, killed=2),
        Score(module="small", mutants=100, tried=1, killed=0),
    )


def test_each_module_counts_with_its_share_of_all_mutants() -> None:
    share, _ = estimate(
        (
            Score(module="large", mutants=900, tried=100, killed=90),
            Score(module="small", mutants=100, tried=100, killed=50),
        )
    )
    assert share == pytest.approx(0.9 * 0.9 + 0.1 * 0.5)


def test_the_error_is_that_of_a_share_and_of_what_was_not_tried() -> None:
    _, half = estimate((Score(module="m", mutants=10**9, tried=101, killed=50),))
    assert half == pytest.approx(1.96 * (0.5 * 0.5 / 100) ** 0.5, rel=0.001)
    _, other = estimate((Score(module="m", mutants=202, tried=101, killed=50),))
    assert other == pytest.approx(half * 0.5**0.5, rel=0.001)
    _, none = estimate((Score(module="m", mutants=101, tried=101, killed=50),))
    assert none == 0
