"""``endpoint``: credentials by HTTP for programs started elsewhere: an IDE, a notebook, a JVM."""

from __future__ import annotations

import hashlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from tray.cli.command_context import CommandContext
from tray.cli.exec.credential_environment import posix_word
from tray.cli.exec.exec_command import (
    default_gives_credentials,
    from_daemon,
    token_file_mark,
)
from tray.cli.front.terminal import Ended, note
from tray.cli.names.name_lookup import profile_named
from tray.core.model import Profile
from tray.core.profiles.guards import is_guarded
from tray.core.text.display_names import clean
from tray.errors import UserMustAct
from tray.storage.active_profile import read_active
from tray.storage.atomic_files import private_directory, read_small, write_atomic
from tray.system.lock.file_lock import FileLock

_URI: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN_FILE: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  (a name)
_OVERRIDES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID")


def endpoint(*, profile: str | None, what: str | None) -> None:
    context = CommandContext.of_this_process()
    if profile is not None:
        profile_named(context.catalog(), profile)
    folder = _folder(context, profile)
    if what == "env":
        _print_variables(context, folder)
    else:
        _serve(context, folder, profile)


def _folder(context: CommandContext, profile: str | None) -> Path:
    name = hashlib.sha256((profile or "").encode()).hexdigest()[:16]
    return context.paths.runtime_sockets[0].parent / f"endpoint-{name}"


def _serve(context: CommandContext, folder: Path, name: str | None) -> None:
    from tray.cli.exec.credential_endpoint import Endpoint
    from tray.cli.exec.credentials_apart import credentials_apart

    private_directory(folder, tighten=True)
    lock = FileLock(folder / "lock")
    if not lock.acquire():
        raise Ended("Such an endpoint runs already.", 1)
    uri, token = folder / "uri", folder / "token"
    serving = Endpoint(
        lambda: _meant(context, name),
        lambda meant: from_daemon(context, meant),
        lambda meant: credentials_apart(context, meant),
        signed_in_by=lambda meant: token_file_mark(context, meant),
        report=context.report,
    )
    try:
        with _stop_signals() as stopped, serving:
            write_atomic(uri, serving.variables(token)[_URI].encode())
            whose = f'the profile "{clean(name)}"' if name else "the active profile"
            options = f" --profile {posix_word(name)}" if name else ""
            click.echo(f"Serving the credentials of {whose} until Ctrl-C. Elsewhere, run:")
            click.echo(f'  eval "$(sso-tray endpoint{options} env)"')
            sys.stdout.flush()
            stopped.wait()
    finally:
        for file in (uri, token):
            file.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    stopped = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _meant(context: CommandContext, name: str | None) -> Profile:
    """Return the current profile; UserMustAct if none is active, or it must be named (A7)."""
    if name is not None:
        return profile_named(context.catalog(), name)
    active = read_active(context.paths.state)
    if active is None:
        raise UserMustAct("No profile is active. Run: sso-tray use PROFILE")
    if is_guarded(active, context.settings().preferences.guarded):
        raise UserMustAct(
            f'The active profile "{clean(active)}" is guarded: an endpoint must name it.'
        )
    return profile_named(context.catalog(), active)


def _print_variables(context: CommandContext, folder: Path) -> None:
    uri, token = folder / "uri", folder / "token"
    if not uri.exists() or FileLock(folder / "lock").acquire():
        raise Ended("No such endpoint runs. Start it: sso-tray endpoint", 1)
    set_here = [name for name in _OVERRIDES if context.environ.get(name)]
    if set_here:
        note(f"{' and '.join(set_here)} wins over the endpoint here: unset it.")
    if default_gives_credentials(context):
        note("SDKs take the credentials of [default] before the endpoint's.")
    click.echo(f"export {_URI}={posix_word(read_small(uri).decode())}")
    click.echo(f"export {_TOKEN_FILE}={posix_word(str(token))}")
