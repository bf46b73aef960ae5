"""The results of jobs; part of the events, and the answer of a worker."""

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

PASSING: Final[frozenset[Reason]] = frozenset({"offline", "other", "torn-file", "keyring-waiting"})
"""Reasons of a failure that goes away by itself; the others need the user, or another day."""


@dataclass(frozen=True, slots=True)
class Renewed:
    token: TokenFacts  # as published
    store: TokenStore
    stored: bool = True  # False until the keyring has confirmed the new refresh token (R3)
    by_us: bool = True  # False if another program had renewed it, so AWS was not asked
    # fingerprint of the token whose grant it continues, its own if the keyring keeps this very
    # token; None: not known
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    portal: Literal["valid", "dead", "unreachable"]  # what it says of the published token
    reason: Reason = "refused"  # ``registration-expired`` if only the client is too old


@dataclass(frozen=True, slots=True)
class PortalChecked:
    """The portal was asked whether it takes the published access token; nothing was renewed."""

    fingerprint: str  # of that token
    portal: Literal["valid", "dead", "unreachable"]


@dataclass(frozen=True, slots=True)
class Unrenewable:
    """There is no refresh token in file or keyring."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file with refresh data was moved into the keyring, or stays in the file (token store)."""

    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    contested: bool = False
    retry_after: float | None = None  # seconds AWS asked for when it was to be renewed at once


RemovalVerdict = Literal[
    "signed-out", "removed", "away", "published", "back", "dropped", "nothing"
]


@dataclass(frozen=True, slots=True)
class RemovalJudged:
    """
    What a removed file meant (K5).

    ``signed-out``: at AWS. ``removed``: on this machine, can be undone. ``away``: it may yet come
    back. ``published``: it was put back. ``back``: by somebody else. ``dropped``: a removed
    session's tokens were deleted. ``nothing``: none are kept.
    """

    verdict: RemovalVerdict
    token: TokenFacts | None = None


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The sentence says what remains, if anything."""

    remains: str | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The refresh data are in the file again and the keyring item is gone (K7)."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    reason: Reason  # rule S6
    sentence: str
    answered: bool = False  # whether AWS answered (R5 counts only those)
    retry_after: float | None = None  # seconds AWS asked for


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
            later = outcome.retry_after
            return {
                "type": "Adopted",
                "token": outcome.token.to_json(),
                "keeper": outcome.store,
                "reason": outcome.reason,
                "contested": outcome.contested,
                **({} if later is None else {"retry_after": later}),
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
        members.get("retry_after", optional(number), None),
    ),
    "RemovalJudged": lambda members: RemovalJudged(
        members.need("verdict", one_of(get_args(RemovalVerdict))),
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
