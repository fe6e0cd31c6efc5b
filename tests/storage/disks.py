"""A disk of a few megabytes for a test, in memory, which can be filled and emptied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A folder on a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        assert os.statvfs(self.folder).f_bfree == 0

    def make_room(self) -> None:
        """Take away what filled it."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A small disk in place of a folder, which stays whose it was; where none can be had the test is skipped."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can have a small disk made")
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("mount not found: the Debian package mount")
    found = folder.stat()
    options = f"size={megabytes}m,uid={found.st_uid},gid={found.st_gid},mode={found.st_mode & 0o777:o}"
    made = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small disk can be had here: {made.stderr.decode().strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([umount, "--lazy", folder], check=True)
