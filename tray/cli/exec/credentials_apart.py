"""
Credentials for an endpoint that has no daemon, in a process of its own: it takes locks and time.

It prints one JSON document: ``credentials``, or ``sentence`` with ``exit`` (rule C1) and
``passes`` (`tray.cli.front.terminal.Ended`), which an exit code cannot tell.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tray.cli.accounts.named_role import NamedRole
from tray.cli.command_context import JOB_PATIENCE, CommandContext
from tray.cli.credentials_command import given, request_for
from tray.cli.front.terminal import Ended
from tray.cli.names.few_words import profile_meant
from tray.core.model import Profile
from tray.errors import NotFound, OurBug, SignInNeeded, TrayError, passes, sentence_of
from tray.system.spawn import APART, module_command


def credentials_apart(context: CommandContext, profile: Profile) -> dict[str, Any]:
    """Return the ``credential_process`` document; raises SignInNeeded, Ended, OurBug."""
    _, members = request_for("credentials", profile)
    naming = (word for name, value in members.items() for word in (f"--{name}", value))
    done = subprocess.run(
        module_command(__spec__.name, *naming),
        env=context.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=JOB_PATIENCE,
        **APART,  # Ctrl-C is for the child
        check=False,
    )
    if done.returncode:
        raise OurBug("SSO Tray made a mistake.")
    said: dict[str, Any] = json.loads(done.stdout)
    if "credentials" not in said:
        raise no_credentials(said)
    document: dict[str, Any] = said["credentials"]
    return document


def no_credentials(said: dict[str, Any]) -> TrayError:
    """Return the error of an answer without credentials, the daemon's or this process's."""
    if said["exit"] == 3:
        return SignInNeeded(said["sentence"])
    return Ended(said["sentence"], said["exit"], passes=said.get("passes", False))


def main(arguments: Sequence[str]) -> None:
    named = dict(zip(arguments[::2], arguments[1::2], strict=True))
    said: dict[str, Any]
    try:
        said = {"credentials": _given(named)}
    except TrayError as error:
        said = _failed(error)
    except OSError as error:
        said = {"sentence": sentence_of(error), "exit": 1}
    sys.stdout.write(json.dumps(said))


def _given(named: dict[str, str]) -> dict[str, Any]:
    context = CommandContext.of_this_process()
    role = NamedRole(*(named.get(f"--{name}") for name in ("session", "account", "role")))
    words = tuple(named[name] for name in ("--profile",) if name in named)
    meant = profile_meant(context, context.catalog(), words, None, role)
    return given(context, "credentials", meant, may_ask=False)


def _failed(error: TrayError) -> dict[str, Any]:
    match error:
        case Ended():
            return {"sentence": error.sentence, "exit": error.exit_code, "passes": error.passes}
        case NotFound():
            code = 2
        case SignInNeeded():
            code = 3
        case _:
            code = 1
    return {"sentence": error.sentence, "exit": code, "passes": passes(error)}


if __name__ == "__main__":
    main(sys.argv[1:])
