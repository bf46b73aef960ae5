"""Faults on demand: each kind as a client meets it, in the order asked for."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
)

from tests.fake_aws.client import Client
from tray.fake_aws.identity_center import IdentityCenter, SignedIn

if TYPE_CHECKING:
    from types_boto3_sso import SSOClient

ACCOUNTS = "/assignment/accounts"


@pytest.fixture
def token(center: IdentityCenter) -> SignedIn:
    """A signed-in person."""
    return center.sign_in()


@pytest.fixture
def threads() -> Iterator[list[threading.Thread]]:
    """Threads that a test started; they must end."""
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join(20)
        assert not thread.is_alive()


def renew(client: Client, token: SignedIn) -> int:
    """Renew a token, return the HTTP status."""
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    return client.renew(registration, token.refresh_token or "").status


def test_a_status(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """An HTTP status without an AWS error, as often as asked, then all is well."""
    center.fault("ListAccounts", "status", times=2, status=502)

    statuses = [client.portal(ACCOUNTS, token.access_token).status for _ in range(3)]

    assert [502, 502, 200] == statuses


def test_throttling(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """429 with how long to wait."""
    center.fault("ListAccounts", "throttle", seconds=7)

    got = client.portal(ACCOUNTS, token.access_token)

    assert (429, "TooManyRequestsException") == got.refusal
    assert "7" == got.headers["retry-after"]


def test_a_captive_portal(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """200 with a page where JSON was asked for."""
    center.fault("CreateToken", "html")

    got = client.renew({"clientId": token.client_id, "clientSecret": token.client_secret}, "x")

    assert (200, "text/html; charset=utf-8") == (got.status, got.headers["content-type"])


def test_a_named_error(center: IdentityCenter, portal: SSOClient, token: SignedIn) -> None:
    """Any AWS error by its name, with its own status."""
    center.fault("ListAccounts", "UnauthorizedException", message="no more")

    with pytest.raises(ClientError) as caught:
        portal.list_accounts(accessToken=token.access_token)

    assert "UnauthorizedException" == caught.value.response["Error"]["Code"]
    assert 401 == caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_reset(center: IdentityCenter, portal: SSOClient, token: SignedIn) -> None:
    """The connection is reset before any answer."""
    center.fault("ListAccounts", "reset")

    with pytest.raises(ConnectionClosedError):
        portal.list_accounts(accessToken=token.access_token)


def test_a_cut_answer(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """The answer stops half-way though the request was performed."""
    center.rotation = "strict"
    center.fault("CreateToken", "cut")

    with pytest.raises(http.client.IncompleteRead):
        renew(client, token)

    assert not center.accepts_refresh_token(token.refresh_token or "")


def test_an_answer_lost(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """The token has been replaced, and the client never learns by which."""
    center.rotation = "strict"
    center.fault("CreateToken", "lost")

    with pytest.raises(http.client.RemoteDisconnected):
        renew(client, token)

    assert not center.accepts_refresh_token(token.refresh_token or "")


def test_a_reset_performs_nothing(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """After a reset the refresh token is as good as before."""
    center.rotation = "strict"
    center.fault("CreateToken", "reset")

    with pytest.raises(ConnectionError):
        renew(client, token)

    assert 200 == renew(client, token)


@pytest.mark.parametrize(("kind", "performed"), [("hang", False), ("late", True)])
def test_held_requests(
    center: IdentityCenter,
    client: Client,
    token: SignedIn,
    threads: list[threading.Thread],
    kind: str,
    performed: bool,
) -> None:
    """A hanging request is not yet performed, a late one is; both are answered on release."""
    center.rotation = "strict"
    statuses: list[int] = []
    fault = center.fault("CreateToken", kind, seconds=600)
    threads.append(threading.Thread(target=lambda: statuses.append(renew(client, token))))
    threads[0].start()
    fault.wait_hit()
    if performed:
        fault.wait_performed()
    replaced = not center.accepts_refresh_token(token.refresh_token or "")
    answered = bool(statuses)

    fault.release()

    threads[0].join(20)
    assert (performed, False, [200]) == (replaced, answered, statuses)


def test_closing_lets_go(
    center: IdentityCenter, client: Client, token: SignedIn, threads: list[threading.Thread]
) -> None:
    """A client held when the center closes is dropped."""
    errors: list[type[BaseException]] = []

    def attempt() -> None:
        try:
            renew(client, token)
        except http.client.HTTPException as error:
            errors.append(type(error))

    fault = center.fault("CreateToken", "hang")
    threads.append(threading.Thread(target=attempt))
    threads[0].start()
    fault.wait_hit()

    center.close()

    threads[0].join(20)
    assert [http.client.RemoteDisconnected] == errors


def test_a_delay(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """A delayed request is performed and answered in the end."""
    center.fault("CreateToken", "delay", seconds=0.01)

    assert 200 == renew(client, token)


def test_order_and_filters(center: IdentityCenter, client: Client) -> None:
    """Faults are used up in order, and only by requests that they are about."""
    one, two = center.sign_in(), center.sign_in("https://other.awsapps.com/start")
    center.fault("CreateToken", "status", status=500, start_url=two.start_url)
    center.fault("CreateToken", "status", status=501, grant_type="refresh_token")
    center.fault("CreateToken", "status", status=502, where=lambda about: about.token is None)

    statuses = [renew(client, token) for token in (one, one, two, two)]

    assert [501, 200, 500, 200] == statuses


def test_endless_until_cancelled(center: IdentityCenter, client: Client, token: SignedIn) -> None:
    """times=None strikes until cancelled; clear_faults cancels all."""
    first = center.fault("ListAccounts", "status", times=None)
    before = [client.portal(ACCOUNTS, token.access_token).status for _ in range(3)]
    first.cancel()
    between = client.portal(ACCOUNTS, token.access_token).status
    center.fault("ListAccounts", "status")
    center.clear_faults()

    after = client.portal(ACCOUNTS, token.access_token).status

    assert ([503] * 3, 200, 200, 3) == (before, between, after, first.hits)


def test_faults_have_to_make_sense(center: IdentityCenter) -> None:
    """An unknown kind or filter is the test's mistake and is said at once."""
    with pytest.raises(ValueError, match="no such kind of fault: 'explode'"):
        center.fault("CreateToken", "explode")
    with pytest.raises(ValueError, match="no such filter"):
        center.fault("CreateToken", "html", colour="red")


