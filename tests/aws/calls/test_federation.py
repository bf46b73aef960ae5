"""Where role credentials go for a console link."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from tests.aws.calls.test_hosts import Recorder
from tray.aws.api.clients import AwsClients
from tray.aws.api.console_federation import federation_link
from tray.core.connection import AWS_DEFAULTS
from tray.errors import RequestRefused, WillRetry
from tray.own_connection import OwnConnection
from tray.secret import Secret

KEYS = (Secret("ASIAX"), Secret("k"), Secret("t"))


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "signin.aws.amazon.com"),
        ("cn-north-1", "signin.amazonaws.cn"),
        ("us-gov-west-1", "signin.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "eusc-de-east-1.signin.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_its_own_host(
    region: str, host: str, clients: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials are sent to the sign-in host of their own partition."""
    with Recorder() as recorder:
        monkeypatch.setenv("HTTPS_PROXY", recorder.url)
        with pytest.raises(WillRetry):
            federation_link(KEYS, region, clients)

    assert [host] == recorder.hosts
    assert host in _hosts_of_botocore(region)


def _hosts_of_botocore(region: str) -> tuple[str, str]:
    """Return where botocore's rules lead a sign-in, with its region and without."""
    loader = Loader()
    rules = loader.load_service_model("signin", "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    where = {"Region": region, "UseFIPS": False, "UseDualStack": False}
    found = urlsplit(provider.resolve_endpoint(**where).url).hostname or ""
    return found, found.removeprefix(f"{region}.")


@pytest.mark.parametrize(
    ("region", "environ"),
    [
        ("eu-isoe-west-1", {}),
        ("us-iso-east-1", {}),
        ("us-isob-east-1", {}),
        ("mars-north-1", {}),
        ("eu-west-1", {"AWS_ENDPOINT_URL_SIGNIN": "http://signin.example"}),
    ],
)
def test_no_other_host_gets_them(
    region: str, environ: dict[str, str], clients: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partition whose console is unknown is refused before anything is sent."""
    with Recorder() as recorder:
        for name, value in {"HTTPS_PROXY": recorder.url, **environ}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(RequestRefused):
            federation_link(KEYS, region, clients)

    assert [] == recorder.hosts


def test_the_settings_of_the_session_lead_there(clients: AwsClients) -> None:
    """Through the session's proxy, but never to its Identity Center endpoint."""
    with Recorder() as recorder:
        own = OwnConnection(None, Secret(recorder.url), "https://sso.example")
        with pytest.raises(WillRetry):
            federation_link(KEYS, "eu-west-1", clients.reaching(AWS_DEFAULTS, own))

    assert ["signin.aws.amazon.com"] == recorder.hosts
