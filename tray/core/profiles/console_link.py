"""The portal's own link to an AWS console: it names account and role and carries no secret."""

from __future__ import annotations

from urllib.parse import quote

from tray.core.model import Profile, SsoSession
from tray.core.profiles.start_url import normal_start_url


def console_link(
    start_url: str, account_id: str, role_name: str, destination: str | None = None
) -> str:
    """Source: IAM Identity Center user guide, "Creating shortcut links"."""
    place = normal_start_url(start_url)
    link = f"{place}/#/console?account_id={quote(account_id)}&role_name={quote(role_name)}"
    return link if destination is None else f"{link}&destination={quote(destination, safe='')}"


def portal_url(
    profile: Profile, session: SsoSession | None, destination: str | None = None
) -> str | None:
    """Return the portal's own link to a profile's console; None if it has none."""
    named = profile.account_id and profile.role_name and profile.kind == "sso"
    if profile.problem is not None or session is None or not named or session.problem is not None:
        return None
    return console_link(
        session.start_url, profile.account_id or "", profile.role_name or "", destination
    )


def browser_names(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Return what a browser's template may name of a profile whose console is opened."""
    return (
        ("profile", profile.name),
        ("account", profile.account_id or ""),
        ("role", profile.role_name or ""),
    )
