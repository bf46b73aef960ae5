"""Which host each call goes to, as a proxy on loopback sees it; botocore is the referee."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.aws.calls import hosts_table
from tests.aws.calls.hosts_table import (
    BARE,
    DUALSTACK,
    FIPS,
    NAMED,
    OWN,
    PLAIN,
    PROFILE,
    REGION,
    ROWS,
    SESSION,
)
from tray.aws.api.clients import AwsClients
from tray.aws.api.direct_portal import direct_endpoint
from tray.aws.api.oidc import Grant, Oidc
from tray.aws.api.portal import Portal
from tray.aws.api.role_credentials import Credentials
from tray.aws.api.sts import caller_identity
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.config.catalog import read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core.connection import AWS_DEFAULTS
from tray.core.model import Catalog, Profile, SsoSession
from tray.errors import RequestRefused, TrayError
from tray.own_connection import NOTHING_OWN, OwnConnection
from tray.secret import Secret
from tray.worker.botocore_chain import ProfileSession

DUAL_STACK_PORTAL = "https://ssoins-1.portal.us-east-2.app.aws"


class Recorder:
    """A proxy that notes which host is asked for, and refuses."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        """What the proxy variables are set to."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection:
                words = connection.recv(65536).split(b"\r\n")[0].decode().split()
                if not words:
                    return
                target = words[1].removeprefix("http://").partition("/")[0]
                self.hosts.append(target.partition(":")[0])
                connection.sendall(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        socket.create_connection(self._server.getsockname()).close()
        self._thread.join()
        self._server.close()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """Give a recorder that every call goes through."""
    with Recorder() as running:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, running.url)
        yield running


def catalog_of(home: Path, config: str, credentials: str = "") -> Catalog:
    """Write the user's two files and return the catalog."""
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text(config)
    (home / ".aws/credentials").write_text(credentials)
    return read_catalog(ConfigFiles(home / ".aws/config", home / ".aws/credentials"))


def refused(call: Callable[[], object]) -> None:
    """Make a call that the recorder refuses."""
    with pytest.raises((TrayError, BotoCoreError, ClientError)):
        call()


def ours(
    catalog: Catalog, recorder: Recorder, own: OwnConnection = NOTHING_OWN, kept: str = ""
) -> dict[str, str]:
    """Return the host of each of our calls; ``kept``: the endpoint kept with the token."""
    session: SsoSession = catalog.sessions[0]
    profile: Profile = next(one for one in catalog.profiles if one.name == "dev")
    registration = Registration("client", Secret("secret"), 4e9, endpoint=kept)
    token = SsoToken(
        session.start_url, REGION, Secret("access"), 1000.0,
        refresh_token=Secret("refresh"), registration=registration,
    )  # fmt: skip
    credentials = Credentials(Secret("ASIAX"), Secret("k"), Secret("t"))
    with AwsClients() as clients:
        reached = clients.reaching(session.connection, own)
        of_profile = clients.reaching(profile.connection, own)
        return {
            "RegisterClient": asked(
                recorder,
                lambda: Oidc(reached).register(session, grant="device_code", scopes=()),
            ),
            "StartDeviceAuthorization": asked(
                recorder, lambda: Oidc(reached).start_device(session, registration)
            ),
            "CreateToken": asked(recorder, lambda: Oidc(reached).refresh(token)),
            "ListAccounts": asked(recorder, lambda: Portal(reached).check(Secret("a"), REGION)),
            "GetRoleCredentials": asked(
                recorder,
                lambda: Portal(of_profile).role_credentials(Secret("a"), REGION, "1" * 12, "Dev"),
            ),
            "GetCallerIdentity": asked(
                recorder, lambda: caller_identity(of_profile, credentials, REGION)
            ),
        }


def asked(recorder: Recorder, call: Callable[[], object]) -> str:
    """Return the host that a call asks for."""
    before = len(recorder.hosts)
    refused(call)
    return recorder.hosts[before] if len(recorder.hosts) > before else "none"


