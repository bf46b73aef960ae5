"""``status``: the daemon's document, or its words."""

from __future__ import annotations

import os

from tray.cli.front.terminal import Ended, coloured, say
from tray.cli.quick.quick_answers import done, words
from tray.core.profiles.guards import shell_follows


def status(*, session: tuple[str, ...], as_json: bool, watch: bool) -> int | None:
    """Print it; None if the whole of ``status`` has to."""
    if watch or (session and not as_json):
        return None
    if not as_json:
        text = words(coloured=coloured())
        if text is not None:
            say(text, end="")
        return None if text is None else 0
    answer = None if shell_follows(os.environ) else done("status")
    if answer is None or answer["exit"]:
        return None
    import json
    import time

    from tray.cli.quick.status_entries import named_only, usable_now

    document, missing = named_only(answer["status"], session)
    if missing is not None:
        return None
    say(json.dumps(document, indent=2))
    if session and not all(usable_now(entry, time.time()) for entry in document["sessions"]):
        raise Ended("", 3)
    return 0
