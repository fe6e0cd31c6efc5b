"""The shape of the house: arrows point one way, the core is pure, functions are short, public names are in order.

Each check is a function from a module's text to its findings. The first tests hold the package to the checks; the later
ones show each check a small bad source and expect the finding.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import attrs
import pytest

PACKAGE = "volunteer_points"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE

# Each room of the house and the rooms it may import from. A room is a module or a folder directly in the package;
# `__init__` is the face of the package. A room may name only rooms above it, so the arrows cannot form a ring.
LAYERS = {
    "errors": "",
    "canonical": "errors",
    "model": "errors canonical",
    "rules": "errors canonical model",
    "postings": "",
    "entries": "errors canonical model rules postings",
    "commands": "errors canonical model rules",
    "books": "errors canonical model rules postings entries",
    "decisions": "errors canonical model rules postings entries commands books",
    "ledger": "errors canonical model rules postings entries",
    "merkle": "errors",
    "sealing": "errors canonical entries ledger merkle",
    "storage": "errors canonical postings entries books ledger merkle sealing",
    "explain": "errors canonical model rules postings entries books decisions",
    "programme": "errors canonical model rules postings entries commands books decisions ledger sealing storage "
    "explain",
    "asynchronous": "errors model entries ledger programme storage",
    "installed": "errors model",
    "__init__": "errors model rules postings entries commands storage programme",
    "programme_file": "errors canonical model rules commands decisions",
    "handout": "errors canonical model rules commands explain",
    "presets": "",
    "people": "errors canonical model",
    "audit": "errors canonical model rules postings entries books decisions ledger merkle sealing storage",
    "what_if": "errors canonical model rules postings entries commands books decisions ledger audit",
    "exchange": "errors canonical model rules postings entries commands books decisions programme people explain",
    "demo": "errors canonical model rules postings entries commands books decisions ledger storage explain programme "
    "programme_file presets people audit exchange",
    "cli": "errors canonical model rules postings entries commands books decisions sealing storage explain programme "
    "programme_file handout presets people audit what_if exchange demo installed __init__",
    "testing": "errors canonical model rules postings entries commands books decisions ledger merkle sealing storage "
    "explain programme programme_file presets people audit what_if exchange",
}

# The core computes: the same arguments give the same entries on every machine and at every hour.
CORE = frozenset({"errors", "canonical", "model", "rules", "postings", "entries", "books", "commands"})
CORE |= {"decisions", "ledger", "merkle"}
# What the core may import from elsewhere. A module belongs here if it reads no clock, randomness, file or network.
PURE_IMPORTS = (
    "__future__ abc attrs base64 bisect cattrs collections datetime decimal difflib enum fractions functools hashlib "
    "heapq itertools json math operator re string struct types typing unicodedata zoneinfo"
)
IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "compile", "breakpoint", "__import__"})
CLOCKS = frozenset({"now", "today", "utcnow"})
FLOAT_METHODS = frozenset({"timestamp", "total_seconds", "fromtimestamp", "utcfromtimestamp"})

LINES_IN_A_FUNCTION = 50
LINES_IN_A_MODULE = 600

BANNED_SUFFIXES = ("Manager", "Handler", "Helper", "Processor", "Service", "Info", "Data")
BANNED_MODULES = frozenset({"util", "utils", "common", "misc", "helper", "helpers", "manager", "handler", "handlers"})

NOT_FOR_THE_FACE = ("sqlalchemy", "click", "rich", "hypothesis", "pytest", "openpyxl", "psycopg", "pymysql", "alembic")


@attrs.frozen
class Module:
    """A module of the package: its path below the package and its text."""

    path: str
    text: str

    @property
    def parts(self) -> list[str]:
        return self.path.removesuffix(".py").split("/")

    @property
    def room(self) -> str:
        return self.parts[0]

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def finding(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


def modules() -> list[Module]:
    return [
        Module(path.relative_to(SOURCE).as_posix(), path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))
    ]


def rooms() -> set[str]:
    folders = {path.name for path in SOURCE.iterdir() if any(child.is_file() for child in path.glob("*"))}
    return folders - {"__pycache__"} | {path.stem for path in SOURCE.glob("*.py")}


# --- the checks ---


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Each import and the full dotted name it brings; a relative one is resolved from the module's place."""
    folder = [PACKAGE, *module.parts[:-1]]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stem = folder[: len(folder) + 1 - node.level] if node.level else []
            origin = [*stem, *(node.module or "").split(".")]
            yield from ((node, ".".join(filter(None, [*origin, alias.name]))) for alias in node.names)


