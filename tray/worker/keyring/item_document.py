"""The text of a keyring item: a JSON object per generation of a session's tokens (K2)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.json_members import BadDocument, mapping
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


def parse(text: Secret) -> KeyringItem | Unreadable:
    """Return the item, or why there is none; no exception could hold a piece of the text."""
    document = parse_object(text)
    if document is None:
        return "corrupt"
    version = document.get("version")
    if type(version) is not int or version < 1:
        return "corrupt"
    if version > VERSION:
        return "newer"
    try:
        return _item(document)
    except (_Wrong, BadDocument, KeyError):
        return "corrupt"


def parse_object(text: Secret) -> dict[str, object] | None:
    """Read one JSON object of at most `LONGEST` characters; None if it is anything else."""
    try:
        document = json.loads(text.reveal()) if len(text.reveal()) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


class _Wrong(Exception):
    """A member is of the wrong kind."""


def _item(document: Mapping[str, object]) -> KeyringItem:
    generation, beside = document["generation"], document.get("beside", [])
    if type(generation) is not int or generation < 1 or not isinstance(beside, list):
        raise _Wrong
    token = _token(document)
    lineage = Lineage((token.pair,))
    if "lineage" in document:
        lineage = Lineage.from_json(document["lineage"])
    return KeyringItem(token, lineage, tuple(_token(mapping(one)) for one in beside), generation)


def _token(document: Mapping[str, object]) -> SsoToken:
    refresh, issued = document["refresh_token"], document["issued_at"]
    dated, extra = document.get("dated"), document["extra"]
    if not isinstance(extra, dict):
        raise _Wrong
    return SsoToken(
        start_url=_text(document["start_url"]),
        region=_text(document["region"]),
        access_token=Secret(_text(document["access_token"])),
        expires_at=_time(document["expires_at"]),
        issued_at=None if issued is None else _time(issued),
        dated=None if dated is None else _time(dated),
        refresh_token=None if refresh is None else Secret(_text(refresh)),
        registration=_registration(document["client"]),
        extra=extra,
    )


def _registration(client: object) -> Registration | None:
    if client is None:
        return None
    if not isinstance(client, dict) or not isinstance(client["scopes"], list):
        raise _Wrong
    return Registration(
        client_id=_text(client["id"]),
        client_secret=Secret(_text(client["secret"])),
        expires_at=_time(client["expires_at"]),
        scopes=tuple(_text(scope) for scope in client["scopes"]),
        grant=_text(client["grant"]),
        endpoint=_text(client.get("endpoint", "")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong
    return value


def _time(value: object) -> float:
    if type(value) not in {int, float} or not isinstance(value, int | float):
        raise _Wrong
    if not math.isfinite(value):
        raise _Wrong
    return value
