"""Walks a seed or a script again, and shrinks a failing one to the few things that matter."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.promise import PROMISES, Broken
from tests.simulation.script import Happening
from tests.simulation.world import World

STEPS = 400
"""Events told to the rules in one walk."""
TRIES = 400
"""Walks that shrinking may take."""


@dataclass(slots=True)
class Run:
    """
    What a walk came to.

    Args:
        broken: the promise that does not hold, or None.
        world: as it was left.
        trace: a line for each thing that happened, where it was asked for.
    """

    broken: Broken | None
    world: World
    trace: list[str] = field(default_factory=list)


def run(
    seed: int,
    steps: int = STEPS,
    *,
    script: Sequence[Happening] | None = None,
    held: frozenset[str] = frozenset(PROMISES),
    traced: bool = False,
    **options: object,
) -> Run:
    """
    Walk.

    Args:
        seed: which walk; decides whatever the script does not.
        steps: events told to the rules.
        script: what happens; None = what the seed draws.
        held: the promises that are looked at.
        traced: whether a trace is written.
        options: of `World`.
    """
    trace: list[str] = []
    world = World(
        seed, script=script, held=held, trace=trace.append if traced else None, **options  # type: ignore[arg-type] # handed on
    )  # fmt: skip
    try:
        world.run(steps)
    except Broken as broken:
        return Run(broken, world, trace)
    except Exception as error:  # noqa: BLE001 # whatever they raise has to replay and shrink, too
        seen = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{error!r} at {Path(seen.filename).name}:{seen.lineno} (seed {seed})"
        return Run(Broken("the rules do not fail", told), world, trace)
    return Run(None, world, trace)


def shrink(seed: int, steps: int, failed: Run) -> list[Happening]:
    """
    Return few things with which a walk still breaks the same promise.

    Args:
        seed: of the failing walk.
        steps: of the failing walk.
        failed: how it failed.
    """
    assert failed.broken is not None
    promise, tries, until = failed.broken.promise, 0, awake(failed.world)

    def still_breaks(chosen: list[Happening]) -> bool:
        nonlocal tries
        tries += 1
        again = run(seed, steps, script=chosen, until=until, held=frozenset({promise})).broken
        return again is not None and again.promise == promise

    chosen = list(failed.world.script[: failed.world.happened])
    if still_breaks(chosen):
        chosen = _fewer(chosen, still_breaks, lambda: tries >= TRIES)
    return chosen


def _fewer(
    chosen: list[Happening],
    still_breaks: Callable[[list[Happening]], bool],
    enough: Callable[[], bool],
) -> list[Happening]:
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


def awake(world: World) -> float:
    """Return for how long a walk's machine was awake before all was well, rounded up."""
    awake_for = world.awake_for
    if awake_for is None:
        awake_for = world.machine.time - world.machine.clockwork.slept
    return math.ceil(awake_for)


def printed(seed: int, script: Sequence[Happening], until: float) -> str:
    """Return a script as a line of `tests.simulation.sequences`."""
    lines = "".join(
        f"        do({one.kind!r}, {one.at}, {one.key!r}, {one.much!r}"
        + (f", step={one.step}),\n" if one.step is not None else "),\n")
        for one in script
    )
    return (
        f"    Sequence(\n        'what it shows', {seed},\n{lines}        until={until},\n    ),"
    )


def said(seed: int, steps: int, broken: Broken) -> str:
    """Return what a failing test prints: what is broken, and how to see it happen."""
    return f"{broken}\nTo see it happen: python -m tests.simulation {seed} --steps {steps}"
