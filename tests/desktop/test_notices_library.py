from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from tests.desktop.telling import ENDING, EXPIRED, telling
from tray.desktop.notifications.library_notices import LibraryNotices
from tray.desktop.notifications.notifier import NoticeChannel, Pressed


class Urgency(Enum):
    """As in desktop-notifier 6.2."""

    Critical = "critical"
    Normal = "normal"


@dataclass(frozen=True)
class LibraryButton:
    """As in desktop-notifier 6.2, as far as it is used."""

    title: str
    on_pressed: Callable[[], Any]


@dataclass
class Library:
    """
    A strict stand-in for the module ``desktop_notifier`` 6.2, with its habits.

    It swallows every failure of the system; only ``on_dispatched`` tells. Buttons are called on
    another thread, as macOS does.

    Args:
        allowed: whether the system lets us tell.
        works: whether what is sent appears.
        hangs: whether sending never ends.
    """

    allowed: bool = True
    works: bool = True
    hangs: bool = False
    asked: int = 0
    on_screen: dict[str, tuple[str, str, Urgency, tuple[LibraryButton, ...]]] = field(
        default_factory=dict
    )
    _number: int = 0

    def module(self) -> Any:
        """Return what an import would."""
        return SimpleNamespace(Urgency=Urgency, Button=LibraryButton, DesktopNotifier=self._made)

    def _made(self, *, app_name: str, app_icon: None) -> Library:
        assert ("SSO Tray", None) == (app_name, app_icon)
        return self

    async def has_authorisation(self) -> bool:
        """Whether the system lets us tell."""
        return self.allowed

    async def request_authorisation(self) -> bool:
        """Ask."""
        self.asked += 1
        return self.allowed

    async def send(
        self,
        title: str,
        message: str,
        urgency: Urgency,
        buttons: Sequence[LibraryButton],
        on_dispatched: Callable[[], Any],
    ) -> str:
        """Show, if the system works."""
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        self._number += 1
        identifier = f"id-{self._number}"
        if self.works:
            self.on_screen[identifier] = (title, message, urgency, tuple(buttons))
            on_dispatched()
        return identifier

    async def clear(self, identifier: str) -> None:
        """Take away; a notice that is gone is a KeyError, as on D-Bus (measured)."""
        del self.on_screen[identifier]

    def click(self, label: str) -> None:
        """Click a button, as the system does: from elsewhere."""
        ((identifier, (_, _, _, buttons)),) = self.on_screen.items()
        (pressed,) = [button.on_pressed for button in buttons if button.title == label]
        thread = threading.Thread(target=pressed)
        thread.start()
        thread.join()
        del self.on_screen[identifier]


def tell(library: Library, story: Callable[..., Coroutine[Any, Any, None]]) -> None:
    """Run a story with a notifier of this rung alone."""

    async def whole() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            limit = 0.2 if library.hangs else 60.0
            return (LibraryNotices(pressed, library=library.module(), limit=limit),)

        async with telling(channels) as tray:
            await story(tray)

    asyncio.run(asyncio.wait_for(whole(), 60))


def test_a_notice_appears_with_its_words_and_urgency() -> None:
    """Title, text, urgency and buttons reach the system; leave to tell is asked for once."""
    library = Library()

    async def story(tray: Any) -> None:
        assert "desktop-notifier" == await tray.shown(ENDING)
        assert "desktop-notifier" == await tray.shown(replace(EXPIRED, slot="session:other"))

        first, second = library.on_screen.values()
        assert (ENDING.title, ENDING.text, Urgency.Normal) == first[:3]
        assert Urgency.Critical == second[2]
        assert ["Sign in", "Remind me later"] == [button.title for button in first[3]]
        assert 1 == library.asked

    tell(library, story)


def test_a_slot_shows_one_notice_at_a_time() -> None:
    """The library cannot replace, so the old one is taken away first."""
    library = Library()

    async def story(tray: Any) -> None:
        await tray.shown(ENDING)
        await tray.shown(EXPIRED)
        assert ["id-2"] == list(library.on_screen)

        tray.notifier.withdraw(EXPIRED.slot)
        await tray.notifier.settled()
        assert {} == library.on_screen

    tell(library, story)


def test_a_click_on_another_thread_reports_on_the_loop() -> None:
    """Whatever thread the system calls from, the program hears of it on its own."""
    library = Library()

    async def story(tray: Any) -> None:
        await tray.shown(ENDING)
        library.click("Remind me later")

        assert ("snooze", ("corp",)) == await tray.pressed.get()

    tell(library, story)


def test_a_notice_the_person_has_closed_stands_in_nobody_s_way() -> None:
    """After a click the slot's next notice is told, and withdrawn, as if none had been."""
    library = Library()

    async def story(tray: Any) -> None:
        await tray.shown(ENDING)
        library.click("Sign in")
        assert "desktop-notifier" == await tray.shown(EXPIRED)
        library.click("Sign in")
        tray.notifier.withdraw(EXPIRED.slot)
        await tray.notifier.settled()
        assert "desktop-notifier" == await tray.shown(ENDING)

    tell(library, story)


@pytest.mark.parametrize(
    "library", [Library(allowed=False), Library(works=False), Library(hangs=True)]
)
def test_where_the_system_shows_nothing_the_badge_tells(library: Library) -> None:
    """Forbidden, swallowed or hanging: none of it passes as told."""

    async def story(tray: Any) -> None:
        assert "badge" == await tray.shown(ENDING)

    tell(library, story)


def test_without_the_library_the_badge_tells() -> None:
    """A missing module costs the notice."""

    async def story() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            return (LibraryNotices(pressed, library=SimpleNamespace(), limit=60.0),)

        async with telling(channels) as tray:
            assert "badge" == await tray.shown(ENDING)

    asyncio.run(asyncio.wait_for(story(), 60))
