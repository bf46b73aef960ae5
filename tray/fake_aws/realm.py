"""
What the Identity Center remembers, and the rules of its three clocks.

Decides when a sign-in session begins, is inherited and ends, how long a token lives, and which
refresh token is still accepted.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

from tray.fake_aws.fake_options import ServerOptions, plain_start_url
from tray.fake_aws.http.wire_format import AwsError

PORTAL_SCOPE = "sso:account:access"


def fingerprint(text: str) -> str:
    """Return 16 hex digits of SHA-256: tells secrets apart without showing them."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Client:
    """
    A registration.

    ``start_url`` is its issuerUrl in plain form, where it gave one; ``asked_start_url`` the one it
    last asked a device code for, which binds it to nothing.
    """

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: tuple[str, ...]
    grant_types: frozenset[str]
    redirect_uris: tuple[str, ...]
    start_url: str | None
    expires_at: float
    asked_start_url: str | None = None


@dataclass(slots=True, eq=False)
class Session:
    start_url: str
    user: str
    began_at: float
    ends_at: float
    signed_out_at: float | None = None
    refresh_dies_at: float = 0.0

    def live(self, now: float) -> bool:
        """Whether a new sign-in inherits it."""
        return self.signed_out_at is None and now < self.ends_at

    def renews(self, now: float) -> bool:
        """Whether its refresh tokens are still accepted."""
        end = self.ends_at if self.signed_out_at is None else self.refresh_dies_at
        return now < end


@dataclass(slots=True, eq=False)
class Grant:
    """What one sign-in gave one client, with the refresh tokens it accepts."""

    client: Client
    session: Session
    device: bool
    newest: set[str] = field(default_factory=set, repr=False)
    previous: str | None = field(default=None, repr=False)
    revoked: bool = False

    @property
    def refreshable(self) -> bool:
        return bool(self.newest)

    def accepts(self, refresh_token: str) -> bool:
        return refresh_token in self.newest or refresh_token == self.previous


@dataclass(slots=True, eq=False)
class AccessToken:
    """``dead`` once signed out, revoked or killed."""

    grant: Grant
    expires_at: float
    dead: bool = False


@dataclass(frozen=True, slots=True)
class RoleCredentials:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    account_id: str
    arn: str
    user_id: str
    expires_at: float


@dataclass(slots=True, eq=False)
class IamUser:
    """A user with keys that do not end, and a virtual MFA device."""

    keys: RoleCredentials  # with an empty session token
    mfa_serial: str
    codes: set[str] = field(default_factory=set, repr=False)  # made and not used yet

    def code(self) -> str:
        """Return a code of the device, which AWS takes once."""
        while (code := f"{secrets.randbelow(10**6):06}") in self.codes:
            continue
        self.codes.add(code)
        return code


