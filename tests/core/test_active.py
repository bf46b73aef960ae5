"""Whose ``AWS_PROFILE`` it is that stands in an environment."""

from __future__ import annotations

import pytest

from tray.core.profiles.guards import is_guarded, shell_follows


@pytest.mark.parametrize(
    ("exported", "by_the_hook", "follows"),
    [
        ("dev", "dev", True),
        (None, "", True),
        (None, " ", True),
        ("dev", None, False),
        (None, None, False),
        ("far", "dev", False),
        ("", "dev", False),
        ("dev", "", False),
        ("", "", False),
        (None, "dev", False),
    ],
)
def test_a_shell_follows_while_its_profile_is_the_hooks(
    exported: str | None, by_the_hook: str | None, follows: bool
) -> None:
    """A2: what a person put in place of it, even nothing at all, is theirs; a blank is none."""
    named = {"AWS_PROFILE": exported, "SSO_TRAY_SHELL": by_the_hook}

    assert follows == shell_follows({name: to for name, to in named.items() if to is not None})


@pytest.mark.parametrize(
    ("name", "guard", "guarded"),
    [
        ("Production-ReadOnly", ("*prod*",), True),
        ("production", ("*PROD*",), True),
        ("dev", ("*prod*",), False),
        ("dev", (), False),
    ],
)
def test_a_guard_has_no_case(name: str, guard: tuple[str, ...], guarded: bool) -> None:
    """A7: the names that AWS gives and those that people write differ in it."""
    assert guarded == is_guarded(name, guard)
