"""Credentials for programs, and whose they are: ``credentials``, ``whoami``. Never a browser."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from getpass import getpass
from typing import TYPE_CHECKING, Any, Final, Literal

from tray.cli.accounts.named_role import NamedRole
from tray.cli.command_context import JOB_PATIENCE, CommandContext, now
from tray.cli.exec.credential_environment import written
from tray.cli.front.terminal import Ended, WrongUse, note, say
from tray.cli.names.few_words import named_once, profile_meant
from tray.core import events as ev
from tray.core.model import Profile, SsoSession
from tray.core.outcomes import PASSING
from tray.core.policy import HOUR, MINUTE
from tray.core.profiles.bare_role import is_bare_role
from tray.core.session import awaits_judgement, renewable, usable
from tray.core.text import sentences
from tray.core.text.credentials import credentials_text
from tray.core.text.sentences import given_to
from tray.core.text.shell_commands import sign_in_first
from tray.core.text.timestamps import parse_timestamp
from tray.errors import MfaCodeNeeded, SignInNeeded, TokenRejected
from tray.own_connection import NOTHING_OWN
from tray.storage.active_profile import read_active
from tray.system.processes import program_behind
from tray.values import dataclass

if TYPE_CHECKING:
    from tray.cli.standalone import Standalone

Operation = Literal["credentials", "whoami"]
CODE: Final = re.compile(r"[0-9]{6}")  # STS, AssumeRole: TokenCode
_DURATION: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?", re.ASCII)


def credentials(
    *,
    named: tuple[str, ...],
    profile: str | None,
    form: str,
    fresh: str | None,
    active: bool,
    **of_role: str | None,
) -> None:
    words, place = named_once(named, profile), NamedRole(**of_role)
    least = _seconds(fresh)
    if active and (words or place.given):
        raise WrongUse("Give a profile or --active, not both.")
    context = CommandContext.of_this_process()
    meant = _meant(context, words, place, active=active)
    # An SDK that runs a credential_process may leave it the terminal, but reads what it prints.
    may_ask = form != "process" or sys.stdout.isatty()
    document = given(context, "credentials", meant, fresh=least, may_ask=may_ask)
    say(written(form, document, meant.name, meant.region))
    end = document.get("Expiration")
    if least and isinstance(end, str) and parse_timestamp(end) - now().wall < least:
        note(sentences.shorter_than_asked(parse_timestamp(end) - now().wall))


def _seconds(text: str | None) -> float:
    """Read ``45m``, ``1h30m``, ``90s`` or seconds; raises WrongUse."""
    if text is None:
        return 0.0
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise WrongUse("--fresh must be a time such as 45m, 1h or 90s.")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * HOUR + minutes * MINUTE + seconds


def whoami(*, named: tuple[str, ...], profile: str | None, **of_role: str | None) -> None:
    context = CommandContext.of_this_process()
    place = NamedRole(**of_role)
    found = given(context, "whoami", _meant(context, named_once(named, profile), place))
    for member in ("user", "session", "account", "role", "arn"):
        if found.get(member):
            say(f"{member:<8} {found[member]}")


def _meant(
    context: CommandContext, words: Sequence[str], named: NamedRole, *, active: bool = False
) -> Profile:
    """Return the profile meant; `active`: the active one, whatever ``AWS_PROFILE`` says."""
    in_force = read_active(context.paths.state) if active else context.profile_in_force
    return profile_meant(context, context.catalog(), words, in_force, named)


@dataclass(frozen=True, slots=True)
class _Question:
    operation: Operation
    session: SsoSession | None
    profile: Profile
    codes: Sequence[str]  # of MFA devices


def request_for(operation: Operation, profile: Profile) -> tuple[str, dict[str, str]]:
    """Return the daemon's request for a profile, which may be a role that the config lacks."""
    if not is_bare_role(profile):
        return operation, {"profile": profile.name}
    account, role = profile.account_id or "", profile.role_name or ""
    place = {"session": profile.session or "", "account": account, "role": role}
    return f"role-{operation}", place


def given(
    context: CommandContext,
    operation: Operation,
    profile: Profile,
    *,
    fresh: float = 0.0,
    may_ask: bool = True,
    typed: Sequence[str] = (),
) -> dict[str, Any]:
    """
    Return what was asked for; `may_ask`: a person at a terminal, for MFA codes.

    `typed`: codes that a person has given already; `MfaCodeNeeded` is raised for one more.
    `fresh`: seconds that credentials at hand must have left, else new ones are fetched.
    """
    codes = [*typed]
    while True:
        try:
            return _given(context, operation, profile, fresh, codes)
        except MfaCodeNeeded as needed:
            if not may_ask or not _can_be_asked():
                raise
            codes.append(_asked_code(needed.serial))


