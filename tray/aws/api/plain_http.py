"""Requests beside AWS's APIs, through the proxy and with the certificates of a session's calls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from tray.aws.api.clients import AwsClients
from tray.aws.api.endpoints import certificates

_SECONDS: Final = 5  # for connecting to each address of the host


@contextmanager
def plain_http(
    clients: AwsClients, url: str, *, read_seconds: float = _SECONDS
) -> Iterator[URLLib3Session]:
    """Give a session of botocore's for requests to a URL; it closes at the end."""
    http = URLLib3Session(
        verify=certificates(clients.connection, clients.own, os.environ) or True,  # type: ignore[arg-type]  # a path, too
        proxies=clients.own.proxies or get_environ_proxies(url),
        timeout=(_SECONDS, read_seconds),  # type: ignore[arg-type]  # (connect, read), as botocore itself passes
    )
    try:
        yield http
    finally:
        http.close()
