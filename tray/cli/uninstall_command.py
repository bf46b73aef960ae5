"""``uninstall``: give everything back, and take away what SSO Tray has put on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import click

from tray.aws.config.catalog import every_profile
from tray.cli import session_commands
from tray.cli.command_context import ENDING_PATIENCE, JOB_PATIENCE, CommandContext, now
from tray.cli.front.terminal import Ended, note, say
from tray.core.model import Catalog
from tray.core.text import uninstall_text
from tray.core.text.shell_commands import quoted
from tray.errors import TrayError, Unreachable, sentence_of
from tray.ipc.agent_client import OtherWorld
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.daemon_record import change_record, read_record
from tray.storage.session_records import Records
from tray.system import WINDOWS
from tray.system.autostart.applications_entry import MenuEntry
from tray.system.autostart.start_at_login import autostart_for
from tray.system.daemon_launch import listens
from tray.system.dbus.search_files import is_ours, krunner_file
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.spawn import frozen

_OWNER: Final[dict[uninstall_text.Package, tuple[str, ...]]] = {
    "deb": ("dpkg", "--search"),
    "rpm": ("rpm", "--query", "--file"),
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that is there, in the words of the list, and how it goes."""

    words: str
    do: Callable[[], object]


def uninstall(*, dry_run: bool, yes: bool) -> None:
    context = CommandContext.of_this_process()
    session_commands.refuse_beside_another_host(context)
    catalog = context.catalog()  # without it nobody knows what to give back
    steps = tuple(_steps(context, catalog))
    for step in steps:
        say(f"- {step.words}")
    if not steps:
        say(uninstall_text.NOTHING)
    elif not dry_run:
        _ask(yes=yes)
        for step in steps:
            _carry_out(step)
        say(uninstall_text.DONE)
    for sentence in _stays(context, catalog):
        say(sentence)


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Ended(uninstall_text.NEEDS_YES, 2)
    if not click.confirm(uninstall_text.QUESTION, default=False, err=True):
        raise Ended("No changes made.", 1)


def _carry_out(step: _Step) -> None:
    try:
        step.do()
    except (TrayError, OSError) as error:
        if sentence := sentence_of(error):
            note(sentence)
        raise Ended(uninstall_text.stopped(step.words), 1) from None


def _steps(context: CommandContext, catalog: Catalog) -> Iterator[_Step]:
    """Yield what there is to do, in an order in which stopping anywhere loses nothing."""
    paths = context.paths
    # Those of the config, too: the record of one may be lost, and the keyring still keeps it.
    recorded = Records(paths.state).read().items()
    kept = {key for key, one in recorded if one.store is not None}
    kept |= {one.key for one in catalog.sessions if paths.state.exists()}
    if kept:
        required = context.settings_or_safe().preferences.keyring_required
        words = uninstall_text.returns(sorted(kept), keyring_required=required)
        yield _Step(words, lambda: session_commands.release(None, every=True))
    if listens(paths.runtime_sockets) or read_record(paths.state).world is not None:
        yield _Step(uninstall_text.ENDS, lambda: _end_daemon(context))
    for target, entry in managed_sections.read_applied(paths.state).items():
        if entry.at_work and entry.file:
            there = ManagedContext(replace(paths, aws_config=Path(entry.file)), (), tuple)
            words = uninstall_text.takes_out(target, entry.file)
            yield _Step(words, partial(managed_sections.take_back, there, target))
    login = autostart_for(context.environ)
    if login.status() == "on":
        yield _Step(uninstall_text.not_at_login(login.place), login.disable)
    menu = MenuEntry.of(context.environ)
    if menu.written() is not None:
        yield _Step(uninstall_text.not_in_menu(menu.place), menu.disable)
    runner = krunner_file(context.environ)
    if is_ours(runner):
        yield _Step(uninstall_text.not_searched(str(runner)), runner.unlink)
    if paths.state.exists():
        yield _Step(uninstall_text.deletes(str(paths.state)), lambda: _delete(paths.state))


def _end_daemon(context: CommandContext) -> None:
    """End it as ``quit`` does, so that no program starts it again, and wait for its end."""
    try:
        with context.daemon() as agent:
            agent.done("quit", patience=JOB_PATIENCE)
    except Unreachable:
        change_record(context.paths.state, quit_at=now().wall)
    except OtherWorld as error:
        raise Ended(error.sentence, 1) from None


def _delete(state: Path) -> None:
    """Delete our directory while no daemon can begin to work in it."""
    lock = FileLock(lock_path(state, "resident"))
    if not lock.acquire(ENDING_PATIENCE):
        raise Ended(uninstall_text.STILL_RUNNING, 1)
    try:
        shutil.rmtree(state.resolve())
        if state.is_symlink():
            state.unlink()
    finally:
        lock.release()


def _stays(context: CommandContext, catalog: Catalog) -> Iterator[str]:
    from tray.worker.profile_credentials import calls_us

    if context.paths.settings_file.exists():
        yield uninstall_text.settings_stay(str(context.paths.settings_file))
    by_us = [
        name
        for name, keys in every_profile(context.reader.files).items()
        if name not in catalog.managed
        and isinstance(command := keys.get("credential_process"), str)
        and calls_us(command, context.paths.state)
    ]
    if by_us:
        yield uninstall_text.profiles_stop(by_us)
    if context.shell_follows:
        yield uninstall_text.HOOK
    python = subprocess.list2cmdline([sys.executable]) if WINDOWS else quoted(sys.executable)
    yield uninstall_text.package(
        _installed_by(), python=python, folder=str(Path(sys.executable).parent)
    )


def _installed_by() -> uninstall_text.Package:
    """Return what has installed this program, and so removes it."""
    if not frozen():
        parts = Path(sys.prefix).parts
        return "pipx" if "pipx" in parts else "uv" if "uv" in parts else "pip"
    program = Path(sys.executable).resolve()
    # Packages put it there; and Debian's rpm makes a database in the home of whoever asks it.
    owners = _OWNER if program.is_relative_to("/usr") else {}
    for kind, command in owners.items():
        if shutil.which(command[0]):
            done = subprocess.run([*command, str(program)], capture_output=True, check=False)
            if done.returncode == 0:
                return kind
    return "folder"
