"""The index of accounts and roles: what is listed when, what changed, what a surface finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, DAY, HOUR, LAB, MINUTE, T0, Story, catalog, only, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.accounts.account_index import (
    ListedAccount,
    RoleChanges,
    SessionAccounts,
    listed_accounts,
    relisted,
    role_rows,
)
from tray.core.accounts.role_search import RoleRow
from tray.core.model import Catalog, Preferences, Profile
from tray.core.outcomes import Failed
from tray.core.profiles.profile_planning import Assignment
from tray.core.requests import AccountsRequested, AccountsUsed
from tray.core.state import next_look

DATA = ListedAccount("111111111111", "Data", "data@example.com", ("Admin", "r"))
PROD = ListedAccount("222222222222", "Prod EU", "prod@example.com", ("Admin",))


def known(
    at: float = 0.0,
    *accounts: ListedAccount,
    changes: RoleChanges | None = None,
    start_url: str = CORP.start_url,
) -> SessionAccounts:
    """Return corp's accounts as listed at a time of the story."""
    return SessionAccounts(start_url, CORP.region, T0 + at, accounts or (DATA, PROD), changes)


def signed_in(
    used: float | None = 0.0, listed: float | None = None, life: float = 8 * HOUR
) -> Story:
    """Return a story of who is signed in to corp; when a surface was used, and corp listed."""
    story = Story(CORP, LAB, stores={"corp": "keyring", "lab": "keyring"})
    story.file(token("a", life=life))
    sessions = {} if listed is None else {"corp": known(listed)}
    story.send(ev.AccountsRead(sessions, None if used is None else T0 + used))
    return story


def listings(story: Story) -> list[str]:
    """Return the sessions listed so far."""
    return [effect.session.key for effect in story.all(fx.IndexAccounts)]


@pytest.mark.parametrize(
    ("used", "listed", "asked"),
    [
        (0.0, None, ["corp"]),
        (-6.9 * DAY, None, ["corp"]),
        (-7.1 * DAY, None, []),
        (None, None, []),
        (0.0, -23 * HOUR, []),
        (0.0, -25 * HOUR, ["corp"]),
        (None, -25 * HOUR, []),
        (-6.5 * DAY, -DAY, ["corp"]),
    ],
)
def test_a_session_is_listed_daily_while_somebody_looks(
    used: float | None, listed: float | None, asked: list[str]
) -> None:
    """A day after the last time, if a surface was used within a week; who is signed out is not."""
    assert asked == listings(signed_in(used, listed))


def test_it_falls_due_by_itself() -> None:
    """The next look is at the end of the day for which the listing counts."""
    story = signed_in(0.0, -23.5 * HOUR)

    due = next_look(story.state, story.now)
    story.send(ev.Tick(), 30 * MINUTE)

    assert T0 + 30 * MINUTE == due
    assert ["corp"] == listings(story)


def test_using_a_surface_is_remembered_by_the_hour_and_lists_at_once() -> None:
    """The first use of a week brings the list; ten more within the hour write nothing."""
    story = signed_in(None)

    first = story.send(AccountsUsed())
    again = story.send(AccountsUsed(), 59 * MINUTE)
    later = story.send(AccountsUsed(), 61 * MINUTE)

    assert T0 == only(fx.RecordAccountsUse, first).at
    assert CORP == only(fx.IndexAccounts, first).session
    assert () == again
    assert T0 + 61 * MINUTE == only(fx.RecordAccountsUse, later).at


def test_nobody_is_listed_before_the_file_was_read() -> None:
    """A start lists nothing that the file has already."""
    story = Story(CORP, stores={"corp": "keyring"})
    story.file(token("a", life=8 * HOUR))

    story.send(AccountsUsed())

    assert [] == listings(story)


def test_one_session_at_a_time_and_asked_for_ones_at_once() -> None:
    """The second waits for the first; a session under way or waiting is not asked for twice."""
    story = signed_in(None)
    story.file(token("b", life=8 * HOUR), key="lab")

    first = only(fx.IndexAccounts, story.send(AccountsRequested("corp")))
    waiting = [story.send(AccountsRequested(key)) for key in ("lab", "lab", "corp", "none")]
    story.send(ev.AccountsProgress(first.attempt, 3, 500))
    far = story.state.index.listing
    story.send(ev.AccountsRead({"corp": known()}))
    second = only(fx.IndexAccounts, story.send(ev.AccountsListed(first.attempt)))

    assert [(), (), (), ()] == waiting
    assert far is not None
    assert ("corp", 3, 500) == (far.key, far.done, far.total)
    assert "lab" == second.session.key
    assert ["corp", "lab"] == listings(story)


