"""What ``doctor`` looks at: each thing by itself, with a deadline, and none can stop the rest."""

from __future__ import annotations

import logging
import re
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from tray import applied
from tray.active_profile import read_active
from tray.agent import OtherWorld
from tray.aws.config import ConfigFiles, profile_settings
from tray.aws.token_cache import cache_path
from tray.cli.here import Here
from tray.cli.status import of_files, words_of
from tray.core.checkup import Facts, SessionFacts
from tray.core.model import Catalog, SsoSession
from tray.errors import ConfigRejected, TrayError, Unreachable
from tray.records import Records
from tray.secret import Secret
from tray.system.autostart import autostart_for
from tray.system.browser import browser_command
from tray.system.bus_names import NOTICES, TRAY_HOST, owned_names
from tray.system.lock import FileLock, lock_path

log = logging.getLogger(__name__)

_Told: TypeAlias = tuple[
    Literal["running", "none", "elsewhere"], tuple[str, ...], tuple[SessionFacts, ...]
]
"""How the resident stands, what is told, and each session."""

EACH_WITHIN: Final = 8.0
"""Seconds for the slowest probe; all run side by side."""
PROFILES: Final = 500
"""Profiles whose keys are looked at one by one."""
_NAMES_FILES: Final = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")


def gathered(here: Here) -> Facts:
    """Return all facts; what took too long or failed is not among them."""
    facts = Facts(now=time.time(), environ=here.environ, active=read_active(here.paths.state))
    facts = replace(facts, **_config(here))
    probes: dict[str, Callable[[], Any]] = {
        "told": lambda: _told(here),
        "hosts": lambda: _hosts(here),
        "keyring": lambda: _keyring(here),
        "registrations": lambda: _registrations(here, facts.catalog),
        "browser": lambda: _browser(here),
        "skew": lambda: _skew(here, facts.catalog),
        "aws_cli": lambda: aws_cli_version(here.environ),
        "starts": lambda: _starts(here),
        "modes": lambda: _modes(here, facts.catalog),
        "locks": lambda: _locks(here),
    }
    found = _side_by_side(probes)
    told: _Told | None = found.pop("told", None)
    resident, problems, entries = told if told is not None else ("none", (), ())
    registrations = found.pop("registrations", None) or {}
    sessions = tuple(
        replace(one, registration_ends_at=registrations.get(one.key)) for one in entries
    )
    if "keyring" not in found:
        found["keyring"] = f"It does not answer within {EACH_WITHIN:.0f} s."
    return replace(
        facts,
        resident=resident,
        problems=problems,
        sessions=sessions,
        applies=applied.applies(here.paths.state),
        missing_files=tuple(name for name in _NAMES_FILES if _is_missing(here, name)),
        **found,
    )


