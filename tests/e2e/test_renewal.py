"""A whole session with nobody at the keyboard: renewed, warned of, ended; clients all along."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.clients.aws_cli import Version
from tests.e2e.desk import SESSION, Desk, desk
from tray.aws.timestamps import parse_timestamp

TOKEN_LIFE = 8.0
SESSION_LENGTH = 20.0
"""Seconds; an hour and eight in real life."""

# One process that lives through all renewals and asks again and again, until its input ends.
_WORKING = """\
import boto3, select, sys
client = boto3.Session(profile_name="test-profile").client("sts")
while not select.select([sys.stdin], [], [], 0.2)[0]:
    print(client.get_caller_identity()["Account"], flush=True)
"""


@contextmanager
def boto3_at_work(here: Desk) -> Iterator[list[str]]:
    """Run boto3 for the length of the block; afterwards the list holds what it printed."""
    answers: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKING],
        env=here.environ,
        cwd=here.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield answers
    finally:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    answers += out.split()


@contextmanager
def aws_at_work(here: Desk, version: Version) -> Iterator[list[str]]:
    """Run one AWS CLI after the other; afterwards the list holds who each was."""
    enough, answers, troubles = threading.Event(), list[str](), list[BaseException]()

    def work() -> None:
        while not enough.wait(0.3):
            try:
                answers.append(here.arn(version, "test-profile"))
            except BaseException as error:  # noqa: BLE001  (raised below, in the test's thread)
                troubles.append(error)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield answers
    finally:
        enough.set()
        thread.join()
    for trouble in troubles:
        raise trouble


@pytest.mark.parametrize("shortened", [True, False], ids=["shortened", "refused"])
def test_a_session_from_sign_in_to_its_end(shortened: bool) -> None:
    """
    It is renewed while every client works, warned of once before and once after, and no more.

    Both ways in which AWS may let a session end: its last token ends with it, or outlives it and
    is refused renewal.
    """
    with (
        desk(
            rotation="strict",
            token_life=TOKEN_LIFE,
            session_length=SESSION_LENGTH,
            shorten_tokens=shortened,
            role_life=3,
        ) as here,
        here.resident() as living,
    ):
        here.tray("login", SESSION)
        true_end = here.center.live_sessions()[0].ends_at
        with boto3_at_work(here) as by_boto3, aws_at_work(here, "newest") as by_aws:
            warning = living.until_notice("ending")
        ending = living.session(SESSION)
        published = here.token_file()["expiresAt"]
        refused_so_far = [
            call for call in here.center.requests if call.error and call.operation != "CreateToken"
        ]
        farewell = living.until_notice("expired")
        expired = living.until_state(SESSION, "expired")
        renewals = here.center.count("CreateToken", grant_type="refresh_token", error=None)

        assert len(by_boto3) > 10
        assert len(by_aws) > 2
        assert [] == refused_so_far
        assert renewals >= 3
        assert ("ending", "exact", False) == (
            ending["state"],
            ending["session_end_known"],
            ending["renews"],
        )
        assert published == ending["session_ends_at"]
        assert parse_timestamp(published) == int(warning["at"])
        assert not shortened or warning["at"] == pytest.approx(true_end, abs=1.5)
        assert "session-over" == expired["reason"]
        assert f"{SESSION} has ended" == farewell["title"]
        assert ["ending", "expired"] == living.notices()
        assert 1 == len(here.opened())
        assert 1 == here.center.count("Authorize")
        assert {"signed-in", "notice-ending", "renewed", "refused", "notice-expired"} == {
            what for what, _ in here.history()
        }
        assert [] == here.leaks()
