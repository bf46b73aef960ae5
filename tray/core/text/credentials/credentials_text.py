"""Sentences on getting credentials: MFA codes, and a command run with many profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, listed
from tray.core.text.shell_commands import quoted


def code_needed(profile: str) -> str:
    """The one asking cannot be asked; whoami asks, and what it gets serves all programs."""
    return (
        f'The profile "{clean(profile)}" needs an MFA code. Run in a terminal: '
        f"sso-tray whoami {quoted(clean(profile, 200))}"
    )


def code_refused(profile: str) -> str:
    return (
        f'AWS refused the MFA code for the profile "{clean(profile)}". Wait for the next code of '
        "the device, and try again."
    )


def question(serial: str) -> str:
    return f"MFA code for {clean(serial, 200)}: "


NO_CODE: Final = "An MFA code is six digits."


def no_match(pattern: str) -> str:
    return f'No profile matches "{clean(pattern)}".'


def guarded_left_out(names: Sequence[str]) -> str:
    return f"Left out, because guarded: {listed([clean(name) for name in names])}. See --guarded."


def failed(codes: Mapping[str, int], count: int) -> str:
    shown = listed([f"{clean(name)} ({code})" for name, code in codes.items()])
    return f"Failed with {len(codes)} of {counted(count, 'profile')}: {shown}."
