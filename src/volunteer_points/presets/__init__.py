"""Programme files that come with the library, to begin with and to change."""

from __future__ import annotations

from importlib.resources import files


def preset_names() -> tuple[str, ...]:
    """The names that :func:`preset` knows, in order."""
    found = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def preset(name: str) -> str:
    """The text of a programme file, with comments that say what is known and what is only assumed.

    >>> preset("saihan").splitlines()[0]
    '# 赛罕社区志愿积分项目 · The volunteer points programme of the Saihan community'

    Raises:
        LookupError: there is none of that name; the sentence says which there are.
    """
    if name not in preset_names():
        raise LookupError(f"there is no preset {name!r}; there are: {', '.join(preset_names())}")
    return files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
