"""A thousand kills, spread over the moments of all transactions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.test_steps import TRANSACTIONS, kill_everywhere

KILLS = 125
"""For each of the eight transactions."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_killed_again_and_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: at whatever moment, however often: nothing is torn, nothing lost, repeating ends it."""
    killed = rounds = 0
    while killed < KILLS:
        rounds += 1
        directory = tmp_path / f"round-{rounds}"
        directory.mkdir()
        killed += kill_everywhere(TRANSACTIONS[name], "file", directory, monkeypatch)

    assert len(TRANSACTIONS) == 8
    assert killed >= KILLS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_killed_with_a_real_keyring(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: the same with GNOME Keyring in the place of ours, once at every moment."""
    killed = kill_everywhere(TRANSACTIONS[name], "gnome", tmp_path, monkeypatch)

    assert killed > 0
