"""What the config means to the rules: sessions, the active profile, rows (S4, A7, M3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, HOUR, LAB, Story, catalog, only, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Catalog, Preferences, Profile, SsoSession
from tray.core.outcomes import Refused, Unrenewable

LEAN = token("a")

MOVED = replace(CORP, start_url="https://moved.awsapps.com/start")


def config(story: Story, *sessions: SsoSession) -> tuple[fx.Effect, ...]:
    """Let the config be read again."""
    return story.send(ev.ConfigRead(catalog(*sessions)))


def test_another_place_is_another_session() -> None:
    """Fault 25: the token of the old place is never taken for one of the new."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)

    effects = config(story, MOVED)
    story.file(LEAN)
    story.run_until(3 * HOUR)

    assert fx.InspectTokenFile("corp") in effects
    assert ("signed-out", None) == (story.row().state, story.row().store)
    assert [] == story.jobs()


def test_another_place_is_another_session_after_a_restart() -> None:
    """Fault 25, K1: the record of the token in the old place's file is none of the new one's."""
    story = Story(MOVED)
    record = ev.RecordsRead({"corp": "keyring"}, {}, newest={"corp": LEAN.fingerprint})
    story.send(record)
    known = story.row().store
    story.file(replace(LEAN, start_url=CORP.start_url, region=CORP.region))
    story.send(record)
    story.run_until(3 * HOUR)

    assert ("keyring", "signed-out", None) == (known, story.row().state, story.row().store)
    assert [] == story.jobs()


def test_a_slip_in_the_config_costs_nothing() -> None:
    """A session that goes and comes back, by name or by place, is the session it was."""
    story = Story()
    story.sign_in(LEAN)
    story.file(LEAN)
    memory = story.session().memory

    for slip in ((), (MOVED,)):
        config(story, *slip)
        config(story, CORP)
        story.file(LEAN)

    assert ("signed-in", "keyring", True) == (
        story.row().state,
        story.row().store,
        story.row().renews,
    )
    assert memory == story.session().memory


