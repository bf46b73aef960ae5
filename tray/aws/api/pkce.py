"""One-time values that bind the browser's answer to our request (RFC 7636, RFC 6749 10.12)."""

from __future__ import annotations

import base64
import hashlib
import secrets

from tray.secret import Secret


def new_verifier() -> Secret:
    """Return 64 unreserved characters, 384 random bits (RFC 7636 4.1)."""
    return Secret(secrets.token_urlsafe(48))


def challenge(verifier: Secret) -> str:
    """Return the S256 challenge, base64url without padding (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def new_state() -> Secret:
    """Return 256 random bits (RFC 6749 10.12)."""
    return Secret(secrets.token_urlsafe(32))
