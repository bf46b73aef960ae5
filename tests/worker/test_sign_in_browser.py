from __future__ import annotations

import html
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.worker.loopback import connect, request, send
from tests.worker.memory_backend import MemoryBackend
from tests.worker.signing_in import (
    CORP,
    PATIENCE,
    Browser,
    Place,
    approving,
    fetch,
    idle,
    make_tools,
    place_to_sign_in,
    port_in,
    then_cancelling,
)
from tray.core.outcomes import Renewed
from tray.errors import (
    Busy,
    Offline,
    RegistrationRefused,
    RequestRefused,
    ServiceTrouble,
    SignInEnded,
    UserMustAct,
)
from tray.own_connection import OwnConnection
from tray.storage.settings import Settings
from tray.system.lock.file_lock import FileLock, lock_path
from tray.worker import job_table
from tray.worker.sign_in.sign_in_attempt import Attempt


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an Identity Center that approves by itself, and what is needed to sign in to it."""
    with place_to_sign_in(tmp_path, monkeypatch) as ready:
        yield ready


def answering(**values: str) -> Browser:
    """Return a browser that comes back from AWS with these values and the right state."""

    def act(url: str) -> tuple[int, str]:
        query = parse_qs(urlsplit(url).query)
        pairs = "&".join(f"{name}={value}" for name, value in values.items())
        return fetch(f"{query['redirect_uri'][0]}?state={query['state'][0]}&{pairs}")

    return Browser(act)


def test_a_sign_in_ends_with_a_lean_file_and_a_kept_refresh_token(place: Place) -> None:
    """The token is published, its refresh token is in the keyring and not on disk (K3)."""
    browser = approving()

    result = place.sign_in(browser)

    published = place.published()
    kept = place.context.keyring_store.load(place.session)
    assert published is not None
    assert kept is not None
    assert kept.refreshable
    assert not published.refreshable
    assert "refresh" not in place.file_text().lower()
    assert "keyring" == result.store == place.store()
    assert (None, None) == (result.reason, result.sentence)
    assert result.token.fingerprint == published.fingerprint == kept.fingerprint
    assert place.center.accepts_access_token(published.access_token.reveal())
    assert kept.registration is not None
    assert ("sso:account:access",) == kept.registration.scopes
    assert kept.issued_at is not None


def test_the_browser_sees_that_it_is_done(place: Place) -> None:
    """The page comes after the tokens are saved, and says that the tab may be closed."""
    browser = approving()
    saved: list[bool] = []
    context = place.with_steps(lambda _: saved.append(browser.done.is_set()))

    place.sign_in(browser, context=context)

    status, text = browser.last()
    assert 200 == status
    assert "You're signed in" in text
    assert "The session renews automatically" in text
    assert not any(saved)


def test_the_url_is_what_aws_expects(place: Place) -> None:
    """PKCE with S256, a state of 256 bits, and a loopback address with a port."""
    browser = approving()

    place.sign_in(browser)

    url = browser.page().url
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{place.center.url}/authorize?")
    assert browser.page().user_code is None
    assert ("code", "S256", "sso:account:access") == (
        query["response_type"],
        query["code_challenge_method"],
        query["scopes"],
    )
    assert f"http://127.0.0.1:{port_in(url)}/oauth/callback" == query["redirect_uri"]
    assert len(query["state"]) >= 43


def test_the_server_listens_before_the_page_is_known(place: Place) -> None:
    """A warm session redirects at once: even then the port is there, and is closed afterwards."""
    found: list[int] = []

    def act(url: str) -> tuple[int, str]:
        found.append(send(port_in(url), request(port_in(url), "/")).status)
        return fetch(url)

    browser = Browser(act)
    place.sign_in(browser)

    assert [404] == found
    with pytest.raises(ConnectionRefusedError):
        connect(port_in(browser.page().url))


def test_a_browser_command_that_blocks_blocks_nothing(place: Place) -> None:
    """``ready`` may come back only when the browser is closed; the sign-in ends before."""
    closed = threading.Event()

    def act(url: str) -> tuple[int, str]:
        shown = fetch(url)
        closed.wait(PATIENCE)
        return shown

    result = place.sign_in(Browser(act))

    assert "keyring" == result.store
    closed.set()


def test_what_telling_raises_ends_the_sign_in(place: Place) -> None:
    """If the page cannot be shown to anybody there is nothing to wait for."""

    def act(url: str) -> tuple[int, str]:
        raise UserMustAct("There is no browser.")

    with pytest.raises(UserMustAct, match="no browser"):
        place.sign_in(Browser(act))


def test_a_denial_keeps_the_old_token(place: Place) -> None:
    """Denied in the browser and then cancelled: nothing is lost, and the denial is the reason."""
    place.sign_in(approving())
    before = place.file_text()
    browser, cancelled = then_cancelling(answering(error="access_denied"))

    with pytest.raises(SignInEnded, match='"corp" was denied in the browser'):
        place.sign_in(browser, cancelled=cancelled)

    assert before == place.file_text()
    assert 400 == browser.last()[0]
    assert "Access denied" in browser.last()[1]
    assert place.context.keyring_store.load(place.session) is not None


def test_the_denial_of_the_real_page_is_told_at_once(place: Place) -> None:
    """Pressing "Deny access" shows a page and a sentence while the sign-in waits for more."""
    place.center.auto_approve = False

    def deny(url: str) -> tuple[int, str]:
        text = fetch(url)[1]
        ticket = text.split('name="ticket" value="')[1].split('"')[0]
        form = f"ticket={ticket}&decision=deny&user=ada".encode()
        return fetch(f"{place.center.url}/authorize", form)

    browser, cancelled = then_cancelling(Browser(deny))
    said: list[str] = []
    with pytest.raises(SignInEnded, match="denied"):
        place.sign_in(browser, cancelled=cancelled, report=said.append)

    assert "Access denied" in browser.last()[1]
    assert 1 == sum("is still waiting" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ("server_error", SignInEnded),
        ("something_new", SignInEnded),
        ("invalid_scope", RequestRefused),
        ("unauthorized_client", RegistrationRefused),
    ],
)
def test_other_errors_are_said_in_words(
    place: Place, told: str, error: type[Exception]
) -> None:  # fmt: skip
    """Each of AWS's errors has a sentence: in the browser, and when the sign-in is cancelled."""
    browser, cancelled = then_cancelling(answering(error=told))

    with pytest.raises(error) as ended:
        place.sign_in(browser, cancelled=cancelled)

    assert str(ended.value) in html.unescape(browser.last()[1])
    assert str(ended.value).startswith("The browser reported that ")
    assert "Sign-in not complete" in browser.last()[1]


