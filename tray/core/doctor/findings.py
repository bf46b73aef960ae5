"""The doctor's data: what was found, and the verdicts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tray.core.model import Catalog, State
from tray.core.notices.notice_servers import Buttons
from tray.core.profiles.guards import is_managed

Verdict = Literal["ok", "note", "problem"]
"""``note``: works, but worth knowing; ``problem``: the user has to act."""

Quirk = Literal[
    "colon",
    "upper-case",
    "indented",
    "quoted-name",
    "quoted-value",
    "two-defaults",
    "default-section",
    "url-beside-session",
    "account-in-session",
    "no-scopes",
    "other-scopes",
    "boolean",
    "tilde-bundle",
    "tilde-process",
    "loose-word",
    "unread-section",
    "shell-line",
    "portal-keys",
    "temporary-keys",
]
"""How a config file may be written so that clients read it differently (measured)."""


@dataclass(frozen=True, slots=True)
class Finding:
    area: str  # what it is about, a word or two
    verdict: Verdict
    sentence: str  # what was found
    remedy: str = ""  # what to type or do next, if anything


@dataclass(frozen=True, slots=True)
class SessionFacts:
    key: str
    status: str  # as the menu says it
    state: State = "signed-in"
    renews: bool = True
    contested: bool = False  # another program keeps putting the refresh data back (K1)
    registration_ends_at: float | None = None  # seconds since the epoch; None: not known


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was found; None: it could not be found out."""

    now: float  # seconds since the epoch
    program: str = ""  # our version
    unknown: tuple[tuple[str, str], ...] = ()  # area, and why it could not be checked
    # mute: it does not answer; elsewhere: with other files or endpoints; other-host: on that alone
    daemon: Literal["running", "none", "mute", "elsewhere", "other-host"] | None = None
    daemon_program: str | None = None  # its version; None: it does not say
    differing: tuple[str, ...] = ()  # variables of the network that the daemon has otherwise
    no_tray: str | None = None  # the daemon's sentence if no tray shows its icon
    problems: tuple[str, ...] = ()  # those that the daemon or the files name
    keyring_required: bool = False  # no refresh token in any file
    locked: Mapping[str, str] = field(default_factory=dict)  # an administrator's file by setting
    no_bus: str | None = None  # why there is no session bus; None if there is or none is needed
    # ``there``: a tray that does not tell what it shows; ``lost``: one that does not list our icon
    tray: Literal["none", "there", "ours", "lost"] | None = None
    # name of the notification service and its buttons; no name: not running, but can be started
    notices: tuple[str, Buttons] | Literal["none"] | None = None
    keyring: str | None = None  # ``ready``, ``locked``, ``absent``, or why it does not answer
    keyring_name: str = "the keyring"
    browser: tuple[bool, str] | None = None  # whether a page can be opened, and why not
    catalog: Catalog | None = None
    config_problem: str | None = None  # the refused config's sentence, without a catalog
    config_repeats: bool = False  # whether it is refused for a key or section that stands twice
    config_place: str = "~/.aws/config"
    # keys of each profile, for what SDKs make of them
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    in_credentials: Collection[str] = ()  # profiles with keys in the credentials file
    # sessions with a token file of another portal, and that portal's host
    elsewhere: tuple[tuple[str, str], ...] = ()
    # profiles of ``aws login``, and when their keys end (None: nobody is signed in)
    logins: Mapping[str, float | None] = field(default_factory=dict)
    # sessions that ~/.aws/config has, too, beside another config, and whether at the same portal
    shared: tuple[tuple[str, bool], ...] = ()
    # names of the settings with which a session is reached, by its key
    reached_by: tuple[tuple[str, tuple[str, ...]], ...] = ()
    quirks: tuple[tuple[Quirk, int], ...] = ()  # with their line
    # profiles that ask SSO Tray for credentials, and for which profile's (None: the active one)
    calls: Mapping[str, str | None] = field(default_factory=dict)
    sessions: tuple[SessionFacts, ...] = ()
    # seconds by which AWS's clock is ahead; a sentence where AWS was not reached
    skew: float | str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    missing_files: tuple[str, ...] = ()  # variables that name a missing file
    active: str | None = None
    guarded: tuple[str, ...] | None = ()  # patterns of guarded profiles
    applies: tuple[str, ...] = ()  # how the active profile takes effect
    aws_cli: tuple[int, ...] | None = None  # on PATH; empty: there is none
    # autostart's status, whether the systemd unit is enabled, whether there is an autostart entry,
    # disabled or not
    starts: tuple[str, bool, bool] | None = None
    modes: tuple[str, ...] = ()  # paths that others may read
    foreign: tuple[str, ...] = ()  # paths that belong to another user
    unwritable: tuple[str, ...] = ()  # directories
    locks: str | None = None  # whether locks work in the state directory; a sentence where not


def ok(area: str, sentence: str) -> Finding:
    return Finding(area, "ok", sentence)


def note(area: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(area, "note", sentence, remedy)


def problem(area: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(area, "problem", sentence, remedy)


def worst(findings: Iterable[Finding]) -> Verdict:
    verdicts = {one.verdict for one in findings}
    return "problem" if "problem" in verdicts else "note" if "note" in verdicts else "ok"


def written_by_people(facts: Facts, catalog: Catalog) -> dict[str, Mapping[str, object]]:
    """Return every profile without what we copied from the active one, which is named itself."""
    copied = facts.settings.get(facts.active or "", {}).items()
    return {
        name: {key: value for key, value in keys.items() if (key, value) not in copied}
        if is_managed(name, catalog.managed) and name != facts.active
        else keys
        for name, keys in facts.settings.items()
    }
