"""
The menu on the bus: ``com.canonical.dbusmenu``, version 3, served from a menu tree.

Every submenu is there from the start: some hosts fetch the whole layout once and never call
AboutToShow for a submenu (winpodx issues 602, 603; GNOME's extension).
"""

# No "from __future__ import annotations": dbus-fast cannot read a return type of None then.

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final

from dbus_fast import DBusError, ErrorType, Variant
from dbus_fast.annotations import (
    DBusBool,
    DBusInt32,
    DBusSignature,
    DBusStr,
    DBusUInt32,
    DBusVariant,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tray.desktop.linux.fixed_property import fixed
from tray.desktop.linux.menu_tree import DEFAULTS, ROOT, MenuChange, MenuTree, Value

log = logging.getLogger(__name__)

VERSION: Final = 3  # EventGroup and AboutToShowGroup; Waybar shows no menu below 3 (Waybar 5315)

_NODE: Final = "(ia{sv}av)"

Strings = Annotated[list[str], DBusSignature("as")]
Ints = Annotated[list[int], DBusSignature("ai")]
Layout = Annotated[list[Any], DBusSignature("u(ia{sv}av)")]
GroupProperties = Annotated[list[Any], DBusSignature("a(ia{sv})")]
Events = Annotated[list[Any], DBusSignature("a(isvu)")]
TwoIntLists = Annotated[list[list[int]], DBusSignature("aiai")]
UpdatedProperties = Annotated[list[Any], DBusSignature("a(ia{sv})a(ias)")]
LayoutChange = Annotated[list[int], DBusSignature("ui")]
ActivationRequest = Annotated[list[int], DBusSignature("iu")]


class DBusMenu(ServiceInterface):
    """
    The menu for one connection.

    ``opened`` returns whether the menu changed, ``shown`` is told whether it is on the screen,
    ``clicked`` and ``opened_below`` may get a number of a gone row, ``fetched`` is called when a
    host has the layout.
    """

    version = fixed("Version", DBusUInt32, VERSION)
    text_direction = fixed("TextDirection", DBusStr, "ltr")
    status = fixed("Status", DBusStr, "normal")  # the icon, not the menu, asks for attention
    icon_theme_path = fixed("IconThemePath", Strings, [])  # rows have no pictures

    def __init__(
        self,
        tree: MenuTree,
        opened: Callable[[], bool],
        shown: Callable[[bool], None],
        clicked: Callable[[int], None],
        opened_below: Callable[[int], None],
        fetched: Callable[[], None],
    ) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._tree = tree
        self._opened = opened
        self._shown = shown
        self._fetched = fetched
        self._clicked = clicked
        self._opened_below = opened_below
        self.offered: set[int] = set()  # submenus announced to the host below
        self._offered_to: str | None = None
        self.caller: str | None = None  # whose call is being answered

    def announce(self, change: MenuChange) -> None:
        if change.layout is not None:
            # Whoever asks level by level fetches this one alone, but those below changed, too.
            self.offered.difference_update(self._tree.below(change.layout))
            self.layout_updated(change.layout)
        if change.updated or change.removed:
            self.items_properties_updated(change)

    @dbus_method(name="GetLayout")
    def get_layout(self, parent: DBusInt32, depth: DBusInt32, names: Strings) -> Layout:
        """Return the revision and the nodes below ``parent``; a negative depth means no limit."""
        self._known(parent)
        if parent == ROOT:
            asyncio.get_running_loop().call_soon(self._fetched)
        if depth == 1:
            self._offer_below(parent)
        return [self._tree.revision, self._layout(parent, depth, names)]

    def _offer_below(self, parent: int) -> None:
        """
        Announce each submenu below, once for each layout.

        Plasma asks level by level and places a submenu before it has its rows: the first opening
        would be off the screen. Announced, the rows are asked for at once; a submenu that it has
        already is never asked for again otherwise.
        """
        if self.caller != self._offered_to:  # a new panel asks before anything tells of it
            self._offered_to = self.caller
            self.offered.clear()
        nodes = self._tree.nodes
        for child in nodes[parent].children:
            if nodes[child].children and child not in self.offered:
                self.offered.add(child)
                asyncio.get_running_loop().call_soon(self.layout_updated, child)

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, ids: Ints, names: Strings) -> GroupProperties:
        """Return the properties of some nodes, of all if none is named; skip unknown ones."""
        nodes = self._tree.nodes
        return [
            [number, _variants(nodes[number].properties, names)]
            for number in ids or nodes
            if number in nodes
        ]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        self._known(number)
        value = self._tree.nodes[number].properties.get(name, DEFAULTS.get(name))
        if value is None:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no property {name}")
        return _variant(value)

    @dbus_method(name="Event")
    def event(
        self,
        number: DBusInt32,
        kind: DBusStr,
        data: DBusVariant,  # noqa: ARG002  (part of the interface)
        timestamp: DBusUInt32,  # noqa: ARG002  (part of the interface)
    ) -> None:
        """Ignore a click on a row that is gone: it was on its way when the row went."""
        self._take(number, kind)

    @dbus_method(name="EventGroup")
    def event_group(self, events: Events) -> Ints:
        for number, kind, *_ in events:
            self._take(number, kind)
        return self._unknown([number for number, *_ in events])

    @dbus_method(name="AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        """Refresh the menu; return whether the host should fetch it again."""
        self._known(number)
        self._opened_below(number)
        return number == ROOT and self._opened()

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: Ints) -> TwoIntLists:
        """Return which rows to fetch again, and which are unknown."""
        unknown = self._unknown(ids)
        return [[ROOT] if ROOT in ids and self._opened() else [], unknown]

    def _take(self, number: int, kind: str) -> None:
        log.debug("event %s on row %d", kind, number)
        if kind == "clicked":
            self._clicked(number)
        elif kind == "opened" and number == ROOT:
            self._opened()
            self._shown(True)
        elif kind == "closed" and number == ROOT:
            self._shown(False)
        elif kind == "opened":
            self._opened_below(number)

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, parent: int) -> LayoutChange:
        return [self._tree.revision, parent]

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, change: MenuChange) -> UpdatedProperties:
        return [
            [[number, _variants(values)] for number, values in change.updated.items()],
            [[number, list(names)] for number, names in change.removed.items()],
        ]

    @dbus_signal(name="ItemActivationRequested")
    def item_activation_requested(self, number: int, timestamp: int) -> ActivationRequest:
        return [number, timestamp]

    def _layout(self, number: int, depth: int, names: Collection[str]) -> list[Any]:
        node = self._tree.nodes[number]
        below = node.children if depth else ()
        children = [Variant(_NODE, self._layout(child, depth - 1, names)) for child in below]
        return [number, _variants(node.properties, names), children]

    def _known(self, number: int) -> None:
        if number not in self._tree.nodes:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no row {number}")

    def _unknown(self, ids: list[int]) -> list[int]:
        """Return the unknown rows; as in libdbusmenu, it is an error if all are."""
        unknown = [number for number in ids if number not in self._tree.nodes]
        if unknown and len(unknown) == len(ids):
            raise DBusError(ErrorType.INVALID_ARGS, "there is none of these rows")
        return unknown


def _variants(properties: Mapping[str, Value], names: Collection[str] = ()) -> dict[str, Variant]:
    return {
        name: _variant(value) for name, value in properties.items() if not names or name in names
    }


def _variant(value: Value) -> Variant:
    match value:
        case bool():
            return Variant("b", value)
        case int():
            return Variant("i", value)
        case bytes():
            return Variant("ay", value)
        case str():
            return Variant("s", value)
