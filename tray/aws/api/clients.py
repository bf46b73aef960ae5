"""
The clients for AWS's sign-in, portal and token services, and the one way to call them.

They never look for credentials, never retry (our rules do) and read no config file: the
environment and then :mod:`tray.core.connection` say how AWS is reached (rule F3).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from tray.aws.api.endpoints import certificates, is_safe_endpoint, named_endpoint, variants
from tray.aws.api.error_words import words_for
from tray.aws.api.response_checks import ResponseCheck
from tray.core.connection import AWS_DEFAULTS, ConnectionSettings
from tray.errors import TrayError
from tray.own_connection import NOTHING_OWN, OwnConnection

if TYPE_CHECKING:
    from types_boto3_sso.client import SSOClient
    from types_boto3_sso_oidc.client import SSOOIDCClient
    from types_boto3_sts.client import STSClient

    from tray.aws.api.role_credentials import Credentials

_THREADS = 16
_NO_VARIABLE = (None, None, None, None)
_NO_FILE = (None, None, os.devnull, None)


def quiet_libraries() -> None:
    """At DEBUG botocore logs bodies with tokens, by intent (botocore#2626)."""
    for name in ("botocore", "boto3", "urllib3"):
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)


def client_settings(
    service: str, connection: ConnectionSettings, own: OwnConnection, environ: Mapping[str, str]
) -> tuple[Config, dict[str, str]]:
    """
    Return a config, and further arguments of ``create_client``, for botocore's ``service``.

    Raises RequestRefused if its endpoint is neither https nor on loopback.
    """
    options: dict[str, Any] = {
        "ignore_configured_endpoint_urls": True,
        **variants(connection, environ),
    }
    if own.proxies:
        options["proxies"] = own.proxies
    arguments: dict[str, str] = {}
    if bundle := certificates(connection, own, environ):
        arguments["verify"] = bundle
    if endpoint := named_endpoint(service, connection, own, environ):
        _go_to(endpoint, service, arguments)
    return Config(**options), arguments


def _go_to(endpoint: str, service: str, arguments: dict[str, str]) -> None:
    if not is_safe_endpoint(endpoint):
        raise unusable_settings(f"the endpoint of {service} is neither https nor on loopback")
    arguments["endpoint_url"] = endpoint


@dataclass(slots=True)
class _Shared:
    # botocore's clients are thread-safe, but making one is not.
    lock: threading.Lock = field(default_factory=threading.Lock)
    session: botocore.session.Session | None = None
    clients: dict[tuple[str, str, str, ConnectionSettings, OwnConnection], Any] = field(
        default_factory=dict
    )
    skew: float | None = None


class AwsClients:
    """One client for each service and region; thread-safe. Timeouts are in seconds."""

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
        self._shared = _Shared()
        self.connection, self.own = AWS_DEFAULTS, NOTHING_OWN

    def reaching(
        self, connection: ConnectionSettings, own: OwnConnection = NOTHING_OWN
    ) -> AwsClients:
        other = object.__new__(AwsClients)
        other.__dict__.update(self.__dict__, connection=connection, own=own)
        return other

    @property
    def skew(self) -> float | None:
        """Seconds by which AWS's clock is ahead of ours, from the last answer."""
        return self._shared.skew

    def oidc(self, region: str, kept: str = "") -> SSOOIDCClient:
        """
        Return a client, for the endpoint kept with a token or registration if there is one.

        Raises RequestRefused if no call can be made with this region or endpoint.
        """
        return cast("SSOOIDCClient", self._client("sso-oidc", region, kept))

    def portal(self, region: str) -> SSOClient:
        return cast("SSOClient", self._client("sso", region))

    def sts(self, region: str, credentials: Credentials) -> STSClient:
        """Return a new client, which the caller closes; raises RequestRefused as the others."""
        secrets = {
            "aws_access_key_id": credentials.access_key_id.reveal(),
            "aws_secret_access_key": credentials.secret_access_key.reveal(),
        }
        if credentials.session_token is not None:
            secrets["aws_session_token"] = credentials.session_token.reveal()
        with self._shared.lock:
            return cast("STSClient", self._made("sts", region, self._config, secrets))

    def call(
        self,
        operation: str,
        method: Callable[..., Any],
        arguments: Mapping[str, object],
        *,
        subject: str = "",
        instead: Mapping[str, ErrorFactory] = NO_OTHERS,
    ) -> Mapping[str, Any]:
        """Call AWS once; errors are those of :func:`tray.aws.api.api_errors.as_tray_error`."""
        started = self._clock()
        trouble: TrayError
        try:
            answer: Mapping[str, Any] = method(**arguments)
        except Exception as error:  # noqa: BLE001 - every error becomes one of ours
            if isinstance(error, ClientError):
                self._compare_clocks(error.response, started)
            trouble = as_tray_error(operation, error, subject=subject, instead=instead)
        else:
            self._compare_clocks(answer, started)
            return answer
        # Outside the except block, so that botocore's error is no __context__ of ours.
        raise trouble

    def close(self) -> None:
        with self._shared.lock:
            clients = list(self._shared.clients.values())
            self._shared.clients.clear()
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

    def _client(self, service: str, region: str, kept: str = "") -> Any:
        known = self._shared.clients
        place = (service, region, kept, self.connection, self.own)
        with self._shared.lock:
            client = known.get(place)
            if client is None:
                unsigned = self._config.merge(Config(signature_version=UNSIGNED))
                client = self._made(service, region, unsigned, {}, kept)
                endpoint = client.meta.endpoint_url
                client.meta.events.register("before-parse", ResponseCheck(endpoint))
                known[place] = client
            return client

    def _made(
        self, service: str, region: str, config: Config, extra: Mapping[str, str], kept: str = ""
    ) -> Any:
        """The lock is held."""
        if self._shared.session is None:
            self._shared.session = _new_session()
        if not region:
            raise unusable_settings("no region is set")
        reach, arguments = client_settings(service, self.connection, self.own, os.environ)
        if kept:  # which says by itself whether it is FIPS or dual-stack
            _go_to(kept, service, arguments)
            reach = reach.merge(Config(use_fips_endpoint=False, use_dualstack_endpoint=False))
        # The stubs know each service by its literal name; ours is a variable.
        create: Callable[..., object] = self._shared.session.create_client
        try:
            return create(
                service, region_name=region, config=config.merge(reach), **arguments, **extra
            )
        except (BotoCoreError, ValueError, OSError) as error:
            why = words_for(error)
        raise unusable_settings(why)

    def _compare_clocks(self, answer: Mapping[str, Any], started: float) -> None:
        """Measure the skew; a date has whole seconds, so it is half a second early on average."""
        server = server_time(answer)
        if server is not None:
            self._shared.skew = server + 0.5 - (started + self._clock()) / 2


def server_time(answer: Mapping[str, Any]) -> float | None:
    """Return the ``Date`` of an answer, seconds since the epoch, else None."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return http_date(str(headers.get("date", "")))


class _NoCredentials:
    """Stands where botocore looks for credentials and bearer tokens."""

    def load_credentials(self) -> None:
        return None

    def load_token(self, **_: object) -> None:
        return None


def _new_session() -> botocore.session.Session:
    session = botocore.session.Session(
        session_vars={
            "profile": _NO_VARIABLE,
            "config_file": _NO_FILE,
            "credentials_file": _NO_FILE,
        }
    )
    session.register_component("credential_provider", _NoCredentials())
    session.register_component("token_provider", _NoCredentials())
    return session
