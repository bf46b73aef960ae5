"""
What is wrong here and what to do about it, as data: the judgements behind ``doctor``. Pure.

Facts are gathered elsewhere, each by itself; one that could not be had is None and is judged as
little as it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tray.core.doctor import profile_checks
from tray.core.doctor.findings import Facts, Finding, SessionFacts, counted
from tray.core.text.display_names import clean, session_name
from tray.core.text.shell_commands import login_command, quoted

OLDEST_CLI: Final = {1: (1, 27, 10), 2: (2, 9)}
"""The AWS CLIs that first read ``[sso-session]`` (botocore 1.29.10; measured)."""
CLOCK_SLACK: Final = 60.0
DAY: Final = 86400.0
REGISTRATION_SOON: Final = 7 * DAY
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def judged(facts: Facts) -> tuple[Finding, ...]:
    """Return all findings, in the order of the screen."""
    return tuple(
        finding
        for judge in (
            _resident,
            _desktop,
            _keyring,
            profile_checks.config,
            _sessions,
            profile_checks.profile,
            _around,
            _files,
            _unknown,
        )
        for finding in judge(facts)
    )


def _resident(facts: Facts) -> Iterator[Finding]:
    match facts.daemon:
        case None:
            pass
        case "running":
            yield _running(facts)
        case "none":
            words = "None runs: nothing is renewed by itself."
            yield Finding("resident", "note", words, "sso-tray run")
        case "mute":
            words = "It runs and does not answer: nothing can be asked of it."
            remedy = "end its process (pgrep -f tray.daemon), then: sso-tray run"
            yield Finding("resident", "problem", words, remedy)
        case "elsewhere":
            words = "It works with other files or endpoints than this terminal."
            remedy = "compare HOME, AWS_CONFIG_FILE and AWS_ENDPOINT_URL* with its own"
            yield Finding("resident", "note", words, remedy)
    # What is said of the config and of the tray is said there, once.
    told = {facts.config_problem, facts.no_tray}
    if facts.catalog is not None:
        told.update(facts.catalog.problems)
        told.update(one.problem for one in facts.catalog.sessions)
        told.update(one.problem for one in facts.catalog.profiles)
    for problem in facts.problems:
        if problem not in told:
            yield Finding("sso-tray", "problem", problem)


def _running(facts: Facts) -> Finding:
    theirs = facts.daemon_program
    if theirs is not None and theirs != facts.program:
        words = f"It is version {clean(theirs)}, this command {facts.program}."
        return Finding("resident", "problem", words, "sso-tray quit, then: sso-tray run")
    return Finding("resident", "ok", "It runs: sessions are watched and renewed.")


def _desktop(facts: Facts) -> Iterator[Finding]:
    yield from _tray(facts)
    if facts.no_bus is not None:
        words = f"The session bus cannot be used ({facts.no_bus}): no icon, no notices."
        yield Finding("d-bus", "note", words, "run it in a desktop session, or: dbus-run-session")
    elif facts.hosts is not None:
        yield Finding("d-bus", "ok", "The session bus answers.")
    if facts.hosts is not None:
        yield (
            Finding("notices", "ok", "Notifications can be shown, with their buttons.")
            if facts.hosts[1]
            else Finding(
                "notices",
                "note",
                "No notification service: only the icon's badge warns.",
                "install one, for instance dunst",
            )
        )
    if facts.browser is not None:
        there, reason = facts.browser
        said = f"{reason[:1].upper()}{reason[1:]}." if reason else "There is none."
        yield (
            Finding("browser", "ok", "Sign-in pages can be opened from here.")
            if there
            else Finding("browser", "note", said, "login shows a code; or set BROWSER")
        )


def _tray(facts: Facts) -> Iterator[Finding]:
    remedy = "GNOME: its AppIndicator extension; elsewhere: a panel with a tray"
    if facts.no_tray is not None and facts.daemon == "running":
        yield Finding("tray", "note", facts.no_tray, remedy)
    elif facts.hosts is not None and facts.hosts[0]:
        yield Finding("tray", "ok", "There is a tray for the icon.")
    elif facts.hosts is not None:
        words = "No tray is there: the icon appears as soon as one is."
        yield Finding("tray", "note", words, remedy)


def _keyring(facts: Facts) -> Iterator[Finding]:
    name = facts.keyring_name
    match facts.keyring:
        case None:
            return
        case "ready":
            yield Finding("keyring", "ok", f"{name}, unlocked: refresh tokens are kept there.")
        case "locked":
            yield Finding(
                "keyring",
                "problem",
                f"{name}, locked: sessions whose refresh token it holds are not renewed.",
                "unlock it from the menu, or type: sso-tray login",
            )
        case "absent":
            words = "There is none: refresh tokens stay in the token files, as the AWS CLI has it."
            remedy = "GNOME Keyring, KWallet or KeePassXC would keep them"
            yield Finding("keyring", "note", words, remedy)
        case why:
            yield Finding("keyring", "problem", why)


def _sessions(facts: Facts) -> Iterator[Finding]:
    broken = {one.key for one in facts.catalog.sessions if one.problem} if facts.catalog else set()
    for one in facts.sessions:
        if one.key in broken:
            continue  # told with the config; nobody can sign in to it
        name = clean(session_name(one.key))
        yield _registered(
            _session(name, one, standalone=facts.daemon != "running"), one, facts.now
        )
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
            days = counted(max(0, int((ends - facts.now) // DAY)), "day")
            words = f"Its registration at AWS ends in {days}; the next sign-in makes a new one."
            yield Finding(name, "note", words)


def _registered(found: Finding, one: SessionFacts, now: float) -> Finding:
    """Say beside what is well until when the client registration lasts."""
    ends = one.registration_ends_at
    if ends is None or found.verdict != "ok" or ends - now < REGISTRATION_SOON:
        return found
    day = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d")
    return replace(found, sentence=f"{found.sentence}; registered at AWS until {day}")


def _session(name: str, one: SessionFacts, *, standalone: bool) -> Finding:
    match one.state:
        case "expired" if one.renews and standalone:
            return Finding(name, "note", "expired, and can be renewed", "sso-tray renew")
        case "expired" if one.renews:
            return Finding(name, "note", one.words)
        case "expired" | "unreadable":
            return Finding(name, "problem", one.words, login_command(one.key))
        case "signed-out" | "ending":
            return Finding(name, "note", one.words, login_command(one.key))
        case "renewal-failing":
            return Finding(name, "note", one.words)
        case _:
            return Finding(name, "ok", one.words)


def _around(facts: Facts) -> Iterator[Finding]:
    yield from _clock(facts.skew)
    environ = facts.environ
    proxies = [name for name in _PROXIES if environ.get(name)]
    if proxies:
        words = f"{proxies[0]} is used; the JavaScript SDK does not read it."
        yield Finding("network", "note", words)
    if environ.get("AWS_CA_BUNDLE") and "AWS_CA_BUNDLE" not in facts.missing_files:
        words = "AWS_CA_BUNDLE is used; the JavaScript SDK reads NODE_EXTRA_CA_CERTS instead."
        yield Finding("network", "note", words)
    for variable in facts.missing_files:
        words = f"{variable} names a file that is not there."
        yield Finding("environment", "problem", words, f"unset {variable}")
    endpoints = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL"))
    if endpoints:
        words = f"AWS is looked for elsewhere: {', '.join(endpoints)}."
        remedy = ""
        if "AWS_ENDPOINT_URL" in endpoints:
            words += " SSO Tray does not use AWS_ENDPOINT_URL to sign in or renew."
            remedy = "set AWS_ENDPOINT_URL_SSO and AWS_ENDPOINT_URL_SSO_OIDC for that"
        yield Finding("environment", "note", words, remedy)
    if facts.aws_cli is not None:
        yield _aws_cli(facts, facts.aws_cli)


def _clock(skew: float | str | None) -> Iterator[Finding]:
    if isinstance(skew, str):
        yield Finding("AWS", "note", skew)
    elif skew is not None and abs(skew) > CLOCK_SLACK:
        words = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} AWS's"
        yield Finding("clock", "problem", f"This machine's is {words}.", "set the clock (NTP)")
    elif skew is not None:
        yield Finding("AWS", "ok", "It was reached, and the clocks agree.")


def _aws_cli(facts: Facts, found: tuple[int, ...]) -> Finding:
    if not found:
        words = "None is on PATH; SSO Tray does without."
        return Finding("aws cli", "ok", words)
    version = ".".join(map(str, found))
    sessions = facts.catalog.sessions if facts.catalog is not None else ()
    old = found < OLDEST_CLI.get(found[0], (0,))
    if old and any(not one.legacy for one in sessions):
        words = f"{version} on PATH does not know [sso-session]."
        return Finding("aws cli", "problem", words, "install the AWS CLI 2")
    if found[0] == 1:
        words = f"{version} on PATH works from what SSO Tray publishes; it cannot sign in itself."
        return Finding("aws cli", "ok", words)
    return Finding("aws cli", "ok", f"{version} on PATH works from what SSO Tray publishes.")


def _files(facts: Facts) -> Iterator[Finding]:
    if facts.starts is not None:
        yield _at_login(*facts.starts)
    for path in facts.modes:
        words = f"Others on this machine may read {clean(path, 160)}."
        yield Finding("files", "problem", words, f"chmod go= {_typed(path)}")
    for path in facts.foreign:
        words = f"{clean(path, 160)} belongs to another user (sudo does that)."
        yield Finding("files", "problem", words, f'sudo chown "$USER" {_typed(path)}')
    for path in facts.unwritable:
        words = f"{clean(path, 160)} cannot be written."
        yield Finding("files", "problem", words, f"chmod u+rwx {_typed(path)}")
    if facts.locks is not None:
        yield Finding("files", "problem", facts.locks, "move it to a local disk: XDG_STATE_HOME")
    elif facts.starts is not None and not (facts.modes or facts.foreign or facts.unwritable):
        yield Finding("files", "ok", "What SSO Tray keeps is yours alone to read, and writable.")


def _typed(path: str) -> str:
    """Quote a path for a shell, which still has to see the ``~`` in front."""
    home, rest = path[:2], path[2:]
    return home + quoted(rest) if home == "~/" else quoted(path)


def _at_login(status: str, unit: bool, entry: bool) -> Finding:
    """Judge by what the packages' unit does: it stands back wherever there is an entry."""
    if unit and entry:
        words = "The autostart entry is switched off, and the systemd unit stands back for it."
        if status == "off":
            return Finding("at login", "problem", words, "sso-tray autostart off")
        words = "The autostart entry starts it; the systemd unit stands back for it."
        return Finding("at login", "note", words, "systemctl --user disable sso-tray.service")
    if unit:
        return Finding("at login", "ok", "systemd's user unit starts it.")
    if status == "changed":
        return Finding("at login", "note", "The autostart entry was changed by hand.")
    if status == "on":
        return Finding("at login", "ok", "It starts at login.")
    return Finding("at login", "note", "It does not start at login.", "sso-tray autostart on")


def _unknown(facts: Facts) -> Iterator[Finding]:
    for area, why in facts.unknown:
        yield Finding(area, "note", f"It could not be looked at: {why}.")
