"""One spelling for a portal's start URL."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_INSTANCE: Final = re.compile(
    r"(ssoins-[a-z0-9]+)\.(?:portal\.[a-z0-9-]+\.app\.aws|[a-z0-9-]+\.portal\.amazonaws\.com)"
)
_AWS: Final = re.compile(
    r"(.+\.)?(app\.aws|awsapps\.(com|cn)|portal\.amazonaws\.(com|com\.cn|eu)"
    r"|app\.amazonwebservices\.com\.cn|api\.amazonwebservices\.eu)"
    r"|identitycenter(\.us-gov)?\.amazonaws\.(com|com\.cn|eu)"
)
_REGION: Final = re.compile(
    r"[^.]+\.(?:portal\.([a-z0-9-]+)\.app\.aws|([a-z0-9-]+)\.portal\.amazonaws\.(?:com|com\.cn|eu))"
)
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


def is_allowed(start_url: str, allowed: Iterable[str] | None) -> bool:
    """
    Whether one may sign in there: none is named, or it fits a start URL or pattern of one.

    None: nobody knows what is allowed, so nothing is.
    """
    if allowed is None:
        return False
    url, named = normal_start_url(start_url).casefold(), tuple(allowed)
    return not named or any(
        same_portal(url, one) or fnmatchcase(url, one.casefold()) for one in named
    )


def instance_of(start_url: str) -> str | None:
    """Return the Identity Center instance that a start URL names: ``ssoins-...``."""
    found = _INSTANCE.fullmatch(_host(start_url))
    return found[1] if found else None


def is_vanity(start_url: str) -> bool:
    """Whether its host is not AWS's: it leads to the portal, whose region AWS may change."""
    host = _host(start_url)
    return bool(host) and not _AWS.fullmatch(host.rsplit(":", 1)[0].rstrip("."))


def region_of(start_url: str) -> str | None:
    """Return the region that a portal's own host names."""
    found = _REGION.fullmatch(_host(start_url))
    return (found[1] or found[2]) if found else None


def is_dual_stack(start_url: str) -> bool:
    """Whether it is a dual-stack portal, ``ssoins-....portal.REGION.app.aws``."""
    return _host(start_url).endswith(".app.aws")


def _host(start_url: str) -> str:
    return normal_start_url(start_url).partition("://")[2].partition("/")[0]
