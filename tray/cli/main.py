"""The command ``sso-tray``: its commands, and the exit codes of their failures (rule C1)."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TextIO

import click

import tray
from tray.cli import help_texts
from tray.cli.command_context import Ended, note
from tray.core.text.display_names import clean
from tray.errors import NotFound, SignInNeeded, TrayError
from tray.system.config_copy import lead_back

COMMANDS: Final = {
    "run": "tray.cli.daemon_commands:run",
    "start": "tray.cli.daemon_commands:start",
    "status": "tray.cli.status_command:status",
    "login": "tray.cli.login.login_command:login",
    "logout": "tray.cli.session_commands:logout",
    "renew": "tray.cli.session_commands:renew",
    "release": "tray.cli.session_commands:release",
    "use": "tray.cli.profile_commands:use",
    "apply": "tray.cli.apply_command:apply",
    "profiles": "tray.cli.profile_commands:profiles",
    "add": "tray.cli.add.add_command:add",
    "whoami": "tray.cli.credentials_command:whoami",
    "credentials": "tray.cli.credentials_command:credentials",
    "exec": "tray.cli.exec.exec_command:execute",
    "endpoint": "tray.cli.exec.endpoint_command:endpoint",
    "console": "tray.cli.console_command:console",
    "autostart": "tray.cli.autostart_command:autostart",
    "shell-init": "tray.cli.shell.shell_integration:shell_init",
    "completion": "tray.cli.shell.shell_integration:completion",
    "doctor": "tray.cli.doctor.doctor_command:doctor",
    "log": "tray.cli.log_command:log",
    "quit": "tray.cli.daemon_commands:end",
    "guide": "tray.cli.guide_command:guide",
    "demo": "tray.cli.daemon_commands:demo",
}
"""Where each command is; only the one that was typed is imported, for a fast start."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        command.short_help = help_texts.SUMMARIES[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(help_texts.SUMMARIES.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.5)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise click.UsageError(f'Unknown command "{clean(name)}".{hint}', ctx)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # Caught before click, which would put an empty line before our one sentence.
            if sys.stderr.isatty():
                click.echo(err=True)
            raise Ended("Cancelled.", 1) from None


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
    help=help_texts.PROGRAM,
    epilog=help_texts.EPILOG,
)
@click.version_option(tray.__version__, message="sso-tray %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Start SSO Tray if no command was named."""
    if os.environ.get("NO_COLOR"):
        context.color = False
    if context.invoked_subcommand is None:
        from tray.cli.daemon_commands import run

        context.invoke(run)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of rule C1; every failure has been said in one sentence on stderr."""
    lead_back(os.environ)
    for stream in (sys.stdout, sys.stderr):
        _never_refuse_a_character(stream)
    # Keep what libraries and transactions log out of a command's output.
    logging.getLogger().addHandler(logging.NullHandler())
    if "_SSO_TRAY_COMPLETE" in os.environ:
        from tray.cli.shell.completion import register

        register()
    try:
        result: Any = cli.main(
            None if arguments is None else list(arguments),
            prog_name="sso-tray",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has seen enough (`sso-tray profiles | head`).
        _drop_output()
        return 1
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last place that can still say something
        return _failed(error)
    return result if isinstance(result, int) else 0


def _failed(error: Exception) -> int:
    match error:
        case Ended():
            if error.sentence:
                note(error.sentence)
            return error.exit_code
        case NotFound():
            note(error.sentence)
            return 2
        case SignInNeeded():
            note(error.sentence)
            return 3
        case TrayError():
            note(error.sentence)
        case OSError():
            place = f"{error.filename}: " if isinstance(error.filename, str) else ""
            note(f"{place}{error.strerror or type(error).__name__}.")
        case _:
            note(f"Internal error ({type(error).__name__}{_where(error)}). Please report it.")
    return 1


def _where(error: Exception) -> str:
    """Name the place alone: an exception's own text may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _never_refuse_a_character(stream: TextIO) -> None:
    """Let a terminal that cannot show a letter of a name from a file get its escape."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Keep the interpreter from complaining at exit about what it cannot flush."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
