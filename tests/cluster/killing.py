"""Killing with SIGKILL: programs with all that they started, by their numbers and nothing else."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def kill_with_children(process: psutil.Process) -> None:
    """Kill a process and all that it started, and wait until they are over.

    Orphans may remain as zombies until somebody looks at how they ended; that is not waited for.
    """
    with suppress(psutil.NoSuchProcess):
        killed = [process, *process.children(recursive=True)]
        for each in killed:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        end = time.monotonic() + 10
        for each in killed:
            while _runs(each) and time.monotonic() < end:
                time.sleep(0.01)


def kill_postgresql(data: Path) -> None:
    """Kill the server of this data folder with all that it started, and take away what it leaves in the kernel."""
    try:
        notes = (data / "postmaster.pid").read_text("utf-8").splitlines()
        postmaster = psutil.Process(int(notes[0]))
        if not _runs(postmaster) or postmaster.name() != "postgres":
            return  # the file is of a server that ended before
        shared_memory = notes[6].split()[1]
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return
    kill_with_children(postmaster)
    subprocess.run(["ipcrm", "--shmem-id", shared_memory], check=False, capture_output=True)  # noqa: S607


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False
