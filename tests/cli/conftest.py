"""A community that was begun once, and a copy of it for every test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.community import Community, begun


@pytest.fixture(scope="session")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("community")
    before = Path.cwd()
    os.chdir(folder)
    try:
        begun(folder)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def community(begun_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Community:
    shutil.copytree(begun_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Community(tmp_path)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Community:
    """A folder in which nothing was begun."""
    monkeypatch.chdir(tmp_path)
    return Community(tmp_path)
