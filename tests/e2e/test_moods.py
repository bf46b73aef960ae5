"""A laptop's day: the lid closes, the network is late, the screen is locked."""

from __future__ import annotations

from tests.e2e.desk import SESSION, Desk, desk
from tests.system.machine_mock import machine


def renewals(here: Desk) -> int:
    """Return how many renewals AWS has granted."""
    return here.center.count("CreateToken", grant_type="refresh_token", status=200)


def test_a_lid_opens_to_one_renewal_and_a_screen_to_one_notice() -> None:
    """R1, W2: asleep nothing; awake and connected one renewal; unlocked one notice."""
    with machine() as laptop, desk(token_life=3.0) as here:
        here.environ["DBUS_SYSTEM_BUS_ADDRESS"] = laptop.address
        with here.daemon() as living:
            laptop.lock()
            laptop.disconnect()
            laptop.sleep()
            assert 0 == here.tray("login", SESSION).code
            living.until_state(SESSION, "expired")

            assert 0 == here.center.count("CreateToken", grant_type="refresh_token")

            with here.center.lock:
                here.center.token_life = 600.0
            here.center.fault("CreateToken", "reset", times=1)
            laptop.wake()
            living.until_state(SESSION, "expired", reason="offline")

            assert 0 == renewals(here)

            before = len(living.messages)
            laptop.connect()
            living.until_state(SESSION, "signed-in", since=before)

            assert (1, []) == (renewals(here), living.notices())

            here.center.end_session()
            here.tray("renew", SESSION)
            living.until_state(SESSION, "ending")

            assert [] == living.notices()

            laptop.unlock()
            living.until_notice("ending")

            assert ["ending"] == living.notices()
