"""Credentials as environment variables: for a child, or as lines for a shell."""

from __future__ import annotations

import json

from tray.cli.front.terminal import Ended
from tray.ipc.child_environment import variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, Final

_MARKS: Final = " \"'#$;\\`"


def past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep loopback from a proxy: the Rust SDK asks it for 127.0.0.1."""
    given = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    names = [name.strip() for name in given.split(",") if name.strip()]
    names += [name for name in ("127.0.0.1", "localhost", "::1") if name not in names]
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(names))


def written(form: str, document: Mapping[str, Any], name: str, region: str | None) -> str:
    """
    Return a ``credential_process`` document in a format.

    One of the command table's: ``process`` as SDKs read it; ``json`` the same with the profile's
    name and region; ``dotenv`` and ``ini`` as files for other programs have them, with the region;
    else lines for a shell, POSIX for ``env``.
    """
    match form:
        case "process":
            return json.dumps(document)
        case "json":
            named = {"Profile": name, "Region": region}
            return json.dumps({**named, **document}, indent=2)
        case "env":
            return _lines(document, _posix)
        case "dotenv":
            members = {**variables(document), "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
            return "\n".join(f"{name}={value}" for name, value in _plain(members))
        case "ini":
            members = {**variables(document), "region": region}
            members.pop("AWS_CREDENTIAL_EXPIRATION")
            lines = (f"{key.lower()} = {value}" for key, value in _plain(members))
            header = "".join(
                "-" if sign == "]" or not sign.isprintable() else sign for sign in name
            )
            return "\n".join((f"[{header}]", *lines))
        case "fish":
            return _lines(document, _fish)
        case _:
            return _lines(document, _powershell)


def _plain(members: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield what is set; but for plain words, programs read these files in different ways."""
    for name, value in members.items():
        if value and not (
            value.isascii() and value.isprintable() and set(value).isdisjoint(_MARKS)
        ):
            raise Ended(f"{name} has characters that this format can't hold.", 1)
        if value:
            yield name, value


def _lines(document: Mapping[str, Any], line: Callable[[str, str | None], str]) -> str:
    return "\n".join(line(name, value) for name, value in variables(document).items())


def _posix(name: str, value: str | None) -> str:
    if value is None:
        return f"unset {name}"
    return f"export {name}={posix_word(value)}"


def _fish(name: str, value: str | None) -> str:
    if value is None:
        return f"set -e {name}"
    return f"set -gx {name} {fish_word(value)}"


def _powershell(name: str, value: str | None) -> str:
    if value is None:
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"
    return f"$Env:{name} = {powershell_word(value)}"


def posix_word(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def fish_word(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def powershell_word(value: str) -> str:
    """Return a text as one word of PowerShell, which takes five characters for quotes."""
    for mark in "'\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\u201a\u201b":
        value = value.replace(mark, mark * 2)
    return f"'{value}'"


def powershell_ascii(value: str) -> str:
    """Return a text as an ASCII expression: PowerShell reads a program in a code page."""
    if value.isascii():
        return powershell_word(value)
    units = value.encode("utf-16-be", "surrogatepass")
    codes = [f"0x{units[at : at + 2].hex()}" for at in range(0, len(units), 2)]
    return f"(-join [char[]]({','.join(codes)}))"
