"""The command line, ``volunteer-points``: programme, audit and exchange for people at a keyboard."""

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the command line on the arguments of this process; never returns."""
    if any(find_spec(name) is None for name in ("click", "rich")):
        sys.stderr.write('The command line needs more than the library: pip install "volunteer-points[cli]"\n')
        raise SystemExit(2)
    from volunteer_points.cli.app import app  # noqa: PLC0415 - only once click is known to be there

    app(prog_name="volunteer-points")
