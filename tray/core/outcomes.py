"""The results of jobs; part of the events, and the answer of a worker."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, get_args

from tray.core.json_members import (
    BadDocument,
    Document,
    MayLack,
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

Portal = Literal["valid", "dead", "unreachable"]
"""What the portal says of a published token."""

_reason = one_of(get_args(Reason))
_store = one_of(get_args(TokenStore))
_portal = one_of(get_args(Portal))


@dataclass(frozen=True, slots=True)
class Renewed(Document):
    token: TokenFacts  # as published
    store: TokenStore
    stored: bool = True  # False until the keyring has confirmed the new refresh token (R3)
    by_us: bool = True  # False if another program had renewed it, so AWS was not asked
    # fingerprint of the token whose grant it continues, its own if the keyring keeps this very
    # token; None: not known
    of: str | None = None

    TYPE: ClassVar = "Renewed"
    MEMBERS: ClassVar = {
        "token": TokenFacts.from_json,
        "keeper": _store,
        "stored": flag,
        "by_us": flag,
        "of": optional(text),
    }


@dataclass(frozen=True, slots=True)
class Refused(Document):
    portal: Portal
    reason: Reason = "refused"  # ``registration-expired`` if only the client is too old

    TYPE: ClassVar = "Refused"
    MEMBERS: ClassVar = {"portal": _portal, "reason": _reason}


@dataclass(frozen=True, slots=True)
class PortalChecked(Document):
    """The portal was asked whether it takes the published access token; nothing was renewed."""

    fingerprint: str  # of that token
    portal: Portal

    TYPE: ClassVar = "PortalChecked"
    MEMBERS: ClassVar = {"fingerprint": text, "portal": _portal}


@dataclass(frozen=True, slots=True)
class Unrenewable(Document):
    """There is no refresh token in file or keyring."""

    TYPE: ClassVar = "Unrenewable"
    MEMBERS: ClassVar = {}


@dataclass(frozen=True, slots=True)
class Adopted(Document):
    """A file with refresh data was moved into the keyring, or stays in the file (token store)."""

    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    contested: bool = False
    retry_after: float | None = None  # seconds AWS asked for when it was to be renewed at once

    TYPE: ClassVar = "Adopted"
    MEMBERS: ClassVar = {
        "token": TokenFacts.from_json,
        "keeper": _store,
        "reason": optional(_reason),
        "contested": flag,
        "retry_after": MayLack(optional(number)),
    }

    def to_json(self) -> dict[str, Any]:
        document = Document.to_json(self)
        if self.retry_after is None:
            del document["retry_after"]  # version 0.1 had no such member
        return document


RemovalVerdict = Literal[
    "signed-out", "removed", "away", "published", "back", "dropped", "nothing"
]


@dataclass(frozen=True, slots=True)
class RemovalJudged(Document):
    """
    What a removed file meant (K5).

    ``signed-out``: at AWS. ``removed``: on this machine, can be undone. ``away``: it may yet come
    back. ``published``: it was put back. ``back``: by somebody else. ``dropped``: a removed
    session's tokens were deleted. ``nothing``: none are kept.
    """

    verdict: RemovalVerdict
    token: TokenFacts | None = None

    TYPE: ClassVar = "RemovalJudged"
    MEMBERS: ClassVar = {
        "verdict": one_of(get_args(RemovalVerdict)),
        "token": optional(TokenFacts.from_json),
    }


@dataclass(frozen=True, slots=True)
class SignedOut(Document):
    """The sentence says what remains, if anything."""

    remains: str | None = None

    TYPE: ClassVar = "SignedOut"
    MEMBERS: ClassVar = {"remains": optional(text)}


@dataclass(frozen=True, slots=True)
class Released(Document):
    """The refresh data are in the file again and the keyring item is gone (K7)."""

    sentence: str

    TYPE: ClassVar = "Released"
    MEMBERS: ClassVar = {"sentence": text}


@dataclass(frozen=True, slots=True)
class Failed(Document):
    reason: Reason  # rule S6
    sentence: str
    answered: bool = False  # whether AWS answered (R5 counts only those)
    retry_after: float | None = None  # seconds AWS asked for

    TYPE: ClassVar = "Failed"
    MEMBERS: ClassVar = {
        "reason": _reason,
        "sentence": text,
        "answered": flag,
        "retry_after": optional(number),
    }


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


_TYPES: Final[dict[str | None, type[Any]]] = {one.TYPE: one for one in get_args(Outcome)}


def outcome_from_json(document: object) -> Outcome:
    of = _TYPES.get(tag_of(document))
    if of is None:
        raise BadDocument("not an outcome")
    outcome: Outcome = of.from_json(document)
    return outcome
