from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.worker.loopback import (
    CODE,
    FORGERY_STATUS,
    PATIENCE,
    STATE,
    Answer,
    connect,
    forged,
    port_of,
    read,
    request,
    send,
    target,
)
from tray.errors import UserMustAct
from tray.loopback.loopback_server import MOST_CONNECTIONS
from tray.secret import Secret
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback import MOST_CALLBACKS, Callback, CallbackServer

THE_CALLBACK = Callback(code=Secret(CODE))
THE_END = sign_in_pages.success("corp", renews=True)


@pytest.fixture
def server() -> Iterator[CallbackServer]:
    """Give a server that listens."""
    with CallbackServer("corp", STATE) as listening:
        yield listening


def called(server: CallbackServer) -> Callback | None:
    """Wait for the callback as long as it takes on a slow machine."""
    return server.wait(PATIENCE)


def serving_threads() -> list[threading.Thread]:
    """Return the threads of all callback servers of this process."""
    return [thread for thread in threading.enumerate() if thread.name == "loopback"]


def finished(server: CallbackServer, connection: socket.socket) -> Answer:
    """Send the real callback, finish the sign-in, and return what the browser shows."""
    connection.sendall(request(port_of(server)))
    assert called(server) == THE_CALLBACK
    server.finish(THE_END)
    return read(connection)


def test_it_serves_before_anybody_knows_of_it(server: CallbackServer) -> None:
    """Once entered it answers, at a port of 127.0.0.1 that is not reachable otherwise."""
    port = port_of(server)

    assert f"http://127.0.0.1:{port}/oauth/callback" == server.redirect_uri
    assert 404 == send(port, request(port, "/")).status
    with pytest.raises(OSError, match=r".*"), socket.create_connection(("127.0.0.2", port), 5):
        pass


def test_the_answer_waits_for_the_end_of_the_sign_in(server: CallbackServer) -> None:
    """The browser is answered when the tokens are saved, with the page that says so."""
    with connect(port_of(server)) as browser:
        browser.sendall(request(port_of(server)))
        assert called(server) == THE_CALLBACK
        browser.setblocking(False)
        with pytest.raises(BlockingIOError):
            browser.recv(1)
        browser.settimeout(PATIENCE)

        server.finish(THE_END)

        assert (200, THE_END.body) == ((answer := read(browser)).status, answer.body)


def test_a_page_set_at_the_last_moment_still_arrives() -> None:
    """Leaving right after `finish` cuts no answer off."""
    with CallbackServer("corp", STATE) as server:
        browser = connect(port_of(server))
        browser.sendall(request(port_of(server)))
        assert called(server) == THE_CALLBACK
        server.finish(THE_END)

    with browser:
        assert THE_END.body == read(browser).body


def test_a_reload_gets_the_same_page(server: CallbackServer) -> None:
    """A reload while it is held, or later, sees the same end and is no second callback."""
    port = port_of(server)
    with connect(port) as first, connect(port) as second:
        first.sendall(request(port))
        assert called(server) == THE_CALLBACK
        first.close()
        second.sendall(request(port))
        assert server.wait(0.2) is None
        server.finish(THE_END)

        assert THE_END.body == read(second).body
    assert THE_END.body == send(port, request(port)).body
    assert server.wait(0) is None


def test_a_refused_callback_leaves_the_next_its_turn(server: CallbackServer) -> None:
    """A code that brings nothing is answered at once and once for all; the next is waited for."""
    port, wrong = port_of(server), Callback(code=Secret("wrong"))
    no = sign_in_pages.still_waiting("corp", "AWS did not accept it.")
    with connect(port) as first, connect(port) as second:
        first.sendall(request(port, target(code="wrong")))
        assert wrong == called(server)
        second.sendall(request(port))
        server.refuse(wrong, no)
        again = send(port, request(port, target(code="wrong")))
        assert THE_CALLBACK == called(server)
        server.finish(THE_END)

        assert [(400, no.body)] * 2 == [(one.status, one.body) for one in (read(first), again)]
        assert THE_END.body == read(second).body


