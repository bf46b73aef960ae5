"""One spelling for a portal's start URL."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_BARE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([/?#]\S*)?")


def normal_start_url(text: str) -> str:
    """Return a start URL in one form, completing ``acme`` and ``acme.awsapps.com``; unchecked."""
    url = text.strip()
    if _NAME.fullmatch(url):
        url += ".awsapps.com"
    if _BARE.fullmatch(url):
        url = f"https://{url}"
    scheme, colon, rest = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")
    host, _, path = rest.partition("/")
    if not colon or "@" in host:
        return url
    host, path = host.lower(), path.rstrip("/")
    if not path and host.endswith(".awsapps.com"):
        path = "start"
    return f"{scheme.lower()}://{host}" + (f"/{path}" if path else "")


def same_portal(one: str, other: str) -> bool:
    """Whether two start URLs are one portal's; case does not distinguish portals."""
    return normal_start_url(one).casefold() == normal_start_url(other).casefold()
