"""Rules at the command line: checked, shown, compared, described, listed by version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.community import Community
from tests.test_handout import HEAD, HOURLY
from volunteer_points.programme_file import loads


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, "utf-8")
    return name


def test_a_file_in_order_exits_with_0_doubts_with_1_and_mistakes_with_2(empty: Community, tmp_path: Path) -> None:
    fine = written(tmp_path, "fine.toml", HEAD + HOURLY)
    doubtful = written(tmp_path, "doubtful.toml", HEAD + HOURLY + HOURLY.replace("hours", "other"))
    wrong = written(tmp_path, "wrong.toml", HEAD + HOURLY.replace("per_hour", "per_huor"))
    assert "in order" in empty.run("rules", "check", fine).check(0).out
    assert "line 15, rulebooks[0].accruals[1]" in empty.run("rules", "check", doubtful).check(1).out
    assert "'per_hour'" in empty.run("rules", "check", wrong).check(2).out


def test_mistakes_and_doubts_are_told_in_chinese_and_as_json(empty: Community, tmp_path: Path) -> None:
    doubtful = written(tmp_path, "doubtful.toml", HEAD + HOURLY + HOURLY.replace("hours", "other"))
    wrong = written(tmp_path, "wrong.toml", HEAD + HOURLY.replace("per_hour", "per_huor"))
    assert "第 15 行" in (out := empty.run("rules", "check", doubtful, "--lang", "zh").check(1).out)
    assert "永远轮不到" in out
    assert "不认识的键" in empty.run("rules", "check", wrong, "--lang", "zh").check(2).out
    data = json.loads(empty.run("rules", "check", doubtful, "--json").check(1).out)
    assert [(each["line"], each["code"]) for each in data["doubts"]] == [(15, "never_reached")]


@pytest.mark.parametrize("lang, words", [("en", "10 points an hour."), ("zh", "每小时 10 分。")])
def test_a_rulebook_is_shown_as_a_page_with_its_hash(empty: Community, tmp_path: Path, lang: str, words: str) -> None:
    file = written(tmp_path, "rules.toml", HEAD + HOURLY)
    proof = loads(HEAD + HOURLY).rulebooks[0].hash
    out = empty.run("rules", "show", file, "--lang", lang).check(0).out
    assert words in out
    assert proof in out
    empty.run("rules", "show", file, "--lang", lang, "--html", "--to", "page.html").check(0)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert words in page
    assert proof in page


def test_two_files_and_a_version_of_the_ledger_are_compared_in_words(community: Community, tmp_path: Path) -> None:
    old = written(tmp_path, "old.toml", HEAD + HOURLY)
    new = written(tmp_path, "new.toml", HEAD + HOURLY.replace("10", "12"))
    out = community.run("rules", "diff", old, new, "--lang", "en").check(1).out
    assert "Before: 10 points an hour. Now: 12 points an hour." in out
    assert "say the same" in community.run("rules", "diff", old, old, "--lang", "en").check(0).out
    version = community.run("rules", "versions", "--json").check(0).data["versions"][-1]["version"]
    found = community.run("rules", "diff", version, f"{new}:2026", "--json").check(1).data
    assert found["new"]["version"] == "2026"
    missing = community.run("rules", "diff", "1999", new, "--lang", "en").check(2)
    assert version in missing.err


def test_the_versions_of_a_ledger_name_their_hash_and_who_approved_them(community: Community) -> None:
    (version,) = community.run("rules", "versions", "--json").check(0).data["versions"]
    assert version["author"] != version["approved_by"]
    assert len(version["hash"]) == 64
    assert version["state"] == "in force"
    page = community.run("rules", "show").check(0).out
    assert version["hash"] in page


def test_the_schema_is_printed_for_editors(empty: Community) -> None:
    assert json.loads(empty.run("rules", "schema").check(0).out)["$defs"]["Rulebook"]["required"]
