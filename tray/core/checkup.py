"""
What is wrong here and what to do about it, as data: the judgements behind ``doctor``. Pure.

Facts are gathered elsewhere, each by itself; one that could not be had is None and is judged as
little as it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tray.core.active import shell_follows
from tray.core.commands import login_command, quoted
from tray.core.model import Catalog
from tray.core.words import clean, session_name

Verdict = Literal["ok", "note", "problem"]
"""``note``: works, but worth knowing; ``problem``: somebody has to do something."""

OLDEST_CLI: Final = {1: (1, 27, 10), 2: (2, 9)}
"""The AWS CLIs that first read ``[sso-session]`` (protocol.md 1; botocore 1.29.10)."""
CLOCK_SLACK: Final = 60.0
REGISTRATION_SOON: Final = 7 * 86400.0

_JS_NAME: Final = re.compile(r"[\w\-@+.%:/]+", re.ASCII)
_STATIC: Final = frozenset({"aws_access_key_id", "aws_secret_access_key"})
_SHADOWS: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One line of the doctor's screen.

    Args:
        area: what it is about, a word or two.
        verdict: how it stands.
        sentence: what was found.
        remedy: what to type or do next; empty where there is nothing to do.
    """

    area: str
    verdict: Verdict
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """
    One session.

    Args:
        key: of the session.
        words: how it is, in the tray's own words.
        needs_person: whether only a person can help.
        problem: why nobody can sign in to it.
        contested: another program keeps putting the refresh data back (K1).
        registration_ends_at: seconds since the epoch; None: not known.
    """

    key: str
    words: str
    needs_person: bool = False
    problem: str | None = None
    contested: bool = False
    registration_ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything that was found; None: it could not be found out.

    Args:
        now: seconds since the epoch.
        resident: ``running``, ``none`` or ``elsewhere``: with other files or endpoints.
        problems: what the resident or the files tell.
        hosts: whether there is a tray, and whether notices can be shown.
        keyring: ``ready``, ``locked``, ``absent``, or why it does not answer.
        browser: whether a page can be opened, and why not.
        catalog: the config; with `config_problem` the refused one's sentence instead.
        settings: keys of each profile, for what SDKs make of them.
        sessions: each session.
        skew: seconds by which AWS's clock is ahead; a sentence where AWS was not reached.
        environ: the environment.
        missing_files: variables that name a file which is not there.
        active: the active profile.
        applies: through what it takes effect.
        aws_cli: the version of the ``aws`` on PATH; None: there is none.
        starts: how autostart stands, and whether a systemd unit starts the program, too.
        modes: paths that others may read, with what they are.
        locks: whether locks work in the state directory; a sentence where not.
    """

    now: float
    resident: Literal["running", "none", "elsewhere"] = "none"
    problems: tuple[str, ...] = ()
    hosts: tuple[bool | None, bool | None] = (None, None)
    keyring: str | None = None
    browser: tuple[bool, str] | None = None
    catalog: Catalog | None = None
    config_problem: str | None = None
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    sessions: tuple[SessionFacts, ...] = ()
    skew: float | str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    missing_files: tuple[str, ...] = ()
    active: str | None = None
    applies: tuple[str, ...] = ()
    aws_cli: tuple[int, ...] | None = None
    starts: tuple[str, bool] | None = None
    modes: tuple[str, ...] = ()
    locks: str | None = None


def judged(facts: Facts) -> tuple[Finding, ...]:
    """Return all findings, in the order of the screen."""
    return tuple(
        finding
        for judge in (_resident, _desktop, _keyring, _config, _sessions, _active, _around, _files)
        for finding in judge(facts)
    )


def _resident(facts: Facts) -> Iterator[Finding]:
    match facts.resident:
        case "running":
            yield Finding("resident", "ok", "It runs: sessions are watched and renewed.")
        case "none":
            yield Finding(
                "resident", "note", "None runs: nothing is renewed by itself.", "sso-tray run"
            )
        case "elsewhere":
            words = "It works with other files or endpoints than this terminal."
            remedy = "compare HOME, AWS_CONFIG_FILE and AWS_ENDPOINT_URL* with its own"
            yield Finding("resident", "note", words, remedy)
    for problem in facts.problems:
        yield Finding("resident", "problem", problem)


def _desktop(facts: Facts) -> Iterator[Finding]:
    tray, notices = facts.hosts
    if tray is not None:
        yield (
            Finding("tray", "ok", "There is a tray for the icon.")
            if tray
            else Finding(
                "tray",
                "note",
                "No tray is there: the icon appears as soon as one is.",
                "GNOME: its AppIndicator extension; elsewhere: a panel with a tray",
            )
        )
    if notices is not None:
        yield (
            Finding("notices", "ok", "Notifications can be shown, with their buttons.")
            if notices
            else Finding(
                "notices", "note", "No notification service: only the icon's badge warns."
            )
        )
    if facts.browser is not None:
        there, reason = facts.browser
        yield (
            Finding("browser", "ok", "Sign-in pages can be opened from here.")
            if there
            else Finding(
                "browser", "note", reason or "There is none.", "login shows a code; or set BROWSER"
            )
        )


def _keyring(facts: Facts) -> Iterator[Finding]:
    match facts.keyring:
        case None:
            return
        case "ready":
            yield Finding("keyring", "ok", "Unlocked: refresh tokens are kept there.")
        case "locked":
            yield Finding(
                "keyring",
                "problem",
                "Locked: sessions whose refresh token it holds are not renewed.",
                "unlock it from the menu, or type: sso-tray login",
            )
        case "absent":
            yield Finding(
                "keyring",
                "note",
                "There is none: refresh tokens stay in the token files, as the AWS CLI has it.",
            )
        case why:
            yield Finding("keyring", "problem", why)


def _config(facts: Facts) -> Iterator[Finding]:
    if facts.config_problem is not None:
        yield Finding("config", "problem", facts.config_problem, "mend that line; all tools stop")
        return
    if facts.catalog is None:
        return
    catalog = facts.catalog
    if not catalog.profiles and not catalog.sessions:
        yield Finding("config", "note", "It has no profile yet.", "sso-tray add")
        return
    counts = f"{len(catalog.sessions)} sessions, {len(catalog.profiles)} profiles"
    yield Finding("config", "ok", f"Every AWS tool accepts it: {counts}.")
    told = [*catalog.problems, *(one.problem for one in catalog.profiles if one.problem)]
    for problem in told:
        yield Finding("config", "problem", problem)
    for name, settings in facts.settings.items():
        yield from _differing(name, settings)


def _differing(name: str, settings: Mapping[str, object]) -> Iterator[Finding]:
    """Find what works in one SDK and fails in another (protocol.md 1.4)."""
    shown = clean(name)
    if not _JS_NAME.fullmatch(name):
        yield Finding(
            "config",
            "note",
            f'The profile "{shown}" does not exist for the JavaScript SDK: its name has a blank '
            "or a sign that it drops.",
            "rename it with letters, digits and -_.@+%:/",
        )
    if settings.keys() & _STATIC and settings.keys() & {"sso_session", "sso_start_url"}:
        yield Finding(
            "config",
            "note",
            f'The profile "{shown}" has keys and SSO: the AWS CLI takes SSO, the JavaScript SDK '
            "the keys.",
            "keep one of them",
        )
    for key, value in settings.items():
        if isinstance(value, str) and re.search(r"\s[#;]", value) and key not in _STATIC:
            yield Finding(
                "config",
                "note",
                f'"{clean(key)}" of the profile "{shown}" has a comment behind it: the AWS CLI '
                "reads it as part of the value, other SDKs do not.",
                "put the comment on a line of its own",
            )


def _sessions(facts: Facts) -> Iterator[Finding]:
    for one in facts.sessions:
        name = clean(session_name(one.key))
        if one.problem is not None:
            yield Finding(name, "problem", one.problem)
            continue
        remedy = login_command(one.key) if one.needs_person else ""
        yield Finding(name, "problem" if one.needs_person else "ok", one.words, remedy)
        if one.contested:
            yield Finding(
                name,
                "note",
                "Another program keeps putting the refresh token back into the file; it stays "
                "there now.",
                f"sign in with SSO Tray alone: {login_command(one.key)}",
            )
        ends = one.registration_ends_at
        if ends is not None and ends - facts.now < REGISTRATION_SOON:
            days = max(0, int((ends - facts.now) // 86400))
            yield Finding(
                name,
                "note",
                f"Its registration at AWS ends in {days} days; the next sign-in makes a new one.",
            )


def _active(facts: Facts) -> Iterator[Finding]:
    environ = facts.environ
    if facts.active is not None:
        through = ", ".join(facts.applies)
        told = f"takes effect through {through}" if through else "is recorded, and nothing follows"
        yield Finding(
            "profile",
            "ok" if through else "note",
            f'The active profile "{clean(facts.active)}" {told}.',
            "" if through else "sso-tray apply default",
        )
    keys = [name for name in _SHADOWS if environ.get(name)]
    if keys:
        yield Finding(
            "environment",
            "problem",
            f"{keys[0]} is set here: it wins over every profile, in every SDK.",
            f"unset {' '.join(keys)}",
        )
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        exported = "" if shell_follows(environ) else environ.get(name)
        if exported and exported != facts.active:
            yield Finding(
                "environment",
                "note",
                f'{name} is "{clean(exported)}" here: it wins over the active profile.',
                f"unset {name}",
            )
            break
    default = facts.settings.get("default", {})
    managed = facts.catalog is not None and "default" in facts.catalog.managed
    if default.keys() & _STATIC and not managed:
        yield Finding(
            "profile",
            "note",
            "[default] has keys of its own: a bare aws uses them, not the active profile.",
            "give that section another name, then: sso-tray apply default",
        )


def _around(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.skew, str):
        yield Finding("AWS", "note", facts.skew)
    elif facts.skew is not None:
        late = abs(facts.skew) > CLOCK_SLACK
        words = f"{abs(facts.skew):.0f} s {'behind' if facts.skew > 0 else 'ahead of'} AWS's"
        yield (
            Finding("clock", "problem", f"This machine's is {words}.", "set the clock (NTP)")
            if late
            else Finding("AWS", "ok", "It was reached, and the clocks agree.")
        )
    environ = facts.environ
    proxies = [name for name in ("HTTPS_PROXY", "https_proxy") if environ.get(name)]
    if proxies:
        yield Finding(
            "network", "note", f"{proxies[0]} is used; the JavaScript SDK does not read it."
        )
    for variable in facts.missing_files:
        yield Finding(
            "environment",
            "problem",
            f"{variable} names a file that is not there.",
            f"unset {variable}",
        )
    endpoints = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL"))
    if endpoints:
        yield Finding(
            "environment", "note", f"AWS is looked for elsewhere: {', '.join(endpoints)}."
        )
    if facts.aws_cli is not None:
        yield _aws_cli(facts.aws_cli)


def _aws_cli(found: tuple[int, ...]) -> Finding:
    version = ".".join(map(str, found))
    if found < OLDEST_CLI.get(found[0], (0,)):
        words = f"{version} on PATH does not know [sso-session]."
        return Finding("aws cli", "problem", words, "install the AWS CLI 2")
    if found[0] == 1:
        words = f"{version} on PATH works from what SSO Tray publishes; it cannot sign in itself."
        return Finding("aws cli", "ok", words)
    return Finding("aws cli", "ok", f"{version} on PATH works from what SSO Tray publishes.")


def _files(facts: Facts) -> Iterator[Finding]:
    if facts.starts is not None:
        status, unit = facts.starts
        if status == "on" and unit:
            yield Finding(
                "at login",
                "problem",
                "It starts twice: by the autostart entry and by a systemd unit.",
                "sso-tray autostart off",
            )
        elif status == "changed":
            yield Finding("at login", "note", "The autostart entry was changed by hand.")
        else:
            on = status == "on" or unit
            yield Finding(
                "at login",
                "ok" if on else "note",
                "It starts at login." if on else "It does not start at login.",
                "" if on else "sso-tray autostart on",
            )
    for path in facts.modes:
        yield Finding(
            "files",
            "problem",
            f"Others on this machine may read {clean(path, 160)}.",
            f"chmod go= {quoted(path)}",
        )
    if facts.locks is not None:
        yield Finding("files", "problem", facts.locks)


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the gravest verdict."""
    verdicts = {one.verdict for one in findings}
    return "problem" if "problem" in verdicts else "note" if "note" in verdicts else "ok"
