"""The daemon itself: ``run``, ``start``, ``quit``, the ``demo``, and starts that are needed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tray.cli.command_context import ENDING_PATIENCE, JOB_PATIENCE, CommandContext
from tray.cli.front.terminal import Ended, finish, note, say
from tray.core.policy import START_PATIENCE, STARTER_PATIENCE
from tray.core.start_rules import Starter, Surroundings, obstacle
from tray.core.text import daemon_text
from tray.errors import TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.storage.daemon_record import change_record, read_record
from tray.system import LINUX, WINDOWS
from tray.system.daemon_launch import listens, started
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import fingerprint
from tray.system.spawn import module_command, worker_environment
from tray.system.surroundings import desktop_since, look

_ICON_PATIENCE: Final = 3.0  # seconds; a tray that is there takes an icon in a tenth of one


def run(*, no_icon: bool = False) -> None:
    context = CommandContext.of_this_process()
    if _one_stays(context, icon=not no_icon):
        return
    _become_daemon(context, ["--no-icon"] if no_icon else [])


def start() -> None:
    context = CommandContext.of_this_process()
    if _one_stays(context, icon=True):
        return
    reason = obstacle(_surroundings(context), "start")
    if reason is not None:
        raise Ended(daemon_text.refused(reason), 1)
    paths, environ = context.paths, context.environ
    if not started(paths, environ, tried=lambda: None, patience=STARTER_PATIENCE):
        raise Ended(daemon_text.NOT_STARTED, 1)
    say(daemon_text.RUNNING)
    if LINUX:
        say(daemon_text.ICON[_icon(context.environ)])


def _icon(environ: Mapping[str, str]) -> daemon_text.Icon:
    """Return what has become of the icon, as soon as a tray has it or has had time to take it."""
    from tray.system.dbus.bus_connection import NoBus
    from tray.system.dbus.desktop_services import NoAnswer, desktop_services

    deadline = time.monotonic() + _ICON_PATIENCE
    while True:
        try:
            found = desktop_services(environ).tray
        except NoAnswer:
            return "busy"
        except NoBus:
            return "no-desktop"
        if found != "lost" or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _tray_shows_others(environ: Mapping[str, str]) -> bool:
    """Whether this desktop has a tray that tells its icons, and ours is not there."""
    if not LINUX:
        return False
    from tray.system.dbus.bus_connection import NoBus
    from tray.system.dbus.desktop_services import desktop_services

    try:
        return desktop_services(environ).tray == "lost"
    except NoBus:
        return False


def start_if_needed(context: CommandContext, starter: Starter, *, no_daemon: bool = False) -> bool:
    """
    Start a daemon where none runs and one may be started; one sentence says so to a person.

    Returns whether one listens now that did not before.
    """
    if listens(context.paths.runtime_sockets):
        return False
    reason = obstacle(_surroundings(context, no_daemon=no_daemon), starter)
    if reason is not None:
        if reason == "other-host":
            note(daemon_text.on_another_host(read_record(context.paths.state).other_host() or ""))
        return False
    by_us: list[bool] = []

    def tried() -> None:
        by_us.append(True)
        change_record(context.paths.state, tried_at=time.time())

    patience = START_PATIENCE if starter == "program" else STARTER_PATIENCE
    try:
        running = started(context.paths, context.environ, tried=tried, patience=patience)
    except (TrayError, OSError):
        running = False
    if starter == "person" and not running:
        note(daemon_text.NOT_STARTED)
    elif starter == "person" and by_us:
        note(daemon_text.started(str(context.paths.settings_file)))
    return running


def _surroundings(context: CommandContext, *, no_daemon: bool = False) -> Surroundings:
    record, environ = read_record(context.paths.state), context.environ
    quit_at, tried_at, since = record.quit_at, record.tried_at, desktop_since(environ)
    return replace(
        look(environ, context.paths.home),
        setting=context.settings_or_safe().start_daemon,
        option=no_daemon,
        other_host=record.other_host() is not None,
        other_files=record.world not in (None, fingerprint(environ)),
        quit=quit_at is not None,
        new_desktop=quit_at is not None and since is not None and since > quit_at,
        started_before=record.world is not None,
        since_try=None if tried_at is None else time.time() - tried_at,
    )


def _one_stays(context: CommandContext, *, icon: bool) -> bool:
    """Whether a daemon runs, and say so; one without a display gives way to one that has it."""
    try:
        with context.daemon() as agent:
            resident = agent.done("status")["status"]["resident"]
    except OtherWorld:
        raise Ended(daemon_text.OTHER_WORLD, 1) from None
    except Unreachable:
        host = read_record(context.paths.state).other_host()
        lock = FileLock(lock_path(context.paths.state, "resident"))
        if host is not None and not lock.acquire():
            raise Ended(daemon_text.held_by(host), 1) from None
        lock.release()
        return False
    here = icon and desktop_since(context.environ) is not None
    if not here or resident.get("graphical", True):
        say(daemon_text.ALREADY_RUNNING)
        if here and not resident.get("no_tray") and _tray_shows_others(context.environ):
            say(daemon_text.ICON_ELSEWHERE)
        return True
    # Not by "quit": nothing is handed back, and no start is held off.
    os.kill(resident["pid"], signal.SIGTERM)
    lock = FileLock(lock_path(context.paths.state, "resident"))
    if not lock.acquire(ENDING_PATIENCE):
        say(daemon_text.ALREADY_RUNNING)
        return True
    lock.release()
    return False


def _become_daemon(context: CommandContext, options: list[str]) -> None:
    """Hand over by exec (same pid), so that nothing of the command line stays in memory."""
    importable = worker_environment(context.environ)
    if WINDOWS:
        # Its exec makes a second process, which would outlive the end of this one by force.
        here = str(Path.cwd())
        if here in sys.path and here not in importable.get("PYTHONPATH", "").split(os.pathsep):
            sys.path.remove(here)  # a "keyring.py" there is not to be imported

        from tray.daemon.__main__ import main as live

        sys.argv[1:] = options
        raise Ended("", live())
    environ = dict(context.environ)
    if "PYTHONPATH" in importable:
        environ["PYTHONPATH"] = importable["PYTHONPATH"]
    command = module_command("tray.daemon", *options)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, environ)  # noqa: S606 - ourselves, no shell


def end() -> None:
    context = CommandContext.of_this_process()
    try:
        with context.daemon() as agent:
            done = agent.done("quit", patience=JOB_PATIENCE)
    except OtherWorld as error:
        raise Ended(error.sentence, 1) from None
    except Unreachable:
        if listens(context.paths.runtime_sockets):
            raise Ended(daemon_text.NOT_QUIT, 1) from None
        if read_record(context.paths.state).world is not None:
            change_record(context.paths.state, quit_at=time.time())
        say(daemon_text.NOT_RUNNING)
        return
    finish(done["exit"], done["sentence"])


def demo() -> None:
    from tray.demo.demo_story import main

    raise Ended("", main())
