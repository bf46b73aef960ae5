"""The rules in a made-up world: whatever the world does, what they promise holds."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.simulation.__main__ import main
from tests.simulation.broken import SLIPS, Slip, slipped
from tests.simulation.happenings import ACTS
from tests.simulation.promise import PROMISES
from tests.simulation.replay import STEPS, run, said

SEEDS = 40
PARTS = 8
"""The seeds are run in parts, so that several cores share them."""

MET_BY_THE_RULES = (
    "offline",
    "5xx",
    "429",
    "html",
    "refused",
    "revoked",
    "registration-expired",
    "keyring-locked",
    "keyring-denied",
    "keyring-absent",
    "keyring-slow",
    "adoption-keyring-locked",
    "sign-in-without-keyring",
    "sign-in-failed",
    "denied",
    "adopted",
    "published-again",
    "published-late",
    "login-written",
    "sdk-written",
    "put-back-written",
    "file-removed",
    "login-during-renewal",
    "sdk-during-renewal",
    "put-back-during-renewal",
    "removed-during-renewal",
    "newer-than-the-answer",
    "removed-before-it-was-published",
    "clock-ahead",
    "clock-back",
    "slept-over-renewal",
    "slept-over-end",
    "config-broken",
    "doubted",
    "late-answer",
    "file-torn",
    "file-bad-file",
    "file-no-permission",
)
"""Faults that truly reached the rules, beside the happenings that may have met nothing."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds(part: int) -> None:
    """G6: no seed breaks a promise, and when all is well again the truth is shown."""
    for seed in range(part, SEEDS, PARTS):
        broken = run(seed).broken
        assert broken is None, said(seed, STEPS, broken)


def test_every_fault_is_met() -> None:
    """A fault that never comes proves nothing: each kind comes, and bites, in a few seeds."""
    met: Counter[str] = Counter()
    for seed in range(16):
        met.update(run(seed).world.machine.met)

    assert set() == {fault for fault in (*ACTS, *MET_BY_THE_RULES) if not met[fault]}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.rule)
def test_a_broken_rule_is_caught(slip: Slip) -> None:
    """Each rule broken on purpose breaks the promise that speaks of it, within the seeds."""
    held = frozenset({slip.caught_by})
    with slipped(slip):
        runs = (run(seed, held=held).broken for seed in range(SEEDS))
        broken = next((one for one in runs if one is not None), None)

    assert broken is not None
    assert slip.caught_by == broken.promise


def test_every_promise_is_caught() -> None:
    """A promise nothing can break proves nothing: a broken rule stands for each of them."""
    assert set(PROMISES) == {slip.caught_by for slip in SLIPS}


@pytest.mark.parametrize("slip", ["W2: told while", "a failed job"])
def test_a_failing_seed_replays_and_is_shrunk(
    slip: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a failing test prints replays: the same promise, shrunk to a few happenings."""
    rule = next(one for one in SLIPS if one.rule.startswith(slip))
    with slipped(rule):
        broken = run(0).broken
        assert broken is not None
        command = said(0, STEPS, broken).splitlines()[-1].partition("tests.simulation ")[2]

    assert 1 == main([*command.split(), "--broken", rule.rule])
    seen = capsys.readouterr().out
    shrunk = re.search(r"with (\d+) of (\d+) happenings: \[", seen)
    assert shrunk is not None
    assert int(shrunk[1]) <= 4 < int(shrunk[2])
    assert 2 == seen.count(f"{rule.caught_by}: ")


def test_a_seed_replays() -> None:
    """The same seed is the same story, line by line."""
    assert run(7, 400, traced=True).trace == run(7, 400, traced=True).trace


def test_the_rules_are_whole_again() -> None:
    """A rule broken on purpose is mended afterwards, wherever it is known."""
    for slip in SLIPS:
        module, name = slip.place
        right = getattr(module, name)
        with slipped(slip):
            assert getattr(module, name) is not right
        assert getattr(module, name) is right
