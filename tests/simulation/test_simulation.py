"""The rules and the transactions in a made-up world: whatever it does, what they promise holds."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.simulation.__main__ import main
from tests.simulation.broken import SLIPS, Slip, slipped, walks_of
from tests.simulation.found import FOUND
from tests.simulation.happenings import ACTS, script_of
from tests.simulation.promise import PROMISES
from tests.simulation.replay import STEPS, run, said
from tests.simulation.sequences import SEQUENCES, Sequence

WALKS = 48
PARTS = 8
"""The walks are made in parts, so that several cores share them."""
TRIED = 40
"""Walks within which a broken rule is caught."""

BITES = (
    "aws-offline",
    "aws-503",
    "aws-500",
    "aws-429",
    "aws-slow",
    "aws-mute",
    "aws-html",
    "answer-lost",
    "refused",
    "registration-expired",
    "portal-401",
    "keyring-locked",
    "keyring-denied",
    "keyring-absent",
    "keyring-slow",
    "keyring-hung",
    "keyring-losing",
    "between-two-steps",
    "worker-killed",
    "sign-in-failed",
    "denied",
    "login-written",
    "old-login-written",
    "sdk-written",
    "synced-login-offline",
    "login-written-beside-a-job",
    "clock-ahead",
    "clock-back",
    "clock-set-during-a-job",
    "state-lost",
    "state-old",
    "restart-compared",
    "slept-over-renewal",
    "slept-over-end",
    "config-broken",
    "doubted",
    "doubted-during-a-job",
    "programs-ask-for-a-renewal",
    "late-answer",
    "file-future",
    "file-expired",
    "file-FileTorn",
    "file-FileBad",
    "file-FileAbsent",
    "file-FileUnread",
    "config-broken-at-start",
    "input-lost",
    "input-old",
    "default-applied",
    "default-taken-back",
    "default-followed",
    "unread-at-start",
    "unread-config",
    "unread-settings",
    "unread-active-profile",
    "unread-records",
    "unread-token",
    "read-EMFILE",
    "read-ENFILE",
    "read-ENOMEM",
    "read-EIO",
    "read-ESTALE",
    "read-EACCES",
)
"""Faults that truly reached the rules, beside the things that may have met nothing."""


@pytest.mark.parametrize("sequence", SEQUENCES + FOUND, ids=lambda sequence: sequence.shows)
def test_a_sequence_holds(sequence: Sequence) -> None:
    """What once broke a promise breaks none today."""
    walk = sequence.run()

    assert walk.broken is None, str(walk.broken)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds(part: int) -> None:
    """G6: no walk breaks a promise, and when all is well again the truth is shown."""
    for seed in range(part, WALKS, PARTS):
        broken = run(seed).broken
        assert broken is None, said(seed, STEPS, broken)


@pytest.mark.timeout(900)
def test_every_fault_is_met() -> None:
    """A fault that never comes proves nothing: each kind comes, and bites, in a few walks."""
    missing = {*ACTS, *BITES}
    met: Counter[str] = Counter()
    for seed in range(400):
        met.update(run(seed).world.machine.met)
        if not (missing := missing - set(met)):
            break

    assert set() == missing


@pytest.mark.timeout(900)  # up to forty walks of a second each, on a machine that others use
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.rule)
def test_a_broken_rule_is_caught(slip: Slip) -> None:
    """Each rule broken on purpose breaks the promise that speaks of it, within a few walks."""
    with slipped(slip):
        walks = (walk.broken for walk in walks_of(slip, TRIED))
        broken = next((one for one in walks if one is not None), None)

    assert broken is not None
    assert slip.caught_by == broken.promise


def test_a_walk_knows_only_some_of_the_faults() -> None:
    """Few faults together go deeper than all at once; in many walks all of them come."""
    known = [{one.kind for one in script_of(seed)} for seed in range(100)]

    assert all(len(kinds) < len(ACTS) * 0.8 for kinds in known)
    assert set(ACTS) == set().union(*known, {"all is well"})


def test_every_promise_is_caught() -> None:
    """A promise nothing can break proves nothing: a broken rule stands for each of them."""
    assert set(PROMISES) == {slip.caught_by for slip in SLIPS}


def test_a_failing_walk_replays_and_is_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    """What a failing test prints replays: the same promise, shrunk to a few things."""
    rule = next(one for one in SLIPS if one.rule.startswith("W2: told while"))
    with slipped(rule):
        walks = ((seed, run(seed).broken) for seed in range(TRIED))
        seed, broken = next((seed, one) for seed, one in walks if one is not None)
        command = said(seed, STEPS, broken).splitlines()[-1].partition("tests.simulation ")[2]

    assert 1 == main([*command.split(), "--broken", rule.rule])
    seen = capsys.readouterr().out
    shrunk = re.search(r"with (\d+) of (\d+) things:", seen)
    assert shrunk is not None
    assert int(shrunk[1]) <= 6 < int(shrunk[2])
    assert 2 == seen.count(f"{rule.caught_by}: ")
    assert "    Sequence(\n" in seen


def test_a_walk_repeats_itself() -> None:
    """The same seed is the same story, line by line."""
    first, second = (run(7, 200, traced=True).trace for _ in range(2))

    assert [line for line in first if "/walk-" not in line] == [
        line for line in second if "/walk-" not in line
    ]


def test_the_rules_are_whole_again() -> None:
    """A rule broken on purpose is put right afterwards, wherever it is known."""
    for slip in SLIPS:
        module, name = slip.place
        right = getattr(module, name)
        with slipped(slip):
            assert getattr(module, name) is not right
        assert getattr(module, name) is right
