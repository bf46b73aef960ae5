from __future__ import annotations

from dataclasses import replace

import pytest

from tray.core.start_rules import Obstacle, StartDaemon, Starter, Surroundings, obstacle

USUAL = Surroundings(started_before=True)

REASONS: list[tuple[Surroundings, Obstacle]] = [
    (replace(USUAL, home_of_another=True), "home-of-another"),
    (replace(USUAL, package=True), "package"),
    (replace(USUAL, setting="never"), "setting"),
    (replace(USUAL, option=True), "option"),
    (replace(USUAL, ci=True), "ci"),
    (replace(USUAL, root=True), "root"),
    (replace(USUAL, container=True), "container"),
    (replace(USUAL, sandbox=True), "sandbox"),
    (replace(USUAL, service=True), "service"),
    (replace(USUAL, other_host=True), "other-host"),
    (replace(USUAL, other_files=True), "other-files"),
    (replace(USUAL, quit=True), "quit"),
]


@pytest.mark.parametrize("starter", ["person", "program"])
def test_where_all_is_usual_a_daemon_is_started(starter: Starter) -> None:
    """A daemon starts when a sign-in is typed, or when a program wants credentials."""
    assert obstacle(USUAL, starter) is None


@pytest.mark.parametrize("starter", ["person", "program"])
@pytest.mark.parametrize(("found", "reason"), REASONS)
def test_where_one_thing_is_in_the_way_none_is_started(
    found: Surroundings, reason: Obstacle, starter: Starter
) -> None:
    """Each of these alone keeps a daemon from being started unasked."""
    assert reason == obstacle(found, starter)


@pytest.mark.parametrize(("found", "reason"), REASONS)
def test_the_command_start_stops_only_at_what_would_do_harm(
    found: Surroundings, reason: Obstacle
) -> None:
    """Who types `start` means it, but never in another's home or while the package changes."""
    hard = reason in ("home-of-another", "package")

    assert (reason if hard else None) == obstacle(found, "start")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(USUAL, root=True), None),
        (replace(USUAL, container=True), None),
        (replace(USUAL, sandbox=True), None),
        (replace(USUAL, service=True), "service"),
        (replace(USUAL, ci=True), "ci"),
        (replace(USUAL, quit=True), "quit"),
        (replace(USUAL, package=True), "package"),
    ],
)
def test_always_overrides_what_is_only_guessed(
    found: Surroundings, reason: Obstacle | None
) -> None:
    """`start_daemon = "always"` is for who lives in a container or as root."""
    setting: StartDaemon = "always"

    assert reason == obstacle(replace(found, setting=setting), "person")


@pytest.mark.parametrize(
    ("found", "starter", "reason"),
    [
        (replace(USUAL, quit=True, new_desktop=True), "person", None),
        (replace(USUAL, quit=True, new_desktop=True), "program", "quit"),
        (replace(USUAL, started_before=False), "person", None),
        (replace(USUAL, started_before=False), "program", "never-started"),
        (replace(USUAL, since_try=59.0), "person", None),
        (replace(USUAL, since_try=59.0), "program", "just-tried"),
        (replace(USUAL, since_try=60.0), "program", None),
        (replace(USUAL, since_try=-5.0), "program", None),
    ],
)
def test_a_program_starts_one_only_after_a_person(
    found: Surroundings, starter: Starter, reason: Obstacle | None
) -> None:
    """`quit` holds for programs until a person starts one; they try once a minute."""
    assert reason == obstacle(found, starter)
