"""What a person is told, once, and what is taken back (W1-W3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import get_args

import pytest

from tests.core.story import CORP, DAY, HOUR, LAB, MINUTE, OLD, T0, Story, only, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.effects import NoticeCategory
from tray.core.machine import step
from tray.core.model import Memory, Now, Preferences, SsoSession
from tray.core.outcomes import Failed, Outcome, Refused, RemovalJudged, Renewed
from tray.core.text import notice_text

ALL = (CORP, LAB, OLD)
USED = {one.key: Memory(used_at=T0) for one in ALL}
END = 2.2 * HOUR
"""When the session of `near_its_end` ends, seconds into the story."""


def kept(*sessions: SsoSession) -> Story:
    """Return a story of sessions in the keyring, all of them in use."""
    sessions = sessions or (CORP,)
    story = Story(*sessions, stores={one.key: "keyring" for one in sessions}, memories=dict(USED))
    for one in sessions:
        story.file(token(one.key), key=one.key)
    return story


def near_its_end(minutes: float) -> Story:
    """Return a story in which AWS's session ends in so many minutes."""
    story = kept()
    story.run_until(END - minutes * MINUTE, renewing(ends_at=END))
    return story


def shown(story: Story) -> list[fx.Notice]:
    """Return every notice told so far."""
    return [effect.notice for effect in story.all(fx.ShowNotice)]


def no_route(_start: fx.StartJob, _at: float) -> Outcome:
    """Be a world without a network."""
    return Failed("offline", "No route.")


@pytest.mark.parametrize(
    ("minutes", "told"), [(16, []), (14, ["normal"]), (6, ["normal"]), (4, ["normal", "urgent"])]
)
def test_warned_at_15_and_5_minutes(minutes: float, told: list[str]) -> None:
    """W1: twice before the end, the second time urgently, each in the place of the other."""
    notices = shown(near_its_end(minutes))

    assert told == [notice.severity for notice in notices]
    assert {T0 + END} >= {notice.at for notice in notices}
    assert {"session:corp"} >= {notice.slot for notice in notices}


@pytest.mark.parametrize(
    ("warn_before", "told"), [((), 0), ((600.0,), 1), ((1500.0, 900.0, 60.0), 3)]
)
def test_when_to_warn_is_settable(warn_before: tuple[float, ...], told: int) -> None:
    """W1: at the moments the user has set, or never."""
    story = kept()
    story.send(ev.PreferencesRead(Preferences(warn_before=warn_before)))

    story.run_until(END - 1, renewing(ends_at=END))

    assert told == story.notices().count("ending")


def test_an_end_learnt_late_is_told_at_once() -> None:
    """W1: with ten minutes left there is one warning now, not two."""
    story = kept()
    story.run_until(50 * MINUTE, no_route)

    story.send(ev.SystemEvent("network-up"))
    story.answer(Refused("valid"))
    story.run_until(54 * MINUTE)

    assert ["renewal-failing", "ending"] == story.notices()


def test_snooze() -> None:
    """W3: quiet until five minutes before the end, once; then there is no such button."""
    story = near_its_end(14)
    buttons = [[button.action for button in notice.buttons] for notice in shown(story)]

    effects = story.send(ev.SnoozeRequested("corp"))
    story.run_until(END - 6 * MINUTE)
    quiet = story.notices()
    story.run_until(END - 4 * MINUTE)

    assert [["sign-in-afresh", "snooze"]] == buttons
    assert (fx.WithdrawNotice("session:corp"),) == effects
    assert ["ending"] == quiet
    assert ["sign-in-afresh"] == [button.action for button in shown(story)[-1].buttons]


def test_a_renewal_keeps_the_snooze() -> None:
    """W3: what the person said of an end holds although the token changes meanwhile."""
    story = kept()
    story.send(ev.PreferencesRead(Preferences(warn_before=(1500.0, 900.0, 300.0))))
    story.run_until(END - 24 * MINUTE, renewing(ends_at=END))
    story.send(ev.SnoozeRequested("corp"))

    by_sdk = token("sdk", END - 24 * MINUTE, 24 * MINUTE)
    story.file(by_sdk)
    story.answer(Renewed(by_sdk, "keyring", by_us=False))
    story.run_until(END - 12 * MINUTE)
    story.run_until(END - 6 * MINUTE, renewing(ends_at=END))

    assert ["ending"] == story.notices()


