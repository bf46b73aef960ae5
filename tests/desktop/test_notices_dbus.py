from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from tests.desk import Bus, private_bus
from tests.desktop.notification_daemon import NAME, PATH, notification_daemon
from tests.desktop.telling import ENDING, EXPIRED, SIGN_IN, telling
from tray.core.effects import Button
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.desktop.icon.icon_pictures import IconPictures
from tray.desktop.notifications.freedesktop_notices import DBusNotices
from tray.desktop.notifications.notifier import NoticeChannel, Pressed

SHORT = 0.2
"""A limit for what never comes; nothing else in the test depends on it."""

FAIR = 3.0
"""A limit where something comes first, and then something never does."""


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A session bus with nobody on it."""
    with private_bus() as running:
        yield running


def only_dbus(pressed: Pressed) -> Sequence[NoticeChannel]:
    """Make a chain of the rung under test alone."""
    return (DBusNotices(pressed, IconPictures(os.environ)),)


def impatient(pressed: Pressed) -> Sequence[NoticeChannel]:
    """Make the same with a limit fit for a daemon that never answers."""
    return (DBusNotices(pressed, limit=SHORT),)


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a test's story on a loop of its own."""
    asyncio.run(asyncio.wait_for(story, 60))


def test_a_notice_arrives_whole(bus: Bus) -> None:
    """Title, text, buttons, urgency and our desktop entry reach the daemon as specified."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            by = await tray.shown(ENDING)

            assert "dbus" == by
            shown = daemon.only()
            assert (ENDING.title, ENDING.text, 1) == (shown.summary, shown.body, shown.urgency)
            assert ("Sign in", "Remind me later") == shown.actions[1::2]
            assert ("sso-tray", 0, -1) == (shown.desktop_entry, shown.replaces, shown.expires)
            assert STATE_COLOURS["ending"] in shown.colours

    run(story())


def test_a_notice_about_a_state_carries_its_picture(bus: Bus) -> None:
    """Whatever the category, a notice that tells a state shows what the icon shows for it."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(replace(ENDING, state="signed-out"))

            colours = daemon.only().colours
            assert STATE_COLOURS["signed-out"] in colours
            assert STATE_COLOURS["ending"] not in colours

    run(story())


def test_the_next_notice_of_a_slot_replaces_the_last(bus: Bus) -> None:
    """A warning becomes the end's notice in place, and its buttons are the new ones."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            await tray.shown(EXPIRED)

            shown = daemon.only()
            assert ('Your AWS session "corp" has expired', 2) == (shown.summary, shown.urgency)
            assert (0, "") == (shown.expires, shown.icon)
            assert ("Sign in",) == shown.actions[1::2]
            assert 41 == shown.replaces

    run(story())


@pytest.mark.parametrize("label", ["Sign in", "Remind me later"])
def test_a_click_reports_what_the_button_does_and_to_whom(bus: Bus, label: str) -> None:
    """Each button reports its own action and sessions, once."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            daemon.click(label)

            clicked = next(one for one in ENDING.buttons if one.label == label)
            assert (clicked.action, clicked.keys) == await tray.pressed.get()
            await tray.heard()
            assert tray.pressed.empty()

    run(story())


@pytest.mark.parametrize(("name", "click"), [("mako", "Click"), ("dunst", "Middle-click")])
def test_where_no_buttons_are_drawn_a_click_does_the_first(
    bus: Bus, name: str, click: str
) -> None:
    """The first button becomes what a click on the notice does, and the text says so."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address, name=name) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            shown = daemon.only()
            daemon.click("Sign in")

            assert ("default", "Sign in", "snooze-1", "Remind me later") == shown.actions
            assert f"{click} here to sign in." == shown.body.splitlines()[-1]
            assert ("sign-in", ("corp",)) == await tray.pressed.get()

    run(story())


def test_two_buttons_that_do_the_same_are_told_apart(bus: Bus) -> None:
    """Buttons are known by their place, so that each acts on its own sessions."""
    twins = (Button("sign-in", "corp", ("corp",)), Button("sign-in", "other", ("other",)))

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(replace(ENDING, buttons=twins))
            daemon.click("other")

            assert ("sign-in", ("other",)) == await tray.pressed.get()

    run(story())


def test_a_daemon_without_buttons_gets_none(bus: Bus) -> None:
    """Where GetCapabilities names no actions the notice goes without."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address, ["body"]) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            assert "dbus" == await tray.shown(ENDING)
            assert () == daemon.only().actions

    run(story())


@pytest.mark.parametrize(
    ("capabilities", "body"),
    [(["body", "body-markup"], "a &lt;b&gt; &amp; 'c'"), (["body"], "a <b> & 'c'")],
)
def test_names_are_text_and_never_markup(bus: Bus, capabilities: list[str], body: str) -> None:
    """What looks like markup is escaped where the daemon has markup, and only there."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address, capabilities) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(replace(ENDING, text="a <b> & 'c'"))

            assert body == daemon.only().body

    run(story())


def test_what_no_bus_may_carry_is_shown_as_a_mark(bus: Bus) -> None:
    """A NUL, a lone surrogate or a line break in a name does not cost the notice; lines stay."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            odd = replace(ENDING, title="a\0b\udc80\nc", text="d\ne\0")
            assert "dbus" == await tray.shown(odd)
            assert "a\ufffdb\ufffd c" == daemon.only().summary
            assert "d\ne\ufffd" == daemon.only().body

    run(story())


