"""Where the user's two AWS files are, and reading them without blocking or guessing."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from tray.core.text.display_names import clean
from tray.errors import ConfigRejected
from tray.storage.atomic_files import READ_FLAGS, reading
from tray.values import dataclass

LARGEST = 16 * 2**20  # bytes; 10,000 profiles take 1.4 MB

_HOME = "HOME" if os.sep == "/" else "USERPROFILE"  # read by ``os.path.expanduser``

_VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]*)\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    config: Path  # ``~/.aws/config`` or what stands in for it
    credentials: Path  # ``~/.aws/credentials`` or what stands in for it; its keys win

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ConfigFiles:
        """
        Return the files that the AWS CLI and SDKs would read under ``environ``.

        An empty ``AWS_CONFIG_FILE`` or ``AWS_SHARED_CREDENTIALS_FILE`` means no file; both take
        ``$VARIABLE`` and ``~`` (botocore ``configloader.raw_config_parse``).
        """
        return cls(
            config=_path(environ.get("AWS_CONFIG_FILE", "~/.aws/config"), environ),
            credentials=_path(
                environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"), environ
            ),
        )


def _path(text: str, environ: Mapping[str, str]) -> Path:
    expanded = _expand_home(_VARIABLE.sub(lambda found: _value(found, environ), text), environ)
    return Path(expanded or os.devnull).absolute()


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name = found[1] if found[1] is not None else found[2]
    return environ.get(name, found[0])


def _expand_home(text: str, environ: Mapping[str, str]) -> str:
    if text[:1] != "~":
        return text
    home = environ.get(_HOME)
    if home is None or text[1:2] not in ("", "/", os.sep):
        return str(os.path.expanduser(text))  # noqa: PTH111 - Path raises where botocore does not
    return home.rstrip(os.sep) + text[1:] or os.sep


def read(path: Path) -> bytes | None:
    """
    Return the file's bytes, or None where there is no file (or it is the null device).

    Raises ConfigRejected for a directory, a pipe or device, an unreadable file, or one over 16
    MiB; `Unread` if the machine cannot read it now. botocore takes most of these for an empty
    file, which would silently empty the menu.
    """
    try:
        with reading(path):
            if _is_nothing(path.stat(), path):
                return None
            descriptor = os.open(path, READ_FLAGS)
            with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 - no path to open
                info = os.fstat(descriptor)
                _must_be_regular(info, path)
                data = stream.read() if info.st_size <= LARGEST else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _rejected(path, f"can't be read: {error.strerror}.") from None
    if data is None:
        raise _rejected(path, "is larger than 16 MiB, too large for an AWS config.")
    return data


def _is_nothing(info: os.stat_result, path: Path) -> bool:
    if stat.S_ISCHR(info.st_mode) and info.st_rdev == Path(os.devnull).stat().st_rdev:
        return True
    _must_be_regular(info, path)
    return False


def _must_be_regular(info: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise _rejected(path, "is a directory, not a file.")
    if not stat.S_ISREG(info.st_mode):
        raise _rejected(path, "is a pipe or device, not a regular file.")


def _rejected(path: Path, what: str) -> ConfigRejected:
    return ConfigRejected(f"{clean(str(path), 160)} {what}", file=str(path))
