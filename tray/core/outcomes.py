"""What jobs bring back; part of the events, and the answer of a worker."""

from __future__ import annotations

from typing import Literal

from tray.core.model import Reason, TokenFacts, TokenStore
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Renewed:
    """
    A renewal succeeded.

    Args:
        token: the new token, as published.
        store: who keeps its refresh data now.
        stored: False while the keyring has not yet confirmed the new refresh token (R3).
        by_us: False if somebody else had renewed it already, so AWS was not asked.
        of: fingerprint of the token whose grant it goes on with; None: not known.
    """

    token: TokenFacts
    store: TokenStore
    stored: bool = True
    by_us: bool = True
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """
    AWS refused the refresh token (R4).

    Args:
        portal: what the portal says of the published token: ``valid``, ``dead``, ``unreachable``.
        reason: ``refused``, or ``registration-expired`` where only the client is too old.
    """

    portal: Literal["valid", "dead", "unreachable"]
    reason: Reason = "refused"


@dataclass(frozen=True, slots=True)
class Unrenewable:
    """There is nothing to renew with: no refresh token in file or keyring."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file with refresh data was moved into the keyring, or stays in the file (token store)."""

    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True)
class RemovalJudged:
    """
    What a removed file meant (K5).

    ``published`` carries the token that was put back; ``nothing`` says that no token was kept
    either, so that there was nothing to ask AWS about; ``back``: the file is there again.
    """

    verdict: Literal["signed-out", "published", "nothing", "back"]
    token: TokenFacts | None = None


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A sign-out is done; the sentence tells what remains, if anything does."""

    remains: str | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The refresh data is in the file again and the keyring item is gone (K7)."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """
    A job did not come to a result.

    Args:
        reason: of rule S6.
        sentence: for the person.
        answered: whether AWS answered (R5 counts only those).
        retry_after: seconds AWS asked for.
    """

    reason: Reason
    sentence: str
    answered: bool = False
    retry_after: float | None = None


Outcome = (
    Renewed
    | Refused
    | Unrenewable
    | Adopted
    | RemovalJudged
    | SignedOut
    | Released
    | Failed
)  # fmt: skip
