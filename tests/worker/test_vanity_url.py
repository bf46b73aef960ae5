"""Start URLs at the company's own host: resolved once, as the AWS CLI does (2.35.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.calls.tls_proxy import TlsProxy
from tests.worker.signing_in import CORP, Browser, Place, fetch, make_tools, place_to_sign_in
from tray.aws.cache.token_cache import cache_path, read_token
from tray.core.model import SsoSession
from tray.core.outcomes import Renewed
from tray.errors import UserMustAct
from tray.storage.session_records import Records
from tray.worker import job_table

VANITY = "https://sso.corp.example/start"
PORTAL = "https://ssoins-1.portal.us-west-2.app.aws"
HOSTS = tuple(f"{name}.us-west-2.amazonaws.com" for name in ("oidc", "portal.sso"))
CORP_CONFIG = f"[sso-session corp]\nsso_start_url = {VANITY}\nsso_region = us-east-1  \n"
OLD_CONFIG = f"[profile a]\nsso_start_url = {VANITY}\nsso_region = us-east-1\n"
OLD = SsoSession(VANITY, VANITY, "us-east-1", legacy=True)


def redirect(to: str) -> Callable[[bytes], bytes]:
    """Return what answers with a redirect."""
    text = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
    return lambda _: text.encode()


def not_by_head(request: bytes) -> bytes:
    """Answer like a server that has no HEAD."""
    if request.startswith(b"HEAD"):
        return b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n"
    return redirect(f"{PORTAL}/")(request)


@contextmanager
def behind(
    answer: Callable[[bytes], bytes], home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Place, TlsProxy]]:
    """Give a place to sign in where the vanity host answers so; no endpoint is named."""
    urls = {PORTAL: "us-west-2"}
    with (
        place_to_sign_in(home, monkeypatch, region="us-west-2", start_urls=urls) as place,
        TlsProxy(place.center, home, {"sso.corp.example": answer}, HOSTS) as proxy,
    ):
        for name in place.center.environment():
            monkeypatch.delenv(name)
        for name, value in proxy.variables().items():
            monkeypatch.setenv(name, value)
        yield place, proxy


def led_to(place: Place) -> Browser:
    """Return a browser for which the Identity Center is AWS's sign-in host."""
    return Browser(lambda url: fetch(url.replace(f"https://{HOSTS[0]}", place.center.url)))


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (redirect(f"{PORTAL}/#/"), ["HEAD"]),
        (redirect("https://ssoins-1.portal.us-west-2.app.aws/?x=1"), ["HEAD"]),
        (not_by_head, ["HEAD", "GET"]),
    ],
)
@pytest.mark.parametrize(("session", "config"), [(CORP, CORP_CONFIG), (OLD, OLD_CONFIG)])
def test_a_vanity_url_is_resolved_once(
    answer: Callable[[bytes], bytes],
    asked: list[str],
    session: SsoSession,
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AWS gets the resolved URL in its region; file and config keep the user's URL, new region."""
    session = replace(session, start_url=VANITY, region="us-east-1")
    path = tmp_path / ".aws/config"
    path.parent.mkdir()
    path.write_text(config)
    with behind(answer, tmp_path, monkeypatch) as (place, proxy):
        place.session = session
        result = place.sign_in(led_to(place))
        outcome = job_table.run("renew", session, make_tools(tmp_path, place.backend))

    token = read_token(cache_path(tmp_path / ".aws/sso/cache", session.key))
    assert token is not None
    assert (VANITY, "us-west-2") == (token.start_url, token.region)
    assert isinstance(outcome, Renewed)
    assert asked == [method for method, host in proxy.asked if host == "sso.corp.example"]
    assert config.replace("us-east-1  ", "us-west-2").replace("us-east-1", "us-west-2") == (
        path.read_text()
    )
    assert "Its portal is in us-west-2" in str(result.sentence)
    record = Records(make_tools(tmp_path, place.backend).paths.state).of(session.key)
    assert (VANITY, PORTAL) == record.portal


@pytest.mark.parametrize(
    "answer",
    [
        redirect("https://evil.example/start"),
        redirect("http://ssoins-1.portal.us-west-2.app.aws"),
        redirect("https://app.aws.evil.example"),
        lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        lambda _: b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_does_not_lead_to_aws_is_refused(
    answer: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of ours is sent anywhere, and no page opens."""
    with behind(answer, tmp_path, monkeypatch) as (place, proxy):
        browser = led_to(place)
        with pytest.raises(UserMustAct, match="doesn't lead to an AWS access portal"):
            place.sign_in(browser, session=replace(CORP, start_url=VANITY, region="us-east-1"))

    assert ([], ()) == (browser.pages, place.center.requests)
    assert {"sso.corp.example"} == {host for _, host in proxy.asked}
