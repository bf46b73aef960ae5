"""The whole menu as data: one function from the view to what can be clicked (M1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import Profile
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.requests import (
    ConsoleRequested,
    EnvironmentRequested,
    LinkRequested,
    SettingName,
    SettingRequested,
    SetUpRequested,
    SignInAllRequested,
    UnlockRequested,
)
from tray.core.text import menu_text, sentences
from tray.core.views.view import SessionRow, View
from tray.desktop.menu.add_profile_menu import add_profile
from tray.desktop.menu.menu_entry import LEVEL, SCROLLED, SEPARATION, Entry, grouped
from tray.desktop.menu.menu_extras import RECENT, MenuExtras
from tray.desktop.menu.menu_rows import SEPARATOR, Menu, Row

SESSIONS: Final = 8  # on the first level, which has no room for more
PROBLEMS: Final = 3
ACCOUNTS: Final = 17  # rows of a session's menu that are left for accounts
RECENT_PROFILES: Final = 8  # on the first level of a long list


def entries(view: View, extras: MenuExtras, now: float) -> tuple[Entry, ...]:
    blocks = (
        tuple(_sessions(view, extras, now)),
        tuple(_profiles(view, extras)),
        tuple(_rest(view, extras)),
        (
            Entry("quit", menu_text.QUIT, ev.QuitRequested()),
            Entry(
                "quit-hand-back", menu_text.QUIT_AND_HAND_BACK, ev.QuitRequested(hand_back=True)
            ),
        ),
    )
    rows: list[Entry] = []
    for number, block in enumerate(block for block in blocks if block):
        rows += (SEPARATION, *block) if number else block
    return tuple(rows)


def render(rows: Iterable[Entry], act: Callable[[Event], None]) -> Menu:
    """Build pystray's menu; a click only sends an event to the rules."""
    return Menu(*(_row(row, act) for row in rows))


class _Click:
    """What a row does; a function of its own, or a ``partial``, takes three times as much."""

    __slots__ = ("_act", "_event")

    def __init__(self, act: Callable[[Event], None], event: Event) -> None:
        self._act, self._event = act, event

    def __call__(self) -> None:
        self._act(self._event)


def _row(row: Entry, act: Callable[[Event], None]) -> object:
    if row is SEPARATION:
        return SEPARATOR
    action: object = None
    if row.children:
        action = render(row.children, act)
    elif row.event is not None:
        action = _Click(act, row.event)
    return Row(
        row.key,
        row.text,
        action,
        checked=row.checked,
        radio=row.radio,
        enabled=row.enabled and action is not None,
    )


# --- Sessions -------------------------------------------------------------------------------


def _sessions(view: View, extras: MenuExtras, now: float) -> Iterable[Entry]:
    if not view.sessions and not view.problems:
        yield Entry(
            "set-up",
            menu_text.SET_UP,
            children=(
                Entry("set-up-how", menu_text.SET_UP_HOW, enabled=False),
                Entry("set-up-copy", menu_text.SET_UP_COPY, SetUpRequested()),
            ),
        )
        return
    first, rest = _by_urgency(view.sessions)
    yield from (_session(row, view, extras, now) for row in first)
    if rest:
        below = [_session(row, view, extras, now, below=True) for row in rest[:SCROLLED]]
        if len(below) < len(rest):
            below.append(Entry("more", menu_text.MORE_SESSIONS, enabled=False))
        yield Entry("more-sessions", menu_text.more_sessions(len(rest)), children=tuple(below))
    for number, problem in enumerate(view.problems[:PROBLEMS]):
        yield Entry(f"problem:{number}", menu_text.problem(problem), enabled=False)
    needy = sum(row.state in ("signed-out", "expired", "ending") for row in view.sessions)
    if needy > 1:
        yield Entry("sign-in-all", menu_text.sign_in_to_all(needy), SignInAllRequested())
    if view.keyring_locked:
        yield Entry("unlock", menu_text.UNLOCK, UnlockRequested())


def _by_urgency(
    rows: tuple[SessionRow, ...],
) -> tuple[tuple[SessionRow, ...], tuple[SessionRow, ...]]:
    if len(rows) <= SESSIONS:
        return rows, ()
    calm = ("signed-in", "signed-out")
    urgent = sorted(rows, key=lambda row: row.state in calm or not row.in_use)
    first = {row.key for row in urgent[: SESSIONS - 1]}
    return (
        tuple(row for row in rows if row.key in first),
        tuple(row for row in rows if row.key not in first),
    )


def _session(
    row: SessionRow, view: View, extras: MenuExtras, now: float, *, below: bool = False
) -> Entry:
    return Entry(
        f"session:{row.key}",
        sentences.row(row, now, extras.zone),
        children=tuple(_session_actions(row, view, room=0 if below else ACCOUNTS)),
    )


