"""Adding a profile from the menu: what is asked, what is offered, and when it is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, HOUR, LAB, MINUTE, Story, only, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.menu.listed_roles import Listing
from tray.core.model import Catalog
from tray.core.outcomes import SignedOut
from tray.core.profiles.profile_planning import Assignment
from tray.core.requests import AddProfileRequested, RolesRequested

READ = Assignment("222222222222", "ReadOnly", "Prod EU")
ROLES = (Assignment("111111111111", "r", "Dev"), READ)


def signed_in() -> Story:
    """Return a story of somebody who is signed in to corp, until the token ends."""
    story = Story(CORP, LAB, stores={"corp": "keyring"})
    story.file(token("a", life=8 * HOUR))
    return story


def listed() -> Story:
    """Return a story in which the roles were listed."""
    story = signed_in()
    attempt = only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt
    story.send(ev.RolesListed("corp", attempt, ROLES))
    return story


def listing(story: Story) -> Listing | None:
    """Return what the menu can offer for corp."""
    return story.row().listing


def test_a_click_asks_once_and_offers_what_comes() -> None:
    """A second click while AWS is asked changes nothing; then it is said that it is there."""
    story = signed_in()

    first = story.send(RolesRequested("corp"))
    second = story.send(RolesRequested("corp"))
    asked = listing(story)
    effects = story.send(ev.RolesListed("corp", only(fx.ListRoles, first).attempt, ROLES))

    found = listing(story)
    assert (CORP, ()) == (only(fx.ListRoles, first).session, second)
    assert asked is not None
    assert asked.asking
    assert found is not None
    assert (ROLES, None, False) == (found.roles, found.problem, found.asking)
    report = only(fx.Report, effects)
    assert ("corp: 2 roles in 2 accounts", "Pick one in the menu below corp.") == (
        report.title,
        report.text,
    )
    assert report.good


@pytest.mark.parametrize("key", ["lab", "gone"])
def test_who_is_not_signed_in_is_not_listed_for(key: str) -> None:
    """M3: a stale row does nothing; never a browser for it (L6)."""
    assert () == signed_in().send(RolesRequested(key))


@pytest.mark.parametrize(
    "late", [ev.RolesListed("corp", 99, ROLES), ev.ListingFailed("corp", 99, "It failed.")]
)
def test_an_answer_nobody_awaits_is_ignored(late: ev.Event) -> None:
    """Fault 71."""
    story = signed_in()
    story.send(RolesRequested("corp"))
    before = story.state

    assert ((), before) == (story.send(late), story.state)


def test_a_failure_is_told_and_can_be_tried_again() -> None:
    """The reason stands in the menu until the next try."""
    story = signed_in()
    attempt = only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt

    effects = story.send(ev.ListingFailed("corp", attempt, "AWS cannot be reached."))

    found = listing(story)
    assert found is not None
    assert "AWS cannot be reached." == found.problem
    assert "AWS cannot be reached." == only(fx.Report, effects).text
    assert attempt < only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt


def test_a_rejected_token_is_doubted() -> None:
    """R6: one refresh decides."""
    story = signed_in()
    attempt = only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt

    effects = story.send(ev.ListingFailed("corp", attempt, "Over.", rejected=True))

    assert "renew" == only(fx.StartJob, effects).kind


def test_no_roles_at_all_is_said() -> None:
    """A user with no assignment is told so."""
    story = signed_in()
    attempt = only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt

    story.send(ev.RolesListed("corp", attempt, ()))

    found = listing(story)
    assert found is not None
    assert "You have no role in any account." == found.problem


def test_a_picked_role_becomes_a_profile_in_the_usual_region() -> None:
    """The default template, the session's style, the region most profiles have."""
    story = listed()
    catalog = story.state.catalog
    regions = tuple(replace(one, region="eu-west-2") for one in catalog.profiles)
    story.send(ev.ConfigRead(replace(catalog, profiles=regions)))

    effects = story.send(AddProfileRequested("corp", READ.account_id, READ.role_name))
    done = story.send(ev.ProfileAdded("corp", "Prod-EU-ReadOnly"))

    assert fx.AddProfile(
        "corp",
        "Prod-EU-ReadOnly",
        (
            ("sso_session", "corp"),
            ("sso_account_id", "222222222222"),
            ("sso_role_name", "ReadOnly"),
            ("region", "eu-west-2"),
        ),
    ) == only(fx.AddProfile, effects)
    assert ("profile-added", "corp", "Prod-EU-ReadOnly") == (
        only(fx.RecordHistory, done).what,
        only(fx.RecordHistory, done).key,
        only(fx.RecordHistory, done).detail,
    )
    assert "Added profile Prod-EU-ReadOnly" == only(fx.Report, done).title


@pytest.mark.parametrize(
    "event",
    [
        AddProfileRequested("corp", "111111111111", "r"),
        AddProfileRequested("corp", "222222222222", "Admin"),
        AddProfileRequested("lab", "222222222222", "ReadOnly"),
        AddProfileRequested("gone", "222222222222", "ReadOnly"),
    ],
)
def test_what_is_there_or_was_not_listed_is_not_added(event: ev.Event) -> None:
    """M3: a stale row does nothing rather than something else."""
    assert () == listed().send(event)


def test_a_refused_write_is_told() -> None:
    """A click is never without an answer."""
    effects = listed().send(ev.ProfileAdded("corp", "x", "The AWS config is broken."))

    assert ("Profile x was not added", "The AWS config is broken.") == (
        only(fx.Report, effects).title,
        only(fx.Report, effects).text,
    )
    assert [] == [one for one in effects if isinstance(one, fx.RecordHistory)]


def signed_out(story: Story) -> None:
    """Sign out."""
    story.send(ev.SignOutRequested("corp"))
    story.answer(SignedOut())


def somebody_else(story: Story) -> None:
    """Sign in afresh, perhaps as another user."""
    story.sign_in(token("b", life=8 * HOUR), afresh=True)


def moved(story: Story) -> None:
    """Let the session lead elsewhere."""
    there = replace(CORP, start_url="https://moved.awsapps.com/start")
    story.send(ev.ConfigRead(Catalog(sessions=(there,))))


def gone(story: Story) -> None:
    """Take the session out of the config."""
    story.send(ev.ConfigRead(Catalog()))


@pytest.mark.parametrize("how", [signed_out, somebody_else, moved, gone])
def test_a_list_is_forgotten_with_its_session(how: object) -> None:
    """Nobody is offered what another user, or another company, may do."""
    story = listed()
    assert callable(how)

    how(story)

    assert {} == dict(story.state.listings)


def test_a_list_is_forgotten_when_it_is_old() -> None:
    """A quarter of an hour; the rules wake up for it, and renewals in between change nothing."""
    story = Story(CORP, stores={"corp": "keyring"})
    story.file(token("a", life=20 * MINUTE))
    attempt = only(fx.ListRoles, story.send(RolesRequested("corp"))).attempt
    story.send(ev.RolesListed("corp", attempt, ROLES))

    story.run_until(14 * MINUTE, renewing(20 * MINUTE))
    before = listing(story)
    story.run_until(15 * MINUTE, renewing(20 * MINUTE))

    assert before is not None
    assert "renew" in story.jobs()
    assert {} == dict(story.state.listings)
