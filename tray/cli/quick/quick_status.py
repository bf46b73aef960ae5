"""``status --json``: the daemon's document."""

from __future__ import annotations

import json
import os
import time

from tray.cli.front.terminal import Ended, say
from tray.cli.quick.quick_answers import done
from tray.core.profiles.guards import shell_follows


def status(*, session: tuple[str, ...], as_json: bool, watch: bool) -> int | None:
    """Print it in JSON; None for words, which tell what the AWS config says, too."""
    answer = done("status") if as_json and not watch and not shell_follows(os.environ) else None
    if answer is None or answer["exit"]:
        return None
    from tray.cli.quick.status_entries import named_only, usable_now

    document, missing = named_only(answer["status"], session)
    if missing is not None:
        return None
    say(json.dumps(document, indent=2))
    if session and not all(usable_now(entry, time.time()) for entry in document["sessions"]):
        raise Ended("", 3)
    return 0
