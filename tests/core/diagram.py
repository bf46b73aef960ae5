"""
Draws the states of a session from the rules themselves: ``python -m tests.core.diagram``.

Nothing here says which state follows which. A handful of things that can happen are told to the
real rules in every situation they lead to, and whatever changes the state becomes an arrow.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

from tests.core.story import HOUR, T0, Story, token
from tray.core import events as ev
from tray.core import policy
from tray.core.model import Reason, State, TokenFacts
from tray.core.outcomes import Adopted, Failed, Outcome, Refused, RemovalJudged, Renewed, SignedOut
from tray.core.state import next_look

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
OPENS = "<!-- the states, drawn from the rules: python -m tests.core.diagram --write -->\n"
CLOSES = "<!-- end of the states -->\n"

Move = Callable[[Story], bool]
"""Lets something happen in a story; False where it cannot happen there."""

DEPTH = 5
"""Things in a row: one more draws the same picture (``test_one_more_turn_adds_nothing``)."""


def _fresh(story: Story, life: float = HOUR, *, refreshable: bool = False) -> TokenFacts:
    return token(f"t{len(story.effects)}", story.time, life, refreshable=refreshable)


def _click(*, afresh: bool) -> Move:
    def move(story: Story) -> bool:
        if story.session().sign_in is not None:
            return False
        story.send(ev.SignInRequested("corp", afresh=afresh))
        return story.session().sign_in is not None

    return move


def _signed_in(story: Story) -> bool:
    sign_in = story.session().sign_in
    if sign_in is None:
        return False
    story.send(
        ev.SignInReady("corp", sign_in.attempt, "https://signin", older_ended=sign_in.afresh)
    )
    story.send(ev.SignedIn("corp", sign_in.attempt, _fresh(story), "keyring"))
    return True


def _failed(story: Story) -> bool:
    sign_in = story.session().sign_in
    if sign_in is None:
        return False
    story.send(ev.SignInFailed("corp", sign_in.attempt, "It was denied."))
    return True


def _cancelled(story: Story) -> bool:
    if story.session().sign_in is None:
        return False
    story.send(ev.SignInCancelled("corp"))
    return True


def _answered(outcome: Callable[[Story], Outcome]) -> Move:
    """Let time pass until a renewal is asked for, if none is under way, and answer it."""

    def move(story: Story) -> bool:
        if story.session().sign_in is not None or story.session().token is None:
            return False
        while story.session().job is None and (due := next_look(story.state, story.now)):
            story.send(ev.Tick(), due - T0)
        job = story.session().job
        if job is None or job.kind != "renew":
            return False
        story.answer(outcome(story))
        return True

    return move


def _shortened(story: Story) -> bool:
    """Answer with a token that ends with AWS's session, where that end was not known before."""
    if story.row().session_ends_at is not None:
        return False
    return _answered(lambda story: Renewed(_fresh(story, HOUR / 4), "keyring"))(story)


def _nears_its_end(story: Story) -> bool:
    """Let time pass until half an hour before an end that no renewal moves."""
    row = story.row()
    known = row.session_ends_at if row.renews else row.token_expires_at
    near = (known or 0.0) - policy.ENDING_BEFORE - T0
    if row.state != "signed-in" or known is None or near <= story.time:
        return False
    story.run_until(near, lambda _start, _at: None)
    return True


def _token_ends(story: Story) -> bool:
    known = story.session().token
    if known is None or story.session().sign_in is not None or T0 + story.time >= known.expires_at:
        return False
    story.run_until(known.expires_at - T0, lambda _start, _at: None)
    return True


def _signed_out(story: Story) -> bool:
    story.send(ev.SignOutRequested("corp"))
    job = story.session().job
    if job is None or job.kind != "sign-out":
        return False
    story.answer(SignedOut())
    story.file(ev.FileAbsent())
    return True


def _removed(story: Story) -> bool:
    if story.session().token is None or story.session().sign_in is not None:
        return False
    story.file(ev.FileAbsent())
    while story.session().job is None and (due := next_look(story.state, story.now)):
        story.send(ev.Tick(), due - T0)  # after a failure its back-off is waited for, too
    job = story.session().job
    if job is None or job.kind != "judge-removed":
        return False
    story.answer(RemovalJudged("signed-out"))
    return True


