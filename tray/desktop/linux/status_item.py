"""
The icon on the bus: ``org.kde.StatusNotifierItem`` (freedesktop.org, StatusNotifierItem).

An item that has only a menu must not have ``Activate``: with it GNOME's extension waits for a
double click before it opens the menu. Hosts that call it get UnknownMethod and open the menu.
"""

# No "from __future__ import annotations": dbus-fast cannot read a return type of None then.

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from dbus_fast import PropertyAccess
from dbus_fast.annotations import (
    DBusBool,
    DBusInt32,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from PIL import Image

MENU_PATH: Final = "/StatusNotifierItem/Menu"

Status = Literal["Passive", "Active", "NeedsAttention"]

Picture = Image.Image | Mapping[int, Image.Image] | Callable[[int], Image.Image]
"""An image for all sizes, an image for each size, or what draws a size in pixels."""

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]

_READ: Final = PropertyAccess.READ


class ItemState:
    """The item's properties; shared by all connections it is shown on."""

    def __init__(self, name: str) -> None:
        self.name = name  # ``Id``, the same at each start
        self.title = name  # the tooltip's heading, and what screen readers say
        self.detail = ""  # the text below the heading; plain, escaped here
        self.status: Status = "Passive"  # hosts show ``NeedsAttention`` even where they hide icons
        self.pixmaps: list[list[Any]] = []  # width, height, ARGB32 in network order, by size


class StatusItem(ServiceInterface):
    """An item that has only a menu: any click opens it."""

    only_menu = True

    def __init__(self, state: ItemState) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self.state = state

    @dbus_property(_READ, name="Category")
    def category(self) -> DBusStr:
        """What kind of item it is."""
        return "ApplicationStatus"

    @dbus_property(_READ, name="Id")
    def id(self) -> DBusStr:
        """The name by which hosts remember its place, or that it is hidden."""
        return self.state.name

    @dbus_property(_READ, name="Title")
    def title(self) -> DBusStr:
        """The name shown where hosts list their items."""
        return self.state.title

    @dbus_property(_READ, name="Status")
    def status(self) -> DBusStr:
        """How visible it should be."""
        return self.state.status

    @dbus_property(_READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """0: there is no window."""
        return 0

    @dbus_property(_READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """None, so that pixels are taken."""
        return ""

    @dbus_property(_READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        """None."""
        return ""

    @dbus_property(_READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """The icon in the sizes panels ask for, so that none is scaled."""
        return self.state.pixmaps

    @dbus_property(_READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """None: the icon carries its own badge."""
        return ""

    @dbus_property(_READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """None: the icon carries its own badge."""
        return []

    @dbus_property(_READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """None, so that pixels are taken."""
        return ""

    @dbus_property(_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The same icon: it shows by itself what is wrong."""
        return self.state.pixmaps

    @dbus_property(_READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        """None: nothing blinks."""
        return ""

    @dbus_property(_READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        """The heading and the text, which hosts read as markup."""
        return ["", [], self.state.title, _escaped(self.state.detail)]

    @dbus_property(_READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Whether a left click should open the menu."""
        return self.only_menu

    @dbus_property(_READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Where the menu is."""
        return MENU_PATH

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Do nothing: only hosts without menus call it, and there is no window for one."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Do nothing: a wheel must not switch accounts."""

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None:
        """Signal a new title."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Signal a new icon."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """Signal a new icon for attention."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None:
        """Signal a new tooltip."""

    @dbus_signal(name="NewStatus")
    def new_status(self) -> DBusStr:
        """Signal the new status."""
        return self.state.status


class ClickableStatusItem(StatusItem):
    """An item with an action for a left click."""

    only_menu = False

    def __init__(self, state: ItemState, activated: Callable[[], None]) -> None:
        super().__init__(state)
        self._activated = activated

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        """Activate the default row."""
        self._activated()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        """The same on a middle click."""
        self._activated()


def pixmaps(picture: Picture, sizes: tuple[int, ...]) -> list[list[Any]]:
    """Return a picture as ``a(iiay)``: for each size its sides and ARGB32 in network order."""
    if isinstance(picture, Mapping):
        images = [*picture.values()]
    else:
        images = [_image(picture, size) for size in sizes]
    return [[image.width, image.height, _argb(image)] for image in images]


def _image(picture: Image.Image | Callable[[int], Image.Image], size: int) -> Image.Image:
    if isinstance(picture, Image.Image):
        return picture.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)
    return picture(size)


def _argb(image: Image.Image) -> bytes:
    red, green, blue, alpha = image.convert("RGBA").split()
    return Image.merge("RGBA", (alpha, red, green, blue)).tobytes()


def _escaped(text: str) -> str:
    """Escape markup; importing ``html`` would cost half a MB (measured)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
