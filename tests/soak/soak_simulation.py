"""Two hundred long stories told to the rules."""

from __future__ import annotations

import pytest

from tests.simulation.replay import run, said
from tests.soak.seeds import OFFSET

SEEDS = 200
STEPS = 10_000
PARTS = 20


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds(part: int) -> None:
    """G6: seeds the suite does not run, five times as long."""
    first = 1000 + OFFSET
    for seed in range(first + part, first + SEEDS, PARTS):
        broken = run(seed, STEPS).broken
        assert broken is None, said(seed, STEPS, broken)
