"""
What the icon of a view shows: its state, a ring for time left, signs for what waits.

The ring is a clock's last hour: full at sixty minutes or more, a quarter at fifteen. It is shown
only where the end is known; a session that renews itself has a full-size sign and no ring.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from tray.core.accounts.account_marks import COLOURS
from tray.core.model import State
from tray.core.views.view import SessionRow, View
from tray.values import dataclass

Theme = Literal["any", "light", "dark", "template"]
"""
"any" is for Linux, whose panels do not say how bright they are; "template" is for macOS to tint.
"""

Picture: TypeAlias = Mapping[int, bytes]
"""Square pictures by their side in pixels: ARGB32 in network order."""

RING_SECONDS: Final = 3600.0
RING_STEPS: Final = 12  # one step every five minutes: few redraws

# Pixels; most panels ask for 22 and 24, or for twice that.
SIZES: Final = (16, 22, 24, 32, 44, 48, 64)

_SPEAKS_FOR_ITSELF: Final[frozenset[State]] = frozenset({"ending", "expired", "unreadable"})


@dataclass(frozen=True, slots=True)
class IconState:
    """Everything the pixels depend on; equal states give the same picture."""

    state: State  # the state of the active profile's session, else the most urgent of all
    # time left, 0 to 1 of the last hour in :data:`RING_STEPS` steps; None: no known end
    ring: float | None = None
    badge: bool = False  # whether something beyond the sign itself waits for a person
    guarded: bool = False  # whether the active profile is guarded (A7)
    rim: bool = False  # whether a light rim sets it off: waybar paints the panel red behind it
    colour: str = ""  # of the active profile's account, of `account_marks.COLOURS`


def words_of(look: IconState, theme: Theme) -> tuple[str, ...]:
    """Return an icon as words for a command line, which make a file's name, too."""
    ring = "none" if look.ring is None else str(round(look.ring * RING_STEPS))
    flags = "".join(str(int(flag)) for flag in (look.badge, look.guarded, look.rim))
    return look.state, ring, flags, look.colour or "plain", theme


def from_words(words: Sequence[str]) -> tuple[IconState, Theme]:
    """Raises ValueError for anything else than `words_of` gives."""
    state, ring, flags, colour, theme = words
    known = colour in (*COLOURS, "plain")
    if state not in get_args(State) or theme not in get_args(Theme) or not known:
        raise ValueError("no such icon")
    badge, guarded, rim = (bool(int(flag)) for flag in flags)
    left = None if ring == "none" else int(ring) / RING_STEPS
    mark = "" if colour == "plain" else colour
    return IconState(state, left, badge, guarded, rim, mark), theme  # type: ignore[arg-type, return-value]  # checked above


def icon_state_of(view: View, now: float) -> IconState:
    row = shown_row(view)
    state: State = row.state if row is not None else view.worst
    end = known_end(row) if row is not None else None
    own = 1 if state in _SPEAKS_FOR_ITSELF else 0
    return IconState(
        state=state,
        ring=None if end is None else _steps(end - now) / RING_STEPS,
        badge=view.attention > own or view.keyring_locked or bool(view.problems),
        guarded=view.guarded,
        rim=view.attention > 0,
        colour=view.mark.colour,
    )


def redraw_at(view: View, now: float) -> float | None:
    """Return when the ring of an unchanged view next moves, seconds since the epoch, or None."""
    row = shown_row(view)
    end = known_end(row) if row is not None else None
    steps = _steps(end - now) if end is not None else 0
    if end is None or steps == 0:
        return None
    return end - (steps - 1) * RING_SECONDS / RING_STEPS


def _steps(left: float) -> int:
    return min(RING_STEPS, max(0, math.ceil(left * RING_STEPS / RING_SECONDS)))


def shown_row(view: View) -> SessionRow | None:
    """Return the active profile's session, else the most urgent one."""
    active = next((one for one in view.profiles if one.name == view.active_profile), None)
    of_active = (row for row in view.sessions if active and row.key == active.session)
    worst = [row for row in view.sessions if row.state == view.worst]
    worst.sort(key=lambda row: not row.in_use)
    return next(of_active, None) or next(iter(worst), None)


def known_end(row: SessionRow) -> float | None:
    """Return when a session stops being usable, if that is a fact (G1)."""
    if row.state not in ("signed-in", "ending", "renewal-failing"):
        return None
    ends: list[float] = []
    if row.session_ends_at is not None and row.session_end_known in ("exact", "set"):
        ends.append(row.session_ends_at)
    if row.token_expires_at is not None and (not row.renews or row.state == "renewal-failing"):
        ends.append(row.token_expires_at)
    return min(ends, default=None)
