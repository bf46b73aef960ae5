from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.signing_in import (
    CORP,
    PATIENCE,
    Browser,
    Place,
    approving,
    device_page,
    fetch,
    idle,
    place_to_sign_in,
)
from tray.errors import RequestRefused, SignInEnded

LEGACY = replace(CORP, key=CORP.start_url, legacy=True)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an Identity Center whose codes wait for a person, and a legacy session."""
    with place_to_sign_in(tmp_path, monkeypatch, auto_approve=False) as ready:
        ready.session = LEGACY
        yield ready


def test_an_approved_code_ends_with_a_lean_file(place: Place) -> None:
    """The page opens with the code filled in, the code is shown, the refresh token is kept."""
    browser = device_page("approve")

    result = place.sign_in(browser, method="device")

    page = browser.page()
    kept = place.context.keyring_store.load(place.session)
    published = place.published()
    assert page.user_code is not None
    assert page.url.endswith(f"user_code={page.user_code}")
    assert page.deadline <= place.context.clock() + 600
    assert kept is not None
    assert kept.refreshable
    assert published is not None
    assert not published.refreshable
    assert ("keyring", None) == (result.store, result.reason)
    assert kept.fingerprint == published.fingerprint == result.token.fingerprint


def test_a_denied_code_ends_it(place: Place) -> None:
    """Who refuses in the browser ends the sign-in at the next question."""
    with pytest.raises(SignInEnded, match="denied in the browser"):
        place.sign_in(device_page("deny"), method="device")

    assert place.published() is None


def test_cancel_ends_it_at_once(place: Place) -> None:
    """However long the interval, a cancelled sign-in does not wait for it."""
    place.center.device_interval = 60
    cancelled = threading.Event()
    browser = idle()
    with ThreadPoolExecutor(1) as other:
        ending = other.submit(place.sign_in, browser, method="device", cancelled=cancelled)
        browser.page()

        cancelled.set()

        with pytest.raises(SignInEnded, match="cancelled"):
            ending.result(PATIENCE / 2)


def test_a_code_nobody_answers_ends_with_its_life(place: Place) -> None:
    """The deadline is the code's own life, whatever else the person may have (L4)."""
    place.center.device_life = 1.0
    browser = idle()

    with pytest.raises(SignInEnded, match="timed out"):
        place.sign_in(browser, method="device")

    assert browser.page().deadline <= place.context.clock()


def test_a_code_that_aws_calls_too_old_ends_it(place: Place) -> None:
    """Where AWS's clock ends the code before ours does, its word counts."""

    def act(url: str) -> tuple[int, str]:
        place.center.advance(700)
        return 0, ""

    with pytest.raises(SignInEnded, match="timed out"):
        place.sign_in(Browser(act), method="device")


def test_trouble_on_the_way_ends_nothing(place: Place) -> None:
    """AWS's trouble, a reset, a captive page: the next question may be answered again."""
    place.center.fault("CreateToken", "status", status=500)
    place.center.fault("CreateToken", "reset")
    place.center.fault("CreateToken", "html")

    result = place.sign_in(device_page("approve"), method="device")

    assert "keyring" == result.store
    assert 4 == place.center.count("CreateToken")


def test_slow_down_is_obeyed(place: Place) -> None:
    """After ``slow_down`` questions come at least 5 s further apart (RFC 8628 3.5)."""
    place.center.fault("CreateToken", "SlowDownException")

    place.sign_in(device_page("approve"), method="device")

    first, second = (call.when for call in place.center.requests if call.path == "/token")
    assert second - first >= 6


def test_an_expired_registration_is_replaced(place: Place) -> None:
    """A kept registration AWS does not know any more costs one question, not the sign-in."""
    place.sign_in(device_page("approve"), method="device")
    place.center.expire_registrations()

    place.sign_in(device_page("approve"), method="device")

    assert 2 == place.center.count("RegisterClient")
    assert 3 == place.center.count("StartDeviceAuthorization")


def test_each_grant_has_its_own_registration(place: Place) -> None:
    """One is used again for codes, another for the browser; never one for the other (L2)."""
    for _ in range(2):
        place.sign_in(device_page("approve"), method="device")
    place.center.auto_approve = True
    for _ in range(2):
        place.sign_in(approving())

    assert 2 == place.center.count("RegisterClient")


def test_a_grant_without_refresh_token_is_remembered(place: Place) -> None:
    """The next sign-in registers without scopes and so lives for 8 hours (L2)."""
    place.center.device_refresh_token = False

    first = place.sign_in(device_page("approve"), method="device")
    second = place.sign_in(device_page("approve"), method="device")

    assert first.sentence is not None
    assert "can't be renewed and ends in 60 min" in first.sentence.replace("59 min", "60 min")
    assert "8 hours" in first.sentence
    assert second.sentence is not None
    assert "can't be renewed" in second.sentence
    assert second.token.life > 7 * 3600 > first.token.life
    assert ("file", "file", "file") == (first.store, second.store, place.store())
    assert "refresh" not in place.file_text().lower()
    assert place.context.record(place.session).unscoped


def test_an_older_item_goes_with_a_grant_without_refresh_token(place: Place) -> None:
    """What the keyring held belongs to an older sign-in and is not left behind."""
    place.sign_in(device_page("approve"), method="device")
    place.center.device_refresh_token = False

    place.sign_in(device_page("approve"), method="device")

    assert place.context.keyring_store.load(place.session) is None


def test_a_wrong_start_url_is_told(place: Place) -> None:
    """AWS's word about the request itself is passed on, and no page opens."""
    browser = Browser(fetch)
    nowhere = replace(LEGACY, start_url="https://nowhere.example.com/start")

    with pytest.raises(RequestRefused):
        place.sign_in(browser, method="device", session=nowhere)

    assert [] == browser.pages