def test_a_withdrawn_notice_leaves_the_screen(bus: Bus) -> None:
    """What no longer holds is closed; withdrawing nothing is harmless."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.withdrawn(ENDING.slot)
            await tray.shown(ENDING)
            await tray.withdrawn(ENDING.slot)

            assert ({}, [41]) == (daemon.shown, daemon.closed)

    run(story())


def test_what_is_withdrawn_before_it_could_be_shown_never_appears(bus: Bus) -> None:
    """The latest wish counts, however fast wishes follow each other."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            tray.notifier.show(ENDING)
            tray.notifier.show(EXPIRED)
            tray.notifier.withdraw(EXPIRED.slot)
            await tray.withdrawn("nothing")

            assert [] == [call for call in daemon.calls if call == "Notify"]

    run(story())


def test_a_notice_the_person_closed_is_shown_as_a_new_one(bus: Bus) -> None:
    """After a dismissal the old number is never used again."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            daemon.close(41, reason=2)
            await tray.heard()
            await tray.shown(EXPIRED)

            assert (0, [42]) == (daemon.only().replaces, list(daemon.shown))

    run(story())


def test_quitting_clears_the_screen(bus: Bus) -> None:
    """Buttons of a program that has ended would do nothing."""

    async def story() -> None:
        async with notification_daemon(bus.address) as daemon:
            async with telling(only_dbus, bus.address) as tray:
                await tray.shown(ENDING)
                await tray.shown(replace(EXPIRED, slot="session:other"))
                await tray.notifier.close()
                await tray.heard()

            assert {} == daemon.shown

    run(story())


# --- When things go wrong --------------------------------------------------------------------


def test_without_a_bus_or_a_daemon_the_badge_tells(bus: Bus) -> None:
    """No connection, or nobody behind the name: at once, and without an exception."""

    async def story() -> None:
        async with telling(only_dbus) as tray:
            assert "badge" == await tray.shown(ENDING)
            await tray.connect(bus.address)
            assert "badge" == await tray.shown(ENDING)
            await tray.withdrawn(ENDING.slot)

    run(story())


def test_a_mute_daemon_costs_only_the_notice(bus: Bus) -> None:
    """Nothing waits for an answer that never comes; told late, it is taken away again."""

    def fair(pressed: Pressed) -> Sequence[NoticeChannel]:
        return (DBusNotices(pressed, limit=FAIR),)

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(fair, bus.address) as tray,
        ):
            assert "dbus" == await tray.shown(replace(EXPIRED, slot="before"))
            daemon.mute = True
            assert "badge" == await tray.shown(ENDING)
            assert 1 == daemon.calls.count("GetCapabilities")
            daemon.answer_late()
            await daemon.until_called("CloseNotification")

            assert [42] == daemon.closed

    run(story())


def test_a_daemon_that_is_mute_from_the_start_costs_only_the_notice(bus: Bus) -> None:
    """The limit counts for the question what it can, too."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address, mute=True) as daemon,
            telling(impatient, bus.address) as tray,
        ):
            assert "badge" == await tray.shown(ENDING)
            assert ["GetCapabilities"] == daemon.calls

    run(story())


