"""
The icon on the bus: ``org.kde.StatusNotifierItem``, by freedesktop.org's specification.

For an item with ``Activate`` GNOME's extension waits for a double click before it opens the menu,
so one with nothing but a menu leaves it out; hosts that call it anyway open the menu.
"""

# No "from __future__ import annotations": dbus-fast cannot read a return type of None then.

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from dbus_fast import DBusError, ErrorType, PropertyAccess
from dbus_fast.annotations import (
    DBusBool,
    DBusInt32,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from tray.core.text.display_names import without_markup
from tray.desktop.icon.icon_state import Picture
from tray.desktop.linux.fixed_property import fixed
from tray.system.dbus.desktop_services import ITEM_PATH

MENU_PATH: Final = f"{ITEM_PATH}/Menu"

Status = Literal["Passive", "Active", "NeedsAttention"]

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]

_READ: Final = PropertyAccess.READ


class ItemState:
    """What the item shows, on all connections; ``name`` is ``Id``, the rest plain text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heading = ""
        self.detail = ""
        self.status: Status = "Passive"
        self.pixmaps: list[list[Any]] = []


class StatusItem(ServiceInterface):
    """For hosts that open the menu on any click."""

    category = fixed("Category", DBusStr, "ApplicationStatus")
    title = fixed("Title", DBusStr, "SSO Tray")  # Plasma sorts by it: an icon must not jump
    item_is_menu = fixed("ItemIsMenu", DBusBool, True)
    window_id = fixed("WindowId", DBusInt32, 0)
    icon_name = fixed("IconName", DBusStr, "")  # hosts take the pixels
    icon_theme_path = fixed("IconThemePath", DBusStr, "")
    overlay_icon_name = fixed("OverlayIconName", DBusStr, "")  # the icon has its own badge
    overlay_icon_pixmap = fixed("OverlayIconPixmap", Pixmaps, [])
    attention_icon_name = fixed("AttentionIconName", DBusStr, "")  # hosts take the pixels
    attention_movie_name = fixed("AttentionMovieName", DBusStr, "")  # nothing blinks
    menu = fixed("Menu", DBusObjectPath, MENU_PATH)

    def __init__(self, face: ItemState) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self.face = face

    @dbus_property(_READ, name="Id")
    def id(self) -> DBusStr:
        return self.face.name

    @dbus_property(_READ, name="Status")
    def status(self) -> DBusStr:
        return self.face.status

    @dbus_property(_READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        return self.face.pixmaps

    @dbus_property(_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The same icon: it already shows what is wrong."""
        return self.face.pixmaps

    @dbus_property(_READ, name="IconAccessibleDesc")
    def icon_accessible_desc(self) -> DBusStr:
        """For screen readers; GNOME's extension logs an error at each new icon without it."""
        return self.face.heading

    @dbus_property(_READ, name="AttentionAccessibleDesc")
    def attention_accessible_desc(self) -> DBusStr:
        return self.face.heading

    @dbus_property(_READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        """Hosts read the text as markup."""
        return ["", [], self.face.heading, without_markup(self.face.detail)]

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Do nothing: only hosts that draw no menus call it, and we have no window for one."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Do nothing: a wheel must not switch accounts."""

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None:
        """Part of the interface; ours never changes."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Say that the icon changed."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """Say that the icon for attention changed."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None:
        """Say that the tooltip changed."""

    @dbus_signal(name="NewStatus")
    def new_status(self) -> DBusStr:
        return self.face.status


class ActivatedStatusItem(StatusItem):
    """For hosts that may send a left click to the item instead of opening the menu."""

    def __init__(self, face: ItemState, activated: Callable[[], None]) -> None:
        super().__init__(face)
        self._activated = activated

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        """Fail: Plasma opens the menu then. MATE and LXQt do nothing, which is answered later."""
        self._activated()
        raise DBusError(ErrorType.UNKNOWN_METHOD, "a click opens the menu")

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        self._activated()


def pixmaps(picture: Picture) -> list[list[Any]]:
    """Return a picture as ``a(iiay)``."""
    return [[size, size, data] for size, data in picture.items()]
