"""``status`` from the daemon's document."""

from __future__ import annotations

import json
import os
import time

from tray.cli.front.terminal import Ended, say
from tray.cli.quick.quick_answers import done
from tray.core.profiles.guards import shell_follows
from tray.system.credential_variables import profile_in_environment


def status(*, session: tuple[str, ...], as_json: bool, watch: bool) -> int | None:
    """Print it; None if the whole of ``status`` has to."""
    answer = None if watch or shell_follows(os.environ) else done("status")
    if answer is None or answer["exit"]:
        return None
    from tray.cli.quick.status_words import in_words, named_only, usable_now

    document, missing = named_only(answer["status"], session)
    if missing is not None:
        return None
    if as_json:
        say(json.dumps(document, indent=2))
    else:
        say(in_words(document, profile_in_environment(os.environ)), end="")
    if session and not all(usable_now(entry, time.time()) for entry in document["sessions"]):
        raise Ended("", 3)
    return 0
