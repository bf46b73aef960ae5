"""Who is not the page gets nothing: other origins, rebound names, used secrets, other users."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.stage import Stage
from tests.page.conftest import Page
from tests.system.test_transport import ROOT_ONLY, as_second_user
from tests.worker.loopback import Answer, send

ASKED = ("accounts", "listings", "uses", "history", "settings", "news")
DONE = ("do", "star", "cancel", "check")


def ask(
    origin: str, path: str, *, method: str = "GET", host: str | None = None,
    bearer: str = "", of: str | None = None, body: str = "", kind: str = "application/json",
) -> Answer:  # fmt: skip
    """Send one request to the page's server, as no page of it would."""
    port = urlsplit(origin).port or 0
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}"]
    lines += [f"Origin: {of}"] if of else []
    lines += [f"Authorization: Bearer {bearer}"] if bearer else []
    lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if body else []
    return send(port, ("\r\n".join(lines) + f"\r\n\r\n{body}").encode())


@pytest.fixture
def opened(stage: Stage) -> tuple[str, str]:
    """Open the page's server alone; returns its origin and the secret."""
    link = stage.tray("open", "--print").out.strip()
    origin, _, fragment = link.partition("/#")
    return origin, parse_qs(fragment)["secret"][0]


def test_a_secret_opens_once(opened: tuple[str, str]) -> None:
    """The first exchange gives a bearer, the second none; a wrong one uses nothing up."""
    origin, secret = opened
    wrong = ask(origin, "/api/enter", method="POST", of=origin, body='{"secret": "guess"}')
    body = json.dumps({"secret": secret})
    first = ask(origin, "/api/enter", method="POST", of=origin, body=body)
    second = ask(origin, "/api/enter", method="POST", of=origin, body=body)
    bearer = json.loads(first.body)["bearer"]

    assert [403, 200, 403] == [wrong.status, first.status, second.status]
    assert "used already" in json.loads(second.body)["error"]
    assert 200 == ask(origin, "/api/accounts", bearer=bearer).status
    assert secret != bearer


def test_without_the_bearer_nothing_is_told_or_done(opened: tuple[str, str]) -> None:
    """401 for each question and each change, whatever else is right."""
    origin, _ = opened

    for name in ASKED:
        assert 401 == ask(origin, f"/api/{name}").status, name
        assert 401 == ask(origin, f"/api/{name}", bearer="x" * 43).status, name
    for name in DONE:
        assert 401 == ask(origin, f"/api/{name}", method="POST", of=origin, body="{}").status


def test_with_the_bearer_origin_and_host_still_count(opened: tuple[str, str]) -> None:
    """A rebound name, another origin, a form, a change without an origin: each is refused."""
    origin, secret = opened
    body = json.dumps({"secret": secret})
    first = ask(origin, "/api/enter", method="POST", of=origin, body=body)
    bearer, port = json.loads(first.body)["bearer"], urlsplit(origin).port
    evil = "http://evil.example"

    for host in (f"evil.example:{port}", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}0"):
        assert 421 == ask(origin, "/api/accounts", bearer=bearer, host=host).status, host
        assert 421 == ask(origin, "/", host=host).status, host
    assert 403 == ask(origin, "/api/accounts", bearer=bearer, of=evil).status
    assert 403 == ask(origin, "/api/accounts", bearer=bearer, of="null").status
    for name in DONE:
        path = f"/api/{name}"
        without = ask(origin, path, method="POST", bearer=bearer, body="{}")
        other = ask(origin, path, method="POST", bearer=bearer, of=evil, body="{}")
        form = ask(
            origin, path, method="POST", bearer=bearer, of=origin, body="{}", kind="text/plain"
        )
        assert [403, 403, 415] == [without.status, other.status, form.status], name
    assert 405 == ask(origin, "/api/accounts", method="OPTIONS", bearer=bearer).status


