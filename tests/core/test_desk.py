"""What a person asks for at the desk: all sign-ins, the console, copies, quitting (M1, K7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, LAB, MINUTE, OLD, Story, only, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Preferences
from tray.core.outcomes import Adopted, Failed, Released, SignedOut
from tray.core.requests import (
    ConsoleLinkRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
    LinkRequested,
    PageRequested,
    SignInAllRequested,
    StatusRequested,
)

URL = "https://signin"


def signing_in(story: Story) -> list[str]:
    """Return the sessions whose sign-in was started, in order."""
    return [start.session.key for start in story.all(fx.StartSignIn)]


def finish(story: Story, key: str) -> None:
    """Let the sign-in of a session end well."""
    sign_in = story.session(key).sign_in
    assert sign_in is not None
    story.send(ev.SignInReady(key, sign_in.attempt, URL))
    story.send(ev.SignedIn(key, sign_in.attempt, token(key, story.time), "keyring"))


def test_signing_in_to_all_goes_one_by_one() -> None:
    """M1: one click signs in to each session that needs it, one after the other."""
    story = Story(CORP, LAB, OLD, stores={"lab": "keyring"})
    story.file(token("l"), key="lab")

    story.send(SignInAllRequested())
    first = signing_in(story)
    finish(story, "corp")

    assert ["corp"] == first
    assert ["corp", OLD.key] == signing_in(story)


def test_a_notice_about_some_signs_in_to_those() -> None:
    """W2: the button of a joined notice is about the sessions it names."""
    story = Story(CORP, LAB, OLD)

    story.send(SignInAllRequested(("lab",)))
    finish(story, "lab")

    assert ["lab"] == signing_in(story)


@pytest.mark.parametrize("how", ["too late", "locked", "asleep"])
def test_who_has_left_is_not_met_by_a_page(how: str) -> None:
    """T18: the rest of the queue is dropped when nobody is there any more."""
    story = Story(CORP, LAB)
    story.send(SignInAllRequested())
    story.send(ev.SignInReady("corp", 1, URL))

    if how == "too late":
        story.run_until(30 * MINUTE)
    else:
        story.send(ev.SystemEvent(how))  # type: ignore[arg-type] # a word of Mood
        story.send(ev.SignInFailed("corp", 1, "It was denied."))
    for what in ("woke", "unlocked"):
        story.send(ev.SystemEvent(what))

    assert ["corp"] == signing_in(story)
    assert 1 == len(story.all(fx.OpenBrowser))


def handing_back() -> Story:
    """Return a story in which somebody has asked to quit and hand everything back."""
    story = Story(CORP, LAB, stores={"corp": "keyring", "lab": "keyring"})
    for key in ("corp", "lab"):
        story.file(token(key), key=key)
    story.send(ev.QuitRequested("q", hand_back=True))
    return story


def test_quit_and_hand_back_waits_for_every_session() -> None:
    """K7: the end comes when all refresh data is in the files again."""
    story = handing_back()

    first = story.answer(Released("Handed back."), key="corp")
    last = story.answer(Released("Handed back."), key="lab")

    assert [] == [effect for effect in first if isinstance(effect, fx.Quit)]
    assert ("q", 0) == (only(fx.Reply, last).request, only(fx.Reply, last).exit)
    assert isinstance(only(fx.Quit, last), fx.Quit)


def test_quitting_waits_for_sessions_that_are_signed_out_instead() -> None:
    """K9: where the keyring is required, that is what a release does."""
    story = handing_back()

    first = story.answer(SignedOut(), key="corp")
    last = story.answer(SignedOut(), key="lab")

    assert ["release", "release"] == [start.kind for start in story.all(fx.StartJob)]
    assert [] == [effect for effect in first if isinstance(effect, fx.Quit)]
    assert isinstance(only(fx.Quit, last), fx.Quit)


def test_what_is_taken_in_meanwhile_is_handed_back_too() -> None:
    """K7: a click just after the start, while the file of the AWS CLI is being adopted."""
    story = Story(CORP)
    story.file(token("corp", refreshable=True))
    adopting = story.session("corp").job
    story.send(ev.QuitRequested("q", hand_back=True))

    adopted = story.answer(Adopted(token("corp"), "keyring"))
    last = story.answer(Released("Handed back."))

    assert adopting is not None
    assert "adopt" == adopting.kind
    assert "release" == only(fx.StartJob, adopted).kind
    assert [] == [effect for effect in adopted if isinstance(effect, fx.Quit)]
    assert isinstance(only(fx.Quit, last), fx.Quit)


def test_what_cannot_be_handed_back_keeps_us_here() -> None:
    """K7: with a locked keyring nothing is quit, and who asked is told why."""
    story = handing_back()

    effects = story.answer(Failed("keyring-locked", "The keyring is locked."), key="corp")
    story.answer(Released("Handed back."), key="lab")

    assert (1, "The keyring is locked.") == (
        only(fx.Reply, effects).exit,
        only(fx.Reply, effects).sentence,
    )
    assert [] == story.all(fx.Quit)


def test_quit_lends_what_the_keyring_keeps_until_the_next_start() -> None:
    """K1, K7: nothing renews without us, so the AWS CLI gets what it renews with."""
    story = Story(CORP, LAB, stores={"corp": "keyring", "lab": "keyring"})
    for key in ("corp", "lab"):
        story.file(token(key), key=key)
    story.send(ev.QuitRequested("q"))

    lent = replace(token("corp"), refreshable=True)
    first = story.answer(Adopted(lent, "file"), key="corp")
    story.file(lent, key="corp")
    last = story.answer(Failed("keyring-locked", "The keyring is locked."), key="lab")

    assert ["lend", "lend"] == [start.kind for start in story.all(fx.StartJob)]
    assert [] == [effect for effect in first if isinstance(effect, fx.Quit)]
    assert isinstance(only(fx.Quit, last), fx.Quit)
    assert (
        0,
        "SSO Tray has quit. The AWS CLI and SDKs now renew corp when they use it. "
        "The AWS CLI keeps working with lab until 09:00Z.",
    ) == (only(fx.Reply, last).exit, only(fx.Reply, last).sentence)


def test_quit_lends_nothing_where_the_keyring_is_required() -> None:
    """K9: no file gets the refresh token; the next start goes on from the keyring."""
    story = Story(CORP, stores={"corp": "keyring"})
    story.send(ev.PreferencesRead(Preferences(keyring_required=True)))
    story.file(token())

    effects = story.send(ev.QuitRequested("q"))

    assert [] == [start for start in story.all(fx.StartJob) if start.kind == "lend"]
    assert isinstance(only(fx.Quit, effects), fx.Quit)


def test_quit_asked_for_twice_does_not_wait() -> None:
    """A keyring that does not answer keeps nobody from ending the daemon."""
    story = Story(CORP, stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.QuitRequested("q"))

    effects = story.send(ev.QuitRequested("again"))

    assert isinstance(only(fx.Quit, effects), fx.Quit)
    assert {"q", "again"} == {one.request for one in effects if isinstance(one, fx.Reply)}


def test_the_console_opens_with_no_secret() -> None:
    """M1: the portal's own shortcut link; the browser uses its own session."""
    story = Story(CORP)

    effects = story.send(ConsoleRequested(("dev",)))

    assert "https://corp.awsapps.com/start/#/console?account_id=111111111111&role_name=r" == (
        only(fx.OpenBrowser, effects).url
    )


