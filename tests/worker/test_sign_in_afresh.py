from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.worker.loopback import request, send
from tests.worker.signing_in import (
    Browser,
    Place,
    approving,
    device_page,
    fetch,
    idle,
    place_to_sign_in,
    port_in,
)
from tray.errors import Offline, SignInEnded, WillRetry

HOUR = 3600.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an Identity Center with a session that began half an hour ago."""
    with place_to_sign_in(tmp_path, monkeypatch) as ready:
        ready.sign_in(approving())
        ready.center.advance(HOUR / 2)
        yield ready


def ends_at(place: Place) -> float:
    """Return the end of the one session that lives."""
    (session,) = place.center.live_sessions()
    return session.ends_at


def test_a_plain_sign_in_inherits_the_sessions_end(place: Place) -> None:
    """Signing in again within a session does not restart its clock."""
    before = ends_at(place)

    place.sign_in(approving())

    assert before == ends_at(place)


def test_afresh_truly_restarts_the_clock(place: Place) -> None:
    """The old session is ended first, so that the new one has its whole length (L9)."""
    before = ends_at(place)

    place.sign_in(approving(), afresh=True)

    assert ends_at(place) >= before + HOUR / 2
    token = place.published()
    assert token is not None
    assert place.center.accepts_access_token(token.access_token.reveal())


def test_afresh_by_code_restarts_it_too(place: Place) -> None:
    """The way of signing in does not matter."""
    place.center.auto_approve = False
    before = ends_at(place)

    place.sign_in(device_page("approve"), method="device", afresh=True)

    assert ends_at(place) >= before + HOUR / 2


def test_all_is_prepared_before_the_session_is_ended(place: Place) -> None:
    """At the sign-out registration and listener are there; the page opens right after it."""
    listened: list[int] = []
    place.center.expire_registrations()
    since = len(place.center.requests)
    place.context.keyring_store.delete("corp registration authorization_code")

    def act(url: str) -> tuple[int, str]:
        listened.append(send(port_in(url), request(port_in(url), "/")).status)
        return fetch(url)

    place.sign_in(Browser(act), afresh=True)

    operations = [call.operation for call in place.center.requests[since:]]
    assert ["RegisterClient", "Logout", "Authorize", "CreateToken"] == operations
    assert [404] == listened


def test_a_portal_out_of_reach_changes_nothing(place: Place) -> None:
    """Where the old session cannot be ended no page opens and everything stays as it was."""
    before = ends_at(place), place.file_text()
    place.center.fault("Logout", "reset")
    browser = idle()

    with pytest.raises((Offline, WillRetry)):
        place.sign_in(browser, afresh=True)

    assert before == (ends_at(place), place.file_text())
    assert [] == browser.pages


def test_a_dead_token_is_no_hindrance(place: Place) -> None:
    """A session that is over already cannot be ended again, and need not be."""
    place.center.revoke()

    result = place.sign_in(approving(), afresh=True)

    assert "keyring" == result.store


def test_afresh_works_without_any_token(place: Place) -> None:
    """Where nothing is known of an older session it is a plain sign-in."""
    place.context.file_of(place.session).unlink()
    place.context.keyring_store.delete(place.session.key)

    assert "keyring" == place.sign_in(approving(), afresh=True).store
    assert 0 == place.center.count("Logout")


@pytest.mark.parametrize(
    ("there", "ended"), [("ours", True), ("broken", False), ("another's", False)]
)
def test_the_page_says_whether_the_session_was_ended(
    place: Place, there: str, ended: bool
) -> None:
    """L9: only with a token of this portal that can be read; another portal's stays signed in."""
    file = place.context.file_of(place.session)
    place.context.keyring_store.delete(place.session.key)
    if there == "broken":
        file.write_text("{")
    elif there == "another's":
        members = json.loads(file.read_text())
        file.write_text(json.dumps({**members, "startUrl": "https://other.awsapps.com/start"}))
    browser = approving()

    place.sign_in(browser, afresh=True)

    assert [ended] == [page.older_ended for page in browser.pages]
    assert ended == (place.center.count("Logout") == 1)


def test_the_kept_token_serves_where_the_file_is_gone(place: Place) -> None:
    """The session is ended with the keyring's token if there is no file."""
    place.context.file_of(place.session).unlink()

    place.sign_in(approving(), afresh=True)

    assert 1 == place.center.count("Logout", status=200)


def test_a_denial_afterwards_says_what_was_ended(place: Place) -> None:
    """The person is told that the earlier session is over, in words and in the browser."""
    cancelled = threading.Event()

    def deny(url: str) -> tuple[int, str]:
        query = parse_qs(urlsplit(url).query)
        redirect, state = query["redirect_uri"][0], query["state"][0]
        shown = fetch(f"{redirect}?error=access_denied&state={state}")
        cancelled.set()
        return shown

    browser = Browser(deny)
    with pytest.raises(SignInEnded, match="The previous session is already signed out"):
        place.sign_in(browser, afresh=True, cancelled=cancelled)

    assert "The previous session is already signed out" in browser.last()[1]
