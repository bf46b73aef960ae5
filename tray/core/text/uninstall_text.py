"""What ``uninstall`` says: what it takes away, what stays, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from tray.core.profiles.managed_profile import Target
from tray.core.text.display_names import clean

Package = Literal["pip", "pipx", "uv", "deb", "rpm", "folder"]

ENDS: Final = "End SSO Tray; no program starts it again"
NOTHING: Final = "Nothing of SSO Tray is left in your home directory."
QUESTION: Final = "Do all this?"
NEEDS_YES: Final = "Nothing was changed. To do this without being asked, add --yes."
DONE: Final = "Done."
STILL_RUNNING: Final = "SSO Tray is still running."
HOOK: Final = 'In your shell\'s start-up file, remove the line with "sso-tray shell-init".'

_SECTIONS: Final[dict[Target, str]] = {"default": "[default]", "process": "[profile sso-tray]"}
_PACKAGES: Final[dict[Package, str]] = {
    "pip": "{python} -m pip uninstall sso-tray",
    "pipx": "pipx uninstall sso-tray",
    "uv": "uv tool uninstall sso-tray",
    "deb": "sudo apt remove sso-tray",
    "rpm": "sudo dnf remove sso-tray",
}


def returns(names: Sequence[str], *, keyring_required: bool) -> str:
    listed = ", ".join(clean(name) for name in names)
    if keyring_required:
        return f"Sign out, as no file may have the refresh token, and empty the keyring: {listed}"
    return f"Return sessions to the AWS CLI and empty the keyring: {listed}"


def takes_out(target: Target, file: str) -> str:
    return f"Take SSO Tray's keys out of {_SECTIONS[target]} in {clean(file, 200)}"


def not_at_login(place: str) -> str:
    return f"Stop starting at login: delete {clean(place, 200)}"


def not_in_menu(place: str) -> str:
    return f"Leave the desktop's menu: delete {clean(place, 200)}"


def not_searched(place: str) -> str:
    return f"Leave KRunner's search: delete {clean(place, 200)}"


def deletes(state: str) -> str:
    return f"Delete {clean(state, 200)}, with the history and the log"


def stopped(words: str) -> str:
    """A step that failed; those before it are done and may be repeated."""
    return f'This could not be done: "{words}". What comes after it was left alone; run it again.'


def settings_stay(place: str) -> str:
    return f"Your settings stay: {clean(place, 200)}"


def profiles_stop(names: Sequence[str]) -> str:
    listed = ", ".join(clean(name) for name in names)
    return f"These profiles run SSO Tray by credential_process and no longer work: {listed}"


def package(kind: Package, *, python: str, folder: str) -> str:
    """How the program itself is removed, from the way it was installed; `python` as typed."""
    if kind == "folder":
        return f"To remove the program, delete {clean(folder, 200)}"
    return f"To remove the program, run: {_PACKAGES[kind].format(python=python)}"
