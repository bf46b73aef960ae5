from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.daemon.living import Living, daemon, home_with
from tests.worker.signing_in import port_in
from tray.aws.cache.token_cache import cache_path
from tray.demo.demo_story import CONFIG, SESSION
from tray.errors import TrayError
from tray.fake_aws.identity_center import IdentityCenter

PATIENCE = 60.0


@contextmanager
def waiting_for_the_person(living: Living) -> Iterator[int]:
    """Begin a sign-in that nobody answers; gives the port of its callback server."""
    pages: list[dict[str, Any]] = []
    shown = threading.Event()

    def ask() -> None:
        try:
            with living.client() as client:
                for message in client.ask("login", patience=None, session=SESSION):
                    if "progress" in message:
                        pages.append(message["progress"])
                        shown.set()
        except TrayError:
            shown.set()  # the daemon was killed, as the test wants it

    thread = threading.Thread(target=ask)
    thread.start()
    assert shown.wait(PATIENCE)
    yield port_in(pages[0]["url"])
    thread.join(PATIENCE)


def closes(port: int) -> bool:
    """Wait until nobody listens at a port of 127.0.0.1 any more."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE):
                pause.wait(0.05)
        except ConnectionRefusedError:
            return True
    return False


@pytest.mark.parametrize("end", ["quit", "crash"])
def test_fault_64_the_resident_ends_during_a_sign_in(
    tmp_path: Path, end: Literal["quit", "crash"]
) -> None:
    """The port goes with it, nothing is half saved, and the next sign-in is free to begin."""
    with IdentityCenter() as center:
        environ = home_with(tmp_path, CONFIG, **center.environment())
        with daemon(environ) as living, waiting_for_the_person(living) as port:
            if end == "quit":
                living.ask("quit")
            else:
                living.process.kill()
            living.process.wait(PATIENCE)
            closed = closes(port)
        cache = Path(environ["HOME"]) / ".aws/sso/cache"
        with daemon(environ) as living, waiting_for_the_person(living) as again:
            living.ask("cancel", session=SESSION)

    assert closed
    assert again
    assert not cache_path(cache, SESSION).exists()
