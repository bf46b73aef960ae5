"""What is still known after a restart, from ``state.json`` and the files alone."""

from __future__ import annotations

from dataclasses import replace

from tests.core.story import CORP, HOUR, MINUTE, T0, catalog, token
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Memory, Now, SessionEnd
from tray.core.state import TrayState
from tray.core.views.view import view


def test_a_token_that_aws_has_called_dead_stays_dead() -> None:
    """A revoked session is expired after a restart too, although its token's end is far (R4)."""
    dead = token("a", life=HOUR)
    memory = Memory(end=SessionEnd(T0 + MINUTE, "exact", "a"), refused="a", used_at=T0)

    row = _seen_after_restart(dead, memory)

    assert ("expired", "session-over", False) == row


def test_a_rewritten_file_revives_nothing() -> None:
    """Even where its file is younger than that answer, the same token is no new sign-in."""
    dead = replace(token("a", life=HOUR), issued_at=T0 + 2 * MINUTE)
    memory = Memory(end=SessionEnd(T0 + MINUTE, "exact", "a"), refused="a", used_at=T0)

    row = _seen_after_restart(dead, memory)

    assert ("expired", "session-over", False) == row


def _seen_after_restart(facts: ev.TokenFileStatus, memory: Memory) -> tuple[str, str | None, bool]:
    state, now = TrayState(machine="desk"), Now(T0 + 5 * MINUTE, 0.0)
    for event in (
        ev.RecordsRead({"corp": "file"}, {"corp": memory}),
        ev.ConfigRead(catalog(CORP)),
        ev.TokenFileInspected("corp", facts),
    ):
        state, _ = step(state, event, now)
    (row,) = view(state, now).sessions
    return row.state, row.reason, row.renews
