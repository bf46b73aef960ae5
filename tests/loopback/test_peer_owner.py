"""Which user is at the other end of a connection: asked of the real kernel."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.test_transport import ROOT_ONLY, SECOND_USER
from tray.loopback.peer_owner import Peer, PeerLookup, Source
from tray.system import LINUX

pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux tells")


@pytest.fixture(params=["sock_diag", "proc"])
def lookup(request: pytest.FixtureRequest) -> Iterator[PeerLookup]:
    """Give a lookup that uses one of the two sources."""
    found = PeerLookup()
    assert found.open() is not None
    source: Source = request.param
    found._source = source
    yield found
    found.close()


@contextmanager
def accepted(client: socket.socket) -> Iterator[socket.socket]:
    """Connect a client to a listener; yields the listener's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client.connect(
            ("::ffff:127.0.0.1" if client.family == socket.AF_INET6 else "127.0.0.1", port)
        )
        ours, _ = listener.accept()
        with ours:
            yield ours


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_our_own_connection_is_ours(lookup: PeerLookup, family: socket.AddressFamily) -> None:
    """Found by its exact addresses, also where the client's socket is one of IPv6 (Java's are)."""
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with socket.socket(family) as client, accepted(client) as ours:
        assert Peer("ours") == lookup.peer(ours)


@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "closed"])
def test_a_closed_peer_is_nobody(lookup: PeerLookup, abrupt: bool) -> None:
    """The row of a closed socket says uid 0, which is not root's: what it sent is never read."""
    with socket.socket() as client, accepted(client) as ours:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        if abrupt:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()

        assert Peer("gone") == lookup.peer(ours)


def test_a_closed_peer_costs_no_question() -> None:
    """In a flood most have gone by then, and looking each up was half of the server's time."""
    lookup = PeerLookup()
    assert "sock_diag" == lookup.open()
    with socket.socket() as client, accepted(client) as ours:
        lookup.close()  # from now on no question is answered
        unanswered = lookup.peer(ours)
        client.close()

        assert (Peer("unknown"), Peer("gone")) == (unanswered, lookup.peer(ours))


@ROOT_ONLY
def test_another_users_connection_is_known_as_his(lookup: PeerLookup) -> None:
    """However many other connections there are, the uid is that of this one."""
    code = (
        "import socket, sys\n"
        "one = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\ninput()"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            ["/usr/bin/env", "python3", "-I", "-S", "-c", code, str(listener.getsockname()[1])],
            user=SECOND_USER,
            group=SECOND_USER,
            extra_groups=[],
            cwd="/",
            stdin=subprocess.PIPE,
        ) as other,
    ):
        theirs, _ = listener.accept()
        with theirs:
            found = lookup.peer(theirs)
        other.communicate(b"\n")

    assert Peer("another", SECOND_USER) == found


def test_what_was_not_opened_knows_nobody() -> None:
    """Where the system tells nothing every peer is unknown, our own as well."""
    with socket.socket() as client, accepted(client) as ours:
        assert Peer("unknown") == PeerLookup().peer(ours)


def test_the_lookup_leaves_no_descriptor_open() -> None:
    """Opened and closed, it leaves what it found."""
    before = len(list(Path("/proc/self/fd").iterdir()))

    lookup = PeerLookup()
    lookup.open()
    lookup.close()

    assert before == len(list(Path("/proc/self/fd").iterdir()))
