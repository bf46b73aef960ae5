"""A thousand kills: at the moments of all transactions, and anywhere between them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.soak.seeds import OFFSET
from tests.worker.kills import TRANSACTIONS, kill_at_random, kill_everywhere

KILLS = 1000 // len(TRANSACTIONS) + 1
"""For each transaction."""
AT_ONCE = 40


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_killed_again_and_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: at whatever moment, however often: nothing is torn, nothing lost, repeating ends it."""
    chance = random.Random(f"soak {name} {OFFSET}")
    first = tmp_path / "moments"
    first.mkdir()
    killed = kill_everywhere(TRANSACTIONS[name], "file", first, monkeypatch)
    rounds = 0
    while killed < KILLS:
        rounds += 1
        directory = tmp_path / f"round-{rounds}"
        directory.mkdir()
        killed += kill_at_random(TRANSACTIONS[name], AT_ONCE, chance, directory, monkeypatch)

    assert killed >= KILLS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [name for name in TRANSACTIONS if name != "renew-unconfirmed"])
def test_killed_with_a_real_keyring(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    K8: the same with GNOME Keyring in the place of ours, once at every moment.

    But for the one transaction in which the keyring is locked half way.
    """
    killed = kill_everywhere(TRANSACTIONS[name], "gnome", tmp_path, monkeypatch)

    assert killed > 0
