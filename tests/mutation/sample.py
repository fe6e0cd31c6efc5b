"""Which mutants are tried, and what the outcomes of a sample say of all of them."""

import math
import random
from collections.abc import Mapping, Sequence

import attrs

LEAST = 12
"""So many of every module, or all that it has: a score of fewer says nothing."""

KILLED = frozenset({1, 3, -24, 24, 152, 255, -9, -11})
"""How pytest ends when a test fails, and how mutmut and the system end what takes too long or too much."""


@attrs.frozen(kw_only=True)
class Score:
    """What was found in one module."""

    module: str
    mutants: int
    tried: int
    killed: int

    @property
    def share(self) -> float:
        """The share that was killed, of those that were tried."""
        return self.killed / self.tried


def draw(names: Mapping[str, Sequence[str]], size: int, seed: int) -> dict[str, list[str]]:
    """About ``size`` mutants, of each module as many as its share of all mutants, without repetition."""
    chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret
    total = sum(map(len, names.values()))
    return {
        module: sorted(chance.sample(sorted(of), min(len(of), max(LEAST, round(size * len(of) / total)))))
        for module, of in sorted(names.items())
        if of
    }


def score(names: Mapping[str, Sequence[str]], outcomes: Mapping[str, int | None]) -> tuple[Score, ...]:
    """The score of each module of which a mutant has an outcome."""
    found = []
    for module, of in sorted(names.items()):
        ends = [outcomes[name] for name in of if outcomes.get(name) is not None]
        if ends:
            killed = sum(end in KILLED for end in ends)
            found.append(Score(module=module, mutants=len(of), tried=len(ends), killed=killed))
    return tuple(found)


def estimate(scores: Sequence[Score]) -> tuple[float, float]:
    """The share that would be killed of all mutants of these modules, and half the width of its 95 % interval.

    The sample is drawn module by module, so each counts with its own share of the mutants, and a module that was
    tried in full adds no error.
    """
    total = sum(each.mutants for each in scores)
    share = sum(each.mutants / total * each.share for each in scores)
    variance = sum(
        (each.mutants / total) ** 2
        * each.share
        * (1 - each.share)
        / max(1, each.tried - 1)
        * (1 - each.tried / each.mutants)
        for each in scores
    )
    return share, 1.96 * math.sqrt(variance)
