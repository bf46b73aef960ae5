"""The documents of rule C5, from a view."""

from __future__ import annotations

from dataclasses import replace

from tests.core.story import CORP, HOUR, LAB, T0, catalog, token
from tests.schema import validate
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Catalog, Now, Profile
from tray.core.state import TrayState
from tray.core.views.status_documents import Running, profiles_document, status_document
from tray.core.views.view import View, view


def test_the_status_document_keeps_to_its_schema() -> None:
    """What a view holds is there, with times in whole seconds UTC."""
    document = status_document(
        replace(_seen(), active_profile="dev"),
        applies=["default"],
        daemon=Running(7, T0 + 0.5, "1.2", "No tray."),
    )

    validate("status", document)
    assert {
        "pid": 7,
        "since": "2027-01-15T08:00:00Z",
        "program": "1.2",
        "no_tray": "No tray.",
        "graphical": False,
    } == document["resident"]
    assert ("signed-in", "2027-01-15T09:00:00Z", True) == tuple(
        document["sessions"][0][name] for name in ("state", "token_expires_at", "renews")
    )
    assert document["sessions"][0]["next_attempt_at"] is not None


def test_without_a_resident_nobody_plans_anything() -> None:
    """A renewal that nobody will make is not promised (C2)."""
    document = status_document(_seen(), applies=[], daemon=None)

    validate("status", document)
    assert {None} == {entry["next_attempt_at"] for entry in document["sessions"]}


def test_the_profiles_document_keeps_to_its_schema() -> None:
    """Guarded names and the active one are marked; a bearer-token profile has no session here."""
    profiles = (
        Profile("prod", "sso", "corp", "1" * 12, "Admin", "eu-west-1"),
        Profile("bearer", "other", "corp"),
    )

    document = profiles_document(Catalog(profiles=profiles), ("*prod*",), ["One."], "prod")

    validate("profiles", document)
    assert [(True, True, "corp"), (False, False, None)] == [
        (entry["active"], entry["guarded"], entry["session"]) for entry in document["profiles"]
    ]


def _seen() -> View:
    state, now = TrayState(machine="desk"), Now(T0 + 60, 0.0)
    for event in (
        ev.RecordsRead({"corp": "keyring"}, {}),
        ev.ConfigRead(catalog(CORP, LAB)),
        ev.TokenFileInspected("corp", token("a", life=HOUR)),
        ev.TokenFileInspected("lab", ev.FileAbsent()),
    ):
        state, _ = step(state, event, now)
    return view(state, now)
