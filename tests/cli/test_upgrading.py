"""A database that an older version made, at the command line."""

import shutil
from pathlib import Path

from tests.cli.community import LEDGER, Community
from tests.storage.test_migrations import of_the_first_version
from volunteer_points.storage.schema import VERSION


def test_a_ledger_that_is_up_to_date_stays_as_it_is(community: Community) -> None:
    before = community.kept()
    assert f"The tables have version {VERSION}." in community.do("upgrade").out
    assert community.do("upgrade", LEDGER, "--json").check().data["schema_version"] == VERSION
    assert community.kept() == before


def test_an_older_one_says_what_to_type_and_is_brought_up_to_date(empty: Community) -> None:
    of_the_first_version("sqlite:///old.db")
    shutil.copy("old.db", LEDGER)
    assert "volunteer-points upgrade" in empty.run("audit", at=None).err
    empty.do("upgrade")
    assert "volunteer-points upgrade" not in empty.run("audit", at=None).err


def test_without_a_database_nothing_is_made(empty: Community) -> None:
    told = empty.run("upgrade", "nowhere.db", at=None)
    assert told.code != 0
    assert list(empty.folder.iterdir()) == []


def test_what_is_no_database_is_left_as_it_is(empty: Community) -> None:
    Path(LEDGER).write_text("no database at all, but a text that is long enough")
    told = empty.run("upgrade", at=None)
    assert told.code != 0
    assert "Traceback" not in told.err
