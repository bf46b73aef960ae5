from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

import pytest
from dbus_fast import DBusError, Message, Variant
from dbus_fast.aio import MessageBus

from tests.desk import Bus, private_bus
from tests.desktop.stage import RED, Stage, play, rows, staged
from tests.desktop.tray_host import ITEM, ITEM_PATH, Host, Told, tray
from tray.desktop.icon.icon_drawing import drawn
from tray.desktop.icon.icon_state import SIZES, IconState
from tray.desktop.linux.session_bus import SessionBus
from tray.desktop.linux.status_notifier import StatusNotifierIcon
from tray.desktop.menu.menu_rows import SEPARATOR, Menu, Row


def nothing() -> None:
    """Do nothing."""


def full_menu(told: Told) -> Menu:
    """Return a menu with one of everything."""
    profiles = Menu(
        Row("use:dev", "dev_eu_1", lambda: told("dev"), checked=True, radio=True),
        Row("use:prod", "prod", lambda: told("prod"), checked=False, radio=True),
    )
    return Menu(
        Row("session:corp", "corp: signed in", Menu(Row("out:corp", "Sign out", nothing))),
        SEPARATOR,
        Row("profiles", "Profile: dev", profiles),
        Row("help", "Nothing to do", nothing, enabled=False),
        Row("autostart", "Start at login", lambda: told("autostart"), checked=True),
        SEPARATOR,
        Row("quit", "Quit", lambda: told("quit")),
    )


def test_item_is_complete_and_says_it_has_a_menu() -> None:
    """The item has every property of the specification, a constant title, and its menu first."""

    async def scene(stage: Stage, host: Host) -> None:
        item = await host.item()

        assert ("ApplicationStatus", "sso-tray", "SSO Tray", "Active", True) == (
            item["Category"],
            item["Id"],
            item["Title"],
            item["Status"],
            item["ItemIsMenu"],
        )
        assert ("SSO Tray: all well",) * 2 == (item["ToolTip"][2], item["IconAccessibleDesc"])
        await host.call(host.items[-1], ITEM_PATH, ITEM, "ContextMenu", "ii", 0, 0)
        await host.call(host.items[-1], ITEM_PATH, ITEM, "Scroll", "is", 120, "vertical")

    play(scene, rows("quit"))


def test_a_click_that_opens_no_menu_is_told() -> None:
    """Where a panel sends a click to the item, as MATE's and LXQt's do, the owner is told."""

    async def scene(stage: Stage, host: Host) -> None:
        told = Told()
        stage.icon.on_activate(lambda: told("activated"))
        item = (host.items[-1], ITEM_PATH, ITEM)
        with pytest.raises(DBusError, match="opens the menu"):
            await host.call(*item, "Activate", "ii", 3, 4)
        await host.menu("AboutToShow", "i", 0)  # Plasma opens the menu after the error
        await asyncio.sleep(0.7)
        assert [] == told.all
        with pytest.raises(DBusError, match="opens the menu"):
            await host.call(*item, "Activate", "ii", 3, 4)
        await told.next()
        await host.call(*item, "SecondaryActivate", "ii", 3, 4)
        await told.next()

        assert 2 == len(told.all)

    play(scene, rows("a"))


def test_gnome_gets_what_its_extension_understands() -> None:
    """No Activate, which would delay the menu; one doubled underscore, which is all it undoes."""
    names = ("staging_eu__west_1", "_a", "b_", "plain")

    async def scene(stage: Stage, host: Host) -> None:
        item = await host.interface(host.items[-1], ITEM_PATH, ITEM)
        labels = [row.properties["label"] for row in (await host.layout()).children]

        assert {"ContextMenu", "Scroll"} == {one.name for one in item.methods}
        assert ["staging__eu__west_1", "__a", "b_", "plain"] == labels
        assert [*names] == [re.sub("_([^_])", r"\1", label, count=1) for label in labels]

    play(scene, rows(*names), gnome=True)


