from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from tests.fake_aws.client import Client
from tray.fake_aws.fake_options import DEFAULT_REGION
from tray.fake_aws.identity_center import IdentityCenter

if TYPE_CHECKING:
    from types_boto3_sso import SSOClient
    from types_boto3_sso_oidc import SSOOIDCClient

ONE_TRY = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=20)


@pytest.fixture(autouse=True)
def _nothing_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep boto3 from the config and the proxies of whoever runs the tests."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    """A center that asks nobody and whose clock stands still but for ``advance``."""
    with IdentityCenter(auto_approve=True, now=lambda: 1_800_000_000.0) as running:
        yield running


@pytest.fixture
def client(center: IdentityCenter) -> Client:
    """Speak to the center as the wire allows."""
    return Client(center)


@pytest.fixture
def oidc(center: IdentityCenter) -> Iterator[SSOOIDCClient]:
    """Speak to the OIDC service as boto3 does, trying once."""
    made = boto3.client(
        "sso-oidc", region_name=DEFAULT_REGION, endpoint_url=center.url, config=ONE_TRY
    )
    yield made
    made.close()


@pytest.fixture
def portal(center: IdentityCenter) -> Iterator[SSOClient]:
    """Speak to the portal as boto3 does, trying once."""
    made = boto3.client("sso", region_name=DEFAULT_REGION, endpoint_url=center.url, config=ONE_TRY)
    yield made
    made.close()
