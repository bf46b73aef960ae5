"""The embedded Identity Center: OIDC, portal, STS and the user's pages on one loopback port."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tray.fake_aws.fake_options import DEFAULT_START_URL, ServerOptions
from tray.fake_aws.fault_injection import Fault
from tray.fake_aws.http.http_server import HttpServer
from tray.fake_aws.http.request_exchange import Exchange
from tray.fake_aws.realm import PORTAL_SCOPE, Client, IamUser, Realm, RoleCredentials, Session
from tray.fake_aws.request_log import LoggedRequest, RequestDetails, Wanted
from tray.fake_aws.services.oidc_service import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN


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
class IdentityCenter(ServerOptions):
    """A strict Identity Center over real HTTP on 127.0.0.1.

    Use it as a context manager, or ``start`` and ``close`` it. Every member of `ServerOptions`
    is a keyword argument and can be assigned while it runs::

        with IdentityCenter(auto_approve=True, token_life=60) as center:
            center.rotation = "strict"
            center.fault("CreateToken", "status", times=3, status=503)
            ...
            center.wait_for("CreateToken", count=4, grant_type="refresh_token")
    """

    port: int = 0  # 0 for any free one; the bound port once started
    lock: threading.Condition = field(default_factory=threading.Condition, init=False, repr=False)

    def __post_init__(self) -> None:
        self._realm = Realm(self)
        self._exchange = Exchange(self._realm, self.lock)
        self._server: HttpServer | None = None

    def start(self) -> None:
        """Bind the port and serve in the background; raises OSError if it is taken."""
        self._server = HttpServer(self.port, self._exchange.handle, self.time)
        self.port = self._server.port
        self._server.start()

    def close(self) -> None:
        """Free the port, release every held request and end all threads; repeatable."""
        server, self._server = self._server, None
        if server is not None:
            self._exchange.close()
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
        crashes = self._exchange.crashes
        if crashes and kind is None:
            raise RuntimeError(f"the embedded Identity Center crashed: {'; '.join(crashes)}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that lead the AWS CLI (2.13 and later) and the SDKs here."""
        services = ("SSO", "SSO_OIDC", "STS", "SIGNIN")
        return {f"AWS_ENDPOINT_URL_{name}": self.url for name in services}

    def advance(self, seconds: float) -> None:
        with self.lock:
            self.clock_offset += seconds

    def sign_in(
        self,
        start_url: str = DEFAULT_START_URL,
        *,
        user: str | None = None,
        scopes: tuple[str, ...] = (PORTAL_SCOPE,),
        device: bool = False,
        client_id: str | None = None,
    ) -> SignedIn:
        """Sign a user in without any request, to arrange a test; None: by a client of its own."""
        with self.lock:
            realm, now = self._realm, self.time()
            plain = realm.check_start_url(start_url)
            kind = DEVICE_CODE if device else AUTHORIZATION_CODE
            client = realm.clients.get(client_id or "") or Client(
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

    def iam_user(self, name: str = "bob", account_id: str = "123456789011") -> IamUser:
        """Make a user with an access key and an MFA device, as a chained role may start from."""
        with self.lock:
            realm = self._realm
            number = f"{len(realm.iam_users):016}"
            keys = RoleCredentials(
                access_key_id=f"AKIA{number}",
                secret_access_key=realm.secret(length=30),
                session_token="",
                account_id=account_id,
                arn=f"arn:aws:iam::{account_id}:user/{name}",
                user_id=f"AIDA{number}",
                expires_at=math.inf,
            )
            user = IamUser(keys, f"arn:aws:iam::{account_id}:mfa/{name}")
            realm.role_credentials[keys.access_key_id] = keys
            realm.iam_users[keys.access_key_id] = user
            return user

    def assumed_roles(self) -> tuple[dict[str, str], ...]:
        """Return what each AssumeRole that was granted asked for, without its MFA code."""
        with self.lock:
            return tuple(map(dict, self._realm.assumed))

    def live_sessions(
        self, start_url: str | None = None, user: str | None = None
    ) -> tuple[Session, ...]:
        """Return the sign-in sessions that a new sign-in would inherit."""
        with self.lock:
            return tuple(self._realm.live_sessions(start_url, user))

    def end_session(self, start_url: str | None = None, user: str | None = None) -> int:
        """End sessions naturally: access tokens live on, refreshing is over. Returns how many."""
        with self.lock:
            return self._each(start_url, user, self._realm.end)

    def revoke(self, start_url: str | None = None, user: str | None = None) -> int:
        """End sessions as an administrator or a sign-out does: access tokens die at once."""
        with self.lock:
            return self._each(start_url, user, self._realm.sign_out)

    def kill_access_tokens(self, start_url: str | None = None, user: str | None = None) -> int:
        """Make the portal answer 401 to all access tokens so far; refreshing still works."""
        with self.lock:
            return self._each(start_url, user, self._realm.kill_access_tokens)

    def expire_registrations(self) -> None:
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

    def secrets(self) -> frozenset[str]:
        """Return every secret text ever issued, for tests that look for leaks."""
        with self.lock:
            return frozenset(self._realm.secrets)

    def account_of(self, access_key_id: str) -> str | None:
        """Return the account of role credentials that were given out and have not ended yet."""
        with self.lock:
            issued = self._realm.role_credentials.get(access_key_id)
            if issued is None or self.time() >= issued.expires_at:
                return None
            return issued.account_id

    def accepts_access_token(self, text: str) -> bool:
        with self.lock:
            return self._realm.live_access_token(text) is not None

    def accepts_refresh_token(self, text: str) -> bool:
        """Whether this refresh token would renew now (given its client)."""
        with self.lock:
            return self._realm.accepts_refresh_token(text)

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """In the order they were answered."""
        return self._exchange.journal.calls()

    def count(self, wanted: Wanted, *, since: int = 0, **filters: object) -> int:
        """``since`` skips that many requests; ``filters`` are equal members of LoggedRequest."""
        return len(self._exchange.journal.find(wanted, filters, since))

    def wait_for(
        self,
        wanted: Wanted,
        count: int = 1,
        timeout: float = 10.0,
        *,
        since: int = 0,
        **filters: object,
    ) -> tuple[LoggedRequest, ...]:
        """As :meth:`count`, but wait; TimeoutError if fewer come within ``timeout`` seconds."""
        return self._exchange.journal.wait_for(wanted, count, timeout, filters, since)

    def fault(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = 1,
        status: int | None = None,
        seconds: float = 1.0,
        message: str = "a fault asked for by the test",
        where: Callable[[RequestDetails], bool] | None = None,
        **filters: object,
    ) -> Fault:
        """
        Make coming requests fail; faults are used up in the order they were added.

        ``kind`` is one of :data:`tray.fake_aws.fault_injection.KINDS`, or an AWS error such as
        ``InvalidGrantException``; ``times`` None is all until cancelled; ``status`` (503 by
        default) overrides an error's own; ``seconds`` is the wait of ``delay`` and ``late``, and
        the ``Retry-After`` of ``throttle``; ``where`` is a further condition; ``filters`` are
        members of :class:`RequestDetails` that must be equal, e.g. ``grant_type``. Raises
        ValueError for an unknown kind or filter.
        """
        return self._exchange.faults.add(
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
        self._exchange.faults.clear()
