"""
``exec``: a command with credentials of a profile, and nothing else that would shadow them.

Exit codes as env(1) has them, for a child's status must not be taken for ours: 125 failed, 126
the command cannot be run, 127 there is none; and 3, before it starts, where a person must sign in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from tray.aws.config.catalog import ConfigFiles, profile_settings
from tray.cli import help_texts
from tray.cli.command_context import JOB_PATIENCE, NO_SUCH_NAME, CommandContext, Ended
from tray.cli.credentials_command import given
from tray.cli.exec.child_process import become, run_beside
from tray.cli.exec.credential_environment import region_of, variables
from tray.cli.name_lookup import profile_meant, profile_option
from tray.core.model import Profile
from tray.core.text.display_names import clean
from tray.errors import NotFound, SignInNeeded, TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.storage.atomic_files import private_directory, read_small, write_atomic
from tray.system.spawn import own_program, without_credentials

OURS_FAILED: Final = 125
CANNOT_RUN: Final = 126
NOT_FOUND: Final = 127

_LAST_BEFORE: Final = "tray.exec.last-before"
"""Where the parser keeps the word before the first ``--``."""

SHADOWS: Final = frozenset({
    "aws_access_key_id", "credential_process", "credential_source", "login_session", "role_arn",
    "source_profile", "sso_account_id", "sso_session", "sso_start_url",
    "web_identity_token_file",
})  # fmt: skip
"""Keys with which a ``[default]`` gives credentials; SDKs take them before an endpoint's."""


class _WrongUse(click.UsageError):
    """Wrong use, ended as env(1) ends it: a child may well end with 2."""

    exit_code = OURS_FAILED


class _AsEnv(click.Command):
    """A command whose wrong use is `_WrongUse`; it may have a profile before the ``--``."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _WrongUse(error.message, error.ctx) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before = args[: args.index("--")] if "--" in args else []
        ctx.meta[_LAST_BEFORE] = before[-1] if before else None
        return super().parse_args(ctx, args)


@click.command(
    cls=_AsEnv,
    help=help_texts.EXEC,
    context_settings={"allow_interspersed_args": False},
)
@profile_option
@click.option("--endpoint", is_flag=True, help="Provide credentials that renew, over HTTP.")
@click.argument("command", metavar="[PROFILE] -- COMMAND...", nargs=-1, required=True)
@click.pass_context
def execute(
    typed: click.Context, *, profile: str | None, endpoint: bool, command: tuple[str, ...]
) -> int:
    """Run a command with credentials."""
    try:
        context = CommandContext.of_this_process()
        catalog = context.catalog()
        if profile is None and typed.meta[_LAST_BEFORE] == command[0] and command[1:2] == ("--",):
            # "exec ls -- -x" has always run ls: only a name that is no command must be a profile.
            known = any(one.name == command[0] for one in catalog.profiles)
            if known or shutil.which(command[0]) is None:
                profile, command = command[0], command[2:]
        if not command:
            raise click.UsageError("Missing command after --.")
        meant = profile_meant(catalog, profile, context.profile_in_force)
        document = given(context, "credentials", meant)
        environ = without_credentials(context.environ) | region_of(meant, context.environ)
        if endpoint:
            return _with_endpoint(context, meant, command, environ, document)
    except SignInNeeded:
        raise
    except Ended as error:
        kept = error.exit_code in (3, CANNOT_RUN, NOT_FOUND)
        raise Ended(error.sentence, error.exit_code if kept else OURS_FAILED) from None
    except click.UsageError as error:
        raise _WrongUse(error.message, error.ctx) from None
    except TrayError as error:
        raise Ended(error.sentence, OURS_FAILED) from None
    told = {name: value for name, value in variables(document).items() if value is not None}
    with _as_env(command):
        return become(command, environ | told)


@contextmanager
def _as_env(command: Sequence[str]) -> Iterator[None]:
    """
    Word why a command did not start.

    Raises:
        Ended: it is not there, or cannot be run.
    """
    try:
        yield
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN
        raise Ended(f"{clean(command[0], 160)}: {error.strerror}.", code) from None


def _with_endpoint(
    context: CommandContext,
    profile: Profile,
    command: Sequence[str],
    environ: dict[str, str],
    document: dict[str, Any],
) -> int:
    from tray.cli.exec.credential_endpoint import Endpoint

    endpoint = Endpoint(
        profile,
        lambda: _of_the_resident(context, profile),
        lambda: _of_a_process(context, profile),
        document=document,
    )
    with _unshadowed(context, profile) as config:

        def surroundings() -> Iterator[Mapping[str, str]]:
            with endpoint:
                yield environ | config | endpoint.variables()

        with _as_env(command):
            return run_beside(command, contextmanager(surroundings)())


def _of_the_resident(context: CommandContext, profile: Profile) -> dict[str, Any] | None:
    """
    Ask the daemon, without a word on the child's terminal.

    Raises:
        Ended: it says why there are none.
    """
    try:
        with context.daemon() as agent:
            done = agent.done("credentials", patience=JOB_PATIENCE, profile=profile.name)
    except (OtherWorld, Unreachable):
        return None
    if done["exit"] == NO_SUCH_NAME:
        return None
    if done["exit"]:
        raise Ended(done["sentence"], done["exit"])
    document: dict[str, Any] = done["credentials"]
    return document


def _of_a_process(context: CommandContext, profile: Profile) -> dict[str, Any]:
    """
    Get credentials without a daemon, in a process of its own: it takes locks and time.

    Raises:
        Ended: it says why there are none.
    """
    command = [*own_program(context.environ), "credentials", "--profile", profile.name]
    done = subprocess.run(
        command,
        env=context.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=JOB_PATIENCE,
        start_new_session=True,  # Ctrl-C is for the child
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Ended(said[-1].removeprefix("sso-tray: ") if said else "", done.returncode)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@contextmanager
def _unshadowed(context: CommandContext, profile: Profile) -> Iterator[dict[str, str]]:
    """
    Yield the variables that keep a ``[default]`` with credentials from winning over an endpoint.

    A copy of the config with one more profile, that has no credentials, is selected then; it
    lasts as long as the child. The user's other profiles can still be named.
    """
    files = ConfigFiles(context.paths.aws_config, context.paths.aws_credentials)
    try:
        settings = profile_settings(files, "default")
    except NotFound:
        settings = {}
    if SHADOWS.isdisjoint(settings):
        yield {}
        return
    name = "sso-tray-exec"
    while any(one.name == name for one in context.catalog().profiles):
        name += "-"
    config = read_small(files.config) if files.config.exists() else b""
    section = f"\n[profile {name}]\n"
    section += f"region = {profile.region}\n" if profile.region else "output = json\n"
    state = private_directory(context.paths.state)
    with tempfile.TemporaryDirectory(prefix="exec-", dir=state) as folder:
        copy = Path(folder, "config")
        write_atomic(copy, config + section.encode())
        yield {"AWS_CONFIG_FILE": str(copy), "AWS_PROFILE": name}
