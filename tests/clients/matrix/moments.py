"""The moments of a token's life, and what each client does in them with the file that we keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.clients.identity import Client
from tests.clients.matrix.programs import Program
from tests.clients.matrix.seen import Seen
from tests.clients.matrix.stage import TRAY, Stage, stage, who

Ask = Callable[[Stage], str]
"""Lets the program live through a moment and says in a word what it did."""

UNDER_ENDPOINT: Final = (*TRAY, "exec", "--profile", "dev", "--endpoint", "--")


def _lean(minutes: float) -> Ask:
    def ask(on: Stage) -> str:
        on.desk.keep("lean", minutes=minutes)
        seen = who(on.once("dev"))
        return f"{seen}, renews" if on.desk.center.count("CreateToken") else seen

    return ask


def _renewed(minutes: float) -> Ask:
    """Ask before and after a renewal of ours, in one process."""

    def ask(on: Stage) -> str:
        on.desk.keep("lean", minutes=minutes)
        with on.asking("dev") as question:
            before, first = question(), on.token_used()
            on.desk.renew()
            after = question()
        assert before.account is None or first is not None
        if after.account is None:
            return "no"
        kept = before.account is not None and first == on.token_used()
        return "old token" if kept else "new token"

    return ask


def _signed_out(on: Stage) -> str:
    on.desk.keep("lean", minutes=60)
    with on.asking("dev") as question:
        if who(question()) != "yes":
            return "no"
        on.sign_out()
        return who(question())


def _signed_in_again(on: Stage) -> str:
    on.desk.keep("lean", minutes=60)
    with on.asking("dev") as question:
        if who(question()) != "yes":
            return "no"
        on.sign_out()
        on.desk.keep("lean", minutes=60)
        return who(question())


def _switched_default(on: Stage) -> str:
    on.desk.keep("lean", minutes=60)
    on.tray("use", "dev")
    on.tray("apply", "default")
    with on.asking() as question:
        if who(question()) != "yes":
            return "no"
        on.tray("use", "second")
        return _switched(who(question()))


def _switched_process(on: Stage) -> str:
    # Java keeps what a helper gave until 15 seconds before its end.
    on.desk.center.role_life = min(14.0, on.program.role_life)
    on.desk.keep("lean", minutes=60)
    on.tray("use", "dev")
    on.tray("apply", "process")
    with on.asking("sso-tray") as question:
        if served(question) != "yes":
            return "no"
        on.tray("use", "second")
        return _switched(served(question))


def _switched(seen: str) -> str:
    return {"yes": "stays", "second": "follows"}.get(seen, seen)


# The processes of ours below an endpoint have no keyring: the file is the token store there.
def _endpoint_signed_out(on: Stage) -> str:
    on.desk.keep("full", minutes=60)
    with on.asking(under=UNDER_ENDPOINT) as question:
        if served(question) != "yes":
            return "no"
        on.sign_out()
        told = question()
        while "being fetched" in told.error:
            told = question()
    if told.account is not None:
        return who(told)
    return "no, says why" if "SignInNeeded" in told.error else "no"


def _endpoint_signed_in(on: Stage) -> str:
    on.desk.keep("full", minutes=60)
    with on.asking(under=UNDER_ENDPOINT) as question:
        if served(question) != "yes":
            return "no"
        on.sign_out()
        question()
        on.desk.keep("full", minutes=60)
        return served(question)


def served(question: Client) -> str:
    """
    Ask, at most three times until there is an answer; return in a word who we are.

    On a busy machine the endpoint answers 503 while it fetches, longer than some clients try.
    """
    seen = "no"
    for _ in range(3):
        seen = who(question())
        if seen != "no":
            break
    return seen


FILE: Final[Mapping[str, Ask]] = {
    "60 min left": _lean(60),
    "14 min left": _lean(14),
    "9 min left": _lean(9),
    "4 min left": _lean(4),
    "30 s left": _lean(0.5),
    "expired": _lean(0),
}
RUNNING: Final[Mapping[str, Ask]] = {
    "renewed at 30 min": _renewed(30),
    "renewed at 9 min": _renewed(9),
    "renewed at 4 min": _renewed(4),
    "signed out": _signed_out,
    "signed in again": _signed_in_again,
    "use, apply default": _switched_default,
    "use, helper": _switched_process,
    "endpoint: signed out": _endpoint_signed_out,
    "endpoint: signed in": _endpoint_signed_in,
}


def moment(ask: Ask) -> Callable[[Program], Seen]:
    """Return a cell that gives a program a home of its own for one moment."""

    def cell(program: Program) -> Seen:
        with stage(program) as on:
            did = ask(on)
            return Seen(did, on.told.error)

    return cell
