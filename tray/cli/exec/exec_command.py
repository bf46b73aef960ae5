"""``exec``: a command with a profile's credentials, and exit codes as env(1) has them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tray.aws.cache.token_cache import cache_path
from tray.aws.config.catalog import profile_settings
from tray.aws.config.config_files import ConfigFiles
from tray.cli.accounts.named_role import NamedRole
from tray.cli.command_context import JOB_PATIENCE, NO_SUCH_NAME, CommandContext
from tray.cli.credentials_command import given, request_for
from tray.cli.exec.becoming import CANNOT_RUN, NOT_FOUND, become
from tray.cli.exec.child_process import run_beside
from tray.cli.exec.credential_environment import past_proxies
from tray.cli.front.quick_reading import OURS_FAILED
from tray.cli.front.terminal import Ended, WrongUse
from tray.cli.names.few_words import at_terminal, profile_meant
from tray.core.model import Profile
from tray.errors import NotFound, SignInNeeded, TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.ipc.child_environment import ChildEnvironment, variables
from tray.storage.atomic_files import read_small, write_atomic
from tray.system.credential_variables import led_to_copy

SHADOWS: Final = frozenset({
    "aws_access_key_id", "credential_process", "credential_source", "login_session", "role_arn",
    "source_profile", "sso_account_id", "sso_session", "sso_start_url",
    "web_identity_token_file",
})  # fmt: skip
"""Keys with which a ``[default]`` gives credentials; SDKs prefer them to an endpoint's."""

_SECRETS: Final = frozenset({
    "aws_access_key_id", "aws_secret_access_key", "aws_security_token", "aws_session_token",
})  # fmt: skip
_KEY: Final = re.compile(rb"\s*(\w+)\s*[=:]", re.ASCII)
_DEFAULT: Final = re.compile(rb"""\s*\[\s*(profile\s+)?(["']?)default\2\s*\]""")


def execute(
    *,
    profile: str | None,
    endpoint: bool,
    each: str | None,
    guarded: bool,
    command: tuple[str, ...],
    last_before: str | None,
    **of_role: str | None,
) -> int:
    try:
        named = NamedRole(**of_role)
        context = CommandContext.of_this_process()
        catalog = context.catalog()
        if each is not None or guarded:
            if each is None or profile is not None or named.given or endpoint:
                raise WrongUse("--each takes a pattern, perhaps --guarded, and a command.")
            from tray.cli.exec.exec_each import run_each

            return run_each(context, catalog, each, command, with_guarded=guarded)
        if (
            not named.given
            and profile is None
            and last_before == command[0]
            and command[1:2] == ("--",)
        ):
            # "exec ls -- -x" has always run ls: only a name that is no command must be a profile.
            known = any(one.name == command[0] for one in catalog.profiles)
            if known or shutil.which(command[0]) is None:
                profile, command = command[0], command[2:]
        words: tuple[str, ...] = () if profile is None else (profile,)
        if (
            not words
            and not named.given
            and "--" in command
            and at_terminal()
            and shutil.which(command[0]) is None
        ):
            end = command.index("--")
            words, command = command[:end], command[end + 1 :]
        if not command:
            raise WrongUse("Missing command after --.")
        meant = profile_meant(context, catalog, words, context.profile_in_force, named)
        document = given(context, "credentials", meant)
        environment = ChildEnvironment(
            {},
            meant.name,
            meant.region,
            context.reader.variables.get(meant.name, {}),
            variables(document),
        )
        if endpoint:
            return _with_endpoint(context, meant, command, environment, document)
    except (SignInNeeded, WrongUse):
        raise
    except Ended as error:
        kept = error.exit_code in (3, CANNOT_RUN, NOT_FOUND)
        raise Ended(error.sentence, error.exit_code if kept else OURS_FAILED) from None
    except TrayError as error:
        raise Ended(error.sentence, OURS_FAILED) from None
    return become(command, environment.applied_to(context.environ))


