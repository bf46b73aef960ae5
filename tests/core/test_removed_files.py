"""A removed token file: a sign-out on this machine, until Undo or a sign-in (K5)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.core.story import CORP, DAY, HOUR, LAB, MINUTE, T0, Story, only, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory, Preferences, Removal
from tray.core.outcomes import Adopted, Failed, RemovalJudged, Renewed, SignedOut
from tray.core.text import sentences

USED = {key: Memory(used_at=T0) for key in ("corp", "lab")}


def removed(*keys: str, story: Story | None = None, at: float = 60.0) -> Story:
    """Return a story in which these sessions' files were removed from a living folder."""
    if story is None:
        stores = {one.key: "keyring" for one in (CORP, LAB)}
        story = Story(CORP, LAB, stores=dict(stores), memories=USED)  # type: ignore[arg-type]
        for key in ("corp", "lab"):
            story.file(token(key), key=key)
    keys = keys or ("corp",)
    for key in keys:
        story.file(ev.FileAbsent(), at, key=key)
    story.run_until(at + 4)
    for key in keys:
        known = story.session(key).token
        assert known is not None
        story.answer(RemovalJudged("removed", known), key=key)
    return story


def notices(story: Story) -> list[fx.Notice]:
    """Return all notices shown so far."""
    return [effect.notice for effect in story.all(fx.ShowNotice)]


def actions(notice: fx.Notice) -> list[str]:
    """Return what its buttons do."""
    return [button.action for button in notice.buttons]


def test_it_is_signed_out_on_this_machine() -> None:
    """K5, S6: reason ``removed``, and it says that it can be undone."""
    row = removed().row()

    assert ("signed-out", "removed", True, False, None) == (
        row.state,
        row.reason,
        row.can_undo,
        row.renews,
        row.next_attempt_at,
    )
    assert "corp: signed out on this machine" == sentences.row(row, T0)


def test_cached_credentials_are_forgotten() -> None:
    """K5: nothing is given out any more."""
    assert fx.ForgetCredentials("corp") in removed().effects


def test_nothing_is_done_until_an_undo_or_a_sign_in() -> None:
    """K5: no job for a day, whatever the machine does."""
    story = removed()
    before = [start for start in story.all(fx.StartJob) if start.session.key == "corp"]

    story.send(ev.SystemEvent("woke"))
    story.send(ev.SystemEvent("network-up"))
    story.send(ev.SystemEvent("keyring-unlocked"))
    story.file(ev.FileAbsent(), HOUR)

    assert before == [start for start in story.all(fx.StartJob) if start.session.key == "corp"]


@pytest.mark.parametrize("when", [61.0, 65.0])
def test_who_asks_for_a_renewal_is_told_to_sign_in(when: float) -> None:
    """K5, C1: exit 3, also for who asked while it was being judged."""
    story = removed() if when > 64 else Story(stores={"corp": "keyring"})
    if when < 64:
        story.file(token("corp"))
        story.file(ev.FileAbsent(), 60)
    story.send(ev.RenewRequested("corp", "r", "program"), when)
    if when < 64:
        story.run_until(64)
        story.answer(RemovalJudged("removed", token("corp")))

    (told,) = story.all(fx.Reply)
    assert (3, sentences.removed("corp")) == (told.exit, told.sentence)


def test_who_waits_for_a_file_that_went_just_now_goes_on_waiting() -> None:
    """K5: a renewal that came upon the removal is answered by what that turns out to mean."""
    story = Story(stores={"corp": "keyring"})
    story.file(token("corp"))
    story.send(ev.RenewRequested("corp", "r"), 60)
    story.answer(RemovalJudged("away"))
    unanswered = story.all(fx.Reply)
    story.file(ev.FileAbsent())
    story.run_until(64)

    story.answer(RemovalJudged("removed", token("corp")))

    assert ([], ["renew", "judge-removed"]) == (unanswered, story.jobs())
    assert [("r", 3)] == [(told.request, told.exit) for told in story.all(fx.Reply)]


