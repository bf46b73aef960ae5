"""Replays a seed: ``python -m tests.simulation SEED [--steps N] [--all] [--broken RULE]``."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence

from tests.simulation.broken import SLIPS, slipped
from tests.simulation.replay import STEPS, run, shrink


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a seed, shrink it if it fails, print what led to it; 0 = it holds, 1 = it does not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Replay a seed of the simulation; a failing one is shrunk to what matters.",
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=STEPS, help="events told to the rules")
    parser.add_argument("--all", action="store_true", help="print everything, shrink nothing")
    parser.add_argument("--broken", metavar="RULE", help="break a rule first: its first letters")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        for slip in SLIPS:
            if options.broken and slip.rule.startswith(options.broken):
                stack.enter_context(slipped(slip))
        return replay(options.seed, options.steps, everything=options.all)


def replay(seed: int, steps: int, *, everything: bool) -> int:
    """Print a run of a seed: all of it, or how it fails."""
    first = run(seed, steps, traced=everything)
    broken = first.broken
    if everything or broken is None:
        _say(*first.trace)
        _say(f"seed {seed}: {broken or f'every promise holds for {steps} events'}")
        return 1 if broken else 0
    _say(f"{broken}\nShrinking {first.happened} happenings ...")
    chosen = shrink(seed, steps, broken, first.happened)
    last = run(seed, steps, chosen, most=first.happened, traced=True)
    _say(*last.trace)
    _say(f"{last.broken}\nwith {len(chosen)} of {first.happened} happenings: {sorted(chosen)}")
    return 1


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
