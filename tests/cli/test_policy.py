"""An administrator's policy, from the command line: what is refused, what is told, what stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.keyring_session import KeyringSession, keyring_session

POLICY = 'locked = ["keyring.required"]\nkeyring.required = true\n'


@pytest.fixture
def required(stage: Stage) -> Stage:
    """A home on a machine whose administrator requires the keyring."""
    policy(stage, POLICY)
    return stage


@pytest.fixture
def keyring(required: Stage) -> Iterator[KeyringSession]:
    """Its unlocked GNOME Keyring."""
    with keyring_session("unlocked") as session:
        required.environ["DBUS_SESSION_BUS_ADDRESS"] = session.address
        yield session


def policy(stage: Stage, text: str) -> Path:
    """Write the administrator's file and return its place."""
    site = stage.home / "xdg/sso-tray/config.toml"
    site.parent.mkdir(parents=True)
    site.write_text(text)
    stage.environ["XDG_CONFIG_DIRS"] = str(stage.home / "xdg")
    return site


def members(stage: Stage) -> set[str]:
    """Return the names in the token file."""
    return set(json.loads(stage.file_of("corp").read_text()))


@pytest.mark.parametrize("daemon", [False, True])
def test_without_a_keyring_nobody_signs_in(required: Stage, *, daemon: bool) -> None:
    """No page opens, and the sentence and ``doctor`` say why and who has set it."""
    if daemon:
        with required.daemon():
            login = required.tray("login", "corp")
    else:
        login = required.tray("login", "corp")
    doctor = required.tray("doctor", "--json").json()["findings"]

    assert 1 == login.code
    assert "No keyring was found. Refresh tokens may be kept in the keyring only" in login.err
    assert [] == required.opened()
    assert not required.file_of("corp").exists()
    said = {(one["area"], one["verdict"]): one["sentence"] for one in doctor}
    assert "allowed nowhere else" in said["keyring", "problem"]
    site = required.home / "xdg/sso-tray/config.toml"
    assert f"in {site}: keyring.required and keyring.adopt." in said["sso-tray", "ok"]


def test_no_command_puts_a_refresh_token_into_a_file(
    required: Stage, keyring: KeyringSession
) -> None:
    """Signed in with and without a daemon, renewed, and after ``quit``: the file stays lean."""
    lean = {"startUrl", "region", "accessToken", "expiresAt"}
    assert 0 == required.tray("login", "corp").code
    alone = members(required)
    with required.daemon():
        assert 0 == required.tray("renew", "corp").code
        running = members(required)
        assert 0 == required.tray("quit").code

    assert lean == alone == running == members(required)
    assert keyring.labels()


@pytest.mark.parametrize(
    "command", [("release", "corp"), ("release", "--all"), ("uninstall", "--yes")]
)
def test_giving_back_signs_out(
    required: Stage, keyring: KeyringSession, command: tuple[str, ...]
) -> None:
    """No file may have the token, so AWS ends the session, and the keyring is empty."""
    with required.daemon():
        assert 0 == required.tray("login", "corp").code
        token = json.loads(required.file_of("corp").read_text())["accessToken"]

        done = required.tray(*command)

    assert 0 == done.code, done.err
    assert not required.file_of("corp").exists()
    assert [] == keyring.labels()
    assert not required.center.accepts_access_token(token)
    if command[0] == "uninstall":
        assert "Sign out, as no file may have the refresh token" in done.out
