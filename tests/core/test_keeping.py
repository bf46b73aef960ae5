"""Who keeps the refresh data, and what files of other programs mean (K1, K4-K7)."""

from __future__ import annotations

import pytest

from tests.core.story import HOUR, MINUTE, T0, Story, only, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory, Preferences, TokenStore
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

FULL = token("a", refreshable=True)
LEAN = token("a")


def adopted() -> Story:
    """Return a story in which another program's sign-in was just taken into the keyring."""
    story = Story()
    story.file(FULL)
    story.answer(Adopted(LEAN, "keyring"))
    story.file(LEAN)
    return story


@pytest.mark.parametrize("store", [None, "keyring", "file"])
def test_a_full_file_is_adopted(store: TokenStore | None) -> None:
    """K4: a file with a refresh token is newer truth, whoever was token store."""
    story = Story(stores={"corp": store})

    effects = story.file(FULL)

    assert ("adopt", True) == (
        only(fx.StartJob, effects).kind,
        only(fx.StartJob, effects).adopt,
    )


def test_a_file_without_refresh_data_is_used_as_it_is() -> None:
    """K4: an older CLI's legacy login has nothing to adopt; the keyring is looked into once."""
    story = Story()

    story.file(token(life=8 * HOUR))
    story.answer(Adopted(token(life=8 * HOUR), "file"))
    story.run_until(6 * HOUR)

    assert ["adopt"] == story.jobs()
    assert ("signed-in", False) == (story.row().state, story.row().renews)
    assert [] == story.notices()


@pytest.mark.parametrize(
    ("newest", "looks"), [({}, []), ({"corp": "a"}, []), ({"corp": "b"}, ["adopt"])]
)
def test_a_lean_file_that_is_not_the_newest_on_record_is_looked_into(
    newest: dict[str, str], looks: list[str]
) -> None:
    """K4: at a start; what an earlier version recorded names no newest token."""
    story = Story(stores={"corp": "keyring"})
    story.send(ev.RecordsRead({"corp": "keyring"}, {}, newest=newest))

    story.file(LEAN)

    assert looks == story.jobs()


def test_a_lean_file_that_another_program_wrote_is_looked_into() -> None:
    """K4: a login that cannot renew itself is said to, and an older file is written over."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)

    story.file(token("b", 60), 60)
    story.answer(Unrenewable())

    assert (["adopt"], False) == (story.jobs(), story.row().renews)


def test_no_file_is_looked_into_while_the_machine_falls_asleep() -> None:
    """Fault 31: a look that nobody waits for may write and ask AWS: it begins after the sleep."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.send(ev.SystemEvent("asleep"), 60)
    story.file(token("b", 60), 61)
    asleep = story.jobs()

    story.send(ev.SystemEvent("woke"), HOUR)

    assert ([], ["adopt"]) == (asleep, story.jobs())


