"""
The menu as dbusmenu's numbered nodes: which number a row has, and what a new menu changes.

A row's key under its parent keeps its number for the life of the process. No other row ever gets
it, so a click in a menu that a host shows late cannot hit something else (M3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from tray.desktop.menu.colour_dot import colour_dot
from tray.desktop.menu.menu_rows import SEPARATOR, Menu, MenuItem, colour_of, key_of

Value = str | bool | int | bytes
Extent = Literal["all", "removals", "texts"]

_FIRST: Final = re.compile("_(?=[^_])")  # what GNOME's extension drops from a label, once

ROOT: Final = 0

DEFAULTS: Final[Mapping[str, Value]] = {
    "type": "standard",
    "label": "",
    "enabled": True,
    "visible": True,
    "icon-name": "",
    "icon-data": b"",
    "toggle-type": "",
    "toggle-state": -1,
    "children-display": "",
}
"""Defaults of properties that a node does not set (dbusmenu 3, "Properties")."""


@dataclass(frozen=True, slots=True)
class Node:
    parent: int  # the parent's number
    traits: Mapping[str, Value]  # properties besides the label; many rows share one
    children: tuple[int, ...] = ()  # numbers, top to bottom
    # what a click calls; None for the root, separators, submenus and anything disabled or below it
    row: MenuItem | None = None
    label: str | None = None

    @property
    def properties(self) -> Mapping[str, Value]:
        """Those that differ from :data:`DEFAULTS`."""
        return self.traits if self.label is None else {"label": self.label, **self.traits}


@dataclass(frozen=True, slots=True)
class MenuChange:
    layout: int | None = None  # the number below which rows came, went or moved; None if none did
    # new values, by number
    updated: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)
    # properties back at their default, by number
    removed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.layout is not None or bool(self.updated) or bool(self.removed)


class MenuTree:
    def __init__(self) -> None:
        self.revision = 1
        self.gnome = False  # whether the host is GNOME's extension
        self.nodes: dict[int, Node] = {ROOT: Node(ROOT, {"children-display": "submenu"})}
        self._numbers: dict[tuple[int, str | None, int], int] = {}

    def show(self, menu: Menu | None, extent: Extent = "all") -> MenuChange:
        """
        Take over a menu with its present texts and ticks; return what changed.

        With ``texts`` every row stays where it is, and those that are gone can no longer be
        clicked. With ``removals`` no row comes: rows leave that are gone or stand elsewhere now.
        """
        before = self.nodes
        self.nodes = {}
        children = self._add(menu or (), ROOT, enabled=True)
        self.nodes[ROOT] = Node(ROOT, {"children-display": "submenu"}, children)
        change = _difference(before, self.nodes)
        if extent == "removals" and change.layout is not None:
            after, self.nodes = self.nodes, {}
            self._keep(ROOT, before, after)
            change = _difference(before, self.nodes)
        elif extent == "texts" and change.layout is not None:
            after = self.nodes
            self.nodes = {
                number: _stayed(node, after.get(number)) for number, node in before.items()
            }
            change = _difference(before, self.nodes)
        if change.layout is not None:
            self.revision += 1
        return change

    def key_of(self, number: int) -> str | None:
        """Return the key of a row that is there."""
        if number not in self.nodes:
            return None
        return next((key for (_, key, _), one in self._numbers.items() if one == number), None)

    def below(self, number: int) -> set[int]:
        """Return the numbers of all rows below one, those below these included."""
        found: set[int] = set()
        deeper = [number]
        while deeper:
            node = self.nodes.get(deeper.pop())
            children = () if node is None else node.children
            found.update(children)
            deeper += children
        return found

    def _add(self, rows: Iterable[MenuItem], parent: int, *, enabled: bool) -> tuple[int, ...]:
        seen: dict[str | None, int] = {}
        added: list[int] = []
        for row in rows:
            key = None if row is SEPARATOR else key_of(row)
            seen[key] = seen.get(key, 0) + 1
            number = self._number(parent, key, seen[key])
            added.append(number)
            if self.gnome and parent != ROOT and row is not SEPARATOR and row.submenu is not None:
                # In a menu as high as the screen GNOME gives a submenu's submenu no height.
                added += self._add(row.submenu, number, enabled=enabled)
                row = MenuItem(row.text, None, enabled=False)  # noqa: PLW2901
            self._add_row(row, number, parent, enabled=enabled)
        return tuple(added)

    def _add_row(self, row: MenuItem, number: int, parent: int, *, enabled: bool) -> None:
        if row is SEPARATOR:
            self.nodes[number] = Node(parent, {"type": "separator"})
            return
        enabled = enabled and bool(row.enabled)
        children: tuple[int, ...] = ()
        if row.submenu is not None:
            children = self._add(row.submenu, number, enabled=enabled)
        clickable = enabled and row.submenu is None
        label = str(row.text)
        # A single underscore marks a mnemonic; two are one underscore.
        label = _FIRST.sub("__", label, count=1) if self.gnome else label.replace("_", "__")
        below = row.submenu is not None
        ticked = (row.checked, bool(row.radio))
        traits = _traits(bool(row.enabled), *ticked, below, colour_of(row))
        clicked = row if clickable else None
        self.nodes[number] = Node(parent, traits, children, clicked, label)

    def _keep(self, number: int, before: Mapping[int, Node], after: Mapping[int, Node]) -> None:
        places = {child: place for place, child in enumerate(before[number].children)}
        last, kept = -1, []
        for child in after[number].children:
            if places.get(child, -1) > last and _is_same_kind(before[child], after[child]):
                last = places[child]
                kept.append(child)
        self.nodes[number] = replace(after[number], children=tuple(kept))
        for child in kept:
            self._keep(child, before, after)

    def _number(self, parent: int, key: str | None, nth: int) -> int:
        return self._numbers.setdefault((parent, key, nth), len(self._numbers) + 1)


@lru_cache(maxsize=64)
def _traits(
    enabled: bool, checked: bool | None, radio: bool, submenu: bool, colour: str
) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    if not enabled:
        found["enabled"] = False
    if checked is not None:
        found["toggle-type"] = "radio" if radio else "checkmark"
        found["toggle-state"] = 1 if checked else 0
    if colour:
        found["icon-data"] = colour_dot(colour)
    if submenu:
        found["children-display"] = "submenu"
    return found


def _stayed(old: Node, new: Node | None) -> Node:
    if new is None or not _is_same_kind(old, new):
        return replace(old, row=None)
    return replace(new, children=old.children)


def _is_same_kind(old: Node, new: Node) -> bool:
    """Whether both are submenus or both are not: hosts make one anew that turns into the other."""
    return ("children-display" in old.traits) == ("children-display" in new.traits)


def _difference(before: Mapping[int, Node], after: Mapping[int, Node]) -> MenuChange:
    moved: set[int] = set()
    updated: dict[int, dict[str, Value]] = {}
    removed: dict[int, tuple[str, ...]] = {}
    for number, node in after.items():
        old = before.get(number)
        if old is None:
            continue  # it came with its parent's children
        if old.children != node.children:
            moved.add(number)
        if not _is_same_kind(old, node):
            moved.add(node.parent)
        if old.label == node.label and old.traits is node.traits:
            continue
        was, now = old.properties, node.properties
        values = {name: value for name, value in now.items() if was.get(name) != value}
        gone = tuple(name for name in was if name not in now)
        if values:
            updated[number] = values
        if gone:
            removed[number] = gone
    layout = None if not moved else moved.pop() if len(moved) == 1 else ROOT
    return MenuChange(layout, updated, removed)
