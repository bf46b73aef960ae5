"""Walks through a made-up world for three minutes, each time other ones."""

from __future__ import annotations

import os
import time

import pytest

from tests.simulation.replay import STEPS, run, said
from tests.soak.seeds import OFFSET

SECONDS = 180.0
PARTS = max(1, min(4, os.cpu_count() or 1))
FIRST = OFFSET or time.time_ns() // 1_000_000_000
"""Fresh at each soak; the failure names the seed, and ``SOAK_SEED`` begins there again."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds(part: int) -> None:
    """G6: whatever seeds the day brings, no walk breaks a promise."""
    print(f"walks from seed {FIRST * PARTS + part}")  # noqa: T201 # shown with what failed
    until, seed = time.monotonic() + SECONDS, FIRST * PARTS + part
    walks = 0
    while time.monotonic() < until:
        broken = run(seed).broken
        assert broken is None, said(seed, STEPS, broken)
        seed += 1_000
        walks += 1

    assert walks > 0