@pytest.mark.parametrize(
    "wrong",
    [{"code": "not-a-code-of-aws"}, {"error": "access_denied"}, {"error": "invalid_scope"}],
    ids=str,
)
def test_a_wrong_answer_with_the_right_state_does_not_end_it(
    place: Place, wrong: dict[str, str]
) -> None:
    """Whoever has the state from a command line gets a 4xx page, no echo, and ends nothing."""
    shown: list[tuple[int, str]] = []

    def act(url: str) -> tuple[int, str]:
        forging = answering(**wrong).act
        assert forging is not None
        shown.extend(forging(url) for _ in range(3))
        return fetch(url)

    browser = Browser(act)
    result = place.sign_in(browser)

    assert ("keyring", 200) == (result.store, browser.last()[0])
    assert [400] * 3 == [status for status, _ in shown]
    assert "is still waiting" in shown[0][1]
    assert "not-a-code-of-aws" not in shown[0][1]
    assert 1 + ("code" in wrong) == place.center.count("CreateToken")


def test_forged_callbacks_do_not_end_it(place: Place) -> None:
    """Three hundred forgeries at the port, codes and errors, and then the real one."""

    def act(url: str) -> tuple[int, str]:
        port = port_in(url)
        for number in range(300):
            said = "error=access_denied" if number % 2 else "code=c"
            forgery = request(port, f"/oauth/callback?state=s{number}&{said}")
            assert send(port, forgery).status == 403
        return fetch(url)

    result = place.sign_in(Browser(act))

    assert "keyring" == result.store
    assert 1 == place.center.count("CreateToken")


