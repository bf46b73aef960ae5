"""What the menu shows beside the view; gathering it needs no icon."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from tray.values import dataclass

RECENT: Final = 10  # lines of the history


@dataclass(frozen=True, slots=True)
class MenuExtras:
    recent: tuple[str, ...] = ()  # lines of the history, newest first, already in words
    starts_at_login: bool = False  # the setting's state
    adopts: bool = True  # the settings' states
    warns: bool = True  # the settings' states
    restores: bool = False  # the settings' states
    # what in the AWS config follows the active profile: ``default``, ``process`` (A3)
    follow: tuple[str, ...] = ()
    recent_profiles: tuple[str, ...] = ()  # profiles used lately, newest first
    guarded: tuple[str, ...] | None = ()  # patterns of guarded names
    locked: frozenset[str] = frozenset()  # settings an administrator has set: ``warnings.show``
    zone: tzinfo | None = None  # the reader's zone