def test_a_renewal_that_falls_due_meanwhile_starts_at_once() -> None:
    """R1: a listing takes nothing from a renewal, and waits where one is under way."""
    story = signed_in(None, life=HOUR)
    attempt = only(fx.IndexAccounts, story.send(AccountsRequested("corp"))).attempt

    renewing = story.send(ev.Tick(), 40 * MINUTE)
    story.send(ev.AccountsNotListed(attempt, "It failed."))
    beside = story.send(AccountsRequested("corp"))

    assert "renew" == only(fx.StartJob, renewing).kind
    assert () == beside
    assert ["corp"] == listings(story)


@pytest.mark.parametrize("what", ["asleep", "network-down"])
def test_nothing_is_listed_asleep_or_offline(what: str) -> None:
    """It starts when the machine is back."""
    back = {"asleep": "woke", "network-down": "network-up"}[what]
    story = signed_in(None)
    story.send(ev.SystemEvent(what))  # type: ignore[arg-type]  # one of its words

    away = story.send(AccountsRequested("corp"))
    story.send(ev.SystemEvent(back))  # type: ignore[arg-type]  # one of its words

    assert () == away
    assert ["corp"] == listings(story)


def test_a_listing_that_fails_is_tried_again_in_an_hour_or_when_aws_says() -> None:
    """The reason is kept for who looks; a request does not wait."""
    story = signed_in(0.0)
    (first,) = story.all(fx.IndexAccounts)

    story.send(ev.AccountsNotListed(first.attempt, "AWS is busy."))
    said = story.state.index.problems["corp"][0]
    story.run_until(59 * MINUTE)
    before = listings(story)
    story.run_until(61 * MINUTE)
    second = story.all(fx.IndexAccounts)[-1]
    story.send(ev.AccountsNotListed(second.attempt, "AWS is busy.", retry_after=2 * HOUR))
    story.run_until(3 * HOUR)
    waiting = listings(story)
    story.send(AccountsRequested("corp"))

    assert "AWS is busy." == said
    assert (["corp"], ["corp"] * 2, ["corp"] * 3) == (before, waiting, listings(story))


def test_a_listing_that_cannot_be_kept_is_not_repeated_at_once() -> None:
    """A full disk must not make hundreds of calls again and again."""
    story = signed_in(0.0)
    (first,) = story.all(fx.IndexAccounts)

    story.send(ev.AccountsListed(first.attempt))

    assert ["corp"] == listings(story)
    assert T0 + HOUR == story.state.index.problems["corp"][1]


def test_a_rejected_token_is_doubted() -> None:
    """R6: one refresh decides, and an answer nobody awaits decides nothing."""
    story = signed_in(0.0)
    (first,) = story.all(fx.IndexAccounts)

    late = story.send(ev.AccountsNotListed(first.attempt + 7, "Refused.", rejected=True))
    effects = story.send(ev.AccountsNotListed(first.attempt, "Refused.", rejected=True))

    assert () == late
    assert "renew" == only(fx.StartJob, effects).kind


def test_the_setting_keeps_it_to_requests() -> None:
    """Some companies' CloudTrail shall not show what nobody asked for."""
    story = signed_in(None)
    story.send(ev.PreferencesRead(Preferences(list_accounts=False)))

    used = story.send(AccountsUsed())
    asked = story.send(AccountsRequested("corp"))

    assert [] == [effect for effect in used if isinstance(effect, fx.IndexAccounts)]
    assert CORP == only(fx.IndexAccounts, asked).session


def test_a_list_from_the_future_counts_from_now() -> None:
    """Fault 29: a clock set back by a month costs no month of lists."""
    story = signed_in(0.0, 30 * DAY)

    story.send(ev.SystemEvent("clock-set"))
    due = next_look(story.state, story.now)

    assert due is not None
    assert due <= T0 + DAY


# --- What changed ---------------------------------------------------------------------------


def test_roles_that_appear_and_vanish_are_kept_until_the_next_change() -> None:
    """The first listing is no change, nor is another portal's."""
    before = known(0.0)
    wider = replace(DATA, roles=("Admin", "Audit", "r"))

    first = relisted(None, before)
    changed = relisted(before, known(DAY, wider))
    same = relisted(changed, known(2 * DAY, wider))
    moved = relisted(before, known(DAY, wider, start_url="https://new.awsapps.com/start"))

    appeared = (("111111111111", "Data", "Audit"),)
    vanished = (("222222222222", "Prod EU", "Admin"),)
    assert RoleChanges(T0 + DAY, appeared, vanished) == changed.changes
    assert (None, changed.changes, None) == (first.changes, same.changes, moved.changes)


def test_an_account_whose_roles_aws_refuses_to_list_keeps_them() -> None:
    """Not to be told is not to have lost."""
    found = [Assignment("111111111111", "Admin", "Data", "data@example.com")]

    accounts = listed_accounts(found, known(0.0), {"222222222222", "333333333333"})

    assert (replace(DATA, roles=("Admin",)), PROD) == accounts


