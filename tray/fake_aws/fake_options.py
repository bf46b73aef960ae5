"""The settings of the embedded Identity Center, before it runs and while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Rotation = Literal["none", "grace", "strict", "revoke"]
"""How a used refresh token is replaced (AWS does not document its own way)."""

DEFAULT_START_URL = "https://sso-portal.awsapps.com/start"
DEFAULT_REGION = "eu-west-2"


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str  # 12 digits
    roles: tuple[str, ...]  # permission set names, in the order of ListAccountRoles
    name: str = ""  # ``accountName``; by default made from the number
    email: str = ""  # ``emailAddress``; by default made from the number

    @property
    def shown_name(self) -> str:
        return self.name or f"account-{self.account_id[-4:]}"

    @property
    def shown_email(self) -> str:
        return self.email or f"aws+{self.account_id}@example.com"


DEFAULT_ACCOUNTS = (
    Account("123456789011", ("FullAccess", "ReadOnly"), "Development"),
    Account("123456789012", ("ReadOnly",), "Production"),
)


def many_accounts(count: int, roles: Sequence[str] = ("ReadOnly",)) -> tuple[Account, ...]:
    """Number them from 200000000000; each has the given roles."""
    return tuple(Account(f"{200_000_000_000 + n}", tuple(roles)) for n in range(count))


@dataclass(kw_only=True, eq=False)
class ServerOptions:
    """
    All settings; lives and lengths are in seconds.

    A single assignment takes effect with the next request. Change several together under
    ``center.lock``.
    """

    # the clock behind :meth:`time`; ``clock_offset`` is added to it
    now: Callable[[], float] = time.time
    clock_offset: float = 0.0  # shifts the server's clock; assign to it to travel in time
    region: str = DEFAULT_REGION  # the only region served; a start URL of another one is refused
    # start URL to the region it lives in
    start_urls: Mapping[str, str] = field(
        default_factory=lambda: {DEFAULT_START_URL: DEFAULT_REGION}
    )
    any_start_url: bool = True  # also take every ``https://*.awsapps.com/start``
    user: str = "ada"  # who signs in where nobody types a name
    accounts: Sequence[Account] = DEFAULT_ACCOUNTS  # what every user sees
    # what a named user sees instead
    user_accounts: Mapping[str, Sequence[Account]] = field(default_factory=dict)
    page_size: int = 20  # accounts or roles per page where the client names no ``max_result``
    # no page: authorize redirects at once, and fetching the device page with its code approves
    auto_approve: bool = False
    device_auto_approve: bool = False  # device grants are approved as soon as they are started
    token_life: float = 3600.0  # access tokens of scoped registrations
    # access tokens of registrations without scopes, which never get a refresh token
    unscoped_token_life: float = 8 * 3600.0
    session_length: float = 8 * 3600.0  # the sign-in session (portal session)
    # tokens end with the session; when False they outlive its natural end
    shorten_tokens: bool = True
    # ``none`` keeps the refresh token; ``grace`` takes the previous one until a newer one is
    # first used; ``strict`` takes only the newest; ``revoke`` too, and a replaced one that is
    # used again ends the whole grant
    rotation: Rotation = "grace"
    # refresh answers carry no ``refreshToken`` (and nothing rotates)
    omit_refresh_token: bool = False
    # after a sign-out the portal says 401 at once, while refreshing goes on working for this
    # long
    revocation_delay: float = 0.0
    device_refresh_token: bool = True  # scoped device grants bring a refresh token
    registration_life: float = 90 * 86_400.0  # client registrations
    code_life: float = 600.0  # authorization codes, and the page before them
    device_life: float = 600.0  # device codes
    device_interval: int = 1  # the ``interval`` told to device clients
    # answer SlowDownException to polls that come sooner (RFC 8628 3.5). Off, as the AWS CLI
    # polls twice at the start
    enforce_device_interval: bool = False
    role_life: float = 3600.0  # role credentials

    def time(self) -> float:
        """Return the server's time, in seconds since the epoch."""
        return self.now() + self.clock_offset

    def accounts_of(self, user: str) -> Sequence[Account]:
        return self.user_accounts.get(user, self.accounts)

    def region_of(self, start_url: str) -> str | None:
        """Return the region of a start URL in its plain form, or None for an unknown one."""
        for known, region in self.start_urls.items():
            if plain_start_url(known) == start_url:
                return region
        host = start_url.removeprefix("https://").removesuffix("/start")
        ours = start_url == f"https://{host}/start" and host.endswith(".awsapps.com")
        return self.region if self.any_start_url and ours and "/" not in host else None


def plain_start_url(text: str) -> str:
    """Strip fragment and trailing slash; URLs that differ only in these name the same portal."""
    return text.partition("#")[0].rstrip("/")
