"""A start URL at a host of the company's own: where it leads, and in which region that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from botocore.awsrequest import AWSRequest

from tray.aws.api.plain_http import plain_http
from tray.aws.config.sso_sessions import region_flaw
from tray.core.model import SsoSession
from tray.core.profiles.start_url import is_vanity, normal_start_url, region_of
from tray.core.text.display_names import clean
from tray.errors import UserMustAct
from tray.worker.job_context import JobContext

_NOT_ALLOWED: Final = (405, 501)
_REDIRECTS: Final = (301, 302, 303, 307, 308)


def resolved(session: SsoSession, context: JobContext) -> SsoSession:
    """
    Return a session with AWS's own start URL and region, found as the AWS CLI 2.35.13 does.

    One HEAD (GET where that is not allowed) and at most one redirect, which has to lead to AWS.
    Where the user named the sign-in endpoint, nothing is asked. Raises UserMustAct for a URL that
    leads elsewhere, Offline and TlsFailed.
    """
    endpoint = urlsplit(context.clients.oidc(session.region).meta.endpoint_url).hostname or ""
    if not is_vanity(session.start_url) or not endpoint.startswith("oidc"):
        return session
    url = normal_start_url(urljoin(session.start_url, _location(session, context)))
    region = region_of(url) or session.region
    if is_vanity(url) or not url.startswith("https://") or region_flaw(region) is not None:
        msg = f'The start URL of "{clean(session.key)}" doesn\'t lead to an AWS access portal.'
        raise UserMustAct(msg)
    return replace(session, start_url=url, region=region)


def _location(session: SsoSession, context: JobContext) -> str:
    """Return where the start URL redirects to, relative to it; empty: nowhere."""
    found: dict[str, str] = {}

    def ask() -> Mapping[str, object]:
        with plain_http(context.clients, session.start_url) as http:
            for method in ("HEAD", "GET"):
                request = AWSRequest(method=method, url=session.start_url).prepare()
                answer = http.send(request)
                if answer.status_code not in _NOT_ALLOWED:
                    break
            if answer.status_code in _REDIRECTS:
                found["location"] = str(answer.headers.get("location", ""))
        return {}

    context.clients.call("HEAD", ask, {})
    return found.get("location", "")