def botocores(recorder: Recorder) -> tuple[str, str, str]:
    """Return where botocore sends the profile's sign-in, portal and token service calls."""
    session: Any = botocore.session.Session(profile="dev")
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=2)
    unsigned = once.merge(Config(signature_version=UNSIGNED))
    oidc = session.create_client("sso-oidc", region_name=REGION, config=unsigned)
    portal = session.create_client("sso", region_name=REGION, config=unsigned)
    keys = {"aws_access_key_id": "ASIAX", "aws_secret_access_key": "k", "aws_session_token": "t"}
    sts = session.create_client("sts", region_name=REGION, config=once, **keys)
    return (
        asked(recorder, lambda: oidc.register_client(clientName="x", clientType="public")),
        asked(recorder, lambda: portal.list_accounts(accessToken="a")),
        asked(recorder, sts.get_caller_identity),
    )


@pytest.mark.parametrize("row", ROWS)
def test_hosts(
    row: str, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call asks the host that the SDKs ask, but never one that only an emulator has."""
    wanted = ROWS[row]
    config = f"[default]\n{wanted.default}{SESSION}{wanted.config}"
    catalog = catalog_of(tmp_path, config, wanted.credentials)
    for name, value in wanted.environ.items():
        monkeypatch.setenv(name, value)

    found = ours(catalog, recorder)

    oidc, portal, sts = wanted.ours
    profile = next(one for one in catalog.profiles if one.name == "dev")
    direct = direct_endpoint(REGION, profile.connection, NOTHING_OWN, os.environ)
    assert direct in (None, f"https://{portal}")
    assert (direct is None) == (portal in (FIPS[1], DUALSTACK[1]))
    assert {
        "RegisterClient": oidc,
        "StartDeviceAuthorization": oidc,
        "CreateToken": oidc,
        "ListAccounts": portal,
        "GetRoleCredentials": portal,
        "GetCallerIdentity": sts,
    } == found
    assert wanted.referee == botocores(recorder)


def test_the_guide_has_the_table_of_hosts() -> None:
    """Setting, place and call against host: what the rows above are held to is what users read."""
    page = hosts_table.PAGE.read_text(encoding="utf-8")

    assert hosts_table.documented(page) == page


def test_the_direct_portal_is_botocores_in_every_region() -> None:
    """In every region that botocore knows: the same host, or botocore is left to it."""
    session: Any = botocore.session.Session()
    regions = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition, allow_non_regional=False)
    }

    found = {region: direct_endpoint(region, AWS_DEFAULTS, NOTHING_OWN, {}) for region in regions}

    with AwsClients() as clients:
        told = {region: clients.portal(region).meta.endpoint_url for region in regions}
    assert len(regions) > 30
    assert found == {
        region: url if regions[region] in ("aws", "aws-us-gov") else None
        for region, url in told.items()
    }


@pytest.mark.parametrize(
    "own",
    [OwnConnection(proxy=Secret("http://x")), OwnConnection(endpoint_url="http://sso.example")],
)
def test_what_is_not_plain_is_not_direct(own: OwnConnection) -> None:
    """A proxy, and an endpoint in clear, are left to botocore's way, which knows or refuses."""
    assert direct_endpoint(REGION, AWS_DEFAULTS, own, {}) is None


def test_profiles_that_disagree(recorder: Recorder, tmp_path: Path) -> None:
    """A session whose profiles disagree is reached as AWS has it; a profile keeps its own."""
    other = PROFILE.replace("profile dev", "profile other")
    catalog = catalog_of(tmp_path, f"{SESSION}{PROFILE}use_fips_endpoint = true\n{other}")

    found = ours(catalog, recorder)

    assert (PLAIN[0], PLAIN[1], FIPS[1], FIPS[2]) == (
        found["CreateToken"],
        found["ListAccounts"],
        found["GetRoleCredentials"],
        found["GetCallerIdentity"],
    )


KEPT = f"https://{DUALSTACK[0]}"


@pytest.mark.parametrize(
    ("config", "endpoint"),
    [
        ("", None),
        ("use_fips_endpoint = true\n", None),
        ("", "https://other.example"),
        ("", "http://127.0.0.1:9"),
    ],
)
def test_a_token_is_renewed_where_its_session_was_signed_in_to(
    config: str,
    endpoint: str | None,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The endpoint kept with the token counts, whatever config and environment say later."""
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", endpoint)
    catalog = catalog_of(tmp_path, f"{SESSION}{PROFILE}{config}")
    portal = FIPS[1] if config else PLAIN[1]

    found = ours(catalog, recorder, kept=KEPT)

    assert [DUALSTACK[0], DUALSTACK[0], portal] == [
        found[call] for call in ("StartDeviceAuthorization", "CreateToken", "ListAccounts")
    ]


def test_our_own_setting_for_a_session_wins(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of ``config.toml`` win over the environment and the AWS config."""
    catalog = catalog_of(tmp_path, f"{SESSION}{PROFILE}services = own\n{NAMED}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", "https://other.example")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    own = OwnConnection(None, Secret(recorder.url), "https://ours.example")
    found = ours(catalog, recorder, own)

    assert {"ours.example", OWN[2]} == set(found.values())
    assert OWN[2] == found["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("start_url", "grant", "environ", "expected"),
    [
        (DUAL_STACK_PORTAL, "device_code", {}, DUALSTACK[0]),
        (DUAL_STACK_PORTAL, "authorization_code", {}, PLAIN[0]),
        (DUAL_STACK_PORTAL, "device_code", {"AWS_USE_FIPS_ENDPOINT": "true"},
         "oidc-fips.us-east-2.api.aws"),
        (DUAL_STACK_PORTAL, "device_code", {"AWS_ENDPOINT_URL_SSO_OIDC": "https://oidc.example"},
         "oidc.example"),
        ("https://ssoins-1.us-east-2.portal.amazonaws.com", "device_code", {}, PLAIN[0]),
        ("https://corp.awsapps.com/start", "device_code", {}, PLAIN[0]),
    ],
)  # fmt: skip
def test_a_code_for_a_dual_stack_portal_is_asked_for_at_its_endpoint(
    start_url: str,
    grant: Grant,
    environ: dict[str, str],
    expected: str,
    recorder: Recorder,
    clients: AwsClients,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plain endpoint leads to the older portal; an endpoint that the user named is kept."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    session = SsoSession("corp", start_url, REGION)

    assert expected == asked(
        recorder, lambda: Oidc(clients).register(session, grant=grant, scopes=())
    )


@pytest.mark.parametrize("url", ["http://10.0.0.1:4566", "http://sso.example", "ftp://x"])
def test_no_secret_in_clear(
    url: str, recorder: Recorder, clients: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even an endpoint named for the service gets nothing in clear beyond this machine."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", url)

    with pytest.raises(RequestRefused, match="neither https nor on loopback"):
        Portal(clients).check(Secret("a"), REGION)

    assert [] == recorder.hosts


def test_the_refresh_token_of_aws_login_goes_to_no_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the AWS CRT botocore renews it: at AWS, or at the endpoint named for this service."""
    catalog_of(tmp_path, f"[profile own]\nlogin_session = arn:x\n{BARE}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    session = ProfileSession("own", AwsClients())
    # Without keys it would look for some, which needs the CRT.
    asked: dict[str, Any] = {
        "region_name": REGION, "aws_access_key_id": "a", "aws_secret_access_key": "s",
    }  # fmt: skip

    usual = session.create_client("signin", **asked).meta.endpoint_url
    monkeypatch.setenv("AWS_ENDPOINT_URL_SIGNIN", "https://signin.example")
    named = session.create_client("signin", **asked).meta.endpoint_url

    assert ("https://signin.us-east-2.amazonaws.com", "https://signin.example") == (usual, named)
