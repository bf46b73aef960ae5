"""``uninstall``: what was there before and what is there after, by file, keyring item and byte."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import ROOT, Stage
from tests.keyring_session import KeyringSession, keyring_session
from tray.fake_aws.identity_center import IdentityCenter
from tray.system.dbus.search_files import krunner_file, offer_to_krunner


def files(home: Path) -> set[str]:
    """Return every file below a home but the token cache, the browser's and Python's."""
    return {
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and not path.is_relative_to(home / ".aws/sso")
    } - {"browser.log"}


@pytest.fixture
def used(stage: Stage) -> Iterator[tuple[Stage, KeyringSession, set[str], bytes]]:
    """A home in use, its keyring, and the files and config that it had before."""
    with keyring_session("unlocked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        before, config = files(stage.home), stage.config.read_bytes()
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
            for command in (("use", "dev"), ("apply", "default"), ("apply", "process")):
                assert 0 == stage.tray(*command).code
            for entry in ("autostart", "menu-entry"):
                assert 0 == stage.tray(entry, "on").code
            yield stage, keyring, before, config


def test_a_home_is_as_before(used: tuple[Stage, KeyringSession, set[str], bytes]) -> None:
    """No file, keyring item or byte of ours is left, and the AWS CLI's token goes on renewing."""
    stage, keyring, before, config = used
    assert files(stage.home) > before
    assert keyring.labels()

    done = stage.tray("uninstall", "--yes")

    token = json.loads(stage.file_of("corp").read_text())
    assert 0 == done.code, done.err
    assert (before, config) == (files(stage.home), stage.config.read_bytes())
    assert [] == keyring.labels()
    assert stage.center.accepts_refresh_token(token["refreshToken"])
    assert "uninstall sso-tray" in done.out.splitlines()[-1]
    again = stage.tray("uninstall", "--yes")
    assert (0, "Nothing of SSO Tray is left") == (again.code, again.out[:27])


@pytest.mark.parametrize("command", [("release", "corp"), ("uninstall", "--yes")])
def test_a_lost_record_loses_no_token(stage: Stage, command: tuple[str, ...]) -> None:
    """With every copy of the record gone the keyring is still looked into, and its token kept."""
    with keyring_session("unlocked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
        for record in stage.state.glob("state.json*"):
            record.unlink()

        done = stage.tray(*command)

        token = json.loads(stage.file_of("corp").read_text())
        assert (0, []) == (done.code, keyring.labels()), done.err
    assert stage.center.accepts_refresh_token(token["refreshToken"])


@pytest.mark.parametrize("command", [("release", "corp"), ("uninstall", "--yes")])
def test_a_lost_record_and_a_locked_keyring_claim_nothing(
    stage: Stage, command: tuple[str, ...]
) -> None:
    """What could not be read is said to be locked, and neither item nor file is touched."""
    with keyring_session("unlocked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
        for record in stage.state.glob("state.json*"):
            record.unlink()
        items, file = keyring.labels(), stage.file_of("corp").read_bytes()
        keyring.lock()

        done = stage.tray(*command)

        assert (1, items, file) == (
            done.code,
            keyring.labels(),
            stage.file_of("corp").read_bytes(),
        )
        assert "locked" in done.err
        keyring.unlock()
        assert (0, []) == (stage.tray(*command).code, keyring.labels())


def test_a_session_gone_from_the_config_stops_it_too(stage: Stage) -> None:
    """An item that cannot be deleted is named, and the record that knows of it stays."""
    with keyring_session("unlocked") as keyring:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = keyring.address
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
        config = stage.config.read_text()
        stage.config.write_text("[profile static]\nregion = eu-west-1\n")
        keyring.lock()

        done = stage.tray("uninstall", "--yes")

        assert (1, True) == (done.code, stage.state.is_dir())
        assert "corp: its keyring item couldn't be deleted" in done.err
        stage.config.write_text(config)
        keyring.unlock()
        assert (0, []) == (stage.tray("uninstall", "--yes").code, keyring.labels())


def test_a_dry_run_changes_nothing(
    used: tuple[Stage, KeyringSession, set[str], bytes],
) -> None:
    """It lists each place and leaves it; without ``--yes`` nobody at the keyboard means no."""
    stage, keyring, _, _ = used
    there, items = files(stage.home), keyring.labels()

    told = stage.tray("uninstall", "--dry-run")
    refused = stage.tray("uninstall")

    entries = ("autostart", "applications")
    for place in ("corp", "[default]", "[profile sso-tray]", *entries, str(stage.state)):
        assert place in told.out
    assert (0, 2) == (told.code, refused.code)
    assert "--yes" in refused.err
    assert (there, items) == (files(stage.home), keyring.labels())
    assert stage.tray("status", "--json").json()["resident"]


def test_a_locked_keyring_stops_it_before_anything_is_lost(
    used: tuple[Stage, KeyringSession, set[str], bytes],
) -> None:
    """What comes after a step that failed is left alone, and a second run takes it up."""
    stage, keyring, before, config = used
    keyring.lock()

    done = stage.tray("uninstall", "--yes")

    assert 1 == done.code
    assert "locked" in done.err
    assert stage.state.is_dir()
    keyring.unlock()
    assert 0 == stage.tray("uninstall", "--yes").code
    assert (before, config) == (files(stage.home), stage.config.read_bytes())


def test_a_path_with_blanks_is_quoted(stage: Stage) -> None:
    """The line that removes the package can be typed as it stands."""
    python = stage.home / "my tools/python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)

    told = subprocess.run(
        [str(python), "-m", "tray", "uninstall", "--dry-run"],
        env=stage.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), *sys.path))},
        check=True,
        capture_output=True,
        text=True,
    )

    line = told.stdout.splitlines()[-1].partition("run: ")[2]
    assert [str(python), "-m", "pip", "uninstall", "sso-tray"] == shlex.split(line)


def test_what_no_longer_works_is_named(stage: Stage, center: IdentityCenter) -> None:
    """A profile of the user's own that runs us is named, and stays as it is."""
    text = stage.config.read_text()

    told = stage.tray("uninstall", "--dry-run")

    assert "circle" in told.out
    assert text == stage.config.read_text()


def test_the_way_from_krunner_is_taken_away(stage: Stage) -> None:
    """A file that we wrote; one of the user's own stays."""
    offer_to_krunner({**stage.environ, "XDG_CURRENT_DESKTOP": "KDE", "XDG_DATA_DIRS": "/none"})
    file = krunner_file(stage.environ)
    assert file.exists()

    told = stage.tray("uninstall", "--dry-run")
    done = stage.tray("uninstall", "--yes")
    gone = not file.exists()
    file.write_text("[Desktop Entry]\nName=mine\n")
    stage.tray("uninstall", "--yes")

    assert str(file) in told.out
    assert (0, True) == (done.code, gone)
    assert file.exists()
