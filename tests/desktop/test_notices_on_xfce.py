"""Notices and their buttons on Xfce's own daemon, under a real mouse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from tests.desk import Desk, desk, until
from tests.desktop.telling import ENDING, EXPIRED, telling
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.desktop.icon.icon_pictures import IconPictures
from tray.desktop.notifications.freedesktop_notices import DBusNotices
from tray.desktop.notifications.notifier import NoticeChannel, Pressed

Box = tuple[int, int, int, int]

LIMIT = 60.0
BUTTONS_ABOVE_EDGE = 30
"""Pixels from a notice's lower edge to the middle of its buttons."""


@pytest.fixture
def screen() -> Iterator[Desk]:
    """A desktop with a notification daemon and no panel."""
    with desk(panel=False, notices=True) as on:
        yield on


def dbus(pressed: Pressed) -> Sequence[NoticeChannel]:
    """Make a chain of the daemon alone."""
    return (DBusNotices(pressed, IconPictures(os.environ), limit=LIMIT),)


async def off_loop(act: Callable[[], object]) -> None:
    """Let eyes and hands work while the loop goes on."""
    await asyncio.to_thread(act)


def box_of(empty: Image.Image, seen: Image.Image) -> Box:
    """Return where the notice is."""
    found = ImageChops.difference(empty, seen).getbbox()
    assert found is not None
    return found


def test_every_button_of_a_notice_can_be_clicked(screen: Desk) -> None:
    """The right button is the last one, the left one the first: each reports its own action."""

    async def story() -> None:
        async with telling(dbus, screen.bus.address) as tray:
            empty = await asyncio.to_thread(screen.await_rest)
            for place, action in ((0.9, "snooze"), (0.5, "sign-in")):
                assert "dbus" == await tray.shown(replace(ENDING, title="a <b> & c ends at 17:42"))
                seen = await asyncio.to_thread(screen.await_change, empty)
                screen.screenshot(f"notice-xfce-{action}")
                left, _, right, bottom = box_of(empty, seen)
                x = round(left + place * (right - left))
                await off_loop(lambda: screen.click(x, bottom - BUTTONS_ABOVE_EDGE))  # noqa: B023

                assert (action, ("corp",)) == await tray.pressed.get()
                await off_loop(lambda: until(lambda: screen.look() == empty, "it to close"))

    asyncio.run(asyncio.wait_for(story(), 120))


def test_a_notice_shows_its_state_is_replaced_and_goes(screen: Desk) -> None:
    """The picture has the state's colour; the next notice takes its place; withdrawn, none is."""

    async def story() -> None:
        async with telling(dbus, screen.bus.address) as tray:
            empty = await asyncio.to_thread(screen.await_rest)
            await tray.shown(ENDING)
            await off_loop(lambda: screen.find_colour(STATE_COLOURS["ending"]))
            await tray.shown(EXPIRED)
            await off_loop(lambda: screen.find_colour(STATE_COLOURS["expired"]))
            screen.screenshot("notice-xfce-expired")
            tray.notifier.withdraw(EXPIRED.slot)
            await tray.notifier.settled()

            await off_loop(lambda: until(lambda: screen.look() == empty, "it to close"))

    asyncio.run(asyncio.wait_for(story(), 120))
