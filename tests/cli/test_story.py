"""The story as people type it, with its exact numbers."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.community import LEDGER, Community


def test_from_a_park_clean_up_to_collected_rice_to_a_clean_audit(community: Community) -> None:
    ann, bo = community.record("Ann"), community.record("Bo")
    refused = community.run("approve", ann, actor="leader").check(1)
    assert "leader recorded it" in refused.err
    approved = community.do("approve", ann, bo, actor="checker")
    assert "46 points for 4 h 40 min, 2 people" in approved.out

    held = community.do("redeem", "Ann", "Rice", actor="leader")
    code = held.found(r"Collection code: (\w{4}-\w{4})")
    assert "Left to spend: 3 points" in held.out
    [rice] = [item for item in community.json("stock")["items"] if item["item"] == "rice"]
    assert (rice["on_hand"], rice["reserved"]) == (1, 1)
    assert "Hand over: Rice 5 kg × 1, for Ann" in community.do("collect", code, actor="shop").out
    again = community.run("collect", code.lower().replace("-", " "), actor="shop", at="2026-03-14 12:30").check(1)
    assert "collected at 14 Mar 2026 12:00" in again.err
    assert "shop" in again.err

    poor = community.run("redeem", "Ann", "Rice", "--json", actor="leader").check(1).error
    assert poor["code"] == "not_enough_points"
    assert [poor["facts"][name] for name in ("needs", "has", "missing")] == ["20", "3", "17"]

    redemption, _ = community.hold("Bo")
    community.do("cancel", redemption, actor="leader")
    assert "23 points  until the end of 31 Dec 2027" in community.do("balance", "Bo").out
    audit = community.do("audit").out
    assert "CLEAN" in audit
    assert "earned 46 − reversed 0 − redeemed 20" in audit
    assert "= 26 = available 26" in audit

    community.do("reverse", ann, "--reason", "wrong_person", actor="checker", at="2026-03-15 09:00")
    [balance] = community.json("balance", "Ann")["balances"]
    assert (balance["available"], balance["debt"]) == (0, 20)
    community.award("Ann", "2026-03-15", "09:00", "12:00")
    [balance] = community.json("balance", "Ann")["balances"]
    assert (balance["available"], balance["debt"]) == (10, 0)


def test_a_change_behind_the_librarys_back_is_found_on_a_copy(community: Community) -> None:
    record = community.award("Ann")
    shutil.copy(LEDGER, "copy.db")
    tamper(Path("copy.db"), b'"points":23', b'"points":46')
    found = community.run("audit", "copy.db", at=None).check(1)
    assert found.out.splitlines()[2].startswith("FAIL")
    assert "VP003" in found.out
    data = community.run("audit", "copy.db", "--json", at=None).check(1).data
    assert data["summary"]["status"] == "fail"
    assert any(record in str(finding) for finding in data["findings"])
    community.do("audit")


def tamper(ledger: Path, before: bytes, after: bytes) -> None:
    """Change a stored entry as somebody with a database browser would."""
    with closing(sqlite3.connect(ledger)) as connection:
        triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        rows = connection.execute("SELECT position, content FROM vp_entry WHERE kind = 'Awarded'").fetchall()
        assert before in rows[-1][1]
        changed = rows[-1][1].replace(before, after)
        connection.execute("UPDATE vp_entry SET content = ? WHERE position = ?", (changed, rows[-1][0]))
        connection.commit()
