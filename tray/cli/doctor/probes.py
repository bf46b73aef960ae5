"""What ``doctor`` looks at: each thing by itself, with a deadline, and none can stop the rest."""

from __future__ import annotations

import logging
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import tray
from tray.aws.config import config_files
from tray.aws.config.catalog import ConfigFiles, every_profile
from tray.aws.config.sdk_quirks import quirks
from tray.cli.command_context import Here
from tray.cli.doctor import system_probes as system
from tray.cli.status_command import of_files, words_of
from tray.core.doctor.findings import Facts, Quirk, SessionFacts
from tray.core.model import Catalog, SsoSession
from tray.core.profiles.guards import is_managed
from tray.credential_helper import FILE_NAME
from tray.errors import ConfigRejected, TokenRejected, TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.managed import managed_sections
from tray.secret import Secret
from tray.storage.active_profile import read_active
from tray.storage.session_records import Records

log = logging.getLogger(__name__)

ALL_WITHIN: Final = 8.0
"""Seconds for all probes, which run side by side; with start and end the command takes ten."""
RESIDENT_PATIENCE: Final = 3.0
"""Seconds a resident has to answer; it takes milliseconds, whatever else it waits for."""


Found: TypeAlias = Mapping[str, Any]
"""Members of `Facts`, by name."""


@dataclass(frozen=True, slots=True)
class _Config:
    """The config, as far as it can be read."""

    catalog: Catalog | None = None
    problem: str | None = None
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    quirks: tuple[tuple[Quirk, int], ...] = ()
    calls: Mapping[str, str | None] = field(default_factory=dict)


def gathered(here: Here, within: float = ALL_WITHIN) -> Facts:
    """
    Return all facts; what took too long or failed is told by name in ``unknown``.

    Args:
        here: whose.
        within: seconds.
    """
    config: Future[_Config] = Future()

    def catalog() -> Catalog | None:
        return config.result(within).catalog

    found, unknown = side_by_side(
        {
            "config": lambda: _config(here, config),
            "profile": lambda: _recorded(here),
            "resident": lambda: _resident(here),
            "d-bus": lambda: system.hosts(here.environ),
            "keyring": lambda: _keyring(here),
            "registrations": lambda: {"registrations": _registrations(here, catalog())},
            "browser": lambda: system.browser(here.environ),
            "AWS": lambda: _skew(catalog()),
            "aws cli": lambda: system.aws_cli(here.environ),
            "at login": lambda: system.starts(here),
            "files": lambda: system.files(here, catalog()),
            "locks": lambda: system.locks(here.paths.state),
        },
        within,
    )
    ends: Mapping[str, float] = found.pop("registrations", {})
    found["sessions"] = tuple(
        replace(one, registration_ends_at=ends.get(one.key)) for one in found.get("sessions", ())
    )
    return Facts(
        now=time.time(),
        program=tray.__version__,
        environ=here.environ,
        # Where these ends are kept is a line of its own already.
        unknown=tuple((area, why) for area, why in unknown.items() if area != "registrations"),
        **found,
    )


