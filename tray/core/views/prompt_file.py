"""What a shell's prompt reads of the active profile, without starting a process."""

from __future__ import annotations

from tray.core.views.view import View


def prompt_end(view: View) -> float | None:
    """Return the session's end if known and not renewed: a prompt shows no guesses."""
    for row in view.sessions:
        if view.active_profile not in row.profiles:
            continue
        if row.session_end_known in ("exact", "set"):
            return row.session_ends_at
        return None if row.renews else row.token_expires_at
    return None


def prompt_lines(profile: str | None, *, guarded: bool, ends_at: float | None) -> str:
    """Name, ``guarded`` or nothing, end in seconds; a name of several lines is not followed."""
    name = profile if profile is not None and profile.isprintable() else ""
    end = "" if ends_at is None or not name else str(int(ends_at))
    return f"{name}\n{'guarded' if guarded and name else ''}\n{end}\n"
