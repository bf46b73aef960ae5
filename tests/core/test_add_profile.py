"""Adding a profile from the menu: what a click on a listed role does, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, HOUR, LAB, T0, Story, only, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.accounts.account_index import ListedAccount, SessionAccounts
from tray.core.requests import AccountsRequested, AddProfileRequested

PROD = ListedAccount("222222222222", "Prod EU", roles=("ReadOnly",))
LISTED = SessionAccounts(
    CORP.start_url, CORP.region, T0, (ListedAccount("111111111111", "Dev", roles=("r",)), PROD)
)
ADD = AddProfileRequested("corp", "222222222222", "ReadOnly")


def signed_in(listed: SessionAccounts | None = None) -> Story:
    """Return a story of somebody who is signed in to corp, and what was listed of it."""
    story = Story(CORP, LAB, stores={"corp": "keyring"})
    story.file(token("a", life=8 * HOUR))
    story.send(ev.AccountsRead({} if listed is None else {"corp": listed}))
    return story


def asked() -> tuple[Story, int]:
    """Return a story in which corp is being listed on request, and the attempt."""
    story = signed_in()
    return story, only(fx.IndexAccounts, story.send(AccountsRequested("corp"))).attempt


def test_who_asked_is_told_when_it_is_there() -> None:
    """The menu has closed long ago; a listing that nobody asked for says nothing."""
    story, attempt = asked()

    story.send(ev.AccountsRead({"corp": LISTED}))
    report = only(fx.Report, story.send(ev.AccountsListed(attempt)))

    assert ("corp: 2 roles in 2 accounts", "Pick one in the menu below corp.") == (
        report.title,
        report.text,
    )
    assert report.good


def test_a_failure_is_told() -> None:
    """A click is never without an answer."""
    story, attempt = asked()

    effects = story.send(ev.AccountsNotListed(attempt, "AWS cannot be reached."))

    assert ("corp: accounts not listed", "AWS cannot be reached.", False) == (
        only(fx.Report, effects).title,
        only(fx.Report, effects).text,
        only(fx.Report, effects).good,
    )


def test_no_roles_at_all_is_said() -> None:
    """A user with no assignment is told so."""
    story, attempt = asked()

    story.send(ev.AccountsRead({"corp": replace(LISTED, accounts=())}))
    report = only(fx.Report, story.send(ev.AccountsListed(attempt)))

    assert ("You have no role in any account.", False) == (report.text, report.good)


def test_a_picked_role_becomes_a_profile_in_the_usual_region() -> None:
    """The default template, the session's style, the region most profiles have."""
    story = signed_in(LISTED)
    catalog = story.state.catalog
    regions = tuple(replace(one, region="eu-west-2") for one in catalog.profiles)
    story.send(ev.ConfigRead(replace(catalog, profiles=regions)))

    effects = story.send(ADD)
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
    ("listed", "event"),
    [
        (LISTED, replace(ADD, account_id="111111111111", role_name="r")),
        (LISTED, replace(ADD, role_name="Admin")),
        (LISTED, replace(ADD, key="lab")),
        (LISTED, replace(ADD, key="gone")),
        (None, ADD),
        (replace(LISTED, start_url="https://other.awsapps.com/start"), ADD),
    ],
    ids=["there", "not listed", "another session", "no session", "nothing", "another portal"],
)
def test_what_is_there_or_was_not_listed_is_not_added(
    listed: SessionAccounts | None, event: ev.Event
) -> None:
    """M3: a stale row does nothing rather than something else."""
    assert () == signed_in(listed).send(event)


def test_a_refused_write_is_told() -> None:
    """A click is never without an answer."""
    effects = signed_in(LISTED).send(ev.ProfileAdded("corp", "x", "The AWS config is broken."))

    assert ("Profile x was not added", "The AWS config is broken.") == (
        only(fx.Report, effects).title,
        only(fx.Report, effects).text,
    )
    assert [] == [one for one in effects if isinstance(one, fx.RecordHistory)]