def test_the_end_is_told_once_after_it() -> None:
    """W1: AWS's own word on it is one notice, with the plain sign-in."""
    story = near_its_end(1)
    story.run_until(3 * HOUR, renewing(ends_at=END))
    story.run_until(2 * DAY)

    assert ["ending", "ending", "expired"] == story.notices()
    assert ["sign-in"] == [button.action for button in shown(story)[-1].buttons]


def test_the_known_end_is_told_offline_too() -> None:
    """W1: an end AWS has shown is told although it cannot be asked at that moment."""
    story = near_its_end(1)
    story.run_until(3 * HOUR, no_route)

    assert ["ending", "ending", "expired"] == story.notices()


def test_what_renews_itself_is_not_told() -> None:
    """W3: a token that ran out without a network is renewed when there is one."""
    story = kept()
    story.run_until(8 * HOUR, no_route)

    assert ["renewal-failing"] == story.notices()
    assert ("expired", True) == (story.row().state, story.row().renews)


def test_failing_is_told_under_20_minutes() -> None:
    """W1: not at the first failure, but when it begins to matter; taken back when it works."""
    story = kept()
    story.run_until(39 * MINUTE, no_route)
    early = story.notices()
    story.run_until(42 * MINUTE, no_route)
    told = story.notices()

    story.run_until(50 * MINUTE, renewing())

    assert ([], ["renewal-failing"]) == (early, told)
    assert fx.WithdrawNotice("session:corp") in story.effects


def test_a_patient_wait_is_told_in_time() -> None:
    """W1: the notice comes when 20 minutes are left, also while the next try is far away."""
    story = kept()
    story.run_until(31 * MINUTE)
    patience = Failed("other", "AWS asks for patience.", answered=True, retry_after=HOUR)
    story.answer(patience)

    story.run_until(40 * MINUTE - 1)
    early = story.notices()
    story.run_until(40 * MINUTE)

    assert ([], ["renewal-failing"]) == (early, story.notices())
    assert shown(story)[0].text.startswith("AWS asks for patience. It works until ")


@pytest.mark.parametrize("failing_before", [False, True])
def test_a_network_gets_a_moment_after_waking(failing_before: bool) -> None:
    """Fault 31: the first failure after a sleep is no notice; half a minute of them is."""
    story = kept()
    story.run_until(30 * MINUTE if failing_before else 60, no_route)
    story.send(ev.SystemEvent("asleep"))
    story.send(ev.SystemEvent("woke"), 50 * MINUTE)
    story.run_until(50 * MINUTE + 25, no_route)
    early = story.notices()

    story.run_until(50 * MINUTE + 40, no_route)

    assert ([], ["renewal-failing"]) == (early, story.notices())


def test_nothing_is_told_while_a_try_is_under_way() -> None:
    """W3: on waking the renewal is tried first; its end decides whether to say anything."""
    story = kept()
    story.run_until(35 * MINUTE, no_route)
    story.send(ev.SystemEvent("asleep"))
    story.send(ev.SystemEvent("woke"), 55 * MINUTE)
    story.run_until(56 * MINUTE)

    story.answer(Renewed(token("b", 56 * MINUTE), "keyring"))

    assert [] == story.notices()


@pytest.mark.parametrize(("away", "back"), [("locked", "unlocked"), ("asleep", "woke")])
def test_held_while_away_and_told_once_afterwards(away: str, back: str) -> None:
    """W2: what still holds when the person is back is told then, and nothing else is."""
    story = near_its_end(16)
    story.send(ev.SystemEvent(away))  # type: ignore[arg-type] # a word of Mood
    story.run_until(END + HOUR, renewing(ends_at=END))
    held = story.notices()

    story.send(ev.SystemEvent(back))  # type: ignore[arg-type] # a word of Mood
    story.run_until(END + 2 * HOUR, renewing(ends_at=END))

    assert ([], ["expired"]) == (held, story.notices())


def test_taken_back_while_locked() -> None:
    """W2: a notice that no longer holds goes away although the screen is locked."""
    story = near_its_end(14)
    story.send(ev.SystemEvent("locked"))

    effects = story.file(token("cli", END), END)

    assert fx.WithdrawNotice("session:corp") in effects


def end(story: Story, *keys: str) -> None:
    """Let sessions end now by AWS's word."""
    for key in keys:
        story.send(ev.RenewRequested(key))
        story.answer(Refused("dead"), key=key)


def test_several_ends_within_a_minute_are_one_notice() -> None:
    """W2: "3 AWS sessions have expired: Sign in", and the single ones before it are swallowed."""
    story = kept(*ALL)

    end(story, *(one.key for one in ALL))
    last = shown(story)[-1]

    assert "3 AWS sessions have expired" == last.title
    assert [("sign-in", "Sign in", tuple(one.key for one in ALL))] == [
        (button.action, button.label, button.keys) for button in last.buttons
    ]
    assert ["group:expired"] == list(story.state.shown)


