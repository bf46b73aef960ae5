"""What the menu offers apart from signing in and out."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.accounts import index_listing
from tray.core.accounts.remembered_roles import RoleKey
from tray.core.effects import Effect, JobKind
from tray.core.model import Now, Profile
from tray.core.profiles.console_link import browser_names, console_link, portal_url
from tray.core.requests import (
    AccountsUsed,
    ConsoleLinkRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
    LinkRequested,
    SignInAllRequested,
)
from tray.core.session import QueuedJob, renewable
from tray.core.sessions import renewal_requests, signing_in
from tray.core.sessions.session_states import state_of
from tray.core.state import Step, TrayState
from tray.core.text import menu_text, sentences
from tray.core.text.shell_commands import quoted
from tray.core.views.view import view

HOME_CLICK = "home"
"""Where a click came from: the menu's sign-ins open their page from here."""


def sign_in_all(state: TrayState, event: SignInAllRequested) -> Step:
    """Queue sessions that need the user, so that two tabs never open at once (T18, L7)."""
    waiting = tuple(
        key
        for key, session in state.sessions.items()
        if session.sign_in is None
        and session.config.problem is None
        and (event.keys is None or key in event.keys)
    )
    return replace(state, sign_in_queue=waiting), ()


def next_in_queue(state: TrayState, now: Now) -> Step:
    """Start the next sign-in, but open no page for a user who has left since the click (T18)."""
    if state.locked or state.asleep:
        return replace(state, sign_in_queue=()), ()
    if not state.sign_in_queue or any(one.sign_in for one in state.sessions.values()):
        return state, ()
    queue = list(state.sign_in_queue)
    while queue:
        key = queue.pop(0)
        session = state.sessions.get(key)
        if session is None or not needs_sign_in(state, key, now):
            continue
        state = replace(state, sign_in_queue=tuple(queue))
        return signing_in.wanted(state, ev.SignInRequested(key), now)
    return replace(state, sign_in_queue=()), ()


def needs_sign_in(state: TrayState, key: str, now: Now) -> bool:
    kind = state_of(state.sessions[key], state.preferences, now)
    return kind in ("signed-out", "expired", "ending")


def status(state: TrayState, now: Now) -> Step:
    """Show what the tooltip and the menu's first rows say (M2)."""
    seen = view(state, now)
    title = menu_text.tooltip(seen.attention, seen.active_profile, seen.mark.label)
    rows = [sentences.row(row, now.wall, now.zone) for row in seen.sessions[: policy.STATUS_LINES]]
    lines = [*rows, *seen.problems[:1], menu_text.RIGHT_CLICK]
    good = not seen.problems and all(row.state == "signed-in" for row in seen.sessions)
    return state, (fx.Report(title, "\n".join(lines), good=good, state=seen.worst),)


def link(state: TrayState, event: LinkRequested) -> Step:
    """Copy the link of the sign-in under way (L4)."""
    session = state.sessions.get(event.key)
    if session is None or session.sign_in is None or session.sign_in.url is None:
        return state, ()
    return state, (fx.CopyText(session.sign_in.url, menu_text.COPIED_LINK),)


def hand_back(state: TrayState, event: ev.QuitRequested) -> Step:
    """
    Put back what the keyring keeps; the daemon ends when that is done (K7).

    Released for good if that was asked for, else lent to the AWS CLI until the next start. A
    session whose job or sign-in is still under way is not waited for then. Where the keyring is
    required nothing is lent (K9).
    """
    effects: list[Effect] = []
    kind: JobKind = "release" if event.hand_back else "lend"
    for key, one in tuple(state.sessions.items()):
        busy = one.job is not None or one.sign_in is not None
        if kind == "lend" and state.preferences.keyring_required:
            continue
        if one.store != "keyring" or (kind == "lend" and (busy or not renewable(one))):
            continue
        state, more = renewal_requests.enqueue(state, key, QueuedJob(kind))
        effects.extend(more)
    request = event.request or HOME_CLICK
    return replace(state, handing_back=request, lending=not event.hand_back), tuple(effects)


def handing_back_too(before: TrayState, state: TrayState) -> TrayState:
    """Release what came into the keyring only while all was being handed back, by adoption."""
    if before.handing_back is None or state.handing_back is None or state.lending:
        return state
    for key, one in tuple(state.sessions.items()):
        known = before.sessions.get(key)
        if one.store == "keyring" and (known is None or known.store != "keyring"):
            state, _ = renewal_requests.enqueue(state, key, QueuedJob("release"))
    return state


def not_handed_back(state: TrayState, sentence: str) -> Step:
    """Stay, because a release failed: the user wants everything handed back (K7)."""
    request = None if state.handing_back == HOME_CLICK else state.handing_back
    return replace(state, handing_back=None), fx.done((request,), 1, sentence)


def handed_back(state: TrayState) -> bool:
    if state.handing_back is None:
        return False
    sessions = state.sessions.values()
    if state.lending:
        jobs = [job for one in sessions for job in (one.job, *one.queue) if job is not None]
        return not any(job.kind == "lend" for job in jobs)
    return not any(one.job is not None or one.queue for one in sessions)


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