def test_an_exchange_happens_once(place: Place) -> None:
    """A reload while the tokens are on their way brings no second exchange (fault 59)."""
    stalled = place.center.fault("CreateToken", "hang")

    def act(url: str) -> tuple[int, str]:
        query = parse_qs(urlsplit(url).query)
        with ThreadPoolExecutor(1) as first:
            early = first.submit(fetch, url)
            stalled.wait_hit()
            again = f"{query['redirect_uri'][0]}?state={query['state'][0]}&code=again"
            port = port_in(url)
            with connect(port) as reload:
                reload.sendall(request(port, again.partition(str(port))[2]))
                stalled.release()
                assert b"You're signed in" in reload.makefile("rb").read()
            return early.result(PATIENCE)

    browser = Browser(act)
    place.sign_in(browser)

    assert "You're signed in" in browser.last()[1]
    assert 1 == place.center.count("CreateToken")


def test_a_cancelled_sign_in_ends_at_once(place: Place) -> None:
    """Cancel closes the port, says so, and leaves everything as it was."""
    cancelled = threading.Event()
    browser = idle()
    with ThreadPoolExecutor(1) as other:
        ending = other.submit(place.sign_in, browser, cancelled=cancelled)
        port = port_in(browser.page().url)

        cancelled.set()

        with pytest.raises(SignInEnded, match='The sign-in to "corp" was cancelled'):
            ending.result(PATIENCE)
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    assert place.published() is None


def test_nobody_has_for_ever(place: Place) -> None:
    """When the time is up the sign-in ends by itself, with the port closed."""
    browser = idle()

    with pytest.raises(SignInEnded, match="timed out"):
        place.sign_in(browser, patience=0.3)

    page = browser.page()
    assert page.deadline <= place.context.clock() + 0.3
    with pytest.raises(ConnectionRefusedError):
        connect(port_in(page.url))


def test_a_second_sign_in_is_busy(place: Place) -> None:
    """One sign-in per session on the whole machine (L5); another session is not concerned."""
    cancelled = threading.Event()
    browser = idle()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(place.sign_in, browser, cancelled=cancelled)
        browser.page()

        with pytest.raises(Busy, match='Another sign-in to "corp"'):
            place.sign_in(approving())
        second = place.sign_in(approving(), session=replace(place.session, key="other"))

        assert "keyring" == second.store
        cancelled.set()
        with pytest.raises(SignInEnded):
            first.result(PATIENCE)


def test_no_transaction_waits_for_a_person(place: Place) -> None:
    """While somebody signs in the session's lock is free (F2)."""
    browser = idle()
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as other:
        ending = other.submit(place.sign_in, browser, cancelled=cancelled)
        browser.page()

        with FileLock(lock_path(place.context.paths.state, "session", "corp")) as lock:
            assert lock.held
        cancelled.set()
        with pytest.raises(SignInEnded):
            ending.result(PATIENCE)


