"""The request log: what tests may ask of it, and that it tells no secret."""

from __future__ import annotations

import threading

import pytest

from tests.fake_aws.client import DEVICE_CODE, Client
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter
from tray.fake_aws.realm import fingerprint


def test_what_is_noted(center: IdentityCenter, client: Client) -> None:
    """A call carries operation, outcome, and whom it was about."""
    registration = client.register()
    token = client.sign_in(registration)
    client.renew(registration, token["refreshToken"])
    client.renew(registration, "invented")

    good, bad = center.requests[-2:]
    assert ("CreateToken", "POST", "/token", 200, None, None) == (
        good.operation,
        good.method,
        good.path,
        good.status,
        good.error,
        good.fault,
    )
    assert (center.time(), 400, "InvalidGrantException") == (bad.when, bad.status, bad.error)
    assert ("refresh_token", DEFAULT_START_URL) == (good.about.grant_type, good.about.start_url)
    assert fingerprint(registration["clientId"]) == good.about.client
    assert fingerprint(token["refreshToken"]) == good.about.token


def test_counting(center: IdentityCenter, client: Client) -> None:
    """Calls are counted by operation, by predicate, by filter and from a point on."""
    registration = client.register()
    token = client.sign_in(registration)
    mark = len(center.requests)
    for _ in range(2):
        client.renew(registration, token["refreshToken"])

    assert 3 == center.count("CreateToken")
    assert 2 == center.count("CreateToken", grant_type="refresh_token")
    assert 1 == center.count("CreateToken", grant_type="authorization_code", status=200)
    assert 0 == center.count("CreateToken", grant_type=DEVICE_CODE)
    assert 2 == center.count(lambda call: call.path == "/token", since=mark)
    with pytest.raises(ValueError, match="no such filter"):
        center.count("CreateToken", grant="refresh_token")


def test_portal_calls_name_the_role(center: IdentityCenter, client: Client) -> None:
    """Role requests can be counted by account and role, whatever their outcome."""
    token = center.sign_in().access_token
    for role in ("ReadOnly", "ReadOnly", "Nothing"):
        client.portal(f"/federation/credentials?account_id=123456789011&role_name={role}", token)

    assert 2 == center.count("GetRoleCredentials", role_name="ReadOnly")
    assert 1 == center.count("GetRoleCredentials", status=403, account_id="123456789011")


def test_device_polls_are_told_by_start_url(center: IdentityCenter, client: Client) -> None:
    """A device client's calls count for the portal it asked for."""
    registration = client.register_device()
    started = client.start_device(registration)
    client.poll(registration, started["deviceCode"])

    assert 1 == center.count("CreateToken", start_url=DEFAULT_START_URL)


def test_waiting(center: IdentityCenter, client: Client) -> None:
    """wait_for returns once enough calls came from another thread."""
    thread = threading.Thread(target=lambda: [client.register() for _ in range(2)])
    thread.start()

    found = center.wait_for("RegisterClient", 2, timeout=20)

    thread.join(20)
    assert ["RegisterClient"] * 2 == [call.operation for call in found]


def test_waiting_in_vain(center: IdentityCenter, client: Client) -> None:
    """A wait that fails says what came instead."""
    client.register()

    with pytest.raises(TimeoutError, match=r"0 of 1 awaited calls.*RegisterClient"):
        center.wait_for("CreateToken", timeout=0.01)


def test_what_a_fault_did_is_noted(center: IdentityCenter, client: Client) -> None:
    """A call that a fault struck names it, and has no status where no answer went out."""
    token = center.sign_in()
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    center.fault("CreateToken", "lost")
    center.fault("CreateToken", "status", status=502)
    with pytest.raises(ConnectionError):
        client.renew(registration, token.refresh_token or "")
    client.renew(registration, token.refresh_token or "")

    noted = [(call.fault, call.status, call.error) for call in center.requests]
    assert [("lost", None, None), ("status", 502, "HTTP 502")] == noted


def test_no_secret_in_the_log(center: IdentityCenter, client: Client) -> None:
    """Whatever was issued and sent, neither log nor reprs hold any of it."""
    registration = client.register()
    token = client.sign_in(registration)
    client.renew(registration, token["refreshToken"])
    device = client.register_device()
    started = client.start_device(device)
    client.poll(device, started["deviceCode"])
    client.portal(
        "/federation/credentials?account_id=123456789011&role_name=ReadOnly", token["accessToken"]
    )
    issued = center.secrets()

    text = repr((center.requests, center, center.sign_in(), center.live_sessions()))

    told = {token["accessToken"], token["refreshToken"], started["deviceCode"]}
    assert told | {registration["clientSecret"]} <= issued
    assert [] == [secret for secret in issued if secret in text]