def _given(
    context: CommandContext,
    operation: Operation,
    profile: Profile,
    fresh: float,
    codes: Sequence[str],
) -> dict[str, Any]:
    session = next((one for one in context.catalog().sessions if one.key == profile.session), None)
    question = _Question(operation, session, profile, codes)
    if profile.of_the_asker:  # whose environment is ours
        return _alone(context, question)
    asked, members = request_for(operation, profile)
    more: dict[str, Any] = {"fresh": fresh} if fresh else {}
    if codes:
        more["codes"] = list(codes)
    done = context.asked(asked, patience=JOB_PATIENCE, **members, **more)
    if done is None and _started(context):
        done = context.asked(asked, patience=JOB_PATIENCE, **members, **more)
    if done is None:
        return _alone(context, question)
    if isinstance(done.get("serial"), str):
        raise MfaCodeNeeded(done["sentence"], serial=done["serial"])
    if done["exit"] == 3 and session is not None:
        raise SignInNeeded(sign_in_first(session.key))
    if done["exit"]:
        raise Ended(done["sentence"], done["exit"], passes=done.get("passes", False))
    document: dict[str, Any] = done["credentials" if operation == "credentials" else "identity"]
    return document


def _started(context: CommandContext) -> bool:
    """Whether a daemon could be started, which answers the next such question at once."""
    from tray.cli.daemon_commands import start_if_needed

    return start_if_needed(context, "program")


def _alone(context: CommandContext, question: _Question) -> dict[str, Any]:
    """Answer without a daemon; an expired token is renewed first, if that is our task."""
    from tray.cli.standalone import Standalone

    session, profile = question.session, question.profile
    with Standalone(context) as standalone:
        if session is None or profile.kind == "other":  # whose credentials need no sign-in
            found = _asked(standalone, question)
        else:
            found = _of_session(standalone, session, question)
        detail = given_to(profile, program_behind(os.getpid()))
        standalone.add_history(question.operation, profile.session, detail)
        return found


def _asked(standalone: Standalone, question: _Question) -> dict[str, Any]:
    session, profile, codes = question.session, question.profile, question.codes
    if question.operation == "credentials" and session is not None:
        quick = _directly(standalone, session, profile)
        if quick is not None:
            return quick
    from tray.worker import profile_credentials

    job_context = standalone.job_context
    if question.operation == "whoami":
        return profile_credentials.identity_document(
            profile_credentials.identity(session, profile, job_context, codes=codes)
        )
    return profile_credentials.role_credentials(session, profile, job_context, codes).document()


def _directly(
    standalone: Standalone, session: SsoSession, profile: Profile
) -> dict[str, Any] | None:
    """Return what one plain request gives, None where that is not enough (half a second, C3)."""
    from tray.aws.api.direct_portal import direct_credentials, direct_endpoint
    from tray.aws.api.endpoints import certificates
    from tray.aws.api.role_credentials import is_account_id

    place, own = profile.connection, standalone.settings.own_connections.get(session.key)
    own = own or NOTHING_OWN
    endpoint = direct_endpoint(session.region, place, own, os.environ)
    account, role = profile.account_id, profile.role_name
    token = standalone.token_now(session)
    if token is None or endpoint is None or account is None or role is None:
        return None
    if profile.kind != "sso" or profile.problem is not None or not is_account_id(account):
        return None
    bundle = certificates(place, own, os.environ)
    found = direct_credentials(token.access_token, account, role, endpoint, bundle)
    return None if found is None else found.document()


def _of_session(
    standalone: Standalone, session: SsoSession, question: _Question
) -> dict[str, Any]:
    state = standalone.state.sessions[session.key]
    # The file rounds its end down: for less than a second it has ended, and the token has not.
    good = usable(state, now()) and standalone.token_now(session) is not None
    if state.file_status in ("present", "absent") and not good:
        _renew(standalone, session)
    try:
        found = _asked(standalone, question)
    except TokenRejected:
        _renew(standalone, session, rejected=True)  # one refresh decides (R6)
        found = _asked(standalone, question)
    standalone.remember(session.key, ev.CredentialsGiven(session.key))
    return found


def _renew(standalone: Standalone, session: SsoSession, *, rejected: bool = False) -> None:
    from tray.cli.standalone import REQUEST

    state = standalone.state.sessions[session.key]
    if not (renewable(state) or awaits_judgement(state)):
        if rejected and state.token is not None:  # what was seen here is for all to know
            rejection = ev.TokenRejected(session.key, state.token.fingerprint)
            standalone.remember(session.key, rejection)
        raise SignInNeeded(sign_in_first(session.key))
    last = standalone.carry_out(session.key, ev.RenewRequested(session.key, REQUEST))
    if last.exit == 3:
        raise SignInNeeded(sign_in_first(session.key))
    if last.exit:
        failing = standalone.state.sessions[session.key].failing
        passes = failing is not None and failing.reason in PASSING
        raise Ended(last.sentence, last.exit, passes=passes)


def _can_be_asked() -> bool:
    """Whether somebody sees a question and can answer it; standard output may be piped."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked_code(serial: str) -> str:
    """Return the code, which is not shown while it is typed; raises Ended for anything else."""
    try:
        typed = getpass(credentials_text.question(serial), stream=sys.stderr)
    except EOFError:
        typed = ""
    code = typed.replace(" ", "")
    if not CODE.fullmatch(code):
        raise Ended(credentials_text.NO_CODE, 1)
    return code
