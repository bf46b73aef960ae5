"""Signing in: one at a time, only by a click, and what a click must do to help (L1, L4-L10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from tests.core.story import CORP, HOUR, LAB, MINUTE, OLD, T0, Story, only, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory, Preferences, SsoSession, TokenFacts
from tray.core.outcomes import (
    Failed,
    Outcome,
    PortalChecked,
    Refused,
    RemovalJudged,
    Renewed,
    SignedOut,
)

URL = "https://oidc.eu-west-1.amazonaws.com/authorize"


def clicked(*sessions: SsoSession, key: str = "corp", **wish: object) -> Story:
    """Return a story in which a person has just asked to sign in."""
    story = Story(*sessions)
    story.send(ev.SignInRequested(key, **wish))  # type: ignore[arg-type] # members of SignInRequested
    return story


def opened(effects: tuple[fx.Effect, ...]) -> list[str]:
    """Return who opens a browser: the tray, or a request."""
    return ["tray" for one in effects if isinstance(one, fx.OpenBrowser)] + [
        one.request for one in effects if isinstance(one, fx.Reply) and one.sentence == "open"
    ]


@pytest.mark.parametrize(
    ("session", "asked", "method"),
    [
        (CORP, None, "pkce"),
        (OLD, None, "device"),
        (CORP, "device", "device"),
        (OLD, "pkce", "pkce"),
    ],
)
def test_the_method(session: SsoSession, asked: str | None, method: str) -> None:
    """L1: PKCE for sso-sessions, device code for legacy profiles, or as asked."""
    story = clicked(session, key=session.key, method=asked)

    assert method == only(fx.StartSignIn, tuple(story.all(fx.StartSignIn))).method


def test_a_session_set_to_codes_is_signed_in_to_with_one() -> None:
    """L1: ``device_code = true`` of the session's settings."""
    story = Story()
    story.send(ev.PreferencesRead(Preferences(device_code=("corp",))))
    story.send(ev.SignInRequested("corp"))

    assert "device" == only(fx.StartSignIn, tuple(story.all(fx.StartSignIn))).method


@pytest.mark.parametrize(
    ("allowed", "starts"),
    [
        ((), True),
        ((CORP.start_url,), True),
        ((f"{CORP.start_url.upper()}/#/",), True),
        (("https://*.awsapps.com/start",), True),
        (("https://other.example/start",), False),
        (None, False),
    ],
)
def test_only_allowed_portals_are_signed_in_to(
    allowed: tuple[str, ...] | None, starts: bool
) -> None:
    """A sign-in anywhere else is refused before a browser opens, by command and by click alike."""
    story = Story()
    story.send(ev.PreferencesRead(Preferences(allowed_start_urls=allowed)))

    typed = story.send(ev.SignInRequested("corp", request="r"))
    clicks = story.send(ev.SignInRequested("corp"))

    assert starts == bool(story.all(fx.StartSignIn))
    if not starts:
        assert "not allowed" in only(fx.Reply, typed).sentence
        assert "not allowed" in only(fx.Report, clicks).text


def test_from_click_to_token() -> None:
    """A click opens the page once it is ready, and the token ends the sign-in."""
    story = clicked()
    first = opened(tuple(story.effects))

    ready = story.send(ev.SignInReady("corp", 1, URL))
    signing_in = story.row()
    story.send(ev.SignedIn("corp", 1, token("b"), "keyring"))

    assert ([], ["tray"]) == (first, opened(ready))
    assert ("signing-in", URL) == (signing_in.state, signing_in.sign_in_url)
    assert ("signed-in", "keyring", True) == (
        story.row().state,
        story.row().store,
        story.row().renews,
    )


def test_typed_in_a_terminal_the_terminal_opens_it() -> None:
    """L6: a CLI opens the page with its own environment; the daemon opens nothing."""
    story = clicked(request="cli", opens="caller")

    ready = story.send(ev.SignInReady("corp", 1, URL, "ABCD-EFGH", T0 + 300))
    done = story.send(ev.SignedIn("corp", 1, token("b"), "keyring"))

    assert ["cli"] == opened(ready)
    assert (URL, "ABCD-EFGH", T0 + 300) == (
        only(fx.Reply, ready).url,
        only(fx.Reply, ready).user_code,
        only(fx.Reply, ready).deadline,
    )
    assert ("done", 0) == (only(fx.Reply, done).kind, only(fx.Reply, done).exit)