@pytest.mark.parametrize("kept", [True, False])
def test_at_the_end_of_such_a_login_the_kept_token_is_tried_once(*, kept: bool) -> None:
    """K4: what the keyring keeps renews again; where it keeps nothing that is asked once."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    login = token("b", 60, HOUR)
    story.file(login, 60)
    story.answer(Unrenewable())

    story.run_until(2 * HOUR)
    story.answer(Renewed(token("c", 2 * HOUR), "keyring", of="a") if kept else Unrenewable())
    story.run_until(2 * HOUR + MINUTE)

    assert ["adopt", "renew"] == story.jobs()
    assert ("signed-in" if kept else "expired") == story.row().state


def test_an_expired_login_that_was_renewed_at_once_is_told_as_adopted() -> None:
    """K4, W1: adoption is told once, with its Undo."""
    story = Story()
    story.file(token(life=HOUR, refreshable=True), 2 * HOUR)

    story.answer(Renewed(token("b", 2 * HOUR), "keyring", of="a"))

    assert (["adopt"], ["adopted"]) == (story.jobs(), story.notices())


@pytest.mark.parametrize("store", ["released", "file"])
def test_what_stays_in_the_file(store: TokenStore) -> None:
    """K4, K7: with the setting off a file is left alone, and a released one always is."""
    story = Story(stores={"corp": store})
    story.send(ev.PreferencesRead(Preferences(adopt=store == "released")))

    story.file(FULL)

    assert [] == story.jobs()


def test_with_the_setting_off_the_file_is_recorded_as_keeper() -> None:
    """K4: the first look at a full file with the setting off makes the token store ``file``."""
    story = Story()
    story.send(ev.PreferencesRead(Preferences(adopt=False)))

    effects = story.file(FULL)
    story.answer(Adopted(FULL, "file"))
    story.file(FULL)

    assert not only(fx.StartJob, effects).adopt
    assert ("file", ["adopt"]) == (story.row().store, story.jobs())


def test_without_a_keyring_adoption_is_not_tried_in_a_loop() -> None:
    """K1: what a keyring cannot take now is renewed in the file, and tried again after that."""
    story = Story()
    story.file(FULL)
    story.answer(Adopted(FULL, "file", "keyring-absent"))
    for _ in range(20):
        story.file(FULL)
        story.send(ev.Tick(), story.time + 60)
    tries = story.jobs()

    story.run_until(31 * MINUTE)
    story.answer(Renewed(token("b", 31 * MINUTE, refreshable=True), "file"))

    assert ["adopt"] == tries
    assert ["adopt", "renew", "adopt"] == story.jobs()
    assert "signed-in" == story.row().state


def test_an_unlocked_keyring_adopts_what_had_to_wait() -> None:
    """L12: adoption moves a sign-in to the keyring as soon as there is one."""
    story = Story()
    story.sign_in(FULL, store="file")
    story.file(FULL)
    before = story.jobs()

    story.send(ev.SystemEvent("keyring-unlocked"))

    assert ([], ["adopt"]) == (before, story.jobs())


def test_a_contested_session_stays_in_the_file() -> None:
    """K1: a session another program keeps taking back is left to the file, over restarts too."""
    story = adopted()

    story.file(FULL)
    story.answer(Adopted(FULL, "file", contested=True))
    story.file(token("b", refreshable=True))
    again = Story()
    again.send(ev.RecordsRead({"corp": "file"}, {}, frozenset({"corp"})))
    again.file(token("c", refreshable=True))

    assert ["adopt", "adopt"] == story.jobs()
    assert [] == again.jobs()


def test_a_sign_in_of_ours_ends_the_contest() -> None:
    """K1: the token store changes by a sign-in whose keyring write was read back."""
    story = adopted()
    story.file(FULL)
    story.answer(Adopted(FULL, "file", contested=True))

    story.run_until(2 * HOUR)
    story.sign_in(token("b", 2 * HOUR))

    assert ("keyring", False) == (story.row().store, story.session().contested)


def test_the_same_token_handed_back_is_adopted_again() -> None:
    """K4: refresh data that came back into the file is newer truth, whatever the access token."""
    story = adopted()

    effects = story.file(FULL)

    assert "adopt" == only(fx.StartJob, effects).kind


def test_adoption_is_told_once() -> None:
    """K4: with Undo, and never again for this session."""
    story = adopted()
    notice = only(fx.ShowNotice, tuple(story.all(fx.ShowNotice))).notice
    story.run_until(11 * MINUTE)

    again = Story(memories=story.kept(), start=0.3 * HOUR)
    again.file(token("b", 0.3 * HOUR, refreshable=True))
    again.answer(Adopted(token("b", 0.3 * HOUR), "keyring"))

    assert "undo-adoption" == notice.buttons[0].action
    assert [fx.WithdrawNotice("adopted:corp")] == story.all(fx.WithdrawNotice)
    assert [] == again.notices()


def test_an_adoption_while_away_is_told_afterwards() -> None:
    """W2, K4: an adoption behind a locked screen is told, and can be undone, after it."""
    story = Story()
    story.send(ev.SystemEvent("locked"))
    story.file(FULL)
    story.answer(Adopted(LEAN, "keyring"))

    story.send(ev.SystemEvent("unlocked"), 25 * MINUTE)
    story.run_until(34 * MINUTE)
    still = dict(story.state.shown)

    assert ["adopted"] == story.notices()
    assert ["adopted:corp"] == list(still)


@pytest.mark.parametrize("known", [True, False])
def test_a_removed_file_is_judged_after_a_moment(known: bool) -> None:
    """K5: only a file that stays away is asked about; one that moved within itself is back."""
    story = Story(stores={"corp": "keyring"})
    if known:
        story.file(LEAN)

    story.file(ev.FileAbsent(), 60)
    at_once = story.jobs()
    story.run_until(64)

    assert ([] if known else ["judge-removed"]) == at_once
    assert ["judge-removed"] == story.jobs()


def test_a_file_that_comes_back_in_time_is_not_asked_about() -> None:
    """K5: delete and create, as some programs write, is one write."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)

    story.file(ev.FileAbsent(), 60)
    story.file(token("b", 60), 62.5)
    story.run_until(70)

    assert ["adopt"] == story.jobs()  # one look: whose token is it?


