"""The commands' table as click's commands: help, usage errors and completion."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

import tray
from tray.cli.front import help_texts, name_completion
from tray.cli.front.command_parts import Argument, Command, Option
from tray.cli.front.command_table import COMMANDS, COMPLETION_ASKED
from tray.cli.front.quick_reading import OURS_FAILED, last_before
from tray.cli.front.secret_words import without_secrets
from tray.cli.front.terminal import Ended, WrongUse
from tray.core.text.display_names import clean

_LAST_BEFORE: Final = "tray.exec.last-before"


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        described = COMMANDS.get(cmd_name)
        return None if described is None else _command(cmd_name, described)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(help_texts.SUMMARIES.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from tray.cli.add.pasted_text import pasted

        paste = pasted(" ".join(args), asked=False)
        if paste is not None:
            raise click.UsageError(paste, ctx)
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


class _WrongUseOfExec(click.UsageError):
    exit_code = OURS_FAILED


class _AsEnv(click.Command):
    """A command whose wrong use has the exit code of env(1): a child may well end with 2."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _WrongUseOfExec(error.message, error.ctx) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_LAST_BEFORE] = last_before(args)
        return super().parse_args(ctx, args)


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

        run(no_icon=False)


def run(line: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code, or raises what the command did."""
    if COMPLETION_ASKED in os.environ:
        name_completion.register()
    try:
        result: Any = cli.main(list(line), prog_name="sso-tray", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        # Some classes of click put words of the line around their message when it is shown.
        sentence = without_secrets(error.format_message(), line)
        click.UsageError(sentence, getattr(error, "ctx", None)).show()
        return error.exit_code
    return result if isinstance(result, int) else 0


def completion_script(shell: str) -> str:
    return name_completion.script(shell, cli)


def show_wrong_use(error: WrongUse, line: Sequence[str]) -> int:
    """Say what was wrong, below the command's usage; returns the exit code."""
    name = line[0]
    described = COMMANDS[name]
    parent = click.Context(cli, info_name="sso-tray", **cli.context_settings)
    command = _command(name, described)
    context = click.Context(command, parent, name, **command.context_settings)
    kind = _WrongUseOfExec if described.as_env else click.UsageError
    shown = kind(without_secrets(error.sentence, line), context)
    shown.show()
    return shown.exit_code


def _command(name: str, described: Command) -> click.Command:
    return (_AsEnv if described.as_env else click.Command)(
        name,
        params=[
            _option(one) if isinstance(one, Option) else _argument(one) for one in described.takes
        ],
        callback=_callback(described),
        help=getattr(help_texts, name.upper().replace("-", "_")),
        short_help=help_texts.SUMMARIES[name],
        context_settings={"allow_interspersed_args": not described.as_env},
    )


def _callback(described: Command) -> Callable[..., Any]:
    def called(**values: Any) -> Any:
        if described.as_env:
            values["last_before"] = click.get_current_context().meta[_LAST_BEFORE]
        module, _, name = described.place.partition(":")
        return getattr(import_module(module), name)(**values)

    return called


def _option(one: Option) -> click.Option:
    kinds: dict[str, Any] = {
        "text": click.Choice(one.choices) if one.choices else None,
        "flag": None,
        "number": click.IntRange(*one.between),
        "path": click.Path(path_type=Path),
    }
    return click.Option(
        [*one.flags, one.name],
        is_flag=True if one.kind == "flag" else None,
        type=kinds[one.kind],
        **_default(False if one.kind == "flag" else one.default),
        show_default=one.shows_default,
        multiple=one.repeated,
        help=one.help,
        metavar=one.shown,
        shell_complete=_COMPLETIONS[one.completes],
    )


def _argument(one: Argument) -> click.Argument:
    return click.Argument(
        [one.name],
        type=click.Choice(one.choices) if one.choices else None,
        **_default(one.default),
        required=one.required,
        nargs=-1 if one.many else 1,
        metavar=one.shown,
        shell_complete=_COMPLETIONS[one.completes],
    )


def _default(value: object) -> dict[str, Any]:
    """To click, None is a default like any other."""
    return {} if value is None else {"default": value}


_COMPLETIONS: Final[dict[str | None, Any]] = {
    "sessions": name_completion.sessions,
    "profiles": name_completion.profiles,
    None: None,
}
