"""What is known of the end of a sign-in session (G1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from tests.core.story import HOUR, MINUTE, T0, Answer, Story, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory, Preferences
from tray.core.outcomes import Adopted, Outcome, PortalChecked, Refused, Renewed


def kept(**memory: object) -> Story:
    """Return a story of a session in the keyring, with something remembered of it."""
    remembered = replace(Memory(), **memory)  # type: ignore[arg-type] # named by the tests below
    story = Story(stores={"corp": "keyring"}, memories={"corp": remembered})
    story.file(token())
    return story


def known(story: Story) -> tuple[str, float | None]:
    """Return how well the end is known, and when it is, seconds into the story."""
    row = story.row()
    at = row.session_ends_at
    return row.session_end_known, None if at is None else round(at - T0)


def test_nothing_is_known_at_first() -> None:
    """Without evidence the screen says "renews itself" and no end."""
    assert ("no", None) == known(kept())


@pytest.mark.parametrize(
    ("life", "ends_at"),
    [(HOUR, 2.2 * HOUR), (HOUR, 89 * MINUTE), (12 * MINUTE, 47 * MINUTE), (60.0, 1000.0)],
)
def test_a_shortened_token_shows_the_end(life: float, ends_at: float) -> None:
    """A token cut short by the session's end tells that end exactly, before it comes."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(life=life))

    story.run_until(ends_at - life * 0.2, renewing(life, ends_at))

    assert ("exact", round(ends_at)) == known(story)
    assert story.row().state == "ending"


def test_a_known_end_is_warned_about_and_asked_about_once() -> None:
    """A natural end: two warnings before it, one refresh to decide at it, one notice after it."""
    story = kept()

    story.run_until(5 * HOUR, renewing(ends_at=2.2 * HOUR))

    assert ["ending", "ending", "expired"] == story.notices()
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


@pytest.mark.parametrize("ends_at", [15.0, 16.0, 17.0, 18.5, 20.0])
def test_a_last_token_of_seconds_puts_off_no_end(ends_at: float) -> None:
    """The life of a token cut short by the session's end measures no allowance (R5)."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(life=8))

    story.run_until(ends_at + 20, renewing(8, ends_at))

    assert "expired" == story.notices()[-1]
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_ever_shorter_tokens_do_not_make_us_hammer() -> None:
    """Zeno's session, each token half as long as the last, is asked about with measure (R5)."""
    story = kept()
    lives = iter([HOUR / 2**n for n in range(1, 60)])

    def zeno(start: fx.StartJob, at: float) -> Outcome:
        return Renewed(token(f"z{start.attempt}", at, next(lives)), "keyring")

    story.run_until(2 * HOUR, zeno)

    assert len(story.jobs()) <= 30


def test_shorter_lives_from_now_on_are_no_end() -> None:
    """Where an administrator shortens all tokens, the next one proves the end wrong."""
    story = kept()

    story.run_until(30 * MINUTE, renewing(15 * MINUTE))
    suspected = known(story)
    story.run_until(2 * HOUR, renewing(15 * MINUTE))

    assert "exact" == suspected[0]
    assert ("no", None) == known(story)
    assert {} == dict(story.state.shown)
    assert story.row().state == "signed-in"


def test_one_minute_tokens_are_renewed_again_and_again() -> None:
    """Tokens of a minute are renewed at half their life and never mistaken for too many (R5)."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(life=60))

    story.run_until(20 * MINUTE, renewing(60))

    assert 20 * 2 <= len(story.jobs()) <= 20 * 2.3
    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_a_set_end_counts_from_a_true_start() -> None:
    """What the user set is used where the start is known, and makes the state (S5)."""
    story = kept(started_at=T0 - 7.6 * HOUR)

    story.send(ev.PreferencesRead(Preferences(session_lengths=(("corp", 8 * HOUR),))))

    assert ("set", round(0.4 * HOUR)) == known(story)
    assert ("ending", False) == (story.row().state, story.row().renews)


def test_a_set_end_is_proven_wrong_by_a_later_token() -> None:
    """A session that is still renewed after the end the user has set is not called ending."""
    story = kept(started_at=T0 - 7.6 * HOUR)
    story.send(ev.PreferencesRead(Preferences(session_lengths=(("corp", 8 * HOUR),))))

    story.run_until(0.4 * HOUR + 61, renewing())

    assert ("no", None) == known(story)
    assert ("signed-in", True) == (story.row().state, story.row().renews)


def test_a_learnt_end_is_a_guess_that_facts_remove() -> None:
    """The median of seen lengths is shown until a token outlives it, and forgotten after that."""
    story = kept(started_at=T0 - 6 * HOUR, lengths=(8 * HOUR, 5 * HOUR, 9 * HOUR))
    guess = known(story)

    story.run_until(0.6 * HOUR, renewing())
    without_the_shortest = known(story)
    story.run_until(2.4 * HOUR, renewing())
    outlived = known(story)
    story.run_until(3.7 * HOUR, renewing())

    assert ("learnt", 2 * HOUR) == guess
    assert ("learnt", 2.5 * HOUR) == without_the_shortest
    assert ("no", None) == outlived
    assert () == story.session().memory.lengths


def refused(portal: str) -> Answer:
    """Return an AWS that refuses every renewal."""
    return lambda _start, _at: Refused(portal)  # type: ignore[arg-type] # a word of Refused


def test_a_length_is_learnt_from_a_natural_end() -> None:
    """A session whose start was true and whose end was seen teaches its length."""
    story = kept(started_at=T0 - 7 * HOUR)

    story.run_until(0.6 * HOUR, refused("valid"))

    assert (8 * HOUR,) == story.session().memory.lengths


def test_a_length_is_learnt_from_a_shortened_token() -> None:
    """So does an end that only shortened tokens showed, once it has come."""
    story = kept(started_at=T0 - 7 * HOUR)

    story.run_until(3 * HOUR, renewing(ends_at=1.4 * HOUR))

    assert [round(8.4 * HOUR)] == [round(one) for one in story.session().memory.lengths]


@pytest.mark.parametrize("sleep", [0.6 * HOUR, 70 * HOUR])
def test_nothing_is_learnt_from_a_sign_out_or_a_weekend(sleep: float) -> None:
    """A revoked session and one that ended while the machine slept teach no length."""
    story = kept(started_at=T0 - 7 * HOUR)

    story.time = sleep
    story.send(ev.Tick())
    story.answer(Refused("dead"))

    assert () == story.session().memory.lengths
    assert "expired" == story.row().state


def test_a_sign_in_after_an_end_truly_starts_a_session() -> None:
    """After a natural end, seen or slept through, the next sign-in starts the clock (2)."""
    story = kept(started_at=T0 - 7 * HOUR)
    story.run_until(3 * HOUR, renewing(ends_at=1.4 * HOUR))

    story.sign_in(token("new", 3 * HOUR))

    assert T0 + 3 * HOUR == story.session().memory.started_at


def test_a_sign_in_within_a_session_inherits_its_end() -> None:
    """A plain sign-in while AWS's session lives changes neither its start nor its known end."""
    story = kept(started_at=T0 - 7 * HOUR)
    story.run_until(2 * HOUR, renewing(ends_at=2.2 * HOUR))

    story.send(ev.SignInRequested("corp", afresh=False))
    attempt = story.session().sign_in
    assert attempt is not None
    new = token("new", 2 * HOUR, 0.2 * HOUR)
    story.send(ev.SignedIn("corp", attempt.attempt, new, "keyring"))

    assert T0 - 7 * HOUR == story.session().memory.started_at
    assert ("exact", round(2.2 * HOUR)) == known(story)


