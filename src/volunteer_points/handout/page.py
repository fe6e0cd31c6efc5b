"""The page itself, as Markdown and as HTML; the hash of the rulebook stands at its end."""

from __future__ import annotations

import re

from volunteer_points.commands import Definition
from volunteer_points.explain import Lang
from volunteer_points.handout.sentences import Section, phrases, sections
from volunteer_points.model import NO_OWN_RULES, OwnRules
from volunteer_points.rules import Rulebook

_MARKS = re.compile(r"([\\`*_\[\]<>#|])")

_TEMPLATE = """\
<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 1.05rem/1.7 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #222;
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.2rem; margin: 1.6rem 0 .3rem; border-bottom: 2px solid #c33; }
.when { color: #555; margin-top: .2rem; }
ul { margin: 0; padding-left: 1.3rem; }
.clause { color: #777; font-size: .9em; }
footer { margin-top: 2rem; border-top: 1px solid #ccc; color: #777; font-size: .8rem; overflow-wrap: anywhere; }
@media print { body { margin: 0; } }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="when">{{ when }}</p>
{% for section in sections %}<h2>{{ section.title }}</h2>
<ul>
{% for each in section.sentences %}<li>{{ each.text }}{% if each.clause %} \
<span class="clause">（{{ each.clause }}）</span>{% endif %}</li>
{% endfor %}</ul>
{% endfor %}<footer>{{ proof }}</footer>
</body>
</html>
"""


def markdown(definition: Definition, rulebook: Rulebook, lang: Lang, own_rules: OwnRules = NO_OWN_RULES) -> str:
    """A rulebook of a programme as a page in Markdown."""
    title, when, parts, proof = _parts(definition, rulebook, lang, own_rules)
    lines = [f"# {_plain(title)}", "", _plain(when)]
    for section in parts:
        lines += ["", f"## {_plain(section.title)}", ""]
        for each in section.sentences:
            lines.append(f"- {_plain(each.whole)}")
    return "\n".join([*lines, "", "---", "", _plain(proof), ""])


def html(definition: Definition, rulebook: Rulebook, lang: Lang, own_rules: OwnRules = NO_OWN_RULES) -> str:
    """A rulebook of a programme as a page in HTML that needs nothing from elsewhere.

    Raises:
        ImportError: Jinja2 is not installed; it comes with the extra ``reports``.
    """
    from jinja2 import Environment  # noqa: PLC0415 - an extra

    title, when, parts, proof = _parts(definition, rulebook, lang, own_rules)
    template = Environment(autoescape=True).from_string(_TEMPLATE)
    language = "zh-CN" if lang == "zh" else "en"
    return template.render(lang=language, title=title, when=when, sections=parts, proof=proof)


def _parts(
    definition: Definition, rulebook: Rulebook, lang: Lang, own_rules: OwnRules
) -> tuple[str, str, tuple[Section, ...], str]:
    """Title, days, sections and the line that proves which version it is."""
    say = phrases(definition, lang, own_rules)
    title = f"{definition.name} · {rulebook.title or rulebook.id}"
    until = say.pick(f" up to {rulebook.until}", f"，{rulebook.until} 前有效") if rulebook.until else ""
    when = say.pick(f"In force from {rulebook.since}{until}.", f"自 {rulebook.since} 起施行{until}。")
    if rulebook.retroactive:
        reason = rulebook.retroactive_reason
        when += say.pick(f" It reaches back: {reason}", f"追溯施行：{reason}")
    proof = say.pick(f"Version {rulebook.id}, SHA-256 {rulebook.hash}", f"版本 {rulebook.id}，SHA-256 {rulebook.hash}")
    return title, when, sections(rulebook, say, definition), proof


def _plain(text: str) -> str:
    """The text as Markdown shows it, whatever stands in it, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
