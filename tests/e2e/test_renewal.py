"""A whole session with nobody at the keyboard: renewed, warned of, ended; clients all along."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.components import require
from tests.e2e.desk import SESSION, Desk, at_once, desk
from tray.core import policy
from tray.core.text.timestamps import parse_timestamp

TOKEN_LIFE = 8.0
SESSION_LENGTH = 17.0
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
def aws_at_work(here: Desk) -> Iterator[list[str]]:
    """Run one AWS CLI after the other; afterwards the list holds who each was."""
    enough, answers, troubles = threading.Event(), list[str](), list[BaseException]()

    def work() -> None:
        while not enough.wait(1.0):
            try:
                answers.append(here.arn("newest", "test-profile"))
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


@dataclass(frozen=True)
class Story:
    """What was seen from a sign-in to the end of its session."""

    answers: int
    true_end: float
    ending: dict[str, Any]
    published: str
    warning: dict[str, Any]
    farewell: dict[str, Any]
    expired: dict[str, Any]
    notices: list[str]
    renewals: int
    refusals: list[str]
    opened: int
    history: set[str]
    leaks: list[str]


def live_through(*, shortened: bool) -> Story:
    """Sign in, and touch nothing until the session has ended."""
    with (
        desk(
            rotation="strict",
            token_life=TOKEN_LIFE,
            session_length=SESSION_LENGTH,
            shorten_tokens=shortened,
            role_life=3,
        ) as here,
        here.daemon() as living,
    ):
        here.tray("login", SESSION)
        true_end = here.center.live_sessions()[0].ends_at
        with boto3_at_work(here) as by_boto3, aws_at_work(here) as by_aws:
            warning = living.until_notice("ending")
            # Before the clients end: on a busy machine that takes longer than the session lasts.
            ending, published = living.session(SESSION), here.token_file()["expiresAt"]
            refusals = [
                f"{call.operation} {call.error}" for call in here.center.requests if call.error
            ]
        return Story(
            answers=min(len(by_boto3), len(by_aws)),
            true_end=true_end,
            ending=ending,
            published=published,
            warning=warning,
            farewell=living.until_notice("expired"),
            expired=living.until_state(SESSION, "expired"),
            notices=living.notices(),
            renewals=here.center.count("CreateToken", grant_type="refresh_token", error=None),
            refusals=refusals,
            opened=len(here.opened()) + here.center.count("Authorize") - 1,
            history={what for what, _ in here.history()},
            leaks=here.leaks(),
        )


def test_a_session_from_sign_in_to_its_end() -> None:
    """
    It is renewed while every client works, warned of once before and once after, and no more.

    Both ways in which AWS may let a session end, side by side: its last token ends with it, or
    outlives it and is refused renewal.
    """
    require("aws-newest")
    shortened, refused = at_once(
        lambda: live_through(shortened=True), lambda: live_through(shortened=False)
    )

    for story in (shortened, refused):
        assert story.answers > 0
        assert story.renewals >= 3
        assert ("ending", "exact", False) == (
            story.ending["state"],
            story.ending["session_end_known"],
            story.ending["renews"],
        )
        # A later token may end a second beside the one that showed the end: AWS counts in whole
        # seconds, and the end that was told stays.
        published = pytest.approx(parse_timestamp(story.published), abs=policy.CLOCK_STEP)
        assert published == parse_timestamp(story.ending["session_ends_at"])
        assert published == int(story.warning["at"])
        assert "session-over" == story.expired["reason"]
        assert f'Your AWS session "{SESSION}" has expired' == story.farewell["title"]
        assert ["ending", "expired"] == story.notices
        assert 1 == story.opened
        assert {"signed-in", "notice-ending", "renewed", "refused", "notice-expired"} >= (
            story.history
        )
        assert [] == story.leaks
    assert [] == shortened.refusals
    assert ["CreateToken InvalidGrantException"] == refused.refusals
    assert shortened.true_end == pytest.approx(shortened.warning["at"], abs=2)
    assert "Sign in" == refused.warning["buttons"][0]["label"]