def test_a_sign_in_afresh_forgets_the_old_end() -> None:
    """Signing in afresh truly restarts the clock (L9)."""
    story = kept(started_at=T0 - 7 * HOUR)
    story.run_until(2 * HOUR, renewing(ends_at=2.2 * HOUR))

    story.sign_in(token("new", 2 * HOUR), afresh=True)

    assert ("no", None) == known(story)
    assert T0 + 2 * HOUR == story.session().memory.started_at


def test_a_sign_in_with_an_old_client_starts_nothing() -> None:
    """Where only our registration had expired AWS's session lives on, and so does its start."""
    story = kept(started_at=T0 - 7 * HOUR)
    story.run_until(0.6 * HOUR, lambda _s, _a: Refused("valid", "registration-expired"))

    story.sign_in(token("new", 0.6 * HOUR))

    assert T0 - 7 * HOUR == story.session().memory.started_at
    assert () == story.session().memory.lengths


@pytest.mark.parametrize(
    ("first", "state"), [("dead", "expired"), ("unreachable", "expired"), ("valid", "ending")]
)
def test_an_old_client_says_nothing_of_the_session(
    first: Literal["valid", "dead", "unreachable"], state: str
) -> None:
    """R4: the portal does, and is asked again until it has."""
    story = kept()
    story.run_until(0.6 * HOUR, lambda _s, _a: Refused(first, "registration-expired"))
    asked = story.jobs().count("check")
    if first == "unreachable":
        story.run_until(0.9 * HOUR, lambda _s, _a: PortalChecked("a", "unreachable"))
        asked = story.jobs().count("check")
        story.run_until(0.99 * HOUR, lambda _s, _a: PortalChecked("a", "dead"))

    assert (first == "unreachable") == (asked > 2)
    assert state == story.row().state


def test_another_programs_sign_in_after_a_refusal_is_a_true_start() -> None:
    """``aws sso login`` heals a refused session, and its clock starts there."""
    story = kept()
    story.run_until(0.6 * HOUR, refused("valid"))

    story.file(token("cli", 0.6 * HOUR, refreshable=True), 0.6 * HOUR)
    story.answer(Adopted(token("cli", 0.6 * HOUR), "keyring"))

    assert ("signed-in", None, True) == (
        story.row().state,
        story.row().reason,
        story.row().renews,
    )
    assert T0 + 0.6 * HOUR == story.session().memory.started_at


def test_a_refusal_before_a_restart_makes_the_next_sign_in_a_true_start() -> None:
    """The clock starts with the token found after a restart, if the one before was refused."""
    story = kept(started_at=T0 - 7 * HOUR)
    story.run_until(0.6 * HOUR, refused("valid"))

    again = Story(stores={"corp": "keyring"}, memories=story.kept(), start=0.9 * HOUR)
    again.file(token("cli", 0.8 * HOUR))

    assert T0 + 0.8 * HOUR == again.session().memory.started_at
    assert ("learnt", round(8.8 * HOUR)) == known(again)


def test_a_refusal_survives_a_restart() -> None:
    """What was found dead is still so for the next run, unless the keyring has a newer token."""
    story = kept()
    story.run_until(0.6 * HOUR, refused("dead"))

    again = Story(stores={"corp": "keyring"}, memories=story.kept(), start=0.7 * HOUR)
    again.file(token())
    again.answer(Renewed(token(), "keyring", by_us=False))

    assert ("expired", "session-over") == (again.row().state, again.row().reason)
    assert ["adopt"] == again.jobs()
    assert [] == again.notices()
