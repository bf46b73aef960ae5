"""
The archive of ``doctor --bundle``: what a report needs, without secrets.

All of it is let through by its form or as a word of ours, so that no secret has to be known to be
kept out. Names, accounts and start URLs are numbered words, the same in every file.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.aws.config import config_files, ini
from tray.cli.command_context import CommandContext
from tray.cli.doctor.masking import CUT, PLAIN_KEYS, PLAIN_VARIABLES, Kind, Mask, own_words, plain
from tray.errors import TrayError, UserMustAct
from tray.storage.atomic_files import read_small

LOGS: Final = ("sso-tray.log", "sso-tray.log.1", "sso-tray.log.2")
_NAME_A_PROFILE: Final = ("active-profile", "console-opened", "profile-added")
HISTORIES: Final = ("history.jsonl", "history.jsonl.1")
LARGEST: Final = 4 * 1024 * 1024
_NAMED: Final[Mapping[str, Kind]] = {
    "sso_session": "session",
    "source_profile": "profile",
    "sso_account_id": "account",
    "sso_role_name": "role",
    "sso_start_url": "url",
}
_KNOWN_KEYS: Final = frozenset({
    *PLAIN_KEYS, *_NAMED, "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
    "aws_security_token", "ca_bundle", "cli_pager", "credential_process", "credential_source",
    "endpoint_url", "external_id", "ignore_configured_endpoint_urls", "max_attempts",
    "mfa_serial", "role_arn", "role_session_name", "s3", "services", "sts_regional_endpoints",
    "use_dualstack_endpoint", "use_fips_endpoint", "web_identity_token_file",
})  # fmt: skip
_LOG_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]{4,8} [a-z_.]{1,60}: )(.*)")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_HAPPENED: Final = re.compile(r"[a-z]+(-[a-z]+){0,4}")


def write_bundle(path: Path, context: CommandContext, findings: Mapping[str, Any]) -> None:
    """Write the archive, readable by the user alone; UserMustAct if the file exists."""
    if os.path.lexists(path):
        raise _taken(path)
    archive = _archive(context, findings)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _taken(path) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(archive)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _taken(path: Path) -> UserMustAct:
    return UserMustAct(f"{path} is there already; it is left alone.")


def _archive(context: CommandContext, findings: Mapping[str, Any]) -> bytes:
    mask = Mask(own_words(), str(context.paths.home))
    contents = {
        # First, so that the words of the config count from one.
        "config.txt": _outline(mask, context.paths.aws_config),
        "credentials.txt": _outline(mask, context.paths.aws_credentials),
        "environment.json": _written(_environment(context.environ, mask)),
    }
    contents["doctor.json"] = _written(_findings(findings, mask))
    for name in ("state.json", *HISTORIES, *LOGS):
        with suppress(OSError, TrayError):
            data = read_small(context.paths.state / name, limit=LARGEST).decode("utf-8", "replace")
            contents[name] = "".join(_ours(name, data, mask))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return held.getvalue()


def _written(document: object) -> str:
    return json.dumps(document, indent=1) + "\n"


def _ours(name: str, text: str, mask: Mask) -> Iterator[str]:
    if name in LOGS:
        for line in text.splitlines():
            found = _LOG_LINE.fullmatch(line)
            yield f"{found[1]}{mask.text(found[2])}\n" if found else f"{CUT}\n"
    elif name in HISTORIES:
        for line in text.splitlines():
            yield f"{json.dumps(_happening(line, mask))}\n"
    else:
        yield _state(text, mask)


def _findings(document: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    shown = [
        {**one, **{member: mask.text(one[member]) for member in ("area", "sentence", "remedy")}}
        for one in document["findings"]
    ]
    return {**document, "findings": shown}


def _happening(line: str, mask: Mask) -> dict[str, str]:
    """Return a line of the history, as far as it has the form we write."""
    try:
        event = json.loads(line)
        at, what = str(event["at"]), str(event["what"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"what": CUT}
    if not _MOMENT.fullmatch(at) or not _HAPPENED.fullmatch(what):
        return {"what": CUT}
    shown = {"at": at, "what": mask.text(what)}
    if isinstance(event.get("session"), str):
        shown["session"] = _session(event["session"], mask)
    if isinstance(event.get("detail"), str):
        # A picked profile is recorded by name; the config may no longer have it. A role is quoted.
        picked = what in _NAME_A_PROFILE and not event["detail"].startswith(("none", '"'))
        shown["detail"] = (
            mask.word("profile", event["detail"]) if picked else mask.text(event["detail"])
        )
    return shown


def _session(key: str, mask: Mask) -> str:
    return mask.url(key) if "://" in key else mask.word("session", key)


def _state(text: str, mask: Mask) -> str:
    try:
        sessions = json.loads(text)["sessions"].items()
        shown = {_session(key, mask): _masked(entry, mask) for key, entry in sessions}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"{CUT}\n"
    return _written({"sessions": shown})


def _masked(value: Any, mask: Mask) -> Any:
    match value:
        case str():
            return mask.text(value)
        case list():
            return [_masked(one, mask) for one in value]
        case dict():
            return {mask.text(str(name)): _masked(one, mask) for name, one in value.items()}
    return value


def _environment(environ: Mapping[str, str], mask: Mask) -> dict[str, str]:
    """Return the variables this program knows, and a value where it can be nothing but a word."""
    return {
        name: plain(name, environ[name], PLAIN_VARIABLES)
        for name in sorted(environ)
        if mask.knows(name)
    }


def _outline(mask: Mask, path: Path) -> str:
    """Return a file's sections and keys; values only where they identify no one."""
    try:
        data = config_files.read(path)
        sections = ini.parse(data, path.name) if data else {}
    except TrayError as error:
        return f"{mask.text(error.sentence)}\n"
    lines = []
    for header, section in sections.items():
        lines.append(f"[{_header(header, mask)}]")
        for key, value in section.items():
            known = key if key in _KNOWN_KEYS else mask.word("name", key)
            lines.append(f"{known} = {_value(key, value, mask)}")
    return "\n".join([*lines, ""])


def _header(header: str, mask: Mask) -> str:
    kind, _, name = header.partition(" ")
    name = name.strip().strip("\"'")
    if kind in ("profile", "sso-session") and name:
        return f"{kind} {mask.word('profile' if kind == 'profile' else 'session', name)}"
    return mask.word("profile", header)


def _value(key: str, value: object, mask: Mask) -> str:
    if not isinstance(value, str):
        return "(block)"
    kind = _NAMED.get(key)
    if kind is None:
        return plain(key, value, PLAIN_KEYS)
    return mask.url(value) if kind == "url" else mask.word(kind, value)
