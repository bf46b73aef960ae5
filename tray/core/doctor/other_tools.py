"""What other tools have left behind that programs use instead of what SSO Tray keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tray.core.doctor.findings import Facts, Finding, note
from tray.core.text.display_names import clean

_YAWSSO: Final = frozenset({"aws_session_expiration", "aws_security_token"})
_PROGRAMS: Final = ("granted", "aws-sso", "aws-sso-util", "aws-vault", "leapp")


def remains(facts: Facts) -> Iterator[Finding]:
    for name in sorted(facts.in_credentials):
        keys = facts.settings.get(name, {})
        temporary = "aws_session_token" in keys
        if name == "default" and temporary:
            sentence = (
                f"The credentials file has temporary keys in [default]{_written_by(keys)}, which "
                "a bare aws uses."
            )
            yield note("other tools", sentence, "remove [default] from the credentials file")
        elif temporary and keys.keys() & {"sso_session", "sso_start_url"}:
            sentence = (
                f'The credentials file has keys for "{clean(name)}"{_written_by(keys)}. Some '
                "SDKs use them, even expired, instead of its session."
            )
            yield note(
                "other tools", sentence, f"remove [{clean(name)}] from the credentials file"
            )
    default = facts.settings.get("default", {})
    program = _program(default.get("credential_process"))
    if program is not None and "default" not in (facts.catalog.managed if facts.catalog else ()):
        sentence = f"[default] of the AWS config runs {program}."
        remedy = "to let it follow the active profile, rename it, then: sso-tray apply default"
        yield note("other tools", sentence, remedy)


def _written_by(keys: Mapping[str, object]) -> str:
    return ", written by yawsso" if keys.keys() >= _YAWSSO else ""


def _program(command: object) -> str | None:
    words = command.split() if isinstance(command, str) else []
    name = words[0].replace("\\", "/").rpartition("/")[2].strip("\"'") if words else ""
    return next((one for one in _PROGRAMS if name.removesuffix(".exe") == one), None)
