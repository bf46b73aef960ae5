"""A keyring that hangs for forty seconds while sessions fall due, and comes back."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e.desk import SESSION, Desk, desk, until

HUNG = 40.0
BACK_WITHIN = 10.0
"""Seconds."""
LIFE = 60


def _renewals(here: Desk) -> int:
    return here.center.count("CreateToken", grant_type="refresh_token", status=200)


@pytest.mark.timeout(300)
def test_renewal_is_back_within_ten_seconds_of_the_keyring() -> None:
    """Nothing is asked of AWS meanwhile; afterwards the session renews by itself and is well."""
    with desk("unlocked", token_life=LIFE) as here, here.daemon() as living:
        assert here.keyring.service is not None
        keyring = here.keyring.service.pid
        here.tray("login", SESSION)
        living.until_state(SESSION, "signed-in", keeper="keyring")
        os.kill(keyring, signal.SIGSTOP)
        try:
            hung = time.monotonic()
            renewals = _renewals(here)
            living.until_state(SESSION, "renewal-failing", reason="keyring-waiting")
            time.sleep(max(0.0, hung + HUNG - time.monotonic()))  # what is tried is its length
            during = _renewals(here)
        finally:
            os.kill(keyring, signal.SIGCONT)
        back = time.monotonic()
        until(lambda: _renewals(here) > during, "it renews")
        took = time.monotonic() - back
        living.until_state(SESSION, "signed-in", keeper="keyring", reason=None)
        renews = here.keyring_renews()

    assert (renewals, True) == (during, renews)
    assert took <= BACK_WITHIN
    print(f"renewed {took:.1f} s after the keyring's return")  # noqa: T201  (shown with -rP)
