"""
What ``exec`` and ``credentials`` need of the daemon, in a form that is read without imports.

A text of hexadecimal digits stands for fields that NUL ends: the AWS config file and its mark,
the credentials file and its mark, the profile's name and region, ``NAME=value`` of the variables
that the user's own come before, an empty field, and of those that come before the user's own.
"""

from __future__ import annotations

import os

from tray.storage.file_mark import file_mark
from tray.system.credential_variables import without_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

_MEMBERS: Final = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
    "AWS_CREDENTIAL_EXPIRATION": "Expiration",
}
"""The document's members in the words of SDKs and `aws configure export-credentials`."""


def variables(document: Mapping[str, Any]) -> dict[str, str | None]:
    """Return a document's variables; None unsets an older value, which is of other keys."""
    return {name: document.get(member) for name, member in _MEMBERS.items()}


class ChildEnvironment:
    """
    A profile's environment.

    Args:
        marks: each config file with its mark when the profile was read.
        before: variables that the user's own override.
        after: variables that override the user's own.
    """

    def __init__(
        self,
        marks: Mapping[str, tuple[int, ...] | None],
        name: str,
        region: str | None,
        before: Mapping[str, str],
        after: Mapping[str, str | None],
    ) -> None:
        self.marks = marks
        self.name = name
        self.region = region
        self.before = before
        self.after = after

    def without_keys(self, environ: Mapping[str, str]) -> dict[str, str]:
        """
        Return what a child gets besides the keys.

        What the user has exported wins, as it does over a profile's keys.
        """
        region = self.region
        if environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or not region:
            named = {}
        else:
            named = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        return {**self.before, **without_credentials(environ), **named}

    def applied_to(self, environ: Mapping[str, str]) -> dict[str, str]:
        keys = {name: value for name, value in self.after.items() if value is not None}
        return self.without_keys(environ) | keys

    def packed(self) -> str | None:
        """Return the text; None if something in it holds a NUL."""
        fields = [part for path, mark in self.marks.items() for part in (path, _written(mark))]
        fields += [self.name, self.region or ""]
        fields += [f"{name}={value}" for name, value in self.before.items()]
        fields.append("")
        fields += [f"{name}={value}" for name, value in self.after.items() if value is not None]
        if any("\0" in one for one in fields):
            return None
        return os.fsencode("\0".join(fields)).hex()

    @classmethod
    def unpacked(cls, text: str) -> ChildEnvironment:
        """Raises ValueError for anything else than a packed environment."""
        config, its, credentials, theirs, name, region, *rest = os.fsdecode(
            bytes.fromhex(text)
        ).split("\0")
        middle = rest.index("")
        marks = {config: _read(its), credentials: _read(theirs)}
        before, after = (
            dict(_pair(one) for one in part) for part in (rest[:middle], rest[middle + 1 :])
        )
        return cls(marks, name, region or None, before, after)

    def still_true(self) -> bool:
        """Whether the config files are as they were when the daemon read the profile."""
        return all(file_mark(path) == mark for path, mark in self.marks.items())


def _written(mark: tuple[int, ...] | None) -> str:
    return "" if mark is None else " ".join(map(str, mark))


def _read(text: str) -> tuple[int, ...] | None:
    return tuple(map(int, text.split())) if text else None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError("no variable")
    return name, value