def test_ends_an_hour_apart_are_notices_of_their_own() -> None:
    """W2: what fires later than a minute after the last is told by itself."""
    story = kept(CORP, LAB)

    end(story, "corp")
    story.time += 61
    end(story, "lab")

    assert ["session:corp", "session:lab"] == [notice.slot for notice in shown(story)]


def test_several_at_one_moment_are_shown_once() -> None:
    """W2, fault 34: what fires in one moment makes one bubble, not a growing one."""
    story = kept(*ALL)
    story.send(ev.SystemEvent("locked"))
    end(story, *(one.key for one in ALL))

    effects = story.send(ev.SystemEvent("unlocked"))

    assert 3 == len(only(fx.ShowNotice, effects).notice.keys)


def test_endings_are_joined_with_their_times() -> None:
    """W2: several sessions that end soon are one warning that names each time."""
    story = kept(CORP, LAB)
    story.run_until(END - 16 * MINUTE, renewing(ends_at=END))
    story.run_until(END - 14 * MINUTE, renewing(ends_at=END))
    last = shown(story)[-1]

    assert "2 AWS sessions end soon" == last.title
    assert "corp at 10:12Z and lab at 10:12Z. Sign in to keep working." == (last.text)
    assert ["sign-in", "snooze"] == [button.action for button in last.buttons]
    assert "Sign out and sign in again" == last.buttons[0].label


def test_a_group_shrinks_to_nothing() -> None:
    """W2: the joined notice stays while one of its sessions needs it, and then goes."""
    story = kept(CORP, LAB)
    end(story, "corp", "lab")

    story.file(token("c2", 60), 60)
    one_left = dict(story.state.shown)
    story.file(token("l2", 60), 61, key="lab")

    assert ["group:expired"] == list(one_left)
    assert {} == dict(story.state.shown)


def test_an_idle_session_only_colours_its_row() -> None:
    """W2: not active, no credentials, no sign-in for 7 days: no notice, no icon, no badge."""
    memories = {"lab": Memory(used_at=T0 - 8 * DAY)}
    story = Story(CORP, LAB, stores={"corp": "keyring", "lab": "keyring"}, memories=memories)
    story.file(token("c"))
    story.file(token("l"), key="lab")

    end(story, "lab")
    view = story.view()

    assert [] == story.notices()
    assert "expired" == story.row("lab").state
    assert ("signed-in", 0) == (view.worst, view.attention)


@pytest.mark.parametrize("how", ["credentials", "active", "sign-in"])
def test_use_makes_a_session_matter(how: str) -> None:
    """W2: a session somebody uses is warned about."""
    memories = {"lab": Memory(used_at=T0 - 8 * DAY)}
    story = Story(LAB, active=None, stores={"lab": "keyring"}, memories=memories)
    story.file(token("l"), key="lab")

    if how == "credentials":
        story.send(ev.CredentialsGiven("lab"))
    elif how == "active":
        story.send(ev.UseRequested("lab"))
    else:
        story.sign_in(token("l2"), key="lab", afresh=True)
    end(story, "lab")

    assert ["expired"] == story.notices()


def test_use_is_remembered_without_writing_all_the_time() -> None:
    """A thousand credentials an hour make one write of ``state.json``."""
    story = kept()

    for second in range(1000):
        story.send(ev.CredentialsGiven("corp"), 2 * HOUR + second)

    assert 1 == len([one for one in story.all(fx.SaveMemory) if one.memory.used_at != T0])


@pytest.mark.parametrize("reason", ["keyring-locked", "keyring-denied", "keyring-absent"])
def test_keyring_trouble_is_one_notice(reason: str) -> None:
    """W1: one notice for all sessions, told once, taken back, and told anew for a new cause."""
    story = kept(CORP, LAB)
    failed = Failed(reason, "The keyring.")  # type: ignore[arg-type] # a word of Reason
    story.run_until(45 * MINUTE, lambda _s, _a: failed)
    first = shown(story)

    story.send(ev.SystemEvent("keyring-unlocked"))
    for key in ("corp", "lab"):
        story.answer(Renewed(token(f"{key}2", 45 * MINUTE), "keyring"), key=key)
    story.run_until(90 * MINUTE, lambda _s, _a: failed)

    assert {"keyring"} == {notice.category for notice in first}
    assert [fx.WithdrawNotice("keyring")] == story.all(fx.WithdrawNotice)
    assert ["keyring", "keyring"] == story.notices()
    assert (reason == "keyring-locked") == (
        ["unlock-keyring"] == [button.action for button in first[0].buttons]
    )


