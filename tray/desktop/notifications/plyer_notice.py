"""
A process that shows one notice with plyer and ends: ``python -m`` this module.

Standard input is ``{"title": "..", "text": ".."}``; it prints ``told`` once the notice is on its
way. Other output or a non-zero exit means that it was not shown.
"""

from __future__ import annotations

import html
import json
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tray.system import LINUX

APP_NAME: Final = "SSO Tray"
SECONDS: Final = 10  # a balloon on Windows, for which plyer sleeps in this process

_LIMIT: Final = 64 * 1024
_ODD = str.maketrans(
    {"\\": "\N{REVERSE SOLIDUS OPERATOR}", "'": "\N{RIGHT SINGLE QUOTATION MARK}"}
)


def main() -> int:
    notice: Mapping[str, Any] = json.loads(sys.stdin.buffer.read(_LIMIT))
    title, text = str(notice["title"]), str(notice["text"])
    if LINUX:
        title, text = for_notify_send(title, text)
        _insist_on_success()
    warnings.simplefilter("ignore")  # plyer warns where it has no dbus-python
    from plyer import notification

    notification.notify(title=title, message=text, app_name=APP_NAME, timeout=SECONDS)
    sys.stdout.buffer.write(b"told\n")  # a text would end in CR LF on Windows
    sys.stdout.buffer.flush()
    return 0


def for_notify_send(title: str, text: str) -> tuple[str, str]:
    """
    Return title and text as notify-send shows them unharmed (libnotify 0.8.1, measured).

    It takes a first ``-`` for an option, passes markup on and interprets escapes; in a Flatpak
    plyer 2.1.0 puts both between apostrophes instead.
    """
    title, text = title.translate(_ODD), html.escape(text.translate(_ODD), quote=False)
    return _no_option(title), _no_option(text)


def _no_option(words: str) -> str:
    return f" {words}" if words.startswith("-") else words


def _insist_on_success() -> None:
    """Plyer 2.1.0 drops notify-send's exit status; an absent daemon must not count as success."""

    def call(command: Sequence[str]) -> int:
        return subprocess.run(command, check=True).returncode

    subprocess.call = call  # type: ignore[assignment]  # of its arguments plyer uses one


if __name__ == "__main__":
    sys.exit(main())
