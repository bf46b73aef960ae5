"""Which picture a notice carries: the tray's sign for the state it reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PIL import Image

from tray.core.effects import NoticeCategory
from tray.core.model import State
from tray.desktop.icon.icon_drawing import IconState, draw

SIZE: Final = 48  # pixels; 9 kB on the bus

_STATES: Final[Mapping[NoticeCategory, State]] = {
    "ending": "ending",
    "expired": "expired",
    "renewal-failing": "renewal-failing",
    "keyring": "renewal-failing",
    "config": "unreadable",
    "adopted": "signed-in",
    "removed": "signed-out",
    "dropped": "signed-out",
}


def picture(category: NoticeCategory) -> Image.Image:
    return draw(IconState(_STATES[category]), SIZE)
