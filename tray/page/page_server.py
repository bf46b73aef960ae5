"""The page's server: its files for any program of this user, all else for who has the bearer."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from tray.core.policy import PAGE_ANSWERS_WITHIN, PAGE_REQUEST_BYTES, PAGE_REQUESTS_AT_ONCE
from tray.core.text.page import page_words
from tray.errors import TrayError, sentence_of
from tray.loopback.http_messages import Request, Response
from tray.loopback.later_answers import Held, Stream
from tray.loopback.loopback_server import LoopbackServer
from tray.page.live_news import LiveNews
from tray.page.page_door import PageDoor, refusal
from tray.system.clock.local_time import written

log = logging.getLogger(__name__)

Question = Callable[[Mapping[str, str]], dict[str, Any]]
"""Answers a GET of ``/api/NAME`` from its query; raises `TrayError` or OSError."""
Change = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Carries out a POST of ``/api/NAME`` with its members; raises as `Question`."""


_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SAFE: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_STATIC: Final = Path(__file__).parent / "static"


class PageServer:
    """Serves until ``__exit__``; `asked` and `done` have the name in ``/api/NAME``."""

    def __init__(
        self,
        asked: Mapping[str, Question],
        done: Mapping[str, Change],
        news: LiveNews,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._asked, self._done, self._news = asked, done, news
        self._door = PageDoor()
        self._files = static_files()
        self._work = ThreadPoolExecutor(PAGE_REQUESTS_AT_ONCE, thread_name_prefix="page")
        self._lock = threading.Lock()
        self._heard_at = time.monotonic()
        self._server = LoopbackServer(
            self._answer, _refused, report=report, largest_body=PAGE_REQUEST_BYTES
        )

    def __enter__(self) -> Self:
        """Listen; raises `UserMustAct` where no port is free or nothing says who connects."""
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close the port and every page's connection; no work is waited for."""
        self._server.__exit__(*error)
        self._work.shutdown(wait=False, cancel_futures=True)

    def link(self, place: str) -> str:
        """Return the link that opens the page once; ``place`` is its part, percent-encoded."""
        return f"http://{self._server.host}/#{place}&secret={self._door.fragment()}"

    def idle_for(self) -> float:
        """Return for how many seconds no page has been open; 0 while one is."""
        if self._news.watched():
            self._heard_at = time.monotonic()
            return 0.0
        return time.monotonic() - self._heard_at

    @property
    def alive(self) -> bool:
        return self._server.alive

    def _answer(self, request: Request) -> Response | Held | Stream:
        changes = request.method == "POST"
        status = refusal(request, self._server.host, changes=changes)
        if status is not None:
            return _refused(status)
        if not request.path.startswith("/api/"):
            return self._file(request)
        self._heard_at = time.monotonic()
        name = request.path.removeprefix("/api/")
        if name == "enter":
            return self._entered(request) if changes else _refused(405, allow="POST")
        if not self._door.admits(request):
            return _document({"error": page_words.NOT_OURS}, 401)
        if name == "news" and request.method == "GET":
            return self._news.stream()
        if changes and name in self._done:
            act, members = self._done[name], _members(request)
            if members is None:
                return _document({"error": page_words.NO_REQUEST}, 400)
            return self._later(lambda: act(members))
        if request.method == "GET" and name in self._asked:
            ask = self._asked[name]
            try:
                query = dict(parse_qsl(request.query, max_num_fields=20))
            except ValueError:
                return _document({"error": page_words.NO_REQUEST}, 400)
            return self._later(lambda: ask(query))
        if name in self._done or name in self._asked or name == "news":
            return _refused(405, allow="POST" if name in self._done else "GET")
        return _refused(404)

    def _file(self, request: Request) -> Response:
        found = self._files.get("/index.html" if request.path == "/" else request.path)
        if found is None:
            return _refused(404)
        return found if request.method in ("GET", "HEAD") else _refused(405)

    def _entered(self, request: Request) -> Response:
        members = _members(request) or {}
        bearer = self._door.exchange(str(members.get("secret", "")))
        if bearer is None:
            return _document({"error": page_words.USED_LINK}, 403)
        return _document({"bearer": bearer.reveal()})

    def _later(self, work: Callable[[], dict[str, Any]]) -> Held:
        late = _document({"error": page_words.TOO_SLOW}, 503)
        answer: Future[Response] = self._work.submit(_worked, work)
        return Held(answer, PAGE_ANSWERS_WITHIN, late)


def static_files() -> dict[str, Response]:
    """Return the page's files by path: ``/index.html``, ``/page.js``, ``/text.js`` ..."""
    twelve_hours, month_first = written()
    clock = {"twelve": twelve_hours, "english": "en-US" if month_first else "en-GB"}
    told = {"TEXT": dict(page_words.WORDS), "CLOCK": clock}
    words = "".join(
        f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n"
        for name, value in told.items()
    )
    return {
        "/text.js": Response(200, words.encode(), _KINDS[".js"], _SAFE),
        **{
            f"/{place.name}": Response(200, place.read_bytes(), _KINDS[place.suffix], _SAFE)
            for place in sorted(_STATIC.iterdir())
            if place.suffix in _KINDS
        },
    }


def _worked(work: Callable[[], dict[str, Any]]) -> Response:
    try:
        return _document(work())
    except (TrayError, OSError) as error:
        return _document({"error": sentence_of(error)}, 409)
    except Exception as error:  # noqa: BLE001  (its text may hold anything; its kind does not)
        log.error("a request of the page failed (%s)", type(error).__name__)
        return _document({"error": page_words.MISTAKE}, 500)


def _members(request: Request) -> dict[str, Any] | None:
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _document(document: dict[str, Any], status: int = 200) -> Response:
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(status, body, "application/json", _SAFE)


def _refused(status: int, *, allow: str = "GET") -> Response:
    return Response(status, b"", "text/plain; charset=utf-8", _SAFE, allow)
