"""With a real keyring: where the refresh token is after each command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.keyring_session import KeyringSession, keyring_session
from tray.fake_aws.identity_center import IdentityCenter

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}


@pytest.fixture
def keyring() -> Iterator[KeyringSession]:
    """A desktop session with an unlocked GNOME Keyring."""
    with keyring_session("unlocked") as session:
        yield session


@pytest.fixture
def home(tmp_path: Path, center: IdentityCenter, keyring: KeyringSession) -> Iterator[Stage]:
    """A home with a daemon that reaches that keyring."""
    stage = Stage(tmp_path, center)
    stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
    with stage.daemon():
        yield stage


def test_login_leaves_a_lean_file_and_everything_goes_on(home: Stage) -> None:
    """The refresh token is in the keyring alone; credentials and renewals work from there (K2)."""
    login = home.tray("login", "corp")
    members = set(json.loads(home.file_of("corp").read_text()))
    renew = home.tray("renew", "corp")
    credentials = home.tray("credentials", "--profile", "dev")

    assert (0, 0, 0) == (login.code, renew.code, credentials.code)
    assert members == LEAN == set(json.loads(home.file_of("corp").read_text()))
    assert ("keyring", True) == (home.status()["keeper"], home.status()["renews"])


def test_release_puts_the_refresh_token_back(home: Stage) -> None:
    """After ``release`` the file is what the AWS CLI writes, and AWS takes its token (K7)."""
    home.tray("login", "corp")

    done = home.tray("release", "corp")

    written = json.loads(home.file_of("corp").read_text())
    assert 0 == done.code
    assert home.center.accepts_refresh_token(written["refreshToken"])
    assert "released" == home.status()["keeper"]


def test_release_of_all_leaves_nothing_in_the_keyring(
    home: Stage, keyring: KeyringSession
) -> None:
    """Client registrations and sessions that have left the config included."""
    home.tray("login", "corp")
    home.tray("login", "other")
    home.config.write_text(home.config.read_text().replace("session other", "session another"))
    before = keyring.labels()

    done = home.tray("release", "--all")

    assert 4 <= len(before)
    assert (0, []) == (done.code, keyring.labels()), done.err


def test_a_locked_keyring_is_named_and_never_prompts(home: Stage, keyring: KeyringSession) -> None:
    """A renewal that needs a locked keyring fails in one sentence; the session goes on working."""
    home.tray("login", "corp")
    prompter = keyring.start_silent_prompter()
    keyring.lock()

    done = home.tray("renew", "corp")

    prompter.terminate()
    assert prompter.stdout is not None
    assert [] == prompter.stdout.read().splitlines()
    assert (1, "") == (done.code, done.out)
    assert "locked" in done.err
    told = home.status()
    assert ("renewal-failing", "keyring-locked") == (told["state"], told["reason"])


def test_a_keyring_unlocked_a_moment_ago_needs_no_browser(
    home: Stage, keyring: KeyringSession
) -> None:
    """While SSO Tray hasn't renewed yet, ``login`` renews from the open keyring; no page opens."""
    home.tray("login", "corp")
    pages = home.opened()
    keyring.lock()
    home.center.kill_access_tokens()
    home.tray("whoami", "dev")
    before = home.status()

    keyring.unlock()
    done = home.tray("login", "corp")

    assert "keyring-locked" == before["reason"], before
    assert (0, pages) == (done.code, home.opened()), done
    assert "signed-in" == home.status()["state"]


def test_a_locked_keyring_loses_no_sign_in(home: Stage, keyring: KeyringSession) -> None:
    """A sign-in that the keyring cannot take is written as the CLI would, and told (L12)."""
    keyring.lock()

    done = home.tray("login", "corp")

    assert 0 == done.code
    assert "refreshToken" in json.loads(home.file_of("corp").read_text())
    assert "keyring" in done.out


def test_logout_leaves_nothing_in_the_keyring(home: Stage) -> None:
    """After ``logout`` there is nothing to renew with, even for who puts the file back (K6)."""
    home.tray("login", "corp")
    file = home.file_of("corp").read_bytes()
    home.tray("logout", "corp")
    home.write("corp", file)

    done = home.tray("renew", "corp")

    assert 0 != done.code
    assert 0 == home.center.count("CreateToken", grant_type="refresh_token")
