from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desktop.stage import rows
from tray.desktop.linux.menu_tree import ROOT, MenuChange, MenuTree
from tray.desktop.menu.menu_rows import SEPARATOR, Menu, MenuItem, Row


def nothing() -> None:
    """Do nothing."""


def by_label(tree: MenuTree) -> dict[str, int]:
    """Return the number of each row by what it says."""
    return {
        str(node.properties["label"]): number
        for number, node in tree.nodes.items()
        if "label" in node.properties
    }


def test_numbers_follow_the_key_through_any_order() -> None:
    """A row keeps its number when others come before it, and when it says something else."""
    tree = MenuTree()
    tree.show(rows("a", "b"))
    first = by_label(tree)
    tree.show(Menu(Row("z", "z", nothing), Row("b", "B, in 5 min", nothing), Row("a", "a", None)))
    after = by_label(tree)

    assert (first["a"], first["b"]) == (after["a"], after["B, in 5 min"])
    assert after["z"] not in first.values()


def test_a_number_is_never_given_to_another_key() -> None:
    """A row that went leaves its number unused for ever, and has it again when it comes back."""
    tree = MenuTree()
    tree.show(rows("a", "b"))
    gone = by_label(tree)["b"]
    seen = set()
    for key in ("c", "d", "e"):
        tree.show(rows("a", key))
        seen |= {*tree.nodes}
    tree.show(rows("b", "a"))

    assert gone not in seen
    assert gone == by_label(tree)["b"]


def test_a_row_under_another_parent_is_another_row() -> None:
    """The same key in two submenus has two numbers, as each place may offer it."""
    tree = MenuTree()
    tree.show(Menu(Row("x", "x", rows("dev")), Row("y", "y", rows("dev"))))
    x, y = (tree.nodes[by_label(tree)[name]].children for name in "xy")

    assert (1, 1) == (len(x), len(y))
    assert x != y


def test_rows_with_one_key_both_stay() -> None:
    """Two rows with one key are both shown, with two numbers."""
    tree = MenuTree()
    tree.show(rows("a", "a"))

    assert 2 == len({*tree.nodes[ROOT].children})


def test_texts_alone_are_told_as_properties() -> None:
    """New words and ticks are told row by row, and the layout stays as it is."""
    tree = MenuTree()
    tree.show(
        Menu(Row("a", "1 min", nothing), Row("b", "b", nothing, checked=True, enabled=False))
    )
    a, b = tree.nodes[ROOT].children
    revision = tree.revision
    change = tree.show(Menu(Row("a", "2 min", nothing), Row("b", "b", nothing, checked=False)))

    assert (
        MenuChange(None, {a: {"label": "2 min"}, b: {"toggle-state": 0}}, {b: ("enabled",)})
        == change
    )
    assert revision == tree.revision


def test_rows_that_come_go_or_move_are_told_by_their_parent() -> None:
    """What changes in one submenu is told for that submenu, in two for the whole."""
    tree = MenuTree()
    tree.show(Menu(Row("x", "x", rows("1")), Row("y", "y", rows("1", "2"))))
    x, y = tree.nodes[ROOT].children

    moved = tree.show(Menu(Row("x", "x", rows("1")), Row("y", "y", rows("2", "1"))))
    both = tree.show(Menu(Row("x", "x", rows("3")), Row("y", "y", rows("2"))))

    assert (y, ROOT) == (moved.layout, both.layout)
    assert x != y


def test_a_row_that_becomes_a_submenu_is_told_by_its_parent() -> None:
    """Hosts make a row anew that turns from a plain one into a submenu."""
    tree = MenuTree()
    tree.show(rows("x"))

    assert ROOT == tree.show(Menu(Row("x", "x", rows("1")))).layout


def test_an_equal_menu_changes_nothing() -> None:
    """The same menu built anew is no change."""
    tree = MenuTree()
    tree.show(rows("a", "b"))

    assert not tree.show(rows("a", "b"))


