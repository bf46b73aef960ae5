"""Favourites from the command line: ``profiles --star``."""

from __future__ import annotations

from tests.cli.stage import Stage
from tray.storage.remembered_file import read_remembered


def names(stage: Stage, *options: str) -> list[str]:
    """Return which profiles are listed."""
    return [row["name"] for row in stage.tray("profiles", *options, "--json").json()["profiles"]]


def test_a_star_is_set_listed_and_taken_back(stage: Stage) -> None:
    """In the order in which they were set; the words of a script are exact names."""
    every = names(stage)
    first, second = every[1], every[0]

    starred = [stage.tray("profiles", "--star", name) for name in (first, second)]
    listed = names(stage, "--star")
    dropped = stage.tray("profiles", "--unstar", first)
    left = names(stage, "--star")
    unknown = stage.tray("profiles", "--star", "nothing-of-the-kind")

    assert [0, 0] == [one.code for one in starred], starred
    assert f'"{first}" is a favourite.\n' == starred[0].out
    assert [first, second] == listed
    assert (0, f'"{first}" is no favourite.\n') == (dropped.code, dropped.out)
    assert [second] == left
    assert 2 == unknown.code
    assert every == names(stage)


def test_a_star_whose_profile_is_gone_can_be_dropped(stage: Stage) -> None:
    """It is listed nowhere, and takes no place."""
    name = names(stage)[0]
    stage.tray("profiles", "--star", name)
    stage.config.write_text("[profile other]\nregion = eu-west-1\n")

    listed = names(stage, "--star")
    dropped = stage.tray("profiles", "--unstar", name)

    assert [] == listed
    assert 0 == dropped.code


def test_a_star_needs_a_name(stage: Stage) -> None:
    """``--unstar`` alone, and both at once, are not understood."""
    assert [2, 2] == [
        stage.tray("profiles", "--unstar").code,
        stage.tray("profiles", "--star", "--unstar", "x").code,
    ]


def test_what_was_used_is_remembered_with_and_without_a_daemon(either: Stage) -> None:
    """The latest comes first, once; a profile that is active already is not used anew."""
    for name in ("dev", "far", "dev", "dev"):
        assert 0 == either.tray("use", name).code

    either.until(lambda: read_remembered(either.state).recent == (("dev",), ("far",)))


def test_a_damaged_list_keeps_nobody_from_switching(stage: Stage) -> None:
    """It is left as it is, and the profile is active."""
    stage.state.mkdir(parents=True, mode=0o700)
    damaged = stage.state / "roles.json"
    damaged.write_text("{")

    assert 0 == stage.tray("use", "dev").code
    assert "dev" in stage.tray("use").out
    assert "{" == damaged.read_text()


def test_a_console_that_was_opened_is_remembered(stage: Stage) -> None:
    """Of a profile or of a bare role; one that is only printed is not."""
    stage.tray("console", "dev", "--print")
    assert () == read_remembered(stage.state).recent

    stage.tray("console", "dev")
    stage.tray("console", "--session", "corp", "--account", "123456789011", "--role", "ReadOnly")

    assert (("corp", "123456789011", "ReadOnly"), ("dev",)) == read_remembered(stage.state).recent
