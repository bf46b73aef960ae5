"""
A process that knows nothing of us, for the demo: boto3, and another client of the keyring.

``python -m`` this ``identity PROFILE | keyring SERVICE | forget SERVICE``. It imports nothing of
this program, and prints no secret.
"""

from __future__ import annotations

import hashlib
import json
import sys


def identity(profile: str) -> list[str]:
    """Return the ARN that AWS gives for a profile's credentials."""
    import boto3

    session = boto3.Session(profile_name=profile)
    return [session.client("sts").get_caller_identity()["Arn"]]


def keyring_items(service: str) -> list[str]:
    """Return a line for each item: its length, and a short hash of its refresh token or ``-``."""
    import secretstorage

    lines = []
    for item in secretstorage.search_items(secretstorage.dbus_init(), {"service": service}):
        text = item.get_secret().decode()
        token = _refresh_token(text)
        short = hashlib.sha256(token.encode()).hexdigest()[:12] if token else "-"
        lines.append(f"{len(text)} {short}")
    return lines


def forget(service: str) -> list[str]:
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
