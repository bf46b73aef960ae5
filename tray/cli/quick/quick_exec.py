"""``exec`` where the daemon has the credentials at hand."""

from __future__ import annotations

import os

from tray.cli.exec.becoming import become
from tray.cli.quick.quick_answers import environment


def execute(
    *,
    profile: str | None,
    endpoint: bool,
    command: tuple[str, ...],
    last_before: str | None,
    **more: str | bool | None,
) -> int | None:
    """Become the command; None if the whole of ``exec`` has to decide."""
    if (
        not any(more.values())
        and profile is None
        and last_before == command[0]
        and command[1:2] == ("--",)
    ):
        profile, command = command[0], command[2:]
    answer = None if endpoint or any(more.values()) or not command else environment(profile)
    if answer is None:
        return None
    given, _ = answer
    return become(command, given.applied_to(os.environ))
