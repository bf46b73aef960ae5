"""Runs a seed again, and shrinks a failing one to the few happenings that matter."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.promise import PROMISES, Broken
from tests.simulation.world import World

STEPS = 2_000
"""Events told to the rules in one run of the suite."""
TRIES = 400
"""Runs that shrinking may take."""


@dataclass(slots=True)
class Run:
    """
    What a run came to.

    Args:
        broken: the promise that does not hold, or None.
        happened: how many happenings of the script it took.
        world: as it was left.
        trace: a line for each thing that happened, where it was asked for.
    """

    broken: Broken | None
    happened: int
    world: World
    trace: list[str] = field(default_factory=list)


def run(
    seed: int,
    steps: int = STEPS,
    chosen: frozenset[int] | None = None,
    *,
    most: int | None = None,
    held: frozenset[str] = frozenset(PROMISES),
    traced: bool = False,
) -> Run:
    """
    Run a seed.

    Args:
        seed: which one.
        steps: events told to the rules.
        chosen: numbers of the happenings that take place; None = all.
        most: with ``chosen``: how far its script is followed at most.
        held: the promises that are looked at.
        traced: whether a trace is written.
    """
    trace: list[str] = []
    world = World(seed, chosen, trace.append if traced else None, most, held)
    try:
        world.run(steps)
    except Broken as broken:
        return Run(broken, world.happened, world, trace)
    except Exception as error:  # noqa: BLE001 # whatever they raise has to replay and shrink, too
        seen = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{error!r} at {Path(seen.filename).name}:{seen.lineno} (seed {seed})"
        return Run(Broken("the rules do not fail", told), world.happened, world, trace)
    return Run(None, world.happened, world, trace)


def shrink(seed: int, steps: int, broken: Broken, happened: int) -> frozenset[int]:
    """
    Return few happenings with which a seed still breaks the same promise.

    Args:
        seed: of the failing run.
        steps: of the failing run.
        broken: what it broke.
        happened: how many happenings it took.
    """
    tries = 0

    def still_breaks(chosen: list[int]) -> bool:
        nonlocal tries
        tries += 1
        again = run(seed, steps, frozenset(chosen), most=happened).broken
        return again is not None and again.promise == broken.promise

    chosen = list(range(happened))
    if not still_breaks(chosen):
        return frozenset(chosen)
    return frozenset(_fewer(chosen, still_breaks, lambda: tries >= TRIES))


def _fewer(
    chosen: list[int], still_breaks: Callable[[list[int]], bool], enough: Callable[[], bool]
) -> list[int]:
    """Leave out ever smaller pieces for as long as that changes nothing (delta debugging)."""
    size = max(len(chosen) // 2, 1)
    while not enough():
        start, smaller = 0, False
        while start < len(chosen) and not enough():
            without = chosen[:start] + chosen[start + size :]
            if still_breaks(without):
                chosen, smaller = without, True
            else:
                start += size
        if size == 1 and not smaller:
            break
        size = max(size // 2, 1)
    return chosen


def said(seed: int, steps: int, broken: Broken) -> str:
    """Return what a failing test prints: what is broken, and how to see it happen."""
    return f"{broken}\nTo see it happen: python -m tests.simulation {seed} --steps {steps}"
