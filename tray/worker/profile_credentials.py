"""Credentials of a profile, from the portal or botocore; never signs in or asks the user."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any, Final

from tray.aws.api.role_credentials import Credentials, is_account_id
from tray.aws.api.sts import CallerIdentity, caller_identity
from tray.aws.config.catalog import every_profile, read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core import policy
from tray.core.model import Profile, SsoSession
from tray.core.profiles.source_chain import source_chain
from tray.core.text.display_names import clean
from tray.core.text.shell_commands import login_command, sign_in_first
from tray.errors import CacheFileBad, SignInNeeded, UserMustAct
from tray.secret import Secret
from tray.worker import botocore_chain
from tray.worker.job_context import JobContext, belongs

_ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:sts::[0-9]+:assumed-role/([^/]+)/(.+)")
_HELPER: Final = "credentials.py"  # the credential helper, in whose command a profile follows
_PERMISSION_SET: Final = re.compile(r"AWSReservedSSO_(.+)_[0-9a-f]{16}")


def role_credentials(
    session: SsoSession | None,
    profile: Profile,
    context: JobContext,
    codes: Sequence[str] = (),
) -> Credentials:
    """
    Return fresh credentials of a profile; `codes` are of MFA devices, one for each that is asked.

    Raises SignInNeeded without a usable access token, TokenRejected (R6), RoleForbidden,
    CacheFileTorn, CacheFileBad, WillRetry, MfaCodeNeeded, or UserMustAct if the profile cannot be
    used.
    """
    if profile.problem is not None:
        raise UserMustAct(profile.problem)
    context = context.reaching(profile.connection, profile.session)
    if session is not None and profile.kind == "sso":
        return _of_the_portal(session, profile, context)
    asks = _asks_us_for(profile, context)
    if asks != profile.name:
        _insist_on_sign_in(asks, context)
    if session is not None and profile.kind == "chained":
        _access_token(session, context)  # for our own sentence instead of boto3's
    key = None if session is None else session.key
    return botocore_chain.resolve(profile, key, context.clients, codes)


def identity(
    session: SsoSession | None,
    profile: Profile,
    context: JobContext,
    document: Mapping[str, Any] | None = None,
    codes: Sequence[str] = (),
) -> CallerIdentity:
    """Return whom credentials belong to; raises `RoleForbidden`, and as `role_credentials`."""
    if document is None:
        document = role_credentials(session, profile, context, codes).document()
    token = document.get("SessionToken")
    credentials = Credentials(
        Secret(document["AccessKeyId"]),
        Secret(document["SecretAccessKey"]),
        None if token is None else Secret(token),
    )
    region = profile.region or (session.region if session is not None else "us-east-1")
    context = context.reaching(profile.connection, profile.session)
    return caller_identity(context.clients, credentials, region)


def identity_document(identity: CallerIdentity) -> dict[str, Any]:
    """
    Return ``account arn user_id role user session``, the last three possibly None.

    Only a permission set's role session is named after the user; the caller names others
    (botocore: ``botocore-session-...``).
    """
    found = _ROLE_ARN.fullmatch(identity.arn)
    role, name = (found[1], found[2]) if found else (None, None)
    of_a_set = _PERMISSION_SET.fullmatch(role) if role else None
    return {
        "account": identity.account,
        "arn": identity.arn,
        "user_id": identity.user_id,
        "role": of_a_set[1] if of_a_set else role,
        "user": name if of_a_set else None,
        "session": None if of_a_set else name,
    }


def _of_the_portal(session: SsoSession, profile: Profile, context: JobContext) -> Credentials:
    if profile.account_id is None or profile.role_name is None:
        raise UserMustAct(f'The profile "{clean(profile.name)}" has no account and role.')
    if not is_account_id(profile.account_id):
        named = f'sso_account_id of the profile "{clean(profile.name)}"'
        raise UserMustAct(f"The {named} must be 12 digits and nothing else, without quotes.")
    # A file's end is rounded down to seconds; of the rest of the last one AWS decides.
    token = _access_token(session, context, slack=policy.CLOCK_STEP)
    return context.portal.role_credentials(
        token, session.region, profile.account_id, profile.role_name
    )


def _access_token(session: SsoSession, context: JobContext, slack: float = 0.0) -> Secret:
    try:
        token = context.read(session)
    except CacheFileBad as error:
        if error.reason != "bad-file":
            raise
        raise SignInNeeded(
            f"{error.sentence} To replace it, run: {login_command(session.key)}"
        ) from None
    if token is None or not belongs(token, session):
        raise SignInNeeded(sign_in_first(session.key))
    if token.expires_at + slack <= context.clock():
        raise SignInNeeded(sign_in_first(session.key))
    return token.access_token


def _asks_us_for(profile: Profile, context: JobContext) -> str:
    """Return whose credentials it gets from us, or itself; refuse a circle (F3)."""
    every = every_profile(ConfigFiles(context.paths.aws_config, context.paths.aws_credentials))
    seen: set[str] = set()
    last = profile.name
    wanted: str | None = last
    while wanted is not None:
        last = wanted
        chain, wanted = tuple(source_chain(wanted, every)), None
        seen.update(chain)
        for name in chain:
            if name not in every:
                file = clean(str(context.paths.aws_config), 160)
                raise UserMustAct(f'{file} has no profile "{clean(name)}".')
            command = every[name].get("credential_process")
            if isinstance(command, str) and calls_us(command, context.paths.state):
                wanted = asked_for(command, name, {})
                if wanted is None or wanted in seen:
                    raise UserMustAct(
                        f'The profile "{clean(name)}" gets its credentials from SSO Tray itself.'
                    )
    return last


def _insist_on_sign_in(name: str, context: JobContext) -> None:
    """Say what is missing: the process would fail with it in words that nobody sees."""
    catalog = read_catalog(ConfigFiles(context.paths.aws_config, context.paths.aws_credentials))
    found = next((one for one in catalog.profiles if one.name == name), None)
    session = next((one for one in catalog.sessions if found and one.key == found.session), None)
    if session is not None:
        _access_token(session, context)


def asked_for(command: str, name: str, environ: Mapping[str, str]) -> str | None:
    """Return whose credentials our ``credential_process`` gives; None: the active profile's."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None  # it cannot be started
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--profile":
            return following or None
        if word.startswith("--profile="):
            return word.partition("=")[2] or None
        if PurePath(word).name == _HELPER:
            return following or None
    return name if "--active" not in words and environ.get("AWS_PROFILE") == name else None


def calls_us(command: str, state: Path) -> bool:
    """Whether a ``credential_process`` line would start SSO Tray, or its file in ``state``."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    programs = {PurePath(word).name.lower().removesuffix(".exe") for word in words}
    as_module = any(pair == ("-m", "tray") for pair in pairwise(words))
    handout = str(state / "handout")
    return "sso-tray" in programs or as_module or any(word.startswith(handout) for word in words)
