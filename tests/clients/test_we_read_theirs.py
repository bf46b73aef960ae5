"""We read what every client writes, take its refresh data over, and go on renewing with it."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Literal

import pytest

from tests.clients.aws_cli import Version, aws_cli
from tests.clients.desk import CORP, HOUR, IT_IS_ME, LEAN_MEMBERS, LEGACY, REFRESH_MEMBERS, Desk
from tests.clients.identity import ClientName
from tray.aws.cache.token_cache import read_token
from tray.core.outcomes import Adopted, Renewed

Act = Literal["signs in", "renews"]

VENDOR = {"vendor": {"note": "ümläut", "numbers": [1, 2.5, None]}}
"""A member no SDK knows, as another tool may keep in the file."""

writers = pytest.mark.parametrize(
    ("name", "act"),
    [
        ("aws-newest", "signs in"),
        ("aws-debian", "signs in"),
        ("aws-newest", "renews"),
        ("aws-debian", "renews"),
        ("boto3", "renews"),
        ("js", "renews"),
    ],
)
versions = pytest.mark.parametrize("version", ["newest", "debian"])


def write(name: ClientName, act: Act, desk: Desk, minutes: float = 60) -> None:
    """Let a client write a token of this life, and have a keyring from then on."""
    if act == "signs in":
        desk.center.token_life = minutes * 60
        sign_in("newest" if name == "aws-newest" else "debian", desk, "--sso-session", "corp")
    else:
        before = desk.keep("full", minutes=4)
        desk.add_members(VENDOR)
        desk.center.token_life = minutes * 60
        assert IT_IS_ME == desk.ask(name)
        assert before.access_token.reveal() != desk.members()["accessToken"]
    desk.center.token_life = HOUR
    desk.place.backend.state = "ready"


def sign_in(version: Version, desk: Desk, *options: str) -> None:
    """Sign in with an AWS CLI."""
    done = aws_cli(version, "sso", "login", *options, env=desk.env)
    assert 0 == done.returncode, done.stderr


@writers
def test_our_reader_gives_the_same_token(name: ClientName, act: Act, desk: Desk) -> None:
    """Token, refresh token, registration and both ends are read as they were written."""
    write(name, act, desk)

    token = read_token(desk.file())
    assert token is not None
    assert token.registration is not None
    assert token.refresh_token is not None
    written = desk.members()
    moments = ("expiresAt", "registrationExpiresAt")
    ends = [datetime.fromisoformat(written[name]).timestamp() for name in moments]
    assert ends == [token.expires_at, token.registration.expires_at]
    assert [
        written[name] for name in ("startUrl", "region", "accessToken", "refreshToken", "clientId")
    ] == [
        token.start_url,
        token.region,
        token.access_token.reveal(),
        token.refresh_token.reveal(),
        token.registration.client_id,
    ]
    assert written["clientSecret"] == token.registration.client_secret.reveal()


@writers
def test_adoption_turns_it_lean(name: ClientName, act: Act, desk: Desk) -> None:
    """Its refresh data moves into the keyring, the file stays good, and we renew with it."""
    write(name, act, desk)
    desk.add_members(VENDOR)
    written = desk.members()

    adopted = desk.adopt()

    kept = desk.kept()
    lean = desk.members()
    assert isinstance(adopted, Adopted)
    assert ("keyring", None) == (adopted.store, adopted.reason)
    assert kept is not None
    assert kept.refresh_token is not None
    assert written["refreshToken"] == kept.refresh_token.reveal()
    assert written["accessToken"] == lean["accessToken"]
    assert LEAN_MEMBERS | VENDOR.keys() == lean.keys()
    assert VENDOR["vendor"] == lean["vendor"]
    assert IT_IS_ME == desk.ask(name)

    renewed = desk.renew()

    assert isinstance(renewed, Renewed)
    assert ("keyring", True) == (renewed.store, renewed.by_us)
    assert VENDOR["vendor"] == desk.members()["vendor"]
    assert IT_IS_ME == desk.ask(name)


@pytest.mark.parametrize(
    ("name", "act", "moments"),
    [
        ("aws-newest", "signs in", (14, 4, 0)),
        ("boto3", "renews", (14, 4, 0)),
        ("js", "renews", (14, 0)),  # with less JavaScript would renew its own new token at once
    ],
)
def test_whatever_is_left_of_it_we_go_on(
    name: ClientName, act: Act, moments: tuple[int, ...], desk: Desk
) -> None:
    """With 14 minutes left, 4, or none, it is adopted and renewed: at once if it has expired."""
    left, adoptions, outcomes, good = [], [], [], []
    for minutes in moments:
        write(name, act, desk, minutes or 60)
        if not minutes:
            desk.pass_time(2 * HOUR)
        token = read_token(desk.file())
        assert token is not None
        left.append(max(math.ceil((token.expires_at - desk.context.clock()) / 60), 0))
        before = desk.refreshes()
        adopted = desk.adopt()
        assert isinstance(adopted, Renewed) or (
            isinstance(adopted, Adopted) and adopted.reason is None
        )
        adoptions.append((type(adopted), adopted.store, desk.refreshes() - before))
        assert desk.center.accepts_access_token(desk.members()["accessToken"])
        renewed = desk.renew()
        outcomes.append(renewed.by_us if isinstance(renewed, Renewed) else renewed)
        good.append(desk.center.accepts_access_token(desk.members()["accessToken"]))

    expired = (Renewed, "keyring", 1)
    living = (Adopted, "keyring", 0)
    assert [living if minutes else expired for minutes in moments] == adoptions
    assert [True] * len(moments) == outcomes == good
    assert all(seen <= minutes for seen, minutes in zip(left, moments, strict=True))
    assert all(seen > 0 for seen, minutes in zip(left, moments, strict=True) if minutes)


@pytest.mark.parametrize(
    ("name", "keeps"),
    [("aws-newest", False), ("aws-debian", False), ("boto3", False), ("js", True)],
)
def test_who_keeps_unknown_members(name: ClientName, keeps: bool, desk: Desk) -> None:
    """On a renewal of its own JavaScript keeps members it does not know; the others drop them."""
    write(name, "renews", desk)

    unknown = VENDOR.keys() if keeps else set()
    assert LEAN_MEMBERS | REFRESH_MEMBERS | unknown == desk.members().keys()


def test_javascript_writes_in_its_own_hand(desk: Desk) -> None:
    """The JavaScript SDK's milliseconds and indentation are what our reader just took."""
    write("js", "renews", desk)

    text = desk.file().read_text()
    assert json.dumps(json.loads(text), indent=2, ensure_ascii=False) == text
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", desk.members()["expiresAt"])


