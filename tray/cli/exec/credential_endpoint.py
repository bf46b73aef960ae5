"""
A container-credentials endpoint: whoever has the token gets a profile's credentials.

The protocol is that of the AWS SDKs' container provider (AWS SDKs guide, "Container credential
provider"): GET on ``AWS_CONTAINER_CREDENTIALS_FULL_URI`` with the token as ``Authorization``. A
browser's page cannot know the token, and a name rebound to 127.0.0.1 shows in its ``Host``.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Self

from tray.cli.front.terminal import Ended
from tray.core.model import Profile
from tray.core.text.timestamps import format_timestamp
from tray.daemon.role_credential_cache import CacheKey, RoleCredentialCache
from tray.errors import OurBug, TrayError, passes
from tray.loopback.http_messages import Request, Response, names_loopback
from tray.loopback.later_answers import Held
from tray.loopback.loopback_server import LoopbackServer
from tray.secret import Secret
from tray.storage.atomic_files import write_atomic

log = logging.getLogger(__name__)

PATH: Final = "/credentials"
HEAD_WITHIN: Final = 5.0  # seconds a connection has for its request
ANSWER_WITHIN: Final = 0.9  # seconds; the SDK for JavaScript gives up a try after 1, boto3 after 2
LATE_ANSWER_LIFE: Final = 30.0  # seconds in which the next try may have a late answer
USER_KEYS_LIFE: Final = 3600.0  # seconds; an IAM user's keys never expire, but SDKs want an end

NOT_YET: Final = "The credentials are being fetched; ask again in a moment."


class Endpoint:
    """
    Serve a profile's credentials from ``__enter__`` to ``__exit__``, on 127.0.0.1 alone.

    `profile` says at each request whose; `ask` gets the document from the daemon (None where none
    acts for us), `fetch` without one; all may raise `TrayError`. After another sign-in than
    `signed_in_by` names, those in memory are not given out. `document` is one for the first
    request; `report` gets a sentence when another user has connected; `answer_within`: seconds
    after which a client must ask again.
    """

    def __init__(
        self,
        profile: Callable[[], Profile],
        ask: Callable[[Profile], dict[str, Any] | None],
        fetch: Callable[[Profile], dict[str, Any]],
        *,
        signed_in_by: Callable[[Profile], str | None] = lambda _: None,
        document: dict[str, Any] | None = None,
        report: Callable[[str], None] | None = None,
        head_within: float = HEAD_WITHIN,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._profile, self._ask, self._fetch = profile, ask, fetch
        self._signed_in_by = signed_in_by
        self._answer_within = answer_within
        self._token = Secret(secrets.token_urlsafe(32))
        self._memory = RoleCredentialCache()
        if document is not None:
            self._memory.keep(self._place(profile()), document)
        self._lock = threading.Lock()
        self._asked: Future[Response] | None = None
        self._asked_for: CacheKey | None = None
        self._waited_until = self._answered_at = 0.0
        self._server = LoopbackServer(self._answer, report=report, head_within=head_within)

    def variables(self, token_file: Path) -> dict[str, str]:
        """Return the child's variables; some SDKs (object_store) read only ``token_file``."""
        write_atomic(token_file, self._token.reveal().encode())  # no newline: SDKs refuse one
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{self._server.host}{PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token.reveal(),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token_file),
        }

    def __enter__(self) -> Self:
        """Bind and serve; UserMustAct without a port or a way to see who connects."""
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close the port; requests under way are cut off."""
        self._server.__exit__(*error)

    def _answer(self, request: Request) -> Response | Held:
        refusal = refused(request, self._server.port, self._token)
        if refusal is not None:
            return Response(refusal)
        try:
            profile = self._profile()
        except TrayError as error:
            return _trouble(error)
        late = _failure(503, "NotYet", NOT_YET)
        return Held(self._future(profile), self._answer_within, late)

    def _future(self, profile: Profile) -> Future[Response]:
        """Return the answer all wait for together, started if none is under way."""
        now, place = time.monotonic(), self._place(profile)
        with self._lock:
            if place != self._asked_for:
                self._asked, self._asked_for = None, place
            asked, self._waited_until = self._asked, now + self._answer_within
            if asked is not None and asked.done():
                self._asked = None  # it came too late for the last client; it is for this one
                if now - self._answered_at <= LATE_ANSWER_LIFE:
                    return asked
            if self._asked is None:
                self._asked = Future()
                threading.Thread(
                    target=self._complete,
                    args=(profile, place, self._asked),
                    name="endpoint-source",
                    daemon=True,
                ).start()
            return self._asked

    def _complete(self, profile: Profile, place: CacheKey, asked: Future[Response]) -> None:
        answer = self._found(profile, place)
        with self._lock:
            if self._asked is asked:
                self._answered_at = time.monotonic()
                if self._answered_at <= self._waited_until:
                    self._asked = None
            asked.set_result(answer)

    def _found(self, profile: Profile, place: CacheKey) -> Response:
        try:
            given = self._from_daemon(profile, place) or self._memory.held(place)
            if given is None:
                given = self._fetch(profile)
                self._memory.keep(place, given)
            return _json(200, container_document(given, time.time()))
        except TrayError as error:
            return _trouble(error)
        except Exception as error:  # noqa: BLE001  (its text may hold anything; its kind does not)
            return _failure(500, type(error).__name__, "SSO Tray made a mistake.")

    def _place(self, profile: Profile) -> CacheKey:
        return CacheKey.of(profile, self._signed_in_by(profile))

    def _from_daemon(self, profile: Profile, place: CacheKey) -> dict[str, Any] | None:
        try:
            return self._ask(profile)
        except TrayError:
            # After a sign-out nobody gets older credentials, even once the daemon is gone.
            self._memory.forget(place.key)
            raise


def refused(request: Request, port: int, token: Secret) -> int | None:
    """
    Return the status that refuses a request, or None.

    The Host header may be any spelling of loopback, with or without the port: clients built on the
    AWS Common Runtime leave it out. The token is compared in constant time.
    """
    hosts = request.headers.get("host", [])
    if len(hosts) != 1 or not names_loopback(hosts[0], port):
        return 421
    given = request.headers.get("authorization", [])
    expected = token.reveal().encode()
    if len(given) != 1 or not hmac.compare_digest(given[0].encode("latin-1"), expected):
        return 403
    if request.path != PATH:
        return 404
    return None if request.method == "GET" else 405


def container_document(document: dict[str, Any], now: float) -> dict[str, Any]:
    end = document.get("Expiration") or format_timestamp(now + USER_KEYS_LIFE)
    given = {
        "AccessKeyId": document["AccessKeyId"],
        "SecretAccessKey": document["SecretAccessKey"],
        "Token": document.get("SessionToken", ""),
        "Expiration": end,
    }
    return given | {name: document[name] for name in ("AccountId",) if name in document}


def _trouble(error: TrayError) -> Response:
    """
    Return an error for SDKs: Go, Java and Rust stop at a 4xx, and retry after a 5xx.

    It is a 4xx wherever asking again in a few seconds is vain.
    """
    code = type(error).__name__
    if isinstance(error, OurBug):
        return _failure(500, code, error.sentence)
    if isinstance(error, Ended):
        code = "TryAgain" if error.passes else "NoCredentials"
        return _failure(503 if error.passes else 403, code, error.sentence)
    return _failure(503 if passes(error) else 403, code, error.sentence)


def _failure(status: int, code: str, message: str) -> Response:
    """Return an error in both spellings: Go and Java read ``code``, JavaScript ``Code``."""
    body = {"code": code, "message": message, "Code": code, "Message": message}
    return _json(status, body)


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, json.dumps(document).encode(), "application/json")