def test_waiting_for_a_fault_that_never_strikes(center: IdentityCenter) -> None:
    """wait_hit says how far it came."""
    fault = center.fault("CreateToken", "html")

    with pytest.raises(TimeoutError, match="struck 0 of 1 requests"):
        fault.wait_hit(timeout=0.01)


def test_pages_can_fail_too(center: IdentityCenter, client: Client) -> None:
    """A fault on a person's page is a page."""
    center.fault("Authorize", "InternalServerException", message="the page is out of order")

    got = client.authorize(client.register()["clientId"])

    assert (500, True) == (got.status, "the page is out of order" in got.text)


def test_sts_faults_are_xml(center: IdentityCenter, client: Client) -> None:
    """A fault on STS is worded as STS words errors."""
    center.fault("GetCallerIdentity", "AccessDenied")

    got = client.send("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15")

    assert (403, True) == (got.status, "<Code>AccessDenied</Code>" in got.text)


def test_a_timeout_of_the_client(center: IdentityCenter, token: SignedIn) -> None:
    """A client that gives up waiting does no harm to the center."""
    impatient = http.client.HTTPConnection("127.0.0.1", center.port, timeout=20)
    impatient.connect()
    impatient.sock.settimeout(0.05)
    fault = center.fault("ListAccounts", "hang")
    headers = {"x-amz-sso_bearer_token": token.access_token}
    impatient.request("GET", ACCOUNTS, headers=headers)
    with pytest.raises(TimeoutError):
        impatient.getresponse()
    impatient.close()
    fault.release()

    assert 200 == Client(center).portal(ACCOUNTS, token.access_token).status
