"""Listing accounts and roles into the index, against an Identity Center that pages and refuses."""

from __future__ import annotations

import threading
import time

import pytest

from tests.worker.world import CORP, PATIENCE, World
from tray.core.accounts.account_index import SessionAccounts
from tray.errors import SignInNeeded, TokenRejected
from tray.fake_aws.fake_options import many_accounts
from tray.fake_aws.request_log import RequestDetails
from tray.storage.account_records import change_index, read_index
from tray.storage.atomic_files import private_directory
from tray.system.lock.file_lock import FileLock, lock_path
from tray.worker.index_accounts import index_accounts


def test_a_listing_is_kept_with_its_progress(world: World) -> None:
    """Names, e-mails and roles of every account; the next one says what changed."""
    world.keep_in_file()
    world.center.accounts = many_accounts(120)
    far: list[tuple[int, int]] = []

    listed = index_accounts(CORP, world.context, progress=lambda *one: far.append(one))
    gone = world.center.accounts[0]
    world.center.accounts = world.center.accounts[1:]
    again = index_accounts(CORP, world.context, told=True)

    assert {"corp": again} == read_index(world.paths.state)
    assert (120, None) == (len(listed.accounts), listed.changes)
    assert [(0, 120), (120, 120)] == [far[0], far[-1]]
    assert {one.account_id for one in listed.accounts} == {
        one.account_id for one in (gone, *world.center.accounts)
    }
    assert f"aws+{gone.account_id}@example.com" == listed.accounts[0].email
    assert again.changes is not None
    assert ({gone.account_id}, (), True) == (
        {place[0] for place in again.changes.vanished},
        again.changes.appeared,
        again.changes.told,
    )


def test_only_one_lists_at_a_time_and_its_list_counts_for_who_waited(world: World) -> None:
    """AWS gets no more calls at once than one listing makes."""
    world.keep_in_file()
    state = private_directory(world.paths.state)
    done: list[SessionAccounts] = []
    asked = world.asked("ListAccounts")

    with FileLock(lock_path(state, "listing"), timeout=PATIENCE):
        waiting = threading.Thread(
            target=lambda: done.append(index_accounts(CORP, world.context)), daemon=True
        )
        waiting.start()
        theirs = SessionAccounts(CORP.start_url, CORP.region, time.time() + 60)
        change_index(state, "corp", lambda _: theirs)
    waiting.join(PATIENCE)

    assert [theirs] == done
    assert asked == world.asked("ListAccounts")


def test_who_is_not_signed_in_or_no_longer_keeps_the_list(world: World) -> None:
    """An error changes nothing, and the next listing is not kept from its turn."""
    with pytest.raises(SignInNeeded):
        index_accounts(CORP, world.context)
    world.keep_in_file()
    kept = index_accounts(CORP, world.context)
    world.center.kill_access_tokens()

    with pytest.raises(TokenRejected):
        index_accounts(CORP, world.context)

    assert {"corp": kept} == read_index(world.paths.state)


def test_an_organisation_of_500_accounts_is_listed_gently(world: World) -> None:
    """At most eight calls at once, one for each account; when AWS asks to slow down all wait."""
    world.keep_in_file()
    roles = tuple(f"Role{number}" for number in range(10))
    world.center.accounts = many_accounts(500, roles)
    begun: list[float] = []
    under_way: list[int] = []

    def throttled(_: RequestDetails) -> bool:
        under_way.append(len(begun) + 1 - world.asked("ListAccountRoles"))
        begun.append(time.monotonic())
        return len(begun) == 250

    slow = world.center.fault(
        "ListAccountRoles", "throttle", times=None, seconds=2, where=throttled
    )
    # The server answers one after the other, unless it takes its time.
    world.center.fault("ListAccountRoles", "delay", times=None, seconds=0.01)
    far: list[tuple[int, int]] = []

    listed = index_accounts(CORP, world.context, progress=lambda *one: far.append(one))

    asked_to_wait = begun[249]
    meanwhile = [at for at in begun if asked_to_wait < at < asked_to_wait + 2]
    assert 500 * 10 == sum(len(account.roles) for account in listed.accounts)
    assert {"corp": listed} == read_index(world.paths.state)
    assert [(number, 500) for number in range(501)] == far
    assert (1, 501) == (slow.hits, len(begun))
    assert 1 < max(under_way) <= 8
    assert len(meanwhile) < 2 * 8  # those that were on their way
    assert 5 == world.asked("ListAccounts")
