"""Sentences read as a person would say them: plain, short, with the place and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import get_args

import pytest

from tests.core.story import MINUTE, T0, Story, token
from tray.core.model import Now, Reason
from tray.core.text import notice_text, sentences
from tray.core.text.shell_commands import sign_in_first
from tray.core.views.view import SessionRow

ZONE = timezone(timedelta(hours=1))
NOW = Now(T0, 0, ZONE)
QUARTER = T0 + 15 * MINUTE


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (45, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (899.6, "15 min"),
        (7100, "118 min"),
        (11_100, "3 h 05 min"),
        (3 * 86_400 + 7000, "3 days"),
    ],
)
def test_span(seconds: float, words: str) -> None:
    """Lengths of time are rounded as people round them."""
    assert words == sentences.span(seconds)


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (T0, ZONE, "09:00"),
        (T0, None, "08:00Z"),
        (1e300, None, "an unknown time"),
        (float("inf"), ZONE, "an unknown time"),
    ],
)
def test_clock(at: float, zone: timezone | None, words: str) -> None:
    """A time of day is the reader's, or says that it is UTC."""
    assert words == sentences.clock(at, zone)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "s0"), (2, "s0 and s1"), (4, "s0, s1, s2 and s3"), (40, "s0, s1, s2, s3 and 36 more")],
)
def test_names(count: int, words: str) -> None:
    """A few are named, many are counted."""
    assert words == sentences.names([f"s{number}" for number in range(count)])


