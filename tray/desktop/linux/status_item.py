"""
The icon on the bus: ``org.kde.StatusNotifierItem``, as freedesktop.org's StatusNotifierItem says.

Whether ``Activate`` is there at all matters: GNOME's extension waits for a double click before it
opens the menu of an item that has it, so an item with nothing but a menu leaves it out, and hosts
that call it all the same get UnknownMethod and open the menu.
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

from tray.core.text.display_names import without_markup

MENU_PATH: Final = "/StatusNotifierItem/Menu"

Status = Literal["Passive", "Active", "NeedsAttention"]

Picture = Image.Image | Mapping[int, Image.Image] | Callable[[int], Image.Image]
"""An image for all sizes, an image for each size, or what draws a size in pixels."""

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]

_READ: Final = PropertyAccess.READ


class ItemState:
    """
    What the item says of itself; shared by all connections it is shown on.

    Args:
        name: ``Id``, the same at each start.
        title: the heading of the tooltip, and what screen readers say.
        detail: the text below the heading; plain, escaped here.
        status: ``NeedsAttention`` makes hosts show the icon even where they would hide it.
        pixmaps: width, height and ARGB32 bytes in network order, for each size.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = name
        self.detail = ""
        self.status: Status = "Passive"
        self.pixmaps: list[list[Any]] = []


class StatusItem(ServiceInterface):
    """An item that has only a menu: any click opens it."""

    only_menu = True

    def __init__(self, face: ItemState) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self.face = face

    # --- Properties ----------------------------------------------------------------------------

    @dbus_property(_READ, name="Category")
    def category(self) -> DBusStr:
        """What kind of item it is."""
        return "ApplicationStatus"

    @dbus_property(_READ, name="Id")
    def id(self) -> DBusStr:
        """The name by which hosts remember where it stands, or that it is hidden."""
        return self.face.name

    @dbus_property(_READ, name="Title")
    def title(self) -> DBusStr:
        """The name shown where hosts list their items."""
        return self.face.title

    @dbus_property(_READ, name="Status")
    def status(self) -> DBusStr:
        """How much it wants to be seen."""
        return self.face.status

    @dbus_property(_READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """None: there is no window."""
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
        """The icon in the sizes panels ask for, so that none has to scale."""
        return self.face.pixmaps

    @dbus_property(_READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """None: the icon carries its own badge."""
        return ""

    @dbus_property(_READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """None, likewise."""
        return []

    @dbus_property(_READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """None, so that pixels are taken."""
        return ""

    @dbus_property(_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The same icon: it says by itself what is wrong."""
        return self.face.pixmaps

    @dbus_property(_READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        """None: nothing blinks."""
        return ""

    @dbus_property(_READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        """The heading, and below it the text, which hosts read as markup."""
        return ["", [], self.face.title, without_markup(self.face.detail)]

    @dbus_property(_READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Whether a left click should open the menu."""
        return self.only_menu

    @dbus_property(_READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Where the menu is."""
        return MENU_PATH

    # --- Methods -------------------------------------------------------------------------------

    @dbus_method(name="ContextMenu")
    def conmenu_text(self, x: DBusInt32, y: DBusInt32) -> None:
        """Do nothing: only hosts that draw no menus ask, and there is no window to draw one on."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Do nothing: a wheel must not switch accounts."""

    # --- Signals -------------------------------------------------------------------------------

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None:
        """Say that the title changed."""

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
        """Say that the status changed, and to what."""
        return self.face.status


class ClickableStatusItem(StatusItem):
    """An item with something to do on a left click."""

    only_menu = False

    def __init__(self, face: ItemState, activated: Callable[[], None]) -> None:
        super().__init__(face)
        self._activated = activated

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        """Do the default row."""
        self._activated()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002  (the interface's)
        """Do the same on a middle click."""
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
