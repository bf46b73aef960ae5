"""The sign-in session: begun, inherited, ended by itself, or signed out."""

from __future__ import annotations

from tests.fake_aws.client import Client
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter, SignedIn

OTHER = "https://other.awsapps.com/start"
DEAD = (400, "InvalidGrantException")
SIGNED_OUT = (401, "UnauthorizedException")
ACCOUNTS = "/assignment/accounts"


def renew_status(client: Client, token: SignedIn) -> tuple[int, str | None]:
    """Try to renew a token."""
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    return client.renew(registration, token.refresh_token or "").refusal


def test_a_new_sign_in_inherits_the_live_session(center: IdentityCenter) -> None:
    """Signing in again within a session does not move its end."""
    center.sign_in()
    began = center.live_sessions()
    center.advance(7.5 * 3600)

    again = center.sign_in()

    assert began == center.live_sessions()
    assert 1800 == again.expires_at - center.time()


def test_a_sign_in_after_the_end_begins_anew(center: IdentityCenter) -> None:
    """Once the session is over, the next sign-in starts the clock."""
    center.sign_in()
    center.advance(8 * 3600)

    center.sign_in()

    assert [center.time() + 8 * 3600] == [live.ends_at for live in center.live_sessions()]


def test_sessions_are_per_start_url_and_user(center: IdentityCenter) -> None:
    """Another portal or another person has a session of their own."""
    center.sign_in()
    center.sign_in(OTHER)
    center.sign_in(user="grace")

    assert 3 == len(center.live_sessions())
    assert 2 == len(center.live_sessions(DEFAULT_START_URL))
    assert 1 == len(center.live_sessions(DEFAULT_START_URL, "grace"))


def test_spellings_of_a_start_url_are_one_portal(center: IdentityCenter) -> None:
    """A trailing slash or fragment names the same session."""
    center.sign_in(DEFAULT_START_URL)
    center.sign_in(DEFAULT_START_URL + "/")
    center.sign_in(DEFAULT_START_URL + "/#/")

    assert 1 == len(center.live_sessions())


def test_tokens_are_shortened_to_the_session(center: IdentityCenter, client: Client) -> None:
    """Near the session's end a renewed token lives no longer than the session."""
    token = center.sign_in()
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    center.advance(8 * 3600 - 90)

    answer = client.renew(registration, token.refresh_token or "").json()

    assert 90 == answer["expiresIn"]
    center.advance(89)
    assert center.accepts_access_token(answer["accessToken"])
    center.advance(1)
    assert not center.accepts_access_token(answer["accessToken"])


def test_a_natural_end_lets_tokens_outlive_it(center: IdentityCenter, client: Client) -> None:
    """Unshortened tokens live on after the session's end, while renewing is refused."""
    center.shorten_tokens = False
    center.sign_in()
    center.advance(8 * 3600 - 60)
    token = center.sign_in()
    center.advance(60)

    assert DEAD == renew_status(client, token)
    assert 200 == client.portal(ACCOUNTS, token.access_token).status
    center.advance(3540)
    assert SIGNED_OUT == client.portal(ACCOUNTS, token.access_token).refusal


def test_ending_a_session_on_demand(center: IdentityCenter, client: Client) -> None:
    """end_session is a natural end now, for the named portal alone."""
    token, other = center.sign_in(), center.sign_in(OTHER)

    assert 1 == center.end_session(DEFAULT_START_URL)

    assert DEAD == renew_status(client, token)
    assert 200 == client.portal(ACCOUNTS, token.access_token).status
    assert (200, None) == renew_status(client, other)


def test_signing_out_kills_everything_of_the_session(
    center: IdentityCenter, client: Client
) -> None:
    """Logout with one token ends the session for all clients in it, at once."""
    token, sibling = center.sign_in(), center.sign_in()

    got = client.portal("/logout", token.access_token, "POST")

    assert (200, b"") == (got.status, got.body)
    for each in (token, sibling):
        assert SIGNED_OUT == client.portal(ACCOUNTS, each.access_token).refusal
        assert DEAD == renew_status(client, each)
    assert () == center.live_sessions()


def test_signing_out_twice(center: IdentityCenter, client: Client) -> None:
    """A second Logout with the dead token is refused, as the portal does."""
    token = center.sign_in()
    client.portal("/logout", token.access_token, "POST")

    assert SIGNED_OUT == client.portal("/logout", token.access_token, "POST").refusal


def test_revocation_can_be_slow(center: IdentityCenter, client: Client) -> None:
    """With a delay the portal says 401 at once, while renewing works until the delay is over."""
    center.revocation_delay = 600
    token = center.sign_in()
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    client.portal("/logout", token.access_token, "POST")

    zombie = client.renew(registration, token.refresh_token or "").json()

    assert SIGNED_OUT == client.portal(ACCOUNTS, token.access_token).refusal
    assert 200 == client.portal(ACCOUNTS, zombie["accessToken"]).status
    center.advance(600)
    assert SIGNED_OUT == client.portal(ACCOUNTS, zombie["accessToken"]).refusal
    assert DEAD == client.renew(registration, zombie["refreshToken"]).refusal


def test_revoking_on_demand(center: IdentityCenter, client: Client) -> None:
    """An administrator's revocation is a sign-out of the named user."""
    token, other = center.sign_in(), center.sign_in(user="grace")

    assert 1 == center.revoke(user="ada")

    assert SIGNED_OUT == client.portal(ACCOUNTS, token.access_token).refusal
    assert 200 == client.portal(ACCOUNTS, other.access_token).status


def test_a_token_can_die_before_its_time(center: IdentityCenter, client: Client) -> None:
    """kill_access_tokens makes the portal say 401 while the session goes on renewing."""
    token = center.sign_in()

    center.kill_access_tokens()

    assert SIGNED_OUT == client.portal(ACCOUNTS, token.access_token).refusal
    assert (200, None) == renew_status(client, token)
    assert 1 == len(center.live_sessions())


def test_lives_can_be_changed_while_it_runs(center: IdentityCenter, client: Client) -> None:
    """A changed knob counts from the next request on."""
    token = center.sign_in()
    registration = {"clientId": token.client_id, "clientSecret": token.client_secret}
    center.token_life = 60

    assert 60 == client.renew(registration, token.refresh_token or "").json()["expiresIn"]
