"""The AWS CLI as the referee of where sign-in and portal calls go (see test_hosts)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.aws.calls.test_hosts import BARE, FIPS, PROFILE, SESSION, Recorder
from tests.components import require


def test_the_cli_asks_the_hosts_of_the_profile(tmp_path: Path) -> None:
    """It signs in and lists by the profile's FIPS key, whatever ``[default]`` says."""
    aws = require("aws-debian")
    (tmp_path / ".aws").mkdir()
    default = f"[default]\n{BARE}use_dualstack_endpoint = true\n"
    (tmp_path / ".aws/config").write_text(
        f"{default}{SESSION}sso_registration_scopes = sso:account:access\n"
        f"{PROFILE}use_fips_endpoint = true\n"
    )
    calls = (
        ("sso", "login", "--profile", "dev", "--no-browser"),
        ("sso", "list-accounts", "--access-token", "a", "--profile", "dev"),
    )

    found = []
    with Recorder() as recorder:
        environ = {
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "HTTPS_PROXY": recorder.url,
            "HTTP_PROXY": recorder.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }
        for call in calls:
            before = len(recorder.hosts)
            subprocess.run([str(aws), *call], env=environ, capture_output=True, check=False)
            found += recorder.hosts[before : before + 1]

    assert list(FIPS[:2]) == found
