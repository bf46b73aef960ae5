"""Credentials of non-SSO profiles, resolved by botocore as in the SDKs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name for it
    CredentialRetrievalError,
    HTTPClientError,
    MissingDependencyException,
    SSOError,
    TokenRetrievalError,
)
from botocore.utils import (
    JSONFileCache,
    generate_login_cache_key,
    get_login_token_cache_directory,
)

from tray.aws.api.api_errors import as_tray_error, printable
from tray.aws.api.clients import AwsClients, client_settings
from tray.aws.api.error_words import source_words, words_for
from tray.aws.api.role_credentials import Credentials
from tray.core.model import Profile
from tray.core.text.credentials import credentials_text
from tray.core.text.display_names import clean
from tray.core.text.shell_commands import quoted, sign_in_first
from tray.core.text.timestamps import parse_timestamp
from tray.errors import MfaCodeNeeded, RoleForbidden, SignInNeeded, TrayError, UserMustAct
from tray.secret import Secret

_PATIENCE: Final = Config(
    connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1, "mode": "standard"}
)
_REGION: Final = ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)
"""As for the AWS CLI; botocore alone looks at the second only."""

_LOGIN_PARTS: Final = ("accessKeyId", "secretAccessKey", "sessionToken")


class ProfileSession(botocore.session.Session):
    """Sends tokens of a session and of ``aws login`` only where `tray.core.connection` allows."""

    def __init__(self, name: str, clients: AwsClients, codes: Sequence[str] = ()) -> None:
        super().__init__({"region": _REGION}, profile=name)
        self._clients = clients
        self._name, self._codes = name, list(codes)
        self.used_code = False
        # botocore takes a prompter only where the whole chain of providers is built by hand.
        provider = self.get_component("credential_provider").get_provider("assume-role")
        provider._prompter = self._next_code  # noqa: SLF001

    def _next_code(self, question: str) -> str:
        """Answer botocore's question, the outer role's first; raises MfaCodeNeeded."""
        if not self._codes:
            serial = question.removeprefix("Enter MFA code for ").rstrip(": ")
            raise MfaCodeNeeded(credentials_text.code_needed(self._name), serial=serial)
        self.used_code = True
        return self._codes.pop(0)

    def create_client(self, service_name: str, *arguments: Any, **options: Any) -> Any:
        if service_name in ("sso", "sso-oidc", "signin"):
            reach, more = client_settings(
                service_name, self._clients.connection, self._clients.own, os.environ
            )
            given = options.get("config")
            options |= {"config": given.merge(reach) if given else reach, **more}
        return super().create_client(service_name, *arguments, **options)


def resolve(
    profile: Profile, session_key: str | None, clients: AwsClients, codes: Sequence[str] = ()
) -> Credentials:
    """
    Resolve by name, which ignores credentials in the environment; raises `TrayError`.

    `codes`: one of an MFA device for each role that wants one; MfaCodeNeeded where one is missing.
    """
    session = ProfileSession(profile.name, clients, codes)
    try:
        session.set_default_client_config(_PATIENCE)
        credentials = session.get_credentials()
        frozen = None if credentials is None else credentials.get_frozen_credentials()
    except MissingDependencyException as error:
        found = _login_credentials(session)
        if isinstance(found, Credentials):
            return found
        trouble = found or _as_tray_error(profile.name, session_key, error)
    except (
        BotoCoreError, ClientError, ValueError, OSError,
        # botocore itself fails so on what a credential_process may print.
        LookupError, TypeError, AttributeError, RuntimeError,
    ) as error:  # fmt: skip
        trouble = _as_tray_error(profile.name, session_key, error)
    else:
        if frozen is not None and frozen.access_key and frozen.secret_key:
            return Credentials(
                Secret(frozen.access_key),
                Secret(frozen.secret_key),
                Secret(frozen.token) if frozen.token else None,
                # No public name exists; `aws configure export-credentials` reads it so, too.
                _moment(getattr(credentials, "_expiry_time", None)),
            )
        trouble = UserMustAct(f'The profile "{clean(profile.name)}" has no credentials.')
    if session.used_code and isinstance(trouble, RoleForbidden):
        refused = credentials_text.code_refused(profile.name)
        trouble = RoleForbidden(f"{refused} ({trouble.sentence})")
    # Outside the except block: botocore's errors may quote what a process printed.
    raise trouble


def _login_credentials(session: botocore.session.Session) -> Credentials | UserMustAct | None:
    """
    Return what ``aws login`` keeps for this profile, while it lasts; None: it keeps nothing.

    botocore renews it only with the AWS CRT. Reading needs none, and nothing is written.
    """
    keys = session.get_scoped_config()
    if "login_session" not in keys:
        return None  # that of a source profile
    again = f"Run: aws login --profile {quoted(str(session.profile))}"
    try:
        cache = JSONFileCache(get_login_token_cache_directory())
        kept = cache[generate_login_cache_key(keys["login_session"])]["accessToken"]
        parts = [Secret(str(kept[name])) for name in _LOGIN_PARTS]
        end, account = parse_timestamp(kept["expiresAt"]), kept["accountId"]
    except (ValueError, LookupError, TypeError):
        return UserMustAct(f'Nobody is signed in to the profile by "aws login". {again}')
    if end <= time.time():
        return UserMustAct(
            f'What "aws login" kept has expired. {again}. To have it renewed without the AWS CLI, '
            'run: pip install "sso-tray[aws-login]"'
        )
    return Credentials(parts[0], parts[1], parts[2], end, account)


def _moment(end: object) -> float | None:
    return end.timestamp() if isinstance(end, datetime) else None


def _as_tray_error(profile: str, session_key: str | None, error: Exception) -> TrayError:
    name = clean(profile)
    if isinstance(error, SSOError | TokenRetrievalError) and session_key is not None:
        return SignInNeeded(sign_in_first(session_key))
    if isinstance(error, CredentialRetrievalError):
        return UserMustAct(f'The profile "{name}" has no credentials: {source_words(error)}.')
    if isinstance(error, ClientError | ConnectionError | HTTPClientError):
        operation = getattr(error, "operation_name", "AssumeRole")
        return as_tray_error(operation, error, subject=f"for the profile {printable(profile)}")
    return UserMustAct(f'The profile "{name}" has no credentials: {words_for(error)}.')
