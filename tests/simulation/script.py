"""One thing that happens in the made-up world, and to whom."""

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
        number: its place in the seed's script.
        kind: a key of :data:`ACTS`.
        at: seconds of the machine being awake since the start.
        which, much: two numbers in [0, 1): to whom, and how.
    """

    number: int
    kind: str
    at: float
    which: float
    much: float


def session_of(world: World, one: Happening) -> SsoSession:
    """Return the session it happens to."""
    known = world.catalog.sessions or (CORP,)
    return known[int(one.which * len(known))]
