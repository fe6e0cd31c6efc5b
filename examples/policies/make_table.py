# ruff: noqa: INP001 - a script beside the files it reads
"""Writes docs/policies.md: for every provision of the schemes, where its programme file says it and what tries it.

Run it with ``python examples/policies/make_table.py``; it writes the same bytes each time.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from volunteer_points.testing.cases import CasesFile, read_cases

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "policies.md"

HEAD = """\
# Published schemes as programme files

{schemes} schemes that communities, towns and platforms have published, each as a programme file and a file of cases
under `examples/policies/`. A programme file tells the scheme's provisions in its own comments and names under
`assumptions` what the text leaves open, with the switch that decides it. A case plays people, service and redemptions
on a real ledger in memory and says what must come of it; a reading in brackets is another way to understand a silent
text.

Of {provisions} provisions that compute, allow or describe a process, {said} are said by the files and {not_said} are
not expressible. {cases} cases try them. `python examples/policies/make_table.py` makes this page.
"""


def schemes() -> list[dict[str, Any]]:
    """The schemes with their sources and provisions: number, what it is for, and its kind."""
    found: list[dict[str, Any]] = json.loads((HERE / "provisions.json").read_text("utf-8"))
    return found


def files() -> dict[str, CasesFile]:
    """The case files by scheme."""
    names = [path.name.removesuffix(".cases.toml") for path in sorted(HERE.glob("*.cases.toml"))]
    return {name: read_cases((HERE / f"{name}.cases.toml").read_text("utf-8")) for name in names}


def not_expressible() -> Mapping[str, Mapping[str, str]]:
    """By scheme and number of the provision: why no programme file can say it."""
    return tomllib.loads((HERE / "not-expressible.toml").read_text("utf-8"))


def page() -> str:
    """The text of the page."""
    known, reasons = files(), not_expressible()
    rows = [line for scheme in schemes() for line in _section(scheme, known, reasons.get(scheme["id"], {}))]
    total = sum(len(scheme["provisions"]) for scheme in schemes())
    not_said = sum(map(len, reasons.values()))
    head = HEAD.format(
        schemes=len(schemes()),
        provisions=total,
        said=total - not_said,
        not_said=not_said,
        cases=sum(len(file.cases) for file in known.values()),
    )
    return "\n".join([head, *rows])


def _section(scheme: dict[str, Any], known: dict[str, CasesFile], reasons: Mapping[str, str]) -> Iterator[str]:
    name, file = scheme["id"], known.get(scheme["id"])
    yield f"## {name}\n"
    source = f" ([source]({scheme['url']}))" if scheme["url"] else ""
    yield f"{scheme['name']}{source}: `{name}.toml`, `{name}.cases.toml`\n"
    yield "| provision | where the file says it | cases |\n| --- | --- | --- |"
    for number, purpose, kind in scheme["provisions"]:
        places = "<br>".join(f"`{place}`" for place in (file.places.get(number, ()) if file else ()))
        cases = [case for case in (file.cases if file else ()) if number in case.provisions]
        titles = "<br>".join(
            f"{case.number}. {case.title}" + f" [{case.reading}]" * bool(case.reading) for case in cases
        )
        if str(number) in reasons:
            places = f"not expressible, because {reasons[str(number)]}"
        yield f"| {number} {kind.replace('_', ' ')} ({purpose}) | {places} | {titles.replace('|', '/')} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
