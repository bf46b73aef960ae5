"""The doctor's verdicts and remedies, as data; an unknown fact (None) is not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tray.core.doctor import profile_checks
from tray.core.doctor.findings import Facts, Finding, SessionFacts, note, ok, problem
from tray.core.doctor.other_tools import remains
from tray.core.notices.notice_servers import Buttons
from tray.core.policy import DAY
from tray.core.text.display_names import clean, session_name
from tray.core.text.sentences import counted, listed, shares_token_file
from tray.core.text.shell_commands import login_command, quoted

OLDEST_CLI: Final = {1: (1, 27, 10), 2: (2, 9)}
"""The AWS CLIs that first read ``[sso-session]`` (botocore 1.29.10; measured)."""
SKEW_NOTED: Final = 60.0  # seconds
REGISTRATION_SOON: Final = 7 * DAY
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def judged(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        finding
        for judge in (
            _daemon,
            _desktop,
            _keyring,
            profile_checks.config,
            _sessions,
            _elsewhere,
            _shared,
            _aws_logins,
            profile_checks.profile,
            remains,
            _around,
            _files,
            _unknown,
        )
        for finding in judge(facts)
    )


def _daemon(facts: Facts) -> Iterator[Finding]:
    theirs = facts.daemon_program
    match facts.daemon:
        case "running" if theirs is not None and theirs != facts.program:
            sentence = f"Version {clean(theirs)} is running; this command is {facts.program}."
            yield problem("sso-tray", sentence, "sso-tray quit, then: sso-tray start")
        case "running":
            yield ok("sso-tray", "SSO Tray is running and renews sessions.")
        case "none":
            sentence = "SSO Tray isn't running, so it neither renews nor warns."
            yield note("sso-tray", sentence, "sso-tray start")
        case "mute":
            remedy = "end its process (pgrep -f tray.daemon), then: sso-tray start"
            yield problem("sso-tray", "SSO Tray is running but doesn't answer.", remedy)
        case "other-host":
            sentence = "SSO Tray runs on another machine for this home directory, not here."
            yield note("sso-tray", sentence, "stop it there, then: sso-tray start")
        case "elsewhere":
            sentence = "SSO Tray is running with other files or endpoints than this terminal."
            yield note("sso-tray", sentence, "compare HOME, AWS_CONFIG_FILE, AWS_ENDPOINT_URL*")
    # The checks of the config and of the tray say these, once.
    said = {facts.config_problem, facts.no_tray}
    if facts.catalog is not None:
        said.update(facts.catalog.problems)
        said.update(one.problem for one in facts.catalog.sessions)
        said.update(one.problem for one in facts.catalog.profiles)
    yield from (problem("sso-tray", one) for one in facts.problems if one not in said)
    for file in dict.fromkeys(facts.locked.values()):
        names = listed([name for name, by in facts.locked.items() if by == file])
        yield ok("sso-tray", f"Set by your administrator in {clean(file, 160)}: {names}.")


def _desktop(facts: Facts) -> Iterator[Finding]:
    yield from _tray(facts)
    if facts.no_bus is not None:
        sentence = f"The session bus isn't available ({facts.no_bus}): no icon, no notifications."
        yield note("d-bus", sentence, "use a desktop session or dbus-run-session")
    elif facts.tray is not None:
        yield ok("d-bus", "The session bus answers.")
    if facts.notices == "none":
        sentence = "No notification service: only the icon's badge warns you."
        yield note("notices", sentence, "install one, for instance dunst")
    elif facts.notices is not None:
        server, buttons = facts.notices
        by = f" by {clean(server)}" if server else ""
        yield ok("notices", f"Notifications work{by}{_BUTTONS[buttons]}.")
    if facts.browser is not None:
        available, reason = facts.browser
        if available:
            yield ok("browser", "Sign-in pages can be opened here.")
        else:
            sentence = f"{reason[:1].upper()}{reason[1:]}." if reason else "No browser was found."
            yield note("browser", sentence, "sign in with a code, or set BROWSER")


_BUTTONS: Final[Mapping[Buttons, str]] = {
    "drawn": ", with buttons",
    "click": ", without buttons: a click on one acts",
    "middle-click": ", without buttons: a middle click on one acts",
    "none": ", without buttons",
}


def _tray(facts: Facts) -> Iterator[Finding]:
    remedy = "GNOME: the AppIndicator extension; elsewhere: a panel with a system tray"
    if facts.no_tray is not None and facts.daemon == "running":
        # Without a session bus no panel helps, and the bus has a line of its own.
        yield note("tray", facts.no_tray, remedy if facts.no_bus is None else "")
    elif facts.tray == "lost" and facts.daemon == "running":
        sentence = "The system tray doesn't show SSO Tray's icon."
        yield note("tray", sentence, "sso-tray quit, then: sso-tray run")
    elif facts.tray == "ours" and facts.daemon == "running":
        yield ok("tray", "The system tray shows the icon.")
    elif facts.tray not in (None, "none"):
        yield ok("tray", "There is a system tray for the icon.")
    elif facts.tray is not None:
        yield note("tray", "No system tray. The icon appears as soon as there is one.", remedy)


def _keyring(facts: Facts) -> Iterator[Finding]:
    name = facts.keyring_name
    match facts.keyring:
        case None:
            return
        case "ready":
            yield ok("keyring", f"{name} is unlocked and keeps the refresh tokens.")
        case "locked":
            sentence = f"{name} is locked, so sessions it keeps can't be renewed."
            yield problem("keyring", sentence, "unlock it from the menu, or: sso-tray login")
        case "absent" if facts.keyring_required:
            sentence = "No keyring, and refresh tokens are allowed nowhere else: no sign-in."
            yield problem("keyring", sentence, "start GNOME Keyring, KWallet or KeePassXC")
        case "absent":
            sentence = "No keyring: refresh tokens stay in the token files, as with the AWS CLI."
            yield note("keyring", sentence, "start GNOME Keyring, KWallet or KeePassXC")
        case why:
            yield problem("keyring", why)


def _sessions(facts: Facts) -> Iterator[Finding]:
    broken = {one.key for one in facts.catalog.sessions if one.problem} if facts.catalog else set()
    for one in facts.sessions:
        if one.key in broken:
            continue  # a problem of the config; sign-in is impossible
        name = clean(session_name(one.key))
        found = _session(name, one, standalone=facts.daemon != "running")
        ends = one.registration_ends_at
        lasts = ends is not None and ends - facts.now >= REGISTRATION_SOON
        if ends is not None and lasts and found.verdict == "ok":
            day = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d")
            found = replace(found, sentence=f"{found.sentence}; registered with AWS until {day}")
        yield found
        if one.contested:
            sentence = "Another program keeps restoring the refresh token; it stays in the file."
            yield note(name, sentence, f"sign in with SSO Tray only: {login_command(one.key)}")
        if ends is not None and not lasts:
            days = counted(max(0, int((ends - facts.now) // DAY)), "day")
            sentence = f"Its registration with AWS ends in {days}. Your next sign-in renews it."
            yield note(name, sentence)


def _elsewhere(facts: Facts) -> Iterator[Finding]:
    for key, host in facts.elsewhere:
        sentence = (
            f"Its token file is of another portal ({clean(host)}), and the AWS CLI, boto3 and the "
            "JavaScript SDK use it anyway."
        )
        yield problem(clean(session_name(key)), sentence, login_command(key))


def _shared(facts: Facts) -> Iterator[Finding]:
    for key, same in facts.shared:
        name = clean(session_name(key))
        sentence = shares_token_file(same=same)
        if same:
            yield note(name, sentence)
        else:
            yield problem(name, sentence, "rename the sso-session in one of them")


def _aws_logins(facts: Facts) -> Iterator[Finding]:
    """Keys that have ended are no finding: the AWS CLI renews them when it is used."""
    for name, end in facts.logins.items():
        if end is None:
            sentence = f'Nobody is signed in to the profile "{clean(name)}".'
            yield note("aws login", sentence, f"aws login --profile {quoted(name)}")


def _session(name: str, one: SessionFacts, *, standalone: bool) -> Finding:
    match one.state:
        case "expired" if one.renews and standalone:
            return note(name, "expired, can be renewed", "sso-tray renew")
        case "expired" if one.renews:
            return note(name, one.status)
        case "expired" | "unreadable":
            return problem(name, one.status, login_command(one.key))
        case "signed-out" | "ending":
            return note(name, one.status, login_command(one.key))
        case "renewal-failing":
            return note(name, one.status)
        case _:
            return ok(name, one.status)


def _around(facts: Facts) -> Iterator[Finding]:
    yield from _clock(facts.skew)
    environ = facts.environ
    if facts.differing:
        sentence = f"SSO Tray runs without this terminal's {listed(facts.differing, 3)}."
        remedy = "set ca_bundle and proxy for the session, or restart SSO Tray here"
        yield note("network", sentence, remedy)
    proxies = [name for name in _PROXIES if environ.get(name)]
    if proxies:
        yield note("network", f"{proxies[0]} is set; the JavaScript SDK doesn't read it.")
    if environ.get("AWS_CA_BUNDLE") and "AWS_CA_BUNDLE" not in facts.missing_files:
        sentence = "AWS_CA_BUNDLE is set; the JavaScript SDK reads NODE_EXTRA_CA_CERTS instead."
        yield note("network", sentence)
    for variable in facts.missing_files:
        sentence = f"{variable} names a file that doesn't exist."
        yield problem("environment", sentence, f"unset {variable}")
    endpoints = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL"))
    if endpoints:
        sentence, remedy = f"AWS calls go elsewhere: {', '.join(endpoints)}.", ""
        if "AWS_ENDPOINT_URL" in endpoints:
            sentence += " SSO Tray doesn't use AWS_ENDPOINT_URL to sign in or renew."
            remedy = "set AWS_ENDPOINT_URL_SSO and AWS_ENDPOINT_URL_SSO_OIDC for that"
        yield note("environment", sentence, remedy)
    if facts.aws_cli is not None:
        yield _aws_cli(facts, facts.aws_cli)


def _clock(skew: float | str | None) -> Iterator[Finding]:
    if isinstance(skew, str):
        yield note("AWS", skew)
    elif skew is not None and abs(skew) > SKEW_NOTED:
        off = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} AWS's"
        yield problem("clock", f"This computer's clock is {off}.", "set the clock (NTP)")
    elif skew is not None:
        yield ok("AWS", "AWS can be reached, and the clocks agree.")


def _aws_cli(facts: Facts, found: tuple[int, ...]) -> Finding:
    if not found:
        return ok("aws cli", "Not installed; SSO Tray doesn't need it.")
    version = ".".join(map(str, found))
    sessions = facts.catalog.sessions if facts.catalog is not None else ()
    old = found < OLDEST_CLI.get(found[0], (0,))
    if old and any(not one.legacy for one in sessions):
        sentence = f"AWS CLI {version} is too old for [sso-session]."
        return problem("aws cli", sentence, "install AWS CLI 2")
    if found[0] == 1:
        sentence = f"AWS CLI {version} is compatible, but can't sign in by itself."
        return ok("aws cli", sentence)
    return ok("aws cli", f"AWS CLI {version} is compatible.")


def _files(facts: Facts) -> Iterator[Finding]:
    if facts.starts is not None:
        yield _at_login(*facts.starts)
    for path in facts.modes:
        sentence = f"Other users can read {clean(path, 160)}."
        yield problem("files", sentence, f"chmod go= {_typed(path)}")
    for path in facts.foreign:
        sentence = f"{clean(path, 160)} belongs to another user, perhaps because of sudo."
        yield problem("files", sentence, f'sudo chown "$USER" {_typed(path)}')
    for path in facts.unwritable:
        sentence = f"{clean(path, 160)} isn't writable."
        yield problem("files", sentence, f"chmod u+rwx {_typed(path)}")
    if facts.locks is not None:
        yield problem("files", facts.locks, "set XDG_STATE_HOME to a local disk")
    elif facts.starts is not None and not (facts.modes or facts.foreign or facts.unwritable):
        yield ok("files", "SSO Tray's files are private and writable.")


def _typed(path: str) -> str:
    """Quote a path for a shell, leaving a leading ``~`` unquoted."""
    home, rest = path[:2], path[2:]
    return home + quoted(rest) if home == "~/" else quoted(path)


def _at_login(status: str, unit: bool, entry: bool) -> Finding:
    """Judge by what the packages' unit does: it is skipped wherever there is an entry."""
    if unit and entry and status == "off":
        sentence = "The autostart entry is disabled, and it disables the systemd unit, too."
        return problem("at login", sentence, "sso-tray autostart off")
    if unit and entry:
        sentence = "The autostart entry starts it; the systemd unit is skipped."
        return note("at login", sentence, "systemctl --user disable sso-tray.service")
    if unit:
        return ok("at login", "systemd's user unit starts it.")
    if status == "changed":
        return note("at login", "The autostart entry was edited by hand.")
    if status == "on":
        return ok("at login", "It starts at login.")
    return note("at login", "It doesn't start at login.", "sso-tray autostart on")


def _unknown(facts: Facts) -> Iterator[Finding]:
    for area, why in facts.unknown:
        yield note(area, f"This couldn't be checked: {why}.")
