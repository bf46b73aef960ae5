"""An access token with whatever is known of the refresh data behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType

from tray.core.lineage import TokenPair
from tray.core.model import TokenFacts
from tray.secret import Secret
from tray.values import dataclass

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Registration:
    """
    A client registration (RFC 7591), its end in epoch seconds.

    Sign-in and renewals go to ``endpoint``; it and ``grant`` are empty where unknown (a file).
    """

    client_id: str
    client_secret: Secret
    expires_at: float
    scopes: tuple[str, ...] = ()
    grant: str = ""
    endpoint: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """A fingerprint, and where it was made."""
        return _fingerprint(Secret(self.client_id)), self.endpoint


@dataclass(frozen=True, slots=True)
class SsoToken:
    """
    One sign-in's tokens, as a cache file, a keyring item or AWS's answer gives them.

    Times are seconds since the epoch: ``expires_at`` by our clock, ``issued_at`` when AWS gave the
    access token, ``dated`` the same by AWS's own clock (unknown in every file). ``extra`` are
    members of a cache file that are not ours, kept value for value on rewriting.
    """

    start_url: str
    region: str
    access_token: Secret
    expires_at: float
    refresh_token: Secret | None = None
    registration: Registration | None = None
    issued_at: float | None = None
    dated: float | None = None
    # Not shown by repr: other programs' members may be secret too.
    extra: Mapping[str, object] = field(default_factory=lambda: _NOTHING, repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hex digits of SHA-256 over the access token: tells tokens apart, reveals nothing."""
        return _fingerprint(self.access_token)

    @property
    def pair(self) -> TokenPair:
        refresh = self.refresh_token
        return TokenPair(self.fingerprint, _fingerprint(refresh) if refresh else None)

    @property
    def refreshable(self) -> bool:
        return bool(self.refresh_token) and self.registration is not None

    def with_extra(self, extra: Mapping[str, object]) -> SsoToken:
        return replace(self, extra=extra)

    def without_refresh_data(self) -> SsoToken:
        """As a lean file has it (K3)."""
        return replace(self, refresh_token=None, registration=None)

    def issued(self, at: float) -> SsoToken:
        return self if self.issued_at is not None else replace(self, issued_at=at)

    def facts(self, *, issued_at: float) -> TokenFacts:
        """Return what the rules may know; ``issued_at`` counts where the token has none."""
        return TokenFacts(
            fingerprint=self.fingerprint,
            expires_at=self.expires_at,
            issued_at=self.issued_at if self.issued_at is not None else issued_at,
            refreshable=self.refreshable,
            start_url=self.start_url,
            region=self.region,
        )


def _fingerprint(secret: Secret) -> str:
    # No salt: tokens are random, so nothing can be guessed from it.
    return hashlib.sha256(secret.reveal().encode()).hexdigest()[:16]
