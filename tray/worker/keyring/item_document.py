"""The text of a keyring item: a JSON object per generation of a session's tokens (K2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.json_members import (
    BadDocument,
    Members,
    flag,
    list_of,
    mapping,
    number,
    optional,
    text,
)
from tray.core.lineage import NO_LINEAGE, Lineage
from tray.secret import Secret

VERSION: Final = 1  # may gain members; 0.1.0 wrote no ``dated lineage beside endpoint``
LONGEST: Final = 1 << 20  # characters; more than we ever write

Content = Literal["empty", "ours", "corrupt", "newer"]
"""What a slot of the keyring holds; ``newer`` was written by a later version of us."""

Unreadable = Literal["corrupt", "newer"]


@dataclass(frozen=True, slots=True)
class SlotState:
    """What one slot was seen to hold; generation 0 where that is not ours."""

    name: str
    content: Content
    generation: int = 0


@dataclass(frozen=True, slots=True)
class KeyringItem:
    token: SsoToken  # the one to renew with
    lineage: Lineage = NO_LINEAGE  # what came before `token`
    # tried when AWS refuses `token`, dropped when it takes it (K4)
    beside: tuple[SsoToken, ...] = ()
    generation: int = 1  # one more for each save of the session
    # its token file was removed: neither renewed nor published until Undo or a sign-in (K5)
    removed: bool = False
    # all, as seen at reading or writing
    slots: tuple[SlotState, ...] = field(default=(), compare=False, repr=False)


def serialise(item: KeyringItem) -> Secret:
    """Write pure ASCII, so the length is the same in characters, bytes and UTF-16 units."""
    document = {
        "version": VERSION,
        "generation": item.generation,
        **_members(item.token),
        "lineage": item.lineage.to_json(),
        "beside": [_members(token) for token in item.beside],
        **({"removed": True} if item.removed else {}),
    }
    return Secret(json.dumps(document, separators=(",", ":"), allow_nan=False))


def _members(token: SsoToken) -> dict[str, object]:
    client = token.registration
    return {
        "start_url": token.start_url,
        "region": token.region,
        "access_token": token.access_token.reveal(),
        "expires_at": token.expires_at,
        "issued_at": token.issued_at,
        "dated": token.dated,
        "refresh_token": _revealed(token.refresh_token),
        "client": client
        and {
            "id": client.client_id,
            "secret": client.client_secret.reveal(),
            "expires_at": client.expires_at,
            "scopes": list(client.scopes),
            "grant": client.grant,
            "endpoint": client.endpoint,
        },
        "extra": dict(token.extra),
    }


def parse(secret: Secret) -> KeyringItem | Unreadable:
    """Return the item, or why there is none; no exception could hold a piece of the text."""
    document = parse_object(secret)
    if document is None:
        return "corrupt"
    version = document.get("version")
    if type(version) is not int or version < 1:
        return "corrupt"
    if version > VERSION:
        return "newer"
    try:
        return _item(document)
    except BadDocument:
        return "corrupt"


def parse_object(secret: Secret) -> dict[str, object] | None:
    """Read one JSON object of at most `LONGEST` characters; None if it is anything else."""
    try:
        document = json.loads(secret.reveal()) if len(secret.reveal()) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def _item(document: Mapping[str, object]) -> KeyringItem:
    members = Members(document)
    token = _token(document)
    return KeyringItem(
        token,
        members.get("lineage", Lineage.from_json, Lineage((token.pair,))),
        members.get("beside", list_of(_token), ()),
        members.need("generation", _generation),
        members.get("removed", flag, default=False),
    )


def _token(document: object) -> SsoToken:
    members = Members(document)
    return SsoToken(
        start_url=members.need("start_url", text),
        region=members.need("region", text),
        access_token=members.need("access_token", _secret),
        expires_at=members.need("expires_at", number),
        issued_at=members.need("issued_at", optional(number)),
        dated=members.get("dated", optional(number), None),
        refresh_token=members.need("refresh_token", optional(_secret)),
        registration=members.need("client", optional(_registration)),
        extra=members.need("extra", mapping),
    )


def _registration(client: object) -> Registration:
    members = Members(client)
    return Registration(
        client_id=members.need("id", text),
        client_secret=members.need("secret", _secret),
        expires_at=members.need("expires_at", number),
        scopes=members.need("scopes", list_of(text)),
        grant=members.need("grant", text),
        endpoint=members.get("endpoint", text, ""),
    )


def _secret(value: object) -> Secret:
    return Secret(text(value))


def _generation(value: object) -> int:
    if type(value) is not int or value < 1:
        raise BadDocument("not a generation")
    return value