@pytest.mark.parametrize(
    "menu",
    [
        Menu(Row("a", "a", nothing, enabled=False)),
        Menu(Row("a", "a", Menu(Row("b", "b", nothing)), enabled=False)),
        Menu(Row("a", "a", Menu(Row("b", "b", nothing, enabled=False)))),
    ],
)
def test_nothing_disabled_can_be_clicked(menu: Menu) -> None:
    """A disabled row, all below one, and a submenu itself have nothing that a click would call."""
    tree = MenuTree()
    tree.show(menu)

    assert {None} == {node.row for node in tree.nodes.values()}


def test_plain_pystray_rows_are_known_by_their_text() -> None:
    """A row without a key of its own is served all the same."""
    tree = MenuTree()
    tree.show(Menu(MenuItem("Quit", nothing)))
    quit_row = by_label(tree)["Quit"]
    tree.show(Menu(MenuItem("Help", nothing), MenuItem("Quit", nothing)))

    assert quit_row == by_label(tree)["Quit"]


KEYS = st.sampled_from("abcde")


@st.composite
def menus(draw: st.DrawFn, depth: int = 2) -> Menu:
    """Make any menu: rows, ticks, separators, submenus, keys that meet again elsewhere."""
    made = []
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()) and draw(st.booleans()):
            made.append(SEPARATOR)
            continue
        key = draw(KEYS)
        action = draw(menus(depth - 1)) if depth and draw(st.booleans()) else nothing
        made.append(
            Row(
                key,
                f"{key}{draw(st.integers(0, 2))}",
                action,
                checked=draw(st.sampled_from([None, True, False])),
                radio=draw(st.booleans()),
                enabled=draw(st.booleans()),
            )
        )
    return Menu(*made)


class Mirror:
    """A host that asks for the layout only where it is told to, and keeps the rest by signals."""

    def __init__(self, tree: MenuTree) -> None:
        self.properties: dict[int, dict[str, Any]] = {}
        self.children: dict[int, tuple[int, ...]] = {}
        self.fetch(tree, ROOT)

    def fetch(self, tree: MenuTree, number: int) -> None:
        """Do as GetLayout."""
        node = tree.nodes[number]
        self.properties[number] = dict(node.properties)
        self.children[number] = node.children
        for child in node.children:
            self.fetch(tree, child)

    def hear(self, tree: MenuTree, change: MenuChange) -> None:
        """Take a change over."""
        for number, values in change.updated.items():
            self.properties[number] |= values
        for number, names in change.removed.items():
            for name in names:
                del self.properties[number][name]
        if change.layout is not None:
            self.fetch(tree, change.layout)

    def shown(self, number: int = ROOT) -> Iterator[Any]:
        """Yield what a person sees, top to bottom."""
        yield number, self.properties[number]
        for child in self.children[number]:
            yield from self.shown(child)


@given(st.lists(menus(), min_size=2, max_size=6))
def test_a_host_that_follows_the_changes_shows_the_menu(shown: list[Menu]) -> None:
    """Following the told changes alone, a host shows exactly what a fresh host would."""
    tree = MenuTree()
    tree.show(shown[0])
    follower = Mirror(tree)
    for menu in shown[1:]:
        follower.hear(tree, tree.show(menu))

        assert list(Mirror(tree).shown()) == list(follower.shown())


@given(st.lists(menus(), min_size=2, max_size=6))
def test_numbers_mean_one_key_for_ever(shown: list[Menu]) -> None:
    """Over any menus, no number is ever seen on rows of two keys or under two parents."""
    tree = MenuTree()
    meant: dict[int, set[tuple[int, str]]] = {}
    for menu in shown:
        tree.show(menu)
        for number, node in tree.nodes.items():
            said = str(node.properties.get("label", node.properties.get("type")))
            meant.setdefault(number, set()).add((node.parent, said[0]))

    assert all(len(meanings) == 1 for meanings in meant.values())