def test_what_does_not_end_a_sign_in_is_said_in_every_terminal_that_waits() -> None:
    """T3, T4: another user who connects, or an error the browser brings, while it goes on."""
    story = clicked(request="cli", opens="caller")
    story.send(ev.SignInRequested("corp", "second"))

    told = story.send(ev.SignInReported("corp", 1, "Another user has connected."))
    late = story.send(ev.SignInReported("corp", 9, "Another user has connected."))

    assert [("cli", "report"), ("second", "report")] == [
        (one.request, one.kind) for one in told if isinstance(one, fx.Reply)
    ]
    assert ((), "signing-in") == (late, story.row().state)


def test_a_second_request_joins_the_first() -> None:
    """L5: one sign-in per session; who joins is shown the link and answered with the rest."""
    story = clicked(request="one", opens="caller")
    story.send(ev.SignInRequested("corp", "two", opens="caller"))
    ready = story.send(ev.SignInReady("corp", 1, URL))

    late = story.send(ev.SignInRequested("corp", "three", opens="caller"))
    done = story.send(ev.SignedIn("corp", 1, token("b"), "keyring"))

    assert 1 == len(story.all(fx.StartSignIn))
    assert (["one"], []) == (opened(ready), opened(late))
    assert URL == only(fx.Reply, late).url
    assert {"one", "two", "three"} == {one.request for one in done if isinstance(one, fx.Reply)}


def test_impatient_clicks_open_one_page() -> None:
    """T18: a thousand clicks open one page; a click a minute later opens it again."""
    story = clicked()
    for _ in range(500):
        story.send(ev.SignInRequested("corp"))
    story.send(ev.SignInReady("corp", 1, URL), 1)
    story.send(ev.SignInReady("corp", 1, URL))
    for _ in range(500):
        story.send(ev.SignInRequested("corp"))
    within = len(story.all(fx.OpenBrowser))

    again = story.send(ev.SignInRequested("corp"), 62)

    assert (1, ["tray"]) == (within, opened(again))


def test_a_browser_opens_for_nobody_but_a_person() -> None:
    """L6: a night of renewals, failures, wakes and credentials opens nothing."""
    story = Story(CORP, LAB, stores={"corp": "keyring"})
    story.file(token())

    story.run_until(20 * HOUR, renewing(ends_at=8 * HOUR))
    for what in ("asleep", "woke", "locked", "unlocked", "network-down", "network-up"):
        story.send(ev.SystemEvent(what))
    story.send(ev.CredentialsGiven("corp"))
    story.send(ev.TokenRejected("corp", "a"))

    assert [] == opened(tuple(story.effects))
    assert [] == story.all(fx.StartSignIn)


@pytest.mark.parametrize("afresh", [None, False])
@pytest.mark.parametrize("portal", ["valid", "unreachable"])
def test_signed_in_already(afresh: bool | None, portal: Literal["valid", "unreachable"]) -> None:
    """L7: ``login`` in a signed-in session asks the portal, opens nothing and exits 0."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())

    story.send(ev.SignInRequested("corp", "r", afresh=afresh))
    effects = story.answer(PortalChecked("a", portal))

    assert ["check"] == story.jobs()
    assert [] == story.all(fx.StartSignIn)
    assert (0, 'You\'re already signed in to "corp". It renews automatically.') == (
        only(fx.Reply, effects).exit,
        only(fx.Reply, effects).sentence,
    )


def test_a_revoked_token_that_nothing_renews_lets_login_sign_in() -> None:
    """L7: what the portal refuses is over, so that ``login`` is no dead end."""
    story = Story(stores={"corp": "file"})
    story.file(token(life=8 * HOUR))
    story.send(ev.SignInRequested("corp", "r"))
    story.send(ev.SignInRequested("corp", "joins"))

    effects = story.answer(PortalChecked("a", "dead"))

    assert not only(fx.StartSignIn, effects).afresh
    sign_in = story.session().sign_in
    assert sign_in is not None
    assert ("r", "joins") == sign_in.requests


@pytest.mark.parametrize(
    ("outcome", "signs_in"),
    [(Renewed(token("b"), "keyring"), False), (Refused("dead"), True)],
)
def test_one_refresh_decides_before_login_opens_a_page(outcome: Outcome, signs_in: bool) -> None:
    """L7, R6: a token that the portal refuses is renewed first, where it can be."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.SignInRequested("corp", "r"))
    story.answer(PortalChecked("a", "dead"))

    story.answer(outcome)

    assert ["check", "renew"] == story.jobs()
    assert signs_in == bool(story.all(fx.StartSignIn))
    assert signs_in != bool(story.all(fx.Reply))


