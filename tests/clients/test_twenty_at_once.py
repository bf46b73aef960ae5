"""Twenty AWS CLI processes beside a daemon, while it renews the session they all use."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.clients.aws_cli import aws_cli, client_environment
from tests.clients.desk import ACCOUNT, CONFIG, CORP, HOUR, LEAN_MEMBERS, sso_token
from tests.components import require
from tests.daemon.living import PATIENCE, daemon
from tests.keyring_session import keyring_session
from tray.aws.cache.token_cache import cache_directory, cache_path, full_document
from tray.fake_aws.fake_options import DEFAULT_REGION, Account
from tray.fake_aws.identity_center import IdentityCenter

PROCESSES = 20
IN_FLIGHT = 5
"""How many of them hold the old token in a request while it is replaced."""

LIFE = 240.0
# The AWS CLI writes its role credentials in place too, so that processes of one role trip over one
# another's half-written file (KeyError, measured with 2.38.5): a role for each keeps that out.
ROLES = tuple(f"Role{number}" for number in range(PROCESSES))
PROFILES = "".join(
    f"\n[profile {role}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n"
    f"region = {DEFAULT_REGION}\n"
    for role in ROLES
)

SINCE = 103.0
"""With this much of the life gone a renewal is due in 5 to 17 seconds, jitter included (R1)."""


def signed_in(center: IdentityCenter, file: Path) -> None:
    """Leave what ``aws sso login`` left behind that many seconds ago."""
    with center.lock:
        center.token_life, center.clock_offset = LIFE, -SINCE
        given = center.sign_in()
        center.token_life, center.clock_offset = HOUR, 0.0
    file.parent.mkdir(parents=True)
    file.write_bytes(full_document(sso_token(given)))
    then = center.time() - SINCE
    os.utime(file, (then, then))


def test_twenty_processes_at_the_moment_of_renewal() -> None:
    """AWS sees one renewal, by us; no process sees any of it."""
    require("aws-newest")
    accounts = (Account(ACCOUNT, ROLES),)
    with keyring_session("unlocked") as desktop, IdentityCenter(accounts=accounts) as center:
        home = Path(desktop.environ["HOME"])
        (home / ".aws").mkdir()
        (home / ".aws/config").write_text(CONFIG + PROFILES)
        file = cache_path(cache_directory(home), CORP.key)
        signed_in(center, file)
        env = client_environment(home, center.url)
        held = center.fault("GetRoleCredentials", "hang", times=IN_FLIGHT)

        with (
            daemon({**desktop.environ, **center.environment()}) as living,
            ThreadPoolExecutor(PROCESSES) as threads,
        ):
            living.until_state("corp", "signed-in", keeper="keyring")
            adopted = json.loads(file.read_bytes())
            command = ("sts", "get-caller-identity", "--profile")
            running = [
                threads.submit(aws_cli, "newest", *command, role, env=env) for role in ROLES
            ]
            held.wait_hit(IN_FLIGHT, timeout=PATIENCE)
            center.wait_for("CreateToken", timeout=PATIENCE, status=200)
            held.release()
            done = [process.result() for process in running]
            renewed = json.loads(file.read_bytes())

    assert set() == {one.stderr for one in done if one.returncode}
    arns = [json.loads(one.stdout)["Arn"] for one in done]
    assert list(ROLES) == [re.findall(r"AWSReservedSSO_(\w+)_", arn)[0] for arn in arns]
    assert 1 == center.count("CreateToken")
    assert [LEAN_MEMBERS] * 2 == [adopted.keys(), renewed.keys()]
    assert adopted["accessToken"] != renewed["accessToken"]
    assert PROCESSES == center.count("GetRoleCredentials")