def test_on_gnome_a_new_picture_is_told_twice() -> None:
    """Its extension ignores one that comes while it converts another, as at a change of status."""

    async def scene(stage: Stage, host: Host) -> None:
        host.forget_signals()
        stage.icon.attention = True
        stage.icon.icon = dict(RED)
        stage.icon.icon = {16: bytes((255, 1, 2, 3)) * 256}
        came = [one.member for _ in range(2) for one in await host.signals("NewIcon")]

        assert ["NewIcon", "NewAttentionIcon", "NewIcon"] == came
        assert "Active" == (await host.item())["Status"]

    play(scene, rows("a"), gnome=True)


def test_on_gnome_there_is_one_level_below_the_top() -> None:
    """A submenu's submenu has no height there: its rows stand below its name instead."""
    told = Told()
    group = Menu(Row("use:x", "x", lambda: told("x")))
    profiles = Menu(Row("none", "none", nothing), Row("group", "Account 1", group))

    async def scene(stage: Stage, host: Host) -> None:
        layout = await host.layout()
        await host.click(layout.named("Profiles", "x").id)
        await host.click(layout.named("Profiles", "Account 1").id)
        await told.next()

        assert ["Profiles", ["none", "Account 1", "x"]] == layout.labels()
        assert layout.named("Profiles", "Account 1").properties["enabled"] is False
        assert ["x"] == told.all

    play(scene, Menu(Row("profiles", "Profiles", profiles)), gnome=True)


def test_on_gnome_rows_leave_before_others_come() -> None:
    """Its extension never moves a row, and misplaces a new one while a gone one is still there."""

    async def scene(stage: Stage, host: Host) -> None:
        await host.layout()
        host.forget_signals()
        stage.icon.menu = rows("b", "new", "d", "a")
        seen = []
        for _ in range(2):
            await host.signals("LayoutUpdated")
            seen.append((await host.layout()).labels())
        stage.icon.menu = rows("b", "new", "d", "a", "e")
        await host.signals("LayoutUpdated")
        seen.append((await host.layout()).labels())

        assert [["b", "d"], ["b", "new", "d", "a"], ["b", "new", "d", "a", "e"]] == seen

    play(scene, rows("a", "b", "c", "d"), gnome=True)


def test_it_suits_each_panel_that_comes() -> None:
    """Moving from GNOME to another panel and back, the item is each time the one for it."""

    async def scene(bus: Bus) -> None:
        found = []
        async with staged(bus, rows("a_b_c")) as stage:
            for gnome in (True, False, True):
                async with tray(bus.address, gnome=gnome) as host:
                    await stage.present()
                    item = await host.interface(host.items[-1], ITEM_PATH, ITEM)
                    names = {one.name for one in item.methods}
                    found.append(("Activate" in names, *(await host.layout()).labels()))
                await stage.absent()

        one, all_ = "a__b_c", "a__b__c"
        assert [(False, one), (True, all_), (False, one)] == found

    serve(scene)


def test_each_submenu_is_announced_once_to_a_host_that_asks_level_by_level() -> None:
    """Plasma knows a submenu's rows before it opens; a host that comes anew is told anew."""

    async def scene(stage: Stage, host: Host) -> None:
        layout = await host.layout()
        ids = [row.id for row in layout.children if row.children]
        await host.registered.get()
        host.forget_signals()
        told = []
        for _ in range(2):
            await host.layout(0, 1)
            told += [(await host.next_signal()).body[1] for _ in ids]
            await host.layout(0, 1)
            stage.icon.attention = not stage.icon.attention
            assert "NewStatus" == (await host.next_signal()).member
            host.set_panel(there=True)
            await host.registered.get()

        assert [*ids, *ids] == told

    play(scene, full_menu(Told()))


def test_a_new_panel_is_told_of_each_submenu_at_its_first_question() -> None:
    """Plasma's watcher outlives its panel, and the next one asks before it is told of."""

    async def scene(stage: Stage, host: Host) -> None:
        ids = [row.id for row in (await host.layout()).children if row.children]
        await host.registered.get()
        host.forget_signals()
        told = []
        for _ in range(2):
            bus = await MessageBus(bus_address=stage.bus.address).connect()
            panel = Host(bus)
            panel.items = host.items
            await panel.layout(0, 1)
            told += [(await host.next_signal()).body[1] for _ in ids]
            bus.disconnect()

        assert [*ids, *ids] == told

    play(scene, full_menu(Told()))


