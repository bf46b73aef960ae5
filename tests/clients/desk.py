"""A developer's desk: a home with a config, sessions we keep in it, and clients that use them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.clients.aws_cli import client_environment
from tests.clients.identity import Answer, ClientName, ask
from tests.worker.signing_in import Place, place_to_sign_in
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter, SignedIn
from tray.secret import Secret
from tray.worker.job_context import JobContext
from tray.worker.sign_in.sign_in_saving import save
from tray.worker.tokens.adoption import adopt
from tray.worker.tokens.renewal import renew

ACCOUNT = "123456789011"
IT_IS_ME = Answer(ACCOUNT)
HOUR = 3600.0

CORP = SsoSession("corp", DEFAULT_START_URL, DEFAULT_REGION)
LEGACY = SsoSession(DEFAULT_START_URL, DEFAULT_START_URL, DEFAULT_REGION, legacy=True)

CONFIG = f"""\
[sso-session corp]
sso_start_url = {DEFAULT_START_URL}
sso_region = {DEFAULT_REGION}
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = {ACCOUNT}
sso_role_name = ReadOnly
region = {DEFAULT_REGION}

[profile legacy]
sso_start_url = {DEFAULT_START_URL}
sso_region = {DEFAULT_REGION}
sso_account_id = {ACCOUNT}
sso_role_name = ReadOnly
region = {DEFAULT_REGION}
"""

REFRESH_MEMBERS = {"clientId", "clientSecret", "registrationExpiresAt", "refreshToken"}
LEAN_MEMBERS = {"startUrl", "region", "accessToken", "expiresAt"}

FileKind = Literal["lean", "full"]
"""What we write: token store ``keyring``, or token store ``file``."""


@dataclass
class Desk:
    """
    One home.

    Args:
        place: AWS, the keyring and our tools.
        env: the whole environment of a client.
    """

    place: Place
    env: Mapping[str, str]

    @property
    def center(self) -> IdentityCenter:
        """What AWS is here."""
        return self.place.center

    @property
    def context(self) -> JobContext:
        """What our transactions work with."""
        return self.place.context

    # --- What we do -----------------------------------------------------------------------

    def keep(self, kind: FileKind, *, minutes: float, compat: bool = False) -> SsoToken:
        """
        Keep and publish a sign-in as we do after the browser's part.

        Args:
            kind: what the token cache file is to be; for a full one there is no keyring.
            minutes: how long its access token still lives; 0 for one that ended an hour ago.
            compat: the setting ``compat.empty_refresh_members``.
        """
        token = self.issued(minutes)
        self.place.backend.state = "ready" if kind == "lean" else "absent"
        settings = replace(self.context.settings, empty_refresh_members=compat)
        self.place.context = replace(self.context, settings=settings)
        save(CORP, self.context, token)
        return token

    def issued(self, minutes: float) -> SsoToken:
        """Sign in without a browser; renewed tokens live for an hour again."""
        center = self.center
        ended = minutes <= 0
        with center.lock:
            center.token_life = HOUR if ended else minutes * 60
            center.clock_offset = -2 * HOUR if ended else 0.0
            given = center.sign_in()
            center.token_life, center.clock_offset = HOUR, 0.0
        return sso_token(given).issued(center.time())

    def pass_time(self, seconds: float) -> None:
        """Let it be later, for AWS and for us; a client's own clock stays behind."""
        self.center.advance(seconds)
        clock = self.context.clock
        self.place.context = replace(self.context, clock=lambda: clock() + seconds)

    def renew(self) -> Outcome:
        """Renew as a worker does."""
        return renew(CORP, self.context)

    def adopt(self, session: SsoSession = CORP) -> Outcome:
        """Adopt as a worker does."""
        return adopt(session, self.context)

    def kept(self, session: SsoSession = CORP) -> SsoToken | None:
        """Return what the keyring holds."""
        return self.context.keyring_store.load(session)

    # --- What others see and do -----------------------------------------------------------

    def ask(self, name: ClientName, profile: str = "dev") -> Answer:
        """Let a new process of a client ask who we are."""
        return ask(name, self.env, profile)

    def file(self, session: SsoSession = CORP) -> Path:
        """Return the token cache file."""
        return self.context.file_of(session)

    def members(self, session: SsoSession = CORP) -> dict[str, Any]:
        """Return what the token cache file says."""
        members: dict[str, Any] = json.loads(self.file(session).read_bytes())
        return members

    def write(self, members: Mapping[str, object], session: SsoSession = CORP) -> None:
        """Write the token cache file in place, as most clients do."""
        self.file(session).write_text(json.dumps(members))

    def add_members(self, members: Mapping[str, object], session: SsoSession = CORP) -> None:
        """Put members into the token cache file, as a tool of a third party does."""
        self.write({**self.members(session), **members}, session)

    def refreshes(self, **filters: Any) -> int:
        """Return how many refresh requests AWS has seen."""
        return self.center.count("CreateToken", grant_type="refresh_token", **filters)


def sso_token(given: SignedIn) -> SsoToken:
    """Return an arranged sign-in as our own type."""
    return SsoToken(
        start_url=given.start_url,
        region=given.region,
        access_token=Secret(given.access_token),
        expires_at=given.expires_at,
        refresh_token=Secret(given.refresh_token or ""),
        registration=Registration(
            given.client_id,
            Secret(given.client_secret),
            given.registration_expires_at,
            scopes=("sso:account:access",),
            grant="authorization_code",
        ),
    )


@contextmanager
def desk(home: Path, monkeypatch: pytest.MonkeyPatch, **knobs: Any) -> Iterator[Desk]:
    """Set up a desk; see :class:`~tray.fake_aws.identity_center.IdentityCenter` for the knobs."""
    # Role credentials that are old at once: every question goes back to the access token.
    with place_to_sign_in(home, monkeypatch, **({"role_life": 60.0} | knobs)) as place:
        env = client_environment(home, place.center.url)
        (home / ".aws").mkdir()
        (home / ".aws/config").write_text(CONFIG)
        yield Desk(place, env)
