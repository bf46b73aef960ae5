"""What a shell's prompt reads of the active profile, without starting a process."""

from __future__ import annotations

from tray.core.views.view import View


def prompt_end(view: View) -> float | None:
    """
    Return when the active profile's session ends, seconds since the epoch.

    None while it renews itself or the end is only guessed: a prompt shows no guesses.
    """
    for row in view.sessions:
        if view.active_profile not in row.profiles:
            continue
        if row.session_end_known in ("exact", "set"):
            return row.session_ends_at
        return None if row.renews else row.token_expires_at
    return None


def prompt_lines(profile: str | None, *, guarded: bool, ends_at: float | None) -> str:
    """
    Return three lines: the name, ``guarded`` or nothing, the end in whole seconds.

    A name of more than one line does not fit; such a profile is not followed.
    """
    name = profile if profile is not None and profile.isprintable() else ""
    end = "" if ends_at is None or not name else str(int(ends_at))
    return f"{name}\n{'guarded' if guarded and name else ''}\n{end}\n"