def test_the_console_of_a_role_without_a_profile_opens() -> None:
    """Nothing has to be in the config, and what is active stays; it is remembered as used."""
    role = ("corp", "222222222222", "Read Only")

    effects = Story(CORP).send(ConsoleRequested(role))

    page = only(fx.OpenBrowser, effects)
    assert page.url == (
        "https://corp.awsapps.com/start/#/console?account_id=222222222222&role_name=Read%20Only"
    )
    assert {"profile": "", "account": "222222222222", "role": "Read Only"} == dict(page.names)
    assert fx.RememberRole(role, "used") == only(fx.RememberRole, effects)
    assert '"222222222222/Read Only"' == only(fx.RecordHistory, effects).detail
    assert isinstance(only(fx.RecordAccountsUse, effects), fx.RecordAccountsUse)


def test_the_link_to_a_console_can_be_copied() -> None:
    """The portal's own, which carries no secret."""
    copied = only(fx.CopyText, Story(CORP).send(ConsoleLinkRequested(("dev",))))

    assert "https://corp.awsapps.com/start/#/console?account_id=111111111111&role_name=r" == (
        copied.text
    )


@pytest.mark.parametrize(("on", "how"), [(True, "starred"), (False, "unstarred")])
def test_a_favourite_is_kept(on: bool, how: str) -> None:
    """With a profile or without one."""
    effects = Story(CORP).send(FavouriteRequested(("dev",), on))

    assert how == only(fx.RememberRole, effects).how


