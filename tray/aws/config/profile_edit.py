"""Adds and removes whole profiles in the AWS config, many at once, and never changes another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tray.aws.config import ini
from tray.aws.config.config_edit import (
    EditRefused,
    SectionEdit,
    edited,
    inherited,
    profile_header,
    written_headers,
)
from tray.aws.config.sso_sessions import session_key
from tray.core.text.display_names import clean


def with_region(data: bytes, file: str, key: str, region: str) -> bytes:
    """
    Return a config file with the ``sso_region`` of one session changed, in all its profiles too.

    ``key`` is the session's (S1). Raises ConfigRejected and EditRefused as `with_profiles`.
    """
    named = written_headers(data, file, "sso-session").get(key)
    headers = (
        {named} if named is not None else set(written_headers(data, file, "profile").values())
    )
    edits = [
        SectionEdit(header, {"sso_region": region})
        for header, keys in ini.parse(data, file).items()
        if header in headers and (header == named or session_key(keys) == key)
    ]
    return edited(data, file, edits)


def with_profiles(
    data: bytes, file: str, new: Mapping[str, Mapping[str, str]], gone: Sequence[str] = ()
) -> bytes:
    """
    Return a config file with ``new`` profiles' keys added and ``gone`` ones removed.

    A new profile that is there already, word for word, is left as it is; missing ``gone`` ones are
    ignored. Raises ConfigRejected if botocore refuses the file as it is, EditRefused if a name or
    value cannot be written or a new name is taken.
    """
    headers = written_headers(data, file, "profile")
    sections, given = ini.parse(data, file), inherited(data, file)
    edits = [SectionEdit(headers[name], drop=True) for name in gone if name in headers]
    for name, keys in new.items():
        header = headers.get(name)
        if header is None:
            edits.append(SectionEdit(profile_header(name), keys))
        elif sections[header] != {**given, **keys}:
            raise EditRefused(f'The profile "{clean(name)}" already exists and was not changed.')
    return edited(data, file, edits)
