"""What is typed and how it is answered: times, words, keys, help, exit codes, and the terminal itself."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.community import CHINESE, LEDGER, Community
from volunteer_points.cli.app import SECTIONS, app
from volunteer_points.cli.layout import columns, wrapped
from volunteer_points.cli.readings import read_amount, read_day, read_end, read_instant
from volunteer_points.cli.reference import PAGES, page
from volunteer_points.cli.verbs import Bilingual, Option, Verbs, remember_language
from volunteer_points.cli.words import SENTENCES, language_of_arguments, language_of_environment
from volunteer_points.errors import InputError
from volunteer_points.model import Calendar, Currency

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PROGRAM = str(Path(sysconfig.get_path("scripts"), "volunteer-points"))
SHANGHAI, BERLIN = Calendar(zone="Asia/Shanghai"), Calendar(zone="Europe/Berlin")


def verbs() -> Iterator[tuple[str, Bilingual]]:
    """Every command with its path."""
    with click.Context(app, info_name="volunteer-points") as context:
        for name in app.list_commands(context):
            command = app.get_command(context, name)
            assert isinstance(command, Bilingual), name
            if isinstance(command, Verbs):
                yield from ((f"{name} {each}", found) for each, found in command.commands.items())  # type: ignore[misc]
            else:
                yield name, command


VERBS = dict(verbs())


# --- times, amounts ---


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-03-14 09:00", "2026-03-14T01:00"),
        ("2026-03-14T09:00", "2026-03-14T01:00"),
        ("2026/3/14 9:00", "2026-03-14T01:00"),
        ("2026年3月14日 下午2：05", "2026-03-14T06:05"),
        ("2026-03-14T09:00:30", "2026-03-14T01:00:30"),
        ("2026-03-14T09:00+09:00", "2026-03-14T00:00"),
        ("2026-03-14T01:00Z", "2026-03-14T01:00"),
    ],
)
def test_a_time_is_read_on_the_programmes_clock_unless_it_names_its_zone(text: str, expected: str) -> None:
    assert read_instant(text, SHANGHAI) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "noon", "09:00", "2026-02-30 09:00", "14.3.2026 09:00", "9999999999", "2026-03-14 25:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError) as error:
        read_instant(text, SHANGHAI)
    assert (error.value.code, error.value.facts["value"]) == ("not_an_instant", text)


@pytest.mark.parametrize("text, times", [("2026-03-29 02:30", 0), ("2026-10-25 02:30", 2)])
def test_a_time_that_the_clock_shows_never_or_twice_needs_its_zone(text: str, times: int) -> None:
    with pytest.raises(InputError) as error:
        read_instant(text, BERLIN)
    assert (error.value.code, error.value.facts["times"]) == ("time_twice_or_never", times)
    assert read_instant("2026-10-25T02:30+01:00", BERLIN).astimezone(UTC).hour == 1


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - a wall clock
def test_what_is_read_shows_as_it_was_typed(wall: datetime) -> None:
    typed = wall.replace(microsecond=0, fold=0)
    assert SHANGHAI.local(read_instant(typed.isoformat(), SHANGHAI)).replace(tzinfo=None) == typed


def test_an_end_without_a_day_is_on_the_day_of_the_begin() -> None:
    begin = read_instant("2026-03-14 22:00", SHANGHAI)
    for text, expected in (("23:30", "14 23:30"), ("次日 01:00", "15 01:00"), ("2026-03-15 02:00", "15 02:00")):
        assert f"{SHANGHAI.local(read_end(text, begin, SHANGHAI)):%d %H:%M}" == expected


@pytest.mark.parametrize("text", ["tomorrow", "", "2026-13-01", "14"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a day"):
        read_day(text)


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_an_amount_is_read_as_it_is_shown(amount: int, decimals: int) -> None:
    currency = Currency(id="points", decimals=decimals)
    assert read_amount(currency.shown(amount), currency) == amount


@pytest.mark.parametrize("text", ["1.25", "one", "", "1,5", "1/3", "nan", "1e400x"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError) as error:
        read_amount(text, Currency(id="points", decimals=1))
    assert error.value.code == "not_an_amount"


# --- words ---


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "VOLUNTEER_POINTS_LANG": "zh"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_TW"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_person_at_the_keyboard(environment: Mapping[str, str], expected: str) -> None:
    assert language_of_environment(environment) == expected


def test_the_language_of_a_line_that_makes_no_sense_is_still_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLUNTEER_POINTS_LANG", "en")
    assert language_of_arguments(["nonsense", "--lang", "zh"]) == "zh"
    assert language_of_arguments(["nonsense", "--lang=zh"]) == "zh"
    assert language_of_arguments(["nonsense", "--lang", "fr"]) == "en"


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_has_the_same_facts_in_both_languages(code: str) -> None:
    english, chinese = SENTENCES[code]
    names = {name: f"<{name}>" for name in ("place", "command", "reason", "value", "count", "candidates", "noun")}
    names |= {name: f"<{name}>" for name in ("nearest", "known", "zone", "times", "decimals", "currency", "presets")}
    names |= {name: f"<{name}>" for name in ("redemption", "status", "held_until", "begins", "ends", "kind", "group")}
    facts = [{name for name, shown in names.items() if shown in text.format_map(names)} for text in (english, chinese)]
    assert facts[0] - {"currency"} == facts[1] - {"currency"}
    assert not CHINESE.search(english)
    assert CHINESE.search(chinese)


# --- help ---


@pytest.mark.parametrize("name", VERBS)
def test_help_is_complete_in_both_languages(name: str) -> None:
    command = VERBS[name]
    assert not CHINESE.search(command.said("en"))
    assert CHINESE.search(command.said("zh"))
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert isinstance(parameter, Option), parameter.name
            assert parameter.help, parameter.name
            assert CHINESE.search(parameter.zh), parameter.name
            assert not CHINESE.search(parameter.help), parameter.name


@pytest.mark.parametrize("name", VERBS)
def test_every_example_can_be_typed(name: str) -> None:
    command = VERBS[name]
    assert command.examples, "a command without an example"
    for example in command.examples:
        program, *words = shlex.split(example.partition(" | ")[0])
        assert [program, *words[: len(name.split())]] in (
            [PROGRAM, *name.split()],
            ["volunteer-points", *name.split()],
        ) or (name == "stock list" and words == ["stock"])
        command.make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize("name", VERBS)
def test_every_command_has_the_same_options_and_those_that_write_take_a_key(name: str) -> None:
    flags = {flag for parameter in VERBS[name].params for flag in parameter.opts}
    assert {"--ledger", "--people", "--actor", "--lang", "--json", "--at"} <= flags


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_fits_a_terminal_in_both_languages(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, command in VERBS.items():
        context = command.context_class(command, info_name=f"volunteer-points {name}", terminal_width=80)
        remember_language(context, language)
        for line in command.get_help(context).splitlines():
            assert columns(line) <= 80 or line.strip().startswith("volunteer-points"), (name, line)


def test_the_reference_pages_are_those_of_the_commands() -> None:
    for language, name in PAGES.items():
        written = (DOCS / name).read_text("utf-8")
        assert written == page(language), f"write it anew: python -m volunteer_points.cli.reference {DOCS.name}"


def test_a_line_alone_shows_the_help(empty: Community) -> None:
    told = empty.run(at=None)
    assert told.check(0).out == empty.run("--help", at=None).out
    assert all(name in told.out for section in SECTIONS.values() for name in section)
    assert empty.run("--help", lang="zh", at=None).out.startswith("用法：volunteer-points [选项] 命令")
    stock = empty.run("stock", "--lang", "zh", "--help", at=None).check(0).out
    assert stock.startswith("用法：volunteer-points stock [选项] 命令")
    assert empty.run("--version", at=None).check(0).out.startswith("volunteer-points 0")


@given(st.text(st.sampled_from("ab 大米。，（ "), max_size=40), st.integers(4, 20))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert columns(line) <= width or len(wrapped(line, width)) == 1


# --- keys ---


@pytest.mark.parametrize(
    "words, actor",
    [
        ("record Ann --activity park --begin 2026-03-10T09:00 --end 10:00", "leader"),
        ("join Ann menders", "clerk"),
        ("leave Ann", "clerk"),
        ("stock receive rice 3", "shop"),
        ("stock write-off rice 1 --reason torn --note because", "shop"),
        ("stock count rice 9 --reason counted", "shop"),
        ("adjust Ann --give 5 --requested-by founder-b --reason missed --note because", "founder-a"),
        ("open-balance Ann --points 5 --requested-by founder-b --reason old", "founder-a"),
        ("close 2026-03-01", "founder-a"),
    ],
)
def test_the_same_key_again_writes_nothing_and_shows_the_first_outcome(
    words: str, actor: str, community: Community
) -> None:
    line = (*words.split(), "--key", "once", "--json")
    first = community.run(*line, actor=actor).check().data
    before = community.kept()
    again = community.run(*line, actor=actor, at="2026-03-15 13:00").check().data
    assert community.kept() == before
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["entries"] == first["entries"]
    assert again["booked_at"] == first["booked_at"]
    assert again["undo"] == first["undo"]
    told = community.run(*line[:-1], actor=actor, at="2026-03-15 13:00").check().out
    assert "This was done already, on 2026-03-14 12:00" in told
    assert "Key:  once" in told


def test_a_key_is_made_and_printed_when_none_is_given(community: Community) -> None:
    told = community.do("close", "2026-03-01")
    key = told.found(r"Key:  (\S+)")
    again = community.do("close", "2026-03-01", "--key", key, at="2026-03-15 13:00")
    assert "This was done already" in again.out


# --- the process and its terminal ---


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "VOLUNTEER_POINTS_LANG": "en", "VOLUNTEER_POINTS_ACTOR": "checker", "TERM": "xterm", **more}


def start(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def on_a_terminal(*words: str, answer: str = "", **more: str) -> tuple[int, str]:
    """Run on a terminal of its own, type the answer when a question stands there, and read what is shown."""
    leader, follower = pty.openpty()
    program = subprocess.Popen(
        [PROGRAM, *words], env=environment(**more), stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    shown, until = b"", time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                some = os.read(leader, 65536)
            except OSError:
                break
            if not some:
                break
            shown += some
            if answer and b"]: " in shown:
                os.write(leader, answer.encode())
                answer = ""
        elif program.poll() is not None:
            break
    os.close(leader)
    return program.wait(timeout=60), shown.decode()


def test_exit_codes_and_streams_are_those_of_a_good_citizen(community: Community) -> None:
    done = start("pending", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["records"] == []
    refused = start("close", "2030-01-01")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr
    assert start("nonsense").returncode == 2
    assert start("pending", "--ledger", "nothing.db").returncode == 3
    assert community.folder == Path.cwd()


def test_a_defect_is_told_in_a_sentence_and_in_full_only_on_request(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("volunteer_points.cli.records._waiting", broken)
    told = community.run("pending").check(4)
    assert "ZeroDivisionError: by nought" in told.err
    assert "Traceback" not in told.err
    assert community.run("pending", "--json").check(4).error["code"] == "internal"
    monkeypatch.setenv("VOLUNTEER_POINTS_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        app.main(["pending"], standalone_mode=False)


def test_no_question_is_asked_where_nobody_can_answer(community: Community) -> None:
    community.record("Ann")
    done = start("approve", "--all", "--at", "2026-03-15 09:00")
    assert done.returncode == 0
    assert "[y/N]" not in done.stdout + done.stderr
    assert "1 done" in done.stdout


def test_a_person_is_asked_once_before_many_are_approved(community: Community) -> None:
    community.record("Ann")
    words = ("approve", "--all", "--at", "2026-03-15 09:00")
    before = community.kept()
    code, shown = on_a_terminal(*words, answer="n\n")
    assert code == 1
    assert "Approve 1 records? [y/N]" in shown or "Approve 1 record? [y/N]" in shown
    assert "Stopped" in shown
    assert community.kept() == before
    code, shown = on_a_terminal(*words, answer="y\n")
    assert (code, "1 done" in shown) == (0, True)
    code, shown = on_a_terminal(*words, "--yes")
    assert (code, "[y/N]" in shown) == (0, False)


def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(community: Community) -> None:
    for day in ("10", "11", "12"):
        community.record("Ann", f"2026-03-{day}")
    code, shown = on_a_terminal("approve", "--all", "--yes", "--at", "2026-03-15 09:00")
    assert code == 0
    assert "Approving" in shown
    assert "3/3" in shown
    for day in ("10", "11", "12"):
        community.record("Bo", f"2026-03-{day}")
    done = start("approve", "--all", "--at", "2026-03-15 09:00")
    assert "Approving" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_narrow_terminal_breaks_no_id(community: Community) -> None:
    record = community.record("Ann")
    code, shown = on_a_terminal("pending", COLUMNS="60")
    assert code == 0
    assert record in shown


def test_colours_can_be_left_out(community: Community) -> None:
    _, coloured = on_a_terminal("pending")
    _, plain = on_a_terminal("pending", NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b[32m" not in plain
    assert community.folder == Path.cwd()


@pytest.mark.parametrize("words", ["pending", "pending --json", "export", "--help", "audit"])
def test_a_reader_who_has_enough_is_told_nothing_more(words: str, community: Community) -> None:
    nobody, pipe = os.pipe()
    os.close(nobody)
    with os.fdopen(pipe, "wb") as closed:
        done = subprocess.run(
            [PROGRAM, *words.split()], env=environment(), stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.stderr == b""
    assert community.folder == Path.cwd()


def test_a_screen_that_knows_no_chinese_still_shows_something(community: Community) -> None:
    done = start("pending", "--lang", "zh", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u6ca1" in done.stdout
    assert community.folder == Path.cwd()


def test_without_its_extra_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "hide.py").write_text(
        "import sys\n"
        "sys.modules['click'] = None\n"
        "from importlib import util\n"
        "util.find_spec = lambda name: None if name == 'click' else object()\n"
        "from volunteer_points.cli import main\n"
        "main()\n",
        "utf-8",
    )
    done = subprocess.run([sys.executable, tmp_path / "hide.py"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert 'pip install "volunteer-points[cli]"' in done.stderr


def test_help_is_there_at_once_and_loads_no_database(community: Community) -> None:
    seconds = []
    for _ in range(3):
        began = perf_counter()
        assert start("--help").returncode == 0
        seconds.append(perf_counter() - began)
    assert min(seconds) < 2  # a busy machine; about 0.3 on an idle one
    listing = "import sys; from volunteer_points.cli.app import app; app.main(['--help'], standalone_mode=False)"
    heavy = "{'sqlalchemy', 'rich', 'openpyxl', 'hypothesis'} & set(sys.modules)"
    code = f"{listing}; print(*sorted({heavy}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert done.stderr.strip() == ""
    assert (community.folder / LEDGER).exists()
