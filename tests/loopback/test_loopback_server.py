"""The server all three uses share: who is served, and what no client can do to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.system.test_transport import ROOT_ONLY, as_second_user
from tests.worker.loopback import PATIENCE, connect, read, request, send
from tray.errors import UserMustAct
from tray.loopback.http_messages import LONGEST_HEAD, Request, Response, names_loopback
from tray.loopback.loopback_server import MOST_CONNECTIONS, LoopbackServer


class Served:
    """A server whose handler says yes, or fails on ``/broken``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reported: list[str] = []
        self.server = LoopbackServer(self.handle, report=self.reported.append)

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        self.asked.append(request.path)
        if request.path == "/broken":
            raise ValueError(request.path)
        return Response(200, b"yes")

    def served(self) -> bool:
        """Whether a right request is answered."""
        return send(self.server.port, request(self.server.port, "/right")).body == b"yes"


@pytest.fixture
def serving() -> Iterator[Served]:
    """Give a server that listens."""
    served = Served()
    with served.server:
        yield served


ASK = """
import socket, sys
for _ in range(3):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
        try:
            host = b"127.0.0.1:%s" % sys.argv[1].encode()
            one.sendall(b"GET /right HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n" % host)
            print(one.recv(4096))
        except ConnectionError:
            print(b"")
"""


@ROOT_ONLY
def test_another_user_is_dropped_and_reported_once(serving: Served) -> None:
    """Another uid's request is never read, right as it may be; ours is answered as before."""
    his = as_second_user(ASK, serving.server.port).stdout.split()

    assert ["b''"] * 3 == his
    assert [] == serving.asked
    assert [True] == ["uid 65534" in sentence for sentence in serving.reported]
    assert serving.served()


def test_where_the_system_tells_no_uid_only_the_protected_serve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pages and endpoints refuse to start; what state and PKCE protect serves and reports."""
    monkeypatch.setattr("tray.loopback.peer_owner.LINUX", False)
    reported: list[str] = []

    with pytest.raises(UserMustAct, match="which user connects"):
        LoopbackServer(lambda _: Response(200)).__enter__()
    with LoopbackServer(
        lambda _: Response(200, b"yes"), unknown_peers=True, report=reported.append
    ) as server:
        answers = [send(server.port, request(server.port, "/")).body for _ in range(2)]

    assert ([b"yes"] * 2, 1) == (answers, len(reported))


def test_silent_and_fast_connections_hold_nobody_up(serving: Served) -> None:
    """More silent connections than there are places, and more all the time: ours is served."""
    port, stop = serving.server.port, threading.Event()
    silent = [connect(port) for _ in range(MOST_CONNECTIONS + 50)]

    def fast() -> None:
        while not stop.is_set():
            connect(port).close()

    flood = threading.Thread(target=fast)
    flood.start()
    try:
        answered = [serving.served() for _ in range(20)]
    finally:
        stop.set()
        flood.join()
    for one in silent:
        one.close()

    assert [True] * 20 == answered


def test_large_headers_are_refused_before_they_end(serving: Served) -> None:
    """431, and nothing of it reaches the handler."""
    headers = f"Cookie: {'x' * LONGEST_HEAD}\r\n"

    answer = send(serving.server.port, request(serving.server.port, "/", headers=headers))

    assert (431, []) == (answer.status, serving.asked)


def test_resets_and_failures_end_nothing_and_print_nothing(
    serving: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    """Connections reset at every moment, a handler that fails: no traceback, still serving."""
    port = serving.server.port
    whole = request(port, "/right")
    for number in range(60):
        one = connect(port)
        one.sendall(whole[: number % 3 * (len(whole) // 2)])
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
    failed = send(port, request(port, "/broken"))

    assert (500, True) == (failed.status, serving.served())
    assert ("", "") == capfd.readouterr()


def test_a_client_that_does_not_read_is_let_go() -> None:
    """A body larger than every buffer, to a client that reads none of it, delays no other."""
    with (
        LoopbackServer(lambda _: Response(200, b"x" * 20_000_000)) as server,
        connect(server.port) as mute,
        connect(server.port) as reading,
    ):
        mute.sendall(request(server.port, "/"))
        reading.sendall(request(server.port, "/"))

        assert 20_000_000 == len(read(reading).body)


def test_the_end_comes_within_seconds_whoever_is_connected(serving: Served) -> None:
    """Silent connections are closed with the port."""
    with connect(serving.server.port) as silent:
        silent.settimeout(PATIENCE)
        serving.server.__exit__()

        assert (b"", False) == (silent.recv(1), serving.server.alive)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1:80", True), ("127.0.0.1", True), ("localhost:80", True), ("LocalHost.", True),
        ("[::1]:80", True), ("[::1]", True), ("127.9.9.9:80", True),
        ("127.0.0.1:81", False), ("127.0.0.1:", True), ("127.0.0.1:x", False), ("", False),
        ("127.0.0.1.evil.example", False), ("localhost.evil.example:80", False),
        ("x.localhost", False), ("a@127.0.0.1", False), ("127.0.0.1/x", False),
        ("10.0.0.1", False), ("[::2]", False), ("[::1", False),
    ],
)  # fmt: skip
def test_only_spellings_of_loopback_name_it(host: str, loopback: bool) -> None:
    """With this port or none; a DNS name that could be rebound is never one."""
    assert loopback == names_loopback(host, 80)