def test_a_flood_of_codes_is_bounded(server: CallbackServer) -> None:
    """Right state, ever new codes: what has been refused is forgotten, and the real one counts."""
    port = port_of(server)
    for number in range(MOST_CALLBACKS + 5):
        with connect(port) as one:
            one.sendall(request(port, target(code=f"wrong-{number}")))
            callback = called(server)
            assert callback is not None
            server.refuse(callback, sign_in_pages.refused(400))
            read(one)

    with connect(port) as browser:
        assert THE_END.body == finished(server, browser).body
    assert MOST_CALLBACKS == len(server._answers)


def test_forgeries_change_nothing(server: CallbackServer) -> None:
    """Hundreds of wrong states, errors, paths, methods and hosts change nothing."""
    port = port_of(server)

    statuses = [send(port, forged(port, number)).status for number in range(300)]

    assert [*FORGERY_STATUS] * 50 == statuses
    assert server.wait(0) is None
    with connect(port) as browser:
        assert THE_END.body == finished(server, browser).body


def test_connections_that_say_nothing_hold_nobody_up(server: CallbackServer) -> None:
    """Idle preconnects, twice as many as there is room for, cost the real browser nothing."""
    idle = [connect(port_of(server)) for _ in range(2 * MOST_CONNECTIONS)]

    with connect(port_of(server)) as browser:
        assert THE_END.body == finished(server, browser).body
    for connection in idle:
        connection.close()


def test_slow_clients_hold_nobody_up(server: CallbackServer) -> None:
    """Neither do clients that never come to the end of their request."""
    port = port_of(server)
    slow = [connect(port) for _ in range(40)]
    for connection in slow:
        connection.sendall(b"GET /oauth/callback?code=")

    with connect(port) as browser:
        assert THE_END.body == finished(server, browser).body
    for connection in slow:
        connection.close()


def test_a_preconnected_browser_may_use_its_connection(server: CallbackServer) -> None:
    """A request in pieces, on a connection opened earlier, is taken when it is whole."""
    whole = request(port_of(server))
    with connect(port_of(server)) as browser:
        for byte in (whole[:1], whole[1:50], whole[50:-3]):
            browser.sendall(byte)
            assert server.wait(0) is None
        browser.sendall(whole[-3:])

        assert THE_CALLBACK == called(server)


def test_silence_has_an_end() -> None:
    """Who says nothing is let go without a word, who stops half-way with a 408."""
    with (
        CallbackServer("corp", STATE, head_within=0.05) as server,
        connect(port_of(server)) as silent,
        connect(port_of(server)) as slow,
    ):
        slow.sendall(b"GET /oauth")

        assert (0, 408) == (read(silent).status, read(slow).status)


def test_endless_lines_are_harmless(server: CallbackServer) -> None:
    """A line of a megabyte is refused, and the real callback still wins."""
    port = port_of(server)

    answer = send(port, b"GET /oauth/callback?code=" + b"x" * (1 << 20))

    assert answer.status in (414, 0)
    with connect(port) as browser:
        assert THE_END.body == finished(server, browser).body


def test_one_thread_serves_all(server: CallbackServer) -> None:
    """However many connections there are, the server has a single thread."""
    before = len(serving_threads())
    connections = [connect(port_of(server)) for _ in range(50)]

    assert 404 == send(port_of(server), request(port_of(server), "/")).status
    assert before == len(serving_threads())
    for connection in connections:
        connection.close()


