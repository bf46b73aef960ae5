"""What the menu and the desktop's search offer for one role: console, copies, favourite."""

from __future__ import annotations

from tray.core import effects as fx
from tray.core.accounts import index_listing
from tray.core.accounts.remembered_roles import RoleKey
from tray.core.model import Now, Profile
from tray.core.profiles.console_link import browser_names, console_link, portal_url
from tray.core.requests import (
    AccountsUsed,
    ConsoleLinkRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
)
from tray.core.state import Step, TrayState
from tray.core.text import menu_text, sentences
from tray.core.text.shell_commands import quoted


def console(state: TrayState, event: ConsoleRequested, now: Now) -> Step:
    """Open the portal's shortcut link; it carries no secret, the browser has its own session."""
    page = _page(state, event.role)
    if page is None:
        return state, ()
    names = dict(page.names)
    role = names["profile"] or sentences.role_of(names["account"], names["role"])
    used = fx.RememberRole(event.role, "used")
    effects = (page, used, fx.RecordHistory("console-opened", page.key, role))
    if len(event.role) == 1:
        return state, effects
    state, more = index_listing.answered(state, AccountsUsed(), now)  # it is known from there
    return state, (*effects, *more)


def console_url(state: TrayState, event: ConsoleLinkRequested) -> Step:
    page = _page(state, event.role)
    return state, () if page is None else (fx.CopyText(page.url, menu_text.COPIED_CONSOLE_LINK),)


def environment(state: TrayState, event: EnvironmentRequested) -> Step:
    """Copy what selects a profile in a shell: its name, never a credential (M1)."""
    if _profile(state, event.profile) is None:
        return state, ()
    line = f"export AWS_PROFILE={quoted(event.profile)}\n"
    return state, (fx.CopyText(line, menu_text.COPIED_ENVIRONMENT),)


def favourite(state: TrayState, event: FavouriteRequested) -> Step:
    return state, (fx.RememberRole(event.role, "starred" if event.on else "unstarred"),)


def _page(state: TrayState, role: RoleKey) -> fx.OpenBrowser | None:
    """Return the page of a role's console; None if it has none, or the role's place is gone."""
    if len(role) == 1:
        profile = _profile(state, role[0])
        session = state.sessions.get((profile and profile.session) or "")
        url = None if profile is None or session is None else portal_url(profile, session.config)
        if profile is None or session is None or url is None:
            return None
        return fx.OpenBrowser(session.key, url, profile.name, browser_names(profile))
    key, account_id, role_name = role
    session = state.sessions.get(key)
    if session is None or session.config.problem is not None:
        return None
    url = console_link(session.config.start_url, account_id, role_name)
    names = (("profile", ""), ("account", account_id), ("role", role_name))
    return fx.OpenBrowser(key, url, None, names)


def _profile(state: TrayState, name: str) -> Profile | None:
    return next((one for one in state.catalog.profiles if one.name == name), None)
