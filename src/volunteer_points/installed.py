"""The developers' own rules that are installed, found by the entry points of their packages.

>>> installed_rules().versions(Use.ACCRUAL, "nobody-wrote-this")
()
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from volunteer_points.errors import InputError
from volunteer_points.model import OwnRules, Rule, Use

GROUP: Final = "volunteer_points.rules"
"""The group of entry points under which a package offers its rules. Each names an object, or a class without arguments.

The name of an entry point is for people; a rule says its name and version itself.
"""


def installed_rules(*, points: Iterable[EntryPoint] | None = None) -> OwnRules:
    """The rules of all installed packages.

    Args:
        points: Entry points to look at in place of the installed ones.

    Raises:
        InputError: ``own_rule_unreadable`` when the code behind an entry point cannot be imported, ``own_rule_unclear``
            when it is not as the protocol asks, ``own_rule_twice`` when two packages bring one rule in one version.
    """
    found = entry_points(group=GROUP) if points is None else points
    return OwnRules.of(*(_loaded(point) for point in sorted(found, key=lambda each: (each.name, each.value))))


def _loaded(point: EntryPoint) -> Rule[Any]:
    try:
        found = point.load()
        made: Rule[Any] = found() if isinstance(found, type) else found
    except Exception as error:  # another's code may raise anything while it is imported
        package = point.dist.name if point.dist else point.value
        problem = f"{type(error).__name__}: {error}"
        raise InputError("own_rule_unreadable", rule=point.name, package=package, problem=problem) from error
    return made


__all__ = ["GROUP", "Use", "installed_rules"]
