"""A token file that appears after a sign-out means nothing until AWS has taken its token."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from tests.core.story import MINUTE, Story, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.model import Memory, Reason, TokenFacts, TokenStore
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    PortalChecked,
    Refused,
    Released,
    RemovalJudged,
    Renewed,
    SignedOut,
    Unrenewable,
)

LEAN = token("lean", 2 * MINUTE)
FULL = token("full", 2 * MINUTE, refreshable=True)
OFFLINE = Failed("offline", "No route.")
SIGNED_OUT, SIGNED_IN = ("signed-out", False), ("signed-in", True)


def _signed_out(store: TokenStore = "keyring") -> Story:
    story = Story(stores={"corp": store})
    story.file(token("old", refreshable=store == "file"))
    if story.session().job is not None:
        story.answer(Adopted(token("old", refreshable=True), store))
    story.send(ev.SignOutRequested("corp"), MINUTE)
    story.answer(SignedOut())
    story.file(ev.FileAbsent())
    return story


def _restarted(story: Story) -> Story:
    session = story.session()
    again = Story(stores={"corp": session.store}, memories=story.kept(), start=story.time)
    if session.token is not None:
        again.file(session.token)
    return again


def _shown(story: Story) -> tuple[str, bool]:
    return story.row().state, story.row().token_expires_at is not None


def _kind(story: Story) -> str | None:
    job = story.session().job
    return None if job is None else job.kind


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("file", [LEAN, FULL], ids=["lean", "full"])
def test_offline_it_stays_signed_out(file: TokenFacts, *, restart: bool) -> None:
    """K6: nobody knows whether AWS takes the token, before a restart or after it."""
    story = _signed_out()
    story.file(file, 3 * MINUTE)
    asked = _shown(story)
    story.answer(OFFLINE)
    if restart:
        story = _restarted(story)
        assert _kind(story) == "adopt"
        story.answer(OFFLINE)
    row = story.row()

    assert (SIGNED_OUT, "signed-out", "offline", False) == (
        asked,
        row.state,
        row.reason,
        row.renews,
    )
    story.run_until(40 * MINUTE, lambda _start, _at: OFFLINE)
    assert SIGNED_OUT == _shown(story)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("file", "outcome"),
    [
        (LEAN, Unrenewable()),
        (LEAN, Adopted(LEAN, "file")),
        (FULL, Adopted(replace(FULL, refreshable=False), "keyring")),
        (FULL, Renewed(token("next", 3 * MINUTE), "keyring")),
    ],
)
def test_aws_has_the_last_word(file: TokenFacts, outcome: Outcome, *, restart: bool) -> None:
    """K6: signed in by one adoption, without a further question to the portal."""
    story = _signed_out()
    story.file(file, 3 * MINUTE)
    if restart:
        story = _restarted(story)
    story.answer(outcome)

    assert SIGNED_IN == _shown(story)
    assert (None, False) == (_kind(story), story.session().memory.signed_out)
    assert SIGNED_IN == _shown(_restarted(story))


@pytest.mark.parametrize("file", [LEAN, FULL], ids=["lean", "full"])
def test_the_network_s_return_asks_at_once(file: TokenFacts) -> None:
    """R1: what was held up because AWS was out of reach is not put off any longer."""
    story = _signed_out()
    story.send(ev.SystemEvent("network-down"))
    story.file(file, 3 * MINUTE)
    story.answer(OFFLINE)
    story.send(ev.SystemEvent("network-up"), 3.5 * MINUTE)

    assert _kind(story) == "adopt"


def test_a_token_that_aws_has_ended_is_cleaned_away() -> None:
    """K6: the file is gone, and the session as it was after the sign-out."""
    story = _signed_out()
    story.file(LEAN, 3 * MINUTE)
    story.answer(RemovalJudged("nothing"))
    story.file(ev.FileAbsent())

    assert SIGNED_OUT == _shown(story)
    assert [] == story.notices()


def test_an_unknown_one_that_aws_refuses_is_over() -> None:
    """R4: AWS has said no; nothing asks again."""
    story = _signed_out()
    story.file(LEAN, 3 * MINUTE)
    story.answer(Refused("dead"))

    assert ("expired", "session-over") == (story.row().state, story.row().reason)
    assert _kind(story) is None


@pytest.mark.parametrize(
    ("unproved", "store", "reason"),
    [
        (FULL, "keyring", "keyring-locked"),
        (FULL, "file", "keyring-denied"),
        (FULL, "file", None),
        (replace(LEAN, refreshable=False), "released", None),
    ],
)
@pytest.mark.parametrize("restart", [False, True])
def test_where_the_file_stays_as_it_is_the_portal_is_asked(
    unproved: TokenFacts, store: TokenStore, reason: Reason | None, *, restart: bool
) -> None:
    """K6: an adoption that asked nobody proves nothing; one question to the portal does."""
    story = _signed_out()
    story.file(unproved, 3 * MINUTE)
    story.answer(Adopted(unproved, store, reason))
    if restart:
        story = _restarted(story)
        if _kind(story) == "adopt":
            story.answer(Adopted(unproved, store, reason))
    before = _shown(story), _kind(story)
    story.answer(PortalChecked(unproved.fingerprint, "unreachable"))
    unreachable = _shown(story), _kind(story)
    story.run_until(3 * MINUTE + policy.BACKOFF_MOST)
    if _kind(story) == "adopt":
        story.answer(Adopted(unproved, store, reason))
    again = _kind(story)
    story.answer(PortalChecked(unproved.fingerprint, "valid"))

    assert (SIGNED_OUT, "check") == before
    assert (SIGNED_OUT, None, "check") == (*unreachable, again)
    assert (SIGNED_IN, None) == (_shown(story), _kind(story))


@pytest.mark.parametrize("store", get_args(TokenStore))
def test_a_file_changed_while_the_portal_was_asked_is_asked_about_next(store: TokenStore) -> None:
    """K6: an answer about another token proves nothing, and is no reason to ask without end."""
    story = _signed_out()
    story.file(FULL, 3 * MINUTE)
    story.answer(Adopted(FULL, store, "keyring-locked"))
    story.answer(PortalChecked("another", "valid"))
    asked = len(story.jobs())

    assert (SIGNED_OUT, None) == (_shown(story), _kind(story))
    story.file(token("another", 4 * MINUTE, refreshable=True), 4 * MINUTE)
    assert asked + 1 == len(story.jobs())


@pytest.mark.parametrize("reason", ["other", "keyring-locked"])
def test_an_adoption_that_failed_for_us_does_not_hold_up_the_portal(reason: Reason) -> None:
    """K6: AWS can be asked about the token though keyring or files cannot be used."""
    story = _signed_out()
    story.file(FULL, 3 * MINUTE)
    story.answer(Failed(reason, "It failed."))
    asked = _kind(story)
    story.answer(PortalChecked("full", "valid"))

    assert ("check", SIGNED_IN) == (asked, _shown(story))


def test_a_login_that_came_beside_a_sign_in_is_looked_at_after_it() -> None:
    """K4: the portal says whether it works, and only a look whether it renews itself."""
    story = _signed_out()
    story.send(ev.SignInRequested("corp"))
    story.file(LEAN, 3 * MINUTE)
    story.send(ev.SignInCancelled("corp"))
    story.answer(PortalChecked("lean", "valid"))

    assert _kind(story) == "adopt"
    story.answer(Unrenewable())
    assert (SIGNED_IN, False, None) == (_shown(story), story.row().renews, _kind(story))


@pytest.mark.parametrize("store", get_args(TokenStore))
def test_a_token_that_the_portal_refuses_is_asked_about_once(store: TokenStore) -> None:
    """K6: AWS has said no; neither a renewal nor another question follows."""
    story = _signed_out()
    story.file(FULL, 3 * MINUTE)
    story.answer(Adopted(FULL, store, "keyring-denied"))
    story.answer(PortalChecked("full", "dead"))
    asked = story.jobs()
    story.run_until(40 * MINUTE)

    assert ("expired", "session-over") == (story.row().state, story.row().reason)
    assert (None, asked) == (_kind(story), story.jobs())


def test_a_command_alone_asks_nothing_but_what_was_typed() -> None:
    """K6: without a daemon a file that was put back is no reason to ask the portal."""
    story = _signed_out()
    story.state = replace(story.state, alone=True)
    story.file(FULL, 3 * MINUTE)
    story.answer(Failed("keyring-locked", "It is locked."))
    unasked = _kind(story)
    story.send(ev.RenewRequested("corp", "typed"))
    typed = _kind(story)
    story.answer(Refused("dead"))

    assert (None, "renew", None) == (unasked, typed, _kind(story))
    assert ["typed"] == [reply.request for reply in story.all(fx.Reply)]


def test_what_a_release_brings_to_light_after_an_end_is_asked_about() -> None:
    """K7: the keyring may have kept two tokens of the session that is over, both dead."""
    story = Story(stores={"corp": "keyring"})
    story.file(token("a"))
    story.send(ev.RenewRequested("corp", "typed"), MINUTE)
    story.answer(Refused("dead"))
    story.send(ev.ReleaseRequested("corp"), 2 * MINUTE)
    story.answer(Released("It is back."))
    story.file(token("b", refreshable=True))
    asked = _kind(story)
    story.answer(PortalChecked("b", "dead"))

    assert ("check", "expired") == (asked, story.row().state)


def test_a_token_that_aws_has_ended_stays_so_when_its_file_comes_back() -> None:
    """R4: what AWS has said of a token is true whatever becomes of its file."""
    story = Story(stores={"corp": "file"})
    story.file(token("a"))
    story.send(ev.TokenRejected("corp", "a"), MINUTE)
    over = story.row().state
    story.file(ev.FileAbsent(), 2 * MINUTE)
    story.run_until(3 * MINUTE)
    gone = story.row().state
    story.file(token("a"))

    assert ("expired", "signed-out", "expired") == (over, gone, story.row().state)


def test_a_sign_in_here_needs_no_further_proof() -> None:
    """K6: AWS has just given that token."""
    story = _signed_out()
    story.sign_in(token("new", 2 * MINUTE))

    assert SIGNED_IN == _shown(story)
    story.file(token("new", 2 * MINUTE))
    story.send(ev.Tick())
    assert (SIGNED_IN, False) == (_shown(story), story.session().memory.signed_out)
    assert "check" not in story.jobs()


def test_it_is_kept_on_record() -> None:
    """Restart equivalence: the record alone tells that the session was signed out."""
    kept = _signed_out().kept()["corp"]

    assert kept.signed_out
    assert kept == Memory.from_json(kept.to_json()).with_beside(kept.beside_to_json())


def test_until_the_keyring_is_looked_into_it_renews_nothing() -> None:
    """K6: the portal's word is none about refresh data, which went with the sign-out."""
    story = _signed_out()
    story.file(LEAN, 3 * MINUTE)
    story.answer(Failed("other", "state.json can't be read right now: Input/output error."))
    story.answer(PortalChecked("lean", "valid"))
    story.answer(Failed("other", "state.json can't be read right now: Input/output error."))

    row = story.row()

    assert ("signed-in", False) == (row.state, row.renews)
