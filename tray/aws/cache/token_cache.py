"""
What a file in ``~/.aws/sso/cache`` says, and the two documents we write there.

The AWS CLI and several SDKs write these files in place, so an empty or cut one means "being
written" (:class:`~tray.errors.CacheFileTorn`), while a whole one of the wrong shape is
:class:`~tray.errors.CacheFileBad`. Sentences name the member that is wrong, never its value.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.text.timestamps import format_timestamp, parse_timestamp
from tray.errors import CacheFileBad, CacheFileTorn, Unread
from tray.secret import Secret
from tray.storage.atomic_files import FileRefused, read_small

_OURS = frozenset(
    (
        "startUrl",
        "region",
        "accessToken",
        "expiresAt",
        "clientId",
        "clientSecret",
        "registrationExpiresAt",
        "refreshToken",
    )
)
_DEEPEST = 64
# RFC 6749 appendix A: tokens and client credentials are visible ASCII characters and spaces.
# Anything else could not be sent in a header, and http.client's complaint would print it.
_SENDABLE = re.compile(r"[\x20-\x7e]+")


def cache_directory(home: Path) -> Path:
    """No variable but ``HOME`` moves it (rule S2)."""
    return home / ".aws" / "sso" / "cache"


def cache_path(directory: Path, key: str) -> Path:
    """``key`` is the sso-session's name or the start URL as written (S2; ``SSOTokenLoader``)."""
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return directory / f"{name}.json"


def read_token(path: Path) -> SsoToken | None:
    """
    Read one token file; None where there is none.

    ``issued_at`` is None, since no file has it: callers take the file's mtime. Raises
    CacheFileTorn if it is being written, Unread if the machine cannot read it now, CacheFileBad
    (reason ``bad-file`` or ``no-permission``) if it is whole but unusable, or not ours to read.
    """
    try:
        data = read_small(path)
    except FileNotFoundError:
        return None
    except FileRefused as refusal:
        raise CacheFileBad(refusal.sentence) from None
    except Unread as unread:
        raise Unread(unread.sentence, reason="torn-file") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    return parse_token(data, str(path))


def parse_token(data: bytes, place: str) -> SsoToken:
    """
    Return the token that a cache file's bytes hold; ``place`` is for sentences.

    A member that is null counts as absent. ``accessToken`` and ``expiresAt`` are required, as in
    every SDK. A registration lacking any of its three members counts as none, as in botocore,
    which then does not refresh either. Raises CacheFileTorn if it is empty, cut or not JSON,
    CacheFileBad if it is JSON of the wrong shape.
    """
    members = _members(data, place)
    access_token = _text(members, "accessToken", place)
    if not access_token:
        raise CacheFileBad(f"{place} has no accessToken.")
    refresh_token = _text(members, "refreshToken", place)
    expires_at = _moment(members, "expiresAt", place)
    if expires_at is None:
        raise CacheFileBad(f"{place} has no expiresAt.")
    return SsoToken(
        start_url=_text(members, "startUrl", place),
        region=_text(members, "region", place),
        access_token=_sendable(access_token, "accessToken", place),
        expires_at=expires_at,
        refresh_token=_sendable(refresh_token, "refreshToken", place) if refresh_token else None,
        registration=_registration(members, place),
        extra=MappingProxyType({k: v for k, v in members.items() if k not in _OURS}),
    )


def lean_document(token: SsoToken, *, empty_refresh_members: bool = False) -> bytes:
    """
    Return the file without refresh data, for token store ``keyring`` (rule K3).

    ``empty_refresh_members`` writes ``clientId``, ``clientSecret`` and ``refreshToken`` as empty
    strings, which the JavaScript SDK needs in a token's last five minutes (setting
    ``compat.empty_refresh_members``; measured with all SDKs).
    """
    members = _lean_members(token)
    if empty_refresh_members:
        members |= {"clientId": "", "clientSecret": "", "refreshToken": ""}
    return _document(members, token.extra)


def full_document(token: SsoToken) -> bytes:
    """Return the file as the AWS CLI writes it, with refresh data (token store ``file``)."""
    members = _lean_members(token)
    if token.registration is not None:
        members |= {
            "clientId": token.registration.client_id,
            "clientSecret": token.registration.client_secret.reveal(),
            "registrationExpiresAt": format_timestamp(token.registration.expires_at),
        }
    if token.refresh_token:
        members["refreshToken"] = token.refresh_token.reveal()
    return _document(members, token.extra)


def _lean_members(token: SsoToken) -> dict[str, str]:
    members = {
        "startUrl": token.start_url,
        "region": token.region,
        "accessToken": token.access_token.reveal(),
        "expiresAt": format_timestamp(token.expires_at),
    }
    # `aws sso logout` takes an empty region for a region; if absent, it rightly skips the call.
    return {name: value for name, value in members.items() if value}


def _document(members: Mapping[str, str], extra: Mapping[str, object]) -> bytes:
    # ASCII, because older readers open the file in the locale's encoding.
    return json.dumps({**members, **extra}).encode("ascii")


def _members(data: bytes, place: str) -> dict[str, object]:
    """Return the members that are not null, once nothing can surprise a later reader."""
    document, trouble = _document_in(data, place)
    if trouble is not None:
        raise trouble
    if not isinstance(document, dict):
        raise CacheFileBad(f"{place} isn't a JSON object.")
    if _is_deeper_than(document, _DEEPEST):
        raise CacheFileBad(f"{place} is nested too deeply.")
    return {name: value for name, value in document.items() if value is not None}


def _document_in(data: bytes, place: str) -> tuple[object, CacheFileTorn | CacheFileBad | None]:
    """Return what the bytes hold, or why nothing: a UnicodeDecodeError carries all of them."""
    try:
        return json.loads(data.decode("utf-8")), None
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None, CacheFileTorn(f"{place} is incomplete; another program may be writing it.")
    except (RecursionError, ValueError):
        # The remaining ValueError is that of a number with thousands of digits.
        sentence = f"{place} is nested too deeply or contains an infinite number."
        return None, CacheFileBad(sentence)


def _is_deeper_than(value: object, depth: int) -> bool:
    level: list[object] = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _registration(members: Mapping[str, object], place: str) -> Registration | None:
    client_id = _text(members, "clientId", place)
    client_secret = _text(members, "clientSecret", place)
    expires_at = _moment(members, "registrationExpiresAt", place)
    if not client_id or not client_secret or expires_at is None:
        return None
    return Registration(
        client_id=_sendable(client_id, "clientId", place).reveal(),
        client_secret=_sendable(client_secret, "clientSecret", place),
        expires_at=expires_at,
    )


def _text(members: Mapping[str, object], name: str, place: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str):
        raise CacheFileBad(f"{place}: {name} isn't text.")
    return value


def _sendable(value: str, name: str, place: str) -> Secret:
    if not _SENDABLE.fullmatch(value):
        raise CacheFileBad(f"{place}: {name} contains characters that no token has.")
    return Secret(value)


def _moment(members: Mapping[str, object], name: str, place: str) -> float | None:
    text = _text(members, name, place)
    if not text:
        return None
    try:
        return parse_timestamp(text)
    except ValueError:
        raise CacheFileBad(f"{place}: {name} isn't a timestamp.") from None


def _unreadable(path: Path, error: OSError) -> CacheFileBad:
    said = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        return CacheFileBad(f"{path} can't be read: {said}.", reason="no-permission")
    return CacheFileBad(f"{path} can't be read: {said}.")
