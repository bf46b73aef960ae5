"""Walks: ``python -m tests.simulation SEED [--walks N] [--steps N] [--all] [--broken RULE]``."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulation.broken import SLIPS, slipped
from tests.simulation.replay import STEPS, awake, printed, run, shrink


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk a seed, shrink it if it fails, print what led to it; 0 = it holds, 1 = it does not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Walk a seed of the simulation; a failing one is shrunk to what matters.",
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=STEPS, help="events told to the rules")
    parser.add_argument("--walks", type=int, default=1, help="seeds from this one on")
    parser.add_argument("--all", action="store_true", help="print everything, shrink nothing")
    parser.add_argument("--broken", metavar="RULE", help="break a rule first: its first letters")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # the workers log what goes wrong, and everything does
    with contextlib.ExitStack() as stack:
        stack.callback(logging.disable, logging.NOTSET)
        for slip in SLIPS:
            if options.broken and slip.rule.startswith(options.broken):
                stack.enter_context(slipped(slip))
        if options.walks > 1:
            return survey(range(options.seed, options.seed + options.walks), options.steps)
        return replay(options.seed, options.steps, everything=options.all)


def survey(seeds: range, steps: int) -> int:
    """Walk many seeds; print what is broken, how often, and how often each fault came."""
    began, told = time.perf_counter(), 0
    broken: dict[str, list[str]] = {}
    met: Counter[str] = Counter()
    for seed in seeds:
        walk = run(seed, steps)
        told += walk.world.steps
        met.update(walk.world.machine.met)
        if walk.broken is not None:
            broken.setdefault(walk.broken.promise, []).append(str(walk.broken))
            _say(str(walk.broken))
    seconds = time.perf_counter() - began
    _say(*(f"{count:8} {fault}" for fault, count in sorted(met.items())))
    _say(f"{len(seeds)} walks, {told} steps, {seconds:.1f} s")
    for promise, found in sorted(broken.items(), key=lambda one: -len(one[1])):
        _say(f"{len(found):4} walks break {promise}")
    return 1 if broken else 0


def replay(seed: int, steps: int, *, everything: bool) -> int:
    """Print a walk of a seed: all of it, or how it fails."""
    first = run(seed, steps, traced=everything)
    broken = first.broken
    if everything or broken is None:
        _say(*first.trace)
        _say(f"seed {seed}: {broken or f'every promise holds for {steps} events'}")
        return 1 if broken else 0
    _say(f"{broken}\nShrinking {first.world.happened} things ...")
    chosen = shrink(seed, steps, first)
    until, held = awake(first.world), frozenset({broken.promise})
    last = run(seed, steps, script=chosen, until=until, traced=True, held=held)
    _say(*last.trace)
    _say(f"{last.broken}\nwith {len(chosen)} of {first.world.happened} things:")
    _say(printed(seed, chosen, until))
    return 1


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
