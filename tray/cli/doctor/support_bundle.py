"""
The archive of ``doctor --bundle``: what a report needs, without secrets.

Values are let through by their form, never kept out by a list of bad names. Names, accounts and
start URLs are numbered words, the same in every file. Our texts lose every secret this machine
knows of, in every form, and whatever looks like one.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import re
import socket
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.aws.config import config_files, ini
from tray.cli.command_context import CommandContext
from tray.cli.doctor.masking import CUT, PLAIN_KEYS, PLAIN_VARIABLES, Kind, Mask, plain
from tray.errors import TrayError, UserMustAct
from tray.storage.atomic_files import read_small

LOGS: Final = ("sso-tray.log", "sso-tray.log.1", "sso-tray.log.2")
HISTORIES: Final = ("history.jsonl", "history.jsonl.1")
LARGEST: Final = 4 * 1024 * 1024
CACHE_FILES: Final = 500  # files of the token cache that are searched for secrets

LONGEST_WORD: Final = 12  # letters

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
_TOLD_OF_TOKENS: Final = frozenset({
    "ProviderType", "expiresAt", "region", "registrationExpiresAt", "scopes", "startUrl",
})  # fmt: skip
"""Members of the AWS CLI's cache files that are not secret."""
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,40}|[a-z]{2,5}_proxy")
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
    files = _Files(context)
    mask = Mask(_secrets(context, files), str(context.paths.home))
    contents = {
        # First, so that the words of the config count from one.
        "config.txt": files.outline(mask, context.paths.aws_config),
        "credentials.txt": files.outline(mask, context.paths.aws_credentials),
        "environment.json": _written(_environment(context.environ, mask)),
    }
    _person(mask)
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


def _person(mask: Mask) -> None:
    for kind, ask in (("user", getpass.getuser), ("host", socket.gethostname)):
        with suppress(OSError, KeyError):
            name = ask()
            if len(name) > 2 and name not in ("root", "localhost"):
                mask.word("user" if kind == "user" else "host", name)


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
        # A picked profile is recorded by name; the config may no longer have it.
        picked = what == "active-profile" and event["detail"] != "none"
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
    """Return every variable's name, and the value where it can be nothing but a word."""
    return {
        mask.text(name) if _VARIABLE.fullmatch(name) else mask.word("name", name): plain(
            name, environ[name], PLAIN_VARIABLES
        )
        for name in sorted(environ)
    }


class _Files:
    """The user's two files, each read once."""

    def __init__(self, context: CommandContext) -> None:
        self.sections: dict[Path, Mapping[str, ini.Section] | str] = {}
        self._refused: list[str] = []
        for path in (context.paths.aws_config, context.paths.aws_credentials):
            try:
                data = config_files.read(path)
                self.sections[path] = ini.parse(data, path.name) if data else {}
            except TrayError as error:
                self.sections[path] = error.sentence
                with suppress(OSError, TrayError):
                    data = read_small(path, limit=LARGEST)
                    self._refused += data.decode("utf-8", "replace").replace("=", " ").split()

    def values(self) -> Iterator[str]:
        """Yield values that may be secret, and unknown keys; every word of an unparsable file."""
        yield from self._refused
        for sections in self.sections.values():
            if isinstance(sections, str):
                continue
            for section in sections.values():
                yield from (key for key in section if key not in _KNOWN_KEYS)
                for key, value in section.items():
                    if key not in _NAMED and plain(key, value, PLAIN_KEYS) == "(set)":
                        yield from _texts(value)

    def outline(self, mask: Mask, path: Path) -> str:
        """Return a file's sections and keys; values only where they identify no one."""
        sections = self.sections[path]
        if isinstance(sections, str):
            return f"{mask.text(sections)}\n"
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


def _secrets(context: CommandContext, files: _Files) -> set[str]:
    """Return every value of this machine that could be secret, only to be removed."""
    found = set(files.values())
    found.update(name for name in context.environ if not _VARIABLE.fullmatch(name))
    for name, value in context.environ.items():
        if plain(name, value, PLAIN_VARIABLES) == "(set)" and not _is_path(value):
            found.add(value)
    caches = (context.paths.token_cache, context.paths.cli_cache)
    paths = [path for cache in caches for path in sorted(cache.glob("*.json"))[:CACHE_FILES]]
    for path in paths:
        with suppress(OSError, TrayError, ValueError, AttributeError, RecursionError):
            cached = json.loads(read_small(path))
            found.update(_texts({key: cached[key] for key in cached.keys() - _TOLD_OF_TOKENS}))
    # Short words of letters alone also occur in our own sentences.
    return {one for one in found if not one.isalpha() or len(one) > LONGEST_WORD}


def _is_path(value: str) -> bool:
    """Whether a variable holds existing paths, one or several."""
    return value.startswith("/") and any(os.path.lexists(one) for one in value.split(":"))


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for one in value.values():
                yield from _texts(one)