def test_one_notice_with_undo() -> None:
    """W1: what happened, what goes on, and both ways from there."""
    (notice,) = notices(removed())

    assert ("Signed out of corp on this machine", "AWS's session goes on.") == (
        notice.title,
        notice.text,
    )
    assert ["Undo", "Sign out at AWS"] == [button.label for button in notice.buttons]
    assert ["undo-removal", "sign-out"] == actions(notice)


def test_several_that_go_together_are_one_notice() -> None:
    """W2: an IDE's sign-out that takes all files."""
    story = removed("corp", "lab")

    last = notices(story)[-1]

    assert ("Signed out of corp and lab on this machine", ("corp", "lab")) == (
        last.title,
        last.keys,
    )
    assert [("corp", "lab")] * 2 == [button.keys for button in last.buttons]
    assert 1 == len(story.state.shown)


def test_it_is_told_once() -> None:
    """W2: not again after a restart."""
    story = removed()
    later = Story(stores={"corp": "keyring"}, memories=story.kept(), start=90)

    later.file(ev.FileAbsent())

    assert ("signed-out", "removed", True) == (
        later.row().state,
        later.row().reason,
        later.row().can_undo,
    )
    assert ([], []) == (notices(later), later.jobs())


def test_undo() -> None:
    """K5: it is as before, and the notice goes."""
    story = removed()
    effects = story.send(ev.UndoRequested("corp", "r"), 120)
    kind = only(fx.StartJob, effects).kind

    effects = story.answer(RemovalJudged("published", token("corp")))

    assert ("undo-removal", "signed-in", None, False) == (
        kind,
        story.row().state,
        story.row().reason,
        story.row().can_undo,
    )
    assert fx.Reply("r", "done", 0, sentences.undone("corp")) in effects
    assert {} == story.state.shown


def test_undo_by_a_refresh() -> None:
    """K5: past the token's end one refresh decides."""
    story = removed()
    story.send(ev.UndoRequested("corp"), 2 * HOUR)

    story.answer(Renewed(token("b", 2 * HOUR), "keyring", of="corp"))

    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_undo_of_a_session_that_is_over() -> None:
    """K5: AWS does not take it any more: signed out, and a click is told so."""
    story = removed()
    story.send(ev.UndoRequested("corp"), 120)

    effects = story.answer(RemovalJudged("signed-out"))

    assert ("signed-out", False) == (story.row().state, story.row().can_undo)
    assert not only(fx.Report, effects).good


def test_an_undo_that_finds_no_answer_can_be_repeated() -> None:
    """K5: it stays as it is, no timer repeats what a person asked for."""
    story = removed()
    story.send(ev.UndoRequested("corp", "r"), 120)

    effects = story.answer(Failed("offline", "No route."))
    story.run_until(HOUR)

    assert fx.Reply("r", "done", 1, "No route.") in effects
    assert (True, ["judge-removed", "undo-removal"]) == (
        story.row().can_undo,
        [start.kind for start in story.all(fx.StartJob) if start.session.key == "corp"],
    )


@pytest.mark.parametrize(("key", "code"), [("lab", 1), ("none", 2)])
def test_where_there_is_nothing_to_undo(key: str, code: int) -> None:
    """C1: a session that is signed in, and one that does not exist."""
    effects = removed().send(ev.UndoRequested(key, "r"))

    assert code == only(fx.Reply, effects).exit


def test_signing_out_at_aws() -> None:
    """K6: then there is nothing to undo and nothing to explain."""
    story = removed()
    story.send(ev.SignOutRequested("corp"))

    story.answer(SignedOut())

    assert ("signed-out", None, False) == (
        story.row().state,
        story.row().reason,
        story.row().can_undo,
    )
    assert {} == story.state.shown


def test_a_sign_in_starts_anew() -> None:
    """L7: nothing of the removed session is left, but what is known of AWS's."""
    story = removed()

    story.sign_in(token("b", 70))

    assert ("signed-in", False, None) == (
        story.row().state,
        story.row().can_undo,
        story.session().memory.removal,
    )