def arrows_that_are_not_allowed(module: Module) -> list[str]:
    allowed = LAYERS.get(module.room)
    if allowed is None:
        return [f"{module.path}:1: {module.room} has no row in LAYERS; add one that names the rooms it may import from"]
    findings = []
    for node, name in imports(module):
        top, _, rest = name.partition(".")
        if top != PACKAGE:
            continue
        first = rest.partition(".")[0]
        target = first if first in LAYERS else "__init__"
        if target not in {module.room, *allowed.split()}:
            findings.append(
                module.finding(node, f"{module.room} may not import {name}; LAYERS allows it: {allowed or 'nothing'}")
            )
    return findings


def impurities(module: Module) -> list[str]:
    findings = [
        module.finding(node, f"the core imports {name}, which is not in PURE_IMPORTS")
        for node, name in imports(module)
        if name.partition(".")[0] not in {PACKAGE, *PURE_IMPORTS.split()}
    ]
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                findings.append(module.finding(node, f"the core calls {name}()"))
            case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
                findings.append(module.finding(node, "astimezone() without a zone takes the machine's"))
            case ast.Attribute(attr=name) if name in CLOCKS:
                findings.append(module.finding(node, f"the core reads a clock: .{name}"))
            case _:
                pass
    return findings


def floats(module: Module) -> list[str]:
    findings = []
    for node in ast.walk(module.tree):
        match node:
            case ast.Constant(value=float() | complex() as value):
                findings.append(module.finding(node, f"float literal {value}"))
            case ast.Call(func=ast.Name(id="float")):
                findings.append(module.finding(node, "call of float()"))
            case ast.Call(func=ast.Attribute(attr=name)) if name in FLOAT_METHODS:
                findings.append(module.finding(node, f".{name}() works in floats; divide by a timedelta instead"))
            case _:
                pass
    return findings


def lengths(module: Module) -> list[str]:
    findings = []
    if (lines := len(module.text.splitlines())) > LINES_IN_A_MODULE:
        findings.append(f"{module.path}:1: {lines} lines, {LINES_IN_A_MODULE} at most")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node, clean=False) is not None
            body = node.body[1:] if documented else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > LINES_IN_A_FUNCTION:
                findings.append(module.finding(node, f"{node.name} has {length} lines, {LINES_IN_A_FUNCTION} at most"))
    return findings


def missing_docstrings(module: Module) -> list[str]:
    tree = module.tree
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]
    without = [node for node in [tree, *public] if not ast.get_docstring(node)]
    return [module.finding(node, f"{getattr(node, 'name', 'the module')} has no docstring") for node in without]


def banned_names(module: Module) -> list[str]:
    findings = [
        f"{module.path}:1: a module named {part} says nothing" for part in module.parts if part in BANNED_MODULES
    ]
    return findings + [
        module.finding(node, f"class {node.name}: name it for what it is in the glossary")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_SUFFIXES)
    ]


def disorder_of_public_names(module: Module) -> list[str]:
    """What is wrong with `__all__`: it must be one literal list: constants, classes, functions, each in order."""
    match [node.value for node in module.tree.body if isinstance(node, ast.Assign) and names_all(node)]:
        case [ast.List() | ast.Tuple() as value]:
            names = [str(ast.literal_eval(item)) for item in value.elts]
        case _:
            return [f"{module.path}:1: one literal __all__ is expected"]
    expected = sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    return [] if names == expected else [f"{module.path}:1: __all__ should read {expected}"]


