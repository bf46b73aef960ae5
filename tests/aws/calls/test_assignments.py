"""All accounts and roles: side by side, page by page, and as slowly as AWS wants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tray.aws.api.account_roles import OBEYED, SIDE_BY_SIDE, TRIES, RequestPacing, list_assignments
from tray.aws.api.clients import AwsClients
from tray.aws.api.portal import Portal
from tray.core.profiles.profile_planning import Assignment
from tray.errors import ServiceTrouble, TokenRejected
from tray.fake_aws.fake_options import DEFAULT_REGION, many_accounts
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret


class Hours(threading.Event):
    """An event that nobody sets while it is waited for: the wait is noted, and time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass at once."""
        assert timeout is not None
        self.waits.append(timeout)
        self.now += timeout
        return self.is_set()


def paced(hours: Hours, shake: float = 0.0) -> RequestPacing:
    """Return a pace by this clock."""
    return RequestPacing(hours, clock=lambda: hours.now, shake=lambda: shake)


def refused(times: int, retry_after: float | None) -> Callable[[], dict[str, int]]:
    """Return a question that is refused so many times."""
    asked: list[int] = []

    def ask() -> dict[str, int]:
        asked.append(1)
        if len(asked) <= times:
            raise ServiceTrouble("slow down", answered=True, retry_after=retry_after)
        return {"asked": len(asked)}

    return ask


@pytest.fixture
def portal(clients: AwsClients) -> Portal:
    """Give the service on the shared clients."""
    return Portal(clients)


@pytest.mark.parametrize(
    ("times", "retry_after", "shake", "waits"),
    [
        (0, None, 0.0, []),
        (2, 7.0, 0.0, [7.0, 7.0]),
        (1, 7.0, 1.0, [7.5]),
        (4, None, 0.0, [0.25, 0.5, 1.0, 2.0]),
        (2, None, 1.0, [1.0, 1.5]),
        (TRIES, None, 0.0, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]),
    ],
)
def test_slowing_down(
    times: int, retry_after: float | None, shake: float, waits: list[float]
) -> None:
    """What AWS asks for is waited, else twice as long each time; never less, a little more."""
    hours = Hours()

    answer = paced(hours, shake)(refused(times, retry_after))

    assert ({"asked": times + 1}, waits) == (answer, hours.waits)


@pytest.mark.parametrize(("times", "retry_after"), [(TRIES + 1, None), (1, OBEYED + 1)])
def test_patience_has_an_end(times: int, retry_after: float | None) -> None:
    """Who is sent away for good hears why."""
    with pytest.raises(ServiceTrouble, match="slow down"):
        paced(Hours())(refused(times, retry_after))


def test_the_others_wait_as_well() -> None:
    """One refusal is for all who ask."""
    hours = Hours()
    pace = paced(hours)

    def refused_and_gone() -> dict[str, int]:
        hours.set()  # who was told to wait is not there any more
        raise ServiceTrouble("slow down", answered=True, retry_after=30.0)

    with pytest.raises(ServiceTrouble, match="Listing cancelled"):
        pace(refused_and_gone)
    hours.clear()

    pace(refused(0, None))

    assert [30.0] == hours.waits


def test_every_role_of_every_account_in_order(center: IdentityCenter, portal: Portal) -> None:
    """Over pages of both kinds; a page that is refused is asked for again, not the whole list."""
    center.accounts = (
        many_accounts(250, tuple(f"Role{n:03}" for n in range(120)))[:3] + (many_accounts(250)[3:])
    )
    # The second page of accounts, and two pages of roles.
    slow = center.fault("ListAccounts", "throttle", times=1, seconds=0,
                        where=lambda _: center.count("ListAccounts") == 1)  # fmt: skip
    center.fault("ListAccountRoles", "throttle", times=2, seconds=0)
    told: list[tuple[int, int]] = []
    token = Secret(center.sign_in().access_token)

    found = list_assignments(
        portal, token, DEFAULT_REGION, progress=lambda *numbers: told.append(numbers)
    )

    assert (1, 3 * 120 + 247) == (slow.hits, len(found))
    assert list(found) == sorted(found)
    assert (
        Assignment("200000000000", "Role000", "account-0000", "aws+200000000000@example.com")
        == found[0]
    )
    assert [(number, 250) for number in range(251)] == told


def test_who_pauses_for_aws_is_woken(center: IdentityCenter, portal: Portal) -> None:
    """A listing that is given up ends at once, whatever AWS asked for."""
    center.accounts = many_accounts(50)
    slow = center.fault("ListAccountRoles", "throttle", times=None, seconds=100)
    token = Secret(center.sign_in().access_token)
    cancelled = threading.Event()

    with ThreadPoolExecutor(1) as pool:
        listing = pool.submit(list_assignments, portal, token, DEFAULT_REGION, cancelled=cancelled)
        slow.wait_hit()
        cancelled.set()

        with pytest.raises(ServiceTrouble, match="Listing cancelled"):
            listing.result(timeout=60)


def test_a_session_that_ends_meanwhile(center: IdentityCenter, portal: Portal) -> None:
    """It is no matter of patience, and no account is left out for it."""
    center.accounts = many_accounts(50)
    ended = center.fault("ListAccountRoles", "UnauthorizedException", times=None)
    token = Secret(center.sign_in().access_token)

    with pytest.raises(TokenRejected):
        list_assignments(portal, token, DEFAULT_REGION)

    assert ended.hits <= SIDE_BY_SIDE
