from __future__ import annotations

from collections import Counter

from tests.core.story import DAY, HOUR, MINUTE, Story, token
from tray.core import events as ev
from tray.core.effects import StartJob
from tray.core.outcomes import Failed, Outcome, Refused


def kept() -> Story:
    """Tell of a signed-in session with its refresh data in the keyring."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    return story


def attempts_an_hour(times: list[float]) -> int:
    """Return how many attempts the busiest hour of the clock saw."""
    return max(Counter(int(at / HOUR) for at in times).values())


def test_fault_47_a_certificate_that_is_not_trusted() -> None:
    """It is said with its reason, and AWS is not stormed: once in five minutes at the most."""
    story, asked = kept(), list[float]()

    def untrusted(_: StartJob, at: float) -> Outcome:
        asked.append(at)
        return Failed("tls", "The certificate of portal.sso is not trusted.")

    story.run_until(6 * HOUR, untrusted)
    story.run_until(7 * HOUR, untrusted)

    assert "tls" == story.row().reason
    assert attempts_an_hour([at for at in asked if at > 2 * HOUR]) <= 40
    assert story.notices().count("renewal-failing") <= 1


def test_fault_48_a_dead_refresh_token_is_never_sent_again() -> None:
    """After AWS has refused it and the token has ended nobody asks, for as long as it lies."""
    story = kept()

    def refusing(start: StartJob, at: float) -> Outcome:
        return Refused("valid" if at < HOUR else "dead")

    story.run_until(2 * HOUR, refusing)
    asked = story.jobs()
    story.send(ev.SystemEvent("woke"))
    story.send(ev.SystemEvent("network-up"))
    story.run_until(3 * DAY, refusing)

    assert asked == story.jobs()
    assert 1 == asked.count("renew")
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_fault_54_an_error_nobody_knows() -> None:
    """It is answered with patience: attempts grow rarer, and the session stays."""
    story, asked = kept(), list[float]()

    def unknown(_: StartJob, at: float) -> Outcome:
        asked.append(at)
        return Failed("other", "AWS answered TeapotException (418).", answered=True)

    story.run_until(50 * MINUTE, unknown)

    assert ("renewal-failing", "other") == (story.row().state, story.row().reason)
    assert 5 < attempts_an_hour(asked) <= 40
