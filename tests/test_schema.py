"""The schemas take what the design promises, refuse what it does not, and leave room to grow."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal, get_args

import pytest
from jsonschema import ValidationError

from tests.schema import validate
from tray.core.model import EndKnown, ProfileKind, Reason, State, TokenStore

Name = Literal["status", "profiles"]

SESSION: dict[str, Any] = {
    "key": "corp",
    "name": "corp",
    "start_url": "https://corp.awsapps.com/start",
    "region": "eu-west-1",
    "state": "signed-in",
    "reason": None,
    "keeper": "keyring",
    "token_expires_at": "2027-01-01T10:00:00Z",
    "session_ends_at": None,
    "session_end_known": "no",
    "renews": True,
    "next_attempt_at": "2027-01-01T09:30:00Z",
    "profiles": ["dev"],
}
PROFILE: dict[str, Any] = {
    "name": "dev",
    "kind": "sso",
    "session": "corp",
    "account_id": "111122223333",
    "role_name": "ReadOnly",
    "region": None,
    "active": True,
    "guarded": False,
}
DOCUMENTS: dict[Name, dict[str, Any]] = {
    "status": {
        "version": 1,
        "active_profile": "dev",
        "applies": ["default"],
        "resident": {"pid": 7, "since": "2027-01-01T09:00:00Z"},
        "sessions": [SESSION],
        "problems": [],
    },
    "profiles": {"version": 1, "profiles": [PROFILE], "problems": []},
}

BAD: dict[str, tuple[Name, Callable[[dict[str, Any]], object]]] = {
    "other version": ("status", lambda d: d.update(version=2)),
    "unknown way to apply": ("status", lambda d: d.update(applies=["magic"])),
    "resident without a pid": ("status", lambda d: d["resident"].pop("pid")),
    "empty problem": ("status", lambda d: d.update(problems=[""])),
    "unknown state": ("status", lambda d: d["sessions"][0].update(state="logged-in")),
    "unknown reason": ("status", lambda d: d["sessions"][0].update(reason="log in again")),
    "unknown keeper": ("status", lambda d: d["sessions"][0].update(keeper="disk")),
    "seconds for a time": ("status", lambda d: d["sessions"][0].update(token_expires_at=17)),
    "a fraction in a time": (
        "status",
        lambda d: d["sessions"][0].update(token_expires_at="2027-01-01T10:00:00.5Z"),
    ),
    "a known end without a time": (
        "status",
        lambda d: d["sessions"][0].update(session_end_known="exact"),
    ),
    "a guess shown as an end": (
        "status",
        lambda d: d["sessions"][0].update(session_ends_at="2027-01-01T17:42:00Z"),
    ),
    "unknown kind": ("profiles", lambda d: d["profiles"][0].update(kind="iam")),
    "other, with a session": ("profiles", lambda d: d["profiles"][0].update(kind="other")),
    "account as a number": ("profiles", lambda d: d["profiles"][0].update(account_id=1)),
    "two active": ("profiles", lambda d: d["profiles"].append({**PROFILE, "name": "prod"})),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_as_designed_is_valid(name: Name) -> None:
    """The design's own examples pass."""
    validate(name, DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_empty_machine_is_valid(name: Name) -> None:
    """A machine without config, daemon or sessions has a document too."""
    empty: dict[str, Any] = {
        "sessions": [],
        "profiles": [],
        "resident": None,
        "active_profile": None,
    }

    validate(name, DOCUMENTS[name] | empty | {"applies": []})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_may_grow(name: Name) -> None:
    """A member nobody knows yet is no error, at the top or within."""
    document = copy.deepcopy(DOCUMENTS[name])
    document["later"] = 1
    for row in document.get("sessions", document.get("profiles", [])):
        row["later"] = 1

    validate(name, document)


@pytest.mark.parametrize(
    ("name", "place", "member"),
    [
        *(("status", "", member) for member in DOCUMENTS["status"]),
        *(("status", "sessions", member) for member in SESSION),
        *(("profiles", "", member) for member in DOCUMENTS["profiles"]),
        *(("profiles", "profiles", member) for member in PROFILE),
    ],
)
def test_no_member_may_be_missing(name: Name, place: str, member: str) -> None:
    """Whoever reads a document finds every member it ever had."""
    document = copy.deepcopy(DOCUMENTS[name])
    del (document[place][0] if place else document)[member]

    with pytest.raises(ValidationError, match=f"'{member}' is a required property"):
        validate(name, document)


@pytest.mark.parametrize("kind", BAD)
def test_a_wrong_document_is_refused(kind: str) -> None:
    """The schema is strict on what exists."""
    name, spoil = BAD[kind]
    document = copy.deepcopy(DOCUMENTS[name])
    spoil(document)

    with pytest.raises(ValidationError):
        validate(name, document)


@pytest.mark.parametrize(
    ("name", "member", "values"),
    [
        ("status", "state", get_args(State)),
        ("status", "reason", (None, *get_args(Reason))),
        ("status", "keeper", (None, *get_args(TokenStore))),
        ("profiles", "kind", get_args(ProfileKind)),
    ],
)
def test_the_schema_knows_every_word_of_the_rules(
    name: Name, member: str, values: tuple[str | None, ...]
) -> None:
    """A word the core can say is a word the document can carry."""
    rows = "sessions" if name == "status" else "profiles"
    for value in values:
        document = copy.deepcopy(DOCUMENTS[name])
        document[rows][0] |= {member: value}
        if value == "other" and member == "kind":
            document[rows][0] |= {"session": None}
        validate(name, document)


@pytest.mark.parametrize("known", get_args(EndKnown))
def test_an_end_has_a_time_exactly_when_it_is_known(known: EndKnown) -> None:
    """Every way to know a session's end can be told."""
    ends_at = None if known == "no" else "2027-01-01T17:42:00Z"
    document = copy.deepcopy(DOCUMENTS["status"])
    document["sessions"][0] |= {"session_end_known": known, "session_ends_at": ends_at}

    validate("status", document)
