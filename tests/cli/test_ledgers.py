"""The ledger as a whole: begun once, its programme adopted, exported and audited."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.cli.community import LEDGER, PROGRAMME, Community

READING = (
    "pending",
    "people",
    "holds",
    "stock",
    "balance Ann",
    "statement Ann",
    "explain Ann",
    "totals",
    "export",
    "audit",
)


# --- init ---


@pytest.mark.parametrize("words", READING)
def test_without_a_ledger_every_command_says_how_to_begin_one_and_makes_nothing(words: str, empty: Community) -> None:
    told = empty.run(*words.split(), at=None).check(3)
    assert "There is no ledger at volunteer-points.db. Begin one with: volunteer-points init" in told.err
    assert list(empty.folder.iterdir()) == []


def test_a_preset_is_written_for_editing_with_its_founders_and_begins_nothing_yet(empty: Community) -> None:
    told = empty.do("init", "--preset", "saihan", "--founders", "li, wang")
    assert 'founders = ["li", "wang"]' in Path("programme.toml").read_text("utf-8")
    assert not Path(LEDGER).exists()
    next_step = told.found("volunteer-points init .*")
    begun = empty.type_line(next_step.replace("AUTHOR", "li").replace("APPROVER", "wang")).check()
    assert "8 × team formed" in begun.out
    assert "Assumed, for the community to confirm:" in begun.out
    empty.do("audit")


def test_a_preset_can_be_adopted_at_once(empty: Community) -> None:
    words = ("init", "--preset", "saihan", "--founders", "li,wang", "--author", "li", "--write", "our.toml")
    told = empty.json(*words, actor="wang")
    assert (told["programme_file"], told["ledger"]) == ("our.toml", LEDGER)
    assert Path("our.toml").exists()
    assert empty.do("check", "our.toml").out == "our.toml can be adopted.\n"


def test_one_person_may_run_a_programme_and_says_so(empty: Community) -> None:
    empty.do("init", "--preset", "saihan", "--run-by", "li", actor="li")
    assert 'run_by_one = "li"' in Path("programme.toml").read_text("utf-8")
    empty.do("enrol", "Ann", actor="li")


@pytest.mark.parametrize(
    "words, code, says",
    [
        ("", 2, "presets"),
        ("programme.toml --preset saihan --author li", 2, "preset"),
        ("--preset saihan", 2, "two people"),
        ("--preset saihann --founders li,wang", 2, "saihan"),
        ("--preset saihan --founders li", 2, "founders"),
        ("programme.toml", 2, "--author"),
        ("programme.toml --author founder-a", 1, "founder-a"),
        ("programme.toml --author nobody", 1, "nobody"),
        ("broken.toml --author founder-a", 2, "teamz"),
        ("missing.toml --author founder-a", 3, "missing.toml"),
        ("binary.toml --author founder-a", 3, "binary.toml"),
    ],
)
def test_a_beginning_that_is_refused_leaves_nothing_behind(words: str, code: int, says: str, empty: Community) -> None:
    Path("programme.toml").write_text(PROGRAMME, "utf-8")
    Path("broken.toml").write_text(PROGRAMME.replace("[[teams]]", "[[teamz]]"), "utf-8")
    Path("binary.toml").write_bytes(b"\xff\xfe\x00")
    before = empty.kept()
    told = empty.run("init", *words.split(), "--actor", "founder-a").check(code)
    if words:
        assert says in told.err
    assert empty.kept() == before


def test_whoever_begins_a_ledger_says_who_they_are(empty: Community) -> None:
    Path("programme.toml").write_text(PROGRAMME, "utf-8")
    told = empty.run("init", "programme.toml", "--author", "founder-a", actor=None).check(2)
    assert "--actor" in told.err
    assert not Path(LEDGER).exists()


def test_a_file_that_is_there_is_never_overwritten_by_a_preset(empty: Community) -> None:
    Path("programme.toml").write_text("ours", "utf-8")
    told = empty.run("init", "--preset", "saihan", "--founders", "li,wang").check(2)
    assert "left as it is" in told.err
    assert Path("programme.toml").read_text("utf-8") == "ours"


def test_the_ledger_and_the_register_may_be_anywhere(empty: Community) -> None:
    Path("programme.toml").write_text(PROGRAMME, "utf-8")
    Path("data").mkdir()
    elsewhere = ("--ledger", "sqlite:///data/ours.db", "--people", "data/names.db")
    empty.do("init", "programme.toml", "--author", "founder-a", *elsewhere, actor="founder-b")
    told = empty.do("enrol", "Ann", *elsewhere)
    assert "--ledger sqlite:///data/ours.db --people data/names.db" in told.undo
    assert [each["name"] for each in empty.json("people", *elsewhere)["volunteers"]] == ["Ann"]
    by_environment = {"VOLUNTEER_POINTS_LEDGER": "data/ours.db", "VOLUNTEER_POINTS_PEOPLE": "data/names.db"}
    assert "Ann" in empty.run("people", **by_environment).check().out
    assert sorted(path.name for path in Path("data").glob("*.db")) == ["names.db", "ours.db"]
    assert not Path(LEDGER).exists()


def test_a_ledger_is_named_where_a_database_holds_several(empty: Community) -> None:
    Path("programme.toml").write_text(PROGRAMME, "utf-8")
    for name in ("east", "west"):
        words = (
            "init",
            "programme.toml",
            "--author",
            "founder-a",
            "--ledger",
            "sqlite:///both.db",
            "--ledger-id",
            name,
        )
        if name == "east":
            empty.do(*words, actor="founder-b")
    empty.do("pending", "--ledger", "both.db#east")
    told = empty.run("pending", "--ledger", "both.db#west").check(3)
    assert "west" in told.err


def test_options_may_stand_before_the_command_too(community: Community) -> None:
    assert community.run("--lang", "zh", "pending").check().out == "没有待审核的记录。\n"
    assert community.run("--json", "pending", at=None).check().data["records"] == []
    community.run("--ledger", "nothing.db", "pending", at=None).check(3)


def test_a_file_that_is_no_ledger_is_left_as_it_is(community: Community) -> None:
    Path("letter.db").write_text("Dear all", "utf-8")
    community.run("pending", "--ledger", "letter.db").check(3)
    community.run("init", "programme.toml", "--author", "founder-a", "--ledger", "letter.db", actor="founder-b").check(
        3
    )
    assert Path("letter.db").read_text("utf-8") == "Dear all"


# --- adopt, check ---


def test_adopting_tells_and_writes_what_changed_and_nothing_else(community: Community) -> None:
    changed = PROGRAMME.replace("prices = 20", "prices = [{ points = 20 }, { points = 25, since = 2026-04-01 }]")
    Path("programme.toml").write_text(changed, "utf-8")
    words = ("adopt", "programme.toml", "--author", "founder-b")
    before = community.kept()
    preview = community.do(*words, "--dry-run")
    assert preview.out.startswith("Only a preview")
    assert community.kept() == before
    data = community.json(*words)
    assert [entry["kind"] for entry in data["entries"]] == ["ItemListed"]
    [rice] = [item for item in community.json("stock", at="2026-04-02 09:00")["items"] if item["item"] == "rice"]
    assert rice["price"] == 25
    community.run(*words).check(1)


def test_every_mistake_of_a_programme_file_is_listed(community: Community) -> None:
    broken = PROGRAMME.replace('slot = "any"', 'slot = "som"').replace("per_hour = 10", "per_hour = -1")
    Path("broken.toml").write_text(broken, "utf-8")
    told = community.run("check", "broken.toml").check(1)
    assert "som" in told.out
    assert "per_hour" in told.out
    problems = community.run("check", "broken.toml", "--json").check(1).data["problems"]
    assert {"line", "place", "value", "code", "message", "fix"} <= problems[0].keys()
    assert len(problems) == len(told.out.splitlines()) - 1


# --- export, audit ---


def test_the_exported_file_is_what_goes_to_standard_output(community: Community) -> None:
    told = community.do("export", "ledger.jsonl", at="2026-03-14 12:00")
    assert "volunteer-points audit ledger.jsonl" in told.out
    assert community.do("export").out.encode() == Path("ledger.jsonl").read_bytes()
    community.do("export", "packed.jsonl.gz")
    assert gzip.decompress(Path("packed.jsonl.gz").read_bytes()) == Path("ledger.jsonl").read_bytes()


def test_an_exported_file_is_replaced_only_on_request(community: Community) -> None:
    Path("ledger.jsonl").write_text("ours", "utf-8")
    community.run("export", "ledger.jsonl").check(2)
    assert Path("ledger.jsonl").read_text("utf-8") == "ours"
    community.do("export", "ledger.jsonl", "--replace")
    assert Path("ledger.jsonl").read_text("utf-8") != "ours"


def test_no_name_and_no_code_is_in_an_exported_file(community: Community) -> None:
    community.award("Ann")
    _, code = community.hold("Ann")
    journal = community.journal().decode()
    assert not any(secret in journal for secret in ("Ann", "13800138000", "138 0013 8000", code, code.replace("-", "")))


def test_a_journal_is_audited_like_its_ledger(community: Community) -> None:
    community.award("Ann")
    community.do("export", "ledger.jsonl.gz")
    ledger, journal = community.json("audit"), community.json("audit", "ledger.jsonl.gz")
    assert ledger["inputs"][0]["sha256"] == journal["inputs"][0]["sha256"]
    assert ledger["rollforward"] == journal["rollforward"]
    assert journal["summary"]["status"] == "pass"


def test_a_damaged_journal_is_a_finding_and_a_foreign_file_is_unreadable(community: Community) -> None:
    community.do("export", "ledger.jsonl")
    whole = Path("ledger.jsonl").read_bytes()
    Path("ledger.jsonl").write_bytes(whole.replace(b"Helping", b"Helpinq"))
    assert "VP003" in community.run("audit", "ledger.jsonl").check(1).out
    Path("ledger.jsonl").write_bytes(b"\x89PNG\n" * 9)
    community.run("audit", "ledger.jsonl").check(3)


def test_a_check_that_examined_nothing_fails_when_it_is_required(community: Community) -> None:
    [check] = [check for check in community.json("audit")["checks"] if check["id"] == "VP501"]
    assert check["status"] == "skipped"
    community.run("audit", "--require", "VP501").check(1)
    community.award("Ann")
    community.hold("Ann")
    community.do("audit", "--require", "VP105", "--require", "VP501")


def test_an_audit_can_look_back(community: Community) -> None:
    community.award("Ann", "2026-03-10")
    community.award("Ann", "2026-03-12")
    earlier = community.json("audit", "--as-of", "2026-03-10")
    assert earlier["rollforward"]["programme"][0]["earned"] == 23
    community.do("close", "2026-03-01", at="2026-03-13 00:00")
    assert community.json("audit", "--as-of", "2026-03-12")["summary"]["left_out"] == 1
    assert community.json("audit", "--as-of", "2026-03-12T23:05")["summary"]["left_out"] == 3
    community.do("export", "ledger.jsonl")
    community.run("audit", "ledger.jsonl", "--as-of", "2026-03-10").check(2)
    community.do("audit", "ledger.jsonl", "--as-of", "2026-03-10T23:59:59+08:00")


def test_what_is_overdue_is_found_until_it_was_swept(community: Community) -> None:
    community.award("Ann")
    community.hold("Ann")
    community.do("audit")
    assert "volunteer-points expire" in community.run("audit", "--as-of", "2026-05-01").check(1).out
    community.do("expire", at="2026-05-01 09:00")
    community.do("audit", "--fail-on", "warning")