def test_changes_are_told_once_quietly_and_after_the_lock() -> None:
    """Held while the screen is locked; never again, also not after a restart."""
    changes = RoleChanges(T0, (("111111111111", "Data", "Audit"),), ())
    story = signed_in(None)
    story.send(ev.SystemEvent("locked"))
    locked = story.send(ev.AccountsRead({"corp": known(0.0, changes=changes)}))
    shown = only(fx.ShowNotice, story.send(ev.SystemEvent("unlocked"))).notice
    again = Story(CORP, stores={"corp": "keyring"}, memories=story.kept())
    again.send(ev.AccountsRead({"corp": known(0.0, changes=changes)}))

    assert [] == [effect for effect in locked if isinstance(effect, fx.ShowNotice)]
    assert ("accounts", "quiet", "corp: 1 new role", "New: Data/Audit") == (
        shown.category,
        shown.severity,
        shown.title,
        shown.text,
    )
    assert [] == again.notices()


@pytest.mark.parametrize(
    ("changes", "preferences"),
    [
        (RoleChanges(T0, (), (("1" * 12, "Data", "r"),), told=True), Preferences()),
        (RoleChanges(T0 - 8 * DAY, (), (("1" * 12, "Data", "r"),)), Preferences()),
        (RoleChanges(T0, (), (("1" * 12, "Data", "r"),)), Preferences(tell_accounts=False)),
    ],
    ids=["told", "old", "unwanted"],
)
def test_what_was_told_is_old_or_unwanted_is_not_told(
    changes: RoleChanges, preferences: Preferences
) -> None:
    """Whoever typed the refresh has read it; `accounts.tell_changes` is a setting."""
    story = signed_in(None)
    story.send(ev.PreferencesRead(preferences))

    story.send(ev.AccountsRead({"corp": known(0.0, changes=changes)}))

    assert [] == story.notices()


# --- What a surface finds -------------------------------------------------------------------

CHAINED = Profile("deploy", "chained", "corp", "222222222222", "Admin")
BROKEN = Profile("broken", "sso", "corp", "222222222222", "Admin", problem="no region")


def config(*profiles: Profile) -> Catalog:
    """Return a config of corp with these profiles."""
    return replace(catalog(CORP), profiles=profiles)


@pytest.mark.parametrize(
    ("guarded", "kept"),
    [
        ((), set()),
        (None, {"dev", "deploy", "Data/Admin", "Prod EU/Admin"}),
        (("*prod*",), {"Prod EU/Admin"}),
        (("prod-eu-*",), {"Prod EU/Admin"}),
        (("222222222222",), {"Prod EU/Admin"}),
        (("*-admin", "d*y"), {"Data/Admin", "Prod EU/Admin", "deploy"}),
    ],
)
def test_profiles_come_first_then_roles_that_have_none(
    guarded: tuple[str, ...] | None, kept: set[str]
) -> None:
    """A profile has its account's name; guards hold for roles by account and future name."""
    dev = Profile("dev", "sso", "corp", "111111111111", "r")

    rows = role_rows({"corp": known()}, config(dev, CHAINED, BROKEN), guarded)

    corp = "corp"
    expected = [
        RoleRow(corp, "111111111111", "Data", "r", "dev"),
        RoleRow(corp, "222222222222", "Prod EU", "Admin", "deploy"),
        RoleRow(corp, "111111111111", "Data", "Admin"),
        RoleRow(corp, "222222222222", "Prod EU", "Admin"),
    ]
    assert expected == [replace(row, guarded=False) for row in rows]
    assert kept == {
        row.profile or f"{row.account_name}/{row.role_name}" for row in rows if row.guarded
    }


def test_a_list_of_another_portal_or_session_counts_for_nothing() -> None:
    """The config decides which session is meant."""
    dev = Profile("dev", "sso", "corp", "111111111111", "r")
    index = {
        "corp": known(start_url="https://new.awsapps.com/start"),
        "gone": known(),
    }

    assert [RoleRow("corp", "111111111111", "", "r", "dev")] == role_rows(index, config(dev), ())


def test_a_request_is_not_held_back_by_renewals_that_fail() -> None:
    """What is listed daily waits until they work again; a click never waits for them."""
    story = signed_in(None, life=HOUR)
    story.send(ev.Tick(), 40 * MINUTE)
    story.answer(Failed("offline", "No route."))

    daily = story.send(AccountsUsed())
    asked = story.send(AccountsRequested("corp"))

    assert [] == [one for one in daily if isinstance(one, fx.IndexAccounts)]
    assert CORP == only(fx.IndexAccounts, asked).session
