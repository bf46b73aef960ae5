"""
Who may ask the page's server what: a secret that opens once, then a bearer, each at this origin.

The link's fragment holds the secret; browsers send no fragment to servers. The page exchanges it
for a bearer, which it keeps in its ``sessionStorage`` and sends as a header: a cookie would go to
every port of 127.0.0.1.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time

from tray.core.policy import PAGE_LINK_LASTS
from tray.loopback.http_messages import Request
from tray.secret import Secret


class PageDoor:
    """The link's secret and the bearer of one page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secret: Secret | None = Secret(secrets.token_urlsafe(32))
        self._until = time.monotonic() + PAGE_LINK_LASTS
        self._bearer: Secret | None = None

    def fragment(self) -> str:
        """Return the secret for the link; an empty text once it was used."""
        return "" if self._secret is None else self._secret.reveal()

    def exchange(self, given: str) -> Secret | None:
        """Return the bearer for the right secret, the first time and in time; else None."""
        with self._lock:
            if self._secret is None or time.monotonic() > self._until:
                return None
            if not _equal(given, self._secret):
                return None
            self._secret, self._bearer = None, Secret(secrets.token_urlsafe(32))
            return self._bearer

    def admits(self, request: Request) -> bool:
        """Whether a request carries the bearer; it is compared in constant time."""
        given = request.headers.get("authorization", [])
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        known = self._bearer
        return scheme == "Bearer" and known is not None and _equal(token, known)


def refusal(request: Request, host: str, *, changes: bool) -> int | None:
    """
    Return the status that refuses a request of another origin or name, or None.

    A name that was rebound to 127.0.0.1 shows in ``Host``, a page of another origin in ``Origin``
    and ``Sec-Fetch-Site``. What changes something has to carry ``Origin``, and JSON, which no
    form can send.
    """
    if request.headers.get("host", []) != [host]:
        return 421
    origins = request.headers.get("origin", [])
    if origins not in ([], [f"http://{host}"]) or (changes and not origins):
        return 403
    if any(
        site not in ("same-origin", "none") for site in request.headers.get("sec-fetch-site", [])
    ):
        return 403
    kinds = request.headers.get("content-type", [])
    if changes and [kind.partition(";")[0].strip() for kind in kinds] != ["application/json"]:
        return 415
    return None


def _equal(given: str, expected: Secret) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.reveal().encode())
