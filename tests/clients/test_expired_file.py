"""An expired full file beside a daemon: how long an SDK could read it lean and expired."""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path

from tests.clients.desk import ACCOUNT, HOUR, sso_token
from tests.daemon.living import PATIENCE, daemon
from tests.keyring_session import keyring_session
from tray.aws.cache.token_cache import cache_directory, cache_path, full_document
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

ANSWER = 0.2
"""Seconds the made-up AWS takes for CreateToken."""
WITHIN = 0.3
"""Seconds a lean expired file may lie there besides: the worker runs by then."""
KEYS = ("first", "second", "third")
"""Session names; the first meets a worker just started, which has never called AWS."""
CONFIG = "".join(
    f"[profile {key}]\nsso_session = {key}\nsso_account_id = {ACCOUNT}\nsso_role_name = Admin\n\n"
    f"[sso-session {key}]\nsso_start_url = {DEFAULT_START_URL}\nsso_region = {DEFAULT_REGION}\n\n"
    for key in KEYS
)


def test_an_expired_file_is_lean_no_longer_than_aws_takes() -> None:
    """K4: between lean and renewed lie at most 0.3 s and AWS's answer, also in a new worker."""
    with keyring_session("unlocked") as desktop, IdentityCenter() as center:
        home = Path(desktop.environ["HOME"])
        (home / ".aws").mkdir()
        (home / ".aws/config").write_text(CONFIG)
        cache = cache_directory(home)
        cache.mkdir(parents=True)
        center.fault("CreateToken", "delay", times=None, seconds=ANSWER)

        spent = []
        with daemon({**desktop.environ, **center.environment()}) as living:
            for key in KEYS:
                living.until_state(key, "signed-out")
                spent.append(_lean_and_expired(cache_path(cache, key), _expired(center)))
                living.until_state(key, "signed-in", keeper="keyring", reason=None)

    assert len(KEYS) == center.count("CreateToken", grant_type="refresh_token")
    # Seen: 0.03 s each. One of three may meet a busy machine.
    assert statistics.median(spent) <= ANSWER + WITHIN, spent


def _expired(center: IdentityCenter) -> bytes:
    """Sign in an hour and a minute ago; return what ``aws sso login`` wrote then."""
    with center.lock:
        center.clock_offset = -HOUR - 60
        given = center.sign_in()
        center.clock_offset = 0.0
    return full_document(sso_token(given))


def _lean_and_expired(file: Path, data: bytes) -> float:
    """Put a file in place; return for how many seconds its old token could be read, but lean."""
    old, beside = json.loads(data)["accessToken"], file.with_suffix(".new")
    beside.write_bytes(data)
    then = time.time() - HOUR - 60
    os.utime(beside, (then, then))
    beside.replace(file)
    lean_at: float | None = None
    end = time.monotonic() + PATIENCE
    while (now := time.monotonic()) < end:
        members = json.loads(file.read_bytes())
        if members["accessToken"] != old:
            return 0.0 if lean_at is None else now - lean_at
        if lean_at is None and "refreshToken" not in members:
            lean_at = now
        time.sleep(0.001)  # a rename tells nobody
    raise AssertionError("it was never renewed")