REMOVED: list[tuple[str, Outcome, str, str | None, bool]] = [
    ("401", RemovalJudged("signed-out"), "signed-out", "removed", True),
    ("only deleted", RemovalJudged("published", LEAN), "signed-in", None, False),
    ("back by itself", RemovalJudged("back", LEAN), "signed-in", None, False),
    ("renewed", Renewed(token("b", 60), "keyring", of="a"), "signed-in", None, False),
    ("nothing kept", RemovalJudged("nothing"), "signed-out", "removed", True),
    ("unreachable", Failed("offline", "No route."), "renewal-failing", "offline", False),
]


@pytest.mark.parametrize(
    ("outcome", "state", "reason", "told"),
    [row[1:] for row in REMOVED],
    ids=[row[0] for row in REMOVED],
)
def test_what_a_removed_file_meant(
    outcome: Outcome, state: str, reason: str | None, told: bool
) -> None:
    """K5: AWS decides; unreachable changes nothing."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.file(ev.FileAbsent(), 60)
    story.run_until(64)

    effects = story.answer(outcome)

    assert (state, reason) == (story.row().state, story.row().reason)
    assert told == (fx.ForgetCredentials("corp") in effects or "expired" in story.notices())


@pytest.mark.parametrize("verdict", ["signed-out", "nothing"])
def test_a_judged_removal_is_not_judged_again(verdict: str) -> None:
    """K5: an answer ends the question, however often the missing file is looked at."""
    story = Story(stores={"corp": "keyring"})
    story.file(ev.FileAbsent())
    story.answer(RemovalJudged(verdict))  # type: ignore[arg-type] # a word of RemovalJudged

    for minute in range(60):
        story.file(ev.FileAbsent(), minute * MINUTE)

    assert ["judge-removed"] == story.jobs()


def test_an_unjudged_removal_is_asked_about_with_patience() -> None:
    """K5: offline, nothing changes and the question is repeated more and more rarely."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.file(ev.FileAbsent(), 60)

    story.run_until(HOUR, lambda _s, _a: Failed("offline", "No route."))

    assert 8 < len(story.jobs()) < 60
    assert {"judge-removed"} == set(story.jobs())


def test_judging_backs_off_as_renewing_does() -> None:
    """R5: a portal that answers with errors is asked ever more rarely, whatever for."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.file(ev.FileAbsent(), 60)

    story.run_until(HOUR, lambda _s, _a: Failed("other", "500", answered=True))

    assert 10 < len(story.jobs()) < 35


@pytest.mark.parametrize("store", [None, "file", "released"])
def test_without_a_kept_token_a_removed_file_is_a_sign_out(store: TokenStore | None) -> None:
    """K5: there is nothing to ask AWS with, so it is said at once, and once."""
    story = Story(stores={"corp": store})
    story.send(ev.PreferencesRead(Preferences(adopt=False)))
    story.file(token(life=8 * HOUR))
    if store is None:
        story.answer(Adopted(token(life=8 * HOUR), "file"))

    story.file(ev.FileAbsent(), 60)
    story.run_until(2 * MINUTE)

    assert ("signed-out", "removed") == (story.row().state, story.row().reason)
    assert ["expired"] == story.notices()


def test_renewing_a_removed_session_asks_first() -> None:
    """K5: a removed file is never answered with a refresh while its token's end is ahead."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.file(ev.FileAbsent())

    story.send(ev.RenewRequested("corp", "r"))
    at_once = story.jobs()
    story.run_until(3)

    assert ([], ["judge-removed"]) == (at_once, story.jobs())


