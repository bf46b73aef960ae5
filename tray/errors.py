"""
Everything that can go wrong, as one tree whose first split is who has to act.

`UserMustAct`: waiting will not help. `WillRetry`: passes by itself. `OurBug`: a promise of our own
was broken. Every error carries one sentence for the user, never a secret.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Final

    from tray.core.model import Reason


class TrayError(Exception):
    """``sentence`` names the place and holds no secret; ``reason`` (S6) is of a session."""

    default_reason: ClassVar[Reason | None] = None

    def __init__(self, sentence: str, *, reason: Reason | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reason: Reason | None = reason if reason is not None else self.default_reason


class UserMustAct(TrayError):
    """The user has to do something; waiting will not help."""


class ConfigRejected(UserMustAct):
    """A config or credentials file that botocore refuses too (rule S4); ``line`` is 1-based."""

    def __init__(self, sentence: str, *, file: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line


class ConfigRepeats(ConfigRejected):
    """A key or a section stands there twice; other SDKs than Python's take the last one."""


class NotFound(UserMustAct):
    """A session or profile name that does not exist."""


class SignInNeeded(UserMustAct):
    """Credentials were requested, and only a sign-in brings them (exit code 3)."""


class MfaCodeNeeded(UserMustAct):
    """A role wants a code of an MFA device; ``serial`` is the ``mfa_serial`` to name (its ARN)."""

    def __init__(self, sentence: str, *, serial: str) -> None:
        super().__init__(sentence)
        self.serial = serial


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
    default_reason = "tls"


class CacheFileBad(UserMustAct):
    default_reason = "bad-file"


class KeyringDenied(UserMustAct):
    """The user refused the keyring's prompt, or the keyring took no write."""

    default_reason = "keyring-denied"


class KeyringUnfit(KeyringDenied):
    """This keyring cannot serve a background process; the sentence says what would change that."""


class WillRetry(TrayError):
    """
    It passes by itself.

    ``answered``: AWS was reached and answered (rule R5 counts only those). ``retry_after``:
    seconds AWS asked us to wait. ``maybe_done``: AWS may have carried out a request whose answer
    we did not see whole, so a refresh token may have been replaced (fault 46).
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


class Unread(WillRetry):
    """
    A file could not be read now: no descriptors, an I/O error, a stale network file.

    It says nothing about the file: nothing changes because of it, and it is read again.
    """

    default_reason: ClassVar[Reason | None] = "other"


class CacheFileTorn(Unread):
    """Another program is writing the token cache file just now."""

    default_reason = "torn-file"


class Busy(WillRetry):
    """Another process holds the lock for longer than we may wait."""


class KeyringUnavailable(WillRetry):
    """The keyring is locked, absent, slow or hanging; ``reason`` says which."""

    default_reason = "keyring-absent"


KEYRING_ERRORS: Final = (KeyringDenied, KeyringUnavailable)  # for ``except``


class Unreachable(WillRetry):
    """The daemon does not answer, or speaks another version."""


class OurBug(TrayError):
    """A promise of our own was broken; the user can only report it."""


def sentence_of(error: Exception) -> str:
    """Return what to tell of one of ours, or of an OSError: which file, and why."""
    if isinstance(error, TrayError):
        return error.sentence
    name = getattr(error, "filename", None)
    place = f"{name}: " if isinstance(name, str) else ""
    return f"{place}{getattr(error, 'strerror', None) or type(error).__name__}."


def passes(error: TrayError) -> bool:
    """Whether the same request may soon succeed; a keyring that is locked waits for the user."""
    if isinstance(error, KeyringUnavailable):
        return error.reason == "keyring-waiting"  # it is only slow
    return isinstance(error, WillRetry)
