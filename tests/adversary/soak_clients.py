"""Clients of a real daemon that never read what it tells them, by the hundred."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemon.living import Living, daemon, home_with
from tests.e2e.desk import until, workers_of
from tests.system.test_transport import ROOT_ONLY
from tray.aws.cache.token_cache import cache_path
from tray.daemon.agent_server import CLIENTS_LIMIT
from tray.ipc.agent_client import encode
from tray.storage.logs import REPEATS
from tray.system.paths import world

MUTE = 200
CROWD = CLIENTS_LIMIT + 24
CHANGES = 150
BACK = 2 * 1024 * 1024
"""Bytes that may be left once what is free has been returned."""
SESSIONS, PROFILES = 50, 200
CONFIG = "".join(
    f"[sso-session corp-{number}]\nsso_start_url = https://corp-{number}.awsapps.com/start\n"
    "sso_region = eu-west-1\n"
    for number in range(SESSIONS)
) + "".join(
    f"[profile dev-{number}]\nsso_session = corp-{number % SESSIONS}\n"
    f"sso_account_id = 111111111111\nsso_role_name = Role{number}\n"
    for number in range(PROFILES)
)
TOKEN = """\
{"startUrl": "https://corp-0.awsapps.com/start", "region": "eu-west-1", "accessToken": "access",
"expiresAt": "2090-01-01T00:00:00Z"}
"""
CLOSED = "http://127.0.0.1:1"


def _trimmed(living: Living) -> int:
    """Return the daemon's memory in bytes after a worker has come and gone."""
    living.ask("credentials", profile="dev-0")
    until(lambda: workers_of(living) == [], "the worker rests")
    living.ask("status")  # the daemon has returned from letting the worker go
    lines = Path(f"/proc/{living.process.pid}/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("RssAnon:")).split()[1])


def _descriptors(living: Living) -> int:
    return len(os.listdir(f"/proc/{living.process.pid}/fd"))  # noqa: PTH208  (of links that go)


def _mute(living: Living, stack: ExitStack) -> None:
    client = stack.enter_context(socket.socket(socket.AF_UNIX))
    client.connect(str(next(one for one in living.paths.runtime_sockets if one.exists())))
    client.sendall(encode({"program": "x", "world": world(living.environ), "op": "subscribe"}))


def _change(living: Living, times: int) -> None:
    for number in range(times):
        assert 0 == living.ask("use", profile=f"dev-{number % PROFILES}")["exit"]


def _home(directory: Path) -> dict[str, str]:
    environ = home_with(
        directory, CONFIG, AWS_ENDPOINT_URL_SSO=CLOSED, AWS_ENDPOINT_URL_SSO_OIDC=CLOSED
    )
    cache = Path(environ["HOME"]) / ".aws/sso/cache"
    cache.mkdir(parents=True)
    cache_path(cache, "corp-0").write_text(TOKEN)
    return environ


@ROOT_ONLY  # who forbids core dumps shows its descriptors to root alone
@pytest.mark.timeout(600)
def test_mute_subscribers_leave_nothing_behind(tmp_path: Path) -> None:
    """
    200 of them through 150 changes: told, and memory and descriptors are back.

    What is left (1.8 MB) is none of theirs: 11 kB each of Python's small objects came and went,
    and the arenas they were in hold what lives on.
    """
    with daemon(_home(tmp_path), listens=False) as living, ExitStack() as stack:
        _change(living, CHANGES)  # what a day leaves in any case
        before, open_before = _trimmed(living), _descriptors(living)
        for _ in range(MUTE):
            _mute(living, stack)
        _change(living, CHANGES)
        until(lambda: _descriptors(living) <= open_before, "all of them are dropped")
        after = _trimmed(living)
        log = living.log().splitlines()

    told = [line for line in log if "does not read its answers" in line]
    assert after - before <= BACK, (before, after)
    assert 0 < len(told) <= REPEATS
    assert [] == [line for line in log if " WARNING " in line or " ERROR " in line]


@pytest.mark.timeout(600)
def test_commands_and_a_reader_never_starve(tmp_path: Path) -> None:
    """With more mute subscribers than places commands are answered, and a reader hears all."""
    with daemon(_home(tmp_path), listens=False) as living, ExitStack() as stack:
        for _ in range(CROWD):
            _mute(living, stack)
        threading.Thread(target=living.listen, daemon=True).start()
        living.until(lambda message: "status" in message)
        _change(living, 20)
        heard = living.until(
            lambda message: message.get("status", {}).get("active_profile") == "dev-19"
        )

    assert "dev-19" == heard["status"]["active_profile"]
