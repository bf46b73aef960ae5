"""
Everything that can go wrong, as one tree whose first split is who has to act.

    TrayError
    ├── UserMustAct               a person has to do something; waiting will not help
    │   ├── ConfigRejected        a file of the user's that botocore refuses too
    │   ├── NotFound              a session or profile name that does not exist
    │   ├── SignInNeeded          credentials were asked for, and only a sign-in brings them
    │   ├── SignInEnded           denied, cancelled, too late, or no browser to be had
    │   ├── GrantRefused          ``invalid_grant``: the refresh token (or code) is dead
    │   ├── RegistrationRefused   ``invalid_client`` / ``unauthorized_client``
    │   ├── RequestRefused        AWS calls the request itself wrong (start URL, region, scope)
    │   ├── TokenRejected         portal 401: this access token is dead
    │   ├── RoleForbidden         portal 403: this role only, says nothing of the session
    │   ├── TlsFailed             the server's certificate is not trusted
    │   ├── CacheFileBad          a token cache file that cannot be used (reason says why)
    │   └── KeyringDenied         the person refused, or the keyring took no write
    ├── WillRetry                 passes by itself; the caller tries again later
    │   ├── Offline               AWS was never reached
    │   ├── ServiceTrouble        5xx, 429, HTML instead of JSON, a cut answer
    │   ├── CacheFileTorn         another program is writing the token cache file just now
    │   ├── Busy                  another process holds the lock
    │   ├── KeyringUnavailable    locked, absent, slow or hanging (reason says which)
    │   └── Unreachable           the daemon does not answer
    └── OurBug                    a promise of our own was broken

Every error carries one sentence for the person, never a secret, and where it belongs to a
session the reason of rule S6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from tray.core.model import Reason


class TrayError(Exception):
    """
    Base of all errors raised on purpose.

    Args:
        sentence: one clear sentence for the person, naming the place; it never holds a secret.
        reason: the reason of rule S6, where the class does not already imply one.
    """

    default_reason: ClassVar[Reason | None] = None

    def __init__(self, sentence: str, *, reason: Reason | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reason: Reason | None = reason if reason is not None else self.default_reason


class UserMustAct(TrayError):
    """A person has to do something; waiting will not help."""


class ConfigRejected(UserMustAct):
    """
    A config or credentials file that botocore refuses too (rule S4).

    Args:
        sentence: what to show.
        file: the file's path as text.
        line: the 1-based line, where it is known.
    """

    def __init__(self, sentence: str, *, file: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line


class NotFound(UserMustAct):
    """A session or profile was named that does not exist."""


class SignInNeeded(UserMustAct):
    """Credentials were asked for, and only a sign-in by a person brings them (exit code 3)."""


class SignInEnded(UserMustAct):
    """A sign-in ended without a token: denied, cancelled, too late or without a browser."""


class GrantRefused(UserMustAct):
    """AWS answered ``invalid_grant``: this refresh token or code is dead (RFC 6749 5.2)."""

    default_reason = "refused"


class RegistrationRefused(UserMustAct):
    """AWS answered ``invalid_client`` or ``unauthorized_client``; register anew at sign-in."""

    default_reason = "registration-expired"


class RequestRefused(UserMustAct):
    """AWS calls the request itself wrong; repeating it cannot help."""

    default_reason = "other"


class TokenRejected(UserMustAct):
    """The portal answered 401: this access token is dead, whatever its ``expiresAt`` says."""

    default_reason = "session-over"


class RoleForbidden(UserMustAct):
    """The portal answered 403: this role is not assigned; the session is unharmed (R6)."""


class TlsFailed(UserMustAct):
    """The server's certificate is not trusted."""

    default_reason = "tls"


class CacheFileBad(UserMustAct):
    """A token cache file that cannot be used as it stands."""

    default_reason = "bad-file"


class KeyringDenied(UserMustAct):
    """The person refused the keyring's prompt, or the keyring took no write."""

    default_reason = "keyring-denied"


class WillRetry(TrayError):
    """
    It passes by itself.

    Args:
        sentence: what to show.
        reason: the reason of rule S6.
        answered: whether AWS was reached and answered (rule R5 counts only those).
        retry_after: seconds AWS asked us to wait, or None.
        maybe_done: whether AWS may have carried the request out although we never saw the whole
            answer; a refresh token may then have been replaced (fault 46).
    """

    def __init__(
        self,
        sentence: str,
        *,
        reason: Reason | None = None,
        answered: bool = False,
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(sentence, reason=reason)
        self.answered = answered
        self.retry_after = retry_after
        self.maybe_done = maybe_done


class Offline(WillRetry):
    """AWS was never reached: no network, no name, no connection, no answer in time."""

    default_reason = "offline"


class ServiceTrouble(WillRetry):
    """AWS (or something posing as AWS) answered 5xx, 429, HTML or half an answer."""

    default_reason = "other"


class CacheFileTorn(WillRetry):
    """Another program is in the middle of writing the token cache file."""

    default_reason = "torn-file"


class Busy(WillRetry):
    """Another process holds the lock for longer than we may wait."""


class KeyringUnavailable(WillRetry):
    """The keyring is locked, absent, slow or hanging; ``reason`` says which."""

    default_reason = "keyring-absent"


KEYRING_ERRORS: Final = (KeyringDenied, KeyringUnavailable)
"""What a keyring that cannot be used raises, for ``except``."""


class Unreachable(WillRetry):
    """The daemon does not answer, or speaks another version."""


class OurBug(TrayError):
    """A promise of our own was broken; the person can only report it."""