def _damaged(story: Story) -> bool:
    if story.session().sign_in is not None:
        return False
    story.file(ev.FileBad("bad-file", "It is bad."))
    return True


def _lean_login(story: Story) -> bool:
    session = story.session()
    if session.sign_in is not None or session.job is not None:
        return False
    login = _fresh(story)
    story.file(login)
    if story.session().memory.signed_out:
        story.answer(Adopted(login, "file"))
    return True


def _elsewhere(story: Story) -> bool:
    session = story.session()
    if session.sign_in is not None or session.job is not None:
        return False
    new = _fresh(story, refreshable=True)
    story.file(new)
    job = story.session().job
    if job is None or job.kind != "adopt":
        return False
    story.answer(Adopted(_fresh(story), "keyring"))
    return True


MOVES: dict[str, Move] = {
    "a person clicks Sign in": _click(afresh=False),
    "a person clicks Sign in afresh": _click(afresh=True),
    "signed in": _signed_in,
    "the sign-in fails": _failed,
    "cancelled": _cancelled,
    "renewed": _answered(lambda story: Renewed(_fresh(story), "keyring")),
    "AWS shortens the token": _shortened,
    "renewal refused": _answered(lambda _story: Refused("valid")),
    "the registration has expired": _answered(
        lambda _story: Refused("valid", "registration-expired")
    ),
    f"an end that nothing renews is {policy.ENDING_BEFORE // 60:.0f} minutes away": _nears_its_end,
    "AWS says the session is over": _answered(lambda _story: Refused("dead")),
    "AWS cannot be reached": _answered(lambda _story: Failed("offline", "No route.")),
    "the token ends": _token_ends,
    "signed out": _signed_out,
    "signed out elsewhere": _removed,
    "the token file is damaged": _damaged,
    "`aws sso login`": _elsewhere,
    "a login without refresh data": _lean_login,
}


def arrows(depth: int = DEPTH) -> dict[tuple[State, State], list[str]]:
    """
    Return what leads from one state to another.

    Args:
        depth: how many things happen in a row at most, from a session that never was signed in.

    Returns:
        Labels in the order of :data:`MOVES`, by state before and after.
    """
    found: dict[tuple[State, State], set[str]] = {}
    seen: set[object] = set()
    reached = [Story()]
    for _ in range(depth):
        stories, reached = reached, []
        for label, before, after in _turns(stories):
            states = before.row().state, after.row().state
            if states[0] != states[1]:
                found.setdefault(states, set()).add(label)
            if (key := _situation(after)) not in seen:
                seen.add(key)
                reached.append(after)
    order: tuple[State, ...] = get_args(State)
    return {
        pair: [label for label in MOVES if label in found[pair]]
        for pair in sorted(found, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    }


def _turns(stories: list[Story]) -> Iterator[tuple[str, Story, Story]]:
    for before in stories:
        for label, move in MOVES.items():
            after = copy.copy(before)
            after.effects = list(before.effects)
            if move(after):
                yield label, before, after


def _situation(story: Story) -> tuple[object, ...]:
    """Return what tells two moments apart, as far as the next state is concerned."""
    session, row = story.session(), story.row()
    reason: Reason | None = row.reason
    job = session.job.kind if session.job is not None else None
    return row.state, reason, row.renews, row.store, job, session.token is None


def mermaid() -> str:
    """Return the picture as Mermaid draws it, in a block of Markdown."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state}" as {_alias(state)}' for state in get_args(State)]
    lines.append(f"    [*] --> {_alias('signed-out')}")
    for (before, after), labels in arrows().items():
        lines.append(f"    {_alias(before)} --> {_alias(after)}: {'<br>'.join(labels)}")
    return "\n".join([*lines, "```", ""])


def _alias(state: State) -> str:
    return state.replace("-", "_")


def documented(page: str, picture: str) -> str:
    """Return a page with the picture between its two marks."""
    head, _, rest = page.partition(OPENS)
    _, _, tail = rest.partition(CLOSES)
    return head + OPENS + picture + CLOSES + tail


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        page = CONTRIBUTING.read_text(encoding="utf-8")
        CONTRIBUTING.write_text(documented(page, mermaid()), encoding="utf-8")
    else:
        sys.stdout.write(mermaid())