def test_who_waits_is_told_when_the_session_goes() -> None:
    """Nobody waits for ever for a session the config no longer has."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)
    story.send(ev.RenewRequested("corp", "renew"))
    story.send(ev.SignOutRequested("corp", "out"))
    story.send(ev.SignInRequested("corp", "in", afresh=True))

    effects = config(story)

    assert {"renew", "out", "in"} == {one.request for one in effects if isinstance(one, fx.Reply)}
    assert fx.CancelSignIn("corp", 2) in effects


def test_a_broken_config_keeps_the_last_good_one() -> None:
    """S4: the menu never empties; a row and one notice name file, line and reason."""
    story = Story(stores={"corp": "keyring"})
    story.file(LEAN)

    for _ in range(3):
        story.send(ev.ConfigBroken("~/.aws/config, line 3: no section."))
    broken = story.view()
    config(story, CORP)

    assert ("signed-in", "~/.aws/config, line 3: no section.") == (
        broken.sessions[0].state,
        broken.problems[0],
    )
    assert ["config"] == story.notices()
    assert () == story.view().problems


def test_broken_settings_are_a_row_and_change_nothing() -> None:
    """The last good settings stay in force; the menu says what is wrong with the newest."""
    story = Story(CORP, active="dev")
    guarded = Preferences(guarded=("dev",))
    sentence = "~/.config/sso-tray/config.toml: guarded must be a list of name patterns."

    story.send(ev.PreferencesRead(guarded, (sentence,)))
    broken = story.view()
    story.send(ev.PreferencesRead(guarded))

    assert ((sentence,), True) == (broken.problems, broken.guarded)
    assert () == story.view().problems


def test_while_guards_are_unknown_no_other_profile_is_picked() -> None:
    """A7: what stands is left alone, the reason is said, and picking nothing is allowed."""
    story = Story(CORP, active="dev")
    story.send(ev.PreferencesRead(Preferences(guarded=None), ("config.toml is broken.",)))

    stands = story.view()
    told = [only(fx.Reply, story.send(ev.UseRequested(one, "r"))) for one in ("prod", "dev", None)]

    assert ("dev", False) == (stands.active_profile, stands.guarded)
    assert [1, 0, 0] == [one.exit for one in told]
    assert told[0].sentence.startswith("config.toml is broken. SSO Tray doesn't know")


def test_two_sessions_keep_the_configs_order() -> None:
    """Rows stand in the order of the config, whatever happens to them."""
    story = Story(CORP, LAB)
    story.file(LEAN, key="lab")

    config(story, LAB, CORP)

    assert ["lab", "corp"] == [row.key for row in story.view().sessions]


def test_memories_may_come_late() -> None:
    """A config read before ``state.json`` loses nothing of what it remembers."""
    earlier = Story()
    earlier.sign_in(LEAN)
    story = Story(memories={})

    story.send(ev.RecordsRead({"corp": "keyring"}, earlier.kept()))

    assert earlier.session().memory == story.session().memory


# --- The active profile (A7) ------------------------------------------------------------------


def test_picking_a_profile_is_recorded() -> None:
    """``use`` answers, records, and remembers the one before."""
    story = Story(CORP, active="dev")

    effects = story.send(ev.UseRequested("prod", "r"))

    assert fx.RecordActive("prod", "r") in effects
    assert (0, '"prod" is the active profile.') == (
        only(fx.Reply, effects).exit,
        only(fx.Reply, effects).sentence,
    )
    assert ("prod", "dev") == (story.view().active_profile, story.state.previous)


UNUSABLE = Profile("half", kind="sso", problem="half: sso_account_id is missing.")


@pytest.mark.parametrize(
    ("name", "exit_code", "sentence"),
    [
        ("nowhere", 2, 'The AWS config has no profile "nowhere".'),
        ("sso-tray", 1, '"sso-tray" always follows the active profile. Pick another profile.'),
        ("half", 1, "half: sso_account_id is missing."),
    ],
)
def test_what_cannot_be_picked(name: str, exit_code: int, sentence: str) -> None:
    """A7: a missing, managed or unusable profile is refused with its reason."""
    story = Story(CORP)
    profiles = (*catalog(CORP).profiles, Profile("sso-tray"), UNUSABLE)
    story.send(ev.ConfigRead(Catalog((CORP,), profiles)))

    effects = story.send(ev.UseRequested(name, "r"))

    assert (fx.Reply("r", "done", exit_code, sentence),) == effects
    assert "dev" == story.view().active_profile


def test_a_vanished_active_profile_is_none_and_never_another() -> None:
    """A7, fault 27: nothing is active until it is back or another is picked."""
    story = Story(CORP, LAB, active="dev")

    config(story, LAB)
    gone = story.view()
    config(story, CORP, LAB)

    assert (None, True) == (
        gone.active_profile,
        'The active profile "dev" is no longer in the AWS config. No profile is active.'
        in gone.problems,
    )
    assert "dev" == story.view().active_profile


@pytest.mark.parametrize(("active", "marked"), [("dev", False), ("prod", True), (None, False)])
def test_a_guarded_profile_marks_the_icon(active: str | None, marked: bool) -> None:
    """A7, M4: the mark belongs to the active profile."""
    story = Story(CORP, active=active)

    story.send(ev.PreferencesRead(Preferences(guarded=("*prod*",))))

    assert marked == story.view().guarded


def test_no_timer_ever_switches_a_profile() -> None:
    """A7: only a person and the recorded choice change what is active."""
    story = Story(CORP, LAB, stores={"corp": "keyring"})
    story.file(LEAN)

    story.run_until(12 * HOUR, lambda _s, _a: Refused("dead"))

    assert [] == story.all(fx.RecordActive)
    assert "dev" == story.view().active_profile


# --- Stale clicks (M3) ------------------------------------------------------------------------

GONE: list[ev.Event] = [
    ev.SignInRequested("gone", "r"),
    ev.SignInCancelled("gone", "r"),
    ev.SignOutRequested("gone", "r"),
    ev.RenewRequested("gone", "r"),
    ev.ReleaseRequested("gone", "r"),
    ev.UseRequested("gone", "r"),
    ev.SnoozeRequested("gone"),
    ev.CredentialsGiven("gone"),
    ev.Stored("gone"),
    ev.TokenRejected("gone", "a"),
    ev.RequesterLeft("gone", "r"),
    ev.TokenFileInspected("gone", LEAN),
    ev.JobDone("gone", 1, Unrenewable()),
    ev.SignInReady("gone", 1, "https://signin"),
    ev.SignInReported("gone", 1, "Another user has connected."),
    ev.SignedIn("gone", 1, LEAN, "keyring"),
    ev.SignInFailed("gone", 1, "It was denied."),
]


@pytest.mark.parametrize("event", GONE, ids=lambda event: type(event).__name__)
def test_what_is_gone_is_not_acted_on(event: ev.Event) -> None:
    """M3, C1: a stale row or a wrong name does nothing but say so."""
    story = Story(CORP, stores={"corp": "keyring"})
    story.file(LEAN)
    before = story.state

    effects = story.send(event)

    assert before == story.state
    assert {("r", "done", 1), ("r", "done", 2)} >= {
        (one.request, one.kind, one.exit) for one in effects if isinstance(one, fx.Reply)
    }
    assert all(isinstance(effect, fx.Reply) for effect in effects)


def test_a_problem_of_a_session_is_said() -> None:
    """A session that cannot be signed in to says why, in its row, to a click and in the list."""
    broken = replace(CORP, problem="corp: the start URL is not https.")
    story = Story(broken)

    effects = story.send(ev.SignInRequested("corp", "r"))

    assert (fx.Reply("r", "done", 1, "corp: the start URL is not https."),) == effects
    assert ("corp: the start URL is not https.",) == story.view().problems