def test_the_keyring_of_an_idle_session_is_no_notice() -> None:
    """W2: what nobody has used for a week does not ask for its keyring."""
    memories = {"lab": Memory(used_at=T0 - 8 * DAY)}
    story = Story(LAB, active=None, stores={"lab": "keyring"}, memories=memories)
    story.file(token("l"), key="lab")

    story.run_until(HOUR, lambda _s, _a: Failed("keyring-locked", "It is locked."))

    assert [] == story.notices()


def test_a_sign_in_takes_its_notice_back() -> None:
    """W2: while somebody signs in and after it there is nothing left to say."""
    story = near_its_end(14)

    effects = story.send(ev.SignInRequested("corp"))
    story.send(ev.SignInCancelled("corp"))

    assert fx.WithdrawNotice("session:corp") in effects
    assert ["ending"] == story.notices()


def test_nothing_is_told_twice_over_a_restart() -> None:
    """W2: what was told is kept, and a daemon that starts anew knows it."""
    story = near_its_end(14)
    files = story.session().token
    assert files is not None

    again = Story(stores={"corp": "keyring"}, memories=story.kept(), start=END - 13 * MINUTE)
    again.file(files)
    again.run_until(END - 6 * MINUTE, renewing(ends_at=END))
    before_five = again.notices()
    again.run_until(END + MINUTE, renewing(ends_at=END))

    assert ([], ["ending", "expired"]) == (before_five, again.notices())


def test_a_new_session_may_be_told_anew() -> None:
    """W2: each cause once; the next session's end is another cause."""
    story = near_its_end(1)
    story.run_until(3 * HOUR, renewing(ends_at=END))
    story.sign_in(token("next", 3 * HOUR))

    story.run_until(6 * HOUR, renewing(ends_at=5 * HOUR))

    assert ["ending", "ending", "expired"] * 2 == story.notices()


def test_what_was_told_is_not_remembered_for_ever() -> None:
    """``state.json`` does not grow with the days, whoever signs in."""
    story = kept()
    for day in range(1, 30):
        story.run_until(day * DAY, renewing(ends_at=(day - 1) * DAY + 8 * HOUR))
        new = token(f"day{day}", day * DAY)
        story.file(new)
        story.answer(Renewed(new, "keyring", by_us=False))

    assert len(story.session().memory.notified) <= 3
    assert 5 == len(story.session().memory.lengths)


def test_times_are_the_persons_own() -> None:
    """A notice says the time in the zone of who reads it."""
    story = near_its_end(15.5)
    zone = timezone(timedelta(hours=2))

    _, effects = step(story.state, ev.Tick(), Now(T0 + END - 14 * MINUTE, 0, zone))

    assert 'Your AWS session "corp" ends at 12:12' == only(fx.ShowNotice, effects).notice.title


def test_a_sign_out_elsewhere_is_told() -> None:
    """K5: another program's sign-out is said once, in words of its own."""
    story = kept()
    story.file(ev.FileAbsent(), 60)
    story.run_until(64)
    story.answer(RemovalJudged("signed-out"))
    story.run_until(HOUR)

    assert ["Signed out of corp"] == [notice.title for notice in shown(story)]


def test_a_session_the_config_drops_takes_its_notice_along() -> None:
    """W2: a notice about a session that is gone is taken back."""
    story = near_its_end(14)

    effects = story.send(ev.ConfigRead(replace(story.state.catalog, sessions=(LAB,))))

    assert fx.WithdrawNotice("session:corp") in effects


@pytest.mark.parametrize("minutes", [14, -1])
def test_without_names_a_warning_says_when_and_not_what(minutes: float) -> None:
    """W2: where others see the screen only the time and what to do are told."""
    story = kept()
    story.send(ev.PreferencesRead(Preferences(names_in_notices=False)))
    story.run_until(END - minutes * MINUTE, renewing(ends_at=END))

    told = [f"{notice.title} {notice.text}" for notice in shown(story)]

    assert told
    assert not [text for text in told if "corp" in text]
    assert any("An AWS session ends at" in text for text in told)


@pytest.mark.parametrize("category", get_args(NoticeCategory))
def test_every_kind_of_notice_can_be_told_without_names(category: NoticeCategory) -> None:
    """No kind is left out, and each says something."""
    title, text = notice_text.nameless(category, T0, Story().now)

    assert title
    assert text