def test_who_leaves_before_the_portal_has_answered_gets_no_page() -> None:
    """L6: a page opens only for somebody who is still there."""
    story = Story(stores={"corp": "file"})
    story.file(token(life=8 * HOUR))
    story.send(ev.SignInRequested("corp", "r"))
    story.send(ev.RequesterLeft("corp", "r"))

    story.answer(PortalChecked("a", "dead"))

    assert [] == story.all(fx.StartSignIn)
    assert "expired" == story.row().state


@pytest.mark.parametrize("afresh", [False, True])
def test_sessions_of_one_portal_end_together(afresh: bool) -> None:
    """K6, L9: after the sign-out of one, the portal is asked about the others, once each."""
    twin = replace(CORP, key="twin", start_url=CORP.start_url + "/#", profiles=("twin",))
    story = Story(CORP, twin, LAB, stores={"corp": "keyring", "twin": "keyring", "lab": "keyring"})
    for number, key in enumerate(("corp", "twin", "lab")):
        story.file(token(f"t{number}"), key=key)
    story.send(ev.CredentialsGiven("twin"))
    if afresh:
        story.send(ev.SignInRequested("corp", afresh=True))
        story.send(ev.SignInReady("corp", _attempt(story), URL, older_ended=True))
    else:
        story.send(ev.SignOutRequested("corp"))
        story.answer(SignedOut())
    started = [(start.session.key, start.kind) for start in story.all(fx.StartJob)]

    story.answer(PortalChecked("t1", "dead"), key="twin")

    assert ("twin", "check") == started[-1]
    assert [] == [kind for key, kind in started if key == "lab"]
    assert ("expired", "session-over") == (story.row("twin").state, story.row("twin").reason)
    assert ["expired"] == story.notices()
    assert "renew" not in story.jobs()


def test_a_vain_question_about_another_session_is_asked_again_with_the_network() -> None:
    """K6, R5: what waits after a sign-out is asked as soon as AWS can answer."""
    twin = replace(CORP, key="twin", profiles=("twin",))
    story = Story(CORP, twin, stores={"corp": "keyring", "twin": "keyring"})
    for number, key in enumerate(("corp", "twin")):
        story.file(token(f"t{number}"), key=key)
    story.send(ev.SignOutRequested("corp"))
    story.answer(SignedOut())
    story.answer(PortalChecked("t1", "unreachable"), key="twin")

    effects = story.send(ev.SystemEvent("network-up"), MINUTE)
    story.answer(PortalChecked("t1", "dead"), key="twin")

    assert "check" == only(fx.StartJob, effects).kind
    assert "expired" == story.row("twin").state


