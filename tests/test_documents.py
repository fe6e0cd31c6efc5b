"""Every code block of the documents is true: it runs, it parses, or it is of a kind listed here as not executed.

The blocks of one document are taken in order, in one empty folder with a copy of `examples/`.

- `python` runs, and all of a document's share their names. Written as a `>>>` session, its output is compared too.
- `console`: each `$ volunteer-points ...` or `$ python ...` is started as a person would start it, on a terminal 120
  columns wide. Where the block shows output, that is what must be printed; `...` stands for any text. A command that is
  meant to fail is followed by `$ echo $?` and its exit code. `$ export NAME=value` holds for what follows. The targets
  of `$ make ...` must exist. What only prepares a machine is in NOT_RUN.
- `toml` and `json` must parse. On the pages in RULES a block of TOML is a programme, or what stands under a heading
  `[[rulebooks]]`; it must load without a mistake and without a doubt.
- The kinds in NOT_EXECUTED are left alone.
- A block with `title="name"` is saved under that name first, for the commands that follow.
"""

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from volunteer_points.programme_file import look_over

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
NOT_EXECUTED = frozenset({"text", "csv", "mermaid"})
RULES = frozenset({"docs/rules.md"})
AROUND_RULES = """\
name = "社区"
zone = "Asia/Shanghai"
run_by_one = "founder"
currencies = [{ id = "points" }, { id = "coin", decimals = 1 }]
funds = [{ id = "charity" }]
activities = [
    { id = "park", name = "公园清洁" }, { id = "clinic", name = "义诊" }, { id = "blood", name = "献血" },
    { id = "referral", name = "推荐" }, { id = "absence", name = "缺席" },
]
teams = [{ id = "silver", name = "银龄", slot = "any" }]
partners = [{ id = "shop", name = "粮油店" }, { id = "clinic-room", name = "诊所" }]
structure = { label = "自由", slots = [{ id = "any" }] }
[[catalogue]]
id = "rice"
name = "大米"
partner = "shop"
prices = 20
[[catalogue]]
id = "haircut"
name = "理发"
partner = "shop"
prices = 10
[[rulebooks]]
id = "2026"
since = 2026-01-01
"""
ANY_ACCRUAL = '[[rulebooks.accruals]]\nid = "any"\nper_hour = 10\n'
NOT_RUN = frozenset({"git", "cd", "pip", "python3"})
SECONDS_FOR_A_COMMAND = 120


@attrs.frozen
class Block:
    """A code block: its language, what follows that on the fence, its text, and the line on which the text begins."""

    language: str
    options: str
    text: str
    line: int


@attrs.frozen
class Command:
    """What is typed after `$ `, the output shown under it (None when none is shown), and the exit code it must have."""

    words: str
    shown: str | None = None
    exit_code: int = 0


def documents() -> list[Path]:
    return [PROJECT / name for name in READMES] + sorted((PROJECT / "docs").rglob("*.md"))


def parsed(document: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(document.read_text("utf-8"))


def blocks(document: Path) -> Iterator[Block]:
    for token in parsed(document):
        if token.type in {"fence", "code_block"}:
            language, _, options = token.info.strip().partition(" ")
            line_above = (token.map or [0])[0] + (token.type == "fence")
            yield Block(language, options, token.content, line_above + 1)


def commands(text: str) -> list[Command]:
    """Read a console block."""
    first, *typed = re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)
    assert not first.strip(), f"a console block begins with '$ ', not with {first!r}"
    found: list[Command] = []
    for words, _, shown in (item.partition("\n") for item in typed):
        if words.strip() == "echo $?":
            found[-1] = attrs.evolve(found[-1], exit_code=int(shown))
        else:
            found.append(Command(words.strip(), shown if shown.strip() else None))
    return found


