"""What ``aws`` and the SDKs use where no profile is named, in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from tray.core.profiles.bare_client import (
    CLIENTS,
    AwsFiles,
    BareClient,
    Client,
    bare_client,
    stands_for,
)
from tray.core.text.display_names import clean

_NAMES: Final[Mapping[Client, str]] = {
    "aws": "aws",
    "boto3": "boto3",
    "javascript": "the JavaScript SDK",
}
_ELSEWHERE: Final = {
    "environment": ("uses", "the key in AWS_ACCESS_KEY_ID"),
    "web-identity": ("uses", "the role of AWS_WEB_IDENTITY_TOKEN_FILE"),
    "container": ("uses", "the container's credentials"),
    "nothing": ("finds", "no credentials"),
    "fails": ("fails", "(AWS_ACCESS_KEY_ID or AWS_WEB_IDENTITY_TOKEN_FILE is incomplete)"),
}


def bare_clients(
    environ: Mapping[str, str], files: AwsFiles, active: str | None, managed: Collection[str]
) -> tuple[str, bool]:
    """Return the sentence, and whether all use the active profile."""
    groups: dict[tuple[str, str], list[str]] = {}
    others = False
    for client in CLIENTS:
        bare = bare_client(client, environ, files)
        who = stands_for(bare, active, files.profiles, managed)
        others |= active is None or who != active
        groups.setdefault(_told(bare, who), []).append(_NAMES[client])
    parts = [
        f"{_joined(names)} {verb if len(names) == 1 else verb.removesuffix('s')} {what}"
        for (verb, what), names in groups.items()
    ]
    return f"Without --profile, {'; '.join(parts)}.", not others


def _told(bare: BareClient, who: str | None) -> tuple[str, str]:
    if bare.profile is None:
        return _ELSEWHERE[bare.way]
    shown = "[default]" if who == "default" or not bare.variable else f'"{clean(bare.profile)}"'
    by = f" ({bare.variable})" if bare.variable else ""
    match bare.way:
        case "missing" if not bare.profile:
            return "fails", f"({bare.variable} is empty)"
        case "missing":
            return "fails", f'(no profile "{clean(bare.profile)}"{by})'
        case "fails":
            return "fails", f"({shown} is incomplete{by})"
        case "keys":
            return "uses", f"the keys of {shown}{by}"
        case _:
            return "uses", (shown if who in (None, "default") else f'"{clean(who)}"') + by


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
