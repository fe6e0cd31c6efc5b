"""How much Hypothesis tries, and what a test may inherit from the machine it runs on.

HYPOTHESIS_PROFILE chooses `dev`, `ci`, `few` or `thorough`; without it, `ci` where CI is set and `dev` elsewhere.
"""

import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# No deadline and no check for slowness: machines are shared, and a busy one says nothing about the code.
settings.register_profile("dev", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time: a change is judged by what it changed. `thorough` is the one that goes looking.
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, derandomize=True, print_blob=True)
# What one change of the code after the other is tried with (`make mutants`).
settings.register_profile("few", settings.get_profile("ci"), max_examples=5)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


ON_SERVERS = re.compile(r"postgres|maria|mysql", re.IGNORECASE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What talks to a server is slow: starting it alone takes longer than many other tests."""
    for item in items:
        _, _, name = item.nodeid.partition("::")
        if ON_SERVERS.search(name):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_person_who_runs_the_tests() -> Iterator[None]:
    """Leave out the VOLUNTEER_POINTS_ variables, so that no test finds somebody's own ledger."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("VOLUNTEER_POINTS_")]:
            environment.delenv(name)
        yield