def test_an_abandoned_afresh_sign_in_ends_a_released_session() -> None:
    """K7, L9: its token is ours to ask the portal about, not to refresh."""
    story = Story(stores={"corp": "released"})
    story.file(replace(token(), refreshable=True))
    story.send(ev.SignInRequested("corp", afresh=True))
    story.send(ev.SignInReady("corp", _attempt(story), URL, older_ended=True))

    story.send(ev.SignInCancelled("corp"))
    story.answer(PortalChecked("a", "dead"))

    assert ["check"] == story.jobs()
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_an_afresh_sign_in_that_ended_nothing_calls_nothing_over() -> None:
    """L9: where no token could be read to sign out with, what runs at AWS runs on."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.SignInRequested("corp", afresh=True))
    story.send(ev.SignInReady("corp", _attempt(story), URL, older_ended=False))

    waiting = story.row().state
    effects = story.send(ev.SignInCancelled("corp"))

    assert ("signing-in", "signed-in") == (waiting, story.row().state)
    assert story.session().memory.dead is None
    assert [] == [one for one in effects if isinstance(one, fx.StartJob)]


def test_a_doubt_about_what_a_sign_in_brought_outlives_its_news() -> None:
    """R4: a program may have seen the new token refused before the sign-in was heard of."""
    story = Story(stores={"corp": "keyring"})
    story.send(ev.SignInRequested("corp", afresh=False))
    story.send(ev.SignInReady("corp", _attempt(story), URL))
    story.file(token("b", HOUR))
    story.send(ev.TokenRejected("corp", "b"))

    story.send(ev.SignedIn("corp", _attempt(story), token("b", HOUR), "keyring"))
    story.answer(Refused("dead"))

    assert ["renew"] == story.jobs()
    assert "expired" == story.row().state


def test_a_refused_expired_token_does_not_end_its_session() -> None:
    """R4: the portal takes no expired token; a refresh decides."""
    story = Story(stores={"corp": "released"})
    story.file(replace(token(), refreshable=True))
    story.send(ev.SignInRequested("corp", "cli"))
    assert ["check"] == story.jobs()
    story.send(ev.RequesterLeft("corp", "cli"))

    story.answer(PortalChecked("a", "dead"), 2 * HOUR)

    assert ("expired", None) == (story.row().state, story.row().reason)


@pytest.mark.parametrize("there", [False, True])
def test_a_sign_in_whose_process_died_is_looked_for(there: bool) -> None:
    """K8: the keyring may have its token although the file has not, or an older one."""
    story = Story(stores={"corp": "file" if there else None})
    story.file(token() if there else ev.FileAbsent())
    story.send(ev.SignInRequested("corp", afresh=True))
    before = story.jobs()

    story.send(ev.SignInFailed("corp", _attempt(story), "It died.", lost=True))
    started = story.jobs()[len(before) :]
    if not there:
        story.answer(RemovalJudged("published", token("b")))

    assert ["adopt" if there else "judge-removed"] == started
    assert "signed-in" == story.row().state
    assert there or "keyring" == story.row().store


def test_a_sign_in_whose_process_died_after_its_cancellation_is_looked_for() -> None:
    """K8: the keyring may have taken its token just before the process obeyed."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.SignInRequested("corp", afresh=True))
    attempt = _attempt(story)
    story.send(ev.SignInCancelled("corp"))

    story.send(ev.SignInFailed("corp", attempt, "It died.", lost=True))

    assert ["adopt"] == story.jobs()


def _attempt(story: Story) -> int:
    sign_in = story.session().sign_in
    assert sign_in is not None
    return sign_in.attempt


def ending() -> Story:
    """Return a story whose session ends in 12 minutes by AWS's clock, and still lives."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(2 * HOUR, renewing(ends_at=2.2 * HOUR))
    return story


def refused() -> Story:
    """Return a story whose session AWS has refused to prolong."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(50 * MINUTE, lambda _s, _a: Refused("valid"))
    return story


def fixed() -> Story:
    """Return a story whose eight-hour token is about to end, with nothing to renew it."""
    story = Story()
    story.file(token(life=8 * HOUR))
    story.run_until(7.8 * HOUR)
    return story


def over() -> Story:
    """Return a story whose session has ended."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(50 * MINUTE, lambda _s, _a: Refused("dead"))
    return story


@pytest.mark.parametrize(
    ("at", "state", "afresh"),
    [(ending, "ending", True), (refused, "ending", False), (fixed, "ending", False),
     (over, "expired", False)],
)  # fmt: skip
def test_sign_in_does_what_helps(at: object, state: str, afresh: bool) -> None:
    """L10: afresh while AWS's session lives on, plain once it is over; row and button agree."""
    story: Story = at()  # type: ignore[operator] # one of the four above
    row = story.row()

    effects = story.send(ev.SignInRequested("corp"))

    assert (state, afresh) == (row.state, row.afresh)
    assert afresh == only(fx.StartSignIn, effects).afresh
    buttons = [button for shown in story.all(fx.ShowNotice) for button in shown.notice.buttons]
    assert {"Sign out and sign in again" if afresh else "Sign in"} == {
        button.label for button in buttons if button.action != "snooze"
    }


