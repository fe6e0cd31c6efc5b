"""Every error that a test meets is one that can be told: it brings the facts that its words name, and a remedy."""

from collections.abc import Iterator

import pytest

from tests.explain.happenings import CHINESE
from volunteer_points.errors import VolunteerPointsError
from volunteer_points.explain import sentence
from volunteer_points.explain.error_words import ERRORS
from volunteer_points.explain.refusals import in_chinese


def untold(error: VolunteerPointsError) -> str | None:
    """What is missing for an error to be told; None when nothing is."""
    words, fix = ERRORS.get(error.code), error.facts.get("fix")
    if words is None:
        return f"{error.code} has no words"
    lacking = [name for name in sorted(words.sentence.places()[0]) if error.facts.get(name) is None]
    if lacking:
        return f"{error.code} does not bring {lacking}"
    if not (in_chinese(str(fix or "")) or words.remedy.zh):
        return f"{error.code} has no remedy in Chinese: {fix}"
    if not isinstance(fix, str | None) or ("fix" in error.facts and not fix):
        return f"{error.code} brings a remedy that says nothing"
    return None if CHINESE.search(sentence(error, "zh")) else f"{error.code} is not told in Chinese"


@pytest.fixture(scope="module", autouse=True)
def every_error_can_be_told() -> Iterator[None]:
    """Look at each error as it is made; the source is held to the same by tests/explain, without the values."""
    original = VolunteerPointsError.__init__

    def told(self: VolunteerPointsError, code: str, **facts: object) -> None:
        original(self, code, **facts)
        missing = untold(self)
        assert missing is None, missing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VolunteerPointsError, "__init__", told)
        yield
