"""Walks a hundred seeds through a made-up world, the same ones each time."""

from __future__ import annotations

import pytest

from tests.simulation.replay import STEPS, run, said

PARTS = 4
SEEDS = (*range(112000, 112050), *range(113000, 113050))
"""Known to hold: whoever changes the rules is answered by the same walks everywhere."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_same_walks_hold(part: int) -> None:
    """G6: a change breaks no promise in a hundred known walks."""
    for seed in SEEDS[part::PARTS]:
        broken = run(seed).broken
        assert broken is None, said(seed, STEPS, broken)