def test_what_was_asked_for_is_done_as_asked() -> None:
    """L9, L10: ``--afresh`` is afresh in a healthy session too."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())

    effects = story.send(ev.SignInRequested("corp", "r", afresh=True))

    assert only(fx.StartSignIn, effects).afresh


@pytest.mark.parametrize(
    ("ready", "jobs"),
    [(True, ["renew"]), (False, []), (None, [])],
    ids=["signed out", "no token found", "not yet"],
)
@pytest.mark.parametrize("ends", ["failed", "cancelled", "too late"])
def test_an_unfinished_sign_in_afresh_is_looked_into(
    ready: bool | None, jobs: list[str], ends: str
) -> None:
    """L9: what signed the portal out and was not finished leaves a token to be asked about."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.SignInRequested("corp", afresh=True))
    if ready is not None:
        story.send(ev.SignInReady("corp", 1, URL, older_ended=ready))

    if ends == "failed":
        story.send(ev.SignInFailed("corp", 1, "It was denied."))
    elif ends == "cancelled":
        story.send(ev.SignInCancelled("corp"))
    else:
        story.run_until(10 * MINUTE)

    assert jobs == story.jobs()


@pytest.mark.parametrize("file", [token("b", MINUTE), token(life=MINUTE)], ids=["new", "ends"])
def test_a_lean_file_that_came_beside_it_is_looked_at_after_it(file: TokenFacts) -> None:
    """K4: only the keyring can judge another token, or an earlier end written into our file."""
    story = Story(stores={"corp": "keyring"}, memories={"corp": Memory(given=token())})
    story.file(token())
    story.send(ev.SignInRequested("corp", afresh=True))
    story.send(ev.SignInReady("corp", _attempt(story), URL, older_ended=False))

    story.file(file, 5)
    meanwhile = story.jobs()
    story.send(ev.SignInCancelled("corp"), 10)

    assert ([], ["adopt"]) == (meanwhile, story.jobs())


def test_a_failed_sign_in_keeps_the_old_token() -> None:
    """Fault 60: denied is said to who asked; what was there goes on."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("offline", "No route."))
    story.send(ev.SignInRequested("corp", "r"))

    effects = story.send(ev.SignInFailed("corp", 1 + len(story.jobs()), "It was denied."))

    assert (1, "It was denied.") == (
        only(fx.Reply, effects).exit,
        only(fx.Reply, effects).sentence,
    )
    assert ("renewal-failing", T0 + HOUR) == (
        story.row().state,
        story.row().token_expires_at,
    )


@pytest.mark.parametrize(
    ("method", "life", "deadline"),
    [("pkce", 0.0, 600), ("pkce", 900.0, 600), ("device", 300.0, 300), ("device", 900.0, 900)],
)
def test_the_deadline(method: Literal["pkce", "device"], life: float, deadline: float) -> None:
    """L4: ten minutes, for a device code the code's own life; then it is given up and said."""
    story = clicked(request="r", method=method)
    story.send(ev.SignInReady("corp", 1, URL, deadline=T0 + life if life else 0.0))

    story.run_until(deadline - 1)
    before = story.row().state
    story.run_until(deadline)
    last = story.all(fx.Reply)[-1]

    assert ("signing-in", "signed-out") == (before, story.row().state)
    assert fx.CancelSignIn("corp", 1) in story.effects
    assert (1, 'The sign-in to "corp" timed out.') == (last.exit, last.sentence)


def test_cancelling() -> None:
    """L4: who waits and who cancels are both answered; a late token changes nothing."""
    story = clicked(request="one")

    effects = story.send(ev.SignInCancelled("corp", "two"))
    late = story.send(ev.SignedIn("corp", 1, token("b"), "keyring"))

    assert {("one", 1), ("two", 0)} == {
        (one.request, one.exit) for one in effects if isinstance(one, fx.Reply)
    }
    assert () == late
    assert "signed-out" == story.row().state


@pytest.mark.parametrize(
    ("opens", "others", "ends"),
    [("caller", False, True), ("caller", True, False), ("resident", False, False)],
)
def test_a_requester_who_leaves(
    opens: Literal["caller", "resident"], others: bool, ends: bool
) -> None:
    """A closed terminal ends the sign-in only it waited for."""
    story = clicked(request="one", opens=opens)
    if others:
        story.send(ev.SignInRequested("corp", "two"))

    effects = story.send(ev.RequesterLeft("corp", "one"))

    assert ends == (fx.CancelSignIn("corp", 1) in effects)
    assert ("signed-out" if ends else "signing-in") == story.row().state


