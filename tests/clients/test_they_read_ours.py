"""Every client reads what we write: what it does with a lean file, measured."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.clients.aws_cli import Version, aws_cli
from tests.clients.desk import IT_IS_ME, LEAN_MEMBERS, REFRESH_MEMBERS, Desk
from tests.clients.identity import CLIENTS, Answer, ClientName

LEFT = (60, 14, 4, 0)
"""Minutes of access token left; 0 stands for one that ended an hour ago."""

_SIGN_IN = "To refresh this SSO session run 'aws sso login' with the corresponding profile."
_PY = "Error when retrieving token from sso: Token has expired and refresh failed"
_JS = "CredentialsProviderError: "

NO_REFRESH_DATA = Answer(
    error=f"{_JS}Value not present for 'clientId' in SSO Token. Cannot refresh. {_SIGN_IN}"
)
"""What the JavaScript SDK says of a lean file from five minutes before its end."""

EXPIRED: Mapping[ClientName, Answer] = {
    "aws-newest": Answer(error=f"aws: [ERROR]: {_PY}"),
    "aws-debian": Answer(error=_PY),
    "boto3": Answer(error=f"TokenRetrievalError: {_PY}"),
    "js": Answer(error=f"{_JS}Token is expired. {_SIGN_IN}"),
    "js-chain": Answer(error=f"{_JS}Token is expired. {_SIGN_IN}"),
}

PYTHONS = ("aws-newest", "aws-debian", "boto3")
versions = pytest.mark.parametrize("version", ["newest", "debian"])
clients = pytest.mark.parametrize("name", CLIENTS)


@clients
def test_a_lean_file_serves_until_the_end(name: ClientName, desk: Desk) -> None:
    """A lean file serves to the end and no one asks AWS to renew; JavaScript stops 5 min early."""
    seen = {}
    for minutes in LEFT:
        desk.keep("lean", minutes=minutes)
        seen[minutes] = desk.ask(name)

    at_the_end = (
        {4: IT_IS_ME, 0: EXPIRED[name]}
        if name in PYTHONS
        else {4: NO_REFRESH_DATA, 0: NO_REFRESH_DATA}
    )
    assert {60: IT_IS_ME, 14: IT_IS_ME, **at_the_end} == seen
    assert 0 == desk.refreshes()
    assert LEAN_MEMBERS == desk.members().keys()


@clients
def test_empty_refresh_members_serve_everyone(name: ClientName, desk: Desk) -> None:
    """With ``compat.empty_refresh_members`` JavaScript goes on, at one refused request a try."""
    seen, refused = {}, {}
    for minutes in (14, 4, 0):
        desk.keep("lean", minutes=minutes, compat=True)
        before = desk.refreshes()
        seen[minutes] = desk.ask(name)
        refused[minutes] = desk.refreshes() - before

    in_window = 0 if name in PYTHONS else 1
    assert {14: IT_IS_ME, 4: IT_IS_ME, 0: EXPIRED[name]} == seen
    assert {14: 0, 4: in_window, 0: in_window} == refused
    assert desk.refreshes() == desk.refreshes(status=400)
    assert LEAN_MEMBERS | REFRESH_MEMBERS - {"registrationExpiresAt"} == desk.members().keys()


@clients
def test_a_full_file_is_as_good_as_theirs(name: ClientName, desk: Desk) -> None:
    """Where there is no keyring our full file renews itself in every client's own window."""
    seen, refreshed = {}, {}
    for minutes in LEFT:
        desk.keep("full", minutes=minutes)
        before = desk.refreshes()
        seen[minutes] = desk.ask(name)
        refreshed[minutes] = desk.refreshes() - before

    at_14 = 1 if name in PYTHONS else 0
    assert dict.fromkeys(LEFT, IT_IS_ME) == seen
    assert {60: 0, 14: at_14, 4: 1, 0: 1} == refreshed
    assert desk.refreshes() == desk.refreshes(status=200)


@clients
def test_what_we_renewed_is_read(name: ClientName, desk: Desk) -> None:
    """After a renewal of ours, from keyring or file, every client lives on the new token."""
    seen = {}
    for kind in ("lean", "full"):
        desk.keep(kind, minutes=14)
        desk.center.kill_access_tokens()
        desk.renew()
        seen[kind] = desk.ask(name)

    assert {"lean": IT_IS_ME, "full": IT_IS_ME} == seen
    assert 2 == desk.refreshes()


@clients
def test_a_revoked_token_is_an_error_not_a_renewal(name: ClientName, desk: Desk) -> None:
    """Signed out elsewhere, a client with a lean file says so and leaves AWS alone."""
    desk.keep("lean", minutes=60)
    desk.center.revoke()

    answer = desk.ask(name)

    expected = (
        "The SSO session associated with this profile has expired or is otherwise invalid."
        if name in PYTHONS
        else "UnauthorizedException: Session token not found or invalid"
    )
    assert expected in answer.error
    assert (None, 0) == (answer.account, desk.refreshes())


@pytest.mark.parametrize("name", ["aws-newest", "boto3"])
def test_a_lean_file_is_better_where_aws_cannot_renew(name: ClientName, desk: Desk) -> None:
    """With no way to the OIDC endpoint a full file fails its clients 15 min early, ours not."""
    away = {"AWS_ENDPOINT_URL_SSO_OIDC": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    # The rule sets, meant for older AWS CLIs, would win over the variable.
    rule_sets = {"AWS_DATA_PATH"}
    desk.env = {name: desk.env[name] for name in desk.env.keys() - rule_sets} | away
    seen = {}
    for kind in ("lean", "full"):
        desk.keep(kind, minutes=4)
        seen[kind] = desk.ask(name)

    assert IT_IS_ME == seen["lean"]
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:1/token"' in (
        seen["full"].error
    )


@versions
def test_sso_logout_ends_a_lean_session_at_aws_too(version: Version, desk: Desk) -> None:
    """``aws sso logout`` finds region and token in our lean file, so that AWS hears of it."""
    desk.keep("lean", minutes=60)

    out = aws_cli(version, "sso", "logout", env=desk.env)

    assert (0, False) == (out.returncode, desk.file().exists()), out.stderr
    assert 1 == desk.center.count("Logout", status=200)
    assert () == desk.center.live_sessions()