def names_all(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)


def findings_in(check: Callable[[Module], list[str]], *, core_only: bool = False) -> list[str]:
    return [finding for module in modules() if not core_only or module.room in CORE for finding in check(module)]


# --- the package holds to them ---


def test_the_table_of_layers_names_the_rooms_of_the_tree_and_no_others() -> None:
    assert rooms() == set(LAYERS)


def test_a_room_may_import_only_rooms_above_it() -> None:
    above: list[str] = []
    for room, allowed in LAYERS.items():
        assert set(allowed.split()) <= set(above), f"the row of {room} points down or at a room that is not there"
        above.append(room)


def test_nothing_imports_the_test_kit() -> None:
    assert [room for room, allowed in LAYERS.items() if "testing" in allowed.split()] == []


def test_arrows_point_one_way() -> None:
    assert findings_in(arrows_that_are_not_allowed) == []


def test_the_core_reads_no_clock_randomness_file_or_network() -> None:
    assert {room for core in CORE for room in LAYERS[core].split()} <= CORE
    assert findings_in(impurities, core_only=True) == []


def test_the_core_has_no_floats() -> None:
    assert findings_in(floats, core_only=True) == []


def test_functions_and_modules_are_short() -> None:
    assert findings_in(lengths) == []


def test_public_modules_classes_and_functions_say_what_they_mean() -> None:
    assert findings_in(missing_docstrings) == []


def test_names_come_from_the_glossary() -> None:
    assert findings_in(banned_names) == []


def test_the_public_names_are_listed_in_order() -> None:
    assert disorder_of_public_names(Module("__init__.py", (SOURCE / "__init__.py").read_text("utf-8"))) == []


def test_importing_the_package_loads_no_optional_part_and_no_database() -> None:
    used = f"[getattr({PACKAGE}, name) for name in {PACKAGE}.__all__]"  # each is loaded when it is first used
    program = f"import sys, {PACKAGE}; {used}; print({PACKAGE}.__file__, *sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    face, *loaded = done.stdout.splitlines()
    assert Path(face) == SOURCE / "__init__.py"
    assert set(loaded) & set(NOT_FOR_THE_FACE) == set()