def test_a_sign_in_beats_an_older_renewal() -> None:
    """Faults 62, 67: a renewal begun before the sign-in changes nothing when it ends."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(29 * MINUTE, lambda _s, _a: None)
    story.send(ev.RenewRequested("corp", "waits"))
    story.send(ev.SignInRequested("corp", "r", afresh=True))

    done = story.send(ev.SignedIn("corp", 2, token("new", 30 * MINUTE), "keyring"))
    late = story.send(ev.JobDone("corp", 1, Refused("dead")))

    assert {"r", "waits"} == {one.request for one in done if isinstance(one, fx.Reply)}
    assert () == late
    assert ("signed-in", T0 + 1.5 * HOUR) == (story.row().state, story.row().token_expires_at)


def test_while_signing_in_nothing_else_is_started() -> None:
    """The sign-in's result is the newer truth; nothing automatic runs beside it."""
    story = over()
    before = story.jobs()
    story.send(ev.SignInRequested("corp"))

    story.file(token("b", story.time, refreshable=True))
    story.run_until(story.time + 9 * MINUTE)

    assert before == story.jobs()


def test_our_own_file_seen_before_the_answer_is_no_news() -> None:
    """A new file may be seen before the sign-in's own answer: the clock starts all the same."""
    story = over()
    story.send(ev.SignInRequested("corp"))
    attempt = story.all(fx.StartSignIn)[0].attempt
    new = token("new", 51 * MINUTE)

    story.file(new, 51 * MINUTE)
    story.send(ev.SignedIn("corp", attempt, new, "keyring"))

    assert T0 + 51 * MINUTE == story.session().memory.started_at
    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_a_sign_in_without_a_keyring_succeeds() -> None:
    """L12: the full file is written, and one sentence says so."""
    story = clicked(request="r")

    effects = story.send(
        ev.SignedIn(
            "corp",
            1,
            token("b", refreshable=True),
            "file",
            "keyring-absent",
            "No keyring is available, so the refresh token stays in the file.",
        )
    )

    assert (
        0,
        'Signed in to "corp". It renews automatically. '
        "No keyring is available, so the refresh token stays in the file.",
    ) == (only(fx.Reply, effects).exit, only(fx.Reply, effects).sentence)
    assert ("file", "keyring-absent", []) == (
        story.row().store,
        story.row().reason,
        story.jobs(),
    )


def test_several_sessions_sign_in_side_by_side() -> None:
    """L5 is per session: one does not wait for another."""
    story = clicked(CORP, LAB)
    story.send(ev.SignInRequested("lab"))

    assert ["corp", "lab"] == [start.session.key for start in story.all(fx.StartSignIn)]


def test_quitting_ends_sign_ins_and_starts_nothing() -> None:
    """Quit answers who waits, says until when the AWS CLI works on, and is the last word (K7)."""
    story = Story(replace(CORP), stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.SignInRequested("corp", "r", afresh=True))

    effects = story.send(ev.QuitRequested("q"))
    story.run_until(3 * HOUR)

    assert fx.CancelSignIn("corp", 1) in effects
    assert {("r", 1), ("q", 0)} == {
        (one.request, one.exit) for one in effects if isinstance(one, fx.Reply)
    }
    assert isinstance(effects[-1], fx.Quit)
    assert [] == story.jobs()


def test_an_end_starts_nothing_and_takes_in_what_was_under_way() -> None:
    """As at a logout: a renewal that comes back is remembered, one that fails isn't repeated."""
    story = Story(CORP, LAB, stores={"corp": "keyring", "lab": "keyring"})
    for key in ("corp", "lab"):
        story.file(token(key), key=key)
        story.send(ev.RenewRequested(key))
    under_way = story.jobs()

    story.send(ev.Ending())
    story.answer(Renewed(token("later"), "keyring"), key="corp")
    story.answer(Failed("keyring-waiting", "The keyring doesn't answer."), key="lab")
    story.run_until(3 * HOUR)

    assert ["renew", "renew"] == under_way == story.jobs()
    assert token("later") == story.session("corp").token


@pytest.mark.parametrize(("request_", "offers"), [(None, 1), ("cli", 0)])
def test_a_click_that_signs_in_offers_the_settings(request_: str | None, offers: int) -> None:
    """Whoever signed in at a terminal is asked there; whether it was offered before is on disk."""
    story = clicked(request=request_, opens="resident" if request_ is None else "caller")
    story.send(ev.SignInReady("corp", 1, URL))
    story.send(ev.SignedIn("corp", 1, token("b"), "keyring"))

    assert offers == len(story.all(fx.OfferSettings))
