"""The windows of the icon and of the session's end; run by the Windows Python alone."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any

from PIL import Image
from pystray import Menu, MenuItem
from pystray._util import win32

from tests.packages.told import until
from tray.desktop.native.windows_tray import WindowsIcon
from tray.system.end_signals import ShutdownSignals

PATIENCE = 60.0
QUERY_END_SESSION, END_SESSION = 0x11, 0x16
MENU_CLASS = "#32768"
MOUSE_MOVE, KEY_DOWN, ESCAPE = 0x200, 0x100, 0x1B
MOVED = win32.WM_USER + 30
"""A message of the test's own, behind all that it has sent before."""

_windows: Any = ctypes
FIRST, SECOND = (Image.new("RGB", (16, 16), colour) for colour in ("red", "green"))


class Watched(WindowsIcon):
    """An icon that says which pictures it was given while it was seen."""

    def __init__(self, menu: Menu | None = None) -> None:
        super().__init__("sso-tray-test", FIRST, "title", menu)
        self.seen: list[Image.Image] = []
        self.settled = threading.Event()

    def _show(self) -> None:
        super()._show()
        # As a renewal that ends at this very moment.
        self.on_main(lambda: setattr(self, "icon", SECOND))
        self.on_main(self.settled.set)
        self.settled.wait(0.5)  # where another thread than this one shows it, it is told now

    def _update_icon(self) -> None:
        if self.visible:
            self.seen.append(self.icon)
        super()._update_icon()


def while_shown(icon: Watched, asked: Any) -> Any:
    """Run an icon here, and return what a second thread gets from a question once it is shown."""
    answers: list[Any] = []

    def asks() -> None:
        icon.settled.wait(PATIENCE)
        answers.append(asked())
        icon.end()

    thread = threading.Thread(target=asks)
    thread.start()
    icon.run_here()
    thread.join(PATIENCE)
    return answers[0]


def test_a_picture_set_while_the_icon_appears_is_shown() -> None:
    """What is wanted last is what is seen, however the start and a change meet."""
    icon = Watched()
    while_shown(icon, lambda: None)

    assert [SECOND] == icon.seen[-1:]


def test_the_icon_s_window_lets_the_session_end() -> None:
    """To the question whether the session may end it says yes."""
    icon = Watched()
    send = _windows.windll.user32.SendMessageW

    assert 1 == while_shown(icon, lambda: send(icon._hwnd, QUERY_END_SESSION, 0, 0))


def test_it_ends_while_its_menu_is_open() -> None:
    """Who quits by a command with the menu open is not left with a menu that answers nobody."""
    icon = Watched(Menu(MenuItem("Quit", lambda: None)))

    def opened() -> bool:
        win32.PostMessage(icon._hwnd, win32.WM_NOTIFY, 0, win32.WM_RBUTTONUP)
        return bool(until(lambda: own_window(None, MENU_CLASS), "the menu"))

    assert while_shown(icon, opened)


def test_an_open_menu_is_not_replaced() -> None:
    """What a change asks for waits for the menu's end, though the mouse moves over the icon."""
    first, second = (Menu(MenuItem(text, lambda: None)) for text in ("first", "second"))
    icon = Watched(first)

    def moves() -> tuple[bool, bool]:
        win32.PostMessage(icon._hwnd, win32.WM_NOTIFY, 0, win32.WM_RBUTTONUP)
        menu = until(lambda: own_window(None, MENU_CLASS), "the menu")
        moved = threading.Event()
        icon._message_handlers[MOVED] = lambda _wparam, _lparam: moved.set()
        win32.PostMessage(icon._hwnd, win32.WM_NOTIFY, 0, MOUSE_MOVE)
        icon.on_main(lambda: setattr(icon, "menu", second))
        win32.PostMessage(icon._hwnd, MOVED, 0, 0)
        moved.wait(PATIENCE)
        while_open = icon.menu is first
        _windows.windll.user32.PostMessageW(menu, KEY_DOWN, ESCAPE, 0)
        return while_open, bool(until(lambda: icon.menu is second, "the second menu"))

    assert (True, True) == while_shown(icon, moves)


def own_window(title: str | None, kind: str | None = None) -> Any:
    """Return this process's window of a title or class, None while there is none."""
    user = _windows.windll.user32
    user.FindWindowExW.restype = ctypes.c_void_p
    found, process = ctypes.c_void_p(), ctypes.c_uint32()
    while True:
        found = ctypes.c_void_p(user.FindWindowExW(None, found, kind, title))
        if not found.value:
            return None
        user.GetWindowThreadProcessId(found, ctypes.byref(process))
        if process.value == os.getpid():
            return found


def test_the_end_of_the_session_is_heard() -> None:
    """A daemon without an icon, too, is told to end when its user logs off."""
    user = _windows.windll.user32
    ended = threading.Event()
    ends = ShutdownSignals()
    ends._pass_on = ended.set
    threading.Thread(target=ends._watch_session, daemon=True).start()
    window = until(lambda: own_window("SSO Tray session end"), "the window")
    may_end = user.SendMessageW(window, QUERY_END_SESSION, 0, 0)
    too_soon = ended.is_set()
    user.PostMessageW(window, END_SESSION, 1, 0)

    assert (1, False) == (may_end, too_soon)
    assert ended.wait(PATIENCE)