def test_a_sign_out() -> None:
    """K6: what remains is told, credentials are forgotten, and the next start is a true one."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.send(ev.SignOutRequested("corp", "r"))

    effects = story.answer(SignedOut("The portal could not be reached."))
    story.file(ev.FileAbsent())
    story.run_until(5 * MINUTE)
    story.sign_in(token("b", 5 * MINUTE))

    assert fx.ForgetCredentials("corp") in effects
    assert (
        'Signed out of "corp". The portal could not be reached.'
        == only(fx.Reply, effects).sentence
    )
    assert [] == story.notices()
    assert ["sign-out"] == story.jobs()
    assert T0 + 5 * MINUTE == story.session().memory.started_at


def test_signing_out_ends_a_sign_in_under_way() -> None:
    """K6: whoever signs out does not want to be signed in a minute later."""
    story = Story(stores={"corp": "keyring"})
    story.send(ev.SignInRequested("corp", "in"))

    effects = story.send(ev.SignOutRequested("corp", "out"))

    assert fx.CancelSignIn("corp", 1) in effects
    assert ("in", 1) == (only(fx.Reply, effects).request, only(fx.Reply, effects).exit)


def test_a_sign_out_that_failed_is_not_repeated_by_itself() -> None:
    """K6: it is told to who asked; only a person asks again."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.send(ev.SignOutRequested("corp", "r"))

    effects = story.answer(Failed("keyring-locked", "The keyring is locked."))
    story.run_until(20 * MINUTE)

    assert (1, "The keyring is locked.") == (
        only(fx.Reply, effects).exit,
        only(fx.Reply, effects).sentence,
    )
    assert ["sign-out"] == story.jobs()


def test_release_hands_back_for_good() -> None:
    """K7: a released session is watched, and nothing of it is written by us."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.send(ev.ReleaseRequested("corp", "r"))
    story.answer(Released("Handed back."))
    story.file(FULL)

    effects = story.send(ev.RenewRequested("corp", "again"))
    story.run_until(3 * HOUR)

    assert ["release"] == story.jobs()
    assert 1 == only(fx.Reply, effects).exit
    assert "released" == story.row().store


def test_a_doubt_about_a_released_token_is_put_to_the_portal() -> None:
    """K7: nothing of it is renewed by us, but the portal may be asked whether it still works."""
    story = Story(stores={"corp": "released"})
    story.file(token(refreshable=True))
    story.send(ev.TokenRejected("corp", "a"), MINUTE)
    asked = story.jobs()
    story.answer(PortalChecked("a", "dead"))

    assert ["check"] == asked == story.jobs()
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_a_released_session_at_rest_is_no_notice() -> None:
    """W3: an hour after its last use the AWS CLI renews it at the next; nobody has to act."""
    story = Story(stores={"corp": "released"})
    story.file(FULL)

    story.run_until(3 * HOUR)

    assert ("expired", True, []) == (story.row().state, story.row().renews, story.notices())


def test_a_released_session_is_warned_about() -> None:
    """K7: an end that is known is told for released sessions too."""
    memory = Memory(started_at=T0)
    story = Story(stores={"corp": "released"}, memories={"corp": memory})
    story.send(ev.PreferencesRead(Preferences(session_lengths=(("corp", 8 * HOUR),))))
    for hour in range(9):
        story.file(token(f"cli{hour}", hour * HOUR, refreshable=True), hour * HOUR)
        story.run_until((hour + 1) * HOUR - 1)
        if hour == 7:
            break

    assert ["ending", "ending"] == story.notices()


def test_a_keeper_another_process_recorded_counts_at_once() -> None:
    """K1: ``release`` typed without the daemon stops its renewals."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("offline", "No route."))
    before = len(story.jobs())

    story.send(ev.RecordsRead({"corp": "released"}, {}))
    story.run_until(3 * HOUR, renewing())

    assert before == len(story.jobs())
    assert ("released", None) == (story.row().store, story.row().next_attempt_at)