def side_by_side(
    probes: Mapping[str, Callable[[], Found]], within: float
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Run all probes at once; return what they found, and why some found nothing.

    Args:
        probes: by area. One that hangs is left behind in a thread that keeps nothing alive.
        within: seconds for all.
    """
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


# --- The config ---------------------------------------------------------------------------------


def _config(here: Here, told: Future[_Config]) -> Found:
    try:
        read = _read_config(here)
    except BaseException as error:
        told.set_exception(error)
        raise
    told.set_result(read)
    return {
        "catalog": read.catalog,
        "config_problem": read.problem,
        "config_place": system.tilde(here, here.paths.aws_config),
        "settings": read.settings,
        "quirks": read.quirks,
        "calls": read.calls,
    }


def _read_config(here: Here) -> _Config:
    from tray.worker.profile_credentials import calls_us

    files = ConfigFiles(here.paths.aws_config, here.paths.aws_credentials)
    try:
        catalog = here.catalog()
        settings = every_profile(files)
        data = config_files.read(files.config)
    except ConfigRejected as error:
        return _Config(problem=error.sentence)
    calls: dict[str, str | None] = {}
    for name, keys in settings.items():
        command = keys.get("credential_process")
        if not isinstance(command, str) or is_managed(name, catalog.managed):
            continue
        if calls_us(command, here.paths.state):
            calls[name] = asked_for(command, name, here.environ)
    return _Config(catalog, None, settings, quirks(data or b""), calls)


def asked_for(command: str, name: str, environ: Mapping[str, str]) -> str | None:
    """
    Return whose credentials a ``credential_process`` of ours asks for.

    Args:
        command: it.
        name: of the profile that has it.
        environ: ``credentials`` without a profile asks for the one that AWS_PROFILE names.

    Returns:
        A profile's name; None stands for the active one.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return None  # nobody can start it
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--profile":
            return following or None
        if word.startswith("--profile="):
            return word.partition("=")[2] or None
        if Path(word).name == FILE_NAME:
            return following or None
    return name if "--active" not in words and environ.get("AWS_PROFILE") == name else None


def _recorded(here: Here) -> Found:
    through: tuple[str, ...] = managed_sections.applies(here.paths.state)
    if here.shell_follows:
        through = (*through, "shell")
    return {"active": read_active(here.paths.state), "applies": through}


# --- Sessions -----------------------------------------------------------------------------------


def _resident(here: Here) -> Found:
    connected = False
    told: dict[str, Any] | None = None
    standing = "running"
    try:
        with here.resident() as agent:
            connected = True
            told = agent.done("status", patience=RESIDENT_PATIENCE)["status"]
    except Unreachable:
        standing = "mute" if connected else "none"
    except OtherWorld:
        standing = "elsewhere"
    document = told if told is not None else of_files(here)
    contested = {key for key, one in Records(here.paths.state).read().items() if one.contested}
    sessions = tuple(
        SessionFacts(
            entry["key"],
            words_of(entry, alone=standing != "running"),
            entry["state"],
            entry["renews"],
            contested=entry["key"] in contested,
        )
        for entry in document["sessions"]
    )
    running = document["resident"] or {}
    return {
        "resident": standing,
        "resident_program": running.get("program"),
        "no_tray": running.get("no_tray"),
        "problems": tuple(document["problems"]),
        "sessions": sessions,
    }


def _keyring(here: Here) -> Found:
    from tray.worker.job_context import Tools

    vault = Tools.from_environment(here.environ).vault
    try:
        state: str = vault.lock_state()
    except TrayError as error:
        state = error.sentence
    return {"keyring": state, "keyring_name": vault.keyring_name}


def _registrations(here: Here, catalog: Catalog | None) -> dict[str, float]:
    """Return when registrations end, as files and an unlocked keyring tell; never a prompt."""
    from tray.worker.job_context import Tools

    tools = Tools.from_environment(here.environ)
    ready = tools.vault.lock_state() == "ready"
    found: dict[str, float] = {}
    for session in catalog.sessions if catalog is not None else ():
        try:
            token = tools.read(session)
            if token is not None and token.registration is None and ready:
                token = tools.vault.load(session)
        except TrayError as error:
            log.info("doctor: %s", error.sentence)
            continue
        if token is not None and token.registration is not None:
            found[session.key] = token.registration.expires_at
    return found


def _skew(catalog: Catalog | None) -> Found:
    """Ask the portal with a token that is none: its refusal tells the time."""
    from tray.aws.api.clients import AwsClients
    from tray.aws.api.portal import Portal

    session = _first_sound(catalog)
    if session is None:
        return {}
    with AwsClients(connect_timeout=3.0, read_timeout=4.0) as clients:
        try:
            Portal(clients).check(Secret("none"), session.region)
        except TokenRejected:
            return {"skew": clients.skew}
        except TrayError as error:
            return {"skew": error.sentence}
        return {"skew": clients.skew}


def _first_sound(catalog: Catalog | None) -> SsoSession | None:
    sessions = catalog.sessions if catalog is not None else ()
    return next((one for one in sessions if one.problem is None), None)
