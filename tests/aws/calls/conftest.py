"""An Identity Center on loopback, clients that lead there, and an environment without AWS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.home import home_variables
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.core.model import SsoSession
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take every AWS setting and proxy out of the environment, and give an empty home."""
    for name in os.environ:
        if name.startswith("AWS_") or name.upper().endswith(("_PROXY", "_CA_BUNDLE")):
            monkeypatch.delenv(name)
    for name, value in home_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    """Give a running Identity Center to which the environment leads."""
    with IdentityCenter(auto_approve=True) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def clients() -> Iterator[AwsClients]:
    """Give clients, closed at the end."""
    with AwsClients() as shared:
        yield shared


@pytest.fixture
def oidc(clients: AwsClients) -> Oidc:
    """Give the service on the shared clients, with the system's clock."""
    return Oidc(clients)


@pytest.fixture
def session() -> SsoSession:
    """Give the session that the Identity Center knows."""
    return SsoSession("corp", DEFAULT_START_URL, DEFAULT_REGION)


@pytest.fixture
def lead_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a way to lead all services to a URL."""

    def lead(url: str) -> None:
        for service in ("SSO", "SSO_OIDC", "STS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

    return lead
