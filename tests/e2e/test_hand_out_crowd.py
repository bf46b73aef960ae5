"""Twenty programs ask the daemon at the moment of expiry, while real AWS CLIs work beside."""

from __future__ import annotations

import json
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.clients.aws_cli import Version
from tests.clients.desk import sso_token
from tests.components import require
from tests.e2e.desk import PATIENCE, SESSION, Desk, desk, until
from tray.aws.cache.token_cache import full_document
from tray.credential_helper.helper_installation import install
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL, Account
from tray.system.paths import Paths

PROGRAMS = 20
PROFILES = ("dev-profile", "test-profile")
"""Half of the programs want the one, half the other."""
CLIS_BY_US = 2
"""AWS CLI processes that get credentials from us; others go to AWS by themselves."""
SUBSCRIBER = 1
"""The test's own connection to the daemon."""

OTHER = "https://other.awsapps.com/start"

CONFIG = f"""\
[sso-session {SESSION}]
sso_region = {DEFAULT_REGION}
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access

[profile dev-profile]
sso_session = {SESSION}
sso_account_id = 123456789011
sso_role_name = FullAccess

[profile test-profile]
sso_session = {SESSION}
sso_account_id = 123456789012
sso_role_name = ReadOnly

[sso-session other]
sso_region = {DEFAULT_REGION}
sso_start_url = {OTHER}
"""


# The AWS CLI writes its role credentials in place, where processes of one role trip over another's
# half-written file (measured with 2.38.5): each of those that work by themselves has its own role.
OWN_ROLES = ("Auditor", "Billing")
DIRECT = "".join(
    f"\n[profile direct-{role}]\nsso_session = other\nsso_account_id = 123456789011\n"
    f"sso_role_name = {role}\nregion = {DEFAULT_REGION}\n"
    for role in OWN_ROLES
)


def sign_in(here: Desk, key: str, start_url: str, *, ended: bool = False) -> None:
    """Leave what ``aws sso login`` leaves behind; ended: two hours ago, for one hour."""
    with here.center.lock:
        here.center.clock_offset = -7200.0 if ended else 0.0
        given = here.center.sign_in(start_url)
        here.center.clock_offset = 0.0
    file = here.file_of(key)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(full_document(sso_token(given)))


def conversations(here: Desk) -> int:
    """Return how many connections the agent's socket has, by what the kernel lists (proc(5))."""
    sockets = {str(path) for path in Paths.from_environment(here.environ).runtime_sockets}
    connected = "03"
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return sum(len(row) == 8 and row[7] in sockets and row[5] == connected for row in rows)


def who(here: Desk, version: Version, profile: str) -> str:
    """Return the role that a new process of a real AWS CLI has."""
    return here.arn(version, profile).split("AWSReservedSSO_")[1].rpartition("_")[0]


def test_twenty_programs_at_the_moment_of_expiry_beside_aws_clis() -> None:
    """One CreateToken, one GetRoleCredentials for each role, and nobody fails."""
    require("aws-newest")
    accounts = (
        Account("123456789011", ("FullAccess", *OWN_ROLES)),
        Account("123456789012", ("ReadOnly",)),
    )
    with desk(config=CONFIG + DIRECT, accounts=accounts) as here, ThreadPoolExecutor() as threads:
        argv = install(Paths.from_environment(here.environ).state, here.environ)
        with here.config.open("a") as config:
            command = shlex.join([*argv, "dev-profile"])
            config.write(f"\n[profile by-us]\ncredential_process = {command}\n")
            config.write("region = us-east-1\n")
        sign_in(here, SESSION, DEFAULT_START_URL, ended=True)
        sign_in(here, "other", OTHER)
        held = here.center.fault("CreateToken", "hang", grant_type="refresh_token")
        with here.daemon():
            held.wait_hit(timeout=PATIENCE)
            by_us = [threads.submit(who, here, "newest", "by-us") for _ in range(CLIS_BY_US)]
            beside = [threads.submit(who, here, "newest", f"direct-{role}") for role in OWN_ROLES]
            asking = [
                subprocess.Popen(
                    [*argv, profile],
                    env=here.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for profile in [*PROFILES] * (PROGRAMS // len(PROFILES))
            ]
            # The CLIs take their time to start; AWS's answer must not be late for all of that.
            until(lambda: conversations(here) >= PROGRAMS + SUBSCRIBER, "twenty have asked")
            held.release()
            given = [one.communicate(timeout=PATIENCE) for one in asking]
            codes = [one.returncode for one in asking]
            roles = [one.result(PATIENCE) for one in (*by_us, *beside)]
        at_aws = here.center.count

        assert [(0, b"")] * PROGRAMS == [
            (code, said) for code, (_, said) in zip(codes, given, strict=True)
        ]
        assert {"123456789011", "123456789012"} == {
            json.loads(out)["AccountId"] for out, _ in given
        }
        assert ["FullAccess"] * len(by_us) + [*OWN_ROLES] == roles
        assert 1 == at_aws("CreateToken", grant_type="refresh_token")
        assert [1, 1] == [
            at_aws("GetRoleCredentials", role_name=role) for role in ("FullAccess", "ReadOnly")
        ]
