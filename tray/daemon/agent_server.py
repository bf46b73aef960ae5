"""The agent's socket: checks requests, posts them as events, routes the answers back."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.events import Event
from tray.core.profiles.bare_role import RolePlace
from tray.daemon.agent_connection import Connection
from tray.errors import TrayError
from tray.ipc.agent_client import REQUEST_LIMIT, BadLine, decode, encode
from tray.ipc.caller_network import differing, received
from tray.ipc.credential_request import codes_of, fresh_of
from tray.system import agent_socket, paths
from tray.system.processes import program_behind
from tray.values import dataclass

log = logging.getLogger(__name__)

REQUEST_PATIENCE: Final = 10.0  # seconds a client has to send its line
CLIENTS_LIMIT: Final = 256  # connections; a further one takes the place of the client idle longest

_METHODS: Final = ("pkce", "device", None)
_OF_A_SESSION: Final[Mapping[str, Callable[[str, str], Event]]] = {
    "cancel": ev.SignInCancelled,
    "logout": ev.SignOutRequested,
    "undo": ev.UndoRequested,
    "renew": ev.RenewRequested,
    "release": ev.ReleaseRequested,
}


@dataclass(frozen=True, slots=True)
class AgentHandlers:
    """
    What the agent asks the rest of the daemon for.

    ``status`` returns the document of rule C5, ``words(packed, coloured)`` the last message with
    it in words, ``credentials(op, profile, program)`` the last message, or ``error``, and what to
    call once it is sent; no profile means the active one; ``look_again`` is called before each
    answer.
    """

    world: Mapping[str, str]
    environ: Mapping[str, str]
    post: Callable[[Event], None]
    status: Callable[[], dict[str, Any]]
    words: Callable[[str, bool], Awaitable[dict[str, Any]]]
    credentials: Callable[
        [str, str | RolePlace | None, str, float, tuple[str, ...]],
        Awaitable[tuple[dict[str, Any], Callable[[], None]]],
    ]
    look_again: Callable[[], None]
    profile: Callable[[str | None], dict[str, Any]]
    found: Callable[[str], dict[str, Any]] = lambda _words: {"exit": 1, "sentence": ""}


class Agent:
    def __init__(self, answers: AgentHandlers) -> None:
        self._answers = answers
        self._numbers = itertools.count(1)
        self._waiting: dict[str, Connection] = {}
        self._networks: dict[str, dict[str, str]] = {}  # of those that wait for a sign-in
        self._subscribers: set[Connection] = set()
        self._clients: dict[Connection, None] = {}  # by when each was last served, longest first
        self._server: asyncio.Server | agent_socket.Listener | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.last_request = 0.0  # by the loop's clock

    async def serve(self, listening: agent_socket.Listener) -> None:
        """Serve there from now on; clients of an earlier place go on being served."""
        if self._server is not None:
            self._server.close()
        if isinstance(listening, socket.socket):
            self._server = await asyncio.start_unix_server(
                self._connected, sock=listening, limit=REQUEST_LIMIT
            )
        else:
            listening.serve(self._connected, REQUEST_LIMIT)
            self._server = listening

    @property
    def clients(self) -> int:
        return len(self._clients)

    async def close(self) -> None:
        """Tell every waiting client that SSO Tray is ending, and close."""
        if self._server is not None:
            self._server.close()
        for client in (*self._waiting.values(), *self._subscribers):
            client.send({"done": {"exit": 1, "sentence": "SSO Tray is stopping."}})
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.5)
        for client in tuple(self._clients):
            client.drop()  # it does not read
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.5)  # asyncio prints of one that is cancelled
        for task in self._tasks:
            task.cancel()

    def network_of(self, request: str | None) -> dict[str, str] | None:
        """Return the network of a caller that waits for a sign-in, if it has sent that."""
        return self._networks.get(request or "")

    def reply(self, reply: fx.Reply) -> None:
        client = self._waiting.get(reply.request)
        if client is None:
            return
        if reply.kind == "done":
            del self._waiting[reply.request]
            client.send({"done": {"exit": reply.exit, "sentence": reply.sentence}})
            return
        if reply.kind == "report":
            client.send({"report": reply.sentence})
            return
        page = {
            "open": reply.sentence == "open",
            "url": reply.url,
            "user_code": reply.user_code,
            "deadline": reply.deadline,
            "afresh": reply.afresh,
        }
        client.send({"progress": page})

    def changed(self) -> None:
        if self._subscribers:
            status = encode({"status": self._answers.status()})
            for client in self._subscribers:
                client.send_status(status)

    def show(self, notice: fx.Notice) -> None:
        for client in self._subscribers:
            client.send({"notice": notice.to_json()})

    def withdraw(self, slot: str) -> None:
        for client in self._subscribers:
            client.send({"withdraw": slot})

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:  # fmt: skip
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if agent_socket.is_stranger(writer.get_extra_info("socket")):
            writer.close()
            return
        if len(self._clients) >= CLIENTS_LIMIT:
            self._make_room()
        client = Connection(writer, self._served)
        self._clients[client] = None
        try:
            await self._conversation(reader, writer, client)
        except (ConnectionError, TimeoutError) as error:
            log.debug("a client went away (%s)", type(error).__name__)
        finally:
            self._clients.pop(client, None)
            writer.close()

    def _make_room(self) -> None:
        """Drop the client that is idle longest, except those being answered."""
        idle = next((one for one in self._clients if not one.busy), None)
        if idle is not None:
            log.info("too many clients: process %d, long idle, gives its place up", idle.process)
            del self._clients[idle]
            idle.drop()

    def _served(self, client: Connection) -> None:
        if client in self._clients:
            self._clients[client] = self._clients.pop(client)

    async def _conversation(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: Connection
    ) -> None:
        try:
            async with asyncio.timeout(REQUEST_PATIENCE):
                request = decode(await reader.readline())
        except (BadLine, ValueError) as error:
            sentence = error.sentence if isinstance(error, BadLine) else "The request is too long."
            writer.write(encode({"error": "bad-request", "sentence": sentence}))
            await writer.drain()
            return
        request_id = f"request-{next(self._numbers)}"
        refusal = self._refusal(request)
        if refusal is not None:
            writer.write(encode(refusal))
            await writer.drain()
            return
        gone = asyncio.ensure_future(reader.read(1))
        client.busy = request["op"] != "subscribe"
        session = request["session"] if request["op"] == "login" else None
        try:
            self._begin(request, request_id, client)
            del request  # a subscriber stays for hours
            await client.serve(gone)
            if client.afterwards is not None:
                client.afterwards()
        finally:
            gone.cancel()
            self._subscribers.discard(client)
            self._networks.pop(request_id, None)
            if self._waiting.pop(request_id, None) is not None and session is not None:
                self._answers.post(ev.RequesterLeft(session, request_id))

    def _refusal(self, request: dict[str, Any]) -> dict[str, Any] | None:
        op = request.get("op")
        if not isinstance(op, str) or op not in _NEEDS:
            sentence = f"Unknown request {str(op)[:40]!r}: restart SSO Tray after an upgrade."
            return {"error": "unknown-op", "sentence": sentence}
        if not self._is_of_this_world(request):
            sentence = "SSO Tray runs with other files or endpoints; this command acts alone."
            return {"error": "other-world", "sentence": sentence}
        for name in _NEEDS[op]:
            value = request.get(name)
            none_is_meant = name == "profile" and name in request and value is None
            if not isinstance(value, str) and not none_is_meant:
                return {"error": "bad-request", "sentence": f"The request lacks {name!r}."}
        if op == "login" and not _login_is_sound(request):
            return {"error": "bad-request", "sentence": "The sign-in request can't be read."}
        return None

    def _is_of_this_world(self, request: dict[str, Any]) -> bool:
        environ = request.get("environ")
        world = world_of(environ) if isinstance(environ, str) else request.get("world")
        return world == dict(self._answers.world)  # rule C3

    def _begin(self, request: dict[str, Any], number: str, client: Connection) -> None:
        self.last_request = asyncio.get_running_loop().time()
        post, op = self._answers.post, request["op"]
        self._answers.look_again()
        key = str(request.get("session", ""))
        network = received(request.get("network"))
        match op:
            case "status" if isinstance(packed := request.get("words"), str):
                coloured = request.get("coloured") is True
                self._later(self._answers.words(packed, coloured), client)
                return
            case "status":
                done = {"exit": 0, "status": self._answers.status()}
                if network is not None:
                    done["differing"] = differing(self._answers.environ, network)
                client.send({"done": done})
                return
            case "subscribe":
                self._subscribers.add(client)
                client.send({"status": self._answers.status()})
                return
            case "profile":
                client.send({"done": self._answers.profile(request["profile"])})
                return
            case "find":
                client.send({"done": self._answers.found(request["profile"] or "")})
                return
            case "credentials" | "whoami" | "environment" | "role-credentials" | "role-whoami":
                asker = program_behind(client.process)  # now: it may have ended before the answer
                wanted = request.get("profile")
                if op.startswith("role-"):
                    op = op.removeprefix("role-")
                    wanted = RolePlace(key, request["account"], request["role"])
                given = self._answers.credentials(
                    op, wanted, asker, fresh_of(request), codes_of(request)
                )
                self._later(_with_afterwards(given, client), client)
                return
        self._waiting[number] = client
        match op:
            case "login":
                if network is not None:
                    self._networks[number] = network
                post(
                    ev.SignInRequested(
                        key,
                        number,
                        afresh=request.get("afresh"),
                        method=request.get("method"),
                        opens="caller",
                        callback_port=request.get("callback_port"),
                    )
                )
            case "cancel" | "logout" | "undo" | "renew" | "release":
                post(_OF_A_SESSION[op](key, number))
            case "use":
                post(ev.UseRequested(request["profile"], number))
            case "quit":
                post(ev.QuitRequested(number))

    def _later(self, done: Awaitable[dict[str, Any]], client: Connection) -> None:
        async def answer() -> None:
            found = await done
            client.send(found if "error" in found else {"done": found})

        task = asyncio.create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _with_afterwards(
    answered: Awaitable[tuple[dict[str, Any], Callable[[], None]]], client: Connection
) -> dict[str, Any]:
    done, client.afterwards = await answered
    return done


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "status": (),
    "subscribe": (),
    "login": ("session",),
    "cancel": ("session",),
    "logout": ("session",),
    "undo": ("session",),
    "renew": ("session",),
    "release": ("session",),
    "use": ("profile",),
    "credentials": ("profile",),
    "whoami": ("profile",),
    "environment": ("profile",),
    "role-credentials": ("session", "account", "role"),
    "role-whoami": ("session", "account", "role"),
    "profile": ("profile",),
    "find": ("profile",),
    "quit": (),
}


@functools.lru_cache(maxsize=64)
def world_of(environ: str) -> dict[str, str] | None:
    """Return a caller's variables, sent as NUL-joined ``NAME=value`` in hexadecimal; or None."""
    try:
        pairs = os.fsdecode(bytes.fromhex(environ)).split("\0")
        return paths.world(dict(pair.split("=", 1) for pair in pairs))
    except (ValueError, TrayError):
        return None


def _login_is_sound(request: dict[str, Any]) -> bool:
    port = request.get("callback_port")
    port_is_sound = port is None or (type(port) is int and 0 < port < 65536)
    afresh = request.get("afresh")
    return port_is_sound and request.get("method") in _METHODS and afresh in (True, False, None)
