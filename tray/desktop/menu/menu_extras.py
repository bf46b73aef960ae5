"""What the menu shows beside the view; no icon is needed to gather it."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from tray.values import dataclass

RECENT: Final = 10
"""Lines of the history that are shown."""


@dataclass(frozen=True, slots=True)
class MenuExtras:
    """
    What the menu shows beside the view.

    Args:
        recent: lines of the history, newest first, already in words.
        starts_at_login: the setting's state.
        adopts, warns: the settings' states.
        follow: what in the AWS config follows the active profile: ``default``, ``process`` (A3).
        recent_profiles: profiles used lately, newest first.
        guarded: patterns of guarded names.
        zone: the reader's zone.
    """

    recent: tuple[str, ...] = ()
    starts_at_login: bool = False
    adopts: bool = True
    warns: bool = True
    follow: tuple[str, ...] = ()
    recent_profiles: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    zone: tzinfo | None = None