def test_submenus_that_change_together_are_announced_again() -> None:
    """Plasma fetches the menu alone then, and would show each submenu's old rows for good."""

    def menu(word: str) -> Menu:
        return Menu(*(Row(key, key, rows(word, "last")) for key in ("corp", "lab")))

    async def scene(stage: Stage, host: Host) -> None:
        layout = await host.layout()
        ids = [row.id for row in layout.children]
        await host.registered.get()
        host.forget_signals()
        told = []
        for word in ("out", "in"):
            stage.icon.menu = menu(word)
            told += [one.body[1] for one in await host.signals("LayoutUpdated")]
            await host.layout(0, 1)
            told += [(await host.next_signal()).body[1] for _ in ids]
        later = await host.layout(ids[1], 1)

        assert [0, *ids, 0, *ids] == told
        assert ["in", "last"] == later.labels()

    play(scene, menu("first"))


def test_pixels_come_in_every_size_as_argb() -> None:
    """The icon comes in the sizes panels ask for, alpha first, as network order wants."""

    async def scene(stage: Stage, host: Host) -> None:
        item = await host.item()

        assert [(size, size) for size in SIZES] == [(w, h) for w, h, _ in item["IconPixmap"]]
        assert {bytes((255, 200, 30, 10))} == {data[:4] for _, _, data in item["IconPixmap"]}
        assert item["IconPixmap"] == item["AttentionIconPixmap"]

    play(scene)


def test_pictures_are_sent_as_they_are() -> None:
    """Each size with its pixels, none scaled."""

    async def scene(stage: Stage, host: Host) -> None:
        stage.icon.icon = picture = drawn(IconState("ending", 0.5))
        given = (await host.item())["IconPixmap"]

        assert [[size, size, data] for size, data in picture.items()] == given

    play(scene)


def test_layout_is_whole_without_about_to_show() -> None:
    """One GetLayout gives the whole menu with radio rows, ticks, separators and submenus (M2)."""

    async def scene(stage: Stage, host: Host) -> None:
        layout = await host.layout()

        assert [
            "corp: signed in",
            ["Sign out"],
            "---",
            "Profile: dev",
            ["dev__eu__1", "prod"],
            "Nothing to do",
            "Start at login",
            "---",
            "Quit",
        ] == layout.labels()
        dev = layout.named("Profile: dev", "dev__eu__1").properties
        assert ("radio", 1) == (dev["toggle-type"], dev["toggle-state"])
        tick = layout.named("Start at login").properties
        assert ("checkmark", 1) == (tick["toggle-type"], tick["toggle-state"])
        assert layout.named("Nothing to do").properties["enabled"] is False
        assert "submenu" == layout.named("Profile: dev").properties["children-display"]

    play(scene, full_menu(Told()))


def test_layout_may_be_asked_for_in_parts() -> None:
    """Depth, a parent and names of properties are obeyed; an unknown parent is an error."""

    async def scene(stage: Stage, host: Host) -> None:
        whole = await host.layout()
        profiles = whole.named("Profile: dev")

        assert () == (await host.layout(0, 0)).children
        assert {()} == {child.children for child in (await host.layout(0, 1)).children}
        assert profiles == await host.layout(profiles.id)
        only = await host.layout(profiles.id, -1, "toggle-state")
        assert [{"toggle-state": 1}, {"toggle-state": 0}] == [c.properties for c in only.children]
        with pytest.raises(DBusError, match="no row 999"):
            await host.layout(999)

    play(scene, full_menu(Told()))


def test_properties_may_be_asked_for_alone() -> None:
    """GetGroupProperties leaves unknown rows out; GetProperty knows defaults and refuses."""

    async def scene(stage: Stage, host: Host) -> None:
        row = (await host.layout()).named("Quit")
        (some,) = await host.menu("GetGroupProperties", "aias", [row.id, 999], ["label"])
        (every,) = await host.menu("GetGroupProperties", "aias", [], [])

        assert [[row.id, {"label": "Quit"}]] == some
        assert 11 == len(every)
        assert [True] == await host.menu("GetProperty", "is", row.id, "enabled")
        assert ["Quit"] == await host.menu("GetProperty", "is", row.id, "label")
        for number, name in ((row.id, "colour"), (999, "label")):
            with pytest.raises(DBusError, match="there is no"):
                await host.menu("GetProperty", "is", number, name)

    play(scene, full_menu(Told()))


