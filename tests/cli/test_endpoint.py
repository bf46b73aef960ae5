"""The endpoint of ``exec --endpoint``: who gets credentials there, and who gets nothing."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.stage import LOOK_AGAIN, PATIENCE
from tray.cli.exec.credential_endpoint import Endpoint
from tray.core.model import Profile
from tray.core.text.timestamps import format_timestamp
from tray.errors import Offline, SignInNeeded, TrayError
from tray.loopback.http_messages import LONGEST_HEAD

KEY = "wJalrXUtnFEMI-invented"


class Source:
    """Where the endpoint gets credentials in these tests: counted, and failing on request."""

    def __init__(self) -> None:
        self.asked = 0
        self.ends_at = 4_000_000_000.0
        self.failing: TrayError | None = None
        self.open = threading.Event()
        self.open.set()

    def __call__(self, _: Profile | None = None) -> dict[str, Any]:
        """Return a ``credential_process`` document."""
        self.asked += 1
        if not self.open.wait(60):
            raise TimeoutError
        if self.failing:
            raise self.failing
        return {
            "Version": 1,
            "AccessKeyId": f"ASIA{self.asked}",
            "SecretAccessKey": KEY,
            "SessionToken": "token",
            "Expiration": format_timestamp(self.ends_at),
            "AccountId": "123456789011",
        }


@pytest.fixture
def source() -> Source:
    """Give what is behind the endpoint."""
    return Source()


@pytest.fixture
def endpoint(source: Source) -> Iterator[Endpoint]:
    """Serve without a daemon; a connection has a quarter of a second to say what it wants."""
    profile = Profile("dev", "sso", "corp", "123456789011", "ReadOnly")
    with Endpoint(lambda: profile, lambda _: None, source, head_within=0.25) as serving:
        yield serving


def told(endpoint: Endpoint) -> dict[str, str]:
    """Return the variables, with the token file's content in place of its name."""
    with tempfile.TemporaryDirectory() as folder:
        given = endpoint.variables(Path(folder, "token"))
        name = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        return given | {name: Path(given[name]).read_bytes().decode()}