def test_offline_is_told_before_a_browser_opens(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where AWS cannot be reached no page opens, with a new registration and with a kept one."""
    place.sign_in(approving())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        for name in place.center.environment():
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        browser = idle()
        for backend in (MemoryBackend(), place.backend):
            context = make_tools(place.context.paths.home, backend)
            with pytest.raises(Offline, match="can't be reached"):
                place.sign_in(browser, context=context)

    assert [] == browser.pages


def test_an_aws_that_does_not_answer_is_given_up(place: Place) -> None:
    """What takes too long before the page opens is left to itself, and told as offline (L4)."""
    never = threading.Event()
    attempt = Attempt(CORP, place.context, idle(), threading.Event(), PATIENCE, afresh=False)

    with pytest.raises(Offline, match="didn't answer"):
        attempt.prepared(lambda: never.wait(PATIENCE), within=0.1)

    never.set()


def test_cancel_does_not_wait_for_aws(place: Place) -> None:
    """Even while AWS is being asked a cancelled sign-in ends."""
    stalled = place.center.fault("RegisterClient", "hang")
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as other:
        ending = other.submit(place.sign_in, idle(), cancelled=cancelled)
        stalled.wait_hit()

        cancelled.set()

        with pytest.raises(SignInEnded, match="cancelled"):
            ending.result(PATIENCE)


@pytest.mark.parametrize("keyring", [True, False])
def test_a_session_registers_signs_in_and_renews_at_one_host(
    keyring: bool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own ``endpoint_url`` wins, and stays with the token when the setting is gone."""
    place.sign_in(approving())  # its registration is another host's
    place.backend.state = "ready" if keyring else "absent"
    for name in place.center.environment():
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    other = place.center.url.replace("127.0.0.1", "localhost")
    own = {"corp": OwnConnection(endpoint_url=other)}
    context = replace(place.context, settings=Settings(own_connections=own))

    place.sign_in(approving(), context=context)
    without_the_setting = make_tools(context.paths.home, place.backend)
    outcome = job_table.run("renew", place.session, without_the_setting)

    assert isinstance(outcome, Renewed)
    counts = [place.center.count(call) for call in ("RegisterClient", "CreateToken")]
    assert [2, 3] == counts
    assert ("keyring" if keyring else "file") == place.store()


def test_the_registration_is_used_again(place: Place) -> None:
    """One registration per grant, kept until it expires, over a sign-out too (L2)."""
    place.sign_in(approving())
    place.context.keyring_store.delete(place.session.key)
    place.sign_in(approving())
    assert 1 == place.center.count("RegisterClient")

    place.sign_in(
        approving(),
        session=replace(place.session, scopes=("sso:account:access", "codewhisperer:analysis")),
    )
    assert 2 == place.center.count("RegisterClient")


def test_a_registration_near_its_end_is_not_used(place: Place) -> None:
    """Within 15 minutes of its end it counts as expired (fault 49)."""
    place.center.registration_life = 14 * 60.0

    for _ in range(2):
        place.sign_in(approving())

    assert 2 == place.center.count("RegisterClient")


def test_a_registration_nobody_came_back_with_is_dropped(place: Place) -> None:
    """AWS shows an error page for one it has forgotten; the next sign-in registers anew."""
    place.sign_in(approving())
    place.center.expire_registrations()
    cancelled = threading.Event()

    def act(url: str) -> tuple[int, str]:
        shown = fetch(url)
        cancelled.set()
        return shown

    browser = Browser(act)
    with pytest.raises(SignInEnded, match="cancelled"):
        place.sign_in(browser, cancelled=cancelled)
    place.sign_in(approving())

    assert 400 <= browser.last()[0]
    assert 2 == place.center.count("RegisterClient")


def test_a_registration_refused_at_the_exchange_is_dropped(place: Place) -> None:
    """The next sign-in after ``invalid_client`` registers anew."""
    place.sign_in(approving())
    place.center.fault("CreateToken", "InvalidClientException")

    with pytest.raises(RegistrationRefused):
        place.sign_in(approving())
    place.sign_in(approving())

    assert 2 == place.center.count("RegisterClient")


def test_a_code_that_did_not_get_through_is_sent_again(place: Place) -> None:
    """A 503 performs nothing, so the code is still good: the person need not do it all again."""
    place.center.fault("CreateToken", "status", status=503)

    result = place.sign_in(approving())

    assert "keyring" == result.store
    assert 2 == place.center.count("CreateToken")


def test_a_lost_answer_is_told(place: Place) -> None:
    """An answer cut half-way may have used the code up; the sentence says what happened."""
    place.center.fault("CreateToken", "cut")
    browser = approving()

    with pytest.raises((ServiceTrouble, Offline)):
        place.sign_in(browser)

    assert "Sign-in failed" in browser.last()[1]
    assert 1 == place.center.count("CreateToken")


def test_a_session_with_a_problem_opens_nothing(place: Place) -> None:
    """What the config has wrong is said, and nobody is asked."""
    broken = replace(place.session, problem="Session corp has no start URL.")

    with pytest.raises(UserMustAct, match="no start URL"):
        place.sign_in(approving(), session=broken)

    assert () == place.center.requests


def test_a_fixed_port_is_used(place: Place) -> None:
    """``--callback-port`` decides the port; a taken one is said before AWS is asked."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserMustAct, match=str(port)):
            place.sign_in(approving(), callback_port=port)
    assert () == place.center.requests


def test_without_any_port_it_goes_on_by_a_code(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 57: any port is asked for three times; a code needs none."""
    monkeypatch.setattr("tray.loopback.listening_port.ADDRESS", "192.0.2.1")  # nobody's (RFC 5737)
    browser = approving()

    place.sign_in(browser)

    refused = [line for line in caplog.messages if line.startswith("no port")]
    assert (2, 1) == (len(refused), place.center.count("StartDeviceAuthorization"))
    assert browser.page().user_code is not None


def test_no_secret_is_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Codes, tokens, secrets and states appear in no log line, not even at DEBUG."""
    caplog.set_level(logging.DEBUG)
    browser = approving()

    place.sign_in(browser)

    state = parse_qs(urlsplit(browser.page().url).query)["state"][0]
    for secret in (*place.center.secrets(), state):
        assert secret not in caplog.text