def test_the_token_written_last_wins() -> None:
    """K4: never the one with the later ``expiresAt``."""
    story = Story(stores={"corp": "file"})
    story.file(token("a", life=8 * HOUR, refreshable=True))
    story.answer(Adopted(token("a", life=8 * HOUR), "keyring"))

    story.file(token("b", 60), 60)

    assert T0 + 60 + HOUR == story.row().token_expires_at


def test_a_sign_in_elsewhere_is_seen() -> None:
    """A new token of another program ends every trouble of the old one."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.run_until(2 * HOUR, lambda _s, _a: Failed("tls", "Not trusted."))

    story.file(token("cli", 2 * HOUR))

    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_a_lost_refresh_token_is_warned_about() -> None:
    """K1: where neither file nor keyring has refresh data, the token's own end is the end."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.run_until(2 * HOUR, lambda _s, _a: Unrenewable())

    assert ["renew", "renew"] == story.jobs()  # asked once more at its end
    assert ["ending", "ending", "expired"] == story.notices()
    assert not story.row().renews


def test_a_login_whose_portal_cannot_be_asked_is_said_to_renew_nothing() -> None:
    """K4: that AWS was to be asked tells of an unknown login without refresh data."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)

    story.file(token("b", 60), 60)
    story.answer(Failed("offline", "No route."))

    assert ("signed-in", False) == (story.row().state, story.row().renews)


def test_an_end_written_into_a_full_file_counts_where_nothing_renews_it() -> None:
    """K4: SDKs believe it; only of a token that the keyring holds the keyring's end counts."""
    story = Story(stores={"corp": "keyring"}, memories={"corp": Memory(given=FULL, refused="a")})
    story.file(FULL)
    story.answer(Adopted(FULL, "keyring", "keyring-absent"))

    story.file(token("a", refreshable=True, life=MINUTE), 2 * MINUTE)

    assert "expired" == story.row().state


def test_a_full_file_that_becomes_lean_waits_for_no_keyring() -> None:
    """S6: an SDK has written it without its refresh data: there is nothing left to keep."""
    story = Story()
    story.file(FULL)
    story.answer(Adopted(FULL, "file", "keyring-absent"))
    before = story.row().reason

    story.file(LEAN, MINUTE)

    assert ("keyring-absent", None, False) == (before, story.row().reason, story.row().renews)


def test_a_later_end_written_over_one_that_had_passed_is_asked_about() -> None:
    """R4: only the portal can tell whether that token works, whoever renews it."""
    story = Story(stores={"corp": "released"})
    story.file(token(life=MINUTE))

    story.file(token(life=8 * HOUR), HOUR)
    asked = story.jobs()
    story.answer(PortalChecked("a", "dead"))
    story.file(token(life=8 * HOUR), 2 * HOUR)

    assert (["check"], "expired") == (asked, story.row().state)
    assert asked == story.jobs()


def test_a_refused_file_is_taken_in_once_the_keyring_can_be_asked() -> None:
    """K4: it may have kept another token, which is tried then; AWS is not asked meanwhile."""
    story = Story(stores={"corp": "keyring"})
    story.file(FULL)
    story.answer(Adopted(FULL, "keyring", "keyring-absent"))
    story.send(ev.RenewRequested("corp", "r1"), MINUTE)
    story.answer(Refused("valid"))

    story.run_until(20 * MINUTE, lambda _start, _at: Adopted(FULL, "keyring", "keyring-absent"))
    waiting = set(story.jobs()[2:])
    story.run_until(30 * MINUTE, lambda start, at: (
        Adopted(LEAN, "keyring") if start.kind == "adopt" else Renewed(token("b", at), "keyring")
    ))  # fmt: skip

    assert {"adopt"} == waiting
    assert "renew" == story.jobs()[-1]
    assert ("signed-in", True) == (story.row().state, story.row().renews)


def test_an_adopted_token_that_a_sign_in_afresh_has_ended_is_tried_at_once() -> None:
    """K4: the keyring may keep another token beside it, which AWS takes."""
    story = Story(stores={"corp": "keyring"}, memories={"corp": Memory(given=LEAN, dead="a")})
    story.file(FULL)

    story.answer(Adopted(LEAN, "keyring"))
    story.file(LEAN)
    story.answer(Renewed(token("b"), "keyring"))

    assert ["adopt", "renew"] == story.jobs()
    assert "signed-in" == story.row().state