def test_a_file_that_appears_is_looked_at() -> None:
    """K5: only the keyring can tell whether it is the current token, an older one or another's."""
    story = removed()

    story.file(token("corp"), 120)

    assert "adopt" == story.jobs()[-1]


def test_an_older_file_that_was_taken_away_leaves_it_removed() -> None:
    """K5: and is no new removal."""
    story = removed()
    story.file(token("older"), 120)

    story.answer(RemovalJudged("removed", token("corp")))
    story.file(ev.FileAbsent())

    assert ("signed-out", "removed", 1) == (
        story.row().state,
        story.row().reason,
        len(notices(story)),
    )


def test_another_sign_in_ends_it() -> None:
    """K4: by the AWS CLI, say."""
    story = removed()
    story.file(token("b", 120, refreshable=True), 120)

    story.answer(Adopted(token("b", 120), "keyring"))

    assert ("signed-in", False) == (story.row().state, story.row().can_undo)


def test_after_a_day_of_running_it_is_dropped_and_told() -> None:
    """K5: a day in which SSO Tray ran; the machine's sleep and the time off do not count."""
    story = removed()
    story.send(ev.SystemEvent("asleep"), HOUR)
    start = story.time
    story.run_until(start + 23 * HOUR, lambda _start, _at: None)
    early = story.jobs().count("drop-removed")
    story.send(ev.SystemEvent("woke"))
    story.run_until(start + 26 * HOUR, lambda _start, _at: None)

    effects = story.answer(RemovalJudged("dropped"))

    assert (0, 1) == (early, story.jobs().count("drop-removed"))
    assert "corp stays signed out" == only(fx.ShowNotice, effects).notice.title
    assert ("signed-out", "removed", False) == (
        story.row().state,
        story.row().reason,
        story.row().can_undo,
    )


def test_the_running_time_is_counted_over_restarts() -> None:
    """K5: by the hour."""
    story = removed()
    story.run_until(20 * HOUR, lambda _start, _at: None)
    later = Story(stores={"corp": "keyring"}, memories=story.kept(), start=30 * DAY)
    later.file(ev.FileAbsent())
    at_once = later.jobs()

    later.run_until(30 * DAY + 6 * HOUR, lambda _start, _at: None)

    assert ([], ["drop-removed"]) == (at_once, later.jobs())


def test_what_could_not_be_dropped_is_dropped_later() -> None:
    """K8: the keyring was locked, say."""
    story = removed()
    story.run_until(DAY + 2 * HOUR, lambda _start, _at: None)
    story.answer(Failed("keyring-locked", "The keyring is locked."))
    story.run_until(DAY + 4 * HOUR, lambda _start, _at: None)

    assert (2, True) == (story.jobs().count("drop-removed"), story.row().can_undo)


@pytest.mark.parametrize(("after", "offered"), [(HOUR, True), (2 * DAY, False)])
def test_the_second_removal_after_an_undo_offers_to_put_it_back(
    after: float, offered: bool
) -> None:
    """K5: for those plagued by a tool that deletes the file."""
    story = removed()
    story.send(ev.UndoRequested("corp"), 120)
    again = replace(token("corp", life=12 * HOUR), expires_at=T0 + 3 * DAY)
    story.answer(RemovalJudged("published", again))
    story.file(again)

    removed(story=story, at=120 + after)

    assert offered == ("restore-removed" in actions(notices(story)[-1]))


def test_settings_do_not_matter_to_the_rules() -> None:
    """K5: with adoption off it is the same."""
    story = Story(stores={"corp": "keyring"})
    story.send(ev.PreferencesRead(Preferences(adopt=False)))
    story.file(token("corp"))

    assert removed(story=story, at=MINUTE).row().can_undo


def test_it_is_remembered_in_the_records() -> None:
    """F1: ``state.json`` holds the removal, how long we ran since, and the last Undo."""
    removal = Removal("a", T0, 7200.0, again=True, dropped=True)
    memory = Memory(removal=removal, undone_at=T0)

    assert memory == Memory().with_beside(json.loads(json.dumps(memory.beside_to_json())))
