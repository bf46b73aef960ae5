"""Ten thousand forged callbacks before the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.loopback import FORGERY_STATUS, forged, send
from tests.worker.signing_in import Browser, fetch, place_to_sign_in, port_in, state_in

FORGED = 10_000


@pytest.mark.timeout(1200)
def test_the_real_one_still_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L3, T4: wrong states, errors, paths, methods, hosts, 10,000 times; then the real one."""
    refused = 0

    def act(url: str) -> tuple[int, str]:
        nonlocal refused
        port, state = port_in(url), state_in(url)
        for number in range(FORGED):
            answer = send(port, forged(port, number, state))
            refused += answer.status == FORGERY_STATUS[number % len(FORGERY_STATUS)]
        return fetch(url)

    with place_to_sign_in(tmp_path, monkeypatch) as place:
        result = place.sign_in(Browser(act))

        assert (FORGED, "keyring") == (refused, result.store)
        assert 1 == place.center.count("CreateToken")
