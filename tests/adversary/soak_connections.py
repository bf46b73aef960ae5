"""Another user of the machine, and floods, against each use of the loopback server."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.adversary.uses import SECRET, USES
from tests.system.test_transport import ROOT_ONLY, SECOND_USER, as_second_user
from tests.worker.loopback import connect, send

SILENT = 300
FAST = 100
ASKED = 20
WITHIN = 0.9
"""Seconds: the SDK for JavaScript gives up a try after one."""
ATTEMPTS = 500

TIMES = 4
"""
So many times as long as a plain server's, beside the same flood, an answer may take.

That counts only on a machine so busy that the plain one takes a quarter of `WITHIN`.
"""

FLOOD = """
import socket, sys, threading, time
def fast():
    while True:
        for port in sys.argv[2:]:
            socket.create_connection(("127.0.0.1", int(port))).close()
        time.sleep(0.01)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=fast, daemon=True).start()
print("on", flush=True)
sys.stdin.readline()
"""

STORM = """
import socket, sys
port, attempts, data = int(sys.argv[1]), int(sys.argv[2]), sys.stdin.read().encode()
answered = 0
for number in range(attempts):
    with socket.create_connection(("127.0.0.1", port)) as one:
        try:
            one.sendall(data)
            answered += bool(one.recv(1))
        except ConnectionError:
            pass
print(answered)
"""


@contextmanager
def _plain() -> Iterator[int]:
    """Answer whoever comes, one after the other: what any server takes on this machine now."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:

        def serve() -> None:
            with suppress(OSError):  # it is closed
                while True:
                    with listener.accept()[0] as one, suppress(ConnectionError):
                        if one.recv(65536):
                            one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def _flood(*ports: int) -> Iterator[None]:
    command = [sys.executable, "-I", "-c", FLOOD, str(FAST), *map(str, ports)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as flood:
        assert flood.stdout is not None
        flood.stdout.readline()
        yield
        flood.communicate(b"\n")


def _took(port: int, data: bytes) -> tuple[int, float]:
    began = time.monotonic()
    return send(port, data).status, time.monotonic() - began


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", USES)
def test_a_right_request_is_answered_in_a_flood(name: str, tmp_path: Path) -> None:
    """With 300 silent connections and 100 fast clients, 20 of 20 are answered within 0.9 s."""
    with USES[name](tmp_path) as use, _plain() as plain, ExitStack() as silent:
        for _ in range(SILENT):
            silent.enter_context(connect(use.port))
        with _flood(use.port, plain):
            turns = [(_took(plain, b"?"), _took(use.port, use.right())) for _ in range(ASKED)]

    slowest, ours = (max(took for _, took in one) for one in zip(*turns, strict=True))
    print(f"{name}: {ours:.2f} s, a plain server {slowest:.2f} s")  # noqa: T201  (shown with -rP)
    assert ASKED == len([status for _, (status, _) in turns if status in use.expected])
    assert ours <= max(WITHIN, TIMES * slowest)


@ROOT_ONLY
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", USES)
def test_another_user_gets_nothing_by_any_number_of_tries(name: str, tmp_path: Path) -> None:
    """He knows link, state and token: 0 of 500 answered, nothing used up, one report."""
    with USES[name](tmp_path) as use:
        his = as_second_user(STORM, use.port, ATTEMPTS, typed=use.right().decode())
        ours = send(use.port, use.right())

    assert "0" == his.stdout.strip(), his.stderr
    assert use.expected[0] == ours.status
    assert (name == "callback") != (SECRET.encode() in ours.raw)
    assert [True] == [f"uid {SECOND_USER}" in sentence for sentence in use.reported]