def without_trailing_space(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def agrees(shown: str, printed: str) -> bool:
    """Whether `printed` is what `shown` says, `...` standing for any text and space at line ends for nothing."""
    pattern = ".*?".join(re.escape(part) for part in without_trailing_space(shown).split("..."))
    return re.fullmatch(pattern, without_trailing_space(printed), flags=re.DOTALL) is not None


@attrs.define
class Reader:
    """Somebody who types the blocks of one document, from the first to the last, in one folder."""

    document: str
    folder: Path
    names: dict[str, object] = attrs.Factory(lambda: {"__name__": "__main__"})
    environment: dict[str, str] = attrs.Factory(lambda: {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"})

    def read(self, block: Block) -> None:
        """Do what the block says; an AssertionError, or the block's own error, says where that went wrong."""
        if title := re.search(r'title="([^"]+)"', block.options):
            (self.folder / title[1]).write_text(block.text, "utf-8")
        place = f"{self.document}:{block.line}"
        match block.language:
            case "python" if block.text.startswith(">>>"):
                self.hold_session(block, place)
            case "python":
                # The empty lines let a traceback name the line of the document.
                program = compile("\n" * (block.line - 1) + block.text, self.document, "exec")
                exec(program, self.names)  # noqa: S102 - the project's own documents
            case "console":
                for command in commands(block.text):
                    self.type_command(command, place)
            case "toml" if self.document in RULES:
                assert look_over(programme_of(block.text)) == ((), ()), place
            case "toml":
                tomllib.loads(block.text)
            case "json":
                json.loads(block.text)
            case language:
                assert language in NOT_EXECUTED, (
                    f"{place}: nobody knows how to check a block of {language or 'no language'}"
                )

    def hold_session(self, block: Block, place: str) -> None:
        session = doctest.DocTestParser().get_doctest(block.text, self.names, place, self.document, block.line - 1)
        report: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=report.append, clear_globs=False)
        self.names.update(session.globs)
        assert not report, "".join(report)

    def type_command(self, command: Command, place: str) -> None:
        program, *arguments = shlex.split(command.words)
        match program:
            case "volunteer-points":
                self.start(Path(sysconfig.get_path("scripts"), program), arguments, command, place)
            case "python":
                self.start(Path(sys.executable), arguments, command, place)
            case "export":
                for name, _, value in (argument.partition("=") for argument in arguments):
                    self.environment[name] = value
            case "make":
                missing = set(arguments) - targets_of_make()
                assert not missing, f"{place}: the Makefile has no target {missing}"
            case _:
                assert program in NOT_RUN, f"{place}: nobody knows how to check '$ {command.words}'"

    def start(self, program: Path, arguments: list[str], command: Command, place: str) -> None:
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS_FOR_A_COMMAND,
            check=False,
        )
        said = f"{place}: $ {command.words}\nexit code {done.returncode}, printed:\n{done.stdout}"
        assert done.returncode == command.exit_code, said
        assert command.shown is None or agrees(command.shown, done.stdout), (
            f"{said}\nshown in the document:\n{command.shown}"
        )


def programme_of(text: str) -> str:
    """A programme, or what stands under a rulebook with a programme around it."""
    if "zone = " in text:
        return text
    return AROUND_RULES + text + ("" if "\n[[rulebooks.accruals]]" in f"\n{text}" else ANY_ACCRUAL)


def targets_of_make() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))


