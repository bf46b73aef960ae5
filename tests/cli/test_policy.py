"""An administrator's policy, from the command line: what is refused, what is told, what stays."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cli.stage import Done, Stage
from tests.keyring_session import KeyringSession, keyring_session
from tests.test_settings import LOCKABLE
from tray.fake_aws.fake_options import DEFAULT_START_URL

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
    site.parent.mkdir(parents=True, exist_ok=True)
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


def users(stage: Stage, text: str) -> None:
    """Write the user's own file."""
    file = stage.home / ".config/sso-tray/config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def listed(stage: Stage) -> dict[str, tuple[object, str]]:
    """Return each setting's value, and the file that locks it."""
    rows = stage.tray("settings", "--json").json()["settings"]
    return {row["name"]: (row["value"], row["locked_by"]) for row in rows}


def test_every_key_can_be_locked(stage: Stage) -> None:
    """The user's file, the menu's and ``settings set`` change none, and each names the file."""
    lines = "".join(f"{name} = {theirs}\n" for name, (theirs, _, _) in LOCKABLE.items())
    own = "".join(f"{name} = {mine}\n" for name, (_, mine, _) in LOCKABLE.items())
    site = str(policy(stage, f"locked = {json.dumps([*LOCKABLE])}\n{lines}"))
    alone = listed(stage)
    users(stage, own)
    stage.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    (stage.state / "settings.json").write_text(json.dumps(tomllib.loads(own)))

    tried = {
        name: stage.tray("settings", "set", *_typed(name, mine))
        for name, (_, mine, _) in LOCKABLE.items()
    }

    assert alone == listed(stage)
    assert {site} == {by for _, by in alone.values()}
    assert dict.fromkeys(LOCKABLE, (1, True)) == {
        name: (done.code, site in done.err) for name, done in tried.items()
    }
    doctor = {one["sentence"] for one in stage.tray("doctor", "--json").json()["findings"]}
    assert all(any(name in said and site in said for said in doctor) for name in LOCKABLE)


def _typed(name: str, mine: str) -> list[str]:
    """Return what is typed to set a key to a value."""
    value = tomllib.loads(f"value = {mine}")["value"]
    while isinstance(value, dict):
        ((inner, value),) = value.items()
        name = f"{name}.{inner}"
    values = value if isinstance(value, list) else [value]
    return [name, *(str(one).lower() if isinstance(one, bool) else str(one) for one in values)]


def _asked(stage: Stage, *command: str, daemon: bool) -> Done:
    with stage.daemon() if daemon else nullcontext():
        return stage.tray(*command)


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize("text", ['["else"]', '"else"', "["])
def test_nobody_signs_in_elsewhere(stage: Stage, text: str, *, daemon: bool) -> None:
    """Whatever the user's file allows; a policy that can't be understood allows no portal."""
    site = policy(stage, f'locked = ["allowed_start_urls"]\nallowed_start_urls = {text}\n')
    users(stage, f'allowed_start_urls = ["{DEFAULT_START_URL}"]')

    login = _asked(stage, "login", "corp", daemon=daemon)

    assert (1, True) == (login.code, "not allowed" in login.err)
    assert [] == stage.opened()
    assert not stage.file_of("corp").exists()
    assert str(site) in stage.tray("doctor").out


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize("broken", ['locked = ["guarded"]\nguarded = 5', "guarded = ["])
def test_a_guard_that_cannot_be_read_fails_closed(
    stage: Stage, broken: str, *, daemon: bool
) -> None:
    """No profile can be picked; once the guard was read, it is what it was."""
    site = policy(stage, broken)
    users(stage, "guarded = []")
    refused = _asked(stage, "use", "dev", daemon=daemon)
    policy(stage, 'locked = ["guarded"]\nguarded = ["read*"]')
    known = _asked(stage, "use", "dev", daemon=daemon)
    assert 0 == stage.tray("apply", "default").code
    policy(stage, broken)

    kept = _asked(stage, "use", "reader", daemon=daemon)
    default = stage.tray("apply", "default")

    assert (1, True) == (refused.code, str(site) in refused.err)
    assert (0, 0) == (known.code, kept.code)
    assert "guarded" in default.out + default.err
    assert "sso_role_name = ReadOnly" not in stage.config.read_text().partition("[default]")[2]
    assert str(site) in stage.tray("doctor").out
