"""Which refresh token is still good, in each way of replacing them."""

from __future__ import annotations

import pytest

from tests.fake_aws.client import Client
from tray.fake_aws.fake_options import Rotation
from tray.fake_aws.identity_center import IdentityCenter

DEAD = (400, "InvalidGrantException")


@pytest.fixture
def registration(client: Client) -> dict[str, str]:
    """The client that signs in and renews."""
    return client.register()


@pytest.fixture
def first(client: Client, registration: dict[str, str]) -> str:
    """The refresh token of the sign-in."""
    return str(client.sign_in(registration)["refreshToken"])


def renewed(client: Client, registration: dict[str, str], refresh_token: str) -> str:
    """Renew and return the refresh token of the answer."""
    return str(client.renew(registration, refresh_token).json()["refreshToken"])


def test_none_keeps_the_token(
    center: IdentityCenter, client: Client, registration: dict[str, str], first: str
) -> None:
    """Without rotation the answer repeats the token, which works again and again."""
    center.rotation = "none"

    assert [first] * 3 == [renewed(client, registration, first) for _ in range(3)]


def test_strict_kills_the_previous_at_once(
    center: IdentityCenter, client: Client, registration: dict[str, str], first: str
) -> None:
    """The used token is dead, and trying it does not hurt the new one."""
    center.rotation = "strict"
    second = renewed(client, registration, first)

    assert DEAD == client.renew(registration, first).refusal
    assert 200 == client.renew(registration, second).status
    assert DEAD == client.renew(registration, second).refusal


def test_revoke_ends_the_grant_of_a_token_used_twice(
    center: IdentityCenter, client: Client, registration: dict[str, str], first: str
) -> None:
    """RFC 9700 4.14.2: the newest refresh token is dead too."""
    center.rotation = "revoke"
    second = renewed(client, registration, first)

    assert DEAD == client.renew(registration, first).refusal
    assert DEAD == client.renew(registration, second).refusal


def test_grace_takes_the_previous_until_the_new_one_is_used(
    center: IdentityCenter, client: Client, registration: dict[str, str], first: str
) -> None:
    """Whoever lost an answer comes back with the old token, as often as needed."""
    center.rotation = "grace"
    lost = renewed(client, registration, first)
    second = renewed(client, registration, first)

    third = renewed(client, registration, second)

    assert DEAD == client.renew(registration, first).refusal
    assert DEAD == client.renew(registration, lost).refusal
    assert center.accepts_refresh_token(second)
    assert center.accepts_refresh_token(third)


@pytest.mark.parametrize("rotation", ["none", "grace", "strict"])
def test_an_answer_without_refresh_token_changes_nothing(
    center: IdentityCenter,
    client: Client,
    registration: dict[str, str],
    first: str,
    rotation: Rotation,
) -> None:
    """Where the answer carries no refresh token, the old one stays good (RFC 6749 6)."""
    center.rotation = rotation
    center.omit_refresh_token = True

    answers = [client.renew(registration, first).json() for _ in range(2)]

    assert [False, False] == ["refreshToken" in answer for answer in answers]
    assert center.accepts_refresh_token(first)


def test_renewing_leaves_older_access_tokens(
    center: IdentityCenter, client: Client, registration: dict[str, str]
) -> None:
    """A renewed sign-in's earlier access token lives to its own end."""
    token = client.sign_in(registration)

    client.renew(registration, token["refreshToken"])

    assert center.accepts_access_token(token["accessToken"])
