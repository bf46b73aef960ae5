"""
The clients for AWS's sign-in, portal and token services, and the one way to call them.

They never look for credentials, never retry (our rules own that) and take nothing from a
profile. Endpoints, CA bundle and proxies come from the process environment and from the config
file's ``[default]``, as in every SDK (rule F3).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tray.aws.api.api_errors import (
    NO_OTHERS,
    ErrorFactory,
    as_tray_error,
    http_date,
    unusable_settings,
)
from tray.aws.api.response_checks import ResponseCheck
from tray.errors import TrayError

if TYPE_CHECKING:
    from types_boto3_sso.client import SSOClient
    from types_boto3_sso_oidc.client import SSOOIDCClient
    from types_boto3_sts.client import STSClient

    from tray.secret import Secret

log = logging.getLogger(__name__)

_THREADS = 16
_NO_VARIABLE = (None, None, None, None)


def quiet_libraries() -> None:
    """
    Keep botocore and urllib3 from logging below INFO.

    At DEBUG botocore prints bodies with tokens, by intent (botocore#2626).
    """
    for name in ("botocore", "boto3", "urllib3"):
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)


class AwsClients:
    """
    Shared clients, one for each service and region; safe to use from many threads.

    ``AWS_PROFILE`` and credentials in the environment do not matter, and neither does a config
    file that cannot be read: a session must be renewed all the same.

    Args:
        connect_timeout: seconds for each address of a host.
        read_timeout: seconds without a byte.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 15.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        quiet_libraries()
        self._clock = clock
        self._config = Config(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=_THREADS,
            # "auto" would ask the EC2 metadata service for a region.
            defaults_mode="legacy",  # type: ignore[arg-type]  # the stubs say bool; botocore takes a name
        )
        self._unsigned = self._config.merge(Config(signature_version=UNSIGNED))
        # botocore's clients are thread-safe, but making one is not.
        self._lock = threading.Lock()
        self._session: botocore.session.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._skew: float | None = None

    @property
    def skew(self) -> float | None:
        """Seconds by which AWS's clock is ahead of ours, from the last answer (fault 30)."""
        return self._skew

    def oidc(self, region: str) -> SSOOIDCClient:
        """
        Return the ``sso-oidc`` client of a region.

        Raises:
            RequestRefused: no call can be made with this region or endpoint.
        """
        return cast("SSOOIDCClient", self._shared("sso-oidc", region))

    def portal(self, region: str) -> SSOClient:
        """
        Return the ``sso`` client of a region.

        Raises:
            RequestRefused: no call can be made with this region or endpoint.
        """
        return cast("SSOClient", self._shared("sso", region))

    def sts(
        self, region: str, access_key_id: Secret, secret_access_key: Secret, session_token: Secret
    ) -> STSClient:
        """
        Return a new ``sts`` client for some role credentials; the caller closes it.

        Raises:
            RequestRefused: no call can be made with this region or endpoint.
        """
        credentials = {
            "aws_access_key_id": access_key_id.reveal(),
            "aws_secret_access_key": secret_access_key.reveal(),
            "aws_session_token": session_token.reveal(),
        }
        with self._lock:
            return cast("STSClient", self._made("sts", region, self._config, credentials))

    def call(
        self,
        operation: str,
        method: Callable[..., Any],
        arguments: Mapping[str, object],
        *,
        subject: str = "",
        instead: Mapping[str, ErrorFactory] = NO_OTHERS,
    ) -> Mapping[str, Any]:
        """
        Call AWS once and return the parsed answer.

        Raises:
            TrayError: see :func:`tray.aws.api.api_errors.as_tray_error`; nothing of botocore's is
                chained to it.
        """
        started = self._clock()
        trouble: TrayError
        try:
            answer: Mapping[str, Any] = method(**arguments)
        except Exception as error:  # noqa: BLE001 - every error gets its meaning here
            if isinstance(error, ClientError):
                self._compare_clocks(error.response, started)
            trouble = as_tray_error(operation, error, subject=subject, instead=instead)
        else:
            self._compare_clocks(answer, started)
            return answer
        # Out of the except block, so that botocore's error is no __context__ of ours.
        raise trouble

    def close(self) -> None:
        """Close all connections; a client is made anew when next asked for."""
        with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _shared(self, service: str, region: str) -> Any:
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self._made(service, region, self._unsigned, {})
                client.meta.events.register(
                    "before-parse", ResponseCheck(client.meta.endpoint_url)
                )
                self._clients[service, region] = client
            return client

    def _made(self, service: str, region: str, config: Config, extra: Mapping[str, str]) -> Any:
        """Make a client; the lock is held."""
        if self._session is None:
            self._session = _new_session()
        if not region:
            raise unusable_settings("no region")
        # The stubs know each service by its literal name; ours is a variable.
        create: Callable[..., object] = self._session.create_client
        try:
            client = create(service, region_name=region, config=config, **extra)
        except (BotoCoreError, ValueError, OSError) as error:
            why = type(error).__name__
        else:
            return client
        raise unusable_settings(why)

    def _compare_clocks(self, answer: Mapping[str, Any], started: float) -> None:
        """Learn the skew; a date has whole seconds, so it is half a second early on average."""
        server = server_time(answer)
        if server is not None:
            self._skew = server + 0.5 - (started + self._clock()) / 2


def server_time(answer: Mapping[str, Any]) -> float | None:
    """Return the ``Date`` of an answer, seconds since the epoch; None if it has none."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return http_date(str(headers.get("date", "")))


class _NoCredentials:
    """Stands where botocore looks for credentials and bearer tokens: there are none."""

    def load_credentials(self) -> None:
        return None

    def load_token(self, **_: object) -> None:
        return None


def _new_session() -> botocore.session.Session:
    """Return a session that knows no profile, and no config files if they are broken."""
    session = _session({})
    try:
        # Read now, so that a broken file is found here and not in the midst of a renewal.
        _ = session.full_config
    except (BotoCoreError, OSError, ValueError) as error:
        log.warning(
            "the AWS config files cannot be read (%s); called without", type(error).__name__
        )
        nowhere = (None, None, os.devnull, None)
        session = _session({"config_file": nowhere, "credentials_file": nowhere})
    return session


def _session(variables: Mapping[str, tuple[None, None, str, None]]) -> botocore.session.Session:
    session = botocore.session.Session(session_vars={"profile": _NO_VARIABLE, **variables})
    session.register_component("credential_provider", _NoCredentials())
    session.register_component("token_provider", _NoCredentials())
    return session