def _session_actions(row: SessionRow, view: View, *, room: int) -> Iterable[Entry]:
    key = row.key
    if row.problem is not None:
        yield Entry(f"why:{key}", menu_text.problem(row.problem), enabled=False)
        return
    if row.state == "signing-in":
        if row.user_code is not None:
            yield Entry(f"code:{key}", menu_text.user_code(row.user_code), enabled=False)
        has_link = row.sign_in_url is not None
        yield Entry(f"link:{key}", menu_text.COPY_LINK, LinkRequested(key), enabled=has_link)
        yield Entry(f"cancel:{key}", menu_text.CANCEL, ev.SignInCancelled(key))
        return
    if row.state != "signed-in" and not row.afresh:
        yield Entry(f"sign-in:{key}", menu_text.SIGN_IN, ev.SignInRequested(key))
    if row.state not in ("signed-out", "expired"):
        yield Entry(
            f"afresh:{key}", menu_text.SIGN_IN_AFRESH, ev.SignInRequested(key, afresh=True)
        )
    if row.renews:
        yield Entry(f"renew:{key}", menu_text.RENEW_NOW, ev.RenewRequested(key))
    if row.state in ("signed-in", "ending", "renewal-failing"):
        yield from add_profile(row, view, room=room)
    if row.can_undo:
        yield Entry(f"undo:{key}", menu_text.UNDO_SIGN_OUT, ev.UndoRequested(key))
        yield Entry(f"sign-out:{key}", menu_text.SIGN_OUT_AT_AWS, ev.SignOutRequested(key))
    if row.state != "signed-out":
        yield Entry(f"sign-out:{key}", menu_text.SIGN_OUT, ev.SignOutRequested(key))


# --- Profiles -------------------------------------------------------------------------------


def _profiles(view: View, extras: MenuExtras) -> Iterable[Entry]:
    usable = tuple(one for one in view.profiles if not is_managed(one.name, view.managed))
    if not usable:
        return
    active = view.active_profile
    yield Entry(
        "profiles", menu_text.active(active), children=tuple(_choice(usable, active, extras))
    )
    chosen = next((one for one in usable if one.name == active), None)
    if chosen is None:
        return
    if "default" not in extras.follow:
        yield Entry(
            "offer-default", menu_text.OFFER_DEFAULT, SettingRequested("default-follows", on=True)
        )
    has_console = bool(chosen.session and chosen.account_id and chosen.role_name)
    yield Entry(
        "console", menu_text.OPEN_CONSOLE, ConsoleRequested(chosen.name), enabled=has_console
    )
    yield Entry("environment", menu_text.COPY_ENVIRONMENT, EnvironmentRequested(chosen.name))


def _choice(
    profiles: Sequence[Profile], active: str | None, extras: MenuExtras
) -> Iterable[Entry]:
    """List all profiles where they fit, else the active and recent ones, then by account (M1)."""
    yield Entry(
        "use-none",
        menu_text.NONE_ACTIVE,
        ev.UseRequested(None),
        checked=active is None,
        radio=True,
    )
    if len(profiles) < LEVEL:
        yield from (_profile(one, active, extras) for one in profiles)
        return
    first = [name for name in (active, *extras.recent_profiles) if name is not None]
    by_name = {one.name: one for one in profiles}
    shown = [by_name[name] for name in dict.fromkeys(first) if name in by_name]
    yield from (_profile(one, active, extras) for one in shown[:RECENT_PROFILES])
    yield SEPARATION
    accounts: dict[str | None, list[Profile]] = {}
    for one in profiles:
        accounts.setdefault(one.account_id, []).append(one)
    blocks = [
        Entry(
            f"account:{account or ''}",
            menu_text.account(account, len(members)),
            children=tuple(_profile(one, active, extras) for one in members),
        )
        for account, members in accounts.items()
    ]
    room = LEVEL - 2 - min(len(shown), RECENT_PROFILES)
    yield from grouped(blocks, room, lambda _, row: row.text, menu_text.MORE)


def _profile(profile: Profile, active: str | None, extras: MenuExtras) -> Entry:
    guarded = is_guarded(profile.name, extras.guarded)
    label = menu_text.profile(profile.name, guarded=guarded, problem=profile.problem is not None)
    return Entry(
        f"use:{profile.name}",
        label,
        ev.UseRequested(profile.name),
        checked=profile.name == active,
        radio=True,
        enabled=profile.problem is None,
    )


# --- The rest -------------------------------------------------------------------------------


def _rest(view: View, extras: MenuExtras) -> Iterable[Entry]:
    if any(row.reason == "keyring-absent" for row in view.sessions):
        how = Entry("no-keyring-how", menu_text.NO_KEYRING_HOW, enabled=False)
        yield Entry("no-keyring", menu_text.NO_KEYRING, children=(how,))
    recent = tuple(
        Entry(f"recent:{number}", line, enabled=False)
        for number, line in enumerate(extras.recent[:RECENT])
    )
    nothing = (Entry("recent:none", menu_text.NOTHING_RECENT, enabled=False),)
    yield Entry("recent", menu_text.RECENT, children=recent or nothing)
    yield Entry(
        "settings",
        menu_text.SETTINGS,
        children=(
            _setting("start-at-login", extras.starts_at_login),
            _setting("warnings", extras.warns, locked="warnings.show" in extras.locked),
            _setting("default-follows", "default" in extras.follow),
            _setting("process-follows", "process" in extras.follow),
            _setting("adopt", extras.adopts, locked="keyring.adopt" in extras.locked),
            # Set in a notice, where it cannot be taken back.
            *((_setting("restore-removed", on=True),) if extras.restores else ()),
        ),
    )
    lines = tuple(
        Entry(f"help:{number}", line, enabled=False)
        for number, line in enumerate(menu_text.HELP_LINES)
    )
    yield Entry("help", menu_text.HELP, children=lines)


def _setting(name: SettingName, on: bool, *, locked: bool = False) -> Entry:  # a tick, its state
    label = menu_text.setting(name, locked=locked)
    return Entry(
        f"setting:{name}", label, SettingRequested(name, on=not on), checked=on, enabled=not locked
    )