def _side_by_side(probes: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def run(name: str, probe: Callable[[], Any]) -> None:
        try:
            found[name] = probe()
        except Exception as error:  # noqa: BLE001  (what is looked at may be broken in any way)
            log.info("doctor: %s (%s)", name, type(error).__name__)

    running = [
        threading.Thread(target=run, args=(name, probe), name=name, daemon=True)
        for name, probe in probes.items()
    ]
    for one in running:
        one.start()
    deadline = time.monotonic() + EACH_WITHIN
    for one in running:
        one.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _config(here: Here) -> dict[str, Any]:
    try:
        catalog = here.catalog()
    except ConfigRejected as error:
        return {"config_problem": error.sentence}
    files = ConfigFiles(here.paths.aws_config, here.paths.aws_credentials)
    names = [one.name for one in catalog.profiles[:PROFILES]]
    if "default" in {one.name for one in catalog.profiles}:
        names = ["default", *(name for name in names if name != "default")]
    settings: dict[str, Mapping[str, object]] = {}
    for name in names:
        with suppress(TrayError):
            settings[name] = profile_settings(files, name)
    return {"catalog": catalog, "settings": settings}


def _told(here: Here) -> _Told:
    resident: Literal["running", "none", "elsewhere"] = "running"
    told: dict[str, Any] | None = None
    try:
        with here.resident() as agent:
            told = agent.done("status")["status"]
    except Unreachable:
        resident = "none"
    except OtherWorld:
        resident = "elsewhere"
    document = told if told is not None else of_files(here)
    contested = {key for key, one in Records(here.paths.state).read().items() if one.contested}
    sessions = tuple(
        SessionFacts(
            entry["key"],
            words_of(entry, alone=resident != "running"),
            entry["state"] in ("expired", "unreadable") and not entry["renews"],
            contested=entry["key"] in contested,
        )
        for entry in document["sessions"]
    )
    return resident, tuple(document["problems"]), sessions


def _hosts(here: Here) -> tuple[bool | None, bool | None]:
    owned = owned_names(here.environ, (TRAY_HOST, NOTICES))
    return (None, None) if owned is None else (TRAY_HOST in owned, NOTICES in owned)


def _keyring(here: Here) -> str:
    from tray.worker.tools import Tools

    try:
        return Tools.from_environment(here.environ).vault.lock_state()
    except TrayError as error:
        return error.sentence


def _registrations(here: Here, catalog: Catalog | None) -> dict[str, float]:
    """Return when registrations end, as files and an unlocked keyring tell; never a prompt."""
    from tray.worker.tools import Tools

    tools = Tools.from_environment(here.environ)
    ready = tools.vault.lock_state() == "ready"
    found: dict[str, float] = {}
    for session in catalog.sessions if catalog is not None else ():
        with suppress(TrayError):
            token = tools.read(session)
            if token is not None and token.registration is None and ready:
                token = tools.vault.load(session)
            if token is not None and token.registration is not None:
                found[session.key] = token.registration.expires_at
    return found


def _browser(here: Here) -> tuple[bool, str]:
    choice = browser_command(here.environ)
    return choice.available, choice.reason


def _skew(here: Here, catalog: Catalog | None) -> float | str | None:
    """Ask the portal with a token that is none: its refusal tells the time."""
    from tray.aws.clients import AwsClients
    from tray.aws.portal import Portal
    from tray.errors import TokenRejected

    del here
    session = _first_sound(catalog)
    if session is None:
        return None
    with AwsClients(connect_timeout=3.0, read_timeout=4.0) as clients:
        try:
            Portal(clients).check(Secret("none"), session.region)
        except TokenRejected:
            return clients.skew
        except TrayError as error:
            return error.sentence
        return clients.skew


def _first_sound(catalog: Catalog | None) -> SsoSession | None:
    sessions = catalog.sessions if catalog is not None else ()
    return next((one for one in sessions if one.problem is None), None)


def aws_cli_version(environ: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return the version of the ``aws`` on PATH, or None where there is none that says it."""
    program = shutil.which("aws", path=environ.get("PATH"))
    if program is None:
        return None
    done = subprocess.run(
        [program, "--version"],
        env={name: environ[name] for name in ("PATH", "HOME", "LANG") if name in environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=EACH_WITHIN,
        check=False,
    )
    found = re.search(r"aws-cli/(\d+(?:\.\d+)*)", done.stdout + done.stderr)
    return tuple(map(int, found[1].split("."))) if found else None


def _starts(here: Here) -> tuple[str, bool]:
    entry = autostart_for(here.environ)
    configured = here.paths.home / ".config/systemd/user"
    unit = any(configured.glob("*.wants/sso-tray.service"))
    return entry.status(), unit


def _modes(here: Here, catalog: Catalog | None) -> tuple[str, ...]:
    paths = here.paths
    places = [paths.state, *(one.parent for one in paths.runtime_sockets), paths.aws_credentials]
    sessions = catalog.sessions if catalog is not None else ()
    places += [cache_path(paths.token_cache, one.key) for one in sessions]
    return tuple(str(one) for one in dict.fromkeys(places) if _is_open(one))


def _is_open(path: Path) -> bool:
    with suppress(OSError):
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    return False


def _locks(here: Here) -> str | None:
    state = here.paths.state
    if not state.exists():
        return None
    first, second = (FileLock(lock_path(state, "config")) for _ in range(2))
    try:
        if not first.acquire(2.0):
            return None  # somebody edits just now
        try:
            if second.acquire(0):
                second.release()
                return f"Locks do not hold in {state}: two programs could renew at once."
        finally:
            first.release()
    except OSError as error:
        return f"{state} cannot be written: {error.strerror}."
    return None


def _is_missing(here: Here, name: str) -> bool:
    value = here.environ.get(name)
    return bool(value) and not Path(str(value)).expanduser().exists()