@dataclass(frozen=True, slots=True)
class Issued:
    """The answer to a grant; ``refresh_token`` is None where none is given."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False)


class Realm:
    """Everything issued so far; all methods need the server's lock."""

    def __init__(self, knobs: ServerOptions) -> None:
        self.knobs = knobs
        self.clients: dict[str, Client] = {}
        self.sessions: list[Session] = []
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, Grant] = {}
        self.role_credentials: dict[str, RoleCredentials] = {}
        self.iam_users: dict[str, IamUser] = {}  # by the id of their access key
        # what each granted AssumeRole asked for, without its code
        self.assumed: list[dict[str, str]] = []
        self.secrets: set[str] = set()

    def secret(self, prefix: str = "", length: int = 32) -> str:
        """Make a secret of about ``length`` random bytes and remember it."""
        raw = base64.urlsafe_b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        self.secrets.add(prefix + raw)
        return prefix + raw

    # Sign-in sessions

    def check_start_url(self, text: str) -> str:
        """Return its plain form; InvalidRequestException if foreign or of another region."""
        plain = plain_start_url(text)
        if not plain.startswith("https://"):
            raise AwsError("InvalidRequestException", "the start URL must use https")
        region = self.knobs.region_of(plain)
        if region is None:
            raise AwsError("InvalidRequestException", "Invalid start url provided")
        if region != self.knobs.region:
            message = f"this start URL is not served in {self.knobs.region}"
            raise AwsError("InvalidRequestException", message)
        return plain

    def sign_in(self, start_url: str, user: str) -> Session:
        now = self.knobs.time()
        for session in self.live_sessions(start_url, user):
            return session
        session = Session(start_url, user, now, now + self.knobs.session_length)
        self.sessions.append(session)
        return session

    def live_sessions(self, start_url: str | None, user: str | None) -> list[Session]:
        """None stands for all."""
        now = self.knobs.time()
        plain = None if start_url is None else plain_start_url(start_url)
        return [
            session
            for session in self.sessions
            if session.live(now)
            and plain in (None, session.start_url)
            and user in (None, session.user)
        ]

    def end(self, session: Session) -> None:
        """End a session as if its length were over: its access tokens live on."""
        session.ends_at = min(session.ends_at, self.knobs.time())

    def sign_out(self, session: Session) -> None:
        """End a session for good: its access tokens die now, refreshing after the delay."""
        session.signed_out_at = self.knobs.time()
        session.refresh_dies_at = session.signed_out_at + self.knobs.revocation_delay
        self.kill_access_tokens(session)

    def kill_access_tokens(self, session: Session) -> None:
        """Make the portal refuse all access tokens issued so far in a session."""
        for token in self.access_tokens.values():
            if token.grant.session is session:
                token.dead = True

    # Grants and tokens

    def new_grant(self, client: Client, session: Session, *, device: bool) -> Issued:
        grant = Grant(client, session, device)
        wanted = "refresh_token" in client.grant_types and bool(client.scopes)
        refresh_token = None
        if wanted and (not device or self.knobs.device_refresh_token):
            refresh_token = self._refresh_token_for(grant)
        return self._issue(grant, refresh_token)

    def renew(self, client: Client, refresh_token: str) -> Issued:
        """
        Use a refresh token.

        Raises AwsError (InvalidGrantException) if it is unknown, replaced, of another
        registration, or its session is over.
        """
        grant = self.refresh_tokens.get(refresh_token)
        if grant is None or grant.client is not client or not self._usable(grant, refresh_token):
            if grant is not None and self.knobs.rotation == "revoke":
                self.revoke_grant(grant)
            raise AwsError("InvalidGrantException", "Invalid refresh token provided")
        if self._life_left(grant) < 1:
            raise AwsError("InvalidGrantException", "Invalid refresh token provided")
        if self.knobs.omit_refresh_token:
            return self._issue(grant, None)
        return self._issue(grant, self._rotate(grant, refresh_token))

    def accepts_refresh_token(self, text: str) -> bool:
        grant = self.refresh_tokens.get(text)
        return grant is not None and self._usable(grant, text) and self._life_left(grant) >= 1

    def live_access_token(self, text: str) -> AccessToken | None:
        token = self.access_tokens.get(text)
        now = self.knobs.time()
        if token is None or token.dead or token.grant.revoked or now >= token.expires_at:
            return None
        session = token.grant.session
        # Renewed during a delayed revocation: such a token dies with the delay.
        if session.signed_out_at is not None and now >= session.refresh_dies_at:
            return None
        return token

    def revoke_grant(self, grant: Grant) -> None:
        """Revoke all that came from one grant (RFC 6749 4.1.2, RFC 9700 4.14.2: used twice)."""
        grant.revoked = True

    def grant_of(self, access_token: str) -> Grant:
        return self.access_tokens[access_token].grant

    def _usable(self, grant: Grant, refresh_token: str) -> bool:
        now = self.knobs.time()
        return (
            not grant.revoked
            and grant.accepts(refresh_token)
            and grant.session.renews(now)
            and now < grant.client.expires_at
        )

    def _rotate(self, grant: Grant, used: str) -> str:
        if self.knobs.rotation == "none":
            return used
        if used != grant.previous:
            grant.newest.clear()
        # A client that lost the answer comes back with the previous token: whichever of the
        # new ones it uses first then ends the previous one.
        grant.previous = used if self.knobs.rotation == "grace" else None
        if self.knobs.rotation in ("strict", "revoke"):
            grant.newest.clear()
        return self._refresh_token_for(grant)

    def _refresh_token_for(self, grant: Grant) -> str:
        text = self.secret("aorAAAAA", 280)
        grant.newest.add(text)
        self.refresh_tokens[text] = grant
        return text

    def _life_left(self, grant: Grant) -> float:
        scoped = bool(grant.client.scopes)
        life = self.knobs.token_life if scoped else self.knobs.unscoped_token_life
        session = grant.session
        if not self.knobs.shorten_tokens or session.signed_out_at is not None:
            return life
        return min(life, session.ends_at - self.knobs.time())

    def _issue(self, grant: Grant, refresh_token: str | None) -> Issued:
        life = self._life_left(grant)
        text = self.secret("aoaAAAAA", 280)
        self.access_tokens[text] = AccessToken(grant, self.knobs.time() + life)
        return Issued(text, max(1, int(life)), refresh_token)
