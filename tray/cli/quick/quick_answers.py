"""
What the daemon knows of a profile, asked with nothing imported.

Every answer is None where the whole command has to look for itself: no daemon, one of another
world or version, a config that changed, anything the daemon refuses.
"""

from __future__ import annotations

import os

from tray.credential_helper import credentials as helper
from tray.ipc import caller_words
from tray.ipc.child_environment import ChildEnvironment
from tray.storage.file_mark import file_mark
from tray.system.agent_places import places_of_linux
from tray.system.credential_variables import profile_in_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_HEAD: Final = b'{"v":1,"done":{"exit":0,"sentence":"","'
_AT_HAND: Final = 10.0
"""Seconds to wait for what needs no renewal and no call to AWS."""
_MAY_BE_EMPTY: Final = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def environment(
    profile: str | None, *, active: bool = False
) -> tuple[ChildEnvironment, bytes] | None:
    """
    Return a profile's environment, and the whole answer, which has the credentials in JSON.

    No profile is that of ``AWS_PROFILE``, else the active one; `active`: the active one at once.
    """
    named = profile or (None if active else profile_in_environment(os.environ))
    line = _asked("environment", named or "", helper.ANSWER_PATIENCE)
    try:
        found = ChildEnvironment.unpacked(_first(line, b"environment"))
    except ValueError:
        return None
    return (found, line or b"") if found.still_true() else None


def words(*, coloured: bool) -> str | None:
    """Return ``status`` in words."""
    asks = f',"words":"{caller_words.packed(os.environ)}","coloured":{str(coloured).lower()}'
    try:
        return bytes.fromhex(_first(_asked("status", "", more=asks), b"words")).decode()
    except ValueError:
        return None


def facts(profile: str | None) -> dict[str, Any] | None:
    """Return a profile and its session, in JSON; no profile is the active one."""
    known = done("profile", profile or "")
    if known is None or known["exit"]:
        return None
    same = all(_mark(path) == mark for path, mark in known["marks"])
    return known if same else None


def only_found(words: str) -> str | None:
    """Return the one profile that words find, without guarded ones."""
    known = done("find", words)
    names = known["profiles"] if known is not None and not known["exit"] else []
    return names[0] if len(names) == 1 else None


def done(op: str, profile: str = "") -> dict[str, Any] | None:
    """Return the daemon's last word on a request."""
    line = _asked(op, profile)
    if line is None:
        return None
    import json

    try:
        answer: dict[str, Any] | None = json.loads(line).get("done")
    except ValueError:
        return None
    return answer


def _first(line: bytes | None, member: bytes) -> str:
    """Return the member of an answer that comes first, so that no JSON reader is needed."""
    head = _HEAD + member + b'":"'
    if line is None or not line.startswith(head):
        raise ValueError("not answered")
    return line[len(head) :].partition(b'"')[0].decode()


def _mark(path: str) -> list[int] | None:
    mark = file_mark(path)
    return None if mark is None else list(mark)


def _asked(op: str, profile: str, patience: float = _AT_HAND, *, more: str = "") -> bytes | None:
    # An empty name of a file is none to SDKs, but the default to our paths.
    if any(os.environ.get(name) == "" for name in _MAY_BE_EMPTY):
        return None
    sockets = places_of_linux(os.environ)
    if not sockets:
        return None
    try:
        return helper.asked(op, profile, sockets, dict(os.environb), patience, more)
    except (helper.NoDaemon, UnicodeEncodeError):
        return None
