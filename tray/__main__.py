"""The command ``sso-tray`` and ``python -m tray``: the command line, or at once the daemon."""

from __future__ import annotations

import gc
import os
import sys

from tray.system.credential_variables import lead_back

_RUN: list[list[str]] = [[], ["run"], ["run", "--no-icon"]]


def main() -> int:
    """Return the exit code; the daemon starts at each login, so without the CLI's libraries."""
    if getattr(sys, "stderr", None) is None:
        from tray.system.process_limits import open_absent_streams

        open_absent_streams()
    lead_back(os.environ)
    runs = sys.argv[1:] in _RUN and "_SSO_TRAY_COMPLETE" not in os.environ
    if runs:
        # Nor does the command line need TLS to say that one runs already.
        from tray.daemon import without_tls  # noqa: F401  (before anything asks for it)
    if runs and not _one_answers():
        # Nothing of what is imported now is garbage: looking for some took a tenth of the time.
        # The daemon begins to collect once it has started.
        gc.disable()
        from tray.daemon.__main__ import main as live

        return live()
    from tray.cli.main import main as command_line

    return command_line()


def _one_answers() -> bool:
    from tray.errors import TrayError, Unreachable
    from tray.ipc.agent_client import AgentClient
    from tray.system.paths import Paths, world

    try:
        with AgentClient(Paths.from_environment(os.environ).runtime_sockets, world(os.environ)):
            return True
    except Unreachable:
        return False
    except TrayError:  # a world we cannot live in: the command line says why
        return True


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The current directory is on the import path; the daemon gets a process without it.
        from tray.cli.main import main as command_line

        sys.exit(command_line())
    sys.exit(main())