def test_a_mute_daemon_holds_up_no_other_slot(bus: Bus) -> None:
    """Three notices at a mute daemon are given up together, not one after the other."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address, mute=True) as daemon,
            telling(impatient, bus.address) as tray,
        ):
            for slot in ("a", "b", "c"):
                tray.notifier.show(replace(ENDING, slot=slot))
            await daemon.until_called("GetCapabilities")
            await tray.heard()

            assert ["GetCapabilities"] * 3 == daemon.calls
            await tray.notifier.settled()
            assert "badge" == tray.notifier.shown_by

    run(story())


def test_a_daemon_that_vanished_is_forgotten_and_its_successor_used(bus: Bus) -> None:
    """A new daemon knows nothing of old numbers, and is asked anew what it can."""

    async def story() -> None:
        async with telling(only_dbus, bus.address) as tray:
            async with notification_daemon(bus.address) as first:
                await tray.shown(ENDING)
                assert 4 == len(first.only().actions)
            async with notification_daemon(bus.address, ["body"]) as second:
                await tray.heard()
                assert "dbus" == await tray.shown(EXPIRED)
                assert (0, ()) == (second.only().replaces, second.only().actions)

    run(story())


def test_a_daemon_that_dies_while_asked_costs_only_the_notice(bus: Bus) -> None:
    """The bus answers for the dead; the rung passes the notice on."""

    async def story() -> None:
        async with telling(only_dbus, bus.address) as tray:
            async with notification_daemon(bus.address, mute=True) as daemon:
                tray.notifier.show(ENDING)
                await daemon.until_called("GetCapabilities")
            await tray.notifier.settled()

            assert "badge" == tray.notifier.shown_by

    run(story())


def test_a_daemon_that_refuses_costs_only_the_notice(bus: Bus) -> None:
    """An error in answer to Notify is no exception of ours."""

    async def story() -> None:
        async with telling(only_dbus, bus.address) as tray:
            other = await MessageBus(bus_address=bus.address).connect()
            other.add_message_handler(_refuse_all)
            await other.request_name(NAME)

            assert "badge" == await tray.shown(ENDING)
            other.disconnect()

    run(story())


def test_when_the_bus_comes_back_notices_do_too(bus: Bus) -> None:
    """A lost connection costs what was on screen; the next connection is used."""

    async def story() -> None:
        async with telling(only_dbus) as tray:
            connection = await tray.connect(bus.address)
            async with notification_daemon(bus.address):
                assert "dbus" == await tray.shown(ENDING)
            bus.stop()
            with pytest.raises((EOFError, OSError)):
                await connection.wait_for_disconnect()  # type: ignore[no-untyped-call]  # its own
            tray.notifier.disconnected("no session bus: it ended")
            assert "badge" == await tray.shown(EXPIRED)

            bus.start({})
            await tray.connect(bus.address)
            async with notification_daemon(bus.address) as daemon:
                assert "dbus" == await tray.shown(EXPIRED)
                assert 0 == daemon.only().replaces

    run(story())


def test_only_the_daemon_is_believed(bus: Bus) -> None:
    """A click told by another program, addressed to us, does nothing."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            liar = await MessageBus(bus_address=bus.address).connect()
            forged = Message.new_signal(
                PATH, NAME, "ActionInvoked", "us", [41, daemon.only().actions[0]]
            )
            assert tray.bus is not None
            forged.destination = tray.bus.unique_name
            await liar.send(forged)
            await liar.request_name("tests.sso_tray.Liar")
            await tray.heard()
            liar.disconnect()

            assert tray.pressed.empty()

    run(story())


@pytest.mark.parametrize(
    ("signature", "body"),
    [("us", [41, "no-such-key"]), ("us", [99, "sign-in-0"]), ("ss", ["41", "sign-in-0"])],
)
def test_a_click_on_what_is_not_there_does_nothing(
    bus: Bus, signature: str, body: list[Any]
) -> None:
    """Unknown numbers, keys and types are passed over."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            daemon.signal("ActionInvoked", signature, body)
            daemon.click("Sign in")

            assert (SIGN_IN.action, SIGN_IN.keys) == await tray.pressed.get()
            assert tray.pressed.empty()

    run(story())


def test_a_button_that_fails_breaks_nothing(bus: Bus) -> None:
    """Whoever listens to clicks cannot take the notices down."""

    def failing(pressed: Pressed) -> Sequence[NoticeChannel]:
        def broken(action: str, keys: tuple[str, ...]) -> None:
            pressed(SIGN_IN.action, keys)
            raise ValueError(action)

        return (DBusNotices(broken),)

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(failing, bus.address) as tray,
        ):
            await tray.shown(ENDING)
            daemon.click("Sign in")
            await tray.pressed.get()
            await tray.heard()  # that it closed, too

            assert "dbus" == await tray.shown(EXPIRED)

    run(story())


# --- Costs -------------------------------------------------------------------------------------


def test_nothing_is_heard_from_the_bus_while_no_notice_is_on_screen(bus: Bus) -> None:
    """Other programs' notices do not wake us before, between and after our own."""

    async def story() -> None:
        async with (
            notification_daemon(bus.address) as daemon,
            telling(only_dbus, bus.address) as tray,
        ):
            heard: list[str] = []
            assert tray.bus is not None
            tray.bus.add_message_handler(lambda message: _note(heard, message))

            daemon.signal("NotificationClosed", "uu", [7, 1])
            await tray.heard()
            await tray.shown(ENDING)
            await tray.withdrawn(ENDING.slot)
            heard.clear()
            daemon.signal("NotificationClosed", "uu", [8, 1])
            await daemon_is_through(daemon.bus)
            await tray.heard()

            assert [] == heard

    run(story())


async def daemon_is_through(connection: MessageBus | None) -> None:
    """Return once the bus has taken all that the daemon sent."""
    assert connection is not None
    await connection.request_name("tests.sso_tray.Through")


def _note(heard: list[str], message: Message) -> None:
    ours = message.interface == NAME or message.member == "NameOwnerChanged"
    if message.message_type is MessageType.SIGNAL and ours:
        heard.append(str(message.member))


def _refuse_all(message: Message) -> Message | None:
    if message.message_type is MessageType.METHOD_CALL and message.interface == NAME:
        return Message.new_error(message, "org.freedesktop.DBus.Error.LimitsExceeded", "enough")
    return None
