"""The embedded Identity Center: OIDC, portal, STS and the person's pages on one loopback port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from tray.identity_center.faults import Fault, Faults
from tray.identity_center.journal import About, Call, Journal, Wanted, about
from tray.identity_center.knobs import DEFAULT_START_URL, Knobs
from tray.identity_center.oidc import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from tray.identity_center.realm import PORTAL_SCOPE, Client, Realm, Session
from tray.identity_center.routes import Operation, Routes
from tray.identity_center.server import HttpServer, Reply
from tray.identity_center.wire import Answer, Refused, Request, html_answer

CAPTIVE_PAGE = "<!doctype html><title>Welcome</title><p>Accept our terms to use this network."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens given without a browser, to arrange a test; lives are ends in epoch seconds."""

    start_url: str
    region: str
    client_id: str
    client_secret: str = field(repr=False)
    registration_expires_at: float
    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(repr=False)


@dataclass(kw_only=True, eq=False)
class IdentityCenter(Knobs):
    """A strict Identity Center over real HTTP on 127.0.0.1.

    Use it as a context manager, or ``start`` and ``close`` it. Every member of :class:`Knobs` is
    a keyword argument and can be assigned while it runs::

        with IdentityCenter(auto_approve=True, token_life=60) as center:
            center.rotation = "strict"
            center.fault("CreateToken", "status", times=3, status=503)
            ...
            center.wait_for("CreateToken", count=4, grant_type="refresh_token")

    Args:
        port: 0 for any free one; the bound port once started.
    """

    port: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition, init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the parts; nothing is opened before ``start``."""
        self._realm = Realm(self)
        self._routes = Routes(self._realm)
        self._journal = Journal(self.lock)
        self._faults = Faults(self.lock)
        self._server: HttpServer | None = None
        self._closing = False
        self.crashes: list[str] = []

    # Life

    def start(self) -> None:
        """Bind the port and serve in the background.

        Raises:
            OSError: the port is taken.
        """
        self._server = HttpServer(self.port, self._handle)
        self.port = self._server.port
        self._server.start()

    def close(self) -> None:
        """Free the port, let go of every held request and end all threads; repeatable."""
        server, self._server = self._server, None
        if server is not None:
            self._closing = True
            self._faults.clear()
            server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self.crashes and kind is None:
            msg = f"the embedded Identity Center crashed: {'; '.join(self.crashes)}"
            raise RuntimeError(msg)

    @property
    def url(self) -> str:
        """The base URL, e.g. ``http://127.0.0.1:41234``."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that lead the AWS CLI (2.13 and later) and the SDKs here."""
        names = ("AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS")
        return dict.fromkeys(names, self.url)

    # Clock and sessions

    def advance(self, seconds: float) -> None:
        """Move the server's clock forward."""
        with self.lock:
            self.clock_offset += seconds

    def sign_in(
        self,
        start_url: str = DEFAULT_START_URL,
        *,
        user: str | None = None,
        scopes: tuple[str, ...] = (PORTAL_SCOPE,),
        device: bool = False,
    ) -> SignedIn:
        """Register a client and sign a person in without any request, to arrange a test."""
        with self.lock:
            realm, now = self._realm, self.time()
            plain = realm.check_start_url(start_url)
            kind = DEVICE_CODE if device else AUTHORIZATION_CODE
            client = Client(
                client_id=f"arranged-{len(realm.clients)}-{self.port}",
                client_secret=realm.secret("eyJraWQiOiJrZXktMSIsImFsZyI6IkhTMzg0In0.", 900),
                name="arranged",
                scopes=scopes,
                grant_types=frozenset({kind, REFRESH_TOKEN}),
                redirect_uris=("http://127.0.0.1/oauth/callback",),
                start_url=plain,
                expires_at=now + self.registration_life,
            )
            realm.clients[client.client_id] = client
            session = realm.sign_in(plain, user or self.user)
            issued = realm.new_grant(client, session, device=device)
            return SignedIn(
                start_url=start_url,
                region=self.region,
                client_id=client.client_id,
                client_secret=client.client_secret,
                registration_expires_at=client.expires_at,
                access_token=issued.access_token,
                expires_at=now + issued.expires_in,
                refresh_token=issued.refresh_token,
            )

    def live_sessions(
        self, start_url: str | None = None, user: str | None = None
    ) -> tuple[Session, ...]:
        """Return the sign-in sessions that a new sign-in would inherit."""
        with self.lock:
            return tuple(self._realm.live_sessions(start_url, user))

    def end_session(self, start_url: str | None = None, user: str | None = None) -> int:
        """End sessions naturally, now: access tokens live on, refreshing is over.

        Returns:
            how many were live.
        """
        with self.lock:
            return self._each(start_url, user, self._realm.end)

    def revoke(self, start_url: str | None = None, user: str | None = None) -> int:
        """End sessions as an administrator or a sign-out does: access tokens die at once.

        Returns:
            how many were live.
        """
        with self.lock:
            return self._each(start_url, user, self._realm.sign_out)

    def kill_access_tokens(self, start_url: str | None = None, user: str | None = None) -> int:
        """Make the portal answer 401 to all access tokens so far; refreshing still works.

        Returns:
            how many sessions were live.
        """
        with self.lock:
            return self._each(start_url, user, self._realm.kill_access_tokens)

    def expire_registrations(self) -> None:
        """Make every client registration so far expired."""
        with self.lock:
            for client in self._realm.clients.values():
                client.expires_at = min(client.expires_at, self.time())

    def _each(
        self, start_url: str | None, user: str | None, end: Callable[[Session], None]
    ) -> int:
        sessions = self._realm.live_sessions(start_url, user)
        for session in sessions:
            end(session)
        return len(sessions)

    # What it knows

    def secrets(self) -> frozenset[str]:
        """Return every secret text ever issued, for tests that look for leaks.

        Access and refresh tokens, client secrets, authorization and device codes, secret keys
        and session tokens.
        """
        with self.lock:
            return frozenset(self._realm.secrets)

    def accepts_access_token(self, text: str) -> bool:
        """Whether the portal would take this access token now."""
        with self.lock:
            return self._realm.live_access_token(text) is not None

    def accepts_refresh_token(self, text: str) -> bool:
        """Whether this refresh token would renew now (given its client)."""
        with self.lock:
            return self._realm.accepts_refresh_token(text)

    @property
    def requests(self) -> tuple[Call, ...]:
        """All requests so far, in the order they were answered."""
        return self._journal.calls()

    def count(self, wanted: Wanted, *, since: int = 0, **filters: object) -> int:
        """Count requests by operation or predicate.

        Args:
            wanted: an operation's name or a predicate over :class:`Call`.
            since: leave out the first so many of ``requests``.
            filters: members of :class:`Call` or :class:`About` that must be equal.
        """
        return len(self._journal.find(wanted, filters, since))

    def wait_for(
        self,
        wanted: Wanted,
        count: int = 1,
        timeout: float = 10.0,
        *,
        since: int = 0,
        **filters: object,
    ) -> tuple[Call, ...]:
        """Wait for requests, named as in :meth:`count`, and return them.

        Raises:
            TimeoutError: fewer than ``count`` came within ``timeout`` seconds.
        """
        return self._journal.wait_for(wanted, count, timeout, filters, since)

    # Faults

    def fault(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = 1,
        status: int | None = None,
        seconds: float = 1.0,
        message: str = "a fault asked for by the test",
        where: Callable[[About], bool] | None = None,
        **filters: object,
    ) -> Fault:
        """Make coming requests go wrong; faults are used up in the order they were asked for.

        Args:
            operation: as in the request log, e.g. ``CreateToken``.
            kind: one of :data:`tray.identity_center.faults.KINDS`, or the name of an AWS error,
                e.g. ``InvalidGrantException``.
            times: how many requests; None for all until cancelled.
            status: HTTP status for ``status`` (503 by default), or instead of the error's own.
            seconds: the wait of ``delay`` and ``late``; ``Retry-After`` of ``throttle``.
            message: what an AWS error says.
            where: a further condition on what the request is about.
            filters: members of :class:`About` that must be equal, e.g. ``grant_type``.

        Raises:
            ValueError: an unknown kind or filter.
        """
        return self._faults.add(
            operation,
            kind,
            times=times,
            status=status,
            seconds=seconds,
            message=message,
            filters=filters,
            where=where,
        )

    def clear_faults(self) -> None:
        """Cancel all faults and let go of the requests they hold."""
        self._faults.clear()

    # Requests

    def _handle(self, request: Request) -> Reply:
        with self.lock:
            operation = self._routes.find(request)
            subject = about(self._realm, request)
            fault = self._faults.take(operation.name, subject)
        if fault is None:
            answer = self._perform(operation, request)
            self._note(operation, request, subject, answer, None)
            return Reply(answer)
        return self._with_fault(fault, operation, request, subject)

    def _with_fault(
        self, fault: Fault, operation: Operation, request: Request, subject: About
    ) -> Reply:
        match fault.kind:
            case "reset":
                self._note(operation, request, subject, None, fault)
                return Reply(Answer(500), "reset")
            case "hang":
                self._note(operation, request, subject, None, fault)
                fault.released.wait()
                if self._closing:
                    return Reply(Answer(500), "dropped")
                return Reply(self._perform(operation, request))
            case "lost":
                self._perform(operation, request)
                self._note(operation, request, subject, None, fault)
                return Reply(Answer(500), "dropped")
            case "delay":
                fault.released.wait(fault.seconds)
                answer = self._perform(operation, request)
            case "late":
                answer = self._perform(operation, request)
                fault.released.wait(fault.seconds)
            case "cut":
                answer = self._perform(operation, request)
            case _:
                answer = _broken_answer(fault, operation)
        self._note(operation, request, subject, answer, fault)
        return Reply(answer, "cut" if fault.kind == "cut" else "whole")

    def _perform(self, operation: Operation, request: Request) -> Answer:
        with self.lock:
            try:
                return operation.perform(request)
            except Refused as refused:
                return operation.refuse(refused)
            except Exception as error:  # noqa: BLE001 - told by the context manager's end
                self.crashes.append(f"{operation.name}: {type(error).__name__}")
                return operation.refuse(Refused("InternalServerException", "we crashed", 500))

    def _note(
        self,
        operation: Operation,
        request: Request,
        subject: About,
        answer: Answer | None,
        fault: Fault | None,
    ) -> None:
        call = Call(
            operation=operation.name,
            when=self.time(),
            method=request.method,
            path=request.path,
            status=None if answer is None else answer.status,
            error=None if answer is None else answer.error,
            fault=None if fault is None else fault.kind,
            about=subject,
        )
        self._journal.add(call)


def _broken_answer(fault: Fault, operation: Operation) -> Answer:
    """Return the answer of a fault that performs nothing."""
    match fault.kind:
        case "status":
            status = fault.status or 503
            return Answer(status, b"Service Unavailable", "text/plain", error=f"HTTP {status}")
        case "html":
            return html_answer(CAPTIVE_PAGE)
        case "throttle":
            refused = Refused("TooManyRequestsException", "slow down", fault.status or 429)
            answer = operation.refuse(refused)
            wait = ("Retry-After", f"{fault.seconds:.0f}")
            return replace(answer, headers=(*answer.headers, wait))
        case name:
            return operation.refuse(Refused(name, fault.message, fault.status))
