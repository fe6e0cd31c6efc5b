"""Templates in two languages, and the names that are shown in place of ids.

In a template ``{points}`` stands for a fact and ``[ by {actor}]`` for a part that is left out when one of its facts is
missing, so that one template serves a record with a team and a record without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import attrs

from volunteer_points.decisions.adoption import Nouns
from volunteer_points.entries import ActivityListed, ItemListed, PartnerAgreed, TeamFormed

Lang: TypeAlias = Literal["zh", "en"]

Names: TypeAlias = Callable[[str], str]
"""Gives the name to be shown for the id of a person (``v-7k3m``), and for anything else that has a name by its subject
(``item:rice``). What it does not know it gives back as it is."""


def as_it_is(name: str) -> str:
    """Show every id as it is."""
    return name


def naming(nouns: Mapping[str, Nouns], people: Names = as_it_is) -> Names:
    """Names of teams, partners, activities and items as the programme gives them, and of people as ``people`` does.

    Args:
        nouns: What stands, by subject, as :func:`volunteer_points.decisions.adoption.nouns` gives it.
        people: Names by the ids of volunteers and actors.
    """
    table = {subject: name for subject, fact in nouns.items() if (name := _name(fact))}
    return lambda name: table[name] if name in table else people(name)


def _name(fact: Nouns) -> str:
    match fact:
        case TeamFormed():
            return fact.team.name
        case PartnerAgreed():
            return fact.partner.name
        case ActivityListed():
            return fact.activity.name
        case ItemListed():
            return fact.item.name
        case _:
            return ""


@attrs.frozen
class Words:
    """One thing said in English and in Chinese."""

    en: str
    zh: str

    def within(self, lang: Lang) -> str:
        """The template in a language."""
        return self.zh if lang == "zh" else self.en

    def places(self) -> tuple[set[str], set[str]]:
        """The facts that must be there, and those that may be."""
        always, sometimes = set[str](), set[str]()
        for template in (self.en, self.zh):
            for part, place in _PLACE.findall(template):
                always |= {place} if place else set()
                sometimes |= set(_INNER.findall(part))
        return always, sometimes


@attrs.frozen
class ErrorWords:
    """A sentence that names the place and the value, and a remedy, in both languages."""

    en: str
    remedy_en: str
    zh: str
    remedy_zh: str

    @property
    def sentence(self) -> Words:
        """What is wrong."""
        return Words(self.en, self.zh)

    @property
    def remedy(self) -> Words:
        """What to do about it; blank when the error brings it along."""
        return Words(self.remedy_en, self.remedy_zh)


_PLACE = re.compile(r"\[([^\[\]]*)\]|\{(\w+)\}")
_INNER = re.compile(r"\{(\w+)\}")


def filled(template: str, shown: Mapping[str, str]) -> str:
    """The template with its facts in place; what they say is never read as a template again.

    >>> filled("{volunteer} left[ {team}]", {"volunteer": "v-1"})
    'v-1 left'

    Raises:
        KeyError: a fact outside square brackets is missing.
    """

    def put(match: re.Match[str]) -> str:
        part, place = match.groups()
        if place is not None:
            return shown[place]
        if all(name in shown for name in _INNER.findall(part)):
            return _INNER.sub(lambda inner: shown[inner[1]], part)
        return ""

    return _PLACE.sub(put, template)
