"""The doctor's data: what was found here, and what was made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tray.core.model import Catalog, State

Verdict = Literal["ok", "note", "problem"]
"""``note``: works, but worth knowing; ``problem``: somebody has to do something."""

Quirk = Literal["colon", "upper-case", "two-defaults"]
"""How a config file may be written so that SDKs read different things (measured)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's screen."""

    area: str  # what it is about, a word or two
    verdict: Verdict
    sentence: str  # what was found
    remedy: str = ""  # what to type or do next, if anything


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One session."""

    key: str
    status: str  # as the menu says it
    state: State = "signed-in"
    renews: bool = True
    contested: bool = False  # another program keeps putting the refresh data back (K1)
    registration_ends_at: float | None = None  # seconds since the epoch; None: not known


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything that was found; None: it could not be found out.

    Args:
        now: seconds since the epoch.
        program: our version.
        unknown: what could not be checked, and why: area and a few words.
        daemon: ``running``, ``none``, ``mute`` (it does not answer) or ``elsewhere``: with
            other files or endpoints.
        daemon_program: the daemon's version; None: it does not say.
        no_tray: the daemon's sentence where no tray shows its icon.
        problems: those that the daemon or the files name.
        no_bus: why there is no session bus; None where there is one, or none is needed.
        hosts: whether there is a tray, and whether notices can be shown.
        keyring: ``ready``, ``locked``, ``absent``, or why it does not answer.
        keyring_name: what it is called.
        browser: whether a page can be opened, and why not.
        catalog: the config; with `config_problem` the refused one's sentence instead.
        config_place: the config file, for a sentence.
        settings: keys of each profile, for what SDKs make of them.
        quirks: how the config file is written, and in which line.
        calls: profiles that ask SSO Tray for credentials, and for which profile's; None stands
            for the active one.
        sessions: each session.
        skew: seconds by which AWS's clock is ahead; a sentence where AWS was not reached.
        environ: the environment.
        missing_files: variables that name a file which is not there.
        active: the active profile.
        applies: through what it takes effect.
        aws_cli: the version of the ``aws`` on PATH; empty: there is none.
        starts: autostart's status, whether the systemd unit is enabled, and whether there is an
            autostart entry, disabled or not.
        modes: paths that others may read.
        foreign: paths that belong to another user.
        unwritable: directories that cannot be written.
        locks: whether locks work in the state directory; a sentence where not.
    """

    now: float
    program: str = ""
    unknown: tuple[tuple[str, str], ...] = ()
    daemon: Literal["running", "none", "mute", "elsewhere"] | None = None
    daemon_program: str | None = None
    no_tray: str | None = None
    problems: tuple[str, ...] = ()
    no_bus: str | None = None
    hosts: tuple[bool, bool] | None = None
    keyring: str | None = None
    keyring_name: str = "the keyring"
    browser: tuple[bool, str] | None = None
    catalog: Catalog | None = None
    config_problem: str | None = None
    config_place: str = "~/.aws/config"
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    quirks: tuple[tuple[Quirk, int], ...] = ()
    calls: Mapping[str, str | None] = field(default_factory=dict)
    sessions: tuple[SessionFacts, ...] = ()
    skew: float | str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    missing_files: tuple[str, ...] = ()
    active: str | None = None
    applies: tuple[str, ...] = ()
    aws_cli: tuple[int, ...] | None = None
    starts: tuple[str, bool, bool] | None = None
    modes: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()
    locks: str | None = None


def ok(area: str, sentence: str) -> Finding:
    """Say that something works."""
    return Finding(area, "ok", sentence)


def note(area: str, sentence: str, remedy: str = "") -> Finding:
    """Say that something works, but is worth knowing."""
    return Finding(area, "note", sentence, remedy)


def problem(area: str, sentence: str, remedy: str = "") -> Finding:
    """Say that somebody has to do something."""
    return Finding(area, "problem", sentence, remedy)


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the gravest verdict."""
    verdicts = {one.verdict for one in findings}
    return "problem" if "problem" in verdicts else "note" if "note" in verdicts else "ok"
