"""What ``doctor`` checks: each probe by itself, with a deadline, and none can stop the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import tray
from tray.aws.cache.login_cache import login_ends
from tray.aws.config import config_files
from tray.aws.config.catalog import aws_files
from tray.aws.config.config_files import ConfigFiles
from tray.aws.config.sdk_quirks import quirks
from tray.cli.command_context import CommandContext, now
from tray.cli.doctor import system_probes as system
from tray.cli.status_command import of_files
from tray.core.doctor.findings import Facts, Quirk, SessionFacts
from tray.core.model import Catalog, SsoSession
from tray.core.profiles.bare_client import AwsFiles
from tray.core.profiles.guards import is_managed
from tray.core.text.status_text import words_of
from tray.errors import (
    ConfigRejected,
    ConfigRepeats,
    TokenRejected,
    TrayError,
    Unreachable,
    Unread,
)
from tray.ipc.agent_client import OtherWorld
from tray.ipc.caller_network import network
from tray.managed import managed_sections
from tray.own_connection import NOTHING_OWN
from tray.secret import Secret
from tray.storage.active_profile import read_active
from tray.storage.daemon_record import read_record
from tray.storage.session_records import Records

log = logging.getLogger(__name__)

ALL_WITHIN: Final = 8.0  # seconds for all probes, side by side; the whole command takes ten
DAEMON_PATIENCE: Final = 3.0  # seconds a daemon has to answer; it takes milliseconds


Found: TypeAlias = Mapping[str, Any]  # members of `Facts`, by name


@dataclass(frozen=True, slots=True)
class _Config:
    catalog: Catalog | None = None
    problem: str | None = None
    repeats: bool = False
    files: AwsFiles = field(default_factory=lambda: AwsFiles({}))
    quirks: tuple[tuple[Quirk, int], ...] = ()
    calls: Mapping[str, str | None] = field(default_factory=dict)
    reached_by: tuple[tuple[str, tuple[str, ...]], ...] = ()


def gathered(context: CommandContext) -> Facts:
    """Return all facts; ``unknown`` names what took longer than `ALL_WITHIN` or failed."""
    config: Future[_Config] = Future()

    def catalog() -> Catalog | None:
        return config.result(ALL_WITHIN).catalog

    found, unknown = side_by_side(
        {
            "config": lambda: _config(context, config),
            "profile": lambda: _recorded(context),
            "sso-tray": lambda: _daemon(context),
            "d-bus": lambda: system.hosts(context.environ),
            "keyring": lambda: _keyring(context),
            "registrations": lambda: _registrations(context, catalog()),
            "browser": lambda: system.browser(context.environ),
            "AWS": lambda: _skew(context, catalog()),
            "aws cli": lambda: system.aws_cli(context.environ),
            "at login": lambda: system.starts(context),
            "files": lambda: system.files(context, catalog()),
            "locks": lambda: system.locks(context.paths.state),
        },
        ALL_WITHIN,
    )
    ends: Mapping[str, float] = found.pop("registrations", {})
    found["sessions"] = tuple(
        replace(one, registration_ends_at=ends.get(one.key)) for one in found.get("sessions", ())
    )
    return Facts(
        now=time.time(),
        program=tray.__version__,
        environ=context.environ,
        # Where these times are kept has its own line already.
        unknown=tuple((area, why) for area, why in unknown.items() if area != "registrations"),
        **found,
    )


def side_by_side(
    probes: Mapping[str, Callable[[], Found]], within: float
) -> tuple[dict[str, Any], dict[str, str]]:
    """Run all probes at once; return what they found, and why some found nothing."""
    outcomes: dict[str, Future[Found]] = {area: Future() for area in probes}

    def run(area: str) -> None:
        try:
            outcomes[area].set_result(probes[area]())
        except Exception as error:  # noqa: BLE001  (what is looked at may be broken in any way)
            outcomes[area].set_exception(error)

    for area in probes:
        threading.Thread(target=run, args=(area,), name=area, daemon=True).start()
    deadline = time.monotonic() + within
    found: dict[str, Any] = {}
    unknown: dict[str, str] = {}
    for area, outcome in outcomes.items():
        try:
            found.update(outcome.result(max(0.0, deadline - time.monotonic())))
        except TimeoutError:
            unknown[area] = f"no answer within {within:.0f} s"
        except TrayError as error:
            unknown[area] = error.sentence.rstrip(".")
        except Exception as error:  # noqa: BLE001  (as above; its own text may hold anything)
            unknown[area] = type(error).__name__
    return found, unknown


def _config(context: CommandContext, result: Future[_Config]) -> Found:
    try:
        read = _read_config(context)
    except BaseException as error:
        result.set_exception(error)
        raise
    result.set_result(read)
    return {
        "catalog": read.catalog,
        "config_problem": read.problem,
        "config_repeats": read.repeats,
        "config_place": system.tilde(context, context.paths.aws_config),
        "settings": read.files.profiles,
        "in_credentials": read.files.in_credentials,
        "quirks": read.quirks,
        "calls": read.calls,
        "reached_by": read.reached_by,
        "logins": login_ends(
            read.files.profiles,
            () if read.catalog is None else read.catalog.managed,
            context.environ,
            context.paths.home,
        ),
        "shared": context.shared_sessions() if read.catalog is not None else (),
    }


def _read_config(context: CommandContext) -> _Config:
    from tray.worker.profile_credentials import asked_for, calls_us

    files = ConfigFiles(context.paths.aws_config, context.paths.aws_credentials)
    try:
        catalog = context.catalog()
        found = aws_files(files)
        data = config_files.read(files.config)
    except (ConfigRejected, Unread) as error:
        return _Config(problem=error.sentence, repeats=isinstance(error, ConfigRepeats))
    calls: dict[str, str | None] = {}
    for name, keys in found.profiles.items():
        command = keys.get("credential_process")
        if not isinstance(command, str) or is_managed(name, catalog.managed):
            continue
        if calls_us(command, context.paths.state):
            calls[name] = asked_for(command, name, context.environ)
    reached_by = context.settings_or_safe().preferences.reached_by
    return _Config(
        catalog, files=found, quirks=quirks(data or b""), calls=calls, reached_by=reached_by
    )


def _recorded(context: CommandContext) -> Found:
    through: tuple[str, ...] = managed_sections.applies(context.paths.state)
    if context.shell_follows:
        through = (*through, "shell")
    settings = context.settings_or_safe()
    return {
        "active": read_active(context.paths.state),
        "applies": through,
        "guarded": settings.preferences.guarded,
        "locked": settings.locked,
        "keyring_required": settings.preferences.keyring_required,
    }


def _daemon(context: CommandContext) -> Found:
    connected = False
    answer: dict[str, Any] | None = None
    standing = "running"
    differing: tuple[str, ...] = ()
    try:
        with context.daemon() as agent:
            connected = True
            done = agent.done("status", patience=DAEMON_PATIENCE, network=network(context.environ))
            answer, differing = done["status"], tuple(done.get("differing", ()))
    except Unreachable:
        other_host = read_record(context.paths.state).other_host() is not None
        standing = "mute" if connected else "other-host" if other_host else "none"
    except OtherWorld:
        standing = "elsewhere"
    document = answer if answer is not None else of_files(context)
    contested = {key for key, one in Records(context.paths.state).read().items() if one.contested}
    sessions = tuple(
        SessionFacts(
            entry["key"],
            words_of(entry, now(), standalone=standing != "running"),
            entry["state"],
            entry.get("renewable", entry["renews"]),
            contested=entry["key"] in contested,
        )
        for entry in document["sessions"]
    )
    running = document["resident"] or {}
    return {
        "daemon": standing,
        "daemon_program": running.get("program"),
        "no_tray": running.get("no_tray"),
        "differing": differing,
        "problems": tuple(document["problems"]),
        "sessions": sessions,
    }


def _keyring(context: CommandContext) -> Found:
    from tray.worker.job_context import JobContext

    keyring_store = JobContext.from_environment(context.environ).keyring_store
    try:
        state: str = keyring_store.lock_state()
    except TrayError as error:
        state = error.sentence
    return {"keyring": state, "keyring_name": keyring_store.keyring_name}


def _registrations(context: CommandContext, catalog: Catalog | None) -> Found:
    """Say when registrations end, from files and an unlocked keyring, and whose the files are."""
    from tray.worker.job_context import JobContext, belongs

    job_context = JobContext.from_environment(context.environ)
    ready = job_context.keyring_store.lock_state() == "ready"
    found: dict[str, float] = {}
    elsewhere = []
    for session in catalog.sessions if catalog is not None else ():
        try:
            token = job_context.read(session)
            if token is not None and not belongs(token, session):
                elsewhere.append((session.key, urlsplit(token.start_url).hostname or "unknown"))
            if token is not None and token.registration is None and ready:
                token = job_context.keyring_store.load(session)
        except TrayError as error:
            log.info("doctor: %s", error.sentence)
            continue
        if token is not None and token.registration is not None:
            found[session.key] = token.registration.expires_at
    return {"registrations": found, "elsewhere": tuple(elsewhere)}


def _skew(context: CommandContext, catalog: Catalog | None) -> Found:
    """Call the portal with an invalid token: the refusal tells the time."""
    from tray.aws.api.clients import AwsClients
    from tray.aws.api.portal import Portal

    session = _first_sound(catalog)
    if session is None:
        return {}
    own = context.settings_or_safe().own_connections.get(session.key, NOTHING_OWN)
    with AwsClients(connect_timeout=3.0, read_timeout=4.0) as clients:
        try:
            Portal(clients.reaching(session.connection, own)).check(Secret("none"), session.region)
        except TokenRejected:
            return {"skew": clients.skew}
        except TrayError as error:
            return {"skew": error.sentence}
        return {"skew": clients.skew}


def _first_sound(catalog: Catalog | None) -> SsoSession | None:
    sessions = catalog.sessions if catalog is not None else ()
    return next((one for one in sessions if one.problem is None), None)
