"""Role credentials by one plain request, held against the way that goes by botocore."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.calls.test_hosts import Recorder
from tests.aws.calls.wire import RawServer, http, json_http, refusing_port, self_signed
from tray.aws.api.direct_portal import direct_credentials
from tray.aws.api.role_credentials import Credentials
from tray.secret import Secret

ACCOUNT = "123456789011"
MEMBERS = {
    "accessKeyId": "ASIAX", "secretAccessKey": "k", "sessionToken": "t", "expiration": 4_000_000,
}  # fmt: skip


def given(endpoint: str, bundle: str | None = None, token: str = "a") -> Credentials | None:
    """Ask an endpoint."""
    return direct_credentials(Secret(token), ACCOUNT, "Full Access&", endpoint, bundle)


def test_a_good_answer() -> None:
    """Keys and end as AWS gives them, milliseconds become seconds."""
    with RawServer(json_http({"roleCredentials": MEMBERS})) as server:
        found = given(server.url)

    assert Credentials(Secret("ASIAX"), Secret("k"), Secret("t"), 4000.0, ACCOUNT) == found


@pytest.mark.parametrize(
    "answer",
    [
        http("{}", "401 Unauthorized", Content_Type="application/json"),
        http("", "302 Found", Location="http://127.0.0.1:1/"),
        http("<!doctype html>"),
        http("{"),
        json_http([]),
        json_http({"roleCredentials": {}}),
        *(json_http({"roleCredentials": {**MEMBERS, name: value}})
          for name, value in (("accessKeyId", "a\nb"), ("sessionToken", 5), ("expiration", 0),
                              ("expiration", True), ("expiration", "soon"))),
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
        b"no HTTP at all",
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(answer: bytes) -> None:
    """A refusal, a redirect, a page, a cut or odd answer: the full way asks and judges."""
    with RawServer(answer) as server:
        assert given(server.url) is None


def test_nobody_there_is_no_answer() -> None:
    """Nor is a refused connection, or a proxy that has to be asked."""
    with refusing_port() as port:
        assert given(f"http://127.0.0.1:{port}") is None


def test_a_proxy_is_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment names a proxy nothing is sent, to it or past it."""
    with Recorder() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with RawServer(json_http({"roleCredentials": MEMBERS})) as server:
            assert given(server.url) is None

    assert [] == proxy.hosts


def test_only_a_trusted_certificate_gets_the_token(tmp_path: Path) -> None:
    """An untrusted host gets nothing; with the bundle that names it, the token is sent."""
    context, bundle = self_signed(tmp_path)
    with RawServer(json_http({"roleCredentials": MEMBERS}), tls=context) as server:
        refused, asked = given(server.url), list(server.requests)
        found = given(server.url, str(bundle))

    assert (None, []) == (refused, asked)
    assert found is not None
    assert b"role_name=Full+Access%26&account_id=123456789011" in server.requests[0]
