from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.lineage import Lineage, TokenPair
from tray.secret import Secret
from tray.worker.keyring.item_document import LONGEST, KeyringItem, parse, serialise

texts = st.text(max_size=40)
secrets = texts.map(Secret)
times = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 2**40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
registrations = st.builds(
    Registration, texts, secrets, times, st.lists(texts, max_size=3).map(tuple), texts
)
tokens = st.builds(
    SsoToken,
    start_url=texts,
    region=texts,
    access_token=secrets,
    expires_at=times,
    refresh_token=st.none() | secrets,
    registration=st.none() | registrations,
    issued_at=st.none() | times,
    dated=st.none() | times,
    extra=st.dictionaries(texts, values, max_size=3),
)
pairs = st.builds(TokenPair, texts, st.none() | texts)
items = st.builds(
    KeyringItem,
    tokens,
    st.lists(pairs, max_size=4).map(tuple).map(Lineage),
    st.lists(tokens, max_size=2).map(tuple),
    st.integers(1, 2**60),
)


@given(items)
def test_what_is_written_is_read(item: KeyringItem) -> None:
    """Every member of an item comes back as it was, to the last bit of a time."""
    assert item == parse(serialise(item))


@given(items)
def test_an_item_is_plain_ascii(item: KeyringItem) -> None:
    """So that its length is the same in characters, bytes and UTF-16 units."""
    assert serialise(item).reveal().isascii()


TOKEN = SsoToken(
    "https://corp.awsapps.com/start",
    "eu-west-1",
    Secret("access"),
    2e9,
    refresh_token=Secret("refresh"),
    registration=Registration("id", Secret("client secret"), 2.1e9, ("sso:account:access",)),
    issued_at=1.9e9,
)

ITEM = KeyringItem(TOKEN, Lineage((TOKEN.pair,)), generation=3)


def edited(**members: object) -> Secret:
    """Return a good item with some members changed."""
    return Secret(json.dumps(json.loads(serialise(ITEM).reveal()) | members))


def without(member: str) -> Secret:
    """Return a good item with one member missing."""
    document = json.loads(serialise(ITEM).reveal())
    del document[member]
    return Secret(json.dumps(document))


@pytest.mark.parametrize(
    "item",
    [
        Secret(""),
        Secret("null"),
        Secret("[]"),
        Secret("{}"),
        Secret(serialise(ITEM).reveal()[:-1]),
        Secret("[" * 100_000),
        Secret('{"version": ' + "1" * 5000 + "}"),
        Secret('"' + "x" * LONGEST + '"'),
        edited(version="1"),
        edited(version=0),
        edited(version=True),
        edited(generation=0),
        edited(generation="3"),
        edited(generation=1.5),
        edited(access_token=None),
        edited(expires_at="2026-01-01T00:00:00Z"),
        edited(expires_at=True),
        edited(expires_at=math.inf),
        edited(issued_at=[]),
        edited(refresh_token=7),
        edited(client=[]),
        edited(client={"id": "x"}),
        edited(client={"id": "x", "secret": "y", "expires_at": 1, "scopes": "a", "grant": ""}),
        edited(client={"id": "x", "secret": "y", "expires_at": 1, "scopes": [1], "grant": ""}),
        edited(extra=None),
        edited(start_url=1),
        edited(dated="now"),
        edited(lineage={}),
        edited(lineage=[["access", 1]]),
        edited(lineage=[["access"]]),
        edited(beside=[1]),
        edited(beside={}),
        without("generation"),
        without("region"),
        without("client"),
        without("version"),
    ],
    ids=str,
)
def test_a_broken_item_is_corrupt_and_raises_nothing(item: Secret) -> None:
    """Fault 41: edited, cut or foreign text is told apart without an exception."""
    assert parse(item) == "corrupt"


@pytest.mark.parametrize("members", [{"version": 2}, {"version": 2, "access_token": {"new": 1}}])
def test_an_item_of_a_later_version_is_told_apart(members: dict[str, object]) -> None:
    """After a downgrade it is not called broken."""
    assert parse(edited(**members)) == "newer"
