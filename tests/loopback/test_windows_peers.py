"""What Windows' table of connections says of the process at the other end."""

from __future__ import annotations

import socket
import struct

from tray.loopback.windows_peers import process_in

PEER, OURS = ("127.0.0.1", 50001), ("127.0.0.1", 8400)
ESTABLISHED, CLOSE_WAIT = 5, 8
UPPER_HALF = 0xABCD << 16
"""Of a port's four bytes only the lower two are defined."""


def _row(state: int, local: tuple[str, int], remote: tuple[str, int], process: int) -> bytes:
    ends = b"".join(
        socket.inet_aton(host) + struct.pack("=I", socket.htons(port) | UPPER_HALF)
        for host, port in (local, remote)
    )
    return struct.pack("=I", state) + ends + struct.pack("=I", process)


def _table(*rows: bytes) -> bytes:
    return struct.pack("=I", len(rows)) + b"".join(rows) + bytes(100)  # it may be longer than full


def test_the_process_is_that_of_the_peers_own_end() -> None:
    """The row of our end, and those of other connections, name other processes."""
    other = ("127.0.0.1", 50002)
    table = _table(
        _row(ESTABLISHED, OURS, PEER, 1),
        _row(ESTABLISHED, other, OURS, 2),
        _row(ESTABLISHED, PEER, OURS, 3),
    )

    assert 3 == process_in(table, PEER, OURS)


def test_a_connection_that_is_closed_or_unlisted_has_no_process() -> None:
    """What was left behind by a closed socket is nobody's."""
    assert process_in(_table(_row(CLOSE_WAIT, PEER, OURS, 3)), PEER, OURS) is None
    assert process_in(_table(), PEER, OURS) is None