def place(endpoint: Endpoint) -> tuple[str, int]:
    """Return host and port."""
    parts = urlsplit(told(endpoint)["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def talk(endpoint: Endpoint, request: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(place(endpoint), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionResetError:
            pass  # cut off in the middle of a huge request: nothing came, which is the point
        return answer


def request(endpoint: Endpoint, **changes: str | None) -> bytes:
    """Return a sound request, with some of it changed or left out."""
    host, port = place(endpoint)
    asked: dict[str, str | None] = {
        "line": "GET /credentials HTTP/1.1",
        "Host": f"{host}:{port}",
        "Authorization": told(endpoint)["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
        **changes,
    }
    head = [
        str(asked.pop("line")),
        *(f"{name}: {v}" for name, v in asked.items() if v is not None),
    ]
    return "\r\n".join([*head, "", ""]).encode()


def status(answer: bytes) -> int:
    """Return the status of an answer; 0 where there is none."""
    return int(answer.split(b" ")[1]) if answer else 0


def test_who_has_the_token_gets_the_document(endpoint: Endpoint) -> None:
    """The members are those of the SDKs' container provider."""
    head, _, body = talk(endpoint, request(endpoint)).partition(b"\r\n\r\n")

    assert 200 == status(head)
    assert b"no-store" in head
    assert {
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": KEY,
        "Token": "token",
        "Expiration": "2096-10-02T07:06:40Z",
        "AccountId": "123456789011",
    } == json.loads(body)


WRONG: dict[str, tuple[int, dict[str, str | None]]] = {
    "a rebound name": (421, {"Host": "evil.example"}),
    "another port": (421, {"Host": "localhost:1"}),
    "a name that begins so": (421, {"Host": "127.0.0.1.evil.example"}),
    "a user before it": (421, {"Host": "evil@127.0.0.1"}),
    "an address of the network": (421, {"Host": "192.0.2.1"}),
    "no host": (421, {"Host": None}),
    "a wrong token": (403, {"Authorization": "x" * 43}),
    "no token": (403, {"Authorization": None}),
    "another path": (404, {"line": "GET /latest/meta-data/ HTTP/1.1"}),
    "a form of a page": (405, {"line": "POST /credentials HTTP/1.1"}),
    "no HTTP": (400, {"line": "hello"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_anybody_else_gets_nothing(endpoint: Endpoint, source: Source, name: str) -> None:
    """A page that rebinds a name, a guess, a scan: a 4xx without a word, and nobody is asked."""
    expected, changes = WRONG[name]

    answer = talk(endpoint, request(endpoint, **changes))

    assert (expected, b"") == (status(answer), answer.partition(b"\r\n\r\n")[2])
    assert 0 == source.asked


def test_a_huge_request_and_a_slow_one_get_nothing(endpoint: Endpoint, source: Source) -> None:
    """Size and time have limits, and others are served meanwhile; a drip prolongs no time."""
    with socket.create_connection(place(endpoint), timeout=0.02) as dripping:
        dripping.sendall(request(endpoint)[:-2])
        dripped = drip(dripping)
    slow = socket.create_connection(place(endpoint), timeout=30)
    slow.sendall(request(endpoint)[:-2])

    huge = talk(endpoint, request(endpoint, Padding="x" * (LONGEST_HEAD + 1)))
    served = talk(endpoint, request(endpoint))

    assert (True, 200) == (status(huge) in (0, 431), status(served))
    with slow:
        assert [408, 408] == [status(dripped), status(slow.recv(65536))]
    assert 1 == source.asked


def drip(connection: socket.socket) -> bytes:
    """Send a byte whenever nothing has come for a while, and return what does come."""
    for _ in range(1000):
        try:
            connection.sendall(b"x")
            return connection.recv(65536)
        except TimeoutError:
            continue
        except ConnectionError:
            return b""
    raise AssertionError("it may go on for as long as it likes")


def test_good_credentials_are_asked_for_once(endpoint: Endpoint, source: Source) -> None:
    """Good ones are asked for once, by all at the same time."""
    answers: list[bytes] = []
    asking = [
        threading.Thread(target=lambda: answers.append(talk(endpoint, request(endpoint))))
        for _ in range(5)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    kept = source.asked

    assert ([200] * 5, 1) == ([status(answer) for answer in answers], kept)


def test_credentials_are_fetched_anew_when_they_are_due(
    endpoint: Endpoint, source: Source
) -> None:  # fmt: skip
    """A5, "renewing": the child is given others once those it has near their end, by itself."""

    def key() -> str:
        document = json.loads(talk(endpoint, request(endpoint)).partition(b"\r\n\r\n")[2])
        return str(document["AccessKeyId"])

    source.ends_at = time.time() + 2
    first = key()
    source.ends_at = 4_000_000_000.0
    for _ in range(int(PATIENCE / LOOK_AGAIN)):
        if (renewed := key()) != first:
            break
        time.sleep(LOOK_AGAIN)  # only the clock makes them due
    kept = [key(), key()]

    assert ("ASIA1", "ASIA2", ["ASIA2"] * 2, 2) == (first, renewed, kept, source.asked)


@pytest.mark.parametrize(
    ("failing", "expected"),
    [(SignInNeeded("Nobody is signed in."), 403), (Offline("No network."), 503)],
    ids=["signed out", "offline"],
)
def test_what_fails_says_why_and_whether_to_try_again(
    endpoint: Endpoint, source: Source, failing: TrayError, expected: int
) -> None:
    """SDKs stop at a 4xx and try again after a 5xx; both carry a code and a message."""
    source.failing = failing

    answer = talk(endpoint, request(endpoint))

    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert expected == status(answer)
    assert (type(failing).__name__, failing.sentence) == (body["code"], body["message"])
    assert (body["code"], body["message"]) == (body["Code"], body["Message"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "localhost.", "[::1]", "127.1.2.3", "LOCALHOST:{port}"]
)
def test_loopback_may_be_spelled_in_any_way(endpoint: Endpoint, host: str) -> None:
    """Clients built on the AWS Common Runtime leave out the port."""
    answer = talk(endpoint, request(endpoint, Host=host.format(port=place(endpoint)[1])))

    assert 200 == status(answer)


def test_the_token_is_in_a_private_file_too(endpoint: Endpoint, tmp_path: Path) -> None:
    """The same value, without a newline, for clients that read only the file."""
    given = endpoint.variables(tmp_path / "token")

    file = Path(given["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
    assert (given["AWS_CONTAINER_AUTHORIZATION_TOKEN"], 0o100600) == (
        file.read_text(),
        file.stat().st_mode,
    )


def test_what_takes_long_is_told_in_time_and_is_there_at_the_next_try(source: Source) -> None:
    """An SDK waits a second: it is told to ask again, and the asking goes on, once for all."""
    source.open.clear()
    with Endpoint(lambda: Profile("dev"), lambda _: None, source, answer_within=0.05) as serving:
        early = [talk(serving, request(serving)) for _ in range(2)]  # while the source hangs
        source.open.set()
        answer = early[0]
        while status(answer) == 503:
            answer = talk(serving, request(serving))

    assert [503, 503, 200] == [status(one) for one in (*early, answer)]
    assert "being fetched" in json.loads(early[0].partition(b"\r\n\r\n")[2])["message"]
    assert 1 == source.asked


def test_an_end_does_not_wait_for_a_source_that_hangs(source: Source) -> None:
    """The child is gone: neither the port nor this process stays for what nobody wants."""
    source.open.clear()
    with Endpoint(lambda: Profile("dev"), lambda _: None, source, answer_within=0.05) as serving:
        early = status(talk(serving, request(serving)))
    waiting = [one for one in threading.enumerate() if one.name == "endpoint-source"]
    source.open.set()

    assert 503 == early
    assert [True] == [one.daemon for one in waiting]


def test_what_is_at_hand_is_given_until_a_sign_out_is_heard_of(source: Source) -> None:
    """What exec has fetched before the child started serves the first who asks, and no longer."""
    document, hears = source(), threading.Event()

    def daemon(_: Profile) -> dict[str, Any] | None:
        if hears.is_set():
            hears.clear()
            raise SignInNeeded("Signed out.")
        return None

    with Endpoint(lambda: Profile("dev"), daemon, source, document=document) as serving:
        given = [talk(serving, request(serving))]
        hears.set()
        given += [talk(serving, request(serving)) for _ in range(2)]

    assert [200, 403, 200] == [status(answer) for answer in given]
    assert [True, False, True] == [
        f"ASIA{number}".encode() in answer for number, answer in zip((1, 1, 2), given, strict=True)
    ]


def test_the_port_closes_with_the_child(source: Source) -> None:
    """Nobody listens there afterwards."""
    with Endpoint(lambda: Profile("dev"), lambda _: None, source) as serving:
        where = place(serving)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, timeout=5)


def test_another_profile_or_sign_in_never_gets_what_was_fetched_before(source: Source) -> None:
    """Neither what is in memory nor what comes late: each is for its profile and its sign-in."""
    now = {"profile": "dev", "signed in by": "ada"}
    source.open.clear()
    with Endpoint(
        lambda: Profile(now["profile"]),
        lambda _: None,
        source,
        signed_in_by=lambda _: now["signed in by"],
        answer_within=0.05,
    ) as serving:
        early = status(talk(serving, request(serving)))
        now["profile"] = "prod"
        source.open.set()
        keys = []
        for change in ({}, {}, {"signed in by": "bob"}, {"profile": "dev"}):
            now |= change
            answer = talk(serving, request(serving))
            while status(answer) == 503:
                answer = talk(serving, request(serving))
            keys.append(json.loads(answer.partition(b"\r\n\r\n")[2])["AccessKeyId"])

    assert (503, ["ASIA2", "ASIA2", "ASIA3", "ASIA4"]) == (early, keys)
