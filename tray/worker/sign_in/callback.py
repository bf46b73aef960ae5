"""Wait for the browser's answer to a sign-in: one path, host, method and state (RFC 8252)."""

from __future__ import annotations

import hmac
import queue
import string
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Literal, Self, get_args
from urllib.parse import parse_qsl

from tray.errors import OurBug
from tray.loopback.http_messages import Request, Response, page_refusal
from tray.loopback.later_answers import Held
from tray.loopback.loopback_server import HEAD_WITHIN, LoopbackServer
from tray.secret import Secret
from tray.worker.sign_in import sign_in_pages

CALLBACK_PATH: Final = "/oauth/callback"
HELD_FOR: Final = 20.0  # seconds until a waiting browser gets a page that says to wait
MOST_CALLBACKS: Final = 50  # different codes and errors remembered for one sign-in

_LONGEST_CODE: Final = 8 * 1024
_MOST_PARAMETERS: Final = 20
_CODE_LETTERS: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)

BrowserError = Literal[
    "access_denied",
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "other",
]
"""The values of ``error`` in RFC 6749 4.1.2.1; anything else is ``other``."""
_ERRORS: Final[tuple[BrowserError, ...]] = get_args(BrowserError)


@dataclass(frozen=True, slots=True)
class Callback:
    """What the browser brought back with the right state: a code, or an error instead."""

    code: Secret | None = None
    error: BrowserError | None = None


class CallbackServer:
    """Listen from ``__enter__`` to ``__exit__``; ``state`` tells the callback from a forgery."""

    def __init__(
        self,
        key: str,
        state: Secret,
        *,
        port: int | None = None,
        report: Callable[[str], None] | None = None,
        head_within: float = HEAD_WITHIN,
        held_for: float = HELD_FOR,
    ) -> None:
        self._key, self._state, self._held_for = key, state, held_for
        self._lock = threading.Lock()
        self._answers: dict[Callback, Future[Response]] = {}
        self._arrived: queue.SimpleQueue[Callback] = queue.SimpleQueue()
        self._end: Response | None = None
        self._server = LoopbackServer(
            self._answer,
            sign_in_pages.refused,
            port=port or 0,
            unknown_peers=True,  # state and PKCE protect it where the system tells no uid
            report=report,
            head_within=head_within,
        )

    @property
    def redirect_uri(self) -> str:
        """Where AWS sends the browser back to; known once it listens."""
        return f"http://{self._server.host}{CALLBACK_PATH}"

    def __enter__(self) -> Self:
        """Listen; raises NoFreePort."""
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close the port within a second, once the last page is sent."""
        self._server.__exit__(*error)

    def wait(self, seconds: float) -> Callback | None:
        """Wait for the next callback; each comes once. Raises OurBug if the server has died."""
        try:
            return self._arrived.get(timeout=seconds)
        except queue.Empty:
            if not self._server.alive:
                raise OurBug("The server waiting for the browser has stopped.") from None
            return None

    def refuse(self, callback: Callback, page: Response) -> None:
        """Answer one callback, and any repeat of it; the waiting continues."""
        with self._lock:
            self._answers[callback].set_result(page)

    def finish(self, page: Response) -> None:
        with self._lock:
            self._end = page
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_result(page)

    def _answer(self, request: Request) -> Response | Held:
        verdict = judge(request, host=self._server.host, state=self._state)
        if not isinstance(verdict, Callback):
            return sign_in_pages.refused(verdict)
        with self._lock:
            if verdict not in self._answers:
                if self._end is not None:
                    return self._end
                if len(self._answers) >= MOST_CALLBACKS and not self._forget_one():
                    return sign_in_pages.refused(429)
                self._answers[verdict] = Future()
                self._arrived.put(verdict)
            return Held(
                self._answers[verdict], self._held_for, sign_in_pages.unfinished(self._key)
            )

    def _forget_one(self) -> bool:
        oldest = next((one for one, answer in self._answers.items() if answer.done()), None)
        return oldest is not None and self._answers.pop(oldest) is not None


def judge(request: Request, *, host: str, state: Secret) -> Callback | int:
    """Return the callback, or the 4xx that refuses it; ``state`` is compared in constant time."""
    refusal = page_refusal(request, host=host, path=CALLBACK_PATH)
    if refusal is not None:
        return refusal
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return 400
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    states = values.get("state", [])
    expected = state.reveal().encode()
    if len(states) != 1 or not hmac.compare_digest(states[0].encode("utf-8", "replace"), expected):
        return 403
    codes, errors = values.get("code", []), values.get("error", [])
    if len(codes) + len(errors) != 1:
        return 400
    if errors:
        return Callback(error=next((name for name in _ERRORS if name == errors[0]), "other"))
    code = codes[0]
    if not code or len(code) > _LONGEST_CODE or not _CODE_LETTERS.issuperset(code):
        return 400
    return Callback(code=Secret(code))
