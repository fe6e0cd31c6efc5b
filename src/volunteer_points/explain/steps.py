"""The facts of each step of a working, each as what it stands for: minutes, points, a quantity, an exact number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from volunteer_points.explain.wording import Count, Exact, Fact, Minutes, Points, Stretch, Term
from volunteer_points.rules import MINUTES, RECORD, Step

_OF_TIME = frozenset(
    {
        "measured",
        "travel_added",
        "break_taken_off",
        "time_scaled",
        "time_rounded",
        "below_minimum",
        "attended_too_little",
    }
)
STEPS = _OF_TIME | {
    "per_hour",
    "fixed",
    "by_rate",
    "by_own",
    "out_of_range",
    "condition_unmet",
    "multiplied",
    "added",
    "points_rounded",
    "milestone",
    "capped",
    "came_over",
}
"""Every step that has words of its own, by what it did."""


def step_facts(step: Step, currency: str) -> dict[str, Fact]:
    """What the words of a step may name."""
    said = dict(step.facts)
    facts: dict[str, Fact] = {"rule": step.rule, "did": step.did, "clause": said.get("clause")}
    number = _numbers(step, currency)
    numbers = {"before": step.before, "after": step.after, **said}
    facts |= {name: number(numbers[name]) for name in _NUMBERS if numbers.get(name)}
    facts |= {name: said[name] for name in ("name", "version") if name in said}
    facts |= {name: Exact(said[name]) for name in ("rate", "times", "share") if name in said}
    facts |= {name: Term(group, said[name]) for name, group in _TERMS.items() if name in said}
    if said.get("per") == RECORD:
        del facts["used"]
    more = _MORE.get(step.did)
    return facts if more is None else {**facts, **more(step, said)}


_NUMBERS = ("before", "after", "to", "minimum", "limit", "used", "above", "break", "planned")
_TERMS = {"direction": "direction", "per": "period"}


def _numbers(step: Step, currency: str) -> Callable[[str], Fact]:
    said = dict(step.facts)
    if step.did == "capped":
        of, unit = said.get("of", "points"), said.get("unit", "")
        if of in {"times", "quantity"}:
            # what is cut are points; what is counted is something else
            return lambda number: (
                Points(int(number), currency)
                if number in {step.before, step.after} and number not in {said["limit"], said["used"]}
                else Count(Fraction(number), unit or of)
            )
        return lambda number: capped_amount(int(number), of, unit, currency)
    if step.did in _OF_TIME:
        return _minutes
    return Exact if step.did in STEPS else str


def capped_amount(number: int, of: str, unit: str, currency: str) -> Fact:
    """So much of what a cap bounds: points, minutes, times or a quantity."""
    if of == MINUTES:
        return Minutes(number)
    return Points(number, currency) if of == "points" else Count(Fraction(number), unit or of)


def _minutes(number: str) -> Fact:
    return Minutes(int(number) if number.isdecimal() else Fraction(number))


def _per_hour(step: Step, _said: Mapping[str, str]) -> dict[str, Fact]:
    return {"minutes": int(step.before) if step.before.isdecimal() else Exact(step.before)}


def _amount(number: str, said: Mapping[str, str]) -> Fact:
    return Count(Fraction(number), said.get("unit") or said.get("of", ""))


def _by_rate(step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    return {"measured": _amount(step.before, said), **_rate(said)}


def _rate(said: Mapping[str, str]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"each": _amount(said["each"], said)} if "each" in said else {}
    if "over" in said:
        facts |= {"over": Stretch(said["over"]), "so_far": _amount(said["so_far"], said)}
    return facts


def _out_of_range(step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    bounds = {name: said[name] for name in ("at_least", "at_most") if said.get(name, "None") != "None"}
    return {"measured": _amount(step.before, said), **{name: _amount(text, said) for name, text in bounds.items()}}


def _added(_step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    rate = Exact(said["rate"]) if "rate" in said else None
    by = said.get("by")
    more = _rate(said) if by == "by_rate" else {}
    return {
        "rate": None,
        "hourly": rate if by == "per_hour" else None,
        "fixed": rate if by == "fixed" else None,
        "block": rate if by == "by_rate" else None,
        **more,
    }


def _milestone(_step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    total = said["total"]
    counted = said.get("of") in {"hours", "minutes", "times"}
    return {"total": _amount(total, said) if counted else Exact(total)}


def _unmet(step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    return {"found": step.before, "wanted": said.get("wanted")}


def _came_over(step: Step, said: Mapping[str, str]) -> dict[str, Fact]:
    before = Exact(step.before) if step.before != "0" else None
    return {"came": Exact(said["came"]), "caps": said["caps"], "before": before}


_MORE: Mapping[str, Callable[[Step, Mapping[str, str]], dict[str, Fact]]] = {
    "per_hour": _per_hour,
    "by_rate": _by_rate,
    "out_of_range": _out_of_range,
    "added": _added,
    "milestone": _milestone,
    "condition_unmet": _unmet,
    "came_over": _came_over,
}
"""What a step says besides its numbers."""