def test_a_body_has_a_limit(opened: tuple[str, str]) -> None:
    """413 before it is read; what is no JSON object is a 400 at most."""
    origin, _ = opened
    port = urlsplit(origin).port or 0
    head = f"POST /api/enter HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n"
    head += "Content-Type: application/json\r\n"

    for length, status in (("65537", 413), ("9" * 5000, 413), ("-1", 400), ("1e3", 400)):
        data = f"{head}Content-Length: {length}\r\n\r\n".encode()
        assert status == send(port, data).status, length
    chunked = send(port, f"{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())
    assert 411 == chunked.status
    for body in ("[]", "{", '"x"', "[" * 2000):
        assert 403 == ask(origin, "/api/enter", method="POST", of=origin, body=body).status


def test_every_answer_forbids_frames_inline_code_and_other_origins(
    opened: tuple[str, str],
) -> None:
    """The same headers on files, documents and refusals; no CORS header anywhere."""
    origin, _ = opened

    for path in ("/", "/page.js", "/page.css", "/api/accounts", "/nothing"):
        headers = ask(origin, path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert ("DENY", "no-store", "nosniff", "no-referrer") == tuple(
            headers[name]
            for name in (
                "x-frame-options",
                "cache-control",
                "x-content-type-options",
                "referrer-policy",
            )
        )
        assert not [name for name in headers if name.startswith("access-control-")]
        assert "set-cookie" not in headers


HIS = """
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=30).status)
except OSError as error:
    print("nothing")
"""


@ROOT_ONLY
def test_another_user_gets_nothing(opened: tuple[str, str]) -> None:
    """Not even the page's files; and the secret stays unused for its owner."""
    origin, secret = opened

    assert "nothing" == as_second_user(HIS, f"{origin}/").stdout.strip()
    body = json.dumps({"secret": secret})
    assert 200 == ask(origin, "/api/enter", method="POST", of=origin, body=body).status


def test_a_page_of_another_origin_reads_and_changes_nothing(page: Page) -> None:
    """In the browser in which the page is open: no fetch, no frame, no script of it works."""
    evil = f"""<!doctype html><title>evil</title><script>
    const tried = {{}};
    const over = (name) => (value) => {{ tried[name] = value; }};
    const at = {json.dumps(page.origin)};
    fetch(at + "/api/accounts").then((a) => over("read")(a.status), () => over("read")("no"));
    fetch(at + "/api/star", {{method: "POST", mode: "no-cors", body: "{{}}"}})
      .then((a) => over("blind")(a.type), () => over("blind")("no"));
    fetch(at + "/api/star", {{method: "POST", headers: {{"Content-Type": "application/json"}},
      body: "{{}}"}}).then((a) => over("change")(a.status), () => over("change")("no"));
    const frame = document.createElement("iframe");
    frame.onload = () => {{
      try {{ over("frame")(frame.contentDocument ? "empty" : "closed"); }}
      catch {{ over("frame")("closed"); }}
    }};
    frame.src = at + "/";
    document.documentElement.append(frame);
    window.tried = tried;
    </script>"""

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(evil.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    before = page.stage.tray("profiles", "--star").out
    with HTTPServer(("127.0.0.1", 0), Evil) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page.tab.open(f"http://127.0.0.1:{server.server_port}/")
        page.tab.until("Object.keys(window.tried).length === 4")
        tried = page.tab.read("window.tried")
        server.shutdown()

    assert {"read": "no", "change": "no"} == {name: tried[name] for name in ("read", "change")}
    assert tried["frame"] == "closed"
    assert before == page.stage.tray("profiles", "--star").out


def test_the_link_leaves_no_secret_and_no_second_page(page: Page) -> None:
    """The address has no secret, a reload goes on, the used link in a new tab opens nothing."""
    stored = page.tab.read("JSON.stringify([location.href, document.cookie, {...localStorage}])")
    secret = page.link.partition("secret=")[2]
    page.tab.open(f"{page.origin}/?again#accounts")
    page.tab.until("document.querySelectorAll('#rows li').length > 20")
    page.tab.read("sessionStorage.clear()")
    page.tab.open("about:blank")
    page.tab.open(page.link)
    page.shows("used already", "#banner")

    assert secret not in stored
    assert json.loads(stored)[1:] == ["", {}]
    assert not page.tab.read("document.querySelectorAll('#rows li').length")


def test_no_credential_is_ever_in_the_page(page: Page) -> None:
    """After a console, credentials given elsewhere and a sign-in: no secret in text or storage."""
    page.stage.given_out("credentials", "--profile", "dev")
    page.go("sessions")
    page.shows("dev", ".card .uses")
    seen = page.tab.read(
        "document.documentElement.outerHTML + JSON.stringify([{...sessionStorage}])"
    )

    assert not [secret for secret in page.stage.center.secrets() if secret in seen]