def test_clicks_reach_the_row_they_name() -> None:
    """Event and EventGroup act on clicks alone, in order; unknown rows are given back."""
    told = Told()

    async def scene(stage: Stage, host: Host) -> None:
        layout = await host.layout()
        quit_row, prod = layout.named("Quit").id, layout.named("Profile: dev", "prod").id
        await host.click(prod)
        await host.click(quit_row, "hovered")
        group = [[one, "clicked", Variant("s", ""), 0] for one in (prod, 999, quit_row)]
        (unknown,) = await host.menu("EventGroup", "a(isvu)", group)
        for _ in range(3):
            await told.next()

        assert [999] == unknown
        assert ["prod", "prod", "quit"] == told.all
        with pytest.raises(DBusError, match="none of these rows"):
            await host.menu("EventGroup", "a(isvu)", [[999, "clicked", Variant("s", ""), 0]])

    play(scene, full_menu(told))


def test_stale_disabled_and_unknown_rows_do_nothing() -> None:
    """A click on a row that went, was disabled or never was does nothing at all (M3)."""
    told = Told()

    def menu(*keys: str, disabled: str = "") -> Menu:
        return Menu(*(
            Row(key, key, partial(told, key), enabled=key != disabled) for key in keys
        ))  # fmt: skip

    async def scene(stage: Stage, host: Host) -> None:
        first = await host.layout()
        stage.icon.menu = menu("prod", "sandbox", "last", disabled="sandbox")
        for number in (first.named("dev").id, first.named("sandbox").id, 0, 999, -1):
            await host.click(number)
        await host.click(first.named("last").id)
        await told.next()

        assert ["last"] == told.all

    play(scene, menu("dev", "sandbox", "last"))


def test_only_what_differs_is_signalled() -> None:
    """New words are told as properties, new rows as layout, and an equal menu not at all."""

    async def scene(stage: Stage, host: Host) -> None:
        row = (await host.layout()).named("a").id
        revision = await host.revision()
        host.forget_signals()
        stage.icon.menu = rows("a", "b")
        stage.icon.menu = Menu(Row("a", "a, 5 min", nothing), Row("b", "b", nothing))
        words = await host.signals("ItemsPropertiesUpdated")
        stage.icon.menu = rows("a", "c")
        layout = await host.signals("LayoutUpdated")

        assert [[[[row, {"label": "a, 5 min"}]], []]] == [one.body for one in words]
        assert [[revision + 1, 0]] == [one.body for one in layout]
        assert revision + 1 == await host.revision()

    play(scene, rows("a", "b"))


def test_rows_stay_in_place_while_the_menu_is_open() -> None:
    """GNOME folds up what is open when rows come or go, so they wait; texts change at once."""
    told = Told()

    def menu(*texts: str) -> Menu:
        return Menu(*(Row(text[0], text, partial(told, text[0])) for text in texts))

    async def scene(stage: Stage, host: Host) -> None:
        gone = (await host.layout()).named("b").id
        await host.click(0, "opened")
        await host.menu("AboutToShow", "i", 0)
        host.forget_signals()
        stage.icon.menu = menu("new", "a, 5 min")
        words = [one.member for one in await host.signals("ItemsPropertiesUpdated")]
        seen = [(await host.layout()).labels()]
        await host.click(gone)
        await host.click(0, "closed")
        await host.signals("LayoutUpdated")
        seen.append((await host.layout()).labels())
        await host.click(0, "opened")
        stage.icon.menu = menu("a", "b")
        assert [True] == await host.menu("AboutToShow", "i", 0)
        seen.append((await host.layout()).labels())
        await host.click(0, "opened")
        stage.icon.menu = menu("b")
        await host.click((await host.layout()).named("b").id)
        await told.next()
        await host.signals("LayoutUpdated")
        seen.append((await host.layout()).labels())

        assert [["a, 5 min", "b"], ["new", "a, 5 min"], ["a", "b"], ["b"]] == seen
        assert (["ItemsPropertiesUpdated"], ["b"]) == (words, told.all)

    play(scene, menu("a", "b"))


