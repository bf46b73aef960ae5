"""
The real programs some tests run against: where each is, and what brings it when it is missing.

A missing component skips the test with the reason and the line that would install it; with ``CI``
set it fails the test instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

Component = Literal[
    "aws-newest",
    "aws-debian",
    "aws-sso-util",
    "axe",
    "bash",
    "chromium",
    "dbus-daemon",
    "dbusmock",
    "desktop-file-validate",
    "fish",
    "gcr-prompter",
    "gdbus",
    "gio",
    "gnome-keyring-daemon",
    "js-sdk",
    "keepassxc",
    "kwalletd5",
    "locales",
    "lxqt-panel",
    "mandoc",
    "notify-send",
    "secret-tool",
    "ssh",
    "sshd",
    "strace",
    "systemd",
    "xclip",
    "xdotool",
    "xfce4-notifyd",
    "xfce4-panel",
    "xfwm4",
    "xprop",
    "xsel",
    "xvfb",
    "zsh",
]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a component comes from.

    Args:
        executable: a path, or a name to look for on PATH.
        install: the one line that brings it.
        runs: whether it is a program; else it is a file that another program reads.
    """

    executable: str
    install: str
    runs: bool = True


def _in_libraries(program: str) -> str:
    """Return a program that Debian puts below ``/usr/lib/<architecture>``."""
    return str(next(Path("/usr/lib").glob(f"*/{program}"), Path("/usr/lib") / program))


SOURCES: Mapping[Component, Source] = {
    "aws-newest": Source(str(ROOT / ".tools/awscli/aws"), "make test (on x86-64 Linux)"),
    "aws-debian": Source("/usr/bin/aws", "sudo apt-get install awscli"),
    "aws-sso-util": Source(str(ROOT / ".tools/aws-sso-util/bin/aws-sso-util"), "make bench"),
    "axe": Source(
        str(ROOT / ".tools/js/node_modules/axe-core/axe.min.js"),
        "make test (with Node's npm or pip at hand)",
        runs=False,
    ),
    "bash": Source("bash", "sudo apt-get install bash"),
    "chromium": Source("chromium", "sudo apt-get install chromium"),
    "dbus-daemon": Source("dbus-daemon", "sudo apt-get install dbus"),
    "dbusmock": Source(
        "/usr/lib/python3/dist-packages/dbusmock/__main__.py",
        "sudo apt-get install python3-dbusmock",
        runs=False,
    ),
    "desktop-file-validate": Source(
        "desktop-file-validate", "sudo apt-get install desktop-file-utils"
    ),
    "fish": Source("fish", "sudo apt-get install fish"),
    "gcr-prompter": Source("/usr/libexec/gcr-prompter", "sudo apt-get install gcr"),
    "gdbus": Source("gdbus", "sudo apt-get install libglib2.0-bin"),
    "gio": Source("gio", "sudo apt-get install libglib2.0-bin"),
    "gnome-keyring-daemon": Source("gnome-keyring-daemon", "sudo apt-get install gnome-keyring"),
    "js-sdk": Source(str(ROOT / ".tools/js/node"), "make test (with Node's npm or pip at hand)"),
    "keepassxc": Source("keepassxc", "sudo apt-get install keepassxc"),
    "kwalletd5": Source("kwalletd5", "sudo apt-get install libkf5wallet-bin libqca-qt5-2-plugins"),
    "locales": Source("/usr/share/i18n/locales/en_US", "sudo apt-get install locales", runs=False),
    "lxqt-panel": Source("lxqt-panel", "sudo apt-get install lxqt-panel"),
    "mandoc": Source("mandoc", "sudo apt-get install mandoc"),
    "notify-send": Source("notify-send", "sudo apt-get install libnotify-bin"),
    "secret-tool": Source("secret-tool", "sudo apt-get install libsecret-tools"),
    "ssh": Source("ssh", "sudo apt-get install openssh-client"),
    "sshd": Source("/usr/sbin/sshd", "sudo apt-get install openssh-server"),
    "strace": Source("strace", "sudo apt-get install strace"),
    "systemd": Source("/lib/systemd/systemd", "sudo apt-get install systemd"),
    "xclip": Source("xclip", "sudo apt-get install xclip"),
    "xdotool": Source("xdotool", "sudo apt-get install xdotool"),
    "xfce4-notifyd": Source(
        _in_libraries("xfce4/notifyd/xfce4-notifyd"), "sudo apt-get install xfce4-notifyd"
    ),
    "xfce4-panel": Source("xfce4-panel", "sudo apt-get install xfce4-panel"),
    "xfwm4": Source("xfwm4", "sudo apt-get install xfwm4"),
    "xprop": Source("xprop", "sudo apt-get install x11-utils"),
    "xsel": Source("xsel", "sudo apt-get install xsel"),
    "xvfb": Source("Xvfb", "sudo apt-get install xvfb"),
    "zsh": Source("zsh", "sudo apt-get install zsh"),
}


def find(name: Component) -> Path | None:
    """Return the executable of a component, or None where it is not installed."""
    source = SOURCES[name]
    if not source.runs:
        return Path(source.executable) if Path(source.executable).is_file() else None
    found = shutil.which(source.executable)
    return Path(found) if found else None


def require(name: Component) -> Path:
    """
    Return the executable of a component; without it skip the test, or fail it under ``CI``.

    Raises:
        pytest.skip.Exception: it is missing.
        pytest.fail.Exception: it is missing, and ``CI`` is set.
    """
    found = find(name)
    if found is not None:
        return found
    reason = f"{name} is not installed; this would bring it: {SOURCES[name].install}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
