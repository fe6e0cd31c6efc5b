"""Ends what a test started on this machine once the test is over, however it ended: by SIGKILL as well.

It is a process of its own. The test tells it the number of each program and holds the other end of the pipe, which the
kernel closes with the test's last breath.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.cluster.killing import kill_postgresql, kill_with_children


def main(folder: Path) -> None:
    """Wait for the end of the test, then kill the programs and PostgreSQL, and remove the folder."""
    programs = []
    for line in sys.stdin:
        with suppress(psutil.NoSuchProcess):
            programs.append(psutil.Process(int(line)))
    for each in programs:
        kill_with_children(each)
    for data in folder.glob("*/data"):
        kill_postgresql(data)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
