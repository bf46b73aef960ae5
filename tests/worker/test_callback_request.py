from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.loopback import CODE, STATE, request, target
from tray.loopback.http_messages import LONGEST_HEAD, LONGEST_LINE, head_end, parse
from tray.secret import Secret
from tray.worker.sign_in.callback import Callback, judge

PORT = 41234
HOST = f"127.0.0.1:{PORT}"
_STATE = STATE.reveal()


def judged(head: bytes) -> Callback | int:
    """Judge a head sent to this sign-in's server; 400 for what is no request."""
    request = parse(head)
    return judge(request, host=HOST, state=STATE) if request is not None else 400


def test_the_right_request_brings_the_code() -> None:
    """Path, host, method and state right: this is the callback."""
    assert Callback(code=Secret(CODE)) == judged(request(PORT))


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (421, request(PORT, host="localhost:41234")),
        (421, request(PORT, host="127.0.0.1")),
        (421, request(PORT, host="127.0.0.1:41235")),
        (421, request(PORT, host="evil.example:41234")),
        (421, request(PORT, host="127.0.0.1:41234.evil.example")),
        (421, request(PORT, host="")),
        (400, request(PORT, headers="Host: 127.0.0.1:41234\r\n")),
        (400, f"GET {target()} HTTP/1.1\r\n\r\n".encode()),
        (404, request(PORT, "/")),
        (404, request(PORT, "/favicon.ico")),
        (404, request(PORT, target().replace("/oauth", "//oauth"))),
        (404, request(PORT, target().replace("/callback", "/callback/"))),
        (404, request(PORT, target().replace("/oauth", "/%6fauth"))),
        (404, request(PORT, f"http://{HOST}{target()}")),
        (405, request(PORT, method="POST")),
        (405, request(PORT, method="HEAD")),
        (405, request(PORT, method="OPTIONS")),
        (405, request(PORT, method="get")),
        (400, request(PORT, headers="Content-Length: 3\r\n")),
        (400, request(PORT, headers="Transfer-Encoding: chunked\r\n")),
        (400, request(PORT, headers="X-Folded: a\r\n b\r\n")),
        (400, request(PORT, headers="No colon\r\n")),
        (400, f"GET {target()}\r\nHost: {HOST}\r\n\r\n".encode()),
        (400, f"GET {target()} HTTP/2\r\nHost: {HOST}\r\n\r\n".encode()),
        (400, f"GET  {target()} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()),
        (403, request(PORT, target(state="wrong"))),
        (403, request(PORT, target(state=""))),
        (403, request(PORT, target(state=_STATE + "x"))),
        (403, request(PORT, target(state=_STATE[:-1]))),
        (403, request(PORT, target(state="\N{SNOWMAN}"))),
        (403, request(PORT, "/oauth/callback")),
        (403, request(PORT, f"/oauth/callback?code={CODE}")),
        (403, request(PORT, "/oauth/callback?error=access_denied")),
        (403, request(PORT, target(error="access_denied", state="wrong"))),
        (403, request(PORT, f"{target()}&state={_STATE}")),
        (403, request(PORT, f"{target()}&state=wrong")),
        (400, request(PORT, f"/oauth/callback?state={_STATE}")),
        (400, request(PORT, f"{target()}&code=another")),
        (400, request(PORT, target(error="access_denied"))),
        (400, request(PORT, target(code=""))),
        (400, request(PORT, target(code="a b"))),
        (400, request(PORT, target(code="a\r\nb"))),
        (400, request(PORT, target(code="x" * 9000))),
        (400, request(PORT, target() + "&a=1" * 30)),
    ],
)
def test_anything_else_is_refused(status: int, head: bytes) -> None:
    """One thing wrong is enough: another host, path, method, state, or an odd form."""
    verdict = judged(head)

    assert status == verdict


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ("access_denied", "access_denied"),
        ("server_error", "server_error"),
        ("unauthorized_client", "unauthorized_client"),
        ("<script>alert(1)</script>", "other"),
        ("", "other"),
    ],
)
def test_an_error_with_the_right_state_counts(told: str, error: str) -> None:
    """AWS's error is one of the words we know and nothing else."""
    query = f"/oauth/callback?error={told}&state={_STATE}&error_description=whatever"

    verdict = judged(request(PORT, query))

    assert isinstance(verdict, Callback)
    assert (None, error) == (verdict.code, verdict.error)


def test_a_head_may_come_in_pieces() -> None:
    """Until the empty line more must come; what follows it is not the head's."""
    whole = request(PORT)

    assert {None} == {head_end(whole[:length]) for length in range(len(whole))}
    assert len(whole) == head_end(whole + b"more")


def test_too_long_is_refused_before_it_ends() -> None:
    """A line over 16 KiB and a head over 64 KiB are refused without waiting for their end."""
    line = b"GET /" + b"x" * LONGEST_LINE
    head = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (LONGEST_HEAD // 6)

    assert (-414, -431) == (head_end(line), head_end(head))


def test_many_cookies_are_borne() -> None:
    """Browsers send all of 127.0.0.1's cookies, whichever port set them."""
    head = request(PORT, headers=f"Cookie: {'c=1; ' * 8000}\r\n")

    assert len(head) == head_end(head)
    assert Callback(code=Secret(CODE)) == judged(head)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise_or_count(noise: bytes) -> None:
    """What is not the callback is refused, and nothing makes the judge fall over."""
    verdict = judged(noise + b"\r\n\r\n")

    assert isinstance(verdict, int)
    assert 400 <= verdict < 500


@given(st.text(max_size=60))
def test_no_other_state_counts(state: str) -> None:
    """Only this sign-in's own state does."""
    verdict = judged(request(PORT, target(state=state)))

    assert (state == _STATE) == isinstance(verdict, Callback)
