"""The daemon itself: ``run``, ``quit`` and the ``demo``."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, finish
from tray.errors import Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.system import WINDOWS
from tray.system.spawn import module_command, worker_environment


def run(*, no_icon: bool = False) -> None:
    context = CommandContext.of_this_process()
    try:
        with context.daemon() as agent:
            agent.done("status")
    except OtherWorld:
        msg = "SSO Tray is already running with other files or endpoints. Stop it there first."
        raise Ended(msg, 1) from None
    except Unreachable:
        _become_daemon(context, ["--no-icon"] if no_icon else [])
    else:
        click.echo("SSO Tray is already running.")


def _become_daemon(context: CommandContext, options: list[str]) -> None:
    """Hand over by exec (same pid), so that nothing of the command line stays in memory."""
    environ = dict(context.environ)
    importable = worker_environment(environ)
    if "PYTHONPATH" in importable:
        environ["PYTHONPATH"] = importable["PYTHONPATH"]
    command = module_command("tray.daemon", *options)
    sys.stdout.flush()
    sys.stderr.flush()
    if WINDOWS:
        # On Windows exec would return to the shell's prompt while the daemon runs.
        raise Ended("", subprocess.call(command, env=environ))
    os.execve(command[0], command, environ)  # noqa: S606 - ourselves, no shell


def end() -> None:
    context = CommandContext.of_this_process()
    try:
        with context.daemon() as agent:
            done = agent.done("quit")
    except OtherWorld as error:
        raise Ended(error.sentence, 1) from None
    except Unreachable:
        click.echo("SSO Tray isn't running.")
        return
    finish(done["exit"], done["sentence"])


def demo() -> None:
    from tray.demo.demo_story import main

    raise Ended("", main())
