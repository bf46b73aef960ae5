"""
The archive of ``doctor --bundle``: what a report needs, and no secret.

Only what is known to hold none goes in: our own logs and history, which never hold one; the
findings; names of environment variables; and the shape of the config, each value that tells of a
company replaced by a steady word. Values are let through by list, never kept out by list.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.aws import config_files, ini
from tray.cli.here import Here
from tray.errors import TrayError, UserMustAct
from tray.files import FileRefused, read_small

LOGS: Final = (
    "sso-tray.log", "sso-tray.log.1", "sso-tray.log.2", "history.jsonl", "history.jsonl.1",
)  # fmt: skip
PLAIN_KEYS: Final = frozenset({
    "cli_pager", "duration_seconds", "output", "region", "retry_mode", "sso_region",
    "sso_registration_scopes",
})  # fmt: skip
"""Keys whose values tell of nobody; of all others only that they are there."""
PLAIN_VARIABLES: Final = frozenset({
    "AWS_DEFAULT_REGION", "AWS_REGION", "DESKTOP_SESSION", "LANG", "LC_ALL", "SHELL", "TERM",
    "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE",
})  # fmt: skip
_LOOKS_SECRET: Final = re.compile(r"[A-Za-z0-9+/=_%\\-]{36,}")
"""Longer runs without a blank are no words of ours."""


def write_bundle(path: Path, here: Here, findings: Mapping[str, Any]) -> None:
    """
    Write the archive, readable by the user alone; an existing file is never written over.

    Args:
        path: where to.
        here: whose files.
        findings: the doctor's document.

    Raises:
        UserMustAct: there is a file already.
        OSError: it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserMustAct(f"{path} is there already; it is left alone.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(_archive(here, findings))


def _archive(here: Here, findings: Mapping[str, Any]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doctor.json", _safe(json.dumps(findings, indent=1)))
        archive.writestr("environment.json", json.dumps(_environment(here.environ), indent=1))
        for name, config in (
            ("config.txt", here.paths.aws_config),
            ("credentials.txt", here.paths.aws_credentials),
        ):
            archive.writestr(name, _config(config))
        for name in LOGS:
            with suppress(OSError, FileRefused):
                data = read_small(here.paths.state / name, limit=4 * 1024 * 1024)
                archive.writestr(name, _safe(data.decode("utf-8", "replace")))
    return held.getvalue()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return every variable's name, and the value where it can hold nothing but a word."""
    return {
        name: _plain(environ[name]) if name in PLAIN_VARIABLES else "(set)"
        for name in sorted(environ)
    }


def _config(path: Path) -> str:
    """Return a file's sections and keys; values only where they tell of nobody."""
    try:
        data = config_files.read(path)
        sections = ini.parse(data, path.name) if data else {}
    except TrayError as error:
        return _safe(error.sentence)
    lines = []
    for header, section in sections.items():
        kind, _, name = header.partition(" ")
        known = kind in ("default", "profile", "sso-session", "services", "plugins")
        lines.append(f"[{kind} {_word(name)}]" if known and name else f"[{_kind(header, known)}]")
        for key, value in section.items():
            plain = key in PLAIN_KEYS and isinstance(value, str)
            lines.append(f"{_key(key)} = {_plain(str(value)) if plain else '(set)'}")
    return "\n".join(lines) + "\n"


def _kind(header: str, known: bool) -> str:  # a header that is one word
    return header if known else _word(header)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", key) else _word(key)


def _word(text: str) -> str:
    """Return a steady word for a name: the same name, the same word, and no way back."""
    return f"name-{hashlib.sha256(text.encode()).hexdigest()[:6]}" if text else ""


def _plain(value: str) -> str:
    """Return a short plain word as it is; anything else was not meant for this place."""
    return value if re.fullmatch(r"[A-Za-z0-9_.:/@-]{1,24}", value) else "(set)"


def _safe(text: str) -> str:
    """Return a text of ours without what could be a secret that somebody put into it."""
    return _LOOKS_SECRET.sub("(cut)", text)
