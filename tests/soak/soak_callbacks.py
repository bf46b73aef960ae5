"""Ten thousand forged callbacks before the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.loopback import request, send
from tests.worker.signing_in import Browser, fetch, place_to_sign_in, port_in

FORGED = 10_000


@pytest.mark.timeout(1200)
def test_the_real_one_still_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L3, T4: wrong states, codes and errors, ten thousand times; then the real callback."""
    refused = 0

    def act(url: str) -> tuple[int, str]:
        nonlocal refused
        port = port_in(url)
        for number in range(FORGED):
            said = "error=access_denied" if number % 2 else "code=c"
            forgery = request(port, f"/oauth/callback?state=s{number}&{said}")
            refused += send(port, forgery).status == 403
        return fetch(url)

    with place_to_sign_in(tmp_path, monkeypatch) as place:
        result = place.sign_in(Browser(act))

        assert (FORGED, "keyring") == (refused, result.keeper)
        assert 1 == place.center.count("CreateToken")
