"""Whether AWS can be reached at all, asked before a browser is sent there (L4)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from tray.aws.api.clients import AwsClients, client_settings
from tray.errors import TlsFailed

log = logging.getLogger(__name__)

SECONDS: Final = 5  # for connecting to each address of the host, and for the answer


def reach(clients: AwsClients, region: str) -> None:
    """Ask for anything, sending nothing of ours; Offline without an answer, RequestRefused."""
    url = clients.oidc(region).meta.endpoint_url

    def ask() -> Mapping[str, object]:
        with http_session(clients, url) as http:
            http.send(AWSRequest(method="HEAD", url=url).prepare())
        return {}

    try:
        clients.call("HEAD", ask, {})
    except TlsFailed:
        # Reached; the browser and the next call judge the certificate.
        log.debug("%s is reached, its certificate is not judged here", region)


@contextmanager
def http_session(clients: AwsClients, url: str) -> Iterator[URLLib3Session]:
    """Make plain requests through the proxy and with the certificates of a session's calls."""
    _, arguments = client_settings("sso-oidc", clients.connection, os.environ)
    own, verify = clients.connection.own.proxy, arguments.get("verify", True)
    http = URLLib3Session(
        verify=verify,  # type: ignore[arg-type]  # the stubs forget the path of a CA bundle
        proxies={"http": own, "https": own} if own else get_environ_proxies(url),
        timeout=SECONDS,
    )
    try:
        yield http
    finally:
        http.close()
