"""One thing that happens in the made-up world, and to which session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.core.story import CORP
from tray.core.model import SsoSession

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Happening:
    """
    One thing that happens.

    Args:
        kind: a key of `tests.simulation.happenings.ACTS`.
        at: seconds of the machine being awake since the start.
        key: the session it happens to.
        much: how, in [0, 1).
        step: after so many steps of the session's next transaction; None = at once.
        number: its place in the script.
    """

    kind: str
    at: float = 0.0
    key: str = CORP.key
    much: float = 0.5
    step: int | None = None
    number: int = 0


def session_of(world: World, one: Happening) -> SsoSession:
    """Return the session it happens to; the first, where the config does not have it now."""
    known = {session.key: session for session in world.catalog.sessions}
    return known.get(one.key, next(iter(known.values()), CORP))
