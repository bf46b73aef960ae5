"""The HTTP server: keep-alive, bad requests, and a close that leaves nothing behind."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest

from tests.fake_aws.client import Client
from tray.fake_aws.identity_center import IdentityCenter


def test_one_connection_serves_many_requests(center: IdentityCenter) -> None:
    """Connections are kept alive as HTTP/1.1 has it."""
    connection = http.client.HTTPConnection("127.0.0.1", center.port, timeout=20)
    connection.connect()
    own = connection.sock.getsockname()
    for _ in range(3):
        connection.request("GET", "/device")
        connection.getresponse().read()

    assert own == connection.sock.getsockname()
    connection.close()


def test_idle_connections_block_nobody(center: IdentityCenter, client: Client) -> None:
    """A browser's spare connections do not hold up the next one."""
    idle = [socket.create_connection(("127.0.0.1", center.port)) for _ in range(5)]

    assert 200 == client.send("GET", "/device").status
    for connection in idle:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": str(2 << 20)}, 413),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_bodies_we_do_not_read(client: Client, headers: dict[str, str], status: int) -> None:
    """A length that is wrong, missing or too great is refused without reading."""
    assert status == client.send("POST", "/token", headers=headers).status


def test_a_method_of_its_own(client: Client) -> None:
    """HEAD gets the headers alone, and an invented method is of no operation."""
    head = client.send("HEAD", "/device")

    assert (404, b"") == (head.status, head.body)
    assert 404 == client.send("BREW", "/device").status


def test_only_loopback_is_bound(center: IdentityCenter) -> None:
    """The URL is the IPv4 literal with the bound port."""
    assert f"http://127.0.0.1:{center.port}" == center.url
    assert {center.url} == set(center.environment().values())


def test_closing_leaves_nothing(client: Client) -> None:
    """After close, connections are ended, threads gone and the port free for the next."""
    before = set(threading.enumerate())
    with IdentityCenter() as first:
        port = first.port
        idle = socket.create_connection(("127.0.0.1", port))
        assert 200 == Client(first).send("GET", "/device").status

    assert b"" == idle.recv(1)
    idle.close()
    assert set() == set(threading.enumerate()) - before
    with IdentityCenter(port=port) as second:
        assert 200 == Client(second).send("GET", "/device").status
    second.close()


def test_a_taken_port_is_said(center: IdentityCenter) -> None:
    """A port in use is an OSError, and nothing is left open."""
    with pytest.raises(OSError, match="in use"):
        IdentityCenter(port=center.port).start()


def test_a_crash_is_not_hidden() -> None:
    """A bug of the center answers 500 and fails the test that met it."""
    center = IdentityCenter(accounts=5)  # type: ignore[arg-type] # what makes it crash
    center.start()
    got = Client(center).portal("/assignment/accounts", center.sign_in().access_token)

    assert 500 == got.status
    with pytest.raises(RuntimeError, match="crashed: ListAccounts: TypeError"):
        center.__exit__(None, None, None)


def test_many_clients_at_once(center: IdentityCenter, client: Client) -> None:
    """Thirty-two threads renewing one grace-period token all succeed or are told why."""
    token = center.sign_in()
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(
                client.renew(registration, token.refresh_token or "").status
            )
        )
        for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert [200] * 32 == statuses
