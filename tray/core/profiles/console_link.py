"""The portal's own link to an AWS console: it names account and role and carries no secret."""

from __future__ import annotations

from urllib.parse import quote

from tray.core.profiles.start_url import normal_start_url


def console_link(
    start_url: str, account_id: str, role_name: str, destination: str | None = None
) -> str:
    """Source: IAM Identity Center user guide, "Creating shortcut links"."""
    place = normal_start_url(start_url)
    link = f"{place}/#/console?account_id={quote(account_id)}&role_name={quote(role_name)}"
    return link if destination is None else f"{link}&destination={quote(destination, safe='')}"
