"""Whether AWS can be reached at all, asked before a browser is sent there (L4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from tray.aws.api.clients import AwsClients
from tray.errors import TlsFailed

log = logging.getLogger(__name__)

_SECONDS: Final = 5  # for connecting to each address of the host, and for the answer


def reach(clients: AwsClients, region: str) -> None:
    """Ask for anything, sending nothing of ours; Offline without an answer, RequestRefused."""
    url = clients.oidc(region).meta.endpoint_url
    own = clients.connection.own.proxy
    proxies = {"http": own, "https": own} if own else get_environ_proxies(url)

    def ask() -> Mapping[str, object]:
        http = URLLib3Session(proxies=proxies, timeout=_SECONDS)
        try:
            http.send(AWSRequest(method="HEAD", url=url).prepare())
        finally:
            http.close()
        return {}

    try:
        clients.call("HEAD", ask, {})
    except TlsFailed:
        # Reached; the browser and the next call judge the certificate.
        log.debug("%s is reached, its certificate is not judged here", region)
