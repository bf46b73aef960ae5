"""
A container-credentials endpoint for one child: who has the token gets credentials, nobody else.

The protocol is that of the AWS SDKs' container provider (AWS SDKs guide, "Container credential
provider"): GET on ``AWS_CONTAINER_CREDENTIALS_FULL_URI`` with
``AWS_CONTAINER_AUTHORIZATION_TOKEN`` as the ``Authorization`` header. A page in a browser cannot
know the token, and a name that was rebound to 127.0.0.1 stands in its ``Host`` header.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from tray.aws.timestamps import format_timestamp
from tray.core.model import Profile
from tray.errors import TrayError
from tray.resident.role_credentials import Place, RoleCredentials
from tray.secret import Secret
from tray.worker.callback_request import head_end, headers_of

log = logging.getLogger(__name__)

PATH: Final = "/credentials"
HEAD_WITHIN: Final = 5.0
"""Seconds a connection may take to say what it wants."""
LONGEST_HEAD: Final = 16 * 1024
MOST_CONNECTIONS: Final = 64
WRITTEN_WITHIN: Final = 5.0
USER_KEYS_LIFE: Final = 3600.0
"""Keys of a user never end; the SDKs want an end, and ask again then."""

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    414: "URI Too Long",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}


class Endpoint:
    """
    Serve one profile's credentials from ``__enter__`` to ``__exit__``, on 127.0.0.1 alone.

    Args:
        profile: whose credentials, for as long as it serves.
        ask: gets its ``credential_process`` document from the resident, which keeps it as long as
            it is good and drops it at a sign-out; None where no resident acts for us.
        fetch: gets it without one. Both may block, and raise `TrayError` where there are none.
        head_within: seconds a connection may take to say what it wants.
    """

    def __init__(
        self,
        profile: Profile,
        ask: Callable[[], dict[str, Any] | None],
        fetch: Callable[[], dict[str, Any]],
        *,
        head_within: float = HEAD_WITHIN,
    ) -> None:
        self._place = Place.of(profile, None)
        self._ask, self._fetch = ask, fetch
        self._head_within = head_within
        self._token = Secret(secrets.token_urlsafe(32))
        self._memory = RoleCredentials()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="endpoint", daemon=True)
        self._host = ""
        self._connections = 0

    def variables(self) -> dict[str, str]:
        """Return what tells an SDK of us; for the child's environment only."""
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{self._host}{PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token.reveal(),
        }

    def __enter__(self) -> Self:
        """
        Bind and serve.

        Raises:
            OSError: there is no port to be had.
        """
        starting = asyncio.start_server(self._connected, "127.0.0.1", 0, limit=LONGEST_HEAD)
        self._server = self._loop.run_until_complete(starting)
        self._host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port; what is under way is cut."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            if self._server is not None:
                self._server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self._loop.run_until_complete(asyncio.wait(tasks))
            self._loop.close()

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:  # fmt: skip
        self._connections += 1
        try:
            if self._connections <= MOST_CONNECTIONS:
                await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.debug("a client of the endpoint went away (%s)", type(error).__name__)
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self._head_within):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                head = b""
        refusal = 431 if not head else refused(head, self._host, self._token)
        status, document = (refusal, None) if refusal else await self._document()
        body = b"" if document is None else json.dumps(document).encode()
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        async with asyncio.timeout(WRITTEN_WITHIN):
            await writer.drain()
            if not head:
                await reader.read(16 * LONGEST_HEAD)  # closing on unread bytes destroys the answer

    async def _document(self) -> tuple[int, dict[str, Any]]:
        async def fetch() -> dict[str, Any]:
            return await asyncio.to_thread(self._fetch)

        try:
            given = await asyncio.to_thread(self._ask)
            if given is None:
                given = await self._memory.get(self._place, fetch)
        except TrayError as error:
            return 500, {"code": type(error).__name__, "message": error.sentence}
        except Exception as error:  # noqa: BLE001  (its text may hold anything; its kind does not)
            return 500, {"code": type(error).__name__, "message": "SSO Tray made a mistake."}
        return 200, container_document(given, time.time())


def refused(head: bytes, host: str, token: Secret) -> int:
    """
    Decide whether a request gets credentials.

    Args:
        head: request line and headers, up to the empty line.
        host: what the Host header must be, exactly.
        token: what the Authorization header must be, compared in constant time.

    Returns:
        The status of its refusal; 0: it gets them.
    """
    end = head_end(head)
    if not isinstance(end, int):
        return 400 if end is None else end.status
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words, headers = lines[0].split(" "), headers_of(lines[1:])
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or headers is None:
        return 400
    if headers.get("host") != [host]:
        return 421
    given = headers.get("authorization", [])
    expected = token.reveal().encode()
    if len(given) != 1 or not hmac.compare_digest(given[0].encode("latin-1"), expected):
        return 403
    if words[1] != PATH:
        return 404
    return 0 if words[0] == "GET" else 405


def container_document(document: dict[str, Any], now: float) -> dict[str, Any]:
    """Return a ``credential_process`` document as the container provider words it."""
    end = document.get("Expiration") or format_timestamp(now + USER_KEYS_LIFE)
    given = {
        "AccessKeyId": document["AccessKeyId"],
        "SecretAccessKey": document["SecretAccessKey"],
        "Token": document.get("SessionToken", ""),
        "Expiration": end,
    }
    return given | {name: document[name] for name in ("AccountId",) if name in document}
