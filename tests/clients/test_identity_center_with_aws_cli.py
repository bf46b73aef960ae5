"""The embedded Identity Center is taken for AWS by the real AWS CLI, old and new, and by boto3."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.aws_cli import (
    Version,
    aws_cli,
    boto3_identity,
    client_environment,
    device_code_options,
    release,
)
from tray.fake_aws.identity_center import IdentityCenter

ACCOUNT = "123456789011"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN = "CreateToken"

CONFIG = """\
[sso-session corp]
sso_start_url = https://sso-portal.awsapps.com/start
sso_region = eu-west-2
sso_registration_scopes = sso:account:access

[profile test-profile]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = ReadOnly
region = eu-west-2

[profile legacy]
sso_start_url = https://sso-portal.awsapps.com/start
sso_region = eu-west-2
sso_account_id = 123456789011
sso_role_name = ReadOnly
region = eu-west-2
"""

versions = pytest.mark.parametrize("version", ["newest", "debian"])


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    """An Identity Center where whoever opens a page has approved."""
    with IdentityCenter(auto_approve=True) as running:
        yield running


@pytest.fixture
def env(center: IdentityCenter, tmp_path: Path) -> Mapping[str, str]:
    """A home with a config, pointed at the Identity Center."""
    environment = client_environment(tmp_path / "home", center.url)
    config = Path(environment["HOME"], ".aws", "config")
    config.parent.mkdir()
    config.write_text(CONFIG, encoding="utf-8")
    return environment


def cache_file(env: Mapping[str, str], key: str) -> Path:
    """Return the place of a session's token cache file (rule S2)."""
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return Path(env["HOME"], ".aws", "sso", "cache", f"{name}.json")


def sign_in(version: Version, env: Mapping[str, str], *options: str) -> None:
    """Sign in with the AWS CLI as a person at a terminal does."""
    result = aws_cli(version, "sso", "login", *options, env=env)
    assert result.returncode == 0, result.stderr


MEMBERS = {
    "startUrl",
    "region",
    "accessToken",
    "expiresAt",
    "clientId",
    "clientSecret",
    "registrationExpiresAt",
    "refreshToken",
}


@versions
def test_sign_in_use_and_sign_out(
    version: Version, center: IdentityCenter, env: Mapping[str, str]
) -> None:
    """
    A person signs in, is somebody, signs out and is nobody: with each AWS CLI.

    From 2.22 it signs in by PKCE, before that by device code; either leaves the eight members,
    the refresh token among them, readable by us alone.
    """
    sign_in(version, env, "--sso-session", "corp")

    answered = {call.about.grant_type for call in center.requests if call.operation == TOKEN}
    token: dict[str, Any] = json.loads(cache_file(env, "corp").read_text(encoding="utf-8"))
    mode = stat.S_IMODE(cache_file(env, "corp").stat().st_mode)
    used = aws_cli(version, "sts", "get-caller-identity", "--profile", "test-profile", env=env)
    sessions = len(center.live_sessions())
    out = aws_cli(version, "sso", "logout", env=env)
    after = aws_cli(version, "sts", "get-caller-identity", "--profile", "test-profile", env=env)

    expected = "authorization_code" if release(version, env=env) >= (2, 22) else DEVICE_CODE
    assert ({expected}, MEMBERS, 0o600) == (answered, set(token), mode)
    assert (0, ACCOUNT) == (used.returncode, json.loads(used.stdout)["Account"]), used.stderr
    assert (1, 0) == (sessions, len(center.live_sessions()))
    assert (0, False) == (out.returncode, cache_file(env, "corp").exists()), out.stderr
    assert "Error loading SSO Token: Token for corp does not exist" in after.stderr
    assert after.returncode != 0


@versions
def test_a_legacy_profile_signs_in_by_device_code(
    version: Version, env: Mapping[str, str]
) -> None:
    """A profile with a start URL of its own gets its token under that URL."""
    sign_in(version, env, "--profile", "legacy")

    used = aws_cli(version, "sts", "get-caller-identity", "--profile", "legacy", env=env)
    assert (0, ACCOUNT) == (used.returncode, json.loads(used.stdout)["Account"]), used.stderr
    assert cache_file(env, "https://sso-portal.awsapps.com/start").exists()


@versions
def test_a_device_code_without_a_browser(
    version: Version, center: IdentityCenter, env: Mapping[str, str]
) -> None:
    """Approved elsewhere, a device code signs in a machine that opens no browser."""
    center.device_auto_approve = True

    sign_in(version, env, "--sso-session", "corp", *device_code_options(version, env=env))

    used = aws_cli(version, "sts", "get-caller-identity", "--profile", "test-profile", env=env)
    assert (0, ACCOUNT) == (used.returncode, json.loads(used.stdout)["Account"]), used.stderr


def test_boto3_lives_on_the_aws_clis_sign_in(env: Mapping[str, str]) -> None:
    """Boto3, in a process of its own, uses the token the AWS CLI was given."""
    sign_in("newest", env, "--sso-session", "corp")

    used = boto3_identity(env, "test-profile")

    assert (0, ACCOUNT) == (used.returncode, json.loads(used.stdout)["Account"]), used.stderr


def test_the_old_aws_cli_is_turned_by_its_rule_sets_alone(env: Mapping[str, str]) -> None:
    """Debian's AWS CLI reaches the Identity Center without any AWS_ENDPOINT_URL variable."""
    bare = {name: value for name, value in env.items() if "ENDPOINT_URL" not in name}
    if release("debian", env=bare) < (2, 22):
        sign_in("debian", bare, "--sso-session", "corp")
    else:
        options = device_code_options("debian", env=bare)
        sign_in("debian", bare, "--sso-session", "corp", *options)

    used = aws_cli("debian", "sts", "get-caller-identity", "--profile", "test-profile", env=bare)

    assert (0, ACCOUNT) == (used.returncode, json.loads(used.stdout)["Account"]), used.stderr


@versions
def test_nothing_but_loopback_is_reached(version: Version, env: Mapping[str, str]) -> None:
    """A call to a service that is not served here ends at the closed port, not at AWS."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "invented"}

    result = aws_cli(version, "s3", "ls", env={**env, **keys, "AWS_MAX_ATTEMPTS": "1"})

    assert result.returncode != 0
    assert 'Failed to connect to proxy URL: "http://127.0.0.1:1"' in result.stderr
