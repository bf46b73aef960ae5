"""``use``, ``credentials`` and ``console --print`` of a profile that the daemon knows."""

from __future__ import annotations

import os
import sys

from tray.cli.front.terminal import finish, note, say
from tray.cli.quick.quick_answers import done, environment, facts, only_found
from tray.core.profiles.guards import shell_follows
from tray.system.agent_places import state_of_linux
from tray.system.credential_variables import profile_in_environment


def use(*, profile: tuple[str, ...], nobody: bool) -> int | None:
    """
    Switch the active profile; None if the AWS config follows, or for what isn't that plain.

    At a terminal a few words will do, if they find one profile alone.
    """
    words = name = " ".join(profile)
    if nobody or name in ("", "-"):
        return None
    state = state_of_linux(os.environ)
    if state is None or os.path.lexists(f"{state}/applied.json"):
        return None
    known = facts(name)
    if known is None and sys.stdin.isatty() and sys.stdout.isatty():
        name = only_found(words) or ""
        known = facts(name) if name else None
    if known is None or known["managed"] or known["profile"]["problem"] or not known["active"]:
        return None
    answer = done("use", name)
    if answer is None or answer["exit"]:
        return None
    if name != words:
        from tray.core.text.search_text import matched

        note(matched(words, name))
    exported = profile_in_environment(os.environ)
    if exported not in (None, name) and not shell_follows(os.environ):
        from tray.core.text.display_names import clean

        note(f'AWS_PROFILE="{clean(exported or "")}" overrides it in this terminal.')
    finish(0, answer["sentence"])
    return 0


def credentials(
    *, named: tuple[str, ...], profile: str | None, form: str, active: bool, **more: str | None
) -> int | None:
    """Print them; None if the whole of ``credentials`` has to."""
    if (
        any(more.values())
        or len(named) > 1
        or (named and profile)
        or (active and (named or profile))
    ):
        return None
    answer = environment(named[0] if named else profile, active=active)
    if answer is None:
        return None
    import json

    from tray.cli.exec.credential_environment import written

    given, line = answer
    document = json.loads(line)["done"]["credentials"]
    say(written(form, document, given.name, given.region))
    return 0


def console(
    *,
    named: tuple[str, ...],
    profile: str | None,
    prints: bool,
    federate: bool,
    service: str | None,
    region: str | None,
    destination: str | None,
    **more: str | None,
) -> int | None:
    """Print the portal's link; None if the whole of ``console`` has to decide."""
    if (
        not prints
        or federate
        or service
        or region
        or destination is not None
        or any(more.values())
        or (named and (profile or len(named) > 1))
    ):
        return None
    known = facts((named[0] if named else profile) or profile_in_environment(os.environ))
    if known is None:
        return None
    url = known.get("portal")
    if url is not None:
        say(url)
    return None if url is None else 0
