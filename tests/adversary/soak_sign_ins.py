"""Attacks on a running sign-in, and a crowd of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.stage import PATIENCE, Stage
from tests.clients.chromium import chromium
from tests.worker.loopback import request, send
from tests.worker.signing_in import Browser, fetch, place_to_sign_in, port_in, state_in
from tray.fake_aws.identity_center import IdentityCenter

WRONG = 200
TRIES = 150
CROWD = 12

PAGE = """
(() => {
  let read = 0;
  for (let number = 0; number < %d; number++) {
    const paths = ["/oauth/callback?code=c&state=" + number, "/credentials", "/?" + number];
    const asking = new XMLHttpRequest();
    asking.open(["GET", "POST", "HEAD"][number %% 3], "http://%s:%d" + paths[number %% 3], false);
    try { asking.send(); read += 1; }
    catch (error) { if (error.name !== "NetworkError") throw error; }
  }
  return read;
})()
"""


@pytest.mark.timeout(600)
def test_wrong_answers_with_the_right_state_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 wrong codes and errors by someone who knows the state: 4xx each, then the real one."""
    statuses: list[int] = []

    def act(url: str) -> tuple[int, str]:
        port, state = port_in(url), state_in(url).reveal()
        for number in range(WRONG):
            wrong = f"code=wrong-{number}" if number % 2 else "error=access_denied"
            path = f"/oauth/callback?state={state}&{wrong}"
            statuses.append(send(port, request(port, path)).status)
        return fetch(url)

    with place_to_sign_in(tmp_path, monkeypatch) as place:
        result = place.sign_in(Browser(act))

    assert ("keyring", [400] * WRONG) == (result.store, statuses)


@contextmanager
def _careless() -> Iterator[int]:
    """Answer every page in full: what the browser itself lets through."""
    answer = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # it is closed
                while True:
                    with listener.accept()[0] as one, suppress(ConnectionError):
                        if one.recv(65536):
                            one.sendall(answer + b"Connection: close\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.timeout(600)
def test_a_page_in_a_real_browser_gets_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 150 requests, to both names of loopback, a page reads none; of a careless server all."""
    read: list[int] = []

    def act(url: str) -> tuple[int, str]:
        with chromium(tmp_path / "chromium") as tab, _careless() as careless:
            read.extend(
                tab.read(PAGE % (TRIES // 2, host, port))
                for port in (careless, port_in(url))
                for host in ("127.0.0.1", "localhost")
            )
        return fetch(url)

    with place_to_sign_in(tmp_path, monkeypatch) as place:
        result = place.sign_in(Browser(act))
        exchanged = place.center.count("CreateToken")

    assert ("keyring", [TRIES // 2] * 2 + [0, 0], 1) == (result.store, read, exchanged)


@pytest.mark.timeout(600)
def test_twelve_sign_ins_at_once_open_one_page(tmp_path: Path) -> None:
    """Without a daemon: one browser, one exchange, twelve successes."""
    with IdentityCenter(auto_approve=True) as center, ExitStack() as stack:
        stage = Stage(tmp_path, center)
        started = [stage.start("login", "corp") for _ in range(CROWD)]
        for process in started:
            stack.callback(process.kill)
        ended = [process.communicate(timeout=5 * PATIENCE) for process in started]

        assert [0] * CROWD == [process.returncode for process in started], ended
        assert (1, 1) == (len(stage.opened()), center.count("CreateToken"))
