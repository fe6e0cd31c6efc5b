"""At the keyboard a ledger is sealed, and what is handed out is checked without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.cli.community import LEDGER, Community


@pytest.fixture
def key() -> str:
    """A key pair in files; the public key in hexadecimal."""
    pair = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    Path("key.pem").write_bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path("key.pub").write_bytes(pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return pair.public_key().public_bytes_raw().hex()


@pytest.mark.usefixtures("key")
def test_a_volunteer_checks_one_award_without_the_ledger(community: Community) -> None:
    record = community.award("Ann", "2026-03-10")
    community.do("seal", "--out", "board.json")
    community.do("prove", record, "--out", "award.json")
    Path(LEDGER).unlink()
    checked = community.json("verify", "award.json", "--checkpoint", "board.json")
    assert checked["holds"]
    assert checked["entry"]["kind"] == "Awarded"
    assert "成立" in community.do("verify", "award.json", "--checkpoint", "board.json", "--lang", "zh").out


def test_a_signed_checkpoint_is_enough(community: Community, key: str) -> None:
    record = community.award("Ann", "2026-03-10")
    community.do("seal", "--sign", "key.pem")
    community.do("prove", record, "--out", "award.json")
    for public in (key, "key.pub"):
        assert community.json("verify", "award.json", "--public-key", public)["holds"]
    community.run("verify", "award.json", "--public-key", "00" * 32).check(1)


@pytest.mark.usefixtures("key")
def test_a_proof_that_was_changed_or_is_of_another_checkpoint_does_not_hold(community: Community) -> None:
    record = community.award("Ann", "2026-03-10")
    community.do("seal", "--out", "first.json")
    community.do("prove", record, "--out", "award.json")
    community.award("Ann", "2026-03-12")
    community.do("seal", "--out", "second.json")
    community.run("verify", "award.json", "--checkpoint", "second.json").check(1)
    text = Path("award.json").read_text("utf-8")
    Path("forged.json").write_text(text.replace("maple", "mable"), "utf-8")
    assert Path("forged.json").read_text("utf-8") != text
    community.run("verify", "forged.json", "--checkpoint", "first.json").check(1)
    community.run("verify", "award.json").check(2)
    Path("cut.json").write_text(text[:-20], "utf-8")
    community.run("verify", "cut.json", "--checkpoint", "first.json").check(3)
    community.run("verify", "missing.json", "--checkpoint", "first.json").check(3)


def test_a_ledger_is_shown_to_have_only_grown(community: Community) -> None:
    community.award("Ann", "2026-03-10")
    community.do("seal", "--out", "first.json")
    community.award("Ann", "2026-03-12")
    community.do("seal", "--out", "second.json")
    community.do("prove", "--since", "first.json", "--out", "growth.json")
    both = ("--checkpoint", "first.json", "--checkpoint", "second.json")
    assert community.json("verify", "growth.json", *both)["holds"]
    community.run("verify", "growth.json", *both[:2]).check(1)
    listed = community.json("checkpoints")["checkpoints"]
    assert [each["size"] for each in listed] == sorted(each["size"] for each in listed)
    assert len(listed) == 2
    assert listed[0]["root"] in community.do("checkpoints").out


def test_an_entry_is_proved_by_its_id_and_what_is_not_there_is_refused(community: Community) -> None:
    record = community.award("Ann", "2026-03-10")
    community.do("seal", "--out", "board.json")
    community.do("prove", record, "--out", "award.json")
    entry = community.json("verify", "award.json", "--checkpoint", "board.json")["entry"]["id"]
    assert community.json("prove", entry)["text"] == Path("award.json").read_text("utf-8")
    community.run("prove", "r-nothing").check(1)
    community.run("prove").check(2)
    community.run("seal", "--sign", "board.json").check(3)


@pytest.mark.parametrize("what", ["ledger", "journal"])
def test_an_audit_is_held_against_checkpoints_from_the_notice_board(community: Community, what: str) -> None:
    community.award("Ann", "2026-03-10")
    community.do("seal", "--out", "first.json")
    community.award("Ann", "2026-03-12")
    community.do("seal", "--out", "second.json")
    community.do("export", "copy.jsonl")
    place = ["copy.jsonl"] if what == "journal" else []
    both = ("--checkpoint", "first.json", "--checkpoint", "second.json")
    told = community.json("audit", *place, *both)
    assert told["summary"]["published"]["checkpoints"] == 2
    assert "2 checkpoints kept elsewhere agree" in community.do("audit", *place, *both).out
    assert "另存的 2 个校验点" in community.do("audit", *place, *both, "--lang", "zh").out

    text = Path("first.json").read_text("utf-8")
    root = json.loads(text)["root"]
    Path("wrong.json").write_text(text.replace(root, "0" * 64), "utf-8")
    found = community.run("audit", *place, "--checkpoint", "wrong.json").check(1)
    assert "VP003" in found.out
    assert root in found.out
    assert "0" * 64 in found.out
    ledger = json.loads(text)["ledger"]
    Path("foreign.json").write_text(text.replace(f'"{ledger}"', '"elsewhere"'), "utf-8")
    assert "elsewhere" in community.run("audit", *place, "--checkpoint", "foreign.json").check(1).out
    Path("cut.json").write_text(text[:-20], "utf-8")
    community.run("audit", *place, "--checkpoint", "cut.json").check(3)
    community.run("audit", *place, "--checkpoint", "missing.json").check(3)
