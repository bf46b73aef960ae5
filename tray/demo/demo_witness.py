"""
A process that knows nothing of us, for the demo: boto3, and another client of the keyring.

``python -m`` this ``identity PROFILE | keyring SERVICE | forget SERVICE``. It imports nothing of
this program, and prints no secret.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.util import find_spec
from typing import Any, Final

_WINDOWS: Final = find_spec("win32ctypes") is not None


def identity(profile: str) -> list[str]:
    """Return the ARN that AWS gives for a profile's credentials."""
    import boto3

    session = boto3.Session(profile_name=profile)
    return [session.client("sts").get_caller_identity()["Arn"]]


def keyring_items(service: str) -> list[str]:
    """Return a line for each item: its length, and a short hash of its refresh token or ``-``."""
    lines = []
    for text in _windows_texts(service) if _WINDOWS else _secret_service_texts(service):
        token = _refresh_token(text)
        short = hashlib.sha256(token.encode()).hexdigest()[:12] if token else "-"
        lines.append(f"{len(text)} {short}")
    return lines


def _secret_service_texts(service: str) -> list[str]:
    import secretstorage

    found = secretstorage.search_items(secretstorage.dbus_init(), {"service": service})
    return [item.get_secret().decode() for item in found]


def _windows_texts(service: str) -> list[str]:
    """Return the items' texts; the Credential Manager holds long ones in parts, counted from 1."""
    kept = {
        one["TargetName"]: one["CredentialBlob"].decode("utf-16-le")
        for one in _credentials(service)
    }
    texts = []
    for target in sorted(target for target in kept if "." not in target.rpartition("#")[2]):
        parts = json.loads(kept[target]).get("parts", 0)
        texts.append("".join(kept[f"{target}.{n}"] for n in range(1, parts + 1)) or kept[target])
    return texts


def _credentials(service: str) -> list[dict[str, Any]]:
    from win32ctypes.pywin32 import pywintypes, win32cred

    try:
        return list(win32cred.CredEnumerate(f"{service}/*", 0))
    except pywintypes.error:  # there is none
        return []


def forget(service: str) -> list[str]:
    if _WINDOWS:
        from win32ctypes.pywin32 import win32cred

        for one in _credentials(service):
            win32cred.CredDelete(one["TargetName"], one["Type"])
        return []
    import secretstorage

    for item in list(secretstorage.search_items(secretstorage.dbus_init(), {"service": service})):
        item.delete()
    return []


def _refresh_token(text: str) -> str:
    try:
        item = json.loads(text)
        return item.get("refresh_token") or item.get("refreshToken") or ""
    except (ValueError, AttributeError):
        return ""


if __name__ == "__main__":
    asked = {"identity": identity, "keyring": keyring_items, "forget": forget}[sys.argv[1]]
    sys.stdout.writelines(f"{line}\n" for line in asked(sys.argv[2]))
