"""Which picture a notice carries: the tray's sign for the state it reports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from tray.core.effects import Notice, NoticeCategory
from tray.core.model import State
from tray.desktop.icon.icon_pictures import IconPictures, NotDrawn
from tray.desktop.icon.icon_state import IconState

log = logging.getLogger(__name__)

SIZE: Final = 48  # pixels, one of the icon's; 9 kB on the bus
PATIENCE: Final = 3.0  # seconds a notice waits for its picture, if it was never drawn

STATES: Final[Mapping[NoticeCategory, State]] = {
    "ending": "ending",
    "expired": "expired",
    "renewal-failing": "renewal-failing",
    "keyring": "renewal-failing",
    "config": "unreadable",
    "adopted": "signed-in",
    "removed": "signed-out",
    "dropped": "signed-out",
    "accounts": "signed-in",
}


async def picture_of(notice: Notice, pictures: IconPictures) -> bytes | None:
    """Return its pixels, RGBA; None if there are none, or not soon."""
    try:
        async with asyncio.timeout(PATIENCE):
            state = notice.state or STATES[notice.category]
            argb = (await pictures.picture(IconState(state)))[SIZE]
    except (NotDrawn, TimeoutError) as error:
        log.info("a notice goes without a picture (%s)", type(error).__name__)
        return None
    pixels = bytearray(argb)
    for to, place in enumerate((1, 2, 3, 0)):
        pixels[to::4] = argb[place::4]
    return bytes(pixels)
