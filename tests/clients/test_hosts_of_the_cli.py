"""The AWS CLI as the referee of where sign-in and portal calls go (see test_hosts)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.aws.calls.hosts_table import BARE, FIPS, PROFILE, SESSION
from tests.aws.calls.test_hosts import Recorder
from tests.aws.calls.tls_proxy import TlsProxy
from tests.components import require
from tests.worker.test_vanity_url import CORP_CONFIG, HOSTS, PORTAL, VANITY, redirect
from tray.aws.cache.token_cache import cache_path, read_token
from tray.fake_aws.identity_center import IdentityCenter


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


def test_the_cli_resolves_a_vanity_url_as_we_do(tmp_path: Path) -> None:
    """One HEAD; AWS gets the resolved URL; the file keeps the user's and the config the region."""
    aws = require("aws-newest")
    (tmp_path / ".aws").mkdir()
    config = tmp_path / ".aws/config"
    config.write_text(CORP_CONFIG)
    with (
        IdentityCenter(
            region="us-west-2", start_urls={PORTAL: "us-west-2"}, device_auto_approve=True
        ) as center,
        TlsProxy(center, tmp_path, {"sso.corp.example": redirect(f"{PORTAL}/#/")}, HOSTS) as proxy,
    ):
        environ = {
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "AWS_EC2_METADATA_DISABLED": "true",
            **proxy.variables(),
        }
        done = subprocess.run(
            [str(aws), "sso", "login", "--sso-session", "corp", "--use-device-code"],
            env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    assert ["HEAD"] == [method for method, host in proxy.asked if host == "sso.corp.example"]
    token = read_token(cache_path(tmp_path / ".aws/sso/cache", "corp"))
    assert token is not None
    assert (VANITY, "us-west-2") == (token.start_url, token.region)
    assert "sso_region = us-west-2" in config.read_text()