def test_every_name_of_the_face_is_there_and_no_other() -> None:
    package = import_module(PACKAGE)
    assert set(package.__all__) <= set(dir(package))
    assert all(getattr(package, name).__name__ == name for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Managers'"):
        package.Managers  # noqa: B018 - asking is what fails


# --- each check can fail ---


def check_finds(findings: list[str], expected: list[str]) -> None:
    assert len(findings) == len(expected), findings
    for finding, words in zip(findings, expected, strict=True):
        assert words in finding


@pytest.mark.parametrize(
    "path, text, expected",
    [
        ("model.py", "from volunteer_points.books import Books", ["model may not import volunteer_points.books.Books"]),
        ("model.py", "import volunteer_points.cli.main", ["model may not import volunteer_points.cli.main"]),
        ("model.py", "def late():\n    from volunteer_points import books", ["model may not import"]),
        ("model.py", "if TYPE_CHECKING:\n    from .rules import Rule", ["may not import volunteer_points.rules.Rule"]),
        ("audit/checks.py", "from ..programme import Order", ["audit may not import volunteer_points.programme.Order"]),
        ("audit/__init__.py", "from ..cli import main", ["audit may not import volunteer_points.cli.main"]),
        ("rules.py", "from volunteer_points import Programme", ["rules may not import volunteer_points.Programme"]),
        ("loyalty.py", "", ["loyalty has no row in LAYERS"]),
        ("audit/checks.py", "from volunteer_points import books\nfrom . import report\nimport json", []),
    ],
)
def test_an_arrow_that_points_back_is_found(path: str, text: str, expected: list[str]) -> None:
    check_finds(arrows_that_are_not_allowed(Module(path, text)), expected)


@pytest.mark.parametrize(
    "text, expected",
    [
        *[(f"import {name}", ["not in PURE_IMPORTS"]) for name in ("time", "random", "uuid", "secrets", "os", "io")],
        ("from pathlib import Path", ["the core imports pathlib.Path"]),
        ("from sqlalchemy import select", ["the core imports sqlalchemy.select"]),
        ("print()\nopen(name)", ["calls print()", "calls open()"]),
        ("default = datetime.now", ["reads a clock: .now"]),
        ("date.today()", ["reads a clock: .today"]),
        ("dt.datetime.utcnow()", ["reads a clock: .utcnow"]),
        ("moment.astimezone()", ["takes the machine's"]),
        ("from datetime import datetime\nmoment.astimezone(zone)\nentry.open()", []),
    ],
)
def test_an_impurity_in_the_core_is_found(text: str, expected: list[str]) -> None:
    check_finds(impurities(Module("books.py", text)), expected)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("rate = 0.5", ["float literal 0.5"]),
        ("rate = 1e3j", ["float literal 1000j"]),
        ("float(points)", ["call of float()"]),
        ("served.total_seconds()", ["works in floats"]),
        ("isinstance(value, float)\nminutes = served // timedelta(minutes=1)", []),
    ],
)
def test_a_float_in_the_core_is_found(text: str, expected: list[str]) -> None:
    check_finds(floats(Module("rules.py", text)), expected)


@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_a_function_is_measured_without_its_docstring(keyword: str) -> None:
    docstring = '    """What it means.\n' + "\n" * 60 + '    """\n'
    longest = f"{keyword} decide():\n{docstring}" + "    step()\n" * LINES_IN_A_FUNCTION
    check_finds(lengths(Module("decisions.py", longest)), [])
    check_finds(lengths(Module("decisions.py", longest + "    step()\n")), ["decide has 51 lines, 50 at most"])


def test_a_module_is_measured_whole() -> None:
    longest = "#\n" * LINES_IN_A_MODULE
    check_finds(lengths(Module("decisions.py", longest)), [])
    check_finds(lengths(Module("decisions.py", longest + "#\n")), ["601 lines, 600 at most"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", ["the module has no docstring"]),
        ("'''Words.'''\nclass Award: ...\ndef award(): ...", ["Award has no docstring", "award has no docstring"]),
        ("'''Words.'''\nclass _Award: ...\ndef _award(): ...", []),
    ],
)
def test_a_missing_docstring_is_found(text: str, expected: list[str]) -> None:
    check_finds(missing_docstrings(Module("entries.py", text)), expected)


@pytest.mark.parametrize(
    "path, text, expected",
    [
        *[("model.py", f"class Point{suffix}: ...", [f"class Point{suffix}"]) for suffix in BANNED_SUFFIXES],
        ("util.py", "", ["a module named util"]),
        ("storage/helpers.py", "", ["a module named helpers"]),
        ("storage/sql.py", "class Handled: ...", []),
    ],
)
def test_a_name_that_says_nothing_is_found(path: str, text: str, expected: list[str]) -> None:
    check_finds(banned_names(Module(path, text)), expected)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", ["one literal __all__"]),
        ("__all__ = ['Held']\n__all__ = []", ["one literal __all__"]),
        ("__all__ = sorted(names)", ["one literal __all__"]),
        ('__all__ = ["Held", "Awarded"]', ["should read ['Awarded', 'Held']"]),
        ('__all__ = ["Held", "Held"]', ["should read ['Held']"]),
        ('__all__ = ["VERSION", "Awarded", "Held", "decide"]', []),
    ],
)
def test_public_names_out_of_order_are_found(text: str, expected: list[str]) -> None:
    check_finds(disorder_of_public_names(Module("__init__.py", text)), expected)