@versions
def test_a_legacy_sign_in_is_used_as_it_is(version: Version, desk: Desk) -> None:
    """Without scopes there is no refresh token, hence nothing to adopt: the file is untouched."""
    sign_in(version, desk, "--profile", "legacy")
    before = desk.file(LEGACY).read_bytes()

    adopted = desk.adopt(LEGACY)

    token = read_token(desk.file(LEGACY))
    name: ClientName = "aws-newest" if version == "newest" else "aws-debian"
    assert isinstance(adopted, Adopted)
    assert ("file", False) == (adopted.store, adopted.token.refreshable)
    assert token is not None
    assert desk.center.accepts_access_token(token.access_token.reveal())
    assert before == desk.file(LEGACY).read_bytes()
    assert IT_IS_ME == desk.ask(name, "legacy")


@versions
def test_a_sign_in_over_a_lean_file_is_newer_truth(version: Version, desk: Desk) -> None:
    """Whoever signs in by the AWS CLI although we keep the session gets that sign-in kept."""
    desk.keep("lean", minutes=60)
    sign_in(version, desk, "--sso-session", "corp")
    written = desk.members()["refreshToken"]

    desk.adopt()

    kept = desk.kept()
    assert kept is not None
    assert kept.refresh_token is not None
    assert (written, "keyring") == (kept.refresh_token.reveal(), desk.context.record(CORP).store)
    assert LEAN_MEMBERS == desk.members().keys()
    assert isinstance(desk.renew(), Renewed)
