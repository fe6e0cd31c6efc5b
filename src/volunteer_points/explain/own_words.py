"""What a developer's own rule says of itself: what it does, and how it came to a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from volunteer_points.errors import Refused
from volunteer_points.explain.templates import Lang, filled
from volunteer_points.explain.wording import Speaker
from volunteer_points.model import NO_OWN_RULES, OwnRule, OwnRules, Use

_BEHIND = "own."
"""What stands before the facts of an own rule in a step."""


@attrs.frozen
class InOwnWords:
    """How a developer's own rule came to its number; its facts one by one where the rule is not there."""

    use: Use
    own: OwnRule
    told: tuple[tuple[str, str], ...]

    def shown(self, speaker: Speaker) -> str:
        """In the words of the rule."""
        rules = NO_OWN_RULES if speaker.frame is None else speaker.frame.own_rules
        facts = {**self.own.parameters.texts, **dict(self.told)}
        try:
            template = rules.rule(self.use, self.own).explains[speaker.lang]
        except Refused:
            template = ""
        return _filled(template, facts) or _listed(self.own, self.told, speaker.lang)

    def plain(self) -> dict[str, object]:
        """The rule, its version and its facts."""
        return {"rule": self.own.rule, "version": self.own.version, "facts": dict(self.told)}


def in_own_words(use: Use, facts: Iterable[tuple[str, str]], own: OwnRule | None = None) -> InOwnWords | None:
    """What an own rule told in a step or in a hold; None where none stands behind it.

    Args:
        use: Where it stands.
        facts: Those of the step: the rule's name and version, and behind ``own.`` what it told.
        own: As the rulebook names it, with its parameters, where that is known.
    """
    said = dict(facts)
    if "version" not in said:
        return None
    told = tuple((name.removeprefix(_BEHIND), value) for name, value in said.items() if name.startswith(_BEHIND))
    return InOwnWords(use, own or OwnRule(rule=said["name"], version=said["version"]), told)


def own_description(use: Use, own: OwnRule, own_rules: OwnRules, lang: Lang) -> str:
    """What an own rule does, in its own words; its parameters one by one where it is not there."""
    try:
        template = own_rules.rule(use, own).describes[lang]
    except Refused:
        template = ""
    return _filled(template, own.parameters.texts) or _listed(own, own.parameters.texts.items(), lang)


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """The template with its facts; empty where one of them is missing."""
    try:
        return filled(template, facts)
    except KeyError:
        return ""


def _listed(own: OwnRule, facts: Iterable[tuple[str, str]], lang: Lang) -> str:
    listed = ("，" if lang == "zh" else ", ").join(f"{name} {value}" for name, value in facts)
    rule = f"自定规则 {own}" if lang == "zh" else f"own rule {own}"
    if not listed:
        return rule
    return f"{rule}（{listed}）" if lang == "zh" else f"{rule} ({listed})"
