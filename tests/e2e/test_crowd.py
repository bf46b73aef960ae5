"""Many programs at the moment of a renewal: one CreateToken of ours, and nobody fails."""

from __future__ import annotations

import json
import time

from tests.components import require
from tests.e2e.desk import SESSION, at_once, desk, until
from tray.core.text.timestamps import parse_timestamp

# Twenty processes; the fork comes after the import, so that they truly ask together.
_CROWD = """\
import boto3, os, sys
children = []
for _ in range(20):
    child = os.fork()
    if not child:
        try:
            boto3.Session(profile_name="test-profile").client("sts").get_caller_identity()
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""

NO_FAILURE = str([0] * 20)


def test_twenty_processes_at_the_moment_of_a_renewal() -> None:
    """While a renewal is under way and right after it, twenty boto3 processes all work."""
    with desk(rotation="strict", token_life=600) as here, here.daemon():
        here.tray("login", SESSION)
        held = here.center.fault("CreateToken", "hang", grant_type="refresh_token")
        renewing = here.start("renew", SESSION)
        held.wait_hit(timeout=60)
        during = here.python(_CROWD)
        held.release()
        done = here.end_of(renewing)
        after = here.python(_CROWD)

        assert 0 == done.code
        assert [NO_FAILURE, NO_FAILURE] == [during, after]
        assert 1 == here.center.count("CreateToken", grant_type="refresh_token")


def test_many_ask_for_credentials_of_an_expired_token() -> None:
    """
    Whoever finds the token expired gets credentials after one renewal, made for all of them.

    Without a daemon each process acts alone, under the session's lock.
    """
    with desk(rotation="strict", token_life=2) as here:
        here.tray("login", SESSION)
        here.center.token_life = 600
        ends = parse_timestamp(here.token_file()["expiresAt"]) + 1  # the file's is rounded down
        until(lambda: time.time() > ends, "the token is past its end")
        expired = here.status()["state"]
        asked = here.center.count("CreateToken", grant_type="refresh_token")
        command = ("credentials", "--profile", "test-profile", "--format", "process")
        done = at_once(*[lambda: here.tray(*command)] * 6)

        assert ("expired", 0) == (expired, asked)
        assert [(0, "")] * 6 == [(one.code, one.err) for one in done]
        assert {1} == {json.loads(one.out)["Version"] for one in done}
        assert 1 == here.center.count("CreateToken", grant_type="refresh_token")


def test_a_login_elsewhere_during_a_renewal_is_the_newer_truth() -> None:
    """What `aws sso login` wrote while our renewal was under way is never covered by it."""
    require("aws-newest")  # before anything that would have to be waited for is started
    with desk(rotation="strict") as here, here.daemon() as living:
        here.tray("login", SESSION)
        held = here.center.fault("CreateToken", "hang", grant_type="refresh_token")
        renewing = here.start("renew", SESSION)
        held.wait_hit(timeout=60)
        here.aws("newest", "sso", "login", "--sso-session", SESSION)
        newer = here.token_file()["accessToken"]
        held.release()
        here.end_of(renewing)
        until(lambda: "refreshToken" not in here.token_file(), "the newer login is adopted")
        state = living.session(SESSION)

        assert newer == here.token_file()["accessToken"]
        assert ("signed-in", "keyring") == (state["state"], state["keeper"])
        assert here.keyring_renews()
        assert newer in {item["access_token"] for item in here.kept()}
        assert 0 == here.tray("renew", SESSION).code


def test_an_sdk_and_we_renew_from_one_file() -> None:
    """Where no keyring works SDKs renew from the file as well; neither spoils it for the other."""
    with desk("none", rotation="strict", token_life=600) as here, here.daemon() as living:
        here.tray("login", SESSION)
        crowd = [lambda: here.boto3("test-profile")] * 3
        renew = [lambda: here.tray("renew", SESSION).code] * 3
        for _ in range(2):
            at_once(*crowd, *renew)
        state = living.session(SESSION)

        assert ("signed-in", "file", True) == (state["state"], state["keeper"], state["renews"])
        assert here.center.accepts_refresh_token(here.token_file()["refreshToken"])
        assert "ReadOnly" in here.boto3("test-profile")
