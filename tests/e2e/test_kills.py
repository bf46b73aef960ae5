"""The daemon and its workers stopped and killed in the midst of a renewal."""

from __future__ import annotations

import signal

from tests.e2e.desk import SESSION, desk, ended, kill, until, workers_of


def test_a_stop_does_not_wait_for_a_hanging_renewal() -> None:
    """On SIGTERM the daemon ends within seconds; the worker finishes what it has begun."""
    with desk(rotation="strict") as here:
        with here.daemon() as living:
            here.tray("login", SESSION)
            before = here.token_file()["accessToken"]
            held = here.center.fault("CreateToken", "hang", grant_type="refresh_token")
            renewing = here.start("renew", SESSION)
            held.wait_hit(timeout=60)
            (worker,) = workers_of(living)
            living.process.send_signal(signal.SIGTERM)
            code = living.process.wait(20)
            told = here.end_of(renewing)
        alone = here.tray("status")
        held.release()
        until(lambda: ended(worker), "the worker ends")

        assert 0 == code
        assert (1, "SSO Tray is stopping.") == (told.code, told.said())
        assert "SSO Tray isn't running" in alone.out
        assert before != here.token_file()["accessToken"]
        assert here.keyring_renews()
        assert 1 == here.center.count("CreateToken", grant_type="refresh_token")


def test_what_is_killed_goes_on() -> None:
    """After kill -9 of the worker, and of the daemon, the session is renewed as before."""
    with desk(rotation="grace", token_life=8) as here:
        with here.daemon() as living:
            here.tray("login", SESSION)
            held = here.center.fault("CreateToken", "hang", grant_type="refresh_token")
            renewing = here.start("renew", SESSION)
            held.wait_hit(timeout=60)
            kill(*workers_of(living))
            failing = living.until_state(SESSION, "renewal-failing")
            told = here.end_of(renewing)
            heard = len(living.messages)
            held.cancel()
            living.until_state(SESSION, "signed-in", since=heard)
            living.process.kill()
            living.process.wait(20)
        orphan = here.tray("status", SESSION)
        with here.daemon() as living:
            again = living.session(SESSION)
            asked = here.center.count("CreateToken", grant_type="refresh_token")
            here.center.wait_for("CreateToken", asked + 1, 60, grant_type="refresh_token")
            living.until_state(SESSION, "signed-in")
            arn = here.boto3("test-profile")

        assert "other" == failing["reason"]
        assert (1, "A worker process was killed (signal 9).") == (
            told.code,
            told.said(),
        )
        assert 0 == orphan.code
        assert ("signed-in", "keyring", True) == (again["state"], again["keeper"], again["renews"])
        assert "ReadOnly" in arn
        assert here.keyring_renews()
        assert [] == here.leaks()