def test_texts_are_fresh_when_the_menu_opens() -> None:
    """AboutToShow asks the owner for a fresh menu first, and says whether it changed (M2)."""

    async def scene(stage: Stage, host: Host) -> None:
        asked = 0

        def freshen() -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                stage.icon.menu = Menu(Row("a", "a, 5 min", nothing))

        stage.icon.on_open(freshen)
        answers = [(await host.menu("AboutToShow", "i", 0))[0] for _ in range(2)]
        row = (await host.layout()).children[0]

        assert [True, False] == answers
        assert "a, 5 min" == row.properties["label"]
        assert [False] == await host.menu("AboutToShow", "i", row.id)
        assert [[], [999]] == await host.menu("AboutToShowGroup", "ai", [0, 999])
        await host.click(0, "opened")
        assert 4 == asked
        for member, signature, body in (
            ("AboutToShow", "i", 999),
            ("AboutToShowGroup", "ai", [9]),
        ):
            with pytest.raises(DBusError, match="there is no"):
                await host.menu(member, signature, body)

    play(scene, rows("a"))


def test_icon_tooltip_and_attention_are_signalled_when_they_differ() -> None:
    """Each change is told once by its own signal; what stays the same is not told."""

    async def scene(stage: Stage, host: Host) -> None:
        host.forget_signals()
        icon = stage.icon
        icon.icon = dict(RED)
        icon.icon = {16: bytes((255, 1, 2, 3)) * 256}
        icon.title = icon.title
        icon.title = "SSO Tray: 1 session needs attention"
        icon.detail = "a & <b>: signed in"
        icon.detail = "a & <b>: signed in"
        icon.attention = True
        icon.attention = True
        came = [one.member for one in await host.signals("NewStatus")]
        item = await host.item()

        assert [
            "NewIcon",
            "NewAttentionIcon",
            "NewToolTip",
            "NewToolTip",
            "NewStatus",
        ] == came
        assert "NeedsAttention" == item["Status"]
        heading = "SSO Tray: 1 session needs attention"
        assert ["", [], heading, "a &amp; &lt;b&gt;: signed in"] == item["ToolTip"]
        icon.visible = False
        assert "Passive" == (await host.item())["Status"]

    play(scene)


def test_a_failing_row_leaves_the_tray_alive() -> None:
    """A row or refresh that raises is logged by type, and the next click works."""
    told = Told()

    def fail() -> None:
        raise RuntimeError("a secret")

    async def scene(stage: Stage, host: Host) -> None:
        stage.icon.on_open(fail)
        layout = await host.layout()
        await host.click(layout.named("bad").id)
        await host.menu("AboutToShow", "i", 0)
        await host.click(layout.named("good").id)

        assert "good" == await told.next()

    play(scene, Menu(Row("bad", "bad", fail), Row("good", "good", lambda: told("good"))))


def test_nothing_is_scheduled_while_idle() -> None:
    """Connected and shown, no timer waits and no task runs but the one that waits for the end."""

    async def scene(stage: Stage, host: Host) -> None:
        loop: Any = asyncio.get_running_loop()
        await host.layout()
        await asyncio.sleep(0)

        assert [] == [timer for timer in loop._scheduled if not timer.cancelled()]
        assert 2 == len(asyncio.all_tasks())

    play(scene, rows("a"))


def serve(scene: Any) -> None:
    """Run a scene on a bus without a tray."""
    with private_bus() as bus:
        asyncio.run(scene(bus))


def test_it_registers_again_with_a_new_watcher() -> None:
    """When the panel dies the owner is told why, and a new panel has icon and menu at once."""

    async def scene(bus: Bus) -> None:
        async with staged(bus, rows("a")) as stage:
            reasons = [await stage.absent()]
            for _ in range(2):
                async with tray(bus.address) as host:
                    reasons.append(await stage.present())
                    assert ["a"] == (await host.layout()).labels()
                    assert [] == host.faults
                reasons.append(await stage.absent())

        gone = "nobody is org.kde.StatusNotifierWatcher"
        shown = "shown by org.kde.StatusNotifierWatcher"
        assert [gone, shown, gone, shown, gone] == reasons

    serve(scene)


