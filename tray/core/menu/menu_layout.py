"""The whole menu as data: one function from the view to what can be clicked (M1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tray.core import events as ev
from tray.core.effects import CLICK
from tray.core.menu.account_menu import active_rows, all_accounts, remembered_rows
from tray.core.menu.add_profile_menu import add_profile
from tray.core.menu.menu_entry import SEPARATION, Entry, MenuExtras, heading
from tray.core.policy import MENU_ROWS, MENU_SESSIONS, RECENT_LINES
from tray.core.requests import (
    LinkRequested,
    PageRequested,
    SettingName,
    SettingRequested,
    SignInAllRequested,
    TerminalRequested,
    UnlockRequested,
)
from tray.core.text import menu_text, sentences
from tray.core.views.view import SessionRow, View

PROBLEMS: Final = 3
ACCOUNTS: Final = 17  # rows of a session's menu that are left for accounts


def entries(view: View, extras: MenuExtras, now: float) -> tuple[Entry, ...]:
    blocks: list[tuple[Entry, ...]] = [
        (),
        tuple(active_rows(view, extras)),
        tuple(all_accounts(view, extras)),
        tuple(_rest(view, extras)),
        (
            Entry("quit", menu_text.QUIT, ev.QuitRequested()),
            Entry(
                "quit-hand-back",
                menu_text.quit_and_hand_back(keyring_required=extras.keyring_required),
                ev.QuitRequested(hand_back=True),
            ),
        ),
    ]
    room = MENU_ROWS - sum(len(block) + 1 for block in blocks if block)
    blocks[0] = tuple(_sessions(view, extras, now, room - 1))
    room -= len(blocks[0])
    blocks[2] = (*remembered_rows(view, extras, room), *blocks[2])
    rows: list[Entry] = []
    for number, block in enumerate(block for block in blocks if block):
        rows += (SEPARATION, *block) if number else block
    return tuple(rows)


# --- Sessions -------------------------------------------------------------------------------


def _sessions(view: View, extras: MenuExtras, now: float, room: int) -> Iterable[Entry]:
    if not view.sessions and not view.problems:
        how = PageRequested("setup") if extras.page else TerminalRequested("add")
        yield Entry("set-up", menu_text.SET_UP, how)
        yield from _aws_logins(view)
        return
    above = tuple(_sign_in(view))
    below = [
        Entry(f"problem:{number}", menu_text.problem(problem), enabled=False)
        for number, problem in enumerate(view.problems[:PROBLEMS])
    ]
    below += _aws_logins(view)
    if view.keyring_locked:
        below.append(Entry("unlock", menu_text.UNLOCK, UnlockRequested()))
    most = min(MENU_SESSIONS, room - len(above) - len(below))
    first, rest = _by_urgency(view.sessions, most)
    yield from above
    yield from (_session(row, view, extras, now) for row in first)
    if rest:
        fits = MENU_ROWS - (len(rest) > MENU_ROWS)
        hidden = [_session(row, view, extras, now, below=True) for row in rest[:fits]]
        if len(hidden) < len(rest):
            hidden.append(Entry("more", menu_text.MORE_SESSIONS, enabled=False))
        yield Entry("more-sessions", menu_text.more_sessions(len(rest)), children=tuple(hidden))
    yield from below


def _aws_logins(view: View) -> Iterable[Entry]:
    if view.signed_out_logins:
        text = menu_text.signed_out_logins(view.signed_out_logins)
        yield Entry("aws-logins", text, enabled=False)


def _sign_in(view: View) -> Iterable[Entry]:
    """Yield what signs in with one click: the active profile's session, or the only one."""
    needy = [
        row
        for row in view.sessions
        if row.state in ("signed-out", "expired", "ending") and row.problem is None
    ]
    chosen = next((one for one in view.profiles if one.name == view.active_profile), None)
    key = chosen.session if chosen is not None else None
    for row in needy:
        if row.key == key or len(needy) == 1:
            text = menu_text.sign_in_to(row.name, afresh=row.afresh)
            yield Entry("sign-in", text, _signs_in(row))
    if len(needy) > 1:
        yield Entry("sign-in-all", menu_text.sign_in_to_all(len(needy)), SignInAllRequested())


def _signs_in(row: SessionRow) -> ev.SignInRequested:
    return ev.SignInRequested(row.key, afresh=True if row.afresh else None)


def _by_urgency(
    rows: tuple[SessionRow, ...], most: int
) -> tuple[tuple[SessionRow, ...], tuple[SessionRow, ...]]:
    if len(rows) <= most:
        return rows, ()
    calm = ("signed-in", "signed-out")
    urgent = sorted(rows, key=lambda row: row.state in calm or not row.in_use)
    first = {row.key for row in urgent[: most - 1]}
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
        children=tuple(_session_actions(row, view, extras, room=0 if below else ACCOUNTS)),
    )


def _session_actions(
    row: SessionRow, view: View, extras: MenuExtras, *, room: int
) -> Iterable[Entry]:
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
        yield Entry(f"renew:{key}", menu_text.RENEW_NOW, ev.RenewRequested(key, CLICK))
    if row.state in ("signed-in", "ending", "renewal-failing"):
        yield from add_profile(row, view, extras, room=room)
    if row.can_undo:
        yield Entry(f"undo:{key}", menu_text.UNDO_SIGN_OUT, ev.UndoRequested(key))
        yield Entry(f"sign-out:{key}", menu_text.SIGN_OUT_AT_AWS, ev.SignOutRequested(key))
    if row.state != "signed-out":
        yield Entry(f"sign-out:{key}", menu_text.SIGN_OUT, ev.SignOutRequested(key))


# --- The rest -------------------------------------------------------------------------------


def _rest(view: View, extras: MenuExtras) -> Iterable[Entry]:
    if extras.page:
        yield Entry("accounts-page", menu_text.ACCOUNTS_PAGE, PageRequested())
    if any(row.reason == "keyring-absent" for row in view.sessions):
        how = Entry("no-keyring-how", menu_text.NO_KEYRING_HOW, enabled=False)
        text = menu_text.no_keyring(required=extras.keyring_required)
        yield Entry("no-keyring", text, children=(how,))
    recent = tuple(
        Entry(f"recent:{number}", line, enabled=False)
        for number, line in enumerate(extras.recent[:RECENT_LINES])
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
            *_locked_by(extras),
            *_all_settings(extras),
        ),
    )
    lines = tuple(
        heading(f"help:{number}", line) for number, line in enumerate(menu_text.HELP_LINES)
    )
    helped = PageRequested("help") if extras.page else TerminalRequested("doctor")
    doctor = Entry("doctor", menu_text.RUN_DOCTOR, helped)
    text = menu_text.about(extras.version)
    about = Entry("about", text, helped) if extras.page else heading("about", text)
    yield Entry("help", menu_text.HELP, children=(doctor, *lines, SEPARATION, about))


def _all_settings(extras: MenuExtras) -> Iterable[Entry]:
    if extras.page:
        yield SEPARATION
        yield Entry("settings-page", menu_text.SETTINGS_PAGE, PageRequested("settings"))


def _locked_by(extras: MenuExtras) -> Iterable[Entry]:
    for number, file in enumerate(dict.fromkeys(extras.locked.values())):
        yield Entry(f"locked-by:{number}", menu_text.locked_by(file), enabled=False)


def _setting(name: SettingName, on: bool, *, locked: bool = False) -> Entry:  # a tick, its state
    label = menu_text.setting(name, locked=locked)
    return Entry(
        f"setting:{name}", label, SettingRequested(name, on=not on), checked=on, enabled=not locked
    )
