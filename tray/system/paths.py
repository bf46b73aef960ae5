"""Where the user's AWS files, our own files and the agent's socket are (rule F1)."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tray.errors import UserMustAct
from tray.system import MACOS, WINDOWS
from tray.system.agent_places import NAME, SITE, agent_places
from tray.values import dataclass

_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)
_PERCENT = re.compile("%([^%]+)%")  # on Windows too, where names have no case


@dataclass(frozen=True, slots=True)
class Paths:
    """Every path the program uses, all absolute."""

    home: Path
    aws_config: Path  # ``~/.aws/config``, or what ``AWS_CONFIG_FILE`` names
    aws_credentials: Path  # ``~/.aws/credentials``, or what ``AWS_SHARED_CREDENTIALS_FILE`` names
    token_cache: Path  # ``~/.aws/sso/cache``; only the home moves it (rule S2)
    cli_cache: Path  # ``~/.aws/cli/cache``, the AWS CLI's role credentials
    settings_file: Path  # the user's ``config.toml``; may not exist
    # the administrator's of the same form, the one that counts least first; mostly there are none
    site_settings: tuple[Path, ...]
    state: Path  # our state directory; may not exist yet
    # best first: the daemon listens at the first, a client tries them in order
    runtime_sockets: tuple[Path, ...]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Paths:
        """
        Determine all paths; nothing is created.

        ``HOME`` (Windows: ``USERPROFILE`` and ``LOCALAPPDATA``) and ``XDG_*`` move them (absolute
        ones only, XDG Base Directory Specification). An empty variable counts as not set. Raises
        UserMustAct if there is no home directory.
        """
        home = _home(environ)
        aws = home / ".aws"
        of_state, of_settings = home / ".local" / "state", home / ".config"
        if MACOS:
            of_state = of_settings = home / "Library" / "Application Support"
        elif WINDOWS:
            local = _absolute(environ, "LOCALAPPDATA")
            of_state = of_settings = local or home / "AppData" / "Local"
        state = _own(environ, "XDG_STATE_HOME", of_state) / NAME
        settings = _own(environ, "XDG_CONFIG_HOME", of_settings) / NAME
        return cls(
            home=home,
            aws_config=_named(environ, "AWS_CONFIG_FILE", home, aws / "config"),
            aws_credentials=_named(
                environ, "AWS_SHARED_CREDENTIALS_FILE", home, aws / "credentials"
            ),
            token_cache=aws / "sso" / "cache",
            cli_cache=aws / "cli" / "cache",
            settings_file=settings / "config.toml",
            site_settings=_site_settings(environ),
            state=state,
            runtime_sockets=tuple(map(Path, agent_places(environ, str(home), str(state)))),
        )


ENDPOINT_VARIABLES: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SIGNIN",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
"""Those that lead a call of ours elsewhere; a store's own, such as ``_S3``, does not."""


def world(environ: Mapping[str, str]) -> dict[str, str]:
    """Describe a process's paths and endpoints: the daemon acts for its own world only (C3)."""
    paths = Paths.from_environment(environ)
    described = {
        "aws_config": str(paths.aws_config),
        "aws_credentials": str(paths.aws_credentials),
        "token_cache": str(paths.token_cache),
        "settings_file": str(paths.settings_file),
        "state": str(paths.state),
    }
    described |= {name: environ[name] for name in ENDPOINT_VARIABLES if name in environ}
    return described


def fingerprint(environ: Mapping[str, str]) -> str:
    """Return 16 hex digits of SHA-256 over :func:`world`."""
    text = json.dumps(world(environ), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _home(environ: Mapping[str, str]) -> Path:
    """Find the home directory as the SDKs do: the variable, then the system's record."""
    variable = "USERPROFILE" if WINDOWS else "HOME"
    named = environ.get(variable)
    if named:
        return Path(os.path.abspath(named))  # noqa: PTH100  (symlinks in it are the user's)
    try:
        return Path.home()
    except RuntimeError:
        raise UserMustAct(f"no home directory: {variable} isn't set") from None


def _absolute(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    return Path(value) if value and Path(value).is_absolute() else None


def _own(environ: Mapping[str, str], name: str, default: Path) -> Path:
    return _absolute(environ, name) or default


def config_home(environ: Mapping[str, str]) -> Path:
    """Return where a Linux desktop's own files are (XDG Base Directory Specification)."""
    return _absolute(environ, "XDG_CONFIG_HOME") or _home(environ) / ".config"


def data_home(environ: Mapping[str, str]) -> Path:
    return _absolute(environ, "XDG_DATA_HOME") or _home(environ) / ".local/share"


def data_folders(environ: Mapping[str, str]) -> list[Path]:
    """Return where packages put what `data_home` has of the user's own."""
    named = environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [Path(one) for one in named.split(os.pathsep) if one]


def _site_settings(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the site's files; the system's own place counts whatever the variable says."""
    if MACOS:
        return (Path("/Library/Application Support") / NAME / "config.toml",)
    if WINDOWS:
        shared = _absolute(environ, "PROGRAMDATA") or Path("C:/ProgramData")
        return (shared / NAME / "config.toml",)
    named = environ.get("XDG_CONFIG_DIRS", "").split(":")
    folders = dict.fromkeys([*(Path(one) for one in named if one.startswith("/")), Path(SITE)])
    return tuple(folder / NAME / "config.toml" for folder in reversed(folders))


def _named(environ: Mapping[str, str], name: str, home: Path, default: Path) -> Path:
    """Return the file a variable names, expanded as in botocore; an empty one is not set."""
    value = environ.get(name)
    if not value:
        return default
    text = _VARIABLE.sub(lambda found: environ.get(found[1].strip("{}"), found[0]), value)
    if WINDOWS:
        text = _PERCENT.sub(lambda found: environ.get(found[1].upper(), found[0]), text)
    if text == "~" or text.startswith(("~/", "~" + os.sep)):
        text = str(home) + text[1:]
    return Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111  (as botocore)