def row(**changes: object) -> SessionRow:
    """Return the row of a healthy session, changed."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    return replace(story.row(), **changes)  # type: ignore[arg-type] # members of SessionRow


def test_where_no_daemon_tries_again_the_command_is_named() -> None:
    """C3: a command without a daemon promises no try of its own."""
    failing = row(state="renewal-failing", reason="offline", token_expires_at=QUARTER)

    assert (
        "can't renew: can't reach AWS (works for 15 min, to try again, run: sso-tray renew)"
    ) == sentences.status(failing, T0, standalone=True)


ROWS: list[tuple[SessionRow, str]] = [
    (row(), "corp: signed in, renews itself"),
    (
        row(session_began_at=T0 - 3600),
        "corp: signed in, renews itself · session began 08:00",
    ),
    (
        row(session_began_at=T0 - 86400),
        "corp: signed in, renews itself · session began Thu 09:00",
    ),
    (
        row(session_began_at=T0 - 9 * 86400),
        "corp: signed in, renews itself · session began 6 Jan",
    ),
    (
        row(session_ends_at=T0 + 9 * 3600, session_end_known="learnt"),
        "corp: signed in, ends by about 18:00",
    ),
    (
        row(session_ends_at=T0 + 9 * 3600, session_end_known="set"),
        "corp: signed in until 18:00",
    ),
    (row(renews=False), "corp: signed in until 10:00"),
    (
        row(reason="keyring-waiting"),
        "corp: signed in, renews itself (keyring not responding)",
    ),
    (row(state="ending", session_ends_at=QUARTER), "corp: ends at 09:15 (15 min left)"),
    (
        row(state="ending", session_ends_at=QUARTER, reason="refused"),
        "corp: ends at 09:15 (15 min left): AWS won't renew it",
    ),
    (row(state="ending", session_ends_at=T0 - 5), "corp: ending now"),
    (
        row(
            state="renewal-failing",
            reason="offline",
            token_expires_at=QUARTER,
            next_attempt_at=T0 + 30,
        ),
        "corp: can't renew: can't reach AWS (works for 15 min, next try in 30 s)",
    ),
    (
        row(state="renewal-failing", reason="tls", token_expires_at=QUARTER, next_attempt_at=None),
        "corp: can't renew: server certificate not trusted (works for 15 min, trying now)",
    ),
    (
        row(state="expired", reason="session-over", renews=False),
        "corp: session expired – sign in again",
    ),
    (
        row(state="expired", reason="offline", next_attempt_at=T0 + 240),
        "corp: expired: can't reach AWS (next try in 4 min)",
    ),
    (
        row(state="unreadable", reason="bad-file"),
        "corp: token file damaged – sign in to replace it",
    ),
    (row(state="signed-out"), "corp: signed out"),
    (row(state="signed-out", reason="removed"), "corp: signed out, its token file was removed"),
    (
        row(state="signing-in", sign_in_deadline=T0 + 570, user_code="ABCD-EFGH"),
        "corp: signing in – confirm code ABCD-EFGH in the browser (10 min left)",
    ),
    (
        row(state="signing-in", sign_in_deadline=T0 + 90),
        "corp: signing in – finish in the browser (90 s left)",
    ),
]


@pytest.mark.parametrize(("session", "words"), ROWS, ids=[words for _, words in ROWS])
def test_row(session: SessionRow, words: str) -> None:
    """A session in a line: state, time, why, and what happens or helps next."""
    assert words == sentences.row(session, T0, ZONE)


NOTICES: list[tuple[tuple[str, str], tuple[str, str]]] = [
    (
        notice_text.ending_notice("corp", QUARTER, NOW, afresh=True),
        (
            'Your AWS session "corp" ends at 09:15',
            "15 minutes left. Sign in again to start a new session; this one ends at once.",
        ),
    ),
    (
        notice_text.ending_notice("corp", QUARTER, NOW, afresh=False),
        (
            'Your AWS session "corp" ends at 09:15',
            "15 minutes left. Sign in again to keep working.",
        ),
    ),
    (
        notice_text.ending_notice("corp", T0, NOW, afresh=False),
        (
            'Your AWS session "corp" ends at 09:00',
            "Less than a minute left. Sign in again to keep working.",
        ),
    ),
    (
        notice_text.expired_notice("corp", "session-over"),
        ('Your AWS session "corp" has expired', "Sign in again to keep working."),
    ),
    (
        notice_text.expired_notice("corp", "removed"),
        ("Signed out of corp", "Its token file was removed."),
    ),
    (
        notice_text.failing_notice("corp", "offline", "No route to oidc.", QUARTER, NOW),
        (
            "corp can't be renewed",
            "AWS can't be reached. It works until 09:15, and SSO Tray keeps trying.",
        ),
    ),
    (
        notice_text.failing_notice(
            "corp", "tls", "The certificate of oidc is not trusted.", T0, NOW
        ),
        (
            "corp can't be renewed",
            "The certificate of oidc is not trusted. If your network inspects traffic, set "
            "AWS_CA_BUNDLE to its certificate. It has expired; SSO Tray will renew it as soon as "
            "possible.",
        ),
    ),
    (
        notice_text.keyring_notice("keyring-locked", ("corp", "lab")),
        (
            "The keyring is locked",
            "Unlock it so that corp and lab can be renewed.",
        ),
    ),
    (
        notice_text.keyring_notice("keyring-denied", ("corp",)),
        (
            "The keyring denied access",
            "Allow SSO Tray to use it; otherwise corp can't be renewed.",
        ),
    ),
    (
        notice_text.keyring_notice("keyring-absent", ("corp",)),
        (
            "The keyring isn't available",
            "Start it or sign in again; otherwise corp can't be renewed.",
        ),
    ),
    (
        notice_text.config_notice("~/.aws/config, line 3: no section."),
        (
            "The AWS config can't be read",
            "~/.aws/config, line 3: no section. The last good version stays in use.",
        ),
    ),
    (
        notice_text.adopted_notice("corp"),
        (
            "The keyring now holds the refresh token of corp",
            "It was removed from the token file. The AWS CLI works as before.",
        ),
    ),
    (
        notice_text.group_notice("renewal-failing", [("corp", QUARTER), ("lab", QUARTER)], NOW),
        ("2 AWS sessions can't be renewed", "SSO Tray keeps trying: corp and lab."),
    ),
    (
        notice_text.group_notice("adopted", [("corp", None), ("lab", None)], NOW),
        (
            "The keyring now holds the refresh tokens of 2 sessions",
            "Those of corp and lab were removed from the token files.",
        ),
    ),
]


@pytest.mark.parametrize(("found", "words"), NOTICES, ids=[words[0] for _, words in NOTICES])
def test_notice(found: tuple[str, str], words: tuple[str, str]) -> None:
    """A notice says what happens and when, then what to do."""
    assert words == found


def test_every_reason_has_words() -> None:
    """S6: no reason is left without a phrase of its own."""
    assert set(get_args(Reason)) == set(sentences.REASONS)
    assert len(sentences.REASONS) == len(set(sentences.REASONS.values()))


def test_quitting_says_until_when_the_cli_works() -> None:
    """K7: plain Quit says until when the AWS CLI goes on working."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())

    assert (
        "SSO Tray has quit. The AWS CLI keeps working with corp until 10:00."
        == sentences.quitting(story.state, NOW)
    )
    assert "SSO Tray has quit." == sentences.quitting(story.state, Now(T0 + 7200, 0))


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\u202eb", "x" * 10_000, "a\nb"])
def test_names_of_strangers_are_harmless(name: str) -> None:
    """T12: whatever a config calls a session, a sentence stays one printable line."""
    line = sentences.row(row(name=name), T0)
    title, body = notice_text.expired_notice(name, None)

    assert all(words.isprintable() for words in (line, title, body, sign_in_first(name)))
    assert len(line) < 200
