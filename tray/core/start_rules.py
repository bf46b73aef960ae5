"""Whether a daemon may be started unasked, or for the command `start`: the first reason not to."""

from __future__ import annotations

from typing import Final, Literal

from tray.core import policy
from tray.values import dataclass

StartDaemon = Literal["auto", "never", "always"]
"""The setting. `always`: also as root, in a container, Flatpak or snap."""

Starter = Literal["person", "program", "start"]
"""`login` or `add`, typed; a program that wants credentials; the command `start`."""

Beside = Literal["elsewhere", "mute"]
"""A daemon that runs without acting for a command: with other files or endpoints, or silent."""

Obstacle = Literal[
    "home-of-another", "package", "setting", "option", "ci", "root", "container",
    "sandbox", "service", "other-host", "other-files", "quit", "never-started", "just-tried",
]  # fmt: skip

_HARD: Final[tuple[Obstacle, ...]] = ("home-of-another", "package")
_GUESSES: Final[tuple[Obstacle, ...]] = ("root", "container", "sandbox")


@dataclass(frozen=True, slots=True)
class Surroundings:
    setting: StartDaemon = "auto"
    option: bool = False  # `--no-daemon`
    home_of_another: bool = False  # the home directory is not this user's, as under `sudo`
    package: bool = False  # our package is being removed or upgraded
    ci: bool = False
    root: bool = False
    container: bool = False
    sandbox: bool = False  # Flatpak or snap
    service: bool = False  # a system service or cron, without a terminal
    other_host: bool = False  # another host's daemon keeps this home
    other_files: bool = False  # the last daemon here had other files or endpoints
    quit: bool = False  # the last daemon was ended by `quit`
    new_desktop: bool = False  # this desktop session began after that
    started_before: bool = False
    since_try: float | None = None  # seconds since a start was last tried


def obstacle(found: Surroundings, starter: Starter) -> Obstacle | None:
    """Return why no daemon may be started, or None."""
    held = found.quit and (starter == "program" or not found.new_desktop)
    reasons: dict[Obstacle, bool] = {
        "home-of-another": found.home_of_another,
        "package": found.package,
        "setting": found.setting == "never",
        "option": found.option,
        "ci": found.ci,
        "root": found.root,
        "container": found.container,
        "sandbox": found.sandbox,
        "service": found.service,
        "other-host": found.other_host,
        "other-files": found.other_files,
        "quit": held,
    }
    if starter == "program":
        recently = found.since_try is not None and 0 <= found.since_try < policy.START_AGAIN_AFTER
        reasons |= {"never-started": not found.started_before, "just-tried": recently}
    for reason, holds in reasons.items():
        if starter == "start" and reason not in _HARD:
            continue
        if found.setting == "always" and reason in _GUESSES:
            continue
        if holds:
            return reason
    return None
