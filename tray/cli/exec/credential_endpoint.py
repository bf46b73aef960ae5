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
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from tray.aws.cache.timestamps import format_timestamp
from tray.core.model import Profile
from tray.daemon.role_credential_cache import CacheKey, RoleCredentialCache
from tray.errors import TrayError
from tray.secret import Secret
from tray.worker.sign_in.callback_request import head_end, headers_of

log = logging.getLogger(__name__)

PATH: Final = "/credentials"
HEAD_WITHIN: Final = 5.0
"""Seconds a connection may take to say what it wants."""
LONGEST_HEAD: Final = 16 * 1024
MOST_CONNECTIONS: Final = 64
WRITTEN_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 0.9
"""Seconds an SDK waits at least: the one for JavaScript gives up a try after 1, boto3 after 2."""
LATE_ANSWER_LIFE: Final = 30.0
"""Seconds in which the next try may have what came too late for the one before."""
USER_KEYS_LIFE: Final = 3600.0
"""Keys of a user never end; the SDKs want an end, and ask again then."""

NOT_YET: Final = "The credentials are being fetched; ask again in a moment."

_T = TypeVar("_T")
_Answer = tuple[int, dict[str, Any]]
"""The status, and what is said in JSON."""

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
    503: "Service Unavailable",
}


class Endpoint:
    """
    Serve one profile's credentials from ``__enter__`` to ``__exit__``, on 127.0.0.1 alone.

    Args:
        profile: whose credentials, for as long as it serves.
        ask: gets its ``credential_process`` document from the daemon, which keeps it as long as
            it is good and drops it at a sign-out; None where no daemon acts for us.
        fetch: gets it without one. Both may block, and raise `TrayError` where there are none.
        document: one that is at hand already; the first who asks need not wait for another.
        head_within: seconds a connection may take to say what it wants.
        answer_within: seconds after which who waits is told to ask again; the asking goes on.
    """

    def __init__(
        self,
        profile: Profile,
        ask: Callable[[], dict[str, Any] | None],
        fetch: Callable[[], dict[str, Any]],
        *,
        document: dict[str, Any] | None = None,
        head_within: float = HEAD_WITHIN,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._place = CacheKey.of(profile, None)
        self._ask, self._fetch = ask, fetch
        self._head_within, self._answer_within = head_within, answer_within
        self._token = Secret(secrets.token_urlsafe(32))
        self._memory = RoleCredentialCache()
        if document is not None:
            self._memory.keep(self._place, document)
        self._asked: asyncio.Task[_Answer] | None = None
        self._answered_at = 0.0
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

    async def _document(self) -> _Answer:
        """Return the answer in time: an SDK that waits in vain says less than one that is told."""
        asked = self._asked
        late = asked is not None and asked.done()
        if asked is None or (late and self._loop.time() - self._answered_at > LATE_ANSWER_LIFE):
            asked = self._asked = self._loop.create_task(self._asking())
        try:
            async with asyncio.timeout(self._answer_within):
                answer = await asyncio.shield(asked)
        except TimeoutError:
            return 503, {"code": "NotYet", "message": NOT_YET}
        if self._asked is asked:
            self._asked = None
        return answer

    async def _asking(self) -> _Answer:
        try:
            given = await _beside(self._asked_the_daemon)
            if given is None:
                given = await self._memory.get(self._place, lambda: _beside(self._fetch))
            return 200, container_document(given, time.time())
        except TrayError as error:
            return 500, {"code": type(error).__name__, "message": error.sentence}
        except Exception as error:  # noqa: BLE001  (its text may hold anything; its kind does not)
            return 500, {"code": type(error).__name__, "message": "SSO Tray made a mistake."}
        finally:
            self._answered_at = self._loop.time()

    def _asked_the_daemon(self) -> dict[str, Any] | None:
        try:
            return self._ask()
        except TrayError:
            # A sign-out made it forget what it gave: nobody gets that once it is gone, either.
            self._loop.call_soon_threadsafe(self._memory.forget, self._place.key)
            raise


async def _beside(work: Callable[[], _T]) -> _T:
    """Run what may block in a thread for which the end of this process does not wait."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def told(result: _T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("_T", result))

    def run() -> None:
        result: _T | None = None
        failed: Exception | None = None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  (raised again where it is waited for)
            failed = error
        with suppress(RuntimeError):  # the child has ended, and the loop with it
            loop.call_soon_threadsafe(told, result, failed)

    threading.Thread(target=run, name="endpoint-source", daemon=True).start()
    return await done


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