def test_a_watcher_without_a_panel_is_no_tray() -> None:
    """Where the watcher outlives the panel, presence follows the panel."""

    async def scene(bus: Bus) -> None:
        async with tray(bus.address, panel=False) as host, staged(bus) as stage:
            reason = await stage.absent()
            host.set_panel(there=True)
            await stage.present()
            host.set_panel(there=False)

            assert "org.kde.StatusNotifierWatcher knows of no panel" == reason
            assert reason == await stage.absent()

    serve(scene)


def test_a_watcher_that_refuses_is_named() -> None:
    """A refusal is told with the error's name, and nothing ends."""

    async def scene(bus: Bus) -> None:
        async with tray(bus.address, refuses=True) as host, staged(bus) as stage:
            reason = await stage.absent()
            host.refuses = False
            host.set_panel(there=True)
            await stage.present()

            assert reason.endswith("answers org.kde.StatusNotifierWatcher.Error.Full")

    serve(scene)


def test_it_lives_through_the_end_of_the_bus() -> None:
    """When the session bus ends the owner is told, and when one is back the icon is, too."""

    async def scene(bus: Bus) -> None:
        async with staged(bus, rows("a")) as stage:
            async with tray(bus.address):
                await stage.present()
                bus.stop()
                await stage.absent_for("no session bus: it ended")
            await stage.absent_for("no session bus: No such file or directory")
            bus.start({})
            async with tray(bus.address) as host:
                await stage.present()
                stage.icon.menu = rows("a", "b")
                await host.signals("LayoutUpdated")

                assert ["a", "b"] == (await host.layout()).labels()

    serve(scene)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"DBUS_SESSION_BUS_ADDRESS": "nonsense"},
        {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"},
        {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"},
        {"XDG_RUNTIME_DIR": "/nowhere"},
    ],
)
def test_no_bus_at_all_is_a_reason_not_an_error(environ: dict[str, str]) -> None:
    """Without a session bus the owner is told a reason and goes on undisturbed."""

    async def scene() -> str:
        store, told = SessionBus(environ, retry_seconds=0.01), Told()
        icon = make_icon(told)
        store.join(icon)
        serving = asyncio.create_task(store.serve())
        _, reason = await told.next()
        store.stop()
        await serving
        return str(reason)

    assert asyncio.run(scene()).startswith("no session bus: ")


def make_icon(told: Told) -> StatusNotifierIcon:
    """Return an icon that nothing serves yet."""
    icon = StatusNotifierIcon("sso-tray", RED)
    icon.on_host(told)
    return icon


def test_a_stopped_icon_leaves_the_connection_to_others() -> None:
    """Stopping takes item and menu off the bus; another tenant's connection goes on."""

    class Neighbour:
        bus: MessageBus | None = None

        async def connected(self, bus: MessageBus) -> None:
            self.bus = bus
            raise RuntimeError("a neighbour's trouble")

        def disconnected(self, reason: str) -> None:
            self.bus = None if "ended" in reason else self.bus

    async def scene(bus: Bus) -> None:
        neighbour = Neighbour()
        async with tray(bus.address) as host:
            told = Told()
            icon, store = (
                make_icon(told),
                SessionBus({"DBUS_SESSION_BUS_ADDRESS": bus.address}, retry_seconds=0.05),
            )
            store.join(neighbour)
            store.join(icon)
            serving = asyncio.create_task(store.serve())
            await told.next(lambda word: word[0])
            icon.stop()
            assert neighbour.bus is not None
            ping = Message("org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer", "Ping")
            await neighbour.bus.call(ping)
            with pytest.raises(DBusError):
                await host.item()

            assert "the icon was stopped" == (await told.next())[1]
            icon.menu = rows("later")
            icon.stop()
            store.stop()
            await serving

    serve(scene)
