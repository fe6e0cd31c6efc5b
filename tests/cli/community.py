"""A small community at the keyboard: what tests of the command line type, and what they get to see."""

from __future__ import annotations

import io
import json
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner

from volunteer_points.cli.app import app
from volunteer_points.storage.journal import write_journal
from volunteer_points.storage.sql import SqlStore

LEDGER = "volunteer-points.db"
PEOPLE = "volunteer-points.people.db"

PROGRAMME = """\
name = "Maple community"
zone = "Asia/Shanghai"
founders = ["founder-a", "founder-b"]

[structure]
label = "free"

[[structure.slots]]
id = "any"

[[teams]]
id = "helpers"
name = "Helping hands"
slot = "any"

[[teams]]
id = "menders"
name = "Menders"
slot = "any"

[[households]]
id = "home-1"

[[activities]]
id = "park"
name = "Park clean-up"
aliases = ["Park"]

[[activities]]
id = "repair"
name = "Repairs"
team = "menders"

[[partners]]
id = "grain"
name = "Grain shop"

[[catalogue]]
id = "rice"
name = "Rice 5 kg"
partner = "grain"
prices = 20
aliases = ["Rice"]

[[catalogue]]
id = "haircut"
name = "Haircut"
partner = "grain"
prices = 15
kind = "service"
stocked = false

[[duties]]
actor = "leader"
may = ["record", "approve", "redeem"]

[[duties]]
actor = "checker"
may = ["record", "approve"]

[[duties]]
actor = "clerk"
may = ["enrol", "record", "redeem"]

[[duties]]
actor = "shop"
may = ["collect", "stock"]
partners = ["grain"]

[[rulebooks]]
id = "2026"
since = 2026-01-01

[[rulebooks.accruals]]
id = "per-hour"
per_hour = 10

[[rulebooks.caps]]
id = "per-day"
at_most = 80
per = "day"

[rulebooks.expiry]
end_of = "year"
after = 1

[rulebooks.redemption]
hold_days = 14
transfers = "anyone"
"""

CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@attrs.frozen
class Ran:
    """What a command printed, and its exit code."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    def check(self, code: int = 0) -> Ran:
        assert self.code == code, (self.words, self.code, self.out, self.err)
        return self

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["error"]
        return found

    def found(self, pattern: str) -> str:
        """What a pattern finds in the output, or its first group."""
        match = re.search(pattern, self.out)
        assert match is not None, (pattern, self.out, self.err)
        return match[match.lastindex or 0]

    @property
    def undo(self) -> str:
        """The command that is printed for undoing it."""
        return self.found(r"(?:Undo(?: one of them)?: |撤销(?:其中一条)?：)(volunteer-points .*)")


@attrs.frozen
class Community:
    """A folder in which a community keeps its ledger and its register."""

    folder: Path

    def run(
        self,
        *words: object,
        actor: str | None = "founder-a",
        at: str | None = "2026-03-14 12:00",
        lang: str | None = "en",
        typed: str | None = None,
        **environment: str,
    ) -> Ran:
        """Type a command; what it needs to know besides comes from the environment, as in a community's own script."""
        arguments = tuple(map(str, words))
        if at is not None and "--at" not in arguments:
            arguments += ("--at", at)
        known = {"VOLUNTEER_POINTS_ACTOR": actor, "VOLUNTEER_POINTS_LANG": lang, "COLUMNS": "200"}
        runner = CliRunner(env={**known, **environment})
        result = runner.invoke(app, arguments, input=typed, prog_name="volunteer-points")
        return Ran(arguments, result.exit_code, result.stdout, result.stderr)

    def do(self, *words: object, actor: str | None = "founder-a", at: str = "2026-03-14 12:00") -> Ran:
        """Type a command that succeeds."""
        return self.run(*words, actor=actor, at=at).check()

    def json(self, *words: object, actor: str | None = "founder-a", at: str = "2026-03-14 12:00") -> dict[str, Any]:
        """Type a command that succeeds, and read its JSON."""
        return self.run(*words, "--json", actor=actor, at=at).check().data

    def type_line(self, line: str, actor: str = "founder-a", at: str = "2026-03-14 12:00") -> Ran:
        """Type a line as it was printed."""
        program, *words = shlex.split(line)
        assert program == "volunteer-points", line
        return self.run(*words, actor=actor, at=at)

    def journal(self) -> bytes:
        """Every entry of the ledger; nothing before there is one."""
        if not (self.folder / LEDGER).exists():
            return b""
        stream = io.BytesIO()
        with SqlStore.open(self.folder / LEDGER, create=False) as store, store.reader() as reader:
            write_journal(reader, store.ledger, stream)
        return stream.getvalue()

    def register(self) -> list[tuple[object, ...]]:
        """Every row of the people register."""
        if not (self.folder / PEOPLE).exists():
            return []
        tables = ("people_person", "people_text", "people_code")
        with closing(sqlite3.connect(self.folder / PEOPLE)) as connection:
            return [row for table in tables for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608

    def kept(self) -> tuple[bytes, list[tuple[object, ...]], list[str]]:
        """Everything that a command might have written."""
        files = sorted(path.name for path in self.folder.iterdir() if not path.name.endswith(("-wal", "-shm")))
        return self.journal(), self.register(), files

    # --- what happened before ---

    def record(self, person: str = "Ann", day: str = "2026-03-14", begin: str = "09:00", end: str = "11:20") -> str:
        """Record service, and give the record's id."""
        words = ("record", person, "--activity", "park", "--begin", f"{day} {begin}", "--end", end)
        return str(self.json(*words, actor="leader", at=f"{day} 23:00")["record"])

    def award(self, person: str = "Ann", day: str = "2026-03-14", begin: str = "09:00", end: str = "11:20") -> str:
        """Record and approve service, and give the record's id."""
        record = self.record(person, day, begin, end)
        self.do("approve", record, actor="checker", at=f"{day} 23:10")
        return record

    def hold(self, person: str = "Ann", item: str = "rice", at: str = "2026-03-15 10:00") -> tuple[str, str]:
        """Hold an item, and give the redemption's id and the collection code."""
        held = self.json("redeem", person, item, actor="leader", at=at)
        return str(held["redemption"]), str(held["code"])

    def volunteer(self, name: str = "Ann") -> str:
        """The id of somebody."""
        [found] = self.json("people", name)["volunteers"]
        return str(found["volunteer"])


def begun(folder: Path) -> Community:
    """A community with two volunteers and two bags of rice."""
    community = Community(folder)
    (folder / "programme.toml").write_text(PROGRAMME, encoding="utf-8")
    start = "2026-03-01 09:00"
    community.do("init", "programme.toml", "--author", "founder-a", "--ledger-id", "maple", actor="founder-b", at=start)
    community.do(
        "enrol", "Ann", "--phone", "138 0013 8000", "--grid", "East", "--tag", "reporting", actor="clerk", at=start
    )
    community.do("enrol", "Bo", "--grid", "West", "--team", "helpers", actor="clerk", at=start)
    community.do("stock", "receive", "rice", 2, actor="shop", at=start)
    return community
