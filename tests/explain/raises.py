"""Every place in the source at which an error is made, and what is missing for it to be told."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import attrs

from volunteer_points.cli.words import SENTENCES as CLI_SENTENCES
from volunteer_points.exchange.words import _WORDS as ROW_REFUSALS
from volunteer_points.explain.error_words import ERRORS
from volunteer_points.explain.refusals import in_chinese
from volunteer_points.explain.store_words import REGISTER_IN_CHINESE
from volunteer_points.people.errors import SENTENCES as REGISTER_SENTENCES

SOURCE = Path(__file__).parents[2] / "src" / "volunteer_points"

SPEAK_FOR_THEMSELVES = {"SheetUnreadable", "CellUnreadable", "ProgrammeFileInvalid"}
"""Errors that bring their own words; the tests of their packages hold them to it, but for the Chinese of the file."""

OWN_WORDS = {"cli": set(CLI_SENTENCES), "exchange": set(ROW_REFUSALS)}
"""Codes of which a package tells in both languages by itself, where it makes them."""

NAMED_ELSEWHERE: Mapping[tuple[str, str], Mapping[str, set[str]]] = {
    # where a raise does not name its code: the codes that it can have, and the facts that each brings
    ("decisions/case.py", "code"): {},  # `refuse` itself; those who call it are found
    ("decisions/redemption.py", "code[status]"): {
        code: {"redemption", "at", "by"} for code in ("already_collected", "already_cancelled", "already_lapsed")
    },
    ("people/database.py", "code"): {"person_unknown": {"person_id"}, "text_unknown": {"seal"}},
    ("people/particulars.py", "code"): {
        code: {"shown", "count", "candidate_ids", "candidates"}
        for code in ("match_needs_name_or_phone", "match_unknown", "match_ambiguous", "match_phone_differs")
    },
    ("storage/connections.py", "error.code"): {},  # a Busy that was made elsewhere, told again
    ("storage/journal.py", "error.code"): {"unreadable_entry": {"line", "problem", "starts", "fix"}},
    ("storage/mysql.py", "code"): {
        code: {"problem", "number", "fix"} for code in ("floor_passed", "contradicts_what_is_stored")
    },
    ("storage/mysql.py", "kind(code)"): {},
    ("storage/sqlite.py", "code"): {
        code: {"problem", "sqlite", "fix"} for code in ("floor_passed", "contradicts_what_is_stored")
    },
    ("storage/sqlite.py", "kind(code)"): {},
    ("storage/postgresql.py", "code"): {
        code: {"problem", "sqlstate", "fix"} for code in ("floor_passed", "contradicts_what_is_stored")
    },
    ("storage/postgresql.py", "kind(code)"): {},
    ("audit/integrity.py", "problem.code"): {},  # says again what the journal said
}
"""Raises whose code is not written where they stand."""

SPREAD = {
    "person_already_known": {"position", "shown"},
    "person_twice": {"position", "shown"},
    "leaf_differs": {"line", "expected", "found"},
    "commit_broken": {"expected", "found"},
    "not_a_journal": {"begins", "looks_like"},
    "condition_unmet": {"volunteer", "item"},
}
"""What is behind `**facts` where facts are spread, by code."""


@attrs.frozen
class Raised:
    """One place at which an error is made: its code, the facts it names, and the remedy it brings."""

    place: str
    code: str
    facts: frozenset[str]
    fix: str | None
    """None when it brings none, blank when it cannot be read from the source."""


def error_classes(trees: Mapping[str, ast.Module]) -> set[str]:
    """The names of all classes of errors, by following their bases."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"VolunteerPointsError"}
    while more := {name for name, own in bases.items() if own & found} - found:
        found |= more
    return found


def raised_in(trees: Mapping[str, ast.Module]) -> Iterator[Raised]:
    """Every place at which an error is made."""
    classes = error_classes(trees) - SPEAK_FOR_THEMSELVES
    for path, tree in trees.items():
        if path.startswith("testing/"):
            continue  # what the kit finds is told to developers
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            if node.func.id in classes or (node.func.id == "refuse" and path.startswith("decisions/")):
                yield from _raised(path, node)


def _raised(path: str, node: ast.Call) -> Iterator[Raised]:
    place = f"{path}:{node.lineno}"
    facts = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    spread = any(keyword.arg is None for keyword in node.keywords)
    fixes = [keyword.value for keyword in node.keywords if keyword.arg == "fix"]
    fix = (str(fixes[0].value) if isinstance(fixes[0], ast.Constant) else "") if fixes else None
    match node.args[0]:
        case ast.Constant(value=str() as code):
            yield Raised(place, code, frozenset(facts | SPREAD.get(code, set()) if spread else facts), fix)
        case unnamed:
            key = (path, ast.unparse(unnamed))
            assert key in NAMED_ELSEWHERE, f"{place}: say in NAMED_ELSEWHERE which codes this raise can have"
            for code, own in NAMED_ELSEWHERE[key].items():
                yield Raised(place, code, frozenset(own), "" if "fix" in own else None)


@cache
def source_trees() -> Mapping[str, ast.Module]:
    """Every module of the package, by its path below it."""
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}


@cache
def raised_in_the_source() -> tuple[Raised, ...]:
    """Every place in the package at which an error is made."""
    return tuple(raised_in(source_trees()))


def codes_from_databases() -> set[str]:
    """The codes that the errors of databases become, which stand in tables of class, code and remedy."""
    return {
        str(node.elts[1].value)
        for family in ("sqlite", "postgresql", "mysql")
        for node in ast.walk(source_trees()[f"storage/{family}.py"])
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.elts[1], ast.Constant)
        if isinstance(node.elts[0], ast.Name) and node.elts[0].id in {"StoreError", "Busy", "Corrupt", "Misconfigured"}
    }


def has_own_words(raised: Raised) -> bool:
    """Whether the package that makes the error tells it by itself."""
    return raised.code in OWN_WORDS.get(raised.place.partition("/")[0], ())


def wordless(raised: Raised) -> list[str]:
    """What is missing for an error to be told in both languages."""
    if has_own_words(raised):
        return []
    if raised.code in REGISTER_IN_CHINESE:
        return [] if raised.code in REGISTER_SENTENCES else [f"{raised.place}: {raised.code} has no English words"]
    words = ERRORS.get(raised.code)
    if words is None:
        return [f"{raised.place}: {raised.code} has no words in explain"]
    found = []
    if raised.fix is None and not (words.remedy_en and words.remedy_zh):
        found.append(f"{raised.place}: {raised.code} has no remedy in both languages")
    if raised.fix and not in_chinese(raised.fix) and not words.remedy_zh:
        found.append(f"{raised.place}: no Chinese for {raised.fix!r}; add it to REMEDIES")
    if raised.fix == "" and not words.remedy_zh:
        found.append(f"{raised.place}: the remedy of {raised.code} cannot be read; give its words a remedy_zh")
    always = words.sentence.places()[0] | words.remedy.places()[0]
    if missing := always - raised.facts:
        found.append(f"{raised.place}: {raised.code} does not bring {sorted(missing)}, which its words name")
    return found