@pytest.mark.parametrize("event", [ConsoleRequested(("gone",)), ConsoleRequested(("x", "1", "r")),
                                   ConsoleLinkRequested(("gone",)), EnvironmentRequested("gone"),
                                   LinkRequested("gone"), LinkRequested("corp")])  # fmt: skip
def test_a_stale_row_does_nothing(event: ev.Event) -> None:
    """M3: what is gone, or not there yet, is not acted on."""
    assert () == Story(CORP).send(event)


def test_the_accounts_page_is_opened_by_a_process_of_its_own() -> None:
    """A click on the icon, or "Accounts…", opens the page; the rules only pass it on."""
    request = PageRequested("sessions", "prod")

    effects = Story(CORP).send(request)

    assert (fx.CarryOut(request),) == effects


def test_a_click_that_opens_no_menu_shows_the_sessions() -> None:
    """M2: a notice says what the menu would say, and how to reach the menu."""
    story = Story(CORP, LAB)
    story.file(token("l"), key="lab")

    report = only(fx.Report, story.send(StatusRequested()))

    lines = report.text.splitlines()
    assert ["corp: signed out", "Right-click the icon for its menu."] == [lines[0], lines[-1]]
    assert ("SSO Tray, profile dev", 3, False) == (report.title, len(lines), report.good)
    assert report.state == "signed-out"  # the icon's


@pytest.mark.parametrize(
    ("event", "title", "text", "good"),
    [
        (ev.UseRequested("dev"), "Profile: dev", '"dev" is the active profile.', True),
        (ev.UseRequested(None), "No active profile", "No profile is active.", True),
        (ev.UseRequested("gone"), "The profile was not changed", "gone", False),
        (ev.UnlockFailed("It hangs."), "The keyring is still locked", "It hangs.", False),
    ],
)
def test_a_click_is_answered(event: ev.Event, title: str, text: str, good: bool) -> None:
    """M1: what shows nothing by itself says that it happened, or why not."""
    report = only(fx.Report, Story(CORP).send(event))

    assert (title, good) == (report.title, report.good)
    assert text in report.text


def test_the_link_of_a_sign_in_can_be_copied() -> None:
    """L4: as soon as there is one."""
    story = Story(CORP)
    story.send(ev.SignInRequested("corp"))
    story.send(ev.SignInReady("corp", 1, URL))

    effects = story.send(LinkRequested("corp"))

    assert URL == only(fx.CopyText, effects).text


def test_the_environment_is_a_name() -> None:
    """M1: a line that selects the profile, never a credential."""
    effects = Story(CORP).send(EnvironmentRequested("dev"))

    assert "export AWS_PROFILE=dev\n" == only(fx.CopyText, effects).text