def missing_targets_of_links(document: Path) -> list[str]:
    """Relative links of a document that lead to no file."""
    links = [
        urlsplit(str(child.attrs.get("href") or child.attrs.get("src")))
        for token in parsed(document)
        for child in token.children or []
        if child.type in {"link_open", "image"}
    ]
    inside = [unquote(link.path) for link in links if link.path and not link.scheme and not link.netloc]
    return [path for path in inside if not (document.parent / path).exists()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, but for the examples that come with the project."""
    if (PROJECT / "examples").exists():
        shutil.copytree(PROJECT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the documents ---


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_code_block_is_true(document: Path, folder: Path) -> None:
    reader = Reader(document.relative_to(PROJECT).as_posix(), folder)
    for block in blocks(document):
        reader.read(block)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    assert missing_targets_of_links(document) == []


@pytest.mark.parametrize("name", READMES)
def test_a_readme_shows_python_and_commands(name: str) -> None:
    assert {block.language for block in blocks(PROJECT / name)} >= {"python", "console"}


def test_the_pages_of_docs_show_something_that_runs() -> None:
    pages = [document for document in documents() if document.name not in READMES]
    assert {block.language for page in pages for block in blocks(page)} & {"python", "console"}


# --- what is not true is found ---


@pytest.mark.parametrize(
    "language, text",
    [
        ("python", "assert 2 + 2 == 5"),
        ("python", ">>> 2 + 2\n5\n"),
        ("toml", "points = "),
        ("json", "{points}"),
        ("console", "no command\n"),
        ("console", "$ rm ledger\n"),
        ("console", "$ make coffee\n"),
        ("console", "$ volunteer-points no-such-command\n"),
        ("console", "$ volunteer-points --help\n$ echo $?\n1\n"),
        ("console", "$ volunteer-points --help\nsomething else\n"),
        ("", "anything"),
        ("cobol", "anything"),
    ],
)
def test_a_block_that_is_not_true_is_found(language: str, text: str, folder: Path) -> None:
    with pytest.raises((AssertionError, ValueError)):
        Reader("page.md", folder).read(Block(language, "", text, 1))


@pytest.mark.parametrize("text", ["notice_days = -1", 'to = "nobody"', ANY_ACCRUAL + ANY_ACCRUAL.replace("any", "b")])
def test_a_rule_that_is_wrong_or_doubtful_is_found(text: str, folder: Path) -> None:
    with pytest.raises(AssertionError):
        Reader("docs/rules.md", folder).read(Block("toml", "", text, 1))


def test_blocks_are_read_in_order_with_one_set_of_names_and_one_folder(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text(
        'Words.\n\n```toml title="rates.toml"\npoints = 20\n```\n\n'
        "1. In a list:\n\n   ```python\n   points = 20\n   ```\n\n"
        "```python\n>>> points\n20\n```\n\n"
        "```python\nfrom pathlib import Path\nsaved = Path('rates.toml').read_text()\n```\n",
        "utf-8",
    )
    reader = Reader("page.md", folder)
    for block in blocks(page):
        reader.read(block)
    assert reader.names["saved"] == "points = 20\n"
    assert [(block.language, block.line) for block in blocks(page)] == [
        ("toml", 4),
        ("python", 10),
        ("python", 14),
        ("python", 19),
    ]


def test_an_error_in_a_block_names_the_line_of_the_document(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        Reader("page.md", folder).read(Block("python", "", "points = 1\npoints / 0\n", 40))
    assert caught.traceback[-1].lineno + 1 == 41


def test_a_console_block_is_read_as_commands_with_what_they_show() -> None:
    text = "$ make demo\n$ volunteer-points audit \\\n    --json\n2 findings\n\n$ echo $?\n1\n"
    assert commands(text) == [Command("make demo"), Command("volunteer-points audit      --json", "2 findings\n\n", 1)]


@pytest.mark.parametrize(
    "shown, printed, expected",
    [
        ("3 available\n", "3 available  \n\n", True),
        ("3 available\n", "30 available\n", False),
        ("3 available", "3 available\n20 held\n", False),
        ("first\n...\nlast", "first\nsecond\nthird\nlast\n", True),
        ("first\n...\nlast", "first\nsecond\n", False),
        ("key ...: 3 points", "key 8f1c: 3 points", True),
        ("a.c", "abc", False),
    ],
)
def test_shown_output_agrees_with_what_was_printed(shown: str, printed: str, *, expected: bool) -> None:
    assert agrees(shown, printed) is expected


def test_a_link_that_leads_nowhere_is_found(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text(
        "[itself](page.md#top) [gone](gone.md) ![picture](gone.png) [elsewhere](https://example.org/x)", "utf-8"
    )
    assert missing_targets_of_links(page) == ["gone.md", "gone.png"]
