from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws.calls.wire import RawServer, http, json_http, refusing_port, self_signed
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.errors import (
    Offline,
    ServiceTrouble,
    TlsFailed,
    TrayError,
    WillRetry,
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


def failure(clients: AwsClients) -> TrayError:
    """Renew, which must fail, and return the error, which must not hold what was sent."""
    with pytest.raises(TrayError) as caught:
        Oidc(clients).refresh(TOKEN)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert CANARY not in f"{caught.value} {caught.value!r}"
    return caught.value


def retried(clients: AwsClients) -> WillRetry:
    """Like :func:`failure`, for one that passes by itself."""
    error = failure(clients)
    assert isinstance(error, WillRetry)
    return error


class TestNotAws:
    """Answers of something that is not AWS are never read as a token, nor as a refusal."""

    @pytest.mark.parametrize(
        "answer",
        [
            http(PAGE, Content_Type="text/html"),
            http(PAGE, Content_Type="application/json"),
            http(PAGE),
            http("  \n<html>"),
            http("Welcome!", Content_Type="text/plain"),
            http("", "302 Found", Location="http://login.example/"),
            http(PAGE, "307 Temporary", Location="http://login.example/"),
            http(PAGE, "401 Unauthorized", Content_Type="text/html"),
            http(PAGE, "403 Forbidden", Content_Type="text/html"),
            http("{}", "511 Network Authentication Required", Content_Type="application/json"),
        ],
    )
    def test_captive_portal(
        self, answer: bytes, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """A page, a redirect or plain words mean that AWS was never reached."""
        with RawServer(answer) as server:
            lead_to(server.url)
            error = retried(clients)

        assert isinstance(error, Offline)
        assert ("offline", False, False) == (error.reason, error.answered, error.maybe_done)
        assert "127.0.0.1" in error.sentence

    @pytest.mark.parametrize(
        "answer",
        [
            http(PAGE, "502 Bad Gateway", Content_Type="text/html"),
            http("upstream", "504 Gateway Timeout", Content_Type="text/plain"),
            http("", "500 Internal Server Error"),
            http("[]", "503 Service Unavailable", Content_Type="application/json"),
            http('{"__type": 7}', "500 Oh", Content_Type="application/json"),
            http("nope", "401 Unauthorized", Content_Type="text/plain"),
            http("[]", "400 Bad Request", Content_Type="application/json"),
            http('"x"', "403 Forbidden", Content_Type="application/json"),
        ],
    )
    def test_error_without_a_name(
        self, answer: bytes, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """An error status without AWS's own words keeps everything and is tried again."""
        with RawServer(answer) as server:
            lead_to(server.url)
            error = retried(clients)

        assert (ServiceTrouble, "other", True) == (type(error), error.reason, error.answered)

    @pytest.mark.parametrize(
        "body",
        [b'{"accessToken": "abc', b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":1}{"b":2}'],
    )
    def test_cut_or_odd_json(
        self, body: bytes, clients: AwsClients, lead_to: Callable[[str], None]
    ) -> None:
        """A good status with half an answer may mean that the token was given."""
        with RawServer(http(body, Content_Type="application/json")) as server:
            lead_to(server.url)
            error = retried(clients)

        assert isinstance(error, ServiceTrouble)
        assert (True, True) == (error.answered, error.maybe_done)


class TestConnection:
    """Where a connection fails decides whether the request may have been carried out."""

    def test_refused(self, clients: AwsClients, lead_to: Callable[[str], None]) -> None:
        """Nobody there: nothing was done."""
        with refusing_port() as port:
            lead_to(f"http://127.0.0.1:{port}")
            error = retried(clients)

        assert isinstance(error, Offline)
        assert ("127.0.0.1 can't be reached.", False) == (error.sentence, error.maybe_done)

    def test_proxy(
        self,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The proxy of the environment is used, and its password never shown."""
        lead_to("http://127.0.0.1:9")
        with refusing_port() as port:
            monkeypatch.setenv("HTTP_PROXY", f"http://me:{CANARY}@127.0.0.1:{port}")
            error = retried(clients)

        assert isinstance(error, Offline)
        assert "The proxy 127.0.0.1 doesn't let requests through to AWS." == error.sentence

    def test_silence(self, lead_to: Callable[[str], None]) -> None:
        """A server that never answers may have done what it was asked."""
        with (
            RawServer(None) as server,
            AwsClients(read_timeout=0.2) as clients,
        ):
            lead_to(server.url)
            error = retried(clients)

        assert isinstance(error, Offline)
        assert ("offline", False, True) == (error.reason, error.answered, error.maybe_done)

    @pytest.mark.parametrize("fault", ["reset", "lost"])
    def test_broken_off(self, fault: str, center: IdentityCenter, clients: AwsClients) -> None:
        """A connection that ends without an answer may have done what it was asked."""
        center.fault("CreateToken", fault)
        error = retried(clients)

        assert isinstance(error, Offline)
        assert (False, True) == (error.answered, error.maybe_done)

    def test_nothing_is_repeated(self, center: IdentityCenter, clients: AwsClients) -> None:
        """A failed call is one request: retrying is our rules' business."""
        center.fault("CreateToken", "status", times=None)
        failure(clients)

        assert 1 == center.count("CreateToken")

    def test_throttled(self, center: IdentityCenter, clients: AwsClients) -> None:
        """The wait that AWS asks for arrives."""
        center.fault("CreateToken", "throttle", seconds=17)

        assert 17.0 == retried(clients).retry_after


class TestTls:
    """A server that cannot be trusted gets nothing."""

    ANSWER = json_http({"accessToken": "a", "expiresIn": 60})

    def test_untrusted(
        self, clients: AwsClients, lead_to: Callable[[str], None], tmp_path: Path
    ) -> None:
        """A self-signed certificate is refused, the host and the reason are named."""
        context, _ = self_signed(tmp_path)
        with RawServer(self.ANSWER, context) as server:
            lead_to(server.url)
            error = failure(clients)

        assert isinstance(error, TlsFailed)
        assert "tls" == error.reason
        assert error.sentence.startswith("The certificate of 127.0.0.1 isn't trusted: self")
        assert [] == server.requests

    def test_trusted_by_bundle(
        self,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """With AWS_CA_BUNDLE naming it the same certificate is good."""
        context, bundle = self_signed(tmp_path)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        with RawServer(self.ANSWER, context) as server:
            lead_to(server.url)
            assert "a" == Oidc(clients).refresh(TOKEN).access_token.reveal()

    def test_for_another_host(
        self,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A trusted certificate of another host is refused."""
        context, bundle = self_signed(tmp_path, host="elsewhere.example")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        with RawServer(self.ANSWER, context) as server:
            lead_to(server.url)
            error = failure(clients)

        assert isinstance(error, TlsFailed)
        words = "The certificate of 127.0.0.1 isn't trusted: it is another host's."
        assert words == error.sentence

    @pytest.mark.parametrize(
        ("first_day", "last_day", "reason"), [(-9, -2, "tls"), (2, 9, "clock")]
    )
    def test_outside_its_days(
        self,
        first_day: int,
        last_day: int,
        reason: str,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """An expired certificate is refused; one of the future tells of our own clock."""
        context, bundle = self_signed(tmp_path, first_day=first_day, last_day=last_day)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        with RawServer(self.ANSWER, context) as server:
            lead_to(server.url)
            error = failure(clients)

        assert isinstance(error, TlsFailed)
        assert reason == error.reason

    def test_no_bundle(
        self,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A CA bundle that is not there means that nothing can be trusted."""
        context, _ = self_signed(tmp_path)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none"))
        with RawServer(self.ANSWER, context) as server:
            lead_to(server.url)
            error = failure(clients)

        assert isinstance(error, TlsFailed)

    def test_no_tls_at_all(self, clients: AwsClients, lead_to: Callable[[str], None]) -> None:
        """Plain words where TLS should be are a network's doing, and pass."""
        with RawServer(http(PAGE)) as server:
            lead_to(server.url.replace("http:", "https:"))
            error = retried(clients)

        assert isinstance(error, Offline)
