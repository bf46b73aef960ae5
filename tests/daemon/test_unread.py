"""A read that fails for seconds is no fact: nothing changes, it is told, and it passes (S4)."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.living import Living, daemon, home_with
from tests.e2e.desk import until
from tray.aws.cache.token_cache import cache_path, read_token
from tray.aws.config import config_files
from tray.errors import Unread
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.active_profile import record_active
from tray.storage.session_records import Records
from tray.storage.settings import read_settings
from tray.system.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

SESSION = "corp"
CONFIG = """\
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1

[profile dev]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Dev

[profile test]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Test
"""
TOKEN = """\
{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "access",
"expiresAt": "%d-01-01T00:00:00Z"}
"""
PASSING = ("EMFILE", "ENFILE", "ENOMEM", "EIO", "ESTALE")
SETTINGS = 'guarded = ["*prod*"]\n'

Read = Callable[[Paths], object]
READS: dict[str, Read] = {
    "active-profile": lambda paths: managed_sections.follow(_context(paths)),
    "token file": lambda paths: read_token(cache_path(paths.token_cache, SESSION)),
    "config": lambda paths: config_files.read(paths.aws_config),
    "credentials": lambda paths: config_files.read(paths.aws_credentials),
    "settings": lambda paths: read_settings(paths.settings_file, paths.state),
    "records": lambda paths: Records(paths.state).read(),
    "applied": lambda paths: managed_sections.read_applied(paths.state),
}
NAMES = {
    "active-profile": "active-profile",
    "config": "config",
    "credentials": "credentials",
    "settings": "config.toml",
    "records": "state.json",
    "applied": "applied.json",
    "guard": "guarded.json",
}


def _context(paths: Paths) -> ManagedContext:
    return ManagedContext(paths, (), lambda: ("/usr/bin/python3", "/x/credentials.py"))


def _home(directory: Path) -> tuple[dict[str, str], Paths]:
    """Make a home with every file that the daemon reads; `dev` is active, and is the default."""
    environ = home_with(directory, CONFIG)
    paths = Paths.from_environment(environ)
    paths.aws_credentials.write_text("")
    paths.settings_file.parent.mkdir(parents=True)
    paths.settings_file.write_text(SETTINGS)
    paths.token_cache.mkdir(parents=True)
    _token_file(paths).write_text(TOKEN % 2090)
    record_active(paths.state, "dev")
    Records(paths.state).change(SESSION, store="file", unscoped=True)
    managed_sections.apply(_context(paths), "default")
    return environ, paths


def _token_file(paths: Paths) -> Path:
    return cache_path(paths.token_cache, SESSION)


def _default(paths: Paths) -> str:
    """Return what the AWS config says from ``[default]`` on."""
    return paths.aws_config.read_text().partition("[default]")[2]


def _problems(living: Living) -> str:
    return " ".join(living.ask("status")["status"]["problems"])


@contextmanager
def _failing(directory: Path, *names: str, kind: str) -> Iterator[None]:
    faults = [directory / name for name in names]
    for fault in faults:
        fault.write_text(kind)
    try:
        yield
    finally:
        for fault in faults:
            fault.unlink()


def _seamed(environ: dict[str, str], directory: Path) -> tuple[dict[str, str], Path]:
    faults = directory / "faults"
    faults.mkdir()
    root = Path(__file__).parents[2]
    path = f"{Path(__file__).with_name('failing_reads')}:{root}"
    return {**environ, "PYTHONPATH": path, "FAILING_READS": str(faults)}, faults


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("read", READS)
def test_the_machines_errors_are_one_outcome(
    read: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever reads a file says `Unread` where the machine fails, and changes no file."""
    _, paths = _home(tmp_path)
    before, really = paths.aws_config.read_bytes(), os.open
    number = getattr(errno, kind)

    def failing(path: str, flags: int, *rest: int, **more: int) -> int:
        if not flags & (os.O_CREAT | os.O_DIRECTORY) and "lock" not in str(path):
            raise OSError(number, os.strerror(number), path)
        return really(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(Unread, match="can't be read right now"):
        READS[read](paths)

    assert before == paths.aws_config.read_bytes()


@pytest.mark.parametrize("kind", ["EIO", "ESTALE"])
def test_a_start_beside_unreadable_files(kind: str, tmp_path: Path) -> None:
    """Nothing is judged, written or shown as signed out; once readable, all is as it was."""
    environ, paths = _home(tmp_path)
    environ, faults = _seamed(environ, tmp_path)
    config, record = paths.aws_config.read_bytes(), Records(paths.state).of(SESSION)
    names = (*NAMES.values(), _token_file(paths).name)
    with _failing(faults, *names, kind=kind), daemon(environ, listens=False) as living:
        seen = living.ask("status")["status"]
        told = living.ask("credentials", profile=None)
        living.ask("status")

        assert config == paths.aws_config.read_bytes()
        assert "can't be read right now" in told["sentence"]
        assert None is seen["active_profile"]
        for name in names:
            (faults / name).rename(faults / f"{name} no more")
        until(lambda: living.ask("status")["status"]["active_profile"] == "dev", "all is read")
        until(lambda: living.session(SESSION)["state"] == "signed-in", "the token is read")
        after = living.ask("status")["status"]
        for name in names:
            (faults / f"{name} no more").rename(faults / name)

    assert [] == after["problems"]
    assert config == paths.aws_config.read_bytes()
    assert record.unscoped == Records(paths.state).of(SESSION).unscoped


@pytest.mark.parametrize("name", ["active-profile", "config", "settings", "token"])
def test_a_read_that_fails_later(name: str, tmp_path: Path) -> None:
    """What was known stays, and a change made meanwhile counts afterwards."""
    environ, paths = _home(tmp_path)
    environ, faults = _seamed(environ, tmp_path)
    file = NAMES.get(name, _token_file(paths).name)
    with daemon(environ) as living:
        living.until_state(SESSION, "signed-in")
        until(lambda: living.ask("status")["status"]["active_profile"] == "dev", "it is read")
        before = _default(paths)
        with _failing(faults, file, kind="EIO"):
            _token_file(paths).write_text(TOKEN % 2091)
            paths.settings_file.write_text(SETTINGS + "# changed\n")
            paths.aws_credentials.write_text("# changed\n")
            living.until(
                lambda message: file in " ".join(message.get("status", {}).get("problems", ()))
            )
            during = living.ask("status")["status"]
            kept = _default(paths)
            record_active(paths.state, "test")
        until(lambda: "sso_role_name = Test" in _default(paths), "[default] follows")
        until(lambda: _problems(living) == "", "nothing is told any more")
        after = living.session(SESSION)

    assert before == kept
    assert ("dev", "signed-in") == (during["active_profile"], during["sessions"][0]["state"])
    assert ("signed-in", "2091") == (after["state"], str(after["token_expires_at"])[:4])


def test_a_daemon_out_of_descriptors(tmp_path: Path) -> None:
    """EMFILE on every file for longer than is told: no state changes, and it is over by itself."""
    environ, paths = _home(tmp_path)
    with daemon(environ) as living:
        living.until_state(SESSION, "signed-in")
        until(lambda: living.ask("status")["status"]["active_profile"] == "dev", "it is read")
        before, heard = _default(paths), len(living.messages)
        limits = resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
        _token_file(paths).write_text(TOKEN % 2091)
        record_active(paths.state, "test")
        paths.settings_file.write_text(SETTINGS + "# changed\n")
        living.until(
            lambda message: (
                "Too many open files" in str(message.get("status", {}).get("problems"))
            ),
            since=heard,
        )
        kept = _default(paths)
        resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE, limits)
        until(lambda: "sso_role_name = Test" in _default(paths), "[default] follows")
        until(lambda: _problems(living) == "", "nothing is told any more")
        states = {
            (one["state"], message["status"]["active_profile"])
            for message in living.messages[heard:]
            for one in message.get("status", {}).get("sessions", ())
        }

    assert before == kept
    assert {("signed-in", "dev"), ("signed-in", "test")} >= states


def test_a_choice_that_cannot_be_kept_is_not_shown(tmp_path: Path) -> None:
    """A7: what the file says counts, for shells and for the menu: here it leads to no folder."""
    environ, paths = _home(tmp_path)
    active = paths.state / "active-profile"
    with daemon(environ) as living:
        until(lambda: living.ask("status")["status"]["active_profile"] == "dev", "it is read")
        active.unlink()
        active.symlink_to(tmp_path / "nowhere" / "active-profile")
        until(lambda: living.ask("status")["status"]["active_profile"] is None, "it is gone")

        living.ask("use", profile="test")

        until(lambda: living.ask("status")["status"]["active_profile"] is None, "the file counts")