def test_nothing_is_left_at_the_end() -> None:
    """Port, thread and connections are gone when the block is left, the idle ones too."""
    with CallbackServer("corp", STATE) as server:
        port = port_of(server)
        thread = server._server._thread
        idle, half = connect(port), connect(port)
        half.sendall(b"GET /oauth/callback?")

    assert not thread.is_alive()
    with idle, half:
        assert (b"", b"") == (read(idle).raw, read(half).raw)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_a_fixed_port_can_be_used_again_at_once() -> None:
    """The connections of the last sign-in do not keep the next one from the same port."""
    port = 20_000 + os.getpid() % 10_000  # below those the system gives out by itself
    with CallbackServer("corp", STATE, port=port) as first, connect(port) as browser:
        finished(first, browser)

    with CallbackServer("corp", STATE, port=port) as second:
        assert 404 == send(port, request(port, "/")).status
        assert port == port_of(second)


def test_a_port_is_never_shared(server: CallbackServer) -> None:
    """While one sign-in listens at a port no other can, and the sentence names the port."""
    port = port_of(server)

    with pytest.raises(UserMustAct, match=f"127.0.0.1:{port}"):
        CallbackServer("corp", STATE, port=port).__enter__()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match=r".*") as caught:
            other.bind(("127.0.0.1", port))
    # Windows denies to whoever asks to share it.
    assert caught.value.errno in (errno.EADDRINUSE, errno.EACCES)


def test_a_port_that_is_none_is_said_so() -> None:
    """A number no port has is the person's to mend, not a traceback."""
    with pytest.raises(UserMustAct, match="70000"):
        CallbackServer("corp", STATE, port=70000).__enter__()


def test_a_browser_is_not_kept_for_ever() -> None:
    """When storing takes long the page says that it goes on; a reload learns the end."""
    with CallbackServer("corp", STATE, held_for=0.05) as server:
        port = port_of(server)

        first = send(port, request(port))
        server.finish(THE_END)
        second = send(port, request(port))

    assert (202, sign_in_pages.unfinished("corp").body) == (first.status, first.body)
    assert (200, THE_END.body) == (second.status, second.body)


def test_every_answer_carries_the_same_shield(server: CallbackServer) -> None:
    """Nothing is cached, loaded, framed, sniffed, referred or shared with other origins."""
    port = port_of(server)
    with connect(port) as browser:
        end = finished(server, browser)
    answers = [end, send(port, request(port, "/")), send(port, request(port, host="evil.example"))]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert "no-store" == answer.headers["cache-control"]
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "DENY" == answer.headers["x-frame-options"]
        assert "close" == answer.headers["connection"]
        assert not {name for name in answer.headers if name.startswith("access-control")}
        assert not {"server", "set-cookie", "location"} & answer.headers.keys()


def test_head_and_options_get_no_body_and_no_leave(server: CallbackServer) -> None:
    """A preflight is refused, a HEAD has no body, and both say what is allowed."""
    port = port_of(server)

    head, options = (send(port, request(port, method=name)) for name in ("HEAD", "OPTIONS"))

    assert (405, b"", "GET") == (head.status, head.body, head.headers["allow"])
    assert (405, "GET") == (options.status, options.headers["allow"])


NASTY = "<script>alert('x')</script>\"'><img src=x onerror=y>"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/oauth/callback?state={STATE.reveal()}&error={NASTY}", ""),
        (
            f"/oauth/callback?state={STATE.reveal()}&error=access_denied&error_description={NASTY}",
            "",
        ),
        (f"/oauth/callback?state={STATE.reveal()}&code=nasty-code&x={NASTY}", ""),
        (f"/oauth/callback?state={NASTY}", ""),
        (f"/{NASTY}", ""),
        ("/oauth/callback", f"Referer: {NASTY}\r\nUser-Agent: {NASTY}\r\nOrigin: {NASTY}\r\n"),
    ],
)
def test_no_byte_of_a_request_comes_back(server: CallbackServer, path: str, headers: str) -> None:
    """Whatever a request holds, none of it is in the answer, the code and the state included."""
    port = port_of(server)
    server.finish(THE_END)

    answer = send(port, request(port, path.replace(" ", "%20"), headers=headers))

    assert answer.status >= 200
    for piece in (b"alert", b"onerror", b"nasty", STATE.reveal().encode(), b"<script"):
        assert piece not in answer.raw
