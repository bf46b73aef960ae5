"""What jobs bring back; part of the events, and the answer of a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, assert_never, get_args

from tray.core.json_members import (
    BadDocument,
    Members,
    flag,
    number,
    one_of,
    optional,
    tag_of,
    text,
)
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
class PortalChecked:
    """
    The portal was asked whether it takes the published access token; nothing was renewed.

    Args:
        fingerprint: of that token.
        portal: what it said: ``valid``, ``dead``, ``unreachable``.
    """

    fingerprint: str
    portal: Literal["valid", "dead", "unreachable"]


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
    | PortalChecked
    | Unrenewable
    | Adopted
    | RemovalJudged
    | SignedOut
    | Released
    | Failed
)  # fmt: skip


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as a worker's answer has it."""
    match outcome:
        case Renewed():
            return {
                "type": "Renewed",
                "token": outcome.token.to_json(),
                "keeper": outcome.store,
                "stored": outcome.stored,
                "by_us": outcome.by_us,
                "of": outcome.of,
            }
        case Refused():
            return {"type": "Refused", "portal": outcome.portal, "reason": outcome.reason}
        case PortalChecked():
            return {
                "type": "PortalChecked",
                "fingerprint": outcome.fingerprint,
                "portal": outcome.portal,
            }
        case Unrenewable():
            return {"type": "Unrenewable"}
        case Adopted():
            return {
                "type": "Adopted",
                "token": outcome.token.to_json(),
                "keeper": outcome.store,
                "reason": outcome.reason,
                "contested": outcome.contested,
            }
        case RemovalJudged():
            token = outcome.token and outcome.token.to_json()
            return {"type": "RemovalJudged", "verdict": outcome.verdict, "token": token}
        case SignedOut():
            return {"type": "SignedOut", "remains": outcome.remains}
        case Released():
            return {"type": "Released", "sentence": outcome.sentence}
        case Failed():
            return {
                "type": "Failed",
                "reason": outcome.reason,
                "sentence": outcome.sentence,
                "answered": outcome.answered,
                "retry_after": outcome.retry_after,
            }
        case _:
            assert_never(outcome)


def outcome_from_json(document: object) -> Outcome:
    """Read what `outcome_to_json` wrote; raises `BadDocument`."""
    reader = _READERS.get(tag_of(document))
    if reader is None:
        raise BadDocument("not an outcome")
    return reader(Members(document))


_reason = one_of(get_args(Reason))
_store = one_of(get_args(TokenStore))

_READERS: Final[Mapping[str, Callable[[Members], Outcome]]] = {
    "Renewed": lambda members: Renewed(
        members.need("token", TokenFacts.from_json),
        members.need("keeper", _store),
        members.need("stored", flag),
        members.need("by_us", flag),
        members.need("of", optional(text)),
    ),
    "Refused": lambda members: Refused(
        members.need("portal", one_of(("valid", "dead", "unreachable"))),
        members.need("reason", _reason),
    ),
    "PortalChecked": lambda members: PortalChecked(
        members.need("fingerprint", text),
        members.need("portal", one_of(("valid", "dead", "unreachable"))),
    ),
    "Unrenewable": lambda _: Unrenewable(),
    "Adopted": lambda members: Adopted(
        members.need("token", TokenFacts.from_json),
        members.need("keeper", _store),
        members.need("reason", optional(_reason)),
        members.need("contested", flag),
    ),
    "RemovalJudged": lambda members: RemovalJudged(
        members.need("verdict", one_of(("signed-out", "published", "nothing", "back"))),
        members.need("token", optional(TokenFacts.from_json)),
    ),
    "SignedOut": lambda members: SignedOut(members.need("remains", optional(text))),
    "Released": lambda members: Released(members.need("sentence", text)),
    "Failed": lambda members: Failed(
        members.need("reason", _reason),
        members.need("sentence", text),
        members.need("answered", flag),
        members.need("retry_after", optional(number)),
    ),
}
"""How each outcome is read, by its tag in a worker's answer."""
