"""The roles that the menu offers to add, listed on request and kept for a while (M1)."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.menu.listed_roles import Listing
from tray.core.model import Now
from tray.core.profiles.profile_planning import (
    TEMPLATE,
    Assignment,
    plan,
    profile_keys,
    usual_region,
)
from tray.core.requests import AddProfileRequested, RolesRequested
from tray.core.session import Session, usable
from tray.core.sessions import renewal_requests
from tray.core.state import Step, TrayState
from tray.core.text import menu_text


def wanted(state: TrayState, event: RolesRequested, now: Now) -> Step:
    """Ask for the list; one request at a time for each session."""
    session = state.sessions.get(event.key)
    before = state.listings.get(event.key)
    if session is None or session.config.problem is not None or not usable(session, now):
        return state, ()
    if before is not None and before.asking:
        return state, ()
    attempt = state.next_attempt
    listing = Listing(attempt, session.config.start_url, session.config.region)
    state = replace(_with(state, event.key, listing), next_attempt=attempt + 1)
    return state, (fx.ListRoles(session.config, attempt),)


def listed(state: TrayState, event: ev.RolesListed, now: Now) -> Step:
    """Offer what was listed, and show a notice: the menu has closed long ago."""
    listing = _awaited(state, event.key, event.attempt)
    if listing is None:
        return state, ()
    problem = None if event.roles else menu_text.NO_ROLES
    listing = replace(listing, roles=event.roles, problem=problem, at=now.wall)
    accounts = len({one.account_id for one in event.roles})
    report = fx.Report(
        *menu_text.roles_listed(event.key, len(event.roles), accounts), good=problem is None
    )
    return _with(state, event.key, listing), (report,)


def failed(state: TrayState, event: ev.ListingFailed, now: Now) -> Step:
    """Say why there is no list; a token that the portal rejects is doubted (R6)."""
    listing = _awaited(state, event.key, event.attempt)
    if listing is None:
        return state, ()
    state = _with(
        state, event.key, replace(listing, roles=(), problem=event.sentence, at=now.wall)
    )
    token = state.sessions[event.key].token
    if event.rejected and token is not None:
        state = renewal_requests.doubted(
            state, ev.TokenRejected(event.key, token.fingerprint), now
        )
    return state, (fx.Report(menu_text.roles_not_listed(event.key), event.sentence),)


def add_wanted(state: TrayState, event: AddProfileRequested) -> Step:
    session, listing = state.sessions.get(event.key), state.listings.get(event.key)
    one = _offered(listing, event)
    if session is None or listing is None or one is None:
        return state, ()
    profiles = state.catalog.profiles
    made = plan(session.config, profiles, (one,), listing.roles, TEMPLATE)
    if not made.new:
        return state, ()
    name = made.new[0][0]
    keys = profile_keys(session.config, one, usual_region(profiles), None)
    return state, (fx.AddProfile(event.key, name, tuple(keys.items())),)


def added(state: TrayState, event: ev.ProfileAdded) -> Step:
    """Report the result; the profile itself appears when the config is read."""
    if event.refusal is not None:
        return state, (fx.Report(menu_text.profile_not_added(event.name), event.refusal),)
    report = fx.Report(*menu_text.profile_added(event.name), good=True)
    return state, (fx.RecordHistory("profile-added", event.key, event.name), report)


def forgotten(state: TrayState, key: str) -> TrayState:
    kept = {other: one for other, one in state.listings.items() if other != key}
    return replace(state, listings=kept)


def without_old(state: TrayState, now: Now) -> TrayState:
    """Drop lists that are old, or whose session is over, signed out or changed."""
    kept = {
        key: one
        for key, one in state.listings.items()
        if _holds(one, state.sessions.get(key), now)
    }
    return state if len(kept) == len(state.listings) else replace(state, listings=kept)


def _holds(listing: Listing, session: Session | None, now: Now) -> bool:
    if session is None or not usable(session, now):
        return False
    if (listing.start_url, listing.region) != (session.config.start_url, session.config.region):
        return False
    # A list that seems to come from the future is of unknown age (fault 29).
    return listing.at is None or 0 <= now.wall - listing.at < policy.LISTING_KEPT


def _awaited(state: TrayState, key: str, attempt: int) -> Listing | None:
    listing = state.listings.get(key)
    if listing is None or not listing.asking or listing.attempt != attempt:
        return None
    return listing


def _offered(listing: Listing | None, event: AddProfileRequested) -> Assignment | None:
    place = (event.account_id, event.role_name)
    roles = listing.roles if listing is not None else ()
    return next((one for one in roles if (one.account_id, one.role_name) == place), None)


def _with(state: TrayState, key: str, listing: Listing) -> TrayState:
    return replace(state, listings={**state.listings, key: listing})