def _with_endpoint(
    context: CommandContext,
    profile: Profile,
    command: Sequence[str],
    environment: ChildEnvironment,
    document: dict[str, Any],
) -> int:
    from tray.cli.exec.credential_endpoint import Endpoint
    from tray.cli.exec.credentials_apart import credentials_apart
    from tray.storage.private_folder import private_folder, sweep

    endpoint = Endpoint(
        lambda: profile,
        lambda meant: from_daemon(context, meant),
        lambda meant: credentials_apart(context, meant),
        signed_in_by=lambda meant: token_file_mark(context, meant),
        document=document,
        report=context.report,
    )

    environ = environment.without_keys(context.environ)

    def surroundings(folder: Path, unshadowed: dict[str, str]) -> Iterator[Mapping[str, str]]:
        with endpoint:
            yield (
                environ | past_proxies(environ) | unshadowed | endpoint.variables(folder / "token")
            )

    sweep(context.paths.state)  # where earlier versions left theirs
    with private_folder(context.paths.runtime_sockets[0].parent) as folder:
        unshadowed = _unshadowed(context, folder)
        return run_beside(command, contextmanager(surroundings)(folder, unshadowed))


def from_daemon(context: CommandContext, profile: Profile) -> dict[str, Any] | None:
    """Ask the daemon, in silence: the terminal is the child's. None if it cannot act."""
    from tray.cli.exec.credentials_apart import no_credentials

    try:
        with context.daemon() as agent:
            op, members = request_for("credentials", profile)
            done = agent.done(op, patience=JOB_PATIENCE, **members)
    except (OtherWorld, Unreachable):
        return None
    if done["exit"] == NO_SUCH_NAME:
        return None
    if done["exit"]:
        raise no_credentials(done)
    document: dict[str, Any] = done["credentials"]
    return document


def token_file_mark(context: CommandContext, profile: Profile) -> str | None:
    """Return what tells one token file of a profile's session from the next; None without one."""
    if profile.session is None:
        return None
    try:
        found = cache_path(context.paths.token_cache, profile.session).stat()
    except OSError:
        return None
    return f"{found.st_ino} {found.st_mtime_ns}"


def _unshadowed(context: CommandContext, folder: Path) -> dict[str, str]:
    """
    Return the variables that keep a ``[default]`` with credentials from winning over an endpoint.

    They lead to a copy of the config in which it has none. Only where it still has some, from the
    credentials file, they select a profile without any: tools such as Serverless insist that a
    profile that is named has keys.
    """
    if not default_gives_credentials(context):
        return {}
    users = context.paths.aws_config
    copy, name = folder / "config", None
    config = without_credentials(read_small(users) if users.exists() else b"")
    write_atomic(copy, config)
    if _default_gives(ConfigFiles(copy, context.paths.aws_credentials)):
        name = "sso-tray-exec"
        while any(one.name == name for one in context.catalog().profiles):
            name += "-"
        # The SDKs' region is a variable; an empty section would be no profile.
        write_atomic(copy, config + f"\n[profile {name}]\noutput = json\n".encode())
    return led_to_copy(context.environ, copy, name)


def default_gives_credentials(context: CommandContext) -> bool:
    return _default_gives(ConfigFiles(context.paths.aws_config, context.paths.aws_credentials))


def _default_gives(files: ConfigFiles) -> bool:
    try:
        return not SHADOWS.isdisjoint(profile_settings(files, "default"))
    except NotFound:
        return False


def without_credentials(config: bytes) -> bytes:
    """Return an AWS config file without keys, in which ``[default]`` gives no credentials."""
    kept: list[bytes] = []
    in_default, dropped_at = False, None
    for line in config.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if line.strip()[:1] in (b"", b"#", b";"):
            kept.append(line)
            continue  # between the lines of one value, too
        if dropped_at is not None and indent > dropped_at:
            continue  # goes on with a line that was dropped
        if line.lstrip()[:1] == b"[":
            in_default = bool(_DEFAULT.match(line))
        found = _KEY.match(line)
        key = found[1].decode().lower() if found else ""
        gives = in_default and (key in SHADOWS or key.startswith("sso_"))
        dropped_at = indent if gives or key in _SECRETS else None
        if dropped_at is None:
            kept.append(line)
    return b"".join(kept)
