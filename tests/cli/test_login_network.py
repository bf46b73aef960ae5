"""A terminal whose network is not the daemon's: the sign-in goes through the terminal's."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.aws.calls.tls_proxy import TlsProxy
from tests.aws.calls.wire import self_signed
from tests.cli.stage import Stage
from tray.fake_aws.identity_center import IdentityCenter


@contextmanager
def over_tls(center: IdentityCenter, folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the Identity Center by TLS as well; gives the URL and the CA bundle."""
    context, bundle = self_signed(folder)
    host, port = center.url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                threading.Thread(target=pass_on, args=(plain,), daemon=True).start()

    def pass_on(plain: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(plain, server_side=True) as near,
            socket.create_connection((host, int(port))) as far,
        ):
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            copy(far, near)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", str(bundle)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def trusting(stage: Stage, tmp_path: Path) -> Iterator[dict[str, str | None]]:
    """Let AWS have a certificate that only a terminal trusts, by these variables of its own."""
    with over_tls(stage.center, tmp_path) as (url, bundle):
        stage.environ |= dict.fromkeys(stage.center.environment(), url)
        yield {"AWS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}


def test_a_login_goes_through_the_terminals_network(
    stage: Stage, trusting: dict[str, str | None]
) -> None:
    """The daemon carries it out, says that its own network fails, and ``doctor`` says why."""
    with stage.daemon():
        alone = stage.tray("login", "corp")
        done = stage.tray("login", "corp", **trusting)
        findings = stage.tray("doctor", "--json", **trusting).json()["findings"]

    said = "SSO Tray itself can't reach AWS to renew the session, as it runs without this terminal"
    assert 1 == alone.code
    assert "certificate" in alone.err
    assert 0 == done.code, done.err
    assert f"{said}'s AWS_CA_BUNDLE." in done.out
    assert "SSO Tray runs without this terminal's AWS_CA_BUNDLE." in {
        one["sentence"] for one in findings
    }


def test_a_bundle_of_the_sessions_own_serves_the_daemon(
    stage: Stage, trusting: dict[str, str | None]
) -> None:
    """With ``ca_bundle`` in the settings it needs no variable, and renews later."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[sessions.corp]\nca_bundle = {json.dumps(trusting['AWS_CA_BUNDLE'])}\n")
    with stage.daemon():
        done = stage.tray("login", "corp", **trusting)
        renewed = stage.tray("renew", "corp")

    assert (0, 0) == (done.code, renewed.code), (done.err, renewed.err)
    assert "can't reach" not in done.out


def test_a_session_stays_at_the_host_where_the_terminal_signed_in(
    stage: Stage, tmp_path: Path
) -> None:
    """FIPS set in the shell alone: the daemon, without that variable, renews at the FIPS host."""
    fips = "oidc-fips.us-east-1.amazonaws.com"
    hosts = (fips, "oidc.us-east-1.amazonaws.com", "portal.sso.us-east-1.amazonaws.com",
             "portal.sso-fips.us-east-1.amazonaws.com")  # fmt: skip
    with TlsProxy(stage.center, tmp_path, {}, hosts) as proxy:
        for name in stage.center.environment():
            del stage.environ[name]
        stage.environ |= {**proxy.variables(), "SSL_CERT_FILE": proxy.bundle}
        with stage.daemon():
            login = stage.tray("login", "corp", AWS_USE_FIPS_ENDPOINT="true")
            renew = stage.tray("renew", "corp")

    assert (0, 0) == (login.code, renew.code), (login.err, renew.err)
    assert {fips} == {host for _, host in proxy.asked if host.startswith("oidc")}
    assert 2 == stage.center.count("CreateToken")


def test_a_bundle_of_the_sessions_own_serves_a_console_link(
    stage: Stage, trusting: dict[str, str | None]
) -> None:
    """With ``ca_bundle`` in the settings, credentials and link need no variable."""
    stage.signed_in_by_cli()
    alone = stage.tray("console", "--profile", "dev", "--federate", "--print")
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[sessions.corp]\nca_bundle = {json.dumps(trusting['AWS_CA_BUNDLE'])}\n")

    done = stage.given_out("console", "--profile", "dev", "--federate", "--print")

    assert "certificate" in alone.err
    assert 0 == done.code, done.err
    assert "GetSigninToken" == stage.center.requests[-1].operation
