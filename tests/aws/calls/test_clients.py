from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.aws.calls.wire import RawServer, http, json_http
from tray.aws.api.clients import AwsClients, quiet_libraries
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.connection import ConnectionSettings
from tray.errors import (
    Offline,
    RequestRefused,
    ServiceTrouble,
    TrayError,
)
from tray.fake_aws.fake_options import DEFAULT_REGION
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret

CANARY = "canary-7f3a"
TOKEN = SsoToken(
    "https://x.awsapps.com/start",
    DEFAULT_REGION,
    Secret(f"{CANARY}-access"),
    1000.0,
    refresh_token=Secret(f"{CANARY}-refresh"),
    registration=Registration("client", Secret(f"{CANARY}-secret"), 4e9),
)
PAGE = "<!doctype html><title>Welcome</title>"


class TestSettings:
    """What of the user's settings counts, and what must not."""

    def test_endpoints_of_aws(self, clients: AwsClients) -> None:
        """Without settings calls go to AWS's own hosts, each region's to its own."""
        assert [
            "https://oidc.us-east-1.amazonaws.com",
            "https://oidc.cn-north-1.amazonaws.com.cn",
            "https://portal.sso.eu-west-2.amazonaws.com",
        ] == [
            clients.oidc("us-east-1").meta.endpoint_url,
            clients.oidc("cn-north-1").meta.endpoint_url,
            clients.portal("eu-west-2").meta.endpoint_url,
        ]

    def test_one_client_each(self, clients: AwsClients) -> None:
        """Threads that ask at once share one client for a service and region."""
        found: list[object] = []
        start = threading.Barrier(16)

        def ask() -> None:
            start.wait()
            found.append(clients.oidc("us-east-1"))

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert ([found[0]] * 16, True) == (found, clients.oidc("us-east-2") is not found[0])

    def test_endpoint_in_the_config(
        self, center: IdentityCenter, clients: AwsClients, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An endpoint that the config names for the service is used."""
        monkeypatch.delenv("AWS_ENDPOINT_URL_SSO")
        named = clients.reaching(ConnectionSettings(sso=center.url))

        Portal(named).check(Secret(center.sign_in().access_token), DEFAULT_REGION)

        assert 1 == center.count("ListAccounts")

    def test_profile_and_credentials_do_not_matter(
        self,
        center: IdentityCenter,
        clients: AwsClients,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """A profile that does not exist, broken SSO keys and a command to run change nothing."""
        ran = tmp_path / "ran"
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/config").write_text(
            f"[default]\ncredential_process = touch {ran}\nsso_session = nowhere\n"
            "sso_account_id = 1\n"
        )
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"):
            monkeypatch.setenv(name, "nonsense")
        monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")

        Portal(clients).check(Secret(center.sign_in().access_token), DEFAULT_REGION)

        assert not ran.exists()

    @pytest.mark.parametrize("broken", [b"no section\n", b"[default]\na=1\na=2\n", b"\xff\xfe"])
    def test_broken_config(
        self,
        broken: bytes,
        center: IdentityCenter,
        clients: AwsClients,
        tmp_path: Path,
    ) -> None:
        """A config file that cannot be read stops no renewal."""
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/config").write_bytes(broken)

        Portal(clients).check(Secret(center.sign_in().access_token), DEFAULT_REGION)

        assert 1 == center.count("ListAccounts")

    @pytest.mark.parametrize("url", ["nonsense", "http://", "://"])
    def test_endpoint_that_is_none(
        self, url: str, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """An endpoint setting that is no URL is said in one sentence."""
        lead_to(url)

        with pytest.raises(RequestRefused, match="endpoint"):
            clients.oidc(DEFAULT_REGION)

    def test_closed_and_used_again(self, center: IdentityCenter, clients: AwsClients) -> None:
        """After a close the next call opens anew."""
        token = Secret(center.sign_in().access_token)
        Portal(clients).check(token, DEFAULT_REGION)

        clients.close()
        clients.close()

        Portal(clients).check(token, DEFAULT_REGION)


class TestClock:
    """How far AWS's clock is from ours."""

    def test_unknown_at_first(self, clients: AwsClients) -> None:
        """Before any answer nothing is known."""
        assert clients.skew is None

    @pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
    @pytest.mark.parametrize("ahead", [-86_400, 0, 86_400])
    def test_learnt(
        self, status: str, ahead: int, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """Every answer of AWS's teaches the difference, refusals too."""
        date = formatdate(time.time() + ahead, usegmt=True)
        with RawServer(json_http({"accountList": []}, status, Date=date)) as server:
            lead_to(server.url)
            try:
                Portal(clients).check(Secret("a"), DEFAULT_REGION)
            except ServiceTrouble:
                assert not status.startswith("200")

        assert clients.skew == pytest.approx(ahead, abs=120)

    @pytest.mark.parametrize("date", ["", "today", "Fri, 99 Foo 2027 99:99:99 GMT"])
    def test_no_date(self, date: str, clients: AwsClients, lead_to: Callable[[str], None]) -> None:
        """An answer without a date, or with a strange one, teaches nothing."""
        with RawServer(json_http({"accountList": []}, Date=date)) as server:
            lead_to(server.url)
            Portal(clients).check(Secret("a"), DEFAULT_REGION)

        assert clients.skew is None

    def test_not_from_a_captive_portal(
        self, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """A page that is not AWS's teaches nothing."""
        with RawServer(http(PAGE, Date=formatdate(0, usegmt=True))) as server:
            lead_to(server.url)
            with pytest.raises(Offline):
                Portal(clients).check(Secret("a"), DEFAULT_REGION)

        assert clients.skew is None


def test_logs_hold_no_secret(
    center: IdentityCenter, clients: AwsClients, caplog: pytest.LogCaptureFixture
) -> None:
    """With everything logged, no fault and no success writes a secret to the log."""
    quiet_libraries()
    caplog.set_level(logging.DEBUG)
    given = center.sign_in()
    token = replace(
        TOKEN,
        access_token=Secret(given.access_token),
        refresh_token=Secret(given.refresh_token or ""),
        registration=Registration(given.client_id, Secret(given.client_secret), 4e9),
    )
    said: list[str] = []
    for fault in ("html", "cut", "reset", "lost", "status", "throttle", "InvalidGrantException"):
        center.fault("CreateToken", fault)
        with pytest.raises(TrayError) as caught:
            Oidc(clients).refresh(token)
        said.append(f"{caught.value} {caught.value!r}")
    center.rotation = "none"
    renewed = Oidc(clients).refresh(token)
    Portal(clients).role_credentials(
        renewed.access_token, DEFAULT_REGION, "123456789011", "ReadOnly"
    )
    Portal(clients).logout(renewed.access_token, DEFAULT_REGION)

    everything = caplog.text + "".join(said) + repr(renewed)
    assert [] == [secret for secret in center.secrets() if secret in everything]


def test_libraries_are_quiet(clients: AwsClients) -> None:
    """Whoever asks for everything still gets no DEBUG of botocore's, and stricter stays strict."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        quiet_libraries()
        levels = [
            logging.getLogger(name).getEffectiveLevel()
            for name in ("botocore.parsers", "botocore.endpoint", "urllib3.connectionpool")
        ]
    finally:
        logging.getLogger("urllib3").setLevel(logging.INFO)

    assert [logging.INFO, logging.INFO, logging.ERROR] == levels
