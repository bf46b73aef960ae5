"""Which state a session is in, and why (S5, S6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, HOUR, MINUTE, T0, Story, token
from tray.core import events as ev
from tray.core.model import Memory, Now, Preferences, Reason, SessionEnd, State
from tray.core.outcomes import Refused
from tray.core.session import Failing, Session, SignIn
from tray.core.sessions.session_states import reason_of, renews, state_of

TOKEN = token("a")
KEPT = Session(CORP, store="keyring", file_status="present", token=TOKEN, life=HOUR)
OFFLINE = Failing("offline", "No route.", 1, T0, T0 + 9)
SIGNING_IN = SignIn(1, "pkce", "resident", T0 + 600)


def ends_in(minutes: float, known: str = "exact") -> Memory:
    """Return the memory of a session whose end is known."""
    end = SessionEnd(T0 + minutes * MINUTE, known, "cause")  # type: ignore[arg-type] # a word of EndKnown
    return Memory(end=end)


STATES: list[tuple[str, Session, State, Reason | None, bool]] = [
    ("nothing was ever there", Session(CORP), "signed-out", None, False),
    ("kept in the keyring", KEPT, "signed-in", None, True),
    (
        "a full file of another program",
        replace(KEPT, store=None, token=replace(TOKEN, refreshable=True)),
        "signed-in",
        None,
        True,
    ),
    (
        "handed back, and renewed by whoever uses it",
        replace(KEPT, store="released", token=replace(TOKEN, refreshable=True)),
        "signed-in",
        None,
        True,
    ),
    (
        "eight hours that nothing renews",
        replace(KEPT, store=None, token=token("a", life=8 * HOUR)),
        "signed-in",
        None,
        False,
    ),
    (
        "the last half hour of what nothing renews",
        replace(KEPT, store=None, token=token("a", life=30 * MINUTE)),
        "ending",
        None,
        False,
    ),
    ("being signed in to", replace(KEPT, sign_in=SIGNING_IN), "signing-in", None, True),
    ("the end is 30 minutes away", replace(KEPT, memory=ends_in(30)), "ending", None, False),
    ("the end is 31 minutes away", replace(KEPT, memory=ends_in(31)), "signed-in", None, True),
    (
        "refused although the token lives on",
        replace(KEPT, memory=replace(ends_in(60), refused="a")),
        "ending",
        "refused",
        False,
    ),
    (
        "only our client is too old",
        replace(KEPT, without_refresh_token="a", notable="registration-expired"),
        "ending",
        "registration-expired",
        False,
    ),
    ("AWS says it is dead", replace(KEPT, over=True), "expired", "session-over", False),
    (
        "found dead before a restart",
        replace(KEPT, memory=replace(ends_in(-1), refused="a")),
        "expired",
        "session-over",
        False,
    ),
    (
        "past its time, to be renewed",
        replace(KEPT, token=token("a", -HOUR)),
        "expired",
        None,
        True,
    ),
    (
        "past its time and refused",
        replace(KEPT, token=token("a", -HOUR), memory=replace(ends_in(0), refused="a")),
        "expired",
        "session-over",
        False,
    ),
    (
        "past its time, offline",
        replace(KEPT, token=token("a", -HOUR), failing=OFFLINE),
        "expired",
        "offline",
        True,
    ),
    ("offline", replace(KEPT, failing=OFFLINE), "renewal-failing", "offline", True),
    (
        "the keyring is slow",
        replace(KEPT, notable="keyring-waiting"),
        "signed-in",
        "keyring-waiting",
        True,
    ),
    (
        "a damaged file",
        replace(KEPT, file_status="bad", bad=ev.FileBad("bad-file", "It is bad.")),
        "unreadable",
        "bad-file",
        True,
    ),
    (
        "a file being written",
        replace(KEPT, file_status="torn", torn_reads=8),
        "signed-in",
        None,
        True,
    ),
    (
        "a file cut for good",
        replace(KEPT, file_status="torn", torn_reads=9),
        "unreadable",
        "torn-file",
        True,
    ),
    (
        "signed out by another program",
        Session(CORP, store="keyring", memory=Memory(removed="a")),
        "signed-out",
        "removed",
        False,
    ),
]


@pytest.mark.parametrize(
    ("session", "state", "reason", "by_itself"),
    [row[1:] for row in STATES],
    ids=[row[0] for row in STATES],
)
def test_state_reason_and_whether_it_renews(
    session: Session, state: State, reason: Reason | None, by_itself: bool
) -> None:
    """Every state of S5 has its reason of S6, and says truly whether it goes on by itself."""
    now, settings = Now(T0, 0), Preferences()

    found = (
        state_of(session, settings, now),
        reason_of(session, settings, now),
        renews(session, settings, now),
    )

    assert (state, reason, by_itself) == found


def test_a_guess_makes_no_state() -> None:
    """A learnt end only words the row (S5)."""
    memory = Memory(started_at=T0 - 8 * HOUR + 10 * MINUTE, lengths=(8 * HOUR,))
    story = Story(stores={"corp": "keyring"}, memories={"corp": memory})

    story.file(token(life=5 * MINUTE))

    assert ("signed-in", "learnt") == (story.row().state, story.row().session_end_known)


def test_torn_is_not_signed_out() -> None:
    """An empty or cut file is read again 8 times, 250 ms apart, and keeps its state (K3)."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())

    delays = [getattr(one, "delay", None) for _ in range(9) for one in story.file(ev.FileTorn())]

    assert [0.25] * 8 == delays
    assert ("unreadable", "torn-file") == (story.row().state, story.row().reason)


def test_an_unreadable_file_is_left_alone() -> None:
    """Nobody but a sign-in writes a file that cannot be read (fault 4)."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.file(ev.FileBad("bad-file", "It is bad."))

    story.run_until(3 * HOUR)

    assert [] == story.jobs()
    assert story.row().next_attempt_at is None


def test_nothing_is_asked_about_an_unreadable_file() -> None:
    """An unconfirmed refusal waits, too, until the file can be read again."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(29.9 * MINUTE, lambda _s, _a: Refused("unreachable"))
    before = story.jobs()

    story.file(ev.FileBad("bad-file", "It is bad."))
    story.run_until(50 * MINUTE, lambda _s, _a: Refused("unreachable"))

    assert before == story.jobs()


def test_a_good_file_ends_the_trouble_with_a_bad_one() -> None:
    """What makes a session unreadable is forgotten as soon as the file can be read."""
    story = Story(stores={"corp": "keyring"})
    story.file(ev.FileBad("no-permission", "It may not be read."))

    story.file(token())

    assert ("signed-in", None) == (story.row().state, story.row().reason)
