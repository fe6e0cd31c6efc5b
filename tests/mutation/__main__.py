"""Try a sample of the mutants, tell the score of each module, and keep the survivors' differences.

``make mutants`` runs this; docs/mutation.md says what the figures mean.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mutation.sample import Score, draw, estimate, score

MUTANTS = Path("mutants")
SURVIVORS = MUTANTS / "survivors.diff"
TRIAL = "volunteer_points.rules.numbers.x_exact_or_none__mutmut_1"
"""One mutant makes mutmut write all of them, and learn which test runs which function and how long."""


def mutmut(*arguments: str) -> str:
    """What mutmut says; how much Hypothesis tries is set for everything below it."""
    run = subprocess.run(
        [Path(sys.executable).with_name("mutmut"), *arguments],
        env={**os.environ, "HYPOTHESIS_PROFILE": "few"},
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if run.returncode:
        sys.exit(run.stdout[-4000:])
    return run.stdout


def outcomes() -> dict[str, dict[str, int | None]]:
    """How each mutant of each module ended, as mutmut wrote it down."""
    found = {}
    for path in sorted(MUTANTS.glob("src/**/*.py.meta")):
        ends = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        if ends:
            found[str(path.relative_to(MUTANTS / "src" / "volunteer_points")).removesuffix(".meta")] = ends
    return found


def main() -> None:
    """Try, count and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=600, help="how many mutants, about; 0 for all of them")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same mutants from the same code")
    parser.add_argument("--only", default="", help="only modules whose path contains this, as in rules/award")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--again", action="store_true", help="try the survivors of the run before, and no others")
    options = parser.parse_args()
    before = SURVIVORS.read_text("utf-8") if options.again else ""
    mutmut("run", TRIAL)
    names = {module: list(ends) for module, ends in outcomes().items() if options.only in module}
    if not names:
        sys.exit(f"No mutated module has '{options.only}' in its path. Use one of {', '.join(outcomes())}.")
    if options.again:
        drawn = {module: [name for name in of if f"# {name}: " in before] for module, of in names.items()}
    else:
        drawn = draw(names, options.sample or sum(map(len, names.values())), options.seed)
    tried = [name for of in drawn.values() for name in of]
    print(f"Trying {len(tried)} of {sum(map(len, names.values()))} mutants")
    mutmut("run", "--max-children", str(options.workers), *tried)
    ends = {name: end for of in outcomes().values() for name, end in of.items() if name in set(tried)}
    scores = score(names, ends)
    tell(scores)
    SURVIVORS.write_text("\n".join(mutmut("show", name) for name in tried if ends[name] in {0, 33}), "utf-8")
    print(f"What survived is in {SURVIVORS}")


def tell(scores: tuple[Score, ...]) -> None:
    """Print the score of each module, and what follows for all."""
    print("| module | mutants | tried | killed | share |\n|---|---:|---:|---:|---:|")
    for each in scores:
        print(f"| {each.module} | {each.mutants} | {each.tried} | {each.killed} | {each.share:.1%} |")
    share, error = estimate(scores)
    print(
        f"| together | {sum(each.mutants for each in scores)} | {sum(each.tried for each in scores)} "
        f"| {sum(each.killed for each in scores)} | {share:.1%} ± {error:.1%} |"
    )


if __name__ == "__main__":
    main()
