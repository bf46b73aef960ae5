"""What the notification services of desktops do with a notice's buttons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

Buttons = Literal["drawn", "click", "middle-click", "none"]
"""How a notice's first action is reached: by its button, by a click on the notice, or not."""

_BY_CLICK: Final[Mapping[str, Buttons]] = {"mako": "click", "dunst": "middle-click"}
"""These say that they have "actions", but draw no buttons (mako 1.7, dunst 1.9)."""


def buttons_of(server: str, capabilities: Collection[str]) -> Buttons:
    """``server`` is the name in GetServerInformation, ``capabilities`` those it lists."""
    if "actions" not in capabilities:
        return "none"
    return _BY_CLICK.get(server.casefold(), "drawn")
