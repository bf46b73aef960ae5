"""Another user of the machine, and floods, against each use of the loopback server."""

from __future__ import annotations

import subprocess
import sys
import time
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

FLOOD = """
import socket, sys, threading, time
def fast():
    while True:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        time.sleep(0.01)
for _ in range(int(sys.argv[2])):
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", USES)
def test_a_right_request_is_answered_in_a_flood(name: str, tmp_path: Path) -> None:
    """With 300 silent connections and 100 fast clients, 20 of 20 are answered within 0.9 s."""
    with USES[name](tmp_path) as use:
        silent = [connect(use.port) for _ in range(SILENT)]
        command = [sys.executable, "-I", "-c", FLOOD, str(use.port), str(FAST)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as flood:
            assert flood.stdout is not None
            flood.stdout.readline()
            took, statuses = [], []
            for _ in range(ASKED):
                began = time.monotonic()
                statuses.append(send(use.port, use.right()).status)
                took.append(time.monotonic() - began)
            flood.communicate(b"\n")
        for one in silent:
            one.close()

    assert ASKED == len([one for one in statuses if one in use.expected])
    assert max(took) <= WITHIN


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
